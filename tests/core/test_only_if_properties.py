"""Random forms with conditions in random hands, held against a model of few lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, Literal

import wizards
from fuzz import effort
from hypothesis import given
from hypothesis import strategies as st
from wizards import EMPTY
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard import OnlyIf, Review, Step, Wizard
from flask_wizard.core.draft import decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.submission import Submission

TEXTS = ("", "x", "y")

Kind = Literal["text", "texts", "form", "forms"]
KINDS: tuple[Kind, ...] = ("text", "text", "texts", "form", "forms")


@dataclass(frozen=True)
class Node:
    """A field of a random form."""

    name: str
    kind: Kind
    #: The name of another field and the value that it must have.
    condition: tuple[str, str] | None
    inside: tuple[Node, ...] = ()


@st.composite
def nodes(
    draw: st.DrawFn,
    kinds: tuple[Kind, ...] = KINDS,
    depth: int = 0,
    around: tuple[str, ...] = (),
) -> tuple[Node, ...]:
    """Fields, each of which may depend on one before it, or on one around it."""
    found: list[Node] = []
    for number in range(draw(st.integers(1, 4))):
        name = f"{'abc'[depth]}{number}"
        known = [node.name for node in found if node.kind in ("text", "texts")]
        before, asks = (*around, *known), draw(st.booleans())
        condition: tuple[str, str] | None = None
        if before and asks:
            condition = draw(st.sampled_from(before)), draw(st.sampled_from(TEXTS))
        kind = draw(st.sampled_from(kinds if depth < 2 else kinds[:3]))
        inside: tuple[Node, ...] = ()
        if kind in ("form", "forms"):
            inside = draw(nodes(kinds, depth + 1, before))
        found.append(Node(name, kind, condition, inside))
    return tuple(found)


def form_of(inside: Sequence[Node]) -> type[Form]:
    return type("Made", (Form,), {node.name: _field(node) for node in inside})


def _field(node: Node) -> Any:
    rules: list[Any] = [OnlyIf(*node.condition)] if node.condition else []
    if node.kind == "text":
        return fields.StringField(validators=[*rules, InputRequired()])
    if node.kind == "texts":
        text = fields.StringField(validators=[InputRequired()])
        return fields.FieldList(text, validators=rules, min_entries=2)
    inner = form_of(node.inside)
    if node.kind == "forms":
        return fields.FieldList(
            fields.FormField(inner), validators=rules, min_entries=1
        )
    if node.condition:
        inner = OnlyIf.group(*node.condition, inner)
    return fields.FormField(inner)


def names(inside: Sequence[Node], prefix: str = "") -> Iterator[str]:
    """Yield the names of all inputs."""
    for node in inside:
        own = prefix + node.name
        if node.kind == "text":
            yield own
        elif node.kind == "texts":
            yield from (f"{own}-0", f"{own}-1")
        elif node.kind == "form":
            yield from names(node.inside, f"{own}-")
        else:
            yield from names(node.inside, f"{own}-0-")


class Model:
    """What counts of a submission."""

    def __init__(self, inside: Sequence[Node], typed: dict[str, str]) -> None:
        self.typed = typed
        #: The names of inputs that count and are blank.
        self.blank: list[str] = []
        self.data = self._form(inside, "", {})

    def _form(
        self, inside: Sequence[Node], prefix: str, known: dict[str, Any]
    ) -> dict[str, Any]:
        data: dict[str, Any] = {}
        for node in inside:
            seen = {**known, **data}
            data[node.name] = None
            if node.condition is None or self._holds(seen, *node.condition):
                data[node.name] = self._value(node, prefix + node.name, seen)
        return data

    def _holds(self, seen: dict[str, Any], cause: str, value: str) -> bool:
        found = seen[cause]
        return value in found if isinstance(found, list) else bool(found == value)

    def _value(self, node: Node, name: str, seen: dict[str, Any]) -> Any:
        if node.kind == "text":
            return self._text(name)
        if node.kind == "texts":
            return [self._text(f"{name}-0"), self._text(f"{name}-1")]
        if node.kind == "form":
            return self._form(node.inside, f"{name}-", seen)
        return [self._form(node.inside, f"{name}-0-", seen)]

    def _text(self, name: str) -> str:
        if not self.typed[name]:
            self.blank.append(name)
        return self.typed[name]


def send(journey: Journey, typed: dict[str, str]) -> Journey:
    values = Values((name, [text]) for name, text in typed.items())
    onward = journey.submit("one", values, validate=True)
    return Journey(journey.steps, decode(encode(onward.to_draft())))


def blank(inside: Sequence[Node]) -> SimpleNamespace:
    """An object that a form of these fields populates."""
    forms = (node for node in inside if node.kind == "form")
    return SimpleNamespace(**{node.name: blank(node.inside) for node in forms})


def as_dict(obj: SimpleNamespace) -> dict[str, Any]:
    return {
        name: as_dict(value) if isinstance(value, SimpleNamespace) else value
        for name, value in vars(obj).items()
    }


def wizard_of(inside: Sequence[Node]) -> type[Wizard]:
    return wizards.declare(
        "Asks",
        commit=lambda self, submission: None,
        one=Step(form_of(inside)),
        check=Review(),
    )


@effort(60)
@given(inside=nodes(), data=st.data())
def test_commit_gets_what_counts_and_nothing_else(
    inside: tuple[Node, ...], data: st.DataObject
) -> None:
    journey = Journey(wizard_of(inside).steps, EMPTY)
    for _ in range(3):
        texts = st.sampled_from(("", "x", "x", "y", "y"))
        typed = {name: data.draw(texts) for name in names(inside)}
        journey = send(journey, typed)
        model = Model(inside, typed)
        (_, *others) = [bound.name for bound in journey.path]
        assert journey.draft.entries["one"].raw == {n: [t] for n, t in typed.items()}
        assert [*journey.draft.entries["one"].errors] == model.blank
        assert others == ([] if model.blank else ["check"])
        if not model.blank:
            submission = Submission.of(journey)
            assert submission.data["one"] == model.data
            assert (submission.answers.one[inside[0].name] is None) == (
                model.data[inside[0].name] is None
            )


@effort(40)
@given(inside=nodes(KINDS[:4]), data=st.data())
def test_objects_get_what_counts_and_nothing_else(
    inside: tuple[Node, ...], data: st.DataObject
) -> None:
    typed = {n: data.draw(st.sampled_from(("x", "y"))) for n in names(inside)}
    journey = send(Journey(wizard_of(inside).steps, EMPTY), typed)
    assert journey.current.name == "check"
    obj = blank(inside)
    Submission.of(journey).populate(obj)
    assert as_dict(obj) == Model(inside, typed).data
