"""Maps: the pages of a wizard, what leads to them, and the command that draws them."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from click.testing import Result
from flask import Flask, request
from werkzeug.local import LocalProxy
from wizards import Commits
from wtforms import Form, StringField

from flask_wizard import Answers, Exit, Info, Item, Repeat, Review, Step, Wizard
from flask_wizard.checks.conditions import in_words
from flask_wizard.checks.maps import (
    FORMATS,
    SENT,
    START,
    Way,
    all_places,
    all_ways,
    places_of,
    ways_of,
)


class NameForm(Form):
    name = StringField()


def is_young(answers: Answers) -> bool:
    """Return whether somebody has to agree.

    It goes by the law.
    """
    return True


def nobody_agrees(answers: Answers) -> bool:
    return False


class Pet(Item):
    who = Step(NameForm, title="Who it is")
    vet = Step(NameForm, when=nobody_agrees)


class Join(Commits, Wizard):
    title = 'Join the "club"'
    you = Step(NameForm, title="You & yours")
    told = Info(when=is_young)
    guardian = Step(NameForm, when=is_young)
    end = Exit(when=nobody_agrees)
    pets = Repeat(Pet, section="Your animals")
    check = Review()


class Aware:
    """True if it is an object that can be called."""

    def __call__(self, answers: Answers) -> bool:
        return True


one, other = lambda a: a.you.age < 16, lambda b: b.you.name  # noqa: E731, RUF100


@pytest.mark.parametrize(
    ("condition", "words"),
    [
        (is_young, "somebody has to agree"),
        (nobody_agrees, "nobody agrees"),
        (partial(is_young), "somebody has to agree"),
        (Aware(), "Aware"),
        (one, "a.you.age < 16"),
        (other, "b.you.name"),
        (eval("lambda answers: True"), "a condition without a name"),
    ],
)
def test_condition_is_called_as_its_author_calls_it(condition: Any, words: str) -> None:
    assert in_words(condition) == words


def test_page_leads_to_each_that_may_be_the_next() -> None:
    assert list(ways_of(places_of(Join.steps))) == [
        Way(START, "you"),
        Way("you", "told", "somebody has to agree"),
        Way("you", "end", "nobody agrees"),
        Way("you", "pets", "else"),
        Way("told", "guardian"),
        Way("guardian", "end", "nobody agrees"),
        Way("guardian", "pets", "else"),
        Way("pets", "check"),
        Way("check", SENT),
    ]


def test_last_page_with_a_condition_may_be_left_out() -> None:
    class Short(Commits, Wizard):
        you = Step(NameForm)
        more = Step(NameForm, when=nobody_agrees)

    assert list(ways_of(places_of(Short.steps)))[1:] == [
        Way("you", "more", "nobody agrees"),
        Way("you", SENT, "else"),
        Way("more", SENT),
    ]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


def run(app: Flask, *arguments: object) -> Result:
    return app.test_cli_runner().invoke(args=["wizard", *map(str, arguments)])


def test_mermaid_draws_every_page_and_way(app: Flask) -> None:
    drawn = run(app, "map", "join").stdout
    assert drawn.startswith('flowchart TD\n    start(["Join the #quot;club#quot;"])\n')
    assert '    p1["You #amp; yours"]\n' in drawn
    assert '    p4(["End"])\n' in drawn
    assert '    p5[["Pets"]]\n        p6["Who it is"]\n' in drawn
    assert '    p8[/"Check your answers"/]\n' in drawn
    assert '    p1 -->|"somebody has to agree"| p2\n' in drawn
    assert '    p5 -->|"an item"| p6\n' in drawn
    assert '    p6 -->|"else"| p5\n    p7 --> p5\n' in drawn
    assert "    p8 --> sent\n" in drawn


def test_dot_draws_every_page_and_way(app: Flask) -> None:
    drawn = run(app, "map", "join", "--format", "dot").stdout
    assert drawn.startswith('digraph "Join" {\n')
    assert '"(start)" [label="Join the \\"club\\"", shape=oval]' in drawn
    assert '"end" [label="End", shape=octagon]' in drawn
    assert '"you" -> "told" [label="somebody has to agree"]' in drawn
    assert '"pets.who" -> "pets" [label="else"]' in drawn
    assert drawn.endswith("}\n")


def test_text_has_a_line_a_page(app: Flask) -> None:
    lines = run(app, "map", "join", "--format", "text").stdout.splitlines()
    assert lines[0] == 'Join the "club" (Join)'
    assert [line.split()[0] for line in lines[2:]] == [
        *("you", "told", "guardian", "end", "[Your", "pets", "who", "vet", "check"),
    ]
    assert lines[5].endswith("End  (end; if nobody agrees)")


@pytest.mark.parametrize("style", ["mermaid", "dot", "text"])
def test_check_passes_for_a_document_with_the_map(
    app: Flask, tmp_path: Path, style: str
) -> None:
    drawn = run(app, "map", "join", "--format", style).stdout
    file = tmp_path / "README.md"
    file.write_text(f"# Ours\n```\n{drawn}```\n", encoding="utf-8")
    result = run(app, "map", "join", "--format", style, "--check", file)
    assert (result.exit_code, result.stdout) == (0, "")


def test_check_shows_what_differs_from_a_map_of_before(
    app: Flask, tmp_path: Path
) -> None:
    drawn = run(app, "map", "join").stdout
    file = tmp_path / "join.mmd"
    file.write_text(drawn.replace("Who it is", "Who it was"), encoding="utf-8")
    result = run(app, "map", "join", "--check", file)
    assert result.exit_code == 1
    assert '-        p6["Who it was"]\n+        p6["Who it is"]\n' in result.stdout
    assert "flask wizard map join --format mermaid" in result.output


def test_list_names_mounts_urls_and_steps(app: Flask) -> None:
    assert run(app, "list").stdout.splitlines() == [
        "join: Join at /join/",
        "    you, told, guardian, end, pets, check",
    ]
    assert '"url": "/join/"' in run(app, "list", "--format", "json").stdout


class Sell(Commits, Wizard, task_list=True):
    you = Step(NameForm, section="You")
    guardian = Step(NameForm, section="You", when=is_young)
    pets = Repeat(Pet)
    bank = Step(NameForm, when=nobody_agrees)
    check = Review()


def test_tasks_begin_at_the_list_and_lead_back_to_it() -> None:
    assert [*all_ways(Sell, all_places(Sell))] == [
        Way(START, "tasks"),
        Way("tasks", "you"),
        Way("you", "guardian", "somebody has to agree"),
        Way("you", "tasks", "else"),
        Way("guardian", "tasks"),
        Way("tasks", "pets"),
        Way("pets", "tasks"),
        Way("tasks", "bank", "nobody agrees"),
        Way("bank", "tasks"),
        Way("tasks", "check", "all tasks are completed"),
        Way("check", SENT),
        Way("pets", "pets.who", "an item"),
        Way("pets.who", "pets.vet", "nobody agrees"),
        Way("pets.who", "pets", "else"),
        Way("pets.vet", "pets"),
    ]


@pytest.mark.parametrize(
    ("style", "line"),
    [
        ("text", "tasks     Tasks  (in any order)"),
        ("mermaid", 'p1["Tasks"]'),
        ("dot", '"tasks" [label="Tasks"]'),
    ],
)
def test_map_of_a_task_list_has_the_list(style: str, line: str) -> None:
    assert line in FORMATS[style](Sell)


def in_a_request(text: str) -> Any:
    """A lazy text that can be read within a request alone, as many are."""
    return LocalProxy(lambda: text if request.path else "")


@pytest.mark.parametrize("command", ["map join", "list", "preview DIR", "check"])
def test_commands_read_lazy_texts(
    make_app: MakeApp, tmp_path: Path, command: str
) -> None:
    class Lazy(Commits, Wizard):
        title: Any = in_a_request("Join")
        you = Step(NameForm, title=in_a_request("You"))
        check = Review()

    app = make_app(Lazy)
    arguments = command.replace("DIR", str(tmp_path / "pages")).split()
    result = app.test_cli_runner().invoke(args=["wizard", *arguments])
    assert "RuntimeError" not in result.output + result.stderr
    assert isinstance(result.exception, SystemExit | None)


def test_user_with_lazy_titles_is_exported(make_app: MakeApp, tmp_path: Path) -> None:
    class Lazy(Commits, Wizard):
        title: Any = in_a_request("Join")
        you = Step(NameForm, title=in_a_request("You"))
        check = Review()

    app = make_app(Lazy)
    folder = tmp_path / "export"
    arguments = ["wizard", "export", "--user", "1", str(folder)]
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output
