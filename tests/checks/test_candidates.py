"""What is tried in a field, and what of it comes from code and patterns."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from datetime import date, timedelta
from typing import Any

import pytest
from wizards import choices
from wtforms import Form, fields
from wtforms.validators import Length

from flask_wizard.checks import paths
from flask_wizard.checks.candidates import classes, written
from flask_wizard.checks.constants import constants_of
from flask_wizard.checks.patterns import text_like


@pytest.mark.parametrize(
    "pattern",
    [
        *("[^a]b", "(?>ab)c", "a*b", "a?+b", "a{0}b", "(a|b)+?", "^a.c$"),
        *(r"\d\D\s\S\w\W", r"[^\d]", r"[^\s\w]", "[é]", "[À-Ö]", "a[^b-d]"),
    ],
)
def test_text_is_made_that_a_pattern_matches(pattern: str) -> None:
    made = text_like(pattern)
    assert made is not None
    assert re.match(pattern, made)


@pytest.mark.parametrize("pattern", [r"(a)\1", "(?=b)a", r"[^\x00-\U0010ffff]", "("])
def test_no_text_is_made_where_none_is_found(pattern: str) -> None:
    assert text_like(pattern) is None


class Limits:
    youngest = 16

    def allows(self, age: int) -> bool:
        return age >= 17

    def __call__(self, age: int) -> bool:
        return age >= 18


class Limit:
    def __init__(self) -> None:
        self.oldest = 99

    def __call__(self, age: int) -> bool:
        return age <= self.oldest


def of_a_module(forms: int) -> bool:
    return forms < paths.MOST_FORMS


def before_it_is_filled() -> Callable[[], Any]:
    def read() -> Any:
        return constant == 3

    found = constants_of([read])
    constant: int = len(found)
    return read


@pytest.mark.parametrize(
    ("function", "found"),
    [
        (Limits().allows, {16, 17}),
        (Limits(), {18}),
        (Limit(), {99}),
        (of_a_module, {paths.MOST_FORMS}),
        (before_it_is_filled(), {3}),
    ],
)
def test_constants_are_found_beside_plain_functions(
    function: Callable[..., Any], found: set[int]
) -> None:
    assert found <= {*constants_of([function])}


def test_code_of_packages_has_no_constants_of_ours() -> None:
    assert constants_of([Length(min=7), re.match]) == []


class Ask(Form):
    born = fields.DateField()
    at = fields.DateTimeLocalField()
    price = fields.DecimalField()
    name = fields.StringField()
    likes = fields.SelectMultipleField(
        choices=choices(*(f"choice{number}" for number in range(40)))
    )
    town = fields.SelectField(choices=choices("", *(f"t{n}" for n in range(99))))


def tried(name: str, constants: Iterable[Any]) -> list[list[str]]:
    return classes(Ask()[name], constants)


def test_days_are_tried_on_both_sides_of_what_code_names() -> None:
    day = date(2020, 2, 29)
    found = tried("born", [day, 1999, timedelta])
    assert [each for each in found if each[0].startswith("2020")] == [
        ["2020-02-28"],
        ["2020-02-29"],
        ["2020-03-01"],
    ]
    assert ["1998-12-31"] in found
    assert ["2000-01-01"] in found


def test_ages_and_durations_are_days_before_today() -> None:
    today = date.today()
    found = tried("born", [18, timedelta, timedelta(30)])
    for days in (18, 30):
        assert [(today - timedelta(days)).isoformat()] in found
        assert [(today + timedelta(days)).isoformat()] in found
    assert any(each[0].startswith(str(today.year - 18)) for each in found if each[0])


def test_moments_are_written_as_their_field_reads_them() -> None:
    assert ["2020-02-29 14:30:00"] in tried("at", [date(2020, 2, 29)])


def test_numbers_beside_a_fraction_are_tried() -> None:
    found = tried("price", [2.5])
    assert [each for each in found if "5" in each[0]] == [["1.5"], ["2.5"], ["3.5"]]


def test_texts_have_the_lengths_and_the_signs_that_code_names() -> None:
    found = tried("name", ["-", 4])
    assert ["Ada-Bob"] in found
    assert {3, 4, 5} <= {len(text) for (text,) in found}


def test_of_many_choices_those_are_tried_that_code_names() -> None:
    likes, towns = tried("likes", ["choice7"]), tried("town", ["t50"])
    assert ["choice7"] in likes
    assert [] in likes
    assert len(likes) < 10
    assert ["t50"] in towns
    assert [""] in towns
    assert len(towns) < 50


@pytest.mark.parametrize(
    ("given", "sent"),
    [
        *((None, []), (False, []), (True, ["y"]), (7, ["7"])),
        *((["a", 2], ["a", "2"]), ("text", ["text"])),
    ],
)
def test_samples_are_sent_as_a_browser_does(given: object, sent: list[str]) -> None:
    assert written(given) == sent
