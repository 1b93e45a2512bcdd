"""What every contender asks: steps of the same five fields, and what is answered."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_wtf import FlaskForm
from wtforms import (
    BooleanField,
    DateField,
    IntegerField,
    SelectField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, NumberRange

Answers = dict[str, Any]

COUNTRIES = {
    "at": "Austria",
    "fr": "France",
    "no": "Norway",
    "pt": "Portugal",
    "uk": "United Kingdom",
}

SECRET_KEY = "k" * 32

NAME = "What is your full name?"
AGE = "How old are you?"
COUNTRY = "Which country do you live in?"
BORN = "When were you born?"
NEWS = "Send me news by e-mail"

ANSWERS = (
    {"name": "Ada Lovelace", "age": "36", "country": "uk", "born": "1815-12-10"},
    {
        "name": "Sophie Germain",
        "age": "55",
        "country": "fr",
        "born": "1776-04-01",
        "news": "y",
    },
)
"""Two ways to fill in a step, sent in turn, so that each POST changes something."""


LABELS = {"name": NAME, "age": AGE, "country": COUNTRY, "born": BORN, "news": NEWS}

TYPED: Answers = {
    "name": "Ada Lovelace",
    "age": 36,
    "country": "uk",
    "born": date(1815, 12, 10),
    "news": False,
}
"""The first of them, as a form makes it of what was typed."""


def rows_of(answers: Answers) -> list[tuple[str, str, str]]:
    """A step's answers as a check page shows them: field, label, text."""
    born = answers["born"]
    shown = {
        "name": answers["name"],
        "age": str(answers["age"]),
        "country": COUNTRIES[answers["country"]],
        "born": f"{born.day} {born:%B %Y}",
        "news": "Yes" if answers["news"] else "No",
    }
    return [(field, LABELS[field], text) for field, text in shown.items()]


class Questions(FlaskForm):  # type: ignore[misc]  # flask_wtf is untyped
    """Five fields of kinds that both WTForms and Django have."""

    name = StringField(NAME, [DataRequired(), Length(max=80)])
    age = IntegerField(AGE, [InputRequired(), NumberRange(min=0, max=150)])
    country = SelectField(COUNTRY, choices=COUNTRIES)
    born = DateField(BORN, [InputRequired()])
    news = BooleanField(NEWS)


def step_names(steps: int) -> list[str]:
    return [f"step{n}" for n in range(1, steps + 1)]


def title_of(name: str) -> str:
    return f"Part {name.removeprefix('step')}"


def form_classes(steps: int) -> dict[str, type[FlaskForm]]:
    """A class of its own for each step, as in an application."""
    return {name: type(name.title(), (Questions,), {}) for name in step_names(steps)}
