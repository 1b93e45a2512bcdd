"""MemoryStore: drafts in memory, for development and tests."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple
from weakref import WeakKeyDictionary

from cachelib import SimpleCache
from cachelib.serializers import SimpleSerializer

from flask_wizard.errors import UnreadableDraftError
from flask_wizard.stores import sweep_now_and_then

SWEPT_AT_ONCE = 1000


class MemoryStore:
    """Stores drafts in the memory of this process, and loses them with it.

    All stores of one ``cache`` object share their drafts. They neither read nor change
    the cache's own values.
    """

    def __init__(self, cache: SimpleCache) -> None:
        self._values = _values_for(cache)

    @classmethod
    def from_url(cls, url: str, folder: Path) -> MemoryStore:
        """Return an empty store for ``memory:``."""
        return cls(SimpleCache())

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        with self._values.lock:
            value = self._values.get(key)
        if value is None:
            return None
        if not isinstance(value, _Value):
            raise UnreadableDraftError(
                "A value in memory is damaged: this store has not written it."
            )
        return (value.blob, value.version) if value.expires > time.time() else None

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        return self._write(key, _Value(blob, version, time.time() + ttl), expected=None)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        return self._write(key, _Value(blob, version, time.time() + ttl), expected)

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value."""
        for key in self._values.all_keys():
            try:
                found = self.load(key)
            except UnreadableDraftError:
                found = b"", b""
            if found is not None:
                yield (key, *found)

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove all values that have expired at ``now``; return how many."""
        removed = self._values.remove_expired(now, at_most=None)
        if report is not None:
            report(removed)
        return removed

    def warnings(self) -> Iterable[str]:
        """Return the warning that a restart loses drafts."""
        yield (
            "Drafts are stored in the memory of this process: a restart loses them, "
            "and no other worker sees them."
        )

    def _sweep_some(self) -> None:
        self._values.remove_expired(time.time(), SWEPT_AT_ONCE)

    def _write(self, key: str, value: _Value, expected: bytes | None) -> bool:
        sweep_now_and_then(self._sweep_some)
        with self._values.lock:
            found = self.load(key)
            if (found and found[1]) != expected:
                return False
            self._values.set(key, value, timeout=0)
        return True


class _Value(NamedTuple):
    blob: bytes
    version: bytes
    expires: float


class _UnchangedValues(SimpleSerializer):
    """Returns values as they are: they are immutable, and need no pickle or copy."""

    def dumps(self, value: Any, protocol: int = 0) -> Any:
        return value

    def loads(self, bvalue: Any) -> Any:
        return bvalue


class _PrivateCache(SimpleCache):
    """A cache that evicts nothing by itself; each value has its own expiry."""

    serializer = _UnchangedValues()

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.RLock()

    def _prune(self) -> None:
        """Evict nothing. ``threshold=0`` would not do: it means 500 values."""

    def all_keys(self) -> list[str]:
        with self.lock:
            return list(self._cache)

    def remove_expired(self, now: float, at_most: int | None) -> int:
        """Remove expired values among the first ``at_most``; return how many.

        This moves the others to the end, so that the next call checks other values.
        """
        removed = 0
        with self.lock:
            for key in list(islice(self._cache, at_most)):
                entry = self._cache.pop(key)
                if isinstance(entry[1], _Value) and entry[1].expires <= now:
                    removed += 1
                else:
                    self._cache[key] = entry
        return removed


_private: WeakKeyDictionary[SimpleCache, _PrivateCache] = WeakKeyDictionary()
_private_lock = threading.Lock()


def _values_for(cache: SimpleCache) -> _PrivateCache:
    with _private_lock:
        return _private.setdefault(cache, _PrivateCache())
