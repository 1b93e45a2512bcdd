"""The pages of rarer moments in a real Chromium: readable, and nothing is lost."""

from __future__ import annotations

import math
import sqlite3
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from threading import Event
from typing import TYPE_CHECKING, Any, Literal

import pytest
from flask import Flask
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from wtforms import Form, TextAreaField
from wtforms.validators import InputRequired

from flask_wizard import FlaskWizard, Receipt, Review, Step, Submission, Wizard
from flask_wizard.errors import StoreError
from flask_wizard.stores.sqlite import SQLiteStore

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

TEXT = "what I typed"
PATIENCE = 60.0  # seconds, for a machine that is busy


class Story(Form):
    story = TextAreaField("Your story", [InputRequired("Tell your story")])


class Tell(Wizard):
    title = "Tell a story"
    max_drafts = 1
    has_begun, may_end = Event(), Event()

    story = Step(Story)
    check = Review()

    def commit(self, submission: Submission) -> Receipt:
        self.has_begun.set()
        self.may_end.wait(PATIENCE)
        return Receipt(reference="S-1", message="We read it tonight.")


class Fallible(SQLiteStore):
    """A store that can be told to be down."""

    is_down = False

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        if self.is_down:
            raise StoreError("The store is down.")
        return super().load(key)


class Site:
    """An application with one wizard, and a browser's page on it."""

    def __init__(self, page: Page, url: str, store: Fallible, file: Path) -> None:
        self.page, self.url, self.store, self.file = page, url, store, file
        Tell.may_end.set()

    def tell(self, text: str = TEXT) -> None:
        self.page.goto(f"{self.url}/tell/new/story")
        self.page.fill("textarea", text)
        self.press("Continue")

    def tell_well(self) -> None:
        """Come to the check page, and stay until it is there."""
        self.tell()
        self.page.wait_for_url("**/check")

    def press(self, name: str) -> None:
        self.page.get_by_role("button", name=name).click()


@pytest.fixture(params=["light", "dark"])
def site(
    request: pytest.FixtureRequest,
    new_context: CreateContextCallback,
    live_server: Callable[[WSGIApplication], str],
    tmp_path: Path,
) -> Any:
    scheme: Literal["light", "dark"] = request.param
    file = tmp_path / "drafts.sqlite3"
    store = Fallible(file)
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 32, WIZARD_MAX_DRAFT=2000)
    FlaskWizard(app, store=store)
    app.register_blueprint(Tell.as_blueprint("tell"), url_prefix="/tell")
    page = new_context(
        color_scheme=scheme, viewport={"width": 320, "height": 640}
    ).new_page()
    yield Site(page, live_server(app), store, file)
    Tell.may_end.set()
    store.close()


def forget(site: Site, *, until: float) -> None:
    """Have the store lose what it would keep until then at the longest."""
    with closing(sqlite3.connect(site.file)) as database:
        database.execute("DELETE FROM wizard_drafts WHERE expires < ?", (until,))
        database.commit()


def expired(site: Site) -> str:
    site.tell_well()
    draft = site.page.url.rsplit("/", 1)[0]
    # The list of the holder's drafts is kept for longer than the drafts.
    forget(site, until=time.time() + 8 * 24 * 60 * 60)
    site.page.goto(f"{draft}/story")
    return "Your answers have expired"


def moved(site: Site) -> str:
    site.tell_well()
    site.page.goto(site.page.url.replace("/check", "/story"))
    forget(site, until=math.inf)
    site.press("Save")
    expect(site.page.locator("main")).to_contain_text("in a new copy")
    return "Your answers are saved"


def bad_token(site: Site) -> str:
    site.page.goto(f"{site.url}/tell/new/story")
    site.page.fill("textarea", TEXT)
    site.page.locator("[name=csrf_token]").evaluate("input => input.value = 'old'")
    site.press("Continue")
    expect(site.page.locator("textarea")).to_have_value(TEXT)
    return "Your story"


def too_large(site: Site) -> str:
    site.tell("x" * 3000)
    expect(site.page.locator("textarea")).to_have_value("x" * 3000)
    return "Your story"


def too_many(site: Site) -> str:
    site.tell_well()
    site.tell("another")
    expect(site.page.locator("textarea")).to_have_value("another")
    return "Your story"


def store_down(site: Site) -> str:
    site.page.goto(f"{site.url}/tell/new/story")
    site.page.fill("textarea", TEXT)
    site.store.is_down = True
    site.press("Continue")
    expect(site.page.locator("textarea")).to_have_value(TEXT)
    return "Your story"


def store_down_at_a_look(site: Site) -> str:
    site.tell_well()
    site.store.is_down = True
    site.page.goto(site.page.url)
    return "Your answers cannot be reached"


def being_sent(site: Site) -> str:
    site.tell_well()
    Tell.has_begun.clear()
    Tell.may_end.clear()
    site.page.get_by_role("button", name="Confirm").click(no_wait_after=True)
    assert Tell.has_begun.wait(PATIENCE)
    watching = site.page.context.new_page()
    watching.goto(site.page.url.replace("/check", "/receipt"))
    site.page = watching
    return "Your answers are being sent"


def committed(site: Site) -> str:
    site.tell_well()
    site.press("Confirm and send")
    expect(site.page.locator("main")).to_contain_text("S-1")
    return "Your answers have been sent"


@pytest.mark.parametrize(
    "come_to",
    [
        *(expired, moved, bad_token, too_large, too_many, store_down),
        *(store_down_at_a_look, being_sent, committed),
    ],
)
def test_page_of_a_rare_moment_is_readable(
    site: Site,
    axe: Callable[[Page], list[str]],
    come_to: Callable[[Site], str],
) -> None:
    heading = come_to(site)
    expect(site.page.get_by_role("heading", level=1)).to_contain_text(heading)
    assert axe(site.page) == []
    assert site.page.evaluate("document.documentElement.scrollWidth") <= 320


def test_what_was_typed_is_sent_again_when_the_store_is_back(site: Site) -> None:
    store_down(site)
    site.store.is_down = False
    site.press("Send it again")
    expect(site.page.locator("dl")).to_contain_text(TEXT)
