"""OnlyIf as a visitor without a script meets it: hints, errors, the check page."""

from __future__ import annotations

from typing import Any

import pytest
from apps import MakeApp
from flask import Flask
from visitor import Visitor, attribute
from wizards import Commits, choices, committed, declare, stored
from wtforms import Form, fields
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from flask_wizard import (
    Answers,
    DefinitionError,
    Exit,
    Info,
    Item,
    OnlyIf,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)


class Address(Form):
    street = fields.StringField("Street", [InputRequired("Enter the street")])


class Pay(Form):
    payer = fields.RadioField(
        "Who pays?",
        choices=[
            SelectChoice("person", "I do"),
            SelectChoice("company", "A company"),
            SelectChoice("state", "The state"),
        ],
    )
    vat = fields.IntegerField(
        "VAT number",
        [OnlyIf("payer", "company"), InputRequired("Enter the VAT number")],
        description="It is on each invoice.",
    )
    office = fields.StringField("Office", [OnlyIf("payer", ["company", "state"])])
    same = fields.BooleanField("Send it to my home")
    home = fields.FormField(OnlyIf.group("same", False, Address), "Invoice address")
    code = fields.PasswordField("Code", [OnlyIf("payer", "state"), InputRequired()])


def has_office(answers: Answers) -> bool:
    return answers.pay.office is not None


class Rooms(Form):
    room = fields.StringField("Room")


class Order(Commits, Wizard):
    pay = Step(Pay)
    rooms = Step(Rooms, when=has_office)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Order)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    return visitor


PERSON = {"payer": "person", "same": "y"}
COMPANY = {"payer": "company", "vat": "7", "office": "Main", "same": "y"}


def hints(visitor: Visitor) -> list[str]:
    return visitor.page.texts(".wizard-hint")


# The page


def test_each_field_says_when_it_counts(visitor: Visitor) -> None:
    assert hints(visitor) == [
        "Only if your answer to “Who pays?” is “A company”. It is on each invoice.",
        "Only if your answer to “Who pays?” is “A company” or “The state”.",
        "Only if “Send it to my home” is not ticked.",
        "Only if your answer to “Who pays?” is “The state”.",
    ]


def test_hint_belongs_to_its_control(visitor: Visitor) -> None:
    (vat,) = visitor.page.html.query("#vat")
    (home,) = visitor.page.html.query("fieldset#home")
    assert attribute(vat, "aria-describedby") == "vat-hint"
    assert attribute(home, "aria-describedby") == "home-hint"


@pytest.mark.inaccessible("a field without a label")
@pytest.mark.parametrize(
    ("cause", "value", "hint"),
    [
        (fields.BooleanField("Send <it>"), True, "Only if “Send <it>” is ticked."),
        (
            fields.StringField("Code"),
            ["x", ""],
            "Only if your answer to “Code” is “x” or left blank.",
        ),
        (
            fields.StringField("Code"),
            "",
            "Only if your answer to “Code” is left blank.",
        ),
        (fields.IntegerField("Age"), 0, "Only if your answer to “Age” is “0”."),
        (
            fields.IntegerField("Age"),
            lambda age: age < 18,
            "Only if your answer to “Age” asks for it.",
        ),
        (fields.StringField(""), "x", "Only if your answer to “Cause” is “x”."),
        (
            fields.FieldList(fields.StringField(), "Pets"),
            ["dog", "cat"],
            "Only if your answer to “Pets” is “dog” or “cat”.",
        ),
        (
            fields.SelectMultipleField(
                "Pets", choices=[SelectChoice("1", "A <dog>")], coerce=int
            ),
            1,
            "Only if your answer to “Pets” is “A <dog>”.",
        ),
    ],
)
def test_hint_says(make_app: MakeApp, cause: Any, value: Any, hint: str) -> None:
    it = fields.StringField("It", [OnlyIf("cause", value)])
    form = type("Asks", (Form,), {"cause": cause, "it": it})
    visitor = Visitor(make_app(declare("Asks", Commits, one=Step(form))))
    visitor.open()
    assert hints(visitor) == [hint]


def test_field_that_is_left_out_is_shown_all_the_same(visitor: Visitor) -> None:
    visitor.press("save", {**PERSON, "vat": "x", "home-street": "Main"})
    page = visitor.open(f"{visitor.draft}pay")
    assert page.value("vat") == "x"
    assert page.value("home-street") == "Main"


# What counts


def test_what_is_left_out_is_not_asked(visitor: Visitor) -> None:
    assert visitor.press("next", PERSON).path.endswith("/check")
    assert visitor.page.rows == [
        ("Who pays?", "I do"),
        ("Send it to my home", "Yes"),
    ]


def test_what_is_not_left_out_is_asked(visitor: Visitor) -> None:
    page = visitor.press("next", {"payer": "company", "vat": "x"})
    assert page.errors == ["Not a valid integer value.", "Enter the street"]
    assert page.value("vat") == "x"


def test_errors_go_when_their_fields_are_left_out(visitor: Visitor) -> None:
    visitor.press("next", {"payer": "company"})
    assert visitor.press("next", PERSON).path.endswith("/check")
    page = visitor.open(f"{visitor.draft}pay")
    assert page.errors == []


def test_what_was_typed_is_back_when_it_counts_again(visitor: Visitor) -> None:
    visitor.press("next", COMPANY)
    visitor.open(f"{visitor.draft}pay")
    visitor.press("next", PERSON)
    page = visitor.open(f"{visitor.draft}pay")
    assert (page.value("vat"), page.value("office")) == ("7", "Main")
    visitor.press("next", {"payer": "company"})
    visitor.fill(room="5")
    assert ("VAT number", "7") in visitor.page.rows


def test_condition_of_a_later_step_reads_none(visitor: Visitor) -> None:
    assert visitor.press("next", COMPANY).path.endswith("/rooms")
    visitor.open(f"{visitor.draft}pay")
    person = {**COMPANY, "payer": "person"}
    assert visitor.press("next", person).path.endswith("/check")


def test_commit_gets_none(visitor: Visitor) -> None:
    typed = {"vat": "7", "office": "Main", "home-street": "Main", "code": "secret"}
    visitor.press("next", {**PERSON, **typed})
    visitor.press()
    (submission,) = committed
    left = {"vat": None, "office": None, "home": None, "code": None}
    assert submission.data == {"pay": {"payer": "person", "same": True, **left}}
    assert submission.answers.pay.home is None


def test_group_is_asked_unless_its_box_is_ticked(visitor: Visitor) -> None:
    page = visitor.press("next", {"payer": "person"})
    assert page.errors == ["Enter the street"]
    page = visitor.press("next", {"home-street": "Main"})
    assert ("Invoice address: Street", "Main") in page.rows


def test_password_that_is_left_out_is_not_stored(visitor: Visitor) -> None:
    visitor.press("next", {**PERSON, "code": "secret"})
    assert stored(visitor).entries["pay"].passwords == {}
    page = visitor.open(f"{visitor.draft}pay")
    assert "already given" not in page.text
    page = visitor.press("next", {"payer": "state", "office": "x"})
    assert page.errors == ["This field is required."]


def test_page_that_could_not_be_stored_asks_for_no_password_that_is_left_out(
    visitor: Visitor,
) -> None:
    page = visitor.press("next", {**PERSON, "code": "secret", "csrf_token": "x"})
    assert page.status == 400
    assert page.errors == []
    assert len(hints(visitor)) == 4


def test_step_error_may_name_a_field_that_is_left_out(make_app: MakeApp) -> None:
    class Refuses(Order):
        def validate(self, submission: Submission) -> None:
            raise StepError("pay", "A company must pay", field="vat")

    visitor = Visitor(make_app(Refuses))
    visitor.open()
    visitor.press("next", PERSON)
    assert visitor.press().errors == ["A company must pay"]


def test_initial_data_of_a_field_that_is_left_out_does_not_count(
    make_app: MakeApp,
) -> None:
    class Begun(Order):
        def initial(self, step_name: str, bound: Any) -> Any:
            return (
                {"vat": 7, "home": {"street": "Main"}} if step_name == "pay" else None
            )

    visitor = Visitor(make_app(Begun))
    page = visitor.open()
    assert (page.value("vat"), page.value("home-street")) == ("7", "Main")
    visitor.press("next", PERSON)
    visitor.press()
    assert committed[0].data["pay"]["vat"] is None
    assert committed[0].data["pay"]["home"] is None


# Lists of items


class PetForm(Form):
    kind = fields.SelectField("Kind", choices=choices("cat", "dog"))
    chip = fields.StringField(
        "Chip", [OnlyIf("kind", "dog"), InputRequired("Enter the chip")]
    )


def has_chips(answers: Answers) -> bool:
    return any(pet.chip for pet in answers.pets)


class Pets(Commits, Wizard):
    pets = Repeat(PetForm, singular="pet", label=lambda pet: pet.chip or "none")
    rooms = Step(Rooms, when=has_chips)
    check = Review()


class PetItem(Item):
    who = Step(PetForm)
    rules = Info(when=lambda answers: answers.who.chip is not None)
    far = Exit(when=lambda answers: answers.who.chip == "far")


class PetItems(Commits, Wizard):
    pets = Repeat(PetItem, singular="pet")
    check = Review()


def test_items_of_a_list_have_conditions(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Pets))
    visitor.open()
    visitor.press("add")
    assert visitor.fill(kind="dog").errors == ["Enter the chip"]
    assert visitor.fill(kind="cat", chip="7").texts(".wizard-item-name") == ["none"]
    page = visitor.press()
    assert page.path.endswith("/check")
    assert page.rows == [("Pets", "1 entry"), ("Kind", "cat")]
    visitor.press()
    assert committed[0].data == {"pets": [{"kind": "cat", "chip": None}]}


def test_condition_reads_what_is_left_out_of_items(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Pets))
    visitor.open()
    visitor.press("add")
    page = visitor.fill(kind="dog", chip="7")
    item = page.link("Change")
    assert visitor.press().path.endswith("/rooms")
    visitor.open(item)
    visitor.fill(kind="cat")
    assert visitor.press().path.endswith("/check")


def test_item_of_several_pages_has_pages_without_a_form(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(PetItems))
    visitor.open()
    visitor.press("add")
    assert visitor.fill(kind="cat", chip="7").path.endswith("/pets")
    visitor.press("add")
    assert visitor.fill(kind="dog", chip="7").path.endswith("/rules")
    assert visitor.press().path.endswith("/pets")
    assert visitor.press().path.endswith("/check")


def test_item_at_an_exit_is_not_finished(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(PetItems))
    visitor.open()
    visitor.press("add")
    visitor.fill(kind="dog", chip="far")
    page = visitor.press()
    assert page.path.endswith("/far")
    assert page.buttons[:2] == ["back", "save"]
    assert visitor.press().path.endswith("/far")
    page = visitor.open(f"/{page.path.split('/')[1]}/{page.path.split('/')[2]}/pets")
    assert visitor.press().path.endswith("/pets")
    assert committed == []


@pytest.mark.parametrize("make", [Repeat, Step])
def test_wrong_condition_is_refused_wherever_the_form_is(make: Any) -> None:
    it = fields.StringField("It", [OnlyIf("payr", "x")])
    form = type("Asks", (Form,), {"it": it})
    with pytest.raises(DefinitionError, match="'payr'"):
        declare("Wrong", Commits, one=make(form))
