"""The guard: the checks that every request passes before its form is parsed."""

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
    except UnicodeDecodeError as error:  # Werkzeug would raise it later, for a 500
        raise BadRequest from error
    # Werkzeug has no limit on the fields of urlencoded bodies, and takes seconds to
    # parse a million of them.
    max_body, max_pairs = config["WIZARD_MAX_BODY"], config["WIZARD_MAX_PAIRS"]
    request.max_content_length = min(max_body, request.max_content_length or max_body)
    if request.mimetype == "application/x-www-form-urlencoded":
        body = request.get_data(cache=True)
        _check_complete(request, body)
        if body.count(b"&") >= max_pairs:
            raise RequestEntityTooLarge
    else:
        request.max_form_parts = min(max_pairs, request.max_form_parts or max_pairs)


def _check_complete(request: Request, body: bytes) -> None:
    """Check that the body is complete.

    Raise ClientDisconnected, or RequestEntityTooLarge if nobody announced its length.
    Otherwise half an answer would be saved over the whole one. If the connection breaks
    and the server ends the stream, as gunicorn does, Werkzeug reports no error; neither
    does it if a body of unknown length exceeds the limit. A multipart body has a mark
    at its end.
    """
    if "form" in request.__dict__:  # a hook has read the body already
        return
    announced = request.content_length
    if announced is None and len(body) >= (request.max_content_length or 0):
        raise RequestEntityTooLarge
    if len(body) < (announced or 0):
        raise ClientDisconnected


def check_csrf(request: Request, app: Flask, *, field: str) -> None:
    """Check the CSRF token by Flask-WTF's rules, and the origin by the headers.

    ``field`` is the name of the field that carries the token. Raise CSRFFailure, or
    BadRequest if a page of another site has sent the form.
    """
    config = app.config
    if not config.get("WTF_CSRF_ENABLED", True):
        return
    if _is_foreign(request):
        raise BadRequest(FOREIGN)
    protect = app.extensions.get("csrf")
    try:
        if protect is not None:
            protect.protect()  # checks the referrer too if the page uses HTTPS
        else:
            token = request.form.get(field)
            validate_csrf(token or _token_in_headers(request, config))
    except (CSRFError, ValidationError) as error:
        raise CSRFFailure from error
    except ValueError as error:  # the referrer is not a URL
        raise BadRequest(FOREIGN) from error


FOREIGN = "This form was sent by a page of another site."


def token_field(config: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Return the hidden field with this session's token; none if CSRF is disabled."""
    return [(name, generate_csrf())] if config.get("WTF_CSRF_ENABLED", True) else []


def _token_in_headers(request: Request, config: Mapping[str, Any]) -> str | None:
    names = config.get("WTF_CSRF_HEADERS", ["X-CSRFToken", "X-CSRF-Token"])
    sent = (request.headers.get(name) for name in names)
    return next((token for token in sent if token), None)


def _is_foreign(request: Request) -> bool:
    """True if a page of another site sent the request.

    ``Sec-Fetch-Site`` comes first, because a comparison of hosts fails behind a proxy
    that hides the host.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site == "cross-site":
        return True
    origin = request.headers.get("Origin")
    if origin is None or site == "same-origin":
        return False
    # The origin "null" has no host. Werkzeug's host is empty if the Host is malformed.
    host = origin.partition("://")[2]
    return not host or host != request.host
