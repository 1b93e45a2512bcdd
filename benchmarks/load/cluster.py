"""Cluster: visitors save in three nodes of Redis, of which one dies and comes back."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from flask import Flask
from redis_servers import ClusterNode
from servers import running

from benchmarks.browser import Answer, Browser
from benchmarks.flask_wizards import declare
from benchmarks.questions import ANSWERS, SECRET_KEY
from flask_wizard import FlaskWizard

NODES = 3
SLOTS = 16384
VISITORS = 30  # so many that each node has drafts of some
#: What a node writes to its disk before it answers, and what it may lose by that.
DURABILITY = {
    "every write, synchronised": {"appendonly": "yes", "appendfsync": "always"},
    "once a second": {"appendonly": "yes", "appendfsync": "everysec"},
    "nothing": {"appendonly": "no"},
}
STEP = "step1"
LONGEST = 60  # seconds that a busy machine is waited for


@dataclass
class Counts:
    """What became of the saves of all visitors while a node was lost."""

    durability: str
    drafts: int = 0
    #: Answered by a redirect: the visitor may rely on these.
    acknowledged: int = 0
    #: Answered by a page that gives back what was typed.
    given_back: int = 0
    #: The status and the page of each other answer.
    wrong: list[str] = field(default_factory=list)
    #: Acknowledged, and not there when the node is back.
    lost: int = 0
    #: Drafts that are gone when the node is back.
    drafts_lost: int = 0


def lose_a_node(folder: Path, durability: str, *, seconds: float) -> Counts:
    """Let visitors save for so long; in the second third one node of three is dead.

    Each third takes longer on a machine so busy that nobody has saved in the first, or
    met the dead node in the second.
    """
    options = DURABILITY[durability]
    nodes = [ClusterNode(folder / f"node-{n}", **options) for n in range(NODES)]
    with ExitStack() as opened:
        opened.enter_context(running(*nodes))
        _join(nodes)
        app = _application(nodes)
        visitors = [Visitor(app) for _ in range(VISITORS)]
        over = threading.Event()
        with ThreadPoolExecutor(VISITORS) as pool:
            saving = [pool.submit(visitor.save_until, over) for visitor in visitors]
            try:
                _wait(seconds / 3, saving, lambda: any(v.saved for v in visitors))
                nodes[0].kill()
                _wait(seconds / 3, saving, lambda: any(v.given_back for v in visitors))
                nodes[0].start()
                for node in nodes:
                    node.wait_until_whole()
                time.sleep(seconds / 3)
            finally:
                over.set()
            for each in saving:
                each.result()
        counts = Counts(durability, drafts=len(visitors))
        for visitor in visitors:
            visitor.add_to(counts)
        return counts


def _wait(
    seconds: float, saving: list[Future[None]], until: Callable[[], bool]
) -> None:
    """Wait for so long, and on until something has happened or somebody has failed."""
    time.sleep(seconds)
    longest = time.monotonic() + LONGEST
    while not until() and not any(each.done() for each in saving):
        if time.monotonic() > longest:
            raise TimeoutError(f"What was waited for does not happen in {LONGEST} s.")
        time.sleep(0.01)


def _join(nodes: list[ClusterNode]) -> None:
    share = SLOTS // len(nodes)
    for number, node in enumerate(nodes):
        last = SLOTS - 1 if node is nodes[-1] else (number + 1) * share - 1
        node.take(number * share, last)
        nodes[0].meet(node)
    for node in nodes:
        node.wait_until_whole()


def _application(nodes: list[ClusterNode]) -> Flask:
    app = Flask("load")
    app.config["SECRET_KEY"] = SECRET_KEY
    app.logger.disabled = True  # each save without its node would be an outage in it
    addresses = ",".join(f"127.0.0.1:{node.port}" for node in nodes)
    FlaskWizard(app, store=f"redis+cluster://{addresses}")
    wizard = declare(2, conditions=False, committed=[])
    app.register_blueprint(wizard.as_blueprint("join"), url_prefix="/join")
    return app


class Visitor:
    """Saves one step again and again, with a number that goes up."""

    def __init__(self, app: Any) -> None:
        self._browser = Browser(app)
        self._browser.open("/join/")
        self._browser.press(self._typed(0))
        draft = self._browser.path.split("/")[2]
        self._path = f"/join/{draft}/{STEP}"
        self._browser.open(self._path)
        #: The last number that was acknowledged.
        self.saved = 0
        self._acknowledged = 1
        #: How many saves were answered by a page that gives back what was typed.
        self.given_back = 0
        self._wrong: list[str] = []

    def save_until(self, over: threading.Event) -> None:
        """Save until it is over, and note how each save was answered."""
        number = 0
        while not over.is_set():
            number += 1
            fields = {**self._browser.hidden, **self._typed(number)}
            answer = self._browser.request(self._path, fields)
            if answer.location:
                self.saved = number
                self._acknowledged += 1
            elif answer.status == 503 and _number_on(answer) == number:
                self.given_back += 1
            else:
                self._wrong.append(f"{answer.status} {answer.body.decode()}")

    def add_to(self, counts: Counts) -> None:
        """Look at the step again, and count what was acknowledged and is not there."""
        counts.acknowledged += self._acknowledged
        counts.given_back += self.given_back
        counts.wrong += self._wrong
        shown = _number_on(self._browser.request(self._path))
        counts.lost += max(self.saved - shown, 0)
        counts.drafts_lost += shown < 0

    def _typed(self, number: int) -> dict[str, str]:
        return {**ANSWERS[0], "name": f"number {number}", "_action": "next"}


def _number_on(answer: Answer) -> int:
    """The number that a page shows in its field, -1 for none."""
    shown = re.search(r'value="number (\d+)"', answer.body.decode())
    return int(shown[1]) if shown else -1


def lines(found: list[Counts]) -> Iterator[str]:
    """The rows of a Markdown table."""
    columns = ("drafts", "acknowledged", "given back", "wrong", "lost", "drafts lost")
    yield f"| written to disk | {' | '.join(columns)} |"
    yield f"| --- |{' ---: |' * len(columns)}"
    for each in found:
        numbers = (
            *(each.drafts, each.acknowledged, each.given_back),
            *(len(each.wrong), each.lost, each.drafts_lost),
        )
        yield f"| {each.durability} | {' | '.join(map(str, numbers))} |"
