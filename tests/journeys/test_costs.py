"""What a request costs: round trips to the store, forms built, forms validated."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable
from typing import Any

import pytest
from apps import MakeApp
from clock import DAY
from flask import Flask
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from wizards import Commits, declare
from wtforms import Form, fields, validators

from flask_wizard import Answers, Item, Repeat, Review, Step

counts: Counter[tuple[str, str]] = Counter()


class Counting(Form):
    """A form that counts how often it is built and validated."""

    it = fields.StringField("It", [validators.InputRequired("Say it")])

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        counts["built", type(self).__name__] += 1
        super().__init__(*args, **kwargs)

    def validate(self, *args: Any, **kwargs: Any) -> bool:
        counts["validated", type(self).__name__] += 1
        return super().validate(*args, **kwargs)


NAMES = [f"step{n}" for n in range(5)]


def reads_all(answers: Answers) -> bool:
    return all(answers[name].it for name in answers)


def prepares(form: Form, answers: Answers) -> None:
    reads_all(answers)


STEPS = {
    name: Step(type(name, (Counting,), {}), when=reads_all, prepare=prepares)
    for name in NAMES
}
Long = declare("Long", Commits, **STEPS, check=Review())


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Long)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor at the check page."""
    visitor = Visitor(app)
    visitor.open()
    for _ in NAMES:
        visitor.fill(it="x")
    assert visitor.page.heading == "Check your answers"
    counts.clear()
    return visitor


# Round trips


@pytest.mark.parametrize("at", ["", "step0", "step4", "check", "saved", "discard"])
def test_page_view_is_one_round_trip(visitor: Visitor, store: Probe, at: str) -> None:
    path = visitor.draft + at
    assert store.calls_of(lambda: visitor.get(path)) == ["load"]


def test_first_page_needs_no_store(app: Flask, store: Probe) -> None:
    visitor = Visitor(app)
    first = "/join/new/step0"
    assert store.calls_of(lambda: visitor.open(first)) == []
    assert store.calls_of(lambda: visitor.open(visitor.page.url)) == ["load"]
    assert store.calls_of(visitor.open) == ["load", "load"]


@pytest.mark.parametrize("at", ["step0", "step2", "step4"])
@pytest.mark.parametrize("action", ["next", "back", "save", "autosave", "goto:step1"])
def test_steps_post_is_two_round_trips(
    visitor: Visitor, store: Probe, at: str, action: str
) -> None:
    visitor.open(visitor.draft + at)
    calls = store.calls_of(lambda: visitor.send(action, {"it": "y"}))
    assert calls == ["load", "replace"]


def test_rejected_post_is_two_round_trips(visitor: Visitor, store: Probe) -> None:
    visitor.open(f"{visitor.draft}step3")
    calls = store.calls_of(lambda: visitor.send("next", {"it": ""}))
    assert calls == ["load", "replace"]


def test_start_touches_the_list_as_well(app: Flask, store: Probe) -> None:
    visitor = Visitor(app)
    visitor.open()
    calls = store.calls_of(lambda: visitor.send("next", {"it": "x"}))
    assert calls == ["load", "load", "create", "create"]


def test_commit_claims_before_it_ends(visitor: Visitor, store: Probe) -> None:
    calls = store.calls_of(lambda: visitor.send("next"))
    assert calls == ["load", "replace", "replace", "load", "replace"]


def test_drafts_past_their_longest_life_are_not_looked_up(
    clock: Traveller, visitor: Visitor, store: Probe
) -> None:
    clock.shift(30.5 * DAY)
    assert store.calls_of(lambda: visitor.get("/join/")) == ["load"]


def test_refused_post_is_no_write(visitor: Visitor, store: Probe) -> None:
    visitor.open(f"{visitor.draft}step3")
    calls = store.calls_of(lambda: visitor.send("next", {"csrf_token": "wrong"}))
    assert calls == ["load"]


def test_conflict_costs_one_more_try(visitor: Visitor, store: Probe) -> None:
    visitor.open(f"{visitor.draft}step3")
    twin = visitor.twin()
    store.before_write.append(lambda: twin.send("next", {"it": "y"}))
    calls = store.calls_of(lambda: visitor.send("next", {"it": "z"}))
    assert calls.count("replace") == 3
    assert visitor.open(f"{visitor.draft}step3").value("it") == "z"


# Forms


ACTS: dict[str, Callable[[Visitor], object]] = {
    "view a step": lambda visitor: visitor.get(f"{visitor.draft}step4"),
    "view the review": lambda visitor: visitor.get(f"{visitor.draft}check"),
    "view the draft": lambda visitor: visitor.get(visitor.draft),
    "view the entry": lambda visitor: visitor.get("/join/"),
    "view the saved page": lambda visitor: visitor.get(f"{visitor.draft}saved"),
    "commit": lambda visitor: visitor.send("next"),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_each_form_is_built_once(
    visitor: Visitor, act: Callable[[Visitor], object]
) -> None:
    act(visitor)
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("kept_out", ["too large", "store down"])
def test_form_sent_in_vain_is_built_once(
    visitor: Visitor, store: Probe, kept_out: str
) -> None:
    visitor.open(f"{visitor.draft}step4")
    if kept_out == "too large":
        visitor.app.extensions["flask_wizard"].repository(visitor.app).limit = 10
    else:
        store.read_only = True
    counts.clear()
    assert visitor.press("next", {"it": "y"}).value("it") == "y"
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("action", ["next", "back", "save", "autosave", "goto:step4"])
@pytest.mark.parametrize("value", ["x", "y", ""])
@pytest.mark.parametrize("at", ["step0", "step2", "step4"])
def test_each_form_is_validated_once_a_version(
    visitor: Visitor, at: str, value: str, action: str
) -> None:
    visitor.open(visitor.draft + at)
    counts.clear()
    visitor.send(action, {"it": value})
    assert counts["built", at] == 1
    assert set(counts.values()) == {1}


@pytest.mark.parametrize("action", ["back", "save", "autosave", "goto:step4"])
@pytest.mark.parametrize("at", ["step0", "step2", "step4"])
def test_leaving_a_step_validates_none_of_what_was_sent(
    visitor: Visitor, at: str, action: str
) -> None:
    visitor.open(visitor.draft + at)
    counts.clear()
    visitor.send(action, {"it": "y"})
    assert counts["validated", at] == 0


def test_rejected_step_is_not_validated_to_be_shown(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}step4")
    visitor.send("next", {"it": ""})
    counts.clear()
    assert visitor.open(f"{visitor.draft}step4").errors == ["Say it"]
    assert counts["validated", "step4"] == 0
    assert counts["built", "step4"] == 1


def test_step_that_nobody_reads_is_not_built(make_app: MakeApp) -> None:
    steps = {name: Step(type(name, (Counting,), {})) for name in NAMES}
    plain = declare("Plain", Commits, **steps, check=Review())
    visitor = Visitor(make_app(plain))
    visitor.open()
    for _ in NAMES:
        visitor.fill(it="x")
    counts.clear()
    visitor.get(f"{visitor.draft}step4")
    assert dict(counts) == {("built", "step4"): 1}


# Rows


class Row(Form):
    it = fields.StringField()
    lines = fields.FieldList(fields.StringField())


class Listing(Form):
    rows = fields.FieldList(fields.FormField(Row))


def calls_of_review(make_app: MakeApp, rows: int) -> int:
    """How many functions a review of so many rows calls, those in C included."""
    visitor = Visitor(
        make_app(declare("Rows", Commits, it=Step(Listing), check=Review()))
    )
    visitor.open()
    visitor.fill(**{f"rows-{n}-it": "x" for n in range(rows)})
    path = f"{visitor.draft}check"
    assert visitor.get(path).status_code == 200
    calls = 0

    def note(frame: object, event: str, argument: object) -> None:
        nonlocal calls
        calls += event in ("call", "c_call")

    sys.setprofile(note)
    try:
        visitor.get(path)
    finally:
        sys.setprofile(None)
    return calls


def test_review_grows_as_its_rows_do(make_app: MakeApp) -> None:
    few, some, many = (calls_of_review(make_app, rows) for rows in (20, 60, 140))
    assert some > few + 40  # it is the rows that cost
    assert many - some < 2.6 * (some - few)  # twice; five times if by the square


# Items of a list


class Who(Counting):
    """The first page of an item."""


class More(Counting):
    """A page of an item that depends on the first."""


class Member(Item):
    who = Step(Who)
    more = Step(More, when=lambda answers: answers.who.it != "x")


Household = declare(
    "Household",
    Commits,
    owner=Step(Counting),
    members=Repeat(Member, label=lambda member: member.who.it),
    last=Step(Counting),
    check=Review(),
)


def household(app: Flask, count: int) -> Visitor:
    """A visitor whose list has so many items of two pages, all done."""
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(it="me")
    for number in range(count):
        visitor.press("add")
        visitor.fill(it=f"name {number}")
        visitor.fill(it="more")
    counts.clear()
    return visitor


def built_by(act: Callable[[], object]) -> Counter[str]:
    counts.clear()
    act()
    return Counter({name: n for (done, name), n in counts.items() if done == "built"})


@pytest.mark.parametrize("count", [2, 8])
def test_list_builds_no_form_of_its_items(make_app: MakeApp, count: int) -> None:
    visitor = household(make_app(Household), count)
    assert built_by(lambda: visitor.open(visitor.page.path)) == {}
    assert built_by(lambda: visitor.send("save")) == {}


@pytest.mark.parametrize("count", [2, 8])
def test_page_of_an_item_builds_its_own_forms_only(
    make_app: MakeApp, count: int
) -> None:
    visitor = household(make_app(Household), count)
    item = visitor.page.link(f"Change {count}")
    get = built_by(lambda: visitor.open(item + "/more"))
    assert get == {"Who": 1, "More": 1}  # the condition reads the first page
    post = built_by(lambda: visitor.send("next", {"it": "other"}))
    assert post == {"Who": 1, "More": 1}


@pytest.mark.parametrize("count", [2, 8])
def test_page_of_a_new_item_builds_one_form(make_app: MakeApp, count: int) -> None:
    visitor = household(make_app(Household), count)
    url = visitor.page.path + "/new"
    assert built_by(lambda: visitor.open(url)) == {"Who": 1}
    assert built_by(lambda: visitor.send("next", {"it": "x"})) == {"Who": 1}


@pytest.mark.parametrize("count", [2, 8])
def test_step_behind_a_list_builds_no_form_of_its_items(
    make_app: MakeApp, count: int
) -> None:
    visitor = household(make_app(Household), count)
    visitor.press("next")
    assert built_by(lambda: visitor.open(visitor.page.path)) == {"Counting": 1}
    assert built_by(lambda: visitor.send("next", {"it": "y"})) == {"Counting": 1}


def test_check_page_builds_each_form_once(make_app: MakeApp) -> None:
    visitor = household(make_app(Household), 3)
    visitor.press("next")
    visitor.fill(it="y")
    built = built_by(lambda: visitor.open(visitor.page.path))
    assert built == {"Counting": 2, "Who": 3, "More": 3}


def test_commit_builds_and_validates_each_form_once(make_app: MakeApp) -> None:
    visitor = household(make_app(Household), 3)
    visitor.press("next")
    visitor.fill(it="y")
    visitor.open(visitor.page.path)
    counts.clear()
    visitor.send("next")
    assert set(counts.values()) == {2, 3}
    assert counts["validated", "Who"] == counts["built", "Who"] == 3
    assert counts["validated", "More"] == counts["built", "More"] == 3
