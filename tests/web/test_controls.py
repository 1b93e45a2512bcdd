"""What the pages know of a bound field."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, validators, widgets
from wtforms.csrf.core import CSRF
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard.core.fields import first_id, kind_of
from flask_wizard.web.controls import control, layout, side_by_side, summary


def choices(*labels: str) -> list[SelectChoice]:
    return [SelectChoice(label.lower(), label) for label in labels]


def ticks(label: str, *labels: str, **more: Any) -> fields.SelectMultipleField:
    return fields.SelectMultipleField(
        label,
        choices=choices(*labels),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
        **more,
    )


SLIDER = {"type": "range"}


class Tokens(CSRF):
    def generate_csrf_token(self, csrf_token_field: object) -> str:
        return "secret"


class Phone(Form):
    kind = fields.HiddenField()
    number = fields.TelField("Number", [validators.InputRequired("Enter a number")])


class Everything(Form):
    class Meta:
        csrf = True
        csrf_class = Tokens

    name = fields.StringField("Name", [validators.InputRequired("Enter your name")])
    terms = fields.BooleanField("I agree")
    size = fields.RadioField("Size", choices=choices("Small", "Large"))
    extras = ticks("Extras", "Card", "Flowers")
    home = fields.FormField(Phone, "At home")
    phones = fields.FieldList(fields.FormField(Phone), "Phones", min_entries=2)
    emails = fields.FieldList(fields.StringField("Email"), "Emails", min_entries=2)
    token = fields.HiddenField()
    tokens = fields.FieldList(fields.HiddenField(), min_entries=1)
    submit = fields.SubmitField()
    button = fields.ButtonField()  # type: ignore[attr-defined]


def bound(name: str, unbound: Any, *typed: str, **attributes: Any) -> Any:
    """Bind one field to what was typed, or to nothing at all."""
    one = type("One", (Form,), {name: unbound, **attributes})
    return one(MultiDict([(name, text) for text in typed]) or None)[name]


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("name", "input"),
        ("terms", "checkbox"),
        ("size", "group"),
        ("extras", "group"),
        ("home", "form"),
        ("phones", "list"),
        ("emails", "list"),
        ("token", "hidden"),
        ("tokens", "hidden"),
        ("submit", "skip"),
        ("button", "skip"),
        ("csrf_token", "skip"),
    ],
)
def test_kind_of_each_field(name: str, kind: str) -> None:
    assert kind_of(Everything()[name]) == kind


def test_widget_that_draws_a_list_makes_a_group() -> None:
    def draw(field: fields.Field, **kwargs: object) -> Markup:
        return Markup('<ul><li><input type="radio" id="it-yes" name="it"></li></ul>')

    field = bound("it", fields.StringField("It", widget=draw))
    assert (kind_of(field), first_id(field)) == ("group", "it-yes")


def draw_text(field: fields.Field, **kwargs: object) -> Markup:
    return Markup("<p>Please note.</p>")


def test_widget_without_a_control_asks_nothing() -> None:
    field = bound("info", fields.Field("Info", widget=draw_text))
    drawn = control(field)
    assert (drawn.kind, drawn.optional, first_id(field)) == ("content", False, None)


@pytest.mark.parametrize(
    "own", [{"hidden": True}, {"style": "display:none"}, {"style": "Display : None;"}]
)
@pytest.mark.parametrize("kind", [fields.StringField, fields.BooleanField])
def test_field_that_no_person_sees_is_hidden(kind: Any, own: dict[str, Any]) -> None:
    field = bound("website", kind("Website", render_kw=own))
    drawn = control(field)
    assert (drawn.kind, drawn.optional) == ("hidden", False)
    assert f"{next(iter(own))}" in field(**drawn.attributes)


def test_field_without_a_label_is_not_called_optional() -> None:
    assert not control(bound("website", fields.StringField(""))).optional
    assert control(bound("website", fields.StringField("Website"))).optional


@pytest.mark.parametrize(
    "unseen",
    [fields.Field(widget=draw_text), fields.StringField(render_kw={"hidden": True})],
)
def test_only_question_beside_what_asks_nothing_heads_its_page(unseen: Any) -> None:
    form = type("Two", (Form,), {"info": unseen, "name": fields.StringField("Name")})()
    assert layout(form).heading is form["name"]


@pytest.mark.parametrize("name", ["size", "extras"])
def test_row_that_is_drawn_in_parts_has_its_marker(name: str) -> None:
    options = choices("Small")
    kind = {"size": fields.RadioField(choices=options), "extras": ticks("E", "A")}[name]
    listed = type("Listed", (Form,), {"it": fields.FieldList(kind, min_entries=2)})()
    markers = [part.row_marker for part in control(listed["it"]).parts]
    assert markers == [
        f'<input type="hidden" name="it-{n}-_row" value="" autocomplete="off">'
        for n in range(2)
    ]
    assert all(isinstance(marker, Markup) for marker in markers)


def test_row_that_its_widget_draws_has_no_second_marker() -> None:
    listed = type(
        "Listed",
        (Form,),
        {"it": fields.FieldList(fields.BooleanField(), min_entries=1)},
    )()
    assert control(listed["it"]).parts[0].row_marker == ""
    assert control(bound("size", fields.RadioField(choices=[]))).row_marker == ""


@pytest.mark.ux(27)
def test_whole_number_is_text_with_a_number_keyboard() -> None:
    ranged = [validators.NumberRange(1, 9)]
    field = bound("age", fields.IntegerField(validators=ranged), "12")
    drawn = field(**control(field).attributes)
    assert 'type="text"' in drawn
    assert 'inputmode="numeric"' in drawn
    assert not any(name in drawn for name in ("min=", "max=", "step="))


@pytest.mark.parametrize("kind", [fields.DecimalField, fields.FloatField])
def test_decimal_number_is_text_with_a_decimal_keyboard(kind: Any) -> None:
    field = bound("price", kind(), "1,5")
    drawn = field(**control(field).attributes)
    assert 'type="text"' in drawn
    assert 'inputmode="decimal"' in drawn
    assert 'value="1,5"' in drawn


@pytest.mark.parametrize(
    ("field_class", "shown", "blanked"),
    [
        (fields.DateField, "2024-02-29", "31/02/2026"),
        (fields.DateField, "2026-03-03", "2026-02-31"),
        (fields.MonthField, "2026-03", "2026-13"),
        (fields.WeekField, "2026-W10", "2026-W54"),
        (fields.TimeField, "14:30", "24:00"),
        (fields.TimeField, "14:30:05.5", "14.30"),
        (fields.DateTimeLocalField, "2026-03-03T14:30", "2026-03-03T25:00"),
        (fields.DateTimeLocalField, "2026-03-03 14:30:00", "tomorrow"),
        (fields.ColorField, "#33aaFF", "blue"),
        (partial(fields.IntegerRangeField, render_kw=SLIDER), "50", "101"),
        (partial(fields.IntegerRangeField, render_kw=SLIDER), "50", "50.5"),
        (partial(fields.DecimalRangeField, render_kw=SLIDER), "0.25", "much"),
    ],
)
def test_value_that_a_browser_would_blank_is_shown_as_text(
    field_class: Any, shown: str, blanked: str
) -> None:
    native = bound("it", field_class(), shown)
    assert "type" not in control(native).attributes
    text = bound("it", field_class(), blanked)
    drawn = text(**control(text).attributes)
    assert 'type="text"' in drawn
    assert f'value="{blanked}"' in drawn


@pytest.mark.parametrize(
    ("unbound", "mode", "hint"),
    [
        (fields.IntegerRangeField(), "numeric", ""),
        (
            fields.IntegerRangeField(validators=[validators.NumberRange(0, 10)]),
            "numeric",
            "A number from 0 to 10",
        ),
        (
            fields.DecimalRangeField(
                validators=[validators.NumberRange(-1, 1)], description="Of pH"
            ),
            "decimal",
            "Of pH<br> A number from -1 to 1",
        ),
    ],
)
def test_number_of_a_range_is_typed_where_it_can_be_read(
    unbound: Any, mode: str, hint: str
) -> None:
    drawn = control(bound("it", unbound))
    assert (drawn.attributes["type"], drawn.attributes["inputmode"]) == ("text", mode)
    assert drawn.hint == hint
    assert not drawn.asks_whether


def test_slider_with_a_number_beyond_all_numbers_is_a_text_input() -> None:
    slider = fields.DecimalRangeField(render_kw=SLIDER)
    field = bound("it", slider, "0.1e999999999999999999")
    assert control(field).attributes["type"] == "text"


def test_slider_asks_its_own_bounds() -> None:
    bounds = [validators.NumberRange(100, 300)]
    wide = fields.IntegerRangeField(validators=bounds, render_kw=SLIDER)
    assert "type" not in control(bound("it", wide, "200")).attributes
    assert control(bound("it", wide, "50")).attributes["type"] == "text"


def test_date_in_a_format_that_no_browser_sends_is_text_from_the_start() -> None:
    field = bound("born", fields.DateField(format="%d/%m/%Y"))
    assert control(field).attributes["type"] == "text"


def test_password_gets_no_value() -> None:
    shown = widgets.PasswordInput(hide_value=False)
    field = bound("secret", fields.PasswordField(widget=shown), "hunter2")
    assert "hunter2" not in field(**control(field).attributes)


def test_hint_comes_before_error_before_the_applications_own_description() -> None:
    field = bound(
        "name",
        fields.StringField(
            "Name", description="As on it", render_kw={"aria_describedby": "mine"}
        ),
    )
    field.errors = ["Enter it"]
    drawn = control(field).attributes["aria-describedby"]
    assert drawn == "name-hint name-error mine"


def test_nothing_is_described_where_there_is_nothing_to_say() -> None:
    field = bound("name", fields.StringField("Name"))
    assert "aria-describedby" not in control(field).attributes
    assert "aria-invalid" not in field(**control(field).attributes)


@pytest.mark.ux(24)
def test_only_a_wrong_field_is_invalid() -> None:
    field = bound("name", fields.StringField("Name"))
    field.errors = ["Enter it"]
    assert 'aria-invalid="true"' in field(**control(field).attributes)


def test_attributes_of_the_application_are_kept() -> None:
    field = bound(
        "code",
        fields.IntegerField(
            render_kw={
                "autocomplete": "one-time-code",
                "inputmode": "text",
                "class_": "wide",
                "data_it": "1",
            }
        ),
    )
    drawn = field(**control(field).attributes)
    assert 'autocomplete="one-time-code"' in drawn
    assert 'inputmode="text"' in drawn
    assert 'class="wizard-input wizard-input-number wide"' in drawn
    assert 'data-it="1"' in drawn


@pytest.mark.ux(34)
def test_browser_is_not_told_that_a_field_is_required() -> None:
    field = bound("name", fields.StringField(validators=[validators.InputRequired()]))
    assert "required" not in field(**control(field).attributes)
    radio = bound(
        "size",
        fields.RadioField(
            choices=choices("S"), validators=[validators.InputRequired()]
        ),
    )
    option = control(radio).options[0]
    assert "required" not in option.field(**dict(option.attributes))


def test_option_keeps_its_own_attributes() -> None:
    only = [SelectChoice("s", "Small", render_kw={"disabled": True, "class": "mine"})]
    option = control(bound("size", fields.RadioField(choices=only))).options[0]
    drawn = option.field(**dict(option.attributes))
    assert " disabled" in drawn
    assert 'class="wizard-tick mine"' in drawn
    assert 'id="size-0"' in drawn


@pytest.mark.parametrize(
    ("unbound", "optional"),
    [
        (fields.StringField(), True),
        (fields.StringField(validators=[validators.InputRequired()]), False),
        (fields.StringField(validators=[validators.ReadOnly()]), False),
        (ticks("Extras", "Card"), True),
        (fields.BooleanField(), False),
        (fields.HiddenField(), False),
        (fields.FieldList(fields.StringField(), min_entries=1), False),
        (fields.FormField(Phone), False),
        (fields.FileField(), True),
        (fields.ColorField(), False),
        (fields.ColorField(validators=[validators.Optional()]), True),
        (fields.IntegerRangeField(), False),
        (fields.IntegerRangeField(validators=[validators.Optional()]), True),
        (fields.IntegerRangeField(render_kw={"type": "range"}), False),
        (fields.SelectField(choices=choices("A")), False),
        (fields.SelectField(choices=[SelectChoice("", "None")]), True),
        (fields.SelectField(choices=choices("A"), validate_choice=False), True),
        (fields.RadioField(choices=choices("A")), False),
        (
            fields.RadioField(choices=choices("A"), validators=[validators.Optional()]),
            True,
        ),
        (fields.IntegerField(), False),
        (fields.IntegerField(validators=[validators.Optional()]), True),
        (fields.DateField(), False),
    ],
)
def test_optional_is_what_may_be_left_blank(unbound: Any, optional: bool) -> None:
    assert control(bound("it", unbound)).optional is optional


@pytest.mark.parametrize(
    "unbound",
    [
        fields.StringField(),
        fields.IntegerField(),
        fields.IntegerField(validators=[validators.Optional()]),
        fields.DateField(),
        fields.RadioField(choices=choices("A")),
        fields.RadioField(choices=choices("A"), validators=[validators.Optional()]),
        fields.SelectField(choices=[SelectChoice("", "None")]),
        ticks("Extras", "Card"),
    ],
)
def test_what_is_called_optional_validates_blank(unbound: Any) -> None:
    one = type("One", (Form,), {"it": unbound})
    typed = {} if kind_of(one()["it"]) == "group" else {"it": ""}
    form = one(MultiDict([("other", "x"), *typed.items()]))
    assert form.validate() is control(form["it"]).optional


def test_kept_password_says_so_after_its_hint() -> None:
    field = bound("secret", fields.PasswordField("Password", description="8 signs"))
    kept = control(field, kept={"secret"})
    assert kept.hint.startswith("8 signs<br> You have already given this.")
    assert kept.attributes["aria-describedby"] == "secret-hint"


def test_entries_of_a_list_are_numbered() -> None:
    form = Everything()
    phones, emails = control(form.phones), control(form.emails)
    assert [part.label for part in phones.parts] == ["Phones 1", "Phones 2"]
    assert [part.label for part in emails.parts] == ["Email 1", "Email 2"]


def test_renumbered_entry_keeps_its_number() -> None:
    form = Everything(MultiDict([("phones-2-number", "1"), ("phones-7-number", "2")]))
    labels = [part.label for part in control(form.phones).parts]
    assert labels == ["Phones 1", "Phones 2"]


def test_errors_of_a_list_are_its_own_strings() -> None:
    form = Everything()
    form.phones.errors = [[], {"number": ["Enter a number"]}, "Give one more"]
    assert control(form.phones).errors == ("Give one more",)


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("name", "name"),
        ("terms", "terms"),
        ("size", "size-0"),
        ("home", "home-number"),
        ("phones", "phones-0-number"),
        ("token", None),
        ("submit", None),
    ],
)
def test_first_control_of_each_field(name: str, found: str | None) -> None:
    assert first_id(Everything()[name]) == found


def test_group_without_options_is_found_by_its_fieldset() -> None:
    assert first_id(bound("size", fields.RadioField(choices=[]))) == "size"


def test_summary_follows_the_page_up_to_the_whole() -> None:
    form = Everything(MultiDict([("size", "small"), ("emails-0", "a")]))
    form.validate()
    form.form_errors = ["These do not go together"]
    form.home.form.form_errors = ["Call us instead"]
    form.phones.errors = [*form.phones.errors, "Give one more"]
    form.token.errors = ["The page is stale"]
    found = [(entry.message, entry.href) for entry in summary(form)]
    assert found == [
        ("Enter your name", "#name"),
        ("Call us instead", "#home-number"),
        ("At home: Enter a number", "#home-number"),
        ("Give one more", "#phones-0-number"),
        ("Phones 1: Enter a number", "#phones-0-number"),
        ("Phones 2: Enter a number", "#phones-1-number"),
        ("The page is stale", None),
        ("Invalid CSRF Token.", None),
        ("These do not go together", None),
    ]


def test_message_in_html_is_text_where_it_is_a_link() -> None:
    message = Markup('Taken. <a href="/login">Log &amp; see</a>')
    field_message, whole = bound("name", fields.StringField()), Markup("<b>Whole</b>")
    form = field_message._form
    form["name"].errors, form.form_errors = [message, "<i>"], [whole, "<u>"]
    found = [entry.message for entry in summary(form)]
    assert found == ["Taken. Log & see", "<i>", whole, "<u>"]
    assert [isinstance(text, Markup) for text in found] == [False, False, True, False]
    assert control(form["name"]).errors == (message, "<i>")
    assert isinstance(control(form["name"]).errors[0], Markup)


def test_only_visible_field_heads_its_page() -> None:
    class Alone(Form):
        token = fields.HiddenField()
        email = fields.EmailField("Your email?")
        submit = fields.SubmitField()

    form = Alone()
    assert layout(form).heading is form.email


def test_lone_checkbox_does_not_head_its_page() -> None:
    class Alone(Form):
        terms = fields.BooleanField("I agree")

    assert layout(Alone()).heading is None


def test_one_of_several_fields_does_not_head_the_page() -> None:
    assert layout(Everything()).heading is None


def test_file_inside_a_list_makes_the_page_multipart() -> None:
    class Photo(Form):
        photo = fields.FileField()

    class Photos(Form):
        all = fields.FieldList(fields.FormField(Photo), min_entries=1)

    assert layout(Photos()).multipart
    assert not layout(Everything()).multipart


def test_page_without_a_form_has_a_plain_layout() -> None:
    assert layout(None).heading is None
    assert not layout(None).multipart


def size_of(unbound: Any) -> object:
    return control(bound("it", unbound)).attributes.get("size")


@pytest.mark.parametrize(
    ("unbound", "size"),
    [
        (fields.StringField(render_kw={"autocomplete": "postal-code"}), 10),
        (fields.StringField(render_kw={"autocomplete": "billing postal-code"}), 10),
        (fields.StringField(render_kw={"autocomplete": "bday-year"}), 4),
        (fields.StringField(render_kw={"autocomplete": "name"}), None),
        (fields.TelField(), 20),
        (fields.StringField(validators=[validators.Length(max=6)]), 6),
        (fields.StringField(render_kw={"maxlength": "8"}), 8),
        (fields.StringField(validators=[validators.Length(max=21)]), None),
        (fields.StringField(), None),
        (fields.EmailField(render_kw={"maxlength": 8}), None),
        (fields.SelectField(choices=choices("A"), render_kw={"maxlength": 8}), None),
        (fields.TextAreaField(validators=[validators.Length(max=6)]), None),
    ],
)
def test_input_is_as_wide_as_what_it_is_for(unbound: Any, size: int | None) -> None:
    assert size_of(unbound) == size


def test_own_width_of_a_field_is_kept() -> None:
    own = {"autocomplete": "postal-code", "size": 30}
    assert 'size="30"' in draw(bound("it", fields.StringField(render_kw=own)))


def draw(field: Any) -> str:
    return str(field(**control(field).attributes))


def in_rows(*rows: str | None) -> list[list[str]]:
    """Return the names of fields as they stand side by side, by the row of each."""
    members: dict[str, Any] = {
        f"f{n}": fields.StringField(render_kw={"data-row": row} if row else None)
        for n, row in enumerate(rows)
    }
    form = type("Rows", (Form,), members)()
    found = [[field.name for field in line] for line in side_by_side(form)]
    controls = side_by_side([control(field) for field in form])
    assert [[each.field.name for each in line] for line in controls] == found
    return found


def test_fields_of_one_row_that_follow_one_another_stand_side_by_side() -> None:
    assert in_rows("a", "a", None, None) == [["f0", "f1"], ["f2"], ["f3"]]
    assert in_rows("a", "a", "b", "b") == [["f0", "f1"], ["f2", "f3"]]
    assert in_rows("a", None, "a") == [["f0"], ["f1"], ["f2"]]
