"""A process with one contender, which sends it requests when told to.

It reads commands from standard input, a line of JSON each, and answers in kind. Run
under callgrind it marks each request instead: see ``benchmarks/instructions.py``.
"""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice
from pathlib import Path
from typing import Any

from benchmarks.browser import Answer, Request
from benchmarks.cells import GET, POST, REVIEW
from benchmarks.contenders import CONTENDERS
from benchmarks.questions import ANSWERS
from benchmarks.walk import CHECK, Contender, Standing, walk

WARM = 2
OFTEN = 20
Act = Callable[[], None]
Clock = Callable[[], float]

CLOCKS: dict[str, Clock] = {"wall": time.perf_counter, "cpu": time.thread_time}


class Station:
    """A contender with a visitor at one point, and the requests to send from there."""

    def __init__(self, contender: Contender, saved: Path) -> None:
        self.contender = contender
        self.saved = saved
        self.standing = Standing.load(saved)
        self.point = saved.name
        contender.load(saved)

    def look(self) -> Answer:
        """The page at this point."""
        return self._request(self.standing.path).send(self.contender.wsgi)

    def acts(self, kind: str) -> Iterator[Act]:
        """Requests of one kind, without end. Each is sent by calling it."""
        return getattr(self, f"_{kind}")()  # type: ignore[no-any-return]

    def _get(self) -> Iterator[Act]:
        return cycle([self._expecting(200, self._request(self.standing.path))])

    _review = _get

    def _post(self) -> Iterator[Act]:
        typed = [self.contender.typed(self.point, answers) for answers in ANSWERS]
        sent = [{**self.standing.hidden, **fields} for fields in typed]
        requests = [self._request(self.standing.path, fields) for fields in sent]
        return cycle([self._expecting(303, request) for request in requests])

    def _commit(self) -> Iterator[Act]:
        """Each ends the journey, so what was stored is put back before the next."""
        sent = {**self.standing.hidden, **self.contender.typed(CHECK, {})}
        check = self._request(self.standing.path, sent)
        acts = [self._expecting(303, check)]
        for path in self.contender.after_check:
            acts.append(self._expecting(303, self._request(path)))

        def act() -> None:
            for each in acts:
                each()

        while True:
            self.contender.load(self.saved)
            yield act

    def _request(self, path: str, fields: dict[str, str] | None = None) -> Request:
        return Request(path, cookies=self.standing.cookies, fields=fields)

    def _expecting(self, status: int, request: Request) -> Act:
        wsgi, redirects = self.contender.wsgi, {302, 303}

        def act() -> None:
            answer = request.send(wsgi)
            if answer.status != status and {answer.status, status} != redirects:
                raise RuntimeError(f"{request.environ['PATH_INFO']}: {answer}")

        return act


def timed(acts: Iterator[Act], count: int, clock: Clock) -> float:
    """Seconds that one request takes, the mean of ``count``.

    A tenth more go before them: another contender had the processor until now.
    """
    for act in islice(acts, count // 10):
        act()
    spent = 0.0
    for act in islice(acts, count):
        started = clock()
        act()
        spent += clock() - started
    return spent / count


def marked(acts: Iterator[Act], count: int) -> None:
    """Call getppid, at which callgrind notes its count, before and after each."""
    gc.collect()
    gc.disable()  # its turn would come in another request after every change
    random.seed(0)
    for act in islice(acts, count):
        os.getppid()
        act()
        os.getppid()
    gc.enable()


def serve(contender: Contender, saved: Path, clock: Clock) -> None:
    """Say so when ready, then obey.

    ``{"point", "kind"}`` goes there, ``{"count"}`` times as many requests.
    """
    print(json.dumps(0), flush=True)
    acts: Iterator[Act] = iter(())
    for line in sys.stdin:
        command: dict[str, Any] = json.loads(line)
        if "kind" in command:
            station = Station(contender, saved / command["point"])
            acts = station.acts(command["kind"])
            timed(acts, WARM, clock)
        seconds = timed(acts, command.get("count", WARM), clock)
        print(json.dumps(seconds), flush=True)


def warm_up(contender: Contender, saved: Path) -> None:
    """Be as a process that has served others before.

    The check page builds every form. Python runs code faster that it has met often.
    """
    next(Station(contender, saved / CHECK).acts(REVIEW))()
    for kind in (POST, GET):
        for act in islice(Station(contender, saved / "step2").acts(kind), OFTEN):
            act()


def mark(contender: Contender, saved: Path, rows: list[str], count: int) -> None:
    """Send so many marked requests for each of the rows, such as ``post@step2``."""
    for row in rows:
        kind, _, point = row.partition("@")
        acts = Station(contender, saved / point).acts(kind)
        for act in islice(acts, WARM):
            act()
        marked(acts, count)


def main(options: dict[str, Any]) -> None:
    contender = CONTENDERS[options["contender"]].make(
        Path(options["folder"]),
        steps=options["steps"],
        conditions=options["conditions"],
    )
    saved = Path(options["saved"])
    if "walks" in options:
        for folder in options["walks"]:
            walk(contender, Path(folder), steps=options["steps"])
        return
    warm_up(contender, saved)
    if "rows" in options:
        mark(contender, saved, options["rows"], options["count"])
    else:
        serve(contender, saved, CLOCKS[options["clock"]])


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
