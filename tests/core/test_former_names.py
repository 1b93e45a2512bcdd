"""Former names: what was filled in goes to the names of now, and back as it was."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from wizards import EMPTY, Commits, declare
from wtforms import FieldList, Form, FormField, StringField

from flask_wizard import Item, Repeat, Step
from flask_wizard.core.draft import Before, Draft, Entry, StoredItem, pack
from flask_wizard.core.former_names import with_new_names, with_stored_names

FEW = settings(max_examples=15, deadline=None)


class Inner(Form):
    x = StringField()


class New(Form):
    a = StringField()
    b = FormField(Inner)
    c = FieldList(StringField())


class Page(Item):
    one = Step(New, was="uno", fields_were={"a": ("p", "q")})
    two = Step(New, was=("due", "zwei"))


Now = declare(
    "Now",
    first=Step(New, was="erste", fields_were={"a": ("p", "q"), "b": "r", "c": "s"}),
    second=Step(New, was=("zweite", "segunda")),
    form=Repeat(New, was="formular", fields_were={"a": "p"}),
    pages=Repeat(Page, was="seiten"),
    commit=Commits.commit,
)

FIELDS = st.sampled_from(["a", "p", "q", "b-x", "r-x", "c-0", "s-0", "s-1", "ps", "z"])
RAW = st.dictionaries(FIELDS, st.lists(st.sampled_from("uvw"), max_size=2), max_size=4)
ENTRIES = st.builds(
    lambda raw, passwords, began: Entry.of(
        raw, accepted=True, passwords=passwords, before=Before(began)
    ),
    RAW,
    RAW,
    RAW,
)


def pages(*names: str) -> st.SearchStrategy[dict[str, Entry]]:
    return st.dictionaries(st.sampled_from(names), ENTRIES, max_size=3)


@st.composite
def drafts(draw: st.DrawFn) -> Draft:
    steps = ("first", "erste", "second", "zweite", "segunda", "form", "pages", "gone")
    draft = EMPTY.with_entries(draw(pages(*steps, "formular", "seiten")))
    for name in ("form", "formular", "pages", "seiten"):
        kinds = pages("") if "form" in name else pages("one", "uno", "two", "due")
        found = draw(st.lists(kinds, max_size=2))
        items = [StoredItem(str(n)).with_entries(e) for n, e in enumerate(found)]
        draft = draft.with_items(name, items) if items else draft
    return draft


def content(draft: Draft) -> object:
    """What a draft has, in whatever order."""
    return (
        {name: msgspec.msgpack.decode(e) for name, e in draft.packed_entries.items()},
        {
            name: [(i.id, dict(i.entries)) for i in draft.items(name)]
            for name in draft.packed_items
        },
    )


@settings(FEW)
@given(drafts())
def test_draft_is_stored_by_the_names_that_it_has(draft: Draft) -> None:
    opened, names = with_new_names(draft, Now.steps)
    assert content(with_stored_names(opened, names)) == content(draft)


@settings(FEW)
@given(drafts())
def test_nothing_is_lost_under_the_names_of_now(draft: Draft) -> None:
    opened, _ = with_new_names(draft, Now.steps)
    assert len(opened.packed_entries) == len(draft.packed_entries)
    again, names = with_new_names(opened, Now.steps)
    assert (again, names) == (opened, {})


@settings(FEW)
@given(drafts())
def test_names_of_now_stay_with_their_answers(draft: Draft) -> None:
    opened, _ = with_new_names(draft, Now.steps)
    for name in draft.packed_entries.keys() & {"second", "gone"}:
        assert opened.packed_entries[name] == draft.packed_entries[name]
    if entry := draft.entries.get("first"):
        was, now = entry.raw, opened.entries["first"].raw
        assert {n: was[n] for n in was if n in "abc"}.items() <= now.items()
        assert sorted(map(repr, was.values())) == sorted(map(repr, now.values()))


def test_unknown_keys_of_an_entry_move_along() -> None:
    later = replace(Entry.of({"p": ["u"]}), unknown={"k": msgspec.Raw(b"\x01")})
    draft = replace(EMPTY, packed_entries={"erste": pack(later)})
    opened, _ = with_new_names(draft, Now.steps)
    assert opened.entries["first"].unknown.keys() == {"k"}
    assert opened.entries["first"].raw == {"a": ["u"]}
