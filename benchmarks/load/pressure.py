"""Pressure: POSTs on gunicorn for minutes, their times, and whether memory grows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from statistics import quantiles
from typing import NamedTuple

from benchmarks.arena import Arena
from benchmarks.contenders import DURABLE, FLOOR, SQLITE
from benchmarks.load.processes import cpu, memory
from benchmarks.served import Server, serving

CONTENDERS = (FLOOR, DURABLE, SQLITE)
STEPS = 20
LEAST = 25  # POSTs of each visitor in a stretch: the clock of the workers is coarse


class Interval(NamedTuple):
    """A stretch of a run. Times are in seconds, memory is in bytes, at its end."""

    seconds: float
    times: list[float]
    cpu: float
    memory: int


class Pressure(NamedTuple):
    """All stretches of one contender's run."""

    name: str
    intervals: list[Interval]

    @property
    def rate(self) -> float:
        """POSTs a second."""
        return len(self._times) / sum(each.seconds for each in self.intervals)

    @property
    def cpu(self) -> float:
        """Seconds of the workers' processor time for one POST."""
        return sum(each.cpu for each in self.intervals) / len(self._times)

    @property
    def growth(self) -> float:
        """The share by which memory grew, from after the first stretch to the end."""
        return self.intervals[-1].memory / self.intervals[0].memory - 1

    def percentile(self, which: int) -> float:
        """The time in seconds that so many of a hundred POSTs did not exceed."""
        return quantiles(self._times, n=100)[which - 1]

    @property
    def _times(self) -> list[float]:
        return [took for each in self.intervals for took in each.times]


def measure(
    arena: Arena,
    names: Iterable[str] = CONTENDERS,
    *,
    seconds: float,
    intervals: int,
    steps: int = STEPS,
) -> Iterator[Pressure]:
    """Press each contender for so long, one after the other."""
    for name in names:
        with serving(arena, name, steps) as server:
            server.rate(seconds / intervals / 4)  # to warm up
            each = seconds / intervals
            found = [_interval(server, each) for _ in range(intervals)]
        yield Pressure(name, found)


def _interval(server: Server, seconds: float) -> Interval:
    before, began = cpu(server.process), time.monotonic()
    times = server.times(seconds, least=LEAST)
    took = time.monotonic() - began
    used = cpu(server.process) - before
    return Interval(took, times, used, memory(server.process))


def lines(found: list[Pressure]) -> Iterator[str]:
    """The rows of a Markdown table."""
    columns = (
        "POSTs a second",
        "p50, ms",
        "p99, ms",
        "CPU, ms",
        "MB at first",
        "growth",
    )
    yield f"| | {' | '.join(columns)} |"
    yield "| --- | ---: | ---: | ---: | ---: | ---: | ---: |"
    for each in found:
        cells = (
            f"{each.rate:.0f}",
            f"{each.percentile(50) * 1e3:.1f}",
            f"{each.percentile(99) * 1e3:.1f}",
            f"{each.cpu * 1e3:.2f}",
            f"{each.intervals[0].memory / 1e6:.1f}",
            f"{each.growth:.1%}",
        )
        yield f"| {each.name} | {' | '.join(cells)} |"
