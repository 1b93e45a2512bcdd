"""Widgets draw what WTForms would draw, to the letter, and an application's its own."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, validators, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.meta import DefaultMeta
from wtforms.widgets import core

from flask_wizard.core import forms
from flask_wizard.core.forms import render_quickly
from flask_wizard.core.signatures import signature
from flask_wizard.core.widgets import (
    _version,
    html_params,
    render_field,
)

ODD = "<b a=\"1\">&amp; 'x'</b>\r\n\0\N{SNOWMAN}"


class Lazy:
    """A translation that waits for its use."""

    def __repr__(self) -> str:  # the same in every process of tests
        return "Lazy"

    def __str__(self) -> str:
        return ODD


class Rendered:
    def __repr__(self) -> str:
        return "Rendered"

    def __html__(self) -> str:
        return ODD


class Loud(Markup):
    """What is safe in its author's eyes, and escapes as no other does."""

    @classmethod
    def escape(cls, s: Any, /) -> Any:
        return cls("!")


VALUES: list[object] = [
    True,
    False,
    None,
    0,
    1,
    "",
    ODD,
    Markup(ODD),
    Loud(ODD),
    Lazy(),
    Rendered(),
    b'"',
    ["'", '"'],
    {"a": '"'},
    date(2026, 3, 4),
    1.5,
]
NAMES = [
    "name",
    "class_",
    "for__",
    "_",
    "data_a_b",
    "data-a_b",
    "aria_label_",
    "aria",
    "data",
    "on_click",
    ODD,
    Markup(ODD),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_attribute_is_written_as_wtforms_writes_it(name: str, value: object) -> None:
    ours, theirs = html_params(**{name: value}), core.html_params(**{name: value})
    assert (ours, type(ours)) == (theirs, Markup)


def test_attributes_stand_in_the_order_of_wtforms() -> None:
    attributes = dict(zip(NAMES, VALUES, strict=False))
    assert html_params(**attributes) == core.html_params(**attributes)


def test_no_attributes_are_no_text() -> None:
    assert html_params() == core.html_params() == ""


# Widgets

WIDGETS: dict[str, Callable[..., Any]] = {
    name: found
    for name, found in vars(widgets).items()
    if inspect.isclass(found) and found.__module__ == core.__name__
}
OPTIONS: dict[str, list[dict[str, Any]]] = {
    "Input": [{"input_type": "text"}],
    "Select": [{}, {"multiple": True}],
    "ListWidget": [{}, {"html_tag": "ol", "prefix_label": False}],
    "TableWidget": [{}, {"with_table_tag": False}],
    "PasswordInput": [{}, {"hide_value": False}],
    "FileInput": [{}, {"multiple": True}],
    "NumberInput": [{}, {"step": 0.5, "min": 1, "max": 9}],
}
CHOICES = [
    SelectChoice("a", ODD, optgroup=ODD),
    SelectChoice("b", Markup(ODD), {"data_k": ODD, "title": None}, optgroup=ODD),
    SelectChoice(True, "Yes"),
    SelectChoice(None, None),
]
FLAT = [SelectChoice("a", ODD), SelectChoice("b", "B", {"disabled": True})]


def made(name: str) -> Iterator[Any]:
    for options in OPTIONS.get(name, [{}]):
        yield WIDGETS[name](**options)


class Inner(Form):
    token = fields.HiddenField(default=ODD)
    street = fields.StringField(ODD, [validators.InputRequired()])


class Both(Form):
    """A field of every shape that some widget draws."""

    text = fields.StringField(
        ODD,
        [validators.InputRequired(), validators.Length(1, 9)],
        render_kw={"data_x": ODD, "class_": "own", "title": None, "hidden": True},
        default=ODD,
    )
    number = fields.IntegerField(validators=[validators.NumberRange(1, 9)], default=3)
    born = fields.DateField(default=date(2026, 3, 4))
    grouped = fields.SelectField(choices=CHOICES, default="b")
    flat = fields.SelectField(choices=FLAT, default="b")
    tick = fields.BooleanField(default=True)
    radio = fields.RadioField(choices=FLAT, default="b")
    submit = fields.SubmitField(ODD)
    home = fields.FormField(Inner)
    homes = fields.FieldList(fields.FormField(Inner), min_entries=2)


OVER = {"data-x": "over", "class": "over", "id": Markup("o"), "value": False}


def drawings(form: Form, name: str) -> Iterator[str]:
    """Each field of the form by a widget, or why it cannot be drawn by that."""
    for field in form:
        for widget in made(name):
            field.widget = widget
            for attributes in ({}, OVER):
                try:
                    yield str(field(**attributes))
                except (AttributeError, TypeError) as error:
                    yield repr(error)


@pytest.mark.parametrize("name", WIDGETS)
def test_every_widget_draws_as_before(name: str) -> None:
    quick, plain = render_quickly(Both()), Both()
    assert list(drawings(quick, name)) == list(drawings(plain, name))


@pytest.mark.parametrize("name", Both()._fields)
def test_every_field_draws_as_before(name: str) -> None:
    quick, plain = render_quickly(Both()), Both()
    assert str(quick[name]()) == str(plain[name]())


def test_widgets_of_wtforms_write_attributes_by_us(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Else nothing is gained."""

    def fail(**attributes: object) -> Markup:
        raise AssertionError(attributes)

    names = ("text", "number", "born", "grouped", "flat", "tick", "submit")
    form = render_quickly(Both())
    before = [str(form[name]()) for name in names]
    monkeypatch.setattr(core, "html_params", fail)
    monkeypatch.setattr(core.Input, "html_params", staticmethod(fail))
    assert [str(form[name]()) for name in names] == before


@pytest.fixture
def anew() -> Iterator[None]:
    """Widgets that no page has drawn yet."""
    _version.cache_clear()
    yield
    _version.cache_clear()


@pytest.mark.usefixtures("anew")
@pytest.mark.parametrize(("name", "tag"), [("text", "input"), ("flat", "select")])
def test_what_an_application_put_in_place_of_html_params_is_called(
    monkeypatch: pytest.MonkeyPatch, name: str, tag: str
) -> None:
    monkeypatch.setattr(core, "html_params", lambda **attributes: "patched")
    monkeypatch.setattr(core.Input, "html_params", staticmethod(core.html_params))
    assert f"<{tag} patched>" in render_quickly(Both())[name]()


def test_signature_of_an_option_is_not_looked_at(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def fail(function: object) -> None:
        raise AssertionError(function)

    form = render_quickly(Both())
    monkeypatch.setattr(core, "get_signature", fail)
    with pytest.raises(AssertionError):
        Both().flat()
    assert str(form.flat())


def test_wtforms_itself_is_left_alone() -> None:
    before = {name: dict(vars(kind)) for name, kind in WIDGETS.items()}
    for name in WIDGETS:
        list(drawings(render_quickly(Both()), name))
    assert {name: dict(vars(kind)) for name, kind in WIDGETS.items()} == before
    assert isinstance(Both().text.widget, widgets.TextInput)
    assert core.Input.html_params is core.html_params


def test_widget_changed_while_it_is_in_use_is_drawn_as_changed() -> None:
    form = render_quickly(Both())
    form.text.widget = widgets.TextInput()
    before = str(form.text())
    form.text.widget.input_type = "search"
    assert str(form.text()) == before.replace('type="text"', 'type="search"')


# An application's own


class Initials(widgets.TextInput):
    def __call__(self, field: Any, **attributes: Any) -> Markup:
        attributes["data-own"] = type(self) is Initials
        return super().__call__(field, **attributes)


def test_widget_of_an_application_is_called_as_it_is() -> None:
    class Own(Form):
        name = fields.StringField(widget=Initials())

    assert "data-own" in render_quickly(Own()).name()


class OwnMeta(DefaultMeta):
    def render_field(self, field: Any, render_kw: Any) -> Any:
        return Markup("<i>") + super().render_field(field, {**render_kw, "lang": "la"})


class Theirs(Form):
    Meta = OwnMeta
    name = fields.StringField()


class Around(Form):
    inner = fields.FormField(Theirs)
    name = fields.StringField()


def bind(form_class: Any, typed: forms.Values | None) -> Any:
    return forms.bind(signature(form_class), typed, meta={})


@pytest.mark.parametrize("typed", [None, forms.Values({"name": ["x"]})])
def test_own_render_field_of_a_form_wins(typed: forms.Values | None) -> None:
    drawn = bind(Theirs, typed).name()
    assert drawn.startswith("<i>")
    assert 'lang="la"' in drawn


def test_own_render_field_of_a_nested_form_wins_in_it_alone() -> None:
    form = bind(Around, None)
    assert form.inner.form.name().startswith("<i>")
    assert form.name().startswith("<input")


def test_render_field_handed_to_one_form_wins() -> None:
    def draw(field: Any, render_kw: Any) -> str:
        return "theirs"

    class Handed(Form):
        name = fields.StringField()

        def __init__(self, *, meta: Any, **values: Any) -> None:
            super().__init__(meta={**meta, "render_field": draw}, **values)

    assert bind(Handed, None).name() == "theirs"


@pytest.mark.parametrize("base", [Form, FlaskForm])
def test_bound_form_is_drawn_quickly_whatever_it_is_bound_to(base: type[Form]) -> None:
    form_class: Any = type("Some", (base,), {"n": fields.IntegerField()})
    unbindable = forms.Values({"n": ["9" * 5000]})
    with Flask(__name__).test_request_context():
        for values in (None, forms.Values({"n": ["1"]}), unbindable):
            assert bind(form_class, values).meta.render_field is render_field


def test_entries_and_options_are_drawn_quickly_too() -> None:
    form = bind(Both, forms.Values(MultiDict({"homes-0-street": ODD}).lists()))
    inner = [form.home.form.street, form.homes[0].form.street, *form.radio]
    assert {field.meta.render_field for field in inner} == {render_field}
