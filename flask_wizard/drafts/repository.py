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
from .encrypted_store import EncryptedStore, StoredVersion


@dataclass(frozen=True)
class StoredDraft:
    """A draft and the version that it was loaded at; none before its first save."""

    draft: Draft
    version: StoredVersion

    @property
    def is_new(self) -> bool:
        return self.version.version is None


class DraftRepository:
    """Loads and saves drafts. ``limit`` is in bytes, before compression."""

    def __init__(self, store: EncryptedStore, *, limit: int) -> None:
        self.store = store
        self.limit = limit

    def load(self, draft_id: str) -> tuple[Draft | None, StoredVersion]:
        plain, version = self.store.load("draft", draft_id)
        if plain is None:
            return None, version
        draft = codec.decode(plain)
        if draft.id != draft_id:
            raise UnreadableDraftError("A stored draft carries another draft's id.")
        return draft, version

    @contextmanager
    def joined(self) -> Iterator[DraftRepository]:
        """These drafts inside the application's transaction, which ends with the block.

        Raises ConfigurationError if the store cannot join it.
        """
        engine = self.store.engine
        if not isinstance(engine, JoiningStore):
            raise ConfigurationError(cannot_join(engine))
        with engine.joined() as inner:
            store = EncryptedStore(inner, self.store.keyring)
            yield DraftRepository(store, limit=self.limit)

    def save(self, stored: StoredDraft, plain: bytes, ttl: int) -> StoredDraft:
        """Keep a packed draft. Raises ConflictError or StoreError; then nothing is."""
        return StoredDraft(stored.draft, self.store.save(stored.version, plain, ttl))

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
