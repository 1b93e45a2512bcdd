"""Candidates: what may be sent for a field, one of each class that code tells apart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any

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
from wtforms.validators import AnyOf, Length, NumberRange, Regexp

from ..core.fields import choices_of, input_type, kind_of
from .comparisons import functions_of_field
from .constants import constants_of
from .patterns import text_like
from .samples import is_choice_of_several, samples_of

MOST_CHOICES = 12  # of one field that are all tried
MOST_NAMED = 60  # of one field that code names
FEW_CHOICES = 4  # of one field that no code names
LONGEST = 5_000  # characters of a text made up
OLDEST = 150  # years that somebody has lived
MOST_ITEMS = 30  # of a list
MOST_DAYS = 20_000  # days between two dates that are tried
FAR = 10**15  # numbers beyond it are none that somebody enters
YEARS = range(1800, 2300)

Candidate = list[str]
"""What is sent for one field: a string, none, or several of a multiple choice."""


def likely(field: Field) -> list[Candidate]:
    """Return what a field is likely to accept, the likeliest first.

    The last is a blank, for a field that accepts nothing else.
    """
    validators: Sequence[Any] = field.validators
    found: list[Candidate] = []
    for validator in validators:
        if isinstance(validator, AnyOf):
            found += [[str(value)] for value in validator.values]
        elif isinstance(validator, Regexp):
            made = text_like(validator.regex.pattern, validator.regex.flags)
            found += [[made]] if made is not None else []
    found += samples_of(field)
    if kind_of(field) == "input" and not isinstance(field, SelectFieldBase):
        own = constants_of(functions_of_field(field))
        found += [[str(value)] for value in own if isinstance(value, str)]
        found += [[text] for text in _numbers(field, own)]
        found.append([""])
    elif is_choice_of_several(field) or kind_of(field) == "group":
        found.append([])
    return once(found)


def classes(field: Field, constants: Iterable[Any]) -> list[Candidate]:
    """Return one candidate of each class of values that a reader may tell apart.

    ``constants`` are what the readers compare the field's value with. Whether the field
    accepts a candidate is to be found out.
    """
    given = list(constants)
    if input_type(field) == "file":
        return []
    if isinstance(field, BooleanField) or kind_of(field) == "checkbox":
        return [["y"], []]
    if isinstance(field, SelectFieldBase):
        return _choices(field, given)
    tried = likely(field)
    found = [*tried[:1], *_offered(field)]
    if isinstance(field, DateTimeField):
        found += [[text] for text in _days(field, given)]
        found += tried[:3] if len(found) == 1 else []
    elif isinstance(field, IntegerField | DecimalField | FloatField):
        found += [[text] for text in _numbers(field, given)]
    else:
        found += [[text] for text in _texts(field, given)]
    return once([*found, [""]])


def once(found: Iterable[Candidate]) -> list[Candidate]:
    """Return each candidate once, in this order."""
    return [list(texts) for texts in dict.fromkeys(map(tuple, found))]


def sort_of(field: Field) -> str:
    """Return ``choice``, ``day``, ``number`` or ``text``: what its values are."""
    if isinstance(field, SelectFieldBase | BooleanField) or kind_of(field) != "input":
        return "choice"
    if isinstance(field, DateTimeField):
        return "day"
    is_number = isinstance(field, IntegerField | DecimalField | FloatField)
    return "number" if is_number else "text"


def _offered(field: Field) -> list[Candidate]:
    """Return the values that a validator accepts and no others, if they are few."""
    validators: Sequence[Any] = field.validators
    found = [
        [str(v)] for each in validators if isinstance(each, AnyOf) for v in each.values
    ]
    return found[:MOST_CHOICES]


def beside(
    field: Field, texts: Sequence[str], constants: Iterable[Any] = ()
) -> list[Candidate]:
    """Return what to try in a field that code compares with another one.

    ``texts`` are what is sent for the other one. Of what is returned some is less, some
    is equal and some is more, and so with the lengths of strings. With ``constants``,
    both are added up, or their difference is taken, and that is compared with these.
    """
    if isinstance(field, SelectFieldBase):
        offered = {str(value) for value, _, _ in choices_of(field)}
        return [[typed] for typed in texts if typed in offered]
    if sort_of(field) == "choice" or input_type(field) == "file":
        return []
    numbers = [n for n in constants if isinstance(n, int | float | Decimal)]
    found: list[Candidate] = []
    for typed in filter(None, texts):
        number, day = _number_of(typed), _day_of(typed, field)
        if isinstance(field, DateTimeField):
            found += [[near] for near in _beside_day(field, number, day, numbers)]
            if day is not None and not isinstance(field, DateField):
                found.append([typed])  # the very same moment
        elif sort_of(field) == "number":
            for near in _beside_number(typed, number, day, numbers):
                if "." not in near or not isinstance(field, IntegerField):
                    found.append([near])
        else:
            found += [[typed], [f"{typed}a"], [typed[:-1]]]
    return once(each for each in found if each[0])


def _beside_number(
    typed: str, number: Decimal | None, day: date | None, numbers: Sequence[Any]
) -> Iterator[str]:
    """Yield numbers beside another one, the length of a text, or an age."""
    around = [Decimal(len(typed))] if number is None else [number]
    if day is not None:
        around = [Decimal(date.today().year - day.year), Decimal(day.year)]
    for constant in [Decimal(str(n)) for n in numbers if -FAR < n < FAR]:
        for own in around[:1]:
            around += [own + constant, own - constant, constant - own]
    for value in around:
        for beside in (value, value - 1, value + 1):
            yield f"{beside:f}".removesuffix(".0")


def _beside_day(
    field: Any, number: Decimal | None, day: date | None, numbers: Sequence[Any]
) -> Iterator[str]:
    """Yield days beside another field's; so many years, or days, from now."""
    if number is not None and number == int(number) and abs(number) < FAR:
        yield from _days(field, [int(number), timedelta])
    if day is not None:
        shifts = [int(n) for n in numbers if abs(n) <= MOST_DAYS]
        around = [0, *shifts, *(-n for n in shifts)]
        for shift in around:
            for beside in (0, -1, 1):
                with suppress(OverflowError):
                    yield _written(field, day + timedelta(shift + beside))


def _number_of(text: str) -> Decimal | None:
    try:
        number = Decimal(text)
    except ArithmeticError:
        return None
    return number if number.is_finite() else None


def _day_of(text: str, field: Field) -> date | None:
    """Return the day of a date, or of a date and time; None if it is none.

    It is written as in HTML, or as ``field`` reads it.
    """
    formats: Sequence[str] = getattr(field, "strptime_format", ())
    with suppress(ValueError):
        return datetime.fromisoformat(text).date()
    for each in formats:
        with suppress(ValueError):
            return datetime.strptime(text, each).date()
    return None


def _choices(field: Any, constants: Sequence[Any]) -> list[Candidate]:
    values = [str(value) for value, _, _ in choices_of(field)]
    offered = [value for value in values if value not in ("", "__None")]
    is_multiple = isinstance(field, SelectMultipleField)
    if len(offered) > (FEW_CHOICES if is_multiple else MOST_CHOICES):
        named = {str(value) for value in constants}
        others = [value for value in offered if value not in named]
        few = others[:1] if is_multiple else [*others[: FEW_CHOICES - 1], *others[-1:]]
        some = [v for v in offered if v in named][:MOST_NAMED]
        offered = list(dict.fromkeys([*few[:1], *some, *few]))
    found = [[value] for value in offered]
    if is_multiple:
        return once([*found, values, []])
    blank = [""] if "" in values else []
    return once([*found, blank])


def left_out(field: Field, tried: Sequence[Candidate], constants: Iterable[Any]) -> int:
    """Return how many choices are not tried that code may tell from those that are.

    Of code that names some choices, and all of these are tried, it tells the others
    apart no further.
    """
    if not isinstance(field, SelectFieldBase):
        return 0
    known = {text for texts in tried for text in texts}
    values = {str(value) for value, _, _ in choices_of(field)}
    named = values & {str(value) for value in constants}
    return len((named or values) - known)


def _numbers(field: Field, constants: Iterable[Any]) -> Iterator[str]:
    """Yield each number that a value is compared with, and those beside it."""
    validators: Sequence[Any] = field.validators
    ranges = [each for each in validators if isinstance(each, NumberRange)]
    limits = [limit for each in ranges for limit in (each.min, each.max)]
    yield from (f"{limit}" for limit in limits if isinstance(limit, int))
    for value in constants:
        if isinstance(value, int | float | Decimal) and -FAR < value < FAR:
            number = Decimal(str(value))
            whole = number == number.to_integral_value()
            if isinstance(field, IntegerField) and not whole:
                number = number.to_integral_value()
            for beside in (number - 1, number, number + 1):
                yield f"{beside:f}".removesuffix(".0")


def _texts(field: Field, constants: Iterable[Any]) -> Iterator[str]:
    """Yield the texts that a value is compared with, and some of these lengths."""
    known, given = likely(field), [*constants]
    likeliest = known[0][0] if known and known[0] else "a"
    near = {n + 1 for n in given if isinstance(n, int) and 1 < n <= MOST_ITEMS}
    counts = {count for n in near for count in (n - 2, n - 1, n) if count > 2}
    for value in given:
        if isinstance(value, str) and len(value) < LONGEST:
            yield value
            if len(value) == 1 and not value.isalnum():  # something is split by it
                yield f"Ada{value}Bob"
                for count in sorted(counts):
                    names = ("Ada", "Bob", *(f"Eve{n}" for n in range(3, count + 1)))
                    yield value.join(names[:count])
        elif isinstance(value, int) and 0 < value < 500:
            for length in (value - 1, value, value + 1):
                yield (likeliest * length)[:length]
            yield str(value)
    validators: Sequence[Any] = field.validators
    for validator in validators:
        if isinstance(validator, Length) and 0 < validator.min < LONGEST:
            yield (likeliest * validator.min)[: validator.min]


def _days(field: Any, constants: Iterable[Any]) -> Iterator[str]:
    """Yield days on both sides of those that a value is compared with.

    A number may be a year, or an age in years, or some days from now.
    """
    today, given = date.today(), list(constants)
    has_days = any(each is timedelta for each in given)
    for value in given:
        around: list[date] = []
        if isinstance(value, date):
            around = [value]
        elif isinstance(value, timedelta):
            around = [today - value, today + value]
        elif isinstance(value, int) and value in YEARS:
            around = [date(value, 1, 1), date(value, 12, 31)]
        elif isinstance(value, int) and 0 < value <= OLDEST:
            around = [_years_before(today, value)]
            if has_days:
                around += [today - timedelta(value), today + timedelta(value)]
        if isinstance(value, int) and 0 < value <= OLDEST:
            # An age may be told by the years alone.
            yield _written(field, _years_before(today, value - 1))
        for day in around:
            for beside in (-1, 0, 1):
                yield _written(field, day + timedelta(beside))


def _years_before(day: date, years: int) -> date:
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year - years, day=28 if is_leap_day else day.day)


def _written(field: Any, day: date) -> str:
    formats: Sequence[str] = getattr(field, "strptime_format", ("%Y-%m-%d",))
    moment = datetime(day.year, day.month, day.day, 14, 30)
    return (day if isinstance(field, DateField) else moment).strftime(formats[0])


def given(answer: Any) -> list[Candidate]:
    """Return what a developer has given for a field, as candidates."""
    several = answer if isinstance(answer, list) else [answer]
    return [written(each) for each in several]


def written(value: object) -> Candidate:
    """Return an answer that a developer gives as it is sent for a field."""
    if value is None or value is False:
        return []
    if value is True:
        return ["y"]
    if isinstance(value, list | tuple | set | frozenset):
        return [str(each) for each in value]
    return [str(value)]
