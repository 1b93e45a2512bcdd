"""Hostile input: random requests, broken connections, damaged bytes, forged tokens."""

from __future__ import annotations

import errno
import io
import json
import re
import socket
import threading
import tracemalloc
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.client import HTTPConnection
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
import pytest
from apps import MakeApp
from clock import DAY
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from flask_wtf.csrf import CSRFProtect
from fuzz import (
    ANSWERS,
    COOKIES,
    FIRST_PAGE,
    MULTIPART,
    REQUESTS,
    URLENCODED,
    VALUES,
    Answer,
    Body,
    Browser,
    Everything,
    Request,
    effort,
    some,
)
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from itsdangerous import BadData, URLSafeTimedSerializer
from store_wrappers import Probe
from visitor import Page, Visitor
from werkzeug.serving import make_server
from werkzeug.test import TestResponse

from flask_wizard import UnreadableDraftError
from flask_wizard.core.draft import Draft, Entry, decode, encode
from flask_wizard.drafts.draft_list import MAX_LIST_COPIES
from flask_wizard.drafts.holders import ENDED_KEY, TOKEN_KEY
from flask_wizard.drafts.keyring import Kind
from flask_wizard.stores import new_version
from flask_wizard.web.state import WizardState

KILOBYTE = 1024
CALLS = 16  # of the store for one request: a list, max_drafts drafts, and both again
MARKUP = 4 * KILOBYTE  # of one field in a page
ESCAPED = 12  # characters of a page for one byte of a value, which may show twice
PATIENCE = 60.0  # seconds until what never comes fails a test

STEPS = tuple(ANSWERS)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Everything)


@pytest.fixture
def protected(make_app: MakeApp) -> Flask:
    app = make_app(Everything)
    CSRFProtect(app)
    return app


# Visitors who mean well


def continue_to_end(visitor: Visitor) -> None:
    """Fill in what is still to be filled in, and commit."""
    for _ in range(2 * len(STEPS)):
        if visitor.page.path.endswith("/receipt"):
            assert "R-1" in visitor.page.text
            return
        fill_in(visitor)
    raise AssertionError(visitor.page.text)


def fill_in(visitor: Visitor) -> None:
    """Replace everything in the form of the page, and continue."""
    page = visitor.page
    shown = {name for name in page.values if not name.startswith("_")}
    good = {n: v for n, v in ANSWERS[step_of(page)].items() if is_asked(n, page)}
    visitor.press("next", {**dict.fromkeys(shown - {"csrf_token"}), **good})
    assert visitor.page.status == 200, visitor.page.text


def step_of(page: Page) -> str:
    return page.path.rpartition("/")[2]


def is_asked(name: str, page: Page) -> bool:
    return step_of(page) != "made" or name in page.values


def drafts_of(page: Page) -> list[str]:
    """The addresses of the drafts on the entry page."""
    found = re.findall(r'href="(/join/[\w-]{22})/discard"', page.source)
    return list(dict.fromkeys(found))


def assert_can_leave(app: Flask, cookie: str) -> None:
    """Continue the oldest draft, discard the others, and fill in a new one."""
    visitor = Visitor(app)
    if cookie:
        visitor.client.set_cookie("session", cookie.partition("=")[2])
    open_drafts = drafts_of(visitor.open())
    assert visitor.page.status == 200
    for url in open_drafts[1:]:
        assert visitor.open(f"{url}/").status == 200
        visitor.open(f"{url}/discard")
        assert "discarded" in visitor.press("discard").text
    if open_drafts:
        visitor.open(f"{open_drafts[0]}/")
        continue_to_end(visitor)
    assert visitor.open().path == "/join/new/you"
    continue_to_end(visitor)


# Random requests


@pytest.mark.requirement("S26")
@effort(20)
@given(
    upto=st.sampled_from(STEPS),
    barrage=st.lists(REQUESTS, min_size=4, max_size=12),
    is_protected=st.booleans(),
    accept=st.sampled_from(("", "application/json")),
)
def test_no_request_is_a_server_error(
    app: Flask,
    protected: Flask,
    store: Probe,
    upto: str,
    barrage: list[Request],
    is_protected: bool,
    accept: str,
) -> None:
    class Limits:
        """What no answer may exceed, after all that was sent before it."""

        def __init__(self) -> None:
            self.bytes, self.fields = 4 * KILOBYTE, 16  # what is in every page

        def check(self, answer: Answer, request: Request, store: Probe) -> None:
            self.bytes += answer.sent
            self.fields += len(request.pairs)
            assert answer.status < 500
            assert len(store.calls) <= CALLS
            store.calls.clear()
            most = self.fields * MARKUP + self.bytes * ESCAPED
            assert len(answer.content) <= most
            if answer.status in (302, 303):
                assert answer.headers["Location"].startswith("/join/")

    browser = Browser(protected if is_protected else app)
    browser.begin(upto)
    browser.accept = accept
    store.calls.clear()
    limits = Limits()
    for request in barrage:
        for answer in in_browser(browser, request):
            limits.check(answer, request, store)
    for page in (*STEPS, "saved", "discard", "receipt", ""):
        request = Request("GET", page=page, answers=False, token=False)
        limits.check(browser.send(request), request, store)


def in_browser(browser: Browser, request: Request) -> Iterator[Answer]:
    """Send a request, and look where it leads."""
    answer = browser.send(request)
    yield answer
    if answer.status == 303:
        path = answer.headers["Location"].partition("?")[0].removeprefix("/join/")
        yield browser.send(Request("GET", path=path, answers=False, token=False))


@effort(8)
@given(
    upto=st.sampled_from(STEPS),
    barrage=st.lists(REQUESTS, min_size=1, max_size=12),
)
def test_visitor_can_leave_after_any_requests(
    app: Flask, upto: str, barrage: list[Request]
) -> None:
    browser = Browser(app)
    browser.begin(upto)
    for request in barrage:
        browser.send(request)
    assert_can_leave(app, browser.cookie)


# What random requests have found


@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("path", ["", "new/you", "{draft}/you", "{draft}/"])
def test_query_of_bytes_that_are_no_text_is_refused(
    app: Flask, method: str, path: str
) -> None:
    browser = Browser(app)
    browser.begin("dates")
    found = Request(method, path=path.format(draft=browser.draft), query="\x80")
    assert browser.send(found).status in (400, 405)


def test_part_without_a_name_is_refused(app: Flask) -> None:
    browser = Browser(app)
    browser.begin("dates")
    nameless = Body(kind=MULTIPART, extra=("Content-Disposition: form-data",))
    assert browser.send(Request(body=nameless)).status == 400


def test_half_a_body_is_not_saved_where_the_server_ends_the_stream(
    app: Flask, store: Probe
) -> None:
    browser = Browser(app)
    browser.begin("dates")
    before = store.snapshot()
    whole = Request(pairs=(("name", "The whole story"),))
    half = Body(cut=browser.size(whole) - 5, length=str(browser.size(whole)), ends=True)
    answer = browser.send(Request(pairs=whole.pairs, body=half))
    assert answer.status == 400
    assert store.snapshot() == before


def test_body_that_the_server_ends_is_saved_when_whole(app: Flask) -> None:
    browser = Browser(app)
    browser.begin("dates")
    request = Request(pairs=(("name", "The whole story"),))
    length = str(browser.size(request))
    whole = Body(length=length, ends=True)
    assert browser.send(Request(pairs=request.pairs, body=whole)).status == 303


def test_body_that_a_hook_has_read_is_not_taken_for_half_of_one(
    make_app: MakeApp,
) -> None:
    app = make_app()
    CSRFProtect(app)  # reads the form before the view does

    def step_url(*, draft: str, step: str) -> str:
        return f"/own/{draft}/{step}"

    @app.route("/own/<draft>/<step>", methods=["GET", "POST"])
    def own(draft: str, step: str) -> Any:
        outcome = Everything.open(draft, url_for_step=step_url).handle(step)
        return "a page" if isinstance(outcome, dict) else outcome

    client = app.test_client()
    client.get("/own/new/you", follow_redirects=True)
    with client.session_transaction() as kept:
        token = token_serializer(app).dumps(kept["csrf_token"])
    sent = {"csrf_token": token, "name": "Ada", "plan": "plain"}
    assert client.post("/own/new/you", data=sent).status_code == 303


@pytest.mark.parametrize("origin", ["null", "", "http://", "http://localhost"])
def test_post_with_an_origin_is_foreign_where_no_host_can_be_compared(
    app: Flask, origin: str
) -> None:
    browser = Browser(app)
    browser.begin("dates")
    headers = (("HOST", "a host?"), ("ORIGIN", origin))
    assert browser.send(Request(headers=headers)).status == 400


# Cookies and tokens


SHORT = [value for value in VALUES if len(value) < 100]
JSON: SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | some(SHORT),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=5,
)


@effort(5)
@given(
    token=JSON | st.text("_-azAZ09", min_size=40, max_size=45),
    ended=JSON,
    other=JSON,
)
def test_visitor_can_leave_whatever_is_in_the_session(
    app: Flask, token: Any, ended: Any, other: Any
) -> None:
    found = {TOKEN_KEY: token, ENDED_KEY: ended, "_wizard": other, "other": other}
    assert_can_leave(app, signed_session(app, found))


@pytest.mark.parametrize(
    "token",
    [
        7,
        True,
        None,
        1e300,
        [],
        ["x"],
        {},
        {"x": None},
        "",
        "x",
        "\0",
        "\ud800",
        "x" * 3000,
    ],
    ids=ascii,
)
def test_visitor_can_leave_with_another_thing_for_a_token(
    app: Flask, token: Any
) -> None:
    assert_can_leave(app, signed_session(app, {TOKEN_KEY: token}))


def signed_session(app: Flask, values: dict[str, Any]) -> str:
    return f"session={session_serializer(app).dumps(values)}"


@effort(8)
@given(cookie=some(COOKIES, size=60))
def test_visitor_can_leave_with_any_cookie(app: Flask, cookie: str) -> None:
    browser = Browser(app)
    browser.cookie = cookie
    assert browser.send(FIRST_PAGE).status == 200
    assert browser.send(Request(draft="new")).status == 303
    assert browser.send(Request("GET", page="dates")).status == 200


@effort(15)
@given(data=st.data())
def test_damaged_cookie_opens_nothing(app: Flask, data: st.DataObject) -> None:
    browser = Browser(app)
    browser.begin("dates")
    whole = browser.cookie.removeprefix("session=")
    browser.cookie = "session=" + data.draw(damaged_text(whole))
    if is_signed(session_serializer(app), browser.cookie.removeprefix("session=")):
        return  # base64 has several spellings of the same signature
    answer = browser.send(Request("GET", answers=False, token=False))
    assert answer.status == 404


def session_serializer(app: Flask) -> URLSafeTimedSerializer:
    interface = app.session_interface
    assert isinstance(interface, SecureCookieSessionInterface)
    serializer = interface.get_signing_serializer(app)
    assert serializer is not None
    return serializer


def token_serializer(app: Flask) -> URLSafeTimedSerializer:
    assert app.secret_key is not None
    return URLSafeTimedSerializer(app.secret_key, salt="wtf-csrf-token")


def is_signed(serializer: URLSafeTimedSerializer, text: str) -> bool:
    try:
        serializer.loads(text)
    except (BadData, UnicodeEncodeError):
        return False
    return True


def damaged_text(whole: str) -> SearchStrategy[str]:
    return st.one_of(
        st.integers(0, len(whole) - 2).map(lambda n: whole[:n]),
        st.tuples(st.integers(0, len(whole) - 2), st.sampled_from("Az09._-=")).map(
            lambda hit: whole[: hit[0]] + hit[1] + whole[hit[0] + 1 :]
        ),
        st.text("Az09._-=", min_size=1, max_size=9).map(lambda more: whole + more),
        st.text("Az09._-=", min_size=1, max_size=9).map(lambda more: more + whole),
    )


def test_cookie_signed_with_another_key_opens_nothing(
    app: Flask, make_app: MakeApp
) -> None:
    browser = Browser(app)
    browser.begin("dates")
    values = session_serializer(app).loads(browser.cookie.removeprefix("session="))
    stranger = make_app(SECRET_KEY="another secret" * 3)
    browser.cookie = signed_session(stranger, values)
    assert browser.send(Request("GET", answers=False)).status == 404


@effort(15)
@given(data=st.data())
def test_damaged_token_changes_nothing(
    app: Flask, store: Probe, data: st.DataObject
) -> None:
    browser = Browser(app)
    browser.begin("dates")
    before = store.snapshot()
    token = data.draw(damaged_text(browser.token) | some(VALUES))
    if is_signed(token_serializer(app), token):
        return
    sent = Request(token=False, pairs=(("csrf_token", token), ("name", "Mallory")))
    assert browser.send(sent).status == 400
    assert store.snapshot() == before


# Connections


@contextmanager
def served(app: Flask) -> Iterator[int]:
    """Serve an application on a free port."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield server.port
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class Caller:
    """A browser at a served application."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""
        page = self.ask("GET", f"/join/new/you?_draft={'n' * 22}")
        self.token, self.nonce = (
            re.findall(rf'name="{name}" value="([^"]+)"', page)[0]
            for name in ("csrf_token", "_draft")
        )

    def ask(self, method: str, url: str, body: str = "") -> str:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        try:
            headers = {"Cookie": self.cookie, "Content-Type": URLENCODED}
            connection.request(method, url, body, headers)
            answer = connection.getresponse()
            assert answer.status in (200, 303)
            cookie = answer.headers["Set-Cookie"] or self.cookie
            self.cookie = cookie.partition(";")[0]
            return answer.headers["Location"] or answer.read().decode()
        finally:
            connection.close()

    @property
    def body(self) -> str:
        own = {"csrf_token": self.token, "_draft": self.nonce}
        return urlencode({**own, **ANSWERS["you"]}, doseq=True)

    def begin(self) -> str:
        """Begin a draft; return the address of its second step."""
        return self.ask("POST", "/join/new/you", self.body)

    def head(self, *lines: str) -> bytes:
        own = (f"Cookie: {self.cookie}", f"Content-Type: {URLENCODED}")
        start = ("POST /join/new/you HTTP/1.1", "Host: localhost")
        return "\r\n".join((*start, *own, *lines, "", "")).encode("latin-1")

    def call(self) -> socket.socket:
        address = ("127.0.0.1", self.port)
        return socket.create_connection(address, timeout=PATIENCE)


def cut_off(body: str) -> bytes:
    return body[: len(body) // 2].encode()


def chunked(caller: Caller, body: bytes) -> bytes:
    return caller.head("Transfer-Encoding: chunked") + body


def test_server_answers_after_any_malformed_request(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    malformed: dict[str, Callable[[Caller], bytes]] = {
        "nothing": lambda to: b"",
        "zeros": lambda to: b"\0" * 100,
        "no request": lambda to: b"\r\n\r\n",
        "TLS": lambda to: (
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\xff" * 500
        ),
        "half a head": lambda to: to.head()[:-30],
        "half a line": lambda to: b"POST /join/ne",
        "bytes in the path": lambda to: b"GET /join/\xff/\x80?\xff HTTP/1.1\r\n\r\n",
        "no path": lambda to: b"GET  HTTP/1.1\r\n\r\n",
        "asterisk": lambda to: b"OPTIONS * HTTP/1.1\r\n\r\n",
        "absolute path": lambda to: b"GET http://evil.example/join/ HTTP/1.1\r\n\r\n",
        "two slashes": lambda to: b"GET //evil.example/join/ HTTP/1.1\r\n\r\n",
        "odd version": lambda to: b"GET /join/ HTTP/9.9\r\n\r\n",
        "odd method": lambda to: b"\xff\xfe /join/ HTTP/1.1\r\n\r\n",
        "long line": lambda to: b"GET /join/" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        "long header": lambda to: to.head("X: " + "x" * 100_000),
        "many headers": lambda to: to.head(*["X: x"] * 500),
        "header without a colon": lambda to: to.head("x"),
        "header of bytes": lambda to: to.head("\xff: \xff", "Host: \xff"),
        "folded header": lambda to: to.head("X: x\r\n y", "Content-Length: 0"),
        "no length": lambda to: to.head() + to.body.encode(),
        "length is a lie": lambda to: (
            to.head("Content-Length: 9999") + to.body.encode()
        ),
        "length is short": lambda to: to.head("Content-Length: 9") + to.body.encode(),
        "length is below zero": lambda to: to.head("Content-Length: -9"),
        "length is no number": lambda to: to.head("Content-Length: x") + b"name=x",
        "length is huge": lambda to: to.head("Content-Length: " + "9" * 30),
        "two lengths": lambda to: (
            to.head("Content-Length: 9", "Content-Length: 6") + b"a"
        ),
        "cut off": lambda to: (
            to.head(f"Content-Length: {len(to.body)}") + cut_off(to.body)
        ),
        "chunk without a size": lambda to: chunked(to, b"zz\r\nname=x\r\n"),
        "chunk of less than nothing": lambda to: chunked(
            to, b"-5\r\nname=x\r\n0\r\n\r\n"
        ),
        "chunk larger than its size": lambda to: chunked(
            to, b"2\r\nname=x\r\n0\r\n\r\n"
        ),
        "chunk smaller than its size": lambda to: chunked(
            to, b"ff\r\nname=x\r\n0\r\n\r\n"
        ),
        "chunk of a huge size": lambda to: chunked(to, b"f" * 90 + b"\r\nname=x\r\n"),
        "chunk that is the last": lambda to: chunked(to, b"6\r\nname=x\r\n"),
        "length beside chunks": lambda to: (
            to.head("Transfer-Encoding: chunked", "Content-Length: 3")
            + b"6\r\nname=x\r\n0\r\n\r\n"
        ),
        "unknown encoding": lambda to: to.head("Transfer-Encoding: x") + b"name=x",
        "second request behind": lambda to: to.head("Content-Length: 0") + to.head(),
    }
    with served(app) as port:
        for name, make in malformed.items():
            caller = Caller(port)
            with caller.call() as connection:
                send_all(connection, make(caller))
            assert caller.begin().endswith("/dates"), name
    assert "Error on request" not in caplog.text


def send_all(connection: socket.socket, sent: bytes) -> None:
    """Send, say that nothing follows, and read what there is to read."""
    try:
        connection.sendall(sent)
        connection.shutdown(socket.SHUT_WR)
        while connection.recv(KILOBYTE):
            pass
    except (BrokenPipeError, ConnectionResetError):
        pass  # the server had read enough
    except OSError as error:
        if error.errno != errno.ENOTCONN:  # nor has it anything to say
            raise


def test_server_answers_while_others_send_slowly(app: Flask) -> None:
    with served(app) as port:
        caller = Caller(port)
        slow = [caller.call() for _ in range(20)]
        for connection in slow:
            head = caller.head(f"Content-Length: {len(caller.body)}")
            connection.sendall(head + cut_off(caller.body))
        try:
            assert caller.begin().endswith("/dates")
        finally:
            for connection in slow:
                connection.close()
        assert Caller(port).begin().endswith("/dates")


def test_body_that_is_cut_off_begins_no_draft(app: Flask, store: Probe) -> None:
    with served(app) as port:
        caller = Caller(port)
        with caller.call() as connection:
            head = caller.head(f"Content-Length: {len(caller.body)}")
            send_all(connection, head + cut_off(caller.body))
    assert "create" not in store.calls


# Memory


CAP = 1024 * KILOBYTE


def many(count: int, name: str, value: str) -> tuple[tuple[str, str], ...]:
    return tuple((f"{name}{number}", value) for number in range(count))


# Python's own parser takes some eighty bytes for each that is escaped.
@pytest.mark.parametrize(
    ("at", "pairs"),
    [
        ("picks", (("story", "x" * 499_000),)),
        ("picks", (("story", '"' * 160_000),)),
        ("picks", many(900, "other", "x" * 500)),
        ("picks", many(900, "x" * 500, "x")),
        ("picks", (("story", "x" * 500),) * 900),
        ("lists", many(300, "marks_", "x")),
        ("lists", many(300, "people-", "x")),
        ("picks", (("story", "x" * CAP),)),
    ],
    ids=["text", "escapes", "fields", "names", "twice", "list", "nothing", "too-much"],
)
@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
def test_memory_of_a_request_is_bounded(
    app: Flask, at: str, pairs: tuple[tuple[str, str], ...], kind: str
) -> None:
    @contextmanager
    def peak() -> Iterator[Callable[[], int]]:
        tracemalloc.start()
        try:
            before, _ = tracemalloc.get_traced_memory()
            yield lambda: tracemalloc.get_traced_memory()[1] - before
        finally:
            tracemalloc.stop()

    browser = Browser(app)
    browser.begin("extra")
    request = Request(page=at, pairs=pairs, body=Body(kind=kind))
    assert browser.send(request).status in (303, 413)  # and everything is compiled
    with peak() as bytes_taken:
        for answer in in_browser(browser, request):
            assert answer.status in (200, 303, 413)
    assert bytes_taken() < 50 * CAP


@pytest.mark.parametrize("kind", [URLENCODED, MULTIPART])
def test_body_without_end_is_read_to_the_cap(app: Flask, kind: str) -> None:
    class Endless(io.RawIOBase):
        """A body that goes on for ever."""

        given = 0

        def readable(self) -> bool:
            return True

        def readinto(self, buffer: Any) -> int:
            self.given += len(buffer)
            buffer[:] = b"x" * len(buffer)
            return len(buffer)

    browser = Browser(app)
    browser.begin("dates")
    body = Endless()
    request = Request(body=Body(kind=kind, ends=True, stream=body))
    assert browser.send(request).status == 413
    assert body.given <= CAP


# Damaged bytes in the store


class Begun(NamedTuple):
    """Somebody who has begun a draft, and all that the store had by then."""

    visitor: Visitor
    stored: Mapping[str, tuple[bytes, bytes] | None]


BEGUN: dict[bool, Begun] = {}


def begin(app: Flask, store: Probe, *, is_whole: bool) -> Visitor:
    """Fill in two steps, or all that come before the check.

    That is done once, and put into the store of each other test: the applications of
    all have the same key.
    """
    is_empty = not store.snapshot()
    if is_empty and is_whole in BEGUN:
        for key, value in BEGUN[is_whole].stored.items():
            assert value is not None
            assert store.create(key, *value, DAY)
        begun = BEGUN[is_whole].visitor.twin(app)
        begun.open(begun.page.path)  # its token lasts an hour
        return begun
    visitor = Visitor(app)
    visitor.open()
    for _ in range(2):
        fill_in(visitor)
    while is_whole and step_of(visitor.page) != "check":
        fill_in(visitor)
    if is_empty:
        BEGUN[is_whole] = Begun(visitor.twin(app), store.snapshot())
    return visitor


class Kept:
    """A visitor with a draft, and what the store has of it."""

    def __init__(self, app: Flask, store: Probe, *, is_whole: bool = False) -> None:
        self.app = app
        self.store = store
        state: WizardState = app.extensions["flask_wizard"]
        self.repository = state.repository(app)
        self.visitor = begin(app, store, is_whole=is_whole)
        self.url = self.visitor.draft
        with self.visitor.client.session_transaction() as session:
            self.token = str(session[TOKEN_KEY])
        self.names = {"draft": self.url.split("/")[2], "list": self.token}
        self.keys = {kind: self._key(kind, name) for kind, name in self.names.items()}

    def _key(self, kind: Any, name: str) -> str:
        return self.repository.store.load(kind, name)[1].key

    def blob(self, kind: str) -> bytes:
        found = self.store.inner.load(self.keys[kind])
        assert found is not None
        return found[0]

    def plant(self, kind: str, blob: bytes) -> None:
        found = self.store.inner.load(self.keys[kind])
        assert found is not None
        key, version = self.keys[kind], new_version()
        assert self.store.inner.replace(key, blob, version, found[1], DAY)

    def encrypt(self, kind: str, plain: bytes) -> None:
        """Plant what the application itself might have encrypted."""
        context, packed = self.keys[kind].encode(), b"\x00" + plain
        keyring = self.repository.store.keyring
        self.plant(kind, keyring.encrypt(packed, context, Kind[kind.upper()]))

    def asks(self) -> Iterator[Callable[[], TestResponse]]:
        """What can be asked of the draft."""
        for page in ("you", "lists", "check", "saved", "discard", "receipt", ""):
            yield partial(self.visitor.get, self.url + page)
        for page, action in SENT:
            values = {**ANSWERS.get(page, {}), "_rev": ["999999999"]}  # never stale
            yield partial(self.visitor.post, self.url + page, values, action=action)

    def asked(self) -> Iterator[int]:
        """The statuses of what is asked, one after the other."""
        for ask in self.asks():
            yield ask().status_code

    def asked_of(self, plain: bytes) -> Iterator[int]:
        """The statuses of what is asked, each of the draft as it was planted."""
        for ask in self.asks():
            self.encrypt("draft", plain)
            yield ask().status_code

    def begin_anew(self) -> None:
        self.visitor.open("/join/new/you")
        fill_in(self.visitor)
        assert step_of(self.visitor.page) == "dates"


SENT = (
    *(("you", "autosave"), ("you", "save"), ("you", "goto:lists"), ("you", "back")),
    *(("picks", "autosave"), ("lists", "goto:you"), ("you", "next"), ("made", "next")),
    *(("check", "save"), ("check", "goto:you"), ("check", "back"), ("check", "next")),
    ("discard", "discard"),
)
CLEAR = {200, 204, 302, 303, 404, 405, 409, 410, 503}


def damaged(whole: bytes) -> SearchStrategy[bytes]:
    """Bytes that are not those that were stored."""
    place = st.integers(0, len(whole) - 1)
    some_bytes = st.binary(min_size=1, max_size=40)
    return st.one_of(
        st.tuples(place, st.integers(1, 255)).map(
            lambda hit: (
                whole[: hit[0]] + bytes([whole[hit[0]] ^ hit[1]]) + whole[hit[0] + 1 :]
            )
        ),
        place.map(lambda size: whole[:size]),
        some_bytes.map(lambda more: whole + more),
        some_bytes.map(lambda more: more + whole),
        st.tuples(place, some_bytes).map(
            lambda hit: whole[: hit[0]] + hit[1] + whole[hit[0] :]
        ),
        st.binary(max_size=100),
        st.just(b"x" * 3 * CAP),
    ).filter(lambda found: found != whole)


@effort(10)
@given(data=st.data())
def test_damaged_draft_is_told_and_kept(
    app: Flask, store: Probe, data: st.DataObject
) -> None:
    kept = Kept(app, store)
    blob = data.draw(damaged(kept.blob("draft")))
    kept.plant("draft", blob)
    assert set(kept.asked()) == {503}
    assert kept.blob("draft") == blob
    kept.begin_anew()
    assert kept.blob("draft") == blob


@effort(5)
@given(data=st.data())
def test_draft_goes_on_though_the_list_is_damaged(
    app: Flask, store: Probe, data: st.DataObject
) -> None:
    kept = Kept(app, store)
    blob = data.draw(damaged(kept.blob("list")))
    kept.plant("list", blob)
    kept.visitor.open(kept.url)
    continue_to_end(kept.visitor)
    assert kept.blob("list") == blob


@effort(5)
@given(data=st.data())
def test_draft_is_begun_though_the_list_is_damaged(
    app: Flask, store: Probe, data: st.DataObject
) -> None:
    kept = Kept(app, store)
    blob = data.draw(damaged(kept.blob("list")))
    kept.plant("list", blob)
    kept.begin_anew()
    assert kept.blob("list") == blob


def test_entry_tells_of_a_damaged_list(app: Flask, store: Probe) -> None:
    kept = Kept(app, store)
    kept.plant("list", b"damaged")
    page = kept.visitor.open()
    assert page.status == 503
    assert page.link("start anew") == "/join/new/you"


def test_entry_lists_what_was_begun_after_the_list_was_damaged(
    app: Flask, store: Probe
) -> None:
    kept = Kept(app, store)
    kept.plant("list", b"damaged")
    kept.visitor.open("/join/new/you")
    fill_in(kept.visitor)
    begun = kept.visitor.draft
    assert drafts_of(kept.visitor.open()) == [begun.rstrip("/")]


def test_list_that_can_be_read_again_is_there_again(app: Flask, store: Probe) -> None:
    kept = Kept(app, store)
    whole = kept.blob("list")
    kept.plant("list", b"damaged")
    kept.begin_anew()
    kept.plant("list", whole)
    assert drafts_of(kept.visitor.open()) == [kept.url.rstrip("/")]


def test_drafts_begun_after_the_list_was_damaged_keep_to_the_cap(
    app: Flask, store: Probe
) -> None:
    kept = Kept(app, store)
    kept.plant("list", b"damaged")
    for _ in range(Everything.max_drafts):
        kept.visitor.open("/join/new/you")
        fill_in(kept.visitor)
    kept.visitor.open("/join/new/you")
    assert kept.visitor.send("next", {"name": "One more"}).status_code == 409


def test_discarded_draft_leaves_the_list_that_follows_a_damaged_one(
    app: Flask, store: Probe
) -> None:
    kept = Kept(app, store)
    kept.plant("list", b"damaged")
    kept.visitor.open("/join/new/you")
    fill_in(kept.visitor)
    kept.visitor.open(f"{kept.visitor.draft}discard")
    kept.visitor.press("discard")
    assert kept.visitor.open().path == "/join/new/you"


def test_store_of_nothing_but_damage_is_asked_a_few_times(
    make_app: MakeApp, store: Probe
) -> None:
    class Rotten(Probe):
        """A store of which every value is damaged, and no value is missing."""

        def load(self, key: str) -> tuple[bytes, bytes] | None:
            super().load(key)
            return b"damaged", b"version"

    rotten = Rotten(store)
    visitor = Visitor(make_app(Everything, store=rotten))
    visitor.open("/join/new/you")
    calls = rotten.calls_of(lambda: visitor.send("next", ANSWERS["you"]))
    assert len(calls) < 2 * MAX_LIST_COPIES
    assert visitor.open().status == 503


@pytest.mark.parametrize("kind", ["draft", "list"])
def test_values_of_two_holders_cannot_be_swapped(
    app: Flask, store: Probe, kind: str
) -> None:
    one, two = Kept(app, store), Kept(app, store)
    first, second = one.blob(kind), two.blob(kind)
    one.plant(kind, second)
    two.plant(kind, first)
    for kept in (one, two):
        assert 503 in (kept.visitor.open(kept.url).status, kept.visitor.open().status)
        kept.begin_anew()
    assert (one.blob(kind), two.blob(kind)) == (second, first)


def test_draft_and_list_cannot_be_swapped(app: Flask, store: Probe) -> None:
    kept = Kept(app, store)
    first, second = kept.blob("draft"), kept.blob("list")
    kept.plant("draft", second)
    kept.plant("list", first)
    assert set(kept.asked()) == {503}
    kept.begin_anew()
    assert (kept.blob("draft"), kept.blob("list")) == (second, first)


# Encrypted by the application's own key, and wrong all the same


PLAIN: SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**31), 2**31)
    | st.floats(-1e9, 1e9)
    | st.text(max_size=9)
    | st.binary(max_size=9),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["you", "raw", "name", "x"]), inner)
    ),
    max_leaves=6,
)

ODD_ROWS: list[object] = [
    *(None, {}, "x", [None], ["x"], [[]], [{}], [{"id": "x" * 22}]),
    [{"id": 1, "started": 2.0, "wizard": "", "mount": "", "until": 2.0}],
    [{"id": "x", "started": None, "wizard": "", "mount": "", "until": 2.0}],
]

ODD: list[bytes] = [
    b"",
    b"\xc1",
    b"\xc0",
    b"\x90",
    b"\x80",
    b"\x91" * 500 + b"\xc0",
    b"\xdf\xff\xff\xff\xff",
    b"\xc6\xff\xff\xff\xff",
    b"\xa5ab",
    b"\xa1\xff",
    json.dumps({"state": "open"}).encode(),
    msgspec.msgpack.encode([{"id": 1, "started": 2.0}]),
    msgspec.msgpack.encode({"id": "x" * 22}),
    *(msgspec.msgpack.encode({"drafts": rows}) for rows in ODD_ROWS),
]


@pytest.mark.parametrize("plain", ODD, ids=[plain[:12].hex() for plain in ODD])
@pytest.mark.parametrize("kind", ["draft", "list"])
def test_encrypted_value_of_another_shape_is_told_and_kept(
    app: Flask, store: Probe, kind: str, plain: bytes
) -> None:
    def is_empty_list(kind: str, plain: bytes) -> bool:
        return kind == "list" and plain == b"\x90"

    kept = Kept(app, store)
    kept.encrypt(kind, plain)
    blob = kept.blob(kind)
    assert set(kept.asked()) <= CLEAR
    kept.begin_anew()
    assert kept.blob(kind) == blob


@pytest.mark.parametrize(
    "plain",
    [
        b"\x81\xa6drafts\x91\x82\xa2id\xa1\xff\xa7started\x00",
        b"\x81\xa6drafts\x91\x81\xa1x" + b"\x91" * 100_000 + b"\xc0",
    ],
    ids=["no text", "deep"],
)
def test_encrypted_list_with_an_unreadable_part_is_told_and_kept(
    app: Flask, store: Probe, plain: bytes
) -> None:
    kept = Kept(app, store)
    kept.encrypt("list", plain)
    blob = kept.blob("list")
    assert kept.visitor.open().status == 503
    kept.begin_anew()
    assert kept.blob("list") == blob


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "unheard of"},
        {"state": None},
        {"created": "yesterday"},
        {"created": None},
        {"holders": "x"},
        {"holders": None},
        *({"holders": [holder]} for holder in (1, None, b"x", {}, {"mark": b"x"})),
        {"holders": [{"mark": b"x", "kind": "session", "since": "yesterday"}]},
        {"entries": None},
        {"entries": []},
        {"id": None},
        {"id": "A" * 22},
        {"receipt": "R-1"},
        {"version": "1"},
        {"attempt": -5},
        {"created": -1.0},
    ],
    ids=str,
)
def test_encrypted_draft_with_a_wrong_part_is_unreadable(
    app: Flask, store: Probe, changes: dict[str, Any]
) -> None:
    kept = Kept(app, store)
    assert_unreadable(kept, changed(kept, changes))


def assert_unreadable(kept: Kept, plain: bytes) -> None:
    kept.encrypt("draft", plain)
    blob = kept.blob("draft")
    assert set(kept.asked()) == {503}
    assert kept.blob("draft") == blob
    kept.begin_anew()


def changed(kept: Kept, changes: dict[str, Any]) -> bytes:
    return msgspec.msgpack.encode({**parts_of(kept), **changes})


def parts_of(kept: Kept) -> dict[str, Any]:
    parts: dict[str, Any] = stored(draft_of(kept))
    return parts


def draft_of(kept: Kept) -> Draft:
    draft, _ = kept.repository.load(kept.names["draft"])
    assert draft is not None
    return draft


def stored(whole: msgspec.Struct, **odd: object) -> Any:
    """What is stored of it, whatever shape that has, but for what is odd about it."""
    parts: Any = msgspec.msgpack.decode(msgspec.msgpack.encode(whole))
    for position, field in enumerate(msgspec.structs.fields(whole)):
        if field.name in odd:
            place = position if isinstance(parts, list) else field.encode_name
            parts[place] = odd.pop(field.name)
    assert not odd
    return parts


@pytest.mark.parametrize(
    "changes",
    [
        {"created": 0, "updated": 0},
        {"updated": 0},
        {"holders": []},
        {"holders": [{"mark": b"", "kind": "session", "since": 0.0}]},
        {"holders": [{"mark": b"x" * 500, "kind": "session", "since": 0.0}]},
        {"holders": [{"mark": b"x", "kind": "guest", "since": 0.0, "sees": ["you"]}]},
        {"mount": "elsewhere"},
        {"unknown": {"x": [None]}},
        {"entries": {}},
        {"state": "committing", "lease_until": 0.0},
        {"state": "committed"},
        {"version": 2**63, "attempt": 99},
        {"version": -5},
        {"notice": "unheard of"},
    ],
    ids=str,
)
def test_encrypted_draft_with_an_odd_part_is_a_clear_page(
    app: Flask, store: Probe, changes: dict[str, Any]
) -> None:
    kept = Kept(app, store)
    plain = changed(kept, changes)
    decode(plain)
    assert set(kept.asked_of(plain)) <= CLEAR
    kept.begin_anew()


# The same of what a draft has of a step


GOOD = Entry.of({"name": ["Ada"]}, rev=1, accepted=True)


def planted(kept: Kept, step: str, odd: dict[str, Any]) -> bytes:
    """The draft, with an entry that has something odd about it."""
    parts = parts_of(kept)
    entry = draft_of(kept).entries.get(step, GOOD)
    parts["entries"][step] = msgspec.msgpack.encode(stored(entry, **odd))
    return msgspec.msgpack.encode(parts)


def test_planted_entry_is_as_the_draft_has_it(app: Flask, store: Probe) -> None:
    kept = Kept(app, store)
    assert decode(planted(kept, "you", {})) == draft_of(kept)
    assert decode(planted(kept, "never", {})).entries["never"] == GOOD


@pytest.mark.parametrize(
    "odd",
    [
        {"rev": "1"},
        {"rev": None},
        {"rev": -1},
        {"rev": 1.5},
        {"rev": 2**53},
        {"accepted": None},
        {"accepted": 1},
        {"errors": []},
        {"errors": {"name": "Wrong"}},
        {"errors": {"name": [None]}},
        {"errors": {1: ["Wrong"]}},
        {"read": None},
        {"read": "x"},
        {"read": ["you"]},
        {"read": [[]]},
        {"read": [["you", "pets", "0", "name", "x"]]},
        {"read": [["you", None]]},
        {"read_digest": 7},
        {"passwords": None},
        {"passwords": {"password": "x"}},
        {"passwords": {"password": [7]}},
    ],
    ids=str,
)
def test_encrypted_entry_with_a_wrong_part_is_unreadable(
    app: Flask, store: Probe, odd: dict[str, Any]
) -> None:
    kept = Kept(app, store)
    plain = planted(kept, "you", odd)
    with pytest.raises(UnreadableDraftError) as refused:
        decode(plain).entries["you"]
    assert "`$." in str(refused.value.__cause__)  # a part of it
    assert set(kept.asked_of(plain)) <= WITHIN
    kept.encrypt("draft", plain)
    blob = kept.blob("draft")
    assert kept.visitor.get(f"{kept.url}you").status_code == 503
    sent = kept.visitor.post(f"{kept.url}you", {"name": "Eve"})
    assert (sent.status_code, kept.blob("draft")) == (503, blob)
    kept.begin_anew()


@pytest.mark.parametrize("entry", [None, "x", 7, True, {}, ["x"]], ids=str)
def test_encrypted_draft_with_a_wrong_entry_is_unreadable(
    app: Flask, store: Probe, entry: object
) -> None:
    kept = Kept(app, store)
    assert_unreadable(kept, changed(kept, {"entries": {"you": entry}}))


WITHIN = {200, 204, 302, 303, 409, 503}  # what a draft that opens answers


@pytest.mark.parametrize("is_done", [True, False], ids=["done", "open"])
@pytest.mark.parametrize(
    ("step", "raw"),
    [
        ("you", None),
        ("you", 7),
        ("you", "x"),
        ("you", []),
        ("you", {"name": None}),
        ("you", {"name": "Ada"}),
        ("you", {"name": [None]}),
        ("you", {"name": {"0": "Ada"}}),
        ("you", {7: ["Ada"]}),
        ("lists", None),
        ("late", None),
        ("made", None),
    ],
    ids=str,
)
def test_encrypted_entry_of_which_the_answers_do_not_decode_is_a_clear_page(
    app: Flask, store: Probe, raw: object, step: str, is_done: bool
) -> None:
    kept = Kept(app, store, is_whole=True)
    plain = planted(kept, step, {"packed": raw, "accepted": is_done})
    entry = decode(plain).entries[step]
    with pytest.raises(UnreadableDraftError):
        _ = entry.raw
    assert set(kept.asked_of(plain)) <= WITHIN
    kept.encrypt("draft", plain)
    assert kept.visitor.get(kept.url + step).status_code == 503
    kept.begin_anew()


@pytest.mark.parametrize(
    ("step", "odd"),
    [
        ("you", {"packed": {}}),
        ("you", {"packed": {}, "accepted": False}),
        ("you", {"packed": {"name": []}}),
        ("you", {"packed": {"age": []}}),
        ("you", {"packed": {"age": ["x"]}}),
        ("you", {"packed": {"plan": ["unheard of"]}}),
        ("you", {"packed": {"": [""], "\0": ["\0"], "name": ["\0"] * 9}}),
        ("lists", {"packed": {"tags-\u00b2": ["x"]}, "errors": {"-": ["x"]}}),
        ("lists", {"packed": {"tags-99999999999": ["x"]}}),
        ("lists", {"packed": {"people-0-pets-7-7": ["x"]}}),
        ("lists", {"errors": {"": ["x"], "people-7-name": ["x"], "\0": [""]}}),
        ("late", {"packed": {"room": ["red", "none"]}}),
        ("made", {"packed": {"password": ["in the wrong place"]}}),
        ("made", {"passwords": {"never": ["x"], "password": []}}),
        ("made", {"passwords": {"password": ["x"], "again": ["y"]}}),
        ("made", {"read": [["you", "never"], ["never", ""]]}),
        ("made", {"read": [["check", ""], ["late", "x"]]}),
        ("made", {"read": [["you"], ["you", "a", "b"], ["you", "a", "b", "c"]]}),
        ("made", {"read_digest": b"x" * 99}),
        ("you", {"rev": 2**53 - 1}),
        ("never", {}),
        ("check", {}),
        ("check", {"errors": {"": ["x"], "name": ["y"]}}),
    ],
    ids=str,
)
def test_encrypted_entry_with_an_odd_part_is_a_clear_page(
    app: Flask, store: Probe, step: str, odd: dict[str, Any]
) -> None:
    kept = Kept(app, store, is_whole=True)
    plain = planted(kept, step, odd)
    assert decode(plain).entries[step].raw is not None
    assert set(kept.asked_of(plain)) <= WITHIN - {503}
    kept.begin_anew()


@effort(10)
@given(data=st.data())
def test_encrypted_draft_with_any_part_replaced_is_a_clear_page(
    app: Flask, store: Probe, data: st.DataObject
) -> None:
    def put(value: Any, place: tuple[Any, ...], part: Any) -> Any:
        if not place:
            return part
        copy = value.copy()
        copy[place[0]] = put(value[place[0]], place[1:], part)
        return copy

    def places(value: Any, above: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
        """Where something can be put in place of a part."""
        parts: Iterable[tuple[Any, Any]] = ()
        if isinstance(value, dict):
            parts = value.items()
        elif isinstance(value, list):
            parts = enumerate(value)
        for key, part in parts:
            yield (*above, key)
            yield from places(part, (*above, key))

    kept = Kept(app, store, is_whole=data.draw(st.booleans()))
    whole = parts_of(kept)
    for step, entry in whole["entries"].items():
        whole["entries"][step] = msgspec.msgpack.decode(entry)
    place = data.draw(st.sampled_from(list(places(whole))))
    whole = put(whole, place, data.draw(PLAIN))
    if isinstance(whole["entries"], dict):
        for step, entry in whole["entries"].items():
            whole["entries"][step] = msgspec.msgpack.encode(entry)
    plain = msgspec.msgpack.encode(whole)
    assert set(kept.asked_of(plain)) <= CLEAR
    kept.begin_anew()


@effort(60)
@given(plain=st.binary(max_size=200) | PLAIN.map(msgspec.msgpack.encode))
def test_bytes_are_a_draft_or_unreadable(plain: bytes) -> None:
    try:
        draft = decode(plain)
    except UnreadableDraftError:
        return
    assert decode(encode(draft)) == draft
