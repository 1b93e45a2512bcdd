"""Several processes at one draft: nothing is lost, and nothing happens twice."""

from __future__ import annotations

import json
import os
import random
import re
import secrets
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, suppress
from http.client import HTTPConnection
from multiprocessing import Pipe
from pathlib import Path
from threading import Barrier
from typing import Any, NamedTuple
from urllib.parse import urlencode

import pytest
from club import MAX_ITEMS
from memcached_servers import MemcachedServer
from moto_server import MotoServer
from postgres import Postgres
from redis_servers import RedisServer
from servers import running

import flask_wizard
from flask_wizard.core.draft import Draft
from flask_wizard.drafts.encrypted_store import DraftRepository, EncryptedStore
from flask_wizard.drafts.keyring import Keyring
from flask_wizard.stores import DraftStore
from flask_wizard.stores.dynamodb import DynamoDBStore
from flask_wizard.stores.registry import open_store
from flask_wizard.stores.sql import SQLAlchemyStore
from flask_wizard.stores.sqlite import SQLiteStore

CLUB = Path(__file__).parents[1] / "support" / "club.py"
SECRET = "a secret that all processes share"
PROCESSES = 8


# How many times as often as in `make test` everything happens.
TIMES = max(1, int(float(os.environ.get("WIZARD_EXAMPLES", "1"))))


class Often(NamedTuple):
    """How often each thing happens on an engine. Some are slow to talk to."""

    commits: int = 20 * TIMES
    kills: int = 15 * TIMES
    saves: int = 5 * TIMES


ENGINES = {
    "sqlite": Often(),
    "files": Often(),
    "redis": Often(10 * TIMES),
    "postgresql": Often(10 * TIMES, 15 * TIMES, 3 * TIMES),
    "memcached": Often(5 * TIMES, 8 * TIMES),
    "dynamodb": Often(2 * TIMES, 5 * TIMES, 2 * TIMES),
}
MOST_KILLS = 200 * TIMES
LEASE = 120  # seconds, as WIZARD_COMMIT_LEASE is by default
PATIENCE = 60.0  # seconds until what never comes fails a test


class Reply(NamedTuple):
    status: int
    location: str | None
    text: str
    cookie: str

    @property
    def led_to(self) -> str:
        assert self.status == 303, self.text
        assert self.location is not None
        return self.location


class Forks:
    """Makes processes by forking one that has imported all that they need."""

    def __init__(self) -> None:
        self._club, theirs = socket.socketpair()
        with theirs:
            number = theirs.fileno()
            self._process = subprocess.Popen(
                [sys.executable, str(CLUB), str(number)],
                pass_fds=[number],
                # They have the package that this process has.
                env={
                    **os.environ,
                    "PYTHONPATH": str(Path(flask_wizard.__file__).parents[1]),
                },
            )

    def fork(self, role: str, *arguments: object) -> Fork:
        return Fork(self._club, role, arguments)

    def stop(self) -> None:
        self._club.close()
        self._process.wait()


class Fork:
    """A process of the club, and the pipe to it."""

    def __init__(
        self, club: socket.socket, role: str, arguments: tuple[object, ...]
    ) -> None:
        self._pipe, theirs = Pipe()
        with theirs:
            socket.send_fds(club, [b"."], [theirs.fileno()])
        self._pid: int = self._pipe.recv()
        self.send((role, arguments))

    def send(self, order: object) -> None:
        self._pipe.send(order)

    def recv(self) -> Any:
        return self._pipe.recv()

    def kill(self) -> None:
        """End it; once its end of the pipe is closed, nothing of it runs."""
        if self._pipe.closed:
            return
        os.kill(self._pid, signal.SIGKILL)
        with suppress(EOFError, ConnectionResetError):
            while True:
                self._pipe.recv()
        self._pipe.close()


class Workers:
    """Processes that send requests, all at once or one alone."""

    def __init__(self, forks: Forks, folder: Path) -> None:
        self.folder = folder
        self._all = [forks.fork("work", folder) for _ in range(PROCESSES)]

    def at_once(self, orders: Sequence[dict[str, Any]]) -> list[list[Reply]]:
        busy = self._all[: len(orders)]
        for worker, order in zip(busy, orders, strict=True):
            worker.send(order)
        return [[Reply(*reply) for reply in worker.recv()] for worker in busy]

    def alone(self, order: dict[str, Any]) -> list[Reply]:
        return self.at_once([order])[0]

    def stop(self) -> None:
        for worker in self._all:
            worker.kill()


class Visitor:
    """One browser's session, whose requests any of the processes may send."""

    def __init__(self, workers: Workers, engine: str) -> None:
        self.workers = workers
        self.engine = engine
        self.cookie = ""
        self.token = ""

    def order(self, url: str, /, **values: str) -> dict[str, Any]:
        data = {"csrf_token": self.token, "_action": "next", **values}
        cookie = self.cookie
        return {"engine": self.engine, "url": url, "cookie": cookie, "data": data}

    def get(self, url: str) -> Reply:
        (reply,) = self.workers.alone({**self.order(url), "method": "GET", "data": {}})
        return reply

    def post(self, url: str, /, **values: str) -> Reply:
        (reply,) = self.workers.alone(self.order(url, **values))
        return reply

    def open(self, url: str) -> str:
        """Open the page of a new draft, and return its nonce."""
        page = self.get(f"{url}?_draft={secrets.token_urlsafe(16)}")
        self.cookie = page.cookie
        self.token = hidden(page.text, "csrf_token")
        return hidden(page.text, "_draft")

    def start(self, url: str) -> str:
        """Begin a draft of the wizard at ``url``; return the draft's own URL."""
        first = f"{url}/new/{'a' if url == '/parts' else 'you'}"
        if not self.token:
            self.open(first)
        nonce = secrets.token_urlsafe(16)
        led_to = self.post(first, _draft=nonce, value="begun").led_to
        return led_to.rpartition("/")[0]


def hidden(page: str, name: str) -> str:
    found = re.search(f'name="{name}" value="([^"]+)"', page)
    assert found is not None, page
    return found[1]


def discard_links(entry: str) -> set[str]:
    """The drafts that the entry page lists, by their URLs."""
    return set(re.findall(r'href="(/club/[\w-]{22})/discard"', entry))


@pytest.fixture(scope="module")
def urls(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The URL of a store on each engine, with wide limits: a machine may be busy."""
    folder = tmp_path_factory.mktemp("servers")
    redis = RedisServer(folder / "redis")
    postgres = Postgres()
    memcached = MemcachedServer(folder / "memcached")
    moto = MotoServer(folder / "moto")
    wide = "connect_timeout=30&read_timeout=30"
    dynamodb = f"dynamodb://drafts?region=eu-central-1&endpoint={moto.url}&{wide}"
    with (
        pytest.MonkeyPatch.context() as patch,
        running(redis, postgres, memcached, moto),
    ):
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        DynamoDBStore.from_url(dynamodb, folder).create_table()
        yield {
            "sqlite": f"sqlite:///{folder}/drafts.sqlite3",
            "files": f"file://{folder}/files",
            "redis": f"redis://127.0.0.1:{redis.port}/0"
            "?socket_connect_timeout=30&socket_timeout=30",
            "postgresql": f"{postgres.url}?{wide}",
            "memcached": f"{memcached.url}?{wide}",
            "dynamodb": dynamodb,
        }


@pytest.fixture(scope="module")
def forks(urls: dict[str, str]) -> Iterator[Forks]:
    """What forks processes that find all stores."""
    forks = Forks()
    yield forks
    forks.stop()


@pytest.fixture(scope="module")
def workers(
    forks: Forks,
    urls: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Workers]:
    folder = tmp_path_factory.mktemp("club")
    (folder / "stores").write_text(json.dumps(urls))
    workers = Workers(forks, folder)
    yield workers
    workers.stop()


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def often(engine: str) -> Often:
    return ENGINES[engine]


@pytest.fixture
def visitor(workers: Workers, engine: str) -> Visitor:
    return Visitor(workers, engine)


@pytest.fixture
def folder(workers: Workers) -> Path:
    """Where the applications keep drafts and notes; the notes of this test alone."""
    for file in ("commits", "rows.sqlite3", "rows.sqlite3-journal"):
        (workers.folder / file).unlink(missing_ok=True)
    return workers.folder


class Kept:
    """The drafts as they are stored, read from outside."""

    def __init__(self, store: DraftStore) -> None:
        encrypted = EncryptedStore(store, Keyring([SECRET]), compress_above=0)
        self._repository = DraftRepository(encrypted, limit=0)

    def draft(self, url: str) -> Draft:
        draft, _ = self._repository.load(url.split("/")[2])
        assert draft is not None
        return draft


@pytest.fixture
def kept(folder: Path, engine: str, urls: dict[str, str]) -> Iterator[Kept]:
    store = open_store(urls[engine], folder / "unused")
    yield Kept(store)
    if isinstance(store, SQLiteStore):
        store.close()
    if isinstance(store, SQLAlchemyStore):
        store.engine.dispose()


def notes(folder: Path, name: str) -> list[list[str]]:
    file = folder / name
    lines = file.read_text().splitlines() if file.exists() else []
    return [line.split() for line in lines]


def members(folder: Path) -> dict[str, str]:
    """What the application has kept, by its unique key."""
    with closing(sqlite3.connect(folder / "rows.sqlite3")) as database:
        return dict(database.execute("SELECT submission, value FROM members"))


# Saves


def test_steps_saved_by_eight_processes_are_all_kept(
    visitor: Visitor, kept: Kept, often: Often
) -> None:
    steps = "abcdefgh"
    url = visitor.start("/parts")
    for step in steps[1:]:
        visitor.post(f"{url}/{step}", value="begun")
    orders = [visitor.order(f"{url}/{step}", value=f"{step}{{}}") for step in steps]
    replies = visitor.workers.at_once(
        [{**order, "times": often.saves} for order in orders]
    )
    assert Counter(reply.status for own in replies for reply in own) == {
        303: PROCESSES * often.saves
    }
    entries = kept.draft(url).entries
    assert {name: (e.raw, e.rev, e.accepted) for name, e in entries.items()} == {
        step: ({"value": [f"{step}{often.saves - 1}"]}, often.saves + 1, True)
        for step in steps
    }


SAVES = 50
"""Of each of four processes, two of which send for the holder and two for a guest."""


@pytest.mark.parametrize("engine", ["sqlite", "redis"], indirect=True)
def test_two_hundred_saves_by_holder_and_guest_are_all_kept(
    workers: Workers, engine: str, kept: Kept
) -> None:
    holder, guest = Visitor(workers, engine), Visitor(workers, engine)
    url = holder.start("/parts")
    link = holder.post(f"/share/{url.split('/')[2]}/b").text
    page = guest.get(link)
    guest.cookie, guest.token = page.cookie, hidden(page.text, "csrf_token")
    assert guest.post(link).led_to == f"{url}/"
    orders = [
        visitor.order(f"{url}/{step}", value=f"{step} {number} {{}}")
        for number in range(2)
        for visitor, step in ((holder, "a"), (guest, "b"))
    ]
    replies = workers.at_once([{**order, "times": SAVES} for order in orders])
    assert Counter(reply.status for own in replies for reply in own) == {303: 4 * SAVES}
    draft = kept.draft(url)
    entries = {name: draft.entries[name] for name in "ab"}
    assert {name: entry.rev for name, entry in entries.items()} == {
        "a": 2 * SAVES + 1,
        "b": 2 * SAVES,
    }
    for name, entry in entries.items():
        assert entry.accepted
        assert entry.raw["value"][0] in {f"{name} {n} {SAVES - 1}" for n in range(2)}
    assert [place.steps for place in draft.guests] == [("b",)]


def test_files_added_by_eight_processes_are_all_kept(
    visitor: Visitor, kept: Kept, folder: Path
) -> None:
    visitor.start("/papers")
    url = visitor.start("/papers")
    orders = [visitor.order(f"{url}/you", _action="save") for _ in range(PROCESSES)]
    replies = visitor.workers.at_once(
        [
            {**order, "times": 2, "files": {"papers": f"{number}-{{}}.txt"}}
            for number, order in enumerate(orders)
        ]
    )
    assert {reply.status for own in replies for reply in own} == {303}
    names = sorted(file.filename for file in kept.draft(url).files())
    assert names == [f"{number}-{turn}.txt" for number in range(8) for turn in (0, 1)]
    uploads = folder / visitor.engine / "flask_wizard_uploads"
    assert len([path for path in uploads.rglob("*") if path.is_file()]) == len(names)
    page = visitor.get(f"{url}/you").text
    for link in re.findall(r'href="(/papers/[^"]+/file/[^"]+)"><bdi>([^<]+)', page):
        assert visitor.get(link[0]).text == link[1]
    visitor.post(f"{url}/discard", _action="discard")
    assert [path for path in uploads.rglob("*") if path.is_file()] == []


LISTS = pytest.mark.parametrize(
    "engine", ["sqlite", "redis", "postgresql"], indirect=True
)


def items_of(kept: Kept, url: str) -> dict[str, str]:
    """What was typed for the items of a draft, by their ids, in order."""
    items = kept.draft(url).items("items")
    return {item.id: item.entries[""].raw["value"][0] for item in items}


@LISTS
def test_items_added_changed_and_removed_at_once_are_right(
    visitor: Visitor, kept: Kept
) -> None:
    url = visitor.start("/things")
    for name in "abcd":
        nonce = secrets.token_urlsafe(16)
        visitor.post(f"{url}/items/new", _item=nonce, value=name)
    a, b, c, d = items_of(kept, url)
    orders = [
        visitor.order(f"{url}/items/{a}", value="a2"),
        visitor.order(f"{url}/items/{b}", value="b2"),
        visitor.order(f"{url}/items/{c}/remove", _action="remove"),
        *(
            visitor.order(
                f"{url}/items/new", _item=secrets.token_urlsafe(16), value=name
            )
            for name in "efgh"
        ),
        visitor.order(f"{url}/you", value="other"),
    ]
    replies = [reply for (reply,) in visitor.workers.at_once(orders)]
    assert {reply.status for reply in replies} == {303}
    found = items_of(kept, url)
    assert list(found)[:3] == [a, b, d]
    assert list(found.values())[:3] == ["a2", "b2", "d"]
    assert sorted(found.values())[3:] == ["e", "f", "g", "h"]
    assert kept.draft(url).entries["you"].raw == {"value": ["other"]}


@LISTS
def test_eight_clicks_add_one_item(visitor: Visitor, kept: Kept) -> None:
    url = visitor.start("/things")
    order = visitor.order(
        f"{url}/items/new", _item=secrets.token_urlsafe(16), value="a"
    )
    replies = visitor.workers.at_once([order] * PROCESSES)
    assert len({reply.led_to for (reply,) in replies}) == 1
    assert list(items_of(kept, url).values()) == ["a"]


@LISTS
def test_list_never_has_more_items_than_it_may(visitor: Visitor, kept: Kept) -> None:
    url = visitor.start("/things")
    orders = [
        visitor.order(f"{url}/items/new", _item=secrets.token_urlsafe(16), value="a")
        for _ in range(2 * PROCESSES)
    ]
    halves = orders[:PROCESSES], orders[PROCESSES:]
    replies = [r for half in halves for (r,) in visitor.workers.at_once(half)]
    told = Counter(reply.status for reply in replies)
    assert told == {303: MAX_ITEMS, 409: 2 * PROCESSES - MAX_ITEMS}
    assert len(items_of(kept, url)) == MAX_ITEMS


@LISTS
def test_removal_against_a_late_post_keeps_what_was_sent(
    visitor: Visitor, kept: Kept
) -> None:
    url = visitor.start("/things")
    visitor.post(f"{url}/items/new", _item=secrets.token_urlsafe(16), value="a")
    (item,) = items_of(kept, url)
    orders = [
        visitor.order(f"{url}/items/{item}/remove", _action="remove"),
        *(visitor.order(f"{url}/items/{item}", value="late") for _ in range(7)),
    ]
    visitor.workers.at_once(orders)
    assert list(items_of(kept, url).values()) in ([], ["late"])


def test_drafts_begun_by_eight_processes_are_all_listed(visitor: Visitor) -> None:
    visitor.open("/club/new/you")
    nonces = [secrets.token_urlsafe(16) for _ in range(PROCESSES)]
    orders = [visitor.order("/club/new/you", _draft=n, value="x") for n in nonces]
    led_to = [reply.led_to for (reply,) in visitor.workers.at_once(orders)]
    begun = {url.rpartition("/")[0] for url in led_to}
    assert discard_links(visitor.get("/club/").text) == begun
    assert len(begun) == PROCESSES


# Commits


def test_eight_clicks_commit_once(
    visitor: Visitor, folder: Path, kept: Kept, often: Often
) -> None:
    submissions = []
    for _ in range(often.commits):
        url = visitor.start("/club")
        submissions.append(kept.draft(url).submission)
        clicks = [visitor.order(f"{url}/check")] * PROCESSES
        replies = visitor.workers.at_once(clicks)
        assert {reply.led_to for (reply,) in replies} == {f"{url}/receipt"}
    assert notes(folder, "commits") == [[name, "1"] for name in submissions]


def test_killed_commits_have_one_row_a_draft(
    visitor: Visitor, folder: Path, kept: Kept, often: Often
) -> None:
    chance = random.Random(16)
    url = visitor.start("/club")
    ((_, _, steps, _),) = visitor.workers.alone(
        {**visitor.order(f"{url}/check"), "dies_at": 0}
    )
    submissions = [kept.draft(url).submission]

    def is_enough() -> bool:
        """So many, and one of them after the application was called."""
        attempts = {attempt for _, attempt in notes(folder, "commits")}
        return len(submissions) > often.kills and "2" in attempts

    while not is_enough():
        assert len(submissions) < MOST_KILLS
        url = visitor.start("/club")
        submissions.append(kept.draft(url).submission)
        click = visitor.order(f"{url}/check")
        dies_at = chance.randrange(1, int(steps))
        (killed,) = visitor.workers.alone({**click, "dies_at": dies_at})
        assert killed.status in (-9, 0)
        had_ended = kept.draft(url).state == "committed"
        (reply,) = visitor.workers.alone({**click, "clock": LEASE + 1})
        assert reply.led_to == f"{url}/receipt"
        assert kept.draft(url).state == "committed"
        attempts = [
            n for name, n in notes(folder, "commits") if name == submissions[-1]
        ]
        assert attempts == ["1"] or not had_ended
    assert members(folder) == dict.fromkeys(submissions, "begun")


# Discards


def test_discard_against_late_posts_revives_nothing(
    visitor: Visitor, kept: Kept, often: Often
) -> None:
    urls = [visitor.start("/club") for _ in range(often.commits)]
    for url in urls:
        late = visitor.order(f"{url}/you", value="late", _action="save")
        discard = visitor.order(f"{url}/discard", _action="discard")
        replies = visitor.workers.at_once([late, discard, late, late])
        ends = {f"{url}/receipt", f"{url}/saved"}
        assert {reply.led_to for (reply,) in replies} <= ends
    left = {(draft.state, len(draft.entries)) for draft in map(kept.draft, urls)}
    assert left == {("discarded", 0)}


# Servers


class Server:
    """The application, served over HTTP by a process of its own."""

    def __init__(
        self,
        forks: Forks,
        folder: Path,
        engine: str,
        *,
        clock: float,
        **config: object,
    ) -> None:
        self._fork = forks.fork("serve", folder, engine, config, clock)
        self.port: int = self._fork.recv()
        self.cookie = ""
        self.token = ""

    def kill(self) -> None:
        self._fork.kill()

    def get(self, url: str) -> Reply:
        return self._ask("GET", url, "")

    def post(self, url: str, /, **values: str) -> Reply:
        sent = {"csrf_token": self.token, "_action": "next", **values}
        return self._ask("POST", url, urlencode(sent))

    def _ask(self, method: str, url: str, body: str) -> Reply:
        kind = "application/x-www-form-urlencoded"
        headers = {"Cookie": self.cookie, "Content-Type": kind}
        with closing(HTTPConnection("127.0.0.1", self.port)) as connection:
            connection.request(method, url, body, headers)
            got = connection.getresponse()
            cookie = (got.headers["Set-Cookie"] or "").partition(";")[0]
            location = got.headers["Location"]
            return Reply(got.status, location, got.read().decode(), cookie)

    def open(self, url: str) -> str:
        """Open the page of a new draft, and return its nonce."""
        page = self.get(f"{url}?_draft={secrets.token_urlsafe(16)}")
        self.cookie = page.cookie or self.cookie
        self.token = hidden(page.text, "csrf_token")
        return hidden(page.text, "_draft")

    def start(self) -> str:
        nonce = self.open("/club/new/you")
        led_to = self.post("/club/new/you", _draft=nonce, value="begun").led_to
        return led_to.rpartition("/")[0]

    def as_visitor_of(self, other: Server) -> None:
        self.cookie, self.token = other.cookie, other.token


Serve = Callable[..., Server]


@pytest.fixture
def serve(
    forks: Forks, tmp_path: Path, engine: str, urls: dict[str, str]
) -> Iterator[Serve]:
    """Return a function that starts a server; all of them share drafts and notes."""
    (tmp_path / "stores").write_text(json.dumps(urls))
    started: list[Server] = []

    def start(*, clock: float = 0, **config: object) -> Server:
        started.append(Server(forks, tmp_path, engine, clock=clock, **config))
        return started[-1]

    yield start
    for server in started:
        server.kill()


def twice_at_once(act: Callable[[], Reply]) -> list[Reply]:
    barrier = Barrier(2, timeout=PATIENCE)

    def once(_: int) -> Reply:
        barrier.wait()
        return act()

    with ThreadPoolExecutor(2) as threads:
        return list(threads.map(once, range(2)))


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


def test_killed_commit_is_being_sent_while_its_lease_runs(
    serve: Serve, tmp_path: Path
) -> None:
    doomed = serve(COMMITS="never")
    url = killed_in_commit(doomed, tmp_path)
    other = serve(WIZARD_COMMIT_WAIT=0, clock=LEASE - 30)
    other.as_visitor_of(doomed)
    assert other.get(f"{url}/check").led_to == f"{url}/receipt"
    assert "being sent" in other.get(f"{url}/receipt").text
    assert other.post(f"{url}/check").led_to == f"{url}/receipt"
    assert len(notes(tmp_path, "commits")) == 1


def test_killed_commit_is_attempted_again_after_its_lease(
    serve: Serve, tmp_path: Path
) -> None:
    doomed = serve(COMMITS="never")
    url = killed_in_commit(doomed, tmp_path)
    other = serve(clock=LEASE + 1)
    other.as_visitor_of(doomed)
    assert "begun" in other.get(f"{url}/check").text
    assert other.post(f"{url}/check").led_to == f"{url}/receipt"
    (first, one), (second, two) = notes(tmp_path, "commits")
    assert (first, one, two) == (second, "1", "2")
    assert first in other.get(f"{url}/receipt").text


def killed_in_commit(server: Server, folder: Path) -> str:
    url = server.start()
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(server.post, f"{url}/check")
        until(lambda: bool(notes(folder, "commits")))
        server.kill()
        with pytest.raises(OSError, match=r"."):
            click.result()
    return url


def test_double_click_on_a_new_draft_begins_one(serve: Serve) -> None:
    server = serve()
    for _ in range(20):
        nonce = server.open("/club/new/you")
        replies = twice_at_once(
            lambda n=nonce: server.post("/club/new/you", _draft=n, value="x")  # type: ignore[misc]
        )
        assert len({reply.led_to for reply in replies}) == 1
    assert len(discard_links(server.get("/club/").text)) == 20


def test_double_click_on_the_review_commits_once(serve: Serve, tmp_path: Path) -> None:
    server = serve()
    for _ in range(20):
        url = server.start()
        replies = twice_at_once(lambda u=url: server.post(f"{u}/check"))  # type: ignore[misc]
        assert {reply.led_to for reply in replies} == {f"{url}/receipt"}
    assert [attempt for _, attempt in notes(tmp_path, "commits")] == ["1"] * 20


def test_second_click_retries_a_commit_that_raises(
    serve: Serve, tmp_path: Path
) -> None:
    server = serve(COMMITS="badly_at_first")
    url = server.start()
    replies = twice_at_once(lambda: server.post(f"{url}/check"))
    assert sorted(reply.status for reply in replies) == [303, 500]
    (first, one), (second, two) = notes(tmp_path, "commits")
    assert (first, one, two) == (second, "1", "2")


def test_draft_is_whole_after_two_commits_that_raise(
    serve: Serve, engine: str, tmp_path: Path
) -> None:
    server = serve(COMMITS="badly")
    url = server.start()
    replies = twice_at_once(lambda: server.post(f"{url}/check"))
    assert [reply.status for reply in replies] == [500, 500]
    assert "begun" in server.get(f"{url}/check").text
