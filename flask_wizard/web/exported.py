"""export: one user's drafts as JSON, and their files."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from flask import Flask

from ..core.draft import Draft, StoredFile
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.public_draft import entries_of
from ..drafts.uploads import Uploads
from ..drafts.users_data import UsersData
from ..errors import UnreadableDraftError
from .all_drafts import request_context, visit_of
from .own_drafts import FindWizard
from .state import EXTENSION

MAX_NAME = 200
"""The longest name of a file, in bytes. File systems allow 255 or fewer."""


class Exported(NamedTuple):
    """What was written of one user, and what was not."""

    drafts: int
    files: int
    #: How many drafts and files cannot be read.
    unreadable: int


def export(
    app: Flask,
    find_wizard: FindWizard,
    data: UsersData,
    folder: Path,
    report: Callable[[], object],
) -> Exported:
    """Write ``drafts.json`` and the files of one user; return how many of each.

    The drafts are read and written one at a time. What cannot be read is left out, and
    counted. Raise StoreError or OSError.
    """
    uploads = app.extensions[EXTENSION].repository(app).uploads
    drafts = files = unreadable = 0
    with open(folder / "drafts.json", "x", encoding="utf-8") as out:
        out.write("[")
        for draft, _ in data.drafts(report):
            try:
                found, named = _plain(app, find_wizard, draft), list(_names(draft))
            except UnreadableDraftError:
                unreadable += 1
                continue
            for file, name in named:
                place = folder / "files" / draft.id
                place.mkdir(parents=True, exist_ok=True)
                if _copy(uploads, draft, file, place / name):
                    found["files"].append(f"files/{draft.id}/{name}")
                    files += 1
                else:
                    unreadable += 1
            out.write(",\n" if drafts else "\n")
            json.dump(found, out, ensure_ascii=False, indent=2)
            drafts += 1
        out.write("\n]\n")
    return Exported(drafts, files, unreadable + data.unreadable)


def _copy(uploads: Uploads, draft: Draft, file: StoredFile, place: Path) -> bool:
    """Copy a file; False if it is lost or damaged. Raise StoreError or OSError."""
    try:
        with uploads.open(draft.id, file) as source, open(place, "xb") as copy:
            shutil.copyfileobj(source, copy)
    except UnreadableDraftError:
        place.unlink()
        return False
    return True


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
            "answers": [
                {
                    "section": section,
                    "title": title,
                    "rows": [{"label": label, "lines": lines} for label, lines in rows],
                }
                for section, title, _, rows in receipt.copy
            ],
        },
        "files": [],
    }


def _names(draft: Draft) -> Iterator[tuple[StoredFile, str]]:
    """Yield the draft's files, each with a name that no other file has.

    A file of the name ``../x`` must not leave the folder.
    """
    for number, file in enumerate(draft.files(), start=1):
        name = "".join(c if c.isalnum() or c in "._- " else "_" for c in file.filename)
        last = name.lstrip(".").encode()[-MAX_NAME:].decode(errors="ignore")
        yield file, f"{number}-{last}"
