"""Answers that are changed from the check page, and what becomes of the others."""

from __future__ import annotations

import pytest
from apps import MakeApp
from flask import Flask
from store_wrappers import Probe
from visitor import Page, Visitor, attribute
from wizards import Commits, committed, declare
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard import (
    Answers,
    Item,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)


class You(Form):
    name = fields.StringField("Name", [InputRequired("Enter your name")])
    age = fields.IntegerField("Age", [InputRequired("Enter your age")])
    phones = fields.FieldList(fields.StringField("Phone"), "Phones", min_entries=2)


class Guardian(Form):
    guardian = fields.StringField("Who is your guardian?", [InputRequired("Who?")])


class Letter(Form):
    letter = fields.StringField("Letter to the guardian")


class Pet(Form):
    pet = fields.StringField("Do you have a pet?")


class Food(Form):
    food = fields.StringField("What does it eat?", [InputRequired("Say what")])
    often = fields.StringField("How often?")


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


class Join(Commits, Wizard):
    you = Step(You, title="About you")
    guardian = Step(Guardian, title="Your guardian", when=is_minor)
    letter = Step(Letter, title="The letter", when=is_minor)
    pet = Step(Pet, title="Your pet")
    food = Step(Food, title="Its food", when=lambda answers: bool(answers.pet.pet))
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


def at_review(app: Flask, age: str, pet: str = "") -> Visitor:
    """Somebody of that age who has filled in everything."""
    visitor = Visitor(app)
    visitor.open()
    page = visitor.fill(name="Ada", age=age)
    values = {"guardian": "Eve", "letter": "Dear Eve", "pet": pet, "food": "hay"}
    while not page.path.endswith("/check"):
        page = visitor.press("next", {n: values[n] for n in page.values if n in values})
    return visitor


@pytest.fixture
def child(app: Flask) -> Visitor:
    return at_review(app, "7")


@pytest.fixture
def adult(app: Flask) -> Visitor:
    return at_review(app, "40")


def change(visitor: Visitor, step: str, **values: str) -> Page:
    """Change a step by its link on the check page."""
    visitor.open(f"{visitor.draft}{step}?then=check")
    return visitor.fill(**values)


def returning(page: Page) -> str:
    return " ".join(page.texts(".wizard-returning"))


# Back


@pytest.mark.parametrize("step", ["you", "guardian", "pet"])
def test_back_from_a_change_leads_to_the_row(child: Visitor, step: str) -> None:
    child.open(f"{child.draft}{step}?then=check")
    answer = child.send("back")
    assert (answer.status_code, answer.location) == (
        303,
        f"{child.draft}check#row-{step}",
    )


def test_back_from_a_change_is_a_button_on_the_first_step_too(child: Visitor) -> None:
    assert "back" in child.open(f"{child.draft}you?then=check").buttons
    assert "back" not in child.open(f"{child.draft}you").buttons


@pytest.mark.parametrize(
    ("step", "sent", "leads"),
    [
        ("you", {"name": "half typ"}, "you"),
        ("guardian", {"guardian": ""}, "you"),
        ("letter", {"letter": "Dear A"}, "guardian"),
    ],
)
def test_back_with_other_text_keeps_it_and_leads_to_the_step_before(
    child: Visitor, step: str, sent: dict[str, str], leads: str
) -> None:
    """The review is closed: what was typed is not accepted yet."""
    child.open(f"{child.draft}{step}?then=check")
    page = child.press("back", sent)
    assert page.url == f"{child.draft}{leads}?then=check"
    assert page.errors == []
    ((name, typed),) = sent.items()
    assert (child.open(f"{child.draft}{step}").value(name) or "") == typed


def test_back_from_a_newly_opened_step_leads_to_what_has_opened_it(
    adult: Visitor,
) -> None:
    assert change(adult, "pet", pet="Rex").heading == "Its food"
    assert adult.press("back").url == f"{adult.draft}pet?then=check"
    assert adult.fill(pet="").path.endswith("/check")


def test_back_in_a_journey_without_a_review_leads_to_the_step_before(
    make_app: MakeApp,
) -> None:
    short = declare("Short", Commits, you=Step(You), pet=Step(Pet))
    visitor = Visitor(make_app(short))
    visitor.open()
    visitor.fill(name="Ada", age="7")
    page = visitor.open(f"{visitor.draft}pet?then=check")
    assert returning(page) == ""
    assert visitor.press("back").path.endswith("/you")


def test_back_from_the_review_leads_to_the_last_step(adult: Visitor) -> None:
    adult.open(f"{adult.draft}check?then=check")
    assert adult.press("back").path.endswith("/pet")


# What the page says


def test_change_says_where_its_buttons_lead(child: Visitor) -> None:
    page = child.open(f"{child.draft}you?then=check")
    told = returning(page)
    assert "You are changing “About you”" in told
    assert "Continue leads back to “Check your answers”. Back does, too" in told
    assert returning(child.open(f"{child.draft}you")) == ""


def test_change_keeps_the_progress(child: Visitor) -> None:
    assert child.page.progress == "Step 5 of 5"
    page = child.open(f"{child.draft}you?then=check")
    assert page.progress == "Step 1 of 5"
    assert page.title.startswith("Step 1 of 5: ")
    assert child.open(f"{child.draft}pet?then=check").progress == "Step 4 of 5"


def test_refused_change_says_where_continue_leads(child: Visitor) -> None:
    told = returning(change(child, "you", name=""))
    assert told == "You are changing “About you”. Continue leads back to " + (
        "“Check your answers”."
    )
    assert child.fill(name="Bea").path.endswith("/check")


def test_newly_opened_step_says_that_it_is_missing(adult: Visitor) -> None:
    told = returning(change(adult, "pet", pet="Rex"))
    assert told.startswith("“Its food” is still missing.")


def test_missing_steps_are_one_list(adult: Visitor) -> None:
    page = change(adult, "you", age="7")
    assert page.heading == "Who is your guardian?"
    adult.press("next", {"guardian": "Eve"})
    adult.post(f"{adult.draft}pet", {"pet": "x"}, action="save")
    page = adult.open(f"{adult.draft}you?then=check")
    assert "still missing before you can go on to" in page.banners
    assert page.link("The letter") == f"{adult.draft}letter?then=check"
    assert page.texts(".wizard-banner li") == ["The letter", "Your pet"]


# The review, asked for too early


def test_review_asked_for_too_early_tells_what_is_missing(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="40")
    draft = visitor.draft
    assert visitor.get(f"{draft}check").location == f"{draft}pet"
    page = visitor.open(f"{draft}pet")
    assert "“Your pet” is still missing" in returning(page)
    assert returning(visitor.open(f"{draft}pet")) == ""


class Plain(Commits, Wizard):
    you = Step(You, title="About you")
    pet = Step(Pet, title="Your pet")
    food = Step(Food, title="Its food")
    check = Review()


@pytest.mark.parametrize("way", ["get", "post"])
def test_all_that_is_missing_is_one_list(make_app: MakeApp, way: str) -> None:
    visitor = Visitor(make_app(Plain))
    visitor.open()
    visitor.fill(name="Ada", age="40")
    draft = visitor.draft
    if way == "get":
        page = visitor.open(f"{draft}check")
    else:
        page = visitor.open(visitor.post(f"{draft}check").location)
    assert page.path == f"{draft}pet"
    assert page.texts(".wizard-banner li") == ["Your pet", "Its food"]
    assert committed == []


def test_review_asked_for_too_early_writes_nothing(app: Flask, store: Probe) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="40")
    kept = store.snapshot()
    visitor.open(f"{visitor.draft}check")
    assert store.snapshot() == kept


def test_what_is_missing_is_told_of_its_own_draft_only(app: Flask) -> None:
    first, second = Visitor(app), None
    first.open()
    first.fill(name="Ada", age="40")
    second = first.tab()
    second.open("/join/new/you")
    second.fill(name="Bea", age="40")
    first.get(f"{first.draft}check")
    assert returning(second.open(second.draft)) == ""


# What is no longer needed


def unneeded(page: Page) -> bool:
    return "no longer needed" in page.banners


def test_closed_branch_is_told_with_its_cause(child: Visitor) -> None:
    page = change(child, "you", age="40")
    assert page.path.endswith("/check")
    assert "Because you changed “About you”, these pages are no longer needed" in (
        page.banners
    )
    assert page.texts(".wizard-banner li") == ["Your guardian", "The letter"]


def test_single_closed_step_is_named_in_the_sentence(app: Flask) -> None:
    visitor = at_review(app, "40", pet="Rex")
    page = change(visitor, "pet", pet="")
    assert "Because you changed “Your pet”, “Its food” is no longer needed." in (
        page.banners
    )


@pytest.mark.ux(45)
def test_closed_branch_is_told_before_the_button(child: Visitor) -> None:
    source = change(child, "you", age="40").source
    assert source.index("no longer needed") < source.index("<button")
    assert source.index("no longer needed") < source.index("<h1")


@pytest.mark.parametrize("way", ["change", "step"])
def test_closed_branch_is_told_on_the_next_page(child: Visitor, way: str) -> None:
    if way == "change":
        page = change(child, "you", age="40")
    else:
        child.open(f"{child.draft}you")
        page = child.fill(age="40")
        assert page.path.endswith("/pet")
    assert unneeded(page)


def test_closed_branch_is_told_once(child: Visitor) -> None:
    assert unneeded(change(child, "you", age="40"))
    assert unneeded(child.open(f"{child.draft}check"))  # until the next save
    assert not unneeded(change(child, "pet", pet=""))
    assert not unneeded(change(child, "you", age="41"))


def test_autosave_does_not_take_away_what_is_told(child: Visitor) -> None:
    change(child, "you", age="40")
    draft = child.draft
    child.open(f"{draft}pet")
    assert child.send("autosave", {"pet": "x"}).status_code == 204
    assert unneeded(child.open(f"{draft}pet"))


def test_reopened_branch_can_be_told_again(child: Visitor) -> None:
    change(child, "you", age="40")
    assert change(child, "you", age="8").path.endswith("/check")
    assert unneeded(change(child, "you", age="41"))


def test_half_typed_change_does_not_tell_the_branch_again(child: Visitor) -> None:
    change(child, "you", age="40")
    child.open(f"{child.draft}you?then=check")
    child.press("save", {"age": "41"})
    child.open(f"{child.draft}you?then=check")
    assert not unneeded(child.fill())


def test_answers_that_are_not_sent_stay_named_on_the_review(child: Visitor) -> None:
    change(child, "you", age="40")
    page = change(child, "pet", pet="")
    assert "Your answers on these pages are kept" in page.banners
    assert "Your guardian The letter" in page.banners


def test_step_that_was_never_answered_is_not_told(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="7")
    visitor.press("back")
    assert not unneeded(visitor.fill(age="40"))


@pytest.mark.ux(45)
def test_dropped_answers_are_not_committed(child: Visitor) -> None:
    change(child, "you", age="40")
    child.press("next")
    assert list(committed[0].data) == ["you", "pet"]


def test_refused_commit_does_not_tell_it_again(make_app: MakeApp) -> None:
    class Refusing(Join):
        def validate(self, submission: Submission) -> None:
            raise StepError("pet", "No pets today")

    visitor = at_review(make_app(Refusing), "7")
    change(visitor, "you", age="40")
    page = visitor.press("next")
    assert page.errors == ["No pets today"]
    assert not unneeded(page)


# Rows that were changed


def changed(page: Page) -> list[str]:
    """The labels of the rows that the check page marks."""
    return page.texts(".wizard-row-changed dt")


def test_changed_row_says_so(child: Visitor) -> None:
    page = change(child, "you", name="Bea")
    assert changed(page) == ["Name"]
    assert page.texts(".wizard-changed") == ["Changed"]
    assert ("Name", "Bea") in page.rows


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ({"phones-1": "2"}, ["Phones"]),
        ({"name": "Bea", "age": "8"}, ["Name", "Age"]),
        ({}, []),
    ],
)
def test_rows_are_marked_as_their_fields_differ(
    child: Visitor, values: dict[str, str], rows: list[str]
) -> None:
    assert changed(change(child, "you", **values)) == rows


def test_steps_opened_by_a_change_are_marked_with_it(adult: Visitor) -> None:
    change(adult, "pet", pet="Rex")
    page = adult.fill(food="hay", often="daily")
    assert changed(page) == [
        *("Do you have a pet?", "What does it eat?", "How often?"),
    ]


def test_change_that_was_refused_first_is_marked(child: Visitor) -> None:
    change(child, "you", age="8", name="")
    assert changed(child.fill(name="Ada")) == ["Name", "Age"]


def test_next_change_is_marked_alone(child: Visitor) -> None:
    change(child, "you", name="Bea")
    assert changed(change(child, "pet", pet="")) == []


def test_first_answers_are_not_marked(adult: Visitor) -> None:
    assert changed(adult.page) == []


def test_row_leads_the_focus_to_a_group_with_a_name(child: Visitor) -> None:
    page = change(child, "you", name="Bea")
    (target,) = page.html.query("#row-you")
    assert attribute(target, "role") == "group"
    assert page.texts(f"#{attribute(target, 'aria-labelledby')}") == ["About you"]
    (alone,) = page.html.query("#row-pet")
    name = attribute(alone, "aria-labelledby")
    assert page.texts(f"#{name}") == ["Do you have a pet?"]


class Secret(Form):
    secret = fields.PasswordField("Password")


def test_condition_sees_the_same_from_a_change_link(make_app: MakeApp) -> None:
    """Not the form of the page, which shows no password."""
    seen: list[str] = []

    def reads(answers: Answers) -> bool:
        seen.append(answers.secret.secret)
        return True

    wizard = declare(
        "Made",
        Commits,
        secret=Step(Secret),
        pet=Step(Pet, when=reads),
        check=Review(),
    )
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(secret="hush")
    visitor.fill(pet="Rex")
    visitor.open(f"{visitor.draft}secret?then=check")
    assert set(seen) == {"hush"}


@pytest.mark.parametrize("action", ["next", "back", "save", "discard", "goto:pet"])
def test_closed_step_is_not_prepared_by_what_is_sent_to_it(
    make_app: MakeApp, action: str
) -> None:
    """It was accepted once, and what it has read is missing now."""
    prepared: list[bool] = []

    def note(form: Form, answers: Answers) -> None:
        prepared.append(bool(answers.you.name))

    class Prepared(Join):
        pet = Step(Pet, prepare=note)

    visitor = at_review(make_app(Prepared), "40")
    draft = visitor.draft
    visitor.open(f"{draft}you")
    visitor.press("save", {"name": ""})
    visitor.open(f"{draft}you")
    prepared.clear()
    sent = visitor.post(f"{draft}pet", {"pet": ""}, action=action)  # as it was
    assert sent.status_code == 303
    assert prepared == []


# Items of several pages


class About(Form):
    name = fields.StringField("Name of the child")
    group = fields.StringField("Class")
    allergic = fields.BooleanField("Allergic")


class Allergy(Form):
    name = fields.StringField("Allergic to", [InputRequired("Say what")])


class Child(Item):
    who = Step(About)
    allergy = Step(
        Allergy, title="Allergies", when=lambda answers: answers.who.allergic
    )


class Trip(Commits, Wizard):
    pet = Step(Pet, title="Your pet")
    children = Repeat(Child, title="Your children", label=lambda child: child.who.name)
    check = Review()


@pytest.fixture
def parent(make_app: MakeApp) -> Visitor:
    """Somebody who has filled in two children, the first of them with an allergy."""
    visitor = Visitor(make_app(Trip))
    visitor.open()
    visitor.fill(pet="")
    visitor.press("add")
    visitor.fill(name="Ida", group="3a", allergic="y")
    visitor.press("add", {"name": "Nuts"})
    visitor.fill(name="Max", group="3b")
    visitor.press("next")
    assert visitor.page.path.endswith("/check")
    return visitor


def change_row(visitor: Visitor, number: int, **values: str) -> Page:
    """Follow a change link of the review by its number, and send what is typed."""
    link = visitor.page.html.query(".wizard-row a")[number]
    visitor.open(attribute(link, "href"))
    return visitor.fill(**values)


def test_page_that_an_item_has_opened_is_marked_alone(parent: Visitor) -> None:
    page = change_row(parent, -1, allergic="y")
    assert page.path.endswith("/allergy")
    page = parent.fill(name="Milk")
    assert changed(page) == ["Allergic", "Allergic to"]


def test_page_of_an_item_that_is_not_needed_is_told_once(parent: Visitor) -> None:
    links = [attribute(n, "href") for n in parent.page.html.query(".wizard-row a")]
    first = next(link for link in links if "/who?" in link)
    parent.open(first)
    page = parent.fill(allergic=None)
    assert page.heading == "Check your answers"
    expected = "Because you changed “Who”, “Allergies” is no longer needed."
    assert expected in page.banners
    parent.open(first)
    assert expected not in parent.fill(group="4a").banners


def test_field_of_one_page_marks_none_of_its_name_on_another(parent: Visitor) -> None:
    assert changed(change_row(parent, 2, name="Ada")) == ["Name of the child"]


# Lists that a change leads to


class Plants(Commits, Wizard):
    pet = Step(Pet, title="Your pet")
    food = Step(Food, title="Its food", when=lambda answers: bool(answers.pet.pet))
    plants = Repeat(Pet, title="Your plants", when=lambda answers: not answers.pet.pet)
    check = Review()


def test_list_tells_what_a_change_has_made_unnecessary(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Plants))
    visitor.open()
    visitor.fill(pet="Rex")
    visitor.fill(food="hay")
    page = change(visitor, "pet", pet="")
    assert page.heading == "Your plants"
    expected = "Because you changed “Your pet”, “Its food” is no longer needed."
    assert expected in page.banners
    assert "“Your plants” is still missing." in returning(page)


def test_list_tells_that_the_review_was_asked_for_too_early(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Plants))
    visitor.open()
    visitor.fill(pet="")
    page = visitor.open(f"{visitor.draft}check")
    assert "“Your plants” is still missing." in returning(page)
