"""The script in a real Chromium: what it adds, and what it never sends."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING

import pytest
from flask import Flask, Response, request
from playwright.sync_api import Page, expect
from wtforms import (
    BooleanField,
    Form,
    PasswordField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.fields.choices import SelectChoice as Choice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

import flask_wizard
from flask_wizard import FlaskWizard, OnlyIf, Receipt, Review, Step, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

SCRIPT = Path(flask_wizard.__file__).parent / "static" / "wizard.js"
POLICY = "default-src 'self'; form-action 'self'; base-uri 'none'"
PATIENCE = 60.0  # seconds, for a machine that is busy


class You(Form):
    name = StringField("Name", [InputRequired("Enter your name")])
    pin = PasswordField("PIN", [Optional()])
    payer = RadioField(
        "Who pays?", choices=[Choice("me", "I do"), Choice("firm", "A firm")]
    )
    firm = StringField("Name of the firm", [OnlyIf("payer", "firm"), InputRequired()])
    vat = BooleanField("The firm has a VAT number", [OnlyIf("payer", "firm")])
    number = StringField("VAT number", [OnlyIf("vat", True), InputRequired()])


class Story(Form):
    action = StringField("What happened?")  # shadows form.action
    story = TextAreaField("Your story", [InputRequired(), Length(max=200)])


class Tell(Wizard):
    title = "Tell a story"
    may_end = Event()

    you = Step(You)
    story = Step(Story)
    check = Review()

    def commit(self, submission: object) -> Receipt:
        self.may_end.wait(PATIENCE)
        return Receipt(reference="S-1")


class Site:
    """An application with one wizard, all POSTs that it got, and a browser's page."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.url = ""
        self.sent: list[dict[str, list[str]]] = []
        #: Set when the first POST has been answered.
        self.arrived = Event()
        #: The status to answer autosaves with, if they are not to reach the wizard.
        self.refusal = 0
        #: Whether a page waits until a POST has been answered.
        self.answers_posts_first = False

    def note(self) -> Response | None:
        if request.method != "POST":
            if self.answers_posts_first:
                self.arrived.wait(PATIENCE)
            return None
        values = request.form.to_dict(flat=False)
        self.sent.append(values)
        is_autosave = values["_action"] == ["autosave"]
        return Response(status=self.refusal) if self.refusal and is_autosave else None

    @property
    def autosaves(self) -> list[dict[str, list[str]]]:
        return [each for each in self.sent if each["_action"] == ["autosave"]]

    def begin(self) -> None:
        self.page.goto(f"{self.url}/tell/")
        self.page.get_by_label("Name", exact=True).focus()

    def type(self, control: str, text: str) -> None:
        self.page.locator(control).press("End")
        self.page.keyboard.insert_text(text)  # at once, so that it is saved at once

    def says(self, text: str) -> None:
        expect(self.page.locator("[role=status]")).to_have_text(text)


@pytest.fixture
def site(
    page: Page, live_server: Callable[[WSGIApplication], str], tmp_path: Path
) -> Iterator[Site]:
    Tell.may_end.set()
    site = Site(page)
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="of the tests, long enough for them")
    app.before_request(site.note)

    @app.after_request
    def restrict(response: Response) -> Response:
        response.headers["Content-Security-Policy"] = POLICY
        if request.method == "POST":
            site.arrived.set()
        return response

    FlaskWizard(app)
    app.register_blueprint(Tell.as_blueprint("tell"), url_prefix="/tell")
    site.url = live_server(app)
    complaints: list[str] = []
    page.on("console", lambda message: complaints.append(message.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield site
    # Chromium itself tells of refused requests, and of what it would fill in or focus.
    told = ("Failed to load", "[DOM]", "Autofocus")
    assert [text for text in complaints if not text.startswith(told)] == []


def test_script_is_small() -> None:
    assert len(gzip.compress(SCRIPT.read_bytes(), mtime=0)) <= 3 * 1024


@pytest.mark.ux(50)
def test_typed_text_is_saved_without_a_click_and_no_password(site: Site) -> None:
    site.begin()
    site.type("#pin", "1234")
    site.type("#name", "Ann")
    site.says("Saved")
    site.page.reload()
    expect(site.page.get_by_label("Name", exact=True)).to_have_value("Ann")
    assert [sent["name"] for sent in site.autosaves] == [["Ann"]]
    assert "pin" not in site.autosaves[0]


def test_shown_password_is_not_saved_either(site: Site) -> None:
    site.begin()
    site.type("#pin", "1234")
    site.page.get_by_role("button", name="Show password").click()
    assert site.page.locator("#pin").get_attribute("type") == "text"
    site.type("#pin", "5")
    site.type("#name", "Ann")
    site.says("Saved")
    assert site.autosaves
    assert not any("pin" in sent for sent in site.autosaves)
    site.page.get_by_role("button", name="Hide password").click()
    assert site.page.locator("#pin").get_attribute("type") == "password"


def test_what_is_typed_last_is_saved_as_the_page_is_left(site: Site) -> None:
    site.begin()
    site.type("#name", "Ann")
    site.page.goto("about:blank")
    assert site.arrived.wait(PATIENCE)
    site.page.goto(f"{site.url}/tell/")
    site.page.get_by_role("link", name="Continue").click()
    expect(site.page.get_by_label("Name", exact=True)).to_have_value("Ann")
    assert len(site.autosaves) == 1


def test_text_is_saved_while_somebody_types_on(site: Site) -> None:
    site.page.clock.install()
    site.begin()
    for letter in "Annabel":
        site.type("#name", letter)
        site.page.clock.run_for(500)  # a pause shorter than the time to an autosave
    assert site.arrived.wait(PATIENCE)
    assert site.autosaves[0]["name"] != ["Annabel"]


def test_page_that_is_reloaded_has_what_was_typed_last(site: Site) -> None:
    site.page.clock.install()
    site.begin()
    site.page.clock.pause_at("2100-01-01")  # no autosave comes before the reload
    site.type("#name", "Ann")
    site.answers_posts_first = True
    site.page.reload()
    expect(site.page.get_by_label("Name", exact=True)).to_have_value("Ann")


def test_save_that_fails_is_told_and_made_again(site: Site) -> None:
    site.begin()
    site.refusal = 503
    site.type("#name", "Ann")
    site.says("Not saved. Continue, or check your connection.")
    site.refusal = 0
    site.says("Saved")
    assert site.autosaves[0]["name"] == site.autosaves[-1]["name"] == ["Ann"]


def silence(site: Site) -> None:
    """Let no POST come through; the browser takes the connection for broken."""
    site.page.route(
        "**/tell/**",
        lambda route: (
            route.abort() if route.request.method == "POST" else route.fallback()
        ),
    )


def test_page_stays_with_its_text_while_no_server_answers(site: Site) -> None:
    site.begin()
    silence(site)
    site.type("#name", "Ann")
    site.says("Not saved. Continue, or check your connection.")
    proceed = site.page.get_by_role("button", name="Continue")
    proceed.click()
    site.says("Not saved. Continue, or check your connection.")
    expect(site.page.get_by_label("Name", exact=True)).to_have_value("Ann")
    site.page.unroute_all()
    proceed.click()
    expect(site.page.get_by_text("There is a problem")).to_be_visible()
    expect(site.page.get_by_label("Name", exact=True)).to_have_value("Ann")


def test_button_leads_on_once_a_server_answers_again(site: Site) -> None:
    site.begin()
    silence(site)
    site.type("#name", "Ann")
    site.says("Not saved. Continue, or check your connection.")
    site.page.unroute_all()
    site.page.get_by_role("button", name="Continue").click()
    expect(site.page.get_by_text("There is a problem")).to_be_visible()
    assert [sent["_action"] for sent in site.sent] == [["autosave"], ["next"]]


def test_network_that_comes_back_is_used_at_once(site: Site) -> None:
    site.begin()
    site.page.context.set_offline(True)
    site.type("#name", "Ann")
    site.says("Not saved. Continue, or check your connection.")
    assert site.autosaves == []
    site.page.context.set_offline(False)
    site.says("Saved")


def test_older_page_is_told_that_nothing_was_saved(site: Site) -> None:
    site.begin()
    site.type("#name", "Ann")
    site.says("Saved")
    site.page.reload()
    other = site.page.context.new_page()
    other.goto(site.page.url)
    other.get_by_label("Name", exact=True).fill("Bea")
    other.get_by_role("button", name="Save and come back later").click()
    expect(other.get_by_role("heading", level=1)).to_contain_text("saved")
    site.type("#name", "a")
    site.says("Not saved. Continue, or check your connection.")
    count = len(site.autosaves)
    other.go_back()
    expect(other.get_by_label("Name", exact=True)).to_have_value("Bea")
    assert len(site.autosaves) == count  # a stale page is not sent again and again


def test_second_click_sends_nothing(site: Site) -> None:
    site.begin()
    site.type("#name", "Ann")
    busy = site.page.evaluate(
        """() => {
            const press = (value) => {
                const at = `.wizard-actions [value=${value}]`;
                const button = document.querySelector(at);
                button.click();
                return button.getAttribute("aria-busy");
            };
            return [press("next"), press("next"), press("save")];
        }"""
    )
    expect(site.page.get_by_text("There is a problem")).to_be_visible()
    assert busy == ["true", "true", None]
    assert [sent["_action"] for sent in site.sent] == [["next"]]


def test_fields_are_hidden_while_they_do_not_count(site: Site) -> None:
    site.begin()
    firm = site.page.get_by_label("Name of the firm")
    number = site.page.get_by_label("VAT number", exact=True)
    expect(firm).to_be_hidden()
    site.page.get_by_label("A firm").check()
    expect(firm).to_be_visible()
    expect(number).to_be_hidden()
    site.page.get_by_label("The firm has a VAT number").check()
    number.fill("DE1")
    site.page.get_by_label("I do").check()
    expect(number).to_be_hidden()  # its cause is hidden
    site.page.get_by_label("A firm").check()
    expect(number).to_have_value("DE1")


def test_characters_are_counted_as_the_server_counts_them(site: Site) -> None:
    site.begin()
    site.type("#name", "Ann")
    site.page.get_by_label("I do").check()
    site.page.get_by_role("button", name="Continue").click()
    story = site.page.get_by_label("Your story")
    count = site.page.locator("#story-count")
    expect(count).to_have_text("Characters left: 200")
    story.fill("é" * 197 + "\U0001f600\n")  # a line's end is sent as two
    expect(count).to_have_text("Characters left: 0")
    story.press_sequentially("!")
    expect(count).to_have_text("Characters too many: 1")
    site.page.get_by_role("button", name="Continue").click()
    expect(site.page.get_by_text("There is a problem")).to_be_visible()
    expect(story).to_have_value("é" * 197 + "\U0001f600\n!")


def test_page_without_the_script_has_everything(site: Site, no_js_page: Page) -> None:
    page = no_js_page
    page.goto(f"{site.url}/tell/")
    expect(page.get_by_label("Name of the firm")).to_be_visible()
    expect(page.get_by_label("Name of the firm")).to_have_accessible_description(
        "Only if your answer to “Who pays?” is “A firm”."
    )
    page.get_by_label("Name", exact=True).fill("Ann")
    page.get_by_label("I do").check()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("At most 200 characters")).to_be_visible()


def test_page_that_is_swapped_in_works_as_one_that_is_loaded(site: Site) -> None:
    """As htmx and Turbo do it: the new page's content replaces the old one's."""
    site.begin()
    site.page.evaluate(
        """async () => {
            const form = document.querySelector("#wizard-form");
            const body = new FormData(form, form.querySelector("[value=next]"));
            const reply = await fetch(form.action, {method: "POST", body});
            const text = await reply.text();
            const page = new DOMParser().parseFromString(text, "text/html");
            document.querySelector("main").replaceWith(page.querySelector("main"));
        }"""
    )
    expect(site.page.locator("[autofocus]")).to_be_focused()
    expect(site.page.get_by_label("Name of the firm")).to_be_hidden()
    site.type("#name", "Ann")
    site.says("Saved")


def to_story(site: Site) -> None:
    site.begin()
    site.type("#name", "Ann")
    site.page.get_by_label("I do").check()
    site.page.get_by_role("button", name="Continue").click()
    expect(site.page.get_by_label("Your story")).to_be_visible()


def test_lines_are_saved_as_they_are_submitted(site: Site) -> None:
    to_story(site)
    site.page.get_by_label("Your story").fill("one\ntwo")
    site.says("Saved")
    site.page.get_by_role("button", name="Save and come back later").click()
    expect(site.page.get_by_role("heading", level=1)).to_contain_text("saved")
    told = [each["story"] for each in site.sent if "story" in each]
    assert told == [["one\r\ntwo"]] * 2


def test_text_is_saved_when_the_page_takes_the_form_away(site: Site) -> None:
    """As Turbo does it when a link is followed."""
    site.begin()
    site.page.evaluate(
        """() => {
            const name = document.querySelector("#name");
            name.value = "Ann";
            name.dispatchEvent(new Event("input", {bubbles: true}));
            document.querySelector("main").remove();
        }"""
    )
    assert site.arrived.wait(PATIENCE)
    assert [sent["name"] for sent in site.autosaves] == [["Ann"]]


def test_text_that_was_not_saved_is_saved_after_a_look_at_another_tab(
    site: Site,
) -> None:
    site.begin()
    site.page.context.set_offline(True)
    site.type("#name", "Ann")
    site.says("Not saved. Continue, or check your connection.")
    site.page.evaluate(
        """() => {
            Object.defineProperty(document, "hidden", {value: true});
            document.dispatchEvent(new Event("visibilitychange"));
        }"""
    )
    site.page.context.set_offline(False)
    site.says("Saved")


def test_button_works_again_after_a_script_has_stopped_it(site: Site) -> None:
    site.page.clock.install()
    site.begin()
    site.page.evaluate(
        """() => document.querySelector("#wizard-form").addEventListener(
            "submit", (event) => event.preventDefault(), {once: true})"""
    )
    site.page.get_by_role("button", name="Continue").click()
    site.page.clock.run_for(2000)
    assert site.page.locator("[aria-busy]").count() == 0
    site.page.get_by_role("button", name="Continue").click()
    expect(site.page.get_by_text("There is a problem")).to_be_visible()


def test_fields_count_in_a_panel_that_is_hidden(site: Site) -> None:
    site.begin()
    site.page.get_by_label("A firm").check()
    site.page.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.hidden = true;
            const change = new Event("change", {bubbles: true});
            document.querySelector("#name").dispatchEvent(change);
            main.hidden = false;
        }"""
    )
    expect(site.page.get_by_label("Name of the firm")).to_be_visible()


def test_copy_of_a_page_works_as_the_page_does(site: Site) -> None:
    """Turbo shows one after Back."""
    site.begin()
    site.page.evaluate(
        """() => {
            const main = document.querySelector("main");
            main.querySelector(".wizard-actions button").setAttribute("aria-busy", "");
            main.replaceWith(main.cloneNode(true));
        }"""
    )
    expect(site.page.locator("[aria-busy]")).to_have_count(0)
    site.page.get_by_role("button", name="Show password").click()
    expect(site.page.locator("#pin")).to_have_attribute("type", "text")


def test_focused_field_of_a_new_page_is_reached_by_tab(site: Site) -> None:
    site.begin()
    site.page.evaluate(
        """() => {
            const main = document.querySelector("main");
            const next = main.cloneNode(true);
            next.querySelector("h1").remove();
            next.querySelector("#name").setAttribute("autofocus", "");
            main.replaceWith(next);
        }"""
    )
    name = site.page.get_by_label("Name", exact=True)
    expect(name).to_be_focused()
    assert name.evaluate("input => input.tabIndex") == 0


def test_files_of_the_pages_are_kept_for_a_year(site: Site) -> None:
    replies: dict[str, dict[str, str]] = {}
    site.page.on("response", lambda reply: replies.update({reply.url: reply.headers}))
    site.begin()
    files = {url: headers for url, headers in replies.items() if "/static/" in url}
    assert len(files) == 2
    assert all("max-age=31536000" in h["cache-control"] for h in files.values())
