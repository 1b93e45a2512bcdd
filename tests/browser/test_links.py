"""One person with two browsers, who takes a draft from one to the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Shop


def test_draft_of_the_shop_goes_on_at_another_device(
    shop: Shop, page: Page, narrow_page: Page, axe: Callable[[Page], list[str]]
) -> None:
    page.goto(f"{shop.url}/club/")
    page.fill("#name", "Juna Fenn")
    page.click("button[value=save]")
    page.get_by_role("button", name="Continue on another device").click()
    link = page.locator(".device-link").inner_text()
    found = axe(page)
    narrow_page.goto(link)
    heading = narrow_page.get_by_role("heading", level=1)
    expect(heading).to_have_text("Continue here")
    expect(narrow_page.get_by_text("Whoever has this draft open too")).to_be_visible()
    found += axe(narrow_page)
    wide = "document.documentElement.scrollWidth > innerWidth"
    assert not narrow_page.evaluate(wide)
    narrow_page.get_by_role("button", name="Continue here").click()
    expect(narrow_page.locator("#name")).to_have_value("Juna Fenn")
    narrow_page.fill("#name", "Juna Fenn-Reed")
    narrow_page.click("button[value=save]")
    page.goto(f"{shop.url}/club/")
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("#name")).to_have_value("Juna Fenn-Reed")
    assert found == []
