"""A browser: requests with cookies, and what the forms of a page hold."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from functools import cached_property
from html.parser import HTMLParser
from http.client import HTTPConnection, HTTPException, HTTPResponse, IncompleteRead
from http.cookies import SimpleCookie
from typing import NamedTuple
from urllib.parse import urlencode, urlsplit

from benchmarks.drill.tally import Tally

PATIENCE = 60.0  # seconds; longer than any answer takes


class BrokenError(Exception):
    """No answer came. ``late``: the request may still be carried out."""

    def __init__(self, cause: Exception) -> None:
        super().__init__(repr(cause))
        self.late = isinstance(cause, TimeoutError)


class Reply(NamedTuple):
    path: str
    status: int
    text: str
    location: str

    @property
    def leads(self) -> bool:
        return self.status in (302, 303)


class Browser:
    """One person's browser, all of whose tabs share the cookies."""

    def __init__(self, port: int, tally: Tally) -> None:
        self.port = port
        self.cookies: dict[str, str] = {}
        self._tally = tally

    def get(self, path: str) -> Reply:
        """Raises BrokenError."""
        return self._send("GET", path, None)

    def post(self, path: str, values: Mapping[str, str]) -> Reply:
        """Raises BrokenError."""
        return self._send("POST", path, urlencode(values))

    def _send(self, method: str, path: str, body: str | None) -> Reply:
        headers = {
            "Connection": "close",
            "Content-Type": "application/x-www-form-urlencoded",
            "Cookie": "; ".join(f"{n}={v}" for n, v in self.cookies.items()),
        }
        server = HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE)
        self._tally.add("requests")
        with closing(server):
            try:
                server.request(method, path.partition("#")[0], body, headers)
                with closing(server.getresponse()) as answer:
                    reply = self._read(path, answer)
            except (OSError, HTTPException) as error:
                self._tally.add("connections broken")
                raise BrokenError(error) from error
        self._tally.add("answers" if reply.status < 500 else f"answers {reply.status}")
        return reply

    def _read(self, path: str, answer: HTTPResponse) -> Reply:
        location = urlsplit(answer.headers.get("Location", ""))
        leads_to = location._replace(scheme="", netloc="").geturl()
        try:
            text = answer.read().decode()
        except IncompleteRead:
            if not leads_to:  # else the browser is on its way already
                raise
            text = ""
        self._keep_cookies(answer)
        return Reply(path, answer.status, text, leads_to)

    def _keep_cookies(self, answer: HTTPResponse) -> None:
        for line in answer.headers.get_all("Set-Cookie") or ():
            for name, cookie in SimpleCookie(line).items():
                self.cookies[name] = cookie.value


class Form(NamedTuple):
    """A form: what a browser sends of it, and the buttons with the name _action."""

    action: str
    values: dict[str, str]
    actions: list[str]


class Page:
    """A page as a visitor sees it."""

    def __init__(self, reply: Reply) -> None:
        self.path = reply.path
        self.text = reply.text

    @property
    def name(self) -> str:
        """The last part of its address; of a wizard's page the step."""
        return urlsplit(self.path).path.rpartition("/")[2]

    @cached_property
    def forms(self) -> list[Form]:
        forms = _Forms()
        forms.feed(self.text)
        return forms.found

    @property
    def form(self) -> Form:
        """The wizard's."""
        (found,) = [form for form in self.forms if form.actions]
        return found

    @property
    def typed(self) -> dict[str, str]:
        """What the fields of the wizard's form show, blank ones left out."""
        return typed(self.form.values)


def typed(values: Mapping[str, str]) -> dict[str, str]:
    """The fields that a visitor fills in, without those that are blank."""
    return {
        name: value
        for name, value in values.items()
        if value and name != "csrf_token" and not name.startswith("_")
    }


class _Forms(HTMLParser):
    """Reads the forms of a page, whose fields have one value each."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._select = ""
        self._area: str | None = None

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        has = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(has.get("action", ""), {}, []))
        if not self.found:
            return
        _, values, actions = self.found[-1]
        if tag == "button" and has.get("name") == "_action":
            actions.append(has["value"])
        elif tag == "select":
            self._select = has["name"]
        elif tag == "option" and "selected" in has:
            values[self._select] = has.get("value", "")
        elif tag == "textarea":
            self._area = has["name"]
            values[self._area] = ""
        elif tag == "input":
            if has.get("type") in ("radio", "checkbox") and "checked" not in has:
                return
            values[has["name"]] = has["value"]

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self.found[-1].values[self._area] += data

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            values = self.found[-1].values
            # The first line break of a text area is not part of its text.
            text = values[self._area].replace("\r\n", "\n").removeprefix("\n")
            values[self._area] = text.replace("\n", "\r\n")
            self._area = None
