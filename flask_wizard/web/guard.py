"""The guard: what every request must pass before its form is read."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Request
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
)
from wtforms import ValidationError


class CSRFFailure(Exception):
    """The token of a POST is missing, wrong or too old."""


def check_request(request: Request, config: Mapping[str, Any]) -> None:
    """Check the query string and cap the body, before anything parses either.

    Raise BadRequest or RequestEntityTooLarge.
    """
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:  # which Werkzeug would fail to read
        raise BadRequest from error
    # Werkzeug's own limits on forms do not reach urlencoded bodies, and a million
    # pairs take it seconds.
    max_body, max_pairs = config["WIZARD_MAX_BODY"], config["WIZARD_MAX_PAIRS"]
    request.max_content_length = min(max_body, request.max_content_length or max_body)
    if request.mimetype == "application/x-www-form-urlencoded":
        body = request.get_data(cache=True)
        _check_whole(request, body)
        if body.count(b"&") >= max_pairs:
            raise RequestEntityTooLarge
    else:
        request.max_form_parts = min(max_pairs, request.max_form_parts or max_pairs)


def _check_whole(request: Request, body: bytes) -> None:
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


def check_csrf(request: Request, app: Flask, *, field: str) -> None:
    """Check the CSRF token by Flask-WTF's rules and the origin by the browser's word.

    ``field`` is the name of the field that carries the token. Raise CSRFFailure, or
    BadRequest where another site's page has sent the form.
    """
    config = app.config
    if not config.get("WTF_CSRF_ENABLED", True):
        return
    if _is_foreign(request):
        raise BadRequest(FOREIGN)
    protect = app.extensions.get("csrf")
    try:
        if protect is not None:
            protect.protect()  # checks the referrer too where the page is secure
        else:
            token = request.form.get(field)
            validate_csrf(token or _token_in_headers(request, config))
    except (CSRFError, ValidationError) as error:
        raise CSRFFailure from error
    except ValueError as error:  # a referrer that is no URL
        raise BadRequest(FOREIGN) from error


FOREIGN = "This form was sent by a page of another site."


def token_field(config: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Return the token of this session as a page carries it, if it carries one."""
    return [(name, generate_csrf())] if config.get("WTF_CSRF_ENABLED", True) else []


def _token_in_headers(request: Request, config: Mapping[str, Any]) -> str | None:
    names = config.get("WTF_CSRF_HEADERS", ["X-CSRFToken", "X-CSRF-Token"])
    sent = (request.headers.get(name) for name in names)
    return next((token for token in sent if token), None)


def _is_foreign(request: Request) -> bool:
    """True if another site's page sent this.

    Behind a proxy that hides the host, the browser's own verdict counts for more than
    a comparison of hosts.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site == "cross-site":
        return True
    origin = request.headers.get("Origin")
    if origin is None or site == "same-origin":
        return False
    host = origin.partition("://")[2]  # none in "null"; a malformed Host is none, too
    return not host or host != request.host
