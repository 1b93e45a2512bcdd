"""A short form of the interruptions, and how they are counted."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.interruptions.count import FORMTOOLS, PLAIN, SCRIPT, Outcome, failures

ROOT = Path(__file__).resolve().parents[2]
# Four of nine; `make interruptions` has all.
KINDS = "server killed", "session ended", "login in another tab", "tab closed"
SHORT = ("--times=4", "--plain=0", "--formtools=0", "--pace=0.1", "--lanes=2")
SECONDS = 60  # that may be typed again: more than are typed, as a machine may be busy


def test_interrupted_checkouts_lose_no_answer_that_was_sent() -> None:
    """Four, in a process of its own, which has an event loop of its own."""
    kinds = [f"--kind={kind}" for kind in KINDS]
    options = (*SHORT, *kinds, "--stories")
    command = [sys.executable, "-P", "benchmarks/interruptions", *options]
    done = subprocess.run(
        [*command, f"--seconds={SECONDS}", "--seed=short"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert all(f"| {SCRIPT} | {kind} | 1 |" in done.stdout for kind in KINDS)


def outcome(group: str = SCRIPT, **changed: float) -> Outcome:
    """Return a checkout in which all went well, but for what is changed."""
    found = Outcome(group, "reload", 1, typed=9, ordered=True)
    for name, value in changed.items():
        setattr(found, name, value)
    return found


def count(outcome: Outcome) -> int:
    return len(failures([outcome], most_seconds=2))


def test_what_was_typed_last_may_be_typed_again() -> None:
    assert count(outcome(retyped=3, seconds=1.9)) == 0
    assert count(outcome(retyped=9, seconds=2.1)) == 1


def test_more_may_be_typed_again_without_the_script() -> None:
    assert count(outcome(PLAIN, retyped=9, seconds=30)) == 0


@pytest.mark.parametrize("group", [SCRIPT, PLAIN])
@pytest.mark.parametrize("loss", ["sent_lost", "dead"])
def test_lost_answer_is_a_failure(group: str, loss: str) -> None:
    assert count(outcome(group, **{loss: 1})) == 1


def test_checkout_without_an_order_is_a_failure() -> None:
    assert count(outcome(ordered=False)) == 1


def test_other_wizards_are_counted_and_not_judged() -> None:
    assert count(outcome(FORMTOOLS, sent_lost=4, dead=1)) == 0
