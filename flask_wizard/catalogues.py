"""Catalogues: the texts of the pages in the languages that ship."""

from __future__ import annotations

import gettext
import re
from ast import literal_eval
from collections.abc import Mapping
from functools import cache, lru_cache
from pathlib import Path
from string import Formatter

FOLDER = Path(__file__).parent / "translations"
"""The folder of the catalogues, one in the folder of each language."""

DOMAIN = "flask_wizard"

LANGUAGES = ("ar", "de", "en", "es", "fr", "pt")
"""The codes of the languages that ship. English has no catalogue."""

_RIGHT_TO_LEFT = frozenset(
    ("ar", "ckb", "dv", "fa", "he", "ps", "sd", "ug", "ur", "yi")
)

_ENTRY = re.compile(r'^msgid(?:_plural)? ((?:".*"\n)+)', re.MULTILINE)


def message(english: str, /) -> str:
    """Return a text as it is. Its place in the code puts it into the catalogues."""
    return english


@lru_cache
def catalogue(language: str) -> gettext.NullTranslations:
    """Return the catalogue for a code such as ``pt-BR``: the nearest that ships.

    If none is near, it gives each text as it is, in English.
    """
    codes = [language.replace("-", "_")]
    return gettext.translation(DOMAIN, FOLDER, codes, fallback=True)


def direction(language: str) -> str:
    """Return ``rtl`` for a language written from right to left, and else ``ltr``."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return "rtl" if primary in _RIGHT_TO_LEFT else "ltr"


@cache
def known_texts() -> Mapping[str, frozenset[str]]:
    """Return the names of the placeholders of every text, by the text in English."""
    template = (FOLDER / f"{DOMAIN}.pot").read_text(encoding="utf-8")
    texts = (literal_eval(f"({found[1]})") for found in _ENTRY.finditer(template))
    return {text: placeholders(text) for text in texts if text}


def placeholders(text: str) -> frozenset[str]:
    """Return the names in braces of a text. Raise ValueError for a single brace."""
    names = (name for _, name, *_ in Formatter().parse(text))
    return frozenset(name for name in names if name is not None)
