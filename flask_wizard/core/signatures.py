"""Signatures: what a form class asks for, told without building a form."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any, NamedTuple

from wtforms import Form
from wtforms.csrf.core import CSRFTokenField
from wtforms.fields import (
    Field,
    FieldList,
    FileField,
    FormField,
    PasswordField,
    SubmitField,
)
from wtforms.fields.core import UnboundField
from wtforms.fields.simple import ButtonField  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.meta import DefaultMeta

from ..errors import DefinitionError
from .only_if import GROUP, OnlyIf
from .quick_fields import quicker_methods

NESTING = (FormField, FieldList)
BUTTONS: tuple[type[Field], ...] = (SubmitField, ButtonField, CSRFTokenField)
LIBRARIES = ("wtforms.form", "flask_wtf.form")
"""The modules of form classes whose own code reads no values but those of fields."""


def is_unbound_button(unbound: UnboundField[Any]) -> bool:
    """True if the field will hold no answer once it is bound."""
    return issubclass(unbound.field_class, BUTTONS)


def is_unbound_password(unbound: UnboundField[Any]) -> bool:
    """True if the field will be drawn as a password once it is bound."""
    own = (unbound.kwargs.get("render_kw") or {}).get("type")
    widget = unbound.kwargs.get("widget") or unbound.field_class.widget
    drawn = own or getattr(widget, "input_type", None)
    return issubclass(unbound.field_class, PasswordField) or drawn == "password"


def declared(form_class: Any) -> list[tuple[str, UnboundField[Any]]]:
    """Return the fields of a form class in order, as WTForms collects them."""
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


def field_names(form_class: type[Form]) -> set[str]:
    """Return what the fields of a form class are called in a page."""
    return {unbound.name or name for name, unbound in declared(form_class)}


def file_fields(form_class: type[Form]) -> list[str]:
    """Return the names of the upload fields of a form class, nested ones too."""
    return [
        name
        for name, unbound in declared(form_class)
        for inner in made_of(unbound)
        if issubclass(inner.field_class, FileField)
    ]


def made_of(unbound: UnboundField[Any]) -> Iterator[UnboundField[Any]]:
    """Yield an unbound field and, if it is a nested form or a list, those inside."""
    yield unbound
    for inner in _inner(unbound):
        if isinstance(inner, UnboundField):
            yield from made_of(inner)
        else:
            for _, field in declared(inner):
                yield from made_of(field)


def _inner(unbound: UnboundField[Any]) -> Iterator[Any]:
    """Yield the form class or the field that a ``FormField`` or ``FieldList`` holds."""
    for value in (*unbound.args[:1], *unbound.kwargs.values()):
        is_form = isinstance(value, type) and issubclass(value, Form)
        if is_form or isinstance(value, UnboundField):
            yield value


Place = tuple[str, ...]
"""The names that lead to a field. ``[]`` stands for the entries of a list."""


class Conditions(NamedTuple):
    """The conditions of a form's fields, nested ones too."""

    #: The OnlyIf of each field that has one.
    declared: frozenset[OnlyIf] = frozenset()
    #: By the name of a field of the form, those others that decide what is left out of
    #: it.
    causes: Mapping[str, Sequence[str]] = {}


def conditions_of(form_class: type[Form]) -> Conditions:
    """Return the conditions of a form class.

    Raise DefinitionError if one is not the first validator, names a field that is not
    there, or depends on itself.
    """
    links = list(_links(form_class, (), ()))
    found = frozenset(condition for _, _, condition in links if condition)
    if not found:
        return Conditions()
    graph: dict[Place, set[Place]] = {}
    for place, needed, _ in links:
        graph.setdefault(place, set()).add(needed)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        circle = ", ".join(".".join(place) for place in error.args[1])
        raise DefinitionError(
            f"{form_class.__name__}: the conditions of OnlyIf go in a circle: "
            f"{circle}. Let one of these fields count always."
        ) from error
    causes = {}
    for name, _ in declared(form_class):
        known = {place[0] for place in _reached((name,), graph)} - {name}
        causes[name] = sorted(known)
    return Conditions(found, causes)


def _reached(place: Place, graph: Mapping[Place, set[Place]]) -> set[Place]:
    found: set[Place] = set()
    left = [place]
    while left:
        for needed in graph.get(left.pop(), set()) - found:
            found.add(needed)
            left.append(needed)
    return found


def _links(
    form_class: type[Form], place: Place, around: Sequence[tuple[Place, Any]]
) -> Iterator[tuple[Place, Place, OnlyIf | None]]:
    """Yield each field with one that must be known before it, and by what condition.

    Without a condition it is a field inside it. ``around`` has the forms around this
    one, each with its place.
    """
    around = [(place, form_class), *around]
    for name, unbound in declared(form_class):
        where = f"{form_class.__name__}.{name}"
        yield from _links_of(unbound, (*place, name), around, where)


def _links_of(
    unbound: UnboundField[Any],
    place: Place,
    around: Sequence[tuple[Place, Any]],
    where: str,
) -> Iterator[tuple[Place, Place, OnlyIf | None]]:
    if (condition := _unbound_condition(unbound, where)) is not None:
        for outer, form_class in around:
            cause = dict(declared(form_class)).get(condition.field)
            if cause is None:
                continue
            if is_unbound_button(cause):
                raise DefinitionError(
                    f"{where} has a condition on {condition.field!r}, a button. Which "
                    "button was pressed is not stored: ask with another field."
                )
            yield place, (*outer, condition.field), condition
            break
        else:
            known = [name for _, found in around for name, _ in declared(found)]
            raise DefinitionError(
                f"{where} has a condition on the field {condition.field!r}, and there "
                "is no such field in its form or in a form around it. The fields there "
                f"are {', '.join(known)}."
            )
    for inner in _inner(unbound):
        if isinstance(inner, UnboundField):
            entries = (*place, "[]")
            yield place, entries, None
            yield from _links_of(inner, entries, around, where)
        else:
            yield from ((place, (*place, name), None) for name, _ in declared(inner))
            yield from _links(inner, place, around)


def _unbound_condition(unbound: UnboundField[Any], where: str) -> OnlyIf | None:
    """Return the condition of a field that is not bound. Raise DefinitionError."""
    given = (*unbound.args, *unbound.kwargs.values())
    for value in given:
        if isinstance(value, OnlyIf):
            raise DefinitionError(
                f"{where} has an OnlyIf in the place of a list. Put it in the list of "
                "validators: [OnlyIf(...)]."
            )
        if not isinstance(value, list | tuple):
            continue
        places = [n for n, each in enumerate(value) if isinstance(each, OnlyIf)]
        if places and places != [0]:
            raise DefinitionError(
                f"{where} has an OnlyIf that is not the first of its validators, or "
                "more than one. Put a single OnlyIf first: the others must not run "
                "while the field is left out."
            )
        if places and issubclass(unbound.field_class, FormField):
            raise DefinitionError(
                f"{where} has an OnlyIf among the validators of a FormField, which "
                "takes none. Write FormField(OnlyIf.group(field, value, form_class))."
            )
        if places:
            found: OnlyIf = value[0]
            return found
    if issubclass(unbound.field_class, FormField):
        groups = (getattr(value, GROUP, None) for value in _inner(unbound))
        return next(groups, None)
    return None


class FormSignature(NamedTuple):
    """What a form asks for, kept on the form class while its fields are ``of``."""

    form_class: type[Form]
    #: The list of fields of which this is the signature.
    of: object
    #: The names of the fields that hold answers, in order.
    names: tuple[str, ...]
    #: 16 bytes: a hash of the names and types of the fields, nested ones too, and of
    #: the formats by which their values are read.
    digest: bytes
    #: True if there are nested forms or lists.
    nests: bool
    #: True if a field or a form has code of its own that reads what was sent.
    reads_names: bool
    #: True if the form may give itself a prefix.
    may_prefix: bool
    #: True if there are fields to choose files with.
    takes_files: bool
    #: The name of each field in a page, and the separator before the names inside it.
    html_names: Mapping[str, tuple[str, str]]
    #: The conditions of its fields.
    conditions: Conditions
    #: True if there are fields that have quicker versions of WTForms' methods.
    has_quicker: bool
    #: The names of fields that surely begin with ``None``, each with that.
    blank: Mapping[str, None]


def signature(form_class: Any) -> FormSignature:
    """Return the signature of a form class, worked out anew if its fields changed."""
    known: FormSignature | None = getattr(form_class, "_wizard_signature", None)
    if known is not None and known.of is form_class._unbound_fields:
        return known
    # Collected as WTForms does when it first builds the form, and does anew when a
    # field is added: else a form would be gone through again until it is built.
    fields = form_class._unbound_fields = declared(form_class)
    names = tuple(name for name, unbound in fields if not is_unbound_button(unbound))
    lines = "\n".join(_lines(form_class, ""))
    digest = hashlib.blake2b(lines.encode(), digest_size=16).digest()
    kinds: list[Any] = [each.field_class for _, each in fields]
    nests = any(issubclass(kind, NESTING) for kind in kinds)
    html_names = {
        name: (each.name or name, each.kwargs.get("separator", "-"))
        for name, each in fields
    }
    reads_names = _reads_names(form_class)
    found = FormSignature(
        form_class,
        of=fields,
        names=names,
        digest=digest,
        nests=nests,
        reads_names=reads_names,
        may_prefix=form_class.__init__.__module__ not in LIBRARIES,
        takes_files=bool(file_fields(form_class)),
        html_names=html_names,
        conditions=conditions_of(form_class),
        has_quicker=any(map(quicker_methods, kinds)),
        blank={} if reads_names else dict.fromkeys(_blank_names(form_class)),
    )
    form_class._wizard_signature = found
    return found


def _blank_names(form_class: type[Form]) -> Iterator[str]:
    """Yield the names of fields of WTForms' own classes that have no default.

    To find that out, WTForms calls ``None`` for each field whenever a form is built.
    """
    metas = [vars(base)["Meta"] for base in form_class.__mro__ if "Meta" in vars(base)]
    own = DefaultMeta.bind_field
    if any(getattr(meta, "bind_field", own) is not own for meta in metas):
        return
    for name, unbound in declared(form_class):
        kind = unbound.field_class
        is_theirs = kind.__module__.startswith("wtforms.")
        # The first two are the label and the validators.
        has_default = "default" in unbound.kwargs or len(unbound.args) > 2
        if is_theirs and not has_default and not _overrides_process(kind):
            yield name


def _reads_names(form_class: Any) -> bool:
    """True if its own code, or that of a form or field inside, may read values."""
    own = (form_class.__init__, form_class.process, form_class.post_process)
    if any(code.__module__ not in LIBRARIES for code in own):
        return True
    return any(
        _reads_names(inner)
        if isinstance(inner, type)
        else inner.field_class not in NESTING and _overrides_process(inner.field_class)
        for _, unbound in declared(form_class)
        for inner in _parts_of(unbound)
    )


def _overrides_process(kind: type[Field]) -> bool:
    return kind.process is not Field.process


def _parts_of(unbound: UnboundField[Any]) -> Iterator[Any]:
    """Yield an unbound field, those in its list, and the form class that it holds."""
    yield unbound
    for inner in _inner(unbound):
        yield from _parts_of(inner) if isinstance(inner, UnboundField) else (inner,)


def _lines(form_class: type[Form], prefix: str) -> Iterator[str]:
    for name, unbound in declared(form_class):
        if not is_unbound_button(unbound):
            yield from _field_lines(unbound, prefix + name)


def _field_lines(unbound: UnboundField[Any], name: str) -> Iterator[str]:
    kind = unbound.field_class
    # Under another format, 03/02 would be another day, or none.
    format = unbound.kwargs.get("format") or unbound.args[2:3]
    rule = format if _is_strings(format) else ""
    yield f"{name}: {kind.__module__}.{kind.__qualname__} {rule}"
    if (condition := _unbound_condition(unbound, name)) is not None:
        yield f"{name} only if {condition.field} {_values_line(condition)}"
    for inner in _inner(unbound):
        if isinstance(inner, UnboundField):
            yield from _field_lines(inner, f"{name}[]")
        else:
            yield from _lines(inner, f"{name}.")


def _values_line(condition: OnlyIf) -> str:
    """Return the values of a condition as far as every process spells them alike."""
    if condition.function is not None:
        return str(getattr(condition.function, "__qualname__", ""))
    plain = (str, int, float, type(None))
    return " ".join(sorted(repr(v) for v in condition.values if isinstance(v, plain)))


def _is_strings(value: object) -> bool:
    """True if it holds strings only, whose ``repr`` is the same in every process."""
    parts = value if isinstance(value, list | tuple) else [value]
    return all(isinstance(part, str) for part in parts)
