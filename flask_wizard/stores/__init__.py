"""DraftStore and its extensions: the contract of a store, and what stores share."""

from __future__ import annotations

import logging
import math
import os
import random
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol, runtime_checkable
from urllib.parse import unquote

from flask_wizard.errors import ConfigurationError, StoreError
from flask_wizard.tracebacks import without_locals

VERSION_SIZE = 12  # bytes
WRITES_A_SWEEP = 256
LISTED_AT_ONCE = 50  # values, each of at most a few hundred KB

log: logging.Logger = logging.getLogger(__name__)


@runtime_checkable
class DraftStore(Protocol):
    """Values by key, each with a version, compared and set atomically.

    Keys are strings of URL-safe characters; ``ttl`` is in whole seconds, above 0. An
    expired value counts as absent. Every call raises StoreError if the store cannot
    answer: an outage must never look like an absent value.
    """

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version, or None if the value is absent."""

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return True if it was stored."""

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return True if it was stored."""


@runtime_checkable
class SweptStore(DraftStore, Protocol):
    """A store whose engine does not remove expired values by itself."""

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove all values that have expired at ``now``; return how many.

        ``now`` is in seconds since the epoch. This calls ``report`` now and then with
        the number removed so far. Other processes may go on writing meanwhile.
        """


@runtime_checkable
class ListingStore(DraftStore, Protocol):
    """A store that can tell which values it has, for jobs over all drafts."""

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value.

        The blob of a value that is damaged may be any bytes, and its version is empty.
        The store reads a few values at a time, and other processes may write meanwhile:
        a value that is there all along is yielded once, as it is when it is read. This
        raises StoreError if the store cannot answer, or cannot tell any more whether it
        has yielded all.
        """


@runtime_checkable
class ErasingStore(DraftStore, Protocol):
    """A store whose engine keeps what a value was before it was written over."""

    def erase_remains(self) -> None:
        """Remove what the engine still has of replaced and removed values.

        The framework calls this after a draft has ended. It may raise StoreError.
        """


@runtime_checkable
class CheckedStore(DraftStore, Protocol):
    """A store that can check how its engine is set up."""

    def warnings(self) -> Iterable[str]:
        """Return a warning for each setting that would lose drafts.

        It may raise StoreError.
        """


@runtime_checkable
class JoiningStore(DraftStore, Protocol):
    """A store in the application's own database, able to join its transaction."""

    def joined(self) -> AbstractContextManager[DraftStore]:
        """Yield a store whose writes are part of the application's transaction.

        The end of the block commits them together with everything that the
        application's session has done in it; an exception rolls back both. If the block
        itself commits or closes that session, this raises DefinitionError. If the
        database gives the transaction up because of another one, so that it may be
        tried again, this raises ConflictError, whose cause is the database's error.
        """

    def give_way(self) -> None:
        """Roll back the application's transaction if this store cannot write beside it.

        The framework calls this after ``commit`` has raised.
        """


new_version: Callable[[], bytes] = partial(os.urandom, VERSION_SIZE)
"""Return a random version.

The writer chooses it, so that it can recognise its own write if the reply was lost.
"""


def sweep_now_and_then(sweep: Callable[[], object]) -> None:
    """Call ``sweep`` in one of 256 calls; log its StoreError.

    Stores call this before a write and not after it, so that a sweep can make room on a
    full disk.
    """
    if random.random() * WRITES_A_SWEEP >= 1:  # noqa: S311  # no secret
        return
    try:
        sweep()
    except StoreError as error:
        log.error(
            "Expired drafts could not be removed.", exc_info=without_locals(error)
        )


def unwritable(folder: str, *files: str) -> Iterator[str]:
    """Yield a warning if this process cannot write in a folder, or to its files.

    The folder and the files need not exist yet.
    """
    found = folder
    while not os.path.lexists(found) and found != os.path.dirname(found):
        found = os.path.dirname(found)
    may_write = os.path.isdir(found) and os.access(found, os.W_OK | os.X_OK)
    there = [path for path in files if os.path.lexists(path)]
    denied = [path for path in there if not os.access(path, os.R_OK | os.W_OK)]
    if may_write and not denied:
        return
    yield (
        f"Drafts are stored in {folder}, but this process cannot write to "
        f"{denied[0] if may_write else found}: no answer will be saved. Let it write "
        "there, or name another place in WIZARD_STORE."
    )


def seconds_in(name: str, given: str) -> float:
    """Return the seconds given for an option of a URL. Raise ConfigurationError."""
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
    """Return the path in a URL, as SQLAlchemy reads it.

    ``sqlite:///relative`` begins in ``folder``, ``sqlite:////absolute`` at the root.
    Raise ConfigurationError for a URL without a path, or with anything else in it.
    """
    scheme, _, rest = url.partition(":")
    if "?" in rest or "#" in rest:
        raise ConfigurationError(
            f"The store's URL {url!r} has options, and a store on this machine has "
            "none. Leave them out; in a path write %3F for ? and %23 for #."
        )
    if rest.startswith("//"):
        host, slash, path = rest[2:].partition("/")
        # In a file: URL the third slash begins an absolute path (RFC 8089).
        rest = f"/{path}" if scheme == "file" and slash else path
        if host:
            raise ConfigurationError(
                f"The store's URL {url!r} names a host, {host!r}. Write three slashes "
                f"before a path on this machine: {scheme}:///{host}/{path}"
            )
    if rest == ":memory:":
        raise ConfigurationError(
            f"The store's URL {url!r} names the memory of a connection, and each "
            "thread has a connection of its own. Name a file, or write memory: for a "
            "store in the memory of this process."
        )
    if not rest:
        raise ConfigurationError(f"The store's URL {url!r} names no path.")
    return folder / unquote(rest)
