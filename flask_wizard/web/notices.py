"""What a page says above its form, chosen in this one place."""

from __future__ import annotations

from ..core.draft import Draft
from ..core.journey import BoundStep
from ..core.messages import Notice


def choose_notice(draft: Draft, bound: BoundStep, *, rejudged: bool) -> str | None:
    """Return what the page of a step has to say first, or ``None``.

    ``rejudged`` is true if the step was validated anew, as an earlier answer changed.
    """
    if draft.notice == Notice.CHANGED and bound.is_review:
        return Notice.CHANGED
    if draft.unsettled and draft.state == "open":
        return Notice.UNSETTLED
    if draft.notice == Notice.MOVED:
        return Notice.MOVED
    return Notice.CHANGED if rejudged else None


def saved_notice(draft: Draft) -> str | None:
    """Return what the page of a saved draft has to say first, or ``None``."""
    return Notice.MOVED if draft.notice == Notice.MOVED else None
