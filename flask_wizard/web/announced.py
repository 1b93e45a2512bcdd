"""Announced: what a POST has done, told to the receivers of signals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import signals
from ..core.changes import changed_fields
from ..core.draft import Entry
from ..core.journey import Journey
from ..core.steps import BoundStep

if TYPE_CHECKING:
    from blinker import NamedSignal

    from .visit import Visit


def announce(visit: Visit, signal: NamedSignal, **what: Any) -> None:
    """Send a signal of a visit's wizard, and log what a receiver raises."""
    if not signal.receivers:
        return
    try:
        signal.send(type(visit.wizard), **what)
    except Exception as error:
        visit.log(error, f"A receiver of the signal {signal.name} has failed.")


def announce_step(
    visit: Visit,
    journeys: tuple[Journey, Journey],
    pages: tuple[BoundStep, BoundStep],
    *,
    accepts: bool,
) -> None:
    """Tell what a POST to a page has done. It is stored already.

    ``journeys`` and ``pages`` are those before and after the POST. ``accepts`` is true
    of a Continue, which accepts the page or refuses it.
    """
    before, after = pages
    draft_id, name = journeys[1].draft.id, after.top.name
    if accepts and not after.done:
        wrong = tuple(after.errors)
        announce(
            visit, signals.step_refused, draft_id=draft_id, step=name, fields=wrong
        )
    else:
        announce(
            visit,
            signals.step_saved,
            draft_id=draft_id,
            step=name,
            fields=_fields(before, after),
            accepted=accepts,
        )
    if signals.path_changed.receivers:
        was, now = map(_applying, journeys)
        known = was.keys() & now.keys()
        added = tuple(n for n in now if n in known and now[n] and not was[n])
        removed = tuple(n for n in was if n in known and was[n] and not now[n])
        if added or removed:
            announce(
                visit,
                signals.path_changed,
                draft_id=draft_id,
                step=name,
                added=added,
                removed=removed,
            )


def _fields(before: BoundStep, after: BoundStep) -> tuple[str, ...]:
    if after.entry is None or not after.takes_input:
        return ()
    return tuple(changed_fields(before.entry or Entry(sent=False), after.entry))


def _applying(journey: Journey) -> dict[str, bool]:
    """Return which of the steps apply, as far as the journey leads."""
    return {bound.name: bool(bound.applies) for bound in journey.met}
