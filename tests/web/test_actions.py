"""Actions: one entry of the table is a button on the pages and what it does."""

from __future__ import annotations

import pytest
from apps import MakeApp
from flask import Flask
from visitor import Visitor
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Review, Step, Submission, Wizard
from flask_wizard.core.journey import Journey
from flask_wizard.core.steps import BoundStep
from flask_wizard.web.actions import ACTIONS, Action, Move


class Name(Form):
    name = StringField("Name", [InputRequired("Enter your name")])


class Pet(Form):
    pet = StringField("Pet", [InputRequired("Enter your pet")])


class Join(Wizard):
    you = Step(Name)
    pet = Step(Pet)
    check = Review()

    def commit(self, submission: Submission) -> None: ...


@pytest.fixture
def app(make_app: MakeApp, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """An application in which a fourth button leads back to the first step."""

    def start_over(move: Move) -> str:
        first = move.journey.get("you")
        assert first is not None
        return move.to(first)

    def is_not_first(journey: Journey, bound: BoundStep) -> bool:
        return journey.previous(bound) is not None

    action = Action(
        "start-over",
        lead=start_over,
        label=lambda journey, bound: "Start over",
        offered=is_not_first,
    )
    monkeypatch.setitem(ACTIONS, action.name, action)
    return make_app(Join)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    return visitor


def test_new_action_is_a_button_where_it_is_offered(visitor: Visitor) -> None:
    assert "start-over" not in visitor.page.buttons
    visitor.fill(name="Ada")
    assert "start-over" in visitor.page.buttons


def test_new_action_leads_where_it_says(visitor: Visitor) -> None:
    visitor.fill(name="Ada")
    visitor.press("start-over", {"pet": "Rex"})
    assert visitor.page.path == f"{visitor.draft}you"


def test_new_action_keeps_what_was_typed(visitor: Visitor) -> None:
    visitor.fill(name="Ada")
    visitor.press("start-over", {"pet": "Rex"})
    visitor.fill(name="Ada")
    assert visitor.page.value("pet") == "Rex"


def test_unknown_action_keeps_what_was_typed(visitor: Visitor) -> None:
    visitor.press("never-heard-of", {"name": "Ada"})
    assert visitor.page.path == f"{visitor.draft}you"
    assert visitor.page.value("name") == "Ada"


@pytest.mark.parametrize("action", ["next:", "next:you", "back:x", "discard:x"])
def test_action_with_an_argument_that_it_does_not_take_is_unknown(
    visitor: Visitor, action: str
) -> None:
    visitor.press(action, {"name": "Ada"})
    assert visitor.page.path == f"{visitor.draft}you"
    assert visitor.page.value("name") == "Ada"


def test_discard_with_an_argument_discards_nothing(visitor: Visitor) -> None:
    visitor.fill(name="Ada")
    draft = visitor.draft
    visitor.open(f"{draft}discard")
    visitor.press("discard:x")
    assert visitor.page.path == f"{draft}pet"
