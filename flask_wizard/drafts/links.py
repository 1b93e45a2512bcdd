"""Links: what the URL of a link carries, and whether it can be taken up."""

from __future__ import annotations

import secrets
import time
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, NamedTuple

import msgspec

from ..core.draft import Draft
from ..errors import UnreadableDraftError
from .encrypted_store import StoredDraft
from .keyring import Keyring, Kind
from .visitor_drafts import VisitorDrafts

LinkKind = Literal["resume", "invite", "reopen", "share"]
"""Whether a link opens what somebody has begun, or what was prepared for its taker:
a new form, or one that was sent back for correction; or a part of somebody's draft."""


class Link(msgspec.Struct, frozen=True, array_like=True):
    """A link to a draft, as its URL carries it, encrypted."""

    draft_id: str
    #: The idempotency key of the draft. A draft that begins anew under the same id has
    #: another one.
    submission: str
    #: Which of the draft's links are still valid when it is made.
    generation: int
    #: When it expires, in seconds since the epoch.
    until: float
    #: By how many visitors it can be taken up.
    uses: int
    #: What its uses are counted under.
    id: str
    kind: LinkKind = "resume"

    def __repr__(self) -> str:  # a log must never show what opens a draft
        return f"<Link for {self.uses}>"

    @classmethod
    def to(
        cls, draft: Draft, *, max_age: float, uses: int, kind: LinkKind = "resume"
    ) -> Link:
        """Return a new link to a draft. ``max_age`` is in seconds."""
        return cls(
            draft.id,
            draft.submission,
            draft.links.generation,
            time.time() + max_age,
            uses,
            secrets.token_urlsafe(8),
            kind,
        )


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(Link)


@dataclass(frozen=True)
class LinkTokens:
    """Encrypts and decrypts the links of one mount."""

    keyring: Keyring
    mount: str

    @property
    def _context(self) -> bytes:
        return f"link:{self.mount}".encode()

    def encrypt(self, link: Link) -> str:
        """Return the token of a link, in base64url."""
        plain = _encoder.encode(link)
        encrypted = self.keyring.encrypt(plain, self._context, Kind.LINK)
        return urlsafe_b64encode(encrypted).decode().rstrip("=")

    def decrypt(self, token: str) -> Link | None:
        """Return the link, or ``None`` if ``encrypt`` of this mount did not make it."""
        try:
            encrypted = urlsafe_b64decode(token + "=" * (-len(token) % 4))
            plain = self.keyring.decrypt(encrypted, self._context, (Kind.LINK,))
            return _decoder.decode(plain)
        except (UnreadableDraftError, msgspec.DecodeError, ValueError):
            return None


class Refusal(StrEnum):
    """Why a link cannot be taken up."""

    #: Its draft is another user's.
    FOREIGN = "foreign"
    #: Its draft is a user's, and nobody is signed in.
    SIGN_IN = "sign-in"
    EXPIRED = "expired"
    #: Its draft was committed or discarded.
    ENDED = "ended"
    REVOKED = "revoked"
    USED = "used"


class FoundLink(NamedTuple):
    """The draft of a link, or why it cannot be taken up."""

    stored: StoredDraft | None
    refusal: Refusal | None
    #: True if this visitor holds the draft already, or has the place of its guest.
    is_held: bool = False


def find_linked(drafts: VisitorDrafts, link: Link) -> FoundLink:
    """Return the draft that a link leads to, if this visitor may take it up.

    Raise StoreError.
    """
    stored = drafts.load_linked(link.draft_id)
    if stored is None or stored.draft.submission != link.submission:
        return FoundLink(None, Refusal.EXPIRED)
    draft = stored.draft
    held = drafts.held(draft)
    if draft.has_user and held is None and link.kind != "share":
        signed_in = drafts.holder.user is not None
        return FoundLink(None, Refusal.FOREIGN if signed_in else Refusal.SIGN_IN)
    if link.until <= time.time():
        return FoundLink(None, Refusal.EXPIRED)
    if draft.ended:
        return FoundLink(None, Refusal.ENDED)
    links = draft.links
    if links.generation != link.generation:
        return FoundLink(None, Refusal.REVOKED)
    if link.kind == "share":
        return _find_place(drafts, link, stored, is_held=held is not None)
    count, _ = links.taken.get(link.id, (0, 0))
    if held is None and count >= link.uses:
        return FoundLink(None, Refusal.USED)
    return FoundLink(stored, None, is_held=held is not None)


def _find_place(
    drafts: VisitorDrafts, link: Link, stored: StoredDraft, *, is_held: bool
) -> FoundLink:
    """Return the draft if this visitor may be the guest in the place of a link."""
    place = next((each for each in stored.draft.guests if each.link == link.id), None)
    if place is None:
        return FoundLink(None, Refusal.REVOKED)
    is_own = place in stored.draft.places_of(drafts.holder.all_marks)
    if place.mark and not (is_held or is_own):
        return FoundLink(None, Refusal.USED)
    return FoundLink(stored, None, is_held=is_held or is_own)
