"""A visitor with a browser, and the page on its screen."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from functools import cached_property
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from justhtml import JustHTML
from werkzeug.test import TestResponse

from flask_wizard.testing import assert_accessible
from flask_wizard.testing.accessibility import faults_below

inaccessible: list[str] = []
"""What the pages that the test has looked at have broken of ``assert_accessible``."""

Values = Mapping[str, str | list[str] | None]


class Page:
    """A page as a visitor has it on the screen."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.path = response.request.path
        query = response.request.query_string.decode()
        self.url = f"{self.path}?{query}" if query else self.path
        self.source = response.text

    @cached_property
    def html(self) -> JustHTML:
        # Of each page of each test, so not traced: the rules have tests of their own.
        tracer = sys.gettrace()
        sys.settrace(None)
        try:
            html = JustHTML(self.source, sanitize=False)
            if '<main id="wizard"' in self.source:
                self._check(html)
        finally:
            sys.settrace(tracer)  # in the same function, or coverage loses its place
        return html

    def _check(self, html: JustHTML) -> None:
        """Note what the page breaks; parse it again only to say where."""
        if self.response.mimetype == "text/html" and not faults_below(html.root):
            return
        try:
            assert_accessible(self.response)
        except AssertionError as error:
            inaccessible.append(str(error))

    def texts(self, selector: str) -> list[str]:
        return [" ".join(node.to_text().split()) for node in self.html.query(selector)]

    @property
    def text(self) -> str:
        return " ".join(self.texts("body"))

    @property
    def title(self) -> str:
        return " ".join(self.texts("title"))

    @property
    def heading(self) -> str:
        return " ".join(self.texts("h1"))

    @property
    def progress(self) -> str:
        return " ".join(self.texts(".wizard-progress"))

    @property
    def errors(self) -> list[str]:
        """The lines of the error summary."""
        return self.texts(".wizard-banner-list li")

    @property
    def banners(self) -> str:
        return " ".join(self.texts(".wizard-banner"))

    @property
    def rows(self) -> list[tuple[str, str]]:
        """The check page: what was asked, and what was answered."""
        return list(zip(self.texts("dt"), self.texts("dd.wizard-answer"), strict=True))

    @property
    def buttons(self) -> list[str]:
        return [attribute(node, "value") for node in self.html.query("form button")]

    @property
    def links(self) -> dict[str, str]:
        return {
            " ".join(node.to_text().split()): attribute(node, "href")
            for node in self.html.query("a")
        }

    def link(self, text: str) -> str:
        """The address of the only link whose text begins so."""
        (found,) = [url for name, url in self.links.items() if name.startswith(text)]
        return found

    @property
    def action(self) -> str:
        return attribute(self.html.query("form")[0], "action") or self.url

    @property
    def forms(self) -> dict[str, dict[str, list[str]]]:
        """What a browser sends of each form as it stands, by the form's address."""
        forms = self.html.query("form")
        return {attribute(form, "action") or self.path: _values(form) for form in forms}

    @property
    def values(self) -> dict[str, list[str]]:
        """What a browser sends of all forms as they stand."""
        return {
            name: sent for form in self.forms.values() for name, sent in form.items()
        }

    @property
    def token(self) -> str:
        return self.value("csrf_token") or ""

    def value(self, name: str) -> str | None:
        """What a field shows; None for a box that is not ticked."""
        found = self.values.get(name)
        return found[0] if found else None


def attribute(node: Any, name: str) -> str:
    return str(node.attrs.get(name) or "")


def _values(form: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for node in form.query("input, textarea, select"):
        for value in _sent_by(node):
            found.setdefault(attribute(node, "name"), []).append(value)
    return found


def _sent_by(node: Any) -> list[str]:
    attributes = node.attrs
    if "disabled" in attributes:
        return []
    if node.name == "textarea":
        text = "".join(child.data for child in node.children)
        return [text.replace("\n", "\r\n")]  # as browsers do
    if node.name == "select":
        return _chosen(node)
    ticked = attributes.get("type") in ("checkbox", "radio")
    if ticked and "checked" not in attributes:
        return []
    return [attribute(node, "value")]


def _chosen(select: Any) -> list[str]:
    options = select.query("option")
    chosen = [option for option in options if "selected" in option.attrs]
    if not chosen and "multiple" not in select.attrs:
        chosen = options[:1]
    return [attribute(option, "value") for option in chosen]


class Visitor:
    """Somebody with a browser, who sends forms as they stand in the page."""

    def __init__(self, app: Flask, *, client: FlaskClient | None = None) -> None:
        self.app = app
        self.client = client or app.test_client()
        self._page: Page | None = None
        self._token: str | None = None

    @property
    def page(self) -> Page:
        assert self._page is not None, "nothing was opened yet"
        return self._page

    @property
    def draft(self) -> str:
        """The address of the draft at hand, with a slash at its end."""
        return self.page.path.rsplit("/", 1)[0] + "/"

    @property
    def token(self) -> str:
        """The token of the page at hand, unless another one is set."""
        return self._token if self._token is not None else self.page.token

    @token.setter
    def token(self, token: str) -> None:
        self._token = token

    def open(self, url: str = "/join/") -> Page:
        """Follow a link to where it leads."""
        return self.show(self.client.get(url.partition("#")[0], follow_redirects=True))

    def show(self, response: TestResponse) -> Page:
        """Have a page on the screen."""
        self._page, self._token = Page(response), None
        return self._page

    def get(self, url: str, **more: Any) -> TestResponse:
        return self.client.get(url, **more)

    def press(self, action: str = "next", values: Values | None = None) -> Page:
        """Fill in the form of the page, press a button, and go where that leads."""
        response = self.send(action, values)
        if response.status_code == 303:
            return self.open(response.location)
        return self.show(response)

    def fill(self, **values: str | list[str] | None) -> Page:
        """Fill in the form of the page, and continue."""
        return self.press("next", values)

    def send(self, action: str = "next", values: Values | None = None) -> TestResponse:
        """Send the form of the page; give the bare answer."""
        sent: dict[str, Any] = {**self.page.values, "_action": [action]}
        sent.update(values or {})
        return self.client.post(self.page.action, data=_present(sent))

    def post(
        self,
        url: str,
        values: Mapping[str, Any] | None = None,
        *,
        action: str = "next",
        **more: Any,
    ) -> TestResponse:
        """Send what no page has asked for, with the token of the page at hand."""
        sent: dict[str, Any] = {"_action": action, "csrf_token": self.token}
        sent.update(values or {})
        return self.client.post(url, data=_present(sent), **more)

    def tab(self) -> Visitor:
        """Another tab of the same browser."""
        return Visitor(self.app, client=self.client)

    def twin(self, app: Flask | None = None) -> Visitor:
        """The same browser on the same page, of ``app``, sending at the same time."""
        twin = Visitor(app or self.app)
        cookie = self.client.get_cookie("session")
        assert cookie is not None
        twin.client.set_cookie("session", cookie.value)
        twin._page = self._page
        return twin


def _present(values: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}
