"""Themes: which macros and templates a wizard's pages are built of."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path

import pytest
from apps import MakeApp
from documents import ROOT
from flask import Blueprint, Flask
from jinja2 import ChoiceLoader, DictLoader, TemplateSyntaxError
from visitor import Page, Visitor, attribute
from wizards import Commits, Join, You, begun
from wtforms import Form, StringField

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    FlaskWizard,
    Receipt,
    Review,
    Step,
    Submission,
    Wizard,
)

HINT = (
    "{% macro progress(progress) %}<p class=mine>{{ progress.text }}</p>{% endmacro %}"
)
NAME = "{% macro name(c) %}<b>{{ c.label }}</b>{% endmacro %}"


class Themed(Join):
    theme = "acme"


def site(templates: Mapping[str, str], **config: object) -> Flask:
    """An application with templates in ``flask_wizard/``, and Join without a theme."""
    app = Flask("site")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, **config)
    app.jinja_loader = DictLoader(
        {f"flask_wizard/{n}": t for n, t in templates.items()}
    )
    FlaskWizard(app, store="memory:")
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return app


def first_page(templates: Mapping[str, str], **config: object) -> Page:
    return Visitor(site(templates, **config)).open()


def test_macro_of_a_theme_is_called_by_those_of_the_default() -> None:
    page = first_page({"acme/macros.html": NAME}, WIZARD_THEME="acme")
    assert page.texts("label.wizard-label > b")
    assert page.texts("form button.wizard-button")


def test_macros_of_an_application_are_laid_over_those_of_the_theme() -> None:
    own = NAME.replace("b>", "i>")
    page = first_page(
        {"acme/macros.html": HINT + NAME, "macros.html": own}, WIZARD_THEME="acme"
    )
    assert page.texts("p.mine")
    assert page.texts("label > i")
    assert not page.texts("label > b")


def test_macros_of_one_wizard_are_laid_over_all_others() -> None:
    own = NAME.replace("b>", "i>")
    page = first_page({"macros.html": NAME, "wizards/join/macros.html": own})
    assert page.texts("label > i")
    assert not page.texts("label > b")


def test_macro_that_takes_the_place_of_another_may_call_it() -> None:
    own = (
        "{% set usual = wizard_macros.name %}"
        "{% macro name(c) %}<b>{{ usual(c) }}</b>{% endmacro %}"
    )
    page = first_page({"macros.html": own})
    assert page.texts("label > b > .wizard-optional")


def test_macros_are_reloaded_when_templates_are() -> None:
    app = site({}, TEMPLATES_AUTO_RELOAD=True)
    templates = {"flask_wizard/macros.html": NAME}
    app.jinja_loader = DictLoader(templates)
    assert Visitor(app).open().texts("label > b")
    templates["flask_wizard/macros.html"] = NAME.replace("b>", "i>")
    assert Visitor(app).open().texts("label > i")


def test_template_without_the_theme_s_macros_may_import_the_default_ones() -> None:
    own = (
        "{% extends 'flask_wizard/default/step.html' %}"
        "{% import 'flask_wizard/default/macros.html' as m %}"
        "{% block fields %}{{ m.field(form.name) }}{% endblock %}"
    )
    templates = {"step.html": own, "acme/macros.html": NAME}
    page = first_page(templates, WIZARD_THEME="acme")
    assert page.texts("label.wizard-label")
    assert not page.texts("label > b")


BLOCK = re.compile(r"^```jinja\n(.*?)^```", re.DOTALL | re.MULTILINE)


def examples(heading: str) -> list[str]:
    """The templates in a section of the document about themes."""
    document = (ROOT / "docs" / "themes.md").read_text()
    _, _, section = document.partition(f"## {heading}\n")
    return BLOCK.findall(section.partition("\n## ")[0])


def test_theme_of_the_documents_has_twenty_lines() -> None:
    (theme,) = examples("A theme of twenty lines")
    assert len([line for line in theme.splitlines() if line]) <= 20
    page = first_page({"bulma/macros.html": theme}, WIZARD_THEME="bulma")
    assert page.html.query("input.input#name:not(.wizard-input)")
    assert page.html.query("form .buttons > button.button.is-primary[value=next]")
    assert page.html.query("label.wizard-label")


def test_macros_of_the_documents_take_their_places() -> None:
    for macros, drawn in zip(
        examples("Macros"), ("label > i", "div.bar > .wizard-actions"), strict=True
    ):
        assert first_page({"macros.html": macros}).html.query(drawn)


def test_layout_of_the_documents_gives_pages_of_bootstrap_a_column() -> None:
    (layout,) = examples("Bootstrap")
    app = site({"base.html": layout}, WIZARD_THEME="bootstrap5")
    own = DictLoader(
        {
            "base.html": "<title>{% block title %}{% endblock %}</title>"
            "{% block content %}{% endblock %}"
        }
    )
    app.jinja_loader = ChoiceLoader([own, app.jinja_loader or DictLoader({})])
    page = Visitor(app).open()
    assert page.html.query(".col-lg-8 input.form-control")
    assert not page.html.query("link")


class Listed(Join, stepper=True):
    pass


def test_bootstrap_numbers_the_steps_and_ticks_those_done(make_app: MakeApp) -> None:
    visitor = begun(make_app(Listed, WIZARD_THEME="bootstrap5"))
    page = visitor.open(f"{visitor.draft}pet")
    assert page.texts("nav ol > li.fw-semibold") == ["2 Pet"]
    assert page.texts("nav .badge")[:2] == ["✓", "2"]
    assert page.texts("nav li > button.btn-link") == ["Completed: You"]


def test_bootstrap_parts_rows_from_the_group_before(make_app: MakeApp) -> None:
    class Short(Form):
        nick = StringField("Nick")

    class Rows(Commits, Wizard):
        you = Step(You)
        nick = Step(Short, title="Nick")
        other = Step(Short, title="Other")
        check = Review()

    visitor = begun(make_app(Rows, WIZARD_THEME="bootstrap5"))
    visitor.fill()
    page = visitor.fill()
    groups = page.html.query("[role=group]")
    assert [attribute(group, "class") for group in groups] == ["mt-4", "mt-4", ""]
    quiet = page.html.query("form .btn-link")
    assert len(quiet) == 2
    assert all("px-0" in attribute(button, "class") for button in quiet)


def test_govuk_has_the_steps_behind_one_line(make_app: MakeApp) -> None:
    visitor = begun(make_app(Listed, WIZARD_THEME="govuk"))
    page = visitor.open(f"{visitor.draft}pet")
    assert page.texts("nav details.govuk-details:not([open]) > summary") == ["Steps"]
    assert page.html.query("nav details ol.govuk-list > li[aria-current=step]")
    # What Enter presses stands before them, and not in what is folded.
    assert page.html.query("nav > button[form=wizard-form]:first-child")


@pytest.mark.parametrize(
    ("theme", "done"),
    [
        ("bootstrap5", ".alert.alert-success > h1"),
        ("govuk", ".govuk-panel.govuk-panel--confirmation > h1.govuk-panel__title"),
    ],
)
def test_receipt_looks_as_those_of_the_theme(
    make_app: MakeApp, theme: str, done: str
) -> None:
    class Told(Join):
        def commit(self, submission: Submission) -> Receipt:
            lines = "You get a letter.\nAnswer it <soon>."
            return Receipt("R-1", next_steps=lines, keep=timedelta(days=1))

    visitor = begun(make_app(Told, WIZARD_THEME=theme))
    visitor.fill(pet="Rex")
    page = visitor.press()
    assert page.texts(done) == ["Your answers have been sent"]
    assert "You get a letter.<br>Answer it &lt;soon&gt;." in page.html.to_html()
    assert page.html.query("dl.govuk-summary-list dt, dl > .d-sm-flex > dt")
    defaults = ("row", "section", "hint", "message", "no-print", "done")
    assert not page.html.query(", ".join(f".wizard-{name}" for name in defaults))


def test_error_in_a_theme_is_told(make_app: MakeApp) -> None:
    with pytest.raises(TemplateSyntaxError):
        first_page({"macros.html": "{% macro %}"})


def test_theme_of_a_wizard_wins_over_that_of_the_application() -> None:
    app = site(
        {"acme/macros.html": NAME, "other/macros.html": HINT}, WIZARD_THEME="other"
    )
    app.register_blueprint(Themed.as_blueprint("themed"), url_prefix="/themed")
    visitor = Visitor(app)
    assert visitor.open("/join/").texts("p.mine")
    page = visitor.open("/themed/")
    assert page.texts("label > b")
    assert not page.texts("p.mine")


@pytest.mark.parametrize("part", ["base", "step", "macros"])
def test_theme_need_only_have_what_differs(part: str) -> None:
    name = f"flask_wizard/default/{part}.html"
    text = "" if part == "macros" else f"{{% extends '{name}' %}}"
    assert first_page({f"acme/{part}.html": text}, WIZARD_THEME="acme").heading


def test_theme_of_a_blueprint_is_found_if_it_comes_first(tmp_path: Path) -> None:
    folder = tmp_path / "flask_wizard" / "acme"
    folder.mkdir(parents=True)
    (folder / "macros.html").write_text(NAME)
    app = Flask("site")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    FlaskWizard(app, store="memory:")
    app.register_blueprint(Blueprint("look", "look", template_folder=str(tmp_path)))
    app.register_blueprint(Themed.as_blueprint("join"), url_prefix="/join")
    assert Visitor(app).open().texts("label > b")


def test_theme_that_is_missing_is_an_error_at_the_start(make_app: MakeApp) -> None:
    class Wrong(Join):
        theme = "bootstrp"

    with pytest.raises(DefinitionError, match=r"Wrong\.theme is 'bootstrp'"):
        make_app(Wrong)


def test_theme_of_the_configuration_that_is_missing_is_an_error_at_the_start(
    make_app: MakeApp,
) -> None:
    with pytest.raises(ConfigurationError, match="WIZARD_THEME is 'bootstrp'"):
        make_app(Join, WIZARD_THEME="bootstrp")


def test_theme_of_a_wizard_mounted_before_is_checked_at_the_first_request() -> None:
    app = Flask("site")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_THEME="bootstrp")
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    FlaskWizard(app, store="memory:")
    with pytest.raises(ConfigurationError, match="WIZARD_THEME is 'bootstrp'"):
        Visitor(app).open()
