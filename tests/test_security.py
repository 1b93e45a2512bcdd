"""The numbered security requirements, each as a test that carries its number."""

from __future__ import annotations

import gc
import hashlib
import hmac
import itertools
import logging
import math
import os
import pickle
import random
import re
import shutil
import sqlite3
import struct
import threading
import time
from base64 import b64encode, urlsafe_b64encode
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from functools import partial
from pathlib import Path
from threading import Barrier
from typing import Any, ClassVar, TypeVar
from urllib.parse import quote

import pytest
from cachelib import FileSystemCache, NullCache, SimpleCache, UWSGICache
from flask import Blueprint, Flask, before_render_template, request
from flask.testing import FlaskClient
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from flask_wtf.csrf import CSRFProtect
from werkzeug.formparser import FormDataParser
from werkzeug.test import TestResponse
from wtforms import (
    FieldList,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    DraftStore,
    FlaskWizard,
    Receipt,
    Review,
    Row,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.core.draft import Draft, encode
from flask_wizard.drafts.draft_list import REMEMBERED
from flask_wizard.drafts.holders import TOKEN_KEY, Holder, new_nonce
from flask_wizard.drafts.keyring import FORMAT, KEY_ID_SIZE, Kind
from flask_wizard.stores.sqlite import SQLiteStore
from tests.conftest import COMPILED

CANARY = "Zanzibar-Quokka-7319"
PASSWORD = "correct horse battery"
URLENCODED = "application/x-www-form-urlencoded"
HOUR = 60 * 60
PATIENCE = 30.0  # seconds until what never comes fails a test
ROUNDS = 20  # of requests that race
LEASE = 120  # seconds, as WIZARD_COMMIT_LEASE is by default


Kept = TypeVar("Kept")


# The application


def choices(*values: str) -> Any:  # the stubs know no plain texts
    return list(values)


class YouForm(Form):
    name = StringField(validators=[InputRequired(), Length(max=100)])
    age = IntegerField(validators=[Optional()])


class HomeForm(Form):
    street = StringField()


class MoreForm(Form):
    tags = FieldList(StringField("Tag"), min_entries=1, max_entries=9)
    home = FormField(HomeForm)
    colours = SelectMultipleField(choices=choices("red", "blue"))
    story = TextAreaField()


class SecretForm(Form):
    password = PasswordField(
        validators=[InputRequired(), Length(min=8), EqualTo("again")]
    )
    again = PasswordField()


class TownForm(Form):
    town = RadioField(validators=[InputRequired()])


class Join(Wizard):
    lifetime = HOUR
    max_lifetime = 4 * HOUR
    max_drafts = 3

    you = Step(YouForm)
    more = Step(MoreForm)
    secret = Step(SecretForm)
    check = Review()

    def __init__(self) -> None:
        self.committed: list[Submission] = []

    def validate(self, submission: Submission) -> None:
        if submission.answers.you.name == "Nobody":
            raise StepError("you", "Somebody has to join", field="name")

    def commit(self, submission: Submission) -> Any:
        if submission.answers.you.age == 500:
            raise RuntimeError("The register is closed.")
        self.committed.append(submission)
        return Receipt(reference="R-1")


class Engine:
    """A store as it lies on the disk, for whoever gets hold of that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def given(self) -> object:
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the files."""

    def values(self) -> dict[str, bytes]:
        """What is stored, by key."""
        raise NotImplementedError

    def write(self, key: str, value: bytes) -> None:
        raise NotImplementedError

    def expiries(self) -> dict[str, float]:
        raise NotImplementedError

    def everything(self) -> bytes:
        """Every byte and every name that a listing of the folder shows."""
        paths = sorted(self.folder.rglob("*"))
        names = "\n".join(map(str, paths)).encode()
        return names + b"\n".join(p.read_bytes() for p in paths if p.is_file())

    def down(self) -> None:
        """Take the disk away, as an outage does."""
        shutil.move(self.folder, self.folder.with_name("away"))

    def up(self) -> None:
        shutil.move(self.folder.with_name("away"), self.folder)


class SQLiteEngine(Engine):
    def given(self) -> SQLiteStore:
        self._store = SQLiteStore(self.folder / "drafts.sqlite3")
        return self._store

    def close(self) -> None:
        self._store.close()

    def _run(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        path = self.folder / "drafts.sqlite3"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            return database.execute(sql, parameters).fetchall()

    def values(self) -> dict[str, bytes]:
        return dict(self._run("SELECT key, blob FROM wizard_drafts"))

    def write(self, key: str, value: bytes) -> None:
        self._run("UPDATE wizard_drafts SET blob = ? WHERE key = ?", value, key)

    def expiries(self) -> dict[str, float]:
        return dict(self._run("SELECT key, expires FROM wizard_drafts"))


class FileEngine(Engine):
    # The second of expiry, then the store's own mark and the length of the version.
    _HEAD = struct.Struct("I4s13s")

    def given(self) -> FileSystemCache:
        return FileSystemCache(str(self.folder), threshold=0)

    def _files(self) -> dict[str, bytes]:
        paths = self.folder.rglob("[!l]*")
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    def values(self) -> dict[str, bytes]:
        return {key: kept[self._HEAD.size :] for key, kept in self._files().items()}

    def write(self, key: str, value: bytes) -> None:
        head = self._files()[key][: self._HEAD.size]
        Path(key).write_bytes(head + value)

    def expiries(self) -> dict[str, float]:
        heads = {key: self._HEAD.unpack_from(k) for key, k in self._files().items()}
        return {key: float(head[0]) for key, head in heads.items()}


@pytest.fixture(params=[SQLiteEngine, FileEngine], ids=["sqlite", "files"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    kind: type[Engine] = request.param
    engine = kind(tmp_path / "drafts")
    yield engine
    engine.close()


# For what never reaches the store, or is refused before.
on_one_engine = pytest.mark.parametrize(
    "engine", [SQLiteEngine], ids=["sqlite"], indirect=True
)

Make = Callable[..., Flask]


@pytest.fixture
def make(engine: Engine, tmp_path: Path) -> Make:
    """Return a function that makes an application on the engine."""

    def create(
        wizard: type[Wizard] = Join,
        *,
        limited: Callable[[Flask, Blueprint], object] = lambda app, blueprint: None,
        **config: Any,
    ) -> Flask:
        app = Flask(__name__, instance_path=str(tmp_path / "instance"))
        app.jinja_options = {"bytecode_cache": COMPILED}
        app.config.update(SECRET_KEY="an old secret", **config)
        FlaskWizard(app, store=engine.given())
        blueprint = wizard.as_blueprint("join")
        limited(app, blueprint)
        app.register_blueprint(blueprint, url_prefix="/join")
        return app

    return create


@pytest.fixture
def app(make: Make) -> Flask:
    return make()


class Clock:
    def __init__(self) -> None:
        self.now = float(int(time.time()))

    def move(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that stands still until it is moved."""
    clock = Clock()
    monkeypatch.setattr(time, "time", lambda: clock.now)
    return clock


class Visitor:
    """A browser, with the token that it was shown."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.client: FlaskClient = app.test_client()
        self.token = ""
        self.shown = ""
        self.url = ""

    def get(self, url: str, **more: Any) -> TestResponse:
        got = self.client.get(url, **more)
        self.shown = got.text
        if found := re.search('name="csrf_token" value="([^"]+)"', got.text):
            self.token = found[1]
        return got

    def post(
        self,
        url: str,
        values: Mapping[str, object] | None = None,
        *,
        action: str = "next",
        **more: Any,
    ) -> TestResponse:
        data = {"csrf_token": self.token, "_action": action, **(values or {})}
        return self.client.post(url, data=data, **more)

    def start(self, **values: object) -> str:
        """Begin a draft; return its URL."""
        self.get("/join/new/you")
        nonce = hidden(self.shown, "_draft")
        sent = {"_draft": nonce, "name": CANARY, **values}
        got = self.post("/join/new/you", sent)
        assert got.status_code == 303, got.text
        self.url = got.location.rpartition("/")[0]
        return self.url

    def fill(self, **values: object) -> str:
        """Begin a draft and fill in everything; return its URL."""
        self.start(**values)
        self.post(f"{self.url}/more", {"tags-0": "", "home-street": CANARY})
        secret = {"password": PASSWORD, "again": PASSWORD}
        got = self.post(f"{self.url}/secret", secret)
        assert got.location == f"{self.url}/check", got.text
        return self.url

    @property
    def draft(self) -> Draft:
        return draft_at(self.app, self.url)

    def twin(self) -> Visitor:
        """The same browser, sending at the same time."""
        twin = Visitor(self.app)
        twin.client, twin.token = visitor_of(self.app, self), self.token
        twin.url = self.url
        return twin


class Crowd:
    """A store in front of which requests gather: all have read before one writes."""

    def __init__(self, app: Flask) -> None:
        installed = app.extensions["flask_wizard"]
        self.inner: DraftStore = installed.store
        self._gate: Barrier | None = None
        self._passed = threading.local()
        installed.store = self

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        found = self.inner.load(key)
        gate, passed = self._gate, getattr(self._passed, "gate", None)
        if gate is not None and gate is not passed:
            self._passed.gate = gate
            gate.wait()
        return found

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        return self.inner.create(key, blob, version, ttl)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        return self.inner.replace(key, blob, version, expected, ttl)

    def at_once(self, *acts: Callable[[], TestResponse]) -> list[TestResponse]:
        self._gate = Barrier(len(acts), timeout=PATIENCE)
        with ThreadPoolExecutor(len(acts)) as threads:
            answers = list(threads.map(lambda act: act(), acts))
        self._gate = None
        return answers


@pytest.fixture
def crowd(app: Flask) -> Crowd:
    return Crowd(app)


def draft_at(app: Flask, url: str) -> Draft:
    draft, _ = app.extensions["flask_wizard"].repository(app).load(url.split("/")[2])
    assert isinstance(draft, Draft)
    return draft


def committed(app: Flask) -> list[Submission]:
    view: Any = app.view_functions["join.entry"]
    found: list[Submission] = view.args[0].__self__.wizard.committed
    return found


def hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def pages_of(url: str) -> list[str]:
    pages = ("you", "more", "secret", "check", "saved", "discard", "receipt")
    return [f"{url}/", *(f"{url}/{page}" for page in pages)]


def spellings(text: str) -> list[bytes]:
    """A text as a store might give it away: itself, or a hash that anybody can make."""
    plain = text.encode()
    hashes = [
        hashlib.new(kind, plain).digest()
        for kind in ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")
    ]
    found = [plain]
    for digest in hashes:
        found += [digest, digest.hex().encode()]
        found += [b64encode(digest)[:20], urlsafe_b64encode(digest)[:20]]
    return found


# Ids and holders


def test_s01_nonces_have_128_bits() -> None:
    assert re.fullmatch(r"[\w-]{22}", new_nonce())


def test_s01_nonces_are_unique() -> None:
    assert len({new_nonce() for _ in range(100_000)}) == 100_000


def test_s01_draft_ids_have_128_bits(visitor: Visitor) -> None:
    assert re.fullmatch(r"/join/[\w-]{22}", visitor.start())


def test_s01_holder_tokens_have_128_bits(visitor: Visitor) -> None:
    visitor.start()
    assert len(token_of(visitor)) >= 22


@on_one_engine
def test_s01_holder_tokens_are_unique(app: Flask) -> None:
    keyring = app.extensions["flask_wizard"].repository(app).store.keyring
    tokens = {Holder({}, keyring).ensure_token() for _ in range(100_000)}
    assert len(tokens) == 100_000


def token_of(visitor: Visitor) -> str:
    with visitor.client.session_transaction() as kept:
        return str(kept[TOKEN_KEY])


def test_s02_draft_is_reachable_only_by_its_holder(app: Flask) -> None:
    url = Visitor(app).start()
    other = Visitor(app)
    other.start()
    assert {other.get(page).status_code for page in pages_of(url)} == {404}


def test_s02_others_draft_looks_like_one_that_never_was(app: Flask) -> None:
    url = Visitor(app).start()
    other = Visitor(app)
    other.start()
    never = f"/join/{new_nonce()}"
    for theirs, none in zip(pages_of(url), pages_of(never), strict=True):
        found, missing = other.get(theirs), other.get(none)
        assert found.status_code == missing.status_code
        assert found.text.replace(url, never) == missing.text
        assert sorted(found.headers) == sorted(missing.headers)


def test_s02_post_to_others_draft_leaves_it_alone(app: Flask) -> None:
    owner, other = Visitor(app), Visitor(app)
    url = owner.start()
    before = owner.draft
    other.start()
    led_to = other.post(f"{url}/you", {"name": "Mallory"}).location
    assert not led_to.startswith(url)
    assert owner.draft == before


def test_s02_post_to_others_draft_is_answered_like_one_to_none(app: Flask) -> None:
    url = Visitor(app).start()
    other = Visitor(app)
    other.start()
    pages = []
    for gone in (url, f"/join/{new_nonce()}"):
        led_to = other.post(f"{gone}/you", {"name": "Mallory"}).location
        own = led_to.rpartition("/")[0]
        page = other.get(led_to).text.replace(own, "")
        pages.append(page.replace(hidden(page, "csrf_token"), ""))
    assert pages[0] == pages[1]


def test_s02_discard_of_others_draft_is_not_found(app: Flask) -> None:
    owner, other = Visitor(app), Visitor(app)
    url = owner.start()
    other.start()
    assert other.post(f"{url}/discard", action="discard").status_code == 404
    assert owner.draft.state == "open"


def test_s03_holders_are_compared_in_constant_time(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[object] = []

    def compare(a: Any, b: Any) -> bool:
        compared.extend((a, b))
        return real(a, b)

    real = hmac.compare_digest
    url = visitor.start()
    monkeypatch.setattr(hmac, "compare_digest", compare)
    visitor.get(f"{url}/you")
    (holder,) = visitor.draft.holders
    assert compared.count(holder.mark) == 2


def test_s04_store_reveals_no_draft_and_no_holder(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.start()
    kept = engine.everything()
    revealed = spellings(url.split("/")[2]) + spellings(token_of(visitor))
    assert [found for found in revealed if found in kept] == []


def test_s04_store_reveals_no_answer(visitor: Visitor, engine: Engine) -> None:
    visitor.fill()
    kept = engine.everything()
    assert [found for found in spellings(CANARY) if found in kept] == []


def test_s04_draft_keeps_only_a_keyed_hash_of_its_holder(visitor: Visitor) -> None:
    visitor.start()
    (holder,) = visitor.draft.holders
    assert holder.mark not in spellings(token_of(visitor))


def test_s05_url_alone_opens_nothing(app: Flask) -> None:
    url = Visitor(app).fill()
    stranger = app.test_client()
    for page in pages_of(url):
        got = stranger.get(page)
        assert got.status_code == 404
        assert CANARY not in got.text


def test_s06_visits_without_cookies_store_nothing(app: Flask, engine: Engine) -> None:
    urls = ["/join/", "/join/new/you", "/join/new/check", *pages_of("/join/abc")]
    client = app.test_client(use_cookies=False)
    for number in range(500):
        url = urls[number % len(urls)]
        client.get(url, query_string={"name": "x"})
        client.head(url)
    assert engine.values() == {}


# The end


def end(visitor: Visitor, how: str) -> TestResponse:
    if how == "commit":
        return visitor.post(f"{visitor.url}/check")
    return visitor.post(f"{visitor.url}/discard", action="discard")


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s08_end_wipes_the_answers(visitor: Visitor, engine: Engine, how: str) -> None:
    visitor.fill()
    assert end(visitor, how).status_code == 303
    assert visitor.draft.entries == {}
    assert len(engine.values()) == 2  # the tombstone, and the list of drafts


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s08_tombstone_has_no_answer(visitor: Visitor, how: str) -> None:
    visitor.fill()
    assert CANARY.encode() in encode(visitor.draft)
    end(visitor, how)
    assert CANARY.encode() not in encode(visitor.draft)


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s08_old_cookie_sees_no_answer_after_the_end(
    app: Flask, visitor: Visitor, how: str
) -> None:
    url = visitor.fill()
    cookie = visitor.client.get_cookie("session")
    end(visitor, how)
    old = Visitor(app)
    assert cookie is not None
    old.client.set_cookie("session", cookie.value)
    for page in pages_of(url):
        assert CANARY not in old.client.get(page, follow_redirects=True).text


@pytest.mark.parametrize("how", ["commit", "discard"])
@pytest.mark.parametrize("action", ["next", "save", "back", "goto:you", "autosave"])
def test_s09_late_post_resurrects_nothing(
    visitor: Visitor, engine: Engine, how: str, action: str
) -> None:
    url = visitor.fill()
    end(visitor, how)
    before = engine.values()
    got = visitor.post(f"{url}/you", {"name": "late"}, action=action)
    if action == "autosave":
        assert got.status_code == 409
    else:
        assert got.location == f"{url}/receipt"
    assert engine.values() == before


def test_s09_discard_against_late_posts_revives_nothing(
    crowd: Crowd, visitor: Visitor
) -> None:
    left = Counter[tuple[str, int]]()
    for _ in range(ROUNDS):
        url = visitor.start()
        late = [
            partial(visitor.twin().post, f"{url}/you", {"name": "late"}, action="save")
            for _ in range(3)
        ]
        discard = partial(visitor.post, f"{url}/discard", action="discard")
        led_to = {answer.location for answer in crowd.at_once(discard, *late)}
        assert led_to <= {f"{url}/receipt", f"{url}/saved"}
        left[visitor.draft.state, len(visitor.draft.entries)] += 1
    assert left == {("discarded", 0): ROUNDS}


def test_s09_discarded_draft_says_so_to_a_late_post(visitor: Visitor) -> None:
    url = visitor.start()
    end(visitor, "discard")
    got = visitor.post(f"{url}/you", {"name": "late"}, follow_redirects=True)
    assert "discarded" in got.text


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s09_first_page_sent_again_resurrects_nothing(
    visitor: Visitor, engine: Engine, how: str
) -> None:
    visitor.get("/join/new/you")
    first = {"_draft": hidden(visitor.shown, "_draft"), "name": "x"}
    led_to = visitor.post("/join/new/you", first).location
    visitor.url = led_to.rpartition("/")[0]
    visitor.post(f"{visitor.url}/more", {"story": ""})
    visitor.post(f"{visitor.url}/secret", {"password": PASSWORD, "again": PASSWORD})
    end(visitor, how)
    before = engine.values()
    again = visitor.post("/join/new/you", first)
    assert again.location == f"{visitor.url}/receipt"
    assert engine.values() == before


# Lifetimes


def test_s10_idle_draft_expires(visitor: Visitor, clock: Clock) -> None:
    url = visitor.start()
    clock.move(HOUR - 1)
    assert visitor.get(f"{url}/you").status_code == 200
    clock.move(2)
    got = visitor.get(f"{url}/you")
    assert (got.status_code, "expired" in got.text) == (410, True)


def test_s10_post_renews_the_idle_lifetime(visitor: Visitor, clock: Clock) -> None:
    url = visitor.start()
    clock.move(HOUR - 1)
    visitor.post(f"{url}/you", {"name": "still here"})
    clock.move(HOUR - 1)
    assert visitor.get(f"{url}/you").status_code == 200


def test_s10_looking_does_not_renew_the_idle_lifetime(
    visitor: Visitor, clock: Clock
) -> None:
    url = visitor.start()
    clock.move(HOUR - 1)
    visitor.get(f"{url}/you")
    clock.move(2)
    assert visitor.get(f"{url}/you").status_code == 410


def test_s10_touched_draft_ends_at_the_absolute_limit(make: Make, clock: Clock) -> None:
    visitor = Visitor(make(WTF_CSRF_TIME_LIMIT=None))
    url = visitor.start()
    for _ in range(4 * 60 - 1):
        clock.move(60)
        assert visitor.post(f"{url}/you", {"name": "x"}).location == f"{url}/more"
    clock.move(61)
    assert visitor.get(f"{url}/you").status_code == 410


def test_s10_enforced_though_the_store_still_has_it(
    make: Make, engine: Engine, clock: Clock
) -> None:
    visitor = Visitor(make())
    url = visitor.start()

    class Shorter(Join):
        lifetime = 60

    clock.move(61)
    later = Visitor(make(Shorter))
    later.client = visitor_of(later.app, visitor)
    assert later.get(f"{url}/you").status_code == 410
    assert len(engine.values()) == 2


def visitor_of(app: Flask, visitor: Visitor) -> FlaskClient:
    """A client of another application, with the session of the visitor."""
    client = app.test_client()
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    client.set_cookie("session", cookie.value)
    return client


def test_s11_draft_is_stored_for_its_lifetime(
    visitor: Visitor, engine: Engine, clock: Clock
) -> None:
    visitor.start()
    listed = 4 * HOUR + REMEMBERED
    times = sorted(value - clock.now for value in engine.expiries().values())
    assert times == [HOUR, listed]


def test_s11_draft_is_not_stored_beyond_its_absolute_limit(
    visitor: Visitor, engine: Engine, clock: Clock
) -> None:
    url = visitor.start()
    began = clock.now
    for _ in range(5):
        clock.move(HOUR * 3 / 4)
        visitor.get(f"{url}/you")
        visitor.post(f"{url}/you", {"name": "x"})
    assert min(engine.expiries().values()) == began + 4 * HOUR


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s11_tombstone_is_stored_for_the_idle_lifetime(
    visitor: Visitor, engine: Engine, clock: Clock, how: str
) -> None:
    visitor.fill()
    clock.move(60)
    end(visitor, how)
    assert min(engine.expiries().values()) == clock.now + HOUR


# Steps and the commit


def test_s12_step_posted_too_early_leads_to_the_first_open_one(
    visitor: Visitor,
) -> None:
    url = visitor.start()
    got = visitor.post(f"{url}/secret", {"password": PASSWORD, "again": PASSWORD})
    assert got.location == f"{url}/more"
    assert not visitor.draft.entries["secret"].accepted


def test_s12_commit_with_an_open_step_is_not_called(visitor: Visitor) -> None:
    url = visitor.start()
    assert visitor.post(f"{url}/check").location == f"{url}/more"
    assert committed(visitor.app) == []


def test_s12_saving_a_step_does_not_make_it_done(visitor: Visitor) -> None:
    url = visitor.fill()
    visitor.post(f"{url}/you", {"name": ""}, action="save")
    assert visitor.post(f"{url}/check").location == f"{url}/you"
    assert committed(visitor.app) == []


def test_s13_choice_that_is_gone_is_refused_at_commit(make: Make) -> None:
    towns = ["Zanzibar", "Oslo"]

    def offer(form: TownForm, answers: object) -> None:
        form.town.choices = choices(*towns)

    class Move(Join):
        secret = Step(TownForm, prepare=offer)

    visitor = Visitor(make(Move))
    url = visitor.start()
    visitor.post(f"{url}/more", {"story": ""})
    got = visitor.post(f"{url}/secret", {"town": "Zanzibar"})
    assert got.location == f"{url}/check"
    towns.remove("Zanzibar")
    assert visitor.post(f"{url}/check").location == f"{url}/secret"
    assert committed(visitor.app) == []
    assert "Not a valid choice" in visitor.get(f"{url}/secret").text


def test_s14_rules_across_steps_are_checked_at_commit(visitor: Visitor) -> None:
    url = visitor.fill(name="Nobody")
    assert visitor.post(f"{url}/check").location == f"{url}/you"
    assert committed(visitor.app) == []
    assert "Somebody has to join" in visitor.get(f"{url}/you").text


def test_s15_eight_clicks_commit_once(crowd: Crowd, visitor: Visitor) -> None:
    drafts = []
    for _ in range(ROUNDS):
        url = visitor.fill()
        drafts.append(visitor.draft.submission)
        clicks = [partial(visitor.twin().post, f"{url}/check") for _ in range(8)]
        answers = crowd.at_once(*clicks)
        assert {answer.location for answer in answers} == {f"{url}/receipt"}
    assert [s.id for s in committed(visitor.app)] == drafts


def test_s15_replayed_commit_runs_once(visitor: Visitor) -> None:
    url = visitor.fill()
    ends = {visitor.post(f"{url}/check").location for _ in range(3)}
    assert ends == {f"{url}/receipt"}
    assert len(committed(visitor.app)) == 1


def test_s16_commit_gets_the_idempotency_key(visitor: Visitor) -> None:
    url = visitor.fill()
    key = visitor.draft.submission
    visitor.post(f"{url}/check")
    assert [(s.id, s.attempt) for s in committed(visitor.app)] == [(key, 1)]


class Killed(BaseException):
    """What no code catches to go on, as a process does not that was killed."""


class Mortal:
    """The steps of a process, which dies at one of them and takes no other."""

    def __init__(self) -> None:
        self.left: float = math.inf

    def step(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise Killed


class MortalStore:
    """The store of a process that may die before or after any of its calls."""

    def __init__(self, app: Flask, process: Mortal) -> None:
        installed = app.extensions["flask_wizard"]
        self.inner: DraftStore = installed.store
        self.process = process
        installed.store = self

    def _call(self, call: Callable[[], Kept]) -> Kept:
        self.process.step()
        found = call()
        self.process.step()
        return found

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        return self._call(partial(self.inner.load, key))

    def create(self, *value: Any) -> bool:
        return self._call(partial(self.inner.create, *value))

    def replace(self, *value: Any) -> bool:
        return self._call(partial(self.inner.replace, *value))


def test_s16_killed_commits_have_one_row_a_draft(make: Make, clock: Clock) -> None:
    process = Mortal()
    attempts: list[tuple[str, int]] = []
    rows: set[str] = set()

    class Rows(Join):
        def commit(self, submission: Submission) -> None:
            attempts.append((submission.id, submission.attempt))
            process.step()
            rows.add(submission.id)
            process.step()

    app = make(Rows)
    MortalStore(app, process)
    ends = []
    for steps in itertools.count():
        visitor = Visitor(app)
        url = visitor.fill()
        key = visitor.draft.submission
        attempts.clear()
        process.left = steps
        with suppress(Killed):
            visitor.twin().post(f"{url}/check")
        is_whole, process.left = process.left >= 0, math.inf
        clock.move(LEASE + 1)
        assert visitor.post(f"{url}/check").location == f"{url}/receipt"
        assert visitor.draft.state == "committed"
        assert key in rows
        ends.append([attempt for id, attempt in attempts if id == key])
        assert len(ends[-1]) == len(attempts)
        if is_whole:
            break
    assert len(rows) == len(ends)
    assert {tuple(end) for end in ends} == {(1,), (2,), (1, 2)}


def test_s17_failed_commit_leaves_every_answer(visitor: Visitor) -> None:
    url = visitor.fill(age="500")
    before = visitor.draft
    assert visitor.post(f"{url}/check").status_code == 500
    assert visitor.draft.entries == before.entries
    assert visitor.draft.state == "open"
    assert CANARY in visitor.get(f"{url}/check").text


class Astray(Join):
    """A commit that sends the visitor to a step that is not there."""

    def commit(self, submission: Submission) -> None:
        raise StepError("nowhere", "There is no such step.")


def test_s17_commit_that_leads_astray_leaves_the_draft_open(make: Make) -> None:
    visitor = Visitor(make(Astray))
    url = visitor.fill()
    assert visitor.post(f"{url}/check").status_code == 500
    assert visitor.draft.state == "open"


class Lazy:
    """A message that is a text only when asked, as translations are."""

    def __str__(self) -> str:
        return "Somebody else joined"


class Translated(Join):
    def commit(self, submission: Submission) -> None:
        message: Any = Lazy()
        raise StepError("you", message, field="name")


def test_s17_commit_that_raises_a_translated_message_leaves_the_draft_open(
    make: Make,
) -> None:
    visitor = Visitor(make(Translated))
    url = visitor.fill()
    assert visitor.post(f"{url}/check").location == f"{url}/you"
    assert "Somebody else joined" in visitor.get(f"{url}/you").text


def test_s17_commit_that_outlives_its_draft_has_its_receipt(
    make: Make, clock: Clock
) -> None:
    class Slow(Join):
        def commit(self, submission: Submission) -> Receipt:
            clock.move(2)
            return Receipt(reference="R-2")

    visitor = Visitor(make(Slow))
    url = visitor.fill()
    for _ in range(4):
        clock.move(HOUR - 1)
        visitor.get(f"{url}/check")
        visitor.post(f"{url}/check", action="save")
    clock.move(3)
    assert visitor.post(f"{url}/check").location == f"{url}/receipt"
    assert "R-2" in visitor.get(f"{url}/receipt").text


# Two tabs


class Parts(Wizard):
    """Eight steps, one for each tab."""

    a = Step(HomeForm)
    b = Step(HomeForm)
    c = Step(HomeForm)
    d = Step(HomeForm)
    e = Step(HomeForm)
    f = Step(HomeForm)
    g = Step(HomeForm)
    h = Step(HomeForm)

    def commit(self, submission: Submission) -> None:
        """Never called here."""


def test_s18_steps_of_eight_tabs_are_all_kept(make: Make) -> None:
    app = make(Parts)
    crowd = Crowd(app)
    visitor = Visitor(app)
    visitor.get("/join/new/a")
    led_to = visitor.post("/join/new/a", {"_draft": new_nonce()}).location
    visitor.url = led_to.rpartition("/")[0]
    tabs = {name: visitor.twin() for name in Parts.steps.names}
    for number in range(ROUNDS):
        sent = {"street": f"Street {number}"}
        crowd.at_once(
            *(
                partial(tab.post, f"{tab.url}/{name}", sent, action="save")
                for name, tab in tabs.items()
            )
        )
    entries = visitor.draft.entries
    last = {"street": [f"Street {ROUNDS - 1}"]}
    assert {n: e.raw for n, e in entries.items()} == dict.fromkeys(tabs, last)
    assert sum(entry.rev for entry in entries.values()) == 8 * ROUNDS + 1


def test_s19_stale_autosave_is_dropped(visitor: Visitor, engine: Engine) -> None:
    url = visitor.start()
    visitor.post(f"{url}/you", {"name": "newer"})
    before = engine.values()
    late = {"name": "older", "_rev": "1"}
    assert visitor.post(f"{url}/you", late, action="autosave").status_code == 409
    assert engine.values() == before


def test_s19_timely_autosave_is_kept(visitor: Visitor) -> None:
    url = visitor.start()
    timely = {"name": "newer", "_rev": "1"}
    assert visitor.post(f"{url}/you", timely, action="autosave").status_code == 204
    assert visitor.draft.entries["you"].raw["name"] == ["newer"]


# Forgery


CHANGES = [
    ("you", "next"),
    ("you", "back"),
    ("you", "save"),
    ("you", "autosave"),
    ("you", "goto:more"),
    ("you", "discard"),
    ("check", "next"),
    ("check", "back"),
    ("check", "save"),
    ("check", "goto:you"),
    ("discard", "discard"),
]


@on_one_engine
@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize(("at", "action"), CHANGES)
def test_s20_change_without_a_token_is_refused(
    app: Flask, engine: Engine, at: str, action: str, protected: bool
) -> None:
    if protected:
        CSRFProtect(app)
    visitor = Visitor(app)
    url = visitor.fill()
    before = engine.values()
    visitor.token = ""
    got = visitor.post(f"{url}/{at}", {"name": "Mallory"}, action=action)
    assert got.status_code == 400
    assert engine.values() == before
    assert committed(app) == []


def test_s20_start_without_a_token_is_refused(app: Flask, engine: Engine) -> None:
    got = app.test_client().post("/join/new/you", data={"name": "Mallory"})
    assert got.status_code == 400
    assert engine.values() == {}


def test_s20_token_of_another_session_is_refused(app: Flask) -> None:
    owner, other = Visitor(app), Visitor(app)
    url = owner.start()
    other.start()
    owner.token = other.token
    assert owner.post(f"{url}/you", {"name": "x"}).status_code == 400


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_s21_looking_changes_nothing(
    visitor: Visitor, engine: Engine, method: str
) -> None:
    url = visitor.fill()
    before = engine.values()
    for page in ["/join/", "/join/new/you", *pages_of(url)]:
        query = {"_action": "next", "name": "x", "csrf_token": visitor.token}
        got = visitor.client.open(page, method=method, query_string=query)
        assert got.status_code < 400
    assert engine.values() == before


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_s21_other_methods_are_refused(
    visitor: Visitor, engine: Engine, method: str
) -> None:
    url = visitor.fill()
    before = engine.values()
    for page in ["/join/", "/join/new/you", *pages_of(url)]:
        data = {"csrf_token": visitor.token, "name": "x"}
        got = visitor.client.open(page, method=method, data=data)
        assert got.status_code == 405
    assert engine.values() == before


@on_one_engine
@pytest.mark.parametrize(
    ("site", "origin", "status"),
    [
        (None, None, 303),
        ("same-origin", None, 303),
        ("none", None, 303),
        ("same-site", None, 303),
        ("cross-site", None, 400),
        (None, "http://localhost", 303),
        (None, "http://evil.example", 400),
        (None, "http://localhost.evil.example", 400),
        (None, "http://localhost@evil.example", 400),
        (None, "http://localhost:8080", 400),
        (None, "null", 400),
        (None, "", 400),
        ("same-origin", "http://localhost", 303),
        ("same-origin", "http://behind.proxy", 303),
        ("same-site", "http://shop.localhost", 400),
        ("cross-site", "http://localhost", 400),
        ("cross-site", "http://evil.example", 400),
        ("none", "http://evil.example", 400),
        ("nonsense", "http://evil.example", 400),
        (None, "http://[", 400),
        (None, "http://[evil", 400),
    ],
)
def test_s22_post_of_another_site_is_refused(
    visitor: Visitor,
    engine: Engine,
    site: str | None,
    origin: str | None,
    status: int,
) -> None:
    url = visitor.start()
    before = engine.values()
    sent = {"Sec-Fetch-Site": site, "Origin": origin}
    headers = {name: value for name, value in sent.items() if value is not None}
    got = visitor.post(f"{url}/you", {"name": "x"}, headers=headers)
    assert got.status_code == status
    assert (engine.values() == before) == (status == 400)


@on_one_engine
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}],
    ids=["site", "origin"],
)
@pytest.mark.parametrize("at", ["new/you", "check", "discard"])
def test_s22_another_site_cannot_begin_or_end(
    visitor: Visitor, engine: Engine, at: str, headers: dict[str, str]
) -> None:
    url = visitor.fill()
    before = engine.values()
    page = f"/join/{at}" if at == "new/you" else f"{url}/{at}"
    sent = {"_draft": new_nonce(), "name": "Mallory"}
    assert visitor.post(page, sent, headers=headers).status_code == 400
    assert engine.values() == before
    assert committed(visitor.app) == []


@on_one_engine
@pytest.mark.parametrize("referrer", ["https://[", "https://evil.example/", ""])
def test_s22_odd_referrer_is_refused_where_the_page_is_secure(
    app: Flask, referrer: str
) -> None:
    CSRFProtect(app)
    visitor = Visitor(app)
    url = visitor.start()
    got = visitor.post(
        f"{url}/you",
        {"name": "x"},
        base_url="https://localhost",
        headers={"Referer": referrer},
    )
    assert got.status_code == 400


@pytest.mark.parametrize("at", ["you", "new"])
def test_s23_expired_token_loses_nothing_typed(
    make: Make, engine: Engine, clock: Clock, at: str
) -> None:
    class Long(Join):
        lifetime = 4 * HOUR

    visitor = Visitor(make(Long))
    url = f"{visitor.start()}/you" if at == "you" else "/join/new/you"
    visitor.get(url)
    clock.move(HOUR + 1)
    before = engine.values()
    got = visitor.post(url, {"name": "just <typed>", "age": "31/02"})
    assert got.status_code == 400
    assert "just &lt;typed&gt;" in got.text
    assert "31/02" in got.text
    assert engine.values() == before
    visitor.token = hidden(got.text, "csrf_token")
    assert visitor.post(url, {"name": "just <typed>"}).status_code == 303


# What is stored


def test_s24_only_declared_fields_are_stored(visitor: Visitor) -> None:
    url = visitor.start()
    sent = {
        "name": "x",
        "is_admin": "1",
        "password": "of-another-step",
        "_state": "committed",
        "entries": "x",
        "name-0": "x",
        "submission": "mine",
    }
    visitor.post(f"{url}/you", sent)
    assert visitor.draft.entries["you"].raw == {"name": ["x"]}
    assert list(visitor.draft.entries) == ["you"]
    assert (visitor.draft.state, visitor.draft.submission != "mine") == ("open", True)


def test_s24_tokens_are_not_stored(visitor: Visitor) -> None:
    visitor.fill()
    draft = visitor.draft
    sent = [n for e in draft.entries.values() for n in (*e.raw, *e.passwords)]
    assert not {"csrf_token", "_action", "_rev", "_draft"} & set(sent)


def test_s25_query_string_is_no_input(visitor: Visitor) -> None:
    url = visitor.start()
    query = {"name": "q", "age": "9", "_action": "save", "_rev": "9"}
    got = visitor.post(f"{url}/you", {"name": "body"}, query_string=query)
    assert got.location == f"{url}/more"
    assert visitor.draft.entries["you"].raw == {"name": ["body"]}


def test_s25_token_in_the_query_string_is_refused(visitor: Visitor) -> None:
    url = visitor.start()
    query = {"csrf_token": visitor.token}
    visitor.token = ""
    got = visitor.post(f"{url}/you", {"name": "x"}, query_string=query)
    assert got.status_code == 400


def test_s25_query_string_does_not_fill_in_a_page(visitor: Visitor) -> None:
    assert (
        CANARY not in visitor.get("/join/new/you", query_string={"name": CANARY}).text
    )


# Hostile input

HOSTILE = [
    "tags-²=x",
    "tags-٣=x",
    "tags-" + "9" * 5000 + "=x",
    "tags-1000000000=x",
    "tags-999999999=x",
    "tags--1=x",
    "tags-=x",
    "tags=x",
    "tags-0-0=x",
    "tags-%00=x",
    "%00=x",
    "=x",
    "tags-0=%00",
    "tags-0=%ff%fe",
    "tags-0=%ED%A0%80",
    "%ED%A0%80=x",
    "tags-%ED%A0%80=x",
    "home=x",
    "home-=x",
    "home-street=%ED%BF%BF",
    "home-street-0=x",
    "colours=%00&colours=green",
    "story=" + "%F0%9F%A6%98" * 100,
    "_rev=-1",
    "_rev=99999999999999999999",
    "_rev=²",
    "_draft=%00",
    "_action=%00",
    "_action=goto:",
    "_action=goto:%ED%A0%80",
    "_action=goto:../../x",
    "_action=next%0d%0aSet-Cookie:x=y",
    "&&&;;;===",
    "%",
    "%zz=%zz",
]


@on_one_engine
@pytest.mark.parametrize("body", HOSTILE, ids=[b[:24] for b in HOSTILE])
def test_s26_hostile_fields_are_no_server_error(visitor: Visitor, body: str) -> None:
    url = visitor.start()
    token = quote(visitor.token)
    for action in ("next", "autosave"):
        sent = f"csrf_token={token}&_action={action}&{body}"
        got = visitor.client.post(f"{url}/more", data=sent, content_type=URLENCODED)
        assert got.status_code in (204, 303, 409)
        assert visitor.get(f"{url}/more").status_code == 200


def test_s26_bytes_that_are_no_text_are_no_server_error(visitor: Visitor) -> None:
    url = visitor.start()
    sent = b"csrf_token=" + visitor.token.encode() + b"&tags-0=\xff\xfe\x00"
    got = visitor.client.post(f"{url}/more", data=sent, content_type=URLENCODED)
    assert got.status_code < 500


@on_one_engine
@pytest.mark.parametrize(
    "name",
    [
        "%00",
        "%ff",
        "%ED%A0%80",
        "..",
        "%2e%2e",
        "²",
        "a" * 5000,
        "%0d%0a",
    ],
)
def test_s26_hostile_urls_are_not_found(visitor: Visitor, name: str) -> None:
    url = visitor.start()
    for page in (f"/join/{name}/you", f"{url}/{name}", f"/join/new/{name}"):
        assert visitor.client.get(page, follow_redirects=True).status_code == 404


@on_one_engine
@pytest.mark.parametrize("name", ["%00", "%ff", "%ED%A0%80", "²", "a" * 5000])
def test_s26_post_to_a_hostile_id_is_kept_in_a_draft_of_the_senders_own(
    visitor: Visitor, name: str
) -> None:
    visitor.start()
    got = visitor.post(f"/join/{name}/you", {"name": "kept"})
    assert got.status_code == 303
    own = got.location.rpartition("/")[0]
    assert draft_at(visitor.app, own).entries["you"].raw == {"name": ["kept"]}


@on_one_engine
@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "multipart/form-data", "x"]
)
def test_s26_hostile_content_types_are_refused(visitor: Visitor, kind: str) -> None:
    url = visitor.start()
    got = visitor.client.post(f"{url}/more", data=b'{"tags-0": "x"}', content_type=kind)
    assert got.status_code == 400


def test_s26_file_for_a_plain_field_is_no_answer(visitor: Visitor) -> None:
    url = visitor.start()
    with (Path(__file__)).open("rb") as file:
        got = visitor.post(f"{url}/more", {"story": file})
    assert got.status_code == 303
    assert "story" not in visitor.draft.entries["more"].raw


@pytest.mark.parametrize("kind", [URLENCODED, "multipart/form-data; boundary=x"])
def test_s27_huge_body_is_refused(visitor: Visitor, engine: Engine, kind: str) -> None:
    url = visitor.start()
    before = engine.values()
    body = b"name=" + b"x" * 5 * 1024 * 1024
    got = visitor.client.post(f"{url}/you", data=body, content_type=kind)
    assert got.status_code == 413
    assert engine.values() == before


@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize("method", ["POST", "GET"])
def test_s27_million_pairs_are_refused_before_they_are_parsed(
    make: Make, monkeypatch: pytest.MonkeyPatch, protected: bool, method: str
) -> None:
    app = make(WIZARD_MAX_BODY=10 * 1024 * 1024, MAX_FORM_MEMORY_SIZE=None)
    if protected:
        CSRFProtect(app)
    visitor = Visitor(app)
    url = visitor.start()
    parsed: list[object] = []
    monkeypatch.setattr(FormDataParser, "parse", lambda *a, **k: parsed.append(a))
    got = visitor.client.open(
        f"{url}/you", method=method, data=b"a=&" * 1_000_000, content_type=URLENCODED
    )
    assert (got.status_code, parsed) == (413, [])


def test_s27_too_many_parts_are_refused(visitor: Visitor) -> None:
    url = visitor.start()
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    kind = "multipart/form-data; boundary=x"
    body = part * 1001 + b"--x--\r\n"
    got = visitor.client.post(f"{url}/you", data=body, content_type=kind)
    assert got.status_code == 413


CAP = 2000


@pytest.fixture
def full(make: Make, clock: Clock) -> tuple[Visitor, int]:
    """A visitor, and how long a story fills the draft to the last byte."""
    visitor = Visitor(make(WIZARD_MAX_DRAFT=CAP))
    url = visitor.start()
    visitor.post(f"{url}/more", {"story": "s" * 1000})
    return visitor, 1000 + CAP - len(encode(visitor.draft))


def test_s28_draft_at_its_cap_is_kept(full: tuple[Visitor, int]) -> None:
    visitor, size = full
    story = {"story": "s" * size}
    assert visitor.post(f"{visitor.url}/more", story).status_code == 303
    assert len(encode(visitor.draft)) == CAP
    assert visitor.draft.entries["more"].raw["story"] == ["s" * size]


def test_s28_draft_one_byte_over_its_cap_leaves_the_old_one_whole(
    full: tuple[Visitor, int], engine: Engine
) -> None:
    visitor, size = full
    visitor.post(f"{visitor.url}/more", {"story": "s" * size})
    before = engine.values()
    story = {"story": "s" * (size + 1)}
    got = visitor.post(f"{visitor.url}/more", story)
    assert got.status_code == 413
    assert "s" * (size + 1) in got.text
    assert engine.values() == before
    assert visitor.draft.entries["more"].raw["story"] == ["s" * size]


def test_s28_draft_over_its_cap_leaves_the_old_one_whole(
    make: Make, engine: Engine
) -> None:
    visitor = Visitor(make(WIZARD_MAX_DRAFT=2000))
    url = visitor.start()
    before = engine.values()
    got = visitor.post(f"{url}/more", {"story": "s" * 2000, "home-street": CANARY})
    assert got.status_code == 413
    assert CANARY in got.text
    assert "s" * 2000 in got.text
    assert engine.values() == before


def test_s28_new_draft_over_its_cap_stores_nothing(make: Make, engine: Engine) -> None:
    class Story(Join):
        you = Step(MoreForm)

    visitor = Visitor(make(Story, WIZARD_MAX_DRAFT=2000))
    visitor.get("/join/new/you")
    nonce = hidden(visitor.shown, "_draft")
    got = visitor.post("/join/new/you", {"_draft": nonce, "story": "s" * 2000})
    assert got.status_code == 413
    assert engine.values() == {}


def test_s28_one_draft_too_many_is_a_clear_page(
    visitor: Visitor, engine: Engine
) -> None:
    for _ in range(3):
        visitor.start()
    before = engine.values()
    visitor.get("/join/new/you")
    nonce = hidden(visitor.shown, "_draft")
    got = visitor.post("/join/new/you", {"_draft": nonce, "name": CANARY})
    assert got.status_code == 409
    assert "too many" in got.text
    assert CANARY in got.text
    assert engine.values() == before


def test_s28_discarded_draft_makes_room(visitor: Visitor) -> None:
    for _ in range(3):
        visitor.start()
    end(visitor, "discard")
    assert visitor.start()


def test_s28_drafts_begun_at_once_keep_to_the_cap(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visitor.app
    for _ in range(2):
        visitor.start()
    second = Visitor(app)
    second.client, second.token = visitor_of(app, visitor), visitor.token
    statuses = []
    store = app.extensions["flask_wizard"].store
    create = store.create

    def between(*arguments: Any) -> bool:
        """Another request comes in just before the third draft is written."""
        monkeypatch.undo()
        sent = {"_draft": new_nonce(), "name": "x"}
        statuses.append(second.post("/join/new/you", sent).status_code)
        return bool(create(*arguments))

    monkeypatch.setattr(store, "create", between)
    sent = {"_draft": new_nonce(), "name": "x"}
    statuses.append(visitor.post("/join/new/you", sent).status_code)
    assert sorted(statuses) == [303, 409]


def test_s28_expired_draft_begun_again_keeps_to_the_cap(
    visitor: Visitor, clock: Clock
) -> None:
    visitor.get("/join/new/you")
    first = {"_draft": hidden(visitor.shown, "_draft"), "name": "x"}
    assert visitor.post("/join/new/you", first).status_code == 303
    clock.move(HOUR + 1)
    for _ in range(3):
        visitor.start()
    assert visitor.post("/join/new/you", first).status_code == 409


# Limits of an application's own


def is_start() -> bool:
    return request.method == "POST" and request.endpoint == "join.new"


def is_commit() -> bool:
    step = (request.view_args or {}).get("step")
    return request.method == "POST" and step == "check"


def limit(
    most: int, counts: Callable[[], bool] = lambda: request.method == "POST"
) -> Callable[[Flask, Blueprint], object]:
    """Let each address send so many of the requests that count, by Flask-Limiter."""

    def limited(app: Flask, blueprint: Blueprint) -> None:
        limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
        own = limiter.limit(f"{most} per hour", exempt_when=lambda: not counts())
        own(blueprint)

    return limited


def test_s29_limit_on_the_blueprint_works(make: Make, engine: Engine) -> None:
    visitor = Visitor(make(limited=limit(2)))
    visitor.start()
    for name in ("Ada", "Bob"):
        sent = visitor.post(f"{visitor.url}/you", {"name": name})
        assert sent.status_code == 303
    before = engine.values()
    late = visitor.post(f"{visitor.url}/you", {"name": CANARY})
    assert late.status_code == 429
    assert engine.values() == before
    assert visitor.get(f"{visitor.url}/you").status_code == 200


def test_s29_application_can_limit_starts(make: Make, engine: Engine) -> None:
    visitor = Visitor(make(limited=limit(2, is_start)))
    visitor.start()
    visitor.start()
    before = engine.values()
    sent = {"_draft": new_nonce(), "name": CANARY}
    assert visitor.post("/join/new/you", sent).status_code == 429
    assert engine.values() == before
    assert visitor.post(f"{visitor.url}/you", {"name": "x"}).status_code == 303


@on_one_engine
def test_s29_limit_of_one_address_is_not_anothers(make: Make) -> None:
    app = make(limited=limit(1, is_start))
    Visitor(app).start()
    other = Visitor(app)
    other.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert other.start()


def test_s29_application_can_limit_commits(make: Make, engine: Engine) -> None:
    visitor = Visitor(make(limited=limit(1, is_commit)))
    visitor.fill()
    assert end(visitor, "commit").status_code == 303
    url = visitor.fill()
    before = engine.values()
    assert visitor.post(f"{url}/check").status_code == 429
    assert engine.values() == before
    assert len(committed(visitor.app)) == 1


@on_one_engine
def test_s29_limited_request_is_not_parsed(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor = Visitor(make(limited=limit(1, is_start)))
    visitor.start()
    parsed: list[object] = []
    monkeypatch.setattr(FormDataParser, "parse", lambda *a, **k: parsed.append(a))
    assert visitor.post("/join/new/you", {"name": CANARY}).status_code == 429
    assert parsed == []


# At rest


class Bomb:
    """A pickle that makes a folder when it is read."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("which", ["draft", "list"])
def test_s34_planted_pickle_does_not_run(
    visitor: Visitor, engine: Engine, tmp_path: Path, which: str
) -> None:
    url = visitor.start()
    bomb = pickle.dumps(Bomb(tmp_path / "ran"))
    for key in engine.values():
        engine.write(key, bomb)
    got = visitor.get(f"{url}/you" if which == "draft" else "/join/")
    assert got.status_code == 503
    assert not (tmp_path / "ran").exists()


def key_of(visitor: Visitor, engine: Engine) -> str:
    """The key of the visitor's draft: the one that changes when it is saved."""
    before = engine.values()
    visitor.post(f"{visitor.url}/you", {"name": CANARY})
    after = engine.values()
    (key,) = (key for key in after if after[key] != before[key])
    return key


def test_s35_flipped_bytes_are_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    url = visitor.start()
    key = key_of(visitor, engine)
    whole = engine.values()[key]
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        assert_told(visitor, engine, url, key, bytes(damaged))
    engine.write(key, whole)
    assert visitor.get(f"{url}/you").status_code == 200


def test_s35_cut_bytes_are_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    url = visitor.start()
    key = key_of(visitor, engine)
    whole = engine.values()[key]
    for size in range(len(whole)):
        assert_told(visitor, engine, url, key, whole[:size])


def assert_told(
    visitor: Visitor, engine: Engine, url: str, key: str, damaged: bytes
) -> None:
    engine.write(key, damaged)
    got = visitor.client.get(f"{url}/you")
    assert got.status_code == 503
    assert "fault on our side" in got.text
    assert engine.values()[key] == damaged


@pytest.mark.parametrize("at", ["you", "more", "check", "discard"])
def test_s35_damaged_draft_keeps_its_bytes_at_a_post(
    visitor: Visitor, engine: Engine, at: str
) -> None:
    url = visitor.start()
    key = key_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    got = visitor.post(f"{url}/{at}", {"name": "typed", "story": "typed"})
    assert got.status_code == 503
    assert "typed" in got.text or at not in ("you", "more")
    assert engine.values()[key] == damaged


def test_s35_damaged_draft_hides_no_other(visitor: Visitor, engine: Engine) -> None:
    visitor.start()
    key = key_of(visitor, engine)
    whole = visitor.start()
    engine.write(key, b"damaged")
    got = visitor.client.get("/join/")
    assert got.status_code == 200
    assert whole in got.text


def list_of(visitor: Visitor, engine: Engine) -> str:
    """The key of the visitor's list, where the store has one draft and nothing more."""
    draft = key_of(visitor, engine)
    (key,) = engine.values().keys() - {draft}
    return key


def test_s35_damaged_list_is_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    visitor.start()
    key = list_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    got = visitor.get("/join/")
    assert got.status_code == 503
    assert 'href="/join/new/you"' in got.text
    assert engine.values()[key] == damaged


def test_s35_damaged_list_keeps_its_bytes_when_a_draft_begins(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.start()
    key = list_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    begun = visitor.start()
    assert begun in visitor.get("/join/").text
    assert engine.values()[key] == damaged


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s35_damaged_list_keeps_its_bytes_when_a_draft_ends(
    visitor: Visitor, engine: Engine, how: str
) -> None:
    visitor.fill()
    key = list_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    assert end(visitor, how).location == f"{visitor.url}/receipt"
    assert engine.values()[key] == damaged


def test_s35_unknown_format_is_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    url = visitor.start()
    key = key_of(visitor, engine)
    newer = b"\x03" + engine.values()[key][1:]
    assert_told(visitor, engine, url, key, newer)


def test_s36_swapped_blobs_are_refused(visitor: Visitor, engine: Engine) -> None:
    one = visitor.start()
    first = key_of(visitor, engine)
    two = visitor.start()
    second = key_of(visitor, engine)
    kept = engine.values()
    engine.write(first, kept[second])
    engine.write(second, kept[first])
    assert visitor.get(f"{one}/you").status_code == 503
    assert visitor.get(f"{two}/you").status_code == 503


def test_s36_lists_of_two_holders_cannot_be_swapped(app: Flask, engine: Engine) -> None:
    one, two = Visitor(app), Visitor(app)
    one.start()
    drafts = {key_of(one, engine)}
    two.start()
    drafts |= {key_of(two, engine)}
    kept = engine.values()
    first, second = sorted(set(kept) - drafts)
    engine.write(first, kept[second])
    engine.write(second, kept[first])
    assert one.get("/join/").status_code == 503


def rotate(app: Flask) -> bytes:
    """Give the application another secret; return how its values begin from now on."""
    app.config["SECRET_KEY_FALLBACKS"] = [app.secret_key]
    app.secret_key = "a new secret"
    keyring = app.extensions["flask_wizard"].repository(app).store.keyring
    sealed: bytes = keyring.encrypt(b"x", b"", Kind.DRAFT)
    return sealed[: len(FORMAT) + KEY_ID_SIZE]


def test_s36_old_key_still_opens_a_draft(visitor: Visitor) -> None:
    url = visitor.start()
    rotate(visitor.app)
    assert CANARY in visitor.get(f"{url}/you").text


def test_s36_draft_is_sealed_with_the_new_key_when_saved(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.start()
    key = key_of(visitor, engine)
    new = rotate(visitor.app)
    assert not engine.values()[key].startswith(new)
    visitor.get(f"{url}/you")
    assert visitor.post(f"{url}/you", {"name": "x"}).status_code == 303
    assert engine.values()[key].startswith(new)


def test_s36_list_is_read_after_the_key_changed(visitor: Visitor) -> None:
    url = visitor.start()
    rotate(visitor.app)
    assert f"{url}/more" in visitor.get("/join/").text
    assert visitor.start() != url


def test_s36_forgotten_key_opens_nothing(visitor: Visitor) -> None:
    url = visitor.start()
    rotate(visitor.app)
    visitor.get(f"{url}/you")  # the session, too, is signed anew
    visitor.app.config["SECRET_KEY_FALLBACKS"] = []
    assert visitor.get(f"{url}/you").status_code == 404


# What must not get about


def test_s37_no_answer_is_logged_on_a_journey(
    visitor: Visitor, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = visitor.start()
    visitor.post(f"{url}/you", {"name": CANARY * 9, "age": CANARY})
    visitor.get(f"{url}/you")
    visitor.post(f"{url}/you", {"name": CANARY}, action="autosave")
    visitor.post(f"{url}/more", {"tags-²": CANARY, "colours": CANARY})
    visitor.fill()
    engine.down()
    visitor.post(f"{visitor.url}/you", {"name": CANARY})
    engine.up()
    visitor.token, token = "", visitor.token
    visitor.post(f"{visitor.url}/you", {"name": CANARY})
    visitor.token = token
    visitor.post(f"{visitor.url}/check")
    assert caplog.records
    assert leaks(caplog) == []


def leaks(caplog: pytest.LogCaptureFixture) -> list[str]:
    whole = [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    return [text for text in whole if CANARY in text or PASSWORD in text]


def test_s37_no_answer_is_told_when_the_commit_raises(
    make: Make, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(make(PROPAGATE_EXCEPTIONS=False))
    url = visitor.fill(age="500")
    got = visitor.post(f"{url}/check")
    assert got.status_code == 500
    assert CANARY not in got.text
    assert "The register is closed." in caplog.text
    assert leaks(caplog) == []


class Listener:
    """Says what every object of the package shows of itself, at many a moment."""

    def __init__(self) -> None:
        self.shown: dict[type, set[str]] = {}

    def __call__(self, *_: object, **__: object) -> None:
        for found in gc.get_objects():
            kind = type(found)
            if str(kind.__module__).startswith("flask_wizard."):
                self.note(found)

    def note(self, *objects: object) -> None:
        for found in objects:
            shown = self.shown.setdefault(type(found), set())
            shown |= {repr(found), str(found)}

    @property
    def leaks(self) -> set[str]:
        """The names of the classes that give an answer away."""
        whole = [(kind, text) for kind, shown in self.shown.items() for text in shown]
        return {k.__name__ for k, text in whole if CANARY in text or PASSWORD in text}


def test_s37_no_object_shows_an_answer(make: Make) -> None:
    listener = Listener()

    class Telling(Join):
        more = Step(MoreForm, prepare=listener)

        def validate(self, submission: Submission) -> None:
            listener.note(submission)
            listener()

        def commit(self, submission: Submission) -> None:
            answers = submission.answers
            listener.note(answers, answers.you, answers.more.home, answers.more.tags)
            listener()

    visitor = Visitor(make(Telling))
    with before_render_template.connected_to(listener):
        visitor.start()
        everywhere = {"tags-0": CANARY, "home-street": CANARY, "story": CANARY}
        visitor.post(f"{visitor.url}/more", {**everywhere, "colours": CANARY})
        visitor.get(f"{visitor.url}/more")
        url = visitor.fill()
        visitor.get(f"{url}/check")
        draft = visitor.draft
        visitor.token, token = "", visitor.token
        visitor.post(f"{url}/more", everywhere)
        visitor.token = token
        visitor.post(f"{url}/check")
    for entry in draft.entries.values():  # the collector knows nothing of these
        listener.note(entry, entry.read)
    known = {kind.__name__ for kind in listener.shown}
    assert {
        "Draft",
        "Entry",
        "StoredDraft",
        "StoredVersion",
        "Journey",
        "BoundStep",
        "Visit",
    } <= known
    assert {"Submission", "Answers", "Record", "Page", "Values", "Action"} <= known
    assert listener.leaks == set()


def test_s37_no_answer_is_in_the_repr_of_a_row(make: Make) -> None:
    reprs = []

    def tell(rows: list[Row], answers: object) -> list[Row]:
        reprs.append(repr(rows))
        return rows

    class Telling(Join):
        check = Review(rows=tell)

    visitor = Visitor(make(Telling))
    url = visitor.fill()
    assert CANARY in visitor.get(f"{url}/check").text
    assert reprs
    assert [text for text in reprs if CANARY in text] == []


def test_s37_no_answer_is_in_the_session(visitor: Visitor) -> None:
    visitor.fill()
    with visitor.client.session_transaction() as kept:
        assert CANARY not in repr(dict(kept))
        assert PASSWORD not in repr(dict(kept))


# Passwords


def test_s38_accepted_password_is_kept_apart(visitor: Visitor) -> None:
    visitor.fill()
    entry = visitor.draft.entries["secret"]
    assert entry.raw == {}
    assert entry.passwords == {"password": [PASSWORD], "again": [PASSWORD]}


@pytest.mark.parametrize("action", ["next", "save", "autosave", "back", "goto:you"])
def test_s38_password_that_was_not_accepted_is_not_stored(
    visitor: Visitor, action: str
) -> None:
    url = visitor.start()
    visitor.post(f"{url}/more", {"story": ""})
    typed = {"password": PASSWORD, "again": "something else"}
    visitor.post(f"{url}/secret", typed, action=action)
    assert visitor.draft.entries["secret"].passwords == {}
    assert visitor.draft.entries["secret"].raw == {}


def test_s38_password_sent_too_early_is_not_stored(visitor: Visitor) -> None:
    url = visitor.start()
    visitor.post(f"{url}/secret", {"password": PASSWORD, "again": PASSWORD})
    assert visitor.draft.entries["secret"].passwords == {}


def test_s38_password_left_blank_stays(visitor: Visitor) -> None:
    url = visitor.fill()
    got = visitor.post(f"{url}/secret", {"password": "", "again": ""})
    assert got.location == f"{url}/check"
    visitor.post(f"{url}/check")
    (submission,) = committed(visitor.app)
    assert submission.answers.secret.password == PASSWORD


def test_s38_half_a_new_password_is_refused(visitor: Visitor) -> None:
    url = visitor.fill()
    got = visitor.post(f"{url}/secret", {"password": "another one", "again": ""})
    assert got.location == f"{url}/secret"
    assert visitor.draft.entries["secret"].passwords["password"] == [PASSWORD]


def test_s38_password_is_in_no_page(visitor: Visitor, clock: Clock) -> None:
    url = visitor.fill()
    texts = [visitor.get(page).text for page in pages_of(url)]
    sent = {"password": PASSWORD, "again": "no match"}
    texts.append(visitor.post(f"{url}/secret", sent, follow_redirects=True).text)
    visitor.token = ""
    texts.append(visitor.post(f"{url}/secret", sent).text)
    assert [text for text in texts if PASSWORD in text or "no match" in text] == []


def test_s38_password_is_not_in_the_page_of_an_outage(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.fill()
    engine.down()
    got = visitor.post(f"{url}/secret", {"password": PASSWORD, "again": PASSWORD})
    engine.up()
    assert got.status_code == 503
    assert PASSWORD not in got.text


class PinForm(Form):
    pin = PasswordField()


def form_for(answers: Any) -> type[Form]:
    return {CANARY.lower(): PinForm}[answers.you.name.lower()]


def test_s38_password_of_a_form_that_is_not_known_is_in_no_page(
    make: Make, engine: Engine
) -> None:
    class Pins(Join):
        more = Step(form_for)

    visitor = Visitor(make(Pins))
    url = visitor.start()
    engine.down()
    got = visitor.post(f"{url}/more", {"pin": PASSWORD})
    engine.up()
    assert got.status_code == 503
    assert PASSWORD not in got.text


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s38_password_is_gone_after_the_end(visitor: Visitor, how: str) -> None:
    visitor.fill()
    end(visitor, how)
    assert visitor.draft.entries == {}


# Headers and cookies


def assert_sealed(got: TestResponse) -> None:
    assert got.headers["Cache-Control"] == "no-store"
    assert got.headers["Referrer-Policy"] == "same-origin"
    assert "Cookie" in got.vary


def test_s39_pages_of_a_draft_stay_out_of_caches(visitor: Visitor) -> None:
    url = visitor.fill()
    for page in ["/join/", *pages_of(url)]:
        assert_sealed(visitor.get(page))


@pytest.mark.parametrize("action", ["next", "back", "save", "autosave", "discard"])
def test_s39_answers_to_posts_stay_out_of_caches(visitor: Visitor, action: str) -> None:
    url = visitor.start()
    assert_sealed(visitor.post(f"{url}/you", {"name": "x"}, action=action))


def test_s39_page_with_what_was_sent_stays_out_of_caches(visitor: Visitor) -> None:
    url = visitor.start()
    visitor.token = ""
    for page in (f"{url}/you", "/join/new/you"):
        assert_sealed(visitor.post(page, {"name": CANARY}))


def test_s39_pages_after_the_end_stay_out_of_caches(visitor: Visitor) -> None:
    url = visitor.fill()
    assert_sealed(end(visitor, "commit"))
    assert_sealed(visitor.get(f"{url}/receipt"))
    assert_sealed(visitor.get(f"/join/{new_nonce()}/you"))


def test_s39_pages_of_an_outage_stay_out_of_caches(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.start()
    engine.down()
    got = visitor.get(f"{url}/you"), visitor.post(f"{url}/you", {"name": "x"})
    engine.up()
    for page in got:
        assert_sealed(page)


@pytest.mark.parametrize("how", ["commit", "discard"])
def test_s39_cookie_changes_at_the_end(visitor: Visitor, how: str) -> None:
    visitor.fill()
    before = visitor.client.get_cookie("session")
    assert "Set-Cookie" in end(visitor, how).headers
    assert visitor.client.get_cookie("session") != before


def test_s39_holder_stays_the_same_at_the_end(visitor: Visitor) -> None:
    visitor.fill()
    before = token_of(visitor)
    end(visitor, "commit")
    assert token_of(visitor) == before


# Outages


@pytest.mark.parametrize("at", ["you", "more"])
def test_s40_post_to_a_store_that_is_down_gives_back_what_was_typed(
    visitor: Visitor, engine: Engine, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = visitor.start()
    before = engine.values()
    engine.down()
    got = visitor.post(f"{url}/{at}", {"name": "typed <now>", "story": "typed <now>"})
    engine.up()
    assert got.status_code == 503
    assert "typed &lt;now&gt;" in got.text
    assert any(record.exc_info for record in caplog.records)
    assert engine.values() == before


def test_s40_store_that_is_back_takes_what_was_given_back(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.start()
    engine.down()
    page = visitor.post(f"{url}/you", {"name": "typed"}).text
    engine.up()
    token, rev = hidden(page, "csrf_token"), hidden(page, "_rev")
    visitor.token = token
    got = visitor.post(f"{url}/you", {"name": "typed", "_rev": rev})
    assert got.location == f"{url}/more"


def test_s40_page_of_a_store_that_is_down_is_no_absence(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.start()
    engine.down()
    statuses = {visitor.get(page).status_code for page in pages_of(url)}
    statuses.add(visitor.get("/join/").status_code)
    engine.up()
    assert statuses == {503}


def test_s40_commit_is_not_called_while_the_store_is_down(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.fill()
    engine.down()
    got = visitor.post(f"{url}/check")
    engine.up()
    assert got.status_code == 503
    assert committed(visitor.app) == []


def test_s40_autosave_to_a_store_that_is_down_fails(
    visitor: Visitor, engine: Engine
) -> None:
    url = visitor.start()
    engine.down()
    got = visitor.post(f"{url}/you", {"name": "x"}, action="autosave")
    engine.up()
    assert got.status_code == 503


def start_with(store: object, tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "an old secret"
    FlaskWizard(app, store=store)


@pytest.mark.parametrize(
    "store", [NullCache(), UWSGICache, {}, "mongodb://localhost", ""], ids=str
)
def test_s40_start_up_refuses_what_cannot_keep_a_draft(
    store: object, tmp_path: Path
) -> None:
    with pytest.raises((ConfigurationError, DefinitionError)):
        start_with(store, tmp_path)


@pytest.mark.parametrize(
    ("store", "warning"),
    [
        (SimpleCache(), "a restart loses them"),
        ("memory:", "a restart loses them"),
        ("memcached://127.0.0.1:1", "Memcached may forget drafts"),
        ("memcached://127.0.0.1:1", "could not be checked"),
        ("redis://127.0.0.1:1", "could not be checked"),
    ],
    ids=str,
)
def test_s40_start_up_warns_of_what_may_lose_a_draft(
    store: object, warning: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start_with(store, tmp_path)
    warned = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert warning in "\n".join(warned)


# Everything at once


class Fuzz:
    """Requests that no browser sends, the same ones for the same seed."""

    NAMES: ClassVar = [
        *("name", "age", "tags-0", "tags-²", "tags-99999999999", "home-street"),
        *("colours", "story", "password", "again", "_rev", "_draft", "", "\0", "a-b-c"),
    ]
    VALUES: ClassVar = [
        *(
            "",
            "x",
            "\0",
            "²",
            "9" * 5000,
            "-1",
            "sNaN",
            "\ufffe",
            "\r\nX: y",
            "🦘" * 99,
        ),
    ]
    ACTIONS: ClassVar = [
        *("next", "back", "save", "autosave", "goto:you", "goto:x", "discard"),
        *("add", "", "\0", "next:next"),
    ]
    PAGES: ClassVar = [
        *["you", "more", "secret", "check"] * 4,
        *("you", "more", "secret", "check", "saved", "discard", "receipt", "", "x"),
        *("new", "..", "%00", "%ff", "you/", "you/new", "you/new/remove"),
    ]
    METHODS: ClassVar = ["GET", "HEAD", *["POST"] * 9, "PUT", "OPTIONS", "X"]
    KINDS: ClassVar = [
        *(URLENCODED, URLENCODED, URLENCODED, "application/json", "text/plain", ""),
        *("multipart/form-data", "multipart/form-data; boundary=x", "\xff"),
    ]
    HEADERS: ClassVar = [
        *("Origin", "Referer", "Sec-Fetch-Site", "X-CSRFToken", "Host", "Range"),
        *("Content-Length", "Content-Encoding", "Accept-Language", "Cookie"),
    ]
    HEADER_VALUES: ClassVar = [
        *("", "x", "null", "http://[", "http://localhost", "-1", "\xff"),
    ]
    QUERIES: ClassVar = ["", "then=check", "then=%ff", "a=\xff", "\0"]

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def pick(self, choices: Sequence[str]) -> str:
        return self.chance.choice(choices)

    def send(self, visitor: Visitor) -> TestResponse:
        ids = ("new", "x", "\0", "²", new_nonce(), *[visitor.url.split("/")[2]] * 20)
        path = f"/join/{quote(self.pick(ids))}/{self.pick(self.PAGES)}"
        data = {self.pick(self.NAMES): self.pick(self.VALUES) for _ in range(3)}
        data |= {"_action": self.pick(self.ACTIONS), "csrf_token": visitor.token}
        if self.chance.random() < 0.1:
            del data["csrf_token"]
        return visitor.client.open(
            path,
            method=self.pick(self.METHODS),
            headers=self.headers(),
            query_string=self.pick(self.QUERIES),
            **self.body(data),
        )

    def headers(self) -> dict[str, str]:
        if self.chance.random() < 0.8:
            return {}
        return {self.pick(self.HEADERS): self.pick(self.HEADER_VALUES)}

    def body(self, data: dict[str, str]) -> dict[str, Any]:
        if self.chance.random() < 0.7:
            return {"data": data}
        raw = self.chance.randbytes(99).replace(b"\0", b"&")
        if self.chance.random() < 0.5:
            raw = (
                b'--x\r\nContent-Disposition: form-data; name="'
                + raw
                + b'"\r\n\r\n--x--'
            )
        return {"data": raw, "content_type": self.pick(self.KINDS)}


# How many times as many seeds as in a quick run, and then others each time.
TIMES = float(os.environ.get("WIZARD_EXAMPLES", "1"))
SEEDS = range(5) if TIMES == 1 else random.sample(range(10**6), max(1, int(5 * TIMES)))


@pytest.mark.parametrize("seed", SEEDS)
def test_s26_no_request_is_a_server_error(visitor: Visitor, seed: int) -> None:
    fuzz = Fuzz(seed)
    visitor.fill()
    for _ in range(100):
        assert fuzz.send(visitor).status_code < 500
        if visitor.client.get_cookie("session") is None or visitor.draft.ended:
            end_all(visitor)
            visitor.fill()


def end_all(visitor: Visitor) -> None:
    """Make room for another draft."""
    entry = visitor.get("/join/").text
    for url in set(re.findall(r'href="(/join/[\w-]{22})/discard"', entry)):
        visitor.post(f"{url}/discard", action="discard")
