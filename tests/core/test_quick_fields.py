"""Selects and dates take, refuse and offer what WTForms' own do, with less work."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from markupsafe import Markup
from wtforms import Form, fields, validators
from wtforms.fields import choices as wtforms_choices
from wtforms.fields import datetime as wtforms_dates
from wtforms.fields.choices import Choice, SelectChoice  # type: ignore[attr-defined]
from wtforms.meta import DefaultMeta

from flask_wizard.core import forms
from flask_wizard.core.fields import read_as
from flask_wizard.core.signatures import signature

pytestmark = pytest.mark.filterwarnings("ignore:.*choices:DeprecationWarning")


class Typed(dict[str, list[str]]):
    """What a plain view hands to a form."""

    getlist = dict.__getitem__

    def __bool__(self) -> bool:
        return True


def form_with(field: Any, **more: Any) -> type[Form]:
    return type("One", (Form,), {"it": field, **more})


def bind(form_class: type[Form], values: dict[str, list[str]] | None) -> Any:
    sent = forms.Values(values) if values is not None else None
    return forms.bind(signature(form_class), sent, meta={})


def told(make: Callable[[], Any]) -> list[Any]:
    """What a form takes, refuses and offers, or why it cannot be told."""
    try:
        form = make()
        field = form.it
        found = [field.data, field.object_data, field.raw_data, field.process_errors]
        found += [form.validate(), field.errors, field.data]
        if isinstance(field, fields.SelectField):
            found += [field.has_groups(), [*field.iter_choices()]]
        return [*found, str(field())]
    except (TypeError, ValueError, LookupError) as error:
        return [repr(error)]


def whole(text: str) -> int:
    """Numbers alone, as an application's ``coerce``."""
    return int(text)


PAIRS = [("1", "One"), ("2", "Two")]
CHOICES: dict[str, Any] = {
    "pairs": PAIRS,
    "dict": dict(PAIRS),
    "numbers": [(1, "One"), (2, "Two")],
    "html": [("1", Markup("<i>One</i>")), ("2", "")],
    "attributes": [("1", "One", {"class": "first"}), ("2", "Two")],
    "objects": [SelectChoice("1", "One"), SelectChoice("2", "Two", optgroup="More")],
    "strings": ["1", "2"],
    "groups": {"Numbers": {"1": "One", "2": "Two"}},
    "lists": {"Numbers": PAIRS},
    "unlabelled": [("1", None), ("2", "Two")],
    "blank": [("", "Choose"), *PAIRS],
    "function": lambda: PAIRS,
    "none": None,
    "empty": [],
}
SENT: list[dict[str, list[str]] | None] = [
    None,
    {},
    {"it": []},
    *({"it": [text]} for text in ("1", "2", "3", "", "x", "1 ")),
    {"it": ["1", "2"]},
]
KINDS: list[Any] = [fields.SelectField, fields.RadioField, fields.SelectMultipleField]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", CHOICES)
def test_select_does_as_wtforms_own(name: str, kind: Any) -> None:
    for coerce in (str, whole):
        for more in ({}, {"default": "2"}, {"validate_choice": False}):
            own = kind(choices=CHOICES[name], coerce=coerce, **more)
            made = form_with(own)
            for sent in SENT:
                typed = Typed({"it": [], **sent}) if sent is not None else None
                plain = told(lambda typed=typed, made=made: made(typed))  # type: ignore[misc]
                quick = told(lambda sent=sent, made=made: bind(made, sent))  # type: ignore[misc]
                assert quick == plain, (coerce, more, sent)


DAYS = [
    *("2026-03-04", "2026-3-4", " 2026-03-04", "2026-03-04 ", "2026-13-04", ""),
    *("2026-02-30", "0000-01-01", "9999-12-31", "20260304", "2026-W10-1", "04.03.2026"),
    *("\N{FULLWIDTH DIGIT TWO}026-03-04", "2026-03-0\N{ARABIC-INDIC DIGIT FOUR}"),
    *("2026-03-4x", "2026\N{EN DASH}03\N{EN DASH}04", "+026-03-04", "-026-03-04"),
]
FORMATS: list[Any] = ["%Y-%m-%d", "%d.%m.%Y", "%Y-%d-%m", ["%d.%m.%Y", "%Y-%m-%d"]]
FORMATS += [["%Y-%m-%d", "%d.%m.%Y"], ["%Y-%-m-%-d"], []]


@pytest.mark.parametrize("format", FORMATS, ids=str)
def test_date_does_as_wtforms_own(format: Any) -> None:
    made = form_with(fields.DateField(format=format))
    sent = [[day] for day in DAYS] + [[], ["2026-03-04", "x"], ["2026-03-04"] * 2]
    for each in sent:
        plain = told(lambda each=each: made(Typed(it=each)))  # type: ignore[misc]
        assert told(lambda each=each: bind(made, {"it": each})) == plain, each  # type: ignore[misc]


def test_choice_that_raises_behind_the_chosen_raises() -> None:
    made = form_with(fields.SelectField(choices=[("1", "One"), ("x", "?")], coerce=int))
    with pytest.raises(ValueError, match="'x'"):
        bind(made, {"it": ["1"]}).validate()


def test_choices_are_those_of_the_moment() -> None:
    form = bind(form_with(fields.SelectField(choices=PAIRS)), {"it": ["3"]})
    assert not form.validate()
    form.it.choices = [*PAIRS, ("3", "Three")]
    assert form.validate()
    form.it.choices = {"More": {"3": "Three"}}
    assert form.validate()
    assert form.it.has_groups()


# It is less work


@pytest.fixture
def no_objects(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*given: object) -> None:
        raise AssertionError(given)

    base = wtforms_choices.SelectFieldBase
    monkeypatch.setattr(base, "_choices_from_input", fail)


@pytest.mark.usefixtures("no_objects")
@pytest.mark.parametrize("name", ["pairs", "dict", "html", "function"])
def test_choice_is_checked_without_objects_for_choices(name: str) -> None:
    made = form_with(fields.SelectField(choices=CHOICES[name]))
    assert bind(made, {"it": ["2"]}).validate()
    assert "selected" in bind(made, {"it": ["2"]}).it()
    assert not bind(made, {"it": ["3"]}).validate()


def test_day_as_browsers_send_it_is_not_parsed_by_its_format(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = form_with(fields.DateField())
    monkeypatch.setattr(wtforms_dates, "datetime", None)
    assert bind(made, {"it": ["2026-03-04"]}).it.data == date(2026, 3, 4)
    with pytest.raises(AttributeError):
        bind(made, {"it": ["2026-03-99"]})


# An application's own


class Loose(fields.SelectField):
    def pre_validate(self, form: object) -> None: ...


class Open(fields.SelectField):
    def iter_choices(self) -> Any:
        return [Choice("z", "Zed", self.data == "z", {})]


class Grouped(fields.SelectField):
    def has_groups(self) -> bool:
        return True

    def iter_groups(self) -> Any:
        return [("Group", self.iter_choices())]


class Strict(fields.SelectField):
    def pre_validate(self, form: Any) -> None:
        super().pre_validate(form)
        raise validators.ValidationError("Never.")


class Dots(fields.DateField):
    def process_formdata(self, valuelist: list[Any]) -> None:
        super().process_formdata([text.replace(".", "-") for text in valuelist])


SELECTS: list[Any] = [Loose, Open, Grouped, Strict]
OWN = [*(own(choices=PAIRS) for own in SELECTS), Dots()]


@pytest.mark.parametrize("own", OWN, ids=lambda own: own.field_class.__name__)
def test_method_of_an_own_class_is_called(own: Any) -> None:
    made = form_with(own)
    for text in ("1", "2", "3", "z", "2026.03.04", "2026-03-04", ""):
        plain = told(lambda text=text: made(Typed(it=[text])))  # type: ignore[misc]
        assert told(lambda text=text: bind(made, {"it": [text]})) == plain  # type: ignore[misc]


def test_trial_of_a_text_leaves_the_field_as_it_is() -> None:
    form = bind(form_with(fields.DateField()), {"it": ["2026-03-04"]})
    before = form.it.data
    assert str(read_as(form.it, ["2026-03-05"])) == "2026-03-05"
    assert form.it.data is before


# What a field begins with


class Begins(Form):
    plain = fields.StringField("Plain", [validators.Optional()])
    number = fields.IntegerField(default=3)
    made = fields.StringField(default=lambda: "made")
    nothing = fields.StringField(default=None)
    tick = fields.BooleanField()
    several = fields.SelectMultipleField(choices=PAIRS)
    third = fields.StringField("Third", [], [], "", "its-id", "by its place")
    inner = fields.FormField(form_with(fields.StringField(default="inner")))
    rows = fields.FieldList(fields.StringField(), min_entries=1, default=["row"])


class Given:
    plain = "of an object"
    number = None


class OwnMeta(DefaultMeta):
    def bind_field(self, form: Any, unbound: Any, options: Any) -> Any:
        return unbound.bind(form=form, default="of Meta", **options)


class WithMeta(Form):
    class Meta(OwnMeta): ...

    plain = fields.StringField()


INITIAL: list[Any] = [None, {}, {"plain": "of a dict", "tick": True}, Given()]


@pytest.mark.parametrize("initial", INITIAL, ids=lambda one: type(one).__name__)
@pytest.mark.parametrize("form_class", [Begins, WithMeta])
def test_form_begins_as_in_a_plain_view(form_class: Any, initial: Any) -> None:
    is_dict = isinstance(initial, dict)
    plain = form_class(data=initial) if is_dict else form_class(obj=initial)
    ours: Any = forms.bind(signature(form_class), None, meta={}, initial=initial)
    assert ours.data == plain.data
    objects = [field.object_data for field in forms.leaves(plain)]
    assert [field.object_data for field in forms.leaves(ours)] == objects


def test_what_has_no_default_is_not_called_for_one() -> None:
    assert {*signature(Begins).blank} == {"plain", "tick", "several"}
    assert not signature(WithMeta).blank
