"""Answers and records: what conditions, hooks and templates may read."""

from __future__ import annotations

import copy
from collections.abc import Callable
from datetime import date
from types import SimpleNamespace
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict
from wizards import declare
from wtforms import Form, fields

from flask_wizard import Answers, OnlyIf, Step, UnknownNameError, WizardError
from flask_wizard.core import forms
from flask_wizard.core.answers import (
    CONCEALED,
    NAMES,
    Dependencies,
    Record,
    Suspended,
    plain,
    values_of,
)
from flask_wizard.core.draft import Draft
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.signatures import signature

SECRET = "canary-4711"


class Street(Form):
    street = fields.StringField()
    city = fields.StringField()
    submit = fields.SubmitField()


class Everything(Form):
    name = fields.StringField()
    born = fields.DateField()
    home = fields.FormField(Street)
    tags = fields.FieldList(fields.StringField())
    places = fields.FieldList(fields.FormField(Street))
    send = fields.SubmitField()
    cancel = fields.ButtonField()  # type: ignore[attr-defined]


def filled() -> Form:
    values = MultiDict(
        [
            *(("name", "Ada"), ("born", "1990-05-06"), ("send", "Go")),
            *(("home-street", "1 Lane"), ("home-city", "Bath")),
            *(("tags-0", "a"), ("tags-1", "b")),
            *(("places-0-street", "2 Row"), ("places-0-city", "Ely")),
        ]
    )
    return Everything(values)


def record(**values: Any) -> Record:
    return Record("you", tuple(values), lambda: values)


def absent(*names: str) -> Record:
    return Record("you", names, None)


def answers(**records: Record) -> Answers:
    journey: Any = SimpleNamespace(
        steps=SimpleNamespace(names=("pets",)),
        readable=lambda before: tuple(records),
        read=lambda name, before, reads: records.get(name),
    )
    return Answers(journey, 0, set())


# A record


def test_field_is_an_attribute() -> None:
    assert record(age=7).age == 7


def test_field_is_an_item() -> None:
    assert record(age=7)["age"] == 7


def test_names_are_iterated() -> None:
    assert list(record(age=7, name="Ada")) == ["age", "name"]


def test_in_looks_for_names() -> None:
    found = record(age=7)
    assert "age" in found
    assert 7 not in found


def test_length_counts_the_names() -> None:
    assert len(record(age=7, name="Ada")) == 2


@pytest.mark.parametrize("name", ["items", "keys", "values", "data", "get", "count"])
def test_attribute_is_always_a_field(name: str) -> None:
    assert getattr(record(**{name: "mine"}), name) == "mine"


def test_record_of_a_done_step_is_truthy() -> None:
    assert record(age=None)


def test_record_without_fields_is_truthy_when_its_step_is_done() -> None:
    assert record()


def test_absent_record_is_falsy() -> None:
    assert not absent("age")


def test_absent_records_fields_are_none() -> None:
    assert absent("age").age is None


def test_absent_record_still_lists_its_names() -> None:
    assert list(absent("age", "name")) == ["age", "name"]


@pytest.mark.parametrize("found", [record(age=7, name="Ada"), absent("age", "name")])
def test_unknown_field_is_an_error_that_lists_the_known(found: Record) -> None:
    with pytest.raises(UnknownNameError) as caught:
        _ = found.agee
    expected = "'you' has no field 'agee'. Its fields are age, name."
    assert str(caught.value) == expected
    assert (caught.value.name, caught.value.known) == ("agee", ("age", "name"))


@pytest.mark.parametrize("kind", [AttributeError, KeyError, WizardError])
def test_unknown_field_is_the_error_that_callers_expect(kind: type[Exception]) -> None:
    with pytest.raises(kind):
        record(age=7)["agee"]


def test_hasattr_tells_which_fields_there_are() -> None:
    assert not hasattr(record(age=7), "agee")
    assert hasattr(record(age=None), "age")


def test_absent_record_of_unknown_fields_gives_none() -> None:
    """A form function's fields are not known before its step is reached."""
    assert Record("you", None, None).anything is None


def test_absent_record_of_unknown_fields_lists_none() -> None:
    found = Record("more", None, None)
    assert (list(found), len(found), "age" in found) == ([], 0, False)


def test_record_cannot_be_changed() -> None:
    found: Any = record(age=7)
    with pytest.raises(AttributeError):
        found.age = 8
    with pytest.raises(TypeError):
        found["age"] = 8
    assert found.age == 7


def test_record_shows_no_value() -> None:
    found = record(name=SECRET)
    assert SECRET not in f"{found!r} {found}"
    assert "name" in repr(found)


def test_absent_record_says_that_it_has_no_answers() -> None:
    assert repr(absent("age")) == "<Record you: age, no answers>"


def test_error_shows_no_value() -> None:
    with pytest.raises(UnknownNameError) as caught:
        _ = record(name=SECRET).nam
    assert SECRET not in str(caught.value)


def test_equal_records_are_equal() -> None:
    assert record(age=7) == record(age=7)
    assert record(age=7) != record(age=8)


def test_absent_record_differs_from_one_with_empty_fields() -> None:
    assert absent("age") != record(age=None)


def test_record_is_not_its_values() -> None:
    assert record(age=7) != {"age": 7}


def test_record_leaves_it_to_others_whether_they_equal_it() -> None:
    class Anything:
        def __eq__(self, other: object) -> bool:
            return True

        __hash__ = None  # type: ignore[assignment]

    assert record(age=7) == Anything()


def test_record_can_be_copied() -> None:
    assert copy.copy(record(age=7)).age == 7


# What is read


def test_fields_that_were_read_are_noted() -> None:
    reads: Dependencies = set()
    found = Record("you", ("age", "name"), lambda: {"age": 7, "name": "Ada"}, reads)
    _ = found.age
    assert reads == {("you", "age")}


def test_asking_whether_there_is_an_answer_is_noted() -> None:
    reads: Dependencies = set()
    bool(Record("you", ("age",), None, reads))
    assert reads == {("you", "")}


def test_absent_field_that_was_read_is_noted() -> None:
    reads: Dependencies = set()
    _ = Record("you", ("age",), None, reads).age
    assert reads == {("you", "age")}


@pytest.mark.parametrize("ask", [list, len, lambda found: "age" in found])
def test_asking_which_fields_there_are_is_noted(ask: Callable[[Record], Any]) -> None:
    reads: Dependencies = set()
    ask(Record("you", ("age",), lambda: {"age": 7}, reads))
    assert reads == {("you", NAMES)}


def test_record_of_a_form_that_is_not_known_has_no_fields() -> None:
    found = Record("you", None, None)
    assert (list(found), len(found), "age" in found) == ([], 0, False)


def test_repr_of_a_record_is_no_reading() -> None:
    reads: Dependencies = set()
    repr(Record("you", ("age",), None, reads))
    assert reads == set()


# All answers


def test_step_is_an_attribute() -> None:
    assert answers(you=record(age=7)).you.age == 7


def test_step_is_an_item() -> None:
    assert answers(you=record(age=7))["you"]["age"] == 7


@pytest.mark.parametrize("name", ["items", "keys", "values", "get"])
def test_attribute_of_answers_is_always_a_step(name: str) -> None:
    assert getattr(answers(**{name: record(age=7)}), name).age == 7


def test_steps_names_are_iterated() -> None:
    assert list(answers(you=record(), home=record())) == ["you", "home"]


def test_in_looks_for_steps() -> None:
    assert "you" in answers(you=record())
    assert "pets" not in answers(you=record())


def test_steps_are_counted() -> None:
    assert len(answers(you=record(), home=record())) == 2


def test_later_step_is_an_error_that_lists_the_known() -> None:
    with pytest.raises(UnknownNameError) as caught:
        _ = answers(you=record(), home=record()).later
    assert str(caught.value) == (
        "The step 'pets' reads the answers of 'later', which is not a step before it. "
        "The steps that it can read are: you, home."
    )
    assert (caught.value.name, caught.value.known) == ("later", ("you", "home"))


def test_first_step_can_read_none() -> None:
    with pytest.raises(UnknownNameError, match="can read are: none"):
        _ = answers().you


@pytest.mark.parametrize("kind", [AttributeError, KeyError])
def test_later_step_is_the_error_that_callers_expect(kind: type[Exception]) -> None:
    with pytest.raises(kind):
        answers()["you"]


def test_answers_cannot_be_changed() -> None:
    found: Any = answers(you=record())
    with pytest.raises(AttributeError):
        found.you = record()


def test_answers_show_no_value() -> None:
    found = answers(you=record(name=SECRET))
    assert repr(found) == "<Answers: you>"


def test_answers_can_be_copied() -> None:
    assert copy.copy(answers(you=record(age=7))).you.age == 7


# From a form


def test_values_are_typed() -> None:
    found = values_of(filled())
    assert (found["name"], found["born"]) == ("Ada", date(1990, 5, 6))


def test_nested_form_is_a_record() -> None:
    assert values_of(filled())["home"].city == "Bath"


def test_nested_record_lists_its_known_fields() -> None:
    with pytest.raises(UnknownNameError, match=r"'home' has no field 'cty'.*street"):
        _ = values_of(filled())["home"].cty


def test_list_is_a_tuple() -> None:
    assert values_of(filled())["tags"] == ("a", "b")


def test_list_of_forms_is_a_tuple_of_records() -> None:
    (place,) = values_of(filled())["places"]
    assert place.street == "2 Row"


@pytest.mark.parametrize("taken", [values_of, plain])
def test_buttons_are_no_answers(taken: Any) -> None:
    found = taken(filled())
    assert list(found) == ["name", "born", "home", "tags", "places"]
    assert list(found["home"]) == ["street", "city"]


def test_plain_values_are_dicts_of_lists() -> None:
    assert plain(filled()) == {
        "name": "Ada",
        "born": date(1990, 5, 6),
        "home": {"street": "1 Lane", "city": "Bath"},
        "tags": ["a", "b"],
        "places": [{"street": "2 Row", "city": "Ely"}],
    }


class Secret(Form):
    pin = fields.PasswordField()
    name = fields.StringField()


class Whole(Form):
    home = fields.FormField(Secret)
    pins = fields.FieldList(fields.PasswordField())
    kind = fields.StringField()
    extra = fields.StringField(validators=[OnlyIf("kind", "x")])
    more = fields.FormField(OnlyIf.group("kind", "x", Secret))


def bound(kind: str) -> Any:
    sent = {"home-pin": "1", "pins-0": "2", "pins-1": "", "extra": "e", "kind": kind}
    values = Values({name: [text] for name, text in sent.items()})
    found = signature(Whole)
    form = forms.bind(found, values, meta={})
    forms.leave_out(form, found.conditions)
    return form


def test_field_that_does_not_count_is_none() -> None:
    assert values_of(bound("x"))["extra"] == plain(bound("x"))["extra"] == "e"
    for taken in (values_of(bound("y")), plain(bound("y"))):
        assert (taken["kind"], taken["extra"], taken["more"]) == ("y", None, None)


def test_passwords_are_concealed_wherever_they_stand() -> None:
    assert plain(bound("x"), conceal=True) == {
        **{"home": {"pin": CONCEALED, "name": None}, "pins": [CONCEALED, None]},
        **{"kind": "x", "extra": "e", "more": {"pin": None, "name": None}},
    }
    shown = plain(bound("x"))
    assert (shown["home"]["pin"], shown["pins"]) == ("1", ["2", ""])


def test_repr_of_a_record_names_its_step_or_its_list() -> None:
    assert repr(record(age=7)) == "<Record you: age>"
    assert repr(Record("you", None, None)) == "<Record you: , no answers>"
    inside = Record("", ("name",), None, None, ("pets", "i"))
    assert repr(inside) == "<Record pets: name, no answers>"


def test_reader_is_named_in_the_error() -> None:
    wizard = declare(
        "Join",
        commit=lambda self, submission: None,
        **{name: Step(Secret) for name in "abc"},
    )
    journey = Journey(wizard.steps, Draft("d", "m", (), 0.0, 0.0, "s"))
    with pytest.raises(UnknownNameError, match=r"^The step 'b' reads .* are: a\.$"):
        _ = Answers(journey, 1, set()).c
    with pytest.raises(UnknownNameError, match=r"^The wizard reads .* are: a, b, c\.$"):
        _ = Answers(journey, 3, set()).d


def test_answers_know_the_variables_of_the_mount() -> None:
    wizard = declare("Join", commit=lambda self, submission: None, a=Step(Secret))
    draft = Draft("d", "m", (), 0.0, 0.0, "s")
    journey = Journey(wizard.steps, draft, bound={"agency": 7})
    assert Answers(journey, 1, set()).bound == {"agency": 7}


def test_suspended_names_the_step_that_is_not_done() -> None:
    assert Suspended("a").step == "a"
