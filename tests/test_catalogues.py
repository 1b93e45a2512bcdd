"""The catalogues: every text, in every language that ships."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator
from gettext import GNUTranslations
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po

from flask_wizard.catalogues import (
    FOLDER,
    LANGUAGES,
    catalogue,
    direction,
    known_texts,
    placeholders,
)

ROOT = Path(__file__).parent.parent
TRANSLATED = [code for code in LANGUAGES if code != "en"]

#: What is written alike in another language. All but these must differ.
SAME = {
    "de": {"April", "August", "September", "November", "{number} MB", "{number} GB"},
    "es": {"No", "Error: {page}", "Error:", "{number} KB", "{number} MB"},
    "fr": {"{day} {month} {year}"},
    "pt": {"{number} KB", "{number} MB", "{number} GB", "“{answer}”"},
    "ar": {"{day} {month} {year}"},
}
SAME["es"] |= {"{number} GB", "{n} byte", "{n} bytes"}
SAME["pt"] |= {"{n} byte", "{n} bytes"}
EVERYWHERE = {"{first}, {second}", "{month} {year}"}

#: A text with the words of a button in quotation marks, and these words.
QUOTED = re.compile("“(Send it again|Continue)”|^(?=.*(Continue) leads)")


def po(language: str) -> Catalog:
    path = FOLDER / language / "LC_MESSAGES" / "flask_wizard.po"
    with path.open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> Iterator[tuple[str, str, Message]]:
    """Yield every text and what is said in its place, each plural by itself."""
    for message in po(language):
        if not message.id:
            continue
        if isinstance(message.id, str):
            yield message.id, str(message.string), message
        else:
            for form in message.string or ():
                yield message.id[1], form, message


def test_catalogues_are_up_to_date() -> None:
    """All texts of templates and code are in them, and what is compiled is the same."""
    script = ROOT / ".ci" / "messages.py"
    done = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True
    )
    assert done.stdout == ""
    assert done.returncode == 0, done.stderr


def test_folders_are_those_of_the_languages() -> None:
    folders = {path.name for path in FOLDER.iterdir() if path.is_dir()}
    assert folders - {"__pycache__"} == set(TRANSLATED)


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_text_is_translated(language: str) -> None:
    assert [text for text, said, _ in messages(language) if not said.strip()] == []


@pytest.mark.parametrize("language", TRANSLATED)
def test_no_text_stays_english(language: str) -> None:
    same = {text for text, said, _ in messages(language) if said == text}
    assert same <= SAME[language] | EVERYWHERE


@pytest.mark.parametrize("language", TRANSLATED)
def test_placeholders_are_those_of_the_text(language: str) -> None:
    for text, said, message in messages(language):
        # "Two files" has no number.
        free = {"n"} if isinstance(message.id, tuple | list) else set[str]()
        assert placeholders(text) - free <= placeholders(said) | free, text
        assert placeholders(said) <= placeholders(text), text


@pytest.mark.parametrize("language", TRANSLATED)
def test_plurals_are_those_of_the_language(language: str) -> None:
    forms = 6 if language == "ar" else 2
    of = [m.string for m in po(language) if isinstance(m.id, tuple | list)]
    assert of
    assert {len(strings or ()) for strings in of} == {forms}


def test_arabic_has_a_plural_of_its_own_for_each_kind_of_number() -> None:
    one, many = (
        "There is room for {n} file in all.",
        "There is room for {n} files in all.",
    )
    said = {catalogue("ar").ngettext(one, many, n) for n in (0, 1, 2, 3, 11, 100)}
    assert len(said) == 6


@pytest.mark.parametrize("language", TRANSLATED)
def test_text_names_a_button_as_the_button_is_called(language: str) -> None:
    button = catalogue(language).gettext
    found = 0
    for text, said, _ in messages(language):
        for name in {n for pair in QUOTED.findall(text) for n in pair if n}:
            found += 1
            assert button(name) in said, text
    assert found > 10


def test_texts_are_known_by_their_placeholders() -> None:
    known = known_texts()
    assert known["Step {number} of {total}"] == {"number", "total"}
    assert known["{n} bytes"] == {"n"}
    assert known["Characters left: {}"] == {""}
    assert known["Confirm and send"] == set()


@pytest.mark.parametrize(
    ("code", "said"),
    [
        *(("de", "Weiter"), ("de-AT", "Weiter"), ("pt-BR", "Continuar")),
        *(("pt_PT", "Continuar"), ("en", "Continue"), ("it", "Continue")),
        *(("", "Continue"), ("../de", "Continue")),
    ],
)
def test_nearest_catalogue_is_taken(code: str, said: str) -> None:
    assert catalogue(code).gettext("Continue") == said
    assert isinstance(catalogue("de"), GNUTranslations)


@pytest.mark.parametrize(
    ("code", "expected"),
    [("ar", "rtl"), ("ar-EG", "rtl"), ("fa_IR", "rtl"), ("he", "rtl"), ("en", "ltr")],
)
def test_direction_is_that_of_the_language(code: str, expected: str) -> None:
    assert direction(code) == expected
