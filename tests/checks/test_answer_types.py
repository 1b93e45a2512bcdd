"""Types of answers: the module of them, its command, and what checkers say of it."""

from __future__ import annotations

import datetime
import decimal
import json
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, get_args, get_type_hints

import pytest
from apps import MakeApp
from documents import blocks, run_blocks
from flask_wtf.file import FileField, FileRequired
from wizards import Commits, choices, committed
from wtforms import Form, fields
from wtforms.validators import DataRequired, InputRequired, Optional

from example_app import create_app
from flask_wizard import Answers, DateBoxesField, Item, OnlyIf, Repeat, Step, Wizard
from flask_wizard.checks.answer_types import module_of
from flask_wizard.testing import WizardClient

ROOT = Path(__file__).parents[2]
LIBRARIES = ROOT / "build" / "libraries"


def shouted(text: str | None) -> str | None:
    return text.upper() if text else text


def whole(text: str) -> int:
    return int(text)


class OddField(fields.StringField):
    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = set(valuelist)  # type: ignore[assignment]


class HomeForm(Form):
    street = fields.StringField(validators=[DataRequired()])


class KindsForm(Form):
    name = fields.StringField(validators=[InputRequired()], filters=[shouted])
    nick = fields.StringField()
    age = fields.IntegerField(validators=[InputRequired()])
    size = fields.DecimalField(validators=[Optional(), InputRequired()])
    born = DateBoxesField(validators=[InputRequired()])
    at = fields.DateTimeLocalField(validators=[Optional()])
    agrees = fields.BooleanField()
    number = fields.SelectField(
        choices=choices("1", "2"), coerce=whole, validators=[InputRequired()]
    )
    numbers = fields.SelectMultipleField(choices=choices("1"), coerce=int)
    odd = OddField(validators=[InputRequired()])
    free = fields.StringField(filters=[lambda text: text])
    other = fields.StringField(validators=[OnlyIf("agrees", True), InputRequired()])
    home = fields.FormField(HomeForm)
    away = fields.FormField(OnlyIf.group("agrees", True, HomeForm))
    phones = fields.FieldList(fields.StringField(validators=[DataRequired()]))
    paper = FileField(validators=[FileRequired()])
    picture = FileField()
    go = fields.SubmitField()


class SpelledForm(Form):
    int = fields.StringField()
    age = fields.IntegerField()


def agrees(answers: Answers) -> bool:
    return bool(answers.you.agrees)


class Child(Item):
    who = Step(HomeForm)
    more = Step(HomeForm, when=lambda answers: False)


class Kinds(Commits, Wizard):
    you = Step(KindsForm)
    later = Step(HomeForm, when=agrees)
    late = Step(lambda answers: HomeForm)
    spelled = Step(SpelledForm)
    pets = Repeat(HomeForm)
    children = Repeat(Child)


def attributes(source: str, name: str) -> dict[str, str]:
    """Return the annotations in a class of a module."""
    (body,) = re.findall(rf"^class {name}\(.*\):\n((?:    .*\n)+)", source, re.M)
    return dict(re.findall(r"^    (\w+): (.*)$", body, re.M))


def test_fields_have_the_types_of_their_data() -> None:
    source = module_of([Kinds])
    data = {
        "name": "str",
        "nick": "str | None",
        "age": "int",
        "size": "_decimal.Decimal | None",
        "born": "_datetime.date",
        "at": "_datetime.datetime | None",
        "agrees": "bool",
        "number": "int",
        "numbers": "list[int]",
        "odd": "Any",
        "free": "Any",
        "other": "str | None",
        "home": "KindsYouHomeData",
        "away": "KindsYouAwayData | None",
        "phones": "list[str]",
    }
    assert attributes(source, "KindsYouData") == data
    assert attributes(source, "KindsYou") == {
        **data,
        "home": "KindsYouHome",
        "away": "KindsYouAway | None",
        "phones": "tuple[str, ...]",
        "paper": "UploadedFile",
        "picture": "UploadedFile | None",
    }


def test_steps_that_may_not_apply_are_given_or_not() -> None:
    source = module_of([Kinds])
    assert attributes(source, "KindsAnswers") == {
        "you": "KindsYou",
        "later": "KindsLater | KindsLaterAbsent",
        "late": "Any",
        "spelled": "Any",
        "pets": "tuple[KindsPets, ...]",
        "children": "tuple[KindsChildrenAnswers, ...]",
    }
    assert attributes(source, "KindsData") == {
        "you": "KindsYouData",
        "later": "NotRequired[KindsLaterData]",
        "late": "Any",
        "spelled": "Any",
        "pets": "list[KindsPetsData]",
        "children": "list[KindsChildrenData]",
    }
    assert attributes(source, "KindsLaterAbsent") == {"street": "None"}
    assert attributes(source, "KindsPets") == {"item_id": "str", "street": "str"}
    assert attributes(source, "KindsChildrenAnswers") == {
        "item_id": "str",
        "who": "KindsChildrenWho",
        "more": "KindsChildrenMore | KindsChildrenMoreAbsent",
    }


def test_classes_of_one_name_are_told_apart() -> None:
    class OneForm(Form):
        two_three = fields.FormField(HomeForm)

    class Same(Commits, Wizard):
        one = Step(OneForm)
        one_two_three = Step(HomeForm)

    source = module_of([Same])
    assert attributes(source, "SameAnswers")["one_two_three"] == "SameOneTwoThree_"
    compile(source, "same", "exec")


class DayForm(Form):
    name = fields.StringField(validators=[InputRequired()])
    day = fields.DateField(validators=[InputRequired()])
    price = fields.DecimalField(validators=[Optional()])
    kind = fields.RadioField(choices=choices("a", "b"))
    seats = fields.SelectMultipleField(choices=choices("1", "2"), coerce=int)


class Days(Commits, Wizard):
    day = Step(DayForm)


def test_types_are_those_of_what_a_commit_gets(make_app: MakeApp) -> None:
    names: dict[str, Any] = {"__name__": "days"}
    exec(compile(module_of([Days]), "days", "exec"), names)
    typed = {"name": "x", "day": "2026-03-01", "kind": "b", "seats": ["1", "2"]}
    WizardClient(make_app(Days), "join").tell(typed)
    hints: Mapping[str, Any] = get_type_hints(names["DaysDayData"], names)
    data = committed[-1].data["day"]
    assert data["seats"] == [1, 2]
    assert hints == {
        "name": str,
        "day": datetime.date,
        "price": decimal.Decimal | None,
        "kind": str | None,
        "seats": list[int],
    }
    for name, value in data.items():
        kinds = get_args(hints[name]) if name in ("price", "kind") else (hints[name],)
        assert type(value) in [getattr(kind, "__origin__", kind) for kind in kinds]


# The command


@pytest.fixture
def invoke(make_app: MakeApp) -> Any:
    """Run ``flask wizard types`` in an application."""
    return lambda *more: (
        make_app(Days)
        .test_cli_runner()
        .invoke(args=["wizard", "types", *map(str, more)])
    )


def test_module_of_the_example_is_as_its_wizards_are(tmp_path: Path) -> None:
    app = create_app({"SQLALCHEMY_DATABASE_URI": "sqlite://", "SECRET_KEY": "x" * 32})
    file = ROOT / "example_app" / "answers.py"
    found = app.test_cli_runner().invoke(args=["wizard", "types", "--check", str(file)])
    assert (found.exit_code, found.output) == (0, "")


def test_module_that_lags_behind_is_told(invoke: Any, tmp_path: Path) -> None:
    file = tmp_path / "answers.py"
    file.write_text(invoke().output)
    assert invoke("--check", file).exit_code == 0
    file.write_text(invoke().output.replace("name: str", "name: int"))
    found = invoke("--check", file)
    assert found.exit_code == 1
    assert "-    name: int\n+    name: str\n" in found.output
    assert f"flask wizard types > {file}" in found.output


# What checkers say

SAMPLE = """
from bookshop import ClubAnswers, ClubSubmission, SellAnswers
from kinds import KindsAnswers, KindsSubmission

from flask_wizard import Repeat, Step, Submission, Wizard


def is_adult(answers: KindsAnswers) -> bool:
    if answers.you.at and answers.you.at.year < 2000:
        return bool(answers.bound["year"] == 2000)
    return answers.you.age >= 18


def late(answers: KindsAnswers) -> None:
    answers.yuo  # error
    answers.you.nmae  # error
    answers["yuo"]  # error
    answers.you["nmae"]  # error
    answers.you.age = 3  # error
    answers.you.age.upper()  # error
    answers.you.nick.upper()  # error
    answers.later.street.upper()  # error
    if answers.later:
        answers.later.street.upper()
    for pet in answers.pets:
        pet.street.upper() + pet.item_id
        pet.name  # error
    for child in answers.children:
        child.who.street.upper()
        child.more.street.upper()  # error
    answers.you.paper.open().read()
    answers.you.picture.open()  # error
    answers.late.anything.at_all


def whole(submission: Submission) -> str:
    return submission.id


class Join(Wizard):
    pets = Repeat(object, when=is_adult, label=lambda pet: pet.street)
    you = Step(object, when=is_adult, prepare=lambda form, answers: None)

    def validate(self, submission: KindsSubmission) -> None:
        submission.data["you"]["age"] + 1
        submission.data["yuo"]  # error
        submission.data["you"]["paper"]  # error
        submission.data["pets"][0]["street"].upper()
        submission.data["you"]["size"] + 1  # error

    def commit(self, submission: KindsSubmission) -> str:
        submission.answers.yuo  # error
        return whole(submission) + submission.answers.you.name


def club(answers: ClubAnswers, submission: ClubSubmission, sell: SellAnswers) -> None:
    answers.guardian.email.upper()  # error
    submission.answers.account.username.upper()
    answers.you.born.yaer  # error
    sell.books[0].title.upper()
"""


def run_mypy(folder: Path) -> str:
    command = (sys.executable, "-m", "mypy", "--strict", "--config-file=")
    options = ("--follow-imports=silent", f"--cache-dir={ROOT / 'build' / 'mypy'}")
    path = os.pathsep.join([str(ROOT), str(folder)])
    return subprocess.run(
        [*command, *options, *(path.name for path in folder.glob("*.py"))],
        cwd=folder,
        env={**os.environ, "MYPYPATH": path},
        capture_output=True,
        text=True,
    ).stdout


def run_pyright(folder: Path) -> str:
    settings = {"extraPaths": [str(ROOT)], "typeCheckingMode": "standard"}
    (folder / "pyrightconfig.json").write_text(json.dumps(settings))
    index = LIBRARIES / "node_modules" / "pyright" / "index.js"
    return subprocess.run(
        ["node", index, "--project", folder, "--pythonpath", sys.executable],
        cwd=folder,
        capture_output=True,
        text=True,
    ).stdout


@pytest.mark.parametrize("checker", ["mypy", "pyright"])
def test_checkers_name_what_is_wrong_and_nothing_else(
    checker: Literal["mypy", "pyright"], tmp_path: Path
) -> None:
    if checker == "mypy":
        pytest.importorskip("mypy")  # the lowest versions are tested without it
    elif not LIBRARIES.exists():
        pytest.skip("Without a browser, nothing of npm is installed.")
    (tmp_path / "sample.py").write_text(SAMPLE)
    (tmp_path / "kinds.py").write_text(module_of([Kinds]))
    bookshop = (ROOT / "example_app" / "answers.py").read_text()
    (tmp_path / "bookshop.py").write_text(bookshop)
    (document,) = blocks("docs/typing.md", "python")
    (tmp_path / "document.py").write_text(document)
    (tmp_path / "shop").mkdir()
    answers = tmp_path / "shop" / "answers.py"
    answers.write_text(module_of([run_blocks("docs/typing.md")["Join"]]))
    said = run_mypy(tmp_path) if checker == "mypy" else run_pyright(tmp_path)
    found = re.findall(r"(\w+)\.py:(\d+):.* error", said)
    expected = [
        ("sample", str(number))
        for number, line in enumerate(SAMPLE.splitlines(), start=1)
        if line.endswith("# error")
    ]
    assert sorted(set(found)) == sorted(expected), said
