"""A date of day, month and year on pages of a wizard."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import pytest
from apps import MakeApp
from json_client import Reader, field_of
from visitor import Visitor, attribute
from wizards import Commits, committed, declare
from wtforms import DateField, Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import DateBoxesField, Repeat, Review, Step, Wizard

REQUIRED = InputRequired("Enter your date of birth")
BOXES = ("born-day", "born-month", "born-year")
HALF = {"born-day": " 31", "born-month": "2", "born-year": ""}


class NativeForm(Form):
    born = DateField("Date of birth", [REQUIRED])
    note = StringField("Note")


class YouForm(Form):
    born = DateBoxesField(
        "Date of birth", [REQUIRED], render_kw={"autocomplete": "bday"}
    )
    note = StringField("Note")


class Join(Commits, Wizard):
    you = Step(YouForm)
    check = Review()


def values(visitor: Visitor, names: tuple[str, ...] = BOXES) -> dict[str, Any]:
    return {name: visitor.page.value(name) for name in names}


@pytest.fixture
def visitor(make_app: MakeApp) -> Visitor:
    """Somebody with a draft, at its only step."""
    visitor = Reader(make_app(Join))
    visitor.open()
    visitor.press("save")
    visitor.open(f"{visitor.draft}you")
    return visitor


@pytest.mark.parametrize("action", ["next", "save", "back", "autosave"])
def test_half_a_date_is_shown_again_as_it_was_typed(
    visitor: Visitor, action: str
) -> None:
    visitor.send(action, HALF)
    page = visitor.open(f"{visitor.draft}you")
    assert values(visitor) == HALF
    boxes = page.html.query(".wizard-field-date input")
    wrong = [attribute(b, "id") for b in boxes if attribute(b, "aria-invalid")]
    is_judged = action == "next"
    assert wrong == (["born-year"] if is_judged else [])
    assert page.errors == (["Enter the year"] if is_judged else [])
    if is_judged:
        assert page.link("Enter the year") == "#born-year"


def test_boxes_are_one_question_with_a_legend_and_an_example(visitor: Visitor) -> None:
    page = visitor.page
    assert page.texts("fieldset#born > legend") == ["Date of birth"]
    assert page.texts("#born-hint") == ["For example, 27 3 2007"]
    (fieldset,) = page.html.query("fieldset#born")
    assert attribute(fieldset, "aria-describedby") == "born-hint"
    inputs = page.html.query("fieldset#born input")
    assert [attribute(each, "autocomplete") for each in inputs] == [
        *("bday-day", "bday-month", "bday-year")
    ]
    assert page.texts("fieldset#born label") == ["Day", "Month", "Year"]


def test_date_is_committed_and_changed_from_its_row(visitor: Visitor) -> None:
    page = visitor.press(
        "next", {"born-day": "5", "born-month": "5", "born-year": "2010"}
    )
    assert page.rows[0] == ("Date of birth", "5 May 2010")
    visitor.open(page.link("Change Date of birth"))
    assert values(visitor) == {"born-day": "5", "born-month": "5", "born-year": "2010"}
    visitor.press("next", {"born-day": "6"})
    visitor.press()
    assert committed[0].data["you"]["born"] == date(2010, 5, 6)


def test_one_string_is_taken_beside_the_boxes_of_the_page(visitor: Visitor) -> None:
    assert visitor.fill(born="2010-05-05").path.endswith("/check")
    visitor.open(f"{visitor.draft}you")
    assert values(visitor) == {
        "born-day": "05",
        "born-month": "05",
        "born-year": "2010",
    }
    visitor.fill(born="2011-05-05")
    visitor.press()
    assert committed[0].data["you"]["born"] == date(2011, 5, 5)


# JSON: the Reader has compared each page with its HTML


def asked(reader: Any) -> Any:
    return field_of(reader.data, "born")


def test_front_end_gets_one_date(visitor: Visitor) -> None:
    found = asked(visitor)
    assert (found["kind"], found["value"], found["required"]) == ("date", "", True)
    assert found["attributes"] == {"autocomplete": "bday"}
    assert "fields" not in found
    visitor.fill(born="2010-05-05")
    visitor.open(f"{visitor.draft}you")
    assert asked(visitor)["value"] == "2010-05-05"


@pytest.mark.parametrize(
    ("typed", "kind", "value"),
    [
        (("5", "5", "2010"), "text", "2010-5-5"),
        (("31", "02", "2026"), "text", "2026-02-31"),
        (("5", "", ""), "text", "--5"),
        (("1-2", "2", "2010"), "form", None),
    ],
)
def test_front_end_gets_what_was_typed_and_sends_it_back(
    visitor: Visitor, typed: tuple[str, ...], kind: str, value: str | None
) -> None:
    sent = dict(zip(BOXES, typed, strict=True))
    visitor.press("next", sent)
    visitor.open(f"{visitor.draft}you")
    found = asked(visitor)
    assert (found["kind"], found["value"]) == (kind, value)
    back: Mapping[str, Any] = {"born": value} if value else sent
    visitor.post(
        visitor.page.action, {**visitor.page.values, **back, "_action": "save"}
    )
    visitor.open(f"{visitor.draft}you")
    assert values(visitor) == sent


# Versions


@pytest.mark.parametrize(
    ("native", "boxes"),
    [("2010-05-05", ("05", "05", "2010")), ("31/02/2026", ("31", "02", "2026"))],
)
def test_draft_of_a_native_date_goes_on_in_boxes(
    make_app: MakeApp, native: str, boxes: tuple[str, ...]
) -> None:
    you, check = Step(NativeForm), Review()
    old = Visitor(make_app(declare("Join", Commits, you=you, check=check)))
    old.open()
    old.fill(born=native)
    new = old.twin(make_app(Join))
    new.open(f"{new.draft}you")
    assert values(new) == dict(zip(BOXES, boxes, strict=True))
    new.press("next", {"born-day": "7", "born-month": "2"})
    new.press()
    assert committed[0].data["you"]["born"] == date(int(boxes[2]), 2, 7)


@pytest.mark.parametrize("before", [NativeForm, YouForm])
def test_date_keeps_what_was_typed_under_its_former_name(
    make_app: MakeApp, before: type[Form]
) -> None:
    class BirthdayForm(Form):
        birthday = DateBoxesField("Birthday", [REQUIRED])

    step = Step(BirthdayForm, fields_were={"birthday": "born"})
    old = Visitor(make_app(declare("Join", Commits, you=Step(before), check=Review())))
    old.open()
    old.fill(born="2010-05-05")
    new = old.twin(make_app(declare("Join", Commits, you=step, check=Review())))
    page = new.open(f"{new.draft}check")
    assert page.rows == [("Birthday", "5 May 2010")]
    new.press()
    assert committed[0].data["you"] == {"birthday": date(2010, 5, 5)}


# Items, and what a page begins with


def test_item_of_a_list_has_a_date(make_app: MakeApp) -> None:
    people = Repeat(YouForm, min=1, singular="person")
    visitor = Reader(make_app(declare("Join", Commits, people=people, check=Review())))
    visitor.open()
    visitor.press("next", HALF)
    assert values(visitor) == HALF
    page = visitor.press("next", {"born-year": "2010", "born-day": "2"})
    assert page.path.endswith("/people")
    visitor.press()
    visitor.press()
    assert committed[0].data["people"][0]["born"] == date(2010, 2, 2)


class Begins(Join):
    def initial(self, step_name: str, bound: Mapping[str, Any]) -> dict[str, Any]:
        return {"born": date(2010, 5, 5)}


@pytest.mark.parametrize("sent", [{}, {"born": "2011-06-07"}, {"note": "x"}])
def test_page_begins_with_a_date(make_app: MakeApp, sent: dict[str, str]) -> None:
    visitor = Reader(make_app(Begins))
    visitor.open()
    assert values(visitor) == {
        "born-day": "05",
        "born-month": "05",
        "born-year": "2010",
    }
    without_boxes = dict.fromkeys(BOXES) if "born" in sent else {}
    assert visitor.press("next", {**without_boxes, **sent}).path.endswith("/check")
    visitor.press()
    expected = date.fromisoformat(sent.get("born", "2010-05-05"))
    assert committed[0].data["you"]["born"] == expected


def test_boxes_win_over_what_a_native_date_began_with(make_app: MakeApp) -> None:
    old = Visitor(make_app(declare("Join", Begins, you=Step(NativeForm))))
    old.open()
    old.press("save", {"note": "x"})
    new = old.twin(make_app(Begins))
    new.open(f"{new.draft}you")
    new.press("next", {"born-day": "6"})
    new.press()
    assert committed[0].data["you"]["born"] == date(2010, 5, 6)


@pytest.mark.parametrize("lock", ["disabled", "readonly"])
def test_locked_date_keeps_what_it_began_with(make_app: MakeApp, lock: str) -> None:
    class Locked(Form):
        born = DateBoxesField("Born", [REQUIRED], render_kw={lock: True})
        note = StringField("Note")

    wizard = declare("Join", Begins, you=Step(Locked))
    visitor = Reader(make_app(wizard))
    visitor.open()
    assert visitor.fill(note="x").path.endswith("/check")
    visitor.press()
    assert committed[0].data["you"]["born"] == date(2010, 5, 5)
