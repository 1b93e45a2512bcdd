"""Copies of answers: what a receipt keeps of a review, as text."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import datetime
from typing import NamedTuple

from ..core.draft import AnswersCopy, storable
from ..core.journey import Journey
from ..core.rows import Row
from ..core.steps import BoundStep
from .groups import groups_of
from .json_fields import plain
from .moments import moment
from .texts import text


def copy_of(journey: Journey) -> AnswersCopy:
    """Return the rows of the review as text, without passwords and files.

    Without a Review they are those that it would have. Raise DefinitionError or
    HookError.
    """
    private = {
        _place(row)
        for bound in journey.path
        if bound.step.has_answers
        for row in bound.rows(_no_url)
        if row.is_private
    }
    found = []
    for group in groups_of(journey, journey.path[-1], _no_url):
        rows = tuple(
            (_text(row.label), tuple(map(_text, row.lines)))
            for row in group.rows
            if not (row.is_private or _place(row) in private)
        )
        if rows:
            title = _text(group.title) if group.level else ""
            found.append((_text(group.section), title, group.level, rows))
    return tuple(found)


def _no_url(bound: BoundStep) -> str:
    return ""


def _place(row: Row) -> tuple[str, ...]:
    return row.step, row.item, row.page, row.field


def _text(given: object) -> str:
    return storable(plain(given))


def groups_in(copy: AnswersCopy) -> tuple[CopiedGroup, ...]:
    """Return the groups of a stored copy."""
    return tuple(
        CopiedGroup(section, title, level, tuple(CopiedRow(*row) for row in rows))
        for section, title, level, rows in copy
    )


class CopiedRow(NamedTuple):
    """One answer of a copy."""

    #: What was asked.
    label: str
    #: The answer in words; empty if there is none.
    lines: tuple[str, ...]


class CopiedGroup(NamedTuple):
    """The answers of one step, or of one item, of a copy."""

    #: The section that begins with this group, or an empty string.
    section: str
    #: The title of the step or the item; an empty string if its only row says it.
    title: str
    #: The level of the title as a heading on the check page; 0 without a title.
    level: int
    rows: tuple[CopiedRow, ...]

    @property
    def says_label(self) -> bool:
        """True if the title says what the label of the only row says."""
        return len(self.rows) == 1 and self.rows[0].label == self.title


@dataclass(frozen=True)
class ShownCopy:
    """The copy of the answers that a receipt's page shows."""

    groups: tuple[CopiedGroup, ...] = dataclass_field(repr=False)
    #: When it was sent, and until when it can be seen.
    sent: datetime
    until: datetime
    #: True if it can be seen only until the browser closes.
    in_browser: bool
    #: True if it can be seen wherever the user signs in.
    signed_in: bool
    #: The URL to download it from.
    url: str

    def as_text(self, title: str, reference: str | None) -> str:
        """Return the copy as a plain text with a heading, for a file."""
        lines = [title]
        if reference:
            lines.append(text("Your reference is {reference}", reference=reference))
        lines.append(text("Sent {time}", time=moment(self.sent)))
        return "\r\n".join([*lines, *self._lines(), ""])

    def _lines(self) -> Iterator[str]:
        for group in self.groups:
            yield from ("", group.section.upper()) if group.section else ()
            yield from ("", group.title) if group.title else ()
            for row in group.rows:
                yield from () if group.says_label else ("", row.label)
                found = row.lines or (text("Not provided"),)
                yield from (f"  {line}" for line in found)
