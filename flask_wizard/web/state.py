"""WizardState and Context: the objects of an application, and of one request."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from flask import Flask, Request, current_app, request, session
from flask.sessions import SessionMixin
from jinja2 import Environment

from ..drafts.encrypted_store import DraftRepository, EncryptedStore, cannot_join
from ..drafts.keyring import Keyring
from ..errors import ConfigurationError
from ..stores import DraftStore, JoiningStore

EXTENSION = "flask_wizard"

CSRF_FIELD = "WTF_CSRF_FIELD_NAME", "csrf_token"
"""The key that names the field of the CSRF token, and its default in Flask-WTF."""

KEYS = "WIZARD_SECRET_KEYS", "SECRET_KEY_FALLBACKS"


class WizardState:
    """The store, the keys and the found templates of one application."""

    def __init__(self, app: Flask, store: DraftStore) -> None:
        self.config = app.config
        self.store = store
        #: The wizards whose templates were found.
        self.checked: set[type] = set()
        self._opened: tuple[object, DraftRepository] | None = None
        self._templates: dict[tuple[str, ...], str] = {}

    def repository(self, app: Flask) -> DraftRepository:
        """Return the drafts, encrypted with the keys in the current configuration."""
        given = app.secret_key, *(tuple(self.config.get(k) or ()) for k in KEYS)
        if self._opened is None or self._opened[0] != given:
            store = EncryptedStore(
                self.store,
                Keyring(secrets_of(app)),
                compress_above=self.config["WIZARD_COMPRESS_ABOVE"],
            )
            limit = self.config["WIZARD_MAX_DRAFT"]
            self._opened = given, DraftRepository(store, limit=limit)
        return self._opened[1]

    def require_joining(self) -> None:
        """Raise ConfigurationError if the store cannot join a transaction."""
        if not isinstance(self.store, JoiningStore):
            raise ConfigurationError(cannot_join(self.store))

    def template(self, names: Sequence[str], environment: Environment) -> str:
        """Return the first of these templates that exists.

        The answer is cached unless Jinja reloads templates. Jinja caches only those
        that it finds, and would look for the missing files at each request.
        """
        key = tuple(names)
        if environment.auto_reload or key not in self._templates:
            self._templates[key] = str(environment.select_template(key).name)
        return self._templates[key]


def secrets_of(app: Flask) -> list[str | bytes]:
    """Return the secrets that encrypt drafts, newest first.

    Raise ConfigurationError if there is none.
    """
    if not app.secret_key:
        raise ConfigurationError(
            "The application has no SECRET_KEY, which encrypts the drafts and signs "
            "the session. Set app.config['SECRET_KEY'] to a long random value before "
            "init_app."
        )
    own, fallbacks = (_listed(app, key) for key in KEYS)
    return own or [app.secret_key, *fallbacks]


def _listed(app: Flask, key: str) -> list[str | bytes]:
    found = app.config.get(key) or []
    if isinstance(found, str | bytes):
        raise ConfigurationError(
            f"{key} is a single string. Give a list, newest first."
        )
    return list(found)


class Context(NamedTuple):
    """The objects that serve one request, without Flask's proxies.

    A proxy looks its object up at each use, which takes time.
    """

    app: Flask
    request: Request
    session: SessionMixin
    state: WizardState
    #: The drafts, under the keys that the configuration has at this moment.
    repository: DraftRepository
    #: The name of the field that carries the CSRF token.
    csrf_field: str


def get_context() -> Context:
    """Return the objects that serve this request.

    Raise ConfigurationError if the application has no FlaskWizard.
    """
    proxies: tuple[Any, ...] = (current_app, request, session)
    app, served, visitor = (proxy._get_current_object() for proxy in proxies)
    state: WizardState | None = app.extensions.get(EXTENSION)
    if state is None:
        raise ConfigurationError(
            "A wizard is mounted, but the application has no FlaskWizard. "
            "Call FlaskWizard(app), or wizards.init_app(app) in the factory."
        )
    repository, field = state.repository(app), app.config.get(*CSRF_FIELD)
    return Context(app, served, visitor, state, repository, field)
