"""Multipart bodies, read piece by piece: the fields, and the bytes of each file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import IO, Any, NamedTuple

from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import (
    BadRequest,
    ClientDisconnected,
    RequestEntityTooLarge,
)
from werkzeug.http import parse_options_header
from werkzeug.sansio.multipart import (
    Data,
    Epilogue,
    Event,
    Field,
    File,
    MultipartDecoder,
    NeedData,
)

PIECE = 64 * 1024  # bytes read at a time


class Caps(NamedTuple):
    """What a body may have."""

    #: How many bytes, all told.
    body: int
    #: How many bytes in its fields, without files.
    fields: int
    #: How many fields and files.
    parts: int
    #: How many bytes in one file.
    file: int


class Part(NamedTuple):
    """A file of a body, whose bytes are read while it is kept."""

    name: str
    #: Empty for a field in which nothing was chosen.
    filename: str
    content_type: str
    pieces: Iterator[bytes]


class Parsed(NamedTuple):
    """What a body has besides its files."""

    fields: MultiDict[str, str]
    #: True if there were more parts than it may have, and the last were left out.
    cut: bool


def parse(
    stream: IO[bytes], boundary: bytes, caps: Caps, keep: Callable[[Part], None]
) -> Parsed:
    """Read a body, and call ``keep`` for each file. It may leave pieces unread.

    The button is read even if it is one part too many, as ``guard`` has it for other
    bodies. Raise BadRequest for a body that is no form, ClientDisconnected for one that
    is cut off, and RequestEntityTooLarge.
    """
    try:
        return _parse(stream, boundary, caps, keep)
    except ValueError as error:  # no end, or bytes that are no text
        raise BadRequest from error


def _parse(
    stream: IO[bytes], boundary: bytes, caps: Caps, keep: Callable[[Part], None]
) -> Parsed:
    fields: list[tuple[str, str]] = []
    events = _events(stream, boundary, caps)
    size, count, cut = 0, 0, False
    for event in events:
        if not isinstance(event, Field | File):
            continue
        if event.name is None:  # a part without a name
            raise BadRequest
        count += 1
        is_button = event.name == "_action"
        cut = cut or count > caps.parts - (not is_button)
        pieces = _pieces(events)
        if isinstance(event, File):
            content_type = event.headers.get("content-type", "")
            if not cut:
                keep(Part(event.name, event.filename, content_type, pieces))
        elif not cut or is_button:
            text = bytearray()
            for piece in pieces:
                size += len(piece)
                if size > caps.fields:
                    raise RequestEntityTooLarge
                text += piece
            charset = _charset(event.headers.get("content-type", ""))
            fields.append((event.name, text.decode(charset, "replace")))
        for _ in pieces:  # what nobody wanted
            pass
    return Parsed(MultiDict(fields), cut)


def _events(stream: IO[bytes], boundary: bytes, caps: Caps) -> Iterator[Event]:
    # It bounds what it has not told of yet: a preamble, or the headers of a part.
    decoder = MultipartDecoder(boundary, max_form_memory_size=caps.fields + 2 * PIECE)
    read = 0
    while True:
        piece = _read(stream)
        read += len(piece)
        if read > caps.body:
            raise RequestEntityTooLarge
        decoder.receive_data(piece or None)
        event = decoder.next_event()
        while not isinstance(event, NeedData):
            yield event
            if isinstance(event, Epilogue):
                return
            event = decoder.next_event()


def _read(stream: IO[bytes]) -> bytes:
    try:
        return stream.read(PIECE)
    except OSError as error:  # the connection is broken
        raise ClientDisconnected from error


def _pieces(events: Iterator[Event]) -> Iterator[bytes]:
    """Yield the bytes of the part whose headers were read last."""
    for event in events:
        if isinstance(event, Data):
            yield event.data
            if not event.more_data:
                return


def _charset(content_type: str) -> str:
    """Return the charset of a field, as Werkzeug does."""
    charset: Any = parse_options_header(content_type)[1].get("charset", "")
    known = ("ascii", "us-ascii", "utf-8", "iso-8859-1")
    return charset if charset.lower() in known else "utf-8"
