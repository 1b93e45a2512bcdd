"""Discarding, expiring, late posts and drafts that are not one's own."""

from __future__ import annotations

import re
import secrets
from datetime import timedelta

import pytest
from apps import MakeApp
from clock import DAY, HOUR
from flask import Flask
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor, attribute
from wizards import Join, begun

from flask_wizard import (
    Draft,
    DraftStore,
    StoreError,
    UnreadableDraftError,
    Wizard,
)
from flask_wizard.errors import ConflictError

SECRET = "canary4711"


discarded: list[Draft] = []


class Kept(Join):
    def discarded(self, draft: Draft) -> None:
        discarded.append(draft)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    discarded.clear()
    return make_app(Kept)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor at the second step."""
    return begun(app, name=SECRET)


def open_drafts(visitor: Visitor) -> list[str]:
    """The addresses that the entry page lists."""
    page = visitor.tab().open("/join/")
    return [url for name, url in page.links.items() if name.startswith("Continue ")]


# Discarding


@pytest.mark.ux(48)
def test_discard_asks_first(visitor: Visitor, store: Probe) -> None:
    before = store.snapshot()
    page = visitor.open(f"{visitor.draft}discard")
    assert page.heading == "Discard your answers?"
    assert store.snapshot() == before


def test_enter_on_the_discard_page_keeps_the_answers(visitor: Visitor) -> None:
    """Browsers press the first button of the form."""
    visitor.open(f"{visitor.draft}discard")
    first, second = visitor.page.buttons
    assert second == "discard"
    assert visitor.press(first).heading == "Pet"


def test_first_page_of_no_draft_has_nothing_to_discard(app: Flask) -> None:
    assert "discard" not in Visitor(app).open("/join/new/you").buttons


def test_discard_may_be_left(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}discard")
    assert visitor.press("back").heading == "Pet"


def test_back_from_the_discard_page_keeps_everything(visitor: Visitor) -> None:
    answer = visitor.post(f"{visitor.draft}discard", action="back")
    assert answer.location == f"{visitor.draft}pet"


@pytest.mark.parametrize("action", ["save", "autosave", "goto:you", "what"])
def test_nothing_but_its_button_discards(
    visitor: Visitor, store: Probe, action: str
) -> None:
    visitor.open(f"{visitor.draft}discard")
    before = store.snapshot()
    assert visitor.send(action).status_code == (204 if action == "autosave" else 303)
    assert store.snapshot() == before


def test_discard_as_an_action_saves_first(visitor: Visitor) -> None:
    assert "discard" in visitor.page.buttons
    page = visitor.press("discard", {"pet": "Rex"})
    assert page.heading == "Discard your answers?"
    assert visitor.press("back").value("pet") == "Rex"


def discard(visitor: Visitor) -> Page:
    visitor.open(f"{visitor.draft}discard")
    return visitor.press("discard")


def test_discarding_says_so(visitor: Visitor) -> None:
    page = discard(visitor)
    assert page.heading == "Your answers were discarded"
    assert page.path.endswith("/receipt")


def test_discard_on_every_store(make_app: MakeApp, any_store: DraftStore) -> None:
    visitor = begun(make_app(Kept, store=any_store), name=SECRET)
    assert discard(visitor).heading == "Your answers were discarded"
    assert visitor.get("/join/").status_code == 302


def test_discard_wipes_the_answers(visitor: Visitor, store: Probe) -> None:
    def sizes(store: Probe) -> list[int]:
        return [len(value[0]) for value in store.snapshot().values() if value]

    visitor.press("save", {"pet": secrets.token_hex(500)})
    full = sizes(store)
    discard(visitor)
    assert max(sizes(store)) < max(full) - 500


def test_discard_tells_the_application(visitor: Visitor) -> None:
    discard(visitor)
    (draft,) = discarded
    assert draft.entries == {"you": {"name": [SECRET], "nick": [""]}}


def test_discard_is_told_once(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}discard")
    visitor.send("discard")
    visitor.send("discard")
    assert len(discarded) == 1


@pytest.mark.parametrize("error", [StoreError, ConflictError, UnreadableDraftError])
def test_discarding_says_so_if_the_application_is_told_in_vain(
    visitor: Visitor,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: type[Exception],
) -> None:
    def fail(self: Wizard, draft: Draft) -> None:
        raise error("Its uploads cannot be had.")

    monkeypatch.setattr(Kept, "discarded", fail)
    assert discard(visitor).heading == "Your answers were discarded"
    assert "Its uploads cannot be had." in caplog.text


def test_discarded_draft_is_no_longer_listed(visitor: Visitor) -> None:
    discard(visitor)
    assert open_drafts(visitor) == []


def test_discard_leaves_other_drafts_alone(visitor: Visitor) -> None:
    other = visitor.tab()
    other.open("/join/new/you")
    other.fill(name="Bob")
    discard(visitor)
    assert other.open(f"{other.draft}you").value("name") == "Bob"


def test_discard_changes_the_cookie(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}discard")
    assert "session=" in visitor.send("discard").headers["Set-Cookie"]


@pytest.mark.parametrize("at", ["", "you", "pet", "check", "saved", "discard"])
def test_every_page_of_a_discarded_draft_says_so(visitor: Visitor, at: str) -> None:
    draft = visitor.draft
    discard(visitor)
    assert visitor.open(draft + at).heading == "Your answers were discarded"


def test_receipt_of_an_open_draft_leads_to_where_it_stands(visitor: Visitor) -> None:
    assert visitor.get(f"{visitor.draft}receipt").location == f"{visitor.draft}pet"


# Late posts


@pytest.mark.parametrize("action", ["next", "back", "save", "goto:you", "discard"])
def test_late_post_after_discard_is_told_so(
    visitor: Visitor, store: Probe, action: str
) -> None:
    late = visitor.tab()
    late.open(visitor.page.path)
    discard(visitor)
    before = store.snapshot()
    page = late.press(action, {"pet": "Rex"})
    assert page.heading == "Your answers were discarded"
    assert store.snapshot() == before


@pytest.mark.ux(18)
@pytest.mark.parametrize("action", ["next", "back", "save", "goto:you", "discard"])
def test_late_post_after_commit_leads_to_the_receipt(
    visitor: Visitor, store: Probe, action: str
) -> None:
    late = visitor.tab()
    late.open(visitor.page.path)
    visitor.fill(pet="Rex")
    visitor.press("next")
    before = store.snapshot()
    page = late.press(action, {"pet": "Mallory"})
    assert page.heading == "Your answers have been sent"
    assert store.snapshot() == before


def test_late_autosave_is_dropped(visitor: Visitor, store: Probe) -> None:
    late = visitor.tab()
    late.open(visitor.page.path)
    discard(visitor)
    before = store.snapshot()
    assert late.send("autosave", {"pet": "Rex"}).status_code == 409
    assert store.snapshot() == before


def test_late_discard_after_commit_leads_to_the_receipt(visitor: Visitor) -> None:
    late = visitor.tab()
    late.open(f"{visitor.draft}discard")
    visitor.fill(pet="Rex")
    visitor.press("next")
    assert late.press("discard").heading == "Your answers have been sent"
    assert discarded == []


def test_late_confirmation_after_discard_is_told_so(visitor: Visitor) -> None:
    visitor.fill(pet="Rex")
    late = visitor.tab()
    late.open(visitor.page.path)
    discard(visitor)
    assert late.press("next").heading == "Your answers were discarded"


def test_first_page_sent_again_after_commit_leads_to_the_receipt(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    first = visitor.tab()
    first._page = visitor.page
    visitor.fill(name="Ada")
    visitor.fill(pet="Rex")
    visitor.press("next")
    assert first.press("next", {"name": "Ada"}).heading == "Your answers have been sent"


def test_first_page_sent_again_after_discard_is_told_so(app: Flask) -> None:
    visitor = Visitor(app)
    visitor.open()
    first = visitor.tab()
    first._page = visitor.page
    visitor.fill(name="Ada")
    discard(visitor)
    assert first.press("next", {"name": "Ada"}).heading == "Your answers were discarded"


def test_discard_meanwhile_wins_over_a_step(visitor: Visitor, store: Probe) -> None:
    other = visitor.twin()
    other.open(f"{visitor.draft}discard")
    store.before_write.append(lambda: other.send("discard"))
    assert visitor.fill(pet="Rex").heading == "Your answers were discarded"


# Drafts of others, and drafts that never were


NEVER = "A" * 22


@pytest.mark.parametrize("at", ["", "you", "pet", "check", "saved", "discard"])
def test_anothers_draft_is_not_found(app: Flask, visitor: Visitor, at: str) -> None:
    other = Visitor(app)
    other.open()
    assert other.get(visitor.draft + at).status_code == 404


@pytest.mark.parametrize(
    "at", ["", "you", "pet", "check", "saved", "discard", "receipt"]
)
def test_anothers_draft_looks_like_one_that_never_was(
    app: Flask, visitor: Visitor, at: str
) -> None:
    def plain(page: Page, draft: str) -> str:
        """What can be read of a page, but for its own address and tokens."""
        text = page.source.replace(draft.strip("/").rsplit("/", 1)[-1], "")
        return re.sub(r'value="[^"]*"', "", text)

    other = begun(app)
    theirs = Visitor(app, client=other.client).open(visitor.draft + at)
    never = Visitor(app, client=other.client).open(f"/join/{NEVER}/{at}")
    assert theirs.heading == "This page was not found"
    assert plain(theirs, visitor.draft) == plain(never, NEVER)
    assert dict(theirs.response.headers) == dict(never.response.headers)


@pytest.mark.parametrize("state", ["committed", "discarded"])
def test_anothers_ended_draft_is_not_found(
    app: Flask, visitor: Visitor, state: str
) -> None:
    draft = visitor.draft
    if state == "committed":
        visitor.fill(pet="Rex")
        visitor.press("next")
    else:
        discard(visitor)
    assert begun(app).get(f"{draft}receipt").status_code == 404


def test_visitor_without_a_session_finds_nothing(app: Flask, visitor: Visitor) -> None:
    assert app.test_client().get(f"{visitor.draft}you").status_code == 404


@pytest.mark.parametrize("draft", ["x", NEVER + "A", "é" * 22, "a b", "%00", "."])
def test_malformed_draft_is_not_found(visitor: Visitor, draft: str) -> None:
    assert visitor.get(f"/join/{draft}/you").status_code == 404


def test_page_not_found_leads_to_a_new_start(visitor: Visitor) -> None:
    page = visitor.open(f"/join/{NEVER}/you")
    assert page.link("Start anew") == "/join/new/you"


@pytest.mark.parametrize("step", ["you", "pet"])
def test_unknown_step_of_anothers_draft_is_not_found(
    app: Flask, visitor: Visitor, step: str
) -> None:
    assert begun(app).get(f"{visitor.draft}nothing").status_code == 404


@pytest.fixture(params=["another's", "never was", "malformed"])
def lost(request: pytest.FixtureRequest, app: Flask) -> str:
    """The address of a draft that a visitor cannot have."""
    others = begun(app).draft
    return {"another's": others, "never was": f"/join/{NEVER}/"}.get(
        request.param, "/join/x/"
    )


def test_post_to_a_lost_draft_is_kept_in_a_new_one(visitor: Visitor, lost: str) -> None:
    answer = visitor.post(f"{lost}you", {"name": "Eve"})
    assert answer.status_code == 303
    assert lost not in answer.location
    visitor.open(answer.location)
    assert visitor.open(f"{visitor.draft}you").value("name") == "Eve"


def test_post_to_a_lost_draft_is_told(visitor: Visitor, lost: str) -> None:
    answer = visitor.post(f"{lost}you", {"name": "Eve"})
    page = visitor.open(answer.location)
    assert "It has been kept here, in a new copy." in page.banners
    assert page.heading == "Pet"


def test_notice_is_gone_after_the_next_post(visitor: Visitor, lost: str) -> None:
    visitor.open(visitor.post(f"{lost}you", {"name": "Eve"}).location)
    visitor.fill(pet="Rex")
    assert visitor.page.banners == ""


def test_later_step_posted_to_a_lost_draft_is_kept(visitor: Visitor, lost: str) -> None:
    answer = visitor.post(f"{lost}pet", {"pet": "Rex"})
    page = visitor.open(answer.location)
    assert page.path == f"{visitor.draft}you"
    assert "in a new copy" in page.banners
    assert visitor.fill(name="Eve").value("pet") == "Rex"


def test_second_click_meets_the_same_new_draft(visitor: Visitor, lost: str) -> None:
    answers = [visitor.post(f"{lost}you", {"name": "Eve"}) for _ in range(2)]
    assert len({answer.location for answer in answers}) == 1


def test_two_visitors_posting_to_one_id_never_meet(
    app: Flask, visitor: Visitor
) -> None:
    other = begun(app)
    mine = visitor.post(f"/join/{NEVER}/you", {"name": "Ada"}).location
    theirs = other.post(f"/join/{NEVER}/you", {"name": "Bob"}).location
    assert mine != theirs
    assert other.get(mine).status_code == 404


def test_post_to_anothers_draft_leaves_it_alone(app: Flask, visitor: Visitor) -> None:
    begun(app).post(f"{visitor.draft}you", {"name": "Mallory"})
    assert visitor.open(f"{visitor.draft}you").value("name") == SECRET


def test_answers_of_anothers_draft_are_not_in_the_new_one(
    app: Flask, visitor: Visitor
) -> None:
    other = begun(app)
    other.open(other.post(f"{visitor.draft}pet", {"pet": "x"}).location)
    assert SECRET not in other.page.source


def test_confirmation_of_a_lost_draft_commits_nothing(
    visitor: Visitor, lost: str
) -> None:
    """It sends nothing that could be kept in a new one."""
    before = visitor.get("/join/").text
    page = visitor.open(visitor.post(f"{lost}check").location)
    assert page.heading == "This page was not found"
    assert visitor.get("/join/").text == before


def test_saved_page_says_that_a_lost_draft_was_begun_anew(
    visitor: Visitor, lost: str
) -> None:
    page = visitor.open(
        visitor.post(f"{lost}you", {"name": "Eve"}, action="save").location
    )
    assert page.heading == "Your answers are saved"
    assert "in a new copy" in page.banners


def test_discard_of_a_lost_draft_is_not_found(
    visitor: Visitor, lost: str, store: Probe
) -> None:
    before = store.snapshot()
    assert visitor.post(f"{lost}discard", action="discard").status_code == 404
    assert store.snapshot() == before


def test_unknown_step_posted_to_a_lost_draft_is_not_found(
    visitor: Visitor, lost: str, store: Probe
) -> None:
    before = store.snapshot()
    assert visitor.post(f"{lost}nothing", {"name": "x"}).status_code == 404
    assert store.snapshot() == before


@pytest.mark.parametrize("page", ["you", "pet", "check", "discard"])
def test_autosave_to_a_lost_draft_makes_none(
    visitor: Visitor, lost: str, page: str, store: Probe
) -> None:
    before = store.snapshot()
    answer = visitor.post(f"{lost}{page}", {"name": "Ev"}, action="autosave")
    assert (answer.status_code, answer.data) == (409, b"")
    assert store.snapshot() == before


def test_button_after_an_autosave_to_a_lost_draft_keeps_it_in_a_new_one(
    visitor: Visitor, lost: str
) -> None:
    visitor.post(f"{lost}you", {"name": "Ev"}, action="autosave")
    page = visitor.open(visitor.post(f"{lost}you", {"name": "Eve"}).location)
    assert "in a new copy" in page.banners


def test_autosave_to_an_expired_draft_makes_none(
    visitor: Visitor, clock: Traveller, store: Probe
) -> None:
    url = f"{visitor.draft}pet"
    clock.shift(7 * DAY + 1)
    visitor.open("/join/new/you")  # for a token that has not expired
    before = store.snapshot()
    answer = visitor.post(url, {"pet": "Rex"}, action="autosave")
    assert (answer.status_code, answer.data) == (409, b"")
    assert store.snapshot() == before
    assert visitor.open(url).status == 410


def test_autosave_of_a_new_page_begins_its_draft(visitor: Visitor) -> None:
    other = visitor.tab()
    other.open("/join/new/you")
    page = other.page
    assert other.send("autosave", {"name": "Ev"}).status_code == 204
    assert other.open(page.url).value("name") == "Ev"


# Expiry


def test_draft_expires_when_nothing_is_sent(visitor: Visitor, clock: Traveller) -> None:
    clock.shift(7 * DAY + 1)
    page = visitor.open(f"{visitor.draft}pet")
    assert page.status == 410
    assert page.heading == "Your answers have expired"
    assert page.link("Start anew") == "/join/new/you"


def test_draft_lives_until_then(visitor: Visitor, clock: Traveller) -> None:
    clock.shift(7 * DAY - HOUR)
    assert visitor.open(f"{visitor.draft}pet").status == 200


def test_draft_expires_on_every_store(
    make_app: MakeApp, any_store: DraftStore, clock: Traveller
) -> None:
    visitor = begun(make_app(Kept, store=any_store), name=SECRET)
    clock.shift(7 * DAY + 1)
    assert visitor.open(f"{visitor.draft}pet").status == 410


@pytest.mark.parametrize("at", ["", "you", "check", "saved", "discard", "receipt"])
def test_every_page_of_an_expired_draft_says_so(
    visitor: Visitor, clock: Traveller, at: str
) -> None:
    clock.shift(7 * DAY + 1)
    assert visitor.open(visitor.draft + at).status == 410


def test_post_renews_the_lifetime(visitor: Visitor, clock: Traveller) -> None:
    clock.shift(6 * DAY)
    visitor.open(visitor.page.path)
    visitor.press("save", {"pet": "Rex"})
    clock.shift(6 * DAY)
    assert visitor.open(f"{visitor.draft}pet").value("pet") == "Rex"


def test_reading_does_not_renew_the_lifetime(
    visitor: Visitor, clock: Traveller
) -> None:
    clock.shift(6 * DAY)
    visitor.open(visitor.page.path)
    clock.shift(2 * DAY)
    assert visitor.open(visitor.page.path).status == 410


def test_draft_never_outlives_its_longest_lifetime(
    make_app: MakeApp, clock: Traveller
) -> None:
    class Short(Kept):
        lifetime = timedelta(days=2)
        max_lifetime = timedelta(days=5)

    visitor = begun(make_app(Short))
    for _ in range(4):
        clock.shift(DAY)
        visitor.open(f"{visitor.draft}pet")
        visitor.press("back")
    clock.shift(DAY + 1)
    assert visitor.open(f"{visitor.draft}pet").status == 410


def test_expired_draft_is_not_listed(visitor: Visitor, clock: Traveller) -> None:
    clock.shift(7 * DAY + 1)
    assert visitor.get("/join/").status_code == 302


def test_expired_draft_of_another_is_not_found(
    app: Flask, visitor: Visitor, clock: Traveller
) -> None:
    other = begun(app)
    clock.shift(7 * DAY + 1)
    assert other.get(f"{visitor.draft}pet").status_code == 404


def test_step_sent_to_an_expired_draft_is_kept_in_a_new_one(
    visitor: Visitor, clock: Traveller
) -> None:
    """Its page is as old as the draft: its token has run out, too."""
    clock.shift(7 * DAY + 1)
    old = visitor.draft
    page = visitor.press("next", {"pet": "Rex"})
    assert page.status == 400
    assert page.value("pet") == "Rex"
    page = visitor.press("next")
    assert "in a new copy" in page.banners
    assert visitor.draft != old
    assert visitor.fill(name="Ada").value("pet") == "Rex"


def test_second_click_after_expiry_meets_the_same_new_draft(
    visitor: Visitor, clock: Traveller
) -> None:
    clock.shift(7 * DAY + 1)
    visitor.press("next", {"pet": "Rex"})
    again = visitor.twin()
    first, second = visitor.send("next"), again.send("next")
    assert first.location == second.location


def test_first_page_kept_beyond_expiry_begins_anew(
    app: Flask, clock: Traveller
) -> None:
    visitor = Visitor(app)
    visitor.open()
    first = visitor.tab()
    first._page = visitor.page
    visitor.fill(name="Ada")
    clock.shift(7 * DAY + 1)
    first.press("next", {"name": "Bob"})
    assert first.press("next").heading == "Pet"
    assert first.open(f"{first.draft}you").value("name") == "Bob"


def test_receipt_outlives_the_commit_by_the_lifetime(
    visitor: Visitor, clock: Traveller
) -> None:
    visitor.fill(pet="Rex")
    receipt = visitor.press("next").path
    clock.shift(7 * DAY - HOUR)
    assert visitor.open(receipt).heading == "Your answers have been sent"


# The saved page


def saved(visitor: Visitor) -> Page:
    visitor.open(f"{visitor.draft}pet")
    return visitor.press("save")


def test_saved_page_tells_that_the_browser_forgets(visitor: Visitor) -> None:
    text = saved(visitor).text
    assert "in this browser until you close it, or until" in text


def test_saved_page_tells_a_permanent_sessions_end(make_app: MakeApp) -> None:
    visitor = begun(make_app(Kept, WIZARD_PERMANENT_SESSION=True))
    text = saved(visitor).text
    assert "in this browser until" in text
    assert "until you close it" not in text


def test_permanent_session_is_in_the_cookie(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Kept, WIZARD_PERMANENT_SESSION=True))
    visitor.open()
    answer = visitor.send("next", {"name": "Ada"})
    assert "Expires=" in answer.headers["Set-Cookie"]


def test_saved_page_tells_the_sooner_end(make_app: MakeApp, clock: Traveller) -> None:
    def until(page: Page) -> str:
        return attribute(page.html.query("time")[0], "datetime")

    app = make_app(Kept, WIZARD_PERMANENT_SESSION=True)
    late = until(saved(begun(app)))
    app.permanent_session_lifetime = timedelta(days=1)
    assert until(saved(begun(app))) < late


def test_saved_page_of_a_draft_that_lives_for_thousands_of_years(
    make_app: MakeApp,
) -> None:
    class Eternal(Join):
        lifetime = max_lifetime = timedelta(days=365 * 9000)

    visitor = begun(make_app(Eternal, WIZARD_PERMANENT_SESSION=False))
    assert "31 December 9999" in visitor.press("save").text


def test_saved_page_is_for_ones_own_draft(app: Flask, visitor: Visitor) -> None:
    assert begun(app).get(f"{visitor.draft}saved").status_code == 404


def test_saved_page_shows_no_answer(visitor: Visitor) -> None:
    assert SECRET not in saved(visitor).source


# Too many drafts


class Few(Kept):
    max_drafts = 2


@pytest.fixture
def collector(make_app: MakeApp) -> Visitor:
    """Somebody with as many open drafts as allowed, at a new first page."""
    visitor = Visitor(make_app(Few))
    for name in ("Ada", "Bob"):
        visitor.open("/join/new/you")
        visitor.fill(name=name)
    visitor.open("/join/new/you")
    return visitor


def test_one_draft_too_many_is_refused(collector: Visitor, store: Probe) -> None:
    before = store.snapshot()
    page = collector.press("next", {"name": "Eve"})
    assert page.status == 409
    assert "too many unfinished answers" in page.banners
    assert page.value("name") == "Eve"
    assert store.snapshot() == before


def test_one_draft_too_many_lists_the_others(collector: Visitor) -> None:
    page = collector.press("next", {"name": "Eve"})
    links = [url for name, url in page.links.items() if name.startswith("Continue")]
    assert sorted(links) == sorted(open_drafts(collector))


def test_draft_may_be_begun_once_another_is_gone(collector: Visitor) -> None:
    page = collector.press("next", {"name": "Eve"})
    other = collector.tab()
    (first, *_) = page.html.query(".wizard-draft-links a[href$=discard]")
    other.open(attribute(first, "href"))
    other.press("discard")
    assert collector.press("next").heading == "Pet"


def test_expired_drafts_do_not_count(collector: Visitor, clock: Traveller) -> None:
    clock.shift(7 * DAY + 1)
    collector.open("/join/new/you")
    assert collector.fill(name="Eve").heading == "Pet"


def test_committed_drafts_do_not_count(collector: Visitor) -> None:
    other = collector.tab()
    other.open(open_drafts(collector)[0])
    other.fill(pet="Rex")
    other.press("next")
    assert collector.fill(name="Eve").heading == "Pet"


def test_open_drafts_may_go_on_when_there_are_too_many(collector: Visitor) -> None:
    other = collector.tab()
    other.open(open_drafts(collector)[0])
    assert other.fill(pet="Rex").heading == "Check your answers"
