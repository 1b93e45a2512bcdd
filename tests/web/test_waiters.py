"""Requests that come while a commit runs: who waits, and how often they look."""

from __future__ import annotations

import threading

import pytest
from apps import MakeApp
from store_wrappers import Probe
from visitor import Visitor
from wizards import Join, begun

from flask_wizard import Submission
from flask_wizard.web import waiters


class Pauses:
    """A clock that pauses move on, so that nobody waits."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        monkeypatch.setattr(waiters, "time", self)

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture
def busy(make_app: MakeApp, store: Probe) -> Visitor:
    """A visitor at the review of a draft that another process has claimed."""
    snapshots: list[dict[str, tuple[bytes, bytes] | None]] = []

    class Slow(Join):
        def commit(self, submission: Submission) -> None:
            snapshots.append(store.snapshot())

    visitor = begun(make_app(Slow, WIZARD_COMMIT_WAIT=2))
    visitor.fill(pet="Rex")
    visitor.twin().send()
    store.restore(snapshots[0])
    return visitor


@pytest.mark.parametrize(
    ("at", "action", "sent", "reads", "status"),
    [
        ("check", "next", {}, range(5, 9), 303),
        ("pet", "next", {"pet": "Tom"}, range(5, 9), 409),
        ("pet", "save", {"pet": "Tom"}, range(5, 9), 409),
        ("pet", "back", {"pet": "Rex", "age": ""}, range(5, 9), 303),
        ("pet", "autosave", {"pet": "Tom"}, range(1, 3), 409),
        ("pet", "discard", {"pet": "Rex", "age": ""}, range(1, 2), 303),
        ("discard", "discard", {}, range(1, 2), 303),
    ],
)
def test_wait_for_a_commit_reads_the_store_a_few_times(
    busy: Visitor,
    store: Probe,
    monkeypatch: pytest.MonkeyPatch,
    at: str,
    action: str,
    sent: dict[str, str],
    reads: range,
    status: int,
) -> None:
    clock = Pauses(monkeypatch)
    path = busy.draft + at
    store.calls.clear()
    answer = busy.post(path, {**sent, "_rev": "99"}, action=action)
    assert answer.status_code == status
    assert store.calls.count("load") in reads
    assert clock.now == (2 if reads.start > 1 else 0)


def test_only_four_requests_wait_for_a_draft(
    busy: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, free = threading.Semaphore(0), threading.Event()
    clock = Pauses(monkeypatch)

    def sleep(seconds: float) -> None:
        held.release()
        assert free.wait(60)
        clock.now += seconds

    monkeypatch.setattr(clock, "sleep", sleep)
    path, twins = f"{busy.draft}check", [busy.twin() for _ in range(4)]
    threads = [threading.Thread(target=twin.post, args=(path,)) for twin in twins]
    for thread in threads:
        thread.start()
    for _ in threads:
        assert held.acquire(timeout=60)
    for _ in range(3):  # each would wait for ever
        assert busy.post(path).location == f"{busy.draft}receipt"
    free.set()
    for thread in threads:
        thread.join()
    counts = busy.app.extensions["flask_wizard"].waiters._counts
    assert not counts
