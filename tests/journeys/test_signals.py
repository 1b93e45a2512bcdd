"""Signals: what is told of a draft, when, and that it holds no answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from apps import MakeApp
from blinker import NamedSignal
from cachelib import SimpleCache
from flask import Flask
from store_wrappers import Probe
from visitor import Visitor
from wizards import CANARY, Commits
from wtforms import Form, IntegerField, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from flask_wizard import Repeat, Review, Step, StepError, Submission, Wizard, signals
from flask_wizard.stores.memory import MemoryStore


class YouForm(Form):
    name = StringField("Name", [InputRequired()])
    age = IntegerField("Age", [InputRequired()])
    secret = PasswordField("Secret")


class PetForm(Form):
    pet = StringField("Pet", [InputRequired(), Length(max=10)])


class Join(Commits, Wizard):
    you = Step(YouForm)
    guardian = Step(PetForm, when=lambda answers: answers.you.age < 16)
    pets = Repeat(PetForm, min=1)
    check = Review()


class Heard(list[tuple[str, dict[str, Any]]]):
    """What was told, in its order: the name of the signal, and what it carries."""

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What was told since, without the id of the draft."""
        told = [(n, {k: v for k, v in w.items() if k != "draft_id"}) for n, w in self]
        self.clear()
        return told


ALL = [each for each in vars(signals).values() if isinstance(each, NamedSignal)]


@pytest.fixture
def heard() -> Iterator[Heard]:
    heard = Heard()
    with ExitStack() as stack:
        for signal in ALL:

            def note(sender: object, name: str = signal.name, **what: Any) -> None:
                assert isinstance(sender, type)
                assert issubclass(sender, Wizard)
                heard.append((name, what))

            stack.enter_context(signal.connected_to(note))
        yield heard


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    return visitor


def saved(step: str, *fields: str, accepted: bool = True) -> tuple[str, dict[str, Any]]:
    return "step-saved", {"step": step, "fields": fields, "accepted": accepted}


def test_journey_is_told_from_its_beginning_to_its_commit(
    visitor: Visitor, heard: Heard
) -> None:
    visitor.fill(name="Ada", age="40")
    assert heard.take() == [
        ("draft-started", {"step": "you"}),
        saved("you", "age", "name"),
    ]
    visitor.fill(pet="Rex")
    visitor.fill()
    assert heard.take() == [saved("pets", "pet"), saved("pets")]
    visitor.fill()
    assert heard.take() == [("draft-committed", {})]


def test_refused_step_names_the_fields_with_errors(
    visitor: Visitor, heard: Heard
) -> None:
    visitor.fill(name="", age="old")
    _, refused = heard.take()
    assert refused == ("step-refused", {"step": "you", "fields": ("name", "age")})


def test_only_what_was_sent_with_another_value_is_named(
    visitor: Visitor, heard: Heard
) -> None:
    visitor.fill(name="Ada", age="40")
    back = visitor.press("back")
    assert back.path.endswith("/you")
    heard.clear()
    visitor.fill(name="Ada", age="41")
    assert heard.take() == [saved("you", "age")]


@pytest.mark.parametrize("button", ["back", "save", "goto:you"])
def test_other_buttons_save_and_accept_nothing(
    visitor: Visitor, heard: Heard, button: str
) -> None:
    visitor.fill(name="Ada", age="12")
    heard.clear()
    visitor.send(button, {"pet": "a name that is much too long"})
    assert heard.take() == [saved("guardian", "pet", accepted=False)]


def test_autosave_is_not_told(visitor: Visitor, heard: Heard) -> None:
    visitor.fill(name="Ada", age="12")
    heard.clear()
    assert visitor.send("autosave", {"pet": "Rex"}).status_code == 204
    assert heard.take() == []


def test_changed_answer_tells_what_applies_now(visitor: Visitor, heard: Heard) -> None:
    visitor.fill(name="Ada", age="40")
    draft = f"/join/{heard[0][1]['draft_id']}/"
    visitor.fill(pet="Rex")
    visitor.fill()
    visitor.open(f"{draft}you?then=check")
    heard.clear()
    visitor.fill(name="Ada", age="12")
    added = {"step": "you", "added": ("guardian",), "removed": ()}
    assert heard.take() == [saved("you", "age"), ("path-changed", added)]
    visitor.open(f"{draft}guardian")
    visitor.fill(pet="Eve")
    visitor.open(f"{draft}you?then=check")
    heard.clear()
    visitor.fill(name="Ada", age="40")
    removed = {"step": "you", "added": (), "removed": ("guardian",)}
    assert heard.take() == [saved("you", "age"), ("path-changed", removed)]


def test_draft_that_is_come_back_to_is_told(visitor: Visitor, heard: Heard) -> None:
    visitor.fill(name="Ada", age="12")
    draft = visitor.draft
    heard.clear()
    visitor.open(draft)
    visitor.open(draft + "guardian")
    assert heard.take() == [("draft-resumed", {"step": "guardian"})]


def test_discarded_draft_is_told_and_not_come_back_to(
    visitor: Visitor, heard: Heard
) -> None:
    visitor.fill(name="Ada", age="12")
    draft = visitor.draft
    visitor.open(draft + "discard")
    heard.clear()
    visitor.send("discard", {})
    visitor.open(draft)
    assert heard.take() == [("draft-discarded", {})]


def test_draft_id_is_that_of_the_urls(visitor: Visitor, heard: Heard) -> None:
    visitor.fill(name="Ada", age="12")
    ids = {what["draft_id"] for _, what in heard}
    assert ids == {visitor.draft.strip("/").rpartition("/")[2]}


def test_refused_commit_is_not_told_as_one(make_app: MakeApp, heard: Heard) -> None:
    class Strict(Commits, Wizard):
        you = Step(PetForm)
        check = Review()

        def validate(self, submission: Submission) -> None:
            raise StepError("you", "No.")

    visitor = Visitor(make_app(Strict))
    visitor.open()
    visitor.fill(pet="Rex")
    heard.clear()
    visitor.fill()
    assert "draft-committed" not in dict(heard)


def test_failed_store_is_told(make_app: MakeApp, heard: Heard) -> None:
    store = Probe(MemoryStore(SimpleCache()))
    app = make_app(Join, store=store)
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="12")
    draft, heard[:] = visitor.draft, []
    store.down = True
    visitor.send("next", {"pet": "Rex"})
    visitor.open(draft)
    told = heard.take()
    assert [name for name, _ in told] == ["store-failed", "store-failed"]
    assert issubclass(told[0][1]["error"], Exception)


def test_nothing_that_was_typed_is_told(visitor: Visitor, heard: Heard) -> None:
    visitor.fill(name=CANARY, age=CANARY, secret=CANARY)
    visitor.fill(name=CANARY, age="12", secret=CANARY)
    visitor.fill(pet=CANARY)
    assert heard
    assert CANARY not in repr(heard)


def test_failing_receiver_is_logged_and_changes_nothing(
    visitor: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(sender: object, **what: object) -> None:
        raise ValueError("metrics are down")

    with signals.step_saved.connected_to(fail):
        page = visitor.fill(name="Ada", age="12")
    assert page.path.endswith("/guardian")
    assert "A receiver of the signal step-saved has failed." in caplog.text
    assert "metrics are down" in caplog.text


def test_receiver_hears_its_wizard_alone(make_app: MakeApp) -> None:
    class Other(Commits, Wizard):
        you = Step(PetForm)

    heard = []

    def note(sender: object, **what: object) -> None:
        heard.append(sender)

    with signals.step_saved.connected_to(note, sender=Other):
        for wizard in (Join, Other):
            visitor = Visitor(make_app(wizard))
            visitor.open()
            visitor.send("back", {"pet": "Rex", "name": "Ada"})
    assert heard == [Other]
