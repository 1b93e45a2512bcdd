"""Step and Review: what a wizard is declared of."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from wtforms import Form

from ..errors import DefinitionError
from . import forms

if TYPE_CHECKING:
    from .answers import Answers
    from .rows import Row

RESERVED_STEPS = frozenset({"discard", "receipt", "saved"})
RESERVED_FIELDS = frozenset(
    {"_action", "_rev", "_draft", "_item", "_seen", forms.FIELDS, "csrf_token"}
)


@dataclass(frozen=True, eq=False)
class Step:
    """One page with one form.

    ``form`` is a form class, or a function of the answers that returns one.
    ``when(answers)`` says whether the step applies. ``prepare(form, answers)`` sets
    late choices, labels and validators. Both read earlier steps only.
    ``revalidate=False`` trusts the verdict of the step's own Continue at commit:
    for captchas and one-time codes.
    """

    form: Any
    _: KW_ONLY
    title: str = ""
    when: Callable[[Answers], object] | None = None
    prepare: Callable[[Any, Answers], object] | None = None
    template: str | None = None
    section: str | None = None
    revalidate: bool = True
    name: str = ""
    has_form: ClassVar[bool] = True

    @property
    def url_name(self) -> str:
        return self.name.replace("_", "-")

    @property
    def fixed_form(self) -> type[Form] | None:
        """The form class, if it is the same whatever the answers are."""
        return self.form if isinstance(self.form, type) else None

    @cached_property
    def plain_form(self) -> type[Form] | None:
        """The form class, if the step applies with it whatever the answers are."""
        return self.fixed_form if self.when is None else None

    def named(self, name: str, wizard: str) -> Step:
        """This step under its attribute's name; a copy, so that steps can be shared.

        Raises DefinitionError for what can be seen to be wrong with it.
        """
        where = f"{wizard}.{name}"
        if isinstance(self.form, type):
            check_form_class(self.form, where)
        elif not callable(self.form):
            raise DefinitionError(
                f"{where} was given {self.form!r} as its form. Expected a WTForms form "
                "class, or a function of the answers that returns one."
            )
        for hook in ("when", "prepare"):
            if getattr(self, hook) is not None and not callable(getattr(self, hook)):
                raise DefinitionError(
                    f"{where} has {hook}={getattr(self, hook)!r}, which cannot be "
                    "called. Pass a function of the answers."
                )
        # A translation that waits for its use must not be asked whether it is empty.
        untitled = isinstance(self.title, str) and not self.title
        title = name.replace("_", " ").capitalize() if untitled else self.title
        return dataclasses.replace(self, name=name, title=title)

    def form_class(self, answers: Answers) -> type[Form]:
        """What the form function returns for the answers before this step."""
        found = self.form(answers)
        if not isinstance(found, type):
            raise DefinitionError(
                f"The form function of step {self.name!r} returned a value of type "
                f"{type(found).__name__}. "
                "Expected a WTForms form class."
            )
        check_form_class(found, self.name)
        return found


@dataclass(frozen=True, eq=False)
class Review:
    """The check-your-answers page, the last step of a wizard that has one.

    ``rows(rows, answers)`` gets the list of rows and returns those to show: it may
    hide, change and add.
    """

    _: KW_ONLY
    title: str = "Check your answers"
    rows: Callable[[list[Row], Answers], Iterable[Row]] | None = None
    template: str | None = None
    section: str | None = None
    name: str = ""
    has_form: ClassVar[bool] = False
    when: ClassVar[None] = None
    fixed_form: ClassVar[None] = None
    plain_form: ClassVar[None] = None

    @property
    def url_name(self) -> str:
        return self.name.replace("_", "-")

    def named(self, name: str, wizard: str) -> Review:
        if self.rows is not None and not callable(self.rows):
            raise DefinitionError(
                f"{wizard}.{name} has rows={self.rows!r}, which cannot be called. "
                "Pass a function of the rows and the answers."
            )
        return dataclasses.replace(self, name=name)


AnyStep = Step | Review


class Steps(tuple[AnyStep, ...]):
    """A wizard's steps in order, found by their names."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        return {name: position for position, name in enumerate(self.names)}

    @cached_property
    def by_url_name(self) -> Mapping[str, AnyStep]:
        return {step.url_name: step for step in self}

    def named(self, name: str) -> AnyStep:
        return self[self.positions[name]]


def check_form_class(form_class: type, where: str) -> None:
    if not issubclass(form_class, Form):
        raise DefinitionError(
            f"{where} was given the class {form_class.__name__} as its form. "
            "Expected a subclass of wtforms.Form, such as a FlaskForm."
        )
    names = {unbound.name or name for name, unbound in forms.declared(form_class)}
    if taken := sorted(names & RESERVED_FIELDS):
        raise DefinitionError(
            f"{where}: {form_class.__name__} has a field {taken[0]!r}, a name that "
            f"the wizard's pages use themselves ({', '.join(sorted(RESERVED_FIELDS))})."
            " Give the field another name."
        )
    if uploads := forms.file_fields(form_class):
        raise DefinitionError(
            f"{where}: {form_class.__name__} has a file field {uploads[0]!r}. "
            "Uploads cannot be kept in a draft; ask for the file after the commit."
        )
