"""SQLiteStore: drafts in an SQLite file, by the standard library. The default."""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakSet

from flask_wizard.errors import DefinitionError, StoreError, UnreadableDraftError
from flask_wizard.stores import (
    LISTED_AT_ONCE,
    path_of,
    sweep_now_and_then,
    unwritable,
)
from flask_wizard.stores.wal import repeat_until_done, truncate_log

BUSY_TIMEOUT = 5.0  # seconds
# Bytes, in a new file. To save a draft that fits in a page writes that page alone. With
# pages of 4 KB, SQLite's default, a draft of 6 KB takes two to four.
PAGE_SIZE = 8192
# Of a damaged file, the driver may get a message that is no UTF-8, or an absurd size.
FAILURES = (sqlite3.Error, OSError, UnicodeError, MemoryError)
SWEPT_AT_ONCE = 1000
POSTPONED_AT_ONCE = 100  # each is written anew if it is from an earlier release

TABLE = """
CREATE TABLE IF NOT EXISTS wizard_drafts (
    key TEXT PRIMARY KEY,
    version BLOB NOT NULL,
    expires REAL NOT NULL,
    -- When a sweep looks at the value, not later than it expires. A draft expires later
    -- with every save: were that indexed, each save would write the index, too.
    due REAL NOT NULL DEFAULT 0,
    blob BLOB NOT NULL
)
"""
ADD_DUE = "ALTER TABLE wizard_drafts ADD COLUMN due REAL NOT NULL DEFAULT 0"
INDEX = """
CREATE INDEX IF NOT EXISTS wizard_drafts_due ON wizard_drafts (due);
DROP INDEX IF EXISTS wizard_drafts_expires;
"""
LOAD = "SELECT blob, version FROM wizard_drafts WHERE key = ? AND expires > ?"
ENTRIES = """
SELECT key, blob, version FROM wizard_drafts
WHERE key > ? AND expires > ? ORDER BY key LIMIT ?
"""
CREATE = """
INSERT INTO wizard_drafts (key, version, expires, due, blob) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (key) DO UPDATE
SET version = excluded.version, expires = excluded.expires, due = excluded.due,
    blob = excluded.blob
WHERE wizard_drafts.expires <= ?
"""
REPLACE = """
UPDATE wizard_drafts SET version = ?, expires = ?, blob = ?
WHERE key = ? AND version = ? AND expires > ? AND due <= ?
"""
REPLACE_SOONER = """
UPDATE wizard_drafts SET version = ?, expires = ?, blob = ?, due = ?
WHERE key = ? AND version = ? AND expires > ?
"""
DUE = "SELECT rowid FROM wizard_drafts WHERE due <= ? ORDER BY due LIMIT ?"
SWEEP = f"DELETE FROM wizard_drafts WHERE rowid IN ({DUE}) AND expires <= ?"  # noqa: S608
POSTPONE = (
    f"UPDATE wizard_drafts SET due = expires WHERE rowid IN ({DUE}) AND expires > ?"  # noqa: S608
)


class SQLiteStore:
    """Stores drafts in the file ``path``, on a local disk; the first use creates it.

    Threads and processes may share the file, forked ones too. The store uses
    ``synchronous=NORMAL``: a written value survives a killed process; a power cut may
    lose the last writes, but never damages the file. SQLite overwrites what it deletes
    (``secure_delete``), and ``erase_remains`` truncates its write-ahead log.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        if os.fspath(path) in ("", ":memory:"):
            raise DefinitionError(
                f"SQLiteStore got {os.fspath(path)!r}, a database that each thread "
                "would have for itself. Give it a file, or use a cachelib SimpleCache "
                "as store."
            )
        self._file = _File(os.path.abspath(path))
        self._local = threading.local()

    @classmethod
    def from_url(cls, url: str, folder: Path) -> SQLiteStore:
        """Return a store for ``sqlite:///relative.db`` or ``sqlite:////absolute.db``.

        Raise ConfigurationError for any other URL.
        """
        return cls(path_of(url, folder))

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        rows = self._run(LOAD, key, time.time()).rows
        if not rows:
            return None
        blob, version = rows[0]
        if not _are_bytes(blob, version):
            raise UnreadableDraftError(
                f"A draft in {self._file.path} is damaged: not bytes."
            )
        return blob, version

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        sweep_now_and_then(self._sweep_now)
        now = time.time()
        ends = now + ttl
        return self._run(CREATE, key, version, ends, ends, blob, now).changed > 0

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        sweep_now_and_then(self._sweep_now)
        now = time.time()
        ends = now + ttl
        which = key, expected, now
        if self._run(REPLACE, version, ends, blob, *which, ends).changed:
            return True
        # It is not there, or it would expire before a sweep looked at it.
        return self._run(REPLACE_SOONER, version, ends, blob, ends, *which).changed > 0

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value, in order of keys."""
        after = ""
        while rows := self._run(ENTRIES, after, time.time(), LISTED_AT_ONCE).rows:
            for after, blob, version in rows:
                is_whole = _are_bytes(blob, version)
                yield (after, blob, version) if is_whole else (after, b"", b"")

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove all values that have expired at ``now``; return how many."""
        removed, more = 0, True
        while more:
            count, more = self._sweep_some(now)
            removed += count
            if count and report is not None:
                report(removed)
        if removed:
            self.erase_remains()
        return removed

    def erase_remains(self) -> None:
        """Truncate the write-ahead log, which has replaced and removed values.

        If somebody reads in it at this moment, a thread truncates it as soon as they
        have finished.
        """
        repeat_until_done(self._file, self._truncate_log)

    def warnings(self) -> Iterator[str]:
        """Return a warning if this process cannot write the file."""
        path = self._file.path
        return unwritable(os.path.dirname(path), path)

    def close(self) -> None:
        """Close the connections of all threads; the next call opens a new one."""
        with _registering:
            for connection in _connections:
                if connection.file is self._file:
                    connection.close()

    def _sweep_now(self) -> None:
        count, _ = self._sweep_some(time.time())
        if count:
            self.erase_remains()

    def _sweep_some(self, now: float) -> tuple[int, bool]:
        """Remove some expired values; return how many, and if more may be there."""
        removed = self._run(SWEEP, now, SWEPT_AT_ONCE, now).changed
        postponed = self._run(POSTPONE, now, POSTPONED_AT_ONCE, now).changed
        return removed, bool(removed or postponed)

    def _truncate_log(self) -> bool:
        return truncate_log(lambda sql: self._run(sql).rows)

    def _run(self, sql: str, *parameters: object) -> _Outcome:
        """Run a statement on this thread's connection. Raise StoreError."""
        try:
            if _process != os.getpid():
                _close_inherited()
            connection: _Connection | None = getattr(self._local, "connection", None)
            if connection is None:
                connection = self._local.connection = _Connection(self._file)
            return connection.run(sql, parameters)
        except FAILURES as error:
            raise StoreError(f"Drafts in {self._file.path}: {error}") from error


def _are_bytes(blob: object, version: object) -> bool:
    return isinstance(blob, bytes) and isinstance(version, bytes)


class _Outcome(NamedTuple):
    rows: list[Any]
    changed: int


class _File:
    """The database's file."""

    def __init__(self, path: str) -> None:
        self.path = path
        #: True if this store has opened the file before.
        self.seen = False

    def make(self, *, seen: bool) -> None:
        """Create an empty file that only this user may read.

        Raise FileNotFoundError if the file had been ``seen`` before it was missed: that
        is an outage, not an empty store.
        """
        if seen:
            raise FileNotFoundError(
                "the file was there and is gone; put it back, or restart the "
                "application to begin with an empty one"
            )
        os.makedirs(os.path.dirname(self.path), mode=0o700, exist_ok=True)
        # O_EXCL, because opening and closing a file in use would drop the locks that
        # SQLite holds on it.
        with suppress(FileExistsError):
            os.close(os.open(self.path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


class _Databases:
    """The databases that are open in this process. None is closed while it forks."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._open: set[sqlite3.Connection] = set()
        self._left: deque[sqlite3.Connection] = deque()

    def add(self, database: sqlite3.Connection) -> None:
        self._open.add(database)

    def close(self, database: sqlite3.Connection) -> None:
        with self._lock:
            database.close()
            self._open.discard(database)
        self._close_left()

    def leave(self, database: sqlite3.Connection) -> None:
        """Close a database whose connection is gone, or let who is closing one do it.

        This waits for nobody: the garbage collector may call it amid anything.
        """
        self._left.append(database)
        self._close_left()

    def _close_left(self) -> None:
        # Who has the lock looks for more when it has given it back.
        while self._left and self._lock.acquire(blocking=False):
            try:
                while True:
                    database = self._left.popleft()
                    database.close()
                    self._open.discard(database)
            except IndexError:
                pass
            finally:
                self._lock.release()

    def before_fork(self) -> None:
        """Close all, also those of threads that end at this moment."""
        self._lock.acquire()
        for database in list(self._open):
            database.close()
        self._open.clear()

    def after_fork(self) -> None:
        self._lock.release()
        self._close_left()


_databases = _Databases()


class _Connection:
    """One thread's connection, opened at the first use; any thread may close it."""

    def __init__(self, file: _File) -> None:
        self.file = file
        self.lock = threading.RLock()
        self._database: sqlite3.Connection | None = None
        self._identity: tuple[int, int] | None = None
        with _registering:
            _connections.add(self)

    def __del__(self, databases: _Databases = _databases) -> None:
        if self._database is not None:
            databases.leave(self._database)

    def run(self, sql: str, parameters: tuple[object, ...]) -> _Outcome:
        """Run a statement; connect first if necessary."""
        with self.lock:
            # If the file was removed or replaced, writes to the old one would be lost.
            seen = self.file.seen  # now: another thread may make it meanwhile
            try:
                found = os.stat(self.file.path)
            except FileNotFoundError:
                self.file.make(seen=seen)
                found = os.stat(self.file.path)
            database = self._database
            if database is None or (found.st_dev, found.st_ino) != self._identity:
                database = self._reconnect(found)
            cursor = database.execute(sql, parameters)
            return _Outcome(cursor.fetchall(), cursor.rowcount)

    def close(self) -> None:
        with self.lock:
            if self._database is not None:
                _databases.close(self._database)
                self._database = None

    def _reconnect(self, found: os.stat_result) -> sqlite3.Connection:
        self.close()
        database = self._database = _connect(self.file.path)
        _databases.add(database)
        self._identity = found.st_dev, found.st_ino
        if not self.file.seen:  # a process may have died before it could erase remains
            with suppress(sqlite3.Error):  # the statement to come will report it
                truncate_log(lambda sql: database.execute(sql).fetchall())
        self.file.seen = True
        return database


def _connect(path: str) -> sqlite3.Connection:
    database = sqlite3.connect(
        path, timeout=BUSY_TIMEOUT, isolation_level=None, check_same_thread=False
    )
    try:
        database.execute(f"PRAGMA page_size = {PAGE_SIZE}")
        _use_wal(database)
        database.execute("PRAGMA synchronous = NORMAL")
        database.execute("PRAGMA secure_delete = ON")
        database.execute(TABLE)
        _add_due(database)
        database.executescript(INDEX)
    except BaseException:
        database.close()
        raise
    return database


def _use_wal(database: sqlite3.Connection) -> None:
    """Switch to WAL. SQLite ignores the busy timeout for this statement."""
    deadline = time.monotonic() + BUSY_TIMEOUT
    while True:
        try:
            database.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > deadline:
                raise
        time.sleep(0.005)


def _add_due(database: sqlite3.Connection) -> None:
    """Add the column to the table of an earlier release: all its values are due."""
    if _has_due(database):
        return
    try:
        database.execute(ADD_DUE)
    except sqlite3.OperationalError:
        if not _has_due(database):  # another process has not added it meanwhile
            raise


def _has_due(database: sqlite3.Connection) -> bool:
    columns = "SELECT name FROM pragma_table_info('wizard_drafts')"
    return ("due",) in database.execute(columns).fetchall()


# A fork copies SQLite's record of its locks into the child, although the locks stay
# with the parent. When the parent then closes its connections, it removes the
# write-ahead log that the child uses, and the child's writes are lost. If the parent
# was about to close one, the database stays locked for the child. Hence all connections
# are closed before a fork, none while it happens, and each process opens its own.
# https://www.sqlite.org/howtocorrupt.html#_carrying_an_open_database_connection_across_a_fork_
_connections: WeakSet[_Connection] = WeakSet()
_registering = threading.RLock()
_held: list[_Connection] = []
_process = os.getpid()


def _before_fork() -> None:
    _registering.acquire()
    _held.extend(_connections)
    for connection in _held:
        connection.lock.acquire()
        connection.close()
    _databases.before_fork()


def _after_fork() -> None:
    while _held:
        _held.pop().lock.release()
    _registering.release()
    _databases.after_fork()


def _close_inherited() -> None:
    """Close connections in the child of a fork without Python's hooks (uWSGI)."""
    global _process
    with _registering:
        for connection in _connections:
            connection.close()
        _process = os.getpid()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork
    )
