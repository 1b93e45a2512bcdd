"""The model of a browser that the random tests use, beside a real browser."""

from __future__ import annotations

from browser_forms import BrowserForm, encode
from fuzz import effort
from html_forms import html_forms
from hypothesis import given
from hypothesis import strategies as st
from playwright.sync_api import Page, Route

HOST = "http://forms.test/"


SUBMIT = """index => {
    const form = document.querySelector("form");
    const may = control => control.type == "submit" && !control.matches(":disabled");
    const buttons = [...form.elements].filter(may);
    form.noValidate = true;
    form.requestSubmit(buttons[index % buttons.length] ?? null);
}"""


class Sender:
    """A browser that opens pages, sends their forms, and says what it has sent."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self._source = ""
        page.route(f"{HOST}**", self._answer)

    def _answer(self, route: Route) -> None:
        if route.request.method == "POST":
            route.fulfill(status=204)  # so that the browser stays where it is
        else:
            html = {"content-type": "text/html; charset=utf-8"}
            route.fulfill(body=self._source, headers=html)

    def send(self, source: str, button: int) -> bytes:
        self._source = source
        self._page.goto(HOST)
        with self._page.expect_request(lambda sent: sent.method == "POST") as request:
            self._page.evaluate(SUBMIT, button)
        return request.value.post_data_buffer or b""


def test_model_sends_what_chromium_sends(page: Page) -> None:
    sender = Sender(page)

    @effort(6)
    @given(source=html_forms(), button=st.integers(0, 9))
    def sends_the_same(source: str, button: int) -> None:
        form = BrowserForm(source)
        enabled = [c for c in form.controls if c.kind == "submit" and not c.disabled]
        submitter = enabled[button % len(enabled)] if enabled else None
        assert encode(form.entries(submitter)) == sender.send(source, button)

    sends_the_same()
