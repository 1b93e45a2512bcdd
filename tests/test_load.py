"""What `make load` measures is what it says, in a short form."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.arena import Arena
from benchmarks.contenders import SQLITE
from benchmarks.load.cluster import VISITORS, lose_a_node
from benchmarks.load.nodes import Node, cost, nodes
from benchmarks.load.pressure import Interval, Pressure, measure
from benchmarks.load.processes import cpu


def test_no_save_is_lost_with_a_node_that_writes_before_it_answers(
    tmp_path: Path,
) -> None:
    counts = lose_a_node(tmp_path, "every write, synchronised", seconds=1.5)
    assert counts.drafts == VISITORS
    assert counts.acknowledged > VISITORS
    assert counts.given_back > 0
    assert (counts.wrong, counts.lost, counts.drafts_lost) == ([], 0, 0)


def test_node_that_writes_nothing_takes_saves_along(tmp_path: Path) -> None:
    counts = lose_a_node(tmp_path, "nothing", seconds=1.5)
    assert counts.wrong == []
    assert counts.lost >= counts.drafts_lost > 0


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Node]]:
    with nodes(tmp_path_factory.mktemp("nodes")) as started:
        yield started


@pytest.mark.parametrize("which", [0, 1])
def test_draft_takes_at_least_its_own_size(servers: list[Node], which: int) -> None:
    found = cost(servers[which], 5000, drafts=50, saves=50)
    assert 5000 < found.held < 10_000
    assert 5000 < found.logged < 10_000


def test_processor_time_is_of_children_too() -> None:
    source = (
        "import subprocess, sys; subprocess.run([sys.executable, '-c', 'while 1: 0'])"
    )
    with subprocess.Popen([sys.executable, "-c", source], start_new_session=True) as it:
        try:
            while cpu(it.pid) < 0.5:  # seconds, of which its own start takes a tenth
                assert it.poll() is None
        finally:
            os.killpg(it.pid, signal.SIGKILL)


def test_pressure_tells_of_each_contender(tmp_path: Path) -> None:
    arena = Arena(tmp_path)
    (found,) = measure(arena, [SQLITE], seconds=0.6, intervals=2, steps=3)
    assert found.name == SQLITE
    assert found.rate > 0
    assert found.cpu > 0.0001  # seconds, so of a worker and not of who waits for it
    assert 0 < found.percentile(50) <= found.percentile(99)
    assert all(each.memory > 10_000_000 for each in found.intervals)


def test_growth_and_times_are_of_all_stretches() -> None:
    first = Interval(2, [0.1] * 50, cpu=1, memory=100)
    last = Interval(2, [0.3] * 50, cpu=2, memory=125)
    found = Pressure("any", [first, last])
    assert found.rate == 25
    assert found.cpu == 0.03
    assert found.growth == 0.25
    assert (found.percentile(25), found.percentile(99)) == (0.1, 0.3)
