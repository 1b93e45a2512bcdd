"""Lists in a browser: rows that a script adds and removes, and rows left blank."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from apps import MakeApp
from jinja2 import ChoiceLoader, DictLoader
from playwright.sync_api import Page, expect
from wizards import Commits, choices, committed, declare
from wtforms import Form, fields
from wtforms.validators import InputRequired

from flask_wizard import Review, Step

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication

PAGE = """{% extends "flask_wizard/default/step.html" %}
{% block after_form %}
<button id="add" onclick="add()">Add</button>
<button id="remove" onclick="document.getElementById('kids-1').remove()">Remove</button>
<script>
function add() {
  const row = document.getElementById("kids-0"), copy = row.cloneNode(true);
  const start = "kids-" + Date.now();
  const renamed = text => text.replace("kids-0", start);
  for (const node of [copy, ...copy.querySelectorAll("*")])
    for (const name of ["id", "name", "for"])
      if (node.hasAttribute(name))
        node.setAttribute(name, renamed(node.getAttribute(name)));
  for (const input of copy.querySelectorAll("[type=checkbox]")) input.checked = true;
  row.after(copy);
}
</script>
{% endblock %}"""


class Kid(Form):
    awake = fields.BooleanField("Awake")
    size = fields.RadioField("Size", choices=choices("s", "l"), validate_choice=False)


class Kids(Form):
    kids = fields.FieldList(fields.FormField(Kid), "Kids", min_entries=3)
    note = fields.StringField("Note", [InputRequired("Enter a note")])


def test_rows_keep_their_places_through_scripts_and_errors(
    page: Page, make_app: MakeApp, live_server: Callable[[WSGIApplication], str]
) -> None:
    wizard = declare("Asks", Commits, kids=Step(Kids), check=Review())
    app = make_app(wizard)
    own = DictLoader({"flask_wizard/wizards/asks/kids.html": PAGE})
    app.jinja_loader = ChoiceLoader([own, *filter(None, [app.jinja_loader])])
    page.goto(live_server(app) + "/join/")
    page.locator("#kids-2").get_by_label("l", exact=True).check()
    page.click("#remove")
    page.click("#add")
    page.get_by_role("button", name="Continue").click()
    expect(page.locator(".wizard-banner-list")).to_have_text("Enter a note")
    page.get_by_label("Note").fill("x")
    page.get_by_role("button", name="Continue").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.locator("h1")).not_to_have_text("Check your answers")
    assert committed[0].data["kids"]["kids"] == [
        {"awake": False, "size": None},
        {"awake": True, "size": None},
        {"awake": False, "size": "l"},
    ]
