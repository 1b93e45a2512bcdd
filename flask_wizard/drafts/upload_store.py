"""UploadStore: the contract of a place for uploads, and the folder that is one."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Protocol, runtime_checkable

from ..errors import StoreError


@runtime_checkable
class UploadStore(Protocol):
    """A place for encrypted files, by key.

    A key is two strings of URL-safe characters with a slash between them. Every call
    raises StoreError or OSError if the store cannot answer: an outage must never look
    like an absent file.
    """

    def save(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store the chunks, one behind the other, under a key that is new.

        They are read from the visitor's connection while this runs. If reading them
        raises, the error must leave this method.
        """

    def load(self, key: str, start: int, size: int) -> bytes | None:
        """Return ``size`` bytes from the position ``start``, or less at the end.

        Return None if there is no such file.
        """

    def delete(self, key: str) -> None:
        """Remove a file. One that is absent is no error."""


@runtime_checkable
class ListedUploadStore(UploadStore, Protocol):
    """A place for files that can tell which it has, so that it can be swept."""

    def entries(self) -> Iterator[tuple[str, float]]:
        """Yield the key of each file, and when it was stored.

        That is in seconds since the epoch. Files may come and go meanwhile.
        """


class FolderUploads:
    """Files in a folder of this machine, each draft's in a folder of its own."""

    def __init__(self, folder: Path, *, min_free: float = 0.0) -> None:
        self._folder = folder
        self._min_free = min_free

    def __repr__(self) -> str:
        return f"FolderUploads({str(self._folder)!r})"

    def save(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store the chunks in a new file.

        Raise StoreError if the disk fails, or if less than ``min_free`` of it, a share
        of 1, is free.
        """
        path = self._folder / key
        try:
            # What is in it is encrypted, and still nobody else's business.
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            usage = shutil.disk_usage(path.parent)
            if usage.free < self._min_free * usage.total:
                raise StoreError(
                    f"The disk of {self._folder} has {usage.free} bytes free of "
                    f"{usage.total}, which is less than WIZARD_UPLOADS_MIN_FREE: no "
                    "upload is kept. Make room on it."
                )
            with open(path, "xb", opener=_open_private) as file:
                for chunk in chunks:
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())  # the draft that names it is as durable
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(f"An upload cannot be stored: {error}") from error

    def load(self, key: str, start: int, size: int) -> bytes | None:
        """Return bytes of a file, or None if it is absent. Raise StoreError."""
        try:
            with open(self._folder / key, "rb") as file:
                file.seek(start)
                return file.read(size)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise StoreError(f"An upload cannot be read: {error}") from error

    def delete(self, key: str) -> None:
        """Remove a file, and the folder of its draft if it was the last."""
        path = self._folder / key
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise StoreError(f"An upload cannot be removed: {error}") from error
        with suppress(OSError):  # others are left in it
            path.parent.rmdir()

    def entries(self) -> Iterator[tuple[str, float]]:
        """Yield the key of each file, and when it was stored. Raise StoreError."""
        try:
            folders = [f for f in os.scandir(self._folder) if f.is_dir()]
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"The uploads cannot be listed: {error}") from error
        for folder in folders:
            with suppress(FileNotFoundError):  # another process has removed it
                for file in os.scandir(folder):
                    yield f"{folder.name}/{file.name}", file.stat().st_mtime


def _open_private(path: str, flags: int) -> int:
    return os.open(path, flags, mode=0o600)
