"""The recipes of the documents, each with the package that it is for."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest
from documents import blocks, run_blocks
from flask import Flask, get_flashed_messages
from flask_login import login_user, logout_user
from flask_sqlalchemy import SQLAlchemy
from redis_servers import RedisServer
from servers import running
from sqlalchemy import ForeignKey
from sqlalchemy.orm import Mapped, mapped_column, relationship
from visitor import Visitor, attribute

LAYOUT = """<!doctype html>
<html lang="en"><title>{% block title %}{% endblock %}</title>
{% block head %}{% endblock %}
<body><nav>Our site</nav>{% block content %}{% endblock %}
"""


@pytest.fixture
def recipes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    monkeypatch.setattr(Flask, "auto_find_instance_path", lambda self: str(tmp_path))
    return run_blocks("docs/recipes.md")


@pytest.fixture
def app(recipes: dict[str, Any], tmp_path: Path) -> Flask:
    made: Flask = recipes["create_app"]()
    made.template_folder = str(tmp_path / "templates")
    return made


def save_template(app: Flask, name: str, source: str) -> None:
    path = Path(str(app.template_folder), name)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(source)


def template(first: str) -> str:
    """Return the template of the recipes that begins so."""
    (found,) = [
        block for block in blocks("docs/recipes.md", "jinja") if block.startswith(first)
    ]
    return found


def join(visitor: Visitor, url: str) -> None:
    """Fill in the wizard of the recipes, to its receipt."""
    visitor.open(url)
    for name in ("Ann", "Bea"):
        assert visitor.fill(name=name).status == 200
    assert "Welcome, Ann" in visitor.press().text


@pytest.fixture
def members(recipes: dict[str, Any], tmp_path: Path) -> Flask:
    app: Flask = recipes["create_members_app"]()
    app.template_folder = str(tmp_path / "templates")
    save_template(app, "layout.html", LAYOUT)
    save_template(app, "wizard_base.html", template('{% extends "layout.html"'))
    user = recipes["User"]("ann")
    app.add_url_rule("/login", "login", lambda: str(login_user(user)))
    app.add_url_rule("/logout", "logout", lambda: str(logout_user()))
    app.add_url_rule("/notes", "notes", lambda: list(get_flashed_messages()))
    return app


def test_layout_and_login(members: Flask) -> None:
    laptop, phone = Visitor(members), Visitor(members)
    assert laptop.get("/members/new/you").location.startswith("/login?next=")
    laptop.get("/login")
    assert "Our site" in laptop.open("/members/").text
    laptop.fill(name="Ann")
    phone.get("/login")
    assert phone.open(laptop.page.path).path == laptop.page.path
    join(phone, "/members/new/you")


def test_login_that_runs_out_leaves_the_text(members: Flask) -> None:
    visitor = Visitor(members)
    visitor.get("/login")
    visitor.open("/members/")
    friend = visitor.fill(name="Ann").path
    visitor.get("/logout")
    page = visitor.fill(name="Bea")
    assert (page.status, page.value("name")) == (401, "Bea")
    assert page.link("Sign in (opens a new tab)").startswith("/login?next=")
    assert visitor.get(friend).location.startswith("/login?next=")
    visitor.get("/login")
    visitor.press()
    assert "Welcome, Ann" in visitor.press().text


def test_logout_asks_nobody_to_sign_in(members: Flask) -> None:
    visitor = Visitor(members)
    visitor.get("/login")
    visitor.open("/members/")
    visitor.get("/logout")
    assert visitor.get("/notes").json == []
    visitor.get("/members/")
    assert visitor.get("/notes").json != []


def test_flask_session_on_redis(recipes: dict[str, Any], tmp_path: Path) -> None:
    server = RedisServer(tmp_path / "redis")
    with running(server):
        app = recipes["create_app"]()
        with warnings.catch_warnings():
            # Flask-Session tells of what it will drop in its next release.
            warnings.simplefilter("ignore", DeprecationWarning)
            recipes["add_sessions"](app, f"redis://127.0.0.1:{server.port}/0")
        visitor = Visitor(app)
        join(visitor, "/join/")
        assert "session:" in server.send("KEYS", "session:*")
        app.config["SESSION_REDIS"].close()


def test_bootstrap_flask(app: Flask, recipes: dict[str, Any]) -> None:
    recipes["add_bootstrap"](app)
    visitor = Visitor(app)
    page = visitor.open("/join/")
    assert page.html.query("input.form-control")
    (sheet,) = [
        url
        for node in page.html.query("link[rel=stylesheet]")
        if "bootstrap.min.css" in (url := attribute(node, "href"))
    ]
    with visitor.get(sheet) as answer:  # a file, which it closes
        assert answer.status_code == 200
    join(visitor, "/join/")


# WTForms-SQLAlchemy has choices in the way of older releases of WTForms.
@pytest.mark.filterwarnings("ignore:Yielding raw tuples:DeprecationWarning")
def test_forms_of_models(
    app: Flask, recipes: dict[str, Any], tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{tmp_path}/books.sqlite3"
    db = SQLAlchemy(app)

    class Author(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        name: Mapped[str]

    class Book(db.Model):  # type: ignore[name-defined, misc]
        id: Mapped[int] = mapped_column(primary_key=True)
        title: Mapped[str] = mapped_column(info={"label": "Title"})
        pages: Mapped[int]
        note: Mapped[str | None]
        author_id: Mapped[int] = mapped_column(ForeignKey("author.id"))
        author: Mapped[Author] = relationship()

    # SQLAlchemy looks for the names of these annotations here.
    globals().update(Author=Author)
    request.addfinalizer(lambda: globals().pop("Author"))
    recipes["add_model_forms"](app, db, Author, Book)
    with app.app_context():
        db.create_all()
        db.session.add_all([Author(name="Tove"), Author(name="Astrid")])
        db.session.commit()
    visitor = Visitor(app)
    assert visitor.open("/books/add/").value("title") == ""
    assert visitor.fill(title="Momins", pages="many").errors != []
    visitor.fill(title="Momins", pages="120")
    assert "Choose an author" in " ".join(visitor.fill(author="__None").errors)
    visitor.fill(author="1")
    visitor.fill(note="blue")
    assert ("Author", "Tove") in visitor.page.rows
    assert "1" in visitor.press().text
    with app.app_context():
        book = db.session.get(Book, 1)
        assert book is not None
        assert (book.title, book.pages, book.note) == ("Momins", 120, "blue")
        assert book.author.name == "Tove"
        db.engine.dispose()


def test_flask_babel(app: Flask, recipes: dict[str, Any]) -> None:
    recipes["add_babel"](app)
    visitor = Visitor(app)
    page = visitor.open("/babel/")
    assert 'lang="fr"' in page.source
    assert "Continuer" in page.text
    assert 'lang="de"' in visitor.open(f"{page.path}?lang=de").source


def test_debug_toolbar(app: Flask, recipes: dict[str, Any]) -> None:
    recipes["add_toolbar"](app)
    visitor = Visitor(app)
    assert "flDebug" in visitor.open("/join/").source
    join(visitor, "/join/")


# A payment in the middle


@pytest.fixture
def shop(app: Flask, recipes: dict[str, Any]) -> Flask:
    source = template('{% extends "flask_wizard/default/step.html"')
    save_template(app, "flask_wizard/wizards/order/payment.html", source)
    recipes["add_payment"](app)
    return app


@pytest.fixture
def bank(recipes: dict[str, Any]) -> Callable[[str], str]:
    """Pay at the payment site; return the URL to which it sends the visitor back."""

    def pay(url: str) -> str:
        assert url.startswith(f"{recipes['PAYMENT_SITE']}?")
        asked = {
            name: values[0] for name, values in parse_qs(urlsplit(url).query).items()
        }
        reference, amount = asked["reference"], asked["amount"]
        signature = recipes["signed"](reference, int(amount))
        sent = {"reference": reference, "amount": amount, "signature": signature}
        return f"{urlsplit(asked['back']).path}?{urlencode(sent)}"

    return pay


def to_payment(shop: Flask, count: str = "2") -> Visitor:
    visitor = Visitor(shop)
    visitor.open("/order/")
    visitor.fill(count=count)
    return visitor


def test_payment_leads_away_and_back_to_the_commit(
    shop: Flask, recipes: dict[str, Any], bank: Callable[[str], str]
) -> None:
    visitor = to_payment(shop)
    assert "£24.00" in visitor.page.text
    assert visitor.press().errors == ["Pay before you continue"]
    back = bank(visitor.get(visitor.page.link("Pay on")).location)
    shop.test_client().get(back)  # the site's own call, before the visitor is back
    for _ in range(2):
        assert "£24.00 are paid" in visitor.open(back).text
    assert visitor.press().path.endswith("/check")
    assert "Your tickets are paid" in visitor.press().text
    assert [count for _, count in recipes["orders"].values()] == [2]
    assert list(recipes["payments"].values()) == [2400]


def test_payment_with_a_forged_return_is_refused(
    shop: Flask, recipes: dict[str, Any], bank: Callable[[str], str]
) -> None:
    visitor = to_payment(shop)
    back = bank(visitor.get(visitor.page.link("Pay on")).location)
    for forged in (back.replace("amount=2400", "amount=1"), back.rpartition("&")[0]):
        assert visitor.get(forged).status_code == 400
    assert recipes["payments"] == {}


def test_payment_of_another_price_is_not_enough(
    shop: Flask, bank: Callable[[str], str]
) -> None:
    visitor = to_payment(shop)
    cheap = visitor.page.link("Pay on").replace("2400", "1")
    visitor.open(bank(visitor.get(cheap).location))
    assert "The price has changed" in visitor.press().errors[0]


def test_price_that_changes_after_the_payment_asks_again(
    shop: Flask, bank: Callable[[str], str]
) -> None:
    visitor = to_payment(shop)
    visitor.open(bank(visitor.get(visitor.page.link("Pay on")).location))
    visitor.press()
    visitor.open(f"{visitor.draft}tickets")
    page = visitor.fill(count="3")
    assert page.path.endswith("/payment")


def test_payment_pays_one_order(
    shop: Flask, recipes: dict[str, Any], bank: Callable[[str], str]
) -> None:
    first, second = to_payment(shop), to_payment(shop)
    reference = first.page.value("reference")
    first.open(bank(first.get(first.page.link("Pay on")).location))
    first.press()
    first.press()
    second.press("next", {"reference": reference})
    assert second.press().errors == ["This payment was for another order"]
    assert len(recipes["orders"]) == 1
