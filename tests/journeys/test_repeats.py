"""Lists of items: add, change, remove, and what becomes of them."""

from __future__ import annotations

from functools import partial
from types import new_class
from typing import Any

import pytest
import wizards
from apps import MakeApp
from flask import Flask, render_template, url_for
from visitor import Page, Visitor
from wizards import Commits, committed
from wtforms import Form, IntegerField, SelectField, StringField
from wtforms.validators import InputRequired, ValidationError

from flask_wizard import (
    Answers,
    DefinitionError,
    Draft,
    Info,
    Item,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.core.draft import StoredItem

declare = partial(wizards.declare, "Household")


class YouForm(Form):
    name = StringField("Your name", [InputRequired("Enter your name")])
    pets = StringField("Any pets?", default="yes")


class PetForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])
    kind = SelectField("Kind", choices=wizards.choices("cat", "dog"))


class LastForm(Form):
    note = StringField("Note")


class Household(Commits, Wizard):
    you = Step(YouForm)
    pets = Repeat(PetForm, max=3, singular="pet", label=lambda pet: pet.name)
    check = Review()


class Keepers(Household):
    pets = Repeat(PetForm, min=1, singular="pet", label=lambda pet: pet.name)


def at_list(app: Flask, *names: str) -> Visitor:
    """Somebody who has added pets of these names."""
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    for name in names:
        add(visitor, name)
    return visitor


def add(visitor: Visitor, name: str) -> Page:
    if visitor.page.path.endswith("/pets"):
        visitor.press("add")
    return visitor.fill(name=name)


def items(page: Page) -> list[str]:
    return page.texts(".wizard-item-name")


# The list


def test_list_shows_each_item_by_its_label(make_app: MakeApp) -> None:
    assert items(at_list(make_app(Household), "Rex", "Tim").page) == ["Rex", "Tim"]


def test_links_of_items_are_told_apart(make_app: MakeApp) -> None:
    page = at_list(make_app(Household), "Rex", "Rex").page
    assert {"Change 1: Rex", "Remove 1: Rex", "Change 2: Rex"} <= page.links.keys()


def test_item_that_is_not_done_is_marked(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    visitor.press("add")
    visitor.press("back", {"kind": "dog"})
    assert items(visitor.page) == ["Rex", "Pet 2 Not finished"]


def test_continue_with_an_unfinished_item_is_an_error(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    visitor.press("add")
    visitor.press("back", {"kind": "dog"})
    page = visitor.press("next")
    assert page.errors == ["Finish Pet 2."]
    assert page.title.startswith("Error: ")
    assert page.link("Finish Pet 2.") == page.link("Continue 2")


def test_error_about_an_item_goes_when_it_is_finished(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    visitor.press("back", {"kind": "dog"})
    visitor.press("next")
    visitor.open(visitor.page.link("Finish"))
    assert visitor.fill(name="Tim").errors == []


def test_continue_with_too_few_items_is_an_error(make_app: MakeApp) -> None:
    app = make_app(declare(Household, pets=Repeat(PetForm, min=2)))
    page = at_list(app, "Rex").press("next")
    assert page.errors == ["There must be at least 2. Add 1 more."]


def test_list_without_items_may_be_continued(make_app: MakeApp) -> None:
    page = at_list(make_app(Household)).press("next")
    assert page.heading == "Check your answers"


def test_list_that_must_have_an_item_leads_to_it(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Keepers))
    assert visitor.page.path.endswith("/pets/new")
    answer = visitor.get(visitor.page.path.removesuffix("/new"))
    assert (answer.status_code, answer.location) == (303, visitor.page.path)


def test_back_from_the_item_that_must_be_is_the_step_before(make_app: MakeApp) -> None:
    assert at_list(make_app(Keepers)).press("back").path.endswith("/you")


def test_last_item_that_must_be_leaves_the_list_open(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Keepers), "Rex")
    visitor.press("next")
    visitor.open(visitor.page.link("Change Pets"))
    visitor.open(visitor.page.link("Remove 1"))
    page = visitor.press("remove")
    assert page.path.endswith("/pets/new")
    assert visitor.open(page.path.replace("pets/new", "check")).path == page.path


def test_button_that_adds_is_gone_at_the_maximum(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim", "Tom")
    assert "add" not in visitor.page.buttons


@pytest.mark.parametrize("count", [2, 3])
def test_last_item_that_fits_offers_no_other(make_app: MakeApp, count: int) -> None:
    visitor = at_list(make_app(Household), *["Rex", "Tim", "Tom"][: count - 1])
    visitor.press("add")
    assert ("add" in visitor.page.buttons) == (count < 3)


def test_adding_opens_the_list_again(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    check = visitor.press("next").path
    visitor.open(visitor.page.link("Change Pets"))
    visitor.press("add")
    assert visitor.open(check).path.endswith("/pets")


def test_first_page_of_a_wizard_may_be_a_list(make_app: MakeApp) -> None:
    app = make_app(declare(Commits, pets=Repeat(PetForm, min=1), check=Review()))
    visitor = Visitor(app)
    page = visitor.open()
    assert page.path == "/join/new/pets/new"
    page = visitor.fill(name="Rex")
    assert items(page) == ["Pet 1"]
    assert page.path.startswith("/join/")


def test_first_item_of_a_new_draft_is_added_once(make_app: MakeApp) -> None:
    app = make_app(declare(Commits, pets=Repeat(PetForm, min=1), check=Review()))
    visitor = Visitor(app)
    visitor.open()
    first = visitor.send("next", {"name": "Rex"})
    assert visitor.send("next", {"name": "Rex"}).location == first.location
    assert items(visitor.open(first.location)) == ["Pet 1"]


# An item


def test_new_page_has_a_fresh_nonce_each_time(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    url = visitor.press("add").url
    nonces = {visitor.open(url).value("_item") for _ in range(3)}
    assert len(nonces) == 3


def test_double_click_adds_one(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    first = visitor.send("next", {"name": "Rex"})
    second = visitor.send("next", {"name": "Rex"})
    assert first.location == second.location
    assert items(visitor.open(first.location)) == ["Rex"]


@pytest.mark.parametrize("action", ["back", "save", "autosave", "goto:you"])
def test_new_page_sent_as_it_came_adds_none(make_app: MakeApp, action: str) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    visitor.send(action)
    assert items(visitor.open(visitor.draft.replace("/pets/", "/pets"))) == []


@pytest.mark.parametrize("action", ["back", "save", "autosave", "goto:you"])
def test_new_page_keeps_what_was_typed(make_app: MakeApp, action: str) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    list_url = visitor.draft.replace("/pets/", "/pets")
    visitor.send(action, {"name": "Rex"})
    visitor.open(list_url)
    assert visitor.open(visitor.page.link("Continue 1")).value("name") == "Rex"


def test_autosave_of_a_new_page_begins_the_item_that_continue_finishes(
    make_app: MakeApp,
) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    assert visitor.send("autosave", {"name": "Re"}).status_code == 204
    assert visitor.send("autosave", {"name": "Rex"}).status_code == 204
    assert items(visitor.fill(name="Rex")) == ["Rex"]


def test_item_that_is_not_valid_is_shown_with_its_errors(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    page = visitor.fill(name="", kind="dog")
    assert not page.path.endswith("/new")
    assert page.errors == ["Enter a name"]
    assert page.value("kind") == "dog"


def test_pages_of_items_are_told_apart_by_their_headings(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    headings = [visitor.press("add").heading]
    visitor.press("back")
    headings.append(visitor.open(visitor.page.link("Change 1")).heading)
    assert headings == ["Pet 2", "Rex"]


def test_add_accepts_the_item_and_leads_to_the_next(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    page = visitor.press("add", {"name": "Rex"})
    assert (page.path.rsplit("/", 1)[1], page.heading) == ("new", "Pet 2")
    assert items(visitor.press("back")) == ["Rex"]


def test_add_does_not_leave_an_item_that_is_not_valid(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    assert visitor.press("add", {"name": ""}).errors == ["Enter a name"]


@pytest.mark.parametrize("url", ["nothing", "new/new", "{item}/who", "{item}/file"])
def test_other_pages_of_a_list_are_not_found(make_app: MakeApp, url: str) -> None:
    visitor = at_list(make_app(Household), "Rex")
    item = visitor.page.link("Change 1").rsplit("/", 1)[1]
    answer = visitor.get(f"{visitor.page.path}/{url.format(item=item)}")
    assert (answer.status_code == 404) == (url != "nothing")


@pytest.mark.parametrize("page", ["you/new", "you/abc", "check/new", "you/a/remove"])
def test_steps_without_items_have_no_pages_of_items(
    make_app: MakeApp, page: str
) -> None:
    visitor = at_list(make_app(Household), "Rex")
    assert visitor.get(visitor.draft + page).status_code == 404


# A full list


def full_tab(make_app: MakeApp) -> tuple[Visitor, Page]:
    """Somebody whose page of a new item is older than the last item that fits."""
    visitor = at_list(make_app(Household), "Rex", "Tim")
    stale = visitor.press("add")
    add(visitor, "Tom")
    return visitor, stale


def test_item_too_many_is_given_back(make_app: MakeApp) -> None:
    visitor, stale = full_tab(make_app)
    visitor.show(stale.response)
    answer = visitor.send("next", {"name": "Zoe", "_item": "x" * 22})
    page = visitor.show(answer)
    assert page.status == 409
    assert page.value("name") == "Zoe"
    assert "The list is full" in page.banners
    listed = page.link("Remove one of them")
    assert items(visitor.open(listed)) == ["Rex", "Tim", "Tom"]


def test_page_of_a_new_item_leads_to_the_full_list(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim", "Tom")
    answer = visitor.get(visitor.page.path + "/new")
    assert (answer.status_code, answer.location) == (303, visitor.page.path)


def test_add_on_a_full_list_is_refused(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim", "Tom")
    assert visitor.send("add").status_code == 409


# Removing


def test_removing_asks_first(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    page = visitor.open(visitor.page.link("Remove 1"))
    assert (page.heading, page.buttons) == ("Remove Rex?", ["back", "remove"])


@pytest.mark.parametrize("action", ["next", "remove"])
def test_confirmed_item_is_removed(make_app: MakeApp, action: str) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim")
    visitor.open(visitor.page.link("Remove 1"))
    assert items(visitor.press(action)) == ["Tim"]


@pytest.mark.parametrize("action", ["back", "save", "add", "nonsense", "autosave"])
def test_other_buttons_remove_nothing(make_app: MakeApp, action: str) -> None:
    visitor = at_list(make_app(Household), "Rex")
    list_url = visitor.page.path
    visitor.open(visitor.page.link("Remove 1"))
    visitor.send(action)
    assert items(visitor.open(list_url)) == ["Rex"]


def test_page_that_asks_changes_nothing_without_an_action(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    visitor.open(visitor.page.link("Remove 1"))
    token = {"csrf_token": visitor.token}
    assert visitor.client.post(visitor.page.path, data=token).status_code == 400


def test_removal_without_a_token_is_given_back(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    list_url = visitor.page.path
    visitor.open(visitor.page.link("Remove 1"))
    page = visitor.show(visitor.send("remove", {"csrf_token": "wrong"}))
    assert (page.status, page.buttons[-1]) == (400, "remove")
    assert items(visitor.open(list_url)) == ["Rex"]
    visitor.show(page.response)
    assert items(visitor.press("remove")) == []


def test_second_item_keeps_its_url_and_values(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim")
    second = visitor.page.link("Change 2")
    visitor.open(visitor.page.link("Remove 1"))
    page = visitor.press("remove")
    assert page.link("Change 1") == second
    assert visitor.open(second).value("name") == "Tim"


def test_removed_item_leads_to_the_list_which_says_so(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim")
    gone = visitor.page.link("Change 1")
    visitor.open(visitor.page.link("Remove 1"))
    visitor.press("remove")
    assert visitor.get(gone).status_code == 303
    page = visitor.open(gone)
    assert "has been removed" in page.banners
    assert visitor.open(page.path).banners == ""


def removed_elsewhere(make_app: MakeApp) -> Visitor:
    """Somebody who has an item's page open that another tab has removed."""
    visitor = at_list(make_app(Household), "Rex", "Tim")
    listed = visitor.page
    page = visitor.open(listed.link("Change 1"))
    visitor.open(listed.link("Remove 1"))
    visitor.press("remove")
    visitor.show(page.response)
    return visitor


@pytest.mark.parametrize("action", ["next", "add", "back", "save"])
def test_what_is_sent_to_a_removed_item_is_kept_as_a_new_one(
    make_app: MakeApp, action: str
) -> None:
    visitor = removed_elsewhere(make_app)
    page = visitor.press(action, {"name": "Max"})
    assert items(page) == ["Tim", "Pet 2 Not finished"]
    assert "kept in a new entry" in page.banners
    assert visitor.open(page.link("Continue 2")).value("name") == "Max"


def test_second_click_on_a_removed_item_adds_no_other(make_app: MakeApp) -> None:
    visitor = removed_elsewhere(make_app)
    visitor.send("next", {"name": "Max"})
    visitor.press("next", {"name": "Max"})
    list_url = visitor.page.path.partition("/pets")[0] + "/pets"
    assert len(items(visitor.open(list_url))) == 2


def test_autosave_to_a_removed_item_adds_none(make_app: MakeApp) -> None:
    visitor = removed_elsewhere(make_app)
    assert visitor.send("autosave", {"name": "Max"}).status_code == 409
    list_url = visitor.page.path.rsplit("/", 1)[0]
    assert items(visitor.open(list_url)) == ["Tim"]


# Answers


def confirmed(visitor: Visitor) -> Submission:
    visitor.press("next")
    visitor.press("next")
    return committed[-1]


def test_commit_gets_a_list_of_dicts(make_app: MakeApp) -> None:
    submission = confirmed(at_list(make_app(Household), "Rex", "Tim"))
    assert submission.data["pets"] == [
        {"name": "Rex", "kind": "cat"},
        {"name": "Tim", "kind": "cat"},
    ]


def test_records_have_the_ids_of_their_items(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    item_id = visitor.page.link("Change 1").rsplit("/", 1)[1]
    (pet,) = confirmed(visitor).answers.pets
    assert (pet.name, pet["kind"], pet.item_id) == ("Rex", "cat", item_id)
    assert len(item_id) == 22


def test_answers_are_empty_while_the_list_is_not_done(make_app: MakeApp) -> None:
    seen = []

    def note(form: Form, answers: Answers) -> None:
        seen.append([pet.name for pet in answers.pets])

    wizard = declare(Household, last=Step(LastForm, prepare=note), check=Review())
    visitor = at_list(make_app(wizard), "Rex")
    visitor.press("next")
    visitor.open(visitor.page.path.replace("last", "pets"))
    visitor.press("add")
    visitor.press("back", {"kind": "dog"})
    assert seen == [["Rex"]]
    assert visitor.open(visitor.draft + "last").path.endswith("/pets")


def test_item_that_a_later_step_read_is_judged_anew_when_it_changes(
    make_app: MakeApp,
) -> None:
    def refuse_tim(form: Any, answers: Answers) -> None:
        if any(pet.name == "Tim" for pet in answers.pets):
            form.note.validators = [InputRequired("Say why")]

    wizard = declare(Household, last=Step(LastForm, prepare=refuse_tim), check=Review())
    visitor = at_list(make_app(wizard), "Rex")
    visitor.press("next")
    check = visitor.press("next").path
    visitor.open(visitor.page.link("Change Pets"))
    visitor.open(visitor.page.link("Change 1"))
    visitor.fill(name="Tim")
    page = visitor.open(check)
    assert page.path.endswith("/last")
    assert page.errors == ["Say why"]


def test_hidden_list_is_back_with_its_items(make_app: MakeApp) -> None:
    pets = Repeat(
        PetForm, when=lambda answers: answers.you.pets == "yes", label=lambda p: p.name
    )
    visitor = at_list(make_app(declare(Household, pets=pets)), "Rex")
    draft = visitor.draft
    visitor.open(draft + "you")
    assert visitor.fill(pets="no").heading == "Check your answers"
    assert [row[0] for row in visitor.page.rows] == ["Your name", "Any pets?"]
    visitor.open(draft + "you")
    assert items(visitor.fill(pets="yes")) == ["Rex"]


def test_public_draft_has_what_was_sent_of_items(make_app: MakeApp) -> None:
    found: list[Draft] = []
    wizard = declare(Household, discarded=lambda self, draft: found.append(draft))
    visitor = at_list(make_app(wizard), "Rex")
    visitor.press("discard")
    visitor.press("discard")
    assert found[0].entries["pets"] == [{"name": ["Rex"], "kind": ["cat"]}]


def test_populate_leaves_lists_out(make_app: MakeApp) -> None:
    class Member:
        name = ""

    submission = confirmed(at_list(make_app(Household), "Rex"))
    member = Member()
    submission.populate(member)
    assert vars(member) == {"name": "Ada", "pets": "yes"}


# Labels


@pytest.mark.parametrize("given", ["", None, "   "])
def test_item_without_a_label_is_numbered(make_app: MakeApp, given: str) -> None:
    pets = Repeat(PetForm, singular="pet", label=lambda pet: given)
    page = at_list(make_app(declare(Household, pets=pets)), "Rex", "Tim").page
    assert items(page) == ["Pet 1", "Pet 2"]


def test_label_that_fails_is_logged(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    pets = Repeat(PetForm, singular="pet", label=lambda pet: 1 / 0)
    page = at_list(make_app(declare(Household, pets=pets)), "Rex").page
    assert items(page) == ["Pet 1"]
    assert "label of the list 'pets' failed" in caplog.text


def test_label_is_escaped(make_app: MakeApp) -> None:
    page = at_list(make_app(Household), "<b>Rex</b>").page
    assert items(page) == ["<b>Rex</b>"]


# Rules among items


class UniqueForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])

    def validate_name(self, field: StringField) -> None:
        if field.data in [pet.name for pet in self.meta.items]:
            raise ValidationError("Another pet has that name")


def test_form_sees_the_items_before_it(make_app: MakeApp) -> None:
    app = make_app(declare(Household, pets=Repeat(UniqueForm)))
    visitor = at_list(app, "Rex", "Tim")
    assert add(visitor, "Rex").errors == ["Another pet has that name"]


def test_item_does_not_see_itself(make_app: MakeApp) -> None:
    app = make_app(declare(Household, pets=Repeat(UniqueForm)))
    visitor = at_list(app, "Rex")
    visitor.open(visitor.page.link("Change 1"))
    assert visitor.fill(name="Rex").errors == []


def test_item_is_open_again_when_one_before_it_makes_it_invalid(
    make_app: MakeApp,
) -> None:
    app = make_app(declare(Household, pets=Repeat(UniqueForm, singular="pet")))
    visitor = at_list(app, "Rex", "Tim")
    visitor.open(visitor.page.link("Change 1"))
    page = visitor.fill(name="Tim")
    assert items(page) == ["Pet 1", "Pet 2 Not finished"]
    assert visitor.press("next").errors == ["Finish Pet 2."]
    page = visitor.open(visitor.page.link("Finish"))
    assert page.errors == ["Another pet has that name"]


def test_item_that_still_holds_is_not_asked_again(make_app: MakeApp) -> None:
    app = make_app(declare(Household, pets=Repeat(UniqueForm)))
    visitor = at_list(app, "Rex", "Tim")
    visitor.open(visitor.page.link("Change 1"))
    visitor.fill(name="Max")
    assert visitor.press("next").heading == "Check your answers"


def test_form_knows_the_id_of_its_item(make_app: MakeApp) -> None:
    seen = set()

    class NotingForm(PetForm):
        def validate_name(self, field: StringField) -> None:
            seen.add(self.meta.item_id)

    visitor = at_list(make_app(declare(Household, pets=Repeat(NotingForm))), "Rex")
    assert seen == {visitor.page.link("Change 1").rsplit("/", 1)[1]}


# The check page


def test_check_page_has_a_group_for_each_item(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim")
    page = visitor.press("next")
    assert page.rows[2:] == [
        ("Pets", "2 entries"),
        ("Name", "Rex"),
        ("Kind", "cat"),
        ("Name", "Tim"),
        ("Kind", "cat"),
    ]
    assert page.texts("h2, h3")[-3:] == ["Pets", "Rex", "Tim"]


def test_row_behind_the_items_has_a_heading_of_its_own(make_app: MakeApp) -> None:
    wizard = declare(Household, last=Step(LastForm), check=Review())
    visitor = at_list(make_app(wizard), "Rex")
    visitor.press("next")
    page = visitor.fill(note="Hm")
    assert page.texts("h2, h3")[-3:] == ["Pets", "Rex", "Last"]


def test_check_page_says_that_there_are_no_items(make_app: MakeApp) -> None:
    assert ("Pets", "None") in at_list(make_app(Household)).press("next").rows


def test_change_of_an_item_leads_back_to_its_row(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim")
    visitor.press("next")
    changes = [url for name, url in visitor.page.links.items() if "Tim" in name]
    visitor.open(changes[0])
    assert visitor.page.value("name") == "Tim"
    item_id = visitor.page.path.rsplit("/", 1)[1]
    answer = visitor.send("next", {"name": "Tom"})
    assert answer.location.endswith(f"/check#row-pets-{item_id}")
    page = visitor.open(answer.location)
    assert page.html.query(f"#row-pets-{item_id}")
    assert ("Name", "Tom") in page.rows


# Errors of the commit


def refusing(field: str | None, *, item: bool = True) -> type[Wizard]:
    def validate(self: Wizard, submission: Submission) -> None:
        for pet in submission.answers.pets:
            if pet.name == "Tim":
                item_id = pet.item_id if item else None
                raise StepError("pets", "No Tim here", field=field, item=item_id)

    return declare(Household, validate=validate)


@pytest.mark.parametrize("field", ["name", None])
def test_error_of_a_commit_leads_to_the_item(
    make_app: MakeApp, field: str | None
) -> None:
    visitor = at_list(make_app(refusing(field)), "Rex", "Tim")
    second = visitor.page.link("Change 2")
    visitor.press("next")
    page = visitor.press("next")
    assert page.path == second
    assert page.errors == ["No Tim here"]
    assert visitor.fill(name="Tom").heading == "Check your answers"
    visitor.press("next")
    assert [pet["name"] for pet in committed[-1].data["pets"]] == ["Rex", "Tom"]


def test_error_of_a_commit_may_be_about_the_list(make_app: MakeApp) -> None:
    visitor = at_list(make_app(refusing(None, item=False)), "Rex", "Tim")
    visitor.press("next")
    page = visitor.press("next")
    assert page.path.endswith("/pets")
    assert page.errors == ["No Tim here"]


@pytest.mark.parametrize(
    ("field", "item"), [("name", False), ("nonsense", True)], ids=["list", "field"]
)
def test_error_that_names_what_is_not_there_is_refused(
    make_app: MakeApp, field: str, item: bool
) -> None:
    visitor = at_list(make_app(refusing(field, item=item)), "Tim")
    visitor.press("next")
    with pytest.raises(DefinitionError, match=field):
        visitor.press("next")


def test_commit_validates_each_item_again(make_app: MakeApp) -> None:
    wrong: list[str] = []

    class LateForm(PetForm):
        def validate_name(self, field: StringField) -> None:
            if field.data in wrong:
                raise ValidationError("Not any more")

    visitor = at_list(make_app(declare(Household, pets=Repeat(LateForm))), "Rex", "Tim")
    second = visitor.page.link("Change 2")
    visitor.press("next")
    wrong.append("Tim")
    page = visitor.press("next")
    assert page.path == second
    assert page.errors == ["Not any more"]


# Items of several pages


class ChildForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])
    age = IntegerField("Age", [InputRequired("Enter an age")])


class SchoolForm(Form):
    school = StringField("School", [InputRequired("Enter a school")])


class Child(Item):
    who = Step(ChildForm, title="Who")
    school = Step(SchoolForm, title="School", when=lambda answers: answers.who.age > 5)


class Family(Commits, Wizard):
    you = Step(YouForm)
    children = Repeat(Child, singular="child", label=lambda child: child.who.name)
    check = Review()


def at_children(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    return visitor


def add_child(visitor: Visitor, name: str, age: str, school: str = "") -> Page:
    visitor.press("add")
    visitor.fill(name=name, age=age)
    return visitor.fill(school=school) if school else visitor.page


def test_pages_of_an_item_follow_each_other(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    visitor.press("add")
    page = visitor.fill(name="Bea", age="8")
    assert page.path.endswith("/school")
    assert (page.heading, page.texts(".wizard-caption")) == ("School", ["Child 1"])
    page = visitor.fill(school="Elm")
    assert items(page) == ["Bea"]


def test_page_that_does_not_apply_is_left_out(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    page = add_child(visitor, "Tom", "5")
    assert items(page) == ["Tom"]
    submission = confirmed(visitor)
    assert submission.data["children"] == [{"who": {"name": "Tom", "age": 5}}]


def test_answers_of_pages_are_by_page(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    add_child(visitor, "Bea", "8", "Elm")
    add_child(visitor, "Tom", "5")
    submission = confirmed(visitor)
    bea, tom = submission.answers.children
    assert (bea.who.age, bea.school.school) == (8, "Elm")
    assert (tom.who.age, tom.school.school, bool(tom.school)) == (5, None, False)
    assert bea.item_id != tom.item_id
    assert submission.data["children"][0]["school"] == {"school": "Elm"}


def test_item_leads_to_its_first_open_page(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    add_child(visitor, "Bea", "8")
    item = visitor.page.path.removesuffix("/school")
    assert visitor.get(item).location == item + "/school"
    visitor.fill(school="Elm")
    assert visitor.get(item).location == item + "/who"


def test_page_that_does_not_open_yet_leads_to_the_first(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    visitor.press("add")
    visitor.press("back", {"name": "Bea"})
    item = visitor.page.link("Continue 1")
    assert visitor.get(item + "/school").location == item + "/who"


def test_what_is_sent_to_a_page_that_does_not_open_is_kept(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    add_child(visitor, "Bea", "8")
    school = visitor.page
    visitor.press("back")
    visitor.press("back", {"age": "x"})
    visitor.show(school.response)
    page = visitor.fill(school="Elm")
    assert page.path.endswith("/children")
    item = page.link("Continue 1")
    visitor.open(item)
    assert visitor.fill(age="9").value("school") == "Elm"


def test_back_on_the_first_page_leads_to_the_list(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    add_child(visitor, "Bea", "8")
    assert visitor.press("back").path.endswith("/who")
    assert visitor.press("back").path.endswith("/children")


def test_only_the_last_page_adds_another(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    buttons = [visitor.press("add").buttons, visitor.fill(name="B", age="8").buttons]
    assert ["add" in each for each in buttons] == [False, True]


def test_hidden_page_of_an_item_is_back_with_its_answers(make_app: MakeApp) -> None:
    visitor = at_children(make_app(Family))
    add_child(visitor, "Bea", "8", "Elm")
    item = visitor.page.link("Change 1")
    visitor.open(item + "/who")
    assert items(visitor.fill(age="4")) == ["Bea"]
    visitor.open(item + "/who")
    assert visitor.fill(age="8").value("school") == "Elm"


def test_page_of_an_item_may_read_steps_before_the_list(make_app: MakeApp) -> None:
    seen = []

    class Plain(Item):
        who = Step(
            ChildForm, prepare=lambda form, answers: seen.append(answers.you.name)
        )

    add_child(at_children(make_app(declare(Family, children=Repeat(Plain)))), "B", "8")
    assert set(seen) == {"Ada"}


def test_item_may_have_a_page_without_a_form(make_app: MakeApp) -> None:
    class Told(Item):
        who = Step(ChildForm)
        rules = Info(title="The rules")

    app = make_app(declare(Family, children=Repeat(Told, singular="child")))
    visitor = at_children(app)
    page = add_child(visitor, "Bea", "8")
    assert page.heading == "The rules"
    assert items(visitor.press("next")) == ["Child 1"]
    assert confirmed(visitor).data["children"] == [{"who": {"name": "Bea", "age": 8}}]


@pytest.mark.parametrize("field", ["school.school", "school", None])
def test_error_of_a_commit_leads_to_the_page(
    make_app: MakeApp, field: str | None
) -> None:
    def validate(self: Wizard, submission: Submission) -> None:
        (bea,) = submission.answers.children
        if bea.school.school == "Elm":
            raise StepError("children", "No Elm", field=field, item=bea.item_id)

    visitor = at_children(make_app(declare(Family, validate=validate)))
    add_child(visitor, "Bea", "8", "Elm")
    visitor.press("next")
    page = visitor.press("next")
    assert page.path.endswith("/school" if field else "/who")
    assert page.errors == ["No Elm"]


# Items of an earlier answer


class ShareForm(Form):
    share = IntegerField("Share", [InputRequired("Enter a share")])


class Shares(Commits, Wizard):
    you = Step(YouForm, title="You")
    shares = Repeat(
        ShareForm,
        over=lambda answers: [(name, name) for name in answers.you.name.split()],
    )
    check = Review()


def at_shares(app: Flask, names: str) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name=names)
    return visitor


def test_there_is_an_item_for_each_part_of_the_answer(make_app: MakeApp) -> None:
    page = at_shares(make_app(Shares), "Ada Bob").page
    assert items(page) == ["Ada Not finished", "Bob Not finished"]
    assert page.buttons == ["next", "back", "save", "discard"]
    assert not [name for name in page.links if name.startswith("Remove")]


def test_continue_leads_through_the_items(make_app: MakeApp) -> None:
    visitor = at_shares(make_app(Shares), "Ada Bob")
    visitor.open(visitor.page.link("Continue 1"))
    assert visitor.page.texts(".wizard-caption") == ["Ada"]
    assert visitor.fill(share="1").texts(".wizard-caption") == ["Bob"]
    assert items(visitor.fill(share="2")) == ["Ada", "Bob"]
    assert confirmed(visitor).data["shares"] == [{"share": 1}, {"share": 2}]


def test_item_whose_key_goes_is_hidden(make_app: MakeApp) -> None:
    visitor = at_shares(make_app(Shares), "Ada Bob")
    visitor.open(visitor.page.link("Continue 1"))
    visitor.fill(share="1")
    visitor.fill(share="2")
    draft = visitor.draft
    for names, left in (("Bob", ["Bob"]), ("Bob Ada", ["Bob", "Ada"])):
        visitor.open(draft + "you")
        assert items(visitor.fill(name=names)) == left
    assert confirmed(visitor).data["shares"] == [{"share": 2}, {"share": 1}]


def test_list_of_nothing_does_not_apply(make_app: MakeApp) -> None:
    assert at_shares(make_app(Shares), " ? ".strip()).page.path.endswith("/shares")
    wizard = declare(Shares, shares=Repeat(ShareForm, over=lambda answers: []))
    assert at_shares(make_app(wizard), "Ada").page.heading == "Check your answers"


@pytest.mark.parametrize("page", ["new", "{item}/remove"])
def test_items_of_an_answer_are_not_added_or_removed(
    make_app: MakeApp, page: str
) -> None:
    visitor = at_shares(make_app(Shares), "Ada")
    item = visitor.page.link("Continue 1").rsplit("/", 1)[1]
    url = f"{visitor.page.path}/{page.format(item=item)}"
    assert visitor.get(url).status_code == 404


@pytest.mark.parametrize(
    "found", [[("a", "A"), ("a", "B")], ["a"], [(1.5, "A")], [(True, "A")], [3]]
)
def test_keys_that_cannot_be_told_apart_are_refused(
    make_app: MakeApp, found: Any
) -> None:
    wizard = declare(Shares, shares=Repeat(ShareForm, over=lambda answers: found))
    with pytest.raises(DefinitionError, match="'shares'"):
        at_shares(make_app(wizard), "Ada")


def test_numbers_and_texts_are_different_keys(make_app: MakeApp) -> None:
    pairs: Any = [(1, "One"), ("1", "One again")]
    wizard = declare(Shares, shares=Repeat(ShareForm, over=lambda answers: pairs))
    assert len(items(at_shares(make_app(wizard), "Ada").page)) == 2


# Declarations


@pytest.mark.parametrize(
    ("options", "found"),
    [
        ({"min": -1}, "min=-1"),
        ({"min": True}, "min=True"),
        ({"max": 0}, "max=0"),
        ({"min": 3, "max": 2}, "max=2"),
        ({"over": lambda answers: [], "max": 2}, "over="),
        ({"over": lambda: []}, "over of"),
        ({"label": lambda: ""}, "label of"),
        ({"label": 3}, "label of"),
        ({"when": lambda: True}, "when of"),
    ],
)
def test_list_that_is_declared_wrongly_is_refused(
    options: dict[str, Any], found: str
) -> None:
    with pytest.raises(DefinitionError, match=found):
        declare(Household, pets=Repeat(PetForm, **options))


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("remove", "remove"),
        ("file", "file"),
        ("new", "new"),
        ("item_id", "item_id"),
        ("steps", "steps"),
        ("_own", "_own"),
    ],
)
def test_names_of_an_items_own_pages_are_refused(name: str, found: str) -> None:
    with pytest.raises(DefinitionError, match=f"'{found}'"):
        new_class(
            "Bad", (Item,), exec_body=lambda body: body.update({name: Step(PetForm)})
        )


@pytest.mark.parametrize("step", [Review(), Repeat(PetForm)])
def test_item_has_no_list_and_no_review(step: Any) -> None:
    with pytest.raises(DefinitionError, match=type(step).__name__):
        new_class("Bad", (Item,), exec_body=lambda body: body.update(inner=step))


def test_page_with_the_name_of_a_step_is_refused() -> None:
    class Clash(Item):
        you = Step(ChildForm)

    with pytest.raises(DefinitionError, match="'you'"):
        declare(Family, children=Repeat(Clash))


@pytest.mark.parametrize(
    "option", [{"prepare": lambda f, a: None}, {"revalidate": False}]
)
def test_options_of_a_form_are_refused_for_several_pages(option: Any) -> None:
    with pytest.raises(DefinitionError, match=next(iter(option))):
        declare(Family, children=Repeat(Child, **option))


def test_item_without_pages_is_refused() -> None:
    class Empty(Item):
        pass

    with pytest.raises(DefinitionError, match="Empty has no steps"):
        declare(Family, children=Repeat(Empty))


# Definitions that change


def test_step_that_becomes_a_list_keeps_its_answers(
    make_app: MakeApp, store: Any
) -> None:
    one = declare(Household, pets=Step(PetForm), check=None)
    visitor = Visitor(make_app(one))
    visitor.open()
    visitor.fill(name="Ada")
    visitor.press("save", {"name": "Rex"})
    visitor.app = make_app(declare(Household, check=None))
    visitor.client.application = visitor.app
    page = visitor.open(visitor.draft + "pets")
    assert items(page) == ["Pet 1 Not finished"]
    assert visitor.open(page.link("Continue 1")).value("name") == "Rex"


def test_form_that_becomes_an_item_keeps_its_answers(make_app: MakeApp) -> None:
    class Pages(Item):
        who = Step(PetForm)
        more = Step(LastForm)

    visitor = at_list(make_app(Household), "Rex")
    visitor.app = make_app(declare(Household, pets=Repeat(Pages, singular="pet")))
    visitor.client.application = visitor.app
    page = visitor.open(visitor.page.path)
    assert items(page) == ["Pet 1 Not finished"]
    page = visitor.open(page.link("Continue 1"))
    assert page.path.endswith("/more")
    assert visitor.press("back").value("name") == "Rex"


# Headless


def test_views_of_an_application_get_the_item_only_where_there_is_one(
    make_app: MakeApp,
) -> None:
    app = make_app()
    asked = []

    def url_of(**at: Any) -> str:
        asked.append(at)
        return url_for("apply", **at)

    @app.route("/apply/<draft>/<step>", methods=["GET", "POST"])
    @app.route("/apply/<draft>/<step>/<item>", methods=["GET", "POST"])
    @app.route("/apply/<draft>/<step>/<item>/<sub>", methods=["GET", "POST"])
    def apply(
        draft: str, step: str, item: str | None = None, sub: str | None = None
    ) -> Any:

        outcome = Family.open(draft, url_for_step=url_of).handle(step, item, sub)
        if not isinstance(outcome, dict):
            return outcome
        return render_template(list(outcome.templates), **outcome)

    visitor = Visitor(app)
    visitor.open("/apply/new/you")
    visitor.fill(name="Ada")
    page = add_child(visitor, "Bea", "8", "Elm")
    assert items(page) == ["Bea"]
    assert confirmed(visitor).data["children"][0]["school"] == {"school": "Elm"}
    keys = {tuple(sorted(at)) for at in asked}
    assert keys == {
        ("draft", "step"),
        ("draft", "item", "step"),
        ("draft", "item", "step", "sub"),
    }


# What is stored


def test_item_shows_no_answer_in_logs() -> None:
    item = StoredItem("a", label="Rex")
    assert "Rex" not in repr(item)
