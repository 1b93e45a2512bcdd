"""The customers' accounts: register, sign in and out, and the drafts of each."""

from __future__ import annotations

from flask import (
    Blueprint,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_login import (
    LoginManager,
    current_user,
    login_required,
    login_user,
    logout_user,
)
from sqlalchemy import select
from sqlalchemy.exc import IntegrityError
from werkzeug.security import check_password_hash, generate_password_hash
from wtforms import EmailField, PasswordField
from wtforms.validators import DataRequired, Email, InputRequired, Length

from example_app.fields import FlaskForm, PersonForm, stripped
from example_app.models import Customer, db
from flask_wizard import FlaskWizard

EMAIL_TAKEN = "There is an account with this email address. Sign in to it"
NOT_KNOWN = "We do not know this email address with this password"

blueprint = Blueprint("account", __name__)
manager = LoginManager()
manager.login_view = "account.sign_in"
manager.login_message = None
wizards = FlaskWizard()


class SignInForm(FlaskForm):
    """By what customers say who they are."""

    email = EmailField(
        "Email address",
        [
            DataRequired("Enter your email address"),
            Email("Enter an email address like name@example.com"),
        ],
        filters=[stripped],
        render_kw={"autocomplete": "username"},
    )
    password = PasswordField(
        "Password",
        [InputRequired("Enter your password")],
        render_kw={"autocomplete": "current-password"},
    )


class RegisterForm(PersonForm):
    """What a customer is called, and a password."""

    password = PasswordField(
        "Choose a password",
        [
            InputRequired("Choose a password"),
            Length(min=12, message="Choose a password of 12 characters or more"),
        ],
        description="12 characters or more. Three or four words are easy to remember.",
        render_kw={"autocomplete": "new-password"},
    )


@manager.user_loader  # type: ignore[untyped-decorator] # it has no annotations
def customer_of(id: str) -> Customer | None:
    """Return the customer who is signed in."""
    return db.session.get(Customer, int(id))


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign a customer in, and lead back to where they came from."""
    form = SignInForm()
    if form.validate_on_submit():
        customer = find(str(form.email.data))
        password = str(form.password.data)
        if customer and check_password_hash(customer.password_hash, password):
            login_user(customer)
            return welcome(customer)
        form.password.errors = [NOT_KNOWN]
    return render_template("account.html", form=form, registers=False)


@blueprint.route("/register", methods=["GET", "POST"])
def register() -> ResponseReturnValue:
    """Make an account, and sign its customer in."""
    form = RegisterForm()
    if form.validate_on_submit():
        customer = add_customer(form)
        if customer is not None:
            login_user(customer)
            return welcome(customer)
        form.email.errors = [EMAIL_TAKEN]
    return render_template("account.html", form=form, registers=True)


def find(email: str) -> Customer | None:
    """Return the customer with an email address, however it is spelt."""
    return db.session.scalar(select(Customer).filter_by(email=email.lower()))


def add_customer(form: RegisterForm) -> Customer | None:
    """Add a customer; return None if the email address has an account."""
    customer = Customer(
        name=str(form.name.data),
        email=str(form.email.data).lower(),
        password_hash=generate_password_hash(str(form.password.data)),
    )
    db.session.add(customer)
    try:
        db.session.commit()
    except IntegrityError:
        db.session.rollback()
        return None
    return customer


def welcome(customer: Customer) -> ResponseReturnValue:
    """Lead to where the customer came from."""
    flash(f"You are signed in, {customer.name}.")
    return redirect(next_path() or url_for("account.drafts"), 303)


def next_path() -> str | None:
    """Return the path on this site to come back to, if one was sent along.

    Browsers leave tabs and line breaks out of a URL, so that `/<tab>/` is `//`.
    """
    path = request.args.get("next", "")
    is_local = path.startswith("/") and path[1:2] not in ("/", "\\")
    return path if is_local and path.isprintable() else None


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """Sign the customer out, and leave nothing to the next person here."""
    logout_user()
    session.clear()
    flash("You are signed out.")
    return redirect(url_for("shop.shelf"), 303)


@blueprint.get("/my-drafts")
@login_required  # type: ignore[untyped-decorator] # it has no annotations
def drafts() -> ResponseReturnValue:
    """Show what the customer has begun, on this device and on others."""
    page = render_template("my_drafts.html", drafts=wizards.drafts())
    response = make_response(page)
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.app_context_processor
def customer() -> dict[str, object]:
    """Give every page the customer who is signed in, or None."""
    return {"customer": current_user if current_user.is_authenticated else None}
