"""The texts of the pages: every word that the package shows a visitor."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from flask import current_app, has_app_context, has_request_context, request

from ..core.texts import ENGLISH, LazyText, Texts
from .state import get_context

SHOWN = "flask_wizard.texts"
"""The key of a request's environment under which the texts of its page are."""


def get_texts() -> Texts:
    """Return the texts of the page that this request shows, or else of its visitor.

    Outside of a request they are in English.
    """
    if not has_request_context():
        return ENGLISH
    shown: Texts | None = request.environ.get(SHOWN)
    return shown if shown is not None else get_context().texts


LazyText.texts = staticmethod(get_texts)


def text(english: str, /, **values: Any) -> str:
    """Return a text of the package with values in the place of its ``{names}``.

    ``english`` is the text in English, one or more whole sentences. If a value is
    ``Markup``, so is the result, in which the text and all other values are escaped.
    """
    return get_texts().text(english, **values)


def plural(one: str, many: str, n: int, /, **values: Any) -> str:
    """Return the text for a number, which the texts call ``{n}``."""
    return get_texts().plural(one, many, n, **values)


# Moments


def moment(when: datetime) -> str:
    """Return a moment in WIZARD_TIMEZONE, such as "22 November 2026 at 14:30 UTC"."""
    zone = current_app.config["WIZARD_TIMEZONE"] if has_app_context() else "UTC"
    local = when.astimezone(zone_of(zone))
    texts = get_texts()
    return texts.text(
        "{date} at {time} {zone}",
        date=texts.day(local.date()),
        time=texts.clock(local.time().replace(second=0)),
        zone=local.tzname(),
    )


def ago(when: datetime) -> str | None:
    """Return how long ago a moment was, or None if that is no short time."""
    minutes, hours = (
        int(time.time() - when.timestamp()) // unit for unit in (60, 3600)
    )
    if hours >= 24:
        return None
    if hours > 0:
        return plural("{n} hour ago", "{n} hours ago", hours)
    if minutes > 0:
        return plural("{n} minute ago", "{n} minutes ago", minutes)
    return text("less than a minute ago")


@cache
def zone_of(name: str) -> tzinfo:
    """Return the time zone of a name such as ``Europe/Berlin``. Raise KeyError."""
    return UTC if name == "UTC" else ZoneInfo(name)  # which may lack its data
