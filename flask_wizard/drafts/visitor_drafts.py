"""Desk: where one visitor's drafts of one mount are started, loaded and kept."""

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
from typing import TYPE_CHECKING, Any, Literal

from ..core.draft import Draft, Receipt, seconds
from ..errors import UnreadableDraftError
from .holders import Holder, is_id
from .repository import DraftRepository, StoredDraft

if TYPE_CHECKING:
    from ..wizard import Wizard


logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mount:
    """Where a wizard is mounted: a name, and the URL variables that bind its drafts."""

    name: str
    bound: Mapping[str, Any]

    @property
    def key(self) -> str:
        bound = sorted((name, str(value)) for name, value in self.bound.items())
        return json.dumps([self.name, bound])


def expires(wizard: Wizard, draft: Draft) -> float:
    """When a draft ends by itself, in seconds since the epoch."""
    idle = draft.updated + seconds(wizard.lifetime)
    if draft.ended:
        return idle
    return min(idle, draft.created + seconds(wizard.max_lifetime))


class VisitorDrafts:
    """One visitor's drafts of one mount."""

    def __init__(
        self, wizard: Wizard, mount: Mount, holder: Holder, repository: DraftRepository
    ) -> None:
        self.wizard = wizard
        self.mount = mount.key
        self.holder = holder
        self._repository = repository

    @contextmanager
    def joined(self) -> Iterator[VisitorDrafts]:
        """This desk, with its writes part of the application's transaction."""
        with self._repository.joined() as repository:
            drafts = copy(self)
            drafts._repository = repository
            yield drafts

    def load(self, draft_id: str) -> StoredDraft | None:
        """A draft that this visitor holds and that has not expired."""
        if not is_id(draft_id) or self.holder.token is None:
            return None
        draft, version = self._repository.load(draft_id)
        if draft is None or draft.mount != self.mount or self._has_expired(draft):
            return None
        return (
            StoredDraft(self._with_expired_lease(draft), version)
            if self.holder.holds(draft)
            else None
        )

    def start(self, nonce: str) -> StoredDraft:
        """The draft that this nonce starts: the one it started before, or a new one.

        A new one is not in the store before it is kept.
        """
        draft_id = self.holder.draft_id(nonce, self.mount)
        draft, version = self._repository.load(draft_id)
        if draft is None or self._has_expired(draft):
            draft = self.fresh(draft_id)
        return StoredDraft(self._with_expired_lease(draft), version)

    def _with_expired_lease(self, draft: Draft) -> Draft:
        """As it is once its claim has run out; a transaction leaves nothing unknown."""
        unknown = not self.wizard.one_transaction
        return draft.expire_lease(time.time(), unsettled=unknown)

    def fresh(self, draft_id: str, *, held: bool = True) -> Draft:
        now = time.time()
        return Draft(
            id=draft_id,
            mount=self.mount,
            holders=(self.holder.token_hash(),) if held else (),
            created=now,
            updated=now,
            submission=secrets.token_urlsafe(16),
            version=self.wizard.version,
        )

    def reload(self, stored: StoredDraft) -> StoredDraft:
        """The draft as it is now, whoever holds it.

        One that expired meanwhile comes back as it was, to be kept anew.
        """
        draft, version = self._repository.load(stored.draft.id)
        return StoredDraft(self._with_expired_lease(draft or stored.draft), version)

    def save(
        self, stored: StoredDraft, draft: Draft, *, capped: bool = False
    ) -> StoredDraft:
        """Save over what was loaded.

        ``capped`` limits what a visitor sends; what a commit has to note always fits.
        Raises ConflictError if somebody else wrote meanwhile, TooManyDraftsError,
        DraftTooLargeError or StoreError.
        """
        plain = self._repository.packed(draft, capped=capped)
        if self._begins(stored) and not draft.ended:
            self._list(draft.id)
        ttl = math.ceil(expires(self.wizard, draft) - time.time())
        return self._repository.save(
            StoredDraft(draft, stored.version), plain, max(1, ttl)
        )

    @staticmethod
    def _begins(stored: StoredDraft) -> bool:
        """Is it a new draft, be it in the place of one that the store still has?"""
        return stored.is_new or not stored.draft.entries

    def _list(self, draft_id: str) -> None:
        self.holder.add(
            self.mount,
            draft_id,
            most=self.wizard.max_drafts,
            is_open=lambda listed: self._is_open(self._readable(listed)),
            lifetime=seconds(self.wizard.max_lifetime),
        )

    def unlist(self, draft_id: str) -> None:
        self.holder.remove(
            self.mount, draft_id, lifetime=seconds(self.wizard.max_lifetime)
        )

    def end(
        self,
        draft: Draft,
        state: Literal["committed", "discarded"],
        receipt: Receipt | None = None,
    ) -> Draft:
        """The tombstone, readable in this session even if it was cleared meanwhile."""
        return self.add_holder(draft).end(state, time.time(), receipt=receipt)

    def add_holder(self, draft: Draft) -> Draft:
        """The draft as this session opens it, be it another than before."""
        return draft.add_holder(self.holder.token_hash())

    def open_drafts(self) -> list[Draft]:
        """Those that can be continued, oldest first."""
        listed = self.holder.listed(self.mount)
        oldest = time.time() - seconds(self.wizard.max_lifetime)
        found = [
            self._readable(held.id) for held in listed if not held.has_expired(oldest)
        ]
        return [s.draft for s in found if s is not None and self._is_open(s)]

    def _readable(self, draft_id: str) -> StoredDraft | None:
        """Leave out one that is damaged: the others can be continued all the same."""
        try:
            return self.load(draft_id)
        except UnreadableDraftError:
            logger.exception("A draft on its holder's list cannot be read.")
            return None

    def remembers(self, draft_id: str) -> bool:
        """Was it one of this visitor's drafts?"""
        return any(held.id == draft_id for held in self.holder.listed(self.mount))

    def _has_expired(self, draft: Draft) -> bool:
        return expires(self.wizard, draft) <= time.time()

    @staticmethod
    def _is_open(stored: StoredDraft | None) -> bool:
        return stored is not None and not stored.draft.ended
