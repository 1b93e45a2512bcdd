"""A person: somebody at a browser, who tries again when something goes wrong."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial
from random import Random

from benchmarks.drill.browser import BrokenError, Browser, Page, Reply, typed
from benchmarks.drill.errand import Errand, Values, Write
from benchmarks.drill.tally import Tally

TRIES = 400  # until a person gives up, with a pause after each
DRAFT = re.compile(r"/checkout/[\w-]{22}(?=/)")


class StuckError(Exception):
    """There is no way to go on, which must not be."""


class Person:
    """Whom nothing but an answer that means no stops."""

    def __init__(self, port: int, chance: Random, tally: Tally) -> None:
        self.browser = Browser(port, tally)
        self.chance = chance
        self.tally = tally

    def open(self, path: str) -> Page:
        """Follow a link to where it leads."""
        for _ in range(TRIES):
            reply = self._insist(partial(self.browser.get, path))
            if reply.status == 200:
                return Page(reply)
            if reply.leads:
                path = reply.location
            elif reply.status == 503:
                self.tally.add("pages that ask to wait")
                self.pause()
            else:
                raise StuckError(f"{reply.status} for {path}")
        raise StuckError(f"{TRIES} tries did not open {path}")

    def press(self, errand: Errand, page: Page, action: str, values: Values) -> Page:
        """Fill in the form of a page, press a button, and go where that leads."""
        return self.open(self.send(errand, page, action, values) or f"{errand.draft}/")

    def send(self, errand: Errand, page: Page, action: str, values: Values) -> str:
        """Fill in the form of a page and press a button; return where that leads.

        Nothing, if one has rather a look at the draft than to try once more.
        """
        form = page.form
        shown = typed(form.values)
        own = {name: v for name, v in form.values.items() if name not in shown}
        sent = {**own, **values, "_action": action}
        write = errand.write(page.name, values) if page.name != "check" else Write({})
        errand.tell(f"{page.name} {action}: sends {typed(values)}")
        for _ in range(TRIES):
            try:
                reply = self.browser.post(form.action, sent)
            except BrokenError as broken:
                errand.tell(f"{page.name} {action}: {broken}")
                write.late |= broken.late
                self.pause()
                if self._looks_first(errand):
                    return ""
                continue
            errand.tell(f"{page.name} {action}: {reply.status} {reply.location}")
            if reply.leads:
                return self._acknowledged(errand, write, reply)
            form = self._given_back(reply, sent).form
            sent = {**form.values, "_action": form.actions[0]}
            self.pause()
            if reply.status == 409 and self._looks_first(errand):
                return ""
        raise StuckError(f"{TRIES} tries did not send {page.path}")

    def send_cart(self, path: str, values: Values) -> None:
        reply = self._insist(partial(self.browser.post, path, values))
        if not reply.leads:
            raise StuckError(f"{reply.status} for a book put into the cart")

    def _looks_first(self, errand: Errand) -> bool:
        return errand.draft != "" and self.chance.random() < 0.3

    def pause(self) -> None:
        time.sleep(self.chance.uniform(0.05, 0.3))

    def _insist(self, act: Callable[[], Reply]) -> Reply:
        for _ in range(TRIES):
            try:
                return act()
            except BrokenError:
                self.pause()
        raise StuckError(f"{TRIES} tries, and the connection broke each time")

    def _acknowledged(self, errand: Errand, write: Write, reply: Reply) -> str:
        write.acknowledged = True
        self.tally.add("acknowledged saves")
        if found := DRAFT.match(reply.location):
            if errand.draft and errand.draft != found[0]:
                raise StuckError(f"{errand.draft} was not there, {found[0]} begun")
            errand.draft = found[0]
        return reply.location

    def _given_back(self, reply: Reply, sent: Values) -> Page:
        """The page that says: nothing was stored, here is what you typed."""
        if reply.status not in (409, 503):
            raise StuckError(f"{reply.status} to what was sent to {reply.path}")
        self.tally.add(f"pages {reply.status} given back")
        page = Page(reply)
        if page.typed != typed(sent):
            self.tally.find("typed and not given back", f"{page.typed} for {sent}")
        return page
