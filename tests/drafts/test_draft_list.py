"""The list of a holder's drafts: which are on it, for how long, and what that costs."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from apps import MakeApp
from clock import DAY, HOUR, MINUTE
from flask import Flask
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from werkzeug.test import TestResponse
from wizards import Commits
from wtforms import Form, StringField

from flask_wizard import Step, Submission, Wizard
from flask_wizard.drafts.draft_list import MAX_EXPIRED_LISTED

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
def begun_anew(visitor: Visitor, clock: Traveller) -> Visitor:
    """A visitor whose draft expired, was begun anew, and is older than any can be."""
    send_first_page(visitor)
    clock.shift(25 * DAY)
    visitor.open(send_first_page(visitor).location)
    clock.shift(6 * DAY)
    return visitor


def test_draft_begun_anew_is_listed_as_long_as_it_lives(begun_anew: Visitor) -> None:
    assert begun_anew.get(begun_anew.page.path).status_code == 200
    assert listed(begun_anew) == [begun_anew.draft]


def test_draft_begun_anew_counts_as_long_as_it_lives(begun_anew: Visitor) -> None:
    begun_anew.open("/join/new/you")
    assert begun_anew.send().status_code == 409


def test_draft_begun_anew_is_listed_once(begun_anew: Visitor, clock: Traveller) -> None:
    clock.shift(2 * DAY)
    begun_anew.open(send_first_page(begun_anew).location)
    assert listed(begun_anew) == [begun_anew.draft]


def test_draft_begun_anew_in_the_place_of_one_still_stored_is_listed_as_long(
    make_app: MakeApp, visitor: Visitor, clock: Traveller
) -> None:
    send_first_page(visitor)
    clock.shift(6 * DAY)
    visitor.app = make_app(Shorter, **LASTING)
    later = visitor.twin()
    later.open(send_first_page(later).location)
    for _ in range(6):
        clock.shift(4 * DAY + HOUR)
        later.post(f"{later.draft}you", {"name": "Ada"})
    assert listed(later) == [later.draft]


# What a list costs


class Fleeting(Join):
    """Drafts that are given up in no time."""

    lifetime = 10 * MINUTE
    max_drafts = 3


@pytest.fixture
def restless(make_app: MakeApp, clock: Traveller) -> Visitor:
    """A visitor who has let sixty drafts expire, and is at another first page."""
    visitor = Visitor(make_app(Fleeting, **LASTING))
    for _ in range(60):
        begin(visitor)
        clock.shift(11 * MINUTE)
    visitor.open("/join/new/you")
    return visitor


def test_entry_looks_up_no_more_drafts_than_may_be_open(
    restless: Visitor, store: Probe
) -> None:
    calls = store.calls_of(lambda: restless.get("/join/"))
    assert calls == ["load"] * (1 + Fleeting.max_drafts)


def test_start_looks_up_no_more_drafts_than_may_be_open(
    restless: Visitor, store: Probe
) -> None:
    calls = store.calls_of(restless.send)
    looks = ["load"] * (2 + Fleeting.max_drafts)
    assert calls == [*looks, "replace", "create"]


def test_start_that_is_one_too_many_looks_up_no_more_drafts_than_may_be_open(
    restless: Visitor, store: Probe
) -> None:
    for _ in range(Fleeting.max_drafts):
        begin(restless)
    restless.open("/join/new/you")
    calls = store.calls_of(restless.send)
    assert len(calls) <= 3 * (2 + Fleeting.max_drafts)


def test_list_does_not_grow_with_every_draft(
    restless: Visitor, store: Probe, clock: Traveller
) -> None:
    before = sizes(store)
    for _ in range(20):
        begin(restless)
        clock.shift(11 * MINUTE)
    assert max(sizes(store)) <= max(before) + 32


def sizes(store: Probe) -> list[int]:
    return [len(kept[0]) for kept in store.snapshot().values() if kept is not None]


def test_looking_at_expired_drafts_changes_nothing(
    restless: Visitor, store: Probe
) -> None:
    before = store.snapshot()
    restless.open("/join/")
    assert store.snapshot() == before


def test_drafts_found_to_be_over_are_told_to_have_expired(
    make_app: MakeApp, clock: Traveller
) -> None:
    visitor = Visitor(make_app(Fleeting, **LASTING))
    given_up = []
    for _ in range(MAX_EXPIRED_LISTED):
        given_up.append(begin(visitor))
        clock.shift(11 * MINUTE)
    begin(visitor)
    assert {visitor.get(url).status_code for url in given_up} == {410}


def test_draft_found_to_be_over_is_listed_when_begun_anew(
    make_app: MakeApp, clock: Traveller
) -> None:
    visitor = Visitor(make_app(Fleeting, **LASTING))
    visitor.open()
    send_first_page(visitor)
    for _ in range(2 * Fleeting.max_drafts):
        clock.shift(11 * MINUTE)
        begin(visitor)
    clock.shift(11 * MINUTE)
    visitor.open(send_first_page(visitor).location)
    assert listed(visitor) == [visitor.draft]


def test_open_drafts_are_listed_oldest_first_beside_those_that_are_over(
    restless: Visitor,
) -> None:
    begun = [begin(restless) for _ in range(Fleeting.max_drafts)]
    assert listed(restless) == begun


# One list a holder


class Bounded(Join):
    """A wizard whose drafts are bound to a year."""

    max_drafts = 3


@pytest.fixture
def bounded(make_app: MakeApp) -> Visitor:
    """A visitor at the first page of one year."""
    visitor = Visitor(make_app(Bounded, prefix="/join/<int:year>", **LASTING))
    visitor.open("/join/2026/new/you")
    return visitor


def begin_year(visitor: Visitor, year: int) -> str:
    visitor.open(f"/join/{year}/new/you")
    visitor.fill(name="Ada")
    assert visitor.page.path.endswith("/more"), visitor.page.text
    return visitor.draft


def test_drafts_count_whatever_the_bound_variables(bounded: Visitor) -> None:
    for year in range(Bounded.max_drafts):
        begin_year(bounded, year)
    bounded.open("/join/9/new/you")
    answer = bounded.send("next", {"name": "Eve"})
    assert answer.status_code == 409
    assert "Eve" in answer.text


def test_drafts_count_wherever_their_wizard_is_mounted(make_app: MakeApp) -> None:
    app = make_app(Bounded, prefix="/join/<int:year>")
    app.register_blueprint(Bounded.as_blueprint("other"), url_prefix="/other")
    visitor = Visitor(app)
    for year in range(Bounded.max_drafts):
        begin_year(visitor, year)
    visitor.open("/other/new/you")
    assert visitor.send("next", {"name": "Eve"}).status_code == 409


def test_list_of_drafts_that_live_for_ever_is_read_again(make_app: MakeApp) -> None:
    class Lasting(Commits, Wizard):
        lifetime = max_lifetime = timedelta.max
        max_drafts = 12

        you = Step(NameForm)
        more = Step(NameForm)

    visitor = Visitor(make_app(Lasting))
    begun = {begin(visitor) for _ in range(12)}
    listed = visitor.open("/join/").links.values()
    assert len([url for url in listed if url.endswith("/discard")]) == len(begun) == 12
    visitor.open("/join/new/you")
    assert visitor.send("next", {"name": "Eve"}).status_code == 409


def test_draft_of_another_bound_variable_makes_room_when_discarded(
    bounded: Visitor,
) -> None:
    for year in range(Bounded.max_drafts):
        begin_year(bounded, year)
    bounded.open("/join/0/")
    bounded.open(bounded.page.link("Discard"))
    assert bounded.press("discard").heading == "Your answers were discarded"
    assert begin_year(bounded, 9)


def test_draft_of_another_bound_variable_makes_room_when_it_expires(
    bounded: Visitor, clock: Traveller
) -> None:
    for year in range(Bounded.max_drafts):
        begin_year(bounded, year)
    clock.shift(8 * DAY)
    assert begin_year(bounded, 9)


def test_entry_lists_the_drafts_of_its_bound_variables(bounded: Visitor) -> None:
    first, second = begin_year(bounded, 1), begin_year(bounded, 2)
    for year, own in ((1, first), (2, second)):
        page = bounded.tab().open(f"/join/{year}/")
        links = [url for text, url in page.links.items() if text.startswith("Discard")]
        assert links == [f"{own}discard"]
    assert bounded.tab().open("/join/3/").path == "/join/3/new/you"


def test_expired_draft_is_told_at_its_own_bound_variables(
    bounded: Visitor, clock: Traveller
) -> None:
    own = begin_year(bounded, 1)
    clock.shift(8 * DAY)
    assert bounded.get(own).status_code == 410
    assert bounded.get(own.replace("/1/", "/2/")).status_code == 404


class Club(Wizard):
    """Another wizard, whose drafts live for an hour."""

    max_drafts = 1
    lifetime = max_lifetime = HOUR

    you = Step(NameForm)
    more = Step(NameForm)

    def commit(self, submission: Submission) -> None: ...


@pytest.fixture
def both(make_app: MakeApp) -> Visitor:
    """A visitor of two wizards, each of which allows one draft."""
    app = make_app(Join, **LASTING)
    app.register_blueprint(Club.as_blueprint("club"), url_prefix="/club")
    visitor = Visitor(app)
    visitor.open()
    return visitor


def begin_club(visitor: Visitor) -> str:
    visitor.open("/club/new/you")
    visitor.fill(name="Ada")
    assert visitor.page.path.endswith("/more"), visitor.page.text
    return visitor.draft


def test_drafts_of_two_wizards_do_not_count_together(both: Visitor) -> None:
    begin(both)
    begin_club(both)
    both.open("/club/new/you")
    assert both.send("next", {"name": "Ada"}).status_code == 409


def test_drafts_of_two_wizards_are_one_value(both: Visitor, store: Probe) -> None:
    begin(both)
    begin_club(both)
    assert len(store.snapshot()) == 3


def test_wizard_with_short_lives_leaves_anothers_drafts_on_the_list(
    both: Visitor, clock: Traveller
) -> None:
    own = begin(both)
    clock.shift(3 * DAY)
    club = begin_club(both)
    clock.shift(2 * HOUR)
    begin_club(both)
    assert listed(both) == [own]
    assert both.get(club).status_code == 410


def test_list_lives_as_long_as_its_longest_draft_is_remembered(
    both: Visitor, clock: Traveller
) -> None:
    own = begin(both)
    begin_club(both)
    clock.shift(59 * DAY)
    assert both.get(own).status_code == 410
