"""What the shop shows of coming back: two devices, two persons, two orders."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import Page, expect

if TYPE_CHECKING:
    from tests.browser.conftest import Shop

ADDRESS = {
    "Full name": "Ann Reader",
    "Email address": "ann@example.com",
    "Street and house number": "1 Main Street",
    "Postcode": "10115",
    "Town or city": "Berlin",
}


@pytest.fixture
def found() -> list[str]:
    """What is wrong with the pages that a test has looked at."""
    return []


@pytest.fixture
def look(axe: Callable[[Page], list[str]], found: list[str]) -> Callable[[Page], None]:
    """Return a function that looks at a page as it is."""

    def look(page: Page) -> None:
        found.extend(axe(page))
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found.append(f"{page.url} scrolls sideways")

    return look


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def go_on(page: Page) -> None:
    page.get_by_role("button", name="Continue", exact=True).click()


def begin_checkout(page: Page, shop: Shop) -> None:
    page.goto(f"{shop.url}/books/the-salt-almanac")
    page.get_by_role("button", name="Put in cart").click()
    page.get_by_role("link", name="Go to checkout").click()
    heading(page, "Where may we send it?")


def go_to_check(page: Page) -> None:
    go_on(page)
    page.get_by_label("No", exact=True).check()
    go_on(page)
    page.get_by_label("By invoice").check()
    page.get_by_label("I do").check()


def test_draft_goes_on_at_another_device_by_a_mailed_link(
    shop: Shop,
    page: Page,
    narrow_page: Page,
    look: Callable[[Page], None],
    found: list[str],
) -> None:
    shop.app.config["BACK_ROOM"] = True
    phone = narrow_page
    page.goto(f"{shop.url}/suggest/")
    page.get_by_label("Title").fill("Ink and Ice")
    page.get_by_role("button", name="Save and come back later").click()
    look(page)
    page.get_by_label("Or mail a link to").fill("ann@example.com")
    page.get_by_role("button", name="Mail the link").click()
    expect(page.get_by_text("a mail with a link is on its way")).to_be_visible()
    phone.goto(f"{shop.url}/back-room")  # the mail is read there
    look(phone)
    phone.locator(".device-link").click()
    phone.get_by_role("button", name="Continue here").click()
    expect(phone.get_by_label("Title")).to_have_value("Ink and Ice")
    assert found == []


def test_guest_is_invited_by_the_staff(
    shop: Shop,
    page: Page,
    narrow_page: Page,
    look: Callable[[Page], None],
    found: list[str],
) -> None:
    shop.app.config["BACK_ROOM"] = True
    friend = narrow_page
    page.goto(f"{shop.url}/back-room")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("Enter your full name")).to_be_visible()
    look(page)
    page.get_by_label("Full name").fill("Ada Fenn")
    page.get_by_label("Email address").fill("ada@example.com")
    page.get_by_role("button", name="Send the invitation").click()
    expect(page.get_by_text("The invitation is in the outbox.")).to_be_visible()
    link = page.locator(".device-link").inner_text()
    friend.goto(link)
    heading(friend, "You are invited")
    look(friend)
    friend.locator("main button").first.click()
    expect(friend.get_by_label("Full name")).to_have_value("Ada Fenn")
    page.goto(link)
    expect(page.get_by_text("used already")).to_be_visible()
    assert found == []


def test_guardian_fills_in_their_part_of_the_club(
    shop: Shop,
    page: Page,
    narrow_page: Page,
    look: Callable[[Page], None],
    found: list[str],
) -> None:
    guardian = narrow_page
    page.goto(f"{shop.url}/club/")
    page.get_by_label("Full name").fill("Juna Fenn")
    page.get_by_label("Email address").fill("juna@example.com")
    born = {"Day": "1", "Month": "1", "Year": f"{date.today().year - 12}"}
    for box, typed in born.items():
        page.get_by_label(box, exact=True).fill(typed)
    go_on(page)
    heading(page, "Readers under 18 join with a grown-up")
    go_on(page)
    heading(page, "Your parent or guardian")
    shop.app.config["BACK_ROOM"] = True
    page.reload()
    look(page)
    page.get_by_label("mail a link to").fill("ilse@example.com")
    page.get_by_role("button", name="Mail the link").click()
    expect(page.get_by_text("Somebody else was asked to fill in")).to_be_visible()
    look(page)
    waiting = page.url
    page.goto(f"{shop.url}/back-room")
    guardian.goto(page.locator(".device-link").inner_text())
    look(guardian)
    guardian.locator("main button").first.click()
    expect(guardian.get_by_text("Juna Fenn", exact=True)).to_be_visible()
    look(guardian)
    guardian.get_by_role("link", name="Fill in").click()
    guardian.get_by_label("Yes", exact=True).check()
    guardian.get_by_label("Full name of your parent").fill("Ilse Fenn")
    guardian.get_by_label("Email address of your parent").fill("ilse@example.com")
    go_on(guardian)
    heading(guardian, "Thank you")
    page.goto(waiting)
    heading(page, "Your taste in books")
    assert found == []


def test_order_begins_with_what_the_customer_let_the_shop_remember(
    shop: Shop,
    page: Page,
    narrow_page: Page,
    look: Callable[[Page], None],
    found: list[str],
) -> None:
    begin_checkout(page, shop)
    for label, text in ADDRESS.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option(label="Germany")
    go_to_check(page)
    page.get_by_label("Remember this address").check()
    look(page)
    go_on(page)
    page.get_by_role("button", name="Confirm and send").click()
    heading(page, "Thank you, Ann Reader")

    begin_checkout(page, shop)
    expect(page.get_by_label("Street and house number")).to_have_value("1 Main Street")
    begin_checkout(narrow_page, shop)
    expect(narrow_page.get_by_label("Street and house number")).to_have_value("")
    narrow_page.goto(f"{shop.url}/preferences")
    look(narrow_page)

    page.goto(f"{shop.url}/preferences")
    page.get_by_label("Poetry").check()
    page.get_by_role("button", name="Remember these").click()
    expect(page.locator("dl")).to_contain_text("1 Main Street")
    expect(page.locator("dl")).to_contain_text("Poetry")
    look(page)
    page.get_by_role("button", name="Forget all of this").click()
    expect(page.get_by_text("We remember nothing of you.")).to_be_visible()
    begin_checkout(page, shop)
    expect(page.get_by_label("Street and house number")).to_have_value("")
    assert found == []


def test_cart_that_changes_in_another_tab_is_checked_again(
    shop: Shop, page: Page, look: Callable[[Page], None], found: list[str]
) -> None:
    begin_checkout(page, shop)
    for label, text in ADDRESS.items():
        page.get_by_label(label).fill(text)
    page.get_by_label("Country").select_option(label="Germany")
    go_to_check(page)
    go_on(page)
    heading(page, "Check your order")
    tab = page.context.new_page()
    tab.goto(f"{shop.url}/books/the-moss-report")
    tab.get_by_role("button", name="Put in cart").click()
    expect(tab.get_by_text("is in your cart")).to_be_visible()
    page.get_by_role("button", name="Confirm and send").click()
    changed = "Your cart has changed since you checked your order"
    expect(page.get_by_text(changed).first).to_be_visible()
    look(page)
    go_on(page)
    expect(page.locator(".bill")).to_contain_text("The Moss Report")
    page.get_by_role("button", name="Confirm and send").click()
    heading(page, "Thank you, Ann Reader")
    expect(page.locator(".bill")).to_contain_text("The Moss Report")
    assert found == []


@pytest.mark.parametrize("end", ["stored", "thrown away"])
def test_suggestion_is_held_until_it_is_checked(
    shop: Shop,
    page: Page,
    narrow_page: Page,
    look: Callable[[Page], None],
    found: list[str],
    end: str,
) -> None:
    own, other = narrow_page, page
    own.goto(f"{shop.url}/suggest/")
    own.get_by_label("Title").fill("Ink and Ice")
    own.get_by_label("Author").fill("Mara Holm")
    own.get_by_label("Year").fill("nineteen")
    go_on(own)
    expect(own.get_by_text("Enter the year in figures").first).to_be_visible()
    look(own)
    own.goto(f"{shop.url}/suggestions")
    expect(own.locator(".typed").nth(2)).to_have_text("nineteen")
    look(own)
    other.goto(f"{shop.url}/suggestions")
    expect(other.get_by_text("nineteen")).to_have_count(0)
    if end == "stored":
        own.get_by_role("link", name="Continue Ink and Ice").click()
        own.get_by_label("Year").fill("1987")
        go_on(own)
        own.get_by_label("Nature").check()
        own.get_by_label("Why do you suggest it?").fill("It smells of snow.")
        go_on(own)
        own.get_by_role("button", name="Suggest this book").click()
        expect(
            own.get_by_text("Your suggestion was checked and stored")
        ).to_be_visible()
        expect(own.get_by_text("by Mara Holm, 1987. Nature.")).to_be_visible()
    else:
        own.get_by_role("link", name="Throw away Ink and Ice").click()
        own.get_by_role("button", name="Yes, discard my answers").click()
        expect(own.get_by_text("Nothing of it is left.")).to_be_visible()
        own.goto(f"{shop.url}/suggestions")
        expect(own.get_by_text("Ink and Ice")).to_have_count(0)
    expect(own.locator(".typed")).to_have_count(0)
    look(own)
    assert found == []
