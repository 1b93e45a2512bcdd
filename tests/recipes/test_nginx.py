"""The recipe behind a proxy: nginx with TLS before several workers of gunicorn."""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from getpass import getuser
from http.cookiejar import CookieJar
from pathlib import Path
from typing import NamedTuple
from urllib.error import HTTPError
from urllib.parse import urlencode, urljoin
from urllib.request import HTTPCookieProcessor, HTTPSHandler, Request, build_opener

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from documents import blocks
from justhtml import JustHTML
from servers import Server, program, running
from visitor import attribute

WORKERS = 2


class Gunicorn(Server):
    """The application of the recipes, with a page that names its worker and visitor."""

    def command(self) -> Sequence[str]:
        source = "\n\n".join(blocks("docs/recipes.md", "python"))
        (self.folder / "forms.py").write_text(source + WORKER_PAGE)
        (line,) = [
            block
            for block in blocks("docs/recipes.md", "console")
            if "create_served_app" in block
        ]
        assert f"--workers {WORKERS}" in line
        served = "forms:with_worker_page()"
        return [
            *(sys.executable, "-m", "gunicorn", "--workers", str(WORKERS)),
            *("--bind", f"127.0.0.1:{self.port}", served),
        ]


WORKER_PAGE = """

def with_worker_page():
    import os

    app = create_served_app()

    @app.get("/worker")
    def worker():
        return f"{os.getpid()} {request.remote_addr} {request.url}"

    return app
"""


class Nginx(Server):
    """nginx with the server block of the recipes."""

    def __init__(self, folder: Path, backend: Server) -> None:
        super().__init__(folder)
        self.backend = backend

    def command(self) -> Sequence[str]:
        (block,) = blocks("docs/recipes.md", "nginx")
        certificate, key = self.folder / "forms.pem", self.folder / "forms.key"
        write_certificate(certificate, key)
        for old, new in {
            "listen 443 ssl": f"listen 127.0.0.1:{self.port} ssl",
            "/etc/ssl/forms.pem": str(certificate),
            "/etc/ssl/forms.key": str(key),
            "127.0.0.1:8000": f"127.0.0.1:{self.backend.port}",
        }.items():
            assert block.count(old) == 1
            block = block.replace(old, new)
        for name in ("body", "proxy", "fastcgi", "uwsgi", "scgi"):
            temporary = "client_body_temp" if name == "body" else f"{name}_temp"
            block = f"{temporary}_path {self.folder}/{name};\n{block}"
        config = self.folder / "nginx.conf"
        config.write_text(
            "daemon off; master_process off;\n"  # killed, a master leaves its workers
            f"user {getuser()}; pid {self.folder}/pid; error_log stderr;\n"
            f"events {{}}\nhttp {{ access_log off;\n{block}}}\n"
        )
        return [program("nginx"), "-p", str(self.folder), "-c", str(config)]


def write_certificate(certificate: Path, key: Path) -> None:
    """Write a certificate of localhost and its key, good for a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "localhost")])
    now = datetime.now(UTC)
    signed = (
        x509.CertificateBuilder(name, name, private.public_key(), 1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .sign(private, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    certificate.write_bytes(signed.public_bytes(pem))
    key.write_bytes(
        private.private_bytes(
            pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
    )


class Answer(NamedTuple):
    url: str
    status: int
    text: str


class Browser:
    """A visitor of a real server: cookies, redirects and the origin of a page."""

    def __init__(self, site: str, certificate: Path) -> None:
        self.site = site
        self.cookies = CookieJar()
        context = ssl.create_default_context(cafile=str(certificate))
        self._opener = build_opener(
            HTTPCookieProcessor(self.cookies), HTTPSHandler(context=context)
        )

    def get(self, url: str, **headers: str) -> Answer:
        return self._open(Request(urljoin(self.site, url), headers=headers))

    def send(self, page: Answer, **typed: str) -> Answer:
        """Press Continue, as a browser that says its origin and no Sec-Fetch-Site."""
        (form,) = JustHTML(page.text, sanitize=False).query("#wizard-form")
        hidden = {
            attribute(node, "name"): attribute(node, "value")
            for node in form.query("input[type=hidden]")
        }
        body = urlencode({**hidden, **typed, "_action": "next"}).encode()
        return self._open(
            Request(
                urljoin(page.url, attribute(form, "action")),
                body,
                {"Origin": self.site.rstrip("/"), "Referer": page.url},
            )
        )

    def _open(self, request: Request) -> Answer:
        try:
            with self._opener.open(request) as answer:
                return Answer(answer.url, answer.status, answer.read().decode())
        except HTTPError as error:
            with error:
                return Answer(str(error.url), error.code, error.read().decode())


@pytest.fixture(scope="module")
def nginx(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Nginx]:
    workers = Gunicorn(tmp_path_factory.mktemp("gunicorn"))
    proxy = Nginx(tmp_path_factory.mktemp("nginx"), workers)
    with running(workers, proxy):
        yield proxy


@pytest.fixture
def visitor(nginx: Nginx) -> Browser:
    return Browser(f"https://localhost:{nginx.port}/", nginx.folder / "forms.pem")


def test_journey_through_the_proxy_and_all_workers(visitor: Browser) -> None:
    page = visitor.get("/forms/join/")
    seen = set[str]()
    with ThreadPoolExecutor(8) as threads:  # one worker cannot answer all at once
        for _ in range(50):
            said = threads.map(visitor.get, ["/forms/worker"] * 8)
            seen |= {answer.text.split()[0] for answer in said}
            if len(seen) > 1:
                break
    assert len(seen) > 1, "one worker has answered all the time"
    for name in ("Ann", "Bea"):
        page = visitor.send(page, name=name)
        assert page.status == 200, page.text
        assert page.url.startswith(f"{visitor.site}forms/join/")
    page = visitor.send(page)
    assert "Welcome, Ann" in page.text
    (cookie,) = visitor.cookies
    assert cookie.secure


def test_links_and_files_lie_below_the_path_of_the_proxy(visitor: Browser) -> None:
    page = visitor.get("/forms/join/")
    (style,) = re.findall(r'href="([^"]*wizard\.css[^"]*)"', page.text)
    assert style.startswith("/forms/")
    assert visitor.get(style).status == 200


def test_headers_of_a_visitor_do_not_get_through(visitor: Browser) -> None:
    forged = {
        "X-Forwarded-For": "10.1.2.3",
        "X-Forwarded-Host": "evil.example",
        "X-Forwarded-Prefix": "/evil",
        "X-Forwarded-Proto": "http",
    }
    answer = visitor.get("/forms/worker", **forged)
    _, address, url = answer.text.split()
    assert (address, url) == ("127.0.0.1", f"{visitor.site}forms/worker")


def test_body_past_the_limit_of_the_wizard_is_given_back(visitor: Browser) -> None:
    page = visitor.get("/forms/join/")
    answer = visitor.send(page, name="x" * 2**20)
    assert answer.status == 413
    assert "nginx" not in answer.text
