"""Answers stay out of logs, reprs, cookies and caches, and passwords out of pages."""

from __future__ import annotations

import gc
import logging
from typing import Any

import pytest
from apps import MakeOnDisk
from engines import Engine
from flask import before_render_template
from time_machine import Traveller
from visitor import Visitor
from werkzeug.test import TestResponse
from wizards import (
    CANARY,
    PASSWORD,
    Membership,
    MoreForm,
    begin,
    committed,
    end,
    fill_in,
    pages_of,
    stored,
    token_of,
)
from wtforms import Form, PasswordField

from flask_wizard import Review, Row, Step, Submission
from flask_wizard.drafts.encrypted_store import StoredDraft
from flask_wizard.drafts.holders import new_nonce

# What must not get about


@pytest.mark.requirement("S37")
def test_no_answer_is_logged_on_a_journey(
    visitor: Visitor, engine: Engine, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    url = begin(visitor)
    visitor.post(f"{url}you", {"name": CANARY * 9, "age": CANARY})
    visitor.get(f"{url}you")
    visitor.post(f"{url}you", {"name": CANARY}, action="autosave")
    visitor.post(f"{url}more", {"tags-²": CANARY, "colours": CANARY})
    fill_in(visitor)
    engine.down()
    visitor.post(f"{visitor.draft}you", {"name": CANARY})
    engine.up()
    visitor.token, token = "", visitor.token
    visitor.post(f"{visitor.draft}you", {"name": CANARY})
    visitor.token = token
    visitor.post(f"{visitor.draft}check")
    assert caplog.records
    assert leaks(caplog) == []


def leaks(caplog: pytest.LogCaptureFixture) -> list[str]:
    whole = [caplog.text, *(repr(vars(record)) for record in caplog.records)]
    return [text for text in whole if CANARY in text or PASSWORD in text]


@pytest.mark.requirement("S37")
def test_no_answer_is_told_when_the_commit_raises(
    make_on_disk: MakeOnDisk, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor = Visitor(make_on_disk(PROPAGATE_EXCEPTIONS=False))
    url = fill_in(visitor, age="500")
    got = visitor.post(f"{url}check")
    assert got.status_code == 500
    assert CANARY not in got.text
    assert "The register is closed." in caplog.text
    assert leaks(caplog) == []


@pytest.mark.requirement("S37")
def test_no_object_shows_an_answer(make_on_disk: MakeOnDisk) -> None:
    class Listener:
        """Says what every object of the package shows of itself, at many a moment."""

        def __init__(self) -> None:
            self.shown: dict[type, set[str]] = {}

        def __call__(self, *_: object, **__: object) -> None:
            for found in gc.get_objects():  # those that are not frozen
                kind = type(found)
                if str(kind.__module__).startswith("flask_wizard."):
                    self.note(found)
                if isinstance(found, StoredDraft):  # the collector does not know it
                    self.note(found.version)

        def note(self, *objects: object) -> None:
            for found in objects:
                shown = self.shown.setdefault(type(found), set())
                shown |= {repr(found), str(found)}
                if hasattr(found, "__rich_repr__"):
                    shown.add(str(found.__rich_repr__()))

        @property
        def leaks(self) -> set[str]:
            """The names of the classes that give an answer away."""
            whole = [
                (kind, text) for kind, shown in self.shown.items() for text in shown
            ]
            return {
                k.__name__ for k, text in whole if CANARY in text or PASSWORD in text
            }

    listener = Listener()

    class Telling(Membership):
        more = Step(MoreForm, prepare=listener)

        def validate(self, submission: Submission) -> None:
            listener.note(submission)
            listener()

        def commit(self, submission: Submission) -> None:
            answers = submission.answers
            listener.note(answers, answers.you, answers.more.home, answers.more.tags)
            listener()

    visitor = Visitor(make_on_disk(Telling))
    gc.freeze()  # what there is already: it is looked at once, at the end
    with before_render_template.connected_to(listener):
        begin(visitor)
        everywhere = {"tags-0": CANARY, "home-street": CANARY, "story": CANARY}
        visitor.post(f"{visitor.draft}more", {**everywhere, "colours": CANARY})
        visitor.get(f"{visitor.draft}more")
        url = fill_in(visitor)
        visitor.get(f"{url}check")
        draft = stored(visitor)
        visitor.token, token = "", visitor.token
        visitor.post(f"{url}more", everywhere)
        visitor.token = token
        visitor.post(f"{url}check")
    gc.unfreeze()
    listener()
    for entry in draft.entries.values():  # the collector knows nothing of these
        listener.note(entry)
    known = {kind.__name__ for kind in listener.shown}
    assert {
        "Draft",
        "Entry",
        "StoredDraft",
        "StoredVersion",
        "Journey",
        "BoundFormStep",
        "Visit",
        "Post",
        "Submitted",
    } <= known
    assert {"Submission", "Answers", "Record", "Page", "Values", "Action"} <= known
    assert listener.leaks == set()


@pytest.mark.requirement("S37")
def test_no_answer_is_in_the_repr_of_a_row(make_on_disk: MakeOnDisk) -> None:
    reprs = []

    def tell(rows: list[Row], answers: object) -> list[Row]:
        reprs.append(repr(rows))
        return rows

    class Telling(Membership):
        check = Review(rows=tell)

    visitor = Visitor(make_on_disk(Telling))
    url = fill_in(visitor)
    assert CANARY in visitor.get(f"{url}check").text
    assert reprs
    assert [text for text in reprs if CANARY in text] == []


@pytest.mark.requirement("S37")
def test_no_answer_is_in_the_session(visitor: Visitor) -> None:
    fill_in(visitor)
    with visitor.client.session_transaction() as kept:
        assert CANARY not in repr(dict(kept))
        assert PASSWORD not in repr(dict(kept))


# Passwords


@pytest.mark.requirement("S38")
def test_accepted_password_is_kept_apart(visitor: Visitor) -> None:
    fill_in(visitor)
    entry = stored(visitor).entries["secret"]
    assert entry.raw == {}
    assert entry.passwords == {"password": [PASSWORD], "again": [PASSWORD]}


@pytest.mark.requirement("S38")
@pytest.mark.parametrize("action", ["next", "save", "autosave", "back", "goto:you"])
def test_password_that_was_not_accepted_is_not_stored(
    visitor: Visitor, action: str
) -> None:
    url = begin(visitor)
    visitor.post(f"{url}more", {"story": ""})
    typed = {"password": PASSWORD, "again": "something else"}
    visitor.post(f"{url}secret", typed, action=action)
    assert stored(visitor).entries["secret"].passwords == {}
    assert stored(visitor).entries["secret"].raw == {}


@pytest.mark.requirement("S38")
def test_password_sent_too_early_is_not_stored(visitor: Visitor) -> None:
    url = begin(visitor)
    visitor.post(f"{url}secret", {"password": PASSWORD, "again": PASSWORD})
    assert stored(visitor).entries["secret"].passwords == {}


@pytest.mark.requirement("S38")
def test_password_left_blank_stays(visitor: Visitor) -> None:
    url = fill_in(visitor)
    got = visitor.post(f"{url}secret", {"password": "", "again": ""})
    assert got.location == f"{url}check"
    visitor.post(f"{url}check")
    (submission,) = committed
    assert submission.answers.secret.password == PASSWORD


@pytest.mark.requirement("S38")
def test_half_a_new_password_is_refused(visitor: Visitor) -> None:
    url = fill_in(visitor)
    got = visitor.post(f"{url}secret", {"password": "another one", "again": ""})
    assert got.location == f"{url}secret"
    assert stored(visitor).entries["secret"].passwords["password"] == [PASSWORD]


@pytest.mark.requirement("S38")
def test_password_is_in_no_page(visitor: Visitor, clock: Traveller) -> None:
    url = fill_in(visitor)
    texts = [visitor.get(page).text for page in pages_of(url)]
    sent = {"password": PASSWORD, "again": "no match"}
    texts.append(visitor.post(f"{url}secret", sent, follow_redirects=True).text)
    visitor.token = ""
    texts.append(visitor.post(f"{url}secret", sent).text)
    assert [text for text in texts if PASSWORD in text or "no match" in text] == []


@pytest.mark.requirement("S38")
def test_password_is_not_in_the_page_of_an_outage(
    visitor: Visitor, engine: Engine
) -> None:
    url = fill_in(visitor)
    engine.down()
    got = visitor.post(f"{url}secret", {"password": PASSWORD, "again": PASSWORD})
    engine.up()
    assert got.status_code == 503
    assert PASSWORD not in got.text


@pytest.mark.requirement("S38")
def test_password_of_a_form_that_is_not_known_is_in_no_page(
    make_on_disk: MakeOnDisk, engine: Engine
) -> None:
    class PinForm(Form):
        pin = PasswordField()

    def form_for(answers: Any) -> type[Form]:
        return {CANARY.lower(): PinForm}[answers.you.name.lower()]

    class Pins(Membership):
        more = Step(form_for)

    visitor = Visitor(make_on_disk(Pins))
    url = begin(visitor)
    engine.down()
    got = visitor.post(f"{url}more", {"pin": PASSWORD})
    engine.up()
    assert got.status_code == 503
    assert PASSWORD not in got.text


@pytest.mark.requirement("S38")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_password_is_gone_after_the_end(visitor: Visitor, how: str) -> None:
    fill_in(visitor)
    end(visitor, how)
    assert stored(visitor).entries == {}


# Headers and cookies


def assert_not_cached(got: TestResponse) -> None:
    assert got.headers["Cache-Control"] == "no-store"
    assert got.headers["Referrer-Policy"] == "same-origin"
    assert "Cookie" in got.vary


@pytest.mark.requirement("S39")
def test_pages_of_a_draft_stay_out_of_caches(visitor: Visitor) -> None:
    url = fill_in(visitor)
    for page in ["/join/", *pages_of(url)]:
        assert_not_cached(visitor.get(page))


@pytest.mark.requirement("S39")
@pytest.mark.parametrize("action", ["next", "back", "save", "autosave", "discard"])
def test_answers_to_posts_stay_out_of_caches(visitor: Visitor, action: str) -> None:
    url = begin(visitor)
    assert_not_cached(visitor.post(f"{url}you", {"name": "x"}, action=action))


@pytest.mark.requirement("S39")
def test_page_with_what_was_sent_stays_out_of_caches(visitor: Visitor) -> None:
    url = begin(visitor)
    visitor.token = ""
    for page in (f"{url}you", "/join/new/you"):
        assert_not_cached(visitor.post(page, {"name": CANARY}))


@pytest.mark.requirement("S39")
def test_pages_after_the_end_stay_out_of_caches(visitor: Visitor) -> None:
    url = fill_in(visitor)
    assert_not_cached(end(visitor, "commit"))
    assert_not_cached(visitor.get(f"{url}receipt"))
    assert_not_cached(visitor.get(f"/join/{new_nonce()}/you"))


@pytest.mark.requirement("S39")
def test_pages_of_an_outage_stay_out_of_caches(
    visitor: Visitor, engine: Engine
) -> None:
    url = begin(visitor)
    engine.down()
    got = visitor.get(f"{url}you"), visitor.post(f"{url}you", {"name": "x"})
    engine.up()
    for page in got:
        assert_not_cached(page)


@pytest.mark.requirement("S39")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_cookie_changes_at_the_end(visitor: Visitor, how: str) -> None:
    fill_in(visitor)
    before = visitor.client.get_cookie("session")
    assert "Set-Cookie" in end(visitor, how).headers
    assert visitor.client.get_cookie("session") != before


@pytest.mark.requirement("S39")
def test_holder_stays_the_same_at_the_end(visitor: Visitor) -> None:
    fill_in(visitor)
    before = token_of(visitor)
    end(visitor, "commit")
    assert token_of(visitor) == before
