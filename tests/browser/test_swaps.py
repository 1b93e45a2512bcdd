"""The script beside htmx 2, htmx 4 and Turbo 8, set up as their users set them up."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response, request, send_from_directory
from jinja2 import DictLoader
from playwright.sync_api import Page, expect
from wtforms import Form, PasswordField, RadioField, StringField
from wtforms.fields.choices import SelectChoice as Choice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Optional

from flask_wizard import FlaskWizard, OnlyIf, Receipt, Review, Step, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

LIBRARIES = Path(__file__).parents[2] / "build" / "libraries" / "node_modules"
HTMX_2 = "htmx2/dist/htmx.min.js"
HTMX_4 = "htmx4/dist/htmx.min.js"
TURBO_8 = "@hotwired/turbo/dist/turbo.es2017-umd.js"

# As docs/guide.md has it: without it, htmx 2 shows no answer 400 and above.
SHOW_TROUBLE = """\
<meta name="htmx-config" content='{"responseHandling": [
  {"code": "204", "swap": false}, {"code": "...", "swap": true}]}'>
"""

# Each library's file, and what its users write at the body of their pages.
SETUPS = {
    "htmx 2": (
        HTMX_2,
        'hx-boost="true" hx-target="#wizard" hx-select="#wizard" hx-swap="outerHTML"',
    ),
    "htmx 2, whole pages": (HTMX_2, 'hx-boost="true"'),
    "htmx 2, the inside alone": (
        HTMX_2,
        'hx-boost="true" hx-target=".wizard" hx-select=".wizard > *"',
    ),
    "htmx 4": (
        HTMX_4,
        'hx-boost:inherited="true" hx-target:inherited="#wizard" '
        'hx-select:inherited="#wizard" hx-swap:inherited="outerHTML"',
    ),
    "Turbo 8": (TURBO_8, ""),
}

LAYOUT = """\
<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>{% block title %}Stories{% endblock %}</title>
  <link rel="icon" href="data:,">
  {{ layout.head | safe }}
  <script src="/library.js" defer></script>
  {% block head %}{% endblock %}
</head>
<body {{ layout.body | safe }}>
  <main id="wizard">{% block wizard %}{% endblock %}</main>
</body>
</html>
"""


class You(Form):
    name = StringField("Name", [InputRequired("Enter your name")])
    pin = PasswordField("PIN", [Optional()])
    payer = RadioField(
        "Who pays?", choices=[Choice("me", "I do"), Choice("firm", "A firm")]
    )
    firm = StringField("Name of the firm", [OnlyIf("payer", "firm"), InputRequired()])


class Story(Form):
    story = StringField("Your story", [InputRequired("Tell your story")])


class Tell(Wizard):
    title = "Tell a story"

    you = Step(You)
    story = Step(Story)
    check = Review()

    def commit(self, submission: object) -> Receipt:
        return Receipt(reference="S-1")


class Site:
    """An application in its own layout, the POSTs that it got, and a browser's page."""

    def __init__(self, page: Page, url: str, layout: dict[str, str]) -> None:
        self.page = page
        self.url = url
        self.layout = layout
        self.sent: list[tuple[str, str]] = []

    def note(self) -> None:
        if request.method == "POST":
            text = request.form.get("name", request.form.get("story", ""))
            self.sent.append((request.form["_action"], text))

    def press(self, name: str, heading: str) -> None:
        self.page.get_by_role("button", name=name, exact=True).click()
        self.shows(heading)

    def follow(self, name: str, heading: str) -> None:
        self.page.get_by_role("link", name=name).click()
        self.shows(heading)

    def shows(self, heading: str) -> None:
        expect(self.page.locator("h1")).to_have_text(heading)

    def type(self, control: str, text: str) -> None:
        self.page.locator(control).press("End")
        self.page.keyboard.insert_text(text)  # at once, so that it is saved at once
        expect(self.page.locator("[role=status]")).to_have_text("Saved")


@pytest.fixture(params=SETUPS)
def site(
    request: pytest.FixtureRequest,
    page: Page,
    live_server: Callable[[WSGIApplication], str],
    tmp_path: Path,
) -> Site:
    file, body = SETUPS[request.param]
    if not (LIBRARIES / file).is_file():
        raise FileNotFoundError(f"{file} is not in {LIBRARIES}: make browser puts it.")
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests, long enough for them")
    app.config.update(WIZARD_BASE_TEMPLATE="layout.html")
    app.jinja_loader = DictLoader({"layout.html": LAYOUT})

    @app.get("/library.js")
    def library() -> Response:
        return send_from_directory(LIBRARIES, file)

    FlaskWizard(app)
    app.register_blueprint(Tell.as_blueprint("tell"), url_prefix="/tell")
    site = Site(page, live_server(app), {"head": "", "body": body})
    app.before_request(site.note)
    app.context_processor(lambda: {"layout": site.layout})
    return site


def test_journey_by_swapped_pages(site: Site) -> None:
    """A listener that is attached twice would send something twice."""
    page = site.page
    page.goto(f"{site.url}/tell/")
    page.evaluate("window.isFirst = true")  # lost when a page is loaded

    page.locator("#name").press("Enter")
    expect(page.locator("[autofocus]")).to_be_focused()
    firm = page.get_by_label("Name of the firm")
    expect(firm).to_be_hidden()
    page.get_by_label("A firm").check()
    expect(firm).to_be_visible()
    page.get_by_label("I do").check()
    site.type("#name", "Ann")
    page.get_by_role("button", name="Show password").click()
    expect(page.locator("#pin")).to_have_attribute("type", "text")

    site.press("Continue", "Your story")
    expect(page.locator("h1")).to_be_focused()
    site.type("#story", "Once")
    site.press("Back", "You")
    expect(page.locator("#name")).to_have_value("Ann")
    site.press("Save and come back later", "Your answers are saved")
    site.follow("Continue now", "Your story")
    expect(page.locator("#story")).to_have_value("Once")
    site.press("Continue", "Check your answers")

    page.go_back()  # the browser's
    site.shows("Your story")
    site.type("#story", "!")
    site.press("Continue", "Check your answers")
    site.follow("Change Your story", "Your story")
    site.press("Continue", "Check your answers")
    site.press("Confirm and send", "Your answers have been sent")

    assert page.evaluate("window.isFirst")
    assert site.sent == [
        ("next", ""),
        ("autosave", "Ann"),
        ("next", "Ann"),
        ("autosave", "Once"),
        ("back", "Once"),
        ("save", "Ann"),
        ("next", "Once"),
        ("autosave", "Once!"),
        ("next", "Once!"),
        ("next", "Once!"),
        ("next", ""),
    ]


@pytest.mark.parametrize("site", ["htmx 2", "htmx 4", "Turbo 8"], indirect=True)
def test_back_after_the_end_shows_no_answer_of_a_swapped_page(site: Site) -> None:
    page = site.page
    page.goto(f"{site.url}/tell/")
    page.locator("#name").fill("Ann Reader")
    page.get_by_label("I do").check()
    site.press("Continue", "Your story")
    page.locator("#story").fill("Once")
    site.press("Continue", "Check your answers")
    site.press("Confirm and send", "Your answers have been sent")
    for _ in range(3):
        with page.expect_response("**/tell/**"):  # not from what a library has kept
            page.go_back()
        site.shows("Your answers have been sent")
        assert "Ann Reader" not in page.content()
    stored = "JSON.stringify([localStorage, sessionStorage])"
    assert "Ann Reader" not in page.evaluate(stored)


@pytest.mark.parametrize("site", ["htmx 2", "htmx 4", "Turbo 8"], indirect=True)
def test_page_that_gives_back_what_was_typed_is_swapped_in(site: Site) -> None:
    page = site.page
    site.layout["head"] = SHOW_TROUBLE
    page.goto(f"{site.url}/tell/")
    page.locator("#name").fill("Ann")
    page.context.clear_cookies()  # the token fits no session now
    page.get_by_role("button", name="Continue").click()
    again = page.get_by_role("button", name="Send it again")
    expect(again).to_be_visible()
    expect(page.locator("#name")).to_have_value("Ann")
    page.get_by_label("I do").check()
    again.click()
    site.shows("Your story")
