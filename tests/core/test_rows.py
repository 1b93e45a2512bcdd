"""Check-your-answers rows."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard.core.rows import Row, named_rows, rows_of


def row(unbound: Any, *typed: str) -> Row:
    (found,) = rows(unbound, *typed)
    return found


def rows(unbound: Any, *typed: str) -> list[Row]:
    one = type("One", (Form,), {"it": unbound})
    values = [("other", "x"), *(("it", text) for text in typed)]
    return rows_of("you", one(MultiDict(values)))


def pairs(form: Form) -> list[tuple[str, tuple[str, ...]]]:
    return [(row.label, row.lines) for row in rows_of("you", form)]


SIZES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]


def test_row_says_where_its_answer_is() -> None:
    assert row(fields.StringField("Name"), "Ada") == Row(
        step="you", field="it", label="Name", lines=("Ada",), anchor="it"
    )


@pytest.mark.parametrize(
    ("unbound", "typed", "shown"),
    [
        (fields.StringField(), "  ", ()),
        (fields.TextAreaField(), "one\r\n\r\ntwo\r\n", ("one", "", "two")),
        (fields.IntegerField(), "007", ("007",)),
        (fields.IntegerField(), "0", ("0",)),
        (fields.IntegerField(), "", ()),
        (fields.DecimalField(), "12.5", ("12.5",)),
        (fields.DateField(), "2026-03-03", ("3 March 2026",)),
        (fields.DateField(), "", ()),
        (fields.MonthField(), "2026-03", ("March 2026",)),
        (fields.WeekField(), "2026-W10", ("Week 10 of 2026",)),
        (fields.TimeField(), "14:30", ("14:30",)),
        (fields.TimeField(), "00:00", ("00:00",)),
        (
            fields.DateTimeLocalField(),
            "2026-03-03T14:30",
            ("3 March 2026 at 14:30",),
        ),
        (
            fields.DateTimeLocalField(),
            "2026-03-03T14:30:05",
            ("3 March 2026 at 14:30:05",),
        ),
        (fields.BooleanField(), "y", ("Yes",)),
        (fields.BooleanField(), "", ("No",)),
        (fields.PasswordField(), "hunter2", ("Not shown",)),
        (fields.SelectField(choices=SIZES), "l", ("Large",)),
        (fields.SelectField(choices=SIZES, validate_choice=False), "m", ("m",)),
        (fields.SelectField(choices=[SelectChoice("", "Choose")]), "", ()),
        (fields.RadioField(choices=[SelectChoice("", "None")]), "", ("None",)),
        (fields.RadioField(choices=SIZES), "s", ("Small",)),
        (fields.SelectField(coerce=int, choices=[SelectChoice("1", "A")]), "1", ("A",)),
        (fields.SelectField(choices=[SelectChoice("a")]), "a", ("a",)),
    ],
)
def test_answer_is_put_in_words(
    unbound: Any, typed: str, shown: tuple[str, ...]
) -> None:
    assert row(unbound, typed).lines == shown


def test_several_choices_are_several_lines() -> None:
    grouped = [SelectChoice(c.value, c.label, optgroup="All") for c in SIZES]
    field = fields.SelectMultipleField(choices=grouped)
    assert row(field, "l", "s").lines == ("Small", "Large")


def test_number_that_was_not_typed_is_shown_from_its_value() -> None:
    class Form_(Form):
        age = fields.IntegerField("Age", default=36)

    assert pairs(Form_()) == [("Age", ("36",))]


def test_anchor_of_a_group_is_its_first_option() -> None:
    assert row(fields.RadioField(choices=SIZES), "s").anchor == "it-0"


def test_markup_in_a_label_is_left_out() -> None:
    label = Markup("I agree to <a href=/terms>the terms</a>")
    assert row(fields.BooleanField(label)).label == "I agree to the terms"


def test_value_of_a_field_of_the_applications_own_is_shown() -> None:
    class Tags(fields.StringField):
        def process_formdata(self, valuelist: list[Any]) -> None:
            self.data = valuelist[0].split(",")

    assert row(Tags(), "a,b").lines == ("a", "b")


@pytest.mark.parametrize(
    "unbound",
    [
        fields.HiddenField(),
        fields.SubmitField(),
        fields.ButtonField(),  # type: ignore[attr-defined]
        fields.FileField(),
        fields.MultipleFileField(),
        fields.StringField(widget=widgets.HiddenInput()),
        fields.FieldList(fields.HiddenField(), min_entries=1),
    ],
)
def test_what_is_no_answer_has_no_row(unbound: Any) -> None:
    assert rows(unbound, "x") == []


class Phone(Form):
    kind = fields.HiddenField()
    number = fields.TelField("Number")


class Home(Form):
    street = fields.StringField("Street")
    phones = fields.FieldList(fields.FormField(Phone), "Phones", min_entries=1)


def test_inner_fields_are_rows_of_their_own() -> None:
    class You(Form):
        home = fields.FormField(Home, "Home address")

    form = You(MultiDict([("home-street", "1 Lane"), ("home-phones-0-number", "12")]))
    assert pairs(form) == [
        ("Home address: Street", ("1 Lane",)),
        ("Home address: Phones 1: Number", ("12",)),
    ]
    assert rows_of("you", form)[0].field == "home-street"


def test_list_of_forms_is_numbered() -> None:
    class You(Form):
        phones = fields.FieldList(fields.FormField(Phone), "Phones")

    form = You(MultiDict([("phones-0-number", "12"), ("phones-1-number", "")]))
    assert pairs(form) == [("Phones 1: Number", ("12",)), ("Phones 2: Number", ())]


def test_list_of_plain_fields_is_one_row() -> None:
    class You(Form):
        emails = fields.FieldList(fields.StringField(), "Emails", min_entries=3)

    form = You(
        MultiDict([("emails-0", "a@b.c"), ("emails-1", ""), ("emails-2", "d@e")])
    )
    assert pairs(form) == [("Emails", ("a@b.c", "Not provided", "d@e"))]
    assert rows_of("you", form)[0].anchor == "emails-0"


def test_empty_list_is_not_provided() -> None:
    class You(Form):
        emails = fields.FieldList(fields.StringField(), "Emails")

    assert pairs(You()) == [("Emails", ())]


@pytest.mark.parametrize(
    "drawn",
    [{"widget": widgets.PasswordInput()}, {"render_kw": {"type": "password"}}],
)
def test_password_drawn_by_its_widget_is_not_shown(drawn: dict[str, Any]) -> None:
    assert row(fields.StringField(**drawn), "secret").lines == ("Not shown",)


def test_password_not_given_is_not_provided() -> None:
    assert row(fields.PasswordField(), "").lines == ()


def test_row_links_to_its_control_on_the_page_of_its_step() -> None:
    class You(Form):
        emails = fields.FieldList(fields.StringField(), "Emails", min_entries=1)

    assert rows_of("you", You(), "/you?then=check")[0].url == "/you?then=check#emails-0"
    assert rows_of("you", You())[0].url == ""


# Names


def names(*groups: tuple[str, list[str]]) -> list[str]:
    """The names that rows get, from the titles of groups and the labels in them."""
    given = [
        SimpleNamespace(title=title, rows=[Row("s", "f", la, (), "f") for la in labels])
        for title, labels in groups
    ]
    named = named_rows(iter(given))
    assert [group for group, _ in named] == given
    assert [row for _, rows in named for row, _ in rows] == [
        row for group in given for row in group.rows
    ]
    return [name for _, rows in named for _, name in rows]


def test_row_is_named_by_its_label_if_no_other_has_it() -> None:
    assert names(("You", ["Name", "Age"]), ("Pet", ["Kind"])) == ["Name", "Age", "Kind"]


def test_rows_of_one_label_are_named_by_their_groups_too() -> None:
    assert names(("You", ["Name"]), ("Pet", ["Name"])) == ["Name, You", "Name, Pet"]


def test_rows_of_one_label_and_title_are_numbered() -> None:
    found = names(("Pet", ["Name", "Name"]), ("Pet", ["Name"]))
    assert found == ["Name, Pet", "Name, Pet (2)", "Name, Pet (3)"]


def test_name_that_is_taken_by_a_label_is_numbered() -> None:
    found = names(("Pet", ["Name", "Name", "Name, Pet"]))
    assert found == ["Name, Pet", "Name, Pet (2)", "Name, Pet (3)"]


def test_safe_label_stays_safe_and_makes_nothing_else_so() -> None:
    bold = Markup("<b>Name</b>")
    assert names(("You", [bold])) == [bold]
    found = names(("<You>", [bold, "<b>Name</b>"]))
    assert found[0] == Markup("<b>Name</b>, &lt;You&gt;")
    assert isinstance(found[0], Markup)
    assert found[1] == "<b>Name</b>, <You>"
    assert not isinstance(found[1], Markup)
