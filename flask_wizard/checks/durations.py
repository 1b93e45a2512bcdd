"""Durations in words, for what the commands print."""

from __future__ import annotations

UNITS = {"day": 24 * 60 * 60, "hour": 60 * 60, "minute": 60, "second": 1}


def in_words(seconds: float) -> str:
    """Return a duration in its two largest units: "7 days", "1 hour and 30 minutes".

    What is smaller is left out.
    """
    left, found = int(seconds), []
    for unit, size in UNITS.items():
        count, left = divmod(left, size)
        if count:
            found.append(f"{count} {unit}{'s' if count > 1 else ''}")
    return " and ".join(found[:2]) or "0 seconds"
