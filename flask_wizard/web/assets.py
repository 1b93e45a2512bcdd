"""Assets: the stylesheet and the script of all wizards, and their URLs."""

from __future__ import annotations

import hashlib
from pathlib import Path

from flask import Blueprint, Flask, current_app, request, url_for

from ..catalogues import direction
from .state import EXTENSION
from .texts import get_texts
from .urls import add_query

YEAR = 31_536_000
"""How many seconds a browser may keep a file whose URL names its version."""


class Assets(Blueprint):
    """The blueprint of the static files, whose URLs change when the files do."""

    def __init__(self, folder: Path) -> None:
        super().__init__(
            EXTENSION,
            __name__,
            static_folder=str(folder),
            static_url_path="/flask_wizard/static",
        )
        #: By the name of a file, a part of the digest of what it holds.
        self.versions: dict[str, str] = {
            path.name: hashlib.sha256(path.read_bytes()).hexdigest()[:12]
            for path in folder.iterdir()
        }

    def get_send_file_max_age(self, filename: str | None) -> int | None:
        """Return how long browsers may keep a file, in seconds.

        It is a year if the URL names the version that the file has.
        """
        version = request.args.get("v")
        if version is not None and version == self.versions.get(filename or ""):
            return YEAR
        return super().get_send_file_max_age(filename)


def asset_url(app: Flask, filename: str) -> str:
    """Return the URL of a static file, with its version."""
    assets = app.blueprints[EXTENSION]
    url = url_for(f"{EXTENSION}.static", filename=filename)
    if not isinstance(assets, Assets):
        return url
    # Werkzeug takes as long to write a query as the rest of the URL.
    return add_query(url, f"v={assets.versions[filename]}")


def rtl_asset(filename: str) -> str:
    """Return the URL of a file for pages written from right to left, "" on others."""
    if direction(get_texts().language) != "rtl":
        return ""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return asset_url(app, filename)
