"""Dates in boxes, rows of fields, colours and copies of answers in a real Chromium."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask
from playwright.sync_api import Locator, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from wtforms import Form, StringField
from wtforms.fields import ColorField
from wtforms.validators import InputRequired, Optional

from flask_wizard import DateBoxesField, FlaskWizard, Receipt, Step, Submission, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class YouForm(Form):
    born = DateBoxesField("Date of birth", [InputRequired("Enter your date of birth")])
    postcode = StringField(
        "Postcode", render_kw={"autocomplete": "postal-code", "data-row": "place"}
    )
    city = StringField("Town or city", render_kw={"data-row": "place"})
    colour = ColorField("Colour", [Optional()])


class Join(Wizard):
    title = "Join"
    you = Step(YouForm, title="About you")

    def commit(self, submission: Submission) -> Receipt:
        return Receipt("J-1", keep=timedelta(days=7))


def middle(place: Locator) -> float:
    box = place.bounding_box()
    assert box is not None
    return box["y"] + box["height"] / 2


@pytest.mark.parametrize("width", [1280, 320])
def test_fields_are_filled_in_without_a_script(
    new_context: CreateContextCallback,
    live_server: Callable[[WSGIApplication], str],
    tmp_path: Path,
    width: int,
) -> None:
    app = Flask("fields", instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    context = new_context(
        java_script_enabled=False, viewport={"width": width, "height": 640}
    )
    page = context.new_page()
    page.goto(f"{live_server(app)}/join/")
    boxes = [page.locator(f"#born-{part}") for part in ("day", "month", "year")]
    assert len({middle(box) for box in boxes}) == 1
    places = [page.locator("#postcode"), page.locator("#city")]
    assert (middle(places[0]) == middle(places[1])) == (width == 1280)
    expect(page.locator("#colour")).to_be_hidden()
    boxes[0].fill("31")
    boxes[2].fill("2010")
    page.get_by_label("Answer “Colour”").check()
    expect(page.locator("#colour")).to_be_visible()
    page.click("button[value=next]")
    page.get_by_role("link", name="Enter the month").click()
    expect(boxes[1]).to_be_focused()
    assert [box.input_value() for box in boxes] == ["31", "", "2010"]
    boxes[1].fill("3")
    page.click("button[value=next]")
    expect(page.get_by_role("heading", name="Your answers", exact=True)).to_be_visible()
    expect(page.locator(".wizard-copy")).to_contain_text("31 March 2010")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download your answers").click()
    assert "31 March 2010" in Path(download.value.path()).read_text()
