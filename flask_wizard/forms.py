"""WTForms, as a draft needs them: bound to stored strings, judged, shown again."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal
from functools import partial
from typing import Any, NamedTuple

import msgspec
from wtforms import Form
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import (
    BooleanField,
    Field,
    FieldList,
    FileField,
    FormField,
    PasswordField,
    SubmitField,
)
from wtforms.fields.core import UnboundField
from wtforms.fields.simple import ButtonField  # type: ignore[attr-defined]  # newer than the stubs

from .draft import Raw
from .widgets import render_quickly

logger = logging.getLogger(__name__)

FIELDS = "_fields"
"""Where a page names its fields, if its form depends on earlier answers."""

UNUSABLE = "This value cannot be used. Check it and enter it again."

_NESTING = (FormField, FieldList)
_BUTTONS = (SubmitField, ButtonField, CSRFTokenField)


class Names(msgspec.Struct, frozen=True):
    """What a page may leave in a draft although its form cannot be had again.

    ``exact`` are names of fields, ``starts`` how the names of lists and nested forms
    begin. ``passwords`` are in neither.
    """

    exact: tuple[str, ...] = ()
    starts: tuple[str, ...] = ()
    passwords: tuple[str, ...] = ()

    @classmethod
    def of(cls, form: Form) -> Names:
        exact: list[str] = []
        starts: list[str] = []
        for field in form:
            inner = [leaf for leaf in leaves([field]) if not is_password(leaf)]
            exact += [leaf.name for leaf in inner]
            if _reads_below(field) and not _holds_passwords(field):
                starts.append(field.name + getattr(field, "_separator", "-"))
        return cls(tuple(exact), tuple(starts), tuple(passwords(form)))

    def has(self, name: str) -> bool:
        return name in self.exact or name.startswith(self.starts)


class Values(dict[str, list[str]]):
    """Submitted values by field name, in the shape that WTForms reads.

    ``names`` are those that the page has named, if it was to.
    """

    names: Names | None = None

    @classmethod
    def of(cls, lists: Iterable[tuple[str, list[str]]]) -> Values:
        """Leave out names with list indices that WTForms cannot read as numbers."""
        return cls((name, values) for name, values in lists if _is_sane(name))

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
        """What the page has named; the form may have other fields, or none."""
        names = self.names or Names()
        return {name: sent for name, sent in self.items() if names.has(name)}

    def unprepared(self, form: Form) -> tuple[Raw, Raw]:
        """What was sent for a form of which ``prepare`` may make some passwords."""
        later = self.names.passwords if self.names else ()
        raw, secret = sent(form, self)
        return {name: raw[name] for name in raw if name not in later}, secret

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Values of {', '.join(self)}>"

    def getlist(self, name: str) -> list[str]:
        return self.get(name, [])

    def __bool__(self) -> bool:
        # WTForms takes an empty submission for none and would show defaults again.
        return True


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _is_sane(name: str) -> bool:
    indices = [part for part in name.split("-")[1:] if part.isdigit()]
    return all(index.isascii() and len(index) < 10 for index in indices)


def bind(
    form_class: type[Form],
    values: Values | None,
    *,
    meta: Mapping[str, object],
    initial: object = None,
) -> Form:
    """Build a form from ``values``, or from ``initial`` where nothing was sent yet.

    CSRF is checked at the door, so no form checks it again. ``meta`` reaches nested
    forms as well. A value that cannot even be bound makes a form error.
    """
    values = Values(values) if values is not None else None
    passed = {"csrf": False, "sent": values, **meta}
    if shape(form_class).nests:
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


def _passed_down(own: dict[str, Any]) -> dict[str, Any]:
    """Meta values that also hand themselves to the forms inside ``FormField``.

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


def leaves(fields: Iterable[Field]) -> Iterator[Field]:
    """Yield every field that holds a value, nested ones too, buttons left out."""
    for field in fields:
        if isinstance(field, FormField):
            yield from leaves(field.form)
        elif isinstance(field, FieldList):
            yield from leaves(field.entries)
        elif not is_button(field):
            yield field


def is_button(field: Field) -> bool:
    return isinstance(field, _BUTTONS)


def is_password(field: Field) -> bool:
    """Is it drawn as a password, whatever its class?"""
    own = (field.render_kw or {}).get("type")
    drawn = own or getattr(field.widget, "input_type", None)
    return isinstance(field, PasswordField) or drawn == "password"


def _is_secret(unbound: UnboundField[Any]) -> bool:
    """The same of a field that is not bound yet, or of what it is made of."""
    own = (unbound.kwargs.get("render_kw") or {}).get("type")
    widget = unbound.kwargs.get("widget") or unbound.field_class.widget
    drawn = own or getattr(widget, "input_type", None)
    return issubclass(unbound.field_class, PasswordField) or drawn == "password"


def passwords(fields: Iterable[Field]) -> list[str]:
    """The full names of the password fields."""
    return [field.name for field in leaves(fields) if is_password(field)]


def sent(form: Form, values: Values) -> tuple[Raw, Raw]:
    """What was sent for the declared fields: the plain values and the passwords."""
    raw: Raw = {}
    secret: Raw = {}
    for field in leaves(form):
        kept = secret if is_password(field) else raw
        if field.raw_data:
            kept[field.name] = [str(value) for value in field.raw_data]
        if _reads_below(field):
            kept.update(_below(field, values))
    if is_unbindable(form):
        for field in _lists(form):
            raw.update(_below(field, values))
    return raw, secret


def _reads_below(field: Field) -> bool:
    """Does it read inputs of its own, whose names begin with its name?"""
    return type(field).process is not Field.process


def _holds_passwords(field: Field) -> bool:
    """Are there passwords in it, or would be in another entry of it?"""
    made_of = _unbounds(field.unbound_field) if isinstance(field, FieldList) else ()
    return any(map(is_password, leaves([field]))) or any(map(_is_secret, made_of))


def _below(field: Field, values: Values) -> Raw:
    start = f"{field.name}-"
    return {name: sent for name, sent in values.items() if name.startswith(start)}


def _lists(fields: Iterable[Field]) -> Iterator[Field]:
    """The lists whose entries could not be made, but those of passwords."""
    for field in fields:
        if isinstance(field, FormField):
            yield from _lists(field.form)
        elif not isinstance(field, FieldList):
            continue
        elif not any(map(_is_secret, _unbounds(field.unbound_field))):
            yield field


def is_unbindable(form: Form) -> bool:
    """Did a value stop the form from being built with what was sent?"""
    return getattr(form.meta, "unbindable", False)


def validate(form: Form) -> bool:
    """Validate; what a validator raises in vain over a value is a form error."""
    if is_unbindable(form):
        form.form_errors = [UNUSABLE]
        return False
    try:
        return bool(form.validate()) and not _has_nan(form)
    except (ValueError, ArithmeticError) as error:
        logger.warning("%s could not be validated: %s", type(form), type(error))
    if not _blame(form):
        form.form_errors = [*form.form_errors, UNUSABLE]
    return False


def _has_nan(form: Form) -> bool:
    """Refuse what a DecimalField lets pass: any condition that compares it raises."""
    found = [f for f in leaves(form) if isinstance(f.data, Decimal) and f.data.is_nan()]
    for field in found:
        field.errors = [UNUSABLE]
    return bool(found)


def _blame(form: Form) -> bool:
    """Validate field by field to find the one whose value a validator chokes on."""
    found = False
    for name, field in form._fields.items():
        inline = getattr(type(form), f"validate_{name}", None)
        try:
            field.validate(form, (inline,) if inline else ())
        except (ValueError, ArithmeticError):
            found = True
            if isinstance(field, _NESTING):
                form.form_errors = [*form.form_errors, UNUSABLE]
            else:
                field.errors = [UNUSABLE]
    return found


def errors_of(form: Form) -> dict[str, list[str]]:
    """Messages by full field name; those of a form as a whole by its prefix."""
    found: dict[str, list[str]] = {}
    _note(found, "", form.form_errors)
    _collect(form, found)
    return found


def _collect(fields: Iterable[Field], found: dict[str, list[str]]) -> None:
    for field in fields:
        if isinstance(field, FormField):
            _note(found, field.name, field.form.form_errors)
            _collect(field.form, found)
        elif isinstance(field, FieldList):
            nested = (list, tuple, dict)
            _note(found, field.name, [e for e in field.errors if type(e) not in nested])
            _collect(field.entries, found)
        else:
            _note(found, field.name, field.errors)


def _note(found: dict[str, list[str]], name: str, messages: Iterable[object]) -> None:
    if texts := [str(message) for message in messages]:
        found[name] = texts


def show_errors(form: Form, errors: Mapping[str, list[str]]) -> None:
    """Put stored messages back on the fields; nameless ones on the form."""
    left = dict(errors)
    form.form_errors = left.pop("", [])
    _put(form, left)
    for messages in left.values():  # a field that the form no longer has
        form.form_errors = [*form.form_errors, *messages]


def _put(fields: Iterable[Field], left: dict[str, list[str]]) -> None:
    for field in fields:
        if isinstance(field, FormField):
            field.form.form_errors = left.pop(field.name, [])
            _put(field.form, left)
        else:
            field.errors = left.pop(field.name, [])
            if isinstance(field, FieldList):
                _put(field.entries, left)


def show_as_typed(form: Form) -> None:
    """Make every field show what was sent to the letter, and no password at all."""
    field: Any  # widgets ask for _value, which not every kind of field has
    for field in leaves(form):
        if is_password(field):
            field.data = None
            field.raw_data = None
            field._value = str
        elif isinstance(field, BooleanField) or not hasattr(field, "_value"):
            continue  # its state shows what was sent
        elif field.raw_data:
            field._value = partial(" ".join, field.raw_data)


def _unanswered(unbound: UnboundField[Any]) -> bool:
    return issubclass(unbound.field_class, _BUTTONS)


def declared(form_class: Any) -> list[tuple[str, UnboundField[Any]]]:
    """The fields of a form class in order, as WTForms collects them."""
    if form_class._unbound_fields is not None:
        fields: list[tuple[str, UnboundField[Any]]] = form_class._unbound_fields
        return fields
    found = [
        (name, value)
        for name in dir(form_class)
        if not name.startswith("_")
        and hasattr(value := getattr(form_class, name), "_formfield")
    ]
    return sorted(found, key=lambda pair: (pair[1].creation_counter, pair[0]))


def html_name(form_class: type[Form], name: str) -> tuple[str, str]:
    """The name that a field goes by in a page, and what comes before inner names."""
    unbound = dict(declared(form_class)).get(name)
    if unbound is None:
        return name, "-"
    return unbound.name or name, unbound.kwargs.get("separator", "-")


def file_fields(form_class: type[Form]) -> list[str]:
    """The names of the upload fields of a form class, those of nested forms too."""
    return [
        name
        for name, unbound in declared(form_class)
        for inner in _unbounds(unbound)
        if issubclass(inner.field_class, FileField)
    ]


def _unbounds(unbound: UnboundField[Any]) -> Iterator[UnboundField[Any]]:
    """An unbound field and all those that it is made of."""
    yield unbound
    for inner in _inner(unbound):
        if isinstance(inner, UnboundField):
            yield from _unbounds(inner)
        else:
            for _, field in declared(inner):
                yield from _unbounds(field)


def _inner(unbound: UnboundField[Any]) -> Iterator[Any]:
    """What a ``FormField`` or ``FieldList`` is made of."""
    for value in (*unbound.args[:1], *unbound.kwargs.values()):
        is_form = isinstance(value, type) and issubclass(value, Form)
        if is_form or isinstance(value, UnboundField):
            yield value


class Shape(NamedTuple):
    """What a form asks for: the names of its answers in order, and a hash, 16 bytes.

    The hash tells the names and types of the fields apart, nested ones too, and by
    what rule a value is read. ``nests`` tells whether there are forms or lists among
    them. It is kept on the form class, and true while that has the fields that it is
    ``of``.
    """

    of: object
    names: tuple[str, ...]
    digest: bytes
    nests: bool


def shape(form_class: Any) -> Shape:
    known: Shape | None = getattr(form_class, "_wizard_shape", None)
    if known is not None and known.of is form_class._unbound_fields:
        return known
    # Collected as WTForms does when it first builds the form, and does anew when a
    # field is added: else a form would be gone through again until it is built.
    fields = form_class._unbound_fields = declared(form_class)
    names = tuple(name for name, unbound in fields if not _unanswered(unbound))
    spelled = "\n".join(_spelled(form_class, ""))
    digest = hashlib.blake2b(spelled.encode(), digest_size=16).digest()
    nests = any(issubclass(each.field_class, _NESTING) for _, each in fields)
    found = form_class._wizard_shape = Shape(fields, names, digest, nests)
    return found


def _spelled(form_class: type[Form], prefix: str) -> Iterator[str]:
    for name, unbound in declared(form_class):
        if not _unanswered(unbound):
            yield from _spelled_field(unbound, prefix + name)


def _spelled_field(unbound: UnboundField[Any], name: str) -> Iterator[str]:
    kind = unbound.field_class
    # Under another format, 03/02 would be another day, or none.
    format = unbound.kwargs.get("format") or unbound.args[2:3]
    rule = format if _is_text(format) else ""
    yield f"{name}: {kind.__module__}.{kind.__qualname__} {rule}"
    for inner in _inner(unbound):
        if isinstance(inner, UnboundField):
            yield from _spelled_field(inner, f"{name}[]")
        else:
            yield from _spelled(inner, f"{name}.")


def _is_text(value: object) -> bool:
    """Is it made of texts alone, so that its spelling is the same in every process?"""
    parts = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(part, str) for part in parts)
