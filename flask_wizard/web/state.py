"""WizardState and Context: the objects of an application, and of one request."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from weakref import ref

from flask import Config, Flask, Request, current_app, request, session
from flask.sessions import SessionMixin
from jinja2 import Environment

from ..core.texts import Texts
from ..drafts.encrypted_store import DraftRepository, EncryptedStore, cannot_join
from ..drafts.holders import TOKEN_KEY, Holder, Tokens
from ..drafts.keyring import Keyring
from ..drafts.upload_store import UploadStore
from ..drafts.uploads import Uploads
from ..errors import ConfigurationError
from ..stores import DraftStore, JoiningStore
from .languages import language_of
from .themes import Macros, blocks_of, macros_of
from .waiters import Waiters

if TYPE_CHECKING:
    from ..wizard import Wizard
    from .logins import Logins

EXTENSION = "flask_wizard"

CONTEXT = "flask_wizard.context"
"""The key under which a request's check leaves the Context to its answer."""

VISITOR = "flask_wizard.visitor"
"""The key of a request's environment under which its Visitor is."""

LANGUAGE = "flask_wizard.language"
"""The key of a request's environment under which the code of its language is."""

MOUNTS = "flask_wizard.mounts"
"""The key of ``app.extensions`` under which the mounts are, by blueprint."""

CSRF_FIELD = "WTF_CSRF_FIELD_NAME", "csrf_token"
"""The key that names the field of the CSRF token, and its default in Flask-WTF."""

MAX_HINTS = 20  # in the log of one process: anybody may send a new Host

KEYS = "WIZARD_SECRET_KEYS", "SECRET_KEY_FALLBACKS"


class WizardState:
    """The store, the logins, the keys and the found templates of one application."""

    def __init__(
        self, app: Flask, store: DraftStore, uploads: UploadStore, logins: Logins
    ) -> None:
        self.config: Config = app.config
        self.store = store
        #: Where the files of drafts are.
        self.uploads = uploads
        self.logins = logins
        #: The wizards whose templates were found.
        self.checked: set[type] = set()
        self._opened: tuple[object, DraftRepository] | None = None
        self._templates: dict[tuple[str, ...], str] = {}
        self._macros: dict[tuple[str, ...], Macros] = {}
        self._blocks: dict[str, frozenset[str] | None] = {}
        #: The endpoints of views that call ``Wizard.open``, each with a wizard that
        #: takes files, if it has opened one.
        self.headless: dict[str | None, Wizard | None] = {}
        self.waiters: Waiters = Waiters()
        self._logged: set[str] = set()

    def repository(self, app: Flask) -> DraftRepository:
        """Return the drafts, by the keys and the namespace that are configured now."""
        namespace = self.config["WIZARD_NAMESPACE"]
        secrets = (tuple(self.config.get(k) or ()) for k in KEYS)
        given = app.secret_key, namespace, *secrets
        if self._opened is None or self._opened[0] != given:
            store = EncryptedStore(
                self.store,
                Keyring(secrets_of(app)),
                compress_above=self.config["WIZARD_COMPRESS_ABOVE"],
                namespace=namespace,
            )
            limit = self.config["WIZARD_MAX_DRAFT"]
            uploads = Uploads(self.uploads, store)
            repository = DraftRepository(store, limit=limit, uploads=uploads)
            self._opened = given, repository
        return self._opened[1]

    def require_joining(self) -> None:
        """Raise ConfigurationError if the store cannot join a transaction."""
        if not isinstance(self.store, JoiningStore):
            raise ConfigurationError(cannot_join(self.store))

    def log_once(self, app: Flask, hint: str) -> None:
        """Log a hint, unless it was logged already or many others were."""
        if hint not in self._logged and len(self._logged) < MAX_HINTS:
            self._logged.add(hint)
            app.logger.warning("flask_wizard: %s", hint)

    def template(self, names: Sequence[str], environment: Environment) -> str:
        """Return the first of these templates that exists.

        The answer is cached unless Jinja reloads templates. Jinja caches only those
        that it finds, and would look for the missing files at each request.
        """
        key = tuple(names)
        if environment.auto_reload or key not in self._templates:
            self._templates[key] = str(environment.select_template(key).name)
        return self._templates[key]

    def macros(self, names: Sequence[str], environment: Environment) -> Macros:
        """Return the macros of these templates, the most special first.

        They are cached unless Jinja reloads templates.
        """
        key = tuple(names)
        if environment.auto_reload or key not in self._macros:
            self._macros[key] = macros_of(key, environment)
        return self._macros[key]

    def blocks(self, layout: str, environment: Environment) -> frozenset[str] | None:
        """Return what ``blocks_of`` does, cached unless Jinja reloads templates."""
        if environment.auto_reload or layout not in self._blocks:
            self._blocks[layout] = blocks_of(layout, environment)
        return self._blocks[layout]


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


class Visitor(NamedTuple):
    """The session and the holder of a request, which stay the same until its end.

    It is kept in the request's environment. Nothing of it refers to the request, which
    would stay in memory until the garbage collector's turn.
    """

    session: SessionMixin
    #: Whom a visit identifies.
    holder: Holder


class Context(NamedTuple):
    """The objects that serve one request, without Flask's proxies.

    A proxy looks its object up at each use, which takes time.
    """

    app: Flask
    request: Request
    session: SessionMixin
    holder: Holder
    state: WizardState
    #: The drafts, under the keys that the configuration has at this moment.
    repository: DraftRepository
    #: The name of the field that carries the CSRF token.
    csrf_field: str
    #: The texts of this package in the visitor's language.
    texts: Texts


def get_context() -> Context:
    """Return the objects that serve this request. Session and holder stay the same.

    Raise ConfigurationError if the application has no FlaskWizard.
    """
    proxies: tuple[Any, ...] = (current_app, request)
    app, served = (proxy._get_current_object() for proxy in proxies)
    state: WizardState | None = app.extensions.get(EXTENSION)
    if state is None:
        raise ConfigurationError(
            "A wizard is mounted, but the application has no FlaskWizard. "
            "Call FlaskWizard(app), or wizards.init_app(app) in the factory."
        )
    repository, field = state.repository(app), app.config.get(*CSRF_FIELD)
    visitor: Visitor | None = served.environ.get(VISITOR)
    if visitor is None:
        visitor = served.environ[VISITOR] = _visitor(app, served, state, repository)
    # Forms have the texts, and refer to themselves: they stay after the request.
    texts = Texts(partial(_language, app, ref(served)))
    return Context(app, served, *visitor, state, repository, field, texts)


def _language(app: Flask, served: ref[Request]) -> str:
    """Return the language of a request; empty if it has ended."""
    if (running := served()) is None:
        return ""
    environ = running.environ
    if LANGUAGE not in environ:
        environ[LANGUAGE] = language_of(app, running)
    return str(environ[LANGUAGE])


def _visitor(
    app: Flask, served: Request, state: WizardState, repository: DraftRepository
) -> Visitor:
    proxy: Any = session
    found: SessionMixin = proxy._get_current_object()
    known = None
    if found.modified and TOKEN_KEY not in found:
        # The application may have cleared the session, or put another in its place.
        began_with = app.session_interface.open_session(app, served)
        known = Tokens.of(began_with or {})
    keyring = repository.store.keyring
    return Visitor(found, Holder(found, keyring, state.logins.find_user, known))
