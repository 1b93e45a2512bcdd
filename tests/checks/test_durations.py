"""Durations in words."""

from __future__ import annotations

import pytest

from flask_wizard.checks.durations import in_words


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (7 * 24 * 3600, "7 days"),
        (24 * 3600, "1 day"),
        (20.5 * 3600, "20 hours and 30 minutes"),
        (90, "1 minute and 30 seconds"),
        (2 * 24 * 3600 + 1, "2 days and 1 second"),
        (24 * 3600 - 1, "23 hours and 59 minutes"),
        (0.5, "0 seconds"),
    ],
)
def test_duration_is_told_as_people_do(seconds: float, words: str) -> None:
    assert in_words(seconds) == words
