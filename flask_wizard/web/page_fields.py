"""SignedFields: the names of a page's fields, encrypted into a hidden field of it."""

from __future__ import annotations

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass

import msgspec

from ..core.forms import FieldNames
from ..drafts.keyring import Keyring, Kind
from ..errors import UnreadableDraftError


@dataclass(frozen=True)
class SignedFields:
    """Encrypts and decrypts the names of the fields on one step's pages in a mount."""

    keyring: Keyring
    mount: str
    step: str

    @property
    def _context(self) -> bytes:
        return f"fields:{self.mount}:{self.step}".encode()

    def encrypt(self, names: FieldNames) -> str:
        """Return the names encrypted, in base64url."""
        plain = _encoder.encode(names)
        encrypted = self.keyring.encrypt(plain, self._context, Kind.FIELDS)
        return urlsafe_b64encode(encrypted).decode()

    def decrypt(self, text: str) -> FieldNames | None:
        """Return the names, or ``None`` if ``encrypt`` of this step did not make it."""
        try:
            encrypted = urlsafe_b64decode(text)
            plain = self.keyring.decrypt(encrypted, self._context, (Kind.FIELDS,))
        except (UnreadableDraftError, ValueError):
            return None
        return _decoder.decode(plain)


_encoder = msgspec.msgpack.Encoder()
_decoder = msgspec.msgpack.Decoder(FieldNames)
