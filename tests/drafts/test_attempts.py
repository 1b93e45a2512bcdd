"""One attempt to commit a draft: its claim, its hooks and its outcome."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from clock import DAY
from held_drafts import LIMIT, NONCE, Brief, Shelf, begin, sent
from msgspec.structs import replace
from store_wrappers import Probe
from time_machine import Traveller
from wizards import declare

from flask_wizard import DefinitionError, Receipt, StepError, Submission
from flask_wizard.core.draft import AnswersCopy, Draft, pack
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.drafts import commit as module
from flask_wizard.drafts.commit import (
    TRANSACTION_TRIES,
    CommitResult,
    commit,
    receipt_of,
)
from flask_wizard.drafts.encrypted_store import StoredDraft
from flask_wizard.drafts.visitor_drafts import VisitorDrafts
from flask_wizard.errors import (
    CommitResultError,
    ConflictError,
    StoreError,
)
from flask_wizard.stores import DraftStore

LEASE = 60.0
COPY: AnswersCopy = (("", "You", 2, (("Name", ("Ada",)),)),)

Hook = Callable[[Submission], Any]


class Renewal:
    """The renewal of a lease: how it was asked for, and whether it runs."""

    def __init__(self) -> None:
        self.asked: list[tuple[StoredDraft, float, float]] = []
        self.runs = False

    @contextmanager
    def __call__(
        self, claimed: StoredDraft, drafts: object, *, lease: float, most: float
    ) -> Iterator[None]:
        self.asked.append((claimed, lease, most))
        self.runs = True
        yield
        self.runs = False


@pytest.fixture(autouse=True)
def renewal(monkeypatch: pytest.MonkeyPatch) -> Renewal:
    renewal = Renewal()
    monkeypatch.setattr(module, "LeaseRenewal", renewal)
    return renewal


class Attempts:
    """A visitor at the review of a draft, whose wizard has these hooks."""

    def __init__(self, shelf: Shelf, hook: Hook, **body: Any) -> None:
        self.shelf = shelf
        self.submissions: list[Submission] = []

        def call(wizard: object, submission: Submission) -> Any:
            self.submissions.append(submission)
            return hook(submission)

        self.wizard = declare("Order", Brief, **{"commit": call, **body})
        self.session: dict[str, Any] = {}
        self.drafts = shelf.visitor(self.session, wizard=self.wizard)
        new = self.drafts.start(NONCE)
        journey = Journey(self.wizard.steps, new.draft)
        for step, values in {"you": {"name": ["Ada"]}, "pet": {"pet": ["Rex"]}}.items():
            journey = journey.submit(step, Values(values), validate=True)
        self.stored = self.drafts.save(new, journey.to_draft(), notice="")

    @property
    def draft(self) -> Draft:
        """The draft as it is stored."""
        return self.shelf.stored(self.stored.draft.id)

    def change(self, change: Callable[[Draft], Draft]) -> None:
        """Change the draft before the attempt."""
        draft = change(self.stored.draft)
        self.stored = self.drafts.save(self.stored, draft)

    def run(self, *, copy: Callable[[], AnswersCopy] = lambda: COPY) -> CommitResult:
        journey = Journey(self.wizard.steps, self.stored.draft)
        return commit(
            self.wizard._instance(),
            journey,
            self.stored,
            self.drafts,
            lease=LEASE,
            most=7,
            copy=copy,
        )

    def reclaimed(self) -> Draft:
        """Another attempt takes the claim, as after the lease of this one."""
        draft = self.draft.release(unsettled=True).claim(time.time(), LEASE)
        self.shelf.put(self.stored, draft)
        return draft


def entries(draft: Draft) -> dict[str, Any]:
    return {name: entry.raw for name, entry in draft.entries.items()}


ANSWERS = {"you": {"name": ["Ada"]}, "pet": {"pet": ["Rex"]}}


def nothing(submission: Submission) -> None: ...


# The claim


def test_hook_runs_under_a_claim(shelf: Shelf, renewal: Renewal) -> None:
    found: list[Draft] = []

    def hook(submission: Submission) -> None:
        assert renewal.runs
        found.append(attempts.draft)

    attempts = Attempts(shelf, hook)
    expected = Journey(attempts.wizard.steps, attempts.stored.draft).answers_hash
    attempts.run()
    (claimed,) = found
    assert (claimed.state, claimed.attempt) == ("committing", 1)
    assert claimed.lease_until == time.time() + LEASE
    assert claimed.confirmed == expected != ""
    assert not claimed.maybe_running
    ((stored, lease, most),) = renewal.asked
    assert (stored.draft, lease, most) == (claimed, LEASE, 7)
    assert not renewal.runs


def test_claim_notes_where_nobody_may_renew_it(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    found: list[bool] = []
    attempts = Attempts(shelf, lambda s: found.append(attempts.draft.maybe_running))
    monkeypatch.setattr(module, "threads_are_reliable", lambda: False)
    attempts.run()
    assert found == [True]


def test_hook_gets_the_submission(shelf: Shelf) -> None:
    attempts = Attempts(shelf, nothing)
    attempts.run()
    (submission,) = attempts.submissions
    assert (submission.id, submission.attempt) == (attempts.stored.draft.submission, 1)
    assert submission.data["you"]["name"] == "Ada"


def test_draft_that_changed_before_the_claim_is_left_alone(shelf: Shelf) -> None:
    attempts = Attempts(shelf, nothing)
    other = attempts.draft.with_entries({"you": sent("Eve")})
    shelf.put(attempts.stored, other)
    with pytest.raises(ConflictError):
        attempts.run()
    assert attempts.draft == other
    assert attempts.submissions == []


def test_claim_of_another_at_the_same_instant_is_left_alone(shelf: Shelf) -> None:
    attempts = Attempts(shelf, nothing)
    draft = attempts.stored.draft
    confirmed = Journey(attempts.wizard.steps, draft).answers_hash
    other = draft.claim(time.time(), LEASE, confirmed=confirmed)
    shelf.put(attempts.stored, other)
    with pytest.raises(ConflictError):
        attempts.run()
    assert attempts.draft == other
    assert attempts.submissions == []


def fails_after(shelf: Shelf, then: Callable[[], object] = lambda: None) -> None:
    """Have the next write succeed, and its reply lost."""
    inner: Any = shelf.store.inner
    put = inner.replace

    def lost(*arguments: Any) -> bool:
        inner.replace = put
        put(*arguments)
        then()
        raise StoreError("The reply was lost.")

    inner.replace = lost


def test_claim_whose_reply_was_lost_is_released(shelf: Shelf) -> None:
    attempts = Attempts(shelf, nothing)
    fails_after(shelf)
    with pytest.raises(StoreError, match="reply"):
        attempts.run()
    draft = attempts.draft
    assert (draft.state, draft.attempt, draft.unsettled) == ("open", 1, False)
    assert entries(draft) == ANSWERS
    assert attempts.submissions == []


def test_claim_of_another_is_not_released(shelf: Shelf) -> None:
    attempts = Attempts(shelf, nothing)
    others: list[Draft] = []
    fails_after(shelf, lambda: others.append(attempts.reclaimed()))
    with pytest.raises(StoreError, match="reply"):
        attempts.run()
    assert [attempts.draft] == others


def test_claim_that_nobody_can_release_expires(shelf: Shelf) -> None:
    attempts = Attempts(shelf, nothing)

    def fail() -> None:
        shelf.store.down = True

    fails_after(shelf, fail)
    with pytest.raises(StoreError, match="reply"):
        attempts.run()
    shelf.store.down = False
    assert attempts.draft.state == "committing"


# What is not committed


def test_all_steps_are_validated_again(shelf: Shelf) -> None:
    """A choice may have gone since, or the clock."""
    attempts = Attempts(shelf, nothing)
    attempts.change(lambda draft: draft.with_entries({"you": sent("")}))
    result = attempts.run()
    assert result.page is not None
    assert result.page.name == "you"
    draft = attempts.draft
    assert draft == result.draft
    assert (draft.state, draft.notice, draft.attempt) == ("open", "refused", 0)
    assert draft.entries["you"].errors == {"name": ["Enter your name"]}
    assert (draft.entries["you"].accepted, draft.entries["pet"].accepted) == (
        False,
        True,
    )
    assert attempts.submissions == []


def test_validate_may_refuse(shelf: Shelf) -> None:
    def validate(wizard: object, submission: Submission) -> None:
        raise StepError("pet", "No dogs", field="pet")

    attempts = Attempts(shelf, nothing, validate=validate)
    result = attempts.run()
    assert result.page is not None
    assert result.page.name == "pet"
    draft = attempts.draft
    assert draft == result.draft
    assert (draft.state, draft.notice, draft.attempt) == ("open", "refused", 0)
    assert draft.entries["pet"].errors == {"pet": ["No dogs"]}
    assert draft.entries["pet"].told
    assert entries(draft) == ANSWERS
    assert attempts.submissions == []


@pytest.mark.parametrize("found", [True, False, "Wrong", 0])
def test_validate_that_returns_something_is_a_mistake(
    shelf: Shelf, found: object
) -> None:
    attempts = Attempts(shelf, nothing, validate=lambda wizard, s: found)
    before = attempts.draft
    with pytest.raises(DefinitionError, match="validate returned a"):
        attempts.run()
    assert attempts.draft == before


@pytest.mark.parametrize(
    ("unsettled", "same", "asks"),
    [
        (True, True, False),
        (True, False, True),
        (False, True, True),
        (False, False, True),
    ],
)
def test_validate_is_not_asked_again_about_what_may_be_committed(
    shelf: Shelf, unsettled: bool, same: bool, asks: bool
) -> None:
    """Otherwise it might refuse a commit that took effect."""
    asked: list[Submission] = []

    def validate(wizard: object, submission: Submission) -> None:
        asked.append(submission)

    attempts = Attempts(shelf, nothing, validate=validate)
    digest = Journey(attempts.wizard.steps, attempts.stored.draft).answers_hash
    confirmed = digest if same else "another"
    attempts.change(lambda d: replace(d, unsettled=unsettled, confirmed=confirmed))
    attempts.run()
    assert len(asked) == asks
    assert len(attempts.submissions) == 1


@pytest.mark.parametrize("hook", ["validate", "commit"])
@pytest.mark.parametrize(
    ("error", "message"),
    [
        (StepError("pte", "No"), r"'pte', which is not a step.*you, pet, check\."),
        (StepError("pet", "No", field="nmae"), "nmae"),
        (StepError("pet", "No", item="x"), "not a list"),
    ],
)
def test_error_of_a_step_that_is_not_there_is_a_mistake(
    shelf: Shelf, hook: str, error: StepError, message: str
) -> None:
    def fail(wizard: object, submission: Submission) -> None:
        raise error

    attempts = Attempts(shelf, nothing, **{hook: fail})
    with pytest.raises(DefinitionError, match=message):
        attempts.run()
    draft = attempts.draft
    assert (draft.state, draft.unsettled, entries(draft)) == ("open", False, ANSWERS)


# The end


def test_commit_ends_the_draft(shelf: Shelf, clock: Traveller) -> None:
    def hook(submission: Submission) -> Receipt:
        clock.shift(1)
        return Receipt(reference="R-1")

    attempts = Attempts(shelf, hook)
    result = attempts.run()
    assert result == CommitResult(attempts.draft)
    draft = attempts.draft
    assert (draft.state, draft.attempt) == ("committed", 1)
    assert draft.updated == time.time()
    assert draft.receipt == Receipt(reference="R-1")
    assert entries(draft) == {}


def test_commit_ends_a_draft_that_changed_meanwhile(shelf: Shelf) -> None:
    """It took effect, whatever another process has made of the draft."""

    def hook(submission: Submission) -> str:
        released = attempts.draft.release(unsettled=True)
        shelf.put(attempts.stored, released.with_entries({"you": sent("Eve")}))
        return "/orders/7"

    attempts = Attempts(shelf, hook)
    assert attempts.run().draft.receipt == Receipt(url="/orders/7")
    assert attempts.draft.state == "committed"


def test_commit_leaves_the_end_of_another_attempt(shelf: Shelf) -> None:
    def hook(submission: Submission) -> str:
        other = attempts.drafts.end(attempts.draft, "committed", Receipt("R-2"))
        shelf.put(attempts.stored, other)
        return "/orders/7"

    attempts = Attempts(shelf, hook)
    result = attempts.run()
    assert result.draft == attempts.draft
    assert attempts.draft.receipt == Receipt("R-2")


def test_result_that_means_nothing_ends_the_draft_all_the_same(shelf: Shelf) -> None:
    attempts = Attempts(shelf, lambda submission: "Thank you")
    with pytest.raises(CommitResultError):
        attempts.run()
    assert attempts.draft.state == "committed"
    assert attempts.draft.receipt == Receipt()


# The copy of the answers


def test_receipt_keeps_a_copy_of_the_answers(shelf: Shelf) -> None:
    attempts = Attempts(shelf, lambda submission: Receipt("R-1", keep=DAY))
    attempts.run()
    until = time.time() + DAY
    assert attempts.draft.receipt == Receipt("R-1", copy=COPY, copy_until=until)
    assert attempts.draft.keep_until == until


def test_receipt_keeps_no_copy_unasked(shelf: Shelf) -> None:
    attempts = Attempts(shelf, lambda submission: Receipt("R-1"))
    attempts.run(copy=lambda: pytest.fail("Nobody has asked."))
    assert attempts.draft.receipt == Receipt("R-1")


def test_copy_that_cannot_be_made_keeps_nothing_from_ending(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = Attempts(shelf, lambda submission: Receipt("R-1", keep=DAY))
    attempts.run(copy=lambda: 1 / 0)  # type: ignore[arg-type, return-value]
    assert attempts.draft.receipt == Receipt("R-1")
    (record,) = caplog.records
    assert "could not be made" in record.message
    assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)


@pytest.mark.parametrize("longer", [0, 1])
def test_copy_has_the_room_of_a_draft(
    shelf: Shelf, caplog: pytest.LogCaptureFixture, longer: int
) -> None:
    until = time.time() + DAY

    def receipt(size: int) -> Receipt:
        copied: AnswersCopy = (("", "You", 2, (("Name", ("x" * size,)),)),)
        return Receipt(message="Hi", copy=copied, copy_until=until)

    size = LIMIT - len(pack(receipt(LIMIT - 99))) + LIMIT - 99
    assert len(pack(receipt(size))) == LIMIT
    attempts = Attempts(shelf, lambda submission: Receipt(message="Hi", keep=DAY))
    attempts.run(copy=lambda: receipt(size + longer).copy)
    kept = receipt(size) if not longer else Receipt(message="Hi")
    assert attempts.draft.receipt == kept
    assert (f"receipt to {LIMIT + 1} bytes" in caplog.text) is bool(longer)


def test_receipt_without_a_copy_may_be_longer_than_a_draft(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    receipt = Receipt(message="x" * 2 * LIMIT)
    attempts = Attempts(shelf, lambda submission: receipt)
    attempts.run()
    assert attempts.draft.receipt == receipt
    assert caplog.records == []


def test_long_text_of_a_receipt_is_left_out_beside_a_copy(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MAX_RECEIPT", 100)
    result = Receipt("R-1", message="x" * 101, keep=DAY)
    attempts = Attempts(shelf, lambda submission: result)
    attempts.run()
    until = time.time() + DAY
    assert attempts.draft.receipt == Receipt("R-1", copy=COPY, copy_until=until)


@pytest.mark.parametrize(
    "part", ["message", "reference", "url", "next_steps", "contact", "url_label"]
)
def test_longest_text_of_a_receipt_is_left_out_if_it_has_no_room(
    shelf: Shelf,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    part: str,
) -> None:
    given: dict[str, Any] = {
        "reference": "/a",
        "url": "/b",
        "message": "/c",
        "contact": "/d",
    }
    result = Receipt(**{**given, part: "/" + "x" * 99})
    room = len(pack(receipt_of(result)))
    for most, left_out in {room: [], room - 1: [part]}.items():
        caplog.clear()
        monkeypatch.setattr(module, "MAX_RECEIPT", most)
        attempts = Attempts(Shelf(), lambda submission: result)
        attempts.run()
        expected = replace(result, **dict.fromkeys(left_out))
        assert attempts.draft.receipt == expected
        assert len(caplog.records) == len(left_out)
        assert all(f"Its {part} is left out" in r.message for r in caplog.records)


def test_receipt_has_64_kib() -> None:
    assert module.MAX_RECEIPT == 65_536


# A hook that raises


def test_hook_that_raises_leaves_the_draft_open_and_whole(shelf: Shelf) -> None:
    error = ValueError("The printer is out of paper.")

    def hook(submission: Submission) -> None:
        raise error

    attempts = Attempts(shelf, hook)
    with pytest.raises(ValueError, match="paper") as raised:
        attempts.run()
    assert raised.value is error
    draft = attempts.draft
    assert (draft.state, draft.attempt, draft.unsettled) == ("open", 1, False)
    assert draft.entries["you"].accepted
    assert entries(draft) == ANSWERS
    assert attempts.drafts.load(draft.id) is not None


class Stopped(BaseException):
    """A worker's time limit."""


def test_hook_that_is_stopped_leaves_the_draft_unsettled(shelf: Shelf) -> None:
    def hook(submission: Submission) -> None:
        raise Stopped

    attempts = Attempts(shelf, hook)
    with pytest.raises(Stopped):
        attempts.run()
    draft = attempts.draft
    assert (draft.state, draft.unsettled, entries(draft)) == ("open", True, ANSWERS)


def test_draft_stays_unsettled_if_the_next_attempt_raises(shelf: Shelf) -> None:
    def hook(submission: Submission) -> None:
        raise KeyError

    attempts = Attempts(shelf, hook)
    attempts.change(lambda draft: replace(draft, unsettled=True))
    with pytest.raises(KeyError):
        attempts.run()
    assert attempts.draft.unsettled


@pytest.mark.parametrize("error", [ValueError(), Stopped(), StepError("pet", "No")])
def test_claim_that_another_attempt_has_by_now_is_not_released(
    shelf: Shelf, error: BaseException
) -> None:
    others: list[Draft] = []

    def hook(submission: Submission) -> None:
        others.append(attempts.reclaimed())
        raise error

    attempts = Attempts(shelf, hook)
    if isinstance(error, StepError):
        assert attempts.run().draft == others[0]
    else:
        with pytest.raises(type(error)):
            attempts.run()
    assert [attempts.draft] == others


def test_draft_is_released_with_what_another_request_has_written(shelf: Shelf) -> None:
    def hook(submission: Submission) -> None:
        shelf.put(attempts.stored, attempts.draft.with_entries({"x": sent("Eve")}))
        raise KeyError

    attempts = Attempts(shelf, hook)
    with pytest.raises(KeyError):
        attempts.run()
    assert attempts.draft.state == "open"
    assert "x" in attempts.draft.entries


def test_draft_that_cannot_be_released_waits_for_its_lease(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    def hook(submission: Submission) -> None:
        shelf.store.down = True
        raise ValueError("paper")

    attempts = Attempts(shelf, hook)
    with pytest.raises(ValueError, match="paper"):
        attempts.run()
    shelf.store.down = False
    assert attempts.draft.state == "committing"
    (record,) = caplog.records
    assert "until its lease expires" in record.message
    assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)


def test_visitor_whose_session_was_cleared_gets_the_draft_back(shelf: Shelf) -> None:
    def hook(submission: Submission) -> None:
        attempts.session.clear()
        raise KeyError

    attempts = Attempts(shelf, hook)
    with pytest.raises(KeyError):
        attempts.run()
    later = shelf.visitor(attempts.session, wizard=attempts.wizard)
    assert later.load(attempts.draft.id) is not None


def test_child_of_a_fork_leaves_the_claim_to_its_parent(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hook(submission: Submission) -> None:
        monkeypatch.setattr(module, "os", SimpleNamespace(getpid=lambda: -1))
        raise Stopped

    attempts = Attempts(shelf, hook)
    with pytest.raises(Stopped):
        attempts.run()
    assert attempts.draft.state == "committing"


# A hook that sends back


def test_hook_may_send_back(shelf: Shelf) -> None:
    def hook(submission: Submission) -> None:
        attempts.session.clear()
        raise StepError("pet", "No dogs", field="pet")

    attempts = Attempts(shelf, hook)
    attempts.change(lambda draft: replace(draft, unsettled=True))
    result = attempts.run()
    assert result.page is not None
    assert result.page.name == "pet"
    draft = attempts.draft
    assert draft == result.draft
    assert (draft.state, draft.notice, draft.attempt) == ("open", "refused", 1)
    assert not draft.unsettled  # this attempt shows that none took effect
    assert draft.entries["pet"].errors == {"pet": ["No dogs"]}
    assert entries(draft) == ANSWERS
    later = shelf.visitor(attempts.session, wizard=attempts.wizard)
    assert later.load(draft.id) is not None


# One transaction


class Database(Probe):
    """A store that joins the application's transaction, and what happens at its end."""

    def __init__(self, inner: DraftStore) -> None:
        super().__init__(inner)
        self.ends: list[BaseException] = []
        self.before_end: Callable[[], object] = lambda: None
        self.is_lost = False
        self.gave_way = 0
        self.tries = 0

    @contextmanager
    def joined(self) -> Iterator[DraftStore]:
        self.tries += 1
        before = self.snapshot()
        try:
            yield self
            self.before_end()
            if self.ends:
                raise self.ends.pop()
        except BaseException:
            if not self.is_lost:
                self.restore(before)
            raise

    def give_way(self) -> None:
        self.gave_way += 1


@pytest.fixture
def database(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Database:
    database = Database(shelf.store.inner)
    shelf.store = database
    waits = SimpleNamespace(time=time.time, sleep=lambda seconds: None)
    monkeypatch.setattr(module, "time", waits)
    return database


def joined(shelf: Shelf, hook: Hook, **body: Any) -> Attempts:
    return Attempts(shelf, hook, one_transaction=True, **body)


def conflict() -> ConflictError:
    error = ConflictError("Another transaction was first.")
    error.__cause__ = RuntimeError("40001")
    return error


def test_transaction_ends_the_draft(
    shelf: Shelf, database: Database, renewal: Renewal
) -> None:
    attempts = joined(shelf, lambda submission: Receipt("R-1"))
    assert attempts.run() == CommitResult(attempts.draft)
    draft = attempts.draft
    assert (draft.state, draft.attempt) == ("committed", 1)
    assert draft.receipt == Receipt("R-1")
    assert (database.tries, renewal.asked) == (1, [])  # the transaction is the lease


def test_transaction_that_another_ends_is_tried_again(
    shelf: Shelf, database: Database
) -> None:
    attempts = joined(shelf, nothing)
    database.ends = [conflict(), conflict()]
    assert attempts.run() == CommitResult(attempts.draft)
    assert attempts.draft.state == "committed"
    assert len(attempts.submissions) == database.tries == 3


def test_transaction_waits_a_little_longer_each_time(
    shelf: Shelf, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    waits: list[object] = []
    clock = SimpleNamespace(time=time.time, sleep=waits.append)
    monkeypatch.setattr(module, "time", clock)
    longest = SimpleNamespace(uniform=lambda least, most: (least, most))
    monkeypatch.setattr(module, "random", longest)
    attempts = joined(shelf, nothing)
    database.ends = [conflict() for _ in range(3)]
    attempts.run()
    assert waits == [(0, 0.01), (0, 0.02), (0, pytest.approx(0.03))]


@pytest.mark.parametrize(
    ("cause", "expected"), [(RuntimeError("40001"), "40001"), (None, "Another request")]
)
def test_transaction_that_never_succeeds_raises_the_database_s_error(
    shelf: Shelf, database: Database, cause: Exception | None, expected: str
) -> None:
    attempts = joined(shelf, nothing)
    for _ in range(99):
        error = ConflictError("Another transaction was first.")
        error.__cause__ = cause
        database.ends.append(error)
    with pytest.raises((RuntimeError, StoreError), match=expected):
        attempts.run()
    assert database.tries == TRANSACTION_TRIES
    draft = attempts.draft
    assert (draft.state, draft.unsettled, entries(draft)) == ("open", False, ANSWERS)


def test_transaction_is_not_tried_again_without_the_claim(
    shelf: Shelf, database: Database
) -> None:
    attempts = joined(shelf, nothing)
    others: list[Draft] = []
    database.ends = [conflict()]
    restore = database.restore

    def taken(snapshot: Any) -> None:
        restore(snapshot)
        others.append(attempts.reclaimed())

    database.restore = taken  # type: ignore[method-assign]
    assert attempts.run() == CommitResult(others[0])
    assert [attempts.draft] == others
    assert database.tries == 1


@pytest.mark.parametrize("error", [ValueError("paper"), Stopped("paper")])
def test_transaction_that_is_rolled_back_is_settled(
    shelf: Shelf, database: Database, error: BaseException
) -> None:
    def hook(submission: Submission) -> None:
        raise error

    attempts = joined(shelf, hook)
    with pytest.raises(type(error), match="paper"):
        attempts.run()
    draft = attempts.draft
    assert (draft.state, draft.unsettled, entries(draft)) == ("open", False, ANSWERS)
    assert database.gave_way == 1


def test_transaction_that_sends_back_is_rolled_back(
    shelf: Shelf, database: Database
) -> None:
    def hook(submission: Submission) -> None:
        raise StepError("pet", "No dogs")

    attempts = joined(shelf, hook)
    result = attempts.run()
    assert result.page is not None
    assert attempts.draft.entries["pet"].errors == {"": ["No dogs"]}
    assert database.gave_way == 1


def test_transaction_whose_reply_was_lost_took_place(
    shelf: Shelf, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    attempts = joined(shelf, lambda submission: Receipt("R-1"))
    database.is_lost = True
    database.ends = [OSError("The connection is gone.")]
    assert attempts.run() == CommitResult(attempts.draft)
    assert attempts.draft.receipt == Receipt("R-1")
    (record,) = caplog.records
    assert "took place although" in record.message
    assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)


def test_transaction_that_ends_the_worker_took_place(
    shelf: Shelf, database: Database
) -> None:
    attempts = joined(shelf, nothing)
    database.is_lost = True
    database.ends = [Stopped()]
    with pytest.raises(Stopped):
        attempts.run()
    assert attempts.draft.state == "committed"


def test_failed_transaction_does_not_take_the_end_of_another_for_its_own(
    shelf: Shelf, database: Database
) -> None:
    def hook(submission: Submission) -> None:
        other = replace(attempts.reclaimed(), attempt=2)
        ended = attempts.drafts.end(other, "committed", Receipt("R-2"))
        shelf.put(attempts.stored, ended)
        database.is_lost = True
        raise ValueError("paper")

    attempts = joined(shelf, hook)
    with pytest.raises(ValueError, match="paper"):
        attempts.run()
    assert attempts.draft.receipt == Receipt("R-2")


def test_files_are_deleted_behind_the_transaction(
    shelf: Shelf, database: Database
) -> None:
    attempts = joined(shelf, nothing)
    file_id = "f" * 22
    attempts.change(
        lambda draft: draft.with_entries({"old": sent(**{file_id: "me.png"})})
    )
    key = f"{attempts.stored.version.key}/{file_id}"
    shelf.files.files[key] = b"..."
    database.before_end = lambda: kept.append(key in shelf.files.files)
    kept: list[bool] = []
    attempts.run()
    assert kept == [True]
    assert shelf.files.files == {}


def test_visitors_drafts_give_way_and_join(shelf: Shelf, database: Database) -> None:
    drafts: VisitorDrafts = shelf.visitor()
    stored = begin(drafts)
    drafts.give_way()
    assert database.gave_way == 1

    def save(notice: str) -> None:
        with drafts.joined() as inside:
            assert inside is not drafts
            assert inside.holder is drafts.holder
            found = inside.load(stored.draft.id)
            assert found is not None
            inside.save(found, found.draft, notice=notice)

    save("refused")
    assert shelf.stored(stored.draft.id).notice == "refused"
    database.ends = [conflict()]
    with pytest.raises(ConflictError):
        save("moved")
    assert shelf.stored(stored.draft.id).notice == "refused"
