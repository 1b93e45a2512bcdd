"""The check page with rows of an application's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from apps import MakeApp
from visitor import Page, Visitor
from wizards import Commits, Join, Pet, begun, declare
from wtforms import Form, fields
from wtforms.validators import EqualTo, InputRequired

from flask_wizard import Answers, DefinitionError, Review, Row, Step, Wizard


def total(step: str) -> Callable[[list[Row], Answers], list[Row]]:
    """A function that adds a row below the answers of a step."""
    row = Row(step, "total", "Total", ("12 €",), f"{step}-total")
    return lambda rows, answers: [*rows, row]


@pytest.fixture
def at_check(make_app: MakeApp) -> Callable[[str], Visitor]:
    """A function that brings a visitor to where a row is added to a step."""

    def bring(step: str) -> Visitor:
        class Totalled(Join):
            pet = Step(Pet, when=lambda answers: False)
            check = Review(rows=total(step))

        return begun(make_app(Totalled))

    return bring


def test_row_is_shown_below_the_step_that_it_is_added_to(
    at_check: Callable[[str], Visitor],
) -> None:
    assert at_check("you").page.rows == [
        ("Name", "Ada"),
        ("Nickname", "Not provided"),
        ("Total", "12 €"),
    ]


@pytest.mark.parametrize("step", ["extra", "pet", "check"])
def test_row_of_a_step_that_is_not_on_the_path_is_refused(
    at_check: Callable[[str], Visitor], step: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        at_check(step)
    assert f"step '{step}'" in str(refused.value)
    assert "on the path are you." in str(refused.value)


def test_refusal_of_a_row_does_not_tell_what_is_in_it(
    at_check: Callable[[str], Visitor],
) -> None:
    with pytest.raises(DefinitionError) as refused:
        at_check("extra")
    assert "12" not in str(refused.value)


# Groups


class Secret(Form):
    secret = fields.PasswordField("Password", [InputRequired(), EqualTo("again")])
    again = fields.PasswordField("Password again")


class Mail(Form):
    mail = fields.StringField("E-mail")
    repeat = fields.StringField("E-mail again", [EqualTo("mail")])
    note = fields.StringField("Note")


def filled(make_app: MakeApp, wizard: type[Wizard]) -> Page:
    """The check page of a wizard whose fields all take the same text."""
    visitor = Visitor(make_app(wizard))
    page = visitor.open()
    while page.heading != "Check your answers":
        names = [name for name in page.values if not name.startswith(("_", "csrf"))]
        page = visitor.press("next", dict.fromkeys(names, "x"))
    return page


def own_rows(change: Callable[[list[Row]], list[Row]]) -> Review:
    return Review(rows=lambda rows, answers: change(rows))


def test_step_of_one_field_is_one_row(make_app: MakeApp) -> None:
    class Gift(Form):
        gift = fields.StringField("Is it a gift?")

    steps = {"you": Step(Mail), "gift": Step(Gift, title="A gift")}
    page = filled(make_app, declare("Made", Commits, **steps, check=Review()))
    assert page.texts(".wizard-answers h2") == ["You"]
    assert page.texts("#row-gift dt") == ["Is it a gift?"]
    assert "Change Is it a gift?" in page.links


def test_row_that_repeats_the_title_is_one_row(make_app: MakeApp) -> None:
    def whole(rows: list[Row]) -> list[Row]:
        return [replace(rows[0], label="Access")]

    steps = {"access": Step(Mail), "check": own_rows(whole)}
    page = filled(make_app, declare("Made", Commits, **steps))
    assert page.texts(".wizard-answers h2") == []
    assert page.texts("dt") == ["Access"]


def test_only_row_that_is_left_of_several_keeps_the_heading(make_app: MakeApp) -> None:
    steps = {"access": Step(Mail), "check": own_rows(lambda rows: rows[:1])}
    page = filled(make_app, declare("Made", Commits, **steps))
    assert page.texts(".wizard-answers h2") == ["Access"]


def test_row_that_is_added_to_a_step_of_one_field_brings_the_heading(
    make_app: MakeApp,
) -> None:
    steps = {"pet": Step(Secret), "check": Review(rows=total("pet"))}
    page = filled(make_app, declare("Made", Commits, **steps))
    assert page.texts(".wizard-answers h2") == ["Pet"]
    assert page.texts("dt") == ["Password", "Total"]


def test_steps_of_a_section_stand_below_its_heading(make_app: MakeApp) -> None:
    steps = {
        "you": Step(Mail, section="About you"),
        "home": Step(Mail, section="About you"),
        "pet": Step(Mail, section="Your pet"),
        "rest": Step(Mail),
    }
    page = filled(make_app, declare("Made", Commits, **steps, check=Review()))
    assert page.texts("h2.wizard-section") == ["About you", "Your pet"]
    assert page.texts("h3") == ["You", "Home", "Pet"]
    assert page.texts(".wizard-answers h2") == ["Rest"]


def test_row_behind_a_section_has_a_heading_although_it_is_alone(
    make_app: MakeApp,
) -> None:
    """Otherwise it would seem to belong to the section."""
    steps = {"you": Step(Mail, section="About you"), "pin": Step(Secret)}
    page = filled(make_app, declare("Made", Commits, **steps, check=Review()))
    assert page.texts(".wizard-answers h2") == ["Pin"]


@pytest.mark.parametrize(("section", "level"), [(None, "h3"), ("Yours", "h4")])
def test_items_of_a_step_stand_below_their_headings(
    make_app: MakeApp, section: str | None, level: str
) -> None:
    def by_item(rows: list[Row]) -> list[Row]:
        first, second = rows
        return [
            Row("pets", "", "Your pets", ("2",), "pets", "/list"),
            Row("pets", "", "Fed by", ("Ada",), "pets", "/list"),
            replace(first, item="a", heading="Rex"),
            replace(second, item="b", heading="Tom"),
            replace(second, item="a", heading="Rex"),
        ]

    steps = {"pets": Step(Mail, section=section), "check": own_rows(by_item)}
    page = filled(make_app, declare("Made", Commits, **steps))
    assert page.texts(level) == ["Rex", "Tom"]
    assert page.texts("#row-pets dt") == ["Your pets", "Fed by"]
    assert page.texts("#row-pets-a dt") == ["E-mail", "Note"]
    assert page.texts("#row-pets-b dt") == ["Note"]
    assert {"Change Note, Rex", "Change Note, Tom"} <= page.links.keys()
    assert "Change E-mail" in page.links


def test_marks_of_changes_are_for_the_function_of_the_rows(make_app: MakeApp) -> None:
    seen: list[list[bool]] = []

    def note(rows: list[Row]) -> list[Row]:
        seen.append([row.changed for row in rows])
        return [replace(row, changed=False) for row in rows]

    visitor = Visitor(
        make_app(declare("Made", Commits, it=Step(Mail), check=own_rows(note)))
    )
    visitor.open()
    visitor.fill(mail="x", repeat="x", note="x")
    visitor.open(f"{visitor.draft}it?then=check")
    page = visitor.fill(note="y")
    assert seen[-1] == [False, True]
    assert page.texts(".wizard-changed") == []
