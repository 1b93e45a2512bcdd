"""Logins: who is signed in, and what becomes of drafts when that changes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from flask import Flask, request
from werkzeug.exceptions import HTTPException

from ..cached import cached_property
from ..core.hooks import OWN_ERRORS, hook_error
from ..drafts.adoption import adopt
from ..drafts.holders import Holder
from ..errors import ConfigurationError, StoreError
from ..tracebacks import without_locals
from .compat import peek_session
from .state import VISITOR, Context, Visitor, get_context
from .urls import add_query

if TYPE_CHECKING:
    from blinker import Signal

FindUser = Callable[[], object]
"""Returns the id of the user who is signed in, or ``None`` for nobody."""

CHANGED = "flask_wizard.login_changed"
"""The key of a request's environment under which it stands that the user changed."""

LOGIN_KEYS = "user_id", "_user_id", "identity"
"""The keys by which most applications' sessions say that somebody is signed in."""


class SignedOut(Exception):
    """The holder function has refused the request: a login has run out."""

    def __init__(self, refusal: HTTPException) -> None:
        super().__init__(refusal)
        #: What the function has raised.
        self.refusal = refusal


class Logins:
    """Finds out who is signed in, in the requests of one application.

    ``find_user`` is the application's own function. Without one, the user of
    Flask-Login is the holder, if the application uses Flask-Login.
    """

    def __init__(self, app: Flask, find_user: FindUser | None) -> None:
        self._app = app
        self._given = find_user
        self._has_warned = False
        app.after_request(self._finish)
        for signal in _login_signals():
            signal.connect(self._note_change, app)

    @cached_property  # at the first request, when the application has all extensions
    def find_user(self) -> Callable[[], str | None] | None:
        """The function that a Holder asks; ``None`` if no holder is known."""
        if self._given is None and not _uses_flask_login(self._app):
            return None
        return self._ask

    def _ask(self) -> str | None:
        """Return the id of the user who is signed in.

        Raise SignedOut if the function refuses a request without a login, and
        ConfigurationError if it returns anything but an id.
        """
        try:
            found = (self._given or _flask_login_user)()
        except HTTPException as refusal:
            if refusal.code in (401, 403) or refusal.response is not None:
                raise SignedOut(refusal) from refusal
            raise
        except OWN_ERRORS as error:
            raise hook_error(error) from error
        return None if found is None else id_of(found)

    def signed_in(self) -> str | None:
        """Return the id of the user; None for nobody, and where a login has run out."""
        try:
            return self.find_user() if self.find_user is not None else None
        except SignedOut:
            return None

    def identify(self, context: Context) -> Holder:
        """Return the visitor, who has then adopted what this session has begun.

        Raise StoreError, and what the holder function raises.
        """
        holder = context.holder
        holder.identify()
        if holder.waiting:
            adopt(holder, context.repository)
        return holder

    def adopt(self) -> None:
        """Compare the user with the session's, and have a new one adopt its drafts.

        This logs every failure: the application has signed somebody in or out, and must
        be able to say so. A later request for a wizard tries again.
        """
        try:
            self.identify(get_context())
        except SignedOut:
            pass
        except StoreError as error:
            self._app.logger.error(
                "flask_wizard: the drafts from before a login are not adopted yet.",
                exc_info=without_locals(error),
            )
        except Exception as error:
            self._app.logger.error(
                "flask_wizard: the holder function failed.",
                exc_info=without_locals(error),
            )

    def login_url(self, next_url: str) -> str | None:
        """Return the URL of the login page, which leads back to ``next_url``."""
        given = self._app.config["WIZARD_LOGIN_URL"]
        if callable(given):
            return str(given(next_url))
        if given is not None:
            return add_query(given, urlencode({"next": next_url}))
        view = getattr(getattr(self._app, "login_manager", None), "login_view", None)
        return _flask_login_url(view, next_url) if view else None

    def _note_change(self, sender: object, **more: object) -> None:
        request.environ[CHANGED] = True

    def _finish(self, response: Any) -> Any:
        """Compare the user with the session's if a request has changed the session."""
        environ = request.environ
        visitor: Visitor | None = environ.get(VISITOR)
        session = visitor.session if visitor is not None else peek_session()
        if self.find_user is None:
            if visitor is not None and any(key in session for key in LOGIN_KEYS):
                self._warn(next(key for key in LOGIN_KEYS if key in session))
            return response
        changed = session.modified or CHANGED in environ
        if changed and get_context().holder.has_token:
            self.adopt()
        return response

    def _warn(self, key: str) -> None:
        """Log once that the application signs users in, and no holder is known."""
        if self._has_warned:
            return
        self._has_warned = True
        self._app.logger.warning(
            "flask_wizard: the session has %r, so the application seems to sign users "
            "in, and no holder is known. Drafts belong to the browser then: after a "
            "logout the next person at it can read and send what the user before has "
            "typed. Pass a function that returns the id of the signed-in user, such as "
            "FlaskWizard(holder=lambda: session.get(%r)), or one that returns None if "
            "drafts shall belong to the browser.",
            key,
            key,
        )


def id_of(found: object) -> str:
    """Return an id as a string. Raise ConfigurationError for anything else."""
    is_user = hasattr(found, "is_authenticated") or hasattr(found, "get_id")
    if is_user or isinstance(found, bool) or str(found) == object.__repr__(found):
        raise ConfigurationError(
            f"The holder function returned a {type(found).__name__}. Expected the id "
            "of the signed-in user, the same in every request, or None for nobody: "
            "FlaskWizard(holder=lambda: current_user.id if current_user."
            "is_authenticated else None)."
        )
    return str(found)


# Flask-Login


def _login_signals() -> tuple[Signal, ...]:
    """Return the signals by which Flask-Login signs users in and out."""
    try:
        from flask_login import user_logged_in, user_logged_out
    except ImportError:
        return ()
    return user_logged_in, user_logged_out


def _uses_flask_login(app: Flask) -> bool:
    return getattr(app, "login_manager", None) is not None


def _flask_login_user() -> object:
    """Return the ``id`` of the current user, or else ``get_id()``; None for nobody.

    ``get_id()`` comes second because extensions change it to end all of a user's
    sessions.
    """
    from flask_login import current_user

    if not current_user.is_authenticated:
        return None
    own = getattr(current_user, "id", None)
    return own if own is not None else current_user.get_id()


def _flask_login_url(view: str, next_url: str) -> str:
    from flask_login import login_url

    return str(login_url(view, next_url))
