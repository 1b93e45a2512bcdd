"""UsersData: all that is stored of one user, to export or to erase."""

from __future__ import annotations

import hmac
import time
from collections.abc import Callable, Iterator
from typing import NamedTuple

from msgspec.structs import replace

from ..core.draft import Draft, encode
from ..errors import ConflictError, UnreadableDraftError
from ..stores import ListingStore
from .draft_list import CREATE_GRACE, DraftList
from .encrypted_store import DraftRepository, StoredVersion
from .every_draft import every_draft
from .holders import list_of, user_marks
from .keyring import Kind

TOMBSTONE_LIFETIME = 7 * 24 * 60 * 60
"""How many seconds it is known of an erased draft that it has ended."""


class Erased(NamedTuple):
    """What has become of one user's data."""

    #: How many drafts are erased.
    drafts: int
    #: How many files of these drafts are erased.
    files: int
    #: How many drafts stay, because they are being committed at this moment.
    busy: int


class UsersData:
    """The drafts of one user, their files, and the list of them.

    A draft is the user's if the user holds it, other than by a link of somebody else's.
    Where the store cannot list its values, only drafts on the user's list are found.
    """

    def __init__(self, repository: DraftRepository, user: str) -> None:
        self._repository = repository
        self._list = DraftList(repository.store, list_of(user))
        self._marks = user_marks(repository.store.keyring, user)
        #: How many drafts on the list could not be read when they were last listed.
        self.unreadable: int = 0
        # The ids of rows on the list whose drafts have gone, or are somebody else's.
        self._stray: list[str] = []

    @property
    def is_complete(self) -> bool:
        """True if drafts are found that are on no list, such as ended ones."""
        return isinstance(self._repository.store.engine, ListingStore)

    def drafts(
        self, report: Callable[[], object] | None = None
    ) -> Iterator[tuple[Draft, StoredVersion]]:
        """Yield the user's drafts, ended ones too, and where they are stored.

        This calls ``report`` for each draft of the store. Raise StoreError.
        """
        self.unreadable, self._stray = 0, []
        rows, now = self._list.drafts(), time.time()
        listed = [row.id for row in rows]
        for row in rows:
            try:
                draft, version = self._repository.load(row.id)
            except UnreadableDraftError:
                self.unreadable += 1  # nobody can tell what it holds
                continue
            if draft is not None and self._holds(draft):
                yield draft, version
            elif draft is not None or row.started < now - CREATE_GRACE:
                self._stray.append(row.id)
        for found in every_draft(self._repository) if self.is_complete else ():
            if report is not None:
                report()
            if isinstance(found, UnreadableDraftError):
                continue
            if found[0].id not in listed and self._holds(found[0]):
                yield found

    def _holds(self, draft: Draft) -> bool:
        return any(
            hmac.compare_digest(holder.mark, mark)
            for number, holder in enumerate(draft.holders)
            if holder.kind == "user" and (number == 0 or not holder.link)
            for mark in self._marks
        )

    def erase(self, report: Callable[[], object] | None = None) -> Erased:
        """Erase the drafts with their files and receipts, and empty the list.

        The user may be filling one in meanwhile: it is erased as it is by then. One
        that is being committed stays. Raise StoreError.
        """
        erased = files = busy = 0
        done = []
        for draft, version in self.drafts(report):
            removed = self._erase(draft, version)
            if removed is None:
                busy += 1
            else:
                erased, files = erased + 1, files + removed
                done.append(draft.id)
        self._list.remove([*done, *self._stray])
        self._repository.store.erase_remains()
        return Erased(erased, files, busy)

    def _erase(self, draft: Draft, version: StoredVersion) -> int | None:
        """Erase a draft; return how many files it had, or None if it is committed now.

        What is left says that the draft has ended, so that no late POST revives it.
        """
        while True:
            now = time.time()
            if draft.is_committing(now):
                return None
            is_committed = draft.state == "committed"
            end = draft.end("committed" if is_committed else "discarded", now)
            plain, ttl = encode(replace(end, packed_holders=())), TOMBSTONE_LIFETIME
            store = self._repository.store
            try:
                store.save(version, plain, kind=Kind.TOMBSTONE, ttl=ttl)
                break
            except ConflictError:  # the user has saved, or it has ended
                found, version = self._repository.load(draft.id)
                if found is None:
                    return 0
                draft = found
        files = draft.files()
        if (uploads := self._repository.uploads) is not None:
            for file in files:
                uploads.delete(version.key, file.id)
        return len(files)
