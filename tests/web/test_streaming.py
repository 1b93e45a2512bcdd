"""Uploads under a real server: what its memory and the disks have of them."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from http.client import HTTPConnection
from pathlib import Path

import pytest
from servers import PATIENCE, Server, program

MARK = b"Zanzibar-Quokka-7319-"
MB = 1_000_000

SITE = """
import os, sys
from pathlib import Path
from flask import Flask
from flask_wtf.csrf import CSRFProtect
from wtforms import Form, MultipleFileField
from flask_wizard import FlaskWizard, Review, Step, Wizard

class Papers(Form):
    papers = MultipleFileField("Papers")

class Apply(Wizard):
    you = Step(Papers)
    check = Review()
    def commit(self, submission):
        for paper in submission.files["you"]["papers"]:
            with open(os.devnull, "wb") as sink:
                paper.save(sink)

app = Flask("site", instance_path=str(Path(__file__).parent / "instance"))
app.config["SECRET_KEY"] = "k" * 32
app.config["WIZARD_MAX_UPLOAD_SIZE"] = 60_000_000
app.config["WIZARD_MAX_UPLOADS_SIZE"] = 60_000_000
csrf = CSRFProtect(app)
FlaskWizard(app)
app.register_blueprint(Apply.as_blueprint("apply"), url_prefix="/apply")

@app.before_request
def look_at_the_form():  # as any hook of an application may, before the wizard does
    from flask import request
    request.form

@app.get("/peak")
def peak():
    status = Path("/proc/self/status").read_text()
    return status.partition("VmHWM:")[2].split()[0]
"""


class Traced(Server):
    """Gunicorn with one worker, and a note of the files that both open for writing."""

    def command(self) -> Sequence[str]:
        trace = (
            "-D",
            "-f",
            "-o",
            str(self.folder / "trace"),
            "-e",
            "trace=openat,creat",
        )
        where = f"127.0.0.1:{self.port}"
        server = ("-m", "gunicorn", "--workers", "1", "--bind", where, "site_app:app")
        return [program("strace"), *trace, sys.executable, *server]

    @property
    def written(self) -> set[Path]:
        """The files that were opened for writing, and where they lie."""
        found = re.findall(
            r'openat\((?:AT_FDCWD|\d+), "([^"]+)", [^)]*O_(?:RDWR|WRONLY)',
            (self.folder / "trace").read_text(),
        )
        return {self.folder / path for path in found}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Traced]:
    folder = tmp_path_factory.mktemp("site")
    (folder / "site_app.py").write_text(SITE)
    (folder / "tmp").mkdir()
    environment = pytest.MonkeyPatch()
    environment.setenv("TMPDIR", str(folder / "tmp"))
    server = Traced(folder)
    server.start()
    environment.undo()
    yield server
    server.stop()


class Uploader:
    """A visitor at the first step, who sends bodies without holding them in memory."""

    def __init__(self, port: int) -> None:
        self.connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        self.cookie = ""
        self.page = ""

    def get(self, path: str) -> str:
        return self._answer("GET", path)

    def upload(self, content: Iterable[bytes], size: int, action: str) -> str:
        """Send a file, and return the page where that leads."""
        start = b"".join(
            self._part(name, value) for name, value in self._hidden().items()
        )
        start += self._part("_action", action)
        start += (
            b"--X\r\nContent-Disposition: form-data; "
            b'name="papers"; filename="paper.txt"\r\n\r\n'
        )
        end = b"\r\n--X--\r\n"

        def body() -> Iterator[bytes]:
            yield start
            yield from content
            yield end

        headers = {
            "Content-Type": "multipart/form-data; boundary=X",
            "Content-Length": str(len(start) + size + len(end)),
        }
        found = re.search(r'<form[^>]* action="([^"]+)"', self.page)
        assert found is not None, self.page
        path = found[1].replace("&amp;", "&")
        return self._answer("POST", path, body(), headers)

    @staticmethod
    def _part(name: str, value: str) -> bytes:
        head = f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
        return f"{head}{value}\r\n".encode()

    def _hidden(self) -> dict[str, str]:
        found = r'<input type="hidden" name="([^"]+)" value="([^"]*)"'
        return dict(re.findall(found, self.page))

    def _answer(
        self,
        method: str,
        path: str,
        body: Iterable[bytes] | None = None,
        headers: dict[str, str] | None = None,
    ) -> str:
        sent = {**(headers or {}), "Cookie": self.cookie}
        self.connection.request(method, path, body=body, headers=sent)
        answer = self.connection.getresponse()
        text = answer.read().decode()
        if cookie := answer.getheader("Set-Cookie"):
            self.cookie = cookie.partition(";")[0]
        if location := answer.getheader("Location"):
            return self.get(location)
        assert answer.status == 200, text
        if "<form" in text:
            self.page = text
        return text


@pytest.fixture
def visitor(server: Traced) -> Iterator[Uploader]:
    visitor = Uploader(server.port)
    visitor.get("/apply/")
    yield visitor
    visitor.connection.close()


def files_below(*folders: Path) -> Iterator[Path]:
    for folder in folders:
        yield from (path for path in folder.rglob("*") if path.is_file())


def test_no_plain_byte_of_an_upload_is_on_any_disk(
    server: Traced, visitor: Uploader
) -> None:
    size = 3 * MB
    content = (MARK * (size // len(MARK) + 1))[:size]
    known = server.written
    page = visitor.upload([content], size, "save")
    assert "paper.txt" in visitor.get(_continue(page))
    instance = server.folder / "instance"
    (path,) = files_below(instance / "flask_wizard_uploads")
    assert path.stat().st_size > size
    written = server.written - known
    assert path in written  # the trace does see what is written
    assert [each for each in written if not each.is_relative_to(instance)] == []
    for each in files_below(instance, server.folder / "tmp"):
        assert MARK not in each.read_bytes()


def _continue(page: str) -> str:
    found = re.search(r'href="([^"]+)">Continue', page)
    assert found is not None, page
    return found[1]


def _download_last(visitor: Uploader, port: int, page: str) -> int:
    """Download the last file of a page; return its size in bytes."""
    url = re.findall(r'href="([^"]+/file/[^"]+)"', page)[-1]
    connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", url, headers={"Cookie": visitor.cookie})
    answer = connection.getresponse()
    size = sum(map(len, iter(lambda: answer.read(MB), b"")))
    connection.close()
    return size


def test_memory_of_a_worker_stays_flat(visitor: Uploader, server: Traced) -> None:
    """50 MB are uploaded, and downloaded again."""
    piece = os.urandom(MB)
    # What is imported and cached by any upload and any download.
    page = visitor.upload([piece], MB, "none")
    assert _download_last(visitor, server.port, page) == MB
    before = int(visitor.get("/peak"))
    page = visitor.upload((piece for _ in range(50)), 50 * MB, "none")
    assert _download_last(visitor, server.port, page) == 50 * MB
    assert int(visitor.get("/peak")) - before < 5 * 1024  # KB
