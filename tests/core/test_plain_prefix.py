"""What a draft says of its first steps, held against the walk over all of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import wizards
from fuzz import effort
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import Form, StringField
from wtforms.fields import IntegerField
from wtforms.validators import InputRequired

from flask_wizard import Answers, Exit, Info, OnlyIf, Review, Step, Wizard
from flask_wizard.core.draft import Draft, Entry, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey

NAMES = "abcdef"


class Text(Form):
    it = StringField("It")


class Demanding(Form):
    it = StringField("It", [InputRequired()])


class Number(Form):
    it = IntegerField("It")


class Choosy(Form):
    it = StringField("It")
    more = StringField("More", [OnlyIf("it", "x"), InputRequired()])


FORMS = (Text, Demanding, Number, Choosy)
declare = partial(wizards.declare, "Made", commit=lambda self, submission: None)


def reads_the_first(answers: Answers) -> bool:
    return bool(answers.first.it != "no")


def prepares(form: Any, answers: Answers) -> None:
    form.it.description = str(answers.first.it)


def depends(form_class: type[Form], answers: Answers) -> type[Form]:
    return form_class if answers.first.it else Text


KINDS: Mapping[str, Callable[[type[Form]], Step | Info]] = {
    "plain": Step,
    "conditional": lambda form: Step(form, when=reads_the_first),
    "reader": lambda form: Step(form, prepare=prepares),
    "function": lambda form: Step(partial(depends, form)),
    "trusted": lambda form: Step(form, revalidate=False),
    "info": lambda form: Info(),
    "conditional info": lambda form: Info(when=reads_the_first),
    "exit": lambda form: Exit(when=lambda answers: answers.first.it == "1"),
}
KIND = st.sampled_from(("plain", "plain", "plain", *KINDS))
STEPS = st.dictionaries(
    st.sampled_from(NAMES), st.tuples(KIND, st.sampled_from(FORMS)), min_size=1
)
VALUE = st.sampled_from(("x", "1", "", "no"))


def steps_of(plan: Mapping[str, tuple[str, type[Form]]], reviewed: bool) -> Any:
    steps: dict[str, Any] = {
        name: KINDS[kind](form) for name, (kind, form) in plan.items()
    }
    review = {"check": Review()} if reviewed else {}
    return declare(first=Step(Text), **steps, **review).steps


def walked(journey: Journey) -> object:
    """All that the pages of a draft depend on."""
    return (
        [(bound.name, bound.done, bound.outdated) for bound in journey.path],
        journey.first_incomplete and journey.first_incomplete.name,
        journey.current.name,
        [bound.name for bound in journey.hidden],
        [journey.progress(bound) for bound in journey.path],
        [bool(journey.answers[name]) for name in journey.answers],
        journey.answers_hash,
    )


def without_claim(draft: Draft) -> Draft:
    return replace(draft, plain_prefix=(0, b""))


class Claiming(RuleBasedStateMachine):
    """A draft under changing definitions, with what it says of its first steps."""

    @initialize(plan=STEPS, reviewed=st.booleans())
    def begins(self, plan: dict[str, Any], reviewed: bool) -> None:
        self.steps = steps_of(plan, reviewed)
        self.draft = EMPTY

    @property
    def journey(self) -> Journey:
        return Journey(self.steps, self.draft)

    @rule(data=st.data(), value=VALUE, validate=st.booleans(), looks=st.booleans())
    def sends(
        self, data: st.DataObject, value: str, validate: bool, looks: bool
    ) -> None:
        name = data.draw(st.sampled_from(self.steps.names))
        self.submit(name, value, validate=validate, looks=looks)

    @rule(value=VALUE, pages=st.integers(1, 7))
    def goes_on(self, value: str, pages: int) -> None:
        for _ in range(pages):
            self.submit(self.journey.current.name, value, validate=True, looks=False)

    def submit(self, name: str, value: str, *, validate: bool, looks: bool) -> None:
        values = Values({"it": [value]})
        onward = self.journey.submit(name, values, validate=validate)
        plainly = Journey(self.steps, without_claim(self.draft))
        after = plainly.submit(name, values, validate=validate)
        assert without_claim(onward.draft) == without_claim(after.draft)
        if looks:
            assert walked(onward) == walked(after)
            assert without_claim(onward.to_draft()) == without_claim(after.to_draft())
        self.draft = decode(encode(onward.to_draft()))

    @rule(data=st.data())
    def is_sent_back(self, data: st.DataObject) -> None:
        bound = data.draw(st.sampled_from(self.journey.path))
        self.draft = bound.reject(self.draft, {"": ["Not now"]})

    @rule(plan=STEPS, reviewed=st.booleans())
    def is_deployed_under(self, plan: dict[str, Any], reviewed: bool) -> None:
        self.steps = steps_of(plan, reviewed)

    @rule(data=st.data(), kind=KIND, form=st.sampled_from(FORMS))
    def one_step_changes(
        self, data: st.DataObject, kind: str, form: type[Form]
    ) -> None:
        """A deploy that leaves the other steps as they are."""
        name = data.draw(st.sampled_from(self.steps.names))
        steps = {step.name: step for step in self.steps if step.name != "check"}
        if name in steps and name != "first":
            steps[name] = KINDS[kind](form)
        review = {"check": Review()} if self.steps[-1].lists_answers else {}
        self.steps = declare(**steps, **review).steps

    @invariant()
    def claim_agrees_with_the_walk(self) -> None:
        plainly = Journey(self.steps, without_claim(self.draft))
        assert walked(self.journey) == walked(plainly)

    @invariant()
    def next_claim_is_that_of_the_walk(self) -> None:
        whole, plainly = self.journey, Journey(self.steps, without_claim(self.draft))
        assert walked(whole) == walked(plainly)
        assert whole.to_draft() == plainly.to_draft()


def test_claim_agrees_with_the_walk() -> None:
    run_state_machine_as_test(
        Claiming, settings=settings(effort(20), stateful_step_count=25)
    )


# What is looked at


class Watched(dict[str, Entry]):
    """Entries that tell which of them were looked at."""

    def __init__(self, entries: Mapping[str, Entry]) -> None:
        super().__init__(entries)
        self.seen: set[str] = set()

    def get(self, name: str, default: Any = None) -> Any:
        self.seen.add(name)
        return super().get(name, default)


def long_wizard(count: int, **others: Step) -> type[Wizard]:
    steps: dict[str, Any] = {f"step{n}": Step(Text) for n in range(count)}
    return declare(**{**steps, **others}, check=Review())


def filled(wizard: type[Wizard]) -> Draft:
    journey = Journey(wizard.steps, EMPTY)
    for step in wizard.steps[:-1]:
        journey = journey.submit(step.name, Values({"it": ["x"]}), validate=True)
    return decode(encode(journey.to_draft()))


def seen_by(
    wizard: type[Wizard], draft: Draft, act: Callable[[Journey], object]
) -> set[str]:
    entries = Watched(draft.entries)
    watched: Any = SimpleNamespace(
        entries=entries,
        plain_prefix=draft.plain_prefix,
        with_entries=draft.with_entries,
    )
    act(Journey(wizard.steps, watched))
    return entries.seen


ACTS: Mapping[str, Callable[[Journey], object]] = {
    "get": lambda journey: journey.get("step100"),
    "current": lambda journey: journey.current,
    "submit": lambda journey: journey.submit(
        "step100", Values({"it": ["y"]}), validate=True
    ).to_draft(),
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_long_walk_looks_at_few_entries(act: Callable[[Journey], object]) -> None:
    wizard = long_wizard(200)
    draft = filled(wizard)
    assert draft.plain_prefix[0] == 200
    assert len(seen_by(wizard, draft, act)) <= 2
    assert len(seen_by(wizard, without_claim(draft), act)) >= 100


def test_claim_ends_before_a_step_that_reads() -> None:
    wizard = long_wizard(9, step5=Step(Text, when=lambda answers: answers.step0.it))
    assert filled(wizard).plain_prefix[0] == 5


def test_claim_stays_when_an_early_step_is_sent_again() -> None:
    wizard = long_wizard(9)
    journey = Journey(wizard.steps, filled(wizard))
    again = journey.submit("step2", Values({"it": ["y"]}), validate=True).to_draft()
    assert again.plain_prefix == journey.draft.plain_prefix


def test_claim_ends_before_a_step_that_was_reopened() -> None:
    wizard = long_wizard(9)
    journey = Journey(wizard.steps, filled(wizard))
    kept = journey.submit("step2", Values({"it": ["y"]}), validate=False).to_draft()
    assert kept.plain_prefix[0] == 2
    assert Journey(wizard.steps, kept).current.name == "step2"


# What is not believed


def stands_at(wizard: type[Wizard], draft: Draft) -> str:
    return Journey(wizard.steps, draft).current.name


@pytest.mark.parametrize(
    "change",
    [
        lambda draft: draft.without("step2"),
        lambda draft: draft.with_entries({"step2": Entry()}),
    ],
)
def test_draft_whose_entries_change_claims_nothing(
    change: Callable[[Draft], Draft],
) -> None:
    wizard = long_wizard(9)
    changed = change(filled(wizard))
    assert changed.plain_prefix == (0, b"")
    assert stands_at(wizard, changed) == "step2"


@pytest.mark.parametrize("length", [1, 2, 8, 9, 10, 1000])
def test_claim_with_another_digest_is_not_believed(length: int) -> None:
    wizard = long_wizard(9)
    empty = replace(EMPTY, plain_prefix=(length, filled(wizard).plain_prefix[1]))
    believed = length == 9
    assert (stands_at(wizard, empty) != "step0") == believed


@pytest.mark.parametrize(
    "changed",
    [
        {"step2": Step(Number)},
        {"step2": Step(Text, when=lambda answers: answers.step0.it == "no")},
        {"step2": Step(lambda answers: Demanding)},
    ],
)
def test_claim_is_not_believed_after_a_deploy(changed: dict[str, Step]) -> None:
    draft = filled(long_wizard(9))
    after = long_wizard(9, **changed)
    believed = Journey(after.steps, draft)
    assert walked(believed) == walked(Journey(after.steps, without_claim(draft)))
    assert draft.plain_prefix[1] not in after.steps.signatures().chained


def test_claim_is_not_believed_of_steps_in_another_order() -> None:
    before = declare(one=Step(Text), two=Step(Text), check=Review())
    after = declare(two=Step(Text), one=Step(Text), check=Review())
    assert filled(before).plain_prefix != filled(after).plain_prefix


def test_claim_is_not_believed_once_a_form_has_another_field() -> None:
    growing = type("Growing", (Form,), {"it": StringField("It")})
    wizard = long_wizard(9, step2=Step(growing))
    draft = filled(wizard)
    assert stands_at(wizard, draft) == "check"
    growing.more = StringField("More", [InputRequired()])  # type: ignore[attr-defined]
    assert stands_at(wizard, draft) == "step2"
