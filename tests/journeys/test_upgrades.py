"""Wizard.upgrade: drafts of an earlier version, as the hook changes them."""

from __future__ import annotations

from typing import Any

import pytest
from apps import MakeApp
from canaries import Canary
from flask import Flask
from visitor import Visitor
from wizards import Commits, committed
from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired, Length

from flask_wizard import DefinitionError, Draft, Item, Repeat, Review, Step, Wizard
from flask_wizard.core.draft import StoredItem


class NameForm(Form):
    name = StringField("Name", [InputRequired("Enter your name")])


class NamesForm(Form):
    first = StringField("First name", [InputRequired("Enter your first name")])
    last = StringField("Last name")


class PetForm(Form):
    pet = StringField("Pet")


class One(Commits, Wizard):
    you = Step(NameForm)
    check = Review()


class Two(Commits, Wizard):
    version = 2
    you = Step(NamesForm)
    check = Review()

    calls: list[int] = []  # noqa: RUF012

    def upgrade(self, draft: Draft, from_version: int) -> None:
        self.calls.append(from_version)
        you = draft.entries.get("you", {})
        if "name" in you:
            you["first"], _, last = you.pop("name")[0].partition(" ")
            you["first"], you["last"] = [you["first"]], [last]


@pytest.fixture(autouse=True)
def no_calls() -> None:
    Two.calls.clear()


def deploy(old: Visitor, app: Flask) -> Visitor:
    return old.twin(app)


def begun(app: Flask, **sent: str) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(**sent)
    return visitor


def version_in_store(visitor: Visitor) -> int:
    drafts = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, _ = drafts.load(visitor.draft.split("/")[2])
    return int(draft.version)


def test_accepted_step_that_is_upgraded_stays_done_if_it_is_valid(
    make_app: MakeApp,
) -> None:
    old = begun(make_app(One), name="Ada Byron")
    new = deploy(old, make_app(Two))
    page = new.open(new.draft)
    assert page.rows == [("First name", "Ada"), ("Last name", "Byron")]
    new.press()
    assert committed[0].data == {"you": {"first": "Ada", "last": "Byron"}}


def test_upgraded_step_that_is_not_valid_is_asked_again(make_app: MakeApp) -> None:
    class Short(NamesForm):
        last = StringField("Last name", [Length(max=3, message="Too long")])

    class Strict(Two):
        you = Step(Short)

    old = begun(make_app(One), name="Ada Byron")
    new = deploy(old, make_app(Strict))
    page = new.open(new.draft)
    assert (page.errors, page.value("last")) == (["Too long"], "Byron")


def test_changed_values_of_the_same_form_are_judged_again(make_app: MakeApp) -> None:
    class Cleared(One):
        version = 2

        def upgrade(self, draft: Draft, from_version: int) -> None:
            draft.entries["you"]["name"] = [""]

    old = begun(make_app(One), name="Ada")
    new = deploy(old, make_app(Cleared))
    page = new.open(new.draft)
    assert (page.path, page.errors) == (f"{new.draft}you", ["Enter your name"])
    assert "This form has changed" in page.banners


def test_a_page_view_stores_no_upgrade(make_app: MakeApp) -> None:
    old = begun(make_app(One), name="Ada Byron")
    new = deploy(old, make_app(Two))
    new.open(f"{new.draft}you")
    assert version_in_store(new) == 1
    new.press("save")
    assert version_in_store(new) == 2
    new.open(new.draft)
    assert set(Two.calls) == {1}


def test_version_is_that_of_the_last_writer(make_app: MakeApp) -> None:
    old_app, new_app = make_app(One), make_app(Two)
    old = begun(old_app, name="Ada Byron")
    new = deploy(old, new_app)
    new.open(f"{new.draft}you")
    new.press("save")
    old = deploy(new, old_app)
    old.open(f"{old.draft}you")
    old.fill(name="Eve Moss")
    assert version_in_store(old) == 1
    new = deploy(old, new_app)
    assert new.open(new.draft).rows[0] == ("First name", "Eve")


def test_version_without_an_upgrade_is_stored_too(make_app: MakeApp) -> None:
    class Later(One):
        version = 3

    old = begun(make_app(One), name="Ada")
    new = deploy(old, make_app(Later))
    new.open(f"{new.draft}you")
    new.press("save")
    assert version_in_store(new) == 3


def test_hooks_see_the_upgraded_draft(make_app: MakeApp) -> None:
    seen: list[Any] = []

    class Told(Two):
        def describe(self, draft: Draft) -> str:
            return str(draft.entries["you"]["last"][0])

        def discarded(self, draft: Draft) -> None:
            seen.append(draft.entries)

    old = begun(make_app(One), name="Ada Byron")
    new = deploy(old, make_app(Told))
    draft = new.draft
    assert "Byron" in new.open("/join/").text
    new.open(f"{draft}discard")
    new.press("discard")
    assert seen == [{"you": {"first": ["Ada"], "last": ["Byron"]}}]


def test_entry_under_another_name_keeps_its_verdict_and_password(
    make_app: MakeApp,
) -> None:
    class Login(Form):
        name = StringField("Name")
        code = PasswordField("Code", [InputRequired("Enter the code")])

    class Old(Commits, Wizard):
        you = Step(Login)
        check = Review()

    class New(Commits, Wizard):
        version = 2
        me = Step(Login)
        check = Review()

        def upgrade(self, draft: Draft, from_version: int) -> None:
            if "you" in draft.entries:
                draft.entries["me"] = draft.entries.pop("you")

    old = begun(make_app(Old), name="Ada", code="4711-canary")
    new = deploy(old, make_app(New))
    assert new.open(new.draft).path.endswith("/check")
    new.press()
    assert committed[0].answers.me.code == "4711-canary"


def test_new_entry_is_asked_with_its_values(make_app: MakeApp) -> None:
    class Split(Two):
        pet = Step(PetForm)

        def upgrade(self, draft: Draft, from_version: int) -> None:
            super().upgrade(draft, from_version)
            draft.entries.setdefault("pet", {"pet": ["Rex"]})

    old = begun(make_app(One), name="Ada Byron")
    new = deploy(old, make_app(Split))
    page = new.open(new.draft)
    assert (page.path, page.value("pet")) == (f"{new.draft}pet", "Rex")


# Lists


class Animal(Item):
    who = Step(NameForm)
    pet = Step(PetForm)


class Pets(Commits, Wizard):
    pets = Repeat(PetForm, singular="pet")
    check = Review()


def with_pets(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    for name in ("Rex", "Tom"):
        visitor.press("add")
        visitor.fill(pet=name)
    return visitor


def upgraded_pets(body: Any, form: Any = NameForm) -> type[Wizard]:
    class New(Commits, Wizard):
        version = 2
        pets = Repeat(form, singular="pet")
        check = Review()

        def upgrade(self, draft: Draft, from_version: int) -> None:
            body(draft.entries)

    return New


def in_place(entries: dict[str, Any]) -> None:
    for pet in entries["pets"]:
        if "pet" in pet:
            pet["name"] = pet.pop("pet")


def rebuilt(entries: dict[str, Any]) -> None:
    entries["pets"] = [{"name": p.get("pet", p.get("name"))} for p in entries["pets"]]


@pytest.mark.parametrize("body", [in_place, rebuilt])
def test_items_keep_their_ids_and_verdicts(make_app: MakeApp, body: Any) -> None:
    old = with_pets(make_app(Pets))
    listed = [url for url in old.page.links.values() if "/pets/" in url]
    new = deploy(old, make_app(upgraded_pets(body)))
    page = new.open(new.page.path)
    assert [url for url in page.links.values() if "/pets/" in url] == listed
    new.press()
    new.press()
    assert [pet["name"] for pet in committed[0].data["pets"]] == ["Rex", "Tom"]


def test_item_that_the_hook_removes_leaves_the_others(make_app: MakeApp) -> None:
    def drop(entries: dict[str, Any]) -> None:
        in_place(entries)
        entries["pets"] = [pet for pet in entries["pets"] if pet["name"] != ["Rex"]]

    old = with_pets(make_app(Pets))
    new = deploy(old, make_app(upgraded_pets(drop)))
    new.open(new.page.path)
    new.press()
    new.press()
    assert [pet["name"] for pet in committed[0].data["pets"]] == ["Tom"]


def stored_animals(visitor: Visitor) -> tuple[StoredItem, ...]:
    drafts = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, _ = drafts.load(visitor.page.path.split("/")[2])
    found: tuple[StoredItem, ...] = draft.items("pets")
    return found


def test_items_may_get_several_pages(make_app: MakeApp) -> None:
    def into_pages(entries: dict[str, Any]) -> None:
        entries["pets"] = [
            pet if "who" in pet else {"who": {"name": ["Ada"]}, "pet": pet}
            for pet in entries["pets"]
        ]

    old = with_pets(make_app(Pets))
    new = deploy(old, make_app(upgraded_pets(into_pages, Animal)))
    page = new.open(new.page.path)
    new.open(next(u for u in page.links.values() if "/pets/" in u))
    assert new.page.value("name") == "Ada"
    assert new.fill(name="Ada").value("pet") == "Rex"
    (animal, _) = stored_animals(new)
    assert animal.entries["pet"].accepted


def test_step_may_become_a_list(make_app: MakeApp) -> None:
    def into_list(entries: dict[str, Any]) -> None:
        if "you" in entries:
            entries["pets"] = [entries.pop("you")]

    old = begun(make_app(One), name="Rex")
    new = deploy(old, make_app(upgraded_pets(into_list)))
    page = new.open(f"{new.draft}pets")
    first = next(url for url in page.links.values() if "/pets/" in url)
    new.open(f"{new.draft}pets")
    assert new.open(first).value("name") == "Rex"
    new.press()
    new.press()
    new.press()
    assert committed[0].data == {"pets": [{"name": "Rex"}]}


# What fails


class Failing(Two):
    def upgrade(self, draft: Draft, from_version: int) -> None:
        raise ZeroDivisionError


@pytest.mark.parametrize(
    "entries",
    [{"you": {"first": [1]}}, {"you": {"first": "Ada"}}, {"you": "Ada"}, {"you": [1]}],
)
def test_entries_that_no_page_sends_are_an_error(
    make_app: MakeApp, entries: dict[str, Any], caplog: pytest.LogCaptureFixture
) -> None:
    class Wrong(Two):
        def upgrade(self, draft: Draft, from_version: int) -> None:
            draft.entries.update(entries)

    old = begun(make_app(One), name="Bo")
    new = deploy(old, make_app(Wrong))
    assert new.get(f"{new.draft}you").status_code == 503
    cause = caplog.records[0].exc_info[1].__cause__  # type: ignore[index,union-attr]
    assert isinstance(cause, DefinitionError)
    assert "Expected a dict of lists of strings" in str(cause)


def test_failed_upgrade_loses_nothing(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, canary: Canary
) -> None:
    old_app = make_app(One)
    old = begun(old_app, name="Ada Byron")
    old.open(f"{old.draft}you")
    new = deploy(old, make_app(Failing))
    page = new.press("save", {"name": None, "first": "Eve"})
    assert (page.status, page.value("first")) == (503, "Eve")
    assert isinstance(
        caplog.records[0].exc_info[1].__cause__,  # type: ignore[index,union-attr]
        ZeroDivisionError,
    )
    assert new.get("/join/").status_code in (200, 302)
    mended = deploy(old, make_app(Two))
    assert mended.open(f"{mended.draft}you").value("last") == "Byron"


def test_upgrade_that_returns_something_is_an_error(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    class Returning(Two):
        def upgrade(self, draft: Draft, from_version: int) -> Any:
            return dict(draft.entries)

    old = begun(make_app(One), name="Bo")
    new = deploy(old, make_app(Returning))
    assert new.get(f"{new.draft}you").status_code == 503
    cause = caplog.records[0].exc_info[1].__cause__  # type: ignore[index,union-attr]
    assert "upgrade returned a dict" in str(cause)


def test_ended_draft_is_not_upgraded(make_app: MakeApp) -> None:
    old = begun(make_app(One), name="Ada")
    draft = old.draft
    old.press()
    new = deploy(old, make_app(Failing))
    assert new.get(f"{draft}receipt").status_code == 200
