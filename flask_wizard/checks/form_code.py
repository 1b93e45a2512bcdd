"""Form code: the functions of a step, and those of the forms of its pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from types import FunctionType, new_class
from typing import Any

from wtforms import Form
from wtforms.fields.core import UnboundField

from ..core.steps import AnyStep
from .constants import functions_in

Function = Callable[..., Any]


def functions_of(step: AnyStep) -> list[Function]:
    """Return the functions of the application that a step has, and those of its form.

    Of the form's, these are the ones that read earlier answers.
    """
    names = ("when", "prepare", "over", "kwargs", "form")
    found = (getattr(step, name, None) for name in names)
    own = [each for each in found if callable(each) and not isinstance(each, type)]
    judges = [judge for form in step.fixed_forms for judge in judges_of(form)]
    return [*own, *(judge for judge in judges if _reads_answers(judge))]


def judges_of(form_class: type[Form]) -> Iterator[Function]:
    """Yield the methods of a form class, and the validators of its fields."""
    for cls in form_class.__mro__:
        for value in vars(cls).values():
            if isinstance(value, FunctionType):
                yield value
            elif isinstance(value, UnboundField):
                given = [*value.args, *value.kwargs.values()]
                for each in given:
                    several = each if isinstance(each, list | tuple) else [each]
                    yield from filter(callable, several)
                    if isinstance(each, type) and issubclass(each, Form):
                        yield from judges_of(each)


def _reads_answers(function: Function) -> bool:
    """True if code of a form asks for the answers before it, or other items."""
    names = (each.__code__.co_names for each in functions_in([function]))
    return any({"answers", "items"} & {*own} for own in names)


def passing_class(form_class: type[Form]) -> type[Form]:
    """Return a form class that accepts everything."""
    body = {"validate": lambda form, *args, **kwargs: True}
    name = form_class.__name__
    return new_class(name, (form_class,), exec_body=lambda new: new.update(body))
