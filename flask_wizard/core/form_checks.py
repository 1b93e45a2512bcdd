"""Form checks: whether the steps of a wizard can have forms of a class."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from wtforms import Form

from ..errors import DefinitionError
from .only_if import GROUP
from .signatures import conditions_of, field_names
from .steps import RESERVED_FIELDS

OWN_ARGUMENTS = frozenset({"formdata", "obj", "data", "meta"})
"""The arguments by which the wizard itself builds a form."""


def check_arguments(form_class: type[Form], own: Iterable[str], where: str) -> None:
    """Raise DefinitionError if a form does not take the arguments that it will get.

    ``own`` names those of ``kwargs``.
    """
    names = [*sorted(OWN_ARGUMENTS - {"data"}), *own]
    init: Any = form_class.__init__
    try:
        inspect.signature(init).bind(None, **dict.fromkeys(names))
    except TypeError as error:
        raise DefinitionError(
            f"{where}: {form_class.__name__} cannot be built with the arguments "
            f"{', '.join(names)}: {error}. Return the form's own arguments from "
            "kwargs=lambda answers: {...}, and let its __init__ hand all others on: "
            "def __init__(self, *args, own, **kwargs)."
        ) from error


def check_form_class(form_class: type, where: str) -> None:
    """Raise DefinitionError if steps cannot have forms of that class."""
    if not issubclass(form_class, Form):
        raise DefinitionError(
            f"{where} was given the class {form_class.__name__} as its form. "
            "Expected a subclass of wtforms.Form, such as a FlaskForm."
        )
    if taken := sorted(field_names(form_class) & RESERVED_FIELDS):
        raise DefinitionError(
            f"{where}: {form_class.__name__} has a field {taken[0]!r}, a name that "
            f"the wizard's pages use themselves ({', '.join(sorted(RESERVED_FIELDS))})."
            " Give the field another name."
        )
    conditions_of(form_class)
    if hasattr(form_class, GROUP):
        raise DefinitionError(
            f"{where} was given the form of OnlyIf.group, which has no form around it. "
            "Put it into a FormField, or give the step a condition: when=..."
        )
