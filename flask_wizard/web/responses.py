"""Responses: redirects, and the headers that keep pages private."""

from __future__ import annotations

from functools import partial
from itertools import chain
from typing import Any

from flask import Response, after_this_request, current_app
from werkzeug.wrappers import Response as BaseResponse

from .pages import Page
from .uploaded_file import UploadedFile

Outcome = BaseResponse | Page
"""A response to send as it is, or a page to render."""


def redirect_to(url: str, status: int = 303, *, quiet: bool = False) -> BaseResponse:
    """Lead on: with 303 by a GET, whatever the request was.

    A ``quiet`` request was sent by a script, which follows no redirect: it gets a 204.
    """
    if quiet:
        return Response(status=204)
    return current_app.redirect(url, status)


PRIVATE = (("Cache-Control", "no-store"), ("Referrer-Policy", "same-origin"))
"""Headers that keep a response out of caches, and its URL from other sites."""


def protect(response: Any) -> Any:
    """Set the headers of ``PRIVATE``, and say what a response depends on."""
    headers = response.headers
    # Most responses have none of these yet. Werkzeug compares each header to replace
    # one, and parses a Vary to add to it, which takes several times as long.
    present = {name.lower() for name, _ in headers}
    for name, value in PRIVATE:
        if name.lower() in present:
            headers[name] = value
        else:
            headers.add(name, value)
    if "vary" in present:
        response.vary.update(("Accept", "Cookie"))
    elif "location" in present:  # the same, whether a page is asked for or data
        headers.add("Vary", "Cookie")
    else:
        headers.add("Vary", "Accept, Cookie")
    return response


def set_header(name: str, value: str) -> None:
    """Set a header of this request's response, which may not be made yet."""
    after_this_request(partial(_set_header, name, value))


def _set_header(name: str, value: str, response: Any) -> Any:
    response.headers[name] = value
    return response


SANDBOX = "sandbox; default-src 'none'"


def download(file: UploadedFile) -> Response:
    """Return a file for a browser to save, which shows nothing of it by itself.

    What a visitor has uploaded must not run as a page of this site. Raise StoreError if
    the file cannot be read.
    """
    source = file.open()
    read = partial(source.read, 64 * 1024)
    pieces = chain([read()], iter(read, b""))
    response = Response(pieces, mimetype="application/octet-stream")
    response.headers["Content-Length"] = str(file.size)
    return _attached(response, str(file.filename))


def download_text(text: str, filename: str) -> Response:
    """Return a text for a browser to save, which it does not show by itself."""
    return _attached(Response(text, mimetype="text/plain"), filename)


def _attached(response: Response, filename: str) -> Response:
    headers = response.headers
    headers.set("Content-Disposition", "attachment", filename=filename)
    headers["X-Content-Type-Options"] = "nosniff"
    headers["Content-Security-Policy"] = SANDBOX
    return response
