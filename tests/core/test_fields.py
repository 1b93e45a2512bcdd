"""What a bound field is: its kind, its parts, its own errors, its first control."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from markupsafe import Markup
from wtforms import Form, fields, validators, widgets
from wtforms.csrf.core import CSRFTokenField
from wtforms.csrf.session import SessionCSRF
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import DateBoxesField
from flask_wizard.core import forms
from flask_wizard.core.fields import (
    UNREAD,
    answered_id,
    asks_whether,
    choices_of,
    clean_attributes,
    copy_of,
    first_id,
    has_foreign_widget,
    inner_start,
    input_type,
    is_box,
    is_entry,
    is_locked,
    is_marked,
    kind_of,
    needs_row_marker,
    options_of,
    own_errors,
    parts,
    read_as,
    render_kw,
    row_marker,
    shown_value,
)
from flask_wizard.core.forms import Values
from flask_wizard.core.signatures import signature

TABLE: Any = widgets.TableWidget()
CHOICES = [SelectChoice("a", "A"), SelectChoice("b", "B")]


def bound(unbound: Any, *sent: str, **more: list[str]) -> Any:
    form = type("F", (Form,), {"it": unbound})
    values = Values({"it": list(sent), **more}) if sent or more else None
    return forms.bind(signature(form), values, meta={})["it"]


def drawing(html: str) -> Any:
    def draw(field: fields.Field, **kwargs: object) -> Markup:
        return Markup(html.replace("ID", field.id))

    return draw


class Inner(Form):
    street = fields.StringField("Street")


class Hidden(Form):
    key = fields.HiddenField()


class Pressed(Hidden):
    go = fields.SubmitField()


class Ordered(fields.Field):
    widget = widgets.ListWidget()


@pytest.mark.parametrize(
    ("unbound", "kind"),
    [
        (fields.StringField(), "input"),
        (fields.TextAreaField(), "input"),
        (fields.PasswordField(), "input"),
        (fields.FileField(), "input"),
        (fields.SelectField(choices=CHOICES), "input"),
        (fields.SelectMultipleField(choices=CHOICES), "input"),
        (fields.RadioField(choices=CHOICES), "group"),
        (fields.SelectField(choices=CHOICES, widget=widgets.ListWidget()), "group"),
        (fields.SelectField(choices=CHOICES, widget=TABLE), "group"),
        (fields.SelectField(choices=CHOICES, widget=drawing("<p>")), "group"),
        (fields.BooleanField(), "checkbox"),
        (fields.StringField(render_kw={"type": "checkbox"}), "checkbox"),
        (fields.HiddenField(), "hidden"),
        (fields.StringField(render_kw={"type": "hidden"}), "hidden"),
        (fields.StringField(render_kw={"hidden": True}), "hidden"),
        (fields.StringField(render_kw={"hidden": False}), "input"),
        (fields.StringField(render_kw={"style": "Display: none"}), "hidden"),
        (fields.StringField(render_kw={"style": "color: red"}), "input"),
        (fields.SubmitField(), "skip"),
        (fields.StringField(render_kw={"type": "button"}), "skip"),
        (fields.StringField(render_kw={"type": "reset"}), "skip"),
        (fields.StringField(render_kw={"type": "image"}), "skip"),
        (DateBoxesField(), "form"),
        (fields.FormField(Inner), "form"),
        (fields.FormField(Hidden), "hidden"),
        (fields.FormField(Pressed), "hidden"),
        (fields.FormField(Inner, render_kw={"type": "submit"}), "skip"),
        (fields.FieldList(fields.StringField(), min_entries=1), "list"),
        (fields.FieldList(fields.HiddenField(), min_entries=1), "hidden"),
        (fields.FieldList(fields.StringField()), "hidden"),
        (fields.StringField(widget=drawing("  <ul><li>")), "group"),
        (fields.StringField(widget=drawing("<ol>")), "group"),
        (fields.StringField(widget=drawing('<p><INPUT id="x">')), "input"),
        (fields.StringField(widget=drawing("<button>")), "input"),
        (fields.StringField(widget=drawing("<p>text</p>")), "content"),
        (fields.StringField(widget=drawing("<inputs>")), "content"),
    ],
)
def test_field_is_of_the_kind_by_which_it_is_drawn(unbound: Any, kind: str) -> None:
    assert kind_of(bound(unbound)) == kind


def test_token_is_skipped() -> None:
    token: Any = CSRFTokenField(csrf_impl=SessionCSRF())
    assert kind_of(token.bind(Form(), "it")) == "skip"


def test_text_of_which_something_was_sent_is_an_input() -> None:
    assert kind_of(bound(fields.StringField(widget=drawing("<p>")), "x")) == "input"


def test_hidden_fields_with_an_error_about_all_of_them_are_shown() -> None:
    field = bound(fields.FormField(Hidden))
    field.form.form_errors = ["No"]
    assert kind_of(field) == "form"
    entries = bound(fields.FieldList(fields.HiddenField(), min_entries=1))
    entries.errors = [["inner"]]
    assert kind_of(entries) == "hidden"
    entries.errors = ["No"]
    assert kind_of(entries) == "list"


@pytest.mark.parametrize(
    ("unbound", "drawn"),
    [
        (fields.StringField(), "text"),
        (fields.EmailField(), "email"),
        (fields.StringField(render_kw={"type": "tel"}), "tel"),
        (fields.StringField(render_kw={"type": "", "class": "x"}), "text"),
        (fields.TextAreaField(), ""),
        (fields.StringField(widget=drawing("<p>")), ""),
    ],
)
def test_type_of_the_input_is_the_fields_own_or_the_widgets(
    unbound: Any, drawn: str
) -> None:
    assert input_type(bound(unbound)) == drawn


# Parts


def test_parts_of_a_form_have_their_labels() -> None:
    field = bound(fields.FormField(Inner))
    assert [(part.name, label) for part, label in parts(field)] == [
        ("it-street", "Street")
    ]


@pytest.mark.parametrize(
    ("entry", "labels"),
    [
        (fields.StringField("Tag"), ["Tag 1", "Tag 2"]),
        (fields.StringField(), ["Names 1", "Names 2"]),
        (fields.StringField(""), ["Names 1", "Names 2"]),
    ],
)
def test_entries_of_a_list_are_numbered(entry: Any, labels: list[str]) -> None:
    field = bound(fields.FieldList(entry, label="Names", min_entries=2))
    assert [label for _, label in parts(field)] == labels
    assert [part.name for part, _ in parts(field)] == ["it-0", "it-1"]


def test_entries_of_a_list_whose_name_has_several_words_are_numbered() -> None:
    towns = fields.FieldList(fields.StringField(), "Towns", min_entries=2)
    form = type("F", (Form,), {"home_towns": towns})()
    assert [label for _, label in parts(form["home_towns"])] == ["Towns 1", "Towns 2"]


def test_parts_of_a_date_are_its_boxes() -> None:
    field = bound(DateBoxesField())
    found = parts(field)
    assert [part.id for part, _ in found] == [box.id for box in field.boxes]
    assert [label for _, label in found] == [box.label.text for box in field.boxes]
    assert all(is_box(part) for part, _ in found)
    assert not is_box(field)


def test_other_fields_have_no_parts() -> None:
    assert parts(bound(fields.StringField())) == []


def test_errors_of_a_field_are_without_those_inside_it() -> None:
    plain = bound(fields.StringField())
    plain.errors = ["No", Markup("<b>")]
    assert own_errors(plain) == ("No", Markup("<b>"))
    entries = bound(fields.FieldList(fields.StringField()))
    entries.errors = [["a"], ("b",), {"c": []}, "No"]
    assert own_errors(entries) == ("No",)
    nested = bound(fields.FormField(Inner))
    nested.form.form_errors = ["Whole"]
    nested.form["street"].errors = ["Street"]
    assert own_errors(nested) == ("Whole",)


# The first control


@pytest.mark.parametrize(
    ("unbound", "expected"),
    [
        (fields.StringField(), "it"),
        (fields.HiddenField(), None),
        (fields.SubmitField(), None),
        (fields.StringField(widget=drawing("<p>text</p>")), None),
        (fields.RadioField(choices=CHOICES), "it-0"),
        (fields.RadioField(choices=[]), "it"),
        (fields.FormField(Inner), "it-street"),
        (fields.FieldList(fields.StringField(), min_entries=1), "it-0"),
        (fields.StringField(widget=drawing('<ul><input\n id="own">')), "own"),
        (fields.StringField(widget=drawing("<ul><li>")), "it"),
    ],
)
def test_first_control_is_found(unbound: Any, expected: str | None) -> None:
    field = bound(unbound)
    assert first_id(field) == first_id(field, kind_of(field)) == expected


def test_first_control_of_a_date_is_the_box_that_is_wrong() -> None:
    field = bound(DateBoxesField())
    assert first_id(field) == field.boxes[0].id
    assert not any(map(is_marked, field.boxes))
    typed: Any = Values({"it-day": ["1"], "it-month": ["13"], "it-year": ["2026"]})
    form = forms.bind(
        signature(type("F", (Form,), {"it": DateBoxesField()})), typed, meta={}
    )
    form.validate()
    boxes: Any = form["it"]
    assert [is_marked(box) for box in boxes.boxes] == [False, True, False]
    assert first_id(form["it"]) == boxes.boxes[1].id


def test_list_whose_parts_are_all_hidden_is_found_by_itself() -> None:
    field = bound(fields.FieldList(fields.HiddenField(), min_entries=1))
    field.errors = ["No"]
    assert first_id(field) == "it"


# Sliders and colours that may be left blank


OPTIONAL = [validators.Optional()]
SLIDER = fields.IntegerField(widget=widgets.RangeInput(), validators=OPTIONAL)


@pytest.mark.parametrize(
    ("unbound", "asks"),
    [
        (fields.ColorField(validators=OPTIONAL), True),
        (fields.ColorField(), False),
        (fields.ColorField(validators=OPTIONAL, render_kw={"disabled": True}), False),
        (fields.StringField(validators=OPTIONAL), False),
        (fields.IntegerField(validators=OPTIONAL, render_kw={"type": "range"}), True),
        (fields.IntegerField(render_kw={"type": "range"}), False),
        (fields.IntegerRangeField(validators=OPTIONAL), False),
        (SLIDER, False),
    ],
)
def test_control_that_browsers_never_leave_blank_asks_whether(
    unbound: Any, asks: bool
) -> None:
    assert asks_whether(bound(unbound)) is asks


def test_first_control_of_a_blank_slider_is_its_box() -> None:
    unbound = fields.IntegerField(validators=OPTIONAL, render_kw={"type": "range"})
    blank, full = bound(unbound), bound(unbound, "7")
    assert first_id(blank) == answered_id(blank) == "it-answered"
    assert first_id(full) == "it"
    assert (shown_value(blank), shown_value(full)) == ("", "7")
    assert shown_value(bound(fields.BooleanField())) == "y"
    assert shown_value(bound(DateBoxesField())) == ""
    assert shown_value(bound(fields.RadioField(choices=CHOICES), "a")) == ""


# Choices


def found(field: Any) -> list[tuple[Any, Any, bool]]:
    return list(choices_of(field))


@pytest.mark.filterwarnings("ignore:.*choices:DeprecationWarning")
@pytest.mark.parametrize(
    "given",
    [
        CHOICES,
        [("a", "A"), ("b", "B")],
        (("a", "A"), ("b", "B")),
        [("a", "A", {}), ("b", "B", {})],
    ],
)
def test_choices_have_their_labels_and_their_states(given: Any) -> None:
    expected = [("a", "A", False), ("b", "B", True)]
    assert found(bound(fields.SelectField(choices=given), "b")) == expected
    assert found(bound(fields.RadioField(choices=given), "b")) == expected
    several = bound(fields.SelectMultipleField(choices=given), "b")
    assert found(several) == expected


def test_choices_may_be_plain_values() -> None:
    plain: Any = ["a", "b"]
    field = bound(fields.SelectField(choices=plain), "b")
    assert found(field) == [("a", "a", False), ("b", "b", True)]


@pytest.mark.filterwarnings("ignore:.*choices:DeprecationWarning")
def test_choices_may_be_in_groups() -> None:
    given = {"One": [("a", "A")], "Two": [("b", "B")]}
    field = bound(fields.SelectField(choices=given), "b")
    assert found(field) == [("a", "A", False), ("b", "B", True)]


@pytest.mark.filterwarnings("ignore:.*choices:DeprecationWarning")
def test_choices_are_compared_as_the_field_reads_them() -> None:
    field = bound(fields.SelectField(choices=[("1", "A"), ("2", "B")], coerce=int), "2")
    assert field.data == 2
    assert [chosen for _, _, chosen in found(field)] == [False, True]


def test_choices_of_another_kind_are_read_with_their_groups() -> None:
    class Own(fields.SelectField):
        def iter_choices(self) -> Any:
            yield "x", [("a", "A"), ("b", "B")]
            yield "c", "C", True
            yield "b", "B"
            yield "a", "A", {"class": "first"}

    field = bound(Own(choices=CHOICES, validate_choice=False), "b")
    a, b = ("a", "A", False), ("b", "B", True)
    assert found(field) == [a, b, ("c", "C", True), b, a]
    field.data = ["a"]
    chosen = [chosen for _, _, chosen in found(field)]
    assert chosen == [True, False, True, False, True]


def test_options_are_those_of_a_group() -> None:
    options = list(options_of(bound(fields.RadioField(choices=CHOICES))))
    assert [option.id for option in options] == ["it-0", "it-1"]
    assert list(options_of(bound(fields.StringField()))) == []


# Attributes and copies


def test_attributes_go_by_their_names_in_html() -> None:
    given = {"class_": "a", "data_x": 1, "aria_label": "b", "max_length": 2, "for__": 3}
    expected = {"class": "a", "data-x": 1, "aria-label": "b", "max_length": 2, "for": 3}
    assert clean_attributes(given) == expected
    assert render_kw(bound(fields.StringField(render_kw=given))) == expected
    assert render_kw(bound(fields.StringField())) == {}


@pytest.mark.parametrize(
    ("unbound", "typed", "expected"),
    [
        (fields.IntegerField(), ["7"], 7),
        (fields.IntegerField(), ["x"], UNREAD),
        (fields.DecimalField(), ["x"], UNREAD),
        (fields.StringField(filters=[lambda text: "other"]), ["x"], "x"),
        (fields.DateField(), ["2026-13-01"], UNREAD),
        (fields.DateField(), ["2026-03-01"], date(2026, 3, 1)),
    ],
)
def test_field_tells_what_it_would_read(
    unbound: Any, typed: list[str], expected: object
) -> None:
    field = bound(unbound)
    before = field.data
    assert read_as(field, typed) == expected
    assert field.data == before


@pytest.mark.parametrize(
    "trouble", [ValueError, ZeroDivisionError, TypeError, IndexError, KeyError]
)
def test_what_a_field_fails_to_read_is_unread(trouble: type[Exception]) -> None:
    class Own(fields.Field):
        def process_formdata(self, valuelist: list[Any]) -> None:
            raise trouble

    unbound: Any = Own()
    assert read_as(unbound.bind(Form(), "it"), ["x"]) is UNREAD


def test_copy_of_a_field_is_bound_and_apart() -> None:
    field = bound(fields.StringField(), "x")
    copied = copy_of(field)
    copied.data = "y"
    assert (type(copied), copied.name, field.data) == (type(field), "it", "x")


@pytest.mark.parametrize(
    ("unbound", "locked"),
    [
        (fields.StringField(), False),
        (fields.StringField(validators=[validators.ReadOnly()]), True),
        (fields.StringField(validators=[validators.Disabled()]), True),
        (fields.StringField(render_kw={"readonly": True}), True),
        (fields.StringField(render_kw={"disabled": ""}), True),
        (fields.StringField(render_kw={"disabled": False}), False),
        (fields.StringField(render_kw={"readonly": None}), False),
    ],
)
def test_field_that_nobody_can_edit_is_locked(unbound: Any, locked: bool) -> None:
    assert is_locked(bound(unbound)) is locked


def test_widget_of_the_application_is_foreign() -> None:
    assert has_foreign_widget(bound(fields.StringField(widget=drawing("<p>"))))
    assert not has_foreign_widget(bound(fields.StringField()))


# Rows


def test_names_inside_a_field_begin_with_its_separator() -> None:
    assert inner_start(bound(fields.StringField())) == "it-"
    assert inner_start(bound(fields.FormField(Inner, separator="."))) == "it."
    listed = fields.FieldList(fields.StringField(), separator="_")
    assert inner_start(bound(listed)) == "it_"
    assert row_marker(bound(fields.StringField())) == "it-_row"


def entry(unbound: Any) -> Any:
    return bound(fields.FieldList(unbound, min_entries=1)).entries[0]


class Mixed(Form):
    box = fields.BooleanField()
    text = fields.StringField()


class Boxes(Form):
    box = fields.BooleanField()
    more = fields.SelectMultipleField(choices=CHOICES)


@pytest.mark.parametrize(
    ("unbound", "needs"),
    [
        (fields.StringField(), False),
        (fields.HiddenField(), False),
        (fields.TextAreaField(), False),
        (fields.BooleanField(), True),
        (fields.SubmitField(), True),
        (Ordered(), True),
        (fields.RadioField(choices=CHOICES), True),
        (fields.SelectField(choices=CHOICES), True),
        (fields.StringField(widget=drawing("<input>")), True),
        (fields.StringField(render_kw={"disabled": True}), True),
        (fields.StringField(validators=[validators.Disabled()]), True),
        (DateBoxesField(), False),
        (fields.FormField(Mixed), False),
        (fields.FormField(Boxes), True),
        (fields.FieldList(fields.StringField(), min_entries=1), False),
        (fields.FieldList(fields.BooleanField(), min_entries=1), True),
    ],
)
def test_row_of_which_nothing_may_be_sent_needs_a_marker(
    unbound: Any, needs: bool
) -> None:
    field = entry(unbound)
    assert is_entry(field)
    assert needs_row_marker(field) is needs


def test_field_outside_a_list_is_no_row() -> None:
    class Indexed(Form):
        index = fields.IntegerField()

    class Ranked(fields.StringField):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.index = 3

    assert not is_entry(bound(fields.StringField()))
    assert not is_entry(bound(Ranked()))
    assert not is_entry(bound(fields.FormField(Indexed)))
    assert not needs_row_marker(bound(fields.BooleanField()))
