"""The notice above a page's form: the functions that choose it."""

from __future__ import annotations

from ..core.draft import Draft
from ..core.messages import Notice
from ..core.steps import BoundStep


def choose_notice(
    draft: Draft, bound: BoundStep, *, given_back: bool = False
) -> str | None:
    """Return the notice of a step's page, or ``None``.

    ``given_back`` is true of a page that shows what was sent, and not what is stored.
    """
    if draft.notice == Notice.CHANGED and bound.step.lists_answers:
        return Notice.CHANGED
    if draft.unsettled and draft.state == "open":
        return Notice.OVERDUE if draft.maybe_running else Notice.UNSETTLED
    if draft.notice in (Notice.MOVED, Notice.ADOPTED, Notice.WAITS):
        return draft.notice
    about_items = (Notice.ITEM_KEPT, Notice.ITEM_HIDDEN)
    if draft.notice in about_items and bound.page == "list":
        return draft.notice
    entry = bound.entry
    if draft.reopened and entry is not None and entry.told and not entry.accepted:
        return Notice.REMARK
    if bound.invalidated and not given_back:
        return Notice.FORM_CHANGED if bound.form_changed else Notice.CHANGED
    is_others = bound.name in bound.journey.passable
    return Notice.SHARED if is_others and not bound.done else None


def saved_notice(draft: Draft) -> str | None:
    """Return the notice of the page after Save, or ``None``."""
    return draft.notice if draft.notice in (Notice.MOVED, Notice.ADOPTED) else None


def tasks_notice(draft: Draft) -> str | None:
    """Return the notice of the list of tasks, or ``None``."""
    if draft.unsettled:
        return Notice.OVERDUE if draft.maybe_running else Notice.UNSETTLED
    told = (Notice.MOVED, Notice.ADOPTED, Notice.WAITS_FOR_TASK)
    return draft.notice if draft.notice in told else None
