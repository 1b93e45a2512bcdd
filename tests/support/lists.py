"""A wizard with a list, and the requests to it, without an application around it."""

from __future__ import annotations

from functools import partial
from typing import Any

import wizards
from wizards import EMPTY
from wtforms import FileField, Form, PasswordField, StringField
from wtforms.validators import InputRequired

from flask_wizard import Answers, Item, Repeat, Review, Step, Wizard
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.items import derive_id
from flask_wizard.core.journey import Journey
from flask_wizard.core.repeats import BoundRepeat

declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


class Pet(Form):
    name = StringField("Name", [InputRequired("Name?")])
    kind = StringField("Kind")


class Photo(Form):
    photo = FileField("Photo")


class Who(Form):
    name = StringField("Name", [InputRequired("Name?")])
    pin = PasswordField("Pin")


class School(Form):
    school = StringField("School", [InputRequired("School?")])


class Child(Item):
    who = Step(Who)
    school = Step(School, when=lambda answers: answers.who.name != "baby")


def name_of(item: Any) -> str:
    return str(item.name)


def wizard_of(repeat: Repeat) -> type[Wizard]:
    return declare(first=Step(Pet), pets=repeat, last=Step(Pet), check=Review())


class Site:
    """A draft of a wizard with a list, and the requests to it."""

    def __init__(self, repeat: Repeat, draft: Draft = EMPTY, **more: Any) -> None:
        self.wizard = wizard_of(repeat)
        self.draft = draft
        self.more = more
        if "first" not in draft.entries:
            self.send("first", name="x")

    @property
    def journey(self) -> Journey:
        return Journey(self.wizard.steps, self.draft, **self.more)

    @property
    def list(self) -> BoundRepeat:
        bound = self.journey.bind("pets")
        assert isinstance(bound, BoundRepeat)
        return bound

    @property
    def answers(self) -> Answers:
        journey = self.journey
        journey.walk()
        return journey.answers

    def store(self, journey: Journey) -> BoundRepeat:
        self.draft = decode(encode(journey.to_draft()))
        return self.list

    def send(self, step: str, *, validate: bool = True, **sent: str) -> BoundRepeat:
        values = Values((name, [text]) for name, text in sent.items())
        return self.store(self.journey.submit(step, values, validate=validate))

    def fill(
        self, id: str, page: str = "", *, validate: bool = True, **sent: str
    ) -> BoundRepeat:
        """A POST to a page of an item, which begins one if there is none."""
        repeat = self.list
        item = repeat.find(id) or repeat.new_item(id)
        values = Values((name, [text]) for name, text in sent.items())
        onward = item.walk.submit(page, values, validate=validate)
        return self.store(onward.whole)

    def leave(self, repeat: BoundRepeat) -> BoundRepeat:
        journey = self.journey
        return self.store(journey.go_on_with(repeat, repeat.write_to(journey.draft)))


def pets(*names: str, **more: Any) -> Site:
    site = Site(Repeat(Pet, **{"label": name_of, **more}))
    for name in names:
        site.fill(name, name=name)
    return site


def ids(repeat: BoundRepeat) -> list[str]:
    return [item.id for item in repeat.items]


def child(name: str = "Ada", pin: str = "") -> Site:
    site = Site(Repeat(Child, label=lambda item: item.who.name))
    site.fill("i", "who", name=name, pin=pin)
    return site


def over(answers: Answers) -> Any:
    return [(word, word.title()) for word in answers.first.name.split(",") if word]


def rooms(first: str = "a,b", form: Any = Pet, **more: Any) -> Site:
    site = Site(Repeat(form, over=over, **more))
    site.send("first", name=first)
    return site


def room(key: object, name: str = "pets") -> str:
    return derive_id("over", name, type(key).__name__, str(key))


def prefilled(data: Any, draft: Draft = EMPTY, **more: Any) -> Site:
    return Site(
        Repeat(Pet, **more),
        draft,
        initial=lambda name, answers: data if name == "pets" else None,
        prefilled=True,
    )
