"""The draft: what is kept of a visitor, and its way to bytes and back."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markupsafe import Markup
from scripts import run_script

from flask_wizard import Receipt, StoreError, UnreadableDraftError
from flask_wizard.core.draft import (
    Before,
    Draft,
    Entry,
    Stored,
    StoredHolder,
    decode,
    encode,
    pack,
    unpack,
)

SECRET = "canary-4711"
PARTS = msgspec.msgpack.Decoder(dict[str, msgspec.Raw])

ENTRY = Entry.of(
    {"name": ["Ada"], "tags": ["a", "b"], "born": ["31/02/2026"]},
    rev=3,
    accepted=True,
    errors={"born": ["Not a valid date."]},
    read=(("you", "age"), ("you", "")),
    read_digest=b"digest",
    passwords={"secret": [SECRET]},
)


def draft(**more: object) -> Draft:
    holder = StoredHolder(b"h", "session", 1.0)
    plain = Draft(
        id="d",
        mount="m",
        packed_holders=(msgspec.Raw(pack(holder)),),
        created=1.0,
        updated=2.0,
        submission="s",
        packed_entries={"you": pack(ENTRY)},
        notice="moved",
    )
    return msgspec.structs.replace(plain, **more)


def marks(kept: Draft) -> list[bytes]:
    return [holder.mark for holder in kept.holders]


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
    entry = Entry.of(raw, errors=errors)
    kept = draft().with_entries({"you": entry})
    assert decode(encode(kept)).entries["you"] == entry


def test_messages_in_html_come_back_from_bytes_as_such_and_no_others() -> None:
    link = Markup('Taken. <a href="/login">Log in</a>')
    messages: dict[str, list[str]] = {
        "name": ["<b>", link, "also <i>"],
        "": [Markup("Whole")],
    }
    kept = draft().with_entries({"you": Entry.of({}, errors=messages)})
    back = decode(encode(kept)).entries["you"].messages
    assert back == messages
    assert [isinstance(text, Markup) for text in back["name"]] == [False, True, False]
    assert isinstance(back[""][0], Markup)


def test_new_messages_replace_those_in_html() -> None:
    entry = Entry.of({}, errors={"name": [Markup("<b>")]}).with_messages(
        {"name": ["x"]}
    )
    assert not isinstance(entry.messages["name"][0], Markup)
    assert Entry.of({}, errors={"name": [Markup("<b>")]}).with_messages({}) == Entry()


@pytest.mark.parametrize("message", ["No\udc80", Markup("No\udc80")])
def test_message_with_a_lone_surrogate_can_be_stored(message: str) -> None:
    entry = Entry.of({}, errors={"name": [message]})
    assert unpack(Entry, pack(entry)).messages == {"name": ["No?"]}


def test_rich_shows_no_answer_either() -> None:
    """Its tracebacks show local variables by what ``__rich_repr__`` gives."""
    entry = Entry.of({"name": ["canary"]}, passwords={"pin": ["canary"]})
    assert entry.__rich_repr__() == [("rev", 0)]
    kept = draft(packed_receipt=pack(Receipt("canary"))).with_entries({"you": entry})
    assert kept.__rich_repr__() == [("state", "open")]


def test_draft_of_a_former_release_is_read() -> None:
    """What it left out is what it had for the default."""
    you = msgspec.msgpack.encode({"raw": {"name": ["Ada"]}})
    blob = msgspec.msgpack.encode(
        {
            **{"id": "d", "mount": "m", "holders": [], "submission": "s"},
            **{"created": 1.0, "updated": 2.0, "state": "open"},
            "entries": {"you": you, "pet": b"\x80"},
        }
    )
    read = decode(blob)
    assert (read.version, read.state, read.attempt) == (1, "open", 0)
    assert (read.lease_until, read.receipt, read.notice) == (0.0, None, "")
    assert read.entries["you"].raw == {"name": ["Ada"]}
    pet = read.entries["pet"]
    assert (pet.raw, pet.rev, pet.accepted) == ({}, 0, False)
    assert (pet.errors, pet.passwords) == ({}, {})
    assert (pet.read, pet.read_digest) == ((), b"")


@pytest.mark.parametrize(
    ("kept", "name"),
    [
        *((draft(), "state"), (ENTRY, "accepted"), (ENTRY, "read_digest")),
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


def test_reprs_show_no_answer() -> None:
    opened = draft()
    shown = f"{opened!r} {opened} {opened.entries!r} {dict(opened.entries)}"
    assert SECRET not in shown
    assert "Ada" not in shown


def test_drafts_repr_says_where_it_stands() -> None:
    assert repr(draft()) == "<Draft open: you>"


def test_entrys_repr_says_whether_it_was_accepted() -> None:
    assert repr(ENTRY) == "<Entry rev 3, accepted>"


def test_repr_of_a_draft_without_entries_says_so() -> None:
    assert repr(draft().without("you")) == "<Draft open: empty>"


def test_repr_of_an_entry_that_was_only_kept_does_not_say_accepted() -> None:
    assert repr(Entry()) == "<Entry rev 0>"


def test_changed_draft_leaves_the_old_one_alone() -> None:
    old = draft()
    old.with_entries({"you": Entry()})
    assert old.entries["you"] == ENTRY


def test_step_can_be_left_out() -> None:
    kept = draft().with_entries({"check": Entry()})
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
    assert marks(draft().end("committed", 9.0)) == [b"h"]


# Holders


def test_draft_may_have_one_more_holder() -> None:
    kept = draft().add_holder(9.0, marks=[b"new"])
    assert kept.holders[1] == StoredHolder(b"new", "session", 9.0)
    assert marks(kept) == [b"h", b"new"]


def test_draft_names_a_holder_once() -> None:
    assert draft().add_holder(9.0, marks=[b"h"]).holders == draft().holders


def test_post_throws_no_holder_out() -> None:
    shared = draft().add_holder(9.0, marks=[b"new"])
    assert marks(shared.renew(9.0, notice="")) == [b"h", b"new"]


def test_newer_key_re_marks_its_session_alone() -> None:
    shared = draft().add_holder(9.0, marks=[b"new"])
    marked = shared.re_mark([b"by a newer key", b"h"])
    assert marked is not None
    assert marks(marked) == [b"by a newer key", b"new"]
    assert [holder.since for holder in marked.holders] == [1.0, 9.0]


def test_post_begins_another_lifetime() -> None:
    assert draft().renew(9.0, notice="").updated == 9.0


def test_post_leaves_a_notice_for_the_pages() -> None:
    assert draft().renew(9.0, notice="changed").notice == "changed"


def test_draft_opens_for_any_mark_of_a_holder() -> None:
    assert draft().re_mark([b"new", b"h"]) is not None
    assert draft().re_mark([b"new"]) is None
    assert draft().re_mark([]) is None


def test_mark_of_the_newest_key_stays_as_it_is() -> None:
    kept = draft()
    assert kept.re_mark([b"h", b"older"]) is kept


@pytest.mark.parametrize("kind", ["user", "guest"])
def test_session_does_not_open_what_another_kind_of_holder_has(kind: str) -> None:
    """A later release writes them, which knows what they may open."""
    holder = {"mark": b"h", "kind": kind, "since": 1.0}
    packed = msgspec.Raw(msgspec.msgpack.encode(holder))
    kept = draft(packed_holders=(packed,))
    assert kept.re_mark([b"h"]) is None
    assert kept.add_holder(9.0, marks=[b"h"]).packed_holders[0] == packed


@pytest.mark.parametrize(
    "holder",
    [
        *(7, None, b"h", {}, {"mark": b"h"}, {"mark": "h"}),
        {"mark": b"h", "kind": "unheard of", "since": 1.0},
        {"mark": b"h", "kind": "session", "since": -1.0},
    ],
    ids=str,
)
def test_holder_of_another_shape_opens_nothing(holder: object) -> None:
    parts = {**msgspec.msgpack.decode(encode(draft())), "holders": [holder]}
    kept = decode(msgspec.msgpack.encode(parts))
    with pytest.raises(UnreadableDraftError):
        kept.re_mark([b"h"])


# What a newer release has read


NEWER = {
    "raw": {"name": ["Ada"]},
    "accepted": True,
    "read": [["pets"], ["you", "age"], ["pets", "i", "name"], ["pets", "i", "", "age"]],
    "read_digest": b"digest",
    "read_lang": "de",
}


def newer_draft() -> Draft:
    return draft(packed_entries={"you": msgspec.msgpack.encode(NEWER)})


@pytest.mark.parametrize(
    ("change", "changed"),
    [
        (lambda kept: kept, {}),
        (lambda kept: kept.with_entries({"more": Entry()}), {}),
        (
            lambda kept: kept.with_entries(
                {"you": msgspec.structs.replace(kept.entries["you"], rev=7)}
            ),
            {"rev": 7},
        ),
        (
            lambda kept: kept.claim(3.0, 5.0).release().with_entries(kept.entries),
            {},
        ),
    ],
    ids=["nothing", "another step", "its revision", "a claim"],
)
def test_paths_of_a_newer_release_are_written_back(
    change: Callable[[Draft], Draft], changed: dict[str, object]
) -> None:
    after = decode(encode(change(newer_draft())))
    assert msgspec.msgpack.decode(after.packed_entries["you"]) == {**NEWER, **changed}


def test_key_beside_what_was_read_outlives_another_submission() -> None:
    entry = Entry.of({"name": ["Eve"]}, read=(("you", "age"),), read_digest=b"other")
    after = decode(encode(newer_draft().with_entries({"you": entry}))).entries["you"]
    assert msgspec.msgpack.decode(after.unknown["read_lang"]) == "de"
    assert (after.read, after.read_digest) == ((("you", "age"),), b"other")


@pytest.mark.parametrize("path", [[], ["a", "b", "c", "d", "e"], ["a", 1], "a"])
def test_path_of_another_length_or_type_is_unreadable(path: object) -> None:
    odd = msgspec.msgpack.encode({**NEWER, "read": [path]})
    with pytest.raises(UnreadableDraftError):
        _ = draft(packed_entries={"you": odd}).entries["you"]


# Entries as bytes


STEPS = [f"step{number}" for number in range(200)]


@pytest.fixture
def long() -> bytes:
    """A draft of 200 steps, each of which is bytes that no entry is written as."""
    odd = msgspec.msgpack.encode({"rev": 0, "accepted": True, "raw": {"it": ["x"]}})
    assert pack(unpack(Entry, odd)) != odd
    return encode(draft(packed_entries=dict.fromkeys(STEPS, odd)))


def test_untouched_entries_are_written_back_as_the_very_bytes(long: bytes) -> None:
    before = decode(long)
    changed = before.with_entries({"step7": Entry.of({"it": ["y"]})})
    after = decode(encode(changed)).packed_entries
    assert list(after) == STEPS
    assert {s for s in STEPS if after[s] != before.packed_entries[s]} == {"step7"}


def test_entry_is_decoded_when_it_is_asked_for(
    long: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened, written = [], []

    def note_opened(kind: type[Stored], packed: bytes) -> Stored:
        opened.append(kind)
        return unpack(kind, packed)

    def note_written(value: Stored) -> bytes:
        written.append(type(value))
        return pack(value)

    monkeypatch.setattr("flask_wizard.core.draft.unpack", note_opened)
    monkeypatch.setattr("flask_wizard.core.draft.pack", note_written)
    kept = decode(long)
    assert kept.entries["step7"] is kept.entries["step7"]
    kept.with_entries({"step7": Entry.of({"it": ["y"]})})
    assert opened == [Entry]
    assert written == [Entry]


def test_entries_are_a_mapping_of_what_is_stored() -> None:
    entries = draft().entries
    assert dict(entries) == {"you": ENTRY}
    assert (len(entries), "you" in entries, "pet" in entries) == (1, True, False)
    assert entries.get("pet") is None
    with pytest.raises(KeyError):
        entries["pet"]


def test_damaged_entry_is_unreadable_when_it_is_asked_for() -> None:
    kept = decode(encode(draft(packed_entries={"you": b"\xc1", "pet": b"\x80"})))
    assert kept.entries["pet"] == Entry()
    with pytest.raises(UnreadableDraftError):
        kept.entries["you"]


# Keys of a newer release


def newer(packed: bytes, **keys: object) -> bytes:
    """The same as code writes it that knows more keys."""
    return msgspec.msgpack.encode({**PARTS.decode(packed), **keys})


def test_unknown_key_of_a_draft_is_carried_through() -> None:
    read = decode(newer(encode(draft()), colour={"a": [1, b"x", None]}))
    assert (read.id, read.entries["you"]) == ("d", ENTRY)
    written = encode(read.renew(9.0, notice="").claim(10.0, 5.0))
    assert msgspec.msgpack.decode(written)["colour"] == {"a": [1, b"x", None]}
    assert decode(written).state == "committing"


def test_unknown_key_of_an_entry_outlives_a_submission() -> None:
    packed = newer(pack(ENTRY), later=["f"])
    read = decode(encode(draft(packed_entries={"you": packed})))
    assert read.entries["you"].raw == ENTRY.raw
    again = read.with_entries({"you": Entry.of({"name": ["Eve"]}, rev=4)})
    written = decode(encode(again)).entries["you"]
    assert (written.raw, written.rev) == ({"name": ["Eve"]}, 4)
    later = PARTS.decode(again.packed_entries["you"])["later"]
    assert bytes(later) == b"\x91\xa1f"


def test_unknown_key_of_a_holder_outlives_a_new_mark() -> None:
    packed = msgspec.Raw(newer(draft().packed_holders[0], steps=["reference"]))
    kept = draft(packed_holders=(packed,)).add_holder(9.0, marks=[b"n", b"h"])
    (written,) = msgspec.msgpack.decode(encode(kept))["holders"]
    assert written == {
        **{"mark": b"n", "kind": "session", "since": 1.0},
        "steps": ["reference"],
    }


def test_unknown_key_of_a_receipt_outlives_a_new_mark() -> None:
    receipt = newer(pack(Receipt("R-7")), later=30)
    ended = draft(state="committed", packed_receipt=receipt)
    marked = decode(encode(ended)).add_holder(9.0, marks=[b"other"])
    read = decode(encode(marked)).receipt
    assert read is not None
    assert (read.reference, msgspec.msgpack.decode(read.unknown["later"])) == (
        "R-7",
        30,
    )


def test_unknown_key_of_what_a_page_began_with_outlives_a_submission() -> None:
    before = unpack(Before, newer(pack(Before({"name": ["Ada"]})), colour=["f"]))
    entry = Entry.of({"name": ["Eve"]}, before=unpack(Before, pack(before)))
    read = unpack(Entry, pack(entry)).before
    assert read is not None
    assert read.raw == {"name": ["Ada"]}
    assert msgspec.msgpack.decode(read.unknown["colour"]) == ["f"]


def test_tombstone_has_no_unknown_key() -> None:
    """It may hold answers."""
    kept = decode(newer(encode(draft()), items={"pets": [SECRET]}))
    assert SECRET.encode() not in encode(kept.end("discarded", 9.0))


def test_unknown_key_does_not_excuse_a_wrong_part() -> None:
    with pytest.raises(UnreadableDraftError):
        decode(newer(encode(draft()), colour="blue", state="unheard of"))


def test_key_that_is_only_missing_makes_a_draft_unreadable() -> None:
    parts = PARTS.decode(newer(encode(draft()), colour="blue"))
    del parts["mount"]
    with pytest.raises(UnreadableDraftError):
        decode(msgspec.msgpack.encode(parts))


def test_two_threads_that_decode_first_at_once_decode_alike() -> None:
    script = """
    from __future__ import annotations

    import threading
    from concurrent.futures import ThreadPoolExecutor
    from dataclasses import dataclass

    from flask_wizard.core.draft import Stored, pack, unpack

    reads, done = threading.Event(), threading.Event()

    class Slow:
        def __getattr__(self, name):
            reads.set()
            done.wait(0.5)  # the other thread cannot be done, as it has to wait
            return str

    slow = Slow()

    @dataclass
    class Name:
        first: slow.text

    class Kept(Stored, frozen=True, kw_only=True):
        name: Name

    def second():
        assert reads.wait(60)
        found = unpack(Kept, packed)
        done.set()
        return found

    packed = pack(Kept(name=Name("Ada")))
    with ThreadPoolExecutor(2) as threads:
        found = [threads.submit(second), threads.submit(unpack, Kept, packed)]
    print(*[kept.result().name.first for kept in found])
    """
    assert run_script(script) == "Ada Ada"
