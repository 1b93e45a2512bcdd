"""How answers leave: redirects that repeat nothing, headers that keep them private."""

from __future__ import annotations

from functools import partial
from typing import Any

from flask import Response, after_this_request

from .pages import Page

Outcome = Response | Page
"""A response to send as it is, or a page to render."""


def redirect_to(url: str, status: int = 303) -> Response:
    """Lead on: with 303 by a GET, whatever the request was."""
    return Response(status=status, headers=[("Location", url)])


def protect() -> None:
    """Keep the answer out of caches, and the URL out of other sites' logs."""
    after_this_request(_protect)


def _protect(response: Any) -> Any:
    headers = response.headers
    headers["Cache-Control"] = "no-store"
    headers["Referrer-Policy"] = "same-origin"
    response.vary.add("Cookie")
    return response


def finish(outcome: Outcome) -> Outcome:
    """Give the response to a page the headers that are the page's own."""
    if isinstance(outcome, Page) and outcome.headers:
        after_this_request(partial(_set_headers, outcome.headers))
    return outcome


def _set_headers(own: dict[str, str], response: Any) -> Any:
    response.headers.update(own)
    return response
