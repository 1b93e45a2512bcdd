"""Imports: what the package adds to importing Flask, Flask-WTF and WTForms."""

from __future__ import annotations

import subprocess
import sys
from statistics import median

from benchmarks.arena import ENVIRONMENT, ROOT, say

PAIRS = 15
FRAMEWORKS = "import flask, flask_wtf, wtforms"
TIMED = """
import time
clock = {"wall": time.perf_counter, "cpu": time.process_time}[%r]
started = clock()
%s
print(clock() - started)
"""


def added(*, clock: str) -> float:
    """Seconds that the package adds, the median over pairs of fresh processes."""
    say(f"importing the package in {PAIRS} pairs of processes")
    _seconds(f"{FRAMEWORKS}, flask_wizard", clock)  # compiles what is not yet
    return median(
        _seconds(f"{FRAMEWORKS}, flask_wizard", clock) - _seconds(FRAMEWORKS, clock)
        for _ in range(PAIRS)
    )


def _seconds(statement: str, clock: str) -> float:
    command = [sys.executable, "-c", TIMED % (clock, statement)]
    printed = subprocess.check_output(command, cwd=ROOT, env=ENVIRONMENT, text=True)
    return float(printed)
