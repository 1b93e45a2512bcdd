"""The checkout: from a cart to an order, once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import groupby
from typing import Any

from flask import Response, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import update
from sqlalchemy.exc import IntegrityError
from wtforms import (
    BooleanField,
    Form,
    FormField,
    RadioField,
    StringField,
    TextAreaField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional

from example_app import preferences
from example_app.cart import Cart, CartLine
from example_app.fields import FlaskForm, PersonForm, address_form, stripped
from example_app.models import (
    PAYMENT_METHODS,
    Address,
    Book,
    Invoice,
    Order,
    OrderLine,
    db,
    order_of,
)
from flask_wizard import (
    Answers,
    Draft,
    OnlyIf,
    Review,
    Row,
    Step,
    StepError,
    Submission,
    Wizard,
)


class DeliveryForm(PersonForm):
    """Who gets the parcel, and where."""

    address = FormField(address_form("shipping"), "Delivery address")


class GiftForm(Form):
    """Whether the parcel is a present."""

    gift = RadioField(
        "Is it a gift?",
        [InputRequired("Choose yes if it is a gift, otherwise no")],
        choices={"yes": "Yes, please wrap it", "no": "No"},
        description="Wrapping is free. A gift has no prices in the parcel.",
    )


class MessageForm(Form):
    """What the card in the present says."""

    gift_message = TextAreaField(
        "Message on the card",
        [
            DataRequired("Enter the message for the card"),
            Length(max=300, message="Shorten the message to 300 characters"),
        ],
        description="Up to 300 characters. We copy it by hand, in ink.",
        render_kw={"rows": 4},
    )


class PaymentForm(FlaskForm):
    """How the order is paid, and whether a company does."""

    method = RadioField(  # type: ignore[call-arg] # newer than the stubs
        "How would you like to pay?",
        [InputRequired("Choose how you would like to pay")],
        choices=PAYMENT_METHODS,
        invalid_choice_message="Choose one of these ways to pay",
    )
    payer = RadioField(
        "Who pays?",
        [InputRequired("Choose who pays: you, or a company")],
        choices={"person": "I do", "company": "A company, and it needs an invoice"},
    )


class RememberedPaymentForm(PaymentForm):
    """How the order is paid, and whether the shop may remember it all."""

    remember = BooleanField(
        "Remember this address, the wrapping and how I pay for my next order",
        description="In your account, or else in this browser. You can change your mind"
        " under Preferences.",
    )


class InvoiceForm(FlaskForm):
    """The company that pays."""

    company = StringField(
        "Name of the company",
        [
            DataRequired("Enter the name of the company"),
            Length(max=120, message="Shorten the name to 120 characters"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "billing organization"},
    )
    vat_number = StringField(
        "VAT number",
        [Optional(), Length(max=20, message="Enter a VAT number of at most 20 signs")],
        filters=[stripped],
    )
    same = BooleanField("The invoice goes to the delivery address")
    address = FormField(
        OnlyIf.group("same", False, address_form("billing")), "Invoice address"
    )


def is_gift(answers: Answers) -> bool:
    """Tell whether somebody else will open the parcel."""
    return bool(answers.gift.gift == "yes")


def company_pays(answers: Answers) -> bool:
    """Tell whether an invoice to a company is needed."""
    return bool(answers.payment.payer == "company")


def spare_the_recipient(form: PaymentForm, answers: Answers) -> None:
    """Offer no payment at the door for a gift: its recipient would be asked to pay."""
    if is_gift(answers):
        form.method.choices = {
            method: label
            for method, label in PAYMENT_METHODS.items()
            if method != "courier"
        }


def addresses_whole(rows: list[Row], answers: Answers) -> Iterator[Row]:
    """Show an address as one row of several lines, not as a row for each line."""
    for _, parts in groupby(rows, key=lambda row: (row.step, row.field.split("-")[0])):
        first, *others = parts
        lines = [line for row in (first, *others) for line in row.lines]
        label = first.label.partition(":")[0] if others else first.label
        changed = any(row.changed for row in (first, *others))
        yield replace(first, label=label, lines=tuple(lines), changed=changed)


REMEMBERED: dict[str, type[Form]] = {
    "delivery": DeliveryForm,
    "gift": GiftForm,
    "payment": RememberedPaymentForm,
}
"""The steps of which the shop remembers everything. The others it forgets."""

CART_CHANGED = (
    "Your cart has changed since you checked your order. Continue to check it again."
)


class Checkout(Wizard, stepper=True):
    """Order what is in the cart."""

    title = "Checkout"

    delivery = Step(DeliveryForm, title="Where may we send it?")
    gift = Step(GiftForm, title="Is it a gift?")
    message = Step(MessageForm, title="Message on the card", when=is_gift)
    payment = Step(RememberedPaymentForm, title="Payment", prepare=spare_the_recipient)
    invoice = Step(InvoiceForm, title="Invoice", when=company_pays)
    check = Review(title="Check your order", rows=addresses_whole)

    def initial(
        self, step_name: str, bound: Mapping[str, Any], answers: Any = None
    ) -> object:
        """Begin with what the shop may remember, or the name that it greets by."""
        remembered = preferences.recall().get(step_name)
        if remembered is None or step_name not in REMEMBERED:
            return {"name": session.get("name")} if step_name == "delivery" else None
        form = REMEMBERED[step_name](None, data=remembered, meta={"csrf": False})
        if isinstance(form, PaymentForm):
            spare_the_recipient(form, answers)
        return preferences.still_offered(form)

    def describe(self, draft: Draft) -> str:
        """Tell drafts apart by who gets the parcel."""
        names = draft.entries.get("delivery", {}).get("name", [])
        return f"for {names[0]}" if any(names) else ""

    def validate(self, submission: Submission) -> None:
        """Refuse a cart that cannot be delivered."""
        if order_of(submission.id):
            return  # placed by an attempt that was cut short: its books are ours
        lines = Cart(session).lines
        if not lines:
            message = "Your cart is empty. Put a book in it, then continue here."
            raise StepError("delivery", message)
        for line in lines:
            if line.shortage:
                raise StepError("delivery", line.shortage)
        # The cart is no answer, so that the wizard cannot see it change.
        if request.form.get("cart", contents := Cart(session).contents) != contents:
            raise StepError("payment", CART_CHANGED)

    def commit(self, submission: Submission) -> str:
        """Place the order, unless an earlier attempt has; lead to its page."""
        cart = Cart(session)
        order = order_of(submission.id) or place_order(submission, cart)
        cart.empty()
        remember(submission)
        return url_for("shop.order", token=order.token)


def remember(submission: Submission) -> None:
    """Remember what may be remembered; forget it if the customer does not agree."""
    agreed = submission.answers.payment.remember
    preferences.keep(
        {
            step: {
                field.short_name: submission.data[step][field.short_name]
                for field in form(None, meta={"csrf": False})
            }
            if agreed
            else None
            for step, form in REMEMBERED.items()
        }
    )


def place_order(submission: Submission, cart: Cart) -> Order:
    """Write the order and take its books from the shelves: both, or neither."""
    order = Order(submission_id=submission.id, cart_id=cart.id, address=Address())
    submission.populate(order, "delivery", "payment")
    if is_gift(submission.answers):
        submission.populate(order, "message")
    if company_pays(submission.answers):
        order.invoice = Invoice(address=Address())
        submission.populate(order.invoice, "invoice")
        if submission.answers.invoice.same:
            delivered = submission.answers.delivery.address
            address = {line: delivered[line] for line in delivered}
            order.invoice.address = Address(**address)
    order.lines = [take_from_shelf(line) for line in cart.lines]
    db.session.add(order)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        placed_meanwhile = order_of(submission.id)
        if placed_meanwhile is None:
            raise
        return placed_meanwhile
    return order


def take_from_shelf(line: CartLine) -> OrderLine:
    """Lower the stock, as one statement: two customers never get the last copy."""
    book = line.book
    taken = db.session.execute(
        update(Book)
        .where(Book.id == book.id, Book.stock >= line.quantity)
        .values(stock=Book.stock - line.quantity)
        .returning(Book.id)
    )
    if taken.scalar() is None:
        db.session.rollback()
        restocked = f"“{book.title}” is on the shelf again. Continue to order it."
        raise StepError("delivery", line.shortage or restocked)
    return OrderLine(
        book_id=book.id, title=book.title, price=book.price, quantity=line.quantity
    )


blueprint = Checkout.as_blueprint("checkout")


@blueprint.before_request
def fill_the_cart_first() -> ResponseReturnValue | None:
    """Send whoever starts without a book to the cart, which says so."""
    if request.endpoint == "checkout.entry" and not Cart(session).copies:
        return redirect(url_for("shop.cart"))
    return None


@blueprint.after_request
def sign_in_on_the_way(response: Response) -> ResponseReturnValue:
    """Lead from a step that was just saved to the login, which leads back to it."""
    if request.args.get("sign-in") and response.status_code == 303:
        return redirect(url_for("account.sign_in", next=response.location), 303)
    return response
