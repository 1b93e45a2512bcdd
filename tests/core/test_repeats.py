"""A list bound to a draft: its items, when it is done, and what it tells of them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from lists import (
    Child,
    Pet,
    Photo,
    School,
    Site,
    Who,
    child,
    declare,
    ids,
    name_of,
    over,
    pets,
    prefilled,
    room,
    rooms,
    wizard_of,
)
from wizards import EMPTY
from wtforms import (
    Form,
    IntegerField,
    StringField,
)
from wtforms.validators import InputRequired, NoneOf

from flask_wizard import (
    Answers,
    DefinitionError,
    Item,
    Repeat,
    Step,
    StepError,
    StoreError,
    UnknownNameError,
)
from flask_wizard.core.draft import (
    DamagedDraftError,
    Entry,
    StoredFile,
    StoredItem,
)
from flask_wizard.core.files import FileRules, SentFile
from flask_wizard.core.forms import FieldNames, Values
from flask_wizard.core.hooks import HookError
from flask_wizard.core.items import derive_id
from flask_wizard.core.journey import Journey
from flask_wizard.core.steps import ABSENT
from flask_wizard.core.texts import ENGLISH, Texts

# Declared


def test_list_says_what_holds_in_every_draft() -> None:
    repeat: Any = wizard_of(Repeat(Pet)).steps[1]
    assert (repeat.page, repeat.has_answers, repeat.takes_input) == (
        "list",
        True,
        False,
    )
    assert (repeat.singular, repeat.item, repeat.is_fixed) == ("pet", None, False)
    assert (repeat.takes_files, repeat.may_be_left_out) == (False, False)
    assert repeat.fixed_forms == [Pet]
    assert repeat.pages.names == ("",)
    assert repeat.pages[0].title == "Pet"
    assert repeat.fixed_form is None
    several: Any = wizard_of(Repeat(Child)).steps[1]
    assert several.item is Child
    assert several.fixed_forms == [Who, School]
    assert several.pages is Child.steps
    files: Any = wizard_of(Repeat(Photo)).steps[1]
    assert files.takes_files
    by_answers: Any = wizard_of(Repeat(lambda answers: Pet)).steps[1]
    assert (by_answers.item, by_answers.fixed_forms) == (None, [])


@pytest.mark.parametrize(
    ("given", "expected"),
    [({"when": lambda answers: True}, True), ({"over": lambda answers: []}, True)],
)
def test_list_may_be_left_out_by_its_functions(given: Any, expected: bool) -> None:
    assert Repeat(Pet, **given).may_be_left_out is expected


@pytest.mark.parametrize(
    ("attribute", "singular"),
    [("pets", "pet"), ("address", "item"), ("home_towns", "home town"), ("x", "item")],
)
def test_item_is_called_by_the_name_of_its_list(attribute: str, singular: str) -> None:
    repeat: Any = declare(**{attribute: Repeat(Pet)}).steps[0]
    assert repeat.singular == singular


def test_item_is_called_as_is_said() -> None:
    repeat: Any = declare(pets=Repeat(Pet, singular="small animal")).steps[0]
    assert repeat.singular == "small animal"
    assert repeat.pages[0].title == "Small animal"
    assert repeat.numbered(2) == "Small animal 2"


@pytest.mark.parametrize(
    ("given", "count", "expected"),
    [
        ({"singular": "pet"}, 0, "Add a pet"),
        ({"singular": "pet"}, 1, "Add another pet"),
        ({"singular": "Animal"}, 0, "Add an Animal"),
        ({"singular": "pet", "add_label": "More"}, 0, "More"),
        ({"singular": "pet", "add_label": "More"}, 1, "More"),
    ],
)
def test_button_says_what_it_adds(
    given: dict[str, str], count: int, expected: str
) -> None:
    assert Repeat(Pet, **given).add_text(count, ENGLISH) == expected  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"min": -1}, r"Join\.pets has min=-1"),
        ({"min": True}, "has min=True"),
        ({"min": 1.0}, r"has min=1\.0"),
        ({"max": 0}, "has max=0 and min=0"),
        ({"min": 3, "max": 2}, "has max=2 and min=3"),
        ({"max": True}, "has max=True"),
        ({"over": lambda answers: [], "min": 1}, "has over=, which says how many"),
        ({"over": lambda answers: [], "max": 1}, "has over=, which says how many"),
        ({"when": lambda: 7}, r"when of Join\.pets has .* Expected \(answers\)"),
        ({"over": lambda: []}, r"over of Join\.pets has .* Expected \(answers\)"),
        ({"label": lambda: ""}, r"label of Join\.pets has .* Expected \(item\)"),
        ({"when": 7}, r"when of Join\.pets is 7"),
    ],
)
def test_list_that_contradicts_itself_is_refused(given: Any, match: str) -> None:
    with pytest.raises(DefinitionError, match=match):
        declare(pets=Repeat(Pet, **given))


@pytest.mark.parametrize("given", [{"min": 0, "max": 1}, {"min": 2, "max": 2}])
def test_bounds_that_can_be_kept_are_taken(given: Any) -> None:
    declare(pets=Repeat(Pet, **given))


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"prepare": lambda form, answers: None}, "has prepare=, and its items have"),
        ({"kwargs": lambda answers: {}}, "has kwargs=, and its items have"),
        ({"fields_were": {"name": "n"}}, "has fields_were=, and its items have"),
        ({"revalidate": False}, "has revalidate=False, and its items have"),
    ],
)
def test_option_of_a_page_is_none_of_a_list_of_several(given: Any, match: str) -> None:
    with pytest.raises(DefinitionError, match=match):
        declare(pets=Repeat(Child, **given))


def test_item_without_pages_is_refused() -> None:
    class Nothing(Item):
        pass

    with pytest.raises(DefinitionError, match="Nothing has no steps"):
        declare(pets=Repeat(Nothing))


def test_field_of_the_name_of_an_items_id_is_refused() -> None:
    class Own(Form):
        item_id = StringField("Id")

    with pytest.raises(DefinitionError, match="Own has a field 'item_id'"):
        declare(pets=Repeat(Own))


def test_page_of_the_name_of_a_step_is_refused() -> None:
    with pytest.raises(DefinitionError, match="its items have a page 'who'"):
        declare(who=Step(Pet), pets=Repeat(Child))


def test_options_of_the_only_page_are_those_of_the_list() -> None:
    repeat: Any = declare(
        pets=Repeat(
            Pet,
            prepare=lambda form, answers: None,
            kwargs=lambda answers: {},
            revalidate=False,
            fields_were={"name": "n"},
            words={"Confirm and send": "Send"},
        )
    ).steps[0]
    page = repeat.pages[0]
    assert page.prepare is repeat.prepare
    assert page.kwargs is repeat.kwargs
    assert page.revalidate is False
    assert page.words == {"Confirm and send": "Send"}
    assert repeat.former_fields == page.former_fields == {"name": ("n",)}


# Items


def test_items_stand_in_the_order_in_which_they_were_added() -> None:
    site = pets("Rex", "Max")
    assert ids(site.list) == ["Rex", "Max"]
    assert [item.number for item in site.list.items] == [1, 2]
    assert [item.name for item in site.list.items] == ["Rex", "Max"]
    found = site.list.find("Max")
    assert found is not None
    assert not found.is_new
    assert site.list.find("Mia") is None
    assert repr(found) == "<item 2 of pets>"


def test_new_item_stands_at_the_end_and_begins_when_it_is_filled_in() -> None:
    site = pets("Rex")
    new = site.list.new_item("Max")
    assert (new.number, new.is_new, new.name) == (2, True, "Pet 2")
    assert new.walk.url_parts == ("pets", "new")
    untouched = new.walk.submit(
        "", Values({"name": [""], "kind": [""]}), validate=False
    )
    assert ids(site.store(untouched.whole)) == ["Rex"]
    onward = new.walk.submit("", Values({"kind": ["cat"]}), validate=False)
    assert onward.url_parts == ("pets", "Max")
    assert ids(site.store(onward.whole)) == ["Rex", "Max"]
    assert site.list.items[1].walk.url_parts == ("pets", "Max")


def test_item_that_is_not_finished_is_called_by_its_number() -> None:
    site = pets("Rex")
    site.fill("Rex", name="", kind="dog")
    (item,) = site.list.items
    assert (item.done, item.name, item.stored.label) == (False, "Pet 1", "")
    assert (item.stored.path, item.stored.read_digest) == ((), b"")


def test_finished_item_is_stored_with_what_tells_that_it_is() -> None:
    (item,) = pets("Rex").list.items
    assert item.done
    assert (item.stored.label, item.stored.path, item.stored.read) == (
        *("Rex", ("",)),
        (),
    )
    assert len(item.stored.read_digest) == 16


def test_item_is_removed() -> None:
    site = pets("Rex", "Max", "Mia")
    assert ids(site.leave(site.list.without_item("Max"))) == ["Rex", "Mia"]
    assert ids(site.leave(site.list.without_item("nobody"))) == ["Rex", "Mia"]


def test_changed_item_stays_at_its_place() -> None:
    site = pets("Rex", "Max")
    repeat = site.fill("Rex", name="Eva")
    assert [item.name for item in repeat.items] == ["Eva", "Max"]


@pytest.mark.parametrize("label", [lambda item: None, lambda item: 1 / 0, None])
def test_item_without_a_label_is_called_by_its_number(label: Any) -> None:
    assert pets("Rex", label=label).list.items[0].name == "Pet 1"


def test_label_that_fails_is_logged_without_an_answer(caplog: Any) -> None:
    names = ["canary"]
    pets(*names, label=lambda item: 1 / 0)
    assert "label of the list 'pets' failed" in caplog.text
    assert "canary" not in caplog.text


def test_label_is_one_line_of_text() -> None:
    assert pets("Rex", label=lambda item: f"  {item.name} ").list.items[0].name == "Rex"


def test_list_has_room_up_to_its_maximum() -> None:
    site = pets("Rex", max=2)
    assert not site.list.is_full
    assert site.list.add_label == "Add another pet"
    new = site.list.new_item("Max").walk.bind("")
    assert new.add_label == ""
    assert site.list.items[0].walk.bind("").add_label == "Add another pet"
    full = site.fill("Max", name="Max")
    assert full.is_full
    assert full.add_label == ""
    unlimited = pets("Rex").list
    assert not unlimited.is_full
    assert unlimited.add_label == "Add another pet"
    assert unlimited.new_item("Max").walk.add_label == "Add another pet"


# Is it done?


def test_list_is_done_when_its_continue_was_accepted() -> None:
    site = pets("Rex")
    assert not site.list.done
    accepted = site.send("pets")
    assert accepted.done
    entry = accepted.entry
    assert entry is not None
    assert (entry.rev, entry.sent, entry.errors, entry.lang) == (1, False, {}, "")


@pytest.mark.parametrize(
    ("given", "names", "problem"),
    [
        ({"min": 1}, [], "Add at least one pet."),
        ({"min": 1}, ["a"], ""),
        ({"min": 3}, ["a"], "There must be at least 3. Add 2 more."),
        ({"min": 3, "max": 4}, ["a"], "There must be at least 3. Add 2 more."),
        ({"max": 1}, ["a"], ""),
        ({"max": 1}, ["a", "b", "c"], "There can be at most 1. Remove 2."),
        ({"min": 2, "max": 2}, ["a", "b"], ""),
        ({}, [], ""),
    ],
)
def test_number_of_items_must_fit(given: Any, names: list[str], problem: str) -> None:
    site = pets(*names, **given)
    assert site.list.problems == ({"": [problem]} if problem else {})
    assert site.list.trusted is not bool(problem)
    sent = site.send("pets")
    assert sent.done is not bool(problem)
    assert sent.errors == ({"": [problem]} if problem else {})


def test_item_that_is_not_finished_is_told() -> None:
    site = pets("Rex", "Max")
    site.fill("Max", name="")
    sent = site.send("pets")
    assert sent.errors == {"Max": ["Finish Pet 2."]}
    assert not sent.done
    unfinished = sent.first_unfinished
    assert unfinished is not None
    assert unfinished.id == "Max"
    finished = site.fill("Max", name="Max")
    assert finished.errors == {}
    assert finished.first_unfinished is None


def test_message_about_an_item_is_gone_when_it_is_done_by_another_answer() -> None:
    def other_than_first(form: Any, answers: Answers) -> None:
        form.name.validators = [NoneOf([answers.first.name], message="Taken")]

    site = pets("Rex", prepare=other_than_first)
    site.send("first", name="Rex")
    assert site.send("pets").errors == {"Rex": ["Finish Pet 1."]}
    site.send("first", name="Max")
    assert site.list.errors == {}


def test_message_of_another_language_is_said_anew() -> None:
    site = pets("Rex", min=2)
    site.more["texts"] = Texts(lambda: "de")
    sent = site.send("pets")
    assert sent.entry is not None
    assert sent.entry.lang == "de"
    german = sent.errors
    del site.more["texts"]
    assert site.list.errors == german
    site.more["texts"] = Texts(lambda: "en")
    english = {"": ["There must be at least 2. Add 1 more."]}
    assert site.list.errors == english != german
    site.more["texts"] = Texts(lambda: "de")
    site.draft = site.list.send_back(site.draft, StepError("pets", "Zu wenig"))
    site.more["texts"] = Texts(lambda: "en")
    assert site.list.errors == {"": ["Zu wenig"]}


def test_messages_about_items_are_gone_when_an_item_changes() -> None:
    site = pets(min=1)
    assert site.send("pets").errors == {"": ["Add at least one pet."]}
    assert site.fill("Rex", name="Rex").errors == {}


def test_list_stays_done_while_its_items_are() -> None:
    site = pets("Rex")
    site.send("pets")
    assert site.fill("Rex", name="Eva").done
    assert not site.fill("Rex", name="").done
    assert site.fill("Rex", name="Eva").done
    assert not site.leave(site.list.reopen()).done


def test_list_is_not_done_with_fewer_items_than_it_must_have() -> None:
    site = pets("Rex", "Max", min=2)
    assert site.send("pets").done
    fewer = site.leave(site.list.without_item("Max"))
    assert fewer.entry is not None
    assert fewer.entry.accepted
    assert not fewer.done


def test_save_of_the_list_raises_its_revision() -> None:
    site = pets("Rex")
    assert site.send("pets", validate=False).entry is None
    site.send("pets")
    assert site.send("pets", validate=False).rev == 2
    assert site.list.done
    autosaved = site.list.submit(Values(), validate=False, autosave=True)
    assert autosaved.rev == 2
    assert site.list.submit(Values(), validate=False).rev == 3


def test_list_that_does_not_open_accepts_nothing() -> None:
    draft = Journey(wizard_of(Repeat(Pet)).steps, EMPTY)
    bound: Any = draft.bind("pets")
    assert bound.submit(Values(), validate=True).entry is None
    item = bound.new_item("Rex")
    assert not item.done
    page = item.page()
    assert page is not None
    assert not page.opens


def test_list_that_waits_is_not_done() -> None:
    site = pets("Rex")
    site.send("pets")
    bound = site.list
    bound.wait_for(("first",))
    assert (bound.done, bound.opens, bound.waits_for) == (False, False, ("first",))
    without_items = pets().send("pets")
    without_items.wait_for(("first",))
    assert not without_items.done


def test_reads_of_a_list_are_those_of_the_page_that_comes_next() -> None:
    def look_before(form: Any, answers: Answers) -> None:
        list(form.meta.items)

    site = Site(Repeat(Pet, prepare=look_before))
    assert site.list.find_reads() == {("pets", "new")}
    assert site.fill("a", name="Rex").find_reads() == {("pets", "a"), ("pets", "new")}
    assert site.send("pets").find_reads() == {("pets", "a")}
    assert site.fill("b", name="").find_reads() == {("pets", "a"), ("pets", "b")}


def test_list_has_the_answers_before_it() -> None:
    assert pets().list.answers.first.name == "x"
    with pytest.raises(UnknownNameError):
        _ = pets().list.answers.last


# Items of an earlier answer


def test_list_has_an_item_for_each_key() -> None:
    site = rooms()
    assert ids(site.list) == [room("a"), room("b")]
    assert [item.name for item in site.list.items] == ["A", "B"]
    assert [item.number for item in site.list.items] == [1, 2]
    assert site.list.is_full
    assert site.list.add_label == ""
    assert site.list.items[0].walk.add_label == ""
    assert site.list.problems.keys() == {room("a"), room("b")}


def test_item_whose_key_goes_is_hidden_and_comes_back() -> None:
    site = rooms()
    site.fill(room("b"), name="Bath")
    site.send("first", name="a")
    assert ids(site.list) == [room("a")]
    hidden = site.list.hidden_item(room("b"))
    assert (hidden.number, hidden.stored.label) == (2, "")
    assert hidden.stored.entries[""].raw == {"name": ["Bath"]}
    assert [item.id for item in site.draft.items("pets")] == [room("b")]
    site.send("first", name="b,a")
    assert ids(site.list) == [room("b"), room("a")]
    assert [item.done for item in site.list.items] == [True, False]
    assert site.list.hidden_item("nobody").stored == StoredItem("nobody")


def test_list_without_keys_does_not_apply() -> None:
    site = rooms(",")
    assert not site.list.applies
    assert not site.list.opens
    assert site.journey.current.name == "last"


def test_keys_tell_numbers_from_texts() -> None:
    site = Site(Repeat(Pet, over=lambda answers: [(1, "x"), ("1", "y")]))
    assert ids(site.list) == [room(1), room("1")]


@pytest.mark.parametrize(
    "given", [[("a", "x"), ("a", "y")], ["ab", "ab"]], ids=["pairs", "strings"]
)
def test_key_that_comes_twice_is_refused(given: Any) -> None:
    with pytest.raises(DefinitionError, match="returned one key twice"):
        _ = Site(Repeat(Pet, over=lambda answers: given)).list


@pytest.mark.parametrize("pair", [7, "abc", ("a",), (None, "x"), (True, "x")])
def test_what_is_no_pair_of_a_key_and_a_label_is_refused(pair: object) -> None:
    kind = type(pair).__name__
    with pytest.raises(DefinitionError, match=f"'pets' returned {kind} among"):
        _ = Site(Repeat(Pet, over=lambda answers: [pair])).list  # type: ignore[list-item]


@pytest.mark.parametrize("hook", ["when", "over"])
@pytest.mark.parametrize(
    ("error", "expected"),
    [(StoreError("x"), HookError), (DamagedDraftError("x"), DamagedDraftError)],
)
def test_error_of_ours_out_of_a_function_is_the_applications(
    hook: str, error: Exception, expected: type[Exception]
) -> None:
    def fails(answers: Answers) -> Any:
        raise error

    given: Any = {hook: fails}
    with pytest.raises(expected):
        _ = Site(Repeat(Pet, **given)).list


def test_condition_hides_the_list() -> None:
    def some(answers: Answers) -> object:
        return answers.first.name != "none"

    def never(answers: Answers) -> Any:
        raise AssertionError

    site = Site(Repeat(Pet, when=some))
    assert site.list.applies
    assert site.list.all_reads == {("first", "name")}
    assert site.send("pets").serialize("") != ABSENT
    site.send("first", name="none")
    assert not site.list.applies
    assert not site.list.without_item("Rex").applies
    assert site.list.serialize("") == ABSENT
    assert not Site(Repeat(Pet, when=lambda answers: False, over=never)).list.applies


def test_items_of_a_list_by_a_former_name_are_found() -> None:
    site = rooms("a")
    stored = StoredItem(room("a", "old")).with_entries({"": Entry.of({"name": ["x"]})})
    draft = site.draft.with_items("pets", [stored])
    renamed = Site(Repeat(Pet, over=over, was="old"), draft)
    assert ids(renamed.list) == [room("a", "old")]
    assert ids(Site(Repeat(Pet, over=over), draft).list) == [room("a")]


# What was filled in while it was a step, or an item was one form


def test_step_that_becomes_a_list_keeps_its_answers() -> None:
    entry = Entry.of({"name": ["Rex"]}, rev=3, accepted=True)
    site = pets()
    draft = site.draft.with_entries({"pets": entry})
    taken = Site(Repeat(Pet), draft)
    (item,) = taken.list.items
    assert item.stored.entries[""].raw == {"name": ["Rex"]}
    assert taken.list.entry == Entry(accepted=True, rev=3, sent=False)
    stored = taken.leave(taken.list)
    assert ids(stored) == [item.id]
    again = Site(Repeat(Pet), taken.draft.with_entries({"pets": entry}))
    assert ids(again.list) == [item.id]
    other = Entry.of({"name": ["Max"]}, accepted=True)
    more = Site(Repeat(Pet), taken.draft.with_entries({"pets": other}))
    assert [i.stored.entries[""].raw["name"] for i in more.list.items] == [
        ["Rex"],
        ["Max"],
    ]
    assert len({*ids(more.list)}) == 2


def test_step_to_which_nothing_was_sent_becomes_a_list_without_items() -> None:
    entry = Entry.of({}, rev=3, accepted=True)
    taken = Site(Repeat(Pet), pets().draft.with_entries({"pets": entry}))
    assert taken.list.items == ()


def test_step_that_becomes_a_list_of_an_earlier_answer_leaves_no_item() -> None:
    entry = Entry.of({"name": ["Rex"]}, accepted=True)
    taken = Site(Repeat(Pet, over=over), rooms().draft.with_entries({"pets": entry}))
    assert taken.list.stored_items == ()
    assert taken.list.entry == entry


def test_step_that_becomes_a_list_of_several_pages_is_an_item_beside_others() -> None:
    entry = Entry.of({"name": ["Rex"]}, accepted=True)
    site = Site(Repeat(Child))
    site.fill("a", "school", school="Hill")
    taken = Site(Repeat(Child), site.draft.with_entries({"pets": entry})).list
    assert [list(i.stored.entries) for i in taken.items] == [["school"], ["who"]]


def test_list_that_was_no_step_leaves_the_draft_as_it_is() -> None:
    site = child()
    assert site.list.write_to(site.draft) is site.draft


def test_form_that_becomes_several_pages_is_the_first_of_them() -> None:
    site = pets("Rex")
    moved = Site(Repeat(Child), site.draft).list
    (item,) = moved.items
    assert list(item.stored.entries) == ["who"]
    assert item.stored.entries["who"].raw == {"name": ["Rex"]}
    both = site.draft.items("pets")[0].with_entries(
        {"who": Entry.of({"name": ["old"], "pin": ["1"]})}
    )
    merged = Site(Repeat(Child), site.draft.with_items("pets", [both])).list
    raw = merged.items[0].stored.entries["who"].raw
    assert raw == {"name": ["Rex"], "pin": ["1"]}
    moved_before = StoredItem("a").with_entries({"who": Entry.of({"name": ["Max"]})})
    draft = site.draft.with_items("pets", [moved_before, *site.draft.items("pets")])
    assert [
        list(item.stored.entries) for item in Site(Repeat(Child), draft).list.items
    ] == [["who"], ["who"]]


def by_first(answers: Answers) -> type[Form]:
    return {"x": Pet}[answers.first.name]


def by_who(answers: Answers) -> type[Form]:
    return {"Ada": Pet}[answers.who.name]


class Later(Item):
    who = Step(Who)
    made = Step(by_who)
    school = Step(School, prepare=lambda form, answers: form.nothing)


@pytest.mark.parametrize(
    ("repeat", "page", "sent"),
    [
        (Repeat(by_first), "", {"name": [""]}),
        (Repeat(Later), "school", {"school": [""]}),
        (Repeat(Later), "who", {"name": [""], "pin": [""]}),
    ],
)
def test_page_that_nobody_touched_begins_no_item(
    repeat: Repeat, page: str, sent: dict[str, list[str]]
) -> None:
    site = Site(repeat)
    untouched = site.list.new_item("i").walk.submit(page, Values(sent), validate=False)
    assert site.store(untouched.whole).items == ()


def test_page_whose_form_is_not_known_yet_begins_an_item() -> None:
    site = Site(Repeat(Later))
    values = Values({"name": ["x"]})
    values.names = FieldNames(("name",))
    onward = site.list.new_item("i").walk.submit("made", values, validate=True)
    (item,) = site.store(onward.whole).items
    assert item.stored.entries["made"].raw == {"name": ["x"]}


def test_page_that_cannot_be_shown_begins_an_item_by_what_was_sent() -> None:
    odd: Any = "none"

    class Number(Form):
        number = IntegerField("Number", default=odd)

    site = Site(Repeat(Number))
    (item,) = site.fill("i", validate=False, number="").items
    assert item.stored.entries[""].raw == {"number": [""]}


# What it tells


def test_answers_are_records_in_order_with_their_ids() -> None:
    site = pets("Rex", "Max")
    assert site.answers.pets == ()
    site.send("pets")
    found = site.answers.pets
    assert [(pet.item_id, pet.name) for pet in found] == [
        ("Rex", "Rex"),
        ("Max", "Max"),
    ]
    reads: set[Any] = set()
    _ = [record.name for record in site.list.record(reads)]
    assert reads == {
        ("pets", ""),
        ("pets", "Rex", "", "name"),
        ("pets", "Max", "", "name"),
    }
    reads.clear()
    assert pets("Rex").list.record(reads) == ()
    assert reads == {("pets", "")}


def test_answers_of_one_form_are_dicts() -> None:
    assert pets("Rex").list.data() == [{"name": "Rex", "kind": None}]
    assert pets().list.data() == []


def test_uploads_are_told_by_item() -> None:
    site = Site(Repeat(Photo))
    site.fill("i")
    assert site.list.files() == [{"photo": []}]


class Papers(Item):
    scan = Step(Photo)


@pytest.mark.parametrize(
    ("repeat", "page", "path"),
    [(Repeat(Photo), "", "photo"), (Repeat(Papers), "scan", "scan.photo")],
)
def test_file_of_an_item_is_inspected_by_its_list_and_the_way_to_it(
    repeat: Repeat, page: str, path: str
) -> None:
    asked: list[tuple[str, str]] = []

    def bind(draft_id: str, stored: StoredFile) -> Any:
        return SimpleNamespace(stored=stored, filename="f.png", seek=lambda at: None)

    def inspect(bound: object, step: str, path: str) -> str:
        asked.append((step, path))
        return ""

    site = Site(repeat, files=FileRules(bind=bind, inspect=inspect))
    values = Values()
    values.files = {"f": SentFile(StoredFile("f", "photo", "f.png", size=5))}
    walk = site.list.new_item("i").walk
    (item,) = site.store(walk.submit(page, values, validate=True).whole).items
    assert asked == [("pets", path)]
    assert item.done


def test_what_was_submitted_tells_the_items() -> None:
    assert pets().list.submitted is None
    one, other = pets("Rex").list.submitted, pets("Max").list.submitted
    assert one == [("Rex", [("", ({"name": ["Rex"]}, 0))])]
    assert one != other


def test_list_is_hashed_by_its_items_and_their_fields() -> None:
    site = pets("Rex", "Max")
    assert site.list.serialize("") == ABSENT
    done = site.send("pets")
    items, name = done.serialize(""), done.serialize("Rex", "", "name")
    assert items != ABSENT
    assert name not in (ABSENT, items)
    assert done.serialize() == done.serialize("Eva", "", "name") == ABSENT
    assert done.serialize("Rex", "who", "name") == ABSENT
    changed = site.fill("Rex", name="Eva")
    assert changed.serialize("") == items
    assert changed.serialize("Rex", "", "name") != name
    assert changed.serialize("Max", "", "name") == done.serialize("Max", "", "name")
    assert site.leave(site.list.without_item("Max")).serialize("") != items


def test_rows_begin_with_the_number_of_items() -> None:
    site = pets("Rex", "Max")
    rows = site.list.rows(lambda bound: f"/{'/'.join(bound.journey.url_parts)}")
    assert (rows[0].label, rows[0].lines, rows[0].url) == ("Pets", ("2 entries",), "/")
    assert (rows[0].step, rows[0].field, rows[0].item) == ("pets", "", "")
    assert rows[0].anchor == ""
    named = [(r.item, r.heading, r.page, r.step) for r in rows[1:] if r.field == "name"]
    assert named == [("Rex", "Rex", "", "pets"), ("Max", "Max", "", "pets")]
    assert rows[1].url == "/pets/Rex#name"


def test_rows_of_a_list_without_items_say_so() -> None:
    (row,) = pets().list.rows(lambda bound: "/pets")
    assert (row.label, row.lines) == ("Pets", ("None",))


@pytest.mark.parametrize(
    ("label", "heading"), [(name_of, "Bath"), (lambda item: "", "A")]
)
def test_rows_of_an_item_stand_below_its_label_or_else_its_name(
    label: Any, heading: str
) -> None:
    site = rooms("a", label=label)
    site.fill(room("a"), name="Bath")
    rows = site.list.rows(lambda bound: "")
    assert {row.heading for row in rows[1:]} == {heading}


def test_rows_of_several_pages_tell_the_page() -> None:
    site = child()
    site.fill("i", "school", school="Hill")
    rows = site.list.rows(lambda bound: f"/{bound.name}")
    assert {(row.page, row.url.partition("#")[0]) for row in rows[1:]} == {
        ("who", "/who"),
        ("school", "/school"),
    }


# Errors of a commit


def test_error_of_a_commit_is_put_at_the_item() -> None:
    site = pets("Rex", "Max")
    site.send("pets")
    error = StepError("pets", "No", field="name", item="Max")
    landing = site.list.landing(error)
    assert landing.name == ""
    assert landing.journey.inside == ("pets", "Max")
    site.draft = site.list.send_back(site.draft, error)
    rex, max_ = site.draft.items("pets")
    assert rex.entries[""].accepted
    assert rex.read_digest
    entry = max_.entries[""]
    assert (entry.accepted, entry.told) == (False, True)
    assert entry.messages == {"name": ["No"]}
    assert (max_.label, max_.path, max_.read_digest) == ("", (), b"")
    assert not site.list.done


def test_item_that_is_sent_back_has_read_nothing() -> None:
    def look_before(form: Any, answers: Answers) -> None:
        list(form.meta.items)

    site = pets("Rex", prepare=look_before)
    assert site.draft.items("pets")[0].read == (("pets", "Rex"),)
    draft = site.list.send_back(site.draft, StepError("pets", "No", item="Rex"))
    assert draft.items("pets")[0].read == ()


def test_error_of_a_commit_is_put_at_the_page_of_an_item() -> None:
    site = child()
    site.fill("i", "school", school="Hill")
    error = StepError("pets", "No", field="school.school", item="i")
    assert site.list.landing(error).name == "school"
    (stored,) = site.list.send_back(site.draft, error).items("pets")
    assert stored.entries["school"].messages == {"school": ["No"]}
    assert stored.entries["who"].accepted
    first = StepError("pets", "No", item="i")
    assert site.list.landing(first).name == "who"
    (stored,) = site.list.send_back(site.draft, first).items("pets")
    assert stored.entries["who"].messages == {"": ["No"]}
    page = StepError("pets", "No", field="school", item="i")
    (stored,) = site.list.send_back(site.draft, page).items("pets")
    assert stored.entries["school"].messages == {"": ["No"]}


def test_error_of_a_commit_about_the_list_opens_it_again() -> None:
    site = pets("Rex")
    site.send("pets")
    error = StepError("pets", "Too few")
    assert site.list.landing(error).name == "pets"
    site.draft = site.list.send_back(site.draft, error)
    assert not site.list.done
    assert site.list.errors == {"": ["Too few"]}
    assert site.draft.entries["pets"].told
    assert site.draft.items("pets")[0].entries[""].accepted


@pytest.mark.parametrize(
    ("error", "match"),
    [
        (StepError("pets", "x", field="name"), "of the list 'pets', and no item"),
        (StepError("pets", "x", item="Eva"), "the item 'Eva', which the list 'pets'"),
        (StepError("pets", "x", field="age", item="Rex"), "names the field 'age'"),
    ],
)
def test_error_of_a_commit_that_leads_nowhere_is_refused(
    error: StepError, match: str
) -> None:
    with pytest.raises(DefinitionError, match=match):
        pets("Rex").list.landing(error)


def test_error_of_a_commit_that_names_no_page_first_is_refused() -> None:
    site = child()
    error = StepError("pets", "x", field="name", item="i")
    with pytest.raises(
        DefinitionError, match=r"Expected one of its pages first \(who,"
    ):
        site.list.landing(error)


def test_commit_lands_on_the_first_item_that_is_not_valid() -> None:
    site = pets("Rex", "Max")
    assert site.list.landing(None).name == "pets"
    assert site.list.trusted
    site.fill("Max", name="")
    assert not site.list.trusted
    assert site.list.landing(None).journey.inside == ("pets", "Max")


def test_items_that_are_not_valid_are_open_again() -> None:
    class Strict(Pet):
        kind = StringField("Kind", [InputRequired("Kind?")])

    site = pets("Rex", "Max")
    site.fill("Rex", name="Rex", kind="dog")
    strict = Site(Repeat(Strict), site.draft)
    draft = strict.list.reject(strict.draft, {})
    rex, max_ = draft.items("pets")
    assert rex.entries[""].accepted
    assert not max_.entries[""].accepted
    assert max_.entries[""].messages == {"kind": ["Kind?"]}
    assert not max_.entries[""].told
    assert "pets" not in draft.entries
    few = Site(Repeat(Pet, min=3), site.draft)
    rejected = few.list.reject(few.draft, {"": ["Too few"]})
    assert rejected.entries["pets"].messages == {"": ["Too few"]}
    assert not rejected.entries["pets"].told


# What it began with


PETS = [{"id": "p1", "name": "Rex"}, {"id": "p2", "name": ""}]


def began(key: object) -> str:
    return derive_id("prefilled", "pets", type(key).__name__, str(key))


def test_list_begins_with_an_item_for_each_object() -> None:
    site = prefilled(PETS, key="id")
    repeat = site.list
    assert ids(repeat) == [began("p1"), began("p2")]
    assert [item.done for item in repeat.items] == [True, False]
    assert not repeat.done
    assert repeat.entry is not None
    assert not repeat.entry.sent
    assert repeat.changes() is None
    assert site.journey.current.name == "pets"


def test_list_whose_items_are_valid_is_done() -> None:
    site = prefilled([SimpleNamespace(name="Rex")])
    assert ids(site.list) == [began(0)]
    assert site.list.done
    assert not prefilled([SimpleNamespace(name="Rex")], min=2).list.done
    assert prefilled([]).list.done
    assert prefilled(None).list.entry == Entry(sent=False)


def test_list_that_has_items_does_not_begin_anew() -> None:
    draft = EMPTY.with_items("pets", [StoredItem("Rex")])
    assert ids(prefilled(PETS, draft=draft, key="id").list) == ["Rex"]


def test_list_begins_when_it_opens() -> None:
    invalid = Entry.of({"name": [""]})
    site = prefilled(PETS, draft=EMPTY.with_entries({"first": invalid}), key="id")
    journey = site.journey
    journey.begin()
    assert site.store(journey).entry is None
    assert ids(site.send("first", name="x")) == [began("p1"), began("p2")]


def test_changes_tell_which_items_were_added_changed_and_removed() -> None:
    site = prefilled(PETS, key="id")
    site.fill(began("p2"), name="Max", kind="")
    site.fill("new", name="Mia")
    site.leave(site.list.without_item(began("p1")))
    assert site.list.changes() == {
        "added": [{"name": "Mia", "kind": None}],
        "changed": {"p2": {"name": ("", "Max")}},
        "removed": ["p1"],
    }
    changed = site.list.changes()
    assert site.send("pets").changes() == changed
    gone = site.list
    gone.applies = False
    changes: Any = gone.changes()
    assert changes == {"added": [], "changed": {}, "removed": ["p1", "p2"]}
    numbered = prefilled([{"name": "Rex"}])
    numbered.leave(numbered.list.without_item(began(0)))
    changes = numbered.list.changes()
    assert changes["removed"] == [0]


def test_list_that_began_with_nothing_tells_what_was_added() -> None:
    site = pets("Rex")
    assert site.list.changes() == {
        "added": [{"name": "Rex", "kind": None}],
        "changed": {},
        "removed": [],
    }
    assert pets().list.changes() is None
    site.send("pets")
    assert site.send("pets").changes() == site.list.changes()


def test_changes_do_not_tell_a_password() -> None:
    changes: Any = child("baby", pin="1234").list.changes()
    assert changes["added"] == [{"who": {"name": "baby", "pin": "…"}}]


def test_two_objects_of_one_key_are_refused() -> None:
    with pytest.raises(DefinitionError, match="two objects of one key for the list"):
        prefilled([{"id": 1, "name": "a"}, {"id": 1, "name": "b"}], key="id")


@pytest.mark.parametrize("key", [None, True, 1.5])
def test_object_without_a_key_is_refused(key: object) -> None:
    with pytest.raises(DefinitionError, match=f"'id' is a {type(key).__name__}"):
        prefilled([{"id": key, "name": "a"}], key="id")
    with pytest.raises(DefinitionError, match="'id' is a NoneType"):
        prefilled([SimpleNamespace(name="a")], key="id")


# Items of an earlier answer in a draft that is sent back


def sent_back(*data: Any, form: Any = Pet) -> Site:
    """A draft with two rooms that begins with what was submitted before."""
    initial = {"pets": data}
    site = rooms(form=form, label=lambda item: item.name)
    site.more = {
        "initial": lambda name, answers: initial.get(name),
        "prefilled": True,
    }
    return site


def reopen(site: Site) -> Journey:
    journey = site.journey
    journey.passable = frozenset({"pets"})
    return journey


def test_items_of_an_earlier_answer_begin_in_the_order_of_their_keys() -> None:
    site = sent_back({"name": "Rex"}, {"name": "Max"})
    repeat: Any = reopen(site).bind("pets")
    assert repeat.done
    assert ids(repeat) == [room("a"), room("b")]
    assert [item.name for item in repeat.items] == ["A", "B"]
    assert [item.stored.label for item in repeat.items] == ["Rex", "Max"]
    assert repeat.changes() is None
    site.store(reopen(site))
    site.fill(room("b"), name="Mia", kind="")
    assert site.list.changes() == {
        "added": [],
        "changed": {1: {"name": ("Max", "Mia")}},
        "removed": [],
    }


def test_item_of_an_earlier_answer_for_which_there_is_no_data_begins_empty() -> None:
    repeat: Any = reopen(sent_back({"name": "Rex"})).bind("pets")
    assert [item.done for item in repeat.items] == [True, False]
    assert not repeat.done


def test_page_of_an_item_of_an_earlier_answer_begins_before_it_opens() -> None:
    parts = {"who": {"name": ""}, "school": {"school": "Hill"}}
    site = sent_back(parts, parts, form=Child)
    site.store(reopen(site))
    for stored in site.draft.items("pets"):
        before = stored.entries["school"].before
        assert before is not None
        assert before.raw == {"school": ["Hill"]}


def test_more_data_than_an_earlier_answer_has_items_is_refused() -> None:
    site = sent_back(*[{"name": "Rex"}] * 3)
    with pytest.raises(
        DefinitionError, match=r"3 items of 'pets', and over has 2 keys"
    ):
        reopen(site).bind("pets")


def test_items_of_an_earlier_answer_begin_empty_for_a_visitor() -> None:
    site = sent_back({"name": "Rex"}, {"name": "Max"})
    assert [item.done for item in site.list.items] == [False, False]
    assert not site.list.stored_items
    assert site.journey.current.name == "pets"
