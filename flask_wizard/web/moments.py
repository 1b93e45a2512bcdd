"""Moments: dates with a time of day, in the time zone of the configuration."""

from __future__ import annotations

import time
from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import current_app

from ..errors import ConfigurationError
from ..locales import browser_locale
from .texts import get_texts, plural, text


def moment(when: datetime) -> str:
    """Return an aware moment in words, in the time zone of ``WIZARD_TIMEZONE``."""
    return moment_in(when, time_zone(current_app.config["WIZARD_TIMEZONE"]))


def moment_in(when: datetime, zone: tzinfo) -> str:
    """Return an aware moment in words, such as "22 November 2026 at 14:30 UTC"."""
    try:
        here = when.astimezone(zone)
    except OverflowError:  # the last day of the year 9999
        here = when
    texts = get_texts()
    return texts.text(
        "{date} at {time} {zone}",
        date=texts.day(here.date()),
        time=texts.clock(here.time().replace(second=0)),
        zone=here.tzname(),
    )


def moment_language() -> str:
    """Return the language tag by which the script writes moments as ``moment`` does."""
    return browser_locale(get_texts().language)


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
def time_zone(name: object) -> tzinfo:
    """Return the time zone of ``WIZARD_TIMEZONE``. Raise ConfigurationError."""
    if isinstance(name, tzinfo):
        return name
    if name == "UTC":  # which needs no database of time zones
        return UTC
    try:
        return ZoneInfo(str(name))
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ConfigurationError(
            f"WIZARD_TIMEZONE is {name!r}, which is no time zone that is known here. "
            'Expected a name such as "Europe/Lisbon". A system without a database of '
            "time zones needs the package tzdata."
        ) from error
