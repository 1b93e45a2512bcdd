"""prove: what holds on every path of a wizard, or answers that break it."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from apps import MakeApp
from click.testing import Result
from documents import ROOT, run_blocks
from flask import Flask
from wizards import Commits, choices, declare
from wtforms import Form, fields
from wtforms.validators import (
    AnyOf,
    InputRequired,
    Length,
    NumberRange,
    Regexp,
    ValidationError,
)

from example_app import create_app
from flask_wizard import (
    ConfigurationError,
    Exit,
    Info,
    Item,
    OnlyIf,
    Repeat,
    Review,
    Step,
    StepError,
    Wizard,
)
from flask_wizard.checks.proofs import PROOFS, Proof
from flask_wizard.testing import prove
from flask_wizard.web.state import MOUNTS


class Age(Form):
    age = fields.IntegerField(validators=[InputRequired(), NumberRange(0, 130)])


class Name(Form):
    name = fields.StringField(validators=[InputRequired(), Length(max=40)])


class Three(Form):
    kind = fields.RadioField(
        validators=[InputRequired()], choices=choices("cat", "dog", "eel")
    )


class Kind(Form):
    kind = fields.RadioField(
        validators=[InputRequired()], choices=choices("cat", "dog")
    )


def is_minor(answers: Any) -> bool:
    return bool(answers.you.age < 18)


def proved(
    properties: Any = None, *, samples: Any = None, most: int = 5_000, **body: Any
) -> Proof:
    body.setdefault("check", Review())
    wizard = declare("Made", Commits, **body)
    return prove(wizard, properties, samples=samples, most=most)


def found(proof: Proof) -> list[tuple[str, str]]:
    return [(finding.check, finding.where) for finding in proof.findings]


GUARDED: dict[str, Any] = {"you": Step(Age), "guardian": Step(Name, when=is_minor)}


def test_wizard_without_faults_is_proved() -> None:
    proof = proved(**GUARDED)
    assert proof
    assert proof.findings == ()
    assert proof.forms > 4
    assert proof.ways > 1


def test_step_whose_condition_never_holds_is_not_reached() -> None:
    proof = proved(you=Step(Age), old=Step(Name, when=lambda answers: False))
    assert found(proof) == [("reached", "old")]
    assert not proof


def test_condition_that_always_holds_is_found() -> None:
    proof = proved(
        you=Step(Age), more=Step(Name, when=lambda answers: answers.you.age >= 0)
    )
    assert found(proof) == [("always", "more")]
    assert "answers.you.age >= 0" in proof.findings[0].message


def test_choice_misspelt_in_a_condition_is_found() -> None:
    proof = proved(
        you=Step(Kind), cat=Step(Name, when=lambda answers: answers.you.kind == "kat")
    )
    assert found(proof) == [("reached", "cat")]


def test_exit_that_always_applies_keeps_from_the_commit() -> None:
    proof = proved(
        you=Step(Age), out=Exit(when=lambda answers: answers.you), more=Step(Name)
    )
    assert found(proof) == [("always", "out")]


def test_exit_without_a_condition_keeps_from_the_commit() -> None:
    proof = proved(you=Step(Age), out=Exit(), more=Step(Name))
    assert ("commit", "") in found(proof)
    assert ("reached", "more") in found(proof)


class Never(Form):
    code = fields.StringField(
        validators=[Length(min=9), AnyOf(["short"], message="Enter short")]
    )


@pytest.mark.parametrize(
    "step",
    [Step(Never), Repeat(Never, min=1)],
    ids=["step", "list"],
)
def test_step_that_refuses_everything_is_not_left(step: Any) -> None:
    proof = proved(you=Step(Age), code=step)
    assert ("left", "code") in found(proof)
    assert "Enter short" in repr(proof)


class Thing(Item):
    what = Step(Name)
    code = Step(Never)


def test_page_of_an_item_that_refuses_everything_is_not_left() -> None:
    assert found(proved(things=Repeat(Thing))) == [("left", "things.code")]


def test_step_without_choices_after_some_answers_is_not_left_then() -> None:
    class Late(Form):
        place = fields.RadioField(validators=[InputRequired()])

    def choose(form: Any, answers: Any) -> None:
        form.place.choices = ["roof"] if answers.you.kind == "cat" else []

    proof = proved(you=Step(Kind), place=Step(Late, prepare=choose))
    assert found(proof) == [("left", "place")]
    assert proof.findings[0].answers == ("you.kind = dog",)


def test_choice_that_leaves_fields_that_refuse_everything_is_found() -> None:
    class Payer(Form):
        payer = fields.RadioField(
            validators=[InputRequired()], choices=choices("me", "firm")
        )
        vat = fields.StringField(
            validators=[OnlyIf("payer", "firm"), Length(min=9), AnyOf(["short"])]
        )

    proof = proved(you=Step(Payer))
    assert found(proof) == [("left", "you")]
    assert "payer = firm" in proof.findings[0].message


@pytest.mark.parametrize(
    ("kind", "read"),
    [
        ("names", lambda answers: answers.yuo.age),
        ("names", lambda answers: answers.you.aeg),
        ("names", lambda answers: answers.late.name),
        ("fails", lambda answers: answers.guardian.name.startswith("A")),
    ],
    ids=["unknown step", "unknown field", "later step", "answers that do not count"],
)
def test_condition_that_raises_is_found(kind: str, read: Any) -> None:
    body: dict[str, Any] = {**GUARDED, "more": Step(Name, when=read)}
    proof = proved(**body, late=Step(Name))
    assert (kind, "more") in found(proof)


@pytest.mark.parametrize("where", ["prepare", "form", "over", "kwargs", "item"])
def test_other_functions_that_raise_are_found(where: str) -> None:
    def fail(*arguments: Any) -> Any:
        return arguments[-1].you.aeg

    class Child(Item):
        who = Step(Name)
        school = Step(Name, when=lambda answers: answers.who.nmae)

    made: dict[str, Callable[[], Any]] = {
        "prepare": lambda: Step(Name, prepare=fail),
        "form": lambda: Step(fail),
        "over": lambda: Repeat(Name, over=fail),
        "kwargs": lambda: Step(Name, kwargs=fail),
        "item": lambda: Repeat(Child),
    }
    proof = proved(you=Step(Age), more=made[where]())
    place = "more.school" if where == "item" else "more"
    assert found(proof) == [("names", place)]
    assert "has no field" in proof.findings[0].message


def test_line_that_raises_is_told() -> None:
    def when(answers: Any) -> bool:
        return answers.you.age / 0 > 1  # type: ignore[no-any-return]

    (finding,) = proved(you=Step(Age), more=Step(Name, when=when)).findings
    assert "ZeroDivisionError in when" in finding.message
    assert "test_proofs.py" in finding.message


def test_property_that_holds_is_proved() -> None:
    proof = proved(
        {
            "a minor has a guardian": lambda answers: (
                answers.you.age >= 18 or answers.guardian.name
            )
        },
        **GUARDED,
    )
    assert proof
    assert proof.properties == ("a minor has a guardian",)


@pytest.mark.parametrize("limit", [17, 19])
def test_property_tells_a_limit_that_is_off_by_one(limit: int) -> None:
    proof = proved(
        {
            "a minor has a guardian, nobody else": lambda answers: (
                bool(answers.guardian) == (answers.you.age < 18)
            )
        },
        you=Step(Age),
        guardian=Step(Name, when=lambda answers: answers.you.age < limit),
    )
    ((kind, text),) = found(proof)
    assert (kind, text) == ("property", "a minor has a guardian, nobody else")
    (age,) = proof.findings[0].answers[:1]
    assert age == f"you.age = {min(limit, 18)}"


@pytest.mark.parametrize(("when", "is_proved"), [(is_minor, True), (None, False)])
def test_property_of_the_steps_on_the_path(when: Any, is_proved: bool) -> None:
    def told(answers: Any, steps: tuple[str, ...]) -> bool:
        return ("notice" in steps) is bool(answers.you.age < 18)

    proof = proved(
        {"minors are told": told},
        you=Step(Age),
        notice=Info(when=when),
        more=Step(Name),
    )
    assert bool(proof) is is_proved


def test_property_that_raises_does_not_hold() -> None:
    proof = proved({"it is": lambda answers: answers.nobody.name}, **GUARDED)
    assert found(proof) == [("property", "it is")]
    assert "UnknownNameError" in proof.findings[0].message


def test_shortest_answers_are_told_without_what_nothing_reads() -> None:
    proof = proved(
        {"nobody is one hundred": lambda answers: answers.you.age != 100},
        note=Step(Name),
        **GUARDED,
    )
    assert proof.findings[0].answers == ("you.age = 100",)


def test_nothing_is_proved_where_the_bound_is_reached() -> None:
    proof = proved(**GUARDED, most=5)
    assert found(proof) == [("limit", "")]
    assert not proof
    assert "Nothing is proved" in repr(proof)


class Odd(Form):
    code = fields.StringField(validators=[Regexp(r"^(?!a)..(?<=X)[0-9]{3}$")])


def test_samples_are_sent_where_what_is_made_up_is_refused() -> None:
    assert found(proved(you=Step(Odd))) == [("left", "you")]
    assert proved(you=Step(Odd), samples={"you": {"code": "QX123"}})


def test_tasks_and_infos_are_proved() -> None:
    class Tasks(Commits, Wizard, task_list=True):
        before = Info()
        you = Step(Age, section="you")
        pay = Step(Kind, when=lambda answers: answers.you.age >= 18)
        check = Review()

    assert prove(Tasks)


# Answers that are compared with one another


class Range(Form):
    low = fields.IntegerField(validators=[InputRequired(), NumberRange(0, 99)])
    high = fields.IntegerField(validators=[InputRequired(), NumberRange(0, 99)])


class Ordered(Range):
    def validate_high(self, field: Any) -> None:
        is_given = None not in (field.data, self.low.data)
        if is_given and field.data < self.low.data:
            raise ValidationError("Enter more than the lowest")


class OrderedAsAWhole(Range):
    def validate(self, *args: Any, **kwargs: Any) -> bool:
        if not super().validate(*args, **kwargs):
            return False
        low, high = self.low.data, self.high.data
        return low is not None and high is not None and low <= high


class Stay(Form):
    arrives = fields.DateField(validators=[InputRequired()])
    leaves = fields.DateField(validators=[InputRequired()])


class Names(Form):
    first = fields.StringField(validators=[InputRequired()])
    last = fields.StringField(validators=[InputRequired()])


class Email(Form):
    email = fields.EmailField(validators=[InputRequired()])


COMPARED: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "numbers": ({"you": Step(Range)}, lambda a: a.you.high >= a.you.low),
    "numbers that are equal": ({"you": Step(Range)}, lambda a: a.you.high != a.you.low),
    "a difference": ({"you": Step(Range)}, lambda a: a.you.high - a.you.low != 7),
    "a sum": ({"you": Step(Range)}, lambda a: a.you.high + a.you.low != 41),
    "days": ({"you": Step(Stay)}, lambda a: a.you.leaves >= a.you.arrives),
    "days between": (
        {"you": Step(Stay)},
        lambda a: (a.you.leaves - a.you.arrives).days != 14,
    ),
    "texts": ({"you": Step(Names)}, lambda a: a.you.first < a.you.last),
    "texts that are equal": ({"you": Step(Names)}, lambda a: a.you.first != a.you.last),
    "lengths": (
        {"you": Step(Names)},
        lambda a: len(a.you.first) <= len(a.you.last),
    ),
    "steps": (
        {"you": Step(Age), "friend": Step(Age)},
        lambda a: a.friend.age <= a.you.age,
    ),
    "the same address": (
        {"you": Step(Email), "friend": Step(Email)},
        lambda a: a.you.email != a.friend.email,
    ),
    "items": (
        {"pets": Repeat(Name)},
        lambda a: len({pet.name for pet in a.pets}) == len(a.pets),
    ),
    "an item and an answer": (
        {"you": Step(Age), "friends": Repeat(Age)},
        lambda a: all(friend.age != a.you.age + 3 for friend in a.friends),
    ),
}


@pytest.mark.parametrize("name", COMPARED)
def test_answers_that_are_compared_meet_less_equal_and_more(name: str) -> None:
    body, holds = COMPARED[name]
    assert found(proved({"it holds": holds}, **body)) == [("property", "it holds")]


@pytest.mark.parametrize("form", [Ordered, OrderedAsAWhole])
def test_what_a_page_refuses_breaks_no_property(form: type[Form]) -> None:
    is_ordered = {"it is ordered": lambda answers: answers.you.high >= answers.you.low}
    assert proved(is_ordered, you=Step(form))
    is_apart = {"it is apart": lambda answers: answers.you.high > answers.you.low}
    assert found(proved(is_apart, you=Step(form))) == [("property", "it is apart")]


@pytest.mark.parametrize("form", [Ordered, OrderedAsAWhole])
@pytest.mark.parametrize("field", ["low", "high"])
def test_field_is_given_what_another_one_needs(form: type[Form], field: str) -> None:
    body: dict[str, Any] = {
        "you": Step(form),
        "least": Step(Name, when=lambda answers: answers.you[field] == 0),
        "highest": Step(Name, when=lambda answers: answers.you[field] == 99),
    }
    assert proved(**body)


def test_page_that_reads_an_earlier_answer_is_left() -> None:
    class Later(Form):
        age = fields.IntegerField(validators=[InputRequired(), NumberRange(0, 130)])

        def validate_age(self, field: Any) -> None:
            if field.data != self.meta.answers.you.age - 7:
                raise ValidationError("Enter the age of your child")

    assert proved(you=Step(Adult), child=Step(Later))


class Adult(Form):
    age = fields.IntegerField(validators=[InputRequired(), NumberRange(18, 99)])


# The wizard's own validate


def of_age(answers: Any) -> bool:
    return bool(answers.you.age >= 18)


@pytest.mark.parametrize("part", ["answers", "data"])
def test_what_validate_refuses_breaks_no_property(part: str) -> None:
    def validate(self: Wizard, submission: Any) -> None:
        if getattr(submission, part)["you"]["age"] < 18:
            raise StepError("you", "You are too young")

    body: dict[str, Any] = {"you": Step(Age), "validate": validate}
    assert proved({"all are of age": of_age}, **body)
    older = {"all are older": lambda answers: answers.you.age > 18}
    assert found(proved(older, **body)) == [("property", "all are older")]


def test_validate_that_refuses_everything_is_found() -> None:
    def validate(self: Wizard, submission: Any) -> None:
        if submission.answers.you.age < 200:
            raise StepError("you", "You are too young")

    proof = proved(you=Step(Age), validate=validate)
    assert found(proof) == [("commit", "")]
    assert "You are too young" in proof.findings[0].message


@pytest.mark.parametrize("error", [StepError("you", "Sold out"), RuntimeError("no")])
def test_validate_that_reads_no_answer_is_taken_to_accept(error: Exception) -> None:
    def validate(self: Wizard, submission: Any) -> None:
        raise error

    proof = proved(you=Step(Age), validate=validate)
    assert proof
    assert proof.assumed[0].startswith("validate of the wizard is taken to accept")


# Lists


COUNTED: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "more than three": ({"pets": Repeat(Name)}, lambda a: len(a.pets) <= 3),
    "the last": ({"pets": Repeat(Name, max=9)}, lambda a: len(a.pets) != 9),
    "one by its number": ({"pets": Repeat(Name)}, lambda a: not a.pets[5:]),
    "two of a kind": (
        {"pets": Repeat(Kind)},
        lambda a: sum(pet.kind == "dog" for pet in a.pets) < 2,
    ),
    "four of a kind": (
        {"pets": Repeat(Kind)},
        lambda a: sum(pet.kind == "dog" for pet in a.pets) < 4,
    ),
    "as many as said": (
        {"you": Step(Age), "pets": Repeat(Name)},
        lambda a: len(a.pets) != a.you.age or a.you.age < 2,
    ),
    "those of an earlier answer": (
        {
            "you": Step(Age),
            "seats": Repeat(Kind, over=lambda a: [(n, n) for n in range(a.you.age)]),
        },
        lambda a: len(a.seats) != 5,
    ),
    "those of names": (
        {
            "you": Step(Name),
            "seats": Repeat(
                Kind, over=lambda a: [(n, n) for n in {*a.you.name.split(",")}]
            ),
        },
        lambda a: len(a.seats) <= 3,
    ),
    "some of each kind": (
        {"pets": Repeat(Three)},
        lambda a: not {"dog", "eel"} <= {pet.kind for pet in a.pets},
    ),
}


@pytest.mark.parametrize("name", COUNTED)
def test_lists_have_as_many_items_as_code_counts(name: str) -> None:
    body, holds = COUNTED[name]
    assert found(proved({"it holds": holds}, **body)) == [("property", "it holds")]


def test_condition_on_many_items_is_met() -> None:
    assert proved(
        guests=Repeat(Name, min=1, max=20),
        hall=Step(Name, when=lambda answers: len(answers.guests) > 10),
    )


# What was not tried


def many(count: int, **options: Any) -> type[Form]:
    body = {f"n{n}": fields.IntegerField(**options) for n in range(count)}
    return type("Many", (Form,), body)


class Long(Form):
    town = fields.SelectField(choices=choices(*(f"town {n}" for n in range(99))))


UNTRIED: dict[str, tuple[dict[str, Any], Callable[[Any], object]]] = {
    "you": (
        {"you": Step(many(8))},
        lambda a: not all(a.you[f"n{n}"] == 7 for n in range(8)),
    ),
    "pets": ({"pets": Repeat(Name)}, lambda a: len(a.pets) <= 90),
    "ways": (
        {"pages": Repeat(many(4))},
        lambda a: (
            not any(
                (p.n0, p.n1, p.n2, p.n3) == (0, 7, 0, 9) for p in a.pages if p.n0 == 1
            )
        ),
    ),
    "choices": (
        {"you": Step(Long)},
        lambda a: not a.you.town.endswith("77"),
    ),
}


@pytest.mark.parametrize("name", UNTRIED)
def test_what_was_not_tried_is_said(name: str) -> None:
    body, holds = UNTRIED[name]
    proof = proved({"it holds": holds}, most=50_000, **body)
    assert [kind for kind, _ in found(proof)] == ["untried"]
    assert (bool(proof), proof.outcome) == (False, "open")
    assert "not all was tried" in repr(proof)


# What nobody here can know


class Code(Form):
    sent_to = fields.StringField(validators=[InputRequired()])
    code = fields.StringField(validators=[InputRequired()])

    def validate_code(self, field: Any) -> None:
        if hash(field.data) != hash("one-time"[::-1] + "!"):
            raise ValidationError("This code has expired")


@pytest.mark.parametrize("step", [Step, Repeat], ids=["step", "item"])
def test_code_that_passes_once_is_taken_to_be_passed(step: Any) -> None:
    proof = proved(
        code=step(Code, revalidate=False),
        more=Step(Name, when=lambda answers: bool(answers.code)),
        check=Review(),
    )
    assert [*found(proof)] == ([("always", "more")] if step is Step else [])
    assert proof.assumed == (
        "code is taken to be passed: it has revalidate=False, and refuses all that was "
        "tried. Give answers that it accepts (samples) to have its validators tried, "
        "too.",
    )
    assert found(proved(code=step(Code), check=Review()))[0] == ("left", "code")


def test_code_of_the_samples_is_not_taken_for_granted() -> None:
    samples = {"code": {"code": "emit-eno!"}}
    proof = proved(code=Step(Code, revalidate=False), samples=samples)
    assert proof
    assert proof.assumed == ()


# Secrets


# As a configuration has them.
SECRETS: dict[str, Any] = {"invitation": "hsifdrows"[::-1], "pin": int("219084"[::-1])}
BY_ENVIRONMENT: Any = "".join(map(chr, [77, 101, 108, 108, 111, 110, 33]))


class Secret(Form):
    code = fields.StringField(validators=[InputRequired()])
    pin = fields.IntegerField(validators=[InputRequired()])
    secret = fields.PasswordField(validators=[InputRequired()])
    token = fields.HiddenField(default="token-of-the-form")


TOLD: dict[str, tuple[Callable[[Any], object], str]] = {
    "a text of a mapping": (
        lambda answers: answers.you.code != SECRETS["invitation"],
        "you.code = …",
    ),
    "a text of a global": (
        lambda answers: answers.you.code != BY_ENVIRONMENT,
        "you.code = …",
    ),
    "a number": (lambda answers: answers.you.pin != SECRETS["pin"], "you.pin = …"),
    "a number beside it": (lambda a: a.you.pin <= SECRETS["pin"], "you.pin = …"),
    "a text of the code": (
        lambda answers: answers.you.code != "spoken aloud",
        "you.code = spoken aloud",
    ),
    "a password": (lambda answers: answers.you.secret != "open", "you.secret = …"),
    "a hidden field": (lambda a: a.you.token != "token-of-the-form", "you.token = …"),
}


@pytest.mark.parametrize("name", TOLD)
def test_what_may_be_secret_is_not_told(name: str) -> None:
    holds, told = TOLD[name]
    proof = proved({"it holds": holds}, you=Step(Secret))
    assert found(proof) == [("property", "it holds")]
    assert proof.findings[0].answers == (told,)
    for secret in (*map(str, SECRETS.values()), BY_ENVIRONMENT):
        assert secret not in repr(proof)


class LibraryError(Exception):
    """An error of a library, with what it was called with."""


def fails_with(error: type[Exception]) -> Callable[[Any], object]:
    def when(answers: Any) -> object:
        raise error(f"no connection to db://me:{SECRETS['invitation']}@host")

    return when


@pytest.mark.parametrize("error", [LibraryError, ValueError])
def test_exception_is_told_without_secrets(error: type[Exception]) -> None:
    proof = proved(you=Step(Age), more=Step(Name, when=fails_with(error)))
    assert f"raises {error.__name__} in when" in repr(proof)
    assert SECRETS["invitation"] not in repr(proof)


# What is told


def test_proof_tells_what_holds() -> None:
    proof = proved({"a minor has a guardian": lambda answers: True}, **GUARDED)
    assert repr(proof).startswith("Made: proved.")
    assert "a minor has a guardian" in repr(proof)


def test_list_is_told_by_its_items() -> None:
    holds = {"few": lambda answers: len(answers.pets) < 2}
    proof = proved(holds, pets=Repeat(Kind))
    assert proof.findings[0].answers == ("pets: 2 items",)
    cats = {"no dogs": lambda answers: all(pet.kind == "cat" for pet in answers.pets)}
    proof = proved(cats, pets=Repeat(Kind))
    assert proof.findings[0].answers == ("pets 1.kind = dog", "pets: 1 item")


# The command


@pytest.fixture
def example(tmp_path: Path) -> Flask:
    return create_app({"INSTANCE_PATH": str(tmp_path)})


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["wizard", "prove", *arguments])


class Join(Commits, Wizard):
    you = Step(Age)
    guardian = Step(Name, when=is_minor)
    old = Step(Name, when=lambda answers: answers.you.age > 130)
    check = Review()


def test_command_names_what_does_not_hold(make_app: MakeApp) -> None:
    result = run(make_app(Join))
    assert result.exit_code == 1
    assert "reached join.old is never reached" in result.output
    assert "join: not proved, 1 findings." in result.output


def test_command_gives_json(make_app: MakeApp) -> None:
    result = run(make_app(Join), "join", "--format", "json")
    assert result.exit_code == 1
    (row,) = json.loads(result.output)["proofs"]
    assert row["mount"] == "join"
    assert row["proved"] is False
    assert [each["check"] for each in row["findings"]] == ["reached"]


def test_finding_is_silenced_with_a_reason(make_app: MakeApp) -> None:
    reasons = {"reached join.old": "Nobody is that old yet."}
    result = run(make_app(Join, WIZARD_SILENCED=reasons))
    assert result.exit_code == 0
    assert "join: proved." in result.output


def test_reason_for_what_is_not_found_is_refused(make_app: MakeApp) -> None:
    result = run(make_app(Join, WIZARD_SILENCED={"always join.old": "It is."}))
    assert result.exit_code == 1
    assert "is not found any more" in result.output


def test_reason_that_the_check_needs_stays_beside_samples(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={"reached join.old": "Few are that old."})
    samples = json.dumps({"join": {"you": {"age": ["7", "30", "131"]}}})
    result = app.test_cli_runner().invoke(
        args=["wizard", "prove", "--samples", "-"], input=samples
    )
    assert result.exit_code == 0, result.output


def test_command_takes_properties_of_a_module(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    module: Any = ModuleType("own_proofs")
    module.PROPERTIES = {"join": {"all are young": lambda answers: answers.guardian}}
    module.SAMPLES = {"join": {"you": {"age": [7, 30, 131]}}}
    monkeypatch.setitem(sys.modules, "own_proofs", module)
    result = run(make_app(Join), "--properties", "own_proofs")
    assert "property join.all are young does not hold" in result.output
    assert "you.age = 30" in result.output
    missing = run(make_app(Join), "--properties", "no_such_module")
    assert "no_such_module cannot be imported" in missing.output


def test_command_takes_samples_and_values(make_app: MakeApp, tmp_path: Path) -> None:
    class Bound(Commits, Wizard):
        you = Step(Odd)
        more = Step(
            Name, when=lambda answers: answers.bound["shop"] == answers.you.code
        )
        check = Review()

    file = tmp_path / "samples.json"
    file.write_text(json.dumps({"join": {"you": {"code": ["QX123", "QX124"]}}}))
    app = make_app(Bound, prefix="/<shop>/join")
    result = run(app, "--samples", str(file), "--value", "shop=QX123")
    assert result.exit_code == 0, result.output


class Shown(Form):
    photo = fields.FileField()


class Showing(Commits, Wizard):
    photo = Step(Shown)
    more = Step(Name, when=lambda answers: answers.photo.photo)
    check = Review()


@pytest.mark.parametrize("command", ["prove", "preview"])
def test_commands_take_names_of_files(
    make_app: MakeApp,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
) -> None:
    monkeypatch.chdir(tmp_path)
    is_proof = command == "prove"
    file = tmp_path / "samples.json"
    app = make_app(Showing)
    for name, code in (("me.png", 0), ("me.exe", 1)):
        answers = [None, name] if is_proof else name
        file.write_text(json.dumps({"join": {"photo": {"photo": answers}}}))
        folders = [] if is_proof else [f"out{code}"]
        arguments = ["wizard", command, *folders, "--samples", str(file)]
        result = app.test_cli_runner().invoke(args=arguments)
        assert result.exit_code == code, result.output
    assert "Error: 'photo' takes a file, and 'me.exe' is none." in result.output


def test_bound_of_the_command(make_app: MakeApp) -> None:
    result = run(make_app(Join), "--most", "4")
    assert result.exit_code == 3
    assert "Nothing is proved" in result.output


class Guests(Commits, Wizard):
    guests = Repeat(Name)
    hall = Step(Name, when=lambda answers: len(answers.guests) > 90)
    check = Review()


class Party(Commits, Wizard):
    guests = Repeat(Name)
    code = Step(Code, revalidate=False)
    check = Review()


def test_command_tells_what_was_not_tried(make_app: MakeApp) -> None:
    reasons = {"reached join.hall": "Few have so many guests."}
    app = make_app(Guests, WIZARD_SILENCED=reasons)
    result = run(app)
    assert result.exit_code == 3
    assert "untried join.guests code that counts its items has the number" in (
        result.output
    )
    assert "join: not proved: nothing breaks it, but not all was tried." in (
        result.output
    )
    (row,) = json.loads(run(app, "--format", "json").output)["proofs"]
    assert (row["proved"], row["outcome"]) == (False, "open")
    app.config["WIZARD_SILENCED"] = {**reasons, "untried join.guests": "They fit."}
    assert run(app).exit_code == 0


def test_command_tells_what_was_taken_for_granted(make_app: MakeApp) -> None:
    app = make_app(Party)
    result = run(app)
    assert result.exit_code == 0
    assert "Taken for granted: code is taken to be passed" in result.output
    (row,) = json.loads(run(app, "--format", "json").output)["proofs"]
    assert len(row["assumed"]) == 1


def test_check_leaves_what_is_silenced_of_proofs_alone(make_app: MakeApp) -> None:
    from flask_wizard.checks.definitions import check_definitions

    reasons = {"reached join.old": "Nobody is that old yet."}
    check_definitions(make_app(Join, WIZARD_SILENCED=reasons))
    with pytest.raises(ConfigurationError):
        check_definitions(make_app(Join, WIZARD_SILENCED={"none join": "x"}))


# The documents and the example


def test_wizards_of_the_example_are_proved(example: Flask) -> None:
    result = run(example, "--properties", "example_app.proofs")
    assert result.exit_code == 0, result.output
    for mount in example.extensions[MOUNTS]:
        assert f"{mount}: proved." in result.output


NAMES = "checks devices embedding fields guide jobs languages lists personal"
MORE = "school_trip sharing stores tasks uploads users versions"
DOCUMENTS = ["README.md", *(f"docs/{name}.md" for name in f"{NAMES} {MORE}".split())]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_wizards_of_the_documents_are_proved(
    document: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(tmp_path))
    names = run_blocks(document)
    wizards = [
        value
        for value in names.values()
        if isinstance(value, type) and issubclass(value, Wizard) and value is not Wizard
    ]
    app = Flask("documents")
    app.config["SECRET_KEY"] = "secret"
    with app.test_request_context():
        proofs = [prove(wizard) for wizard in wizards if not wizard._abstract]
    assert proofs
    assert [proof for proof in proofs if not proof] == []


def test_document_proves_its_wizard() -> None:
    names = run_blocks("docs/checks.md")
    names["test_every_path_of_join"]()
    assert prove(names["Join"], {"it is not": lambda answers: False}).findings


def test_document_lists_the_proofs() -> None:
    text = (ROOT / "docs/checks.md").read_text()
    assert [name for name in PROOFS if f"| `{name}` |" not in text] == []
