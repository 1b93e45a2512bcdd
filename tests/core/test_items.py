"""Items of a list: their pages, what these read, and what they begin with."""

from __future__ import annotations

from types import SimpleNamespace, new_class
from typing import Any

import pytest
from lists import (
    Child,
    Pet,
    Photo,
    School,
    Site,
    Who,
    child,
    pets,
    prefilled,
    room,
    rooms,
)
from wizards import EMPTY
from wtforms import FieldList, Form, StringField, ValidationError
from wtforms.validators import Length

from flask_wizard import DefinitionError, Info, Item, Repeat, Review, Step
from flask_wizard.core.draft import StoredFile
from flask_wizard.core.files import FileRules, SentFile
from flask_wizard.core.forms import Values
from flask_wizard.core.items import NEW_ITEM, REMOVE, BoundItem, derive_id
from flask_wizard.core.steps import ABSENT
from flask_wizard.core.texts import Texts

# Declared items


def item_class(**steps: Any) -> type:
    return new_class("Own", (Item,), exec_body=lambda body: body.update(steps))


@pytest.mark.parametrize("name", [NEW_ITEM, REMOVE, "file", "item_id", "discard"])
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


def test_page_of_an_item_is_an_attribute_of_its_class() -> None:
    assert [Child.who, Child.school] == [*Child.steps]
    assert (Child.who.name, Child.who.title) == ("who", "Who")


def test_option_of_the_class_of_an_item_goes_to_the_base_that_takes_it() -> None:
    class Coloured:
        colour = ""

        def __init_subclass__(cls, *, colour: str, **options: Any) -> None:
            super().__init_subclass__(**options)
            cls.colour = colour

    class Own(Item, Coloured, colour="red"):
        pet = Step(Pet)

    assert Own.colour == "red"


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
    (baby,) = child("baby").list.items
    assert baby.done
    assert baby.stored.path == ("who",)


def test_page_that_is_done_and_not_valid_any_more_is_to_be_mended() -> None:
    class Short(School):
        school = StringField("School", [Length(max=3)])

    class Strict(Child):
        school = Step(Short, when=Child.school.when)

    site = child()
    site.fill("i", "school", school="Hill")
    (item,) = Site(Repeat(Strict), site.draft).list.items
    assert item.done
    assert not item.trusted
    assert item.page_to_mend().name == "school"


def test_page_that_is_not_done_is_to_be_mended_although_it_is_trusted() -> None:
    class Trusted(Item):
        who = Step(Who, revalidate=False)
        school = Step(School, revalidate=False)

    site = Site(Repeat(Trusted))
    (item,) = site.fill("i", "who", name="Ada").items
    assert not item.trusted
    assert item.page_to_mend().name == "school"


def test_page_of_an_item_is_what_the_journey_says_of_any() -> None:
    class Tags(Form):
        tags = FieldList(StringField("Tag"))

    class Tagged(Item):
        who = Step(Who)
        team = Step(Tags, when=lambda answers: answers.bound["team"] == "x")

    site = Site(
        Repeat(Tagged), bound={"team": "x"}, max_entries=2, texts=Texts(lambda: "de")
    )
    (item,) = site.fill("i", "who", name="").items
    assert item.stored.entries["who"].lang == "de"
    site.fill("i", "who", name="Ada")
    sent: Any = {"tags-0": "a", "tags-1": "b"}
    assert site.fill("i", "team", **sent).items[0].done
    sent["tags-2"] = "c"
    assert not site.fill("i", "team", **sent).items[0].done
    site.more["bound"] = {"team": "y"}
    assert site.list.items[0].done


def test_file_of_an_item_is_bound_with_the_id_of_the_draft() -> None:
    class Named(Item):
        who = Step(Who)
        photo = Step(Photo)

    rules = FileRules(
        bind=lambda draft_id, stored: SimpleNamespace(
            stored=stored,
            filename=f"{draft_id}/{stored.filename}",
            seek=lambda at: None,
        )
    )
    site = Site(Repeat(Named), files=rules)
    site.fill("i", "who", name="Ada")
    values = Values()
    stored = StoredFile("f", "photo", "a.png", "image/png", 1)
    values.files = {"f": SentFile(stored)}
    (item,) = site.list.items
    (item,) = site.store(item.walk.submit("photo", values, validate=True).whole).items
    found = item.files()
    assert found.keys() == {"photo"}
    assert [file.filename for file in found["photo"]["photo"]] == [f"{EMPTY.id}/a.png"]


def test_page_without_a_form_has_no_answers() -> None:
    class Told(Item):
        welcome = Info(title="Before you start")
        who = Step(Who)

    site = Site(Repeat(Told))
    site.fill("i", "welcome")
    (item,) = site.fill("i", "who", name="Ada").items
    assert item.done
    assert item.data() == {"who": {"name": "Ada", "pin": None}}


def test_url_of_an_item_has_its_id_once_it_exists() -> None:
    new = pets("Rex").list.new_item("Max")
    assert new.walk.url_parts == ("pets", "new")
    begun = new.walk.submit("", Values({"kind": ["cat"]}), validate=False)
    page = begun.bind("")
    assert page.journey.url_parts == begun.url_parts == ("pets", "Max")
    of_a_key = rooms().list.items[0]
    assert of_a_key.walk.url_parts == ("pets", room("a"))


def test_item_is_not_finished_while_its_list_does_not_open() -> None:
    labelled = []
    site = pets("Rex", label=lambda item: labelled.append(item.name))
    site.send("first", name="")
    labelled.clear()
    (item,) = site.fill("Rex", name="Rex").items
    assert not item.done
    assert (item.stored.label, item.stored.read_digest) == ("", b"")
    assert labelled == []


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


class Mail(Form):
    mail = StringField("E-mail")

    def validate_mail(self, field: Any) -> None:
        meta: Any = self.meta
        taken = (meta.answers.first.name, meta.answers.who.name)
        if field.data in taken:
            raise ValidationError("taken")


class Reached(Item):
    who = Step(Who)
    mail = Step(Mail)


def reached() -> Site:
    site = Site(Repeat(Reached))
    site.fill("i", "who", name="Ada")
    site.fill("i", "mail", mail="Eve")
    return site


def test_page_is_judged_again_when_one_before_it_changes() -> None:
    site = reached()
    (item,) = site.list.items
    assert item.done
    assert item.stored.read == (("first", "name"),)
    mail = item.stored.entries["mail"]
    assert mail.read == (("first", "name"), ("pets", "i", "who", "name"))
    assert len(mail.read_digest) == 16
    (item,) = site.fill("i", "who", name="Eve").items
    assert not item.done
    assert item.stored.read == ()
    assert item.walk.current.name == "mail"
    (item,) = site.fill("i", "who", name="Bob").items
    assert item.done
    assert not item.walk.bind("mail").still_holds


def test_page_is_judged_again_when_a_step_before_the_list_changes() -> None:
    site = reached()
    site.send("first", name="Eve")
    assert not site.list.items[0].done
    site.send("first", name="Bob")
    (item,) = site.list.items
    assert item.done
    assert item.still_holds


def test_trusted_page_whose_reads_have_changed_is_open_after_a_commit() -> None:
    class Trusted(Item):
        who = Step(Who)
        mail = Step(Mail, revalidate=False)

    site = Site(Repeat(Trusted), reached().draft)
    assert site.list.items[0].done
    site.fill("i", "who", name="Bob")
    (stored,) = site.list.reject(site.draft, {}).items("pets")
    accepted = {name: entry.accepted for name, entry in stored.entries.items()}
    assert accepted == {"who": True, "mail": False}


def test_page_that_has_read_one_that_is_gone_is_judged_again() -> None:
    class OfPerson(Form):
        mail = StringField("E-mail")

        def validate_mail(self, field: Any) -> None:
            meta: Any = self.meta
            if field.data == meta.answers.person.name:
                raise ValidationError("taken")

    class Renamed(Item):
        person = Step(Who)
        mail = Step(OfPerson)

    site = Site(Repeat(Renamed), reached().draft)
    assert not site.fill("i", "person", name="Eve").items[0].done
    assert site.fill("i", "person", name="Ada").items[0].done


def test_answers_of_a_page_with_a_condition_are_read_first() -> None:
    site = child()
    site.fill("i", "school", school="Hill")
    site.send("pets")
    assert site.answers.pets[0].school.school == "Hill"


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
    assert site.fill("b", name="Rex").items[1].stored.read == ()
    third: Any = site.list.new_item("c").walk.bind("")
    assert [record.name for record in third.form.meta.items] == ["Rex"]


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
    assert stored.done
    assert not stored.still_holds


def test_list_that_is_not_done_does_not_hold_although_an_item_does() -> None:
    site = Site(Repeat(Unique))
    for id, name in (("a", "Rex"), ("b", "Max"), ("c", "Mia")):
        site.fill(id, name=name)
    site.send("pets")
    site.fill("d", name="Eve", validate=False)
    removed = site.list.without_item("a")
    assert not removed.done
    assert [item.still_holds for item in removed.items] == [True, True, False]
    assert not removed.still_holds


def test_item_is_judged_again_when_any_of_those_before_it_changes() -> None:
    site = Site(Repeat(Unique))
    for id, name in (("a", "Rex"), ("b", "Max"), ("c", "Mia")):
        site.fill(id, name=name)
    site.fill("b", name="Mia")
    assert [item.done for item in site.list.items] == [True, True, False]


def test_item_is_judged_again_when_one_before_it_is_finished() -> None:
    site = Site(Repeat(Unique))
    site.fill("a", name="Rex", validate=False)
    site.fill("b", name="Rex")
    assert [item.done for item in site.list.items] == [False, True]
    site.fill("a", name="Rex")
    assert [item.done for item in site.list.items] == [True, False]


class Pupil(Item):
    who = Step(Who)
    school = Step(School, when=lambda answers: answers.first.kind != "home")


def pupil() -> Site:
    site = Site(Repeat(Pupil))
    site.fill("i", "who", name="Ada")
    site.fill("i", "school", school="Hill")
    return site


def hashed(site: Site) -> bytes:
    (item,) = site.list.items
    assert item.done
    return item.serialize_page("school", "school")


def test_page_of_an_item_is_hashed_by_what_was_submitted() -> None:
    site = pupil()
    hill = hashed(site)
    assert hill != ABSENT
    site.fill("i", "school", school="Dale")
    assert hashed(site) not in (hill, ABSENT)


def test_page_of_an_item_that_does_not_apply_is_hashed_as_nothing() -> None:
    site = pupil()
    site.send("first", name="x", kind="home")
    (item,) = site.list.items
    assert item.done
    assert item.still_holds
    assert item.stored.path == ("who", "school")
    assert hashed(site) == ABSENT
    (item,) = site.fill("i", "who", name="Eve").items
    assert item.stored.path == ("who",)
    assert hashed(site) == ABSENT


def test_page_of_an_item_that_is_gone_is_hashed_as_nothing() -> None:
    class Short(Item):
        who = Step(Who)

    (item,) = Site(Repeat(Short), pupil().draft).list.items
    assert item.stored.path == ("who", "school")
    assert item.serialize_page("school", "school") == ABSENT


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


def test_what_a_page_begins_with_is_kept_before_it_opens() -> None:
    data = [{"who": {"name": ""}, "school": {"school": "Hill"}}]
    initial = {"pets": data}
    site = Site(
        Repeat(Child),
        initial=lambda name, answers: initial.get(name),
        prefilled=True,
    )
    initial.clear()
    (item,) = site.list.items
    (item,) = site.fill(item.id, "who", name="Ada").items
    assert item.walk.bind("school").form["school"].data == "Hill"  # type: ignore[index]


def test_item_without_a_beginning_begins_empty() -> None:
    site = pets()
    assert site.list.new_item("i").initial is None
    assert prefilled([]).list.new_item("i").initial is None
    assert child().list.items[0].initial is None
    assert isinstance(site.list.new_item("i"), BoundItem)


def test_ids_of_items_are_short_and_of_all_their_parts() -> None:
    assert len(derive_id("a", "b")) == 22
    assert derive_id("a", "b") == derive_id("a", "b")
    assert len({derive_id("a", "b"), derive_id("ab"), derive_id("a", "b", "")}) == 3
