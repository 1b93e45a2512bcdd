"""Which page an address is of, among the steps and the items of lists."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest
from werkzeug.exceptions import NotFound
from wizards import Pet, You, declare
from wtforms import Form, StringField

from flask_wizard import Item, Repeat, Review, Step
from flask_wizard.core.draft import Draft, Entry, StoredFile, StoredItem
from flask_wizard.core.files import SentFile
from flask_wizard.core.forms import Values
from flask_wizard.core.items import derive_id
from flask_wizard.core.journey import Journey
from flask_wizard.core.repeats import BoundRepeat
from flask_wizard.core.steps import BoundStep, Steps
from flask_wizard.web.item_pages import (
    GONE,
    begin_again,
    begin_item,
    current_address,
    find_page,
    has_page,
    is_begun,
    remove_item,
    reopen,
    with_new_fields,
)
from flask_wizard.web.submitted import Submitted
from flask_wizard.web.urls import Address

FIRST, SECOND, GONE_ID = "a" * 22, "b" * 22, "z" * 22
NONCE = "n" * 22


class Toys(Form):
    toy = StringField("Toy")


class Child(Item):
    who = Step(You)
    best_toys = Step(Toys, was=["favourites"], fields_were={"toy": "plaything"})


WIZARD = declare(
    "Family",
    you=Step(You, was=["me"], fields_were={"name": ["called", "label"]}),
    pets=Repeat(Pet, title="Pets", singular="pet", fields_were={"pet": "animal"}),
    children=Repeat(Child, title="Children", singular="child", was=["kids"]),
    months=Repeat(Pet, title="Months", over=lambda answers: [("may", "May")]),
    check=Review(),
    commit=lambda self, submission: None,
)
STEPS: Steps = WIZARD.steps
BY_NAME = {step.name: step for step in STEPS}


def journey() -> Journey:
    """A draft with two pets."""
    draft = Draft("draft", "m", (), 0.0, 0.0, "key").with_entries(
        {
            "you": Entry.of({"name": ["Ada"]}, accepted=True),
            "pets": Entry(accepted=True, sent=False),
            "children": Entry(accepted=True, sent=False),
            "months": Entry(accepted=True, sent=False),
        }
    )
    items = [
        StoredItem(id, path=("",)).with_entries(
            {"": Entry.of({"pet": [name], "age": ["3"]}, accepted=True)}
        )
        for id, name in ((FIRST, "Rex"), (SECOND, "Tom"))
    ]
    return Journey(STEPS, draft.with_items("pets", items))


def repeat(name: str = "pets") -> BoundRepeat:
    bound = journey().bind(name)
    assert isinstance(bound, BoundRepeat)
    return bound


def values_of(page: BoundStep | None) -> dict[str, list[str]]:
    assert page is not None
    return {} if page.entry is None else page.entry.raw


# Which pages there are


@pytest.mark.parametrize(
    ("step", "item", "sub", "expected"),
    [
        ("you", "", "", True),
        ("check", "", "", True),
        ("pets", "", "", True),
        ("you", "new", "", False),
        ("you", FIRST, "", False),
        ("check", FIRST, "remove", False),
        ("pets", "new", "", True),
        ("pets", "new", "remove", False),
        ("pets", "new", "who", False),
        ("pets", FIRST, "", True),
        ("pets", FIRST, "remove", True),
        ("pets", FIRST, "who", False),
        ("children", "new", "", True),
        ("children", "new", "who", False),
        ("children", FIRST, "", True),
        ("children", FIRST, "who", True),
        ("children", FIRST, "best-toys", True),
        ("children", FIRST, "best_toys", False),
        ("children", FIRST, "favourites", True),
        ("children", FIRST, "school", False),
        ("children", FIRST, "remove", True),
        ("months", "", "", True),
        ("months", "new", "", False),
        ("months", FIRST, "", True),
        ("months", FIRST, "remove", False),
    ],
)
def test_address_may_be_of_a_page(
    step: str, item: str, sub: str, expected: bool
) -> None:
    at = Address(step, item=item, sub=sub)
    assert bool(has_page(BY_NAME[step], at)) is expected


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (Address("you"), Address("you")),
        (Address("me", "draft", NONCE), Address("you", "draft", NONCE)),
        (Address("kids"), Address("children")),
        (Address("kids", item=FIRST), Address("children", item=FIRST)),
        (
            Address("kids", item=FIRST, sub="favourites"),
            Address("children", item=FIRST, sub="best-toys"),
        ),
        (
            Address("children", item=FIRST, sub="who"),
            Address("children", item=FIRST, sub="who"),
        ),
        (
            Address("kids", item=FIRST, sub="remove"),
            Address("children", item=FIRST, sub="remove"),
        ),
        (Address("kids", sub="favourites"), Address("children", sub="favourites")),
        (Address("gone", item=FIRST), Address("gone", item=FIRST)),
        (Address("discard"), Address("discard")),
    ],
)
def test_address_of_another_release_has_the_names_of_now(
    at: Address, expected: Address
) -> None:
    assert current_address(STEPS, at) == expected


# What was sent by former names


def submitted(**values: str) -> Submitted:
    return Submitted(
        action="next",
        has_action=True,
        has_rev=True,
        values=Values({name: [text] for name, text in values.items()}),
        rev=1,
        nonce="",
        item_nonce="",
        from_review=False,
        signed_in=False,
        is_guests=False,
        answers_hash=None,
        field_names=(),
    )


@pytest.mark.parametrize(
    ("at", "sent", "expected"),
    [
        (Address("you"), {"called": "Ada"}, {"name": "Ada"}),
        (Address("me"), {"label": "Ada"}, {"name": "Ada"}),
        (Address("you"), {"called-x": "Ada"}, {"name-x": "Ada"}),
        (Address("you"), {"name": "Ada", "called": "x"}, None),
        (Address("you"), {"nick": "A"}, None),
        (Address("you", item=FIRST), {"called": "Ada"}, {"name": "Ada"}),
        (Address("pets"), {"animal": "Rex"}, {"pet": "Rex"}),
        (Address("pets", item=FIRST), {"animal": "Rex"}, {"pet": "Rex"}),
        (Address("months", item=FIRST), {"animal": "Rex"}, None),
        (Address("children", item=FIRST), {"plaything": "Ball"}, None),
        (Address("children", item=FIRST, sub="who"), {"plaything": "Ball"}, None),
        (
            Address("children", item=FIRST, sub="best-toys"),
            {"plaything": "Ball"},
            {"toy": "Ball"},
        ),
        (
            Address("children", item=FIRST, sub="favourites"),
            {"plaything": "Ball"},
            {"toy": "Ball"},
        ),
        (Address("check"), {"called": "Ada"}, None),
        (Address("gone"), {"called": "Ada"}, None),
        (Address("gone", item=FIRST), {"called": "Ada"}, None),
    ],
)
def test_fields_of_another_release_have_the_names_of_now(
    at: Address, sent: dict[str, str], expected: dict[str, str] | None
) -> None:
    given = submitted(**sent)
    found = with_new_fields(STEPS, at, given, None)
    if expected is None:
        assert found is given
    else:
        assert dict(found.values) == {name: [t] for name, t in expected.items()}
        assert found.rev == given.rev


class Incoming:
    """The files of a POST that are told their fields' new names."""

    renamed: ClassVar[dict[str, str]] = {}

    def rename_fields(self, names: dict[str, str]) -> dict[str, SentFile]:
        self.renamed.update(names)
        return {"id": SentFile(StoredFile("id", "name", "a.txt"), "")}


def test_files_of_another_release_are_at_the_fields_of_now() -> None:
    given = submitted()
    given.values.files = {"id": SentFile(StoredFile("id", "called", "a.txt"), "")}
    incoming: Any = Incoming()
    found = with_new_fields(STEPS, Address("you"), given, incoming)
    assert incoming.renamed == {"called": "name"}
    assert found.values.files["id"].stored.field == "name"


# The page of an address


def test_step_is_its_own_page() -> None:
    bound = journey().bind("you")
    assert find_page(bound, Address("you")) is bound
    assert find_page(bound, Address("you", item=FIRST)) is bound


def test_list_is_its_own_page() -> None:
    bound = repeat()
    assert find_page(bound, Address("pets")) is bound


def test_item_is_found_by_its_id() -> None:
    for item, name in ((FIRST, "Rex"), (SECOND, "Tom")):
        page = find_page(repeat(), Address("pets", item=item), NONCE)
        assert values_of(page)["pet"] == [name]
        assert page is not None
        assert is_begun(page)


def test_item_that_was_removed_is_none() -> None:
    assert find_page(repeat(), Address("pets", item=GONE_ID), NONCE) is None
    assert GONE == "gone"  # in the URL of the list that says so


def test_page_of_an_item_is_found_by_its_name() -> None:
    at = Address("children", item="new", sub="best-toys")
    page = find_page(repeat("children"), at, NONCE)
    assert page is not None
    assert page.name == "best_toys"


def test_new_item_has_the_id_of_its_nonce() -> None:
    at = Address("pets", item="new")
    page = find_page(repeat(), at, NONCE)
    assert page is not None
    assert page.journey.inside == ("pets", derive_id("draft", "pets", NONCE))
    assert values_of(page) == {}
    other = find_page(repeat(), at, "o" * 22)
    assert other is not None
    assert other.journey.inside != page.journey.inside
    assert not is_begun(page)


def test_page_without_a_nonce_is_of_no_item_yet() -> None:
    page = find_page(repeat(), Address("pets", item="new"))
    assert page is not None
    assert page.journey.inside == ("pets", "new")
    assert not is_begun(page)


def test_item_that_a_nonce_has_begun_is_met_again() -> None:
    item_id = derive_id("draft", "pets", NONCE)
    begun = journey()
    bound = begun.bind("pets")
    assert isinstance(bound, BoundRepeat)
    stored = StoredItem(item_id).with_entries({"": Entry.of({"pet": ["Kit"]})})
    draft = begun.draft.with_items("pets", [stored])
    again = Journey(STEPS, draft).bind("pets")
    assert isinstance(again, BoundRepeat)
    page = begin_item(again, NONCE, Address("pets", item="new"))
    assert values_of(page) == {"pet": ["Kit"]}
    assert is_begun(page)


def test_page_that_no_item_has_is_not_found() -> None:
    with pytest.raises(NotFound):
        begin_item(repeat("children"), NONCE, Address("children", sub="school"))


def test_page_of_a_step_is_of_no_item() -> None:
    assert is_begun(journey().bind("you"))
    assert is_begun(repeat())


# An item that is not on its list


def test_what_was_sent_to_a_removed_item_is_kept_in_a_new_one() -> None:
    page = begin_again(repeat(), Address("pets", item=GONE_ID))
    assert page is not None
    assert page.journey.inside == ("pets", derive_id("draft", "pets", GONE_ID))
    assert not is_begun(page)


def test_item_of_an_earlier_answer_keeps_what_was_sent_to_it() -> None:
    page = begin_again(repeat("months"), Address("months", item=GONE_ID))
    assert page is not None
    assert page.journey.inside == ("months", GONE_ID)


def test_item_of_an_earlier_answer_has_an_id() -> None:
    assert begin_again(repeat("months"), Address("months", item="x")) is None


def test_step_has_no_items_to_begin_again() -> None:
    bound = journey().bind("you")
    assert begin_again(bound, Address("you", item=GONE_ID)) is None


# Changes of a list


def test_list_is_open_again_for_another_item() -> None:
    before = journey()
    after = reopen(before, "pets")
    assert before.draft.entries["pets"].accepted
    assert not after.draft.entries["pets"].accepted
    assert after.draft.items("pets") == before.draft.items("pets")
    assert not after.bind("pets").done


def test_removed_item_leaves_the_others() -> None:
    before = journey()
    after = remove_item(before, "pets", FIRST)
    assert [item.id for item in after.draft.items("pets")] == [SECOND]
    bound = after.bind("pets")
    assert isinstance(bound, BoundRepeat)
    assert [item.id for item in bound.items] == [SECOND]
    same = remove_item(before, "pets", GONE_ID)
    assert len(same.draft.items("pets")) == 2


def test_step_has_no_items_to_change() -> None:
    before = journey()
    assert reopen(before, "you") is before
    assert remove_item(before, "you", FIRST) is before
