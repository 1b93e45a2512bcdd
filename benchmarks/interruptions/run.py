"""Many visitors, some at once, each with a server of their own meanwhile."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from random import Random
from typing import NamedTuple

from playwright.async_api import Browser, Error, async_playwright

from benchmarks.interruptions.count import FORMTOOLS, GROUPS, PLAIN, Outcome
from benchmarks.interruptions.kinds import KINDS, TOKEN_EXPIRED, TOKEN_SECONDS
from benchmarks.interruptions.sites import Bookshop, FormtoolsShop, Site
from benchmarks.interruptions.visitor import Visitor

# As in tests/browser: quiet on the network; a container's root can have no sandbox.
FLAGS = [
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-dev-shm-usage",
    *(["--no-sandbox"] if os.geteuid() == 0 else []),
]

# Without windows around the pages, each visitor costs a quarter of the time.
CHROMIUM = ("chromium-headless-shell", "chromium")

Say = Callable[[object], None]


class Trial(NamedTuple):
    group: str
    kind: str
    number: int


def plan(times: Mapping[str, int], *, kinds: Sequence[str]) -> list[Trial]:
    """Spread so many trials of each group evenly over the kinds."""
    return [
        Trial(group, kinds[number % len(kinds)], number // len(kinds) + 1)
        for group, count in times.items()
        for number in range(count)
    ]


async def run(
    trials: Sequence[Trial],
    folder: Path,
    *,
    seed: str,
    lanes: int,
    pace: float,
    say: Say,
) -> list[Outcome]:
    """Carry out all trials, ``lanes`` at once, in one Chromium."""
    carry_out = partial(_lane, seed=seed, pace=pace, say=say)
    lines = [trials[number::lanes] for number in range(min(lanes, len(trials)))]
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=next(filter(None, map(shutil.which, CHROMIUM))), args=FLAGS
        )
        found = await asyncio.gather(
            *(
                carry_out(browser, line, folder / str(number))
                for number, line in enumerate(lines)
            )
        )
        await browser.close()
    done = {(o.group, o.kind, o.number): o for lane in found for o in lane}
    return [done[trial] for trial in trials]


async def _lane(
    browser: Browser,
    trials: Sequence[Trial],
    folder: Path,
    *,
    seed: str,
    pace: float,
    say: Say,
) -> list[Outcome]:
    """Carry out trials one after the other, with servers that nobody else uses."""
    shop, formtools = Bookshop(folder / "shop"), FormtoolsShop(folder / "formtools")
    outcomes = []
    with ExitStack() as clearing:
        clearing.callback(shop.remove)
        clearing.callback(formtools.remove)
        # A server is started anew for other tokens.
        for trial in sorted(
            trials, key=lambda t: (GROUPS.index(t.group), t.kind == TOKEN_EXPIRED)
        ):
            site: Site = formtools if trial.group == FORMTOOLS else shop
            await _serve(site, TOKEN_SECONDS if trial.kind == TOKEN_EXPIRED else 0)
            outcome = Outcome(*trial)
            chance = Random(f"{seed} {trial}")
            visitor = Visitor(
                site, outcome, chance, has_script=trial.group != PLAIN, pace=pace
            )
            try:
                await visitor.visit(browser, KINDS[trial.kind])
            except (Error, RuntimeError) as error:  # there is no order, which counts
                outcome.story.append(f"{error!r}")
            outcomes.append(outcome)
            say(outcome)
    return outcomes


async def _serve(site: Site, token_seconds: int) -> None:
    release = site.release._replace(token_seconds=token_seconds)
    if not site.is_open or release != site.release:
        await asyncio.to_thread(site.stop)
        site.release = release
        await asyncio.to_thread(site.start)
