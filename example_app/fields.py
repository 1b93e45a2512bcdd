"""What the shop's forms share."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wtforms import EmailField, Form, SelectField, StringField
from wtforms.validators import DataRequired, Email, InputRequired, Length

from example_app.models import COUNTRIES

if TYPE_CHECKING:

    class FlaskForm(Form):  # Flask-WTF has no type annotations
        def validate_on_submit(self) -> bool: ...

else:
    from flask_wtf import FlaskForm

__all__ = ["FlaskForm", "PersonForm", "address_form", "stripped"]


def stripped(text: str | None) -> str | None:
    """Take off the blanks around a line of text: a filter."""
    return text.strip() if text else text


class PersonForm(FlaskForm):
    """Who somebody is, and where to write to."""

    name = StringField(
        "Full name",
        [
            DataRequired("Enter your full name"),
            Length(max=80, message="Shorten your name to 80 characters"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "name"},
    )
    email = EmailField(
        "Email address",
        [
            DataRequired("Enter your email address"),
            Email("Enter an email address like name@example.com"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "email"},
    )


def address_form(purpose: str) -> type[Form]:
    """Return a form for an address.

    `purpose` is `shipping` or `billing`: browsers fill in the one or the other.
    """

    class AddressForm(Form):
        street = StringField(
            "Street and house number",
            [
                DataRequired("Enter the street and the house number"),
                Length(max=120, message="Shorten the street to 120 characters"),
            ],
            filters=[stripped],
            render_kw={"autocomplete": f"{purpose} address-line1"},
        )
        postcode = StringField(
            "Postcode",
            [
                DataRequired("Enter the postcode"),
                Length(max=12, message="Enter a postcode of at most 12 characters"),
            ],
            filters=[stripped],
            render_kw={"autocomplete": f"{purpose} postal-code", "data-row": "place"},
        )
        city = StringField(
            "Town or city",
            [
                DataRequired("Enter the town or city"),
                Length(max=80, message="Shorten the town or city to 80 characters"),
            ],
            filters=[stripped],
            render_kw={
                "autocomplete": f"{purpose} address-level2",
                "data-row": "place",
            },
        )
        country = SelectField(  # type: ignore[call-arg] # newer than the stubs
            "Country",
            [InputRequired("Choose the country")],
            choices={"": "Choose a country", **COUNTRIES},
            invalid_choice_message="Choose a country from the list",
            render_kw={"autocomplete": f"{purpose} country"},
        )

    return AddressForm
