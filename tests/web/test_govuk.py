"""The theme govuk beside govuk-frontend's own macros and layout."""

from __future__ import annotations

import re
from pathlib import Path

import govuk_frontend_jinja
import pytest
from apps import MakeApp
from documents import ROOT
from flask import Flask
from jinja2 import (
    ChainableUndefined,
    ChoiceLoader,
    DictLoader,
    PackageLoader,
    PrefixLoader,
)
from visitor import Page, Visitor, attribute
from wizards import Commits, choices, declare
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard import Review, Step

OWN = ROOT / "templates" / "flask_wizard" / "govuk"
THEIRS = Path(govuk_frontend_jinja.__file__).parent / "templates"

#: Classes that no macro has: of text, of overrides, and those that its caller gives.
PLAIN = re.compile(
    r"govuk-(!-|body|heading-|caption-|list|link$|grid-|label--|width-|tag--"
    r"|task-list__status--)"
)


class You(Form):
    name = fields.StringField(
        "Name", [InputRequired("Enter a name")], description="In full"
    )
    size = fields.RadioField("Size", [InputRequired("Choose")], choices=choices("s"))


#: The same as govuk-frontend draws it.
MACROS = """
{% from "FROM/input/macro.html" import govukInput %}
{% from "FROM/radios/macro.html" import govukRadios %}
{% from "FROM/button/macro.html" import govukButton %}
{% from "FROM/error-summary/macro.html" import govukErrorSummary %}
<main>
{{ govukErrorSummary({"titleText": "There is a problem", "errorList": [
  {"text": "Enter a name", "href": "#name"}, {"text": "Choose", "href": "#size-0"}]}) }}
{{ govukInput({"id": "name", "name": "name", "hint": {"text": "In full"},
  "label": {"text": "Name", "classes": "govuk-label--s"},
  "errorMessage": {"text": "Enter a name"}}) }}
{{ govukRadios({"idPrefix": "size-0", "name": "size", "fieldset": {"legend":
  {"text": "Size", "classes": "govuk-fieldset__legend--s"}},
  "errorMessage": {"text": "Choose"}, "items": [{"value": "s", "text": "s"}]}) }}
{{ govukButton({"text": "Continue"}) }}
</main>"""

LAYOUT = re.compile(r"^```jinja\n(.*?)^```", re.DOTALL | re.MULTILINE)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    """An application with the layout of the documents."""
    wizard = declare("Asks", Commits, you=Step(You), check=Review(), theme="govuk")
    document = (ROOT / "docs" / "themes.md").read_text()
    (layout,) = LAYOUT.findall(document.partition("## GOV.UK")[2].partition("\n## ")[0])
    app = make_app(wizard)
    theirs = PrefixLoader(
        {"govuk_frontend_jinja": PackageLoader("govuk_frontend_jinja")}
    )
    own = DictLoader(
        {
            "flask_wizard/base.html": layout,
            "theirs.html": MACROS.replace("FROM", "govuk_frontend_jinja/components"),
        }
    )
    app.jinja_loader = ChoiceLoader([own, theirs])
    app.jinja_env.undefined = ChainableUndefined  # as their layout asks for
    return app


def classes_of(page: Page, selector: str) -> list[list[str]]:
    found = page.html.query(f"main {selector}")
    return [sorted(((node.attrs or {}).get("class") or "").split()) for node in found]


@pytest.mark.parametrize(
    "selector",
    [
        *("label", "input[type=text]", "input[type=radio]", "fieldset", "legend"),
        *(".govuk-error-message", ".govuk-error-message span", ".govuk-radios"),
        *(".govuk-radios__item", ".govuk-error-summary__title", ".govuk-form-group"),
        *(
            ".govuk-error-summary ul",
            ".govuk-error-summary__body",
            ".govuk-error-summary",
        ),
    ],
)
def test_classes_are_those_of_their_own_macros(app: Flask, selector: str) -> None:
    app.add_url_rule(
        "/theirs", view_func=lambda: app.jinja_env.get_template("theirs.html").render()
    )
    visitor = Visitor(app)
    visitor.open()
    ours = classes_of(visitor.press("next"), selector)
    theirs = classes_of(visitor.open("/theirs"), selector)
    assert ours
    assert ours == theirs


def test_every_class_is_one_of_govuk_frontend() -> None:
    theirs = "".join(path.read_text() for path in THEIRS.rglob("*.html"))
    used = {
        name
        for path in OWN.glob("*.html")
        for name in re.findall(r"govuk-[!\w-]+(?<!-)", path.read_text())
        if not PLAIN.match(name)
    }
    assert len(used) > 30
    assert not {name for name in used if name not in theirs}


def test_pages_written_from_the_right_have_what_govuk_frontend_lacks(
    app: Flask,
) -> None:
    app.config["WIZARD_LANG"] = "ar"
    visitor = Visitor(app)
    sheets = visitor.open().html.query("link[rel=stylesheet]")
    _, own = (attribute(node, "href") for node in sheets)
    answer = visitor.get(own, buffered=True)
    assert answer.mimetype == "text/css"
    rules = answer.text
    # It turns around what is drawn at one side, and nothing that is on no page.
    turned = set(re.findall(r"\.(govuk-[a-z_-]+)", rules))
    drawn = "".join(path.read_text() for path in OWN.glob("*.html"))
    assert {"govuk-form-group--error", "govuk-details__summary"} < turned
    assert {name for name in turned if name not in drawn} <= {"govuk-radios__label"}


def test_pages_stand_in_the_layout_of_govuk_frontend(app: Flask) -> None:
    visitor = Visitor(app)
    page = visitor.open()
    assert page.title.startswith("Step 1 of 2: You")
    assert page.html.query("main .govuk-grid-column-two-thirds form .govuk-button")
    sheets = page.html.query("link[rel=stylesheet]")
    assert [attribute(node, "href") for node in sheets] == [
        "/static/govuk-frontend.min.css"
    ]
    assert len(page.html.query("head script[src]")) == 1
