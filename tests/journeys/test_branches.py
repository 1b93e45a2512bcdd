"""Branches that open and close, and definitions that change, as visitors see it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from apps import MakeApp
from cachelib import SimpleCache
from flask import Flask
from visitor import Visitor
from wizards import Commits, committed, declare
from wtforms import Form, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import Answers, Review, Step, Submission, UnknownNameError, Wizard


class You(Form):
    name = fields.StringField("Name")
    age = fields.IntegerField("Age", [validators.InputRequired("Enter your age")])


class Guardian(Form):
    guardian = fields.StringField("Guardian", [validators.InputRequired("Who?")])


class Letter(Form):
    letter = fields.StringField("Letter to the guardian")


class Room(Form):
    room = fields.SelectField("Room", choices=[])


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


def has_eve(answers: Answers) -> bool:
    return bool(answers.guardian.guardian == "Eve")


def rooms_for(form: Any, answers: Answers) -> None:
    rooms = ["nursery", "hall"] if is_minor(answers) else ["hall", "bar"]
    form.room.choices = [SelectChoice(room, room.title()) for room in rooms]


class Stay(Commits, Wizard):
    you = Step(You, title="About you")
    guardian = Step(Guardian, when=is_minor)
    letter = Step(Letter, when=has_eve)
    room = Step(Room, prepare=rooms_for)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Stay)


def filled(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="7")
    visitor.fill(guardian="Eve")
    visitor.fill(letter="Dear Eve")
    visitor.fill(room="nursery")
    return visitor


@pytest.fixture
def at_review(app: Flask) -> Visitor:
    """A child with a guardian, who has filled in everything."""
    return filled(app)


def change(visitor: Visitor, step: str, **values: str) -> None:
    """Change a step without going by the check page."""
    visitor.open(visitor.draft + step)
    visitor.fill(**values)


def asked(visitor: Visitor) -> list[str]:
    return [label for label, _ in visitor.page.rows]


# Branches


def test_every_step_of_an_open_branch_is_asked(at_review: Visitor) -> None:
    assert asked(at_review) == [
        *("Name", "Age", "Guardian", "Letter to the guardian", "Room"),
    ]


def test_hidden_step_is_skipped(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    assert visitor.fill(age="40").heading == "Room"


@pytest.mark.parametrize("step", ["guardian", "letter"])
def test_hidden_steps_url_leads_to_the_frontier(app: Flask, step: str) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(age="40")
    answer = visitor.get(visitor.draft + step)
    assert (answer.status_code, answer.location) == (303, f"{visitor.draft}room")


def test_post_to_a_hidden_step_is_led_to_the_frontier(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(age="40")
    answer = visitor.post(f"{visitor.draft}guardian", {"guardian": "Eve"})
    assert (answer.status_code, answer.location) == (303, f"{visitor.draft}room")


def test_post_to_a_hidden_step_is_kept_for_when_it_opens(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(age="40")
    visitor.post(f"{visitor.draft}guardian", {"guardian": "Eve"})
    change(visitor, "you", age="7")
    assert visitor.page.heading == "Guardian"
    assert visitor.page.value("guardian") == "Eve"


def test_closed_branch_leaves_the_review(at_review: Visitor) -> None:
    draft = at_review.draft
    change(at_review, "you", age="40")
    at_review.fill(room="hall")
    assert at_review.page.path == f"{draft}check"
    assert asked(at_review) == ["Name", "Age", "Room"]


def test_closed_branch_is_told_in_the_review(at_review: Visitor) -> None:
    change(at_review, "you", age="40")
    at_review.fill(room="hall")
    assert "Your answers on these pages are kept" in at_review.page.banners
    assert "Guardian Letter" in at_review.page.banners


def test_closed_branch_leaves_the_progress(at_review: Visitor) -> None:
    assert at_review.page.progress == "Step 5 of 5"
    change(at_review, "you", age="40")
    assert at_review.page.progress == "Step 2 of 3"


def test_closed_branch_leaves_the_commit(at_review: Visitor) -> None:
    change(at_review, "you", age="40")
    at_review.fill(room="hall")
    at_review.press("next")
    assert list(committed[0].data) == ["you", "room"]


def test_reopened_branch_has_its_old_answers(at_review: Visitor) -> None:
    draft = at_review.draft
    change(at_review, "you", age="40")
    at_review.fill(room="hall")
    at_review.open(f"{draft}you")
    at_review.fill(age="8")
    assert at_review.open(f"{draft}guardian").value("guardian") == "Eve"
    assert at_review.open(f"{draft}letter").value("letter") == "Dear Eve"
    at_review.open(f"{draft}check")
    assert ("Letter to the guardian", "Dear Eve") in at_review.page.rows


def test_hidden_answer_is_invisible_to_later_conditions(at_review: Visitor) -> None:
    change(at_review, "you", age="40")
    assert at_review.page.heading == "Room"
    answer = at_review.get(f"{at_review.draft}letter")
    assert answer.location == f"{at_review.draft}room"


def test_condition_sees_nothing_of_a_hidden_step(make_app: MakeApp) -> None:
    seen: list[tuple[bool, object]] = []

    def looks(answers: Answers) -> bool:
        seen.append((bool(answers.guardian), answers.guardian.guardian))
        return True

    class Looking(Stay):
        room = Step(Room, prepare=rooms_for, when=looks)

    visitor = filled(make_app(Looking))
    seen.clear()
    change(visitor, "you", age="40")
    assert set(seen) == {(False, None)}


# What later steps remember


def test_earlier_answer_posted_unchanged_leaves_later_steps_done(
    at_review: Visitor,
) -> None:
    change(at_review, "you")
    assert at_review.open(at_review.draft).heading == "Check your answers"


def test_choice_that_no_longer_exists_is_asked_again(at_review: Visitor) -> None:
    change(at_review, "you", age="40")
    page = at_review.open(f"{at_review.draft}check")
    assert page.path == f"{at_review.draft}room"
    assert page.errors == ["Not a valid choice."]
    assert "An earlier answer has changed" in page.banners


def test_choice_that_still_exists_is_not_asked_again(at_review: Visitor) -> None:
    change(at_review, "room", room="hall")
    change(at_review, "you", age="40")
    assert at_review.open(at_review.draft).heading == "Check your answers"


def test_choice_that_exists_again_is_not_asked(at_review: Visitor) -> None:
    change(at_review, "you", age="40")
    change(at_review, "you", age="7")
    assert at_review.open(at_review.draft).heading == "Check your answers"


def test_reason_is_gone_once_the_step_is_done(at_review: Visitor) -> None:
    change(at_review, "you", age="40")
    at_review.fill(room="bar")
    page = at_review.open(f"{at_review.draft}room")
    assert (page.errors, page.banners) == ([], "")


def test_committing_meanwhile_is_refused(at_review: Visitor) -> None:
    """An old check page is sent after an earlier answer was changed elsewhere."""
    other = at_review.tab()
    other.open(f"{at_review.draft}you")
    other.fill(age="40")
    assert at_review.press("next").heading == "Room"
    assert committed == []


# A definition that changes under an open draft


@pytest.fixture
def deploy(make_app: MakeApp) -> Callable[[type[Wizard]], Flask]:
    """A function that starts the application anew, with the same drafts."""
    cache = SimpleCache()
    return lambda wizard: make_app(wizard, store=cache)


def moved(visitor: Visitor, app: Flask) -> Visitor:
    """The same browser after the deploy."""
    again = Visitor(app)
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    again.client.set_cookie("session", cookie.value)
    again.open(visitor.draft)
    return again


Deploy = Callable[[type[Wizard]], Flask]


def test_unchanged_definition_asks_nothing(deploy: Deploy) -> None:
    visitor = moved(filled(deploy(Stay)), deploy(Stay))
    assert visitor.page.heading == "Check your answers"


def test_new_step_is_asked(deploy: Deploy) -> None:
    class Longer(Stay):
        more = Step(Letter)

    visitor = moved(filled(deploy(Stay)), deploy(Longer))
    assert visitor.page.path == f"{visitor.draft}more"
    assert visitor.fill(letter="x").heading == "Check your answers"


def test_removed_step_is_ignored(deploy: Deploy) -> None:
    class Shorter(Stay):
        letter = None  # type: ignore[assignment]

    visitor = moved(filled(deploy(Stay)), deploy(Shorter))
    assert asked(visitor) == ["Name", "Age", "Guardian", "Room"]


def test_reordered_steps_keep_their_answers(deploy: Deploy) -> None:
    class Other(Wizard):
        title = "Stay"
        guardian = Step(Guardian)
        you = Step(You)
        check = Review()

        def commit(self, submission: Submission) -> None: ...

    visitor = moved(filled(deploy(Stay)), deploy(Other))
    assert visitor.page.rows == [("Guardian", "Eve"), ("Name", "Ada"), ("Age", "7")]


def test_changed_form_that_no_longer_fits_is_asked_again(deploy: Deploy) -> None:
    class Strict(Form):
        letter = fields.StringField()
        colour = fields.StringField(validators=[validators.InputRequired("Which?")])

    class Changed(Stay):
        letter = Step(Strict, when=has_eve)

    visitor = moved(filled(deploy(Stay)), deploy(Changed))
    assert visitor.page.errors == ["Which?"]
    assert visitor.page.value("letter") == "Dear Eve"


def test_changed_form_that_still_fits_is_not_asked_again(deploy: Deploy) -> None:
    class Lax(Form):
        letter = fields.TextAreaField()
        colour = fields.StringField()

    class Changed(Stay):
        letter = Step(Lax, when=has_eve)

    visitor = moved(filled(deploy(Stay)), deploy(Changed))
    assert visitor.page.heading == "Check your answers"


def test_text_that_became_a_list_is_no_failure(deploy: Deploy) -> None:
    class Listed(Form):
        letter = fields.FieldList(fields.StringField(), min_entries=1)

    class Changed(Stay):
        letter = Step(Listed, when=has_eve)

    visitor = moved(filled(deploy(Stay)), deploy(Changed))
    assert visitor.page.status == 200


def test_renamed_wizard_keeps_its_drafts(deploy: Deploy) -> None:
    renamed = declare("Renamed", Stay)
    visitor = moved(filled(deploy(Stay)), deploy(renamed))
    assert visitor.page.heading == "Check your answers"


# A developer's mistakes that only show when a condition runs


def test_condition_that_reads_a_later_step_is_an_error(make_app: MakeApp) -> None:
    class Wrong(Stay):
        you = Step(You, when=lambda answers: answers.room)

    visitor = Visitor(make_app(Wrong))
    with pytest.raises(UnknownNameError, match="'you' reads the answers of 'room'"):
        visitor.open()


def test_condition_with_a_wrong_field_is_an_error(make_app: MakeApp) -> None:
    class Wrong(Stay):
        guardian = Step(Guardian, when=lambda answers: answers.you.agee)

    visitor = Visitor(make_app(Wrong))
    visitor.open()
    with pytest.raises(UnknownNameError, match="'you' has no field 'agee'"):
        visitor.fill(age="7")
