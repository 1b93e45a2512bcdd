"""export: one user's drafts as JSON, and their files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from flask import Flask

from ..core.draft import Draft, StoredFile
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.public_draft import entries_of
from ..drafts.users_data import UsersData
from .all_drafts import request_context, visit_of
from .own_drafts import FindWizard
from .state import EXTENSION


def export(
    app: Flask,
    find_wizard: FindWizard,
    data: UsersData,
    folder: Path,
    report: Callable[[], object],
) -> tuple[int, int]:
    """Write ``drafts.json`` and the files of one user; return how many of each.

    The drafts are read and written one at a time. Raise StoreError or OSError.
    """
    uploads = app.extensions[EXTENSION].repository(app).uploads
    drafts = files = 0
    with open(folder / "drafts.json", "x", encoding="utf-8") as out:
        out.write("[")
        for draft, _ in data.drafts(report):
            found = _plain(app, find_wizard, draft)
            for file, name in _names(draft):
                place = folder / "files" / draft.id
                place.mkdir(parents=True, exist_ok=True)
                with (
                    uploads.open(draft.id, file) as source,
                    open(place / name, "xb") as copy,
                ):
                    shutil.copyfileobj(source, copy)
                found["files"].append(f"files/{draft.id}/{name}")
                files += 1
            out.write(",\n" if drafts else "\n")
            json.dump(found, out, ensure_ascii=False, indent=2)
            drafts += 1
        out.write("\n]\n")
    return drafts, files


def _plain(app: Flask, find_wizard: FindWizard, draft: Draft) -> dict[str, Any]:
    """Return a draft as JSON has it. Times are in UTC, by ISO 8601."""
    with request_context(app):
        visit = visit_of(draft, find_wizard)
    public = PublicDraft.of(draft, visit.wizard) if visit is not None else None
    receipt = draft.receipt
    return {
        "id": draft.id,
        "mount": json.loads(draft.mount),
        "title": public.title if public is not None else None,
        "state": draft.state,
        "started": public.started.isoformat() if public is not None else None,
        "saved": public.saved.isoformat() if public is not None else None,
        "entries": entries_of(draft),
        "receipt": None
        if receipt is None
        else {
            "reference": receipt.reference,
            "url": receipt.url,
            "message": receipt.message,
        },
        "files": [],
    }


def _names(draft: Draft) -> Iterator[tuple[StoredFile, str]]:
    """Yield the draft's files, each with a name that no other file has.

    A file of the name ``../x`` must not leave the folder.
    """
    for number, file in enumerate(draft.files(), start=1):
        name = "".join(c if c.isalnum() or c in "._- " else "_" for c in file.filename)
        yield file, f"{number}-{name.lstrip('.')[-100:]}"
