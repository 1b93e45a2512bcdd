"""The kinds of steps that a wizard is declared of, and each kind bound to a draft."""

from __future__ import annotations

import dataclasses
import hashlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from functools import cached_property
from itertools import takewhile
from operator import itemgetter
from typing import (
    TYPE_CHECKING,
    Any,
    ClassVar,
    NamedTuple,
    Protocol,
    Self,
)

import msgspec
from msgspec.structs import replace
from wtforms import Form

from ..errors import DefinitionError, StepError
from . import forms
from .answers import NAMES, Answers, Dependencies, Record, plain, values_of
from .draft import Draft, Entry, Raw, StoredDependencies
from .filled_forms import Conditions, FilledForm
from .form_errors import show_errors
from .forms import FieldNames, Values
from .rows import Row, rows_of
from .signatures import field_names, file_fields, signature

if TYPE_CHECKING:
    from .journey import Journey

RESERVED_STEPS = frozenset({"discard", "receipt", "saved"})
RESERVED_FIELDS = frozenset(
    {"_action", "_rev", "_draft", "_item", "_seen", forms.FIELDS, "csrf_token"}
)

ABSENT = b"absent"
"""What is hashed in the place of an answer that does not count."""

Condition = Callable[[Answers], object]


@dataclass(frozen=True, eq=False, kw_only=True)
class AnyStep(ABC):
    """A step as a wizard declares it, of whatever kind.

    Derive from it to add a kind. A kind says here what holds of it in every draft,
    and ``bind`` gives what holds of it in one.
    """

    title: str = ""
    template: str | None = None
    section: str | None = None
    name: str = ""

    #: The name of the template of its page.
    page: ClassVar[str] = "step"
    #: False if its page has no fields, so that a POST brings nothing to keep.
    takes_input: ClassVar[bool] = False
    #: True if conditions, the review and the commit get answers from it.
    has_answers: ClassVar[bool] = False
    #: True if its page lists the answers of the other steps.
    lists_answers: ClassVar[bool] = False

    @abstractmethod
    def bind(self, journey: Journey, position: int, *, reached: bool) -> BoundStep:
        """Bind the step to the draft of a journey. ``position`` counts from 0.

        ``reached`` tells whether all applicable steps before it are done. Only then
        may it read answers.
        """

    def named(self, name: str, wizard: str) -> Self:
        """Return a copy under the name of its attribute, so that steps can be shared.

        Raises DefinitionError if it is declared wrongly as far as can be seen.
        """
        # A translation that waits for its use must not be asked whether it is empty.
        untitled = isinstance(self.title, str) and not self.title
        title = name.replace("_", " ").capitalize() if untitled else self.title
        return dataclasses.replace(self, name=name, title=title)

    @cached_property
    def url_name(self) -> str:
        """The name of the step in URLs."""
        return self.name.replace("_", "-")

    @property
    def when(self) -> Condition | None:
        """The condition on which it applies; None if it applies always."""
        return None

    @property
    def fixed_form(self) -> type[Form] | None:
        """The form class, if it is the same whatever the answers are."""
        return None

    @property
    def plain_digest(self) -> bytes | None:
        """The digest of an accepted entry that read nothing.

        With such an entry the step applies and is done whatever the answers are. None
        if that cannot be told without binding the step. It may change only if the
        fields of ``fixed_form`` do.
        """
        return None

    def no_answers(self, reads: Dependencies) -> Any:
        """Return what a reader gets if the answers of the step do not count."""
        return Record(self.name, None, None, reads)


class BoundStep(Protocol):
    """A step bound to one draft: what journeys, pages and the commit ask of it.

    Everything is found out on demand and once, so that no request builds or validates
    a form twice. A method with a body here is right for a page without a form.
    """

    #: The step as it is declared.
    step: AnyStep
    #: Its position among the wizard's steps, from 0.
    position: int
    #: The last submission; None if there was none.
    entry: Entry | None
    #: True if the step is on the path, given the answers before it.
    applies: bool = True
    #: True if it applies and all applicable steps before it are done.
    opens: bool
    #: True if it was found to be valid although what it had read has changed.
    still_holds: bool = False

    @property
    @abstractmethod
    def answers(self) -> Answers:
        """The answers that the step may read."""

    @property
    @abstractmethod
    def done(self) -> bool:
        """True if the visitor may go on to the next step."""

    @abstractmethod
    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundStep | None:
        """Return the step as ``values`` make it; None if nothing of them can be kept.

        With ``validate`` it may become done, if it opens. ``autosave`` keeps the
        revision.
        """

    @abstractmethod
    def write_to(self, draft: Draft) -> Draft:
        """Return the draft with what this step keeps."""

    @property
    def name(self) -> str:
        """The name of the step."""
        return self.step.name

    @property
    def url_name(self) -> str:
        """The name of the step in URLs."""
        return self.step.url_name

    @property
    def page(self) -> str:
        """The name of the template of its page."""
        return self.step.page

    @property
    def takes_input(self) -> bool:
        """False if its page has no fields, so that a POST brings nothing to keep."""
        return self.step.takes_input

    @property
    def rev(self) -> int:
        """The revision: how often it was submitted, autosaves left out."""
        return self.entry.rev if self.entry is not None else 0

    @property
    def outdated(self) -> bool:
        """True if it was accepted, and what it had read has changed since."""
        return False

    @property
    def invalidated(self) -> bool:
        """True if it was accepted, and what it reads now makes it invalid."""
        return self.outdated and not self.done

    @property
    def trusted(self) -> bool:
        """True if a commit takes it as it is."""
        return True

    @property
    def initial(self) -> object:
        """The data that its form starts with."""
        return None

    @property
    def form(self) -> Form | None:
        """The form bound to what was submitted, or with its initial data."""
        return None

    @property
    def errors(self) -> dict[str, list[str]]:
        """Messages by full field name; the empty name stands for the whole step."""
        return self.entry.errors if self.entry is not None else {}

    def form_to_show(self) -> Form | None:
        """Return the form with the errors that its page shows.

        They are those of its last submission, or new ones if it is ``invalidated``.
        """
        return None

    def page_names(self, form: Form) -> FieldNames | None:
        """Return the field names that a page with this form must carry, if any.

        Without them nobody could tell the fields while earlier answers are missing.
        """
        return None

    def resend(self, values: Values) -> tuple[Form | None, Raw]:
        """Return what can be given back of ``values`` without any earlier answer.

        This is the form bound to them, or else those that a page may carry hidden.
        """
        return None, {}

    def would_change(self, values: Values) -> bool:
        """True if saving ``values`` would change what is stored."""
        return False

    @property
    def submitted(self) -> object | None:
        """What was submitted, to be hashed; None if it has no answers.

        Passwords count by their revision. They must not be guessed from a page.
        """
        return None

    def record(self, reads: Dependencies) -> Any:
        """Return what conditions and forms of later steps get as its answers."""
        return self.step.no_answers(reads)

    def serialize(self, field: str) -> bytes:
        """Return what was submitted for a field, to be hashed for those who read it."""
        return ABSENT

    def data(self) -> Any:
        """Return the answers as plain dicts and lists."""
        return {}

    def populate(self, obj: object) -> None:
        """Set the answers on an object, as ``Form.populate_obj`` does."""
        return None

    def rows(self, url: str) -> Sequence[Row]:
        """Return its rows on the check page. ``url`` leads to its own page."""
        return ()

    def edit_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that its page shows of those of the steps before it."""
        return rows

    def refresh_dependencies(self, draft: Draft) -> Draft:
        """Return the draft with what the step reads now, if it ``still_holds``."""
        return draft

    def reject(self, draft: Draft, errors: Mapping[str, list[str]]) -> Draft:
        """Return the draft with the step open again, and these messages on it."""
        entry = draft.entries.get(self.name, Entry())
        rejected = replace(entry, accepted=False, errors=dict(errors))
        return draft.with_entries({self.name: rejected})

    def send_back(self, draft: Draft, error: StepError) -> Draft:
        """Return the draft with the step open again, and the error at its field."""
        return self.reject(draft, {self.error_name(error.field): [error.message]})

    def error_name(self, field: str | None) -> str:
        """Return the full name of a field that may be dotted, as StepError has it."""
        return (field or "").replace(".", "-")


@dataclass(frozen=True, eq=False)
class Step(AnyStep):
    """One page with one form.

    ``form`` is a form class, or a function of the answers that returns one.
    ``when(answers)`` says whether the step applies. ``prepare(form, answers)`` sets
    late choices, labels and validators. Both read earlier steps only.
    ``revalidate=False`` trusts the verdict of the step's own Continue at commit:
    for captchas and one-time codes.
    """

    form: Any
    _: KW_ONLY
    when: Condition | None = None
    prepare: Callable[[Any, Answers], object] | None = None
    revalidate: bool = True

    takes_input: ClassVar[bool] = True
    has_answers: ClassVar[bool] = True

    def bind(self, journey: Journey, position: int, *, reached: bool) -> BoundFormStep:
        """Bind the step to the draft of a journey."""
        reads: Dependencies = set()
        applies = self.when is None or (
            reached and bool(self.when(journey.answers_before(position, reads)))
        )
        conditions = Conditions(self, journey, position, reads, applies)
        if self.fixed_form is not None:
            conditions.form_class = self.fixed_form
        entry = journey.draft.entries.get(self.name)
        return BoundFormStep(conditions, entry, opens=reached and applies)

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
        for hook in ("when", "prepare"):
            if getattr(self, hook) is not None and not callable(getattr(self, hook)):
                raise DefinitionError(
                    f"{where} has {hook}={getattr(self, hook)!r}, which cannot be "
                    "called. Pass a function of the answers."
                )
        return super().named(name, wizard)

    def form_class(self, answers: Answers) -> type[Form]:
        """Return what the form function returns for the answers before this step."""
        found = self.form(answers)
        if not isinstance(found, type):
            raise DefinitionError(
                f"The form function of step {self.name!r} returned a value of type "
                f"{type(found).__name__}. "
                "Expected a WTForms form class."
            )
        check_form_class(found, self.name)
        return found


class Sent(NamedTuple):
    """What a POST brought for a step: its form, if the step is open, and the values."""

    form: FilledForm | None
    raw: Raw
    passwords: Raw


class BoundFormStep(BoundStep):
    """A Step bound to a draft.

    ``filled`` is its form, if that was bound to the values of ``entry`` already.
    """

    step: Step

    def __init__(
        self,
        conditions: Conditions,
        entry: Entry | None,
        *,
        opens: bool,
        filled: FilledForm | None = None,
    ) -> None:
        self.conditions = conditions
        self.step = conditions.step
        self.position = conditions.position
        self.applies = conditions.applies
        self.opens = opens
        self.entry = entry
        if filled is not None:
            self.filled = filled

    @cached_property
    def filled(self) -> FilledForm:
        """The form with what was submitted, or with its initial data."""
        if self.entry is None:
            return FilledForm(self.conditions, None, {})
        return FilledForm(self.conditions, Values(self.entry.raw), self.entry.passwords)

    @property
    def form(self) -> Form:
        """The form bound to what was submitted, or with its initial data."""
        return self.filled.form

    @property
    def answers(self) -> Answers:
        """The answers before the step."""
        return self.conditions.journey.answers_before(self.position, set())

    @property
    def initial(self) -> object:
        """The data that its form starts with."""
        return self.conditions.journey.initial(self.name)

    @property
    def valid(self) -> bool:
        """True if the form is valid with what was submitted."""
        return self.filled.validation.passed

    @property
    def errors(self) -> dict[str, list[str]]:
        """Messages of a form that is not valid."""
        return self.filled.errors

    @property
    def trusted(self) -> bool:
        """True if a commit takes it: it is valid, or was and is not asked again."""
        return not self.step.revalidate or self.valid

    @cached_property
    def done(self) -> bool:
        """True if it was accepted, and what it read is unchanged or it still holds."""
        if self.entry is None or not self.entry.accepted:
            return False
        if not self.outdated:
            return True
        self.still_holds = self.trusted
        return self.still_holds

    @property
    def outdated(self) -> bool:
        """True if it was accepted, and what it had read has changed since."""
        if self.entry is None or not self.entry.accepted:
            return False
        read = self.entry.read
        return self.conditions.digest(read.names) != read.digest

    # Submissions

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundFormStep | None:
        """Return the step as ``values`` make it; None if their names are not known."""
        sent = self._extract_open(values) if self.opens else self._extract_early(values)
        if sent is None:
            return None
        errors: dict[str, list[str]] = {}
        if validate and sent.form is not None:
            entry = self._judge(sent, sent.form)
            errors = entry.errors
        else:
            entry = self._keep(sent, values)
        if not autosave:
            rev = self.entry.rev if self.entry is not None else 0
            entry = replace(entry, rev=rev + 1, errors=errors)
        return BoundFormStep(self.conditions, entry, opens=self.opens, filled=sent.form)

    def _extract_open(self, values: Values) -> Sent:
        """Take what the form has fields for, and kept passwords unless one is typed."""
        kept = self.entry.passwords if self.entry is not None else {}
        secrets = {} if kept and values.fills(kept) else kept
        filled = FilledForm(self.conditions, values, secrets)
        return Sent(filled, *forms.sent(filled.form, values))

    def _extract_early(self, values: Values) -> Sent | None:
        """Take what can be kept while earlier answers are missing."""
        if self.step.fixed_form is not None:
            form = self.conditions.make_form(values, set(), prepare=False)
            return Sent(None, *values.unprepared(form))
        # Which form it is depends on answers that are not given now.
        return None if values.names is None else Sent(None, values.named(), {})

    def _judge(self, sent: Sent, filled: FilledForm) -> Entry:
        """Return the entry of values that are accepted if the form is valid."""
        if filled.validation.passed:
            read, passwords = filled.stored_dependencies, sent.passwords
            return Entry.of(sent.raw, accepted=True, read=read, passwords=passwords)
        kept = self.entry.passwords if self.entry is not None else {}
        return Entry.of(sent.raw, errors=filled.errors, passwords=kept)

    def _keep(self, sent: Sent, values: Values) -> Entry:
        """Return the entry of values that are only kept: the same if none changed."""
        kept = self.entry or Entry()
        if sent.raw == kept.raw and not values.fills(sent.passwords):
            return kept
        return Entry.of(sent.raw, rev=kept.rev, passwords=kept.passwords)

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
        if self.step.revalidate:
            read = self.filled.stored_dependencies
        else:
            names = self.entry.read.names
            read = StoredDependencies(names, self.conditions.digest(names))
        return draft.with_entries({self.name: replace(self.entry, read=read)})

    def error_name(self, field: str | None) -> str:
        """Return the full name of a field that may be dotted, as StepError has it."""
        first, *inner = (field or "").split(".")
        html_names = signature(self.conditions.form_class).html_names
        name, separator = html_names.get(first, (first, "-"))
        return separator.join((name, "-".join(inner))) if inner else name

    # Pages

    def form_to_show(self) -> Form:
        """Return the form with the errors that its page shows."""
        form = self.form
        if not self.invalidated:  # else it was judged anew, and has the errors
            show_errors(form, self.entry.errors if self.entry is not None else {})
        return form

    def page_names(self, form: Form) -> FieldNames | None:
        """Return the names of the form's fields if they depend on earlier answers."""
        return None if self.step.is_fixed else FieldNames.of(form)

    def resend(self, values: Values) -> tuple[Form | None, Raw]:
        """Return what can be given back of ``values`` without any earlier answer."""
        if self.step.fixed_form is None:
            return None, values.named()
        form = self.conditions.make_form(values, set(), prepare=False)
        return (form, {}) if self.step.is_fixed else (None, values.unprepared(form)[0])

    def rows(self, url: str) -> Sequence[Row]:
        """Return its rows on the check page. ``url`` leads to its own page."""
        return rows_of(self.name, self._accepted_form, url)

    # Answers

    @property
    def _accepted_form(self) -> Form:
        """The form as its validators leave it, unless they must not run again.

        The commit sees the outcome, so conditions and the review see it, too.
        """
        return self.filled.validation.form if self.step.revalidate else self.form

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
        names = signature(self.conditions.form_class).names
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
        form = signature(self.conditions.form_class)
        if field == NAMES:
            return encode(form.names)
        sent = {**self.entry.raw, **self.entry.passwords}
        name, separator = form.html_names.get(field, (field, "-"))
        inner = name + separator
        mine = [(n, sent[n]) for n in sorted(sent) if n == name or n.startswith(inner)]
        return encode(mine)


@dataclass(frozen=True, eq=False)
class Review(AnyStep):
    """The check-your-answers page, the last step of a wizard that has one.

    ``rows(rows, answers)`` gets the list of rows and returns those to show: it may
    hide, change and add.
    """

    _: KW_ONLY
    title: str = "Check your answers"
    rows: Callable[[list[Row], Answers], Iterable[Row]] | None = None

    page: ClassVar[str] = "review"
    lists_answers: ClassVar[bool] = True

    def bind(self, journey: Journey, position: int, *, reached: bool) -> BoundReview:
        """Bind the review to the draft of a journey."""
        entry = journey.draft.entries.get(self.name)
        return BoundReview(self, journey, position, entry, opens=reached)

    def named(self, name: str, wizard: str) -> Self:
        """Return a copy under the name of its attribute.

        Raises DefinitionError if ``rows`` cannot be called.
        """
        if self.rows is not None and not callable(self.rows):
            raise DefinitionError(
                f"{wizard}.{name} has rows={self.rows!r}, which cannot be called. "
                "Pass a function of the rows and the answers."
            )
        return super().named(name, wizard)


class BoundReview(BoundStep):
    """A Review bound to a draft. Its entry holds no more than messages of StepErrors.

    It is done only in the journey in which the visitor has confirmed it.
    """

    step: Review
    done = False

    def __init__(
        self,
        step: Review,
        journey: Journey,
        position: int,
        entry: Entry | None,
        *,
        opens: bool,
        confirmed: bool = False,
    ) -> None:
        self.step = step
        self.journey = journey
        self.position = position
        self.entry = entry
        self.opens = opens
        self.done = confirmed

    @property
    def answers(self) -> Answers:
        """The answers of all steps."""
        return self.journey.answers

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundReview:
        """Return the review without messages, confirmed by its Continue."""
        return BoundReview(
            self.step,
            self.journey,
            self.position,
            None,
            opens=self.opens,
            confirmed=validate and self.opens,
        )

    def write_to(self, draft: Draft) -> Draft:
        """Return the draft without messages on the review."""
        return draft.without(self.name) if self.name in draft.entries else draft

    def edit_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows to show: those of the steps, or what ``Review.rows`` says."""
        if self.step.rows is None:
            return rows
        return list(self.step.rows(list(rows), self.answers))


class PlainDigests(NamedTuple):
    """What steps ask for whose entries may be plain: accepted, and nothing was read."""

    #: By the position of a step, the digest of such an entry; None if it has none.
    own: Sequence[bytes | None]
    #: By a number of first steps that may all be plain, a digest of their names and
    #: digests, by which a draft remembers that they are.
    chained: Sequence[bytes]


class Steps(tuple[AnyStep, ...]):
    """A wizard's steps in order, found by their names."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The names of all steps."""
        return tuple(step.name for step in self)

    @cached_property
    def positions(self) -> Mapping[str, int]:
        """The position of each step by its name."""
        return {name: position for position, name in enumerate(self.names)}

    @cached_property
    def by_url_name(self) -> Mapping[str, AnyStep]:
        """The steps by their names in URLs."""
        return {step.url_name: step for step in self}

    @cached_property
    def review(self) -> str | None:
        """The name of the step that lists the answers, if there is one."""
        return next((step.name for step in self if step.lists_answers), None)

    @cached_property
    def last_conditional(self) -> int:
        """The position of the last step that has a condition; -1 if none has one."""
        conditional = (n for n, step in enumerate(self) if step.when is not None)
        return max(conditional, default=-1)

    def plain_digests(self) -> PlainDigests:
        """Return the digests of entries that read nothing.

        They are worked out anew if a field was added to a form class.
        """
        fields, digests = self._known_digests
        if fields != [form._unbound_fields for form in self._plain_forms]:
            # First the fields: one that is added meanwhile is noticed next time.
            fields = [signature(form).of for form in self._plain_forms]
            digests = self._work_out_digests()
            self._known_digests = fields, digests
        return digests

    @cached_property
    def _plain_forms(self) -> Sequence[Any]:
        plain = [step for step in self if step.plain_digest is not None]
        return [step.fixed_form for step in plain if step.fixed_form is not None]

    @cached_property
    def _known_digests(self) -> tuple[list[object], PlainDigests]:
        fields = [signature(form).of for form in self._plain_forms]
        return fields, self._work_out_digests()

    def _work_out_digests(self) -> PlainDigests:
        own = [step.plain_digest for step in self]
        chained = [b""]
        for name, digest in takewhile(itemgetter(1), zip(self.names, own, strict=True)):
            link = encode([chained[-1], name, digest])
            chained.append(hashlib.blake2b(link, digest_size=16).digest())
        return PlainDigests(own, chained)

    def readable(self, before: int) -> tuple[str, ...]:
        """Return the names of the steps with answers before a position."""
        return tuple(step.name for step in self[:before] if step.has_answers)

    def named(self, name: str) -> AnyStep:
        """Return the step of that name."""
        return self[self.positions[name]]


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


encode = msgspec.msgpack.encode
