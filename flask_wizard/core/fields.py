"""What a bound field is: its kind, its parts, its own errors, its first control."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import Field, FieldList, FormField
from wtforms.fields.choices import SelectFieldBase
from wtforms.widgets import ListWidget, Select, TableWidget

Kind = Literal["input", "checkbox", "group", "form", "list", "hidden", "skip"]


_BUTTONS = frozenset({"submit", "button", "reset", "image"})


_FIRST_CONTROL = re.compile(r"<(?:input|select|textarea)\b[^>]*?\bid=\"([^\"]*)\"")


def kind_of(field: Field) -> Kind:
    """Return how a field is drawn."""
    drawn = input_type(field)
    if isinstance(field, CSRFTokenField) or drawn in _BUTTONS:
        return "skip"
    if isinstance(field, (FormField, FieldList)):
        return _container_kind(field)
    if drawn in ("hidden", "checkbox"):
        return "hidden" if drawn == "hidden" else "checkbox"
    return "group" if _is_group(field) else "input"


def input_type(field: Field) -> str:
    """Return the ``type`` of the ``<input>`` that WTForms would draw, or ""."""
    own: object = render_kw(field).get("type")
    return str(own or getattr(field.widget, "input_type", ""))


def parts(field: Field) -> list[tuple[Field, str]]:
    """Return the fields inside a form or a list, each with its label."""
    if isinstance(field, FormField):
        return [(inner, inner.label.text) for inner in field.form]
    if isinstance(field, FieldList):
        numbered = enumerate(field.entries, start=1)
        return [(entry, f"{_entry_name(field, entry)} {n}") for n, entry in numbered]
    return []


def own_errors(field: Field) -> tuple[str, ...]:
    """Return the errors about the field itself, without those of fields inside it."""
    if isinstance(field, FormField):
        return tuple(str(error) for error in field.form.form_errors)
    mixed: Sequence[object] = field.errors
    inner = (list, tuple, dict)
    return tuple([str(error) for error in mixed if not isinstance(error, inner)])


def first_id(field: Field) -> str | None:
    """Return the id of the first control that a visitor can use, if there is one."""
    kind = kind_of(field)
    if kind in ("hidden", "skip"):
        return None
    if kind in ("form", "list"):
        inner = (first_id(part) for part, _ in parts(field))
        return next((found for found in inner if found), field.id)
    if kind == "group":
        return _first_option_id(field)
    return field.id


def _container_kind(field: FormField[Any] | FieldList[Any]) -> Kind:
    kinds = {kind_of(part) for part, _ in parts(field)}
    if kinds <= {"hidden", "skip"} and not own_errors(field):
        return "hidden"
    return "form" if isinstance(field, FormField) else "list"


def _is_group(field: Field) -> bool:
    if isinstance(field.widget, (ListWidget, TableWidget)):
        return True
    if isinstance(field, SelectFieldBase):
        return not isinstance(field.widget, Select)
    return has_foreign_widget(field) and str(field()).lstrip().startswith(
        ("<ul", "<ol")
    )


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


def render_kw(field: Field) -> dict[str, Any]:
    """Return the field's own attributes, by the names that they have in HTML."""
    return clean_attributes(field.render_kw) if field.render_kw else {}


def clean_attributes(attributes: Mapping[str, Any]) -> dict[str, Any]:
    """Return attributes by the names that WTForms writes: ``class_`` is ``class``."""
    return {_clean_name(name): value for name, value in attributes.items()}


def _clean_name(name: str) -> str:
    name = name.rstrip("_")
    return name.replace("_", "-") if name.startswith(("data_", "aria_")) else name
