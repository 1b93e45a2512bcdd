"""Changes: what a visitor's POST has changed, to be told on the pages after it."""

from __future__ import annotations

from msgspec.structs import replace

from .draft import Draft, Entry, Path
from .journey import Journey
from .steps import BoundStep


def draft_after(
    journey: Journey, before: BoundStep, after: BoundStep, *, from_review: bool
) -> Draft:
    """Return the draft to store after a POST, with what its pages tell of changes.

    ``journey`` is that after the POST; ``before`` and ``after`` are the submitted page.
    What the draft has told of an earlier change is taken out.
    ``from_review`` is true if the visitor came by a change link: the review then marks
    what differs, also in steps that a change has opened on the way.
    """
    top = journey.bind(before.top.name)
    # What a closed step has read may be missing: it must not be judged.
    is_done = top.opens and top.done
    may_hide = is_done and top.position < journey.steps.last_conditional
    in_item = top.opens and bool(after.journey.inside) and after.done
    changed: list[Path] = []
    unneeded = None
    if (may_hide or in_item or from_review) and after.entry is not None:
        own = changed_fields(before.entry, after.entry) if after.takes_input else []
        fields = [(*after.journey.inside, after.name, field) for field in own]
        was = before.top.entry
        accepted = was is not None and was.accepted
        if from_review:
            was_open = before.entry is None or not before.entry.accepted
            changed = [*(journey.draft.changed if was_open else ()), *fields]
        if (may_hide and (fields or not accepted)) or (in_item and fields):
            unneeded = journey.hidden_by(top, after)
    told = journey.to_draft().without_changes()
    if not changed and unneeded is None:
        return told
    unneeded = told.unneeded if unneeded is None else unneeded
    return replace(told, changed=tuple(dict.fromkeys(changed)), unneeded=unneeded)


def changed_fields(old: Entry | None, new: Entry) -> list[str]:
    """Return the names of the fields that were sent with other values.

    The empty name stands for all of them, if nothing was sent before.
    """
    if old is None:
        return [""]
    was, now = map(_sent, (old, new))
    names = sorted(was.keys() | now.keys())
    return [name for name in names if _texts(was, name) != _texts(now, name)]


def _sent(entry: Entry) -> dict[str, list[str]]:
    """Return what was sent by field; of files the ids."""
    sent = {**entry.raw, **entry.passwords}
    for file in entry.files.values() if entry.packed_files else ():
        sent[file.field] = [*sent.get(file.field, ()), file.id]
    return sent


def _texts(sent: dict[str, list[str]], name: str) -> list[str]:
    return [text for text in sent.get(name, ()) if text]
