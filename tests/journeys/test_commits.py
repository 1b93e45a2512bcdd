"""Commits and the saves of several tabs: once each, whatever comes at once."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, TypeVar

import pytest
from apps import MakeOnDisk
from clock import HOUR
from engines import Engine
from store_wrappers import Crowd, Probe
from time_machine import Traveller
from visitor import Visitor
from wizards import (
    CANARY,
    PASSWORD,
    HomeForm,
    Membership,
    TownForm,
    begin,
    choices,
    committed,
    declare,
    fill_in,
    stored,
)

from flask_wizard import Receipt, Step, StepError, Submission

T = TypeVar("T")

ROUNDS = 20  # of requests that race
LEASE = 120  # seconds, as WIZARD_COMMIT_LEASE is by default


# Steps and the commit


@pytest.mark.requirement("S12")
def test_step_posted_too_early_leads_to_the_first_open_one(
    visitor: Visitor,
) -> None:
    url = begin(visitor)
    got = visitor.post(f"{url}secret", {"password": PASSWORD, "again": PASSWORD})
    assert got.location == f"{url}more"
    assert not stored(visitor).entries["secret"].accepted


@pytest.mark.requirement("S12")
def test_commit_with_an_open_step_is_not_called(visitor: Visitor) -> None:
    url = begin(visitor)
    assert visitor.post(f"{url}check").location == f"{url}more"
    assert committed == []


@pytest.mark.requirement("S12")
def test_saving_a_step_does_not_make_it_done(visitor: Visitor) -> None:
    url = fill_in(visitor)
    visitor.post(f"{url}you", {"name": ""}, action="save")
    assert visitor.post(f"{url}check").location == f"{url}you"
    assert committed == []


@pytest.mark.requirement("S13")
def test_choice_that_is_gone_is_refused_at_commit(
    make_on_disk: MakeOnDisk,
) -> None:
    towns = ["Zanzibar", "Oslo"]

    def offer(form: TownForm, answers: object) -> None:
        form.town.choices = choices(*towns)

    class Move(Membership):
        secret = Step(TownForm, prepare=offer)

    visitor = Visitor(make_on_disk(Move))
    url = begin(visitor)
    visitor.post(f"{url}more", {"story": ""})
    got = visitor.post(f"{url}secret", {"town": "Zanzibar"})
    assert got.location == f"{url}check"
    towns.remove("Zanzibar")
    assert visitor.post(f"{url}check").location == f"{url}secret"
    assert committed == []
    assert "Not a valid choice" in visitor.get(f"{url}secret").text


@pytest.mark.requirement("S14")
def test_rules_across_steps_are_checked_at_commit(visitor: Visitor) -> None:
    url = fill_in(visitor, name="Nobody")
    assert visitor.post(f"{url}check").location == f"{url}you"
    assert committed == []
    assert "Somebody has to join" in visitor.get(f"{url}you").text


@pytest.mark.ux(46)
@pytest.mark.requirement("S15")
def test_eight_clicks_commit_once(crowd: Crowd, visitor: Visitor) -> None:
    drafts = []
    for _ in range(ROUNDS):
        url = fill_in(visitor)
        drafts.append(stored(visitor).submission)
        clicks = [partial(visitor.twin().post, f"{url}check") for _ in range(8)]
        answers = crowd.at_once(*clicks)
        assert {answer.location for answer in answers} == {f"{url}receipt"}
    assert [s.id for s in committed] == drafts


@pytest.mark.requirement("S15")
def test_replayed_commit_runs_once(visitor: Visitor) -> None:
    url = fill_in(visitor)
    ends = {visitor.post(f"{url}check").location for _ in range(3)}
    assert ends == {f"{url}receipt"}
    assert len(committed) == 1


@pytest.mark.requirement("S16")
def test_commit_gets_the_idempotency_key(visitor: Visitor) -> None:
    url = fill_in(visitor)
    key = stored(visitor).submission
    visitor.post(f"{url}check")
    assert [(s.id, s.attempt) for s in committed] == [(key, 1)]


@pytest.mark.requirement("S16")
def test_killed_commits_have_one_row_a_draft(
    make_on_disk: MakeOnDisk, clock: Traveller
) -> None:
    class Killed(BaseException):
        """What no code catches to go on, as a process does not that was killed."""

    class Mortal(Probe):
        """The store of a process that dies at one of its steps and takes no other."""

        left = math.inf

        def step(self) -> None:
            self.left -= 1
            if self.left < 0:
                raise Killed

        def load(self, key: str) -> tuple[bytes, bytes] | None:
            return self.around(self.inner.load, key)

        def create(self, *given: Any) -> bool:
            return self.around(self.inner.create, *given)

        def replace(self, *given: Any) -> bool:
            return self.around(self.inner.replace, *given)

        def around(self, call: Callable[..., T], *given: Any) -> T:
            self.step()
            result = call(*given)
            self.step()
            return result

    attempts: list[tuple[str, int]] = []
    rows: set[str] = set()

    class Rows(Membership):
        def commit(self, submission: Submission) -> None:
            process.step()
            attempts.append((submission.id, submission.attempt))
            process.step()
            rows.add(submission.id)
            process.step()

    app = make_on_disk(Rows)
    state = app.extensions["flask_wizard"]
    state.store = process = Mortal(state.store)
    ends = []
    for steps in itertools.count():
        visitor = Visitor(app)
        url = fill_in(visitor)
        key = stored(visitor).submission
        attempts.clear()
        process.left = steps
        with suppress(Killed):
            visitor.twin().post(f"{url}check")
        is_whole, process.left = process.left >= 0, math.inf
        clock.shift(LEASE + 1)
        assert visitor.post(f"{url}check").location == f"{url}receipt"
        assert stored(visitor).state == "committed"
        assert key in rows
        ends.append([attempt for id, attempt in attempts if id == key])
        assert len(ends[-1]) == len(attempts)
        if is_whole:
            break
    assert len(rows) == len(ends)
    assert {tuple(end) for end in ends} == {(1,), (2,), (1, 2)}


@pytest.mark.requirement("S17")
def test_failed_commit_leaves_every_answer(visitor: Visitor) -> None:
    url = fill_in(visitor, age="500")
    before = stored(visitor)
    assert visitor.post(f"{url}check").status_code == 500
    assert stored(visitor).entries == before.entries
    assert stored(visitor).state == "open"
    assert CANARY in visitor.get(f"{url}check").text


@pytest.mark.requirement("S17")
def test_commit_that_leads_astray_leaves_the_draft_open(
    make_on_disk: MakeOnDisk,
) -> None:
    class Astray(Membership):
        """A commit that sends the visitor to a step that is not there."""

        def commit(self, submission: Submission) -> None:
            raise StepError("nowhere", "There is no such step.")

    visitor = Visitor(make_on_disk(Astray))
    url = fill_in(visitor)
    assert visitor.post(f"{url}check").status_code == 500
    assert stored(visitor).state == "open"


@pytest.mark.requirement("S17")
def test_commit_that_raises_a_translated_message_leaves_the_draft_open(
    make_on_disk: MakeOnDisk,
) -> None:
    class Lazy:
        """A message that is a text only when asked, as translations are."""

        def __str__(self) -> str:
            return "Somebody else joined"

    class Translated(Membership):
        def commit(self, submission: Submission) -> None:
            message: Any = Lazy()
            raise StepError("you", message, field="name")

    visitor = Visitor(make_on_disk(Translated))
    url = fill_in(visitor)
    assert visitor.post(f"{url}check").location == f"{url}you"
    assert "Somebody else joined" in visitor.get(f"{url}you").text


@pytest.mark.requirement("S17")
def test_commit_that_outlives_its_draft_has_its_receipt(
    make_on_disk: MakeOnDisk, clock: Traveller
) -> None:
    class Slow(Membership):
        def commit(self, submission: Submission) -> Receipt:
            clock.shift(2)
            return Receipt(reference="R-2")

    visitor = Visitor(make_on_disk(Slow))
    url = fill_in(visitor)
    for _ in range(4):
        clock.shift(HOUR - 1)
        visitor.open(f"{url}check")
        visitor.post(f"{url}check", action="save")
    clock.shift(3)
    assert visitor.post(f"{url}check").location == f"{url}receipt"
    assert "R-2" in visitor.get(f"{url}receipt").text


# Two tabs


@pytest.mark.requirement("S18")
def test_steps_of_eight_tabs_are_all_kept(make_on_disk: MakeOnDisk) -> None:
    steps = {name: Step(HomeForm) for name in "abcdefgh"}
    app = make_on_disk(declare("Parts", commit=lambda *_: None, **steps))
    crowd = Crowd(app)
    visitor = Visitor(app)
    visitor.open("/join/new/a")
    visitor.fill()
    tabs = {name: visitor.twin() for name in steps}
    for number in range(ROUNDS):
        sent = {"street": f"Street {number}"}
        crowd.at_once(
            *(
                partial(tab.post, f"{tab.draft}{name}", sent, action="save")
                for name, tab in tabs.items()
            )
        )
    entries = stored(visitor).entries
    last = {"street": [f"Street {ROUNDS - 1}"]}
    assert {n: e.raw for n, e in entries.items()} == dict.fromkeys(tabs, last)
    assert sum(entry.rev for entry in entries.values()) == 8 * ROUNDS + 1


@pytest.mark.requirement("S19")
def test_stale_autosave_is_dropped(visitor: Visitor, engine: Engine) -> None:
    url = begin(visitor)
    visitor.post(f"{url}you", {"name": "newer"})
    before = engine.values()
    late = {"name": "older", "_rev": "1"}
    assert visitor.post(f"{url}you", late, action="autosave").status_code == 409
    assert engine.values() == before


@pytest.mark.requirement("S19")
def test_timely_autosave_is_kept(visitor: Visitor) -> None:
    url = begin(visitor)
    timely = {"name": "newer", "_rev": "1"}
    assert visitor.post(f"{url}you", timely, action="autosave").status_code == 204
    assert stored(visitor).entries["you"].raw["name"] == ["newer"]
