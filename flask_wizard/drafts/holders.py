"""Holder: the visitor of a request, identified by a random token in the session."""

from __future__ import annotations

import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from .keyring import Keyring

TOKEN_KEY = "_wizard_holder"
ENDED_KEY = "_wizard_ended"

_ID = re.compile(r"[A-Za-z0-9_-]{22}")
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def is_id(text: str) -> bool:
    """True if the string is 128 bits in base64url, like ids of drafts and nonces."""
    return _ID.fullmatch(text) is not None


def new_nonce() -> str:
    """Return 128 random bits in base64url."""
    return secrets.token_urlsafe(16)


@dataclass(repr=False, eq=False)
class Holder:
    """The visitor of this request. The session has a token, the store its hash."""

    _session: MutableMapping[str, Any]
    _keyring: Keyring
    #: What stands in the session, and the hashes of that.
    _hashed: tuple[object, tuple[bytes, ...]] = (None, ())

    @property
    def token(self) -> str | None:
        """The token; None if the session has none, or another value in its place."""
        token = self._session.get(TOKEN_KEY)
        return token if isinstance(token, str) and _TOKEN.fullmatch(token) else None

    def ensure_token(self) -> str:
        """Return the token; make one if the session has none."""
        if (token := self.token) is None:
            token = self._session[TOKEN_KEY] = secrets.token_urlsafe(32)
        return token

    def token_hash(self) -> bytes:
        """Return the keyed hash of the token, which the store has instead of it."""
        self.ensure_token()
        return self.token_hashes()[0]

    def token_hashes(self) -> tuple[bytes, ...]:
        """Return the token's hashes with all keys, newest first; none without one."""
        found = self._session.get(TOKEN_KEY)
        if self._hashed[0] != found:  # it may change in a request
            token = self.token
            marks = () if token is None else self._keyring.digests("holder", token)
            self._hashed = found, marks
        return self._hashed[1]

    def draft_ids(self, nonce: str, mount: str) -> list[str]:
        """Return the ids of the draft that a nonce starts in a mount, by key.

        The first is by the newest key; the draft may have begun under a former one.
        They depend on the session's token, so that nobody can choose one for another.
        """
        token = self.ensure_token()
        digests = self._keyring.digests("draft id", nonce, token, mount)
        return [urlsafe_b64encode(d[:16]).decode().rstrip("=") for d in digests]

    def mark_end(self) -> None:
        """Change the session's cookie, so that browsers drop pages cached for Back."""
        self._session[ENDED_KEY] = secrets.token_urlsafe(6)
