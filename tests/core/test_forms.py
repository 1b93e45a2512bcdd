"""WTForms bound to stored strings: judged, blamed, and shown as they were typed."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from decimal import Decimal, InvalidOperation
from functools import partial
from types import FrameType
from typing import Any

import pytest
from flask import Flask
from flask_wtf import FlaskForm
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, validators, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard.core import form_errors, forms
from flask_wizard.core.forms import Values
from flask_wizard.core.signatures import signature

CHOICES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]


def one(unbound: Any) -> Any:
    """A form class with this one field, called ``it``."""
    return type("One", (Form,), {"it": unbound})


def values(*pairs: tuple[str, str]) -> Values:
    return Values.of(MultiDict(pairs).lists())


def bind(form: Any, sent: Values | None, **more: Any) -> Any:
    return forms.bind(form, sent, meta={"answers": None}, **more)


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
    form: Any = forms.bind(outer, None, meta={"answers": "mine"})
    assert form.meta.answers == "mine"
    assert form.it[0].form.meta.answers == "mine"
    assert form.it[0].form.it.form.meta.answers == "mine"


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
    assert forms.sent(form, sent)[0] == {"it-0": ["two"], "it-1": ["seven"]}


def test_list_with_gaps_is_filled_up_with_blank_entries() -> None:
    sent = values(("it-2", "two"), ("it-7", "seven"))
    form = bind(one(fields.FieldList(fields.StringField(), min_entries=3)), sent)
    assert [entry.data or "" for entry in form.it] == ["two", "seven", ""]


def test_nested_list_entries_are_renumbered() -> None:
    sent = values(("it-2-it", "two"), ("it-7-it", "seven"))
    outer = one(fields.FieldList(fields.FormField(one(fields.StringField()))))
    form = bind(outer, sent)
    assert forms.sent(form, sent)[0] == {"it-0-it": ["two"], "it-1-it": ["seven"]}


class Tagged(Form):
    tags = fields.FieldList(fields.StringField())
    s = fields.FieldList(fields.StringField())


@pytest.mark.parametrize("inner", ["tags", "s"])
def test_list_inside_a_list_keeps_its_own_numbers(inner: str) -> None:
    outer = type("Outer", (Form,), {"s": fields.FieldList(fields.FormField(Tagged))})
    sent = values(*((f"s-2-{inner}-{number}", f"{number}") for number in range(3)))
    form = bind(outer, sent)
    assert forms.sent(form, sent)[0] == {
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
    ["it-²", "it-①", "it-٣", "it-" + "9" * 5000, f"it-{10**9}", "it-1e5", "it--1"],
)
def test_absurd_index_is_left_out(name: str) -> None:
    form = tags("it-0", name)
    assert form.it.data == ["it-0"]


@pytest.mark.parametrize("index", [999, 10**9 - 1])
def test_large_index_is_one_entry(index: int) -> None:
    assert tags(f"it-{index}").it.data == [f"it-{index}"]


def test_name_with_letters_beyond_ascii_is_kept() -> None:
    form = type("Form_", (Form,), {"größe": fields.StringField()})
    assert bind(form, values(("größe", "10"))).data == {"größe": "10"}


def test_name_with_a_long_number_is_kept() -> None:
    """It is no index: only what follows a list's name is one."""
    form = type("Form_", (Form,), {"isbn_9783161484100": fields.StringField()})
    sent = values(("isbn_9783161484100", "yes"))
    assert bind(form, sent).data == {"isbn_9783161484100": "yes"}


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
    raw, _ = forms.sent(bind(Mixed, MIXED), MIXED)
    assert raw == {"name": ["Ada"], "sizes": ["s", "l"]}


def test_passwords_are_kept_apart() -> None:
    _, passwords = forms.sent(bind(Mixed, MIXED), MIXED)
    assert passwords == {"secret": ["a"], "hidden": ["b"]}


def test_unsent_field_is_not_kept() -> None:
    assert forms.sent(bind(Mixed, Values()), Values()) == ({}, {})


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
    assert forms.sent(form, sent)[0] == {"it-day": ["3"], "it-month": ["4"]}


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


def test_trouble_in_an_inline_validator_is_a_form_error() -> None:
    class Inline(Form):
        it = fields.StringField()

        def validate_it(self, field: fields.Field) -> None:
            overflow()

    form = bind(Inline, values(("it", "x")))
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {"it": [forms.UNUSABLE]}


def test_trouble_in_the_forms_own_validation_is_a_form_error() -> None:
    class Own(Form):
        it = fields.StringField()

        def validate(self, *args: Any, **kwargs: Any) -> bool:
            return bool(overflow())

    form = bind(Own, values(("it", "x")))
    assert not forms.validate(form)
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


def test_value_that_cannot_be_bound_is_a_form_error() -> None:
    form = bind(Unbindable, UNBINDABLE)
    assert not forms.validate(form)
    assert form_errors.errors_of(form) == {"": [forms.UNUSABLE]}


def test_value_that_cannot_be_bound_loses_no_other() -> None:
    form = bind(Unbindable, UNBINDABLE)
    assert forms.sent(form, UNBINDABLE)[0] == dict(UNBINDABLE)


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
    forms.show_as_typed(form)
    assert "canary-4711" not in form.it()


def test_password_drawn_by_an_own_widget_is_never_shown() -> None:
    def own(field: Any, **kwargs: Any) -> str:
        return f"<input value='{field.data}{field._value()}{field.raw_data}'>"

    form = it(fields.PasswordField(widget=own), "canary-4711")  # type: ignore[arg-type]
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
    form: Any = forms.bind(outer, None, meta={}, initial={"it": {name: "x"}})
    assert form.it.form[name].data == "x"
