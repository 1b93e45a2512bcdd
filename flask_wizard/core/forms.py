"""Forms bound to the strings of a draft, validated, and shown as they were typed."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, TypeVar

import msgspec
from wtforms import Form
from wtforms.fields import BooleanField, Field, FieldList, FormField, PasswordField
from wtforms.meta import DefaultMeta

from .draft import Raw
from .signatures import (
    BUTTONS,
    NESTING,
    FormSignature,
    is_unbound_password,
    made_of,
)
from .widgets import render_field

logger = logging.getLogger(__name__)

AnyForm = TypeVar("AnyForm", bound=Form)

FIELDS = "_fields"
"""The hidden input in which a page names its fields, if they depend on answers."""

UNUSABLE = "This value cannot be used. Check it and enter it again."


class FieldNames(msgspec.Struct, frozen=True):
    """The fields of a page, by which values can be kept when its form is unknown.

    A form that depends on earlier answers is unknown while these are missing.
    """

    #: The names of fields, passwords left out.
    exact: tuple[str, ...] = ()
    #: How the names inside lists and nested forms without passwords begin.
    starts: tuple[str, ...] = ()
    #: The names of password fields.
    passwords: tuple[str, ...] = ()

    @classmethod
    def of(cls, form: Form) -> FieldNames:
        """Return the names of the fields of a form."""
        exact: list[str] = []
        starts: list[str] = []
        for field in form:
            inner = [leaf for leaf in leaves([field]) if not is_password(leaf)]
            exact += [leaf.name for leaf in inner]
            if _reads_below(field) and not _holds_passwords(field):
                starts.append(field.name + getattr(field, "_separator", "-"))
        return cls(tuple(exact), tuple(starts), tuple(passwords(form)))

    def has(self, name: str) -> bool:
        """True if a value of that name may be kept."""
        return name in self.exact or name.startswith(self.starts)


class Values(dict[str, list[str]]):
    """Submitted values by field name, in the shape that WTForms reads."""

    #: The fields that the page has named; None if it did not have to.
    names: FieldNames | None = None

    @classmethod
    def of(cls, lists: Iterable[tuple[str, list[str]]]) -> Values:
        """Return the values without names that WTForms cannot read as list indices."""
        return cls(pair for pair in lists if "-" not in pair[0] or _is_sane(pair[0]))

    def renumber(self, field: Any) -> None:
        """Name the entries of a FieldList 0, 1, 2, ..., whatever gaps a page left.

        WTForms does so while it binds, and then takes the last entry twice where
        ``min_entries`` asks for one more.
        """
        start, end = field.name + field._separator, field._field_separator
        own = [key for key in self if key.startswith(start)]
        digits = {key: key[len(start) :].partition(end)[0] for key in own}
        found = {key: int(n) for key, n in digits.items() if _is_number(n)}
        numbers = {old: new for new, old in enumerate(sorted(set(found.values())))}
        for key, old in sorted(found.items(), key=lambda item: item[1]):
            if numbers[old] != old:  # in rising order, so that no name is taken yet
                rest = key[len(start) + len(digits[key]) :]
                self[f"{start}{numbers[old]}{rest}"] = self.pop(key)

    def named(self) -> Raw:
        """Return the values of the fields that the page has named."""
        names = self.names or FieldNames()
        return {name: sent for name, sent in self.items() if names.has(name)}

    def unprepared(self, form: Form) -> tuple[Raw, Raw]:
        """Return the plain values and the passwords for a form that is not prepared.

        The page tells which other fields ``prepare`` would make passwords: they are
        left out.
        """
        later = self.names.passwords if self.names else ()
        raw, secret = sent(form, self)
        return {name: raw[name] for name in raw if name not in later}, secret

    def fills(self, names: Iterable[str]) -> bool:
        """True if something was typed into any of these fields."""
        return any(text for name in names for text in self.getlist(name))

    def __missing__(self, name: str) -> list[str]:
        return []

    # WTForms asks for the values of each field by this name.
    getlist = dict.__getitem__

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Values of {', '.join(self)}>"

    def __bool__(self) -> bool:
        # WTForms takes an empty submission for none and would show defaults again.
        return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_sane(name: str) -> bool:
    indices = [part for part in name.split("-")[1:] if part.isdigit()]
    return all(index.isascii() and len(index) < 10 for index in indices)


def bind(
    signature: FormSignature,
    values: Values | None,
    *,
    meta: Mapping[str, object],
    initial: object = None,
) -> Form:
    """Return a form of that signature with ``values``, or with ``initial``.

    The guard checks CSRF, so no form checks it again. ``meta`` reaches nested
    forms as well. A value that cannot even be bound makes a form error, and
    ``form.meta.unbindable`` true.
    """
    form_class = signature.form_class
    values = Values(values) if values is not None else None
    passed = {"csrf": False, "sent": values, "unbindable": False, **meta}
    if signature.nests:
        passed = _passed_down(passed)
    if values is None:
        data = {"data": initial} if isinstance(initial, Mapping) else {"obj": initial}
        return render_quickly(form_class(formdata=None, meta=passed, **data))
    try:
        return render_quickly(form_class(formdata=values, meta=passed))
    except (ValueError, ArithmeticError) as error:
        logger.warning("%s could not be bound: %s", form_class, type(error).__name__)
    form = render_quickly(form_class(formdata=None, meta=passed))
    for field in leaves(form):
        field.raw_data = values.getlist(field.name)
    form.meta.update_values({"unbindable": True})
    return form


def render_quickly(form: AnyForm) -> AnyForm:
    """Let a bound form's fields be drawn by ``render_field``.

    A form that has a ``Meta.render_field`` of its own keeps that.
    """
    own = getattr(form.meta.render_field, "__func__", None)
    if own is DefaultMeta.render_field:
        form.meta.update_values({"render_field": render_field})
    return form


def _passed_down(own: dict[str, Any]) -> dict[str, Any]:
    """Return meta values that also hand themselves to the forms inside ``FormField``.

    They do not refer to themselves: a cycle waits for the garbage collector.
    """
    return {**own, "passed": own, "bind_field": _bind_field}


def _bind_field(form: Any, unbound: Any, options: dict[str, Any]) -> Field:
    meta = form.meta
    field: Field = type(meta).bind_field(meta, form, unbound, options)
    if isinstance(field, FormField):
        nested: Any = partial(_nested, field.form_class, meta.passed)
        field.form_class = nested
    elif isinstance(field, FieldList) and meta.sent is not None:
        meta.sent.renumber(field)
    return field


def _nested(form_class: Any, own: dict[str, Any], /, *args: Any, **kwargs: Any) -> Form:
    meta = {**(kwargs.pop("meta", None) or {}), **_passed_down(own)}
    form: Form = form_class(*args, meta=meta, **kwargs)
    return render_quickly(form)


def leaves(fields: Iterable[Field]) -> list[Field]:
    """Return every field that holds a value, nested ones too, buttons left out."""
    found: list[Field] = []
    for field in fields:
        if isinstance(field, FormField):
            found += leaves(field.form)
        elif isinstance(field, FieldList):
            found += leaves(field.entries)
        elif not isinstance(field, BUTTONS):
            found.append(field)
    return found


def has_field(fields: Iterable[Field], name: str) -> bool:
    """True if one of the fields has this full name, or one inside of it.

    A list may have any number of entries.
    """
    for field in fields:
        inner = field.name + getattr(field, "_separator", "-")
        if name == field.name:
            return True
        if isinstance(field, FormField) and name.startswith(inner):
            return has_field(field.form, name)
        if isinstance(field, FieldList) and name.startswith(inner):
            index = _is_number(name[len(inner) :].partition("-")[0])
            starts = [entry.name for entry in field.entries]
            is_there = any(f"{name}-".startswith(f"{start}-") for start in starts)
            return has_field(field.entries, name) if is_there else index
    return False


def is_button(field: Field) -> bool:
    """True if the field holds no answer: a button, or a token."""
    return isinstance(field, BUTTONS)


def without_buttons(form: Form) -> Form:
    """Delete the buttons of a form, nested ones too, and return it."""
    for name, field in list(form._fields.items()):
        if is_button(field):
            del form[name]
        else:
            _drop_buttons(field)
    return form


def _drop_buttons(field: Field) -> None:
    if isinstance(field, FormField):
        without_buttons(field.form)
    elif isinstance(field, FieldList):
        for entry in field.entries:
            _drop_buttons(entry)


def is_password(field: Field) -> bool:
    """True if the field is drawn as a password, whatever its class."""
    own = (field.render_kw or {}).get("type")
    drawn = own or getattr(field.widget, "input_type", None)
    return isinstance(field, PasswordField) or drawn == "password"


def passwords(fields: Iterable[Field]) -> list[str]:
    """Return the full names of the password fields."""
    return [field.name for field in leaves(fields) if is_password(field)]


def sent(form: Any, values: Values) -> tuple[Raw, Raw]:
    """Return the plain values and the passwords that were sent for its fields."""
    raw: Raw = {}
    secret: Raw = {}
    for field in leaves(form):
        kept = secret if is_password(field) else raw
        if field.raw_data:
            kept[field.name] = [str(value) for value in field.raw_data]
        if _reads_below(field):
            kept.update(_below(field, values))
    if form.meta.unbindable:
        for field in _lists(form):
            raw.update(_below(field, values))
    return raw, secret


def _reads_below(field: Field) -> bool:
    """True if the field reads inputs of its own, whose names begin with its name."""
    return type(field).process is not Field.process


def _holds_passwords(field: Field) -> bool:
    """True if the field holds passwords, or another entry of it would."""
    inside = made_of(field.unbound_field) if isinstance(field, FieldList) else ()
    return any(map(is_password, leaves([field]))) or any(
        map(is_unbound_password, inside)
    )


def _below(field: Field, values: Values) -> Raw:
    start = f"{field.name}-"
    return {name: sent for name, sent in values.items() if name.startswith(start)}


def _lists(fields: Iterable[Field]) -> Iterator[Field]:
    """Yield the lists in an unbindable form, those of passwords left out."""
    for field in fields:
        if isinstance(field, FormField):
            yield from _lists(field.form)
        elif not isinstance(field, FieldList):
            continue
        elif not any(map(is_unbound_password, made_of(field.unbound_field))):
            yield field


def validate(form: Any) -> bool:
    """Return whether the form is valid; what a validator raises is a form error."""
    if form.meta.unbindable:
        form.form_errors = [UNUSABLE]
        return False
    fields: list[Any] = leaves(form)
    for field in fields:
        field.unvalidated = field.data
    try:
        passed = bool(form.validate())
    except (ValueError, ArithmeticError) as error:
        logger.warning("%s could not be validated: %s", type(form), type(error))
        if not _blame(form):
            form.form_errors = [*form.form_errors, UNUSABLE]
        return False
    for field in fields if passed else ():
        # A DecimalField lets it pass, but any condition that compares it raises.
        if isinstance(field.data, Decimal) and field.data.is_nan():
            field.errors = [UNUSABLE]
            passed = False
    return passed


def _blame(form: Form) -> bool:
    """Validate field by field, and return whether a field's validator has raised."""
    found = False
    for name, field in form._fields.items():
        inline = getattr(type(form), f"validate_{name}", None)
        try:
            field.validate(form, (inline,) if inline else ())
        except (ValueError, ArithmeticError):
            found = True
            if isinstance(field, NESTING):
                form.form_errors = [*form.form_errors, UNUSABLE]
            else:
                field.errors = [UNUSABLE]
    return found


def show_as_typed(form: Form) -> None:
    """Make every field show exactly what was sent, and no password at all."""
    field: Any  # widgets ask for _value, which not every kind of field has
    for field in leaves(form):
        if is_password(field):
            field.data = None
            field.raw_data = None
            field._value = str
            continue
        if hasattr(field, "unvalidated") and not _reads_below(field):
            field.data = field.unvalidated  # nobody typed what validators made of it
        if isinstance(field, BooleanField) or not hasattr(field, "_value"):
            continue  # its state shows what was sent
        if field.raw_data:
            field._value = partial(" ".join, field.raw_data)
