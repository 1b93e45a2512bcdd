"""The pages of a guest, who fills in a part of somebody else's draft."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Literal

from ..core.answers import Shown
from ..core.draft import Draft
from ..core.journey import Journey
from ..core.steps import BoundStep
from ..drafts.encrypted_store import Guest
from .groups import Group, groups_of_rows
from .notices import choose_notice
from .pages import Page, Pages
from .submitted import GUEST, Button
from .urls import Address

State = Literal["done", "open", "later"]
"""Whether a guest has filled in a step, can do so, or cannot yet."""

BUTTONS = (
    Button("next", "Continue", primary=True),
    Button("save", "Save and come back later"),
)


@dataclass(frozen=True)
class Part:
    """A step that a guest fills in, as their page shows it."""

    title: str
    state: State
    #: The URL of the step, if it opens.
    url: str | None


def guest_page(
    pages: Pages, draft: Draft, journey: Journey | None, guest: Guest
) -> Page:
    """Return a guest's own page: their steps with states, and what they may see.

    There is no journey through a draft that has ended. Its page says thanks.
    """
    parts = _parts(pages, journey, guest) if journey is not None else []
    is_done = bool(parts) and all(part.state == "done" for part in parts)
    outcome = draft.state if draft.closed else "done" if is_done else "open"
    return pages.make(
        "guest",
        outcome=outcome,
        parts=parts,
        groups=_groups(journey, guest) if journey is not None else [],
    )


def _parts(pages: Pages, journey: Journey, guest: Guest) -> list[Part]:
    """Return the steps of a guest that apply, or whose turn has not come yet."""
    found = []
    for step in journey.steps:
        if step.name not in guest.steps:
            continue
        bound = journey.get(step.name)
        met = {each.name for each in journey.met if not each.waits_for}
        if bound is None and step.name in met:
            continue  # it does not apply
        state: State = "later"
        if bound is not None:
            state = "done" if bound.done else "open"
        at = Address(step.url_name, journey.draft.id)
        can_open = bound is not None and not journey.draft.closed
        found.append(Part(step.title, state, pages.urls.to(at) if can_open else None))
    return found


def _groups(journey: Journey, guest: Guest) -> list[Group]:
    """Return the answers that a guest may see, without links to change them."""
    seen = [
        bound
        for bound in journey.path
        if bound.name in guest.sees and bound.step.has_answers and bound.done
    ]
    rows = {bound.name: bound.rows(lambda page: "") for bound in seen}
    plain = {name: [replace(row, url="") for row in own] for name, own in rows.items()}
    return groups_of_rows(plain, [bound.step for bound in seen])


def guest_step(
    pages: Pages, journey: Journey, bound: BoundStep, at: Address, guest: Guest
) -> Page:
    """Return the page of a step for the guest who fills it in."""
    notice = choose_notice(journey.draft, bound)
    about_form = notice if notice in ("changed", "form-changed") else None
    page = pages.step(
        journey, bound, at, form=bound.form_to_show(), then=False, notice=about_form
    )
    page["actions"] = list(BUTTONS)
    page["answers"] = _answers(journey, bound, guest)
    return as_guests(page)


def _answers(journey: Journey, bound: BoundStep, guest: Guest) -> Mapping[str, object]:
    """Return the answers before a step: none of those that a guest may not see."""
    allowed = guest.sees | guest.steps
    answers = bound.answers
    return {
        name: answers[name]
        if name in allowed
        else journey.steps.named(name).no_answers(Shown())
        for name in answers
    }


def as_guests(page: Page) -> Page:
    """Return a page with a form as a guest has it: with nothing that is the holder's.

    It has no links to the draft's other pages, and says whose page it was when it is
    sent.
    """
    page["hidden"] = [*page.get("hidden", ()), (GUEST, "1")]
    nothing = ("discard_url", "progress", "stepper", "returning", "unneeded")
    page.update(dict.fromkeys(nothing))
    return page
