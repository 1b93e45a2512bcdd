"""Selling books to the shop: a list of tasks that a reader fills in in any order."""

from __future__ import annotations

from datetime import date, timedelta

from sqlalchemy import select
from wtforms import DateField, Form, RadioField, StringField
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    Regexp,
    ValidationError,
)

from example_app.fields import PersonForm, address_form, stripped
from example_app.models import Offer, db
from flask_wizard import Answers, Receipt, Repeat, Review, Step, Submission, Wizard

WE_COLLECT_IN = {"BE", "LU", "NL"}
MOST_BOOKS = 20
CONDITIONS = {"new": "As new", "read": "Read", "worn": "Worn, and loved"}


class UsedBookForm(Form):
    """A book that the reader would part with."""

    title = StringField(
        "Title",
        [
            DataRequired("Enter the title"),
            Length(max=120, message="Shorten the title to 120 characters"),
        ],
        filters=[stripped],
    )
    condition = RadioField(
        "Condition",
        [InputRequired("Choose the condition that the book is in")],
        choices=CONDITIONS,
    )


class WayForm(Form):
    """How the books reach the shop."""

    way = RadioField(
        "How do the books reach us?",
        [InputRequired("Choose how the books reach us")],
        choices={"collect": "You collect them", "post": "I send them by post"},
    )


class DayForm(Form):
    """When the shop's van comes."""

    day = DateField(  # type: ignore[call-arg] # newer than the stubs
        "When shall we come?",
        [InputRequired("Enter a day")],
        invalid_value_message="Enter a real date, such as 2030-03-31",
    )

    def validate_day(self, field: DateField) -> None:
        """Refuse a day that is over, or today."""
        if field.data and field.data <= date.today():
            tomorrow = date.today() + timedelta(days=1)
            raise ValidationError(f"Enter {tomorrow.isoformat()} or a later day")


class BankForm(Form):
    """Where the money goes."""

    iban = StringField(
        "IBAN",
        [
            DataRequired("Enter the IBAN of your account"),
            Regexp(
                r"(?i)^[a-z]{2}[0-9]{2}[a-z0-9 ]{11,36}$",
                message="Enter an IBAN such as BE68 5390 0754 7034",
            ),
        ],
        filters=[stripped],
    )


def by_post_from_far_away(form: WayForm, answers: Answers) -> None:
    """Offer to collect the books only where the shop's van goes."""
    if answers.address.country not in WE_COLLECT_IN:
        form.way.choices = [("post", "I send them by post")]


class Sell(Wizard, task_list=True):
    """Sell books to the shop."""

    title = "Sell your books to us"

    you = Step(PersonForm, title="Your name", section="About you")
    address = Step(address_form("home"), title="Your address", section="About you")
    books = Repeat(
        UsedBookForm,
        min=1,
        max=MOST_BOOKS,
        title="Your books",
        singular="book",
        label=lambda book: book.title,
    )
    way = Step(
        WayForm,
        title="Their way to us",
        section="Their way to us",
        prepare=by_post_from_far_away,
    )
    day = Step(
        DayForm,
        title="When we come",
        section="Their way to us",
        when=lambda answers: answers.way.way == "collect",
    )
    bank = Step(BankForm, title="How we pay you")
    check = Review(title="Check your offer")

    def commit(self, submission: Submission) -> Receipt:
        """Store the offer, unless an earlier attempt has."""
        query = select(Offer).filter_by(submission_id=submission.id)
        offer = db.session.scalar(query)
        if offer is None:
            offer = Offer(submission_id=submission.id, books=submission.data["books"])
            submission.populate(offer, "you", "day", "bank")
            db.session.add(offer)
            db.session.commit()
        return Receipt(
            reference=f"S-{1000 + offer.id}",
            message="We look at your list by the fire, and write to you in two days.",
        )


blueprint = Sell.as_blueprint("sell")
