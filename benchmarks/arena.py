"""Arena: folders where contenders have been walked through, and their processes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from benchmarks.cells import Cell
from benchmarks.contenders import CONTENDERS

ROOT = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONHASHSEED": "0"}
# Else each import would compile its module anew.
ENVIRONMENT.pop("PYTHONDONTWRITEBYTECODE", None)

Setting = tuple[int, bool]
"""The number of steps, and whether they have conditions."""


class Arena:
    """One folder for everything that contenders store while they are measured."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def prepare(self, names: Iterable[str], settings: Iterable[Setting]) -> None:
        """Fill in all steps of every contender, as many at once as there are cores."""
        longest_first = sorted(settings, reverse=True)
        walks = dict.fromkeys(
            _walk_of(name, setting) for setting in longest_first for name in names
        )
        with ThreadPoolExecutor(os.cpu_count()) as pool:
            for (name, setting), _ in zip(
                walks, pool.map(lambda walk: self._walk(*walk), walks), strict=True
            ):
                say(f"filled in: {name}, {describe(setting)}")

    def _walk(self, name: str, setting: Setting) -> None:
        saved = self.saved(name, setting)
        saved.mkdir()
        subprocess.run(
            self.command(name, setting, walks=[str(saved)]),
            cwd=ROOT,
            env=ENVIRONMENT,
            check=True,
        )

    def saved(self, name: str, setting: Setting) -> Path:
        """Where the points of a contender's walk are."""
        walker, (steps, conditions) = _walk_of(name, setting)
        return self.folder / f"{walker}-{steps}-{conditions}"

    def command(self, name: str, setting: Setting, **options: Any) -> list[str]:
        """What starts a worker with an empty folder of its own."""
        steps, conditions = setting
        number = len(list(self.folder.glob("work-*")))
        work = self.folder / f"work-{name}-{steps}-{conditions}-{number}"
        work.mkdir()
        options |= {
            "contender": name,
            "steps": steps,
            "conditions": conditions,
            "folder": str(work),
            "saved": str(self.saved(name, setting)),
        }
        return [sys.executable, "-m", "benchmarks.worker", json.dumps(options)]

    @contextmanager
    def workers(
        self, names: Iterable[str], setting: Setting, *, clock: str
    ) -> Iterator[dict[str, Worker]]:
        """Processes that run on one and the same core, and only when asked."""
        commands = {name: self.command(name, setting, clock=clock) for name in names}
        running = {name: Worker(command) for name, command in commands.items()}
        try:
            yield running
        finally:
            for worker in running.values():
                worker.end()


def _walk_of(name: str, setting: Setting) -> tuple[str, Setting]:
    """Whose walk, with which setting, a contender goes on from."""
    entry, (steps, conditions) = CONTENDERS[name], setting
    return entry.walked_by, (steps, conditions and entry.keeps_reads)


class Worker:
    """A process with one contender, which sends it requests on demand."""

    def __init__(self, command: list[str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env=ENVIRONMENT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if hasattr(os, "sched_setaffinity"):
            core = max(os.sched_getaffinity(0))
            os.sched_setaffinity(self._process.pid, {core})
        self._answer()  # that it is ready: none starts while another is timed

    def go_to(self, cell: Cell) -> float:
        """Stand where the cell begins; tell about how long a request takes, seconds."""
        return self._ask(kind=cell.kind, point=cell.point)

    def time(self, count: int) -> float:
        """The mean of so many requests, in seconds."""
        return self._ask(count=count)

    def _ask(self, **command: object) -> float:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def _answer(self) -> float:
        assert self._process.stdout is not None
        if not (line := self._process.stdout.readline()):
            raise RuntimeError("A worker has ended; the cause is above.")
        return float(json.loads(line))

    def end(self) -> None:
        """Close its pipe, at which it ends by itself."""
        self._process.communicate()


def describe(setting: Setting) -> str:
    steps, conditions = setting
    return f"{steps} steps" + (", each reading all before it" if conditions else "")


def say(message: str) -> None:
    """Show progress, apart from the table."""
    print(message, file=sys.stderr, flush=True)
