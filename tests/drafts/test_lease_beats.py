"""The renewal of a lease, beat by beat: its threads run at once, and end at once."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from contextvars import ContextVar
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from held_drafts import Shelf, begin, sent
from msgspec.structs import replace
from time_machine import Traveller

from flask_wizard.core.draft import Draft
from flask_wizard.drafts import lease
from flask_wizard.drafts.encrypted_store import StoredDraft
from flask_wizard.drafts.lease import LeaseRenewal, threads_are_reliable
from flask_wizard.drafts.visitor_drafts import VisitorDrafts

LEASE = 20.0
MINUTE = 60

seen: ContextVar[str] = ContextVar("seen", default="nothing")


class Beats:
    """The event that ends the renewals, after some beats at the latest."""

    def __init__(self) -> None:
        self.waits: list[float] = []
        self.most = 3
        self.before: dict[int, Callable[[], object]] = {}
        self.ended = False

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.before.pop(len(self.waits), lambda: None)()
        return len(self.waits) > self.most

    def set(self) -> None:
        self.ended = True


class Now:
    """A thread that has ended when it has been started."""

    made: ClassVar[list[dict[str, Any]]] = []

    def __init__(self, **options: Any) -> None:
        self.made.append(options)

    def start(self) -> None:
        options = self.made[-1]
        options["target"](*options["args"])


@pytest.fixture
def beats(monkeypatch: pytest.MonkeyPatch) -> Beats:
    beats = Beats()
    Now.made.clear()
    monkeypatch.setattr(lease, "Event", lambda: beats)
    monkeypatch.setattr(lease, "Thread", Now)
    return beats


@pytest.fixture
def monotonic(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The seconds of the clock that never jumps."""
    now = [100.0]
    both = SimpleNamespace(monotonic=lambda: now[0], time=time.time)
    monkeypatch.setattr(lease, "time", both)
    return now


@pytest.fixture
def drafts(shelf: Shelf) -> VisitorDrafts:
    return shelf.visitor()


@pytest.fixture
def claimed(drafts: VisitorDrafts) -> StoredDraft:
    stored = begin(drafts)
    return drafts.save(stored, stored.draft.claim(time.time(), LEASE))


def run(claimed: StoredDraft, drafts: VisitorDrafts, **options: float) -> None:
    most = {"lease": LEASE, "most": 10.0, **options}
    with LeaseRenewal(claimed, drafts, **most):
        pass


def test_each_beat_renews_the_lease(
    shelf: Shelf,
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    clock: Traveller,
) -> None:
    found: list[Draft] = []

    def look() -> None:
        found.append(shelf.stored(claimed.draft.id))
        clock.shift(5)

    beats.before = dict.fromkeys((1, 2, 3, 4), look)
    started = time.time()
    run(claimed, drafts)
    assert [draft.lease_until - started for draft in found] == [20, 25, 30, 35]
    assert not any(draft.maybe_running for draft in found)
    assert {draft.state for draft in found} == {"committing"}


@pytest.mark.parametrize(("seconds", "beat"), [(20.0, 1.0), (1.0, 0.05), (9999.0, 2)])
def test_beats_are_many_in_a_lease(
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    seconds: float,
    beat: float,
) -> None:
    run(claimed, drafts, lease=seconds)
    assert beats.waits == [beat] * 4


def test_end_of_the_commit_ends_the_renewals(
    shelf: Shelf, drafts: VisitorDrafts, claimed: StoredDraft, beats: Beats
) -> None:
    beats.most = 0
    with LeaseRenewal(claimed, drafts, lease=LEASE, most=10):
        assert not beats.ended
        assert shelf.stored(claimed.draft.id) == claimed.draft
    assert beats.ended


def test_thread_has_a_name_and_keeps_no_process_alive(
    drafts: VisitorDrafts, claimed: StoredDraft, beats: Beats
) -> None:
    run(claimed, drafts)
    (options,) = Now.made
    assert (options["name"], options["daemon"]) == ("flask_wizard lease", True)


def test_thread_has_the_context_of_the_commit(
    drafts: VisitorDrafts, claimed: StoredDraft, beats: Beats
) -> None:
    """Flask-SQLAlchemy looks for its engine there."""
    found: list[str] = []

    def look() -> None:
        found.append(seen.get())
        seen.set("the thread")

    beats.before = {1: look}
    seen.set("the commit")
    run(claimed, drafts)
    assert (found, seen.get()) == (["the commit"], "the commit")


@pytest.mark.parametrize(
    ("passed", "is_last"), [(0, False), (2.9, False), (3, True), (5, True)]
)
def test_last_lease_says_that_the_commit_may_run_on(
    shelf: Shelf,
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    monotonic: list[float],
    caplog: pytest.LogCaptureFixture,
    passed: float,
    is_last: bool,
) -> None:
    """The last renewal is at the end of the lease before the last."""

    def later() -> None:
        monotonic[0] += passed * LEASE

    beats.before = {2: later}
    run(claimed, drafts, most=4)
    draft = shelf.stored(claimed.draft.id)
    assert draft.maybe_running is is_last
    assert len(beats.waits) == (2 if is_last else 4)
    assert ("WIZARD_COMMIT_MAX" in caplog.text) is is_last


def test_renewals_end_when_another_attempt_has_the_claim(
    shelf: Shelf, drafts: VisitorDrafts, claimed: StoredDraft, beats: Beats
) -> None:
    taken = claimed.draft.release(unsettled=True).claim(time.time(), LEASE)
    beats.before = {2: lambda: shelf.put(claimed, taken)}
    run(claimed, drafts)
    assert shelf.stored(claimed.draft.id) == taken
    assert len(beats.waits) == 2


def test_renewals_end_with_the_draft(
    shelf: Shelf,
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    caplog: pytest.LogCaptureFixture,
) -> None:
    ended = drafts.end(claimed.draft, "committed")
    beats.before = {1: lambda: shelf.put(claimed, ended)}
    run(claimed, drafts)
    assert shelf.stored(claimed.draft.id) == ended
    assert len(beats.waits) == 1
    assert caplog.records == []


def test_renewal_keeps_what_another_request_has_written(
    shelf: Shelf,
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    caplog: pytest.LogCaptureFixture,
    clock: Traveller,
) -> None:
    other = claimed.draft.with_entries({"pet": sent("Rex")})

    def write() -> None:
        shelf.put(claimed, other)
        clock.shift(1)

    beats.before = {2: write}
    run(claimed, drafts)
    expected = replace(other, lease_until=time.time() + LEASE)
    assert shelf.stored(claimed.draft.id) == expected
    assert len(beats.waits) == 4
    assert caplog.records == []


def test_outage_ends_no_renewals(
    shelf: Shelf,
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    caplog: pytest.LogCaptureFixture,
    clock: Traveller,
) -> None:
    def fail() -> None:
        clock.shift(1)
        shelf.store.fail_at = 1

    beats.before = {1: fail}
    beats.most = 1
    run(claimed, drafts)
    assert shelf.stored(claimed.draft.id) == claimed.draft
    (record,) = caplog.records
    assert "could not be renewed yet" in record.message
    assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)
    beats.waits.clear()
    beats.before = {1: fail}
    beats.most = 2
    run(claimed, drafts)
    assert shelf.stored(claimed.draft.id).lease_until == time.time() + LEASE


def test_commit_without_a_thread_is_renewed_once(
    shelf: Shelf,
    drafts: VisitorDrafts,
    claimed: StoredDraft,
    beats: Beats,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    clock: Traveller,
) -> None:
    def refuse(self: Now) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(Now, "start", refuse)
    clock.shift(1)
    run(claimed, drafts)
    draft = shelf.stored(claimed.draft.id)
    assert (draft.lease_until, draft.maybe_running) == (time.time() + LEASE, True)
    assert "no thread to renew" in caplog.text
    assert beats.waits == []


def test_threads_of_the_system_are_reliable(monkeypatch: pytest.MonkeyPatch) -> None:
    assert threads_are_reliable() is True
    greenlets = SimpleNamespace(start_new_thread=lambda: None)
    monkeypatch.setattr(lease, "_thread", greenlets)
    assert threads_are_reliable() is False
