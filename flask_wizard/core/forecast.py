"""led_back: what this release would ask the visitor of an open draft again."""

from __future__ import annotations

from typing import Literal, NamedTuple

from .draft import Draft, Entry
from .journey import Journey
from .repeats import BoundRepeat
from .steps import BoundStep

Why = Literal["again", "new", "commit"]
"""Why a step is asked: its Continue was accepted, and counts no more; it was never
answered, and a later step was; or only the commit finds that it is not valid.
"""


class Asked(NamedTuple):
    """The first step that the visitor is led back to."""

    #: The name of the step, as it is declared.
    step: str
    why: Why


def led_back(journey: Journey, stored: Draft) -> Asked | None:
    """Return the step that the visitor is led back to at once; ``None`` if to none.

    ``stored`` is the draft by the names of now, before ``upgrade``. It tells what the
    visitor has left open. This judges no step with ``revalidate=False``.
    """
    for first, span in journey.incomplete:
        if first.step.lists_answers:
            continue
        left = stored.entries.get(first.name)
        if _was_passed(first) or _is_accepted(left):
            return Asked(first.name, "again")
        is_left = left is not None and left.sent
        is_left = is_left or bool(stored.packed_items.get(first.name))
        later = first.journey.steps[first.position + 1 : span.behind]
        if not is_left and any(_is_accepted(stored.entries.get(s.name)) for s in later):
            return Asked(first.name, "new")
    return None


def _was_passed(bound: BoundStep) -> bool:
    """True if its Continue was accepted, or that of an item of the list."""
    if _is_accepted(bound.entry):
        return True
    if not isinstance(bound, BoundRepeat):
        return False
    return any(
        not item.done
        and (first := item.walk.first_incomplete) is not None
        and _was_passed(first)
        for item in bound.items
    )


def _is_accepted(entry: Entry | None) -> bool:
    return entry is not None and entry.accepted
