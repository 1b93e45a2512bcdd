"""The SQLAlchemy store on MariaDB: the contract, outages, and one transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial

import pytest
import servers
from mariadb_servers import MariaDB
from postgres import Opened, at_url
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session, scoped_session, sessionmaker

from flask_wizard.errors import ConfigurationError, DefinitionError, StoreError
from flask_wizard.stores import new_version
from flask_wizard.stores.sql import SQLAlchemyStore
from flask_wizard.testing.store_contract import (
    ListingStoreContract,
    OutageContract,
    ServerContract,
    SharedStoreContract,
    SweptStoreContract,
)

TTL = 60  # seconds
CLAIMED = b"1" * 12  # a version


@pytest.fixture(scope="module")
def only_server() -> Iterator[MariaDB]:
    server = MariaDB()
    with servers.running(server):
        yield server


@pytest.fixture
def mariadb(only_server: MariaDB) -> Iterator[MariaDB]:
    """The server, without tables; a test may kill or freeze it."""
    only_server.empty()
    yield only_server
    only_server.revive()


@pytest.fixture
def url(mariadb: MariaDB) -> str:
    """With wide limits: a machine that runs tests may be busy."""
    return f"{mariadb.url}?connect_timeout=20&read_timeout=20"


@pytest.fixture
def opened() -> Iterator[Callable[..., Opened]]:
    given: list[Opened] = []

    def opened(opener: Callable[[str], SQLAlchemyStore], url: str) -> Opened:
        given.append(Opened(opener, url))
        return given[-1]

    yield opened
    for reopen in given:
        reopen.close()


# The contract


class TestAtAURL(
    SharedStoreContract,
    SweptStoreContract,
    ListingStoreContract,
    OutageContract,
):
    ttl = 60  # seconds, none of which a test waits for

    @pytest.fixture
    def reopen(self, url: str, opened: Callable[..., Opened]) -> Opened:
        return opened(at_url, url)

    @pytest.fixture
    def store(self, reopen: Opened, monkeypatch: pytest.MonkeyPatch) -> SQLAlchemyStore:
        # Sixteen threads race in each of twenty turns. All but five would connect anew
        # in each, which takes far longer than the race.
        pooled = partial(create_engine, pool_size=16)
        monkeypatch.setattr("flask_wizard.stores.sql_engine.create_engine", pooled)
        return reopen()

    @pytest.fixture
    def broken_store(self) -> SQLAlchemyStore:
        return at_url(f"mariadb+pymysql://127.0.0.1:{servers.free_port()}/site")


class TestOutagesAtAURL(ServerContract):
    @pytest.fixture
    def server(self, mariadb: MariaDB) -> MariaDB:
        return mariadb

    @pytest.fixture
    def store(self, mariadb: MariaDB, opened: Callable[..., Opened]) -> SQLAlchemyStore:
        return opened(at_url, f"{mariadb.url}?connect_timeout=4&read_timeout=4")()


def test_missing_table_is_an_outage(engine: Engine) -> None:
    with pytest.raises(StoreError, match=r"create_table\(\) .* or run the migration"):
        SQLAlchemyStore(engine).load("key")


def test_acknowledged_writes_survive_a_crash_of_the_server(
    mariadb: MariaDB, opened: Callable[..., Opened], url: str
) -> None:
    store = opened(at_url, url)()
    versions = {key: new_version() for key in "abcdef"}
    for key, version in versions.items():
        assert store.create(key, key.encode(), version, TTL)
    mariadb.kill()
    mariadb.start()
    found = {key: store.load(key) for key in versions}
    assert found == {key: (key.encode(), own) for key, own in versions.items()}


# One transaction with the application's rows


@pytest.fixture
def engine(mariadb: MariaDB) -> Iterator[Engine]:
    engine = create_engine(mariadb.url)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE members (name VARCHAR(20) UNIQUE)"))
    yield engine
    engine.dispose()


@pytest.fixture
def session(engine: Engine) -> Iterator[scoped_session[Session]]:
    session = scoped_session(sessionmaker(engine))
    yield session
    session.remove()


@pytest.fixture
def store(engine: Engine, session: scoped_session[Session]) -> SQLAlchemyStore:
    """With a draft that is claimed."""
    store = SQLAlchemyStore(engine, session=session)
    store.create_table()
    assert store.create("key", b"claim", CLAIMED, TTL)
    return store


def kept(store: SQLAlchemyStore) -> tuple[list[str], bytes]:
    """What others see: the members, and the value of the draft."""
    with store.engine.connect() as connection:
        names = list(connection.scalars(text("SELECT name FROM members")))
    found = store.load("key")
    assert found is not None
    return names, found[0]


JOIN = text("INSERT INTO members VALUES ('Ann')")


def test_rows_are_kept_with_the_end_of_the_draft(
    store: SQLAlchemyStore, session: scoped_session[Session]
) -> None:
    with store.joined() as inner:
        session.execute(JOIN)
        assert inner.replace("key", b"tombstone", new_version(), CLAIMED, TTL)
        assert kept(store) == ([], b"claim")
    assert kept(store) == (["Ann"], b"tombstone")


def test_exception_keeps_neither(
    store: SQLAlchemyStore, session: scoped_session[Session]
) -> None:
    with pytest.raises(KeyboardInterrupt), store.joined() as inner:  # noqa: PT012
        session.execute(JOIN)
        assert inner.replace("key", b"tombstone", new_version(), CLAIMED, TTL)
        raise KeyboardInterrupt
    assert kept(store) == ([], b"claim")


def test_claim_that_was_taken_over_is_noticed(
    store: SQLAlchemyStore, session: scoped_session[Session]
) -> None:
    with store.joined() as inner:
        session.execute(text("SELECT * FROM members")).all()  # the transaction begins
        assert store.replace("key", b"second", new_version(), CLAIMED, TTL)
        assert not inner.replace("key", b"tombstone", new_version(), CLAIMED, TTL)
    assert kept(store) == ([], b"second")


def test_commit_within_is_refused(
    store: SQLAlchemyStore, session: scoped_session[Session]
) -> None:
    with pytest.raises(DefinitionError), store.joined():  # noqa: PT012
        session.execute(JOIN)
        session.commit()
    assert kept(store) == ([], b"claim")


def test_session_in_autocommit_is_refused(
    store: SQLAlchemyStore, session: scoped_session[Session]
) -> None:
    session.configure(bind=store.engine.execution_options(isolation_level="AUTOCOMMIT"))
    with pytest.raises(ConfigurationError, match="AUTOCOMMIT"), store.joined():
        session.execute(JOIN)
    assert kept(store) == ([], b"claim")


def test_waiting_for_a_lock_ends(
    store: SQLAlchemyStore, mariadb: MariaDB, opened: Callable[..., Opened]
) -> None:
    impatient = opened(at_url, f"{mariadb.url}?connect_timeout=20&read_timeout=1")()
    with store.engine.begin() as connection:
        connection.execute(text("SELECT * FROM wizard_drafts FOR UPDATE"))
        started = time.monotonic()
        with pytest.raises(StoreError):
            impatient.replace("key", b"late", new_version(), CLAIMED, TTL)
        assert time.monotonic() - started < 10
