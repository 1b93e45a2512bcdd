"""The two shops under test: each a server process with one checkout."""

from __future__ import annotations

import json
import sqlite3
import sys
from collections.abc import Mapping, Sequence
from contextlib import closing
from http.client import HTTPConnection
from pathlib import Path
from typing import NamedTuple

from servers import Server

import flask_wizard
from benchmarks.drill.shop import ORDERS, Order
from benchmarks.interruptions.checkout import Answers

ROOT = Path(__file__).resolve().parents[2]
WARES = 1_000_000  # copies of each book, so that nothing is ever sold out


class Release(NamedTuple):
    """What a server process is started with.

    ``number``: the second release asks for one thing more. ``token_seconds``: how long
    the token of a form is good; 0 for as long as the session.
    """

    number: int = 1
    token_seconds: int = 0


class Site(Server):
    """A shop with a checkout, its accounts and its orders."""

    #: What the table calls it.
    title: str
    #: The module that serves it.
    module: str
    #: Where a checkout is begun, and gone on with by somebody who comes back.
    checkout = "/checkout/"
    #: Where an account is made, and where its owner signs in again.
    register: str
    sign_in: str
    #: The button by which a page leads on.
    button: str
    #: Links that lead on from a page without that button.
    way_on: str
    #: Pages and buttons by which a visit begins.
    beginning: Sequence[tuple[str, str]] = ()

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.release = Release()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def command(self) -> Sequence[str]:
        settings = {
            # The package that this process has: a checkout's, or the installed one.
            "PYTHONPATH": f"{Path(flask_wizard.__file__).parents[1]}:{ROOT}",
            "PORT": str(self.port),
            "INSTANCE_PATH": str(self.folder / "instance"),
            "RELEASE": str(self.release.number),
            "TOKEN_SECONDS": str(self.release.token_seconds),
        }
        env = ["env", *(f"{name}={value}" for name, value in settings.items())]
        return [*env, sys.executable, "-m", self.module]

    def answers(self) -> bool:
        with closing(HTTPConnection("127.0.0.1", self.port, timeout=5)) as asked:
            asked.request("GET", "/")
            return asked.getresponse().status == 200

    def control(self, step: str, field: str) -> str:
        """The name of a field's control in the page."""
        raise NotImplementedError

    def ordered(self, email: str) -> Answers | None:
        """What the order of a customer was made of, or None if there is none."""
        raise NotImplementedError


class Bookshop(Site):
    """The example application."""

    title = "flask_wizard"
    module = "benchmarks.interruptions.bookshop"
    register = "/register"
    sign_in = "/sign-in"
    button = ".wizard-actions button[value=next]"
    way_on = ".wizard-draft-links a, .wizard-actions a, main a[href='/checkout/']"
    beginning = (("/books/the-salt-almanac", "main form button"),)

    def start(self) -> None:
        super().start()
        with self._database() as database, database:
            database.execute("UPDATE book SET stock = ?", (WARES,))

    def control(self, step: str, field: str) -> str:
        return field

    def ordered(self, email: str) -> Answers | None:
        with self._database() as database:
            rows = database.execute(f"{ORDERS} WHERE placed.email = ?", (email,))
            found = [Order.of(row) for row in rows]
        return found[0].answers if found else None

    def _database(self) -> closing[sqlite3.Connection]:
        path = self.folder / "instance" / "shop.db"
        return closing(sqlite3.connect(path, timeout=30))


class FormtoolsShop(Site):
    """The same checkout by django-formtools."""

    title = "django-formtools"
    module = "benchmarks.interruptions.formtools_shop"
    register = "/register/"
    sign_in = "/sign-in/"
    button = "form button.next"
    way_on = "a[href='/checkout/']"

    def control(self, step: str, field: str) -> str:
        return f"{step}-{field.replace('-', '_')}"

    def ordered(self, email: str) -> Answers | None:
        path = self.folder / "instance" / "orders"
        lines = path.read_text().splitlines() if path.exists() else []
        orders: list[Mapping[str, Mapping[str, str]]] = [json.loads(n) for n in lines]
        return next((o for o in orders if o["delivery"]["email"] == email), None)
