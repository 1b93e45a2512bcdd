"""Filled forms: the form of a step with values in it, and what it reads."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from wtforms import Form

from . import forms
from .answers import Dependencies
from .draft import Raw, StoredDependencies
from .form_errors import errors_of
from .forms import Values
from .signatures import signature

if TYPE_CHECKING:
    from .journey import Journey
    from .steps import Step


@dataclass(eq=False)
class Conditions:
    """What the answers before a step make of it: does it apply, and with which form.

    ``reads`` collects what its condition and its form function read. It is not stored,
    since they run in each request.
    """

    step: Step
    journey: Journey
    position: int
    reads: Dependencies
    applies: bool

    @cached_property
    def form_class(self) -> type[Form]:
        """The form class, or what the form function returns."""
        answers = self.journey.answers_before(self.position, self.reads)
        return self.step.form_class(answers)

    def make_form(
        self,
        values: Values | None,
        reads: Dependencies,
        *,
        passwords: Raw | None = None,
        prepare: bool = True,
    ) -> Form:
        """Return the form with values, or with the step's initial data.

        What ``prepare`` and the form itself read is added to ``reads``.
        """
        answers = self.journey.answers_before(self.position, reads)
        initial = self.journey.initial(self.step.name) if values is None else None
        if passwords:
            values = Values({**(values or {}), **passwords})
        meta = {"answers": answers}
        form = forms.bind(self.form_class, values, meta=meta, initial=initial)
        if prepare and self.step.prepare is not None:
            self.step.prepare(form, answers)
        return form

    def digest(self, names: tuple[tuple[str, str], ...]) -> bytes:
        """Hash the form's signature, and the answers in ``reads`` and in ``names``."""
        own = signature(self.form_class).digest
        if not (names or self.reads):
            return own
        read = [*sorted(self.reads), *names]
        return self.journey.digest(own, read, before=self.position)


class Validation(NamedTuple):
    """A form after its validators ran, which may have changed what a field holds."""

    form: Form
    passed: bool


class FilledForm:
    """The form of a step with values in it: is it valid, and what does it read?"""

    def __init__(
        self, conditions: Conditions, values: Values | None, secrets: Raw
    ) -> None:
        self.conditions = conditions
        self.dependencies: Dependencies = set()
        reads = self.dependencies
        self.form = conditions.make_form(values, reads, passwords=secrets)
        # What is no longer a password must not be shown: it is left out.
        if secrets and not secrets.keys() <= (mine := {*forms.passwords(self.form)}):
            own = {name: sent for name, sent in secrets.items() if name in mine}
            self.form = conditions.make_form(values, reads, passwords=own)

    @cached_property
    def validation(self) -> Validation:
        """The form and whether it is valid."""
        return Validation(self.form, forms.validate(self.form))

    @property
    def errors(self) -> dict[str, list[str]]:
        """Messages of a form that is not valid; some forms give none."""
        return errors_of(self.validation.form) or {"": [forms.UNUSABLE]}

    @property
    def stored_dependencies(self) -> StoredDependencies:
        """What the form has read up to now, with a hash of that."""
        names = tuple(sorted(self.dependencies - self.conditions.reads))
        return StoredDependencies(names, self.conditions.digest(names))
