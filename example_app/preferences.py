"""What a visitor has agreed that the shop remembers, and the page that shows it.

It lies in the session of a guest, and in the row of a customer. Wizards begin with it.
"""

from __future__ import annotations

from typing import Any

from flask import Blueprint, flash, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from sqlalchemy import delete
from wtforms import Form, FormField, SelectMultipleField
from wtforms.validators import ValidationError
from wtforms.widgets import CheckboxInput, ListWidget

from example_app.fields import FlaskForm
from example_app.models import COUNTRIES, GENRES, PAYMENT_METHODS, Preferences, db

Steps = dict[str, Any]
"""What is remembered: by step, the fields of its form and plain values."""

blueprint = Blueprint("preferences", __name__)


def recall() -> Steps:
    """Return what is remembered of whoever sends this request."""
    if current_user.is_authenticated:
        row = db.session.get(Preferences, current_user.id)
        return row.steps if row else {}
    steps: Steps = session.get("preferences", {})
    return steps


def keep(steps: Steps) -> None:
    """Remember more steps, each in place of what was remembered; forget one by None."""
    remembered = {**recall(), **steps}
    replace({step: values for step, values in remembered.items() if values})


def replace(steps: Steps) -> None:
    """Remember these steps alone."""
    if current_user.is_authenticated:
        db.session.execute(delete(Preferences).filter_by(customer_id=current_user.id))
        if steps:
            db.session.add(Preferences(customer_id=current_user.id, steps=steps))
        db.session.commit()
    elif steps:
        session["preferences"] = steps
    else:
        session.pop("preferences", None)


def still_offered(form: Form) -> dict[str, Any]:
    """Return what the fields of a form have, without choices that the shop dropped."""
    found = {}
    for field in form:
        if isinstance(field, FormField):
            found[field.short_name] = still_offered(field.form)
            continue
        try:
            field.pre_validate(form)
        except ValidationError:
            continue
        found[field.short_name] = field.data
    return found


class GenresForm(FlaskForm):
    """What the visitor likes to read."""

    genres = SelectMultipleField(
        "What do you like to read?",
        choices=GENRES,
        option_widget=CheckboxInput(),
        widget=ListWidget(prefix_label=False),
    )


@blueprint.route("/preferences", methods=["GET", "POST"])
def page() -> ResponseReturnValue:
    """Show what is remembered, and ask for the kinds of books."""
    tastes = recall().get("tastes", {})
    form = GenresForm(data=tastes)
    if not form.validate_on_submit():
        return render_template(
            "preferences.html", form=form, remembered=in_words(recall())
        )
    keep({"tastes": {"genres": form.genres.data} if form.genres.data else None})
    flash("We remember it.")
    return redirect(url_for(".page"), 303)


def in_words(steps: Steps) -> dict[str, list[str]]:
    """Return what is remembered, line by line, by what it is."""
    delivery, payment = steps.get("delivery", {}), steps.get("payment", {})
    address = delivery.get("address", {})
    gift = steps.get("gift", {}).get("gift")
    words = {
        "Delivery": [
            delivery.get("name"),
            delivery.get("email"),
            *(address.get(line) for line in ("street", "postcode", "city")),
            COUNTRIES.get(address.get("country", "")),
        ],
        "Wrapped as a gift": [{"yes": "Yes", "no": "No"}.get(gift)],
        "Payment": [PAYMENT_METHODS.get(payment.get("method", ""))],
        "Kinds of books": [
            GENRES.get(genre) for genre in steps.get("tastes", {}).get("genres", ())
        ],
    }
    return {
        what: found
        for what, lines in words.items()
        if (found := [line for line in lines if line])
    }


@blueprint.post("/preferences/forget")
def forget() -> ResponseReturnValue:
    """Forget all of it."""
    replace({})
    flash("We have forgotten it.")
    return redirect(url_for(".page"), 303)
