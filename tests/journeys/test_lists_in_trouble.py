"""Lists of items when something goes wrong: deploys, failing hooks, ends, old pages."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import wizards
from apps import MakeApp
from clock import DAY
from flask import Flask
from jinja2 import DictLoader
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor
from wizards import Commits, committed, stored
from wtforms import Form, FormField, IntegerField, PasswordField, StringField
from wtforms.validators import InputRequired, Length, ValidationError

from flask_wizard import Answers, Draft, Item, Repeat, Review, Step, StepError, Wizard

declare = partial(wizards.declare, "Household")


class YouForm(Form):
    name = StringField("Your name", [InputRequired("Enter your name")])


class PetForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])
    note = StringField("Note")


class LastForm(Form):
    note = StringField("Note")


class Household(Commits, Wizard):
    you = Step(YouForm)
    pets = Repeat(PetForm, max=3, singular="pet", label=lambda pet: pet.name)
    check = Review()


class ChildForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])


class SchoolForm(Form):
    school = StringField("School", [InputRequired("Enter a school")])


class Child(Item):
    who = Step(ChildForm)
    school = Step(SchoolForm)


class Family(Commits, Wizard):
    you = Step(YouForm)
    pets = Repeat(Child, singular="pet", label=lambda child: child.who.name)
    check = Review()


def by_names(answers: Answers) -> list[tuple[str, str]]:
    return [(name, name) for name in answers.you.name.split()]


class Shares(Commits, Wizard):
    you = Step(YouForm)
    pets = Repeat(PetForm, over=by_names, singular="share")
    check = Review()


def at_list(app: Flask, *names: str, you: str = "Ada") -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name=you)
    for name in names:
        visitor.press("add")
        visitor.fill(name=name)
    return visitor


def list_url(visitor: Visitor) -> str:
    return "/".join(visitor.page.path.split("/")[:3]) + "/pets"


def items(page: Page) -> list[str]:
    return page.texts(".wizard-item-name")


def deploy(visitor: Visitor, app: Flask) -> None:
    visitor.app = visitor.client.application = app


# Deploys


class ShortForm(Form):
    note = StringField("Note")


def test_list_that_becomes_a_step_is_asked_again(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    visitor.press("next")
    deploy(visitor, make_app(declare(Household, pets=Step(ShortForm))))
    page = visitor.open(visitor.page.path)
    assert page.path.endswith("/pets")
    assert page.value("note") == ""


def test_list_is_back_after_it_was_a_step(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    deploy(visitor, make_app(declare(Household, pets=Step(ShortForm))))
    visitor.open(list_url(visitor))
    visitor.fill(note="x")
    deploy(visitor, make_app(Household))
    # What was typed in between is an item to finish or to remove.
    assert items(visitor.open(list_url(visitor))) == ["Rex", "Pet 2 Not finished"]


def was_a_step(make_app: MakeApp, wizard: type[Wizard] = Household) -> Visitor:
    """Somebody whose one pet was filled in while the list was a step."""
    visitor = Visitor(make_app(declare(Household, pets=Step(PetForm))))
    visitor.open()
    visitor.fill(name="Ada")
    visitor.fill(name="Rex")
    deploy(visitor, make_app(wizard))
    visitor.open(list_url(visitor))
    return visitor


def test_item_of_a_former_step_is_done_if_the_step_was(make_app: MakeApp) -> None:
    visitor = was_a_step(make_app)
    assert items(visitor.page) == ["Pet 1"]
    visitor.press("next")
    visitor.press("next")
    assert committed[-1].data["pets"] == [{"name": "Rex", "note": ""}]


@pytest.mark.parametrize("adds", [False, True])
def test_item_of_a_former_step_stays_removed(make_app: MakeApp, adds: bool) -> None:
    visitor = was_a_step(make_app)
    if adds:
        visitor.press("add")
        visitor.fill(name="Tim")
    for _ in items(visitor.page):  # so that one that comes back ends the test
        visitor.open(visitor.page.link("Remove 1"))
        visitor.press("remove")
    assert items(visitor.open(list_url(visitor))) == []
    assert visitor.press("next").heading == "Check your answers"


@pytest.mark.parametrize("first", ["refused", "read"])
def test_item_of_a_former_step_stays_removed_after_it_was_stored(
    make_app: MakeApp, first: str
) -> None:
    """It is stored without a word from its list, and removed by a later request."""

    def read(form: Any, answers: Answers) -> None:
        form.note.label.text = answers.you.name

    wizard = declare(Household, validate=refuse_rex)
    if first == "read":
        wizard = declare(Household, pets=Repeat(PetForm, prepare=read))
    visitor = was_a_step(make_app, wizard)
    pets = list_url(visitor)
    if first == "refused":
        visitor.open(pets.replace("pets", "check"))
        visitor.press("next")
    else:
        visitor.open(pets.replace("pets", "you"))
        visitor.fill(name="Bob")
    visitor.open(pets)
    visitor.open(visitor.page.link("Remove 1"))
    visitor.press("remove")
    assert items(visitor.open(pets)) == []


def refuse_rex(self: Wizard, submission: Any) -> None:
    for pet in submission.answers.pets:
        if getattr(pet, "name", "") == "Rex":
            raise StepError("pets", "No Rex here", field="name", item=pet.item_id)


def test_error_of_a_commit_reaches_the_item_of_a_former_step(make_app: MakeApp) -> None:
    visitor = was_a_step(make_app, declare(Household, validate=refuse_rex))
    visitor.open(list_url(visitor).replace("pets", "check"))
    page = visitor.press("next")
    assert page.errors == ["No Rex here"]
    assert page.value("name") == "Rex"


def test_error_of_a_commit_reaches_the_page_that_was_a_form(make_app: MakeApp) -> None:
    class Pages(Item):
        who = Step(PetForm)

    def refuse(self: Wizard, submission: Any) -> None:
        (pet,) = submission.answers.pets
        if pet.who.name == "Rex":
            raise StepError("pets", "No Rex", field="who.name", item=pet.item_id)

    visitor = at_list(make_app(Household), "Rex")
    visitor.press("next")
    wizard = declare(Household, pets=Repeat(Pages), validate=refuse)
    deploy(visitor, make_app(wizard))
    visitor.open(visitor.page.path)
    page = visitor.press("next")
    assert page.errors == ["No Rex"]
    assert page.value("name") == "Rex"
    visitor.fill(name="Tim")
    visitor.open(list_url(visitor).replace("pets", "check"))
    visitor.press("next")
    assert committed[-1].data["pets"] == [{"who": {"name": "Tim", "note": ""}}]


def test_items_of_pages_are_kept_while_they_are_one_form(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Family))
    visitor.press("add")
    visitor.fill(name="Rex")
    visitor.fill(school="Elm")
    deploy(visitor, make_app(Household))
    page = visitor.open(list_url(visitor))
    assert items(page) == ["Pet 1 Not finished"]
    deploy(visitor, make_app(Family))
    page = visitor.open(list_url(visitor))
    assert items(page) == ["Rex"]
    assert visitor.open(page.link("Change 1") + "/school").value("school") == "Elm"


def test_lower_maximum_asks_to_remove_items(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex", "Tim")
    check = visitor.press("next").path
    deploy(visitor, make_app(declare(Household, pets=Repeat(PetForm, max=1))))
    page = visitor.open(check)
    assert page.path == list_url(visitor)
    assert visitor.press("next").errors == ["There can be at most 1. Remove 1."]
    visitor.open(visitor.page.link("Remove 1"))
    visitor.press("remove")
    assert visitor.press("next").heading == "Check your answers"


@pytest.mark.parametrize(
    ("names", "found"), [((), "/pets/new"), (("Rex",), "/pets")], ids=["none", "one"]
)
def test_higher_minimum_asks_for_items(
    make_app: MakeApp, names: tuple[str, ...], found: str
) -> None:
    visitor = at_list(make_app(Household), *names)
    check = visitor.press("next").path
    deploy(visitor, make_app(declare(Household, pets=Repeat(PetForm, min=2))))
    assert visitor.open(check).path.endswith(found)


class OnePage(Item):
    who = Step(ChildForm)


@pytest.mark.parametrize(
    "wizard",
    [
        declare(Family, pets=Repeat(OnePage)),
        Household,
        declare(Family, pets=Step(PetForm)),
        declare(Family, pets=None),
    ],
    ids=["no page", "one form", "a step", "no step"],
)
@pytest.mark.parametrize("action", ["next", "back", "save", "add"])
def test_page_of_an_item_that_a_deploy_has_removed_gives_the_text_back(
    make_app: MakeApp, wizard: type[Wizard], action: str
) -> None:
    visitor = at_list(make_app(Family))
    visitor.press("add")
    assert visitor.fill(name="Bea").path.endswith("/school")
    deploy(visitor, make_app(wizard))
    page = visitor.show(visitor.send(action, {"school": "Elm Street School"}))
    assert page.status == 409
    assert "Elm Street School" in page.source


def test_new_page_of_a_list_that_takes_no_more_gives_the_text_back(
    make_app: MakeApp,
) -> None:
    visitor = at_list(make_app(Household))
    visitor.press("add")
    deploy(visitor, make_app(Shares))
    page = visitor.show(visitor.send("next", {"name": "Rexington"}))
    assert (page.status, "Rexington" in page.source) == (409, True)


@pytest.mark.parametrize("page", ["add", "remove"])
def test_page_of_a_list_that_a_deploy_has_renamed_is_answered(
    make_app: MakeApp, page: str
) -> None:
    visitor = at_list(make_app(Household), "Rex")
    visitor.open(visitor.page.link("Remove 1") if page == "remove" else "/join/")
    if page == "add":
        visitor.open(visitor.page.link("Continue"))
    wizard = declare(Commits, you=Step(YouForm), animals=Household.pets, check=Review())
    deploy(visitor, make_app(wizard))
    assert visitor.send(page).status_code in (404, 409)


# Items of an earlier answer whose key goes while their page is open


def at_share(make_app: MakeApp) -> tuple[Visitor, Page]:
    """Somebody at the page of Bob's share, and the page."""
    visitor = at_list(make_app(Shares), you="Ada Bob")
    page = visitor.open(visitor.page.link("Continue 2"))
    return visitor, page


@pytest.mark.parametrize("action", ["next", "back", "save", "autosave"])
def test_what_is_sent_to_an_item_whose_key_is_gone_is_kept_for_it(
    make_app: MakeApp, action: str
) -> None:
    visitor, page = at_share(make_app)
    draft = list_url(visitor).removesuffix("pets")
    visitor.open(f"{draft}you")
    visitor.fill(name="Ada")
    visitor.show(page.response)
    answer = visitor.send(action, {"name": "half", "note": "mine"})
    assert answer.status_code == (204 if action == "autosave" else 303)
    listed = visitor.open(f"{draft}pets")
    assert items(listed) == ["Ada Not finished"]
    visitor.open(f"{draft}you")
    visitor.fill(name="Ada Bob")
    page = visitor.open(visitor.page.link("Continue 2"))
    assert (page.value("name"), page.value("note")) == ("half", "mine")


def test_visitor_is_told_that_an_item_is_not_needed(make_app: MakeApp) -> None:
    visitor, page = at_share(make_app)
    draft = list_url(visitor).removesuffix("pets")
    visitor.open(f"{draft}you")
    visitor.fill(name="Ada")
    visitor.show(page.response)
    page = visitor.press("next", {"name": "half"})
    assert page.path == f"{draft}pets"
    assert page.banners


# Drafts that have ended


def test_expired_draft_keeps_what_is_sent_to_an_item_in_a_new_one(
    make_app: MakeApp, clock: Traveller
) -> None:
    visitor = at_list(make_app(Household), "Rex")
    visitor.open(visitor.page.link("Change 1"))
    clock.shift(400 * DAY)
    old = list_url(visitor)
    assert visitor.press("next", {"name": "Max"}).status == 400  # the token, too
    visitor.press("next")
    assert list_url(visitor) != old
    visitor.fill(name="Ada")
    page = visitor.open(list_url(visitor))
    assert visitor.open(page.link("Continue 1")).value("name") == "Max"


def test_expired_draft_keeps_what_is_sent_to_an_item_of_an_answer(
    make_app: MakeApp, clock: Traveller
) -> None:
    visitor, _ = at_share(make_app)
    clock.shift(400 * DAY)
    visitor.press("next", {"name": "half"})
    visitor.press("next")
    page = visitor.fill(name="Ada Bob")
    assert visitor.open(page.link("Continue 2")).value("name") == "half"


def test_discarded_draft_takes_no_item(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    page = visitor.open(visitor.page.link("Change 1"))
    visitor.press("discard")
    visitor.press("discard")
    visitor.show(page.response)
    for action in ("next", "add", "back", "save", "autosave"):
        answer = visitor.send(action, {"name": "Max"})
        assert answer.status_code == (409 if action == "autosave" else 303)
        assert action == "autosave" or answer.location.endswith("/receipt")


# Unsettled drafts and commits that run


class Killed(BaseException):
    """The end of the process."""


class Dies:
    fails = True

    def commit(self, submission: Any) -> None:
        if type(self).fails:
            raise Killed
        committed.append(submission)


def unsettled(make_app: MakeApp, *bases: type) -> Visitor:
    wizard = wizards.declare(
        "Mortal", Dies, you=Step(YouForm), pets=Household.pets, check=Review()
    )
    visitor = at_list(make_app(wizard), "Rex", "Tim")
    visitor.press("next")
    with pytest.raises(Killed):
        visitor.press("next")
    return visitor


def with_token(visitor: Visitor, path: str, action: str, **values: str) -> Any:
    visitor.open(list_url(visitor).replace("pets", "check"))
    return visitor.post(path, {"_rev": "0", **values}, action=action)


@pytest.mark.parametrize("page", ["{item}", "new", "{item}/remove"])
def test_items_of_an_unsettled_draft_stay(make_app: MakeApp, page: str) -> None:
    visitor = unsettled(make_app)
    before = stored(visitor).packed_items
    item = stored(visitor).items("pets")[0].id
    url = f"{list_url(visitor)}/{page.format(item=item)}"
    answer = with_token(visitor, url, "next", name="Zoe", _item="x" * 22)
    assert answer.status_code == 409
    assert "remove" in page or "Zoe" in answer.text
    assert stored(visitor).packed_items == before


def test_list_of_an_unsettled_draft_that_must_be_mended_is_free(
    make_app: MakeApp,
) -> None:
    visitor = unsettled(make_app)
    fewer = Repeat(PetForm, max=1, singular="pet", label=lambda pet: pet.name)
    wizard = wizards.declare(
        "Mortal", Commits, you=Step(YouForm), pets=fewer, check=Review()
    )
    deploy(visitor, make_app(wizard))
    page = visitor.open(list_url(visitor))
    visitor.open(page.link("Remove 1"))
    assert visitor.press("remove").heading == "Check your answers"
    visitor.press("next")
    assert [pet["name"] for pet in committed[-1].data["pets"]] == ["Tim"]


# Hooks that raise


class Broken(Exception):
    """An error of the application."""


FAILS = {"now": False}


def fail(*passed: object, **more: object) -> Any:
    if FAILS["now"]:
        raise Broken("broken on purpose")
    return True


@pytest.fixture
def failing() -> Any:
    yield FAILS
    FAILS["now"] = False


def over_that_fails(answers: Answers) -> list[tuple[str, str]]:
    fail()
    return by_names(answers)


class FailingForm(PetForm):
    def validate_name(self, field: StringField) -> None:
        fail()


def form_that_fails(answers: Answers) -> type[Form]:
    fail()
    return PetForm


def kwargs_that_fail(answers: Answers) -> dict[str, Any]:
    fail()
    return {}


def prepare_that_fails(form: Any, answers: Answers) -> None:
    fail()


WITH_HOOK = {
    "when": Repeat(PetForm, when=fail),
    "over": Repeat(PetForm, over=over_that_fails),
    "prepare": Repeat(PetForm, prepare=prepare_that_fails),
    "validator": Repeat(FailingForm),
    "form": Repeat(form_that_fails),
    "kwargs": Repeat(PetForm, kwargs=kwargs_that_fail),
}


@pytest.mark.parametrize("hook", WITH_HOOK)
@pytest.mark.parametrize("action", ["next", "save", "autosave"])
def test_what_was_typed_is_kept_though_a_hook_of_an_item_raises(
    make_app: MakeApp, failing: dict[str, bool], hook: str, action: str
) -> None:
    visitor = at_list(make_app(declare(Household, pets=WITH_HOOK[hook])))
    if hook == "over":
        visitor.open(visitor.page.link("Continue 1"))
    else:
        visitor.press("add")
        visitor.press("back", {"note": "first"})
        visitor.open(visitor.page.link("Continue 1"))
    failing["now"] = True
    if hook == "validator" and action != "next":
        visitor.send(action, {"name": "Rex", "note": "typed"})
    else:
        with pytest.raises(Broken):
            visitor.send(action, {"name": "Rex", "note": "typed"})
    failing["now"] = False
    page = visitor.open(visitor.page.url)
    assert (page.value("name"), page.value("note")) == ("Rex", "typed")


@pytest.mark.parametrize("hook", sorted(WITH_HOOK.keys() - {"over"}))
def test_new_item_is_kept_though_a_hook_raises(
    make_app: MakeApp, failing: dict[str, bool], hook: str
) -> None:
    visitor = at_list(make_app(declare(Household, pets=WITH_HOOK[hook])))
    visitor.press("add")
    failing["now"] = True
    for _ in range(2):
        with pytest.raises(Broken):
            visitor.send("next", {"name": "Rex"})
    failing["now"] = False
    page = visitor.open(list_url(visitor))
    assert len(items(page)) == 1
    assert visitor.open(page.link("Continue 1")).value("name") == "Rex"


def test_full_list_takes_no_item_though_a_hook_raises(
    make_app: MakeApp, failing: dict[str, bool]
) -> None:
    pets = Repeat(PetForm, when=fail, max=1)
    visitor = at_list(make_app(declare(Household, pets=pets)))
    page = visitor.press("add")
    visitor.fill(name="Rex")
    visitor.show(page.response)
    failing["now"] = True
    with pytest.raises(Broken):
        visitor.send("next", {"name": "Tim", "_item": "x" * 22})
    failing["now"] = False
    assert len(items(visitor.open(list_url(visitor)))) == 1


def test_removed_item_is_kept_as_a_new_one_though_a_hook_raises(
    make_app: MakeApp, failing: dict[str, bool]
) -> None:
    pets = Repeat(PetForm, when=fail)
    visitor = at_list(make_app(declare(Household, pets=pets)), "Rex", "Tim")
    listed = visitor.page
    page = visitor.open(listed.link("Change 1"))
    visitor.open(listed.link("Remove 1"))
    visitor.press("remove")
    visitor.show(page.response)
    failing["now"] = True
    for _ in range(2):
        with pytest.raises(Broken):
            visitor.send("next", {"name": "Max"})
    failing["now"] = False
    page = visitor.open(list_url(visitor))
    assert len(items(page)) == 2
    assert visitor.open(page.link("Continue 2")).value("name") == "Max"


@pytest.mark.parametrize("hook", ["when", "over"])
def test_draft_whose_list_raises_can_be_discarded(
    make_app: MakeApp, failing: dict[str, bool], hook: str
) -> None:
    visitor = at_list(make_app(declare(Household, pets=WITH_HOOK[hook])))
    discard = list_url(visitor).replace("pets", "discard")
    visitor.open("/join/new/you")
    visitor.fill(name="")
    failing["now"] = True
    page = visitor.open("/join/")
    assert page.status == 200
    visitor.open(discard)
    assert "discarded" in visitor.press("discard").text


# Passwords


class CodeForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])
    code = PasswordField("Code", [InputRequired("Enter a code"), Length(min=4)])


class Coded(Household):
    pets = Repeat(CodeForm, singular="pet", label=lambda pet: pet.name)


CODE = "correct horse battery"


def with_code(make_app: MakeApp, wizard: type[Wizard] = Coded) -> Visitor:
    visitor = at_list(make_app(wizard))
    visitor.press("add")
    visitor.fill(name="Rex", code=CODE)
    return visitor


def test_password_of_an_item_left_blank_stays(make_app: MakeApp) -> None:
    visitor = with_code(make_app)
    page = visitor.open(visitor.page.link("Change 1"))
    assert CODE not in page.source
    visitor.fill(name="Tim", code="")
    page = visitor.press("next")
    assert CODE not in page.source
    visitor.press("next")
    assert committed[-1].data["pets"] == [{"name": "Tim", "code": CODE}]


def test_password_of_an_item_that_is_not_accepted_is_not_stored(
    make_app: MakeApp,
) -> None:
    visitor = at_list(make_app(Coded))
    visitor.press("add")
    page = visitor.fill(name="", code=CODE)
    assert CODE not in page.source
    (item,) = stored(visitor).items("pets")
    assert item.entries[""].passwords == {}


def test_password_of_an_item_is_in_no_public_draft(make_app: MakeApp) -> None:
    found: list[Draft] = []
    wizard = declare(Coded, discarded=lambda self, draft: found.append(draft))
    visitor = with_code(make_app, wizard)
    visitor.press("discard")
    visitor.press("discard")
    assert found[0].entries["pets"] == [{"name": ["Rex"]}]


def test_password_that_a_refused_page_of_an_item_had_is_told(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Coded))
    visitor.press("add")
    sent = {"name": "Rex", "code": CODE, "csrf_token": "wrong"}
    page = visitor.show(visitor.send("next", sent))
    assert (page.status, page.value("name")) == (400, "Rex")
    assert CODE not in page.source
    assert page.errors


# Items that are trusted


def test_item_that_is_trusted_is_not_validated_again(make_app: MakeApp) -> None:
    seen = []

    class OnceForm(PetForm):
        def validate_name(self, field: StringField) -> None:
            seen.append(field.data)

    pets = Repeat(OnceForm, revalidate=False)
    visitor = at_list(make_app(declare(Household, pets=pets)), "Rex")
    visitor.press("next")
    visitor.press("next")
    assert seen == ["Rex"]
    assert committed[-1].data["pets"][0]["name"] == "Rex"


def test_item_that_is_trusted_is_asked_again_when_what_it_read_changes(
    make_app: MakeApp,
) -> None:
    def read(form: Any, answers: Answers) -> None:
        form.note.label.text = answers.you.name

    pets = Repeat(PetForm, revalidate=False, prepare=read, singular="pet")
    visitor = at_list(make_app(declare(Household, pets=pets)), "Rex")
    visitor.open(list_url(visitor).replace("pets", "you"))
    visitor.fill(name="Bob")
    assert items(visitor.open(list_url(visitor))) == ["Pet 1 Not finished"]


# Rule 7


class OuterForm(Form):
    note = StringField("Note")


class NestedForm(Form):
    name = StringField("Name", [InputRequired("Enter a name")])

    def validate_name(self, field: StringField) -> None:
        taken = {pet.inner.name for pet in self.meta.items}
        if field.data in taken | {self.meta.answers.you.name}:
            raise ValidationError("taken")


class OutsideForm(Form):
    inner = FormField(NestedForm)


@pytest.mark.parametrize("change", ["item", "step"])
def test_nested_form_of_an_item_is_judged_anew_by_what_it_read(
    make_app: MakeApp, change: str
) -> None:
    pets = Repeat(OutsideForm, singular="pet")
    visitor = at_list(make_app(declare(Household, pets=pets)))
    for name in ("Rex", "Tim"):
        visitor.press("add")
        visitor.fill(**{"inner-name": name})
    if change == "item":
        visitor.open(visitor.page.link("Change 1"))
        visitor.fill(**{"inner-name": "Tim"})
    else:
        visitor.open(list_url(visitor).replace("pets", "you"))
        visitor.fill(name="Tim")
    page = visitor.open(list_url(visitor))
    assert items(page) == ["Pet 1", "Pet 2 Not finished"]


class SizeForm(Form):
    size = IntegerField("Size", [InputRequired("Enter a size")])


class Conditional(Item):
    who = Step(ChildForm)
    size = Step(SizeForm, when=lambda answers: answers.you.name == "Ada")


class TotalForm(Form):
    note = StringField("Note")

    def validate_note(self, field: StringField) -> None:
        sizes = [pet.size.size or 0 for pet in self.meta.items]
        if sum(sizes) != len(field.data or ""):
            raise ValidationError("not the sum")


class Summing(Item):
    who = Step(ChildForm)
    size = Step(SizeForm, when=lambda answers: answers.you.name == "Ada")
    total = Step(TotalForm)


def test_page_before_that_no_longer_applies_is_a_change_to_who_read_it(
    make_app: MakeApp,
) -> None:
    class Sums(Commits, Wizard):
        you = Step(YouForm)
        pets = Repeat(Summing, singular="pet")
        check = Review()

    visitor = at_list(make_app(Sums))
    for size, total in ((2, ""), (1, "xx")):
        visitor.press("add")
        visitor.fill(name="Rex")
        visitor.fill(size=str(size))
        visitor.fill(note=total)
    assert items(visitor.page) == ["Pet 1", "Pet 2"]
    visitor.open(list_url(visitor).replace("pets", "you"))
    visitor.fill(name="Bob")
    page = visitor.open(list_url(visitor))
    assert items(page) == ["Pet 1", "Pet 2 Not finished"]


def test_list_by_an_earlier_list_follows_it(make_app: MakeApp) -> None:
    shares = Repeat(
        LastForm,
        over=lambda answers: [(pet.item_id, pet.name) for pet in answers.pets],
    )
    wizard = declare(Household, shares=shares, check=Review())
    visitor = at_list(make_app(wizard), "Rex", "Tim")
    visitor.press("next")
    visitor.open(visitor.page.link("Continue 1"))
    visitor.fill(note="1")
    visitor.fill(note="2")
    assert visitor.press("next").heading == "Check your answers"
    visitor.open(list_url(visitor))
    visitor.open(visitor.page.link("Change 1"))
    visitor.fill(name="Max")
    assert visitor.press("next").heading == "Shares"
    assert visitor.press("next").heading == "Check your answers"
    visitor.open(list_url(visitor))
    visitor.open(visitor.page.link("Remove 1"))
    visitor.press("remove")
    assert visitor.press("next").heading == "Shares"
    assert visitor.press("next").heading == "Check your answers"
    visitor.press("next")
    assert committed[-1].data["shares"] == [{"note": "2"}]


# Limits


def test_draft_with_too_many_items_gives_the_text_back(make_app: MakeApp) -> None:
    app = make_app(Household, WIZARD_MAX_DRAFT=4000)
    visitor = at_list(app, "Rex", "x" * 1500)
    visitor.press("add")
    page = visitor.show(visitor.send("next", {"name": "Tim", "note": "y" * 3000}))
    assert (page.status, page.value("name")) == (413, "Tim")
    assert page.value("note") == "y" * 3000
    assert len(items(visitor.open(list_url(visitor)))) == 2


@pytest.mark.parametrize("page", ["new", "{item}"])
def test_too_many_pairs_for_an_item_are_given_back(
    make_app: MakeApp, page: str
) -> None:
    visitor = at_list(make_app(Household, WIZARD_MAX_PAIRS=20), "Rex")
    item = visitor.page.link("Change 1").rsplit("/", 1)[1]
    visitor.open(f"{list_url(visitor)}/{page.format(item=item)}")
    more = {f"x{n}": "1" for n in range(30)}
    answer = visitor.send("next", {"name": "Zoe", **more})
    assert answer.status_code == 413
    assert "Zoe" in answer.text
    assert items(visitor.open(list_url(visitor))) == ["Rex"]


# Old pages


def test_stale_autosave_of_an_item_is_dropped(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household), "Rex")
    stale = visitor.open(visitor.page.link("Change 1"))
    visitor.fill(name="Tim")
    visitor.show(stale.response)
    assert visitor.send("autosave", {"name": "Old"}).status_code == 409
    assert items(visitor.open(list_url(visitor))) == ["Tim"]


def test_stale_autosave_of_a_new_page_is_dropped(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    stale = visitor.press("add")
    visitor.fill(name="Tim")
    visitor.show(stale.response)
    assert visitor.send("autosave", {"name": "Old"}).status_code == 409
    assert items(visitor.open(list_url(visitor))) == ["Tim"]


def test_item_without_a_nonce_can_be_opened_and_removed(make_app: MakeApp) -> None:
    visitor = at_list(make_app(Household))
    visitor.post(f"{visitor.page.path}/new", {"name": "Zoe"})
    page = visitor.open(list_url(visitor))
    assert visitor.open(page.link("Change 1")).value("name") == "Zoe"
    visitor.open(page.link("Remove 1"))
    assert items(visitor.press("remove")) == []


def test_removal_that_the_store_cannot_take_is_given_back(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = at_list(make_app(Household), "Rex")
    pets = list_url(visitor)
    visitor.open(visitor.page.link("Remove 1"))
    store.down = True
    page = visitor.press("remove")
    assert (page.status, page.heading) == (503, "Remove this entry?")
    store.down = False
    assert items(visitor.press("remove")) == []
    assert items(visitor.open(pets)) == []


def test_template_of_a_list_is_not_that_of_its_removals(make_app: MakeApp) -> None:
    pets = Repeat(PetForm, singular="pet", template="own.html")
    app = make_app(declare(Household, pets=pets))
    source = "{% extends 'flask_wizard/default/list.html' %}"
    app.jinja_loader = DictLoader({"own.html": source})
    visitor = at_list(app, "Rex")
    page = visitor.open(visitor.page.link("Remove 1"))
    assert page.heading == "Remove Pet 1?"


@pytest.mark.parametrize("own", ["discard", "saved", "receipt"])
@pytest.mark.parametrize("more", ["x", "new", "x/remove", "x/y"])
def test_pages_of_a_draft_have_no_items(make_app: MakeApp, own: str, more: str) -> None:
    visitor = at_list(make_app(Household), "Rex")
    url = list_url(visitor).replace("pets", f"{own}/{more}")
    assert visitor.get(url).status_code == 404
    assert visitor.post(url, action="discard").status_code == 404
    assert stored(visitor).state == "open"


# A mount with bound variables


def test_items_keep_to_the_variables_of_their_mount(make_app: MakeApp) -> None:
    app = make_app(Household, prefix="/<club>/join")
    visitor = Visitor(app)
    visitor.open("/red/join/")
    visitor.fill(name="Ada")
    visitor.press("add")
    page = visitor.fill(name="Rex")
    item = page.link("Change 1")
    assert item.startswith("/red/join/")
    assert visitor.get(item).status_code == 200
    other = item.replace("/red/", "/blue/")
    assert visitor.get(other).status_code == 404
    visitor.open(item)
    answer = visitor.client.post(
        other, data={"csrf_token": visitor.token, "_action": "next", "name": "Max"}
    )
    assert answer.location.startswith("/blue/join/")
    assert item.split("/")[3] not in answer.location
