"""What the tests share: applications, stores, a clock, and visitors with a browser."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from types import new_class
from typing import Any, Protocol

import pytest
from cachelib import FileSystemCache, SimpleCache
from flask import Flask, request, request_tearing_down
from flask.testing import FlaskClient
from jinja2 import BytecodeCache, StrictUndefined
from jinja2.bccache import Bucket
from justhtml import JustHTML
from werkzeug.test import TestResponse

from flask_wizard import DraftStore, FlaskWizard, StoreError, Wizard
from flask_wizard.core.steps import RESERVED_FIELDS
from flask_wizard.stores.files import FileStore
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.stores.sqlite import SQLiteStore

Values = Mapping[str, str | list[str] | None]

MINUTE = 60
HOUR = 60 * MINUTE
DAY = 24 * HOUR


# Canaries


class Canary(logging.Handler):
    """Hears what is logged, and sees what forms are sent, in every application.

    Only values that nobody logs by chance count. Of a traceback the messages are
    heard, and not the lines of code, which may well have a value of the test in them.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: set[str] = set()
        self.sent: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.told |= {record.getMessage(), repr(record.args)}
        error = record.exc_info[1] if record.exc_info else None
        while error is not None:
            self.told |= {str(error), repr(error)}
            error = error.__cause__ or error.__context__

    def see(self, app: Flask, **_: object) -> None:
        form = request.__dict__.get("form")  # nothing must be parsed for this
        for name, values in form.lists() if form else ():
            if name not in RESERVED_FIELDS:
                self.sent.update(filter(is_distinctive, values))

    @property
    def leaks(self) -> list[tuple[str, str]]:
        return [
            (sent, text) for text in self.told for sent in self.sent if sent in text
        ]


def is_distinctive(value: str) -> bool:
    """Is it none of the short texts and plain words that many a message has?"""
    return len(value) >= 6 and not (value.isalpha() and value.islower())


@pytest.fixture(autouse=True)
def canary() -> Iterator[Canary]:
    """Fail every test in which an answer is logged."""
    canary = Canary()
    own = logging.getLogger("flask_wizard")
    level = own.level
    own.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(canary)
    with request_tearing_down.connected_to(canary.see):
        yield canary
    logging.getLogger().removeHandler(canary)
    own.setLevel(level)
    assert canary.leaks == []


# Stores


class Probe:
    """A store that counts its calls, breaks down and lets others write first."""

    def __init__(self, inner: DraftStore) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self.down = False
        self.read_only = False
        self.fail_at = 0
        self.before_write: list[Callable[[], object]] = []
        self._keys: set[str] = set()

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        self._enter("load")
        return self.inner.load(key)

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        self._enter("create", writes=True)
        self._keys.add(key)
        return self.inner.create(key, blob, version, ttl)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        self._enter("replace", writes=True)
        return self.inner.replace(key, blob, version, expected, ttl)

    def _enter(self, call: str, *, writes: bool = False) -> None:
        self.fail_at -= 1
        if self.down or (writes and self.read_only) or self.fail_at == 0:
            raise StoreError("The store is down.")
        if writes and self.before_write:
            self.before_write.pop()()
        self.calls.append(call)

    def snapshot(self) -> dict[str, tuple[bytes, bytes] | None]:
        """Everything that is stored: blob and version by key."""
        return {key: self.inner.load(key) for key in self._keys}

    def restore(self, snapshot: Mapping[str, tuple[bytes, bytes] | None]) -> None:
        """Make the store what it was, as when a process dies and nothing follows."""
        for key, value in snapshot.items():
            now = self.inner.load(key)
            assert value is not None
            assert now is not None
            self.inner.replace(key, *value, now[1], DAY)

    def calls_of(self, act: Callable[[], object]) -> list[str]:
        self.calls.clear()
        act()
        return list(self.calls)


@pytest.fixture
def store() -> Probe:
    return Probe(MemoryStore(SimpleCache()))


@pytest.fixture(params=["memory", "files", "sqlite"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DraftStore]:
    """One store of each engine."""
    if request.param == "memory":
        yield MemoryStore(SimpleCache())
    elif request.param == "files":
        yield FileStore(FileSystemCache(str(tmp_path / "cache"), threshold=0))
    else:
        sqlite = SQLiteStore(tmp_path / "drafts.sqlite3")
        yield sqlite
        sqlite.close()


# Applications


def declare(name: str, *bases: type, **body: object) -> type[Wizard]:
    """Declare a wizard whose steps are not known before the test runs."""
    wizard = new_class(name, (*bases, Wizard), exec_body=lambda own: own.update(body))
    assert issubclass(wizard, Wizard)
    return wizard


class Compiled(BytecodeCache):
    """Templates, compiled once for all the applications of a run."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class MakeApp(Protocol):
    def __call__(
        self,
        wizard: type[Wizard] | None = None,
        *,
        prefix: str = "/join",
        unbound: tuple[str, ...] = (),
        store: object | None = None,
        **config: object,
    ) -> Flask: ...


@pytest.fixture
def make_app(store: Probe, tmp_path_factory: pytest.TempPathFactory) -> MakeApp:
    """A function that makes an application with a wizard mounted as ``join``."""
    default, folder = store, str(tmp_path_factory.getbasetemp())

    def make(
        wizard: type[Wizard] | None = None,
        *,
        prefix: str = "/join",
        unbound: tuple[str, ...] = (),
        store: object | None = None,
        **config: object,
    ) -> Flask:
        app = Flask("site", root_path=folder, instance_path=folder)
        app.jinja_options = {"undefined": StrictUndefined, "bytecode_cache": COMPILED}
        app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_COMMIT_WAIT=0)
        app.config.update(config)
        FlaskWizard(app, store=default if store is None else store)
        if wizard is not None:
            blueprint = wizard.as_blueprint("join", unbound=unbound)
            app.register_blueprint(blueprint, url_prefix=prefix)
        return app

    return make


# Time


class Clock:
    """The time of day, which goes forward when told to."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._real = time.time

    def now(self) -> float:
        return self._real() + self.ahead

    def forward(self, seconds: float) -> None:
        self.ahead += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "time", clock.now)
    return clock


# Visitors


class Page:
    """A page as a visitor has it on the screen."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.path = response.request.path
        query = response.request.query_string.decode()
        self.url = f"{self.path}?{query}" if query else self.path
        self.source = response.text

    @cached_property
    def html(self) -> JustHTML:
        return JustHTML(self.source, sanitize=False)

    def texts(self, selector: str) -> list[str]:
        return [" ".join(node.to_text().split()) for node in self.html.query(selector)]

    @property
    def text(self) -> str:
        return " ".join(self.texts("body"))

    @property
    def title(self) -> str:
        return " ".join(self.texts("title"))

    @property
    def heading(self) -> str:
        return " ".join(self.texts("h1"))

    @property
    def progress(self) -> str:
        return " ".join(self.texts(".wizard-progress"))

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return self.texts(".wizard-banner-list li")

    @property
    def banners(self) -> str:
        return " ".join(self.texts(".wizard-banner"))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The check page: what was asked, and what was answered."""
        return list(zip(self.texts("dt"), self.texts("dd.wizard-answer"), strict=True))

    @property
    def buttons(self) -> list[str]:
        return [attribute(node, "value") for node in self.html.query("form button")]

    @property
    def links(self) -> dict[str, str]:
        return {
            " ".join(node.to_text().split()): attribute(node, "href")
            for node in self.html.query("a")
        }

    def link(self, text: str) -> str:
        """The address of the only link whose text begins so."""
        (found,) = [url for name, url in self.links.items() if name.startswith(text)]
        return found

    @property
    def action(self) -> str:
        return attribute(self.html.query("form")[0], "action")

    @property
    def values(self) -> dict[str, list[str]]:
        """What a browser sends when the form is submitted as it stands."""
        found: dict[str, list[str]] = {}
        for node in self.html.query("form input, form textarea, form select"):
            name = attribute(node, "name")
            for value in _sent_by(node):
                found.setdefault(name, []).append(value)
        return found

    def value(self, name: str) -> str | None:
        """What a field shows; None for a box that is not ticked."""
        found = self.values.get(name)
        return found[0] if found else None


def attribute(node: Any, name: str) -> str:
    return str(node.attrs.get(name) or "")


def _sent_by(node: Any) -> list[str]:
    attributes = node.attrs
    if node.name == "textarea":
        text = "".join(child.data for child in node.children)
        return [text.replace("\n", "\r\n")]  # as browsers do
    if node.name == "select":
        return _chosen(node)
    ticked = attributes.get("type") in ("checkbox", "radio")
    if ticked and "checked" not in attributes:
        return []
    return [attribute(node, "value")]


def _chosen(select: Any) -> list[str]:
    options = select.query("option")
    chosen = [option for option in options if "selected" in option.attrs]
    if not chosen and "multiple" not in select.attrs:
        chosen = options[:1]
    return [attribute(option, "value") for option in chosen]


class Visitor:
    """Somebody with a browser, who sends forms as they stand in the page."""

    def __init__(self, app: Flask, *, client: FlaskClient | None = None) -> None:
        self.app = app
        self.client = client or app.test_client()
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None, "nothing was opened yet"
        return self._page

    @property
    def draft(self) -> str:
        """The address of the draft at hand, with a slash at its end."""
        return self.page.path.rsplit("/", 1)[0] + "/"

    @property
    def token(self) -> str:
        return self.page.value("csrf_token") or ""

    def open(self, url: str = "/join/") -> Page:
        """Follow a link to where it leads."""
        response = self.client.get(url.partition("#")[0], follow_redirects=True)
        self._page = Page(response)
        return self._page

    def get(self, url: str) -> TestResponse:
        return self.client.get(url)

    def press(self, action: str = "next", values: Values | None = None) -> Page:
        """Fill in the form of the page, press a button, and go where that leads."""
        response = self.send(action, values)
        if response.status_code == 303:
            return self.open(response.location)
        self._page = Page(response)
        return self._page

    def fill(self, **values: str | list[str] | None) -> Page:
        """Fill in the form of the page, and continue."""
        return self.press("next", values)

    def send(self, action: str = "next", values: Values | None = None) -> TestResponse:
        """Send the form of the page; give the bare answer."""
        sent: dict[str, Any] = {**self.page.values, "_action": [action]}
        sent.update(values or {})
        return self.client.post(self.page.action, data=_present(sent))

    def post(
        self,
        url: str,
        values: Values | None = None,
        *,
        action: str = "next",
        headers: Mapping[str, str] | None = None,
    ) -> TestResponse:
        """Send what no page has asked for, with the token of the page at hand."""
        sent: dict[str, Any] = {"_action": action, "csrf_token": self.token}
        sent.update(values or {})
        return self.client.post(url, data=_present(sent), headers=headers)

    def tab(self) -> Visitor:
        """Another tab of the same browser."""
        return Visitor(self.app, client=self.client)

    def twin(self) -> Visitor:
        """The same browser on the same page, sending at the same time."""
        twin = Visitor(self.app)
        cookie = self.client.get_cookie("session")
        assert cookie is not None
        twin.client.set_cookie("session", cookie.value)
        twin._page = self._page
        return twin


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
