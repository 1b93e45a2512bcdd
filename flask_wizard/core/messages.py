"""What a page may have to say besides its form, each by one word."""

from __future__ import annotations

from enum import StrEnum


class Notice(StrEnum):
    """What stands above a form, since something happened that nobody asked for."""

    #: What was sent went into a draft of its own: the one it was sent to has gone.
    MOVED = "moved"
    #: It was begun before the user who has it signed in.
    ADOPTED = "adopted"
    #: An earlier answer has changed, or another tab has changed what a review shows.
    CHANGED = "changed"
    #: The page's form is another one since it was filled in.
    FORM_CHANGED = "form-changed"
    #: The page was sent back, with a remark on what to correct.
    REMARK = "remark"
    #: A commit refused a step and sent the visitor back to it.
    REFUSED = "refused"
    #: Nobody knows whether the last commit took effect.
    UNSETTLED = "unsettled"
    #: The same, and the commit may still be running.
    OVERDUE = "overdue"
    #: What was sent is kept, and cannot be judged before somebody else's part is there.
    WAITS = "waits"
    #: The same, and another task has to be completed first.
    WAITS_FOR_TASK = "waits-for-task"
    #: Somebody else was asked to fill in this page.
    SHARED = "shared"
    #: The item of a list that was asked for has been removed.
    ITEM_GONE = "item-gone"
    #: What was sent to an item of an earlier answer is kept, and not asked any more.
    ITEM_HIDDEN = "item-hidden"
    #: What was sent to it is kept as a new item.
    ITEM_KEPT = "item-kept"


class Problem(StrEnum):
    """Why nothing of a POST was stored."""

    TOKEN = "token"
    ORIGIN = "origin"
    TOO_MANY_FIELDS = "too-many-fields"
    TOO_LARGE = "too-large"
    TOO_MANY = "too-many"
    #: The list has as many items as it may have.
    TOO_MANY_ITEMS = "too-many-items"
    NOT_ADMITTED = "not-admitted"
    BUSY = "busy"
    UNSETTLED = "unsettled"
    #: A deploy has removed or renamed the page while a visitor had it open.
    REMOVED = "removed"
    #: The user who had the page open is not signed in any more.
    SIGNED_OUT = "signed-out"
    #: Who filled in this part of somebody else's draft may not do so any more.
    NOT_SHARED = "not-shared"
    STORE = "store"
