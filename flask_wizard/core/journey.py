"""Journey: one draft walked through one wizard. A pure fold over steps and draft."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from typing import Any, Generic, TypeVar, overload

import msgspec
from msgspec.structs import replace
from wtforms import Form

from ..errors import DefinitionError
from . import forms
from .answers import NAMES, Answers, Dependencies, Record, values_of
from .draft import Draft, Entry, Raw, StoredDependencies
from .steps import AnyStep, Step, Steps

Initial = Callable[[str], object]
"""Gives the initial data of a step that was never submitted, by the step's name."""


Value = TypeVar("Value")


class once(Generic[Value]):  # used like property
    """A property that is worked out once; without the lock of cached_property.

    A wizard of many steps asks for some on every step, and the lock would cost more
    than most answers. A place belongs to one request, hence to one thread.
    """

    def __init__(self, work_out: Callable[[Any], Value]) -> None:
        self._work_out = work_out
        self._name = work_out.__name__

    @overload
    def __get__(self, owner: None, kind: type) -> once[Value]: ...
    @overload
    def __get__(self, owner: object, kind: type) -> Value: ...
    def __get__(self, owner: object | None, kind: type) -> Value | once[Value]:
        if owner is None:
            return self
        value = self._work_out(owner)
        setattr(owner, self._name, value)  # __dict__ would cost a dictionary
        return value


@dataclass(frozen=True)
class Progress:
    """Where a step stands; ``total`` if it is the same on every path still open."""

    number: int
    total: int | None

    @property
    def text(self) -> str:
        return f"Step {self.number}" + (f" of {self.total}" if self.total else "")


class BoundStep:
    """One step as this draft meets it: does it apply, is it done, what is its form.

    Everything is found out on demand and once, so that no request builds or
    validates a form twice. ``asks`` collects what its condition and form function
    read, which run in each request, and ``reads`` what else is read on the way.
    """

    def __init__(self, journey: Journey, position: int, entry: Entry | None) -> None:
        self.journey = journey
        self.position = position
        self.step = journey.steps[position]
        self.entry = entry
        # Most steps ask for no answers; a long walk should not ask them either.
        if self.step.when is None:
            self.applies = True
        if self.step.fixed_form is not None:
            self.form_class = self.step.fixed_form

    condition_reads: Dependencies | frozenset[tuple[str, str]] = frozenset()

    @once
    def dependencies(self) -> Dependencies:
        return set()

    @once
    def answers(self) -> Answers:
        return self.journey.answers_before(self.position, self.dependencies)

    @once
    def applies(self) -> bool:
        return self.step.when is None or bool(self.step.when(self._condition_answers))

    @property
    def _condition_answers(self) -> Answers:
        reads: Dependencies = set(self.condition_reads)
        self.condition_reads = reads
        return self.journey.answers_before(self.position, reads)

    @once
    def form_class(self) -> type[Form]:
        if not isinstance(self.step, Step):
            raise TypeError(f"{self.step.name!r} is a review and has no form.")
        return self.step.form_class(self._condition_answers)

    @once
    def form(self) -> Form:
        """The form bound to what was sent, or fresh with its initial data."""
        if self.entry is None:
            return self.prepared(self.bound(None, initial=self.initial))
        return self._with_secrets(self.entry.raw, self.entry.passwords)

    def _with_secrets(self, sent: Raw, passwords: Raw) -> Form:
        """The form bound to both. What is no password any more must not be shown."""
        form = self.prepared(self.bound(forms.Values({**sent, **passwords})))
        if not passwords or passwords.keys() <= (mine := {*forms.passwords(form)}):
            return form
        return self._with_secrets(
            sent, {n: passwords[n] for n in passwords if n in mine}
        )

    @once
    def initial(self) -> object:
        return self.journey.initial(self.step.name)

    def bound(self, values: forms.Values | None, *, initial: object = None) -> Form:
        meta = {"answers": self.answers}
        return forms.bind(self.form_class, values, meta=meta, initial=initial)

    def prepared(self, form: Form) -> Form:
        if isinstance(self.step, Step) and self.step.prepare is not None:
            self.step.prepare(form, self.answers)
        return form

    name = property(lambda self: self.step.name)
    url_name = property(lambda self: self.step.url_name)
    has_form = property(lambda self: self.step.has_form)
    is_review = property(lambda self: not self.step.has_form)
    row_id = property(lambda self: f"row-{self.step.url_name}")
    rev = property(lambda self: self.entry.rev if self.entry else 0)
    has_fixed_page = property(
        lambda self: (
            not self.has_form
            or (self.step.fixed_form is not None and self.step.prepare is None)
        )
    )

    def form_to_show(self) -> tuple[Form | None, bool]:
        if not self.has_form:
            return None, False
        form = self.form
        if self.stale and not self.done:
            return form, True
        forms.show_errors(form, self.entry.errors if self.entry is not None else {})
        return form, False

    def rows(self, url: str) -> Any:
        from .rows import rows_of

        _ = self.trusted
        return rows_of(self.name, self.form, url)

    def would_change(self, values: forms.Values) -> bool:
        if not self.has_form:
            return False
        taken = self.submit(values, opens=True, accept=False, autosave=True)
        return taken is None or taken.entry is not self.entry

    def without_answers(self, values: forms.Values) -> Any:
        form = self.bound(values) if self.step.fixed_form else None
        if not self.has_form or self.has_fixed_page:
            return form, {}
        raw = values.unprepared(form)[0] if form is not None else values.named()
        return None, raw

    @once
    def valid(self) -> bool:
        return forms.validate(self.form)

    @property
    def errors(self) -> dict[str, list[str]]:
        """Why the form is not valid; some forms do not say."""
        return forms.errors_of(self.form) or {"": [forms.UNUSABLE]}

    @once
    def trusted(self) -> bool:
        """Would a commit take it? Once accepted, some steps are not asked again."""
        return not self._revalidates or self.valid

    @property
    def _revalidates(self) -> bool:
        return isinstance(self.step, Step) and self.step.revalidate

    @once
    def done(self) -> bool:
        """Accepted, and what it had read is unchanged or it still holds with that."""
        if self.entry is None or not self.entry.accepted:
            return False
        if not isinstance(self.step, Step):  # whose name a step had before
            return False
        if not self.stale:
            return True
        self.still_holds = self.trusted
        return self.still_holds

    still_holds = False
    """Was it found to hold still, although what it had read has changed?"""

    @property
    def stale(self) -> bool:
        """Was it accepted, and has something changed since that it had read?"""
        if self.entry is None or not self.entry.accepted:
            return False
        read = self.entry.read
        return self._digest(read.names) != read.digest

    def _digest(self, names: tuple[tuple[str, str], ...]) -> bytes:
        """Hash the form's fields, what it asks for and what these names stand for."""
        signature = forms.signature(self.form_class).digest
        if not (names or (self.applies and self.condition_reads)):
            return signature
        read = [*sorted(self.condition_reads), *names]
        return self.journey.digest(signature, read, before=self.position)

    @property
    def current_dependencies(self) -> StoredDependencies:
        """What it has read up to now, with a hash of that."""
        names = tuple(sorted(self.dependencies - self.condition_reads))
        return StoredDependencies(names, self._digest(names))

    def refresh_dependencies(self, entry: Entry) -> Entry:
        """The entry with what it reads now."""
        names = entry.read.names
        read = (
            self.current_dependencies
            if self._revalidates
            else StoredDependencies(names, self._digest(names))
        )
        return replace(entry, read=read)

    def submit(
        self, values: forms.Values, *, opens: bool, accept: bool, autosave: bool
    ) -> BoundStep | None:
        """This place as ``values`` make it; None if their names cannot be told."""
        place = BoundStep(self.journey, self.position, self.entry)
        place.condition_reads, place.dependencies = (
            self.condition_reads,
            self.dependencies,
        )
        if "applies" in self.__dict__:
            place.applies = self.applies
        if (sent := place.extract_values(values, opens=opens)) is None:
            return None
        kept, (raw, passwords) = self.entry or Entry(), sent
        if accept:
            place.entry = place._judged(kept, raw, passwords)
        elif raw == kept.raw and not _types_password(values, passwords):
            place.entry = kept
        else:
            place.entry = Entry.of(raw, rev=kept.rev, passwords=kept.passwords)
        if not autosave:
            errors = place.entry.errors if accept else {}
            place.entry = replace(place.entry, rev=kept.rev + 1, errors=errors)
        return place

    def extract_values(
        self, values: forms.Values, *, opens: bool
    ) -> tuple[Raw, Raw] | None:
        """The plain values and the passwords; the form of an open step is bound."""
        if opens:
            kept = self.entry.passwords if self.entry is not None else {}
            typed = _types_password(values, kept)
            self.form = self._with_secrets(values, {} if typed else kept)
            return forms.sent(self.form, values)
        if self.step.fixed_form is not None:
            return values.unprepared(self.bound(values))
        # Which form it is depends on answers that are not given now.
        return None if values.names is None else (values.named(), {})

    def _judged(self, kept: Entry, raw: Raw, passwords: Raw) -> Entry:
        if not self.valid:
            return Entry.of(raw, errors=self.errors, passwords=kept.passwords)
        return Entry.of(
            raw, accepted=True, read=self.current_dependencies, passwords=passwords
        )

    def record(self, reads: Dependencies) -> Record:
        """The answers given here, falsy if they do not count."""
        if not (self.applies and self.done):
            return no_record(self.step, reads)
        names = forms.signature(self.form_class).names
        return Record(self.step.name, names, self._all_values, reads)

    def serialize(self, field: str) -> bytes:
        """What was sent for a field, nested ones below it, as bytes to be hashed.

        The empty name stands for whether there is an answer at all, NAMES for which
        fields there are.
        """
        if field not in self._serialized:
            self._serialized[field] = self._serialize(field)
        return self._serialized[field]

    @once
    def _serialized(self) -> dict[str, bytes]:
        return {}

    def _serialize(self, field: str) -> bytes:
        if self.entry is None or not (self.applies and self.done):
            return b"absent"
        if not field:
            return b"present"
        if field == NAMES:
            return _encode(forms.signature(self.form_class).names)
        sent = {**self.entry.raw, **self.entry.passwords}
        name, separator = forms.html_name(self.form_class, field)
        inner = name + separator
        mine = [(n, sent[n]) for n in sorted(sent) if n == name or n.startswith(inner)]
        return _encode(mine)

    def _all_values(self) -> dict[str, object]:
        return self._values

    @once
    def _values(self) -> dict[str, object]:
        # Validators may change what a field holds. Commit sees the outcome, so
        # conditions and the review see it too.
        if self._revalidates:
            _ = self.valid
        return values_of(self.form)


def no_record(step: AnyStep, reads: Dependencies) -> Record:
    """What a reader gets of a step whose answers do not count, or not yet."""
    return Record(step.name, _field_names(step), None, reads)


def _field_names(step: AnyStep) -> tuple[str, ...] | None:
    form = step.fixed_form
    return forms.signature(form).names if form is not None else None


def _types_password(values: forms.Values, names: Iterable[str]) -> bool:
    """If none is typed, those that were accepted before count: all or none."""
    return any(text for name in names for text in values.getlist(name))


class Journey:
    """A wizard's steps as one draft meets them, walked only as far as asked."""

    def __init__(
        self,
        steps: Steps,
        draft: Draft,
        *,
        initial: Initial = lambda name: None,
    ) -> None:
        self.steps = steps
        self.draft = draft
        self.initial = initial
        # None stands for a step that is done by its entry alone, until it is asked for.
        self._walked: list[BoundStep | None] = []

    def __repr__(self) -> str:
        # Going on could run the application's code.
        return f"<Journey of {self.draft!r}, {len(self._walked)} steps met>"

    def _walk_to(self, position: int) -> bool:
        """Walk on until this step is met. False if the walk ends before it.

        It ends at the first applicable step that is not done, so a condition runs only
        when every applicable step before it is done.
        """
        walked, entries, signature = self._walked, self.draft.entries, forms.signature
        last = walked[-1] if walked else None
        for step in self.steps[len(walked) : position + 1]:
            if last is not None and last.applies and not last.done:
                return False
            form = step.plain_form
            entry = entries.get(step.name) if form is not None else None
            # A digest of the form alone: nothing was read that could have changed.
            if entry and entry.accepted and entry.read.digest == signature(form).digest:
                last = None
            else:
                last = self.place(len(walked))
            walked.append(last)
        return True

    def _walk(self) -> int:
        """Walk to the frontier. Returns how many steps were met."""
        _ = self.first_incomplete
        return len(self._walked)

    def _met(self, position: int) -> BoundStep:
        """The place of a step that was walked to."""
        place = self._walked[position]
        if place is None:
            place = self._walked[position] = self.place(position)
        return place

    def _applies(self, position: int) -> bool:
        place = self._walked[position]
        return place is None or place.applies

    def _first_applicable(self, positions: Iterable[int]) -> BoundStep | None:
        return next((self._met(p) for p in positions if self._applies(p)), None)

    def rev(self, step: AnyStep) -> int:
        entry = self.draft.entries.get(step.name)
        return entry.rev if entry is not None else 0

    def place(self, position: int) -> BoundStep:
        """A step as this draft meets it, be it open or not."""
        entry = self.draft.entries.get(self.steps[position].name)
        return BoundStep(self, position, entry)

    @property
    def path(self) -> tuple[BoundStep, ...]:
        """The applicable steps up to the frontier."""
        walked = range(self._walk())
        return tuple(self._met(p) for p in walked if self._applies(p))

    @property
    def first_incomplete(self) -> BoundStep | None:
        """The first applicable step that is not done; None when all are."""
        self._walk_to(len(self.steps))
        last = self._walked[-1]
        return last if last is not None and last.applies and not last.done else None

    @property
    def current(self) -> BoundStep:
        """Where the visitor goes on: the frontier, else the last applicable step."""
        if (place := self._first_applicable(reversed(range(self._walk())))) is not None:
            return place
        names = ", ".join(self.steps.names)
        raise DefinitionError(
            f"None of the steps {names} applies. At least one must, whatever the "
            "answers are."
        )

    def get(self, name: str) -> BoundStep | None:
        """The gate: the step's place, if every applicable step before it is done."""
        position = self.steps.positions.get(name)
        if position is None or not self._walk_to(position):
            return None
        return self._met(position) if self._applies(position) else None

    def previous(self, place: BoundStep) -> BoundStep | None:
        """The applicable step before one that opens."""
        return self._first_applicable(reversed(range(place.position)))

    def next(self, place: BoundStep) -> BoundStep | None:
        """The next applicable step after one that is done; None after the last."""
        later = range(place.position + 1, len(self.steps))
        return self._first_applicable(filter(self._walk_to, later))

    def progress(self, place: BoundStep) -> Progress:
        """Counted over applicable steps; no total while a later one is uncertain."""
        number = sum(map(self._applies, range(place.position + 1)))
        later = self.steps[place.position + 1 :]
        certain = all(step.when is None for step in later)
        return Progress(number, number + len(later) if certain else None)

    @property
    def hidden(self) -> tuple[BoundStep, ...]:
        """Steps with answers that do not count, since they do not apply."""
        self._walk()
        return tuple(p for p in self._walked if p and p.entry and not p.applies)

    def submit(
        self, step: Step, values: forms.Values, *, accept: bool, autosave: bool = False
    ) -> Journey:
        """The journey as it goes on with ``values`` sent for ``step``.

        With ``accept`` the values are validated and the step may become done, if it
        opens. Otherwise they are only kept, and a step that was done stays so while
        nothing changed.
        """
        if not step.has_form:
            bare = copy(self)
            bare.draft = self.draft.without(step.name)
            bare._walked = self._walked[: self.steps.positions[step.name]]
            if accept and (bound := bare.get(step.name)):
                bound.done = True
            return bare
        opens = self.get(step.name) is not None
        position = self.steps.positions[step.name]
        was_met = position < len(self._walked)
        place = self._met(position) if was_met else self.place(position)
        taken = place.submit(
            values, opens=opens, accept=accept and opens, autosave=autosave
        )
        if taken is None or taken.entry is None:
            return self
        walked = self._walked[:position]
        if was_met:
            walked.append(taken)
        onward = copy(self)
        onward.draft = self.draft.with_entries({step.name: taken.entry})
        onward._walked = walked
        return onward

    @property
    def answers_hash(self) -> str:
        """A hash of the answers on the path: is a review of them still true?

        Passwords count by their revision. They must not be guessed from a page.
        """
        sent = [
            (p.step.name, p.entry.raw, p.entry.rev if p.entry.passwords else 0)
            for p in self.path
            if p.entry is not None and isinstance(p.step, Step)
        ]
        return hashlib.blake2b(_encode(sent), digest_size=8).hexdigest()

    def to_draft(self) -> Draft:
        """The draft to store: steps that still hold have read what is true now."""
        refresh_dependencies = {
            place.step.name: place.refresh_dependencies(place.entry)
            for place in self._walked
            if place is not None and place.still_holds and place.entry is not None
        }
        return (
            self.draft.with_entries(refresh_dependencies)
            if refresh_dependencies
            else self.draft
        )

    def answers_before(self, position: int, reads: Dependencies) -> Answers:
        names = self.steps.names[:position]
        reader = f"The step {self.steps[position].name!r}"
        return self._answers(names, reader, reads)

    @property
    def answers(self) -> Answers:
        """The answers of all steps, for whoever looks at the whole."""
        names = tuple(step.name for step in self.steps if isinstance(step, Step))
        return self._answers(names, "The wizard", set())

    def _answers(
        self, names: tuple[str, ...], reader: str, reads: Dependencies
    ) -> Answers:
        def find(name: str) -> Record | None:
            position = self.steps.positions.get(name)
            if position is None or position >= len(names):
                return None
            if position >= len(self._walked):
                return no_record(self.steps[position], reads)
            return self._met(position).record(reads)

        return Answers(names, find, reader=reader)

    def digest(
        self, signature: bytes, names: Sequence[tuple[str, str]], *, before: int
    ) -> bytes:
        """Hash what ``names`` stand for in the steps before a position."""
        spelled = [self._serialized(step, field, before) for step, field in names]
        seen = [signature, names, spelled]
        return hashlib.blake2b(_encode(seen), digest_size=16).digest()

    def _serialized(self, step: str, field: str, before: int) -> bytes:
        position = self.steps.positions.get(step)
        # A deploy may have moved what was read behind its reader.
        if position is None or position >= min(before, len(self._walked)):
            return b"absent"
        return self._met(position).serialize(field)


_encode = msgspec.msgpack.encode
