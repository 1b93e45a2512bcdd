"""Former names: what a deploy has renamed, and drafts still have by its old name.

A draft goes on under the names that it has. So processes of the release before, which
serve it at the same time, find all that the new ones write.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple, TypeVar

import msgspec
from msgspec.structs import replace

from .draft import Before, Entry, Kept, StoredItem, pack, pack_files, unpack
from .forms import renamed
from .steps import AnyStep, Steps

Value = TypeVar("Value")


class StoredName(NamedTuple):
    """The names that a draft has for a step, its fields, and the pages of its items."""

    step: str
    #: By the name of a field, the name that the draft has for it.
    fields: Mapping[str, str]
    #: By the id of an item, the names that it has.
    items: Mapping[str, StoredNames]


StoredNames = Mapping[str, StoredName]
"""The names that differ in a draft, or in an item, by the names of the steps now."""


def with_new_names(filled: Kept, steps: Steps) -> tuple[Kept, StoredNames]:
    """Return what was filled in by the names of now, and the names in the store.

    What is stored under the name of now wins. Raise UnreadableDraftError.
    """
    entries, items = dict(filled.packed_entries), dict(filled.packed_items)
    found: dict[str, StoredName] = {}
    for step in steps.renamed:
        name = stored = step.name
        if name not in entries and name not in items:
            old = (n for n in step.former_names if n in entries or n in items)
            stored = next(old, name)
            _move(entries, stored, name)
            _move(items, stored, name)
        fields: Mapping[str, str] = {}
        if step.former_fields and name in entries:
            entry = unpack(Entry, entries[name])
            fields = _stored_fields(step, entry)
            if fields:
                new = {old: field for field, old in fields.items()}
                entries[name] = pack(_rename_fields(entry, new))
        inner: dict[str, StoredNames] = {}
        if step.pages.renamed and name in items:
            opened = [unpack(StoredItem, item) for item in items[name]]
            pairs = [with_new_names(item, step.pages) for item in opened]
            inner = {item.id: names for item, names in pairs if names}
            items[name] = tuple(msgspec.Raw(pack(item)) for item, _ in pairs)
        if stored != name or fields or inner:
            found[name] = StoredName(stored, fields, inner)
    if not found:
        return filled, found
    return replace(filled, packed_entries=entries, packed_items=items), found


def with_stored_names(filled: Kept, names: StoredNames) -> Kept:
    """Return what was filled in by the names that it is stored by."""
    entries, items = dict(filled.packed_entries), dict(filled.packed_items)
    for name, stored in names.items():
        if stored.fields and name in entries:
            entry = unpack(Entry, entries[name])
            entries[name] = pack(_rename_fields(entry, stored.fields))
        if stored.items:
            opened = [unpack(StoredItem, item) for item in items.get(name, ())]
            items[name] = tuple(
                msgspec.Raw(pack(with_stored_names(i, stored.items.get(i.id, {}))))
                for i in opened
            )
        _move(entries, name, stored.step)
        _move(items, name, stored.step)
    return replace(filled, packed_entries=entries, packed_items=items)


def sent_fields(step: AnyStep, sent: Iterable[str]) -> Mapping[str, str]:
    """Return the new names by the former ones that a page of another release has sent.

    ``sent`` has the names of all that it sent.
    """
    names = list(sent)
    found = {}
    for new, former in step.former_fields.items():
        old = (name for name in former if _is_among(name, names))
        if not _is_among(new, names) and (name := next(old, None)) is not None:
            found[name] = new
    return found


def _move(kept: dict[str, Value], old: str, new: str) -> None:
    if old != new and old in kept:
        kept[new] = kept.pop(old)


def _is_among(field: str, names: Iterable[str]) -> bool:
    return any(name == field or name.startswith(f"{field}-") for name in names)


def _stored_fields(step: AnyStep, entry: Entry) -> Mapping[str, str]:
    """Return the former names in an entry by the names of now."""
    before = entry.before or Before({})
    files = (file.field for file in entry.files.values())
    named = {*entry.raw, *entry.passwords, *entry.errors, *before.raw, *files}
    return {new: old for old, new in sent_fields(step, named).items()}


def _rename_fields(entry: Entry, names: Mapping[str, str]) -> Entry:
    """Return an entry with other names of its fields, and the same verdict."""

    def rename(mapping: Mapping[str, Value]) -> dict[str, Value]:
        return {renamed(name, names): value for name, value in mapping.items()}

    packed_before = entry.packed_before
    if (before := entry.before) is not None:
        silent = tuple(renamed(name, names) for name in before.silent)
        packed_before = pack(replace(before, raw=rename(before.raw), silent=silent))
    files = {
        id: replace(file, field=renamed(file.field, names))
        for id, file in entry.files.items()
    }
    return replace(
        entry,
        packed=msgspec.Raw(msgspec.msgpack.encode(rename(entry.raw))),
        errors=rename(entry.errors),
        html_errors=rename(entry.html_errors),
        passwords=rename(entry.passwords),
        packed_before=packed_before,
        packed_files=pack_files(files),
    )
