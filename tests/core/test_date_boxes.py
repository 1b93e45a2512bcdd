"""A date in three inputs, with WTForms alone and in a form of a wizard."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, validators
from wtforms.validators import DateRange  # type: ignore[attr-defined]  # newer

from flask_wizard import DateBoxesField, OnlyIf
from flask_wizard.core import forms
from flask_wizard.core.date_boxes import Part
from flask_wizard.core.fields import first_id
from flask_wizard.core.forms import Values
from flask_wizard.core.rows import rows_of
from flask_wizard.core.signatures import signature
from flask_wizard.errors import DefinitionError

PARTS: tuple[Part, ...] = ("day", "month", "year")
AMERICAN: tuple[Part, ...] = ("month", "day", "year")
MAY = date(2010, 5, 5)
REQUIRED = validators.InputRequired("Enter your date of birth")


def of(unbound: Any, sent: dict[str, str] | None = None, **more: Any) -> Any:
    """Return the field as WTForms alone has it, validated if something was sent."""
    form = type("One", (Form,), {"it": unbound})(MultiDict(sent or {}), **more)
    if sent is not None:
        form.validate()
    return form.it


def texts_in(*typed: str) -> dict[str, str]:
    return {f"it-{part}": text for part, text in zip(PARTS, typed, strict=True)}


def shown(field: Any) -> dict[str, str]:
    """What its inputs hold by their names."""
    return {box.name: box._value() for box in field.boxes}


def in_wizard(unbound: Any, sent: dict[str, str]) -> Any:
    """Return the form as a wizard binds it, validates it and shows it again."""
    form_class: Any = type("One", (Form,), {"it": unbound})
    values = Values({name: [text] for name, text in sent.items()})
    form = forms.bind(signature(form_class), values, meta={"answers": None})
    forms.validate(form)
    forms.show_as_typed(form)
    return form


# Reading


@given(day=st.dates())
def test_every_date_is_read_from_three_inputs(day: date) -> None:
    typed = texts_in(str(day.day), str(day.month), f"{day.year:04}")
    field = of(DateBoxesField(), typed)
    assert (field.data, field.errors) == (day, [])


@given(day=st.dates())
def test_every_date_is_read_from_one_string(day: date) -> None:
    field = of(DateBoxesField(), {"it": day.isoformat()})
    assert (field.data, field.errors) == (day, [])


@given(day=st.dates())
def test_every_date_that_is_shown_is_read_again(day: date) -> None:
    began = of(DateBoxesField(), it=day)
    assert of(DateBoxesField(), shown(began)).data == day
    assert began.whole == day.isoformat()


@given(typed=st.tuples(st.text(), st.text(), st.text()))
def test_any_three_texts_are_shown_again_exactly(typed: tuple[str, str, str]) -> None:
    sent = texts_in(*typed)
    assert shown(of(DateBoxesField(), sent)) == sent
    form = in_wizard(DateBoxesField(), sent)
    assert shown(form.it) == sent
    raw, _ = forms.sent(form)
    assert raw == {name: [text] for name, text in sent.items()}
    again = in_wizard(DateBoxesField(), {name: text for name, (text,) in raw.items()})
    assert shown(again.it) == sent


@given(typed=st.tuples(st.text(), st.text(), st.text()))
def test_one_string_that_a_client_gets_is_the_same_three_texts(
    typed: tuple[str, str, str],
) -> None:
    sent = texts_in(*typed)
    whole = of(DateBoxesField(), sent).whole
    if whole is not None:
        form = in_wizard(DateBoxesField(), {"it": whole})
        assert shown(form.it) == sent
        assert forms.sent(form)[0] == {name: [text] for name, text in sent.items()}


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("2010-05-05", PARTS, ("05", "05", "2010")),
        ("31/02/2026", PARTS, ("31", "02", "2026")),
        ("02/31/2026", AMERICAN, ("31", "02", "2026")),
        ("3.4.2026", PARTS, ("3", "4", "2026")),
        ("2026/04/03", AMERICAN, ("03", "04", "2026")),
        ("-5-2026", PARTS, ("2026", "5", "")),
        ("next Tuesday", PARTS, ("next Tuesday", "", "")),
        ("", PARTS, ("", "", "")),
    ],
)
def test_date_of_one_string_is_shown_in_the_boxes(
    text: str, order: tuple[Part, ...], expected: tuple[str, ...]
) -> None:
    field = of(DateBoxesField(order=order), {"it": text})
    assert shown(field) == texts_in(*expected)


def test_one_string_counts_although_the_boxes_of_the_page_come_along() -> None:
    sent = {"it": "2010-05-05", **texts_in("1", "2", "2003")}
    assert of(DateBoxesField(), sent).data == MAY
    blank = {"it": "", **texts_in("1", "2", "2003")}
    assert of(DateBoxesField(), blank).data == date(2003, 2, 1)


# Errors


@pytest.mark.parametrize(
    ("typed", "errors", "wrong"),
    [
        (("", "5", "2010"), ["Enter the day"], {"day"}),
        (("5", " ", "2010"), ["Enter the month"], {"month"}),
        (("5", "5", ""), ["Enter the year"], {"year"}),
        (("", "", "2010"), ["Enter the day and the month"], {"day", "month"}),
        (("", "5", ""), ["Enter the day and the year"], {"day", "year"}),
        (("5", "", ""), ["Enter the month and the year"], {"month", "year"}),
        (("x", "5", "2010"), ["Enter the day as a number from 1 to 31"], {"day"}),
        (("5", "13", "2010"), ["Enter the month as a number from 1 to 12"], {"month"}),
        (("5", "5", "10"), ["Enter the year with four digits"], {"year"}),
        (
            ("0", "", "2010"),
            ["Enter the month", "Enter the day as a number from 1 to 31"],
            {"day", "month"},
        ),
        (
            ("31", "02", "2026"),
            ["Enter a date that exists: this month has no such day"],
            {"day", "month", "year"},
        ),
        (("", "", ""), ["Enter a date"], {"day", "month", "year"}),
    ],
)
@pytest.mark.parametrize("build", [of, lambda *given: in_wizard(*given).it])
def test_error_names_the_part_and_marks_it(
    build: Any, typed: tuple[str, str, str], errors: list[str], wrong: set[str]
) -> None:
    field = build(DateBoxesField(), texts_in(*typed))
    assert field.errors == errors
    assert {
        box.name.removeprefix("it-") for box in field.boxes if box.is_wrong
    } == wrong
    marked = [f"it-{part}" for part in PARTS if part in wrong]
    assert first_id(field) == marked[0]


def test_date_without_errors_marks_nothing() -> None:
    field = of(DateBoxesField(), texts_in("5", "5", "2010"))
    assert not any(box.is_wrong for box in field.boxes)
    assert first_id(field) == "it-day"


@pytest.mark.parametrize("kind", [validators.InputRequired, validators.DataRequired])
def test_required_date_that_is_blank_has_the_message_of_its_validator(
    kind: Any,
) -> None:
    rule = kind("Enter your date of birth")
    field = of(DateBoxesField(validators=[rule]), texts_in("", " ", ""))
    assert field.errors == ["Enter your date of birth"]
    assert all(box.is_wrong for box in field.boxes)


@pytest.mark.parametrize("kind", [validators.InputRequired, validators.DataRequired])
def test_half_a_date_names_the_missing_part_whatever_validators_say(kind: Any) -> None:
    rules = [kind("Enter your date of birth"), DateRange(max=MAY, message="Too late")]
    field = of(DateBoxesField(validators=rules), texts_in("5", "5", ""))
    assert field.errors == ["Enter the year"]


def test_optional_date_may_be_blank_and_not_half() -> None:
    rules = [validators.Optional()]
    assert of(DateBoxesField(validators=rules), texts_in("", " ", "")).errors == []
    assert of(DateBoxesField(validators=rules), texts_in("5", "", "")).errors


def test_validator_of_dates_judges_it() -> None:
    rules = [DateRange(max=MAY, message="Too late")]
    assert of(DateBoxesField(validators=rules), texts_in("5", "5", "2010")).data == MAY
    late = of(DateBoxesField(validators=rules), texts_in("6", "5", "2010"))
    assert late.errors == ["Too late"]
    assert all(box.is_wrong for box in late.boxes)


def test_own_message_takes_the_place_of_those_of_wrong_parts() -> None:
    field = DateBoxesField(invalid_value_message="No date")
    assert of(field, texts_in("31", "2", "2026")).errors == ["No date"]
    assert of(field, texts_in("x", "y", "2026")).errors == ["No date"]
    assert of(field, texts_in("x", "", "2026")).errors == ["Enter the month", "No date"]
    assert of(field, texts_in("1", "", "2026")).errors == ["Enter the month"]


@pytest.mark.parametrize("order", [("day", "month"), ("day", "day", "year"), "dmy"])
def test_order_has_each_part_once(order: Any) -> None:
    with pytest.raises(DefinitionError, match="each once"):
        of(DateBoxesField(order=order))


# Where it stands


@pytest.mark.parametrize("prefix", ["", "you-"])
def test_it_is_read_in_forms_and_lists_and_under_a_prefix(prefix: str) -> None:
    inner = type("Inner", (Form,), {"born": DateBoxesField("Born")})
    members = {
        "born": DateBoxesField("Born"),
        "child": fields.FormField(inner),
        "days": fields.FieldList(DateBoxesField("Day")),
        "people": fields.FieldList(fields.FormField(inner)),
    }
    form_class: Any = type("Outer", (Form,), members)
    names = ("born", "child-born", "days-7", "days-2", "people-0-born")
    sent = {
        f"{prefix}{name}-{part}": text
        for name in names
        for part, text in zip(PARTS, ("5", "5", "2010"), strict=True)
    }
    alone = form_class(MultiDict(sent), prefix=prefix.rstrip("-"))
    assert alone.validate(), alone.errors
    data = {
        "born": MAY,
        "child": {"born": MAY},
        "days": [MAY, MAY],
        "people": [{"born": MAY}],
    }
    assert alone.data == data
    assert next(box.name for box in alone.days[1].boxes) == f"{prefix}days-1-day"
    if not prefix:
        values = Values({name: [text] for name, text in sent.items()})
        form = forms.bind(signature(form_class), values, meta={"answers": None})
        assert forms.validate(form), form.errors
        assert form.data == data
        raw, _ = forms.sent(form)
        assert {*map(tuple, raw.values())} == {("5",), ("2010",)}
        assert len(raw) == len(sent)


@pytest.mark.parametrize(
    ("payer", "errors"), [("me", {}), ("firm", {"it": ["Enter the year"]})]
)
def test_it_may_count_only_on_a_condition(payer: str, errors: Any) -> None:
    form_class: Any = type(
        "Asks",
        (Form,),
        {
            "payer": fields.StringField(),
            "it": DateBoxesField(validators=[OnlyIf("payer", "firm"), REQUIRED]),
        },
    )
    sent = {"payer": payer, **texts_in("5", "5", "")}
    alone = form_class(MultiDict(sent))
    alone.validate()
    assert alone.errors == errors
    values = Values({name: [text] for name, text in sent.items()})
    form: Any = forms.bind(signature(form_class), values, meta={"answers": None})
    forms.leave_out(form, signature(form_class).conditions)
    forms.validate(form)
    assert form.errors == errors
    forms.show_as_typed(form)
    assert shown(form.it) == texts_in("5", "5", "")


def test_review_says_the_date_in_words() -> None:
    form_class: Any = type("One", (Form,), {"it": DateBoxesField("Born")})
    form = form_class(MultiDict(texts_in("5", "5", "2010")))
    (row,) = rows_of("you", form, "/you")
    assert (row.label, row.lines, row.url) == ("Born", ("5 May 2010",), "/you#it-day")


# Drawing


def test_boxes_stand_in_their_order_with_labels_and_tokens() -> None:
    own = {"autocomplete": "section-child bday", "class": "wide"}
    field = of(DateBoxesField("Born", order=AMERICAN, render_kw=own), it=MAY)
    drawn = [(b.label.text, b._value(), b.render_kw) for b in field.boxes]
    assert [(label, value) for label, value, _ in drawn] == [
        *(("Month", "05"), ("Day", "05"), ("Year", "2010"))
    ]
    assert [box["autocomplete"] for *_, box in drawn] == [
        f"section-child bday-{part}" for part in AMERICAN
    ]
    assert {(box["inputmode"], box["class"]) for *_, box in drawn} == {
        ("numeric", "wide")
    }
    assert field.example_text() == "3\xa027\xa02007"


def test_template_of_plain_wtforms_gets_labelled_inputs() -> None:
    field = of(DateBoxesField("Born", [REQUIRED]), it=MAY)
    html = field(class_="form-control")
    assert 'role="group"' in html
    assert 'aria-label="Born"' in html
    assert html.count("<label") == html.count('class="form-control"') == 3
    assert html.count("required") == 3
    assert '<label for="it-month">Month</label>' in html


def test_locked_date_locks_each_box() -> None:
    drawn = of(DateBoxesField(validators=[validators.ReadOnly()]), it=MAY)()
    assert drawn.count("readonly") == 3
    drawn = of(DateBoxesField(render_kw={"disabled": True}), it=MAY)()
    assert drawn.count("disabled") == 3
