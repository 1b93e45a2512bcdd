"""A browser that calls a WSGI application directly, at next to no cost of its own."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Mapping
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from io import BytesIO
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlencode, urlsplit

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

HOST = "localhost"


class Answer(NamedTuple):
    """What came back: the status as a number, headers by lower-case name, the body."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    @property
    def location(self) -> str:
        """The path and query that a redirect leads to; empty if it is none."""
        found = (value for name, value in self.headers if name.lower() == "location")
        parts = urlsplit(next(found, ""))
        return parts._replace(scheme="", netloc="", fragment="").geturl()


class Request:
    """A request made ready to be sent again and again."""

    def __init__(
        self,
        path: str,
        *,
        cookies: Mapping[str, str],
        fields: Mapping[str, str] | None = None,
    ) -> None:
        path, _, query = path.partition("?")
        self.body = urlencode(fields).encode() if fields is not None else b""
        self.environ: dict[str, Any] = {
            "REQUEST_METHOD": "GET" if fields is None else "POST",
            "SCRIPT_NAME": "",
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "SERVER_NAME": HOST,
            "SERVER_PORT": "80",
            "SERVER_PROTOCOL": "HTTP/1.1",
            "REMOTE_ADDR": "127.0.0.1",
            "HTTP_HOST": HOST,
            "HTTP_COOKIE": "; ".join(f"{n}={v}" for n, v in cookies.items()),
            "wsgi.version": (1, 0),
            "wsgi.url_scheme": "http",
            "wsgi.errors": sys.stderr,
            "wsgi.multithread": True,
            "wsgi.multiprocess": True,
            "wsgi.run_once": False,
        }
        if fields is not None:
            self.environ["CONTENT_TYPE"] = "application/x-www-form-urlencoded"
            self.environ["CONTENT_LENGTH"] = str(len(self.body))

    def send(self, wsgi: WSGIApplication) -> Answer:
        environ = self.environ.copy()
        environ["wsgi.input"] = BytesIO(self.body)
        head: list[Any] = []

        def start_response(
            status: str, headers: list[tuple[str, str]], exc_info: object = None
        ) -> Any:
            head[:] = status, headers

        parts: Iterable[bytes] = wsgi(environ, start_response)
        body = b"".join(parts)
        if (close := getattr(parts, "close", None)) is not None:
            close()
        return Answer(int(head[0][:3]), head[1], body)


class Browser:
    """Keeps cookies, follows redirects, and sends the form of the page it is on."""

    def __init__(self, wsgi: WSGIApplication) -> None:
        self.wsgi = wsgi
        self.cookies: dict[str, str] = {}
        self.path = ""
        self.hidden: dict[str, str] = {}

    def open(self, path: str) -> Answer:
        """Open a page, follow to where it leads, and note the form found there."""
        answer = self.request(path)
        while answer.location:
            path = answer.location
            answer = self.request(path)
        if answer.status != 200:
            raise RuntimeError(f"{path} answers {answer.status}: {answer.body[:500]!r}")
        self.path, self.hidden = path, hidden_fields(answer.body.decode())
        return answer

    def press(self, typed: Mapping[str, str]) -> Answer:
        """Send the form of the page and open what it leads to."""
        answer = self.request(self.path, {**self.hidden, **typed})
        if not answer.location:
            raise RuntimeError(f"{self.path} did not accept {typed}: {answer}")
        return self.open(answer.location)

    def request(self, path: str, fields: Mapping[str, str] | None = None) -> Answer:
        answer = Request(path, cookies=self.cookies, fields=fields).send(self.wsgi)
        for name, value in answer.headers:
            if name.lower() == "set-cookie":
                cookies = SimpleCookie(value)
                self.cookies.update({n: morsel.value for n, morsel in cookies.items()})
        return answer


def hidden_fields(page: str) -> dict[str, str]:
    reader = _Reader()
    reader.feed(page)
    return reader.hidden


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.hidden: dict[str, str] = {}

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "input" and given.get("type") == "hidden":
            self.hidden[given.get("name") or ""] = given.get("value") or ""
