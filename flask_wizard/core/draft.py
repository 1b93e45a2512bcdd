"""Draft: what one visitor has submitted so far, as it is stored."""

from __future__ import annotations

import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from functools import cache, partial
from threading import Lock
from typing import Annotated, Any, Literal, Self, TypeVar, overload

import msgspec
from markupsafe import Markup
from msgspec.structs import fields, replace

from ..cached import cached_property
from ..errors import StoreError, UnreadableDraftError

Raw = dict[str, list[str]]
"""Submitted strings by full field name, as the browser sent them."""

Seconds = Annotated[float, msgspec.Meta(ge=0, lt=2**37)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]

Path = Annotated[tuple[str, ...], msgspec.Meta(min_length=1, max_length=4)]
"""What was read of an earlier answer: a step and a field.

An empty field stands for "is there an answer". What was read of an item has the list,
the item, the page and the field; a list and the item alone stand for the items before
it.
"""

T = TypeVar("T")
S = TypeVar("S", bound="Stored")

State = Literal["open", "committing", "committed", "discarded"]
HolderKind = Literal["session", "user", "guest"]
ENDED: tuple[State, ...] = ("committed", "discarded")

_encoder = msgspec.msgpack.Encoder()
_raw_decoder = msgspec.msgpack.Decoder(Raw)
_parts = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])
_reading_types = Lock()


class DamagedDraftError(UnreadableDraftError):
    """A part of a draft does not decode, which may show as late as a hook reads it."""


class UploadError(StoreError):
    """The place for uploads cannot answer while a hook reads a file of a draft."""


def storable(text: str) -> str:
    """Return a text with a question mark for each lone surrogate, which has no bytes.

    A broken reply of another service may have one, or the name of a file.
    """
    return text.encode(errors="replace").decode()


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


def pack(value: Stored) -> bytes:
    """Return the struct as msgpack, its unknown keys among the others."""
    if not value.unknown:
        return _encoder.encode(value)
    own = replace(value, unknown={})
    return _encoder.encode({**value.unknown, **_parts.decode(_encoder.encode(own))})


def unpack(kind: type[S], packed: bytes | memoryview | msgspec.Raw) -> S:
    """Return the struct in these bytes. Raises UnreadableDraftError."""
    decoder: msgspec.msgpack.Decoder[S] = _decoder(kind)
    try:
        try:
            return decoder.decode(packed)
        except msgspec.ValidationError:  # it may be an unknown key, which is rare
            return _unpack_newer(kind, packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise DamagedDraftError(f"A stored {kind.__name__} does not decode.") from error


def _unpack_newer(kind: type[S], packed: bytes | memoryview | msgspec.Raw) -> S:
    parts = _parts.decode(packed)
    unknown = {name: parts.pop(name) for name in parts.keys() - _keys(kind)}
    decoder: msgspec.msgpack.Decoder[S] = _decoder(kind)
    known = decoder.decode(_encoder.encode(parts))
    return replace(known, unknown=unknown)


@cache
def _decoder(kind: type[S]) -> msgspec.msgpack.Decoder[S]:
    # msgspec reads the fields' types for the first decoder. In older releases, one that
    # another thread makes meanwhile has none, and crashes the process.
    with _reading_types:
        return msgspec.msgpack.Decoder(kind)


@cache
def _keys(kind: type[Stored]) -> frozenset[str]:
    return frozenset(field.encode_name for field in fields(kind))


class Before(Stored, frozen=True, gc=False):
    """What a step's page began with, as the page would send it if nobody touched it."""

    #: What it would send, without passwords.
    raw: Raw
    #: The names of checkboxes and multiple choices in it, which send nothing once the
    #: visitor has cleared them.
    silent: tuple[str, ...] = ()
    #: What ``Wizard.initial``, ``prepare`` and the form read.
    read: tuple[Path, ...] = ()
    #: A hash of what they read, and of what the form asked for.
    read_digest: bytes = b""
    #: False if the step did not apply, or did not open, when this was taken.
    opened: bool = True
    #: The names of the files that the application had already, by the way to the field.
    files: dict[str, list[str]] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Before: {', '.join(self.raw)}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("fields", [*self.raw])]


class StoredFile(Stored, frozen=True):
    """A file that the visitor has uploaded, as its page's entry has it.

    Its content lies in the store of uploads, under the draft's key and this id.
    """

    #: 128 random bits in base64url.
    id: str
    #: The full name of its field, such as ``home-photo``.
    field: str
    #: The last part of the client's name, without control characters.
    filename: str
    #: What the client says that it is; empty if it says nothing.
    content_type: str = ""
    #: How many bytes it has.
    size: Count = 0

    def __repr__(self) -> str:  # a log must never show the name of a file
        return f"<StoredFile of {self.size} bytes>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("size", self.size)]


def pack_files(files: Mapping[str, StoredFile]) -> dict[str, msgspec.Raw]:
    """Return files as an entry has them."""
    return {id: msgspec.Raw(pack(file)) for id, file in files.items()}


FILES_KEY = b"\xa5files"
"""The key of an entry's files as it stands in the packed entry."""


def has_files(packed: msgspec.Raw) -> bool:
    """True if a packed item may have files."""
    return FILES_KEY in bytes(packed)


class Entry(Stored, frozen=True, gc=False):
    """One step's last submission and what became of it."""

    #: What was sent, as msgpack. It is decoded when ``raw`` is asked for: a walk over
    #: many steps asks for few.
    packed: msgspec.Raw = msgspec.field(name="raw", default=msgspec.Raw(b"\x80"))
    #: How often the step was submitted, autosaves left out.
    rev: Count = 0
    #: True if a Continue found it valid, and nothing else was sent since.
    accepted: bool = False
    #: Messages by full field name; the empty name is the whole step.
    errors: dict[str, list[str]] = msgspec.field(default_factory=dict)
    #: By full field name, the positions of those messages that are HTML.
    html_errors: dict[str, list[int]] = msgspec.field(default_factory=dict)
    #: The language of the messages; empty if there are none or nobody knows.
    lang: str = ""
    #: True if the messages are those of a StepError, which nobody can judge again.
    told: bool = False
    #: What ``prepare`` and the form read when it was accepted. What the condition and
    #: the form function read is not stored, since they run in each request.
    read: tuple[Path, ...] = ()
    #: A hash of what all of them read, and of what the form asked for.
    read_digest: bytes = b""
    #: A hash of what the form asked for, if ``read_digest`` has more in it.
    form_digest: bytes = b""
    #: Accepted passwords by full field name.
    passwords: Raw = msgspec.field(default_factory=dict)
    #: What its page began with, packed; empty if nothing told.
    packed_before: bytes = msgspec.field(name="before", default=b"")
    #: False if no form was submitted: the entry has no more than ``before``, or tells
    #: that the Continue of a page without a form was pressed. In a prefilled wizard one
    #: without ``before`` says that there is nothing to begin with.
    sent: bool = True
    #: The uploaded files by id, each packed by itself.
    packed_files: dict[str, msgspec.Raw] = msgspec.field(
        name="files", default_factory=dict
    )

    @classmethod
    def of(
        cls,
        raw: Raw,
        *,
        rev: int = 0,
        accepted: bool = False,
        errors: dict[str, list[str]] | None = None,
        lang: str = "",
        read: tuple[Path, ...] = (),
        read_digest: bytes = b"",
        form_digest: bytes = b"",
        passwords: Raw | None = None,
        before: Before | None = None,
        files: dict[str, msgspec.Raw] | None = None,
    ) -> Entry:
        """Build an entry from what was sent."""
        entry = cls(
            msgspec.Raw(_encoder.encode(raw)),
            rev=rev,
            accepted=accepted,
            read=read,
            read_digest=read_digest,
            form_digest=form_digest,
            passwords=passwords or {},
            packed_before=pack(before) if before is not None else b"",
            packed_files=files or {},
        )
        return entry.with_messages(errors, lang) if errors else entry

    @classmethod
    def unsent(cls, before: Before) -> Entry:
        """Build the entry of a step to which nothing was submitted yet."""
        return cls(packed_before=pack(before), sent=False)

    @property
    def before(self) -> Before | None:
        """What its page began with, if anything told. Raise UnreadableDraftError."""
        return unpack(Before, self.packed_before) if self.packed_before else None

    def with_messages(
        self,
        messages: Mapping[str, Sequence[str]],
        lang: str = "",
        *,
        told: bool = False,
    ) -> Entry:
        """Return the entry with these messages as its errors, those in HTML marked.

        ``lang`` is their language, if it is known. ``told`` is true for those of a
        StepError.
        """
        html = {
            name: [n for n, text in enumerate(texts) if isinstance(text, Markup)]
            for name, texts in messages.items()
        }
        return replace(
            self,
            errors={
                name: [storable(str(text)) for text in texts]
                for name, texts in messages.items()
            },
            html_errors={name: found for name, found in html.items() if found},
            lang=lang,
            told=told,
        )

    @property
    def messages(self) -> dict[str, list[str]]:
        """The messages by full field name. HTML is ``Markup``, as it was given."""
        found = {name: list(texts) for name, texts in self.errors.items()}
        for name, positions in self.html_errors.items():
            texts = found.get(name, [])
            for position in positions:
                texts[position : position + 1] = map(Markup, texts[position:][:1])
        return found

    @property
    def raw(self) -> Raw:
        """What was sent. Raises UnreadableDraftError."""
        try:
            return _raw_decoder.decode(self.packed)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise DamagedDraftError("A stored answer does not decode.") from error

    @property
    def files(self) -> dict[str, StoredFile]:
        """The uploaded files by id, in order. Raises UnreadableDraftError."""
        return {id: unpack(StoredFile, f) for id, f in self.packed_files.items()}

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Entry rev {self.rev}{', accepted' if self.accepted else ''}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Rich would show every field
        return [("rev", self.rev)]


class Entries(Mapping[str, Entry]):
    """A draft's entries by step. Each is bytes until it is first asked for."""

    __slots__ = ("_opened", "_packed")

    def __init__(self, packed: Mapping[str, bytes]) -> None:
        self._packed = packed
        self._opened: dict[str, Entry] = {}

    def __getitem__(self, step: str) -> Entry:
        """Return a step's entry. Raises UnreadableDraftError, or KeyError."""
        if (entry := self.get(step)) is None:
            raise KeyError(step)
        return entry

    @overload
    def get(self, step: str) -> Entry | None: ...
    @overload
    def get(self, step: str, default: T) -> Entry | T: ...
    def get(self, step: str, default: T | None = None) -> Entry | T | None:
        """Return a step's entry, or ``default``. Raises UnreadableDraftError."""
        entry = self._opened.get(step)
        if entry is None:
            packed = self._packed.get(step)
            if packed is None:
                return default
            entry = self._opened[step] = unpack(Entry, packed)
        return entry

    def __contains__(self, step: object) -> bool:
        return step in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Entries: {', '.join(self)}>"


class StoredHolder(Stored, frozen=True):
    """Who holds a draft."""

    #: A keyed hash of what identifies the holder, such as the session's token.
    mark: bytes
    kind: HolderKind
    #: When the holder got the draft, in seconds since the epoch.
    since: Seconds
    #: The id of the link by which the holder came, if it was one. The place of a guest
    #: has it before anybody comes, and no mark.
    link: str = ""
    #: What a guest may fill in, and which answers a guest sees, by step.
    steps: tuple[str, ...] = ()
    sees: tuple[str, ...] = ()
    #: When a guest's place ends, in seconds since the epoch; 0 for never.
    until: Seconds = 0.0


class StoredLinks(Stored, frozen=True):
    """What a draft knows of its links, which are not stored themselves."""

    #: To revoke all links of a draft raises it: they carry the one they were made at.
    generation: Count = 0
    #: How often each link was taken up, and when it expires, by the link's id.
    taken: dict[str, tuple[Count, Seconds]] = msgspec.field(default_factory=dict)


AnswersCopy = tuple[
    tuple[str, str, Count, tuple[tuple[str, tuple[str, ...]], ...]],
    ...,
]
"""Answers as text: the section, the title and the heading's level of each group, and
its rows. Each row has what was asked and the lines of the answer. Sections and titles
may be empty."""


class _Named(Stored, frozen=True, kw_only=True):
    """What a receipt is given by name, and what the framework itself notes of it."""

    #: How long the visitor can see, print and download a copy of the answers, a
    #: timedelta or seconds. Passwords and files are not in it. With ``None`` none is
    #: kept.
    keep: timedelta | float | None = None
    #: True if the message was given as ``Markup``.
    html: bool = False
    #: Which of ``next_steps`` and ``contact`` were given as ``Markup``.
    html_parts: tuple[str, ...] = ()
    #: The answers, if they are kept; and until when, in seconds since the epoch.
    copy: AnswersCopy = ()
    copy_until: Seconds = 0.0
    #: What happens next, a line each; it stands under a heading that says so.
    next_steps: str | None = None
    #: Whom to ask, such as an address; it stands under a heading of its own.
    contact: str | None = None
    #: What the link to ``url`` says, such as "Pay for your order".
    url_label: str | None = None


class Receipt(_Named, frozen=True):
    """What the visitor gets after a commit.

    A ``url`` alone leads there at once. With anything else the built-in receipt page
    shows it, and the ``url`` as a link to go on, which says ``url_label``.
    ``next_steps`` says what happens next, a line each, and ``contact`` whom to ask.
    """

    #: What the visitor can refer to, such as the number of an order.
    reference: str | None = None
    #: A path of this site, or an absolute URL.
    url: str | None = None
    #: A sentence to the visitor.
    message: str | None = None

    def answers(self, now: float) -> AnswersCopy:
        """Return the copy of the answers, if it may still be seen."""
        return self.copy if now < self.copy_until else ()

    def without_copy(self) -> Receipt:
        """Return the receipt without the copy of the answers."""
        return replace(self, copy=(), copy_until=0.0)


class Filled(Stored, frozen=True, dict=True, kw_only=True):
    """What was filled in of a wizard, or of one item of a list, by step."""

    packed_entries: dict[str, bytes] = msgspec.field(
        name="entries", default_factory=dict
    )
    #: The items of lists by step, in order, each packed by itself.
    packed_items: dict[str, tuple[msgspec.Raw, ...]] = msgspec.field(
        name="items", default_factory=dict
    )
    #: How many of the first steps are accepted and read nothing, and a digest of what
    #: they ask for, by which a journey tells whether that is still so.
    plain_prefix: tuple[Count, bytes] = (0, b"")

    @cached_property
    def entries(self) -> Entries:
        """The entries by step, opened one by one."""
        return Entries(self.packed_entries)

    def with_entries(self, entries: Mapping[str, Entry]) -> Self:
        """Return a copy with these entries, and all others as they are.

        It says of no step that it is plain: only a journey can tell.
        """
        packed = dict(self.packed_entries)
        for step, entry in entries.items():
            kept = self.entries.get(step)
            if kept is not None and kept.unknown:
                entry = replace(entry, unknown={**kept.unknown, **entry.unknown})
            packed[step] = pack(entry)
        return replace(self, packed_entries=packed, plain_prefix=(0, b""))

    def without(self, step: str) -> Self:
        """Return a copy without a step's entry."""
        packed = {n: entry for n, entry in self.packed_entries.items() if n != step}
        return replace(self, packed_entries=packed, plain_prefix=(0, b""))

    def items(self, step: str) -> tuple[StoredItem, ...]:
        """Return the items of a list in order. Raises UnreadableDraftError."""
        if step not in self._opened_items:
            packed = self.packed_items.get(step, ())
            self._opened_items[step] = tuple(unpack(StoredItem, one) for one in packed)
        return self._opened_items[step]

    @cached_property
    def _opened_items(self) -> dict[str, tuple[StoredItem, ...]]:
        return {}

    def with_items(self, step: str, items: Iterable[StoredItem]) -> Self:
        """Return a copy with these items of a list, and all others as they are."""
        packed = tuple(msgspec.Raw(pack(item)) for item in items)
        return replace(
            self,
            packed_items={**self.packed_items, step: packed},
            plain_prefix=(0, b""),
        )

    def files(self, *, changed_in: Filled | None = None) -> list[StoredFile]:
        """Return the files of all its pages and items, whether or not these apply.

        With ``changed_in``, return only those of pages and lists that differ there.
        """
        other = changed_in.packed_entries if changed_in is not None else {}
        lists = changed_in.packed_items if changed_in is not None else {}
        found = [
            file
            for step, packed in self.packed_entries.items()
            if FILES_KEY in packed and other.get(step) != packed
            for file in self.entries[step].files.values()
        ]
        for step, items in self.packed_items.items():
            if any(map(has_files, items)) and lists.get(step) != items:
                found += [file for item in self.items(step) for file in item.files()]
        return found


Kept = TypeVar("Kept", bound=Filled)


class StoredItem(Filled, frozen=True):
    """One item of a list: what was filled in on its pages.

    The only page of an item that has one form is named by the empty string.
    """

    id: str
    #: What the list calls it; empty if it is unfinished, or has no name.
    label: str = ""
    #: The names of the pages that apply, if it is finished.
    path: tuple[str, ...] = ()
    #: What its pages have read outside it, if it is finished.
    read: tuple[Path, ...] = ()
    #: A hash of what they read, and of what their forms asked for. It is empty unless
    #: the item is finished.
    read_digest: bytes = b""

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<StoredItem: {len(self.packed_entries)} pages>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("pages", len(self.packed_entries))]


class Draft(Filled, frozen=True, dict=True):
    """A draft as it is stored. Times are seconds since the epoch."""

    id: str
    mount: str
    packed_holders: tuple[msgspec.Raw, ...] = msgspec.field(name="holders")
    created: Seconds
    updated: Seconds
    #: The idempotency key of its commit.
    submission: str
    version: int = 1
    state: State = "open"
    attempt: Count = 0
    lease_until: Seconds = 0.0
    #: True if nobody knows whether an attempt to commit it took effect.
    unsettled: bool = False
    #: True if an attempt may still be running after its lease: it was not certain that
    #: the lease would be renewed while ``commit`` runs.
    maybe_running: bool = False
    #: A hash of the answers of the last attempt, which ``validate`` has accepted.
    confirmed: str = ""
    #: What ``commit`` returned, packed; empty without one.
    packed_receipt: bytes = msgspec.field(name="receipt", default=b"")
    #: For the pages until the next save: ``moved`` to a draft of its own, ``adopted``
    #: by a user who has signed in, ``refused`` by a commit, or ``changed`` in another
    #: tab while its review was read.
    notice: str = ""
    #: Where the visitor has changed an answer on the way back to the review, for the
    #: review until the next save. An empty field stands for the whole step.
    changed: tuple[Path, ...] = ()
    #: By hidden step with accepted answers, the step whose change has hidden it. It is
    #: empty from the next save on: by then the visitor was told. A page of an item is
    #: named by its list, its item and itself, joined by slashes; the cause is a page.
    unneeded: dict[str, str] = msgspec.field(default_factory=dict)
    #: What is known of its links, packed; empty if none was taken up or revoked.
    packed_links: bytes = msgspec.field(name="links", default=b"")
    #: It lives until then at least, in seconds since the epoch: its invitation does,
    #: or a copy of the answers.
    keep_until: Seconds = 0.0
    #: True if it was sent back for correction: its messages are remarks.
    reopened: bool = False
    #: By the reason of a reminder, when it was sent, in seconds since the epoch.
    reminded: dict[str, Seconds] = msgspec.field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Draft {self.state}: {', '.join(self.packed_entries) or 'empty'}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("state", self.state)]

    @property
    def holders(self) -> list[StoredHolder]:
        """Who holds it. Raises UnreadableDraftError."""
        return [unpack(StoredHolder, packed) for packed in self.packed_holders]

    @property
    def receipt(self) -> Receipt | None:
        """What ``commit`` returned, if it has. Raise UnreadableDraftError."""
        return unpack(Receipt, self.packed_receipt) if self.packed_receipt else None

    @property
    def ended(self) -> bool:
        """True if it was committed or discarded."""
        return self.state in ENDED

    @property
    def closed(self) -> bool:
        """True if it has ended, or its commit runs."""
        return self.state != "open"

    def expires(self, lifetime: float, max_lifetime: float) -> float:
        """Return when it ends by itself. Lifetimes, idle and in all, are in seconds."""
        idle = self.updated + lifetime
        if self.state in ENDED:
            return max(idle, self.keep_until)
        return max(min(idle, self.created + max_lifetime), self.keep_until)

    def is_committing(self, now: float) -> bool:
        """True if a commit is under way, by somebody whose lease still runs."""
        return self.state == "committing" and now < self.lease_until

    def renew(self, now: float, *, notice: str) -> Draft:
        """Return the draft as a POST leaves it, for another lifetime."""
        return replace(self, updated=now, notice=notice)

    def without_changes(self) -> Draft:
        """Return the draft with nothing left to tell about the visitor's changes."""
        if not self.changed and not any(self.unneeded.values()):
            return self
        return replace(self, changed=(), unneeded=dict.fromkeys(self.unneeded, ""))

    def re_mark(
        self,
        marks: Sequence[bytes],
        *,
        kind: HolderKind = "session",
        user: Sequence[bytes] = (),
    ) -> Draft | None:
        """Return the draft if the visitor who has one of these marks holds it.

        The visitor has the first of them from then on: they come newest first. If
        ``user`` gives the marks of a user, the user takes the place of that visitor.
        """
        held = self.packed_holders
        for position, holder in enumerate(self.holders):
            if holder.kind != kind:
                continue
            for number, mark in enumerate(marks):
                if hmac.compare_digest(holder.mark, mark):
                    if user:
                        holder = replace(holder, mark=user[0], kind="user")
                    elif number == 0:
                        return self
                    else:
                        holder = replace(holder, mark=marks[0])
                    own = msgspec.Raw(pack(holder))
                    held = (*held[:position], own, *held[position + 1 :])
                    return replace(self, packed_holders=held)
        return None

    def add_holder(
        self, now: float, *, marks: Sequence[bytes], kind: HolderKind = "session"
    ) -> Draft:
        """Return the draft held by this visitor too, as after a session was cleared."""
        if (held := self.re_mark(marks, kind=kind)) is not None:
            return held
        own = msgspec.Raw(pack(StoredHolder(marks[0], kind, now)))
        return replace(self, packed_holders=(*self.packed_holders, own))

    @property
    def has_user(self) -> bool:
        """True if a user holds it, other than by a link of somebody else's draft."""
        return any(
            holder.kind == "user" and (number == 0 or not holder.link)
            for number, holder in enumerate(self.holders)
        )

    # Guests

    @cached_property
    def guests(self) -> tuple[StoredHolder, ...]:
        """The places of guests, taken or not."""
        return tuple(holder for holder in self.holders if holder.kind == "guest")

    @cached_property
    def shared_steps(self) -> frozenset[str]:
        """The names of the steps that guests fill in."""
        return frozenset(name for guest in self.guests for name in guest.steps)

    def places_of(self, marks: Sequence[bytes]) -> list[StoredHolder]:
        """Return the places of the guest who has one of these marks."""
        return [
            guest
            for guest in self.guests
            if any(hmac.compare_digest(guest.mark, mark) for mark in marks)
        ]

    def share(
        self, link: str, *, steps: Sequence[str], sees: Sequence[str], until: float
    ) -> tuple[Draft, str]:
        """Return the draft with a place for a guest, and the id of the place's link.

        A place for the same that nobody has taken up is used again: who asks for a link
        twice has two URLs of one place. ``until`` is when it ends, in seconds since the
        epoch.
        """
        asked = (b"", tuple(steps), tuple(sees))
        for guest in self.guests:
            if (guest.mark, guest.steps, guest.sees) == asked:
                longer = replace(guest, until=max(until, guest.until))
                return self._with_places([longer]), guest.link
        _, own, seen = asked
        place = StoredHolder(
            b"", "guest", until, link=link, steps=own, sees=seen, until=until
        )
        held = (*self.packed_holders, msgspec.Raw(pack(place)))
        return replace(self, packed_holders=held), link

    def take_place(self, now: float, link: str, mark: bytes) -> Draft:
        """Return the draft with a guest in the place of a link."""
        guest = next(guest for guest in self.guests if guest.link == link)
        return self._with_places([replace(guest, mark=mark, since=now)])

    def re_mark_guest(self, marks: Sequence[bytes], to: bytes) -> Draft:
        """Return the draft with another mark for the guest who has one of these."""
        own = self.places_of(marks)
        if all(guest.mark == to for guest in own):
            return self
        return self._with_places([replace(guest, mark=to) for guest in own])

    def without_expired_guests(self, now: float) -> Draft:
        """Return the draft without the places of guests that have ended."""
        pairs = zip(self.packed_holders, self.holders, strict=True)
        held = tuple(
            packed
            for packed, holder in pairs
            if holder.kind != "guest" or not 0 < holder.until <= now
        )
        if len(held) == len(self.packed_holders):
            return self
        return replace(self, packed_holders=held)

    def rename_shared(self, names: Mapping[str, str]) -> Draft:
        """Return the draft with other names of the steps that are shared."""

        def renamed(old: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(names.get(name, name) for name in old)

        places = [
            replace(guest, steps=renamed(guest.steps), sees=renamed(guest.sees))
            for guest in self.guests
        ]
        return self if tuple(places) == self.guests else self._with_places(places)

    def _with_places(self, places: Sequence[StoredHolder]) -> Draft:
        """Return the draft with these guests in the places of their links."""
        by_link = {place.link: msgspec.Raw(pack(place)) for place in places}
        pairs = zip(self.packed_holders, self.holders, strict=True)
        held = tuple(
            by_link.get(holder.link, packed) if holder.kind == "guest" else packed
            for packed, holder in pairs
        )
        return replace(self, packed_holders=held)

    @property
    def links(self) -> StoredLinks:
        """What is known of its links. Raise UnreadableDraftError."""
        if not self.packed_links:
            return StoredLinks()
        return unpack(StoredLinks, self.packed_links)

    def take_up(
        self,
        now: float,
        *,
        link: str,
        until: float,
        marks: Sequence[bytes],
        kind: HolderKind,
    ) -> Draft:
        """Return the draft held by this visitor too, who has come by a link.

        ``until`` is when the link expires, in seconds since the epoch. A draft that
        nobody has held begins now.
        """
        links = self.links
        taken = {name: use for name, use in links.taken.items() if use[1] > now}
        count, _ = taken.get(link, (0, until))
        taken[link] = count + 1, until
        own = pack(StoredHolder(marks[0], kind, now, link=link))
        return replace(
            self,
            created=self.created if self.packed_holders else now,
            packed_holders=(*self.packed_holders, msgspec.Raw(own)),
            packed_links=pack(replace(links, taken=taken)),
        )

    def revoke_links(self, keep: Sequence[bytes] = ()) -> Draft:
        """Return the draft without its links and those who came by them.

        A visitor with one of the marks in ``keep`` stays.
        """
        links = self.links
        held = tuple(
            packed
            for packed, holder in zip(self.packed_holders, self.holders, strict=True)
            if not holder.link
            or any(hmac.compare_digest(holder.mark, mark) for mark in keep)
        )
        revoked = replace(links, generation=links.generation + 1, taken={})
        return replace(self, packed_holders=held, packed_links=pack(revoked))

    def claim(
        self,
        now: float,
        lease: float,
        *,
        confirmed: str = "",
        maybe_running: bool = False,
    ) -> Draft:
        """Return the draft while a commit is under way, for ``lease`` seconds."""
        return replace(
            self,
            state="committing",
            updated=now,
            attempt=self.attempt + 1,
            lease_until=now + lease,
            maybe_running=maybe_running or (self.unsettled and self.maybe_running),
            confirmed=confirmed,
        )

    def is_claimed(self, attempt: int) -> bool:
        """True if the attempt of that number has the claim."""
        return self.state == "committing" and self.attempt == attempt

    def extend(self, lease_until: float, *, maybe_running: bool) -> Draft:
        """Return the claimed draft with a longer lease."""
        maybe_running = maybe_running or self.maybe_running
        return replace(self, lease_until=lease_until, maybe_running=maybe_running)

    def release(self, *, notice: str = "", unsettled: bool = False) -> Draft:
        """Return the draft open again. What was in doubt before the claim still is.

        ``unsettled`` says whether it is unknown how the attempt ended.
        """
        unsettled = unsettled or self.unsettled
        told = self.without_changes()
        return replace(told, state="open", notice=notice, unsettled=unsettled)

    def expire_lease(self, now: float, *, unsettled: bool) -> Draft:
        """Return the draft open again if its claim was not released in time.

        ``unsettled`` says whether it is then unknown how the attempt ended.
        """
        if self.state != "committing" or self.is_committing(now):
            return self
        return replace(self, state="open", unsettled=self.unsettled or unsettled)

    def clear_unsettled(self) -> Draft:
        """Return the draft with the outcome of every attempt known."""
        return replace(self, unsettled=False)

    def end(
        self,
        state: Literal["committed", "discarded"],
        now: float,
        *,
        receipt: Receipt | None = None,
    ) -> Draft:
        """Return the tombstone: no answer is left, nor any key that is not known."""
        return Draft(
            id=self.id,
            mount=self.mount,
            packed_holders=self.packed_holders,
            created=self.created,
            updated=now,
            submission=self.submission,
            version=self.version,
            state=state,
            attempt=self.attempt,
            unsettled=self.unsettled and state == "discarded",
            packed_receipt=pack(receipt) if receipt is not None else b"",
            keep_until=receipt.copy_until if receipt is not None else 0.0,
        )


encode: Callable[[Draft], bytes] = pack
"""Return a draft as bytes. Entries that nobody changed stay the same bytes."""

decode: Callable[[bytes | memoryview], Draft] = partial(unpack, Draft)
"""Return the draft in these bytes. Raise UnreadableDraftError."""
