"""The SQLAlchemy store: the contract, outages, limits, and one transaction for all."""

from __future__ import annotations

import signal
import sqlite3
import sys
import threading
import time
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
import servers
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from apps import MakeApp
from flask import Flask
from flask_sqlalchemy import SQLAlchemy
from postgres import Opened, Postgres, at_url, on_engine
from scripts import run_script
from sqlalchemy import (
    Column,
    Connection,
    Engine,
    Integer,
    MetaData,
    Table,
    create_engine,
    event,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import (
    IntegrityError,
    OperationalError,
    PendingRollbackError,
    ProgrammingError,
)
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    mapped_column,
    scoped_session,
    sessionmaker,
)
from sqlalchemy.pool import StaticPool
from store_wrappers import put
from visitor import Visitor
from wtforms import Form, fields, validators

from flask_wizard import FlaskWizard, Review, Step, StepError, Submission, Wizard
from flask_wizard.errors import (
    ConfigurationError,
    ConflictError,
    DefinitionError,
    StoreError,
)
from flask_wizard.stores import (
    CheckedStore,
    DraftStore,
    JoiningStore,
    SweptStore,
    new_version,
    sql,
    sql_engine,
    sql_table,
)
from flask_wizard.stores.registry import open_store
from flask_wizard.stores.sql import COMMITS_IN_MYSQL, SQLAlchemyStore, drafts_table
from flask_wizard.testing.store_contract import (
    ListingStoreContract,
    OutageContract,
    ServerContract,
    SharedStoreContract,
    StoreContract,
    SweptStoreContract,
)

TTL = 60  # seconds
PATIENCE = 60.0  # seconds
SECRET = "canary4711"
NOWHERE = Path("unused")


@pytest.fixture(scope="session")
def cluster() -> Iterator[Postgres]:
    server = Postgres()
    with servers.running(server):
        yield server


@pytest.fixture
def postgres(cluster: Postgres) -> Iterator[Postgres]:
    """The server, without tables; a test may kill or freeze it."""
    cluster.empty()
    yield cluster
    cluster.revive()


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/site.db"


@pytest.fixture(params=["postgresql", "sqlite"])
def url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind."""
    if request.param == "sqlite":
        return str(request.getfixturevalue("sqlite_url"))
    postgres: Postgres = request.getfixturevalue("postgres")
    return postgres.url


MakeEngine = Callable[..., Engine]


@pytest.fixture
def make_engine() -> Iterator[MakeEngine]:
    """Make engines as an application does, which are disposed of after the test."""
    made: list[Engine] = []

    def make(url: str, **options: Any) -> Engine:
        made.append(create_engine(url, **options))
        return made[-1]

    yield make
    for engine in made:
        engine.dispose()


@pytest.fixture
def engine(url: str, make_engine: MakeEngine) -> Engine:
    return make_engine(url)


@pytest.fixture
def store(engine: Engine) -> SQLAlchemyStore:
    store = SQLAlchemyStore(engine)
    store.create_table()
    return store


@pytest.fixture
def open_url(postgres: Postgres) -> Iterator[Callable[..., SQLAlchemyStore]]:
    """A function that opens a store by the server's URL.

    Its limits are wide: a machine that runs tests may be busy.
    """
    given: list[SQLAlchemyStore] = []

    def open_url(**query: str) -> SQLAlchemyStore:
        limits = {"connect_timeout": "20", "read_timeout": "20", **query}
        given.append(at_url(f"{postgres.url}?{urlencode(limits)}"))
        return given[-1]

    yield open_url
    for store in given:
        store.engine.dispose()


@pytest.fixture
def url_store(open_url: Callable[..., SQLAlchemyStore]) -> SQLAlchemyStore:
    return open_url()


def pass_time(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + seconds)


# The contract


@pytest.fixture
def opened() -> Iterator[Callable[..., Opened]]:
    """A function that gives a ``reopen`` whose stores are closed after the test."""
    given: list[Opened] = []

    def opened(opener: Callable[[str], SQLAlchemyStore], url: str) -> Opened:
        given.append(Opened(opener, url))
        return given[-1]

    yield opened
    for reopen in given:
        reopen.close()


class TestAtAURL(
    SharedStoreContract,
    SweptStoreContract,
    ListingStoreContract,
    OutageContract,
):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, postgres: Postgres, opened: Callable[..., Opened]) -> Opened:
        return opened(at_url, f"{postgres.url}?connect_timeout=20&read_timeout=20")

    @pytest.fixture
    def store(self, reopen: Opened) -> SQLAlchemyStore:
        return reopen()

    @pytest.fixture
    def broken_store(self) -> SQLAlchemyStore:
        return at_url(f"postgresql+psycopg://127.0.0.1:{servers.free_port()}/postgres")


class TestOutagesAtAURL(ServerContract):
    @pytest.fixture
    def server(self, postgres: Postgres) -> Postgres:
        return postgres

    @pytest.fixture
    def store(self, open_url: Callable[..., SQLAlchemyStore]) -> SQLAlchemyStore:
        return open_url(connect_timeout="4", read_timeout="4")


class TestOnPostgreSQL(
    StoreContract,
    SweptStoreContract,
    ListingStoreContract,
    OutageContract,
):
    """Of an application whose transactions are as strict as PostgreSQL knows them."""

    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, postgres: Postgres, opened: Callable[..., Opened]) -> Opened:
        strict = "options=-c default_transaction_isolation=serializable"
        return opened(on_engine, f"{postgres.url}?{strict}")

    @pytest.fixture
    def store(self, reopen: Opened) -> SQLAlchemyStore:
        store = reopen()
        store.create_table()
        return store

    @pytest.fixture
    def broken_store(self, reopen: Opened) -> SQLAlchemyStore:
        return reopen()  # its table was never made


class TestWithoutUpserts(StoreContract):
    """As on MySQL, which has no INSERT with a condition for what is there."""

    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(
        self,
        postgres: Postgres,
        opened: Callable[..., Opened],
        monkeypatch: pytest.MonkeyPatch,
    ) -> Opened:
        monkeypatch.setattr(sql_table, "UPSERTS", {})
        return opened(on_engine, postgres.url)

    @pytest.fixture
    def store(self, reopen: Opened) -> SQLAlchemyStore:
        store = reopen()
        store.create_table()
        return store


class TestOnSQLite(
    SharedStoreContract,
    SweptStoreContract,
    ListingStoreContract,
    OutageContract,
):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, sqlite_url: str, opened: Callable[..., Opened]) -> Opened:
        return opened(on_engine, sqlite_url)

    @pytest.fixture
    def store(self, reopen: Opened) -> SQLAlchemyStore:
        store = reopen()
        store.create_table()
        with store.engine.connect() as connection:
            # As for any SQLite with many writers: else some wait for too long.
            connection.execute(text("PRAGMA journal_mode = WAL"))
        return store

    @pytest.fixture
    def broken_store(self, tmp_path: Path, reopen: Opened) -> SQLAlchemyStore:
        (tmp_path / "site.db").write_bytes(b"This is no database." * 1000)
        return reopen()


# Opening


def test_postgresql_url_means_this_store(postgres: Postgres) -> None:
    store = open_store(postgres.url, NOWHERE)
    assert isinstance(store, SQLAlchemyStore)
    put(store, "key")
    assert postgres.run("SELECT key FROM wizard_drafts") == [("key",)]
    store.engine.dispose()


def test_engine_means_this_store(engine: Engine) -> None:
    store = open_store(engine, NOWHERE)
    assert isinstance(store, SQLAlchemyStore)
    assert store.engine is engine


def test_flask_sqlalchemy_means_this_store() -> None:
    assert isinstance(open_store(SQLAlchemy(), NOWHERE), SQLAlchemyStore)


@pytest.mark.parametrize("protocol", [SweptStore, CheckedStore, JoiningStore])
def test_store_offers(protocol: type, store: SQLAlchemyStore) -> None:
    assert isinstance(store, protocol)


@pytest.mark.parametrize("bind", ["sqlite://", None, MetaData(), SQLAlchemyStore])
def test_anything_else_is_refused(bind: Any) -> None:
    with pytest.raises(DefinitionError, match="Accepted are an Engine"):
        SQLAlchemyStore(bind)


def test_url_without_a_driver_means_one_that_has_limits() -> None:
    assert at_url("postgresql://localhost/site").engine.driver == "psycopg"


@pytest.mark.parametrize(
    "url",
    [
        "postgresql+psycopg2://ann:canary4711@localhost/site",
        "postgresql+asyncpg://ann:canary4711@localhost/site",
        "mysql+mysqldb://ann:canary4711@localhost/site",
        "oracle://ann:canary4711@localhost/site",
        "postgresql+psycopg://ann:canary4711@localhost:port/site",
        "postgresql+psycopg canary4711",
        "postgresql+psycopg://ann:canary4711@localhost/site?read_timeout=long",
        "postgresql+psycopg://ann:canary4711@localhost/site?connect_timeout=0",
        "postgresql+psycopg://ann:canary4711@localhost/site?connect_timeout=nan",
    ],
)
def test_url_that_will_not_do_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="Expected") as raised:
        at_url(url)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize(
    ("url", "driver", "mend"),
    [
        ("postgresql://localhost/site", "psycopg", r"flask-wizard-forms\[postgresql\]"),
        ("mysql://localhost/site", "pymysql", r"flask-wizard-forms\[mysql\]"),
    ],
)
def test_missing_driver_is_named(
    url: str, driver: str, mend: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, driver, None)
    with pytest.raises(ConfigurationError, match=mend):
        at_url(url)


def test_flask_sqlalchemy_out_of_its_application_is_named() -> None:
    with pytest.raises(ConfigurationError, match="application context"):
        SQLAlchemyStore(SQLAlchemy()).load("key")


# The table


def tables(engine: Engine) -> list[str]:
    return inspect(engine).get_table_names()


def test_table_is_made_by_one_call(engine: Engine) -> None:
    store = SQLAlchemyStore(engine)
    store.create_table()
    put(store, "key")
    assert tables(engine) == ["wizard_drafts"]


def test_expiry_is_indexed(store: SQLAlchemyStore) -> None:
    (index,) = inspect(store.engine).get_indexes("wizard_drafts")
    assert index["column_names"] == ["expires"]


def test_index_that_is_missing_is_made(store: SQLAlchemyStore) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("DROP INDEX ix_wizard_drafts_expires"))
    store.create_table()
    assert inspect(store.engine).get_indexes("wizard_drafts")


def test_table_that_is_there_is_left_alone(store: SQLAlchemyStore) -> None:
    version = put(store, "key")
    store.create_table()
    assert store.load("key") == (b"blob", version)


def test_many_make_the_table_at_once(url: str, make_engine: MakeEngine) -> None:
    made = [SQLAlchemyStore(make_engine(url)) for _ in range(8)]
    start = threading.Barrier(8)

    def make(store: SQLAlchemyStore) -> None:
        start.wait(PATIENCE)
        store.create_table()

    with ThreadPoolExecutor(8) as threads:
        for _ in range(5):
            list(threads.map(make, made))
            drafts_table(MetaData()).drop(made[0].engine)


def test_nothing_is_made_unasked(engine: Engine) -> None:
    store = SQLAlchemyStore(engine)
    with pytest.raises(StoreError, match=r"create_table\(\) .* or run the migration"):
        store.load("key")
    assert tables(engine) == []


def test_table_at_a_url_is_made_when_first_used(url_store: SQLAlchemyStore) -> None:
    assert tables(url_store.engine) == []
    assert url_store.load("key") is None
    assert tables(url_store.engine) == ["wizard_drafts"]


def test_table_at_a_url_may_be_made_by_another_thread_meanwhile(
    url_store: SQLAlchemyStore,
) -> None:
    turns = []

    def look(connection: Connection) -> int:
        turns.append(connection)
        try:
            connection.execute(text("SELECT key FROM wizard_drafts"))
        except ProgrammingError:
            assert url_store.load("key") is None  # as the other thread does
            raise
        return len(turns)

    assert url_store.run(look) == 2


def test_table_at_a_url_that_is_there_is_not_asked_for(
    url_store: SQLAlchemyStore, open_url: Callable[..., SQLAlchemyStore]
) -> None:
    put(url_store, "key")
    other = open_url()
    statements: list[str] = []
    event.listen(
        other.engine,
        "before_cursor_execute",
        lambda *given: statements.append(given[2]),
    )
    other.load("key")
    assert [statement.split()[0] for statement in statements] == ["SELECT"]
    assert "wizard_drafts" in statements[0]


def test_many_make_the_table_at_a_url_at_once(
    open_url: Callable[..., SQLAlchemyStore],
) -> None:
    found = [open_url() for _ in range(8)]
    start = threading.Barrier(8)

    def write(store: SQLAlchemyStore) -> bool:
        start.wait(PATIENCE)
        return store.create("key", b"blob", new_version(), TTL)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(write, found)).count(True) == 1


def test_threads_wait_for_the_first_connection_of_an_engine(
    open_url: Callable[..., SQLAlchemyStore], monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy asks the server for its settings then, and needs them in each one."""
    store, make = open_url(), threading.Lock
    dialect = type(store.engine.dialect)
    initialize = dialect.initialize

    def make_slowly() -> Any:
        time.sleep(0.05)  # as long as either may take on a busy machine
        return make()

    def initialize_slowly(self: Any, connection: Connection) -> None:
        time.sleep(0.5)
        initialize(self, connection)

    monkeypatch.setattr(threading, "Lock", make_slowly)
    monkeypatch.setattr(dialect, "initialize", initialize_slowly)
    start = threading.Barrier(8)

    def load(key: str) -> object:
        start.wait(PATIENCE)
        return store.load(key)

    with ThreadPoolExecutor(8) as threads:
        assert list(threads.map(load, "abcdefgh")) == [None] * 8


def test_table_that_vanishes_is_an_outage(
    url_store: SQLAlchemyStore, postgres: Postgres
) -> None:
    put(url_store, "key")
    postgres.run("DROP TABLE wizard_drafts")
    with pytest.raises(StoreError, match="wizard_drafts"):
        url_store.load("key")


def test_table_is_defined_once() -> None:
    metadata = MetaData()
    assert drafts_table(metadata) is drafts_table(metadata)
    assert list(metadata.tables) == ["wizard_drafts"]


def test_other_table_of_that_name_is_refused() -> None:
    metadata = MetaData()
    Table("wizard_drafts", metadata, Column("id", Integer, primary_key=True))
    with pytest.raises(DefinitionError, match="with the columns id"):
        drafts_table(metadata)


def test_table_in_a_schema(postgres: Postgres, make_engine: MakeEngine) -> None:
    postgres.run("CREATE SCHEMA IF NOT EXISTS wizards")
    table = drafts_table(MetaData(schema="wizards"))
    store = SQLAlchemyStore(make_engine(postgres.url), table=table)
    store.create_table()
    put(store, "key")
    assert postgres.run("SELECT key FROM wizards.wizard_drafts") == [("key",)]
    postgres.run("DROP SCHEMA wizards CASCADE")


def test_alembic_finds_nothing_to_do(store: SQLAlchemyStore) -> None:
    metadata = MetaData()
    drafts_table(metadata)
    with store.engine.connect() as connection:
        options = {"compare_type": True, "compare_server_default": True}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []


def test_alembic_finds_a_table_to_make(engine: Engine) -> None:
    metadata = MetaData()
    drafts_table(metadata)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection)
        found = [change[0] for change in compare_metadata(context, metadata)]
    assert found == ["add_table", "add_index"]


# Trouble


def test_acknowledged_writes_survive_a_crash_of_the_server(
    url_store: SQLAlchemyStore, postgres: Postgres
) -> None:
    versions = {key: put(url_store, key, key.encode()) for key in "abcdef"}
    postgres.kill()
    with pytest.raises(StoreError, match="refused"):
        url_store.load("a")
    postgres.start()
    found = {key: url_store.load(key) for key in versions}
    assert found == {key: (key.encode(), own) for key, own in versions.items()}


def test_connection_lost_before_a_statement_is_an_outage(
    make_engine: MakeEngine, sqlite_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """SQLAlchemy passes the driver's error on as it is."""
    engine = make_engine(sqlite_url)
    store = SQLAlchemyStore(engine)
    store.create_table()

    def lose(*arguments: object) -> None:
        raise sqlite3.OperationalError("Lost connection during query")

    monkeypatch.setattr(engine.dialect, "set_isolation_level", lose)
    with pytest.raises(StoreError, match="Lost connection during query"):
        store.load("key")


def test_connecting_to_a_silent_server_ends(
    open_url: Callable[..., SQLAlchemyStore], postgres: Postgres
) -> None:
    postgres.freeze()
    store = open_url(connect_timeout="0.3")
    with pytest.raises(StoreError, match=r"no connection within 0\.3 seconds"):
        store.load("key")


@pytest.mark.parametrize(
    "call", [SQLAlchemyStore.create_table, lambda store: store.load("key")]
)
def test_silent_server_is_tried_once(
    call: Callable[[SQLAlchemyStore], object],
    open_url: Callable[..., SQLAlchemyStore],
    postgres: Postgres,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    store = open_url(connect_timeout="2")
    attempts: list[str] = []
    connect = vars(psycopg.Connection)["connect"].__func__

    def counting(cls: type, *args: Any, **options: Any) -> Any:
        attempts.append("connects")
        return connect(cls, *args, **options)

    monkeypatch.setattr(psycopg.Connection, "connect", classmethod(counting))
    postgres.freeze()
    with pytest.raises(StoreError, match="no connection within"):
        call(store)
    assert len(attempts) == 1


def test_asking_a_silent_server_ends(
    open_url: Callable[..., SQLAlchemyStore], postgres: Postgres
) -> None:
    with open_url(read_timeout="4").engine.connect() as connection:
        postgres.freeze()
        with pytest.raises(OperationalError, match=r"no answer within 4\.0 seconds"):
            connection.execute(text("SELECT 1"))


def test_waiting_for_a_lock_ends(
    open_url: Callable[..., SQLAlchemyStore],
    make_engine: MakeEngine,
    postgres: Postgres,
) -> None:
    store = open_url(read_timeout="4")
    version = put(store, "key")
    with make_engine(postgres.url).begin() as connection:
        connection.execute(text("LOCK TABLE wizard_drafts"))
        with pytest.raises(StoreError, match="statement timeout"):
            store.replace("key", b"new", new_version(), version, TTL)
    assert store.load("key") == (b"blob", version)


def statement_timeout(store: SQLAlchemyStore) -> str:
    with store.engine.connect() as connection:
        return str(connection.scalar(text("SHOW statement_timeout")))


def test_options_in_the_url_are_kept(open_url: Callable[..., SQLAlchemyStore]) -> None:
    store = open_url(options="-c statement_timeout=7s")
    assert statement_timeout(store) == "7s"


def test_url_has_limits_unasked(
    postgres: Postgres, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sql_engine, "CONNECT_TIMEOUT", 20)
    store = at_url(postgres.url)
    assert statement_timeout(store) == "1800ms"
    store.engine.dispose()


def test_pool_without_a_free_connection_is_an_outage(
    url: str, make_engine: MakeEngine
) -> None:
    engine = make_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.05)
    store = SQLAlchemyStore(engine)
    store.create_table()
    with engine.connect(), pytest.raises(StoreError, match="QueuePool") as raised:
        store.load("key")
    assert raised.value.__cause__ is not None
    assert store.load("key") is None


def test_full_database_is_an_outage(sqlite_url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(sqlite_url)
    store = SQLAlchemyStore(engine)
    store.create_table()
    version = put(store, "key")

    @event.listens_for(engine, "checkout")
    def fill(connection: Any, record: Any, proxy: Any) -> None:
        connection.execute("PRAGMA max_page_count = 1").close()

    with pytest.raises(StoreError, match="full"):
        store.replace("key", b"x" * 100_000, new_version(), version, TTL)
    assert store.load("key") == (b"blob", version)


def test_value_too_big_is_an_outage(url_store: SQLAlchemyStore) -> None:
    with pytest.raises(StoreError, match="too long"):
        url_store.create("k" * 65, b"blob", new_version(), TTL)


def test_sqlite_locked_for_long_is_an_outage(
    sqlite_url: str, make_engine: MakeEngine
) -> None:
    engine = make_engine(f"{sqlite_url}?timeout=0.05")
    store = SQLAlchemyStore(engine)
    store.create_table()
    version = put(store, "key")
    with engine.connect() as connection:
        connection.execute(text("DELETE FROM wizard_drafts"))
        with pytest.raises(StoreError, match="locked"):
            store.replace("key", b"new", new_version(), version, TTL)
    assert store.load("key") == (b"blob", version)


def test_text_in_sqlite_is_damage(sqlite_url: str, make_engine: MakeEngine) -> None:
    engine = make_engine(sqlite_url)
    store = SQLAlchemyStore(engine)
    store.create_table()
    put(store, "key")
    with engine.begin() as connection:
        connection.execute(text("UPDATE wizard_drafts SET blob = 'text'"))
    with pytest.raises(StoreError, match="damaged"):
        store.load("key")


def test_errors_show_no_value(store: SQLAlchemyStore) -> None:
    with store.engine.begin() as connection:
        connection.execute(text("ALTER TABLE wizard_drafts RENAME TO elsewhere"))
    with pytest.raises(StoreError) as raised:
        store.create("key", SECRET.encode(), new_version(), TTL)
    assert SECRET not in "".join(traceback.format_exception(raised.value))


def test_log_of_statements_shows_no_value(
    url_store: SQLAlchemyStore, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", "sqlalchemy.engine")
    put(url_store, "key", SECRET.encode())
    assert "INSERT INTO wizard_drafts" in caplog.text
    assert SECRET not in caplog.text


def test_errors_show_no_password() -> None:
    port = servers.free_port()
    store = at_url(f"postgresql+psycopg://ann:{SECRET}@127.0.0.1:{port}/site")
    with pytest.raises(
        StoreError, match=rf"ann:\*\*\*@127.0.0.1:{port}/site"
    ) as raised:
        store.load("key")
    assert SECRET not in "".join(traceback.format_exception(raised.value))


@pytest.mark.parametrize("fork", ["os", "libc"])
def test_fork_shares_no_connection(fork: str, postgres: Postgres) -> None:
    script = """
    import ctypes, os, sys
    from pathlib import Path
    from sqlalchemy import text
    from flask_wizard.stores.sql import SQLAlchemyStore

    store = SQLAlchemyStore.from_url(sys.argv[1], Path("unused"))
    fork = {"os": os.fork, "libc": ctypes.CDLL(None).fork}[sys.argv[2]]

    def backend():
        store.load("key")
        with store.engine.connect() as connection:
            return connection.scalar(text("SELECT pg_backend_pid()"))

    before = backend()
    reader, writer = os.pipe()
    if fork() == 0:
        os.write(writer, str(backend()).encode())
        os._exit(0)
    in_child = int(os.read(reader, 20))
    assert os.wait()[1] == 0
    assert backend() == before != in_child, (before, in_child)
    store.engine.dispose()
    """
    assert run_script(script, postgres.url, fork) == ""


# Sweeping


@pytest.mark.usefixtures("sweep_at_each_write")
def test_writes_sweep(store: SQLAlchemyStore, monkeypatch: pytest.MonkeyPatch) -> None:
    put(store, "old")
    pass_time(monkeypatch, TTL + 1)
    put(store, "new", ttl=1)
    pass_time(monkeypatch, 2)
    store.replace("new", b"", new_version(), new_version(), TTL)
    assert store.sweep(time.time()) == 0


@pytest.mark.usefixtures("sweep_at_each_write")
def test_write_sweeps_only_so_many(
    store: SQLAlchemyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        put(store, f"old{number}")
    monkeypatch.setattr(sql, "SWEPT_AT_ONCE", 10)
    pass_time(monkeypatch, TTL + 1)
    put(store, "new")
    assert store.sweep(time.time()) == 15


def test_sweep_reports_its_progress(
    store: SQLAlchemyStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(25):
        put(store, f"old{number}")
    monkeypatch.setattr(sql, "SWEPT_AT_ONCE", 10)
    reported: list[int] = []
    store.sweep(time.time() + TTL + 1, reported.append)
    assert reported == [10, 20, 25]


def test_sweep_waits_for_nobody(
    url_store: SQLAlchemyStore, make_engine: MakeEngine, postgres: Postgres
) -> None:
    put(url_store, "locked")
    put(url_store, "free")
    with make_engine(postgres.url).begin() as connection:
        connection.execute(text("SELECT FROM wizard_drafts LIMIT 1 FOR UPDATE"))
        assert url_store.sweep(time.time() + TTL + 1) == 1
    assert url_store.sweep(time.time() + TTL + 1) == 1


# Warnings


def test_sound_database_gives_no_warning(store: SQLAlchemyStore) -> None:
    assert list(store.warnings()) == []


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///file:x?mode=memory&uri=true"])
def test_database_in_memory_gives_a_warning(url: str, make_engine: MakeEngine) -> None:
    (warning,) = SQLAlchemyStore(make_engine(url, poolclass=StaticPool)).warnings()
    assert "a restart loses them" in warning


@pytest.mark.parametrize("setting", ["fsync", "synchronous_commit"])
def test_careless_postgresql_gives_a_warning(
    setting: str, url_store: SQLAlchemyStore, postgres: Postgres
) -> None:
    def until(condition: Callable[[], object]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not condition():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    postgres.run(f"ALTER SYSTEM SET {setting} = off")
    postgres.run("SELECT pg_reload_conf()")
    until(lambda: postgres.run(f"SHOW {setting}") == [("off",)])
    (warning,) = url_store.warnings()
    postgres.run(f"ALTER SYSTEM RESET {setting}")
    postgres.run("SELECT pg_reload_conf()")
    until(lambda: postgres.run(f"SHOW {setting}") == [("on",)])
    assert f"{setting} = off" in warning


def test_unlogged_table_gives_a_warning(
    url_store: SQLAlchemyStore, postgres: Postgres
) -> None:
    put(url_store, "key")
    postgres.run("ALTER TABLE wizard_drafts SET UNLOGGED")
    (warning,) = url_store.warnings()
    assert "wizard_drafts is UNLOGGED" in warning


def test_warnings_leave_no_connection_to_a_fork(
    postgres: Postgres, make_engine: MakeEngine
) -> None:
    store = SQLAlchemyStore(make_engine(postgres.url))
    list(store.warnings())
    with store.engine.connect():
        assert store.engine.pool.status().startswith(
            "Pool size: 5  Connections in pool: 0"
        )


def test_warnings_of_a_database_that_is_down_are_an_outage() -> None:
    store = at_url(f"postgresql+psycopg://127.0.0.1:{servers.free_port()}/postgres")
    with pytest.raises(StoreError, match="refused"):
        list(store.warnings())


def test_warnings_wait_for_flask_sqlalchemy() -> None:
    assert list(SQLAlchemyStore(SQLAlchemy()).warnings()) == []


def test_warnings_of_flask_sqlalchemys_database_are_logged_at_the_start(
    caplog: pytest.LogCaptureFixture,
) -> None:
    app, db = Flask("site"), SQLAlchemy()
    app.config.update(SECRET_KEY="k" * 32, SQLALCHEMY_DATABASE_URI="sqlite://")
    db.init_app(app)
    FlaskWizard(app, store=db)
    assert "in the memory of this process" in caplog.text
    with app.app_context():
        db.engine.dispose()


# One transaction with the application's rows

CLAIMED = b"1" * 12  # a version


class Base(DeclarativeBase):
    pass


class Member(Base):
    __tablename__ = "members"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)


@dataclass(frozen=True)
class Site:
    """An application: its database, its session, and the store beside them."""

    engine: Engine
    session: scoped_session[Session]
    store: SQLAlchemyStore

    @classmethod
    def at(cls, engine: Engine) -> Site:
        session = scoped_session(sessionmaker(engine))
        store = SQLAlchemyStore(engine, session=session)
        store.create_table()
        Base.metadata.create_all(engine)
        return cls(engine, session, store)

    def claim(self) -> None:
        assert self.store.create("key", b"claim", CLAIMED, TTL)

    def join(self, name: str = "Ann") -> None:
        """Add a row."""
        self.session.add(Member(name=name))

    def end(self, store: DraftStore) -> bool:
        """Put the tombstone in the place of the claim."""
        return store.replace("key", b"tombstone", new_version(), CLAIMED, TTL)

    def take_over(self) -> None:
        """Claim the draft as another worker does when the lease has run out."""
        assert self.store.replace("key", b"second", new_version(), CLAIMED, TTL)

    def commit(self, hook: Callable[[], object]) -> None:
        """Do what the framework does around an application's ``commit``."""
        with self.store.joined() as inner:
            hook()
            if not self.end(inner):
                assert inner.load("key") == self.store.load("key")
                raise ConflictError("Somebody else wrote first.")

    @property
    def kept(self) -> tuple[list[str], bytes | None]:
        """What others see: the members, and the value of the draft."""
        with self.engine.connect() as connection:
            names = connection.scalars(select(Member.name).order_by(Member.name)).all()
        found = self.store.load("key")
        return list(names), found and found[0]


NEITHER: tuple[list[str], bytes] = ([], b"claim")
BOTH = (["Ann"], b"tombstone")


@pytest.fixture
def make_site(make_engine: MakeEngine) -> Iterator[Callable[..., Site]]:
    """A function that makes a site on an engine, with a draft that is claimed."""
    made: list[Site] = []

    def make(url: str, **options: Any) -> Site:
        made.append(Site.at(make_engine(url, **options)))
        made[-1].claim()
        return made[-1]

    yield make
    for site in made:
        site.session.remove()


@pytest.fixture
def site(make_site: Callable[..., Site], url: str) -> Site:
    return make_site(url)


@pytest.fixture
def postgres_site(make_site: Callable[..., Site], postgres: Postgres) -> Site:
    return make_site(postgres.url)


def test_joined_write_is_kept_with_the_rows(site: Site) -> None:
    site.commit(site.join)
    assert site.kept == BOTH


def test_joined_store_is_a_store(site: Site) -> None:
    version = new_version()
    with site.store.joined() as inner:
        assert isinstance(inner, DraftStore)
        assert inner.create("other", b"blob", version, TTL)
        assert not inner.create("other", b"blob", version, TTL)
        assert inner.load("other") == (b"blob", version)
    assert site.store.load("other") == (b"blob", version)


def test_exception_keeps_neither(site: Site) -> None:
    error = StepError("you", "Enter another name")

    def refuse() -> None:
        site.join()
        raise error

    with pytest.raises(StepError) as raised:
        site.commit(refuse)
    assert raised.value is error
    assert site.kept == NEITHER


def test_exception_after_the_end_keeps_neither(site: Site) -> None:
    with pytest.raises(KeyboardInterrupt), site.store.joined() as inner:  # noqa: PT012
        site.join()
        assert site.end(inner)
        raise KeyboardInterrupt
    assert site.kept == NEITHER


def test_nothing_is_seen_before_the_end(site: Site) -> None:
    with site.store.joined() as inner:
        site.join()
        assert site.end(inner)
        assert site.kept == NEITHER
    assert site.kept == BOTH


def test_drafts_are_not_locked_while_the_application_reads(site: Site) -> None:
    version = put(site.store, "other")

    def read_first() -> None:
        site.session.scalars(select(Member)).all()
        assert site.store.replace("other", b"new", new_version(), version, TTL)
        site.join()

    site.commit(read_first)
    assert site.kept == BOTH


def test_claim_that_was_taken_over_keeps_no_row(site: Site) -> None:
    def be_slow() -> None:
        site.take_over()
        site.join()

    with pytest.raises(ConflictError):
        site.commit(be_slow)
    assert site.kept == ([], b"second")


def test_draft_is_locked_last(
    postgres: Postgres, make_site: Callable[..., Site]
) -> None:
    limit = {"options": "-c lock_timeout=5s"}
    site = make_site(postgres.url, connect_args=limit)
    event.listen(site.session, "after_flush", lambda *_: site.take_over())
    with pytest.raises(ConflictError):
        site.commit(site.join)
    assert site.kept == ([], b"second")


@pytest.mark.parametrize("isolation", ["REPEATABLE READ", "SERIALIZABLE"])
def test_claim_that_was_taken_over_is_no_outage(
    isolation: str, postgres: Postgres, make_site: Callable[..., Site]
) -> None:
    site = make_site(postgres.url, isolation_level=isolation)

    def be_slow() -> None:
        site.session.scalars(select(Member)).all()
        site.take_over()
        site.join()

    with pytest.raises(ConflictError):
        site.commit(be_slow)
    assert site.kept == ([], b"second")


def test_claim_made_after_the_session_began_is_seen(
    url: str, make_engine: MakeEngine
) -> None:
    def begin_by_hand(engine: Engine) -> None:
        """Let SQLite begin transactions with the first read, as SQLAlchemy advises."""

        @event.listens_for(engine, "connect")
        def connect(connection: Any, record: Any) -> None:
            connection.isolation_level = None
            connection.execute("PRAGMA journal_mode = WAL").close()

        @event.listens_for(engine, "begin")
        def begin(connection: Any) -> None:
            if connection.get_isolation_level() != "AUTOCOMMIT":
                connection.exec_driver_sql("BEGIN")

    strict = {"isolation_level": "REPEATABLE READ"} if "postgres" in url else {}
    engine = make_engine(url, **strict)
    if "sqlite" in url:
        begin_by_hand(engine)
    site = Site.at(engine)
    site.session.scalars(select(Member)).all()
    site.claim()
    site.commit(site.join)
    assert site.kept == BOTH
    site.session.remove()


def test_what_the_session_did_before_is_kept(site: Site) -> None:
    site.join("Before")

    def refuse() -> None:
        site.join()
        raise StepError("you", "Enter another name")

    with pytest.raises(StepError):
        site.commit(refuse)
    assert site.kept == (["Before"], b"claim")


def test_commit_within_is_refused(site: Site) -> None:
    def commit() -> None:
        site.join()
        site.session.commit()

    with pytest.raises(DefinitionError, match=r"called commit\(\).* leave it out"):
        site.commit(commit)
    assert site.kept == NEITHER


def test_commit_of_the_same_session_by_another_name_is_refused(site: Site) -> None:
    own = site.session()

    def commit() -> None:
        site.join()
        own.commit()

    with pytest.raises(DefinitionError):
        site.commit(commit)
    assert site.kept == NEITHER


def test_commit_by_a_block_is_refused(site: Site) -> None:
    def commit() -> None:
        with site.session.begin():
            site.join()

    with pytest.raises(DefinitionError):
        site.commit(commit)
    assert site.kept == NEITHER


def test_commit_within_a_savepoint_is_refused(site: Site) -> None:
    def commit() -> None:
        site.session.begin_nested()
        site.join()
        site.session.commit()

    with pytest.raises(DefinitionError):
        site.commit(commit)
    assert site.kept == NEITHER


def test_refusal_that_is_caught_is_raised_again(site: Site) -> None:
    def commit() -> None:
        site.join()
        try:
            site.session.commit()
        except Exception:
            site.session.rollback()

    with pytest.raises(DefinitionError):
        site.commit(commit)
    assert site.kept == NEITHER


def test_refusal_outdoes_what_is_made_of_it(site: Site) -> None:
    def commit() -> None:
        site.join()
        try:
            site.session.commit()
        except Exception as error:
            raise StepError("you", "Try again") from error

    with pytest.raises(DefinitionError) as raised:
        site.commit(commit)
    assert isinstance(raised.value.__cause__, StepError)
    assert site.kept == NEITHER


def test_session_commits_again_afterwards(site: Site) -> None:
    site.commit(site.join)
    with pytest.raises(ConflictError):
        site.commit(lambda: site.join("Ben"))
    site.join("Cleo")
    site.session.commit()
    assert site.kept == (["Ann", "Cleo"], b"tombstone")


def test_savepoints_are_allowed(site: Site) -> None:
    def try_twice() -> None:
        with site.session.begin_nested():
            site.join()
        with suppress(IntegrityError), site.session.begin_nested():
            site.join()

    site.commit(try_twice)
    assert site.kept == BOTH


@pytest.mark.parametrize("before", [lambda site: None, lambda site: site.rollback()])
def test_rows_of_a_savepoint_are_part_of_it(
    before: Callable[[scoped_session[Session]], None], site: Site
) -> None:
    def fail() -> None:
        before(site.session)
        with site.session.begin_nested():
            site.join()
        raise StepError("you", "Enter another name")

    with pytest.raises(StepError):
        site.commit(fail)
    assert site.kept == NEITHER


def test_rollback_by_the_application_undoes_its_rows_alone(site: Site) -> None:
    def find_them_there() -> None:
        site.join()
        site.session.flush()
        site.session.rollback()

    site.commit(find_them_there)
    assert site.kept == ([], b"tombstone")


def test_session_that_is_removed_is_missed(site: Site) -> None:
    def begin_anew() -> None:
        site.session.remove()
        site.join()

    with pytest.raises(DefinitionError, match=r"by remove\(\)"):
        site.commit(begin_anew)
    site.session.remove()
    assert site.kept == NEITHER


def test_error_of_a_flush_is_the_application_s_own(site: Site) -> None:
    def join_twice() -> None:
        site.join()
        site.join()

    with pytest.raises(IntegrityError):
        site.commit(join_twice)
    assert site.kept == NEITHER


def test_error_of_a_flush_that_is_caught_keeps_neither(site: Site) -> None:
    def join_twice() -> None:
        site.join()
        site.join()
        with suppress(IntegrityError):
            site.session.flush()

    with pytest.raises(PendingRollbackError):
        site.commit(join_twice)
    assert site.kept == NEITHER


def test_error_of_the_commit_is_the_application_s_own(
    postgres_site: Site, postgres: Postgres
) -> None:
    site = postgres_site
    postgres.run("ALTER TABLE members DROP CONSTRAINT members_name_key")
    postgres.run("ALTER TABLE members ADD UNIQUE (name) DEFERRABLE INITIALLY DEFERRED")

    def join_twice() -> None:
        site.join()
        site.join()

    with pytest.raises(IntegrityError):
        site.commit(join_twice)
    assert site.kept == NEITHER


def test_lost_connection_keeps_neither(postgres_site: Site, postgres: Postgres) -> None:
    site = postgres_site

    def lose() -> None:
        site.join()
        site.session.flush()
        mine = site.session.scalar(text("SELECT pg_backend_pid()"))
        postgres.run(f"SELECT pg_terminate_backend({mine}, 10000)")

    with pytest.raises(StoreError, match="terminat"):
        site.commit(lose)
    assert site.kept == NEITHER
    site.commit(site.join)
    assert site.kept == BOTH


def test_lost_connection_hides_no_error(
    postgres_site: Site, postgres: Postgres
) -> None:
    site = postgres_site

    def lose() -> None:
        mine = site.session.scalar(text("SELECT pg_backend_pid()"))
        postgres.run(f"SELECT pg_terminate_backend({mine}, 10000)")
        raise StepError("you", "Enter another name")

    with pytest.raises(StepError):
        site.commit(lose)
    site.commit(site.join)
    assert site.kept == BOTH


def test_crash_of_the_server_keeps_neither(
    postgres: Postgres, make_site: Callable[..., Site]
) -> None:
    site = make_site(postgres.url, pool_pre_ping=True)
    inner = site.store.joined()
    site.end(inner.__enter__())
    site.join()
    postgres.kill()
    with pytest.raises(OperationalError):
        inner.__exit__(None, None, None)
    postgres.start()
    assert site.kept == NEITHER
    site.commit(site.join)
    assert site.kept == BOTH


@pytest.mark.parametrize(("moment", "kept"), [("before", NEITHER), ("after", BOTH)])
def test_killed_process_keeps_both_or_neither(
    moment: str, kept: object, site: Site, url: str
) -> None:
    script = """
    import os, signal, sys
    from sqlalchemy import create_engine, text
    from sqlalchemy.orm import scoped_session, sessionmaker
    from flask_wizard.stores.sql import SQLAlchemyStore

    engine = create_engine(sys.argv[1])
    session = scoped_session(sessionmaker(engine))
    with SQLAlchemyStore(engine, session=session).joined() as inner:
        session.execute(text("INSERT INTO members (name) VALUES ('Ann')"))
        assert inner.replace("key", b"tombstone", b"2" * 12, b"1" * 12, 60)
        if sys.argv[2] == "before":
            os.kill(os.getpid(), signal.SIGKILL)
    os.kill(os.getpid(), signal.SIGKILL)
    """
    assert run_script(script, url, moment, ends=-signal.SIGKILL) == ""
    assert site.kept == kept


def test_nothing_to_join_is_named(store: SQLAlchemyStore) -> None:
    with pytest.raises(ConfigurationError, match=r"FlaskWizard\(store=db\)"):
        store.joined().__enter__()


def test_session_of_another_engine_is_refused(
    site: Site, tmp_path: Path, make_engine: MakeEngine
) -> None:
    other = make_engine(f"sqlite:///{tmp_path}/other.db")
    store = SQLAlchemyStore(other, session=site.session)
    with pytest.raises(ConfigurationError, match=r"writes to sqlite:.*/other\.db"):
        store.joined().__enter__()


def test_session_without_an_engine_is_refused(store: SQLAlchemyStore) -> None:
    with Session() as session:
        unbound = SQLAlchemyStore(store.engine, session=session)
        with pytest.raises(ConfigurationError, match="no engine"):
            unbound.joined().__enter__()


@pytest.fixture(params=["the engine", "an option of the session's engine"])
def site_in_autocommit(
    request: pytest.FixtureRequest, url: str, make_engine: MakeEngine
) -> Iterator[Site]:
    """Every statement of its session is committed by itself."""
    if request.param == "the engine":
        site = Site.at(make_engine(url, isolation_level="AUTOCOMMIT"))
    else:
        site = Site.at(make_engine(url))
        bind = site.engine.execution_options(isolation_level="AUTOCOMMIT")
        site.session.configure(bind=bind)
    site.claim()
    yield site
    site.session.remove()


def test_session_in_autocommit_is_refused(site_in_autocommit: Site) -> None:
    site = site_in_autocommit
    with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        site.commit(site.join)
    assert site.kept == NEITHER


def test_session_in_autocommit_is_refused_before_its_first_statement(
    site_in_autocommit: Site,
) -> None:
    site = site_in_autocommit

    def join_at_once() -> None:
        site.join()
        site.session.flush()

    with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        site.commit(join_at_once)
    assert site.kept == NEITHER


def test_refusal_of_autocommit_that_is_caught_is_raised_again(
    site_in_autocommit: Site,
) -> None:
    site = site_in_autocommit

    def look_away() -> None:
        with suppress(ConfigurationError):
            site.session.scalars(select(Member)).all()

    with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        site.commit(look_away)
    assert site.kept == NEITHER


def test_session_that_is_put_in_autocommit_is_refused(site: Site) -> None:
    def join() -> None:
        site.session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        site.join()

    with pytest.raises(ConfigurationError, match="AUTOCOMMIT"):
        site.commit(join)
    assert site.kept == NEITHER


def test_autocommit_of_another_database_is_none_of_its_business(
    site: Site, tmp_path: Path, make_engine: MakeEngine
) -> None:
    other = make_engine(f"sqlite:///{tmp_path}/x.db", isolation_level="AUTOCOMMIT")

    def look_there_too() -> None:
        site.session.execute(text("SELECT 1"), bind_arguments={"bind": other})
        site.join()

    site.commit(look_there_too)
    assert site.kept == BOTH


def test_store_in_autocommit_joins_a_session_that_is_not(
    url: str, make_engine: MakeEngine
) -> None:
    engine = make_engine(url)
    site = Site.at(engine)
    committing = engine.execution_options(isolation_level="AUTOCOMMIT")
    store = SQLAlchemyStore(committing, session=site.session)
    with store.joined() as inner:
        site.join()
        put(inner, "key")
    assert site.kept == (["Ann"], b"blob")
    site.session.remove()


def test_block_of_the_session_begins_before_the_framework(site: Site) -> None:
    """It is refused for what it does at its end, and not for when it begins."""
    statements: list[int] = []

    def commit() -> None:
        with site.session.begin():
            site.join()
            statements.append(len(site.session.scalars(select(Member)).all()))

    with pytest.raises(DefinitionError, match=r"called commit\(\)"):
        site.commit(commit)
    assert statements == [1]


def test_sessionmaker_is_refused(engine: Engine) -> None:
    with pytest.raises(DefinitionError, match="Give the scoped_session"):
        SQLAlchemyStore(engine, session=sessionmaker(engine))


# Flask-SQLAlchemy


class Name(Form):
    name = fields.StringField("Name", [validators.InputRequired()])


@pytest.fixture
def db() -> SQLAlchemy:
    return SQLAlchemy()


MakeClub = Callable[..., Flask]


@pytest.fixture
def make_club(db: SQLAlchemy, url: str, make_app: MakeApp) -> Iterator[MakeClub]:
    """A function that makes an application with drafts and members in one database.

    Its wizard adds a member and calls ``finish``.
    """

    class Member(db.Model):  # type: ignore[name-defined,misc]
        id = db.mapped_column(db.Integer, primary_key=True)
        name = db.mapped_column(db.String(50))

    made: list[Flask] = []

    def make_club(finish: Callable[[], object], *, together: bool) -> Flask:
        class Join(Wizard):
            one_transaction = together
            you = Step(Name)
            check = Review()

            def commit(self, submission: Submission) -> None:
                db.session.add(Member(name=submission.answers.you.name))
                finish()

        app = make_app(Join, store=db, SQLALCHEMY_DATABASE_URI=url)
        db.init_app(app)
        with app.app_context():
            db.create_all()
        made.append(app)
        return app

    yield make_club
    for app in made:
        with app.app_context():
            db.engine.dispose()


@pytest.fixture
def app(make_club: MakeClub, db: SQLAlchemy) -> Flask:
    """An application that commits by itself."""
    return make_club(db.session.commit, together=False)


def at_the_end(app: Flask) -> Visitor:
    """A visitor on the check page."""
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ann")
    return visitor


def names(db: SQLAlchemy) -> list[str]:
    return list(db.session.scalars(db.text("SELECT name FROM member")))


def test_wizard_beside_the_application_s_rows(app: Flask, db: SQLAlchemy) -> None:
    assert at_the_end(app).press().path.endswith("/receipt")
    with app.app_context():
        assert names(db) == ["Ann"]
        assert inspect(db.engine).has_table("wizard_drafts")


def test_wizard_in_one_transaction(make_club: MakeClub, db: SQLAlchemy) -> None:
    app = make_club(lambda: None, together=True)
    assert at_the_end(app).press().path.endswith("/receipt")
    with app.app_context():
        assert names(db) == ["Ann"]


def test_wizard_in_one_transaction_that_commits_is_refused(
    make_club: MakeClub, db: SQLAlchemy
) -> None:
    app = make_club(db.session.commit, together=True)
    visitor = at_the_end(app)
    with pytest.raises(DefinitionError, match="leave it out"):
        visitor.press()
    assert visitor.open(visitor.page.path).rows == [("Name", "Ann")]
    with app.app_context():
        assert names(db) == []


def test_wizard_without_its_table_shows_trouble(app: Flask, db: SQLAlchemy) -> None:
    with app.app_context():
        db.metadata.tables["wizard_drafts"].drop(db.engine)
    page = at_the_end(app).page
    assert page.status == 503
    assert page.value("name") == "Ann"


def test_wizard_with_drafts_at_a_url(postgres: Postgres, make_app: MakeApp) -> None:
    committed: list[str] = []

    class Join(Wizard):
        you = Step(Name)
        check = Review()

        def commit(self, submission: Submission) -> None:
            committed.append(submission.answers.you.name)

    app = make_app(Join, store=f"{postgres.url}?connect_timeout=20&read_timeout=20")
    assert at_the_end(app).press().path.endswith("/receipt")
    assert committed == ["Ann"]
    app.extensions["flask_wizard"].store.engine.dispose()


def test_session_of_flask_sqlalchemy_is_joined(app: Flask, db: SQLAlchemy) -> None:
    store = SQLAlchemyStore(db)
    insert = db.text("INSERT INTO member (name) VALUES ('Ann')")
    with app.app_context():
        store.create_table()
        with store.joined() as inner:
            db.session.execute(insert)
            put(inner, "other")
            assert store.load("other") is None
        assert names(db) == ["Ann"]
        assert store.load("other") is not None


def test_drafts_lie_in_the_default_database(
    url: str, tmp_path: Path, db: SQLAlchemy
) -> None:
    other = f"sqlite:///{tmp_path}/other.db"
    app = Flask("site")
    app.config.update(SQLALCHEMY_DATABASE_URI=url, SQLALCHEMY_BINDS={"other": other})
    db.init_app(app)
    store = SQLAlchemyStore(db)
    with app.app_context():
        store.create_table()
        with store.joined() as inner:
            put(inner, "key")
        assert tables(db.engine) == ["wizard_drafts"]
        assert tables(db.engines["other"]) == []
        for engine in db.engines.values():
            engine.dispose()


def test_alembic_sees_the_table_of_flask_sqlalchemy(app: Flask, db: SQLAlchemy) -> None:
    with app.app_context(), db.engine.connect() as connection:
        context = MigrationContext.configure(connection)
        assert compare_metadata(context, db.metadata) == []


# What ends a transaction by the way


@pytest.mark.parametrize(
    "statement",
    [
        *("GRANT SELECT ON x TO ann", "/* so */ revoke all on x from ann"),
        *("ANALYZE TABLE x", "analyze local table x", "OPTIMIZE TABLE x"),
        "FLUSH TABLES",
        *("REPAIR NO_WRITE_TO_BINLOG TABLE x", "CHECK TABLE x", "UNINSTALL PLUGIN x"),
        *("CACHE INDEX x IN hot", "LOAD INDEX INTO CACHE x", "RESET MASTER"),
        *("SET PASSWORD = 'x'", "SET autocommit=1", "SET @@session.autocommit = ON"),
        *("INSTALL PLUGIN x SONAME 'y'", "DROP VIEW x", "TRUNCATE x"),
        *("CREATE OR REPLACE TABLE x (y INT)", "STOP REPLICA"),
    ],
)
def test_statement_before_which_mysql_commits_is_known(statement: str) -> None:
    assert COMMITS_IN_MYSQL.match(statement)


@pytest.mark.parametrize(
    "statement",
    [
        *("ANALYZE SELECT 1", "CHECKSUM TABLE x", "LOAD DATA INFILE 'x' INTO TABLE y"),
        *("SET NAMES utf8mb4", "SET autocommit = 0", "SELECT 'GRANT'", "SET @a = 1"),
        *("CREATE TEMPORARY TABLE x (y INT)", "DROP TEMPORARY TABLE x", "SAVEPOINT x"),
        *("CREATE OR REPLACE TEMPORARY TABLE x (y INT)", "INSERT INTO grants (1)"),
    ],
)
def test_statement_that_leaves_a_transaction_alone_is_allowed(statement: str) -> None:
    assert not COMMITS_IN_MYSQL.match(statement)
