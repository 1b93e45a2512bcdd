"""Upgrades: drafts of an earlier version of a wizard, as its hook changes them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import msgspec
from msgspec.structs import replace

from ..core import draft as stored
from ..core.draft import Entry, Kept, Raw, StoredItem, pack
from ..core.hooks import HookError, call_hook
from ..core.items import derive_id
from ..errors import DefinitionError, UnreadableDraftError
from .public_draft import Draft, Titled

Pages = Mapping[str, Any]
"""What was sent by the names of steps, or of an item's pages."""


class Upgrades(Titled, Protocol):
    """The attributes of a wizard by which its drafts are upgraded."""

    #: The number of the wizard's definition.
    version: int

    def upgrade(self, draft: Draft, from_version: int) -> Any:
        """Change the entries of a draft of an earlier version."""


def upgrade(draft: stored.Draft, wizard: Upgrades) -> stored.Draft:
    """Return a draft as ``wizard.upgrade`` changes it.

    Raise UnreadableDraftError if the hook raises: nobody knows what the answers of the
    draft mean now. It stays as it is stored.
    """
    public = Draft.of(draft, wizard)
    before = {step: _copy(sent) for step, sent in public.entries.items()}
    try:
        result = call_hook(wizard.upgrade, public, draft.version)
        if result is not None:
            raise DefinitionError(
                f"upgrade returned a {type(result).__name__}, which has no meaning. "
                "Change draft.entries in place, and return None."
            )
        return _with_entries(draft, before, public.entries)
    except UnreadableDraftError:  # it is damaged
        raise
    except Exception as error:
        cause = error.error if isinstance(error, HookError) else error
        raise UnreadableDraftError(
            f"{type(wizard).__name__}.upgrade failed for a draft of version "
            f"{draft.version}, which stays as it is stored."
        ) from cause


def _copy(sent: Any) -> Any:
    """Return what was sent of a step, to tell later what is still the same object."""
    if isinstance(sent, list):
        return [(item, dict(item)) for item in sent]
    return sent


def _with_entries(
    draft: stored.Draft, before: Pages, after: dict[str, Any]
) -> stored.Draft:
    """Return a draft with other entries, those of lists included."""
    lists = {step: sent for step, sent in after.items() if isinstance(sent, list)}
    changed = _with_pages(draft, before, after)
    items = {
        step: packed
        for step, packed in draft.packed_items.items()
        if step in lists or step not in before
    }
    moved = {id(sent): step for step, pairs in before.items() for sent, _ in _of(pairs)}
    for step, sent in lists.items():
        found = next((moved[id(item)] for item in sent if id(item) in moved), step)
        known = list(zip(_of(before.get(found)), draft.items(found), strict=True))
        given = _items(step, known, sent)
        items[step] = tuple(msgspec.Raw(pack(item)) for item in given)
    return replace(changed, packed_items=items)


def _of(pairs: Any) -> Any:
    """Return the items of a copy; none of a step that is no list."""
    return pairs if isinstance(pairs, list) else []


def _items(
    step: str, known: list[tuple[tuple[Any, Pages], StoredItem]], sent: list[Any]
) -> Iterable[StoredItem]:
    """Yield the items of a list.

    An item is known by being the same object, or else by its position, if there are as
    many as before.
    """
    by_object = {id(item): pair for pair in known for item in pair[0][:1]}
    same = {by_object[id(item)][1].id for item in sent if id(item) in by_object}
    taken = {item.id for _, item in known}
    for position, item in enumerate(sent):
        pair = by_object.get(id(item))
        if pair is None and len(sent) == len(known):
            at = known[position]
            pair = at if at[1].id not in same else None
        if pair is None:
            parts = ["upgrade", step, str(position)]
            while (item_id := derive_id(*parts)) in taken:
                parts.append("")
            taken.add(item_id)
            pair = ((None, {}), StoredItem(item_id))
        (original, copied), stored_item = pair
        pages = _pages(stored_item, copied)
        if "" in pages:  # the object itself tells where it has been moved
            pages = {"": original}
        changed = _with_pages(stored_item, pages, _pages(stored_item, item))
        if changed.packed_entries != stored_item.packed_entries:
            changed = replace(changed, read=(), read_digest=b"", path=())
        yield changed


def _pages(item: StoredItem, sent: Any) -> Pages:
    """Return what was sent of an item by page. The only page of a form has no name."""
    if not isinstance(sent, dict):
        raise DefinitionError(_shape(type(sent).__name__))
    is_form = "" in item.packed_entries if not sent else None
    if is_form is None:
        is_form = not all(isinstance(page, dict) for page in sent.values())
    return {"": sent} if is_form else sent


def _with_pages(filled: Kept, before: Pages, after: Pages) -> Kept:
    """Return what was filled in with other values of steps, or of an item's pages."""
    objects = {id(sent): page for page, sent in before.items() if type(sent) is dict}
    packed = {
        page: entry
        for page, entry in filled.packed_entries.items()
        if page not in before or isinstance(after.get(page), list)
    }
    for page, sent in after.items():
        if isinstance(sent, list):
            continue
        try:
            raw = msgspec.convert(sent, Raw)
        except msgspec.ValidationError as error:
            raise DefinitionError(_shape(f"{page!r}: {error}")) from None
        source = objects.get(id(sent), page)
        entry = filled.entries.get(source) if source in before else None
        if entry is None:
            entry = Entry.of(raw)
        elif entry.raw != raw:  # an accepted one is validated again
            raw_packed = msgspec.Raw(msgspec.msgpack.encode(raw))
            changed = replace(
                entry, packed=raw_packed, read=(), read_digest=b"", form_digest=b""
            )
            entry = changed.with_messages({})
        packed[page] = pack(entry)
    return replace(filled, packed_entries=packed, plain_prefix=(0, b""))


def _shape(found: str) -> str:
    return (
        f"upgrade left something in draft.entries that no page sends: {found}. "
        "Expected a dict of lists of strings by field for each step, and a list of "
        "such dicts, or of dicts by page, for a list of items."
    )
