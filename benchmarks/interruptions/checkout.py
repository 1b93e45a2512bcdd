"""What a visitor types in a checkout, step by step."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import NamedTuple

CITIES = ("Brügge", "Köln", "Liège", "Łódź & Söhne", "O'Brien <b>")
WORDS = (
    *("dear", "all", "good", "luck", "with", "the", "new"),
    *("house", "and", "come", "to", "see", "us", "soon"),
)

# Step -> field -> value, as the shop names them.
Answers = Mapping[str, Mapping[str, str]]


class Key(NamedTuple):
    """One keystroke, or one choice: the field, and what its value is afterwards."""

    field: str
    value: str


# What is not typed but chosen, from circles or from a list.
CHOSEN = ("gift", "method", "payer")
SELECTED = ("address-country",)


def answers(chance: Random, email: str) -> Answers:
    """What one visitor answers. Every text is this visitor's alone."""
    mark = email.partition("@")[0]
    is_gift, by_company = chance.random() < 0.6, chance.random() < 0.5
    found = {
        "delivery": {
            "name": f"Reader {mark}",
            "email": email,
            **_address(chance, mark),
        },
        "gift": {"gift": "yes" if is_gift else "no"},
    }
    if is_gift:
        words = " ".join(chance.choice(WORDS) for _ in range(chance.randint(5, 20)))
        found["message"] = {"gift_message": f"{words}\n{mark}"}
    found["payment"] = {
        "method": chance.choice(("invoice", "transfer")),
        "payer": "company" if by_company else "person",
    }
    if by_company:
        found["invoice"] = {
            "company": f"Company {mark}",
            "vat_number": f"VAT{chance.randint(1000, 9999)}",
            **_address(chance, mark),
        }
    return found


def keys(values: Mapping[str, str]) -> list[Key]:
    """The keystrokes by which a step is filled in, in order."""
    return [
        Key(field, value[:end])
        for field, value in values.items()
        for end in (
            [len(value)]
            if field in CHOSEN or field in SELECTED
            else range(1, len(value) + 1)
        )
    ]


def _address(chance: Random, mark: str) -> dict[str, str]:
    return {
        "address-street": f"{chance.randint(1, 99)} {mark} Street",
        "address-postcode": str(chance.randint(10000, 99999)),
        "address-city": chance.choice(CITIES),
        "address-country": chance.choice(("BE", "FR", "NL")),
    }
