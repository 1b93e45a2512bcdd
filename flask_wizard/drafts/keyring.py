"""Encryption at rest: values are sealed for a context, names hashed with a key."""

from __future__ import annotations

import hmac
import os
import zlib
from collections.abc import Sequence

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from flask_wizard.errors import ConfigurationError, UnreadableDraftError

FORMAT = b"\x01"
KEY_ID_SIZE = 4
NONCE_SIZE = 12
TAG_SIZE = 16
HEADER_SIZE = len(FORMAT) + KEY_ID_SIZE
OVERHEAD = HEADER_SIZE + NONCE_SIZE + TAG_SIZE

PLAIN, ZLIB = b"\x00", b"\x01"
COMPRESS_ABOVE = 1024  # bytes
# By default zlib would ask the system for 256 KB each time, which takes longer than to
# compress a draft; in a window of 8 KB its names repeat often enough.
LEVEL, WINDOW, MEMORY = 1, 13, 6


class Keyring:
    """Seal with the newest secret, read what any of them has sealed.

    ``secrets`` come newest first. Nothing of them shows in the repr.
    """

    def __init__(self, secrets: Sequence[str | bytes]) -> None:
        self._keys = [_Key(secret) for secret in _checked(secrets)]
        self._newest = self._keys[0]
        # Reversed: should two ids ever be the same, the newest key has it.
        self._by_id = {key.id: key for key in reversed(self._keys)}

    def __repr__(self) -> str:
        return f"<Keyring of {len(self._keys)}>"

    def encrypt(self, plain: bytes, context: bytes) -> bytes:
        """Encrypt ``plain`` so that it opens only under the same ``context``."""
        header = FORMAT + self._newest.id
        nonce = os.urandom(NONCE_SIZE)
        cipher = self._newest.cipher(context)
        return header + nonce + cipher.encrypt(nonce, _pack(plain), header + context)

    def decrypt(self, encrypted: bytes, context: bytes) -> bytes:
        """Return what was sealed; raise ``UnreadableDraftError`` if anything is off."""
        if len(encrypted) <= OVERHEAD:
            raise UnreadableDraftError(
                f"A sealed value is cut short: it has {len(encrypted)} bytes, "
                f"and would have more than {OVERHEAD}."
            )
        header, body = encrypted[:HEADER_SIZE], encrypted[HEADER_SIZE:]
        cipher = self._key_of(header).cipher(context)
        nonce, encrypted = body[:NONCE_SIZE], body[NONCE_SIZE:]
        try:
            return _unpack(cipher.decrypt(nonce, encrypted, header + context))
        except (InvalidTag, zlib.error) as error:
            raise UnreadableDraftError(
                "A sealed value is damaged, or was sealed for something else."
            ) from error

    def digest(self, purpose: str, *parts: str | bytes) -> bytes:
        """Hash ``parts`` for ``purpose`` with the newest key, into 32 bytes."""
        return self._newest.digest(_framed(purpose, *parts))

    def digests(self, purpose: str, *parts: str | bytes) -> tuple[bytes, ...]:
        """Hash as ``digest`` does, with every key, newest first."""
        message = _framed(purpose, *parts)
        return tuple(key.digest(message) for key in self._keys)

    def _key_of(self, header: bytes) -> _Key:
        if not header.startswith(FORMAT):
            raise UnreadableDraftError(
                f"A sealed value has the unknown format {header[0]}."
            )
        try:
            return self._by_id[header[len(FORMAT) :]]
        except KeyError as error:
            raise UnreadableDraftError(
                "A value was sealed with a key that is not at hand; "
                "keep the former secret among the fallbacks."
            ) from error


class _Key:
    """What one secret is turned into; the secret itself is not kept."""

    def __init__(self, secret: bytes) -> None:
        self.id = _derive(secret, "key id", KEY_ID_SIZE)
        self._encrypting = _derive(secret, "sealing", 32)
        self._hashing = hmac.new(_derive(secret, "hashing", 32), digestmod="sha256")
        self._last = b"", AESGCM(self._encrypting)

    def cipher(self, context: bytes) -> AESGCM:
        # A key for each context: random nonces under one key for all would run into
        # the limit of 2**32 messages (NIST SP 800-38D, 8.3).
        last = self._last
        if last[0] != context:  # most values are unsealed and then sealed again
            key = hmac.digest(self._encrypting, context, "sha256")
            last = self._last = context, AESGCM(key)
        return last[1]

    def digest(self, message: bytes) -> bytes:
        keyed = self._hashing.copy()
        keyed.update(message)
        return keyed.digest()


def _checked(secrets: Sequence[str | bytes]) -> list[bytes]:
    """Return the distinct secrets as bytes, in order; refuse what is no secret."""
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


def _pack(plain: bytes) -> bytes:
    if len(plain) > COMPRESS_ABOVE:
        compressor = zlib.compressobj(LEVEL, wbits=WINDOW, memLevel=MEMORY)
        compressed = compressor.compress(plain) + compressor.flush()
        if len(compressed) < len(plain):
            return ZLIB + compressed
    return PLAIN + plain


def _unpack(packed: bytes) -> bytes:
    codec, content = packed[:1], packed[1:]
    if codec == PLAIN:
        return content
    if codec == ZLIB:
        return zlib.decompress(content)
    raise UnreadableDraftError(f"A sealed value has the unknown codec {codec[0]}.")
