"""Drafts that begin filled in, held against a model of what was asked and changed."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from fuzz import effort
from hypothesis import given
from hypothesis import strategies as st
from wizards import EMPTY, declare
from wtforms import (
    BooleanField,
    Form,
    IntegerField,
    RadioField,
    SelectMultipleField,
    StringField,
)
from wtforms.validators import InputRequired, NumberRange

from flask_wizard import Answers, DefinitionError, Review, Step, Submission
from flask_wizard.core.draft import decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey


class Switch(Form):
    on = BooleanField("On")
    note = StringField("Note")


class Text(Form):
    text = StringField("Text", [InputRequired()])


class Number(Form):
    number = IntegerField("Number", [InputRequired(), NumberRange(0, 9)])


def is_on(name: str) -> Any:
    return lambda answers: bool(answers[name].on)


def describes(form: Any, answers: Answers) -> None:
    form.number.description = answers.a.note or ""


# Steps that are always there, that others close, and one whose form reads an answer.
Edit = declare(
    "Edit",
    commit=lambda self, submission: None,
    a=Step(Switch),
    b=Step(Switch, when=is_on("a")),
    c=Step(Text, when=lambda answers: bool(answers.b.on)),
    d=Step(Number, prepare=describes),
    e=Step(Text, when=is_on("a")),
    check=Review(),
)
SWITCH = st.fixed_dictionaries(
    {"on": st.booleans(), "note": st.sampled_from(["", "x", "y"])}
)
TEXT = st.fixed_dictionaries({"text": st.sampled_from(["", "x", "y"])})
NUMBER = st.fixed_dictionaries({"number": st.sampled_from([None, 3, 4, 77])})
SHEETS = {"a": SWITCH, "b": SWITCH, "c": TEXT, "d": NUMBER, "e": TEXT}
OBJECTS = st.fixed_dictionaries({n: st.none() | sheet for n, sheet in SHEETS.items()})
Sheets = dict[str, dict[str, Any] | None]


def is_valid(name: str, sheet: dict[str, Any] | None) -> bool:
    if sheet is None:
        return False
    if name == "d":
        return sheet["number"] in range(10)
    return name in "ab" or bool(sheet["text"])


def path_of(sheets: Sheets) -> list[str]:
    """The steps that apply, up to the first that is not done."""
    values = {
        name: sheet if is_valid(name, sheet) else None for name, sheet in sheets.items()
    }
    found: list[str] = []

    def on(name: str) -> bool:
        return name in found and bool((values[name] or {}).get("on"))

    for name in SHEETS:
        if {"b": on("a"), "c": on("b"), "e": on("a")}.get(name, True):
            found.append(name)
            if values[name] is None:
                return found
    return [*found, "check"]


def sent(sheet: dict[str, Any]) -> Values:
    """What a browser sends: nothing for an empty box."""
    filled = {n: v for n, v in sheet.items() if v is not False}
    return Values({n: ["" if v is None else str(v)] for n, v in filled.items()})


class Site:
    """An object that is edited, and the requests that edit it."""

    def __init__(self, given: Sheets) -> None:
        self.object = given
        self.asked: Counter[str] = Counter()
        self.draft = EMPTY

    def initial(self, name: str, answers: Answers) -> object:
        self.asked[name] += 1
        return self.object[name]

    @property
    def journey(self) -> Journey:
        return Journey(Edit.steps, self.draft, initial=self.initial, prefilled=True)

    def keep(self, journey: Journey) -> None:
        self.draft = decode(encode(journey.to_draft()))

    def post(self, name: str, sheet: dict[str, Any]) -> None:
        journey = self.journey
        if self.draft is EMPTY:
            journey.begin()
        self.keep(journey.submit(name, sent(sheet), validate=True))


POSTS = st.lists(
    st.sampled_from("abcde").flatmap(lambda n: st.tuples(st.just(n), SHEETS[n])),
    max_size=6,
)


@effort(60)
@given(given_=OBJECTS, other=OBJECTS, posts=POSTS)
def test_edited_draft_is_as_the_model_foretells(
    given_: Sheets, other: Sheets, posts: list[tuple[str, dict[str, Any]]]
) -> None:
    site, model = Site(given_), dict(given_)
    assert [bound.name for bound in site.journey.path] == path_of(model)
    began_on = path_of(model)
    for number, (name, sheet) in enumerate(posts):
        if name not in path_of(model):
            continue
        site.post(name, sheet)
        model[name] = sheet
        assert [bound.name for bound in site.journey.path] == path_of(model)
        if not number:
            site.object = other  # from now on it must not be looked at
            site.asked.clear()
    journey = site.journey
    if path_of(model)[-1] != "check":
        return
    submission = Submission.of(journey)
    on_path = path_of(model)[:-1]
    for name in on_path:
        assert submission.data[name] == {**(model[name] or {})}
    expected: dict[str, Any] = {}
    for name, began in given_.items():
        now = model[name]
        if name in on_path and now is not None and now != began:
            first = {**(began or {})}
            differ = {n: (first.get(n), v) for n, v in now.items() if first.get(n) != v}
            expected[name] = {
                n: pair
                for n, pair in differ.items()
                if first or pair[1] not in ("", None)
            }
        elif name not in on_path and name in began_on and began is not None:
            expected[name] = ({**began}, None)
    assert submission.changes == {n: v for n, v in expected.items() if v}


def test_object_is_asked_for_every_step_by_the_first_write_alone() -> None:
    text = {"text": "x"}
    given_: Sheets = {"a": {"on": True, "note": ""}, "b": {"on": False, "note": ""}}
    site = Site({**given_, "c": text, "d": {"number": 77}, "e": text})
    site.post("a", {"on": True, "note": "x"})
    assert set(site.asked) == {"a", "b", "c", "d", "e"}
    site.asked.clear()
    site.post("d", {"number": 3})
    site.post("b", {"on": True, "note": ""})
    assert site.journey.open_review is not None
    assert site.asked == {}


class Place(Form):
    place = RadioField("Place")
    tags = SelectMultipleField("Tags", choices=[])


def offers(form: Any, answers: Answers) -> None:
    form.place.choices = ["Rome", "Oslo"]
    form.tags.choices = ["x", "y"]


def test_choices_that_prepare_will_offer_are_taken_at_the_beginning() -> None:
    steps = {"a": Step(Text), "b": Step(Place, prepare=offers), "check": Review()}
    wizard = declare("Trip", commit=lambda self, submission: None, **steps)
    given_: dict[str, Any] = {"a": {"text": ""}, "b": {"place": "Oslo", "tags": ["y"]}}
    first = Journey(
        wizard.steps,
        EMPTY,
        initial=lambda name, answers: given_[name],
        prefilled=True,
    )
    first.begin()
    draft = first.submit("a", Values({"text": [""]}), validate=True).to_draft()
    given_.clear()
    journey = Journey(
        wizard.steps, draft, initial=lambda name, answers: given_[name], prefilled=True
    ).submit("a", Values({"text": ["x"]}), validate=True)
    assert journey.open_review is not None
    assert Submission.of(journey).data["b"] == {"place": "Oslo", "tags": ["y"]}
    cleared = journey.submit("b", Values({"place": ["Rome"]}), validate=True)
    assert Submission.of(cleared).data["b"] == {"place": "Rome", "tags": []}
    assert Submission.of(cleared).changes["b"] == {
        "place": ("Oslo", "Rome"),
        "tags": (["y"], []),
    }


@pytest.mark.parametrize("hidden", [True, False])
def test_value_that_cannot_be_shown_is_an_error_where_its_step_opens(
    hidden: bool,
) -> None:
    site = Site({"a": {"on": not hidden, "note": ""}, **dict.fromkeys("cde")})
    site.object["b"] = {"on": True, "note": ""}
    site.object["e"] = {"text": "x"}
    site.object["d"] = {"number": "many"}
    if hidden:
        site.object["d"] = {"number": 3}
        site.object["b"] = None
        site.post("a", {"on": False, "note": ""})
        assert site.journey.open_review is not None
    else:
        site.object["c"] = {"text": "x"}
        with pytest.raises(DefinitionError, match="'number'"):
            site.post("a", {"on": True, "note": ""})
