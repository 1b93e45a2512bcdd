"""Waiters: the requests of this process that wait until a commit has ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Generator
from threading import Lock

MOST = 4
"""How many requests may wait for one draft: each of them holds a worker."""

FIRST, LONGEST = 0.05, 1.0
"""The first and the longest pause between two loads of the draft, in seconds."""


class Waiters:
    """Gives each draft a few requests that may wait, and each of them its pauses."""

    def __init__(self) -> None:
        self._counts: Counter[str] = Counter()
        self._lock = Lock()

    def pauses(self, draft_id: str, wait: float) -> Generator[None]:
        """Yield after each pause, for ``wait`` seconds at most.

        Yield nothing if enough requests wait for this draft already. Each pause is
        twice as long as the one before. Close the iterator to stop waiting.
        """
        with self._lock:
            if self._counts[draft_id] >= MOST:
                return
            self._counts[draft_id] += 1
        try:
            deadline, pause = time.monotonic() + wait, FIRST
            while (left := deadline - time.monotonic()) > 0:
                time.sleep(min(pause, left))
                pause = min(2 * pause, LONGEST)
                yield
        finally:
            with self._lock:
                self._counts[draft_id] -= 1
                if not self._counts[draft_id]:
                    del self._counts[draft_id]
