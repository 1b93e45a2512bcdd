"""Who holds a draft: marks, users, guests and their places, links, and lifetimes."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from flask_wizard import Receipt
from flask_wizard.core.draft import (
    FILES_KEY,
    Before,
    Draft,
    Entry,
    Stored,
    StoredFile,
    StoredHolder,
    StoredItem,
    StoredLinks,
    has_files,
    pack,
    pack_files,
)


def packed(*values: Stored) -> tuple[msgspec.Raw, ...]:
    return tuple(msgspec.Raw(pack(value)) for value in values)


OWNER = StoredHolder(b"owner", "session", 1.0)


def draft(*holders: StoredHolder, **more: Any) -> Draft:
    plain = Draft("d", "m", packed(*(holders or (OWNER,))), 10.0, 20.0, "s")
    return msgspec.structs.replace(plain, **more)


# Marks


def test_draft_opens_for_the_second_holder_too() -> None:
    two = draft(OWNER, StoredHolder(b"other", "session", 2.0))
    assert two.re_mark([b"other"]) is two
    moved = two.re_mark([b"newer", b"other"])
    assert moved is not None
    assert [h.mark for h in moved.holders] == [b"owner", b"newer"]
    assert moved.holders[1].kind == "session"


def test_holder_between_others_keeps_its_place() -> None:
    names = (b"a", b"b", b"c")
    three = draft(*(StoredHolder(n, "session", 1.0) for n in names))
    moved = three.re_mark([b"x", b"b"])
    assert moved is not None
    assert [h.mark for h in moved.holders] == [b"a", b"x", b"c"]


def test_user_takes_the_place_of_the_session() -> None:
    two = draft(OWNER, StoredHolder(b"other", "session", 2.0))
    taken = two.re_mark([b"newer", b"owner"], user=[b"user", b"older"])
    assert taken is not None
    assert [(h.mark, h.kind) for h in taken.holders] == [
        (b"user", "user"),
        (b"other", "session"),
    ]
    assert taken.re_mark([b"owner"]) is None
    assert taken.re_mark([b"user"], kind="user") is taken


def test_user_takes_the_place_of_a_session_by_its_newest_mark() -> None:
    taken = draft().re_mark([b"owner"], user=[b"user"])
    assert taken is not None
    assert taken.holders == [StoredHolder(b"user", "user", 1.0)]


def test_added_holder_is_of_the_kind_that_is_said() -> None:
    held = draft().add_holder(9.0, marks=[b"u", b"older"], kind="user")
    assert held.holders == [OWNER, StoredHolder(b"u", "user", 9.0)]
    assert held.add_holder(11.0, marks=[b"u"], kind="user") is held
    assert len(held.add_holder(11.0, marks=[b"u"]).holders) == 3


@pytest.mark.parametrize(
    ("holders", "has"),
    [
        ((OWNER,), False),
        ((StoredHolder(b"u", "user", 1.0),), True),
        ((StoredHolder(b"u", "user", 1.0, link="l"),), True),
        ((OWNER, StoredHolder(b"u", "user", 1.0)), True),
        ((OWNER, StoredHolder(b"u", "user", 1.0, link="l")), False),
        ((OWNER, StoredHolder(b"g", "guest", 1.0, link="l")), False),
    ],
)
def test_user_holds_a_draft_unless_a_link_of_another_led_there(
    holders: tuple[StoredHolder, ...], has: bool
) -> None:
    assert draft(*holders).has_user is has


# Guests


def shared(link: str = "l", until: float = 50.0, **more: Any) -> Draft:
    given = {"steps": ["reference"], "sees": ["you"], **more}
    return draft().share(link, until=until, **given)[0]


def test_place_of_a_guest_has_what_the_guest_may_do() -> None:
    kept, link = draft().share("l", steps=["a", "b"], sees=["c"], until=50.0)
    assert link == "l"
    assert kept.holders == [
        OWNER,
        StoredHolder(
            b"", "guest", 50.0, link="l", steps=("a", "b"), sees=("c",), until=50.0
        ),
    ]
    assert kept.guests == (kept.holders[1],)
    assert kept.shared_steps == {"a", "b"}
    assert draft().shared_steps == frozenset()


def test_place_that_nobody_has_taken_is_used_again() -> None:
    kept, link = shared().share("m", steps=["reference"], sees=["you"], until=60.0)
    assert link == "l"
    assert [guest.until for guest in kept.guests] == [60.0]
    kept, _ = kept.share("m", steps=["reference"], sees=["you"], until=40.0)
    assert [guest.until for guest in kept.guests] == [60.0]


@pytest.mark.parametrize("other", [{"steps": ["more"]}, {"sees": []}])
def test_place_for_something_else_is_another_one(other: dict[str, list[str]]) -> None:
    asked = {"steps": ["reference"], "sees": ["you"], **other}
    kept, link = shared().share("m", until=60.0, **asked)
    assert link == "m"
    assert [guest.link for guest in kept.guests] == ["l", "m"]


def test_place_that_is_taken_is_not_given_away() -> None:
    taken = shared().take_place(30.0, "l", b"guest")
    kept, link = taken.share("m", steps=["reference"], sees=["you"], until=60.0)
    assert link == "m"
    assert [(guest.mark, guest.since) for guest in kept.guests] == [
        (b"guest", 30.0),
        (b"", 60.0),
    ]


def test_guest_takes_the_place_of_the_link_and_no_other() -> None:
    two, _ = shared().share("m", steps=["more"], sees=[], until=60.0)
    taken = two.take_place(30.0, "m", b"guest")
    assert [guest.mark for guest in taken.guests] == [b"", b"guest"]
    assert taken.places_of([b"x", b"guest"]) == [taken.guests[1]]
    assert taken.packed_holders[0] == two.packed_holders[0]


def test_new_mark_goes_to_all_places_of_a_guest() -> None:
    two, _ = shared().share("m", steps=["more"], sees=[], until=60.0)
    taken = two.take_place(30.0, "l", b"old").take_place(31.0, "m", b"new")
    marked = taken.re_mark_guest([b"new", b"old"], b"new")
    assert [guest.mark for guest in marked.guests] == [b"new", b"new"]
    assert marked.re_mark_guest([b"new"], b"new") is marked
    assert marked.re_mark_guest([b"unknown"], b"x") is marked


def test_place_ends_at_its_time_and_one_without_never() -> None:
    eternal = StoredHolder(b"g", "guest", 1.0, link="e")
    brief = StoredHolder(b"b", "guest", 1.0, link="b", until=0.5)
    kept = draft(OWNER, eternal, brief, *shared().guests)
    assert [g.link for g in kept.without_expired_guests(0.5).guests] == ["e", "l"]
    assert [g.link for g in kept.without_expired_guests(49.9).guests] == ["e", "l"]
    assert [g.link for g in kept.without_expired_guests(50.0).guests] == ["e"]
    assert shared().without_expired_guests(50.0).holders == [OWNER]
    same = shared()
    assert same.without_expired_guests(49.9) is same


def test_holder_who_is_no_guest_does_not_end() -> None:
    visitor = StoredHolder(b"v", "session", 1.0, link="l", until=5.0)
    kept = draft(OWNER, visitor)
    assert kept.without_expired_guests(9.0) is kept


def test_shared_steps_are_renamed() -> None:
    kept = shared(steps=["old", "more"], sees=["old", "you"])
    renamed = kept.rename_shared({"old": "new"})
    (guest,) = renamed.guests
    assert (guest.steps, guest.sees) == (("new", "more"), ("new", "you"))
    assert renamed.rename_shared({"old": "new"}) is renamed
    assert draft().rename_shared({"old": "new"}).holders == [OWNER]


# Links


def take_up(kept: Draft, link: str = "l", now: float = 30.0, **more: Any) -> Draft:
    given = {"until": 90.0, "marks": [b"v", b"older"], "kind": "session", **more}
    return kept.take_up(now, link=link, **given)


def test_visitor_who_comes_by_a_link_holds_the_draft_too() -> None:
    taken = take_up(draft())
    assert taken.holders == [OWNER, StoredHolder(b"v", "session", 30.0, link="l")]
    assert taken.links == StoredLinks(taken={"l": (1, 90.0)})
    assert taken.created == 10.0


def test_uses_of_a_link_are_counted_until_it_expires() -> None:
    twice = take_up(take_up(draft()), now=40.0)
    assert twice.links.taken == {"l": (2, 90.0)}
    other = take_up(twice, "m", now=90.0, until=99.0)
    assert other.links.taken == {"m": (1, 99.0)}
    almost = take_up(twice, "m", now=89.0, until=99.0)
    assert almost.links.taken == {"l": (2, 90.0), "m": (1, 99.0)}


def test_draft_that_nobody_has_held_begins_when_it_is_taken_up() -> None:
    unheld = msgspec.structs.replace(draft(), packed_holders=())
    taken = take_up(unheld, kind="user")
    assert (taken.created, taken.holders[0].kind) == (30.0, "user")


def test_revoked_links_take_along_who_came_by_them() -> None:
    kept = take_up(shared().take_place(30.0, "l", b"guest"), "m")
    revoked = kept.revoke_links()
    assert revoked.holders == [OWNER]
    assert revoked.links == StoredLinks(generation=1)
    assert revoked.revoke_links().links.generation == 2


def test_visitor_who_revokes_links_stays() -> None:
    kept = take_up(take_up(draft()), "m", marks=[b"w"])
    revoked = kept.revoke_links(keep=[b"x", b"w"])
    assert [h.mark for h in revoked.holders] == [b"owner", b"w"]


# Lifetimes


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, 25.0),
        ({"updated": 100.0}, 50.0),
        ({"keep_until": 30.0}, 30.0),
        ({"updated": 100.0, "keep_until": 60.0}, 60.0),
        ({"updated": 100.0, "keep_until": 49.0}, 50.0),
        ({"state": "committing", "updated": 100.0}, 50.0),
        ({"state": "committed", "updated": 100.0}, 105.0),
        ({"state": "discarded", "updated": 100.0, "keep_until": 200.0}, 200.0),
    ],
    ids=str,
)
def test_draft_ends_when_it_is_idle_or_old_or_kept_long_enough(
    change: dict[str, Any], expected: float
) -> None:
    assert draft(**change).expires(5.0, 40.0) == expected


@pytest.mark.parametrize(
    ("state", "closed"),
    [("open", False), ("committing", True), ("committed", True), ("discarded", True)],
)
def test_draft_is_closed_while_it_is_not_open(state: str, closed: bool) -> None:
    assert draft(state=state).closed is closed


@pytest.mark.parametrize(
    ("change", "claimed"),
    [
        ({"state": "committing", "attempt": 2}, True),
        ({"state": "committing", "attempt": 3}, False),
        ({"state": "open", "attempt": 2}, False),
    ],
    ids=str,
)
def test_claim_is_of_one_attempt(change: dict[str, Any], claimed: bool) -> None:
    assert draft(**change).is_claimed(2) is claimed


def test_claim_keeps_what_was_confirmed() -> None:
    claimed = draft().claim(30.0, 5.0, confirmed="hash")
    assert (claimed.state, claimed.attempt) == ("committing", 1)
    assert (claimed.updated, claimed.lease_until) == (30.0, 35.0)
    assert (claimed.confirmed, claimed.maybe_running) == ("hash", False)
    assert draft().claim(30.0, 5.0).confirmed == ""


@pytest.mark.parametrize(
    ("change", "maybe_running"),
    [
        ({"unsettled": True, "maybe_running": True}, True),
        ({"unsettled": False, "maybe_running": True}, False),
        ({"unsettled": True, "maybe_running": False}, False),
    ],
    ids=str,
)
def test_attempt_may_still_run_while_its_outcome_is_unknown(
    change: dict[str, bool], maybe_running: bool
) -> None:
    assert draft(**change).claim(1.0, 5.0).maybe_running is maybe_running
    assert draft(**change).claim(1.0, 5.0, maybe_running=True).maybe_running


@pytest.mark.parametrize("was", [True, False])
@pytest.mark.parametrize("now", [True, False])
def test_longer_lease_keeps_the_doubt_whether_it_runs(was: bool, now: bool) -> None:
    longer = draft(maybe_running=was).extend(99.0, maybe_running=now)
    assert (longer.lease_until, longer.maybe_running) == (99.0, was or now)


def test_release_in_doubt_leaves_the_draft_unsettled() -> None:
    claimed = draft().claim(30.0, 5.0)
    assert claimed.release(unsettled=True).unsettled
    assert not claimed.release().unsettled


def test_release_leaves_nothing_to_tell_of_changes() -> None:
    kept = draft(changed=(("you", "age"),), unneeded={"pet": "you"})
    released = kept.claim(30.0, 5.0).release()
    assert (released.changed, released.unneeded) == ((), {"pet": ""})


def test_lapsed_claim_in_a_wizard_that_knows_its_outcome_is_settled() -> None:
    lapsed = draft().claim(30.0, 5.0).expire_lease(35.0, unsettled=False)
    assert (lapsed.state, lapsed.unsettled) == ("open", False)
    assert draft().expire_lease(99.0, unsettled=True) == draft()


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"changed": (("a", "b"),)}, ((), {})),
        ({"unneeded": {"a": "b", "c": ""}}, ((), {"a": "", "c": ""})),
    ],
    ids=str,
)
def test_what_was_told_of_changes_is_taken_out(
    change: dict[str, Any], expected: tuple[Any, Any]
) -> None:
    told = draft(**change).without_changes()
    assert (told.changed, told.unneeded) == expected


def test_draft_with_nothing_to_tell_is_the_same() -> None:
    kept = draft(unneeded={"a": ""})
    assert kept.without_changes() is kept


@pytest.mark.parametrize("state", ["committed", "discarded"])
def test_draft_ends_in_the_state_that_is_said(state: Any) -> None:
    assert draft().claim(9.0, 5.0).end(state, 30.0).state == state


def test_tombstone_lives_as_long_as_the_copy_of_the_answers() -> None:
    receipt = Receipt("R", copy=(("", "", 2, ()),), copy_until=77.0)
    ended = draft().end("committed", 30.0, receipt=receipt)
    assert (ended.keep_until, ended.receipt) == (77.0, receipt)
    assert draft(keep_until=5.0).end("discarded", 30.0).keep_until == 0.0
    assert draft().end("discarded", 30.0).receipt is None


def test_copy_of_the_answers_is_seen_until_it_ends() -> None:
    copy = (("", "", 2, ()),)
    receipt = Receipt("R", copy=copy, copy_until=77.0)
    assert receipt.answers(76.9) == copy
    assert receipt.answers(77.0) == ()
    assert receipt.without_copy() == Receipt("R")


# What is filled in


def file(name: str) -> StoredFile:
    return StoredFile(id=name, field="photo", filename=f"{name}.png")


def with_file(name: str) -> Entry:
    return Entry.of({}, files=pack_files({name: file(name)}))


def item(name: str, **pages: Entry) -> StoredItem:
    return StoredItem(id=name).with_entries(pages)


def test_files_of_pages_and_items_are_found_in_order() -> None:
    kept = (
        draft()
        .with_entries({"a": with_file("f1"), "b": Entry.of({"x": ["y"]})})
        .with_items("pets", [item("i", who=with_file("f2")), item("j", who=Entry())])
        .with_items("cars", [item("k", who=Entry())])
    )
    assert [each.id for each in kept.files()] == ["f1", "f2"]
    assert draft().files() == []


def test_files_of_what_has_changed_are_found() -> None:
    old = (
        draft()
        .with_entries({"a": with_file("f1"), "b": with_file("f2")})
        .with_items("pets", [item("i", who=with_file("f3"))])
        .with_items("cars", [item("j", who=with_file("f4"))])
    )
    assert old.files(changed_in=old) == []
    page = old.with_entries({"b": Entry()})
    assert [each.id for each in old.files(changed_in=page)] == ["f2"]
    gone = old.without("a").with_items("cars", [])
    assert [each.id for each in old.files(changed_in=gone)] == ["f1", "f4"]


def test_packed_item_tells_whether_it_may_have_files() -> None:
    assert FILES_KEY in pack(with_file("f"))
    assert has_files(msgspec.Raw(pack(item("i", who=with_file("f")))))
    assert not has_files(msgspec.Raw(pack(item("i", who=Entry()))))


def test_items_are_opened_once() -> None:
    kept = draft().with_items("pets", [item("i"), item("j")])
    assert [each.id for each in kept.items("pets")] == ["i", "j"]
    assert kept.items("pets") is kept.items("pets")
    assert kept.items("cars") == ()
    assert draft().items("pets") == ()


def test_change_of_what_is_filled_in_tells_no_step_to_be_plain() -> None:
    """Only a journey can tell which of them are accepted and read nothing."""
    plain = draft(plain_prefix=(2, b"digest"), packed_entries={"you": pack(Entry())})
    for changed in (
        plain.with_entries({"you": Entry()}),
        plain.without("you"),
        plain.with_items("pets", []),
    ):
        assert changed.plain_prefix == (0, b"")


def test_items_of_other_lists_stay() -> None:
    kept = draft().with_items("a", [item("i")]).with_items("b", [item("j")])
    assert [each.id for each in kept.items("a")] == ["i"]
    assert kept.with_items("a", []).items("a") == ()


def test_entry_with_what_its_page_began_with_has_no_revision_yet() -> None:
    entry = Entry.unsent(Before({"a": ["b"]}))
    assert (entry.rev, entry.accepted) == (0, False)
