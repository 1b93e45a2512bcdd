"""Times: contenders run in turn, a short batch of requests each, round after round."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence

from benchmarks.arena import Arena, Setting, Worker, describe, say
from benchmarks.cells import Cell, Results, cells_of, figures_of

BATCH = 0.04  # seconds that a batch lasts, about
MOST = 200  # requests in a batch
PATIENCE = 5.0  # seconds, after which a slow cell gets no more rounds
FEWEST = 3  # rounds all the same


def measure(
    arena: Arena,
    names: Sequence[str],
    settings: Sequence[Setting],
    kinds: Sequence[str],
    *,
    rounds: int,
    clock: str,
    results: Results,
) -> None:
    """Time every cell; ``clock`` is ``wall``, or ``cpu`` on a machine that is busy."""
    for setting in settings:
        say(f"timing {describe(setting)}")
        with arena.workers(names, setting, clock=clock) as workers:
            for cell in cells_of(*setting, kinds=kinds):
                _time(cell, workers, rounds, results)


def _time(
    cell: Cell, workers: Mapping[str, Worker], rounds: int, results: Results
) -> None:
    sizes = {
        name: min(MOST, int(BATCH / worker.go_to(cell)) + 1)
        for name, worker in workers.items()
    }
    deadline = time.monotonic() + PATIENCE
    for done in range(rounds):
        if done >= FEWEST and time.monotonic() > deadline:
            break
        for name, worker in workers.items():
            seconds = worker.time(sizes[name])
            figures_of(results, cell, name).seconds.append(seconds)
