"""What fields of every kind send, from their page to the check page and the commit."""

from __future__ import annotations

import re
from typing import Any

import pytest
from apps import MakeApp
from flask_wtf import FlaskForm
from flask_wtf.recaptcha import RecaptchaField
from jinja2 import ChoiceLoader, DictLoader
from markupsafe import Markup
from visitor import Visitor
from werkzeug.datastructures import MultiDict
from wizards import Commits, choices, committed, declare
from wtforms import Form, ValidationError, fields, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired, Length, Optional

from flask_wizard import Answers, Receipt, Review, Step, StepError, Submission, Wizard


def visit(make_app: MakeApp, form: Any, page: str = "", **config: Any) -> Visitor:
    """Bring a visitor to a step with that form, drawn by ``page`` if it is given."""
    wizard = declare("Asks", Commits, ask=Step(form), check=Review())
    app = make_app(wizard, **config)
    if page:
        own = DictLoader({"flask_wizard/wizards/asks/ask.html": page})
        app.jinja_loader = ChoiceLoader([own, *filter(None, [app.jinja_loader])])
    visitor = Visitor(app)
    visitor.open()
    return visitor


def sent(visitor: Visitor, *names: str) -> list[list[str] | None]:
    """What a browser would send of these fields as the page stands."""
    return [visitor.page.values.get(name) for name in names]


# Rows of lists


class Often(Form):
    often = fields.RadioField("How often", choices=choices("a", "n"))


class Rows(Form):
    days = fields.FieldList(fields.BooleanField("Day"), min_entries=3)
    rate = fields.FieldList(
        fields.RadioField("Rate", choices=choices("1", "3"), validators=[Optional()]),
        min_entries=3,
    )
    rows = fields.FieldList(fields.FormField(Often), min_entries=2)
    many = fields.FieldList(
        fields.SelectMultipleField("Many", choices=choices("x", "y")), min_entries=3
    )
    note = fields.StringField("Note", [InputRequired("Enter a note")])


LAST = {"days-2": "y", "rate-0": "1", "rate-2": "3", "rows-1-often": "n"}


def test_rows_stay_where_they_are_though_nothing_is_sent_of_some(
    make_app: MakeApp,
) -> None:
    visitor = visit(make_app, Rows)
    page = visitor.press("next", {**LAST, "many-1": ["x", "y"], "rows-0-often": "a"})
    assert page.errors == ["Enter a note"]
    assert sent(visitor, "days-0", "days-2", "rate-1", "rate-2", "many-1") == [
        *(None, ["y"], None, ["3"], ["x", "y"])
    ]
    page = visitor.fill(note="x")
    assert dict(page.rows)["Days"] == "No No Yes"
    assert dict(page.rows)["Rate"] == "1 Not provided 3"
    visitor.press()
    assert committed[0].data["ask"] == {
        "days": [False, False, True],
        "rate": ["1", None, "3"],
        "rows": [{"often": "a"}, {"often": "n"}],
        "many": [[], ["x", "y"], []],
        "note": "x",
    }


def test_box_that_is_unticked_stays_in_its_row(make_app: MakeApp) -> None:
    class Ticked(Wizard):
        ask = Step(
            type("Days", (Form,), {"days": fields.FieldList(fields.BooleanField())})
        )
        check = Review()

        def initial(self, step_name: str, bound: object) -> dict[str, list[bool]]:
            return {"days": [True, True, False]}

        def commit(self, submission: Submission) -> None:
            committed.append(submission)

    visitor = Visitor(make_app(Ticked))
    visitor.open()
    visitor.press("next", {"days-0": None})
    visitor.press()
    assert committed[0].data == {"ask": {"days": [False, True, False]}}


def test_error_stands_at_the_row_that_it_is_about(make_app: MakeApp) -> None:
    visitor = visit(make_app, Rows)
    page = visitor.press("next", {"note": "x", "rows-1-often": "n"})
    assert page.link("Not a valid choice") == "#rows-0-often-0"
    assert sent(visitor, "rows-0-often", "rows-1-often") == [None, ["n"]]


@pytest.mark.inaccessible("its page has bare fields")
@pytest.mark.parametrize(
    "draw", ["{{ form.days }}", "{% for d in form.days %}{{ d }}{% endfor %}"]
)
def test_page_of_ones_own_says_which_rows_it_has_too(
    make_app: MakeApp, draw: str
) -> None:
    class Days(Form):
        days = fields.FieldList(fields.BooleanField("Day"), min_entries=3)

    visitor = visit(make_app, Days, own_page(draw))
    visitor.press("next", {"days-1": "y"})
    assert visitor.page.rows == [("Days", "No Yes No")]


def own_page(fields: str) -> str:
    return (
        "{% extends wizard_base %}"
        '{% import "flask_wizard/default/macros.html" as m %}{% block wizard %}'
        '<form method="post" action="{{ action_url }}">{{ m.hidden_inputs(hidden) }}'
        + fields
        + "{{ m.actions(actions) }}</form><pre>{{ form.errors }}</pre>{% endblock %}"
    )


class Kid(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name")])
    toys = fields.FieldList(fields.StringField("Toy"))


class Kids(Form):
    kids = fields.FieldList(fields.FormField(Kid), "Kids", min_entries=1)
    tags = fields.FieldList(fields.StringField("Tag"), "Tags")


CLOCK = "kids-1764328979123"


def test_rows_that_a_script_numbers_by_the_clock_are_kept(make_app: MakeApp) -> None:
    visitor = visit(make_app, Kids)
    rows = {f"{CLOCK}-name": "Bob", f"{CLOCK}-toys-1764328979500": "ball"}
    tags = {"tags-1764328979124": "late", "tags-1764328979": "early"}
    visitor.press("next", {"kids-0-name": "Ann", **rows, **tags})
    visitor.press()
    assert committed[0].data["ask"] == {
        "kids": [{"name": "Ann", "toys": []}, {"name": "Bob", "toys": ["ball"]}],
        "tags": ["late", "early"],
    }


def test_error_in_a_row_of_a_clock_stands_at_its_new_number(make_app: MakeApp) -> None:
    visitor = visit(make_app, Kids)
    page = visitor.press("next", {"kids-0-name": "Ann", f"{CLOCK}-name": ""})
    assert page.link("Enter a name") == "#kids-1-name"
    assert sent(visitor, "kids-0-name", "kids-1-name") == [["Ann"], [""]]


def test_field_with_a_long_number_in_its_name_works(make_app: MakeApp) -> None:
    names = ("qty-9780141036144", "must-175928847299117063", "short-42")
    form = type(
        "F", (Form,), {n: fields.StringField(n, [InputRequired()]) for n in names}
    )
    visitor = visit(make_app, form)
    visitor.press("next", dict.fromkeys(names, "3"))
    assert visitor.page.rows == [(name, "3") for name in names]


# Too many entries


class Address(Form):
    street = fields.StringField("Street")
    kind = fields.SelectField("Kind", choices=choices("a"), validate_choice=False)


class Addresses(Form):
    addresses = fields.FieldList(fields.FormField(Address), "Addresses")
    note = fields.StringField("Note")


def many(count: int) -> dict[str, str]:
    return {f"addresses-{n}-street": str(n) for n in range(count)}


@pytest.mark.requirement("S27")
def test_more_entries_than_the_setting_allows_are_told_at_the_field(
    make_app: MakeApp,
) -> None:
    visitor = visit(make_app, Addresses, WIZARD_MAX_ENTRIES=5)
    page = visitor.press("next", {**many(990), "note": "kept"})
    assert (
        page.link("This page has room for 5 entries. You sent 990")
        == "#addresses-0-street"
    )
    assert page.source.count("<select") == 5
    assert visitor.page.value("note") == "kept"
    visitor.press("next", many(5))
    assert visitor.page.path.endswith("/check")


@pytest.mark.parametrize("action", ["save", "back", "autosave"])
def test_entries_without_room_are_told_on_return(
    make_app: MakeApp, action: str
) -> None:
    visitor = visit(make_app, Addresses, WIZARD_MAX_ENTRIES=5)
    visitor.press("next", {"note": "x"})
    step = f"{visitor.draft}ask"
    visitor.open(step)
    visitor.send(action, many(6))
    page = visitor.open(step)
    assert "You sent 6 here" in page.errors[0]
    assert page.source.count("<select") == 5


def test_list_with_a_maximum_of_its_own_is_not_bounded_by_the_setting(
    make_app: MakeApp,
) -> None:
    class Own(Form):
        addresses = fields.FieldList(fields.FormField(Address), max_entries=9)

    visitor = visit(make_app, Own, WIZARD_MAX_ENTRIES=5)
    visitor.press("next", many(9))
    visitor.press()
    assert len(committed[0].data["ask"]["addresses"]) == 9


# Fields that are drawn twice, or that read inputs of their own


class Plan(FlaskForm):  # type: ignore[misc]
    plan = fields.HiddenField(default="gold")
    amount = fields.IntegerField(default=5, widget=widgets.HiddenInput())
    mail = fields.EmailField()
    name = fields.StringField("Name", [InputRequired("Enter a name")])


@pytest.mark.inaccessible("it draws fields twice")
def test_field_that_a_page_draws_twice_stays_as_it_was(make_app: MakeApp) -> None:
    page = own_page(
        "{{ form.hidden_tag() }}{% for f in form %}{{ f() }}{% endfor %}"
        "{{ form.mail(id='again') }}"
    )
    visitor = visit(make_app, Plan, page)
    for _ in range(3):
        visitor.press()
        assert sent(visitor, "plan", "amount", "mail") == [
            *(["gold", "gold"], ["5", "5"], ["", ""])
        ]
    visitor.fill(name="Ada")
    visitor.press()
    assert committed[0].data["ask"] == {
        **{"plan": "gold", "amount": 5, "mail": "", "name": "Ada"}
    }


class DayField(fields.Field):
    """A date of two inputs, which reads and shows them by itself."""

    separator = "_"

    def widget(self, field: Any, **kwargs: object) -> Markup:
        shown = (
            (f"{self.name}{self.separator}{part}", self.typed[part]) for part in "dm"
        )
        return Markup("").join(
            Markup('<input name="{}" value="{}">').format(*pair) for pair in shown
        )

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        self.process_errors = []
        self.object_data = self.data = None
        self.typed = dict.fromkeys("dm", "")
        if formdata is None:
            return
        names = {part: f"{self.name}{self.separator}{part}" for part in "dm"}
        self.typed = {part: formdata.get(name, "") for part, name in names.items()}
        if all(text.isdigit() for text in self.typed.values()):
            self.data = "/".join(self.typed.values())
        else:
            self.process_errors.append("Enter a day")


@pytest.mark.inaccessible("its widget has no labels")
@pytest.mark.parametrize("separator", ["-", "_", ".", "[", ""])
@pytest.mark.parametrize("depends", [False, True])
def test_what_a_field_reads_by_itself_is_shown_again_and_committed(
    make_app: MakeApp, separator: str, depends: bool
) -> None:
    kind = type("Own", (DayField,), {"separator": separator})
    form = type("Born", (Form,), {"dob": kind("Born"), "note": fields.StringField()})

    def form_of(answers: Answers) -> type[Form]:
        return form

    wizard = declare(
        "Asks", Commits, ask=Step(form_of if depends else form), check=Review()
    )
    visitor = Visitor(make_app(wizard))
    visitor.open()
    day, month = f"dob{separator}d", f"dob{separator}m"
    page = visitor.press("next", {day: "31", month: "x", "is_admin": "1"})
    assert page.errors == ["Enter a day"]
    assert sent(visitor, day, month, "is_admin") == [["31"], ["x"], None]
    assert visitor.press("next", {month: "2"}).rows[0] == ("Born", "31/2")
    visitor.press()
    assert committed[0].data["ask"]["dob"] == "31/2"


# A form that prefixes itself


class Trip(Form):
    country = fields.StringField("Country")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", "trip")
        super().__init__(*args, **kwargs)


class Place(Form):
    place = fields.RadioField("Place")


PLACES = {"is": choices("Vik", "Same"), "pt": choices("Faro", "Same")}


def offer(form: Place, answers: Answers) -> None:
    form.place.choices = PLACES[answers.trip.country]


class Travel(Commits, Wizard):
    trip = Step(Trip)
    place = Step(Place, prepare=offer)
    check = Review()

    def validate(self, submission: Submission) -> None:
        if submission.answers.place.place == "Same":
            raise StepError("trip", "Not there", field="country")


def travel(make_app: MakeApp, place: str) -> Visitor:
    visitor = Visitor(make_app(Travel))
    visitor.open()
    visitor.press("next", {"trip-country": "is"})
    visitor.fill(place=place)
    return visitor


def test_answer_of_a_form_that_prefixes_itself_is_read(make_app: MakeApp) -> None:
    visitor = travel(make_app, "Vik")
    visitor.open(f"{visitor.draft}trip?then=check")
    page = visitor.press("next", {"trip-country": "pt"})
    assert page.path.endswith("/place")
    assert page.errors == ["Not a valid choice."]


def test_error_in_a_form_that_prefixes_itself_stands_at_its_field(
    make_app: MakeApp,
) -> None:
    page = travel(make_app, "Same").press()
    assert page.link("Not there") == "#trip-country"


# Fields that ask nothing


class Asking(FlaskForm):  # type: ignore[misc]
    name = fields.StringField("Name")
    recaptcha = RecaptchaField()
    website = fields.StringField("Website", render_kw={"style": "display:none"})
    url = fields.StringField("")
    hidden = fields.HiddenField("Hidden")


CAPTCHA = {"RECAPTCHA_PUBLIC_KEY": "k", "RECAPTCHA_PRIVATE_KEY": "p"}


@pytest.mark.inaccessible("a field without a label")
def test_what_asks_nothing_is_no_row_and_not_optional(make_app: MakeApp) -> None:
    visitor = visit(make_app, Asking, **CAPTCHA)
    assert 'class="g-recaptcha"' in visitor.page.source
    labels = visitor.page.texts(".wizard-label")
    assert [label for label in labels if label] == ["Name (optional)"]
    assert visitor.fill(name="Ada").rows == [("Name", "Ada")]


def test_captcha_is_drawn_where_the_template_has_it(make_app: MakeApp) -> None:
    page = (
        '{% extends "flask_wizard/default/step.html" %}'
        "{% block field_recaptcha %}{% endblock %}"
        "{% block actions %}{{ form.recaptcha() }}{{ super() }}{% endblock %}"
    )
    source = visit(make_app, Asking, page, **CAPTCHA).page.source
    assert source.count('class="g-recaptcha"') == 1
    assert source.index('class="g-recaptcha"') > source.index('name="url"')


# HTML in messages and labels

LINK = Markup('Taken. <a href="/login">Log in</a>')


def taken(form: Form, field: fields.Field) -> None:
    if field.data == "taken":
        raise ValidationError(LINK)
    if field.data.startswith("<"):
        raise ValidationError(f"No {field.data}")


class Name(Form):
    name = fields.StringField(Markup("Name <abbr>x</abbr>"), [taken])
    size = fields.RadioField(
        choices=[
            SelectChoice("s", Markup("<b>Small</b>")),
            SelectChoice("l", "<i>Large</i>"),
        ],
        default="s",
    )


class Named(Wizard):
    ask = Step(Name)
    check = Review()

    def validate(self, submission: Submission) -> None:
        if submission.answers.ask.name == "refused":
            raise StepError("ask", LINK, field="name")

    def commit(self, submission: Submission) -> Receipt:
        html = submission.answers.ask.name == "html"
        message = "<em>Done</em>"
        return Receipt(reference="1", message=Markup(message) if html else message)


@pytest.fixture
def named(make_app: MakeApp) -> Visitor:
    visitor = Visitor(make_app(Named))
    visitor.open()
    return visitor


def error_of(visitor: Visitor) -> str:
    found = re.search(r'id="name-error">(.*?)</p>', visitor.page.source, re.DOTALL)
    assert found is not None
    return found[1].partition("</span>")[2].strip()


def test_message_in_html_is_shown_as_such_also_on_return(named: Visitor) -> None:
    named.fill(name="taken")
    assert error_of(named) == LINK
    assert named.page.errors == ["Taken. Log in"]
    named.open(named.page.path)
    assert error_of(named) == LINK


def test_message_of_a_step_error_in_html_is_shown_as_such(named: Visitor) -> None:
    named.fill(name="refused")
    named.press()
    assert error_of(named) == LINK


def test_message_with_what_was_typed_is_escaped(named: Visitor) -> None:
    named.fill(name="<script>alert(1)</script>")
    assert error_of(named) == "No &lt;script&gt;alert(1)&lt;/script&gt;"


def test_labels_are_html_where_the_application_says_so(named: Visitor) -> None:
    assert "Name <abbr>x</abbr>" in named.page.source
    assert "<b>Small</b>" in named.page.source
    assert "&lt;i&gt;Large&lt;/i&gt;" in named.page.source


@pytest.mark.parametrize(
    ("name", "shown"), [("html", "<em>Done</em>"), ("x", "&lt;em&gt;Done&lt;/em&gt;")]
)
def test_message_of_a_receipt_is_html_where_the_application_says_so(
    named: Visitor, name: str, shown: str
) -> None:
    named.fill(name=name)
    assert shown in named.press().source


# Errors in a page of one's own


class Short(Form):
    name = fields.StringField("Name", [Length(max=3, message="name?")])
    tags = fields.FieldList(
        fields.StringField(validators=[InputRequired("tag?")]), min_entries=2
    )
    homes = fields.FieldList(fields.FormField(Kid), min_entries=1)
    home = fields.FormField(Kid)


@pytest.mark.inaccessible("its page has bare fields")
def test_errors_in_a_page_of_ones_own_are_those_of_wtforms(make_app: MakeApp) -> None:
    visitor = visit(make_app, Short, own_page("{{ form.name }}"))
    typed = {"tags-0": "", "tags-1": "x", "homes-0-name": "", "home-name": ""}
    page = visitor.press("next", {**typed, "name": "long"})
    plain = Short(MultiDict({**typed, "name": "long"}))
    plain.validate()
    assert page.texts("pre") == [str(plain.errors)]
    assert str(plain.errors["tags"]) == "[['tag?'], []]"


# Fields that send nothing, and began with nothing


@pytest.mark.parametrize(
    "kind", [fields.DateField, fields.TimeField, fields.IntegerField]
)
def test_blank_field_that_is_disabled_is_as_in_a_plain_view(
    make_app: MakeApp, kind: Any
) -> None:
    locked = kind("Locked", render_kw={"disabled": True})
    form = type("Locked", (Form,), {"it": locked, "note": fields.StringField("Note")})
    visitor = visit(make_app, form)
    assert visitor.press("next", {"it": None, "note": "x"}).path.endswith("/check")
    visitor.press()
    plain: Any = form(MultiDict({"note": "x"}))
    assert committed[0].data["ask"] == plain.data
