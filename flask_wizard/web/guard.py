"""The guard: the checks that every request passes before its form is parsed."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from typing import Any
from urllib.parse import urlsplit

from flask import Request
from flask_wtf.csrf import CSRFError, generate_csrf, validate_csrf
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
)
from werkzeug.formparser import FormDataParser
from wtforms import ValidationError

from ..catalogues import message
from .incoming import INCOMING, IncomingFiles
from .multipart import Caps
from .state import Context

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data"
FORM_TYPES = (URLENCODED, MULTIPART)

LIMITED = "flask_wizard.limited"
"""The key in the environment of a checked request: True if its body was cut."""

PARSED = (
    "The form of a POST to {!r} was parsed before the wizard could cap its body. This "
    "process caps later bodies of that endpoint in time. To have the first one capped, "
    "too, exempt the view from CSRFProtect (the wizard checks the token itself), and "
    "let no before_request function read request.form."
)

FOREIGN = message("This form was sent by a page of another site.")


class CSRFFailure(Exception):
    """The token of a POST is missing, wrong or too old."""


class ForeignOrigin(Exception):
    """The Origin of a POST is not this site's, as far as its headers tell."""


class TooManyFields(Exception):
    """A POST had more than ``WIZARD_MAX_PAIRS`` fields and was cut."""


# The body


class StrictFormParser(FormDataParser):
    """Refuses a malformed form, for which Werkzeug would return an empty one."""

    def parse(self, *args: Any, **options: Any) -> Any:
        """Return the stream, the fields and the files. Raise BadRequest."""
        self.silent = False
        # The body is in memory. Werkzeug would write its files to the disk.
        self.stream_factory = _in_memory
        try:
            return super().parse(*args, **options)
        except ValueError as error:  # no boundary, no end, or bytes that are no text
            raise BadRequest from error


def _drop(request: Request, size: int) -> None:
    """Read a body and keep nothing of it.

    A server that closes a connection with bytes left in it resets it, and a proxy that
    is still sending shows a page of its own instead of the answer.
    """
    stream = request.environ["wsgi.input"]
    while size > 0 and (part := stream.read(min(size, 65_536))):
        size -= len(part)


def _in_memory(*given: object, **options: object) -> BytesIO:
    return BytesIO()


def check_request(context: Context, incoming: IncomingFiles | None = None) -> None:
    """Check the query string, and cap the body, before anything parses either.

    A POST with more than ``WIZARD_MAX_PAIRS`` fields is cut to that many, so that its
    page can give these back. A multipart body for ``incoming`` may have files besides,
    and is read where somebody asks for its form. Raise RequestEntityTooLarge for more
    than ``WIZARD_MAX_BODY`` bytes, or BadRequest for a body that is cut off.
    """
    request, config = context.request, context.app.config
    if LIMITED in request.environ:
        return
    try:
        request.query_string.decode()
    except UnicodeDecodeError as error:  # Werkzeug would raise it later, for a 500
        raise BadRequest from error
    limit, most = config["WIZARD_MAX_BODY"], config["WIZARD_MAX_PAIRS"]
    if incoming is not None and request.mimetype == MULTIPART:
        _expect_files(context, incoming)
        return
    limit = min(limit, request.max_content_length or limit)
    if "form" in request.__dict__:
        _check_parsed(context, limit, most)
        return
    request.max_content_length = request.max_form_memory_size = limit
    has_parts = request.mimetype == MULTIPART
    # Flask looks its own limit up by proxies, which is of use for parts alone.
    parts = has_parts and request.max_form_parts
    request.max_form_parts = min(most, parts or most)
    announced = request.content_length
    is_unread = "stream" not in request.__dict__
    if is_unread and announced is not None and limit < announced <= 2 * limit:
        _drop(request, announced)
    body = request.get_data(cache=False)
    # Of a body without a length Werkzeug reads only so much, and says nothing.
    if len(body) >= limit + (announced is not None):
        raise RequestEntityTooLarge
    if len(body) < (announced or 0):
        # Otherwise half an answer would be saved over the whole one. If the connection
        # breaks, gunicorn ends the stream, and Werkzeug says nothing.
        raise ClientDisconnected
    kept = body
    if has_parts or body.count(b"&") >= most:
        kept = _first_fields(request, body, most)
    if kept is not body and request.method != "POST":
        raise RequestEntityTooLarge
    request.stream = BytesIO(kept)
    if request.get_data() != kept:  # a hook has read the whole body, which is cached
        raise RequestEntityTooLarge
    request.form_data_parser_class = StrictFormParser
    request.environ[LIMITED] = kept is not body


def _expect_files(context: Context, incoming: IncomingFiles) -> None:
    """Have files read from the body. Raise RequestEntityTooLarge for too many bytes.

    A limit of the application's own is that of one file and of the fields: a file that
    is larger is read, not kept, and told at its field, and the fields are not lost.
    """
    request, config = context.request, context.app.config
    fields, file = config["WIZARD_MAX_BODY"], config["WIZARD_MAX_UPLOAD_SIZE"]
    caps = Caps(
        body=fields + config["WIZARD_MAX_UPLOADS_SIZE"],
        fields=min(fields, request.max_content_length or fields),
        parts=config["WIZARD_MAX_PAIRS"],
        file=min(file, request.max_content_length or file),
    )
    if "form" in request.__dict__:
        _check_parsed(context, caps.body, caps.parts)
        incoming.install(caps)
        incoming.take_parsed(request.files)
        return
    if (request.content_length or 0) > caps.body:
        raise RequestEntityTooLarge
    request.max_content_length = caps.body
    incoming.install(caps)
    request.environ[LIMITED] = False


def _check_parsed(context: Context, limit: int, most: int) -> None:
    """Check the size of a form that a hook has parsed. Raise RequestEntityTooLarge."""
    request = context.request
    context.state.log_once(context.app, PARSED.format(request.endpoint))
    count = sum(1 for _ in request.form.items(multi=True))
    if count > most or (request.content_length or 0) > limit:
        raise RequestEntityTooLarge


def _first_fields(request: Request, body: bytes, most: int) -> bytes:
    """Return the body itself, or the first fields of one with more than ``most``.

    The button, which pages send last, is among them. Werkzeug has no limit on the
    fields of urlencoded bodies, and takes seconds to parse a million of them; of a
    multipart body that exceeds its limit it returns nothing.
    """
    if request.mimetype == URLENCODED:
        return _first_pairs(body, most)
    boundary = request.mimetype_params.get("boundary", "")
    if request.mimetype == MULTIPART and boundary:
        return _first_parts(body, b"\r\n--" + boundary.encode("utf-8", "replace"), most)
    return body


def _first_pairs(body: bytes, most: int) -> bytes:
    """Return the first pairs of a body that has more than ``most``."""
    pairs = body.split(b"&", most)
    _, button, after = (b"&" + pairs.pop()).rpartition(b"&_action=")
    if button:
        pairs[-1] = button[1:] + after.partition(b"&")[0]
    return b"&".join(pairs)


def _first_parts(body: bytes, delimiter: bytes, most: int) -> bytes:
    # Before the first delimiter is a preamble, after the last one an epilogue.
    preamble, *parts = (b"\r\n" + body).split(delimiter)
    if len(parts) <= most + 1:
        return body
    named = (part for part in parts[most:] if BUTTON in part.partition(BLANK)[0])
    button = [*named][-1:]
    first = parts[: most - len(button)]
    return delimiter.join([preamble, *first, *button, b"--\r\n"])[2:]


BLANK = b"\r\n\r\n"  # after the headers of a part
BUTTON = b'name="_action"'


# The token and the origin


def check_csrf(context: Context) -> None:
    """Check the origin by the headers, and the CSRF token by Flask-WTF's rules.

    This reads no more of the form than the token. Raise CSRFFailure, TooManyFields,
    BadRequest if the browser says that a page of another site has sent the form, or
    ForeignOrigin if nobody can tell such a page from a proxy that replaces the host.
    """
    request, config = context.request, context.app.config
    is_checked = config.get("WTF_CSRF_ENABLED", True)
    is_own = is_checked and _is_own(context)
    incoming: IncomingFiles | None = request.environ.get(INCOMING)
    if incoming is not None and request.form is not None and incoming.cut:
        raise TooManyFields
    if request.environ.get(LIMITED):  # to be sent again whatever the token is
        raise TooManyFields
    if not is_checked:
        return
    protect = context.app.extensions.get("csrf")
    try:
        if protect is not None:
            protect.protect()  # checks the referrer too if the page uses HTTPS
            return
    except (CSRFError, ValueError) as error:  # a ValueError: the referrer is no URL
        if not is_own:
            raise CSRFFailure from error
    # Behind a proxy that replaces the host, the referrer of an own page looks foreign.
    token = request.form.get(context.csrf_field)
    try:
        validate_csrf(token or _token_in_headers(request, config))
    except ValidationError as error:
        raise CSRFFailure from error


def token_field(config: Mapping[str, Any], name: str) -> list[tuple[str, str]]:
    """Return the hidden field with this session's token; none if CSRF is disabled."""
    return [(name, generate_csrf())] if config.get("WTF_CSRF_ENABLED", True) else []


def _token_in_headers(request: Request, config: Mapping[str, Any]) -> str | None:
    names = config.get("WTF_CSRF_HEADERS", ["X-CSRFToken", "X-CSRF-Token"])
    sent = (request.headers.get(name) for name in names)
    return next((token for token in sent if token), None)


def _is_own(context: Context) -> bool:
    """True if the browser or the configuration says that the page is of this site.

    False if nobody says so and nothing contradicts it: then the token decides.
    ``Sec-Fetch-Site`` comes first, because it is right behind every proxy.
    """
    request, trusted = context.request, context.app.config["WIZARD_TRUSTED_ORIGINS"]
    # Werkzeug raises and catches two errors for each header that was not sent.
    sent = request.environ
    site, origin = sent.get("HTTP_SEC_FETCH_SITE"), sent.get("HTTP_ORIGIN")
    if site == "same-origin" or (origin and origin.lower() in map(str.lower, trusted)):
        return True
    if site == "cross-site":
        raise BadRequest(context.texts.text(FOREIGN))
    # The origin "null" has no host. Werkzeug's host is empty if the Host is malformed.
    if origin is None:
        return False
    host = _host(origin)
    if host and host == _host(f"//{request.host}"):
        return False
    if site is not None:  # the browser knows the hosts that no proxy has replaced
        raise BadRequest(context.texts.text(FOREIGN))
    if host:
        context.state.log_once(context.app, MISMATCH.format(request.host, origin[:200]))
    if trusted or not _is_same_page(request, origin):
        raise ForeignOrigin(FOREIGN)
    return False


MISMATCH = (
    "The Host of a request is {0!r}, and a page of {1!r} has sent its form. If that is "
    "this site's own address, a proxy replaces the Host: let it pass the Host on, or "
    "set WIZARD_TRUSTED_ORIGINS = [{1!r}]."
)


def _host(url: str) -> str:
    """Return the host of a URL with its port, without one that a scheme implies."""
    host = url.partition("//")[2].lower()
    return host.removesuffix(":80").removesuffix(":443")


def _is_same_page(request: Request, origin: str) -> bool:
    """True if the referrer is a page of that origin with the path of this request.

    The wizard's pages send their forms to their own paths, so a proxy may have changed
    the host on the way.
    """
    try:
        page = urlsplit(request.referrer or "")
    except ValueError:  # http://[
        return False
    is_there = f"{page.scheme}://{page.netloc}" == origin
    return is_there and page.path.endswith(request.path)
