"""The messages of a form by full field name, and their way back to the fields."""

from __future__ import annotations

from typing import Any

import pytest
from markupsafe import Markup
from wtforms import FieldList, Form, FormField, StringField, ValidationError

from flask_wizard.core import forms
from flask_wizard.core.form_errors import (
    NOT_KEPT,
    as_text,
    errors_of,
    in_language,
    show_errors,
    with_lost,
)
from flask_wizard.core.forms import Values
from flask_wizard.core.signatures import signature


def refuse(form: Any, field: Any) -> None:
    if field.data == "bad":
        raise ValidationError("No")


class Street(Form):
    street = StringField("Street", [refuse])


class Whole(Form):
    name = StringField("Name", [refuse])
    home = FormField(Street)
    tags = FieldList(StringField("Tag", [refuse]), max_entries=3)
    homes = FieldList(FormField(Street), max_entries=3)


def bound(**sent: str) -> Any:
    values = Values((name.replace("__", "-"), [text]) for name, text in sent.items())
    return forms.bind(signature(Whole), values, meta={})


BAD = {
    **{"name": "bad", "home__street": "bad", "tags__0": "ok", "tags__1": "bad"},
    "homes__0__street": "bad",
}
FOUND = {
    **{"name": ["No"], "home-street": ["No"], "tags-1": ["No"]},
    "homes-0-street": ["No"],
}


def test_valid_form_has_no_messages() -> None:
    form = bound(name="Ada")
    assert form.validate()
    assert errors_of(form) == {}


def test_messages_go_by_full_names() -> None:
    form = bound(**BAD)
    assert not form.validate()
    assert errors_of(form) == FOUND


def test_messages_of_forms_and_lists_go_by_their_own_names() -> None:
    form = bound(**BAD)
    form.form_errors = ["Whole"]
    form.home.form.form_errors = ["Home"]
    form.tags.errors = ["List"]
    form.name.errors = []
    assert errors_of(form) == {"": ["Whole"], "home": ["Home"], "tags": ["List"]}


def test_messages_come_back_to_their_fields() -> None:
    form = bound(**BAD)
    errors = {**FOUND, "": ["Whole"], "home": ["Home"], "tags": ["List"]}
    show_errors(form, errors)
    assert form.form_errors == ["Whole"]
    assert form["name"].errors == ["No"]
    assert form.home.form.form_errors == ["Home"]
    assert form.home.form["street"].errors == ["No"]
    assert form.tags.errors == [[], ["No"], "List"]
    assert form.homes[0].form["street"].errors == ["No"]
    assert errors_of(form) == errors


def test_fields_without_messages_have_none_left() -> None:
    form = bound(**BAD)
    form.validate()
    show_errors(form, {"tags": ["List"]})
    assert errors_of(form) == {"tags": ["List"]}
    assert form.tags.errors == ["List"]


def test_messages_of_fields_that_are_gone_stand_at_the_form() -> None:
    form = bound()
    show_errors(form, {"gone": ["a", "b"], "": ["Whole"]})
    assert form.form_errors == ["Whole", "a", "b"]


def test_message_about_a_lost_password_is_shown_in_the_language_of_the_page() -> None:
    class Texts:
        def find(self, text: str) -> str:
            return f"fr: {text}"

    form = bound()
    form.meta.update_values({"texts": Texts()})
    show_errors(form, {"name": ["No", NOT_KEPT]})
    assert form["name"].errors == ["No", f"fr: {NOT_KEPT}"]


def test_lost_passwords_are_told_behind_their_other_messages() -> None:
    errors = {"pin": ["Short"], "name": ["No"]}
    assert with_lost(errors, ["pin", "again"]) == {
        **{"pin": ["Short", NOT_KEPT], "name": ["No"], "again": [NOT_KEPT]}
    }
    assert with_lost(errors, []) == errors


def test_messages_in_another_language_say_which() -> None:
    marked = in_language({"a": ["<b>", Markup("<i>x</i>")]}, "de")
    assert marked == {
        "a": [
            '<span lang="de">&lt;b&gt;</span>',
            '<span lang="de"><i>x</i></span>',
        ]
    }
    assert isinstance(marked["a"][0], Markup)


class Lazy:
    def __str__(self) -> str:
        return "said"


@pytest.mark.parametrize(
    ("message", "kind"), [(Lazy(), str), ("x", str), (Markup("<b>"), Markup)]
)
def test_message_becomes_text_and_html_stays_html(
    message: object, kind: type[str]
) -> None:
    text = as_text(message)
    assert type(text) is kind
    assert text == str(message)
