"""What the browser tests share: Chromium, servers in threads, pages and axe."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from axe_playwright_python.sync_playwright import Axe
from flask import Flask
from playwright.sync_api import Page, expect
from pytest_playwright.pytest_playwright import CreateContextCallback
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from werkzeug.serving import make_server
from werkzeug.test import run_wsgi_app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

HERE = Path(__file__).parent
ROOT = HERE.parent.parent

# Quiet on the network; a container's root cannot have Chromium's sandbox, and its
# /dev/shm is too small for a page.
CHROMIUM_FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    "--disable-sync",
    "--no-first-run",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]
# Not all systems have the first apart. Each page costs it a quarter of the time, as it
# draws for no screen.
WITHOUT_WINDOWS = ("chromium-headless-shell", "chromium")
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa", "best-practice"]

expect.set_options(timeout=30_000)  # milliseconds; 5 seconds are few when busy


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the browser tests last: Playwright leaves an event loop running."""
    items.sort(key=lambda item: HERE in item.path.parents)


def program(*names: str) -> str:
    """Return the path of the first of these commands that Debian has installed."""
    found = next(filter(None, map(shutil.which, names)), None)
    if found is None:
        raise FileNotFoundError(
            f"The browser tests need {' or '.join(names)}, which is not on the PATH. "
            "`make browser` installs it, or says how."
        )
    return found


# Servers


def read_whole(app: WSGIApplication) -> WSGIApplication:
    """The application with each answer read, and closed, before any of it is sent.

    Werkzeug's server leaves the file of a stylesheet open if a browser that goes on
    to another page breaks the connection off.
    """

    def serve(environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        body, status, headers = run_wsgi_app(app, environ, buffered=True)
        start(status, headers.to_wsgi_list())
        return body

    return serve


@pytest.fixture
def live_server() -> Iterator[Callable[[WSGIApplication], str]]:
    """Return a function that serves an application until the test ends, at a URL."""
    running = []

    def serve(app: WSGIApplication) -> str:
        server = make_server("127.0.0.1", 0, read_whole(app), threaded=True)
        thread = Thread(target=server.serve_forever, name=f"port {server.port}")
        thread.start()
        running.append((server, thread))
        return f"http://127.0.0.1:{server.port}"

    yield serve
    for server, thread in running:
        server.shutdown()
        thread.join()
        server.server_close()


class Shop(NamedTuple):
    """The example application as it is served: where, and what."""

    url: str
    app: Flask


@pytest.fixture
def shop(
    live_server: Callable[[WSGIApplication], str], tmp_path: Path
) -> Iterator[Shop]:
    """Serve the example, with its databases in a folder of this test's own."""
    from example_app import create_app  # here: other tests' applications need no shop
    from example_app.models import db

    app = create_app({"INSTANCE_PATH": str(tmp_path / "instance")})
    yield Shop(live_server(app), app)
    with app.app_context():
        db.engine.dispose()


# Playwright


@pytest.fixture(scope="session")
def browser_type_launch_args(
    browser_type_launch_args: dict[str, Any],
) -> dict[str, Any]:
    """Start Debian's Chromium: nothing is downloaded."""
    return {
        **browser_type_launch_args,
        "executable_path": program(*WITHOUT_WINDOWS),
        "args": CHROMIUM_FLAGS,
    }


@pytest.fixture
def no_js_page(new_context: CreateContextCallback) -> Page:
    """A page in a browser whose JavaScript is off."""
    return new_context(java_script_enabled=False).new_page()


@pytest.fixture
def dark_page(new_context: CreateContextCallback) -> Page:
    """A page in a browser that prefers dark colours."""
    return new_context(color_scheme="dark").new_page()


@pytest.fixture
def narrow_page(new_context: CreateContextCallback) -> Page:
    """A page 320 px wide: a small phone, or a desktop at 400 %."""
    return new_context(viewport={"width": 320, "height": 640}).new_page()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """Return a function that lists the accessibility rules a page breaks, and where."""
    options = {
        "runOnly": {"type": "tag", "values": AXE_TAGS},
        "resultTypes": ["violations"],  # not every element that passes, with its HTML
    }

    def violations(page: Page) -> list[str]:
        page.wait_for_load_state()  # without its stylesheets a page has no look
        found = Axe().run(page, options=options).response["violations"]
        return [
            f"{rule['id']} ({rule['impact']}): {rule['help']}, at {node['html']}"
            for rule in found
            for node in rule["nodes"]
        ]

    return violations


# Selenium: Playwright switches off the cache that browser Back shows pages from


@pytest.fixture(scope="session")
def chrome(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Start a Chromium whose Back works as a visitor's does."""
    options = webdriver.ChromeOptions()
    options.binary_location = program("chromium")
    for flag in CHROMIUM_FLAGS:
        options.add_argument(flag)
    options.add_argument("--headless=new")
    options.add_argument(f"--user-data-dir={tmp_path_factory.mktemp('chromium')}")
    chrome = webdriver.Chrome(options, Service(program("chromedriver")))
    yield chrome
    chrome.quit()


@pytest.fixture
def driver(chrome: webdriver.Chrome) -> webdriver.Chrome:
    """Return Chromium with one new tab, without cookies: Back leads to no other test.

    Each test's server has a port, and so a cache and a storage, of its own. Cookies are
    those of all ports.
    """
    before = chrome.window_handles
    chrome.switch_to.new_window("tab")
    new = chrome.current_window_handle
    for handle in before:
        chrome.switch_to.window(handle)
        chrome.close()
    chrome.switch_to.window(new)
    chrome.execute_cdp_cmd("Network.clearBrowserCookies", {})
    return chrome
