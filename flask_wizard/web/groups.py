"""Groups: the rows of the check page by section, step and item."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from ..core.draft import Path
from ..core.journey import Journey
from ..core.rows import Row
from ..core.steps import AnyStep, BoundStep
from ..errors import DefinitionError
from .urls import row_anchor


@dataclass(frozen=True)
class Group:
    """The rows of one step, or of one item of it, on the check page."""

    #: The step; ``None`` if the rows are no answers.
    step: AnyStep | None
    rows: list[Row]
    #: The title of the step, or the heading of the item.
    title: str
    #: The anchor of the group.
    id: str
    #: The level of the title as a heading, or 0 if its only row says it all.
    level: int
    #: The section that begins with this group, or an empty string.
    section: str = ""

    @property
    def says_label(self) -> bool:
        """True if the title of the group says what the label of its only row says."""
        return len(self.rows) == 1 and str(self.rows[0].label) == str(self.title)

    @property
    def changed(self) -> Row | None:
        """The first of the rows that the visitor has just changed."""
        return next((row for row in self.rows if row.changed), None)


def groups_of(
    journey: Journey, review: BoundStep, url_of: Callable[[BoundStep], str]
) -> list[Group]:
    """Return the rows of the review in groups, each row with its change link.

    ``url_of`` returns the link to a step, or to a page of an item. Raise
    DefinitionError if ``Review.rows`` returns a row of a step that is not on the path.
    """
    shown = [bound for bound in journey.path if bound.step.has_answers]
    given = {bound.name: list(bound.rows(url_of)) for bound in shown}
    marked = [row for rows in given.values() for row in rows]
    if changed := journey.draft.changed:
        marked = [_marked(row, changed) for row in marked]
    single = {name for name, rows in given.items() if len(rows) == 1}
    steps = [bound.step for bound in shown]
    return _grouped(review.edit_rows(marked), steps, single)


def groups_of_rows(
    rows: Mapping[str, Sequence[Row]], steps: Sequence[AnyStep]
) -> list[Group]:
    """Return the rows of these steps in groups, in the order of the steps."""
    single = {name for name, own in rows.items() if len(own) == 1}
    return _grouped([row for own in rows.values() for row in own], steps, single)


def _marked(row: Row, changed: Iterable[Path]) -> Row:
    """Return the row, marked if what was changed is its answer or a part of it."""
    page = (row.step, row.item, row.page) if row.item else (row.step,)
    for *sent, name in changed:
        start, rest = name[: len(row.field)], name[len(row.field) :]
        is_own = not name or (start == row.field and not rest[:1].isalnum())
        if tuple(sent) == page and is_own:
            return replace(row, changed=True)
    return row


def _grouped(
    rows: Iterable[Row], steps: Sequence[AnyStep], single: set[str]
) -> list[Group]:
    """Return a group for each step, and each item, that has rows.

    ``single`` has the names of the steps with one answer. Raise DefinitionError.
    """
    by_step: dict[str, dict[str, list[Row]]] = {step.name: {} for step in steps}
    for row in rows:
        if row.step not in by_step:
            raise DefinitionError(
                f"Review.rows returned a row of the step {row.step!r}, which is not on "
                "the path, so that the row has no place. Steps on the path are "
                f"{', '.join(by_step)}. Give the row one of these, or leave it out."
            )
        by_step[row.step].setdefault(row.item, []).append(row)
    found: list[Group] = []
    section, has_items = "", False
    for step in steps:
        if not (items := by_step[step.name]):
            continue
        own, before = str(step.section or ""), section
        section, level = own, 3 if own else 2
        is_new = own != before
        # After the rows of a section or an item, a row without a heading would seem to
        # be in it.
        leaves = (is_new and not own) or has_items
        has_items = any(items)
        for item, found_rows in items.items():
            first = found_rows[0]
            alone = len(found_rows) == 1 and not has_items and not leaves
            said = alone and (
                step.name in single or str(first.label) == str(step.title)
            )
            anchor = row_anchor(step.url_name)
            group = Group(
                step=step,
                rows=found_rows,
                title=first.heading if item else step.title,
                id=f"{anchor}-{item}" if item else anchor,
                level=0 if said else level,
                section=own if is_new else "",
            )
            found.append(group)
            is_new = False
            level += bool(group.level and not item)
    return found
