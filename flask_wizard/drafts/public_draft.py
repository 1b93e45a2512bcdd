"""Draft: a draft as an application sees it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from ..cached import cached_property
from ..core import draft as stored
from ..errors import ConfigurationError
from .lifetimes import Lifetimes, expires, utc_datetime


class Titled(Lifetimes, Protocol):
    """The attributes of a wizard that its drafts need."""

    title: str


@dataclass(frozen=True, eq=False, kw_only=True)
class Draft:
    """A visitor's draft, as hooks and ``wizards.drafts()`` give it. Times are in UTC.

    In ``discarded`` it has no current step and no URLs, and in ``all_drafts()`` it has
    no URLs.
    """

    #: The draft's id, which stands in its URLs.
    id: str
    #: The wizard's title.
    title: str
    #: When the visitor began it.
    started: datetime
    #: When the visitor last sent something.
    saved: datetime
    #: When it expires unless the visitor sends something.
    expires: datetime
    #: ``open``, ``committing``, ``committed`` or ``discarded``.
    state: str = "open"
    #: The name of the wizard's class.
    wizard: str = ""
    #: The name of its current step, as it is declared; empty if it has none.
    step: str = ""
    #: What ``Wizard.describe`` calls it, or an empty string.
    description: str = ""
    #: The title of its current step.
    step_title: str = ""
    #: The number of its current step, such as "Step 2 of 4".
    progress: str = ""
    #: The URL of its current step; ``None`` for a wizard without a blueprint.
    url: str | None = None
    #: The URL of the page that discards it; ``None`` for a wizard without a blueprint.
    discard_url: str | None = None
    _stored: stored.Draft = field(repr=False)
    #: Values of URL variables that do not bind it, for its links.
    _unbound: Mapping[str, object] = field(default_factory=dict, repr=False)
    #: True if its answers were asked for.
    _tells: bool = field(default=True, repr=False)

    @classmethod
    def of(cls, draft: stored.Draft, wizard: Titled, **current: str | None) -> Draft:
        """Return the public draft of a stored one.

        ``current`` are the fields about its current step and its URLs.
        """
        return cls(
            id=draft.id,
            title=str(wizard.title),
            started=utc_datetime(draft.created),
            saved=utc_datetime(draft.updated),
            expires=utc_datetime(expires(wizard, draft)),
            state=draft.state,
            wizard=type(wizard).__name__,
            _stored=draft,
            **current,  # type: ignore[arg-type]
        )

    @property
    def mount(self) -> str:
        """The full name of the blueprint, or the class of a wizard without one."""
        return str(json.loads(self._stored.mount)[0])

    @cached_property
    def entries(self) -> dict[str, Any]:
        """The strings that were sent, by step and field.

        A list has a dict for each of its items; the fields of an item of several pages
        are by page. A file field has the names of its files. They include what was not
        accepted or does not apply, and exclude passwords. Raise UnreadableDraftError,
        or ConfigurationError if ``all_drafts()`` was not asked for answers.
        """
        if not self._tells:
            raise ConfigurationError(
                "The entries of a draft of all_drafts() were not asked for. Ask with "
                "all_drafts(answers=True)."
            )
        return entries_of(self._stored)


def entries_of(draft: stored.Draft) -> dict[str, Any]:
    """Return what was sent, as ``Draft.entries`` has it. Raise UnreadableDraftError."""
    found: dict[str, Any] = _sent(draft)
    for step in draft.packed_items:
        found[step] = [_of_item(_sent(item)) for item in draft.items(step)]
    return found


def _sent(filled: stored.Filled) -> dict[str, dict[str, list[str]]]:
    found = {}
    for step, entry in filled.entries.items():
        if entry.sent:
            found[step] = dict(entry.raw)
            for file in entry.files.values():
                found[step][file.field] = [
                    *found[step].get(file.field, ()),
                    file.filename,
                ]
    return found


def _of_item(sent: dict[str, dict[str, list[str]]]) -> Any:
    """Return what was sent of an item; the only page of a form has no name."""
    return sent[""] if sent.keys() == {""} else sent
