"""SQLAlchemyStore: drafts in the application's SQL database, or in one at a URL."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import Any, Literal, NoReturn, Protocol, TypeAlias, TypeVar

from sqlalchemy import (
    URL,
    Connection,
    Engine,
    Executable,
    Index,
    MetaData,
    Row,
    Table,
    event,
    text,
)
from sqlalchemy.exc import DBAPIError, SQLAlchemyError
from sqlalchemy.orm import (
    Session,
    SessionTransaction,
    scoped_session,
    sessionmaker,
)

from flask_wizard.errors import (
    ConfigurationError,
    ConflictError,
    DefinitionError,
    StoreError,
    WizardError,
)
from flask_wizard.stores import LISTED_AT_ONCE, DraftStore, sweep_now_and_then
from flask_wizard.stores.sql_engine import BoundedDatabase
from flask_wizard.stores.sql_table import (
    GIVEN_UP,
    MADE_MEANWHILE,
    NO_TABLE,
    Rows,
    Statements,
    are_bytes,
    drafts_table,
    has_code,
    place,
    remove,
    store_errors,
)
from flask_wizard.stores.wal import repeat_until_done, truncate_log

__all__ = ["SQLAlchemyStore", "drafts_table"]

SWEPT_AT_ONCE = 1000
CREATE_TRIES = 4

GAVE_UP = "The database has given the transaction up because of another one."

#: What stands before a statement: spaces and comments.
BEFORE = r"(?:\s|--[^\n]*\n|/\*.*?\*/)*"
#: A statement that ends a transaction; not ROLLBACK TO a SAVEPOINT.
ENDS_TRANSACTION = re.compile(
    BEFORE
    + r"(COMMIT|END|ABORT|PREPARE\s+TRANSACTION|ROLLBACK(?!\s+(?:\w+\s+)?TO\b))\b",
    re.IGNORECASE | re.DOTALL,
)
#: A statement before which MySQL and MariaDB commit the transaction by themselves
#: (https://dev.mysql.com/doc/refman/8.4/en/implicit-commit.html).
COMMITS_IN_MYSQL = re.compile(
    BEFORE
    + r"(ALTER|(?:CREATE|DROP)(?!\s+(?:OR\s+REPLACE\s+)?TEMPORARY)|TRUNCATE|RENAME"
    r"|BEGIN|START|LOCK|GRANT|REVOKE|SET\s+PASSWORD|INSTALL|UNINSTALL|FLUSH|RESET|STOP"
    r"|(?:ANALYZE|CHECK|OPTIMIZE|REPAIR)\s+(?:(?:LOCAL|NO_WRITE_TO_BINLOG)\s+)?TABLE"
    r"|(?:CACHE|LOAD)\s+INDEX|CHANGE|SET\s[^;]*\bautocommit\s*:?=\s*(?:1|ON|TRUE))\b",
    re.IGNORECASE | re.DOTALL,
)

POSTGRESQL_SETTINGS = {
    "fsync": "a crash of its machine may damage the whole database",
    "synchronous_commit": "a crash of the server loses what was written last",
}

Isolation: TypeAlias = Literal["AUTOCOMMIT", "READ COMMITTED"]
Sessions: TypeAlias = "Session | scoped_session[Any] | Callable[[], Session]"
Result = TypeVar("Result")

DEADLOCKS = 4
"""How often a statement is tried again that the server has given up twice."""


class Database(Protocol):
    """An engine, the session to join if there is one, and the tables' metadata.

    Flask-SQLAlchemy's ``SQLAlchemy`` object is one.
    """

    @property
    def engine(self) -> Engine: ...
    @property
    def session(self) -> Any: ...
    @property
    def metadata(self) -> MetaData: ...


class SQLAlchemyStore(Rows):
    """Stores drafts in the table ``wizard_drafts`` of the application's own database.

    ``bind`` is an Engine, or Flask-SQLAlchemy's ``SQLAlchemy`` object, whose limits of
    time the store has too. Every call is a short transaction on a connection of its
    own, except inside ``joined``: the pool must have more connections than the server
    has threads, each of which may hold one for its session.

    ``session`` is the session to join if ``bind`` is an Engine: a Session, a
    scoped_session, or a function that returns the current session. ``table`` is a
    result of ``drafts_table``, for a table outside the default schema.

    The store does not create the table: call ``create_table`` once, or use a migration.
    """

    def __init__(
        self,
        bind: Engine | Database,
        *,
        session: Sessions | None = None,
        table: Table | None = None,
    ) -> None:
        self._database = _EngineDatabase(bind) if isinstance(bind, Engine) else bind
        if not isinstance(getattr(self._database, "metadata", None), MetaData):
            raise DefinitionError(
                f"SQLAlchemyStore got a {type(bind).__qualname__}. Accepted are an "
                "Engine and Flask-SQLAlchemy's SQLAlchemy object; for a URL there is "
                "SQLAlchemyStore.from_url."
            )
        self._session = self._database.session if session is None else session
        if isinstance(self._session, sessionmaker):
            raise DefinitionError(
                "session is a sessionmaker, which makes another session at each call. "
                "Give the scoped_session that the application uses."
            )
        if table is None:
            table = drafts_table(self._database.metadata)
        super().__init__(Statements(table))
        # If only a URL names the database, no migration of the application creates it.
        self._has_table = not isinstance(bind, BoundedDatabase)

    @classmethod
    def from_url(cls, url: str, folder: Path) -> SQLAlchemyStore:
        """Return a store for ``postgresql+psycopg://user:password@host/database``.

        Its connections have limits of time. It creates the table at the first use.
        Raise ConfigurationError for a wrong URL or a driver without limits.
        """
        return cls(BoundedDatabase(url))

    @property
    def engine(self) -> Engine:
        """The current engine. Raise ConfigurationError if there is none."""
        try:
            return self._database.engine
        except RuntimeError as error:  # Flask's and Flask-SQLAlchemy's
            raise ConfigurationError(f"The store has no engine: {error}") from error

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        sweep_now_and_then(self._sweep_some)
        return super().create(key, blob, version, ttl)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        sweep_now_and_then(self._sweep_some)
        return super().replace(key, blob, version, expected, ttl)

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value, in order of keys."""
        after, statement = "", self.statements.entries
        while True:
            few = {"after": after, "now": time.time(), "most": LISTED_AT_ONCE}
            rows = self.run(partial(_all_rows, statement, few))
            if not rows:
                return
            for key, blob, version in map(tuple, rows):
                is_whole = are_bytes(blob, version)
                yield (key, blob, version) if is_whole else (key, b"", b"")
            after = rows[-1][0]

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove all values that have expired at ``now``; return how many."""
        removed = 0
        while count := self._sweep_some(now):
            removed += count
            if report is not None:
                report(removed)
        return removed

    def erase_remains(self) -> None:
        """Truncate the write-ahead log of an SQLite database, as SQLiteStore does.

        In other databases it is the server that decides when to overwrite old rows.
        """
        engine = self.engine
        if engine.dialect.name == "sqlite":
            repeat_until_done(engine, partial(_truncate_log, engine))

    def create_table(self) -> None:
        """Create the table and its index if they are missing. Raise StoreError.

        Any number of processes may call this at once.
        """
        engine, table = self.engine, self.statements.table
        parts: list[Table | Index] = [table, *table.indexes]
        with store_errors(engine):
            for part in parts:
                _create(part, engine)

    def warnings(self) -> Iterable[str]:
        """Return a warning for each setting that would lose drafts.

        Raise StoreError.
        """
        try:
            engine = self.engine
        except ConfigurationError:  # Flask-SQLAlchemy has no application yet
            return
        if engine.dialect.name == "postgresql":
            yield from self._postgresql_warnings(engine)
        elif engine.dialect.name == "sqlite" and _is_in_memory(engine.url):
            yield (
                "Drafts are stored in an SQLite database in the memory of this "
                "process: a restart loses them, and no other worker sees them."
            )

    @contextmanager
    def joined(self) -> Iterator[DraftStore]:
        """Yield a store that writes in the transaction of the application's session.

        The end of the block commits the store's writes and everything that the session
        did in the block; an exception rolls back both. This first commits what the
        session did before, so that it is not lost: a transaction that began before the
        claim of the draft may not see the claim, and may not be allowed to write over
        it.

        A ``rollback()`` in the block undoes what the application did in it so far, and
        the end of the draft is committed all the same. Raise DefinitionError if the
        block commits, closes or replaces the session, and ConfigurationError if there
        is no session, or if it has another engine or is in AUTOCOMMIT. Raise
        ConflictError, from the database's error, if the database has given the
        transaction up because of another one: then the block can be run again.
        """
        session = self._current_session()
        self._check_engine_of(session)
        if session.in_transaction():
            session.commit()
        try:
            with _TransactionGuard(session, self.engine):
                yield _Joined(self.statements, session)
            if self._current_session() is not session:
                raise DefinitionError(
                    "commit has replaced the session that it began with, for example "
                    "by remove(). With one_transaction = True the framework commits "
                    "that session; leave it in place."
                )
            session.commit()
        except BaseException as error:
            _roll_back(session)
            if isinstance(error, DBAPIError) and has_code(error.orig, GIVEN_UP):
                raise ConflictError(GAVE_UP) from error
            if isinstance(error, StoreError) and has_code(error.__cause__, GIVEN_UP):
                raise ConflictError(GAVE_UP) from error
            raise

    def give_way(self) -> None:
        """Roll back the application's session if it is one of SQLite.

        SQLite has one writer at a time: a session that has written and is not rolled
        back keeps this store from writing.
        """
        if self._session is None or self.engine.dialect.name != "sqlite":
            return
        session = self._current_session()
        if session.in_transaction():
            _roll_back(session)

    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Run ``work``; create the table first if it has never been there."""
        had_table = self._has_table  # another thread may create it meanwhile
        try:
            result = self._run(work)
        except StoreError as error:
            if had_table or not has_code(error.__cause__, NO_TABLE):
                raise
            self.create_table()
            result = self._run(work)
        self._has_table = True  # from now on a missing table is an outage
        return result

    def _run(self, work: Callable[[Connection], Result]) -> Result:
        engine = self.engine
        with store_errors(engine):
            try:
                # One round trip per statement, which sees all committed writes.
                return _run_once(engine, "AUTOCOMMIT", work)
            except DBAPIError as error:
                if not has_code(error.orig, GIVEN_UP):
                    raise
            # The server's default is a stricter isolation, under which it may abort. A
            # deadlock may come again while others write beside a sweep.
            for _ in range(DEADLOCKS):
                try:
                    return _run_once(engine, "READ COMMITTED", work)
                except DBAPIError as error:
                    if not has_code(error.orig, GIVEN_UP):
                        raise
            return _run_once(engine, "READ COMMITTED", work)

    def _sweep_some(self, now: float | None = None) -> int:
        until = {"now": time.time() if now is None else now, "most": SWEPT_AT_ONCE}
        sweep = self.statements.sweep
        if removed := self.run(lambda connection: remove(connection, sweep, until)):
            self.erase_remains()
        return removed

    def _postgresql_warnings(self, engine: Engine) -> Iterator[str]:
        with store_errors(engine), engine.connect() as connection:
            # Not back to the pool, which children of a forking server would share.
            connection.detach()
            for setting, consequence in POSTGRESQL_SETTINGS.items():
                if connection.scalar(text(f"SHOW {setting}")) == "off":
                    yield f"PostgreSQL runs with {setting} = off: {consequence}."
            preparer = connection.dialect.identifier_preparer
            name = preparer.format_table(self.statements.table)
            kind = "SELECT relpersistence FROM pg_class WHERE oid = to_regclass(:name)"
            if connection.scalar(text(kind), {"name": name}) == "u":
                yield (
                    f"The table {name} is UNLOGGED: a crash of PostgreSQL empties it. "
                    f"Run: ALTER TABLE {name} SET LOGGED"
                )

    def _current_session(self) -> Session:
        if self._session is None:
            raise ConfigurationError(
                "one_transaction = True needs the application's session, and the store "
                "has none. Give it Flask-SQLAlchemy's object, FlaskWizard(store=db), "
                "or a session: SQLAlchemyStore(engine, session=...)."
            )
        if isinstance(self._session, Session):
            return self._session
        session: Session = self._session()
        return session

    def _check_engine_of(self, session: Session) -> None:
        try:
            bind = session.get_bind(clause=self.statements.table)
        except SQLAlchemyError as error:
            raise ConfigurationError(f"The session has no engine: {error}") from error
        if bind.engine.pool is not self.engine.pool:
            raise ConfigurationError(
                f"The session writes to {place(bind.engine)} by another engine than "
                f"the store, which writes to {place(self.engine)}. Bind the session to "
                "the store's engine, or they cannot be one transaction."
            )


class _EngineDatabase:
    """A Database with an engine and no session."""

    session = None

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.metadata = MetaData()


class _Joined(Rows):
    """The store's calls on the connection of the application's session."""

    def __init__(self, statements: Statements, session: Session) -> None:
        super().__init__(statements)
        self._session = session

    def run(self, work: Callable[[Connection], Result]) -> Result:
        self._session.flush()  # its errors are the application's, not the store's
        table = self.statements.table
        with store_errors(self._session.get_bind(clause=table).engine):
            return work(self._session.connection(bind_arguments={"clause": table}))


class _TransactionGuard:
    """Refuses that the block ends the session's transaction, except by rollback()."""

    def __init__(self, session: Session, engine: Engine) -> None:
        self._session = session
        self._engine = engine
        self._refusal: WizardError | None = None
        self._is_open = True
        self._was_rolled_back = self._was_closed = False
        self._listeners: list[tuple[str, Callable[..., None]]] = [
            ("before_commit", self._refuse),
            ("after_begin", self._check_begun),
            ("after_rollback", self._note_rollback),
            ("after_transaction_end", self._note_end),
        ]

    def __enter__(self) -> None:
        for name, listener in self._listeners:
            event.listen(self._session, name, listener)

    def __exit__(self, kind: object, error: BaseException | None, at: object) -> None:
        self._is_open = False
        for name, listener in self._listeners:
            event.remove(self._session, name, listener)
        if error is None and self._was_closed and self._refusal is None:
            raise DefinitionError(
                "commit has closed the session, for example at the end of a `with`, "
                "and what it had added is lost. With one_transaction = True the "
                "framework commits that session; leave it open."
            )
        if self._refusal is None or error is self._refusal:
            return
        if error is None or isinstance(error, Exception):
            raise self._refusal from error  # also if the application has caught it

    def _note_rollback(self, session: Session) -> None:
        if not session.in_nested_transaction():
            self._was_rolled_back = True

    def _note_end(self, session: Session, ended: SessionTransaction) -> None:
        if ended.parent is not None:  # a SAVEPOINT, or a flush
            return
        self._was_closed = self._was_closed or not self._was_rolled_back
        self._was_rolled_back = False

    def _refuse(self, session: Session) -> None:
        if session.in_nested_transaction():  # a SAVEPOINT
            return
        self._refuse_end("called commit() of the session")

    def _refuse_end(self, what: str) -> NoReturn:
        self._refusal = DefinitionError(
            f"commit {what}. With one_transaction = True the framework commits, the "
            "rows and the draft's end together; leave it out, or call flush()."
        )
        raise self._refusal

    def _refuse_driver_commit(self, connection: Connection) -> None:
        if self._is_open:
            self._refuse_end("called commit() of the session's connection")

    def _check_statement(
        self, connection: Connection, cursor: object, statement: str, *more: object
    ) -> None:
        if not self._is_open:
            return
        end = ENDS_TRANSACTION.match(statement)
        if end is None and connection.dialect.name in ("mysql", "mariadb"):
            end = COMMITS_IN_MYSQL.match(statement)
        if end is not None:
            self._refuse_end(f"has executed {end[1].upper()}")

    def _check_begun(
        self, session: Session, begun: object, connection: Connection
    ) -> None:
        is_ours = connection.engine.pool is self._engine.pool
        if is_ours and _commits_each_statement(connection):
            self._refusal = ConfigurationError(
                f"The session's connection to {place(self._engine)} is in AUTOCOMMIT: "
                "each statement is committed by itself. one_transaction = True needs "
                'a session whose engine has no isolation_level="AUTOCOMMIT".'
            )
            _refuse_statements(connection, self._refusal)
        event.listen(connection, "commit", self._refuse_driver_commit)
        event.listen(connection, "before_cursor_execute", self._check_statement)
        if connection.dialect.name == "sqlite":
            event.listen(connection, "savepoint", _begin)


def _refuse_statements(connection: Connection, refusal: WizardError) -> None:
    """Raise ``refusal`` at each statement, also after the application has caught it.

    Otherwise AUTOCOMMIT would commit the statement.
    """

    @event.listens_for(connection, "before_cursor_execute")
    def refuse(*statement: object) -> None:
        raise refusal


def _create(part: Table | Index, engine: Engine) -> None:
    for _ in range(CREATE_TRIES - 1):
        try:
            return part.create(engine, checkfirst=True)
        except DBAPIError as error:
            if not has_code(error.orig, MADE_MEANWHILE):
                raise
    part.create(engine, checkfirst=True)


def _commits_each_statement(connection: Connection) -> bool:
    """True if the driver is in AUTOCOMMIT and has no transaction.

    SQLAlchemy reports SERIALIZABLE for an SQLite in AUTOCOMMIT. That one has a
    transaction nevertheless if the application has sent a BEGIN.
    """
    driver: Any = connection.connection.dbapi_connection
    if connection.dialect.name == "sqlite" and driver.isolation_level is None:
        return not driver.in_transaction
    if hasattr(driver, "get_autocommit"):  # MySQL's, whose autocommit is a setter
        return bool(driver.get_autocommit())
    return getattr(driver, "autocommit", False) is True


def _begin(connection: Connection, savepoint: str) -> None:
    """Begin a transaction before a SAVEPOINT of SQLite.

    Python's sqlite3 begins one only before it writes a row. Otherwise the SAVEPOINT
    would be the transaction, and its RELEASE would commit.
    """
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction:
        connection.exec_driver_sql("BEGIN")


def _run_once(
    engine: Engine, isolation: Isolation, work: Callable[[Connection], Result]
) -> Result:
    with engine.connect() as connection:
        connection.execution_options(isolation_level=isolation)
        with connection.begin():
            return work(connection)


def _all_rows(
    statement: Executable, values: dict[str, object], connection: Connection
) -> Sequence[Row[Any]]:
    return connection.execute(statement, values).all()


def _truncate_log(engine: Engine) -> bool:
    def truncate(connection: Connection) -> bool:
        return truncate_log(lambda sql: connection.exec_driver_sql(sql).all())

    with store_errors(engine):
        return _run_once(engine, "AUTOCOMMIT", truncate)


def _roll_back(session: Session) -> None:
    try:
        session.rollback()
    except SQLAlchemyError:  # the connection is lost, and the transaction with it
        session.invalidate()


def _is_in_memory(url: URL) -> bool:
    return url.database in (None, "", ":memory:") or url.query.get("mode") == "memory"
