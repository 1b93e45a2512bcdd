"""The files of a gallery: its pages, what they are drawn with, and an index."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import closing
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote, urlsplit

from flask import Flask, request
from markupsafe import escape
from werkzeug.exceptions import HTTPException

from .gallery import Gallery, ShownPage

ASSET = re.compile(r"""(<(?:link|script|img)\b[^>]*?\b(?:href|src)=["'])(/[^"']*)""")

INDEX = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>Pages of the wizards</title>
<main>
<h1>Pages of the wizards</h1>
{parts}
</main>
</html>
"""


def write_gallery(
    app: Flask, folder: Path, galleries: Iterable[tuple[str, Gallery]]
) -> int:
    """Write galleries below a folder, each in one of its own; return how many pages.

    The files stand for themselves: stylesheets, scripts and images of the application
    are copied, and the pages name the copies. Links between pages are left as they are.
    """
    parts, count = [], 0
    assets = _Assets(app, folder)
    for name, gallery in galleries:
        rows = []
        for page in gallery.pages:
            path = PurePosixPath(
                name, page.mount.replace(".", "/"), f"{page.name}.html"
            )
            _write(folder / path, assets.moved(page.html, path).encode())
            rows.append(_row(page, path))
            count += 1
        rows += [f"<li>Not shown: {escape(why)}</li>" for why in gallery.missed]
        listed = "\n".join(rows)
        parts.append(f"<h2>{escape(name)}</h2>\n<ul>\n{listed}\n</ul>")
    _write(folder / "index.html", INDEX.format(parts="\n".join(parts)).encode())
    return count


def _row(page: ShownPage, path: PurePosixPath) -> str:
    name = escape(f"{page.mount}: {page.name}")
    return f'<li><a href="{escape(path)}">{name}</a></li>'


class _Assets:
    """Static files of an application, copied as pages name them."""

    def __init__(self, app: Flask, folder: Path) -> None:
        self._app = app
        self._folder = folder
        self._copied: dict[str, PurePosixPath | None] = {}

    def moved(self, html: str, page: PurePosixPath) -> str:
        """Return a page with the copies in the place of static files."""
        up = "../" * len(page.parent.parts)

        def move(found: re.Match[str]) -> str:
            copy = self._copy(found[2])
            return found[0] if copy is None else f"{found[1]}{up}{copy}"

        return ASSET.sub(move, html)

    def _copy(self, url: str) -> PurePosixPath | None:
        """Copy a static file; return where to, or None if it is no such file."""
        if url not in self._copied:
            self._copied[url] = None
            for content in self._read(url):
                path = PurePosixPath(
                    "files", *PurePosixPath(unquote(urlsplit(url).path)).parts[1:]
                )
                _write(self._folder / path, content)
                self._copied[url] = path
        return self._copied[url]

    def _read(self, url: str) -> Iterator[bytes]:
        """Yield what a static file holds, read without the application's hooks."""
        with self._app.app_context(), self._app.test_request_context(url):
            endpoint = request.endpoint or ""
            if endpoint.rpartition(".")[2] != "static":
                return
            view: Any = self._app.view_functions[endpoint]
            try:
                response = self._app.make_response(view(**(request.view_args or {})))
            except HTTPException:
                return
            response.direct_passthrough = False
            with closing(response):
                yield response.get_data()


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
