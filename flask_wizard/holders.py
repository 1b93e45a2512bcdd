"""Holders: who holds which draft. The session has a token, the store its hash."""

from __future__ import annotations

import hmac
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, MutableMapping
from typing import Any

import msgspec

from .draft import Draft
from .drafts import Safe, Slot
from .errors import ConflictError, TooManyDraftsError, UnreadableDraftError

TOKEN_KEY = "_wizard_holder"
ENDED_KEY = "_wizard_ended"
REMEMBERED = 30 * 24 * 60 * 60  # 30 days, in seconds: how long "expired" is told

STARTING = 60  # seconds that a draft may take from the list into the store

_ID = re.compile(r"[A-Za-z0-9_-]{22}")


def is_id(text: str) -> bool:
    """Is it 128 bits in base64url, as drafts' ids and nonces are?"""
    return _ID.fullmatch(text) is not None


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


class Held(msgspec.Struct, frozen=True):
    """A draft in its holder's list; ``started`` in seconds since the epoch."""

    id: str
    started: float


class Holder:
    """The visitor of this request, known by a random token in the session."""

    def __init__(self, session: MutableMapping[str, Any], safe: Safe) -> None:
        self._session = session
        self._safe = safe

    @property
    def token(self) -> str | None:
        token = self._session.get(TOKEN_KEY)
        return token if isinstance(token, str) else None

    def known(self) -> str:
        """The token, made now if the visitor has none yet."""
        if self.token is None:
            self._session[TOKEN_KEY] = secrets.token_urlsafe(32)
        return str(self._session[TOKEN_KEY])

    def mark(self) -> bytes:
        """What the store may know of the visitor: a keyed hash."""
        return self._safe.keyring.digest("holder", self.known())

    def holds(self, draft: Draft) -> bool:
        if self.token is None:
            return False
        mine = self._safe.keyring.digests("holder", self.token)
        pairs = ((own, held) for own in mine for held in draft.holders)
        return any(hmac.compare_digest(own, held) for own, held in pairs)

    def draft_id(self, nonce: str, mount: str) -> str:
        """The id of the draft that this nonce starts here: nobody can plant one."""
        digest = self._safe.keyring.digest("draft id", nonce, self.known(), mount)
        return urlsafe_b64encode(digest[:16]).decode().rstrip("=")

    def mark_end(self) -> None:
        """Change the session's cookie, so that browsers drop pages kept for Back."""
        self._session[ENDED_KEY] = secrets.token_urlsafe(6)

    # The list of drafts

    def listed(self, mount: str) -> tuple[Held, ...]:
        """The visitor's drafts of one mount, expired ones too, oldest first."""
        if self.token is None:
            return ()
        held, _ = self._fetch(mount)
        return held

    def add(
        self,
        mount: str,
        draft_id: str,
        *,
        most: int,
        is_open: Callable[[str], bool],
        lifetime: float,
    ) -> None:
        """Put a draft on the list. Raises TooManyDraftsError at ``most`` open ones.

        ``lifetime`` is the longest that a draft can live, in seconds; entries older
        than that stay on the list for a while as expired ones.
        """
        now = time.time()
        keep = int(lifetime) + REMEMBERED

        def counts(listed: Held) -> bool:
            if listed.started <= now - lifetime:
                return False
            # One that was listed just now may be on its way into the store.
            return listed.started > now - STARTING or is_open(listed.id)

        def added(held: tuple[Held, ...]) -> tuple[Held, ...]:
            others = tuple(h for h in held if h.id != draft_id)
            if len(others) >= most and sum(counts(h) for h in others) >= most:
                raise TooManyDraftsError(most)
            if len(others) < len(held):
                return held
            recent = (h for h in held if h.started + keep > now)
            return (*recent, Held(draft_id, now))

        self._change(mount, added, ttl=keep)

    def remove(self, mount: str, draft_id: str, *, lifetime: float) -> None:
        def removed(held: tuple[Held, ...]) -> tuple[Held, ...]:
            return tuple(h for h in held if h.id != draft_id)

        self._change(mount, removed, ttl=int(lifetime) + REMEMBERED)

    def _fetch(self, mount: str) -> tuple[tuple[Held, ...], Slot]:
        plain, slot = self._safe.fetch("list", f"{self.known()} {mount}")
        try:
            held = _decoder.decode(plain) if plain is not None else ()
        except msgspec.DecodeError as error:
            raise UnreadableDraftError("A list of drafts does not decode.") from error
        return held, slot

    def _change(
        self,
        mount: str,
        change: Callable[[tuple[Held, ...]], tuple[Held, ...]],
        *,
        ttl: int,
    ) -> None:
        while True:
            held, slot = self._fetch(mount)
            if (changed := change(held)) == held:
                return
            try:
                self._safe.keep(slot, msgspec.msgpack.encode(changed), ttl)
            except ConflictError:
                continue
            return


_decoder = msgspec.msgpack.Decoder(tuple[Held, ...])
