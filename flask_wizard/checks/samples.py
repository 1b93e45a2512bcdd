"""Samples: answers made up for a form, so that its pages can be shown filled in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from wtforms import Form
from wtforms.fields import (
    BooleanField,
    DateField,
    DateTimeField,
    DecimalField,
    Field,
    FloatField,
    IntegerField,
    SelectMultipleField,
)
from wtforms.fields.choices import SelectFieldBase
from wtforms.validators import Length

from ..core.draft import Raw
from ..core.fields import choices_of, input_type, kind_of, render_kw
from ..core.forms import leaves
from ..core.untouched import UnshowableError, untouched

#: What is tried for a text, by a word in the field's name or ``autocomplete`` token.
BY_WORD: Mapping[str, tuple[str, ...]] = {
    "email": ("ada@example.com",),
    "mail": ("ada@example.com",),
    "tel": ("+44 20 7946 0000",),
    "phone": ("+44 20 7946 0000",),
    "street": ("12 Saint James Square",),
    "address": ("12 Saint James Square",),
    "postcode": ("SW1Y 4LB", "10115", "12345"),
    "postal": ("SW1Y 4LB", "10115", "12345"),
    "zip": ("12345",),
    "city": ("London",),
    "town": ("London",),
    "country": ("United Kingdom", "GB"),
    "iban": ("DE89 3704 0044 0532 0130 00",),
    "year": ("1843",),
    "url": ("https://example.org/",),
    "title": ("Notes on the engine",),
    "name": ("Ada Lovelace",),
}
WORDS = ("A few words", "Ada", "12345", "AB12 3CD", "4111 1111 1111 1111", "1")
NUMBERS = ("30", "1", "5", "100", "2000", "0")
SENTENCE = "The engine weaves patterns as the loom weaves flowers and leaves. "
PASSWORD = "correct Horse battery 7"
TYPED: Mapping[str, tuple[str, ...]] = {
    "email": ("ada@example.com",),
    "tel": ("+44 20 7946 0000",),
    "url": ("https://example.org/",),
    "password": (PASSWORD, "123456"),
    "time": ("14:30", "09:00"),
    "month": ("2030-05", "1990-05"),
    "week": ("2030-W20", "1990-W20"),
    "color": ("#336699",),
    "range": NUMBERS,
}


def fill_in(form: Form, attempts: Mapping[str, int]) -> Raw:
    """Return what a visitor might send of a form, by the names of its inputs.

    ``attempts`` says how many samples of a field were refused already, by its name: the
    next one comes instead, and after the last the first again. Files are left out.
    """
    filled = _as_it_is(form)
    for field in leaves(form):
        found = samples_of(field)
        if found:
            filled[field.name] = found[attempts.get(field.name, 0) % len(found)]
    return filled


def leave_blank(form: Form) -> Raw:
    """Return what a visitor sends who has cleared all of a form."""
    blank = _as_it_is(form)
    for field in leaves(form):
        if kind_of(field) in ("checkbox", "group") or is_choice_of_several(field):
            blank.pop(field.name, None)
        elif kind_of(field) == "input":
            blank[field.name] = [""]
    return blank


def fill_in_badly(form: Form) -> Raw:
    """Return what a visitor might send who has misread all of a form."""
    bad = _as_it_is(form)
    for field in leaves(form):
        if kind_of(field) == "input" and not isinstance(field, SelectFieldBase):
            longest = max((length for length in _longest(field)), default=0)
            bad[field.name] = ["?" * min(longest + 1, 5_000) if longest else "31/02"]
    return bad


def is_choice_of_several(field: Field) -> bool:
    """True if a field has any number of choices as its value."""
    return isinstance(field, SelectMultipleField)


def samples_of(field: Field) -> list[list[str]]:
    """Return what may be sent for a field, the likeliest first; each a list of strings.

    There is none for a field that nobody fills in, or whose samples are files.
    """
    kind = kind_of(field)
    if kind in ("hidden", "skip", "content") or input_type(field) == "file":
        return []
    if isinstance(field, SelectFieldBase):
        values = [str(value) for value, _, _ in choices_of(field)]
        return [[value] for value in values if value not in ("", "__None")]
    if isinstance(field, BooleanField) or kind == "checkbox":
        return [["y"], []]
    return [[text] for text in _texts_for(field)]


def _as_it_is(form: Form) -> Raw:
    try:
        return untouched(form)[0]
    except UnshowableError:
        return {}


def _texts_for(field: Field) -> Iterator[str]:
    kind = input_type(field)
    if kind not in TYPED and isinstance(field, DateTimeField):
        yield from _days(field, with_time=not isinstance(field, DateField))
    elif isinstance(field, (IntegerField, DecimalField, FloatField)):
        low, high = getattr(field.flags, "min", None), getattr(field.flags, "max", None)
        yield from (str(bound) for bound in (low, high) if bound is not None)
        yield from NUMBERS
    elif kind in TYPED:
        yield from TYPED[kind]
    else:
        for text in _words_for(field):
            yield _fitted(text, field)


def _days(field: Any, *, with_time: bool) -> Iterator[str]:
    """Yield days that anybody may have been born on, and days to come."""
    today = date.today()
    formats: Sequence[str] = getattr(field, "strptime_format", ("%Y-%m-%d",))
    first = formats[0] if formats else "%Y-%m-%d"
    for day in (date(1990, 5, 17), today + timedelta(30), today - timedelta(2_500)):
        own = first.replace("%H", "14").replace("%M", "30").replace("%S", "00")
        yield day.strftime(own if with_time else first)


def _words_for(field: Field) -> Iterator[str]:
    token = str(render_kw(field).get("autocomplete", ""))
    told = f"{token} {field.short_name}".lower()
    for word, texts in BY_WORD.items():
        if word in told:
            yield from texts
    if field.widget.__class__.__name__ == "TextArea":
        yield SENTENCE.strip()
    yield from WORDS


def _fitted(text: str, field: Field) -> str:
    """Return a text that is as long as the field's validators want it."""
    validators: Sequence[Any] = field.validators
    least = max((v.min for v in validators if isinstance(v, Length)), default=0)
    while len(text) < least:
        text = f"{text} {SENTENCE}"
    longest = list(_longest(field))
    return text[: min(longest)] if longest else text


def _longest(field: Field) -> Iterator[int]:
    for validator in field.validators:
        if isinstance(validator, Length) and validator.max > 0:
            yield validator.max
