"""Every page as JSON: the same as its HTML, for whoever asks for it."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from apps import MakeApp
from clock import HOUR
from flask import Flask, Response, abort, redirect, url_for
from jinja2 import DictLoader
from json_client import ACCEPT, Reader, entries_of, every_field, field_of
from markupsafe import Markup
from store_wrappers import Probe
from time_machine import Traveller
from uploads import DictUploads, send_files
from visitor import Visitor
from wizards import (
    CANARY,
    PASSWORD,
    Commits,
    Join,
    Membership,
    begin,
    choices,
    committed,
    declare,
    pages_of,
)
from wizards import fill_in as fill_in_membership
from wtforms import (  # type: ignore[attr-defined]  # newer than the stubs
    DataList,
    DateTimeLocalField,
    Form,
    fields,
    validators,
    widgets,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import InputRequired

from flask_wizard import (
    Exit,
    FlaskWizard,
    Info,
    Item,
    OnlyIf,
    Receipt,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)


class Lazy:
    """A text that is made when it is needed."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __str__(self) -> str:
        return self._text


class NameForm(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name")])


class DocumentForm(Form):
    scan = fields.FileField("Scan")
    note = fields.StringField("Note")


class SchoolForm(Form):
    school = fields.StringField("School")


class Child(Item):
    who = Step(NameForm, title="Who is it?")
    school = Step(SchoolForm)


class Trip(Wizard):
    title = "School trip"

    welcome = Info(title="Before you begin")
    you = Step(NameForm, title="About you", section="People")
    stop = Exit(title="Not for you", when=lambda answers: answers.you.name == "Bob")
    pets = Repeat(NameForm, title="Your pets", singular="pet", max=2)
    children = Repeat(Child, title="Your children", singular="child")
    papers = Step(DocumentForm)
    check = Review()

    def validate(self, submission: Submission) -> None:
        if submission.answers.you.name == "Nobody":
            raise StepError("you", "Somebody has to go", field="name")

    def commit(self, submission: Submission) -> Any:
        if submission.answers.you.name == "Eve":
            return None
        return Receipt("R-1", message=Markup("<b>Be</b> early"))


@pytest.fixture
def trip(make_app: MakeApp) -> Reader:
    return Reader(make_app(Trip, uploads=DictUploads()))


def on_the_way(reader: Reader, name: str = "Ada") -> Reader:
    reader.open()
    reader.press()
    reader.fill(name=name)
    return reader


# Pages


def test_form_is_the_same(trip: Reader) -> None:
    on_the_way(trip, name="")
    assert trip.data["page"] == "step"
    assert trip.data["step"] == "you"
    assert trip.data["caption"] == "People"
    assert trip.data["errors"] == [
        {"message": "Enter a name", "field": "name", "url": None}
    ]
    assert field_of(trip.data, "name")["errors"] == ["Enter a name"]


def test_info_is_the_same(trip: Reader) -> None:
    trip.open()
    assert (trip.data["page"], trip.data["fields"]) == ("info", [])


def test_exit_is_the_same(trip: Reader) -> None:
    on_the_way(trip, name="Bob")
    assert trip.data["page"] == "exit"
    assert trip.data["text"][0].startswith("You cannot go on from here.")


def test_list_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.press("add")
    trip.fill(name="Rex")
    (rex,) = trip.data["items"]
    assert (trip.data["page"], rex["name"], rex["done"]) == ("list", "Pet 1", True)
    trip.open(rex["remove_url"])
    assert trip.data["title"] == "Remove Pet 1?"
    trip.press("remove")
    assert trip.data["items"] == []


def test_item_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.press("add")
    assert trip.data["title"] == "Pet 1"
    assert trip.data["hidden"]["_item"]
    trip.press("save", {"name": "Rex"})
    trip.open(f"{trip.draft}pets")
    assert [item["done"] for item in trip.data["items"]] == [False]
    trip.press("next")
    (error,) = trip.data["errors"]
    assert error["url"] == trip.data["items"][0]["url"]


def test_page_of_an_item_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.press("next")
    trip.press("add")
    assert (trip.data["title"], trip.data["caption"]) == ("Who is it?", "Child 1")
    trip.fill(name="Cy")
    assert trip.data["step"] == "school"


def fill_in(trip: Reader, name: str = "Ada") -> Reader:
    on_the_way(trip, name)
    trip.press("next")
    trip.press("next")
    trip.fill(note="none")
    assert trip.data["page"] == "review"
    return trip


def test_review_is_the_same(trip: Reader) -> None:
    fill_in(trip)
    rows = [row for group in trip.data["groups"] for row in group["rows"]]
    assert rows[0]["lines"] == ["Ada"]
    trip.open(rows[0]["url"])
    assert any("Continue leads back to" in note for note in trip.data["notes"])
    trip.fill(name="Bea")
    changed = [group["rows"][0]["changed"] for group in trip.data["groups"]]
    assert changed[0]


def test_page_after_a_refused_commit_is_the_same(trip: Reader) -> None:
    fill_in(trip, name="Nobody")
    trip.press()
    (error,) = trip.data["errors"]
    assert (error["message"], error["field"]) == ("Somebody has to go", "name")


def test_receipt_is_the_same(trip: Reader) -> None:
    fill_in(trip)
    trip.press()
    assert trip.data["page"] == "receipt"
    assert trip.data["outcome"] == "committed"
    assert (trip.data["reference"], trip.data["message"]) == ("R-1", "Be early")


def test_saved_page_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.press("save")
    assert trip.data["page"] == "saved"
    assert trip.data["until"].endswith("+00:00")
    assert trip.data["urls"]["continue"] == f"{trip.draft}pets"


def test_entry_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    draft = trip.draft
    trip.open()
    (listed,) = trip.data["drafts"]
    assert (listed["step_title"], listed["url"]) == ("Your pets", f"{draft}pets")


def test_discarded_draft_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.open(f"{trip.draft}discard")
    assert [each["value"] for each in trip.data["actions"]] == ["back", "discard"]
    trip.press("discard")
    assert (trip.data["page"], trip.data["outcome"]) == ("receipt", "discarded")


def test_missing_draft_is_the_same(trip: Reader, clock: Traveller) -> None:
    stranger = Reader(trip.app)
    on_the_way(trip)
    assert stranger.open(f"{trip.draft}you").status == 404
    assert stranger.data["reason"] == "unknown"
    clock.shift(8 * 24 * HOUR)
    assert trip.open(f"{trip.draft}you").status == 410
    assert trip.data["title"] == "Your answers have expired"


def test_moved_draft_is_the_same(trip: Reader, clock: Traveller) -> None:
    trip.app.config["WTF_CSRF_TIME_LIMIT"] = None
    on_the_way(trip)
    trip.open(f"{trip.draft}you")
    clock.shift(8 * 24 * HOUR)
    trip.fill(name="Ada")
    assert trip.data["notice"]["code"] == "moved"
    assert "It has been kept here, in a new copy." in trip.data["notice"]["text"][0]


def test_page_of_a_running_commit_is_the_same(make_app: MakeApp, store: Probe) -> None:
    seen: list[Any] = []

    def commit(wizard: Wizard, submission: Submission) -> None:
        twin = reader.twin()
        url = f"{reader.draft}receipt"
        seen.append(twin.client.get(url, headers=ACCEPT).json)

    reader = Reader(make_app(declare("Join", Join, commit=commit)))
    reader.open()
    reader.fill(name="Ada")
    reader.fill(pet="Rex")
    reader.press()
    assert seen[0]["title"] == "Your answers are being sent"
    assert seen[0]["urls"]["again"] == f"{reader.draft}receipt"


def test_links_are_the_same(make_app: MakeApp, store: Probe) -> None:
    app = make_app(Join)
    with app.test_request_context():
        urls = [FlaskWizard().invite_url("join", {}, max_age=age) for age in (9, HOUR)]
    reader = Reader(app)
    reader.open(urls[1].removeprefix("http://localhost"))
    assert (reader.data["page"], reader.data["kind"]) == ("link", "invite")
    reader.press()
    assert reader.data["step"] == "you"
    assert reader.open("/join/link/forged").status == 404


def test_used_link_is_the_same(make_app: MakeApp) -> None:
    app = make_app(Join)
    with app.test_request_context():
        url = FlaskWizard().invite_url("join", {}, max_age=HOUR)
    path = url.removeprefix("http://localhost")
    first, second = Reader(app), Reader(app)
    first.open(path)
    first.press()
    assert second.open(path).status == 410
    assert (second.data["refusal"], second.data["actions"]) == ("used", [])


# Problems


def test_store_trouble_is_the_same(trip: Reader, store: Probe) -> None:
    on_the_way(trip)
    trip.open(f"{trip.draft}you")
    store.down = True
    page = trip.refused(values={"name": "Zoë <b>"})
    assert page.status == 503
    assert trip.data["problem"]["code"] == "store"
    assert field_of(trip.data, "name")["value"] == "Zoë <b>"
    assert [each["value"] for each in trip.data["actions"]] == ["next"]
    assert trip.open(f"{trip.draft}you").status == 503
    assert trip.data["page"] == "unavailable"


def test_form_that_cannot_be_built_sends_it_all_again(
    make_app: MakeApp, store: Probe
) -> None:
    def form(answers: Any) -> type[Form]:
        return type(answers.you.name, (NameForm,), {})

    wizard = declare("Two", Commits, you=Step(NameForm), more=Step(form))
    reader = Reader(make_app(wizard))
    reader.open()
    reader.fill(name="Ada")
    store.down = True
    assert reader.refused(values={"name": "Zoë"}).status == 503
    assert (reader.data["fields"], reader.data["hidden"]["name"]) == ([], "Zoë")


def test_wrong_token_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.open(f"{trip.draft}you")
    assert trip.refused(values={"csrf_token": "x", "name": "Bea"}).status == 400
    assert trip.data["problem"]["code"] == "token"
    data = dict(entries_of(trip.data))
    assert data["name"] == "Bea"
    answer = trip.client.post(trip.data["urls"]["action"], data=data)
    assert answer.status_code == 303


def test_too_many_drafts_are_the_same(make_app: MakeApp) -> None:
    reader = Reader(make_app(declare("One", Join, max_drafts=1)))
    reader.open()
    reader.fill(name="Ada")
    reader.open("/join/new/you")
    assert reader.refused(values={"name": "Bea"}).status == 409
    assert reader.data["problem"]["code"] == "too-many"
    assert len(reader.data["problem"]["text"]) == 1
    assert len(reader.data["drafts"]) == 1


def test_full_list_is_the_same(trip: Reader) -> None:
    on_the_way(trip)
    trip.press("add")
    late = Reader(trip.app, client=trip.client)
    late.open(trip.page.url)
    for name in ("Rex", "Tom"):
        trip.fill(name=name)
        trip.press("add")
    assert late.refused(values={"name": "Kit"}).status == 409
    assert late.data["problem"]["code"] == "too-many-items"
    assert late.data["urls"]["list"] == f"{trip.draft}pets"
    assert field_of(late.data, "name")["value"] == "Kit"


def test_refused_visitor_is_told_when_to_come_back(make_app: MakeApp) -> None:
    def admit(wizard: Wizard, moment: str, holder: str) -> None:
        abort(429, response=Response(status=429, headers={"Retry-After": "9"}))

    reader = Reader(make_app(declare("Join", Join, admit=admit)))
    reader.open()
    assert reader.refused(values={"name": "Ada"}).status == 429
    assert reader.data["problem"]["code"] == "not-admitted"


def test_removed_page_is_the_same(make_app: MakeApp, store: Probe) -> None:
    reader = Reader(make_app(Join))
    reader.open()
    reader.fill(name="Ada")
    later = Reader(make_app(declare("Join", Commits, you=Join.you)))
    later.client = reader.client
    later.client.application = later.app
    later._page = reader.page
    assert later.refused(values={"pet": "Rex"}).status == 409
    assert (later.data["page"], later.data["texts"]) == ("removed", ["Rex"])


# Fields


def ticks(label: str, *labels: str) -> Any:
    return fields.SelectMultipleField(
        label,
        choices=choices(*labels),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )


class Address(Form):
    street = fields.StringField("Street")


class Group(Form):
    same = fields.BooleanField("The same")
    ticked = fields.FieldList(fields.BooleanField("Ticked"), "Ticks", min_entries=2)


class Everything(Form):
    text = fields.StringField(Lazy("Text"), description=Lazy("A hint"))  # type: ignore[arg-type]
    bold = fields.StringField(Markup("<b>Bold</b> &amp; <i>odd</i> "))
    less = fields.StringField(
        "1 < 2 & <b>", description=Markup("See <a href='/'>this</a>")
    )
    email = fields.EmailField("Email", [InputRequired()])
    number = fields.IntegerField("Number", [validators.Optional()])
    born = fields.DateField("Born", default=date(2020, 1, 2))
    at = DateTimeLocalField("At", [validators.Optional()])
    area = fields.TextAreaField("Area", default="\na\nb", render_kw={"rows": 3})
    story = fields.TextAreaField("Story", [validators.Length(max=300)])
    agree = fields.BooleanField("Agree", [InputRequired()])
    agreed = fields.BooleanField("Agreed", default=True, render_kw={"value": "1"})
    radio = fields.RadioField("Radio", choices=choices("a", "b"), default="b")
    pick = fields.SelectField("Pick", choices=choices("a", "b"))
    grouped = fields.SelectField(
        "Grouped",
        choices=[
            SelectChoice("x", "Ex", optgroup="Letters"),
            SelectChoice("5", "Five", {"disabled": True}, optgroup="Numbers"),
        ],
    )
    several = fields.SelectMultipleField("Several", choices=choices("a", "b"))
    ticks = ticks("Ticks", "a", "b")
    scans = fields.MultipleFileField("Scans")
    secret = fields.HiddenField(default="s")
    trap = fields.StringField("Trap", render_kw={"style": "display: none"})
    locked = fields.StringField("Locked", render_kw={"disabled": True}, default="x")
    fixed = fields.StringField("Fixed", render_kw={"readonly": True}, default="y")
    stays = fields.StringField("Stays", [validators.ReadOnly()])
    near = fields.StringField("Near", datalist=DataList(["here", "there"]))  # type: ignore[call-arg]
    picks = fields.FieldList(
        fields.RadioField("Pick", choices=choices("a", "b")), min_entries=1
    )
    slide = fields.IntegerRangeField("Slide", [validators.Optional()])
    glide = fields.IntegerRangeField(
        "Glide", [validators.Optional()], render_kw={"type": "range"}
    )
    loud = fields.IntegerRangeField("Loud", render_kw={"type": "range"})
    colour = fields.ColorField("Colour")
    paint = fields.ColorField("Paint", [validators.Optional()])
    password = fields.PasswordField("Password")
    home = fields.FormField(Address, "Home")
    group = fields.FormField(Group, "Group")
    company = fields.StringField("Company", [OnlyIf("radio", "a"), InputRequired()])
    nobody = fields.StringField("Nobody", [OnlyIf("agreed", False)])
    many = fields.StringField("Many", [OnlyIf("ticks", ["a", "b"])])
    free = fields.RadioField("Free", choices=choices("a", "b"))
    unless = fields.StringField("Unless", [OnlyIf("free", [None, "b"])])
    odd = fields.StringField("Odd", [OnlyIf("text", lambda text: bool(text))])


class Ask(Commits, Wizard):
    ask = Step(Everything)
    check = Review()


@pytest.fixture
def asked(make_app: MakeApp) -> Reader:
    reader = Reader(make_app(Ask, uploads=DictUploads()))
    reader.open()
    return reader


BLANK = {"kind": "text", "value": "", "hint": "", "required": False}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("text", {**BLANK, "label": "Text", "hint": "A hint"}),
        ("bold", {**BLANK, "label": "Bold & odd"}),
        ("less", {**BLANK, "label": "1 < 2 & <b>", "hint": "See this"}),
        ("email", {"kind": "email", "required": True}),
        ("number", {"kind": "text", "required": False}),
        ("born", {"kind": "date", "value": "2020-01-02"}),
        ("at", {"kind": "datetime-local", "value": ""}),
        (
            "area",
            {"kind": "textarea", "value": "\r\na\r\nb", "attributes": {"rows": "3"}},
        ),
        ("story", {"kind": "textarea", "longest": 300}),
        ("agree", {"kind": "checkbox", "value": None, "required": True}),
        ("agreed", {"value": "1", "options": [{"value": "1", "label": "Agreed"}]}),
        ("radio", {"kind": "radio", "value": "b"}),
        ("pick", {"kind": "select", "value": "a"}),
        ("several", {"kind": "select", "value": [], "multiple": True}),
        ("ticks", {"kind": "checkboxes", "value": []}),
        ("scans", {"kind": "file", "value": None, "multiple": True, "files": []}),
        ("locked", {"value": None, "disabled": True, "shown": "x", "required": False}),
        ("fixed", {"value": "y", "readonly": True, "required": False}),
        ("stays", {"readonly": True, "required": False}),
        ("near", {"kind": "text", "suggestions": ["here", "there"]}),
        ("picks-0", {"kind": "radio", "value": None, "marker": "picks-0-_row"}),
        ("slide", {"kind": "text", "value": "", "required": False}),
        ("glide", {"kind": "range", "value": "", "required": False}),
        ("loud", {"kind": "range", "value": "50", "required": True}),
        ("colour", {"kind": "color", "value": "#000000", "required": True}),
        ("paint", {"kind": "color", "value": "", "required": False}),
        ("password", {"kind": "password", "value": ""}),
        ("home-street", {"kind": "text", "label": "Street"}),
        ("group-ticked-0", {"kind": "checkbox", "marker": "group-ticked-0-_row"}),
    ],
)
def test_kind_of_field(asked: Reader, name: str, expected: dict[str, Any]) -> None:
    found = field_of(asked.data, name)
    assert {key: found.get(key) for key in expected} == expected


def test_every_option_has_value_and_label(asked: Reader) -> None:
    ticks = field_of(asked.data, "ticks")["options"]
    assert ticks == [{"value": "a", "label": "a"}, {"value": "b", "label": "b"}]
    letters, numbers = field_of(asked.data, "grouped")["options"]
    assert letters == {"value": "x", "label": "Ex", "group": "Letters"}
    assert numbers["group"] == "Numbers"
    assert numbers["disabled"]


@pytest.mark.parametrize(
    ("name", "only_if"),
    [
        ("company", {"field": "radio", "values": ["a"], "holds": False}),
        ("nobody", {"field": "agreed", "values": [""], "holds": False}),
        ("many", {"field": "ticks", "values": ["a", "b"], "holds": False}),
        ("unless", {"field": "free", "values": ["", "b"], "holds": True}),
        ("odd", {"field": "text", "values": None, "holds": False}),
    ],
)
def test_condition_of_field(asked: Reader, name: str, only_if: Any) -> None:
    assert field_of(asked.data, name)["only_if"] == only_if


def test_hidden_fields_are_apart(asked: Reader) -> None:
    hidden = asked.data["hidden"]
    assert (hidden["secret"], hidden["trap"]) == ("s", "")
    assert hidden["group-ticked-1-_row"] == ""
    names = {field["name"] for field in every_field(asked.data["fields"])}
    assert not names & {"secret", "trap", "csrf_token"}


def test_what_was_typed_is_shown_as_typed(asked: Reader) -> None:
    typed = {"born": "31/02/2026", "number": "many", "pick": "b", "area": "x\r\ny"}
    asked.press("save", typed)
    asked.open(f"{asked.draft}ask")
    shown = {name: field_of(asked.data, name)["value"] for name in typed}
    assert shown == typed
    assert field_of(asked.data, "born")["kind"] == "text"


@pytest.mark.inaccessible("a list without a label")
def test_fields_of_several_inputs_are_parts(make_app: MakeApp) -> None:
    class Parts(fields.Field):
        def widget(self, field: Any, **kwargs: object) -> Markup:
            return Markup(
                '<label for="d">Day</label><input id="d" name="on-d" value="5">'
                '<label>Month <select name="on-m"><option>May</select></label>'
                '<input type="hidden" name="on-h" value="1">'
                '<input type="hidden" name="on-h" value="2">'
                '<button name="on-x">Today</button>'
            )

    form = type("Trips", (Form,), {"on": Parts("When")})
    reader = Reader(make_app(declare("Ask", Commits, ask=Step(form), check=Review())))
    reader.open()
    (when,) = reader.data["fields"]
    assert reader.data["hidden"]["on-h"] == ["1", "2"]
    assert (when["kind"], when["label"]) == ("form", "When")
    day, month = when["fields"]
    assert (day["name"], day["label"], day["value"]) == ("on-d", "Day", "5")
    assert (month["kind"], month["label"], month["value"]) == ("select", "Month", "May")


def test_radios_of_an_own_widget_are_one_choice(make_app: MakeApp) -> None:
    class Radios(fields.RadioField):
        def widget(self, field: Any, **kwargs: object) -> Markup:
            return Markup(
                '<ul><li><label>A <input type="radio" name="r" value="a" checked>'
                '</label><li><input type="radio" name="r" value="b" checked id="b">'
                '<label for="b">B</label></ul>'
            )

    form = type("Own", (Form,), {"r": Radios("Which?", choices=choices("a", "b"))})
    reader = Reader(make_app(declare("Ask", Commits, ask=Step(form), check=Review())))
    reader.open()
    (which,) = reader.data["fields"]
    assert (which["kind"], which["value"], which["label"]) == ("radio", "b", "Which?")
    assert [option["label"] for option in which["options"]] == ["A", "B"]


def test_looks_of_the_page_are_left_out(asked: Reader) -> None:
    asked.press("next")
    drawn = [each.get("attributes", {}) for each in every_field(asked.data["fields"])]
    names = {name for attributes in drawn for name in attributes}
    assert names >= {"rows", "inputmode"}
    assert not [name for name in names if name.startswith(("aria-", "data-"))]
    assert not names & {"class", "id", "value", "required", "type"}


def test_captcha_comes_as_html(make_app: MakeApp) -> None:
    class Captcha(fields.Field):
        def widget(self, field: Any, **kwargs: object) -> Markup:
            return Markup('<div data-sitekey="k"></div>')

    form = type("Safe", (Form,), {"human": Captcha("Are you human?")})
    reader = Reader(make_app(declare("Ask", Commits, ask=Step(form), check=Review())))
    reader.open()
    (human,) = reader.data["fields"]
    assert (human["kind"], human["html"]) == ("content", '<div data-sitekey="k"></div>')


def test_files_are_named(asked: Reader) -> None:
    send_files(asked, {"scans": [(b"abc", "a b.txt")]}, action="save")
    asked.open(f"{asked.draft}ask")
    scans = field_of(asked.data, "scans")
    assert (scans["value"], asked.data["enctype"]) == (None, "multipart/form-data")
    (file,) = scans["files"]
    assert (file["name"], file["size"]) == ("a b.txt", 3)
    assert file["action"] == f"drop:{file['id']}"
    assert asked.get(file["url"]).data == b"abc"


def test_front_end_starts_with_its_own_draft(make_app: MakeApp) -> None:
    """Walk from the first page to the receipt with nothing but JSON."""
    client = make_app(Join).test_client()
    page: Any = client.get("/join/", headers=ACCEPT, follow_redirects=True).json
    for typed in ({"name": ""}, {"name": "Ada"}, {"pet": "Rex"}, {}):
        answer = client.post(
            page["urls"]["action"],
            data=dict(entries_of(page)) | typed,
            headers=ACCEPT,
            follow_redirects=True,
        )
        page = answer.json
    assert (page["page"], page["title"]) == ("receipt", "Your answers have been sent")
    assert committed[0].answers.you.name == "Ada"


# Passwords


def test_no_page_gives_a_password_back(make_app: MakeApp, store: Probe) -> None:
    app = make_app(Membership)
    visitor = Visitor(app)
    draft = fill_in_membership(visitor)
    urls = [*pages_of(draft), "/join/", f"{draft}secret?then=check"]
    texts = [
        visitor.get(url, headers=ACCEPT, follow_redirects=True).text for url in urls
    ]
    visitor.open(f"{draft}secret")
    typed = {**visitor.page.values, "password": PASSWORD, "again": [PASSWORD]}
    for trouble in ({"csrf_token": "x"}, {"_rev": "0"}, {"again": "other"}):
        sent = {**typed, "_action": "next", **trouble}
        texts.append(
            visitor.client.post(
                f"{draft}secret", data=sent, headers=ACCEPT, follow_redirects=True
            ).text
        )
    store.down = True
    for action in ("next", "save", "discard"):
        sent = {**typed, "_action": action}
        answer = visitor.client.post(f"{draft}secret", data=sent, headers=ACCEPT)
        assert answer.status_code == 503
        texts.append(answer.text)
    assert sum(CANARY in text for text in texts) > 1
    assert not [text for text in texts if PASSWORD in text]


def test_kept_password_is_not_asked_for_again(make_app: MakeApp) -> None:
    reader = Reader(make_app(Membership))
    reader.open(f"{fill_in_membership(reader)}secret")
    password = field_of(reader.data, "password")
    assert (password["value"], password["kept"]) == ("", True)
    assert not password["required"]
    assert "Leave it blank to keep it." in password["hint"]


# Who gets it


@pytest.mark.parametrize(
    ("accept", "is_json"),
    [
        ("application/json", True),
        ("Application/JSON", True),
        ("application/json, text/javascript, */*; q=0.01", True),
        ("application/json;q=0.9, text/html;q=0.8", True),
        ("application/*", True),
        ("application/json, text/plain, */*", False),
        ("application/json, text/html", False),
        ("application/json;q=0.5, text/html", False),
        ("application/json;q=0", False),
        ("application/json;q=x", False),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", False),
        ("*/*", False),
        ("", False),
        ("json", False),
        ("application/json, text/*", False),
    ],
)
def test_html_wins_ties(trip: Reader, accept: str, is_json: bool) -> None:
    trip.open()
    answer = trip.get(trip.page.url, headers={"Accept": accept})
    assert answer.is_json == is_json
    assert answer.vary.as_set() >= {"accept", "cookie"}
    assert answer.headers["Cache-Control"] == "no-store"


def test_head_is_as_a_get(trip: Reader) -> None:
    trip.open()
    full = trip.get(trip.page.url, headers=ACCEPT)
    head = trip.client.head(trip.page.url, headers=ACCEPT)
    assert (head.status_code, head.data) == (200, b"")
    for name in ("Content-Type", "Vary", "Cache-Control", "X-Content-Type-Options"):
        assert head.headers[name] == full.headers[name]


def test_reading_changes_nothing(trip: Reader, store: Probe) -> None:
    on_the_way(trip)
    before = store.snapshot()
    for page in ("you", "pets", "saved", "discard", "check"):
        trip.get(f"{trip.draft}{page}", headers=ACCEPT)
    assert store.snapshot() == before


def test_json_cannot_be_sent(trip: Reader) -> None:
    on_the_way(trip)
    url = f"{trip.draft}you"
    answer = trip.client.post(url, json={"name": "Bea"}, headers=ACCEPT)
    assert (answer.status_code, answer.is_json) == (415, True)
    assert trip.open(url).value("name") == "Ada"


@pytest.mark.parametrize("page", ["nothing", "you/nothing", "pets/a/b/c"])
def test_page_that_is_not_there_is_json(trip: Reader, page: str) -> None:
    on_the_way(trip)
    answer = trip.get(f"{trip.draft}{page}", headers=ACCEPT)
    assert answer.status_code == 404
    assert answer.is_json == (page != "pets/a/b/c")  # no URL of the wizard's


def test_error_that_is_json_has_all_keys(trip: Reader) -> None:
    on_the_way(trip)
    page: Any = trip.get("/join/new/nothing", headers=ACCEPT).json
    assert page.keys() <= trip.data.keys()
    assert (page["page"], page["title"]) == ("error", "Not Found")
    answer = trip.client.post(
        f"{trip.draft}you", data={"name": "x" * 3_000_000}, headers=ACCEPT
    )
    assert (answer.status_code, answer.is_json) == (413, True)


@pytest.mark.parametrize("error", [404, 415])
def test_application_answers_its_errors_itself(make_app: MakeApp, error: int) -> None:
    app = make_app(Join)
    app.register_error_handler(error, lambda error: ("<p>Ours</p>", error.code))
    client = app.test_client()
    answers = [
        client.get("/join/new/nothing", headers=ACCEPT),
        client.post("/join/new/you", json={}, headers=ACCEPT),
    ]
    texts = {answer.status_code: answer.text for answer in answers}
    assert texts[error] == "<p>Ours</p>"
    assert [code for code, text in texts.items() if text.startswith("{")] != [error]


def test_answer_of_the_application_is_passed_on(store: Probe) -> None:
    app = Flask(__name__)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    FlaskWizard(app, store=store, holder=lambda: abort(redirect("/login")))
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    answer = app.test_client().get("/join/new/you", headers=ACCEPT)
    assert (answer.status_code, answer.location) == (302, "/login")


def test_html_of_errors_stays_html(trip: Reader) -> None:
    on_the_way(trip)
    assert trip.get(f"{trip.draft}nothing").mimetype == "text/html"


def test_page_with_a_layout_of_its_own_has_the_usual_words(make_app: MakeApp) -> None:
    app = make_app(Membership)
    templates = {
        "flask_wizard/wizards/membership/secret.html": "<h1>{{ step.title }}</h1>",
        "flask_wizard/default/discard.html": "<h1>Discard?</h1>",
        "flask_wizard/wizards/membership/saved.html": (
            "{% extends 'flask_wizard/default/saved.html' %}"
            "{% block instructions %}<script>x</script><p>Kept <b>for</b> you</p>"
            "<ul><li>One</li><li>Two</li></ul>{% endblock %}"
        ),
    }
    app.jinja_loader = DictLoader(templates)
    visitor = Visitor(app)
    draft = begin(visitor)
    visitor.fill()
    page: Any = visitor.get(f"{draft}secret", headers=ACCEPT).json
    assert (page["title"], field_of(page, "again")["value"]) == ("Secret", "")
    page = visitor.get(f"{draft}discard", headers=ACCEPT).json
    assert (page["title"], page["text"]) == ("Membership", [])
    page = visitor.get(f"{draft}saved", headers=ACCEPT).json
    assert page["text"] == ["Kept for you", "One", "Two"]


@pytest.mark.parametrize("header", [{}, ACCEPT])
def test_headless_wizard_answers_in_json(
    make_app: MakeApp, header: dict[str, str]
) -> None:
    app = make_app()

    def apply(step: str, draft: str) -> Any:
        def to(*, draft: str, step: str, **more: Any) -> str:
            return url_for("apply", draft=draft, step=step, **more)

        outcome = Join.open(draft, url_for_step=to).handle(step)
        return f"own {outcome['step'].name}" if isinstance(outcome, dict) else outcome

    app.add_url_rule("/<draft>/<step>", "apply", apply, methods=["GET", "POST"])
    client = app.test_client()
    answer = client.get("/new/you", headers=header, follow_redirects=True)
    assert answer.status_code == 200
    if not header:
        assert answer.text == "own you"
        return
    page: Any = answer.json
    data = {**dict(entries_of(page)), "csrf_token": "x", "name": "Bea"}
    answer = client.post(page["urls"]["action"], data=data, headers=header)
    page = answer.json
    assert (answer.status_code, page["problem"]["code"]) == (400, "token")
    assert field_of(page, "name")["value"] == "Bea"
    assert client.get("/new/nothing", headers=header).status_code == 404
