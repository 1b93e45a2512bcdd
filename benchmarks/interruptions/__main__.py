"""Interrupt checkouts: `python -m benchmarks.interruptions`, or `make interruptions`.

In Chromium, visitors type the checkout of the example shop at the pace of people. At a
random keystroke something goes wrong; they come back and order all the same. What they
have to type again is counted, with the script, without JavaScript, and in the same
checkout by django-formtools. Exits with 1 if flask_wizard loses more than it may.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parents[2]
# Last, so that an installed flask_wizard comes first.
sys.path += [str(ROOT), str(ROOT / "tests" / "support")]

from benchmarks.interruptions.count import (  # noqa: E402
    FORMTOOLS,
    PLAIN,
    SCRIPT,
    failures,
    table,
)
from benchmarks.interruptions.kinds import KINDS  # noqa: E402
from benchmarks.interruptions.run import plan, run  # noqa: E402


def main() -> int:
    options = parser().parse_args()
    times = {SCRIPT: options.times, PLAIN: options.plain, FORMTOOLS: options.formtools}
    trials = plan(times, kinds=options.kind or list(KINDS))
    started = time.monotonic()

    def say(what: object) -> None:
        print(f"{time.monotonic() - started:6.1f} s {what}", flush=True)

    with TemporaryDirectory(prefix="interruptions-") as folder:
        outcomes = asyncio.run(
            run(
                trials,
                Path(folder),
                seed=options.seed,
                lanes=options.lanes,
                pace=options.pace,
                say=say,
            )
        )
    for outcome in outcomes:
        if outcome.is_interrupted and options.stories:
            print("", outcome, *outcome.story, sep="\n    ")
    print(f"\n{table(outcomes, by_kind=True)}\n\n{table(outcomes, by_kind=False)}\n")
    wrong = failures(outcomes, most_seconds=options.seconds)
    print(*wrong, sep="\n")
    return int(bool(wrong))


def parser() -> argparse.ArgumentParser:
    _, _, rest = (__doc__ or "").partition("\n")
    parser = argparse.ArgumentParser(description=rest.strip())
    parser.add_argument("--times", type=int, default=200, help="with the script")
    parser.add_argument("--plain", type=int, default=50, help="without JavaScript")
    parser.add_argument("--formtools", type=int, default=50, help="django-formtools")
    parser.add_argument(
        "--kind", action="append", choices=list(KINDS), help="default: all nine"
    )
    parser.add_argument("--seed", default="1", help="of everything that is by chance")
    parser.add_argument("--pace", type=float, default=1, help="of keys; 0.1 is faster")
    parser.add_argument(
        "--seconds", type=float, default=2, help="most that may be typed again"
    )
    parser.add_argument("--stories", action="store_true", help="of what went wrong")
    lanes = 2 * len(os.sched_getaffinity(0))
    parser.add_argument("--lanes", type=int, default=lanes, help="visitors at once")
    return parser


if __name__ == "__main__":
    sys.exit(main())
