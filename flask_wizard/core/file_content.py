"""FileContent: a validator that looks at the first bytes of a file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from wtforms.validators import ValidationError

from ..errors import DefinitionError
from .texts import texts_of

HEAD = 1024
"""How many bytes of a file are looked at. A PDF may begin behind some others."""


def _starts(*magics: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(magics)


def _in_riff(kind: bytes) -> Callable[[bytes], bool]:
    return lambda head: head.startswith(b"RIFF") and head[8:12] == kind


def _is_brand(*brands: bytes) -> Callable[[bytes], bool]:
    """Tell the files of ISO/IEC 14496-12 by the brand behind ``ftyp``."""
    return lambda head: head[4:8] == b"ftyp" and head[8:12] in brands


_ZIP = _starts(b"PK\x03\x04", b"PK\x05\x06")

KINDS: Mapping[str, Callable[[bytes], bool]] = {
    "avif": _is_brand(b"avif", b"avis"),
    "docx": _ZIP,
    "gif": _starts(b"GIF87a", b"GIF89a"),
    "heic": _is_brand(b"heic", b"heix", b"hevc", b"mif1"),
    "jpeg": _starts(b"\xff\xd8\xff"),
    "mp3": _starts(b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2"),
    "mp4": _is_brand(b"isom", b"iso2", b"mp41", b"mp42", b"avc1", b"M4V "),
    "odt": _ZIP,
    "ods": _ZIP,
    "pdf": lambda head: b"%PDF-" in head,
    "png": _starts(b"\x89PNG\r\n\x1a\n"),
    "tiff": _starts(b"II*\x00", b"MM\x00*"),
    "wav": _in_riff(b"WAVE"),
    "webp": _in_riff(b"WEBP"),
    "xlsx": _ZIP,
    "zip": _ZIP,
}
"""The kinds of files that can be told, each by a function of a file's first bytes."""

OTHER_NAMES = {"jpg": "jpeg", "tif": "tiff"}


class FileContent:
    """Refuses files that do not begin as one of these kinds of files does.

    ``FileContent("png", "jpeg", "pdf")`` refuses a script that somebody has named
    ``photo.png``. It tells what a file begins with, and not whether all of it is sound.
    A blank field is valid. The kinds are avif, docx, gif, heic, jpeg, mp3, mp4, odt,
    ods, pdf, png, tiff, wav, webp, xlsx and zip. Raise DefinitionError for another.
    """

    def __init__(self, *kinds: str, message: str | None = None) -> None:
        named = [OTHER_NAMES.get(kind.lower(), kind.lower()) for kind in kinds]
        unknown = [kind for kind in named if kind not in KINDS]
        if unknown or not named:
            found = repr(unknown[0]) if unknown else "no kind"
            raise DefinitionError(
                f"FileContent was given {found}. The kinds that it can tell are "
                f"{', '.join(KINDS)}."
            )
        self.kinds: tuple[str, ...] = tuple(dict.fromkeys(named))
        self.message = message

    def __call__(self, form: Any, field: Any) -> None:
        """Check the files of a field. Raise ValidationError."""
        files = field.data if isinstance(field.data, list | tuple) else [field.data]
        for file in files:
            if not hasattr(file, "read"):  # there is none
                continue
            file.seek(0)
            head = file.read(HEAD)
            file.seek(0)
            if not any(KINDS[kind](head) for kind in self.kinds):
                raise ValidationError(self.message or self._message(field))

    def _message(self, field: Any) -> str:
        names = [kind.upper() for kind in self.kinds]
        kinds = texts_of(field).listed(names, one_of=True)
        text: str = field.gettext("Only {kinds} files can be kept here.")
        return text.format(kinds=kinds)
