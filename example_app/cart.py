"""The cart: an object over the visitor's session."""

from __future__ import annotations

import secrets
from collections.abc import MutableMapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select

from example_app.models import Book, db

MOST_COPIES = 10  # of one book in one order


@dataclass(frozen=True)
class CartLine:
    """Copies of one book, as the visitor wants them and at today's price."""

    book: Book
    quantity: int

    @property
    def total(self) -> int:
        """The price of all copies, in cents."""
        return self.book.price * self.quantity

    @property
    def shortage(self) -> str | None:
        """Why the shop cannot deliver this line and what to do; None if it can."""
        if self.quantity <= self.book.stock:
            return None
        if not self.book.stock:
            return f"“{self.book.title}” is sold out. Remove it from your cart."
        return (
            f"Only {self.book.stock} of “{self.book.title}” left."
            " Change the number of copies in your cart."
        )


class Cart:
    """What the visitor is about to buy.

    Only slugs and numbers lie in the session, so that prices and stock are always
    today's. Each cart has an id, from its first book to the order that is made of it.
    """

    def __init__(self, session: MutableMapping[str, Any]) -> None:
        self._session = session

    @property
    def id(self) -> str:
        """The cart's id; empty while there is no cart."""
        return str(self._session.get("cart_id", ""))

    @property
    def quantities(self) -> dict[str, int]:
        """Copies by the slug of the book, in the order in which they were added."""
        return dict(self._session.get("cart", {}))

    @property
    def copies(self) -> int:
        """The number of books, all copies counted."""
        return sum(self.quantities.values())

    @property
    def lines(self) -> list[CartLine]:
        """The books with their numbers, but for those that the shop has dropped."""
        quantities = self.quantities
        found = db.session.scalars(select(Book).where(Book.slug.in_(quantities)))
        books = {book.slug: book for book in found}
        return [
            CartLine(books[slug], quantity)
            for slug, quantity in quantities.items()
            if slug in books
        ]

    @property
    def contents(self) -> str:
        """Books, copies and prices as text: another one once any of them changes."""
        return "; ".join(
            f"{line.book.slug} {line.quantity} {line.book.price}" for line in self.lines
        )

    @property
    def total(self) -> int:
        """What all of it costs today, in cents."""
        return sum(line.total for line in self.lines)

    def add(self, book: Book, quantity: int) -> int:
        """Put in more copies, as far as there are any; return how many are in now."""
        return self.change(book, self.quantities.get(book.slug, 0) + quantity)

    def change(self, book: Book, quantity: int) -> int:
        """Set the number of copies, as far as there are any; return how many are in."""
        possible = max(0, min(quantity, book.stock, MOST_COPIES))
        self._keep({**self.quantities, book.slug: possible})
        return possible

    def remove(self, book: Book) -> None:
        """Take out all copies of a book."""
        self._keep({**self.quantities, book.slug: 0})

    def empty(self) -> None:
        """Forget the cart: the next book begins a new one."""
        self._session.pop("cart", None)
        self._session.pop("cart_id", None)

    def _keep(self, quantities: dict[str, int]) -> None:
        self._session.setdefault("cart_id", secrets.token_urlsafe(8))
        self._session["cart"] = {slug: n for slug, n in quantities.items() if n}
