"""Files made up, to be sent where a form asks for one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from io import BytesIO
from typing import BinaryIO

from werkzeug.datastructures import FileStorage
from wtforms.fields import Field

from ..core.draft import StoredFile
from ..core.fields import render_kw
from ..core.files import FileRules, SentFile

#: Files to send, by the end of their names.
FILES: Mapping[str, bytes] = {
    "png": b"\x89PNG\r\n\x1a\n" + bytes(64),
    "pdf": b"%PDF-1.4\n%%EOF\n",
    "jpg": b"\xff\xd8\xff\xe0" + bytes(64),
    "txt": b"A few words.\n",
}


def kinds_for(field: Field) -> Sequence[str]:
    """Return the ends of the names of files, those first that a field seems to take."""
    told = f"{render_kw(field).get('accept', '')} {field.description}".lower()
    return sorted(FILES, key=lambda kind: kind not in told)


class SampleFile(FileStorage):
    """A file made up, as forms and conditions have one that a visitor has sent."""

    def __init__(self, draft_id: str, stored: StoredFile) -> None:
        #: The file as a draft has it.
        self.stored = stored
        super().__init__(self.open(), stored.filename, stored.field)

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.stored.size

    def open(self) -> BinaryIO:
        """Return the file, to be read from its beginning."""
        return BytesIO(FILES[self.stored.filename.rpartition(".")[2]])


def sent_file(file_id: str, field: str, kind: str) -> SentFile:
    """Return a file as a form gets it with a POST."""
    size = len(FILES[kind])
    return SentFile(StoredFile(file_id, field, f"sample.{kind}", size=size))


RULES = FileRules(bind=SampleFile)
"""How files made up are bound to forms."""
