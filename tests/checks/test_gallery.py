"""preview: every page of the wizards of an application, and nothing else of it."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from blinker import NamedSignal
from cachelib import SimpleCache
from click.testing import Result
from flask import Flask, abort, redirect
from jinja2 import DictLoader
from store_wrappers import Probe
from wizards import choices
from wtforms import Form, fields
from wtforms.validators import AnyOf, InputRequired, Length, ValidationError

from flask_wizard import (
    DateBoxesField,
    Exit,
    FlaskWizard,
    Info,
    Item,
    Repeat,
    Review,
    Step,
    Wizard,
    signals,
)
from flask_wizard.checks.gallery import Gallery, make_gallery
from flask_wizard.testing import assert_accessible

touched: list[str] = []
"""What of the application was called."""


class YouForm(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name"), Length(max=9)])
    age = fields.IntegerField("Age")
    mail = fields.EmailField("Email")
    photo = fields.FileField("Photo")
    payer = fields.RadioField("Who pays?", choices=choices("me", "company"))


class CompanyForm(Form):
    tax = fields.StringField("Tax number", [AnyOf(["T-1"], message="Enter T-1")])


class PetForm(Form):
    pet = fields.StringField("Pet", [InputRequired("Enter a name")])


class Touching(Wizard, abstract=True):
    def admit(self, moment: Any, holder: str) -> None:
        touched.append("admit")

    def validate(self, submission: Any) -> None:
        touched.append("validate")

    def commit(self, submission: Any) -> None:
        touched.append("commit")

    def discarded(self, draft: Any) -> None:
        touched.append("discarded")

    def on_upload(self, upload: Any, step: str, field: str) -> None:
        touched.append("on_upload")


class Everything(Touching):
    you = Step(YouForm)
    welcome = Info(title="Welcome")
    company = Step(CompanyForm, when=lambda answers: answers.you.payer == "company")
    never = Exit(title="Not for you", when=lambda answers: answers.you.age == 7)
    pets = Repeat(PetForm, min=0, max=3)
    check = Review()


class Short(Touching):
    you = Step(YouForm)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    touched.clear()
    app = make_app(Short)
    app.before_request(lambda: touched.append("before_request"))
    return app


@pytest.fixture(scope="module")
def gallery() -> Gallery:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app, store=SimpleCache())
    app.register_blueprint(Everything.as_blueprint("join"), url_prefix="/join")
    return make_gallery(app)


def names(gallery: Gallery) -> list[str]:
    return [page.name for page in gallery.pages]


def test_every_page_is_there_empty_filled_in_and_wrong(gallery: Gallery) -> None:
    steps = ["you", "company", "pets-item"]
    forms = [f"{step}-{state}" for step in steps for state in ("empty", "wrong")]
    assert {*forms, "you-filled", "company-filled", "pets-item-filled"} <= {
        *names(gallery)
    }
    whole = ["welcome", "pets-empty", "pets-filled", "pets-remove", "check-filled"]
    assert {*whole, "entry", "saved", "discard"} <= {*names(gallery)}


def test_pages_that_something_unusual_leads_to_are_there(gallery: Gallery) -> None:
    assert {
        *("receipt-committed", "receipt-discarded", "gone-expired", "gone-unknown"),
        *("link-open", "link-used", "unavailable", "sending", "removed", "guest"),
        *("you-waiting", "company-again"),
    } <= {*names(gallery)}


def test_filled_page_has_answers_and_wrong_page_has_errors(gallery: Gallery) -> None:
    pages = {page.name: page.html for page in gallery.pages}
    assert 'value="Ada' in pages["you-filled"]
    assert 'role="alert"' not in pages["you-filled"]
    assert "Enter a name" in pages["you-wrong"]


def test_page_behind_other_answers_is_met(gallery: Gallery) -> None:
    assert "company-empty" in names(gallery)


def test_every_page_is_met_that_a_condition_leads_to(gallery: Gallery) -> None:
    assert gallery.missed == []
    assert "never" in names(gallery)


class Dates(Form):
    arrives = fields.DateField("Arrival", [InputRequired("Enter a day")])
    leaves = fields.DateField("Departure", [InputRequired("Enter a day")])

    def validate_leaves(self, field: Any) -> None:
        if field.data <= self.arrives.data:
            raise ValidationError("Leave after you arrive")


class Guest(Item):
    who = Step(YouForm)
    school = Step(PetForm, when=lambda answers: answers.who.age == 6)


class Odd(Form):
    code = fields.StringField("Code", [InputRequired("Enter the code")])

    def validate_code(self, field: Any) -> None:
        if sum(map(ord, field.data)) != 1111:
            raise ValidationError("This is not the code")


class Hotel(Touching):
    stay = Step(Dates)
    guests = Repeat(Guest, min=1, max=9)
    hall = Step(PetForm, when=lambda answers: len(answers.guests) > 4)
    long = Info(
        title="A long stay",
        when=lambda answers: (answers.stay.leaves - answers.stay.arrives).days > 21,
    )
    check = Review()


def test_pages_are_met_that_need_answers_that_fit_together(make_app: MakeApp) -> None:
    gallery = make_gallery(make_app(Hotel))
    assert gallery.missed == []
    assert {"guests-school-empty", "hall-filled", "long"} <= {*names(gallery)}


def test_page_that_is_not_met_is_told(make_app: MakeApp) -> None:
    class Never(Short):
        late = Step(PetForm, when=lambda answers: False)
        check = Review()

    missed = make_gallery(make_app(Never)).missed
    assert missed == ["join: no answers that were tried lead to 'late'"]


def test_samples_that_are_refused_are_told(make_app: MakeApp) -> None:
    class Coded(Touching):
        code = Step(Odd)

    app = make_app(Coded)
    why, *_ = make_gallery(app).missed
    assert why == "join: 'code' refuses every answer that was tried"
    code = "a" * 11 + ","
    assert make_gallery(app, samples={"join": {"code": {"code": code}}}).missed == []


def test_every_page_is_accessible(gallery: Gallery) -> None:
    for page in gallery.pages:
        assert_accessible(page.html)


def test_nothing_of_the_application_is_touched(app: Flask, store: Probe) -> None:
    sent: list[str] = []

    def note(sender: Any, **more: Any) -> None:
        sent.append(str(sender))

    told = [each for each in vars(signals).values() if isinstance(each, NamedSignal)]
    for each in told:
        each.connect(note)
    assert len(make_gallery(app).pages) > 10
    assert (touched, sent, store.calls) == ([], [], [])


def test_wizards_serve_as_before_afterwards(app: Flask) -> None:
    before = app.test_client().get("/join/", follow_redirects=True)
    make_gallery(app, theme="default", lang="fr")
    after = app.test_client().get("/join/", follow_redirects=True)
    page = re.compile("<title>.*?</title>|<html[^>]*>")
    assert page.findall(after.text) == page.findall(before.text)


def test_language_is_that_of_the_gallery(app: Flask) -> None:
    pages = make_gallery(app, lang="fr").pages
    assert {re.findall('<html lang="(..)', page.html)[0] for page in pages} == {"fr"}


def test_variables_of_a_prefix_are_given(make_app: MakeApp) -> None:
    app = make_app(Short, prefix="/<int:club>/join")
    assert make_gallery(app).missed == [
        "join: its prefix has variables, whose values are not given"
    ]
    pages = make_gallery(app, values={"club": "17"}).pages
    assert any('action="/17/join/' in page.html for page in pages)


def test_link_of_the_layout_that_leads_nowhere_is_told(make_app: MakeApp) -> None:
    app = make_app(Short)
    layout = '{{ url_for("nowhere") }}{% block wizard %}{% endblock %}'
    app.jinja_loader = DictLoader({"flask_wizard/base.html": layout})
    (missed,) = make_gallery(app).missed
    assert "endpoint 'nowhere'" in missed


def test_what_the_application_refuses_is_told(make_app: MakeApp) -> None:
    class Closed(Short):
        def initial(self, step_name: str, bound: Any) -> object:
            abort(403)

    gallery = make_gallery(make_app(Closed))
    assert gallery.missed == ["join: the application answers 403 Forbidden"]


@pytest.mark.parametrize(
    "refusal", [401, 403, redirect("/login")], ids=["401", "403", "redirect"]
)
def test_pages_behind_a_login_are_shown(refusal: Any) -> None:
    app = Flask(__name__)
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app, store=SimpleCache(), holder=lambda: abort(refusal))
    app.register_blueprint(Short.as_blueprint("join"), url_prefix="/join")
    gallery = make_gallery(app)
    assert gallery.missed == []
    assert {"you-wrong", "check-filled", "receipt-committed"} <= {*names(gallery)}


class BornForm(Form):
    born = DateBoxesField("Date of birth", [InputRequired("Enter a date")])


class Tasks(Touching, task_list=True):
    you = Step(YouForm)
    born = Step(BornForm)
    check = Review()


def test_list_of_tasks_is_there_empty_begun_and_filled(make_app: MakeApp) -> None:
    gallery = make_gallery(make_app(Tasks))
    assert gallery.missed == []
    lists = [page.state for page in gallery.pages if page.page == "tasks"]
    assert lists == ["empty", "begun", "filled"]
    assert "born-filled" in names(gallery)


# The command


Run = Callable[..., Result]


@pytest.fixture
def run(app: Flask, tmp_path: Path) -> Run:
    samples = tmp_path / "samples.json"
    samples.write_text(json.dumps({"join": {"you": {"name": "Grace"}}}))

    def run(*arguments: str) -> Result:
        folder = str(tmp_path / "out")
        command = ["wizard", "preview", folder, "--samples", str(samples), *arguments]
        return app.test_cli_runner().invoke(args=command)

    return run


def test_files_stand_for_themselves(run: Run, tmp_path: Path) -> None:
    result = run()
    assert result.exit_code == 0, result.output
    pages = {*(tmp_path / "out").rglob("*.html")} - {tmp_path / "out" / "index.html"}
    assert f"{len(pages)} pages." in result.output
    for page in pages:
        assert "Grace" in page.read_text() or page.stem != "you-filled"
        named = re.findall(
            r'<(?:link|script)[^>]*(?:href|src)="([^"]*)"', page.read_text()
        )
        assert len(named) == 2
        assert all((page.parent / name).is_file() for name in named)


def test_index_links_to_every_page(run: Run, tmp_path: Path) -> None:
    run("--lang", "de", "--lang", "fr", "--theme", "default")
    folder = tmp_path / "out"
    index = (folder / "index.html").read_text()
    linked = {folder / path for path in re.findall('href="([^"]*)"', index)}
    assert linked == {*folder.rglob("*.html")} - {folder / "index.html"}
    assert {path.relative_to(folder).parts[0] for path in linked} == {
        "default-de",
        "default-fr",
    }


def test_folder_with_files_is_refused(run: Run, tmp_path: Path) -> None:
    run()
    result = run()
    assert result.exit_code == 1
    assert "has files" in result.output
