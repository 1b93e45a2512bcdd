"""What ``validate`` and ``commit`` get of a journey whose steps are all done."""

from __future__ import annotations

from dataclasses import FrozenInstanceError
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import wizards
from msgspec.structs import replace
from wtforms import FileField, Form, IntegerField, StringField, SubmitField

from flask_wizard import Answers, Info, Repeat, Review, Step, UnknownNameError
from flask_wizard.core.draft import Draft
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.submission import Submission

SECRET = "canary-4711"


class You(Form):
    name = StringField("Name")
    age = IntegerField("Age")
    send = SubmitField("Send")


class Pet(Form):
    pet = StringField("Pet")


class Papers(Form):
    note = StringField("Note")
    photo = FileField("Photo")


Join = wizards.declare(
    "Join",
    commit=lambda self, submission: None,
    you=Step(You),
    guardian=Step(Pet, when=lambda answers: answers.you.age < 18),
    rules=Info(),
    papers=Step(Papers),
    pets=Repeat(Pet),
    check=Review(),
)
EMPTY = Draft("d", "m", (), 0.0, 0.0, "key")


def initial(name: str, answers: Answers) -> object:
    return {"you": {"name": "Ada", "age": 7}, "guardian": {"pet": "Eve"}}.get(name)


begin = partial(Journey, Join.steps, initial=initial, bound={"agency": 7})


def send(journey: Journey, name: str, /, **sent: str) -> Journey:
    values = Values((field, [text]) for field, text in sent.items())
    onward = journey.submit(name, values, validate=True)
    return begin(onward.to_draft())


def submission(**you: str) -> Submission:
    journey = send(begin(EMPTY), "you", **{"name": "Ada", "age": "40", **you})
    if journey.current.name == "guardian":
        journey = send(journey, "guardian", pet="Bob")
    for name, sent in (("rules", {}), ("papers", {"note": "n"}), ("pets", {})):
        journey = send(journey, name, **sent)
    return Submission.of(journey)


def test_data_are_those_of_applicable_steps_with_answers() -> None:
    assert submission().data == {
        "you": {"name": "Ada", "age": 40},
        "papers": {"note": "n"},
        "pets": [],
    }
    assert submission(age="7").data["guardian"] == {"pet": "Bob"}


def test_files_have_a_list_for_each_field_of_steps_that_take_them() -> None:
    assert submission().files == {"papers": {"photo": []}}


def test_submission_is_that_of_its_draft() -> None:
    found = submission()
    assert (found.id, found.attempt, found.bound) == ("key", 1, {"agency": 7})
    assert found.answers.you.name == "Ada"
    assert not found.reopened


def test_attempts_are_counted() -> None:
    journey = begin(replace(EMPTY, attempt=2, reopened=True))
    found = Submission.of(journey)
    assert (found.attempt, found.reopened) == (3, True)


def test_changes_are_those_of_steps_that_were_changed() -> None:
    changes = submission(name="Bob", age="7").changes
    assert changes == {
        "you": {"name": ("Ada", "Bob")},
        "guardian": {"pet": ("Eve", "Bob")},
        "papers": {"note": (None, "n")},
    }


def test_step_that_does_not_apply_any_more_has_what_it_began_with() -> None:
    journey = send(begin(EMPTY), "you", name="Ada", age="7")
    journey = send(journey, "guardian", pet="Bob")
    journey = send(journey, "you", name="Ada", age="40")
    changes = Submission.of(journey).changes
    assert changes == {"you": {"age": (7, 40)}, "guardian": ({"pet": "Eve"}, None)}


def test_changes_are_worked_out_once() -> None:
    found = submission(name="Bob")
    assert found.changes is found.changes


# What is set on an object


def test_answers_of_all_steps_are_set_on_an_object() -> None:
    found = SimpleNamespace()
    submission(age="7").populate(found)
    assert vars(found) == {"name": "Ada", "age": 7, "pet": "Bob", "note": "n"}


def test_answers_of_the_steps_that_are_named_are_set_on_an_object() -> None:
    found = SimpleNamespace()
    submission(age="7").populate(found, "papers", "guardian")
    assert vars(found) == {"pet": "Bob", "note": "n"}


def test_step_that_does_not_apply_sets_nothing() -> None:
    found = SimpleNamespace()
    submission().populate(found, "guardian")
    assert vars(found) == {}


def test_unknown_step_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UnknownNameError, match=r"'yuo'.*you, guardian, papers, pets"):
        submission().populate(SimpleNamespace(), "yuo")


def test_submission_cannot_be_changed() -> None:
    found: Any = submission()
    with pytest.raises(FrozenInstanceError):
        found.attempt = 7


def test_repr_shows_no_answer() -> None:
    shown = repr(submission(name=SECRET))
    assert shown == "Submission(id='key', attempt=1)"
