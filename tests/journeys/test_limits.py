"""How often a visitor may begin and send: for the application to say."""

from __future__ import annotations

from collections import Counter
from hashlib import sha256
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask, abort
from store_wrappers import Probe
from visitor import Visitor
from werkzeug.exceptions import TooManyRequests
from wizards import Commits, You, begun, committed

from flask_wizard import Review, Step, Wizard


class Limited(Commits, Wizard):
    """Admits each holder once at each moment."""

    you = Step(You)
    check = Review()

    seen: Counter[tuple[str, str]]

    def admit(self, moment: str, holder: str) -> None:
        self.seen[moment, holder] += 1
        if self.seen[moment, holder] > 1:
            raise TooManyRequests(retry_after=60)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    Limited.seen = Counter()
    return make_app(Limited)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return begun(app)


@pytest.mark.requirement("S29")
def test_hook_gets_the_holder_at_each_moment(
    visitor: Visitor,
) -> None:
    def moments() -> Counter[str]:
        return Counter(moment for moment, _ in Limited.seen.elements())

    visitor.press("back")
    visitor.fill(name="Eve")
    visitor.press()
    assert moments() == {"start": 1, "commit": 1}
    assert len({holder for _, holder in Limited.seen}) == 1


@pytest.mark.requirement("S29")
def test_holders_are_told_apart(visitor: Visitor, app: Flask) -> None:
    other = Visitor(app)
    other.open()
    assert other.fill(name="Eve").status == 200
    assert len({holder for _, holder in Limited.seen}) == 2


@pytest.mark.requirement("S29")
def test_holder_is_neither_the_token_nor_a_plain_hash_of_it(
    visitor: Visitor, app: Flask
) -> None:
    with visitor.client.session_transaction() as session:
        held = [str(value) for value in session.values()]
    (holder,) = {holder for _, holder in Limited.seen}
    assert holder not in [sha256(text.encode()).hexdigest() for text in held]
    assert not any(text in holder or holder in text for text in held)


def test_refused_start_gives_back_what_was_sent(visitor: Visitor, store: Probe) -> None:
    before = store.snapshot()
    visitor.open("/join/new/you")
    page = visitor.fill(name="Eve")
    assert (page.status, page.value("name")) == (429, "Eve")
    assert "Wait a while" in page.banners
    assert store.snapshot() == before


def test_refusal_says_when_to_come_back(visitor: Visitor) -> None:
    visitor.open("/join/new/you")
    assert visitor.send("next", {"name": "Eve"}).headers["Retry-After"] == "60"


def test_refusal_tells_a_script_when_to_come_back(visitor: Visitor) -> None:
    visitor.open("/join/new/you")
    answer = visitor.send("autosave", {"name": "Eve"})
    assert (answer.status_code, answer.headers["Retry-After"]) == (429, "60")


def test_refused_commit_leaves_the_draft_open(visitor: Visitor) -> None:
    holder = next(holder for _, holder in Limited.seen)
    Limited.seen["commit", holder] = 1
    assert visitor.press().status == 429
    assert committed == []
    Limited.seen.clear()
    assert visitor.press().heading == "Your answers have been sent"


def test_refused_autosave_is_a_bare_answer(visitor: Visitor) -> None:
    visitor.open("/join/new/you")
    answer = visitor.send("autosave", {"name": "Eve"})
    assert (answer.status_code, answer.data) == (429, b"")


def test_race_of_two_first_posts_asks_once_for_each(
    make_app: MakeApp, store: Probe
) -> None:
    """A POST that has to be tried again is still one POST."""
    asked: list[str] = []

    class Counted(Limited):
        def admit(self, moment: str, holder: str) -> None:
            asked.append(moment)

    visitor = Visitor(make_app(Counted))
    visitor.open()
    twin = visitor.twin()
    store.before_write.append(lambda: twin.send("next", {"name": "Eve"}))
    visitor.fill(name="Ada")
    assert asked == ["start", "start"]


def test_refusal_may_have_any_status(make_app: MakeApp) -> None:
    class Closed(Limited):
        def admit(self, moment: str, holder: str) -> Any:
            abort(503)

    visitor = Visitor(make_app(Closed))
    visitor.open()
    assert visitor.fill(name="Ada").status == 503
