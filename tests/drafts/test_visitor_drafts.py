"""The drafts that a visitor may open, begin, save and end."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from clock import DAY, HOUR
from held_drafts import (
    LIMIT,
    NEW,
    NONCE,
    OLD,
    OTHER_NONCE,
    Brief,
    Shelf,
    begin,
    damage,
    sent,
)
from msgspec.structs import replace
from time_machine import Traveller
from wizards import Pet, You, declare
from wtforms import FileField

from flask_wizard import Review, Step, Wizard
from flask_wizard.core.draft import Draft, Receipt, StoredItem, encode
from flask_wizard.drafts.draft_list import DraftList
from flask_wizard.drafts.encrypted_store import Guest, StoredDraft
from flask_wizard.drafts.holders import (
    ENDED_KEY,
    LEFT_KEY,
    TOKEN_KEY,
    WAITING_KEY,
    is_id,
)
from flask_wizard.drafts.keyring import Kind
from flask_wizard.drafts.visitor_drafts import (
    MAX_SHARED_NONCES,
    Mount,
    VisitorDrafts,
    name_of,
)
from flask_wizard.errors import (
    ConflictError,
    DraftTooLargeError,
    NewerFormatError,
    TooManyDraftsError,
    UnreadableDraftError,
)

Session = dict[str, Any]


@pytest.fixture
def drafts(shelf: Shelf, session: Session) -> VisitorDrafts:
    return shelf.visitor(session)


@pytest.fixture
def stored(drafts: VisitorDrafts) -> StoredDraft:
    """The visitor's draft, with its first step."""
    return begin(drafts)


def claimed(shelf: Shelf, stored: StoredDraft, lease: float = 60) -> None:
    shelf.put(stored, stored.draft.claim(time.time(), lease))


def rows(drafts: VisitorDrafts) -> list[str]:
    """The ids of the drafts on the visitor's list."""
    return [row.id for row in drafts._list.drafts()]


# Where a wizard is mounted


def test_mount_is_told_by_its_name_and_variables() -> None:
    keys = {
        Mount("join", {}).key,
        Mount("pay", {}).key,
        Mount("join", {"shop": "a"}).key,
        Mount("join", {"shop": "b"}).key,
        Mount("join", {"shop": "a", "desk": "1"}).key,
        Mount("join", {"shop": "a1"}).key,
        Mount('join", ["shop", "a"]', {}).key,
    }
    assert len(keys) == 7


def test_order_and_type_of_the_variables_do_not_matter() -> None:
    one, other = {"shop": 7, "desk": "a"}, {"desk": "a", "shop": "7"}
    assert Mount("join", one).key == Mount("join", other).key


def test_wizard_is_named_by_its_module() -> None:
    assert name_of(Brief._instance()) == "held_drafts.Brief"


# Who may open a draft


def test_draft_is_opened_by_its_holder(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    found = shelf.visitor(session).load(stored.draft.id)
    assert found is not None
    assert found.draft == stored.draft
    assert found.version.version == stored.version.version
    assert found.is_new is False
    assert found.guest is None


def test_draft_is_opened_by_nobody_else(shelf: Shelf, stored: StoredDraft) -> None:
    other: Session = {}
    begin(shelf.visitor(other), OTHER_NONCE)
    for drafts in (
        shelf.visitor({}),
        shelf.visitor(other),
        shelf.visitor({}, "7"),
        shelf.visitor({}, stored.draft.id),
    ):
        assert drafts.load(stored.draft.id) is None
        assert drafts.load_as_guest(stored.draft.id) is None
        assert drafts.held(stored.draft) is None


def test_draft_of_a_user_is_opened_on_each_device(shelf: Shelf) -> None:
    stored = begin(shelf.visitor({}, "7"))
    same, other = shelf.visitor({}, "7"), shelf.visitor({}, "8")
    assert same.load(stored.draft.id) is not None
    assert same.held(stored.draft) == stored.draft
    assert other.load(stored.draft.id) is None
    assert other.held(stored.draft) is None


def test_kind_of_a_mark_counts(shelf: Shelf, session: Session) -> None:
    drafts = shelf.visitor(session)
    stored = begin(drafts)
    (holder,) = stored.draft.holders
    as_user = stored.draft.re_mark([holder.mark], user=[holder.mark])
    assert as_user is not None
    shelf.put(stored, as_user)
    assert drafts.load(stored.draft.id) is None


@pytest.mark.parametrize("draft_id", ["", "x", "a" * 21, "a" * 23, "ä" * 22, "../" * 8])
def test_what_is_no_id_is_not_looked_up(
    shelf: Shelf, session: Session, stored: StoredDraft, draft_id: str
) -> None:
    drafts = shelf.visitor(session)
    assert shelf.store.calls_of(lambda: drafts.load(draft_id)) == []
    assert shelf.store.calls_of(lambda: drafts.load_as_guest(draft_id)) == []
    assert drafts.load(draft_id) is None


def test_nothing_is_looked_up_for_a_session_without_a_token(
    shelf: Shelf, stored: StoredDraft
) -> None:
    drafts = shelf.visitor({})
    assert shelf.store.calls_of(lambda: drafts.load(stored.draft.id)) == []
    assert shelf.store.calls_of(lambda: drafts.load_as_guest(stored.draft.id)) == []
    assert shelf.store.calls_of(lambda: drafts.find_begun(NONCE)) == []
    assert shelf.store.calls_of(drafts.open_drafts) == []


def test_draft_of_another_mount_is_not_opened(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    for other in (
        shelf.visitor(session, mount="pay"),
        shelf.visitor(session, bound={"shop": "a"}),
    ):
        assert other.load(stored.draft.id) is None
        assert other.load_linked(stored.draft.id) is None
        assert other.load(stored.draft.id, Mount("join", {}).key) is not None
    assert shelf.visitor(session).load(stored.draft.id, Mount("pay", {}).key) is None


def test_draft_that_is_not_there_is_none(drafts: VisitorDrafts) -> None:
    drafts.holder.ensure_token()
    assert drafts.load(NONCE) is None
    assert drafts.load_linked(NONCE) is None
    assert drafts.load_as_guest(NONCE) is None


def test_idle_draft_expires(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(HOUR - 1)
    assert drafts.load(stored.draft.id) is not None
    assert drafts.load_linked(stored.draft.id) is not None
    clock.shift(1)
    assert drafts.load(stored.draft.id) is None
    assert drafts.load_linked(stored.draft.id) is None


def test_draft_expires_however_often_it_is_saved(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    for _ in range(7):
        clock.shift(HOUR / 2)
        stored = drafts.save(stored, stored.draft, notice="")
    assert drafts.load(stored.draft.id) is not None
    clock.shift(HOUR / 2)
    assert drafts.load(stored.draft.id) is None


def test_draft_that_no_store_has_expired_is_not_opened(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    """A store without times to live has it for longer."""
    shelf.put(stored, stored.draft, ttl=9 * DAY)
    clock.shift(HOUR)
    assert shelf.stored(stored.draft.id) == stored.draft
    assert drafts.load(stored.draft.id) is None
    assert drafts.load_linked(stored.draft.id) is None
    assert drafts.find_begun(NONCE) is None


def test_user_opens_what_the_session_began_and_nobody_adopted_yet(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    user = shelf.visitor(session, "7")
    found = user.load(stored.draft.id)
    assert found is not None
    (holder,) = found.draft.holders
    assert (holder.mark, holder.kind) == (user.holder.mark, "user")
    assert user.start(NONCE) == found


def test_holder_gets_the_newest_mark(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    later = shelf.visitor(session, keys=(NEW, OLD))
    found = later.load(stored.draft.id)
    assert found is not None
    assert found.draft.holders[0].mark == later.holder.mark
    assert found.draft.holders[0].mark != stored.draft.holders[0].mark
    assert shelf.stored(stored.draft.id) == stored.draft  # looking stores nothing


# A draft whose commit runs, or has stopped


def test_claim_holds_while_its_lease_runs(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    claimed(shelf, stored)
    clock.shift(59)
    for found in (
        drafts.load(stored.draft.id),
        drafts.load_linked(stored.draft.id),
        drafts.start(NONCE),
        drafts.reload(stored),
    ):
        assert found is not None
        assert (found.draft.state, found.draft.unsettled) == ("committing", False)


@pytest.mark.parametrize("one_transaction", [False, True])
def test_claim_whose_lease_has_expired_is_unsettled(
    shelf: Shelf, session: Session, clock: Traveller, one_transaction: bool
) -> None:
    """Nobody knows how it ended, but for the transaction, which is not committed."""
    wizard = declare("Brief", Brief, one_transaction=one_transaction)
    drafts = shelf.visitor(session, wizard=wizard)
    stored = begin(drafts)
    claimed(shelf, stored)
    clock.shift(60)
    for found in (
        drafts.load(stored.draft.id),
        drafts.load_linked(stored.draft.id),
        drafts.start(NONCE),
        drafts.reload(stored),
    ):
        assert found is not None
        assert found.draft.state == "open"
        assert found.draft.unsettled is not one_transaction


# A wizard that has changed since


class Later(Brief):
    version = 3


class Upgraded(Later):
    def upgrade(self, draft: Any, from_version: int) -> None:
        draft.entries["you"] = {"name": [f"upgraded from {from_version}"]}


def test_renamed_step_is_found_by_its_new_name(shelf: Shelf, session: Session) -> None:
    class Before(Brief):
        you = Step(You)

    class After(Brief):
        you = None  # type: ignore[assignment]
        me = Step(You, was=["you"])
        check = Review()

    before = shelf.visitor(session, wizard=Before)
    stored = begin(before)
    after = shelf.visitor(session, wizard=After)
    loaded, *others = (
        after.load(stored.draft.id),
        after.load_linked(stored.draft.id),
        after.start(NONCE),
        after.reload(stored),
    )
    assert loaded is not None
    assert [*loaded.draft.entries] == ["me"]
    for other in others:
        assert other is not None
        assert (other.draft, other.names) == (loaded.draft, loaded.names)
    saved = loaded
    for _ in range(2):
        saved = after.save(saved, saved.draft)
        assert [*saved.draft.entries] == ["me"]
        assert [*shelf.stored(stored.draft.id).entries] == ["you"]
    looked = before.load(stored.draft.id)
    assert looked is not None
    assert [*looked.draft.entries] == ["you"]


def test_version_is_that_of_the_wizard(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    for wizard in (Later, Brief):
        found = shelf.visitor(session, wizard=wizard).load(stored.draft.id)
        assert found is not None
        assert found.draft.version == wizard.version
        assert found.is_new is False
        assert found.draft.entries["you"].raw == {"name": ["Ada"]}


def test_draft_of_an_earlier_version_is_upgraded(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    later = shelf.visitor(session, wizard=Upgraded)
    found = later.load(stored.draft.id)
    assert found is not None
    assert found.draft.entries["you"].raw == {"name": ["upgraded from 1"]}
    later.save(found, found.draft.with_entries({"you": sent("Eve")}))
    for again in (later.load(stored.draft.id), later.load_linked(stored.draft.id)):
        assert again is not None
        assert again.draft.entries["you"].raw == {"name": ["Eve"]}


def test_draft_of_a_later_version_is_not_upgraded(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    shelf.put(stored, replace(stored.draft, version=9))
    found = shelf.visitor(session, wizard=Upgraded).load(stored.draft.id)
    assert found is not None
    assert found.draft.entries["you"].raw == {"name": ["Ada"]}


def test_ended_draft_is_not_upgraded(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    drafts.save(stored, drafts.end(stored.draft, "committed"))
    found = shelf.visitor(session, wizard=Upgraded).load(stored.draft.id)
    assert found is not None
    assert [*found.draft.entries] == []


# Guests


@pytest.fixture
def shared(shelf: Shelf, stored: StoredDraft) -> StoredDraft:
    """The draft, with a place for somebody who fills in the second step."""
    until = time.time() + DAY
    draft, _ = stored.draft.share("link", steps=["pet"], sees=["you"], until=until)
    shelf.put(stored, draft)
    return replace_draft(stored, draft)


def replace_draft(stored: StoredDraft, draft: Draft) -> StoredDraft:
    return StoredDraft(draft, stored.version, is_new=False)


def take(guest: VisitorDrafts, shared: StoredDraft) -> StoredDraft:
    found = guest.load_linked(shared.draft.id)
    assert found is not None
    return guest.take_place(found, "link")


def test_guest_opens_a_draft_for_the_steps_of_the_place(
    shelf: Shelf, shared: StoredDraft
) -> None:
    session: Session = {}
    taken = take(shelf.visitor(session), shared)
    guest = shelf.visitor(session)
    found = guest.load_as_guest(shared.draft.id)
    assert found is not None
    assert found.guest == Guest(frozenset({"pet"}), frozenset({"you"}))
    assert found.draft == taken.draft
    assert guest.load(shared.draft.id) is None
    (place,) = found.draft.guests
    assert (place.mark, place.since) == (guest.holder.mark, time.time())


def test_guest_holds_nothing(shelf: Shelf, shared: StoredDraft) -> None:
    session: Session = {LEFT_KEY: True}
    guest = shelf.visitor(session)
    take(guest, shared)
    assert rows(guest) == []
    assert LEFT_KEY not in session  # it has begun something


def test_draft_that_has_nothing_yet_is_on_no_list_of_its_guest(
    shelf: Shelf, drafts: VisitorDrafts
) -> None:
    """Its holder was invited, and shares what somebody else is to begin."""
    new = drafts.start(NONCE)
    empty = drafts.save(new, new.draft)
    draft, _ = empty.draft.share("link", steps=["pet"], sees=[], until=time.time() + 9)
    shelf.put(empty, draft)
    session: Session = {}
    guest = shelf.visitor(session)
    take(guest, replace_draft(empty, draft))
    assert rows(guest) == []
    user = shelf.visitor(session, "7")
    assert user.load_as_guest(draft.id) is not None
    assert rows(user) == []


def test_holder_is_no_guest(drafts: VisitorDrafts, shared: StoredDraft) -> None:
    assert drafts.load_as_guest(shared.draft.id) is None


def test_guest_of_a_page_has_the_steps_of_all_places(
    shelf: Shelf, shared: StoredDraft
) -> None:
    session: Session = {}
    taken = take(shelf.visitor(session), shared)
    more, _ = taken.draft.share(
        "other", steps=["check"], sees=["pet"], until=time.time() + DAY
    )
    shelf.put(taken, more.take_place(time.time(), "other", taken.draft.guests[0].mark))
    found = shelf.visitor(session).load_as_guest(shared.draft.id)
    assert found is not None
    assert found.guest == Guest(frozenset({"pet", "check"}), frozenset({"you", "pet"}))


def test_guest_who_has_signed_in_keeps_the_place_as_that_user(
    shelf: Shelf, shared: StoredDraft
) -> None:
    session: Session = {}
    take(shelf.visitor(session), shared)
    user = shelf.visitor(session, "7")
    found = user.load_as_guest(shared.draft.id)
    assert found is not None
    assert [place.mark for place in found.draft.guests] == [user.holder.mark]
    assert shelf.stored(shared.draft.id) == found.draft
    assert found.guest == Guest(frozenset({"pet"}), frozenset({"you"}))
    assert shelf.visitor({}, "7").load_as_guest(shared.draft.id) is not None
    assert rows(user) == []


def test_guest_who_signs_in_while_somebody_writes_is_let_in_all_the_same(
    shelf: Shelf, shared: StoredDraft
) -> None:
    session: Session = {}
    taken = take(shelf.visitor(session), shared)
    user = shelf.visitor(session, "7")
    shelf.store.before_write.append(
        lambda: shelf.put(taken, taken.draft.with_entries({"you": sent("Eve")}))
    )
    found = user.load_as_guest(shared.draft.id)
    assert found is not None
    assert found.guest == Guest(frozenset({"pet"}), frozenset({"you"}))
    assert [place.mark for place in found.draft.guests] == [user.holder.mark]
    assert shelf.stored(shared.draft.id).entries["you"].raw == {"name": ["Eve"]}


def test_step_of_a_guest_is_renamed_too(shelf: Shelf, shared: StoredDraft) -> None:
    class After(Brief):
        pet = None  # type: ignore[assignment]
        animal = Step(Pet, was=["pet"])
        check = Review()

    session: Session = {}
    take(shelf.visitor(session), shared)
    found = shelf.visitor(session, wizard=After).load_as_guest(shared.draft.id)
    assert found is not None
    assert found.guest == Guest(frozenset({"animal"}), frozenset({"you"}))


def test_link_makes_another_session_a_holder(
    shelf: Shelf, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(60)
    other = shelf.visitor({})
    linked = other.load_linked(stored.draft.id)
    assert linked is not None
    kept = replace_linked(linked, notice="refused", keep_until=time.time() + DAY)
    other.take_up(kept, link="link", until=time.time() + HOUR)
    found = other.load(stored.draft.id)
    assert found is not None
    assert [holder.kind for holder in found.draft.holders] == ["session", "session"]
    assert found.draft.holders[1].mark == other.holder.mark
    assert found.draft.holders[1].link == "link"
    assert found.draft.links.taken == {"link": (1, time.time() + HOUR)}
    assert (found.draft.updated, found.draft.notice) == (time.time(), "refused")
    assert rows(other) == [stored.draft.id]
    assert other._list.drafts()[0].keep_until == kept.draft.keep_until


def replace_linked(stored: StoredDraft, **changes: Any) -> StoredDraft:
    draft = replace(stored.draft, **changes)
    return StoredDraft(draft, stored.version, is_new=False)


def test_link_makes_a_user_a_holder(shelf: Shelf, stored: StoredDraft) -> None:
    session: Session = {}
    user = shelf.visitor(session, "7")
    linked = user.load_linked(stored.draft.id)
    assert linked is not None
    user.take_up(linked, link="link", until=time.time() + HOUR)
    assert TOKEN_KEY in session  # by which it tells when the user leaves
    elsewhere = shelf.visitor({}, "7")
    found = elsewhere.load(stored.draft.id)
    assert found is not None
    assert found.draft.holders[1].kind == "user"
    assert rows(elsewhere) == [stored.draft.id]


def test_link_to_a_draft_too_many_is_refused(
    shelf: Shelf, stored: StoredDraft, clock: Traveller
) -> None:
    other = shelf.visitor({})
    for nonce in ("C" * 22, "D" * 22):
        begin(other, nonce)
    linked = other.load_linked(stored.draft.id)
    assert linked is not None
    clock.shift(61)
    with pytest.raises(TooManyDraftsError):
        other.take_up(linked, link="link", until=time.time() + HOUR)


# Beginning


def test_nonce_begins_one_draft(
    shelf: Shelf, session: Session, drafts: VisitorDrafts
) -> None:
    new = drafts.start(NONCE)
    assert new.is_new
    assert new.version.version is None
    assert is_id(new.draft.id)
    assert drafts.start(NONCE).draft.id == new.draft.id
    assert drafts.find_begun(NONCE) is None
    saved = drafts.save(new, new.draft)
    later = shelf.visitor(session)
    again, begun = later.start(NONCE), later.find_begun(NONCE)
    assert begun is not None
    assert again.draft == begun.draft == saved.draft
    assert not again.is_new
    assert later.start(OTHER_NONCE).is_new
    assert later.find_begun(OTHER_NONCE) is None


def test_nonce_begins_another_draft_elsewhere(shelf: Shelf, session: Session) -> None:
    ids = {
        shelf.visitor(session).start(NONCE).draft.id,
        shelf.visitor(session, mount="pay").start(NONCE).draft.id,
        shelf.visitor(session, bound={"shop": "a"}).start(NONCE).draft.id,
        shelf.visitor({}).start(NONCE).draft.id,
    }
    assert len(ids) == 4


def test_new_draft_is_open_and_empty(drafts: VisitorDrafts) -> None:
    one, other = drafts.start(NONCE).draft, drafts.start(OTHER_NONCE).draft
    now = time.time()
    assert (one.state, one.created, one.updated) == ("open", now, now)
    assert (one.mount, one.version) == (Mount("join", {}).key, 1)
    assert [holder.mark for holder in one.holders] == [drafts.holder.mark]
    assert len(one.entries) == 0
    assert len(one.submission) >= 22
    assert one.submission != other.submission


def test_draft_of_the_application_is_held_by_nobody(drafts: VisitorDrafts) -> None:
    assert drafts.fresh(NONCE, held=False).holders == []
    assert len(drafts.fresh(NONCE).holders) == 1


def test_new_draft_is_of_the_version_of_its_wizard(shelf: Shelf) -> None:
    drafts = shelf.visitor(wizard=Later)
    assert drafts.fresh(NONCE).version == Later.version


def test_draft_that_began_under_a_former_key_is_found(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    later = shelf.visitor(session, keys=(NEW, "between" * 5, OLD))
    assert later.start(NONCE).draft.id == stored.draft.id
    begun = later.find_begun(NONCE)
    assert begun is not None
    assert begun.draft.id == stored.draft.id


def test_draft_begins_under_the_newest_key(shelf: Shelf, session: Session) -> None:
    later = shelf.visitor(session, keys=(NEW, OLD))
    stored = begin(later)
    assert shelf.visitor(session, keys=(NEW,)).load(stored.draft.id) is not None


def test_expired_draft_begins_anew_under_its_id(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    shelf.put(stored, stored.draft, ttl=9 * DAY)
    clock.shift(HOUR)
    again = drafts.start(NONCE)
    assert again.draft.id == stored.draft.id
    assert again.draft.submission != stored.draft.submission
    assert (again.draft.created, len(again.draft.entries)) == (time.time(), 0)
    assert again.is_new is False  # its bytes are still there, to be replaced
    drafts.save(again, again.draft.with_entries({"you": sent("Eve")}), notice="")
    found = drafts.load(stored.draft.id)
    assert found is not None
    assert found.draft.entries["you"].raw == {"name": ["Eve"]}


def test_draft_that_somebody_else_holds_by_now_is_left_alone(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    """A copy of the cookie is in a browser where a user has signed in since."""
    copied = dict(session)
    user = shelf.visitor(session, "7")
    adopted = user.load(stored.draft.id)
    assert adopted is not None
    user.save(adopted, adopted.draft)
    other = shelf.visitor(copied)
    new = other.start(NONCE)
    assert new.draft.id != stored.draft.id
    assert new.is_new
    assert len(new.draft.entries) == 0
    saved = other.save(new, new.draft, notice="")
    assert other.load(saved.draft.id) is not None


def test_draft_with_the_name_of_another_mount_is_damaged(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    shelf.put(stored, replace(stored.draft, mount=Mount("pay", {}).key))
    with pytest.raises(UnreadableDraftError):
        drafts.start(NONCE)


def test_page_of_nobody_makes_no_token(shelf: Shelf, session: Session) -> None:
    assert shelf.visitor(session).find_begun(NONCE) is None
    assert session == {}


def test_pages_of_one_session_begin_one_draft(
    shelf: Shelf, session: Session, drafts: VisitorDrafts
) -> None:
    nonce = drafts.shared_nonce()
    assert is_id(nonce)
    assert TOKEN_KEY in session
    assert shelf.visitor(session).shared_nonce() == nonce
    stored = begin(drafts, nonce)
    assert shelf.visitor(session).shared_nonce() == nonce
    drafts.save(stored, drafts.end(stored.draft, "committed"))
    second = shelf.visitor(session).shared_nonce()
    assert second != nonce
    assert shelf.visitor(session).shared_nonce() == second
    assert shelf.visitor({}).shared_nonce() not in (nonce, second)


def test_session_that_has_ended_many_drafts_begins_another(
    drafts: VisitorDrafts,
) -> None:
    nonces = set()
    for _ in range(MAX_SHARED_NONCES + 1):
        nonce = drafts.shared_nonce()
        nonces.add(nonce)
        new = drafts.start(nonce)
        drafts.save(new, drafts.end(new.draft, "discarded"))
    assert len(nonces) == MAX_SHARED_NONCES + 1
    last, other = drafts.shared_nonce(), drafts.shared_nonce()
    assert is_id(last)
    assert last != other


# Saving


def test_save_renews_a_draft_for_what_a_visitor_sends(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(60)
    saved = drafts.save(stored, stored.draft, notice="moved")
    assert shelf.stored(stored.draft.id) == saved.draft
    assert (saved.draft.updated, saved.draft.notice) == (time.time(), "moved")
    assert saved.is_new is False
    assert saved.version.version != stored.version.version


def test_save_renews_no_draft_for_itself(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(60)
    saved = drafts.save(stored, stored.draft)
    assert saved.draft == stored.draft


def test_save_over_what_another_request_has_written_is_refused(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    drafts.save(stored, stored.draft.with_entries({"you": sent("Eve")}))
    with pytest.raises(ConflictError):
        drafts.save(stored, stored.draft)
    assert shelf.stored(stored.draft.id).entries["you"].raw == {"name": ["Eve"]}


def test_draft_has_a_limit_for_what_a_visitor_sends(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    assert drafts.limit == LIMIT

    def of_size(size: int) -> Draft:
        """The draft with a name so long that it takes so many bytes."""
        name = "x" * 1000
        for _ in range(3):
            draft = stored.draft.with_entries({"you": sent(name)})
            name = "x" * (len(name) + size - len(encode(draft)))
        assert len(encode(draft)) == size
        return draft

    with pytest.raises(DraftTooLargeError) as refused:
        drafts.save(stored, of_size(LIMIT + 1), notice="")
    assert (refused.value.size, refused.value.limit) == (LIMIT + 1, LIMIT)
    assert shelf.stored(stored.draft.id) == stored.draft
    saved = drafts.save(stored, of_size(LIMIT), notice="")
    drafts.save(saved, of_size(LIMIT + 1))  # as a commit does with its outcome


def test_list_names_a_draft_from_its_beginning(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    (row,) = drafts._list.drafts()
    assert (row.id, row.mount) == (stored.draft.id, drafts.mount)
    assert (row.wizard, row.started) == ("held_drafts.Brief", time.time())
    assert row.expires(stored.draft) == time.time() + HOUR
    old = replace(stored.draft, updated=time.time() + DAY)
    assert row.expires(old) == time.time() + 4 * HOUR
    calls = shelf.store.calls_of(lambda: drafts.save(stored, stored.draft, notice=""))
    assert calls == ["replace"]


def test_draft_that_begins_is_written_after_its_list(
    shelf: Shelf, drafts: VisitorDrafts
) -> None:
    """Otherwise a process that dies leaves a draft that nobody counts."""
    new = drafts.start(NONCE)
    shelf.store.fail_at = 3
    with pytest.raises(OSError, match="down"):
        drafts.save(new, new.draft)
    assert rows(drafts) == [new.draft.id]
    assert drafts.load(new.draft.id) is None


def test_empty_draft_is_listed_again(drafts: VisitorDrafts, clock: Traveller) -> None:
    """It may be an expired one, which begins anew."""
    new = drafts.start(NONCE)
    empty = drafts.save(new, new.draft)
    drafts.unlist(empty.draft.id)
    drafts.save(empty, empty.draft)
    assert rows(drafts) == [empty.draft.id]


def test_draft_with_items_alone_has_begun(drafts: VisitorDrafts) -> None:
    new = drafts.start(NONCE)
    saved = drafts.save(new, new.draft.with_items("pets", []))
    drafts.unlist(saved.draft.id)
    drafts.save(saved, saved.draft)
    assert rows(drafts) == []


def test_beginning_ends_that_a_user_has_left(shelf: Shelf) -> None:
    session: Session = {LEFT_KEY: True}
    begin(shelf.visitor(session))
    assert LEFT_KEY not in session


def test_drafts_of_a_holder_are_limited(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    begin(drafts, OTHER_NONCE)
    clock.shift(61)
    with pytest.raises(TooManyDraftsError) as refused:
        begin(drafts, "C" * 22)
    assert refused.value.limit == 2


def test_ended_drafts_do_not_count(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    begin(drafts, OTHER_NONCE)
    clock.shift(61)
    drafts.save(stored, drafts.end(stored.draft, "discarded"))
    begin(drafts, "C" * 22)
    assert stored.draft.id not in [draft.id for draft in drafts.open_drafts()]


def test_limit_holds_at_all_mounts_together(
    shelf: Shelf, session: Session, stored: StoredDraft, clock: Traveller
) -> None:
    begin(shelf.visitor(session, bound={"shop": "a"}), OTHER_NONCE)
    clock.shift(61)
    with pytest.raises(TooManyDraftsError):
        begin(shelf.visitor(session, mount="pay"))


@pytest.mark.parametrize(
    ("age", "left"), [(0, HOUR), (2 * HOUR, HOUR), (3.5 * HOUR, HOUR / 2)]
)
def test_stored_draft_lives_as_long_as_it_may_be_opened(
    shelf: Shelf,
    drafts: VisitorDrafts,
    stored: StoredDraft,
    monkeypatch: pytest.MonkeyPatch,
    age: float,
    left: float,
) -> None:
    ttls: list[int] = []
    put = shelf.store.replace

    def noted(key: str, blob: bytes, *more: Any) -> bool:
        ttls.append(more[-1])
        return put(key, blob, *more)

    monkeypatch.setattr(shelf.store, "replace", noted)
    old = replace(stored.draft, created=time.time() - age)
    saved = drafts.save(stored, old, notice="")
    over = replace(old, created=time.time() - 5 * HOUR)
    drafts.save(saved, over)
    assert ttls == [left, 1]  # no engine takes less


def test_ended_draft_is_told_from_others_without_reading_it(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    keyring = shelf.repository().store.keyring

    def kind() -> Kind | None:
        found = shelf.store.inner.load(stored.version.key)
        assert found is not None
        return keyring.kind_of(found[0])

    assert kind() is Kind.DRAFT
    drafts.save(stored, drafts.end(stored.draft, "committed"))
    assert kind() is Kind.TOMBSTONE


def test_remains_are_erased_at_the_end_alone(
    shelf: Shelf, drafts: VisitorDrafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    erased: list[bool] = []
    monkeypatch.setattr(
        shelf.store, "erase_remains", lambda: erased.append(True), raising=False
    )
    stored = begin(drafts)
    stored = drafts.save(stored, stored.draft, notice="")
    assert erased == []
    drafts.save(stored, drafts.end(stored.draft, "discarded"))
    assert erased == [True]


def test_ended_draft_is_listed_no_more_than_before(
    drafts: VisitorDrafts,
) -> None:
    new = drafts.start(NONCE)
    drafts.save(new, drafts.end(new.draft, "discarded"))
    assert rows(drafts) == []


def test_draft_that_expired_while_it_was_filled_in_is_saved_anew(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(2 * HOUR)
    again = drafts.reload(stored)
    assert again.draft == stored.draft
    assert (again.is_new, again.version.version) == (True, None)
    drafts.save(again, again.draft, notice="")
    assert drafts.load(stored.draft.id) is not None
    assert drafts._list.drafts()[0].started == time.time()


def test_claim_that_expired_with_its_draft_is_unsettled(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    claim = StoredDraft(
        stored.draft.claim(time.time(), 60), stored.version, is_new=False
    )
    clock.shift(DAY)
    again = drafts.reload(claim)
    assert (again.draft.state, again.draft.unsettled) == ("open", True)


def test_reload_finds_what_another_request_has_written(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    drafts.save(stored, stored.draft.with_entries({"you": sent("Eve")}))
    again = shelf.visitor({}).reload(stored)
    assert again.draft.entries["you"].raw == {"name": ["Eve"]}
    assert not again.is_new


# Files


ID, OTHER_ID = "f" * 22, "g" * 22


def with_files(drafts: VisitorDrafts, shelf: Shelf) -> StoredDraft:
    stored = begin(drafts, **{ID: "me.png", OTHER_ID: "you.png"})
    for file_id in (ID, OTHER_ID):
        shelf.files.files[f"{stored.version.key}/{file_id}"] = b"..."
    return stored


def files_left(shelf: Shelf) -> list[str]:
    return sorted(key.rpartition("/")[2] for key in shelf.files.files)


class PhotoForm(You):
    photo = FileField("Photo")


class Photos(Brief):
    you = Step(PhotoForm)


@pytest.fixture
def photos(shelf: Shelf, session: Session) -> VisitorDrafts:
    return shelf.visitor(session, wizard=Photos)


def test_files_that_a_page_has_no_more_are_deleted(
    shelf: Shelf, photos: VisitorDrafts
) -> None:
    stored = with_files(photos, shelf)
    fewer = stored.draft.with_entries({"you": sent(**{ID: "me.png"})})
    saved = photos.save(stored, fewer, notice="")
    assert files_left(shelf) == [ID]
    photos.save(saved, saved.draft.without("you"), notice="")
    assert files_left(shelf) == []


def test_files_that_another_page_has_stay(shelf: Shelf, photos: VisitorDrafts) -> None:
    stored = with_files(photos, shelf)
    entry = stored.draft.entries["you"]
    moved = stored.draft.without("you").with_entries({"pet": entry})
    photos.save(stored, moved, notice="")
    assert files_left(shelf) == [ID, OTHER_ID]


@pytest.mark.parametrize("wizard", [Brief, Photos])
def test_files_go_with_their_draft(
    shelf: Shelf, session: Session, wizard: type[Wizard]
) -> None:
    """Also those of pages that took files in an earlier release."""
    drafts = shelf.visitor(session, wizard=wizard)
    stored = with_files(drafts, shelf)
    saved = drafts.save(stored, stored.draft, notice="")
    assert files_left(shelf) == [ID, OTHER_ID]
    drafts.save(saved, drafts.end(saved.draft, "discarded"))
    assert files_left(shelf) == []


def test_files_go_with_their_item(shelf: Shelf, drafts: VisitorDrafts) -> None:
    """Also if its pages took files in an earlier release."""
    stored = begin(drafts)
    item = StoredItem("i" * 22).with_entries({"": sent(**{ID: "me.png"})})
    shelf.files.files[f"{stored.version.key}/{ID}"] = b"..."
    saved = drafts.save(stored, stored.draft.with_items("pets", [item]), notice="")
    assert files_left(shelf) == [ID]
    drafts.save(saved, saved.draft.with_items("pets", []), notice="")
    assert files_left(shelf) == []


def test_draft_without_files_asks_for_none(
    shelf: Shelf, photos: VisitorDrafts, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: VisitorDrafts, *drafts: object) -> None:
        pytest.fail("It has no files.")

    stored = begin(photos)
    monkeypatch.setattr(VisitorDrafts, "delete_files", fail)
    photos.save(stored, photos.end(stored.draft, "discarded"))


def test_size_of_files_is_that_of_all_other_drafts(
    shelf: Shelf, session: Session, photos: VisitorDrafts, clock: Traveller
) -> None:
    first = with_files(photos, shelf)
    second = begin(photos, OTHER_NONCE, **{"h" * 22: "her.png"})
    elsewhere = shelf.visitor(session, mount="pay", wizard=Photos)
    assert photos.size_of_files("x" * 22) == 9
    assert photos.size_of_files(first.draft.id) == 3
    assert elsewhere.size_of_files(second.draft.id) == 6
    assert shelf.visitor({}, wizard=Photos).size_of_files("x" * 22) == 0
    damage(shelf, second.version.key)
    assert photos.size_of_files("x" * 22) == 6


def test_size_of_files_counts_no_expired_draft(
    shelf: Shelf, photos: VisitorDrafts, clock: Traveller
) -> None:
    first = with_files(photos, shelf)
    shelf.put(first, first.draft, ttl=9 * DAY)
    clock.shift(2 * HOUR)
    for nonce in ("C" * 22, "D" * 22, "E" * 22):
        clock.shift(61)
        stored = begin(photos, nonce)
        photos.save(stored, photos.end(stored.draft, "discarded"))
    assert photos._list.drafts()[0].expired
    assert photos.size_of_files("x" * 22) == 0


# Ending


def test_end_leaves_no_answer(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(60)
    ended = drafts.end(stored.draft, "committed", Receipt(reference="R-1"))
    assert (ended.state, ended.updated) == ("committed", time.time())
    assert ended.receipt is not None
    assert ended.receipt.reference == "R-1"
    assert len(ended.entries) == 0
    assert ended.holders == stored.draft.holders
    drafts.save(stored, ended)
    found = drafts.load(stored.draft.id)
    assert found is not None
    assert found.draft == ended
    assert drafts.end(stored.draft, "discarded").receipt is None


def test_cleared_session_sees_how_its_draft_has_ended(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    session.clear()
    ended = drafts.end(stored.draft, "committed")
    assert len(ended.holders) == 2
    drafts.save(stored, ended)
    assert shelf.visitor(session).load(stored.draft.id) is not None


def ends_signed_in(shelf: Shelf, session: Session) -> tuple[VisitorDrafts, StoredDraft]:
    """A user's drafts in a request in whose middle the user signs out, and a draft."""
    user: list[str | None] = ["7"]
    drafts = shelf.visitor(session, find_user=lambda: user[0])
    stored = begin(drafts)
    user[0] = None
    return drafts, stored


def test_user_who_is_signed_out_at_the_end_sees_the_receipt(
    shelf: Shelf, session: Session
) -> None:
    drafts, stored = ends_signed_in(shelf, session)
    saved = drafts.save(stored, drafts.end(stored.draft, "committed"))
    drafts.holder.mark_end()
    assert ENDED_KEY in session
    later = shelf.visitor(session)
    found = later.load(stored.draft.id)
    assert found is not None
    assert found.draft.ended
    assert shelf.visitor({}).load(stored.draft.id) is None
    assert shelf.visitor({}, "7").load(saved.draft.id) is not None


def test_token_of_the_end_opens_no_open_draft(shelf: Shelf, session: Session) -> None:
    drafts, stored = ends_signed_in(shelf, session)
    ended = drafts.end(stored.draft, "committed")
    drafts.holder.mark_end()
    shelf.put(stored, replace(ended, state="open"))
    assert shelf.visitor(session).load(stored.draft.id) is None


def test_nobody_who_stays_the_same_needs_a_token_of_the_end(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    assert len(drafts.end(stored.draft, "committed").holders) == 1
    user = shelf.visitor({}, "7")
    assert len(user.end(begin(user).draft, "committed").holders) == 1


def test_visitor_whom_the_hook_signs_in_sees_the_receipt(
    shelf: Shelf, session: Session
) -> None:
    user: list[str | None] = [None]
    drafts = shelf.visitor(session, find_user=lambda: user[0])
    stored = begin(drafts)
    user[0] = "7"
    ended = drafts.end(stored.draft, "committed")
    kinds = [holder.kind for holder in ended.holders]
    assert kinds == ["session", "user", "session"]
    drafts.save(stored, ended)
    assert shelf.visitor(session, "7").load(stored.draft.id) is not None
    assert shelf.visitor({}, "7").load(stored.draft.id) is not None


def test_ended_draft_follows_a_visitor_whom_a_hook_changes_later(
    shelf: Shelf, session: Session
) -> None:
    user: list[str | None] = [None]
    drafts = shelf.visitor(session, find_user=lambda: user[0])
    stored = begin(drafts)
    saved = drafts.save(stored, drafts.end(stored.draft, "committed"))
    assert shelf.store.calls_of(lambda: drafts.follow(saved)) == []
    user[0] = "7"
    drafts.follow(saved)
    assert shelf.visitor({}, "7").load(stored.draft.id) is not None


def test_failing_holder_function_keeps_no_draft_from_ending(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    fails: list[bool] = []

    def find_user() -> str | None:
        if fails:
            raise RuntimeError("The directory is down.")
        return None

    drafts = shelf.visitor({}, find_user=find_user)
    stored = begin(drafts)
    fails.append(True)
    assert drafts.end(stored.draft, "committed").ended
    drafts.follow(replace_draft(stored, stored.draft))
    failures = [r for r in caplog.records if "holder function failed" in r.message]
    assert [r.levelno for r in failures] == [logging.ERROR] * 2
    assert all(r.exc_info for r in failures)


def test_session_does_not_get_a_draft_that_a_user_holds(shelf: Shelf) -> None:
    stored = begin(shelf.visitor({}, "7"))
    other = shelf.visitor({})
    assert other.add_holder(stored.draft) == stored.draft
    user = shelf.visitor({}, "8")
    assert user.add_holder(stored.draft).holders[1].mark == user.holder.mark
    own = begin(other)
    held = shelf.visitor({}).add_holder(own.draft)
    assert [(h.kind, h.since) for h in held.holders] == [("session", time.time())] * 2


def test_draft_is_taken_off_the_list(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    other = begin(drafts, OTHER_NONCE)
    drafts.unlist(stored.draft.id)
    assert rows(drafts) == [other.draft.id]


def test_draft_of_a_user_who_has_just_signed_in_is_taken_off_the_session_s_list(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    token = session[TOKEN_KEY]
    user = shelf.visitor(session, "7")
    assert session[WAITING_KEY] == [token]
    user.unlist(stored.draft.id)
    assert DraftList(shelf.repository().store, token).drafts() == []


# The list


def test_open_drafts_are_those_of_the_mount_or_of_the_wizard(
    shelf: Shelf, session: Session, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    pay = shelf.visitor(session, mount="pay")
    second = begin(pay)
    stranger = shelf.visitor(session, mount="other", wizard=Photos)
    third = begin(stranger)
    assert drafts.open_drafts() == [stored.draft]
    assert pay.open_drafts() == [second.draft]
    assert drafts.open_drafts(everywhere=True) == [stored.draft, second.draft]
    assert stranger.open_drafts(everywhere=True) == [third.draft]
    assert shelf.visitor({}).open_drafts(everywhere=True) == []


def test_drafts_that_ended_or_expired_are_not_open(
    drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    second = begin(drafts, OTHER_NONCE)
    drafts.save(second, drafts.end(second.draft, "committed"))
    assert drafts.open_drafts() == [stored.draft]
    clock.shift(HOUR)
    assert drafts.open_drafts() == []


def test_draft_older_than_any_can_be_is_not_looked_up(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft, clock: Traveller
) -> None:
    clock.shift(4 * HOUR)
    (row,) = drafts._list.drafts()
    assert shelf.store.calls_of(lambda: drafts.find_open(row)) == []


def test_damaged_draft_keeps_no_other_from_being_continued(
    shelf: Shelf,
    drafts: VisitorDrafts,
    stored: StoredDraft,
    caplog: pytest.LogCaptureFixture,
) -> None:
    second = begin(drafts, OTHER_NONCE)
    damage(shelf, stored.version.key)
    assert drafts.open_drafts() == [second.draft]
    (record,) = [r for r in caplog.records if "cannot be read" in r.message]
    assert record.levelno == logging.ERROR
    assert record.exc_info


def test_draft_of_a_newer_release_may_be_open(
    shelf: Shelf, drafts: VisitorDrafts, stored: StoredDraft
) -> None:
    damage(shelf, stored.version.key, format=3)
    with pytest.raises(NewerFormatError):
        drafts.open_drafts()


def test_expired_draft_is_remembered(
    shelf: Shelf,
    session: Session,
    drafts: VisitorDrafts,
    stored: StoredDraft,
    clock: Traveller,
) -> None:
    assert not drafts.remembers(stored.draft.id)
    clock.shift(HOUR)
    assert drafts.remembers(stored.draft.id)
    assert not drafts.remembers("x" * 22)
    assert not shelf.visitor({}).remembers(stored.draft.id)
    assert not shelf.visitor(session, mount="pay").remembers(stored.draft.id)


def test_draft_whose_link_was_revoked_is_not_told_to_have_expired(
    shelf: Shelf, stored: StoredDraft
) -> None:
    other = shelf.visitor({})
    linked = other.load_linked(stored.draft.id)
    assert linked is not None
    taken = other.take_up(linked, link="link", until=time.time() + HOUR)
    shelf.put(taken, taken.draft.revoke_links())
    assert other.load(stored.draft.id) is None
    assert not other.remembers(stored.draft.id)
