"""Journey: one draft walked through one wizard. A pure fold over steps and draft."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import takewhile
from typing import cast

import msgspec
from msgspec.structs import replace
from wtforms import Form

from . import forms
from .answers import Answers, Reads, Record, values_of
from .draft import Draft, Entry, Raw, Read
from .errors import DefinitionError
from .steps import AnyStep, Step

Initial = Callable[[str], object]
"""Gives the initial data of a step that was never submitted, by the step's name."""


@dataclass(frozen=True)
class Progress:
    """Where a step stands; ``total`` if it is the same on every path still open."""

    number: int
    total: int | None

    @property
    def text(self) -> str:
        return f"Step {self.number}" + (f" of {self.total}" if self.total else "")


class Place:
    """One step as this draft meets it: does it apply, is it done, what is its form.

    Everything is found out on demand and once, so that no request builds or
    validates a form twice. ``reads`` collects what is read on the way.
    """

    def __init__(self, journey: Journey, step: AnyStep, entry: Entry | None) -> None:
        self.journey = journey
        self.step = step
        self.entry = entry
        self.reads: Reads = set()

    @cached_property
    def answers(self) -> Answers:
        return self.journey.answers_before(self.step, self.reads)

    @cached_property
    def applies(self) -> bool:
        return self.step.when is None or bool(self.step.when(self.answers))

    @cached_property
    def form_class(self) -> type[Form]:
        if not isinstance(self.step, Step):
            raise TypeError(f"{self.step.name!r} is a review and has no form.")
        if self.has_form_class:  # most have, and need no answers for it
            return cast(type[Form], self.step.form)
        return self.step.form_class(self.answers)

    @cached_property
    def form(self) -> Form:
        """The form bound to what was sent, or fresh with its initial data."""
        if self.entry is None:
            return self.prepared(self.bound(None, initial=self.initial))
        values = forms.Values({**self.entry.raw, **self.entry.passwords})
        return self.prepared(self.bound(values))

    @cached_property
    def initial(self) -> object:
        return self.journey.initial(self.step.name)

    def bound(self, values: forms.Values | None, *, initial: object = None) -> Form:
        meta = {"answers": self.answers}
        return forms.bind(self.form_class, values, meta=meta, initial=initial)

    def prepared(self, form: Form) -> Form:
        if isinstance(self.step, Step) and self.step.prepare is not None:
            self.step.prepare(form, self.answers)
        return form

    @cached_property
    def valid(self) -> bool:
        return forms.validate(self.form)

    @property
    def errors(self) -> dict[str, list[str]]:
        """Why the form is not valid; some forms do not say."""
        return forms.errors_of(self.form) or {"": [forms.UNUSABLE]}

    @cached_property
    def trusted(self) -> bool:
        """Would a commit take it? Once accepted, some steps are not asked again."""
        return not self._revalidates or self.valid

    @property
    def _revalidates(self) -> bool:
        return isinstance(self.step, Step) and self.step.revalidate

    @cached_property
    def done(self) -> bool:
        """Accepted, and what it had read is unchanged or it still holds with that."""
        if not isinstance(self.step, Step) or self.entry is None:
            return False
        return self.entry.accepted and (not self.stale or self.trusted)

    @cached_property
    def stale(self) -> bool:
        """Was it accepted, and has something changed since that it had read?"""
        if self.entry is None or not self.entry.accepted:
            return False
        return self._digest(self.entry.read.names) != self.entry.read.digest

    def _digest(self, names: tuple[tuple[str, str], ...]) -> bytes:
        return self.journey.digest(names, self.form_class)

    @property
    def reading(self) -> Read:
        """What it has read up to now, with a hash of that."""
        names = tuple(sorted(self.reads))
        return Read(names, self._digest(names))

    def reread(self) -> Entry | None:
        """The entry with what it reads now, if that changed and it is still done."""
        if self.entry is None or not self.__dict__.get("stale") or not self.done:
            return None
        names = self.entry.read.names
        read = self.reading if self._revalidates else Read(names, self._digest(names))
        return replace(self.entry, read=read)

    def taking(
        self, values: forms.Values, *, opens: bool, accept: bool, autosave: bool
    ) -> Place | None:
        """This place as ``values`` make it; None if their names cannot be told."""
        kept = self.entry or Entry()
        place = Place(self.journey, self.step, kept)
        place.reads = self.reads
        if "applies" in self.__dict__:
            place.applies = self.applies
        if opens or place.has_form_class:
            form = place.bound(_with_kept_passwords(values, kept))
            place.form = place.prepared(form) if opens else form
            raw, passwords = forms.sent(form, values)
        elif (named := values.named()) is not None:
            # Which form it is depends on answers that are not given now.
            raw, passwords = named, {}
        else:
            return None
        if accept:
            place.entry = place._judged(kept, raw, passwords)
        elif raw == kept.raw and not _types_password(values, passwords):
            place.entry = kept
        else:
            place.entry = Entry(raw, kept.rev, passwords=kept.passwords)
        if not autosave:
            errors = place.entry.errors if accept else {}
            place.entry = replace(place.entry, rev=kept.rev + 1, errors=errors)
        return place

    @property
    def has_form_class(self) -> bool:
        """Is the form the same whatever the answers are?"""
        return isinstance(self.step, Step) and isinstance(self.step.form, type)

    def _judged(self, kept: Entry, raw: Raw, passwords: Raw) -> Entry:
        if not self.valid:
            return Entry(raw, errors=self.errors, passwords=kept.passwords)
        return Entry(raw, accepted=True, read=self.reading, passwords=passwords)

    def record(self, reads: Reads) -> Record:
        """The answers given here, falsy if they do not count."""
        if not (self.applies and self.done):
            return no_record(self.step, reads)
        names = forms.field_names(self.form_class)
        return Record(self.step.name, names, lambda: self._values, reads)

    @cached_property
    def _values(self) -> dict[str, object]:
        # Validators may change what a field holds. Commit sees the outcome, so
        # conditions and the review see it too.
        if self._revalidates:
            _ = self.valid
        return values_of(self.form)


def no_record(step: AnyStep, reads: Reads) -> Record:
    """What a reader gets of a step whose answers do not count, or not yet."""
    return Record(step.name, _field_names(step), None, reads)


def _field_names(step: AnyStep) -> tuple[str, ...] | None:
    form = step.form if isinstance(step, Step) else None
    return forms.field_names(form) if isinstance(form, type) else None


def _with_kept_passwords(values: forms.Values, kept: Entry) -> forms.Values:
    """Passwords left blank are those that were accepted before; all or none."""
    if _types_password(values, kept.passwords):
        return values
    return forms.Values({**values, **kept.passwords})


def _types_password(values: forms.Values, names: Iterable[str]) -> bool:
    return any(text for name in names for text in values.getlist(name))


class Journey:
    """A wizard's steps as one draft meets them, walked only as far as asked."""

    def __init__(
        self,
        steps: Sequence[AnyStep],
        draft: Draft,
        *,
        initial: Initial = lambda name: None,
        walked: Mapping[str, Place] | None = None,
    ) -> None:
        self.steps = steps
        self.draft = draft
        self.initial = initial
        self._places = dict(walked or {})

    def __repr__(self) -> str:
        return f"<Journey of {self.draft!r} to {self.stand.step.name!r}>"

    def walk(self) -> Iterator[Place]:
        """Each step in order, up to the first applicable one that is not done.

        A condition runs only when every applicable step before it is done.
        """
        for step in self.steps:
            if step.name not in self._places:
                entry = self.draft.entries.get(step.name)
                self._places[step.name] = Place(self, step, entry)
            place = self._places[step.name]
            yield place
            if place.applies and not place.done:
                return

    @property
    def path(self) -> tuple[Place, ...]:
        """The applicable steps up to the frontier."""
        return tuple(place for place in self.walk() if place.applies)

    @property
    def frontier(self) -> Place | None:
        """The first applicable step that is not done; None when all are."""
        return next((p for p in self.walk() if p.applies and not p.done), None)

    @property
    def stand(self) -> Place:
        """Where the visitor goes on: the frontier, else the last applicable step."""
        if not (path := self.path):
            raise DefinitionError(
                f"None of the steps {', '.join(self._names)} applies. At least one "
                "must, whatever the answers are."
            )
        return path[-1]

    def opens(self, name: str) -> Place | None:
        """The gate: the step's place, if every applicable step before it is done."""
        for place in self.walk():
            if place.step.name == name:
                return place if place.applies else None
        return None

    def before(self, place: Place) -> Place | None:
        """The applicable step before one that opens."""
        earlier = None
        for other in self.walk():
            if other.step is place.step:
                break
            earlier = other if other.applies else earlier
        return earlier

    def after(self, place: Place) -> Place | None:
        """The next applicable step after one that is done; None after the last."""
        passed = False
        for other in self.walk():
            if passed and other.applies:
                return other
            passed = passed or other.step is place.step
        return None

    def progress(self, place: Place) -> Progress:
        """Counted over applicable steps; no total while a later one is uncertain."""
        position = self.steps.index(place.step)
        met = [self._places[step.name] for step in self.steps[: position + 1]]
        number = sum(other.applies for other in met)
        later = self.steps[position + 1 :]
        certain = all(step.when is None for step in later)
        return Progress(number, number + len(later) if certain else None)

    @property
    def hidden(self) -> tuple[Place, ...]:
        """Steps with answers that do not count, since they do not apply."""
        return tuple(p for p in self.walk() if p.entry is not None and not p.applies)

    def submit(
        self, step: Step, values: forms.Values, *, accept: bool, autosave: bool = False
    ) -> Journey:
        """The journey as it goes on with ``values`` sent for ``step``.

        With ``accept`` the values are validated and the step may become done, if it
        opens. Otherwise they are only kept, and a step that was done stays so while
        nothing changed.
        """
        opens = self.opens(step.name) is not None
        met = self._places.get(step.name)
        place = met or Place(self, step, self.draft.entries.get(step.name))
        taken = place.taking(
            values, opens=opens, accept=accept and opens, autosave=autosave
        )
        if taken is None or taken.entry is None:
            return self
        walked = dict(takewhile(lambda p: p[0] != step.name, self._places.items()))
        if met is not None:
            walked[step.name] = taken
        draft = self.draft.with_entries({step.name: taken.entry})
        return Journey(self.steps, draft, initial=self.initial, walked=walked)

    @property
    def seen(self) -> str:
        """A hash of the answers on the path: is a review of them still true?

        Passwords count by their revision. They must not be guessed from a page.
        """
        sent = [
            (p.step.name, p.entry.raw, p.entry.rev if p.entry.passwords else 0)
            for p in self.path
            if p.entry is not None and isinstance(p.step, Step)
        ]
        return hashlib.blake2b(_encode(sent), digest_size=8).hexdigest()

    def settled(self) -> Draft:
        """The draft to store: steps that still hold have read what is true now."""
        reread = {p.step.name: entry for p in self.met if (entry := p.reread())}
        return self.draft.with_entries(reread)

    @property
    def met(self) -> tuple[Place, ...]:
        """The places looked at so far."""
        return tuple(self._places.values())

    def answers_before(self, step: AnyStep, reads: Reads) -> Answers:
        names = self._names[: self.steps.index(step)]
        reader = f"The step {step.name!r}"
        return Answers(names, self._record, reader=reader, reads=reads)

    @property
    def answers(self) -> Answers:
        """The answers of all steps, for whoever looks at the whole."""
        return Answers(self._names, self._record, reader="The wizard", reads=set())

    @cached_property
    def _names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps if isinstance(step, Step))

    def _record(self, name: str, reads: Reads) -> Record:
        if name in self._places:
            return self._places[name].record(reads)
        step = next(step for step in self.steps if step.name == name)
        return no_record(step, reads)

    def digest(self, names: Iterable[tuple[str, str]], form_class: object) -> bytes:
        """Hash a form's fields and what these names stand for at this moment."""
        seen = [forms.fingerprint(form_class)]
        seen += [self._seen(step, field) for step, field in names]
        return hashlib.blake2b(_encode(seen), digest_size=16).digest()

    def _seen(self, step: str, field: str) -> bytes:
        place = self._places.get(step)
        if place is None or place.entry is None or not (place.applies and place.done):
            return b"absent"
        if not field:
            return b"present"
        sent = {**place.entry.raw, **place.entry.passwords}
        name, separator = forms.html_name(place.form_class, field)
        inner = name + separator
        mine = [(n, sent[n]) for n in sorted(sent) if n == name or n.startswith(inner)]
        return _encode(mine)


_encode = msgspec.msgpack.encode
