"""Where nothing may be stored, nothing that was typed is lost."""

from __future__ import annotations

import os
import resource
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import pytest
from apps import MakeApp
from cachelib import FileSystemCache
from clock import DAY, HOUR
from flask import Flask, request
from flask_wtf import FlaskForm
from flask_wtf.csrf import CSRFProtect
from msgspec.structs import replace
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor
from wizards import Commits, committed, declare
from wtforms import Form, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import (
    Answers,
    ConfigurationError,
    DraftStore,
    FlaskWizard,
    Receipt,
    Review,
    Step,
    StepError,
    StoreError,
    Submission,
    Wizard,
)
from flask_wizard.core.draft import encode
from flask_wizard.drafts.keyring import Kind
from flask_wizard.stores.sqlite import SQLiteStore

SECRET = "canary4711"


class You(FlaskForm):  # type: ignore[misc]
    name = fields.StringField("Name", [validators.InputRequired("Enter your name")])
    story = fields.TextAreaField("Story")
    secret = fields.PasswordField("Password")


class Room(Form):
    room = fields.SelectField("Room")
    note = fields.StringField("Note")


class Small(Form):
    note = fields.StringField("Note")


def rooms(form: Any, answers: Answers) -> None:
    form.room.choices = [SelectChoice(f"{answers.you.name}'s room")]


def form_for(answers: Answers) -> type[Form]:
    return {"Ada": Small}[answers.you.name]


class Join(Commits, Wizard):
    you = Step(You)
    room = Step(Room, prepare=rooms)
    small = Step(form_for)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


def begun(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", secret=SECRET)
    return visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor at the second step."""
    return begun(app)


# CSRF


def protected_before(make_app: MakeApp) -> Flask:
    app = make_app()
    CSRFProtect(app)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return app


def protected_after(make_app: MakeApp) -> Flask:
    app = make_app(Join)
    CSRFProtect(app)
    return app


def protected_first(make_app: MakeApp) -> Flask:
    app = Flask("site")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    CSRFProtect(app)
    FlaskWizard(app, store=make_app().extensions["flask_wizard"].store)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return app


def unprotected(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture(
    params=[unprotected, protected_before, protected_after, protected_first]
)
def guarded(request: pytest.FixtureRequest, make_app: MakeApp) -> Flask:
    """An application with and without CSRFProtect, initialised in each order."""
    make: Callable[[MakeApp], Flask] = request.param
    return make(make_app)


def test_token_of_the_page_is_accepted(guarded: Flask) -> None:
    assert begun(guarded).page.heading != "You"


@pytest.mark.parametrize("token", [None, "", "wrong", "x" * 5000])
def test_bad_token_is_refused(guarded: Flask, store: Probe, token: str | None) -> None:
    visitor = Visitor(guarded)
    visitor.open()
    page = visitor.press("next", {"name": "Ada", "csrf_token": token})
    assert page.status == 400
    assert store.snapshot() == {}


def test_bad_token_loses_nothing_that_was_typed(guarded: Flask) -> None:
    visitor = Visitor(guarded)
    visitor.open()
    typed = {"name": " A<b> ", "story": "one\r\n two"}
    page = visitor.press("next", {**typed, "csrf_token": "wrong"})
    assert (page.value("name"), page.value("story")) == (" A<b> ", "one\r\n two")
    assert page.buttons == ["next"]
    assert "Send it again" in page.text


def test_sending_again_carries_on(guarded: Flask) -> None:
    visitor = Visitor(guarded)
    visitor.open()
    visitor.press("next", {"name": "Ada", "csrf_token": "wrong"})
    assert visitor.press("next").path.endswith("/room")


def test_token_in_a_header_is_accepted(guarded: Flask) -> None:
    visitor = Visitor(guarded)
    visitor.open()
    header = {"X-CSRFToken": visitor.token}
    sent = {"name": "Ada", "csrf_token": None}
    answer = visitor.post("/join/new/you", sent, headers=header)
    assert answer.status_code == 303


ACTIONS = ["next", "back", "save", "autosave", "goto:you", "discard"]


@pytest.mark.parametrize("action", ACTIONS)
def test_every_action_needs_the_token(
    visitor: Visitor, store: Probe, action: str
) -> None:
    before = store.snapshot()
    answer = visitor.send(action, {"note": "x", "csrf_token": "wrong"})
    assert answer.status_code == 400
    assert store.snapshot() == before


@pytest.mark.parametrize("action", ["back", "save", "goto:you"])
def test_sending_again_does_what_was_asked(visitor: Visitor, action: str) -> None:
    page = visitor.press(action, {"note": "x", "csrf_token": "wrong"})
    assert page.buttons == [action]
    assert visitor.press(action).path != f"{visitor.draft}room"


def test_discard_needs_the_token(visitor: Visitor, store: Probe) -> None:
    before = store.snapshot()
    visitor.open(f"{visitor.draft}discard")
    page = visitor.press("discard", {"csrf_token": "wrong"})
    assert (page.status, page.heading) == (400, "Discard your answers?")
    assert page.texts(".wizard-button-primary") == ["No, keep them"]
    assert store.snapshot() == before
    assert visitor.press("discard").heading == "Your answers were discarded"


def test_commit_needs_the_token(visitor: Visitor) -> None:
    visitor.fill()
    visitor.fill(note="x")
    rows = visitor.page.rows
    page = visitor.press("next", {"csrf_token": "wrong"})
    assert (page.status, page.rows, committed) == (400, rows, [])
    visitor.press("next")
    assert len(committed) == 1


def test_refused_autosave_is_a_bare_answer(visitor: Visitor) -> None:
    answer = visitor.send("autosave", {"csrf_token": "wrong"})
    assert (answer.status_code, answer.data) == (400, b"")


def test_expired_token_loses_nothing(visitor: Visitor, clock: Traveller) -> None:
    clock.shift(HOUR + 1)
    page = visitor.press("next", {"note": "typed for an hour"})
    assert page.status == 400
    assert "open for too long" in page.banners
    assert page.value("note") == "typed for an hour"
    assert visitor.press("next").path.endswith("/small")


def test_token_lives_as_long_as_the_application_says(
    make_app: MakeApp, clock: Traveller
) -> None:
    visitor = begun(make_app(Join, WTF_CSRF_TIME_LIMIT=None))
    clock.shift(48 * HOUR)
    assert visitor.press("next").path.endswith("/small")


def test_short_time_limit_counts(make_app: MakeApp, clock: Traveller) -> None:
    visitor = begun(make_app(Join, WTF_CSRF_TIME_LIMIT=1))
    clock.shift(3)
    assert visitor.press("next").status == 400


def test_token_of_another_session_is_refused(app: Flask, visitor: Visitor) -> None:
    other = begun(app)
    assert visitor.press("next", {"csrf_token": other.token}).status == 400


def test_page_shown_again_has_the_errors_of_no_one(visitor: Visitor) -> None:
    """Nothing was judged."""
    page = visitor.press("next", {"room": None, "csrf_token": "wrong"})
    assert page.errors == []


@pytest.mark.parametrize("protect", [False, True])
def test_checks_may_be_switched_off(make_app: MakeApp, protect: bool) -> None:
    app = make_app(Join, WTF_CSRF_ENABLED=False)
    if protect:
        CSRFProtect(app)
    visitor = Visitor(app)
    assert visitor.open().value("csrf_token") is None
    assert visitor.fill(name="Ada").path.endswith("/room")


def test_field_of_the_token_may_be_renamed(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join, WTF_CSRF_FIELD_NAME="_token"))
    page = visitor.open()
    assert page.value("_token")
    assert visitor.fill(name="Ada").path.endswith("/room")


def test_applications_own_views_stay_protected(make_app: MakeApp) -> None:
    app = protected_before(make_app)
    app.add_url_rule("/own", view_func=lambda: "ok", methods=["POST"], endpoint="own")
    begun(app)
    assert app.test_client().post("/own").status_code == 400


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site", "Origin": "http://localhost"},
        {"Sec-Fetch-Site": "none", "Origin": "null"},
        {"Origin": "http://evil.localhost", "Sec-Fetch-Site": "same-site"},
    ],
)
def test_post_from_another_site_is_refused(
    visitor: Visitor, store: Probe, headers: dict[str, str]
) -> None:
    before = store.snapshot()
    answer = visitor.post(visitor.page.path, {"note": "x"}, headers=headers)
    assert answer.status_code == 400
    assert "Send it again" not in answer.text
    assert store.snapshot() == before


@pytest.mark.parametrize(
    "origin", ["http://[evil", "https://evil.example", "null", "http://localhost:81"]
)
def test_post_of_an_origin_that_cannot_be_told_is_given_back(
    visitor: Visitor, store: Probe, origin: str
) -> None:
    """A browser without Sec-Fetch-Site, behind a proxy that replaces the Host."""
    before = store.snapshot()
    answer = visitor.post(
        visitor.page.path, {"note": "a long one"}, headers={"Origin": origin}
    )
    page = visitor.show(answer)
    assert (page.status, page.value("note")) == (400, "a long one")
    assert "from another address" in page.banners
    assert store.snapshot() == before


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "same-origin", "Origin": "https://public.example"},
        {"Sec-Fetch-Site": "none"},
        {"Origin": "http://localhost"},
    ],
)
def test_post_from_this_site_is_taken(
    visitor: Visitor, headers: dict[str, str]
) -> None:
    answer = visitor.post(visitor.page.path, {"note": "x"}, headers=headers)
    assert answer.status_code == 303


def test_referrer_is_checked_where_csrf_protect_does_so(make_app: MakeApp) -> None:
    def https(visitor: Visitor, headers: dict[str, str]) -> int:
        visitor.client.get("/join/", base_url="https://localhost")
        sent = {"note": "x", "csrf_token": visitor.token}
        path = visitor.page.path
        answer = visitor.client.post(
            path, data=sent, headers=headers, base_url="https://localhost"
        )
        return answer.status_code

    visitor = begun(protected_before(make_app))
    assert https(visitor, {}) == 400
    assert https(visitor, {"Referer": "https://evil.example/"}) == 400
    assert https(visitor, {"Referer": "https://localhost/join/"}) == 303


# Too large


@pytest.fixture
def tight(make_app: MakeApp) -> Visitor:
    """A visitor whose draft may not grow beyond 2,000 bytes."""
    visitor = Visitor(make_app(Join, WIZARD_MAX_DRAFT=2000))
    visitor.open()
    visitor.fill(name="Ada")
    visitor.open(f"{visitor.draft}you")
    return visitor


def test_draft_that_grows_too_large_is_refused(tight: Visitor, store: Probe) -> None:
    before = store.snapshot()
    page = tight.press("next", {"story": "x" * 3000})
    assert page.status == 413
    assert page.value("story") == "x" * 3000
    assert "more than we can keep" in page.banners
    assert store.snapshot() == before


def test_what_a_commit_has_to_say_always_fits(make_app: MakeApp) -> None:
    """Else its claim would stand, and the visitor with it."""

    class Wordy(Join):
        small = None  # type: ignore[assignment]
        room = None  # type: ignore[assignment]

        def commit(self, submission: Submission) -> Any:
            if submission.attempt == 1:
                raise StepError("you", "No. " * 200, field="story")
            return Receipt(message="Yes. " * 200)

    visitor = Visitor(make_app(Wordy, WIZARD_MAX_DRAFT=900))
    visitor.open()
    visitor.fill(name="Ada", story="x" * 500)
    assert visitor.press().errors == [("No. " * 200).strip()]
    visitor.fill(story="short")
    assert "Yes. Yes." in visitor.press().text


def test_autosave_that_is_too_large_is_a_bare_answer(tight: Visitor) -> None:
    answer = tight.send("autosave", {"story": "x" * 3000})
    assert (answer.status_code, answer.data) == (413, b"")


def test_draft_may_be_shortened(tight: Visitor) -> None:
    tight.press("next", {"story": "x" * 3000})
    assert tight.press("next", {"story": "short"}).path.endswith("/room")


def test_first_page_that_is_too_large_begins_nothing(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join, WIZARD_MAX_DRAFT=1000))
    visitor.open()
    page = visitor.press("next", {"name": "Ada", "story": "x" * 3000})
    assert (page.status, page.value("story")) == (413, "x" * 3000)
    assert visitor.press("next", {"story": ""}).path.endswith("/room")


def test_refused_first_pages_do_not_use_up_the_drafts(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join, WIZARD_MAX_DRAFT=1000))
    for _ in range(Join.max_drafts + 1):
        visitor.open("/join/new/you")
        visitor.press("next", {"name": "Ada", "story": "x" * 3000})
    assert visitor.press("next", {"story": ""}).path.endswith("/room")


@pytest.mark.parametrize("protect", [False, True])
@pytest.mark.parametrize("kind", ["application/x-www-form-urlencoded", "text/plain"])
def test_body_past_its_cap_is_refused(
    make_app: MakeApp, store: Probe, kind: str, protect: bool
) -> None:
    app = protected_before(make_app) if protect else make_app(Join)
    body = b"name=" + b"x" * (1024 * 1024)
    answer = app.test_client().post("/join/new/you", data=body, content_type=kind)
    assert answer.status_code == 413
    assert store.snapshot() == {}


def test_multipart_body_past_its_cap_is_refused(visitor: Visitor) -> None:
    head = b'--x\r\nContent-Disposition: form-data; name="note"\r\n\r\n'
    answer = visitor.client.post(
        visitor.page.path,
        data=head + b"x" * (1024 * 1024) + b"\r\n--x--\r\n",
        content_type="multipart/form-data; boundary=x",
    )
    assert answer.status_code == 413


@pytest.mark.parametrize("protect", [False, True])
def test_million_pairs_are_refused_at_once(make_app: MakeApp, protect: bool) -> None:
    app = protected_before(make_app) if protect else make_app(Join)
    app.config["WIZARD_MAX_BODY"] = 5_000_000
    body = b"&".join([b"a=b"] * 1_000_000)
    started = time.process_time()
    answer = app.test_client().post(
        "/join/new/you", data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 413
    assert time.process_time() - started < 1  # parsing them takes five seconds


def test_many_pairs_are_taken_up_to_the_cap(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join, WIZARD_MAX_PAIRS=20))
    visitor.open()
    few = {f"x{n}": "x" for n in range(10)}
    assert visitor.send("save", {"name": "Ada", **few}).status_code == 303
    many = {f"x{n}": "x" for n in range(20)}
    assert visitor.send("save", {"name": "Ada", **many}).status_code == 413


def test_applications_own_smaller_cap_counts(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join, MAX_CONTENT_LENGTH=500))
    visitor.open()
    assert visitor.send("save", {"story": "x" * 500}).status_code == 413


def test_body_that_is_no_form_is_refused(visitor: Visitor, store: Probe) -> None:
    before = store.snapshot()
    answer = visitor.client.post(visitor.page.path, json={"note": "x"})
    assert answer.status_code == 415
    assert store.snapshot() == before


# The store is down


def test_page_says_that_the_store_is_down(visitor: Visitor, store: Probe) -> None:
    store.down = True
    page = visitor.open(visitor.page.path)
    assert page.status == 503
    assert "cannot be reached at this moment" in page.heading


@pytest.mark.parametrize("at", ["", "you", "check", "saved", "discard", "receipt"])
def test_every_page_says_that_the_store_is_down(
    visitor: Visitor, store: Probe, at: str
) -> None:
    store.down = True
    assert visitor.get(visitor.draft + at).status_code == 503


def test_entry_says_that_the_store_is_down(visitor: Visitor, store: Probe) -> None:
    store.down = True
    assert visitor.get("/join/").status_code == 503


def test_new_visitor_needs_no_store_to_read(app: Flask, store: Probe) -> None:
    store.down = True
    assert Visitor(app).open().status == 200


def test_first_step_sent_to_a_broken_store_is_shown_again(
    app: Flask, store: Probe
) -> None:
    visitor = Visitor(app)
    visitor.open()
    store.down = True
    page = visitor.press("next", {"name": "Ada", "story": "long", "secret": SECRET})
    assert page.status == 503
    assert (page.value("name"), page.value("story")) == ("Ada", "long")
    assert SECRET not in page.source
    store.down = False
    assert visitor.press("next").path.endswith("/room")


@pytest.mark.parametrize("trouble", ["down", "read_only"])
def test_step_sent_to_a_broken_store_is_shown_again(
    visitor: Visitor, store: Probe, trouble: str
) -> None:
    visitor.open(f"{visitor.draft}you")
    setattr(store, trouble, True)
    page = visitor.press("next", {"story": "long", "secret": SECRET})
    assert page.status == 503
    assert (page.value("name"), page.value("story")) == ("Ada", "long")
    assert SECRET not in page.source
    setattr(store, trouble, False)
    visitor.press("next")
    assert visitor.open(f"{visitor.draft}you").value("story") == "long"


@pytest.mark.parametrize("trouble", ["down", "read_only"])
def test_prepared_step_sent_to_a_broken_store_goes_along(
    visitor: Visitor, store: Probe, trouble: str
) -> None:
    setattr(store, trouble, True)
    page = visitor.press("next", {"note": "kept"})
    assert (page.status, page.value("note")) == (503, "kept")
    assert page.value("room") == "Ada's room"
    setattr(store, trouble, False)
    draft = visitor.draft
    visitor.press("next")
    assert visitor.open(f"{draft}room").value("note") == "kept"


@pytest.mark.parametrize("trouble", ["down", "read_only"])
def test_unknown_form_sent_to_a_broken_store_goes_along(
    visitor: Visitor, store: Probe, trouble: str
) -> None:
    """Its form depends on answers that cannot be read."""
    visitor.fill()
    draft = visitor.draft
    setattr(store, trouble, True)
    page = visitor.press("next", {"note": "kept"})
    assert (page.status, page.value("note")) == (503, "kept")
    setattr(store, trouble, False)
    visitor.press("next")
    assert visitor.open(f"{draft}small").value("note") == "kept"


@pytest.mark.parametrize("trouble", ["down", "read_only"])
def test_review_sent_to_a_broken_store_commits_nothing(
    visitor: Visitor, store: Probe, trouble: str
) -> None:
    visitor.fill()
    visitor.fill(note="x")
    setattr(store, trouble, True)
    page = visitor.press("next")
    assert (page.status, committed) == (503, [])
    setattr(store, trouble, False)
    assert visitor.press("next").heading == "Your answers have been sent"


@pytest.mark.parametrize("trouble", ["down", "read_only"])
def test_discard_sent_to_a_broken_store_asks_again(
    visitor: Visitor, store: Probe, trouble: str
) -> None:
    visitor.open(f"{visitor.draft}discard")
    setattr(store, trouble, True)
    page = visitor.press("discard")
    assert (page.status, page.heading) == (503, "Discard your answers?")
    setattr(store, trouble, False)
    assert visitor.press("discard").heading == "Your answers were discarded"


def test_autosave_to_a_broken_store_says_so(visitor: Visitor, store: Probe) -> None:
    store.down = True
    answer = visitor.send("autosave", {"note": "x"})
    assert (answer.status_code, answer.data) == (503, b"")


def test_cause_is_in_the_log(
    visitor: Visitor, store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    store.down = True
    visitor.open(f"{visitor.draft}you")
    assert "The store is down." in caplog.text
    assert "Traceback" in caplog.text


def test_no_answer_is_in_the_log(
    visitor: Visitor, store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    visitor.open(f"{visitor.draft}you")
    store.read_only = True
    visitor.press("next", {"name": SECRET, "secret": SECRET})
    assert caplog.records
    assert SECRET not in caplog.text


def test_list_that_cannot_be_written_loses_no_commit(
    visitor: Visitor, store: Probe
) -> None:
    """The draft has ended by then; only the list still names it."""
    visitor.fill()
    visitor.fill(note="x")
    writes: list[str] = []

    def fail_after_the_receipt() -> None:
        writes.append("write")
        if len(writes) < 3:
            store.before_write.append(fail_after_the_receipt)
        else:
            raise StoreError("The list cannot be written.")

    store.before_write.append(fail_after_the_receipt)
    assert visitor.press("next").heading == "Your answers have been sent"
    assert len(writes) == 3
    assert visitor.get("/join/").status_code == 302


def test_damaged_draft_is_a_clear_page(visitor: Visitor, store: Probe) -> None:
    whole = store.snapshot()
    damaged = {
        key: (value[0][:-1] + bytes([value[0][-1] ^ 1]), value[1])
        for key, value in whole.items()
        if value
    }
    store.restore(damaged)
    assert visitor.open(f"{visitor.draft}room").status == 503
    assert store.snapshot() == damaged
    store.restore(whole)
    assert visitor.open(f"{visitor.draft}room").status == 200


@pytest.mark.parametrize("action", ["next", "save", "back", "goto:room"])
@pytest.mark.parametrize("step", ["you", "room", "check"])
def test_answers_damaged_within_a_draft_are_a_clear_page(
    visitor: Visitor, store: Probe, step: str, action: str
) -> None:
    """They are looked at later than the draft."""
    visitor.fill(room="Ada's room")
    visitor.fill(note="x")
    address = visitor.draft
    drafts = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, version = drafts.load(address.split("/")[2])
    damaged = replace(draft.entries["you"], packed=msgspec.Raw(b"\xc0"))
    plain = encode(draft.with_entries({"you": damaged}))
    drafts.store.save(version, plain, kind=Kind.DRAFT, ttl=DAY)
    before = store.snapshot()
    answer = visitor.post(f"{address}{step}", {"name": "Eve"}, action=action)
    assert answer.status_code in (303, 503)
    assert store.snapshot() == before or step == "you"


@pytest.mark.parametrize("failing", range(1, 8))
def test_store_that_fails_while_too_many_drafts_are_listed_loses_nothing(
    make_app: MakeApp, store: Probe, failing: int
) -> None:
    class Single(Join):
        max_drafts = 1

    visitor = begun(make_app(Single))
    visitor.open("/join/new/you")
    store.fail_at = failing
    page = visitor.press("next", {"name": "Eve", "story": "long"})
    assert page.status in (409, 503)
    assert page.value("story") == "long"


def test_removed_database_is_a_clear_page(make_app: MakeApp, tmp_path: Path) -> None:
    folder = tmp_path / "instance"
    folder.mkdir()
    store = SQLiteStore(folder / "drafts.sqlite3")
    visitor = begun(make_app(Join, store=store))
    visitor.open(f"{visitor.draft}you")
    shutil.rmtree(folder)
    page = visitor.press("next", {"story": "long"})
    assert (page.status, page.value("story")) == (503, "long")
    assert visitor.get(visitor.draft).status_code == 503
    store.close()


@pytest.fixture
def full_disk() -> Iterator[Callable[[], object]]:
    """A function that lets no file grow beyond 64 KB until the test ends."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (65536, hard))
    resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_full_disk_is_a_clear_page(
    make_app: MakeApp, tmp_path: Path, full_disk: Callable[[], object]
) -> None:
    store = SQLiteStore(tmp_path / "drafts.sqlite3")
    visitor = begun(make_app(Join, store=store))
    visitor.open(f"{visitor.draft}you")
    story = os.urandom(50_000).hex()
    full_disk()
    page = visitor.press("next", {"story": story})
    assert (page.status, page.value("story")) == (503, story)
    assert visitor.open(f"{visitor.draft}you").value("story") == ""
    store.close()


def test_removed_folder_of_files_is_a_clear_page(
    make_app: MakeApp, tmp_path: Path
) -> None:
    cache = FileSystemCache(str(tmp_path / "cache"), threshold=0)
    visitor = begun(make_app(Join, store=cache))
    visitor.open(f"{visitor.draft}you")
    shutil.rmtree(tmp_path / "cache")
    page = visitor.press("next", {"story": "long"})
    assert (page.status, page.value("story")) == (503, "long")


def test_lost_reply_of_the_store_is_no_conflict(
    visitor: Visitor, store: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The write happened, and the store was asked a second time."""
    inner = store.inner
    replace = inner.replace

    def deaf(*args: Any) -> bool:
        replace(*args)
        return replace(*args)

    monkeypatch.setattr(inner, "replace", deaf)
    assert visitor.fill().path.endswith("/small")
    assert store.calls.count("replace") < 5


@pytest.mark.parametrize(
    ("prefix", "path"),
    [
        ("", "/join/?x=1&y=%2F%3F"),
        ("/shop", "/join/"),
        ("/a shop", "/join/new/you?_draft=nnnnnnnnnnnnnnnnnnnnnn"),
        ("/100%", "/%3F%23/join/nnnnnnnnnnnnnnnnnnnnnn/"),
    ],
)
def test_page_of_an_outage_leads_to_itself(
    make_app: MakeApp, store: Probe, prefix: str, path: str
) -> None:
    at = "/<place>/join" if "%23" in path else "/join"
    visitor = Visitor(make_app(Join, prefix=at))
    visitor.open(path.replace("nnnnnnnnnnnnnnnnnnnnnn/", ""))
    store.down = True
    base = f"http://localhost{quote(prefix)}/"
    page = visitor.show(visitor.get(path, base_url=base))
    assert page.status == 503
    assert page.link("Look again") == quote(prefix) + path


# Keys


def test_new_secret_key_with_a_fallback_keeps_drafts(
    make_app: MakeApp, any_store: DraftStore
) -> None:
    visitor = begun(make_app(Join, store=any_store))
    visitor.app.config.update(SECRET_KEY="n" * 32, SECRET_KEY_FALLBACKS=["k" * 32])
    assert visitor.open(f"{visitor.draft}room").status == 200
    visitor.fill(note="x")
    assert visitor.open(f"{visitor.draft}room").value("note") == "x"


def test_new_secret_key_without_a_fallback_opens_nothing(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = begun(make_app(Join))
    before = store.snapshot()
    visitor.app.config.update(SECRET_KEY="n" * 32)
    assert visitor.open(f"{visitor.draft}room").status == 404
    assert store.snapshot() == before


def test_keys_may_be_given_apart_from_the_sessions(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = begun(make_app(Join, WIZARD_SECRET_KEYS=["w" * 32]))
    other = Visitor(make_app(Join), client=visitor.client)
    assert visitor.open(f"{visitor.draft}room").status == 200
    visitor.app.config.update(WIZARD_SECRET_KEYS=["n" * 32, "w" * 32])
    assert visitor.open(f"{visitor.draft}room").status == 200
    visitor.app.config.update(WIZARD_SECRET_KEYS=None)
    assert other.get(visitor.page.path).status_code == 404


def test_application_without_a_secret_key_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="no SECRET_KEY"):
        FlaskWizard(Flask("site"))


def test_keys_apart_do_not_spare_the_secret_key() -> None:
    app = Flask("site")
    app.config["WIZARD_SECRET_KEYS"] = ["w" * 32]
    with pytest.raises(ConfigurationError, match="no SECRET_KEY"):
        FlaskWizard(app)


@pytest.mark.parametrize("key", ["WIZARD_SECRET_KEYS", "SECRET_KEY_FALLBACKS"])
def test_single_text_is_no_list_of_keys(key: str) -> None:
    """Its letters would be taken for keys."""
    app = Flask("site")
    app.config.update({"SECRET_KEY": "k" * 32, key: "w" * 32})
    with pytest.raises(ConfigurationError, match=f"{key} is a single string"):
        FlaskWizard(app)


@pytest.mark.parametrize("value", ["120", None, 0, -1, True])
@pytest.mark.parametrize("key", ["WIZARD_COMMIT_LEASE", "WIZARD_MAX_BODY"])
def test_limit_must_be_a_number(key: str, value: object) -> None:
    app = Flask("site")
    app.config.update({"SECRET_KEY": "k" * 32, key: value})
    with pytest.raises(ConfigurationError, match=f"{key} is {value!r}. Expected"):
        FlaskWizard(app)


def test_language_may_depend_on_the_request(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join, WIZARD_LANG=lambda: request.args["lang"]))
    assert '<html lang="de" dir="ltr">' in visitor.open("/join/?lang=de").source


def test_second_extension_is_refused(app: Flask) -> None:
    with pytest.raises(ConfigurationError, match="already has a FlaskWizard"):
        FlaskWizard(app)


def test_wizard_without_the_extension_is_refused() -> None:
    app = Flask("site")
    app.config.update(TESTING=True)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    with pytest.raises(ConfigurationError, match="has no FlaskWizard"):
        app.test_client().get("/join/")


def test_store_keeps_no_answer_readable(visitor: Visitor, store: Probe) -> None:
    story = "a story that chance does not write"
    visitor.post(f"{visitor.draft}you", {"name": "Ada", "story": story}, action="save")
    kept = str(store.snapshot())
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    for name in (SECRET, story, visitor.draft.split("/")[2], cookie.value):
        assert name not in kept


# Many at once


def at_once(visitors: list[Visitor], act: Callable[[Visitor], object]) -> list[Any]:
    """Let every visitor act at the same moment; give the results."""
    barrier = threading.Barrier(len(visitors))
    results: list[Any] = []

    def run(visitor: Visitor) -> None:
        barrier.wait()
        results.append(act(visitor))

    threads = [threading.Thread(target=run, args=(one,)) for one in visitors]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(results) == len(visitors)
    return results


def test_five_clicks_commit_once(make_app: MakeApp, any_store: DraftStore) -> None:
    visitor = begun(make_app(Join, store=any_store, WIZARD_COMMIT_WAIT=5))
    visitor.fill()
    visitor.fill(note="x")
    twins = [visitor.twin() for _ in range(5)]
    answers = at_once(twins, lambda twin: twin.send("next"))
    assert [answer.status_code for answer in answers] == [303] * 5
    assert len({answer.location for answer in answers}) == 1
    assert len(committed) == 1


def test_second_click_waits_for_the_first(make_app: MakeApp) -> None:
    runs, waits = threading.Event(), threading.Event()

    class Slow(Join):
        def commit(self, submission: Submission) -> str:
            runs.set()
            assert waits.wait(60)
            return "/thanks"

    visitor = begun(make_app(Slow, WIZARD_COMMIT_WAIT=5))
    visitor.fill()
    visitor.fill(note="x")
    twin = visitor.twin()
    answers: list[str] = []
    first = threading.Thread(target=lambda: answers.append(visitor.send().location))
    first.start()
    assert runs.wait(60)
    second = threading.Thread(target=lambda: answers.append(twin.send().location))
    second.start()
    waits.set()
    first.join()
    second.join()
    assert answers == ["/thanks", "/thanks"]


def test_steps_posted_by_many_tabs_are_all_kept(
    make_app: MakeApp, any_store: DraftStore
) -> None:
    steps = {f"step{n}": Step(Small) for n in range(6)}
    wizard = declare(
        "Long", **steps, check=Review(), commit=lambda self, submission: None
    )
    visitor = Visitor(make_app(wizard, store=any_store))
    visitor.open()
    for _ in steps:
        visitor.fill(note="old")
    tabs = [visitor.twin() for _ in steps]
    for tab, step in zip(tabs, steps, strict=True):
        tab.open(visitor.draft + step)
    at_once(tabs, lambda tab: tab.press("next", {"note": f"new {tab.page.path}"}))
    visitor.open(f"{visitor.draft}check")
    expected = [f"new {visitor.draft}{step}" for step in steps]
    assert [answer for _, answer in visitor.page.rows] == expected


def test_pages_shown_again_say_so_in_their_title(visitor: Visitor) -> None:
    def is_shown_again(page: Page) -> bool:
        return "Send it again" in page.text

    page = visitor.press("next", {"csrf_token": "wrong"})
    assert is_shown_again(page)
    assert page.title.startswith("Send it again")
