"""Uploads: the files of drafts, encrypted in a store of their own."""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from itertools import groupby
from typing import BinaryIO

from ..core.draft import StoredFile, UploadError, decode
from ..errors import StoreError, UnreadableDraftError
from ..stores import sweep_now_and_then
from ..tracebacks import without_locals
from .encrypted_store import EncryptedStore
from .holders import is_id, new_nonce
from .upload_cipher import CHUNK, EncryptedFile, encrypt_chunks
from .upload_store import ListedUploadStore, UploadStore

GRACE = 60 * 60  # seconds from storing a file to storing the draft that names it

logger: logging.Logger = logging.getLogger(__name__)


class Uploads:
    """The files of all drafts.

    Each lies in the place for files under the key that its draft has in the store of
    drafts, a slash, and its own id.
    """

    def __init__(self, place: UploadStore, store: EncryptedStore) -> None:
        self.place = place
        self._store = store

    def save(self, draft_key: str, pieces: Iterable[bytes]) -> str:
        """Encrypt a file as it is read, and return its new id.

        What cannot be stored whole is removed again. Raise StoreError, and what reading
        the pieces raises.
        """
        sweep_now_and_then(partial(self.sweep, time.time()))
        file_id = new_nonce()
        key = f"{draft_key}/{file_id}"
        try:
            with _store_errors():
                self.place.save(key, encrypt_chunks(self._store.keyring, key, pieces))
        except BaseException:
            self.delete(draft_key, file_id)
            raise
        return file_id

    def open(self, draft_id: str, file: StoredFile) -> BinaryIO:
        """Return a file to read. Nothing is asked for before somebody reads it."""
        keys = self._store.keys("draft", draft_id)
        return self._open([f"{key}/{file.id}" for key in keys], file.size)

    def _open(self, keys: list[str], size: int) -> BinaryIO:
        raw = EncryptedFile(self._store.keyring, keys, size, self._load)
        return io.BufferedReader(raw)  # type: ignore[type-var]  # a RawIOBase

    def _load(self, key: str, start: int, size: int) -> bytes | None:
        try:
            return self.place.load(key, start, size)
        except OSError as error:  # a StoreError, too
            raise UploadError(f"An upload cannot be read: {error}") from error

    def copy(self, old_key: str, new_key: str, file: StoredFile) -> str:
        """Store a file of one draft for another, by their keys. Return its new id."""
        source = self._open([f"{old_key}/{file.id}"], file.size)
        return self.save(new_key, iter(partial(source.read, CHUNK), b""))

    def delete(self, draft_key: str, file_id: str) -> None:
        """Remove a file. If that fails, a sweep removes it later."""
        try:
            with _store_errors():
                self.place.delete(f"{draft_key}/{file_id}")
        except StoreError as error:
            logger.error(
                "An upload is left that no draft names. It is swept later.",
                exc_info=without_locals(error),
            )

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove the files that no open draft names; return how many.

        ``now`` is in seconds since the epoch. A file of the last hour stays: its draft
        may not be stored yet. So do the files of a draft that cannot be read. This
        calls ``report`` now and then with the number removed so far. Raise StoreError.
        """
        removed = 0
        if not isinstance(self.place, ListedUploadStore):
            return removed
        with _store_errors():
            old = [key for key, at in self.place.entries() if at <= now - GRACE]
        for draft_key, keys in groupby(sorted(old), _draft_key):
            named = self._named(draft_key)
            for key in keys:
                file_id = key.rpartition("/")[2]
                if named is not None and is_id(file_id) and file_id not in named:
                    with _store_errors():
                        self.place.delete(key)
                    removed += 1
            if report is not None:
                report(removed)
        return removed

    def _named(self, draft_key: str) -> set[str] | None:
        """Return the ids of the files that a draft names; None if nobody can tell."""
        try:
            packed = self._store.load_draft_at(draft_key)
            if packed is None:
                return set()
            return {file.id for file in decode(packed).files()}
        except UnreadableDraftError as error:
            logger.error(
                "A draft cannot be read, and its uploads stay as they are.",
                exc_info=without_locals(error),
            )
            return None


def _draft_key(key: str) -> str:
    return key.partition("/")[0]


@contextmanager
def _store_errors() -> Iterator[None]:
    """Raise a StoreError in the place of the operating system's errors."""
    try:
        yield
    except StoreError:
        raise
    except OSError as error:
        raise StoreError(f"The place for uploads failed: {error}") from error
