"""VisitorDrafts: which drafts of a mount a visitor may open, and until when."""

from __future__ import annotations

import json
import logging
import math
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass
from typing import Any, Literal, Protocol

from ..core.draft import Draft, Receipt
from ..errors import NewerFormatError, UnreadableDraftError
from .draft_list import DraftList, ListedDraft
from .holders import Holder, is_id
from .lifetimes import Lifetimes, expires, seconds
from .repository import DraftRepository, StoredDraft

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mount:
    """Where a wizard is mounted: a name, and the URL variables that bind its drafts."""

    name: str
    bound: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The name and the variables as one string."""
        bound = sorted((name, str(value)) for name, value in self.bound.items())
        return json.dumps([self.name, bound])


class Rules(Lifetimes, Protocol):
    """What a wizard says about its drafts."""

    version: int
    #: How many open drafts a holder may have.
    max_drafts: int
    #: True if a commit and the end of its draft are one transaction.
    one_transaction: bool


class VisitorDrafts:
    """One visitor's drafts of one mount."""

    def __init__(
        self, wizard: Rules, mount: Mount, holder: Holder, repository: DraftRepository
    ) -> None:
        self.wizard = wizard
        self.mount = mount.key
        self.holder = holder
        self._wizard_name = mount.name
        self._repository = repository
        self._list = DraftList(repository.store, holder)

    @contextmanager
    def joined(self) -> Iterator[VisitorDrafts]:
        """Yield these drafts, saved as part of the application's transaction."""
        with self._repository.joined() as repository:
            drafts = copy(self)
            drafts._repository = repository
            yield drafts

    def load(self, draft_id: str) -> StoredDraft | None:
        """Return a draft that this visitor holds and that has not expired."""
        return self._load(draft_id, self.mount)

    def _load(self, draft_id: str, mount: str) -> StoredDraft | None:
        if not is_id(draft_id) or self.holder.token is None:
            return None
        draft, version = self._repository.load(draft_id)
        if draft is None or draft.mount != mount or self._has_expired(draft):
            return None
        if not self.holder.holds(draft):
            return None
        return StoredDraft(self._expire_lease(draft), version)

    def start(self, nonce: str) -> StoredDraft:
        """Return the draft that this nonce starts: one it started before, or a new one.

        A new one is not in the store before it is saved.
        """
        draft_id = self.holder.draft_id(nonce, self.mount)
        draft, version = self._repository.load(draft_id)
        if draft is not None and draft.mount != self.mount:
            raise UnreadableDraftError("A stored draft carries another mount's name.")
        if draft is None or self._has_expired(draft):
            draft = self.fresh(draft_id)
        return StoredDraft(self._expire_lease(draft), version)

    def _expire_lease(self, draft: Draft) -> Draft:
        """Return it as it is once its claim has run out.

        A transaction leaves nothing unknown.
        """
        unknown = not self.wizard.one_transaction
        return draft.expire_lease(time.time(), unsettled=unknown)

    def fresh(self, draft_id: str, *, held: bool = True) -> Draft:
        """Return a new draft, which is not stored."""
        now = time.time()
        draft = Draft(
            id=draft_id,
            mount=self.mount,
            packed_holders=(),
            created=now,
            updated=now,
            submission=secrets.token_urlsafe(16),
            version=self.wizard.version,
        )
        return self.add_holder(draft) if held else draft

    def reload(self, stored: StoredDraft) -> StoredDraft:
        """Return the draft as it is now, whoever holds it.

        One that expired meanwhile comes back as it was, to be saved anew.
        """
        draft, version = self._repository.load(stored.draft.id)
        return StoredDraft(self._expire_lease(draft or stored.draft), version)

    def save(
        self, stored: StoredDraft, draft: Draft, *, capped: bool = False
    ) -> StoredDraft:
        """Save over what was loaded.

        ``capped`` limits what a visitor sends; what a commit has to note always fits.
        Raises ConflictError if somebody else wrote meanwhile, TooManyDraftsError,
        DraftTooLargeError or StoreError.
        """
        plain = self._repository.encode(draft, capped=capped)
        if self._begins(stored) and not draft.ended:
            self._add_to_list(draft.id)
        ttl = math.ceil(expires(self.wizard, draft) - time.time())
        return self._repository.save(draft, plain, at=stored.version, ttl=max(1, ttl))

    @staticmethod
    def _begins(stored: StoredDraft) -> bool:
        """True for a new draft, also in the place of one that the store still has."""
        return stored.is_new or not stored.draft.packed_entries

    def _add_to_list(self, draft_id: str) -> None:
        self._list.add(
            draft_id,
            wizard=self._wizard_name,
            mount=self.mount,
            most=self.wizard.max_drafts,
            is_open=lambda listed: self._find_open(listed) is not None,
            lifetime=seconds(self.wizard.max_lifetime),
        )

    def unlist(self, draft_id: str) -> None:
        """Take a draft off the visitor's list."""
        self._list.remove(draft_id)

    def renew(self, draft: Draft, *, notice: str = "") -> Draft:
        """Return the draft as this visitor's POST leaves it, for another lifetime."""
        marks = self.holder.token_hashes()
        return draft.renew(time.time(), marks=marks, notice=notice)

    def end(
        self,
        draft: Draft,
        state: Literal["committed", "discarded"],
        receipt: Receipt | None = None,
    ) -> Draft:
        """Return the tombstone, which this session opens even if it was cleared."""
        return self.add_holder(draft).end(state, time.time(), receipt=receipt)

    def add_holder(self, draft: Draft) -> Draft:
        """Return the draft as this session opens it, even if it is a new session."""
        return draft.add_holder(time.time(), marks=self.holder.token_hashes())

    def open_drafts(self) -> list[Draft]:
        """Return those that can be continued, oldest first."""
        listed = self._list.drafts(mount=self.mount)
        oldest = time.time() - seconds(self.wizard.max_lifetime)
        found = [
            self._find_open(each) for each in listed if not each.has_expired(oldest)
        ]
        return [draft for draft in found if draft is not None]

    def _find_open(self, listed: ListedDraft) -> Draft | None:
        """Return a listed draft of this wizard if it can be continued.

        One that is damaged is left out: the others can be continued all the same. Of
        one that a newer release has written it cannot be told: it raises
        NewerFormatError.
        """
        try:
            stored = self._load(listed.id, listed.mount)
        except NewerFormatError:
            raise
        except UnreadableDraftError:
            logger.exception("A draft on its holder's list cannot be read.")
            return None
        return None if stored is None or stored.draft.ended else stored.draft

    def remembers(self, draft_id: str) -> bool:
        """True if it was one of this visitor's drafts."""
        listed = self._list.drafts(mount=self.mount)
        return any(draft.id == draft_id for draft in listed)

    def _has_expired(self, draft: Draft) -> bool:
        return expires(self.wizard, draft) <= time.time()
