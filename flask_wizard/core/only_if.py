"""OnlyIf: a field that counts only while another field of its page has a value."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from types import new_class
from typing import Any

from wtforms import Form
from wtforms.fields import Field, FieldList, FormField
from wtforms.validators import StopValidation

from ..errors import DefinitionError
from .hooks import OWN_ERRORS, check_hook, check_result, hook_error

GROUP = "_only_if"
"""The attribute of a form class in which ``OnlyIf.group`` keeps its condition."""

SEVERAL = (list, tuple, set, frozenset)
"""The types of the data of a field of which several values may be chosen."""


class OnlyIf:
    """A validator, the first of a field, by which the field may be left out.

    The field counts only while another field has a value, or one of several, or while a
    function of the other field's data returns true. The other field stands in the same
    form, or in a form around it. While it does not count, the field is not validated,
    it is ``None`` in answers, in ``data`` and for ``populate``, and the check page does
    not list it. What was typed into it is kept.
    """

    def __init__(self, field: str, value: Any) -> None:
        if not isinstance(field, str):
            raise DefinitionError(
                f"OnlyIf was given {field!r} as the other field. Expected the name of "
                "its attribute, as in OnlyIf('payer', 'company')."
            )
        #: The name of the other field.
        self.field = field
        #: The function of the other field's data, if there is one.
        self.function: Callable[[Any], object] | None = None
        #: The values of the other field with which this one counts.
        self.values: tuple[Any, ...] = ()
        if callable(value):
            check_hook(value, f"The function of OnlyIf({field!r})", "data")
            self.function = value
        else:
            one = isinstance(value, str | bytes) or not isinstance(value, Iterable)
            self.values = (value,) if one else tuple(value)

    @classmethod
    def group(cls, field: str, value: object, form_class: type[Form]) -> type[Form]:
        """Return the form class for a ``FormField`` that counts only on a condition.

        ``FormField(OnlyIf.group("same", False, AddressForm))`` takes the place of the
        validators that a ``FormField`` cannot have.
        """
        if not (isinstance(form_class, type) and issubclass(form_class, Form)):
            raise DefinitionError(
                f"OnlyIf.group({field!r}, ...) was given {form_class!r} as its form. "
                "Expected a WTForms form class."
            )
        if hasattr(form_class, GROUP):
            raise DefinitionError(
                f"OnlyIf.group({field!r}, ...) was given {form_class.__name__}, which "
                "has a condition already. Give the form class itself, and one function "
                "of one field."
            )
        condition = cls(field, value)

        def validate(form: Any, *args: Any, **kwargs: Any) -> bool:
            around = getattr(form.meta, "_parent_form", None)
            is_asked = _is_marked(form) or around is None or condition.holds_in(around)
            return not is_asked or bool(form_class.validate(form, *args, **kwargs))

        own = {GROUP: condition, "validate": validate, "__doc__": form_class.__doc__}
        name, module = form_class.__name__, form_class.__module__
        body = {**own, "__module__": module}
        made: type[Form] = new_class(
            name, (form_class,), exec_body=lambda new: new.update(body)
        )
        return made

    def __repr__(self) -> str:
        wanted = self.function or self.values
        return f"<OnlyIf {self.field!r} is {wanted!r}>"

    def holds(self, data: Any) -> bool:
        """True if the field counts with this data of the other one.

        The function of a condition gets ``None`` if there is no value.
        """
        try:
            if self.function is None:
                given = data if isinstance(data, SEVERAL) else (data,)
                return any(one in self.values for one in given)
            found = self.function(data)
        except OWN_ERRORS as error:
            raise hook_error(error) from error
        except (ValueError, ArithmeticError):  # of what was typed, such as sNaN
            return False
        except (AttributeError, LookupError, TypeError):
            if data is None:  # it looks into what nobody has entered
                return False
            raise
        return bool(check_result(found, f"The function of OnlyIf({self.field!r})"))

    def __call__(self, form: Any, field: Any) -> None:
        """Let WTForms leave the field out, in a view without a wizard.

        Raise DefinitionError if a wizard's form has got the validator too late.
        """
        if _is_marked(form):
            if "cause" in vars(field):
                return
            raise DefinitionError(_late(field, self))
        if self.holds_in(form):
            return
        field.errors = []
        if not isinstance(field, FieldList):
            field.data = None
        raise StopValidation

    def holds_in(self, form: Any) -> bool:
        """True if it holds in a form without a wizard. Raise DefinitionError."""
        around = form
        while around is not None and self.field not in around._fields:
            around = getattr(around.meta, "_parent_form", None)
        if around is None:
            raise DefinitionError(
                f"{type(form).__name__} has a condition on the field {self.field!r}, "
                "which is neither in it nor in a form around it. Its fields are "
                f"{', '.join(form._fields)}."
            )
        cause = around._fields[self.field]
        own = condition_of(cause)
        counts = own is None or own.holds_in(around)
        return self.holds(cause.data if counts else None)


def condition_of(field: Any) -> OnlyIf | None:
    """Return the condition of a bound field, if it has one."""
    if isinstance(field, FormField):
        return getattr(field.form, GROUP, None)
    first = next(iter(field.validators), None)
    return first if isinstance(first, OnlyIf) else None


def cause_of(field: Field) -> Field | None:
    """Return the other field, on which a bound field's condition depends."""
    return vars(field).get("cause")


def is_left_out(field: Field) -> bool:
    """True if the field does not count, because its condition does not hold."""
    return "left_out" in vars(field)


def mark(form: Form, declared: Collection[OnlyIf]) -> None:
    """Mark the fields of a bound form that do not count.

    Raise DefinitionError for a condition that is not among those ``declared``.
    """
    seen: set[Field] = set()

    def visit(field: Any, around: tuple[Any, ...]) -> None:
        if field in seen:
            return
        seen.add(field)
        if isinstance(field, FormField):
            for inner in field.form:
                visit(inner, (field.form, *around))
        elif isinstance(field, FieldList):
            for entry in field.entries:
                visit(entry, around)
        condition = condition_of(field)
        if condition is None:
            return
        if condition not in declared:
            raise DefinitionError(_late(field, condition))
        depth = next((n for n, f in enumerate(around) if condition.field in f), None)
        cause = None  # prepare may have deleted it
        if depth is not None:
            cause = around[depth]._fields[condition.field]
            visit(cause, around[depth:])
        vars(field)["cause"] = cause
        if not condition.holds(None if cause is None else _value(cause)):
            _leave_out(field)

    for field in form:
        visit(field, (form,))


def _value(field: Any) -> Any:
    """Return the data of a field; ``None`` for what is left out of it."""
    if is_left_out(field):
        return None
    if isinstance(field, FormField):
        return {name: _value(inner) for name, inner in field.form._fields.items()}
    if isinstance(field, FieldList):
        return [_value(entry) for entry in field.entries]
    return field.data


def _leave_out(field: Any) -> None:
    """Mark a field and those inside it: none is validated or has data."""
    vars(field).update(left_out=True, validate=_pass, populate_obj=_set_none)
    inner = field.form if isinstance(field, FormField) else ()
    for part in field.entries if isinstance(field, FieldList) else inner:
        _leave_out(part)


def _pass(form: Form, extra_validators: object = ()) -> bool:
    return True


def _set_none(obj: object, name: str) -> None:
    setattr(obj, name, None)


def _is_marked(form: Any) -> bool:
    """True if the form is a wizard's, which marks what does not count."""
    return hasattr(form.meta, "left_out")


def _late(field: Any, condition: OnlyIf) -> str:
    return (
        f"The field {field.name!r} got {condition!r} when its form was built. Declare "
        "it in the form class, or in a class that a form function returns, so that the "
        "wizard knows what the field depends on."
    )
