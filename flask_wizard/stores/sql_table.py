"""The table of drafts in an SQL database, and the calls of a store on it."""

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

# MySQL's own choices would be texts that ignore case, and blobs of 64 KB.
KEY = String(64).with_variant(
    mysql.VARCHAR(64, charset="ascii", collation="ascii_bin"), "mysql", "mariadb"
)
VERSION = LargeBinary(12).with_variant(mysql.VARBINARY(12), "mysql", "mariadb")
BLOB = LargeBinary().with_variant(mysql.LONGBLOB(), "mysql", "mariadb")
COLUMNS = ("key", "version", "expires", "blob")

# SQLite knows RETURNING since 3.35 only; psycopg forgets how many rows were inserted.
UPSERTS: dict[str, Callable[[Table], Any]] = {
    "postgresql": lambda table: postgresql.insert(table).returning(table.c.key),
    "sqlite": sqlite.insert,
}

# By PostgreSQL's SQLSTATE, MySQL's number, or the beginning of SQLite's message.
NO_TABLE = ("42P01", 1146, "no such table")
GIVEN_UP = ("40001", "40P01", 1213)  # for another's write, or in a deadlock
# What meets a table or an index that somebody else has just made, or is at.
MADE_MEANWHILE = (
    *("42P07", "42710", "23505", "XX000", 1050, 1061, "table ", "index "),
    *("55P03", 1205, "database is locked", *GIVEN_UP),
)

Result = TypeVar("Result")


def drafts_table(metadata: MetaData) -> Table:
    """Define the table ``wizard_drafts`` in ``metadata``, or return it from there.

    Thus ``create_all`` and Alembic's autogenerate know of it. Raises DefinitionError
    if another table has its name.
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
        is_over = table.c.expires <= bindparam("now")
        is_expected = table.c.version == bindparam("expected")
        new: dict[str, Any] = {name: bindparam(f"new_{name}") for name in COLUMNS[1:]}
        self.load = select(table.c.blob, table.c.version).where(here, lives)
        self.replace = update(table).where(here, is_expected, lives).values(new)
        self.replace_expired = update(table).where(here, is_over).values(new)
        self.insert = insert(table).values(key=bindparam("at"), **new)
        self.upserts = {
            dialect: _upsert(insert(table), new, is_over)
            for dialect, insert in UPSERTS.items()
        }
        self.sweep = _sweep(table, is_over)


def _upsert(insert: Any, new: dict[str, Any], is_over: Any) -> Executable:
    insert = insert.values(key=bindparam("at"), **new)
    excluded = {name: insert.excluded[name] for name in new}
    statement: Executable = insert.on_conflict_do_update(
        index_elements=["key"], set_=excluded, where=is_over
    )
    return statement.execution_options(preserve_rowcount=True)


def _sweep(table: Table, is_over: Any) -> Executable:
    # A row that is locked is being written or swept by somebody else. To wait for it
    # could end in a deadlock. MySQL wants a subquery within the subquery.
    over = (
        select(table.c.key)
        .where(is_over)
        .order_by(table.c.expires)
        .limit(bindparam("most"))
        .with_for_update(skip_locked=True)
        .subquery()
    )
    return delete(table).where(table.c.key.in_(select(over.c.key)))


class Rows(ABC):
    """A store's calls, whatever connection they are made on."""

    def __init__(self, statements: Statements) -> None:
        self.statements = statements

    @abstractmethod
    def run(self, work: Callable[[Connection], Result]) -> Result:
        """Do ``work``; raises StoreError where the database cannot."""

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
        if not (isinstance(blob, bytes) and isinstance(version, bytes)):
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
    result = connection.execute(statement, values)
    return bool(result.all()) if result.returns_rows else result.rowcount > 0


@contextmanager
def trouble(engine: Engine) -> Iterator[None]:
    """Turn what SQLAlchemy raises into StoreError.

    Its errors show the parameters of the statement. The driver's errors, which take
    their place as the cause, do not. They come bare if the connection is lost while
    its isolation level is set, which is before each of our statements.
    """
    try:
        yield
    except PendingRollbackError:  # an error of the application's, which it has caught
        raise
    except (SQLAlchemyError, engine.dialect.loaded_dbapi.Error) as error:
        cause = getattr(error, "orig", None) or error
        said = str(cause).strip().partition("\n")[0]
        if says(cause, NO_TABLE):
            said += ". Call create_table() of the store once, or run the migration"
        raise StoreError(f"Drafts in {place(engine)}: {said}") from cause


def says(error: BaseException | None, codes: tuple[str | int, ...]) -> bool:
    """Is it one of these errors of a driver?"""
    state = getattr(error, "sqlstate", None) or getattr(error, "pgcode", None)
    first = error.args[0] if error is not None and error.args else None
    texts = tuple(code for code in codes if isinstance(code, str))
    return state in codes or first in codes or str(first).startswith(texts)


def place(engine: Engine) -> str:
    """Where the database is, without what is secret."""
    return engine.url.set(query={}).render_as_string(hide_password=True)
