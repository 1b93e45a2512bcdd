"""Frame: a version and a blob as one value, for engines that keep one a key."""

from __future__ import annotations

from typing import NamedTuple

from flask_wizard.errors import UnreadableDraftError

MAGIC = b"fwz1"
START = len(MAGIC) + 1


class Framed(NamedTuple):
    """What a frame holds."""

    blob: bytes
    version: bytes


def head(version: bytes) -> bytes:
    """What stands before the blob. Values of one version begin alike."""
    return MAGIC + bytes([len(version)]) + version


def frame(blob: bytes, version: bytes) -> bytes:
    """Return blob and version as one value, as ``unframe`` takes it apart."""
    return head(version) + blob


def unframe(value: bytes) -> Framed:
    """Raises UnreadableDraftError for what is no frame, or not a whole one."""
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
