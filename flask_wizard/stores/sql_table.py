"""The table of drafts in an SQL database, and a store's statements on it."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from sqlalchemy import (
    Column,
    Connection,
    Double,
    Engine,
    Executable,
    LargeBinary,
    MetaData,
    String,
    Table,
    bindparam,
    delete,
    insert,
    select,
    update,
)
from sqlalchemy.dialects import mysql, postgresql, sqlite
from sqlalchemy.exc import IntegrityError, PendingRollbackError, SQLAlchemyError

from flask_wizard.errors import DefinitionError, StoreError, UnreadableDraftError

# MySQL's defaults would be strings that ignore case, and blobs of 64 KB.
KEY = String(64).with_variant(
    mysql.VARCHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb"
)
VERSION = LargeBinary(12).with_variant(mysql.VARBINARY(12), "mysql", "mariadb")
BLOB = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
COLUMNS = ("key", "version", "expires", "blob")

OVERWRITES = "flask_wizard_overwrites"
"""The key under which a connection of the pool is marked."""

# SQLite has RETURNING only since 3.35; psycopg does not count inserted rows.
UPSERTS: dict[str, Callable[[Table], Any]] = {
    "postgresql": lambda table: postgresql.insert(table).returning(table.c.key),
    "sqlite": sqlite.insert,
}

# By PostgreSQL's SQLSTATE, MySQL's number, or the beginning of SQLite's message.
NO_TABLE = ("42P01", 1146, "no such table")
# Because of another write, or a deadlock; 517 is SQLite's BUSY_SNAPSHOT.
GIVEN_UP = ("40001", "40P01", 1213, 517)
# If another process has just created the table or the index, or is creating it.
MADE_MEANWHILE = (
    *("42P07", "42710", "23505", "XX000", 1050, 1061, "table ", "index "),
    *("55P03", 1205, "database is locked", *GIVEN_UP),
)

Result = TypeVar("Result")


def drafts_table(metadata: MetaData) -> Table:
    """Return the table ``wizard_drafts`` of ``metadata``; define it if it is missing.

    Then ``create_all`` creates it, and Alembic's autogenerate finds it. Raise
    DefinitionError if another table has its name.
    """
    table = Table(
        "wizard_drafts",
        metadata,
        Column("key", KEY, primary_key=True),
        Column("version", VERSION, nullable=False),
        Column("expires", Double, nullable=False, index=True),
        Column("blob", BLOB, nullable=False),
        keep_existing=True,
    )
    if not set(COLUMNS) <= set(table.columns.keys()):
        raise DefinitionError(
            f"The MetaData has another table {table.fullname}, with the columns "
            f"{', '.join(table.columns.keys())}. Expected {', '.join(COLUMNS)}."
        )
    return table


class Statements:
    """The statements on one table, built once."""

    def __init__(self, table: Table) -> None:
        self.table = table
        here = table.c.key == bindparam("at")
        lives = table.c.expires > bindparam("now")
        is_expired = table.c.expires <= bindparam("now")
        is_expected = table.c.version == bindparam("expected")
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in COLUMNS[1:]}
        self.load: Executable = select(table.c.blob, table.c.version).where(here, lives)
        self.entries: Executable = (
            select(table.c.key, table.c.blob, table.c.version)
            .where(table.c.key > bindparam("after"), lives)
            .order_by(table.c.key)
            .limit(bindparam("most"))
        )
        self.replace: Executable = (
            update(table).where(here, is_expected, lives).values(new)
        )
        self.replace_expired: Executable = (
            update(table).where(here, is_expired).values(new)
        )
        self.insert: Executable = insert(table).values(key=bindparam("at"), **new)
        self.upserts: dict[str, Executable] = {
            dialect: _upsert(insert(table), new, is_expired)
            for dialect, insert in UPSERTS.items()
        }
        self.sweep: Executable = _sweep(table, is_expired)


def _upsert(insert: Any, new: dict[str, Any], is_expired: Any) -> Executable:
    insert = insert.values(key=bindparam("at"), **new)
    excluded = {name: insert.excluded[name] for name in new}
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["key"], set_=excluded, where=is_expired
    )
    return statement.execution_options(preserve_rowcount=True)


def _sweep(table: Table, is_expired: Any) -> Executable:
    # Another transaction writes or sweeps a locked row. To wait for it could end in a
    # deadlock. MySQL requires a subquery within the subquery.
    expired = (
        select(table.c.key)
        .where(is_expired)
        .order_by(table.c.expires)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .subquery()
    )
    return delete(table).where(table.c.key.in_(select(expired.c.key)))


class Rows(ABC):
    """A store's calls. A subclass chooses the connection, in ``run``."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements

    @abstractmethod
    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Return what ``work`` returns for a connection. Raise StoreError."""

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        return self.run(lambda connection: self._load(connection, key))

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        new = _new(key, blob, version, ttl)
        return self.run(lambda connection: self._create(connection, new))

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        new = {**_new(key, blob, version, ttl), "expected": expected}
        replace = self.statements.replace
        return self.run(lambda connection: _changes(connection, replace, new))

    def _load(self, connection: Connection, key: str) -> tuple[bytes, bytes] | None:
        found = {"at": key, "now": time.time()}
        row = connection.execute(self.statements.load, found).first()
        if row is None:
            return None
        blob, version = row
        if not are_bytes(blob, version):
            raise UnreadableDraftError("A draft in the database is damaged: not bytes.")
        return blob, version

    def _create(self, connection: Connection, new: dict[str, object]) -> bool:
        upsert = self.statements.upserts.get(connection.dialect.name)
        if upsert is not None:
            return _changes(connection, upsert, new)
        if _changes(connection, self.statements.replace_expired, new):
            return True
        try:
            connection.execute(self.statements.insert, new)
        except IntegrityError:
            return False
        return True


def are_bytes(blob: object, version: object) -> bool:
    """True if a row's blob and version are what a store has written."""
    return isinstance(blob, bytes) and isinstance(version, bytes)


def _new(key: str, blob: bytes, version: bytes, ttl: int) -> dict[str, object]:
    now = time.time()
    return {
        "at": key,
        "now": now,
        "new_blob": blob,
        "new_version": version,
        "new_expires": now + ttl,
    }


def _changes(connection: Connection, statement: Executable, values: Any) -> bool:
    _overwrite_what_is_deleted(connection)
    result = connection.execute(statement, values)
    return bool(result.all()) if result.returns_rows else result.rowcount > 0


def remove(connection: Connection, statement: Executable, values: Any) -> int:
    """Execute a statement that removes rows; return their number."""
    _overwrite_what_is_deleted(connection)
    return connection.execute(statement, values).rowcount


def _overwrite_what_is_deleted(connection: Connection) -> None:
    """Have SQLite overwrite with zeros what this connection deletes."""
    if connection.dialect.name != "sqlite" or OVERWRITES in connection.info:
        return
    connection.exec_driver_sql("PRAGMA secure_delete = ON").close()
    connection.info[OVERWRITES] = True


@contextmanager
def store_errors(engine: Engine) -> Iterator[None]:
    """Raise StoreError for the errors of SQLAlchemy and of its driver.

    SQLAlchemy's errors show the parameters of the statement, so the cause is the
    driver's error. SQLAlchemy passes that on unchanged if the connection is lost while
    it sets the isolation level, which is before each of our statements. The driver of
    SQLite raises UnicodeError if a damaged file makes its message no UTF-8.
    """
    try:
        yield
    except PendingRollbackError:  # the application has caught an error of its own
        raise
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error, UnicodeError) as error:
        cause = getattr(error, "orig", None) or error
        message = str(cause).strip().partition("\n")[0]
        if has_code(cause, NO_TABLE):
            message += ". Call create_table() of the store once, or run the migration"
        raise StoreError(f"Drafts in {place(engine)}: {message}") from cause


def has_code(error: BaseException | None, codes: tuple[str | int, ...]) -> bool:
    """True if it is a driver's error with one of these codes or message beginnings."""
    states = ("sqlstate", "pgcode", "sqlite_errorcode")
    state = next(filter(None, (getattr(error, name, None) for name in states)), None)
    first = error.args[0] if error is not None and error.args else None
    texts = tuple(code for code in codes if isinstance(code, str))
    return state in codes or first in codes or str(first).startswith(texts)


def place(engine: Engine) -> str:
    """Return the URL of the database without password and options."""
    return engine.url.set(query={}).render_as_string(hide_password=True)
