"""Locales: dates, numbers and lists as people write them, by Babel where it is there.

Each function returns None without Babel, or for a language that Babel does not know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import date, time
from functools import lru_cache
from typing import Any, Literal

try:
    from babel import Locale, UnknownLocaleError, dates, lists, numbers
except ImportError:  # it comes with the extra "i18n"
    Locale = None  # type: ignore[assignment,misc]

PLAIN_ENGLISH = "en-GB"
"""What English alone stands for: dates begin with the day, hours go up to 23."""


_TAG = re.compile(
    r"[a-z]{2,3}(-[a-z]{4})?(-([a-z]{2}|[0-9]{3}))?(?![^-])", re.ASCII | re.IGNORECASE
)
"""A language with its script and country, which every browser takes."""


def browser_locale(language: str) -> str:
    """Return by which tag a browser writes dates as they are written here.

    It is empty if the code is none that browsers take: then they write their own way.
    """
    found = _TAG.match(_code(language))
    return found[0] if found else ""


def _code(language: str) -> str:
    return PLAIN_ENGLISH if language in ("", "en") else language.replace("_", "-")


_PART = re.compile(r"%\((.*?)\)s")
"""A part of a pattern of Babel's."""


@lru_cache
def _locale(language: str) -> Any:
    """Return Babel's locale of a code such as ``pt-BR``, or else of its ``pt``."""
    code = _code(language)
    for known in (code, code.partition("-")[0]) if Locale is not None else ():
        with suppress(ValueError, UnknownLocaleError):
            return Locale.parse(known, sep="-")
    return None


def day(value: date, language: str) -> str | None:
    """Return a day, such as "22 November 2026"."""
    locale = _locale(language)
    if (parts := _long_date(language)) is None:
        return locale and dates.format_date(value, "long", locale=locale)
    pattern, months = parts
    return pattern % {"d": value.day, "MMMM": months[value.month], "y": value.year}


@lru_cache
def _long_date(language: str) -> tuple[str, Mapping[int, str]] | None:
    """Return a language's pattern of a day, and its names of months.

    Return None if it has other parts than these, which Babel alone writes.
    """
    if (locale := _locale(language)) is None:
        return None
    pattern: Any = dates.get_date_format("long", locale=locale).format
    is_plain = set(_PART.findall(pattern)) == {"d", "MMMM", "y"}
    return (pattern, dict(locale.months["format"]["wide"])) if is_plain else None


def month(value: date, language: str) -> str | None:
    """Return a month of a year, such as "November 2026"."""
    locale = _locale(language)
    return locale and dates.format_skeleton("yMMMM", value, locale=locale)


def clock(value: time, language: str) -> str | None:
    """Return a time of day, such as "14:30"; with seconds if there are any."""
    locale = _locale(language)
    length: Literal["medium", "short"] = "medium" if value.second else "short"
    return locale and dates.format_time(value, length, locale=locale)


def decimal_point(language: str) -> str | None:
    """Return what stands before the decimals of a number."""
    locale = _locale(language)
    return locale and numbers.get_decimal_symbol(locale)


def listed(items: Sequence[str], language: str, *, one_of: bool) -> str | None:
    """Return a list such as "A, B and C"; with ``one_of``, "A, B or C"."""
    locale = _locale(language)
    style: Literal["or", "standard"] = "or" if one_of else "standard"
    return locale and lists.format_list(items, style, locale=locale)
