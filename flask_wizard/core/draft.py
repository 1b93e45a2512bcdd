"""Draft: what one visitor has submitted so far, as it is stored."""

from __future__ import annotations

import hmac
from collections.abc import Iterator, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar, overload

import msgspec
from msgspec.structs import replace

from ..errors import UnreadableDraftError
from .stored import Stored, pack, unpack

Raw = dict[str, list[str]]
"""Submitted strings by full field name, as the browser sent them."""

Seconds = Annotated[float, msgspec.Meta(ge=0, lt=2**37)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]

MOVED = "moved"
REFUSED = "refused"
CHANGED = "changed"

T = TypeVar("T")

State = Literal["open", "committing", "committed", "discarded"]


class StoredDependencies(msgspec.Struct, frozen=True, gc=False):
    """What an accepted step had read of earlier answers: a hash of all of it.

    ``names`` are those of ``prepare`` and the form, as (step, field) pairs; an empty
    field stands for "is there an answer". What the condition and the form function
    read is found out anew by each request, since they run in each.
    """

    names: tuple[tuple[str, str], ...] = ()
    digest: bytes = b""


class Entry(Stored, frozen=True, gc=False):
    """One step's last submission and what became of it.

    ``errors`` are messages by full field name; the empty name is the whole step. What
    was sent stays packed until it is asked for: a walk over many steps asks for few.
    """

    packed: msgspec.Raw = msgspec.field(name="raw", default=msgspec.Raw(b"\x80"))
    rev: Count = 0
    accepted: bool = False
    errors: dict[str, list[str]] = msgspec.field(default_factory=dict)
    read: StoredDependencies = StoredDependencies()
    passwords: Raw = msgspec.field(default_factory=dict)

    @classmethod
    def of(
        cls,
        raw: Raw,
        *,
        rev: int = 0,
        accepted: bool = False,
        errors: dict[str, list[str]] | None = None,
        read: StoredDependencies = StoredDependencies(),  # noqa: B008  # immutable
        passwords: Raw | None = None,
    ) -> Entry:
        """Build an entry from what was sent."""
        packed = msgspec.Raw(_encoder.encode(raw))
        return cls(packed, rev, accepted, errors or {}, read, passwords or {})

    @property
    def raw(self) -> Raw:
        """What was sent. Raises UnreadableDraftError."""
        try:
            return _raw_decoder.decode(self.packed)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise UnreadableDraftError("A stored answer does not decode.") from error

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
        entry = self._opened.get(step)
        if entry is None:
            entry = self._opened[step] = unpack(Entry, self._packed[step])
        return entry

    @overload
    def get(self, step: str) -> Entry | None: ...
    @overload
    def get(self, step: str, default: T) -> Entry | T: ...
    def get(self, step: str, default: T | None = None) -> Entry | T | None:
        """Return a step's entry, or ``default``. Raises UnreadableDraftError."""
        # Mapping's own would ask twice, and a walk asks for every step.
        return self[step] if step in self._packed else default

    def __contains__(self, step: object) -> bool:
        return step in self._packed

    def __iter__(self) -> Iterator[str]:
        return iter(self._packed)

    def __len__(self) -> int:
        return len(self._packed)

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Entries: {', '.join(self)}>"


class StoredHolder(Stored, frozen=True):
    """Who holds a draft: ``mark`` is a keyed hash of what a session or a user has."""

    mark: bytes
    kind: Literal["session", "user", "guest"]
    since: Seconds

    def is_session_of(self, marks: Sequence[bytes]) -> bool:
        """True if this is the session that has one of these marks."""
        if self.kind == "session":
            for mark in marks:
                if hmac.compare_digest(self.mark, mark):
                    return True
        return False


class Receipt(msgspec.Struct, frozen=True):
    """What the visitor gets after a commit.

    A ``url`` alone leads there at once. With a ``reference`` or a ``message`` the
    built-in receipt page shows them, and the ``url`` as a link to go on.
    """

    reference: str | None = None
    url: str | None = None
    message: str | None = None


class Draft(Stored, frozen=True, dict=True):
    """A draft as it is stored. Times are seconds since the epoch."""

    id: str
    mount: str
    packed_holders: tuple[msgspec.Raw, ...] = msgspec.field(name="holders")
    created: Seconds
    updated: Seconds
    #: The idempotency key of its commit.
    submission: str
    version: int = 1
    packed_entries: dict[str, bytes] = msgspec.field(
        name="entries", default_factory=dict
    )
    state: State = "open"
    attempt: Count = 0
    lease_until: Seconds = 0.0
    #: True if nobody knows whether an attempt to commit it took effect.
    unsettled: bool = False
    receipt: Receipt | None = None
    #: For the pages until the next save: ``moved`` to a draft of its own, ``refused``
    #: by a commit, or ``changed`` in another tab while its review was read.
    notice: str = ""
    #: How many of the first steps are accepted and read nothing, and a digest of what
    #: they ask for, by which a journey tells whether that is still so.
    plain_prefix: tuple[Count, bytes] = (0, b"")

    def __repr__(self) -> str:
        return f"<Draft {self.state}: {', '.join(self.packed_entries) or 'empty'}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("state", self.state)]

    # What is unpacked is kept in __dict__: a cached_property would take a lock, which
    # costs more than to unpack a holder.

    @property
    def entries(self) -> Entries:
        """The entries by step, opened one by one."""
        entries: Entries | None = self.__dict__.get("entries")
        if entries is None:
            entries = self.__dict__["entries"] = Entries(self.packed_entries)
        return entries

    @property
    def holders(self) -> list[StoredHolder]:
        """Who holds it. Raises UnreadableDraftError."""
        holders: list[StoredHolder] | None = self.__dict__.get("holders")
        if holders is None:
            holders = [unpack(StoredHolder, packed) for packed in self.packed_holders]
            self.__dict__["holders"] = holders
        return holders

    @property
    def ended(self) -> bool:
        """True if it was committed or discarded."""
        return self.state in ("committed", "discarded")

    def is_committing(self, now: float) -> bool:
        """True if a commit is under way, by somebody whose lease still runs."""
        return self.state == "committing" and now < self.lease_until

    def is_held_by(self, marks: Sequence[bytes]) -> bool:
        """True if a session with one of these marks holds it."""
        return self._position_of(marks) is not None

    def with_entries(self, entries: Mapping[str, Entry]) -> Draft:
        """Return the draft with these entries, and all others as they are.

        It says of no step that it is plain: only a journey can tell.
        """
        packed = dict(self.packed_entries)
        for step, entry in entries.items():
            kept = self.entries.get(step)
            if kept is not None and kept.unknown:
                entry = replace(entry, unknown={**kept.unknown, **entry.unknown})
            packed[step] = pack(entry)
        return replace(self, packed_entries=packed, plain_prefix=(0, b""))

    def without(self, step: str) -> Draft:
        """Return the draft without a step's entry."""
        packed = {n: entry for n, entry in self.packed_entries.items() if n != step}
        return replace(self, packed_entries=packed, plain_prefix=(0, b""))

    def renew(self, now: float, *, marks: Sequence[bytes], notice: str) -> Draft:
        """Return the draft as a POST leaves it, for another lifetime.

        ``marks`` are the sender's, newest first.
        """
        holders = self._re_mark(marks, now)
        return replace(self, updated=now, packed_holders=holders, notice=notice)

    def add_holder(self, now: float, *, marks: Sequence[bytes]) -> Draft:
        """Return the draft held by this session too, as after a session was cleared."""
        return replace(self, packed_holders=self._re_mark(marks, now))

    def _re_mark(self, marks: Sequence[bytes], now: float) -> tuple[msgspec.Raw, ...]:
        """Return the holders, among them the session that has these marks."""
        held, position = self.packed_holders, self._position_of(marks)
        if position is None:
            own = StoredHolder(marks[0], "session", now)
            return (*held, msgspec.Raw(pack(own)))
        if self.holders[position].mark == marks[0]:
            return held
        own = replace(self.holders[position], mark=marks[0])
        return (*held[:position], msgspec.Raw(pack(own)), *held[position + 1 :])

    def _position_of(self, marks: Sequence[bytes]) -> int | None:
        for position, holder in enumerate(self.holders):
            if holder.is_session_of(marks):
                return position
        return None

    def claim(self, now: float, lease: float) -> Draft:
        """Return the draft while a commit is under way, for ``lease`` seconds."""
        return replace(
            self,
            state="committing",
            updated=now,
            attempt=self.attempt + 1,
            lease_until=now + lease,
        )

    def release(self, *, notice: str = "") -> Draft:
        """Return the draft open again. What was in doubt before the claim still is."""
        return replace(self, state="open", notice=notice)

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
            receipt=receipt,
        )


_encoder = msgspec.msgpack.Encoder()
_raw_decoder = msgspec.msgpack.Decoder(Raw)


def encode(draft: Draft) -> bytes:
    """Return the draft as bytes. Entries that nobody changed stay the same bytes."""
    return pack(draft)


def decode(blob: bytes) -> Draft:
    """Return the draft in these bytes. Raises UnreadableDraftError."""
    return unpack(Draft, blob)
