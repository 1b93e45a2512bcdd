"""Drafts: kept sealed in a store, each save a compare-and-set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..core import draft as codec
from ..core.draft import Draft
from ..errors import (
    ConfigurationError,
    DraftTooLargeError,
    UnreadableDraftError,
)
from ..stores import DraftStore, JoiningStore
from .encrypted_store import Safe, Slot


@dataclass(frozen=True)
class Stored:
    """A draft and the slot it is kept in; the slot is empty before its first save."""

    draft: Draft
    slot: Slot

    @property
    def is_new(self) -> bool:
        return self.slot.version is None


class Drafts:
    """Loads and saves drafts. ``limit`` is in bytes, before compression."""

    def __init__(self, safe: Safe, *, limit: int) -> None:
        self.safe = safe
        self.limit = limit

    def load(self, draft_id: str) -> tuple[Draft | None, Slot]:
        plain, slot = self.safe.fetch("draft", draft_id)
        if plain is None:
            return None, slot
        draft = codec.decode(plain)
        if draft.id != draft_id:
            raise UnreadableDraftError("A stored draft carries another draft's id.")
        return draft, slot

    @contextmanager
    def joined(self) -> Iterator[Drafts]:
        """These drafts inside the application's transaction, which ends with the block.

        Raises ConfigurationError if the store cannot join it.
        """
        store = self.safe.store
        if not isinstance(store, JoiningStore):
            raise ConfigurationError(cannot_join(store))
        with store.joined() as inner:
            yield Drafts(Safe(inner, self.safe.keyring), limit=self.limit)

    def save(self, stored: Stored, plain: bytes, ttl: int) -> Stored:
        """Keep a packed draft. Raises ConflictError or StoreError; then nothing is."""
        return Stored(stored.draft, self.safe.keep(stored.slot, plain, ttl))

    def packed(self, draft: Draft, *, capped: bool) -> bytes:
        """Raises DraftTooLargeError if it is capped and too large."""
        plain = codec.encode(draft)
        if capped and len(plain) > self.limit:
            raise DraftTooLargeError(len(plain), self.limit)
        return plain


def cannot_join(store: DraftStore) -> str:
    """What to say of a store that is asked for ``one_transaction``."""
    return (
        "A wizard has one_transaction = True, but its drafts are kept by "
        f"{type(store).__name__}, which cannot join a transaction. Keep them in the "
        "application's own database: FlaskWizard(store=db)."
    )
