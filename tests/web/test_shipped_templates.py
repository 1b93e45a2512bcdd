"""The shipped pages under the Jinja settings of other applications."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask, render_template, render_template_string
from jinja2 import DictLoader, select_autoescape
from visitor import Visitor
from wizards import Commits, Join, You

from flask_wizard import ConfigurationError, FlaskWizard, Review, Step, Wizard

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


@pytest.mark.usefixtures("clock")  # a receipt has the minute
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


# Escaping, whatever the application has set

TYPED = "<b>Ada & Eve</b>"
ESCAPED = "&lt;b&gt;Ada &amp; Eve&lt;/b&gt;"

OFF: dict[str, Callable[[Flask], object]] = {
    "options": lambda app: app.jinja_options.update(autoescape=False),
    "environment": lambda app: setattr(app.jinja_env, "autoescape", False),
    "function": lambda app: app.jinja_options.update(
        autoescape=select_autoescape(enabled_extensions=("xml",), default=False)
    ),
}


def site(
    off: Callable[[Flask], object],
    templates: dict[str, str] | None = None,
    *,
    after: bool = False,
    wizard: type[Wizard] = Join,
) -> Flask:
    """An application that has switched autoescape off, before the wizard or after."""
    app = Flask("site")
    app.jinja_options = {}
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    app.jinja_loader = DictLoader(templates or {})
    if not after:
        off(app)
    FlaskWizard(app, store="memory:")
    app.register_blueprint(wizard.as_blueprint("join"), url_prefix="/join")
    if after:
        off(app)
    return app


def typed_pages(app: Flask) -> list[str]:
    """The HTML of pages that show what was typed."""
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name=TYPED, nick="")
    visitor.fill(pet=TYPED)
    review = visitor.page.source
    step = visitor.open(f"{visitor.draft}you").source
    resent = visitor.press("next", {"name": TYPED, "csrf_token": "wrong"}).source
    return [review, step, resent]


@pytest.mark.parametrize("after", [False, True])
@pytest.mark.parametrize("off", OFF.values(), ids=OFF)
def test_pages_escape_what_was_typed(
    off: Callable[[Flask], object], after: bool
) -> None:
    for html in typed_pages(site(off, after=after)):
        assert ESCAPED in html
        assert TYPED not in html


@pytest.mark.parametrize("off", OFF.values(), ids=OFF)
@pytest.mark.usefixtures("clock")
def test_pages_are_the_same_without_autoescape(off: Callable[[Flask], object]) -> None:
    assert pages(site(off)) == pages(make({}))


def test_templates_of_an_application_in_the_folder_escape() -> None:
    templates = {
        "flask_wizard/review.html": (
            "{% extends 'flask_wizard/default/review.html' %}"
            "{% from 'flask_wizard/mine.html' import plain, known with context %}"
            "{% block after_form %}{{ plain(answers.you.name) }}{{ known() }}"
            "{% include '//flask_wizard/part.html' %}{% endblock %}"
        ),
        "flask_wizard/mine.html": (
            "{% macro plain(text) %}<i>{{ text }}</i>{% endmacro %}"
            "{% macro known() %}<u>{{ answers.you.name }}</u>{% endmacro %}"
        ),
        "//flask_wizard/part.html": "<s>{{ answers.you.name }}</s>",
    }
    review, *_ = typed_pages(site(OFF["options"], templates))
    for tag in "ius":
        assert f"<{tag}>{ESCAPED}</{tag}>" in review


def test_other_templates_of_an_application_stay_as_they_are() -> None:
    templates = {
        "own.html": "{{ text }}",
        "pages/flask_wizard/own.html": "{{ text }}",
        "flask_wizard/own.html": "{{ text }}",
        "flask_wizard.html": "{{ text }}",
    }
    app = site(OFF["options"], templates)
    with app.test_request_context():
        assert render_template("own.html", text=TYPED) == TYPED
        assert render_template("pages/flask_wizard/own.html", text=TYPED) == TYPED
        assert render_template("flask_wizard.html", text=TYPED) == TYPED
        assert render_template_string("{{ text }}", text=TYPED) == TYPED
        assert render_template("flask_wizard/own.html", text=TYPED) == ESCAPED


def test_other_templates_escape_where_the_application_does() -> None:
    app = make({}, {"own.html": "{{ text }}", "own.txt": "{{ text }}"})
    with app.test_request_context():
        assert render_template("own.html", text=TYPED) == ESCAPED
        assert render_template("own.txt", text=TYPED) == TYPED
        assert render_template_string("{{ text }}", text=TYPED) == ESCAPED


class Particular(Commits, Wizard):
    you = Step(You, template="club/you.html")
    check = Review()


def test_template_elsewhere_that_extends_a_shipped_one_gets_its_html() -> None:
    mine = (
        "{% extends 'flask_wizard/default/step.html' %}"
        "{% block instructions %}<p>Own</p>{% endblock %}"
    )
    own = Visitor(site(OFF["options"], {"club/you.html": mine}, wizard=Particular))
    usual = Visitor(site(lambda app: None, {"club/you.html": mine}, wizard=Particular))
    assert own.open().title == usual.open().title
    assert own.page.text == usual.page.text
    assert own.page.values.keys() == usual.page.values.keys()


def test_template_compiled_before_the_wizard_escapes() -> None:
    app = Flask("site")
    app.jinja_options = {"autoescape": False}
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    app.jinja_loader = DictLoader({"flask_wizard/own.html": "{{ text }}"})
    with app.test_request_context():
        assert render_template("flask_wizard/own.html", text=TYPED) == TYPED
    FlaskWizard(app, store="memory:")
    with app.test_request_context():
        assert render_template("flask_wizard/own.html", text=TYPED) == ESCAPED
