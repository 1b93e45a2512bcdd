"""What a page sends that nobody has touched, told from the HTML of its fields."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from wtforms.fields import Field, SelectMultipleField
from wtforms.fields.choices import SelectFieldBase

from .draft import Raw
from .drawn import DrawnControl, draws
from .fields import needs_row_marker, row_marker
from .forms import is_password, leaves, lists


class UnshowableError(ValueError):
    """A field began with a value that its page cannot show."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        #: The name of the value's type: a log must never show an answer.
        self.kind: str = type(value).__name__
        self.reason = reason


class _Controls:
    """What the controls of a field send, disabled ones included, passwords left out."""

    def __init__(self, drawn: Iterable[DrawnControl]) -> None:
        self.sent: Raw = {}
        #: The names that controls send only while something is ticked or selected.
        self.silent: set[str] = set()
        #: True if there is a control that could send something.
        self.found = False
        #: The first options of menus, which browsers send if no option is marked as
        #: selected. Of a disabled one they send nothing, and nobody has chosen that
        #: option.
        self.first: Raw = {}
        for control in drawn:
            if control.kind not in ("file", "password"):
                self._add(control)

    def _add(self, control: DrawnControl) -> None:
        self.found = True
        name, kind, text = control.name, control.kind, control.text
        if kind == "select":
            values = [str(each.value) for each in control.options if each.selected]
            first = [option for option in control.options if not option.disabled]
            if first and control.picks_first and not control.is_disabled:
                self.first.setdefault(name, [str(first[0].value)])
        elif kind in ("checkbox", "radio"):
            values = control.shown
        elif kind == "textarea":
            values = [text.replace("\n", "\r\n")]
        else:  # browsers take line breaks out of a line of text
            values = [text if kind == "hidden" else "".join(text.splitlines())]
        if values:
            self.sent.setdefault(name, []).extend(values)
        is_silent = kind == "checkbox" or (kind == "select" and control.is_multiple)
        if values and is_silent:
            self.silent.add(name)


def untouched(
    fields: Iterable[Field], *, keep_choices: bool = False
) -> tuple[Raw, tuple[str, ...]]:
    """Return what the fields send as they are, by name, without passwords.

    The second part has the names of checkboxes and multiple choices, which send
    nothing once the visitor has cleared them. ``keep_choices`` keeps choices that are
    not offered, so that validation says so. Raise UnshowableError.
    """
    raw: Raw = {}
    silent: set[str] = set()
    for field in leaves(fields):
        if is_password(field):
            continue
        if field.process_errors:
            reason = "; ".join(map(str, field.process_errors))
            raise UnshowableError(field.name, field.object_data, reason)
        controls = _controls_of(field)
        if keep_choices and isinstance(field, SelectFieldBase):
            sent, chosen = controls.sent.get(field.name, []), _chosen(field)
            if len(sent) < len(chosen):  # it may not have its choices yet
                controls.sent[field.name] = chosen
                if isinstance(field, SelectMultipleField):
                    controls.silent.add(field.name)
        elif _loses(field, controls):
            raise UnshowableError(
                field.name, field.object_data, "it is not among the field's choices"
            )
        raw.update({**controls.first, **controls.sent})
        silent |= controls.silent
    # Without its marker a row of which nothing is sent would go.
    rows = [row for found in lists(fields) for row in found.entries]
    raw.update({row_marker(row): [""] for row in rows if needs_row_marker(row)})
    return raw, tuple(sorted(silent))


def _chosen(field: Any) -> list[str]:
    several = isinstance(field, SelectMultipleField)
    values = field.data if several else [field.data]
    return [str(value) for value in values or () if value is not None]


def _controls_of(field: Field) -> _Controls:
    try:
        drawn = str(field())
    except (AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise UnshowableError(
            field.name, field.object_data, f"drawing it raises a {type(error).__name__}"
        ) from error
    controls = _Controls(draws(drawn))
    sent, data = controls.sent.get(field.name), field.data
    if data is not None and not getattr(field, "validate_choice", True):
        values = data if isinstance(field, SelectMultipleField) else [data]
        missing = [str(value) for value in values if str(value) not in (sent or ())]
        if missing:
            controls.sent[field.name] = [*(sent or ()), *missing]
    return controls


def _loses(field: Any, controls: _Controls) -> bool:
    """True if the field began with a value of which its controls send less."""
    given = field.object_data
    if not controls.found or given is None or given == "" or given is False:
        return False
    default = field.default() if callable(field.default) else field.default
    if given is default or given == default:
        return False
    texts = [text for sent in controls.sent.values() for text in sent]
    if isinstance(field, SelectMultipleField):
        return len(texts) < len({*map(str, field.data or ())})
    return not any(texts) and bool(field.data)
