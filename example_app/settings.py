"""Where the shop keeps its things, and the key that it signs with."""

from __future__ import annotations

import os
import secrets
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from flask import Flask


def configured(import_name: str, given: Mapping[str, Any]) -> Flask:
    """Return an application whose instance folder exists and whose secret is kept."""
    app = Flask(import_name, instance_path=instance_path(given))
    app.config.from_mapping(
        SQLALCHEMY_DATABASE_URI="sqlite:///shop.db",  # in the instance folder
        SESSION_COOKIE_SAMESITE="Lax",
        # Otherwise the answer to a slow request for a picture would put the cart back
        # to what it was when that was asked for.
        SESSION_REFRESH_EACH_REQUEST=False,
        WTF_CSRF_TIME_LIMIT=None,  # a book page may stay open all evening
        BACK_ROOM=False,  # whether anybody may see the outbox
        WIZARD_SITE_NAME="Inglenook Books",
        WIZARD_LANG="en",  # as all that the shop says itself
        WIZARD_PERMANENT_SESSION=True,  # as `remember_for_weeks` makes it
        WIZARD_SILENCED={
            "cookie SESSION_COOKIE_SECURE": "The shop runs at http://localhost. Whoever"
            " serves it to others sets it.",
            "links WIZARD_EXTERNAL_URL": "`python -m example_app` sets its own address."
            " Whoever serves the shop to others sets theirs.",
        },
    )
    app.config.from_prefixed_env()
    app.config.from_mapping(given)
    folder = Path(app.instance_path)
    folder.mkdir(parents=True, exist_ok=True)
    if not app.config["SECRET_KEY"]:
        app.config["SECRET_KEY"] = os.environ.get("SECRET_KEY") or secret_key_in(folder)
    return app


def instance_path(given: Mapping[str, Any]) -> str | None:
    """Return the folder asked for by `INSTANCE_PATH`; None leaves it to Flask."""
    path = given.get("INSTANCE_PATH") or os.environ.get("INSTANCE_PATH")
    return str(Path(path).resolve()) if path else None


def secret_key_in(folder: Path) -> str:
    """Return the secret kept in `folder`, made at the first call.

    Without it, every restart would end all sessions and close all drafts.
    """
    kept = folder / "secret_key"
    if not kept.exists():
        keep_first(kept, secrets.token_urlsafe(32))
    return kept.read_text()


def keep_first(path: Path, text: str) -> None:
    """Write `text` to `path` for its owner alone, unless another process was first.

    A link appears whole or not at all, so nobody reads half a key.
    """
    with tempfile.NamedTemporaryFile("w", dir=path.parent) as draft:  # has mode 0600
        draft.write(text)
        draft.flush()
        with suppress(FileExistsError):
            os.link(draft.name, path)
