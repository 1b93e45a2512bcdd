"""Files in a browser, chosen and taken away by somebody who uses the keyboard only."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from playwright.sync_api import Page, expect
from uploads import PNG

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

ME = {"name": "me.png", "mimeType": "image/png", "buffer": PNG}


def test_photo_is_chosen_kept_and_removed_by_keyboard(
    page: Page, shop: Shop, axe: Callable[[Page], list[str]]
) -> None:
    page.goto(f"{shop.url}/club/")
    page.locator("#name").focus()
    page.keyboard.type("Juna Fenn")
    page.set_input_files("#photo", ME)  # type: ignore[arg-type]
    page.locator("#name").press("Enter")
    expect(page.get_by_text("There is a problem")).to_be_visible()
    photo = page.get_by_role("link", name="me.png")
    expect(photo).to_be_visible()
    assert axe(page) == []
    # Enter presses Continue, and not the button that stands before it.
    page.locator("#email").fill("juna@example.com")
    page.locator("#email").press("Enter")
    expect(page.get_by_role("heading", name="There is a problem")).to_be_visible()
    expect(photo).to_be_visible()
    with page.expect_download() as download:
        photo.press("Enter")
    assert download.value.suggested_filename == "me.png"
    assert download.value.path().read_bytes() == PNG
    photo.press("Tab")
    button = page.get_by_role("button", name="Remove me.png")
    expect(button).to_be_focused()
    page.keyboard.press("Enter")
    expect(photo).to_have_count(0)
    assert page.locator("#email").input_value() == "juna@example.com"


def test_long_name_of_a_file_fits_a_small_phone(narrow_page: Page, shop: Shop) -> None:
    page = narrow_page
    page.goto(f"{shop.url}/club/")
    page.set_input_files("#photo", {**ME, "name": "x" * 200 + ".png"})  # type: ignore[arg-type]
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("button", name="Remove")).to_be_visible()
    width = page.evaluate("document.documentElement.scrollWidth")
    assert width <= 320
