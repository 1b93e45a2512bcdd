"""What a process and its children have used, as Linux tells in /proc."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")  # a second
USER, CHILDREN = 11, 15  # fields of /proc/<pid>/stat behind the name, from 0


def cpu(process: int) -> float:
    """Seconds of processor time, with those of children, ended ones included."""
    return sum(_ticks(each) for each in _family(process)) / TICKS


def memory(process: int) -> int:
    """Bytes that the process and its children have in memory, what they share once."""
    lines = (
        line.split()
        for each in _family(process)
        for line in _read(each, "smaps_rollup").splitlines()
    )
    return sum(int(words[1]) for words in lines if words[0] == "Pss:") * 1024


def _family(process: int) -> Iterator[int]:
    yield process
    for child in _read(process, f"task/{process}/children").split():
        yield from _family(int(child))


def _ticks(process: int) -> int:
    fields = _read(process, "stat").rpartition(")")[2].split()
    return sum(map(int, fields[USER:CHILDREN]))


def _read(process: int, name: str) -> str:
    with suppress(OSError):  # it has ended meanwhile
        return Path(f"/proc/{process}", name).read_text()
    return ""
