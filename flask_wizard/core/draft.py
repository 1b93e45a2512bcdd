"""Draft: what one visitor has submitted so far, and its way to bytes and back."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from ..errors import UnreadableDraftError

Raw = dict[str, list[str]]
"""Submitted strings by full field name, as the browser sent them."""

Seconds = Annotated[float, msgspec.Meta(ge=0, lt=2**37)]
Count = Annotated[int, msgspec.Meta(ge=0, lt=2**53)]

MOVED = "moved"
REFUSED = "refused"
CHANGED = "changed"

T = TypeVar("T")

State = Literal["open", "committing", "committed", "discarded"]


def seconds(duration: timedelta | float) -> float:
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    return duration


class StoredDependencies(msgspec.Struct, frozen=True, gc=False):
    """What an accepted step had read of earlier answers: a hash of all of it.

    ``names`` are those of ``prepare`` and the form, as (step, field) pairs; an empty
    field stands for "is there an answer". What the condition and the form function
    read is found out anew by each request, since they run in each.
    """

    names: tuple[tuple[str, str], ...] = ()
    digest: bytes = b""


class Entry(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One step's last submission and what became of it.

    ``errors`` are messages by full field name; the empty name is the whole step. What
    was sent stays packed until it is asked for: a walk over many steps asks for few.
    """

    packed: msgspec.Raw = msgspec.field(name="raw", default=msgspec.Raw(b"\x80"))
    rev: Count = 0
    accepted: bool = False
    errors: dict[str, list[str]] = {}
    read: StoredDependencies = StoredDependencies()
    passwords: Raw = {}

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
        packed = msgspec.Raw(_encoder.encode(raw))
        return cls(packed, rev, accepted, errors or {}, read, passwords or {})

    @property
    def raw(self) -> Raw:
        """What was sent. Raises UnreadableDraftError."""
        return _unpacked(_raw_decoder, self.packed)

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Entry rev {self.rev}{', accepted' if self.accepted else ''}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Rich would show every field
        return [("rev", self.rev)]


class Receipt(msgspec.Struct, frozen=True):
    """What the visitor gets after a commit.

    A ``url`` alone leads there at once. With a ``reference`` or a ``message`` the
    built-in receipt page shows them, and the ``url`` as a link to go on.
    """

    reference: str | None = None
    url: str | None = None
    message: str | None = None


class Draft(msgspec.Struct, frozen=True, omit_defaults=True):
    """A draft as it is stored. Times are seconds since the epoch.

    ``holders`` are keyed hashes of the tokens that open it; ``submission`` is the
    idempotency key of its commit; ``unsettled`` says that nobody knows whether an
    attempt at it took effect; ``notice`` is for the pages until the next save:
    ``moved`` to a draft of its own, ``refused`` by a commit, or ``changed`` in another
    tab while its review was read.
    """

    id: str
    mount: str
    holders: tuple[bytes, ...]
    created: Seconds
    updated: Seconds
    submission: str
    version: int = 1
    entries: dict[str, Entry] = {}
    state: State = "open"
    attempt: Count = 0
    lease_until: Seconds = 0.0
    unsettled: bool = False
    receipt: Receipt | None = None
    notice: str = ""
    #: How many of the first steps are accepted and read nothing, and a digest of what
    #: they ask for, by which a journey tells whether that is still so.
    plain_prefix: tuple[Count, bytes] = (0, b"")

    def __repr__(self) -> str:
        return f"<Draft {self.state}: {', '.join(self.entries) or 'empty'}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("state", self.state)]

    @property
    def ended(self) -> bool:
        return self.state in ("committed", "discarded")

    def is_committing(self, now: float) -> bool:
        """Is a commit under way, by somebody whose lease still runs?"""
        return self.state == "committing" and now < self.lease_until

    def with_entries(self, entries: dict[str, Entry]) -> Draft:
        """Return the draft with these entries in the place of those of their steps.

        It says of no step that it is plain: only a journey can tell.
        """
        return msgspec.structs.replace(
            self, entries={**self.entries, **entries}, plain_prefix=(0, b"")
        )

    def without(self, name: str) -> Draft:
        """Return the draft without the entry of a step."""
        entries = {n: entry for n, entry in self.entries.items() if n != name}
        return msgspec.structs.replace(self, entries=entries, plain_prefix=(0, b""))

    def renewed(self, now: float, *, holder: bytes, notice: str) -> Draft:
        """The draft as its holder's POST leaves it, for another lifetime."""
        return msgspec.structs.replace(
            self, updated=now, holders=(holder,), notice=notice
        )

    def add_holder(self, holder: bytes) -> Draft:
        """The draft with one more holder, as when a session was cleared in a commit."""
        holders = dict.fromkeys((*self.holders, holder))
        return msgspec.structs.replace(self, holders=tuple(holders))

    def claim(self, now: float, lease: float) -> Draft:
        return msgspec.structs.replace(
            self,
            state="committing",
            updated=now,
            attempt=self.attempt + 1,
            lease_until=now + lease,
        )

    def release(self, *, notice: str = "") -> Draft:
        """Open again. What was in doubt before the claim is so after it."""
        return msgspec.structs.replace(self, state="open", notice=notice)

    def expire_lease(self, now: float, *, unsettled: bool) -> Draft:
        """A claim that nobody has let go in time is over, and its end unknown."""
        if self.state != "committing" or self.is_committing(now):
            return self
        return msgspec.structs.replace(
            self, state="open", unsettled=self.unsettled or unsettled
        )

    def clear_unsettled(self) -> Draft:
        return msgspec.structs.replace(self, unsettled=False)

    def end(
        self,
        state: Literal["committed", "discarded"],
        now: float,
        *,
        receipt: Receipt | None = None,
    ) -> Draft:
        """The tombstone: no answer is left."""
        return Draft(
            id=self.id,
            mount=self.mount,
            holders=self.holders,
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
_decoder = msgspec.msgpack.Decoder(Draft)
_raw_decoder = msgspec.msgpack.Decoder(Raw)


def encode(draft: Draft) -> bytes:
    return _encoder.encode(draft)


def decode(blob: bytes) -> Draft:
    """Raises UnreadableDraftError unless the bytes are a whole draft."""
    return _unpacked(_decoder, blob)


def _unpacked(decoder: msgspec.msgpack.Decoder[T], packed: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(packed)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDraftError("A stored draft does not decode.") from error
