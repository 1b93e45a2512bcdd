"""Check-your-answers rows."""

from __future__ import annotations

from datetime import date, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import EqualTo

from flask_wizard.core.fields import choices_of, kind_of
from flask_wizard.core.files import keep_there
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


BLANK = "Not provided"
WEEK_DAY = ("2026-W53-1",)


def in_cents(value: Any) -> Any:
    return value * 100


def a_week_on(value: Any) -> Any:
    return value + timedelta(days=7)


SIZES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]


def test_row_says_where_its_answer_is() -> None:
    found = row(fields.StringField("Name"), "Ada")
    assert found == Row(
        step="you", field="it", label="Name", lines=("Ada",), anchor="it"
    )
    assert (found.url, found.item, found.heading, found.page) == ("", "", "", "")
    assert (found.changed, found.is_private) == (False, False)


def test_log_of_a_row_does_not_tell_the_answer() -> None:
    assert "canary" not in repr(row(fields.StringField("Name"), "canary"))


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
        (fields.MonthField(), "", ()),
        (fields.WeekField(), "2026-W10", ("Week 10 of 2026",)),
        (fields.WeekField(), "2026-W53", ("Week 53 of 2026",)),
        (fields.WeekField(), "", ()),
        (fields.WeekField(format="%G-W%V-%u", filters=[]), "2026-W53-1", WEEK_DAY),
        (fields.WeekField(filters=[a_week_on]), "2026-W10", ("Week 11 of 2026",)),
        (fields.FloatField(), "1e3", ("1e3",)),
        (fields.FloatField(), "1e400", ("inf",)),
        (fields.DecimalField(), "9.50", ("9.50",)),
        (fields.IntegerField(filters=[in_cents]), "5", ("500",)),
        (fields.DecimalField(filters=[in_cents]), "1.50", ("150.00",)),
        (fields.DateField(filters=[a_week_on]), "2026-03-03", ("10 March 2026",)),
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
        (fields.SelectField(choices=[SelectChoice("a", "")]), "a", ("a",)),
    ],
)
def test_answer_is_put_in_words(
    unbound: Any, typed: str, shown: tuple[str, ...]
) -> None:
    assert row(unbound, typed).lines == shown


@pytest.mark.parametrize("kind", [fields.IntegerField, fields.IntegerRangeField])
def test_number_that_a_validator_has_changed_is_shown_as_it_is_now(kind: Any) -> None:
    def cap(form: Form, field: fields.Field) -> None:
        field.data = min(field.data, 10)

    form = type("One", (Form,), {"it": kind(validators=[cap])})(MultiDict({"it": "50"}))
    assert form.validate()
    assert pairs(form) == [("It", ("10",))]


def test_number_that_was_sent_twice_is_shown_once() -> None:
    assert row(fields.IntegerField(), "007", "007").lines == ("007",)


def test_choices_that_are_not_offered_are_shown_beside_those_that_are() -> None:
    field = fields.SelectMultipleField(choices=SIZES, validate_choice=False)
    assert row(field, "mauve", "l", "pink").lines == ("Large", "mauve", "pink")


@pytest.mark.parametrize("kind", [fields.SelectField, fields.RadioField])
def test_choice_that_is_not_offered_is_shown(kind: Any) -> None:
    assert row(kind(choices=SIZES, validate_choice=False), "mauve").lines == ("mauve",)


def test_choice_that_a_validator_has_changed_is_shown_as_it_is_now() -> None:
    field = fields.SelectField(choices=SIZES, filters=[lambda size: "l"])
    assert row(field, "s").lines == ("Large",)


def test_choice_of_nothing_is_not_provided() -> None:
    def number_or_none(text: str) -> int | None:
        return None if text in (None, "", "None") else int(text)

    offered = [SelectChoice(None, "Nothing"), SelectChoice(0, "Zero")]
    field = fields.SelectField(choices=offered, coerce=number_or_none)
    assert row(field, "None").lines == ()
    assert row(field, "0").lines == ("Zero",)
    radios = fields.RadioField(choices=offered, coerce=number_or_none)
    assert row(radios, "None").lines == ("Nothing",)


def test_several_choices_are_several_lines() -> None:
    grouped = [SelectChoice(c.value, c.label, optgroup="All") for c in SIZES]
    field = fields.SelectMultipleField(choices=grouped)
    assert row(field, "l", "s").lines == ("Small", "Large")


def test_number_that_was_not_typed_is_shown_from_its_value() -> None:
    class Form_(Form):
        age = fields.IntegerField("Age", default=36)

    assert pairs(Form_()) == [("Age", ("36",))]


def test_week_that_was_not_typed_is_shown_from_its_day() -> None:
    class Form_(Form):
        week = fields.WeekField("Week", default=date(2024, 3, 4))  # type: ignore[arg-type]

    assert pairs(Form_()) == [("Week", ("Week 10 of 2024",))]


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
        fields.StringField(widget=widgets.HiddenInput()),
        fields.FieldList(fields.HiddenField(), min_entries=1),
        fields.StringField("Website", render_kw={"style": "display: none"}),
        fields.StringField("Website", render_kw={"hidden": True}),
        fields.BooleanField("Website", render_kw={"style": "DISPLAY:none"}),
    ],
)
def test_what_is_no_answer_has_no_row(unbound: Any) -> None:
    assert rows(unbound, "x") == []


def draw_text(field: fields.Field, **kwargs: object) -> Markup:
    return Markup("<p>Please note.</p>")


def test_text_between_the_questions_has_no_row() -> None:
    assert rows(fields.Field("Info", widget=draw_text)) == []


def test_answer_that_a_script_sends_for_a_widget_has_a_row() -> None:
    """The widget draws no control: its script makes one."""
    assert row(fields.StringField("Map", widget=draw_text), "1,2").lines == ("1,2",)


def test_field_without_a_label_has_a_row_if_it_was_filled_in() -> None:
    assert rows(fields.StringField(""), "") == []
    named = fields.StringField("", render_kw={"placeholder": "Search"})
    assert row(named, "x").label == "Search"
    named = fields.StringField("", render_kw={"aria_label": "Find", "placeholder": "x"})
    assert row(named, "x").label == "Find"
    other = type("Other", (Form,), {"home_town": fields.StringField("")})
    assert pairs(other(MultiDict({"home_town": "x"}))) == [("Home town", ("x",))]


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


@pytest.mark.parametrize(
    ("entry", "typed", "lines"),
    [
        (fields.BooleanField(), {"it-1": "y"}, ("No", "Yes", "No")),
        (fields.RadioField(choices=SIZES), {"it-1": "l"}, (BLANK, "Large", BLANK)),
        (
            fields.SelectMultipleField(choices=SIZES),
            {"it-0": "l", "it-2": ["s", "l"]},
            ("Large", BLANK, "Small, Large"),
        ),
        (fields.TextAreaField(), {"it-1": "a\r\nb"}, (BLANK, "a, b", BLANK)),
        (fields.PasswordField(), {"it-2": "s"}, (BLANK, BLANK, "Not shown")),
        (fields.StringField(), {}, ()),
    ],
)
def test_list_has_a_line_for_each_entry(
    entry: Any, typed: dict[str, Any], lines: tuple[str, ...]
) -> None:
    rows = {f"it-{n}-_row": "" for n in range(3)}
    listed = type("Listed", (Form,), {"it": fields.FieldList(entry)})
    assert pairs(listed(MultiDict({**rows, **typed}))) == [("It", lines)]


def test_list_inside_a_list_is_one_line_of_it() -> None:
    class Table(Form):
        it = fields.FieldList(fields.FieldList(fields.StringField()))

    form = Table(MultiDict([("it-0-0", "a"), ("it-0-1", ""), ("it-1-_row", "")]))
    assert pairs(form) == [("It", (f"a, {BLANK}", BLANK))]


def test_empty_list_is_not_provided() -> None:
    class You(Form):
        emails = fields.FieldList(fields.StringField(), "Emails")

    assert pairs(You()) == [("Emails", ())]
    assert rows_of("you", You())[0].anchor == "emails"


def test_entry_that_nobody_sees_has_no_line() -> None:
    class You(Form):
        emails = fields.FieldList(fields.StringField(), "Emails", min_entries=2)

    form = You(MultiDict([("emails-0", "a@b.c"), ("emails-1", "d@e.f")]))
    form.emails.entries[0].render_kw = {"hidden": True}
    assert pairs(form) == [("Emails", ("d@e.f",))]


@pytest.mark.parametrize(
    "drawn",
    [{"widget": widgets.PasswordInput()}, {"render_kw": {"type": "password"}}],
)
def test_password_drawn_by_its_widget_is_not_shown(drawn: dict[str, Any]) -> None:
    assert row(fields.StringField(**drawn), "secret").lines == ("Not shown",)


def test_password_not_given_is_not_provided() -> None:
    assert row(fields.PasswordField(), "").lines == ()


@pytest.mark.parametrize(
    ("unbound", "is_private"),
    [
        (fields.PasswordField(), True),
        (fields.FileField(), True),
        (fields.FieldList(fields.PasswordField(), min_entries=1), True),
        (fields.FieldList(fields.FileField(), min_entries=1), True),
        (fields.FieldList(fields.StringField(), min_entries=1), False),
    ],
)
def test_row_of_a_password_or_of_files_is_private(
    unbound: Any, is_private: bool
) -> None:
    assert row(unbound).is_private is is_private


def test_files_are_told_by_their_names() -> None:
    class Papers(Form):
        it = fields.MultipleFileField()

    form = Papers()
    assert pairs(form) == [("It", ())]
    keep_there(form, {"it": ["old.pdf"]})
    assert pairs(form) == [("It", ("old.pdf",))]
    new = (SimpleNamespace(filename=f"{name}.pdf", stored=True) for name in "ab")
    form.it.data = list(new)
    assert pairs(form) == [("It", ("a.pdf", "b.pdf"))]


# Confirmations


class Secret(Form):
    secret = fields.PasswordField("Password", [EqualTo("again")])
    again = fields.PasswordField("Password again")


class Mail(Form):
    mail = fields.StringField("E-mail")
    again = fields.StringField("E-mail again", [EqualTo("mail")])
    note = fields.StringField("Note")


class Account(Form):
    name = fields.StringField("Name")
    access = fields.FormField(Mail, "Access")


class Odd(Form):
    it = fields.StringField("It", [EqualTo("gone")])


@pytest.mark.parametrize(
    ("form", "labels"),
    [
        (Secret, ["Password"]),
        (Mail, ["E-mail", "Note"]),
        (Account, ["Name", "Access: E-mail", "Access: Note"]),
        (Odd, ["It"]),
    ],
)
def test_field_that_repeats_another_has_no_row(
    form: type[Form], labels: list[str]
) -> None:
    assert [label for label, _ in pairs(form())] == labels


def test_row_links_to_its_control_on_the_page_of_its_step() -> None:
    class You(Form):
        emails = fields.FieldList(fields.StringField(), "Emails", min_entries=1)

    assert rows_of("you", You(), "/you?then=check")[0].url == "/you?then=check#emails-0"
    assert rows_of("you", You())[0].url == ""


@pytest.mark.parametrize(
    "choices",
    [
        [("a", "An A"), ("b", "A B")],
        {"a": "An A", "b": "A B"},
        [("a", Markup("An <i>A</i>")), ("b", "A B")],
        [("a", "An A", {"class": "first"}), ("b", "A B")],
        [SelectChoice("a", "An A"), SelectChoice("b", "A B")],
        ["a", "b"],
        {"Letters": {"a": "An A", "b": "A B"}},
        [],
    ],
)
@pytest.mark.filterwarnings("ignore:.*choices:DeprecationWarning")
def test_choices_are_those_of_wtforms(choices: Any) -> None:
    one = type("One", (Form,), {"it": fields.SelectField(choices=choices)})
    field: Any = one(MultiDict({"it": "b"})).it
    expected = [(each[0], each[1], each[2]) for each in field.iter_choices()]
    assert [*choices_of(field)] == expected


@pytest.mark.filterwarnings("ignore:.*choices:DeprecationWarning")
def test_choices_of_an_own_class_are_asked_for() -> None:
    class Letters(fields.SelectField):
        def iter_choices(self) -> Any:
            yield "z", "Zed", True, {}

    one = type("One", (Form,), {"it": Letters(choices=[("a", "A")])})
    assert [*choices_of(one().it)] == [("z", "Zed", True)]


def test_fields_of_one_class_are_drawn_each_by_its_own_attributes() -> None:
    class Sees(Form):
        seen = fields.StringField()
        unseen = fields.StringField(render_kw={"style": "display: none"})
        hidden = fields.StringField(widget=widgets.HiddenInput())
        pressed = fields.StringField(render_kw={"type": "submit"})
        ticked = fields.StringField(widget=widgets.Input("checkbox"))

    for _ in range(2):
        kinds = [kind_of(field) for field in Sees()]
        assert kinds == ["input", "hidden", "hidden", "skip", "checkbox"]


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
