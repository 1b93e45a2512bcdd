"""How long a draft lives."""

from __future__ import annotations

from datetime import timedelta
from typing import Protocol

from ..core.draft import Draft


class Lifetimes(Protocol):
    """How long a wizard's drafts live; timedeltas, or seconds."""

    #: How long an idle draft lives. Each POST renews it.
    lifetime: timedelta | float
    #: How long any draft lives.
    max_lifetime: timedelta | float


def seconds(duration: timedelta | float) -> float:
    """Return a duration in seconds."""
    if isinstance(duration, timedelta):
        return duration.total_seconds()
    return duration


def expires(wizard: Lifetimes, draft: Draft) -> float:
    """Return when a draft ends by itself, in seconds since the epoch."""
    idle = draft.updated + seconds(wizard.lifetime)
    if draft.ended:
        return idle
    return min(idle, draft.created + seconds(wizard.max_lifetime))
