"""The default pages in a real Chromium, to eyes and habits that differ."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from wtforms import BooleanField, FieldList, Form, FormField, RadioField, StringField
from wtforms.validators import InputRequired

from flask_wizard import FlaskWizard, Receipt, Review, Step, Submission, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Friend(Form):
    name = StringField("Name", [InputRequired("Enter a name")])
    phone = StringField("Phone", [InputRequired("Enter a phone number")])


class You(Form):
    name = StringField("Your name", [InputRequired("Enter your name")])
    nick = StringField("Nickname")
    friends = FieldList(FormField(Friend), "Friend", min_entries=2)
    size = RadioField(
        "Size", [InputRequired("Choose a size")], choices={"S": "S", "L": "L"}
    )
    terms = BooleanField(
        "I agree", [InputRequired("Tick it")], description="Short ones"
    )


class Join(Wizard):
    title = "Join the club"

    you = Step(You, title="About you")
    check = Review()

    def commit(self, submission: Submission) -> Receipt:
        return Receipt(reference="R-1", next_steps="We write to you.")


Open = Callable[..., Page]


@pytest.fixture
def open_page(
    live_server: Callable[[WSGIApplication], str],
    new_context: CreateContextCallback,
    tmp_path: Path,
) -> Open:
    """Return a function that opens the first page in a browser of some habits."""
    app = Flask("club", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 32, WIZARD_SITE_NAME="Club House")
    FlaskWizard(app)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    url = live_server(app)

    def open_page(**habits: Any) -> Page:
        page = new_context(**habits).new_page()
        page.goto(f"{url}/join/")
        return page

    return open_page


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def go_wrong(page: Page) -> None:
    go_on(page)
    expect(page.get_by_text("There is a problem")).to_be_visible()


def fill_in(page: Page) -> None:
    for box in page.locator("input[type=text]").all():
        box.fill("Ada")
    page.get_by_label("L", exact=True).check()
    page.get_by_label("I agree").check()
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your answers")


def style(page: Page, selector: str, name: str, pseudo: str | None = None) -> str:
    """Return a computed property of the first element that a selector finds."""
    found: str = page.locator(selector).first.evaluate(
        "(e, [name, pseudo]) => getComputedStyle(e, pseudo).getPropertyValue(name)",
        [name, pseudo],
    )
    return found


def width(page: Page, selector: str, name: str, pseudo: str | None = None) -> float:
    return float(style(page, selector, name, pseudo).removesuffix("px"))


def test_summary_link_shows_its_field_at_400_percent(open_page: Open) -> None:
    page = open_page(viewport={"width": 320, "height": 256})  # 1280 x 1024
    go_wrong(page)
    links = page.locator(".wizard-banner-list a")
    assert links.count() == 7
    for link in links.all():
        target = str(link.get_attribute("href"))
        link.click()
        control = page.locator(f"{target}:focus")
        expect(control).to_be_in_viewport(ratio=1)
        if not target.startswith("#size"):  # the legend is the label of the group
            label = page.locator(f"label[for='{target[1:]}']")
            expect(label).to_be_in_viewport()


@pytest.mark.parametrize("forced", [False, True])
def test_wrong_field_is_told_by_more_than_colour(open_page: Open, forced: bool) -> None:
    page = open_page(forced_colors="active" if forced else "none")
    go_wrong(page)
    for wrong in ("div.wizard-field-wrong", "fieldset.wizard-field-wrong"):
        assert width(page, wrong, "border-inline-start-width", "::before") == 4
        height = page.locator(wrong).first.evaluate("e => e.clientHeight")
        bar = width(page, wrong, "height", "::before")
        assert bar == pytest.approx(height, abs=1)  # beside the legend, too
    expect(page.locator(".wizard-error-mark").first).to_be_visible()
    right, wrong = "#nick", "#name"
    border = width(page, wrong, "border-top-width")
    assert border >= width(page, right, "border-top-width") + 1


def test_primary_button_stands_out_in_forced_colours(open_page: Open) -> None:
    page = open_page(forced_colors="active")
    go_wrong(page)  # now there is a draft to discard
    primary, other = (
        ".wizard-button-primary",
        ".wizard-button:not(.wizard-button-primary)",
    )
    for name in ("background-color", "color", "border-top-width"):
        assert style(page, primary, name) != style(page, other, name)


def test_stronger_contrast_is_given_where_it_is_asked_for(open_page: Open) -> None:
    page = open_page()
    usual = width(page, "#name", "border-top-width")
    muted = style(page, ".wizard-hint", "color")
    page.emulate_media(contrast="more")
    assert width(page, "#name", "border-top-width") > usual
    assert style(page, ".wizard-hint", "color") != muted
    assert style(page, ".wizard-hint", "color") == style(page, ".wizard", "color")


def test_skip_link_leads_to_the_form(open_page: Open) -> None:
    page = open_page()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the form")).to_be_focused()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    expect(page.get_by_label("Your name")).to_be_focused()


def test_change_link_stands_below_its_answer_where_it_is_narrow(
    open_page: Open,
) -> None:
    page = open_page(viewport={"width": 320, "height": 640})
    fill_in(page)
    for row in page.locator(".wizard-row").all():
        boxes = [part.bounding_box() for part in row.locator("> *").all()]
        tops = [box["y"] for box in boxes if box]
        assert tops == sorted(set(tops))
        assert len({box["x"] for box in boxes if box}) == 1
        change = row.locator(".wizard-change a").bounding_box()
        assert change is not None
        assert change["height"] < 32  # in one line


def test_print_parts_nothing_that_belongs_together(open_page: Open) -> None:
    page = open_page()
    fill_in(page)
    page.emulate_media(media="print")
    for selector in (".wizard-row", ".wizard-subheading"):
        assert style(page, selector, "break-inside") == "avoid"
    for selector in (".wizard-heading", ".wizard-subheading"):
        assert style(page, selector, "break-after") == "avoid"
    for unneeded in (".wizard-actions", ".wizard-change", ".wizard-skip"):
        expect(page.locator(unneeded).first).to_be_hidden()
    expect(page.get_by_text("Club House")).to_be_visible()
    page.go_back()
    for selector in ("div.wizard-field", ".wizard-choice"):
        assert style(page, selector, "break-inside") == "avoid"
    assert style(page, "label.wizard-label", "break-after") == "avoid"


def test_input_is_no_wider_than_an_answer_in_a_wide_layout(open_page: Open) -> None:
    page = open_page(viewport={"width": 1280, "height": 800})
    page.add_style_tag(content=":root { --wizard-width: 100rem }")
    for control in page.locator(".wizard-input, .wizard-choice").all():
        box = control.bounding_box()
        assert box is not None
        assert box["width"] <= 38 * 16


def test_header_is_seen_and_the_caption_that_repeats_it_is_not(
    open_page: Open,
) -> None:
    page = open_page()
    go_wrong(page)
    page.get_by_role("button", name="Save and come back later").click()
    expect(page.get_by_role("banner")).to_have_text("Club House Join the club")
    expect(page.locator(".wizard-caption")).to_be_hidden()
