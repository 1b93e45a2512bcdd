"""Foresight: which steps behind the first incomplete one are certain to apply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

from .answers import Dependencies, Suspended
from .journey import Journey
from .steps import AnyStep, BoundStep

StepState = Literal["done", "current", "later"]


class SteppedTo(NamedTuple):
    """A step as the list of steps on a page has it."""

    step: AnyStep
    state: StepState


class Foresight(Journey):
    """A journey that asks the conditions of steps that it has not reached.

    A condition that reads a step which is not done stops there, so that nobody knows
    yet whether its step applies.
    """

    @classmethod
    def of(cls, journey: Journey) -> Foresight:
        """Return the foresight of a journey through the steps in their order."""
        onward = object.__new__(cls)
        onward.__dict__.update(journey.__dict__)
        onward._reached = journey.walk()
        onward._walked = [*journey._walked]
        onward._known = {}
        return onward

    #: How many steps the journey has met.
    _reached: int
    #: What is known of the steps behind, by their positions.
    _known: dict[int, bool | None]
    #: True if a function has read a step that is not done.
    _has_stopped = False

    def read(self, name: str, before: int, reads: Dependencies) -> Any:
        """Return the answers of a step as a reader behind it gets them."""
        at = self.steps.positions.get(name, before)
        if at >= before or not self.steps[at].has_answers:
            return None
        if at < self._reached:
            bound = self._met(at)
            if not bound.waits_for and (bound.done or not bound.applies):
                return bound.record(reads)
        elif self.applies(at) is False:
            return self.steps[at].no_answers(reads)
        self._has_stopped = True
        raise Suspended(name)

    def applies(self, at: int) -> bool | None:
        """Return whether the step at a position applies; None if that may change."""
        if at < self._reached:
            bound = self._met(at)
            is_unknown = bound.waits_for and bound.step.may_be_left_out
            return None if is_unknown else bound.applies
        if at not in self._known:
            self._known[at] = self._ask(at)
        return self._known[at]

    def _ask(self, at: int) -> bool | None:
        step = self.steps[at]
        if not step.may_be_left_out:
            return True
        for earlier in range(self._reached, at):  # in their order, as when walked to
            self.applies(earlier)
        self._has_stopped = False
        try:
            entry = self.draft.entries.get(step.name)
            found = step.bind(self, at, entry, reached=True).applies
        except Suspended:
            return None
        except Exception:  # its own page fails with it, if it is ever reached
            return None
        return None if self._has_stopped else found


def total_ahead(journey: Journey, bound: BoundStep) -> int | None:
    """Return how many steps stand beside one; None while that may change."""
    ahead, beside = Foresight.of(journey), journey.steps_beside(bound)
    found = {at: ahead.applies(at) for at in beside}
    if any(found[at] is None or (found[at] and journey.steps[at].ends) for at in found):
        return None
    return sum(map(bool, found.values()))


def steps_shown(journey: Journey, bound: BoundStep) -> Sequence[SteppedTo]:
    """Return the steps that a page lists, of which ``bound`` is the current one.

    A step that may not apply is listed once it is certain to. One alone is no list.
    """
    ahead = Foresight.of(journey)
    shown = []
    for at in journey.steps_beside(bound):
        step = journey.steps[at]
        if at == bound.position:
            shown.append(SteppedTo(step, "current"))
        elif ahead.applies(at) and not step.ends:
            opened = journey.get(step.name)
            is_done = opened is not None and opened.done
            shown.append(SteppedTo(step, "done" if is_done else "later"))
    return shown if len(shown) > 1 else []
