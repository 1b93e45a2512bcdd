"""Answers that an application sends back for correction."""

from __future__ import annotations

from datetime import date
from typing import Any
from urllib.parse import urlsplit

import pytest
from apps import MakeApp
from flask import Flask
from flask_wtf.file import FileField, FileRequired
from login_sites import plain_site
from store_wrappers import Probe
from visitor import Page, Visitor
from wizards import Commits, committed
from wtforms import (
    DateField,
    FieldList,
    Form,
    FormField,
    PasswordField,
    StringField,
)
from wtforms.validators import InputRequired, Length

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    FlaskWizard,
    Info,
    Item,
    Repeat,
    Review,
    Step,
    StepError,
    Wizard,
)

HOUR = 60 * 60
SITE = "https://forms.example"


class Home(Form):
    street = StringField("Street", [InputRequired("Enter the street")])


class You(Form):
    name = StringField("Name", [InputRequired("Enter your name"), Length(max=20)])
    born = DateField("Born")
    home = FormField(Home)
    phones = FieldList(StringField("Phone"), min_entries=1)


class Pet(Form):
    name = StringField("Name", [InputRequired("Enter its name")])


class School(Form):
    school = StringField("School", [InputRequired("Enter the school")])


class Child(Item):
    who = Step(Pet)
    school = Step(School)


class Proof(Form):
    paper = FileField("Paper", [FileRequired("Choose a file")])
    pin = PasswordField("PIN", [InputRequired("Enter a PIN")])


class Apply(Commits, Wizard):
    hello = Info(title="Before you begin")
    you = Step(You)
    pets = Repeat(Pet)
    children = Repeat(Child)
    check = Review()


DATA: dict[str, Any] = {
    "you": {
        "name": "Ada",
        "born": date(2010, 5, 5),
        "home": {"street": "1 Main St"},
        "phones": ["1", "2"],
    },
    "pets": [{"name": "Rex"}, {"name": "Tom"}],
    "children": [{"who": {"name": "Kim"}, "school": {"school": "North"}}],
}


def reopen(
    app: Flask, *remarks: StepError, data: dict[str, Any] | None = None, **more: Any
) -> str:
    """Have a link made by a job, in which there is no request."""
    with app.app_context():
        given = DATA if data is None else data
        url = FlaskWizard().reopen_url("join", given, remarks, max_age=HOUR, **more)
    assert url.startswith(f"{SITE}/")
    return urlsplit(url).path


def take_up(app: Flask, *remarks: StepError, **more: Any) -> tuple[Visitor, Page]:
    visitor = Visitor(app)
    page = visitor.open(reopen(app, *remarks, **more))
    assert page.heading.endswith("Please correct your answers")
    assert "Ada" not in page.text
    return visitor, visitor.press()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Apply, WIZARD_EXTERNAL_URL=SITE)


def test_remark_stands_at_its_field_and_the_rest_is_done(app: Flask) -> None:
    visitor, page = take_up(app, StepError("you", "Is this so?", field="name"))
    assert page.path.endswith("/you")
    assert page.errors == ["Is this so?"]
    assert "sent back to you" in page.banners
    assert page.value("home-street") == "1 Main St"
    page = visitor.fill(name="Ada Lovelace")
    assert page.path.endswith("/check")
    visitor.press()
    (submission,) = committed
    assert submission.reopened
    assert submission.attempt == 1
    assert submission.changes == {"you": {"name": ("Ada", "Ada Lovelace")}}
    assert submission.data["pets"] == DATA["pets"]
    assert submission.data["children"] == DATA["children"]


def test_nothing_to_remark_leads_to_the_check_page(app: Flask) -> None:
    visitor, page = take_up(app)
    assert page.path.endswith("/check")
    visitor.press()
    (submission,) = committed
    assert submission.data == DATA
    assert submission.changes == {}


def test_other_submissions_are_not_reopened(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open("/join/")
    visitor.press()
    you = {"name": "Bea", "born": "2011-01-01", "home-street": "x"}
    visitor.press("next", you)
    visitor.press()
    visitor.press()
    visitor.press()
    assert [submission.reopened for submission in committed] == [False]


@pytest.mark.parametrize("field", ["home.street", "phones.1", None])
def test_remark_may_be_on_any_field_or_the_whole_page(
    app: Flask, field: str | None
) -> None:
    _, page = take_up(app, StepError("you", "Look again", field=field))
    assert page.errors == ["Look again"]
    assert page.path.endswith("/you")


def test_remark_is_there_until_the_page_is_accepted(app: Flask) -> None:
    visitor, _ = take_up(app, StepError("you", "Is this so?", field="name"))
    visitor.press("save", {"name": "Ad"})
    page = visitor.open(visitor.draft)
    assert (page.value("name"), page.errors) == ("Ad", ["Is this so?"])
    page = visitor.fill(name="")
    assert "Is this so?" in page.errors
    assert "Enter your name" in page.errors
    visitor.fill(name="Ada")
    page = visitor.open(f"{visitor.draft}you")
    assert page.errors == []
    assert not page.banners


def test_several_remarks_are_met_in_turn(app: Flask) -> None:
    visitor, page = take_up(
        app,
        StepError("you", "Spelt so?", field="name"),
        StepError("you", "Which street?", field="home.street"),
        StepError("pets", "A cat?", field="name", item=1),
        StepError("children", "Which one?", field="school.school", item=0),
    )
    assert page.errors == ["Spelt so?", "Which street?"]
    page = visitor.press()
    assert page.path.endswith("/pets")
    page = visitor.open(page.link("Continue"))
    assert page.errors == ["A cat?"]
    page = visitor.fill(name="Tim")
    assert page.path.endswith("/children")
    page = visitor.open(page.link("Continue"))
    assert page.errors == ["Which one?"]
    page = visitor.fill(school="South")
    assert page.path.endswith("/check")
    visitor.press()
    (submission,) = committed
    assert [pet["name"] for pet in submission.data["pets"]] == ["Rex", "Tim"]
    assert submission.data["children"][0]["school"] == {"school": "South"}


def test_step_that_is_not_valid_any_more_is_asked(app: Flask) -> None:
    data = {**DATA, "you": {**DATA["you"], "name": "A" * 21}}
    _, page = take_up(app, StepError("you", "Too long"), data=data)
    assert page.path.endswith("/you")
    assert page.value("name") == "A" * 21


def test_steps_behind_one_that_is_not_valid_any_more_are_done(app: Flask) -> None:
    data = {**DATA, "you": {**DATA["you"], "name": "A" * 21}}
    visitor, page = take_up(app, StepError("pets", "A cat?", item=1), data=data)
    assert page.path.endswith("/you")
    page = visitor.fill(name="Ada")
    assert page.path.endswith("/pets")
    visitor.open(page.link("Continue"))
    page = visitor.press()
    assert page.path.endswith("/check")
    visitor.press()
    assert committed[0].data == DATA


class Travel(Commits, Wizard):
    you = Step(You)
    papers = Repeat(Pet, over=lambda answers: [(p, p) for p in answers.you.phones])
    again = Step(Home, when=lambda answers: answers.you.name != "Bob")
    check = Review()


def test_items_of_an_earlier_answer_are_there(make_app: MakeApp) -> None:
    app = make_app(Travel, WIZARD_EXTERNAL_URL=SITE)
    data = {
        "you": DATA["you"],
        "papers": [{"name": "One"}, {"name": "Two"}],
        "again": {"street": "x"},
    }
    visitor, page = take_up(
        app, StepError("papers", "Which?", field="name", item=1), data=data
    )
    assert page.path.endswith("/papers")
    page = visitor.open(page.link("Continue"))
    assert page.errors == ["Which?"]
    assert page.value("name") == "Two"
    page = visitor.fill(name="Three")
    assert page.path.endswith("/check")
    visitor.press()
    assert [each["name"] for each in committed[0].data["papers"]] == ["One", "Three"]
    assert committed[0].data["again"] == {"street": "x"}


def test_initial_is_not_called_for_items_of_an_earlier_answer(
    make_app: MakeApp,
) -> None:
    class Edited(Travel, prefilled=True):
        def initial(self, step_name: str, bound: Any) -> object:
            assert step_name != "papers"
            return None

    app = make_app(Edited, WIZARD_EXTERNAL_URL=SITE)
    _, page = take_up(app, data={"you": DATA["you"], "again": {"street": "x"}})
    assert page.path.endswith("/papers")


def test_more_items_than_keys_are_an_error(make_app: MakeApp) -> None:
    app = make_app(Travel, WIZARD_EXTERNAL_URL=SITE)
    data = {"you": DATA["you"], "papers": [{"name": "x"}] * 3}
    with pytest.raises(DefinitionError, match="3 items"):
        reopen(app, data=data)


def test_files_and_passwords_are_asked_again(make_app: MakeApp) -> None:
    class WithProof(Commits, Wizard):
        you = Step(You)
        proof = Step(Proof)
        check = Review()

    app = make_app(WithProof, WIZARD_EXTERNAL_URL=SITE)
    _, page = take_up(app, data={"you": DATA["you"], "proof": {"pin": "1234"}})
    assert page.path.endswith("/proof")
    assert "1234" not in page.source


@pytest.mark.parametrize(
    ("remark", "error"),
    [
        (StepError("yuo", "?"), ConfigurationError),
        (StepError("you", "?", field="nmae"), DefinitionError),
        (StepError("you", "?", item=0), ConfigurationError),
        (StepError("pets", "?", item=2), ConfigurationError),
        (StepError("pets", "?", item="none"), DefinitionError),
    ],
)
def test_remark_on_nothing_is_an_error(
    app: Flask, store: Probe, remark: StepError, error: type[Exception]
) -> None:
    with pytest.raises(error):
        reopen(app, remark)
    assert store.snapshot() == {}


@pytest.mark.requirement("S52")
def test_stranger_learns_nothing_of_a_correction(app: Flask) -> None:
    url = reopen(app, StepError("you", "Is Ada the name?", field="name"))
    holder, stranger = Visitor(app), Visitor(app)
    page = stranger.open(url)
    assert not any(text in page.source for text in ("Ada", "Main St", "Rex"))
    holder.open(url)
    holder.press()
    assert stranger.press().status == 410
    assert stranger.open(holder.page.path).status == 404
    assert stranger.open("/join/").path.startswith("/join/new/")
    assert committed == []


def test_link_of_a_correction_is_one_of_any_kind(app: Flask) -> None:
    url = reopen(app, StepError("you", "Look"))
    first = Visitor(app)
    first.open(url)
    first.press()
    assert Visitor(app).open(url).status == 410
    assert Visitor(app).open(url[:-3] + "AAA").status == 404
    with app.app_context():
        draft = next(FlaskWizard().all_drafts())
        FlaskWizard().revoke(draft)
    assert first.open(first.draft).status == 404


@pytest.mark.requirement("S52")
def test_correction_for_a_user_stands_on_their_list(store: Probe) -> None:
    app = Flask("own")
    app.config.update(
        TESTING=True,
        SECRET_KEY="k" * 32,
        WIZARD_COMMIT_WAIT=0,
        WIZARD_EXTERNAL_URL=SITE,
    )
    site = plain_site(app, store)
    app.register_blueprint(Apply.as_blueprint("join"), url_prefix="/join")
    reopen(app, StepError("you", "Look"), user=0)
    ada, bob = Visitor(app), Visitor(app)
    site.sign_in(ada, "ada")
    site.sign_in(bob, "bob")
    assert bob.open("/join/").path.startswith("/join/new/")
    page = ada.open(ada.open("/join/").link("Continue"))
    assert page.errors == ["Look"]
