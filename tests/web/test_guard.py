"""The guard, asked about one request without a page: its body, token and origin."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import Any, NamedTuple

import pytest
from apps import MakeApp
from flask import Flask, session
from flask_wtf.csrf import CSRFProtect, generate_csrf
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
)
from werkzeug.test import EnvironBuilder

from flask_wizard.web import guard
from flask_wizard.web.incoming import INCOMING
from flask_wizard.web.multipart import Caps
from flask_wizard.web.state import Context, get_context

MOST = 4  # fields
LIMIT = 600  # bytes
URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=XX"

Fields = list[tuple[str, str]]

ABCD = [("a", "1"), ("b", "2"), ("c", "3"), ("d", "4")]
REST = [("e", "5"), ("f", "6"), ("g", "7"), ("h", "8")]


def urlencoded(fields: Fields) -> bytes:
    return "&".join(f"{name}={value}" for name, value in fields).encode()


def multipart(fields: Fields, *, line: str = "\r\n") -> bytes:
    head = 'Content-Disposition: form-data; name="{}"'
    parts = [
        line.join(["--XX", head.format(name), "", value, ""]) for name, value in fields
    ]
    return "".join([*parts, f"--XX--{line}"]).encode()


ENCODED = {URLENCODED: urlencoded, MULTIPART: multipart}
either_kind = pytest.mark.parametrize("kind", ENCODED)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(WIZARD_MAX_BODY=LIMIT, WIZARD_MAX_PAIRS=MOST)


@contextmanager
def received(
    app: Flask,
    body: bytes | BytesIO = b"",
    kind: str | None = URLENCODED,
    *,
    length: int | None = -1,
    method: str = "POST",
    **environ: Any,
) -> Iterator[Context]:
    """A request as a server hands it over; without a length it ends the body itself."""
    stream = body if isinstance(body, BytesIO) else BytesIO(body)
    made = EnvironBuilder("/page", method=method).get_environ()
    made |= {"wsgi.input": stream, **environ}
    if length is None:
        made["wsgi.input_terminated"] = True
    else:
        size = len(stream.getvalue()) if length < 0 else length
        made["CONTENT_LENGTH"] = str(size)
    if kind is not None:
        made["CONTENT_TYPE"] = kind
    with app.request_context(made):
        yield get_context()


def is_cut(context: Context) -> bool:
    try:
        with_token(context)
        guard.check_csrf(context)
    except guard.TooManyFields:
        return True
    return False


def with_token(context: Context) -> None:
    """Send the token of this session in a header."""
    context.request.environ["HTTP_X_CSRFTOKEN"] = generate_csrf()


# How many fields


@either_kind
@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        (ABCD, None),
        ([*ABCD[:3], ("_action", "save")], None),
        ([*ABCD, ("e", "5")], ABCD),
        ([*ABCD, *REST], ABCD),
        ([*ABCD, ("_action", "save")], [*ABCD[:3], ("_action", "save")]),
        ([*ABCD, ("_action", "save"), *REST], [*ABCD[:3], ("_action", "save")]),
        ([*ABCD, ("_action", "x"), ("_action", "y")], [*ABCD[:3], ("_action", "y")]),
        ([("_action", "back"), *ABCD], [("_action", "back"), *ABCD[:3]]),
        ([*ABCD, ("e", "_action"), *REST], ABCD),
        ([*ABCD, ("my_action", "x"), *REST], ABCD),
        ([*ABCD, ("e", 'name="_action"'), *REST], ABCD),
    ],
)
def test_first_fields_are_kept_with_the_button(
    app: Flask, kind: str, sent: Fields, kept: Fields | None
) -> None:
    with received(app, ENCODED[kind](sent), kind) as context:
        guard.check_request(context)
        assert context.request.get_data() == ENCODED[kind](kept or sent)
        assert [*context.request.form.items(multi=True)] == (kept or sent)
        assert is_cut(context) is (kept is not None)


def test_text_around_the_parts_is_no_part(app: Flask) -> None:
    body = b"Hello\r\n" + multipart(ABCD) + b"Bye"
    with received(app, body, MULTIPART) as context:
        guard.check_request(context)
        assert [*context.request.form.items()] == ABCD
        assert not is_cut(context)


def test_text_before_the_first_of_too_many_parts_stays(app: Flask) -> None:
    body = b"Hello\r\n" + multipart([*ABCD, *REST])
    with received(app, body, MULTIPART) as context:
        guard.check_request(context)
        assert context.request.get_data() == b"Hello\r\n" + multipart(ABCD)


@pytest.mark.parametrize(
    "kind",
    [None, "text/plain", "text/plain; boundary=XX", "application/json; boundary=XX"],
)
@pytest.mark.parametrize(
    "encode", [urlencoded, multipart, lambda fields: multipart(fields) + b"&" * 9]
)
def test_other_bodies_have_no_fields_to_cut(
    app: Flask, kind: str | None, encode: Any
) -> None:
    body = encode([*ABCD, *REST])
    with received(app, body, kind) as context:
        guard.check_request(context)
        assert context.request.get_data() == body
        assert not is_cut(context)


@pytest.mark.parametrize(
    "kind",
    ["multipart/form-data", 'multipart/form-data; boundary="\udc80"', f"{MULTIPART}Y"],
)
def test_multipart_body_without_its_boundary_is_no_form(app: Flask, kind: str) -> None:
    body = multipart([*ABCD, *REST])
    with received(app, body, kind) as context:
        guard.check_request(context)
        assert context.request.get_data() == body
        with pytest.raises(BadRequest):
            _ = context.request.form


def test_boundary_may_have_any_letter(app: Flask) -> None:
    """Nobody sends such a one; it is not ours to fail at."""
    body = multipart([*ABCD, *REST]).replace(b"XX", "²".encode())
    with received(app, body, 'multipart/form-data; boundary="²"') as context:
        guard.check_request(context)
        assert len(context.request.get_data()) < len(body)


@pytest.mark.parametrize(
    ("config", "sent"),
    [({"MAX_FORM_PARTS": None}, [*ABCD, *REST]), ({"MAX_FORM_PARTS": 2}, ABCD[:3])],
)
def test_parts_that_end_in_another_way_are_capped_too(
    make_app: MakeApp, config: dict[str, Any], sent: Fields
) -> None:
    app = make_app(WIZARD_MAX_BODY=LIMIT, WIZARD_MAX_PAIRS=MOST, **config)
    with received(app, multipart(sent, line="\n"), MULTIPART) as context:
        guard.check_request(context)
        with pytest.raises(RequestEntityTooLarge):
            _ = context.request.form


def test_cap_of_flask_on_parts_holds_for_parts_alone(make_app: MakeApp) -> None:
    app = make_app(WIZARD_MAX_PAIRS=MOST, MAX_FORM_PARTS=2)
    with received(app, urlencoded(ABCD)) as context:
        guard.check_request(context)
        assert len(context.request.form) == 4


@either_kind
@pytest.mark.parametrize("method", ["PUT", "PATCH"])
def test_no_page_gives_back_what_another_method_sent(
    app: Flask, kind: str, method: str
) -> None:
    body = ENCODED[kind]
    with received(app, body(ABCD), kind, method=method) as context:
        guard.check_request(context)
    with (
        received(app, body([*ABCD, *REST]), kind, method=method) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        guard.check_request(context)


def test_request_is_checked_once(app: Flask) -> None:
    with received(app, urlencoded([*ABCD, *REST])) as context:
        guard.check_request(context)
        guard.check_request(context)
        assert [*context.request.form.items()] == ABCD
        assert is_cut(context)


# How many bytes


class Trickle(BytesIO):
    """A body that comes in small pieces."""

    def read(self, size: int | None = -1, /) -> bytes:
        return super().read(min(size or 0, 5) if size and size > 0 else size)


LONG = b"a=" + b"x" * (5 * LIMIT)


@pytest.mark.parametrize(
    ("length", "left"),
    [(LIMIT + 1, 0), (2 * LIMIT, 0), (2 * LIMIT + 1, 2 * LIMIT + 1)],
)
@pytest.mark.parametrize("stream", [BytesIO, Trickle])
def test_body_past_the_cap_is_read_to_its_end_if_that_is_near(
    app: Flask, stream: type[BytesIO], length: int, left: int
) -> None:
    """And no further: the next request of the connection may follow."""
    body = stream(LONG)
    with (
        received(app, body, length=length) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        guard.check_request(context)
    assert len(body.getvalue()) - body.tell() == len(LONG) - length + left


def test_body_past_the_cap_that_ends_early_is_waited_for_no_longer(app: Flask) -> None:
    with (
        received(app, b"a=1", length=LIMIT + 1) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        guard.check_request(context)


@pytest.mark.parametrize("announced", [True, False])
@pytest.mark.parametrize("size", [0, 3, LIMIT - 1])
def test_body_up_to_the_cap_is_taken(app: Flask, announced: bool, size: int) -> None:
    body = LONG[:size]
    with received(app, body, length=-1 if announced else None) as context:
        guard.check_request(context)
        assert context.request.get_data() == body


def test_body_as_long_as_the_cap_is_taken_if_it_says_so(app: Flask) -> None:
    with received(app, LONG[:LIMIT]) as context:
        guard.check_request(context)
        assert context.request.get_data() == LONG[:LIMIT]


@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1, 3 * LIMIT])
def test_body_of_unknown_length_must_end_before_the_cap(app: Flask, size: int) -> None:
    with (
        received(app, LONG[:size], length=None) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        guard.check_request(context)


@pytest.mark.parametrize("ends_itself", [True, False])
def test_body_that_is_cut_off_is_refused(app: Flask, ends_itself: bool) -> None:
    ended: dict[str, Any] = {"wsgi.input_terminated": True} if ends_itself else {}
    with (
        received(app, b"a=1", length=4, **ended) as context,
        pytest.raises(ClientDisconnected),
    ):
        guard.check_request(context)


@pytest.mark.parametrize(
    ("own", "size", "passes"),
    [(50, 50, True), (50, 51, False), (5000, LIMIT, True), (5000, LIMIT + 1, False)],
)
def test_smaller_cap_of_flask_holds(
    make_app: MakeApp, own: int, size: int, passes: bool
) -> None:
    app = make_app(WIZARD_MAX_BODY=LIMIT, MAX_CONTENT_LENGTH=own)
    with received(app, LONG[:size]) as context:
        if passes:
            guard.check_request(context)
        else:
            with pytest.raises(RequestEntityTooLarge):
                guard.check_request(context)


def test_field_of_many_bytes_is_under_no_other_cap(make_app: MakeApp) -> None:
    app = make_app(WIZARD_MAX_BODY=LIMIT, MAX_FORM_MEMORY_SIZE=10)
    with received(app, multipart([("a", "x" * 99)]), MULTIPART) as context:
        guard.check_request(context)
        assert context.request.form["a"] == "x" * 99


def test_request_without_a_body_passes(app: Flask) -> None:
    with received(app, kind=None, length=None, method="GET") as context:
        guard.check_request(context)


def test_query_that_is_no_text_is_refused(app: Flask) -> None:
    with (
        received(app, method="GET", QUERY_STRING="a=\xff") as context,
        pytest.raises(BadRequest),
    ):
        guard.check_request(context)


@pytest.mark.parametrize("body", [multipart(ABCD)[:-8], b"--XX\r\n\xff\r\n\r\nx"])
def test_malformed_form_is_refused(app: Flask, body: bytes) -> None:
    """Werkzeug alone would find an empty form, which erases a step."""
    with received(app, body, MULTIPART) as context:
        guard.check_request(context)
        with pytest.raises(BadRequest):
            _ = context.request.form


def test_file_of_a_form_touches_no_disk(app: Flask) -> None:
    body = multipart(ABCD).replace(b'"a"', b'"a"; filename="a.txt"')
    with received(app, body, MULTIPART) as context:
        guard.check_request(context)
        assert type(context.request.files["a"].stream) is BytesIO


# Hooks of the application that were first


def test_body_that_a_hook_has_read_is_taken(app: Flask) -> None:
    with received(app, urlencoded(ABCD)) as context:
        context.request.get_data()
        guard.check_request(context)
        assert [*context.request.form.items()] == ABCD


@pytest.mark.parametrize("body", [urlencoded([*ABCD, *REST]), LONG[: LIMIT + 1]])
def test_body_that_a_hook_has_read_is_capped(app: Flask, body: bytes) -> None:
    stream = BytesIO(body + b"the next request")
    with received(app, stream, length=len(body)) as context:
        context.request.get_data()
        with pytest.raises(RequestEntityTooLarge):
            guard.check_request(context)
    assert stream.read() == b"the next request"


@pytest.mark.parametrize(
    ("sent", "passes"),
    [
        (ABCD, True),
        ([*ABCD, ("e", "5")], False),
        ([("a", "1"), ("a", "2"), ("a", "3"), ("a", "4"), ("a", "5")], False),
        ([("a", "x" * (LIMIT - 2))], True),
        ([("a", "x" * (LIMIT - 1))], False),
    ],
)
@pytest.mark.parametrize("announced", [True, False])
def test_form_that_a_hook_has_parsed_is_capped(
    app: Flask,
    caplog: pytest.LogCaptureFixture,
    sent: Fields,
    passes: bool,
    announced: bool,
) -> None:
    body = urlencoded(sent)
    with received(app, body, length=-1 if announced else None) as context:
        context.request.max_content_length = 10 * LIMIT
        assert context.request.form
        context.request.max_content_length = None
        is_known = announced or len(sent) > 1
        if passes or not is_known:  # nobody can tell how long it was
            guard.check_request(context)
        else:
            with pytest.raises(RequestEntityTooLarge):
                guard.check_request(context)
    assert [r.message for r in caplog.records if "was parsed before" in r.message]


# Files


class Files:
    """What ``IncomingFiles`` is told."""

    def __init__(self) -> None:
        self.caps: Caps | None = None
        self.taken: object = None

    def install(self, caps: Caps) -> None:
        self.caps = caps

    def take_parsed(self, files: object) -> None:
        self.taken = files


def check_files(context: Context) -> Files:
    files = Files()
    guard.check_request(context, files)  # type: ignore[arg-type]
    return files


FILES = 1000  # bytes
ROOM = FILES + LIMIT
FILE = LIMIT + 50


@pytest.fixture
def upload_app(make_app: MakeApp) -> Flask:
    return make_app(
        WIZARD_MAX_BODY=LIMIT,
        WIZARD_MAX_PAIRS=MOST,
        WIZARD_MAX_UPLOADS_SIZE=FILES,
        WIZARD_MAX_UPLOAD_SIZE=FILE,
    )


@pytest.mark.parametrize(
    ("own", "fields", "file"),
    [(None, LIMIT, FILE), (9000, LIMIT, FILE), (FILE - 1, LIMIT, FILE - 1), (9, 9, 9)],
)
@pytest.mark.parametrize("announced", [True, False])
def test_files_have_room_beside_the_fields(
    upload_app: Flask, own: int | None, fields: int, file: int, announced: bool
) -> None:
    upload_app.config["MAX_CONTENT_LENGTH"] = own
    length = ROOM if announced else None
    with received(upload_app, LONG[:ROOM], MULTIPART, length=length) as context:
        files = check_files(context)
        assert files.caps == Caps(body=ROOM, fields=fields, parts=MOST, file=file)
        assert files.taken is None
        assert context.request.max_content_length == ROOM
        assert context.request.stream.read() == LONG[:ROOM]
        assert context.request.environ[guard.LIMITED] is False


def test_files_past_their_room_are_not_read(upload_app: Flask) -> None:
    body = BytesIO(LONG)
    with (
        received(upload_app, body, MULTIPART, length=ROOM + 1) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        check_files(context)
    assert body.tell() == 0


@pytest.mark.parametrize("kind", [URLENCODED, "text/plain"])
def test_body_without_parts_has_no_files(upload_app: Flask, kind: str) -> None:
    with received(upload_app, urlencoded(ABCD), kind) as context:
        assert check_files(context).caps is None
    with (
        received(upload_app, LONG[: LIMIT + 1], kind) as context,
        pytest.raises(RequestEntityTooLarge),
    ):
        check_files(context)


def test_files_that_a_hook_has_parsed_are_taken(upload_app: Flask) -> None:
    body = multipart(ABCD).replace(b'"a"', b'"a"; filename="a.txt"')
    with received(upload_app, body, MULTIPART) as context:
        parsed = context.request.files
        files = check_files(context)
    assert files.taken is parsed
    assert files.caps == Caps(body=ROOM, fields=LIMIT, parts=MOST, file=FILE)


def test_files_that_a_hook_has_parsed_are_capped(upload_app: Flask) -> None:
    with received(upload_app, multipart([*ABCD, *REST]), MULTIPART) as context:
        assert context.request.form
        with pytest.raises(RequestEntityTooLarge):
            check_files(context)


class ReadFiles:
    """Files that are known when the form was parsed."""

    def __init__(self, context: Context, *, cut: bool) -> None:
        self._request, self._cut = context.request, cut

    @property
    def cut(self) -> bool:
        return self._cut and "form" in self._request.__dict__


@pytest.mark.parametrize("cut", [True, False])
def test_too_many_parts_beside_files_are_told_before_the_token(
    app: Flask, cut: bool
) -> None:
    with received(app, multipart(ABCD), MULTIPART) as context:
        context.request.environ[INCOMING] = ReadFiles(context, cut=cut)
        expected = guard.TooManyFields if cut else guard.CSRFFailure
        with pytest.raises(expected):
            guard.check_csrf(context)


# The token


class Token(NamedTuple):
    sent: str
    kept: str  # in the session


@pytest.fixture
def token(app: Flask) -> Token:
    with app.test_request_context():
        return Token(generate_csrf(), session["csrf_token"])


@contextmanager
def tokened(app: Flask, token: Token, body: Fields, **environ: Any) -> Iterator[None]:
    """A form of the session that has the token, which is checked."""
    with received(app, urlencoded(body), **environ) as context:
        session["csrf_token"] = token.kept
        guard.check_csrf(context)
        yield


@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize(
    ("body", "headers", "passes"),
    [
        ("{}", {}, True),
        ("", {"HTTP_X_CSRFTOKEN": "{}"}, True),
        ("", {"HTTP_X_CSRF_TOKEN": "{}"}, True),
        ("", {"HTTP_X_CSRFTOKEN": "", "HTTP_X_CSRF_TOKEN": "{}"}, True),
        ("{}", {"HTTP_X_CSRFTOKEN": "x"}, True),
        ("x", {"HTTP_X_CSRFTOKEN": "{}"}, False),
        ("x", {}, False),
        ("", {}, False),
        ("", {"HTTP_X_MINE": "{}"}, False),
        ("", {"QUERY_STRING": "csrf_token={}"}, False),
    ],
)
def test_token_comes_in_the_form_or_a_header(
    app: Flask,
    token: Token,
    protected: bool,
    body: str,
    headers: dict[str, str],
    passes: bool,
) -> None:
    if protected:
        CSRFProtect(app)
    sent = {name: value.format(token.sent) for name, value in headers.items()}
    form = [("csrf_token", body.format(token.sent))]
    if passes:
        with tokened(app, token, form, **sent):
            return
    with pytest.raises(guard.CSRFFailure), tokened(app, token, form, **sent):
        pass


def test_headers_of_the_token_are_those_of_the_configuration(
    app: Flask, token: Token
) -> None:
    app.config["WTF_CSRF_HEADERS"] = ["X-Mine"]
    with tokened(app, token, [], HTTP_X_MINE=token.sent):
        pass
    with (
        pytest.raises(guard.CSRFFailure),
        tokened(app, token, [], HTTP_X_CSRFTOKEN=token.sent),
    ):
        pass


def test_field_of_the_token_is_that_of_the_configuration(make_app: MakeApp) -> None:
    app = make_app(WTF_CSRF_FIELD_NAME="mine")
    with app.test_request_context():
        sent, kept = generate_csrf(), session["mine"]
    for name, passes in {"mine": True, "csrf_token": False}.items():
        with received(app, urlencoded([(name, sent)])) as context:
            session["mine"] = kept
            if passes:
                guard.check_csrf(context)
            else:
                with pytest.raises(guard.CSRFFailure):
                    guard.check_csrf(context)


@pytest.mark.parametrize(
    "headers", [{}, {"HTTP_SEC_FETCH_SITE": "cross-site"}, {"HTTP_ORIGIN": "http://x"}]
)
def test_disabled_csrf_checks_nothing(
    make_app: MakeApp, headers: dict[str, Any]
) -> None:
    app = make_app(WTF_CSRF_ENABLED=False)
    CSRFProtect(app)
    with received(app, b"a=1", **headers) as context:
        guard.check_csrf(context)


def test_fields_are_counted_with_csrf_disabled_too(make_app: MakeApp) -> None:
    app = make_app(WTF_CSRF_ENABLED=False, WIZARD_MAX_PAIRS=MOST)
    with received(app, urlencoded([*ABCD, *REST])) as context:
        guard.check_request(context)
        with pytest.raises(guard.TooManyFields):
            guard.check_csrf(context)


def test_page_carries_the_token_in_a_field(app: Flask) -> None:
    with received(app, method="GET"):
        ((name, sent),) = guard.token_field(app.config, "mine")
        assert (name, sent) == ("mine", generate_csrf())


def test_page_carries_no_token_with_csrf_disabled(make_app: MakeApp) -> None:
    app = make_app(WTF_CSRF_ENABLED=False)
    with received(app, method="GET"):
        assert guard.token_field(app.config, "mine") == []


# The origin. Beside CSRFProtect a secure page needs a referrer of its own host as well
# as the token, unless the browser or the configuration says that the page is our own.

OWN, TOKEN, FOREIGN, UNKNOWN = "our own", "the token decides", "foreign", "unknown"
TRUSTED = "https://Shop.example"


def verdict(app: Flask, **environ: Any) -> str:
    environ["wsgi.url_scheme"] = "https"
    with received(app, b"a=1", **environ) as context:
        with_token(context)
        try:
            guard.check_csrf(context)
        except guard.CSRFFailure:
            return TOKEN
        except guard.ForeignOrigin:
            return UNKNOWN
        except BadRequest as error:
            return FOREIGN if "another site" in (error.description or "") else "?"
        return OWN


@pytest.mark.parametrize("trusted", [[], [TRUSTED]], ids=["", "trusted"])
@pytest.mark.parametrize(
    ("site", "origin", "expected"),
    [
        (None, None, TOKEN),
        ("none", None, TOKEN),
        ("same-site", None, TOKEN),
        ("same-origin", None, OWN),
        ("same-origin", "https://evil.example", OWN),
        ("cross-site", None, FOREIGN),
        ("cross-site", "https://localhost", FOREIGN),
        (None, "https://localhost", TOKEN),
        (None, "https://LOCALHOST:443", TOKEN),
        (None, "http://localhost:80", TOKEN),
        ("same-site", "https://localhost", TOKEN),
        (None, "https://localhost:8443", UNKNOWN),
        (None, "https://evil.example", UNKNOWN),
        ("same-site", "https://evil.example", FOREIGN),
        ("none", "https://evil.example", FOREIGN),
        (None, "null", UNKNOWN),
        (None, "", UNKNOWN),
        ("same-site", "null", FOREIGN),
    ],
)
def test_origin_is_judged_by_the_headers(
    app: Flask, trusted: list[str], site: str | None, origin: str | None, expected: str
) -> None:
    app.config["WIZARD_TRUSTED_ORIGINS"] = trusted
    CSRFProtect(app)
    given = {"HTTP_SEC_FETCH_SITE": site, "HTTP_ORIGIN": origin}
    sent = {name: value for name, value in given.items() if value is not None}
    assert verdict(app, **sent) == expected


@pytest.mark.parametrize("site", [None, "same-site", "cross-site"])
@pytest.mark.parametrize("origin", [TRUSTED, TRUSTED.lower(), TRUSTED.upper()])
def test_trusted_origin_is_our_own(app: Flask, site: str | None, origin: str) -> None:
    app.config["WIZARD_TRUSTED_ORIGINS"] = ["https://other.example", TRUSTED]
    CSRFProtect(app)
    sent = {"HTTP_SEC_FETCH_SITE": site} if site else {}
    assert verdict(app, HTTP_ORIGIN=origin, **sent) == OWN


@pytest.mark.parametrize("origin", ["null", "", "//"])
def test_malformed_host_has_no_origin(app: Flask, origin: str) -> None:
    CSRFProtect(app)
    assert verdict(app, HTTP_HOST="local host", HTTP_ORIGIN=origin) == UNKNOWN


@pytest.mark.parametrize("referrer", ["", "https://evil.example/", "https://["])
def test_secure_page_needs_a_referrer_beside_the_token(
    app: Flask, referrer: str
) -> None:
    CSRFProtect(app)
    assert verdict(app, HTTP_REFERER=referrer) == TOKEN
    assert verdict(app, HTTP_REFERER="https://localhost/page") == OWN


@pytest.mark.parametrize(
    ("referrer", "passes"),
    [
        ("http://shop.example/page", True),
        ("http://shop.example/behind/a/proxy/page", True),
        ("http://shop.example/page?a=1#b", True),
        ("http://shop.example/other", False),
        ("http://shop.example/page/other", False),
        ("https://shop.example/page", False),
        ("http://evil.example/page", False),
        ("/page", False),
        ("http://[", False),
        (None, False),
    ],
)
def test_unknown_origin_needs_a_referrer_of_the_same_page(
    app: Flask, token: Token, referrer: str | None, passes: bool
) -> None:
    """A proxy may replace the host, and nobody has configured it yet."""
    sent = {"HTTP_ORIGIN": "http://shop.example"}
    sent |= {"HTTP_REFERER": referrer} if referrer is not None else {}
    form = [("csrf_token", token.sent)]
    if passes:
        with tokened(app, token, form, **sent):
            pass
        with pytest.raises(guard.CSRFFailure), tokened(app, token, [], **sent):
            pass
    else:
        with pytest.raises(guard.ForeignOrigin), tokened(app, token, form, **sent):
            pass


def test_referrer_of_the_same_page_is_no_proof_that_it_is_our_own(app: Flask) -> None:
    CSRFProtect(app)
    sent = {
        "HTTP_ORIGIN": "https://x.example",
        "HTTP_REFERER": "https://x.example/page",
    }
    assert verdict(app, **sent) == TOKEN


def test_configured_origins_leave_no_other_in_doubt(app: Flask) -> None:
    app.config["WIZARD_TRUSTED_ORIGINS"] = [TRUSTED]
    sent = {
        "HTTP_ORIGIN": "https://x.example",
        "HTTP_REFERER": "https://x.example/page",
    }
    assert verdict(app, **sent) == UNKNOWN


@pytest.mark.parametrize(
    ("origin", "hints"),
    [
        ("http://shop.example", 1),
        ("http://localhost:8080", 1),
        ("http://localhost", 0),
        ("null", 0),
        (None, 0),
    ],
)
def test_log_names_the_setting_for_a_replaced_host(
    app: Flask, caplog: pytest.LogCaptureFixture, origin: str | None, hints: int
) -> None:
    for _ in range(2):
        verdict(app, **({"HTTP_ORIGIN": origin} if origin is not None else {}))
    found = [r.message for r in caplog.records if "WIZARD_TRUSTED_ORIGINS" in r.message]
    assert len(found) == hints
    assert all(f"'{origin}'" in hint and "'localhost'" in hint for hint in found)


def test_log_has_the_beginning_of_a_long_origin(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    origin = "http://" + "x" * 999
    verdict(app, HTTP_ORIGIN=origin)
    assert f"'{origin[:200]}'" in caplog.text
