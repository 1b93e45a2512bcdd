"""What the tests of drafts share: a store of drafts, and a visitor's session."""

from __future__ import annotations

from typing import Any

import pytest
from held_drafts import Shelf
from time_machine import Traveller


@pytest.fixture
def shelf(clock: Traveller) -> Shelf:
    """A store of drafts, at a time that stands still."""
    return Shelf()


@pytest.fixture
def session() -> dict[str, Any]:
    """The session of a visitor who has just come."""
    return {}
