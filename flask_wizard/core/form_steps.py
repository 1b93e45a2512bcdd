"""Steps with a form: what a developer declares, and each bound to a draft."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import KW_ONLY, dataclass, field
from functools import cache, cached_property, partial
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Self

from msgspec.structs import replace
from wtforms import Form

from ..errors import DefinitionError
from . import forms
from .answers import NAMES, Answers, Dependencies, Record, plain, values_of
from .draft import Before, Entry, Kept, Path, Raw
from .form_errors import NOT_KEPT, errors_of, in_language, show_errors, with_lost
from .forms import FieldNames, Values
from .hooks import (
    OWN_ERRORS,
    call_hook,
    check_functions,
    check_hook,
    check_result,
    hook_error,
)
from .only_if import GROUP
from .rows import Row, rows_of
from .signatures import (
    FormSignature,
    conditions_of,
    field_names,
    file_fields,
    signature,
)
from .steps import ABSENT, RESERVED_FIELDS, AnyStep, BoundStep, Condition, UrlOf, encode
from .untouched import UnshowableError, untouched

if TYPE_CHECKING:
    from .journey import Walk

logger = logging.getLogger(__name__)

PASSED = {
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
    prepare: Callable[[Any, Answers], object] | None = None
    #: Returns the arguments by which the form is built, if it takes any of its own.
    kwargs: Callable[[Answers], Mapping[str, Any]] | None = None
    #: False if a commit trusts the step's own Continue, and does not validate the
    #: answers again: for captchas and one-time codes. The visitor is asked again if
    #: something that the step has read changes.
    revalidate: bool = True

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
        return BoundFormStep(
            step=self,
            journey=journey,
            position=position,
            reads=reads,
            applies=bool(applies),
            opens=reached and bool(applies),
            entry=entry if entry is not None and entry.sent else None,
            before=entry.before if entry is not None and entry.packed_before else None,
        )

    @cached_property
    def fixed_form(self) -> type[Form] | None:
        """The form class, if it can be built without the answers."""
        if self.kwargs is not None or not isinstance(self.form, type):
            return None
        return self.form

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
        return super().named(name, wizard)

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
    journey: Walk[Any]
    position: int
    #: What its condition and its form function read. It is not stored, since they run
    #: in each request.
    reads: Dependencies
    applies: bool
    opens: bool
    entry: Entry | None
    #: What its page began with, if that is stored.
    before: Before | None = None
    #: What ``prepare`` and the form itself have read.
    dependencies: Dependencies = field(default_factory=set)
    _began_form: Form | None = field(default=None, init=False)

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
        if self.entry is not None:
            values, passwords = Values(self.entry.raw), self.entry.passwords
            return self._fill(values, passwords, before=self.before)
        if self.before is not None and self._before_holds:
            return self._fill(Values(self.before.raw), {}, before=self.before)
        return self._fill(None, {})

    def _fill(
        self,
        values: Values | None,
        passwords: Raw,
        *,
        prepare: bool = True,
        before: Before | None = None,
    ) -> Form:
        """Return the form with values, or with the step's initial data.

        Fields that sent nothing keep what they had in ``before``. What ``prepare`` and
        the form itself read is added to ``dependencies``.
        """
        answers = Answers(self.journey, self.position, self.dependencies)
        initial = self.initial if values is None else None
        sent = values
        if before is not None and values is not None:
            sent = forms.with_unsent(values, self._began(before), before)
        if passwords:
            sent = Values({**(sent or {}), **passwords})
        meta: dict[str, object] = {"answers": answers}
        if self.journey.inside:
            meta |= self.journey.item_meta(self.dependencies)
        takes_own = self.step.kwargs is not None
        own: Mapping[str, Any] = self.step.arguments(answers) if takes_own else {}
        try:
            form = forms.bind(
                self.signature,
                sent,
                meta=meta,
                initial=initial,
                arguments=own,
                max_entries=self.journey.max_entries,
            )
        except TypeError:
            check_arguments(self.signature.form_class, own, self.name)
            raise
        if values is None:
            self._check_entries(form)
        if prepare and self.journey.initial and values is not None:
            self._set_object(form)
        if prepare and self.step.prepare is not None:
            typed = forms.typed(form) if values is not None else []
            try:
                prepared = self.step.prepare(form, answers)
            except OWN_ERRORS as error:
                raise hook_error(error) from error
            if prepared is not None:
                check_result(prepared, f"prepare of step {self.step.name!r}")
            for name in forms.restore_typed(typed):
                _warn_of_prepare(self.name, name)
        if before is not None and values is not None:
            forms.restore_before(form, values, self._began(before), before)
        # What is no longer a password must not be shown: it is left out.
        if passwords and not passwords.keys() <= (hidden := {*forms.passwords(form)}):
            kept = {name: passwords[name] for name in passwords if name in hidden}
            return self._fill(values, kept, prepare=prepare, before=before)
        if (conditions := self.signature.conditions).declared:
            forms.leave_out(form, conditions)
        return form

    def _check_entries(self, form: Any) -> None:
        """Raise DefinitionError if a list begins with more than its page may send."""
        for crowded in forms.crowded(form):
            limit = form.meta.entry_limit
            place, room = limit.room(crowded)
            mend = "its max_entries" if place == "list" else "WIZARD_MAX_ENTRIES"
            raise DefinitionError(
                f"The list {crowded.name!r} of the step {self.name!r} begins with "
                f"{limit.sent[crowded.name]} entries, and its {place} has room for "
                f"{room}: the others would be lost. Return fewer from initial, or "
                f"raise {mend}."
            )

    def _set_object(self, form: Form) -> None:
        """Let validators that look at ``form._obj`` see what ``initial`` returns."""
        if forms.wants_object(form):
            forms.set_object(form, self.initial)

    # What the page began with

    def _began(self, before: Before) -> Form:
        """Return the form bound to what its page began with."""
        if self._began_form is None:
            self.dependencies.update(before.read)
            self._began_form = self._fill(Values(before.raw), {})
        return self._began_form

    @cached_property
    def _before_holds(self) -> bool:
        """True if what the page began with is stored, and what it read is unchanged."""
        before = self.before
        return before is not None and self._digest(before.read) == before.read_digest

    def _take_before(self) -> Before | None:
        """Return what the page begins with, if there is more than the form's own.

        Raise DefinitionError if the page cannot show it.
        """
        form = self._fill(None, {})
        if self.initial is None and not any(map(forms.is_locked, forms.leaves(form))):
            return None
        try:
            raw, silent = untouched(form)
        except UnshowableError as error:
            raise DefinitionError(
                f"initial gave a value of type {error.kind} for the field "
                f"{error.field!r} of the step {self.name!r}, which its page cannot "
                f"show: {error.reason}. Return a value that the field can show, or "
                "leave it out."
            ) from error
        read = self._read_now
        return Before(raw, silent, read, self._digest(read))

    def _take_locked(self, fresh: BoundFormStep, values: Values) -> None:
        """Take what fields began with that nobody can edit, from the ``fresh`` step."""
        if any(map(forms.is_locked, forms.leaves(self.form))):
            self.before = fresh._take_before()
            self.form = self._fill(values, {}, before=self.before)

    def begin(self, draft: Kept) -> Kept:
        """Return the draft with what the step's page begins with, if that is new."""
        if self.entry is not None or self._before_holds:
            return draft
        return self._with_before(draft, self._take_before())

    def _with_before(self, draft: Kept, before: Before | None) -> Kept:
        if before is None:
            return draft
        return draft.with_entries({self.name: Entry.unsent(before)})

    def _is_untouched(self, raw: Raw, passwords: Raw) -> bool:
        """True if what was sent is what the page began with."""
        before = self.before
        knows_form = self.opens or self.step.fixed_form is not None
        if before is None and self.journey.inside and knows_form:
            # A page of an item that nobody has touched begins none.
            with suppress(UnshowableError):
                form = self._fill(None, {}, prepare=self.opens)
                before = Before(untouched(form)[0])
        if before is None:
            return False
        sent, began = (
            {name: texts for name, texts in each.items() if any(texts)}
            for each in (raw, before.raw)
        )
        return sent == began and not any(map(any, passwords.values()))

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
        if self.journey.initial is None:
            return None
        answers = Answers(self.journey, self.position, self.dependencies)
        return self.journey.initial(self.name, answers)

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
    def all_reads(self) -> Iterable[Path]:
        """What its condition and its form have read."""
        read = self.entry.read if self.entry is not None else ()
        return {*self.reads, *read, *self.dependencies}

    def take_as_done(self) -> None:
        """Take it as applicable and done, as an earlier request has found it."""
        self.applies, self.done = True, True

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
            before=self.before,
        )
        if self.opens:
            after.signature = self.signature
            if self.entry is None and self.journey.initial and not self._before_holds:
                after.before = self._take_before()
            secrets = self.entry.passwords if self.entry is not None else {}
            typed = values.filled(secrets) if secrets else []
            # Those stored count unless one is typed into a field that is not left out.
            after.form = after._fill(
                values, {} if typed else secrets, before=after.before
            )
            if typed and not forms.counted(after.form, typed):
                after.form = after._fill(values, secrets, before=after.before)
            if self.entry is None and after.before is None:
                after._take_locked(self, values)
            form = after.form
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
        kept = self.entry or Entry.of({}, before=after.before)
        rev = kept.rev if autosave else kept.rev + 1
        if validate and self.opens:
            after._judge(raw, passwords, rev, values)
        elif self.entry is None and after._is_untouched(raw, passwords):
            after.entry = None
        elif raw != kept.raw or values.filled(passwords):
            errors = with_lost({}, values.filled(passwords))
            after.entry = Entry.of(
                raw,
                rev=rev,
                errors=errors,
                passwords=kept.passwords,
                before=after.before,
            )
        else:
            unchanged = kept.with_messages({}) if kept.errors else kept
            after.entry = kept if autosave else replace(unchanged, rev=rev)
        return after

    def _judge(self, raw: Raw, passwords: Raw, rev: int, values: Values) -> None:
        """Set the entry to values that are accepted if the form is valid with them.

        ``values`` are all that was sent. They tell which passwords are lost if not.
        """
        if self.validation.passed:
            read = self._read_now
            self.entry = Entry.of(
                raw,
                rev=rev,
                accepted=True,
                read=read,
                read_digest=self._digest(read),
                passwords=passwords,
                before=self.before,
            )
            self.done, self.outdated = True, False
        else:
            kept = self.entry.passwords if self.entry is not None else {}
            errors = with_lost(self.errors, values.filled(passwords))
            self.entry = Entry.of(
                raw,
                rev=rev,
                errors=errors,
                lang=self.journey.language(),
                passwords=kept,
                before=self.before,
            )

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

    def write_to(self, draft: Kept) -> Kept:
        """Return the draft with the entry of this step."""
        if (entry := self.entry) is not None:
            return draft.with_entries({self.step.name: entry})
        return self._with_before(draft, self.before)

    def refresh_dependencies(self, draft: Kept) -> Kept:
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
        full = forms.full_name(self.form, field.split("."))
        if full is None:
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
        form, entry = self.form, self.entry
        if self.invalidated:  # it was judged anew, and has the errors
            return form
        errors = entry.messages if entry is not None else {}
        if entry is not None and (other := self.other_language):
            may_judge = self.step.revalidate and not entry.told
            errors = (may_judge and self._judged_again(errors)) or in_language(
                errors, other
            )
        show_errors(form, errors)
        return form

    def _judged_again(self, stored: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return the messages of today; none if the form is valid by now.

        A password that was not kept cannot be judged. Its field says so.
        """
        lost = [name for name, texts in stored.items() if NOT_KEPT in texts]
        found = {} if self.valid else self.errors
        return with_lost({n: found[n] for n in found if n not in lost}, lost)

    def page_names(self, form: Form) -> FieldNames | None:
        """Return the names of the form's fields if the page must tell them.

        It must if they depend on earlier answers. If there are passwords it must too,
        so that a page of a step that was removed can leave them out.
        """
        if self.step.is_fixed and not forms.passwords(form):
            return None
        return FieldNames.of(form)

    def resend(self, values: Values) -> tuple[Form | None, Raw]:
        """Return what can be given back of ``values`` without any earlier answer."""
        if self.step.fixed_form is None:
            return None, values.named()
        form = self._fill(values, {}, prepare=False)
        return (form, {}) if self.step.is_fixed else (None, values.unprepared(form)[0])

    def rows(self, url_of: UrlOf) -> Sequence[Row]:
        """Return its rows on the check page. ``url_of`` returns the URL of a page."""
        return rows_of(self.name, self._accepted_form, url_of(self))

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
            return self.step.no_answers(reads, self.journey.inside)
        names, inside = self.signature.names, self.journey.inside
        return Record(self.step.name, names, lambda: self._values, reads, inside)

    @cached_property
    def _values(self) -> dict[str, object]:
        return values_of(self._accepted_form)

    def data(self) -> dict[str, Any]:
        """Return the answers as plain dicts and lists."""
        return plain(self._accepted_form)

    def populate(self, obj: object) -> None:
        """Call the form's ``populate_obj``, buttons left out."""
        forms.without_buttons(self._accepted_form).populate_obj(obj)

    def serialize(self, *inner: str) -> bytes:
        """Return what was submitted for a field and those inside it, to be hashed.

        If it may be left out, what was submitted for its causes belongs to that. The
        empty name stands for whether there is an answer at all, NAMES for which
        fields there are.
        """
        if self.entry is None or not (self.applies and self.done) or len(inner) != 1:
            return ABSENT
        field = inner[0]
        if not field:
            return b"present"
        if field == NAMES:
            return encode(self.signature.names)
        fields = (field, *self.signature.conditions.causes.get(field, ()))
        names = [self._html_name(each) for each in fields]
        sent = {**self.entry.raw, **self.entry.passwords}
        mine = [
            [(n, sent[n]) for n in sorted(sent) if n == own or n.startswith(own + sep)]
            for own, sep in names
        ]
        return encode(mine if len(mine) > 1 else mine[0])


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


@cache
def _warn_of_prepare(step: str, field: str) -> None:
    """Log once that ``prepare`` has replaced what a visitor typed."""
    logger.warning(
        "prepare of the step %r has set the data of the field %r, where a visitor had "
        "typed something else. What was typed counts. Return such data from "
        "Wizard.initial, which may take the answers as a third argument.",
        step,
        field,
    )


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
    if uploads := file_fields(form_class):
        raise DefinitionError(
            f"{where}: {form_class.__name__} has a file field {uploads[0]!r}. "
            "Uploads cannot be kept in a draft; ask for the file after the commit."
        )
