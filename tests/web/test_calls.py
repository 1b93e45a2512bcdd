"""How much of the package one request goes through: counts, which are never times."""

from __future__ import annotations

import sys
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from flask import Flask
from visitor import Visitor
from werkzeug.test import TestResponse
from wtforms import Form, IntegerField, StringField
from wtforms.validators import InputRequired

import flask_wizard
from flask_wizard import FlaskWizard, Review, Step, Submission, Wizard

PACKAGE = str(Path(flask_wizard.__file__).parent)


class You(Form):
    name = StringField("Name", [InputRequired()])
    age = IntegerField("Age", [InputRequired()])


class Guardian(Form):
    name = StringField("Guardian", [InputRequired()])


class Pet(Form):
    pet = StringField("Pet", [InputRequired()])


class Join(Wizard):
    you = Step(You)
    guardian = Step(Guardian, when=lambda answers: answers.you.age < 18)
    pet = Step(Pet)
    check = Review()

    def commit(self, submission: Submission) -> None: ...


class Walk(NamedTuple):
    """What one request went through in the package."""

    functions: int
    calls: int
    changes_of_file: int


def walk_of(request: Callable[[], TestResponse], status: int) -> Walk:
    seen: set[Any] = set()
    files: list[str] = []

    def note(frame: Any, event: str, argument: object) -> None:
        code = frame.f_code
        is_ours = event == "call" and code.co_filename.startswith(PACKAGE)
        if is_ours and not code.co_name.startswith("<"):
            seen.add(code)
            files.append(code.co_filename)

    sys.setprofile(note)
    try:
        answer = request()
    finally:
        sys.setprofile(None)
    assert answer.status_code == status
    changes = sum(one != other for one, other in pairwise(files))
    return Walk(len(seen), len(files), changes + 1)


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    """A visitor at the second step, who has been there before."""
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app)  # with the store that an application has by default
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="7")
    guardian = visitor.page.path
    visitor.fill(name="Eve")
    page = visitor.open(guardian)
    assert page.buttons  # it is parsed now, and not while calls are counted
    return visitor


def test_post_of_a_step_goes_through_few_functions(visitor: Visitor) -> None:
    walk = walk_of(lambda: visitor.send("next", {"name": "Bea"}), 303)
    assert walk.functions <= 100
    assert walk.calls <= 180
    assert walk.changes_of_file <= 60
