"""check: settings of an application that lose drafts, or give them away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from flask import Flask

from ..errors import StoreError
from ..stores import CheckedStore
from ..web.state import EXTENSION, secrets_of
from .templates import lagging

APPLICATION = "application"
"""Where something is found that is no wizard's."""

LEAST_SECRET = 32  # characters: as many as 128 random bits have in hexadecimal


def _store(app: Flask) -> Iterator[tuple[str, str]]:
    store = app.extensions[EXTENSION].store
    if not isinstance(store, CheckedStore):
        return
    try:
        yield from ((APPLICATION, warning) for warning in store.warnings())
    except StoreError as error:
        yield APPLICATION, f"The store cannot be asked for its settings: {error}"


def _cookie(app: Flask) -> Iterator[tuple[str, str]]:
    if not app.config["SESSION_COOKIE_SECURE"]:
        yield (
            APPLICATION,
            "Browsers send the session's cookie, which opens drafts, without "
            "encryption too. Set SESSION_COOKIE_SECURE = True where the application "
            "is served by HTTPS.",
        )


def _secret_key(app: Flask) -> Iterator[tuple[str, str]]:
    if any(len(secret) < LEAST_SECRET for secret in secrets_of(app)):
        yield (
            APPLICATION,
            f"SECRET_KEY or one of its fallbacks has fewer than {LEAST_SECRET} "
            "characters, so that it can be guessed, and with it what opens drafts. "
            "Make one by python -c 'import secrets; print(secrets.token_hex())'. Keep "
            "the old one among SECRET_KEY_FALLBACKS until its drafts have expired.",
        )


def _session(app: Flask) -> Iterator[tuple[str, str]]:
    if not app.config["WIZARD_PERMANENT_SESSION"]:
        yield (
            APPLICATION,
            "The session ends with the browser, and drafts live on that nobody can "
            "open then. Set WIZARD_PERMANENT_SESSION = True. How long it lasts then is "
            "said by PERMANENT_SESSION_LIFETIME.",
        )


def _templates(app: Flask) -> Iterator[tuple[str, str]]:
    for copy in lagging(app):
        yield (
            copy.path.name,
            f"{copy.path} was copied from {copy.original} of version {copy.version}, "
            "which has changed since. Compare them, bring the copy up to date, and "
            "give it the first line of a new one (flask wizard eject).",
        )


#: The checks of an application by name. Each yields where, what, and how to mend it.
SETTINGS: Mapping[str, Callable[[Flask], Iterator[tuple[str, str]]]] = {
    "store": _store,
    "cookie": _cookie,
    "secret-key": _secret_key,
    "session": _session,
    "templates": _templates,
}
