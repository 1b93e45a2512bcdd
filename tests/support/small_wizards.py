"""Small wizards drawn by lot, whose paths are also found by trying all answers.

Each field has few values, so that all answers can be tried. Conditions and properties
are expressions: the wizard has them as functions, and the model evaluates them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import product
from types import SimpleNamespace
from typing import Any

from hypothesis import strategies as st
from wizards import Commits, choices, declare
from wtforms import Form, ValidationError, fields
from wtforms.validators import AnyOf, InputRequired, NumberRange

from flask_wizard import Repeat, Review, Step, StepError, Wizard

FIRST_DAY = date(2030, 3, 29)
VALUES: Mapping[str, Sequence[object]] = {
    "number": range(7),
    "day": [FIRST_DAY + timedelta(n) for n in range(5)],
    "text": ("b", "ab", "bbb"),
    "kind": ("cat", "dog", "eel"),
    "tick": (True, False),
}
MADE: Mapping[str, Callable[[], Any]] = {
    "number": lambda: fields.IntegerField(
        validators=[InputRequired(), NumberRange(0, 6)]
    ),
    "day": lambda: fields.DateField(
        validators=[InputRequired(), AnyOf(VALUES["day"], message="Enter a day of May")]
    ),
    "text": lambda: fields.StringField(validators=[AnyOf(VALUES["text"])]),
    "kind": lambda: fields.RadioField(
        validators=[InputRequired()], choices=choices("cat", "dog", "eel")
    ),
    "tick": lambda: fields.BooleanField(),
}
STEPS = ("one", "two")
"""The steps before all others, which apply always."""

ITEM: Mapping[str, Sequence[object]] = {"k": VALUES["kind"], "a": (0, 1, 2)}

ALONE: Mapping[str, Sequence[str]] = {
    "number": ("{0} < {n}", "{0} == {n}", "{0} >= {n}", "not {0}"),
    "day": ("{0} < date(2030, 3, {d})", "{0} == date(2030, 3, {d})"),
    "text": ("{0} == 'ab'", "len({0}) > {n}", "{0} != 'none'"),
    "kind": ("{0} == 'dog'", "{0} in ('cat', 'eel')", "{0} == 'fox'"),
    "tick": ("{0}", "not {0}"),
}
"""Conditions on one field, by its kind."""

OF_TWO: Mapping[str, Sequence[str]] = {
    "number": ("{0} < {1}", "{0} == {1}", "{0} - {1} > {n}", "{0} + {1} == {n}"),
    "day": ("{0} < {1}", "{0} == {1}", "({0} - {1}).days > {n}"),
    "text": ("{0} < {1}", "{0} == {1}", "len({0}) == len({1})"),
    "kind": ("{0} == {1}", "{0} < {1}"),
    "tick": ("{0} == {1}", "{0} and not {1}"),
}
"""Conditions that compare two fields of a kind."""

OF_LISTS = (
    "len(answers.pets) > {n}",
    "len(answers.pets) == {0}",
    "len({{p.k for p in answers.pets}}) == len(answers.pets)",
    "any(p.k == 'dog' for p in answers.pets) and not {0}",
    "any(p.k == 'dog' for p in answers.pets) and any(p.a for p in answers.pets)",
    "sum(p.k == 'dog' for p in answers.pets) >= {n}",
    "sum(p.a for p in answers.pets) > {n}",
    "any(p.a == {0} for p in answers.pets)",
    "all(p.k == 'eel' for p in answers.pets)",
)
"""Conditions on a list and a number."""


@dataclass(frozen=True)
class Plan:
    """A small wizard: its fields and its expressions."""

    #: The kind of each field, by the step and the field's name.
    kinds: Mapping[tuple[str, str], str]
    #: The conditions of the steps that follow.
    conditions: Sequence[str]
    #: What must hold at the end.
    holds: str = "True"
    #: By step, what a validator of its last field refuses, with ``{name}`` for a field.
    refused: Mapping[str, str] = field(default_factory=dict)
    #: What ``validate`` of the wizard refuses.
    invalid: str = "False"
    #: The least and most items of the list ``pets``, if there is one.
    items: tuple[int, int] | None = None

    @property
    def wizard(self) -> type[Wizard]:
        """The wizard, whose functions are made of the expressions."""
        body: dict[str, Any] = {}
        for step in STEPS:
            names = [name for at, name in self.kinds if at == step]
            own = {name: MADE[self.kinds[step, name]]() for name in names}
            if step in self.refused:
                code = self.refused[step].format(**{n: f"form.{n}.data" for n in names})
                own[f"validate_{names[-1]}"] = _validator(code)
            if names:
                body[step] = Step(type("Asked", (Form,), own))
        if self.items is not None:
            pet = type("Pet", (Form,), {"k": MADE["kind"](), "a": _few()})
            body["pets"] = Repeat(pet, min=self.items[0], max=self.items[1])
        note = type("Note", (Form,), {"note": fields.StringField()})
        for number, condition in enumerate(self.conditions):
            body[f"more{number}"] = Step(note, when=function_of(condition))
        if self.invalid != "False":
            refuses = function_of(self.invalid)

            def validate(self: object, submission: Any) -> None:
                if refuses(submission.answers):
                    raise StepError("one", "These answers do not fit.")

            body["validate"] = validate
        return declare("Small", Commits, **body, check=Review())

    @property
    def all_answers(self) -> Iterator[Any]:
        """All answers that the pages accept."""
        lists: list[tuple[Any, ...]] = [()]
        if self.items is not None:
            items = [SimpleNamespace(k=k, a=a) for k in ITEM["k"] for a in ITEM["a"]]
            counts = range(self.items[0], self.items[1] + 1)
            lists = [each for n in counts for each in product(items, repeat=n)]
        for values in product(*(VALUES[kind] for kind in self.kinds.values())):
            steps = {step: SimpleNamespace() for step in STEPS}
            for (step, name), value in zip(self.kinds, values, strict=True):
                setattr(steps[step], name, value)
            refused = (
                function_of(code.format_map({n: f"answers.{n}" for n in names}))(own)
                for (code, own, names) in (
                    (code, steps[step], vars(steps[step]))
                    for step, code in self.refused.items()
                )
            )
            if not any(refused):
                yield from (SimpleNamespace(**steps, pets=pets) for pets in lists)

    @property
    def expected(self) -> set[tuple[str, str]] | None:
        """What does not hold, by trying all answers; None if no answers pass."""
        conditions = [function_of(text) for text in self.conditions]
        holds, refuses = function_of(self.holds), function_of(self.invalid)
        told: list[set[bool]] = [set() for _ in conditions]
        passed: list[bool] = []
        for answers in self.all_answers:
            for condition, found in zip(conditions, told, strict=True):
                found.add(bool(condition(answers)))
            if not refuses(answers):
                passed.append(bool(holds(answers)))
        if not passed:
            return None
        names = {frozenset({False}): "reached", frozenset({True}): "always"}
        known = [(names.get(frozenset(each)), n) for n, each in enumerate(told)]
        missed = {(name, f"more{n}") for name, n in known if name is not None}
        return missed | ({("property", "it holds")} if not all(passed) else set())


def _few() -> Any:
    return fields.IntegerField(validators=[InputRequired(), NumberRange(0, 2)])


def function_of(text: str) -> Callable[[Any], object]:
    made: Callable[[Any], object] = eval(f"lambda answers: {text}", {"date": date})
    return made


def _validator(code: str) -> Callable[[Any, Any], None]:
    scope: dict[str, Any] = {"ValidationError": ValidationError, "date": date}
    source = f"""
def validate(form, field):
    if not form.errors and {code}:
        raise ValidationError('These do not fit together.')
"""
    exec(source, scope)
    made: Callable[[Any, Any], None] = scope["validate"]
    return made


# Drawn by lot


@st.composite
def _conditions(draw: st.DrawFn, kinds: Mapping[tuple[str, str], str]) -> str:
    """Draw a condition on one or two of these fields."""
    by_kind: dict[str, list[str]] = {}
    for (step, name), kind in kinds.items():
        by_kind.setdefault(kind, []).append(f"answers.{step}.{name}")

    def filled(text: str, *names: str) -> str:
        number, day = draw(st.integers(0, 4)), draw(st.integers(29, 31))
        return text.format(*names, n=number, d=day)

    def alone() -> str:
        kind = draw(st.sampled_from(sorted(by_kind)))
        name = draw(st.sampled_from(by_kind[kind]))
        return filled(draw(st.sampled_from(ALONE[kind])), name)

    of_two = [kind for kind, names in by_kind.items() if len(names) > 1]
    how = draw(st.sampled_from(["one", "both", "compared", "compared"]))
    if how == "compared" and of_two:
        kind = draw(st.sampled_from(sorted(of_two)))
        names = draw(st.permutations(by_kind[kind]))[:2]
        return filled(draw(st.sampled_from(OF_TWO[kind])), *names)
    if how == "both":
        return f"{alone()} {draw(st.sampled_from(['and', 'or not']))} {alone()}"
    return alone()


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """Draw a wizard with conditions over one field or two."""
    names = iter("abcdef")
    drawn = st.sampled_from([*VALUES])
    kind = draw(drawn)  # two of one kind at least
    more = draw(st.lists(drawn, max_size=1))
    kinds = {
        (draw(st.sampled_from(STEPS)), next(names)): each
        for each in [kind, kind, *more]
    }
    refused = {}
    for step in STEPS:
        own = [name for at, name in kinds if at == step and kinds[at, name] == kind]
        if len(own) > 1 and draw(st.booleans()):
            refused[step] = draw(st.sampled_from(["{%s} < {%s}", "{%s} == {%s}"])) % (
                own[0],
                own[1],
            )
    condition = _conditions(kinds)
    return Plan(
        kinds,
        draw(st.lists(condition, min_size=1, max_size=2)),
        draw(condition),
        refused,
        draw(st.one_of(st.just("False"), condition)),
    )


@st.composite
def plans_with_lists(draw: st.DrawFn) -> Plan:
    """Draw a wizard with a list, whose items conditions count and compare."""
    text = st.sampled_from(OF_LISTS)

    def condition() -> str:
        return draw(text).format("answers.one.a", n=draw(st.integers(0, 4)))

    least = draw(st.integers(0, 2))
    return Plan(
        {("one", "a"): "number"},
        [condition()],
        condition(),
        items=(least, draw(st.integers(max(least, 1), 3))),
    )
