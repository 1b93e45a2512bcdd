"""Stored structs: to bytes and back, with the keys that a newer release has added."""

from __future__ import annotations

from functools import cache
from threading import Lock
from typing import TypeVar

import msgspec

from ..errors import UnreadableDraftError


class Stored(
    msgspec.Struct,
    frozen=True,
    kw_only=True,
    omit_defaults=True,
    forbid_unknown_fields=True,
):
    """A struct that two releases may write in turn, one of which knows more keys.

    A struct inside another is a field of type ``msgspec.Raw`` or ``bytes``, packed by
    itself, so that it has unknown keys of its own.
    """

    #: What is stored under keys that are no field here. It is written back as it was.
    unknown: dict[str, msgspec.Raw] = msgspec.field(name="", default_factory=dict)


S = TypeVar("S", bound=Stored)


def pack(value: Stored) -> bytes:
    """Return the struct as msgpack, its unknown keys among the others."""
    if not value.unknown:
        return _encoder.encode(value)
    own = msgspec.structs.replace(value, unknown={})
    return _encoder.encode({**value.unknown, **_parts.decode(_encoder.encode(own))})


def unpack(kind: type[S], packed: bytes | msgspec.Raw) -> S:
    """Return the struct in these bytes. Raises UnreadableDraftError."""
    decoder: msgspec.msgpack.Decoder[S] = _decoder(kind)
    try:
        try:
            return decoder.decode(packed)
        except msgspec.ValidationError:  # it may be an unknown key, which is rare
            return _unpack_newer(kind, packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDraftError(
            f"A stored {kind.__name__} does not decode."
        ) from error


def _unpack_newer(kind: type[S], packed: bytes | msgspec.Raw) -> S:
    parts = _parts.decode(packed)
    unknown = {name: parts.pop(name) for name in parts.keys() - _keys(kind)}
    decoder: msgspec.msgpack.Decoder[S] = _decoder(kind)
    known = decoder.decode(_encoder.encode(parts))
    return msgspec.structs.replace(known, unknown=unknown)


@cache
def _decoder(kind: type[S]) -> msgspec.msgpack.Decoder[S]:
    # msgspec reads the fields' types for the first decoder. One that another thread
    # makes meanwhile has none, and crashes the process.
    with _reading_types:
        return msgspec.msgpack.Decoder(kind)


@cache
def _keys(kind: type[Stored]) -> frozenset[str]:
    return frozenset(field.encode_name for field in msgspec.structs.fields(kind))


_reading_types = Lock()
_encoder = msgspec.msgpack.Encoder()
_parts = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
