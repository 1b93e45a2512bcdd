"""The draft that an application's hooks get."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from apps import MakeApp
from flask import Flask
from time_machine import Traveller
from visitor import Visitor
from wtforms import Form, PasswordField, StringField, validators

from flask_wizard import Draft, Step, Submission, Wizard

SECRET = "canary4711"


class NameForm(Form):
    name = StringField("Name", [validators.InputRequired()])


class AccountForm(Form):
    email = StringField()
    password = PasswordField()


class Join(Wizard):
    title = "Join the library"
    lifetime = timedelta(hours=2)

    you = Step(NameForm)
    account = Step(AccountForm)
    more = Step(NameForm)

    given: list[Draft]

    def commit(self, submission: Submission) -> None: ...

    def discarded(self, draft: Draft) -> None:
        self.given.append(draft)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    Join.given = []
    return make_app(Join)


@pytest.fixture
def draft(app: Flask, clock: Traveller) -> Draft:
    """What the hook got of a draft of three steps, one of which was not accepted."""
    return discard(app, clock)


def discard(app: Flask, clock: Traveller) -> Draft:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    clock.shift(600)
    visitor.fill(email="a@b", password=SECRET)
    visitor.fill(name="")
    visitor.open(f"{visitor.draft}discard")
    visitor.press("discard")
    (draft,) = Join.given
    assert draft.id == visitor.draft.split("/")[2]
    return draft


def test_entries_are_plain_strings_by_step_and_field(draft: Draft) -> None:
    assert draft.entries == {
        "you": {"name": ["Ada"]},
        "account": {"email": ["a@b"]},
        "more": {"name": [""]},
    }
    assert type(draft.entries) is dict


def test_draft_has_no_password(draft: Draft) -> None:
    assert SECRET not in str(draft.entries)


def test_draft_has_the_wizards_title(draft: Draft) -> None:
    assert draft.title == "Join the library"


def test_title_that_waits_for_its_use_is_a_string(
    app: Flask, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Lazy:
        def __str__(self) -> str:
            return "Beitreten"

    monkeypatch.setattr(Join, "title", Lazy())
    assert discard(app, clock).title == "Beitreten"


def test_times_are_aware(draft: Draft, clock: Traveller) -> None:
    now = datetime.now(UTC)
    assert timedelta(0) <= now - draft.saved < timedelta(minutes=1)
    assert timedelta(minutes=10) <= draft.saved - draft.started < timedelta(minutes=11)
    assert draft.expires == draft.saved + timedelta(hours=2)


def test_draft_that_lives_for_ever_has_the_latest_of_times(
    app: Flask, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Join, "lifetime", timedelta.max)
    monkeypatch.setattr(Join, "max_lifetime", timedelta.max)
    assert discard(app, clock).expires == datetime.max.replace(tzinfo=UTC)


def test_repr_shows_no_answer(draft: Draft) -> None:
    assert draft.entries
    for shown in (repr(draft), str(draft)):
        assert "Join the library" in shown
        assert "Ada" not in shown
        assert "a@b" not in shown


def test_nothing_of_it_can_be_set(draft: Draft) -> None:
    with pytest.raises(AttributeError):
        draft.id = "other"  # type: ignore[misc]
