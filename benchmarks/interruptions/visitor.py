"""A visitor: types a checkout, is interrupted, comes back, and orders all the same."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from random import Random

from playwright.async_api import (
    Browser,
    BrowserContext,
    Dialog,
    Error,
    Locator,
    Page,
)

from benchmarks.interruptions.checkout import (
    CHOSEN,
    SELECTED,
    Key,
    answers,
    keys,
)
from benchmarks.interruptions.count import GROUPS, Outcome
from benchmarks.interruptions.sites import Release, Site

PATIENCE = 60_000.0  # milliseconds until a page that does not come ends the run
STAYS = 5_000.0  # milliseconds after which a visitor looks whether the page has stayed
MOVES = 40  # pages until a visitor gives up
BROWSER_ERROR = "chrome-error:"
CHECK, ORDERED, NOWHERE = "check", "ordered", ""
PASSWORD = "correct horse battery staple"


class Visitor:
    """One checkout, in a browser of its own, as far as cookies and pages go.

    ``pace`` is how long the pauses between keys are, 1 for a person's.
    """

    def __init__(
        self,
        site: Site,
        outcome: Outcome,
        chance: Random,
        *,
        has_script: bool,
        pace: float = 1.0,
    ) -> None:
        self.site = site
        self.outcome = outcome
        self.chance = chance
        self.has_script = has_script
        self.pace = pace
        #: Set while the server and the network are there.
        self.calm = asyncio.Event()
        self.calm.set()
        #: True from the end of the visitor's session until they sign in again.
        self.is_signed_out = False
        group = GROUPS.index(outcome.group)  # which share the servers
        mark = f"{outcome.kind.replace(' ', '-')}-{group}-{outcome.number}"
        self.email = f"{mark}@example.com"
        self.answers = answers(chance, self.email)
        self.context: BrowserContext
        self.page: Page
        self._steps = {step: keys(values) for step, values in self.answers.items()}
        self._times: dict[tuple[str, Key], float] = {}
        self._sent: set[str] = set()
        self._later: list[asyncio.Task[None]] = []

    # From the cart to the order

    async def visit(
        self, browser: Browser, interrupt: Callable[[Visitor], Awaitable[bool]]
    ) -> None:
        """Check out, and call ``interrupt`` at a random keystroke.

        It returns True if the page is still there, so that the visitor types on.
        """
        self.context = await browser.new_context(java_script_enabled=self.has_script)
        self.context.set_default_timeout(PATIENCE)
        try:
            await self.open_tab()
            await self._check_out(interrupt)
        finally:
            await asyncio.gather(*self._later)
            await self.context.close()

    async def _check_out(self, interrupt: Callable[[Visitor], Awaitable[bool]]) -> None:
        everywhere = [
            (step, n) for step, of in self._steps.items() for n in range(len(of))
        ]
        there, at = self.chance.choice(everywhere)
        if self.outcome.kind == "session ended":
            await self.sign_in(self.page, anew=True)
        await self._begin()
        while (step := await self._arrive()) != there:
            await self._fill(step)
            await self._press()
        self._tell(
            f"interrupted in {there} after {at + 1} of {len(self._steps[there])}"
        )
        await self._type(there, 0, at + 1)
        stays = await interrupt(self)
        if stays:
            await self._type(there, at + 1, len(self._steps[there]))
            if self.chance.random() < 0.5:
                await self.calm.wait()
            await self._press()
        self.outcome.typed = len([step for step, _ in self._times if step == there])
        for _ in range(MOVES):
            step = await self._arrive()
            if step == ORDERED:
                break
            if step != CHECK:
                await self._look(step)
                await self._fill(step)
            await self._press()
        await self._count_order()

    async def _begin(self) -> None:
        await self._fill_cart(self.page)
        await self.come_back()

    async def _fill_cart(self, page: Page) -> None:
        for path, button in self.site.beginning:
            await page.goto(f"{self.site.url}{path}")
            async with page.expect_navigation():
                await page.locator(button).first.click()

    async def come_back(self) -> None:
        """Open the checkout as somebody does who has the shop's page before them."""
        await self._try(self.page.goto(f"{self.site.url}{self.site.checkout}"))

    async def open_tab(self) -> None:
        """Go on in a new tab."""
        self.page = await self.context.new_page()
        self.page.on("dialog", self._leave)

    async def _leave(self, dialog: Dialog) -> None:
        self._tell(f"the browser asks: {dialog.type}")
        await dialog.accept()

    # What interrupts

    def later(self, act: Awaitable[None]) -> None:
        """Let something happen while the visitor goes on; all is calm afterwards."""

        async def happen() -> None:
            await act
            self.calm.set()

        self.calm.clear()
        self._later.append(asyncio.create_task(happen()))

    async def restart(self, release: Release, *, kill: bool) -> None:
        """End the server, by force or not, and have it start again in a while."""
        pause = self.chance.uniform(0, 3) if kill else 0
        await asyncio.to_thread(self.site.kill if kill else self.site.stop)
        self.site.release = release

        async def start() -> None:
            await asyncio.sleep(pause)
            await asyncio.to_thread(self.site.start)

        self.later(start())

    async def sign_in(self, page: Page, *, anew: bool = False) -> None:
        """Sign in, or make an account and be signed in, in this tab."""
        site = self.site
        await page.goto(f"{site.url}{site.register if anew else site.sign_in}")
        given = {"name": "Reader", "email": self.email, "username": self.email}
        for name, value in {**given, "password": PASSWORD}.items():
            if await (control := page.locator(f'[name="{name}"]')).count():
                await control.fill(value)
        async with page.expect_navigation():
            await page.locator("form:has([name=password]) [type=submit]").click()
        self.is_signed_out = False

    async def sign_out(self, page: Page) -> None:
        await page.goto(f"{self.site.url}/my-drafts")
        async with page.expect_navigation():
            await page.get_by_role("button", name="Sign out").click()

    # Filling in

    async def _type(self, step: str, start: int, end: int) -> None:
        """Press keys one by one, at the pace of a person."""
        field = ""
        for key in self._steps[step][start:end]:
            pause = self.chance.uniform(0.05, 0.2)
            if key.field != field:
                field = key.field
                pause += self.chance.choice((0.2, 0.5, 2.0))
                if field not in CHOSEN and field not in SELECTED:
                    await self._control(step, field).focus()
            if field in CHOSEN or field in SELECTED:
                await self._choose(step, field, key.value)
            elif key.value.endswith("\n"):
                await self.page.keyboard.press("Enter")
            else:
                await self.page.keyboard.type(key.value[-1])
            self._times[step, key] = time.monotonic()
            await asyncio.sleep(pause * self.pace)

    async def _fill(self, step: str) -> None:
        """Give every answer of a step that is not there."""
        for field, value in self.answers[step].items():
            if await self._shown(step, field) == value:
                continue
            if field in CHOSEN or field in SELECTED:
                await self._choose(step, field, value)
            else:
                await self._control(step, field).fill(value)
        for key in self._steps[step]:
            self._times.setdefault((step, key), time.monotonic())

    async def _choose(self, step: str, field: str, value: str) -> None:
        if field in SELECTED:
            await self._control(step, field).select_option(value)
        else:
            await self._radio(step, field, value).check()

    async def _shown(self, step: str, field: str) -> str:
        """What the page has in a field."""
        if field not in CHOSEN:
            return await self._control(step, field).input_value()
        wanted = self.answers[step][field]
        return wanted if await self._radio(step, field, wanted).is_checked() else ""

    def _control(self, step: str, field: str) -> Locator:
        return self.page.locator(f'[name="{self.site.control(step, field)}"]').first

    def _radio(self, step: str, field: str, value: str) -> Locator:
        name = self.site.control(step, field)
        return self.page.locator(f'[name="{name}"][value="{value}"]')

    async def _press(self) -> None:
        """Press the button that leads on, and see what comes."""
        step = await self._step()
        button = self.page.locator(self.site.button).last
        with suppress(Error):  # the browser says that there is no server
            async with self.page.expect_navigation(timeout=STAYS):
                await button.click()
        if await self.page.get_by_text("Not saved.").count():
            self._tell("the page says that it is not saved, and stays")
            await self.calm.wait()
            await self._leave_by(button.click)
        with suppress(Error):
            await self.page.wait_for_load_state()
        self._tell(f"{step} sent, then {self.page.url}")
        if "/orders/" in self.page.url or await self._step() not in (step, NOWHERE):
            self._sent.add(step)

    async def _leave_by(self, act: Callable[[], Awaitable[object]]) -> None:
        with suppress(Error):  # the browser says that there is no server
            async with self.page.expect_navigation():
                await act()
        with suppress(Error):
            await self.page.wait_for_load_state()

    # Coming back

    async def _arrive(self) -> str:
        """Follow what the pages offer to a step, the check page or the order."""
        for _ in range(MOVES):
            if self.page.url.startswith(BROWSER_ERROR):
                await self.calm.wait()
                by_reload = self.chance.random() < 0.5
                self._tell(
                    f"the browser has no page; {'reload' if by_reload else 'Back'}"
                )
                await self._try(
                    self.page.reload() if by_reload else self.page.go_back()
                )
                continue
            if self.page.url.startswith("about:"):  # before the first page
                await self.come_back()
            if self.is_signed_out:
                await self._sign_in_again()
            if "/orders/" in self.page.url:
                return ORDERED
            if step := await self._step():
                return step
            way_on = self.page.locator(self.site.way_on)
            if await way_on.count():
                await self._leave_by(way_on.first.click)
                continue
            await self._leave_dead_page()
        raise RuntimeError(f"{MOVES} pages without a way on: {self.outcome.story}")

    async def _leave_dead_page(self) -> None:
        """Try Back, then Back and reload, then to begin where the checkout begins."""
        self.outcome.dead += 1
        self._tell(f"a dead page: {self.page.url}: {await self.page.title()}")
        if self.outcome.dead > 2:
            await self.come_back()
            return
        await self._try(self.page.go_back())
        if self.outcome.dead == 2:
            await self._try(self.page.reload())

    async def _sign_in_again(self) -> None:
        """As somebody does who sees that they are signed out, in another tab.

        The cart was the session's, too.
        """
        tab = await self.context.new_page()
        await self.sign_in(tab)
        await self._fill_cart(tab)
        await tab.close()
        self._tell("signed in again")

    async def _try(self, act: Awaitable[object]) -> None:
        with suppress(Error):
            await act
        with suppress(Error):
            await self.page.wait_for_load_state()

    async def _step(self) -> str:
        for step, values in self.answers.items():
            if await self._control(step, next(iter(values))).count():
                return step
        path = self.page.url.partition("?")[0].partition("#")[0].rstrip("/")
        return CHECK if path.endswith("/check") else NOWHERE

    async def _look(self, step: str) -> None:
        """Compare what a page shows with what was typed there; note what is missing."""
        await asyncio.sleep(0.3)  # the browser may fill in what it remembers
        typed = [key for key in self._steps[step] if (step, key) in self._times]
        shown = {key.field: await self._shown(step, key.field) for key in typed}
        missing = [key for key in typed if not shown[key.field].startswith(key.value)]
        if not missing:
            return
        times = [self._times[step, key] for key in missing]
        last = max(self._times[step, key] for key in typed)
        outcome = self.outcome
        outcome.retyped += len(missing)
        outcome.seconds = max(outcome.seconds, last - min(times))
        if step in self._sent:
            outcome.sent_lost += len({key.field for key in missing})
        self._tell(
            f"{step}: {len(missing)} keystrokes missing, {last - min(times):.1f} s; "
            f"shown {shown}"
        )

    async def _count_order(self) -> None:
        ordered = await asyncio.to_thread(self.site.ordered, self.email)
        self.outcome.ordered = ordered is not None
        for step, values in self.answers.items():
            for field, value in values.items():
                found = (ordered or {}).get(step, {}).get(field, "")
                if found.replace("\r\n", "\n") != value:
                    self._tell(f"in the order {step} {field} is {found!r}")
                    self.outcome.sent_lost += bool(ordered)

    def _tell(self, what: str) -> None:
        self.outcome.story.append(what)
