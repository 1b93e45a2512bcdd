"""The count: what became of every errand, once all is well again."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks.drill.errand import STEPS, Errand
from benchmarks.drill.person import StuckError
from benchmarks.drill.shop import Order, Shop
from benchmarks.drill.tally import Tally
from benchmarks.drill.visitor import MOST_MOVES, Visitor

AT_ONCE = 8

# What is told of each engine, and what the number must be.
MEASURES: Mapping[str, str] = {
    "visitors": "> 0",
    "drafts": "> 0",
    "requests": "> 0",
    "acknowledged saves": "> 0",
    "acknowledged saves lost": "0",
    "acknowledged orders": "> 0",
    "acknowledged orders lost": "0",
    "drafts left open, resumed and ordered in the end": "",
    "drafts that cannot be resumed": "0",
    "drafts not offered": "0",
    "drafts with more than one order": "0",
    "drafts without an order in the end": "0",
    "answers 500": "0",
    "complaints in the log": "0",
    "typed and not given back": "0",
    "visitors stuck": "0",
    "workers killed": "> 0",
    "deploys": "> 0",
    "store restarted": "",
    "store crashed": "",
    "replies of the shop dropped": "> 0",
    "replies of the store dropped": "",
    "seconds without replies": "",
    "seconds silent": "",
    "seconds full": "",
    "connections broken": "> 0",
    "pages 503 given back": "",
    "pages 409 given back": "",
    "pages that ask to wait": "",
}


def count(shop: Shop, visitors: Sequence[Visitor], tally: Tally) -> None:
    """Compare what was acknowledged with what is there; take every draft to its order.

    All must be well again.
    """
    errands = [e for visitor in visitors for e in visitor.errands if e.draft]
    tally.add("visitors", len(visitors))
    tally.add("drafts", len(errands))
    placed = _by_email(shop.orders())
    for errand in errands:
        if errand.receipt and not placed[errand.email]:
            tally.find("acknowledged orders lost", errand.receipt)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        list(pool.map(_come_back, visitors))
    placed = _by_email(shop.orders())
    for errand in errands:
        _count_orders(errand, placed[errand.email], tally)
    for line in shop.complaints():
        tally.find("complaints in the log", line)


def failures(tally: Tally) -> list[str]:
    """What is not as it must be."""
    return [
        f"{what}: {tally[what]:g}, but must be {required}"
        for what, required in MEASURES.items()
        if required and (tally[what] > 0) is not (required == "> 0")
    ]


def table(tallies: Mapping[str, Tally]) -> str:
    """The numbers of all engines, as Markdown."""
    rows = [["", "must be", *tallies], ["---"] + ["---:"] * (len(tallies) + 1)]
    for what, required in MEASURES.items():
        numbers = (f"{round(tally[what], 1):g}" for tally in tallies.values())
        rows.append([what, required, *numbers])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(_line(row, widths) for row in rows)


def _line(row: Iterable[str], widths: Iterable[int]) -> str:
    first, *others = zip(row, widths, strict=True)
    cells = [first[0].ljust(first[1]), *(text.rjust(width) for text, width in others)]
    return f"| {' | '.join(cells)} |"


def _by_email(orders: Iterable[Order]) -> Mapping[str, list[Order]]:
    found: dict[str, list[Order]] = defaultdict(list)
    for order in orders:
        found[order.email].append(order)
    return found


def _come_back(visitor: Visitor) -> None:
    for errand in visitor.errands:
        try:
            if errand.draft:
                _finish(visitor, errand)
        except StuckError as stuck:
            finding = f"{errand.draft} of {errand.email}: {stuck}"
            visitor.tally.find("drafts that cannot be resumed", finding, errand.story)


def _finish(visitor: Visitor, errand: Errand) -> None:
    """See that the draft's address leads to its order; if there is none yet, order."""
    page = visitor.open(f"{errand.draft}/")
    while page.name == "receipt":  # until the lease of a killed worker is over
        visitor.pause()
        page = visitor.open(page.path)
    if errand.receipt and page.path != errand.receipt:
        raise StuckError(f"It leads to {page.path}, not to {errand.receipt}.")
    if not page.path.startswith("/orders/"):
        visitor.tally.add("drafts left open, resumed and ordered in the end")
        visitor.fill_cart()
        _look_through(visitor, errand)
        page = visitor.open(f"{errand.draft}/check")
    for _ in range(MOST_MOVES):
        if errand.receipt:
            return
        page = visitor.move(errand, page, is_calm=True)
    raise StuckError(f"{MOST_MOVES} pages, and still at {page.path}")


def _look_through(visitor: Visitor, errand: Errand) -> None:
    """Look at every step, those of all branches, and continue from each."""
    branches = {"gift": {"gift": "yes"}, "payment": {"payer": "company"}}
    for step in STEPS:
        page = visitor.open(f"{errand.draft}/{step}")
        if page.name == "check":  # what may have been sent can only be sent again
            return
        if page.name != step:
            raise StuckError(f"{step} led to {page.path}")
        visitor.look(errand, page)
        answers = {**errand.fill(step), **branches.get(step, {})}
        visitor.press(errand, page, "next", answers)


def _count_orders(errand: Errand, orders: Sequence[Order], tally: Tally) -> None:
    if not orders:
        tally.find("drafts without an order in the end", errand.email)
    elif len(orders) > 1:
        finding = f"{len(orders)} of {errand.email}"
        tally.find("drafts with more than one order", finding, errand.story)
    for order in orders:
        for step in errand.missing(order):
            given = order.answers[step]
            finding = f"{given} ordered, not one of {errand.possible(step)}"
            tally.find("acknowledged saves lost", finding, errand.story)
