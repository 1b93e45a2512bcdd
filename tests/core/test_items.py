"""Items of a list: their pages, what these read, and what they begin with."""

from __future__ import annotations

from types import new_class
from typing import Any

import pytest
from lists import Child, Pet, Site, child, pets, prefilled
from wtforms import Form, StringField, ValidationError

from flask_wizard import DefinitionError, Item, Repeat, Review, Step
from flask_wizard.core.items import BoundItem, derive_id

# Declared items


def item_class(**steps: Any) -> type:
    return new_class("Own", (Item,), exec_body=lambda body: body.update(steps))


@pytest.mark.parametrize("name", ["new", "remove", "file", "item_id", "discard"])
def test_page_of_a_reserved_name_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match="one of an item's own pages"):
        item_class(**{name: Step(Pet)})


@pytest.mark.parametrize(
    ("name", "reason"), [("steps", "attribute of every"), ("_x", "an underscore")]
)
def test_page_of_another_name_is_refused(name: str, reason: str) -> None:
    with pytest.raises(DefinitionError, match=reason):
        item_class(**{name: Step(Pet)})


@pytest.mark.parametrize("step", [Review(), Repeat(Pet)])
def test_item_has_neither_a_review_nor_a_list(step: Any) -> None:
    kind = type(step).__name__
    with pytest.raises(DefinitionError, match=rf"Own\.x is a {kind}"):
        item_class(x=step)


# Several pages


def test_item_of_several_pages_is_done_when_all_are() -> None:
    site = child()
    (item,) = site.list.items
    assert not item.done
    assert item.page_to_mend().name == "school"
    (item,) = site.fill("i", "school", school="Hill").items
    assert item.done
    assert (item.name, item.stored.path) == ("Ada", ("who", "school"))
    assert item.page_to_mend().name == "who"
    assert child("baby").list.items[0].done


def test_pages_are_found_by_their_names_in_urls() -> None:
    (item,) = child().list.items
    first, school = item.page(), item.page("school")
    assert first is not None
    assert school is not None
    assert (first.name, school.name) == ("who", "school")
    assert item.page("nobody") is None
    assert first.top is item.walk.repeat
    assert (first.add_label, school.add_label) == ("", "Add another pet")


def test_page_behind_one_that_is_not_done_does_not_open() -> None:
    site = Site(Repeat(Child))
    item = site.list.new_item("i")
    assert item.walk.get("school") is None
    assert not item.walk.bind("school").opens
    (kept,) = site.fill("i", "school", school="Hill").items
    assert not kept.stored.entries["school"].accepted


def test_pages_read_those_before_and_the_steps_before_the_list() -> None:
    walk = child().list.items[0].walk
    assert walk.readable(1) == ("first", "who")
    assert walk.read("first", 1, set()).name == "x"
    assert walk.read("who", 1, set()).name == "Ada"
    assert walk.read("who", 0, set()) is None
    assert walk.read("last", 1, set()) is None


def test_answers_of_several_pages_are_records_by_page() -> None:
    site = child("baby", pin="1234")
    site.send("pets")
    (found,) = site.answers.pets
    assert (found.item_id, found.who.name) == ("i", "baby")
    assert list(found) == ["who", "school"]
    assert not found.school
    with pytest.raises(
        AttributeError,
        match=r"'pets' has no page 'home' with answers. "
        r"Its pages are who, school\.",
    ):
        _ = found.home
    assert site.list.data() == [{"who": {"name": "baby", "pin": "1234"}}]
    (item,) = site.list.items
    assert item.data(conceal=True) == {"who": {"name": "baby", "pin": "…"}}
    assert site.list.files() == {}


# Items that read others


class Unique(Form):
    name = StringField("Name")

    def validate_name(self, field: Any) -> None:
        meta: Any = self.meta
        if field.data in [item.name for item in meta.items]:
            raise ValidationError("taken")


def test_item_sees_those_finished_before_it() -> None:
    site = Site(Repeat(Unique))
    site.fill("a", name="Rex")
    site.fill("b", name="Rex")
    assert [item.done for item in site.list.items] == [True, False]
    page: Any = site.list.items[1].walk.bind("")
    assert page.form.meta.item_id == "b"
    items = page.form.meta.items
    assert [record.name for record in items] == ["Rex"]
    assert (len(items), items[0].name, items[:1]) == (1, "Rex", tuple(items))
    assert repr(items) == "<ItemsBefore <item 2 of pets>>"
    first: Any = site.list.items[0].walk.bind("")
    assert list(first.form.meta.items) == []
    site.fill("b", name="Max")
    read = site.list.items[1].stored.read
    assert read == (("pets", "a", "", "name"), ("pets", "b"))


def test_item_is_judged_again_when_one_before_it_changes() -> None:
    site = Site(Repeat(Unique))
    for id, name in (("a", "Rex"), ("b", "Max"), ("c", "Mia")):
        site.fill(id, name=name)
    site.send("pets")
    site.fill("a", name="Max")
    assert [item.done for item in site.list.items] == [True, False, True]
    assert not site.list.done
    site.fill("a", name="Eva")
    assert site.list.done
    assert not any(item.still_holds for item in site.list.items)
    removed = site.list.without_item("a")
    assert [item.done for item in removed.items] == [True, True]
    assert [item.still_holds for item in removed.items] == [True, True]
    assert removed.done
    assert removed.still_holds
    refreshed = removed.refresh_dependencies(removed.write_to(site.draft))
    stored = Site(Repeat(Unique), refreshed).list
    assert [item.done for item in stored.items] == [True, True]
    assert not any(item.still_holds for item in stored.items)
    assert stored.refresh_dependencies(refreshed) is refreshed


# What they begin with


def test_parts_of_an_object_go_to_their_pages() -> None:
    data = [{"who": {"name": "Ada"}, "school": {"school": "Hill"}}, {"name": "Eve"}]
    site = Site(
        Repeat(Child),
        initial=lambda name, answers: data if name == "pets" else None,
        prefilled=True,
    )
    first, second = site.list.items
    assert first.data() == {
        "who": {"name": "Ada", "pin": None},
        "school": {"school": "Hill"},
    }
    assert first.changes() == {}
    assert second.walk.bind("who").form["name"].data == "Eve"  # type: ignore[index]
    site.fill(first.id, "school", school="Dale")
    assert site.list.items[0].changes() == {"school": {"school": ("Hill", "Dale")}}


def test_item_without_a_beginning_begins_empty() -> None:
    site = pets()
    assert site.list.new_item("i").initial is None
    assert prefilled([]).list.new_item("i").initial is None
    assert isinstance(site.list.new_item("i"), BoundItem)


def test_ids_of_items_are_short_and_of_all_their_parts() -> None:
    assert len(derive_id("a", "b")) == 22
    assert derive_id("a", "b") == derive_id("a", "b")
    assert len({derive_id("a", "b"), derive_id("ab"), derive_id("a", "b", "")}) == 3
