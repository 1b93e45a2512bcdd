"""Random pairs of versions of a wizard that take turns on one draft."""

from __future__ import annotations

from contextlib import suppress
from random import Random
from typing import Any

from apps import MakeApp
from cachelib import SimpleCache
from fuzz import effort
from hypothesis import given
from hypothesis import strategies as st
from store_wrappers import Probe
from version_operators import OPERATORS, Version
from visitor import Page, Visitor, attribute
from wtforms import Form, StringField, TextAreaField
from wtforms.validators import InputRequired

from flask_wizard import DefinitionError, Info, Item, OnlyIf, Repeat, Review, Step
from flask_wizard.core.draft import Filled
from flask_wizard.stores.memory import MemoryStore


class You(Form):
    name = StringField("Name", [InputRequired()])
    nick = StringField("Nickname", [OnlyIf("name", lambda name: name != "")])


class Home(Form):
    street = StringField("Street", [InputRequired()])
    town = TextAreaField("Town")


class Pet(Form):
    pet = StringField("Pet", [InputRequired()])
    chip = StringField("Chip")


class Child(Item):
    who = Step(type("Who", (Form,), {"child": StringField("Child")}))
    school = Step(type("School", (Form,), {"school": StringField("School")}))


STEPS = {
    "intro": Info(),
    "you": Step(You),
    "home": Step(Home, when=lambda answers: True),
    "pets": Repeat(Pet),
    "children": Repeat(Child, singular="child"),
    "check": Review(),
}
# What raises is the application's own fault, and hides what the framework does.
HARMLESS = sorted(name for name in OPERATORS if not name.startswith("break"))
TURNS = st.lists(
    st.tuples(
        st.booleans(), st.integers(0, 7), st.sampled_from(("next", "save", "autosave"))
    ),
    min_size=3,
    max_size=9,
)


def changed(names: list[str], random: Random) -> Version:
    """The version that some operators make, as far as they can be applied."""
    found = Version(STEPS)
    for name in names:
        with suppress(DefinitionError):
            made = OPERATORS[name](found, random)
            if made is not None:
                if made.body and "version" in made.body:
                    made = made._replace(body={"version": 2})
                made.declared()
                found = made
    return found


def texts(page: Page) -> dict[str, str]:
    """The inputs that can be typed into, and what they show."""
    nodes = page.html.query("main input, main textarea")
    names = {
        attribute(node, "name")
        for node in nodes
        if (attribute(node, "type") or "text") in ("text", "number")
    }
    return {name: page.value(name) or "" for name in sorted(names)}


def origin(name: str) -> str:
    return name.split("-")[0].removesuffix("_now").removesuffix("_now")


def sent_in(filled: Filled) -> set[str]:
    """All that a draft, or an item, has."""
    found = {
        t for entry in filled.entries.values() for ts in entry.raw.values() for t in ts
    }
    for step in filled.packed_items:
        for item in filled.items(step):
            found |= sent_in(item)
    return found


def replaced(filled: Filled, path: str, sent: dict[str, str]) -> set[str]:
    """What an item of this page has in the fields that are sent.

    The old version does not see what the new one has moved to the first of several
    pages, and shows these fields blank.
    """
    fields = {origin(control) for control in sent}
    items = [i for step in filled.packed_items for i in filled.items(step)]
    texts = {text for i in items if f"/{i.id}" in path for text in sent_in(i)}
    return {text for text in texts if text.partition(".")[0] in fields}


@effort(12)
@given(
    st.lists(st.sampled_from(HARMLESS), min_size=1, max_size=3),
    st.integers(0, 999),
    TURNS,
)
def test_versions_take_turns_on_a_draft(
    make_app: MakeApp, names: list[str], seed: int, turns: list[tuple[bool, int, str]]
) -> None:
    random = Random(seed)
    versions = Version(STEPS), changed(names, random)
    store = Probe(MemoryStore(SimpleCache()))
    apps = [make_app(each.declared(), store=store) for each in versions]
    visitor = Visitor(apps[0])
    visitor.open()
    visitor.press()
    draft, count = visitor.draft, 0
    live: set[str] = set()
    turns = [*((False, 0, "next") for _ in range(random.randint(1, 6))), *turns]
    for is_new, place, action in turns:
        version, app = versions[is_new], apps[is_new]
        visitor = visitor.twin(app)
        steps = list(version.steps)
        name = "" if place == 0 else steps[place % len(steps)].replace("_", "-")
        page = visitor.open(draft + name)
        assert page.status == 200
        if "add" in page.buttons and not texts(page):
            items = [
                u
                for u in page.links.values()
                if "/remove" not in u and len(u.split("/")) > 4
            ]
            inner = random.choice([*items, f"{page.path}/new"])
            if random.random() < 0.7:
                page = visitor.open(inner)
                assert page.status == 200
        shown = texts(page)
        for control, text in shown.items():
            assert text == "" or text.startswith(f"{origin(control)}."), control
        sent = {}
        for control in shown:
            count += 1
            sent[control] = f"{origin(control)}.{count}"
        if action not in page.buttons and action != "autosave":
            action = "next"
        if page.heading.startswith("Check") and action == "next":
            continue
        answer = visitor.send(action, sent)
        assert answer.status_code in (204, 303, 409), answer.status
        repository: Any = app.extensions["flask_wizard"].repository(app)
        stored, _ = repository.load(draft.split("/")[2])
        assert stored is not None
        if answer.status_code != 409:
            gone = {*shown.values(), *replaced(stored, page.path, sent)}
            live = (live - gone) | set(sent.values())
        assert not stored.ended
        lost = live - sent_in(stored)
        assert not lost, (lost, names, page.path, action)
