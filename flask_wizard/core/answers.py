"""Answers: the typed data of earlier steps, built on demand, every read recorded."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from wtforms import Form
from wtforms.fields import Field, FieldList, FileField, FormField

from ..errors import UnknownNameError
from . import forms
from .draft import Path
from .only_if import is_left_out
from .signatures import BUTTONS, NESTING

if TYPE_CHECKING:
    from .journey import Walk

NAMES = "*"
"""Stands for the names of a step's fields, where these were read."""

CONCEALED = "…"
"""Stands for a password in what may be logged."""

Dependencies = set[Path]
"""What was read, as (step, field) pairs. The empty field: whether it has answers.

What was read of an item is (list, item, page, field).
"""


class Shown(Dependencies):
    """Collects what a page reads to show it, which waits for nobody."""


class Suspended(BaseException):
    """A function of the application has read a step that is not done yet.

    It is one that somebody else fills in, or, in a task list, any.

    It is no Exception, so that application code does not take it for an error of its
    own. Code that catches it all the same changes nothing: the read was recorded.
    """

    def __init__(self, step: str) -> None:
        super().__init__(step)
        #: The name of the step that is not done yet.
        self.step = step


@dataclass(slots=True, eq=False, repr=False)
class Record:
    """One step's answers, read-only: ``record.age`` or ``record["age"]``.

    An attribute is always a field; ``in`` and iteration go over field names. The
    record of a step that does not apply or is not done is falsy, its fields ``None``.
    """

    _step: str
    _names: Sequence[str] | None
    _values: Callable[[], Mapping[str, Any]] | None
    _dependencies: Dependencies | None = None
    #: The list and the item, if it is the record of an item's page.
    _inside: tuple[str, ...] = ()

    def __getitem__(self, name: str) -> Any:
        if self._names is not None and name not in self._names:
            raise UnknownNameError(
                f"{self._step or self._inside[0]!r} has no field {name!r}. "
                f"Its fields are {', '.join(self._names)}.",
                name=name,
                known=self._names,
            )
        if self._dependencies is not None:
            self._dependencies.add((*self._inside, self._step, name))
        # A field that was declared and then removed while preparing was not asked.
        return None if self._values is None else self._values().get(name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # copy, pickle and the like ask for these
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._known())

    def __len__(self) -> int:
        return len(self._known())

    def __contains__(self, name: object) -> bool:
        return name in self._known()

    def _known(self) -> Sequence[str]:
        if self._dependencies is not None:  # another form might have other fields
            self._dependencies.add((*self._inside, self._step, NAMES))
        return self._names or ()

    def __bool__(self) -> bool:
        if self._dependencies is not None:
            self._dependencies.add((*self._inside, self._step, ""))
        return self._values is not None

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Record):
            return NotImplemented
        return bool(self) == bool(other) and dict(self._all()) == dict(other._all())

    # Values may be unhashable.
    __hash__: ClassVar[None] = None  # type: ignore[assignment]

    def _all(self) -> Iterator[tuple[str, Any]]:
        return ((name, self[name]) for name in self)

    def __repr__(self) -> str:  # names only: a log must never show an answer
        present = "" if self._values is not None else ", no answers"
        names = ", ".join(self._names or ())
        return f"<Record {self._step or self._inside[0]}: {names}{present}>"


@dataclass(slots=True, eq=False, repr=False)
class Answers:
    """The answers of the steps before a position: ``answers.you.age``.

    The record of a step is an attribute, and ``answers["you"]`` the same. It is falsy,
    and its fields are ``None``, if the step does not apply or is not done. Iteration
    and ``in`` use the names of steps. A ``FormField`` is a record, a ``FieldList`` and
    the items of a Repeat are tuples. Raise UnknownNameError, with the names that can
    be read, for one that is unknown or comes later.
    """

    _journey: Walk[Any]
    _before: int
    _reads: Dependencies

    @property
    def bound(self) -> Mapping[str, Any]:
        """The variables of the mount's URL prefix, by name.

        To read one is no dependency: they never change for a draft.
        """
        return self._journey.bound

    @property
    def _names(self) -> Sequence[str]:
        return self._journey.readable(self._before)

    def __getitem__(self, name: str) -> Any:
        record = self._journey.read(name, self._before, self._reads)
        if record is None:
            own = self._journey.steps.names[self._before : self._before + 1]
            reader = f"The step {own[0]!r}" if own else "The wizard"
            known = ", ".join(self._names) or "none"
            raise UnknownNameError(
                f"{reader} reads the answers of {name!r}, which is not a step "
                f"before it. The steps that it can read are: {known}.",
                name=name,
                known=self._names,
            )
        return record

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)

    def __contains__(self, name: object) -> bool:
        return name in self._names

    def __repr__(self) -> str:
        return f"<Answers: {', '.join(self._names)}>"


def values_of(form: Form) -> dict[str, Any]:
    """Return the typed values of a form: records for nested forms, tuples for lists."""
    return {
        name: _value(field)
        if isinstance(field, NESTING) or "left_out" in vars(field)
        else field.data
        for name, field in form._fields.items()
        if not isinstance(field, BUTTONS)
    }


def _value(field: Field) -> Any:
    if is_left_out(field):
        return None
    if isinstance(field, FormField):
        values = values_of(field.form)
        return Record(field.name, tuple(values), lambda: values)
    if isinstance(field, FieldList):
        return tuple(_value(entry) for entry in field.entries)
    return field.data


def plain(form: Form, *, conceal: bool = False) -> dict[str, Any]:
    """Return the typed values of a form as plain dicts and lists.

    With ``conceal``, a password is ``"…"``, or ``None`` if it was left blank.
    """
    # Most fields are none of these, and a form has many.
    return {
        name: _plain(field, conceal)
        if conceal or is_left_out(field) or isinstance(field, NESTING)
        else field.data
        for name, field in form._fields.items()
        if not isinstance(field, _WITH_FILES_OR_NONE) or not forms.has_no_data(field)
    }


_WITH_FILES_OR_NONE = (FieldList, FileField, *BUTTONS)
"""The classes of fields that may have no data."""


def _plain(field: Field, conceal: bool) -> Any:
    if is_left_out(field):
        return None
    if isinstance(field, FormField):
        return plain(field.form, conceal=conceal)
    if isinstance(field, FieldList):
        return [_plain(entry, conceal) for entry in field.entries]
    if conceal and forms.is_password(field):
        return CONCEALED if field.data else None
    return field.data
