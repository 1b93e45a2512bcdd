"""Files to send where a form asks for one: made up, or given by a developer."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from werkzeug.datastructures import FileStorage
from wtforms.fields import Field

from ..cached import cached_property
from ..core.draft import StoredFile
from ..core.fields import render_kw
from ..core.file_content import OTHER_NAMES, FileContent
from ..core.files import FileRules, SentFile
from ..errors import DefinitionError


class SampleError(DefinitionError):
    """What a developer has given for a field of files is no file."""


def _blank_pdf() -> bytes:
    """Return a PDF with one blank page of an inch by an inch."""
    objects = (
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/Resources<<>>/MediaBox[0 0 72 72]>>",
    )
    made, places = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        places.append(len(made))
        made += b"%d 0 obj%b endobj\n" % (number, each)
    lines = b"".join(b"%010d 00000 n \n" % place for place in places)
    return (
        b"%bxref\n0 4\n0000000000 65535 f \n%btrailer<</Size 4/Root 1 0 R>>\n"
        b"startxref\n%d\n%%%%EOF\n" % (made, lines, len(made))
    )


#: Files to send, by the end of their names. Each can be opened: the pictures have one
#: white pixel.
FILES: Mapping[str, bytes] = {
    "png": b64decode(
        "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR42mP4DwABAQEAHLCMmQAAAABJ"
        "RU5ErkJggg=="
    ),
    "pdf": _blank_pdf(),
    "jpg": b64decode(
        "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAP//////////////////////////////////////////////"
        "////////////////////////////////////////wAALCAABAAEBAREA/8QAFAABAAAAAAAAAAAAAAAA"
        "AAAAA//EABQQAQAAAAAAAAAAAAAAAAAAAAD/2gAIAQEAAD8AR//Z"
    ),
    "txt": b"A few words.\n",
    "gif": b64decode("R0lGODdhAQABAIEAAP///wAAAAAAAAAAACwAAAAAAQABAAAIBAABBAQAOw=="),
    "webp": b64decode("UklGRh4AAABXRUJQVlA4TBEAAAAvAAAAAAfQ//73v/+BiOh/AAA="),
}


def kinds_for(field: Field) -> Sequence[str]:
    """Return the ends of the names of files, those first that a field seems to take."""
    checked = [v.kinds for v in field.validators if isinstance(v, FileContent)]
    told = f"{render_kw(field).get('accept', '')} {field.description} {checked}".lower()

    def is_told(kind: str) -> bool:
        return kind in told or OTHER_NAMES.get(kind, kind) in told

    return sorted(FILES, key=lambda kind: not is_told(kind))


@dataclass(frozen=True)
class Sample:
    """A file to send, with its name."""

    filename: str
    content: bytes = field(repr=False)

    @cached_property
    def key(self) -> str:
        """A string that no other file has."""
        return f"{self.filename} {sha256(self.content).hexdigest()}"


def made_up(kind: str, filename: str = "") -> Sample:
    """Return a file made up, of one of the kinds in FILES."""
    return Sample(filename or f"sample.{kind}", FILES[kind])


def given_files(name: str, answer: Any) -> list[Sample | None]:
    """Return what a developer has given for a field, None for no file.

    A list has several, of which one is sent at a time. Raise SampleError.
    """
    several = answer if isinstance(answer, list) else [answer]
    return [_given_file(name, each) for each in several]


def _given_file(name: str, answer: Any) -> Sample | None:
    match answer:
        case None | False | "":
            return None
        case Path():
            return Sample(answer.name, answer.read_bytes())
        case (str(filename), bytes(content)):
            return Sample(filename, content)
        case str():
            stem, _, end = answer.rpartition(".")
            kind = {"jpeg": "jpg"}.get(end.lower(), end.lower())
            if kind in FILES:
                return made_up(kind, answer if stem else "")
    raise SampleError(
        f"{name!r} takes a file, and {answer!r} is none. Give (filename, bytes), such "
        "as ('me.png', b'…'), a pathlib.Path, None for no file, or the name of a file "
        f"to make up, which ends in {', '.join(FILES)}. A list has one for each class."
    )


class SampleFile(FileStorage):
    """A sample, as forms and conditions have a file that a visitor has sent."""

    def __init__(self, sample: Sample, stored: StoredFile) -> None:
        #: The file as a draft has it.
        self.stored = stored
        self._content = sample.content
        super().__init__(self.open(), stored.filename, stored.field)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.stored.size

    def open(self) -> BinaryIO:
        """Return the file, to be read from its beginning."""
        return BytesIO(self._content)


class SampleUploads:
    """The files that the drafts of one run have."""

    def __init__(self) -> None:
        self._tried: dict[str, Sample] = {}
        self._sent: dict[str, Sample] = {}

    def add(self, sample: Sample | None) -> list[str]:
        """Have a file tried; return the candidate that stands for it."""
        if sample is None:
            return []
        self._tried[sample.key] = sample
        return [sample.key]

    def named(self, key: str) -> Sample:
        """Return the file of a candidate."""
        return self._tried[key]

    def send(self, sample: Sample, path: str) -> SentFile:
        """Return a file as a form gets it with a POST; ``path`` is its field's."""
        file_id = f"{path} {sample.key}"
        self._sent[file_id] = sample
        size = len(sample.content)
        return SentFile(StoredFile(file_id, path, sample.filename, size=size))

    @property
    def rules(self) -> FileRules:
        """How the files are bound to forms."""
        return FileRules(
            bind=lambda draft_id, stored: SampleFile(self._sent[stored.id], stored)
        )
