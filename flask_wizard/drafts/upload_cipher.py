"""The cipher of uploads: files encrypted in chunks as they are read, and back."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Iterator, Sequence

from ..core.draft import DamagedDraftError
from ..errors import UnreadableDraftError
from .keyring import OVERHEAD, Keyring, Kind

CHUNK = 256 * 1024
"""How many plain bytes a chunk has; the last has fewer, or as many."""


def encrypt_chunks(
    keyring: Keyring, key: str, pieces: Iterable[bytes]
) -> Iterator[bytes]:
    """Yield the encrypted chunks of a file from pieces of any length.

    Each file has a key of its own. Each chunk is bound to its position and to whether
    it is the last, so that a file that was cut or reordered does not decrypt.
    """
    number, left = 0, bytearray()
    for piece in pieces:
        left += piece
        while len(left) > CHUNK:
            yield _encrypt(keyring, key, bytes(left[:CHUNK]), number, last=False)
            del left[:CHUNK]
            number += 1
    yield _encrypt(keyring, key, bytes(left), number, last=True)


def _encrypt(
    keyring: Keyring, key: str, plain: bytes, number: int, *, last: bool
) -> bytes:
    return keyring.encrypt(plain, key.encode(), Kind.FILE, _part(number, last))


def _part(number: int, last: bool) -> bytes:
    return number.to_bytes(8, "big") + bytes((last,))


class EncryptedFile(io.RawIOBase):
    """A stored file, which is loaded and decrypted where somebody reads it.

    It holds nothing open. ``keys`` are those that the file may lie under. ``size`` is
    that of the plain file. ``load`` returns encrypted bytes by a key, their position
    and their number, and None if there is no such file.
    """

    def __init__(
        self,
        keyring: Keyring,
        keys: Sequence[str],
        size: int,
        load: Callable[[str, int, int], bytes | None],
    ) -> None:
        super().__init__()
        self._keyring = keyring
        self._keys = keys
        self._size = size
        self._load = load
        self._position = 0
        self._chunk: tuple[int, bytes] | None = None

    def readable(self) -> bool:
        """True: it can be read."""
        return True

    def seekable(self) -> bool:
        """True: it can be read from any position."""
        return True

    def tell(self) -> int:
        """Return the position of the next byte."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Go to a position, without reading. Return it."""
        start = {
            io.SEEK_SET: 0,
            io.SEEK_CUR: self._position,
            io.SEEK_END: self._size,
        }[whence]
        if start + offset < 0:
            raise ValueError(f"A file has no position {start + offset}.")
        self._position = start + offset
        return self._position

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        """Read some of the next bytes. Raise StoreError or UnreadableDraftError."""
        number, at = divmod(self._position, CHUNK)
        if self._position >= self._size:
            return 0
        piece = self._plain(number)[at : at + len(buffer)]
        buffer[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)

    def _plain(self, number: int) -> bytes:
        if self._chunk is None or self._chunk[0] != number:
            last = number == max(0, self._size - 1) // CHUNK
            size = OVERHEAD + (self._size - number * CHUNK if last else CHUNK)
            # One byte more of the last, to notice what was added behind it.
            key, stored = self._find(number * (CHUNK + OVERHEAD), size + last)
            if len(stored) != size:
                raise DamagedDraftError(
                    f"A chunk of a stored upload has {len(stored)} bytes. "
                    f"Expected {size}."
                )
            part = _part(number, last)
            try:
                plain = self._keyring.decrypt(stored, key.encode(), (Kind.FILE,), part)
            except UnreadableDraftError as error:
                raise DamagedDraftError(str(error)) from error
            self._chunk = number, plain
        return self._chunk[1]

    def _find(self, start: int, size: int) -> tuple[str, bytes]:
        """Return encrypted bytes, and the key that they lie under."""
        for key in self._keys:  # the draft may lie under an older SECRET_KEY
            if (found := self._load(key, start, size)) is not None:
                self._keys = [key]
                return key, found
        raise DamagedDraftError("A draft names an upload that is missing.")
