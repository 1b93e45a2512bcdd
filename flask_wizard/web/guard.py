"""The guard: what every request must pass before its form is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import current_app, request
from flask_wtf.csrf import CSRFError, validate_csrf
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
)
from wtforms import ValidationError


class RefusedError(Exception):
    """The POST may not be acted on. ``foreign``: another site's page sent it."""

    def __init__(self, *, foreign: bool) -> None:
        super().__init__()
        self.foreign = foreign


def limit_body(config: Mapping[str, Any]) -> None:
    """Cap the body before anything parses it; a larger one is a plain 413.

    Werkzeug's own limits on forms do not reach urlencoded bodies, and a million
    pairs take it seconds.
    """
    max_body, max_pairs = config["WIZARD_MAX_BODY"], config["WIZARD_MAX_PAIRS"]
    request.max_content_length = min(max_body, request.max_content_length or max_body)
    if request.mimetype == "application/x-www-form-urlencoded":
        body = request.get_data(cache=True)
        _check_whole(body)
        if body.count(b"&") >= max_pairs:
            raise RequestEntityTooLarge
    else:
        request.max_form_parts = min(max_pairs, request.max_form_parts or max_pairs)


def _check_whole(body: bytes) -> None:
    """Refuse the part of a body: half a text would be saved over the whole one.

    Where the server ends the stream, as gunicorn does, Werkzeug takes what came before
    the connection broke for all there is; and of a body of unknown length what came
    before the cap. A multipart body says itself where it ends.
    """
    if "form" in request.__dict__:  # a hook has read the body; none is left here
        return
    announced = request.content_length
    if announced is None and len(body) >= (request.max_content_length or 0):
        raise RequestEntityTooLarge
    if len(body) < (announced or 0):
        raise ClientDisconnected


def check_query() -> None:
    """Refuse a query string of bytes that are no text: Werkzeug fails to read it."""
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:
        raise BadRequest from error


def check_post() -> None:
    """Check the CSRF token by Flask-WTF's rules and the origin by the browser's word.

    Raises RefusedError, or BadRequest where a part of the body has no name: Werkzeug
    gives its value under None.
    """
    if None in request.form:
        raise BadRequest
    if not is_guarded():
        return
    if _is_foreign():
        raise RefusedError(foreign=True)
    protect = current_app.extensions.get("csrf")
    try:
        if protect is not None:
            protect.protect()  # checks the referrer too where the page is secure
        else:
            validate_csrf(_token())
    except (CSRFError, ValidationError) as error:
        raise RefusedError(foreign=False) from error
    except ValueError as error:  # a referrer that is no URL
        raise RefusedError(foreign=True) from error


def is_guarded() -> bool:
    """Does the application want CSRF checks at all?"""
    return bool(current_app.config.get("WTF_CSRF_ENABLED", True))


def csrf_field() -> str:
    return str(current_app.config.get("WTF_CSRF_FIELD_NAME", "csrf_token"))


def _token() -> str | None:
    headers = current_app.config.get(
        "WTF_CSRF_HEADERS", ["X-CSRFToken", "X-CSRF-Token"]
    )
    sent = [request.form.get(csrf_field()), *(request.headers.get(h) for h in headers)]
    return next((token for token in sent if token), None)


def _is_foreign() -> bool:
    """Did another site's page send this? Behind a proxy that hides the host, the
    browser's own verdict counts for more than a comparison of hosts."""
    site = request.headers.get("Sec-Fetch-Site")
    if site == "cross-site":
        return True
    origin = request.headers.get("Origin")
    if origin is None or site == "same-origin":
        return False
    host = origin.partition("://")[2]  # none in "null"; a malformed Host is none, too
    return not host or host != request.host
