"""Task lists: sections of a wizard that a visitor fills in in any order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, Literal, NamedTuple, Self

from .answers import Dependencies, Shown, Suspended
from .draft import Draft, Path
from .journey import Journey, Progress
from .steps import AnyStep, BoundStep, Span

TASKS = "tasks"
"""The name in URLs of the page that lists the tasks."""

TaskState = Literal["not-started", "in-progress", "completed", "cannot-start"]


@dataclass(frozen=True)
class Task:
    """A section of a wizard, or a step without one, as it stands in one draft."""

    #: The section, or the title of the step.
    title: str
    state: TaskState
    #: The page where the visitor goes on, or begins to look at what is completed.
    #: ``None`` while the task cannot start.
    page: BoundStep | None
    #: The titles of the tasks that it waits for. It may have begun all the same.
    waits_for: Sequence[str] = ()
    #: True if the visitor has come to an Exit, so that it cannot be completed.
    ends: bool = False


class TaskProgress(NamedTuple):
    """How many tasks are completed, of how many."""

    number: int
    total: int

    @property
    def text(self) -> str:
        """The progress in words."""
        return f"{self.number} of {self.total} tasks completed"


class TaskJourney(Journey):
    """The steps of a task list bound to one draft.

    A step opens if every applicable step before it in its own task is done, and every
    step that it reads, of whatever task. A task that has not begun opens only if this
    holds for what all its steps read, as far as that can be told. All that do not open
    have the names of the steps that they wait for. They read steps before them only, so
    none waits for itself.
    """

    home: ClassVar[str] = TASKS

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        # The first positions of the tasks of which it is known whether they may begin.
        self._settled: frozenset[int] = frozenset()
        # The position of the step that was submitted last.
        self._sent = len(self.steps)

    # The walk

    def _reach(self, position: int) -> BoundStep | None:
        """Walk on to a step and return it, whether it opens or not. None at the end."""
        if position == len(self.steps):
            self._walk_to(position)
            return None
        span = self.steps.task_at[position]
        self._walk_to(span.behind)
        self._settle(span)
        return self._met(position)

    def _walk_to(self, behind: int) -> None:
        while len(self._walked) < behind:
            self._walked.append(self._bind_next())

    def _bind_next(self) -> BoundStep | None:
        """Return the next step. None if its entry alone tells that it is done."""
        at = len(self._walked)
        step, span = self.steps[at], self.steps.task_at[at]
        entry = self.draft.entries.get(step.name)
        if step.lists_answers:
            waits_for = self._undone(0, at)
        else:
            waits_for = self._undone(span.first, at, passing=True)[:1]
        if not waits_for:
            digest = entry.read_digest if entry is not None and entry.accepted else None
            plain = digest is not None and digest == self.signatures.plain[at]
            self._plain += plain and at == self._plain
            if plain:
                return None
            try:
                bound = step.bind(self, at, entry, reached=True)
                if self.prefilled and bound.applies:
                    bound = bound.prefill()
                _ = bound.applies and bound.done  # which may have to read again
                waits_for = self._missing_of(bound.all_reads, at)
            except Suspended as suspended:
                waits_for = (suspended.step,)
            if not waits_for:
                return bound
        bound = step.bind(self, at, entry, reached=False)
        bound.wait_for(waits_for)
        return bound

    def _is_undone(self, bound: BoundStep | None) -> bool:
        """True if a step that was met applies, as far as is known, and is not done."""
        if bound is None:
            return False
        return bool(bound.waits_for) or (bound.applies and not bound.done)

    def _undone(
        self, first: int, behind: int, *, passing: bool = False
    ) -> tuple[str, ...]:
        """Return the names of the steps that are not done, of those met.

        With ``passing`` those are left out that somebody else fills in.
        """
        passed = self.passable if passing else ()
        met = filter(self._is_undone, self._walked[first:behind])
        names = (bound.name for bound in met if bound is not None)
        return tuple(name for name in names if name not in passed)

    def _missing_of(self, reads: Iterable[Path], before: int) -> tuple[str, ...]:
        """Return which of these were read of steps that are not done."""
        names = {path[0] for path in reads}
        if not names:
            return ()
        return tuple(name for name in self._undone(0, before) if name in names)

    def _settle(self, span: Span) -> None:
        """Have a task that has not begun wait for all that its steps read."""
        if span.first in self._settled or self.steps[span.first].lists_answers:
            return
        self._settled |= {span.first}
        walked = self._walked[span.first : span.behind]
        undone = [bound for bound in walked if bound and self._is_undone(bound)]
        if not undone or undone[0].waits_for or undone[0].step.ends:
            return
        first, *later = undone
        waits_for = self._waits_of(first, first, span)
        if not any(bound is None or bound.done for bound in walked):
            for bound in later:
                waits_for += self._waits_of(bound, first, span)
        if waits_for:
            first.wait_for(tuple(dict.fromkeys(waits_for)))

    def _waits_of(
        self, bound: BoundStep, first: BoundStep, span: Span
    ) -> tuple[str, ...]:
        """Return the steps of other tasks that a step reads and that are not done.

        Those before it in its own task need not be done for that: a function that
        reads one of them stops there.
        """
        at, missing = bound.position, self._undone(0, span.first)
        if not missing:
            return ()
        try:
            if bound is not first:
                entry = self.draft.entries.get(bound.name)
                bound = bound.step.bind(self, at, entry, reached=True)
            found = bound.find_reads() if bound.applies else bound.all_reads
        except Suspended as suspended:
            return (suspended.step,) if suspended.step in missing else ()
        except Exception:  # the step's own page shows it, or fails with it
            return ()
        names = {path[0] for path in found}
        return tuple(name for name in missing if name in names)

    def read(self, name: str, before: int, reads: Dependencies) -> Any:
        """Return the answers of a step as a reader behind it gets them.

        Raise Suspended if it is not done, unless a page is to show what there is.
        """
        at = self.steps.positions.get(name, before)
        if at >= before or not self.steps[at].has_answers:
            return None
        self._walk_to(at + 1)
        bound = self._walked[at] or self._met(at)
        if self._is_undone(bound):
            if isinstance(reads, Shown):
                return self.steps[at].no_answers(reads, self.inside)
            reads.add((name, ""))
            raise Suspended(name)
        return bound.record(reads)

    def go_on_with(self, after: BoundStep, draft: Draft) -> Self:
        """Return the journey as it goes on with another state of one of its steps."""
        at = after.position
        was = self._walked[at] if at < len(self._walked) else None
        if was is not None and was.waits_for:
            after.wait_for(was.waits_for)
        onward = super().go_on_with(after, draft)
        onward._settled = frozenset(first for first in self._settled if first <= at)
        onward._sent = at
        return onward

    # Where the visitor is

    @property
    def path(self) -> tuple[BoundStep, ...]:
        """The applicable steps that open."""
        return tuple(b for b in self.met if b.applies and not b.waits_for)

    def _open_ends(self) -> Iterator[BoundStep]:
        """Yield the first step of each task that is not done and opens.

        Those that somebody else fills in are left out, and so is the review.
        """
        self.walk()
        spans = dict.fromkeys(self.steps.task_at)
        for span in spans:
            self._settle(span)
            for bound in self._walked[span.first : span.behind]:
                if bound is None or bound.step.lists_answers:
                    continue
                if self._is_undone(bound) and not self._is_awaited(bound):
                    if not bound.waits_for:
                        yield bound
                    break

    @property
    def first_incomplete(self) -> BoundStep | None:
        """The first step that is not done and opens, or the review."""
        found = next(self._open_ends(), None)
        if found is not None:
            return found
        review = self._met(len(self.steps) - 1)
        return None if review.done else review

    @property
    def incomplete(self) -> Sequence[tuple[BoundStep, Span]]:
        """The steps where the visitor can go on, each with its task."""
        spans = self.steps.task_at
        return [(bound, spans[bound.position]) for bound in self._open_ends()]

    @property
    def leads_to(self) -> BoundStep | None:
        """The next step of the task that was submitted last."""
        if self._sent >= len(self.steps):
            return None
        span = self.steps.task_at[self._sent]
        self._walk_to(span.behind)
        met = self._walked[span.first : span.behind]
        undone = (bound for bound in met if bound and self._is_undone(bound))
        return next(undone, None)

    @property
    def current(self) -> BoundStep:
        """The first step that is not done and opens, or else the review."""
        return self.first_incomplete or self._met(len(self.steps) - 1)

    def instead_of(self, name: str) -> BoundStep | None:
        """Return the first open step of the same task, if it has one."""
        span = self.steps.task_at[self.steps.positions[name]]
        for position in range(*span):
            bound = self._reach(position)
            if bound is not None and self._is_undone(bound):
                return bound if not (bound.waits_for or bound.name == name) else None
        return None

    def previous(self, bound: BoundStep) -> BoundStep | None:
        """Return the applicable step before one in its task."""
        first = self.steps.task_at[bound.position].first
        met = map(self._met, reversed(range(first, bound.position)))
        return next((each for each in met if each.applies), None)

    def next(self, bound: BoundStep) -> BoundStep | None:
        """Return the next step of the task that opens; None at its end.

        Steps that somebody else has yet to fill in are left out.
        """
        behind = self.steps.task_at[bound.position].behind
        for position in range(bound.position + 1, behind):
            later = self._reach(position)
            if later is None or not later.applies or self._is_awaited(later):
                continue
            return None if later.waits_for else later
        return None

    def progress(self, bound: BoundStep, *, from_review: bool = False) -> Progress:
        """Return the number of a step that opens among those of its task."""
        first, behind = self.steps.task_at[bound.position]
        met = map(self._met, range(first, bound.position))
        number = 1 + sum(each.applies for each in met)
        later = self.steps[bound.position + 1 : behind]
        is_certain = not any(step.may_be_left_out for step in later)
        if is_certain and not bound.step.ends:
            return Progress(number, number + len(later))
        if not from_review or self._undone(first, behind):
            return Progress(number, None)
        return Progress(number, sum(self._met(n).applies for n in range(first, behind)))

    def shown_progress(
        self, bound: BoundStep, *, from_review: bool = False
    ) -> Progress | None:
        """Return the progress in the task; None for a step that is a task alone."""
        first, behind = self.steps.task_at[bound.position]
        if behind - first == 1:
            return None
        return self.progress(bound, from_review=from_review)

    def steps_beside(self, bound: BoundStep) -> range:
        """Return the positions of the steps of a step's task."""
        return range(*self.steps.task_at[bound.position])

    @property
    def overall(self) -> str:
        """How many tasks are completed, in words."""
        return self.tasks_done.text

    @property
    def open_review(self) -> BoundStep | None:
        """The review, if all tasks are completed."""
        self.walk()
        review = self._met(len(self.steps) - 1)
        return None if review.waits_for else review

    @property
    def missing(self) -> tuple[AnyStep, ...]:
        """The steps that are still to be done, as far as that is known."""
        return tuple(
            bound.step
            for bound in self.met
            if self._is_undone(bound)
            if not (bound.step.lists_answers or bound.step.ends)
            if not (bound.waits_for and bound.step.may_be_left_out)
        )

    # The tasks

    @property
    def tasks(self) -> Sequence[Task]:
        """The tasks in order, without the review and those that do not apply."""
        self.walk()
        spans = [*dict.fromkeys(self.steps.task_at)][:-1]
        return [task for span in spans if (task := self._task(span)) is not None]

    @property
    def tasks_done(self) -> TaskProgress:
        """How many tasks are completed."""
        states = [task.state for task in self.tasks]
        return TaskProgress(states.count("completed"), len(states))

    def _task(self, span: Span) -> Task | None:
        """Return a task; None if it does not apply, or is an Exit that may not."""
        self._settle(span)
        found = (self._met(n) for n in range(*span))
        steps = [bound for bound in found if bound.applies]
        if not steps or all(bound.step.ends and bound.waits_for for bound in steps):
            return None
        title = self._title_of(span)
        stops = next((bound for bound in steps if self._is_undone(bound)), None)
        if stops is None:
            return Task(title, "completed", steps[0])
        opened = [bound for bound in steps if not bound.waits_for]
        has_begun = any(bound.done or bound.submitted is not None for bound in opened)
        waits = [self.steps.task_at[self.steps.positions[n]] for n in stops.waits_for]
        titles = [*map(self._title_of, dict.fromkeys(waits))]
        if not has_begun:
            state: TaskState = "cannot-start" if titles else "not-started"
            return Task(
                title, state, None if titles else stops, titles, stops.step.ends
            )
        page = opened[0] if titles else stops
        return Task(title, "in-progress", page, titles, stops.step.ends)

    def _title_of(self, span: Span) -> str:
        step = self.steps[span.first]
        return step.section or step.title
