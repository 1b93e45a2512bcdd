"""Texts in one language: words of an application, dates, numbers, lists, and forms."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

import pytest
from babel.dates import format_date
from wtforms import Form, IntegerField, StringField
from wtforms.validators import InputRequired

from flask_wizard import DefinitionError, FileContent
from flask_wizard.core.forms import bind
from flask_wizard.core.signatures import signature
from flask_wizard.core.texts import ENGLISH, LazyText, Texts, check_words
from flask_wizard.locales import browser_locale

DAY = date(2026, 3, 7)


def texts(language: str, words: Mapping[str, object] | None = None) -> Texts:
    return Texts(lambda: language, words or {})


def test_text_is_in_its_language() -> None:
    assert texts("de").text("Step {number} of {total}", number=1, total=3) == (
        "Schritt 1 von 3"
    )


def test_text_of_another_language_is_english() -> None:
    assert texts("it").text("Continue") == "Continue"


def test_language_is_asked_for_once_and_only_when_needed() -> None:
    asked = []
    german = Texts(lambda: asked.append(1) or "de")  # type: ignore[func-returns-value]
    assert not asked
    assert [german.text("Back"), german.text("Back")] == ["Zurück", "Zurück"]
    assert len(asked) == 1


# Words of an application


def test_words_stand_in_the_place_of_texts() -> None:
    own = texts("de", {"Back": "Retour", "Step {number}": "Etappe {number}"})
    assert own.text("Back") == "Retour"
    assert own.text("Step {number}", number=2) == "Etappe 2"
    assert own.text("Continue") == "Weiter"


def test_word_may_be_lazy() -> None:
    class Lazy:
        def __str__(self) -> str:
            return "{number}."

    assert texts("de", {"Step {number}": Lazy()}).text("Step {number}", number=2) == (
        "2."
    )


def test_words_replace_a_plural_by_each_of_its_texts() -> None:
    own = texts("en", {"{n} byte": "one", "{n} bytes": "{n} of them"})
    said = [own.plural("{n} byte", "{n} bytes", n) for n in (1, 2)]
    assert said == ["one", "2 of them"]


def test_later_words_come_before_earlier_ones() -> None:
    own = texts("en", {"Back": "1", "Continue": "1"}).with_words({"Back": "2"})
    assert (own.text("Back"), own.text("Continue")) == ("2", "1")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"Confirm and sent": "Order"}, "The nearest is 'Confirm and send'"),
        ({"Step {number}": "{count}"}, r"\{count\} is no placeholder .* \{number\}"),
        ({"Back": "Back {it}"}, "placeholders are none"),
        ({"Back": "Back {"}, "cannot be filled in"),
        (["Back"], "Expected a mapping"),
    ],
)
def test_wrong_words_are_refused(words: Any, said: str) -> None:
    with pytest.raises(DefinitionError, match=said):
        check_words(words, "Join.words")


def test_right_words_are_taken() -> None:
    check_words({"Back": "Retour", "Step {number}": "Etappe"}, "Join.words")


def test_lazy_text_is_in_the_language_of_whoever_is_shown_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    title = LazyText("Check your answers")
    monkeypatch.setattr(LazyText, "texts", staticmethod(lambda: ENGLISH))
    assert str(title) == "Check your answers"
    monkeypatch.setattr(LazyText, "texts", staticmethod(lambda: texts("de")))
    assert f"{title}" == "Prüfen Sie Ihre Angaben"
    assert str(title.with_words({"Check your answers": "Fertig?"})) == "Fertig?"


# Dates, numbers and lists


@pytest.mark.parametrize(
    ("language", "day", "month"),
    [
        ("", "7 March 2026", "March 2026"),
        ("en", "7 March 2026", "March 2026"),
        ("en-US", "March 7, 2026", "March 2026"),
        ("de", "7. März 2026", "März 2026"),
        ("fr", "7 mars 2026", "mars 2026"),
        ("es", "7 de marzo de 2026", "marzo de 2026"),
        ("pt", "7 de março de 2026", "março de 2026"),
        ("ar", "7 مارس 2026", "مارس 2026"),
        ("it", "7 marzo 2026", "marzo 2026"),
    ],
)
def test_date_is_as_the_language_writes_it(language: str, day: str, month: str) -> None:
    assert texts(language).day(DAY) == day
    assert texts(language).month(DAY) == month


@pytest.mark.parametrize(
    "language",
    ["", "en", "en-US", "de", "es", "fr", "pt-BR", "ar", "fa", "ja", "th", "zh-Hant"],
)
def test_day_is_to_the_letter_what_babel_writes(language: str) -> None:
    for day in (date(2026, 3, 1), date(2026, 11, 22), date(7, 12, 31)):
        locale = (language if language not in ("", "en") else "en-GB").replace("-", "_")
        assert texts(language).day(day) == format_date(day, "long", locale=locale)


def test_time_of_day_has_seconds_only_if_there_are_any() -> None:
    assert texts("de").clock(time(14, 5)) == "14:05"
    assert texts("de").clock(time(14, 5, 9)) == "14:05:09"
    assert texts("en-US").clock(time(14, 5)).startswith("2:05")


def test_moment_is_one_sentence() -> None:
    assert texts("es").day_and_time(datetime(2026, 3, 7, 14, 5)) == (
        "7 de marzo de 2026 a las 14:05"
    )


@pytest.mark.parametrize(
    ("language", "typed", "said"),
    [
        ("de", "2.50", "2,50"),
        ("fr", "-1234.5", "-1234,5"),
        ("de", "2026", "2026"),
        ("en", "2.50", "2.50"),
        ("ar", "2.50", "2.50"),
        ("de", "1.234,5", "1.234,5"),
    ],
)
def test_number_has_the_point_of_the_language(
    language: str, typed: str, said: str
) -> None:
    assert texts(language).number(typed) == said


@pytest.mark.parametrize(
    ("language", "every", "either"),
    [
        ("", "A, B and C", "A, B or C"),
        ("de", "A, B und C", "A, B oder C"),
        ("fr", "A, B et C", "A, B ou C"),
    ],
)
def test_list_is_as_the_language_writes_it(
    language: str, every: str, either: str
) -> None:
    items = ["A", "B", "C"]
    assert texts(language).listed(items) == every
    assert texts(language).listed(items, one_of=True) == either
    assert texts(language).listed(["A"]) == "A"
    assert texts(language).listed([]) == ""


WITHOUT_BABEL = """
import sys
sys.modules["babel"] = sys.modules["flask_babel"] = None
from datetime import date, time
from flask_wizard.core.texts import Texts
for code in ("en", "de", "fr", "es", "pt", "ar"):
    texts = Texts(lambda: code)
    day = date(2026, 3, 7)
    print(texts.day(day), texts.month(day), sep="; ", end="; ")
    print(texts.clock(time(14, 5)), texts.number("2.5"), sep="; ", end="; ")
    print(texts.listed("ABC"), texts.listed("ABC", one_of=True), sep="; ")
"""


def test_without_babel_the_catalogues_say_it() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_BABEL],
        capture_output=True,
        check=True,
        env={"PYTHONIOENCODING": "utf-8", "PYTHONPATH": ":".join(sys.path)},
    )
    assert done.stdout.decode().splitlines() == [
        "7 March 2026; March 2026; 14:05; 2.5; A, B and C; A, B or C",
        "7. März 2026; März 2026; 14:05; 2.5; A, B und C; A, B oder C",
        "7 mars 2026; mars 2026; 14:05; 2.5; A, B et C; A, B ou C",
        "7 de marzo de 2026; marzo de 2026; 14:05; 2.5; A, B y C; A, B o C",
        "7 de março de 2026; março de 2026; 14:05; 2.5; A, B e C; A, B ou C",
        "7 مارس 2026; مارس 2026; 14:05; 2.5; A، B وC; A، B أو C",
    ]


# Forms


class Asks(Form):
    name = StringField("Name", [InputRequired()])
    age = IntegerField("Age")


class InSpanish(Asks):
    class Meta:
        locales = ("es",)


class Shouts(Asks):
    class Meta:
        def get_translations(self, form: Form) -> object:
            return Loud()


class Loud:
    def gettext(self, string: str) -> str:
        return string.upper()

    def ngettext(self, one: str, many: str, n: int) -> str:
        return (one if n == 1 else many).upper()


def errors_in(language: str, form_class: type[Form]) -> list[str]:
    from flask_wizard.core.forms import Values, validate

    form: Any = bind(
        signature(form_class),
        Values({"name": [""], "age": ["x"]}),
        meta={"texts": texts(language)},
    )
    assert not validate(form)
    return [form.name.errors[0], form.age.errors[0]]


@pytest.mark.parametrize(
    ("language", "expected"),
    [
        ("de", "Dieses Feld wird benötigt."),
        ("pt-BR", "Campo obrigatório."),
        ("en", "This field is required."),
        ("xx", "This field is required."),
    ],
)
def test_wtforms_own_messages_are_in_the_language(language: str, expected: str) -> None:
    assert errors_in(language, Asks)[0] == expected


def test_form_that_says_its_own_language_keeps_it() -> None:
    assert errors_in("de", InSpanish)[0] == "Este campo es obligatorio."


def test_form_with_translations_of_its_own_keeps_them() -> None:
    assert errors_in("de", Shouts) == [
        "THIS FIELD IS REQUIRED.",
        "NOT A VALID INTEGER VALUE.",
    ]


def test_our_messages_are_translated_in_any_form() -> None:
    for form_class in (Asks, InSpanish, Shouts):
        form: Any = bind(signature(form_class), None, meta={"texts": texts("de")})
        assert form.name.gettext("Enter a date") == "Geben Sie ein Datum ein"
        said = form.name.ngettext("{n} byte", "{n} bytes", 2)
        assert said == "{n} Bytes"


def test_our_validators_speak_english_in_a_form_outside_of_wizards() -> None:
    validator = FileContent("png", "pdf")
    assert validator._message(Asks().name) == "Only PNG or PDF files can be kept here."


@pytest.mark.parametrize(
    ("language", "tag"),
    [
        *(("", "en-GB"), ("en", "en-GB"), ("en_US", "en-US"), ("pt-BR", "pt-BR")),
        *(("zh_Hant_TW", "zh-Hant-TW"), ("es-419", "es-419"), ("de", "de")),
        *(("sr-latn-x-own", "sr-latn"), ("german", ""), ("-", ""), ("e", "")),
    ],
)
def test_browser_gets_a_tag_that_it_takes(language: str, tag: str) -> None:
    assert browser_locale(language) == tag
