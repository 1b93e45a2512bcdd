"""The forecast of rehearse is what happens, over versions made by operators."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Any

import pytest
from apps import MakeApp
from cachelib import SimpleCache
from documents import run_blocks
from flask import Flask
from store_wrappers import Probe
from version_operators import OPERATORS, Version
from visitor import Page, Visitor, attribute

from example_app.checkout import Checkout
from example_app.club import Club
from flask_wizard import DefinitionError, Review, Wizard
from flask_wizard.core.forecast import Asked
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.web.all_drafts import request_context, visit_of
from flask_wizard.web.rehearsal import outcome_of, rehearse

DOCUMENTS = (
    "README.md",
    "docs/devices.md",
    "docs/guide.md",
    "docs/lists.md",
    "docs/school_trip.md",
    "docs/versions.md",
)
PAIRS = 10  # 500 by `make fuzz`
LONG = 14  # pages

TEXTS = {
    "email": ("ada@example.org", "mum@example.org"),
    "number": ("12", "30", "2"),
    "date": ("1980-05-05", "2015-05-05"),
    "tel": ("+44 20 7946 0000",),
    "password": ("correct horse battery",),
}
OTHERS = ("Ada", "12", "12345", "ada@example.org", "1980-05-05", "Ada Byron")


@pytest.fixture
def wizards(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[type[Wizard]]:
    """The wizards of the example and of the documents."""
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(tmp_path))
    found: list[type[Wizard]] = [Checkout, Club]
    for document in DOCUMENTS:
        for value in run_blocks(document).values():
            is_wizard = isinstance(value, type) and issubclass(value, Wizard)
            if is_wizard and not value._abstract and value not in found:
                found.append(value)
    return found


# A visitor who fills in whatever there is


def typed(page: Page, random: Random, tries: int) -> dict[str, str | list[str] | None]:
    """Something for each control; other things at another try."""
    found: dict[str, str | list[str] | None] = {}
    options: dict[str, list[str]] = {}
    for node in page.html.query("main input, main textarea, main select"):
        name, kind = attribute(node, "name"), attribute(node, "type") or "text"
        if kind in ("hidden", "file", "submit") or not name:
            continue
        if kind in ("radio", "checkbox"):
            options.setdefault(name, []).append(attribute(node, "value"))
        elif node.name == "select":
            values = [attribute(each, "value") for each in node.query("option")]
            options.setdefault(name, []).extend(filter(None, values))
        else:
            texts = TEXTS.get(kind, OTHERS)
            found[name] = texts[tries % len(texts)]
    for name, values in options.items():
        found[name] = random.choice(values) if values else None
    return found


def step_of(page: Page) -> str:
    return page.path.split("/")[3].replace("-", "_")


def goes_on(visitor: Visitor, random: Random) -> bool:
    """Fill in one page and continue. False if nothing that is tried is valid."""
    path = visitor.page.path
    if step_of(visitor.page) in ("receipt", "saved"):
        return False
    is_list = "add" in visitor.page.buttons and len(path.split("/")) == 4
    if is_list and random.random() < 0.4:
        visitor.press("add")
        return visitor.page.path != path
    for tries in range(6):
        page = visitor.press("next", typed(visitor.page, random, tries))
        if page.path != path:
            return True
    if is_list:
        visitor.press("add")
    return visitor.page.path != path


@dataclass
class Left:
    """A draft as its visitor has left it."""

    visitor: Visitor
    url: str
    #: The steps whose Continue was accepted.
    passed: set[str] = field(default_factory=set)
    #: The step that the visitor has left with something in it, unfinished.
    open: str = ""

    @property
    def id(self) -> str:
        return self.url.split("/")[2]


def leave(app: Flask, random: Random, pages: int) -> Left | None:
    visitor = Visitor(app)
    page, left = visitor.open(), None
    for _ in range(pages):
        was = step_of(page)
        if was in ("check", "receipt") or "Check" in page.heading:
            break
        if not goes_on(visitor, random):
            break
        page = visitor.page
        left = left or Left(visitor, visitor.page.path.rsplit("/", 1)[0])
        left.url = "/".join(page.path.split("/")[:3]) + "/"
        if step_of(page) != was:
            left.passed.add(was)
    if left is None:
        return None
    values = typed(page, random, 0)
    if random.random() < 0.2 and "save" in page.buttons and values:
        left.open = step_of(page)
        visitor.press("save", values)
    links = visitor.open(left.url).links.values()
    if any(url.endswith("/remove") for url in links):
        left.open = step_of(visitor.page)
    return left


# What is foretold, and what happens


def foretold(app: Flask, left: Left) -> Asked | str | None:
    repository = app.extensions["flask_wizard"].repository(app)
    draft, version = repository.load(left.id)
    with request_context(app):
        visit = visit_of(draft, Wizard._find)
        assert visit is not None
        return outcome_of(draft, version, visit)


@dataclass
class Outcome:
    """What the test client has met."""

    found: Asked | str | None
    #: False if the walk could not be gone to its commit.
    is_whole: bool = True
    #: Where the draft stands.
    first: str = ""


def outcome(left: Left, app: Flask, version: Version, random: Random) -> Outcome:
    visitor = left.visitor.twin(app)
    try:
        page = visitor.open(left.url)
    except Exception as error:  # TESTING lets it through
        return Outcome(type(error).__name__)
    if page.status != 200:
        return Outcome("refused")
    names = list(version.steps)
    first = step_of(page)
    passed = {n for n in names if version.was.get(n, n) in left.passed}
    if first in passed:
        return Outcome(Asked(first, "again"))
    at = names.index(first)
    is_left = left.open == version.was.get(first, first)
    is_review = isinstance(version.steps[first], Review)
    if not is_left and not is_review and passed & {*names[at + 1 :]}:
        return Outcome(Asked(first, "new"))
    try:
        return _to_the_commit(visitor, names, at, random)
    except Exception as error:  # perhaps of a page that nobody has foretold
        return Outcome(type(error).__name__, is_whole=False, first=first)


def _to_the_commit(
    visitor: Visitor, names: list[str], at: int, random: Random
) -> Outcome:
    for _ in range(LONG):
        name = step_of(visitor.page)
        if name == "receipt":
            return Outcome(None)
        if names.index(name) < at:
            return Outcome(Asked(name, "commit"))
        if not goes_on(visitor, random):
            break
    is_end = step_of(visitor.page) == "receipt"
    return Outcome(None, is_whole=is_end, first=names[at])


def agrees(told: Asked | str | None, real: Outcome) -> bool:
    if isinstance(told, str) and isinstance(real.found, str):
        return real.found == "refused" or real.found in told
    if real.is_whole:
        return told == real.found
    # Nobody has come as far as the commit, which alone would show it.
    at_commit = isinstance(told, Asked) and told.why == "commit"
    behind = isinstance(told, str) and not told.endswith(f" at {real.first}")
    return told is None or at_commit or behind


def kind_of(told: Asked | str | None) -> str:
    if isinstance(told, Asked):
        return f"asked: {told.why}"
    return "refused" if told is not None else "goes on"


def versions(
    wizard: type[Wizard], operator: str, random: Random
) -> Iterator[tuple[Version, type[Wizard]]]:
    """Versions of a wizard that can be declared."""
    for _ in range(5):
        old = Version({step.name: step for step in wizard.steps})
        with suppress(DefinitionError):
            if (found := OPERATORS[operator](old, random)) is not None:
                yield found, found.declared()


def old_version(wizard: type[Wizard]) -> type[Wizard]:
    return Version({step.name: step for step in wizard.steps}).declared()


def test_forecast_is_the_outcome(
    make_app: MakeApp, wizards: list[type[Wizard]], capsys: pytest.CaptureFixture[str]
) -> None:
    factor = float(os.environ.get("WIZARD_EXAMPLES", "1"))
    pairs = min(int(PAIRS * factor), 500)
    random = Random(0 if os.environ.get("CI") == "true" else None)
    pool: dict[type[Wizard], tuple[Probe, list[Left], dict[str, Any]]] = {}
    done: Counter[str] = Counter()
    met: Counter[str] = Counter()
    walks = 0
    names = list(OPERATORS)
    while done.total() < pairs:
        operator, wizard = names[walks % len(names)], random.choice(wizards)
        walks += 1
        assert walks < 20 * pairs
        made = next(versions(wizard, operator, random), None)
        if made is None:
            continue
        if wizard not in pool:
            store = Probe(MemoryStore(SimpleCache()))
            app = make_app(old_version(wizard), store=store)
            left = [leave(app, random, n) for n in (2, 5, 14)]
            kept = [each for each in left if each is not None]
            pool[wizard] = store, kept, dict(store.snapshot())
        store, drafts, snapshot = pool[wizard]
        version, new = made
        app = make_app(new, store=store)
        told = [foretold(app, each) for each in drafts]
        (counted,) = rehearse(app, Wizard._find, report=lambda _: None).values()
        assert counted.go_on == told.count(None)
        assert counted.total == len(drafts)
        for each, foresaid in zip(drafts, told, strict=True):
            real = outcome(each, app, version, random)
            assert agrees(foresaid, real), (
                operator,
                wizard.__name__,
                list(version.steps),
                each.passed,
                each.open,
                foresaid,
                real,
            )
            met[kind_of(foresaid)] += 1
            met["not walked to the commit"] += not real.is_whole
        store.restore(snapshot)
        done[operator] += 1
    with capsys.disabled():
        print()
        for name, count in [*sorted(done.items()), *sorted(met.items())]:
            print(f"{count:>6}  {name}")
    assert done.total() == pairs
    assert met["goes on"]
    assert met.total() > pairs
    if pairs >= 3 * len(OPERATORS):
        assert {"asked: again", "asked: new", "asked: commit", "refused"} <= met.keys()
        assert len(done) == len(OPERATORS)
