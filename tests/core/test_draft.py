"""The draft: what is kept of a visitor, and its way to bytes and back."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flask_wizard import Draft, Receipt, StoreError, UnreadableDraftError
from flask_wizard.core.draft import Entry, StoredDependencies, decode, encode

SECRET = "canary-4711"

ENTRY = Entry.of(
    {"name": ["Ada"], "tags": ["a", "b"], "born": ["31/02/2026"]},
    rev=3,
    accepted=True,
    errors={"born": ["Not a valid date."]},
    read=StoredDependencies((("you", "age"), ("you", "")), b"digest"),
    passwords={"secret": [SECRET]},
)


def draft(**more: object) -> Draft:
    plain = Draft(
        id="d",
        mount="m",
        holders=(b"h",),
        created=1.0,
        updated=2.0,
        submission="s",
        entries={"you": ENTRY},
        notice="moved",
    )
    return msgspec.structs.replace(plain, **more)


def test_draft_comes_back_from_bytes() -> None:
    assert decode(encode(draft())) == draft()


@pytest.mark.parametrize("state", ["open", "committing", "committed", "discarded"])
def test_draft_comes_back_in_the_state_it_was_in(state: str) -> None:
    assert decode(encode(draft(state=state))).state == state


def test_tombstone_comes_back_from_bytes() -> None:
    receipt = Receipt("7", "/orders/7", "Thank you")
    end = draft().end("committed", 9.0, receipt=receipt)
    assert decode(encode(end)) == end


texts = st.dictionaries(st.text(), st.lists(st.text()))


@settings(max_examples=30, deadline=None)
@given(raw=texts, errors=texts)
def test_any_text_comes_back_from_bytes(
    raw: dict[str, list[str]], errors: dict[str, list[str]]
) -> None:
    kept = draft(entries={"you": Entry.of(raw, errors=errors)})
    assert decode(encode(kept)) == kept


def test_rich_shows_no_answer_either() -> None:
    """Its tracebacks show local variables by what ``__rich_repr__`` gives."""
    entry = Entry.of({"name": ["canary"]}, passwords={"pin": ["canary"]})
    assert entry.__rich_repr__() == [("rev", 0)]
    kept = draft(entries={"you": entry}, receipt=Receipt("canary"))
    assert kept.__rich_repr__() == [("state", "open")]


def test_draft_of_a_former_release_is_read() -> None:
    """What it left out is what it had for the default."""
    blob = msgspec.msgpack.encode(
        {
            **{"id": "d", "mount": "m", "holders": [b"h"], "submission": "s"},
            **{"created": 1.0, "updated": 2.0, "state": "open"},
            "entries": {"you": {"raw": {"name": ["Ada"]}}, "pet": {}},
        }
    )
    read = decode(blob)
    assert (read.version, read.state, read.attempt) == (1, "open", 0)
    assert (read.lease_until, read.receipt, read.notice) == (0.0, None, "")
    assert read.entries["you"].raw == {"name": ["Ada"]}
    pet = read.entries["pet"]
    assert (pet.raw, pet.rev, pet.accepted) == ({}, 0, False)
    assert (pet.errors, pet.passwords) == ({}, {})
    assert (pet.read.names, pet.read.digest) == ((), b"")


@pytest.mark.parametrize(
    ("kept", "name"),
    [
        *((draft(), "state"), (ENTRY, "accepted"), (ENTRY.read, "digest")),
        (Receipt("7"), "reference"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_nothing_of_a_draft_can_be_changed(kept: object, name: str) -> None:
    with pytest.raises(AttributeError, match="immutable"):
        setattr(kept, name, getattr(kept, name))


def test_new_entry_begins_its_revisions() -> None:
    assert Entry.of({}).rev == 0


@pytest.mark.parametrize(
    "numbers",
    [
        {"created": 0.0, "updated": 2.0**37 - 1, "lease_until": 2.0**37 - 1},
        {"attempt": 2**53 - 1},
    ],
)
def test_number_that_a_draft_may_have_is_read(numbers: dict[str, object]) -> None:
    assert decode(encode(draft(**numbers))) == draft(**numbers)


def test_count_that_is_spelled_out_may_be_zero() -> None:
    blob = {**msgspec.msgpack.decode(encode(draft())), "attempt": 0}
    assert decode(msgspec.msgpack.encode(blob)).attempt == 0


def is_readable(blob: bytes) -> bool:
    try:
        return bool(decode(blob))
    except UnreadableDraftError:
        return False


def test_draft_cut_anywhere_is_unreadable() -> None:
    blob = encode(draft())
    assert [cut for cut in range(len(blob)) if is_readable(blob[:cut])] == []


@pytest.mark.parametrize(
    "blob",
    [
        b"\xc1",
        b"\x80",
        b"\x93\x01\x02\x03",
        b"hello",
        msgspec.msgpack.encode({"id": 7}),
        msgspec.msgpack.encode(
            {**msgspec.msgpack.decode(encode(draft())), "entries": ["you"]}
        ),
        encode(draft()) + b"\x00",
    ],
)
def test_damaged_draft_is_unreadable(blob: bytes) -> None:
    with pytest.raises(UnreadableDraftError):
        decode(blob)


def test_damaged_answer_is_unreadable() -> None:
    damaged = decode(encode(draft()).replace(b"Ada", b"\xff\xfe\xfd"))
    with pytest.raises(UnreadableDraftError):
        _ = damaged.entries["you"].raw


@pytest.mark.parametrize(
    "change",
    [
        {"created": float("nan")},
        {"updated": -1.0},
        {"lease_until": 2.0**60},
        {"attempt": -1},
        {"attempt": 2**60},
        {"attempt": 2**53},
        {"updated": 2.0**37},
    ],
    ids=str,
)
def test_number_that_is_none_of_ours_is_unreadable(change: dict[str, float]) -> None:
    damaged = {**msgspec.msgpack.decode(encode(draft())), **change}
    with pytest.raises(UnreadableDraftError):
        decode(msgspec.msgpack.encode(damaged))


def test_unreadable_draft_is_a_trouble_of_the_store() -> None:
    assert issubclass(UnreadableDraftError, StoreError)


def test_fields_of_a_newer_version_are_ignored() -> None:
    newer = {**msgspec.msgpack.decode(encode(draft())), "colour": "blue"}
    newer["holders"] = [b"h"]
    newer["entries"] = {}
    assert decode(msgspec.msgpack.encode(newer)).id == "d"


def test_reprs_show_no_answer() -> None:
    shown = f"{draft()!r} {draft()} {ENTRY!r} {[ENTRY]}"
    assert SECRET not in shown
    assert "Ada" not in shown


def test_drafts_repr_says_where_it_stands() -> None:
    assert repr(draft()) == "<Draft open: you>"


def test_entrys_repr_says_whether_it_was_accepted() -> None:
    assert repr(ENTRY) == "<Entry rev 3, accepted>"


def test_repr_of_a_draft_without_entries_says_so() -> None:
    assert repr(draft(entries={})) == "<Draft open: empty>"


def test_repr_of_an_entry_that_was_only_kept_does_not_say_accepted() -> None:
    assert repr(Entry()) == "<Entry rev 0>"


def test_changed_draft_leaves_the_old_one_alone() -> None:
    old = draft()
    old.with_entries({"you": Entry()})
    assert old.entries["you"] is ENTRY


def test_step_can_be_left_out() -> None:
    kept = draft(entries={"you": ENTRY, "check": Entry()})
    assert list(kept.without("check").entries) == ["you"]


def test_claim_counts_attempts() -> None:
    again = draft().claim(10.0, 5.0).release().claim(20.0, 5.0)
    assert (again.attempt, again.submission) == (2, "s")


def test_claim_runs_out() -> None:
    claimed = draft().claim(10.0, 5.0)
    assert claimed.is_committing(14.9)
    assert not claimed.is_committing(15.0)


def test_claim_begins_another_lifetime() -> None:
    assert draft().claim(10.0, 5.0).updated == 10.0


def test_claim_that_ran_out_leaves_the_draft_open_and_unsettled() -> None:
    expire_lease = draft().claim(10.0, 5.0).expire_lease(15.0, unsettled=True)
    assert (expire_lease.state, expire_lease.unsettled) == ("open", True)


def test_claim_that_runs_is_no_lapse() -> None:
    claimed = draft().claim(10.0, 5.0)
    assert claimed.expire_lease(14.9, unsettled=True) is claimed


def test_doubt_outlives_the_next_claim() -> None:
    expire_lease = draft().claim(10.0, 5.0).expire_lease(15.0, unsettled=True)
    assert expire_lease.claim(20.0, 5.0).release().unsettled
    assert expire_lease.claim(20.0, 5.0).expire_lease(25.0, unsettled=False).unsettled
    assert expire_lease.end("discarded", 20.0).unsettled
    assert not expire_lease.end("committed", 20.0).unsettled
    assert not expire_lease.clear_unsettled().unsettled


def test_draft_that_was_never_in_doubt_is_discarded_without() -> None:
    assert not draft().end("discarded", 20.0).unsettled


def test_reopened_draft_is_not_being_committed() -> None:
    reopened = draft().claim(10.0, 5.0).release()
    assert reopened.state == "open"
    assert not reopened.is_committing(12.0)


def test_reopened_draft_says_why() -> None:
    assert draft().claim(10.0, 5.0).release(notice="refused").notice == "refused"


def test_reopened_draft_has_no_old_notice() -> None:
    assert draft().claim(10.0, 5.0).release().notice == ""


def test_open_draft_is_not_being_committed() -> None:
    assert not draft().is_committing(0.0)


@pytest.mark.parametrize(
    ("state", "ended"),
    [("open", False), ("committing", False), ("committed", True), ("discarded", True)],
)
def test_draft_ends_by_commit_or_discard(state: str, ended: bool) -> None:
    assert draft(state=state).ended is ended


def test_tombstone_has_no_answer() -> None:
    end = draft().end("discarded", 9.0)
    assert SECRET.encode() not in encode(end)
    assert end.entries == {}


def test_tombstone_is_of_the_same_draft() -> None:
    old = draft(version=3, attempt=2)
    end = old.end("discarded", 9.0)
    kept = ("id", "mount", "created", "submission", "version", "attempt")
    assert [getattr(end, n) for n in kept] == [getattr(old, n) for n in kept]


def test_tombstone_lives_from_its_burial() -> None:
    assert draft().end("discarded", 9.0).updated == 9.0


def test_tombstone_has_the_drafts_holders() -> None:
    assert draft().end("committed", 9.0).holders == (b"h",)


def test_draft_may_have_one_more_holder() -> None:
    assert draft().add_holder(b"new").holders == (b"h", b"new")


def test_draft_names_a_holder_once() -> None:
    assert draft().add_holder(b"h").holders == (b"h",)


def test_post_leaves_the_draft_to_its_sender() -> None:
    renewed = draft().add_holder(b"new").renewed(9.0, holder=b"new", notice="")
    assert (renewed.holders, renewed.updated) == ((b"new",), 9.0)


def test_post_leaves_a_notice_for_the_pages() -> None:
    assert draft().renewed(9.0, holder=b"h", notice="changed").notice == "changed"
