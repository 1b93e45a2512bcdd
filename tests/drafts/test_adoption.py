"""What a user adopts who signs in after a session has begun drafts."""

from __future__ import annotations

import logging
import time
from typing import Any

import pytest
from clock import DAY, HOUR
from held_drafts import NONCE, OTHER_NONCE, Shelf, begin, damage, sent
from msgspec.structs import replace
from time_machine import Traveller

from flask_wizard.core.draft import Draft
from flask_wizard.drafts.adoption import adopt
from flask_wizard.drafts.draft_list import DraftList
from flask_wizard.drafts.encrypted_store import StoredDraft
from flask_wizard.drafts.holders import TOKEN_KEY, WAITING_KEY, Tokens
from flask_wizard.drafts.visitor_drafts import VisitorDrafts
from flask_wizard.errors import NewerFormatError, StoreError

Session = dict[str, Any]


@pytest.fixture
def stored(shelf: Shelf, session: Session) -> StoredDraft:
    """A draft that the session has begun."""
    return begin(shelf.visitor(session))


def signed_in(shelf: Shelf, session: Session) -> VisitorDrafts:
    """The drafts of the user who signs in, and adopts what waits."""
    user = shelf.visitor(session, "7")
    adopt(user.holder, shelf.repository())
    return user


def holders(draft: Draft) -> list[tuple[str, bytes]]:
    return [(holder.kind, holder.mark) for holder in draft.holders]


def rows(shelf: Shelf, name: str) -> list[str]:
    return [row.id for row in DraftList(shelf.repository().store, name).drafts()]


def test_user_holds_what_the_session_began(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    token, cookie = session[TOKEN_KEY], dict(session)
    user = signed_in(shelf, session)
    draft = shelf.stored(stored.draft.id)
    assert holders(draft) == [("user", user.holder.mark)]
    assert draft.notice == "adopted"
    assert draft.entries["you"].raw == {"name": ["Ada"]}
    assert rows(shelf, user.holder.list_name) == [draft.id]
    assert rows(shelf, token) == []
    assert shelf.visitor({}, "7").load(draft.id) is not None
    assert shelf.visitor(cookie).load(draft.id) is None


def test_nothing_waits_after_the_adoption(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    user = signed_in(shelf, session)
    assert user.holder.waiting == ()
    assert WAITING_KEY not in session
    assert shelf.store.calls_of(lambda: signed_in(shelf, session)) == []


def test_drafts_of_all_mounts_are_adopted_however_many(
    shelf: Shelf, session: Session, clock: Traveller
) -> None:
    user = shelf.visitor({}, "7")
    for nonce in (NONCE, OTHER_NONCE):
        begin(user, nonce)
    begun = [
        begin(shelf.visitor(session)),
        begin(shelf.visitor(session, mount="pay")),
    ]
    user = signed_in(shelf, session)
    assert len(rows(shelf, user.holder.list_name)) == 4
    for stored in begun:
        assert holders(shelf.stored(stored.draft.id)) == [("user", user.holder.mark)]


def test_all_that_waits_is_adopted(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    other: Session = {}
    second = begin(shelf.visitor(other))
    user = shelf.visitor(session, "7", known=Tokens.of(other))
    assert len(user.holder.waiting) == 2
    adopt(user.holder, shelf.repository())
    for each in (stored, second):
        draft = shelf.stored(each.draft.id)
        assert holders(draft) == [("user", user.holder.mark)]


def test_adopted_draft_lives_no_longer_than_before(
    shelf: Shelf,
    session: Session,
    stored: StoredDraft,
    clock: Traveller,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    ttls: list[int] = []
    put = shelf.store.replace

    def noted(key: str, blob: bytes, *more: Any) -> bool:
        if key == stored.version.key:
            ttls.append(more[-1])
        return put(key, blob, *more)

    monkeypatch.setattr(shelf.store, "replace", noted)
    clock.shift(HOUR - 1)
    signed_in(shelf, session)
    assert ttls == [1]
    assert shelf.stored(stored.draft.id).updated == stored.draft.updated


@pytest.mark.parametrize("late", [0, 1, HOUR])
def test_expired_draft_is_listed_and_stays_as_it_is(
    shelf: Shelf, session: Session, stored: StoredDraft, clock: Traveller, late: int
) -> None:
    """The store has it for longer."""
    shelf.put(stored, stored.draft, ttl=DAY)
    clock.shift(HOUR + late)
    user = signed_in(shelf, session)
    assert shelf.stored(stored.draft.id) == stored.draft
    assert rows(shelf, user.holder.list_name) == [stored.draft.id]


def test_draft_known_to_have_expired_is_not_looked_up(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    visitor = shelf.visitor(session)

    def expired(listed: Any) -> list[Any]:
        return [replace(row, expired=True) for row in listed]

    visitor._list._change(expired)
    user = signed_in(shelf, session)
    assert shelf.stored(stored.draft.id) == stored.draft
    assert rows(shelf, user.holder.list_name) == [stored.draft.id]


def test_ended_draft_stays_the_session_s(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    visitor = shelf.visitor(session)
    ended = visitor.save(stored, visitor.end(stored.draft, "committed"))
    signed_in(shelf, session)
    assert shelf.stored(stored.draft.id) == ended.draft


@pytest.mark.parametrize(("age", "kind"), [(59, "session"), (60, "user")])
def test_draft_stays_the_session_s_while_its_commit_runs(
    shelf: Shelf,
    session: Session,
    stored: StoredDraft,
    clock: Traveller,
    age: int,
    kind: str,
) -> None:
    shelf.put(stored, stored.draft.claim(time.time(), 60))
    clock.shift(age)
    signed_in(shelf, session)
    draft = shelf.stored(stored.draft.id)
    assert [holder.kind for holder in draft.holders] == [kind]
    assert draft.state == "committing"


def test_listed_draft_that_was_never_stored_is_no_error(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    visitor = shelf.visitor(session)
    visitor._add_to_list("x" * 22)
    user = signed_in(shelf, session)
    assert rows(shelf, user.holder.list_name) == [stored.draft.id, "x" * 22]


def test_draft_that_another_holds_by_now_stays_as_it_is(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    (holder,) = stored.draft.holders
    other = stored.draft.re_mark([holder.mark], user=[b"another"])
    assert other is not None
    shelf.put(stored, other)
    signed_in(shelf, session)
    assert shelf.stored(stored.draft.id) == other


def test_draft_is_adopted_with_what_another_tab_has_just_sent(
    shelf: Shelf, session: Session, stored: StoredDraft
) -> None:
    later = stored.draft.with_entries({"you": sent("Eve")})
    user = shelf.visitor(session, "7")
    # The first write is that of the user's list.
    shelf.store.before_write += [lambda: shelf.put(stored, later), lambda: None]
    adopt(user.holder, shelf.repository())
    draft = shelf.stored(stored.draft.id)
    assert holders(draft) == [("user", user.holder.mark)]
    assert draft.entries["you"].raw == {"name": ["Eve"]}


def test_damaged_draft_keeps_no_other_from_being_adopted(
    shelf: Shelf,
    session: Session,
    stored: StoredDraft,
    caplog: pytest.LogCaptureFixture,
) -> None:
    second = begin(shelf.visitor(session), OTHER_NONCE)
    damage(shelf, stored.version.key)
    user = signed_in(shelf, session)
    draft = shelf.stored(second.draft.id)
    assert holders(draft) == [("user", user.holder.mark)]
    assert len(rows(shelf, user.holder.list_name)) == 2
    assert user.holder.waiting == ()
    (record,) = [r for r in caplog.records if "draft cannot be read" in r.message]
    assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)


def test_damaged_list_keeps_no_other_from_being_adopted(
    shelf: Shelf,
    session: Session,
    stored: StoredDraft,
    caplog: pytest.LogCaptureFixture,
) -> None:
    other: Session = {}
    second = begin(shelf.visitor(other))
    damage(shelf, shelf.repository().store.keys("list", session[TOKEN_KEY])[0])
    user = shelf.visitor(other, "7", known=Tokens.of(session))
    assert len(user.holder.waiting) == 2
    adopt(user.holder, shelf.repository())
    draft = shelf.stored(second.draft.id)
    assert holders(draft) == [("user", user.holder.mark)]
    assert WAITING_KEY not in other
    assert shelf.stored(stored.draft.id) == stored.draft
    assert "was not adopted" in caplog.text


@pytest.mark.parametrize("what", ["draft", "list"])
def test_value_of_a_newer_release_is_adopted_later(
    shelf: Shelf, session: Session, stored: StoredDraft, what: str
) -> None:
    name = stored.draft.id if what == "draft" else session[TOKEN_KEY]
    (key,) = shelf.repository().store.keys(what, name)  # type: ignore[arg-type]
    damage(shelf, key, format=3)
    user = shelf.visitor(session, "7")
    with pytest.raises(NewerFormatError):
        adopt(user.holder, shelf.repository())
    assert WAITING_KEY in session


@pytest.mark.parametrize("fails_at", range(1, 8))
def test_adoption_that_breaks_off_goes_on_later(
    shelf: Shelf, session: Session, stored: StoredDraft, fails_at: int
) -> None:
    user = shelf.visitor(session, "7")
    shelf.store.fail_at = fails_at
    with pytest.raises(StoreError):
        adopt(user.holder, shelf.repository())
    assert WAITING_KEY in session
    again = signed_in(shelf, session)
    assert rows(shelf, again.holder.list_name) == [stored.draft.id]
    draft = shelf.stored(stored.draft.id)
    assert holders(draft) == [("user", again.holder.mark)]
