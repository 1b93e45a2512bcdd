"""IncomingFiles: the files of one POST, encrypted as they are read from it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    RequestEntityTooLarge,
)

from ..core.draft import Draft, StoredFile, storable
from ..core.files import (
    CHOOSE_AGAIN,
    SentFile,
    clean_name,
    no_room_for_more,
    size_in_words,
)
from ..core.forms import renamed
from ..core.hooks import HookError, call_hook
from ..drafts.encrypted_store import StoredDraft
from ..drafts.holders import new_nonce
from ..drafts.uploads import Uploads
from ..drafts.visitor_drafts import VisitorDrafts
from ..errors import StoreError
from ..tracebacks import without_locals
from .logins import SignedOut
from .multipart import PIECE, Caps, Part, parse
from .state import Context
from .urls import nonce_of

if TYPE_CHECKING:
    from ..wizard import Wizard

INCOMING = "flask_wizard.incoming"
"""The key in a request's environment under which its files are."""


class TooLarge(Exception):
    """A file has more bytes than one may have."""


class Refused(Exception):
    """The hook ``admit`` has refused an upload, with ``refusal``."""

    def __init__(self, refusal: HTTPException) -> None:
        super().__init__(refusal)
        self.refusal = refusal


class IncomingFiles:
    """The files of one POST, which are deleted unless a draft is stored that has them.

    Werkzeug would write them to the folder for temporary files as they are. They are
    encrypted for the draft that the POST seems to be for, and copied if it turns out to
    be for another.
    """

    def __init__(
        self,
        context: Context,
        wizard: Wizard,
        drafts: VisitorDrafts | None = None,
        draft_id: str | None = None,
    ) -> None:
        self._context = context
        self._wizard = wizard
        self._drafts = drafts
        self._draft_id = draft_id
        uploads = context.repository.uploads
        assert uploads is not None  # noqa: S101  # steps with files need them
        self._uploads: Uploads = uploads
        #: The key that the draft has in its store, once a file came.
        self._key = ""
        #: The files by id, those that were refused too.
        self.files: dict[str, SentFile] = {}
        #: The names of the fields to choose files with, chosen or not.
        self.names: dict[str, None] = {}
        #: Why no file could be stored.
        self.failure: Exception | None = None
        #: True if there were more parts than a body may have.
        self.cut: bool = False
        # The keys and ids of what is stored and in no draft.
        self._loose: set[tuple[str, str]] = set()
        self._caps = Caps(0, 0, 0, 0)

    def __repr__(self) -> str:
        return f"<IncomingFiles: {len(self.files)}>"

    # Reading

    def install(self, caps: Caps) -> None:
        """Have the request's form parsed by this, whoever asks for it first."""
        self._caps = caps
        request: Any = self._context.request
        request.form_data_parser_class = partial(_Parser, self)
        request.environ[INCOMING] = self

    def aim(self, drafts: VisitorDrafts, draft_id: str | None) -> None:
        """Store files for this draft from now on, which a view of its own has opened.

        ``move_to`` copies those that a hook of the application had read before.
        """
        self._drafts, self._draft_id = drafts, draft_id

    def check_size(self) -> None:
        """Raise RequestEntityTooLarge if the body is too large without files."""
        if (self._context.request.content_length or 0) > self._caps.fields:
            raise RequestEntityTooLarge

    def read(self, stream: Any, boundary: str) -> MultiDict[str, str]:
        """Return the fields of a body, and store its files. Raise an HTTPException."""
        try:
            marker = boundary.encode("ascii")
        except UnicodeEncodeError as error:
            raise BadRequest from error
        if not marker:
            raise BadRequest
        try:
            parsed = parse(stream, marker, self._caps, self._keep)
        except BaseException as error:
            self.clean()
            without_locals(error)  # a hook of the application may have asked
            raise
        self.cut = parsed.cut
        return parsed.fields

    def take_parsed(self, files: MultiDict[str, FileStorage]) -> None:
        """Store the files of a form that a hook of the application has parsed."""
        for name, file in files.items(multi=True):
            pieces = iter(partial(file.stream.read, PIECE), b"")
            part = Part(name, file.filename or "", file.content_type or "", pieces)
            self._keep(part)

    def _keep(self, part: Part) -> None:
        """Store a file that is being read, unless something speaks against it."""
        self.names[part.name] = None
        if not part.filename:  # nothing was chosen
            return
        if not self._key and self.failure is None:
            self._begin()
        config = self._context.app.config
        size, most = 0, self._caps.file

        def measured() -> Iterator[bytes]:
            nonlocal size
            for piece in part.pieces:
                size += len(piece)
                if size > most:
                    raise TooLarge
                yield piece

        texts = self._context.texts
        file_id, refusal = new_nonce(), texts.text(CHOOSE_AGAIN)
        if len(self._loose) >= config["WIZARD_MAX_UPLOADS_COUNT"]:
            refusal = no_room_for_more(config["WIZARD_MAX_UPLOADS_COUNT"], texts)
        elif self._key and self.failure is None:
            try:
                file_id = self._uploads.save(self._key, measured())
                refusal = ""
                self._loose.add((self._key, file_id))
            except TooLarge:
                words = size_in_words(most, texts)
                refusal = texts.text("It is larger than {size}.", size=words)
            except StoreError as error:
                self.failure = error
        stored = StoredFile(
            id=file_id,
            field=storable(part.name),
            filename=clean_name(part.filename),
            content_type=storable(part.content_type)[:255],
            size=size,
        )
        self.files[file_id] = SentFile(stored, refusal)

    def _begin(self) -> None:
        """Ask whether the visitor may upload, and find the draft's key."""
        drafts, request = self._drafts, self._context.request
        holder, config = self._context.holder, self._context.app.config
        try:
            holder.identify()
            is_nobody = holder.user is None and holder.token is None
            # A page gives each session a token. A session without one has lost its
            # cookie, or its user has left: the token of the form fails, too.
            if is_nobody and (holder.has_left or config.get("WTF_CSRF_ENABLED", True)):
                return
            try:
                call_hook(self._wizard.admit, "upload", holder.mark.hex())
            except HTTPException as refusal:
                raise Refused(refusal) from refusal
            if drafts is None:  # nobody knows yet which draft the view will open
                store = self._context.repository.store
                self._key = store.keys("draft", new_nonce())[0]
                return
            found = drafts.load(self._draft_id) if self._draft_id else None
            if found is None:
                nonce = self._draft_id or nonce_of(request) or new_nonce()
                found = drafts.start(nonce)
            self._key = found.version.key
        except (StoreError, SignedOut, Refused, HookError) as error:
            self.failure = error

    # Becoming a draft's

    def rename_fields(self, names: Mapping[str, str]) -> Mapping[str, SentFile]:
        """Return the files by new names of fields; ``names`` has these by the old.

        They have these names from now on.
        """
        self.files = {
            id: sent.of_field(renamed(sent.stored.field, names))
            for id, sent in self.files.items()
        }
        return self.files

    def move_to(self, stored: StoredDraft) -> Mapping[str, SentFile]:
        """Return the files, stored for this draft. Raise StoreError."""
        key = stored.version.key
        if self._key and self._key != key:
            moved: dict[str, SentFile] = {}
            for old, sent in self.files.items():
                if sent.refusal:
                    moved[old] = sent
                    continue
                new = self._uploads.copy(self._key, key, sent.stored)
                self._loose.add((key, new))
                moved[new] = sent.under(new)
            self.files, self._key = moved, key
        return self.files

    def settle(self, draft: Draft) -> None:
        """Note that a draft is stored, and keep the files that it has."""
        kept = {file.id for file in draft.files()}
        self._loose = {(key, id) for key, id in self._loose if id not in kept}

    def doubt(self, stored: StoredDraft) -> None:
        """Leave the files to a sweep unless the failed write has clearly failed."""
        try:
            draft, _ = self._context.repository.load(stored.draft.id)
            if draft is not None:
                self.settle(draft)
        except StoreError:
            self._loose.clear()

    def clean(self) -> None:
        """Delete the files that no draft has."""
        for key, file_id in self._loose:
            self._uploads.delete(key, file_id)
        self._loose.clear()


class _Parser:
    """Werkzeug's form parser, as a request calls it."""

    def __init__(self, incoming: IncomingFiles, **options: object) -> None:
        self._incoming = incoming

    def parse(
        self,
        stream: Any,
        mimetype: str,
        content_length: int | None,
        options: Mapping[str, str] | None = None,
    ) -> tuple[Any, MultiDict[str, str], MultiDict[str, FileStorage]]:
        """Return the stream, the fields, and no files: these are encrypted already."""
        boundary = (options or {}).get("boundary", "")
        return stream, self._incoming.read(stream, boundary), MultiDict()
