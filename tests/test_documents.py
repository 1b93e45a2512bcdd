"""The documents: their code runs, and their tables say what is so."""

from __future__ import annotations

import ast
import dataclasses
import json
import re
import sqlite3
from contextlib import closing
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from blinker import NamedSignal
from clock import DAY
from documents import ROOT, blocks, run_blocks
from flask import Flask
from time_machine import Traveller
from uploads import PNG, files_in, send_files
from visitor import Page, Visitor, attribute
from werkzeug.datastructures import MultiDict
from wizards import Join

import flask_wizard
from example_app import create_app
from flask_wizard import FlaskWizard, errors, signals, testing
from flask_wizard.checks.definitions import CHECKS
from flask_wizard.extension import DEFAULTS
from flask_wizard.stores.registry import SCHEMES
from flask_wizard.testing import WizardClient
from flask_wizard.web import guest_pages, pages

FIRST_WIZARDS = {
    "README.md": ["Join"],
    "docs/quickstart.md": ["Wish"],
    "docs/tutorial.md": ["Checkout"],
    "docs/guide.md": ["Book"],
    "docs/users.md": ["Join"],
    "docs/lists.md": ["Household", "Family"],
    "docs/testing.md": ["Join"],
}
"""Wizards that readers begin from."""

PAGE = "What a step's page gets"
PAGES = sorted((ROOT / "docs").glob("*.md"))
DOCUMENTS = ("README.md", *(f"docs/{path.name}" for path in PAGES))


def follow(visitor: Visitor, url: str, **typed: str) -> str:
    """Open a page, send its form with what was typed, and return where that leads."""
    visitor.open(url)
    return visitor.send("next", typed).location


@pytest.fixture
def instance(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Have applications of the documents keep their drafts in a temporary folder."""
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(tmp_path))
    return tmp_path


def test_wizard_of_the_readme_runs_to_its_commit(instance: Path) -> None:
    readme = run_blocks("README.md")
    ann = {"you.name": "Ann", "age": 12, "guardian.name": "Mum"}
    assert "M-1" in WizardClient(readme["app"], "join").tell(ann).text
    assert readme["members"] == [
        {"you": {"name": "Ann", "age": 12}, "guardian": {"name": "Mum"}}
    ]


def test_readme_wizard_keeps_its_drafts_in_the_instance_folder(instance: Path) -> None:
    visitor = Visitor(run_blocks("README.md")["app"])
    follow(visitor, "/join/", name="Ann", age="12")
    assert (instance / "flask_wizard.sqlite3").is_file()


def test_first_wizard_has_fifteen_lines(
    instance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (program,) = blocks("docs/quickstart.md", "python")
    assert len([line for line in program.splitlines() if line]) == 15
    visitor = Visitor(run_blocks("docs/quickstart.md")["app"])
    visitor.open("/wish/")
    visitor.fill(answer="Ada")
    page = visitor.fill(answer="A boat")
    assert [said for _, said in page.rows] == ["Ada", "A boat"]
    visitor.press()
    assert capsys.readouterr().out in (ROOT / "docs/quickstart.md").read_text()


def tutorial(section: str) -> tuple[dict[str, Any], Visitor]:
    """Run the tutorial up to the end of a section; return its names and a visitor."""
    text = (ROOT / "docs/tutorial.md").read_text()
    begins = text.index(f"\n## {section}\n")
    ends = text.index("\n## ", begins + 1)
    names: dict[str, Any] = {"__name__": "tutorial"}
    for block in re.findall(r"^```python\n(.*?)^```", text[:ends], re.S | re.M):
        exec(compile(block, "docs/tutorial.md", "exec"), names)
    visitor = Visitor(names["create_app"]())
    visitor.open("/checkout/")
    return names, visitor


HOME = {"name": "Ada", "street": "1 Main St", "town": "Ghent"}


def test_tutorial_begins_with_one_page(instance: Path) -> None:
    names, visitor = tutorial("One page")
    assert "Enter the town" in visitor.fill(**{**HOME, "town": ""}).errors
    visitor.fill(**HOME)
    (order,) = names["orders"].values()
    assert repr(order) in (ROOT / "docs/tutorial.md").read_text().replace('"', "'")


def test_tutorial_has_a_page_to_check(instance: Path) -> None:
    names, visitor = tutorial("A second page, and one to check")
    visitor.fill(**HOME)
    page = visitor.fill(gift="no")
    assert page.heading == "Check your order"
    visitor.open(page.link("Change Town"))
    assert visitor.fill(town="Bruges").heading == "Check your order"
    visitor.press()
    assert [order["delivery"]["town"] for order in names["orders"].values()] == [
        "Bruges"
    ]


def test_tutorial_asks_some_visitors_for_a_message(instance: Path) -> None:
    _, visitor = tutorial("A page that only some visitors see")
    visitor.fill(**HOME)
    visitor.fill(gift="yes")
    page = visitor.fill(message="Enjoy!")
    assert "Enjoy!" in dict(page.rows).values()
    visitor.open(page.link("Change Is it a gift?"))
    page = visitor.fill(gift="no")
    assert "Enjoy!" not in dict(page.rows).values()
    visitor.open(page.link("Change Is it a gift?"))
    assert "Enjoy!" in dict(visitor.fill(gift="yes").rows).values()


def test_tutorial_asks_again_what_is_not_offered_any_more(instance: Path) -> None:
    _, visitor = tutorial("Choices that depend on an answer")
    visitor.fill(**HOME)
    visitor.fill(gift="no")
    page = visitor.fill(method="door")
    visitor.open(page.link("Change Is it a gift?"))
    page = visitor.fill(gift="yes")
    assert page.heading == "Message on the card"
    page = visitor.fill(message="Enjoy!")
    assert page.path.endswith("/payment")
    assert "At the door" not in page.text


def test_tutorial_asks_a_company_for_its_name(instance: Path) -> None:
    names, visitor = tutorial("A field that only some visitors need")
    visitor.fill(**HOME)
    visitor.fill(gift="no")
    page = visitor.fill(method="card", payer="company")
    assert page.errors == ["Enter the name of the company"]
    assert visitor.fill(payer="person").heading == "Check your order"
    visitor.press()
    (order,) = names["orders"].values()
    assert order["payment"] == {"method": "card", "payer": "person", "company": None}


@pytest.mark.parametrize(
    "section", ["An order that is placed once", "Begin with what is known"]
)
def test_tutorial_places_an_order_once(instance: Path, section: str) -> None:
    names, visitor = tutorial(section)
    visitor.fill(**HOME)
    visitor.fill(gift="no")
    visitor.fill(method="card", payer="person")
    in_cart = names["cart"].pop("Emma")
    assert visitor.press().errors == ["Your cart is empty. Put a book in it."]
    names["cart"]["Emma"] = 3
    visitor.press()
    assert visitor.press().errors == ["Of “Emma” 2 are left."]
    names["cart"]["Emma"] = in_cart
    visitor.press()
    check = visitor.page
    assert "It is on its way." in visitor.press().text
    visitor.open(check.path)
    assert visitor.page.path.endswith("/receipt")
    assert names["stock"] == {"Emma": 1}
    assert visitor.open("/checkout/").value("name") == (
        "Ada" if section.startswith("Begin") else ""
    )


def test_wizard_of_the_guide_runs_to_its_commit(instance: Path) -> None:
    guide = run_blocks("docs/guide.md")
    client = WizardClient(guide["create_app"](), "book", language="en", agency="north")
    client.fill("trip", country="pt", leaving=date(2027, 5, 1))
    assert "Lisbon" in client.fill(place="Porto").source
    client.fill(name="Ann", home={"street": "1 Main St", "town": "Porto"})
    contact = client.confirm()
    assert contact.errors == ["Enter a town other than where you go"]
    client.fill(home={"town": "Faro"})
    assert "We will write to you." in client.confirm().text
    assert guide["bookings"][0][1]["contact"]["home"]["town"] == "Faro"


def test_form_of_the_fields_document_is_filled_in(
    instance: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    visitor = Visitor(run_blocks("docs/fields.md")["create_app"]())
    page = visitor.open()
    assert len(page.html.query(".wizard-side-by-side #home-postcode")) == 1
    you = {"home-street": "1 Main St", "home-postcode": "12345", "home-city": "Faro"}
    assert visitor.press("next", {**you, "born-day": "5"}).errors == [
        "Enter the month and the year"
    ]
    visitor.fill(born="2010-05-05")
    visitor.press()
    assert capsys.readouterr().out == "2010-05-05\n"


def test_cake_of_the_languages_document_is_german(instance: Path) -> None:
    visitor = Visitor(run_blocks("docs/languages.md")["create_german_app"]())
    visitor.open("/cake/")
    assert visitor.fill(name="").errors[0] == "Dieses Feld wird benötigt."
    page = visitor.fill(name="Ada", day="2026-11-22", weight="2.5")
    assert page.heading == "Prüfen Sie Ihre Angaben"
    assert [said for _, said in page.rows] == ["Ada", "22. November 2026", "2,5"]
    assert visitor.press().heading == "Ihre Angaben wurden gesendet"


def test_order_of_the_languages_document_has_its_own_words(instance: Path) -> None:
    document = run_blocks("docs/languages.md")
    app = document["create_german_app"]()
    app.config["WIZARD_LANG"] = "en"
    app.register_blueprint(document["Order"].as_blueprint("order"), url_prefix="/order")
    visitor = Visitor(app)
    page = visitor.open("/order/")
    assert page.progress == "Page 1 of 3"
    assert page.texts("button")[0] == "Go on to the cream"
    filled = {"name": "Ada", "day": "2026-11-22", "weight": "2.5"}
    assert visitor.fill(**filled).texts("button")[0] == "Have a look at it all"
    page = visitor.fill(**filled)
    assert (page.heading, page.texts("button")[0]) == ("Your order", "Place the order")
    assert visitor.press().heading == "Thank you for your order"


def test_check_page_of_the_guide_has_the_rows_of_its_function(instance: Path) -> None:
    guide = run_blocks("docs/guide.md")
    app = Flask("own")
    app.config["SECRET_KEY"] = "secret"
    FlaskWizard(app)
    app.register_blueprint(guide["BookChecked"].as_blueprint("book"), url_prefix="/b")
    visitor = Visitor(app)
    visitor.open("/b/")
    visitor.fill(country="pt", leaving="2027-05-01")
    visitor.fill(place="Porto")
    you = {"name": "Ann", "home-street": "1 Main St", "home-town": "Faro"}
    page = visitor.press("next", you)
    assert page.heading == "Check your trip"
    rows = dict(page.rows)
    assert rows["Home address"] == "1 Main St Faro"
    assert rows["Nights"] == "Seven"
    assert "Town" not in rows


def app_of(document: dict[str, Any], **wizards: str) -> Flask:
    """Return an application with wizards of a document, each mounted at its name."""
    app = Flask("own")
    app.config["SECRET_KEY"] = "secret"
    FlaskWizard(app)
    for name, wizard in wizards.items():
        blueprint = document[wizard].as_blueprint(name)
        app.register_blueprint(blueprint, url_prefix=f"/{name}")
    return app


def test_branches_of_the_documents_run_to_their_commits(instance: Path) -> None:
    document = run_blocks("docs/branching.md")
    app = app_of(document, join="JoinWithDay", read="JoinAfterReading")
    visitor = Visitor(app)
    visitor.open("/join/")
    page = visitor.fill(name="Ann", age="12")
    assert page.path.endswith("/guardian")
    visitor.fill(name="Mum")
    visitor.fill(school="Elm")
    page = visitor.page
    assert page.heading == "Check your answers"
    visitor.open(page.link("Change Your age"))
    assert visitor.fill(age="19").path.endswith("/day")
    visitor.fill(job="Baker")
    visitor.press()
    visitor.open("/read/")
    visitor.press()
    page = visitor.fill(name="Tim", age="4")
    assert page.heading == "You can join from the age of 6"
    visitor.press("back")
    visitor.fill(age="19")
    assert [dict(data) for data in document["joined"]] == [
        {"you": {"name": "Ann", "age": 19}, "day": {"job": "Baker"}},
        {"you": {"name": "Tim", "age": 19}},
    ]


def test_invoice_of_the_documents_needs_a_number_of_a_firm_only() -> None:
    form = run_blocks("docs/branching.md")["InvoiceForm"]
    home = {"address-street": "1 Main St", "address-town": "Faro"}
    assert form(MultiDict({"payer": "me", **home})).validate()
    assert form(MultiDict({"payer": "me", "same": "y"})).validate()
    firm = form(MultiDict({"payer": "firm", "same": "y"}))
    assert not firm.validate()
    assert firm.errors == {"vat_number": ["Enter the VAT number"]}


def test_trip_of_the_documents_is_edited(instance: Path) -> None:
    document = run_blocks("docs/editing.md")
    app = app_of(document)
    document["add_editing"](app)
    visitor = Visitor(app)
    page = visitor.open("/trips/7/edit/")
    assert page.errors == ["Enter the day you leave"]
    visitor.fill(leaving="2027-05-01")
    assert visitor.open("/trips/7/edit/").heading == "Check your answers"
    visitor.press("next")
    assert visitor.page.errors == ["Choose the place again"]
    visitor.fill(place="Lisbon")
    assert visitor.send("next").location == "/trips/7"
    assert document["trips"][7]["place"] == "Lisbon"


def test_wizard_of_the_documents_runs_behind_a_proxy(instance: Path) -> None:
    client = run_blocks("docs/proxies.md")["create_app"]().test_client()
    proxy = {
        "X-Forwarded-Proto": "https",
        "X-Forwarded-Host": "www.example.org",
        "X-Forwarded-Prefix": "/forms",
    }
    begin = client.get("/join/", headers=proxy).location
    assert begin.startswith("/forms/join/new/you")
    page = client.get(begin.removeprefix("/forms"), headers=proxy)
    sent = {**Page(page).forms[begin], "name": "Ada"}
    own = {**proxy, "Origin": "https://www.example.org"}
    answer = client.post(begin.removeprefix("/forms"), data=sent, headers=own)
    assert answer.status_code == 303
    assert answer.location.startswith("/forms/join/")
    assert "Secure" in answer.headers["Set-Cookie"]


def test_lifetime_of_the_documents_is_no_limit_of_time() -> None:
    complaint = run_blocks("docs/data_protection.md")["Complaint"]
    assert complaint.lifetime.total_seconds() >= 20 * 60 * 60


def test_order_that_came_from_formtools_runs_to_its_commit(instance: Path) -> None:
    document = run_blocks("docs/from_formtools.md")
    visitor = Visitor(document["create_app"]())
    visitor.open("/order/")
    assert visitor.fill(method="card").path.endswith("/card")
    visitor.fill(number="4111")
    visitor.press()
    visitor.open("/order/")
    assert visitor.fill(method="cash").path.endswith("/check")
    visitor.press()
    assert document["orders"] == [
        {"pay": {"method": "card"}, "card": {"number": "4111"}},
        {"pay": {"method": "cash"}},
    ]


def test_views_of_the_documents_become_a_wizard(instance: Path) -> None:
    document = run_blocks("docs/from_session_code.md")
    former = document["create_former_app"]().test_client()
    assert former.post("/join/name", data={"name": "Ada"}).location == "/join/age"
    former.post("/join/age", data={"age": "36"})
    # The faults that the page names.
    former.post("/join/age", data={"age": "36"})
    assert document["members"] == [{"name": "Ada", "age": 36}, {"age": 36}]
    visitor = Visitor(document["create_app"]())
    with visitor.client.session_transaction() as session:
        session["join"] = {"name": "Ada"}
    assert visitor.open("/join/").value("name") == "Ada"
    visitor.press()
    visitor.fill(age="36")
    assert visitor.send("next").location == "/welcome"
    assert document["members"][2:] == [{"name": "Ada", "age": 36}]


def test_pages_of_the_documents_run_under_a_strict_policy(instance: Path) -> None:
    visitor = Visitor(run_blocks("docs/script.md")["create_app"]())
    page = visitor.open("/join/")
    html = page.html.to_html()
    assert re.findall(r"<style|<script(?! [^>]*src=)|\sstyle=|\son[a-z]+=", html) == []
    response = visitor.client.get(page.path)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'self'")


def test_pets_of_the_documents_are_edited(instance: Path) -> None:
    lists = run_blocks("docs/lists.md")
    app = Flask("own")
    app.config["SECRET_KEY"] = "secret"
    FlaskWizard(app)
    app.register_blueprint(lists["EditPets"].as_blueprint("pets"), url_prefix="/pets")
    visitor = Visitor(app)
    assert visitor.open("/pets/").heading == "Check your answers"
    visitor.open("/pets/new/pets/new")
    visitor.fill(name="Kit", kind="cat")
    page = visitor.open(f"/pets/{visitor.page.path.split('/')[2]}/pets")
    urls = [url for name, url in page.links.items() if name.endswith(": Rex")]
    change, remove = urls
    visitor.open(remove)
    visitor.press("next")
    (change,) = [u for n, u in visitor.page.links.items() if n == "Change 1: Tom"]
    visitor.open(change)
    visitor.fill(name="Tim")
    visitor.press("next")
    visitor.press("next")
    assert lists["rows"] == {
        4: {"id": 4, "name": "Tim", "kind": "cat"},
        5: {"id": 5, "name": "Kit", "kind": "cat"},
    }


def test_headless_view_of_the_guide_runs_to_its_commit(instance: Path) -> None:
    guide = run_blocks("docs/guide.md")
    app = guide["create_app"]()
    guide["add_headless"](app)
    visitor = Visitor(app)
    place = follow(visitor, "/plan/new/trip", country="pt", leaving="2027-05-01")
    assert place.startswith("/plan/")
    contact = follow(visitor, place, place="Porto")
    you = {"name": "Ann", "home-street": "1 Main St", "home-town": "Faro"}
    receipt = visitor.get(follow(visitor, follow(visitor, contact, **you)))
    assert "We will write to you." in receipt.text


def test_wizard_of_the_page_about_uploads_runs_to_its_commit(instance: Path) -> None:
    uploads = run_blocks("docs/uploads.md")
    uploads["app"].register_blueprint(
        uploads["Scanned"].as_blueprint("scanned"), url_prefix="/scanned"
    )
    visitor = Visitor(uploads["app"])
    visitor.open("/scanned/")
    page = send_files(visitor, {"photo": [(PNG + b"EICAR", "me.png")]})
    assert page.errors == ["“me.png” was not kept. It may be harmful."]
    send_files(visitor, {"photo": [(PNG, "me.png")]})
    assert visitor.press().path.endswith("/receipt")
    assert uploads["photos"] == [PNG]
    assert files_in(instance / "flask_wizard_uploads") == []


def test_school_trip_of_the_documents_runs_to_its_commit(instance: Path) -> None:
    visitor = Visitor(run_blocks("docs/school_trip.md")["create_app"]())
    visitor.open("/trip/")
    visitor.press("next")
    page = visitor.fill(school="no")
    assert page.heading == "This trip is for Hill School only"
    visitor.press("back")
    visitor.fill(school="hill")
    visitor.fill(name="Ann", phone="123")
    papers = {"consent": [(b"%PDF-1.7", "yes.pdf")], "photo": [(PNG, "me.png")]}
    for name, allergic in (("Ida", "y"), ("Max", None), ("Zoe", "y")):
        page = visitor.fill(name=name, allergic=allergic)
        assert page.path.endswith("/allergy" if allergic else "/papers")
        if allergic:
            visitor.fill(what="Nuts")
        assert send_files(visitor, papers).heading == "Your children"
        visitor.press("add")
    visitor.press("back")
    assert visitor.press("next").heading == "Check your registration"
    assert "See you at the bus: Ida, Max, Zoe." in visitor.press("next").text
    saved = sorted(path.name for path in (instance / "trip").glob("*/*"))
    assert saved == [f"{n}.{kind}" for n in (1, 2, 3) for kind in ("pdf", "photo")]


def test_tasks_of_the_documents_run_in_any_order(instance: Path) -> None:
    document = run_blocks("docs/tasks.md")
    visitor = Visitor(document["create_app"]())
    page = visitor.open("/sell/")
    assert page.texts(".wizard-task-state") == [
        *("Not started", "Not started", "Cannot start yet", "Cannot start yet")
    ]
    visitor.open(page.link("Your books"))
    visitor.fill(title="Emma")
    page = visitor.press("next")
    visitor.open(page.link("About you"))
    visitor.fill(name="Ada")
    page = visitor.fill(town="Ghent")
    visitor.open(page.link("How we pay you"))
    visitor.fill(way="transfer")
    page = visitor.fill(iban="BE68")
    visitor.open(page.link("Check your answers"))
    visitor.press("next")
    (sold,) = document["sold"]
    assert sold["books"] == [{"title": "Emma"}]
    assert sold["payment"] == {"way": "transfer"}


def test_lists_of_the_documents_run_to_their_commits(instance: Path) -> None:
    lists = run_blocks("docs/lists.md")
    visitor = Visitor(lists["create_app"]())
    visitor.open("/pets/")
    visitor.fill(name="Ada")
    visitor.press("add")
    visitor.press("add", {"name": "Rex", "kind": "dog"})
    assert visitor.fill(name="Rex").errors == ["Another pet has that name"]
    visitor.fill(name="Cerberus")
    visitor.press("next")
    assert visitor.press("next").errors == ["Three heads are too many"]
    visitor.fill(name="Tim")
    visitor.press("next")

    child = {"who": {"name": "Bea", "age": 8}, "school": {"school": "Elm"}}
    seats = [{"seat": "window"}, {"seat": "aisle"}]
    stories = {
        "family": {"name": "Ada", "children": [child]},
        "trip": {"names": "Ada, Bob", "seats": seats},
    }
    for mount, story in stories.items():
        WizardClient(visitor.app, mount).tell(story)

    pets, family, trip = lists["registered"]
    assert [pet["name"] for pet in pets["pets"]] == ["Rex", "Tim"]
    assert family["children"] == [child]
    assert trip["seats"] == seats


ADDRESS = {"name": "Ann", "street": "Elm Road", "way": "bike"}


def order_by(visitor: Visitor, *, remember: str | None) -> None:
    """Order a book from a wizard that has nothing remembered."""
    page = visitor.open("/order/")
    assert page.path.endswith("/delivery")
    assert page.value("street") == ""
    visitor.fill(**ADDRESS)
    visitor.fill(remember=remember)
    visitor.fill(number="4111-1111")
    assert "It is on its way." in visitor.press("next").text


def test_last_answers_of_the_documents_begin_the_next_draft(instance: Path) -> None:
    personal = run_blocks("docs/personal.md")
    visitor, other = (Visitor(app := personal["create_app"]()), Visitor(app))
    order_by(visitor, remember="y")
    page = visitor.open("/order/")
    assert page.path.endswith("/card")  # the number is asked each time
    page = visitor.fill(number="4111-2222")
    assert dict(page.rows) == {
        **{"Name": "Ann", "Street": "Elm Road", "How shall it come?": "By bike"},
        **{"Remember my address for my next order": "Yes"},
        **{"Number of your card": "Not shown"},
    }
    with visitor.client.session_transaction() as session:
        assert "4111" not in repr(session["order"])
    assert other.open("/order/").value("street") == ""
    # Whoever clears the box is forgotten.
    visitor.open(page.link("Change Remember"))
    visitor.fill(remember=None)
    visitor.press("next")
    assert visitor.open("/order/").value("street") == ""


def test_nothing_is_remembered_without_agreement(instance: Path) -> None:
    visitor = Visitor(run_blocks("docs/personal.md")["create_app"]())
    order_by(visitor, remember=None)
    with visitor.client.session_transaction() as session:
        assert "Elm Road" not in repr(dict(session))
    assert visitor.open("/order/").value("street") == ""


def test_button_of_the_documents_forgets(instance: Path, tmp_path: Path) -> None:
    text = section("docs/personal.md", "A button that forgets")
    (template,) = re.findall(r"^```jinja\n(.*?)^```", text, re.S | re.M)
    own = tmp_path / "templates" / "flask_wizard" / "wizards" / "order"
    own.mkdir(parents=True)
    (own / "review.html").write_text(template)
    app = run_blocks("docs/personal.md")["create_app"]()
    app.template_folder = str(tmp_path / "templates")
    visitor = Visitor(app)
    order_by(visitor, remember="y")
    visitor.open("/order/")
    page = visitor.fill(number="4111-2222")
    assert visitor.client.post("/forget").status_code == 400  # it needs the token
    answer = visitor.client.post("/forget", data=page.forms["/forget"])
    assert answer.status_code == 303
    assert visitor.open(page.path).text.count("Elm Road") == 1  # the draft at hand
    visitor.open(f"{visitor.draft}discard")
    visitor.press("discard")
    assert visitor.open("/order/").value("street") == ""


@pytest.mark.parametrize("wizard", ["Order", "OrderStepByStep"])
def test_remembered_choice_that_is_no_longer_offered_is_asked(
    instance: Path, wizard: str
) -> None:
    personal = run_blocks("docs/personal.md")
    visitor = Visitor(personal["create_app"](personal[wizard]))
    order_by(visitor, remember="y")
    del personal["WAYS"]["bike"]
    page = visitor.open("/order/")
    assert page.path.endswith("/delivery")
    assert page.value("street") == "Elm Road"
    reason = ["Choose one of the ways that we offer today"]
    assert page.errors == (reason if wizard == "Order" else [])
    assert page.texts("[checked]") == []
    assert visitor.fill(way="post").value("remember") == "y"
    assert visitor.fill().path.endswith("/card")
    page = visitor.fill(number="4111-2222")
    assert ("How shall it come?", "By post") in page.rows


def test_users_of_the_documents_are_remembered_in_their_row(
    instance: Path, tmp_path: Path
) -> None:
    personal = run_blocks("docs/personal.md")
    app = personal["create_app_with_accounts"](f"sqlite:///{tmp_path / 'users.db'}")
    db, user = personal["db"], personal["User"]
    with app.app_context():
        db.create_all()
        db.session.add_all([user(id=1), user(id=2)])
        db.session.commit()

    def of(id: int | None) -> Visitor:
        visitor = Visitor(app)
        with visitor.client.session_transaction() as session:
            session.update({"_user_id": str(id), "_fresh": True} if id else {})
        return visitor

    order_by(of(1), remember="y")
    phone = of(1)
    assert phone.open("/order/").path.endswith("/card")
    page = phone.fill(number="4111-2222")
    assert ("Street", "Elm Road") in page.rows
    assert of(2).open("/order/").value("street") == ""
    order_by(guest := of(None), remember="y")
    assert guest.open("/order/").path.endswith("/card")
    with guest.client.session_transaction() as session:
        session.update({"_user_id": "2", "_fresh": True})
    assert guest.tab().open("/order/").value("street") == ""
    phone.client.post("/forget", data={"csrf_token": phone.token})
    with app.app_context():
        assert db.session.get(user, 1).order is None
        db.engine.dispose()


def test_invitation_of_the_documents_has_nothing_of_who_makes_it(
    instance: Path,
) -> None:
    personal = run_blocks("docs/personal.md")
    app = personal["create_app"](personal["OrderForSomebody"])
    app.config["WIZARD_EXTERNAL_URL"] = "https://shop.example"
    with app.test_request_context() as context:
        context.session["order"] = {"delivery": ADDRESS}
        url = FlaskWizard().invite_url("order", {}, max_age=60)
    friend = Visitor(app)
    friend.open(url.removeprefix("https://shop.example"))
    assert friend.press().value("street") == ""


@pytest.mark.parametrize("recipe", ["with_flask_login", "with_a_session"])
def test_recipe_for_users_works(instance: Path, recipe: str) -> None:
    users = run_blocks("docs/users.md")
    app = users[recipe]()
    users["add_my_drafts"](app, FlaskWizard())  # it has no state but the application's
    visitor = Visitor(app)
    friend = follow(visitor, "/join/", name="Ann")
    visitor.client.post("/login", data={"name": "ann"})
    (draft,) = json.loads(visitor.get("/my-drafts").text)
    assert draft["what"] == "Join: Ann"
    assert draft["continue"] == friend
    visitor.client.post("/logout")
    assert visitor.get("/my-drafts").json == []
    assert visitor.get(friend).status_code == 404


def test_wizard_for_users_only_gives_the_text_back(instance: Path) -> None:
    app = run_blocks("docs/users.md")["for_users_only"]()
    visitor = Visitor(app)
    answer = visitor.get("/join/new/you?a=b")
    assert answer.location == "/login?next=/join/new/you?a%3Db"
    visitor.sign_in("/login", name="ann")
    visitor.open("/join/")
    visitor.fill(name="Ann")
    with visitor.client.session_transaction() as session:
        del session["user_id"]
    page = visitor.fill(name="Bea")
    assert (page.status, page.value("name")) == (401, "Bea")
    assert page.link("Sign in (opens a new tab)").startswith("/login?next=")


def test_wizard_beside_one_for_users_only_is_for_all(instance: Path) -> None:
    users = run_blocks("docs/users.md")
    app = users["for_users_only"]()
    users["add_my_drafts"](app, FlaskWizard())  # it has no state but the application's
    visitor = Visitor(app)
    assert visitor.get("/my-drafts").json == []
    friend = follow(visitor, "/guests/", name="Ann")
    (draft,) = json.loads(visitor.get("/my-drafts").text)
    assert draft["continue"] == friend


def test_json_of_the_documents_is_as_they_say(instance: Path) -> None:
    document = run_blocks("docs/json.md")
    first, again = document["walk"](document["create_app"]().test_client())
    told = (ROOT / "docs/json.md").read_text()
    keys = {*first, *(key for field in again["fields"] for key in field)}
    assert [key for key in (*keys, *pages.PAGES) if f"`{key}`" not in told] == []
    assert first["title"] == "About you"
    text = '{"message": "Say who pays", "field": "payer", "url": None}'
    assert text in told
    assert again["errors"] == [ast.literal_eval(text)]


def test_links_of_the_documents_work(instance: Path) -> None:
    devices = run_blocks("docs/devices.md")
    app = devices["create_app"]()
    visitor, phone = Visitor(app), Visitor(app)
    friend = follow(visitor, "/join/", name="Ann")
    (url,) = visitor.client.post("/links").get_json()
    assert url.startswith("https://forms.example.org/join/link/")
    phone.open(url.removeprefix("https://forms.example.org"))
    assert phone.send().location == friend
    visitor.client.post(f"/links/{friend.split('/')[2]}/revoke")
    assert phone.get(friend).status_code == 404
    with app.app_context():
        url = devices["invite"]("Bea")
    phone.open(url.removeprefix("https://forms.example.org"))
    assert phone.press().value("name") == "Bea"
    with app.app_context():
        url = devices["send_back"](
            {"you": {"name": "Cy"}, "friend": {"name": "Di"}}, "Spelt so?"
        )
    phone.open(url.removeprefix("https://forms.example.org"))
    assert phone.press().errors == ["Spelt so?"]
    assert phone.press().rows[1][1] == "Di"


def test_mailed_link_of_the_documents_gives_one_reply(
    instance: Path, tmp_path: Path
) -> None:
    devices = run_blocks("docs/devices.md")
    app, mails = devices["create_app"](), []
    app.template_folder = str(tmp_path / "templates")
    page = tmp_path / "templates" / "flask_wizard" / "saved.html"
    page.parent.mkdir(parents=True)
    text = section("docs/devices.md", "A link by mail")
    (source,) = re.findall(r"^```jinja\n(.*?)^```", text, re.S | re.M)
    page.write_text(source)
    works = [True]

    def send_mail(address: str, subject: str, url: str) -> None:
        if not works[0]:
            raise OSError("The mail server is down.")
        mails.append((address, url))

    devices["add_mailed_links"](app, devices["wizards"], send_mail)
    ann, stranger = Visitor(app), Visitor(app)
    ann.open("/join/")
    saved = ann.press("save", {"name": "Ann"})
    stranger.open("/join/")
    stranger.press("save", {"name": "Mallory"})

    def ask(visitor: Visitor, url: str, email: str, token: str | None = None) -> str:
        sent = {"csrf_token": token or visitor.token, "email": email}
        answer = visitor.client.post(url, data=sent, follow_redirects=True)
        return f"{answer.status_code} {answer.request.path} {answer.text}"

    replies = [ask(ann, saved.action, "Ann@example.com")]
    ((address, url),) = mails
    assert address == "ann@example.com"
    replies.append(ask(stranger, saved.action, "mallory@example.com"))
    replies.append(ask(ann, "/mail-link/nowhere", "ann@example.com"))
    replies.append(ask(ann, saved.action, ""))
    replies.append(ask(ann, saved.action, "ann@example.com", token="forged"))
    works[0] = False
    replies.append(ask(ann, saved.action, "ann@example.com"))
    works[0] = True
    replies += [ask(ann, saved.action, "ann@example.com") for _ in range(4)]
    assert len({*replies}) == 1
    assert replies[0].startswith("200 /link-mailed ")
    assert [address for address, _ in mails] == ["ann@example.com"] * len(mails)
    assert len(mails) <= 3
    phone = Visitor(app)
    phone.open(url.removeprefix("https://forms.example.org"))
    assert phone.press().value("name") == "Ann"


def test_login_on_the_way_of_the_documents_comes_back(
    instance: Path, tmp_path: Path
) -> None:
    users = run_blocks("docs/users.md")
    text = section("docs/users.md", "Signing in on the way")
    (template,) = re.findall(r"^```jinja\n(.*?)^```", text, re.S | re.M)
    (tmp_path / "flask_wizard").mkdir(exist_ok=True)
    (tmp_path / "flask_wizard" / "step.html").write_text(template)
    app = Flask("own", template_folder=str(tmp_path))
    app.config["SECRET_KEY"] = "secret"
    FlaskWizard(app)
    blueprint = users["Join"].as_blueprint("join")
    users["add_login_on_the_way"](blueprint)
    app.register_blueprint(blueprint, url_prefix="/join")
    app.add_url_rule("/login", "login", lambda: "Log in")
    visitor = Visitor(app)
    page = visitor.open("/join/")
    (button,) = page.html.query("button[formaction]")
    sent = {"_action": attribute(button, "value"), "name": "Ann"}
    answer = visitor.client.post(
        attribute(button, "formaction"), data={**page.values, **sent}
    )
    login, _, back = answer.location.partition("?next=")
    assert login == "/login"
    assert visitor.open(back).value("name") == "Ann"


def test_holder_of_the_documents_is_the_default_said_by_hand(instance: Path) -> None:
    users = run_blocks("docs/users.md")
    app = Flask("own")
    app.config["SECRET_KEY"] = "secret"
    users["LoginManager"](app).user_loader(users["User"])
    users["wizards"].init_app(app)
    app.register_blueprint(users["Join"].as_blueprint("join"), url_prefix="/join")
    client, phone = WizardClient(app, "join"), WizardClient(app, "join")
    for each in (client, phone):
        each.in_request(users["login_user"], users["User"]("ann"))
    friend = client.fill("you", name="Ann")
    assert phone.get(friend.path).status_code == 200


def test_stores_of_the_documents_open(instance: Path) -> None:
    stores = run_blocks("docs/stores.md")
    for name in ("embedded", "named", "files", "memory"):
        app = Flask(name)
        app.config["SECRET_KEY"] = "secret"
        stores[name].init_app(app)
        assert app.extensions["flask_wizard"].store.load("nothing") is None


@pytest.mark.parametrize("has_factory", [False, True])
def test_wizard_of_one_transaction_runs_to_its_commit(
    instance: Path, has_factory: bool
) -> None:
    stores = run_blocks("docs/stores.md")
    app = stores["create_app"]() if has_factory else stores["app"]
    db = stores["db"]
    with app.app_context():
        db.create_all()
        visitor = Visitor(app)
        check = follow(visitor, "/join/", name="Ann")
        assert follow(visitor, check) == "/members/1"
        assert db.session.get(stores["Member"], 1).name == "Ann"
        db.engine.dispose()


def test_store_of_the_documents_makes_its_table(instance: Path) -> None:
    store = run_blocks("docs/stores.md")["store"]
    assert store.load("nothing") is None
    store.engine.dispose()


def test_every_scheme_is_in_the_table_of_stores() -> None:
    rows = re.findall(r"^\| .*\|$", (ROOT / "docs/stores.md").read_text(), re.M)
    table = "\n".join(rows)
    named = {scheme for scheme in SCHEMES if f"`{scheme}:" in table}
    clusters = {"rediss+cluster", "valkeys+cluster"}
    assert SCHEMES.keys() - named - clusters == {"postgresql", "mysql", "mariadb"}


def test_table_of_the_readme_has_every_key_with_its_default() -> None:
    rows = re.findall(
        r"^\| `(WIZARD_\w+)` \| `([^`]+)` \|", (ROOT / "README.md").read_text(), re.M
    )
    assert {key: ast.literal_eval(value) for key, value in rows} == DEFAULTS


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_of_a_document_lead_somewhere(document: str) -> None:
    folder = (ROOT / document).parent
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / document).read_text())
    assert [link for link in links if not (folder / link).exists()] == []


def section(document: str, heading: str) -> str:
    """The text below a heading, up to the next one."""
    text = (ROOT / document).read_text()
    return re.split(r"^#+ ", text.split(f"# {heading}\n", 1)[1], flags=re.M)[0]


def test_guide_names_everything_that_a_steps_page_gets(instance: Path) -> None:
    guide = run_blocks("docs/guide.md")
    url_for_step = "/{draft}/{step}".format
    first = f"/?_draft={'n' * 22}"
    with guide["create_app"]().test_request_context(first):
        page = guide["Book"].open(url_for_step=url_for_step).handle("trip")
    rows = re.findall(r"^\| (`.*?) \|", section("docs/guide.md", PAGE), re.M)
    assert set(re.findall(r"`(\w+)`", " ".join(rows))) == set(page)


def given_by_calls() -> dict[str, set[str]]:
    """The names that each page gets, by the calls of ``Pages.make``."""
    sources = (
        Path(str(module.__file__)).read_text() for module in (pages, guest_pages)
    )
    trees = [node for source in sources for node in ast.walk(ast.parse(source))]
    calls = [node for node in trees if isinstance(node, ast.Call)]
    return {
        str(call.args[0].value): {str(each.arg) for each in call.keywords}
        for call in calls
        if isinstance(call.func, ast.Attribute) and call.func.attr == "make"
        if isinstance(call.args[0], ast.Constant)
    }


def test_guide_names_everything_that_the_other_pages_get() -> None:
    found = given_by_calls()
    of_steps = {"step", "list", "info", "exit", "review"}
    assert set(found) == {*pages.PAGES} - of_steps
    text = section("docs/guide.md", "What the other pages get")
    rows = dict(re.findall(r"^\| `(\w+)` \| (.*) \|$", text, re.M))
    for page, names in found.items():
        assert names - set(re.findall(r"`(\w+)`", rows[page])) == set()


def test_template_of_the_guide_works(instance: Path, tmp_path: Path) -> None:
    (template,) = re.findall(
        r"^```jinja\n(.*?)^```", section("docs/guide.md", PAGE), re.S | re.M
    )
    own = tmp_path / "templates" / "flask_wizard" / "wizards" / "join"
    own.mkdir(parents=True)
    (own / "you.html").write_text(template.replace("form.name", "form.age"))
    app = run_blocks("README.md")["app"]
    app.template_folder = str(tmp_path / "templates")
    visitor = Visitor(app)
    assert follow(visitor, "/join/", name="Ann", age="12").endswith("/guardian")
    assert "Full name" not in visitor.get("/join/new/you").text


def test_guide_names_every_page_that_has_a_template() -> None:
    templates = Path(pages.__file__).parents[1] / "templates"
    if not templates.is_dir():
        templates = ROOT / "templates"
    shipped = {p.stem for p in (templates / "flask_wizard/default").glob("*.html")}
    guide = (ROOT / "docs/guide.md").read_text()
    named = {page for page in shipped if f"`{page}`" in guide}
    assert shipped - named == {"base", "macros"}


def test_former_names_of_the_documents_lead_to_the_page(instance: Path) -> None:
    app = Flask("versions")
    app.config["SECRET_KEY"] = "secret"
    FlaskWizard(app)
    join = run_blocks("docs/versions.md")["Join"].as_blueprint("join")
    app.register_blueprint(join, url_prefix="/join")
    visitor = Visitor(app)
    assert visitor.open("/join/new/you").path == "/join/new/person"
    visitor.press("next", {"full_name": None, "name": "Ada"})
    assert visitor.page.path.endswith("/home")


def test_jobs_of_the_documents_count_and_remind(
    instance: Path, clock: Traveller
) -> None:
    jobs = run_blocks("docs/jobs.md")
    app = jobs["create_app"]()
    follow(Visitor(app), "/apply/", email="ann@example.com")
    with app.app_context():
        assert jobs["waiting_at"]("check") == 1
        assert jobs["addresses"]() == [["ann@example.com"]]
    clock.shift(2 * DAY)
    runner = app.test_cli_runner()
    assert runner.invoke(args=["wizard", "remind"]).exit_code == 0
    ((address, text),) = jobs["outbox"]
    assert address == "ann@example.com"
    assert "https://example.org/apply/link/" in text


def test_overview_of_the_documents_is_for_the_staff(instance: Path) -> None:
    jobs = run_blocks("docs/jobs.md")
    app = jobs["create_app"]()
    jobs["add_overview"](app)
    follow(Visitor(app), "/apply/", email="ann@example.com")
    client = app.test_client()
    assert client.get("/staff/drafts/").location == "/login"
    with client.session_transaction() as visitor:
        visitor["user_id"] = "grace"
    assert "under an hour ago: 1" in client.get("/staff/drafts/").text
    with app.app_context():
        assert [each.step for each in jobs["wizards"].overview().steps] == ["check"]


@pytest.fixture
def embedding(instance: Path) -> dict[str, Any]:
    return run_blocks("docs/embedding.md")


def join(visitor: Visitor, url: str) -> None:
    """Fill in both names from the page at a URL, and send them."""
    visitor.open(url)
    for name in ("Ann", "Bea"):
        page = visitor.fill(name=name)
        assert page.status == 200, page.text
    visitor.press()


@pytest.mark.parametrize(
    ("add", "url"),
    [
        ("add_method_view", "/own/new/you"),
        ("add_admin_page", "/admin/joining/"),
        ("add_languages", "/fr/join/"),
        ("add_limits", "/limited/"),
    ],
)
def test_ways_to_embed_of_the_documents_lead_to_a_commit(
    embedding: dict[str, Any], add: str, url: str
) -> None:
    app = embedding["create_app"]()
    embedding[add](app)
    join(Visitor(app), url)
    assert embedding["joined"] == [{"you": {"name": "Ann"}, "friend": {"name": "Bea"}}]


def test_language_of_the_documents_is_changed_on_the_way(
    embedding: dict[str, Any],
) -> None:
    app = embedding["create_app"]()
    embedding["add_languages"](app)
    visitor = Visitor(app)
    visitor.open("/en/join/")
    page = visitor.fill(name="Ann")
    assert 'lang="en"' in page.source
    page = visitor.open(page.path.replace("/en/", "/fr/"))
    assert 'lang="fr"' in page.source
    assert visitor.fill(name="Bea").path.startswith("/fr/join/")
    visitor.press()
    assert len(embedding["joined"]) == 1


MEMBER = {"user_id": 7, "confirmed": True, "permissions": ["join"]}


@pytest.fixture
def members(embedding: dict[str, Any]) -> Flask:
    app: Flask = embedding["create_members_app"]()
    app.add_url_rule("/login", "login", lambda: "Sign in")
    app.add_url_rule("/confirm", "confirm", lambda: "Confirm")
    return app


def be(visitor: Visitor, **known: object) -> None:
    """Put into the session what the application knows of a visitor."""
    with visitor.client.session_transaction() as session:
        for key in MEMBER:
            session.pop(key, None)
        session.update(known)


def test_guard_of_the_documents_lets_members_in(
    embedding: dict[str, Any], members: Flask
) -> None:
    visitor = Visitor(members)
    be(visitor, **MEMBER)
    join(visitor, "/members/")
    assert len(embedding["joined"]) == 1


def test_guard_of_the_documents_lets_nobody_else_in(members: Flask) -> None:
    visitor = Visitor(members)
    answer = visitor.get("/members/new/you?a=b")
    assert answer.location == "/login?next=/members/new/you?a%3Db"
    be(visitor, user_id=7)
    assert visitor.get("/members/").location == "/confirm"
    be(visitor, user_id=7, confirmed=True)
    assert visitor.get("/members/").status_code == 403


def test_guard_of_the_documents_shows_no_page_without_a_login(members: Flask) -> None:
    visitor = Visitor(members)
    rules = list(members.url_map.iter_rules())
    own = [rule for rule in rules if rule.endpoint.startswith("members.")]
    seen = {}
    for rule in own:
        url = re.sub("<[^>]*>", "you", rule.rule)
        if rule.methods is not None and "GET" in rule.methods:
            seen[rule.endpoint] = visitor.get(url)
    assert len(seen) > 5
    for endpoint, answer in seen.items():
        assert (answer.location or "").startswith("/login?"), endpoint


def test_guard_of_the_documents_gives_the_text_back(members: Flask) -> None:
    visitor = Visitor(members)
    be(visitor, **MEMBER)
    visitor.open("/members/")
    visitor.fill(name="Ann")
    be(visitor)
    page = visitor.fill(name="Bea")
    assert (page.status, page.value("name")) == (401, "Bea")
    assert page.link("Sign in (opens a new tab)").startswith("/login?next=")
    be(visitor, **MEMBER)
    assert visitor.press().path.endswith("/check")


def test_limit_of_the_documents_gives_the_text_back(embedding: dict[str, Any]) -> None:
    app = embedding["create_app"]()
    embedding["add_limits"](app)
    visitor = Visitor(app)
    for name in ("Ann", "Bea"):
        visitor.open("/limited/new/you")
        assert visitor.fill(name=name).status == 200
    visitor.open("/limited/new/you")
    page = visitor.fill(name="Cal")
    assert (page.status, page.value("name")) == (429, "Cal")


def test_guardian_of_the_documents_fills_in_their_part(instance: Path) -> None:
    mails: list[tuple[str, str]] = []
    sharing = run_blocks("docs/sharing.md")
    app = sharing["create_app"](lambda address, text: mails.append((address, text)))
    child, guardian = Visitor(app), Visitor(app)
    url = follow(child, "/trip/", name="Ann")
    draft = url.rpartition("/")[0]
    ask = f"/ask-guardian/{draft.split('/')[2]}"
    child.client.post(ask, data={"email": "bea@example.org"})
    ((address, text),) = mails
    assert address == "bea@example.org"
    guardian.open(text.partition("https://forms.example.org")[2])
    page = guardian.press()
    assert page.path == f"{draft}/"
    assert page.rows == [("Your name", "Ann")]
    guardian.open(f"{draft}/guardian")
    assert guardian.fill(guardian="Bea", agrees="y").heading == "Thank you"
    assert guardian.get(f"{draft}/child").status_code == 404
    child.open(f"{draft}/books")
    assert ("Guardian's name", "Bea") in child.fill(books="Momo").rows
    child.client.post(f"/ask-nobody/{draft.split('/')[2]}")
    assert guardian.get(f"{draft}/").status_code == 404


def test_funnel_of_the_documents_counts(make_app: MakeApp) -> None:
    recipe = run_blocks("docs/signals.md")  # its receivers live as long as this does
    app = make_app(Join)
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="")
    visitor.fill(name="Ada")
    visitor.fill(pet="cat")
    visitor.fill()
    assert recipe["on_save"]
    path = Path(app.instance_path, "funnel.sqlite3")
    with closing(sqlite3.connect(path)) as connection:
        query = "SELECT step, event, count FROM funnel ORDER BY rowid"
        found = connection.execute(query).fetchall()
    assert found == [
        ("you", "started", 1),
        ("you", "refused", 1),
        ("you", "accepted", 1),
        ("pet", "accepted", 1),
        ("", "committed", 1),
    ]


def test_tests_of_the_documents_pass(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    # pytest-playwright cannot run tests within a test.
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    pytester.makepyfile("\n".join(blocks("docs/testing.md", "python")))
    plugin = ("-p", "pytest_flask_wizard", "-p", "no:cacheprovider")
    outcomes = pytester.runpytest_inprocess(*plugin).parseoutcomes()
    assert outcomes.keys() == {"passed"}
    assert outcomes["passed"] > 12


def test_every_method_of_the_client_is_in_the_documents() -> None:
    text = (ROOT / "docs/testing.md").read_text()
    every = [*vars(WizardClient), *vars(Page.__base__)]
    public = [name for name in every if not name.startswith("_")]
    inner = {"page_class", "show", "get", "html", "form", "forms", "inputs", "token"}
    inner |= {"action", "link", "progress", "banners"}
    assert [name for name in public if name not in inner and name not in text] == []


def test_every_signal_is_in_the_documents() -> None:
    text = (ROOT / "docs/signals.md").read_text()
    every = [name for name, s in vars(signals).items() if isinstance(s, NamedSignal)]
    assert every
    assert [name for name in every if f"| `{name}` |" not in text] == []


@pytest.mark.parametrize(
    ("mount", "document"), [("club", "docs/commands.md"), ("checkout", "README.md")]
)
def test_map_of_a_document_is_the_shops(
    mount: str, document: str, tmp_path: Path
) -> None:
    database = f"sqlite:///{tmp_path}/shop.sqlite3"
    config = {"INSTANCE_PATH": str(tmp_path), "WIZARD_STORE": "memory:"}
    app = create_app({**config, "SQLALCHEMY_DATABASE_URI": database})
    arguments = ["wizard", "map", mount, "--check", str(ROOT / document)]
    result = app.test_cli_runner().invoke(args=arguments)
    assert result.exit_code == 0, result.output


@pytest.mark.parametrize("document", [*FIRST_WIZARDS])
def test_fields_of_the_documents_say_what_browsers_fill_in(
    instance: Path, make_app: MakeApp, document: str
) -> None:
    app = make_app()
    for name in FIRST_WIZARDS[document]:
        wizard = run_blocks(document)[name]._instance()
        for check in ("autocomplete", "asked-twice", "labels"):
            with app.test_request_context():
                assert [*CHECKS[check](app, wizard)] == []


def test_pictures_of_the_documents_are_those_that_the_script_takes() -> None:
    taken = set(
        re.findall(r'^ +"(\S+\.png)":', (ROOT / ".ci/pictures").read_text(), re.M)
    )
    documents = [ROOT / "README.md", *(ROOT / "docs").rglob("*.md")]
    shown = {
        (path.parent / target).resolve()
        for path in documents
        for target in re.findall(r"!\[[^]]+\]\(([^)]+)\)", path.read_text())
    }
    files = {*(ROOT / "docs").rglob("*.png")}
    assert shown == files
    assert {path.name for path in files} == taken
    assert [path for path in files if path.stat().st_size > 60_000] == []


def test_every_public_name_is_in_the_reference() -> None:
    found = re.findall(r"^\.\. autoclass:: (\w+)", reference(), re.M)
    missing = {*flask_wizard.__all__} - {*found} - {*vars(errors)}
    assert missing == set()


def test_reference_has_what_tests_import() -> None:
    found = set(re.findall(r"^\.\. auto\w+:: (\w+)", reference(), re.M))
    assert set(testing.__all__) - found == set()


@pytest.mark.parametrize("kind", ["Step", "Repeat", "Info", "Exit", "Review"])
def test_reference_has_every_option_of_a_step(kind: str) -> None:
    pattern = rf"autoclass:: {kind}\((.*)\)\n   :members: (.*)"
    ((signature, members),) = re.findall(pattern, reference())
    every = {field.name for field in dataclasses.fields(getattr(flask_wizard, kind))}
    # The wizard sets these.
    every -= {"name", "pages"}
    assert set(members.split(", ")) == every
    assert set(re.findall(r"\w+(?=,|=|$)", signature)) >= every


def test_reference_has_every_signal() -> None:
    found = set(re.findall(r"^\.\. autodata:: (\w+)", reference(), re.M))
    every = {name for name, s in vars(signals).items() if isinstance(s, NamedSignal)}
    assert found == every


def reference() -> str:
    return (ROOT / "docs/reference.md").read_text()
