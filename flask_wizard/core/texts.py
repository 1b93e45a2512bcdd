"""Texts: what this package says to a visitor, in one language."""

from __future__ import annotations

import gettext
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time
from difflib import get_close_matches
from functools import lru_cache
from types import MappingProxyType
from typing import Any, ClassVar

from markupsafe import Markup
from wtforms.form import BaseForm
from wtforms.i18n import DummyTranslations, messages_path

from .. import locales
from ..cached import cached_property
from ..catalogues import catalogue, known_texts, message, placeholders
from ..errors import DefinitionError

NO_WORDS: Mapping[str, object] = MappingProxyType({})

# Not strftime's, which follow the locale of the server's process.
MONTHS = (
    *(message("January"), message("February"), message("March"), message("April")),
    *(message("May"), message("June"), message("July"), message("August")),
    *(message("September"), message("October"), message("November")),
    message("December"),
)

_DECIMAL = re.compile(r"[+-]?\d+\.\d+")


@dataclass(frozen=True, eq=False)
class Texts:
    """The texts of this package in the language of a visitor.

    It is asked for when a text is needed first.
    """

    #: Returns the code of the language; empty for English, while nobody knows.
    locate: Callable[[], str] = str
    #: What an application says in the place of texts, by these in English.
    words: Mapping[str, object] = field(default_factory=dict)

    @cached_property
    def language(self) -> str:
        """The code of the language, such as ``pt-BR``; empty while nobody knows."""
        return self.locate()

    def with_words(self, words: Mapping[str, object]) -> Texts:
        """Return the texts with others in the place of some of them."""
        return Texts(self.locate, {**self.words, **words}) if words else self

    def find(self, english: str) -> str:
        """Return a text before anything is put into it."""
        if english in self.words:
            return str(self.words[english])
        return catalogue(self.language).gettext(english)

    def text(self, english: str, /, **values: Any) -> str:
        """Return a text with values in the place of its ``{names}``.

        ``english`` is one or more whole sentences. If a value is ``Markup``, so is the
        result, in which the text and all other values are escaped.
        """
        return _filled(self.find(english), values)

    def plural(self, one: str, many: str, n: int, /, **values: Any) -> str:
        """Return the text for a number, which it calls ``{n}``."""
        known = one if n == 1 else many
        if known in self.words:
            found = str(self.words[known])
        else:
            found = catalogue(self.language).ngettext(one, many, n)
        return _filled(found, {"n": n, **values})

    # Dates, numbers and lists

    def day(self, value: date) -> str:
        """Return a day, such as "22 November 2026"."""
        found = locales.day(value, self.language)
        return found or self.text(
            "{day} {month} {year}",
            day=value.day,
            month=self.text(MONTHS[value.month - 1]),
            year=value.year,
        )

    def month(self, value: date) -> str:
        """Return a month of a year, such as "November 2026"."""
        found = locales.month(value, self.language)
        month = self.text(MONTHS[value.month - 1])
        return found or self.text("{month} {year}", month=month, year=value.year)

    def clock(self, value: time) -> str:
        """Return a time of day, such as "14:30", with seconds if there are any."""
        found = locales.clock(value, self.language)
        return found or (f"{value:%H:%M:%S}" if value.second else f"{value:%H:%M}")

    def day_and_time(self, value: datetime) -> str:
        """Return a moment, such as "22 November 2026 at 14:30"."""
        day, clock = self.day(value.date()), self.clock(value.time())
        return self.text("{date} at {time}", date=day, time=clock)

    def number(self, digits: str) -> str:
        """Return a number as it is written, by what was typed of it, as in "2.50".

        Digits are not grouped: it may be a year.
        """
        if not _DECIMAL.fullmatch(digits):
            return digits
        return digits.replace(".", locales.decimal_point(self.language) or ".")

    def listed(self, items: Sequence[str], *, one_of: bool = False) -> str:
        """Return a list such as "A, B and C"; with ``one_of``, "A, B or C"."""
        found = locales.listed(items, self.language, one_of=one_of)
        if found is not None or len(items) < 2:
            return found or "".join(items)
        start = items[0]
        for item in items[1:-1]:
            start = self.text("{first}, {second}", first=start, second=item)
        both = {"first": start, "second": items[-1]}
        if one_of:
            return self.text("{first} or {second}", **both)
        return self.text("{first} and {second}", **both)


ENGLISH = Texts()


def _filled(text: str, values: Mapping[str, Any]) -> str:
    if any(isinstance(value, Markup) for value in values.values()):
        plain = {
            name: value if isinstance(value, Markup) else str(value)
            for name, value in values.items()
        }
        return Markup.escape(text).format(**plain)
    return text.format(**values) if values else text


class LazyText:
    """A text that is in the language of whoever it is shown to."""

    #: Returns the texts of the visitor whose request is served. ``web`` sets it.
    texts: ClassVar[Callable[[], Texts]] = staticmethod(lambda: ENGLISH)

    def __init__(self, english: str, words: Mapping[str, object] = NO_WORDS) -> None:
        self._english = english
        self._words = words

    def __str__(self) -> str:
        return LazyText.texts().with_words(self._words).text(self._english)

    def __repr__(self) -> str:
        return f"<LazyText {self._english!r}>"

    def with_words(self, words: Mapping[str, object]) -> LazyText:
        """Return the text with what an application says in its place, if it does."""
        return LazyText(self._english, words)


def check_words(words: object, where: str) -> None:
    """Raise DefinitionError for words that replace no text, or cannot."""
    if not isinstance(words, Mapping):
        raise DefinitionError(
            f"{where} is {words!r}. Expected a mapping of texts in English to those "
            'in their place: {"Confirm and send": "Place the order"}.'
        )
    known = known_texts()
    for english, word in words.items():
        if english not in known:
            nearest = get_close_matches(str(english), known, 1, cutoff=0)
            raise DefinitionError(
                f"{where} replaces {english!r}, which is no text of the pages. The "
                f"nearest is {nearest[0]!r}."
            )
        if not isinstance(word, str):
            continue  # a translation that waits for its use is not asked before
        try:
            wrong = placeholders(word) - known[english]
        except ValueError as error:
            raise DefinitionError(
                f"{where} has {word!r} for {english!r}, which cannot be filled in: "
                f"{error}. Write {{{{ and }}}} for braces."
            ) from error
        if wrong:
            has = ", ".join(f"{{{name}}}" for name in sorted(known[english]))
            raise DefinitionError(
                f"{where} has {word!r} for {english!r}, and {{{min(wrong)}}} is no "
                f"placeholder of that text. Its placeholders are {has or 'none'}."
            )


# Forms


def texts_of(form: Any) -> Texts:
    """Return the texts for a form, or a field, that may not be bound by a wizard."""
    found: Texts = getattr(form.meta, "texts", ENGLISH)
    return found


_LIBRARIES = ("wtforms.meta", "flask_wtf.form")


@dataclass(eq=False)
class FormTranslations:
    """The translations of a form's fields: of this package, and then WTForms' own.

    A form whose own Meta says where its translations are has those.
    """

    form: BaseForm

    def gettext(self, string: str) -> str:
        """Return a message in the language of the visitor."""
        found = texts_of(self.form).find(string)
        return found if found != string else str(self._others.gettext(string))

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """Return the message for a number in the language of the visitor."""
        texts = texts_of(self.form)
        found = catalogue(texts.language).ngettext(singular, plural, n)
        if found not in (singular, plural):
            return found
        return str(self._others.ngettext(singular, plural, n))

    @cached_property
    def _others(self) -> Any:
        meta: Any = self.form.meta
        own = type(meta).get_translations
        if meta.locales is False and own.__module__ in _LIBRARIES:
            return wtforms_catalogue(texts_of(self.form).language)
        return own(meta, self.form) or DummyTranslations()


@lru_cache
def wtforms_catalogue(language: str) -> gettext.NullTranslations:
    """Return WTForms' own messages in the language nearest to a code."""
    codes = [language.replace("-", "_")]
    return gettext.translation("wtforms", messages_path(), codes, fallback=True)
