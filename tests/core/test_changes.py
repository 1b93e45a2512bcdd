"""What a POST leaves in the draft, to be told on the pages after it."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import wizards
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import Form, IntegerField, StringField
from wtforms.validators import InputRequired

from flask_wizard import Answers, Item, Repeat, Review, Step
from flask_wizard.core.changes import changed_fields, draft_after
from flask_wizard.core.draft import Draft, Entry, StoredFile, decode, encode, pack_files
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey

declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


class You(Form):
    name = StringField("Name")
    age = IntegerField("Age", [InputRequired()])


class Pet(Form):
    pet = StringField("Pet")


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


Join = declare(
    you=Step(You),
    guardian=Step(Pet, when=is_minor),
    pet=Step(Pet),
    check=Review(),
)
MINOR = {"name": "Ada", "age": "7"}
ADULT = {"name": "Ada", "age": "40"}


def post(
    draft: Draft,
    step: str,
    sent: dict[str, str],
    *,
    validate: bool = True,
    from_review: bool = False,
    wizard: Any = Join,
) -> Draft:
    """One POST, and what is stored of it."""
    journey = Journey(wizard.steps, draft)
    before = journey.bind(step)
    values = Values((name, [text]) for name, text in sent.items())
    after = before.submit(values, validate=validate)
    assert after is not None
    onward = journey.go_on_with(after, after.write_to(draft))
    told = draft_after(onward, before, after, from_review=from_review)
    return decode(encode(told))


def whole() -> Draft:
    draft = post(EMPTY, "you", MINOR)
    draft = post(draft, "guardian", {"pet": "Eve"})
    return post(draft, "pet", {"pet": "Rex"})


def test_change_on_the_way_forward_is_not_marked() -> None:
    assert whole().changed == ()
    assert post(whole(), "you", {**MINOR, "name": "Eve"}).changed == ()


def test_change_that_the_visitor_came_back_for_is_marked() -> None:
    changed = post(whole(), "you", {**MINOR, "name": "Eve"}, from_review=True)
    assert changed.changed == (("you", "name"),)


def test_answer_that_is_sent_again_is_not_marked() -> None:
    assert post(whole(), "you", MINOR, from_review=True).changed == ()


def test_mark_is_gone_with_the_next_change_link() -> None:
    first = post(whole(), "you", {**MINOR, "name": "Eve"}, from_review=True)
    second = post(first, "pet", {"pet": "Max"}, from_review=True)
    assert second.changed == (("pet", "pet"),)


def test_mark_is_gone_with_the_next_save() -> None:
    first = post(whole(), "you", {**MINOR, "name": "Eve"}, from_review=True)
    assert post(first, "pet", {"pet": "Max"}).changed == ()


def test_steps_that_a_change_has_opened_are_marked_beside_it() -> None:
    draft = post(EMPTY, "you", ADULT)
    draft = post(draft, "pet", {"pet": "Rex"})
    first = post(draft, "you", MINOR, from_review=True)
    assert first.changed == (("you", "age"),)
    second = post(first, "guardian", {"pet": "Eve"}, from_review=True)
    assert second.changed == (("you", "age"), ("guardian", ""))


def test_field_that_is_changed_twice_is_marked_once() -> None:
    first = post(
        *(whole(), "you", {"name": "Eve", "age": "x"}),
        from_review=True,
    )
    assert first.changed == (("you", "age"), ("you", "name"))
    second = post(first, "you", {"name": "Eve", "age": "7"}, from_review=True)
    assert second.changed == (("you", "age"), ("you", "name"))


def test_step_that_a_change_hides_is_named_with_its_cause() -> None:
    assert post(whole(), "you", ADULT).unneeded == {"guardian": "you"}


def test_hidden_step_is_told_once() -> None:
    hidden = post(whole(), "you", ADULT)
    assert post(hidden, "pet", {"pet": "Max"}).unneeded == {"guardian": ""}


def test_step_that_has_come_back_is_no_longer_unneeded() -> None:
    hidden = post(whole(), "you", ADULT)
    assert post(hidden, "you", MINOR).unneeded == {}


def test_step_without_accepted_answers_is_not_told_to_be_hidden() -> None:
    draft = post(EMPTY, "you", MINOR)
    draft = post(draft, "guardian", {"pet": "Eve"}, validate=False)
    assert post(draft, "you", ADULT).unneeded == {}


def test_change_that_is_not_accepted_hides_nothing() -> None:
    assert post(whole(), "you", {"name": "Ada", "age": ""}).unneeded == {}
    assert post(whole(), "you", ADULT, validate=False).unneeded == {}


def test_change_that_was_saved_first_hides_when_it_is_accepted() -> None:
    saved = post(whole(), "you", ADULT, validate=False)
    assert post(saved, "you", ADULT).unneeded == {"guardian": "you"}


def test_answers_sent_again_tell_nothing_new() -> None:
    hidden = post(whole(), "you", ADULT)
    assert post(hidden, "you", ADULT).unneeded == {"guardian": ""}


Twice = declare(
    you=Step(You),
    guardian=Step(Pet, when=is_minor),
    pet=Step(Pet, when=lambda answers: answers.you.age != 50),
    last=Step(Pet),
    check=Review(),
)


def untold() -> Draft:
    """A draft with a hidden step that no change of the visitor has hidden."""
    draft = whole()
    draft = post(post(draft, "you", ADULT), "last", {"pet": "x"}, wizard=Twice)
    return replace(draft, unneeded={})


@pytest.mark.parametrize("step", ["pet", "last"])
def test_step_behind_which_no_condition_stands_hides_nothing(step: str) -> None:
    assert post(untold(), step, {"pet": "Max"}, wizard=Twice).unneeded == {}


def test_step_that_has_not_changed_hides_nothing() -> None:
    assert post(untold(), "you", ADULT, wizard=Twice).unneeded == {}
    changed = post(untold(), "you", {**ADULT, "age": "41"}, wizard=Twice)
    assert changed.unneeded == {"guardian": "you"}


@pytest.mark.parametrize("validate", [True, False])
def test_step_that_does_not_open_is_not_judged(validate: bool) -> None:
    """What it has read is missing."""

    def prepare(form: Any, answers: Answers) -> None:
        form.pet.description = answers.you.name.upper()

    wizard = declare(
        you=Step(You),
        pet=Step(Pet, prepare=prepare),
        last=Step(Pet, when=lambda answers: True),
        check=Review(),
    )
    draft = post(EMPTY, "you", ADULT, wizard=wizard)
    draft = post(draft, "pet", {"pet": "Rex"}, wizard=wizard)
    draft = post(draft, "you", {"name": "Eve"}, validate=False, wizard=wizard)
    again = post(draft, "pet", {"pet": "Rex"}, validate=validate, wizard=wizard)
    assert again.entries["pet"].accepted


def test_page_that_nobody_has_touched_is_no_change() -> None:
    def initial(name: str, answers: Answers) -> object:
        return {"pet": "Rex"} if name == "pet" else None

    draft = post(EMPTY, "you", ADULT)
    journey = Journey(Join.steps, draft, initial=initial)
    before = journey.bind("pet")
    after = before.submit(Values({"pet": ["Rex"]}), validate=False)
    assert after is not None
    assert after.entry is None
    onward = journey.go_on_with(after, after.write_to(draft))
    assert draft_after(onward, before, after, from_review=True).changed == ()


def test_draft_after_a_save_keeps_what_the_steps_read() -> None:
    draft = post(EMPTY, "you", MINOR)
    assert draft.entries["you"].accepted
    assert draft.plain_prefix[0] == 1


# Items of several pages


class Child(Item):
    who = Step(You)
    school = Step(Pet, when=lambda answers: answers.who.age > 5)


Family = declare(you=Step(Pet), children=Repeat(Child), check=Review())


ID = "i" * 22


def item_post(
    draft: Draft, page: str, sent: dict[str, str], *, from_review: bool = False
) -> Draft:
    """One POST to a page of the only item."""
    journey = Journey(Family.steps, draft)
    repeat: Any = journey.bind("children")
    item = repeat.find(ID) or repeat.new_item(ID)
    before = item.walk.bind(page)
    values = Values((name, [text]) for name, text in sent.items())
    after = before.submit(values, validate=True)
    whole = item.walk.go_on_with(after, after.write_to(item.walk.draft)).whole
    return decode(encode(draft_after(whole, before, after, from_review=from_review)))


def family() -> Draft:
    draft = post(EMPTY, "you", {"pet": "x"}, wizard=Family)
    draft = item_post(draft, "who", {"name": "Max", "age": "7"})
    return item_post(draft, "school", {"pet": "Hill"})


def test_change_of_an_item_is_marked_by_its_page() -> None:
    draft = post(family(), "children", {}, wizard=Family)
    changed = item_post(draft, "who", {"name": "Mia", "age": "7"}, from_review=True)
    assert changed.changed == (("children", ID, "who", "name"),)


def test_page_of_an_item_that_a_change_hides_is_named_with_its_cause() -> None:
    hidden = item_post(family(), "who", {"name": "Max", "age": "3"})
    assert hidden.unneeded == {f"children/{ID}/school": "who"}


def test_change_of_an_item_that_hides_nothing_tells_nothing() -> None:
    assert item_post(family(), "who", {"name": "Mia", "age": "8"}).unneeded == {}
    assert item_post(family(), "school", {"pet": "Dale"}).unneeded == {}


def test_page_of_an_item_that_has_not_changed_hides_nothing() -> None:
    hidden = item_post(family(), "who", {"name": "Max", "age": "3"})
    draft = replace(hidden, unneeded={})
    assert item_post(draft, "who", {"name": "Max", "age": "3"}).unneeded == {}
    changed = item_post(draft, "who", {"name": "Max", "age": "4"})
    assert changed.unneeded == {f"children/{ID}/school": "who"}


# What has changed of a page


def entry(**fields: list[str]) -> Entry:
    return Entry.of(fields)


def with_files(*ids: str, **fields: list[str]) -> Entry:
    files = {id: StoredFile(id, "photo", "a.png") for id in ids}
    return Entry.of(fields, files=pack_files(files))


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        (None, entry(a=["x"]), [""]),
        (entry(a=["x"]), entry(a=["x"]), []),
        (entry(a=["x"]), entry(a=["y"]), ["a"]),
        (entry(b=["x"], a=["x"]), entry(), ["a", "b"]),
        (entry(), entry(b=["x"], a=["x"]), ["a", "b"]),
        (entry(a=["", "x"]), entry(a=["x"]), []),
        (entry(a=[""]), entry(), []),
        (entry(a=["x", "y"]), entry(a=["y", "x"]), ["a"]),
        (Entry.of({}, passwords={"pin": ["1"]}), entry(), ["pin"]),
        (with_files("f"), with_files("f"), []),
        (with_files("f"), with_files("g"), ["photo"]),
        (with_files("f"), with_files("f", "g"), ["photo"]),
        (with_files("f", photo=["x"]), with_files("f", photo=["y"]), ["photo"]),
        (with_files("f", photo=["x"]), entry(photo=["x"]), ["photo"]),
    ],
)
def test_fields_with_other_values_have_changed(
    old: Entry | None, new: Entry, expected: list[str]
) -> None:
    assert changed_fields(old, new) == expected
