"""rehearse: what a release would do to the drafts in the store, and nothing written."""

from __future__ import annotations

import json
from typing import Any

import pytest
from apps import MakeApp
from canaries import Canary
from click.testing import Result
from flask import Flask
from store_wrappers import Probe
from visitor import Visitor
from wizards import CANARY, Commits, declare
from wtforms import Form, StringField
from wtforms.validators import InputRequired, Length

from flask_wizard import Draft, Repeat, Review, Row, Step, StepError, Submission, Wizard


class NameForm(Form):
    name = StringField("Name", [InputRequired()])


class HomeForm(Form):
    street = StringField("Street", [InputRequired()])


class Old(Commits, Wizard):
    you = Step(NameForm)
    home = Step(HomeForm)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Old)


def fill(app: Flask, *answers: str) -> Visitor:
    """A visitor who has filled in as many steps."""
    visitor = Visitor(app)
    visitor.open()
    for field, answer in zip(("name", "street"), answers, strict=False):
        visitor.fill(**{field: answer})
    return visitor


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["wizard", "rehearse", *arguments])


def told(app: Flask) -> Any:
    """What is told of the only mount."""
    result = run(app, "--format", "json")
    assert result.exit_code == 0, result.output
    (mount,) = json.loads(result.stdout)["mounts"]
    return mount


def changed(**body: object) -> type[Wizard]:
    return declare("New", Old, **body)


def form(name: str, *rules: Any) -> type[Form]:
    return type("Made", (Form,), {name: StringField(name, [InputRequired(), *rules])})


def test_draft_of_the_same_release_goes_on(app: Flask) -> None:
    fill(app, "Ada")
    fill(app, "Ada", "Main St")
    assert told(app) == {
        "mount": "join",
        "drafts": 2,
        "go_on": 2,
        "asked": [],
        "refused": [],
    }


@pytest.mark.parametrize(
    ("step", "why", "body"),
    [
        ("home", "again", {"home": Step(form("town"))}),
        ("home", "commit", {"home": Step(form("street", Length(max=2)))}),
        ("you", "again", {"you": Step(form("first"))}),
        ("you", "commit", {"you": Step(form("name", Length(max=2)))}),
    ],
)
def test_draft_is_asked_where_it_is_not_valid_any_more(
    app: Flask, make_app: MakeApp, step: str, why: str, body: dict[str, object]
) -> None:
    fill(app, "Ada", "Main St")
    found = told(make_app(changed(**body)))
    assert found["asked"] == [{"step": step, "why": why, "drafts": 1}]


def test_step_that_becomes_a_list_goes_on(app: Flask, make_app: MakeApp) -> None:
    fill(app, "Ada", "Main St")
    assert told(make_app(changed(home=Repeat(form("street")))))["go_on"] == 1


def test_new_step_in_front_of_accepted_ones_is_told(
    app: Flask, make_app: MakeApp
) -> None:
    class New(Commits, Wizard):
        intro = Step(form("intro"))
        you = Step(NameForm)
        home = Step(HomeForm)
        check = Review()

    fill(app, "Ada")
    found = told(make_app(New))
    assert found["asked"] == [{"step": "intro", "why": "new", "drafts": 1}]


def test_step_that_the_visitor_has_left_open_goes_on(app: Flask) -> None:
    visitor = fill(app, "Ada", "Main St")
    visitor.open(f"{visitor.draft}you")
    visitor.press("save", {"name": ""})
    assert told(app)["go_on"] == 1


def test_list_that_the_visitor_has_not_finished_goes_on(make_app: MakeApp) -> None:
    class Pets(Commits, Wizard):
        you = Step(NameForm)
        pets = Repeat(form("pet"))
        check = Review()

    class Moved(Commits, Wizard):
        pets = Repeat(form("pet"))
        you = Step(NameForm)
        check = Review()

    visitor = fill(make_app(Pets), "Ada")
    visitor.press("add")
    visitor.fill(pet="Rex")
    assert told(make_app(Moved))["go_on"] == 1


def test_rule_across_steps_is_not_asked(app: Flask, make_app: MakeApp) -> None:
    def validate(self: Wizard, submission: Submission) -> None:
        raise StepError("you", "It may need the session of the visitor")

    fill(app, "Ada", "Main St")
    assert told(make_app(changed(validate=validate)))["go_on"] == 1


def test_refused_draft_tells_no_text_of_an_exception(
    app: Flask, make_app: MakeApp, canary: Canary
) -> None:
    def condition(answers: Any) -> bool:
        raise ValueError(answers.you.name)

    fill(app, CANARY, "Main St")
    new = make_app(changed(home=Step(HomeForm, when=condition)))
    result = run(new)
    assert "1  join: refused: ValueError at home" in result.stdout
    assert CANARY not in result.output
    assert canary.leaks == []


def test_row_of_a_step_that_is_gone_refuses(app: Flask, make_app: MakeApp) -> None:
    rows = [Row("gone", "", "Gone", (), anchor="")]
    check = Review(rows=lambda given, answers: rows)
    fill(app, "Ada", "Main St")
    (refused,) = told(make_app(changed(check=check)))["refused"]
    assert refused == {"reason": "DefinitionError at check", "drafts": 1}


def test_upgrade_that_raises_refuses(app: Flask, make_app: MakeApp) -> None:
    def upgrade(self: Wizard, draft: Draft, from_version: int) -> None:
        raise KeyError(CANARY)

    fill(app, "Ada")
    found = told(make_app(changed(version=2, upgrade=upgrade)))
    assert found["refused"] == [{"reason": "upgrade raises KeyError", "drafts": 1}]


def test_step_that_upgrade_takes_away_is_asked_again(
    app: Flask, make_app: MakeApp
) -> None:
    def upgrade(self: Wizard, draft: Draft, from_version: int) -> None:
        del draft.entries["home"]

    fill(app, "Ada", "Main St")
    found = told(make_app(changed(version=2, upgrade=upgrade)))
    assert found["asked"] == [{"step": "home", "why": "again", "drafts": 1}]


def test_draft_of_a_wizard_that_is_gone_is_refused(
    app: Flask, make_app: MakeApp
) -> None:
    fill(app, "Ada")
    (refused,) = told(make_app())["refused"]
    assert refused["drafts"] == 1


def test_draft_under_a_lost_secret_is_refused(app: Flask, make_app: MakeApp) -> None:
    fill(app, "Ada")
    found = told(make_app(Old, SECRET_KEY="other"))
    assert (found["mount"], found["refused"][0]["drafts"]) == (None, 1)


def test_ended_draft_is_left_out(app: Flask) -> None:
    fill(app, "Ada", "Main St").press()
    assert json.loads(run(app, "--format", "json").stdout)["mounts"] == []


def test_step_that_must_not_be_judged_again_is_not(
    app: Flask, make_app: MakeApp
) -> None:
    def judge(form: Form, field: Any) -> None:
        raise AssertionError("judged")

    fill(app, "Ada", "Main St")
    once = Step(form("street", judge), revalidate=False)
    assert told(make_app(changed(home=once)))["go_on"] == 1


def test_nothing_is_written(app: Flask, make_app: MakeApp, store: Probe) -> None:
    fill(app, "Ada", "Main St")
    new = make_app(changed(version=2, home=Step(form("town"))))
    before, store.read_only = store.snapshot(), True
    store.calls.clear()
    assert told(new)["asked"]
    assert {"create", "replace"}.isdisjoint(store.calls)
    assert store.snapshot() == before


@pytest.mark.parametrize(
    ("most", "code"), [("0%", 1), ("49%", 1), ("50%", 0), ("100%", 0)]
)
def test_share_that_is_asked_is_a_gate(
    app: Flask, make_app: MakeApp, most: str, code: int
) -> None:
    fill(app, "Ada", "Main St")
    fill(app, "Ada")
    new = make_app(changed(home=Step(form("town"))))
    result = run(new, "join", "--max-asked", most)
    assert result.exit_code == code, result.output
    assert ("50.0% are asked again or refused" in result.stderr) == bool(code)


@pytest.mark.parametrize("most", ["5", "x%", "101%", "-1%"])
def test_share_without_a_meaning_is_an_error(app: Flask, most: str) -> None:
    assert run(app, "--max-asked", most).exit_code == 2


def test_drafts_of_another_mount_are_left_out(app: Flask) -> None:
    app.register_blueprint(Old.as_blueprint("other"), url_prefix="/other")
    fill(app, "Ada")
    assert "0  in all" in run(app, "other").stdout
