"""Foresight: which steps behind the first incomplete one are certain to apply."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, NamedTuple

from .journey import Journey
from .steps import AnyStep, BoundStep

StepState = Literal["done", "current", "later"]


class SteppedTo(NamedTuple):
    """A step as the list of steps on a page has it."""

    step: AnyStep
    state: StepState


def applies_at(journey: Journey, at: int, met: Sequence[BoundStep]) -> bool | None:
    """Return whether the step at a position applies; None if that may change.

    A condition runs only when every applicable step before it is done, so nothing is
    known of a conditional step behind the first incomplete one.
    """
    if at >= len(met):
        return None if journey.steps[at].may_be_left_out else True
    bound = met[at]
    is_unknown = bound.waits_for and bound.step.may_be_left_out
    return None if is_unknown else bound.applies


def total_ahead(journey: Journey, bound: BoundStep) -> int | None:
    """Return how many steps stand beside one; None while that may change."""
    met, beside = journey.met, journey.steps_beside(bound)
    found = {at: applies_at(journey, at, met) for at in beside}
    if any(found[at] is None or (found[at] and journey.steps[at].ends) for at in found):
        return None
    return sum(map(bool, found.values()))


def steps_shown(journey: Journey, bound: BoundStep) -> Sequence[SteppedTo]:
    """Return the steps that a page lists, of which ``bound`` is the current one.

    A step that may not apply is listed once it is certain to. None comes after a step
    that ends the wizard. One alone is no list.
    """
    met = journey.met
    shown = []
    for at in journey.steps_beside(bound):
        step = journey.steps[at]
        if at > bound.position and bound.step.ends:
            break
        if at == bound.position:
            shown.append(SteppedTo(step, "current"))
        elif applies_at(journey, at, met) and not step.ends:
            opened = journey.get(step.name)
            is_done = opened is not None and opened.done
            shown.append(SteppedTo(step, "done" if is_done else "later"))
    return shown if len(shown) > 1 else []
