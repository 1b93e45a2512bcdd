"""WTForms' own selects and dates, whose methods do the same with less work."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from functools import lru_cache
from typing import Any

from wtforms.fields import DateField, Field, SelectField
from wtforms.fields.choices import Choice  # type: ignore[attr-defined]  # newer than the stubs

ISO_DAY = "%Y-%m-%d"
"""The format of a day in which browsers send it."""


@lru_cache(maxsize=256)
def quicker_methods(field_class: Any) -> Sequence[tuple[str, Callable[..., Any]]]:
    """Return the quicker methods for a field class, each with its name.

    They are functions of a bound field, whose attributes they become. There are none if
    the class has a method of its own in the place of one of these: they call each
    other.
    """
    for owner, methods in _QUICKER.items():
        own = [getattr(field_class, name, None) for name in methods]
        if issubclass(field_class, owner) and own == _THEIRS[owner]:
            return tuple(methods.items())
    return ()


def pairs_of(choices: object) -> list[tuple[Any, str]] | None:
    """Return a select's choices as they were given, if each has a value and a label.

    WTForms makes two objects of each whenever it is asked for them.
    """
    if isinstance(choices, dict):
        pairs = list(choices.items())
    elif isinstance(choices, list) and all(map(_is_pair, choices)):
        pairs = choices
    else:
        return None
    return pairs if all(isinstance(label, str) for _, label in pairs) else None


def _is_pair(choice: object) -> bool:
    return type(choice) is tuple and len(choice) == 2


def _iter_choices(field: Any) -> list[Choice]:
    """Do as ``SelectField.iter_choices``."""
    if (pairs := pairs_of(field.choices)) is None:
        return SelectField.iter_choices(field)  # type: ignore[return-value]
    coerce, data = field.coerce, field.data
    return [Choice(value, text, coerce(value) == data, {}) for value, text in pairs]


def _has_groups(field: Any) -> bool:
    """Do as ``SelectField.has_groups``: what has a value and a label has no group."""
    return pairs_of(field.choices) is None and SelectField.has_groups(field)


def _check_choice(field: Any, form: object) -> None:
    """Do as ``SelectField.pre_validate``, which is asked about what is not offered."""
    if not field.process_errors and field.validate_choice:
        coerce, data = field.coerce, field.data
        # All are coerced, as WTForms does: it may raise for one behind the chosen.
        matches = [coerce(value) == data for value, _ in pairs_of(field.choices) or ()]
        if any(matches):
            return
    SelectField.pre_validate(field, form)  # type: ignore[arg-type]


def _read_day(field: Any, typed: list[Any]) -> None:
    """Do as ``DateField.process_formdata``, which is asked about any other format."""
    text = typed[0] if len(typed) == 1 else None
    is_first = field.strptime_format[:1] == [ISO_DAY]
    if is_first and isinstance(text, str) and _is_iso(text):
        try:
            field.data = date.fromisoformat(text)
        except ValueError:
            pass  # WTForms says what is wrong
        else:
            return
    DateField.process_formdata(field, typed)


def _is_iso(text: str) -> bool:
    """True if a text has the shape of a day, which ``fromisoformat`` takes for others.

    Python's ``strptime`` reads such a text ten times as slowly.
    """
    return len(text) == 10 and text[4] == text[7] == "-"


_QUICKER: dict[type[Field], dict[str, Callable[..., Any]]] = {
    SelectField: {
        "iter_choices": _iter_choices,
        "has_groups": _has_groups,
        "pre_validate": _check_choice,
    },
    DateField: {"process_formdata": _read_day},
}
"""The quicker methods, by the class that has those of WTForms and by their names."""

_THEIRS: dict[type[Field], list[object]] = {
    owner: [getattr(owner, name) for name in methods]
    for owner, methods in _QUICKER.items()
}

REPLACED = frozenset(name for methods in _QUICKER.values() for name in methods)
"""The names of the methods that have quicker versions."""
