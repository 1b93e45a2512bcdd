"""The shipped pages under the Jinja settings of other applications."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from jinja2 import DictLoader
from visitor import Visitor
from wizards import Join

from flask_wizard import ConfigurationError, FlaskWizard

LATEX = {
    "block_start_string": "<%",
    "block_end_string": "%>",
    "variable_start_string": "<<",
    "variable_end_string": ">>",
    "comment_start_string": "<#",
    "comment_end_string": "#>",
}
VUE = {"variable_start_string": "[[", "variable_end_string": "]]"}
SWAPPED = {
    "block_start_string": "{{",
    "block_end_string": "}}",
    "variable_start_string": "{%",
    "variable_end_string": "%}",
}
LINES = {"line_statement_prefix": "%%", "line_comment_prefix": "##"}
TRIMMED = {**LATEX, "trim_blocks": True, "lstrip_blocks": True}


def make(options: dict[str, Any], templates: dict[str, str] | None = None) -> Flask:
    app = Flask("site")
    app.jinja_options = options
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    if templates is not None:
        app.jinja_loader = DictLoader(templates)
    FlaskWizard(app, store="memory:")
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return app


def pages(app: Flask) -> list[str]:
    """The texts of all pages of a walk through the wizard."""
    visitor = Visitor(app)
    found = [visitor.open().text, visitor.fill(name="").text]
    found += [visitor.fill(name="<Ada>").text, visitor.press("save").text]
    draft = visitor.draft
    found.append(visitor.open("/join/").text.partition("Started")[0])
    visitor.open(f"{draft}pet")
    found.append(visitor.fill(pet="cat").text)
    found.append(visitor.open(f"{draft}discard").text)
    visitor.open(f"{draft}check")
    found += [visitor.fill().text, visitor.open(f"{draft}none").text]
    return [text.partition("until")[0] for text in found]


@pytest.mark.parametrize("options", [LATEX, VUE, SWAPPED, LINES, TRIMMED])
def test_pages_are_the_same_with_other_delimiters(options: dict[str, Any]) -> None:
    assert pages(make(options)) == pages(make({}))


def test_template_of_an_application_extends_a_shipped_one() -> None:
    mine = (
        "<% extends 'flask_wizard/default/step.html' %>"
        "<% block instructions %><p>Take << 1 + 1 >>.</p><% endblock %>"
    )
    app = make(LATEX, {"flask_wizard/step.html": mine})
    assert "Take 2." in Visitor(app).open().text


@pytest.mark.parametrize(
    "options",
    [
        {"variable_start_string": "<p", "variable_end_string": ">"},
        {"block_start_string": "<div", "block_end_string": "div>"},
        {"comment_start_string": "class", "comment_end_string": '"'},
        {"line_statement_prefix": "<"},
        {"line_comment_prefix": "<p"},
    ],
)
def test_delimiters_that_stand_in_html_are_refused_at_the_start(
    options: dict[str, Any],
) -> None:
    with pytest.raises(ConfigurationError, match="text that Jinja would read") as error:
        make(options)
    assert all(repr(value) in str(error.value) for value in options.values())
