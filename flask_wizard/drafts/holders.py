"""Holder: the visitor of a request, who is a signed-in user or a session's token."""

from __future__ import annotations

import hmac
import json
import re
import secrets
from base64 import urlsafe_b64encode
from collections.abc import Callable, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

from .keyring import Keyring

TOKEN_KEY = "_wizard_holder"
"""The session's token."""

USER_KEY = "_wizard_user"
"""A keyed hash of the user who was signed in when the token was made."""

BEGUN_KEY = "_wizard_begun"
"""The token that the session had before this user signed in."""

WAITING_KEY = "_wizard_waiting"
"""The tokens whose drafts the user has yet to adopt."""

LEFT_KEY = "_wizard_left"
"""True from when a user left until somebody signs in or the session begins a draft."""

ENDED_KEY = "_wizard_ended"
"""A value of the draft that the session has ended last.

It is a token that opens what is left of the draft if a hook may have signed its user
out: the next request tells, and drops it if the user is still there.
"""

is_id: Callable[[str], object] = re.compile(r"[A-Za-z0-9_-]{22}").fullmatch
"""Return a match if a string is 128 bits in base64url, like ids and nonces."""

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def new_nonce() -> str:
    """Return 128 random bits in base64url."""
    return secrets.token_urlsafe(16)


def _is_token(value: object) -> bool:
    return isinstance(value, str) and _TOKEN.fullmatch(value) is not None


class Tokens(NamedTuple):
    """What a session has said about its visitor at some moment of the request."""

    token: str
    #: The hash of the user that the token was made for; ``None`` for nobody.
    user: str | None = None
    begun: str | None = None
    waiting: tuple[str, ...] = ()

    @classmethod
    def of(cls, session: Mapping[str, Any]) -> Tokens | None:
        """Return what the session says, or ``None`` if it has no token."""
        token, begun = session.get(TOKEN_KEY), session.get(BEGUN_KEY)
        if not _is_token(token):
            return None
        waiting = session.get(WAITING_KEY)
        listed = waiting if isinstance(waiting, list | tuple) else ()
        return cls(
            token=str(token),
            user=str(session[USER_KEY]) if USER_KEY in session else None,
            begun=begun if _is_token(begun) else None,
            waiting=tuple(each for each in listed if _is_token(each)),
        )


@dataclass(eq=False, repr=False)
class Holder:
    """The visitor of this request.

    It is a signed-in user, or else the session, which has a random token. The store has
    keyed hashes of either.
    """

    _session: MutableMapping[str, Any]
    _keyring: Keyring
    #: Returns the id of the signed-in user, or None.
    _find_user: Callable[[], str | None] | None = None
    #: What the session has said about its visitor earlier in the request.
    _known: Tokens | None = None

    #: The id of the signed-in user; None for nobody.
    user: str | None = field(default=None, init=False)
    kind: Literal["session", "user"] = field(default="session", init=False)
    #: The session's token; None if it has none, or another value in its place.
    token: str | None = field(default=None, init=False)
    #: The hashes that identify the visitor in the store, by each key, newest first.
    #: There are none for a session without a token.
    marks: tuple[bytes, ...] = field(default=(), init=False)
    #: The tokens whose drafts the user has yet to adopt.
    waiting: tuple[str, ...] = field(default=(), init=False)
    #: True if the visitor has become another in this request, or the session was
    #: cleared.
    has_changed: bool = field(default=False, init=False)
    #: The token of the ended draft, if this request has made one.
    _end_token: str | None = field(default=None, init=False)

    @property
    def has_token(self) -> bool:
        """True if the session has a token, or had one when the request began."""
        return self._known is not None or TOKEN_KEY in self._session

    def identify(self) -> None:
        """Find out who the visitor is; change the session if it is another than before.

        Raise what ``find_user`` raises, and then change nothing.
        """
        user = self._find_user() if self._find_user is not None else None
        session, before = self._session, self.token
        if self._known is None and self.user is None and self.token is not None:
            self._known = Tokens(self.token)  # the session may be cleared by now
        if user is not None or USER_KEY in session or self._known is not None:
            self._compare(user)
        found = session.get(TOKEN_KEY)
        is_token = isinstance(found, str) and _TOKEN.fullmatch(found)
        self.user, self.token = user, found if is_token else None
        self.has_changed |= before is not None and before != self.token
        self.kind = "session" if user is None else "user"
        if user is not None:
            self.marks = user_marks(self._keyring, user)
            self._drop_end()
        else:
            token = self.token
            self.marks = self._keyring.digests("holder", token) if token else ()

    def _compare(self, user: str | None) -> None:
        """Change the session if its token was made for another than ``user``.

        Nobody who becomes a user keeps what the session has begun. A user who leaves or
        becomes another keeps nothing.
        """
        session, found = self._session, Tokens.of(self._session)
        known = [each for each in (self._known, found) if each is not None]
        if user is None:
            if any(each.user is not None for each in known):
                session[LEFT_KEY] = True
            if USER_KEY in session:
                self._forget()
        else:
            session.pop(LEFT_KEY, None)
            own = [each for each in known if self._is_of(each.user, user)]
            free = {each.token: None for each in known if each.user is None}
            if found is not None and found in own and not free:
                self.waiting = found.waiting
            else:
                self._forget()
                if own or free:
                    self._renew(user, own, list(free))
        self._known = Tokens.of(session)

    def _renew(self, user: str, own: list[Tokens], free: list[str]) -> None:
        """Make a new token for a user, who keeps what their tokens and free ones have.

        The cookie from before the login has another token, which then opens nothing.
        """
        session = self._session
        waiting = [token for each in own for token in each.waiting] + free
        begun = [each.begun for each in own if each.begun] + free
        session[TOKEN_KEY] = secrets.token_urlsafe(32)
        session[USER_KEY] = self._user_hashes(user)[0]
        if begun:
            session[BEGUN_KEY] = begun[0]
        self._wait_for(list(dict.fromkeys(waiting)))

    def _wait_for(self, tokens: list[str]) -> None:
        self.waiting = tuple(tokens)
        if tokens:
            self._session[WAITING_KEY] = tokens
        else:
            self._session.pop(WAITING_KEY, None)

    def _forget(self) -> None:
        self.waiting = ()
        for key in (TOKEN_KEY, USER_KEY, BEGUN_KEY, WAITING_KEY):
            self._session.pop(key, None)

    def _user_hashes(self, user: str) -> list[str]:
        """Return what the session says of a user, by each key, newest first."""
        digests = self._keyring.digests("session user", user)
        return [urlsafe_b64encode(digest[:16]).decode() for digest in digests]

    def _is_of(self, known: str | None, user: str) -> bool:
        """True if a session that says ``known`` is of this user."""
        said = (known or "").encode("utf-8", "surrogatepass")
        hashes = self._user_hashes(user)
        return any(hmac.compare_digest(said, own.encode()) for own in hashes)

    @property
    def mark(self) -> bytes:
        """The newest of the marks. It makes a token if it has to."""
        self.ensure_token()
        return self.marks[0]

    def ensure_token(self) -> str:
        """Return the token; make one if the session has none."""
        found = self._session.get(TOKEN_KEY)
        if self.token is None or self.token != found:  # it may change in a request
            if not _is_token(found):
                if self.user is None and self.token is not None:
                    self._known = Tokens(self.token)
                found = self._session[TOKEN_KEY] = secrets.token_urlsafe(32)
                if self.user is not None:
                    self._session[USER_KEY] = self._user_hashes(self.user)[0]
            self.token = str(found)
            if self.user is None:
                self.marks = self.marks_of(self.token)
        return self.token

    def marks_of(self, token: str) -> tuple[bytes, ...]:
        """Return the marks of a session with this token."""
        return self._keyring.digests("holder", token)

    @property
    def former_marks(self) -> tuple[bytes, ...]:
        """The marks of the session before its user signed in; none without a user."""
        begun = self._session.get(BEGUN_KEY)
        if self.user is None or not _is_token(begun):
            return ()
        return self.marks_of(str(begun))

    @property
    def all_marks(self) -> tuple[bytes, ...]:
        """The visitor's marks, and those of the session before its user signed in."""
        return (*self.marks, *self.former_marks)

    @property
    def list_name(self) -> str:
        """The name of the visitor's list of drafts. It makes a token if it has to."""
        return self.ensure_token() if self.user is None else list_of(self.user)

    def draft_ids(self, nonce: str, mount: str) -> list[str]:
        """Return the ids of the draft that a nonce starts in a mount, by key.

        The first is by the newest key; the draft may have begun under a former one.
        They depend on a secret of the session, so that nobody can choose one for
        another. The secret is the session's first token, and survives that somebody
        signs in, so that a page from before meets the same draft.
        """
        token, begun = self.ensure_token(), self._session.get(BEGUN_KEY)
        secret = str(begun) if self.user is not None and _is_token(begun) else token
        digests = self._keyring.digests("draft id", nonce, secret, mount)
        return [urlsafe_b64encode(d[:16]).decode().rstrip("=") for d in digests]

    def adopted(self) -> None:
        """Note that the user has adopted all drafts that waited."""
        self._wait_for([])

    @property
    def has_left(self) -> bool:
        """True if a user has left this session, and it has begun nothing since."""
        return self.user is None and LEFT_KEY in self._session

    def leave(self) -> None:
        """Note that a user has left, whom this session does not remember."""
        self._session[LEFT_KEY] = True

    def begin(self) -> None:
        """Note that the session has begun a draft."""
        self._session.pop(LEFT_KEY, None)

    def mark_end(self) -> None:
        """Change the session's cookie, so that browsers drop pages cached for Back."""
        self._session[ENDED_KEY] = self._end_token or secrets.token_urlsafe(6)

    def make_end_marks(self) -> tuple[bytes, ...]:
        """Return the marks by which this session will open a draft that has ended."""
        self._end_token = self._end_token or secrets.token_urlsafe(32)
        return self.marks_of(self._end_token)

    @property
    def end_marks(self) -> tuple[bytes, ...]:
        """The marks by which this session opens a draft that has ended, if any."""
        found = self._session.get(ENDED_KEY)
        return self.marks_of(str(found)) if _is_token(found) else ()

    def _drop_end(self) -> None:
        """Drop the token of the ended draft, which its user opens without it."""
        found = self._session.get(ENDED_KEY)
        if _is_token(found) and found != self._end_token:
            del self._session[ENDED_KEY]


def user_marks(keyring: Keyring, user: str) -> tuple[bytes, ...]:
    """Return the marks of a user, by each key, newest first."""
    return keyring.digests("holder user", user)


def list_of(user: str) -> str:
    """Return the name of a user's list, which no token and no other user's list has."""
    return json.dumps(["user", user])
