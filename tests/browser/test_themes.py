"""Shipped themes in a browser, beside the libraries that they are made for."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from apps import MakeApp
from flask_bootstrap import Bootstrap5
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Page, expect
from wizards import Commits, choices, committed, declare
from wtforms import Form, fields
from wtforms.validators import InputRequired, Length

from flask_wizard import DateBoxesField, Repeat, Review, Step

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LAYOUT = """<!doctype html><html lang="en" data-bs-theme="{{ config.SHADE }}"><head>
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{% block title %}{% endblock %}</title>{{ bootstrap.load_css() }}</head><body>
<main class="container" id="wizard">{% block wizard %}{% endblock %}</main></html>"""


class You(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name")])
    born = fields.DateField("Date of birth")
    since = DateBoxesField("Member since", [InputRequired("Enter a date")])
    size = fields.RadioField("Size", choices=choices("s", "l"))
    place = fields.SelectField("Place", choices=choices("here", "there"))
    about = fields.TextAreaField(
        "About you", [Length(max=300)], description="If you like"
    )
    secret = fields.PasswordField("Password")
    photo = fields.FileField("Photo")
    volume = fields.IntegerRangeField("Volume", default=5)
    terms = fields.BooleanField("I agree", [InputRequired("Agree to go on")])


class Pet(Form):
    name = fields.StringField("What is it called?")


def next_page(page: Page) -> None:
    with page.expect_navigation():
        page.locator("form .btn-primary").click()


@pytest.mark.parametrize("shade", ["dark", "no layout"])
def test_bootstrap_is_at_home_beside_bootstrap_flask(
    shade: str,
    page: Page,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
    axe: Callable[[Page], list[str]],
) -> None:
    wizard = declare(
        "Asks",
        Commits,
        you=Step(You),
        pets=Repeat(Pet, singular="pet"),
        check=Review(),
        theme="bootstrap5",
    )
    app = make_app(wizard, BOOTSTRAP_SERVE_LOCAL=True, SHADE=shade)
    Bootstrap5(app)
    if shade != "no layout":
        own = DictLoader({"flask_wizard/base.html": LAYOUT})
        app.jinja_loader = ChoiceLoader([own, *filter(None, [app.jinja_loader])])
    sheets: list[str] = []
    page.on(
        "request", lambda sent: sheets.append(sent.url) if ".css" in sent.url else None
    )

    def is_well() -> None:
        for width in (1280, 320):
            page.set_viewport_size({"width": width, "height": 800})
            assert page.evaluate("document.documentElement.scrollWidth") <= width
        assert axe(page) == []

    def boxes_stand_in_a_row() -> None:
        boxes = page.locator("#since input").all()
        tops = [box.bounding_box() for box in boxes]
        assert len({top and top["y"] for top in tops}) == 1
        assert len(tops) == 3

    page.goto(live_server(app) + "/join/")
    is_well()
    boxes_stand_in_a_row()
    next_page(page)
    expect(page.locator(".alert-danger")).to_be_focused()
    is_well()
    boxes_stand_in_a_row()
    show = page.get_by_role("button", name="Show password")
    expect(show).to_have_class("btn btn-sm btn-secondary mt-2")
    show.click()
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("Date of birth").fill("2001-02-03")
    for box, typed in {"Day": "1", "Month": "2", "Year": "2020"}.items():
        page.get_by_label(box, exact=True).fill(typed)
    page.get_by_label("s", exact=True).check()
    page.get_by_label("I agree").check()
    next_page(page)
    with page.expect_navigation():
        page.get_by_role("button", name="Add").click()
    next_page(page)
    next_page(page)
    is_well()
    next_page(page)
    assert committed[0].data["you"]["name"] == "Ada"
    assert sheets
    assert not [url for url in sheets if "bootstrap.min.css" not in url]
