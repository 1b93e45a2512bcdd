"""Statements of docs/accessibility.md about the way through a wizard as a whole."""

from __future__ import annotations

import re
from itertools import product
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask
from visitor import Page, Visitor, attribute
from wizards import Commits
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard import Answers, Info, Review, Step, Wizard


class StartForm(Form):
    one = fields.BooleanField("One")
    two = fields.BooleanField("Two")
    note = fields.StringField("Note")


class MiddleForm(Form):
    three = fields.BooleanField("Three")
    word = fields.StringField("Word", [InputRequired("Enter a word")])


class TextForm(Form):
    text = fields.StringField("Text")


def is_three(answers: Answers) -> bool:
    return bool(answers.middle.three)


class Branching(Commits, Wizard):
    """Three branches, each behind an answer of its own."""

    start = Step(StartForm, title="Start")
    first = Step(TextForm, title="First", when=lambda answers: answers.start.one)
    told = Info(title="Told", when=lambda answers: answers.start.two)
    middle = Step(MiddleForm, title="Middle")
    last = Step(TextForm, title="Last", when=is_three)
    check = Review(title="Check")


TITLES = ("Start", "First", "Middle", "Last", "Told")
TICKED = [*product((False, True), repeat=3)]


@pytest.fixture
def visitor(make_app: MakeApp) -> Visitor:
    return Visitor(make_app(Branching))


def answers_of(one: bool, two: bool, three: bool) -> dict[str, dict[str, Any]]:
    ticks = {"one": one, "two": two, "three": three}
    on = {name: "y" if ticked else None for name, ticked in ticks.items()}
    return {
        "Start": {"one": on["one"], "two": on["two"], "note": "a note"},
        "Middle": {"three": on["three"], "word": "a word"},
        **{name: {"text": f"a text of {name}"} for name in ("First", "Last")},
    }


def walk(visitor: Visitor, *ticked: bool) -> list[Page]:
    """Every page on the way to the review, which is the last."""
    pages = [visitor.open()]
    answers = answers_of(*ticked)
    while pages[-1].heading not in ("Check", ""):
        name = next(name for name in TITLES if name in pages[-1].title)
        pages.append(visitor.press("next", answers.get(name, {})))
    return pages


@pytest.mark.ux(3, 7)
@pytest.mark.parametrize("ticked", TICKED)
def test_progress_rises_by_one_and_its_total_stays(
    visitor: Visitor, ticked: tuple[bool, bool, bool]
) -> None:
    pages = walk(visitor, *ticked)
    told = [re.fullmatch(r"Step (\d+)(?: of (\d+))?", page.progress) for page in pages]
    numbers = [int(found[1]) for found in told if found]
    assert numbers == [*range(1, len(pages) + 1)]
    totals = [found[2] for found in told if found]
    shown = [total for total in totals if total]
    assert set(shown) == {str(len(pages))}
    assert totals == [None] * (len(pages) - len(shown)) + shown


@pytest.mark.ux(42)
@pytest.mark.parametrize("ticked", TICKED)
def test_review_lists_exactly_the_answers_on_the_path(
    visitor: Visitor, ticked: tuple[bool, bool, bool]
) -> None:
    one, two, three = ("Yes" if tick else "No" for tick in ticked)
    expected = [one, two, "a note"]
    expected += ["a text of First"] if ticked[0] else []
    expected += [three, "a word"]
    expected += ["a text of Last"] if ticked[2] else []
    review = walk(visitor, *ticked)[-1]
    assert [answer for _, answer in review.rows] == expected


@pytest.mark.ux(42)
def test_optional_answer_that_is_missing_says_so(visitor: Visitor) -> None:
    visitor.open()
    visitor.fill(note="")
    assert ("Note", "Not provided") in visitor.fill(word="a word").rows


@pytest.mark.ux(1, 4)
@pytest.mark.parametrize("ticked", TICKED)
def test_titles_and_headings_differ_from_page_to_page(
    visitor: Visitor, ticked: tuple[bool, bool, bool]
) -> None:
    pages = walk(visitor, *ticked)
    assert len({page.title for page in pages}) == len(pages)
    headings = [page.texts("h1") for page in pages]
    assert all(len(texts) == 1 for texts in headings)


@pytest.mark.ux(12)
def test_every_accepted_or_rejected_post_answers_303(visitor: Visitor) -> None:
    visitor.open()
    for action in ("next", "back", "save", "goto:start", "discard", "unknown"):
        assert visitor.send(action).status_code == 303, action
    visitor.fill()
    for values in ({"word": ""}, {"word": "w" * 9}, {"other": "x"}):
        assert visitor.send("next", values).status_code == 303, values


@pytest.mark.ux(15)
@pytest.mark.parametrize("ticked", TICKED[::7])
def test_one_primary_button_comes_first(
    visitor: Visitor, ticked: tuple[bool, bool, bool]
) -> None:
    for page in walk(visitor, *ticked):
        primary = page.html.query(".wizard-button-primary")
        assert len(primary) == 1
        assert attribute(primary[0], "value") == page.buttons[0] == "next"
        said = primary[0].to_text().strip()
        assert said == ("Confirm and send" if page.heading == "Check" else "Continue")


@pytest.mark.ux(16)
def test_going_to_another_step_keeps_what_is_typed(visitor: Visitor) -> None:
    visitor.open()
    visitor.fill()
    visitor.press("goto:start", {"word": "half a wo"})
    visitor.fill()
    assert visitor.page.value("word") == "half a wo"


def place_of(page: Page, selector: str) -> list[int]:
    """Where an element is among its siblings, and so on up to the document."""
    node: Any = page.html.query_one(selector)
    places: list[int] = []
    while node is not None and node.parent is not None:
        siblings = [n for n in node.parent.children if not n.name.startswith("#")]
        places.append(siblings.index(node) - len(siblings))
        node = node.parent
    return places


HELP = (
    '{% extends "flask_wizard/default/step.html" %}'
    '{% block instructions %}<p id="rules">Answer all.</p>{% endblock %}'
    '{% block after_form %}<p id="help">Call us.</p>{% endblock %}'
)


@pytest.fixture
def helped(make_app: MakeApp, tmp_path: Any) -> Visitor:
    """A visitor of an application that says the same on every page of a form."""
    folder = tmp_path / "templates" / "flask_wizard"
    folder.mkdir(parents=True)
    (folder / "step.html").write_text(HELP)
    app: Flask = make_app(Branching)
    app.jinja_loader.searchpath.append(str(folder.parent))  # type: ignore[union-attr]
    return Visitor(app)


@pytest.mark.ux(8, 28)
def test_help_and_instructions_are_at_one_place(helped: Visitor) -> None:
    forms = [
        page for page in walk(helped, True, False, True) if page.heading != "Check"
    ]
    assert len(forms) == 4
    for page in forms:
        html = page.source
        assert html.index('id="rules"') < html.index("<form") < html.index('id="help"')
    assert len({tuple(place_of(page, "#help")) for page in forms}) == 1
