"""FileStore: drafts in files, in a private folder beside a ``FileSystemCache``."""

from __future__ import annotations

import math
import os
import random
import stat
import struct
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any
from zlib import crc32

from cachelib import FileSystemCache
from cachelib.serializers import FileSystemSerializer

from flask_wizard.errors import ConfigurationError, StoreError, UnreadableDraftError
from flask_wizard.stores import path_of, sweep_now_and_then, unwritable
from flask_wizard.stores.encoding import Framed, frame, unframe

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

STRIPES = 256  # folders, each with a lock
LOCK = "lock"  # the name of a lock
LOCK_TIMEOUT = 5.0  # seconds
LEFTOVER_AGE = 60 * 60  # seconds until a killed writer's temporary file is removed
LATEST = 2**32 - 1  # cachelib has 32 bits for the second in which a file expires

EXPIRY = struct.Struct("I")


class FileStore:
    """Stores drafts in files under the folder of ``cache``, on a local disk.

    The files have the cache's file mode and hash method. A written value survives a
    killed process; a power cut may lose the last ones, because the store does not flush
    them to the disk. It rounds lifetimes up to whole seconds.
    """

    def __init__(self, cache: FileSystemCache) -> None:
        if fcntl is None:
            raise ConfigurationError(
                "A FileSystemCache as the store needs fcntl.flock, which this system "
                "lacks. Leave store out to use SQLite."
            )
        self._path = os.path.abspath(cache._path)
        with self._store_errors():
            self._files = _PrivateCache(cache)

    @classmethod
    def from_url(cls, url: str, folder: Path) -> FileStore:
        """Return a store for the folder ``file:relative`` or ``file:///absolute``.

        It makes the folder if necessary. Raise ConfigurationError for any other URL.
        """
        path = path_of(url, folder)
        try:
            path.mkdir(mode=0o700, parents=True, exist_ok=True)
        except OSError as error:
            raise ConfigurationError(
                f"The store's URL {url!r} names the folder {path}, which cannot be "
                f"made: {error}. Name one that this process may write to."
            ) from error
        return cls(FileSystemCache(str(path), threshold=0))

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        with self._store_errors():
            return self._files.read(key, time.time())

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        return self._write(key, Framed(blob, version), ttl, expected=None)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        return self._write(key, Framed(blob, version), ttl, expected)

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value.

        A damaged file whose key nobody can tell has its own name in the place of it.
        """
        with self._store_errors():
            stripes = sorted(self._files.stripes())
        for stripe in stripes:
            with self._store_errors():
                paths = self._files.paths(stripe)
            for path in paths:
                with self._store_errors():
                    found = self._files.read_listed(path, time.time())
                if found is not None:
                    yield found

    def sweep(self, now: float, report: Callable[[int], object] | None = None) -> int:
        """Remove all values that have expired at ``now``; return how many."""
        removed = 0
        with self._store_errors():
            for stripe in self._files.stripes():
                removed += self._files.sweep(stripe, now)
                if report is not None:
                    report(removed)
        return removed

    def warnings(self) -> Iterator[str]:
        """Return a warning if this process cannot write in the folder."""
        return unwritable(self._files._path)

    def _sweep_one_stripe(self) -> None:
        with self._store_errors():
            stripes = self._files.stripes()
            if stripes:
                stripe = random.choice(stripes)  # noqa: S311  # no secret
                self._files.sweep(stripe, time.time())

    def _write(self, key: str, value: Framed, ttl: int, expected: bytes | None) -> bool:
        sweep_now_and_then(self._sweep_one_stripe)
        with self._store_errors(), self._files.locked(self._files.stripe(key)):
            now = time.time()
            found = self._files.read(key, now)
            if (found and found.version) != expected:
                return False
            self._files.write(key, value, min(math.ceil(now) + ttl, LATEST))
        return True

    @contextmanager
    def _store_errors(self) -> Iterator[None]:
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            raise StoreError(f"Drafts in the files of {self._path}: {error}") from error


class _RawBytes(FileSystemSerializer):
    """Reads and writes bytes without pickle: a planted file must not run code."""

    def dump(self, value: Any, f: IO[bytes], protocol: int = 0) -> None:
        f.write(value)

    def load(self, f: IO[bytes]) -> bytes:
        return f.read()


class _PrivateCache(FileSystemCache):
    """cachelib's files, read and written so that every failure raises an error.

    cachelib's ``get`` takes an unreadable file for an absent one. Its ``set`` leaves a
    temporary file behind if the disk is full, and returns True if it may not replace
    the old file.
    """

    serializer = _RawBytes()

    def __init__(self, host: FileSystemCache) -> None:
        # The host skips names with this suffix when it counts, prunes and clears its
        # folder. It would count any other sub-folder, which would also break clear().
        name = f"flask_wizard{host._fs_transaction_suffix}"
        path = os.path.join(os.path.abspath(host._path), name)
        self._folder_mode = stat.S_IMODE(os.stat(host._path).st_mode)
        self._make_folder(path)
        super().__init__(path, threshold=0, hash_method=host._hash_method)
        self._file_mode = host._mode or 0o600

    def stripe(self, key: str) -> str:
        return f"{crc32(key.encode()) % STRIPES:02x}"

    def stripes(self) -> list[str]:
        """Return the stripes that have a folder, which the first write makes."""
        return os.listdir(self._path)

    def read(self, key: str, now: float) -> Framed | None:
        try:
            with open(self._get_filename(key), "rb") as file:
                expires, found = _read_expiry(file), _read_key(file)
                content = self.serializer.load(file)
        except FileNotFoundError:
            os.stat(self._path)  # if the folder is gone, this is an outage
            return None
        if _is_expired(expires, now):
            return None
        if found != key.encode():
            raise UnreadableDraftError("A draft's file is damaged: its key is another.")
        return unframe(content)

    def paths(self, stripe: str) -> list[str]:
        """Return the paths of the values of one stripe."""
        # Locked, because a listing may miss a file that is being replaced meanwhile.
        with self.locked(stripe), os.scandir(self._folder(stripe)) as entries:
            return [entry.path for entry in entries if self._is_value(entry)]

    def read_listed(self, path: str, now: float) -> tuple[str, bytes, bytes] | None:
        """Return key, blob and version of a file; None if it has gone or expired."""
        key = os.path.basename(path)
        try:
            with open(path, "rb") as file:
                if _is_expired(_read_expiry(file), now):
                    return None
                key = _read_key(file).decode()
                return (key, *unframe(self.serializer.load(file)))
        except FileNotFoundError:
            os.stat(self._path)
            return None
        except (UnreadableDraftError, UnicodeDecodeError):
            return key, b"", b""

    def write(self, key: str, value: Framed, expires: int) -> None:
        """Move a complete file into place; leave no temporary file if that fails."""
        path = self._get_filename(key)
        # A name that depends on the key: if a writer is killed, the next one removes
        # its file, and nothing is left of a draft that has ended.
        name = path + self._fs_transaction_suffix
        with suppress(FileNotFoundError):
            os.unlink(name)
        descriptor = os.open(name, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
        try:
            with open(descriptor, "wb") as file:
                file.write(EXPIRY.pack(expires) + _key_part(key))
                self.serializer.dump(frame(*value), file)
            os.chmod(name, self._file_mode)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise

    def sweep(self, stripe: str, now: float) -> int:
        """Remove expired files from one stripe; return their number."""
        with self.locked(stripe), os.scandir(self._folder(stripe)) as entries:
            expired = [entry.path for entry in entries if self._may_remove(entry, now)]
            for path in expired:
                os.unlink(path)
        return len(expired)

    @contextmanager
    def locked(self, stripe: str) -> Iterator[None]:
        """Lock ``stripe`` against other threads and processes. Raise StoreError."""
        self._make_folder(self._folder(stripe))
        lock = os.open(
            os.path.join(self._folder(stripe), LOCK),
            os.O_RDONLY | os.O_CREAT,
            self._file_mode,
        )
        try:
            _wait_for(lock)
            yield
        finally:
            # After closing alone, a child forked meanwhile would still hold the lock.
            fcntl.flock(lock, fcntl.LOCK_UN)
            os.close(lock)

    def _get_filename(self, key: str) -> str:
        name = os.path.basename(super()._get_filename(key))
        return os.path.join(self._folder(self.stripe(key)), name)

    def _folder(self, stripe: str) -> str:
        return os.path.join(self._path, stripe)

    def _make_folder(self, path: str) -> None:
        with suppress(FileExistsError):
            os.mkdir(path)
            os.chmod(path, self._folder_mode)

    def _is_value(self, entry: os.DirEntry[str]) -> bool:
        is_leftover = entry.name.endswith(self._fs_transaction_suffix)
        return entry.name != LOCK and not is_leftover

    def _may_remove(self, entry: os.DirEntry[str], now: float) -> bool:
        if entry.name.endswith(self._fs_transaction_suffix):
            return entry.stat().st_mtime + LEFTOVER_AGE < now
        try:
            with open(entry.path, "rb") as file:
                return _is_expired(_read_expiry(file), now)
        except OSError:  # the lock file, or a damaged file, which load will report
            return False


def _wait_for(lock: int) -> None:
    deadline = time.monotonic() + LOCK_TIMEOUT
    while True:
        try:
            return fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            if time.monotonic() > deadline:
                message = f"A lock was not free within {LOCK_TIMEOUT} seconds."
                raise StoreError(message) from error
        time.sleep(0.001)


def _read_expiry(file: IO[bytes]) -> int:
    header = file.read(EXPIRY.size)
    if len(header) < EXPIRY.size:
        raise UnreadableDraftError(
            "A draft's file is damaged: it ends within its header."
        )
    (expires,) = EXPIRY.unpack(header)
    return int(expires)


def _key_part(key: str) -> bytes:
    """Return the bytes by which a file tells its key, of which its name has a hash."""
    encoded = key.encode()
    return bytes([len(encoded)]) + encoded


def _read_key(file: IO[bytes]) -> bytes:
    size = file.read(1)
    key = file.read(size[0]) if size else b""
    if not size or len(key) < size[0]:
        raise UnreadableDraftError("A draft's file is damaged: it ends within its key.")
    return key


def _is_expired(expires: int, now: float) -> bool:
    return expires <= now
