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
from benchmarks.contenders import CONTENDERS, DURABLE, FLOOR, FORMTOOLS, SQLITE

Ratio = Callable[[Figures, Figures], float | None]
ROUNDED = 0.005  # a ratio is shown and judged with two digits
MEASURES: dict[str, Ratio] = {"instructions": counts_ratio, "time": times_ratio}
REVIEWED = 200, 1000  # steps, between which the review is to grow as they do


@dataclass(frozen=True)
class Verdict:
    """A target with what was measured."""

    what: str
    measured: float
    limit: float
    at_least: bool = False
    unit: str = "x"

    @property
    def met(self) -> bool:
        if self.at_least:
            return self.measured > self.limit - ROUNDED
        return self.measured < self.limit + ROUNDED

    def __str__(self) -> str:
        limit = f"at {'least' if self.at_least else 'most'} {self.limit:g} {self.unit}"
        verdict = "met" if self.met else "MISSED"
        return f"{verdict:6}  {self.what}: {self.measured:.2f} {self.unit} ({limit})"


def verdicts(
    results: Results, import_seconds: float | None, served: float | None
) -> Iterator[Verdict]:
    """Judge every target of which enough was measured.

    ``served`` is how many times as many POSTs a second gunicorn takes as by hand.
    """
    plain = [cell for cell in results if not cell.conditions]
    short = [cell for cell in plain if cell.steps <= 50]
    # At the last step: by hand, with nothing kept, the second is but 1.5 times as fast.
    twentieth = [cell for cell in plain if cell.steps == 20 and cell.step != 2]
    longest = [cell for cell in plain if cell.steps == 200]
    reading = [cell for cell in results if cell.conditions]
    for kind, cells, measure, limit in (
        (GET, short, "instructions", 1.0),
        (GET, longest, "instructions", 1.0),
        (GET, short, "time", 1.2),
        (GET, longest, "time", 1.25),
        (POST, short, "instructions", 1.25),
        (POST, longest, "instructions", 1.4),
    ):
        yield from _over(results, kind, cells, FLOOR, measure, limit)
    yield from _over(results, POST, plain, DURABLE, "time", 1.35)
    for kind, limit in ((POST, 1.75), (GET, 1.9), (REVIEW, 1.85), (COMMIT, 1.4)):
        yield from _as_fast(results, kind, twentieth, "instructions", limit)
    for kind in (POST, GET, REVIEW, COMMIT):
        yield from _as_fast(results, kind, reading, "time", 1)
    for steps, limit in ((50, 1.05), (200, 1.15)):
        for kind in (POST, GET):
            late, early = (Cell(kind, step, steps, False) for step in (steps, 2))
            yield from _growth(results, late, early, limit)
    early, late = (Cell(REVIEW, None, steps, False) for steps in REVIEWED)
    yield from _growth(results, late, early, REVIEWED[1] / REVIEWED[0])
    if served is not None:
        what = f"POSTs a second on gunicorn, over {CONTENDERS[DURABLE].title}"
        yield Verdict(what, served, 0.8, at_least=True)
    if import_seconds is not None:
        yield Verdict(
            "importing the package adds", import_seconds * 1000, 60, unit="ms"
        )


def _over(
    results: Results,
    kind: str,
    cells: Iterable[Cell],
    other: str,
    measure: str,
    limit: float,
) -> Iterator[Verdict]:
    """How many times as much as another contender takes, in the worst cell."""
    found = _ratios(results, kind, cells, (SQLITE, other), measure)
    if found:
        worst = max(found, key=lambda cell: found[cell])
        what = f"{worst}, over {CONTENDERS[other].title}, by {measure}"
        yield Verdict(what, found[worst], limit)


def _as_fast(
    results: Results, kind: str, cells: Iterable[Cell], measure: str, limit: float
) -> Iterator[Verdict]:
    """How many times as fast as formtools, in the worst cell."""
    found = _ratios(results, kind, cells, (FORMTOOLS, SQLITE), measure)
    if found:
        worst = min(found, key=lambda cell: found[cell])
        what = f"{worst}, as fast as formtools, by {measure}"
        yield Verdict(what, found[worst], limit, at_least=True)


def _ratios(
    results: Results,
    kind: str,
    cells: Iterable[Cell],
    pair: tuple[str, str],
    measure: str,
) -> dict[Cell, float]:
    """What one contender takes over another, in each cell where both were measured."""
    found = {}
    for cell in cells:
        if cell.kind == kind and results[cell].keys() >= set(pair):
            one, other = (results[cell][name] for name in pair)
            if (ratio := MEASURES[measure](one, other)) is not None:
                found[cell] = ratio
    return found


def _growth(
    results: Results, late: Cell, early: Cell, limit: float
) -> Iterator[Verdict]:
    """How many times as many instructions one cell takes as another."""
    both = [results.get(cell, {}).get(SQLITE, Figures()) for cell in (late, early)]
    if (ratio := counts_ratio(*both)) is not None:
        yield Verdict(f"{late}, over {early}, by instructions", ratio, limit)
