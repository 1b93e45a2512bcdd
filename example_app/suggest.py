"""Suggesting a book: it is held as it was typed, until it is checked and stored."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, render_template, session, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import func, select
from wtforms import Form, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import (
    DataRequired,
    InputRequired,
    Length,
    NumberRange,
    Optional,
)

from example_app import preferences
from example_app.accounts import wizards
from example_app.fields import stripped
from example_app.models import GENRES, Book, Suggestion, db
from flask_wizard import Draft, Review, Step, StepError, Submission, Wizard

MOST_SHOWN = 10  # suggestions, the latest

pages = Blueprint("suggestions", __name__)


class BookForm(Form):
    """The book."""

    title = StringField(
        "Title",
        [
            DataRequired("Enter the title"),
            Length(max=120, message="Shorten the title to 120 characters"),
        ],
        filters=[stripped],
    )
    author = StringField(
        "Author",
        [
            DataRequired("Enter the author"),
            Length(max=120, message="Shorten the name to 120 characters"),
        ],
        filters=[stripped],
    )
    year = IntegerField(  # type: ignore[call-arg] # newer than the stubs
        "Year of publication",
        [Optional(), NumberRange(1450, 2100, "Enter a year from 1450 to 2100")],
        invalid_value_message="Enter the year in figures, such as 1987",
    )


class ReasonForm(Form):
    """Why it belongs on the shelf."""

    genre = RadioField(
        "What kind of book is it?",
        [InputRequired("Choose the kind of book")],
        choices=GENRES,
    )
    reason = TextAreaField(
        "Why do you suggest it?",
        [
            DataRequired("Say why you suggest it"),
            Length(max=500, message="Shorten it to 500 characters"),
        ],
        render_kw={"rows": 5},
    )


class Suggest(Wizard, stepper=True):
    """Suggest a book that the shop should have."""

    title = "Suggest a book"
    words: Mapping[str, object] = {"Confirm and send": "Suggest this book"}

    book = Step(BookForm, title="The book")
    reason = Step(ReasonForm, title="Your reason")
    check = Review(title="Check your suggestion")

    def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
        """Begin with the kind of book that the visitor likes."""
        liked = preferences.recall().get("tastes", {}).get("genres", [])
        offered = [genre for genre in liked if genre in GENRES]
        return {"genre": offered[0]} if offered and step_name == "reason" else None

    def describe(self, draft: Draft) -> str:
        """Tell drafts apart by the title, as it was typed."""
        return "".join(draft.entries.get("book", {}).get("title", []))

    def validate(self, submission: Submission) -> None:
        """Refuse what is on the shelf: no step can see that alone."""
        title = submission.answers.book.title
        on_shelf = select(Book.id).where(func.lower(Book.title) == title.lower())
        if db.session.scalar(on_shelf) is not None:
            raise StepError("book", "We have this book already", field="title")

    def commit(self, submission: Submission) -> str:
        """Store the suggestion, unless an earlier attempt has."""
        if suggestion_of(submission.id) is None:
            suggestion = Suggestion(submission_id=submission.id)
            submission.populate(suggestion)
            db.session.add(suggestion)
            db.session.commit()
        mine = [submission.id, *session.get("suggested", [])]
        session["suggested"] = list(dict.fromkeys(mine))[:MOST_SHOWN]
        flash("Thank you. Your suggestion was checked and stored.")
        return url_for("suggestions.page")

    def discarded(self, draft: Draft) -> None:
        """Say what became of it."""
        flash("Your suggestion was thrown away. Nothing of it is left.")


def suggestion_of(submission_id: str) -> Suggestion | None:
    """Find what this submission has already become."""
    query = select(Suggestion).filter_by(submission_id=submission_id)
    return db.session.scalar(query)


@pages.get("/suggestions")
def page() -> ResponseReturnValue:
    """Show which of the visitor's suggestions are held, and which are stored."""
    held = [draft for draft in wizards.drafts() if draft.title == Suggest.title]
    found = (suggestion_of(id) for id in session.get("suggested", []))
    stored = [suggestion for suggestion in found if suggestion]
    shown = render_template("suggestions.html", held=held, stored=stored)
    response = make_response(shown)
    response.headers["Cache-Control"] = "no-store"
    return response


blueprint = Suggest.as_blueprint("suggest")
