"""What the disk still has of a draft that has ended, for somebody who has the key."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from cachelib import FileSystemCache
from clock import DAY
from scripts import run_script
from sqlalchemy import create_engine, event
from sqlalchemy.orm import scoped_session, sessionmaker
from store_wrappers import PATIENCE, put
from time_machine import Traveller
from visitor import Visitor
from wizards import CANARY, Membership, begin, end, fill_in

from flask_wizard import StoreError, stores
from flask_wizard.drafts import keyring
from flask_wizard.stores import wal
from flask_wizard.stores.sql import SQLAlchemyStore
from flask_wizard.stores.sqlite import SQLiteStore

NAMES = [f"{CANARY} {number} " for number in range(3)]


@pytest.fixture(autouse=True)
def readable(monkeypatch: pytest.MonkeyPatch) -> None:
    """Store answers as they are, as somebody with the key reads them."""

    class NoCipher:
        def __init__(self, key: bytes) -> None: ...

        def encrypt(self, nonce: bytes, plain: bytes, context: bytes) -> bytes:
            return plain + b"." * keyring.TAG_SIZE

        def decrypt(self, nonce: bytes, data: bytes, context: bytes) -> bytes:
            return bytes(data[: -keyring.TAG_SIZE])

    monkeypatch.setattr(keyring, "AESGCM", NoCipher)


@pytest.fixture(autouse=True)
def little_secured(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let SQLite begin without secure_delete, as it does on most systems."""
    connect = sqlite3.connect

    def connected(*args: Any, **more: Any) -> sqlite3.Connection:
        database: sqlite3.Connection = connect(*args, **more)
        database.execute("PRAGMA secure_delete = OFF").close()
        return database

    monkeypatch.setattr(sqlite3, "connect", connected)
    monkeypatch.setattr(sqlite3.dbapi2, "connect", connected)


def remains(folder: Path) -> dict[str, int]:
    """How often CANARY stands in each file that has it.

    Another process reads them: closing a file here would drop the locks of SQLite.
    """
    command = ["grep", "--text", "--recursive", "--only-matching", "--no-messages"]
    done = subprocess.run([*command, CANARY, folder], stdout=subprocess.PIPE)
    lines = done.stdout.decode(errors="replace").splitlines()
    return Counter(line.partition(":")[0] for line in lines)


def given(kind: str, folder: Path) -> Any:
    path = folder / "drafts.sqlite3"
    if kind == "sqlite":
        return SQLiteStore(path)
    if kind == "files":
        return FileSystemCache(str(folder), threshold=0)
    engine = create_engine(f"sqlite:///{path}")
    if kind == "sqlalchemy, WAL":

        @event.listens_for(engine, "connect")
        def use_wal(database: Any, record: object) -> None:
            database.execute("PRAGMA journal_mode = WAL").close()

    store = SQLAlchemyStore(engine, session=scoped_session(sessionmaker(engine)))
    store.create_table()
    return store


@pytest.fixture(params=["sqlite", "files", "sqlalchemy, WAL", "sqlalchemy"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Any]:
    (tmp_path / "kept").mkdir()
    store = given(request.param, tmp_path / "kept")
    yield store
    if isinstance(store, SQLiteStore):
        store.close()
    elif isinstance(store, SQLAlchemyStore):
        store.engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kept"


only_sqlite = pytest.mark.parametrize("store", ["sqlite"], indirect=True)
with_log = pytest.mark.parametrize(
    "store", ["sqlite", "sqlalchemy, WAL"], indirect=True
)


@pytest.mark.requirement("S08")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_nothing_is_left_of_drafts_that_have_ended(
    make_app: MakeApp, store: Any, folder: Path, how: str
) -> None:
    visitor = Visitor(make_app(Membership, store=store))
    for name in NAMES:
        fill_in(visitor, name=name)
        story = {"home-street": name * 100, "story": name * 500}
        visitor.post(f"{visitor.draft}more", story)
        assert remains(folder)
        end(visitor, how)
    assert remains(folder) == {}


@pytest.mark.requirement("S08")
@pytest.mark.parametrize("store", ["sqlalchemy, WAL", "sqlalchemy"], indirect=True)
def test_nothing_is_left_after_one_transaction(
    make_app: MakeApp, store: Any, folder: Path
) -> None:
    class Joining(Membership):
        one_transaction = True

        def commit(self, submission: object) -> None: ...

    visitor = Visitor(make_app(Joining, store=store))
    fill_in(visitor, name=NAMES[0])
    end(visitor, "commit")
    assert remains(folder) == {}


def test_nothing_is_left_of_drafts_that_were_swept(
    make_app: MakeApp, store: Any, folder: Path, clock: Traveller
) -> None:
    app = make_app(Membership, store=store)
    visitor = Visitor(app)
    for name in NAMES:
        begin(visitor, name=name * 4)
    clock.shift(2 * DAY)
    assert app.extensions["flask_wizard"].store.sweep(time.time()) >= len(NAMES)
    assert remains(folder) == {}


def test_nothing_is_left_of_drafts_that_a_write_has_swept(
    make_app: MakeApp,
    store: Any,
    folder: Path,
    clock: Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = make_app(Membership, store=store)
    begin(Visitor(app), name=NAMES[0] * 4)
    clock.shift(2 * DAY)
    monkeypatch.setattr(stores, "WRITES_A_SWEEP", 1)
    inner = app.extensions["flask_wizard"].store
    for number in range(300):  # files are swept a folder at a time
        put(inner, f"key{number}")
        if not remains(folder):
            break
    assert remains(folder) == {}


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Read from the database in one long transaction, as a backup does."""
    with closing(sqlite3.connect(path, isolation_level=None)) as reader:
        reader.execute("BEGIN")
        reader.execute("SELECT * FROM wizard_drafts").fetchall()
        yield


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.02)
    assert is_so()


@with_log
def test_log_is_truncated_when_its_last_reader_has_finished(
    make_app: MakeApp, store: Any, folder: Path
) -> None:
    visitor = Visitor(make_app(Membership, store=store))
    begin(visitor, name=NAMES[0])
    with reading(folder / "drafts.sqlite3"):
        assert end(visitor, "discard").status_code == 303
        begin(visitor, name=NAMES[1])
        assert end(visitor, "discard").status_code == 303
        assert remains(folder)
        threads = [t for t in threading.enumerate() if t.name == wal.__name__]
        assert len(threads) == 1
    wait_until(lambda: remains(folder) == {})
    threads[0].join(PATIENCE)
    assert not threads[0].is_alive()


def test_log_is_truncated_at_most_a_second_after_its_reader() -> None:
    assert wal.RETRY_EVERY + wal.PATIENCE / 1000 < 1


@only_sqlite
def test_repetition_ends_with_an_error(
    make_app: MakeApp, store: Any, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = Visitor(make_app(Membership, store=store))
    begin(visitor, name=NAMES[0])
    with reading(folder / "drafts.sqlite3"):
        end(visitor, "discard")
        (thread,) = (t for t in threading.enumerate() if t.name == wal.__name__)
        (folder / "drafts.sqlite3").unlink()
    thread.join(PATIENCE)
    assert not thread.is_alive()
    assert "Old values stay in the log" in caplog.text


@with_log
def test_draft_ends_although_its_remains_cannot_be_erased(
    make_app: MakeApp,
    store: Any,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    visitor = Visitor(make_app(Membership, store=store))
    begin(visitor)

    def fail(name: object, act: object) -> None:
        raise StoreError("disk I/O error")

    monkeypatch.setattr("flask_wizard.stores.sqlite.repeat_until_done", fail)
    monkeypatch.setattr("flask_wizard.stores.sql.repeat_until_done", fail)
    assert end(visitor, "discard").location == f"{visitor.draft}receipt"
    assert "may still have the answers" in caplog.text


@only_sqlite
def test_log_of_a_killed_process_is_truncated_at_the_next_start(
    make_app: MakeApp, store: Any, folder: Path
) -> None:
    run_script(
        """
        import os, sys, time
        from flask_wizard.stores.sqlite import SQLiteStore

        store, name = SQLiteStore(sys.argv[1]), sys.argv[2].encode()
        store.create("key", name * 100, b"1", 60)
        store.replace("key", b"ended", b"2", b"1", 60)
        os._exit(9)
        """,
        folder / "drafts.sqlite3",
        NAMES[0],
        ends=9,
    )
    assert remains(folder)
    assert store.load("key") == (b"ended", b"2")
    assert remains(folder) == {}


@only_sqlite
def test_free_pages_have_nothing_of_large_drafts(
    make_app: MakeApp, store: Any, folder: Path
) -> None:
    visitor = Visitor(make_app(Membership, store=store, WIZARD_COMPRESS_ABOVE=10**6))
    begin(visitor)
    visitor.post(f"{visitor.draft}more", {"story": CANARY * 5000})
    end(visitor, "discard")
    with closing(sqlite3.connect(folder / "drafts.sqlite3")) as database:
        assert database.execute("PRAGMA freelist_count").fetchone()[0] > 10
    assert remains(folder) == {}


@pytest.mark.parametrize("store", ["files"], indirect=True)
def test_file_of_a_killed_writer_goes_with_the_end(
    make_app: MakeApp, store: Any, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException): ...

    visitor = Visitor(make_app(Membership, store=store))
    begin(visitor, name=NAMES[0])
    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", _raise(Killed))
        patch.setattr(os, "unlink", lambda path: None)
        with pytest.raises(Killed):
            visitor.post(f"{visitor.draft}more", {"story": NAMES[1]})
    assert len(remains(folder)) == 2
    end(visitor, "discard")
    assert remains(folder) == {}


def _raise(error: type[BaseException]) -> Callable[..., None]:
    def fail(*arguments: object) -> None:
        raise error

    return fail
