"""check: what definitions and settings ask of visitors."""

from __future__ import annotations

import json
import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from click.testing import Result
from documents import ROOT
from flask import Flask
from wizards import Commits
from wtforms import Form, fields
from wtforms.validators import InputRequired, Length

from example_app import create_app
from flask_wizard import ConfigurationError, Item, Repeat, Review, Step, Wizard
from flask_wizard.checks.definitions import CHECKS, check_definitions


class Address(Form):
    city = fields.StringField("City")


class YouForm(Form):
    name = fields.StringField("Name", render_kw={"autocomplete": "name"})
    contact = fields.EmailField("Email")
    home = fields.FormField(Address)
    note = fields.StringField("Note", [Length(max=9)])


class PayerForm(Form):
    payer = fields.StringField(
        "Payer", [InputRequired("Enter a name")], render_kw={"autocomplete": "name"}
    )
    secret = fields.PasswordField("Password", [InputRequired()])


class OtherForm(Form):
    other = fields.StringField(render_kw={"autocomplete": "section-other name"})
    tel = fields.StringField(render_kw={"autocomplete": "off"})


class Child(Item):
    who = Step(OtherForm)


class Join(Commits, Wizard):
    lifetime = timedelta(hours=2)

    you = Step(YouForm)
    payer = Step(PayerForm)
    children = Repeat(Child)
    check = Review()


FOUND = [
    "autocomplete join.you.contact",
    "autocomplete join.you.home-city",
    "autocomplete join.payer.secret",
    "messages join.you.note",
    "messages join.payer.secret",
    "asked-twice join.payer.payer",
    "lifetime join",
    "token-limit join",
]


def keys(app: Flask) -> list[str]:
    return [finding.key for finding in check_definitions(app)]


@pytest.mark.ux(26, 37, 41, 49)
def test_what_visitors_would_stumble_over_is_found(make_app: MakeApp) -> None:
    assert keys(make_app(Join)) == FOUND


@pytest.mark.ux(41)
def test_what_begins_with_the_answer_is_not_asked_twice(make_app: MakeApp) -> None:
    class Helpful(Join):
        def initial(self, step_name: str, bound: Any, answers: Any = None) -> object:
            return None

    assert "asked-twice join.payer.payer" not in keys(make_app(Helpful))


@pytest.mark.ux(49)
@pytest.mark.parametrize(
    ("lifetime", "limit", "found"),
    [
        (timedelta(hours=20), None, []),
        (timedelta(hours=20), 3600, ["token-limit join"]),
        (timedelta(hours=20), 20 * 3600, []),
        (timedelta(hours=19), None, ["lifetime join"]),
    ],
)
def test_limits_of_time(
    make_app: MakeApp, lifetime: timedelta, limit: int | None, found: list[str]
) -> None:
    class Lasting(Join):
        pass

    Lasting.lifetime = lifetime
    app = make_app(Lasting, WTF_CSRF_TIME_LIMIT=limit)
    assert [key for key in keys(app) if key in FOUND[-2:]] == found


def test_drafts_live_long_enough_by_default() -> None:
    assert Wizard.lifetime >= timedelta(hours=20)  # type: ignore[operator]


def test_finding_is_silenced_with_a_reason(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={FOUND[0]: "It is somebody else's."})
    assert keys(app) == FOUND[1:]


@pytest.mark.parametrize("reason", ["", " "])
def test_finding_is_not_silenced_without_a_reason(
    make_app: MakeApp, reason: str
) -> None:
    app = make_app(Join, WIZARD_SILENCED={FOUND[0]: reason})
    with pytest.raises(ConfigurationError, match="Say there why"):
        check_definitions(app)


def test_reason_for_what_is_not_found_is_refused(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={"lifetime other": "It is short."})
    with pytest.raises(ConfigurationError, match="'lifetime other', which is not"):
        check_definitions(app)


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["wizard", "check", *arguments])


def test_command_says_where_and_how_to_mend_it(make_app: MakeApp) -> None:
    result = run(make_app(Join))
    assert result.exit_code == 1
    assert "join.you.contact has no autocomplete token" in result.output
    assert 'Add render_kw={"autocomplete": "email"}' in result.output
    assert "8 findings of 5 checks." in result.output


def test_command_gives_json(make_app: MakeApp) -> None:
    result = run(make_app(Join), "--format", "json")
    assert result.exit_code == 1
    rows = json.loads(result.output)["findings"]
    assert [f"{row['check']} {row['where']}" for row in rows] == FOUND
    assert all(row["message"] for row in rows)


def test_command_is_content_where_nothing_is_found(make_app: MakeApp) -> None:
    reasons = dict.fromkeys(FOUND, "It is a test.")
    result = run(make_app(Join, WIZARD_SILENCED=reasons))
    assert result.exit_code == 0
    assert "0 findings" in result.output


def test_document_lists_the_checks() -> None:
    text = (ROOT / "docs/accessibility.md").read_text()
    table = text.split("## Check your definitions")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.M) == list(CHECKS)


def test_nothing_is_found_in_the_example(tmp_path: Path) -> None:
    app = create_app({"INSTANCE_PATH": str(tmp_path)})
    assert check_definitions(app) == []
