"""The books on the shelves when the shop opens for the first time: all invented."""

from __future__ import annotations

from typing import Any

from sqlalchemy import select
from sqlalchemy.exc import IntegrityError

from example_app.models import Book, db

BOOKS: list[dict[str, Any]] = [
    {
        "slug": "the-salt-almanac",
        "title": "The Salt Almanac",
        "author": "Orla Venn",
        "genre": "nature",
        "blurb": (
            "Twelve months on an island that is one only at high tide. Orla Venn"
            " counts birds, mends nets and learns to read a sky that changes its"
            " mind four times before breakfast."
        ),
        "year": 2021,
        "pages": 312,
        "price": 1850,
        "stock": 14,
        "colour": "sea",
        "motif": "waves",
    },
    {
        "slug": "a-lighthouse-for-two",
        "title": "A Lighthouse for Two",
        "author": "Matteo Brightwater",
        "genre": "novels",
        "blurb": (
            "Two keepers who have not spoken for eleven years are asked to teach"
            " one apprentice. A quiet, funny novel about signals and silence."
        ),
        "year": 2019,
        "pages": 268,
        "price": 1490,
        "stock": 9,
        "colour": "brick",
        "motif": "rays",
    },
    {
        "slug": "the-sleeping-cartographer",
        "title": "The Sleeping Cartographer",
        "author": "Ilse Fennimore",
        "genre": "adventure",
        "blurb": (
            "While the royal mapmaker naps, her map goes on drawing itself. Her"
            " niece Juna sets out to walk where the ink is still wet. For readers"
            " from nine to ninety."
        ),
        "year": 2023,
        "pages": 224,
        "price": 1290,
        "stock": 20,
        "colour": "ochre",
        "motif": "hills",
    },
    {
        "slug": "nine-keys-for-mr-pell",
        "title": "Nine Keys for Mr Pell",
        "author": "Judith Hallowmere",
        "genre": "crime",
        "blurb": (
            "A locksmith inherits nine keys and no doors. By the fourth, somebody"
            " is following him; by the seventh, he knows why his uncle never slept"
            " at home."
        ),
        "year": 2020,
        "pages": 356,
        "price": 1590,
        "stock": 7,
        "colour": "pine",
        "motif": "keyhole",
    },
    {
        "slug": "small-hours-large-owls",
        "title": "Small Hours, Large Owls",
        "author": "Tobias Quillon",
        "genre": "poetry",
        "blurb": (
            "Forty short poems to be read between two and four in the morning,"
            " with a glass of water and the window open."
        ),
        "year": 2022,
        "pages": 88,
        "price": 1150,
        "stock": 2,
        "colour": "plum",
        "motif": "moon",
    },
    {
        "slug": "the-moss-report",
        "title": "The Moss Report",
        "author": "Anneke Tolland",
        "genre": "nature",
        "blurb": (
            "Nothing happens slowly if you look closely enough. A botanist spends"
            " three years on one square metre of forest floor."
        ),
        "year": 2024,
        "pages": 196,
        "price": 1690,
        "stock": 11,
        "colour": "moss",
        "motif": "dots",
    },
    {
        "slug": "death-takes-the-early-ferry",
        "title": "Death Takes the Early Ferry",
        "author": "Judith Hallowmere",
        "genre": "crime",
        "blurb": (
            "Eight passengers board at dawn and seven step ashore. The ferry has"
            " made no stop, and Inspector Daal gets seasick."
        ),
        "year": 2023,
        "pages": 334,
        "price": 1590,
        "stock": 16,
        "colour": "night",
        "motif": "porthole",
    },
    {
        "slug": "what-the-attic-kept",
        "title": "What the Attic Kept",
        "author": "Silvan Morrow",
        "genre": "ghosts",
        "blurb": (
            "Five houses, five attics, five families who all remember the same"
            " lodger. Linked stories that get colder as they go."
        ),
        "year": 2018,
        "pages": 240,
        "price": 1390,
        "stock": 0,
        "colour": "sand",
        "motif": "window",
    },
    {
        "slug": "the-orchard-visitor",
        "title": "The Orchard Visitor",
        "author": "Perpetua Lisle",
        "genre": "ghosts",
        "blurb": (
            "Every October the ladder is moved by one tree. A ghost story without"
            " a scream in it, and harder to forget for that."
        ),
        "year": 2022,
        "pages": 178,
        "price": 1350,
        "stock": 8,
        "colour": "ember",
        "motif": "moon",
    },
    {
        "slug": "rhubarb-and-other-psalms",
        "title": "Rhubarb and Other Psalms",
        "author": "Ines Calloway",
        "genre": "poetry",
        "blurb": (
            "Praise songs for allotments, kettles, bus drivers and the trombone"
            " next door. Best read aloud, to somebody peeling something."
        ),
        "year": 2017,
        "pages": 104,
        "price": 1190,
        "stock": 13,
        "colour": "rose",
        "motif": "leaf",
    },
    {
        "slug": "the-last-tram-to-marrow-street",
        "title": "The Last Tram to Marrow Street",
        "author": "Bram Oosterling",
        "genre": "novels",
        "blurb": (
            "One night, one tram, and thirty-one passengers who each believe that"
            " they are on the wrong line. A city novel told stop by stop."
        ),
        "year": 2024,
        "pages": 402,
        "price": 1950,
        "stock": 10,
        "colour": "slate",
        "motif": "lights",
    },
    {
        "slug": "pip-and-the-paper-fleet",
        "title": "Pip and the Paper Fleet",
        "author": "Dilys Marchbank",
        "genre": "adventure",
        "blurb": (
            "Pip folds ninety-nine boats for the flooded square. The hundredth has"
            " somebody in it. A tale of rain, courage and very small flags."
        ),
        "year": 2021,
        "pages": 152,
        "price": 1090,
        "stock": 18,
        "colour": "sky",
        "motif": "hills",
    },
]


def stock_empty_shelves() -> None:
    """Put the sample books on sale, unless there are books already."""
    if db.session.scalar(select(Book.id).limit(1)) is not None:
        return
    db.session.add_all(Book(**fields) for fields in BOOKS)
    try:
        db.session.commit()
    except IntegrityError:  # another worker opened the shop at the same moment
        db.session.rollback()
