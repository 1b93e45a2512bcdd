"""Lists of what exists: an item for each object, and what became of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from apps import MakeApp
from visitor import Page, Visitor
from wizards import Commits, committed
from wtforms import Form, fields
from wtforms.validators import InputRequired, NumberRange

from flask_wizard import Answers, DefinitionError, Item, Repeat, Review, Step, Wizard


class Owner(Form):
    name = fields.StringField("Your name", [InputRequired("Enter your name")])


class Pet(Form):
    name = fields.StringField("Name", [InputRequired("Name it")])
    age = fields.IntegerField("Age", [InputRequired(), NumberRange(0, 99)])


class Who(Form):
    first = fields.StringField("First name", [InputRequired("Name them")])
    age = fields.IntegerField("Age", [InputRequired()])


class School(Form):
    school = fields.StringField("School", [InputRequired("Which school?")])


class Child(Item):
    who = Step(Who)
    school = Step(School, when=lambda answers: bool(answers.who.age > 5))


family: dict[str, Any] = {}


@pytest.fixture(autouse=True)
def fresh_family() -> None:
    family.clear()
    family["you"] = {"name": "Ada"}
    family["pets"] = [pet(7, "Rex", 3), pet(9, "Tom", 4)]
    family["children"] = [
        {"id": "a", "first": "Eve", "age": 9, "school": "North"},
        {"id": "b", "first": "Bo", "age": 2, "school": None},
    ]


def pet(id: int, name: str, age: int) -> Any:
    return SimpleNamespace(id=id, name=name, age=age)


class Edit(Commits, Wizard, abstract=True, prefilled=True):
    def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
        return family[step_name]


class Pets(Edit):
    you = Step(Owner)
    pets = Repeat(Pet, key="id", max=3, label=lambda pet: pet.name)
    check = Review()


class Children(Edit):
    you = Step(Owner)
    children = Repeat(Child, key="id", label=lambda child: child.who.first)
    check = Review()


@pytest.fixture
def edits(make_app: MakeApp) -> Callable[[type[Wizard]], Visitor]:
    """A function that returns a visitor of a wizard that edits the family."""
    return lambda wizard: Visitor(make_app(wizard))


@pytest.fixture
def visitor(edits: Callable[[type[Wizard]], Visitor]) -> Visitor:
    """A visitor whose draft of the pets has begun."""
    visitor = edits(Pets)
    visitor.open("/join/new/you?then=check")
    visitor.fill(name="Bea")
    return visitor


def commit(visitor: Visitor) -> Any:
    """Confirm; return what was changed of the list."""
    visitor.open(f"{visitor.draft}check")
    visitor.press("next")
    return committed[-1].changes.get("pets") or committed[-1].changes.get("children")


def item_page(visitor: Visitor, label: str) -> Page:
    """Open an item from the list by its label."""
    page = visitor.open(f"{visitor.draft}pets")
    return visitor.open(link_of(page, label))


def link_of(page: Page, label: str) -> str:
    """The link of a list to the item of that label."""
    (url,) = [
        url
        for name, url in page.links.items()
        if name.endswith(f": {label}") and not name.startswith("Remove")
    ]
    return url


def test_entry_leads_to_the_review_with_all_items(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    page = edits(Pets).open()
    assert page.path == "/join/new/check"
    assert page.texts("h3") == ["Rex", "Tom"]


def test_items_that_nobody_touched_are_no_change(visitor: Visitor) -> None:
    assert commit(visitor) is None
    assert committed[0].data["pets"] == [
        {"name": "Rex", "age": 3},
        {"name": "Tom", "age": 4},
    ]


def test_objects_are_taken_once(visitor: Visitor) -> None:
    family["pets"] = []
    assert commit(visitor) is None
    assert len(committed[0].data["pets"]) == 2


def test_changed_item_is_told_by_its_key(visitor: Visitor) -> None:
    draft = visitor.draft
    item_page(visitor, "Tom")
    visitor.fill(age="5")
    visitor.open(f"{draft}check")
    assert commit(visitor) == {
        "added": [],
        "changed": {9: {"age": (4, 5)}},
        "removed": [],
    }


def test_removed_item_is_told_by_its_key(visitor: Visitor) -> None:
    draft = visitor.draft
    item_page(visitor, "Rex")
    visitor.open(f"{visitor.page.path}/remove")
    visitor.press("remove")
    visitor.open(f"{draft}pets")
    visitor.press("next")
    assert commit(visitor) == {"added": [], "changed": {}, "removed": [7]}


def test_added_item_is_told_with_its_data(visitor: Visitor) -> None:
    draft = visitor.draft
    visitor.open(f"{draft}pets/new")
    visitor.fill(name="Kit", age="1")
    visitor.press("next")
    visitor.open(f"{draft}check")
    assert commit(visitor) == {
        "added": [{"name": "Kit", "age": 1}],
        "changed": {},
        "removed": [],
    }


class Account(Form):
    name = fields.StringField("Name")
    pin = fields.PasswordField("PIN")


def test_password_of_an_added_item_is_not_told(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    class Accounts(Edit):
        pets = Repeat(Account, key="id")
        check = Review()

    visitor = edits(Accounts)
    visitor.open("/join/new/pets")
    visitor.press("save")
    draft = visitor.draft
    visitor.open(f"{draft}pets/new")
    visitor.fill(name="Kit", pin="1234")
    visitor.open(f"{draft}pets")
    visitor.press("next")
    assert commit(visitor)["added"] == [{"name": "Kit", "pin": "…"}]
    assert committed[0].data["pets"][2] == {"name": "Kit", "pin": "1234"}


def test_new_page_sent_back_as_it_came_adds_none(visitor: Visitor) -> None:
    draft = visitor.draft
    visitor.open(f"{draft}pets/new")
    visitor.press("back")
    visitor.open(f"{draft}check")
    assert commit(visitor) is None


def test_position_is_the_key_if_none_is_named(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    class Positions(Pets):
        pets = Repeat(Pet, label=lambda pet: pet.name)

    visitor = edits(Positions)
    visitor.open("/join/new/you?then=check")
    visitor.fill(name="Bea")
    draft = visitor.draft
    item_page(visitor, "Tom")
    visitor.fill(name="Tim")
    visitor.open(f"{draft}check")
    changes = commit(visitor)
    assert changes["changed"] == {1: {"name": ("Tom", "Tim")}}


def test_item_that_is_not_valid_is_asked_with_the_reason(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    family["pets"][1].name = ""
    visitor = edits(Pets)
    page = visitor.open()
    assert page.path == "/join/new/pets"
    visitor.press("save")
    visitor.open("/join/")
    page = visitor.page
    assert "not finished" in page.text.lower()
    assert visitor.open(link_of(page, "Pet 2")).errors == ["Name it"]


@pytest.mark.parametrize("several", [[], [pet(n, f"P{n}", n) for n in range(4)]])
def test_list_whose_number_does_not_fit_is_asked(
    edits: Callable[[type[Wizard]], Visitor], several: list[Any]
) -> None:
    class Some(Pets):
        pets = Repeat(Pet, key="id", min=1, max=3)

    family["pets"] = several
    page = edits(Some).open()
    assert page.path.startswith("/join/new/pets")


def test_list_without_initial_is_asked_once(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    family["pets"] = None
    visitor = edits(Pets)
    assert visitor.open().path == "/join/new/pets"
    visitor.press("save")
    family["pets"] = [pet(1, "Late", 1)]
    visitor.open("/join/")
    assert "Late" not in visitor.page.text
    visitor.press("next")
    assert commit(visitor) is None


def test_items_of_several_pages_begin_filled_in(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    visitor = edits(Children)
    page = visitor.open()
    assert page.path == "/join/new/check"
    assert page.texts("h3") == ["Eve", "Bo"]
    visitor.press("next")
    assert committed[0].data["children"] == [
        {"who": {"first": "Eve", "age": 9}, "school": {"school": "North"}},
        {"who": {"first": "Bo", "age": 2}},
    ]
    assert committed[0].changes == {}


def test_page_without_a_part_in_the_data_of_its_item_is_asked(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    class Hobby(Form):
        who = fields.StringField("Whose idea was it?")

    class Grown(Item):
        who = Step(Who)
        hobby = Step(Hobby)

    class Grownups(Edit):
        children = Repeat(Grown, key="id")
        check = Review()

    part = {"first": "Eve", "age": 9}
    family["children"] = [{"id": "a", "who": part}]
    visitor = edits(Grownups)
    page = visitor.open()
    assert page.path == "/join/new/children"
    family["children"][0]["hobby"] = {"who": "mine"}
    assert visitor.open("/join/").path == "/join/new/check"


def test_changes_of_items_of_several_pages_are_told_by_page(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    visitor = edits(Children)
    visitor.open("/join/new/you?then=check")
    visitor.fill(name="Bea")
    draft = visitor.draft
    page = visitor.open(f"{draft}children")
    visitor.open(link_of(page, "Eve"))
    visitor.fill(age="3")
    visitor.open(f"{draft}check")
    assert commit(visitor) == {
        "added": [],
        "changed": {
            "a": {"who": {"age": (9, 3)}, "school": ({"school": "North"}, None)}
        },
        "removed": [],
    }


@pytest.mark.parametrize("key", [None, 1.5, True])
def test_key_that_tells_nothing_apart_is_an_error(
    edits: Callable[[type[Wizard]], Visitor], key: object
) -> None:
    family["pets"][0].id = key
    with pytest.raises(DefinitionError, match="'id' is a"):
        edits(Pets).open()


def test_key_that_two_objects_have_is_an_error(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    family["pets"][0].id = 9
    with pytest.raises(DefinitionError, match="one key"):
        edits(Pets).open()


def test_condition_reads_the_items(edits: Callable[[type[Wizard]], Visitor]) -> None:
    def has_pets(answers: Answers) -> bool:
        return bool(answers.pets)

    class Fed(Pets):
        food = Step(School, when=has_pets)

        def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
            return {"school": "x"} if step_name == "food" else family[step_name]

    page = edits(Fed).open()
    assert ("School", "x") in page.rows


@pytest.mark.parametrize("wizard", [Pets, Children])
def test_every_link_of_a_new_review_leads_to_its_page(
    edits: Callable[[type[Wizard]], Visitor], wizard: type[Wizard]
) -> None:
    visitor = edits(wizard)
    links = [url for name, url in visitor.open().links.items() if "Change" in name]
    assert len(links) > 5
    for url in links:
        page = visitor.tab().open(url)
        assert page.path == url.partition("?")[0]
        assert page.status == 200


def test_item_is_changed_from_a_new_review(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    visitor = edits(Pets)
    page = visitor.open()
    visitor.open(page.link("Change Name, Tom"))
    assert visitor.page.value("name") == "Tom"
    page = visitor.fill(name="Tim")
    assert page.path.endswith("/check")
    assert page.texts("h3") == ["Rex", "Tim"]
    assert page.texts(".wizard-row-changed dt") == ["Name"]
    assert commit(visitor)["changed"] == {9: {"name": ("Tom", "Tim")}}


def test_item_is_removed_from_a_new_list(
    edits: Callable[[type[Wizard]], Visitor],
) -> None:
    visitor = edits(Pets)
    page = visitor.open("/join/new/pets")
    visitor.open(next(u for n, u in page.links.items() if n == "Remove 1: Rex"))
    visitor.press("next")
    visitor.open("/join/")
    visitor.open(f"{visitor.page.path.rsplit('/', 1)[0]}/pets")
    visitor.press("next")
    assert commit(visitor)["removed"] == [7]
