"""What a step is, declared and bound to a draft; the review; a wizard's steps."""

from __future__ import annotations

import dataclasses
import hashlib
import inspect
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass
from itertools import groupby, takewhile
from operator import attrgetter, itemgetter
from typing import TYPE_CHECKING, Any, ClassVar, NamedTuple, Protocol, Self, cast

import msgspec
from msgspec.structs import replace
from wtforms import Form

from ..cached import cached_property
from ..catalogues import message
from ..errors import DefinitionError, StepError
from .answers import Answers, Dependencies, Record
from .draft import Entry, Kept, Path, Raw
from .form_errors import in_language
from .forms import FIELDS, FieldNames, Values
from .hooks import OWN_ERRORS, check_hook, hook_error
from .rows import Row
from .signatures import FormSignature, signature
from .texts import LazyText, Texts, check_words

if TYPE_CHECKING:
    from .journey import Walk

RESERVED_STEPS = frozenset(
    {"bound", "discard", "file", "link", "new", "receipt", "remove", "saved", "tasks"}
)
"""What no step may be called in URLs: a page, a part of a URL, or ``answers.bound``."""

RESERVED_FIELDS = frozenset(
    {
        *("_action", "_rev", "_draft", "_item", "_seen", "_signed_in", "_guest"),
        *(FIELDS, "csrf_token"),
    }
)

_FIELDS_OF = attrgetter("_unbound_fields")

ABSENT = b"absent"
"""What is hashed in the place of an answer that does not count."""

UrlOf = Callable[["BoundStep"], str]
Condition = Callable[[Any], object]
"""A function of the answers, whose own annotation says how exactly it knows them."""

Changes = dict[str, Any] | tuple[dict[str, Any], None]
"""What was changed of a step: for each field that differs, its value before and after.

Of a step that does not apply any more it is what it began with, and ``None``. Of a list
it is which items were added, changed and removed.
"""


@dataclass(frozen=True, eq=False, kw_only=True)
class AnyStep(ABC):
    """A step as a wizard declares it, of whatever kind.

    Derive from it to add a kind. A kind says here what holds of it in every draft,
    and ``bind`` gives what holds of it in one.
    """

    #: The heading of its page; by default, the step's name in words.
    title: str = ""
    #: The template of its page, if it has one of its own.
    template: str | None = None
    #: The section that it belongs to, shown above the title.
    section: str | None = None
    #: The former name of its attribute, or a tuple of them. A draft may have it by one
    #: of these, and pages that are open during a deploy.
    was: str | Sequence[str] = ()
    #: What its pages say in the place of texts of this package, by these in English.
    words: Mapping[str, object] = dataclasses.field(default_factory=dict)
    #: The name of its attribute, which the wizard sets.
    name: str = ""

    #: The name of the template of its page.
    page: ClassVar[str] = "step"
    #: False if its page has no fields, so that a POST brings nothing to keep.
    takes_input: ClassVar[bool] = False
    #: True if conditions, the review and the commit get answers from it.
    has_answers: ClassVar[bool] = False
    #: True if its page lists the answers of the other steps.
    lists_answers: ClassVar[bool] = False
    #: True if the path ends there without a commit: it is never done.
    ends: ClassVar[bool] = False

    @abstractmethod
    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundStep:
        """Bind the step to the draft of a journey, which has this entry of it.

        ``position`` counts from 0. ``reached`` is true if all applicable steps before
        it are done. Only then may it read answers.
        """

    def check_among(self, steps: Steps, wizard: str) -> None:
        """Raise DefinitionError if it cannot be among these steps of a wizard."""
        return None

    def named(self, name: str, wizard: str) -> Self:
        """Return a copy under the name of its attribute, so that steps can be shared.

        Raises DefinitionError if it is declared wrongly as far as can be seen.
        """
        if self.words:
            check_words(self.words, f"{wizard}.{name}: words")
        # A translation that waits for its use must not be asked whether it is empty.
        untitled = isinstance(self.title, str) and not self.title
        title = name.replace("_", " ").capitalize() if untitled else self.title
        return dataclasses.replace(self, name=name, title=title)

    def with_words(self, words: Mapping[str, object]) -> Self:
        """Return the step under its title in a wizard with these ``words``.

        That is another one only if the title is a text of this package.
        """
        title: object = self.title
        if not isinstance(title, LazyText):
            return self
        own = {**words, **self.words}
        return dataclasses.replace(self, title=cast(str, title.with_words(own)))

    @cached_property
    def url_name(self) -> str:
        """The name of the step in URLs."""
        return self.name.replace("_", "-")

    @property
    def former_names(self) -> tuple[str, ...]:
        """The names that it had before."""
        return (self.was,) if isinstance(self.was, str) else tuple(self.was)

    @property
    def former_fields(self) -> Mapping[str, Sequence[str]]:
        """The names in pages that its fields had before, by those of now."""
        return {}

    @property
    def pages(self) -> Steps:
        """The pages of an item, if it is a list."""
        return Steps()

    @property
    def when(self) -> Condition | None:
        """The condition on which it applies; None if it applies always."""
        return None

    @property
    def may_be_left_out(self) -> bool:
        """True if the answers decide whether it applies, or whether the path ends."""
        return self.when is not None or self.ends

    @property
    def fixed_form(self) -> type[Form] | None:
        """The form class, if it is the same whatever the answers are."""
        return None

    @property
    def takes_files(self) -> bool:
        """True if its pages may have fields to choose files with."""
        return False

    @property
    def fixed_forms(self) -> Sequence[type[Form]]:
        """The form classes of its pages that are the same whatever the answers are."""
        return (self.fixed_form,) if self.fixed_form is not None else ()

    @property
    def plain_digest(self) -> bytes | None:
        """The digest of an accepted entry that read nothing.

        With such an entry the step applies and is done whatever the answers are. None
        if that cannot be told without binding the step. It may change only if the
        fields of ``fixed_form`` do.
        """
        return None

    def no_answers(self, reads: Dependencies, inside: tuple[str, ...] = ()) -> Any:
        """Return what a reader gets if the answers of the step do not count.

        ``inside`` is the list and the item, if the step is a page of one.
        """
        return Record(self.name, None, None, reads, inside)


class BoundStep(Protocol):
    """A step bound to one draft: what journeys, pages and the commit ask of it.

    Everything is found out on demand and once, so that no request builds or validates
    a form twice. A method with a body here is right for a page without a form.
    """

    #: The step as it is declared.
    step: AnyStep
    #: The walk that it is a part of.
    journey: Walk[Any]
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
    #: The names of the steps that it waits for: those of somebody else, and in a task
    #: list any. While there are some, it does not open, and nobody knows yet whether it
    #: applies.
    waits_for: tuple[str, ...] = ()

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
    def write_to(self, draft: Kept) -> Kept:
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
    def texts(self) -> Texts:
        """What its pages say."""
        return self.journey.texts.with_words(self.step.words)

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
    def top(self) -> BoundStep:
        """The step of the wizard that it is, or whose item it is a page of."""
        return self.journey.repeat or self

    @property
    def add_label(self) -> str:
        """The text of the button that adds an item to a list; empty without one."""
        is_last = self.position == len(self.journey.steps) - 1
        return self.journey.add_label if is_last else ""

    @property
    def all_reads(self) -> Iterable[Path]:
        """What its condition and its form have read."""
        return ()

    def find_reads(self) -> Iterable[Path]:
        """Build its form, and return what that and the condition read."""
        _ = self.done or self.form
        return self.all_reads

    def wait_for(self, names: tuple[str, ...]) -> None:
        """Take it as one that waits until the steps of these names are done."""
        self.applies, self.opens, self.waits_for = True, False, names

    def take_as_done(self) -> None:
        """Take it as applicable and done, as an earlier request has found it."""
        self.applies = True

    @property
    def invalidated(self) -> bool:
        """True if it was accepted, and what it reads now makes it invalid."""
        return self.outdated and not self.done

    @property
    def form_changed(self) -> bool:
        """True if it is ``outdated`` because its form is another one by now."""
        return False

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
        return self.entry.messages if self.entry is not None else {}

    @property
    def other_language(self) -> str:
        """The language of its stored messages, if the page is in another one."""
        if self.entry is None or not self.entry.lang:
            return ""
        here = self.journey.texts.language
        return self.entry.lang if here and here != self.entry.lang else ""

    def errors_to_show(self) -> dict[str, list[str]]:
        """Return its messages; those of a StepError in another language say which."""
        other = self.other_language
        if not other or self.entry is None or not self.entry.told:
            return self.errors
        return in_language(self.errors, other)

    def form_to_show(self) -> Form | None:
        """Return the form with the errors that its page shows.

        They are those of its last submission, or new ones if it is ``invalidated`` or
        the language has changed.
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

    def declares(self, names: Iterable[str]) -> bool:
        """True if one of the names is that of a field, or of an input inside one."""
        return False

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
        return self.step.no_answers(reads, self.journey.inside)

    def serialize(self, *inner: str) -> bytes:
        """Return what was submitted, to be hashed for those who read it.

        ``inner`` leads to it: a field, or an item with its page and field.
        """
        return ABSENT

    def data(self) -> Any:
        """Return the answers as plain dicts and lists."""
        return {}

    def files(self) -> Any:
        """Return the uploads by field; nested fields have dots in their names."""
        return {}

    def concealed(self) -> Any:
        """Return the same without passwords, to be told as what was added."""
        return self.data()

    def populate(self, obj: object) -> None:
        """Set the answers on an object, as ``Form.populate_obj`` does."""
        return None

    def rows(self, url_of: UrlOf) -> Sequence[Row]:
        """Return its rows on the check page. ``url_of`` returns the URL of a page."""
        return ()

    def begin(self, draft: Kept) -> Kept:
        """Return the draft with what the step's page begins with, if that is new."""
        return draft

    def prefill(self) -> BoundStep:
        """Return the step with what its page begins with as its submission.

        It is done if that is valid. Nothing changes if something was sent already, or
        there is nothing to begin with.
        """
        return self

    def prefill_draft(self, draft: Kept) -> Kept:
        """Return the draft of a prefilled wizard with what the step begins with."""
        return draft

    def changes(self) -> Changes | None:
        """Return what was changed of what its page began with, or ``None``."""
        return None

    def edit_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows that its page shows of those of the steps before it."""
        return rows

    def refresh_dependencies(self, draft: Kept) -> Kept:
        """Return the draft with what the step reads now, if it ``still_holds``."""
        return draft

    def reject(
        self, draft: Kept, errors: Mapping[str, list[str]], *, told: bool = False
    ) -> Kept:
        """Return the draft with the step open again, and these messages on it.

        ``told`` is true for those of a StepError. It keeps those that it has of one.
        """
        entry = draft.entries.get(self.name, Entry())
        if told and entry.told and not entry.accepted:
            errors = joined(entry.messages, errors)
        rejected = replace(entry, accepted=False).with_messages(
            errors, self.journey.texts.language, told=told
        )
        return draft.with_entries({self.name: rejected})

    def landing(self, error: StepError | None) -> BoundStep:
        """Return the page that a commit sends the visitor back to.

        Raise DefinitionError if the error names a field or an item that is not there.
        """
        if error is not None:
            if error.item is not None:
                raise DefinitionError(
                    f"A StepError names an item of {self.name!r}, which is not a list. "
                    "Leave the item out."
                )
            self.error_name(error.field)
        return self

    def send_back(self, draft: Kept, error: StepError) -> Kept:
        """Return the draft with the step open again, and the error at its field."""
        errors = {self.error_name(error.field): [error.message]}
        return self.reject(draft, errors, told=True)

    def error_name(self, field: str | None) -> str:
        """Return the full name of a field that may be dotted, as StepError has it.

        Raise DefinitionError if the step has no such field.
        """
        if field:
            raise DefinitionError(
                f"A StepError names the field {field!r}, which {self.name!r} does not "
                "have: it has no form. Leave the field out."
            )
        return ""


def joined(
    messages: Mapping[str, list[str]], more: Mapping[str, list[str]]
) -> dict[str, list[str]]:
    """Return the messages of both by field, each once."""
    found = {name: list(texts) for name, texts in messages.items()}
    for name, texts in more.items():
        known = found.setdefault(name, [])
        known += [text for text in texts if text not in known]
    return found


@dataclass(frozen=True, eq=False)
class Review(AnyStep):
    """The check-your-answers page, the last step of a wizard that has one."""

    _: KW_ONLY
    #: The heading of its page.
    title: str = cast(str, LazyText(message("Check your answers")))
    #: Returns the rows to show, by the list of all rows and the answers: it may hide,
    #: change and add rows. ``None`` shows them all.
    rows: Callable[[list[Row], Any], Iterable[Row]] | None = None

    page: ClassVar[str] = "review"
    lists_answers: ClassVar[bool] = True

    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundReview:
        """Bind the review to the draft of a journey."""
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
        if self.rows is not None and not inspect.isgeneratorfunction(self.rows):
            check_hook(self.rows, f"rows of {wizard}.{name}", "rows", "answers")
        return super().named(name, wizard)


class BoundReview(BoundStep):
    """A Review bound to a draft. Its entry holds no more than messages of StepErrors.

    It is done only in the journey in which the visitor has confirmed it.
    """

    step: Review
    done: bool = False

    def __init__(
        self,
        step: Review,
        journey: Walk[Any],
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

    def write_to(self, draft: Kept) -> Kept:
        """Return the draft without messages on the review."""
        return draft.without(self.name) if self.name in draft.entries else draft

    def begin(self, draft: Kept) -> Kept:
        """Return the draft with what the step's page begins with, if that is new."""
        return draft

    def edit_rows(self, rows: Sequence[Row]) -> Sequence[Row]:
        """Return the rows to show: those of the steps, or what ``Review.rows`` says."""
        if self.step.rows is None:
            return rows
        try:
            return list(self.step.rows(list(rows), self.answers))  # or a generator
        except OWN_ERRORS as error:
            raise hook_error(error) from error


class Signatures(NamedTuple):
    """What the forms of a wizard's steps ask for at this moment."""

    #: By the position of a step, the signature of its ``fixed_form``.
    forms: Sequence[FormSignature | None]
    #: By the position of a step, its ``plain_digest``.
    plain: Sequence[bytes | None]
    #: A digest of the names of all steps and of the signatures.
    whole: bytes
    #: By a number of first steps that all have a plain digest, a digest of their names
    #: and digests. A draft has it if these steps are accepted and have read nothing.
    chained: Sequence[bytes]


class Span(NamedTuple):
    """Steps that stand together, by their positions."""

    #: The position of the first.
    first: int
    #: The position behind the last.
    behind: int


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
        """The steps by their names in URLs, former ones included."""
        former = {
            name.replace("_", "-"): step for step in self for name in step.former_names
        }
        return former | {step.url_name: step for step in self}

    @cached_property
    def renamed(self) -> tuple[AnyStep, ...]:
        """The steps of which a draft may have something by a former name."""
        return tuple(
            step
            for step in self
            if step.former_names or step.former_fields or step.pages.renamed
        )

    @cached_property
    def take_files(self) -> bool:
        """True if a page of a step may have fields to choose files with."""
        return any(step.takes_files for step in self)

    @cached_property
    def last_conditional(self) -> int:
        """The position of the last step that may be left out, or may be the end.

        -1 if the path has no such step.
        """
        found = (n for n, step in enumerate(self) if step.may_be_left_out)
        return max(found, default=-1)

    @cached_property
    def _sections(self) -> Sequence[str | int]:
        """By the position of a step its section, or the position if it has none."""
        named = [
            "" if step.section is None or step.lists_answers else str(step.section)
            for step in self
        ]
        return [section or at for at, section in enumerate(named)]

    def grouped_by_section(self) -> Steps:
        """Return the steps with those of a section together, where its first stands."""
        first: dict[str | int, int] = {}
        for at, section in enumerate(self._sections):
            first.setdefault(section, at)
        places = [first[section] for section in self._sections]
        return Steps(
            self[at] for at in sorted(range(len(self)), key=places.__getitem__)
        )

    @cached_property
    def task_at(self) -> Sequence[Span]:
        """By the position of a step, those of the task that it belongs to.

        It is the step's section, or the step alone if it has none.
        """
        spans: list[Span] = []
        for _, positions in groupby(range(len(self)), key=self._sections.__getitem__):
            found = [*positions]
            spans += [Span(found[0], found[-1] + 1)] * len(found)
        return spans

    def signatures(self) -> Signatures:
        """Return the signatures of the forms.

        They are worked out anew if a field was added to a form class.
        """
        fields, found = self._known_signatures
        if fields != [*map(_FIELDS_OF, self._fixed_forms)]:
            fields, found = self._known_signatures = self._work_out_signatures()
        return found

    @cached_property
    def _fixed_forms(self) -> Sequence[Any]:
        forms = (step.fixed_form for step in self)
        return tuple(dict.fromkeys(form for form in forms if form is not None))

    @cached_property
    def _known_signatures(self) -> tuple[list[object], Signatures]:
        return self._work_out_signatures()

    def _work_out_signatures(self) -> tuple[list[object], Signatures]:
        # First the fields: one that is added meanwhile is noticed next time.
        fields = [signature(form).of for form in self._fixed_forms]
        fixed = [step.fixed_form for step in self]
        forms = [None if form is None else signature(form) for form in fixed]
        plain = [step.plain_digest for step in self]
        chained = [b""]
        pairs = zip(self.names, plain, strict=True)
        for name, digest in takewhile(itemgetter(1), pairs):
            link = encode([chained[-1], name, digest])
            chained.append(hashlib.blake2b(link, digest_size=16).digest())
        digests = [form.digest if form is not None else b"" for form in forms]
        every = encode([self.names, digests])
        whole = hashlib.blake2b(every, digest_size=16).digest()
        return fields, Signatures(forms, plain, whole, chained)

    def readable(self, before: int) -> tuple[str, ...]:
        """Return the names of the steps with answers before a position."""
        return tuple(step.name for step in self[:before] if step.has_answers)

    def named(self, name: str) -> AnyStep:
        """Return the step of that name."""
        return self[self.positions[name]]


encode: Callable[[Any], bytes] = msgspec.msgpack.encode
