"""Keyring: encrypts values under the application's secrets, and hashes names."""

from __future__ import annotations

import hmac
import os
from collections.abc import Collection, Sequence
from enum import IntEnum

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ..errors import ConfigurationError, NewerFormatError, UnreadableDraftError


def mark_of(format: int) -> bytes:
    """Return the first bytes of a value of a format: its number, and that inverted.

    With both, a flipped bit is recognised as damage, and not as a newer format.
    """
    return bytes((format, 0xFF - format))


FORMAT_NUMBER = 2
FORMAT = mark_of(FORMAT_NUMBER)
KEY_ID_SIZE = 4
KIND_SIZE = 1
NONCE_SIZE = 12
TAG_SIZE = 16
HEADER_SIZE = len(FORMAT) + KEY_ID_SIZE + KIND_SIZE
OVERHEAD = HEADER_SIZE + NONCE_SIZE + TAG_SIZE

SHA = "sha256"
# A stray surrogate from a browser, or an undecodable byte in an environment variable,
# must not raise UnicodeEncodeError.
ERRORS = "surrogatepass"


class Kind(IntEnum):
    """The kind of an encrypted value: one authenticated byte of its header."""

    #: The names of a page's fields, which the page carries.
    FIELDS = 0
    DRAFT = 1
    #: A draft that was committed or discarded.
    TOMBSTONE = 2
    #: A holder's list of drafts.
    LIST = 3
    #: A chunk of an upload.
    FILE = 4
    #: What the URL of a link carries.
    LINK = 5


class Keyring:
    """Encrypts with the newest secret, and decrypts with all of them.

    ``secrets`` are newest first. The repr shows nothing of them.
    """

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        self._keys = [_Key(secret) for secret in _check_secrets(secrets)]
        self._newest = self._keys[0]
        # Reversed, so that the newest key wins if two ids are the same.
        self._by_id = {key.id: key for key in reversed(self._keys)}

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._keys)}>"

    def encrypt(
        self, plain: bytes, context: bytes, kind: Kind, part: bytes = b""
    ) -> bytes:
        """Return ``plain`` encrypted; only the same ``context`` decrypts it.

        Values of one context have one key. ``part`` tells them apart: it has the same
        length in all of them.
        """
        header = FORMAT + self._newest.id + bytes((kind,))
        nonce = os.urandom(NONCE_SIZE)
        cipher = self._newest.cipher(context)
        return header + nonce + cipher.encrypt(nonce, plain, header + context + part)

    def decrypt(
        self,
        encrypted: bytes,
        context: bytes,
        kinds: Collection[Kind],
        part: bytes = b"",
    ) -> bytes:
        """Return the plain bytes of a value of this context and of one of these kinds.

        Raise UnreadableDraftError for any other value.
        """
        if len(encrypted) < OVERHEAD:
            raise UnreadableDraftError(
                f"A stored value is cut short: it has {len(encrypted)} bytes. "
                f"Expected {OVERHEAD} or more."
            )
        header, body = encrypted[:HEADER_SIZE], memoryview(encrypted)[HEADER_SIZE:]
        key = self._by_id.get(header[len(FORMAT) : -KIND_SIZE])
        if key is None or not header.startswith(FORMAT):
            raise _unreadable_error(header)
        cipher = key.cipher(context)
        if header[-1] not in kinds:
            raise UnreadableDraftError(
                f"A stored value is of kind {header[-1]}. "
                f"Expected {' or '.join(str(int(kind)) for kind in kinds)}."
            )
        nonce, body = body[:NONCE_SIZE], body[NONCE_SIZE:]
        try:
            return cipher.decrypt(nonce, body, header + context + part)
        except InvalidTag as error:
            raise UnreadableDraftError(
                "A stored value is damaged, or was encrypted for something else."
            ) from error

    def kind_of(self, encrypted: bytes) -> Kind | None:
        """Return the kind that a value says it has; None if it says none.

        Nobody has authenticated it yet.
        """
        header = encrypted[:HEADER_SIZE]
        known = [kind for kind in Kind if header.endswith(bytes((kind,)))]
        is_whole = len(header) == HEADER_SIZE and header.startswith(FORMAT)
        return known[0] if is_whole and known else None

    def digest(self, purpose: str, *parts: str | bytes) -> bytes:
        """Return 32 bytes: the hash of ``parts`` for ``purpose``, by the newest key."""
        return self.digests(purpose, *parts)[0]

    def digests(self, purpose: str, *parts: str | bytes) -> tuple[bytes, ...]:
        """Return the hashes of ``digest`` with every key, newest first."""
        message = b""
        for part in (purpose, *parts):
            encoded = part.encode("utf-8", ERRORS) if isinstance(part, str) else part
            # With the length before each, no two lists of parts have one message.
            message += len(encoded).to_bytes(8, "big") + encoded
        found = []
        for key in self._keys:
            hashing = key.hashing.copy()  # it has hashed the key already
            hashing.update(message)
            found.append(hashing.digest())
        return tuple(found)


def _unreadable_error(header: bytes) -> UnreadableDraftError:
    """Return the exception for a value of another format, or with an unknown key."""
    found, expected = header[0], FORMAT_NUMBER
    if not header.startswith(mark_of(found)):
        return UnreadableDraftError("A stored value is damaged where it begins.")
    if found > expected:
        return NewerFormatError(
            f"A stored value has format {found}, which a newer release has "
            f"written; this one reads format {expected}. The value stays as it "
            "is. Run the newer release."
        )
    if found < expected:
        return UnreadableDraftError(
            f"A stored value has format {found}. Expected format {expected}."
        )
    return UnreadableDraftError(
        "A stored value was encrypted with a secret that is not configured. Put "
        "the former secret into SECRET_KEY_FALLBACKS."
    )


class _Key:
    """The keys derived from one secret. The secret itself is not stored."""

    def __init__(self, secret: bytes) -> None:
        self.id = _derive(secret, "key id", KEY_ID_SIZE)
        self._encrypting = hmac.new(_derive(secret, "encrypting", 32), None, SHA)
        self.hashing = hmac.new(_derive(secret, "hashing", 32), None, SHA)
        self._last: tuple[bytes, AESGCM] | None = None

    def cipher(self, context: bytes) -> AESGCM:
        """Return the cipher of a context."""
        # A key for each context: random nonces under one key for all would run into
        # the limit of 2**32 messages (NIST SP 800-38D, 8.3).
        last = self._last
        # Most values are decrypted and then encrypted, so the last cipher is cached.
        if last is None or last[0] != context:
            encrypting = self._encrypting.copy()
            encrypting.update(context)
            last = self._last = context, AESGCM(encrypting.digest())
        return last[1]


def _check_secrets(secrets: Sequence[str | bytes]) -> list[bytes]:
    """Return the distinct secrets as bytes, in order. Raise ConfigurationError."""
    if isinstance(secrets, str | bytes):
        raise ConfigurationError(
            "A keyring needs a list of secrets, newest first; it got a single one."
        )
    if not secrets:
        raise ConfigurationError("A keyring needs at least one secret; it got none.")
    for position, secret in enumerate(secrets):
        if not isinstance(secret, str | bytes) or not secret:
            raise ConfigurationError(
                f"Secret {position} of a keyring is empty, or neither str nor bytes; "
                f"it is of type {type(secret).__name__}."
            )
    encoded = (s.encode("utf-8", ERRORS) if isinstance(s, str) else s for s in secrets)
    return list(dict.fromkeys(encoded))


def _derive(secret: bytes, purpose: str, size: int) -> bytes:
    info = f"flask_wizard {purpose} 1".encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret)
