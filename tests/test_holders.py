"""The list of a holder's drafts: which are on it, for how long, and what that costs."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse
from wtforms import Form, StringField

from flask_wizard import Step, Submission, Wizard
from tests.conftest import DAY, HOUR, Clock, MakeApp, Visitor

# For visitors who come back after a month, and send the page that they had.
LASTING: dict[str, Any] = {
    "WTF_CSRF_TIME_LIMIT": None,
    "PERMANENT_SESSION_LIFETIME": 100 * DAY,
}


class NameForm(Form):
    name = StringField()


class Join(Wizard):
    lifetime = 7 * DAY
    max_lifetime = 30 * DAY
    max_drafts = 1

    you = Step(NameForm)
    more = Step(NameForm)

    def commit(self, submission: Submission) -> None: ...


class Shorter(Join):
    """The same after a deploy, for drafts that are in the store already."""

    lifetime = 5 * DAY


def begin(visitor: Visitor) -> str:
    """Begin a draft; return its address."""
    visitor.open("/join/new/you")
    visitor.fill(name="Ada")
    assert visitor.page.path.endswith("/more"), visitor.page.text
    return visitor.draft


def send_first_page(visitor: Visitor) -> TestResponse:
    """Send a first page, one and the same however often it is sent."""
    return visitor.post("/join/new/you", {"_draft": "A" * 22, "name": "Ada"})


def listed(visitor: Visitor) -> list[str]:
    """The addresses of the drafts on the entry page, oldest first."""
    page = visitor.tab().open()
    links = [url for text, url in page.links.items() if text.startswith("Discard")]
    return [url.removesuffix("discard") for url in links]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join, **LASTING)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor at a first page."""
    visitor = Visitor(app)
    visitor.open()
    return visitor


# A draft that is begun anew


@pytest.fixture
def begun_anew(visitor: Visitor, clock: Clock) -> Visitor:
    """A visitor whose draft expired, was begun anew, and is older than any can be."""
    send_first_page(visitor)
    clock.forward(25 * DAY)
    visitor.open(send_first_page(visitor).location)
    clock.forward(6 * DAY)
    return visitor


def test_draft_begun_anew_is_listed_as_long_as_it_lives(begun_anew: Visitor) -> None:
    assert begun_anew.get(begun_anew.page.path).status_code == 200
    assert listed(begun_anew) == [begun_anew.draft]


def test_draft_begun_anew_counts_as_long_as_it_lives(begun_anew: Visitor) -> None:
    begun_anew.open("/join/new/you")
    assert begun_anew.send().status_code == 409


def test_draft_begun_anew_is_listed_once(begun_anew: Visitor, clock: Clock) -> None:
    clock.forward(2 * DAY)
    begun_anew.open(send_first_page(begun_anew).location)
    assert listed(begun_anew) == [begun_anew.draft]


def test_draft_begun_anew_in_the_place_of_one_still_stored_is_listed_as_long(
    make_app: MakeApp, visitor: Visitor, clock: Clock
) -> None:
    send_first_page(visitor)
    clock.forward(6 * DAY)
    visitor.app = make_app(Shorter, **LASTING)
    later = visitor.twin()
    later.open(send_first_page(later).location)
    for _ in range(6):
        clock.forward(4 * DAY + HOUR)
        later.post(f"{later.draft}you", {"name": "Ada"})
    assert listed(later) == [later.draft]
