"""An errand: one cart on its way to one order, and all that was typed for it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from random import Random

from benchmarks.drill.browser import typed
from benchmarks.drill.shop import Order

STEPS = ("delivery", "gift", "message", "payment", "invoice")
CITIES = ("Brügge", "Köln", "Liège", "Łódź & Söhne", "O'Brien <b>")

Values = dict[str, str]


@dataclass
class Write:
    """What was sent for a step. Unacknowledged, it may have been kept or not.

    ``late``: nobody waited for it any longer, and it may still be carried out.
    """

    values: Values
    acknowledged: bool = False
    late: bool = False


@dataclass
class Errand:
    """``email`` tells it from all others, and so does each thing that is typed.

    ``draft`` and ``receipt`` are addresses, empty before they are known. One that
    ``is_left`` gets no order before somebody comes back to it. ``story`` is what was
    sent and answered, for whoever has to find out what went wrong.
    """

    email: str
    chance: Random
    is_left: bool = False
    draft: str = ""
    receipt: str = ""
    writes: dict[str, list[Write]] = field(default_factory=lambda: defaultdict(list))
    story: list[str] = field(default_factory=list)
    _typed: int = 0

    def tell(self, event: str) -> None:
        self.story.append(f"{datetime.now():%H:%M:%S.%f} {event}")

    def write(self, step: str, values: Values) -> Write:
        """Note what is about to be sent for a step."""
        self.writes[step].append(Write(typed(values)))
        return self.writes[step][-1]

    def possible(self, step: str) -> list[Values]:
        """What the step may hold: what was acknowledged last, or was sent since."""
        writes = self.writes[step]
        kept = [n for n, write in enumerate(writes) if write.acknowledged]
        since = writes[kept[-1] :] if kept else [Write({}), *writes]
        return [w.values for w in (*since, *(w for w in writes if w.late))]

    def missing(self, order: Order) -> list[str]:
        """The steps whose answers are not in the order as they were given."""
        made = order.answers.items()
        return [step for step, values in made if values not in self.possible(step)]

    # What to type

    def fill(self, step: str) -> Values:
        """Give good answers for a step, other ones each time."""
        self._typed += 1
        mark = f"{self._typed} of {self.email}"
        answers: dict[str, Values] = {
            "delivery": {
                "name": f"Visitor {mark}",
                "email": self.email,
                **self._address(mark),
            },
            "gift": {"gift": self.chance.choice(("yes", "yes", "no"))},
            "message": {"gift_message": f"Dear you,\r\nthis is {mark}.\r\n\r\n  Me"},
            "payment": {
                "method": self.chance.choice(("invoice", "transfer")),
                "payer": self.chance.choice(("person", "company")),
            },
            "invoice": {
                "company": f"Company {mark}",
                "vat_number": self.chance.choice(("", f"VAT{self._typed}")),
                **self._address(mark),
            },
        }
        return answers[step]

    def spoil(self, step: str) -> Values:
        """Give answers that a step does not accept, or half of them."""
        values = self.fill(step)
        if step in ("delivery", "invoice"):
            return {**values, "address-postcode": "9" * 20, "address-city": ""}
        if step == "message":
            return {"gift_message": f"{values['gift_message']} {'too long ' * 40}"}
        return {}

    def _address(self, mark: str) -> Values:
        return {
            "address-street": f"Street {mark}",
            "address-postcode": f"P{self._typed}",
            "address-city": self.chance.choice(CITIES),
            "address-country": self.chance.choice(("BE", "FR", "NL")),
        }
