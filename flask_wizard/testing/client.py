"""WizardClient: somebody at a browser, who fills in a wizard in a test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, Self, TypeVar
from urllib.parse import urljoin

from flask import Flask, url_for
from flask.testing import FlaskClient
from werkzeug.exceptions import HTTPException
from werkzeug.routing import RequestRedirect
from werkzeug.test import TestResponse

from ..core.steps import Steps
from ..web.logins import Logins
from ..web.state import EXTENSION, MOUNTS
from .page import Page, attribute, choose_form, foreign_form, sent_by_button
from .stories import Teller
from .written import absent, nearest, written

Result = TypeVar("Result")


class WizardClient:
    """Somebody at a browser, who sends forms as they stand in the page.

    ``mount`` is the name of the wizard's blueprint, and ``bound`` has the variables of
    its URL prefix. Each client is a browser of its own; ``tab`` gives another tab of
    it. Nothing is made up: the token against forged requests and what else is hidden
    are those of the page at hand. Raise LookupError for a mount, and for a variable of
    the prefix, that the application lacks.
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
        self._draft = ""
        self._check_mount()

    @property
    def page(self) -> Page:
        """The page on the screen."""
        if self._page is None:
            raise AssertionError("No page was opened yet. Call client.open() first.")
        return self._page

    @property
    def draft(self) -> str:
        """The id of the draft at hand; empty before the first page was sent.

        It stays at hand on pages that are none of the wizard's.
        """
        return self._draft

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
        if endpoint:
            self._draft = str(found.get("draft", ""))
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
        None leaves an input out. A form of the application's own is sent with its first
        button, whatever ``action`` is.
        """
        page, method = self.page, "post"
        sent: dict[str, Any] = {**page.values, "_action": [action]}
        if (own := foreign_form(page)) is not None:
            sent = {**page.values, **sent_by_button(own)}
            method = attribute(own, "method").lower() or "get"
        sent.update(values or {})
        present = {name: value for name, value in sent.items() if value is not None}
        where = urljoin(page.url, page.action)
        if method == "get":
            return self.client.get(where, query_string=present)
        return self.client.post(where, data=present)

    def press(
        self, action: str = "next", values: Mapping[str, Any] | None = None
    ) -> Page:
        """Send the form as ``send`` does, and go where that leads."""
        response = self.send(action, values)
        if response.status_code in (302, 303):
            return self.open(urljoin(self.page.url, response.location))
        return self.show(response)

    def tab(self) -> Self:
        """Return another tab of the same browser, with no page in it yet."""
        return type(self)(self.app, self.mount, client=self.client, **self.bound)

    def url(self, endpoint: str, **values: Any) -> str:
        """Return the path of a page of the mount, such as ``entry`` or ``saved``."""
        with self.app.test_request_context():
            return url_for(
                f"{self.mount}.{endpoint}", **self.bound, **values, _external=False
            )

    # Who is signed in

    def sign_in(
        self, url: str, values: Mapping[str, Any] | None = None, /, **more: Any
    ) -> Page:
        """Open the application's page to sign in, fill it in, and go where it leads.

        Values are those of ``fill``. The draft stays at hand: ``open("guardian")`` and
        ``fill("guardian", …)`` go on with it. Raise AssertionError if nobody is signed
        in then, where the wizards' holder is known.
        """
        draft = self._draft
        self.open(url)
        page = self._fill("next", None, values, more)
        self._draft = self._draft or draft  # it may lead to the wizard's entry
        logins: Logins = self.app.extensions[EXTENSION].logins
        is_known = logins.find_user is not None
        if is_known and self.in_request(logins.signed_in) is None:
            said = "; ".join(page.errors) or page.text[:200]
            raise AssertionError(
                f"Nobody is signed in after {url}, which leads to {page.path} with the "
                f"status {page.status}: {said}"
            )
        return page

    def in_request(
        self, function: Callable[..., Result], /, *given: Any, **named: Any
    ) -> Result:
        """Call a function in a request of this browser, and return what it returns.

        The request is one to a view, with its hooks and the session:
        ``client.in_request(login_user, user)`` signs in with Flask-Login, and
        ``client.in_request(logout_user)`` out.
        """
        before, done = self.app.preprocess_request, Future[Result]()

        def view(*context: Any) -> str:
            with suppress(HTTPException):  # such as that nobody is signed in yet
                before(*context)
            try:
                done.set_result(function(*given, **named))
            except Exception as error:
                done.set_exception(error)
            return ""

        self.app.preprocess_request = view  # type: ignore[method-assign]
        try:
            self.client.get("/")
        finally:
            del self.app.preprocess_request
        return done.result()

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
        On a page of the application's own, such as a login, that is the form with these
        fields and its first button.

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
        """Walk to an end of the wizard, and fill in each page from a story.

        Go on with the draft at hand, if it can be continued: from the page on the
        screen, if Continue leads on from it. Otherwise begin a new draft at the entry.
        Walk through a task list in its order.

        ``story`` has answers by the fields' names, in any order. Where two steps have
        a field of the same name, ``guardian.name`` says which, or a dict under the name
        of the step. A list has one dict for each item, under the name of its step.
        Values are those of ``fill``. Return the last page: the receipt, an Exit, or
        what ``commit`` leads to.

        Raise StoryError where a page refuses what it gets, and for an answer that no
        page has asked for.
        """
        return Teller(self, self._steps, story).tell(self._page)

    # How that is done

    def _fill(
        self,
        action: str,
        step: str | None,
        values: Mapping[str, Any] | None,
        more: Mapping[str, Any],
    ) -> Page:
        self._show_step(step)
        answers = {**(values or {}), **more}
        if foreign_form(self.page) is not None:
            choose_form(self.page, [name.replace(".", "-") for name in answers])
        else:
            self._require(action)
        return self.press(action, self._written(answers))

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
        if step not in self._steps.positions:
            raise AssertionError(
                f"The wizard {self.mount!r} has no step {step!r}."
                f"{nearest(step, self._steps.names)} Its steps are "
                f"{', '.join(self._steps.names)}."
            )
        page = self.open(step)
        if page.step != step:
            raise AssertionError(
                f"The step {step!r} does not open: its page leads to {page.path} "
                f"({page.heading}), with the status {page.status}. client.open() "
                "begins with another draft."
            )

    def _require(self, action: str) -> None:
        if action not in self.page.buttons:
            raise AssertionError(
                f"The page {self.page.path} has no button {action!r}. Its buttons are "
                f"{', '.join(dict.fromkeys(self.page.buttons)) or 'missing'}."
            )

    def _url_of_step(self, step: str) -> str:
        name = step.replace("_", "-")
        if self._draft:
            return self.url("step", draft=self._draft, step=name)
        return self.url("new", step=name)

    def _first_page(self, step: str, found: Mapping[str, Any]) -> str:
        """Return the name of the page that an item without one in its URL begins at."""
        if "item" not in found:
            return ""
        if step not in self._steps.positions:
            return ""
        pages = self._steps.named(step).pages  # none if it is no list
        return next((str(page.name) for page in pages), "")

    @property
    def _steps(self) -> Steps:
        """The steps of the wizard, as they are declared."""
        found: Steps = self.app.extensions[MOUNTS][self.mount].wizard.steps
        return found

    def _check_mount(self) -> None:
        """Raise LookupError for a mount or a variable that there is not."""
        mounts = self.app.extensions.get(MOUNTS, {})
        if self.mount not in mounts:
            raise LookupError(
                f"No wizard is mounted as {self.mount!r}.{nearest(self.mount, mounts)} "
                f"Mounts are {', '.join(sorted(mounts)) or 'missing'}: give the name "
                "that as_blueprint has, with the names of the blueprints around it and "
                "dots."
            )
        rule = next(self.app.url_map.iter_rules(f"{self.mount}.entry"))
        for name in self.bound.keys() - rule.arguments:
            raise LookupError(
                f"The URL of {self.mount!r}, {rule.rule}, has no variable {name!r}."
                f"{nearest(name, rule.arguments)} Its variables are "
                f"{', '.join(sorted(rule.arguments)) or 'missing'}."
            )

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
