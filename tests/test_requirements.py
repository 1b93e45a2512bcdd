"""The numbered security requirements, each of which has a test."""

from __future__ import annotations

import re
from pathlib import Path

HELD = {f"S{n:02}" for n in range(1, 52)}


def test_every_requirement_that_is_held_has_a_test() -> None:
    whole = "\n".join(p.read_text() for p in Path(__file__).parent.rglob("test_*.py"))
    assert (
        set(re.findall(r'^@pytest\.mark\.requirement\("(S\d\d)"\)', whole, re.M))
        == HELD
    )
