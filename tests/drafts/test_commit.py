"""What a commit gets, and what it may return."""

from __future__ import annotations

import dataclasses
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from types import SimpleNamespace
from typing import Any

import pytest
import wizards
from apps import MakeApp
from flask import Response, redirect
from markupsafe import Markup
from visitor import Visitor
from wtforms import Form, fields, validators

from flask_wizard import (
    CommitResultError,
    DefinitionError,
    Receipt,
    Review,
    Step,
    StepError,
    Submission,
    UnknownNameError,
    Wizard,
    WizardError,
)
from flask_wizard.core.draft import Draft, Entry, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.drafts.commit import _send_back, receipt_of
from flask_wizard.drafts.draft_list import LATEST

SECRET = "canary-4711"


class Street(Form):
    street = fields.StringField()
    find = fields.SubmitField()


class You(Form):
    name = fields.StringField()
    nick = fields.StringField(filters=[lambda text: (text or "").strip()])
    home = fields.FormField(Street)
    tags = fields.FieldList(fields.StringField())
    others = fields.FieldList(fields.FormField(Street, default=SimpleNamespace))
    send = fields.SubmitField()


class Guardian(Form):
    guardian = fields.StringField(validators=[validators.InputRequired()])


class Pet(Form):
    pet = fields.StringField()


class Join(Wizard):
    you = Step(You)
    guardian = Step(Guardian, when=lambda answers: answers.you.name == "Ada")
    pet = Step(Pet)
    check = Review()

    def commit(self, submission: Submission) -> None: ...


def submitted(name: str = "Ada") -> Submission:
    draft = Draft("d", "m", (), 0.0, 0.0, "key", attempt=2)
    journey = Journey(Join.steps, draft)
    for step, values in {
        "you": {"name": name, "nick": " A ", "tags-0": "x", "send": "Go"},
        "guardian": {"guardian": SECRET},
        "pet": {"pet": "Rex"},
    }.items():
        sent = Values({name: [text] for name, text in values.items()})
        sent |= {"others-0-street": ["2 Lane"], "others-0-find": ["Find"]}
        sent |= {"home-street": ["1 Lane"], "csrf_token": ["t"]}
        journey = journey.submit(step, Values(sent), validate=True)
    return Submission.of(journey)


# The submission


def test_data_are_plain_dicts_by_step() -> None:
    assert submitted().data == {
        "you": {
            "name": "Ada",
            "nick": "A",
            "home": {"street": "1 Lane"},
            "tags": ["x"],
            "others": [{"street": "2 Lane"}],
        },
        "guardian": {"guardian": SECRET},
        "pet": {"pet": "Rex"},
    }


def test_data_have_only_steps_that_apply() -> None:
    assert list(submitted("Bob").data) == ["you", "pet"]


def test_hidden_steps_answers_are_falsy() -> None:
    assert not submitted("Bob").answers.guardian
    assert submitted("Bob").answers.guardian.guardian is None


def test_answers_are_records() -> None:
    assert submitted().answers.you.home.street == "1 Lane"


def test_attempts_count_from_the_next() -> None:
    assert submitted().attempt == 3


def test_id_is_the_drafts_key() -> None:
    assert submitted().id == "key"


def test_submission_is_frozen() -> None:
    submission = submitted()
    with pytest.raises(dataclasses.FrozenInstanceError):
        submission.id = "other"  # type: ignore[misc]


def test_submission_shows_no_answer() -> None:
    shown = repr(submitted())
    assert SECRET not in shown
    assert "key" in shown


def filled(*steps: str, name: str = "Ada") -> dict[str, Any]:
    place = SimpleNamespace(home=SimpleNamespace(street=None))
    submitted(name).populate(place, *steps)
    return vars(place)


def test_populate_sets_every_steps_fields() -> None:
    place = filled()
    assert (place["name"], place["guardian"], place["pet"]) == ("Ada", SECRET, "Rex")
    assert place["home"].street == "1 Lane"


def test_populate_leaves_buttons_out() -> None:
    found = filled()
    assert "send" not in found
    assert not hasattr(found["home"], "find")
    assert [vars(other) for other in found["others"]] == [{"street": "2 Lane"}]


def test_populate_leaves_hidden_steps_out() -> None:
    assert "guardian" not in filled(name="Bob")


def test_populate_may_be_asked_for_some_steps() -> None:
    assert set(filled("pet")) == {"home", "pet"}


def test_populate_refuses_an_unknown_step() -> None:
    with pytest.raises(UnknownNameError, match=r"'pte'.*you, guardian, pet"):
        filled("pte")


def test_populate_leaves_a_hidden_step_out_though_it_is_named() -> None:
    assert set(filled("pet", "guardian", name="Bob")) == {"home", "pet"}


def test_populate_may_be_called_twice() -> None:
    submission = submitted()
    first, second = (SimpleNamespace(home=SimpleNamespace()) for _ in range(2))
    submission.populate(first)
    submission.populate(second)
    assert first.name == second.name == "Ada"


# The receipt


def test_none_is_an_empty_receipt() -> None:
    assert receipt_of(None) == Receipt()


@pytest.mark.parametrize(
    "url",
    [
        *("/", "/members/7", "/members/7?new=1#top", "//cdn.example/x", "/X"),
        *("https://pay.example/x", "http://pay.example"),
    ],
)
def test_url_is_a_receipt(url: str) -> None:
    assert receipt_of(url) == Receipt(url=url)


@pytest.mark.parametrize("code", [300, 301, 302, 303, 307, 308])
def test_redirect_is_a_receipt(code: int) -> None:
    assert receipt_of(redirect("/members/7", code)) == Receipt(url="/members/7")


def test_receipt_is_taken_as_it_is() -> None:
    receipt = Receipt("7", "/members/7", "Thank you", next_steps="Wait", contact="Us")
    assert receipt_of(receipt) == receipt


def test_receipt_notes_which_parts_are_html() -> None:
    receipt = receipt_of(Receipt(next_steps=Markup("<b>"), contact="<b>"))
    assert receipt.html_parts == ("next_steps",)
    assert type(receipt.next_steps) is str  # it is stored


def test_receipts_parts_become_text() -> None:
    lazy = Receipt(7, PurePosixPath("/members/7"))  # type: ignore[arg-type]
    assert receipt_of(lazy) == Receipt("7", "/members/7")


@pytest.mark.parametrize("message", ["Thank you, \udc80", Markup("Thank you, \udc80")])
def test_receipt_with_a_lone_surrogate_can_be_stored(message: str) -> None:
    receipt = receipt_of(Receipt("M\ud83d-7", "/", message))
    html = isinstance(message, Markup)
    assert receipt == Receipt("M?-7", "/", "Thank you, ?", html=html)
    ended = Draft("d", "m", (), 0.0, 0.0, "key").end("committed", 1.0, receipt=receipt)
    assert decode(encode(ended)).receipt == receipt


@pytest.mark.parametrize(
    ("receipt", "shown", "left_out"),
    [
        (Receipt("R-7", "/orders/7", "x" * 99_999), ("R-7", "/orders/7"), "message"),
        (Receipt("R-7", message=Markup("<p>") * 99_999), ("R-7", None), "message"),
        (Receipt("7" * 99_999, "/orders/7", "Hi"), (None, "/orders/7"), "reference"),
        ("/orders?of=" + "7" * 99_999, (None, None), "url"),
        (Receipt("R-7", next_steps="x" * 99_999), ("R-7", None), "next_steps"),
        (Receipt("R-7", contact="x" * 99_999), ("R-7", None), "contact"),
    ],
)
def test_receipt_that_is_too_large_ends_the_draft_all_the_same(
    make_app: MakeApp,
    receipt: object,
    shown: tuple[str | None, str | None],
    left_out: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    calls = []

    def commit(self: Wizard, submission: Submission) -> object:
        calls.append(submission.id)
        return receipt

    wizard = wizards.declare("Long", wizards.Join, commit=commit)
    visitor = wizards.begun(make_app(wizard))
    visitor.fill(pet="Rex")
    twin = visitor.twin()
    assert visitor.press("next").heading == "Your answers have been sent"
    kept = wizards.stored(visitor).receipt
    assert kept is not None
    assert (kept.reference, kept.url) == shown
    assert f"Its {left_out} is left out" in caplog.text
    assert "7777" not in caplog.text
    assert twin.press("next").heading == "Your answers have been sent"
    assert len(calls) == 1


@pytest.mark.parametrize(
    ("keep", "kept"),
    [(timedelta(days=30), 30 * 86_400), (7, 7), (0.5, 0.5), (None, None)],
)
def test_receipt_says_how_long_the_answers_are_kept(
    keep: timedelta | float | None, kept: float | None
) -> None:
    assert receipt_of(Receipt(keep=keep)).keep == kept


@pytest.mark.parametrize(
    "keep",
    [
        *(0, -1, timedelta(0), timedelta(days=-1), float("nan"), float("inf")),
        *(LATEST, True, False, "30", [], datetime(2027, 1, 1)),
    ],
    ids=repr,
)
def test_answers_are_kept_for_a_time_that_can_be_stored(keep: Any) -> None:
    with pytest.raises(CommitResultError, match="keep=") as caught:
        receipt_of(Receipt(keep=keep))
    assert "committed all the same" in str(caught.value)


@pytest.mark.parametrize("fourth", [True, timedelta(days=30)])
def test_receipt_takes_three_parts_by_position(fourth: object) -> None:
    make: Any = Receipt
    with pytest.raises(TypeError, match="positional"):
        make("7", "/", "Thank you", fourth)


def test_receipt_refuses_parts_that_it_does_not_have() -> None:
    make: Any = Receipt
    with pytest.raises(TypeError, match="kept"):
        make("7", kept=timedelta(days=30))


@pytest.mark.parametrize(
    "result",
    [
        *("", "Thank you", "<h1>Thank you</h1>", "members/7", "member"),
        *("javascript:alert(1)", "mailto:x@example.org", "/a b", "https://"),
        *("http://[", "https://[evil", "/a\tb"),
        *(b"/members/7", 7, True, {"id": 7}, ("/x", 302), [], Response("Thank you")),
        Response(status=302),
        Response(status=201, headers={"Location": "/members/7"}),
        Response(status=400, headers={"Location": "/members/7"}),
        *("javascript://example.org/%0aalert(1)", "/members/<id>"),
        *(Receipt(url="javascript:alert(1)"), Receipt("7", "not a URL")),
        *("/members/\udc80", Receipt(url="/\udc80"), Receipt(url=7)),  # type: ignore[arg-type]
    ],
)
def test_anything_else_is_refused(result: object) -> None:
    with pytest.raises(CommitResultError) as caught:
        receipt_of(result)
    assert "committed all the same" in str(caught.value)
    assert "a URL" in str(caught.value)


def test_refused_result_is_named_by_its_type() -> None:
    with pytest.raises(CommitResultError, match="'dict'"):
        receipt_of({"name": SECRET})


def test_refused_text_is_not_repeated() -> None:
    """It may be a page with answers in it, and errors are logged."""
    with pytest.raises(CommitResultError) as caught:
        receipt_of(f"<p>{SECRET}</p>")
    assert SECRET not in str(caught.value)


def test_refused_result_is_a_type_error() -> None:
    assert issubclass(CommitResultError, TypeError)
    assert issubclass(CommitResultError, WizardError)


# What validate may return


class Judged(Wizard):
    pet = Step(Pet)

    def validate(self, submission: Submission) -> None:
        return "Wrong"  # type: ignore[return-value]

    def commit(self, submission: Submission) -> None: ...


def test_validate_that_returns_what_is_wrong_does_not_commit(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Judged))
    visitor.open()
    with pytest.raises(DefinitionError, match="validate returned a str"):
        visitor.fill(pet="Rex")


# Errors that send back


def test_step_error_carries_what_it_was_given() -> None:
    error = StepError("you", "Enter your real age", field="age", item="x")
    found = (error.step, error.message, error.field, error.item)
    assert found == ("you", "Enter your real age", "age", "x")


def test_step_error_says_where_it_leads() -> None:
    assert str(StepError("you", "Enter your age")) == "you: Enter your age"


@pytest.mark.parametrize(
    ("field", "name"),
    [
        *((None, ""), ("name", "name"), ("home.street", "home-street")),
        *(("tags.1", "tags-1"), ("others.0.street", "others-0-street")),
    ],
)
def test_step_error_lands_at_its_field(field: str | None, name: str) -> None:
    draft = Draft("d", "m", (), 0.0, 0.0, "key")
    place = Journey(Join.steps, draft).current
    back = _send_back(draft, place, StepError("you", "Wrong", field=field))
    assert back.entries["you"].errors == {name: ["Wrong"]}


def test_entry_without_values_is_not_accepted() -> None:
    assert not Entry().accepted
