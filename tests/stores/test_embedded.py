"""The stores that come with the package: the contract, and what is theirs alone."""

from __future__ import annotations

import fcntl
import os
import pickle
import random
import resource
import signal
import sqlite3
import stat
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import closing, contextmanager
from functools import partial
from hashlib import md5
from itertools import islice
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest
from cachelib import BaseCache, FileSystemCache, NullCache, SimpleCache
from scripts import run_script
from sqlalchemy import create_engine
from store_wrappers import put

from flask_wizard import stores
from flask_wizard.drafts.keyring import Keyring, Kind
from flask_wizard.errors import (
    ConfigurationError,
    DefinitionError,
    StoreError,
    UnreadableDraftError,
)
from flask_wizard.stores import (
    CheckedStore,
    DraftStore,
    SweptStore,
    files,
    memory,
    new_version,
    path_of,
    sqlite,
    sweep_now_and_then,
)
from flask_wizard.stores.files import FileStore
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.stores.registry import open_store
from flask_wizard.stores.sql import SQLAlchemyStore
from flask_wizard.stores.sqlite import SQLiteStore
from flask_wizard.testing.store_contract import (
    Full,
    FullContract,
    ListingStoreContract,
    OutageContract,
    Reopen,
    SharedStoreContract,
    StoreContract,
    SweptStoreContract,
)

TTL = 60


@pytest.fixture
def full() -> Full:
    """Give a block in which no file of this process may grow beyond 100 KB."""

    @contextmanager
    def full() -> Iterator[None]:
        soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
        yield
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))

    return full


class TestSQLiteStore(
    SharedStoreContract,
    SweptStoreContract,
    ListingStoreContract,
    OutageContract,
    FullContract,
):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(SQLiteStore, tmp_path / "drafts.sqlite")

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[SQLiteStore]:
        store = SQLiteStore(tmp_path / "drafts.sqlite")
        yield store
        store.close()

    @pytest.fixture
    def broken_store(self, tmp_path: Path) -> SQLiteStore:
        (tmp_path / "drafts.sqlite").write_bytes(b"This is no database." * 1000)
        return SQLiteStore(tmp_path / "drafts.sqlite")


class TestFileStore(
    SharedStoreContract,
    SweptStoreContract,
    ListingStoreContract,
    OutageContract,
    FullContract,
):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, tmp_path: Path) -> Reopen:
        return partial(open_store, FileSystemCache(str(tmp_path)), tmp_path)

    @pytest.fixture
    def store(self, tmp_path: Path) -> FileStore:
        return FileStore(FileSystemCache(str(tmp_path)))

    @pytest.fixture
    def broken_store(self, tmp_path: Path) -> FileStore:
        store = FileStore(FileSystemCache(str(tmp_path / "cache")))
        (tmp_path / "cache").rename(tmp_path / "elsewhere")
        return store


class TestMemoryStore(StoreContract, SweptStoreContract, ListingStoreContract):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def cache(self) -> SimpleCache:
        return SimpleCache()

    @pytest.fixture
    def reopen(self, cache: SimpleCache, tmp_path: Path) -> Reopen:
        return partial(open_store, cache, tmp_path)

    @pytest.fixture
    def store(self, cache: SimpleCache) -> MemoryStore:
        return MemoryStore(cache)


@pytest.fixture(params=["sqlite", "files", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SweptStore:
    builders: dict[str, Callable[[], SweptStore]] = {
        "sqlite": lambda: SQLiteStore(tmp_path / "drafts.sqlite"),
        "files": lambda: FileStore(FileSystemCache(str(tmp_path))),
        "memory": lambda: MemoryStore(SimpleCache()),
    }
    return builders[request.param]()


@pytest.fixture
def sqlite_store(tmp_path: Path) -> Iterator[SQLiteStore]:
    store = SQLiteStore(tmp_path / "drafts.sqlite")
    yield store
    store.close()


@pytest.fixture
def host(tmp_path: Path) -> FileSystemCache:
    return FileSystemCache(str(tmp_path / "cache"))


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may reach, which cannot be said of ``tmp_path``."""
    with tempfile.TemporaryDirectory() as name:
        os.chmod(name, 0o777)
        yield Path(name)


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)


def open_script(tail: str) -> str:
    """A script that begins with ``store``, of the kind and path in its arguments."""
    head = """
    import os, sys
    from cachelib import FileSystemCache
    from flask_wizard import stores
    from flask_wizard.errors import StoreError
    from flask_wizard.stores import new_version
    from flask_wizard.stores.files import FileStore
    from flask_wizard.stores.sqlite import SQLiteStore

    stores.WRITES_A_SWEEP = sys.maxsize  # no sweep by chance
    path = sys.argv[2]
    kinds = {
        "sqlite": lambda: SQLiteStore(path + "/drafts.sqlite"),
        "files": lambda: FileStore(FileSystemCache(path)),
    }
    store = kinds[sys.argv[1]]()
    """
    return dedent(head) + dedent(tail)


on_disk = pytest.mark.parametrize("kind", ["sqlite", "files"])


def reopened(kind: str, path: Path) -> DraftStore:
    if kind == "sqlite":
        return SQLiteStore(path / "drafts.sqlite")
    return FileStore(FileSystemCache(str(path)))


def test_no_store_means_sqlite(tmp_path: Path) -> None:
    store = open_store(None, tmp_path / "new" / "drafts.sqlite")
    put(store, "key")
    assert (tmp_path / "new" / "drafts.sqlite").exists()
    assert isinstance(store, SQLiteStore)


def test_store_is_taken_as_it_is(tmp_path: Path) -> None:
    class Own:
        def load(self, key: str) -> tuple[bytes, bytes] | None:
            return None

        def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
            return True

        def replace(
            self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
        ) -> bool:
            return True

    own = Own()
    assert open_store(own, tmp_path / "unused") is own


def test_file_cache_means_a_file_store(host: FileSystemCache, tmp_path: Path) -> None:
    assert isinstance(open_store(host, tmp_path / "unused"), FileStore)


def test_simple_cache_means_a_memory_store(tmp_path: Path) -> None:
    assert isinstance(open_store(SimpleCache(), tmp_path / "unused"), MemoryStore)


def test_subclass_of_a_cache_will_do(tmp_path: Path) -> None:
    class OwnCache(SimpleCache):
        pass

    assert isinstance(open_store(OwnCache(), tmp_path / "unused"), MemoryStore)


class Halfway:
    def load(self, key: str) -> None:
        """Not enough for a store."""


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (NullCache(), "a cachelib.base.NullCache"),
        (BaseCache(), "a cachelib.base.BaseCache"),
        (7, "a builtins.int"),
        ({}, "a builtins.dict"),
        (Halfway(), "Halfway"),
        (SQLiteStore, "the class flask_wizard.stores.sqlite.SQLiteStore"),
        (SimpleCache, "the class cachelib.simple.SimpleCache"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_anything_else_is_refused(given: object, name: str, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError) as raised:
        open_store(given, tmp_path / "unused")
    assert f"{name}. Accepted are" in str(raised.value)
    assert "DraftStore" in str(raised.value)
    assert "FileSystemCache, MemcachedCache, " in str(raised.value)


def test_versions_are_twelve_random_bytes() -> None:
    versions = {new_version() for _ in range(10_000)}
    assert len(versions) == 10_000
    assert {len(version) for version in versions} == {stores.VERSION_SIZE} == {12}


@pytest.mark.usefixtures("sweep_at_each_write")
def test_create_sweeps(store: SweptStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "old")
    pass_time(monkeypatch, TTL + 1)
    put(store, "new")
    assert store.sweep(time.time()) == 0


@pytest.mark.usefixtures("sweep_at_each_write")
def test_replace_sweeps(store: SweptStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "key", ttl=TTL)
    pass_time(monkeypatch, TTL + 1)
    store.replace("key", b"", new_version(), new_version(), TTL)
    assert store.sweep(time.time()) == 0


@pytest.mark.usefixtures("sweep_at_each_write")
@pytest.mark.parametrize("engine", [sqlite, memory])
def test_write_sweeps_only_so_many(
    engine: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cases: dict[object, SweptStore] = {
        sqlite: SQLiteStore(tmp_path / "drafts.sqlite"),
        memory: MemoryStore(SimpleCache()),
    }
    store = cases[engine]
    for number in range(25):
        put(store, f"old{number}")
    monkeypatch.setattr(engine, "SWEPT_AT_ONCE", 10)
    pass_time(monkeypatch, TTL + 1)
    put(store, "new")
    assert store.sweep(time.time()) == 15


@pytest.mark.usefixtures("sweep_at_each_write")
def test_write_sweeps_one_folder(
    host: FileSystemCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(host)
    for number in range(100):
        put(store, f"old{number}")
    pass_time(monkeypatch, TTL + 1)
    put(store, "new")
    assert 80 < store.sweep(time.time()) < 100


@pytest.mark.usefixtures("sweep_at_each_write")
def test_memory_behind_living_values_is_swept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "SWEPT_AT_ONCE", 10)
    store = MemoryStore(SimpleCache())
    version = put(store, "living", ttl=3600)
    for number in range(9):
        put(store, f"living{number}", ttl=3600)
    put(store, "old")
    pass_time(monkeypatch, TTL + 1)
    for _ in range(2):
        store.replace("absent", b"", new_version(), new_version(), TTL)
    assert store.sweep(time.time()) == 0
    assert store.load("living") == (b"blob", version)


@pytest.mark.usefixtures("sweep_by_chance")
def test_sweep_runs_once_in_many_writes() -> None:
    swept: list[None] = []
    for _ in range(256 * 40):
        sweep_now_and_then(lambda: swept.append(None))
    assert 10 < len(swept) < 100


@pytest.mark.usefixtures("sweep_by_chance")
def test_sweep_runs_once_in_256_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    swept: list[float] = []
    for chance in (0.999 / 256, 1 / 256):
        monkeypatch.setattr(random, "random", lambda chance=chance: chance)
        sweep_now_and_then(partial(swept.append, chance))
    assert swept == [0.999 / 256]


def test_value_is_absent_when_its_lifetime_ends(
    store: SweptStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    now = float(int(time.time()))
    monkeypatch.setattr(time, "time", lambda: now)
    put(store, "key")
    monkeypatch.setattr(time, "time", lambda: now + TTL)
    assert store.load("key") is None
    assert store.sweep(now + TTL) == 1


def test_sweep_reports_how_many_are_removed(store: SweptStore) -> None:
    for number in range(3):
        put(store, str(number))
    reports: list[int] = []
    assert store.sweep(time.time() + TTL + 1, reports.append) == 3
    assert reports[-1] == 3
    assert reports == sorted(reports)


def test_url_without_a_path_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="names no path"):
        path_of("file://", tmp_path)


@pytest.mark.usefixtures("sweep_at_each_write")
def test_failed_sweep_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    def sweep() -> None:
        raise StoreError("The engine is down.")

    sweep_now_and_then(sweep)
    assert "The engine is down." in caplog.text


class Bomb:
    """Unpickling it makes a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple[object, tuple[str, int]]:
        return os.open, (str(self.path), os.O_CREAT)


@pytest.fixture
def exploded(tmp_path: Path) -> Path:
    return tmp_path / "exploded"


def test_bomb_explodes(exploded: Path) -> None:
    os.close(pickle.loads(pickle.dumps(Bomb(exploded))))
    assert exploded.exists()


def test_pickle_in_sqlite_does_not_run(
    sqlite_store: SQLiteStore, tmp_path: Path, exploded: Path
) -> None:
    put(sqlite_store, "key")
    planted = pickle.dumps(Bomb(exploded))
    with sqlite3.connect(tmp_path / "drafts.sqlite") as database:
        database.execute("UPDATE wizard_drafts SET blob = ?", (planted,))
    database.close()
    loaded = sqlite_store.load("key")
    assert loaded is not None
    with pytest.raises(UnreadableDraftError):
        Keyring(["secret"]).decrypt(loaded[0], b"key", [Kind.DRAFT])
    assert not exploded.exists()


@pytest.mark.parametrize("column", ["blob", "version"])
def test_text_in_sqlite_is_damage(
    column: str, sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    put(sqlite_store, "key")
    with sqlite3.connect(tmp_path / "drafts.sqlite") as database:
        database.execute(f"UPDATE wizard_drafts SET {column} = 'text'")
    database.close()
    with pytest.raises(StoreError, match="damaged"):
        sqlite_store.load("key")
    assert list(sqlite_store.entries()) == [("key", b"", b"")]


def test_pickle_in_the_files_does_not_run(
    host: FileSystemCache, exploded: Path
) -> None:
    store = FileStore(host)
    put(store, "key")
    (path,) = draft_files(host)
    planted = path.read_bytes()[:4] + pickle.dumps(Bomb(exploded))
    path.write_bytes(planted)
    with pytest.raises(StoreError, match="damaged"):
        store.load("key")
    with pytest.raises(StoreError, match="damaged"):
        store.create("key", b"blob", new_version(), TTL)
    assert path.read_bytes() == planted
    assert not exploded.exists()


def test_pickle_in_the_host_folder_is_not_read(
    host: FileSystemCache, exploded: Path
) -> None:
    host.set("key", Bomb(exploded))
    assert FileStore(host).load("key") is None
    assert not exploded.exists()


def test_pickle_in_the_host_memory_is_not_read(exploded: Path) -> None:
    cache = SimpleCache()
    cache.set("key", Bomb(exploded))
    assert MemoryStore(cache).load("key") is None
    assert not exploded.exists()


def test_pickle_in_memory_does_not_run(exploded: Path) -> None:
    store = MemoryStore(SimpleCache())
    store._values.set("key", pickle.dumps(Bomb(exploded)), timeout=0)
    with pytest.raises(UnreadableDraftError):
        store.load("key")
    assert not exploded.exists()


def test_damaged_file_is_never_half_read(host: FileSystemCache) -> None:
    store, keyring = FileStore(host), Keyring(["secret"])
    put(store, "key", keyring.encrypt(b"answers", b"key", Kind.DRAFT))
    (path,) = draft_files(host)
    whole = path.read_bytes()
    version = 4 + 1 + len("key") + 5  # behind the expiry, the key and a mark
    head = version + 12

    def read() -> bytes | None:
        loaded = store.load("key")
        return loaded and keyring.decrypt(loaded[0], b"key", [Kind.DRAFT])

    for position in range(len(whole)):
        path.write_bytes(whole[:position])
        with pytest.raises(StoreError):
            store.load("key") if position < head else read()
        flipped = bytearray(whole)
        flipped[position] ^= 0x55
        path.write_bytes(flipped)
        try:
            assert read() in (None, b"answers")  # expiry or version were hit
            assert position < 4 or version <= position < head
        except StoreError:
            assert path.read_bytes() == flipped


def test_damaged_file_is_kept_by_a_sweep(host: FileSystemCache) -> None:
    store = FileStore(host)
    put(store, "key")
    (path,) = draft_files(host)
    path.write_bytes(b"\x01")
    assert store.sweep(time.time() + TTL + 1) == 0
    assert path.read_bytes() == b"\x01"


@pytest.mark.parametrize("behind_key", [b"", b"fwz", b"fwz1\x05abc", b"garbage"])
def test_damaged_file_is_listed_under_its_key(
    behind_key: bytes, host: FileSystemCache
) -> None:
    store = FileStore(host)
    put(store, "key")
    (path,) = draft_files(host)
    head = path.read_bytes()[: 4 + 1 + len("key")]
    path.write_bytes(head + behind_key)
    assert list(store.entries()) == [("key", b"", b"")]


@pytest.mark.parametrize(
    "content",
    [b"", b"\xff" * 3, *(b"\xff" * 4 + key for key in (b"", b"\x03ke", b"\x01\xff"))],
)
def test_damaged_file_without_a_key_is_listed_under_its_name(
    content: bytes, host: FileSystemCache
) -> None:
    store = FileStore(host)
    put(store, "key")
    (path,) = draft_files(host)
    path.write_bytes(content)
    assert list(store.entries()) == [(path.name, b"", b"")]


def test_half_written_file_is_not_listed(host: FileSystemCache) -> None:
    store = FileStore(host)
    version = put(store, "key")
    (path,) = draft_files(host)
    path.with_name(f"{path.name}.__wz_cache").write_bytes(path.read_bytes()[:-1])
    assert list(store.entries()) == [("key", b"blob", version)]


@pytest.fixture
def half_listed(host: FileSystemCache) -> Iterator[tuple[str, bytes, bytes]]:
    """The second of two values in one folder, while they are listed."""
    store = FileStore(host)
    folder = store._files.stripe("0")
    same = (str(n) for n in range(10_000) if store._files.stripe(str(n)) == folder)
    for _ in range(2):
        put(store, next(same))
    entries = store.entries()
    next(entries)
    return entries


def test_file_that_goes_while_values_are_listed_is_passed_over(
    host: FileSystemCache, half_listed: Iterator[tuple[str, bytes, bytes]]
) -> None:
    for path in draft_files(host):
        path.unlink()
    assert list(half_listed) == []


def test_file_that_expires_while_values_are_listed_is_passed_over(
    half_listed: Iterator[tuple[str, bytes, bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    pass_time(monkeypatch, TTL + 1)
    assert list(half_listed) == []


def test_folder_that_goes_while_values_are_listed_is_an_outage(
    host: FileSystemCache, half_listed: Iterator[tuple[str, bytes, bytes]]
) -> None:
    Path(host._path).rename(f"{host._path} elsewhere")
    with pytest.raises(StoreError):
        list(half_listed)


@pytest.mark.parametrize("listed", [0, 1])
def test_folder_that_goes_before_more_values_are_listed_is_an_outage(
    listed: int, host: FileSystemCache
) -> None:
    store = FileStore(host)
    for key in ("first", "second"):
        put(store, key)
    assert len({path.parent for path in draft_files(host)}) == 2
    entries = store.entries()
    assert len(list(islice(entries, listed))) == listed
    Path(host._path).rename(f"{host._path} elsewhere")
    with pytest.raises(StoreError):
        list(entries)


def test_file_without_a_value_is_one(host: FileSystemCache) -> None:
    store = FileStore(host)
    assert store.create("key", b"", b"", TTL)
    assert store.load("key") == (b"", b"")


@pytest.mark.usefixtures("sweep_at_each_write")
def test_folder_that_cannot_be_swept_does_not_stop_a_write(
    host: FileSystemCache, caplog: pytest.LogCaptureFixture
) -> None:
    store = FileStore(host)
    Path(host._path, "flask_wizard.__wz_cache", "file").write_bytes(b"no folder")
    version = put(store, "key")
    assert store.load("key") == (b"blob", version)
    assert "could not be removed" in caplog.text


def test_sweep_of_files_waits_for_writers(
    host: FileSystemCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOCK_TIMEOUT", 0.05)
    store = FileStore(host)
    put(store, "key")
    (path,) = draft_files(host)
    with open(path.parent / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="lock"):
            store.sweep(time.time() + TTL + 1)
    assert path.exists()


def test_cut_database_is_never_half_read(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "drafts.sqlite")
    kept = {f"key{number}": os.urandom(5000) for number in range(50)}
    versions = {key: put(store, key, blob) for key, blob in kept.items()}
    store.close()
    os.truncate(tmp_path / "drafts.sqlite", 30 * 4096)
    lost = []
    for key, blob in kept.items():
        try:
            assert store.load(key) == (blob, versions[key])
        except StoreError:
            lost.append(key)
    store.close()
    assert lost


def make_undecodable(path: Path) -> None:
    """Damage the file so that SQLite's message about it is no UTF-8."""
    whole = path.read_bytes()
    assert whole.count(b"CREATE TABLE") == 1
    path.write_bytes(whole.replace(b"CREATE TABLE", b"CREATE " + b"\xff" * 5))


def test_damage_that_makes_an_undecodable_message_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite"
    store = SQLiteStore(path)
    put(store, "key")
    store.close()
    make_undecodable(path)
    for call in (lambda: store.load("key"), lambda: put(store, "key")):
        with pytest.raises(StoreError):
            call()


def test_damage_to_a_database_of_sqlalchemy_is_an_outage(tmp_path: Path) -> None:
    path = tmp_path / "drafts.sqlite"
    engine = create_engine(f"sqlite:///{path}")
    store = SQLAlchemyStore(engine)
    store.create_table()
    put(store, "key")
    engine.dispose()
    make_undecodable(path)
    with pytest.raises(StoreError):
        store.load("key")
    engine.dispose()


BECOME_NOBODY = """
if os.geteuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
"""
AS_NOBODY = (
    BECOME_NOBODY
    + """
calls = {
    "load": lambda: store.load("key"),
    "create": lambda: store.create("new", b"", new_version(), 60),
    "replace": lambda: store.replace("key", b"", new_version(), new_version(), 60),
    "sweep": lambda: store.sweep(0),
}
for name, call in calls.items():
    try:
        print(name, call())
    except StoreError as error:
        assert error.__cause__ is not None
        print(name, "StoreError")
"""
)


@on_disk
def test_unreadable_folder_is_an_outage(kind: str, open_folder: Path) -> None:
    folder = open_folder / "private"
    folder.mkdir()
    put(reopened(kind, folder), "key")
    forbid = f"os.chmod({str(folder)!r}, 0)\n"
    lines = run_script(open_script(forbid + AS_NOBODY), kind, folder).splitlines()
    folder.chmod(0o700)
    assert [line.split()[-1] for line in lines] == ["StoreError"] * 4


@on_disk
def test_unreadable_value_is_an_outage(kind: str, open_folder: Path) -> None:
    put(reopened(kind, open_folder), "key")
    for path in open_folder.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0)
    lines = run_script(open_script(AS_NOBODY), kind, open_folder).splitlines()
    assert lines[0] == "load StoreError"


@on_disk
def test_unwritable_folder_is_an_outage(kind: str, open_folder: Path) -> None:
    put(reopened(kind, open_folder), "key")
    for path in [open_folder, *open_folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    lines = run_script(open_script(AS_NOBODY), kind, open_folder).splitlines()
    open_folder.chmod(0o755)
    assert lines[1] == "create StoreError"


@on_disk
def test_unwritable_folder_is_warned_of(kind: str, open_folder: Path) -> None:
    store = reopened(kind, open_folder)
    put(store, "key")
    assert isinstance(store, CheckedStore)
    assert list(store.warnings()) == []
    for path in [open_folder, *open_folder.rglob("*")]:
        path.chmod(0o555 if path.is_dir() else 0o444)
    script = open_script(BECOME_NOBODY + "print(*store.warnings())")
    told = run_script(script, kind, open_folder)
    open_folder.chmod(0o755)
    assert told.startswith("Drafts are stored in ")
    assert str(open_folder) in told


@pytest.mark.parametrize("place", ["file/drafts.sqlite", "file/more/drafts.sqlite"])
def test_place_where_no_folder_can_be_made_is_warned_of(
    tmp_path: Path, place: str
) -> None:
    (tmp_path / "file").write_bytes(b"")
    (told,) = SQLiteStore(tmp_path / place).warnings()
    assert f"cannot write to {tmp_path / 'file'}:" in told
    assert list(SQLiteStore(tmp_path / "new" / place).warnings()) == []


def test_file_in_the_place_of_the_folder_is_an_outage(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    store = SQLiteStore(tmp_path / "file" / "drafts.sqlite")
    with pytest.raises(StoreError):
        store.create("key", b"blob", new_version(), TTL)


def test_folder_in_the_place_of_the_file_is_an_outage(tmp_path: Path) -> None:
    with pytest.raises(StoreError):
        SQLiteStore(tmp_path).load("key")


@on_disk
def test_full_disk_loses_nothing(kind: str, tmp_path: Path) -> None:
    script = """
    import resource

    before = new_version()
    assert store.create("old", b"old", before, 60)
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, hard))
    for write in (
        lambda: store.create("new", os.urandom(200_000), new_version(), 60),
        lambda: store.replace("old", os.urandom(200_000), new_version(), before, 60),
    ):
        try:
            write()
        except StoreError as error:
            assert error.__cause__ is not None
        else:
            raise SystemExit("The disk was not full.")
    assert store.load("new") is None
    assert store.load("old") == (b"old", before)
    print(*(name for _, _, names in os.walk(path) for name in names))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert store.replace("old", os.urandom(200_000), new_version(), before, 60)
    """
    names = run_script(open_script(script), kind, tmp_path)
    assert "__wz_cache" not in names  # cachelib's temporary files


@on_disk
def test_written_value_survives_a_killed_process(kind: str, tmp_path: Path) -> None:
    script = """
    import signal

    assert store.create("key", b"blob", b"v" * 12, 60)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    run_script(open_script(script), kind, tmp_path, ends=-signal.SIGKILL)
    assert reopened(kind, tmp_path).load("key") == (b"blob", b"v" * 12)


def test_sqlite_locked_for_long_is_an_outage(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    store = SQLiteStore(tmp_path / "drafts.sqlite")
    version = put(store, "key")
    other = sqlite3.connect(tmp_path / "drafts.sqlite", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"):
        store.replace("key", b"", new_version(), version, TTL)
    assert store.load("key") == (b"blob", version)
    other.close()
    assert store.replace("key", b"", new_version(), version, TTL)
    store.close()


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """Somebody who reads the file before it has its write-ahead log."""
    reader = sqlite3.connect(tmp_path / "drafts.sqlite", isolation_level=None)
    reader.execute("CREATE TABLE other (it)")
    reader.execute("BEGIN")
    reader.execute("SELECT * FROM other").fetchall()
    yield reader
    reader.close()


@pytest.mark.usefixtures("reader")
def test_first_use_of_sqlite_does_not_wait_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.05)
    with pytest.raises(StoreError, match="locked"):
        SQLiteStore(tmp_path / "drafts.sqlite").load("key")


def test_first_use_of_sqlite_tries_again_where_sqlite_itself_does_not_wait(
    tmp_path: Path, reader: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "sleep", lambda seconds: reader.rollback())
    path = tmp_path / "drafts.sqlite"
    with closing(sqlite3.connect(path, timeout=0)) as database:
        sqlite._use_wal(database)
        assert database.execute("PRAGMA journal_mode").fetchall() == [("wal",)]


def test_first_use_of_sqlite_does_not_try_again_where_waiting_does_not_help(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with closing(sqlite3.connect(tmp_path / "drafts.sqlite")) as database:
        database.execute("CREATE TABLE other (it)")
    monkeypatch.delattr(time, "sleep")
    url = f"file:{tmp_path}/drafts.sqlite?mode=ro"
    with (
        closing(sqlite3.connect(url, uri=True)) as database,
        pytest.raises(sqlite3.OperationalError, match="readonly"),
    ):
        sqlite._use_wal(database)


def test_sqlite_connection_has_its_settings(
    sqlite_store: SQLiteStore,
) -> None:
    settings = ("journal_mode", "busy_timeout", "synchronous", "secure_delete")
    found = [sqlite_store._run(f"PRAGMA {name}").rows for name in settings]
    normal = 1
    assert found == [[("wal",)], [(5000,)], [(normal,)], [(True,)]]


def test_sqlite_writes_one_page_for_a_draft_of_6_kb(sqlite_store: SQLiteStore) -> None:
    version = put(sqlite_store, "key", os.urandom(6000))
    sqlite_store.erase_remains()
    assert sqlite_store.replace("key", os.urandom(6000), b"new", version, TTL)
    ((_, written, _),) = sqlite_store._run("PRAGMA wal_checkpoint(PASSIVE)").rows
    assert written == 1


def test_sqlite_goes_on_with_a_file_of_other_pages(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "drafts.sqlite")) as database:
        database.execute("PRAGMA page_size = 4096")
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SCHEMA_BEFORE_DUE)
    store = SQLiteStore(tmp_path / "drafts.sqlite")
    blob = os.urandom(6000)
    version = put(store, "key", blob)
    assert store._run("PRAGMA page_size").rows == [(4096,)]
    assert store.load("key") == (blob, version)


SCHEMA_BEFORE_DUE = """
CREATE TABLE wizard_drafts (
    key TEXT PRIMARY KEY,
    version BLOB NOT NULL,
    expires REAL NOT NULL,
    blob BLOB NOT NULL
);
CREATE INDEX wizard_drafts_expires ON wizard_drafts (expires);
"""


@pytest.fixture
def older_file(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    """A file of SQLite whose values do not say when they are due."""
    with closing(
        sqlite3.connect(tmp_path / "drafts.sqlite", isolation_level=None)
    ) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.executescript(SCHEMA_BEFORE_DUE)
        yield database


def insert_before_due(database: sqlite3.Connection, key: str, expires: float) -> None:
    database.execute(
        "INSERT INTO wizard_drafts (key, version, expires, blob) VALUES (?, ?, ?, ?)",
        (key, b"1", expires, b"old"),
    )


def indexes(database: sqlite3.Connection) -> list[tuple[str]]:
    named = "SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL"
    return database.execute(named).fetchall()


def test_values_of_an_older_file_are_swept_when_they_expire(
    older_file: sqlite3.Connection, tmp_path: Path
) -> None:
    now = time.time()
    insert_before_due(older_file, "living", now + TTL)
    insert_before_due(older_file, "expired", now - 1)
    store = SQLiteStore(tmp_path / "drafts.sqlite")
    assert store.load("living") == (b"old", b"1")
    assert store.load("expired") is None
    assert store.sweep(time.time()) == 1
    assert store.replace("living", b"new", b"2", b"1", TTL)
    assert store.load("living") == (b"new", b"2")
    assert store.sweep(now + 3 * TTL) == 1
    assert indexes(older_file) == [("wizard_drafts_due",)]


def test_release_before_due_shares_the_file(
    older_file: sqlite3.Connection, tmp_path: Path
) -> None:
    store = SQLiteStore(tmp_path / "drafts.sqlite")
    put(store, "new", ttl=TTL)
    older_file.executescript(
        SCHEMA_BEFORE_DUE.replace("TABLE", "TABLE IF NOT EXISTS").replace(
            "INDEX", "INDEX IF NOT EXISTS"
        )
    )
    insert_before_due(older_file, "old", time.time() + TTL)
    assert store.load("old") == (b"old", b"1")
    assert store.sweep(time.time()) == 0
    assert store.sweep(time.time() + TTL + 1) == 2


def test_threads_open_an_older_file_at_once(
    older_file: sqlite3.Connection, tmp_path: Path
) -> None:
    insert_before_due(older_file, "key", time.time() + TTL)
    stores = [SQLiteStore(tmp_path / "drafts.sqlite") for _ in range(8)]
    meet = threading.Barrier(len(stores))

    def load(store: SQLiteStore) -> object:
        meet.wait()
        return store.load("key")

    with ThreadPoolExecutor(len(stores)) as threads:
        assert [*threads.map(load, stores)] == [(b"old", b"1")] * len(stores)


def test_save_does_not_move_what_is_due(sqlite_store: SQLiteStore) -> None:
    def due() -> float:
        ((found,),) = sqlite_store._run("SELECT due FROM wizard_drafts").rows
        return float(found)

    version = put(sqlite_store, "key", ttl=TTL)
    first = due()
    assert sqlite_store.replace("key", b"later", b"2", version, 2 * TTL)
    assert due() == first
    assert sqlite_store.sweep(first) == 0  # it is due, and lives: it is put off
    assert due() > first
    columns = sqlite_store._run("SELECT due, expires FROM wizard_drafts").rows
    assert [due for due, expires in columns if due == expires] == [due()]
    assert sqlite_store.load("key") == (b"later", b"2")
    assert sqlite_store.sweep(first + TTL + 60) == 1


def test_sweep_passes_over_any_number_of_living_values(
    sqlite_store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sqlite, "SWEPT_AT_ONCE", 2)
    monkeypatch.setattr(sqlite, "POSTPONED_AT_ONCE", 1)
    for number in range(7):
        version = put(sqlite_store, f"living{number}", ttl=TTL)
        assert sqlite_store.replace(f"living{number}", b"", b"2", version, 9 * TTL)
    for number in range(3):
        put(sqlite_store, f"old{number}", ttl=2 * TTL)  # behind these
    assert sqlite_store.sweep(time.time() + 3 * TTL) == 3
    assert len([*sqlite_store.entries()]) == 7


def test_connection_that_is_collected_amid_a_fork_waits_for_nobody(
    tmp_path: Path,
) -> None:
    """The thread that collects it may hold a lock that the fork waits for."""
    script = """
    import threading

    import flask_wizard.stores.sqlite as module

    is_forking, goes_on = threading.Event(), threading.Event()

    def hold():
        is_forking.set()
        assert goes_on.wait(60)

    def collect():
        assert is_forking.wait(60)
        connection.__del__()
        goes_on.set()

    store.create("key", b"", new_version(), 60)
    connection = module._Connection(module._File(path + "/other.sqlite"))
    connection.run("SELECT 1", ())
    module._connections.discard(connection)  # as the collector does before it
    databases, held = module._databases, module._databases.before_fork

    def before_fork():
        held()
        hold()

    databases.before_fork = before_fork
    thread = threading.Thread(target=collect)
    thread.start()
    if os.fork() == 0:
        os._exit(store.load("key") is None)
    assert os.wait()[1] == 0
    thread.join()
    """
    run_script(open_script(script), "sqlite", tmp_path)


def test_value_that_expires_sooner_than_before_is_swept_sooner(
    store: SweptStore,
) -> None:
    version = put(store, "key", ttl=100 * TTL)
    assert store.replace("key", b"end", b"2", version, TTL)
    assert store.load("key") == (b"end", b"2")
    assert store.sweep(time.time() + TTL + 1) == 1


def test_files_locked_for_long_are_an_outage(
    host: FileSystemCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(files, "LOCK_TIMEOUT", 0.05)
    store = FileStore(host)
    version = put(store, "key")
    (path,) = draft_files(host)
    with open(path.parent / "lock") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        with pytest.raises(StoreError, match="lock"):
            store.replace("key", b"", new_version(), version, TTL)
        assert store.load("key") == (b"blob", version)
    assert store.replace("key", b"", new_version(), version, TTL)


def test_sqlite_file_that_another_thread_has_just_made_is_used(
    sqlite_store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    look = os.stat

    def look_before_another(path: Any, **options: Any) -> os.stat_result:
        try:
            return look(path, **options)
        except FileNotFoundError:
            monkeypatch.undo()
            thread = threading.Thread(target=put, args=(sqlite_store, "theirs"))
            thread.start()
            thread.join()
            raise

    monkeypatch.setattr(os, "stat", look_before_another)
    put(sqlite_store, "ours")
    assert sqlite_store.load("theirs") is not None


def test_sqlite_file_that_vanishes_is_an_outage(
    sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    version = put(sqlite_store, "key")
    sqlite_store.close()
    (tmp_path / "drafts.sqlite").rename(tmp_path / "elsewhere.sqlite")
    with pytest.raises(StoreError, match="is gone"):
        sqlite_store.load("key")
    with pytest.raises(StoreError, match="is gone"):
        sqlite_store.create("key", b"blob", new_version(), TTL)
    (tmp_path / "elsewhere.sqlite").rename(tmp_path / "drafts.sqlite")
    assert sqlite_store.load("key") == (b"blob", version)


def test_sqlite_file_in_the_place_of_another_is_read(
    sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    put(sqlite_store, "key", b"old")
    other = SQLiteStore(tmp_path / "other.sqlite")
    version = put(other, "key", b"new")
    other.close()
    for name in ("drafts.sqlite", "drafts.sqlite-wal", "drafts.sqlite-shm"):
        (tmp_path / name).unlink()
    (tmp_path / "other.sqlite").rename(tmp_path / "drafts.sqlite")
    assert sqlite_store.load("key") == (b"new", version)


def test_sqlite_makes_no_file_before_its_first_use(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "new" / "drafts.sqlite")
    assert not any(tmp_path.iterdir())
    store.load("key")
    assert (tmp_path / "new" / "drafts.sqlite").exists()


def test_sqlite_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    store = SQLiteStore(tmp_path / "new" / "drafts.sqlite")
    umask = os.umask(0)
    try:
        put(store, "key")
    finally:
        os.umask(umask)
    made = {path.name: path.stat().st_mode & 0o777 for path in tmp_path.rglob("*")}
    assert made.pop("new") == 0o700
    assert made == dict.fromkeys(
        ["drafts.sqlite", "drafts.sqlite-wal", "drafts.sqlite-shm"], 0o600
    )


@pytest.mark.parametrize("path", ["", ":memory:"])
def test_sqlite_in_memory_is_refused(path: str) -> None:
    with pytest.raises(DefinitionError, match="SimpleCache"):
        SQLiteStore(path)


def test_sqlite_path_does_not_follow_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = SQLiteStore("drafts.sqlite")
    (tmp_path / "elsewhere").mkdir()
    monkeypatch.chdir(tmp_path / "elsewhere")
    put(store, "key")
    assert (tmp_path / "drafts.sqlite").exists()


def test_many_open_sqlite_for_the_first_time(tmp_path: Path) -> None:
    start = threading.Barrier(8)

    def first_use(path: Path, key: str) -> None:
        store = SQLiteStore(path)
        start.wait(60)
        put(store, key)
        store.close()

    with ThreadPoolExecutor(8) as threads:
        for number in range(20):
            path = tmp_path / f"{number}.sqlite"
            list(threads.map(first_use, [path] * 8, "abcdefgh"))
            store = SQLiteStore(path)
            assert all(store.load(key) for key in "abcdefgh")
            store.close()


def test_finished_threads_leave_no_sqlite_connection(
    sqlite_store: SQLiteStore, tmp_path: Path
) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(partial(put, sqlite_store), map(str, range(50))))
    put(sqlite_store, "last")
    assert (
        len([own for own in sqlite._connections if own.file is sqlite_store._file]) == 1
    )
    sqlite_store.close()
    assert [path.name for path in tmp_path.iterdir()] == ["drafts.sqlite"]


def test_thread_keeps_its_sqlite_connection(
    sqlite_store: SQLiteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    put(sqlite_store, "key")
    monkeypatch.delattr(sqlite, "_connect")
    assert sqlite_store.load("key") is not None


def test_sqlite_is_open_again_after_close(sqlite_store: SQLiteStore) -> None:
    version = put(sqlite_store, "key")
    sqlite_store.close()
    assert sqlite_store.load("key") == (b"blob", version)


def test_close_does_not_disturb_other_threads(sqlite_store: SQLiteStore) -> None:
    put(sqlite_store, "key")
    with ThreadPoolExecutor(4) as threads:
        loads = [threads.submit(sqlite_store.load, "key") for _ in range(400)]
        while not all(load.done() for load in loads):
            sqlite_store.close()
    assert all(load.result() for load in loads)


@on_disk
@pytest.mark.parametrize("fork", ["os", "libc"])
def test_fork_after_first_use_loses_nothing(
    kind: str, fork: str, tmp_path: Path
) -> None:
    script = """
    import ctypes

    fork = {"os": os.fork, "libc": ctypes.CDLL(None).fork}[sys.argv[3]]
    first, second, third, fourth = (new_version() for _ in range(4))
    assert store.create("key", b"first", first, 60)
    to_parent, from_child = os.pipe()
    to_child, from_parent = os.pipe()
    if fork() == 0:
        assert store.replace("key", b"second", second, first, 60)
        os.write(from_child, b".")
        os.read(to_child, 1)
        assert store.replace("key", b"fourth", fourth, third, 60)
        os.write(from_child, b".")
        os.read(to_child, 1)
        os._exit(0)
    os.read(to_parent, 1)
    if sys.argv[1] == "sqlite":
        store.close()  # as its threads end, for one
    assert store.load("key") == (b"second", second)
    assert store.replace("key", b"third", third, second, 60)
    if sys.argv[1] == "sqlite":
        store.close()
    os.write(from_parent, b".")
    os.read(to_parent, 1)
    assert store.load("key") == (b"fourth", fourth), store.load("key")
    os.write(from_parent, b".")
    assert os.wait()[1] == 0
    """
    run_script(open_script(script), kind, tmp_path, fork)


def test_child_inherits_no_sqlite_connection(tmp_path: Path) -> None:
    script = """
    from flask_wizard.stores import sqlite

    store.load("key")
    if os.fork() == 0:
        inherited = [own for own in sqlite._connections if own._database is not None]
        os._exit(len(inherited))
    assert os.wait()[1] == 0
    """
    run_script(open_script(script), "sqlite", tmp_path)


@on_disk
def test_fork_amid_writes_loses_nothing(kind: str, tmp_path: Path) -> None:
    script = """
    import threading, warnings

    import flask_wizard.stores.files
    import flask_wizard.stores.sqlite

    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12, for the threads

    # Twenty processes wait for one file here, on a machine that may be busy besides.
    flask_wizard.stores.files.LOCK_TIMEOUT = 60.0
    flask_wizard.stores.sqlite.BUSY_TIMEOUT = 60.0

    padding = b" " + os.urandom(100_000)

    def increment(key, times):
        for _ in range(times):
            while True:
                blob, version = store.load(key)
                more = str(int(blob.split()[0]) + 1).encode() + padding
                if store.replace(key, more, new_version(), version, 60):
                    break

    for key in "abcd":
        store.create(key, b"0", new_version(), 60)
    threads = [threading.Thread(target=increment, args=(key, 40)) for key in "abc"]
    for thread in threads:
        thread.start()
    children = 0
    while any(thread.is_alive() for thread in threads) and children < 20:
        if os.fork() == 0:
            increment("d", 2)
            os._exit(0)
        children += 1
    for thread in threads:
        thread.join()
    assert [os.wait()[1] for _ in range(children)] == [0] * children
    assert [int(store.load(key)[0].split()[0]) for key in "abc"] == [40] * 3
    assert int(store.load("d")[0].split()[0]) == 2 * children > 0
    """
    run_script(open_script(script), kind, tmp_path)


def test_fork_waits_for_the_connection_of_a_thread_that_ends(tmp_path: Path) -> None:
    script = """
    import sqlite3, threading, warnings

    import flask_wizard.stores.sqlite as module

    warnings.simplefilter("ignore", DeprecationWarning)  # Python 3.12, for the threads

    is_closing = threading.Event()

    class Announced(sqlite3.Connection):
        def close(self):
            is_closing.set()
            super().close()  # with some MB of the log to write into the database

    connect = sqlite3.connect
    module.sqlite3.connect = lambda *a, **k: connect(*a, factory=Announced, **k)

    def write(n):
        for i in range(20):
            assert store.create(f"{n}-{i}", os.urandom(100_000), new_version(), 60)

    statuses = []
    for n in range(20):
        is_closing.clear()
        thread = threading.Thread(target=write, args=(n,))
        thread.start()
        assert is_closing.wait(60)
        if os.fork() == 0:
            os._exit(store.load(f"{n}-0") is None)
        statuses.append(os.wait()[1])
        thread.join()
    assert statuses == [0] * 20
    """
    run_script(open_script(script), "sqlite", tmp_path)


def test_child_does_not_keep_the_lock_of_files(tmp_path: Path) -> None:
    script = """
    import flask_wizard.stores.files

    flask_wizard.stores.files.LOCK_TIMEOUT = 0.05
    to_child, from_parent = os.pipe()
    with store._files.locked(store._files.stripe("key")):
        if os.fork() == 0:
            os.close(from_parent)
            os.read(to_child, 1)  # until the parent ends
            os._exit(0)
    assert store.create("key", b"blob", new_version(), 60)
    """
    run_script(open_script(script), "files", tmp_path)


def draft_files(host: FileSystemCache) -> list[Path]:
    """Find our files, without locks."""
    found = Path(host._path, "flask_wizard.__wz_cache").rglob("*")
    return [path for path in found if path.is_file() and path.name != "lock"]


def test_host_cache_clears_only_its_own(
    host: FileSystemCache, caplog: pytest.LogCaptureFixture
) -> None:
    host.set("theirs", "value")
    store = FileStore(host)
    version = put(store, "key")
    assert host.clear()
    assert host.get("theirs") is None
    assert store.load("key") == (b"blob", version)
    assert not caplog.records


def test_host_cache_prunes_only_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    host = FileSystemCache(str(tmp_path), threshold=3)
    store = FileStore(host)
    versions = {str(number): put(store, str(number)) for number in range(20)}
    for number in range(20):
        assert host.set(str(number), "theirs")
    assert host._file_count <= 4
    assert FileSystemCache(str(tmp_path), threshold=3)._file_count <= 4
    assert {key: store.load(key) for key in versions} == {
        key: (b"blob", version) for key, version in versions.items()
    }
    assert not caplog.records


def test_host_files_are_left_alone(host: FileSystemCache) -> None:
    host.set("key", "theirs")
    before = {path: path.read_bytes() for path in Path(host._path).iterdir()}
    settings = dict(vars(host))
    store = FileStore(host)
    version = put(store, "key")
    store.replace("key", b"", new_version(), version, TTL)
    store.sweep(time.time() + 2 * TTL)
    assert {path: path.read_bytes() for path in before} == before
    assert vars(host) == settings
    assert host.get("key") == "theirs"


def test_files_are_closed_after_use(host: FileSystemCache) -> None:
    store = FileStore(host)

    def lowest_descriptor() -> int:
        with open(os.devnull) as file:
            return file.fileno()

    before = lowest_descriptor()
    version = put(store, "key")
    store.load("key")
    assert not store.create("key", b"", version, TTL)
    store.sweep(time.time())
    assert lowest_descriptor() == before


def test_files_have_the_mode_of_the_host_cache(tmp_path: Path) -> None:
    store = FileStore(FileSystemCache(str(tmp_path), mode=0o640))
    put(store, "key")
    (path,) = draft_files(FileSystemCache(str(tmp_path)))
    assert stat.S_IMODE(path.stat().st_mode) == 0o640


def test_files_are_for_their_owner_alone(host: FileSystemCache) -> None:
    put(FileStore(host), "key")
    (path,) = draft_files(host)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_file_folders_are_as_open_as_the_host_folder(host: FileSystemCache) -> None:
    os.chmod(host._path, 0o2770)
    umask = os.umask(0o077)
    try:
        put(FileStore(host), "key")
    finally:
        os.umask(umask)
    (path,) = draft_files(host)
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o2770
    assert stat.S_IMODE(path.parent.parent.stat().st_mode) == 0o2770


def test_folder_of_a_files_url_is_for_its_owner_alone(tmp_path: Path) -> None:
    umask = os.umask(0)
    try:
        put(FileStore.from_url("file:new/drafts", tmp_path), "key")
    finally:
        os.umask(umask)
    assert stat.S_IMODE((tmp_path / "new" / "drafts").stat().st_mode) == 0o700


def test_folder_of_a_files_url_may_be_there(tmp_path: Path) -> None:
    version = put(FileStore.from_url("file:drafts", tmp_path), "key")
    again = FileStore.from_url("file:drafts", tmp_path)
    assert again.load("key") == (b"blob", version)


def test_folder_of_a_files_url_has_nothing_else_in_it(tmp_path: Path) -> None:
    put(FileStore.from_url("file:drafts", tmp_path), "key")
    assert os.listdir(tmp_path / "drafts") == ["flask_wizard.__wz_cache"]


def test_files_are_spread_over_folders_of_two_digits(host: FileSystemCache) -> None:
    store = FileStore(host)
    for number in range(50):
        put(store, str(number))
    names = {path.parent.name for path in draft_files(host)}
    assert {len(name) for name in names} == {2}
    assert len(names) > 20


def test_files_are_written_in_their_own_folder(
    host: FileSystemCache, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """They could not be moved there from another disk."""
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "absent"))
    put(FileStore(host), "key")
    assert len(draft_files(host)) == 1


def test_files_without_their_folder_are_an_outage_at_the_start(tmp_path: Path) -> None:
    host = FileSystemCache(str(tmp_path / "cache"))
    (tmp_path / "cache").rename(tmp_path / "elsewhere")
    with pytest.raises(StoreError):
        FileStore(host)


def test_files_are_named_by_the_hash_of_the_host_cache(tmp_path: Path) -> None:
    host = FileSystemCache(str(tmp_path), hash_method=md5)
    put(FileStore(host), "key")
    (path,) = draft_files(host)
    assert path.name == md5(b"key").hexdigest()


def test_file_lifetime_beyond_32_bits_is_cut(
    host: FileSystemCache, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = FileStore(host)
    version = put(store, "key", ttl=2**33)
    pass_time(monkeypatch, 50 * 365 * 24 * 60 * 60)
    assert store.load("key") == (b"blob", version)


def test_leftovers_of_killed_writers_are_swept(host: FileSystemCache) -> None:
    store = FileStore(host)
    version = put(store, "key", ttl=3600)
    (path,) = draft_files(host)
    for name, age in (("old", 60.5 * 60), ("new", 59.5 * 60)):  # an hour parts them
        leftover = path.with_name(f"tmp{name}.__wz_cache")
        leftover.write_bytes(b"half")
        os.utime(leftover, (time.time() - age,) * 2)
    assert store.sweep(time.time()) == 1
    assert {found.name for found in draft_files(host)} == {
        path.name,
        "tmpnew.__wz_cache",
    }
    assert store.load("key") == (b"blob", version)


def test_files_without_flock_are_refused(tmp_path: Path) -> None:
    script = """
    import sys

    sys.modules["fcntl"] = None
    from cachelib import FileSystemCache
    from flask_wizard.errors import ConfigurationError
    from flask_wizard.stores.registry import open_store

    try:
        open_store(FileSystemCache(sys.argv[1]), "unused")
    except ConfigurationError as error:
        print(error)
    """
    assert "lacks" in run_script(script, tmp_path)


def test_memory_of_another_cache_is_another() -> None:
    one, two = MemoryStore(SimpleCache()), MemoryStore(SimpleCache())
    put(one, "key")
    assert two.load("key") is None


def test_memory_leaves_the_host_cache_alone() -> None:
    host = SimpleCache()
    host.set("key", "theirs")
    store = MemoryStore(host)
    version = put(store, "key")
    assert host.get("key") == "theirs"
    host.clear()
    assert store.load("key") == (b"blob", version)
    assert host.get("key") is None


def test_memory_forgets_nothing() -> None:
    store = MemoryStore(SimpleCache(threshold=3))
    versions = [put(store, str(number)) for number in range(1200)]
    assert [store.load(str(number)) for number in range(1200)] == [
        (b"blob", version) for version in versions
    ]


def test_memory_keeps_values_for_their_own_lifetime(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = MemoryStore(SimpleCache(default_timeout=1))
    version = put(store, "key", ttl=3600)
    later = time.time() + 3000
    monkeypatch.setattr(time, "time", lambda: later)
    monkeypatch.setattr("cachelib.simple.time", time.time)
    assert store.load("key") == (b"blob", version)


def test_planted_value_in_memory_is_kept_by_a_sweep() -> None:
    store = MemoryStore(SimpleCache())
    store._values.set("key", "planted", timeout=0)
    assert store.sweep(time.time() + 1) == 0
    with pytest.raises(UnreadableDraftError):
        store.load("key")
    assert list(store.entries()) == [("key", b"", b"")]


def test_memory_goes_with_its_cache() -> None:
    before = len(memory._private)
    cache = SimpleCache()
    store = MemoryStore(cache)
    assert len(memory._private) == before + 1
    del cache, store
    assert len(memory._private) == before


def test_memory_compares_and_sets_as_one(monkeypatch: pytest.MonkeyPatch) -> None:
    store = MemoryStore(SimpleCache())
    clock = time.time

    def slow_clock() -> float:
        time.sleep(0.001)
        return clock()

    monkeypatch.setattr(time, "time", slow_clock)
    with ThreadPoolExecutor(8) as threads:
        create = partial(store.create, "key", b"blob")
        won = list(threads.map(lambda _: create(new_version(), TTL), range(8)))
    assert won.count(True) == 1


def test_memory_is_not_read_amid_a_sweep() -> None:
    store = MemoryStore(SimpleCache())
    version = put(store, "key")
    readers: list[Future[object]] = []

    class Now(float):
        """Somebody reads while the expiry of a value is compared with it."""

        def __ge__(self, expires: float) -> bool:
            readers.append(threads.submit(store.load, "key"))
            readers.append(threads.submit(lambda: list(store.entries())))
            wait(readers, timeout=0.1)
            return super().__ge__(expires)

    with ThreadPoolExecutor(2) as threads:
        assert store.sweep(Now(0)) == 0
    loaded, listed = (reader.result() for reader in readers)
    assert loaded == (b"blob", version)
    assert listed == [("key", b"blob", version)]
