"""Two people, each with a browser of their own, who fill in one draft."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask
from playwright.sync_api import Page, expect
from wtforms import BooleanField, Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import FlaskWizard, Receipt, Review, Step, Submission, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class Child(Form):
    name = StringField("Name", [InputRequired()])


class Guardian(Form):
    guardian = StringField("Name of the guardian", [InputRequired()])
    agrees = BooleanField("I agree", [InputRequired()])


class Books(Form):
    books = StringField("Books")


class Trip(Wizard):
    title = "School trip"

    child = Step(Child)
    guardian = Step(Guardian)
    books = Step(Books)
    check = Review()

    def commit(self, submission: Submission) -> Receipt:
        return Receipt(message=f"{submission.answers.guardian.guardian} agrees.")


def test_guardian_fills_in_their_part(
    page: Page,
    narrow_page: Page,
    axe: Callable[[Page], list[str]],
    live_server: Callable[[WSGIApplication], str],
    tmp_path: Path,
) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k" * 32
    wizards = FlaskWizard(app)
    app.register_blueprint(Trip.as_blueprint("trip"), url_prefix="/trip")

    @app.post("/ask/<id>")
    def ask(id: str) -> str:
        return wizards.share_url(id, steps=["guardian"], sees=["child"], max_age=3600)

    url, found = live_server(app), []
    page.goto(f"{url}/trip/")
    page.get_by_label("Name").fill("Juna")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Guardian")
    draft = page.url.rpartition("/")[0]
    link = page.request.post(f"{url}/ask/{draft.rpartition('/')[2]}").text()
    page.goto(f"{draft}/check")
    page.goto(f"{draft}/books")
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("Somebody else was asked to fill in")).to_be_visible()
    found += axe(page)
    narrow_page.goto(link)
    expect(narrow_page.get_by_role("heading", level=1)).to_contain_text("a part")
    found += axe(narrow_page)
    narrow_page.get_by_role("button", name="Begin").click()
    expect(narrow_page.get_by_text("To be filled in")).to_be_visible()
    expect(narrow_page.get_by_text("Juna")).to_be_visible()
    found += axe(narrow_page)
    narrow_page.get_by_role("link", name="Fill in").click()
    narrow_page.get_by_label("Name of the guardian").fill("Bea")
    with narrow_page.expect_response(lambda answer: answer.status == 204):
        narrow_page.get_by_label("Name of the guardian").blur()
    found += axe(narrow_page)
    narrow_page.get_by_label("I agree").check()
    narrow_page.get_by_role("button", name="Continue").click()
    expect(narrow_page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    found += axe(narrow_page)
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not narrow_page.evaluate(wide)
    page.get_by_role("link", name="Look again").click()
    expect(page.get_by_text("Bea")).to_be_visible()
    page.get_by_role("button", name="Confirm and send").click()
    expect(page.get_by_text("Bea agrees.")).to_be_visible()
    narrow_page.reload()
    expect(narrow_page.get_by_text("was sent with the other answers")).to_be_visible()
    assert found == []
