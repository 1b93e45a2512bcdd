"""Check-your-answers rows: what was asked, and what was answered, in words."""

from __future__ import annotations

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

from .fields import Kind, first_id, input_type, kind_of, parts
from .forms import is_password

# Not strftime's, which follow the locale of the server's process.
MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July"),
    *("August", "September", "October", "November", "December"),
)


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
    labels = Counter(str(row.label) for group in groups for row in group.rows)
    taken: Counter[str] = Counter()
    found = []
    for group in groups:
        suffix = ", " + _soft(group.title)
        named = []
        for row in group.rows:
            unique = labels[str(row.label)] == 1
            name = row.label if unique else _soft(row.label) + suffix
            taken[str(name)] += 1
            if (number := taken[str(name)]) > 1:
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
    for field, name in fields:
        kind = kind_of(field)
        if not _is_shown(field, kind):
            continue
        label = f"{inside}{_plain(name)}"
        if isinstance(field, FormField):
            yield from _rows(step, parts(field), url, f"{label}: ")
        elif _holds_forms(field):
            yield from _rows(step, parts(field), url, inside)
        else:
            is_one = kind in ("input", "checkbox")
            anchor = field.id if is_one else first_id(field) or field.id
            link = f"{url}#{anchor}" if url else ""
            yield Row(step, field.name, label, tuple(_lines(field)), anchor, link)


def _is_shown(field: Field, kind: Kind) -> bool:
    if isinstance(field, FieldList) and not field.entries:
        return True
    return kind not in ("hidden", "skip") and input_type(field) != "file"


def _holds_forms(field: Field) -> bool:
    entries: list[Field] = field.entries if isinstance(field, FieldList) else []
    return any(isinstance(entry, FormField) for entry in entries)


def _plain(text: str) -> str:
    return text.striptags() if isinstance(text, Markup) else str(text)


def _lines(field: Field) -> list[str]:
    if isinstance(field, FieldList):
        shown = (entry for entry in field.entries if _is_shown(entry, kind_of(entry)))
        return [line for entry in shown for line in _lines(entry)]
    if is_password(field):
        return ["Not shown"] if field.data else []
    if isinstance(field, SelectFieldBase):
        return _chosen(field)
    if isinstance(field, MonthField) and isinstance(field.data, date):
        return [f"{MONTHS[field.data.month - 1]} {field.data.year}"]
    if isinstance(field, WeekField) and isinstance(field.data, date):
        return [f"Week {int(field.data.strftime('%W'))} of {field.data.year}"]
    return _said(field.data, field.raw_data or ())


def _chosen(field: SelectFieldBase) -> list[str]:
    """Return the labels of what was chosen; a select's blank entry is no answer."""
    blank_counts = isinstance(field, RadioField)
    chosen = [choice for choice in field.iter_choices() if choice[2]]
    if not chosen:  # not an offered choice, which the field may allow
        return _said(field.data, ())
    return [
        _plain(choice[1] or choice[0])
        for choice in chosen
        if blank_counts or choice[0] not in ("", None)
    ]


def _said(value: object, raw: Iterable[Any]) -> list[str]:
    typed = " ".join(part for part in raw if isinstance(part, str))
    if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
        return _text(typed or str(value))
    if isinstance(value, (list, tuple, set, frozenset)):
        return [line for item in value for line in _said(item, ())]
    spoken = (say for kind, say in _WORDS if isinstance(value, kind))
    return next(spoken, lambda it: _text("" if it is None else str(it)))(value)


def _text(text: str) -> list[str]:
    return text.strip().splitlines()


def _day(value: date) -> str:
    return f"{value.day} {MONTHS[value.month - 1]} {value.year}"


def _clock(value: time | datetime) -> str:
    return f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}"


# In this order: a datetime is a date, too.
_WORDS: tuple[tuple[type, Callable[[Any], list[str]]], ...] = (
    (bool, lambda value: ["Yes" if value else "No"]),
    (datetime, lambda value: [f"{_day(value)} at {_clock(value)}"]),
    (date, lambda value: [_day(value)]),
    (time, lambda value: [_clock(value)]),
)
