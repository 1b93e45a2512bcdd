"""What a bound field is: its kind, its parts, its own errors, its first control."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Literal

from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import Field, FieldList, FormField, SelectField
from wtforms.fields.choices import SelectFieldBase
from wtforms.widgets import ListWidget, Select, TableWidget

from .date_boxes import DateBoxesField
from .form_errors import as_text
from .quick_fields import REPLACED, pairs_of

Kind = Literal[
    "input", "checkbox", "group", "form", "list", "content", "hidden", "skip"
]
"""How a field is drawn. A field of the kind ``content`` asks nothing: it is a captcha,
or text between the questions."""


_BUTTONS = frozenset({"submit", "button", "reset", "image"})


NEVER_BLANK = frozenset({"color", "range"})
"""The types of inputs that browsers never leave blank."""


_CONTROL = re.compile(r"<(?:input|select|textarea|button)\b", re.IGNORECASE)


_FIRST_CONTROL = re.compile(r"<(?:input|select|textarea)\b[^>]*?\bid=\"([^\"]*)\"")


def kind_of(field: Field) -> Kind:
    """Return how a field is drawn."""
    if isinstance(field, (FormField, FieldList)):
        is_button = input_type(field) in _BUTTONS
        return "skip" if is_button else _container_kind(field)
    concealed = bool(field.render_kw) and _is_concealed(field)
    classes: tuple[Any, Any] = type(field), type(field.widget)
    known = _kind_of(*classes, input_type(field), concealed)
    return known or _foreign_kind(field)


@lru_cache(maxsize=256)  # classes, without which each field is looked at many times
def _kind_of(
    field: type[Field], widget: type[object], drawn: str, concealed: bool
) -> Kind | None:
    """Return how a field of these classes is drawn; None if only its HTML tells.

    ``drawn`` is the type of its input. ``concealed`` is true if no person sees it.
    """
    if issubclass(field, CSRFTokenField) or drawn in _BUTTONS:
        return "skip"
    if drawn == "hidden" or concealed:
        return "hidden"
    if drawn == "checkbox":
        return "checkbox"
    if issubclass(field, DateBoxesField):
        return "form"
    if issubclass(widget, (ListWidget, TableWidget)):
        return "group"
    if issubclass(field, SelectFieldBase):
        return "input" if issubclass(widget, Select) else "group"
    return "input" if widget.__module__.startswith("wtforms.") else None


def input_type(field: Field) -> str:
    """Return the ``type`` of the ``<input>`` that WTForms would draw, or ""."""
    own = render_kw(field).get("type") if field.render_kw else None
    return str(own or getattr(field.widget, "input_type", ""))


def parts(field: Field) -> list[tuple[Field, str]]:
    """Return the fields inside a form or a list, each with its label.

    Those of a date are its boxes.
    """
    if isinstance(field, DateBoxesField):
        return [(box, box.label.text) for box in field.boxes]
    if isinstance(field, FormField):
        return [(inner, inner.label.text) for inner in field.form]
    if isinstance(field, FieldList):
        numbered = enumerate(field.entries, start=1)
        return [(entry, f"{_entry_name(field, entry)} {n}") for n, entry in numbered]
    return []


def own_errors(field: Field) -> tuple[str, ...]:
    """Return the errors about the field itself, without those of fields inside it."""
    if isinstance(field, FormField):
        return tuple(as_text(error) for error in field.form.form_errors)
    mixed: Sequence[object] = field.errors
    inner = (list, tuple, dict)
    return tuple([as_text(error) for error in mixed if not isinstance(error, inner)])


def first_id(field: Field, kind: Kind | None = None) -> str | None:
    """Return the id of the first control that a visitor can use, if there is one.

    ``kind`` is the field's, where it is known.
    """
    kind = kind or kind_of(field)
    if kind in ("hidden", "skip", "content"):
        return None
    if isinstance(field, DateBoxesField):
        boxes = field.boxes
        return next((box.id for box in boxes if is_marked(box)), boxes[0].id)
    if kind in ("form", "list"):
        inner = (first_id(part) for part, _ in parts(field))
        return next((found for found in inner if found), field.id)
    if kind == "group":
        return _first_option_id(field)
    if asks_whether(field) and not shown_value(field):
        return answered_id(field)
    return field.id


def is_box(field: Field) -> bool:
    """True if the field is one of the boxes of a date."""
    return "is_wrong" in vars(field)


def is_marked(box: Field) -> bool:
    """True if the field is one of the boxes of a date that an error is about."""
    return bool(vars(box).get("is_wrong"))


def _is_concealed(field: Field) -> bool:
    """True if no person sees the field: it is there to tell programs that fill it."""
    own = render_kw(field)
    style = str(own.get("style") or "").replace(" ", "").lower()
    return own.get("hidden", False) is not False or "display:none" in style


def _foreign_kind(field: Field) -> Kind:
    drawn = str(field()).lstrip()
    if drawn.startswith(("<ul", "<ol")):
        return "group"
    # A script may put in the control, and send something.
    asks = _CONTROL.search(drawn) or field.raw_data
    return "input" if asks else "content"


def _container_kind(field: FormField[Any] | FieldList[Any]) -> Kind:
    kinds = {kind_of(part) for part, _ in parts(field)}
    if kinds <= {"hidden", "skip"} and not own_errors(field):
        return "hidden"
    return "form" if isinstance(field, FormField) else "list"


def has_foreign_widget(field: Field) -> bool:
    """True if the widget is the application's own and may draw anything."""
    return not type(field.widget).__module__.startswith("wtforms.")


def _entry_name(field: FieldList[Any], entry: Field) -> str:
    """Return an entry's own label, or the list's if WTForms only made one up."""
    made_up = field.name.replace("_", " ").title()
    text = entry.label.text
    number = text.removeprefix(made_up).lstrip(" -_:;/.")
    return field.label.text if number.isdigit() or not text else text


def _first_option_id(field: Field) -> str:
    if has_foreign_widget(field):
        found = _FIRST_CONTROL.search(str(field()))
        return found[1] if found else field.id
    return next((option.id for option in options_of(field)), field.id)


def options_of(field: Field) -> Iterator[Field]:
    """Yield the options of a group, which are fields; none of any other field."""
    return iter(field) if isinstance(field, Iterable) else iter(())


def choices_of(field: Any) -> Iterator[tuple[Any, Any, bool]]:
    """Yield the value, the label and the state of each choice, those in groups too.

    WTForms-Components has groups as choices, and leaves their state to its widget.
    """
    is_plain = type(field).iter_choices is SelectField.iter_choices
    if is_plain and (pairs := pairs_of(field.choices)) is not None:
        for value, label in pairs:
            yield value, label, bool(field.coerce(value) == field.data)
        return
    for choice in field.iter_choices():
        value, label, *more = choice
        if isinstance(label, (list, tuple)):
            yield from ((v, text, _is_chosen(field, v)) for v, text in label)
        elif more and isinstance(more[0], bool):
            yield value, label, more[0]
        else:
            yield value, label, _is_chosen(field, value)


def _is_chosen(field: Any, value: object) -> bool:
    several = isinstance(field.data, (list, tuple, set, frozenset))
    own = field.coerce(value)
    return own in field.data if several else bool(own == field.data)


def render_kw(field: Field) -> dict[str, Any]:
    """Return the field's own attributes, by the names that they have in HTML."""
    return clean_attributes(field.render_kw) if field.render_kw else {}


def clean_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes by the names that WTForms writes: ``class_`` is ``class``."""
    return {_clean_name(name): value for name, value in attributes.items()}


def _clean_name(name: str) -> str:
    name = name.rstrip("_")
    return name.replace("_", "-") if name.startswith(("data_", "aria_")) else name


UNREAD = object()
"""Stands for what a field makes of strings that it cannot read."""


def read_as(field: Any, typed: Sequence[str]) -> object:
    """Return what a field reads in these strings, before filters and validators."""
    trial = copy_of(field)
    try:
        trial.process_formdata(list(typed))
    except (ValueError, ArithmeticError, TypeError, LookupError):
        return UNREAD
    return trial.data


def copy_of(field: Field) -> Any:
    """Return a shallow copy of a bound field; ``copy()`` would make an unbound one."""
    made = object.__new__(type(field))
    made.__dict__.update(field.__dict__)
    for name in REPLACED:  # they would read into the field itself
        made.__dict__.pop(name, None)
    return made


def is_locked(field: Field) -> bool:
    """True if the visitor cannot edit the field: it is disabled or read-only."""
    own = field.render_kw or {}
    return any(
        flag(field, name) or own.get(name) not in (None, False)
        for name in ("disabled", "readonly")
    )


def flag(field: Field, name: str) -> Any:
    """Return what a flag of a field is set to; ``None`` if it is not set.

    WTForms raises an error, and catches it, for each that is not.
    """
    return vars(field.flags).get(name)


ASKED, ANSWERED = "-_asked", "-_answered"
"""How the names of two inputs end beside a slider or a colour that may be left blank.

Browsers send such a control in any case. The first input says that the page asks
whether it is to be answered, and the second that it is.
"""


def asks_whether(field: Field) -> bool:
    """True if a box asks whether the field is to be answered.

    The field may be blank then, and no browser leaves its control blank.
    """
    if not flag(field, "optional") or (drawn := input_type(field)) not in NEVER_BLANK:
        return False
    is_slider = render_kw(field).get("type") == "range"
    return (is_slider or drawn == "color") and not is_locked(field)


def answered_id(field: Field) -> str:
    """Return the id of the box that says that the field is to be answered."""
    return f"{field.id}-answered"


def shown_value(field: Field) -> str:
    """Return the text that the field's input shows."""
    value: object = getattr(field, "_value", lambda: "")()
    return str(value) if value else ""


def row_marker(entry: Any) -> str:
    """Return the name of the hidden input that marks an entry of a list.

    WTForms finds an entry by any name inside it. Without this one a row of which
    nothing is sent, such as a box that is not ticked, would go, and those behind it
    would move up.
    """
    return f"{inner_start(entry)}_row"


def inner_start(field: Any) -> str:
    """Return how the names inside a list, a nested form or a list's entry begin."""
    separator = "-"
    if isinstance(field, (FormField, FieldList)):
        own = "separator" if isinstance(field, FormField) else "_separator"
        separator = getattr(field, own)
    return f"{field.name}{separator}"


def needs_row_marker(field: Field) -> bool:
    """True if the field is an entry of a list of which a browser may send nothing."""
    return is_entry(field) and _is_silent(field)


def is_entry(field: Field) -> bool:
    """True if the field is an entry of a list."""
    # Not getattr(): a nested form gives its own field of that name.
    index = vars(field).get("index")
    return index is not None and field.short_name == str(index)


def _is_silent(field: Field) -> bool:
    if isinstance(field, (FormField, FieldList)):
        return all(_is_silent(part) for part, _ in parts(field))
    if flag(field, "disabled") or render_kw(field).get("disabled"):
        return True
    if isinstance(field, DateBoxesField):
        return False
    if isinstance(field, SelectFieldBase) or has_foreign_widget(field):
        return True
    drawn = input_type(field)
    return drawn == "checkbox" or kind_of(field) not in ("input", "hidden")
