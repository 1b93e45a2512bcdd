"""Passwords: kept encrypted until the end, and never sent back to a browser."""

from __future__ import annotations

from typing import Any

import pytest
from apps import MakeApp
from clock import DAY
from flask import Flask
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor
from wizards import Commits, committed, declare
from wtforms import Form, ValidationError, fields, validators

from flask_wizard import Answers, DraftStore, Review, Step, Wizard
from flask_wizard.core.form_errors import NOT_KEPT

SECRET, OTHER = "canary4711", "parrot0815"
KEPT = "You have already given this."


def same(form: Any, field: fields.Field) -> None:
    if field.data != form.secret.data:
        raise ValidationError("The passwords differ")


class Account(Form):
    email = fields.StringField("Email", [validators.InputRequired("Enter it")])
    secret = fields.PasswordField(
        "Password", [validators.InputRequired("Choose a password")]
    )
    again = fields.PasswordField("Password again", [same])


class Pin(Form):
    pin = fields.PasswordField("PIN")
    note = fields.StringField("Note")


class Join(Commits, Wizard):
    account = Step(Account)
    pin = Step(Pin)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


def begun(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(email="a@b", secret=SECRET, again=SECRET)
    return visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor who has chosen a password, at the second step."""
    return begun(app)


def account(visitor: Visitor) -> Page:
    return visitor.open(f"{visitor.draft}account")


def finish(visitor: Visitor) -> dict[str, Any]:
    """Continue to the end; give what was committed."""
    visitor.open(visitor.draft)
    while "check" not in visitor.page.path:
        visitor.fill()
    assert visitor.press("next").heading == "Your answers have been sent"
    return committed[0].data


def test_password_reaches_the_commit(visitor: Visitor) -> None:
    assert finish(visitor)["account"]["secret"] == SECRET


def test_password_reaches_the_commit_from_every_store(
    make_app: MakeApp, any_store: DraftStore
) -> None:
    assert finish(begun(make_app(Join, store=any_store)))["account"]["secret"] == SECRET


@pytest.mark.parametrize("at", ["account", "pin", "check", "saved", "discard"])
def test_password_is_in_no_page(visitor: Visitor, at: str) -> None:
    visitor.fill(pin=SECRET)
    page = visitor.open(visitor.draft + at)
    assert page.path.endswith(at)
    assert SECRET not in page.source


def test_rejected_password_is_in_no_page(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    page = visitor.fill(email="", secret=SECRET, again=OTHER)
    assert {*page.errors} == {"Enter it", "The passwords differ", NOT_KEPT}
    assert SECRET not in page.source
    assert OTHER not in page.source


def test_password_is_in_no_page_that_is_shown_again(visitor: Visitor) -> None:
    account(visitor)
    page = visitor.press("next", {"secret": OTHER, "csrf_token": "wrong"})
    assert page.status == 400
    assert OTHER not in page.source


def test_password_is_not_in_the_session(visitor: Visitor) -> None:
    assert SECRET not in str(visitor.client.get_cookie("session"))


def test_password_field_is_told_to_be_filled_already(visitor: Visitor) -> None:
    page = account(visitor)
    assert page.text.count(KEPT) == 2
    assert page.value("secret") == ""


def test_unseen_password_field_is_not_told_to_be_filled(app: Flask) -> None:
    assert KEPT not in Visitor(app).open().text


def test_password_left_out_is_not_told_to_be_filled(visitor: Visitor) -> None:
    visitor.fill(pin="")
    assert KEPT not in visitor.open(f"{visitor.draft}pin").text


def test_password_left_out_is_not_in_the_review(visitor: Visitor) -> None:
    assert ("PIN", "Not provided") in visitor.fill(pin="").rows


def test_password_left_blank_stays(visitor: Visitor) -> None:
    account(visitor)
    visitor.fill(email="c@d")
    assert finish(visitor)["account"] == {
        "email": "c@d",
        "secret": SECRET,
        "again": SECRET,
    }


def test_password_is_replaced(visitor: Visitor) -> None:
    account(visitor)
    visitor.fill(secret=OTHER, again=OTHER)
    assert finish(visitor)["account"]["secret"] == OTHER


def test_all_passwords_count_if_any_is_filled(visitor: Visitor) -> None:
    account(visitor)
    assert "The passwords differ" in visitor.fill(secret=OTHER).errors


def test_rejected_password_leaves_the_old_one(visitor: Visitor) -> None:
    account(visitor)
    visitor.fill(secret=OTHER, again="typo")
    visitor.fill()
    assert finish(visitor)["account"]["secret"] == SECRET


def test_password_sent_by_save_is_asked_again(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.press("save", {"email": "a@b", "secret": SECRET, "again": SECRET})
    page = account(visitor)
    assert (page.value("email"), page.value("secret")) == ("a@b", "")
    assert KEPT not in page.text
    assert visitor.fill().errors == ["Choose a password"]


@pytest.mark.parametrize("action", ["save", "back", "autosave"])
def test_other_password_sent_without_continue_reopens_the_step(
    visitor: Visitor, action: str
) -> None:
    account(visitor)
    visitor.send(action, {"secret": OTHER, "again": OTHER})
    assert visitor.get(f"{visitor.draft}pin").location == f"{visitor.draft}account"


@pytest.mark.parametrize("action", ["save", "back", "autosave"])
def test_blank_password_sent_without_continue_leaves_the_step_done(
    visitor: Visitor, action: str
) -> None:
    account(visitor)
    visitor.send(action)
    assert visitor.get(f"{visitor.draft}pin").status_code == 200


def test_password_stays_when_another_field_is_saved(visitor: Visitor) -> None:
    account(visitor)
    visitor.press("save", {"email": "c@d"})
    assert KEPT in account(visitor).text
    visitor.fill()
    assert finish(visitor)["account"]["secret"] == SECRET


def test_password_survives_an_error_in_another_field(visitor: Visitor) -> None:
    account(visitor)
    assert visitor.fill(email="").errors == ["Enter it"]
    visitor.fill(email="c@d")
    assert finish(visitor)["account"]["secret"] == SECRET


def test_password_of_a_rejected_step_must_be_given_again(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(email="", secret=SECRET, again=SECRET)
    assert visitor.fill(email="a@b").errors == ["Choose a password"]


def test_password_is_not_in_the_log(
    visitor: Visitor, store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(0)
    account(visitor)
    store.down = True
    visitor.post(visitor.page.path, {"secret": SECRET, "again": OTHER})
    assert caplog.records
    assert SECRET not in caplog.text


def test_password_expires_with_its_draft(visitor: Visitor, clock: Traveller) -> None:
    clock.shift(8 * DAY)
    account(visitor)
    assert visitor.page.status == 410


def test_account_step_of_a_wizard_without_review_takes_a_password(
    make_app: MakeApp,
) -> None:
    class Straight(Join):
        pin = None  # type: ignore[assignment]
        check = None  # type: ignore[assignment]

    visitor = Visitor(make_app(Straight))
    visitor.open()
    page = visitor.fill(email="a@b", secret=SECRET, again=SECRET)
    assert page.heading == "Your answers have been sent"
    assert committed[0].answers.account.secret == SECRET


def test_password_that_could_not_be_stored_is_not_said_to_be_given(
    app: Flask, store: Probe
) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.press("save", {"email": "a@b"})
    visitor.open(f"{visitor.draft}account")
    store.read_only = True
    sent = {"email": "a@b", "secret": SECRET, "again": SECRET}
    page = visitor.press("next", sent)
    assert page.status == 503
    assert "already given" not in page.text
    assert SECRET not in page.source


# A password that is not kept is asked for at its field


def at_fields(page: Page) -> dict[str, str]:
    """The error at each field, by the field's label."""
    return {
        " ".join(node.query("label")[0].to_text().split()).removesuffix(
            " (optional)"
        ): (" ".join(node.query(".wizard-error")[0].to_text().split()))
        for node in page.html.query(".wizard-field-wrong")
    }


BOTH = {"Password", "Password again"}


@pytest.mark.parametrize(
    ("values", "messages"),
    [
        ({"email": "a@b", "again": OTHER}, ["The passwords differ"]),
        ({"email": "", "again": SECRET}, ["Enter it"]),
    ],
)
def test_password_of_a_rejected_page_is_asked_for_at_its_field(
    app: Flask, values: dict[str, str], messages: list[str]
) -> None:
    visitor = Visitor(app)
    visitor.open()
    page = visitor.fill(**values, secret=SECRET)
    lost = {name for name, error in at_fields(page).items() if NOT_KEPT in error}
    assert lost == BOTH
    assert [error for error in page.errors if error != NOT_KEPT] == messages


def test_password_is_asked_for_on_the_page_that_gives_back_what_was_sent(
    app: Flask,
) -> None:
    visitor = Visitor(app)
    visitor.open()
    typed = {"email": "a@b", "secret": SECRET, "again": SECRET}
    page = visitor.press("next", {**typed, "csrf_token": "wrong"})
    assert page.status == 400
    assert {
        name for name, error in at_fields(page).items() if NOT_KEPT in error
    } == BOTH
    page = visitor.fill(secret=SECRET, again=SECRET)
    assert page.path.endswith("/pin")


@pytest.mark.parametrize("action", ["save", "discard", "goto:account"])
def test_password_sent_without_continue_is_asked_for_at_its_field(
    app: Flask, action: str
) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.press(action, {"email": "a@b", "secret": SECRET})
    assert at_fields(account(visitor)).keys() == {"Password"}
    page = visitor.fill(secret=SECRET, again=SECRET)
    assert page.errors == []


def test_password_left_blank_is_not_asked_for_again(visitor: Visitor) -> None:
    account(visitor)
    page = visitor.press("next", {"email": "c@d", "csrf_token": "wrong"})
    assert page.status == 400
    assert page.errors == []


def test_nested_password_is_asked_for_at_its_field(make_app: MakeApp) -> None:
    class Outer(Form):
        inner = fields.FormField(Account)

    visitor = Visitor(make_app(declare("Nested", Commits, you=Step(Outer))))
    visitor.open()
    page = visitor.fill(**{"inner-secret": SECRET})
    assert NOT_KEPT in at_fields(page)["Password"]


def test_passwords_of_a_page_without_its_form_are_told_to_be_left_out(
    make_app: MakeApp, store: Probe
) -> None:
    class Free(Form):
        word = fields.StringField("Word")

    def hide(form: Any, answers: Answers) -> None:
        form.word.render_kw = {"type": "password"}

    wizard = declare("Late", Commits, pin=Step(Pin), free=Step(Free, prepare=hide))
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill()
    store.down = True
    page = visitor.fill(word=SECRET)
    assert page.status == 503
    assert page.errors == ["The passwords that you typed are not among what you sent."]
    assert SECRET not in page.source
