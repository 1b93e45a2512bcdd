"""Pages in layouts of an application: they take its colours, fonts and width."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import pytest
from apps import MakeApp
from flask import Flask
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Page
from wizards import Commits, choices
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard import Review, Step, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

ADAPTER = (
    '{% extends "site.html" %}'
    "{% block content %}{% block wizard %}{% endblock %}{% endblock %}"
)
SITE = """<!doctype html><html lang="en"><title>{% block title %}{% endblock %}</title>
<style>main { max-width: 1116px; margin: auto }
nav { display: flex; padding: 1rem; background: silver } STYLE</style><body>
<main>{% block content %}{% endblock %}</main></html>"""

SYSTEMS: tuple[Literal["dark", "light"], ...] = ("dark", "light")

#: Layouts without a block for the stylesheet, each with the luminance of its page.
LAYOUTS = {
    "light only": (
        "body { background: #fff; color: #212529; font: 16px/1.5 serif }"
        "h1, h2 { font-family: monospace; color: #377ba8 } a { text-decoration: none }"
        "form { display: flex; flex-direction: column } input { width: 100% }",
        "light",
    ),
    "dark only, and says so": (
        ":root { color-scheme: dark } body { background: #1b1f24; color: #dee2e6 }",
        "dark",
    ),
    "dark only": ("body { background: #14171c; color: #ccd0d6 }", "dark"),
    "both": (
        ":root { color-scheme: light dark; background: Canvas; color: CanvasText }",
        "as the system",
    ),
}

#: What stands in the page: background, the luminance of text and heading, the width of
#: the input, its background, the font.
LOOK = """() => {
  const style = (selector) => getComputedStyle(document.querySelector(selector));
  const canvas = document.createElement("canvas").getContext("2d");
  const light = (colour) => {
    canvas.fillStyle = "#fff";
    canvas.fillStyle = colour;
    canvas.fillRect(0, 0, 1, 1);
    const [red, green, blue] = canvas.getImageData(0, 0, 1, 1).data;
    return red + green + blue > 384;
  };
  return {
    background: style(".wizard").backgroundColor,
    steps: style(".wizard-stepper").backgroundColor,
    input: style(".wizard input[type=text]").backgroundColor,
    text: light(style(".wizard label").color),
    heading: light(style(".wizard h1").color),
    link: light(style(".wizard .wizard-button-quiet").color),
    width: document.querySelector(".wizard input[type=text]").offsetWidth,
    font: style(".wizard input[type=text]").fontFamily == style("body").fontFamily,
    sideways: document.documentElement.scrollWidth - innerWidth,
  };
}"""


class You(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name")])
    size = fields.RadioField("Size", choices=choices("s", "l"))
    note = fields.TextAreaField("Note", description="If you like")


class Asks(Commits, Wizard, stepper=True):
    you = Step(You)
    check = Review()


def in_layout(make_app: MakeApp, style: str) -> Flask:
    app = make_app(Asks)
    site = SITE.replace("STYLE", style)
    own = DictLoader({"site.html": site, "flask_wizard/base.html": ADAPTER})
    app.jinja_loader = ChoiceLoader([own, *filter(None, [app.jinja_loader])])
    return app


@pytest.mark.parametrize("name", LAYOUTS)
def test_pages_look_as_the_layout_does(
    name: str,
    page: Page,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
    axe: Callable[[Page], list[str]],
) -> None:
    style, shade = LAYOUTS[name]
    page.goto(live_server(in_layout(make_app, style)) + "/join/")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_selector(".wizard-banner-wrong")
    for system in SYSTEMS:
        page.emulate_media(color_scheme=system)
        is_dark = shade == "dark" or (shade == "as the system" and system == "dark")
        assert page.evaluate(LOOK) == {
            "background": "rgba(0, 0, 0, 0)",
            "steps": "rgba(0, 0, 0, 0)",
            "input": "rgba(0, 0, 0, 0)",
            "text": is_dark,
            "heading": is_dark,
            "link": is_dark,
            "width": 608,
            "font": True,
            "sideways": 0,
        }
        assert axe(page) == []


#: The sizes in pixels of the smallest text, of the heading and of the column.
SIZES = """() => {
  const size = (element) => parseFloat(getComputedStyle(element).fontSize);
  const texts = [...document.querySelectorAll(".wizard :not([aria-hidden])")].filter(
    (element) => element.checkVisibility() && element.innerText?.trim());
  return [
    Math.min(...texts.map(size)),
    size(document.querySelector(".wizard h1")),
    document.querySelector(".wizard").offsetWidth,
  ];
}"""


@pytest.mark.parametrize(
    ("root", "text", "column"), [("10px", "14px", 616), ("125%", "1rem", 880)]
)
def test_text_is_as_large_as_the_layouts(
    root: str,
    text: str,
    column: int,
    page: Page,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
) -> None:
    style = f"html {{ font-size: {root} }} body {{ font-size: {text} }}"
    page.goto(live_server(in_layout(make_app, style)) + "/join/")
    smallest, heading, width = page.evaluate(SIZES)
    rem = column / 44
    assert smallest >= 0.875 * rem
    assert heading >= 1.5 * rem
    assert width == column
