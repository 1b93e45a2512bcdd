"""New versions of a wizard under open drafts: what was renamed keeps its answers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask
from flask_wtf.file import FileField, FileRequired
from uploads import PNG, send_files
from visitor import Visitor
from wizards import Commits, committed, declare
from wtforms import Form, PasswordField, StringField, fields
from wtforms.validators import InputRequired, Length

from flask_wizard import (
    Answers,
    DefinitionError,
    Info,
    Item,
    Repeat,
    Review,
    Step,
    Wizard,
)


class NameForm(Form):
    name = StringField("Name", [InputRequired("Enter your name")])


class HomeForm(Form):
    street = StringField("Street", [InputRequired("Enter the street")])


class RoadForm(Form):
    road = StringField("Road", [InputRequired("Enter the road")])


class Before(Commits, Wizard):
    you = Step(NameForm)
    home = Step(HomeForm)
    check = Review()


class After(Commits, Wizard):
    person = Step(NameForm, was="you")
    address = Step(
        RoadForm, was=("house", "home"), fields_were={"road": ("way", "street")}
    )
    check = Review()


def deploy(old: Visitor, app: Flask) -> Visitor:
    """The same browser with its page, of another release."""
    return old.twin(app)


def begun(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    return visitor


def stored(visitor: Visitor) -> dict[str, Any]:
    """What is stored, by the names in the store."""
    drafts = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, _ = drafts.load(visitor.draft.split("/")[2])
    return {name: dict(entry.raw) for name, entry in draft.entries.items()}


def test_renamed_step_keeps_its_answers(make_app: MakeApp) -> None:
    old = begun(make_app(Before))
    old.fill(street="Main St")
    new = deploy(old, make_app(After))
    page = new.open(new.draft)
    assert page.path.endswith("/check")
    assert page.rows == [("Name", "Ada"), ("Road", "Main St")]
    new.press()
    expected = {"person": {"name": "Ada"}, "address": {"road": "Main St"}}
    assert committed[0].data == expected


def test_old_url_leads_to_the_new_one(make_app: MakeApp) -> None:
    old = begun(make_app(Before))
    new = deploy(old, make_app(After))
    answer = new.get(f"{new.draft}you?then=check")
    assert (answer.status_code, answer.location) == (
        302,
        f"{new.draft}person?then=check",
    )
    assert new.open("/join/new/you").path == "/join/new/person"


@pytest.mark.parametrize("action", ["next", "save"])
def test_late_post_of_an_old_page_is_kept(make_app: MakeApp, action: str) -> None:
    old = begun(make_app(Before))
    new = deploy(old, make_app(After))
    page = new.press(action, {"street": "Main St"})
    assert page.path == new.draft + {"next": "check", "save": "saved"}[action]
    assert new.open(f"{new.draft}address").value("road") == "Main St"


def test_first_page_of_an_old_release_begins_a_draft(make_app: MakeApp) -> None:
    old = Visitor(make_app(Before))
    old.open()
    new = deploy(old, make_app(After))
    assert new.fill(name="Ada").path == f"{new.draft}address"
    assert new.open(f"{new.draft}person").value("name") == "Ada"


def test_goto_of_an_old_page_leads_to_the_new_name(make_app: MakeApp) -> None:
    old = begun(make_app(Before))
    new = deploy(old, make_app(After))
    page = new.press("goto:you", {"street": "Main St"})
    assert page.path == f"{new.draft}person"


def test_page_that_cannot_be_stored_gives_an_old_page_back(make_app: MakeApp) -> None:
    old = begun(make_app(Before))
    new = deploy(old, make_app(After))
    sent = {"street": "Main St", "csrf_token": "forged"}
    page = new.press("next", sent)
    assert (page.status, page.value("road")) == (400, "Main St")


def test_two_releases_take_turns_on_one_draft(make_app: MakeApp) -> None:
    old_app, new_app = make_app(Before), make_app(After)
    old = begun(old_app)
    old.fill(street="Main St")
    new = deploy(old, new_app)
    new.open(f"{new.draft}person")
    new.fill(name="Eve")
    new.open(f"{new.draft}address")
    assert new.fill(road="High St").path.endswith("/check")
    old = deploy(new, old_app)
    assert old.open(old.draft).rows == [("Name", "Eve"), ("Street", "High St")]
    old.open(f"{old.draft}you")
    old.fill(name="Bob")
    new = deploy(old, new_app)
    assert new.open(new.draft).rows == [("Name", "Bob"), ("Road", "High St")]


def test_entry_under_the_new_name_wins(make_app: MakeApp) -> None:
    class Merged(Commits, Wizard):
        home = Step(HomeForm, was="you")
        check = Review()

    old = begun(make_app(Before))
    old.fill(street="Main St")
    new = deploy(old, make_app(Merged))
    assert new.open(new.draft).rows == [("Street", "Main St")]
    new.press("next")
    assert committed[0].data == {"home": {"street": "Main St"}}


def test_answers_are_stored_by_the_names_that_a_draft_has(make_app: MakeApp) -> None:
    old = begun(make_app(Before))
    new = deploy(old, make_app(After))
    new.press("next", {"road": "Main St"})
    assert stored(new) == {"you": {"name": ["Ada"]}, "address": {"road": ["Main St"]}}


@pytest.mark.parametrize("action", ["next", "save", "autosave"])
def test_answer_to_a_field_that_is_gone_outlives_a_post(
    make_app: MakeApp, action: str
) -> None:
    class More(Form):
        name = StringField("Name")
        nick = StringField("Nickname")

    old_app = make_app(declare("Join", Before, you=Step(More)))
    old = Visitor(old_app)
    old.open()
    old.fill(name="Ada", nick="Countess")
    new = deploy(old, make_app(Before))
    new.open(f"{new.draft}you")
    new.send(action, {"name": "Eve"})
    assert stored(new)["you"] == {"name": ["Eve"], "nick": ["Countess"]}
    old = deploy(new, old_app)
    page = old.open(f"{old.draft}you")
    assert (page.value("name"), page.value("nick")) == ("Eve", "Countess")


def test_list_that_is_shortened_keeps_no_row(make_app: MakeApp) -> None:
    class Phones(Form):
        phones = fields.FieldList(fields.StringField(), min_entries=2)

    visitor = Visitor(make_app(declare("Call", Before, you=Step(Phones))))
    visitor.open()
    visitor.fill(**{"phones-0": "1", "phones-1": "2"})
    visitor.open(f"{visitor.draft}you")
    visitor.fill(**{"phones-1": None})
    assert not any(stored(visitor)["you"].get("phones-1", []))


def test_readers_of_a_renamed_step_read_it(make_app: MakeApp) -> None:
    class Old(Commits, Wizard):
        you = Step(NameForm)
        home = Step(HomeForm, when=lambda answers: answers.you.name == "Ada")
        check = Review()

    class New(Commits, Wizard):
        person = Step(NameForm, was="you")
        home = Step(HomeForm, when=lambda answers: answers.person.name == "Ada")
        check = Review()

    old = begun(make_app(Old))
    old.fill(street="Main St")
    new = deploy(old, make_app(New))
    assert new.open(new.draft).path.endswith("/check")


def test_password_moves_with_its_field(make_app: MakeApp) -> None:
    class Old(Form):
        code = PasswordField("Code", [InputRequired("Enter the code")])

    class New(Form):
        secret = PasswordField("Secret", [InputRequired("Enter the secret")])

    a = declare("Login", code=Step(Old), check=Review(), commit=Commits.commit)
    b = declare(
        "Login",
        login=Step(New, was="code", fields_were={"secret": "code"}),
        check=Review(),
        commit=Commits.commit,
    )
    old = Visitor(make_app(a))
    old.open()
    old.fill(code="4711-canary")
    new = deploy(old, make_app(b))
    assert new.open(new.draft).path.endswith("/check")
    new.press()
    assert committed[0].answers.login.secret == "4711-canary"


def test_nested_form_and_list_move_with_their_fields(make_app: MakeApp) -> None:
    class Old(Form):
        home = fields.FormField(HomeForm)
        phones = fields.FieldList(StringField(), min_entries=2)

    class New(Form):
        address = fields.FormField(HomeForm)
        numbers = fields.FieldList(StringField(), min_entries=2)

    names = {"address": "home", "numbers": "phones"}
    a = declare("Call", you=Step(Old), check=Review(), commit=Commits.commit)
    b = declare(
        "Call", you=Step(New, fields_were=names), check=Review(), commit=Commits.commit
    )
    old = Visitor(make_app(a))
    old.open()
    old.press("next", {"home-street": "Main St", "phones-0": "1", "phones-1": "2"})
    new = deploy(old, make_app(b))
    new.open(new.draft)
    new.press()
    assert committed[0].data["you"] == {
        "address": {"street": "Main St"},
        "numbers": ["1", "2"],
    }


def test_changed_rule_asks_again_with_what_was_typed(make_app: MakeApp) -> None:
    class Short(Form):
        road = StringField("Road", [Length(max=3, message="Too long")])

    class Strict(After):
        address = Step(Short, was="home", fields_were={"road": "street"})

    old = begun(make_app(Before))
    old.fill(street="Main St")
    new = deploy(old, make_app(Strict))
    page = new.open(new.draft)
    assert (page.path, page.value("road")) == (f"{new.draft}address", "Main St")
    assert page.errors == ["Too long"]


def test_pressed_page_without_a_form_stays_done(make_app: MakeApp) -> None:
    class Old(Commits, Wizard):
        intro = Info()
        you = Step(NameForm)

    class New(Commits, Wizard):
        welcome = Info(was="intro")
        you = Step(NameForm)

    old = Visitor(make_app(Old))
    old.open()
    old.press()
    new = deploy(old, make_app(New))
    assert new.open(new.draft).path.endswith("/you")


# What the page says

FORM_CHANGED = "This form has changed since you filled it in"
ANSWER_CHANGED = "An earlier answer has changed"


class LongForm(HomeForm):
    town = StringField("Town", [InputRequired("Enter the town")])


def use_name(form: Any, answers: Answers) -> None:
    form.street.label.text = f"Street of {answers.you.name}"


def home_or_long(answers: Answers) -> type[Form]:
    return LongForm if answers.you.name == "Eve" else HomeForm


def always_long(answers: Answers) -> type[Form]:
    return LongForm if answers.you.name else HomeForm


def is_named(answers: Answers) -> bool:
    return bool(answers.you.name)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (Step(HomeForm), Step(LongForm)),
        (Step(HomeForm, prepare=use_name), Step(LongForm, prepare=use_name)),
        (Step(HomeForm, when=is_named), Step(LongForm, when=is_named)),
        (Step(home_or_long), Step(always_long)),
    ],
)
def test_page_of_a_changed_form_says_so(
    make_app: MakeApp, before: Step, after: Step
) -> None:
    old = begun(make_app(declare("Join", Before, home=before)))
    old.fill(street="Main St")
    new = deploy(old, make_app(declare("Join", Before, home=after)))
    page = new.open(new.draft)
    assert (page.path, page.errors) == (f"{new.draft}home", ["Enter the town"])
    assert FORM_CHANGED in page.banners
    assert ANSWER_CHANGED not in page.banners


def test_page_of_an_item_says_that_its_form_has_changed(make_app: MakeApp) -> None:
    class Old(Commits, Wizard):
        homes = Repeat(HomeForm, singular="home")
        check = Review()

    class New(Commits, Wizard):
        homes = Repeat(LongForm, singular="home")
        check = Review()

    old = Visitor(make_app(Old))
    old.open()
    old.press("add")
    old.fill(street="Main St")
    new = deploy(old, make_app(New))
    page = new.open(new.page.path)
    page = new.open(next(url for url in page.links.values() if "/homes/" in url))
    assert page.errors == ["Enter the town"]
    assert FORM_CHANGED in page.banners


def test_page_of_another_form_for_another_answer_says_so(make_app: MakeApp) -> None:
    visitor = begun(make_app(declare("Join", Before, home=Step(home_or_long))))
    visitor.fill(street="Main St")
    visitor.open(f"{visitor.draft}you")
    page = visitor.fill(name="Eve")
    assert page.errors == ["Enter the town"]
    assert ANSWER_CHANGED in page.banners
    assert FORM_CHANGED not in page.banners


# Lists


class PetForm(Form):
    pet = StringField("Pet", [InputRequired("Enter the pet")])


class ToyForm(Form):
    toy = StringField("Toy")


class Pet(Item):
    who = Step(PetForm)
    toy = Step(ToyForm)


class Animal(Item):
    animal = Step(NameForm, was="who", fields_were={"name": "pet"})
    toy = Step(ToyForm)


class Pets(Commits, Wizard):
    pets = Repeat(Pet, singular="pet")
    check = Review()


class Animals(Commits, Wizard):
    animals = Repeat(Animal, was="pets", singular="animal")
    check = Review()


def with_a_pet(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.press("add")
    visitor.fill(pet="Rex")
    return visitor


def test_renamed_pages_of_items_keep_their_answers(make_app: MakeApp) -> None:
    old = with_a_pet(make_app(Pets))
    old.fill(toy="ball")
    new = deploy(old, make_app(Animals))
    page = new.open(f"/join/{new.page.path.split('/')[2]}/")
    assert page.path.endswith("/animals")
    new.press()
    new.press()
    (animal,) = committed[0].data["animals"]
    assert animal == {"animal": {"name": "Rex"}, "toy": {"toy": "ball"}}


def test_old_page_of_an_item_is_kept(make_app: MakeApp) -> None:
    old = with_a_pet(make_app(Pets))
    url = old.page.path.removesuffix("toy") + "who"
    old.open(url)
    new = deploy(old, make_app(Animals))
    current = url.replace("/pets/", "/animals/").replace("who", "animal")
    assert new.get(url).location == current
    new.press("save", {"pet": "Tom"})
    assert new.open(current).value("name") == "Tom"


def test_two_releases_take_turns_on_an_item(make_app: MakeApp) -> None:
    old_app, new_app = make_app(Pets), make_app(Animals)
    old = with_a_pet(old_app)
    url = old.page.path.removesuffix("toy") + "who"
    new = deploy(old, new_app)
    new.open(url)
    new.fill(name="Tom")
    old = deploy(new, old_app)
    assert old.open(url).value("pet") == "Tom"


def test_step_may_become_a_list_of_another_name(make_app: MakeApp) -> None:
    class Listed(Commits, Wizard):
        people = Repeat(RoadForm, was="home", fields_were={"road": "street"})
        check = Review()

    old = begun(make_app(Before))
    old.fill(street="Main St")
    new = deploy(old, make_app(Listed))
    page = new.open(f"{new.draft}people")
    assert len(page.texts(".wizard-item-name")) == 1
    new.open(next(url for text, url in page.links.items() if "Item 1" in text))
    assert new.page.value("road") == "Main St"


def test_items_of_an_earlier_answer_keep_their_answers(make_app: MakeApp) -> None:
    def one(answers: Answers) -> list[tuple[str, str]]:
        return [("only", answers.you.name)]

    body = {"you": Step(NameForm), "commit": Commits.commit}
    before = declare("Trip", **body, seats=Repeat(PetForm, over=one))
    after = declare("Trip", **body, places=Repeat(PetForm, over=one, was="seats"))
    old = begun(make_app(before))
    old.open(next(url for url in old.page.links.values() if "/seats/" in url))
    old.fill(pet="Rex")
    new = deploy(old, make_app(after))
    new.open(f"/join/{new.page.path.split('/')[2]}/places")
    new.open(next(url for url in new.page.links.values() if "/places/" in url))
    assert new.page.value("pet") == "Rex"


# Uploads


class PhotoForm(Form):
    photo = FileField("Photo", [FileRequired("Choose a photo")])


class PictureForm(Form):
    picture = FileField("Picture", [FileRequired("Choose a picture")])


class Photos(Commits, Wizard):
    photo = Step(PhotoForm)
    you = Step(NameForm)
    check = Review()


class Pictures(Commits, Wizard):
    picture = Step(PictureForm, was="photo", fields_were={"picture": "photo"})
    you = Step(NameForm)
    check = Review()


def test_upload_moves_with_its_field(make_app: MakeApp, tmp_path: Path) -> None:
    folder = str(tmp_path)
    old = Visitor(make_app(Photos, WIZARD_UPLOADS=folder))
    old.open()
    send_files(old, {"photo": [(PNG, "me.png")]})
    new = deploy(old, make_app(Pictures, WIZARD_UPLOADS=folder))
    new.fill(name="Ada")
    assert new.page.path == f"{new.draft}check"
    assert "me.png" in new.page.text
    new.press()
    (upload,) = committed[0].files["picture"]["picture"]
    assert upload.filename == "me.png"


def test_upload_of_an_old_page_is_kept(make_app: MakeApp, tmp_path: Path) -> None:
    folder = str(tmp_path)
    old = Visitor(make_app(Photos, WIZARD_UPLOADS=folder))
    old.open()
    new = deploy(old, make_app(Pictures, WIZARD_UPLOADS=folder))
    page = send_files(new, {"photo": [(PNG, "me.png")]})
    assert page.path == f"{new.draft}you"


# What is refused


def road_of(answers: Answers) -> type[Form]:
    return HomeForm


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"a": Step(NameForm, was="b"), "b": Step(NameForm)}, "has a step of that"),
        ({"a": Step(NameForm, was="a")}, "has a step of that"),
        (
            {"a": Step(NameForm, was="c"), "b": Info(was=("d", "c"))},
            "Wizard.b and Wizard.a both",
        ),
        ({"a": Step(NameForm, was="")}, "Expected the former name"),
        ({"a": Step(NameForm, fields_were={"nick": "x"})}, "no such field"),
        ({"a": Step(NameForm, fields_were={"name": "name"})}, "a field of that name"),
        ({"a": Repeat(NameForm, fields_were={"nick": "x"})}, "no such field"),
        ({"a": Repeat(Pet, fields_were={"pet": "x"})}, "several pages"),
    ],
)
def test_former_name_that_leads_to_no_one_place_is_refused(
    body: dict[str, Any], message: str
) -> None:
    with pytest.raises(DefinitionError, match=message):
        declare("Wizard", **body, commit=Commits.commit)


def test_one_former_field_cannot_be_two() -> None:
    class Both(Form):
        first = StringField()
        last = StringField()

    with pytest.raises(DefinitionError, match="twice in fields_were"):
        declare(
            "Wizard",
            a=Step(Both, fields_were={"first": "name", "last": ("x", "name")}),
            commit=Commits.commit,
        )


def test_former_page_of_an_item_must_not_be_one_now() -> None:
    with pytest.raises(DefinitionError, match="has a step of that name"):
        type("Child", (Item,), {"a": Step(NameForm, was="b"), "b": Step(NameForm)})


def test_former_field_that_a_form_function_returns_is_refused(
    make_app: MakeApp,
) -> None:
    wizard = declare(
        "Wizard",
        a=Step(road_of, fields_were={"road": "street"}),
        commit=Commits.commit,
    )
    visitor = Visitor(make_app(wizard))
    with pytest.raises(DefinitionError, match="a field of that name"):
        visitor.open()


def test_two_releases_take_turns_on_a_step_that_is_a_list_now(
    make_app: MakeApp,
) -> None:
    class Listed(Commits, Wizard):
        you = Step(NameForm)
        home = Repeat(HomeForm, singular="home")
        check = Review()

    old_app, new_app = make_app(Before), make_app(Listed)
    old = begun(old_app)
    old.fill(street="Main St")
    new = deploy(old, new_app)
    new.open(f"{new.draft}home")
    new.press()
    old = deploy(new, old_app)
    old.open(f"{old.draft}home")
    old.fill(street="High St")
    new = deploy(old, new_app)
    page = new.open(f"{new.draft}check")
    assert [answer for _, answer in page.rows][-2:] == ["Main St", "High St"]
    new.open(f"{new.draft}home")
    new.press()
    assert new.open(f"{new.draft}check").rows == page.rows


def test_two_releases_take_turns_on_an_item_that_has_pages_now(
    make_app: MakeApp,
) -> None:
    class Two(PetForm):
        chip = StringField("Chip")

    class Paged(Item):
        who = Step(Two)

    def with_list(repeat: Repeat) -> Flask:
        return make_app(
            declare("Keep", pets=repeat, check=Review(), commit=Commits.commit)
        )

    old_app = with_list(Repeat(PetForm, singular="pet"))
    new_app = with_list(Repeat(Paged, singular="pet"))
    old = Visitor(old_app)
    old.open()
    old.press("add")
    old.fill(pet="Rex")
    draft = "/".join(old.page.path.split("/")[:3])
    url = next(u for u in old.page.links.values() if u.startswith(f"{draft}/pets/"))
    url = url.removesuffix("/remove")
    new = deploy(old, new_app)
    new.open(f"{url}/who")
    new.fill(pet="Tom", chip="4711")
    old = deploy(new, old_app)
    old.open(url)
    old.fill(pet="Max")
    new = deploy(old, new_app)
    page = new.open(f"{url}/who")
    assert (page.value("pet"), page.value("chip")) == ("Max", "4711")
