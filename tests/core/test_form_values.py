"""What is kept of the values of a form, and what fields that sent nothing keep."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from wtforms import Form, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import DateBoxesField, OnlyIf
from flask_wizard.core import forms
from flask_wizard.core.draft import Before, StoredFile
from flask_wizard.core.files import SentFile
from flask_wizard.core.forms import EntryLimit, FieldNames, Values, renamed
from flask_wizard.core.signatures import signature

CHOICES = [SelectChoice("a", "A"), SelectChoice("b", "B")]


class Street(Form):
    street = fields.StringField()
    pin = fields.PasswordField()


class City(Form):
    city = fields.StringField()


class Whole(Form):
    name = fields.StringField()
    pin = fields.PasswordField()
    photo = fields.FileField()
    home = fields.FormField(Street)
    town = fields.FormField(City)
    tags = fields.FieldList(fields.StringField())
    places = fields.FieldList(fields.FormField(Street))
    send = fields.SubmitField()


def bind(form: Any, sent: dict[str, Any] | None = None, **more: Any) -> Any:
    values = None
    if sent is not None:
        listed = {n: [v] if isinstance(v, str) else v for n, v in sent.items()}
        values = Values(listed)
    return forms.bind(signature(form), values, meta={}, **more)


def one(unbound: Any) -> type[Form]:
    return type("One", (Form,), {"it": unbound})


class DayField(fields.Field):
    """A field of two inputs, which asks for neither while nothing was sent."""

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        self.data = self.object_data = None
        self.process_errors = []
        if formdata is not None and len(formdata):
            parts = (formdata.get(f"{self.name}-{part}") for part in ("day", "month"))
            self.data = "/".join(part or "" for part in parts)


# Names


def test_page_names_its_fields_apart_by_what_may_be_kept_of_them() -> None:
    found = FieldNames.of(bind(Whole, {"tags-0": "x"}))
    assert found.exact == ("name", "home-street", "town-city", "tags-0")
    assert found.starts == ("town-", "tags-")
    assert found.passwords == ("pin", "home-pin")
    assert found.files == ("photo",)


def test_page_names_how_the_inputs_begin_of_a_field_that_reads_by_itself() -> None:
    class Two(Form):
        day = DayField()
        code = DayField(render_kw={"type": "password"})

    names = FieldNames.of(bind(Two))
    assert names.has("day-month")
    assert not names.has("code-month")


def test_page_names_the_inputs_of_a_field_that_fails_without_values() -> None:
    class Touchy(DayField):
        def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
            self.data = formdata[f"{self.name}-day"]

    assert FieldNames.of(bind(one(Touchy()), {"it-day": "3"})).has("it-day")


def test_names_are_kept_unless_they_are_of_passwords() -> None:
    names = FieldNames(("a", "s-pin"), ("s-",), ("s-pin", "p"))
    assert [n for n in ("a", "s-1", "s-pin", "p", "b", "s") if names.has(n)] == [
        *("a", "s-1"),
    ]
    assert not FieldNames().has("a")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("old", "new"), ("old-x-1", "new-x-1"), ("older", "older"), ("x-old", "x-old")],
)
def test_field_and_those_inside_it_are_renamed(name: str, expected: str) -> None:
    assert renamed(name, {"old": "new", "other": "more"}) == expected
    names = FieldNames((name,), (name,), (name,))
    assert names.renamed({"old": "new"}) == FieldNames(
        *((expected,), (expected,), (expected,))
    )


def test_values_are_renamed_with_what_came_along() -> None:
    values = Values({"old": ["x"], "old-1": ["y"], "b": ["z"]})
    values.dropped = "f"
    values.names = FieldNames(("old",))
    values.files = {"f": SentFile(StoredFile("f", "photo", "a.png"))}
    found = values.renamed({"old": "new"})
    assert found == {"new": ["x"], "new-1": ["y"], "b": ["z"]}
    assert found.names == FieldNames(("new",))
    assert (found.dropped, found.files) == ("f", values.files)
    assert Values({"old": ["x"]}).renamed({"old": "new"}).names is None


def test_values_are_given_back_without_files() -> None:
    values = Values({"a": ["x"]})
    values.names = FieldNames(("a",))
    values.files = {"f": SentFile(StoredFile("f", "photo", "a.png"))}
    alone = values.without_files()
    assert (alone, alone.names, alone.files) == ({"a": ["x"]}, values.names, {})


def test_values_that_the_page_has_named_are_kept() -> None:
    values = Values({"a": ["x"], "b": ["y"], "c": []})
    assert values.named() == {}
    values.names = FieldNames(("a", "c"), files=("photo",))
    assert values.named() == {"a": ["x"]}
    kept, refused, other = (
        SentFile(StoredFile("f", "photo", "a.png")),
        SentFile(StoredFile("g", "photo", "b.png"), "Too large."),
        SentFile(StoredFile("h", "other", "c.png")),
    )
    values.files = {"f": kept, "g": refused, "h": other}
    assert values.named_files() == [kept]
    values.names = None
    assert values.named_files() == []


def test_values_of_later_passwords_are_left_out() -> None:
    form = bind(Street, {"street": "x", "pin": "1"})
    values = Values({"street": ["x"], "pin": ["1"]})
    assert values.unprepared(form) == ({"street": ["x"]}, {"pin": ["1"]})
    values.names = FieldNames(passwords=("street",))
    assert values.unprepared(form) == ({}, {"pin": ["1"]})


def test_fields_that_something_was_typed_into_are_told() -> None:
    values = Values({"a": ["x"], "b": [""], "c": ["", "y"]})
    assert values.filled(["a", "b", "c", "d"]) == ["a", "c"]
    assert bool(Values())
    assert (Values().names, Values().files, Values().dropped) == (None, {}, "")
    assert repr(values) == "<Values of a, b, c>"


# What is sent, and what is declared


def test_values_passwords_and_buttons_are_told_apart() -> None:
    sent = {
        **{"name": "Ada", "pin": "1", "home-street": "x", "home-pin": "2"},
        **{"tags-0": "t", "send": "Go", "odd": "x", "photo": "text"},
    }
    raw, secret = forms.sent(bind(Whole, sent))
    assert raw == {"name": ["Ada"], "home-street": ["x"], "tags-0": ["t"]}
    assert secret == {"pin": ["1"], "home-pin": ["2"]}


def test_row_of_files_is_kept_though_nothing_else_of_it_was_sent() -> None:
    class Row(Form):
        box = fields.BooleanField()
        photo = fields.FileField()

    form_class = one(fields.FieldList(fields.FormField(Row)))
    file = SimpleNamespace(
        stored=StoredFile("f", "it-0-photo", "a.png"), seek=lambda position: None
    )
    form = bind(form_class, {"it-0-photo": [file]})
    assert forms.sent(form)[0] == {"it-0-_row": [""]}


def test_file_of_a_form_that_cannot_be_bound_is_not_kept_as_a_value() -> None:
    def overflow(value: object) -> object:
        return value and 1 / 0

    class Unbindable(Form):
        name = fields.StringField(filters=[overflow])
        rows = fields.FieldList(fields.FormField(one(fields.FileField())))

    file = SimpleNamespace(
        stored=StoredFile("f", "rows-0-it", "a.png"), seek=lambda position: None
    )
    form = bind(Unbindable, {"name": "x", "rows-0-it": [file], "rows-0-more": "y"})
    assert forms.sent(form)[0] == {"name": ["x"], "rows-0-more": ["y"]}


def test_one_string_of_a_date_is_kept_by_its_boxes() -> None:
    raw, _ = forms.sent(bind(one(DateBoxesField()), {"it": "2026-03-04"}))
    assert raw == {"it-day": ["04"], "it-month": ["03"], "it-year": ["2026"]}


def test_inputs_that_a_form_asks_for_are_kept_only_if_they_were_sent() -> None:
    assert forms.sent(bind(one(DayField()), {"it-day": "3"}))[0] == {"it-day": ["3"]}


def test_form_declares_its_fields_and_the_inputs_inside_them() -> None:
    form = bind(Whole)
    names = ("name", "name_day", "home-street", "home", "tags-9", "send", "name.x")
    assert all(forms.declares(form, name) for name in names)
    unknown = ("names", "odd", "x-name", "odds-x", "")
    assert not any(forms.declares(form, name) for name in unknown)


def test_values_of_inputs_that_are_gone_are_told() -> None:
    raw = {"name": ["x"], "gone": ["x"], "tags-7": ["x"], "tagsy": ["x"], "home": ["x"]}
    found = forms.undeclared(bind(Whole, {}), raw)
    assert found == {"gone": ["x"], "tagsy": ["x"], "home": ["x"]}


def test_form_that_reads_for_itself_may_have_any_input() -> None:
    form = bind(one(DateBoxesField()), {})
    assert forms.undeclared(form, {"gone": ["x"]}) == {}


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("name", "name"),
        ("home.street", "home-street"),
        ("home.nothing", None),
        ("nothing", None),
        ("name.street", None),
        ("name.0", None),
        ("tags.0", "tags-0"),
        ("tags.1", "tags-1"),
        ("tags.7", "tags-7"),
        ("tags.x", None),
        ("places.0.street", "places-0-street"),
        ("places.0.nothing", None),
        ("places.5.street", "places-5-street"),
    ],
)
def test_field_is_found_by_the_names_that_lead_to_it(
    path: str, expected: str | None
) -> None:
    form = bind(Whole, {"tags-0": "x", "places-0-street": "x"})
    assert forms.full_name(form, path.split(".")) == expected


def test_data_alone_stay_of_a_form() -> None:
    form = bind(Whole, {"places-0-street": "x"})

    class Buttoned(Form):
        inner = fields.FormField(Whole)
        rows = fields.FieldList(fields.FormField(Whole), min_entries=1)
        files = fields.FieldList(fields.FileField(), min_entries=1)

    assert list(forms.with_data_only(form)._fields) == [
        *("name", "pin", "home", "town", "tags", "places"),
    ]
    nested = forms.with_data_only(bind(Buttoned))
    assert list(nested._fields) == ["inner", "rows"]
    inner: Any = nested
    assert "send" not in inner.inner.form
    assert "send" not in inner.rows.entries[0].form


def test_leaves_are_the_fields_that_hold_values() -> None:
    form = bind(Whole, {"tags-0": "x", "places-0-street": "x"})
    assert [leaf.name for leaf in forms.leaves(form)] == [
        *("name", "pin", "photo", "home-street", "home-pin", "town-city", "tags-0"),
        *("places-0-street", "places-0-pin"),
    ]
    assert [found.name for found in forms.lists(form)] == ["tags", "places"]
    assert forms.passwords(form) == ["pin", "home-pin", "places-0-pin"]


# What a page began with


def before(silent: tuple[str, ...] = (), **raw: Any) -> Before:
    listed = {
        name.replace("__", "-"): [v] if isinstance(v, str) else v
        for name, v in raw.items()
    }
    return Before(listed, silent=silent)


def with_unsent(form: Any, began: Before, **sent: str) -> Any:
    values = Values((name.replace("__", "-"), [v]) for name, v in sent.items())
    return forms.with_unsent(values, bind(form, began.raw), began)


def test_field_that_sent_nothing_has_what_it_began_with() -> None:
    began = before(name="Ada", home__street="x", town__city="y")
    found = with_unsent(Whole, began, home__street="z")
    assert found == {"home-street": ["z"], "name": ["Ada"], "town-city": ["y"]}


def test_field_that_was_cleared_or_began_blank_is_left_alone() -> None:
    began = before(name="", town__city="y")
    assert with_unsent(Whole, began, town__city="") == {"town-city": [""]}


def test_box_that_was_cleared_stays_so() -> None:
    form = one(fields.BooleanField())
    assert with_unsent(form, before(it="y", silent=("it",))) == {}
    assert with_unsent(form, before(it="y")) == {"it": ["y"]}


def test_values_to_which_nothing_is_added_are_the_same() -> None:
    values = Values({"name": ["x"]})
    began = before(name="Ada")
    assert forms.with_unsent(values, bind(Whole, began.raw), began) is values


def test_values_to_which_something_is_added_keep_the_names_of_the_page() -> None:
    values = Values({})
    values.names = FieldNames(("name",))
    began = before(name="Ada")
    found = forms.with_unsent(values, bind(Whole, began.raw), began)
    assert found.names is values.names


def test_row_that_was_taken_away_does_not_come_back() -> None:
    form = one(fields.FieldList(fields.FormField(City)))
    began = before(it__0__city="x", it__1__city="y")
    assert with_unsent(form, began) == {}
    found = with_unsent(form, before(it__0__city="x"), it__0__odd="z")
    assert found == {"it-0-odd": ["z"], "it-0-city": ["x"]}


def test_list_that_always_sends_a_row_keeps_what_it_began_with() -> None:
    form = one(fields.FieldList(fields.StringField(), min_entries=1))
    assert with_unsent(form, before(it__0="x")) == {"it-0": ["x"]}
    began = before(it__0="x", it__1="y")
    assert with_unsent(form, began, it__0="z") == {"it-0": ["z"]}


def test_boxes_of_a_date_keep_what_they_began_with_together() -> None:
    form = one(DateBoxesField())
    began = before(it__day="1", it__month="2", it__year="2026", other="x")
    found = with_unsent(form, began)
    assert found == {"it-day": ["1"], "it-month": ["2"], "it-year": ["2026"]}
    assert with_unsent(form, began, **{"it-day": "7"}) == {"it-day": ["7"]}


def test_inputs_of_a_field_that_reads_by_itself_keep_what_they_began_with() -> None:
    class Two(Form):
        it = DayField()
        tags = fields.FieldList(fields.StringField())

    began = before(it__day="3", it__month="4", tags__0="x")
    found = with_unsent(Two, began, **{"it-day": "7"})
    assert found == {"it-day": ["7"], "it-month": ["4"]}


class Locked(Form):
    name = fields.StringField(validators=[validators.ReadOnly()])
    off = fields.StringField(validators=[validators.Disabled()])
    more = fields.StringField()
    pin = fields.PasswordField()


def restored(**sent: str) -> Any:
    began = before(name="Ada", off="x", more="m")
    values = Values((name, [text]) for name, text in sent.items())
    form = bind(Locked, dict(values))
    forms.restore_before(form, values, bind(Locked, began.raw), began)
    return form


def test_fields_have_what_they_began_with_to_compare() -> None:
    form = restored(name="Eve", more="n")
    assert [field.object_data for field in form][:3] == ["Ada", "x", "m"]
    assert form["pin"].object_data is None
    assert (form["more"].data, form["name"].data) == ("n", "Eve")


def test_field_that_nobody_can_edit_keeps_its_data() -> None:
    form = restored(more="n")
    assert (form["name"].data, form["name"].raw_data) == ("Ada", ["Ada"])
    assert (form["off"].data, form["off"].raw_data) == ("x", [])
    assert form.validate()
    assert not restored(off="y").validate()


def test_blank_field_that_nobody_can_edit_sends_nothing() -> None:
    class Two(Form):
        count = fields.IntegerField(validators=[validators.ReadOnly()])
        day = DayField(validators=[validators.ReadOnly()])

    began = before(count="")
    form = bind(Two, {})
    forms.restore_before(form, Values(), bind(Two, began.raw), began)
    assert [field.raw_data for field in form] == [[], []]
    assert form.validate()


def test_row_that_the_page_did_not_begin_with_has_nothing_to_compare() -> None:
    form_class = one(fields.FieldList(fields.StringField()))
    began = before(it__0="x")
    values = Values({"it-0": ["y"], "it-1": ["z"]})
    form = bind(form_class, dict(values))
    forms.restore_before(form, values, bind(form_class, began.raw), began)
    assert [entry.object_data for entry in form["it"]] == ["x", None]


def test_password_and_field_that_is_new_begin_with_nothing() -> None:
    form = bind(Locked, {"pin": "1", "more": "n"})
    began = before(pin="2")
    forms.restore_before(form, Values(form.meta.sent), bind(Street, began.raw), began)
    assert form["pin"].object_data is None
    assert form["more"].object_data is None


# What prepare sets


def test_visible_fields_that_were_sent_keep_what_was_typed() -> None:
    class Two(Form):
        name = fields.StringField()
        key = fields.HiddenField()
        box = fields.BooleanField()
        unsent = fields.StringField()
        many = fields.SelectMultipleField(choices=CHOICES)

    form = bind(Two, {"name": "x", "key": "k"})
    known = forms.typed(form)
    assert [field.name for field, _ in known] == ["name", "box", "many"]
    form["name"].data, form["box"].data, form["key"].data = "y", True, "l"
    assert forms.restore_typed(known) == ["name", "box"]
    assert (form["name"].data, form["box"].data) == ("x", False)
    assert form["key"].data == "l"
    assert forms.restore_typed(known) == []


def test_data_that_are_as_good_as_those_typed_are_not_replaced() -> None:
    class Two(Form):
        number = fields.FloatField()
        many = fields.SelectMultipleField(choices=CHOICES)

    form = bind(Two, {"number": "nan", "many": ["a", "b"]})
    known = forms.typed(form)
    form["many"].data = ["a", "b"]
    assert forms.restore_typed(known) == []


def test_data_that_a_field_works_out_are_not_those_typed() -> None:
    class Computed(fields.Field):
        data = property(lambda field: 7, lambda field, value: None)

    assert forms.typed(bind(one(Computed()), {"it": "x"})) == []


def test_object_of_a_form_is_set_where_it_has_one() -> None:
    form: Any = bind(Whole)
    assert not forms.wants_object(form)
    given = SimpleNamespace(home=SimpleNamespace())
    forms.set_object(form, given)
    assert not hasattr(form, "_obj")
    form.home.form._obj = None
    assert forms.wants_object(form)
    forms.set_object(form, given)
    assert form.home.form._obj is given.home
    forms.set_object(form, {"home": given})
    assert form.home.form._obj is given
    forms.set_object(form, None)
    assert form.home.form._obj is given
    form._obj = None
    assert forms.wants_object(form)
    forms.set_object(form, {"home": None})
    assert form._obj is None
    forms.set_object(form, given)
    assert form._obj is given


# Entries


def listed(most: int | None = None) -> Any:
    field = fields.FieldList(fields.StringField(), max_entries=most)
    return SimpleNamespace(name="it", max_entries=most, entries=[], field=field)


def test_lists_of_a_page_share_its_room() -> None:
    limit = EntryLimit(5)
    assert [limit.take(listed(), wanted) for wanted in (3, 2, 1)] == [3, 2, 0]
    assert limit.sent == {"it": 1}
    assert limit.room(listed()) == ("page", 5)


def test_list_with_a_maximum_of_its_own_takes_no_room_of_the_page() -> None:
    limit = EntryLimit(2)
    own = listed(3)
    assert limit.take(own, 3) == 3
    assert limit.sent == {}
    assert limit.take(own, 4) == 3
    assert limit.sent == {"it": 4}
    assert limit.take(listed(), 2) == 2
    assert limit.room(own) == ("list", 3)


def test_page_without_a_limit_has_room_for_all() -> None:
    limit = EntryLimit(None)
    assert limit.take(listed(), 999) == 999
    assert limit.sent == {}
    assert limit.room(listed()) == ("page", None)


def test_entries_that_a_list_begins_with_are_counted() -> None:
    limit = EntryLimit(2)
    field = listed(2)
    limit.lift(field)
    assert field.max_entries is None
    field.entries = [1, 2, 3]
    limit.count_entries()
    assert field.max_entries == 2
    assert limit.sent == {"it": 3}


# What a bound form is like


def test_form_that_was_bound_says_what_it_was_bound_to() -> None:
    form = bind(Whole, {"name": "x"})
    assert form.meta.csrf is False
    assert form.meta.sent == {"name": ["x"]}
    assert (form.meta.unbindable, form.meta.left_out) == (False, ())
    assert form.home.form.meta.csrf is False
    assert form.meta.entry_limit is not None
    plain = bind(Street, {"street": "x"})
    assert plain.meta.entry_limit is None
    assert plain.meta.data_read is None
    assert bind(one(DateBoxesField()), {}).meta.data_read is not None


def test_arguments_are_the_forms_own() -> None:
    class Own(Form):
        it = fields.StringField()

        def __init__(self, *args: Any, colour: str = "", **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.colour = colour

    for sent in (None, {"it": "x"}):
        form = bind(Own, sent, arguments={"colour": "red"})
        assert form.colour == "red"
    assert bind(Own).colour == ""


@pytest.mark.parametrize("initial", [{"name": "Ada"}, SimpleNamespace(name="Ada")])
def test_form_begins_with_a_mapping_or_an_object(initial: object) -> None:
    assert bind(Whole, None, initial=initial)["name"].data == "Ada"


def test_drawing_of_the_application_stays() -> None:
    class Own(Form):
        it = fields.StringField()

        class Meta:
            def render_field(self, field: Any, render_kw: Any) -> str:
                return "own"

    assert str(bind(Own)["it"]()) == "own"


def test_meta_that_a_field_passes_to_its_form_is_kept() -> None:
    class Passing(fields.FormField):  # type: ignore[type-arg]
        def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
            passed = {"prefix": f"{self.name}-", "meta": {"colour": "red"}}
            self.form = self.form_class(formdata=formdata, **passed)

    form = bind(one(Passing(City)), {"it-city": "x"})
    assert form["it"].form.meta.colour == "red"
    assert form["it"].form.meta.csrf is False
    assert form["it"].data == {"city": "x"}


def test_field_of_several_inputs_that_is_left_out_is_shown_as_it_was_sent() -> None:
    class Two(Form):
        kind = fields.StringField()
        day = DayField(validators=[OnlyIf("kind", "x")])

    form = bind(Two, {"kind": "y", "day-day": "3", "day-month": "4"})
    forms.leave_out(form, signature(Two).conditions)
    assert forms.validate(form)
    assert form["day"].data is None
    forms.show_as_typed(form)
    assert form["day"].data == "3/4"


def test_text_of_a_field_that_has_become_a_list_is_no_input_of_the_form() -> None:
    form_class = type("Now", (Form,), {"it": fields.FieldList(fields.StringField())})
    raw = {"it": ["typed before"], "it-0": ["x"], "item": ["y"]}
    assert forms.undeclared(bind(form_class, {}), raw) == {
        "it": ["typed before"],
        "item": ["y"],
    }
