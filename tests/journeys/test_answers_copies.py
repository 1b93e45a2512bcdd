"""The copy of the answers that a receipt keeps: ``Receipt(keep=…)``."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from clock import DAY
from engines import Engine
from flask import Flask, session
from json_client import ACCEPT, Reader
from store_wrappers import Probe
from time_machine import Traveller
from uploads import PNG, send_files
from visitor import Page, Visitor
from wizards import declare
from wtforms import (
    FieldList,
    FileField,
    Form,
    PasswordField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired

from flask_wizard import FlaskWizard, Receipt, Repeat, Review, Row, Step, Submission

CANARY = "canary-4711"
SECRET = "hunter-0815"


class YouForm(Form):
    name = StringField("Name", [InputRequired()])
    nick = StringField("Nickname")
    story = TextAreaField("Story")
    password = PasswordField("Password")
    pins = FieldList(PasswordField(), "PINs", min_entries=1)
    photo = FileField("Photo")


class PetForm(Form):
    name = StringField("Pet's name")


STEPS = {
    "you": Step(YouForm, title="About you", section="People"),
    "pets": Repeat(PetForm, title="Pets", label=lambda pet: pet.name),
    "check": Review(),
}

MakeVisitor = Callable[..., Visitor]


def keeping(result: object, **body: Any) -> Any:
    """Declare a wizard that returns a receipt."""

    def commit(self: object, submission: Submission) -> object:
        return result

    steps = {**STEPS, **body}
    return declare("Join", title="Join", commit=commit, **steps)


def finish(visitor: Visitor) -> Page:
    """Fill in the wizard from its first page, and send it."""
    visitor.open()
    typed = {"name": CANARY, "story": "<b>one\r\ntwo", "password": SECRET}
    files = {"photo": [(PNG, "secret-photo.png")]}
    send_files(visitor, files, **typed, **{"pins-0": SECRET})
    visitor.press("add")
    visitor.fill(name="Rex")
    visitor.press()
    return visitor.press()


@pytest.fixture
def make_visitor(make_app: MakeApp, clock: Traveller) -> MakeVisitor:
    def make(result: object, **more: Any) -> Visitor:
        return Reader(make_app(keeping(result), **more))

    return make


WEEK = Receipt("A-1", keep=timedelta(days=7))


def test_receipt_shows_the_answers_until_a_moment(make_visitor: MakeVisitor) -> None:
    page = finish(make_visitor(WEEK))
    assert page.rows == [
        ("Name", CANARY),
        ("Nickname", "Not provided"),
        ("Story", "<b>one two"),
        ("Pets", "1 entry"),
        ("Pet's name", "Rex"),
    ]
    assert page.texts(".wizard-copy h2") == ["Your answers"]
    assert page.texts(".wizard-copy h3") == ["People", "Pets"]
    assert page.texts(".wizard-copy h4") == ["About you", "Rex"]
    (until,) = page.texts(".wizard-copy p > time")
    assert f"in this browser until you close it, or until {until}" in page.text


def test_passwords_and_files_are_not_in_it(make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(WEEK)
    page = finish(visitor)
    whole = page.source + visitor.get(page.link("Download")).text
    assert CANARY in whole
    for private in (SECRET, "secret-photo", "Password", "Photo", "PINs", "Not shown"):
        assert private not in whole.replace("Passwords and files", "")


@pytest.mark.parametrize("result", [Receipt("A-1"), None, Receipt("A-1", keep=None)])
def test_without_keep_nothing_is_kept(
    make_visitor: MakeVisitor, store: Probe, result: object
) -> None:
    visitor = make_visitor(result, store=store)
    page = finish(visitor)
    assert not page.html.query(".wizard-copy")
    assert CANARY not in visitor.get(f"{page.path}?download").text
    assert visitor.app.extensions["flask_wizard"].repository(visitor.app).load(
        visitor.draft.split("/")[2]
    )[0].receipt in (Receipt("A-1"), Receipt())


def test_copy_is_downloaded_as_plain_text(make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(WEEK)
    page = finish(visitor)
    answer = visitor.get(page.link("Download"))
    assert answer.content_type == "text/plain; charset=utf-8"
    assert answer.headers["Content-Disposition"] == "attachment; filename=answers.txt"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    lines = answer.text.split("\r\n")
    assert lines[:2] == ["Join", "Your reference is A-1"]
    assert lines[2].startswith("Sent ")
    assert lines[3:] == [
        *("", "PEOPLE", "", "About you", "", "Name", f"  {CANARY}"),
        *("", "Nickname", "  Not provided", "", "Story", "  <b>one", "  two"),
        *("", "Pets", "  1 entry", "", "Rex", "", "Pet's name", "  Rex", ""),
    ]


def test_front_end_gets_the_copy(make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(WEEK)
    page = finish(visitor)
    copy = visitor.get(page.path, headers=ACCEPT).json["copy"]  # type: ignore[index]
    assert copy["url"] == page.link("Download")
    people, _, rex = copy["groups"]
    assert (people["section"], people["title"]) == ("People", "About you")
    assert people["rows"][0] == {"label": "Name", "lines": [CANARY]}
    assert rex["rows"] == [{"label": "Pet's name", "lines": ["Rex"]}]


@pytest.mark.parametrize("days", [7, 90])
def test_copy_is_gone_when_its_time_is_over(
    make_visitor: MakeVisitor, clock: Traveller, days: int
) -> None:
    """A wizard's drafts live 30 days, or longer if a copy does."""
    limits = {"PERMANENT_SESSION_LIFETIME": 100 * DAY}
    visitor = make_visitor(Receipt("A-1", keep=days * DAY), **limits)
    page = finish(visitor)
    download = page.link("Download")
    clock.shift(days * DAY - 1)
    assert CANARY in visitor.open(page.path).text
    assert CANARY in visitor.get(download).text
    clock.shift(1)
    assert CANARY not in visitor.open(page.path).source
    assert CANARY not in visitor.get(download).text


def test_copy_is_for_its_holder_alone(make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(WEEK)
    page = finish(visitor)
    other = Visitor(visitor.app)
    for url in (page.path, page.link("Download")):
        answer = other.get(url)
        assert answer.status_code == 404
        assert CANARY not in answer.text


def test_copy_is_encrypted_at_rest(
    make_app: MakeApp, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(make_app(keeping(WEEK), store=engine.given()))
    assert CANARY in finish(visitor).text
    assert CANARY.encode() not in engine.everything()
    assert CANARY not in caplog.text


def test_receipt_with_a_copy_and_a_url_has_a_page(make_visitor: MakeVisitor) -> None:
    page = finish(make_visitor(Receipt(url="/orders/1", keep=DAY)))
    assert CANARY in page.text
    assert page.link("Continue") == "/orders/1"


def test_copy_has_the_rows_of_the_review(make_app: MakeApp) -> None:
    def rows(found: Sequence[Row], answers: object) -> Sequence[Row]:
        shown = [row for row in found if row.label != "Story"]
        name = replace(shown[0], label="Known as")
        anew = Row("you", "password", "Password", (SECRET,), "password")
        return [name, anew, *shown[1:]]

    visitor = Visitor(make_app(keeping(WEEK, check=Review(rows=rows))))
    page = finish(visitor)
    labels = [label for label, _ in page.rows]
    assert labels == ["Known as", "Nickname", "Pets", "Pet's name"]
    assert SECRET not in page.source


def test_wizard_without_a_review_has_a_copy_too(make_app: MakeApp) -> None:
    class NameForm(Form):
        name = StringField("Name")

    wizard = keeping(WEEK, you=Step(NameForm), pets=None, check=None)
    visitor = Visitor(make_app(wizard))
    visitor.open()
    assert visitor.fill(name=CANARY).rows == [("Name", CANARY)]


def test_copy_that_a_draft_has_no_room_for_is_left_out(
    make_app: MakeApp, make_visitor: MakeVisitor, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = make_visitor(WEEK, WIZARD_MAX_DRAFT=1500)
    assert CANARY in finish(visitor).text
    label = "What do you want to tell us? " * 60  # of which a draft has nothing
    long = type("Long", (Form,), {"name": StringField(label)})
    wizard = keeping(WEEK, you=Step(long), pets=None)
    visitor = Visitor(make_app(wizard, WIZARD_MAX_DRAFT=1500))
    visitor.open()
    visitor.fill(name=CANARY)
    page = visitor.press()
    assert "Your reference is A-1" in page.text
    assert CANARY not in page.text
    assert "Raise WIZARD_MAX_DRAFT" in caplog.text


@pytest.mark.parametrize("keep", [0, -1, timedelta(0), "week", True, float("nan")])
def test_duration_that_is_none_is_told_of(make_app: MakeApp, keep: Any) -> None:
    visitor = Visitor(make_app(keeping(Receipt("A-1", keep=keep))))
    with pytest.raises(TypeError, match="keep="):
        finish(visitor)
    page = visitor.open("/join/" + visitor.draft.split("/")[2] + "/receipt")
    assert "Your answers have been sent" in page.heading
    assert CANARY not in page.source


def test_error_in_the_rows_keeps_no_copy_and_the_commit(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    calls: list[object] = []

    def rows(found: Sequence[Row], answers: object) -> Sequence[Row]:
        calls.append(found)
        if len(calls) > 1:
            raise ValueError("no rows")
        return found

    visitor = Visitor(make_app(keeping(WEEK, check=Review(rows=rows))))
    page = finish(visitor)
    assert "Your reference is A-1" in page.text
    assert CANARY not in page.source
    assert "A copy of the answers could not be made" in caplog.text


def test_discarded_draft_has_no_copy(make_visitor: MakeVisitor) -> None:
    visitor = make_visitor(WEEK)
    visitor.open()
    visitor.fill(name=CANARY)
    visitor.open(f"{visitor.draft}discard")
    page = visitor.press("discard")
    assert page.path.endswith("/receipt")
    assert CANARY not in page.source + visitor.get(f"{page.path}?download").text


# Of a user


@pytest.fixture
def users_app(store: Probe, tmp_path: Path) -> Flask:
    app = Flask("users", instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    FlaskWizard(app, store=store, holder=lambda: session.get("user_id"))
    app.register_blueprint(keeping(WEEK).as_blueprint("join"), url_prefix="/join")

    @app.get("/login/<name>")
    def login(name: str) -> str:
        session["user_id"] = name
        return name

    return app


def test_copy_of_a_user_is_exported_and_erased(
    users_app: Flask, tmp_path: Path
) -> None:
    visitor = Visitor(users_app)
    visitor.open("/login/ann")
    page = finish(visitor)
    assert "You can see this copy wherever you are signed in, until" in page.text
    run = users_app.test_cli_runner()
    folder = tmp_path / "of-ann"
    run.invoke(args=["wizard", "export", "--user", "ann", str(folder)])
    (found,) = json.loads((folder / "drafts.json").read_text())
    assert found["receipt"]["answers"][0]["rows"][0] == {
        "label": "Name",
        "lines": [CANARY],
    }
    assert SECRET not in (folder / "drafts.json").read_text()
    erased = run.invoke(args=["wizard", "erase", "--user", "ann", "--yes"])
    assert "1 draft and" in erased.output
    assert CANARY not in visitor.open(page.path).source
