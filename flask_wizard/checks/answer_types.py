"""Types of answers: a module of classes that type checkers and editors can follow."""

from __future__ import annotations

import datetime
import decimal
from collections.abc import Callable, Iterable, Iterator, Sequence
from keyword import iskeyword
from types import NoneType, UnionType
from typing import Any, NamedTuple, Union, get_args, get_origin, get_type_hints

from flask_wtf import file as flask_wtf_file
from wtforms import Form, fields
from wtforms.fields.core import UnboundField
from wtforms.validators import DataRequired, InputRequired, Optional

from ..core.date_boxes import DateBoxesField
from ..core.only_if import GROUP, OnlyIf
from ..core.signatures import declared, is_unbound_button
from ..core.steps import AnyStep, Steps
from ..wizard import Wizard

HEAD = '''\
"""What visitors answer, for type checkers. Made by ``flask wizard types``."""

# fmt: off
# flake8: noqa
# ruff: noqa

from __future__ import annotations

import datetime as _datetime
import decimal as _decimal
from collections.abc import Iterator, Mapping
from typing import (
    Any,
    Generic,
    Literal,
    NotRequired,
    TypedDict,
    TypeVar,
    dataclass_transform,
)

from flask_wizard import Submission, UploadedFile

_Name = TypeVar("_Name", bound=str)


@dataclass_transform(frozen_default=True)
class _Named(Generic[_Name]):
    def __getitem__(self, name: _Name, /) -> Any:
        raise NotImplementedError

    def __iter__(self) -> Iterator[_Name]:
        raise NotImplementedError

    def __len__(self) -> int:
        raise NotImplementedError

    def __contains__(self, name: object, /) -> bool:
        raise NotImplementedError


class _Answers(_Named[_Name]):
    bound: Mapping[str, Any]


class _Given(_Named[_Name]):
    def __bool__(self) -> Literal[True]:
        return True


class _NotGiven(_Named[_Name]):
    def __bool__(self) -> Literal[False]:
        return False
'''
"""What every module begins with. What no class needs is left out."""

ANY = "Any"

PLAIN: dict[Any, str] = {
    str: "str",
    int: "int",
    float: "float",
    bool: "bool",
    NoneType: "None",
    decimal.Decimal: "_decimal.Decimal",
    datetime.date: "_datetime.date",
    datetime.datetime: "_datetime.datetime",
    datetime.time: "_datetime.time",
}
"""How types are written that fields and functions are known to return."""

DATA: dict[type[fields.Field], Any] = {
    fields.StringField: str,
    fields.IntegerField: int,
    fields.FloatField: float,
    fields.DecimalField: decimal.Decimal,
    fields.BooleanField: bool,
    fields.DateField: datetime.date,
    fields.MonthField: datetime.date,
    fields.DateTimeField: datetime.datetime,
    fields.TimeField: datetime.time,
    DateBoxesField: datetime.date,
}
"""What the fields' data are, by the class whose code makes them."""

UNUSABLE = {"str", "int", "float", "bool", "list", "tuple", "item_id"}
"""Names that in the body of a class would mean something else afterwards."""


class Kind(NamedTuple):
    """How the data of a field are typed."""

    #: In ``answers``.
    answer: str
    #: In ``submission.data``; empty if it has none.
    data: str

    def or_none(self) -> Kind:
        """Return the same of a field that may have no value."""
        return Kind(_or_none(self.answer), self.data and _or_none(self.data))


UNKNOWN = Kind(ANY, ANY)


def module_of(wizards: Iterable[type[Wizard]]) -> str:
    """Return the source of a module with the types of what these wizards ask."""
    module = _Module()
    for wizard in wizards:
        module.add_wizard(wizard)
    return module.source()


class _Module:
    """The classes of a module, in the order in which they need each other."""

    def __init__(self) -> None:
        self.classes: list[str] = []
        self.names: set[str] = set()

    def source(self) -> str:
        """Return the module, with the imports that it needs."""
        head = HEAD
        body = "".join(f"\n\n{each}" for each in self.classes)
        for name, statement in _IMPORTS.items():
            if name not in body:
                head = head.replace(statement, "")
        return f"{head}{body}"

    def add_wizard(self, wizard: type[Wizard]) -> None:
        """Add the classes of a wizard."""
        name = wizard.__name__
        answers, data = self.add_steps(wizard.steps, name, "_Answers")
        # It is a Submission all the same, whose attributes here are told exactly.
        ignored = "  # type: ignore[assignment]"
        lines = [f"    answers: {answers}{ignored}", f"    data: {data}{ignored}"]
        self.add(f"{name}Submission", "Submission", lines)

    def add_steps(
        self, steps: Steps, name: str, base: str, *more: str
    ) -> tuple[str, str]:
        """Add the classes of several steps, and return what the last two are called."""
        found = [(s, self.add_step(s, name)) for s in steps if s.has_answers]
        lines = [f"    {step.name}: {kind.answer}" for step, kind in found]
        data = [
            f"    {step.name}: "
            + (f"NotRequired[{kind.data}]" if step.may_be_left_out else kind.data)
            for step, kind in found
        ]
        names = [step.name for step, _ in found]
        return (
            self.add(f"{name}Answers", base, [*more, *lines], names),
            self.add(f"{name}Data", "TypedDict", data),
        )

    def add_step(self, step: AnyStep, inside: str) -> Kind:
        """Add the classes of a step."""
        name = inside + _camel(step.name)
        if step.page == "list":
            return self.add_list(step, name)
        if step.fixed_form is None:  # only a function of the answers knows it
            return UNKNOWN
        kind = self.add_form(step.fixed_form, name, "_Given")
        if not step.may_be_left_out or kind == UNKNOWN:
            return kind
        names = _answers_of(step.fixed_form)
        lines = [f"    {each}: None" for each in names]
        absent = self.add(f"{name}Absent", "_NotGiven", lines, names)
        return Kind(f"{kind.answer} | {absent}", kind.data)

    def add_list(self, step: AnyStep, name: str) -> Kind:
        """Add the classes of a list and its items."""
        item_id = "    item_id: str"
        if [page.name for page in step.pages] != [""]:
            kind = Kind(*self.add_steps(step.pages, name, "_Answers", item_id))
        elif (form := step.pages[0].fixed_form) is not None:
            kind = self.add_form(form, name, "_Given", item_id)
        else:
            kind = UNKNOWN
        return Kind(f"tuple[{kind.answer}, ...]", f"list[{kind.data}]")

    def add_form(
        self, form_class: type[Form], name: str, base: str, *more: str
    ) -> Kind:
        """Add the classes of a form; return ``Any`` where Python cannot spell them."""
        names = _answers_of(form_class)
        if any(not _is_usable(each) for each in names):
            return UNKNOWN
        found = {
            each: self.kind_of(unbound, name + _camel(each), form_class, each)
            for each, unbound in declared(form_class)
            if each in names
        }
        lines = [f"    {each}: {kind.answer}" for each, kind in found.items()]
        data = [f"    {each}: {kind.data}" for each, kind in found.items() if kind.data]
        return Kind(
            self.add(name, base, [*more, *lines], names),
            self.add(f"{name}Data", "TypedDict", data),
        )

    def kind_of(
        self, unbound: UnboundField[Any], name: str, form_class: Any, field: str
    ) -> Kind:
        """Return the types of a field, and add the classes of what is inside it."""
        kind = unbound.field_class
        given = list(_given_to(unbound))
        if kind is fields.FormField:
            inner = _first(unbound, "form_class")
            found = self.add_form(inner, name, "_Given")
            return found.or_none() if getattr(inner, GROUP, None) else found
        if kind is fields.FieldList:
            entry = self.kind_of(_first(unbound, "unbound_field"), name, None, "")
            data = entry.data and f"list[{entry.data}]"
            found = Kind(f"tuple[{entry.answer}, ...]", data)
            return found.or_none() if _has(given, OnlyIf) else found
        if issubclass(kind, fields.FileField | fields.MultipleFileField):
            is_list = issubclass(kind, fields.MultipleFileField)
            answer = "list[UploadedFile]" if is_list else "UploadedFile"
            is_required = _has(given, flask_wtf_file.FileRequired)
            return Kind(answer if is_required else _or_none(answer), "")
        plain = _of_plain(unbound, getattr(form_class, f"filter_{field}", None))
        if plain == ANY:
            return UNKNOWN
        is_required = _has(given, DataRequired, InputRequired)
        if _has(given, Optional, OnlyIf) or not (is_required or _is_always(kind)):
            plain = _or_none(plain)
        return Kind(plain, plain)

    def add(
        self, name: str, base: str, lines: Sequence[str], names: Iterable[str] = ()
    ) -> str:
        """Add a class, under another name if there is one of that name already."""
        while name in self.names:
            name += "_"
        self.names.add(name)
        if base.startswith("_"):
            quoted = ", ".join(f'"{each}"' for each in names)
            base = f"{base}[Literal[{quoted}]]" if quoted else f"{base}[Any]"
        body = "\n".join(lines) or "    pass"
        self.classes.append(f"class {name}({base}):\n{body}\n")
        return name


_IMPORTS = {
    "_datetime.": "import datetime as _datetime\n",
    "_decimal.": "import decimal as _decimal\n",
    "NotRequired": "    NotRequired,\n",
    "UploadedFile": ", UploadedFile",
}
"""What is imported only if the classes need it."""


def _answers_of(form_class: type[Form]) -> list[str]:
    return [n for n, each in declared(form_class) if not is_unbound_button(each)]


def _is_usable(name: str) -> bool:
    """True if it can be an attribute that leaves the others' types as they are."""
    return (
        name.isidentifier()
        and not iskeyword(name)
        and not name.startswith("_")
        and name not in UNUSABLE
    )


def _of_plain(unbound: UnboundField[Any], own_filter: object) -> str:
    """Return the type of a field's data when it has any; ``Any`` if nobody can tell."""
    kind = unbound.field_class
    filters = [*(unbound.kwargs.get("filters") or ())]
    if len(unbound.args) > 2 and issubclass(kind, fields.StringField):
        filters = [*unbound.args[2]]
    filters += [own_filter] if own_filter is not None else []
    if filters:
        return _without_none(_returned_by(filters[-1]))
    if any(own.__module__.split(".")[0] not in _KNOWN for own in _readers(kind)):
        return ANY
    if issubclass(kind, fields.SelectField | fields.SelectMultipleField):
        coerce = unbound.kwargs.get("coerce", str)
        one = PLAIN.get(coerce) or _without_none(_returned_by(coerce))
        return f"list[{one}]" if issubclass(kind, fields.SelectMultipleField) else one
    known = next((base for base in kind.__mro__ if base in DATA), None)
    return PLAIN[DATA[known]] if known is not None else ANY


_KNOWN = ("wtforms", "flask_wtf", "flask_wizard")
"""The packages whose fields are known. Code of others may make anything of a value."""


def _readers(kind: type[fields.Field]) -> Iterator[Any]:
    """Yield what makes the data of a field."""
    for name in ("process", "process_data", "process_formdata"):
        yield getattr(kind, name)


def _is_always(kind: type[fields.Field]) -> bool:
    """True if the field has a value even where nothing was sent."""
    return issubclass(kind, fields.BooleanField | fields.SelectMultipleField)


def _returned_by(function: Callable[..., Any]) -> str:
    """Return what a function is annotated to return, as far as it can be written."""
    try:
        hint = get_type_hints(function).get("return", Any)
    except (NameError, TypeError):  # names of TYPE_CHECKING, and builtins
        return ANY
    parts = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
    if any(part not in PLAIN for part in parts):
        return ANY
    return " | ".join(PLAIN[part] for part in parts)


def _or_none(kind: str) -> str:
    return kind if kind == ANY or kind.endswith("None") else f"{kind} | None"


def _without_none(kind: str) -> str:
    return kind.removesuffix(" | None") if kind != "None" else ANY


def _given_to(unbound: UnboundField[Any]) -> Iterator[Any]:
    for value in (*unbound.args, *unbound.kwargs.values()):
        if isinstance(value, list | tuple):
            yield from value


def _first(unbound: UnboundField[Any], keyword: str) -> Any:
    return unbound.args[0] if unbound.args else unbound.kwargs[keyword]


def _has(given: Iterable[Any], *kinds: type) -> bool:
    return any(isinstance(each, kinds) for each in given)


def _camel(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))
