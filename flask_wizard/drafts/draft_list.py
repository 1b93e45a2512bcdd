"""DraftList: which drafts a holder has, over all wizards and mounts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from ..core.draft import Seconds
from ..core.stored import Stored, pack, unpack
from ..errors import (
    ConflictError,
    NewerFormatError,
    TooManyDraftsError,
    UnreadableDraftError,
)
from .encrypted_store import EncryptedStore, StoredVersion
from .holders import Holder
from .keyring import Kind

REMEMBERED = 30 * 24 * 60 * 60  # 30 days, in seconds: how long "expired" is told

CREATE_GRACE = 60  # seconds that a draft may take from the list into the store
MAX_LIST_COPIES = 8  # of one holder, of which all but the last are damaged
MAX_EXPIRED_LISTED = 20  # of one wizard; of older ones nobody is told that they expired

logger = logging.getLogger(__name__)


class ListedDraft(Stored, frozen=True):
    """A draft in its holder's list. Times are seconds since the epoch."""

    id: str
    #: The blueprint's full name, or the class of a wizard without one. The drafts of
    #: one wizard count together, whatever the bound variables are.
    wizard: str
    #: The same with the bound variables.
    mount: str
    started: Seconds
    #: When the row may be forgotten.
    until: Seconds
    #: True if the draft was found to have expired. It is not looked up again, unless
    #: it is begun anew.
    expired: bool = False

    def has_expired(self, oldest: float) -> bool:
        """True if it has; ``oldest`` is when a draft started that can still live."""
        return self.expired or self.started <= oldest


class StoredList(Stored, frozen=True):
    """A holder's list as it is stored, the drafts of each wizard oldest first."""

    rows: tuple[msgspec.Raw, ...] = msgspec.field(name="drafts")


EMPTY = StoredList(())


class LoadedList(NamedTuple):
    """A list, and where it is stored; ``damage`` is why the list before it is not."""

    whole: StoredList
    drafts: tuple[ListedDraft, ...]
    version: StoredVersion
    damage: UnreadableDraftError | None


class DraftList:
    """The drafts of one holder, those that have expired for a while too."""

    def __init__(self, store: EncryptedStore, holder: Holder) -> None:
        self._store = store
        self._holder = holder

    def drafts(self, *, mount: str) -> list[ListedDraft]:
        """Return the visitor's drafts of one mount, expired ones too, oldest first.

        Raises UnreadableDraftError for a damaged list, until another is begun, and
        NewerFormatError.
        """
        if self._holder.token is None:
            return []
        found = self._load()
        if found.damage is not None and found.version.version is None:
            raise found.damage
        return [draft for draft in found.drafts if draft.mount == mount]

    def add(
        self,
        draft_id: str,
        *,
        wizard: str,
        mount: str,
        most: int,
        is_open: Callable[[ListedDraft], bool],
        lifetime: float,
    ) -> None:
        """Put a draft on the list. Raises TooManyDraftsError at ``most`` open ones.

        One that is on it already has been begun anew, and can live as long again.
        ``lifetime`` is the longest that a draft of the wizard can live, in seconds.
        Expired ones stay for a while, to be told so; no more than ``most`` are not
        known to have expired, so that the list costs a limited number of looks.
        """
        now = time.time()
        new = ListedDraft(draft_id, wizard, mount, now, now + lifetime + REMEMBERED)

        def lives(draft: ListedDraft) -> bool:
            # One that was listed just now may be on its way into the store.
            return draft.started > now - CREATE_GRACE or is_open(draft)

        def added(listed: Iterable[ListedDraft]) -> list[ListedDraft]:
            kept = [d for d in listed if d.id != draft_id and d.until > now]
            own = [d for d in kept if d.wizard == wizard]
            living = [d for d in own if not d.has_expired(now - lifetime)]
            if len(living) >= most:
                living = [d for d in living if lives(d)]
            if len(living) >= most:
                raise TooManyDraftsError(most)
            expired = [replace(d, expired=True) for d in own if d not in living]
            others = [d for d in kept if d.wizard != wizard]
            return [*others, *expired[-MAX_EXPIRED_LISTED:], *living, new]

        self._change(added)

    def remove(self, draft_id: str) -> None:
        """Take a draft off the list."""

        def removed(listed: Iterable[ListedDraft]) -> list[ListedDraft]:
            return [draft for draft in listed if draft.id != draft_id]

        self._change(removed)

    def _load(self) -> LoadedList:
        """Find the list. Where one is damaged, the next has its place.

        The damaged bytes are left as they are: they may be readable again, as when
        they were encrypted with a key that is missing. A list of a newer release gets
        no other beside it, which that release would not read.
        """
        damage = None
        for number in range(MAX_LIST_COPIES):
            name = self._holder.ensure_token() + (f" {number}" if number else "")
            try:
                plain, version = self._store.load("list", name)
                whole = EMPTY if plain is None else unpack(StoredList, plain)
                drafts = tuple(unpack(ListedDraft, row) for row in whole.rows)
                return LoadedList(whole, drafts, version, damage)
            except NewerFormatError:
                raise
            except UnreadableDraftError as error:
                logger.exception(
                    "A list of drafts cannot be read and is left as it is."
                )
                damage = error
        raise UnreadableDraftError(
            f"{MAX_LIST_COPIES} lists of one holder are damaged."
        )

    def _change(
        self, change: Callable[[Iterable[ListedDraft]], list[ListedDraft]]
    ) -> None:
        while True:
            found = self._load()
            drafts = change(found.drafts)
            if tuple(drafts) == found.drafts:
                return
            rows = tuple(msgspec.Raw(pack(draft)) for draft in drafts)
            now = time.time()
            until = max((draft.until for draft in drafts), default=now + REMEMBERED)
            with suppress(ConflictError):
                self._store.save(
                    found.version,
                    pack(replace(found.whole, rows=rows)),
                    kind=Kind.LIST,
                    ttl=max(1, round(until - now)),
                )
                return
