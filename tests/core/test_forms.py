"""WTForms bound to stored strings: judged, blamed, and shown as they were typed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from types import FrameType, SimpleNamespace
from typing import Any

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, validators, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard.core import form_errors, forms
from flask_wizard.core.draft import StoredFile
from flask_wizard.core.forms import Values
from flask_wizard.core.hooks import HookError
from flask_wizard.core.signatures import signature
from flask_wizard.core.texts import Texts
from flask_wizard.errors import ConflictError

CHOICES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]


def one(unbound: Any) -> Any:
    """A form class with this one field, called ``it``."""
    return type("One", (Form,), {"it": unbound})


def values(*pairs: tuple[str, str]) -> Values:
    return Values(MultiDict(pairs).lists())


def bind(form: Any, sent: Values | None, **more: Any) -> Any:
    return forms.bind(signature(form), sent, meta={"answers": None}, **more)


def it(unbound: Any, *typed: str) -> Any:
    return bind(one(unbound), values(*(("it", text) for text in typed)))


def overflow(*_: object) -> Any:
    raise InvalidOperation("too much")


def misfit(*_: object) -> Any:
    raise ValueError("no such value")


# Binding


def test_nothing_sent_shows_the_default() -> None:
    assert bind(one(fields.StringField(default="Ada")), None).it.data == "Ada"


def test_empty_submission_does_not_show_the_default() -> None:
    ticked = one(fields.BooleanField(default=True))
    assert bind(ticked, Values()).it.data is False


@pytest.mark.parametrize(
    "initial", [{"it": "Ada"}, type("Person", (), {"it": "Ada"})()]
)
def test_initial_data_are_shown(initial: object) -> None:
    assert bind(one(fields.StringField()), None, initial=initial).it.data == "Ada"


def test_initial_data_do_not_replace_what_was_sent() -> None:
    form = bind(one(fields.StringField()), Values(), initial={"it": "Ada"})
    assert form.it.data != "Ada"


def test_flask_form_needs_no_token() -> None:
    class Csrf(FlaskForm):  # type: ignore[misc]
        it = fields.StringField()

    app = Flask(__name__)
    app.secret_key = "k"
    with app.test_request_context(method="POST", data={"it": "of this request"}):
        form = bind(Csrf, values(("it", "of the draft")))
        assert forms.validate(form)
    assert form.it.data == "of the draft"


def test_nested_flask_form_needs_no_token() -> None:
    class Inner(FlaskForm):  # type: ignore[misc]
        it = fields.StringField()

    class Outer(FlaskForm):  # type: ignore[misc]
        inner = fields.FormField(Inner)
        many = fields.FieldList(fields.FormField(Inner), min_entries=1)

    app = Flask(__name__)
    app.secret_key = "k"
    with app.test_request_context(method="POST"):
        form = bind(Outer, values(("inner-it", "x"), ("many-0-it", "y")))
        assert forms.validate(form), form.errors
    assert "csrf_token" not in form.inner.form
    assert "csrf_token" not in form.many[0].form


def test_meta_reaches_every_nested_form() -> None:
    inner = one(fields.StringField())
    middle = one(fields.FormField(inner))
    outer = one(fields.FieldList(fields.FormField(middle), min_entries=1))
    form: Any = forms.bind(signature(outer), None, meta={"answers": "mine"})
    assert form.meta.answers == "mine"
    assert form.it[0].form.meta.answers == "mine"
    assert form.it[0].form.it.form.meta.answers == "mine"


@pytest.mark.parametrize("wrapped", [False, True])
def test_messages_are_those_of_the_wizard(wrapped: bool) -> None:
    inner = one(fields.IntegerField())
    form_class = one(fields.FormField(inner)) if wrapped else inner
    texts = Texts(words={"Not a valid integer value.": "A number, please."})
    form: Any = forms.bind(
        signature(form_class),
        values(("it-it" if wrapped else "it", "x")),
        meta={"texts": texts},
    )
    assert not forms.validate(form)
    found = form_errors.errors_of(form)
    assert [*found.values()] == [["A number, please."]]


def test_forms_own_meta_is_kept() -> None:
    class Own(Form):
        class Meta:
            colour = "blue"

            def bind_field(self, form: Any, unbound: Any, options: Any) -> Any:
                return unbound.bind(form=form, **{**options, "description": "mine"})

        it = fields.StringField()

    form = bind(Own, None)
    assert (form.meta.colour, form.it.description) == ("blue", "mine")


def test_binding_leaves_the_form_class_alone() -> None:
    inner = one(fields.StringField())
    outer = one(fields.FormField(inner))
    bind(outer, None)
    assert outer().it.form_class is inner


# List indices


def tags(*names: str) -> Any:
    return bind(
        one(fields.FieldList(fields.StringField())), values(*((n, n) for n in names))
    )


def test_list_entries_are_renumbered() -> None:
    sent = values(("it-2", "two"), ("it-7", "seven"))
    form = bind(one(fields.FieldList(fields.StringField())), sent)
    assert forms.sent(form)[0] == {"it-0": ["two"], "it-1": ["seven"]}


def test_list_with_gaps_is_filled_up_with_blank_entries() -> None:
    sent = values(("it-2", "two"), ("it-7", "seven"))
    form = bind(one(fields.FieldList(fields.StringField(), min_entries=3)), sent)
    assert [entry.data or "" for entry in form.it] == ["two", "seven", ""]


def test_nested_list_entries_are_renumbered() -> None:
    sent = values(("it-2-it", "two"), ("it-7-it", "seven"))
    outer = one(fields.FieldList(fields.FormField(one(fields.StringField()))))
    form = bind(outer, sent)
    assert forms.sent(form)[0] == {"it-0-it": ["two"], "it-1-it": ["seven"]}


class Tagged(Form):
    tags = fields.FieldList(fields.StringField())
    s = fields.FieldList(fields.StringField())


@pytest.mark.parametrize("inner", ["tags", "s"])
def test_list_inside_a_list_keeps_its_own_numbers(inner: str) -> None:
    outer = type("Outer", (Form,), {"s": fields.FieldList(fields.FormField(Tagged))})
    sent = values(*((f"s-2-{inner}-{number}", f"{number}") for number in range(3)))
    form = bind(outer, sent)
    assert forms.sent(form)[0] == {
        f"s-0-{inner}-{number}": [f"{number}"] for number in range(3)
    }


def test_list_leaves_names_that_only_resemble_its_own() -> None:
    sent = values(("it-2", "x"), ("item-3", "x"), ("it-2x", "x"), ("a-it-4", "x"))
    sent.renumber(tags().it)
    assert sorted(sent) == ["a-it-4", "it-0", "it-2x", "item-3"]


@pytest.mark.parametrize("separator", [".", "_"])
def test_list_entries_are_renumbered_by_separators_of_their_own(
    separator: str,
) -> None:
    entry = fields.FormField(one(fields.StringField()), separator=separator)
    form = bind(one(fields.FieldList(entry, separator=separator)), values())
    sent = values((f"it{separator}7{separator}it", "seven"))
    sent.renumber(form.it)
    assert list(sent) == [f"it{separator}0{separator}it"]


def test_renumbering_many_lists_takes_few_calls_for_each() -> None:
    sent = values(*((f"people-{number}-name", "x") for number in range(990)))
    lists = {f"list{n}": fields.FieldList(fields.StringField()) for n in range(50)}
    form = bind(type("Lists", (Form,), lists), None)
    assert sum(calls_of(partial(sent.renumber, each)) for each in form) < 50 * 10


def calls_of(act: Callable[[], object]) -> int:
    """How many functions are called that are written in Python."""
    seen: list[object] = []

    def note(frame: FrameType, event: str, _: object) -> None:
        if event == "call":
            seen.append(frame.f_code)

    before = sys.getprofile()
    sys.setprofile(note)
    try:
        act()
    finally:
        sys.setprofile(before)
    return len(seen)


@pytest.mark.parametrize(
    "name",
    [
        "it-²",
        "it-①",
        "it-",
        "it-5_x",
        "it-5.x",
        "it-1e5",
        "it--1",
        "it5",
        "items9",
        "itX5",
    ],
)
def test_name_that_is_no_number_is_no_entry(name: str) -> None:
    form = tags("it-0", name)
    assert form.it.data == ["it-0"]


@pytest.mark.parametrize(
    "index",
    [
        "999",
        "1764328979123",
        str(10**30),
        "٣",
        pytest.param("9" * 5000, id="5000 digits"),
    ],
)
def test_number_of_any_length_is_one_entry(index: str) -> None:
    assert tags("it-0", f"it-{index}").it.data == ["it-0", f"it-{index}"]


def test_number_written_in_two_ways_is_one_entry() -> None:
    form = bind(
        one(fields.FieldList(fields.StringField())),
        values(("it-7", "a"), ("it-07", "b")),
    )
    assert form.it.data == ["a"]
    assert forms.sent(form)[0] == {"it-0": ["a", "b"]}


def test_entries_keep_the_order_in_which_they_were_sent() -> None:
    """A script has put a new row, numbered by the clock, before the last."""
    names = ["it-0", "it-1764328979456", "it-1764328979123", "it-1"]
    assert tags(*names).it.data == names


def test_entries_that_the_page_numbers_keep_the_order_of_their_numbers() -> None:
    """Else they would turn round each time that a template draws the last one first."""
    names = ("it-100", "it-2", "it-1764328979123", "it-0")
    assert tags(*names).it.data == ["it-0", "it-2", "it-1764328979123", "it-100"]


@pytest.mark.parametrize(
    ("numbers", "expected"), [((101, 100), [100, 101]), ((1001, 1000), [1001, 1000])]
)
def test_number_of_up_to_three_digits_is_one_of_the_page(
    numbers: tuple[int, ...], expected: list[int]
) -> None:
    sent = values(*((f"it-{number}", str(number)) for number in numbers))
    form = bind(one(fields.FieldList(fields.IntegerField())), sent)
    assert form.it.data == expected


def test_entries_drawn_by_columns_keep_the_order_of_the_full_column() -> None:
    class Row(Form):
        tick = fields.BooleanField()
        name = fields.StringField()

    rows = one(fields.FieldList(fields.FormField(Row)))
    ann, bob = "it-1764328979123", "it-1764328979456"
    sent = values((f"{bob}-tick", "y"), (f"{ann}-name", "Ann"), (f"{bob}-name", "Bob"))
    assert [row["name"] for row in bind(rows, sent).it.data] == ["Ann", "Bob"]


@pytest.mark.parametrize(
    "names", [("{}_d", "{}_m"), ("{}.d", "{}.m"), ("{}[d]", "{}[m]")]
)
def test_entry_that_reads_names_of_its_own_is_renumbered_with_its_row(
    names: tuple[str, str],
) -> None:
    row = "it-1764328979123"
    day, month = (name.format(row) for name in names)
    sent = values((f"{row}-_row", ""), (day, "3"), (month, "4"))
    form = bind(one(fields.FieldList(ThreeField(names=names))), sent)
    assert form.it.data == ["3/4"]


def test_clock_numbers_inside_clock_numbers_are_entries() -> None:
    inner = type("Kid", (Form,), {"toys": fields.FieldList(fields.StringField())})
    outer = one(fields.FieldList(fields.FormField(inner)))
    sent = values(
        ("it-0-toys-0", "doll"), ("it-1764328979123-toys-1764328979500", "ball")
    )
    form = bind(outer, sent)
    assert form.it.data == [{"toys": ["doll"]}, {"toys": ["ball"]}]
    assert forms.sent(form)[0] == {"it-0-toys-0": ["doll"], "it-1-toys-0": ["ball"]}


def test_name_with_letters_beyond_ascii_is_kept() -> None:
    form = type("Form_", (Form,), {"größe": fields.StringField()})
    assert bind(form, values(("größe", "10"))).data == {"größe": "10"}


def test_name_with_a_long_number_is_kept() -> None:
    """It is no index: only what follows a list's name is one."""
    names = ("isbn_9783161484100", "qty-9780141036144", "a-1764328979123-b")
    form = type("Form_", (Form,), {name: fields.StringField() for name in names})
    sent = values(*((name, "yes") for name in names))
    assert bind(form, sent).data == dict.fromkeys(names, "yes")


# What was sent


class Mixed(Form):
    name = fields.StringField()
    secret = fields.PasswordField()
    hidden = fields.StringField(widget=widgets.PasswordInput())
    sizes = fields.SelectMultipleField(choices=CHOICES)
    send = fields.SubmitField()
    cancel = fields.ButtonField()  # type: ignore[attr-defined]


MIXED = values(
    *(("name", "Ada"), ("secret", "a"), ("hidden", "b"), ("sizes", "s")),
    *(("sizes", "l"), ("send", "Go"), ("cancel", "No"), ("is_admin", "1")),
    *(("csrf_token", "t"), ("_rev", "3")),
)


def test_declared_fields_alone_are_kept() -> None:
    raw, _ = forms.sent(bind(Mixed, MIXED))
    assert raw == {"name": ["Ada"], "sizes": ["s", "l"]}


def test_passwords_are_kept_apart() -> None:
    _, passwords = forms.sent(bind(Mixed, MIXED))
    assert passwords == {"secret": ["a"], "hidden": ["b"]}


def test_unsent_field_is_not_kept() -> None:
    assert forms.sent(bind(Mixed, Values())) == ({}, {})


class DayField(fields.Field):
    """A field of three inputs, as GOV.UK's date."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        super().process(formdata, *args, **kwargs)
        parts = ("day", "month") if formdata else ()
        self.data = "/".join(formdata.get(f"{self.name}-{p}", [""])[0] for p in parts)


def test_field_with_inputs_of_its_own_keeps_them() -> None:
    sent = values(("it-day", "3"), ("it-month", "4"), ("other", "x"))
    form = bind(one(DayField()), sent)
    assert form.it.data == "3/4"
    assert forms.sent(form)[0] == {"it-day": ["3"], "it-month": ["4"]}


class ThreeField(fields.Field):
    """A field of three inputs that reads them under names of its own."""

    names: tuple[str, ...] = ()

    def __init__(self, *args: Any, names: tuple[str, ...], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        self.process_errors = []
        self.object_data = self.data = None
        if formdata is not None:
            named = [name.format(self.name) for name in self.names]
            self.data = "/".join(formdata.get(name, "") for name in named)


COMPOSITE_NAMES = [
    ("{}-day", "{}-month"),
    ("{}_day", "{}_month"),
    ("{}.day", "{}.month"),
    ("{}[day]", "{}[month]"),
    ("{}:0", "{}:1"),
    ("{}day", "{}month"),
    ("day", "month"),
]


@pytest.mark.parametrize("names", COMPOSITE_NAMES)
def test_what_a_composite_field_reads_is_kept_whatever_it_is_called(
    names: tuple[str, str],
) -> None:
    day, month = (name.format("it") for name in names)
    sent = values((day, "3"), (month, "4"), ("other", "x"), ("itself", "x"))
    form = bind(one(ThreeField(names=names)), sent)
    assert form.it.data == "3/4"
    assert forms.sent(form) == ({day: ["3"], month: ["4"]}, {})


@pytest.mark.parametrize("names", COMPOSITE_NAMES[:-1])
@pytest.mark.parametrize("start", ["it-it", "it-7-it"])
def test_what_a_nested_composite_field_reads_is_kept(
    names: tuple[str, str], start: str
) -> None:
    inner = fields.FormField(one(ThreeField(names=names)))
    is_list = start != "it-it"
    day, month = (name.format(start) for name in names)
    form = bind(
        one(fields.FieldList(inner) if is_list else inner),
        values((day, "3"), (month, "4")),
    )
    (row,) = form.it.data if is_list else [form.it.data]
    assert row == {"it": "3/4"}
    assert [*forms.sent(form)[0]] == [
        name.replace("-7-", "-0-") for name in (day, month)
    ]


def test_what_a_form_reads_in_its_own_code_is_kept() -> None:
    class Reading(Form):
        it = fields.StringField()

        def process(self, formdata: Any = None, *args: Any, **kwargs: Any) -> None:
            super().process(formdata, *args, **kwargs)
            if formdata is not None:
                self.it.data = formdata.get("mirror", type=int)

    form = bind(Reading, values(("it", "x"), ("mirror", "7"), ("other", "x")))
    assert form.it.data == 7
    assert forms.sent(form)[0] == {"it": ["x"], "mirror": ["7"]}


def test_composite_field_makes_nothing_else_known() -> None:
    class Beside(Form):
        it = ThreeField(names=("{}_day",))
        it_code = fields.PasswordField()
        it_send = fields.SubmitField()

    form = bind(Beside, values(("it_day", "3"), ("it_code", "s"), ("it_send", "Go")))
    assert forms.sent(form) == ({"it_day": ["3"]}, {"it_code": ["s"]})


@pytest.mark.parametrize("names", COMPOSITE_NAMES)
def test_page_names_the_inputs_of_a_composite_field(names: tuple[str, str]) -> None:
    """By these its values can be kept while earlier answers are missing."""

    class Beside(Form):
        it = ThreeField(names=names)
        it_code = fields.PasswordField()

    known = forms.FieldNames.of(bind(Beside, None))
    assert all(known.has(name.format("it")) for name in names)
    assert not known.has("it_code")
    assert not known.has("other")


class PrefixField(fields.Field):
    """A field that goes through all names for those that begin with its own."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        self.process_errors = []
        self.object_data = self.data = None
        sent = formdata.items() if formdata is not None else ()
        self.data = [text for name, text in sent if name.startswith(f"{self.name}_")]


class Prefixes(Form):
    it = PrefixField()
    more = PrefixField()
    code = PrefixField(widget=widgets.PasswordInput())
    plain = fields.StringField()


def test_what_a_field_finds_by_the_start_of_its_name_is_kept() -> None:
    names = ("it_1", "more_2", "code_3", "plain", "plain_4", "item", "x_it_1")
    form = bind(Prefixes, values(*((name, "x") for name in names)))
    raw, secret = forms.sent(form)
    assert raw == {"plain": ["x"], "it_1": ["x"], "more_2": ["x"]}
    assert secret == {"code_3": ["x"]}


def test_page_names_the_starts_of_what_a_field_may_find_but_of_no_password() -> None:
    known = forms.FieldNames.of(bind(Prefixes, None))
    assert known.starts == ("it", "more")


def test_page_names_what_is_inside_by_separators_of_their_own() -> None:
    class Lists(Form):
        tags = fields.FieldList(fields.StringField(), separator="_")
        home = fields.FormField(
            one(fields.FieldList(fields.StringField())), separator="."
        )

    known = forms.FieldNames.of(bind(Lists, None))
    assert known.has("tags_5")
    assert known.has("home.tags-5")
    assert not known.has("tags-5")


# Rows of which nothing is sent

SILENT = [
    fields.RadioField(choices=CHOICES, validate_choice=False),
    fields.BooleanField(),
    fields.SelectMultipleField(choices=CHOICES),
    fields.BooleanField(render_kw={"style": "display: none"}),
    fields.StringField(render_kw={"disabled": True}),
    fields.FormField(one(fields.BooleanField())),
    fields.FormField(one(fields.BooleanField()), separator="."),
    fields.FieldList(fields.BooleanField(), separator="_"),
]
TALKATIVE = [
    fields.StringField(),
    fields.TextAreaField(),
    fields.HiddenField(),
    fields.FormField(type("Both", (Form,), {"a": SILENT[1], "b": fields.DateField()})),
]


@pytest.mark.parametrize("entry", SILENT)
def test_row_of_which_nothing_may_be_sent_is_marked(entry: Any) -> None:
    form = bind(one(fields.FieldList(entry, min_entries=2)), None)
    assert re.findall(r'name="(it-\d)\W?_?_row"', form.it()) == ["it-0", "it-1"]


@pytest.mark.parametrize("entry", TALKATIVE)
def test_row_of_which_something_is_sent_is_not_marked(entry: Any) -> None:
    assert "_row" not in bind(one(fields.FieldList(entry, min_entries=2)), None).it()


def test_field_outside_a_list_is_not_marked() -> None:
    assert "_row" not in bind(one(fields.BooleanField()), None).it()


def test_row_with_a_field_called_index_is_marked() -> None:
    inner = type("Inner", (Form,), {"index": fields.BooleanField()})
    outside = bind(one(fields.FormField(inner)), None)
    listed = bind(one(fields.FieldList(fields.FormField(inner), min_entries=1)), None)
    assert "_row" not in outside.it()
    assert 'name="it-0-_row"' in listed.it()


@pytest.mark.parametrize("entry", SILENT)
def test_marked_rows_stay_where_they_are(entry: Any) -> None:
    """Those before what was sent, and those behind it."""
    listed = one(fields.FieldList(entry))
    blank = bind(one(fields.FieldList(entry, min_entries=4)), None)
    markers = re.findall(r'name="([^"]*_row)"', blank.it())
    names = {"FormField": "it-2-it", "FieldList": "it-2_0"}
    if entry.kwargs.get("separator") == ".":
        names["FormField"] = "it-2.it"
    typed = (names.get(entry.field_class.__name__, "it-2"), "s")
    form = bind(listed, values(*((marker, "") for marker in markers), typed))
    leaves = [forms.leaves([row]) for row in form.it]
    filled = [any(leaf.raw_data for leaf in inside) for inside in leaves]
    assert filled == [False, False, True, False]
    again = bind(listed, Values(forms.sent(form)[0]))
    assert again.data == form.data


def test_row_that_a_script_removed_is_gone() -> None:
    boxes = one(fields.FieldList(fields.BooleanField()))
    form = bind(boxes, values(("it-0-_row", ""), ("it-2", "y"), ("it-2-_row", "")))
    assert form.it.data == [False, True]


def test_marker_says_no_more_than_that_there_is_a_row() -> None:
    boxes = one(fields.FieldList(fields.BooleanField()))
    form = bind(boxes, values(("it-0-_row", "x" * 999), ("it-1", "y")))
    assert forms.sent(form)[0] == {"it-0-_row": [""], "it-1": ["y"]}


# Too many entries


class Listed(Form):
    it = fields.FieldList(fields.StringField())


class Crowded(Form):
    tags = fields.FieldList(fields.StringField())
    rows = fields.FieldList(
        fields.FormField(one(fields.FieldList(fields.StringField())))
    )
    few = fields.FieldList(fields.StringField(), max_entries=9)
    codes = fields.FieldList(fields.PasswordField())


def crowded(*names: str) -> Any:
    return bind(Crowded, values(*((name, "x") for name in names)), max_entries=4)


@pytest.mark.parametrize(
    ("sent", "list_name"),
    [
        ([f"tags-{n}" for n in range(5)], "tags"),
        ([f"rows-{n}-it-0" for n in range(3)], "rows-1-it"),
        ([f"rows-0-it-{n}" for n in range(4)], "rows-0-it"),
        ([f"codes-{n}" for n in range(5)], "codes"),
        (["tags-0", "tags-1", *(f"codes-{n}" for n in range(3))], "codes"),
    ],
)
def test_more_entries_than_there_is_room_for_are_told_at_the_field(
    sent: list[str], list_name: str
) -> None:
    form = crowded(*sent)
    assert len([entry for field in forms.lists(form) for entry in field.entries]) == 4
    assert not forms.validate(form)
    (message,) = form_errors.errors_of(form)[list_name]
    assert message.startswith("This page has room for 4 entries.")


def test_as_many_entries_as_there_is_room_for_are_taken() -> None:
    assert forms.validate(crowded("tags-0", "rows-0-it-0", "codes-0"))


def test_list_with_a_maximum_of_its_own_has_room_of_its_own() -> None:
    form = crowded(*(f"few-{n}" for n in range(9)), *(f"tags-{n}" for n in range(4)))
    assert forms.validate(form)
    assert len(form.few) == 9


class Few(Form):
    sole = fields.FieldList(fields.StringField(), max_entries=1)
    rows = fields.FieldList(
        fields.FormField(one(fields.FieldList(fields.StringField(), max_entries=2))),
        max_entries=2,
    )


@pytest.mark.parametrize(
    ("sent", "list_name", "message"),
    [
        (
            ["sole-0", "sole-1"],
            "sole",
            "This list has room for 1 entry. You sent 2 here, and the last of them "
            "are not shown.",
        ),
        (
            [f"rows-{n}-it-0" for n in range(5)],
            "rows",
            "This list has room for 2 entries. You sent 5 here, and the last of them "
            "are not shown.",
        ),
        (
            [f"rows-1-it-{n}" for n in (7, 8, 1764328979123)],
            "rows-0-it",
            "This list has room for 2 entries. You sent 3 here, and the last of them "
            "are not shown.",
        ),
    ],
)
def test_more_entries_than_a_list_may_have_are_told_at_the_list(
    sent: list[str], list_name: str, message: str
) -> None:
    form = bind(Few, values(*((name, "x") for name in sent)), max_entries=100)
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {list_name: [message]}
    assert len(forms.sent(form)[0]) == len(sent)  # and none of them is lost


def test_as_many_entries_as_a_list_may_have_are_taken() -> None:
    sent = values(*((name, "x") for name in ("sole-0", "rows-0-it-0", "rows-1-it-0")))
    assert forms.validate(bind(Few, sent, max_entries=1))


def test_entries_without_room_are_kept_all_the_same_but_no_passwords() -> None:
    tags = [f"tags-{n}" for n in range(5)]
    raw, secret = forms.sent(crowded(*tags, "codes-0"))
    assert [*raw] == tags
    assert secret == {}


def test_page_says_that_entries_are_missing_whatever_was_judged() -> None:
    form = crowded(*(f"tags-{n}" for n in range(5)))
    forms.show_as_typed(form)
    forms.show_as_typed(form)
    assert len(form.tags.errors) == 1


def test_list_of_files_keeps_a_row_for_each_file() -> None:
    stored = StoredFile("f", "it-0", "a.png")
    file: Any = SimpleNamespace(stored=stored, seek=lambda position: None)
    form = bind(one(fields.FieldList(fields.FileField())), Values({"it-0": [file]}))
    assert forms.sent(form)[0] == {"it-0-_row": [""]}


# Values that choke a field or a validator


@pytest.mark.parametrize("trouble", [overflow, misfit])
def test_trouble_in_a_filter_is_a_form_error(trouble: Callable[..., Any]) -> None:
    choosy = fields.StringField(filters=[lambda text: trouble() if text else text])
    form = it(choosy, "x")
    assert not forms.validate(form)
    assert form_errors.errors_of(form) != {}


@pytest.mark.parametrize("trouble", [overflow, misfit])
def test_trouble_in_a_validator_is_a_form_error(trouble: Callable[..., Any]) -> None:
    form = it(fields.StringField(validators=[trouble]), "x")
    assert not forms.validate(form)
    assert list(form_errors.errors_of(form)) == ["it"]


def test_log_names_the_form_and_no_value(caplog: Any) -> None:
    def choosy(form: Any, field: Any) -> None:
        raise ValueError(field.data)

    def choosy_filter(text: Any) -> Any:
        return text and overflow()

    forms.validate(it(fields.StringField(validators=[choosy]), "canary-4711"))
    it(fields.StringField(filters=[choosy_filter]), "canary-4711")
    judged, bound = caplog.messages
    assert "One'> could not be validated: <class 'ValueError'>" in judged
    assert "One'> could not be bound: InvalidOperation" in bound
    assert "canary-4711" not in caplog.text


@pytest.mark.parametrize("where", ["filters", "validators"])
def test_error_of_ours_out_of_a_form_is_the_applications(where: str) -> None:
    def conflict(*_: object) -> Any:
        raise ConflictError("x")

    unbound = fields.StringField(**{where: [conflict]})  # type: ignore[arg-type]
    with pytest.raises(HookError):
        forms.validate(it(unbound, "x"))


def test_trouble_in_an_inline_validator_is_a_form_error() -> None:
    class Inline(Form):
        it = fields.StringField()

        def validate_it(self, field: fields.Field) -> None:
            overflow()

    form = bind(Inline, values(("it", "x")))
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {"it": [forms.UNUSABLE]}


def refuse(form: Any, field: Any) -> None:
    raise validators.ValidationError("Refused.")


def test_inline_validator_is_asked_for_at_each_validation() -> None:
    made = one(fields.StringField())
    assert forms.validate(bind(made, values(("it", "x"))))
    made.validate_it = refuse
    assert not forms.validate(bind(made, values(("it", "x"))))


def test_inline_validator_of_a_base_class_counts() -> None:
    base: Any = type("Base", (Form,), {"validate_it": refuse})
    made = type("One", (base,), {"it": fields.StringField()})
    form = bind(made, values(("it", "x")))
    assert not forms.validate(form)
    assert form.errors == {"it": ["Refused."]}


@pytest.mark.parametrize("on_class", [True, False])
def test_forms_own_validation_is_called(on_class: bool) -> None:
    called: list[object] = []

    def validate(*given: object) -> bool:
        called.append(given)
        return False

    made = one(fields.StringField())
    if on_class:
        made.validate = validate
    form = bind(made, values(("it", "x")))
    if not on_class:
        form.validate = validate
    assert not forms.validate(form)
    assert len(called) == 1


def test_field_without_an_inline_validator_raises_no_error() -> None:
    asked: list[str] = []

    class Noting(type(Form)):  # type: ignore[misc]
        def __getattr__(cls, name: str) -> Any:
            asked.append(name)
            raise AttributeError(name)

    class One(Form, metaclass=Noting):
        it = fields.StringField()

    form = bind(One, values(("it", "x")))
    asked.clear()
    assert forms.validate(form)
    assert not asked
    assert form.validate()
    assert asked == ["validate_it"]


def test_trouble_in_the_forms_own_validation_is_a_form_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Own(Form):
        it = fields.StringField()

        def validate(self, *args: Any, **kwargs: Any) -> bool:
            return bool(overflow())

    form = bind(Own, values(("it", "x")))
    assert not forms.validate(form)
    assert "InvalidOperation" in caplog.text
    assert form_errors.errors_of(form) == {"": [forms.UNUSABLE]}


@pytest.mark.parametrize("typed", ["sNaN", "-sNaN", "sNaN123"])
def test_signalling_nan_is_a_form_error(typed: str) -> None:
    price = fields.DecimalField(validators=[validators.NumberRange(min=1, max=9)])
    form = it(price, typed)
    assert not forms.validate(form)
    assert list(form_errors.errors_of(form)) == ["it"]


@pytest.mark.parametrize("typed", ["NaN", "-nan", "sNaN"])
def test_number_that_is_none_is_a_form_error(typed: str) -> None:
    """Any condition that compared it would raise."""
    form = it(fields.DecimalField(), typed)
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {"it": [forms.UNUSABLE]}
    assert forms.validate(it(fields.DecimalField(), "7.5"))


def test_trouble_in_a_nested_form_is_a_form_error() -> None:
    inner = one(fields.DecimalField(validators=[validators.NumberRange(min=1)]))
    form = bind(one(fields.FormField(inner)), values(("it-it", "sNaN")))
    assert not forms.validate(form)
    assert form_errors.errors_of(form) != {}


def test_trouble_with_one_field_keeps_the_errors_of_others() -> None:
    class Two(Form):
        price = fields.DecimalField(validators=[validators.NumberRange(min=1)])
        name = fields.StringField(validators=[validators.InputRequired("Say it")])

    form = bind(Two, values(("price", "sNaN")))
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {
        "price": [forms.UNUSABLE],
        "name": ["Say it"],
    }


@pytest.mark.parametrize("kind", [fields.IntegerField, fields.DecimalField])
def test_number_of_5000_digits_is_no_failure(kind: Any) -> None:
    form = it(kind(validators=[validators.NumberRange(max=9)]), "9" * 5000)
    assert not forms.validate(form)


class Unbindable(Form):
    price = fields.DecimalField(filters=[lambda value: value and overflow()])
    name = fields.StringField()
    tags = fields.FieldList(fields.StringField())
    home = fields.FormField(one(fields.StringField()))


UNBINDABLE = values(
    ("price", "7"), ("name", "Ada"), ("tags-0", "a"), ("home-it", "Lane")
)


def test_value_that_cannot_be_bound_is_a_form_error(
    caplog: pytest.LogCaptureFixture,
) -> None:
    form = bind(Unbindable, UNBINDABLE)
    assert "InvalidOperation" in caplog.text
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {"": [forms.UNUSABLE]}


def test_value_that_cannot_be_bound_loses_no_other() -> None:
    form = bind(Unbindable, UNBINDABLE)
    assert forms.sent(form)[0] == dict(UNBINDABLE)


def test_value_that_cannot_be_bound_is_shown_again() -> None:
    form = bind(Unbindable, UNBINDABLE)
    forms.show_as_typed(form)
    assert 'value="7"' in form.price()
    assert 'value="Ada"' in form.name()
    assert 'value="Lane"' in form.home()


# Errors


class Inner(Form):
    it = fields.StringField(validators=[validators.InputRequired("Inner")])


class Errors(Form):
    name = fields.StringField(validators=[validators.InputRequired("Name")])
    home = fields.FormField(Inner)
    tags = fields.FieldList(
        fields.StringField(validators=[validators.InputRequired("Tag")]),
        validators=[validators.Length(max=0, message="Too many")],
        min_entries=1,
    )
    places = fields.FieldList(fields.FormField(Inner), min_entries=1)


ERRORS = {
    "name": ["Name"],
    "home-it": ["Inner"],
    "tags-0": ["Tag"],
    "tags": ["Too many"],
    "places-0-it": ["Inner"],
}


def test_errors_go_by_full_names() -> None:
    form = bind(Errors, Values())
    forms.validate(form)
    assert form_errors.errors_of(form) == ERRORS


def test_errors_come_back_where_they_were() -> None:
    form = bind(Errors, values(("tags-0", ""), ("places-0-it", "")))
    form_errors.show_errors(form, ERRORS)
    assert form_errors.errors_of(form) == ERRORS


def test_form_errors_come_back() -> None:
    form = bind(Errors, None)
    form_errors.show_errors(form, {"": ["Whole"], "home": ["Home"]})
    assert form.form_errors == ["Whole"]
    assert form.home.form.form_errors == ["Home"]


def test_error_of_a_vanished_field_goes_to_the_form() -> None:
    form = bind(Errors, None)
    form_errors.show_errors(form, {"gone": ["Gone"]})
    assert form.form_errors == ["Gone"]


def test_lazy_message_becomes_text() -> None:
    class Lazy:
        def __str__(self) -> str:
            return "Later"

    form = it(fields.StringField(validators=[validators.InputRequired(Lazy())]))  # type: ignore[arg-type]
    forms.validate(form)
    assert form_errors.errors_of(form) == {"it": ["Later"]}


# Shown as typed


def shown(field: Any) -> str:
    found = re.search(r'value="([^"]*)"', str(field()))
    return found[1] if found else ""


@pytest.mark.parametrize(
    ("unbound", "typed"),
    [
        (fields.StringField(), " AB1 "),
        (fields.StringField(filters=[str.strip]), " AB1 "),
        (fields.StringField(filters=[str.upper]), "ab1"),
        (fields.EmailField(), "not an address"),
        (fields.TelField(), "+44 (0)"),
        (fields.URLField(), "example"),
        (fields.SearchField(), " x"),
        (fields.ColorField(), "red"),
        (fields.IntegerField(), "007"),
        (fields.IntegerField(), "seven"),
        (fields.IntegerField(), "9" * 5000),
        (fields.DecimalField(), "12,50"),
        (fields.DecimalField(), "12.500"),
        (fields.DecimalField(), "sNaN"),
        (fields.FloatField(), "1e5"),
        (fields.IntegerRangeField(), "lots"),
        (fields.DecimalRangeField(), "1.50"),
        (fields.DateField(), "31/02/2026"),
        (fields.DateField(), "2026-3-4"),
        (fields.DateTimeLocalField(), "2026-03-04T25:00"),
        (fields.TimeField(), "25:61"),
        (fields.MonthField(), "2026-13"),
        (fields.WeekField(), "2026-W99"),
        (fields.HiddenField(), " x "),
    ],
)
def test_value_is_shown_exactly_as_typed(unbound: Any, typed: str) -> None:
    form = it(unbound, typed)
    forms.validate(form)
    forms.show_as_typed(form)
    assert shown(form.it) == typed


def test_text_of_lines_is_shown_as_typed() -> None:
    form = it(fields.TextAreaField(filters=[str.strip]), "  one\r\n\r\ntwo ")
    forms.show_as_typed(form)
    assert "  one\r\n\r\ntwo </textarea>" in form.it()


def test_nested_value_is_shown_as_typed() -> None:
    outer = one(fields.FieldList(fields.FormField(one(fields.IntegerField()))))
    form = bind(outer, values(("it-0-it", "seven")))
    forms.show_as_typed(form)
    assert shown(form.it[0].form.it) == "seven"


@pytest.mark.parametrize(
    "unbound",
    [
        fields.StringField(),
        fields.HiddenField(),
        fields.IntegerField(),
        fields.DecimalField(),
        fields.StringField(filters=[str.upper]),
        fields.DateField(),
        fields.TimeField(),
    ],
)
@pytest.mark.parametrize("typed", ["5", "2026-03-04", "14:30"])
def test_field_that_is_drawn_twice_shows_one_value(unbound: Any, typed: str) -> None:
    form = it(unbound, typed, typed)
    forms.show_as_typed(form)
    assert f'value="{typed}"' in form.it()


def test_field_that_is_drawn_twice_shows_the_value_that_it_reads() -> None:
    form = it(fields.StringField(), "first", "second")
    forms.show_as_typed(form)
    assert (form.it.data, form.it._value()) == ("first", "first")


THREE = [("31", "2", "2001"), ("3", "3", "2003"), ("3", "2", "")]


@pytest.mark.parametrize("typed", THREE)
def test_date_of_three_inputs_shows_all_of_them(typed: tuple[str, ...]) -> None:
    form = it(fields.DateField(format="%d %m %Y"), *typed)
    forms.show_as_typed(form)
    assert form.it._value() == " ".join(typed)


def test_month_of_two_inputs_shows_both() -> None:
    form = it(fields.DateField(format="%m %Y"), "2", "2001")
    forms.show_as_typed(form)
    assert form.it._value() == "2 2001"


NUMBERS = [SelectChoice("1"), SelectChoice("2")]


def options(field: Any) -> list[tuple[str, bool]]:
    return [(choice.value, choice.selected) for choice in field.iter_choices()]


@pytest.mark.parametrize("kind", [fields.SelectField, fields.RadioField])
def test_value_made_by_a_script_is_an_option_of_its_own(kind: Any) -> None:
    form = it(kind(choices=CHOICES, validate_choice=False), "mauve")
    forms.show_as_typed(form)
    assert options(form.it) == [("s", False), ("l", False), ("mauve", True)]
    assert 'value="mauve"' in form.it()


def test_values_made_by_a_script_are_options_of_their_own() -> None:
    several = fields.SelectMultipleField(choices=CHOICES, validate_choice=False)
    form = it(several, "l", "mauve", "mauve", "pink")
    forms.show_as_typed(form)
    assert options(form.it) == [
        *(("s", False), ("l", True), ("mauve", True), ("pink", True))
    ]


@pytest.mark.parametrize("choices", [None, [], lambda: CHOICES])
def test_value_made_by_a_script_is_an_option_whatever_the_choices(choices: Any) -> None:
    form = it(fields.SelectField(choices=choices, validate_choice=False), "mauve")
    forms.show_as_typed(form)
    assert ("mauve", True) in options(form.it)


def test_value_made_by_a_script_is_an_option_beside_groups() -> None:
    grouped = [SelectChoice("a", "A", optgroup="First")]
    form = it(fields.SelectField(choices=grouped, validate_choice=False), "mauve")
    forms.show_as_typed(form)
    assert '<optgroup label="First">' in form.it()
    assert '<option selected value="mauve">' in form.it()


def test_value_that_a_field_of_its_own_rule_takes_is_an_option() -> None:
    class Open(fields.SelectField):
        def pre_validate(self, form: object) -> None: ...

    form = it(Open(choices=CHOICES), "mauve")
    forms.show_as_typed(form)
    assert ("mauve", True) in options(form.it)


@pytest.mark.parametrize(
    ("unbound", "typed"),
    [
        (fields.SelectField(choices=CHOICES), "mauve"),
        (fields.RadioField(choices=CHOICES), "mauve"),
        (fields.RadioField(choices=CHOICES, validate_choice=False), ""),
        (fields.SelectField(choices=NUMBERS, coerce=int, validate_choice=False), "x"),
        (fields.SelectField(choices=CHOICES, validate_choice=False), "s"),
    ],
)
def test_value_that_the_field_does_not_take_is_no_option(
    unbound: Any, typed: str
) -> None:
    form = it(unbound, typed)
    offered = len(options(form.it))
    forms.show_as_typed(form)
    assert len(options(form.it)) == offered


def test_default_is_shown_where_nothing_was_sent() -> None:
    form = bind(one(fields.DecimalField(default=Decimal("7"))), None)
    forms.show_as_typed(form)
    assert shown(form.it) == "7.00"


@pytest.mark.parametrize(
    ("typed", "ticked"), [((), False), (("y",), True), (("false",), False)]
)
def test_box_is_shown_as_it_was_sent(typed: tuple[str, ...], ticked: bool) -> None:
    form = it(fields.BooleanField(default=True), *typed)
    forms.show_as_typed(form)
    assert ("checked" in form.it()) is ticked


@pytest.mark.parametrize("kind", [fields.SelectField, fields.RadioField])
def test_choice_is_shown_as_it_was_sent(kind: Any) -> None:
    form = it(kind(choices=CHOICES), "l")
    forms.show_as_typed(form)
    assert [option.checked for option in form.it] == [False, True]


def test_choices_are_shown_as_they_were_sent() -> None:
    form = it(fields.SelectMultipleField(choices=CHOICES), "l", "s")
    forms.show_as_typed(form)
    assert all(option.checked for option in form.it)


def empty(form: Form, field: Any) -> None:
    """A validator that changes the value, as some do."""
    field.data = None


@pytest.mark.parametrize(
    ("unbound", "typed"),
    [
        (fields.StringField("It", [empty], default="Ada"), ()),
        (fields.BooleanField("It", [empty]), ("y",)),
        (fields.SelectField("It", [empty], choices=CHOICES), ("l",)),
        (fields.RadioField("It", [empty], choices=CHOICES), ("l",)),
        (fields.SelectMultipleField("It", [empty], choices=CHOICES), ("l",)),
    ],
)
def test_field_is_shown_as_it_was_before_its_validators(
    unbound: Any, typed: tuple[str, ...]
) -> None:
    form, before = it(unbound, *typed), it(unbound, *typed)
    forms.validate(form)
    assert form.it.data is None
    forms.show_as_typed(form)
    assert form.it() == before.it()


@pytest.mark.parametrize(
    "unbound",
    [
        fields.PasswordField(),
        fields.PasswordField(widget=widgets.PasswordInput(hide_value=False)),
        fields.StringField(widget=widgets.PasswordInput(hide_value=False)),
    ],
)
def test_password_is_never_shown(unbound: Any) -> None:
    form = it(unbound, "canary-4711")
    forms.validate(form)
    forms.show_as_typed(form)
    assert "canary-4711" not in form.it()
    assert form.it.data is None


def test_password_drawn_by_an_own_widget_is_never_shown() -> None:
    def own(field: Any, **kwargs: Any) -> str:
        return f"<input value='{field.data}{field._value()}{field.raw_data}'>"

    form = it(fields.PasswordField(widget=own), "canary-4711")  # type: ignore[arg-type]
    forms.validate(form)
    forms.show_as_typed(form)
    assert "canary-4711" not in form.it()


# The shape


def digest(form_class: type[Form]) -> bytes:
    return signature(form_class).digest


@pytest.mark.parametrize("kind", [fields.DateField, fields.TimeField])
def test_shape_tells_another_format(kind: Any) -> None:
    ours, theirs = (
        [one(kind(format=f)), one(kind(None, None, f)), one(kind(format=[f]))]
        for f in ("%d/%m", "%m/%d")
    )
    for mine, other in zip(ours, theirs, strict=True):
        assert digest(mine) != digest(other)


def test_shape_of_a_field_with_a_rule_of_code_is_the_same_in_each_process() -> None:
    first = one(fields.SelectField(None, None, lambda value: value))
    second = one(fields.SelectField(None, None, lambda value: value))
    assert digest(first) == digest(second)


def test_shape_is_that_of_an_equal_form() -> None:
    assert digest(one(fields.StringField())) == digest(
        one(fields.StringField("Another label"))
    )


@pytest.mark.parametrize(
    "other",
    [
        type("Renamed", (Form,), {"that": fields.StringField()}),
        one(fields.IntegerField()),
        one(fields.FieldList(fields.StringField())),
        type("More", (Form,), {"it": fields.StringField(), "b": fields.StringField()}),
    ],
)
def test_shape_tells_another_form(other: type[Form]) -> None:
    mine = digest(one(fields.StringField()))
    assert digest(other) != mine


@pytest.mark.parametrize(
    "wrap", [fields.FormField, lambda f: fields.FieldList(fields.FormField(f))]
)
def test_shape_sees_nested_fields(wrap: Any) -> None:
    first, second = (
        one(wrap(one(kind()))) for kind in (fields.StringField, fields.IntegerField)
    )
    assert digest(first) != digest(second)


def test_shape_ignores_buttons() -> None:
    class With(Form):
        it = fields.StringField()
        send = fields.SubmitField()

    assert digest(With) == digest(one(fields.StringField()))


def test_shape_is_that_of_a_built_form() -> None:
    """WTForms collects the fields of a class when it is first built."""
    built = one(fields.StringField())
    before = digest(built)
    built()
    assert digest(built) == before


def test_shape_sees_a_field_that_was_added_later() -> None:
    late: Any = one(fields.StringField())
    late()
    before = digest(late)
    late.more = fields.StringField()
    assert digest(late) != before


@pytest.mark.parametrize("name", ["passed", "form_class"])
def test_inner_field_may_have_any_name(name: str) -> None:
    inner = type("Inner", (Form,), {name: fields.StringField()})
    outer = type("Outer", (Form,), {"it": fields.FormField(inner)})
    form: Any = forms.bind(signature(outer), None, meta={}, initial={"it": {name: "x"}})
    assert form.it.form[name].data == "x"
