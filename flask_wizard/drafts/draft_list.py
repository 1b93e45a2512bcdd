"""DraftList: the list of a holder's drafts, of all wizards and mounts."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from ..core.draft import Draft, Seconds, Stored, pack, unpack
from ..errors import (
    ConflictError,
    NewerFormatError,
    TooManyDraftsError,
    UnreadableDraftError,
)
from ..tracebacks import without_locals
from .encrypted_store import EncryptedStore, StoredVersion
from .keyring import Kind

# 30 days, in seconds: how long a visitor sees that a draft has expired.
REMEMBERED = 30 * 24 * 60 * 60
LATEST = 2.0**37 - 1  # the last moment that can be stored, in the year 6325

CREATE_GRACE = 60  # seconds between listing a new draft and storing it, at most
MAX_LIST_COPIES = 8  # of one holder; all but the last are damaged
MAX_EXPIRED_LISTED = 20  # of one wizard; older ones look as if they had never been

logger: logging.Logger = logging.getLogger(__name__)


class ListedDraft(Stored, frozen=True):
    """A draft in its holder's list. Times are seconds since the epoch."""

    id: str
    #: The module and name of the wizard's class. The drafts of one wizard count
    #: together, wherever it is mounted and whatever the bound variables are.
    wizard: str
    #: The blueprint's full name, or the class of a wizard without one, and the bound
    #: variables.
    mount: str
    started: Seconds
    #: When the row may be removed.
    until: Seconds
    #: How long it lives without a POST, in seconds, as when it was listed.
    idle: Seconds = LATEST
    #: True if the draft has expired. It is not loaded again unless it is begun anew.
    expired: bool = False
    #: It lives until then at least, in seconds since the epoch.
    keep_until: Seconds = 0.0

    @classmethod
    def begun(
        cls,
        draft_id: str,
        wizard: str,
        mount: str,
        now: float,
        *,
        idle: float,
        lifetime: float,
        keep_until: float = 0.0,
    ) -> ListedDraft:
        """Return the row of a draft that begins now, as ``DraftList.add`` does."""
        until = min(max(now + lifetime, keep_until) + REMEMBERED, LATEST)
        idle = min(idle, LATEST)
        row = cls(draft_id, wizard, mount, now, until, idle)
        return replace(row, keep_until=keep_until) if keep_until else row

    def expires(self, draft: Draft) -> float:
        """Return when the listed draft expires, in seconds since the epoch."""
        return draft.expires(self.idle, self.until - REMEMBERED - self.started)

    def has_expired(self, oldest: float) -> bool:
        """True if the draft has expired.

        ``oldest`` is when the oldest draft that can still live was started.
        """
        is_old = self.started <= oldest and self.keep_until <= time.time()
        return self.expired or is_old


class StoredList(Stored, frozen=True):
    """A holder's list as it is stored."""

    #: Encoded ListedDrafts; the drafts of each wizard are oldest first.
    rows: tuple[msgspec.Raw, ...] = msgspec.field(name="drafts")


EMPTY = StoredList(())


class LoadedList(NamedTuple):
    """A list, and where it is stored."""

    stored: StoredList
    #: The decoded rows.
    drafts: tuple[ListedDraft, ...]
    version: StoredVersion
    #: The error of the damaged list that this one replaces, if there is one.
    damage: UnreadableDraftError | None


class DraftList:
    """The drafts of one holder. Expired ones stay for a while.

    ``name`` is the holder's, which no other list begins with.
    """

    def __init__(self, store: EncryptedStore, name: str) -> None:
        self._store = store
        self._name = name

    def drafts(
        self, *, mount: str | None = None, wizard: str | None = None
    ) -> list[ListedDraft]:
        """Return the holder's drafts, expired ones too.

        If ``mount`` or ``wizard`` is given, return only its own. Those of each wizard
        are oldest first. Raise UnreadableDraftError if the list is damaged and no other
        replaces it, or NewerFormatError.
        """
        found = self._load()
        if found.damage is not None and found.version.version is None:
            raise found.damage
        return [
            draft
            for draft in found.drafts
            if mount in (None, draft.mount) and wizard in (None, draft.wizard)
        ]

    def add(
        self,
        draft_id: str,
        *,
        wizard: str,
        mount: str,
        most: int,
        is_open: Callable[[ListedDraft], bool],
        idle: float,
        lifetime: float,
        keep_until: float = 0.0,
    ) -> None:
        """Add a draft to the list. Raise TooManyDraftsError if ``most`` are open.

        If the draft is listed already, it has been begun anew, and so is its row.
        ``lifetime`` is the longest that a draft of the wizard can live, and ``idle``
        how long it lives without a POST, in seconds. It lives until ``keep_until`` at
        least, in seconds since the epoch.
        This calls ``is_open`` only if ``most`` drafts may be open, and marks those that
        are not as expired, so that at most ``most`` have to be loaded. Expired drafts
        stay listed for a while, so that a page can say that they have expired.
        """
        now = time.time()
        new = ListedDraft.begun(
            draft_id,
            wizard,
            mount,
            now,
            idle=idle,
            lifetime=lifetime,
            keep_until=keep_until,
        )

        def lives(draft: ListedDraft) -> bool:
            # A draft that was listed just now may not be stored yet.
            return draft.started > now - CREATE_GRACE or is_open(draft)

        def added(listed: Iterable[ListedDraft]) -> list[ListedDraft]:
            current = [d for d in listed if d.id != draft_id and d.until > now]
            own = [d for d in current if d.wizard == wizard]
            living = [d for d in own if not d.has_expired(now - lifetime)]
            if len(living) >= most:
                living = [d for d in living if lives(d)]
            if len(living) >= most:
                raise TooManyDraftsError(most)
            expired = [replace(d, expired=True) for d in own if d not in living]
            others = [d for d in current if d.wizard != wizard]
            return [*others, *expired[-MAX_EXPIRED_LISTED:], *living, new]

        self._change(added)

    def remove(self, draft_ids: Collection[str]) -> None:
        """Remove drafts from the list."""

        def removed(listed: Iterable[ListedDraft]) -> list[ListedDraft]:
            return [draft for draft in listed if draft.id not in draft_ids]

        self._change(removed)

    def add_all(self, rows: Iterable[ListedDraft]) -> None:
        """Add the drafts of another list, however many are open."""
        now = time.time()
        new = [row for row in rows if row.until > now]

        def added(listed: Iterable[ListedDraft]) -> list[ListedDraft]:
            known = {draft.id: draft for draft in new} | {d.id: d for d in listed}
            return sorted(known.values(), key=lambda draft: draft.started)

        if new:
            self._change(added)

    def _load(self) -> LoadedList:
        """Return the first list that is not damaged.

        Damaged bytes stay unchanged: they may be readable again, for example if they
        were encrypted with a missing key. Raise NewerFormatError instead of beginning a
        list beside that of a newer release, which would not read it. Raise
        UnreadableDraftError if all lists are damaged.
        """
        damage = None
        for number in range(MAX_LIST_COPIES):
            name = self._name + (f" {number}" if number else "")
            try:
                plain, version = self._store.load("list", name)
                stored = EMPTY if plain is None else unpack(StoredList, plain)
                drafts = tuple(unpack(ListedDraft, row) for row in stored.rows)
                return LoadedList(stored, drafts, version, damage)
            except NewerFormatError:
                raise
            except UnreadableDraftError as error:
                logger.error(
                    "A list of drafts cannot be read and is left as it is.",
                    exc_info=without_locals(error),
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
                    pack(replace(found.stored, rows=rows)),
                    kind=Kind.LIST,
                    ttl=max(1, round(until - now)),
                )
                return
