"""Journeys on Flask's cookie session and on Flask-Session, on real servers."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from threading import Event
from typing import Any

import pytest
import redis
from cachelib import FileSystemCache, SimpleCache
from flask import Flask, current_app, session
from flask_session import Session
from flask_sqlalchemy import SQLAlchemy
from login_sites import Site, plain_site
from memcached_servers import MemcachedServer
from pymemcache import PooledClient  # type: ignore[import-untyped]
from redis_servers import RedisServer
from servers import running
from visitor import Visitor
from wizards import Membership, begin, committed, fill_in

from flask_wizard import FlaskWizard
from flask_wizard.stores.memory import MemoryStore

PATIENCE = 60.0  # seconds until what never comes fails a test
KINDS = ("cookie", "redis", "memcached", "cachelib", "sqlalchemy")


class Sessions:
    """A kind of session: its settings, and how all sessions of its server end."""

    def __init__(self, kind: str, folder: Path, server: Any) -> None:
        self.kind, self.folder, self.server = kind, folder, server
        self.close: Callable[[], object] = lambda: None
        self.end: Callable[[], object] = lambda: None

    def use_in(self, app: Flask) -> None:
        kind, config = self.kind, app.config
        if kind == "cookie":
            return
        config["SESSION_TYPE"] = kind
        if kind == "redis":
            client = redis.Redis(port=self.server.port)
            config["SESSION_REDIS"], self.end = client, client.flushall
            self.close = client.close
        elif kind == "memcached":
            memcached = PooledClient(("127.0.0.1", self.server.port), timeout=PATIENCE)
            config["SESSION_MEMCACHED"] = memcached
            self.end, self.close = memcached.flush_all, memcached.close
        elif kind == "cachelib":
            cache = FileSystemCache(str(self.folder / "sessions"))
            config["SESSION_CACHELIB"], self.end = cache, cache.clear
        else:
            config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{self.folder}/sessions.db"
            database = SQLAlchemy(app)
            config["SESSION_SQLALCHEMY"] = database

            def forget() -> None:
                with app.app_context():
                    table = database.metadata.tables["sessions"]
                    database.session.execute(table.delete())
                    database.session.commit()

            def close() -> None:
                with app.app_context():
                    database.engine.dispose()

            self.end, self.close = forget, close
        with warnings.catch_warnings():
            # Flask-Session tells of what it will drop in its next release.
            warnings.simplefilter("ignore", DeprecationWarning)
            Session(app)


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    started = {
        "redis": RedisServer(tmp_path_factory.mktemp("redis")),
        "memcached": MemcachedServer(tmp_path_factory.mktemp("memcached")),
    }
    with ExitStack() as stack:
        for server in started.values():
            stack.enter_context(running(server))
        yield started


@pytest.fixture(params=KINDS)
def sessions(
    request: pytest.FixtureRequest, tmp_path: Path, servers: dict[str, Any]
) -> Iterator[Sessions]:
    sessions = Sessions(request.param, tmp_path, servers.get(request.param))
    yield sessions
    sessions.close()


Make = Callable[..., Site]


@pytest.fixture
def make(sessions: Sessions, tmp_path: Path) -> Make:
    """A function that makes an application whose sessions are of one kind."""

    def make(**config: object) -> Site:
        app = Flask("own", instance_path=str(tmp_path))
        app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_COMMIT_WAIT=0)
        app.config.update(config)
        sessions.use_in(app)
        site = plain_site(app, MemoryStore(SimpleCache()))
        app.register_blueprint(Membership.as_blueprint("join"), url_prefix="/join")
        return site

    return make


def test_journey_from_the_first_page_to_the_receipt(make: Make) -> None:
    visitor = Visitor(make().app)
    begin(visitor)
    page = visitor.press("back")
    assert page.path.endswith("/you")
    page = visitor.press("save", {"name": "Bea"})
    assert page.path.endswith("/saved")
    page = visitor.open("/join/")
    page = visitor.open(page.link("Continue"))
    assert page.value("name") == "Bea"
    visitor.press()
    visitor.fill(**{"home-street": "1 Main St"})
    visitor.fill(password="open sesame", again="open sesame")
    page = visitor.press()
    assert page.path.endswith("/receipt")
    assert "R-1" in visitor.open(page.path).text
    assert [submission.data["you"]["name"] for submission in committed] == ["Bea"]


def test_discarded_draft_is_gone(make: Make) -> None:
    visitor = Visitor(make().app)
    url = begin(visitor)
    visitor.open(f"{url}discard")
    visitor.press("discard")
    assert visitor.open(f"{url}you").path.endswith("/receipt")
    assert visitor.open("/join/").path.startswith("/join/new/")


def test_draft_is_adopted_at_login_and_hidden_after_logout(make: Make) -> None:
    site = make()
    visitor, phone = Visitor(site.app), Visitor(site.app)
    url = begin(visitor)
    site.sign_in(visitor, "ada")
    assert visitor.open(url).path.endswith("/more")
    site.sign_in(phone, "ada")
    assert phone.open(url).path.endswith("/more")
    site.sign_out(visitor)
    assert visitor.open(url).status == 404
    site.sign_in(visitor, "bob")
    assert visitor.open(url).status == 404


def test_two_drafts_in_two_tabs_do_not_mix(make: Make) -> None:
    one = Visitor(make().app)
    first = begin(one, name="One")
    other = one.tab()
    second = begin(other, name="Two")
    one.press("back", {"home-street": "First"})
    other.press("back", {"home-street": "Second"})
    assert one.open(f"{first}you").value("name") == "One"
    assert other.open(f"{second}you").value("name") == "Two"
    assert one.open(f"{first}more").value("home-street") == "First"
    assert other.open(f"{second}more").value("home-street") == "Second"


def test_eight_tabs_at_once_lose_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Membership, "max_drafts", 8)
    visitor = Visitor(make().app)
    visitor.open("/join/new/you")
    tabs = [visitor.twin() for _ in range(8)]

    def fill(number: int) -> str:
        tab = tabs[number]
        tab.open("/join/new/you")
        page = tab.fill(name=f"Tab {number}")
        assert page.path.endswith("/more"), page.text
        return tab.draft

    with ThreadPoolExecutor(8) as threads:
        urls = list(threads.map(fill, range(8)))
    assert len(set(urls)) == 8
    for number, url in enumerate(urls):
        assert visitor.open(f"{url}you").value("name") == f"Tab {number}"


def test_eight_tabs_with_one_draft_lose_nothing(make: Make) -> None:
    """Half of the tabs send to each of two steps; all cookies go into one jar."""
    visitor = Visitor(make().app)
    url = fill_in(visitor)
    pages = [visitor.open(f"{url}{step}") for step in ("you", "more") * 4]
    fields = ("name", "home-street") * 4
    tabs = [visitor.twin() for _ in pages]
    cookies: list[str] = []

    def save(number: int) -> None:
        tabs[number].show(pages[number].response)
        sent = {fields[number]: f"Tab {number}"}
        answer = tabs[number].send("next", sent)
        assert answer.status_code == 303, answer.text
        cookies.extend(answer.headers.getlist("Set-Cookie"))

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(save, range(8)))
    for cookie in cookies:  # as a browser: what came last, stays
        visitor.client.set_cookie("session", cookie.split(";")[0].partition("=")[2])
    names = [f"Tab {number}" for number in range(8)]
    assert visitor.open(f"{url}you").value("name") in names[::2]
    assert visitor.open(f"{url}more").value("home-street") in names[1::2]


def test_eight_first_pages_at_once_lose_no_text(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nobody has a session yet: the browser keeps the cookie that comes last."""
    monkeypatch.setattr(Membership, "max_drafts", 8)
    app = make().app
    tabs = [Visitor(app) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda tab: tab.open("/join/"), tabs))
    last = tabs[-1].client.get_cookie("session")
    assert last is not None
    for number, tab in enumerate(tabs):
        tab.client.set_cookie("session", last.value)
        page = tab.fill(name=f"Tab {number}")
        if number < 7:  # its token is that of a session that is gone
            assert (page.status, page.value("name")) == (400, f"Tab {number}")
        assert (page if number == 7 else tab.press()).path.endswith("/more")


@pytest.mark.parametrize(
    ("config", "count"),
    [
        ({"SESSION_TYPE": "redis"}, 1),
        ({"SESSION_TYPE": "redis", "SESSION_REFRESH_EACH_REQUEST": False}, 0),
        ({"SESSION_TYPE": None}, 0),
        ({"WIZARD_PERMANENT_SESSION": True}, 1),
        ({}, 0),
    ],
)
def test_sessions_that_are_written_back_stale_are_warned_of_at_the_start(
    config: dict[str, Any], count: int, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("own")
    app.config.update(SECRET_KEY="k" * 32, **config)
    FlaskWizard(app, store=MemoryStore(SimpleCache()))
    assert caplog.text.count("SESSION_REFRESH_EACH_REQUEST = False") == count


def test_slow_request_that_only_reads_undoes_nothing(make: Make) -> None:
    site = make(SESSION_REFRESH_EACH_REQUEST=False)
    begun, may_end = Event(), Event()

    @site.app.get("/slow")
    def slow() -> str:
        cart = session.get("cart", "")
        begun.set()
        assert may_end.wait(PATIENCE)
        return str(cart)

    @site.app.get("/put")
    def put() -> str:
        session["cart"] = "a book"
        return "put"

    visitor = Visitor(site.app)
    visitor.open("/put")
    with ThreadPoolExecutor(1) as thread:
        reading = thread.submit(visitor.twin().get, "/slow")
        assert begun.wait(PATIENCE)
        url = begin(visitor)
        may_end.set()
        answer = reading.result()
    assert answer.text == "a book"
    assert "Set-Cookie" not in answer.headers
    assert visitor.open(url).path.endswith("/more")


def test_cleared_session_loses_no_text(make: Make) -> None:
    site = make()

    @site.app.get("/clear")
    def clear() -> str:
        session.clear()
        return "cleared"

    visitor = Visitor(site.app)
    url = begin(visitor)
    visitor.tab().open("/clear")
    page = visitor.press("next", {"home-street": "Long typed"})
    assert page.status == 400  # the token went with the session
    assert page.value("home-street") == "Long typed"
    page = visitor.press()
    assert visitor.draft != url
    assert "kept here, in a new copy" in page.banners
    assert visitor.fill(name="Ann").value("home-street") == "Long typed"


def test_expired_session_loses_no_text(sessions: Sessions, make: Make) -> None:
    visitor = Visitor(make().app)
    begin(visitor)
    if sessions.kind == "cookie":
        visitor.client.delete_cookie("session")
    sessions.end()
    page = visitor.press("next", {"home-street": "Long typed"})
    assert page.value("home-street") == "Long typed"
    visitor.press()
    assert visitor.fill(name="Ann").value("home-street") == "Long typed"


def test_regenerated_session_keeps_its_drafts(sessions: Sessions, make: Make) -> None:
    site = make()

    @site.app.get("/regenerate")
    def regenerate() -> str:
        interface: Any = current_app.session_interface
        if sessions.kind == "cookie":  # it has no id of its own
            session["fresh"] = True
        else:
            interface.regenerate(session)
        return "regenerated"

    visitor = Visitor(site.app)
    url = fill_in(visitor)
    before = visitor.client.get_cookie("session")
    visitor.tab().open("/regenerate")
    after = visitor.client.get_cookie("session")
    assert before != after
    assert visitor.open(url).path.endswith("/check")
    assert visitor.press().path.endswith("/receipt")
