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
from wtforms.validators import AnyOf, InputRequired, Length, NumberRange, Regexp

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
    Wizard,
)
from flask_wizard.checks.proofs import PROOFS, Proof
from flask_wizard.testing import prove
from flask_wizard.web.state import MOUNTS


class Age(Form):
    age = fields.IntegerField(validators=[InputRequired(), NumberRange(0, 130)])


class Name(Form):
    name = fields.StringField(validators=[InputRequired(), Length(max=40)])


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


def test_bound_of_the_command(make_app: MakeApp) -> None:
    result = run(make_app(Join), "--most", "4")
    assert result.exit_code == 1
    assert "Nothing is proved" in result.output


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
