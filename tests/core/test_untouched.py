"""What a page sends that nobody has touched."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from markupsafe import Markup
from wtforms import Form, fields, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard.core import forms
from flask_wizard.core.drawn import DrawnControl
from flask_wizard.core.signatures import signature
from flask_wizard.core.untouched import UnshowableError, untouched

Sent = tuple[dict[str, list[str]], tuple[str, ...]]


def built(unbound: Any, data: object = None, **more: Any) -> Form:
    form = type("F", (Form,), {"it": unbound})
    initial = {"it": data} if data is not None else None
    return forms.bind(signature(form), None, meta={}, initial=initial, **more)


def sent(unbound: Any, data: object = None, **more: Any) -> Sent:
    return untouched(built(unbound, data), **more)


CHOICES = [SelectChoice("a", "A"), SelectChoice("b", "B")]


@pytest.mark.parametrize(
    ("unbound", "data", "expected"),
    [
        (fields.StringField(), None, {"it": [""]}),
        (fields.StringField(), "Ada", {"it": ["Ada"]}),
        (fields.StringField(), "a\nb", {"it": ["ab"]}),
        (fields.HiddenField(), "a\nb", {"it": ["a\nb"]}),
        (fields.TextAreaField(), "a\nb", {"it": ["a\r\nb"]}),
        (fields.IntegerField(), 7, {"it": ["7"]}),
        (fields.DateField(), date(2026, 2, 1), {"it": ["2026-02-01"]}),
        (fields.StringField(render_kw={"disabled": True}), "x", {"it": ["x"]}),
        (fields.SelectField(choices=CHOICES), "b", {"it": ["b"]}),
        (fields.SelectField(choices=CHOICES), None, {"it": ["a"]}),
        (fields.SelectField(choices=[]), None, {}),
        (fields.EmailField(render_kw={"multiple": True}), "a@b", {"it": ["a@b"]}),
        (fields.RadioField(choices=CHOICES), "b", {"it": ["b"]}),
        (fields.RadioField(choices=CHOICES), None, {}),
        (fields.PasswordField(), "x", {}),
        (fields.FileField(), None, {}),
        (fields.BooleanField(), None, {}),
    ],
)
def test_page_sends_what_its_controls_hold(
    unbound: Any, data: object, expected: dict[str, list[str]]
) -> None:
    assert sent(unbound, data) == (expected, ())


@pytest.mark.parametrize(
    ("unbound", "data", "expected"),
    [
        (fields.BooleanField(), True, {"it": ["y"]}),
        (fields.SelectMultipleField(choices=CHOICES), ["a", "b"], {"it": ["a", "b"]}),
    ],
)
def test_what_sends_nothing_once_it_is_cleared_is_told(
    unbound: Any, data: object, expected: dict[str, list[str]]
) -> None:
    assert sent(unbound, data) == (expected, ("it",))


def test_choice_of_several_of_which_none_is_made_sends_nothing() -> None:
    assert sent(fields.SelectMultipleField(choices=CHOICES)) == ({}, ())


def test_names_that_may_be_silent_are_sorted() -> None:
    form = type(
        "F",
        (Form,),
        {n: fields.BooleanField(default=True) for n in ("b", "c", "a")},
    )
    assert untouched(form())[1] == ("a", "b", "c")


def test_drawn_password_is_left_out_whatever_its_field_is() -> None:
    for secret in (
        fields.StringField(widget=widgets.PasswordInput(hide_value=False)),
        fields.StringField(widget=draw_password),
        fields.PasswordField(widget=widgets.TextInput()),
    ):
        assert sent(secret, "x") == ({}, ())


def draw_password(field: fields.Field, **kwargs: object) -> Markup:
    return Markup(f'<input type="password" name="{field.name}" value="x">')


def test_options_that_are_disabled_are_not_the_first_choice() -> None:
    kind = fields.SelectField(
        choices=[SelectChoice("a", "A", render_kw={"disabled": True}), CHOICES[1]]
    )
    assert sent(kind) == ({"it": ["b"]}, ())


def test_list_of_one_choice_begins_with_none() -> None:
    """Browsers pick the first option of a menu alone."""
    kind = fields.SelectField(choices=CHOICES, render_kw={"size": 3})
    assert sent(kind) == ({}, ())


def test_rows_of_which_nothing_is_sent_are_marked() -> None:
    boxes = fields.FieldList(fields.BooleanField(), min_entries=2)
    assert sent(boxes) == ({"it-0-_row": [""], "it-1-_row": [""]}, ())


def test_rows_of_forms_are_marked_if_nothing_of_them_may_be_sent() -> None:
    box = type("Box", (Form,), {"box": fields.BooleanField()})
    boxes: Any = fields.FieldList(fields.FormField(box), min_entries=1)
    assert sent(boxes) == ({"it-0-_row": [""]}, ())
    text = type("Text", (Form,), {"text": fields.StringField()})
    texts: Any = fields.FieldList(fields.FormField(text), min_entries=1)
    assert sent(texts) == ({"it-0-text": [""]}, ())


# What a page cannot show


def test_choice_that_is_not_offered_cannot_be_shown() -> None:
    with pytest.raises(UnshowableError, match="not among the field's choices") as found:
        sent(fields.SelectField(choices=[SelectChoice("", "None"), *CHOICES]), "z")
    assert (found.value.field, found.value.kind) == ("it", "str")
    assert found.value.reason == str(found.value)


def test_one_of_several_choices_that_is_not_offered_cannot_be_shown() -> None:
    with pytest.raises(UnshowableError, match="not among the field's choices"):
        sent(fields.SelectMultipleField(choices=CHOICES), ["a", "z"])


def test_choice_that_is_made_twice_can_be_shown() -> None:
    kind = fields.SelectMultipleField(choices=CHOICES)
    assert sent(kind, ["a", "a"])[0] == {"it": ["a"]}


@pytest.mark.parametrize("data", ["z", None])
def test_choice_that_is_kept_is_sent_though_it_is_not_offered(data: object) -> None:
    kind = fields.RadioField(choices=CHOICES)
    expected = {"it": [data]} if data else {}
    assert sent(kind, data, keep_choices=True) == (expected, ())


def test_choices_that_are_kept_are_sent_though_one_is_not_offered() -> None:
    kind = fields.SelectMultipleField(choices=CHOICES)
    kept = sent(kind, ["a", "z"], keep_choices=True)
    assert kept == ({"it": ["a", "z"]}, ("it",))
    assert sent(kind, ["z"], keep_choices=True) == ({"it": ["z"]}, ("it",))
    assert sent(kind, ["a"], keep_choices=True) == ({"it": ["a"]}, ("it",))
    assert sent(kind, keep_choices=True) == ({}, ())


@pytest.mark.parametrize(
    ("kind", "data", "expected"),
    [
        (fields.SelectField, None, ["a"]),
        (fields.SelectField, "z", ["z"]),
        (fields.SelectField, "a", ["a"]),
        (fields.SelectMultipleField, ["a", "z"], ["a", "z"]),
        (fields.SelectMultipleField, ["z"], ["z"]),
    ],
)
def test_choice_of_a_field_that_takes_any_is_sent(
    kind: type[fields.SelectField], data: object, expected: list[str]
) -> None:
    found, _ = sent(kind(choices=CHOICES, validate_choice=False), data)
    assert found == {"it": expected}


def test_data_that_the_field_cannot_take_cannot_be_shown() -> None:
    def refuse(value: object) -> object:
        raise ValueError("It is no number.")

    form = built(fields.StringField(filters=[refuse]), "x")
    with pytest.raises(UnshowableError, match=r"^It is no number\.$"):
        untouched(form)


@pytest.mark.parametrize(
    "trouble", [AttributeError, TypeError, ValueError, ZeroDivisionError]
)
def test_data_that_fail_to_be_drawn_cannot_be_shown(trouble: type[Exception]) -> None:
    def draw(field: fields.Field, **kwargs: object) -> Markup:
        raise trouble

    with pytest.raises(UnshowableError, match=f"raises a {trouble.__name__}") as found:
        sent(fields.StringField(widget=draw), 7)
    assert (found.value.field, found.value.kind) == ("it", "int")


def draw_blank(field: fields.Field, **kwargs: object) -> Markup:
    return Markup(f'<input name="{field.name}" value="">')


def test_value_of_which_nothing_is_drawn_cannot_be_shown() -> None:
    with pytest.raises(UnshowableError):
        sent(fields.StringField(widget=draw_blank), "x")


def test_value_of_no_choice_cannot_be_lost_though_choices_are_kept() -> None:
    with pytest.raises(UnshowableError):
        sent(fields.StringField(widget=draw_blank), "x", keep_choices=True)


@pytest.mark.parametrize("data", ["", False])
def test_blank_value_of_which_nothing_is_drawn_is_no_loss(data: object) -> None:
    assert sent(fields.StringField(widget=draw_blank), data)[0] == {"it": [""]}


def test_value_without_any_control_is_not_asked_of_the_visitor() -> None:
    def draw(field: fields.Field, **kwargs: object) -> Markup:
        return Markup("<p>Only to read</p>")

    assert sent(fields.StringField(widget=draw), "x") == ({}, ())


@pytest.mark.parametrize("default", ["x", lambda: ["x"], float("nan")])
def test_default_of_the_form_is_its_own_affair(default: Any) -> None:
    """The application has not given it for this visitor."""
    field = fields.StringField(default=default, widget=draw_blank)
    assert sent(field)[0] == {"it": [""]}


@pytest.mark.parametrize("data", ["", False])
def test_choice_of_nothing_is_no_loss(data: object) -> None:
    unbound = fields.RadioField(choices=CHOICES, coerce=lambda value: value or "none")
    assert sent(unbound, data) == ({}, ())


def test_choices_that_a_filter_has_taken_away_are_no_loss() -> None:
    kind = fields.SelectMultipleField(choices=CHOICES, filters=[lambda value: None])
    assert sent(kind, ["a"]) == ({}, ())


def test_value_that_a_filter_has_taken_away_is_no_loss() -> None:
    field = fields.StringField(filters=[lambda value: None])
    assert sent(field, "x")[0] == {"it": [""]}


def test_error_tells_no_value() -> None:
    error = UnshowableError("it", "canary", "why")
    assert (str(error), error.kind) == ("why", "str")
    assert "canary" not in f"{error!r} {vars(error)}"


@pytest.mark.parametrize("data", [None, "b"])
def test_disabled_select_sends_what_it_began_with_alone(data: str | None) -> None:
    kind = fields.SelectField(
        choices={"a": "A", "b": "B"}, render_kw={"disabled": True}
    )
    assert sent(kind, data) == ({"it": [data]} if data else {}, ())


def test_first_option_of_a_select_that_is_drawn_by_hand_is_sent() -> None:
    def draw(field: fields.Field, **kwargs: object) -> Markup:
        return Markup(
            '<select name="it"><option value="a"></select>'
            '<select name="it"><option value="b"></select>'
            '<select name="more" multiple><option value="c"></select>'
        )

    assert sent(fields.StringField(widget=draw)) == ({"it": ["a"]}, ())
    assert DrawnControl("it", "select", {}).sent == []
