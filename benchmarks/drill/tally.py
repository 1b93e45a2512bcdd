"""What happened, counted by all threads together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from threading import Lock


class Tally:
    """Numbers by what they count, and what was wrong in words."""

    def __init__(self) -> None:
        self._lock = Lock()
        self._numbers: Counter[str] = Counter()
        self.findings: list[str] = []

    def __getitem__(self, what: str) -> float:
        return self._numbers[what]

    def add(self, what: str, number: float = 1) -> None:
        with self._lock:
            self._numbers[what] += number  # type: ignore[assignment]  # seconds, too

    def find(self, what: str, finding: str, story: Iterable[str] = ()) -> None:
        """Count what must not be, and say which it was, and what came before."""
        self.add(what)
        with self._lock:
            self.findings.append("\n      ".join((f"{what}: {finding}", *story)))
