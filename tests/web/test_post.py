"""Posts that meet another request, another visitor, or a draft that has gone."""

from __future__ import annotations

import time
from collections.abc import Callable

import pytest
from apps import MakeApp
from clock import DAY
from flask import Flask
from time_machine import Traveller
from visitor import Visitor
from wizards import Commits, Join, You, begun, committed, stored
from wtforms import Form, StringField

from flask_wizard import Repeat, Review, Step, Submission, Wizard
from flask_wizard.core.draft import Draft, encode
from flask_wizard.drafts.keyring import Kind
from flask_wizard.drafts.visitor_drafts import VisitorDrafts
from flask_wizard.errors import ConflictError
from flask_wizard.web import post, waiters


def rewrite(visitor: Visitor, change: Callable[[Draft], Draft | None]) -> None:
    """Store the draft as another process has changed it."""
    repository = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, version = repository.load(visitor.draft.split("/")[2])
    later = change(draft)
    assert later is not None
    repository.store.save(version, encode(later), kind=Kind.DRAFT, ttl=9 * DAY)


def claim(draft: Draft) -> Draft:
    return draft.claim(time.time(), 60)


# Other requests


def test_post_that_never_gets_its_turn_gives_the_text_back(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    tries: list[int] = []

    def save(self: VisitorDrafts, *drafts: object, **more: object) -> None:
        tries.append(1)
        raise ConflictError("Another request wrote this value first.")

    visitor = begun(make_app(Join))
    before = stored(visitor)
    monkeypatch.setattr(VisitorDrafts, "save", save)
    monkeypatch.setattr(post, "TRIES", 3)
    page = visitor.press("next", {"pet": "Rex"})
    assert (page.status, page.value("pet"), len(tries)) == (503, "Rex", 3)
    assert stored(visitor) == before


class Meanwhile:
    """A clock on which something happens while a request waits."""

    def __init__(self, act: Callable[[], object]) -> None:
        self.now = 0.0
        self._act: Callable[[], object] | None = act

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds
        act, self._act = self._act, None
        if act is not None:
            act()


@pytest.fixture
def busy(make_app: MakeApp, clock: Traveller) -> Visitor:
    """A visitor at a page of a draft whose commit runs in another process."""
    visitor = begun(make_app(Join, WIZARD_COMMIT_WAIT=2, WTF_CSRF_TIME_LIMIT=None))
    visitor.fill(pet="Rex")
    visitor.open(f"{visitor.draft}pet")
    rewrite(visitor, claim)
    return visitor


def test_draft_that_expires_while_a_request_waits_is_kept_anew(
    busy: Visitor, clock: Traveller, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = busy.draft
    waits = Meanwhile(lambda: clock.shift(60 * DAY))
    monkeypatch.setattr(waiters, "time", waits)
    page = busy.press("save", {"pet": "Tom"})
    assert waits.now > 0
    assert busy.draft != before
    assert page.path.endswith("/saved")
    assert stored(busy).entries["pet"].raw["pet"] == ["Tom"]


def test_draft_that_gets_another_holder_while_a_request_waits_is_left_alone(
    busy: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    def taken() -> None:
        marks = [holder.mark for holder in stored(busy).holders]
        rewrite(busy, lambda draft: draft.re_mark(marks, user=[b"another"]))
        others.append(stored(busy))

    others: list[Draft] = []
    first = busy.draft
    monkeypatch.setattr(waiters, "time", Meanwhile(taken))
    page = busy.press("save", {"pet": "Tom"})
    assert page.path.endswith("/saved")
    assert busy.draft != first
    assert stored(busy).entries["pet"].raw["pet"] == ["Tom"]
    assert others[0].entries["pet"].raw["pet"] == ["Rex"]


# An item that is to be removed


class PetForm(Form):
    name = StringField("Name")


class Household(Commits, Wizard):
    you = Step(You)
    pets = Repeat(PetForm, singular="pet", label=lambda pet: pet.name)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Household)


@pytest.fixture
def removing(app: Flask) -> Visitor:
    """A visitor who is asked whether to remove an item."""
    visitor = begun(app)
    visitor.press("add")
    visitor.fill(name="Rex")
    link = next(url for text, url in visitor.page.links.items() if "Remove" in text)
    visitor.open(link)
    return visitor


def names(visitor: Visitor) -> list[str]:
    parts = visitor.page.path.split("/")
    page = visitor.tab().open("/".join(parts[:3]) + "/pets")
    return page.texts(".wizard-item-name")


def test_removal_needs_a_button(removing: Visitor) -> None:
    headers = {"X-CSRFToken": removing.token}
    answer = removing.client.post(
        removing.page.path, data={"_rev": "1"}, headers=headers
    )
    assert (answer.status_code, names(removing)) == (400, ["Rex"])


@pytest.mark.parametrize(
    ("action", "left"),
    [("next", []), ("remove", []), ("back", ["Rex"]), ("save", ["Rex"])],
)
def test_item_is_removed_by_two_buttons_alone(
    removing: Visitor, action: str, left: list[str]
) -> None:
    removing.press(action)
    assert names(removing) == left


def test_item_is_removed_once(removing: Visitor) -> None:
    twin = removing.twin()
    removing.press("remove")
    assert names(removing) == []
    assert twin.press("remove").path == removing.page.path


def test_other_visitor_removes_nothing(app: Flask, removing: Visitor) -> None:
    other = begun(app)
    answer = other.post(removing.page.path, action="remove")
    assert answer.status_code == 404
    assert names(removing) == ["Rex"]


def test_item_is_not_removed_while_a_commit_runs(removing: Visitor) -> None:
    url = removing.page.path
    draft_url = "/".join(url.split("/")[:3]) + "/"
    twin = removing.twin()
    twin.open(f"{draft_url}pets")
    rewrite(twin, claim)
    answer = removing.post(url, action="remove")
    assert answer.status_code == 409
    assert len(stored(twin).items("pets")) == 1


def test_item_of_an_ended_draft_leads_to_its_receipt(removing: Visitor) -> None:
    url = removing.page.path
    twin = removing.twin()
    twin.open("/".join(url.split("/")[:3]) + "/pets")
    twin.press("next")
    twin.press("next")
    assert len(committed) == 1
    answer = removing.post(url, action="remove")
    assert answer.location == f"{twin.draft}receipt"


def test_submission_has_the_items_that_are_left(removing: Visitor) -> None:
    removing.press("remove")
    removing.press("next")
    removing.press("next")
    (submission,) = committed
    assert isinstance(submission, Submission)
    assert submission.data["pets"] == []
