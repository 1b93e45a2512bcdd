"""assert_accessible, on pages that are written by hand and on those of WTForms."""

from __future__ import annotations

import builtins
import re
from typing import Any

import pytest
from documents import ROOT, run_blocks
from flask import Flask, jsonify, redirect, render_template_string
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard.testing import assert_accessible
from flask_wizard.testing.accessibility import RULES

GOOD = """<!doctype html>
<html lang="en">
<head><title>Error: About you - Join</title></head>
<body>
<a href="#main">Skip to main content</a>
<form action="/search"><input id="q" name="q" aria-label="Search"></form>
<main id="main">
<div class="summary" tabindex="-1" autofocus><div role="alert">
  <h2>There is a problem</h2>
  <ul>
    <li><a href="#name">Enter your name</a></li>
    <li><a href="#size-0">Choose a size</a></li>
  </ul>
</div></div>
<h1>About you</h1>
<form method="post" novalidate>
  <input type="hidden" name="csrf_token" value="t">
  <label for="name">Your name</label>
  <p id="name-hint">As on your card</p>
  <p id="name-error">Error: Enter your name</p>
  <input id="name" name="name" autocomplete="section-child given-name"
    aria-describedby="name-hint name-error" aria-invalid="true">
  <label>Email
    <input id="mail" name="mail" type="email" autocomplete="home email"></label>
  <fieldset aria-describedby="size-error">
    <legend>Size</legend>
    <p id="size-error">Choose a size</p>
    <input type="radio" id="size-0" name="size" value="s" aria-invalid="true">
    <label for="size-0">Small</label>
    <input type="radio" id="size-1" name="size" value="l" aria-invalid="true">
    <label for="size-1">Large</label>
  </fieldset>
  <fieldset><legend>Extras</legend>
    <input type="checkbox" id="x-0" name="x" value="a"><label for="x-0">Milk</label>
    <input type="checkbox" id="x-1" name="x" value="b"><label for="x-1">Sugar</label>
  </fieldset>
  <input type="checkbox" id="terms" name="terms"><label for="terms">I agree</label>
  <button name="_action" value="next">Continue</button>
  <button name="_action" value="back" formnovalidate>Back</button>
</form>
<p><a href="/terms">Terms</a> <a href="/terms#privacy">Privacy</a></p>
</main>
</body>
</html>
"""

NAME = 'aria-describedby="name-hint name-error" aria-invalid="true"'
LEGEND = "<legend>Size</legend>"
FORM = '<form method="post" novalidate>'
LINK = '<a href="#name">Enter your name</a>'
SUMMARY = '<div class="summary" tabindex="-1" autofocus>'

#: By the rule that has to say so: what of the good page is replaced, and by what.
BROKEN: dict[str, list[tuple[str, str]]] = {
    "lang": [(' lang="en"', ""), ('lang="en"', 'lang=" "')],
    "title": [
        ("<title>Error: About you - Join</title>", ""),
        ("Error: About you - Join", " "),
        ("</title>", "</title><title>Error: Two</title>"),
    ],
    "h1": [
        ("<h1>About you</h1>", "<h2>About you</h2>"),
        ("<h1>About you</h1>", "<h1></h1>"),
        ("Your name</label>", "Your name</label><h1>Name</h1>"),
    ],
    "main": [
        ('<main id="main">', '<div id="main">'),
        ("</main>", "</main><main>More</main>"),
    ],
    "skip-link": [
        ('<a href="#main">Skip to main content</a>', ""),
        ('<a href="#main">Skip', '<a href="/home">Home</a><a href="#main">Skip'),
        ('href="#main"', 'href="#q"'),
    ],
    "error-title": [("Error: About you", "About you")],
    "summary": [
        (f"<li>{LINK}</li>", ""),
        ('role="alert"', ""),
        (LINK, '<a href="#name">Invalid</a>'),
        (LINK, '<a href="#name-hint">Enter your name</a>'),
        ("<h2>There is a problem</h2>", "<p>There is a problem</p>"),
        ("<main", "<main><h1>First</h1><main"),
    ],
    "autofocus": [
        (" autofocus", ""),
        ('tabindex="-1" autofocus', "autofocus"),
        ('id="mail"', 'id="mail" autofocus'),
    ],
    "ids": [
        ('id="mail"', 'id="name"'),
        ('id="mail"', 'id="the mail"'),
        ('id="mail"', 'id=""'),
    ],
    "references": [
        ('id="name-hint"', ""),
        ('for="terms"', 'for="term"'),
        ('for="terms"', 'for="name-hint"'),
        ('href="#main"', 'href="#content"'),
        (
            "<fieldset><legend>Extras",
            '<fieldset aria-labelledby="none"><legend>Extras',
        ),
    ],
    "description": [
        (NAME, NAME.replace("name-hint", "name-error")),
        (
            "<fieldset><legend>Extras",
            '<p id="e"></p><fieldset aria-describedby="e"><legend>Extras',
        ),
    ],
    "label": [
        ('<label for="name">Your name</label>', ""),
        ("Your name</label>", "</label>"),
        ("<label>Email", "<label>"),
        ('<label for="name">Your name</label>', "<!-- aria-label is not seen -->"),
        ('name="q" aria-label="Search"', 'name="q" placeholder="Search"'),
    ],
    "group": [
        (LEGEND, ""),
        (LEGEND, "<legend> </legend>"),
        (LEGEND, f"<p>One of</p>{LEGEND}"),
        ("</fieldset>\n  <fieldset><legend>Extras</legend>", ""),
        (
            "<fieldset><legend>Extras</legend>",
            '<div role="group">',
        ),
        ("<fieldset><legend>Extras</legend>", "<div>"),
    ],
    "invalid": [
        (NAME, NAME.replace('aria-invalid="true"', "")),
        ('id="mail"', 'id="mail" aria-invalid="false"'),
        ('id="mail"', 'id="mail" aria-invalid="true"'),
    ],
    "marks": [("Your name</label>", "Your name *</label>")],
    "autocomplete": [
        ("home email", "work bday"),
        ("home email", "e-mail"),
        (FORM, '<form method="post" novalidate autocomplete="off">'),
    ],
    "paste": [('id="mail"', 'id="mail" onpaste="return false"')],
    "validation": [
        (FORM, '<form method="post">'),
        ('id="mail"', 'id="mail" required'),
        ('type="email"', 'type="number"'),
    ],
    "first-button": [
        ("<button", "<button formnovalidate>Save</button><button"),
        ("</main>", '<form id="o" method="post">x</form></main>'),
        (FORM, f'<button form="f" formnovalidate>Drop</button>{FORM[:-1]} id="f">'),
    ],
    "links": [
        ('<a href="/terms#privacy">Privacy', '<a href="/privacy">Terms'),
        ('<a href="/terms#privacy">Privacy', '<a href="/privacy">\n Terms '),
    ],
}
CASES = [
    pytest.param(rule, *how, id=f"{rule} {number}")
    for rule, hows in BROKEN.items()
    for number, how in enumerate(hows, start=1)
]


def faults_of(html: str, **options: Any) -> list[tuple[str, str]]:
    try:
        assert_accessible(html, **options)
    except AssertionError as error:
        lines = str(error).splitlines()[1:]
        return [(line[2:].split(":")[0], line) for line in lines]
    return []


def test_page_by_hand_that_has_everything_is_accessible() -> None:
    assert faults_of(GOOD) == []


def test_each_rule_is_tried() -> None:
    assert BROKEN.keys() == RULES.keys()


@pytest.mark.parametrize(("rule", "there", "instead"), CASES)
def test_broken_page_is_told(rule: str, there: str, instead: str) -> None:
    assert there in GOOD
    found = faults_of(GOOD.replace(there, instead, 1))
    assert rule in [name for name, _ in found]


@pytest.mark.parametrize(("rule", "there", "instead"), CASES)
def test_rule_can_be_left_out(rule: str, there: str, instead: str) -> None:
    found = faults_of(GOOD.replace(there, instead, 1), ignore={rule})
    assert rule not in [name for name, _ in found]


def test_fault_says_what_where_and_how_to_mend_it() -> None:
    ((_, line),) = faults_of(GOOD.replace('<label for="terms">I agree</label>', ""))
    number = GOOD[: GOOD.index('id="terms"')].count("\n") + 1
    assert f'<input id="terms" name="terms" type="checkbox"> in line {number}' in line
    assert 'Add <label for="terms">' in line


def test_what_was_typed_is_in_no_message() -> None:
    page = GOOD.replace('id="mail"', 'value="Zanzibar"').replace("<label>Email", "")
    assert faults_of(page)
    assert "Zanzibar" not in str(faults_of(page))


def test_rule_that_does_not_exist_cannot_be_left_out() -> None:
    with pytest.raises(ValueError, match="'labels', which is no rule"):
        assert_accessible(GOOD, ignore={"labels"})


# Pages of an application


class YouForm(Form):
    name = fields.StringField("Your name", [InputRequired()])
    age = fields.IntegerField("Age")


def answers(view: Any) -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/you", view_func=view)
    return app


def test_page_of_wtforms_own_widgets_is_not_accessible() -> None:
    page = GOOD.replace(
        FORM,
        f"{FORM}{{% for field in form %}}{{{{ field.label }}}}{{{{ field() }}}}"
        "{% endfor %}",
    ).replace('id="name"', 'id="other"')
    response = (
        answers(lambda: render_template_string(page, form=YouForm()))
        .test_client()
        .get("/you")
    )
    with pytest.raises(AssertionError, match="The page /you is not") as raised:
        assert_accessible(response)
    assert "has required" in str(raised.value)
    assert "of the type number" in str(raised.value)


def test_redirect_is_no_page() -> None:
    client = answers(lambda: redirect("/there")).test_client()
    with pytest.raises(AssertionError, match=r"a redirect to '/there'.*follow"):
        assert_accessible(client.get("/you"))


def test_json_is_no_page() -> None:
    client = answers(lambda: jsonify(a=1)).test_client()
    with pytest.raises(AssertionError, match="application/json, and no page"):
        assert_accessible(client.get("/you"))


def test_parser_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__

    def without(name: str, *rest: Any) -> Any:
        if name == "justhtml":
            raise ImportError(name)
        return real(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(ImportError, match=r"flask-wizard-forms\[testing\]"):
        assert_accessible(GOOD)


# The document

DOCUMENT = "docs/accessibility.md"


def test_document_shows_what_its_test_says() -> None:
    names = run_blocks(DOCUMENT)
    with pytest.raises(AssertionError) as raised:
        names["test_age_is_accessible"]()
    said = " ".join(str(raised.value).split())
    assert said in " ".join((ROOT / DOCUMENT).read_text().split())


def test_document_lists_the_rules() -> None:
    listed = re.findall(r"^\| `([a-z0-9-]+)` \| ", (ROOT / DOCUMENT).read_text(), re.M)
    assert listed == list(RULES)


BOXES = """<fieldset{}><legend>Born</legend>
    <p id="born-error">Enter a day and a month</p>
    <label for="day">Day</label><input id="day" name="day" aria-invalid="true"{}>
    <label for="month">Month</label>
    <input id="month" name="month" aria-invalid="true"{}>
  </fieldset>"""
AT = ' aria-describedby="born-error"'


def with_boxes(*described: str) -> str:
    """The good page with two boxes of one question, and a link to the first."""
    page = GOOD.replace(LINK, f'{LINK} <a href="#day">Enter a day</a>')
    return page.replace(FORM, FORM + BOXES.format(*described))


def test_one_link_leads_to_the_boxes_of_one_message() -> None:
    assert_accessible(with_boxes(AT, "", ""))


def test_boxes_with_messages_of_their_own_need_a_link_each() -> None:
    with pytest.raises(AssertionError) as raised:
        assert_accessible(with_boxes("", AT, AT))
    assert 'id="month"' in str(raised.value)
    assert "no link of the summary leads to it" in str(raised.value)
