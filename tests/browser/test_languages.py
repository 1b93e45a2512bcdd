"""Arabic in a browser: from right to left, and what was typed in its own direction."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from apps import MakeApp
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from wizards import Commits, declare
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import DateBoxesField, Review, Step

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class You(Form):
    name = StringField("الاسم", [InputRequired()])
    site = StringField("الموقع")
    born = DateBoxesField("تاريخ الميلاد", [InputRequired()])


def start(page: Page, selector: str) -> float:
    """Return where an element ends on the right, in pixels."""
    box = page.locator(selector).first.bounding_box()
    assert box is not None
    return box["x"] + box["width"]


@pytest.mark.ux(9)
@pytest.mark.ux(32)
def test_arabic_page_stands_from_right_to_left(
    new_context: CreateContextCallback,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
    axe: Callable[[Page], list[str]],
) -> None:
    wizard = declare("Join", Commits, title="م", you=Step(You, title="م"), c=Review())
    page = new_context(locale="ar", viewport={"width": 320, "height": 640}).new_page()
    page.goto(live_server(make_app(wizard)) + "/join/")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    page.fill("#name", "أحمد!")
    page.fill("#site", "example.org/!")
    page.click(".wizard-actions button")
    expect(page.locator(".wizard-banner-wrong")).to_be_visible()
    direction = "element => getComputedStyle(element).direction"
    assert page.locator("#name").evaluate(direction) == "rtl"
    assert page.locator("#site").evaluate(direction) == "ltr"
    assert page.evaluate("document.documentElement.scrollWidth") == 320
    edge = start(page, "h1")
    for selector in ("label", ".wizard-input"):
        assert start(page, selector) == pytest.approx(edge, abs=2)
    for selector in (".wizard-error", "#born-day"):  # beside the bar of an error
        assert edge - start(page, selector) == pytest.approx(16, abs=2)
    assert start(page, "#born-day") > start(page, "#born-month")
    assert axe(page) == []


def test_script_writes_moments_as_the_server_does(
    new_context: CreateContextCallback,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
) -> None:
    page = new_context(locale="en-US", timezone_id="Asia/Tokyo").new_page()
    written = {
        "en": "6 December 2026 at 14:30",
        "en_US": "December 6, 2026 at 2:30 PM",
        "de": "6. Dezember 2026 um 14:30",
        "xx-nonsense-x1": "December 6, 2026 at 2:30 PM",  # as the browser does
    }
    for lang, expected in written.items():
        app = make_app(declare("Join", Commits, you=Step(You)), WIZARD_LANG=lang)
        page.context.clear_cookies()  # those of one port are those of all
        page.goto(live_server(app) + "/join/")
        page.click(".wizard-actions [value=save]")
        times = page.locator("time")
        tag = str(times.get_attribute("data-lang"))
        page.evaluate(
            "(tag) => { document.querySelector('.wizard').innerHTML ="
            " `<p><time datetime='2026-12-06T05:30Z' data-lang='${tag}'></time></p>` }",
            tag,
        )
        expect(times).to_have_text(expected, use_inner_text=True)
