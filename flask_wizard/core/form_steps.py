"""Steps with a form: what a developer declares, and each bound to a draft."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import KW_ONLY, dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from msgspec.structs import replace
from wtforms import Form

from ..errors import DefinitionError
from . import forms
from .answers import NAMES, Answers, Dependencies, Record, plain, values_of
from .draft import Draft, Entry, Path, Raw
from .form_errors import errors_of, show_errors
from .forms import FieldNames, Values
from .hooks import check_hook, check_result
from .rows import Row, rows_of
from .signatures import FormSignature, field_names, file_fields, signature
from .steps import ABSENT, RESERVED_FIELDS, AnyStep, BoundStep, Condition, encode

if TYPE_CHECKING:
    from .journey import Journey


@dataclass(frozen=True, eq=False)
class Step(AnyStep):
    """One page with one form. Its functions get the answers of earlier steps."""

    #: A form class, or a function of the answers that returns one.
    form: Any
    _: KW_ONLY
    #: Returns whether the step applies, by the answers; ``None`` if it always does.
    when: Condition | None = None
    #: Sets late choices, labels and validators on the built form, by the answers.
    prepare: Callable[[Any, Answers], object] | None = None
    #: False if a commit trusts the step's own Continue, and does not validate the
    #: answers again: for captchas and one-time codes. The visitor is asked again if
    #: something that the step has read changes.
    revalidate: bool = True

    takes_input: ClassVar[bool] = True
    has_answers: ClassVar[bool] = True

    def bind(
        self, journey: Journey, position: int, entry: Entry | None, *, reached: bool
    ) -> BoundFormStep:
        """Bind the step to the draft of a journey."""
        reads: Dependencies = set()
        applies: object = self.when is None
        if self.when is not None and reached:
            applies = self.when(Answers(journey, position, reads))
            if applies is not True and applies is not False:
                applies = bool(check_result(applies, f"The condition of {self.name!r}"))
        return BoundFormStep(
            step=self,
            journey=journey,
            position=position,
            reads=reads,
            applies=bool(applies),
            opens=reached and bool(applies),
            entry=entry,
        )

    @cached_property
    def fixed_form(self) -> type[Form] | None:
        """The form class, if it is the same whatever the answers are."""
        return self.form if isinstance(self.form, type) else None

    @property
    def plain_digest(self) -> bytes | None:
        """The digest of an accepted entry that read nothing."""
        if self.when is not None or self.fixed_form is None:
            return None
        return signature(self.fixed_form).digest

    def no_answers(self, reads: Dependencies) -> Record:
        """Return a falsy record of the step."""
        form = self.fixed_form
        names = signature(form).names if form is not None else None
        return Record(self.name, names, None, reads)

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
        elif not callable(self.form):
            raise DefinitionError(
                f"{where} was given {self.form!r} as its form. Expected a WTForms form "
                "class, or a function of the answers that returns one."
            )
        else:
            check_hook(self.form, f"The form function of {where}")
        for name_of_hook in ("when", "prepare"):
            if (hook := getattr(self, name_of_hook)) is None:
                continue
            if not callable(hook):
                raise DefinitionError(
                    f"{where} has {name_of_hook}={hook!r}, which cannot be "
                    "called. Pass a function of the answers."
                )
            check_hook(hook, f"{name_of_hook} of {where}")
        return super().named(name, wizard)

    def form_class(self, answers: Answers) -> type[Form]:
        """Return what the form function returns for the answers before this step."""
        where = f"The form function of step {self.name!r}"
        found = check_result(self.form(answers), where)
        if not isinstance(found, type):
            raise DefinitionError(
                f"{where} returned a value of type {type(found).__name__}. "
                "Expected a WTForms form class."
            )
        check_form_class(found, self.name)
        return found


class Validation(NamedTuple):
    """The result of validating a form."""

    #: The form after its validators ran, which may have changed what a field holds.
    form: Form
    #: True if the form is valid.
    passed: bool


@dataclass(eq=False, repr=False, kw_only=True)
class BoundFormStep(BoundStep):
    """A Step bound to a draft."""

    step: Step
    journey: Journey
    position: int
    #: What its condition and its form function read. It is not stored, since they run
    #: in each request.
    reads: Dependencies
    applies: bool
    opens: bool
    entry: Entry | None
    #: What ``prepare`` and the form itself have read.
    dependencies: Dependencies = field(default_factory=set)

    # The form

    @cached_property
    def signature(self) -> FormSignature:
        """What its form asks for. The form function tells which form that is."""
        fixed = self.journey.signatures.forms[self.position]
        if fixed is not None:
            return fixed
        answers = Answers(self.journey, self.position, self.reads)
        return signature(self.step.form_class(answers))

    @cached_property
    def form(self) -> Form:
        """The form bound to what was submitted, or with its initial data."""
        if self.entry is None:
            return self._fill(None, {})
        return self._fill(Values(self.entry.raw), self.entry.passwords)

    def _fill(
        self, values: Values | None, passwords: Raw, *, prepare: bool = True
    ) -> Form:
        """Return the form with values, or with the step's initial data.

        What ``prepare`` and the form itself read is added to ``dependencies``.
        """
        answers = Answers(self.journey, self.position, self.dependencies)
        initial = self.initial if values is None else None
        sent = Values({**(values or {}), **passwords}) if passwords else values
        meta = {"answers": answers}
        form = forms.bind(
            self.signature,
            sent,
            meta=meta,
            initial=initial,
            max_entries=self.journey.max_entries,
        )
        if prepare and self.step.prepare is not None:
            prepared = self.step.prepare(form, answers)
            if prepared is not None:
                check_result(prepared, f"prepare of step {self.step.name!r}")
        # What is no longer a password must not be shown: it is left out.
        if passwords and not passwords.keys() <= (own := {*forms.passwords(form)}):
            kept = {name: passwords[name] for name in passwords if name in own}
            return self._fill(values, kept, prepare=prepare)
        return form

    @cached_property
    def validation(self) -> Validation:
        """The form and whether it is valid with what was submitted."""
        return Validation(self.form, forms.validate(self.form))

    @property
    def valid(self) -> bool:
        """True if the form is valid with what was submitted."""
        return self.validation.passed

    @property
    def errors(self) -> dict[str, list[str]]:
        """Messages of a form that is not valid; some forms give none."""
        return errors_of(self.validation.form) or {"": [forms.UNUSABLE]}

    @cached_property
    def initial(self) -> object:
        """The data that its form starts with."""
        return self.journey.initial(self.name)

    # Is it done?

    @property
    def trusted(self) -> bool:
        """True if a commit takes it: it is valid, or was and is not asked again."""
        return not self.step.revalidate or self.valid

    @cached_property
    def done(self) -> bool:
        """True if it was accepted, and what it read is unchanged or it still holds.

        A step that must not be validated again is asked again if that has changed.
        """
        if self.entry is None or not self.entry.accepted:
            return False
        if not self.outdated:
            return True
        self.still_holds = self.step.revalidate and self.valid
        return self.still_holds

    @cached_property
    def outdated(self) -> bool:
        """True if it was accepted, and what it had read has changed since."""
        if self.entry is None or not self.entry.accepted:
            return False
        return self._digest(self.entry.read) != self.entry.read_digest

    @property
    def _read_now(self) -> tuple[Path, ...]:
        """What ``prepare`` and the form have read, and nothing else has."""
        return tuple(sorted(self.dependencies - self.reads))

    def _digest(self, read: tuple[Path, ...]) -> bytes:
        """Hash what the form asks for, and the answers in ``read`` and ``reads``."""
        digest = self.signature.digest  # a form function has read now
        if read or self.reads:
            paths = [*sorted(self.reads), *read]
            digest = self.journey.digest(digest, paths, before=self.position)
        return digest

    # Submissions

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundFormStep | None:
        """Return the step as ``values`` make it; None if their names are not known."""
        after = BoundFormStep(
            step=self.step,
            journey=self.journey,
            position=self.position,
            reads=self.reads,
            applies=self.applies,
            opens=self.opens,
            entry=self.entry,
        )
        kept = self.entry or Entry()
        if self.opens:
            after.signature = self.signature
            secrets = kept.passwords
            if secrets and values.fills(secrets):  # they count unless one is typed
                secrets = {}
            form = after.form = after._fill(values, secrets)
            raw, passwords = forms.sent(form)
            if validate:
                after.validation = Validation(form, forms.validate(form))
        elif self.step.fixed_form is not None:
            form = self._fill(values, {}, prepare=False)
            raw, passwords = values.unprepared(form)
        elif values.names is not None:
            raw, passwords = values.named(), {}
        else:  # which form it is depends on answers that are not given now
            return None
        rev = kept.rev if autosave else kept.rev + 1
        if validate and self.opens:
            after._judge(raw, passwords, rev)
        elif raw != kept.raw or values.fills(passwords):
            after.entry = Entry.of(raw, rev=rev, passwords=kept.passwords)
        else:
            unchanged = kept.with_messages({}) if kept.errors else kept
            after.entry = kept if autosave else replace(unchanged, rev=rev)
        return after

    def _judge(self, raw: Raw, passwords: Raw, rev: int) -> None:
        """Set the entry to values that are accepted if the form is valid with them."""
        if self.validation.passed:
            read = self._read_now
            self.entry = Entry.of(
                raw,
                rev=rev,
                accepted=True,
                read=read,
                read_digest=self._digest(read),
                passwords=passwords,
            )
            self.done, self.outdated = True, False
        else:
            kept = self.entry.passwords if self.entry is not None else {}
            self.entry = Entry.of(raw, rev=rev, errors=self.errors, passwords=kept)

    def declares(self, names: Iterable[str]) -> bool:
        """True if one of the names is that of a field, or of an input inside one.

        False if nobody can tell yet which form the step will have.
        """
        if not self.opens and self.step.fixed_form is None:
            return False
        form = self.form if self.opens else self._fill(Values(), {}, prepare=False)
        own = tuple(field.name for field in form)
        return any(
            name in own or (name.startswith(field) and not name[len(field)].isalnum())
            for name in names
            for field in own
        )

    def would_change(self, values: Values) -> bool:
        """True if saving ``values`` would change what is stored."""
        after = self.submit(values, validate=False, autosave=True)
        return after is None or after.entry is not self.entry

    def write_to(self, draft: Draft) -> Draft:
        """Return the draft with the entry of this step."""
        entry = self.entry
        return draft if entry is None else draft.with_entries({self.step.name: entry})

    def refresh_dependencies(self, draft: Draft) -> Draft:
        """Return the draft with what the step reads now, if it ``still_holds``."""
        if self.entry is None or not self.still_holds:
            return draft
        read = self._read_now
        entry = replace(self.entry, read=read, read_digest=self._digest(read))
        return draft.with_entries({self.name: entry})

    def error_name(self, field: str | None) -> str:
        """Return the full name of a field that may be dotted, as StepError has it.

        Raise DefinitionError if the form has no such field.
        """
        if not field:
            return ""
        first, *inner = field.split(".")
        name, separator = self._html_name(first)
        full = separator.join((name, "-".join(inner))) if inner else name
        if not forms.has_field(self.form, full):
            raise DefinitionError(
                f"A StepError names the field {field!r}, which the form of "
                f"{self.name!r} does not have. Its fields are "
                f"{', '.join(self.form._fields)}; a dot leads into a nested form or a "
                "list, as in 'home.street' or 'phones.1'."
            )
        return full

    def _html_name(self, field: str) -> tuple[str, str]:
        """Return a field's name in the page, and the separator before those inside.

        Only the form knows the prefix that its ``__init__`` may give it.
        """
        form: Any
        name, separator = self.signature.html_names.get(field, (field, "-"))
        if name and self.signature.may_prefix:
            form = self.form
            name = form._prefix + name
        return name, separator

    # Pages

    def form_to_show(self) -> Form:
        """Return the form with the errors that its page shows."""
        form = self.form
        if not self.invalidated:  # else it was judged anew, and has the errors
            show_errors(form, self.entry.messages if self.entry is not None else {})
        return form

    def page_names(self, form: Form) -> FieldNames | None:
        """Return the names of the form's fields if they depend on earlier answers."""
        return None if self.step.is_fixed else FieldNames.of(form)

    def resend(self, values: Values) -> tuple[Form | None, Raw]:
        """Return what can be given back of ``values`` without any earlier answer."""
        if self.step.fixed_form is None:
            return None, values.named()
        form = self._fill(values, {}, prepare=False)
        return (form, {}) if self.step.is_fixed else (None, values.unprepared(form)[0])

    def rows(self, url: str) -> Sequence[Row]:
        """Return its rows on the check page. ``url`` leads to its own page."""
        return rows_of(self.name, self._accepted_form, url)

    # Answers

    @property
    def answers(self) -> Answers:
        """The answers before the step."""
        return Answers(self.journey, self.position, set())

    @property
    def _accepted_form(self) -> Form:
        """The form as its validators leave it, unless they must not run again.

        The commit sees the outcome, so conditions and the review see it, too.
        """
        return self.validation.form if self.step.revalidate else self.form

    @property
    def submitted(self) -> object | None:
        """What was submitted, to be hashed."""
        if self.entry is None:
            return None
        return self.entry.raw, self.entry.rev if self.entry.passwords else 0

    def record(self, reads: Dependencies) -> Record:
        """Return the answers, falsy if they do not count."""
        if not (self.applies and self.done):
            return self.step.no_answers(reads)
        names = self.signature.names
        return Record(self.step.name, names, lambda: self._values, reads)

    @cached_property
    def _values(self) -> dict[str, object]:
        return values_of(self._accepted_form)

    def data(self) -> dict[str, Any]:
        """Return the answers as plain dicts and lists."""
        return plain(self._accepted_form)

    def populate(self, obj: object) -> None:
        """Call the form's ``populate_obj``, buttons left out."""
        forms.without_buttons(self._accepted_form).populate_obj(obj)

    def serialize(self, field: str) -> bytes:
        """Return what was submitted for a field and those inside it, to be hashed.

        The empty name stands for whether there is an answer at all, NAMES for which
        fields there are.
        """
        if self.entry is None or not (self.applies and self.done):
            return ABSENT
        if not field:
            return b"present"
        if field == NAMES:
            return encode(self.signature.names)
        name, separator = self._html_name(field)
        sent = {**self.entry.raw, **self.entry.passwords}
        inner = name + separator
        mine = [(n, sent[n]) for n in sorted(sent) if n == name or n.startswith(inner)]
        return encode(mine)


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
    if uploads := file_fields(form_class):
        raise DefinitionError(
            f"{where}: {form_class.__name__} has a file field {uploads[0]!r}. "
            "Uploads cannot be kept in a draft; ask for the file after the commit."
        )
