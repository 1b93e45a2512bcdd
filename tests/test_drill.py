"""The drill in its short form, and how it judges."""

from __future__ import annotations

from pathlib import Path
from random import Random

import pytest

from benchmarks.drill.count import MEASURES, failures, table
from benchmarks.drill.drill import Plan, drill
from benchmarks.drill.errand import Errand
from benchmarks.drill.tally import Tally

# Some visitors, all at once, until everything has happened.
SHORT = Plan(
    visitors=1,
    seconds=0,
    crowd=3,
    gap=16,
    kills=1,
    lease=3,
    longest=0.6,
    seed="short",
)

# What happens to the store: to one that is a file, and to a server. `make drill` goes
# through the other two as well.
HAPPENS = {
    "sqlite": {"seconds silent"},
    "redis": {
        *("seconds silent", "seconds without replies", "seconds full"),
        *("store restarted", "store crashed"),
    },
}


@pytest.fixture
def errand() -> Errand:
    return Errand("ada@example.org", Random(1))


def write(errand: Errand, name: str, *, acknowledged: bool) -> None:
    errand.write("delivery", {"name": name}).acknowledged = acknowledged


def tally(**changed: int) -> Tally:
    """The count of a drill in which all is as it must be, but for what is changed."""
    tally = Tally()
    for what, required in MEASURES.items():
        tally.add(what, changed.get(what.replace(" ", "_"), int(required == "> 0")))
    return tally


@pytest.mark.parametrize("engine", HAPPENS)
def test_nothing_is_lost_while_everything_goes_wrong(
    engine: str, tmp_path: Path
) -> None:
    found = drill(engine, SHORT, tmp_path, print)
    print(table({engine: found}))
    assert failures(found) == [], found.findings
    assert {what for what in HAPPENS[engine] if found[what] > 0} == HAPPENS[engine]


def test_drill_in_which_all_is_well_has_no_failures() -> None:
    assert failures(tally()) == []


def test_lost_save_is_a_failure() -> None:
    lost = tally(acknowledged_saves_lost=1)
    assert failures(lost) == ["acknowledged saves lost: 1, but must be 0"]


def test_drill_that_kills_nothing_is_a_failure() -> None:
    calm = tally(workers_killed=0)
    assert failures(calm) == ["workers killed: 0, but must be > 0"]


def test_step_must_hold_what_was_acknowledged_last(errand: Errand) -> None:
    write(errand, "first", acknowledged=True)
    write(errand, "unanswered", acknowledged=False)
    write(errand, "last", acknowledged=True)
    assert errand.possible("delivery") == [{"name": "last"}]


def test_step_may_hold_what_was_sent_since_without_an_answer(errand: Errand) -> None:
    write(errand, "last", acknowledged=True)
    write(errand, "unanswered", acknowledged=False)
    assert errand.possible("delivery") == [{"name": "last"}, {"name": "unanswered"}]


def test_step_may_be_blank_before_anything_was_acknowledged(errand: Errand) -> None:
    write(errand, "unanswered", acknowledged=False)
    assert errand.possible("delivery") == [{}, {"name": "unanswered"}]


def test_what_nobody_waited_for_may_come_late(errand: Errand) -> None:
    errand.write("delivery", {"name": "slow"}).late = True
    write(errand, "last", acknowledged=True)
    assert errand.possible("delivery") == [{"name": "last"}, {"name": "slow"}]
