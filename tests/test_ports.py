"""The ports of the tests' servers: no two of them get one, in whatever process."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import servers
from servers import ReservedPorts

PORTS = range(10_000, 10_020)
RESERVING = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[1])
from servers import ReservedPorts
reserved = ReservedPorts(Path(sys.argv[2]))
print(*filter(reserved.reserve, map(int, sys.argv[3:])), flush=True)
sys.stdin.read()
"""


@contextmanager
def other_process(path: Path) -> Iterator[list[int]]:
    """A process that reserves what it gets of PORTS, until the end of the block."""
    support = str(Path(servers.__file__).parent)
    command = [sys.executable, "-c", RESERVING, support, str(path), *map(str, PORTS)]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True) as process:
        assert process.stdout is not None
        yield [int(port) for port in process.stdout.readline().split()]
        process.communicate()
    assert process.returncode == 0


def test_port_of_another_process_is_not_reserved_again(tmp_path: Path) -> None:
    with other_process(tmp_path / "ports") as first:
        with other_process(tmp_path / "ports") as second:
            assert (first, second) == ([*PORTS], [])
        own = ReservedPorts(tmp_path / "ports")
        assert not any(map(own.reserve, PORTS))
    assert all(map(own.reserve, PORTS))  # that process has ended


def test_port_is_reserved_once(tmp_path: Path) -> None:
    reserved = ReservedPorts(tmp_path / "ports")
    assert reserved.reserve(10_000)
    assert not reserved.reserve(10_000)
    assert reserved.reserve(10_001)


def test_free_ports_differ(monkeypatch: pytest.MonkeyPatch) -> None:
    few = servers.PORTS[-200:]  # of which 50 at random are never 50
    monkeypatch.setattr(servers, "PORTS", few)
    found = [servers.free_port() for _ in range(50)]
    assert len({*found}) == len(found)
