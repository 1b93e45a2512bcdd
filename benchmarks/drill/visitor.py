"""A visitor: goes through the shop as people do, and notes what was acknowledged."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from random import Random
from typing import ClassVar

from benchmarks.drill.browser import Page
from benchmarks.drill.errand import STEPS, Errand
from benchmarks.drill.person import Person, StuckError
from benchmarks.drill.tally import Tally

BOOKS = ("the-salt-almanac", "nine-keys-for-mr-pell", "the-moss-report")
MOVES = 25  # pages of an errand on which anything but Continue is pressed
MOST_MOVES = 100
MOST_CLICKS = 5

Habit = Callable[[Errand, Page], Page]


class Visitor(Person):
    """Somebody who has several errands, one after the other."""

    def __init__(self, name: str, port: int, chance: Random, tally: Tally) -> None:
        super().__init__(port, chance, tally)
        self.name = name
        self.errands: list[Errand] = []

    def shop(self, is_closing: Callable[[], bool]) -> None:
        """Have an errand or some; the last is hurried when the shop is closing."""
        for number in range(self.chance.choice((1, 1, 2, 3))):
            if number and is_closing():
                return
            is_left = self.chance.random() < 0.25
            email = f"{self.name}-{number}@example.org"
            self.errands.append(Errand(email, self.chance, is_left))
            try:
                self._buy(self.errands[-1], is_closing)
            except StuckError as stuck:
                story = self.errands[-1].story
                self.tally.find("visitors stuck", f"{email}: {stuck}", story)

    def _buy(self, errand: Errand, is_closing: Callable[[], bool]) -> None:
        self.fill_cart()
        page = self.open("/checkout/new/delivery")
        pages_to_go = self.chance.randrange(2, MOVES)
        for move in range(MOST_MOVES):
            is_over = errand.draft and (page.name == "check" or move > pages_to_go)
            if errand.receipt or (errand.is_left and is_over):
                return
            is_calm = move >= MOVES or is_closing()
            page = self.move(errand, page, is_calm=is_calm)
        raise StuckError(f"{MOST_MOVES} pages, and still at {page.path}")

    def fill_cart(self) -> None:
        book = self.chance.choice(BOOKS)
        page = self.open(f"/books/{book}")
        (form,) = [f for f in page.forms if f.action == f"/cart/{book}/add"]
        self.send_cart(form.action, {**form.values, "copies": "1"})

    def move(self, errand: Errand, page: Page, *, is_calm: bool) -> Page:
        """Do what a person does on this page; return the one that it leads to."""
        if page.path.startswith("/orders/"):
            return self._read_receipt(errand, page)
        if page.name == "receipt":  # of what is being sent at this moment
            self.pause()
            return self.open(page.path)
        if page.name == "saved":
            self.pause()
            return self._come_back(errand)
        if page.name == "check":
            act = self._order if is_calm else self._habit(self._ORDERING)
            return act(errand, page)
        if page.name not in STEPS:
            raise StuckError(f"{page.path} is not a page of a checkout")
        self.look(errand, page)
        act = self.go_on if is_calm else self._habit(self._FILLING_IN)
        return act(errand, page)

    def look(self, errand: Errand, page: Page) -> None:
        """See whether a step shows what was typed there."""
        possible = errand.possible(page.name)
        if page.typed not in possible:
            finding = f"{page.path} shows {page.typed}, not one of {possible}"
            self.tally.find("acknowledged saves lost", finding, errand.story)
            errand.write(page.name, page.typed).acknowledged = True

    # Habits at a step

    def go_on(self, errand: Errand, page: Page) -> Page:
        """Fill in what is asked, and continue."""
        return self.press(errand, page, "next", errand.fill(page.name))

    def _blunder(self, errand: Errand, page: Page) -> Page:
        return self.press(errand, page, "next", errand.spoil(page.name))

    def _go_back(self, errand: Errand, page: Page) -> Page:
        if "back" not in page.form.actions:
            return self._save(errand, page)
        return self.press(errand, page, "back", errand.spoil(page.name))

    def _save(self, errand: Errand, page: Page) -> Page:
        answers = self.chance.choice((errand.fill, errand.spoil))
        return self.press(errand, page, "save", answers(page.name))

    def _use_older_tab(self, errand: Errand, page: Page) -> Page:
        """Continue, then find the page in another tab and send that as well."""
        self.go_on(errand, page)
        return self.go_on(errand, page)

    def _use_both_tabs(self, errand: Errand, page: Page) -> Page:
        """Send two steps at once."""
        earlier = STEPS[: STEPS.index(page.name)]
        if not errand.draft or not earlier:
            return self.go_on(errand, page)
        other = self.open(f"{errand.draft}/{self.chance.choice(earlier)}")
        if other.name not in earlier:  # it does not apply
            return self.go_on(errand, page)
        with ThreadPoolExecutor(2) as tabs:
            sent = [
                tabs.submit(self.send, errand, tab, "next", errand.fill(tab.name))
                for tab in (page, other)
            ]
        for tab in sent:
            tab.result()
        return self._come_back(errand)

    def _come_back(self, errand: Errand) -> Page:
        """Open the draft by its own address, or by the list of those begun."""
        if self.chance.random() < 0.5:
            return self.open(f"{errand.draft}/")
        entry = self.open("/checkout/")
        if f"{errand.draft}/" not in entry.text:
            self.tally.find("drafts not offered", f"{errand.draft} of {errand.email}")
        return self.open(f"{errand.draft}/")

    # Habits at the check page

    def _change(self, errand: Errand, page: Page) -> Page:
        step = self.chance.choice(("delivery", "gift", "payment"))
        page = self.open(f"{errand.draft}/{step}?then=check")
        # What may have been sent already can only be sent again.
        return self.go_on(errand, page) if page.name == step else page

    def _order(self, errand: Errand, page: Page) -> Page:
        """Press the button of the check page, and once more, and again."""
        clicks = self.chance.choice((1, 2, MOST_CLICKS))
        with ThreadPoolExecutor(clicks) as finger:
            sent = [
                finger.submit(self.send, errand, page, "next", {})
                for _ in range(clicks)
            ]
        led_to = [click.result() for click in sent]
        return self.open(max(led_to) or f"{errand.draft}/")

    def _read_receipt(self, errand: Errand, page: Page) -> Page:
        if errand.email not in page.text:
            raise StuckError(f"{page.path} is the order of somebody else")
        errand.receipt = page.path
        self.tally.add("acknowledged orders")
        return page

    def _habit(self, habits: dict[str, int]) -> Habit:
        (name,) = self.chance.choices(list(habits), weights=list(habits.values()))
        habit: Habit = getattr(self, name)
        return habit

    # How often each is done, in a hundred times.
    _FILLING_IN: ClassVar = {
        "go_on": 60,
        "_blunder": 10,
        "_go_back": 8,
        "_save": 8,
        "_use_older_tab": 7,
        "_use_both_tabs": 7,
    }
    _ORDERING: ClassVar = {"_order": 80, "_change": 20}
