"""FsspecUploads: uploads where fsspec can store files, such as S3."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Any

from ..errors import ConfigurationError, StoreError

MOMENTS = ("LastModified", "last_modified", "mtime")
"""How protocols call the moment at which a file was stored, in a list of files."""


class FsspecUploads:
    """Files below a URL that fsspec knows."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec
        except ImportError as error:
            raise ConfigurationError(
                f"WIZARD_UPLOADS is {url.partition(':')[0]}://…, which needs fsspec. "
                "Install flask-wizard-forms[uploads], and what the protocol needs: "
                "s3fs for s3."
            ) from error
        try:
            found: tuple[Any, str] = fsspec.core.url_to_fs(url)
        except (ImportError, ValueError) as error:
            raise ConfigurationError(
                f"fsspec cannot open the place for uploads: {error}"
            ) from error
        self._system, self._root = found

    def __repr__(self) -> str:
        return f"FsspecUploads({self._root!r})"

    def save(self, key: str, chunks: Iterable[bytes]) -> None:
        """Store the chunks in a new file. Raise StoreError."""
        path = self._path(key)
        with _errors():
            self._system.makedirs(path.rpartition("/")[0], exist_ok=True)
            file = self._system.open(path, "wb")
        try:
            for chunk in chunks:  # what reading them raises is not the store's error
                with _errors():
                    file.write(chunk)
        except BaseException:
            _discard(file)
            raise
        with _errors():
            file.close()

    def load(self, key: str, start: int, size: int) -> bytes | None:
        """Return bytes of a file, or None if it is absent. Raise StoreError."""
        with _errors():
            try:
                found: bytes = self._system.cat_file(
                    self._path(key), start=start, end=start + size
                )
            except FileNotFoundError:
                return None
        return found

    def delete(self, key: str) -> None:
        """Remove a file. Raise StoreError."""
        with _errors(), suppress(FileNotFoundError):
            self._system.rm_file(self._path(key))

    def entries(self) -> Iterator[tuple[str, float]]:
        """Yield the key of each file, and when it was stored. Raise StoreError."""
        with _errors():
            self._system.invalidate_cache()
            try:
                found: dict[str, Any] = self._system.find(self._root, detail=True)
            except FileNotFoundError:
                return
        for path, about in found.items():
            with _errors():
                try:
                    stored = self._stored_at(path, about)
                except FileNotFoundError:  # another process has removed it
                    continue
            yield "/".join(path.split("/")[-2:]), stored

    def _stored_at(self, path: str, about: Mapping[str, Any]) -> float:
        """Return when a file was stored, in seconds since the epoch."""
        # Some protocols tell it in the list. The others are asked for each file.
        moment = next((about[key] for key in MOMENTS if key in about), None)
        if moment is None:
            moment = self._system.modified(path)
        if isinstance(moment, datetime):
            is_aware = moment.tzinfo is not None
            moment = (moment if is_aware else moment.replace(tzinfo=UTC)).timestamp()
        return float(moment)

    def _path(self, key: str) -> str:
        return f"{self._root.rstrip('/')}/{key}"


def _discard(file: Any) -> None:
    """Give up a file that is half written. What is left of it is deleted later."""
    with suppress(Exception):
        file.discard()
    with suppress(Exception):  # or it would be written out by the garbage collector
        file.closed = True


@contextmanager
def _errors() -> Iterator[None]:
    """Raise a StoreError in the place of any error: each protocol has its own."""
    try:
        yield
    except FileNotFoundError:
        raise
    except Exception as error:
        raise StoreError(
            f"The place for uploads failed: {type(error).__name__}"
        ) from error
