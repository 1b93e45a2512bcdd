"""Lifetimes: how long a wizard's drafts live."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Protocol

from ..core.draft import Draft


class Lifetimes(Protocol):
    """How long a wizard's drafts live; timedeltas, or seconds."""

    #: How long an idle draft lives. Each POST renews it.
    lifetime: timedelta | float
    #: How long any draft lives.
    max_lifetime: timedelta | float


@cache  # every request needs the durations of its wizard
def seconds(duration: timedelta | float) -> float:
    """Return a duration in seconds."""
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    return duration


def expires(wizard: Lifetimes, draft: Draft) -> float:
    """Return when a draft expires, in seconds since the epoch."""
    return draft.expires(seconds(wizard.lifetime), seconds(wizard.max_lifetime))


def utc_datetime(seconds: float) -> datetime:
    """Return seconds since the epoch as an aware datetime, of the year 9999 at most."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):  # a lifetime of thousands of years
        return datetime.max.replace(tzinfo=UTC)
