"""What must hold at the end of every path of the shop's wizards.

`flask --app example_app wizard prove --properties example_app.proofs` proves it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from example_app.club import NOT_FOR_CHILDREN, age
from example_app.sell import WE_COLLECT_IN
from flask_wizard import Answers

Property = Callable[[Answers], object]

CHECKOUT: Mapping[str, Property] = {
    "The card of a gift has a message, and no other parcel has.": lambda answers: (
        bool(answers.message.gift_message) == (answers.gift.gift == "yes")
    ),
    "Whoever gets a gift is not asked to pay at the door.": lambda answers: (
        answers.gift.gift == "no" or answers.payment.method != "courier"
    ),
    "A company that pays is named, and nobody else is.": lambda answers: (
        bool(answers.invoice.company) == (answers.payment.payer == "company")
    ),
    "An invoice has an address.": lambda answers: (
        not answers.invoice or answers.invoice.same or answers.invoice.address.street
    ),
}

PROPERTIES: Mapping[str, Mapping[str, Property]] = {
    "checkout": CHECKOUT,
    "change_order": CHECKOUT,
    "club": {
        "A minor has a guardian who agrees.": lambda answers: (
            age(answers.you.born) >= 18 or answers.guardian.agrees == "yes"
        ),
        "Nobody else is asked for a guardian.": lambda answers: (
            age(answers.you.born) < 18 or not answers.guardian
        ),
        "Only grown-ups sign for others.": lambda answers: (
            age(answers.you.born) >= 18 or not answers.family
        ),
        "Children read nothing that is not for them.": lambda answers: (
            age(answers.you.born) >= 18
            or not NOT_FOR_CHILDREN & {*answers.tastes.genres}
        ),
        "Nor do the children of the family.": lambda answers: all(
            age(each.who.born) >= 18 or not NOT_FOR_CHILDREN & {*each.card.genres}
            for each in answers.family
        ),
        "At most eight others join.": lambda answers: len(answers.family) <= 8,
    },
    "sell": {
        "There is a book.": lambda answers: len(answers.books) >= 1,
        "The van goes only where it goes.": lambda answers: (
            answers.way.way == "post" or answers.address.country in WE_COLLECT_IN
        ),
        "The van comes on a day, and the post needs none.": lambda answers: (
            bool(answers.day) == (answers.way.way == "collect")
        ),
    },
}
