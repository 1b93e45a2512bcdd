"""Steps with a form, as a developer declares them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from wtforms import Form

from ..cached import cached_property
from ..errors import DefinitionError
from .answers import Answers, Dependencies, Record
from .bound_form import BoundFormStep
from .draft import Entry
from .form_checks import OWN_ARGUMENTS, check_arguments, check_form_class
from .hooks import (
    OWN_ERRORS,
    call_hook,
    check_functions,
    check_hook,
    check_result,
    hook_error,
)
from .signatures import declared, field_names, file_fields, signature
from .steps import AnyStep, Condition

if TYPE_CHECKING:
    from .journey import Walk

PASSED: dict[str, tuple[str, ...]] = {
    "when": ("answers",),
    "prepare": ("form", "answers"),
    "kwargs": ("answers",),
}
"""What the wizard passes to the functions of a step."""


@dataclass(frozen=True, eq=False)
class Step(AnyStep):
    """One page with one form. Its functions get the answers of earlier steps."""

    #: A form class, or a function of the answers that returns one.
    form: Any
    _: KW_ONLY
    #: Returns whether the step applies, by the answers; ``None`` if it always does.
    when: Condition | None = None
    #: Sets late choices, labels and validators on the built form, by the answers.
    prepare: Callable[[Any, Any], object] | None = None
    #: Returns the arguments by which the form is built, if it takes any of its own.
    kwargs: Callable[[Any], Mapping[str, Any]] | None = None
    #: False if a commit trusts the step's own Continue, and does not validate the
    #: answers again: for captchas and one-time codes. The visitor is asked again if
    #: something that the step has read changes.
    revalidate: bool = True
    #: True of a form function whose forms have fields to choose files with.
    files: bool = False
    #: By the name of a field, its former name, or a tuple of them.
    fields_were: Mapping[str, str | Sequence[str]] = field(default_factory=dict)

    takes_input: ClassVar[bool] = True
    has_answers: ClassVar[bool] = True

    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundFormStep:
        """Bind the step to the draft of a journey."""
        reads: Dependencies = set()
        applies: object = self.when is None
        if self.when is not None and reached:
            try:
                applies = self.when(Answers(journey, position, reads))
            except OWN_ERRORS as error:
                raise hook_error(error) from error
            if applies is not True and applies is not False:
                applies = bool(check_result(applies, f"The condition of {self.name!r}"))
        bound = BoundFormStep(
            step=self,
            journey=journey,
            position=position,
            reads=reads,
            applies=bool(applies),
            opens=reached and bool(applies),
            entry=entry if entry is not None and entry.sent else None,
            before=entry.before if entry is not None and entry.packed_before else None,
            reached=reached,
            taken=entry is not None,
            condition_reads=frozenset(reads),
        )
        if (fixed := journey.signatures.forms[position]) is not None:
            bound.signature = fixed  # without the calls that find it out
        return bound

    @cached_property
    def fixed_form(self) -> type[Form] | None:
        """The form class, if it can be built without the answers."""
        if self.kwargs is not None or not isinstance(self.form, type):
            return None
        return self.form

    @cached_property
    def takes_files(self) -> bool:
        """True if its form may have fields to choose files with."""
        is_class = isinstance(self.form, type)
        return bool(file_fields(self.form)) if is_class else self.files

    @property
    def plain_digest(self) -> bytes | None:
        """The digest of an accepted entry that read nothing."""
        if self.when is not None or self.fixed_form is None:
            return None
        return signature(self.fixed_form).digest

    def no_answers(self, reads: Dependencies, inside: tuple[str, ...] = ()) -> Record:
        """Return a falsy record of the step."""
        form = self.fixed_form
        names = signature(form).names if form is not None else None
        return Record(self.name, names, None, reads, inside)

    @cached_property
    def is_fixed(self) -> bool:
        """True if its page can be made without earlier answers."""
        return self.fixed_form is not None and self.prepare is None

    def named(self, name: str, wizard: str) -> Self:
        """Return a copy under the name of its attribute, so that steps can be shared.

        Raises DefinitionError if it is declared wrongly as far as can be seen.
        """
        where = f"{wizard}.{name}"
        if isinstance(self.form, type):
            check_form_class(self.form, where)
            if self.kwargs is None:
                check_arguments(self.form, (), where)
        elif isinstance(self.form, partial) and isinstance(self.form.func, type):
            raise DefinitionError(
                f"{where} was given a partial of {self.form.func.__name__}. Pass the "
                "class, and its arguments with kwargs=lambda answers: {...}."
            )
        elif not callable(self.form):
            raise DefinitionError(
                f"{where} was given {self.form!r} as its form. Expected a WTForms form "
                "class, or a function of the answers that returns one."
            )
        else:
            check_hook(self.form, f"The form function of {where}", "answers")
        check_functions(self, PASSED, where)
        self._check_fields_were(where)
        return super().named(name, wizard)

    @cached_property
    def former_fields(self) -> Mapping[str, Sequence[str]]:
        """The names in pages that its fields had before, by those of now."""
        if not self.fields_were:
            return {}
        form = self.form if isinstance(self.form, type) else None
        fields = dict(declared(form)) if form is not None else {}
        return {
            (fields[new].name or new if new in fields else new): _as_tuple(old)
            for new, old in self.fields_were.items()
        }

    def _check_fields_were(self, where: str) -> None:
        """Raise DefinitionError if a former name could mean two fields, or none."""
        form = self.form if isinstance(self.form, type) else None
        claimed: set[str] = set()
        for new, former in self.fields_were.items():
            if form is not None and new not in (known := dict(declared(form))):
                raise DefinitionError(
                    f"{where} has fields_were for {new!r}, and {form.__name__} has no "
                    f"such field. Its fields are {', '.join(known)}."
                )
            for old in _as_tuple(former):
                if old in claimed:
                    raise DefinitionError(
                        f"{where} has {old!r} twice in fields_were. A former name "
                        "leads to one field: keep one."
                    )
                claimed.add(old)
        if form is not None:
            self._check_not_there(form, where)

    def _check_not_there(self, form: type[Form], where: str) -> None:
        """Raise DefinitionError if the form has a field of a former name."""
        former = {old for each in self.fields_were.values() for old in _as_tuple(each)}
        if taken := sorted(former & (field_names(form) | {*dict(declared(form))})):
            raise DefinitionError(
                f"{where} has {taken[0]!r} as a former name in fields_were, and "
                f"{form.__name__} has a field of that name. Give a name that no field "
                "has any more."
            )

    def form_class(self, answers: Answers) -> type[Form]:
        """Return the form class, or what the form function returns."""
        if isinstance(self.form, type):
            return self.form
        where = f"The form function of step {self.name!r}"
        try:
            found = check_result(self.form(answers), where)
        except OWN_ERRORS as error:
            raise hook_error(error) from error
        if not isinstance(found, type):
            raise DefinitionError(
                f"{where} returned a value of type {type(found).__name__}. Expected a "
                "WTForms form class. If its __init__ takes arguments, pass them with "
                "kwargs=lambda answers: {...}."
            )
        check_form_class(found, self.name)
        if self.fields_were:
            self._check_not_there(found, where)
        if not self.files and (uploads := file_fields(found)):
            raise DefinitionError(
                f"{where} returned {found.__name__}, which has a file field "
                f"{uploads[0]!r}. How much a page may send is settled before its form "
                f"is known: declare the step with Step(..., files=True)."
            )
        return found

    def arguments(self, answers: Answers) -> Mapping[str, Any]:
        """Return what ``kwargs`` returns. Raise DefinitionError if that is no dict."""
        found: Any = call_hook(self.kwargs, answers) if self.kwargs is not None else {}
        if not isinstance(found, Mapping):
            raise DefinitionError(
                f"kwargs of step {self.name!r} returned a value of type "
                f"{type(found).__name__}. Expected a dict of the form's arguments."
            )
        if taken := sorted(OWN_ARGUMENTS & found.keys()):
            raise DefinitionError(
                f"kwargs of step {self.name!r} returned the argument {taken[0]!r}, "
                "which the wizard passes itself. What a page begins with comes from "
                "Wizard.initial."
            )
        return found


def _as_tuple(names: str | Sequence[str]) -> tuple[str, ...]:
    return (names,) if isinstance(names, str) else tuple(names)
