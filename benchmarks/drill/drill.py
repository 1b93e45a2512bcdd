"""The drill of one engine: visitors in the shop while everything goes wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from itertools import count as counting
from pathlib import Path
from random import Random

from proxy import Proxy

from benchmarks.drill.count import count
from benchmarks.drill.engines import ENGINES, Act
from benchmarks.drill.mischief import ShopMischief, wreak
from benchmarks.drill.shop import Shop
from benchmarks.drill.tally import Tally
from benchmarks.drill.visitor import Visitor

PATIENCE = 60.0  # seconds

Mischief = Mapping[str, Mapping[str, Act]]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Plan:
    """How much of everything.

    It lasts until so many ``visitors`` have left, so many ``seconds`` have passed, and
    everything that can happen has happened. At most ``crowd`` visitors are there at
    once. Between two mishaps come at most ``gap`` answers, however long that takes on a
    busy machine. For each other thing that happens to the shop, ``kills`` workers are
    killed. ``lease`` is the commit lease, and ``longest`` how long the store is silent
    or full at most, in seconds.
    """

    visitors: int
    seconds: float
    crowd: int
    gap: int
    kills: int
    lease: int
    longest: float
    seed: str


def drill(name: str, plan: Plan, folder: Path, say: Say) -> Tally:
    """Run it in an empty folder, and return what was counted."""
    tally = Tally()
    with ExitStack() as clearing:
        engine = ENGINES[name](folder, tally, longest=plan.longest)
        clearing.callback(engine.remove)
        engine.start()
        shop = Shop(folder / "shop", store=engine.url, lease=plan.lease)
        clearing.callback(shop.stop)
        shop.start()
        shop.fill_shelves()
        network = Proxy(shop.port)
        clearing.callback(network.kill)
        mischief = {
            "store": engine.acts(),
            "shop": ShopMischief(shop, network, tally, kills=plan.kills).acts(),
        }
        visitors = _Day(plan, network.port, mischief, tally, say).run()
        say(f"{len(visitors)} visitors have left; counting")
        count(shop, visitors, tally)
    return tally


class _Day:
    """From the first visitor to the last."""

    def __init__(
        self, plan: Plan, port: int, mischief: Mischief, tally: Tally, say: Say
    ) -> None:
        self._plan = plan
        self._port = port
        self._mischief = mischief
        self._tally = tally
        self._say = say
        self._numbers = counting(1)
        self._left: list[Visitor] = []
        self._is_over = False
        self._ends = time.monotonic() + plan.seconds

    def run(self) -> list[Visitor]:
        with ThreadPoolExecutor(self._plan.crowd + len(self._mischief)) as pool:
            crowd = [pool.submit(self._come_and_go) for _ in range(self._plan.crowd)]
            try:
                for mischief in [pool.submit(self._wreak, w) for w in self._mischief]:
                    mischief.result()
            finally:
                self._is_over = True
            for visitor in crowd:
                visitor.result()
        return self._left

    def _come_and_go(self) -> None:
        """Let visitors in, one after the other, until all mischief is over."""
        try:
            while not self._is_over:
                number = next(self._numbers)
                chance = Random(f"{self._plan.seed} visitor {number}")
                name = f"visitor-{number}"
                visitor = Visitor(name, self._port, chance, self._tally)
                visitor.shop(lambda: self._is_over)
                self._left.append(visitor)
        except BaseException:
            self._is_over = True
            raise

    def _wreak(self, what: str) -> None:
        wreak(
            self._mischief[what],
            Random(f"{self._plan.seed} {what}"),
            pause=self._pause,
            is_enough=self._is_enough,
            say=lambda act: self._say(f"{len(self._left):4} visitors; {what}: {act}"),
        )

    def _pause(self, chance: Random) -> None:
        """Let the shop answer a few requests."""
        goal = self._tally["answers"] + chance.randint(1, self._plan.gap)
        deadline = time.monotonic() + PATIENCE
        while self._tally["answers"] < goal and not self._is_over:
            if time.monotonic() > deadline:
                raise TimeoutError("The shop has not answered for too long.")
            time.sleep(0.02)

    def _is_enough(self) -> bool:
        have_left = len(self._left) >= self._plan.visitors
        return self._is_over or (have_left and time.monotonic() > self._ends)
