"""Forms bound to the strings of a draft, validated, and shown as they were typed."""

from __future__ import annotations

import logging
import re
from collections.abc import (
    Callable,
    Collection,
    Iterable,
    Iterator,
    Mapping,
    Sequence,
)
from contextlib import suppress
from decimal import Decimal
from functools import partial
from types import MappingProxyType, MethodType
from typing import Any, ClassVar, TypeVar

import msgspec
from wtforms import Form
from wtforms.fields import (
    BooleanField,
    Field,
    FieldList,
    FileField,
    FormField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than the stubs
from wtforms.form import BaseForm
from wtforms.meta import DefaultMeta

from ..catalogues import message
from .date_boxes import DateBoxesField
from .draft import Before, Raw
from .fields import (
    UNREAD,
    copy_of,
    flag,
    inner_start,
    input_type,
    is_locked,
    read_as,
    row_marker,
)
from .files import SentFile, holds_files, is_file, read_files_only
from .form_data import FormData
from .hooks import OWN_ERRORS, hook_error
from .only_if import is_left_out, mark
from .quick_fields import quicker_methods
from .signatures import (
    BUTTONS,
    NESTING,
    Conditions,
    FormSignature,
    is_unbound_password,
    made_of,
)
from .texts import FormTranslations, texts_of
from .widgets import render_field

logger: logging.Logger = logging.getLogger(__name__)

AnyForm = TypeVar("AnyForm", bound=Form)

FIELDS = "_fields"
"""The hidden input in which a page names its fields, if they depend on answers."""

UNUSABLE = message("This value cannot be used. Check it and enter it again.")


_NUMBERED = re.compile(r"(\d+)(?![^\W_])")
"""A number in a name, behind which there is no letter. ``\\d`` is what int() reads."""

PAGE_DIGITS = 3
"""How long the numbers are by which a page names its entries: it has few of them."""


def renamed(name: str, names: Mapping[str, str]) -> str:
    """Return the name of a field, or of one inside it, after fields were renamed."""
    for old, new in names.items():
        if name == old or name.startswith(f"{old}-"):
            return new + name[len(old) :]
    return name


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
    #: The names of fields to choose files with.
    files: tuple[str, ...] = ()

    @classmethod
    def of(cls, form: Form) -> FieldNames:
        """Return the names of the fields of a form."""
        exact: list[str] = []
        starts: list[str] = []
        files: list[str] = []
        for field in form:
            inner = [leaf for leaf in leaves([field]) if not is_password(leaf)]
            files += [leaf.name for leaf in inner if is_file(leaf)]
            inner = [leaf for leaf in inner if not is_file(leaf)]
            exact += [leaf.name for leaf in inner]
            for leaf in filter(_reads_by_itself, inner):
                exact += _names_read(leaf)
            if isinstance(field, NESTING) and not _holds_passwords(field):
                starts.append(inner_start(field))
            elif _reads_by_itself(field) and not is_password(field):
                starts.append(field.name)
        return cls(
            tuple(exact), tuple(starts), tuple(passwords(form)), files=tuple(files)
        )

    def renamed(self, names: Mapping[str, str]) -> FieldNames:
        """Return the names with new ones of fields: ``names`` has these by the old."""
        fields = (self.exact, self.starts, self.passwords)
        return FieldNames(*(tuple(renamed(n, names) for n in each) for each in fields))

    def has(self, name: str) -> bool:
        """True if a value of that name may be kept."""
        known = name in self.exact or name.startswith(self.starts)
        return known and name not in self.passwords


class Values(dict[str, list[str]]):
    """Submitted values by field name, in the shape that WTForms reads."""

    #: The fields that the page has named; None if it did not have to.
    names: FieldNames | None = None
    #: The files that came along, by id.
    files: Mapping[str, SentFile] = MappingProxyType({})
    #: The id of the file that the visitor takes away; empty if there is none.
    dropped: str = ""

    def renumber(self, field: Any) -> int:
        """Name the entries of a FieldList 0, 1, 2, ..., and return how many there are.

        They keep the order in which they were sent, which a person has seen: a script
        may number a new one by the clock. Those that the page has numbered are in the
        order of their numbers, as WTForms has them, however a template draws them.
        Names that only resemble those of entries are left alone.
        """
        start, end = field.name + field._separator, field._field_separator
        found: dict[str, tuple[str, str]] = {}  # the number and the rest of a name
        sent: dict[str, None] = {}
        by_rest: dict[str, dict[str, None]] = {}
        for name in [name for name in self if name.startswith(start)]:
            if (parts := _NUMBERED.match(name, len(start))) is None:
                continue
            digits, rest = parts[1], name[parts.end() :]
            number = "".join(str(int(digit)) for digit in digits).lstrip("0")
            found[name] = number, rest
            # An entry may read names of its own, by which WTForms does not find it.
            if not rest or rest.startswith(end):
                sent[number] = None
                by_rest.setdefault(rest, {})[number] = None
        if not sent:
            return 0
        order = _entry_order(sent, by_rest.values())
        new = {number: position for position, number in enumerate(order)}
        names = {
            name: f"{start}{new[number]}{rest}"
            for name, (number, rest) in found.items()
            if number in new
        }
        if any(old != name for old, name in names.items()):
            self._rename(names)
        return len(new)

    def renamed(self, names: Mapping[str, str]) -> Values:
        """Return the values by new names of fields; ``names`` has these by the old."""
        found = Values({renamed(name, names): sent for name, sent in self.items()})
        found.names = self.names.renamed(names) if self.names is not None else None
        found.files = self.files
        found.dropped = self.dropped
        return found

    def _rename(self, names: Mapping[str, str]) -> None:
        before = list(self.items())
        self.clear()
        for name, sent in before:
            name = names.get(name, name)
            self[name] = [*self[name], *sent] if name in self else sent

    def named(self) -> Raw:
        """Return the values of the fields that the page has named."""
        names = self.names or FieldNames()
        return {name: sent for name, sent in self.items() if sent and names.has(name)}

    def named_files(self) -> list[SentFile]:
        """Return the files of the fields that the page has named, if they are stored.

        Nobody can judge them before the form is known.
        """
        named = self.names.files if self.names else ()
        sent = self.files.values()
        return [f for f in sent if f.stored.field in named and not f.refusal]

    def without_files(self) -> Values:
        """Return the values alone, as they go into a page that gives them back."""
        alone = Values(self)
        alone.names = self.names
        return alone

    def unprepared(self, form: Form) -> tuple[Raw, Raw]:
        """Return the plain values and the passwords for a form that is not prepared.

        The page tells which other fields ``prepare`` would make passwords: they are
        left out.
        """
        later = self.names.passwords if self.names else ()
        raw, secret = sent(form)
        return {name: raw[name] for name in raw if name not in later}, secret

    def filled(self, names: Iterable[str]) -> list[str]:
        """Return the names of those of these fields that something was typed into."""
        return [name for name in names if any(self.getlist(name))]

    def __missing__(self, name: str) -> list[str]:
        return []

    # WTForms asks for the values of each field by this name.
    getlist: ClassVar[Callable[[Values, str], list[str]]] = dict.__getitem__

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Values of {', '.join(self)}>"

    def __bool__(self) -> bool:
        # WTForms takes an empty submission for none and would show defaults again.
        return True


def _entry_order(
    sent: Collection[str], columns: Iterable[Collection[str]]
) -> Iterator[str]:
    """Yield the numbers of a list's entries in the order of the page.

    ``sent`` has them as they were sent, ``columns`` likewise for each input of an
    entry. A table may be drawn by columns, the first of which lacks what is not ticked:
    then another has all.
    """
    longest = max(columns, key=len)
    order = longest if len(longest) == len(sent) else sent
    own = sorted(order, key=lambda number: (len(number), number), reverse=True)
    return (own.pop() if len(n) <= PAGE_DIGITS else n for n in order)


def with_unsent(values: Values, form: Form, before: Before) -> Values:
    """Return the values, and what a page began with in fields that sent nothing.

    ``form`` is bound to what the page began with. A checkbox and a multiple choice send
    nothing if the visitor has cleared them, and so does a list without rows.
    """
    unsent = {name: before.raw[name] for name in _unsent(form, before, values)}
    if not unsent:
        return values
    filled = Values({**values, **unsent})
    filled.names = values.names
    return filled


def _unsent(fields: Iterable[Field], before: Before, values: Values) -> Iterator[str]:
    for field in fields:
        if isinstance(field, FormField):
            yield from _unsent(field.form, before, values)
        elif isinstance(field, FieldList):
            rows = [row for row in field.entries if _sends(row, values)]
            if not rows and field.min_entries:  # its page always sends a row
                rows = field.entries
            yield from _unsent(rows, before, values)
        elif not (isinstance(field, DateBoxesField) and _sends(field, values)):
            names = [field.name]
            if _reads_by_itself(field):
                names = [name for name in before.raw if name.startswith(field.name)]
            for name in names:
                known = any(before.raw.get(name, ())) and name not in before.silent
                if known and name not in values:
                    yield name


def _sends(field: Field, names: Iterable[str]) -> bool:
    start = inner_start(field)
    return any(sent == field.name or sent.startswith(start) for sent in names)


def restore_before(form: Form, values: Values, began: Form, before: Before) -> None:
    """Give the fields of a form the data that they began with.

    They become the fields' ``object_data``, and the data of those that nobody can edit
    and that sent nothing. ``values`` were sent; ``began`` is bound to ``before``.
    """
    fields: dict[str, Any] = {field.name: field for field in leaves(began)}
    for field in leaves(form):
        first = fields.get(field.name)
        if first is None or is_password(field):
            continue
        field.object_data = first.data
        names = values.keys() - {row_marker(field)} if is_locked(field) else None
        if names is not None and not _sends(field, names):
            field.data = first.data
            # The validator Disabled refuses whatever was sent, and numbers and dates
            # refuse a blank.
            began_with = first.raw_data or []
            is_kept = any(began_with) and not flag(field, "disabled")
            field.raw_data = began_with if is_kept else []


def typed(form: Form) -> list[tuple[Field, object]]:
    """Return the visible fields that were sent, each with the data made of it."""
    return [
        (field, vars(field)["data"])
        for field in leaves(form)
        if (field.raw_data or isinstance(field, (BooleanField, SelectMultipleField)))
        and "data" in vars(field)
        and input_type(field) != "hidden"
    ]


def restore_typed(fields: Iterable[tuple[Any, object]]) -> list[str]:
    """Give fields their data again, and return the names of those that had other."""
    lost = [
        (field, data)
        for field, data in fields
        if field.data is not data and field.data != data
    ]
    for field, data in lost:
        field.data = data
    return [field.name for field, _ in lost]


def set_object(form: Any, initial: object) -> None:
    """Let ``form._obj`` be the object that the form began with.

    Validators such as Unique of WTForms-Alchemy compare with it. Forms that have no
    such attribute are left alone.
    """
    if initial is None:
        return
    if hasattr(form, "_obj") and not isinstance(initial, Mapping):
        form._obj = initial
    inner = initial.get if isinstance(initial, Mapping) else partial(getattr, initial)
    for field in form:
        if isinstance(field, FormField):
            set_object(field.form, inner(field.short_name, None))


def wants_object(form: Form) -> bool:
    """True if the form has an attribute ``_obj``, or one inside it has."""
    nested = (field.form for field in form if isinstance(field, FormField))
    return hasattr(form, "_obj") or any(map(wants_object, nested))


def bind(
    signature: FormSignature,
    values: Values | None,
    *,
    meta: Mapping[str, object],
    initial: object = None,
    arguments: Mapping[str, Any] = MappingProxyType({}),
    max_entries: int | None = None,
) -> Form:
    """Return a form of that signature with ``values``, or with ``initial``.

    The guard checks CSRF, so no form checks it again. ``meta`` reaches nested
    forms as well. A value that cannot even be bound makes a form error, and
    ``form.meta.unbindable`` true. Lists that do not say how many entries they may
    have get ``max_entries`` of ``values`` together; ``form.meta.entry_limit`` knows of
    those that were sent more, and is None if there are no lists. ``arguments`` are the
    form's own.
    """
    form_class: Callable[..., Form] = signature.form_class
    if arguments:
        form_class = partial(form_class, **arguments)
    if values is not None and signature.nests:
        values = Values(values)  # their lists are renumbered
    read = FormData(values) if values is not None and signature.reads_names else None
    limit = EntryLimit(max_entries) if signature.nests else None
    passed = {
        "csrf": False,
        "sent": values,
        "unbindable": False,
        "new_files": (),
        "get_translations": FormTranslations,
        **meta,
    }
    passed |= {"data_read": read, "entry_limit": limit, "left_out": ()}
    if signature.nests or signature.takes_files:
        passed = _passed_down(passed)
    elif signature.has_quicker:
        passed["bind_field"] = _bind_quickly
    begins: dict[str, Any] = {"data": signature.blank} if signature.blank else {}
    if values is None:
        if isinstance(initial, Mapping):
            begins["data"] = {**signature.blank, **initial}
        else:
            begins["obj"] = initial
        began = render_quickly(form_class(formdata=None, meta=passed, **begins))
        if limit is not None:
            limit.count_entries()
        return began
    try:
        form = form_class(formdata=read or values, meta=passed, **begins)
        return render_quickly(form)
    except OWN_ERRORS as error:
        raise hook_error(error) from error
    except (ValueError, ArithmeticError) as error:
        found = signature.form_class, type(error).__name__
        logger.warning("%s could not be bound: %s", *found)
    form = render_quickly(form_class(formdata=None, meta=passed))
    for field in leaves(form):
        field.raw_data = values.getlist(field.name)
    form.meta.update_values({"unbindable": True})
    return form


def leave_out(form: Form, conditions: Conditions) -> None:
    """Leave out the fields of a bound form whose conditions do not hold.

    ``form.meta.left_out`` has those that hold values, nested ones too.
    """
    mark(form, conditions.declared)
    left = [field for field in leaves(form) if is_left_out(field)]
    form.meta.update_values({"left_out": left})


def counted(form: Any, names: Iterable[str]) -> list[str]:
    """Return those of these names whose fields are not left out."""
    left = {field.name for field in form.meta.left_out}
    return [name for name in names if name not in left]


class EntryLimit:
    """How many more entries the lists of one form may have.

    A list with a ``max_entries`` of its own has room of its own. WTForms drops what it
    is sent beyond that without a word.
    """

    def __init__(self, left: int | None) -> None:
        self._limit = self._left = left
        #: The number of entries that were sent for each list that has no room for all.
        self.sent: dict[str, int] = {}
        self._lifted: list[tuple[Any, int | None]] = []

    def lift(self, field: Any) -> None:
        """Let a list take any number of entries until they are counted.

        WTForms would fail for one too many, and say neither where nor why.
        """
        self._lifted.append((field, field.max_entries))
        field.max_entries = None

    def count_entries(self) -> None:
        """Count the entries that lists began with while they might have any number."""
        for field, most in self._lifted:
            field.max_entries = most
            self.take(field, len(field.entries))

    def take(self, field: Any, wanted: int) -> int:
        """Return how many of the ``wanted`` entries a list may have."""
        if field.max_entries:
            taken = min(wanted, int(field.max_entries))
        elif self._left is None:
            return wanted
        else:
            taken = min(wanted, self._left)
            self._left -= taken
        if taken < wanted:
            self.sent[field.name] = wanted
        return taken

    def room(self, field: Any) -> tuple[str, int | None]:
        """Return what limits the entries of a list, the list or its page, and to what.

        The number is ``None`` if nothing does.
        """
        own = field.max_entries
        return ("list", own) if own else ("page", self._limit)

    def message(self, field: Any) -> str:
        """Return what a list says that was sent too many entries."""
        place, room = self.room(field)
        texts, sent = texts_of(field), self.sent[field.name]
        if place == "list":
            return texts.plural(
                "This list has room for {n} entry. You sent {sent} here, and the last "
                "of them are not shown.",
                "This list has room for {n} entries. You sent {sent} here, and the "
                "last of them are not shown.",
                room or 0,
                sent=sent,
            )
        return texts.plural(
            "This page has room for {n} entry. You sent {sent} here, and the last of "
            "them are not shown.",
            "This page has room for {n} entries. You sent {sent} here, and the last of "
            "them are not shown.",
            room or 0,
            sent=sent,
        )


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
    field = _bind_quickly(form, unbound, options)
    if isinstance(field, FormField):
        nested: Any = partial(_nested, field.form_class, meta.passed)
        field.form_class = nested
    elif isinstance(field, FileField):
        read_files_only(field)
    elif isinstance(field, FieldList) and meta.sent is None:
        meta.entry_limit.lift(field)
    elif isinstance(field, FieldList):
        entries = range(meta.entry_limit.take(field, meta.sent.renumber(field)))
        # WTForms would take "tags2" for an entry of "tag", and fail for "tag-²".
        vars(field)["_extract_indices"] = lambda *_: entries
    return field


def _bind_quickly(form: Any, unbound: Any, options: dict[str, Any]) -> Field:
    """Bind a field as the form's Meta does, with quicker versions of its methods."""
    meta = form.meta
    field: Field = type(meta).bind_field(meta, form, unbound, options)
    field_class: Any = type(field)
    for name, method in quicker_methods(field_class):
        setattr(field, name, MethodType(method, field))
    return field


def _nested(form_class: Any, own: dict[str, Any], /, *args: Any, **kwargs: Any) -> Form:
    meta = {**(kwargs.pop("meta", None) or {}), **_passed_down(own)}
    form: Form = form_class(*args, meta=meta, **kwargs)
    return render_quickly(form)


NO_LEAVES: tuple[type[Field], ...] = (*NESTING, *BUTTONS)
"""The classes of fields that hold other fields, or no value."""


def leaves(fields: Iterable[Field]) -> list[Field]:
    """Return every field that holds a value, nested ones too, buttons left out."""
    found: list[Field] = []
    for field in fields:
        if not isinstance(field, NO_LEAVES):
            found.append(field)
        elif isinstance(field, FormField):
            found += leaves(field.form)
        elif isinstance(field, FieldList):
            found += leaves(field.entries)
    return found


def full_name(form: Any, path: Sequence[str]) -> str | None:
    """Return the full name of a field by the names and numbers that lead to it.

    A list may have any number of entries. Return None if there is no such field.
    """
    field: Any = form._fields.get(path[0])
    for position, name in enumerate(path[1:], start=1):
        if isinstance(field, FormField):
            field = field.form._fields.get(name)
        elif isinstance(field, FieldList) and name.isdecimal():
            if int(name) >= len(field.entries):
                return inner_start(field) + "-".join(path[position:])
            field = field.entries[int(name)]
        else:
            return None
    return field.name if field is not None else None


def is_button(field: Field) -> bool:
    """True if the field holds no answer: a button, or a token."""
    return isinstance(field, BUTTONS)


def has_no_data(field: Field) -> bool:
    """True if plain data and objects do not get the field: a button, or files."""
    return is_button(field) or holds_files(field)


def with_data_only(form: Form) -> Form:
    """Delete the buttons and files of a form, nested ones too, and return it."""
    for name, field in list(form._fields.items()):
        if has_no_data(field):
            del form[name]
        else:
            _keep_data_only(field)
    return form


def _keep_data_only(field: Field) -> None:
    if isinstance(field, FormField):
        with_data_only(field.form)
    elif isinstance(field, FieldList):
        for entry in field.entries:
            _keep_data_only(entry)


def is_password(field: Field) -> bool:
    """True if the field is drawn as a password, whatever its class."""
    if isinstance(field, PasswordField):
        return True
    own = field.render_kw.get("type") if field.render_kw else None
    return bool((own or getattr(field.widget, "input_type", None)) == "password")


def passwords(fields: Iterable[Field]) -> list[str]:
    """Return the full names of the password fields."""
    return [field.name for field in leaves(fields) if is_password(field)]


def sent(form: Any) -> tuple[Raw, Raw]:
    """Return the plain values and the passwords that were sent for its fields.

    Passwords of fields that are left out are dropped: nobody has accepted them.
    """
    values, meta = form.meta.sent, form.meta
    raw: Raw = {}
    secret: Raw = {}
    for field in leaves(form):
        if field.raw_data and not isinstance(field, (FileField, DateBoxesField)):
            kept = secret if is_password(field) else raw
            kept[field.name] = list(map(str, field.raw_data))
    if meta.data_read is not None:
        secret_starts = _secret_starts(form)
        for name in _read_besides(form):
            kept = secret if name.startswith(secret_starts) else raw
            kept[name] = values[name]
        for field in leaves(form):
            if isinstance(field, DateBoxesField):  # one string is three texts, too
                raw.update(field.sent)
    for field in lists(form) if meta.entry_limit is not None else ():
        for entry in field.entries:
            # Files are no text: nothing else may tell that there is a row.
            if (marker := row_marker(entry)) in values or _has_files(entry):
                raw[marker] = [""]
        if meta.unbindable or field.name in meta.entry_limit.sent:
            raw.update({} if _holds_passwords(field) else _below(field, values))
    if meta.left_out:
        secret = {name: secret[name] for name in counted(form, secret)}
    return raw, secret


def declares(form: Form, name: str) -> bool:
    """True if the name is that of a field of the form, or of an input inside one."""
    return any(name == field.name or _is_inside(name, field.name) for field in form)


def _is_inside(name: str, outer: str) -> bool:
    """True if the name is that of an input inside the field called ``outer``."""
    beyond = name[len(outer) :]
    return name.startswith(outer) and beyond != "" and not beyond[0].isalnum()


def undeclared(form: Any, raw: Raw) -> Raw:
    """Return what was sent for inputs that the form does not have.

    None is returned of a form whose own code reads what was sent: it may have any.
    """
    if form.meta.data_read is not None:
        return {}
    fields = leaves(form)
    own = {field.name for field in fields}
    if raw.keys() <= own:
        return {}
    starts = [field.name for field in (*lists(form), *filter(_reads_by_itself, fields))]
    return {
        name: sent
        for name, sent in raw.items()
        if name not in own and not any(_is_inside(name, start) for start in starts)
    }


def _has_files(entry: Field) -> bool:
    return any(map(is_file, leaves([entry])))


def _read_besides(form: Any) -> list[str]:
    """Return the sent names that the form's code has read without a field for them."""
    meta, fields = form.meta, leaves(form)
    composite = [re.escape(field.name) for field in fields if _reads_by_itself(field)]
    names = [name for name in meta.data_read.read if name in meta.sent]
    # Code may also go through all names for those that begin with the field's.
    if composite:
        begins = re.compile(rf"(?:{'|'.join(composite)})[\W_]")
        names += filter(begins.match, meta.sent)
    known = {field.name for field in fields} | set(_button_names(form))
    return [name for name in dict.fromkeys(names) if name not in known]


def _button_names(fields: Iterable[Field]) -> Iterator[str]:
    for field in fields:
        if is_button(field):
            yield field.name
        elif isinstance(field, FormField):
            yield from _button_names(field.form)
        elif isinstance(field, FieldList):
            yield from _button_names(field.entries)


def _secret_starts(form: Form) -> tuple[str, ...]:
    fields = filter(_reads_by_itself, leaves(form))
    return tuple(field.name for field in fields if is_password(field))


def _reads_by_itself(field: Field) -> bool:
    """True if the field has code of its own that reads what was sent."""
    return not isinstance(field, NESTING) and type(field).process is not Field.process


def _names_read(field: Field) -> Iterable[str]:
    """Return the names that such a field asks for if nothing was sent."""
    data = FormData({})
    with suppress(Exception):  # whatever it does without values is not our concern
        copy_of(field).process(data)
    return data.read


def _holds_passwords(field: Field) -> bool:
    """True if the field holds passwords, or another entry of it would."""
    inside = made_of(field.unbound_field) if isinstance(field, FieldList) else ()
    return any(map(is_password, leaves([field]))) or any(
        map(is_unbound_password, inside)
    )


def _below(field: Field, values: Values) -> Raw:
    start = inner_start(field)
    below = {name: sent for name, sent in values.items() if name.startswith(start)}
    texts = {
        name: [v for v in sent if isinstance(v, str)] for name, sent in below.items()
    }
    return {name: sent for name, sent in texts.items() if sent}


def lists(fields: Iterable[Field]) -> Iterator[FieldList[Any]]:
    """Yield the lists in a form, those inside others too."""
    for field in fields:
        if isinstance(field, FormField):
            yield from lists(field.form)
        elif isinstance(field, FieldList):
            yield field
            yield from lists(field.entries)


def validate(form: Any) -> bool:
    """Return whether the form is valid; what a validator raises is a form error."""
    if form.meta.unbindable:
        form.form_errors = [texts_of(form).text(UNUSABLE)]
        return False
    fields: list[Any] = leaves(form)
    for field in fields:
        field.unvalidated = field.data
    for field in form.meta.left_out:
        field.data = None
    is_theirs = getattr(form.validate, "__func__", None) is _THEIRS
    try:
        # WTForms looks for these in the class, and raises an error, and catches it, for
        # each that is not there.
        inline = [getattr(form, f"validate_{name}", None) for name in form._fields]
        if is_theirs and inline.count(None) == len(inline):
            passed = BaseForm.validate(form)
        else:
            passed = bool(form.validate())
    except OWN_ERRORS as error:
        raise hook_error(error) from error
    except (ValueError, ArithmeticError) as error:
        logger.warning("%s could not be validated: %s", type(form), type(error))
        if not _blame(form):
            form.form_errors = [*form.form_errors, texts_of(form).text(UNUSABLE)]
        return False
    for field in crowded(form):
        field.errors = [*field.errors, form.meta.entry_limit.message(field)]
        passed = False
    for field in fields if passed else ():
        # A DecimalField lets it pass, but any condition that compares it raises.
        if isinstance(field.data, Decimal) and field.data.is_nan():
            field.errors = [texts_of(form).text(UNUSABLE)]
            passed = False
    return passed


_THEIRS = Form.validate  # what an application has put in its place is called


def _blame(form: Form) -> bool:
    """Validate field by field, and return whether a field's validator has raised."""
    found, unusable = False, texts_of(form).text(UNUSABLE)
    for name, field in form._fields.items():
        inline = getattr(type(form), f"validate_{name}", None)
        try:
            field.validate(form, (inline,) if inline else ())
        except (ValueError, ArithmeticError):
            found = True
            if isinstance(field, NESTING):
                form.form_errors = [*form.form_errors, unusable]
            else:
                field.errors = [unusable]
    return found


def crowded(form: Any) -> list[FieldList[Any]]:
    """Return the lists that were sent more entries than there is room for."""
    limit = getattr(
        form.meta, "entry_limit", None
    )  # an application's own step may bind it
    if limit is None or not limit.sent:
        return []
    crowded = (field for field in lists(form) if field.name in limit.sent)
    return [field for field in crowded if not is_left_out(field)]


def show_as_typed(form: Form) -> None:
    """Make every field show exactly what was sent, and no password at all."""
    field: Any
    for field in crowded(form):
        message = form.meta.entry_limit.message(field)
        if message not in field.errors:
            field.errors = [*field.errors, message]
    # Widgets ask for _value, which not every kind of field has
    for field in leaves(form):
        if is_password(field):
            field.data = None
            field.raw_data = None
            field._value = str
            continue
        is_kept = not _reads_by_itself(field) or is_left_out(field)
        if hasattr(field, "unvalidated") and is_kept:
            field.data = field.unvalidated  # nobody typed what validators made of it
        if not field.raw_data or is_file(field):
            continue
        if isinstance(field, SelectField):
            _offer_sent(field)
        elif not isinstance(field, BooleanField) and hasattr(field, "_value"):
            field._value = partial(str, typed_text(field))


def typed_text(field: Field) -> str:
    """Return what was sent as one string, as the field would read it.

    A field that a template draws twice sends its value twice. Most fields read the
    first; dates join what several inputs have sent.
    """
    typed = [str(value) for value in field.raw_data or ()]
    if len(typed) == 1:
        return typed[0]
    whole, first = read_as(field, typed), read_as(field, typed[:1])
    is_read = whole is not UNREAD
    takes_one = whole == first if is_read else len(set(typed)) == 1
    return typed[0] if takes_one else " ".join(typed)


def _offer_sent(field: Any) -> None:
    """Add options for values that the field takes though it does not offer them.

    A script may have made them. A browser would send another option in their place.
    """
    if type(field).iter_choices not in _OWN_CHOICES:  # its choices may be of any kind
        return
    offered = {str(choice[0]) for choice in field.iter_choices()}
    missing = [text for text in dict.fromkeys(field.raw_data) if text not in offered]
    if isinstance(field, RadioField):
        missing = [text for text in missing if text]
    if missing and not field.process_errors and _takes(field):
        known = field._choices_from_input(field.choices) or []
        field.choices = [*known, *map(SelectChoice, missing)]


_OWN_CHOICES = (SelectField.iter_choices, SelectMultipleField.iter_choices)


def _takes(field: Any) -> bool:
    """True if a select takes its value, offered or not."""
    try:
        field.pre_validate(field._form)
    except (ValueError, TypeError):  # no choices at all are a TypeError
        return False
    return True
