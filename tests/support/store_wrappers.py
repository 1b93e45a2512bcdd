"""Stores around a store, which count its calls, break down or interfere."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

from clock import DAY
from flask import Flask
from werkzeug.test import TestResponse

from flask_wizard import DraftStore, StoreError
from flask_wizard.stores import ListingStore, new_version

PATIENCE = 60.0  # seconds until what never comes fails a test


class Probe:
    """A store that counts its calls, breaks down and lets others write first."""

    def __init__(self, inner: DraftStore) -> None:
        self.inner = inner
        self.calls: list[str] = []
        self.down = False
        self.read_only = False
        self.fail_at = 0
        self.error: Exception = StoreError("The store is down.")
        self.before_write: list[Callable[[], object]] = []
        self._keys: set[str] = set()

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        self._enter("load")
        return self.inner.load(key)

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        self._enter("create", writes=True)
        self._keys.add(key)
        return self.inner.create(key, blob, version, ttl)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        self._enter("replace", writes=True)
        return self.inner.replace(key, blob, version, expected, ttl)

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        self._enter("entries")
        assert isinstance(self.inner, ListingStore)
        return self.inner.entries()

    def _enter(self, call: str, *, writes: bool = False) -> None:
        self.fail_at -= 1
        if self.down or (writes and self.read_only) or self.fail_at == 0:
            raise self.error
        if writes and self.before_write:
            self.before_write.pop()()
        self.calls.append(call)

    def snapshot(self) -> dict[str, tuple[bytes, bytes] | None]:
        """Everything that is stored: blob and version by key."""
        return {key: self.inner.load(key) for key in self._keys}

    def restore(self, snapshot: Mapping[str, tuple[bytes, bytes] | None]) -> None:
        """Make the store what it was, as when a process dies and nothing follows."""
        for key, value in snapshot.items():
            now = self.inner.load(key)
            assert value is not None
            assert now is not None
            self.inner.replace(key, *value, now[1], DAY)

    def calls_of(self, act: Callable[[], object]) -> list[str]:
        self.calls.clear()
        act()
        return list(self.calls)


class Crowd(Probe):
    """A store in front of which requests gather: all have read before one writes."""

    def __init__(self, app: Flask) -> None:
        installed = app.extensions["flask_wizard"]
        super().__init__(installed.store)
        self._gate: Barrier | None = None
        self._passed = threading.local()
        installed.store = self

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        found = super().load(key)
        gate, passed = self._gate, getattr(self._passed, "gate", None)
        if gate is not None and gate is not passed:
            self._passed.gate = gate
            gate.wait()
        return found

    def at_once(self, *acts: Callable[[], TestResponse]) -> list[TestResponse]:
        self._gate = Barrier(len(acts), timeout=PATIENCE)
        with ThreadPoolExecutor(len(acts)) as threads:
            answers = list(threads.map(lambda act: act(), acts))
        self._gate = None
        return answers


def put(store: DraftStore, key: str, blob: bytes = b"blob", ttl: int = 60) -> bytes:
    """Create a value; return its version."""
    version = new_version()
    assert store.create(key, blob, version, ttl)
    return version
