"""What a store of drafts is."""

from __future__ import annotations

import logging
import math
import os
import random
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote

from flask_wizard.errors import ConfigurationError, StoreError

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

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove all values that have expired at ``now``; return how many.

        ``report`` is called now and then with the number removed up to then. Other
        processes may go on writing meanwhile.
        """


@runtime_checkable
class CheckedStore(DraftStore, Protocol):
    """A store that can tell what is wrong with how its engine is set up."""

    def warnings(self) -> Iterable[str]:
        """Say, one sentence each, what would lose drafts. May raise StoreError."""


@runtime_checkable
class JoiningStore(DraftStore, Protocol):
    """A store in the application's own database, able to join its transaction."""

    def joined(self) -> AbstractContextManager[DraftStore]:
        """Give a store whose writes are part of the application's transaction.

        When the block ends, they are committed together with all that the
        application's session has done in it; an exception rolls back both. To commit
        that session within the block raises DefinitionError.
        """


def new_version() -> bytes:
    """Return a version that nobody else will choose.

    The writer chooses it, so that one whose reply was lost knows its own write again.
    """
    return os.urandom(VERSION_SIZE)


def sweep_now_and_then(sweep: Callable[[], object]) -> None:
    """Call ``sweep`` in one of 256 calls, before a write; log it when it fails.

    Before the write and not after it, so that a disk full of expired values heals.
    """
    if random.random() * WRITES_A_SWEEP >= 1:
        return
    try:
        sweep()
    except StoreError:
        log.exception("Expired drafts could not be removed.")


def seconds_in(name: str, given: str) -> float:
    """Read a limit of time in a store's URL. Raises ConfigurationError."""
    try:
        seconds = float(given)
    except ValueError:
        seconds = 0
    if not 0 < seconds < math.inf:
        raise ConfigurationError(
            f"{name} in the store's URL is {given!r}. Expected seconds, above 0."
        )
    return seconds


def path_of(url: str, folder: Path) -> Path:
    """The path in a URL, as SQLAlchemy reads it: ``sqlite:///relative``, ``////root``.

    A relative one begins in ``folder``. Raises ConfigurationError if there is none.
    """
    scheme, _, rest = url.partition(":")
    if "?" in rest or "#" in rest:
        raise ConfigurationError(
            f"The store's URL {url!r} has options, and a store on this machine has "
            "none. Leave them out; in a path write %3F for ? and %23 for #."
        )
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        # A file's URL has an absolute path after its third slash, as everywhere.
        rest = f"/{path}" if scheme == "file" and slash else path
        if host:
            raise ConfigurationError(
                f"The store's URL {url!r} names a host, {host!r}. Write three slashes "
                f"before a path on this machine: {scheme}:///{host}/{path}"
            )
    if rest == ":memory:":
        raise ConfigurationError(
            f"The store's URL {url!r} names the memory of a connection, which each "
            "thread would have for itself. Name a file, or write memory: for a store "
            "in the memory of this process."
        )
    if not rest:
        raise ConfigurationError(f"The store's URL {url!r} names no path.")
    return folder / unquote(rest)
