"""Which keys a draft is stored under, what it leaves out, and what none may have."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import msgspec
import pytest

from flask_wizard import Receipt, UnreadableDraftError
from flask_wizard.core.draft import (
    Before,
    Draft,
    Entry,
    Stored,
    StoredFile,
    StoredHolder,
    StoredItem,
    StoredLinks,
    pack,
    pack_files,
    storable,
    unpack,
)

PATH = ("pets", "i", "", "name")
BEFORE = Before(
    {"name": ["Ada"]},
    silent=("box",),
    read=(PATH,),
    read_digest=b"r",
    opened=False,
    files={"photo": ["a.png"]},
)
FILE = StoredFile("f", "photo", "a.png", content_type="image/png", size=9)
ENTRY = msgspec.structs.replace(
    Entry.of(
        {"name": ["Ada"]},
        rev=3,
        accepted=True,
        read=(PATH,),
        read_digest=b"r",
        form_digest=b"f",
        passwords={"pin": ["1"]},
        before=BEFORE,
        files=pack_files({"f": FILE}),
    ),
    errors={"name": ["No"]},
    html_errors={"name": [0]},
    lang="de",
    told=True,
    sent=False,
)
HOLDER = StoredHolder(
    b"h", "guest", 1.5, link="l", steps=("you",), sees=("pet",), until=2.5
)
LINKS = StoredLinks(generation=2, taken={"l": (1, 2.5)})
COPY = (("A", "B", 2, (("Name", ("Ada",)),)),)
RECEIPT = Receipt(
    "R-7",
    "/pay",
    "Thanks",
    keep=timedelta(days=1),
    html=True,
    html_parts=("contact",),
    copy=COPY,
    copy_until=2.5,
    next_steps="Wait",
    contact="Us",
    url_label="Pay",
)
ITEM = StoredItem(
    id="i",
    label="Rex",
    path=("",),
    read=(("you", "age"),),
    read_digest=b"r",
    packed_entries={"": b"\x80"},
    packed_items={},
    plain_prefix=(1, b"p"),
)
DRAFT = Draft(
    id="d",
    mount="m",
    packed_holders=(msgspec.Raw(b"\x80"),),
    created=1.0,
    updated=2.0,
    submission="s",
    version=2,
    state="committing",
    attempt=3,
    lease_until=4.0,
    unsettled=True,
    maybe_running=True,
    confirmed="c",
    packed_receipt=b"r",
    notice="moved",
    changed=(("you", "age"),),
    unneeded={"pet": "you"},
    packed_links=b"l",
    keep_until=5.0,
    reopened=True,
    reminded={"idle": 6.0},
    packed_entries={"you": b"\x80"},
    packed_items={"pets": (msgspec.Raw(b"\x80"),)},
    plain_prefix=(1, b"p"),
)

STORED: dict[str, tuple[Stored, dict[str, Any]]] = {
    "before": (
        BEFORE,
        {
            **{"raw": {"name": ["Ada"]}, "silent": ["box"], "read": [[*PATH]]},
            **{"read_digest": b"r", "opened": False, "files": {"photo": ["a.png"]}},
        },
    ),
    "file": (
        FILE,
        {
            **{"id": "f", "field": "photo", "filename": "a.png"},
            **{"content_type": "image/png", "size": 9},
        },
    ),
    "entry": (
        ENTRY,
        {
            **{"raw": {"name": ["Ada"]}, "rev": 3, "accepted": True, "told": True},
            **{"errors": {"name": ["No"]}, "html_errors": {"name": [0]}, "lang": "de"},
            **{"read": [[*PATH]], "read_digest": b"r", "form_digest": b"f"},
            **{"passwords": {"pin": ["1"]}, "before": pack(BEFORE), "sent": False},
            "files": {"f": msgspec.msgpack.decode(pack(FILE))},
        },
    ),
    "holder": (
        HOLDER,
        {
            **{"mark": b"h", "kind": "guest", "since": 1.5, "link": "l"},
            **{"steps": ["you"], "sees": ["pet"], "until": 2.5},
        },
    ),
    "links": (LINKS, {"generation": 2, "taken": {"l": [1, 2.5]}}),
    "receipt": (
        RECEIPT,
        {
            **{"reference": "R-7", "url": "/pay", "message": "Thanks", "html": True},
            **{"keep": "P1D", "html_parts": ["contact"], "copy_until": 2.5},
            **{"copy": [["A", "B", 2, [["Name", ["Ada"]]]]], "next_steps": "Wait"},
            **{"contact": "Us", "url_label": "Pay"},
        },
    ),
    "item": (
        ITEM,
        {
            **{"id": "i", "label": "Rex", "path": [""], "read": [["you", "age"]]},
            **{"read_digest": b"r", "entries": {"": b"\x80"}},
            "plain_prefix": [1, b"p"],
        },
    ),
    "draft": (
        DRAFT,
        {
            **{"id": "d", "mount": "m", "holders": [{}], "created": 1.0},
            **{"updated": 2.0, "submission": "s", "version": 2, "attempt": 3},
            **{"state": "committing", "lease_until": 4.0, "unsettled": True},
            **{"maybe_running": True, "confirmed": "c", "receipt": b"r"},
            **{"notice": "moved", "changed": [["you", "age"]], "links": b"l"},
            **{"unneeded": {"pet": "you"}, "keep_until": 5.0, "reopened": True},
            **{"reminded": {"idle": 6.0}, "entries": {"you": b"\x80"}},
            **{"items": {"pets": [{}]}, "plain_prefix": [1, b"p"]},
        },
    ),
}


@pytest.mark.parametrize(("value", "expected"), STORED.values(), ids=STORED)
def test_value_is_stored_under_these_keys(
    value: Stored, expected: dict[str, Any]
) -> None:
    """Another release reads them: a key that is renamed is lost."""
    assert msgspec.msgpack.decode(pack(value)) == expected
    assert unpack(type(value), pack(value)) == value


@pytest.mark.parametrize(("value", "expected"), STORED.values(), ids=STORED)
def test_nothing_of_it_can_be_changed(value: Stored, expected: dict[str, Any]) -> None:
    name = next(name for name in expected if hasattr(value, name))
    with pytest.raises(AttributeError):
        setattr(value, name, getattr(value, name))


LEAST: dict[type[Stored], dict[str, Any]] = {
    Before: {"raw": {}},
    StoredFile: {"id": "f", "field": "photo", "filename": "a.png"},
    Entry: {},
    StoredHolder: {"mark": b"h", "kind": "session", "since": 1.0},
    StoredLinks: {},
    Receipt: {},
    StoredItem: {"id": "i"},
    Draft: {
        **{"id": "d", "mount": "m", "holders": [], "created": 1.0, "updated": 2.0},
        "submission": "s",
    },
}
LEFT_OUT: dict[type[Stored], dict[str, Any]] = {
    Before: {
        **{"silent": (), "read": (), "read_digest": b"", "opened": True, "files": {}}
    },
    StoredFile: {"content_type": "", "size": 0},
    Entry: {
        **{"raw": {}, "rev": 0, "accepted": False, "errors": {}, "html_errors": {}},
        **{"lang": "", "told": False, "read": (), "read_digest": b"", "files": {}},
        **{"form_digest": b"", "passwords": {}, "before": None, "sent": True},
    },
    StoredHolder: {"link": "", "steps": (), "sees": (), "until": 0.0},
    StoredLinks: {"generation": 0, "taken": {}},
    Receipt: {
        **{"reference": None, "url": None, "message": None, "keep": None},
        **{"html": False, "html_parts": (), "copy": (), "copy_until": 0.0},
        **{"next_steps": None, "contact": None, "url_label": None},
    },
    StoredItem: {
        **{"label": "", "path": (), "read": (), "read_digest": b""},
        **{"packed_entries": {}, "packed_items": {}, "plain_prefix": (0, b"")},
    },
    Draft: {
        **{"version": 1, "state": "open", "attempt": 0, "lease_until": 0.0},
        **{"unsettled": False, "maybe_running": False, "confirmed": ""},
        **{"receipt": None, "notice": "", "changed": (), "unneeded": {}},
        **{"links": StoredLinks(), "keep_until": 0.0, "reopened": False},
        **{"reminded": {}, "packed_entries": {}, "packed_items": {}},
        **{"plain_prefix": (0, b""), "guests": (), "shared_steps": frozenset()},
    },
}


@pytest.mark.parametrize("kind", LEAST)
def test_what_is_left_out_has_these_values(kind: type[Stored]) -> None:
    value = unpack(kind, msgspec.msgpack.encode(LEAST[kind]))
    found = {name: getattr(value, name) for name in LEFT_OUT[kind]}
    assert found == LEFT_OUT[kind]
    assert msgspec.msgpack.decode(pack(value)) == LEAST[kind]


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        (StoredHolder, {"since": 2.0**37}),
        (StoredHolder, {"until": -1.0}),
        (StoredFile, {"size": -1}),
        (StoredFile, {"size": 2**53}),
        (StoredLinks, {"generation": -1}),
        (StoredItem, {"read": [[]]}),
        (Before, {"read": [["a", "b", "c", "d", "e"]]}),
    ],
    ids=str,
)
def test_part_that_is_none_of_ours_is_unreadable(
    kind: type[Stored], change: dict[str, object]
) -> None:
    damaged = msgspec.msgpack.encode({**LEAST[kind], **change})
    with pytest.raises(UnreadableDraftError, match=f"stored {kind.__name__} does not"):
        unpack(kind, damaged)


@pytest.mark.parametrize("value", [BEFORE, FILE, ENTRY, ITEM, DRAFT])
def test_repr_shows_no_answer(value: Before | StoredFile | Entry | StoredItem) -> None:
    """Rich's tracebacks show local variables by what ``__rich_repr__`` gives."""
    shown = f"{value!r} {value.__rich_repr__()}"
    assert not any(text in shown for text in ("Ada", "a.png", "Rex"))


def test_repr_says_what_a_value_is_of() -> None:
    assert repr(BEFORE) == "<Before: name>"
    assert BEFORE.__rich_repr__() == [("fields", ["name"])]
    assert repr(FILE) == "<StoredFile of 9 bytes>"
    assert FILE.__rich_repr__() == [("size", 9)]
    assert repr(ITEM) == "<StoredItem: 1 pages>"
    assert ITEM.__rich_repr__() == [("pages", 1)]
    two = DRAFT.with_entries({"pet": Entry()})
    assert repr(two) == "<Draft committing: you, pet>"
    assert repr(two.entries) == "<Entries: you, pet>"


@pytest.mark.parametrize(
    ("text", "expected"), [("Zoë", "Zoë"), ("a\udc80b", "a?b"), ("", "")]
)
def test_text_without_bytes_gets_a_question_mark(text: str, expected: str) -> None:
    assert storable(text) == expected


def test_entry_that_was_not_sent_has_what_its_page_began_with() -> None:
    entry = Entry.unsent(BEFORE)
    assert (entry.before, entry.sent, entry.raw) == (BEFORE, False, {})
    assert Entry.of({}).sent


def test_messages_say_their_language_and_whether_a_step_error_gave_them() -> None:
    entry = Entry.of({}, errors={"name": ["No"]}, lang="de")
    assert (entry.lang, entry.told) == ("de", False)
    assert entry.with_messages({"name": ["No"]}, told=True).told
    assert entry.with_messages({"name": ["No"]}).lang == ""


def test_position_of_html_behind_the_messages_is_passed_over() -> None:
    entry = msgspec.structs.replace(
        Entry(), errors={"a": ["x"]}, html_errors={"a": [1], "b": [0]}
    )
    assert entry.messages == {"a": ["x"]}


@pytest.mark.parametrize("raw", [b"\xc1", b"\x81\xa1a\x05", b"\x81\xa1a\x91\xa1\xff"])
def test_answer_that_does_not_decode_is_unreadable(raw: bytes) -> None:
    with pytest.raises(UnreadableDraftError, match="stored answer does not decode"):
        _ = Entry(msgspec.Raw(raw)).raw


def test_key_of_any_name_that_is_not_known_is_carried_through() -> None:
    written = {**LEAST[Draft], "unknown": "x", "packed_entries": 7}
    kept = unpack(Draft, msgspec.msgpack.encode(written))
    assert msgspec.msgpack.decode(pack(kept)) == written


def test_unknown_keys_of_an_entry_outlive_others() -> None:
    """The later release's own is taken, where it gives one."""

    def entry(**unknown: str) -> Entry:
        parts = {name: pack_text(text) for name, text in unknown.items()}
        return msgspec.structs.replace(Entry(), unknown=parts)

    def pack_text(text: str) -> msgspec.Raw:
        return msgspec.Raw(msgspec.msgpack.encode(text))

    kept = DRAFT.with_entries({"you": entry(a="1", b="1")})
    after = kept.with_entries({"you": entry(b="2", c="2")}).entries["you"]
    assert msgspec.msgpack.decode(pack(after)) == {"a": "1", "b": "2", "c": "2"}


def test_step_without_an_entry_has_what_is_asked_for_instead() -> None:
    assert DRAFT.entries.get("nobody") is None
    assert DRAFT.entries.get("nobody", ENTRY) is ENTRY
    assert DRAFT.entries.get("you", ENTRY) == Entry()
