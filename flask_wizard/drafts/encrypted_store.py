"""A store whose values are encrypted, under keys that reveal nothing."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from ..errors import ConflictError
from ..stores import DraftStore, new_version
from .keyring import Keyring


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


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest[:24]).decode()
