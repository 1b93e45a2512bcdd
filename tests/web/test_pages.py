"""The default theme: what stands in the pages, rendered without an application."""

from __future__ import annotations

import contextvars
import dataclasses
import functools
import re
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace as Bag
from typing import Any

import jinja2
import pytest
from justhtml import JustHTML
from markupsafe import Markup
from werkzeug.datastructures import MultiDict
from wtforms import Form, fields, validators, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard.core.rows import Row, named_rows, rows_of
from flask_wizard.web import controls, texts
from flask_wizard.web.answers_copy import ShownCopy, groups_in
from flask_wizard.web.controls import (
    ShownFile,
    block,
    control,
    fields_with_block,
    layout,
    side_by_side,
    summary,
)
from flask_wizard.web.groups import Group
from flask_wizard.web.moments import ago, moment_in, moment_language
from flask_wizard.web.own_drafts import named_drafts
from flask_wizard.web.themes import DEFAULT_MACROS, SHIPPED_THEMES, macros_of

PACKAGE = Path(controls.__file__).parents[1]
INSTALLED = PACKAGE / "templates"
TEMPLATES = INSTALLED if INSTALLED.is_dir() else PACKAGE.parent / "templates"

DASH = "\N{EN DASH}"
WHEN = datetime(2026, 11, 22, 14, 30, tzinfo=UTC)
CHOICES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]
ACTIONS = [
    Bag(value="next", label="Continue", primary=True),
    Bag(value="back", label="Back", primary=False),
    Bag(value="save", label="Save and come back later", primary=False),
]
AGAIN = [Bag(value="next", label="Send it again", primary=True)]
DRAFTS = [
    Bag(
        url="/a",
        discard_url="/a/x",
        started=WHEN,
        saved=WHEN,
        step_title="Address",
        title="Join",
        description="",
    ),
    Bag(
        url="/b",
        discard_url="/b/x",
        started=WHEN,
        saved=WHEN,
        step_title="Address",
        title="Join",
        description="",
    ),
]

Page = Any  # justhtml's nodes


class Home(Form):
    token = fields.HiddenField()
    street = fields.StringField("Street", [validators.InputRequired("Enter a street")])


class You(Form):
    token = fields.HiddenField(default="t")
    name = fields.StringField(
        "Your name",
        [validators.InputRequired("Enter your name")],
        description="As on your card",
    )
    nick = fields.StringField("Nickname")
    born = fields.DateField("Date of birth")
    size = fields.RadioField("Size", choices=CHOICES)
    extras = fields.SelectMultipleField(
        "Extras",
        choices=CHOICES,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    home = fields.FormField(Home, "Home address")
    emails = fields.FieldList(fields.EmailField("Email"), "Emails", min_entries=2)
    photo = fields.FileField("Photo")
    secret = fields.PasswordField("Password")
    terms = fields.BooleanField("I agree")
    submit = fields.SubmitField()


class Email(Form):
    email = fields.EmailField("What is your email address?")


class Size(Form):
    size = fields.RadioField("Which size?", choices=CHOICES)


class Terms(Form):
    terms = fields.BooleanField("I agree")


OWN = jinja2.DictLoader({})
ENV = jinja2.Environment(
    loader=jinja2.ChoiceLoader([OWN, jinja2.FileSystemLoader(TEMPLATES)]),
    undefined=jinja2.StrictUndefined,
    autoescape=True,
)
ENV.globals.update(
    flask_wizard_control=control,
    flask_wizard_layout=layout,
    flask_wizard_side_by_side=side_by_side,
    flask_wizard_block=block,
    flask_wizard_fields_with_block=fields_with_block,
    flask_wizard_named_drafts=named_drafts,
    flask_wizard_macros=functools.partial(macros_of, DEFAULT_MACROS, ENV),
    flask_wizard_named_rows=named_rows,
    flask_wizard_text=texts.text,
    flask_wizard_plural=texts.plural,
    flask_wizard_moment=functools.partial(moment_in, zone=UTC),
    flask_wizard_moment_language=moment_language,
    flask_wizard_ago=ago,
    flask_wizard_rtl_asset=lambda filename: "",
)


#: The theme whose pages are drawn.
THEME = contextvars.ContextVar("THEME", default="default")


def every_page() -> dict[str, Any]:
    own = f"flask_wizard/{THEME.get()}/macros.html"
    return {
        "wizard": Bag(title="Join"),
        "wizard_base": ENV.get_template("flask_wizard/default/base.html"),
        "wizard_has_head": True,
        "wizard_macros": macros_of((own, *DEFAULT_MACROS), ENV),
        "wizard_css": "/static/wizard.css",
        "wizard_js": "/static/wizard.js",
        "wizard_lang": "en-GB",
        "wizard_dir": "ltr",
        "wizard_site": None,
        "entry_url": "/join/",
    }


def step_page(form: Form | None, **more: Any) -> dict[str, Any]:
    return {
        "step": Bag(name="you", url_name="you", title="About you", section=None),
        "form": form,
        "errors": summary(form) if form is not None else [],
        "progress": Bag(number=2, total=4, text="Step 2 of 4"),
        "stepper": None,
        "notice": None,
        "problem": None,
        "actions": ACTIONS,
        "hidden": [("csrf_token", "secret"), ("_rev", "3")],
        "action_url": "/join/d/you",
        "discard_url": "/join/d/discard",
        "passwords_kept": set(),
        "answers": {},
        "item": None,
        "returning": None,
        "unneeded": None,
        **more,
    }


def review_page(**more: Any) -> dict[str, Any]:
    page = step_page(None, groups=groups(), hidden_steps=[])
    for name in ("form", "passwords_kept", "answers", "returning"):
        del page[name]
    page["step"] = Bag(name="check", url_name="check", title="Check", section=None)
    return {**page, **more}


def groups() -> list[Group]:
    answered = filled(You, name="Ada", size="s", **{"home-street": "1 Lane"})
    rows = [
        dataclasses.replace(row, url=f"/join/d/you?then=check#{row.anchor}")
        for row in rows_of("you", answered)
    ]
    again = [dataclasses.replace(row, step="pets") for row in rows]
    return [
        group("About you", "you", rows),
        group("Pets", "pets", again),
    ]


def group(title: str, step: str, rows: list[Row], **more: Any) -> Group:
    drawn = {"id": f"row-{step}", "level": 2, "section": "", **more}
    own: Any = Bag(name=step)
    return Group(title=title, step=own, rows=rows, **drawn)


URLS = {"continue_url": "/c", "discard_url": "/d"}
SAVED = {**URLS, "notice": None, "signed_in": False}
DISCARD: dict[str, Any] = {
    "action_url": "/d",
    "hidden": [("csrf_token", "secret")],
    "unsettled": False,
    "problem": None,
    "actions": [
        Bag(value="back", label="No, keep them", primary=True),
        Bag(value="discard", label="Yes, discard", primary=False),
    ],
}
COMMITTED = {
    "outcome": "committed",
    "unsettled": False,
    "reference": "R-17",
    "message": "See you soon",
    "sent": WHEN,
    "next_steps": "We pack it.",
    "contact": Markup('<a href="mailto:help@join.example">help@join.example</a>'),
    "next_url": "https://pay.example/17",
    "next_label": None,
    "next_host": "pay.example",
    "copy": None,
}
COPY = ShownCopy(
    groups_in((("People", "About you", 3, (("Name", ("Ada", "<b>")), ("Nick", ()))),)),
    sent=WHEN,
    until=WHEN,
    in_browser=True,
    signed_in=False,
    url="/receipt?download",
)
DISCARDED = {
    **dict.fromkeys(COMMITTED),
    "outcome": "discarded",
    "sent": WHEN,
    "unsettled": True,
}
OTHER_PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "entry": ("entry", {"drafts": DRAFTS, "new_url": "/new"}),
    "saved": ("saved", {**SAVED, "until": WHEN, "in_browser": False}),
    "saved in a session": (
        "saved",
        {**SAVED, "until": None, "in_browser": True, "discard_url": None},
    ),
    "saved for a user": (
        "saved",
        {**SAVED, "until": WHEN, "in_browser": False, "signed_in": True},
    ),
    "discard": ("discard", DISCARD),
    "committed": ("receipt", COMMITTED),
    "committed with a copy": ("receipt", {**COMMITTED, "copy": COPY}),
    "discarded": ("receipt", DISCARDED),
    "sending": ("sending", {"again_url": "/again"}),
    "unavailable": ("unavailable", {"again_url": "/again", "new_url": None}),
    "removed": (
        "removed",
        {"texts": ["a < b"], "continue_url": "/c", "passwords_lost": True},
    ),
    "waiting": (
        "waiting",
        {
            "step": Bag(title="Pets", section=None, ends=False),
            "parts": [Bag(title="Guardian", url="/g")],
            "back_url": "/b",
            "again_url": "/again",
            "discard_url": "/d",
        },
    ),
    **{
        f"guest, {outcome}": (
            "guest",
            {
                "outcome": outcome,
                "parts": [
                    Bag(title="Guardian", state="done", url="/g"),
                    Bag(title="Doctor", state="open", url="/d"),
                    Bag(title="Terms", state="later", url=None),
                ],
                "groups": [],
            },
        )
        for outcome in ("open", "done", "committing", "committed", "discarded")
    },
    "tasks": (
        "tasks",
        {
            "notice": None,
            "tasks": [
                Bag(title="You", state="completed", url="/y", waits_for=[], ends=False),
                Bag(title="Pets", state="in-progress", url="/p", waits_for=[], ends=1),
                Bag(title="Terms", state="not-started", url="/t", waits_for=[], ends=0),
            ],
            "review": Bag(
                title="Check",
                state="cannot-start",
                url=None,
                waits_for=["You"],
                ends=False,
            ),
            "progress": Bag(number=1, total=3, text="1 of 3 tasks completed"),
            "is_saved": True,
            "until": WHEN,
            "in_browser": True,
            "signed_in": False,
            "continue_title": "Pets",
            "continue_url": "/p",
            "discard_url": "/d",
        },
    ),
    "unknown": ("gone", {"reason": "unknown", "new_url": "/new"}),
    "expired": ("gone", {"reason": "expired", "new_url": "/new"}),
    "no page": ("gone", {"reason": "no-page", "continue_url": "/c"}),
}


def filled(form_class: type[Form], **typed: str) -> Form:
    form = form_class(MultiDict([("other", "x"), *typed.items()]))
    form.validate()
    return form


def show(template: str, page: dict[str, Any], **more: Any) -> Page:
    context = {**every_page(), **page, **more}
    html = ENV.get_template(f"flask_wizard/default/{template}.html").render(context)
    return JustHTML(html, sanitize=False)


def other(name: str) -> Page:
    return show(*OTHER_PAGES[name])


def step(form: Form | None, **more: Any) -> Page:
    return show("step", step_page(form, **more))


STEPS = [
    Bag(title="Who", section="You", state="done", action="goto:who"),
    Bag(title="Where", section="You", state="current", action=None),
    Bag(title="Check", section="", state="later", action=None),
]

ALL_PAGES: dict[str, Callable[[], Page]] = {
    "step": lambda: step(You()),
    "step with errors": lambda: step(filled(You)),
    "one field": lambda: step(Email()),
    "one group": lambda: step(Size()),
    "terms": lambda: step(Terms()),
    "problem": lambda: step(You(), problem=Bag(code="token"), actions=AGAIN),
    "review": lambda: show("review", review_page()),
    "stepper": lambda: step(You(), stepper=STEPS),
    **{name: functools.partial(other, name) for name in OTHER_PAGES},
}


@functools.cache
def page_named(name: str) -> Page:
    return ALL_PAGES[name]()


def text(node: Page) -> str:
    return " ".join(node.to_text(separator="", strip=False).split())


def title(page: Page) -> str:
    return text(page.query_one("title"))


@pytest.mark.ux(4)
@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_page_has_one_heading(name: str) -> None:
    (heading,) = page_named(name).query("h1")
    assert text(heading)


@pytest.mark.ux(9)
@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_page_is_in_its_language(name: str) -> None:
    assert page_named(name).query_one("html").attrs["lang"] == "en-GB"


@pytest.mark.ux(10)
@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_page_starts_with_a_skip_link_to_its_one_main(name: str) -> None:
    page = page_named(name)
    (main,) = page.query("main")
    assert main.attrs["id"] == "wizard"
    assert main.attrs["tabindex"] == "-1"
    assert page.query("a")[0].attrs["href"] in ("#wizard", "#wizard-form")


@pytest.mark.parametrize("name", ALL_PAGES)
def test_skip_link_leads_past_the_heading_to_the_questions(name: str) -> None:
    page = page_named(name)
    asks = bool(page.query("main form .wizard-field"))
    skip = page.query_one("a.wizard-skip")
    (target,) = page.query(skip.attrs["href"])
    assert target.name == ("form" if asks else "main")
    assert text(skip) == ("Skip to the form" if asks else "Skip to main content")


@pytest.mark.parametrize("name", OTHER_PAGES)
def test_header_names_the_site_and_the_wizard(name: str) -> None:
    template, context = OTHER_PAGES[name]
    page = show(template, context, wizard_site="Club House")
    header = page.query_one("header.wizard-header")
    assert [text(line) for line in header.query("p")] == ["Club House", "Join"]
    assert not header.query("h1, h2, a")  # a link would lose what was typed


def test_header_of_a_site_without_a_name_names_the_wizard() -> None:
    assert text(step(You()).query_one("header")) == "Join"


@pytest.mark.parametrize("name", ALL_PAGES)
def test_no_page_carries_inline_script_or_style(name: str) -> None:
    page = page_named(name)
    (script,) = page.query("script")
    assert script.attrs == {"src": "/static/wizard.js", "defer": ""}
    assert not text(script)
    assert not re.search(r"<style|\sstyle=|\son[a-z]+=|http-equiv", page.to_html())


@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_id_is_used_once(name: str) -> None:
    ids = [node.attrs["id"] for node in page_named(name).query("[id]")]
    assert len(ids) == len(set(ids))


@pytest.mark.ux(23)
@pytest.mark.parametrize("name", ALL_PAGES)
def test_every_description_exists(name: str) -> None:
    page = page_named(name)
    ids = {node.attrs["id"] for node in page.query("[id]")}
    described = page.query("[aria-describedby]")
    assert {i for d in described for i in d.attrs["aria-describedby"].split()} <= ids


@pytest.mark.parametrize("name", ALL_PAGES)
def test_stylesheet_is_linked_once(name: str) -> None:
    (link,) = page_named(name).query("link")
    assert link.attrs["href"] == "/static/wizard.css"


@pytest.mark.parametrize("name", OTHER_PAGES)
def test_title_names_page_wizard_site(name: str) -> None:
    page = show(*OTHER_PAGES[name], wizard_site="Fern")
    assert title(page).endswith(f" {DASH} Join {DASH} Fern")


@pytest.mark.ux(1)
def test_titles_of_the_pages_differ() -> None:
    names = [
        name for name in ALL_PAGES if name.split()[0] not in ("one", "terms", "stepper")
    ]
    titles = {title(page_named(name)) for name in names}
    assert len(titles) == len(names) - 6  # three are saved, four thanks, two not found


def test_title_of_a_step_starts_with_its_progress() -> None:
    assert title(step(You())) == f"Step 2 of 4: About you {DASH} Join"


@pytest.mark.ux(2)
def test_title_of_a_page_with_errors_says_so() -> None:
    page = step(filled(You), wizard_site="Fern")
    assert title(page) == f"Error: Step 2 of 4: About you {DASH} Join {DASH} Fern"


def test_title_of_a_problem_asks_to_send_again() -> None:
    page = step(You(), problem=Bag(code="token"), actions=AGAIN)
    assert title(page) == f"Send it again {DASH} Step 2 of 4: About you {DASH} Join"


def test_section_stands_above_the_heading() -> None:
    named = Bag(name="you", url_name="you", title="About you", section="Your details")
    page = step(You(), step=named)
    html = page.to_html()
    assert html.index("Your details") < html.index("<h1")


@pytest.mark.ux(5)
def test_label_of_the_only_field_is_the_heading() -> None:
    page = step(Email())
    (label,) = page.query("h1 label")
    assert text(label) == "What is your email address? (optional)"
    assert label.attrs["for"] == "email"
    assert title(page).startswith("Step 2 of 4: About you")


@pytest.mark.ux(5)
def test_legend_of_the_only_group_is_the_heading() -> None:
    (heading,) = step(Size()).query("legend h1")
    assert text(heading) == "Which size?"


def test_lone_checkbox_leaves_the_heading_to_the_step() -> None:
    assert text(step(Terms()).query_one("h1")) == "About you"


@pytest.mark.ux(34)
def test_form_is_posted_without_the_browsers_validation() -> None:
    form = step(You()).query_one("form")
    assert form.attrs["method"] == "post"
    assert form.attrs["action"] == "/join/d/you"
    assert "novalidate" in form.attrs
    assert form.attrs["enctype"] == "multipart/form-data"


def test_form_without_files_is_sent_plainly() -> None:
    assert "enctype" not in step(Email()).query_one("form").attrs


def test_hidden_inputs_are_not_restored_by_the_browser() -> None:
    hidden = step(You()).query("input[type=hidden]")
    names = [node.attrs["name"] for node in hidden]
    assert names == ["csrf_token", "_rev", "token", "home-token"]
    assert {node.attrs["autocomplete"] for node in hidden} == {"off"}


@pytest.mark.ux(14)
def test_primary_button_comes_first() -> None:
    page = step(You())
    buttons = page.query("[type=submit]")
    assert [node.attrs["value"] for node in buttons] == ["next", "back", "save"]
    assert ["formnovalidate" in node.attrs for node in buttons] == [False, True, True]
    assert {node.attrs["name"] for node in buttons} == {"_action"}


@pytest.mark.ux(21)
def test_every_control_has_a_label() -> None:
    page = step(You())
    labelled = {node.attrs["for"] for node in page.query("label")}
    shown = [n for n in page.query("input") if n.attrs["type"] != "hidden"]
    assert {node.attrs["id"] for node in shown} == labelled


@pytest.mark.ux(22)
@pytest.mark.parametrize("name", ["size", "extras"])
def test_choices_stand_in_a_fieldset_with_a_legend(name: str) -> None:
    fieldset = step(You()).query_one(f"fieldset#{name}")
    assert text(fieldset.query_one("legend")).startswith(name.capitalize())
    ids = [node.attrs["id"] for node in fieldset.query("input")]
    assert ids == [f"{name}-0", f"{name}-1"]


@pytest.mark.ux(25)
def test_optional_fields_say_so() -> None:
    page = step(You())
    assert text(page.query_one("label[for=nick]")) == "Nickname (optional)"
    assert text(page.query_one("label[for=name]")) == "Your name"
    assert text(page.query_one("label[for=terms]")) == "I agree"
    assert "*" not in text(page.query_one("form"))


def test_inner_fields_are_drawn() -> None:
    fieldset = step(You()).query_one("fieldset#emails")
    labels = [text(label) for label in fieldset.query("label")]
    assert labels == ["Email 1 (optional)", "Email 2 (optional)"]


@pytest.mark.ux(24)
def test_pristine_page_is_not_wrong() -> None:
    page = step(You())
    assert not page.query("[aria-invalid]")
    assert not page.query("[required]")
    assert not page.query("[role=alert]")


@pytest.mark.ux(23)
def test_wrong_control_is_described_by_hint_then_error() -> None:
    node = step(filled(You)).query_one("input#name")
    assert node.attrs["aria-invalid"] == "true"
    assert node.attrs["aria-describedby"] == "name-hint name-error"


@pytest.mark.parametrize("wrong", [You, Size, Terms])
def test_error_is_marked_by_a_word_that_is_seen(wrong: type[Form]) -> None:
    form = filled(wrong)
    form[next(name for name in form._fields if name != "token")].errors = ["Mend it"]
    marks = step(form).query(".wizard-field-wrong > .wizard-error > .wizard-error-mark")
    assert marks
    assert {text(mark) for mark in marks} == {"Error:"}
    assert all(mark.attrs["class"] == "wizard-error-mark" for mark in marks)


def test_hint_of_a_checkbox_comes_before_it() -> None:
    class Hinted(Form):
        terms = fields.BooleanField("I agree", description="They are short")
        other = fields.StringField("Other")

    form = filled(Hinted)
    form["terms"].errors = ["Tick the box"]
    field = step(form).query_one(".wizard-field-wrong")
    html = field.to_html()
    places = [html.index(part) for part in ("They are short", "Tick the box", "<input")]
    assert places == sorted(places)
    described = field.query_one("input").attrs["aria-describedby"]
    assert described == "terms-hint terms-error"


class Stop(Form):
    street = fields.StringField("Street", [validators.InputRequired("Enter a street")])
    floors = fields.FieldList(
        fields.StringField("Floor", [validators.InputRequired("Enter a floor")]),
        min_entries=1,
    )


class Tour(Form):
    start = fields.FormField(Stop, "Start")
    stops = fields.FieldList(fields.FormField(Stop), "Stop", min_entries=2)
    name = fields.StringField("Name", [validators.InputRequired("Enter a name")])


def test_error_of_an_entry_names_it_where_another_says_the_same() -> None:
    page = step(filled(Tour))
    lines = [text(line) for line in page.query(".wizard-banner-list li")]
    assert lines == [
        *("Start: Enter a street", "Start: Floor 1: Enter a floor"),
        *("Stop 1: Enter a street", "Stop 1: Floor 1: Enter a floor"),
        *("Stop 2: Enter a street", "Stop 2: Floor 1: Enter a floor"),
        "Enter a name",
    ]
    inline = [text(error) for error in page.query(".wizard-error")]
    assert inline == [f"Error: {line}" for line in lines]
    # Whoever sees the page sees what the error is in.
    said = page.query(".wizard-error .wizard-visually-hidden")
    assert text(said[0]) == "Start:"


def test_error_that_stands_alone_is_said_as_it_is() -> None:
    form = filled(Tour, **{"stops-0-street": "1 Lane", "start-street": "2 Lane"})
    lines = [error.message for error in summary(form)]
    assert lines.count("Enter a street") == 1


def test_wrong_group_is_described_on_its_fieldset() -> None:
    page = step(filled(You))
    fieldset = page.query_one("fieldset#size")
    assert fieldset.attrs["aria-describedby"] == "size-error"
    marked = [node.attrs.get("aria-invalid") for node in fieldset.query("input")]
    assert marked == ["true", "true"]


@pytest.mark.ux(35)
def test_error_summary_comes_before_the_heading() -> None:
    page = step(filled(You))
    alert = page.query_one("[role=alert]")
    assert text(alert.query_one("h2")) == "There is a problem"
    assert alert.parent.attrs["tabindex"] == "-1"
    assert "autofocus" in alert.parent.attrs
    html = page.query_one("main").to_html()
    assert html.index("alert") < html.index("<h1")


@pytest.mark.ux(36)
def test_error_summary_leads_to_controls() -> None:
    page = step(filled(You))
    links = page.query("[role=alert] a")
    targets = [link.attrs["href"] for link in links]
    assert targets == ["#name", "#size-0", "#home-street"]
    for target in targets:
        assert page.query_one(target).name == "input"


@pytest.mark.ux(37)
def test_error_summary_repeats_the_inline_text() -> None:
    page = step(filled(You))
    inline = [
        text(node).removeprefix("Error: ") for node in page.query(".wizard-error")
    ]
    assert inline == [text(link) for link in page.query("[role=alert] a")]


@pytest.mark.ux(39)
def test_error_without_a_control_is_not_a_link() -> None:
    form = Email()
    form.form_errors = ["This address is taken"]
    (line,) = step(form).query("[role=alert] li")
    assert text(line) == "This address is taken"
    assert not line.query("a")


@pytest.mark.ux(38)
def test_rejected_value_is_shown_as_typed() -> None:
    page = step(filled(You, born="31/02/2026", name=" AB1"))
    assert page.query_one("#born").attrs["value"] == "31/02/2026"
    assert page.query_one("#born").attrs["type"] == "text"
    assert page.query_one("#name").attrs["value"] == " AB1"


def test_markup_that_was_typed_is_shown_as_text() -> None:
    page = step(filled(You, name='"><script>alert(1)</script>'))
    assert [node.attrs["src"] for node in page.query("script")] == ["/static/wizard.js"]
    assert page.query_one("#name").attrs["value"].startswith('"><script>')


def test_kept_password_may_be_left_blank() -> None:
    page = step(You(), passwords_kept={"secret"})
    assert "Leave it blank to keep it" in text(page.query_one("#secret-hint"))
    assert not page.query_one("#secret").attrs.get("value")


@pytest.mark.parametrize(
    ("notice", "said"),
    [
        ("moved", "in a new copy"),
        ("changed", "An earlier answer has changed"),
        ("form-changed", "This form has changed"),
        ("unsettled", "cannot be changed before that"),
    ],
)
def test_notice_is_said_before_the_heading(notice: str, said: str) -> None:
    html = step(You(), notice=notice).to_html()
    assert html.index(said) < html.index("<h1")


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("token", "open for too long"),
        ("too-large", "too large"),
        ("store", "a fault on our side"),
        ("too-many", "finish or discard"),
        ("busy", "being sent at this moment"),
        ("not-admitted", "Too much was sent in a short time"),
        ("unsettled", "must be sent again first"),
    ],
)
def test_problem_is_said_first(code: str, said: str) -> None:
    problem = Bag(code=code, drafts=DRAFTS)
    page = step(filled(Email, email="a@b.c"), problem=problem, actions=AGAIN)
    (banner,) = page.query("[role=alert]")
    assert said in text(banner)
    assert "autofocus" in banner.parent.attrs
    assert page.query_one("#email").attrs["value"] == "a@b.c"
    (button,) = page.query("[type=submit]")
    assert text(button) == "Send it again"


@pytest.mark.parametrize("name", ["step", "review"])
def test_too_many_drafts_are_listed_below_what_was_sent(name: str) -> None:
    context = step_page(You()) if name == "step" else review_page()
    shown = {"problem": Bag(code="too-many", drafts=DRAFTS), "actions": AGAIN}
    page = show(name, context, **shown)
    html = page.to_html()
    assert html.index("</form>") < html.index("wizard-drafts")
    assert not page.query(".wizard-banner .wizard-draft")
    section = page.query_one("main section")
    heading = page.query_one(f"#{section.attrs['aria-labelledby']}")
    assert (heading.name, text(heading)) == ("h2", "Your unfinished answers")
    lost = {**shown, "problem": Bag(code="too-many", drafts=())}
    assert not show(name, context, **lost).query("section")


def test_too_many_drafts_are_listed_without_leaving_the_page() -> None:
    page = step(You(), problem=Bag(code="too-many", drafts=DRAFTS), actions=AGAIN)
    links = page.query(".wizard-draft a")
    assert [link.attrs["href"] for link in links] == ["/a", "/a/x", "/b", "/b/x"]
    assert {link.attrs["target"] for link in links} == {"_blank"}


def test_only_one_element_takes_the_focus() -> None:
    page = step(filled(You), problem=Bag(code="token"), actions=AGAIN)
    assert len(page.query("[autofocus]")) == 1


def test_page_that_lost_its_form_shows_what_it_carries() -> None:
    pairs = [("name", "Ada"), ("notes", "a < b"), ("empty", "")]
    page = step(None, problem=Bag(code="store"), pairs=pairs, actions=AGAIN)
    hidden = {n.attrs["name"]: n.attrs["value"] for n in page.query("input")}
    assert hidden == {"csrf_token": "secret", "_rev": "3", **dict(pairs)}
    assert [text(li) for li in page.query("form li")] == ["Ada", "a < b"]


def test_discard_link_may_be_missing() -> None:
    assert other("saved").query("a[href=/d]")
    assert not other("saved in a session").query("a[href=/d]")


def test_every_answer_stands_in_a_list_of_its_step() -> None:
    first, second = show("review", review_page()).query("dl")
    assert first.parent.attrs["id"] == "row-you"
    assert second.parent.attrs["id"] == "row-pets"
    terms = [text(node) for node in first.query("dt")]
    assert terms[:2] == ["Your name", "Nickname"]
    answers = [text(node) for node in first.query("dd.wizard-answer")]
    assert answers[:2] == ["Ada", "Not provided"]


@pytest.mark.ux(43)
def test_change_links_have_names_of_their_own() -> None:
    links = show("review", review_page()).query("dl a")
    names = [text(link) for link in links]
    assert len(names) == len(set(names)) == 20
    assert names[0] == "Change Your name, About you"


def test_row_just_changed_is_marked_and_read_where_the_focus_lands() -> None:
    (you, pets) = groups()
    you.rows[1:3] = [dataclasses.replace(row, changed=True) for row in you.rows[1:3]]
    page = show("review", review_page(groups=[you, pets]))
    group = page.query_one("#row-you")
    said = page.query_one(f"#{group.attrs['aria-describedby']}")
    assert (said.name, text(said)) == ("dd", "Changed")
    assert len(group.query("dd.wizard-changed")) == 2
    assert text(page.query_one(f"#{group.attrs['aria-labelledby']}")) == "About you"
    assert "aria-describedby" not in page.query_one("#row-pets").attrs


def test_heading_that_says_the_only_label_is_seen_alone() -> None:
    rows = [Row("gift", "gift", "Is it a gift?", ("Yes",), "gift")]
    shown = [group("Is it a gift?", "gift", rows), group("Present", "present", rows)]
    page = show("review", review_page(groups=shown))
    hidden = ["class" in dt.attrs for dt in page.query("dt")]
    assert hidden == [True, False]


def test_change_link_leads_to_the_control() -> None:
    link = show("review", review_page()).query("dl a")[0]
    assert link.attrs["href"] == "/join/d/you?then=check#name"


def test_row_without_a_url_cannot_be_changed() -> None:
    fixed = [dataclasses.replace(row, url="") for row in groups()[0].rows]
    page = show("review", review_page(groups=[group("You", "you", fixed)]))
    assert not page.query("dl a")


@pytest.mark.parametrize(
    ("titles", "said"),
    [
        (["Pets"], "on “Pets” are kept, but they will not be sent: this page does not"),
        (["A", "B", "C"], "do not go with your other answers: A B C"),
    ],
)
def test_answers_that_are_not_sent_are_named(titles: list[str], said: str) -> None:
    assert said in text(show("review", review_page(hidden_steps=titles)).root)


def test_review_shows_errors_of_the_whole() -> None:
    wrong = [controls.ErrorLink("This is taken", None)]
    page = show("review", review_page(errors=wrong))
    assert title(page).startswith("Error: ")
    assert text(page.query_one("[role=alert] li")) == "This is taken"


def test_review_may_have_a_problem() -> None:
    page = show("review", review_page(problem=Bag(code="token"), actions=AGAIN))
    assert title(page).startswith(f"Send it again {DASH} ")
    assert page.query("dl")


def test_moment_is_in_words_for_people_in_digits_for_machines() -> None:
    moment = other("saved").query_one("time")
    assert text(moment) == "22 November 2026 at 14:30 UTC"
    assert moment.attrs["datetime"] == "2026-11-22T14:30Z"


def test_links_of_the_entry_page_have_names_of_their_own() -> None:
    names = [text(link) for link in other("entry").query("main a")]
    assert names == [
        *("Continue Address", "Discard Address"),
        *("Continue Address (2)", "Discard Address (2)"),
        "Start anew",
    ]


def test_links_of_drafts_are_named_by_their_descriptions() -> None:
    descriptions = ["for Ann", "for Ben", "for Ann", "for Ann (2)", ""]
    drafts = [Bag(**{**vars(DRAFTS[0]), "description": d}) for d in descriptions]
    page = show("entry", {"drafts": drafts, "new_url": "/new"})
    links = page.query(".wizard-draft a.wizard-button")
    assert [text(link) for link in links] == [
        *("Continue for Ann", "Continue for Ben", "Continue for Ann (2)"),
        *("Continue for Ann (2) (2)", "Continue Address"),
    ]
    times = [page.query_one(f"#{link.attrs['aria-describedby']}") for link in links]
    assert all("Saved 22 November 2026" in text(each) for each in times)
    assert "Address" in text(times[0])


def test_draft_that_cannot_be_continued_has_no_button() -> None:
    drafts = [Bag(**{**vars(DRAFTS[0]), "url": None})]
    page = show("entry", {"drafts": drafts, "new_url": "/new"})
    assert not page.query(".wizard-draft .wizard-button")
    assert "cannot be continued" in text(page.query_one(".wizard-draft"))


def test_saved_page_says_how_long() -> None:
    assert "until you close it." in text(other("saved in a session").root)
    assert "until 22 November 2026 at 14:30 UTC." in text(other("saved").root)


def test_discarding_can_be_declined() -> None:
    buttons = other("discard").query("[type=submit]")
    assert [button.attrs["value"] for button in buttons] == ["back", "discard"]


def test_answer_that_keeps_all_stands_out_on_the_discard_page() -> None:
    keep, discard = other("discard").query("[type=submit]")
    assert "wizard-button-primary" in keep.attrs["class"]
    assert "wizard-button-quiet" not in discard.attrs["class"]  # it is a real choice


def test_button_that_discards_is_quiet_on_a_step() -> None:
    button = Bag(value="discard", label="Discard my answers", primary=False)
    page = step(You(), actions=[*ACTIONS, button])
    classes = {b.attrs["value"]: b.attrs["class"] for b in page.query("[type=submit]")}
    quiet = {value for value, names in classes.items() if "quiet" in names}
    assert quiet == {"save", "discard"}


def test_discard_page_may_have_a_problem() -> None:
    name, context = OTHER_PAGES["discard"]
    page = show(name, context, problem=Bag(code="store"), actions=AGAIN)
    assert "a fault on our side" in text(page.query_one("[role=alert]"))


def test_receipt_says_where_its_link_leads() -> None:
    page = other("committed")
    assert "R-17" in text(page.root)
    assert "See you soon" in text(page.root)
    (link,) = page.query(".wizard-actions a")
    assert text(link) == "Continue to pay.example"


def test_link_of_a_receipt_says_what_the_application_says() -> None:
    name, context = OTHER_PAGES["committed"]
    page = show(name, context, next_label="Pay for your order")
    assert text(page.query_one(".wizard-actions a")) == "Pay for your order"


def test_receipt_says_when_it_was_sent() -> None:
    sent = other("committed").query_one(".wizard-sent")
    assert text(sent) == "Sent 22 November 2026 at 14:30 UTC"
    assert sent.query_one("time").attrs["datetime"] == "2026-11-22T14:30Z"


def test_receipt_says_what_happens_next_and_whom_to_ask() -> None:
    page = other("committed")
    headings = [text(heading) for heading in page.query("main h2")]
    assert headings == ["What happens next", "If you have a question"]
    assert "We pack it." in text(page.root)
    assert page.query("main a[href='mailto:help@join.example']")
    name, context = OTHER_PAGES["committed"]
    bare = show(name, context, next_steps=None, contact=None)
    assert not bare.query("main h2")


def test_receipt_needs_nothing_but_its_outcome() -> None:
    name, context = OTHER_PAGES["discarded"]
    page = show(name, context, outcome="committed")
    assert text(page.query_one("h1")) == "Your answers have been sent"
    assert not page.query("main a")


def test_discarded_answers_can_be_begun_anew() -> None:
    assert other("discarded").query("main a[href=/join/]")


def test_unknown_page_tells_nothing() -> None:
    (link,) = other("unknown").query("main a")
    assert link.attrs["href"] == "/new"
    assert "deleted" not in text(other("unknown").root)
    assert "deleted" in text(other("expired").root)


def own_step(body: str) -> Page:
    extended = "{% extends 'flask_wizard/default/step.html' %}" + body
    OWN.mapping = {"flask_wizard/default/own.html": extended}
    return show("own", step_page(You()))


def test_block_of_a_field_takes_its_place() -> None:
    page = own_step("{% block field_nick %}<b>{{ field.id }}</b>{% endblock %}")
    assert text(page.query_one("form > b")) == "nick"
    assert not page.query("input#nick")


def test_block_of_a_field_may_wrap_what_it_replaces() -> None:
    page = own_step("{% block field_nick %}<b>{{ super() }}</b>{% endblock %}")
    assert page.query("form > b input#nick")


def test_empty_block_of_a_field_leaves_it_out() -> None:
    page = own_step("{% block field_nick %}{% endblock %}")
    assert not page.query("input#nick")


@pytest.mark.parametrize(
    "name",
    [
        *("errors", "stepper", "progress", "heading", "instructions"),
        *("form", "fields", "actions", "after_form"),
    ],
)
def test_promised_block_can_be_replaced(name: str) -> None:
    page = own_step(f"{{% block {name} %}}<b>mine</b>{{% endblock %}}")
    assert page.query("main b")


@pytest.mark.parametrize("name", ["title", "head", "before_main", "scripts"])
def test_promised_block_of_the_base_can_be_replaced(name: str) -> None:
    page = own_step(f"{{% block {name} %}}mine{{% endblock %}}")
    assert "mine" in page.to_html()


HOST = """{% import "host_macros.html" as macros %}{% set layout = "host" %}
<!doctype html><html lang="en"><head><title>{% block title %}{% endblock %}</title>
</head><body><main>{% block content %}{% endblock %}</main></body></html>"""
ADAPTER = """{% extends "host.html" %}
{% block content %}{% block wizard %}{% endblock %}{% endblock %}"""


def in_host(host: str) -> Page:
    OWN.mapping = {
        "host_macros.html": "",
        "host.html": host,
        "adapter.html": ADAPTER,
    }
    base = ENV.get_template("adapter.html")
    return show("step", step_page(filled(You)), wizard_base=base)


def test_page_of_the_application_is_filled() -> None:
    page = in_host(HOST)
    assert title(page) == f"Error: Step 2 of 4: About you {DASH} Join"
    assert len(page.query("main")) == 1
    assert page.query("main > .wizard form")
    assert not page.query("link")


def test_page_of_the_application_with_a_head_gets_the_stylesheet_as_well() -> None:
    head = "{% block head %}<meta name=host>{% endblock %}</head>"
    page = in_host(HOST.replace("</head>", head))
    assert page.query("head > meta[name=host]")
    assert page.query("head > link")


def test_stylesheet_leaves_the_page_of_the_application_alone() -> None:
    css = (PACKAGE / "static" / "wizard.css").read_text()
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    selectors = re.findall(r"(?:^|[{}])\s*([^{}@;]+)\{", css)
    assert len(selectors) > 50
    for selector in selectors:
        for part in re.split(r",(?![^(]*\))", selector):
            assert re.match(r"(:where\()?\.wizard", part.strip()), part


# Other themes: the same page in other classes

#: Attributes that are a theme's own: classes, among them those of a later button.
LOOKS = ("class", "data-button")

#: What a theme may put around a part that takes much room.
FOLDS = ("details", "summary")

#: Classes without which the pages of the default theme cannot be used.
NEEDED = ("wizard-visually-hidden", "wizard-button", "wizard-input", "wizard-tick")


def below(node: Page) -> Iterator[Page]:
    """All elements inside another."""
    for child in node.children:
        if not child.name.startswith(("#", "!")):
            yield child
            yield from below(child)


def heard(node: Page) -> str:
    """The text of an element, without what is only to be seen."""
    if node.name == "#text":
        return str(node.to_text(strip=False))
    if (node.attrs or {}).get("aria-hidden") == "true":
        return ""
    return "".join(map(heard, node.children))


def contract(page: Page) -> list[tuple[object, ...]]:
    """What a page is to people, browsers and the script, whatever it looks like."""
    found = []
    for node in below(page.query_one("main")):
        kept = {n: v for n, v in node.attrs.items() if n not in LOOKS}
        tag = node.name
        is_plain = tag in ("div", "span", "p")
        if (is_plain and kept in ({}, {"aria-hidden": "true"})) or tag in FOLDS:
            continue  # it is there for the look
        is_said = tag in ("a", "button", "dd", "dt", "h1", "h2", "li")
        said = " ".join(heard(node).split()) if is_said else ""
        found.append((tag, *sorted(kept.items()), said))
    return sorted(found, key=str)


STEPS = [
    Bag(title="You", section="First", state="done", action="goto:you"),
    Bag(title="Home", section="First", state="current", action=None),
    Bag(title="Check", section=None, state="later", action=None),
]
MISSING = [Bag(title="Pets", url="/p"), Bag(title="Terms", url=None)]
ALL_ACTIONS = [*ACTIONS, Bag(value="discard", label="Discard", primary=False)]
TASK = {"ends": False, "url": "/t", "waits_for": ()}
TASKS = [
    Bag(**{**TASK, "title": state, "state": state})
    for state in ("completed", "in-progress", "not-started")
]
WAITING = {**TASK, "url": None, "waits_for": ["You"], "state": "cannot-start"}
ENDS = {"title": "Terms", "ends": True, "state": "in-progress"}
STATES: dict[str, Callable[[], Page]] = {
    "list": lambda: show(
        "list",
        step_page(
            None,
            items=[
                Bag(name="Rex", done=True, url="/r", remove_url="/x"),
                Bag(name="Tom", done=False, url="/t", remove_url=None),
            ],
            stepper=STEPS,
            notice="adopted",
            actions=ALL_ACTIONS,
            unneeded=Bag(cause="You", titles=["Pets", "Terms"]),
            returning=Bag(
                title="You", review="Check", missing=MISSING, is_last=0, was_sent=0
            ),
        ),
    ),
    "too many": lambda: step(You(), problem=Bag(code="too-many", drafts=DRAFTS)),
    "signed out": lambda: step(You(), problem=Bag(code="signed-out", login_url="/l")),
    "files": lambda: step(with_file()),
    "form that is gone": lambda: step(None, pairs=[("name", "Ada")]),
    "changed": lambda: show("review", review_page(groups=[changed()])),
    "tasks": lambda: show(
        "tasks",
        {
            "tasks": [*TASKS, Bag(**WAITING, title="Pets"), Bag(**TASK | ENDS)],
            "review": Bag(**{**WAITING, "waits_for": ()}, title="Check"),
            "progress": Bag(number=1, total=5),
            "notice": None,
            "continue_url": "/c",
            "continue_title": "You",
            "is_saved": True,
            "until": WHEN,
            "in_browser": False,
            "signed_in": False,
            "discard_url": "/d",
        },
    ),
}


def with_file() -> Form:
    form = You()
    file = ShownFile("7", "cat.png", "2 KB", "/cat", byte_count=2048)
    form.photo.shown_files = [file]  # type: ignore[attr-defined]
    return form


def changed() -> Group:
    (first, *_) = groups()
    rows = [dataclasses.replace(row, changed=True) for row in first.rows]
    return dataclasses.replace(first, rows=rows)


@pytest.mark.parametrize("theme", sorted(set(SHIPPED_THEMES) - {"default"}))
@pytest.mark.parametrize("name", [*ALL_PAGES, *STATES])
def test_theme_changes_nothing_but_the_look(name: str, theme: str) -> None:
    draw = (ALL_PAGES | STATES)[name]
    usual = contract(draw())
    context = contextvars.copy_context()
    context.run(THEME.set, theme)
    page = context.run(draw)
    assert len(usual) > 1
    assert contract(page) == usual
    (main,) = page.query("main")
    for used in NEEDED:
        assert not main.query(f".{used}")
