"""The page that a request is for, among the steps and the items of lists."""

from __future__ import annotations

from flask import abort
from msgspec.structs import replace

from ..core.former_names import sent_fields
from ..core.items import NEW_ITEM, derive_id
from ..core.journey import Journey
from ..core.repeats import BoundRepeat, Repeat
from ..core.steps import AnyStep, BoundStep, Steps
from ..drafts.holders import is_id
from .incoming import IncomingFiles
from .submitted import Submitted
from .urls import Address

GONE = "gone"
"""The value of ``item`` in the URL of a list whose item has been removed."""


def has_page(step: AnyStep, at: Address) -> bool:
    """True if a step has a page at this address, of whatever item."""
    if not at.item:
        return True
    if not isinstance(step, Repeat):
        return False
    if at.item == NEW_ITEM:
        return not (at.sub or step.is_fixed)
    if at.sub == "remove":
        return not step.is_fixed
    return not at.sub or at.sub in step.pages.by_url_name


def current_address(steps: Steps, at: Address) -> Address:
    """Return an address with the names that steps and pages have now."""
    if (step := steps.by_url_name.get(at.page)) is None:
        return at
    page = step.pages.by_url_name.get(at.sub) if at.item else None
    sub = page.url_name if page is not None else at.sub
    return at._replace(page=step.url_name, sub=sub)


def with_new_fields(
    steps: Steps, at: Address, submitted: Submitted, incoming: IncomingFiles | None
) -> Submitted:
    """Return what was sent by the names of now, also from a page of another release."""
    step = steps.by_url_name.get(at.page)
    if step is not None and step.pages:
        step = step.pages.by_url_name.get(at.sub, step.pages[0])
    if step is None or not step.former_fields:
        return submitted
    values = submitted.values
    files = [sent.stored.field for sent in values.files.values()]
    names = sent_fields(step, [*values, *files])
    if not names:
        return submitted
    values = values.renamed(names)
    if incoming is not None:
        values.files = incoming.rename_fields(names)
    return replace(submitted, values=values)


def find_page(bound: BoundStep, at: Address, nonce: str = "") -> BoundStep | None:
    """Return the page of a step that an address leads to, whether it opens or not.

    ``nonce`` is what the id of a new item is derived from. Return ``None`` if the item
    has been removed.
    """
    if not isinstance(bound, BoundRepeat) or not at.item:
        return bound
    if at.item == NEW_ITEM:
        return begin_item(bound, nonce, at)
    item = bound.find(at.item)
    return item.page(at.sub) if item is not None else None


def begin_item(repeat: BoundRepeat, nonce: str, at: Address) -> BoundStep:
    """Return a page of the item that a nonce has begun, or of a new one."""
    draft_id = repeat.journey.draft.id
    item_id = derive_id(draft_id, repeat.name, nonce) if nonce else NEW_ITEM
    item = repeat.find(item_id) or repeat.new_item(item_id)
    return item.page(at.sub) or abort(404)


def begin_again(repeat: BoundStep, at: Address) -> BoundStep | None:
    """Return a page for what was sent to an item that is not on its list.

    It is a page of a new item for one that was removed. An item of an earlier answer
    keeps what was sent to it. Return ``None`` if the address is none of an item.
    """
    if not isinstance(repeat, BoundRepeat):
        return None
    if not repeat.step.is_fixed:
        return begin_item(repeat, at.item, at)
    return repeat.hidden_item(at.item).page(at.sub) if is_id(at.item) else None


def is_begun(page: BoundStep) -> bool:
    """True if a page is of an item that exists, or of no item."""
    return NEW_ITEM not in page.journey.url_parts


def reopen(journey: Journey, name: str) -> Journey:
    """Return the journey with a list open again, since an item is to be added."""
    repeat = journey.bind(name)
    if not isinstance(repeat, BoundRepeat):
        return journey
    again = repeat.reopen()
    return journey.go_on_with(again, again.write_to(journey.draft))


def remove_item(journey: Journey, name: str, item_id: str) -> Journey:
    """Return the journey without an item of a list."""
    repeat = journey.bind(name)
    if not isinstance(repeat, BoundRepeat):
        return journey
    left = repeat.without_item(item_id)
    return journey.go_on_with(left, left.write_to(journey.draft))
