"""Bound form steps: a form of a draft, with its values, its verdict and its answers."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple

from msgspec.structs import replace
from wtforms import Form

from ..cached import cached_property
from ..errors import DefinitionError
from . import forms
from .answers import (
    CONCEALED,
    NAMES,
    Answers,
    Dependencies,
    Record,
    Shown,
    plain,
    values_of,
)
from .draft import Before, Entry, Kept, Path, Raw, StoredFile, pack_files
from .fields import is_locked
from .files import (
    Files,
    SentFile,
    Taken,
    file_leaves,
    files_of,
    keep_there,
    names_there,
    show_refusals,
    take_files,
    with_files,
)
from .form_checks import check_arguments
from .form_errors import NOT_KEPT, errors_of, in_language, show_errors, with_lost
from .forms import FieldNames, Values
from .hooks import OWN_ERRORS, check_result, hook_error
from .only_if import is_left_out
from .rows import Row, rows_of
from .signatures import FormSignature, signature
from .steps import ABSENT, BoundStep, Changes, UrlOf, encode, joined
from .untouched import UnshowableError, untouched

if TYPE_CHECKING:
    from .form_steps import Step
    from .journey import Walk

logger: logging.Logger = logging.getLogger(__name__)

NO_FILES: Mapping[str, Any] = MappingProxyType({})
"""An empty mapping of files."""

BLANK: tuple[object, ...] = (None, "", [], {})
"""Values of fields that are no change of a step that began with nothing."""


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
    before: Before | None
    #: True if all applicable steps before it are done.
    reached: bool
    #: True if the draft has an entry of it: ``initial`` was asked.
    taken: bool
    #: What of ``reads`` its condition read.
    condition_reads: frozenset[Path]
    #: True if its entry is what it began with, which is not stored yet.
    is_prefilled: bool = False
    #: What ``prepare`` and the form itself have read.
    dependencies: Dependencies = field(default_factory=set)
    _began_form: Form | None = None

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
        if (entry := self.entry) is not None:
            return self._fill(
                Values(entry.raw),
                entry.passwords,
                before=self.before,
                files=entry.files if entry.packed_files else NO_FILES,
            )
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
        files: Mapping[str, StoredFile] = NO_FILES,
        new: Mapping[str, SentFile] = NO_FILES,
    ) -> Form:
        """Return the form with values, or with the step's initial data.

        ``files`` are those that it has, and ``new`` those that came along. Fields that
        sent nothing keep what they had in ``before``. What ``prepare`` and the form
        itself read is added to ``dependencies``.
        """
        answers = Answers(self.journey, self.position, self.dependencies)
        initial = self.initial if values is None else None
        sent = values
        is_untouched = before is not None and values == before.raw
        if before is not None and values is not None and not is_untouched:
            sent = forms.with_unsent(values, self._began(before), before)
        if passwords:
            sent = Values({**(sent or {}), **passwords})
        texts = self.texts if self.step.words else self.journey.texts
        meta: dict[str, object] = {"answers": answers, "texts": texts}
        # A form that takes no files may have those of a field that is gone.
        if (files or new) and sent is not None and self.signature.takes_files:
            sent = self._with_files(sent, files, new)
            meta["new_files"] = new
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
            began = form if is_untouched else self._began(before)
            forms.restore_before(form, values, began, before)
            self.dependencies.update(before.read)
        if self.signature.takes_files and (before is not None or initial is not None):
            there = names_there(form) if before is None else before.files
            keep_there(form, there)
        # What is no longer a password must not be shown: it is left out.
        if passwords and not passwords.keys() <= (hidden := {*forms.passwords(form)}):
            kept = {name: passwords[name] for name in passwords if name in hidden}
            return self._fill(
                values, kept, prepare=prepare, before=before, files=files, new=new
            )
        if (conditions := self.signature.conditions).declared:
            forms.leave_out(form, conditions)
        return form

    def _with_files(
        self,
        values: Values,
        files: Mapping[str, StoredFile],
        new: Mapping[str, SentFile],
    ) -> Values:
        """Return the values, with files in the places of their fields."""
        bind, draft_id = self.journey.files.bind, self.journey.whole_draft.id
        stored = [*files.values(), *(sent.stored for sent in new.values())]
        return Values(with_files(values, [bind(draft_id, file) for file in stored]))

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
            self._began_form = self._fill(Values(before.raw), {})
        return self._began_form

    @cached_property
    def _before_holds(self) -> bool:
        """True if what the page began with is stored, and what it read is unchanged."""
        before = self.before
        if before is None:
            return False
        return self._digest_of_before(before.read) == before.read_digest

    def _digest_of_before(self, read: tuple[Path, ...]) -> bytes:
        """Hash as ``_digest`` does, but for what the condition alone has read.

        Whether the step applies makes no difference to what its page begins with.
        """
        return self._digest(read, but=self.condition_reads)

    def _take_before(self, *, prepare: bool = True) -> Before | None:
        """Return what the page begins with, if there is more than the form's own.

        ``prepare`` is false if it may not run yet. Raise DefinitionError if the page
        cannot show it.
        """
        form = self._fill(None, {}, prepare=prepare)
        if self.initial is None and not any(map(is_locked, forms.leaves(form))):
            return None
        try:
            raw, silent = untouched(form, keep_choices=self.journey.prefilled)
        except UnshowableError as error:
            raise DefinitionError(
                f"initial gave a value of type {error.kind} for the field "
                f"{error.field!r} of the step {self.name!r}, which its page cannot "
                f"show: {error.reason}. Return a value that the field can show, or "
                "leave it out."
            ) from error
        read = self._read_now
        digest = self._digest_of_before(read)
        there = names_there(form) if self.signature.takes_files else {}
        return Before(raw, silent, read, digest, opened=self.opens, files=there)

    def _take_locked(self, fresh: BoundFormStep, values: Values) -> None:
        """Take what fields began with that nobody can edit, from the ``fresh`` step."""
        if any(map(is_locked, forms.leaves(self.form))):
            self.before = fresh._take_before()
            self.form = self._fill(values, {}, before=self.before, new=values.files)

    def begin(self, draft: Kept) -> Kept:
        """Return the draft with what the step's page begins with, if that is new."""
        if self.entry is not None or self.journey.prefilled or self._before_holds:
            return draft
        return self._with_before(draft, self._take_before())

    def prefill(self) -> BoundFormStep:
        """Return the step with what its page begins with as its submission."""
        if self.entry is not None:
            return self
        if not self._before_holds:
            self.before = self._take_before() if self.initial is not None else None
            self._before_holds = self.before is not None
        if self.before is None:
            return self
        sent = self.submit(Values(self.before.raw), validate=True, autosave=True)
        if sent is None:
            return self
        sent.is_prefilled = True
        return sent

    def prefill_draft(self, draft: Kept) -> Kept:
        """Return the draft of a prefilled wizard with what the step begins with.

        A step that does not open is taken as far as its form can be built and show it
        without the answers that are missing.
        """
        if self.is_prefilled:
            return self.write_to(draft)
        can_take = self.reached or self.step.fixed_form is not None
        if self.name in draft.entries or not can_take:
            return draft
        before = None
        try:
            if self.initial is not None:
                before = self._take_before(prepare=self.reached)
        except DefinitionError:
            if self.opens:
                raise
            return draft  # the page tells of it, if the step opens
        entry = Entry.unsent(before) if before is not None else Entry(sent=False)
        return draft.with_entries({self.name: entry})

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
        found = errors_of(self.validation.form)
        return found or {"": [self.texts.text(forms.UNUSABLE)]}

    @cached_property
    def initial(self) -> object:
        """The data that its form starts with."""
        if self.journey.initial is None:
            return None
        if self.journey.prefilled and self.taken and self.before is None:
            return None  # it had nothing to begin with when the draft began
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
        self.still_holds: bool = self.step.revalidate and self.valid
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

    def wait_for(self, names: tuple[str, ...]) -> None:
        """Take it as one that waits until the steps of these names are done."""
        super().wait_for(names)
        self.done = self.reached = False

    def take_as_done(self) -> None:
        """Take it as applicable and done, as an earlier request has found it."""
        self.applies, self.done = True, True

    @property
    def _read_now(self) -> tuple[Path, ...]:
        """What ``prepare`` and the form have read, and nothing else has."""
        return tuple(sorted(self.dependencies - self.reads))

    def _digest(
        self,
        read: tuple[Path, ...],
        *,
        but: frozenset[Path] = frozenset(),
    ) -> bytes:
        """Hash what the form asks for, and the answers in ``read`` and ``reads``.

        Those that stand in ``but`` are left out of ``reads``.
        """
        digest = self.signature.digest  # a form function has read now
        if paths := [*sorted(self.reads - but), *read]:
            digest = self.journey.digest(digest, paths, before=self.position)
        return digest

    @property
    def form_changed(self) -> bool:
        """True if it is ``outdated`` because its form is another one by now.

        A form function may return another one because an earlier answer has changed:
        this is true only if the answers are the same.
        """
        entry = self.entry
        if entry is None or not self.outdated:
            return False
        was = entry.form_digest or entry.read_digest
        if was == self.signature.digest:
            return False
        read_nothing = not entry.form_digest
        if read_nothing or isinstance(self.step.form, type):
            return True
        paths = [*sorted(self.reads), *entry.read]
        now = self.journey.digest(was, paths, before=self.position)
        return now == entry.read_digest

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
            reached=self.reached,
            taken=self.taken,
            condition_reads=self.condition_reads,
        )
        kept_files = self.entry.files if self.entry and self.entry.packed_files else {}
        stored = kept_files
        if values.dropped in stored:
            stored = {id: f for id, f in stored.items() if id != values.dropped}
        taken = Taken(stored, {})
        form: Form | None = None
        if self.opens:
            after.signature = self.signature
            if self.entry is None and self.journey.initial and not self._before_holds:
                after.before = self._take_before()
            secrets = self.entry.passwords if self.entry is not None else {}
            typed = values.filled(secrets) if secrets else []
            fill = partial(
                after._fill,
                values,
                before=after.before,
                files=stored,
                new=values.files,
            )
            # Those stored count unless one is typed into a field that is not left out.
            after.form = fill({} if typed else secrets)
            if typed and not forms.counted(after.form, typed):
                after.form = fill(secrets)
            if self.entry is None and after.before is None:
                after._take_locked(self, values)
            form = after.form
            raw, passwords = forms.sent(form)
            if stored or values.files:
                taken = self._take_files(form, stored, values)
            if validate:
                after.validation = Validation(form, forms.validate(form))
        elif self.step.fixed_form is not None:
            form = self._fill(values, {}, prepare=False, files=stored, new=values.files)
            raw, passwords = values.unprepared(form)
            if stored or values.files:
                taken = self._take_files(form, stored, values)
        elif values.names is not None:
            raw, passwords = values.named(), {}
            named = [sent.stored for sent in values.named_files()]
            taken = Taken({**stored, **{file.id: file for file in named}}, {})
        else:  # which form it is depends on answers that are not given now
            return None
        kept = self.entry or Entry.of({}, before=after.before)
        rev = kept.rev if autosave else kept.rev + 1
        same_files = taken.files == kept_files and not taken.refusals
        if validate and self.opens:
            after._judge(raw, passwords, rev, values, taken)
            if kept.told:
                after._keep_remarks(kept)
            return after
        if form is not None and not kept.raw.keys() <= raw.keys():
            raw = {**forms.undeclared(form, kept.raw), **raw}
        if self.entry is None and same_files and after._is_untouched(raw, passwords):
            return after  # it begins no entry
        if raw != kept.raw or not same_files or values.filled(passwords):
            errors = with_lost(taken.refusals, values.filled(passwords))
            after.entry = Entry.of(
                raw,
                rev=rev,
                errors=errors,
                lang=self.journey.texts.language if errors else "",
                passwords=kept.passwords,
                before=after.before,
                files=pack_files(taken.files) if taken.files else None,
            )
        else:
            unchanged = kept.with_messages({}) if kept.errors else kept
            after.entry = kept if autosave else replace(unchanged, rev=rev)
        if kept.told:
            after._keep_remarks(kept)
        return after

    def _keep_remarks(self, kept: Entry) -> None:
        """Keep what a draft was sent back for, until a Continue is accepted."""
        entry = self.entry
        if entry is None or entry.accepted or not self.journey.whole_draft.reopened:
            return
        messages = joined(entry.messages, kept.messages)
        self.entry = entry.with_messages(messages, kept.lang, told=True)

    def _take_files(self, form: Form, stored: Files, values: Values) -> Taken:
        """Return the files that the page then has, and what was refused of the new."""
        journey = self.journey
        step, prefix = self.name, ""
        if journey.inside:  # the page of an item; of an item with one form it is ""
            step, prefix = journey.inside[0], f"{self.name}." if self.name else ""
        return take_files(
            file_leaves(form, prefix),
            step,
            stored,
            values,
            values.files,
            draft=journey.whole_draft,
            dropped=values.dropped,
            rules=journey.files,
        )

    def _judge(
        self,
        raw: Raw,
        passwords: Raw,
        rev: int,
        values: Values,
        taken: Taken,
    ) -> None:
        """Set the entry to values that are accepted if the form is valid with them.

        ``values`` are all that was sent. They tell which passwords are lost if not.
        ``taken`` tells the files, and those that were refused.
        """
        files = pack_files(taken.files) if taken.files else None
        passed = self.validation.passed and not taken.refusals
        read = self._read_now if passed else ()
        digest = self._digest(read) if passed else b""
        known = self.entry.raw if self.entry is not None else {}
        if not known.keys() <= raw.keys():
            # A field that a deploy has taken away may come back, and the release
            # before may serve this draft too.
            raw = {**forms.undeclared(self.form, known), **raw}
        if passed:
            self.entry = Entry.of(
                raw,
                rev=rev,
                accepted=True,
                read=read,
                read_digest=digest,
                form_digest=self.signature.digest if read or self.reads else b"",
                passwords=passwords,
                before=self.before,
                files=files,
            )
            self.done, self.outdated = True, False
        else:
            if taken.refusals:
                show_refusals(self.form, taken.refusals)
            kept = self.entry.passwords if self.entry is not None else {}
            errors = with_lost(self.errors, values.filled(passwords))
            self.entry = Entry.of(
                raw,
                rev=rev,
                errors=errors,
                lang=self.journey.texts.language if errors else "",
                passwords=kept,
                before=self.before,
                files=files,
            )

    def declares(self, names: Iterable[str]) -> bool:
        """True if one of the names is that of a field, or of an input inside one.

        False if nobody can tell yet which form the step will have.
        """
        if not self.opens and self.step.fixed_form is None:
            return False
        form = self.form if self.opens else self._fill(Values(), {}, prepare=False)
        return any(forms.declares(form, name) for name in names)

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
        entry = replace(
            self.entry,
            read=read,
            read_digest=self._digest(read),
            form_digest=self.signature.digest if read or self.reads else b"",
        )
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
        if self.signature.may_prefix:
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
            marked = in_language(errors, other)
            errors = (may_judge and self._judged_again(errors, marked)) or marked
        show_errors(form, errors)
        return form

    def _judged_again(
        self, stored: Mapping[str, list[str]], marked: Mapping[str, list[str]]
    ) -> dict[str, list[str]]:
        """Return the messages of today; none if the form is valid by now.

        A password that was not kept cannot be judged. Its field says so. Nor can a file
        that was refused: those messages stay, ``marked``.
        """
        lost = [name for name, texts in stored.items() if NOT_KEPT in texts]
        found = {} if self.valid else self.errors
        found = with_lost({n: found[n] for n in found if n not in lost}, lost)
        leaves = file_leaves(self.form)
        files = [leaf.field.name for leaf in leaves if leaf.field.name in stored]
        return {**found, **{name: marked[name] for name in files}}

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
        return Answers(self.journey, self.position, Shown())

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
        sent = self.entry.raw, self.entry.rev if self.entry.passwords else 0
        return (*sent, [*self.entry.packed_files]) if self.entry.packed_files else sent

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

    def files(self) -> dict[str, list[Any]]:
        """Return the uploads by field; nested fields have dots in their names."""
        if not self.signature.takes_files:
            return {}
        return {
            path: [] if is_left_out(each) else files_of(each)
            for _, each, path in file_leaves(self._accepted_form)
        }

    def concealed(self) -> dict[str, Any]:
        """Return the answers as plain dicts and lists, passwords concealed.

        Uploads are told by their names.
        """
        return {**plain(self._accepted_form, conceal=True), **self._file_names()}

    def _file_names(self) -> dict[str, list[str]]:
        chosen = {name: files for name, files in self.files().items() if files}
        return {n: [str(file.filename) for file in chosen[n]] for n in chosen}

    def changes(self) -> Changes | None:
        """Return what was changed of what its page began with."""
        began, entry = self.before, self.entry
        if not self.applies and (began is None or not began.opened):
            return None
        is_same = began is not None and entry is not None and entry.raw == began.raw
        has_more = entry is not None and (entry.passwords or entry.packed_files)
        if self.applies and is_same and not has_more:
            return None
        began_form = self._began(began) if began is not None else None
        before = plain(began_form, conceal=True) if began_form is not None else {}
        if not self.applies:
            return before, None
        found = {
            name: (before.get(name), value)
            for name, value in plain(self._accepted_form, conceal=True).items()
            if before.get(name) != value and (name in before or value not in BLANK)
        }
        for name in found.keys() & {*forms.passwords(self._accepted_form)}:
            found[name] = (CONCEALED, CONCEALED)
        there = began.files if began is not None else {}
        found |= {
            name: (there.get(name, []), names)
            for name, names in self._file_names().items()
        }
        return found or None

    def populate(self, obj: object) -> None:
        """Call the form's ``populate_obj``, buttons and files left out."""
        forms.with_data_only(self._accepted_form).populate_obj(obj)

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
        files = self.entry.files.values() if self.entry.packed_files else ()
        mine = [
            [(n, sent[n]) for n in sorted(sent) if n == own or n.startswith(own + sep)]
            + [
                (file.field, [file.id])
                for file in files
                if file.field == own or file.field.startswith(own + sep)
            ]
            for own, sep in names
        ]
        return encode(mine if len(mine) > 1 else mine[0])


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
