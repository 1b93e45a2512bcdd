"""UploadedFile: a file of a draft, as forms and hooks get it."""

from __future__ import annotations

import shutil
from functools import partial
from os import PathLike
from typing import IO, TYPE_CHECKING, BinaryIO

from werkzeug.datastructures import FileStorage
from wtforms.validators import StopValidation, ValidationError

from ..core.draft import Draft, StoredFile
from ..core.files import UNUSABLE_FILE, FileRules
from ..core.form_errors import as_text
from ..core.hooks import call_hook
from ..core.texts import Texts
from ..drafts.uploads import Uploads
from ..drafts.visitor_drafts import VisitorDrafts
from .state import Context

if TYPE_CHECKING:
    from ..wizard import Wizard


class UploadedFile(FileStorage):
    """A file that a visitor has uploaded.

    It is a Werkzeug ``FileStorage``, as forms have it in a plain view. What is read is
    decrypted as it is read, and never all at once. ``filename`` is the last part of the
    client's name, without control and direction characters, at most 255 characters;
    ``content_type`` is what the client says.
    """

    def __init__(self, uploads: Uploads, draft_id: str, stored: StoredFile) -> None:
        #: The file as the draft has it.
        self.stored = stored
        self._uploads = uploads
        self._draft_id = draft_id
        super().__init__(
            self.open(),
            stored.filename,
            stored.field,
            stored.content_type or None,
            stored.size,
        )

    @property
    def size(self) -> int:
        """How many bytes it has."""
        return self.stored.size

    def open(self) -> BinaryIO:
        """Return the file, to be read from its beginning."""
        return self._uploads.open(self._draft_id, self.stored)

    def save(
        self,
        dst: str | PathLike[str] | IO[bytes],
        buffer_size: int = 64 * 1024,  # bytes
    ) -> None:
        """Write the whole file to a path, or to a file that is open for writing."""
        if isinstance(dst, str | PathLike):
            with open(dst, "wb") as target:
                shutil.copyfileobj(self.open(), target, buffer_size)
        else:
            shutil.copyfileobj(self.open(), dst, buffer_size)

    def __repr__(self) -> str:  # a log must never show the name of a file
        return f"<UploadedFile of {self.size} bytes>"

    def __str__(self) -> str:
        return str(self.filename)


def rules_of(
    wizard: Wizard, drafts: VisitorDrafts, context: Context, texts: Texts
) -> FileRules:
    """Return how files of a wizard's drafts are bound and judged."""
    config, uploads = context.app.config, context.repository.uploads
    assert uploads is not None  # noqa: S101  # only in a transaction are there none

    def inspect(file: UploadedFile, step: str, field: str) -> str:
        file.seek(0)  # a validator may have read it
        try:
            call_hook(wizard.on_upload, file, step, field)
        except (ValidationError, StopValidation) as error:
            unusable = texts.text(UNUSABLE_FILE)
            return as_text(error.args[0]) if error.args else unusable
        return ""

    def room_of_holder(draft: Draft) -> int:
        most: int = config["WIZARD_MAX_UPLOADS_HOLDER"]
        return most - drafts.size_of_files(draft.id)

    return FileRules(
        bind=partial(UploadedFile, uploads),
        inspect=inspect,
        max_count=config["WIZARD_MAX_UPLOADS_COUNT"],
        max_size=config["WIZARD_MAX_UPLOADS_SIZE"],
        room_of_holder=room_of_holder,
        texts=texts,
    )
