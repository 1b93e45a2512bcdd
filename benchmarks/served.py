"""Served: how many POSTs a second gunicorn takes, from several visitors at once."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from itertools import cycle
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from benchmarks.arena import ENVIRONMENT, ROOT, Arena, say
from benchmarks.browser import HOST, Request
from benchmarks.contenders import CONTENDERS, DURABLE, SQLITE
from benchmarks.questions import ANSWERS
from benchmarks.walk import Standing

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

STEPS = 50
WORKERS = 2
VISITORS = 4
SECONDS = 1.0  # that a round takes, for each contender

Rates = dict[str, list[float]]
"""POSTs a second of each round, by the name of the contender."""


def application(name: str, folder: str, steps: int) -> WSGIApplication:
    """What gunicorn serves: a contender with what it has stored."""
    made = CONTENDERS[name].make(Path(folder), steps=steps, conditions=False)
    return made.wsgi  # type: ignore[no-any-return]


def measure(
    arena: Arena, *, rounds: int, steps: int = STEPS, seconds: float = SECONDS
) -> Rates:
    """Let visitors send the last step again and again, to each contender in turn."""
    say(f"POSTs on gunicorn with {WORKERS} workers, from {VISITORS} visitors")
    rates: Rates = {DURABLE: [], SQLITE: []}
    with ExitStack() as opened:
        servers = {n: opened.enter_context(serving(arena, n, steps)) for n in rates}
        for server in servers.values():
            server.rate(seconds)  # to warm up
        for _ in range(rounds):
            for name, server in servers.items():
                rates[name].append(server.rate(seconds))
    return rates


def ratio(rates: Rates) -> float:
    """How many times as many flask_wizard takes as the view by hand."""
    pairs = zip(rates[SQLITE], rates[DURABLE], strict=True)
    return median(ours / theirs for ours, theirs in pairs)


class Server:
    """A contender on gunicorn. ``requests`` are what each visitor sends in turn."""

    def __init__(
        self, address: tuple[str, int], requests: list[list[bytes]], process: int
    ) -> None:
        self._address = address
        self._requests = requests
        self.process = process

    def rate(self, seconds: float) -> float:
        """POSTs a second. Each visitor waits for an answer before the next."""
        return len(self.times(seconds)) / seconds

    def times(self, seconds: float, *, least: int = 0) -> list[float]:
        """How long each POST took that was answered within so many seconds.

        Each visitor goes on until ``least`` are answered, however long that takes.
        """
        with ThreadPoolExecutor(len(self._requests)) as visitors:
            until = time.monotonic() + seconds
            found = visitors.map(
                lambda sent: self._sent(sent, until, least), self._requests
            )
            return [each for times in found for each in times]

    def _sent(self, requests: list[bytes], until: float, least: int) -> list[float]:
        times: list[float] = []
        for request in cycle(requests):
            started = time.monotonic()
            answer = self._answer(request)
            if not answer.startswith((b"HTTP/1.1 303", b"HTTP/1.1 302")):
                raise RuntimeError(f"gunicorn answers {answer!r}")
            ended = time.monotonic()
            if ended > until and len(times) >= least:
                break
            times.append(ended - started)
        return times

    def _answer(self, request: bytes) -> bytes:
        with socket.create_connection(self._address) as connection:
            connection.sendall(request)
            return b"".join(iter(lambda: connection.recv(65536), b""))


@contextmanager
def serving(arena: Arena, name: str, steps: int) -> Iterator[Server]:
    """Fill in the steps as each visitor, and serve what was stored by that."""
    saved = [arena.folder / f"visitor-{name}-{number}" for number in range(VISITORS)]
    for each in saved:
        each.mkdir()
    command = arena.command(name, (steps, False), walks=[str(each) for each in saved])
    folder = json.loads(command[-1])["folder"]
    subprocess.run(command, cwd=ROOT, env=ENVIRONMENT, check=True)
    requests = [_requests(Standing.load(each / f"step{steps}")) for each in saved]
    with socket.create_server(("127.0.0.1", 0), backlog=VISITORS) as listening:
        gunicorn = [sys.executable, "-m", "gunicorn", "--workers", str(WORKERS)]
        gunicorn += ["--bind", f"fd://{listening.fileno()}", "--log-level", "warning"]
        process = subprocess.Popen(
            [
                *gunicorn,
                f"benchmarks.served:application({name!r}, {folder!r}, {steps})",
            ],
            cwd=ROOT,
            env=ENVIRONMENT,
            pass_fds=[listening.fileno()],
        )
        try:
            yield Server(listening.getsockname(), requests, process.pid)
        finally:
            process.terminate()
            process.wait()


def _requests(standing: Standing) -> list[bytes]:
    """Two POSTs of one page, so that each changes something if sent in turn."""
    return [_raw(standing, {**standing.hidden, **answers}) for answers in ANSWERS]


def _raw(standing: Standing, fields: Mapping[str, str]) -> bytes:
    request = Request(standing.path, cookies=standing.cookies, fields=fields)
    environ = request.environ
    head = (
        f"POST {standing.path} HTTP/1.1",
        f"Host: {HOST}",
        f"Cookie: {environ['HTTP_COOKIE']}",
        f"Content-Type: {environ['CONTENT_TYPE']}",
        f"Content-Length: {environ['CONTENT_LENGTH']}",
        "Connection: close",
    )
    return "\r\n".join([*head, "", ""]).encode() + request.body
