"""paths: all ways through a wizard, found by filling it in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from enum import Enum
from functools import partial
from typing import Any

import pytest
from wizards import Commits, choices, declare
from wtforms import Form, fields
from wtforms.validators import (
    AnyOf,
    EqualTo,
    InputRequired,
    NumberRange,
    Optional,
    Regexp,
    ValidationError,
)

from flask_wizard import (
    Exit,
    FileContent,
    Info,
    Item,
    OnlyIf,
    Repeat,
    Review,
    Step,
    Wizard,
)
from flask_wizard.checks.constants import constants_of
from flask_wizard.checks.paths import Exploration, paths
from flask_wizard.checks.patterns import text_like
from flask_wizard.checks.states import WayThrough


class Name(Form):
    name = fields.StringField(validators=[InputRequired()])


class Age(Form):
    age = fields.IntegerField(validators=[InputRequired(), NumberRange(0, 130)])


class Born(Form):
    born = fields.DateField(validators=[InputRequired()])


class Pets(Form):
    kind = fields.SelectField(choices=choices("cat", "dog", "none"))
    indoors = fields.BooleanField()


class Photo(Form):
    photo = fields.FileField(validators=[FileContent("png")])


ADULT = 18


class Size(Enum):
    SMALL = "S"
    LARGE = "L"


def age(born: date) -> int:
    return date.today().year - born.year


def explored(*bases: type, **body: Any) -> Exploration:
    found = Exploration(declare("Made", Commits, *bases, **body))
    found.run()
    return found


def ways(*bases: type, **body: Any) -> set[tuple[str, ...]]:
    """The sequences of places that lead to an end."""
    return {way.steps for way in explored(*bases, **body).ways()}


CONDITIONS: dict[str, tuple[type[Form], Callable[[Any], object]]] = {
    "a number": (Age, lambda answers: answers.you.age < ADULT),
    "a number that hardly anybody enters": (Age, lambda answers: answers.you.age == 99),
    "an age by a function": (Born, lambda answers: age(answers.you.born) < ADULT),
    "a year": (Born, lambda answers: answers.you.born.year < 1931),
    "a text": (Name, lambda answers: answers.you.name == "Grace"),
    "the length of a text": (Name, lambda answers: len(answers.you.name) > 70),
    "an enumeration": (Name, lambda answers: answers.you.name == Size.LARGE.value),
    "a choice": (Pets, lambda answers: answers.you.kind != "none"),
    "a box": (Pets, lambda answers: answers.you.indoors),
    "two fields": (
        Pets,
        lambda answers: answers.you.kind == "dog" and answers.you.indoors,
    ),
    "a file": (Photo, lambda answers: answers.you.photo),
}


@pytest.mark.parametrize("name", CONDITIONS)
def test_both_ways_of_a_condition_are_found(name: str) -> None:
    form, when = CONDITIONS[name]
    found = ways(you=Step(form), more=Step(Name, when=when), check=Review())
    assert found == {("you", "more", "check"), ("you", "check")}


def test_what_nothing_reads_does_not_fork() -> None:
    found = explored(you=Step(Pets), age=Step(Age), check=Review())
    assert [way.steps for way in found.ways()] == [("you", "age", "check")]
    assert found.forms == 3


def test_twenty_steps_with_twelve_conditions_take_few_forms() -> None:
    questions = {f"q{n}": Step(Pets) for n in range(8)}
    conditions = {
        f"c{n}": Step(
            Pets, when=partial(lambda n, answers: answers[f"q{n}"].kind == "dog", n % 8)
        )
        for n in range(12)
    }
    found = explored(**questions, **conditions, check=Review())
    assert len(found.wizard.steps) == 21
    assert not found.is_cut_off
    assert set(found.met) == {*found.wizard.steps.names}
    # Each of 8 questions has three choices: there are 6561 ways to answer them. No
    # step reads more than one of them.
    assert found.forms < 2_000


def test_conditions_that_read_the_step_before_take_fewer() -> None:
    body: dict[str, Any] = {"s0": Step(Pets)}
    for n in range(1, 21):

        def when(answers: Any, before: int = n - 1) -> object:
            return answers[f"s{before}"].kind == "dog" if before % 2 == 0 else True

        body[f"s{n}"] = Step(Pets, when=when if n % 2 else None)
    found = explored(**body, check=Review())
    assert found.forms < 300


def test_end_without_a_commit() -> None:
    found = explored(
        you=Step(Age),
        young=Exit(when=lambda answers: answers.you.age < ADULT),
        note=Info(),
        check=Review(),
    )
    assert {(way.steps, way.end, way.step) for way in found.ways()} == {
        (("you",), "exit", "young"),
        (("you", "note", "check"), "commit", ""),
    }


class Child(Item):
    who = Step(Age)
    school = Step(Name, when=lambda answers: answers.who.age > 5)


def test_items_are_filled_in_on_all_their_ways() -> None:
    found = explored(children=Repeat(Child), check=Review())
    assert {"children", "children.who", "children.school"} <= found.met.keys()
    assert "children.school" in found.spared
    counts = {max(sent.item for sent in way.sent) for way in found.ways()}
    assert counts == {0, 1, 2}


@pytest.mark.parametrize(
    ("least", "most", "counts"),
    [(0, 1, {0, 1}), (1, None, {1, 2}), (3, 3, {3}), (2, 4, {2, 3})],
)
def test_lists_have_as_many_items_as_they_may(
    least: int, most: int | None, counts: set[int]
) -> None:
    found = explored(pets=Repeat(Name, min=least, max=most), check=Review())
    assert {max(sent.item for sent in way.sent) for way in found.ways()} == counts


class Unique(Form):
    name = fields.StringField(validators=[InputRequired()])

    def validate_name(self, field: Any) -> None:
        if field.data in [pet.name for pet in self.meta.items]:
            raise ValidationError("taken")


def test_second_item_is_another_one() -> None:
    found = explored(pets=Repeat(Unique), check=Review())
    names = [
        [sent.values["name"] for sent in way.sent if sent.item] for way in found.ways()
    ]
    assert {len(each) for each in names} == {0, 1, 2}
    assert [each for each in names if len(each) == 2 and each[0] == each[1]] == []


def test_condition_on_items_forks_them() -> None:
    found = ways(
        pets=Repeat(Pets),
        dogs=Step(
            Name, when=lambda answers: any(p.kind == "dog" for p in answers.pets)
        ),
        check=Review(),
    )
    assert found == {("pets", "dogs", "check"), ("pets", "check")}


def test_list_of_an_earlier_answer() -> None:
    def names(answers: Any) -> list[tuple[str, str]]:
        return [(n, n) for n in answers.you.name.split(",") if n]

    found = explored(you=Step(Name), seats=Repeat(Pets, over=names), check=Review())
    assert {max(sent.item for sent in way.sent) for way in found.ways()} == {0, 1, 2}


def test_form_function_and_late_choices() -> None:
    class Late(Form):
        place = fields.RadioField(validators=[InputRequired()])

    def choose(form: Any, answers: Any) -> None:
        form.place.choices = {"cat": ["roof"], "dog": ["hut", "sofa"]}.get(
            answers.you.kind, ["none"]
        )

    found = explored(
        you=Step(Pets),
        place=Step(Late, prepare=choose),
        more=Step(lambda answers: Age if answers.place.place == "sofa" else Name),
        check=Review(),
    )
    ends = {way.end for way in found.ways()}
    asked = {tuple(sent.values) for way in found.ways() for sent in way.sent}
    assert ends == {"commit"}
    assert {("age",), ("name",)} <= asked


def test_tasks_are_filled_in() -> None:
    wizard = type(
        "Tasks",
        (Commits, Wizard),
        {
            "you": Step(Age, section="you"),
            "home": Step(Name, section="you"),
            "pay": Step(
                Name, section="pay", when=lambda answers: answers.you.age >= ADULT
            ),
            "check": Review(),
        },
        task_list=True,
    )
    assert {way.steps for way in paths(wizard)} == {
        ("you", "home", "pay", "check"),
        ("you", "home", "check"),
    }


class Payer(Form):
    payer = fields.RadioField(validators=[InputRequired()], choices=choices("me", "us"))
    vat = fields.StringField(validators=[OnlyIf("payer", "us"), Regexp(r"^DE\d{9}$")])
    code = fields.StringField(validators=[Optional(), AnyOf(["XJ-7"])])
    secret = fields.PasswordField(validators=[InputRequired()])
    again = fields.PasswordField(validators=[InputRequired(), EqualTo("secret")])


def test_validators_tell_what_is_filled_in() -> None:
    found = explored(you=Step(Payer), check=Review())
    values = [way.sent[0].values for way in found.ways()]
    assert {"me", "us"} == {each["payer"][0] for each in values}
    assert all(each["secret"] == each["again"] for each in values)
    assert {each["vat"][0] for each in values} >= {"DE000000000"}


def test_samples_take_the_place_of_what_is_made_up() -> None:
    class Odd(Form):
        code = fields.StringField()

        def validate_code(self, field: Any) -> None:
            if sum(map(ord, field.data)) != 1111:
                raise ValidationError("no")

    body = {
        "you": Step(Odd),
        "more": Step(Name, when=lambda answers: answers.you.code < "m"),
        "check": Review(),
    }
    assert [way.end for way in explored(**body).ways()] == []
    low, high = "a" * 11 + ",", "z" * 9 + "\r"
    assert [sum(map(ord, text)) for text in (low, high)] == [1111, 1111]
    wizard = declare("Made", Commits, **body)
    found = paths(wizard, {"you": {"code": [low, high]}})
    assert {way.steps for way in found} == {
        ("you", "more", "check"),
        ("you", "check"),
    }


def test_run_gives_up_at_its_bound() -> None:
    wizard = declare(
        "Made",
        Commits,
        you=Step(Age),
        more=Step(Name, when=lambda answers: answers.you.age < ADULT),
        check=Review(),
    )
    found = Exploration(wizard, most=5)
    found.run()
    assert found.is_cut_off


def test_variables_of_the_prefix_are_given() -> None:
    wizard = declare(
        "Made",
        Commits,
        you=Step(Name),
        more=Step(Name, when=lambda answers: answers.bound["shop"] == "7"),
        check=Review(),
    )
    assert {way.steps for way in paths(wizard, bound={"shop": "7"})} == {
        ("you", "more", "check")
    }


def test_code_that_raises_ends_a_way() -> None:
    def when(answers: Any) -> bool:
        return answers.note.name.startswith("A")  # type: ignore[no-any-return]

    found = explored(
        you=Step(Pets),
        note=Step(Name, when=lambda answers: answers.you.indoors),
        more=Step(Name, when=when),
        check=Review(),
    )
    ends = {(way.end, way.step) for way in found.ways()}
    assert ends == {("commit", ""), ("fails", "more")}


def test_constants_are_found_where_code_has_them() -> None:
    limit = 41
    table = {"north": [1, 2], "south": {3}}

    def inner(value: int, most: int = 42) -> bool:
        return value < most or value == limit

    def outer(answers: Any) -> bool:
        """Tell something."""
        return any(inner(n) for n in (answers.a, 43)) or answers.b in table

    found = constants_of([outer, partial(inner, 44)])
    assert {41, 42, 43, 44, "north", "south", 1, 2, 3} <= {*found}
    assert "Tell something." not in found


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        (r"^\d{5}(-\d{4})?$", "00000-0000"),
        (r"[A-Z]{2}|x+", "AA"),
        (r"[^a-z]y?", "0y"),
        (r"(?<=a)b", None),
    ],
)
def test_text_that_a_pattern_matches(pattern: str, text: str | None) -> None:
    assert text_like(pattern) == text


def test_way_is_told_by_what_is_sent() -> None:
    wizard = declare("Made", Commits, you=Step(Name), check=Review())
    (way,) = paths(wizard)
    assert isinstance(way, WayThrough)
    assert [(sent.place, [*sent.values]) for sent in way.sent] == [
        ("you", ["name"]),
        ("check", []),
    ]
