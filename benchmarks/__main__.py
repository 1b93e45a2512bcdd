"""Measure what requests cost: `python -m benchmarks`, from the project's folder.

Times are medians of rounds in which all contenders run in turn, and ± is half of the
range of the middle half of the rounds. Instructions are those outside the kernel.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from pathlib import Path
from shutil import which
from signal import SIGTERM, default_int_handler, signal
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks import imports, instructions, served, table, targets, times
from benchmarks.arena import ROOT, Arena, Setting
from benchmarks.cells import KINDS, POST, REVIEW, Results
from benchmarks.contenders import CONTENDERS, DURABLE, SQLITE

STEPS = ("5", "20", "50", "200", "1000")
LONGEST = 200  # steps; beyond, the review alone is counted, of flask_wizard on SQLite
CONDITIONS = {"no": [False], "yes": [True], "both": [False, True]}


def main() -> None:
    options = parser().parse_args()
    if options.quick:
        options.steps, options.rounds, options.no_instructions = ["20"], 5, True
    if not (options.no_instructions or options.profile or which("valgrind")):
        sys.exit(
            "valgrind, which counts instructions, is not installed. Install it, "
            "or add --no-instructions."
        )
    settings = [
        (int(steps), reading)
        for steps in options.steps
        for reading in CONDITIONS[options.conditions]
        if int(steps) <= LONGEST or not reading
    ]
    # On the project's own disk: a temporary folder may lie in memory.
    (ROOT / "build").mkdir(exist_ok=True)
    with TemporaryDirectory(dir=ROOT / "build", prefix="bench-") as folder:
        arena = Arena(Path(folder))
        if options.profile:
            # Imported for this alone, since it brings flask_wizard into the process.
            from benchmarks.profiling import profile

            profile(arena, settings[0], options.profile)
        else:
            report(arena, settings, options)


def measure(
    arena: Arena,
    settings: list[Setting],
    options: argparse.Namespace,
    results: Results,
) -> None:
    names, kinds = options.contenders, options.kinds
    long = [setting for setting in settings if setting[0] > LONGEST]
    settings = [setting for setting in settings if setting not in long]
    arena.prepare(names, settings)
    if not options.no_times:
        times.measure(
            arena,
            names,
            settings,
            kinds,
            rounds=options.rounds,
            clock=options.clock,
            results=results,
        )
    if not options.no_instructions:
        runs = [
            (name, setting)
            for setting in settings
            for name in names
            if options.count_all or instructions.is_quick(name, setting)
        ]
        instructions.count(arena, runs, kinds, results=results)
        if long and SQLITE in names and REVIEW in kinds:
            arena.prepare([SQLITE], long)
            runs = [(SQLITE, setting) for setting in long]
            instructions.count(arena, runs, [REVIEW], results=results)


def report(arena: Arena, settings: list[Setting], options: argparse.Namespace) -> None:
    """Print the table and the verdicts, of what there is if it was interrupted."""
    signal(SIGTERM, default_int_handler)
    results: Results = {}
    interrupted = False
    import_seconds = None if options.no_times else imports.added(clock=options.clock)
    rates: served.Rates = {}
    try:
        measure(arena, settings, options, results)
        pair = {SQLITE, DURABLE} <= {*options.contenders}
        if pair and POST in options.kinds and not options.no_times:
            rates = served.measure(arena, rounds=options.rounds)
    except KeyboardInterrupt:
        interrupted = True
    print(
        f"Python {platform.python_version()}, {platform.machine()}, "
        f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}; "
        f"clock: {options.clock}\n"
    )
    for line in table.lines(results):
        print(line)
    for name, each in rates.items():
        title = CONTENDERS[name].title
        print(f"\nPOSTs a second on gunicorn: {median(each):.0f}, {title}")
    print("\nTargets of flask_wizard on SQLite\n")
    ratio = served.ratio(rates) if rates else None
    for verdict in targets.verdicts(results, import_seconds, ratio):
        print(verdict)
    if interrupted:
        sys.exit("Interrupted: this is what was measured until then.")


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    for name, known in (
        ("steps", STEPS),
        ("kinds", KINDS),
        ("contenders", tuple(CONTENDERS)),
    ):
        made.add_argument(
            f"--{name}",
            type=lambda text: text.split(","),
            default=list(known),
            metavar=",".join(known),
        )
    made.add_argument("--conditions", choices=CONDITIONS, default="both")
    made.add_argument("--rounds", type=int, default=9, help="how often to time")
    made.add_argument(
        "--clock",
        choices=("wall", "cpu"),
        default="wall",
        help="cpu: what the processor spends, for a machine that is busy otherwise",
    )
    made.add_argument("--no-times", action="store_true", help="only count")
    made.add_argument("--no-instructions", action="store_true", help="only time")
    made.add_argument(
        "--count-all",
        action="store_true",
        help="count for every row, which takes hours for 200 steps with conditions",
    )
    made.add_argument(
        "--quick", action="store_true", help="20 steps, 5 rounds, nothing counted"
    )
    made.add_argument(
        "--profile",
        choices=KINDS,
        help="measure nothing, but show where the time goes in flask_wizard on "
        "SQLite, at the last of --steps",
    )
    return made


if __name__ == "__main__":
    main()
