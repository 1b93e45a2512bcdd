"""Compression of long values, most of which is compressed once for many saves.

A value is a raw deflate stream (RFC 1951) of three parts: its first bytes as they are,
its body compressed, and its end as it is. A visitor who goes on changes only the first
and the last: the body is written again as it was. Behind the stream stand the sizes of
the body, which any reader of deflate leaves alone.
"""

from __future__ import annotations

import zlib
from struct import Struct
from typing import NamedTuple

from ..errors import UnreadableDraftError

# By default zlib allocates 256 KB each time, which takes longer than compressing a
# draft. In a window of 8 KB the names in a draft repeat often enough. The window is
# negative for no checksum: the cipher finds damage, and a checksum takes a fifth of the
# time.
LEVEL, WINDOW, MEMORY = 1, -13, 6

FIRST, LAST, MOST = 32, 16, 8
"""A new body leaves a 32nd of the value before it and a 16th behind it.

Before it a draft says when it was saved and how many entries it has. The new entries
come behind it, until they are an 8th of the value.
"""

DIVIDED = 8 * 1024  # bytes
"""Shorter values are compressed whole: a 16th of them holds hardly an entry."""

BLOCK = Struct("<BHH")
"""Before bytes that are stored as they are: 1 for the last block, and how many.

The number stands there twice, the second time with all its bits inverted.
"""

MAX_STORED = 0xFFFF
"""How many bytes a block can store as they are."""

SIZES = Struct(">III")
"""How many bytes stand before the body, and its sizes: as it was, and compressed."""


class Body(NamedTuple):
    """The part of a value that is compressed."""

    #: How many bytes stand before it.
    start: int
    plain: memoryview
    compressed: bytes | memoryview

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Body of {len(self.plain)} bytes>"


def compress(plain: bytes, known: Body | None, codec: bytes) -> tuple[bytes, Body]:
    """Return the value compressed, behind ``codec``, and its body.

    That is ``known`` if it serves.
    """
    body = known if known is not None and _serves(known, plain) else _new_body(plain)
    first, last = plain[: body.start], plain[body.start + len(body.plain) :]
    sizes = SIZES.pack(body.start, len(body.plain), len(body.compressed))
    before, behind = _block(len(first)), _block(len(last), is_last=True)
    parts = codec, before, first, body.compressed, behind, last, sizes
    return b"".join(parts), body


def decompress(compressed: memoryview) -> tuple[bytes, Body | None]:
    """Return the value, and its body if the stream has the three parts.

    Raise UnreadableDraftError.
    """
    parts = _find_parts(compressed)
    try:
        if parts is None:
            return zlib.decompress(compressed, WINDOW), None
        start, size, last, body = parts
        # Into a buffer of the right size, or zlib copies all of it once more.
        plain = zlib.decompress(compressed, WINDOW, start + size + last)
    except zlib.error as error:
        raise UnreadableDraftError("A stored value does not decompress.") from error
    return plain, Body(start, memoryview(plain)[start : start + size], body)


def _find_parts(compressed: memoryview) -> tuple[int, int, int, memoryview] | None:
    """Return the sizes of the three parts before compression, and the body.

    Return None if the sizes at the end do not lead to a block of stored bytes at the
    start, and to the last block: then the stream is compressed as one.
    """
    rest = len(compressed) - SIZES.size - 2 * BLOCK.size
    if rest < 0:
        return None
    start, size, compressed_size = SIZES.unpack(compressed[-SIZES.size :])
    at, last = BLOCK.size + start, rest - start - compressed_size
    behind = at + compressed_size
    if max(start, last) > MAX_STORED or last < 0:
        return None
    first_block = bytes(compressed[: BLOCK.size])
    last_block = bytes(compressed[behind : behind + BLOCK.size])
    if (first_block, last_block) != (_block(start), _block(last, is_last=True)):
        return None
    return start, size, last, compressed[at:behind]


def _serves(body: Body, plain: bytes) -> bool:
    """True if a value has this body in its place, and no long end."""
    last = len(plain) - body.start - len(body.plain)
    is_short = 0 <= last <= _part(plain, MOST)
    return is_short and plain.startswith(body.plain, body.start)  # no copy


def _new_body(plain: bytes) -> Body:
    start = _part(plain, FIRST)
    inner = memoryview(plain)[start : len(plain) - _part(plain, LAST)]
    compressor = zlib.compressobj(LEVEL, wbits=WINDOW, memLevel=MEMORY)
    compressed = compressor.compress(inner) + compressor.flush(zlib.Z_SYNC_FLUSH)
    return Body(start, inner, compressed)


def _part(plain: bytes, of: int) -> int:
    """Return how many bytes that part of a value has, as far as a block can store."""
    return min(len(plain) // of, MAX_STORED) if len(plain) >= DIVIDED else 0


def _block(size: int, *, is_last: bool = False) -> bytes:
    """Return what stands before so many bytes that are stored as they are."""
    return BLOCK.pack(is_last, size, size ^ MAX_STORED)
