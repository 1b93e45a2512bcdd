"""The bookshop's page of plain fetch in a real Chromium, to the receipt."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from uploads import PNG

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

ME = {"name": "me.png", "mimeType": "image/png", "buffer": PNG}


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


@pytest.fixture
def found() -> list[str]:
    """What is wrong with the pages that a test has looked at."""
    return []


@pytest.fixture
def look(
    narrow_page: Page, axe: Callable[[Page], list[str]], found: list[str]
) -> Callable[[], None]:
    """Return a function that looks at the page as it is."""
    wide = "document.documentElement.scrollWidth > innerWidth"
    narrow_page.on("console", lambda message: found.append(message.text))
    narrow_page.on("pageerror", lambda error: found.append(str(error)))

    def look() -> None:
        found.extend(axe(narrow_page))
        if narrow_page.evaluate(wide):
            found.append(f"{narrow_page.url} scrolls sideways")

    return look


def test_front_end_walks_to_the_receipt(
    shop: Shop, narrow_page: Page, look: Callable[[], None], found: list[str]
) -> None:
    page = narrow_page
    page.goto(shop.url)
    page.get_by_role("link", name="join on a page that a script draws").click()
    heading(page, "About you")
    look()
    page.get_by_label("Full name").fill("Juna <b>Fenn</b>")
    page.get_by_label("Date of birth").fill("1980-05-01")
    page.get_by_label("Photo").set_input_files(ME)  # type: ignore[arg-type]
    page.keyboard.press("Tab")
    page.get_by_label("Full name").press("Enter")
    wrong = page.locator(".wizard-banner-wrong")
    expect(wrong).to_be_focused()
    assert page.title().startswith("Error: About you")
    look()
    wrong.get_by_role("link").first.click()
    expect(page.get_by_label("Email")).to_be_focused()
    expect(page.get_by_role("link", name="me.png")).to_be_visible()
    page.keyboard.type("juna@example.com")
    page.keyboard.press("Enter")
    heading(page, "Your taste in books")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    page.get_by_role("button", name="Continue").click()
    expect(wrong).to_contain_text("Choose one kind of book, or more")
    page.get_by_role("checkbox").first.check()
    page.get_by_label("Author 2").fill("Ilse Aichinger")
    page.go_back()
    heading(page, "About you")
    expect(page.get_by_label("Full name")).to_have_value("Juna <b>Fenn</b>")
    page.get_by_role("button", name="Continue").click()
    heading(page, "Your taste in books")
    page.get_by_role("checkbox").first.check()
    page.get_by_role("button", name="Continue").click()
    heading(page, "Your family")
    page.get_by_role("button", name="Add").click()
    heading(page, "Who joins with you")
    page.get_by_label("Full name").fill("Ada Fenn")
    page.get_by_role("button", name="Save").click()
    heading(page, "Your answers are saved")
    page.get_by_role("link", name="Continue now").click()
    heading(page, "Your family")
    page.get_by_role("link", name="Remove 1").click()
    page.get_by_role("button", name="Yes").click()
    heading(page, "Your family")
    page.get_by_role("button", name="Continue").click()
    heading(page, "Your account")
    page.reload()
    heading(page, "Your account")
    for label in ("Username", "Password", "Password again"):
        page.get_by_label(label, exact=True).fill("juna-in-may")
    page.get_by_role("button", name="Continue").click()
    heading(page, "Check your answers")
    expect(page.get_by_text("Juna <b>Fenn</b>")).to_be_visible()
    look()
    page.get_by_role("link", name="Change Username").click()
    expect(page.get_by_label("Username")).to_be_focused()
    expect(page.get_by_label("Password", exact=True)).to_have_value("")
    page.keyboard.press("Enter")
    heading(page, "Check your answers")
    page.get_by_role("button", name="Confirm").dblclick()
    heading(page, "Your answers have been sent")
    expect(page.get_by_text("Welcome, Juna <b>Fenn</b>.")).to_be_visible()
    look()
    page.get_by_role("link", name="Continue").click()
    page.wait_for_url(f"{shop.url}/")
    assert found == []


def test_front_end_shows_what_counts(shop: Shop, page: Page) -> None:
    page.goto(f"{shop.url}/club-by-fetch")
    page.get_by_label("Full name").fill("Juna Fenn")
    page.get_by_label("Email").fill("juna@example.com")
    page.get_by_label("Date of birth").fill("2020-05-01")
    page.get_by_role("button", name="Continue").click()
    heading(page, "Readers under 18 join with a grown-up")
    page.get_by_role("button", name="Continue").click()
    heading(page, "Your parent or guardian")
    name = page.get_by_label("Full name of your parent")
    expect(name).to_be_hidden()
    page.get_by_label("Yes").check()
    expect(name).to_be_visible()
    page.context.clear_cookies()
    name.fill("Ilse Fenn")
    name.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("Send it once more")
    expect(name).to_have_value("Ilse Fenn")
    page.context.set_offline(True)
    page.get_by_role("button", name="Send it again").click()
    expect(page.get_by_role("alert").first).to_contain_text("cannot be reached")
    expect(name).to_have_value("Ilse Fenn")
