"""One page of each template in each shipped theme, read by the Nu HTML checker."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace

from apps import MakeApp
from flask import Flask
from visitor import Visitor
from wizards import choices
from wtforms import FieldList, Form, FormField, fields, widgets
from wtforms.validators import InputRequired, Length, NumberRange, Optional

from flask_wizard import (
    DateBoxesField,
    Exit,
    Info,
    OnlyIf,
    Receipt,
    Repeat,
    Review,
    Step,
    Submission,
    Wizard,
)
from flask_wizard.checks.gallery import make_gallery
from flask_wizard.core.messages import Notice, Problem
from flask_wizard.web.themes import DEFAULT_MACROS, SHIPPED_THEMES, macros_of

ROOT = Path(__file__).parents[2]
CHECKER = ROOT / "build/libraries/node_modules/vnu-jar/build/dist/vnu.jar"

#: What the checker says, and why it stays so.
ACCEPTED = {
    # Firefox fills in the values that a page had before it was loaded again, hidden
    # ones too, so that an old revision would be sent with what is typed anew.
    "An “input” element with a “type” attribute whose value is “hidden” must not have "
    "an “autocomplete” attribute whose value is “on” or “off”.",
}


class HomeForm(Form):
    street = fields.StringField("Street", [InputRequired("Enter the street")])
    postcode = fields.StringField(
        "Postcode", render_kw={"autocomplete": "postal-code", "data-row": "place"}
    )
    city = fields.StringField("City", render_kw={"data-row": "place"})


class KindsForm(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name")], description="x")
    mail = fields.EmailField("Email")
    phone = fields.TelField("Phone")
    secret = fields.PasswordField("Password", [Optional()])
    born = DateBoxesField("Date of birth", [InputRequired("Enter a date")])
    day = fields.DateField("Day", [Optional()])
    moment = fields.DateTimeLocalField("Moment", [Optional()])
    size = fields.RadioField("Size", choices=choices("small", "large"))
    extras = fields.SelectMultipleField(
        "Extras",
        choices=choices("milk", "sugar"),
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    place = fields.SelectField("Place", choices=choices("here", "there"))
    several = fields.SelectMultipleField("Several", choices=choices("a", "b"))
    tax = fields.StringField("Tax number", [OnlyIf("size", "large")])
    count = fields.IntegerField("Count", [InputRequired("Enter a number")])
    price = fields.DecimalField("Price", [Optional()])
    volume = fields.IntegerRangeField("Volume", [Optional(), NumberRange(0, 10)])
    slider = fields.IntegerRangeField(
        "Slider", [Optional(), NumberRange(0, 10)], render_kw={"type": "range"}
    )
    colour = fields.ColorField("Colour", [Optional()])
    photo = fields.FileField("Photo")
    papers = fields.MultipleFileField("Papers")
    story = fields.TextAreaField("Story", [Length(max=500)])
    home = FormField(HomeForm, "Home")
    others = FieldList(FormField(HomeForm), "Other homes", min_entries=2)
    terms = fields.BooleanField("I agree", [InputRequired("Tick it")], description="x")


class OneForm(Form):
    gift = fields.RadioField("A gift?", choices=choices("yes", "no"))


class PetForm(Form):
    pet = fields.StringField("Pet", [InputRequired("Enter a name")])


class Keeps:
    def commit(self, submission: Submission) -> Receipt:
        return Receipt(
            "R-1", next_steps="We write.\nSoon.", contact="Ask", keep=timedelta(days=1)
        )


class Everything(Keeps, Wizard, stepper=True):
    kinds = Step(KindsForm, section="You")
    gift = Step(OneForm, section="You")
    told = Info(title="Good to know")
    never = Exit(title="No gifts", when=lambda answers: answers.gift.gift == "no")
    pets = Repeat(PetForm, max=3)
    check = Review()


class Tasks(Keeps, Wizard, task_list=True):
    gift = Step(OneForm, section="You")
    pet = Step(PetForm, when=lambda answers: answers.gift.gift == "yes")
    check = Review()


class Short(Keeps, Wizard):
    gift = Step(OneForm, title="A gift?")
    pet = Step(PetForm, title="Pet", when=lambda answers: answers.gift.gift == "yes")
    pets = Repeat(PetForm, min=0, max=3)
    check = Review()


MESSAGES = """{% extends "flask_wizard/" ~ theme ~ "/base.html" %}{% block wizard %}
<h1>Messages</h1><form id="wizard-form"></form>
{% for each in notices %}{{ macros.notice(each, "/d") }}{% endfor %}
{{ macros.notice("adopted", "/d", actions) }}
{% for each in problems %}{{ macros.problem(each) }}{% endfor %}
{% endblock %}"""


def messages(app: Flask, theme: str) -> str:
    """A page with all that can stand above a form."""
    macros = macros_of(
        (*(f"flask_wizard/{theme}/macros.html",), *DEFAULT_MACROS), app.jinja_env
    )
    problems = [
        SimpleNamespace(code=code, login_url="/in", list_url="/list")
        for code in Problem
    ]
    with app.test_request_context():
        template = app.jinja_env.from_string(MESSAGES)
        html = template.render(
            theme=theme,
            wizard=Everything(),
            wizard_lang="en",
            wizard_dir="ltr",
            wizard_site=None,
            macros=macros,
            notices=list(Notice),
            problems=problems,
            actions=[SimpleNamespace(value="discard", label="Discard", primary=False)],
        )
    return html.replace(" autofocus", "")  # of each, and a page has one of them


def changes(app: Flask) -> Iterator[tuple[str, str]]:
    """The pages of a change: on its way, and what the check page says of it."""
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(gift="yes")
    visitor.fill(pet="Rex")
    visitor.press()
    yield "changing", visitor.open(f"{visitor.draft}gift?then=check").html.to_html()
    yield "changed", visitor.fill(gift="no").html.to_html()


def pages(make_app: MakeApp) -> Iterator[tuple[str, str]]:
    """One page of each template and state in each theme, each with a name."""
    for theme in SHIPPED_THEMES:
        seen: set[tuple[str, ...]] = set()
        for wizard in (Everything, Tasks):
            app = make_app(wizard, WIZARD_THEME=theme)
            gallery = make_gallery(app, theme=theme)
            assert gallery.missed == []
            for page in gallery.pages:
                key = (page.page, page.state, *(["kinds"] * (page.step == "kinds")))
                if key not in seen:
                    seen.add(key)
                    yield f"{theme}-{wizard.__name__}-{page.name}", page.html
        assert {page for page, *_ in seen} >= TEMPLATES
        short = make_app(Short, WIZARD_THEME=theme)
        for name, html in (*changes(short), ("messages", messages(short, theme))):
            yield f"{theme}-{name}", html


#: The templates of pages.
TEMPLATES = {
    path.stem for path in (ROOT / "templates/flask_wizard/default").glob("*.html")
} - {"base", "macros", "texts"}


def test_pages_are_valid_html(make_app: MakeApp, tmp_path: Path) -> None:
    assert CHECKER.exists(), "The checker is missing; `make browser` installs it."
    files = []
    for name, html in pages(make_app):
        files.append(tmp_path / f"{name}.html")
        files[-1].write_text(html)
    # Compiled hastily, it takes half the time; that needs a deeper stack.
    hastily = ("-Xss4m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC")
    done = subprocess.run(
        [
            "java",
            *hastily,
            "-jar",
            CHECKER,
            "--format",
            "json",
            "--exit-zero-always",
            *files,
        ],
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stderr)["messages"]
    said = {
        (Path(each["url"]).stem, each["message"], each.get("extract", ""))
        for each in found
        if each["message"] not in ACCEPTED
    }
    assert said == set()
    assert {each["message"] for each in found} >= ACCEPTED  # none is left behind
    assert len(files) > 100
