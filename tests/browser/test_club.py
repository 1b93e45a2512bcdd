"""The readers' club in a real Chromium: a page without a form, an end, a condition."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

CHILD = {
    "#name": "Juna Fenn",
    "#email": "juna@example.com",
    "#born": date.today().replace(year=date.today().year - 12, day=1).isoformat(),
}


def tab_to(page: Page, control: str) -> None:
    """Press Tab until a control has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(f"{control}:focus").count():
            return
    raise AssertionError(f"Tab never reaches {control} on {page.url}")


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def test_child_meets_an_end_and_comes_back_by_keyboard(
    shop: Shop, narrow_page: Page, axe: Callable[[Page], list[str]]
) -> None:
    page = narrow_page
    found: list[str] = []

    def look() -> None:
        found.extend(axe(page))
        wide = "document.documentElement.scrollWidth > innerWidth"
        found.extend([f"{page.url} scrolls sideways"] * page.evaluate(wide))

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
