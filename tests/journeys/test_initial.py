"""What a page begins with: it is shown, and kept where the visitor sends nothing."""

from __future__ import annotations

import datetime
import logging
import re
from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from apps import MakeApp
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits, choices, committed, declare, stored
from wtforms import Form, ValidationError, fields, widgets
from wtforms.validators import (
    DataRequired,
    Disabled,
    InputRequired,
    Optional,
    ReadOnly,
)

from flask_wizard import Answers, DefinitionError, Review, Step, StepError, Wizard

DAY = datetime.date(2026, 3, 4)


def edits(form: type[Form], data: object, **more: Any) -> type[Wizard]:
    """Declare a wizard of one page, which begins with ``data``."""

    def initial(self: Wizard, step: str, bound: Mapping[str, Any]) -> object:
        return data

    return declare(
        "Edit", Commits, you=Step(form, **more), check=Review(), initial=initial
    )


def form_of(field: Any, *, nested: bool = False) -> type[Form]:
    """Return a form of this field, which is called ``it``, and a name."""
    form = type("One", (Form,), {"it": field, "name": fields.StringField("Name")})
    return type("Two", (Form,), {"in_": fields.FormField(form)}) if nested else form


def send(visitor: Visitor, *left_out: str, **typed: str | list[str] | None) -> Any:
    """Fill in the first page and confirm; return what was committed of it."""
    visitor.open("/join/new/you")
    page = visitor.fill(**{**typed, **dict.fromkeys(left_out)})
    assert page.path.endswith("/check"), page.errors
    visitor.press()
    return committed[-1].data["you"]


# Fields that nobody can edit

Kind = fields.StringField
COLOURS = choices("red", "blue", "green")
FIELDS: dict[str, tuple[Any, dict[str, Any], object]] = {
    "text": (fields.StringField, {}, "Ada"),
    "area": (fields.TextAreaField, {}, "one\ntwo"),
    "hidden": (fields.HiddenField, {}, "Ada"),
    "integer": (fields.IntegerField, {}, 7),
    "decimal": (fields.DecimalField, {}, 1.5),
    "date": (fields.DateField, {}, DAY),
    "select": (fields.SelectField, {"choices": COLOURS}, "blue"),
    "radio": (fields.RadioField, {"choices": COLOURS}, "blue"),
    "box": (fields.BooleanField, {}, True),
    "empty box": (fields.BooleanField, {}, False),
    "several": (fields.SelectMultipleField, {"choices": COLOURS}, ["red", "blue"]),
}
LOCKS: dict[str, dict[str, Any]] = {
    "Disabled()": {"validators": [Disabled()]},
    "disabled": {"render_kw": {"disabled": True}},
    "disabled and required": {
        "render_kw": {"disabled": True},
        "validators": [InputRequired()],
    },
    "ReadOnly()": {"validators": [ReadOnly()]},
    "readonly": {"render_kw": {"readonly": True}},
}


LOCKED = [
    (kind, lock)
    for kind in FIELDS
    for lock in LOCKS
    if (kind, lock) != ("empty box", "disabled and required")
]


@pytest.mark.parametrize("nested", [False, True])
@pytest.mark.parametrize(("kind", "lock"), LOCKED)
def test_locked_field_keeps_what_it_began_with(
    make_app: MakeApp, kind: str, lock: str, nested: bool
) -> None:
    field, options, value = FIELDS[kind]
    form = form_of(field("It", **options, **LOCKS[lock]), nested=nested)
    own: object = {"it": value, "name": "Ada"}
    data = {"in_": own} if nested else own
    visitor = Visitor(make_app(edits(form, data)))
    sent = send(visitor, **{"in_-name" if nested else "name": "Eve"})
    found = sent["in_"] if nested else sent
    expected = value.replace("\n", "\r\n") if isinstance(value, str) else value
    assert found == {"it": expected, "name": "Eve"}


@pytest.mark.parametrize("lock", ["Disabled()", "disabled", "ReadOnly()"])
@pytest.mark.parametrize("kind", ["text", "box", "select", "several"])
def test_locked_field_keeps_its_default(
    make_app: MakeApp, kind: str, lock: str
) -> None:
    field, options, value = FIELDS[kind]
    form = form_of(field("It", default=value, **options, **LOCKS[lock]))
    visitor = Visitor(make_app(declare("New", Commits, you=Step(form), end=Review())))
    visitor.open("/join/new/you")
    visitor.fill(name="Eve")
    visitor.press()
    assert committed[-1].data["you"]["it"] == value


def test_field_that_prepare_locks_keeps_what_it_began_with(make_app: MakeApp) -> None:
    def lock(form: Any, answers: Answers) -> None:
        form.it.render_kw = {"disabled": True}

    wizard = edits(form_of(fields.BooleanField("It")), {"it": True}, prepare=lock)
    assert send(Visitor(make_app(wizard)), name="Eve")["it"] is True


@pytest.mark.parametrize("lock", ["Disabled()", "ReadOnly()"])
def test_locked_field_takes_no_other_value(make_app: MakeApp, lock: str) -> None:
    form = form_of(fields.StringField("It", **LOCKS[lock]))
    visitor = Visitor(make_app(edits(form, {"it": "Ada"})))
    visitor.open("/join/new/you")
    assert visitor.fill(it="Eve").path.endswith("/you")
    assert len(visitor.page.errors) == 1


# Fields that a template does not draw


@pytest.mark.parametrize("kind", ["text", "area", "integer", "date", "select", "radio"])
def test_undrawn_field_keeps_what_it_began_with(make_app: MakeApp, kind: str) -> None:
    field, options, value = FIELDS[kind]
    form = form_of(field("It", [DataRequired()], **options))
    visitor = Visitor(make_app(edits(form, SimpleNamespace(it=value, name=""))))
    sent = send(visitor, "it", name="Eve")
    expected = value.replace("\n", "\r\n") if isinstance(value, str) else value
    assert sent == {"it": expected, "name": "Eve"}


def test_undrawn_field_is_left_alone_by_populate(make_app: MakeApp) -> None:
    user = SimpleNamespace(it="Ada", name="A")
    send(Visitor(make_app(edits(form_of(Kind("It")), user))), "it", name="Eve")
    committed[-1].populate(user)
    assert user == SimpleNamespace(it="Ada", name="Eve")


def test_undrawn_list_keeps_its_rows(make_app: MakeApp) -> None:
    rows = fields.FieldList(fields.StringField("Row"), min_entries=1)
    visitor = Visitor(make_app(edits(form_of(rows), {"it": ["a", "b"]})))
    assert send(visitor, "it-0", "it-1")["it"] == ["a", "b"]


@pytest.mark.parametrize("separator", ["-", ".", "__"])
def test_undrawn_field_of_a_row_keeps_what_it_began_with(
    make_app: MakeApp, separator: str
) -> None:
    class Kid(Form):
        name = fields.StringField()
        code = fields.StringField()

    rows = fields.FieldList(fields.FormField(Kid, separator=separator))
    began = {"it": [{"name": "Ada", "code": "c1"}, {"name": "Bob", "code": "c2"}]}
    visitor = Visitor(make_app(edits(form_of(rows), began)))
    undrawn = [f"it-{number}{separator}code" for number in range(2)]
    assert send(visitor, *undrawn)["it"] == began["it"]


def test_removed_row_stays_removed(make_app: MakeApp) -> None:
    rows = fields.FieldList(fields.StringField("Row"))
    visitor = Visitor(make_app(edits(form_of(rows), {"it": ["a", "b"]})))
    assert send(visitor, "it-1")["it"] == ["a"]


@pytest.mark.parametrize("kind", ["text", "area", "date"])
def test_cleared_field_stays_clear(make_app: MakeApp, kind: str) -> None:
    field, options, value = FIELDS[kind]
    form = form_of(field("It", [Optional()], **options))
    assert not send(Visitor(make_app(edits(form, {"it": value}))), it="")["it"]


@pytest.mark.parametrize("kind", ["box", "several"])
def test_box_that_was_cleared_stays_clear(make_app: MakeApp, kind: str) -> None:
    field, options, value = FIELDS[kind]
    form = form_of(field("It", **options))
    visitor = Visitor(make_app(edits(form, {"it": value})))
    assert not send(visitor, "it")["it"]


def test_group_of_boxes_that_was_cleared_stays_clear(make_app: MakeApp) -> None:
    boxes = fields.SelectMultipleField(
        "It",
        choices=COLOURS,
        widget=widgets.ListWidget(),
        option_widget=widgets.CheckboxInput(),
    )
    visitor = Visitor(make_app(edits(form_of(boxes), {"it": ["red"]})))
    assert send(visitor, "it")["it"] == []


# Validators that look at the object


def unique(form: Any, field: fields.Field) -> None:
    taken = {"ada@b": 1, "eve@b": 2}
    own = form._obj.id if form._obj is not None else None
    if taken.get(str(field.data), own) != own:
        raise ValidationError("This is taken")


class Model(Form):
    """A form as WTForms-Alchemy makes them."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self._obj = kwargs.get("obj")
        super().__init__(*args, **kwargs)


class Profile(Model):
    email = fields.StringField("Email", [unique])


class Outer(Form):
    user = fields.FormField(Profile)


@pytest.mark.parametrize(
    ("form", "wrapped", "name"),
    [(Profile, False, "email"), (Outer, True, "user-email")],
)
def test_unique_validator_sees_the_object(
    make_app: MakeApp, form: type[Form], wrapped: bool, name: str
) -> None:
    user = SimpleNamespace(id=1, email="ada@b")
    data = SimpleNamespace(user=user) if wrapped else user
    visitor = Visitor(make_app(edits(form, data)))
    visitor.open("/join/new/you")
    assert visitor.fill(**{name: "eve@b"}).errors == ["This is taken"]
    assert visitor.fill(**{name: "ada@b"}).path.endswith("/check")
    assert visitor.press().heading == "Your answers have been sent"


# Taken once


class Counted:
    """An ``initial`` that counts its calls, and reads an earlier answer."""

    asked: list[str]

    def initial(
        self, step: str, bound: Mapping[str, Any], answers: Answers | None = None
    ) -> object:
        self.asked.append(step)
        if step != "second" or answers is None:
            return None
        return {"it": f"from {answers.first.it}", "name": len(self.asked)}


def two_pages(**more: Any) -> tuple[type[Wizard], list[str]]:
    form, asked = form_of(Kind("It")), list[str]()
    wizard = declare(
        "Two",
        Counted,
        Commits,
        first=Step(form),
        second=Step(form, **more),
        check=Review(),
        asked=asked,
    )
    return wizard, asked


def test_initial_gets_the_earlier_answers(make_app: MakeApp) -> None:
    wizard, _ = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    assert visitor.fill(it="here").value("it") == "from here"


def test_initial_is_taken_by_the_write_that_leads_to_the_step(
    make_app: MakeApp,
) -> None:
    wizard, asked = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(it="here")
    assert asked.count("second") == 1
    visitor.open(visitor.page.path)
    visitor.send("save")
    visitor.fill(name="Eve")
    assert asked.count("second") == 1
    entry = stored(visitor).entries["second"]
    assert entry.before is not None
    assert entry.before.raw["it"] == ["from here"]


def test_reading_keeps_nothing_of_initial(make_app: MakeApp, store: Probe) -> None:
    wizard, _ = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(it="here")
    before = store.snapshot()
    visitor.open(visitor.page.path)
    assert store.snapshot() == before


def test_initial_is_taken_anew_if_what_it_read_has_changed(make_app: MakeApp) -> None:
    wizard, _ = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    second = visitor.fill(it="here").path
    visitor.press("back")
    assert visitor.fill(it="there").value("it") == "from there"
    entry = stored(visitor).entries["second"]
    assert entry.before is not None
    assert entry.before.raw["it"] == ["from there"]
    assert not entry.sent
    assert visitor.open(second).value("it") == "from there"


def test_untouched_page_left_by_another_button_was_not_sent(make_app: MakeApp) -> None:
    wizard, _ = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    at = visitor.fill(it="here").path
    visitor.press("save")
    assert not stored(visitor).entries["second"].sent
    assert visitor.open(at).value("it") == "from here"


def test_initial_does_not_replace_what_was_sent(make_app: MakeApp) -> None:
    wizard, _ = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(it="here")
    visitor.press("back", {"it": "mine"})
    assert visitor.fill(it="there").value("it") == "mine"


def test_what_initial_read_counts_as_read(make_app: MakeApp) -> None:
    wizard, _ = two_pages()
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(it="here")
    visitor.fill()
    assert ("first", "it") in stored(visitor).entries["second"].read


def test_unseen_step_has_no_entry_to_tell(make_app: MakeApp) -> None:
    told: list[Any] = []

    class Telling:
        def discarded(self, draft: Any) -> None:
            told.append(draft.entries)

    wizard, _ = two_pages()
    visitor = Visitor(make_app(declare("Told", Telling, wizard)))
    visitor.open()
    visitor.fill(it="here")
    visitor.post(f"{visitor.draft}discard", action="discard")
    assert told[0].keys() == {"first"}


def test_refused_step_keeps_what_it_began_with(make_app: MakeApp) -> None:
    class Picky:
        def validate(self, submission: Any) -> None:
            raise StepError("second", "No")

    wizard, _ = two_pages()
    visitor = Visitor(make_app(declare("Picked", Picky, wizard)))
    visitor.open()
    visitor.fill(it="here")
    visitor.fill()
    visitor.press()
    assert visitor.page.errors == ["No"]
    entry = stored(visitor).entries["second"]
    assert entry.before is not None


# What a page cannot show


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        (fields.SelectField("It", choices=COLOURS), "pink", "choices"),
        (fields.RadioField("It", choices=COLOURS), "pink", "choices"),
        (fields.SelectMultipleField("It", choices=COLOURS), ["red", "x"], "choices"),
        (fields.DateField("It"), "2026-03-04", "AttributeError"),
        (fields.IntegerField("It"), "seven", "integer"),
    ],
)
def test_initial_value_that_its_page_cannot_show_is_an_error(
    make_app: MakeApp, field: Any, value: object, reason: str
) -> None:
    wizard = edits(form_of(field), {"it": value})
    client = make_app(wizard, WTF_CSRF_ENABLED=False).test_client()
    with pytest.raises(DefinitionError, match=rf"'it' of the step 'you'.*{reason}"):
        client.post("/join/new/you", data={"name": "Eve"})


def rows(most: int | None = None, **more: Any) -> Any:
    return fields.FieldList(fields.StringField("Row"), max_entries=most, **more)


@pytest.mark.parametrize(
    ("form", "data", "found"),
    [
        (form_of(rows(2)), {"it": list("abc")}, "'it'.*3 entries.*2:.*its max_entries"),
        (form_of(rows(2), nested=True), {"in_": {"it": list("abc")}}, "'in_-it'"),
        (form_of(rows(2, default=list("abc"))), None, "'it'.*3 entries"),
        (
            form_of(fields.FieldList(fields.FormField(form_of(rows(1))))),
            {"it": [{"it": ["a"]}, {"it": ["b", "c"]}]},
            "'it-1-it'.*2 entries",
        ),
        (form_of(rows()), {"it": list("abcdef")}, "page.*5:.*WIZARD_MAX_ENTRIES"),
    ],
)
def test_more_rows_than_a_list_may_have_are_an_error_that_names_it(
    make_app: MakeApp, form: type[Form], data: object, found: str
) -> None:
    app = make_app(edits(form, data), WTF_CSRF_ENABLED=False, WIZARD_MAX_ENTRIES=5)
    client = app.test_client()
    url = client.get("/join/new/you").location
    for request in (client.get, client.post):
        with pytest.raises(DefinitionError, match="step 'you'") as error:
            request(url, data={"_action": "next"})
        assert re.search(found, str(error.value))


@pytest.mark.parametrize("most", [3, None])
def test_as_many_rows_as_a_list_may_have_are_shown(
    make_app: MakeApp, most: int | None
) -> None:
    wizard = edits(form_of(rows(most)), {"it": list("abc")})
    visitor = Visitor(make_app(wizard, WIZARD_MAX_ENTRIES=3))
    assert send(visitor)["it"] == list("abc")


def test_form_knows_the_maximum_of_its_list_when_it_is_prepared(
    make_app: MakeApp,
) -> None:
    def prepare(form: Any, answers: Answers) -> None:
        seen.append(form.it.max_entries)

    seen: list[int | None] = []
    wizard = edits(form_of(rows(3)), {"it": ["a"]}, prepare=prepare)
    send(Visitor(make_app(wizard)))
    assert set(seen) == {3}


def test_offered_later_value_of_a_select_can_be_shown(make_app: MakeApp) -> None:
    free = fields.SelectField("It", choices=COLOURS, validate_choice=False)
    visitor = Visitor(make_app(edits(form_of(free), {"it": "pink"})))
    assert send(visitor, "it")["it"] == "pink"


# prepare and data


def test_data_that_prepare_sets_do_not_replace_what_was_typed(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    def fill(form: Any, answers: Answers) -> None:
        form.it.data = answers.first.name

    form = form_of(Kind("It"))
    wizard = declare(
        "Filled", Commits, first=Step(form), then=Step(form, prepare=fill), c=Review()
    )
    visitor = Visitor(make_app(wizard))
    visitor.open()
    at = visitor.fill(name="Ada").path
    assert visitor.page.value("it") == "Ada"
    caplog.set_level(logging.WARNING)
    visitor.fill(it="typed")
    assert ("It", "typed") in visitor.page.rows
    assert "Return such data from Wizard.initial" in caplog.text
    assert visitor.open(at).value("it") == "typed"


def test_box_that_prepare_ticks_may_be_cleared(make_app: MakeApp) -> None:
    def tick(form: Any, answers: Answers) -> None:
        form.it.data = True

    form = form_of(fields.BooleanField("It"))
    wizard = declare("Ticked", Commits, you=Step(form, prepare=tick), check=Review())
    visitor = Visitor(make_app(wizard))
    assert visitor.open().value("it") is not None
    assert send(visitor, "it")["it"] is False


def test_data_that_prepare_sets_in_hidden_fields_count(make_app: MakeApp) -> None:
    def price(form: Any, answers: Answers) -> None:
        form.it.data = "12.50"

    form = form_of(fields.HiddenField("It"))
    wizard = declare("Priced", Commits, you=Step(form, prepare=price), check=Review())
    assert send(Visitor(make_app(wizard)), it="0.01")["it"] == "12.50"


# Lists of what browsers may send nothing of


BOXES = fields.FieldList(fields.BooleanField("Box"), min_entries=1)


def test_rows_without_a_tick_stay_where_they_began(make_app: MakeApp) -> None:
    class Box(Form):
        box = fields.BooleanField("Box")

    form = form_of(fields.FieldList(fields.FormField(Box)))
    rows = [{"box": True}, {"box": False}]
    visitor = Visitor(make_app(edits(form, {"it": rows})))
    visitor.open("/join/new/you")
    visitor.press("save")
    visitor.open(f"{visitor.draft}you")
    visitor.fill()
    visitor.press()
    assert committed[-1].data["you"]["it"] == rows


@pytest.mark.parametrize("began", [[True, True, False], [False, False, True]])
def test_rows_of_boxes_stay_where_they_began(
    make_app: MakeApp, began: list[bool]
) -> None:
    form, name = form_of(BOXES), form_of(Kind("It"))
    wizard = declare(
        "Rows",
        Commits,
        you=Step(name),
        boxes=Step(form),
        check=Review(),
        initial=lambda self, step, bound: {"it": began} if step == "boxes" else None,
    )
    visitor = Visitor(make_app(wizard))
    visitor.open()
    at = visitor.fill().path
    assert visitor.open(at).value("it-0") == ("y" if began[0] else None)
    visitor.fill(**{"it-0": None})
    visitor.press()
    assert committed[-1].data["boxes"]["it"] == [False, *began[1:]]
