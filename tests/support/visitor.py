"""A visitor with a browser, and the page on its screen."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from justhtml import JustHTML
from werkzeug.test import TestResponse

from flask_wizard import testing
from flask_wizard.testing import WizardClient, assert_accessible
from flask_wizard.testing.accessibility import faults_below
from flask_wizard.testing.page import attribute

__all__ = ["Page", "Values", "Visitor", "attribute", "inaccessible"]

inaccessible: list[str] = []
"""What the pages that the test has looked at have broken of ``assert_accessible``."""

Values = Mapping[str, str | list[str] | None]


class Page(testing.Page):
    """A page as a visitor has it on the screen, which is checked when it is read."""

    def _parse(self) -> JustHTML:
        html = super()._parse()
        if '<main id="wizard"' in self.source:
            self._check(html)
        return html

    def _check(self, html: JustHTML) -> None:
        """Note what the page breaks; parse it again only to say where."""
        if self.response.mimetype == "text/html" and not faults_below(html.root):
            return
        try:
            assert_accessible(self.response)
        except AssertionError as error:
            inaccessible.append(str(error))


class Visitor(WizardClient):
    """Somebody with a browser, who may send what no page has asked for as well."""

    page_class = Page

    def __init__(
        self, app: Flask, mount: str = "join", *, client: FlaskClient | None = None
    ) -> None:
        super().__init__(app, mount, client=client)
        self._token: str | None = None

    def _check_mount(self) -> None:
        """Visit any wizard of the application, and pages without one."""

    @property
    def draft(self) -> str:
        """The address of the draft at hand, with a slash at its end."""
        return self.page.path.rsplit("/", 1)[0] + "/"

    @property
    def token(self) -> str:
        """The token of the page at hand, unless another one is set."""
        if self._token is None:
            self._token = self.page.token
        return self._token

    @token.setter
    def token(self, token: str) -> None:
        self._token = token

    # The same, with pages that are checked

    @property
    def page(self) -> Page:
        return self._checked(super().page)

    def open(self, where: str | None = "/join/") -> Page:
        return self._checked(super().open(where))

    def show(self, response: TestResponse) -> Page:
        self._token = None
        return self._checked(super().show(response))

    def press(
        self, action: str = "next", values: Mapping[str, Any] | None = None
    ) -> Page:
        return self._checked(super().press(action, values))

    @staticmethod
    def _checked(page: testing.Page) -> Page:
        assert isinstance(page, Page)
        return page

    # What no page has asked for

    def fill(  # type: ignore[override]
        self, **values: str | list[str] | None
    ) -> Page:
        """Fill in the form as it is sent, with fields it lacks as well; continue."""
        return self.press("next", values)

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
        present = {name: value for name, value in sent.items() if value is not None}
        return self.client.post(url, data=present, **more)

    def twin(self, app: Flask | None = None) -> Visitor:
        """The same browser on the same page, of ``app``, sending at the same time."""
        twin = Visitor(app or self.app)
        cookie = self.client.get_cookie("session")
        assert cookie is not None
        twin.client.set_cookie("session", cookie.value)
        twin._page = self._page
        return twin
