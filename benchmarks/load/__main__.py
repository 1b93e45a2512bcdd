"""Measure load: `python -m benchmarks.load`, or `make load`.

*Pressure* sends POSTs to gunicorn for minutes: to a view that stores nothing, to the
leanest view that keeps a draft, and to flask_wizard. *Nodes* weighs drafts on one
Redis and one PostgreSQL server. *Cluster* loses one of three nodes of Redis while
visitors save. Each prints a table.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
# Last, so that an installed flask_wizard comes first.
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]

from benchmarks.arena import Arena  # noqa: E402
from benchmarks.load import cluster, nodes, pressure  # noqa: E402

PARTS = ("pressure", "nodes", "cluster")
INTERVALS = 10


def main() -> None:
    options = parser().parse_args()
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s {what}", flush=True)

    with TemporaryDirectory(prefix="load-") as name:
        folder = Path(name)
        if "pressure" in options.parts:
            say(f"POSTs for {options.minutes:g} minutes to each contender")
            seconds = 60 * options.minutes
            found = []
            (folder / "arena").mkdir()
            measured = pressure.measure(
                Arena(folder / "arena"), seconds=seconds, intervals=INTERVALS
            )
            for each in measured:
                found.append(each)
                say(f"{each.name}: {each.rate:.0f} POSTs a second")
            show(pressure.lines(found))
        if "nodes" in options.parts:
            costs = []
            with nodes.nodes(folder) as servers:
                for node in servers:
                    for size in options.sizes:
                        say(f"{node.name}: {options.drafts} drafts of {size} bytes")
                        amount = {"drafts": options.drafts, "saves": options.drafts}
                        costs.append(nodes.cost(node, size, **amount))
            show(nodes.lines(costs))
        if "cluster" in options.parts:
            counts = []
            for number, durability in enumerate(cluster.DURABILITY):
                say(f"a node dies, which writes to disk: {durability}")
                where = folder / f"cluster-{number}"
                lost = cluster.lose_a_node(where, durability, seconds=options.seconds)
                counts.append(lost)
            show(cluster.lines(counts))


def show(lines: Iterable[str]) -> None:
    print("", *lines, "", sep="\n", flush=True)


def parser() -> argparse.ArgumentParser:
    about = argparse.ArgumentParser(
        prog="python -m benchmarks.load",
        description=(__doc__ or "").partition("\n\n")[2],
    )
    add = about.add_argument
    add("--parts", nargs="+", choices=PARTS, default=PARTS)
    add("--minutes", type=float, default=10, help="of pressure on each contender")
    add("--sizes", type=int, nargs="+", default=[1000, 5000, 20000], help="bytes")
    add("--drafts", type=int, default=5000, help="of each size, on each server")
    add("--seconds", type=float, default=30, help="in which a node dies")
    return about


if __name__ == "__main__":
    main()
