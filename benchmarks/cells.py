"""Cells: what is measured, of whom, and what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from statistics import median, quantiles

POST, GET, REVIEW, COMMIT = "post", "get", "review", "commit"
KINDS = (POST, GET, REVIEW, COMMIT)


@dataclass(frozen=True)
class Cell:
    """One kind of request. ``step`` counts from 1; None at the check page."""

    kind: str
    step: int | None
    steps: int
    conditions: bool

    @property
    def point(self) -> str:
        """Where the visitor stands; see ``benchmarks.walk.points``."""
        return "check" if self.step is None else f"step{self.step}"

    @property
    def row(self) -> str:
        """What a worker calls it."""
        return f"{self.kind}@{self.point}"

    def __str__(self) -> str:
        what = {POST: "POST step", GET: "GET step"}.get(self.kind, self.kind)
        where = f" {self.step} of" if self.step else ", steps:"
        reads = ", reading all" if self.conditions else ""
        return f"{what}{where} {self.steps}{reads}"


def cells_of(
    steps: int, conditions: bool, *, kinds: Sequence[str] = KINDS
) -> Iterator[Cell]:
    """Every cell of one setting. Steps are measured at the second and at the last."""
    for kind in kinds:
        numbers = (2, steps) if kind in (POST, GET) else (None,)
        for step in numbers:
            yield Cell(kind, step, steps, conditions)


@dataclass
class Figures:
    """What one contender needs for one request of a cell.

    ``seconds`` has a mean of each round, ``counts`` the instructions of each request.
    """

    seconds: list[float] = field(default_factory=list)
    counts: list[int] = field(default_factory=list)

    @property
    def microseconds(self) -> float:
        return median(self.seconds) * 1e6

    @property
    def spread(self) -> float:
        """Half of the range that the middle half of the rounds lie in, microseconds."""
        if len(self.seconds) < 2:
            return 0.0
        low, _, high = quantiles(self.seconds, n=4)
        return (high - low) / 2 * 1e6

    @property
    def instructions(self) -> float:
        return median(self.counts)


Results = dict[Cell, dict[str, Figures]]
"""Figures by cell and by the name of the contender."""


def figures_of(results: Results, cell: Cell, name: str) -> Figures:
    return results.setdefault(cell, {}).setdefault(name, Figures())


def times_ratio(one: Figures, other: Figures) -> float | None:
    """How many times longer one takes: the median over rounds, each pair in turn."""
    pairs = zip(one.seconds, other.seconds, strict=False)
    ratios = [a / b for a, b in pairs]
    return median(ratios) if ratios else None


def counts_ratio(one: Figures, other: Figures) -> float | None:
    """How many times as many instructions one needs."""
    both = one.counts and other.counts
    return one.instructions / other.instructions if both else None
