"""A store whose values are encrypted, under keys that reveal nothing."""

from __future__ import annotations

import hmac
from base64 import urlsafe_b64encode
from dataclasses import dataclass, field

from ..errors import ConflictError
from ..stores import DraftStore, new_version
from .keyring import Keyring


@dataclass(frozen=True)
class StoredVersion:
    """A place in the store: its key, and the version found there if any."""

    key: str
    context: bytes = field(repr=False)  # of a list, it has the holder's token
    version: bytes | None


class EncryptedStore:
    """Encrypted values in one engine, under keys that reveal nothing.

    ``kind`` and ``name`` say what a value is; both go into its key and are bound into
    the encryption.
    """

    def __init__(self, engine: DraftStore, keyring: Keyring) -> None:
        self.engine = engine
        self.keyring = keyring

    def load(self, kind: str, name: str) -> tuple[bytes | None, StoredVersion]:
        """Return the value, or None, and the version to save the next one at.

        Raises StoreError, or UnreadableDraftError for damaged bytes.
        """
        context = f"{kind}:{name}".encode()
        keys = [_text(d) for d in self.keyring.digests(f"key {kind}", name)]
        for key in keys:  # an older SECRET_KEY may have named it
            if found := self.engine.load(key):
                blob, version = found
                plain = self.keyring.decrypt(blob, context)
                return plain, StoredVersion(key, context, version)
        return None, StoredVersion(keys[0], context, None)

    def save(self, at: StoredVersion, plain: bytes, ttl: int) -> StoredVersion:
        """Write, or raise ConflictError if somebody has written since ``at`` was read.

        ``ttl`` is in seconds.
        """
        blob = self.keyring.encrypt(plain, at.context)
        version = new_version()
        if at.version is None:
            written = self.engine.create(at.key, blob, version, ttl)
        else:
            written = self.engine.replace(at.key, blob, version, at.version, ttl)
        if not written and not self._is_there(at.key, version):
            raise ConflictError("Another request wrote this value first.")
        return StoredVersion(at.key, at.context, version)

    def _is_there(self, key: str, version: bytes) -> bool:
        """Was it written after all, and only the reply lost?"""
        found = self.engine.load(key)
        return found is not None and hmac.compare_digest(found[1], version)


def _text(digest: bytes) -> str:
    return urlsafe_b64encode(digest[:24]).decode()
