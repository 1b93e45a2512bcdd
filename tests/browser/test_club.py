"""The readers' club in a real Chromium: pages without a form, a family, Enter."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect
from uploads import PNG

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

CHILD = {
    "#name": "Juna Fenn",
    "#email": "juna@example.com",
    "#born-day": "1",
    "#born-month": f"{date.today().month}",
    "#born-year": f"{date.today().year - 12}",
}

ADULT = {**CHILD, "#born-year": "1980"}
ME = {"name": "me.png", "mimeType": "image/png", "buffer": PNG}


def tab_to(page: Page, control: str) -> None:
    """Press Tab until a control has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(f"{control}:focus").count():
            return
    raise AssertionError(f"Tab never reaches {control} on {page.url}")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def press(page: Page, control: str) -> None:
    """Go to a button or a link by Tab, and press it by Enter."""
    tab_to(page, control)
    with page.expect_navigation():
        page.keyboard.press("Enter")


def go_to_family(page: Page, shop: Shop) -> None:
    """Fill in the pages of an adult that come before the family's."""
    page.goto(f"{shop.url}/club/")
    for control, text in ADULT.items():
        page.fill(control, text)
    page.locator("#name").press("Enter")
    heading(page, "Your taste in books")
    page.check("#genres-0")
    page.locator("#authors-0").press("Enter")
    heading(page, "Your family")


def pressed_by_enter(page: Page) -> set[str]:
    """Press Enter wherever it sends the form, and return the buttons that it presses.

    That is done in a tab of its own, and nothing is sent.
    """
    tab = page.context.new_page()
    tab.goto(page.url)
    tab.evaluate(
        """window.pressed = [];
        addEventListener("submit", event => {
            event.preventDefault();
            pressed.push(event.submitter.value);
        });"""
    )
    tab.keyboard.press("Enter")
    for control in tab.locator("main input:visible:not([type=file])").all():
        control.press("Enter")
    pressed = set(tab.evaluate("pressed"))
    tab.close()
    return pressed


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

    def look() -> None:
        found.extend(axe(narrow_page))
        pressed = pressed_by_enter(narrow_page) - {"next", "confirm"}
        found.extend(f"{narrow_page.url}: Enter presses {name}" for name in pressed)
        if narrow_page.evaluate(wide):
            found.append(f"{narrow_page.url} scrolls sideways")

    return look


def test_child_meets_an_end_and_comes_back_by_keyboard(
    shop: Shop, narrow_page: Page, look: Callable[[], None], found: list[str]
) -> None:
    page = narrow_page
    page.goto(f"{shop.url}/club/")
    for control, text in CHILD.items():
        page.fill(control, text)
    page.locator("#name").press("Enter")
    heading(page, "Readers under 18 join with a grown-up")
    look()
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    heading(page, "Your parent or guardian")
    expect(page.locator("#name-hint")).to_have_text(
        "Only if your answer to “Does a parent or guardian agree that you join?” is "
        "“Yes”."
    )
    look()
    tab_to(page, "[name=agrees]")
    page.keyboard.press("ArrowDown")
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    heading(page, "You cannot join on your own yet")
    assert page.locator("main button").all_inner_texts() == [
        "Back",
        "Save and come back later",
        "Discard my answers",
    ]
    look()
    tab_to(page, "button[value=back]")
    page.keyboard.press("Enter")
    heading(page, "Your parent or guardian")
    tab_to(page, "[name=agrees]")
    page.keyboard.press("ArrowUp")
    tab_to(page, "#name")
    page.keyboard.type("Ilse Fenn")
    tab_to(page, "#email")
    page.keyboard.type("ilse@example.com")
    page.keyboard.press("Enter")
    heading(page, "Your taste in books")
    assert found == []


def test_family_joins_by_keyboard(
    shop: Shop, narrow_page: Page, look: Callable[[], None], found: list[str]
) -> None:
    page = narrow_page
    go_to_family(page, shop)
    look()
    press(page, "button[value=add]")
    heading(page, "Who joins with you")
    tab_to(page, "#name")
    page.keyboard.type("Ada Fenn")
    for box, text in {"day": "5", "month": "1", "year": "2016"}.items():
        tab_to(page, f"#born-{box}")
        page.keyboard.type(text)
    look()
    press(page, "button[value=next]")
    heading(page, "Their membership card")
    page.set_input_files("#photo", {**ME, "buffer": b"no photo"})  # type: ignore[arg-type]
    press(page, "button[value=next]")
    problem = "“me.png” was not kept. This is neither a PNG nor a JPEG"
    expect(page.get_by_role("link", name=problem)).to_be_visible()
    look()
    tab_to(page, "#genres-0")
    page.keyboard.press("Space")
    page.set_input_files("#photo", ME)  # type: ignore[arg-type]
    press(page, "button[value=next]")
    heading(page, "Your family")
    expect(page.get_by_role("link", name="Remove 1: Ada Fenn")).to_be_visible()
    look()
    press(page, "a[href$=remove]")
    heading(page, "Remove Ada Fenn?")
    look()
    press(page, "main button")
    expect(page.get_by_role("link", name="Change 1: Ada Fenn")).to_be_visible()
    press(page, "main a")
    heading(page, "Who joins with you")
    press(page, "button[value=next]")
    expect(page.get_by_role("link", name="me.png")).to_be_visible()
    look()
    press(page, "button[value=next]")
    press(page, "button[value=next]")
    heading(page, "Your account")
    for control in ("#username", "#password", "#confirm"):
        tab_to(page, control)
        page.keyboard.type("juna-in-may")
    page.keyboard.press("Enter")
    heading(page, "Check your answers")
    expect(page.get_by_text("Ada Fenn").first).to_be_visible()
    look()
    assert found == []
