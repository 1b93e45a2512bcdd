"""Faults put into the wizards of the documents and of the example, one at a time.

An operator changes the source of a wizard in one place, as somebody who errs would.
What `flask wizard prove` and `check` find then, and not in the original, is what names
the fault.
"""

from __future__ import annotations

import ast
import copy
import logging
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

from documents import ROOT, blocks
from flask import Flask

from example_app import proofs
from flask_wizard import Answers, FlaskWizard, Wizard, WizardError
from flask_wizard.checks.definitions import check_definitions
from flask_wizard.checks.proofs import prove

Property = Callable[[Answers], object]
STEPS = ("Step", "Repeat", "Info", "Exit")
REQUIRED = ("InputRequired", "DataRequired", "FileRequired")
SEED = 2026


def are_set(*paths: str) -> dict[str, Property]:
    """Properties: each of these fields is set on every path."""

    def holds(path: str) -> Property:
        step, *inner = path.split(".")

        def is_set(answers: Answers) -> object:
            found: Any = answers[step]
            for name in inner:
                found = found[name]
            return found

        return is_set

    return {f"{path} is set on every path": holds(path) for path in paths}


def each(of: str, text: str, holds: Callable[[Any], object]) -> dict[str, Property]:
    """A property of every item of a list."""
    return {text: lambda answers: all(holds(item) for item in answers[of])}


@dataclass(frozen=True, eq=False)
class Seeded:
    """A wizard into which faults are put."""

    document: str
    wizard: str
    properties: Mapping[str, Property]
    samples: Mapping[str, Any] = field(default_factory=dict)

    @property
    def source(self) -> str:
        if self.document.endswith(".md"):
            return "\n".join(blocks(self.document, "python"))
        return (ROOT / self.document).read_text()

    def build(self, tree: ast.Module) -> type[Wizard]:
        """Run a source as a module, and return the wizard that it declares."""
        module = ModuleType(f"seeded_{Path(self.document).stem}")
        vars(module)["__file__"] = str(ROOT / self.document)
        exec(compile(tree, "seeded", "exec"), vars(module))
        found: type[Wizard] = vars(module)[self.wizard]
        return found


PLACES = {"is": ["Reykjavík", "Vík"], "pt": ["Lisbon", "Porto", "Faro"]}

CHECKOUT = {
    **proofs.PROPERTIES["checkout"],
    **are_set("delivery.name", "delivery.email", "gift.gift"),
    **are_set("payment.method", "payment.payer"),
    "delivery.address is set on every path": lambda answers: all(
        answers.delivery.address[name]
        for name in ("street", "postcode", "city", "country")
    ),
}
CLUB = {
    **proofs.PROPERTIES["club"],
    **are_set("you.name", "you.email", "you.born", "tastes.genres"),
    **are_set("account.username", "account.password"),
    "A guardian has a name and an address.": lambda answers: (
        not answers.guardian or (answers.guardian.name and answers.guardian.email)
    ),
    **each("family", "Each of the family has a name.", lambda item: item.who.name),
    **each("family", "Each of the family was born.", lambda item: item.who.born),
    **each("family", "Each of the family reads.", lambda item: item.card.genres),
}
SELL = {
    **proofs.PROPERTIES["sell"],
    **are_set("you.name", "you.email", "address.street", "address.country"),
    **are_set("address.postcode", "address.city", "way.way", "bank.iban"),
    "At most twenty books are sold.": lambda answers: len(answers.books) <= 20,
    **each("books", "Each book has a title.", lambda book: book.title),
    **each("books", "Each book has a condition.", lambda book: book.condition),
}
JOIN = {
    **are_set("you.name"),
    "the age is set on every path": lambda answers: answers.you.age is not None,
    "those under 18 have a guardian, and nobody else": lambda answers: (
        bool(answers.guardian) == (answers.you.age < 18)
    ),
    "a guardian has a name": lambda answers: (
        not answers.guardian or answers.guardian.name
    ),
}
BOOK = {
    **are_set("trip.country", "trip.leaving", "place.place", "contact.name"),
    **are_set("contact.home.street", "contact.home.town"),
    "the place is in the country": lambda answers: (
        answers.place.place in PLACES[answers.trip.country]
    ),
}
FAMILY = {
    **are_set("you.name"),
    "there is a child": lambda answers: len(answers.children) >= 1,
    **each("children", "each child has a name", lambda child: child.who.name),
    **each(
        "children",
        "those older than 5 are asked for their school, and nobody else",
        lambda child: bool(child.school.school) == (child.who.age > 5),
    ),
}
HOUSEHOLD = {
    **are_set("you.name"),
    "there are at most five pets": lambda answers: len(answers.pets) <= 5,
    "no name is there twice": lambda answers: (
        len({pet.name for pet in answers.pets}) == len(answers.pets)
    ),
    **each("pets", "each pet has a name", lambda pet: pet.name),
}
TRIP = {
    **are_set("who.names"),
    "each traveller has a seat": lambda answers: (
        len(answers.seats)
        == len({n.strip() for n in answers.who.names.split(",") if n.strip()})
    ),
    **each("seats", "each seat is one", lambda seat: seat.seat in ("window", "aisle")),
}
SCHOOL = {
    "only children of Hill School go": lambda answers: answers.school.school == "hill",
    **are_set("parent.name", "parent.phone"),
    "from one to six children go": lambda answers: 1 <= len(answers.children) <= 6,
    **each("children", "each child has a name", lambda child: child.who.name),
    **each(
        "children",
        "those with an allergy are asked for it, and nobody else",
        lambda child: bool(child.allergy.what) == bool(child.who.allergic),
    ),
    **each("children", "consent is there", lambda child: child.papers.consent),
    **each("children", "a photo is there", lambda child: child.papers.photo),
}
TASKS = {
    **are_set("you.name", "address.town"),
    "money is paid in cash or by transfer": lambda answers: (
        answers.payment.way in ("cash", "transfer")
    ),
    "there is a book": lambda answers: len(answers.books) >= 1,
    **each("books", "each book has a title", lambda book: book.title),
    "those who get a transfer have a bank, and nobody else": lambda answers: (
        bool(answers.bank.iban) == (answers.payment.way == "transfer")
    ),
    "cash is paid in London only": lambda answers: (
        answers.payment.way == "transfer" or answers.address.town == "London"
    ),
}
SHARED = {
    **are_set("child.name", "guardian.guardian", "guardian.agrees"),
    "books are asked for": lambda answers: "books" in answers,
}

SEEDED: Sequence[Seeded] = (
    Seeded("README.md", "Join", JOIN),
    Seeded("docs/guide.md", "Book", BOOK),
    Seeded("docs/lists.md", "Household", HOUSEHOLD),
    Seeded("docs/lists.md", "Family", FAMILY),
    Seeded("docs/lists.md", "Trip", TRIP),
    Seeded("docs/school_trip.md", "SchoolTrip", SCHOOL),
    Seeded("docs/tasks.md", "Sell", TASKS),
    Seeded("docs/sharing.md", "Trip", SHARED),
    Seeded("example_app/checkout.py", "Checkout", CHECKOUT),
    Seeded("example_app/club.py", "Club", CLUB),
    Seeded("example_app/sell.py", "Sell", SELL),
)


# Operators: each yields what it does and where, and the changed source


Change = tuple[str, Callable[[ast.AST], None]]


def _name_of(node: ast.AST) -> str:
    if isinstance(node, ast.Call):
        return _name_of(node.func)
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


class Source:
    """A wizard's source, and what in it belongs to the wizard."""

    def __init__(self, tree: ast.Module, wizard: str) -> None:
        self.tree = tree
        self.named = {
            node.name: node
            for node in ast.walk(tree)
            if isinstance(node, ast.ClassDef | ast.FunctionDef)
        }
        self.wizard = self.named[wizard]
        self.classes = [self.wizard, *self._items()]
        self.calls = [call for each in self.classes for call in self._steps(each)]

    def _items(self) -> Iterator[Any]:
        for call in self._steps(self.wizard):
            name = _name_of(call.args[0]) if call.args else ""
            found = self.named.get(name)
            bases = found.bases if isinstance(found, ast.ClassDef) else ()
            if any(_name_of(base) == "Item" for base in bases):
                yield found

    def _steps(self, node: Any) -> list[ast.Call]:
        return [
            each.value
            for each in node.body
            if isinstance(each, ast.Assign) and isinstance(each.value, ast.Call)
            if _name_of(each.value) in STEPS
        ]

    def keyword(self, call: ast.Call, name: str) -> ast.keyword | None:
        return next((each for each in call.keywords if each.arg == name), None)

    def functions(self) -> Iterator[tuple[str, ast.AST]]:
        """The functions that steps are given, and those that these call."""
        seen: set[str] = set()
        for call in self.calls:
            for word in ("when", "prepare", "over"):
                if (keyword := self.keyword(call, word)) is not None:
                    yield from self._function(keyword.value, word, seen)

    def _function(
        self, node: ast.AST, where: str, seen: set[str]
    ) -> Iterator[tuple[str, ast.AST]]:
        if isinstance(node, ast.Lambda):
            yield f"{where} {ast.unparse(node.body)}", node.body
        name = _name_of(node)
        found = self.named.get(name)
        if isinstance(found, ast.FunctionDef) and name not in seen:
            seen.add(name)
            yield name, found
            for inner in ast.walk(found):
                if isinstance(inner, ast.Call):
                    yield from self._function(inner.func, name, seen)

    def forms(self) -> Iterator[ast.ClassDef]:
        """The classes of the forms of the steps, and those that these are made of."""
        todo = [call.args[0] for call in self.calls if call.args]
        seen: set[str] = set()
        while todo:
            name = _name_of(todo.pop())
            found = self.named.get(name)
            if name in seen or not isinstance(found, ast.ClassDef):
                continue
            seen.add(name)
            if any("Form" in _name_of(base) for base in found.bases):
                yield found
                todo += found.bases
                todo += [n for n in ast.walk(found) if isinstance(n, ast.Name)]

    def fields(self) -> Iterator[tuple[str, ast.Call]]:
        for form in self.forms():
            for each in form.body:
                call = each.value if isinstance(each, ast.Assign) else None
                if isinstance(call, ast.Call) and _name_of(call).endswith("Field"):
                    assert isinstance(each, ast.Assign)
                    yield f"{form.name}.{_name_of(each.targets[0])}", call


def _always(value: str) -> ast.expr:
    return ast.parse(f"lambda answers: {value}", mode="eval").body


def conditions(source: Source) -> Iterator[tuple[str, Change]]:
    """Negate a condition, have it hold always or never, and leave it out."""
    for call in source.calls:
        keyword = source.keyword(call, "when")
        if keyword is None:
            continue
        where = ast.unparse(keyword.value)
        was = copy.deepcopy(keyword.value)

        def negated(node: Any, was: ast.expr = was) -> None:
            made = _always("not condition(answers)")
            found = next(n for n in ast.walk(made) if isinstance(n, ast.Call))
            found.func = was
            node.value = made

        yield "condition negated", (where, _at(source, keyword, negated))
        for word, value in (("always", "True"), ("never", "False")):

            def constant(node: Any, value: str = value) -> None:
                node.value = _always(value)

            yield f"condition {word} holds", (where, _at(source, keyword, constant))

        def dropped(node: Any) -> None:
            node.keywords = [each for each in node.keywords if each.arg != "when"]

        yield "condition left out", (where, _at(source, call, dropped))


OTHER: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE,
    ast.LtE: ast.Lt,
    ast.Gt: ast.GtE,
    ast.GtE: ast.Gt,
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
}


def comparisons(source: Source) -> Iterator[tuple[str, Change]]:
    """Change how a function of a step compares, and what it compares with."""
    for name, function in source.functions():
        for node in ast.walk(function):
            if not isinstance(node, ast.Compare):
                continue
            where = f"{name}: {ast.unparse(node)}"

            def other(found: Any) -> None:
                found.ops[0] = OTHER[type(found.ops[0])]()

            if type(node.ops[0]) in OTHER:
                yield "comparison changed", (where, _at(source, node, other))
            for constant in [n for n in ast.walk(node) if isinstance(n, ast.Constant)]:
                yield (
                    "constant changed",
                    (where, _at(source, constant, _other_constant)),
                )
            for known in [n for n in ast.walk(node) if isinstance(n, ast.Name)]:
                value = _assigned(source, known.id)
                if value is not None:
                    yield (
                        "constant changed",
                        (f"{known.id} in {where}", _at(source, value, _other_constant)),
                    )


def _assigned(source: Source, name: str) -> ast.Constant | None:
    for node in source.tree.body:
        if isinstance(node, ast.Assign) and _name_of(node.targets[0]) == name:
            return node.value if isinstance(node.value, ast.Constant) else None
    return None


def _other_constant(node: Any) -> None:
    is_text = isinstance(node.value, str)
    node.value = f"{node.value}x" if is_text else node.value + 1


def names(source: Source) -> Iterator[tuple[str, Change]]:
    """Misspell the name of a step, and of a field, in a function of a step."""
    for name, function in source.functions():
        for node in ast.walk(function):
            if not isinstance(node, ast.Attribute) or not _is_read(node):
                continue
            where = f"{name}: {ast.unparse(node)}"

            def misspelt(found: Any) -> None:
                found.attr = f"{found.attr}s"

            yield "name misspelt", (where, _at(source, node, misspelt))


def _is_read(node: ast.Attribute) -> bool:
    """True for ``answers.you``, and for ``answers.you.age``."""
    inner: ast.AST = node.value
    if isinstance(inner, ast.Attribute):
        inner = inner.value
    return isinstance(inner, ast.Name) and inner.id == "answers"


def steps(source: Source) -> Iterator[tuple[str, Change]]:
    """Leave a step out, and move it behind the others."""
    for node in source.classes:
        body: Any = node.body
        found = [
            each
            for each in body
            if isinstance(each, ast.Assign) and _name_of(each.value) in STEPS
        ]
        for each in found if len(found) > 1 else ():
            name = _name_of(each.targets[0])
            where = f"{node.name}.{name}"

            def dropped(cls: Any, name: str = name) -> None:
                cls.body = [
                    n
                    for n in cls.body
                    if not (
                        isinstance(n, ast.Assign) and _name_of(n.targets[0]) == name
                    )
                ]

            if _name_of(each.value) in ("Step", "Repeat"):
                yield "step left out", (where, _at(source, node, dropped))
            if any(_reads(source, later, name) for later in found):

                def moved(cls: Any, name: str = name, last: Any = found[-1]) -> None:
                    mine = next(
                        n
                        for n in cls.body
                        if isinstance(n, ast.Assign) and _name_of(n.targets[0]) == name
                    )
                    cls.body.remove(mine)
                    after = _name_of(last.targets[0])
                    places = [
                        at
                        for at, n in enumerate(cls.body)
                        if isinstance(n, ast.Assign) and _name_of(n.targets[0]) == after
                    ]
                    cls.body.insert(places[0] + 1 if places else len(cls.body), mine)

                if each is not found[-1]:
                    yield (
                        "step moved behind its reader",
                        (where, _at(source, node, moved)),
                    )


def _reads(source: Source, step: Any, name: str) -> bool:
    """True if the condition of a step, or another function of it, reads a step."""
    for word in ("when", "prepare", "over"):
        keyword = source.keyword(step.value, word)
        if keyword is None:
            continue
        for _, function in source._function(keyword.value, word, set()):
            for node in ast.walk(function):
                is_read = isinstance(node, ast.Attribute) and _is_read(node)
                if is_read and ast.unparse(node) == f"answers.{name}":
                    return True
    return False


CONTRADICTION = "__import__('wtforms').validators.{}"
IMPOSSIBLE: Mapping[str, str] = {
    "IntegerField": "NumberRange(min=9, max=3, message='Impossible')",
    "DateField": "AnyOf(['never'], message='Impossible')",
    "": "AnyOf([object()], message='Impossible')",
}


def validators(source: Source) -> Iterator[tuple[str, Change]]:
    """Contradict the validators of a field, and leave out that it is required."""
    for where, call in source.fields():
        found = next((n for n in call.args if isinstance(n, ast.List)), None)
        if found is None:
            continue
        kind = _name_of(call)

        def contradicted(node: Any, kind: str = kind) -> None:
            text = CONTRADICTION.format(IMPOSSIBLE.get(kind, IMPOSSIBLE[""]))
            node.elts.append(ast.parse(text, mode="eval").body)

        if any(_name_of(n) in REQUIRED for n in found.elts):
            yield "validators contradictory", (where, _at(source, found, contradicted))

            def optional(node: Any) -> None:
                node.elts = [
                    ast.parse(
                        "__import__('wtforms').validators.Optional()", mode="eval"
                    ).body
                    if _name_of(n) in REQUIRED
                    else n
                    for n in node.elts
                ]

            yield "required no more", (where, _at(source, found, optional))


def only_ifs(source: Source) -> Iterator[tuple[str, Change]]:
    """Have a field count with a value that the other one never has."""
    for where, call in source.fields():
        for node in ast.walk(call):
            is_condition = isinstance(node, ast.Call) and _name_of(node) == "OnlyIf"
            value = (
                node.args[1] if isinstance(node, ast.Call) and is_condition else None
            )
            if isinstance(value, ast.Constant):
                changed = _at(source, value, _other_constant)
                yield "OnlyIf misspelt", (where, changed)


def choices(source: Source) -> Iterator[tuple[str, Change]]:
    """Rename a choice that a function of a step names."""
    named = {
        constant.value
        for _, function in source.functions()
        for constant in ast.walk(function)
        if isinstance(constant, ast.Constant) and isinstance(constant.value, str)
    }
    for where, call in source.fields():
        for keyword in call.keywords:
            if keyword.arg != "choices":
                continue
            for node in ast.walk(keyword.value):
                if isinstance(node, ast.Constant) and node.value in named:
                    yield (
                        "choice renamed",
                        (f"{where} {node.value}", _at(source, node, _other_constant)),
                    )


def lists(source: Source) -> Iterator[tuple[str, Change]]:
    """Ask for more items than there may be, and for none."""
    for call in source.calls:
        if _name_of(call) != "Repeat":
            continue
        where = ast.unparse(call.args[0])
        least, over = source.keyword(call, "min"), source.keyword(call, "over")
        if least is not None:

            def none(node: Any) -> None:
                node.value = ast.Constant(0)

            yield "no item is needed", (where, _at(source, least, none))
        if over is not None:

            def empty(node: Any) -> None:
                node.value = _always("[]")

            yield "list always empty", (where, _at(source, over, empty))


OPERATORS = (
    conditions,
    comparisons,
    names,
    steps,
    validators,
    only_ifs,
    choices,
    lists,
)


def _at(source: Source, node: ast.AST, change: Callable[[Any], None]) -> Any:
    """Return a function that changes the same node in a copy of the source."""
    position = next(n for n, found in enumerate(ast.walk(source.tree)) if found is node)

    def apply(tree: ast.AST) -> None:
        found = next(n for at, n in enumerate(ast.walk(tree)) if at == position)
        change(found)

    return apply


@dataclass(frozen=True)
class Fault:
    """One fault in one wizard."""

    seeded: Seeded
    operator: str
    where: str
    change: Callable[[ast.AST], None]

    def __str__(self) -> str:
        wizard = f"{self.seeded.document} {self.seeded.wizard}"
        return f"{wizard}, {self.operator}: {self.where}"


def faults() -> list[Fault]:
    """Every fault that the operators make."""
    found = []
    for seeded in SEEDED:
        source = Source(ast.parse(seeded.source), seeded.wizard)
        for operator in OPERATORS:
            for name, (where, change) in operator(source):
                found.append(Fault(seeded, name, where, change))
    return found


def some_faults(count: int) -> list[Fault]:
    """So many of them, drawn by lot, with each operator as often as another."""
    by_operator: dict[str, list[Fault]] = {}
    for fault in faults():
        by_operator.setdefault(fault.operator, []).append(fault)
    lot = random.Random(SEED)
    for each in by_operator.values():
        lot.shuffle(each)
    found: list[Fault] = []
    while len(found) < count and any(by_operator.values()):
        for each in by_operator.values():
            if each and len(found) < count:
                found.append(each.pop())
    return found


def findings(seeded: Seeded, wizard: type[Wizard]) -> list[str]:
    """What `prove` and `check` find in a wizard."""
    app = _app(wizard)
    with app.test_request_context():
        proof = prove(wizard, seeded.properties, samples=seeded.samples, most=20_000)
        checked = check_definitions(app)
    return [each.key("") for each in proof.findings] + [each.key for each in checked]


def _app(wizard: type[Wizard]) -> Flask:
    app = Flask("seeded")
    app.config.update(SECRET_KEY="seeded" * 9, WIZARD_STORE="memory:")
    FlaskWizard(app)
    app.register_blueprint(wizard.as_blueprint("seeded"), url_prefix="/seeded")
    return app


@cache
def original(seeded: Seeded) -> frozenset[str]:
    """What is found in the wizard as it is."""
    tree = ast.parse(seeded.source)
    return frozenset(findings(seeded, seeded.build(tree)))


def named(fault: Fault) -> list[str]:
    """What names a fault: what is found now, and was not before."""
    tree = ast.parse(fault.seeded.source)
    fault.change(tree)
    ast.fix_missing_locations(tree)
    before = original(fault.seeded)
    logging.disable(logging.CRITICAL)
    try:
        wizard = fault.seeded.build(tree)
        found = findings(fault.seeded, wizard)
    except WizardError as error:
        return [f"{type(error).__name__}: {error}"]
    finally:
        logging.disable(logging.NOTSET)
    return [key for key in found if key not in before]
