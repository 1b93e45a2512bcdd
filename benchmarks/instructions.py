"""Instructions: counted by callgrind, which repeats to a percent where times do not.

A worker calls ``getppid`` before and after each request, and callgrind writes its count
at each such call. So start-up and what is done between requests is in none of the
counts that are kept, the second, the fourth and so on.
"""

from __future__ import annotations

import os
import re
import subprocess
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from benchmarks.arena import ENVIRONMENT, ROOT, Arena, Setting, describe, say
from benchmarks.cells import Results, cells_of, figures_of
from benchmarks.contenders import FILES, MEMORY

COUNTED = 3  # requests of each kind
TOTAL = re.compile(r"^totals: (\d+)", re.M)
Run = tuple[str, Setting]


def is_quick(name: str, setting: Setting) -> bool:
    """Is it counted if nothing else is said? Under callgrind all takes 50 times longer.

    5 steps differ little from 20, the stores little from each other, and 200 steps
    that read all the others would take the better part of an hour.
    """
    return name not in (FILES, MEMORY) and setting[0] > 5 and setting != (200, True)


def count(
    arena: Arena, runs: Iterable[Run], kinds: Sequence[str], *, results: Results
) -> None:
    """Count what is run outside the kernel, as many workers at once as cores."""
    runs = list(runs)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        found = pool.map(lambda run: _counts(arena, run, kinds), runs)
        for (name, setting), counts in zip(runs, found, strict=True):
            say(f"instructions counted: {name}, {describe(setting)}")
            for number, cell in enumerate(cells_of(*setting, kinds=kinds)):
                mine = counts[number * COUNTED : (number + 1) * COUNTED]
                figures_of(results, cell, name).counts.extend(mine)


def _counts(arena: Arena, run: Run, kinds: Sequence[str]) -> list[int]:
    """The instructions of each request that a worker marks."""
    name, setting = run
    rows = [cell.row for cell in cells_of(*setting, kinds=kinds)]
    command = arena.command(name, setting, rows=rows, count=COUNTED)
    with TemporaryDirectory(dir=arena.folder) as folder:
        out = Path(folder, "out")
        callgrind = ["--tool=callgrind", "--dump-before=getppid", "--quiet"]
        done = subprocess.run(
            ["valgrind", *callgrind, f"--callgrind-out-file={out}", *command],
            cwd=ROOT,
            env=ENVIRONMENT,
            check=False,
            stderr=subprocess.PIPE,
            text=True,
        )
        if done.returncode:
            raise RuntimeError(f"valgrind ended with {done.returncode}: {done.stderr}")
        numbers = range(2, 2 * len(rows) * COUNTED + 1, 2)
        return [_total(Path(f"{out}.{number}")) for number in numbers]


def _total(part: Path) -> int:
    found = TOTAL.search(part.read_text())
    if found is None:
        raise RuntimeError(f"callgrind wrote no total into {part.name}.")
    return int(found[1])
