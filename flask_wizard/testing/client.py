"""WizardClient: somebody at a browser, who fills in a wizard in a test."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from ..web.state import MOUNTS
from .page import Page
from .stories import Teller
from .written import absent, written


class WizardClient:
    """Somebody at a browser, who sends forms as they stand in the page.

    ``mount`` is the name of the wizard's blueprint, and ``bound`` has the variables of
    its URL prefix. Each client is a browser of its own; ``tab`` gives another tab of
    it. Nothing is made up: the token against forged requests and what else is hidden
    are those of the page at hand.
    """

    #: The class of the pages.
    page_class: type[Page] = Page

    def __init__(
        self,
        app: Flask,
        mount: str,
        *,
        client: FlaskClient | None = None,
        **bound: Any,
    ) -> None:
        self.app = app
        self.mount = mount
        self.bound = bound
        #: Flask's own client, with the cookies.
        self.client: FlaskClient = client or app.test_client()
        self._page: Page | None = None

    @property
    def page(self) -> Page:
        """The page on the screen."""
        if self._page is None:
            raise AssertionError("No page was opened yet. Call client.open() first.")
        return self._page

    @property
    def draft(self) -> str:
        """The id of the draft at hand; empty before the first page was sent."""
        return str(self._match(self.page.path)[1].get("draft", ""))

    # What can be done at any page

    def open(self, where: str | None = None) -> Page:
        """Open the wizard's entry, a step of the draft at hand by its name, or a URL.

        A URL begins with ``/`` or its scheme. Follow redirects, and return the page.
        """
        if where is None:
            where = self.url("entry")
        elif "/" not in where:
            where = self._url_of_step(where)
        return self.show(
            self.client.get(where.partition("#")[0], follow_redirects=True)
        )

    def show(self, response: TestResponse) -> Page:
        """Have a response on the screen, and return it as a page."""
        endpoint, found = self._match(response.request.path)
        step, page = (
            str(found.get(name, "")).replace("-", "_") for name in ("step", "page")
        )
        self._page = self.page_class(
            response,
            endpoint=endpoint,
            step=step,
            item=str(found.get("item", "")),
            item_page=page or self._first_page(step, found),
        )
        return self._page

    def get(self, url: str, **more: Any) -> TestResponse:
        """Get a URL beside the page at hand, without following redirects."""
        return self.client.get(url, **more)

    def send(
        self, action: str = "next", values: Mapping[str, Any] | None = None
    ) -> TestResponse:
        """Send the form of the page with a button, and return the bare response.

        ``values`` has what is typed over, by the names of the inputs, as it is sent;
        None leaves an input out.
        """
        sent: dict[str, Any] = {**self.page.values, "_action": [action]}
        sent.update(values or {})
        present = {name: value for name, value in sent.items() if value is not None}
        return self.client.post(self.page.action, data=present)

    def press(
        self, action: str = "next", values: Mapping[str, Any] | None = None
    ) -> Page:
        """Send the form as ``send`` does, and go where that leads."""
        response = self.send(action, values)
        if response.status_code in (302, 303):
            return self.open(response.location)
        return self.show(response)

    def tab(self) -> Self:
        """Return another tab of the same browser, with no page in it yet."""
        return type(self)(self.app, self.mount, client=self.client, **self.bound)

    def url(self, endpoint: str, **values: Any) -> str:
        """Return the path of a page of the mount, such as ``entry`` or ``saved``."""
        mounts = self.app.extensions.get(MOUNTS, {})
        if self.mount not in mounts:
            raise LookupError(
                f"No wizard is mounted as {self.mount!r}. Mounts are "
                f"{', '.join(sorted(mounts)) or 'missing'}: give the name that "
                "as_blueprint has, with the names of the blueprints around it and dots."
            )
        with self.app.test_request_context():
            return url_for(
                f"{self.mount}.{endpoint}", **self.bound, **values, _external=False
            )

    # What visitors do

    def fill(
        self,
        step: str | None = None,
        values: Mapping[str, Any] | None = None,
        /,
        **more: Any,
    ) -> Page:
        """Fill in the fields of the page, press Continue, and return the next page.

        With ``step``, open that step of the draft first, unless it is on the screen.
        Values are the answers: strings, numbers, dates, True and False for a box,
        a list for several choices, None for nothing. A form within the form is a dict,
        a list of fields a list, and a file ``(filename, bytes)`` or a ``Path``. Raise
        AssertionError for a field that the page lacks, and for a step that does not
        open.
        """
        return self._fill("next", step, values, more)

    def save(
        self,
        step: str | None = None,
        values: Mapping[str, Any] | None = None,
        /,
        **more: Any,
    ) -> Page:
        """Fill in the fields as ``fill`` does, and press Save and finish later."""
        return self._fill("save", step, values, more)

    def back(self, values: Mapping[str, Any] | None = None, /, **more: Any) -> Page:
        """Fill in the fields as ``fill`` does, and press Back."""
        return self._fill("back", None, values, more)

    def upload(self, step: str | None = None, /, **files: Any) -> Page:
        """Send files without going on, and return the page, which shows them."""
        self._show_step(step)
        here = self.page.url
        response = self.send("autosave", self._written(files))
        if response.status_code != 204:
            return self.show(response)
        return self.open(here)

    def add(
        self, step: str, values: Mapping[str, Any] | None = None, /, **more: Any
    ) -> Page:
        """Add an item to a list: open the list, press Add, and fill in the page."""
        self._show_step(step)
        if self.page.endpoint == "step":
            self._require("add")
            self.press("add")
        return self.fill(None, values, **more)

    def remove(self, step: str, number: int) -> Page:
        """Remove an item of a list, by its number from 1."""
        self._show_step(step)
        urls = [u for u in self.page.links.values() if u.endswith("/remove")]
        if not 1 <= number <= len(urls):
            raise AssertionError(
                f"The list {step!r} has {len(urls)} items to remove, and no number "
                f"{number}."
            )
        self.open(urls[number - 1])
        return self.press("remove")

    def confirm(self) -> Page:
        """Press the button of the check page that sends everything."""
        self._require("next")
        if self.page.inputs:
            raise AssertionError(
                f"The page {self.page.path} asks for {', '.join(self.page.inputs)}, "
                "and is no check page. Call client.fill(…)."
            )
        return self.press()

    def discard(self) -> Page:
        """Discard the draft at hand, by its page that asks."""
        if not self.draft:
            raise AssertionError(
                f"The page {self.page.path} has no draft yet. Fill in a page first."
            )
        self.open(self.url("discard", draft=self.draft))
        self._require("discard")
        return self.press("discard")

    def tell(self, story: Mapping[str, Any]) -> Page:
        """Walk from the entry to an end; fill in each page from a story.

        ``story`` has answers by the fields' names, in any order. Where two steps have
        a field of the same name, ``guardian.name`` says which. A list has one dict for
        each item, under the name of its step. Values are those of ``fill``. Return the
        last page: the receipt, an Exit, or what ``commit`` leads to.

        Raise StoryError where a page refuses what it gets, and for an answer that no
        page has asked for.
        """
        return Teller(self, story).tell()

    # How that is done

    def _fill(
        self,
        action: str,
        step: str | None,
        values: Mapping[str, Any] | None,
        more: Mapping[str, Any],
    ) -> Page:
        self._show_step(step)
        self._require(action)
        return self.press(action, self._written({**(values or {}), **more}))

    def _written(self, values: Mapping[str, Any]) -> dict[str, Any]:
        sent: dict[str, Any] = {}
        for name, value in values.items():
            found = written(self.page, name, value)
            if found is None:
                raise AssertionError(absent(self.page, name))
            sent.update(found)
        return sent

    def _show_step(self, step: str | None) -> None:
        """Open a step unless it is on the screen. Raise AssertionError if it is not."""
        if self._page is None:
            self.open()
        if step is None or step == self.page.step:
            return
        page = self.open(step)
        if page.step != step:
            raise AssertionError(
                f"The step {step!r} does not open: its page leads to {page.path} "
                f"({page.heading}), with the status {page.status}."
            )

    def _require(self, action: str) -> None:
        if action not in self.page.buttons:
            raise AssertionError(
                f"The page {self.page.path} has no button {action!r}. Its buttons are "
                f"{', '.join(dict.fromkeys(self.page.buttons)) or 'missing'}."
            )

    def _url_of_step(self, step: str) -> str:
        name = step.replace("_", "-")
        draft = self.draft if self._page is not None else ""
        if draft:
            return self.url("step", draft=draft, step=name)
        return self.url("new", step=name)

    def _first_page(self, step: str, found: Mapping[str, Any]) -> str:
        """Return the name of the page that an item without one in its URL begins at."""
        if "item" not in found:
            return ""
        steps = self.app.extensions[MOUNTS][self.mount].wizard.steps
        if step not in steps.positions:
            return ""
        pages = steps.named(step).pages  # none if it is no list
        return next((str(page.name) for page in pages), "")

    def _match(self, path: str) -> tuple[str, Mapping[str, Any]]:
        """Return the endpoint within the mount, and the variables of a path."""
        app = self.app
        adapter = app.create_url_adapter(None) or app.url_map.bind("localhost")
        try:
            endpoint, values = adapter.match(path, method="GET")
        except (HTTPException, RequestRedirect):
            return "", {}
        mount, _, name = str(endpoint).rpartition(".")
        return (name, values) if mount == self.mount else ("", {})
