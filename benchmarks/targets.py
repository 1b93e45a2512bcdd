"""Targets: what flask_wizard on SQLite is held to, and whether it gets there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from benchmarks.cells import (
    COMMIT,
    GET,
    POST,
    REVIEW,
    Cell,
    Figures,
    Results,
    counts_ratio,
    times_ratio,
)
from benchmarks.contenders import FLOOR, FORMTOOLS, SQLITE

Ratio = Callable[[Figures, Figures], float | None]
ROUNDED = 0.005  # a ratio is shown and judged with two digits


@dataclass(frozen=True)
class Verdict:
    """A target with what was measured: by time and, if counted, by instructions."""

    what: str
    limit: float
    at_least: bool
    time: float | None
    instructions: float | None
    unit: str = "x"

    @property
    def met(self) -> bool:
        """Time decides; instructions do where no time was taken."""
        measured = self.time if self.time is not None else self.instructions
        assert measured is not None
        if self.at_least:
            return measured > self.limit - ROUNDED
        return measured < self.limit + ROUNDED

    def __str__(self) -> str:
        limit = f"at {'least' if self.at_least else 'most'} {self.limit:g} {self.unit}"
        counted = ""
        if self.instructions is not None:
            counted = f", by instructions {self.instructions:.2f} {self.unit}"
        time = "not timed" if self.time is None else f"{self.time:.2f} {self.unit}"
        verdict = "met" if self.met else "MISSED"
        return f"{verdict:6}  {self.what}: {time}{counted} ({limit})"


def verdicts(results: Results, import_seconds: float | None) -> Iterator[Verdict]:
    """Judge every target of which enough was measured."""
    plain = [cell for cell in results if not cell.conditions]
    twenty = [cell for cell in plain if cell.steps == 20]
    reading = [cell for cell in results if cell.conditions]
    for kind in (POST, GET):
        yield from _worst(results, kind, plain, FLOOR, limit=1.25)
    for kind in (POST, GET, REVIEW, COMMIT):
        yield from _worst(results, kind, twenty, FORMTOOLS, limit=2, at_least=True)
    for kind in (POST, GET, REVIEW, COMMIT):
        yield from _worst(results, kind, reading, FORMTOOLS, limit=1, at_least=True)
    for steps, limit in ((50, 1.10), (200, 1.4)):
        for kind in (POST, GET):
            yield from _growth(results, kind, steps, limit)
    if import_seconds is not None:
        what = "importing the package adds"
        yield Verdict(what, 60, False, import_seconds * 1000, None, unit="ms")


def _worst(
    results: Results,
    kind: str,
    cells: Iterable[Cell],
    other: str,
    *,
    limit: float,
    at_least: bool = False,
) -> Iterator[Verdict]:
    """SQLite against another contender, in the cell of this kind that is worst."""
    found = []
    for cell in cells:
        if cell.kind == kind and {SQLITE, other} <= results[cell].keys():
            ours, theirs = results[cell][SQLITE], results[cell][other]
            pair = (theirs, ours) if at_least else (ours, theirs)
            what = _against(cell, other)
            found.append(
                Verdict(what, limit, at_least, times_ratio(*pair), counts_ratio(*pair))
            )
    measured = [v for v in found if v.time is not None or v.instructions is not None]
    if measured:
        choose = min if at_least else max
        yield choose(measured, key=lambda v: v.time or v.instructions or 0)


def _against(cell: Cell, other: str) -> str:
    if other == FLOOR:
        return f"{cell}, over the floor, worst of all lengths"
    worst = "worst of all lengths" if cell.conditions else "worst at 20 steps"
    return f"{cell}, as fast as formtools, {worst}"


def _growth(results: Results, kind: str, steps: int, limit: float) -> Iterator[Verdict]:
    """The last step against the second, each first over the floor of its own rounds.

    The floor is the same at every step, so what the machine did meanwhile cancels out.
    """
    late = results.get(Cell(kind, steps, steps, False), {})
    early = results.get(Cell(kind, 2, steps, False), {})
    if not ({SQLITE, FLOOR} <= late.keys() and {SQLITE, FLOOR} <= early.keys()):
        return
    time, instructions = (
        _quotient(ratio(late[SQLITE], late[FLOOR]), ratio(early[SQLITE], early[FLOOR]))
        for ratio in (times_ratio, counts_ratio)
    )
    if time is not None or instructions is not None:
        what = f"{kind.upper()} step {steps} of {steps}, over step 2 of {steps}"
        yield Verdict(what, limit, False, time, instructions)


def _quotient(late: float | None, early: float | None) -> float | None:
    return late / early if late is not None and early is not None else None
