"""Info and Exit as a visitor meets them: pages without a form, and an end."""

from __future__ import annotations

import re
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask, render_template
from jinja2 import DictLoader
from visitor import Visitor
from wizards import Commits, committed, stored
from wtforms import Form, IntegerField, StringField
from wtforms.validators import InputRequired

from flask_wizard import (
    Answers,
    Exit,
    Info,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.web.pages import Page


class You(Form):
    age = IntegerField("Age", [InputRequired("Enter your age")])


class Pet(Form):
    pet = StringField("Pet")


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


class Join(Commits, Wizard):
    welcome = Info(title="Before you start", section="Start")
    you = Step(You)
    too_young = Exit(title="You cannot join", when=is_minor)
    rules = Info(title="The rules")
    pet = Step(Pet)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """Somebody on the step behind the first page."""
    visitor = Visitor(app)
    visitor.open()
    visitor.press()
    return visitor


def place(visitor: Visitor) -> str:
    return visitor.page.path.rpartition("/")[2]


# Info


def test_info_is_a_page_with_a_title_and_a_continue(app: Flask) -> None:
    page = Visitor(app).open()
    assert page.path == "/join/new/welcome"
    assert page.heading == "Before you start"
    assert "Start" in page.text
    assert page.buttons == ["next", "save"]
    assert not page.errors


def test_continue_of_an_info_leads_on(visitor: Visitor) -> None:
    assert place(visitor) == "you"
    assert visitor.open("/join/").links["Continue You"].endswith("/you")


def test_double_click_on_an_info_begins_one_draft(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    assert visitor.send().location == visitor.send().location


def test_back_from_a_step_leads_to_an_info(visitor: Visitor) -> None:
    assert visitor.press("back").heading == "Before you start"
    assert place(visitor) == "welcome"
    assert visitor.press().path.endswith("/you")


@pytest.mark.parametrize("action", ["save", "autosave", "goto:you", "back", "other"])
def test_no_other_button_makes_an_info_done(app: Flask, action: str) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.send(action)
    assert visitor.open(f"{visitor.open().link('Continue')}").heading == (
        "Before you start"
    )


def test_step_behind_an_info_that_is_not_done_does_not_open(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.press("save")
    draft = visitor.draft
    assert visitor.open(f"{draft}you").path == f"{draft}welcome"


def test_post_to_an_info_needs_an_action(visitor: Visitor) -> None:
    for sent in ({}, {"_rev": "1"}, {"x": "y"}):
        values = {"csrf_token": visitor.token, **sent}
        url = f"{visitor.draft}welcome"
        assert visitor.client.post(url, data=values).status_code == 400


def test_info_is_not_on_the_check_page(visitor: Visitor) -> None:
    visitor.fill(age="30")
    assert visitor.press().path.endswith("/pet")
    page = visitor.fill(pet="Rex")
    assert page.rows == [("Age", "30"), ("Pet", "Rex")]
    assert page.texts("h2") == []  # steps of one field are rows, not headings
    visitor.press()
    assert committed[0].data == {"you": {"age": 30}, "pet": {"pet": "Rex"}}


def test_page_of_an_info_that_could_not_be_stored_can_be_sent_again(
    app: Flask,
) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.token = "wrong"
    page = visitor.show(visitor.send("next", {"csrf_token": "wrong"}))
    assert page.status == 400
    assert page.heading == "Before you start"
    assert visitor.press().path.endswith("/you")


def test_continue_of_an_info_of_a_draft_that_has_gone_leads_to_its_page(
    visitor: Visitor,
) -> None:
    url = f"/join/{'A' * 22}/welcome"
    assert visitor.post(url).location == url
    assert visitor.get(url).status_code == 404


def test_step_error_at_an_info_leads_back_to_it(make_app: MakeApp) -> None:
    class Strict(Commits, Wizard):
        welcome = Info()
        you = Step(You)
        rules = Info()
        pet = Step(Pet)
        check = Review()

        def validate(self, submission: Submission) -> None:
            if submission.answers.you.age < 18:
                raise StepError("rules", "Read them once more")

    visitor = Visitor(make_app(Strict))
    visitor.open()
    visitor.press()
    visitor.fill(age="7")
    visitor.press()
    visitor.fill(pet="Rex")
    page = visitor.press()
    assert page.path.endswith("/rules")
    assert page.errors == ["Read them once more"]
    assert page.title.startswith("Error: ")
    assert visitor.press().path.endswith("/check")


def test_last_page_that_is_an_info_confirms(make_app: MakeApp) -> None:
    class Confirm(Commits, Wizard):
        you = Step(You)
        terms = Info(title="The terms")

    visitor = Visitor(make_app(Confirm))
    visitor.open()
    page = visitor.fill(age="30")
    assert "Confirm and send" in page.texts("button")
    first, second = visitor.send(), visitor.send()
    assert first.location == second.location
    assert [submission.data for submission in committed] == [{"you": {"age": 30}}]


def test_wizard_of_nothing_but_an_info_commits(make_app: MakeApp) -> None:
    asked = []

    class Confirm(Commits, Wizard):
        terms = Info(title="The terms")

        def admit(self, moment: Any, holder: str) -> None:
            asked.append(moment)

    visitor = Visitor(make_app(Confirm))
    visitor.open()
    first, second = visitor.send(), visitor.send()
    assert first.location == second.location
    assert [submission.data for submission in committed] == [{}]
    assert asked == ["start", "commit"]


def test_info_is_asked_before_an_unsettled_draft_is_sent_again(
    make_app: MakeApp,
) -> None:
    class Fails(Commits, Wizard):
        you = Step(You)
        check = Review()

        def commit(self, submission: Submission) -> Any:
            if submission.attempt == 1:
                raise SystemExit
            super().commit(submission)

    class Deployed(Fails):
        rules = Info()

    Deployed.__qualname__ = Fails.__qualname__
    old, new = make_app(Fails), make_app(Deployed)
    new.extensions.update(flask_wizard=old.extensions["flask_wizard"])
    visitor = Visitor(old)
    visitor.open()
    visitor.fill(age="30")
    with pytest.raises(SystemExit):
        visitor.send()
    assert stored(visitor).unsettled
    later = visitor.twin(new)
    later.send()
    assert committed == []
    assert later.open(visitor.page.path).path.endswith("/rules")
    assert later.press().path.endswith("/check")
    later.press()
    assert len(committed) == 1


# Exit


def test_exit_is_an_end_with_a_way_back(visitor: Visitor) -> None:
    page = visitor.fill(age="7")
    assert page.path.endswith("/too-young")
    assert page.heading == "You cannot join"
    assert "Your answers are kept: to change one, go back." in page.text
    assert page.buttons == ["back", "save", "discard"]
    assert page.progress == ""
    assert page.title.startswith("You cannot join ")
    assert visitor.press("back").path.endswith("/you")
    assert visitor.fill(age="30").path.endswith("/rules")


@pytest.mark.parametrize("action", ["next", "autosave", "goto:check", "other"])
def test_post_to_an_exit_leads_to_itself(visitor: Visitor, action: str) -> None:
    page = visitor.fill(age="7")
    answer = visitor.send(action)
    assert (answer.location or page.path) == page.path
    assert committed == []


@pytest.mark.parametrize("page", ["", "rules", "pet", "check"])
def test_nothing_behind_an_exit_opens(visitor: Visitor, page: str) -> None:
    draft = visitor.draft
    visitor.fill(age="7")
    assert visitor.open(f"{draft}{page}").path == f"{draft}too-young"
    answer = visitor.post(f"{draft}{page or 'check'}")
    assert answer.location == f"{draft}too-young"
    assert committed == []


def test_done_draft_that_comes_to_an_exit_is_not_sent(visitor: Visitor) -> None:
    visitor.fill(age="30")
    visitor.press()
    check = visitor.fill(pet="Rex").path
    visitor.open(f"{visitor.draft}you?then=check")
    assert visitor.fill(age="7").path.endswith("/too-young")
    visitor.post(check)
    assert committed == []
    visitor.press("back")
    assert visitor.fill(age="31").path.endswith("/check")
    visitor.press()
    assert committed[0].data["pet"] == {"pet": "Rex"}


def test_exit_promises_no_way_to_the_check_page(visitor: Visitor) -> None:
    visitor.fill(age="7")
    page = visitor.open(f"{visitor.draft}check")  # asked for too early
    assert page.heading == "You cannot join"
    assert "still missing" not in page.text
    assert "Check your answers" not in page.text
    page = visitor.open(f"{visitor.draft}you?then=check")
    assert "Check your answers" not in page.text
    page = visitor.fill(age="8")
    assert page.heading == "You cannot join"
    assert "Check your answers" not in page.text
    assert visitor.press("back").path.endswith("/you")


def test_exit_is_not_among_what_is_missing(make_app: MakeApp) -> None:
    class Ends(Commits, Wizard):
        you = Step(You)
        pet = Step(Pet)
        closed = Exit()
        check = Review()

    visitor = Visitor(make_app(Ends))
    visitor.open()
    visitor.press("save", {"age": "7"})
    page = visitor.open(f"{visitor.draft}check")
    assert page.texts(".wizard-banner li") == ["You", "Pet"]


def test_draft_at_an_exit_is_kept_and_listed(visitor: Visitor) -> None:
    visitor.fill(age="7")
    assert visitor.press("save").path.endswith("/saved")
    page = visitor.open("/join/")
    assert page.link("Continue").endswith("/too-young")


def test_draft_at_an_exit_can_be_discarded(visitor: Visitor) -> None:
    visitor.fill(age="7")
    assert visitor.press("discard").path.endswith("/discard")
    assert visitor.press("discard").path.endswith("/receipt")


@pytest.mark.parametrize("applies", [True, False])
def test_wizard_may_begin_with_an_exit(make_app: MakeApp, applies: bool) -> None:
    class Season(Commits, Wizard):
        closed = Exit(
            title="It is closed", when=lambda answers: answers.bound["year"] < 2020
        )
        you = Step(You)

    year = 2019 if applies else 2021
    visitor = Visitor(make_app(Season, prefix="/<int:year>/join"))
    page = visitor.open(f"/{year}/join/")
    if not applies:
        assert page.path == f"/{year}/join/new/you"
        return
    assert page.path == f"/{year}/join/new/closed"
    assert page.buttons == ["save"]
    assert "go back" not in page.text
    assert visitor.press().path.endswith("/closed")
    assert visitor.open(f"{visitor.draft}you").path.endswith("/closed")


# Templates, and views of an application's own


def test_body_of_an_info_comes_from_a_template(make_app: MakeApp) -> None:
    app = make_app(Join)
    app.jinja_loader = DictLoader(
        {
            "flask_wizard/wizards/join/welcome.html": (
                '{% extends "flask_wizard/default/info.html" %}'
                "{% block instructions %}<p>Have a pen ready.</p>{% endblock %}"
            ),
            "flask_wizard/exit.html": (
                '{% extends "flask_wizard/default/exit.html" %}'
                "{% block instructions %}<p>{{ answers.you.age }} is too young.</p>"
                "{% endblock %}"
            ),
        }
    )
    visitor = Visitor(app)
    assert "Have a pen ready." in visitor.open().text
    visitor.press()
    assert "7 is too young." in visitor.fill(age="7").text


def test_views_of_an_application_show_pages_without_a_form(make_app: MakeApp) -> None:
    app = make_app()

    @app.route("/own/<draft>/<step>", methods=["GET", "POST"])
    def own(draft: str, step: str) -> Any:
        def url(*, draft: str, step: str) -> str:
            return f"/own/{draft}/{step}"

        outcome = Join.open(draft, url_for_step=url).handle(step)
        if isinstance(outcome, Page):
            return render_template([*outcome.templates], **outcome), outcome.status
        return outcome

    visitor = Visitor(app)
    assert visitor.open("/own/new/welcome").heading == "Before you start"
    assert re.fullmatch("/own/.{22}/you", visitor.press().path)
    assert visitor.fill(age="7").heading == "You cannot join"
    assert visitor.press().heading == "You cannot join"
