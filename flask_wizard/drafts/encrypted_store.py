"""EncryptedStore: encrypted values in an engine, under keys that reveal nothing.

DraftRepository: the drafts among them.
"""

from __future__ import annotations

import hmac
import logging
import time
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import msgspec

from ..core.draft import Draft, decode
from ..core.former_names import StoredNames
from ..errors import (
    ConfigurationError,
    ConflictError,
    StoreError,
    UnreadableDraftError,
)
from ..stores import DraftStore, ErasingStore, JoiningStore, new_version
from ..tracebacks import without_locals
from .compression import Body, compress, decompress
from .keyring import Keyring, Kind

if TYPE_CHECKING:
    from .uploads import Uploads

KINDS: dict[str, tuple[Kind, ...]] = {
    "draft": (Kind.DRAFT, Kind.TOMBSTONE),
    "list": (Kind.LIST,),
}

PLAIN, DEFLATE = b"\x00", b"\x01"

logger: logging.Logger = logging.getLogger(__name__)


class StoredVersion(msgspec.Struct, frozen=True):
    """A key in the store, and the version found there."""

    key: str
    #: ``None`` if the store has no value under the key.
    version: bytes | None
    #: What the next value may have in common with the one there, if that is long.
    body: Body | None = None

    def __repr__(self) -> str:  # a log must never show an answer
        return f"StoredVersion({self.key!r}, {self.version!r})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Rich would show every field
        return [("key", self.key), ("version", self.version)]


class EncryptedStore:
    """Encrypted values in one engine, under keyed hashes of their names.

    A value can be decrypted only under the key that it was saved under. The store
    compresses values of more than ``compress_above`` bytes. ``namespace`` is part of
    the keys: stores with different ones share no value.
    """

    def __init__(
        self,
        engine: DraftStore,
        keyring: Keyring,
        *,
        compress_above: int,
        namespace: str = "",
    ) -> None:
        self.engine = engine
        self.keyring = keyring
        self._compress_above = compress_above
        self._namespace = (namespace,) if namespace else ()

    def using(self, engine: DraftStore) -> EncryptedStore:
        """Return a store with the same keys in another engine."""
        return EncryptedStore(
            engine,
            self.keyring,
            compress_above=self._compress_above,
            namespace="".join(self._namespace),
        )

    def load(
        self, purpose: Literal["draft", "list"], name: str
    ) -> tuple[bytes | memoryview | None, StoredVersion]:
        """Return the value, or None, and the version to save the next value at.

        Raise StoreError, or UnreadableDraftError for damaged bytes.
        """
        digests = self.keyring.digests(f"key {purpose}", name, *self._namespace)
        keys = [urlsafe_b64encode(digest[:24]).decode() for digest in digests]
        for key in keys:  # the value may have been saved under an older SECRET_KEY
            if found := self.engine.load(key):
                blob, version = found
                packed = self.keyring.decrypt(blob, key.encode(), KINDS[purpose])
                if packed.startswith(PLAIN):
                    return memoryview(packed)[1:], StoredVersion(key, version)
                plain, body = _decompress(packed)
                return plain, StoredVersion(key, version, body)
        return None, StoredVersion(keys[0], None)

    def keys(self, purpose: Literal["draft", "list"], name: str) -> list[str]:
        """Return the keys that a value may be saved under, by the newest secret first.

        ``load`` does the same by one call less.
        """
        digests = self.keyring.digests(f"key {purpose}", name, *self._namespace)
        return [urlsafe_b64encode(digest[:24]).decode() for digest in digests]

    def load_draft_at(self, key: str) -> bytes | memoryview | None:
        """Return the draft under a key, for which nobody needs to know its id.

        Return None if there is none. Raise StoreError, or UnreadableDraftError.
        """
        found = self.engine.load(key)
        return None if found is None else self.open_draft(key, found[0])

    def open_draft(self, key: str, blob: bytes) -> bytes | memoryview:
        """Return the draft that was loaded from a key. Raise UnreadableDraftError."""
        packed = self.keyring.decrypt(blob, key.encode(), KINDS["draft"])
        return packed[1:] if packed.startswith(PLAIN) else _decompress(packed)[0]

    def save(
        self, at: StoredVersion, plain: bytes, *, kind: Kind, ttl: int
    ) -> StoredVersion:
        """Save a value. ``ttl`` is in seconds.

        Raise ConflictError if another request has written since ``at`` was read.
        """
        packed, body = b"", None
        if len(plain) > self._compress_above:
            packed, body = compress(plain, at.body, DEFLATE)
        if not packed or len(packed) > len(plain):
            packed = PLAIN + plain
        blob = self.keyring.encrypt(packed, at.key.encode(), kind)
        version = new_version()
        if at.version is None:
            written = self.engine.create(at.key, blob, version, ttl)
        else:
            written = self.engine.replace(at.key, blob, version, at.version, ttl)
        if not written and not self._is_there(at.key, version):
            raise ConflictError("Another request wrote this value first.")
        return StoredVersion(at.key, version, body)

    def erase_remains(self) -> None:
        """Let the engine remove what it still has of replaced values.

        Their replacements are stored already, so a StoreError is only logged.
        """
        if not isinstance(self.engine, ErasingStore):
            return
        try:
            self.engine.erase_remains()
        except StoreError as error:
            logger.error(
                "The store may still have the answers of an ended draft.",
                exc_info=without_locals(error),
            )

    def _is_there(self, key: str, version: bytes) -> bool:
        """True if the write succeeded and only its reply was lost."""
        found = self.engine.load(key)
        return found is not None and hmac.compare_digest(found[1], version)


class Guest(NamedTuple):
    """What a guest may fill in of somebody else's draft, and see of it, by step."""

    steps: frozenset[str]
    sees: frozenset[str]


class StoredDraft(msgspec.Struct, frozen=True):
    """A draft, and where it is stored."""

    draft: Draft
    #: The version that was loaded or saved.
    version: StoredVersion
    #: True if the store has nothing under the draft's key.
    is_new: bool
    #: The former names that it is stored by.
    names: StoredNames = {}
    #: What this visitor may do with it who is a guest; ``None`` for a holder.
    guest: Guest | None = None

    def __repr__(self) -> str:
        return f"<StoredDraft {self.draft!r} at {self.version!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Rich would show every field
        return [("draft", self.draft), ("version", self.version)]


class DraftRepository:
    """Loads drafts from an encrypted store, in which ``store`` saves them."""

    def __init__(
        self, store: EncryptedStore, *, limit: int, uploads: Uploads | None = None
    ) -> None:
        self.store = store
        #: The files of the drafts; None where a transaction may still be rolled back.
        self.uploads = uploads
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
        if len(draft.packed_holders) > 1:
            draft = draft.without_expired_guests(time.time())
        return draft, version

    def open(self, key: str, blob: bytes) -> Draft:
        """Return the draft that was loaded from a key. Raise UnreadableDraftError."""
        return decode(self.store.open_draft(key, blob))

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
        self.store.erase_remains()

    def give_way(self) -> None:
        """Let nothing of the application's keep the store from writing."""
        if isinstance(self.store.engine, JoiningStore):
            self.store.engine.give_way()


def cannot_join(store: DraftStore) -> str:
    """Return the message for a store that does not support ``one_transaction``."""
    return (
        "A wizard has one_transaction = True, but its drafts are stored by "
        f"{type(store).__name__}, which cannot join a transaction. Store them in the "
        "application's own database: FlaskWizard(store=db)."
    )


def _decompress(packed: bytes) -> tuple[bytes, Body | None]:
    """Return the content of any codec but ``PLAIN``, and its compressed body.

    Raise UnreadableDraftError.
    """
    if not packed.startswith(DEFLATE):
        codec = packed[:1]
        raise UnreadableDraftError(f"A stored value has the unknown codec {codec!r}.")
    return decompress(memoryview(packed)[1:])
