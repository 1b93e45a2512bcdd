"""Lists in random hands: whatever happens, no item is lost and none is misjudged."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from fuzz import effort
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    rule,
    run_state_machine_as_test,
)
from wizards import declare
from wtforms import Form, StringField, ValidationError
from wtforms.validators import InputRequired

from flask_wizard import Item, Repeat, Step
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.items import derive_id
from flask_wizard.core.journey import Journey
from flask_wizard.core.repeats import BoundRepeat
from flask_wizard.core.submission import Submission


class OwnerForm(Form):
    name = StringField(validators=[InputRequired()])


class WhoForm(Form):
    name = StringField(validators=[InputRequired()])

    def validate_name(self, field: StringField) -> None:
        taken = {item.who.name for item in self.meta.items}
        if field.data in taken | {self.meta.answers.owner.name}:
            raise ValidationError("taken")


class MoreForm(Form):
    more = StringField(validators=[InputRequired()])


class Member(Item):
    who = Step(WhoForm)
    more = Step(MoreForm, when=lambda answers: answers.who.name.startswith("m"))


class ShareForm(Form):
    share = StringField(validators=[InputRequired()])


Household = declare(
    "Household",
    commit=lambda self, submission: None,
    owner=Step(OwnerForm),
    members=Repeat(Member, max=4, label=lambda member: member.who.name),
    shares=Repeat(
        ShareForm,
        over=lambda answers: [(m.item_id, m.who.name) for m in answers.members],
    ),
)

NAMES = st.sampled_from(("", "ann", "bob", "max", "mia"))
TEXTS = st.sampled_from(("", "x", "y"))
ACTIONS = st.sampled_from(("next", "next", "save", "autosave"))
PLACES = st.integers(0, 5)


@dataclass
class Sheet:
    """One page of the model: what was sent last, and whether Continue took it."""

    text: str = ""
    accepted: bool = False
    sent: bool = False

    def send(self, text: str, *, is_next: bool, valid: bool) -> None:
        if is_next:
            self.accepted = valid
        elif not self.sent or text != self.text:
            self.accepted = False
        self.text, self.sent = text, True


@dataclass
class Person:
    """One item of the model."""

    id: str
    who: Sheet = field(default_factory=Sheet)
    more: Sheet = field(default_factory=Sheet)
    share: Sheet = field(default_factory=Sheet)


class Sharing(RuleBasedStateMachine):
    """A draft with two lists, beside its model."""

    def __init__(self) -> None:
        super().__init__()
        self.draft = Draft("d", "m", (), 0.0, 0.0, "s")
        self.owner = Sheet()
        self.people: list[Person] = []
        self.gone: dict[str, Sheet] = {}
        self.lists = {"members": False, "shares": False}
        self.count = 0

    # The model

    def taken(self, person: Person) -> set[str]:
        before = self.people[: self.people.index(person)]
        return {self.owner.text} | {p.who.text for p in before if self.is_done(p)}

    def fits(self, person: Person, text: str) -> bool:
        return bool(text) and text not in self.taken(person)

    def is_done(self, person: Person) -> bool:
        if not (person.who.accepted and self.fits(person, person.who.text)):
            return False
        return not person.who.text.startswith("m") or person.more.accepted

    @property
    def reaches_list(self) -> bool:
        return self.owner.accepted

    @property
    def members_done(self) -> bool:
        return self.lists["members"] and all(map(self.is_done, self.people))

    @property
    def shares_done(self) -> bool:
        accepted = all(person.share.accepted for person in self.people)
        return not self.people or (self.lists["shares"] and accepted)

    # The draft

    @property
    def journey(self) -> Journey:
        return Journey(Household.steps, decode(encode(self.draft)))

    def repeat(self, name: str = "members") -> BoundRepeat:
        found = self.journey.bind(name)
        assert isinstance(found, BoundRepeat)
        return found

    def keep(self, journey: Journey) -> None:
        self.draft = decode(encode(journey.to_draft()))

    def send_page(self, page: Any, name: str, text: str, action: str) -> None:
        walk = page.journey.submit(
            page,
            Values({name: [text]}),
            validate=action == "next",
            autosave=action == "autosave",
        )
        self.keep(walk.whole)

    def is_next(self, action: str) -> bool:
        return action == "next" and self.reaches_list

    # What visitors do

    @rule(text=NAMES, action=ACTIONS)
    def sends_the_owner(self, text: str, action: str) -> None:
        self.send_page(self.journey.bind("owner"), "name", text, action)
        self.owner.send(text, is_next=action == "next", valid=bool(text))

    @rule(text=NAMES, action=ACTIONS)
    def adds_an_item(self, text: str, action: str) -> None:
        repeat = self.repeat()
        if repeat.is_full:
            return
        self.count += 1
        person = Person(derive_id("d", "members", str(self.count)))
        page = repeat.new_item(person.id).page()
        self.send_page(page, "name", text, action)
        if not text and not self.is_next(action):
            return  # as it came
        self.people.append(person)
        valid = self.reaches_list and self.fits(person, text)
        person.who.send(text, is_next=self.is_next(action), valid=valid)

    @rule(place=PLACES, text=NAMES, action=ACTIONS)
    def sends_the_first_page(self, place: int, text: str, action: str) -> None:
        if place >= len(self.people):
            return
        person = self.people[place]
        item = self.repeat().find(person.id)
        assert item is not None
        valid = self.reaches_list and self.fits(person, text)
        self.send_page(item.page("who"), "name", text, action)
        person.who.send(text, is_next=self.is_next(action), valid=valid)

    @rule(place=PLACES, text=TEXTS, action=ACTIONS)
    def sends_the_second_page(self, place: int, text: str, action: str) -> None:
        if place >= len(self.people):
            return
        person = self.people[place]
        item = self.repeat().find(person.id)
        assert item is not None
        opens = (
            self.reaches_list
            and person.who.accepted
            and self.fits(person, person.who.text)
            and person.who.text.startswith("m")
        )
        self.send_page(item.page("more"), "more", text, action)
        is_next = opens and action == "next"
        if text or is_next or person.more.sent:
            person.more.send(text, is_next=is_next, valid=bool(text))

    @rule(place=PLACES, text=TEXTS, action=ACTIONS)
    def sends_a_share(self, place: int, text: str, action: str) -> None:
        if place >= len(self.people) or not (self.reaches_list and self.members_done):
            return
        person = self.people[place]
        item = self.repeat("shares").items[place]
        self.send_page(item.page(), "share", text, action)
        person.share.send(text, is_next=action == "next", valid=bool(text))

    @rule(place=PLACES)
    def removes_an_item(self, place: int) -> None:
        if place >= len(self.people):
            return
        repeat = self.repeat().without_item(self.people.pop(place).id)
        journey = repeat.journey.whole
        self.keep(journey.go_on_with(repeat, repeat.write_to(journey.draft)))

    @rule(name=st.sampled_from(("members", "shares")))
    def continues(self, name: str) -> None:
        opens = self.reaches_list and (name == "members" or self.members_done)
        if name == "shares" and not self.people:
            opens = False
        self.keep(self.journey.submit(name, Values(), validate=True))
        if not opens:
            return
        if name == "members":
            self.lists[name] = all(map(self.is_done, self.people))
        else:
            self.lists[name] = all(person.share.accepted for person in self.people)

    # What must hold

    @invariant()
    def nothing_is_lost(self) -> None:
        items = self.draft.items("members")
        assert [item.id for item in items] == [person.id for person in self.people]
        for item, person in zip(items, self.people, strict=True):
            for page, name, sheet in (
                ("who", "name", person.who),
                ("more", "more", person.more),
            ):
                entry = item.entries.get(page)
                assert (entry is not None) == sheet.sent
                assert entry is None or entry.raw == {name: [sheet.text]}

    @invariant()
    def items_are_done_as_the_model_says(self) -> None:
        if not self.reaches_list:
            assert self.journey.current.name == "owner"
            return
        repeat = self.repeat()
        assert [i.done for i in repeat.items] == [*map(self.is_done, self.people)]
        assert repeat.done == self.members_done

    @invariant()
    def commit_gets_what_counts(self) -> None:
        journey = self.journey
        ends = self.reaches_list and self.members_done and self.shares_done
        assert (journey.first_incomplete is None) == ends
        if not ends:
            return
        data = Submission.of(journey).data
        expected = []
        for person in self.people:
            expected.append({"who": {"name": person.who.text}})
            if person.who.text.startswith("m"):
                expected[-1]["more"] = {"more": person.more.text}
        assert data["members"] == expected
        shares = [{"share": person.share.text} for person in self.people]
        assert data.get("shares", []) == shares
        assert all(bound.trusted for bound in journey.path)


def test_lists_hold_against_their_model() -> None:
    run_state_machine_as_test(
        Sharing, settings=settings(effort(60), stateful_step_count=25)
    )
