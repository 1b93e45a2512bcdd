"""The shop's checkout and club in a real Chromium, as visitors with habits use them."""

from __future__ import annotations

import re
import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from selenium.common.exceptions import WebDriverException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

ADDRESS = {
    "#address-street": "1 Main Street",
    "#address-postcode": "10115",
    "#address-city": "Berlin",
}
PATIENCE = 60.0  # seconds, for a machine that is busy
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
DELIVERY = {"#name": "Ann Reader", "#email": "ann@example.com", **ADDRESS}


def orders(shop: Shop) -> list[str]:
    """The names on all orders in the database."""
    from example_app.models import Order, db

    with shop.app.app_context():
        return list(db.session.scalars(db.select(Order.name)))


def put_in_cart(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/books/the-salt-almanac")
    page.get_by_role("button", name="Put in cart").click()
    page.wait_for_url("**/cart")


def begin(page: Page, shop: Shop) -> None:
    put_in_cart(page, shop)
    page.goto(f"{shop.url}/checkout/")


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue").click()


def go_wrong(page: Page) -> str:
    """Continue, and return where the errors are shown."""
    go_on(page)
    expect(page.get_by_text("There is a problem")).to_be_visible()
    return page.url


def deliver(page: Page) -> None:
    for control, text in DELIVERY.items():
        page.fill(control, text)
    page.select_option("#address-country", label="Germany")
    go_on(page)


def go_to_review(page: Page, shop: Shop) -> None:
    begin(page, shop)
    deliver(page)
    page.get_by_label("No", exact=True).check()
    go_on(page)
    page.get_by_label("By invoice").check()
    page.get_by_label("I do").check()
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your order")


def tab_to(page: Page, control: str) -> None:
    """Press Tab until a control has the focus, as somebody without a mouse does."""
    expect(page.locator(control).first).to_be_attached()
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.locator(f"{control}:focus").count():
            return
    raise AssertionError(f"Tab never reaches {control} on {page.url}")


def type_in(page: Page, control: str, text: str) -> None:
    tab_to(page, control)
    page.keyboard.type(text)


@pytest.mark.parametrize("javascript", [False, True])
def test_order_is_placed_by_keyboard(
    shop: Shop, new_context: CreateContextCallback, javascript: bool
) -> None:
    page = new_context(java_script_enabled=javascript).new_page()
    begin(page, shop)
    for control, text in DELIVERY.items():
        type_in(page, control, text)
    type_in(page, "#address-country", "Germany")
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    tab_to(page, "[name=gift]")
    page.keyboard.press("Space")
    tab_to(page, "button[value=next]")
    page.keyboard.press("Space")
    type_in(page, "#gift_message", "Happy birthday")
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    tab_to(page, "[name=method]")
    page.keyboard.press("Space")
    tab_to(page, "[name=payer]")
    page.keyboard.press("Space")
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    expect(page.locator("dl").first).to_contain_text("Ann Reader")
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert orders(shop) == ["Ann Reader"]


def test_placed_order_is_changed_by_keyboard(
    shop: Shop, narrow_page: Page, axe: Callable[[Page], list[str]]
) -> None:
    page = narrow_page
    go_to_review(page, shop)
    page.get_by_role("button", name="Confirm and send").click()
    tab_to(page, "a[href$='/change/']")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your order")
    assert axe(page) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= 320
    tab_to(page, "a[href$='#name']")
    page.keyboard.press("Enter")
    expect(page.get_by_text("You are changing")).to_be_visible()
    assert axe(page) == []
    page.locator("#name").focus()
    page.keyboard.press("ControlOrMeta+a")
    page.keyboard.type("Bo Reader")
    page.keyboard.press("Enter")
    expect(page.locator("#row-delivery")).to_be_focused()
    assert axe(page) == []
    tab_to(page, "button[value=next]")
    page.keyboard.press("Enter")
    expect(page.get_by_text("Your order was changed.")).to_be_visible()
    assert orders(shop) == ["Bo Reader"]


@pytest.mark.ux(14)
def test_enter_in_a_text_field_continues(shop: Shop, page: Page) -> None:
    go_to_review(page, shop)
    page.goto(f"{page.url.rsplit('/', 1)[0]}/delivery")
    page.locator("#name").press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it a gift?")


@pytest.mark.ux(46)
def test_double_click_places_one_order(shop: Shop, page: Page) -> None:
    go_to_review(page, shop)
    page.get_by_role("button", name="Confirm and send").dblclick()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Thank you")
    assert orders(shop) == ["Ann Reader"]


@pytest.mark.ux(11)
def test_back_button_works_without_javascript(shop: Shop, no_js_page: Page) -> None:
    begin(no_js_page, shop)
    deliver(no_js_page)
    no_js_page.get_by_role("button", name="Back", exact=True).click()
    expect(no_js_page.locator("#address-city")).to_have_value("Berlin")


def test_half_typed_step_is_there_after_save(shop: Shop, no_js_page: Page) -> None:
    begin(no_js_page, shop)
    no_js_page.fill("#email", "half an addr")
    no_js_page.get_by_role("button", name="Save and come back later").click()
    no_js_page.get_by_role("link", name="Continue now").click()
    expect(no_js_page.locator("#email")).to_have_value("half an addr")
    expect(no_js_page.get_by_role("alert")).to_have_count(0)


@pytest.mark.ux(35)
@pytest.mark.parametrize("javascript", [False, True])
def test_error_summary_takes_the_focus(
    shop: Shop, new_context: CreateContextCallback, javascript: bool
) -> None:
    page = new_context(java_script_enabled=javascript).new_page()
    begin(page, shop)
    go_on(page)
    expect(page.locator(":focus")).to_contain_text("There is a problem")
    assert page.title().startswith("Error: Step 1")


@pytest.mark.ux(36)
def test_link_of_the_error_summary_focuses_its_control(shop: Shop, page: Page) -> None:
    begin(page, shop)
    go_on(page)
    page.get_by_role("link", name="Enter the postcode").click()
    expect(page.locator("#address-postcode")).to_be_focused()
    expect(page.locator("label[for=address-postcode]")).to_be_in_viewport()


@pytest.mark.ux(29)
def test_changing_a_control_goes_nowhere(shop: Shop, page: Page) -> None:
    begin(page, shop)
    deliver(page)
    page.wait_for_url("**/gift")
    url = page.url
    page.get_by_label("Yes").check()
    page.get_by_label("No", exact=True).check()
    assert page.url == url
    expect(page.locator("[name=gift][value=no]")).to_be_focused()


@pytest.mark.ux(44)
def test_change_link_returns_to_the_review(shop: Shop, page: Page) -> None:
    go_to_review(page, shop)
    page.get_by_role("link", name="Change Full name").click()
    page.fill("#name", "Bo Reader")
    go_on(page)
    page.wait_for_url("**/check#row-delivery")
    expect(page.locator("#row-delivery")).to_contain_text("Bo Reader")
    # The focus is on a group with a name, and what was changed says so.
    focused = page.get_by_role("group", name="Where may we send it?")
    expect(focused).to_be_focused()
    expect(focused.locator(".wizard-row", has_text="Full name")).to_contain_text(
        "Changed"
    )
    page.get_by_role("link", name="Change Full name").click()
    expect(page.get_by_text("You are changing")).to_be_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    page.wait_for_url("**/check#row-delivery")


def test_change_is_marked_in_three_to_one(shop: Shop, dark_page: Page) -> None:
    """Its edge, against the page; WCAG asks for that of what is not text."""
    page = dark_page
    go_to_review(page, shop)
    page.get_by_role("link", name="Change Full name").click()
    page.fill("#name", "Bo Reader")
    go_on(page)
    edge, surface = page.locator(".wizard-row-changed").first.evaluate(
        """row => [getComputedStyle(row).borderInlineStartColor,
            getComputedStyle(row.closest('.wizard')).backgroundColor]"""
    )
    lighter, darker = sorted((luminance(edge), luminance(surface)), reverse=True)
    assert (lighter + 0.05) / (darker + 0.05) >= 3


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour, such as rgb(11, 93, 90) (WCAG 2)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [
        p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_step_opened_by_a_change_comes_before_the_review(
    shop: Shop, page: Page
) -> None:
    go_to_review(page, shop)
    page.get_by_role("link", name="Change Is it a gift?").click()
    page.get_by_label("Yes").check()
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Message on the card")
    page.fill("#gift_message", "Happy birthday")
    go_on(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Check your order")


@pytest.mark.ux(33)
def test_focus_is_visible_on_every_stop(shop: Shop, page: Page) -> None:
    begin(page, shop)
    reached = "a[href], button:not([tabindex='-1']), input:not([type=hidden]), select"
    stops = page.locator(reached).count()
    for _ in range(stops):
        page.keyboard.press("Tab")
        seen = page.locator(":focus").evaluate(
            """focused => {
                const box = focused.getBoundingClientRect();
                const style = getComputedStyle(focused);
                return [
                    style.outlineStyle !== "none" || style.boxShadow !== "none",
                    box.top >= 0 && box.bottom <= innerHeight + 1,
                ];
            }"""
        )
        assert seen == [True, True], page.evaluate("document.activeElement.outerHTML")


def every_page(page: Page, shop: Shop) -> list[str]:
    """Walk past each kind of page and return what ``check`` is to look at."""
    go_to_review(page, shop)
    draft = page.url.rsplit("/", 1)[0]
    return [
        f"{shop.url}/checkout/",
        f"{shop.url}/checkout/new/delivery",
        *(f"{draft}/{name}" for name in ("delivery", "gift", "payment", "check")),
        *(f"{draft}/{name}" for name in ("saved", "discard")),
        f"{shop.url}/checkout/AAAAAAAAAAAAAAAAAAAAAA/delivery",
        f"{shop.url}/club/new/you",
    ]


def break_every_page(page: Page, shop: Shop) -> list[str]:
    """Leave an error on each step of a checkout and a club, and return their URLs."""
    begin(page, shop)
    wrong = [go_wrong(page)]
    deliver(page)
    expect(page.get_by_role("heading", level=1)).to_have_text("Is it a gift?")
    wrong.append(go_wrong(page))
    page.goto(f"{shop.url}/club/new/you")
    page.fill("#born-day", "31")
    return [*wrong, go_wrong(page)]


@pytest.mark.ux(30, 31)
@pytest.mark.parametrize("walk", [every_page, break_every_page])
def test_axe_finds_nothing(
    shop: Shop,
    page: Page,
    axe: Callable[[Page], list[str]],
    walk: Callable[[Page, Shop], list[str]],
) -> None:
    found: dict[str, list[str]] = {}
    for url in walk(page, shop):
        page.goto(url)
        for scheme in SCHEMES:
            # Or colours would still be on their way from one scheme to the other.
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found[f"{page.title()}, {scheme}"] = axe(page)
    assert {title: rules for title, rules in found.items() if rules} == {}
    assert len(found) >= 3 * len(SCHEMES)


@pytest.mark.ux(32)
@pytest.mark.parametrize("walk", [every_page, break_every_page])
def test_nothing_scrolls_sideways_at_320_pixels(
    shop: Shop, narrow_page: Page, walk: Callable[[Page, Shop], list[str]]
) -> None:
    for url in walk(narrow_page, shop):
        narrow_page.goto(url)
        width = narrow_page.evaluate("document.documentElement.scrollWidth")
        assert width <= 320, url


def test_end_pages_pass_axe(
    shop: Shop, page: Page, axe: Callable[[Page], list[str]]
) -> None:
    begin(page, shop)
    deliver(page)
    page.get_by_role("button", name="Discard my answers").click()
    page.get_by_role("button", name="Yes, discard my answers").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(
        "Your answers were discarded"
    )
    assert axe(page) == []


# Real Back and reload, with the browser's cache for Back


def by_name(driver: Chrome, name: str, text: str) -> None:
    field = driver.find_element(By.NAME, name)
    field.clear()
    field.send_keys(text)


def leave(driver: Chrome, act: Callable[[], None]) -> None:
    """Do what leads to another page, and wait until that is there whole."""
    here = secrets.token_hex()  # not just a flag: Back may bring a page as it was left
    driver.execute_script("window.here = arguments[0]", here)
    act()
    arrived = (
        "return window.here !== arguments[0] && document.readyState === 'complete'"
    )
    patient = WebDriverWait(driver, PATIENCE, ignored_exceptions=[WebDriverException])
    patient.until(lambda d: d.execute_script(arrived, here))


def press(driver: Chrome, action: str) -> None:
    seen = f"button[value={action}]:not([tabindex])"  # not the form's first, for Enter
    leave(driver, driver.find_element(By.CSS_SELECTOR, seen).click)


def deliver_with(driver: Chrome, shop: Shop) -> None:
    driver.get(f"{shop.url}/books/the-salt-almanac")
    leave(driver, driver.find_element(By.CSS_SELECTOR, "main form button").click)
    driver.get(f"{shop.url}/checkout/")
    for control, text in DELIVERY.items():
        by_name(driver, control.removeprefix("#"), text)
    country = driver.find_element(By.NAME, "address-country")
    country.send_keys("Germany")
    press(driver, "next")


def order_with(driver: Chrome, shop: Shop) -> None:
    deliver_with(driver, shop)
    driver.find_element(By.CSS_SELECTOR, "[name=gift][value=no]").click()
    press(driver, "next")
    for name in ("method", "payer"):
        driver.find_element(By.NAME, name).click()
    press(driver, "next")


def heading(driver: Chrome) -> str:
    return driver.find_element(By.TAG_NAME, "h1").text


@pytest.mark.ux(13)
def test_reload_posts_nothing_again(shop: Shop, driver: Chrome) -> None:
    posts = []
    shop.app.before_request_funcs.setdefault("checkout", []).append(
        lambda: posts.append(1) if _is_post() else None
    )
    deliver_with(driver, shop)
    driver.refresh()
    assert heading(driver) == "Is it a gift?"
    assert len(posts) == 1


def _is_post() -> bool:
    from flask import request

    # The script may save once more what stands in the page that is left.
    is_autosave = request.form.get("_action") == "autosave"
    return request.method == "POST" and not is_autosave


def test_back_after_the_first_page_meets_the_same_draft(
    shop: Shop, driver: Chrome
) -> None:
    deliver_with(driver, shop)
    first = driver.current_url
    leave(driver, driver.back)
    press(driver, "next")
    assert driver.current_url == first


@pytest.mark.ux(18)
def test_back_after_the_order_places_no_second_one(shop: Shop, driver: Chrome) -> None:
    order_with(driver, shop)
    press(driver, "next")
    receipt = driver.current_url
    assert heading(driver).startswith("Thank you")
    leave(driver, driver.back)
    if driver.find_elements(By.CSS_SELECTOR, "button[value=next]"):
        press(driver, "next")
    assert driver.current_url == receipt
    assert orders(shop) == ["Ann Reader"]


def seen(driver: Chrome) -> str:
    """Return what the screen shows, with what fields have that a browser filled in."""
    found: str = driver.execute_script(
        "return [document.body.innerText, ...Array.from("
        "document.querySelectorAll('input, textarea'), field => field.value)].join()"
    )
    return found


@pytest.mark.ux(48)
@pytest.mark.parametrize("end", ["discard", "next"])
def test_back_after_the_end_shows_no_answer(
    shop: Shop, driver: Chrome, end: str
) -> None:
    order_with(driver, shop)
    assert "ann@example.com" in seen(driver)
    if end == "discard":
        press(driver, "discard")
    press(driver, end)
    pages = 0
    while "/cart" not in driver.current_url:  # to before the very first page
        leave(driver, driver.back)
        if "/orders/" not in driver.current_url:  # the shop's own page of the order
            assert "ann@example.com" not in seen(driver)
        pages += 1
    assert pages > len(["delivery", "gift", "payment", "check"])
