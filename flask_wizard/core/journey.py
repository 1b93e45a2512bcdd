"""Journey: one draft walked through one wizard. A pure fold over steps and draft."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from copy import copy
from dataclasses import dataclass
from functools import partial
from typing import Any

from ..errors import DefinitionError
from .answers import Answers, Dependencies
from .draft import Draft
from .forms import Values
from .steps import BoundStep, Steps, encode

Initial = Callable[[str], object]
"""Gives the initial data of a step that was never submitted, by the step's name."""


@dataclass(frozen=True)
class Progress:
    """Where a step is on the path. ``total`` is None while it may change."""

    number: int
    total: int | None

    @property
    def text(self) -> str:
        """The progress in words."""
        return f"Step {self.number}" + (f" of {self.total}" if self.total else "")


class Journey:
    """A wizard's steps bound to one draft, walked only as far as asked."""

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
        when every applicable step before it is done. The position behind the last step
        is met when all are done.
        """
        walked, steps, entries = self._walked, self.steps, self.draft.entries
        last = walked[-1] if walked else None
        for at in range(len(walked), position + 1):
            if last is not None and last.applies and not last.done:
                return False
            if at == len(steps):
                return True
            step = steps[at]
            plain = step.plain_digest
            entry = entries.get(step.name) if plain is not None else None
            if entry is not None and entry.accepted and entry.read.digest == plain:
                last = None
            else:
                last = step.bind(self, at, reached=True)
            walked.append(last)
        return True

    def _walk(self) -> int:
        """Walk as far as it goes, and return how many steps were met."""
        self._walk_to(len(self.steps))
        return len(self._walked)

    def _met(self, position: int) -> BoundStep:
        """Return a step that was walked to."""
        bound = self._walked[position]
        if bound is None:
            bound = self.steps[position].bind(self, position, reached=True)
            self._walked[position] = bound
        return bound

    def _last_applicable(self, before: int) -> BoundStep | None:
        met = map(self._met, reversed(range(before)))
        return next((bound for bound in met if bound.applies), None)

    def bind(self, name: str) -> BoundStep:
        """Return a step bound to the draft, whether it opens or not."""
        position = self.steps.positions[name]
        if self._walk_to(position):
            return self._met(position)
        return self.steps[position].bind(self, position, reached=False)

    @property
    def path(self) -> tuple[BoundStep, ...]:
        """The applicable steps up to the first that is not done."""
        met = map(self._met, range(self._walk()))
        return tuple(bound for bound in met if bound.applies)

    @property
    def first_incomplete(self) -> BoundStep | None:
        """The first applicable step that is not done; None when all are."""
        return None if self._walk_to(len(self.steps)) else self._walked[-1]

    @property
    def current(self) -> BoundStep:
        """Where the visitor goes on: the first incomplete step, or else the last."""
        if (bound := self._last_applicable(self._walk())) is not None:
            return bound
        names = ", ".join(self.steps.names)
        raise DefinitionError(
            f"None of the steps {names} applies. At least one must, whatever the "
            "answers are."
        )

    def get(self, name: str) -> BoundStep | None:
        """Return the step if it applies and every applicable step before it is done."""
        position = self.steps.positions.get(name)
        if position is None or not self._walk_to(position):
            return None
        bound = self._met(position)
        return bound if bound.applies else None

    def previous(self, bound: BoundStep) -> BoundStep | None:
        """Return the applicable step before one that opens."""
        return self._last_applicable(bound.position)

    def next(self, bound: BoundStep) -> BoundStep | None:
        """Return the next applicable step after one that is done, if there is one."""
        for position in range(bound.position + 1, len(self.steps)):
            if not self._walk_to(position):
                return None
            if (later := self._met(position)).applies:
                return later
        return None

    def progress(self, bound: BoundStep) -> Progress:
        """Count the applicable steps; no total while a later one is uncertain."""
        walked = self._walked[: bound.position + 1]
        number = sum(step is None or step.applies for step in walked)
        later = self.steps[bound.position + 1 :]
        certain = all(step.when is None for step in later)
        return Progress(number, number + len(later) if certain else None)

    @property
    def hidden(self) -> tuple[BoundStep, ...]:
        """Steps with answers that do not count, since they do not apply."""
        self._walk()
        hidden = (b for b in self._walked if b is not None and not b.applies)
        return tuple(b for b in hidden if b.submitted is not None)

    def submit(
        self,
        step: str | BoundStep,
        values: Values,
        *,
        validate: bool,
        autosave: bool = False,
    ) -> Journey:
        """Return the journey as it goes on with ``values`` sent for a step.

        With ``validate`` the step may become done, if it opens. Otherwise the values
        are only kept, and a step that was done stays so while nothing changed.
        """
        bound = self.bind(step) if isinstance(step, str) else step
        after = bound.submit(values, validate=validate, autosave=autosave)
        if after is None:
            return self
        was_met = bound.position < len(self._walked)
        onward = copy(self)
        onward.draft = after.write_to(self.draft)
        onward._walked = self._walked[: bound.position] + [after] * was_met
        return onward

    @property
    def answers_hash(self) -> str:
        """A hash of the answers on the path: is a review of them still true?"""
        pairs = ((bound.name, bound.submitted) for bound in self.path)
        sent = [(name, submitted) for name, submitted in pairs if submitted is not None]
        return hashlib.blake2b(encode(sent), digest_size=8).hexdigest()

    def to_draft(self) -> Draft:
        """Return the draft to store, with what steps that were judged anew read now."""
        draft = self.draft
        for bound in self._walked:
            if bound is not None and bound.still_holds:
                draft = bound.refresh_dependencies(draft)
        return draft

    def answers_before(self, position: int, reads: Dependencies) -> Answers:
        """Return the answers before a position. What is read is added to ``reads``."""
        reader = f"The step {self.steps[position].name!r}"
        return self._answers(position, reader, reads)

    @property
    def answers(self) -> Answers:
        """The answers of all steps, for whoever looks at the whole."""
        return self._answers(len(self.steps), "The wizard", set())

    def _answers(self, before: int, reader: str, reads: Dependencies) -> Answers:
        def find(name: str) -> Any:
            position = self.steps.positions.get(name, before)
            if position >= before or not self.steps[position].has_answers:
                return None
            if position >= len(self._walked):
                return self.steps[position].no_answers(reads)
            return self._met(position).record(reads)

        return Answers(partial(self.steps.readable, before), find, reader)

    def digest(
        self, signature: bytes, names: Sequence[tuple[str, str]], *, before: int
    ) -> bytes:
        """Hash a signature, and what ``names`` stand for in the steps before."""
        met = min(before, len(self._walked))
        read = []
        for step, field in names:
            # A deploy may have moved what was read behind its reader.
            position = self.steps.positions.get(step, met)
            there = position < met
            read.append(self._met(position).serialize(field) if there else b"absent")
        whole = encode([signature, names, read])
        return hashlib.blake2b(whole, digest_size=16).digest()
