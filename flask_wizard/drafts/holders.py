"""Holders: who holds which draft. The session has a token, the store its hash."""

from __future__ import annotations

import hmac
import logging
import re
import secrets
import time
from base64 import urlsafe_b64encode
from collections.abc import Callable, MutableMapping
from itertools import product
from typing import Any, NamedTuple

import msgspec
from msgspec.structs import replace

from ..core.draft import Draft
from ..errors import ConflictError, TooManyDraftsError, UnreadableDraftError
from .encrypted_store import EncryptedStore, StoredVersion

TOKEN_KEY = "_wizard_holder"
ENDED_KEY = "_wizard_ended"
REMEMBERED = 30 * 24 * 60 * 60  # 30 days, in seconds: how long "expired" is told

CREATE_GRACE = 60  # seconds that a draft may take from the list into the store
MAX_LIST_COPIES = 8  # of one holder and mount, of which all but the last are damaged
MAX_EXPIRED_LISTED = (
    20  # drafts of a list that are over, and told to be; older ones are forgotten
)

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")

logger = logging.getLogger(__name__)


def is_id(text: str) -> bool:
    """Is it 128 bits in base64url, as drafts' ids and nonces are?"""
    return _ID.fullmatch(text) is not None


def new_nonce() -> str:
    return secrets.token_urlsafe(16)


class ListedDraft(msgspec.Struct, frozen=True, omit_defaults=True):
    """A draft in its holder's list; ``started`` in seconds since the epoch.

    One that was found to be ``over`` is not looked up again, unless it is begun anew.
    """

    id: str
    started: float
    expired: bool = False

    def has_expired(self, oldest: float) -> bool:
        """``oldest`` is when a draft started that can have lived until now."""
        return self.expired or self.started <= oldest


class LoadedList(NamedTuple):
    """A list of drafts and its slot; ``damage`` is why the list before it is not."""

    held: tuple[ListedDraft, ...]
    version: StoredVersion
    damage: UnreadableDraftError | None


class Holder:
    """The visitor of this request, known by a random token in the session."""

    def __init__(
        self, session: MutableMapping[str, Any], store: EncryptedStore
    ) -> None:
        self._session = session
        self._store = store
        self._hashed: tuple[str, tuple[bytes, ...]] = "", ()

    @property
    def token(self) -> str | None:
        """None, too, for what is no token of ours: something else has written it."""
        token = self._session.get(TOKEN_KEY)
        return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None

    def ensure_token(self) -> str:
        """The token, made now if the visitor has none yet."""
        if self.token is None:
            self._session[TOKEN_KEY] = secrets.token_urlsafe(32)
        return str(self._session[TOKEN_KEY])

    def token_hash(self) -> bytes:
        """What the store may know of the visitor: a keyed hash."""
        return self._token_hashes(self.ensure_token())[0]

    def _token_hashes(self, token: str) -> tuple[bytes, ...]:
        """The hashes with all keys, newest first; the token may change in a request."""
        if self._hashed[0] != token:
            self._hashed = token, self._store.keyring.digests("holder", token)
        return self._hashed[1]

    def holds(self, draft: Draft) -> bool:
        if (token := self.token) is None:
            return False
        pairs = product(self._token_hashes(token), draft.holders)
        return any(hmac.compare_digest(own, held) for own, held in pairs)

    def draft_id(self, nonce: str, mount: str) -> str:
        """The id of the draft that this nonce starts here: nobody can plant one."""
        digest = self._store.keyring.digest(
            "draft id", nonce, self.ensure_token(), mount
        )
        return urlsafe_b64encode(digest[:16]).decode().rstrip("=")

    def mark_end(self) -> None:
        """Change the session's cookie, so that browsers drop pages kept for Back."""
        self._session[ENDED_KEY] = secrets.token_urlsafe(6)

    # The list of drafts

    def listed(self, mount: str) -> tuple[ListedDraft, ...]:
        """The visitor's drafts of one mount, expired ones too, oldest first.

        Raises UnreadableDraftError for a damaged list, until another is begun.
        """
        if self.token is None:
            return ()
        found = self._fetch(mount)
        if found.damage is not None and found.version.version is None:
            raise found.damage
        return found.held

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

        One that is on it already has been begun anew, and can live as long again.
        ``lifetime`` is the longest that a draft can live, in seconds. Those that are
        over stay for a while, to be told so; no more than ``most`` are not known to
        be, so that the list costs a limited number of looks.
        """
        now = time.time()
        keep = int(lifetime) + REMEMBERED

        def lives(listed: ListedDraft) -> bool:
            # One that was listed just now may be on its way into the store.
            return listed.started > now - CREATE_GRACE or is_open(listed.id)

        def added(held: tuple[ListedDraft, ...]) -> tuple[ListedDraft, ...]:
            others = [h for h in held if h.id != draft_id and h.started + keep > now]
            living = [h for h in others if not h.has_expired(now - lifetime)]
            if len(living) >= most:
                living = [h for h in living if lives(h)]
            if len(living) >= most:
                raise TooManyDraftsError(most)
            expired = [replace(h, expired=True) for h in others if h not in living]
            return (*expired[-MAX_EXPIRED_LISTED:], *living, ListedDraft(draft_id, now))

        self._change(mount, added, ttl=keep)

    def remove(self, mount: str, draft_id: str, *, lifetime: float) -> None:
        def removed(held: tuple[ListedDraft, ...]) -> tuple[ListedDraft, ...]:
            return tuple(h for h in held if h.id != draft_id)

        self._change(mount, removed, ttl=int(lifetime) + REMEMBERED)

    def _fetch(self, mount: str) -> LoadedList:
        """Find the list. Where one is damaged, the next has its place.

        The damaged bytes are left as they are: they may be readable again, as when
        they are sealed with a key that is missing.
        """
        damage = None
        for number in range(MAX_LIST_COPIES):
            name = f"{self.ensure_token()} {mount}" + (f" {number}" if number else "")
            try:
                plain, version = self._store.load("list", name)
                return LoadedList(_decoded(plain), version, damage)
            except UnreadableDraftError as error:
                logger.exception(
                    "A list of drafts cannot be read and is left as it is."
                )
                damage = error
        raise UnreadableDraftError(
            f"{MAX_LIST_COPIES} lists of one holder are damaged."
        )

    def _change(
        self,
        mount: str,
        change: Callable[[tuple[ListedDraft, ...]], tuple[ListedDraft, ...]],
        *,
        ttl: int,
    ) -> None:
        while True:
            found = self._fetch(mount)
            if (changed := change(found.held)) == found.held:
                return
            try:
                self._store.save(found.version, msgspec.msgpack.encode(changed), ttl)
            except ConflictError:
                continue
            return


def _decoded(plain: bytes | None) -> tuple[ListedDraft, ...]:
    try:
        return _decoder.decode(plain) if plain is not None else ()
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UnreadableDraftError("A list of drafts does not decode.") from error


_decoder = msgspec.msgpack.Decoder(tuple[ListedDraft, ...])
