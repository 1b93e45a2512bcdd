"""What pages say of the steps ahead: never what the answers to come may undo."""

from __future__ import annotations

from contextlib import suppress
from functools import partial
from typing import NamedTuple

import pytest
import wizards
from hypothesis import given
from hypothesis import strategies as st
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Answers, Exit, Repeat, Review, Step, Wizard
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.foresight import applies_at, steps_shown, total_ahead
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.steps import AnyStep

declare = partial(wizards.declare, "Apply", commit=lambda self, submission: None)


class It(Form):
    it = StringField("It", [InputRequired()])


def begin(wizard: type[Wizard]) -> Journey:
    draft = Draft(
        id="d", mount="m", packed_holders=(), created=0.0, updated=0.0, submission="s"
    )
    return Journey(wizard.steps, draft)


def fill(journey: Journey, name: str, it: str) -> Journey:
    onward = journey.submit(name, Values({"it": [it]}), validate=True)
    return Journey(journey.steps, decode(encode(onward.to_draft())))


def shown(journey: Journey, name: str) -> dict[str, str]:
    found = steps_shown(journey, journey.bind(name))
    return {step.name: state for step, state in found}


class Plan(NamedTuple):
    """A step that applies always, or by the answers of two others."""

    one: int
    other: int
    how: str


def step_of(plan: Plan, at: int) -> AnyStep:
    def either(answers: Answers) -> bool:
        names = [f"s{n % at}" for n in (plan.one, plan.other)]
        found = [answers[name] for name in names]
        return any(
            each and (isinstance(each, tuple) or each.it == "yes") for each in found
        )

    def guess(answers: Answers) -> bool:
        with suppress(BaseException):
            return either(answers)
        return True

    def listed(answers: Answers) -> list[tuple[str, str]]:
        return [("key", "Label")] if either(answers) else []

    if not at:
        return Step(It)
    kinds: dict[str, AnyStep] = {
        "always": Step(It),
        "either": Step(It, when=either),
        "guess": Step(It, when=guess),
        "over": Repeat(It, over=listed),
    }
    return kinds[plan.how]


HOWS = st.sampled_from(("always", "either", "either", "guess", "over"))
PLANS = st.lists(
    st.builds(Plan, st.integers(0, 5), st.integers(0, 5), HOWS), min_size=2, max_size=6
)
ANSWERS = st.lists(st.sampled_from(("yes", "no")), min_size=6, max_size=6)


def complete(journey: Journey, answers: list[str]) -> Journey:
    """Go on to the review."""
    while not (step := journey.current).step.lists_answers:
        journey = go_on(journey, step.name, answers)
    return journey


def go_on(journey: Journey, name: str, answers: list[str]) -> Journey:
    bound = journey.bind(name)
    if bound.step.page != "list":
        return fill(journey, name, answers[bound.position])
    (item,) = bound.items  # type: ignore[attr-defined]
    page = item.walk.submit("", Values({"it": ["x"]}), validate=True)
    onward = page.whole.submit(name, Values(), validate=True)
    return Journey(journey.steps, decode(encode(onward.to_draft())))


@given(plans=PLANS, answers=ANSWERS)
def test_what_is_shown_ahead_holds_until_the_end(
    plans: list[Plan], answers: list[str]
) -> None:
    steps = {f"s{at}": step_of(plan, at) for at, plan in enumerate(plans)}
    wizard = declare(**steps, check=Review())
    path = [bound.name for bound in complete(begin(wizard), answers).path]
    journey, told, listed = begin(wizard), [], set[str]()
    for number, name in enumerate(path, 1):
        bound = journey.bind(name)
        for at, step in enumerate(journey.steps):
            assert applies_at(journey, at, journey.met) in (None, step.name in path)
        progress = journey.progress(bound)
        assert progress.number == number  # it rises by one with each Continue
        told.append(progress.total)
        assert total_ahead(journey, bound) in (None, len(path))
        now = shown(journey, name) or {name: "current"}
        assert [*now] == [each for each in path if each in now]
        assert listed <= {*now}
        listed = {*now}
        assert [each for each, state in now.items() if state == "done"] == [
            *path[: number - 1]
        ]
        assert now[name] == "current"
        if not bound.step.lists_answers:
            journey = go_on(journey, name, answers)
    certain = [total for total in told if total is not None]
    assert {*certain} <= {len(path)}
    assert told[len(told) - len(certain) :] == certain  # once shown it stays
    assert listed == {*path}


@given(plans=PLANS, answers=ANSWERS, change=st.integers(0, 5))
def test_total_on_the_way_back_from_the_review_is_right_or_absent(
    plans: list[Plan], answers: list[str], change: int
) -> None:
    steps = {f"s{at}": step_of(plan, at) for at, plan in enumerate(plans)}
    wizard = declare(**steps, check=Review())
    journey = complete(begin(wizard), answers)
    path = [bound for bound in journey.path if bound.step.page == "step"]
    bound = path[change % len(path)]
    whole = len(journey.path)
    assert journey.progress(bound, from_review=True).total == whole
    wrong = fill(journey, bound.name, "")
    page = wrong.bind(bound.name)
    total = wrong.progress(page, from_review=True).total or total_ahead(wrong, page)
    for answer in ("yes", "no"):
        answers = [*answers]
        answers[bound.position] = answer
        again = fill(wrong, bound.name, answer)
        assert total in (None, len(complete(again, answers).path))


def test_step_that_may_not_apply_is_listed_once_it_is_certain() -> None:
    wizard = declare(
        you=Step(It),
        home=Step(It),
        pet=Step(It, when=lambda answers: answers.you.it == "yes"),
        vet=Step(It, when=lambda answers: bool(answers.pet)),
        check=Review(),
    )
    journey = begin(wizard)
    assert shown(journey, "you") == {
        "you": "current",
        "home": "later",
        "check": "later",
    }
    journey = fill(journey, "you", "yes")
    assert [*shown(journey, "home")] == ["you", "home", "check"]
    journey = fill(journey, "home", "x")
    assert [*shown(journey, "pet")] == ["you", "home", "pet", "check"]
    journey = fill(journey, "pet", "x")
    assert shown(journey, "vet")["vet"] == "current"
    assert shown(journey, "you") == {
        "you": "current",
        "home": "done",
        "pet": "done",
        "vet": "later",
        "check": "later",
    }


def test_list_of_an_earlier_answer_is_not_certain_before_that() -> None:
    wizard = declare(
        you=Step(It),
        pets=Repeat(It, over=lambda answers: [(answers.you.it, "Pet")]),
        check=Review(),
    )
    journey = begin(wizard)
    assert journey.progress(journey.bind("you")).total is None
    assert "pets" not in shown(journey, "you")
    assert "pets" in shown(fill(journey, "you", "x"), "pets")


def test_exit_is_not_listed_and_makes_no_total() -> None:
    wizard = declare(
        you=Step(It),
        stop=Exit(when=lambda answers: answers.you.it == "no"),
        home=Step(It),
        check=Review(),
    )
    journey = fill(begin(wizard), "you", "no")
    assert total_ahead(journey, journey.bind("you")) is None
    assert [*shown(journey, "you")] == ["you", "home", "check"]
    journey = fill(begin(wizard), "you", "yes")
    assert total_ahead(journey, journey.bind("home")) == 3


def test_no_condition_runs_before_the_steps_before_it_are_done() -> None:
    ran = []

    def note(answers: Answers) -> bool:
        ran.append(answers)
        return True

    wizard = declare(you=Step(It), home=Step(It), pet=Step(It, when=note), c=Review())
    journey = fill(begin(wizard), "you", "x")
    assert [*shown(journey, "home")] == ["you", "home", "c"]
    assert total_ahead(journey, journey.bind("home")) is None
    assert ran == []
    assert "pet" in shown(fill(journey, "home", "x"), "pet")
    assert ran != []


@pytest.mark.parametrize("names", [("you",), ("you", "check")])
def test_list_of_steps_looks_and_changes_nothing(names: tuple[str, ...]) -> None:
    wizard = declare(you=Step(It), pet=Step(It), check=Review())
    journey = fill(begin(wizard), "you", "x")
    before = encode(journey.to_draft())
    for name in names:
        shown(journey, name)
    assert encode(journey.to_draft()) == before
    assert journey.bind("you").journey is journey
