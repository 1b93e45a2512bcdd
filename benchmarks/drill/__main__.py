"""Run the drill: `python benchmarks/drill`. Exits with 1 if a number is wrong.

Visitors go through the shop, served by gunicorn with two workers, while workers are
killed, the store restarts and falls silent, replies are dropped, and the disk is full.
Afterwards it is counted what was lost, and what happened twice.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
# Last, so that an installed flask_wizard comes first.
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]

from benchmarks.drill.count import failures, table  # noqa: E402
from benchmarks.drill.drill import Plan, drill  # noqa: E402
from benchmarks.drill.engines import ENGINES  # noqa: E402
from benchmarks.drill.tally import Tally  # noqa: E402

CROWD = 24  # visitors at once
GAP = 40  # answers between two mishaps, at most
KILLS = 4  # of workers, for each other thing
LEASE = 10  # seconds
LONGEST = 6.5  # seconds; more than any store's limit of time
MOST_FINDINGS = 20


def main() -> int:
    options = parser().parse_args()
    tallies: dict[str, Tally] = {}
    for engine in options.engine or ENGINES:
        print(f"==> {engine}, seed {options.seed}", flush=True)
        tallies[engine] = run(engine, options)
        for finding in tallies[engine].findings[:MOST_FINDINGS]:
            print(f"    {finding}")
    print(f"\n{table(tallies)}\n")
    wrong = {engine: failures(tally) for engine, tally in tallies.items()}
    for engine, found in wrong.items():
        for failure in found:
            print(f"{engine}: {failure}")
    return int(any(wrong.values()))


def run(engine: str, options: argparse.Namespace) -> Tally:
    plan = Plan(
        visitors=options.visitors,
        seconds=options.seconds,
        crowd=CROWD,
        gap=GAP,
        kills=KILLS,
        lease=LEASE,
        longest=LONGEST,
        seed=f"{options.seed} {engine}",
    )
    started = time.monotonic()

    def say(what: str) -> None:
        print(f"{time.monotonic() - started:6.1f} s {what}", flush=True)

    if options.keep is not None:
        return drill(engine, plan, options.keep / engine, say)
    with TemporaryDirectory(prefix="drill-") as folder:
        return drill(engine, plan, Path(folder), say)


def parser() -> argparse.ArgumentParser:
    _, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=rest.strip())
    parser.add_argument(
        "--engine", action="append", choices=list(ENGINES), help="default: all"
    )
    parser.add_argument("--visitors", type=int, default=300, help="at least so many")
    parser.add_argument("--seconds", type=float, default=120, help="at least so long")
    parser.add_argument("--seed", default="1", help="of everything that is by chance")
    parser.add_argument("--keep", type=Path, help="an empty folder, not removed")
    return parser


if __name__ == "__main__":
    sys.exit(main())
