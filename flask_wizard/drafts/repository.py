"""DraftRepository: loads and saves drafts, each save a compare-and-set."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from ..core.draft import ENDED, Draft, decode
from ..errors import ConfigurationError, UnreadableDraftError
from ..stores import DraftStore, JoiningStore
from .encrypted_store import EncryptedStore, StoredVersion
from .keyring import Kind


@dataclass(frozen=True)
class StoredDraft:
    """A draft, and where it is stored."""

    draft: Draft
    #: The version that was loaded or saved.
    version: StoredVersion
    #: True if the store has nothing under the draft's key.
    is_new: bool


class DraftRepository:
    """Loads and saves drafts in an encrypted store."""

    def __init__(self, store: EncryptedStore, *, limit: int) -> None:
        self.store = store
        #: How large a visitor may make a draft: in bytes, before compression.
        self.limit = limit

    def load(self, draft_id: str) -> tuple[Draft | None, StoredVersion]:
        """Return the draft, or None, and the version to save the next one at.

        Raise StoreError, or UnreadableDraftError.
        """
        plain, version = self.store.load("draft", draft_id)
        if plain is None:
            return None, version
        draft = decode(plain)
        if draft.id != draft_id:
            raise UnreadableDraftError("A stored draft carries another draft's id.")
        return draft, version

    @contextmanager
    def joined(self) -> Iterator[DraftRepository]:
        """Yield a repository that writes in the application's transaction.

        The end of the block commits the transaction. Raise ConfigurationError if the
        store cannot join it.
        """
        engine = self.store.engine
        if not isinstance(engine, JoiningStore):
            raise ConfigurationError(cannot_join(engine))
        with engine.joined() as inner:
            yield DraftRepository(self.store.using(inner), limit=self.limit)

    def give_way(self) -> None:
        """Let nothing of the application's keep the store from writing."""
        if isinstance(self.store.engine, JoiningStore):
            self.store.engine.give_way()

    def save(
        self, draft: Draft, plain: bytes, *, at: StoredVersion, ttl: int
    ) -> StoredDraft:
        """Save a draft, which is encoded as ``plain``. ``ttl`` is in seconds.

        Raise ConflictError if another request has written since ``at`` was read, or
        StoreError.
        """
        kind = Kind.TOMBSTONE if draft.state in ENDED else Kind.DRAFT
        version = self.store.save(at, plain, kind=kind, ttl=ttl)
        return StoredDraft(draft, version, is_new=False)


def cannot_join(store: DraftStore) -> str:
    """Return the message for a store that does not support ``one_transaction``."""
    return (
        "A wizard has one_transaction = True, but its drafts are stored by "
        f"{type(store).__name__}, which cannot join a transaction. Store them in the "
        "application's own database: FlaskWizard(store=db)."
    )
