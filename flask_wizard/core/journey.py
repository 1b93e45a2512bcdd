"""Journey: the steps of one wizard bound to one draft, walked as far as asked."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, ClassVar, Generic, Self

from msgspec.structs import replace

from ..errors import DefinitionError
from .answers import Answers, Dependencies, Shown, Suspended
from .draft import Draft, Entry, Kept, Path
from .files import NO_FILES, FileRules
from .forms import Values
from .steps import ABSENT, AnyStep, BoundStep, Signatures, Span, Steps, encode
from .texts import ENGLISH, Texts

Initial = Callable[[str, Answers], object]
"""Returns the initial data of a step, by its name and the answers before it."""


NOTHING_BOUND: Mapping[str, Any] = MappingProxyType({})


@dataclass(frozen=True)
class Progress:
    """Where a step stands on the path."""

    #: The number of the step, from 1.
    number: int
    #: How many steps there are; ``None`` while that may change.
    total: int | None
    texts: Texts = field(default=ENGLISH, repr=False, compare=False)

    @property
    def text(self) -> str:
        """The progress in words."""
        if self.total:
            return self.texts.text(
                "Step {number} of {total}", number=self.number, total=self.total
            )
        return self.texts.text("Step {number}", number=self.number)


class Walk(Generic[Kept]):
    """Steps bound to what was filled in of them, walked only as far as asked."""

    #: The list and the item that the steps are the pages of, if they are.
    inside: tuple[str, ...] = ()
    #: The list that they are the pages of, if they are.
    repeat: BoundStep | None = None
    #: The names of steps that somebody else fills in: the gate passes over them.
    passable: frozenset[str] = frozenset()

    def __init__(
        self,
        steps: Steps,
        draft: Kept,
        *,
        initial: Initial | None = None,
        bound: Mapping[str, Any] = NOTHING_BOUND,
        max_entries: int | None = None,
        texts: Texts = ENGLISH,
        files: FileRules = NO_FILES,
        prefilled: bool = False,
    ) -> None:
        self.steps = steps
        #: How uploaded files are bound, and how many the draft may have.
        self.files = files
        #: How many entries the lists of one page may have that set no maximum.
        self.max_entries = max_entries
        #: What is said to the visitor, in the language of this request.
        self.texts = texts
        self.draft: Kept = draft
        if isinstance(draft, Draft) and len(draft.packed_holders) > 1:
            self.passable = draft.shared_steps
        self.initial = initial
        #: True if what pages begin with counts as sent, as far as it is valid.
        self.prefilled: bool = prefilled and initial is not None
        #: The variables of the mount's URL prefix, which never change for a draft.
        self.bound = bound
        # How many of the first steps are done by their entries alone: as many as the
        # draft says if the steps still ask for the same.
        self._plain, digest = draft.plain_prefix
        #: What the forms of the steps ask for.
        self.signatures: Signatures = steps.signatures()
        if digest not in self.signatures.chained[self._plain : self._plain + 1]:
            self._plain = 0
        # None stands for such a step, until it is asked for.
        self._walked: list[BoundStep | None] = [None] * self._plain
        self._serialized: dict[Path, bytes] = {}

    def __repr__(self) -> str:
        # Going on could run the application's code.
        return f"<{type(self).__name__} of {self.draft!r}, {len(self._walked)} met>"

    def _reach(self, position: int) -> BoundStep | None:
        """Walk on to a step and return it. None if the walk ends before it.

        It ends at the first applicable step that is not done, so a condition runs only
        when every applicable step before it is done. It passes over steps of somebody
        else, and ends at the first step that has read one of these. There is no step
        behind the last, but to walk there tells whether the last is done.
        """
        walked = self._walked
        last = walked[-1] if walked else None
        for at in range(len(walked), position + 1):
            if (
                last is not None
                and last.applies
                and (last.waits_for or not last.done)
                and (last.waits_for or last.step.name not in self.passable)
            ):
                return None
            if at == len(self.steps):
                return None
            step = self.steps[at]
            entry = self.draft.entries.get(step.name)
            # Plain: the entry alone tells that the step applies and is done.
            digest = entry.read_digest if entry is not None and entry.accepted else None
            plain = digest is not None and digest == self.signatures.plain[at]
            self._plain += plain and at == self._plain
            if plain:
                last = None
            elif self.passable and (awaited := self._awaited()):
                last = self._bind_behind(awaited, at, entry)
            else:
                last = step.bind(self, at, entry, reached=True)
            if self.prefilled and last and last.applies and not last.waits_for:
                last = last.prefill()
            walked.append(last)
        return walked[position] or self._met(position)

    def _awaited(self) -> tuple[str, ...]:
        """Return the names of the steps that the walk has passed over."""
        met = (bound for bound in self._walked if bound is not None)
        return tuple(bound.name for bound in met if self._is_awaited(bound))

    def _is_awaited(self, bound: BoundStep) -> bool:
        """True if somebody else has yet to fill in the step."""
        return bound.name in self.passable and bound.applies and not bound.done

    def _bind_behind(
        self, awaited: Sequence[str], position: int, entry: Entry | None
    ) -> BoundStep:
        """Return a step behind others that were passed over.

        It waits if one of its functions reads these, or if it lists the answers.
        """
        step, waits_for = self.steps[position], tuple(awaited)
        if not step.lists_answers:
            try:
                bound = step.bind(self, position, entry, reached=True)
                waits_for = _reads_of(bound, awaited)
            except Suspended as suspended:
                waits_for = (suspended.step,)
            if not waits_for:
                return bound
        waiting = step.bind(self, position, entry, reached=False)
        waiting.wait_for(waits_for)
        return waiting

    @property
    def awaited(self) -> tuple[AnyStep, ...]:
        """The steps that somebody else has yet to fill in, as far as the walk goes."""
        if not self.passable:
            return ()
        self.walk()
        return tuple(self.steps.named(name) for name in self._awaited())

    def walk(self) -> int:
        """Walk as far as it goes, and return how many steps were met."""
        self._reach(len(self.steps))
        return len(self._walked)

    def _met(self, position: int) -> BoundStep:
        """Return a step that was walked to."""
        bound = self._walked[position]
        if bound is None:
            step = self.steps[position]
            entry = self.draft.entries.get(step.name)
            bound = step.bind(self, position, entry, reached=True)
            self._walked[position] = bound
        return bound

    def _last_applicable(self, before: int) -> BoundStep | None:
        met = map(self._met, reversed(range(before)))
        return next((bound for bound in met if bound.applies), None)

    def bind(self, name: str) -> BoundStep:
        """Return a step bound to the draft, whether it opens or not."""
        position = self.steps.positions[name]
        if (bound := self._reach(position)) is not None:
            return bound
        entry = self.draft.entries.get(name)
        return self.steps[position].bind(self, position, entry, reached=False)

    @property
    def met(self) -> tuple[BoundStep, ...]:
        """The steps up to the first that is not done, those that do not apply too."""
        return tuple(map(self._met, range(self.walk())))

    @property
    def path(self) -> tuple[BoundStep, ...]:
        """The applicable steps up to the first that is not done."""
        met = map(self._met, range(self.walk()))
        return tuple(bound for bound in met if bound.applies)

    @property
    def first_incomplete(self) -> BoundStep | None:
        """The first applicable step that is not done; None when all are."""
        last = self._walked[self.walk() - 1]
        if last is None or not last.applies or (last.done and not last.waits_for):
            return None
        return last

    @property
    def leads_to(self) -> BoundStep | None:
        """The step whose page comes next, if that is to be stored with what it has."""
        return self.first_incomplete

    @property
    def current(self) -> BoundStep:
        """Where the visitor goes on: the first incomplete step, or else the last."""
        if (bound := self._last_applicable(self.walk())) is not None:
            return bound
        names = ", ".join(self.steps.names)
        raise DefinitionError(
            f"None of the steps {names} applies. At least one must, whatever the "
            "answers are."
        )

    def get(self, name: str) -> BoundStep | None:
        """Return the step if it applies and every applicable step before it is done."""
        position = self.steps.positions.get(name)
        bound = self._reach(position) if position is not None else None
        if bound is None or bound.waits_for or not bound.applies:
            return None
        return bound

    def previous(self, bound: BoundStep) -> BoundStep | None:
        """Return the applicable step before one that opens."""
        return self._last_applicable(bound.position)

    def has_previous(self, bound: BoundStep) -> bool:
        """True if an applicable step is before one that opens."""
        if bound.position and self._plain:  # the first step applies
            return True
        return self.previous(bound) is not None

    def next(self, bound: BoundStep) -> BoundStep | None:
        """Return the next applicable step after one that is done, if there is one.

        Steps that somebody else has yet to fill in are left out.
        """
        for position in range(bound.position + 1, len(self.steps)):
            later = self._reach(position)
            if later is None or later.applies:
                if later is not None and self.passable and self._is_awaited(later):
                    continue
                return later
        return None

    def submit(
        self,
        step: str | BoundStep,
        values: Values,
        *,
        validate: bool,
        autosave: bool = False,
    ) -> Self:
        """Return the walk as it goes on with ``values`` sent for a step.

        With ``validate`` the step may become done, if it opens. Otherwise the values
        are only kept, and a step that was done stays so while nothing changed.
        """
        bound = self.bind(step) if isinstance(step, str) else step
        after = bound.submit(values, validate=validate, autosave=autosave)
        if after is None:
            return self
        return self.go_on_with(after, after.write_to(self.draft))

    def go_on_with(self, after: BoundStep, draft: Kept) -> Self:
        """Return the walk as it goes on with another state of one of its steps.

        ``draft`` is what was filled in with that state written to it.
        """
        onward = object.__new__(type(self))
        onward.__dict__.update(self.__dict__)  # as copy() does, in a tenth of the time
        onward.draft = draft
        at, entry = after.position, after.entry
        digest = entry.read_digest if entry is not None and entry.accepted else None
        plain = digest is not None and digest == self.signatures.plain[at]
        onward._serialized = {}
        onward._walked = self._walked[:at] + [after] * (at < len(self._walked))
        if plain and at < self._plain:  # so are those behind it that were
            onward._walked += [None] * (self._plain - at - 1)
        elif plain and at == self._plain:
            onward._plain = at + 1
        else:
            onward._plain = min(at, self._plain)
        return onward

    @property
    def add_label(self) -> str:
        """The text of the button on the last page that adds another item, if any."""
        return ""

    @property
    def url_parts(self) -> tuple[str, ...]:
        """The names of the list and the item in URLs, if they are pages of one."""
        return ()

    def begin(self) -> None:
        """Give a new draft what all steps begin with, if it is prefilled.

        What they begin with may be gone later.
        """
        if not self.prefilled:
            return
        behind = range(self.walk(), len(self.steps))
        unmet = (self.steps[n].bind(self, n, None, reached=False) for n in behind)
        self.draft = _with_prefilled(self.draft, [*self._walked, *unmet])

    @property
    def whole_draft(self) -> Draft:
        """The draft that has all of this."""
        raise NotImplementedError

    @property
    def whole(self) -> Journey:
        """The journey through the whole wizard, as this walk leaves it."""
        raise NotImplementedError

    def to_draft(self) -> Kept:
        """Return what was filled in, to be stored.

        It has what steps that were judged anew read now, and what the page of the first
        incomplete step begins with.
        """
        draft = self.draft
        first = self.leads_to if self.initial is not None else None
        if self.prefilled:
            draft = _with_prefilled(draft, self._walked)
        if first is not None and not first.waits_for:
            draft = first.begin(draft)
        for bound in self._walked[self._plain :]:
            if bound is not None and bound.still_holds:
                draft = bound.refresh_dependencies(draft)
        prefix = (self._plain, self.signatures.chained[self._plain])
        same = prefix == draft.plain_prefix
        return draft if same else replace(draft, plain_prefix=prefix)

    @property
    def answers(self) -> Answers:
        """The answers of all steps."""
        return Answers(self, len(self.steps), Shown())

    def readable(self, before: int) -> tuple[str, ...]:
        """Return the names that a step at this position can read answers by."""
        return self.steps.readable(before)

    def note_hidden(self, found: dict[str, str], cause: BoundStep) -> None:
        """Add the steps that do not apply any more, each with the name of the cause.

        A page of an item stands there by its list, its item and its name.
        """
        self.walk()
        for bound in filter(None, self._walked):
            name = "/".join((*self.inside, bound.name))
            if bound.applies:
                found.pop(name, None)
            elif bound.entry is not None and bound.entry.accepted:
                found.setdefault(name, cause.name)

    def item_meta(self, reads: Dependencies) -> dict[str, Any]:
        """Return what a page's form finds in its ``meta`` about its item, if any."""
        return {}

    def read(self, name: str, before: int, reads: Dependencies) -> Any:
        """Return the answers of a step as a reader behind it gets them.

        ``reads`` collects what it reads of them. None if no step of that name stands
        before the position and has answers. Raise Suspended if somebody else has yet to
        fill the step in.
        """
        at = self.steps.positions.get(name, before)
        if at >= before or not self.steps[at].has_answers:
            return None
        if at >= len(self._walked):
            return self.steps[at].no_answers(reads, self.inside)
        bound = self._walked[at] or self._met(at)
        if name in self.passable and not isinstance(reads, Shown):
            reads.add((name, ""))
            if self._is_awaited(bound):
                raise Suspended(name)
        return bound.record(reads)

    def digest(self, signature: bytes, paths: Sequence[Path], *, before: int) -> bytes:
        """Hash a signature, and what ``paths`` stand for in the steps before."""
        known, read = self._serialized, []
        met = min(before, len(self._walked))
        for path in paths:
            step, *inner = path
            position = self.steps.positions.get(step, met)
            if position >= met:  # a deploy may have moved it behind its reader
                read.append(ABSENT)
                continue
            if path not in known:
                bound = self._walked[position] or self._met(position)
                known[path] = bound.serialize(*inner)
            read.append(known[path])
        whole = encode([signature, paths, read])
        return hashlib.blake2b(whole, digest_size=16).digest()


class Journey(Walk[Draft]):
    """A wizard's steps bound to one draft."""

    #: The name of the page where a draft stands, if that is no step's.
    home: ClassVar[str] = ""

    @property
    def whole_draft(self) -> Draft:
        """The draft that has all of this."""
        return self.draft

    @property
    def whole(self) -> Journey:
        """The journey itself."""
        return self

    def progress(self, bound: BoundStep, *, from_review: bool = False) -> Progress:
        """Return the number of a step that opens among those that apply.

        A visitor who comes ``from_review`` has seen how many there are.
        """
        last = bound.position
        hidden = [b for b in self._walked[self._plain : last] if b and not b.applies]
        number, later = last + 1 - len(hidden), len(self.steps) - last - 1
        if last >= self.steps.last_conditional and not bound.step.ends:
            return Progress(number, number + later, self.texts)
        whole = from_review and self.open_review is not None
        total = len(self.path) if whole else None
        return Progress(number, total, self.texts)

    def shown_progress(
        self, bound: BoundStep, *, from_review: bool = False
    ) -> Progress | None:
        """Return what a step's page shows of the progress; None if that is nothing."""
        return self.progress(bound, from_review=from_review)

    def steps_beside(self, bound: BoundStep) -> range:
        """Return the positions of the steps that a visitor goes through with one."""
        return range(len(self.steps))

    @property
    def overall(self) -> str:
        """How far the draft is, in words."""
        return self.progress(self.current).text

    @property
    def incomplete(self) -> Sequence[tuple[BoundStep, Span]]:
        """The steps where the visitor can go on, each with those that it holds up."""
        first = self.first_incomplete
        return [(first, Span(0, len(self.steps)))] if first is not None else []

    def instead_of(self, name: str) -> BoundStep | None:
        """Return the step that a visitor is led to from one that does not open.

        None for the page where the draft stands, if that is no step's.
        """
        return self.current

    @property
    def open_review(self) -> BoundStep | None:
        """The review, if all applicable steps before it are done."""
        last = self.first_incomplete
        return last if last is not None and last.step.lists_answers else None

    @property
    def missing(self) -> tuple[AnyStep, ...]:
        """The steps that are still to be done, as far as that is known.

        Whether a step with a condition behind the first of them applies is not.
        """
        first, entries = self.first_incomplete, self.draft.entries
        if first is None or first.step.lists_answers:
            return ()
        later = (
            step
            for step in self.steps[first.position + 1 :]
            if step.when is None and not (step.lists_answers or step.ends)
            if (entry := entries.get(step.name)) is None or not entry.accepted
        )
        return (first.step, *later)

    @property
    def hidden(self) -> tuple[BoundStep, ...]:
        """Steps with answers that do not count, since they do not apply."""
        self.walk()
        hidden = (b for b in self._walked if b is not None and not b.applies)
        return tuple(b for b in hidden if b.submitted is not None)

    @property
    def answers_hash(self) -> str:
        """A hash of the answers on the path, by which a review can be told outdated."""
        pairs = ((bound.name, bound.submitted) for bound in self.path)
        sent = [(name, submitted) for name, submitted in pairs if submitted is not None]
        return hashlib.blake2b(encode(sent), digest_size=8).hexdigest()

    def hidden_by(self, top: BoundStep, page: BoundStep) -> dict[str, str]:
        """Return the draft's ``unneeded`` after the answers of a page have changed.

        ``top`` is its step, which is the page itself unless that is of an item.
        """
        found = dict.fromkeys(self.draft.unneeded, "")
        if top.done:
            self.note_hidden(found, top)
        if page.journey.inside and page.done:
            page.journey.note_hidden(found, page)
        return found


def _reads_of(bound: BoundStep, steps: Sequence[str]) -> tuple[str, ...]:
    """Return which of these steps a bound one reads. Raise Suspended.

    Its form is built to find out.
    """
    if bound.applies:
        try:
            _ = bound.done or bound.form
        except Exception:  # the step's own page shows it, or fails with it
            return ()
    read = {path[0] for path in bound.all_reads}
    return tuple(name for name in steps if name in read)


def _with_prefilled(draft: Kept, steps: Iterable[BoundStep | None]) -> Kept:
    """Return the draft with what the steps begin with, if that is new."""
    for bound in filter(None, steps):
        with suppress(Suspended):  # it begins when what it reads is there
            draft = bound.prefill_draft(draft)
    return draft
