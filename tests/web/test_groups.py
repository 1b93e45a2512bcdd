"""The rows of the check page in groups: headings, sections and marks."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest
from msgspec.structs import replace
from wizards import Pet, You, declare
from wtforms import Form, StringField

from flask_wizard import DefinitionError, Info, Repeat, Review, Step
from flask_wizard.core.draft import Draft
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.repeats import BoundRepeat
from flask_wizard.core.rows import Row
from flask_wizard.core.steps import AnyStep
from flask_wizard.web.groups import Group, groups_of, groups_of_rows

ITEM = "i" * 22


class One(Form):
    name = StringField("Name")


def steps(**body: AnyStep) -> Sequence[AnyStep]:
    wizard = declare("Wizard", commit=lambda self, submission: None, **body)
    return wizard.steps


def row(step: str, field: str = "name", label: str = "Name", **more: Any) -> Row:
    return Row(step, field, label, ("Ada",), f"{step}-{field}", **more)


def shown(groups: Sequence[Group]) -> list[tuple[str, str, int]]:
    """The section, the title and the level of each."""
    return [(group.section, str(group.title), group.level) for group in groups]


def test_each_step_has_a_group_in_order() -> None:
    you, pet = steps(you=Step(You, title="You"), pet=Step(Pet, title="Pet"))
    rows = {
        "pet": [row("pet"), row("pet", "age")],
        "you": [row("you"), row("you", "nick")],
    }
    groups = groups_of_rows(rows, [you, pet])
    assert groups == [
        Group(you, rows["you"], "You", groups[0].id, 2),
        Group(pet, rows["pet"], "Pet", groups[1].id, 2),
    ]
    assert groups[0].id != groups[1].id
    assert "you" in groups[0].id


def test_step_without_rows_has_no_group() -> None:
    found = steps(you=Step(You, title="You"), pet=Step(Pet, title="Pet"))
    assert shown(groups_of_rows({"you": [], "pet": [row("pet")] * 2}, found)) == [
        ("", "Pet", 2)
    ]


def test_only_row_needs_no_heading() -> None:
    found = steps(you=Step(One, title="You"), pet=Step(Pet, title="Pet"))
    rows = {"you": [row("you")], "pet": [row("pet")] * 2}
    assert shown(groups_of_rows(rows, found)) == [("", "You", 0), ("", "Pet", 2)]


def test_row_that_is_left_needs_a_heading_unless_it_says_the_same() -> None:
    """A Review may have hidden the other rows of the step."""
    from flask_wizard.web.groups import _grouped

    found = steps(you=Step(You, title="You"))
    assert shown(_grouped([row("you")], found, set())) == [("", "You", 2)]
    assert shown(_grouped([row("you", label="You")], found, set())) == [("", "You", 0)]
    assert shown(_grouped([row("you")], found, {"you"})) == [("", "You", 0)]
    two = [row("you", label="You"), row("you", "nick")]
    assert shown(_grouped(two, found, {"you"})) == [("", "You", 2)]


def test_section_stands_above_its_steps() -> None:
    found = steps(
        a=Step(You, title="A", section="First"),
        b=Step(You, title="B", section="First"),
        c=Step(You, title="C", section="Second"),
        d=Step(You, title="D"),
        e=Step(You, title="E", section="Second"),
    )
    rows = {step.name: [row(step.name), row(step.name, "nick")] for step in found}
    assert shown(groups_of_rows(rows, found)) == [
        ("First", "A", 3),
        ("", "B", 3),
        ("Second", "C", 3),
        ("", "D", 2),
        ("Second", "E", 3),
    ]


def test_only_row_in_a_section_needs_no_heading() -> None:
    found = steps(
        a=Step(One, title="A", section="First"),
        b=Step(One, title="B", section="First"),
    )
    rows = {step.name: [row(step.name)] for step in found}
    assert shown(groups_of_rows(rows, found)) == [("First", "A", 0), ("", "B", 0)]


def test_row_behind_a_section_has_a_heading() -> None:
    """Otherwise it would seem to be in it."""
    found = steps(
        a=Step(One, title="A", section="First"),
        b=Step(One, title="B"),
        c=Step(One, title="C"),
    )
    rows = {step.name: [row(step.name)] for step in found}
    assert shown(groups_of_rows(rows, found)) == [
        ("First", "A", 0),
        ("", "B", 2),
        ("", "C", 0),
    ]


def test_section_of_a_step_without_rows_is_none() -> None:
    found = steps(
        a=Step(One, title="A", section="First"),
        b=Step(One, title="B", section="Second"),
        c=Step(One, title="C", section="First"),
    )
    rows = {"a": [row("a")], "b": [], "c": [row("c")]}
    assert shown(groups_of_rows(rows, found)) == [("First", "A", 0), ("", "C", 0)]


def test_item_has_a_group_under_that_of_its_list() -> None:
    found = steps(pets=Repeat(Pet, title="Pets", singular="pet", section="Home"))
    rows = [
        row("pets", "", "How many"),
        row("pets", "more", "More to come"),
        row("pets", "pet", item="i1", heading="Rex"),
        row("pets", "age", item="i1", heading="Rex"),
        row("pets", "pet", item="i2", heading="Tom"),
    ]
    groups = groups_of_rows({"pets": rows}, found)
    assert [(str(g.title), g.section, len(g.rows)) for g in groups] == [
        ("Pets", "Home", 2),
        ("Rex", "", 2),
        ("Tom", "", 1),
    ]
    first = groups[0].id
    assert [group.id for group in groups] == [first, f"{first}-i1", f"{first}-i2"]
    assert [group.level for group in groups] == [3, 4, 4]


def test_items_without_a_row_of_their_list_stand_at_its_level() -> None:
    found = steps(
        pets=Repeat(Pet, title="Pets", singular="pet"),
        toys=Repeat(Pet, title="Toys", singular="toy", section="Home"),
    )
    rows = {
        name: [row(name, "pet", item=f"{name}{n}", heading="x") for n in (1, 2)]
        for name in ("pets", "toys")
    }
    groups = groups_of_rows(rows, found)
    assert [group.level for group in groups] == [2, 2, 3, 3]
    assert [group.section for group in groups] == ["", "", "Home", ""]


def test_only_answer_of_an_only_item_has_the_item_s_heading() -> None:
    found = steps(pets=Repeat(Pet, title="Pets", singular="pet"))
    rows = {"pets": [row("pets", "pet", item="i1", heading="Rex")]}
    assert shown(groups_of_rows(rows, found)) == [("", "Rex", 2)]


def test_list_with_items_has_a_heading_though_its_row_says_the_same() -> None:
    found = steps(pets=Repeat(Pet, title="Pets", singular="pet"))
    rows = [row("pets", "", "Pets"), row("pets", "pet", item="i1", heading="Rex")]
    groups = groups_of_rows({"pets": rows}, found)
    assert [group.level for group in groups] == [2, 3]
    assert shown(groups_of_rows({"pets": rows[:1]}, found)) == [("", "Pets", 0)]


def test_row_behind_an_item_has_a_heading() -> None:
    """Otherwise it would seem to be the item's."""
    found = steps(
        pets=Repeat(Pet, title="Pets", singular="pet"),
        b=Step(One, title="B"),
        c=Step(One, title="C"),
    )
    rows = {
        "pets": [row("pets", "pet", item="i1", heading="Rex")],
        "b": [row("b")],
        "c": [row("c")],
    }
    groups = groups_of_rows(rows, found)
    assert [group.level for group in groups] == [2, 2, 0]


def test_row_of_a_step_that_is_not_there_is_a_mistake() -> None:
    found = steps(you=Step(You), pet=Step(Pet))
    with pytest.raises(DefinitionError, match=r"'pte'.*you, pet"):
        groups_of_rows({"you": [row("pte")]}, found)


@pytest.mark.parametrize(
    ("rows", "title", "expected"),
    [
        ([row("you")], "Name", True),
        ([row("you")], "You", False),
        ([row("you"), row("you")], "Name", False),
        ([row("you"), row("you", label="You")], "You", False),
    ],
)
def test_title_may_say_what_the_only_row_says(
    rows: list[Row], title: str, expected: bool
) -> None:
    assert Group(None, rows, title, "x", 0).says_label is expected


def test_group_tells_its_first_changed_row() -> None:
    rows = [row("you"), row("you", "a", changed=True), row("you", "b", changed=True)]
    assert Group(None, rows, "You", "x", 2).changed is rows[1]
    assert Group(None, rows[:1], "You", "x", 2).changed is None
    assert Group(None, rows, "You", "x", 2).section == ""


# A review


def journey_of(
    changed: tuple[tuple[str, ...], ...] = (), review: Review | None = None
) -> Journey:
    wizard = declare(
        "Wizard",
        you=Step(You, title="You"),
        hello=Info(title="Hello"),
        only=Step(One, title="Only"),
        pets=Repeat(Pet, title="Pets", singular="pet", label=lambda pet: pet.pet),
        check=review or Review(),
        commit=lambda self, submission: None,
    )
    journey = Journey(wizard.steps, Draft("d", "m", (), 0.0, 0.0, "key"))
    for step, values in {
        "you": {"name": ["Ada"], "nick": ["A"]},
        "hello": {},
        "only": {"name": ["Eve"]},
    }.items():
        journey = journey.submit(step, Values(values), validate=True)
    pets = journey.bind("pets")
    assert isinstance(pets, BoundRepeat)
    page = pets.new_item(ITEM).page("")
    assert page is not None
    values = {"pet": ["Rex"], "age": ["3"]}
    item = page.journey.submit(page, Values(values), validate=True)
    journey = item.whole.submit("pets", Values(), validate=True)
    return Journey(wizard.steps, replace(journey.draft, changed=changed))


def review_of(journey: Journey) -> list[Group]:
    review = journey.bind("check")
    return groups_of(journey, review, lambda bound: f"/to/{bound.name}")


def test_review_has_the_answers_of_all_steps() -> None:
    groups = review_of(journey_of())
    assert [str(group.title) for group in groups][:2] == ["You", "Only"]
    assert [group.level for group in groups][:2] == [2, 0]
    assert "Rex" in [str(group.title) for group in groups]
    (first, *_) = groups
    assert [each.field for each in first.rows] == ["name", "nick"]
    assert first.rows[0].url.startswith("/to/you")
    assert not any(group.changed for group in groups)


def changed_rows(*changed: tuple[str, ...]) -> list[tuple[str, str]]:
    groups = review_of(journey_of(changed))
    return [(r.step, r.field) for group in groups for r in group.rows if r.changed]


@pytest.mark.parametrize(
    ("changed", "marked"),
    [
        (("you", "name"), [("you", "name")]),
        (("you", "nick"), [("you", "nick")]),
        (("you", "nam"), []),
        (("you", "name2"), []),
        (("you", "names"), []),
        (("you", "name2-first"), []),
        (("you", "name-first"), [("you", "name")]),
        (("you", "name.first"), [("you", "name")]),
        (("you", ""), [("you", "name"), ("you", "nick")]),
        (("only", "nick"), []),
        (("pets", ITEM, "", "age"), [("pets", "age")]),
        (("pets", "j" * 22, "", "age"), []),
        (("pets", ITEM, "other", "age"), []),
        (("pets", "age"), []),
    ],
)
def test_review_marks_what_was_changed(
    changed: tuple[str, ...], marked: list[tuple[str, str]]
) -> None:
    assert changed_rows(changed) == marked


def test_review_marks_all_that_was_changed() -> None:
    assert changed_rows(("you", "nick"), ("only", "name")) == [
        ("you", "nick"),
        ("only", "name"),
    ]


def test_review_has_no_row_of_a_page_without_a_form() -> None:
    journey = journey_of(review=Review(rows=lambda found, answers: [row("hello")]))
    with pytest.raises(DefinitionError, match=r"'hello'.*you, only, pets\."):
        review_of(journey)


def test_review_may_edit_its_rows() -> None:
    def rows(found: Sequence[Row], answers: object) -> list[Row]:
        return [each for each in found if each.field == "nick"]

    groups = review_of(journey_of(review=Review(rows=rows)))
    assert shown(groups) == [("", "You", 2)]
