"""The shop's own pages: shelves, books, the cart, orders, and the visitor's name."""

from __future__ import annotations

from flask import (
    Blueprint,
    abort,
    flash,
    make_response,
    redirect,
    render_template,
    request,
    session,
    url_for,
)
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from sqlalchemy import select
from werkzeug.exceptions import HTTPException
from wtforms import StringField
from wtforms.validators import DataRequired, Length

from example_app.cart import MOST_COPIES, Cart
from example_app.fields import FlaskForm, stripped
from example_app.models import GENRES, Book, Order, db

VIEWED_BOOKS_KEPT = 4

blueprint = Blueprint("shop", __name__)


class NameForm(FlaskForm):
    """How the visitor wants to be greeted."""

    name = StringField(
        "Your name",
        [
            DataRequired("Enter the name that you want us to call you"),
            Length(max=60, message="Enter a name of at most 60 characters"),
        ],
        filters=[stripped],
        description="We keep it in this browser only, and only to greet you.",
        render_kw={"autocomplete": "given-name", "maxlength": 60},
    )


@blueprint.get("/")
def shelf() -> ResponseReturnValue:
    """Show all books, or those of one genre."""
    genre = request.args.get("genre", "")
    query = select(Book).order_by(Book.id)
    if genre:
        query = query.filter_by(genre=genre) if genre in GENRES else abort(404)
    books = db.session.scalars(query).all()
    return render_template("shelf.html", books=books, genre=genre, genres=GENRES)


@blueprint.get("/books/<slug>")
def book(slug: str) -> ResponseReturnValue:
    """Show one book, and remember that it was looked at."""
    book = require_book(slug)
    viewed = books_viewed_before(book)
    session["viewed"] = [slug, *(other.slug for other in viewed)]
    return render_template(
        "book.html", book=book, viewed=viewed, most_copies=MOST_COPIES
    )


def require_book(slug: str) -> Book:
    """Find a book by its slug; 404 if the shop has none."""
    book: Book = db.first_or_404(select(Book).filter_by(slug=slug))
    return book


def books_viewed_before(book: Book) -> list[Book]:
    """Return the other books looked at lately, the latest first."""
    slugs = [slug for slug in session.get("viewed", []) if slug != book.slug]
    found = db.session.scalars(select(Book).where(Book.slug.in_(slugs))).all()
    latest_first = sorted(found, key=lambda other: slugs.index(other.slug))
    return latest_first[:VIEWED_BOOKS_KEPT]


@blueprint.get("/cart")
def cart() -> ResponseReturnValue:
    """Show what is in the cart."""
    return render_template("cart.html", most_copies=MOST_COPIES)


@blueprint.post("/cart/<slug>/add")
def add_to_cart(slug: str) -> ResponseReturnValue:
    """Put copies of a book into the cart."""
    book = require_book(slug)
    wanted = copies_asked_for()
    if wanted is None:
        return back_to(url_for(".book", slug=slug), "Enter how many copies you want")
    before = Cart(session).quantities.get(slug, 0)
    now = Cart(session).add(book, wanted)
    return back_to(url_for(".cart"), added_message(book, wanted, now - before))


def added_message(book: Book, wanted: int, added: int) -> str:
    """Say what came into the cart, and why it is not more."""
    if added == wanted:
        return f"“{book.title}” is in your cart."
    if book.stock <= MOST_COPIES:
        return f"We have no more than {book.stock} of “{book.title}”."
    return f"Please order no more than {MOST_COPIES} of “{book.title}” at a time."


@blueprint.post("/cart/<slug>")
def change_cart(slug: str) -> ResponseReturnValue:
    """Set the number of copies of a book."""
    book = require_book(slug)
    wanted = copies_asked_for()
    if wanted is None:
        return back_to(url_for(".cart"), "Enter how many copies you want")
    now = Cart(session).change(book, wanted)
    return back_to(url_for(".cart"), f"Copies of “{book.title}” in your cart: {now}.")


@blueprint.post("/cart/<slug>/remove")
def remove_from_cart(slug: str) -> ResponseReturnValue:
    """Take a book out of the cart."""
    book = require_book(slug)
    Cart(session).remove(book)
    return back_to(url_for(".cart"), f"“{book.title}” is no longer in your cart.")


def copies_asked_for() -> int | None:
    """Return the number in the form, if it is one that can be meant."""
    copies = request.form.get("copies", type=int)
    return copies if copies and copies > 0 else None


def back_to(url: str, message: str) -> ResponseReturnValue:
    """Lead on to a page that says what has happened."""
    flash(message)
    return redirect(url, 303)


@blueprint.get("/orders/<token>")
def order(token: str) -> ResponseReturnValue:
    """Show an order to whoever knows its unguessable address."""
    order = db.first_or_404(select(Order).filter_by(token=token))
    # The later reply to a double click may have brought the old cart back.
    if Cart(session).id == order.cart_id:
        Cart(session).empty()
    response = make_response(render_template("order.html", order=order))
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.route("/name", methods=["GET", "POST"])
def name() -> ResponseReturnValue:
    """Ask what to call the visitor."""
    form = NameForm(data={"name": session.get("name")})
    if not form.validate_on_submit():
        return render_template("name.html", form=form)
    session["name"] = form.name.data
    return redirect(url_for(".shelf"), 303)


@blueprint.post("/name/forget")
def forget_name() -> ResponseReturnValue:
    """Forget the visitor's name, and what they looked at."""
    session.pop("name", None)
    session.pop("viewed", None)
    return back_to(url_for(".shelf"), "We have forgotten your name.")


@blueprint.app_context_processor
def visitor() -> dict[str, object]:
    """Give every page the cart and the name to greet."""
    return {"cart": Cart(session), "visitor_name": session.get("name")}


@blueprint.app_template_filter("money")
def money(cents: int) -> str:
    """Write a price as the shop does: `€ 18.50`."""
    return f"€\N{NO-BREAK SPACE}{cents // 100}.{cents % 100:02}"


@blueprint.app_errorhandler(HTTPException)
def error_page(error: HTTPException) -> ResponseReturnValue:
    """Show an error inside the shop, with a way out."""
    if error.code is None or error.code < 400:
        return error
    expired = isinstance(error, CSRFError)
    return render_template("error.html", error=error, expired=expired), error.code
