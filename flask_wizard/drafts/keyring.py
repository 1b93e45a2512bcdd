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

FORMAT = b"\x02"
KEY_ID_SIZE = 4
KIND_SIZE = 1
NONCE_SIZE = 12
TAG_SIZE = 16
HEADER_SIZE = len(FORMAT) + KEY_ID_SIZE + KIND_SIZE
OVERHEAD = HEADER_SIZE + NONCE_SIZE + TAG_SIZE


class Kind(IntEnum):
    """What an encrypted value is: one byte of its header, which is authenticated."""

    #: The names of a page's fields, which the page carries.
    FIELDS = 0
    DRAFT = 1
    #: A draft that was committed or discarded.
    TOMBSTONE = 2
    #: A holder's list of drafts.
    LIST = 3


class Keyring:
    """Encrypts with the newest secret, and decrypts what any of them has encrypted.

    ``secrets`` come newest first. Nothing of them shows in the repr.
    """

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        self._keys = [_Key(secret) for secret in _checked(secrets)]
        self._newest = self._keys[0]
        # Reversed: should two ids ever be the same, the newest key has it.
        self._by_id = {key.id: key for key in reversed(self._keys)}

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._keys)}>"

    def encrypt(self, plain: bytes, context: bytes, kind: Kind) -> bytes:
        """Encrypt ``plain`` so that it opens only under the same ``context``."""
        header = FORMAT + self._newest.id + kind.to_bytes(KIND_SIZE, "big")
        nonce = os.urandom(NONCE_SIZE)
        cipher = self._newest.cipher(context)
        return header + nonce + cipher.encrypt(nonce, plain, header + context)

    def decrypt(
        self, encrypted: bytes, context: bytes, kinds: Collection[Kind]
    ) -> bytes:
        """Return what was encrypted under ``context`` as one of these kinds.

        Raises UnreadableDraftError for anything else.
        """
        if len(encrypted) < OVERHEAD:
            raise UnreadableDraftError(
                f"A stored value is cut short: it has {len(encrypted)} bytes. "
                f"Expected {OVERHEAD} or more."
            )
        header, body = encrypted[:HEADER_SIZE], encrypted[HEADER_SIZE:]
        cipher = self._key_of(header).cipher(context)
        if header[-1] not in kinds:
            raise UnreadableDraftError(
                f"A stored value is of kind {header[-1]}. "
                f"Expected {' or '.join(str(int(kind)) for kind in kinds)}."
            )
        nonce, body = body[:NONCE_SIZE], body[NONCE_SIZE:]
        try:
            return cipher.decrypt(nonce, body, header + context)
        except InvalidTag as error:
            raise UnreadableDraftError(
                "A stored value is damaged, or was encrypted for something else."
            ) from error

    def digest(self, purpose: str, *parts: str | bytes) -> bytes:
        """Hash ``parts`` for ``purpose`` with the newest key, into 32 bytes."""
        return self._newest.digest(_framed(purpose, *parts))

    def digests(self, purpose: str, *parts: str | bytes) -> tuple[bytes, ...]:
        """Hash as ``digest`` does, with every key, newest first."""
        message = _framed(purpose, *parts)
        return tuple(key.digest(message) for key in self._keys)

    def _key_of(self, header: bytes) -> _Key:
        found, expected = header[0], FORMAT[0]
        key_id = header[len(FORMAT) : -KIND_SIZE]
        if found > expected:
            # Any damage may have such a number, but hardly one of the keys behind it.
            newer = key_id in self._by_id
            raise (NewerFormatError if newer else UnreadableDraftError)(
                f"A stored value has format {found}, which a newer release has "
                f"written; this one reads format {expected}. The value stays as it "
                "is. Run the newer release."
            )
        if found < expected:
            raise UnreadableDraftError(
                f"A stored value has format {found}. Expected format {expected}."
            )
        try:
            return self._by_id[key_id]
        except KeyError as error:
            raise UnreadableDraftError(
                "A stored value was encrypted with a key that is not at hand. Keep "
                "the former secret in SECRET_KEY_FALLBACKS."
            ) from error


class _Key:
    """What one secret is turned into; the secret itself is not kept."""

    def __init__(self, secret: bytes) -> None:
        self.id = _derive(secret, "key id", KEY_ID_SIZE)
        self._encrypting = _hmac(_derive(secret, "encrypting", 32))
        self._hashing = _hmac(_derive(secret, "hashing", 32))
        self._last: tuple[bytes, AESGCM] | None = None

    def cipher(self, context: bytes) -> AESGCM:
        # A key for each context: random nonces under one key for all would run into
        # the limit of 2**32 messages (NIST SP 800-38D, 8.3).
        last = self._last
        if last is None or last[0] != context:  # most are decrypted, then encrypted
            key = _digest(self._encrypting, context)
            last = self._last = context, AESGCM(key)
        return last[1]

    def digest(self, message: bytes) -> bytes:
        return _digest(self._hashing, message)


def _hmac(key: bytes) -> hmac.HMAC:
    return hmac.new(key, digestmod="sha256")


def _digest(keyed: hmac.HMAC, message: bytes) -> bytes:
    copy = keyed.copy()  # with the key worked in already
    copy.update(message)
    return copy.digest()


def _checked(secrets: Sequence[str | bytes]) -> list[bytes]:
    """Return the distinct secrets as bytes, in order; refuse anything else."""
    if isinstance(secrets, str | bytes):
        raise ConfigurationError(
            "A keyring takes a list of secrets, newest first; it got a single one."
        )
    if not secrets:
        raise ConfigurationError("A keyring needs at least one secret; it got none.")
    for position, secret in enumerate(secrets):
        if not isinstance(secret, str | bytes) or not secret:
            raise ConfigurationError(
                f"Secret {position} of a keyring is empty or no str or bytes; "
                f"it is of type {type(secret).__name__}."
            )
    return list(dict.fromkeys(_encoded(secret) for secret in secrets))


def _derive(secret: bytes, purpose: str, size: int) -> bytes:
    info = f"flask_wizard {purpose} 1".encode()
    return HKDF(algorithm=SHA256(), length=size, salt=None, info=info).derive(secret)


def _encoded(text: str | bytes) -> bytes:
    # surrogatepass: neither a stray surrogate from a browser nor an undecodable
    # byte in an environment variable may end in a UnicodeEncodeError.
    return text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text


def _framed(*parts: str | bytes) -> bytes:
    """Join with the length before each part, so that no two lists look the same."""
    encoded = [_encoded(part) for part in parts]
    return b"".join(len(part).to_bytes(8, "big") + part for part in encoded)
