"""The actions of a step's page: a table from the value of a button to a function.

To add an action, add an entry to ``ACTIONS``.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from ..catalogues import message
from ..core.items import NEW_ITEM
from ..core.journey import Journey, Walk
from ..core.repeats import BoundRepeat
from ..core.steps import BoundStep
from .submitted import Button, Submitted
from .urls import NEW, Address, Urls, address_of, row_anchor


class Move(NamedTuple):
    """The result of a submission, from which an action chooses the next URL."""

    #: The journey after the submission.
    journey: Journey
    #: The walk that the step is a part of: the journey, or the pages of an item.
    walk: Walk[Any]
    #: The name of the wizard's step that was submitted, or whose item was.
    name: str
    #: The submitted step after the submission; ``None`` if it may not be opened.
    bound: BoundStep | None
    submitted: Submitted
    urls: Urls
    #: Returns the URL of a step of this draft, as ``Urls.to_step`` does.
    to: Callable[..., str]


class Action(NamedTuple):
    """The meaning of one value of ``_action``."""

    name: str
    #: Returns the URL to go on to, or ``None`` to commit the draft.
    lead: Callable[[Move], str | None]
    #: The page, if ``lead`` always leads to the same page of the draft.
    page: str = ""
    #: True if the values are validated, so that the step may become done.
    validates: bool = False
    #: True if it adds an item to a list, whose page it then does not validate.
    adds: bool = False
    #: True if a colon and an argument may follow the name, as in ``goto:you``.
    takes_argument: bool = False
    #: True if a script sends it, which needs no page in return.
    quiet: bool = False
    #: True if a POST may wait until a commit has ended, to lead to its receipt.
    waits: bool = True
    #: The text of the button on a step of a journey.
    label: Callable[[Journey, BoundStep], str] | None = None
    #: True if a page of this step has the button.
    offered: Callable[[Journey, BoundStep], bool] = lambda journey, bound: False
    #: True if a page that leads back to the review has the button in any case.
    leads_to_review: bool = False
    #: True of the button that stands out.
    primary: bool = False


def go_on(move: Move) -> str | None:
    """Return the URL of the next step, or ``None`` to commit after the last one.

    After the last step of a task it is the list of tasks.
    After a change link it is the first incomplete step, which may be the review.
    """
    journey, bound = move.journey, move.bound
    if bound is None:
        return _to_current(move)
    if not bound.done:
        return stay(move)
    if move.walk.repeat is not None:
        return _go_on_in_item(move, bound)
    if move.submitted.from_review and (open_step := journey.first_incomplete):
        return _to_row(move, bound) or move.to(open_step, then=True)
    if (following := journey.next(bound)) is not None:
        return move.to(following)
    is_last = bound.step.lists_answers or not journey.home
    return None if is_last else lead_to_page(journey.home, move)


def _go_on_in_item(move: Move, bound: BoundStep) -> str:
    """Return the URL of the item's next page; after the last one, of the list.

    A list that has an item for each part of an earlier answer leads on to the next of
    them that is not finished.
    """
    then, repeat = move.submitted.from_review, move.journey.bind(bound.top.name)
    following = move.walk.first_incomplete if then else move.walk.next(bound)
    if following is not None:
        return move.to(following, then=then)
    if then and (open_step := move.journey.first_incomplete):
        return _to_row(move, bound) or move.to(open_step, then=True)
    if isinstance(repeat, BoundRepeat) and repeat.step.is_fixed:
        unfinished = repeat.first_unfinished
        if unfinished is not None and (page := unfinished.page()) is not None:
            return move.to(page, then=then)
    return move.to(repeat, then=then)


def add_another(move: Move) -> str:
    """Return the URL of a new item; after the page of an item only if that is done."""
    bound, then = move.bound, move.submitted.from_review
    if bound is None:
        return _to_current(move)
    if move.walk.repeat is not None:
        if not bound.done:
            return stay(move)
        if (following := move.walk.next(bound)) is not None:
            return move.to(following, then=then)
    repeat = move.journey.bind(bound.top.name)
    if not repeat.add_label:
        return move.to(repeat, then=then)
    at = Address(repeat.url_name, move.journey.draft.id, item=NEW_ITEM)
    return move.urls.to(at, then=then)


def go_back(move: Move) -> str:
    """Return the URL of the previous step, or of the first step from itself.

    After a change link it is the review, if that opens. Before the first step of a task
    it is the list of tasks. Before the first page of an item it is the list. A list
    that must have an item and has none has no page, so the step before the list takes
    its place.
    """
    journey, bound, then = move.journey, move.bound, move.submitted.from_review
    if bound is None:
        return _to_current(move)
    if then and (url := _to_row(move, bound)):
        return url
    before = move.walk.previous(bound)
    if before is None and move.walk.repeat is not None:
        before = journey.bind(bound.top.name)
        if must_begin(before):
            before = journey.previous(before)
    if before is None and journey.home:
        return lead_to_page(journey.home, move)
    return move.to(before or bound, then=then)


def must_begin(bound: BoundStep) -> bool:
    """True if it is a list whose page leads to a new item, since it must have one."""
    return isinstance(bound, BoundRepeat) and not bound.items and bound.step.min > 0


def _to_row(move: Move, bound: BoundStep) -> str | None:
    """Return the URL of a step's row on the review, or ``None`` if that is closed."""
    review = move.journey.open_review
    if review is None or review is bound:
        return None
    at = address_of(bound, move.journey.draft.id)
    return move.to(review, anchor=row_anchor(at.page, at.item))


def _to_current(move: Move) -> str:
    """Return the URL of the current step, from a step that may not be opened.

    In a task list it is that of the same task, or else the list.
    """
    found = move.journey.instead_of(move.name)
    if found is None:
        return lead_to_page(move.journey.home, move)
    return move.to(found, then=move.submitted.from_review)


def go_to(move: Move) -> str:
    """Return the URL of the step that the action names, or of the list of tasks.

    The current step takes its place if the named one may not be opened.
    """
    name = move.submitted.action.partition(":")[2]
    if name and name == move.journey.home:
        return lead_to_page(name, move)
    aim = move.journey.steps.by_url_name.get(name)
    found = move.journey.get(aim.name if aim is not None else name)
    then = move.submitted.from_review
    if found is None and move.journey.home:
        return lead_to_page(move.journey.home, move)
    return move.to(found or move.journey.current, then=then)


def stay(move: Move) -> str:
    """Return the URL of the submitted step, or of the current step.

    The current step takes its place if the submitted one may not be opened.
    """
    if move.bound is None:
        return _to_current(move)
    return move.to(move.bound, then=move.submitted.from_review)


def save_and_leave(move: Move) -> str:
    """Return the URL of the page that says what is saved, or of the list of tasks."""
    return lead_to_page(move.journey.home or "saved", move)


def lead_to_page(page: str, move: Move) -> str:
    """Return the URL of one of the draft's own pages."""
    return move.urls.to(Address(page, move.journey.draft.id))


def _always(journey: Journey, bound: BoundStep) -> bool:
    return True


def _can_go_on(journey: Journey, bound: BoundStep) -> bool:
    return not bound.step.ends


def _has_step_before(journey: Journey, bound: BoundStep) -> bool:
    if bound.journey.repeat is not None:
        is_first = bound.journey.previous(bound) is None and must_begin(bound.top)
        if not is_first:
            return True
        bound = bound.top
    return bool(journey.home) or journey.has_previous(bound)


def _can_add(journey: Journey, bound: BoundStep) -> bool:
    return bool(bound.add_label) and not bound.step.ends


def _is_stored(journey: Journey, bound: BoundStep) -> bool:
    return journey.draft.id != NEW


def _next_label(journey: Journey, bound: BoundStep) -> str:
    if bound.step is journey.steps[-1]:
        return bound.texts.text("Confirm and send")
    return bound.texts.text("Continue")


SAVE = message("Save and come back later")

#: The actions in the order of their buttons. Enter presses the first submit button of a
#: form, which must be Continue.
ACTIONS: dict[str, Action] = {
    action.name: action
    for action in (
        Action(
            "next",
            lead=go_on,
            validates=True,
            label=_next_label,
            offered=_can_go_on,
            primary=True,
        ),
        Action(
            "add",
            lead=add_another,
            validates=True,
            adds=True,
            label=lambda journey, bound: bound.add_label,
            offered=_can_add,
        ),
        Action(
            "back",
            lead=go_back,
            label=lambda journey, bound: bound.texts.text("Back"),
            offered=_has_step_before,
            leads_to_review=True,
        ),
        Action(
            "save",
            lead=save_and_leave,
            page="saved",
            label=lambda journey, bound: bound.texts.text(SAVE),
            offered=_always,
        ),
        Action("autosave", lead=stay, quiet=True, waits=False),
        Action("goto", lead=go_to, takes_argument=True),
        # The argument is the id of a file, which is then no longer the page's.
        Action("drop", lead=stay, takes_argument=True),
        Action(
            "discard",
            lead=partial(lead_to_page, "discard"),
            page="discard",
            label=lambda journey, bound: bound.texts.text("Discard my answers"),
            offered=_is_stored,
            waits=False,
        ),
    )
}

UNKNOWN = Action("", lead=stay)
"""The action for any other value: save what was sent, and show the page again."""


def action_of(sent: str) -> Action:
    """Return the action that a value of ``_action`` names; ``UNKNOWN`` if none."""
    name, colon, _ = sent.partition(":")
    action = ACTIONS.get(name, UNKNOWN)
    return UNKNOWN if colon and not action.takes_argument else action


def buttons_of(
    journey: Journey, bound: BoundStep, *, to_review: bool = False
) -> list[Button]:
    """Return the buttons of a step's page in their order.

    ``to_review`` is true if the page leads back to the review.
    """
    return [
        Button(action.name, action.label(journey, bound), action.primary)
        for action in ACTIONS.values()
        if action.label is not None
        if action.offered(journey, bound) or (to_review and action.leads_to_review)
    ]
