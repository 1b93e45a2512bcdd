"""FlaskWizard: the Flask extension, and every configuration key with its default."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import timedelta
from difflib import get_close_matches
from functools import partial
from os import PathLike
from pathlib import Path
from typing import Any

import click
from flask import Blueprint, Flask, current_app
from flask.cli import AppGroup

from .core.journey import NOTHING_BOUND
from .core.rows import named_rows
from .drafts.keyring import Keyring
from .drafts.public_draft import Draft
from .drafts.upload_places import open_uploads
from .drafts.upload_store import UploadStore
from .errors import ConfigurationError, StepError, StoreError
from .stores import CheckedStore, DraftStore
from .stores.registry import open_store
from .tracebacks import without_locals
from .web.all_drafts import all_drafts
from .web.assets import Assets, rtl_asset
from .web.controls import block, control, fields_with_block, layout, side_by_side
from .web.invitations import invite_url, reopen_url
from .web.languages import checked_code
from .web.links import resume_url, revoke, share_url
from .web.logins import Logins
from .web.moments import ago, moment, moment_language, time_zone
from .web.overview import MOST, Overview, overview, overview_blueprint
from .web.own_drafts import named_drafts, own_drafts
from .web.pages import BASE_TEMPLATE
from .web.routes import check_headless
from .web.shipped_templates import ShippedTemplates, check_templates, escape_pages
from .web.start_warnings import start_warnings
from .web.state import EXTENSION, WizardState, get_context, secrets_of
from .web.texts import plural, text
from .web.themes import DEFAULT_MACROS, DEFAULT_THEME, macros_of
from .wizard import Wizard

DEFAULTS: dict[str, Any] = {
    "WIZARD_STORE": None,
    "WIZARD_SECRET_KEYS": None,
    "WIZARD_NAMESPACE": "",  # part of all keys in the store
    "WIZARD_THEME": DEFAULT_THEME,  # of wizards that have none of their own
    "WIZARD_BASE_TEMPLATE": BASE_TEMPLATE,
    "WIZARD_SITE_NAME": None,
    "WIZARD_LANG": None,  # a code such as "pt-BR", or a function that returns one
    "WIZARD_TIMEZONE": "UTC",  # of moments, where no script shows the visitor's own
    "WIZARD_LOGIN_URL": None,  # a URL, or a function of the URL to come back to
    "WIZARD_PERMANENT_SESSION": False,
    "WIZARD_COMMIT_LEASE": 120,  # seconds; longer than the server's own time limit
    "WIZARD_COMMIT_MAX": 10,  # leases that a commit may last while it runs
    "WIZARD_COMMIT_WAIT": 2,  # seconds that a second click waits for the first
    "WIZARD_MAX_BODY": 1024 * 1024,  # bytes of one request
    "WIZARD_MAX_PAIRS": 1000,  # form fields of one request
    "WIZARD_EXTERNAL_URL": None,  # where links lead, such as https://www.example.org
    "WIZARD_TRUSTED_ORIGINS": (),  # such as https://www.example.org
    "WIZARD_MAX_ENTRIES": 200,  # entries in a page's lists that set no max_entries
    "WIZARD_MAX_DRAFT": 256 * 1024,  # bytes of one draft, before compression
    "WIZARD_UPLOADS": None,  # None is a folder in the instance folder
    "WIZARD_MAX_UPLOAD_SIZE": 10 * 1024 * 1024,  # bytes of one file
    "WIZARD_MAX_UPLOADS_SIZE": 50 * 1024 * 1024,  # bytes of the files of one draft
    "WIZARD_MAX_UPLOADS_COUNT": 20,  # files of one draft
    "WIZARD_MAX_UPLOADS_HOLDER": 200 * 1024 * 1024,  # bytes of one holder's files
    "WIZARD_UPLOADS_MIN_FREE": 0.05,  # share of the disk that uploads leave free
    "WIZARD_SILENCED": {},  # findings of `flask wizard check`, each with a reason
    "WIZARD_COMPRESS_ABOVE": 16 * 1024,  # bytes; a smaller draft is not worth the time
}


class FlaskWizard:
    """The Flask extension.

    ``store`` is where drafts are stored: a store's URL, a cache or client that the
    application has, or a DraftStore. The default is the configuration's
    ``WIZARD_STORE``, and without that an SQLite file in the instance folder.

    ``uploads`` is where the files of drafts are stored: a folder, an UploadStore, or a
    URL that fsspec knows. The default is the configuration's ``WIZARD_UPLOADS``, and
    without that a folder in the instance folder.

    ``holder`` returns the id of the signed-in user, a string, an integer or a UUID, or
    ``None`` for nobody. The default is the user of Flask-Login, if the application uses
    it. A user's drafts are on every device where the user signs in.
    """

    def __init__(
        self,
        app: Flask | None = None,
        *,
        store: DraftStore | object | None = None,
        uploads: UploadStore | str | PathLike[str] | None = None,
        holder: Callable[[], object] | None = None,
    ) -> None:
        if holder is not None and not callable(holder):
            raise ConfigurationError(
                f"holder is of type {type(holder).__name__}. Expected a function "
                "without arguments that returns the id of the signed-in user, or None."
            )
        self._store = store
        self._uploads = uploads
        self._holder = holder
        if app is not None:
            self.init_app(app)

    def init_app(self, app: Flask) -> None:
        """Register the extension with an application.

        Raise ConfigurationError for an unusable configuration, and ConfigurationError
        or DefinitionError for an unusable store.
        """
        if EXTENSION in app.extensions:
            raise ConfigurationError(
                "This application already has a FlaskWizard. Call init_app once."
            )
        _check_keys(app.config)
        for key, default in DEFAULTS.items():
            app.config.setdefault(key, default)
        _check_numbers(app.config)
        _check_origins(app.config["WIZARD_TRUSTED_ORIGINS"])
        _check_namespace(app.config["WIZARD_NAMESPACE"])
        _check_external_url(app.config["WIZARD_EXTERNAL_URL"])
        _check_language(app.config["WIZARD_LANG"])
        time_zone(app.config["WIZARD_TIMEZONE"])
        Keyring(secrets_of(app))  # to refuse bad secrets now, not at the first request
        given = self._store if self._store is not None else app.config["WIZARD_STORE"]
        default_file = Path(app.instance_path) / "flask_wizard.sqlite3"
        store = open_store(given, default_file)
        place = self._uploads
        uploads = open_uploads(
            place if place is not None else app.config["WIZARD_UPLOADS"],
            Path(app.instance_path) / "flask_wizard_uploads",
            min_free=app.config["WIZARD_UPLOADS_MIN_FREE"],
        )
        logins = Logins(app, self._holder)
        state = WizardState(app, store, uploads, logins)
        app.extensions[EXTENSION] = state
        _log_warnings(app, store)
        app.url_value_preprocessor(partial(check_headless, state.headless))
        app.cli.add_command(_Commands("wizard", help=_HELP))
        templates = ShippedTemplates(_folder_of_templates())
        check_templates(templates, app.jinja_env)
        escape_pages(app.jinja_env)
        app.register_blueprint(_assets_blueprint(templates))
        app.jinja_env.globals.update(
            flask_wizard_control=control,
            flask_wizard_layout=layout,
            flask_wizard_side_by_side=side_by_side,
            flask_wizard_block=block,
            flask_wizard_fields_with_block=fields_with_block,
            flask_wizard_named_drafts=named_drafts,
            flask_wizard_macros=partial(macros_of, DEFAULT_MACROS, app.jinja_env),
            flask_wizard_named_rows=named_rows,
            flask_wizard_text=text,
            flask_wizard_plural=plural,
            flask_wizard_moment=moment,
            flask_wizard_moment_language=moment_language,
            flask_wizard_ago=ago,
            flask_wizard_rtl_asset=rtl_asset,
        )

    def drafts(self, **unbound: object) -> list[Draft]:
        """Return the visitor's open drafts of all wizards, newest first.

        ``unbound`` are the values of URL variables that mounts leave unbound, for the
        drafts' URLs. This begins no draft, and a session gets no token by it. Raise
        StoreError, and ConfigurationError if a value is missing or unknown.
        """
        try:
            return own_drafts(get_context(), unbound, Wizard._find)
        except BaseException as error:
            without_locals(error)
            raise

    def all_drafts(self, *, answers: bool = False) -> Iterator[Draft]:
        """Yield every draft of the application, ended ones too, in no order.

        They come one at a time as the store lists them, without URLs. Their
        ``entries`` can be read with ``answers=True``. Drafts that cannot be opened are
        counted in the log. Raise ConfigurationError if the store cannot list its
        values, as Memcached cannot, or StoreError.
        """
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        return all_drafts(app, Wizard._find, answers=answers)

    def overview(self, *, most: int = MOST) -> Overview:
        """Count the open drafts by wizard, step and age. No answer is read out.

        At most so many drafts of the store are looked at, ended ones too. Raise
        ConfigurationError if the store cannot list its values, or StoreError.
        """
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        return overview(app, Wizard._find, most=most)

    def overview_blueprint(
        self,
        name: str = "wizard_overview",
        *,
        allowed: Callable[[], bool],
        most: int = MOST,
    ) -> Blueprint:
        """Return a blueprint with one page, which shows what ``overview`` counts.

        ``allowed`` is called at each request, and returns True for those who may see
        the page; others get a 403, or whatever it aborts with. Raise DefinitionError if
        it is no function. The page is ``/`` below the prefix, its endpoint ``page``.
        """
        return overview_blueprint(name, Wizard._find, allowed=allowed, most=most)

    def resume_url(
        self, draft: Draft | str, *, max_age: timedelta | float, uses: int = 1
    ) -> str:
        """Return the absolute URL of a link that opens a draft in another browser.

        ``draft`` is one of ``drafts()``, or the id of a draft that this visitor holds.
        The link expires after ``max_age``, a timedelta or seconds, and can be taken up
        by so many browsers. The link of a user's draft opens it only for that user.
        Raise NotFound for the id of any other draft, StoreError, or ConfigurationError.
        """
        try:
            return resume_url(draft, max_age=max_age, uses=uses)
        except BaseException as error:
            without_locals(error)
            raise

    def invite_url(
        self,
        mount: str,
        data: Mapping[str, object],
        *,
        max_age: timedelta | float,
        user: object = None,
        bound: Mapping[str, object] = NOTHING_BOUND,
    ) -> str:
        """Begin a draft for somebody, and return the absolute URL of its link.

        ``mount`` is the full name of the wizard's blueprint. ``data`` has what pages
        begin with, by step: a mapping or an object, as ``Wizard.initial`` returns it.
        The first to take up the link holds the draft. With ``user``, the id of a user,
        it is that user's from the beginning. The link expires after ``max_age``, a
        timedelta or seconds, and the draft not before. ``bound`` has the values of all
        variables of the mount's prefix. Raise StoreError, ConfigurationError for an
        argument that cannot be used, or DefinitionError for a value that a page cannot
        show.
        """
        try:
            return invite_url(mount, data, max_age=max_age, user=user, bound=bound)
        except BaseException as error:
            without_locals(error)
            raise

    def reopen_url(
        self,
        mount: str,
        data: Mapping[str, object],
        remarks: Iterable[StepError] = (),
        *,
        max_age: timedelta | float,
        user: object = None,
        bound: Mapping[str, object] = NOTHING_BOUND,
    ) -> str:
        """Send answers back for correction, and return the absolute URL of a link.

        This begins a new draft with ``data``, the ``submission.data`` of before. Steps
        with ``remarks`` are open and show them; the others are done where they are
        valid. In the new submission ``reopened`` is true, and ``changes`` tells what
        differs from ``data``. All else is as with ``invite_url``. Raise
        ConfigurationError or DefinitionError for a remark on a page, a field or an item
        that is not there.
        """
        try:
            return reopen_url(
                mount, data, remarks, max_age=max_age, user=user, bound=bound
            )
        except BaseException as error:
            without_locals(error)
            raise

    def share_url(
        self,
        draft: Draft | str,
        *,
        steps: Sequence[str],
        sees: Sequence[str] = (),
        max_age: timedelta | float,
    ) -> str:
        """Return the absolute URL of a link by which somebody else fills in steps.

        The first to take it up is a guest of the draft: may fill in ``steps``, sees the
        answers of ``sees``, and nothing else. The holder goes on meanwhile, and sends
        the answers when the guest is done. ``steps`` are names of Steps without files.
        The link and the guest's access end after ``max_age``, a timedelta or seconds.
        Asked again for the same before anybody has come, this returns a second URL of
        the same place. ``draft`` is what ``resume_url`` takes. This writes the draft:
        call it after a POST. Raise NotFound, StoreError, or ConfigurationError.
        """
        try:
            return share_url(draft, steps=steps, sees=sees, max_age=max_age)
        except BaseException as error:
            without_locals(error)
            raise

    def revoke(self, draft: Draft | str) -> None:
        """End all links of a draft, and close it to everybody who came by one.

        The visitor of this request stays. ``draft`` is what ``resume_url`` takes. Raise
        NotFound, StoreError, or ConfigurationError.
        """
        try:
            revoke(draft)
        except BaseException as error:
            without_locals(error)
            raise

    def adopt(self) -> None:
        """Have the user who has just signed in adopt what the session has begun.

        The extension does so by itself at the end of a request that changes the
        session. Call it, in a request, where a login does not. Failures are logged,
        and a later request for a wizard tries again.
        """
        state: WizardState = current_app.extensions[EXTENSION]
        state.logins.adopt()


class _Commands(AppGroup):
    """``flask wizard``. Its commands, which no visitor runs, are imported when used.

    An application may add others, as to any group.
    """

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands."""
        from .cli import commands

        return sorted({*super().list_commands(ctx), *commands.list_commands(ctx)})

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return the command of that name, if there is one."""
        from .cli import commands

        own = super().get_command(ctx, cmd_name)
        return own or commands.get_command(ctx, cmd_name)


_HELP = "Look at wizards, and after their drafts."


def _log_warnings(app: Flask, store: DraftStore) -> None:
    """Log each setting that would lose drafts or lead links astray.

    An application that is tested or debugged has none of this logged.
    """
    if app.testing or app.debug:
        return
    for warning in start_warnings(app):
        app.logger.warning("flask_wizard: %s", warning)
    if not isinstance(store, CheckedStore):
        return
    try:
        with app.app_context():  # Flask-SQLAlchemy has its engine only in a context
            for told in store.warnings():
                app.logger.warning("flask_wizard: %s", told)
    except StoreError as error:
        app.logger.warning("flask_wizard: the store could not be checked: %s", error)


def _check_keys(config: Mapping[str, Any]) -> None:
    for key in config:
        if not key.startswith("WIZARD_") or key in DEFAULTS:
            continue
        nearest = get_close_matches(key, DEFAULTS, 1)
        guess = f" Did you mean {nearest[0]}?" if nearest else ""
        raise ConfigurationError(
            f"{key} is not a key of flask_wizard.{guess} Its keys are "
            f"{', '.join(DEFAULTS)}."
        )


def _check_numbers(config: Mapping[str, Any]) -> None:
    for key, default in DEFAULTS.items():
        if type(default) not in (int, float):
            continue
        value, least = config[key], 0 if key == "WIZARD_COMMIT_WAIT" else 1
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise ConfigurationError(f"{key} is {value!r}. Expected a number.")
        if type(default) is float and not 0 <= value <= 1:
            raise ConfigurationError(
                f"{key} is {value!r}. Expected a share, from 0 to 1."
            )
        if type(default) is int and value < least:
            raise ConfigurationError(f"{key} is {value!r}. Expected {least} or more.")


def _check_origins(origins: object) -> None:
    listed = origins if isinstance(origins, list | tuple | set | frozenset) else [None]
    if not all(isinstance(o, str) and _ORIGIN.fullmatch(o) for o in listed):
        raise ConfigurationError(
            f"WIZARD_TRUSTED_ORIGINS is {origins!r}. Expected a list of origins as "
            "browsers send them, with a scheme and without a path: "
            "['https://www.example.org']."
        )


_ORIGIN = re.compile(r"https?://[^/?#@\s]+", re.IGNORECASE)


def _check_external_url(url: object) -> None:
    if url is not None and not (isinstance(url, str) and _SITE.fullmatch(url)):
        raise ConfigurationError(
            f"WIZARD_EXTERNAL_URL is {url!r}. Expected the URL under which visitors "
            "reach the application, with the path where it is mounted, if there is "
            "one: 'https://www.example.org'."
        )


_SITE = re.compile(r"https?://[^/?#@\s]+(/[^?#\s]*)?", re.IGNORECASE)


def _check_language(lang: object) -> None:
    if lang is not None and not callable(lang):
        checked_code(lang)


def _check_namespace(namespace: object) -> None:
    if not isinstance(namespace, str):
        raise ConfigurationError(
            f"WIZARD_NAMESPACE is {namespace!r}. Expected a string, such as the "
            "application's name."
        )


def _folder_of_templates() -> Path:
    here = Path(__file__).parent
    inside = here / "templates"
    # In a checkout they are beside the package.
    return inside if inside.is_dir() else here.parent / "templates"


def _assets_blueprint(templates: ShippedTemplates) -> Blueprint:
    """Return a blueprint with the templates and the static files of all wizards."""
    blueprint = Assets(Path(__file__).parent / "static")
    blueprint.jinja_loader = templates
    return blueprint
