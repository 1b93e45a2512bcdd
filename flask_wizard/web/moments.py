"""Moments: dates with a time of day, in the time zone of the configuration."""

from __future__ import annotations

from datetime import UTC, datetime, tzinfo
from functools import cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from flask import current_app

from ..core.rows import MONTHS
from ..errors import ConfigurationError
from .texts import text


def moment(when: datetime) -> str:
    """Return an aware moment in words, in the time zone of ``WIZARD_TIMEZONE``."""
    return moment_in(when, time_zone(current_app.config["WIZARD_TIMEZONE"]))


def moment_in(when: datetime, zone: tzinfo) -> str:
    """Return an aware moment in words, such as "22 November 2026 at 14:30 UTC"."""
    try:
        here = when.astimezone(zone)
    except OverflowError:  # the last day of the year 9999
        here = when
    return text(
        "{day} {month} {year} at {time} {zone}",
        day=here.day,
        month=text(MONTHS[here.month - 1]),
        year=here.year,
        time=f"{here:%H:%M}",
        zone=here.tzname(),
    )


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
