"""Draft: a draft as an application sees it."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property
from typing import Protocol

from ..core import draft as stored
from .lifetimes import Lifetimes, expires


class Titled(Lifetimes, Protocol):
    """What a wizard says of its drafts."""

    title: str


@dataclass(frozen=True, eq=False)
class Draft:
    """A visitor's draft, as a hook of the wizard gets it. Times are in UTC."""

    id: str
    #: The wizard's title.
    title: str
    #: When the visitor began it.
    started: datetime
    #: When the visitor last sent something.
    saved: datetime
    #: When it ends by itself unless the visitor sends something.
    expires: datetime
    _stored: stored.Draft = field(repr=False)

    @classmethod
    def of(cls, draft: stored.Draft, wizard: Titled) -> Draft:
        """Build it from the draft as it is stored."""
        return cls(
            id=draft.id,
            title=str(wizard.title),
            started=_utc(draft.created),
            saved=_utc(draft.updated),
            expires=_utc(expires(wizard, draft)),
            _stored=draft,
        )

    @cached_property
    def entries(self) -> dict[str, dict[str, list[str]]]:
        """What was sent, strings by step and field, as it was sent.

        Steps that were not accepted, or do not apply, are there as well; passwords are
        not. Raises UnreadableDraftError.
        """
        return {step: entry.raw for step, entry in self._stored.entries.items()}


def _utc(seconds: float) -> datetime:
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError):  # a lifetime without an end to speak of
        return datetime.max.replace(tzinfo=UTC)
