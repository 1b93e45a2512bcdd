"""People who sign in and out, each in a Chromium of their own."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cachelib import SimpleCache
from flask import Flask
from login_sites import PASSWORD, SITES, Site
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from wizards import Join

if TYPE_CHECKING:
    from tests.browser.conftest import Shop


@pytest.fixture
def serve(
    live_server: Callable[[Any], str], tmp_path: Path
) -> Iterator[Callable[[str], str]]:
    """Return a function that serves a site of a kind with a wizard, at a URL."""
    made: list[Site] = []

    def serve(kind: str) -> str:
        app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path))
        app.config["SECRET_KEY"] = "k" * 32
        site = SITES[kind](app, SimpleCache())
        app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
        made.append(site)
        return live_server(app)

    yield serve
    for site in made:
        with site.app.app_context():
            site.close()


def sign_in(page: Page, site: str, name: str) -> None:
    page.goto(f"{site}/login")
    page.locator("[name=email]").fill(f"{name}@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("[type=submit], button").last.click()
    expect(page.get_by_text(f"Hello, {name}")).to_be_visible()


@pytest.mark.parametrize("kind", SITES)
def test_user_adopts_in_one_browser_and_continues_in_another(
    serve: Callable[[str], str],
    page: Page,
    new_context: CreateContextCallback,
    kind: str,
) -> None:
    site = serve(kind)
    page.goto(f"{site}/join/")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.get_by_role("button", name="Continue").click()
    page.wait_for_url("**/pet")
    begun = page.url
    sign_in(page, site, "ada")
    page.goto(begun)
    expect(page.get_by_text("begun before you signed in")).to_be_visible()
    page.get_by_label("Pet").fill("Rex")
    page.get_by_label("Pet").press("Enter")  # which presses Continue, not Discard
    page.wait_for_url("**/check")

    other = new_context().new_page()
    answer = other.goto(begun)
    assert answer is not None
    assert answer.status == 404
    sign_in(other, site, "ada")
    other.goto(f"{site}/join/")
    other.get_by_role("link", name=re.compile("Continue")).click()
    expect(other.get_by_text("Ada")).to_be_visible()
    expect(other.get_by_text("Rex")).to_be_visible()


def test_text_comes_back_when_a_login_has_run_out(
    serve: Callable[[str], str], page: Page
) -> None:
    site = serve("flask-login")
    sign_in(page, site, "ada")
    page.goto(f"{site}/join/")
    page.get_by_label("Name", exact=True).fill("Ada")
    page.context.clear_cookies()
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_text("You are not signed in any more")).to_be_visible()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in").click()
    login = opened.value
    login.locator("[name=email]").fill("ada@example.com")
    login.locator("[name=password]").fill(PASSWORD)
    login.get_by_role("button", name="Sign in").click()
    login.wait_for_url("**/join/**")
    expect(page.get_by_label("Name", exact=True)).to_have_value("Ada")
    page.get_by_role("button", name="Send it again").click()
    page.wait_for_url("**/pet")


def test_customer_signs_in_in_the_middle_of_the_checkout(
    page: Page, narrow_page: Page, shop: Shop, axe: Callable[[Page], list[str]]
) -> None:
    page.goto(f"{shop.url}/register")
    assert axe(page) == []
    page.get_by_label("Full name").fill("Ann Reader")
    page.get_by_label("Email address").fill("ann@example.com")
    page.get_by_label("Choose a password").fill(PASSWORD)
    page.get_by_role("button", name="Make an account").click()
    expect(page.get_by_role("heading", name="My drafts")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_text("You are signed out.")).to_be_visible()

    page.goto(f"{shop.url}/books/the-salt-almanac")
    page.get_by_role("button", name="Put in cart").click()
    page.wait_for_url("**/cart")
    page.get_by_role("link", name="Go to checkout").click()
    page.get_by_label("Full name").fill("Ann R")
    page.get_by_role("button", name="Already have an account?").click()
    page.get_by_label("Email address").fill("ann@example.com")
    page.get_by_label("Password").fill(PASSWORD)
    assert axe(page) == []
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/delivery")
    expect(page.get_by_label("Full name")).to_have_value("Ann R")
    expect(page.get_by_text("begun before you signed in")).to_be_visible()
    assert axe(page) == []
    page.get_by_label("Full name").fill("Ann Reader")
    page.get_by_role("button", name="Discard these answers").click()
    page.get_by_role("button", name="No, keep them").click()
    expect(page.get_by_label("Full name")).to_have_value("Ann Reader")
    page.get_by_role("link", name="My drafts").click()
    expect(
        page.get_by_role("link", name="Continue Checkout: for Ann Reader")
    ).to_be_visible()
    assert axe(page) == []

    phone = narrow_page
    phone.goto(f"{shop.url}/sign-in?next=/my-drafts")
    phone.get_by_label("Email address").fill("ann@example.com")
    phone.get_by_label("Password").fill(PASSWORD)
    phone.get_by_role("button", name="Sign in").click()
    phone.get_by_role("link", name="Continue Checkout: for Ann Reader").click()
    expect(phone.get_by_label("Full name")).to_have_value("Ann Reader")
