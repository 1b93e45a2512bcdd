"""The pages in every theme and language that is shipped, in pairs with all else.

What is registered is covered: a folder of a theme or of a language needs no line here.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from pairs import pairs_of, pairwise_rows
from playwright.sync_api import Page
from pytest_playwright.pytest_playwright import CreateContextCallback
from wizards import Commits, choices
from wtforms import Form, fields
from wtforms.validators import InputRequired, Length

import flask_wizard
from flask_wizard import DateBoxesField, Info, Repeat, Review, Step, Wizard
from flask_wizard.checks.gallery import Gallery, make_gallery
from flask_wizard.checks.gallery_files import write_gallery
from flask_wizard.testing import assert_accessible
from flask_wizard.web.themes import SHIPPED_THEMES

TRANSLATIONS = Path(flask_wizard.__file__).parent / "translations"
LANGS = ("en", *sorted(folder.name for folder in TRANSLATIONS.glob("??")))

KINDS: dict[str, tuple[Any, ...]] = {
    "theme": SHIPPED_THEMES,
    "lang": LANGS,
    "javascript": (True, False),
    "scheme": ("light", "dark"),
    "look": ("wide", "320 px", "400 %"),
    "forced": ("none", "active"),
}
ROWS = pairwise_rows(KINDS)
LOOKS: dict[str, dict[str, Any]] = {
    "wide": {"viewport": {"width": 1280, "height": 800}},
    "320 px": {"viewport": {"width": 320, "height": 640}},
    # A screen of 1280 by 1024 px at 400 %.
    "400 %": {"viewport": {"width": 320, "height": 256}, "device_scale_factor": 4},
}


class YouForm(Form):
    name = fields.StringField("Name", [InputRequired("Enter a name")])
    born = DateBoxesField("Date of birth", [InputRequired("Enter a date")])
    size = fields.RadioField("Size", choices=choices("small", "large"))
    extras = fields.SelectMultipleField("Extras", choices=choices("milk", "sugar"))
    story = fields.TextAreaField("Story", [Length(max=500)])
    photo = fields.FileField("Photo")
    terms = fields.BooleanField("I agree", [InputRequired("Tick the box")])


class PetForm(Form):
    pet = fields.StringField("Pet", [InputRequired("Enter a name")])


class Join(Commits, Wizard):
    you = Step(YouForm, title="About you")
    told = Info(title="Good to know")
    pets = Repeat(PetForm, max=3)
    check = Review()


@pytest.fixture(scope="module")
def galleries() -> dict[tuple[str, str], Gallery]:
    """Those made so far, by theme and language."""
    return {}


def test_every_two_values_meet() -> None:
    met = set().union(*map(pairs_of, ROWS))
    for one, values in KINDS.items():
        for other, others in KINDS.items():
            if one < other:
                pairs = {
                    frozenset([(one, a), (other, b)]) for a in values for b in others
                }
                assert pairs <= met
    assert len(ROWS) <= 2 * len(SHIPPED_THEMES) * max(len(LANGS), 6)


@pytest.mark.ux(30, 31, 32)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: ", ".join(map(str, row.values())))
def test_pages_hold_in_pairs(
    row: dict[str, Any],
    make_app: MakeApp,
    galleries: dict[tuple[str, str], Gallery],
    new_context: CreateContextCallback,
    axe: Callable[[Page], list[str]],
    tmp_path: Path,
) -> None:
    key = row["theme"], row["lang"]
    app = make_app(Join)
    if key not in galleries:
        galleries[key] = make_gallery(app, theme=row["theme"], lang=row["lang"])
    gallery = galleries[key]
    for shown in gallery.pages:
        side = "rtl" if row["lang"] == "ar" else "ltr"
        tag = rf'<html[^>]* lang="{row["lang"]}[^"]*" dir="{side}"'
        assert re.search(tag, shown.html)
        assert_accessible(shown.html)
    assert write_gallery(app, tmp_path, [("pages", gallery)]) > 20
    page = new_context(
        java_script_enabled=row["javascript"],
        color_scheme=row["scheme"],
        forced_colors=row["forced"],
        reduced_motion="reduce",
        **LOOKS[row["look"]],
    ).new_page()
    for name in ("you-wrong", "pets-filled", "check-filled"):
        page.goto((tmp_path / "pages" / "join" / f"{name}.html").as_uri())
        widths = page.evaluate("[document.documentElement.scrollWidth, innerWidth]")
        assert widths[0] <= widths[1], name
        if row["javascript"]:
            found = axe(page)
            if row["forced"] == "active":  # the colours are the visitor's own then
                found = [rule for rule in found if not rule.startswith("color-")]
            if row["theme"] != "default":  # its stylesheet is the layout's, not here
                found = [rule for rule in found if not rule.startswith("target-size")]
            assert found == [], name
