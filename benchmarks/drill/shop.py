"""The shop under gunicorn: processes, orders, and complaints in its log."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import sys
from collections.abc import Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from random import Random

from servers import Server

import flask_wizard

HERE = Path(__file__).parent
COPIES = 1_000_000  # of each book, so that nothing is ever sold out

# What stands in the log for an answer 500, for a worker that could not begin, and for
# one that was ended by a fault of its own.
COMPLAINTS = re.compile(
    r"Exception on /|Error handling request|Exception in worker process|SIGBUS|SIGSEGV"
)

ORDERS = """
SELECT placed.token, placed.name, placed.email, placed.gift_message, placed.method,
    home.street, home.postcode, home.city, home.country,
    invoice.company, invoice.vat_number,
    office.street, office.postcode, office.city, office.country
FROM "order" AS placed
JOIN address AS home ON home.id = placed.address_id
LEFT JOIN invoice ON invoice.id = placed.invoice_id
LEFT JOIN address AS office ON office.id = invoice.address_id
"""
ADDRESS = ("address-street", "address-postcode", "address-city", "address-country")


@dataclass(frozen=True)
class Order:
    """An order in the shop's database, as the ``answers`` that it was made of."""

    token: str
    email: str
    answers: dict[str, dict[str, str]]

    @classmethod
    def of(cls, row: Sequence[str | None]) -> Order:
        token, name, email, message, method, *rest = row
        home, (company, vat_number, *office) = rest[:4], rest[4:]
        found: dict[str, dict[str, str | None]] = {
            "delivery": {
                "name": name,
                "email": email,
                **dict(zip(ADDRESS, home, strict=True)),
            },
            "gift": {"gift": "no" if message is None else "yes"},
            "message": {"gift_message": message},
            "payment": {"method": method, "payer": "company" if company else "person"},
            "invoice": {
                **{"company": company, "vat_number": vat_number},
                **dict(zip(ADDRESS, office, strict=True)),
            },
        }
        given = {
            step: {name: value for name, value in values.items() if value}
            for step, values in found.items()
        }
        return cls(str(token), str(email), {s: v for s, v in given.items() if v})


class Shop(Server):
    """The example application with its own database and with drafts at ``store``.

    ``lease`` is in seconds: how long a draft stays claimed by a worker that was killed.
    """

    def __init__(self, folder: Path, *, store: str, lease: int) -> None:
        super().__init__(folder)
        self.settings = {
            "INSTANCE_PATH": str(folder / "instance"),
            "FLASK_WIZARD_STORE": store,
            "FLASK_WIZARD_COMMIT_LEASE": str(lease),
            # The package that this process has: a checkout's, or the installed one.
            "PYTHONPATH": str(Path(flask_wizard.__file__).parents[1]),
        }

    def command(self) -> Sequence[str]:
        settings = (f"{name}={value}" for name, value in self.settings.items())
        gunicorn = ("-m", "gunicorn", "--config", str(HERE / "gunicorn_settings.py"))
        where = ("--bind", f"127.0.0.1:{self.port}", "--pythonpath", str(HERE))
        return ["env", *settings, sys.executable, *gunicorn, *where, "entry"]

    def answers(self) -> bool:
        shelf = HTTPConnection("127.0.0.1", self.port, timeout=5)
        with closing(shelf):
            shelf.request("GET", "/")
            return shelf.getresponse().status == 200

    def stop(self) -> None:
        self._end(signal.SIGINT)  # SIGTERM would wait for those who are still served

    def fill_shelves(self) -> None:
        with self._database() as database, database:
            database.execute("UPDATE book SET stock = ?", (COPIES,))

    # Its processes

    @property
    def is_open(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def workers(self) -> list[int]:
        """The process ids of gunicorn's children."""
        assert self._process is not None
        pid = self._process.pid
        return [
            int(child)
            for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
        ]

    def kill_worker(self, chance: Random) -> None:
        """End a worker amid whatever it does. The next is started by gunicorn."""
        if workers := self.workers():
            with suppress(ProcessLookupError):
                os.kill(chance.choice(workers), signal.SIGKILL)

    def deploy(self) -> None:
        """Have new workers take the place of the old ones, which finish first."""
        self._signal(signal.SIGHUP)

    # What it has done

    def orders(self) -> list[Order]:
        with self._database() as database:
            rows = database.execute(ORDERS).fetchall()
        return [Order.of(row) for row in rows]

    def complaints(self) -> list[str]:
        log = (self.folder / "log").read_text(errors="replace")
        return [line for line in log.splitlines() if COMPLAINTS.search(line)]

    def _database(self) -> closing[sqlite3.Connection]:
        path = self.folder / "instance" / "shop.db"
        return closing(sqlite3.connect(path, timeout=30))
