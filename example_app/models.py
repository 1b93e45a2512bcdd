"""What the shop keeps: books, orders, customers and members of its readers' club."""

from __future__ import annotations

import secrets
from datetime import UTC, date, datetime
from typing import TYPE_CHECKING, Any

from flask_sqlalchemy import SQLAlchemy
from sqlalchemy import JSON, ForeignKey, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from sqlalchemy.schema import CreateTable

GENRES = {
    "novels": "Novels",
    "crime": "Crime",
    "ghosts": "Ghost stories",
    "poetry": "Poetry",
    "nature": "Nature",
    "adventure": "Adventure",
}

COUNTRIES = {
    "BE": "Belgium",
    "FR": "France",
    "DE": "Germany",
    "IE": "Ireland",
    "LU": "Luxembourg",
    "NL": "Netherlands",
}

PAYMENT_METHODS = {
    "courier": "By card, to the courier",
    "invoice": "By invoice, within 14 days",
    "transfer": "By bank transfer, before we send the books",
}


class Base(DeclarativeBase):
    """The one registry of the shop's tables."""


db = SQLAlchemy(model_class=Base)

if TYPE_CHECKING:
    Model = Base  # mypy cannot look into `db.Model`, which is made at run time

    class UserMixin: ...  # Flask-Login has no type annotations

else:
    from flask_login import UserMixin

    Model = db.Model


def create_tables() -> None:
    """Create what is missing; several workers may do so at once."""
    with db.engine.begin() as connection:
        for table in db.metadata.sorted_tables:
            connection.execute(CreateTable(table, if_not_exists=True))


class Book(Model):
    """A title on the shelf. `colour` and `motif` name the classes of its cover."""

    id: Mapped[int] = mapped_column(primary_key=True)
    slug: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    author: Mapped[str]
    genre: Mapped[str]
    blurb: Mapped[str]
    year: Mapped[int]
    pages: Mapped[int]
    price: Mapped[int]  # in cents
    stock: Mapped[int]  # copies
    colour: Mapped[str]
    motif: Mapped[str]

    @property
    def genre_name(self) -> str:
        """The genre as a reader calls it."""
        return GENRES[self.genre]


class Address(Model):
    """Where a parcel or an invoice goes."""

    id: Mapped[int] = mapped_column(primary_key=True)
    street: Mapped[str]
    postcode: Mapped[str]
    city: Mapped[str]
    country: Mapped[str]

    @property
    def lines(self) -> tuple[str, str, str]:
        """The address as it stands on an envelope."""
        return self.street, f"{self.postcode} {self.city}", COUNTRIES[self.country]


class Invoice(Model):
    """Whom to bill, where that is a company."""

    id: Mapped[int] = mapped_column(primary_key=True)
    company: Mapped[str]
    vat_number: Mapped[str | None]
    address_id: Mapped[int] = mapped_column(ForeignKey(Address.id))
    address: Mapped[Address] = relationship()


class Order(Model):
    """An order as it was placed: later prices and titles do not change it."""

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(unique=True)
    cart_id: Mapped[str]
    token: Mapped[str] = mapped_column(
        unique=True, default=lambda: secrets.token_urlsafe(16)
    )
    placed_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    name: Mapped[str]
    email: Mapped[str]
    gift_message: Mapped[str | None]
    method: Mapped[str]
    address_id: Mapped[int] = mapped_column(ForeignKey(Address.id))
    address: Mapped[Address] = relationship()
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey(Invoice.id))
    invoice: Mapped[Invoice | None] = relationship()
    lines: Mapped[list[OrderLine]] = relationship()

    @property
    def reference(self) -> str:
        """What the shop calls the order in letters and on the telephone."""
        return f"IN-{1000 + self.id}"

    @property
    def payment(self) -> str:
        """How it will be paid, in words."""
        return PAYMENT_METHODS[self.method]

    @property
    def total(self) -> int:
        """What is to be paid, in cents."""
        return sum(line.total for line in self.lines)


class OrderLine(Model):
    """Copies of one book, at the price of the day."""

    id: Mapped[int] = mapped_column(primary_key=True)
    order_id: Mapped[int] = mapped_column(ForeignKey(Order.id))
    book_id: Mapped[int] = mapped_column(ForeignKey(Book.id))
    title: Mapped[str]
    price: Mapped[int]  # in cents, for one copy
    quantity: Mapped[int]

    @property
    def total(self) -> int:
        """The price of all copies, in cents."""
        return self.price * self.quantity


class Customer(UserMixin, Model):
    """Who has an account. `email` is in lower case."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]


class Preferences(Model):
    """What a customer has agreed that the shop remembers, by step of its wizards."""

    customer_id: Mapped[int] = mapped_column(ForeignKey(Customer.id), primary_key=True)
    steps: Mapped[dict[str, Any]] = mapped_column(JSON)


def new_card() -> str:
    """Return a number for a membership card."""
    return f"R-{secrets.token_hex(4).upper()}"


class Member(Model):
    """A member of the readers' club. `card` is the number on the membership card."""

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(unique=True)
    card: Mapped[str] = mapped_column(unique=True, default=new_card)
    joined_at: Mapped[datetime] = mapped_column(default=lambda: datetime.now(UTC))
    name: Mapped[str]
    email: Mapped[str]
    born: Mapped[date]
    guardian_name: Mapped[str | None]
    guardian_email: Mapped[str | None]
    genres: Mapped[list[str]] = mapped_column(JSON)
    authors: Mapped[list[str]] = mapped_column(JSON)
    username: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str]
    photo: Mapped[Photo | None] = relationship()
    family: Mapped[list[Relative]] = relationship()


class Relative(Model):
    """Somebody of a member's family, with a membership card as well."""

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int] = mapped_column(ForeignKey(Member.id))
    card: Mapped[str] = mapped_column(unique=True, default=new_card)
    name: Mapped[str]
    born: Mapped[date]
    genres: Mapped[list[str]] = mapped_column(JSON)
    photo: Mapped[Photo | None] = relationship()


class Photo(Model):
    """What a member or a relative of one looks like, for the membership card."""

    id: Mapped[int] = mapped_column(primary_key=True)
    member_id: Mapped[int | None] = mapped_column(ForeignKey(Member.id))
    relative_id: Mapped[int | None] = mapped_column(ForeignKey(Relative.id))
    content: Mapped[bytes]


class Suggestion(Model):
    """A book that a reader would like to find on the shelf."""

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    author: Mapped[str]
    year: Mapped[int | None]
    genre: Mapped[str]
    reason: Mapped[str]

    @property
    def genre_name(self) -> str:
        """The genre as a reader calls it."""
        return GENRES[self.genre]


class Offer(Model):
    """Books that a reader would sell to the shop."""

    id: Mapped[int] = mapped_column(primary_key=True)
    submission_id: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    email: Mapped[str]
    books: Mapped[list[dict[str, str]]] = mapped_column(JSON)
    day: Mapped[date | None]
    iban: Mapped[str]


def order_of(submission_id: str) -> Order | None:
    """Find the order that this submission has already become."""
    return db.session.scalar(select(Order).filter_by(submission_id=submission_id))


def member_of(submission_id: str) -> Member | None:
    """Find the member whom this submission has already made."""
    return db.session.scalar(select(Member).filter_by(submission_id=submission_id))
