"""eject: copies of the shipped templates, and which of them lag behind."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

import pytest
from cachelib import SimpleCache
from click.testing import Result
from flask import Flask
from visitor import Visitor
from wizards import Join

from flask_wizard import FlaskWizard
from flask_wizard.checks.templates import lagging


def application(folder: Path, **options: str) -> Flask:
    app = Flask(__name__, template_folder=str(folder))
    app.jinja_options = options
    app.config.update(SECRET_KEY="a secret of the tests, and long enough")
    FlaskWizard(app, store=SimpleCache())
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return app


@pytest.fixture
def app(tmp_path: Path) -> Flask:
    return application(tmp_path / "templates")


def run(app: Flask, *arguments: str) -> Result:
    return app.test_cli_runner().invoke(args=["wizard", "eject", *arguments])


def folder(app: Flask) -> Path:
    return Path(str(app.template_folder), "flask_wizard")


def test_copy_takes_the_place_of_the_shipped_one(app: Flask) -> None:
    result = run(app, "step", "base")
    assert result.exit_code == 0, result.output
    copy = folder(app) / "step.html"
    assert result.stdout.split() == [str(copy), str(folder(app) / "base.html")]
    copy.write_text(copy.read_text() + "{# mine #}")
    base = folder(app) / "base.html"
    base.write_text(base.read_text().replace("<body", '<body data-own="1"'))
    visitor = Visitor(app)
    visitor.open()
    assert visitor.page.html.query("body[data-own]")


def test_copy_says_what_it_was_made_from(app: Flask) -> None:
    run(app, "step.html")
    first = (folder(app) / "step.html").read_text().splitlines()[0]
    assert first.startswith("{# copied from flask_wizard/default/step.html of ")


def test_copy_has_the_delimiters_of_the_application(tmp_path: Path) -> None:
    app = application(tmp_path, comment_start_string="<#", comment_end_string="#>")
    run(app, "step")
    text = (folder(app) / "step.html").read_text()
    assert text.startswith("<# copied from ")
    assert "{#" not in text
    assert not list(lagging(app))


def test_without_a_name_all_are_copied(app: Flask) -> None:
    run(app)
    names = {path.name for path in folder(app).iterdir()}
    assert {"step.html", "receipt.html", "base.html", "macros.html"} <= names
    assert "texts.html" not in names  # no page is made of it
    visitor = Visitor(app)
    visitor.open()
    assert visitor.page.status == 200


def test_nothing_is_replaced_unless_it_is_forced(app: Flask) -> None:
    run(app, "review")
    (folder(app) / "review.html").write_text("mine")
    result = run(app, "step", "review")
    assert result.exit_code == 1
    assert "review.html is there already. Add --force" in result.output
    assert not (folder(app) / "step.html").exists()
    assert run(app, "step", "review", "--force").exit_code == 0
    assert (folder(app) / "review.html").read_text() != "mine"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("stepp",), "There is no template 'stepp'. There are base, discard, "),
        (("step", "--theme", "none"), "The package has no theme 'none'."),
    ],
)
def test_unknown_names_are_refused(
    app: Flask, arguments: tuple[str, ...], said: str
) -> None:
    result = run(app, *arguments)
    assert result.exit_code == 1
    assert said in result.output


def test_copy_lags_behind_when_its_original_has_changed(app: Flask) -> None:
    run(app, "step", "review")
    assert not list(lagging(app))
    copy = folder(app) / "step.html"
    first, _, rest = copy.read_text().partition("\n")
    digest = first.rpartition("(")[2][:12]
    copy.write_text(f"{first.replace(digest, '0' * 12)}\n{rest}")
    (found,) = lagging(app)
    assert found.path == copy
    assert found.original == "flask_wizard/default/step.html"


def test_templates_of_the_applications_own_do_not_lag(app: Flask) -> None:
    folder(app).mkdir(parents=True)
    (folder(app) / "step.html").write_text("{% extends wizard_base %}")
    assert not list(lagging(app))


def test_theme_in_use_keeps_its_macros(tmp_path: Path) -> None:
    app = application(tmp_path / "templates")
    app.config["WIZARD_THEME"] = "bootstrap5"
    result = run(app, "step", "macros")
    assert result.exit_code == 0, result.output
    page = (folder(app) / "step.html").read_text()
    assert page.startswith("{# copied from flask_wizard/default/step.html of ")
    visitor = Visitor(app)
    visitor.open()
    assert visitor.page.html.query("button.btn.btn-primary")


def test_copy_names_the_version_that_is_installed(app: Flask) -> None:
    run(app, "step")
    first = (folder(app) / "step.html").read_text().splitlines()[0]
    assert f"of flask_wizard {version('flask-wizard-forms')} (" in first
