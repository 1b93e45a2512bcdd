"""Fields of WTForms-Components and WTForms-SQLAlchemy on pages and check pages."""

from __future__ import annotations

from typing import Any, NamedTuple

import pytest
import wtforms_components as components
import wtforms_sqlalchemy.fields as queries
from werkzeug.datastructures import MultiDict
from wtforms import Form

from flask_wizard.core import forms
from flask_wizard.core.forms import Values
from flask_wizard.core.rows import rows_of
from flask_wizard.core.signatures import signature
from flask_wizard.web.controls import control

# What they give WTForms is deprecated there, not here.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


class City(NamedTuple):
    id: int
    name: str


CITIES = [City(1, "Lisbon"), City(2, "Porto")]
KINDS = (("Fruits", (("apple", "Apple"), ("pear", "Pear"))), ("veg", "Vegetable"))
PLAIN = [("a", "A"), ("b", "B")]


def cities(kind: str = "QuerySelectField", **more: Any) -> Any:
    return getattr(queries, kind)(
        "City",
        query_factory=lambda: CITIES,
        get_pk=lambda city: city.id,
        get_label="name",
        **more,
    )


def bound(unbound: Any, *typed: str) -> Any:
    sent = Values(MultiDict([("it", text) for text in typed]).lists())
    form_class: Any = type("One", (Form,), {"it": unbound})
    return forms.bind(signature(form_class), sent, meta={"answers": None})


@pytest.mark.parametrize(
    ("unbound", "typed", "lines"),
    [
        (components.SelectField(choices=PLAIN), ["b"], ("B",)),
        (components.SelectField(choices=[("", "-"), *PLAIN]), [""], ()),
        (components.SelectField(choices=KINDS), ["pear"], ("Pear",)),
        (components.SelectField(choices=KINDS), ["veg"], ("Vegetable",)),
        (components.SelectField(choices=lambda: KINDS), ["apple"], ("Apple",)),
        (components.SelectField(choices=[(1, "One")], coerce=int), ["1"], ("One",)),
        (
            components.SelectMultipleField(choices=KINDS),
            ["apple", "veg"],
            ("Apple", "Vegetable"),
        ),
        (components.IntegerField(), ["7"], ("7",)),
        (components.TimeField(), ["10:00"], ("10:00",)),
        (cities(), ["2"], ("Porto",)),
        (cities(allow_blank=True), ["__None"], ()),
        (cities(allow_blank=True, blank_text="Choose"), ["__None"], ()),
        (cities(allow_blank=True, blank_value=""), [""], ()),
        (cities("QuerySelectMultipleField"), ["1", "2"], ("Lisbon", "Porto")),
        (cities("QuerySelectMultipleField"), [], ()),
        (cities("QueryRadioField", allow_blank=True), ["__None"], ()),
        (cities("QueryRadioField"), ["1"], ("Lisbon",)),
    ],
)
def test_chosen_labels_are_shown(
    unbound: Any, typed: list[str], lines: tuple[str, ...]
) -> None:
    form = bound(unbound, *typed)
    assert forms.validate(form), form.errors
    assert rows_of("you", form)[0].lines == lines


@pytest.mark.parametrize("typed", ["pear", "mauve"])
def test_select_of_groups_is_drawn_as_it_is(typed: str) -> None:
    form = bound(components.SelectField(choices=KINDS), typed)
    forms.show_as_typed(form)
    drawn = form.it(**control(form.it).attributes)
    assert drawn.count("<option") == 3
    assert ("selected" in drawn) == (typed == "pear")


def test_query_without_a_blank_choice_is_not_optional() -> None:
    assert not control(bound(cities()).it).optional
    assert control(bound(cities(allow_blank=True)).it).optional
    assert control(bound(cities("QuerySelectMultipleField")).it).optional


def test_date_and_time_in_two_inputs_are_kept() -> None:
    form_class: Any = type("One", (Form,), {"it": components.SplitDateTimeField()})
    sent = Values({"it-date": ["2026-03-04"], "it-time": ["10:00"], "other": ["x"]})
    form = forms.bind(signature(form_class), sent, meta={"answers": None})
    assert [*forms.sent(form)[0]] == ["it-date", "it-time"]
    assert [row.lines for row in rows_of("you", form)] == [
        *(("4 March 2026",), ("10:00",))
    ]
