"""The commands: how they name wizards, and what they say of what is wrong."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
import pytest
from apps import MakeApp
from click.testing import Result
from documents import ROOT
from flask import Flask
from scripts import run_script
from visitor import Visitor
from wizards import Commits, declare
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Review, Step, Wizard
from flask_wizard.cli import commands

ONE = ("map",)
SEVERAL = ("list", "check", "prove", "types", "preview", "drafts", "rehearse")
"""The commands that take one mount, or several."""

WITHOUT_NONE = ("map", "prove", "types", "preview")
"""The commands that have nothing to do without a wizard."""

Run = Callable[..., Result]


class NameForm(Form):
    name = StringField("Your name", [InputRequired("Enter your name")])


class Join(Commits, Wizard):
    you = Step(NameForm)
    check = Review()


class Leave(Commits, Wizard):
    why = Step(NameForm)
    check = Review()


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command; one that writes a folder gets a new one."""

    def run(app: Flask, command: str, *arguments: object) -> Result:
        folder = [tmp_path / "pages"] if command == "preview" else []
        args = ["wizard", command, *map(str, [*folder, *arguments])]
        return app.test_cli_runner().invoke(args=args)

    return run


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    app = make_app(Join)
    app.register_blueprint(Leave.as_blueprint("leave"), url_prefix="/leave")
    return app


@pytest.mark.parametrize("command", [*ONE, *SEVERAL])
def test_unknown_mount_names_the_nearest_and_the_others(
    app: Flask, run: Run, command: str
) -> None:
    result = run(app, command, "levae")
    assert result.exit_code == 2
    assert "No wizard is mounted as 'levae'. Did you mean leave? Mounted are " in (
        " ".join(result.output.split())
    )
    assert "join, leave." in result.output


@pytest.mark.parametrize("command", sorted({*SEVERAL} - {"preview"}))
def test_command_may_name_several_wizards(app: Flask, run: Run, command: str) -> None:
    result = run(app, command, "leave", "join")
    assert isinstance(result.exception, SystemExit | None)
    assert "No wizard is mounted" not in result.output


@pytest.mark.parametrize("command", ["list", "prove", "types"])
def test_command_takes_the_named_wizards_alone(
    app: Flask, run: Run, command: str
) -> None:
    said = run(app, command, "leave").stdout
    assert "eave" in said
    assert "oin" not in said.replace("from flask_wizard", "")


def test_pages_of_one_wizard_are_written(app: Flask, run: Run, tmp_path: Path) -> None:
    assert run(app, "preview", "leave", "leave").exit_code == 0
    written = {path.parent.name for path in (tmp_path / "pages").rglob("*.html")}
    assert written == {"pages", "leave"}


def test_drafts_of_one_wizard_are_rehearsed(app: Flask, run: Run) -> None:
    visitor = Visitor(app)
    visitor.open("/join/new/you")
    visitor.fill(name="Ann")
    assert "1  in all" in run(app, "rehearse", "join").stdout
    assert "0  in all" in run(app, "rehearse", "leave").stdout
    assert "1  in all" in run(app, "rehearse", "leave", "join").stdout


@pytest.mark.parametrize("command", ["drafts", "rehearse"])
def test_wizard_without_a_blueprint_is_named_by_its_class(
    app: Flask, run: Run, command: str
) -> None:
    name = f"{Leave.__module__}.{Leave.__qualname__}"
    assert run(app, command, name).exit_code == 0


@pytest.mark.parametrize("command", WITHOUT_NONE)
def test_command_without_a_wizard_says_so(
    make_app: MakeApp, run: Run, command: str
) -> None:
    result = run(make_app(), command)
    assert result.exit_code == 2
    assert "No wizard is mounted with as_blueprint." in result.output


@pytest.mark.parametrize("command", ["list", "drafts", "rehearse", "remind", "purge"])
def test_command_has_nothing_to_do_without_a_wizard(
    make_app: MakeApp, run: Run, command: str
) -> None:
    assert run(make_app(), command).exit_code == 0


def test_map_needs_no_name_of_the_only_wizard(make_app: MakeApp, run: Run) -> None:
    app = make_app(Join)
    assert run(app, "map").stdout == run(app, "map", "join").stdout != ""


def test_map_asks_which_of_several_wizards(app: Flask, run: Run) -> None:
    result = run(app, "map")
    assert result.exit_code == 2
    assert "Say which wizard. Mounted are join, leave." in result.output


@pytest.mark.parametrize("command", ["prove", "preview"])
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "This is not JSON"),
        ("[]", "Expected answers by mount, step and field"),
        ('{"join": []}', "Expected answers by mount, step and field"),
        ('{"join": {"you": "Ada"}}', "Expected answers by mount, step and field"),
    ],
)
def test_samples_that_are_none_are_refused(
    app: Flask, run: Run, tmp_path: Path, command: str, text: str, said: str
) -> None:
    file = tmp_path / "samples.json"
    file.write_text(text)
    result = run(app, command, "--samples", file)
    assert result.exit_code == 2
    assert said in result.output


@pytest.mark.parametrize("command", ["prove", "preview"])
def test_value_without_a_name_is_refused(app: Flask, run: Run, command: str) -> None:
    result = run(app, command, "--value", "club")
    assert result.exit_code == 2
    assert "'club' has no =. Expected one such as club=17." in result.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("preview", "{file}/pages"),
        ("export", "--user", "7", "{file}/data"),
        ("map", "join", "--check", "{file}"),
        ("types", "--check", "{file}"),
    ],
)
def test_file_that_cannot_be_used_is_told(
    app: Flask, tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "file"
    file.write_bytes(b"\xff\xfe\xfa")
    args = ["wizard", *(each.format(file=file) for each in arguments)]
    result = app.test_cli_runner().invoke(args=args)
    assert result.exit_code == 1
    assert isinstance(result.exception, SystemExit)
    assert result.output.startswith("Error: ")


# Wizards that do not work


class RaisingForm(Form):
    name = StringField("Your name")

    def __init__(self, *given: Any, **named: Any) -> None:
        raise RuntimeError("No database.")


def raising(*given: Any) -> Any:
    raise RuntimeError("No database.")


BROKEN = {
    "a form": Step(RaisingForm),
    "a form function": Step(raising),
    "a condition": Step(NameForm, when=raising),
    "prepare": Step(NameForm, prepare=raising),
}


@pytest.mark.parametrize("what", BROKEN)
@pytest.mark.parametrize("command", [*ONE, *SEVERAL])
def test_command_bears_a_wizard_that_raises(
    make_app: MakeApp, run: Run, command: str, what: str
) -> None:
    step = BROKEN[what]
    wizard = declare("Broken", Commits, you=Step(NameForm), step=step, check=Review())
    result = run(make_app(wizard), command)
    assert isinstance(result.exception, SystemExit | None)
    if command in ("check", "prove"):
        assert "fails join.step" in result.output
        assert "RuntimeError" in result.output
    if command == "preview":
        assert "Not shown: join: RuntimeError" in result.output


# Help and documents


@pytest.mark.parametrize("name", commands.commands)
def test_every_option_is_explained(name: str) -> None:
    command = commands.commands[name]
    assert command.help
    assert command.help.split("\n")[0].endswith(".")
    for parameter in command.params:
        if isinstance(parameter, click.Option):
            assert parameter.help
        else:
            assert parameter.human_readable_name.strip("[].") in command.help


DOCUMENT = (ROOT / "docs/commands.md").read_text()


@pytest.mark.parametrize("name", commands.commands)
def test_document_tells_how_each_command_is_called(name: str) -> None:
    command = commands.commands[name]
    context = click.Context(command, info_name=name)
    pieces = [
        each for each in command.collect_usage_pieces(context) if each != "[OPTIONS]"
    ]
    assert f"`{' '.join([name, *pieces])}`" in DOCUMENT


@pytest.mark.parametrize("name", ["list", "check", "prove", "drafts", "rehearse"])
def test_document_tells_the_keys_of_the_json(app: Flask, run: Run, name: str) -> None:
    visitor = Visitor(app)
    visitor.open("/join/new/you")
    visitor.fill(name="Ann")
    found = json.loads(run(app, name, "--format", "json").stdout)
    (row,) = re.findall(rf"^\| `{name}` \| (.*) \|$", DOCUMENT, re.MULTILINE)
    keys = {*found} | {
        key
        for rows in found.values()
        if isinstance(rows, list)
        for each in rows
        for key in each
    }
    assert {key for key in keys if f"`{key}`" not in row} == set()


def test_commands_are_imported_when_one_is_asked_for() -> None:
    loaded = run_script("""
        import sys, flask_wizard

        print([name for name in sys.modules if name.startswith("flask_wizard.c")])
    """)
    assert "'flask_wizard.core'" in loaded
    assert "flask_wizard.cli" not in loaded
    assert "flask_wizard.checks" not in loaded


def test_application_adds_a_command_beside_the_others(app: Flask) -> None:
    group = app.cli.commands["wizard"]
    assert isinstance(group, click.Group)
    group.add_command(click.Command("own", callback=lambda: click.echo("mine")))
    run = app.test_cli_runner().invoke
    assert run(args=["wizard", "own"]).output == "mine\n"
    listed = run(args=["wizard", "--help"]).output
    lines = listed.partition("Commands:")[2].split("\n")
    assert {line.split()[0] for line in lines if line} == {"own", *commands.commands}
