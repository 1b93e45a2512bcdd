"""Pages in layouts of an application that have not all the blocks."""

from __future__ import annotations

import pytest
from flask import Flask
from jinja2 import DictLoader
from visitor import Visitor
from wizards import Join

from flask_wizard import FlaskWizard

WIZARD = "{% block wizard %}{% endblock %}"
ADAPTER = '{% extends "site.html" %}{% block content %}' + WIZARD + "{% endblock %}"
CONTENT = "<body>{% block content %}{% endblock %}</body>"
TITLE = "<title>{% block title %}{% endblock %}</title>"
HEAD = "{% block head %}{% endblock %}"
LOGGED = "has no block"


def site(layout: str, adapter: str = ADAPTER, **config: object) -> Visitor:
    app = Flask("site")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, **config)
    app.jinja_loader = DictLoader(
        {"site.html": layout, "plain.html": layout, "flask_wizard/base.html": adapter}
    )
    FlaskWizard(app, store="memory:")
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return Visitor(app)


@pytest.mark.parametrize(
    ("layout", "place"),
    [
        (TITLE + CONTENT, "body"),
        (TITLE + HEAD + CONTENT, "head"),
        ("{% block head %}" + TITLE + "{% endblock %}" + CONTENT, "head"),
        (TITLE + "{% if true %}" + HEAD + "{% endif %}" + CONTENT, "head"),
    ],
)
def test_every_page_links_its_stylesheet_once(layout: str, place: str) -> None:
    visitor = site(layout)
    pages = [visitor.open(), visitor.fill(name=""), visitor.fill(name="Ada")]
    pages += [visitor.press("save"), visitor.open(f"{visitor.draft}discard")]
    for page in pages:
        for selector in ("link[rel=stylesheet]", "script[src]"):
            assert len(page.html.query(selector)) == 1
            assert len(page.html.query(f"{place} {selector}")) == 1


def test_block_of_an_ancestor_is_found() -> None:
    middle = '{% extends "plain.html" %}{% block content %}' + WIZARD + "{% endblock %}"
    visitor = site(TITLE + HEAD + CONTENT, middle)
    assert visitor.open().html.query("head link[rel=stylesheet]")


def test_layout_that_is_chosen_at_each_page_is_taken_to_have_the_blocks(
    caplog: pytest.LogCaptureFixture,
) -> None:
    visitor = site(
        TITLE + CONTENT, ADAPTER.replace('"site.html"', "request.path and 'site.html'")
    )
    assert not visitor.open().html.query("link[rel=stylesheet]")
    assert LOGGED not in caplog.text


def test_layout_without_a_title_is_logged_once_with_what_to_add(
    caplog: pytest.LogCaptureFixture,
) -> None:
    visitor = site("<title>Mine</title>" + CONTENT)
    visitor.open()
    visitor.fill(name="Ada")
    assert caplog.text.count("'flask_wizard/base.html' has no block 'title'") == 1
    assert "{% block title %}{% endblock %}" in caplog.text


def test_title_may_be_given_to_a_variable_of_the_layout(
    caplog: pytest.LogCaptureFixture,
) -> None:
    titled = "{% set title = self.title() %}" + ADAPTER
    visitor = site("<title>{{ title }} | Mine</title>" + CONTENT, titled)
    assert visitor.open().title.startswith("Step 1")
    assert visitor.fill(name="").title.startswith("Error: Step 1")
    assert visitor.page.title.endswith("| Mine")
    assert LOGGED not in caplog.text


def test_layout_without_a_place_for_the_pages_is_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    site(TITLE + HEAD + CONTENT, '{% extends "site.html" %}').open()
    assert "'flask_wizard/base.html' has no block 'wizard'" in caplog.text


def test_shipped_layout_has_every_block(caplog: pytest.LogCaptureFixture) -> None:
    page = site(
        "", WIZARD, WIZARD_BASE_TEMPLATE="flask_wizard/default/base.html"
    ).open()
    assert page.html.query("head link[rel=stylesheet]")
    assert LOGGED not in caplog.text
