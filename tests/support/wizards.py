"""Wizards that the tests share, and the ways through them."""

from __future__ import annotations

from types import new_class
from typing import Any

from clock import HOUR
from flask import Flask
from visitor import Visitor
from werkzeug.test import TestResponse
from wtforms import Form, fields
from wtforms.validators import EqualTo, InputRequired, Length, Optional

from flask_wizard import Receipt, Review, Step, StepError, Submission, Wizard
from flask_wizard.core.draft import Draft
from flask_wizard.drafts.holders import TOKEN_KEY

#: A draft in which nothing was answered.
EMPTY = Draft("d", "m", (), 0.0, 0.0, "s")

CANARY = "Zanzibar-Quokka-7319"
PASSWORD = "correct horse battery"

committed: list[Submission] = []
"""What the test has committed so far."""


def declare(name: str, *bases: type, **body: object) -> type[Wizard]:
    """Declare a wizard whose steps are not known before the test runs."""
    wizard = new_class(name, (*bases, Wizard), exec_body=lambda own: own.update(body))
    assert issubclass(wizard, Wizard)
    return wizard


class Commits:
    """A commit that keeps what it is given."""

    def commit(self, submission: Submission) -> Any:
        committed.append(submission)


# Two steps and a review


class You(Form):
    name = fields.StringField("Name", [InputRequired("Enter your name")])
    nick = fields.StringField("Nickname")


class Pet(Form):
    pet = fields.StringField("Pet")
    age = fields.StringField("Age")


class Join(Commits, Wizard):
    you = Step(You)
    pet = Step(Pet)
    check = Review()


def begun(app: Flask, entry: str = "/join/", name: str = "Ada") -> Visitor:
    """Somebody who has filled in the first step."""
    visitor = Visitor(app)
    visitor.open(entry)
    visitor.fill(name=name)
    return visitor


# Three steps with a list and a password, and limits


def choices(*values: str) -> Any:  # the stubs know no plain texts
    return list(values)


class YouForm(Form):
    name = fields.StringField(validators=[InputRequired(), Length(max=100)])
    age = fields.IntegerField(validators=[Optional()])


class HomeForm(Form):
    street = fields.StringField()


class MoreForm(Form):
    tags = fields.FieldList(fields.StringField("Tag"), min_entries=1, max_entries=9)
    home = fields.FormField(HomeForm)
    colours = fields.SelectMultipleField(choices=choices("red", "blue"))
    story = fields.TextAreaField()


class SecretForm(Form):
    password = fields.PasswordField(
        validators=[InputRequired(), Length(min=8), EqualTo("again")]
    )
    again = fields.PasswordField()


class TownForm(Form):
    town = fields.RadioField(validators=[InputRequired()])


class Membership(Wizard):
    lifetime = HOUR
    max_lifetime = 4 * HOUR
    max_drafts = 3

    you = Step(YouForm)
    more = Step(MoreForm)
    secret = Step(SecretForm)
    check = Review()

    def validate(self, submission: Submission) -> None:
        if submission.answers.you.name == "Nobody":
            raise StepError("you", "Somebody has to join", field="name")

    def commit(self, submission: Submission) -> Any:
        if submission.answers.you.age == 500:
            raise RuntimeError("The register is closed.")
        committed.append(submission)
        return Receipt(reference="R-1")


# A visitor on the way


def begin(visitor: Visitor, **values: str) -> str:
    """Begin a draft; return its address, with a slash at its end."""
    visitor.open("/join/new/you")
    page = visitor.fill(**{"name": CANARY, **values})
    assert page.path.endswith("/more"), page.text
    return visitor.draft


def fill_in(visitor: Visitor, **values: str) -> str:
    """Begin a draft and fill in everything; return its address."""
    begin(visitor, **values)
    visitor.fill(**{"home-street": CANARY})
    page = visitor.fill(password=PASSWORD, again=PASSWORD)
    assert page.path.endswith("/check"), page.text
    return visitor.draft


def end(visitor: Visitor, how: str) -> TestResponse:
    """Commit or discard the draft at hand."""
    if how == "commit":
        return visitor.post(f"{visitor.draft}check")
    return visitor.post(f"{visitor.draft}discard", action="discard")


def pages_of(url: str) -> list[str]:
    """The addresses of all the pages that a draft has."""
    pages = ("", "you", "more", "secret", "check", "saved", "discard", "receipt")
    return [f"{url}{page}" for page in pages]


def stored(visitor: Visitor) -> Draft:
    """The draft at hand, as it is stored."""
    repository = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, _ = repository.load(visitor.draft.split("/")[2])
    assert isinstance(draft, Draft)
    return draft


def token_of(visitor: Visitor) -> str:
    """The token by which the visitor's session holds drafts."""
    with visitor.client.session_transaction() as session:
        return str(session[TOKEN_KEY])
