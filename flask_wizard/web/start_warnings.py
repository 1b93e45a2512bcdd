"""Start warnings: settings that lose drafts or lead links astray, told at the start."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from typing import NamedTuple

from click import get_current_context
from flask import Flask
from flask.cli import FlaskGroup


class Setting(NamedTuple):
    """A key of the configuration, and how it has to be."""

    #: The name of the key, or of one of several that would do.
    key: str
    #: True of an application in which it is right.
    holds: Callable[[Flask], bool]
    #: What happens if it is not, and how to mend it.
    message: str


def _names_host(app: Flask) -> bool:
    keys = ("WIZARD_EXTERNAL_URL", "SERVER_NAME", "TRUSTED_HOSTS")
    return any(app.config.get(key) for key in keys)


def _writes_no_stale_session(app: Flask) -> bool:
    config = app.config
    is_written = config.get("SESSION_TYPE") or config["WIZARD_PERMANENT_SESSION"]
    return not (is_written and config["SESSION_REFRESH_EACH_REQUEST"])


#: By the names of the checks that find the same.
START_SETTINGS: Mapping[str, Setting] = {
    "links": Setting(
        "WIZARD_EXTERNAL_URL",
        _names_host,
        "Links of drafts, which leave the site by mail, would name the Host of the "
        "request that makes them, and anybody can send any Host. Set "
        "WIZARD_EXTERNAL_URL = 'https://www.example.org', SERVER_NAME, or "
        "TRUSTED_HOSTS. An application that makes no links says so in WIZARD_SILENCED, "
        "with the key 'links WIZARD_EXTERNAL_URL'.",
    ),
    "stale-session": Setting(
        "SESSION_REFRESH_EACH_REQUEST",
        _writes_no_stale_session,
        "Flask-Session, and Flask if the session is permanent, write the session at "
        "the end of each request, even one that has only read it. So a slow request "
        "undoes what others have put into the session meanwhile, and a draft that has "
        "just begun is out of its visitor's reach. Set SESSION_REFRESH_EACH_REQUEST = "
        "False.",
    ),
}


def start_warnings(app: Flask) -> Iterator[str]:
    """Yield what is wrong in the configuration, and not silenced there.

    A command of `flask wizard` answers no request, so nothing is wrong for it.
    """
    if _is_for_a_command():
        return
    for name, setting in START_SETTINGS.items():
        is_silenced = f"{name} {setting.key}" in app.config["WIZARD_SILENCED"]
        if not is_silenced and not setting.holds(app):
            yield setting.message


def _is_for_a_command() -> bool:
    """True if the application is loaded to find a command of `flask wizard`.

    Flask looks into the application for a command that it does not know itself. For
    `flask run` it is loaded by that command, and elsewhere by none.
    """
    context = get_current_context(silent=True)
    is_asked = context is not None and isinstance(context.command, FlaskGroup)
    return is_asked and "wizard" in sys.argv
