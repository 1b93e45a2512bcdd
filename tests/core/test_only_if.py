"""OnlyIf: which fields count, in forms of a wizard and in forms without one."""

from __future__ import annotations

from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
import wizards
from werkzeug.datastructures import MultiDict
from wizards import EMPTY
from wtforms import Form, ValidationError, fields
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length

from flask_wizard import (
    Answers,
    DefinitionError,
    OnlyIf,
    Review,
    Step,
    StoreError,
    Wizard,
)
from flask_wizard.core.draft import decode, encode
from flask_wizard.core.forms import Values, show_as_typed, validate
from flask_wizard.core.hooks import HookError
from flask_wizard.core.journey import Journey
from flask_wizard.core.only_if import cause_of, is_left_out
from flask_wizard.core.signatures import conditions_of, signature

REQUIRED = InputRequired("Enter it")


def choices(*values: Any) -> Any:  # the stubs know no plain values
    return list(values)


class Address(Form):
    street = fields.StringField("Street", [REQUIRED])
    country = fields.SelectField("Country", choices=choices("de", "fr"))


class Pay(Form):
    payer = fields.RadioField("Payer", choices=choices("person", "company", "state"))
    vat = fields.IntegerField("VAT number", [OnlyIf("payer", "company"), REQUIRED])
    same = fields.BooleanField("Same", [OnlyIf("payer", ("company", "state"))])
    home = fields.FormField(OnlyIf.group("same", False, Address))
    tags = fields.FieldList(
        fields.StringField("Tag", [REQUIRED, Length(max=3)]),
        validators=[OnlyIf("payer", "company")],
        max_entries=2,
    )

    def validate_vat(self, field: Any) -> None:
        if field.data is not None and field.data < 0:
            raise ValidationError("Enter a number above zero")


def declare(form: Any, **more: Any) -> type[Wizard]:
    steps = {"one": Step(form), **more, "check": Review()}
    return wizards.declare("Asks", commit=lambda self, submission: None, **steps)


def send(journey: Journey, step: str = "one", **sent: Any) -> Journey:
    """One POST of Continue, and the next request."""
    values = Values(
        (name.replace("__", "-"), text if isinstance(text, list) else [text])
        for name, text in sent.items()
    )
    onward = journey.submit(step, values, validate=True)
    return Journey(journey.steps, decode(encode(onward.to_draft())))


def fill(form: Any, /, **sent: Any) -> Journey:
    return send(Journey(declare(form).steps, EMPTY), **sent)


def data_of(journey: Journey) -> Any:
    bound = journey.get("one")
    assert bound is not None
    assert bound.done, bound.errors
    return bound.data()


def errors_of(journey: Journey) -> list[str]:
    bound = journey.get("one")
    assert bound is not None
    assert bound.entry is not None
    return sorted(bound.entry.errors)


def form_of(journey: Journey) -> Any:
    bound = journey.get("one")
    assert bound is not None
    return bound.form_to_show()


NOTHING = {"vat": None, "same": None, "home": None, "tags": None}

# What is left out


def test_field_whose_condition_does_not_hold_is_not_validated() -> None:
    journey = fill(Pay, payer="person", vat="x", home__country="it", tags__0="long")
    assert data_of(journey) == {"payer": "person", **NOTHING}


def test_field_whose_condition_holds_is_validated() -> None:
    journey = fill(Pay, payer="company", vat="x", home__country="it", tags__0="long")
    assert errors_of(journey) == ["home-country", "home-street", "tags-0", "vat"]


def test_validator_of_the_form_does_not_run_for_a_field_that_is_left_out() -> None:
    assert data_of(fill(Pay, payer="person", vat="-1"))["vat"] is None
    journey = fill(Pay, payer="company", vat="-1", same="y", tags__0="a")
    assert errors_of(journey) == ["vat"]


def test_field_without_a_value_of_its_cause_is_left_out() -> None:
    class Optional(Form):
        payer = fields.StringField("Payer")
        vat = fields.StringField("VAT", [OnlyIf("payer", "company"), REQUIRED])

    assert data_of(fill(Optional, vat="5")) == {"payer": None, "vat": None}


def test_cause_that_is_left_out_counts_as_no_value() -> None:
    # ``same`` is not ticked, which the group asks for, but it is not asked itself.
    journey = fill(Pay, payer="person", home__street="1 Main St", home__country="de")
    assert data_of(journey)["home"] is None
    journey = fill(
        Pay, payer="state", home__street="1 Main St", home__country="de", vat="x"
    )
    home = {"street": "1 Main St", "country": "de"}
    expected = {"payer": "state", "vat": None, "same": False, "home": home}
    assert data_of(journey) == {**expected, "tags": None}


def test_too_many_entries_of_a_list_that_is_left_out_are_no_error() -> None:
    sent = {f"tags__{n}": "a" for n in range(3)}
    assert data_of(fill(Pay, payer="person", **sent))["tags"] is None
    company = {"payer": "company", "vat": "1", "same": "y"}
    assert errors_of(fill(Pay, **company, **sent)) == ["tags"]


def shown(journey: Journey) -> Any:
    """The form as a page shows it after a failed attempt to save it."""
    form = form_of(journey)
    assert validate(form)
    show_as_typed(form)
    return form


def test_what_was_typed_is_shown_as_it_was() -> None:
    typed = {"vat": "x", "home-street": "Main", "home-country": "fr", "tags-0": "long"}
    sent = {"payer": "person", "same": "y", **typed}
    journey = fill(Pay, **sent)
    assert journey.draft.entries["one"].raw == {n: [t] for n, t in sent.items()}
    form = shown(journey)
    assert form.vat._value() == "x"
    assert form.same.data is True
    assert form.home.form.street._value() == "Main"
    assert form.home.form.country.data == "fr"
    assert form.tags.entries[0]._value() == "long"


def test_field_that_reads_by_itself_is_shown_as_it_was() -> None:
    class Day(fields.Field):
        def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
            self.process_errors = []
            self.data = formdata and [formdata.get(f"{self.name}-{n}") for n in "dm"]

    class Trip(Form):
        where = fields.StringField("Where")
        day = Day("Day", [OnlyIf("where", "abroad"), REQUIRED])

    journey = fill(Trip, where="home", day__d="3", day__m="4")
    form = shown(journey)
    assert form.day.data == ["3", "4"]


def test_order_of_the_fields_does_not_matter() -> None:
    class Backwards(Form):
        it = fields.StringField("It", [OnlyIf("b", "x"), REQUIRED])
        b = fields.StringField("B", [OnlyIf("a", "x")])
        a = fields.StringField("A")

    assert data_of(fill(Backwards, a="y", b="x"))["it"] is None
    assert errors_of(fill(Backwards, a="x", b="x")) == ["it"]


def test_data_of_a_field_that_is_left_out_is_hidden_from_other_validators() -> None:
    seen = []

    class Looks(Form):
        payer = fields.StringField("Payer")
        vat = fields.StringField("VAT", [OnlyIf("payer", "company")])
        home = fields.FormField(OnlyIf.group("payer", "company", Address))

        def validate_payer(self, field: Any) -> None:
            seen.append((self.vat.data, self.home.form["street"].data))

    fill(Looks, payer="person", vat="5", home__street="Main")
    assert set(seen) == {(None, None)}


def test_populate_sets_none() -> None:
    journey = fill(Pay, payer="person", vat="7", home__street="Main", tags__0="a")
    obj = SimpleNamespace(payer="", vat=7, home=SimpleNamespace(street="old"))
    bound = journey.get("one")
    assert bound is not None
    bound.populate(obj)
    assert vars(obj) == {"payer": "person", **NOTHING}


def test_answers_are_none() -> None:
    journey = fill(Pay, payer="person", vat="7", home__street="Main", tags__0="a")
    assert journey.path
    record = journey.answers.one
    assert [record[name] for name in record] == ["person", None, None, None, None]


def test_check_page_does_not_list_what_is_left_out() -> None:
    journey = fill(Pay, payer="person", vat="7", home__street="Main", tags__0="a")
    bound = journey.get("one")
    assert bound is not None
    assert [row.label for row in bound.rows(lambda bound: "")] == ["Payer"]


def test_step_that_is_not_validated_again_leaves_out_the_same() -> None:
    wizard = wizards.declare(
        "Trusts",
        commit=lambda self, submission: None,
        one=Step(Pay, revalidate=False),
        check=Review(),
    )
    journey = send(Journey(wizard.steps, EMPTY), payer="person", vat="7", tags__0="a")
    assert data_of(journey) == {"payer": "person", **NOTHING}
    record = journey.answers.one
    assert [record[name] for name in record] == ["person", None, None, None, None]
    bound = journey.get("one")
    assert bound is not None
    assert [row.label for row in bound.rows(lambda bound: "")] == ["Payer"]


# Values

NUMBER = fields.SelectField(
    choices=[SelectChoice("1", "One"), SelectChoice("2", "Two")], coerce=int
)


@pytest.mark.parametrize(
    ("cause", "value", "sent", "holds"),
    [
        (fields.SelectMultipleField(choices=choices("a", "b")), "a", ["b", "a"], True),
        (fields.SelectMultipleField(choices=choices("a", "b")), "a", ["b"], False),
        (fields.SelectMultipleField(choices=choices("a", "b")), {"a", "b"}, "b", True),
        (fields.SelectMultipleField(choices=choices("a", "b")), "a", [], False),
        (fields.RadioField(choices=choices("a", "b")), ["a", "b"], "b", True),
        (fields.RadioField(choices=choices("a", "b")), {"b": 1}.keys(), "b", True),
        (fields.RadioField(choices=choices("a", "ab")), "ab", "a", False),
        (
            NUMBER,
            2,
            "2",
            True,
        ),
        (
            NUMBER,
            2,
            "1",
            False,
        ),
        (fields.BooleanField(), True, "y", True),
        (fields.BooleanField(), True, [], False),
        (fields.BooleanField(), False, [], True),
        (fields.StringField(), "", "", True),
        (fields.FieldList(fields.StringField()), "a", None, False),
        (fields.IntegerField(), lambda age: age < 18, "7", True),
        (fields.IntegerField(), lambda age: age < 18, "70", False),
        (fields.IntegerField(), lambda age: age < 18, "seven", False),
        (fields.IntegerField(), lambda age: age < 18, "", False),
        (fields.DateField(), lambda born: born.year > 2000, "31/02/2026", False),
        (fields.DateField(), lambda born: born.year > 2000, "", False),
        (fields.DateField(), lambda born: born.year > 2000, "2001-02-03", True),
        (fields.DecimalField(), lambda sum: sum > 5, "sNaN", False),
        (fields.DecimalField(), 5, "sNaN", False),
        (fields.StringField(), lambda text: int(text) > 5, "x", False),
        (fields.SelectMultipleField(choices=choices("a", "b")), len, ["a"], True),
        (fields.SelectMultipleField(choices=choices("a", "b")), len, [], False),
    ],
)
def test_condition_holds_for(cause: Any, value: Any, sent: Any, holds: bool) -> None:
    asks = type(
        "Asks",
        (Form,),
        {
            "cause": cause,
            "it": fields.StringField("It", [OnlyIf("cause", value), REQUIRED]),
        },
    )
    given = {} if sent is None else {"cause": sent}
    assert ("it" in errors_of(fill(asks, **given))) is holds


def test_entries_of_a_list_may_be_the_cause() -> None:
    class Lists(Form):
        pets = fields.FieldList(fields.StringField("Pet"))
        paper = fields.StringField("Paper", [OnlyIf("pets", "dog"), REQUIRED])

    assert errors_of(fill(Lists, pets__0="cat", pets__1="dog")) == ["paper"]
    assert data_of(fill(Lists, pets__0="cat"))["paper"] is None


def test_nested_form_may_be_the_cause_without_what_is_left_out_of_it() -> None:
    class Home(Form):
        kind = fields.StringField("Kind")
        floor = fields.StringField("Floor", [OnlyIf("kind", "flat")])

    class Lives(Form):
        home = fields.FormField(Home)
        lift = fields.StringField(
            "Lift", [OnlyIf("home", lambda home: home["floor"] == "5"), REQUIRED]
        )

    assert errors_of(fill(Lives, home__kind="flat", home__floor="5")) == ["lift"]
    assert data_of(fill(Lives, home__kind="house", home__floor="5")) == {
        "home": {"kind": "house", "floor": None},
        "lift": None,
    }


def test_error_of_a_function_reaches_the_application() -> None:
    class Breaks(Form):
        age = fields.IntegerField("Age")
        it = fields.StringField("It", [OnlyIf("age", lambda age: age.year)])

    with pytest.raises(AttributeError):
        fill(Breaks, age="7")


def test_error_of_ours_out_of_a_function_is_the_applications() -> None:
    def fails(age: Any) -> Any:
        raise StoreError

    class Breaks(Form):
        age = fields.IntegerField("Age")
        it = fields.StringField("It", [OnlyIf("age", fails)])

    with pytest.raises(HookError):
        fill(Breaks, age="7")


def test_function_that_has_not_run_is_named() -> None:
    condition = OnlyIf("age", lambda age: (one for one in [age]))
    with pytest.raises(DefinitionError, match=r"of OnlyIf\('age'\) returned a value"):
        condition.holds(7)


# Nesting


class Inner(Form):
    kind = fields.StringField("Kind")
    own = fields.StringField("Own", [OnlyIf("kind", "a"), REQUIRED])
    outer = fields.StringField("Outer", [OnlyIf("mode", "b"), REQUIRED])


class Outer(Form):
    mode = fields.StringField("Mode")
    one = fields.FormField(Inner)
    some = fields.FieldList(fields.FormField(Inner))
    groups = fields.FieldList(fields.FormField(OnlyIf.group("mode", "c", Address)))
    texts = fields.FieldList(
        fields.StringField("Text", [OnlyIf("mode", "d"), REQUIRED])
    )


def test_cause_is_a_sibling_or_in_a_form_around() -> None:
    sent = {"one__kind": "a", "some__0__kind": "x", "some__1__kind": "a"}
    journey = fill(Outer, mode="x", **sent)
    assert errors_of(journey) == ["one-own", "some-1-own"]
    journey = fill(Outer, mode="b", one__kind="x", some__0__kind="x")
    assert errors_of(journey) == ["one-outer", "some-0-outer"]
    form = form_of(journey)
    inner = form.some.entries[0].form
    assert (cause_of(inner.own), cause_of(inner.outer)) == (inner.kind, form.mode)
    assert cause_of(form.mode) is None


def test_cause_in_a_form_around_has_its_own_cause_there() -> None:
    class Here(Form):
        kind = fields.StringField("Kind")
        it = fields.StringField("It", [OnlyIf("mode", "b"), REQUIRED])

    class Around(Form):
        here = fields.FormField(Here)
        mode = fields.StringField("Mode", [OnlyIf("kind", "a")])
        kind = fields.StringField("Kind")

    assert errors_of(fill(Around, kind="a", mode="b", here__kind="x")) == ["here-it"]
    assert data_of(fill(Around, kind="x", mode="b", here__kind="a"))["mode"] is None


def test_entries_of_a_list_are_left_out_one_by_one() -> None:
    sent = {"groups__0__street": "", "texts__0": ""}
    data = data_of(fill(Outer, mode="x", **sent))
    assert (data["groups"], data["texts"]) == ([None], [None])
    errors = errors_of(fill(Outer, mode="c", **sent))
    assert errors == ["groups-0-country", "groups-0-street"]
    assert errors_of(fill(Outer, mode="d", **sent)) == ["texts-0"]


def test_names_of_a_page_may_differ_from_those_of_the_form() -> None:
    class Prefixed(Form):
        payer = fields.StringField("Payer", name="who")
        vat = fields.StringField("VAT", [OnlyIf("payer", "company"), REQUIRED])

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            kwargs["prefix"] = "x"
            super().__init__(*args, **kwargs)

    assert errors_of(fill(Prefixed, **{"x__who": "company"})) == ["x-vat"]
    assert data_of(fill(Prefixed, **{"x__who": "person"}))["vat"] is None


def test_cause_that_prepare_deletes_has_no_value() -> None:
    def forget(form: Any, answers: Answers) -> None:
        del form.payer

    class Unpaid(Pay):
        bill = fields.FormField(
            OnlyIf.group("payer", lambda payer: payer is None, Address)
        )

    wizard = wizards.declare(
        "Asks",
        commit=lambda self, submission: None,
        one=Step(Unpaid, prepare=forget),
        check=Review(),
    )
    steps = wizard.steps
    journey = send(Journey(steps, EMPTY), payer="company", vat="x", bill__street="")
    assert errors_of(journey) == ["bill-country", "bill-street"]
    bill = {"bill__street": "Main", "bill__country": "de"}
    journey = send(Journey(steps, EMPTY), payer="company", vat="x", **bill)
    assert data_of(journey)["vat"] is None


# Rule 7


def reads(name: str) -> Callable[[Any, Answers], None]:
    def prepare(form: Any, answers: Answers) -> None:
        form.it.validators = [REQUIRED] if answers.one[name] else []

    return prepare


class It(Form):
    it = fields.StringField("It")


@pytest.mark.parametrize("field", ["vat", "home", "tags"])
def test_who_reads_a_field_reads_what_it_depends_on(field: str) -> None:
    wizard = declare(Pay, two=Step(It, prepare=reads(field)))
    sent = {"vat": "7", "home__street": "Main", "home__country": "de", "tags__0": "a"}
    journey = send(Journey(wizard.steps, EMPTY), payer="person", **sent)
    journey = send(journey, "two", it="")
    assert [bound.name for bound in journey.path] == ["one", "two", "check"]
    journey = send(journey, payer="company", **sent)
    assert journey.current.name == "two"
    assert journey.current.invalidated


def test_who_reads_another_field_is_not_validated_again() -> None:
    wizard = declare(Pay, two=Step(It, prepare=reads("payer")))
    journey = send(Journey(wizard.steps, EMPTY), payer="state", same="y")
    journey = send(journey, "two", it="x")
    journey = send(journey, payer="state", same="y", vat="9")
    bound = journey.get("two")
    assert bound is not None
    assert not bound.outdated


def test_causes_are_those_of_all_fields_inside() -> None:
    causes = conditions_of(Pay).causes
    assert {name: [*found] for name, found in causes.items()} == {
        "payer": [],
        "vat": ["payer"],
        "same": ["payer"],
        "home": ["payer", "same"],
        "tags": ["payer"],
    }
    assert {*conditions_of(Outer).causes["some"]} == {"mode"}


def test_new_condition_changes_what_the_form_asks_for() -> None:
    def digest(*rules: Any) -> bytes:
        members = {
            "a": fields.StringField(),
            "b": fields.StringField(validators=[*rules]),
        }
        return signature(type("F", (Form,), members)).digest

    digests = [
        digest(),
        digest(OnlyIf("a", "x")),
        digest(OnlyIf("a", "y")),
        digest(OnlyIf("a", ["x", "y"])),
        digest(OnlyIf("a", len)),
    ]
    assert len({*digests}) == len(digests)
    assert digest(OnlyIf("a", {"x", "y"})) == digest(OnlyIf("a", ["y", "x"]))
    assert digest(REQUIRED) == digest()


def test_step_is_asked_again_if_a_deploy_lets_a_field_count() -> None:
    def asks(value: str) -> type[Form]:
        it = fields.StringField("It", [OnlyIf("a", value), REQUIRED])
        return type("F", (Form,), {"a": fields.StringField(), "it": it})

    journey = fill(asks("x"), a="y")
    assert journey.current.name == "check"
    deployed = Journey(declare(asks("y")).steps, journey.draft)
    assert deployed.current.name == "one"
    assert deployed.current.invalidated


# Passwords


class Login(Form):
    how = fields.StringField("How")
    password = fields.PasswordField("Password", [OnlyIf("how", "own"), REQUIRED])
    pin = fields.PasswordField("PIN", [REQUIRED])


def test_password_of_a_field_that_is_left_out_is_not_kept() -> None:
    journey = fill(Login, how="bank", password="secret", pin="1234")
    assert journey.draft.entries["one"].passwords == {"pin": ["1234"]}
    assert data_of(journey) == {"how": "bank", "password": None, "pin": "1234"}


def test_accepted_password_is_dropped_when_its_field_is_left_out() -> None:
    journey = fill(Login, how="own", password="secret", pin="1234")
    journey = send(journey, how="bank", password="", pin="")
    assert journey.draft.entries["one"].passwords == {"pin": ["1234"]}
    journey = send(journey, how="own", password="", pin="")
    assert errors_of(journey) == ["password"]


def test_what_is_typed_into_a_password_that_is_left_out_does_not_count() -> None:
    journey = fill(Login, how="own", password="secret", pin="1234")
    journey = send(journey, how="bank", password="other", pin="")
    assert data_of(journey)["pin"] == "1234"


def test_password_that_is_left_out_need_not_be_entered_again() -> None:
    journey = fill(Login, how="bank", password="secret", pin="")
    assert errors_of(journey) == ["pin"]


# Declarations


def refused(match: str, /, **members: Any) -> None:
    form = type("Asks", (Form,), members)
    with pytest.raises(DefinitionError, match=match):
        declare(form)
    with pytest.raises(DefinitionError, match=match):  # as a form function returns it
        fill(lambda answers: form, it="x")


def test_unknown_cause_is_refused() -> None:
    field = fields.StringField("It", [OnlyIf("payr", "x")])
    refused(r"Asks\.it .*'payr'.*are it, payer", payer=fields.StringField(), it=field)


def test_button_as_the_cause_is_refused() -> None:
    field = fields.StringField("It", [OnlyIf("send", True)])
    refused("a button", it=field, send=fields.SubmitField())


def test_cause_inside_a_nested_form_is_unknown() -> None:
    field = fields.StringField("It", [OnlyIf("street", "x")])
    refused("'street'", it=field, home=fields.FormField(Address))


def test_unknown_cause_of_a_group_is_refused() -> None:
    field = fields.FormField(OnlyIf.group("street", "x", Address))
    refused(r"Asks\.it .*'street'", it=field)


@pytest.mark.parametrize(
    "rules",
    [
        [REQUIRED, OnlyIf("payer", "x")],
        (REQUIRED, OnlyIf("payer", "x")),
        [OnlyIf("payer", "x"), OnlyIf("payer", "y")],
    ],
)
def test_condition_that_is_not_first_is_refused(rules: Any) -> None:
    payer = fields.StringField()
    refused("first of its validators", payer=payer, it=fields.StringField("It", rules))
    tags = fields.FieldList(fields.StringField(validators=rules))
    refused("first of its validators", payer=payer, it=tags)
    tags = fields.FieldList(fields.StringField(), "Tags", rules)
    refused("first of its validators", payer=payer, it=tags)


def test_condition_without_a_list_is_refused() -> None:
    it: Any = fields.StringField("It", OnlyIf("payer", "x"))  # type: ignore[arg-type]
    refused("Put it in the list", payer=fields.StringField(), it=it)


def test_condition_among_the_validators_of_a_nested_form_is_refused() -> None:
    it = fields.FormField(Address, "It", [OnlyIf("payer", "x")])  # type: ignore[arg-type]
    refused(r"OnlyIf\.group", payer=fields.StringField(), it=it)


def test_circle_is_refused() -> None:
    refused(
        r"circle: (it, b|b, it)",
        it=fields.StringField("It", [OnlyIf("b", "x")]),
        b=fields.StringField("B", [OnlyIf("it", "x")]),
    )


def test_field_that_depends_on_itself_is_refused() -> None:
    refused("circle: it, it", it=fields.StringField("It", [OnlyIf("it", "x")]))


def test_circle_through_a_nested_form_is_refused() -> None:
    class Home(Form):
        it = fields.StringField("It", [OnlyIf("other", "x")])

    refused(
        "circle",
        it=fields.FormField(Home),
        other=fields.StringField("Other", [OnlyIf("it", len)]),
    )


def test_group_has_one_condition() -> None:
    group = OnlyIf.group("a", 1, Address)
    with pytest.raises(DefinitionError, match="has a condition already"):
        OnlyIf.group("b", 2, group)


def test_group_goes_by_the_name_of_its_form() -> None:
    class Home(Form):
        """Where somebody lives."""

    group = OnlyIf.group("a", 1, Home)
    assert group is not Home
    assert (group.__name__, group.__module__) == ("Home", __name__)
    assert group.__doc__ == "Where somebody lives."


@pytest.mark.parametrize(
    ("value", "shown"),
    [("x", "('x',)"), (["x", "y"], "('x', 'y')"), (len, "<built-in function len>")],
)
def test_condition_tells_when_it_holds(value: Any, shown: str) -> None:
    assert repr(OnlyIf("a", value)) == f"<OnlyIf 'a' is {shown}>"


@pytest.mark.parametrize("form", [None, object, Address()])
def test_group_of_no_form_is_refused(form: Any) -> None:
    with pytest.raises(DefinitionError, match="Expected a WTForms form class"):
        OnlyIf.group("a", 1, form)


def test_group_as_the_form_of_a_step_is_refused() -> None:
    with pytest.raises(DefinitionError, match="has no form around it"):
        declare(OnlyIf.group("a", 1, Address))


@pytest.mark.parametrize("field", [None, 3, fields.StringField()])
def test_cause_that_is_no_name_is_refused(field: Any) -> None:
    with pytest.raises(DefinitionError, match="Expected the name"):
        OnlyIf(field, "x")


def test_function_that_cannot_take_the_data_is_refused() -> None:
    match = r"The function of OnlyIf\('a'\) .*Expected \(data\)"
    with pytest.raises(DefinitionError, match=match):
        OnlyIf("a", lambda: True)


@pytest.mark.parametrize("form", [It, Pay])
def test_condition_that_prepare_adds_is_refused(form: Any) -> None:
    def prepare(form: Any, answers: Answers) -> None:
        name = "it" if "it" in form else "payer"
        form[name].validators = [OnlyIf(name, "x")]

    wizard = wizards.declare(
        "Late",
        commit=lambda self, submission: None,
        one=Step(form, prepare=prepare),
        check=Review(),
    )
    with pytest.raises(DefinitionError, match="Declare it in the form class"):
        send(Journey(wizard.steps, EMPTY), it="x")


# Without a wizard


def plain(form: Any, /, **sent: Any) -> Any:
    values = {name.replace("__", "-"): text for name, text in sent.items()}
    bound = form(MultiDict(values))
    bound.validate()
    return bound


def test_view_of_an_application_leaves_out_the_same_fields() -> None:
    form = plain(Pay, payer="person", vat="x", home__country="it", tags__0="long")
    assert form.errors == {}
    assert (form.vat.data, form.same.data) == (None, None)


def test_view_of_an_application_validates_the_others() -> None:
    form = plain(Pay, payer="company", vat="x", home__country="it", tags__0="long")
    assert sorted(form.errors) == ["home", "tags", "vat"]
    assert not is_left_out(form.vat)


def test_view_of_an_application_finds_causes_in_forms_around() -> None:
    form = plain(Outer, mode="x", one__kind="a")
    assert [*form.errors] == ["one"]
    assert [*form.one.errors] == ["own"]
    form = plain(Outer, mode="b", one__kind="x")
    assert [*form.one.errors] == ["outer"]


def test_group_by_itself_in_a_view_is_validated_as_its_form() -> None:
    group = OnlyIf.group("mode", "c", Address)
    assert sorted(plain(group, street="").errors) == ["country", "street"]
    form: Any = group(MultiDict({"street": "Main", "country": "de"}))
    assert not form.validate(extra_validators={"street": [Length(min=9)]})
    assert [*form.errors] == ["street"]


def test_view_of_an_application_follows_a_chain_of_conditions() -> None:
    class Backwards(Form):
        it = fields.StringField("It", [OnlyIf("b", "x"), REQUIRED])
        b = fields.StringField("B", [OnlyIf("a", "x")])
        a = fields.StringField("A")

    assert plain(Backwards, a="y", b="x").errors == {}
    assert [*plain(Backwards, a="x", b="x").errors] == ["it"]


def test_view_of_an_application_is_told_of_an_unknown_cause() -> None:
    class Wrong(Form):
        it = fields.StringField("It", [OnlyIf("payr", "x")])

    with pytest.raises(DefinitionError, match="'payr'"):
        plain(Wrong, it="x")
