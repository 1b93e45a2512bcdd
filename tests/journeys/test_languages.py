"""The language of messages: a visitor may change it between two pages."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask, request
from flask_babel import Babel, get_locale
from flask_babel.speaklater import LazyString
from flask_wtf import FlaskForm
from visitor import Page, Visitor, attribute
from wizards import Commits, choices, committed
from wtforms import (
    FieldList,
    FileField,
    Form,
    IntegerField,
    MultipleFileField,
    PasswordField,
    SelectField,
    StringField,
    TextAreaField,
)
from wtforms.validators import EqualTo, InputRequired, Length, ValidationError

from flask_wizard import (
    DateBoxesField,
    FileContent,
    Info,
    OnlyIf,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.catalogues import LANGUAGES, catalogue, known_texts
from flask_wizard.core.form_errors import NOT_KEPT

REQUIRED = {"en": "This field is required.", "fr": "Ce champ est requis."}
WHOLE = {"en": "Not a valid integer value.", "fr": "N'est pas un entier valide."}


def lazy(**texts: str) -> LazyString:
    """A text that is in the language of the request that asks for it."""
    return LazyString(lambda: texts[str(get_locale())])


class Own(FlaskForm):  # type: ignore[misc]  # it has no types
    """All messages are WTForms' own, in the language of Flask-Babel."""

    name = StringField("Name", [InputRequired()])
    age = IntegerField("Age", [InputRequired()])


class Lazy(Form):
    name = StringField("Name", [InputRequired(lazy(en="Say who", fr="Dites qui"))])


class Code(Form):
    runs = 0
    code = StringField("Code")

    def validate_code(self, field: Any) -> None:
        Code.runs += 1
        if field.data != "42":
            raise ValidationError(lazy(en="Wrong code", fr="Mauvais code"))


class Secret(FlaskForm):  # type: ignore[misc]  # it has no types
    name = StringField("Name", [InputRequired()])
    password = PasswordField(
        "Password", [InputRequired(), Length(min=8), EqualTo("again")]
    )
    again = PasswordField("Again", [InputRequired()])


class Pet(FlaskForm):  # type: ignore[misc]  # it has no types
    kind = SelectField("Kind", choices=choices("cat", "dog"))
    name = StringField("Name", [InputRequired()])


@pytest.fixture
def babel_app(make_app: MakeApp) -> Any:
    """Makes applications whose language stands in a cookie."""

    def make(wizard: type[Wizard]) -> Flask:
        app = make_app(wizard, WTF_CSRF_ENABLED=False)
        Babel(app, locale_selector=lambda: request.cookies.get("lang", "en"))
        return app

    return make


def speak(visitor: Visitor, lang: str) -> Page:
    """Change the language, and open the same page again."""
    visitor.client.set_cookie("lang", lang)
    return visitor.open(visitor.page.url)


def browse(visitor: Visitor, lang: str) -> Page:
    """Change the language of the browser, and open the same page again."""
    visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang
    return visitor.open(visitor.page.url)


def wizard_of(*forms: Any, **attributes: Any) -> type[Wizard]:
    steps = {f"step{n}": form for n, form in enumerate(forms)}
    return type("Join", (Commits, Wizard), {**steps, "check": Review(), **attributes})


def test_wtforms_own_messages_follow_the_language(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Own))))
    visitor.open()
    visitor.fill(name="", age="x")
    assert visitor.page.errors == [REQUIRED["en"], WHOLE["en"]]
    page = speak(visitor, "fr")
    assert page.errors == [REQUIRED["fr"], WHOLE["fr"]]
    assert page.value("age") == "x"
    assert "<span lang" not in page.source
    assert speak(visitor, "en").errors == [REQUIRED["en"], WHOLE["en"]]


def test_lazy_messages_follow_the_language(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Lazy))))
    visitor.open()
    visitor.fill(name="")
    assert visitor.page.errors == ["Say who"]
    assert speak(visitor, "fr").errors == ["Dites qui"]


def test_messages_in_an_item_follow_the_language(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Repeat(Pet, singular="pet"))))
    visitor.open()
    visitor.press("add")
    visitor.fill(kind="cat", name="")
    assert visitor.page.errors == [REQUIRED["en"]]
    assert speak(visitor, "fr").errors == [REQUIRED["fr"]]


def test_a_function_tells_the_language_without_flask_babel(make_app: MakeApp) -> None:
    def told(form: Form, field: Any) -> None:
        raise ValidationError({"en": "No", "de": "Nein"}[request.cookies["lang"]])

    class Refused(Form):
        name = StringField("Name", [told])

    app = make_app(
        wizard_of(Step(Refused)), WIZARD_LANG=lambda: request.cookies["lang"]
    )
    visitor = Visitor(app)
    visitor.client.set_cookie("lang", "en")
    visitor.open()
    visitor.fill(name="Ada")
    assert visitor.page.errors == ["No"]
    assert speak(visitor, "de").errors == ["Nein"]


def test_nothing_is_judged_again_in_the_same_language(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Code))))
    visitor.open()
    visitor.fill(code="1")
    runs = Code.runs
    assert speak(visitor, "en").errors == ["Wrong code"]
    assert Code.runs == runs


def test_a_step_that_is_not_validated_again_keeps_its_messages(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Code, revalidate=False))))
    visitor.open()
    visitor.fill(code="1")
    runs = Code.runs
    page = speak(visitor, "fr")
    assert page.errors == ["Wrong code"]
    assert page.texts('span[lang="en"]') == ["Wrong code"]
    assert Code.runs == runs
    assert not speak(visitor, "en").texts("span[lang]")


def refuse(step: str, field: str = "") -> Any:
    def commit(self: Wizard, submission: Submission) -> None:
        raise StepError(step, lazy(en="Taken <1>", fr="Pris"), field=field or None)

    return commit


@pytest.mark.parametrize("field", ["name", ""])
def test_a_step_error_keeps_its_language(babel_app: Any, field: str) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Lazy), commit=refuse("step0", field))))
    visitor.open()
    visitor.fill(name="Ada")
    visitor.press()
    assert visitor.page.errors == ["Taken <1>"]
    page = speak(visitor, "fr")
    assert page.errors == ["Taken <1>"]
    assert "Taken <1>" in page.texts('span[lang="en"]')


def test_a_step_error_is_not_judged_again(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Code), commit=refuse("step0"))))
    visitor.open()
    visitor.fill(code="42")
    visitor.press()
    runs = Code.runs
    assert speak(visitor, "fr").errors == ["Taken <1>"]
    assert Code.runs == runs


def test_a_step_error_at_a_page_without_a_form_keeps_its_language(
    babel_app: Any,
) -> None:
    visitor = Visitor(
        babel_app(
            wizard_of(Info(title="Read this"), Step(Lazy), commit=refuse("step0"))
        )
    )
    visitor.open()
    visitor.press()
    visitor.fill(name="Ada")
    visitor.press()
    page = speak(visitor, "fr")
    assert page.errors == ["Taken <1>"]
    assert page.texts('span[lang="en"]') == ["Taken <1>"]


def test_a_password_that_was_not_kept_is_still_asked_for(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Secret))))
    visitor.open()
    visitor.fill(name="", password="short", again="other")
    page = speak(visitor, "fr")
    lost = catalogue("fr").gettext(NOT_KEPT)
    assert lost != NOT_KEPT
    assert page.errors == [REQUIRED["fr"], lost, lost]


def test_looking_in_another_language_stores_nothing(babel_app: Any) -> None:
    visitor = Visitor(babel_app(wizard_of(Step(Own))))
    visitor.open()
    visitor.fill(name="", age="x")
    before = visitor.page.value("_rev")
    speak(visitor, "fr")
    assert visitor.page.value("_rev") == before
    visitor.fill(name="Ada", age="7")
    visitor.press()
    assert [each.data["step0"]["age"] for each in committed] == [7]


def test_a_step_error_at_an_item_keeps_its_language(babel_app: Any) -> None:
    def commit(self: Wizard, submission: Submission) -> None:
        item = submission.answers.step0[0].item_id
        raise StepError("step0", lazy(en="Taken", fr="Pris"), item=item, field="name")

    wizard = wizard_of(Repeat(Pet, singular="pet"), commit=commit)
    visitor = Visitor(babel_app(wizard))
    visitor.open()
    visitor.press("add")
    visitor.fill(kind="cat", name="Tom")
    visitor.press()
    visitor.press()
    assert visitor.page.errors == ["Taken"]
    page = speak(visitor, "fr")
    assert page.errors == ["Taken"]
    assert "Taken" in page.texts('span[lang="en"]')


# The language of the browser


def test_messages_follow_the_language_of_the_browser(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(wizard_of(Step(Plain))))
    visitor.open()
    visitor.fill(name="", age="x")
    assert visitor.page.errors == [REQUIRED["en"], WHOLE["en"]]
    page = browse(visitor, "fr-CA, en;q=0.1")
    assert page.errors == [REQUIRED["fr"], WHOLE["fr"]]
    assert "<span lang" not in page.source
    assert browse(visitor, "en").errors == [REQUIRED["en"], WHOLE["en"]]


class Plain(Form):
    name = StringField("Name", [InputRequired()])
    age = IntegerField("Age", [InputRequired()])


def test_nothing_is_judged_again_in_the_same_language_of_the_browser(
    make_app: MakeApp,
) -> None:
    class Count(Form):
        runs = 0
        code = StringField("Code")

        def validate_code(self, field: Any) -> None:
            Count.runs += 1
            raise ValidationError("Wrong code")

    visitor = Visitor(make_app(wizard_of(Step(Count))))
    visitor.open()
    visitor.fill(code="1")
    runs = Count.runs
    assert browse(visitor, "en-GB").errors == ["Wrong code"]
    assert Count.runs == runs
    assert browse(visitor, "de").errors == ["Wrong code"]
    assert Count.runs == runs + 1


def test_messages_of_a_list_follow_the_language(make_app: MakeApp) -> None:
    pets = Repeat(Plain, singular="pet", min=2)
    visitor = Visitor(make_app(wizard_of(pets)))
    visitor.open()
    visitor.fill(name="Rex", age="3")
    visitor.press()
    assert visitor.page.errors == ["There must be at least 2. Add 1 more."]
    assert browse(visitor, "de").errors == [
        "Es müssen mindestens 2 sein. Fügen Sie noch 1 hinzu."
    ]


@pytest.mark.parametrize("action", ["next", "save"])
def test_message_of_a_file_says_its_language(make_app: MakeApp, action: str) -> None:
    class Photo(Form):
        photo = FileField("Photo", [FileContent("png")])

    visitor = Visitor(make_app(wizard_of(Step(Photo))))
    visitor.open()
    photo: Any = (BytesIO(b"<?php"), "photo.png")
    visitor.press(action, {"photo": photo})
    visitor.open(f"{visitor.draft}step0")
    english = "“photo.png” was not kept. Only PNG files can be kept here."
    assert visitor.page.errors == [english]
    page = browse(visitor, "de")
    assert page.errors == [english]
    assert page.texts('span[lang="en"]') == [english]


# No word of English


class Trip(Form):
    name = StringField("@", [InputRequired()])
    day = DateBoxesField("@")
    text = TextAreaField("@", [Length(max=500)])
    secret = PasswordField("@", [InputRequired()])
    payer = SelectField("@", choices=choices("@", "@@"))
    company = StringField("@", [OnlyIf("payer", ["@", "@@"])])
    photo = MultipleFileField("@", [FileContent("png", "pdf")])
    tags = FieldList(StringField("@"), min_entries=1, max_entries=2)


class Everything(Commits, Wizard):
    """All that an application says is "@", so that the rest is the package's."""

    title = "@"
    step0 = Step(Trip, title="@")
    step1 = Repeat(Plain, title="@", singular="@", min=1, max=3)
    step2 = Info(title="@")
    check = Review()


ALIKE = {
    "ar": set[str](),
    "de": {"April", "August", "September", "November"},
    "es": {"No", "Error:"},
    "fr": set[str](),
    "pt": set[str](),
}
"""What is the same in another language."""


def link_with(page: Page, part: str) -> str:
    """The address of the first link that has this in it."""
    urls = (attribute(node, "href") for node in page.html.query("main a"))
    return next(url for url in urls if part in url)


@pytest.mark.parametrize("lang", [code for code in LANGUAGES if code != "en"])
def test_no_page_has_a_word_of_english(make_app: MakeApp, lang: str) -> None:
    visitor = Visitor(make_app(Everything, WIZARD_MAX_UPLOADS_COUNT=1))
    visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = lang
    pages = [visitor.open()]
    part = {"day-month": "2", "day-year": "2026"}
    wrong: Any = {"photo": (BytesIO(b"x"), "@.png"), "tags-2": "@"}
    pages.append(visitor.fill(name="", secret="@", **part, **wrong))
    good: Any = {"photo": (BytesIO(b"%PDF-"), "@.pdf"), "tags-0": "@"}
    part["day-day"] = "1"
    pages.append(visitor.fill(name="@", secret="@", payer="@", **part, **good))
    pages.append(visitor.fill(name="", age=""))
    pages.append(visitor.fill(name="@", age="5"))
    at_list = visitor.page.url
    pages.append(visitor.open(link_with(visitor.page, "remove")))
    visitor.open(at_list)
    pages += [visitor.press(), visitor.press()]
    review = visitor.page
    assert review.rows
    pages += [visitor.open(link_with(review, "then=check")), visitor.press("save")]
    pages += [visitor.open("/join/"), visitor.open(link_with(visitor.page, "discard"))]
    visitor.open(review.url)
    pages.append(visitor.press())
    assert committed
    english = {text for text in known_texts() if re.search("[A-Za-z]{3}", text)}
    for page in pages:
        lines = re.split("<[^>]*>", " ".join(page.source.split()))
        lines += re.findall(r'data-[a-z]+="([^"]*)"', page.source)
        assert english & {line.strip() for line in lines} <= ALIKE[lang]
        words = re.findall(r"\b(?:[Tt]he|[Tt]his|[Yy]ou|[Yy]our|and)\b", str(lines))
        assert words == [], page.url
