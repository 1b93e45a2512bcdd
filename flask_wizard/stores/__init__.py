"""What a store of drafts is, and which one an application gets."""

from __future__ import annotations

import logging
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from cachelib import BaseCache, FileSystemCache, SimpleCache

from flask_wizard.errors import DefinitionError, StoreError

VERSION_SIZE = 12  # bytes
WRITES_A_SWEEP = 256

log = logging.getLogger(__name__)


@runtime_checkable
class DraftStore(Protocol):
    """Values by key, each with a version, compared and set atomically.

    Keys are strings of URL-safe characters, ``ttl`` is in whole seconds and above 0. An
    expired value is an absent one. Every call raises ``StoreError`` when the store
    cannot answer: an outage is never taken for an absence.
    """

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent."""

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Keep a value only if there is none; tell whether it was kept."""

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Keep a value only over one of version ``expected``; tell whether it was."""


@runtime_checkable
class SweptStore(DraftStore, Protocol):
    """A store whose engine does not remove expired values by itself."""

    def sweep(self, now: float) -> int:
        """Remove all values that have expired at ``now``; return how many."""


def new_version() -> bytes:
    """Return a version that nobody else will choose.

    The writer chooses it, so that one whose reply was lost knows its own write again.
    """
    return os.urandom(VERSION_SIZE)


def sweep_now_and_then(sweep: Callable[[], object]) -> None:
    """Call ``sweep`` in one of 256 calls, before a write; log it when it fails.

    Before the write and not after it, so that a disk full of expired values heals.
    """
    if random.randrange(WRITES_A_SWEEP):
        return
    try:
        sweep()
    except StoreError:
        log.exception("Expired drafts could not be removed.")


def open_store(given: object | None, default_file: Path) -> DraftStore:
    """Return ``given`` if it is a store, else the store that goes with it.

    None stands for SQLite in ``default_file``. For a cachelib cache it is a private
    store beside the cache's own values, which are neither read nor changed.
    """
    if given is None:
        return _sqlite_store(default_file)
    if isinstance(given, DraftStore) and not isinstance(given, type):
        return given
    for ancestor in type(given).__mro__:
        if ancestor in BUILDERS:
            return BUILDERS[ancestor](given)
    raise DefinitionError(_refusal(given))


# The engines are imported late: one whose driver is missing harms only who asks for it.
def _sqlite_store(path: Path) -> DraftStore:
    from flask_wizard.stores.sqlite import SQLiteStore

    return SQLiteStore(path)


def _file_store(cache: FileSystemCache) -> DraftStore:
    from flask_wizard.stores.files import FileStore

    return FileStore(cache)


def _memory_store(cache: SimpleCache) -> DraftStore:
    from flask_wizard.stores.memory import MemoryStore

    return MemoryStore(cache)


BUILDERS: dict[type, Callable[[Any], DraftStore]] = {
    FileSystemCache: _file_store,
    SimpleCache: _memory_store,
}


def _refusal(given: object) -> str:
    found = given if isinstance(given, type) else type(given)
    what = "the class " if isinstance(given, type) else "a "
    caches = ", ".join(sorted(cache.__name__ for cache in BUILDERS))
    hint = " Not every cachelib cache will do." if isinstance(given, BaseCache) else ""
    return (
        f"store is {what}{found.__module__}.{found.__qualname__}. Accepted are: None "
        f"(SQLite in the instance folder), an object with the methods load, create and "
        f"replace of DraftStore, or a cachelib cache of these: {caches}.{hint}"
    )
