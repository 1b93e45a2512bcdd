"""Faults put into wizards of the documents: prove and check name them."""

from __future__ import annotations

from collections import Counter

import pytest
from seeded_faults import SEEDED, Seeded, faults, named, original, some_faults

SHORT = [seeded for seeded in SEEDED if seeded.document.startswith("docs/")]
NO_FAULTS = {"messages", "uploads", "labels", "token-limit"}
"""What the wizards of the documents leave out, since they are short."""


@pytest.mark.parametrize(
    "seeded", SHORT, ids=[f"{each.document} {each.wizard}" for each in SHORT]
)
def test_nothing_is_found_in_a_wizard_as_it_is(seeded: Seeded) -> None:
    found = {key.partition(" ")[0] for key in original(seeded)}
    assert found - NO_FAULTS - {"cookie", "links", "session", "store"} == set()


def test_operators_make_many_faults_of_each_kind() -> None:
    count = Counter(fault.operator for fault in faults())
    assert len(count) == 15
    assert count.total() > 200
    assert [str(fault) for fault in some_faults(100)] == [
        str(fault) for fault in some_faults(100)
    ]


def test_faults_are_named() -> None:
    short = [fault for fault in faults() if fault.seeded in SHORT]
    some = short[::5]
    missed = [str(fault) for fault in some if not named(fault)]
    assert len(some) >= 20
    assert len(missed) <= 0.05 * len(some), missed
