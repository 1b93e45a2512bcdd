"""Which fields are about the visitor, by their words."""

from __future__ import annotations

from typing import Any

import pytest
from apps import MakeApp
from wizards import Commits, choices, declare
from wtforms import Form, fields

from flask_wizard import Item, Repeat, Review, Step
from flask_wizard.checks.definitions import check_definitions
from flask_wizard.checks.visitors import token_for


def token(
    label: str, name: str = "name", *around: str, kind: type[Any] = fields.StringField
) -> str | None:
    form: type[Any] = type("Asked", (Form,), {name: kind(label)})
    return token_for(form()[name], around)


@pytest.mark.parametrize(
    ("label", "name", "expected"),
    [
        ("Name", "name", "name"),
        ("Full name", "name", "name"),
        ("What\u2019s your name?", "name", "name"),
        ("Your name, as on your passport", "name", "name"),
        ("First name(s)", "first_name", "given-name"),
        ("Vorname", "first_name", "given-name"),
        ("Date of birth", "born", "bday"),
        ("Date de naissance", "born", "bday"),
        ("When were you born?", "born", "bday"),
        ("Town or city", "city", "address-level2"),
        ("Country of residence", "country", "country"),
        ("ZIP / postal code", "zip", "postal-code"),
        ("Email address for the receipt", "email", "email"),
        ("Work phone (optional)", "phone", "tel"),
    ],
)
def test_field_about_the_visitor_has_a_token(
    label: str, name: str, expected: str
) -> None:
    assert token(label, name) == expected


@pytest.mark.parametrize(
    ("label", "name"),
    [
        ("Guardian's name", "name"),
        ("Guardian\u2019s name", "name"),
        ("Your parents' email", "email"),
        ("Child\u2019s date of birth", "born"),
        ("Pet", "name"),
        ("Name of the company", "name"),
        ("Name of your school", "name"),
        ("Name of a friend", "name"),
        ("Book title", "name"),
        ("Team name", "name"),
        ("Country of birth", "country"),
        ("Town where the fair is", "town"),
        ("Nom du chien", "name"),
        ("Their phone", "phone"),
        ("Where they live", "town"),
    ],
)
def test_field_about_somebody_else_has_none(label: str, name: str) -> None:
    assert token(label, name) is None


@pytest.mark.parametrize(
    ("kind", "label", "expected"),
    [
        (fields.EmailField, "Where do we send it?", "email"),
        (fields.TelField, "How can we reach you?", "tel"),
        (fields.PasswordField, "Choose a password", "new-password"),
        (fields.EmailField, "Email of your guardian", None),
        (fields.TelField, "Emergency number", None),
    ],
)
def test_type_tells_as_a_name_does(
    kind: type[fields.Field], label: str, expected: str | None
) -> None:
    assert token(label, "any", kind=kind) == expected


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        (["About you you"], "name"),
        (["Your children children"], None),
        (["Emergency contact contact"], None),
        (["Your guardian guardian", "About you you"], None),
        (["Your details you", "Your family and guests family"], "name"),
        (["Book your stay book"], "name"),
    ],
)
def test_innermost_words_around_a_field_decide(
    around: list[str], expected: str | None
) -> None:
    assert token("Name", "name", *around) == expected
    assert token("Your name", "name", *around) == "name"
    assert token("Guest's name", "name", *around) is None


class Address(Form):
    street = fields.StringField("Street")


class Household(Form):
    email = fields.EmailField("Email")
    phones = fields.FieldList(fields.TelField("Phone"), min_entries=1)
    home = fields.FormField(Address, "Home address")
    guardian_home = fields.FormField(Address, "Address")
    agrees = fields.BooleanField("Email")
    mail = fields.RadioField("Mail", choices=choices("yes", "no"))


class Child(Item):
    who = Step(Household)


def test_entries_items_and_choices_need_no_token(make_app: MakeApp) -> None:
    wizard = declare(
        "Made",
        Commits,
        you=Step(Household),
        others=Repeat(Household),
        children=Repeat(Child),
        friend=Step(Household),
        check=Review(),
    )
    keys = [finding.key for finding in check_definitions(make_app(wizard))]
    assert [key for key in keys if key.startswith("autocomplete")] == [
        "autocomplete join.you.email",
        "autocomplete join.you.home-street",
    ]
