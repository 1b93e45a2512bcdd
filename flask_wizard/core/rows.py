"""Check-your-answers rows: what was asked, and what was answered, in words."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from markupsafe import Markup
from wtforms.fields import (
    Field,
    FieldList,
    FormField,
    MonthField,
    RadioField,
    WeekField,
)
from wtforms.fields.choices import SelectFieldBase
from wtforms.form import BaseForm
from wtforms.validators import EqualTo

from ..catalogues import message
from .fields import (
    Kind,
    choices_of,
    first_id,
    kind_of,
    parts,
    read_as,
    render_kw,
)
from .files import files_of, is_file
from .forms import is_password, leaves, typed_text
from .only_if import is_left_out
from .texts import Texts, texts_of

NOT_PROVIDED = message("Not provided")
"""The line of an entry that is blank, in a list in which others are not."""


@dataclass(frozen=True)
class Row:
    """One answer on the check page."""

    #: The name of the step.
    step: str
    #: The full name of the field, such as ``home-street``.
    field: str
    #: What was asked.
    label: str
    #: The answer in words; empty if there is none.
    lines: tuple[str, ...] = dataclass_field(repr=False)
    #: The id of the field's first control in its page.
    anchor: str
    #: The link that leads to that control; empty if the answer cannot be changed.
    url: str = ""
    #: True if the visitor has just changed it.
    changed: bool = False
    #: The id of the item that it belongs to, if the step has items.
    item: str = ""
    #: What that item is called.
    heading: str = ""
    #: The name of the item's page, if the items have several.
    page: str = ""
    #: True if it tells of a password or of files, which no copy of the answers has.
    is_private: bool = False


def rows_of(step_name: str, form: BaseForm, url: str = "") -> list[Row]:
    """Return the answers of a filled-in form in their order.

    ``url`` is the step's page, where each row's change link leads to its control.
    """
    fields = ((field, field.label.text) for field in form)
    return list(_rows(step_name, fields, url))


def named_rows(groups: Iterable[Any]) -> list[tuple[Any, list[tuple[Row, str]]]]:
    """Give groups and their rows, each row with a name that no other row has.

    It is the row's label. If that is not unique, the group's title follows it, and then
    a number.
    """
    groups = list(groups)
    labels = Counter([str(row.label) for group in groups for row in group.rows])
    taken: dict[str, int] = {}
    found = []
    for group in groups:
        suffix = ", " + _soft(group.title)
        named = []
        for row in group.rows:
            unique = labels[str(row.label)] == 1
            name = row.label if unique else _soft(row.label) + suffix
            key = str(name)
            number = taken[key] = taken.get(key, 0) + 1
            if number > 1:
                name = _soft(name) + f" ({number})"
            named.append((row, name))
        found.append((group, named))
    return found


def _soft(text: str) -> str:
    """Give a lazy string as a string; what is safe, or not, stays so if it is added."""
    return text if isinstance(text, str) else str(text)


def _rows(
    step: str, fields: Iterable[tuple[Field, str]], url: str, inside: str = ""
) -> Iterator[Row]:
    fields = list(fields)
    repeats = _confirmations(field for field, _ in fields)
    for field, name in fields:
        kind = kind_of(field)
        if not _is_shown(field, kind) or is_left_out(field):
            continue
        if field.short_name in repeats:
            continue
        label = f"{inside}{_plain(name) or _other_name(field)}"
        if isinstance(field, FormField):
            yield from _rows(step, parts(field), url, f"{label}: ")
        elif _holds_forms(field):
            yield from _rows(step, parts(field), url, inside)
        else:
            anchor = first_id(field, kind) or field.id
            link = f"{url}#{anchor}" if url else ""
            private = _is_private(field)
            lines = tuple(_lines(field, private))
            if lines or name:  # a field without a name that was left blank, for bots
                yield Row(
                    step,
                    field.name,
                    label,
                    lines,
                    anchor,
                    link,
                    is_private=private,
                )


def _is_private(field: Field) -> bool:
    """True for a password, for files, and for a list that has either."""
    if isinstance(field, FieldList):
        return any(map(_is_private, leaves([field])))
    return is_password(field) or is_file(field)


def _confirmations(fields: Iterable[Field]) -> set[str]:
    """Return the names of those fields of a form that must repeat an earlier one."""
    fields = list(fields)
    pairs = [
        (field.short_name, validator.fieldname)
        for field in fields
        for validator in field.validators
        if isinstance(validator, EqualTo)
    ]
    if not pairs:
        return set()
    order = {field.short_name: number for number, field in enumerate(fields)}
    known = (pair for pair in pairs if order.keys() >= {*pair})
    return {max(pair, key=order.__getitem__) for pair in known}


def _is_shown(field: Field, kind: Kind) -> bool:
    if isinstance(field, FieldList) and not field.entries:
        return True
    return kind not in ("hidden", "skip", "content")


def _other_name(field: Field) -> str:
    """Return what a field without a label is called."""
    own = render_kw(field)
    named = own.get("aria-label") or own.get("placeholder")
    return str(named or field.short_name.replace("_", " ").capitalize())


def _holds_forms(field: Field) -> bool:
    entries: list[Field] = field.entries if isinstance(field, FieldList) else []
    return any(isinstance(entry, FormField) for entry in entries)


def _plain(text: str) -> str:
    return text.striptags() if isinstance(text, Markup) else str(text)


def _lines(field: Field, private: bool) -> list[str]:
    texts = texts_of(field)
    if isinstance(field, FieldList):
        return _entry_lines(field)
    if private and not is_file(field):
        return [texts.text("Not shown")] if field.data else []
    if private:
        names = [file.filename for file in files_of(field)]
        return names or list(getattr(field, "there", ()))
    if isinstance(field, SelectFieldBase):
        return _chosen(field)
    if isinstance(field, MonthField) and isinstance(field.data, date):
        return [texts.month(field.data)]
    if isinstance(field, WeekField) and isinstance(field.data, date):
        return [_week(field, field.data)]
    if isinstance(field.data, (int, float, Decimal)) and not isinstance(
        field.data, bool
    ):
        return _text(texts.number(_as_typed(field) or str(field.data)))
    return _said(field.data, texts)


def _entry_lines(field: FieldList[Any]) -> list[str]:
    """Return a line for each entry, so that each stands at its place."""
    entries = [entry for entry in field.entries if _is_shown(entry, kind_of(entry))]
    lines = [", ".join(_lines(entry, _is_private(entry))) for entry in entries]
    blank = texts_of(field).text(NOT_PROVIDED)
    return [line or blank for line in lines] if any(lines) else []


def _as_typed(field: Field) -> str:
    """Return what was typed, or "" if filters or validators have made another value."""
    typed = [str(value) for value in field.raw_data or ()]
    is_same = bool(typed) and read_as(field, typed) == field.data
    return typed_text(field) if is_same and math.isfinite(field.data) else ""


def _week(field: WeekField, day: date) -> str:
    """Return the week as it was typed.

    WTForms counts weeks in another way than browsers do: what it reads in 2026-W53 is
    a day of 2027.
    """
    typed = [str(value) for value in field.raw_data or ()]
    is_same = bool(typed) and read_as(field, typed) == day
    text = typed_text(field) if is_same else day.strftime(field.format[0])
    found = re.fullmatch(r"(\d{4})-W(\d\d?)", text.strip())
    if not found:
        return text
    return texts_of(field).text(
        "Week {week} of {year}", week=int(found[2]), year=found[1]
    )


def _chosen(field: SelectFieldBase) -> list[str]:
    """Return the labels of what was chosen; a select's blank entry is no answer.

    What was not offered, which the field may allow, is shown as it is.
    """
    blank_counts = isinstance(field, RadioField)
    data = field.data
    if data is None and not blank_counts:
        return []
    chosen = [(value, label) for value, label, picked in choices_of(field) if picked]
    labels = [
        _plain(label or value)
        for value, label in chosen
        if blank_counts or value not in ("", None)
    ]
    coerce = getattr(field, "coerce", None)
    if coerce is None:
        return labels if chosen else _said(data, texts_of(field))
    offered = [coerce(value) for value, _ in chosen]
    several = data if isinstance(data, (list, tuple, set, frozenset)) else [data]
    others = [value for value in several if value not in offered]
    return labels + _said(others, texts_of(field))


def _said(value: object, texts: Texts) -> list[str]:
    if isinstance(value, str):
        return _text(str(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [line for item in value for line in _said(item, texts)]
    spoken = (say for kind, say in _WORDS if isinstance(value, kind))
    if (say := next(spoken, None)) is not None:
        return [say(texts, value)]
    return _text("" if value is None else str(value))


def _text(text: str) -> list[str]:
    return text.strip().splitlines()


# In this order: a datetime is a date, too.
_WORDS: tuple[tuple[type, Callable[[Texts, Any], str]], ...] = (
    (bool, lambda texts, value: texts.text("Yes") if value else texts.text("No")),
    (datetime, Texts.day_and_time),
    (date, Texts.day),
    (time, Texts.clock),
)
