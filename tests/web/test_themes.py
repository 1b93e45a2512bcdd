"""Themes: which macros and templates a wizard's pages are built of."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from apps import MakeApp
from flask import Blueprint, Flask
from jinja2 import DictLoader, TemplateSyntaxError
from visitor import Page, Visitor
from wizards import Join

from flask_wizard import ConfigurationError, DefinitionError, FlaskWizard

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
