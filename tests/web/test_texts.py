"""The texts of the pages, and the values in them."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from markupsafe import Markup

from flask_wizard.web.texts import plural, text

TEMPLATES = Path(__file__).parents[2] / "templates" / "flask_wizard"


def test_value_stands_in_its_place() -> None:
    assert text("Go to {title}", title="{x}") == "Go to {x}"


def test_text_without_values_keeps_its_braces() -> None:
    assert text("Characters left: {}") == "Characters left: {}"


def test_html_makes_the_result_html_and_the_rest_is_escaped() -> None:
    end = Markup("</a>")
    said = text("Read & {link}{title}{end}", link=Markup("<a>"), title="<b>", end=end)
    assert isinstance(said, Markup)
    assert said == "Read &amp; <a>&lt;b&gt;</a>"


def test_only_markup_is_html() -> None:
    class Lazy:
        def __str__(self) -> str:
            return "<b>"

        def __html__(self) -> str:
            return "<b>"

    assert not isinstance(text("Go to {title}", title=Lazy()), Markup)
    said = text("{link}{title}", link=Markup("<a>"), title=Lazy())
    assert said == "<a>&lt;b&gt;"


@pytest.mark.parametrize(("n", "said"), [(1, "1 file"), (0, "0 files"), (2, "2 files")])
def test_plural_goes_by_the_number(n: int, said: str) -> None:
    assert plural("{n} file", "{n} files", n) == said


def test_no_template_has_words_of_its_own() -> None:
    """Words outside of flask_wizard_text stay English in every language."""
    found = {
        path.name: words
        for path in TEMPLATES.rglob("*.html")
        if (words := _words_in(path.read_text()))
    }
    assert found == {}


def test_no_macro_is_imported_with_a_text_of_one_language() -> None:
    """What stands outside of the macros of such a template is made only once."""
    for path in TEMPLATES.rglob("macros.html"):
        outside = re.sub(
            r"\{% macro .*?\{%-? endmacro -?%\}", "", path.read_text(), flags=re.DOTALL
        )
        assert not re.search("flask_wizard_(text|plural|moment|ago)", outside)


def _words_in(source: str) -> list[str]:
    without = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", source, flags=re.DOTALL)
    texts = re.sub(r'<[^>]*>|data-[a-z-]+=""', "\n", without)
    return re.findall(r"[A-Za-z]{2,}.*", texts)
