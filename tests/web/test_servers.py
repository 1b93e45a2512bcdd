"""Bodies over sockets, as real servers hand them on."""

from __future__ import annotations

import re
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

import pytest
from servers import PATIENCE, Server

SITE = """
from pathlib import Path
from flask import Flask
from wtforms import Form, StringField
from flask_wizard import FlaskWizard, Review, Step, Wizard

class You(Form):
    name = StringField("Name")

class Join(Wizard):
    you = Step(You)
    check = Review()
    def commit(self, submission):
        raise RuntimeError("Nobody sends it.")

app = Flask("site", instance_path=str(Path(__file__).parent))
app.config["SECRET_KEY"] = "k" * 32
FlaskWizard(app)
app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
"""


class DevelopmentServer(Server):
    """Werkzeug's own, as ``flask run`` starts it."""

    def command(self) -> Sequence[str]:
        where = ("--port", str(self.port), "--no-reload")
        return [sys.executable, "-m", "flask", "--app", "site_app:app", "run", *where]


class Gunicorn(Server):
    def command(self) -> Sequence[str]:
        options = ("--threads", "2", "--bind", f"127.0.0.1:{self.port}")
        return [sys.executable, "-m", "gunicorn", *options, "site_app:app"]


class Waitress(Server):
    def command(self) -> Sequence[str]:
        where = f"--listen=127.0.0.1:{self.port}"
        return [sys.executable, "-m", "waitress", where, "site_app:app"]


class Browser:
    """A visitor at the first step of a draft, who writes to a socket."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.cookie = ""
        page = self.get("/join/new/you")
        sent = f"csrf_token={self.token}&_action=save&name=Ada"
        nonce = re.search(r'name="_draft" value="([^"]+)', page)
        if nonce is not None:
            sent += f"&_draft={nonce[1]}"
        head = "Content-Type: application/x-www-form-urlencoded\r\n"
        answer = self.send("/join/new/you", head, sent.encode())
        found = re.search(r"\nLocation: (\S+)/saved", answer)
        assert found is not None, answer
        self.page = f"{found[1]}/you"

    def get(self, path: str) -> str:
        page = self._exchange(f"GET {path} HTTP/1.1\r\n", b"", more=0)
        while (found := re.search(r"\nLocation: (\S+)", page)) is not None:
            page = self._exchange(f"GET {found[1]} HTTP/1.1\r\n", b"", more=0)
        if (token := re.search(r'csrf_token" value="([^"]+)', page)) is not None:
            self.token = token[1]
        return page

    def send(self, path: str, head: str, body: bytes, *, more: int = 0) -> str:
        """POST a body, of which ``more`` bytes than it has are announced."""
        return self._exchange(f"POST {path} HTTP/1.1\r\n{head}", body, more=more)

    def _exchange(self, head: str, body: bytes, *, more: int) -> str:
        if body or more:
            head += f"Content-Length: {len(body) + more}\r\n"
        head += f"Host: 127.0.0.1:{self.port}\r\nConnection: close\r\n"
        head += f"Cookie: {self.cookie}\r\n\r\n"
        answer = b""
        where = ("127.0.0.1", self.port)
        with socket.create_connection(where, timeout=PATIENCE) as wire:
            wire.sendall(head.encode() + body)
            if more:
                wire.shutdown(socket.SHUT_WR)
            with suppress(ConnectionError):
                while chunk := wire.recv(65536):
                    answer += chunk
        text = answer.decode()
        if (found := re.search(r"\nSet-Cookie: (session=[^;]+)", text)) is not None:
            self.cookie = found[1]
        return text


@pytest.fixture(params=[DevelopmentServer, Gunicorn, Waitress], scope="module")
def port(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "site_app.py").write_text(SITE)
    server: Server = request.param(folder)
    server.start()
    yield server.port
    server.stop()


def part(name: str, value: str) -> bytes:
    head = f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


def whole(token: str) -> bytes:
    sent = part("csrf_token", token) + part("_action", "save")
    return sent + part("name", "Ada Lovelace") + b"--X--\r\n"


MULTIPART = "Content-Type: multipart/form-data; boundary=X\r\n"
URLENCODED = "Content-Type: application/x-www-form-urlencoded\r\n"


def test_whole_body_is_saved(port: int) -> None:
    browser = Browser(port)
    answer = browser.send(browser.page, MULTIPART, whole(browser.token))
    assert " 303 " in answer.splitlines()[0]
    assert 'value="Ada Lovelace"' in browser.get(browser.page)


@pytest.mark.parametrize(
    ("head", "body_of", "more"),
    [
        (MULTIPART, lambda token: whole(token)[:-14], 14),
        (MULTIPART, lambda token: whole(token)[:-14], 0),
        (MULTIPART, lambda token: b"", 300),
        (MULTIPART.replace("X", "Y"), whole, 0),
        (URLENCODED, lambda token: b"_action=save&name=Eve", 20),
        (URLENCODED, lambda token: b'{"_action": "save"}', 0),
        ("Content-Type: application/json\r\n", lambda token: b'{"name": "Eve"}', 0),
        ("", lambda token: b"name=Eve", 0),
        (MULTIPART, lambda token: b"", 0),
    ],
    ids=[
        "cut",
        "without-end",
        "nothing",
        "wrong-boundary",
        "cut-urlencoded",
        "mislabelled",
        "json",
        "no-type",
        "empty",
    ],
)
def test_body_that_is_no_form_leaves_the_answer(
    port: int, head: str, body_of: Callable[[str], bytes], more: int
) -> None:
    browser = Browser(port)
    head += f"X-CSRFToken: {browser.token}\r\n"
    answer = browser.send(browser.page, head, body_of(browser.token), more=more)
    # A server may close a broken connection without an answer.
    assert answer == "" or answer.split()[1] in ("400", "415")
    assert 'value="Ada"' in browser.get(browser.page)
