"""check: settings of an application that lose drafts, or give them away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit
from warnings import catch_warnings

from flask import Flask, request, url_for
from flask.sessions import SecureCookieSessionInterface
from werkzeug.exceptions import HTTPException

from ..errors import StoreError
from ..stores import CheckedStore
from ..web.logins import Logins, SignedOut
from ..web.rehearsal import silence
from ..web.start_warnings import START_SETTINGS, Setting
from ..web.state import EXTENSION, MOUNTS, get_context, secrets_of
from .proofs import sample_bound
from .templates import lagging

APPLICATION = "application"
"""Where something is found that neither a wizard has nor a key of the configuration."""

LEAST_SECRET = 32  # characters: as many as 128 random bits have in hexadecimal
MOST_COOKIE = 4096  # bytes of a cookie's name and value that browsers store


def _store(app: Flask) -> Iterator[tuple[str, str]]:
    store = app.extensions[EXTENSION].store
    if not isinstance(store, CheckedStore):
        return
    try:
        yield from ((APPLICATION, warning) for warning in store.warnings())
    except StoreError as error:
        yield APPLICATION, f"The store cannot be asked for its settings: {error}"


# Cookies


def _cookie(app: Flask) -> Iterator[tuple[str, str]]:
    session = app.session_interface
    if not session.get_cookie_secure(app):
        yield (
            "SESSION_COOKIE_SECURE",
            "Browsers send the session's cookie, which opens drafts, without "
            "encryption too. Set SESSION_COOKIE_SECURE = True where the application "
            "is served by HTTPS.",
        )
    if not session.get_cookie_httponly(app):
        yield (
            "SESSION_COOKIE_HTTPONLY",
            "Every script in a page can read the session's cookie, which opens drafts. "
            "Set SESSION_COOKIE_HTTPONLY = True.",
        )
    if str(session.get_cookie_samesite(app)).lower() not in ("lax", "strict"):
        yield (
            "SESSION_COOKIE_SAMESITE",
            "Browsers may send the session's cookie, which opens drafts, with what "
            'another site posts. Set SESSION_COOKIE_SAMESITE = "Lax".',
        )


def _cookie_size(app: Flask) -> Iterator[tuple[str, str]]:
    if not 0 < app.config["MAX_COOKIE_SIZE"] <= MOST_COOKIE:
        yield (
            "MAX_COOKIE_SIZE",
            f"Browsers drop a cookie of more than {MOST_COOKIE} bytes, and with the "
            "session's cookie what opens drafts. Leave MAX_COOKIE_SIZE at 4093, so "
            "that Werkzeug warns of it.",
        )
    if not isinstance(app.session_interface, SecureCookieSessionInterface):
        return  # a session on the server, which would be stored there
    for mount in sorted(app.extensions.get(MOUNTS, {})):
        size = _size_at(app, mount)
        if size > MOST_COOKIE:
            yield (
                mount,
                f"begins with a session cookie of {size} bytes, and browsers drop one "
                f"of more than {MOST_COOKIE}: nobody gets beyond the first page. Put "
                "less into the session, or have it on the server, as by Flask-Session.",
            )


def _size_at(app: Flask, mount: str) -> int:
    """Return how large the session's cookie is once a visitor has met a wizard.

    The application's own functions that run at a request put into it what they put
    there. It is 0 if no cookie is set, or if they raise, as for want of a visitor.
    """
    name = app.session_interface.get_cookie_name(app)
    try:
        with (
            _request_to(app, mount, "entry"),
            catch_warnings(action="ignore"),  # Werkzeug's, of the same
        ):
            answer = app.make_response(app.preprocess_request() or "")
            get_context().holder.ensure_token()
            response = app.process_response(answer)
    except Exception:  # whatever an application may raise
        return 0
    pairs = (
        header.partition(";")[0] for header in response.headers.getlist("Set-Cookie")
    )
    sizes = (len(pair) - 1 for pair in pairs if pair.startswith(f"{name}="))
    return max(sizes, default=0)


@contextmanager
def _request_to(
    app: Flask, mount: str, page: str, *, method: str = "GET", **values: Any
) -> Iterator[None]:
    """Have a stranger's request to a page of a wizard, and log nothing."""
    url = url_for(f"{mount}.{page}", **values, **sample_bound(app, mount))
    with silence(), app.app_context(), app.test_request_context(url, method=method):
        yield


# Logins


def _guard(app: Flask) -> Iterator[tuple[str, str]]:
    for mount in sorted(app.extensions.get(MOUNTS, {})):
        # Most applications let the GET pass, and then no POST is tried.
        if all(_is_led_away(app, mount, method) for method in ("GET", "POST")):
            yield (
                mount,
                "is guarded by a before_request function, which answers what somebody "
                "sends who is not signed in: if a login runs out while they type, the "
                "text is lost. Have the holder function ask for the login, and let "
                "such requests pass to the wizard. See docs/users.md.",
            )


def _is_led_away(app: Flask, mount: str, method: str) -> bool:
    """True if a before_request function redirects a stranger, or answers 401.

    A redirect to the same path does not count, such as one to HTTPS.
    """
    step = app.extensions[MOUNTS][mount].wizard.steps.names[0]
    at = {"draft": "new", "step": step}
    try:
        with _request_to(app, mount, "step", method=method, **at):
            try:
                answer = app.make_response(app.preprocess_request() or "")
            except HTTPException as error:
                answer = app.make_response(error.get_response())
            path = urlsplit(answer.location or request.path).path
            return answer.status_code == 401 or path != request.path
    except Exception:  # whatever an application may raise
        return False


# The others


def _wrong(setting: Setting) -> Callable[[Flask], Iterator[tuple[str, str]]]:
    """Return a check that finds a setting that is not as it has to be."""

    def look(app: Flask) -> Iterator[tuple[str, str]]:
        if not setting.holds(app):
            yield setting.key, setting.message

    return look


SECRET_KEY = Setting(
    "SECRET_KEY",
    lambda app: all(len(secret) >= LEAST_SECRET for secret in secrets_of(app)),
    f"has fewer than {LEAST_SECRET} characters, or one of its fallbacks has, so that "
    "it can be guessed, and with it what opens drafts. Make one by python -c "
    "'import secrets; print(secrets.token_hex())'. Keep the old one among "
    "SECRET_KEY_FALLBACKS until its drafts have expired.",
)


def _session(app: Flask) -> Iterator[tuple[str, str]]:
    if app.config["WIZARD_PERMANENT_SESSION"]:
        return
    logins: Logins = app.extensions[EXTENSION].logins
    begins = "The session ends"
    if logins.find_user is not None:
        mounts = app.extensions.get(MOUNTS, {})
        if mounts and all(_asks_for_login(app, mount) for mount in mounts):
            return
        begins = "The session of a visitor who is not signed in ends"
    yield (
        "WIZARD_PERMANENT_SESSION",
        f"{begins} with the browser, and drafts live on that nobody can open then. Set "
        "WIZARD_PERMANENT_SESSION = True. How long it lasts then is said by "
        "PERMANENT_SESSION_LIFETIME.",
    )


def _asks_for_login(app: Flask, mount: str) -> bool:
    """True if the holder function refuses a visitor of a wizard who is not signed in.

    It is False if the function raises anything else, as for want of a real visitor.
    """
    try:
        with _request_to(app, mount, "entry"):
            app.preprocess_request()  # what the function reads may come from there
            get_context().holder.identify()
    except SignedOut:
        return True
    except Exception:  # whatever an application may raise
        return False
    return False


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
    "cookie-size": _cookie_size,
    "secret-key": _wrong(SECRET_KEY),
    "session": _session,
    "guard": _guard,
    **{name: _wrong(setting) for name, setting in START_SETTINGS.items()},
    "templates": _templates,
}
