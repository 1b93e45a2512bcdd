"""What the probes note, held against coverage.py's own tracer."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import coverage_probes
import pytest
from coverage import Coverage
from coverage_probes import Probes

SOURCE = '''
"""A module with each kind of branch."""

from __future__ import annotations

import functools
from contextlib import suppress

TOTAL = 0


class Kept:
    """Some that are kept."""

    first = 1
    if first > 1:
        second = 2


@functools.cache
@functools.wraps(
    print,
)
def one_way(number):
    """Return one of two."""
    global TOTAL
    if (
        number > 1
        and number < 9
    ):
        return [
            number,
        ]
    elif number == 1:
        TOTAL += 1
    else:
        return None


def both_ways(numbers):
    for number in numbers:
        if number:
            continue
        TOTAL
    else:
        numbers = ()
    while numbers:
        numbers = numbers[1:]
    return [number for number in numbers if number]


def left_early(numbers):
    for number in numbers:
        if number:
            break
    with suppress(ValueError), suppress(KeyError):
        if numbers:
            raise ValueError
    try:
        with suppress(KeyError):
            numbers = numbers[10]
    except (TypeError, KeyError):
        numbers = ()
    except IndexError:
        numbers = (1,)
    else:
        numbers = (2,)
    finally:
        number = 0
    while True:
        try:
            return number
        finally:
            number = 2


def matched(value):
    match value:
        case 1:
            value = 2
        case [1, two]:
            value = two
        case str() if value:
            value = 3
    match value:
        case 3:
            return 3
        case 4:
            return 4
        case _:
            return 5


def never():
    if TOTAL:
        return 1
    return 2


one_way(1), one_way(2)
both_ways([0, 1])
left_early([0, 1])
[matched(value) for value in VALUES]
LAST = 1
"""What is said of it."""
'''


@pytest.mark.parametrize(
    "values", [[], [1], [[1, 4]], ["a"], ["", 8], [1, [1, 3], "a", "", 4]], ids=str
)
def test_probes_note_what_a_tracer_sees(
    values: list[object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "module.py"
    path.write_text(SOURCE)
    tracer = Coverage(data_file="traced", branch=True, include=[str(path)])
    with tracer.collect():
        exec(compile(SOURCE, path, "exec"), {"VALUES": values})
    tracer.save()

    probes = Probes()
    code = probes.compile(SOURCE.encode(), str(path))
    # Among the names of the module: where Python looks next is the package's own list.
    exec(code, {"VALUES": values, coverage_probes.REACHED: probes.reached})
    coverage_probes.store(probes.notes())
    probed = Coverage(branch=True, include=[str(path)])
    probed.combine()

    assert report(probed) == report(tracer)
    assert report(probed)["missing_lines"]  # not all is reached


def report(coverage: Coverage) -> dict[str, Any]:
    coverage.json_report(outfile="report.json")
    files: dict[str, Any] = json.loads(Path("report.json").read_text())["files"]
    return {
        key: files["module.py"][key]
        for key in (
            "executed_lines",
            "missing_lines",
            "executed_branches",
            "missing_branches",
        )
    }
