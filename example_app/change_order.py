"""Changing an order that was placed: the checkout's steps, filled in already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import flash, request, url_for
from sqlalchemy import select

from example_app.checkout import (
    Checkout,
    PaymentForm,
    company_pays,
    is_gift,
    spare_the_recipient,
)
from example_app.models import Address, Invoice, Order, db
from flask_wizard import Draft, Step, Submission


def require_order(token: str) -> Order:
    """Find an order by its unguessable token; 404 if there is none."""
    order: Order = db.first_or_404(select(Order).filter_by(token=token))
    return order


class ChangeOrder(Checkout, prefilled=True):
    """Change who gets an order, where, and how it is paid."""

    title = "Change your order"

    payment = Step(PaymentForm, title="Payment", prepare=spare_the_recipient)

    def initial(
        self, step_name: str, bound: Mapping[str, Any], answers: Any = None
    ) -> object:
        """Begin with the order as it was placed."""
        order = require_order(bound["token"])
        if step_name == "gift":
            return {"gift": "yes" if order.gift_message else "no"}
        if step_name == "message":
            return {"gift_message": order.gift_message}
        if step_name == "payment":
            payer = "company" if order.invoice else "person"
            return {"method": order.method, "payer": payer}
        return order.invoice if step_name == "invoice" else order

    def describe(self, draft: Draft) -> str:
        """Say what the draft changes."""
        return "your order"

    def validate(self, submission: Submission) -> None:
        """Refuse nothing: what was ordered stays as it is."""

    def commit(self, submission: Submission) -> str:
        """Write what was changed to the order; lead to its page."""
        order = require_order(submission.bound["token"])
        if submission.changes:
            write_changes(order, submission)
            flash("Your order was changed.")
        return url_for("shop.order", token=order.token)


def write_changes(order: Order, submission: Submission) -> None:
    """Give the order its new answers, and take from it what does not apply now."""
    submission.populate(order, "delivery", "payment")
    order.gift_message = None
    if is_gift(submission.answers):
        submission.populate(order, "message")
    if company_pays(submission.answers):
        order.invoice = order.invoice or Invoice(address=Address())
        submission.populate(order.invoice, "invoice")
    else:
        order.invoice = None
    db.session.commit()


blueprint = ChangeOrder.as_blueprint("change_order")


@blueprint.before_request
def order_must_exist() -> None:
    """Answer 404 for an order that the shop does not have."""
    require_order((request.view_args or {})["token"])
