"""Mischief: what happens to the shop and to its store, one thing after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from random import Random

from proxy import Proxy

from benchmarks.drill.engines import Act, lose
from benchmarks.drill.shop import Shop
from benchmarks.drill.tally import Tally


def wreak(
    acts: Mapping[str, Act],
    chance: Random,
    *,
    pause: Callable[[Random], None],
    is_enough: Callable[[], bool],
    say: Callable[[str], None],
) -> None:
    """Do all of it in any order, each time another, until it is enough."""
    names = list(acts)
    while True:
        chance.shuffle(names)
        for name in names:
            say(name)
            acts[name](chance)
            pause(chance)
        if is_enough():
            return


class ShopMischief:
    """What happens between visitors and the shop."""

    def __init__(self, shop: Shop, network: Proxy, tally: Tally, *, kills: int) -> None:
        self._kills = kills
        self._shop = shop
        self._network = network
        self._tally = tally

    def acts(self) -> Mapping[str, Act]:
        kills = {f"worker killed ({n + 1})": self._kill for n in range(self._kills)}
        return {**kills, "deploy": self._deploy, "lost replies": self._lose_replies}

    def _kill(self, chance: Random) -> None:
        self._shop.kill_worker(chance)
        self._tally.add("workers killed")

    def _deploy(self, chance: Random) -> None:
        self._shop.deploy()
        self._tally.add("deploys")

    def _lose_replies(self, chance: Random) -> None:
        self._tally.add("replies of the shop dropped", lose(self._network, chance))
