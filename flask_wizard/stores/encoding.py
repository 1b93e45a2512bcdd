"""Frames: a version and a blob as one value, for engines with one value per key."""

from __future__ import annotations

from typing import NamedTuple

from flask_wizard.errors import UnreadableDraftError

MAGIC = b"fwz1"
START = len(MAGIC) + 1


class Framed(NamedTuple):
    """The blob and the version of a frame."""

    blob: bytes
    version: bytes


def head(version: bytes) -> bytes:
    """Return the bytes before the blob, which are the same for one version."""
    return MAGIC + bytes([len(version)]) + version


def frame(blob: bytes, version: bytes) -> bytes:
    """Return blob and version as one value."""
    return head(version) + blob


def unframe(value: bytes) -> Framed:
    """Return blob and version of a value of ``frame``.

    Raise UnreadableDraftError if it is another value, or cut short.
    """
    if not value.startswith(MAGIC) or len(value) < START:
        raise UnreadableDraftError(
            "A draft's value is damaged, or not one of this store."
        )
    end = START + value[START - 1]
    if len(value) < end:
        raise UnreadableDraftError(
            "A draft's value is damaged: it ends within its version."
        )
    return Framed(value[end:], value[START:end])
