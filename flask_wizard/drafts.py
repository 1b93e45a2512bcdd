"""Drafts: kept sealed in a store, each save a compare-and-set."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from . import draft as codec
from .draft import Draft
from .errors import (
    ConfigurationError,
    ConflictError,
    DraftTooLargeError,
    UnreadableDraftError,
)
from .sealing import Keyring
from .stores import DraftStore, JoiningStore, new_version


@dataclass(frozen=True)
class Slot:
    """A place in the store: its key, and the version found there if any."""

    key: str
    context: bytes = field(repr=False)  # of a list, it has the holder's token
    version: bytes | None


class Safe:
    """Sealed values in a store, under keys that reveal nothing.

    ``kind`` and ``name`` say what a value is; both go into its key and its seal.
    """

    def __init__(self, store: DraftStore, keyring: Keyring) -> None:
        self.store = store
        self.keyring = keyring

    def fetch(self, kind: str, name: str) -> tuple[bytes | None, Slot]:
        """The value, or None, and the slot to keep a new one in.

        Raises StoreError, or UnreadableDraftError for damaged bytes.
        """
        context = f"{kind}:{name}".encode()
        keys = [_text(d) for d in self.keyring.digests(f"key {kind}", name)]
        for key in keys:  # an older SECRET_KEY may have named it
            if found := self.store.load(key):
                blob, version = found
                plain = self.keyring.unseal(blob, context)
                return plain, Slot(key, context, version)
        return None, Slot(keys[0], context, None)

    def keep(self, slot: Slot, plain: bytes, ttl: int) -> Slot:
        """Write if nobody else wrote since the slot was fetched, or ConflictError."""
        blob = self.keyring.seal(plain, slot.context)
        version = new_version()
        if slot.version is None:
            written = self.store.create(slot.key, blob, version, ttl)
        else:
            written = self.store.replace(slot.key, blob, version, slot.version, ttl)
        if not written and not self._is_there(slot.key, version):
            raise ConflictError("Another request wrote this value first.")
        return Slot(slot.key, slot.context, version)

    def _is_there(self, key: str, version: bytes) -> bool:
        """Was it written after all, and only the reply lost?"""
        found = self.store.load(key)
        return found is not None and hmac.compare_digest(found[1], version)


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


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest[:24]).decode()


def cannot_join(store: DraftStore) -> str:
    """What to say of a store that is asked for ``one_transaction``."""
    return (
        "A wizard has one_transaction = True, but its drafts are kept by "
        f"{type(store).__name__}, which cannot join a transaction. Keep them in the "
        "application's own database: FlaskWizard(store=db)."
    )
