"""Which language a request is answered in, and the words of a wizard."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from apps import MakeApp
from flask import Flask
from flask_babel import Babel
from jinja2 import DictLoader
from visitor import Visitor, attribute
from werkzeug.exceptions import (
    BadRequest,
    HTTPException,
    NotFound,
    RequestEntityTooLarge,
    UnsupportedMediaType,
)
from wizards import Commits, Join, You, declare
from wtforms import Form, StringField

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    Repeat,
    Review,
    Step,
    Wizard,
)
from flask_wizard.web.json_pages import describe_as_json
from flask_wizard.web.moments import ago, moment
from flask_wizard.web.state import get_context


def visitor_of(app: Flask, accepts: str = "") -> Visitor:
    visitor = Visitor(app)
    if accepts:
        visitor.client.environ_base["HTTP_ACCEPT_LANGUAGE"] = accepts
    return visitor


@pytest.mark.parametrize(
    ("accepts", "lang", "said"),
    [
        ("", "en", "Continue"),
        ("de", "de", "Weiter"),
        ("de-CH, en;q=0.5", "de", "Weiter"),
        ("it, pt-BR;q=0.7, en;q=0.3", "pt", "Continuar"),
        ("it", "en", "Continue"),
        ("ar-EG", "ar", "متابعة"),
        ("x" * 3000, "en", "Continue"),
        ("de;q=x, ;;;", "en", "Continue"),
    ],
)
def test_browser_says_the_language(
    make_app: MakeApp, accepts: str, lang: str, said: str
) -> None:
    page = visitor_of(make_app(Join), accepts).open()
    assert f'<html lang="{lang}"' in page.source
    assert page.texts("button")[0] == said


@pytest.mark.ux(9)
def test_right_to_left_is_said_of_the_page(make_app: MakeApp) -> None:
    assert 'lang="ar" dir="rtl"' in visitor_of(make_app(Join), "ar").open().source
    assert 'lang="fr" dir="ltr"' in visitor_of(make_app(Join), "fr").open().source


def test_response_varies_by_the_browser_s_language_only_if_that_counts(
    make_app: MakeApp,
) -> None:
    asked = visitor_of(make_app(Join)).get("/join/", follow_redirects=True)
    assert "Accept-Language" in asked.vary
    assert len(asked.headers.getlist("Vary")) == 1
    assert asked.vary.as_set() == {"accept", "cookie", "accept-language"}
    told = visitor_of(make_app(Join, WIZARD_LANG="de"))
    assert "Accept-Language" not in told.get("/join/", follow_redirects=True).vary


@pytest.mark.parametrize("lang", ["de", "de_AT", lambda: "de"])
def test_configuration_comes_before_the_browser(make_app: MakeApp, lang: Any) -> None:
    page = visitor_of(make_app(Join, WIZARD_LANG=lang), "fr").open()
    assert page.texts("button")[0] == "Weiter"
    assert '<html lang="de' in page.source


def test_function_that_knows_no_language_leaves_it_to_the_browser(
    make_app: MakeApp,
) -> None:
    app = make_app(Join, WIZARD_LANG=lambda: None)
    assert visitor_of(app, "fr").open().texts("button")[0] == "Continuer"


def test_flask_babel_comes_before_all(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_LANG="fr")
    Babel(app, default_locale="pt_BR")
    page = visitor_of(app, "de").open()
    assert page.texts("button")[0] == "Continuar"
    assert '<html lang="pt-BR"' in page.source


def test_language_that_does_not_ship_is_english_and_says_its_own_code(
    make_app: MakeApp,
) -> None:
    page = visitor_of(make_app(Join, WIZARD_LANG="it")).open()
    assert '<html lang="it"' in page.source
    assert page.texts("button")[0] == "Continue"


@pytest.mark.parametrize("lang", ["no such code", "<b>", "", 7, "../de"])
def test_what_is_no_code_is_refused(make_app: MakeApp, lang: Any) -> None:
    with pytest.raises(ConfigurationError, match="Expected the code of a language"):
        make_app(Join, WIZARD_LANG=lang)


def test_function_that_returns_no_code_is_refused(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_LANG=lambda: "<b>")
    with pytest.raises(ConfigurationError, match="'<b>'"):
        visitor_of(app).open()


def test_json_is_in_the_language_of_the_page(make_app: MakeApp) -> None:
    visitor = visitor_of(make_app(Join), "de")
    response = visitor.get(
        "/join/", headers={"Accept": "application/json"}, follow_redirects=True
    )
    assert response.json is not None
    assert response.json["actions"][0]["label"] == "Weiter"
    assert response.json["progress"]["text"] == "Schritt 1 von 3"


@pytest.mark.parametrize(
    ("error", "title"),
    [
        (BadRequest, "Ungültige Anfrage"),
        (NotFound, "Nicht gefunden"),
        (RequestEntityTooLarge, "Die Anfrage ist zu groß"),
        (UnsupportedMediaType, "Nicht unterstützter Inhaltstyp"),
    ],
)
def test_error_in_json_is_in_the_language(
    make_app: MakeApp, error: type[HTTPException], title: str
) -> None:
    app = make_app(Join, WIZARD_LANG="de")
    with app.test_request_context("/join/", headers={"Accept": "application/json"}):
        raised = error()
        describe_as_json(raised, get_context())
        data = json.loads(raised.get_response().get_data())
    assert data["title"] == title
    assert data["text"] != [error.description]


def test_page_in_a_layout_of_another_language_says_its_own(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_BASE_TEMPLATE="site.html", WIZARD_LANG="ar")
    layout = (
        '<!doctype html><html lang="en"><title>{% block title %}{% endblock %}</title>'
        "<main>{% block wizard %}{% endblock %}</main></html>"
    )
    app.jinja_loader = DictLoader({"site.html": layout})
    (wizard,) = Visitor(app).open().html.query("main .wizard")
    assert (attribute(wizard, "lang"), attribute(wizard, "dir")) == ("ar", "rtl")


# Words of a wizard and a step


class Order(Commits, Wizard):
    words: Mapping[str, object] = {
        "Confirm and send": "Place the order",
        "Continue": "Next",
        "Your answers have been sent": "Thank you for your order",
        "Check your answers": "Your order",
        "Step {number} of {total}": "{number}/{total}",
    }
    you = Step(You, words={"Continue": "On to your basket"})
    more = Step(You, words={"(optional)": "(if you like)"})
    check = Review()


def test_words_of_a_wizard_and_its_steps_are_on_the_pages(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Order))
    visitor.open()
    assert visitor.page.progress == "1/3"
    assert visitor.page.texts("button")[0] == "On to your basket"
    assert "(optional)" in visitor.page.source
    visitor.fill(name="Ada")
    assert visitor.page.texts("button")[0] == "Next"
    assert "(if you like)" in visitor.page.source
    visitor.fill(name="Ada")
    assert visitor.page.heading == "Your order"
    assert visitor.page.texts("button")[0] == "Place the order"
    visitor.press()
    assert visitor.page.heading == "Thank you for your order"


def test_words_are_inherited_and_may_be_replaced(make_app: MakeApp) -> None:
    child = declare("Child", Order, words={"Continue": "Onward"})
    visitor = Visitor(make_app(child))
    visitor.open()
    visitor.fill(name="Ada")
    assert visitor.page.texts("button")[0] == "Onward"
    assert visitor.page.progress == "Step 2 of 3"
    visitor.fill(name="Ada")
    assert visitor.page.heading == "Check your answers"


def test_words_of_a_list_are_on_the_pages_of_its_items(make_app: MakeApp) -> None:
    words = {"Add a {name}": "One more {name}", "Continue": "Done"}
    pets = Repeat(You, singular="pet", words=words)
    visitor = Visitor(make_app(declare("Pets", Commits, pets=pets, check=Review())))
    visitor.open()
    assert visitor.page.texts("button")[:2] == ["Done", "One more pet"]
    visitor.press("add")
    assert visitor.page.texts("button")[0] == "Done"


def test_word_may_be_lazy(make_app: MakeApp) -> None:
    from flask_babel.speaklater import LazyString

    said = LazyString(lambda: "Onward")
    wizard = declare("Lazy", Commits, you=Step(You, words={"Confirm and send": said}))
    assert Visitor(make_app(wizard)).open().texts("button")[0] == "Onward"
    wizard = declare("Lazy", Commits, you=Step(You), words={"Confirm and send": said})
    assert Visitor(make_app(wizard)).open().texts("button")[0] == "Onward"


@pytest.mark.parametrize("place", ["wizard", "step"])
def test_words_for_no_text_are_refused(place: str) -> None:
    words = {"Confirm and sent": "Order"}
    own: dict[str, Any] = {"words": words} if place == "wizard" else {}
    step = Step(You, words=words) if place == "step" else Step(You)
    with pytest.raises(DefinitionError, match="'Confirm and send'"):
        declare("Wrong", Commits, you=step, **own)


def test_words_is_no_name_of_a_step() -> None:
    with pytest.raises(DefinitionError, match="attribute of every wizard"):
        declare("Wrong", Commits, words=Step(You))


# Moments

NOON = datetime(2026, 11, 22, 11, 30, tzinfo=UTC)


def test_moment_is_in_the_zone_of_the_configuration(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_TIMEZONE="Europe/Berlin", WIZARD_LANG="de")
    with app.test_request_context("/join/"):
        assert moment(NOON) == "22. November 2026 um 12:30 CET"


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-5), "vor weniger als einer Minute"),
        (timedelta(seconds=59), "vor weniger als einer Minute"),
        (timedelta(minutes=1), "vor 1 Minute"),
        (timedelta(minutes=59), "vor 59 Minuten"),
        (timedelta(hours=1), "vor 1 Stunde"),
        (timedelta(hours=23, minutes=59), "vor 23 Stunden"),
        (timedelta(hours=24), None),
    ],
)
def test_short_time_is_told_from_now(
    make_app: MakeApp, passed: timedelta, said: str | None
) -> None:
    app = make_app(Join, WIZARD_LANG="de")
    at = time_machine.travel(NOON + passed, tick=False)
    with at, app.test_request_context("/join/"):
        assert ago(NOON) == said


# What people type


class Typed(Form):
    name = StringField("Name")
    phone = StringField("Phone", render_kw={"dir": "ltr"})


def test_controls_take_the_direction_of_what_is_typed(make_app: MakeApp) -> None:
    page = Visitor(make_app(declare("Types", Commits, it=Step(Typed)))).open()
    directions = [attribute(node, "dir") for node in page.html.query(".wizard-input")]
    assert directions == ["auto", "ltr"]


def test_answers_are_parted_from_the_sentence_around_them(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Join))
    visitor.open()
    visitor.fill(name="أحمد!")
    visitor.fill(pet="")
    assert "<bdi>أحمد!</bdi>" in visitor.page.source
