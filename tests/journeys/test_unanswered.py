"""Sliders and colours that may be left unanswered, which no browser leaves blank."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from apps import MakeApp
from json_client import Reader, field_of
from visitor import Visitor, attribute
from wizards import Commits, committed
from wtforms import FieldList, Form, FormField
from wtforms.fields import ColorField, IntegerRangeField
from wtforms.validators import NumberRange, Optional

from flask_wizard import Review, Step, Wizard
from flask_wizard.web.themes import SHIPPED_THEMES

FREE = [Optional(), NumberRange(0, 10)]


class InnerForm(Form):
    hue = ColorField("Hue", [Optional()])


class TastesForm(Form):
    paint = ColorField("Paint", [Optional()])
    glide = IntegerRangeField("Glide", FREE, render_kw={"type": "range"})
    score = IntegerRangeField("Score", FREE)
    inner = FormField(InnerForm)
    hues = FieldList(ColorField("Hue", [Optional()]), min_entries=1)
    must = ColorField("Must")


class Tastes(Commits, Wizard):
    you = Step(TastesForm)
    check = Review()


UNTOUCHED = {
    "paint": "",
    "glide": None,
    "score": None,
    "inner": {"hue": ""},
    "hues": [""],
    "must": "#000000",
}


def browser(visitor: Visitor, **ticked: str) -> Mapping[str, Any]:
    """What a browser makes of the controls that are blank, and what a person ticks."""
    colours = ("paint", "inner-hue", "hues-0", "must")
    sent = {name: visitor.page.value(name) or "#000000" for name in colours}
    return {**sent, "glide": visitor.page.value("glide") or "5", **ticked}


def test_untouched_slider_and_colour_are_no_answers(make_app: MakeApp) -> None:
    visitor = Reader(make_app(Tastes))
    visitor.open()
    page = visitor.press("next", browser(visitor))
    said = dict(page.rows)
    assert said.pop("Must") == "#000000"
    assert {*said.values()} == {"Not provided"}
    visitor.press()
    assert committed[0].data["you"] == UNTOUCHED


def test_what_is_ticked_is_an_answer_and_can_be_taken_back(make_app: MakeApp) -> None:
    visitor = Reader(make_app(Tastes))
    visitor.open()
    names = ("paint-_answered", "glide-_answered", "inner-hue-_answered")
    visitor.press(
        "next", browser(visitor, paint="#336699", **dict.fromkeys(names, "1"))
    )
    visitor.open(f"{visitor.draft}you")
    assert [visitor.page.value(name) for name in names] == ["1", "1", "1"]
    assert visitor.page.value("hues-0-_answered") is None
    assert field_of(visitor.data, "paint")["value"] == "#336699"
    assert field_of(visitor.data, "glide")["value"] == "5"
    again = dict(browser(visitor), **{"glide-_answered": None})
    visitor.press("next", again)
    visitor.press()
    expected = {"paint": "#336699", "inner": {"hue": "#000000"}}
    assert committed[0].data["you"] == {**UNTOUCHED, **expected}


def test_change_link_leads_to_the_box_while_there_is_no_answer(
    make_app: MakeApp,
) -> None:
    visitor = Reader(make_app(Tastes))
    visitor.open()
    ticked = {"glide-_answered": "1", "inner-hue-_answered": "1"}
    page = visitor.press("next", browser(visitor, **ticked))
    links = page.html.query(".wizard-change a")
    anchors = [attribute(link, "href").rpartition("#")[2] for link in links]
    assert anchors == [
        *("paint-answered", "glide", "score", "inner-hue"),
        *("hues-0-answered", "must"),
    ]
    page = visitor.open(f"{visitor.draft}you")
    assert all(page.html.query(f"#{anchor}") for anchor in anchors)


@pytest.mark.parametrize("theme", SHIPPED_THEMES)
def test_every_theme_asks_whether(make_app: MakeApp, theme: str) -> None:
    visitor = Visitor(make_app(Tastes, WIZARD_THEME=theme))
    page = visitor.open()
    assert page.texts("label[for=glide-answered]") == ["Answer “Glide”"]
    visitor.press("next", browser(visitor))
    visitor.press()
    assert committed[0].data["you"] == UNTOUCHED


@pytest.mark.parametrize("action", ["save", "back", "autosave"])
def test_unanswered_stays_so_while_it_is_saved(make_app: MakeApp, action: str) -> None:
    visitor = Reader(make_app(Tastes))
    visitor.open()
    visitor.press("next", browser(visitor))
    visitor.open(f"{visitor.draft}you")
    visitor.send(action, browser(visitor))
    check = visitor.open(f"{visitor.draft}check")
    assert check.path.endswith("/check")  # it was not changed, so it is still done


def test_front_end_answers_by_a_value(make_app: MakeApp) -> None:
    visitor = Reader(make_app(Tastes))
    visitor.open()
    assert field_of(visitor.data, "paint")["value"] == ""
    sent = {**visitor.data["hidden"], "paint": "#336699", "must": "#000000"}
    answer = visitor.post(visitor.page.action, sent)
    visitor.open(answer.location)
    visitor.press()
    assert committed[0].data["you"]["paint"] == "#336699"
    assert committed[0].data["you"]["glide"] is None


def test_box_names_its_question_and_marks_it_optional(make_app: MakeApp) -> None:
    visitor = Reader(make_app(Tastes))
    page = visitor.open()
    assert page.texts("label[for=paint-answered]") == ["Answer “Paint”"]
    assert page.texts("label[for=paint]") == ["Paint (optional)"]
    assert not page.html.query("#must-answered")
    assert not page.html.query("#score-answered")
    (colour,) = page.html.query("#paint")
    assert not attribute(colour, "value")
