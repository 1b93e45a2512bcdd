"""The bookshop, as its visitors see it: shelves, cart, checkout, readers' club."""

from __future__ import annotations

import stat
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from cachelib import SimpleCache
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from uploads import PNG
from visitor import Page, attribute
from werkzeug.security import check_password_hash

from example_app import create_app
from example_app.accounts import next_path
from example_app.models import (
    Book,
    Customer,
    Member,
    Offer,
    Order,
    Photo,
    Preferences,
    Suggestion,
    db,
)

SITE = "https://shop.example"
POLICY = (
    "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)


@pytest.fixture
def app(tmp_path: Path) -> Iterator[Flask]:
    app = create_app(
        {
            "TESTING": True,
            "SECRET_KEY": "x" * 32,
            "INSTANCE_PATH": str(tmp_path),
            "SQLALCHEMY_DATABASE_URI": f"sqlite:///{tmp_path / 'test.db'}",
            "WIZARD_STORE": SimpleCache(),
            "WIZARD_EXTERNAL_URL": SITE,
            "BACK_ROOM": True,
        }
    )
    yield app
    close(app)


def close(app: Flask) -> None:
    with app.app_context():
        db.engine.dispose()


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


def get(client: FlaskClient, path: str) -> Page:
    return Page(client.get(path, follow_redirects=True))


def post(
    client: FlaskClient, page: Page, action: str, values: Mapping[str, Any]
) -> Page:
    """Submit a form of the page as a browser does; return where that leads."""
    data = {**page.forms[action], **values}
    answer = client.post(action, data=data)
    assert answer.status_code == 303, answer.text
    return get(client, answer.location)


def next_step(client: FlaskClient, page: Page, values: Mapping[str, Any]) -> Page:
    """Press Continue on a wizard's page."""
    (action,) = (path for path, hidden in page.forms.items() if "_rev" in hidden)
    return post(client, page, action, {"_action": "next", **values})


def put_in_cart(client: FlaskClient, slug: str, copies: int = 1) -> Page:
    page = get(client, f"/books/{slug}")
    return post(client, page, f"/cart/{slug}/add", {"copies": copies})


def stock_of(app: Flask, slug: str) -> int:
    with app.app_context():
        return db.session.scalars(select(Book.stock).filter_by(slug=slug)).one()


def test_shelf_shows_every_book(app: Flask, client: FlaskClient) -> None:
    page = get(client, "/")
    with app.app_context():
        for book in db.session.scalars(select(Book)):
            assert book.title in page.text


def test_shelf_can_be_narrowed_to_a_genre(client: FlaskClient) -> None:
    page = get(client, "/?genre=crime")
    assert "Nine Keys for Mr Pell" in page.text
    assert "The Moss Report" not in page.source


def test_unknown_genre_is_not_found(client: FlaskClient) -> None:
    assert get(client, "/?genre=cookery").status == 404


def test_unknown_book_is_not_found_inside_the_shop(client: FlaskClient) -> None:
    page = get(client, "/books/the-unwritten")
    assert page.status == 404
    assert "We do not have this page" in page.text


def test_book_page_shows_what_one_wants_to_know(client: FlaskClient) -> None:
    page = get(client, "/books/the-salt-almanac")
    assert "by Orla Venn" in page.text
    assert "€\N{NO-BREAK SPACE}18.50" in client.get("/books/the-salt-almanac").text


def test_sold_out_book_cannot_be_put_in_the_cart(client: FlaskClient) -> None:
    page = get(client, "/books/what-the-attic-kept")
    assert "Sold out" in page.text
    assert not any(action.startswith("/cart") for action in page.forms)


@pytest.mark.parametrize("path", ["/", "/cart", "/nowhere", "/static/shop.css"])
def test_every_response_carries_the_policy(client: FlaskClient, path: str) -> None:
    response = client.get(path)
    assert response.headers["Content-Security-Policy"] == POLICY
    response.close()


def test_looking_around_leaves_no_cookie(client: FlaskClient) -> None:
    assert "Set-Cookie" not in client.get("/").headers


def test_books_viewed_lately_are_offered_again(client: FlaskClient) -> None:
    get(client, "/books/the-moss-report")
    page = get(client, "/books/the-salt-almanac")
    assert "You looked at these, too" in page.text
    assert "/books/the-moss-report" in page.links.values()


def test_visitor_is_greeted_by_name(client: FlaskClient) -> None:
    page = post(client, get(client, "/name"), "/name", {"name": " Wilhelmina "})
    assert "Good to see you, Wilhelmina." in page.text


def test_missing_name_is_asked_for_again(client: FlaskClient) -> None:
    page = get(client, "/name")
    answer = client.post("/name", data={**page.forms["/name"], "name": " "})
    assert "Enter the name that you want us to call you" in answer.text
    assert "<title>Error: " in answer.text


def test_name_can_be_forgotten(client: FlaskClient) -> None:
    post(client, get(client, "/name"), "/name", {"name": "Wilhelmina"})
    page = post(client, get(client, "/name"), "/name/forget", {})
    assert "Wilhelmina" not in page.source


def test_book_comes_into_the_cart(client: FlaskClient) -> None:
    page = put_in_cart(client, "the-salt-almanac", 2)
    assert page.path == "/cart"
    assert "“The Salt Almanac” is in your cart." in page.text
    assert "€ 37.00" in page.text


def test_same_book_again_adds_copies(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac", 2)
    page = put_in_cart(client, "the-salt-almanac", 1)
    assert "€ 55.50" in page.text


def test_cart_holds_no_more_copies_than_there_are(client: FlaskClient) -> None:
    page = put_in_cart(client, "small-hours-large-owls", 5)
    assert "We have no more than 2 of “Small Hours, Large Owls”." in page.text


def test_number_of_copies_can_be_changed(client: FlaskClient) -> None:
    page = put_in_cart(client, "the-salt-almanac", 1)
    page = post(client, page, "/cart/the-salt-almanac", {"copies": 3})
    assert "€ 55.50" in page.text


@pytest.mark.parametrize("copies", ["", "-1", "0", "two", "9" * 5000])
def test_nonsense_for_a_number_changes_nothing(
    client: FlaskClient, copies: str
) -> None:
    page = put_in_cart(client, "the-salt-almanac", 2)
    page = post(client, page, "/cart/the-salt-almanac", {"copies": copies})
    assert "Enter how many copies you want" in page.text
    assert "€ 37.00" in page.text


def test_book_can_be_taken_out_of_the_cart(client: FlaskClient) -> None:
    page = put_in_cart(client, "the-salt-almanac")
    page = post(client, page, "/cart/the-salt-almanac/remove", {})
    assert "There is nothing in it yet." in page.text


def test_form_without_its_token_is_refused(client: FlaskClient) -> None:
    answer = client.post("/cart/the-salt-almanac/add", data={"copies": 1})
    assert answer.status_code == 400
    assert "This page has been open for too long" in answer.text


def test_secret_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    config = {"INSTANCE_PATH": str(tmp_path), "WIZARD_STORE": SimpleCache()}
    first, second = create_app(config), create_app(config)
    assert len(first.config["SECRET_KEY"]) >= 32
    assert first.config["SECRET_KEY"] == second.config["SECRET_KEY"]
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600
    close(first)
    close(second)


def test_secret_can_come_from_the_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SECRET_KEY", "y" * 32)
    monkeypatch.setenv("INSTANCE_PATH", str(tmp_path))
    app = create_app({"WIZARD_STORE": SimpleCache()})
    assert app.config["SECRET_KEY"] == "y" * 32
    assert app.instance_path == str(tmp_path)
    assert not (tmp_path / "secret_key").exists()
    close(app)


def test_restart_keeps_the_stock(app: Flask, tmp_path: Path) -> None:
    with app.app_context():
        db.session.scalars(select(Book)).first().stock = 3  # type: ignore[union-attr]
        db.session.commit()
        database = app.config["SQLALCHEMY_DATABASE_URI"]
    again = create_app(
        {
            "INSTANCE_PATH": str(tmp_path),
            "SQLALCHEMY_DATABASE_URI": database,
            "WIZARD_STORE": SimpleCache(),
        }
    )
    assert stock_of(again, "the-salt-almanac") == 3
    close(again)


DELIVERY = {
    "name": "Wilhelmina Reed",
    "email": "wil@example.com",
    "address-street": "Quay 7",
    "address-postcode": "1011 AB",
    "address-city": "Harbour",
    "address-country": "NL",
}
INVOICE = {
    "company": "Reed & Daughters",
    "address-street": "Mill Lane 1",
    "address-postcode": "2000",
    "address-city": "Millbrook",
    "address-country": "BE",
}


def fill_in_checkout(
    client: FlaskClient, *, message: str = "", invoice: Mapping[str, str] | None = None
) -> Page:
    """Go from the cart to the page on which the order is checked."""
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    page = next_step(client, page, {"gift": "yes" if message else "no"})
    if message:
        page = next_step(client, page, {"gift_message": message})
    payer = "company" if invoice else "person"
    page = next_step(client, page, {"method": "transfer", "payer": payer})
    return next_step(client, page, invoice) if invoice else page


def orders(app: Flask) -> list[dict[str, Any]]:
    """The orders in the database, as plain values."""
    with app.app_context():
        return [
            {
                "name": order.name,
                "address": order.address.lines,
                "gift_message": order.gift_message,
                "company": order.invoice.company if order.invoice else None,
                "books": {line.title: line.quantity for line in order.lines},
                "total": order.total,
            }
            for order in db.session.scalars(select(Order))
        ]


def test_checkout_without_a_book_leads_to_the_cart(client: FlaskClient) -> None:
    page = get(client, "/checkout/")
    assert page.path == "/cart"
    assert "There is nothing in it yet." in page.text


def test_checkout_writes_the_order(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac", 2)
    next_step(client, fill_in_checkout(client), {})
    assert orders(app) == [
        {
            "name": "Wilhelmina Reed",
            "address": ("Quay 7", "1011 AB Harbour", "Netherlands"),
            "gift_message": None,
            "company": None,
            "books": {"The Salt Almanac": 2},
            "total": 3700,
        }
    ]


def test_order_leads_to_its_page(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac", 2)
    page = next_step(client, fill_in_checkout(client), {})
    assert page.path.startswith("/orders/")
    assert "Thank you, Wilhelmina Reed" in page.text
    assert "IN-1001" in page.text


def test_order_lowers_the_stock(app: Flask, client: FlaskClient) -> None:
    before = stock_of(app, "the-salt-almanac")
    put_in_cart(client, "the-salt-almanac", 2)
    next_step(client, fill_in_checkout(client), {})
    assert stock_of(app, "the-salt-almanac") == before - 2


def test_order_empties_the_cart(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    next_step(client, fill_in_checkout(client), {})
    assert "There is nothing in it yet." in get(client, "/cart").text


def test_order_sent_twice_is_placed_once(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client)
    first = next_step(client, review, {})
    second = next_step(client, review, {})
    assert first.path == second.path
    assert len(orders(app)) == 1
    assert stock_of(app, "the-salt-almanac") == 13


def break_down(monkeypatch: pytest.MonkeyPatch, module: str, name: str) -> None:
    """Make a function that a module of the shop calls raise."""

    def fail(*args: object, **options: object) -> None:
        raise RuntimeError("the lights went out")

    monkeypatch.setattr(f"example_app.{module}.{name}", fail)


def test_order_cut_short_is_not_placed_again(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_cart(client, "small-hours-large-owls", 2)  # all that there are
    review = fill_in_checkout(client)
    with monkeypatch.context() as patched:
        break_down(patched, "checkout", "url_for")
        with pytest.raises(RuntimeError, match="the lights went out"):
            next_step(client, review, {})
    order = next_step(client, get(client, review.path), {})
    assert order.path.startswith("/orders/")
    assert len(orders(app)) == 1
    assert stock_of(app, "small-hours-large-owls") == 0


def test_cart_brought_back_by_a_late_reply_is_emptied(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client)
    with client.session_transaction() as session:
        cart = {key: session[key] for key in ("cart", "cart_id")}
    order = next_step(client, review, {})
    with client.session_transaction() as session:
        session.update(cart)
    get(client, order.path)
    assert "There is nothing in it yet." in get(client, "/cart").text


def test_order_is_shown_at_its_own_address_only(client: FlaskClient) -> None:
    assert get(client, "/orders/1").status == 404


def place_order(client: FlaskClient, **more: Any) -> Page:
    """Order a book, and return the page of the order."""
    put_in_cart(client, "the-salt-almanac")
    return next_step(client, fill_in_checkout(client, **more), {})


def test_placed_order_is_changed(app: Flask, client: FlaskClient) -> None:
    order = place_order(client)
    check = get(client, order.link("change it"))
    assert check.heading == "Check your order"
    assert ("Full name", "Wilhelmina Reed") in check.rows
    page = get(client, check.link("Change Full name"))
    page = next_step(client, page, {"name": "Wil Reed"})
    page = next_step(client, page, {})
    assert page.path == order.path
    assert "Your order was changed." in page.text
    assert [row["name"] for row in orders(app)] == ["Wil Reed"]


def test_changed_order_loses_what_no_longer_applies(
    app: Flask, client: FlaskClient
) -> None:
    order = place_order(client, message="Much love", invoice=INVOICE)
    assert orders(app)[0]["gift_message"] == "Much love"
    page = get(client, get(client, order.link("change it")).link("Change Is it"))
    page = next_step(client, page, {"gift": "no"})
    assert "“Message on the card” is no longer needed" in page.text
    next_step(client, page, {})
    (row,) = orders(app)
    assert (row["gift_message"], row["company"]) == (None, "Reed & Daughters")


def test_changed_order_is_asked_what_it_needs_now(
    app: Flask, client: FlaskClient
) -> None:
    order = place_order(client)
    check = get(client, order.link("change it"))
    page = get(client, check.link("Change Who pays?"))
    page = next_step(client, page, {"payer": "company"})
    assert page.heading == "Invoice"
    next_step(client, next_step(client, page, INVOICE), {})
    assert orders(app)[0]["company"] == "Reed & Daughters"


def test_order_that_is_not_there_cannot_be_changed(client: FlaskClient) -> None:
    assert client.get("/orders/nothing/change/").status_code == 404
    assert client.get("/orders/nothing/change/new/gift").status_code == 404


def test_gift_asks_for_its_message(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    next_step(client, fill_in_checkout(client, message="For the winter."), {})
    assert orders(app)[0]["gift_message"] == "For the winter."


def test_gift_is_not_paid_by_its_recipient(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    page = next_step(client, page, {"gift": "yes"})
    page = next_step(client, page, {"gift_message": "For the winter."})
    assert "By bank transfer" in page.text
    assert "to the courier" not in page.source


def test_payment_is_asked_again_once_it_is_a_gift(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    gift = page
    page = next_step(client, gift, {"gift": "no"})
    review = next_step(client, page, {"method": "courier", "payer": "person"})
    assert "By card, to the courier" in review.text
    page = next_step(client, get(client, gift.path), {"gift": "yes"})
    page = next_step(client, page, {"gift_message": "For the winter."})
    assert page.path.endswith("/payment")
    assert "Choose one of these ways to pay" in page.text


def test_company_is_asked_for_its_address(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, fill_in_checkout(client, invoice=INVOICE), {})
    assert orders(app)[0]["company"] == "Reed & Daughters"
    assert "2000 Millbrook" in page.text


def test_invoice_may_go_to_the_delivery_address(
    app: Flask, client: FlaskClient
) -> None:
    put_in_cart(client, "the-salt-almanac")
    same = {"company": "Reed & Daughters", "address-city": "Millbrook", "same": "y"}
    review = fill_in_checkout(client, invoice=same)
    assert "Millbrook" not in review.text
    next_step(client, review, {})
    with app.app_context():
        order = db.session.scalars(select(Order)).one()
        assert order.invoice is not None
        assert order.invoice.address.lines == order.address.lines
        assert order.invoice.address.id != order.address.id


def test_review_shows_what_will_be_ordered(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac", 2)
    page = fill_in_checkout(client)
    assert "The Salt Almanac" in page.text
    assert "€ 37.00" in page.text


def test_review_shows_an_address_whole(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = fill_in_checkout(client)
    assert "Delivery address" in page.texts("dt")
    address = "Quay 7", "1011 AB", "Harbour", "Netherlands"
    lines = "<br>".join(f"<bdi>{line}</bdi>" for line in address)
    assert lines in page.source


def test_invoice_of_a_person_is_not_kept(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client, invoice=INVOICE)
    payment = get(client, step_of(review, "payment"))
    review = next_step(client, payment, {"method": "transfer", "payer": "person"})
    next_step(client, review, {})
    assert orders(app)[0]["company"] is None


def test_wrong_address_is_shown_as_typed(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    wrong = {**DELIVERY, "email": "wil@", "address-city": ""}
    page = next_step(client, get(client, "/checkout/"), wrong)
    assert page.path.endswith("/delivery")
    assert "Enter an email address like name@example.com" in page.text
    assert "Enter the town or city" in page.text
    assert page.value("email") == "wil@"


def test_sold_out_book_stops_the_order(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "small-hours-large-owls", 2)
    review = fill_in_checkout(client)
    set_stock(app, "small-hours-large-owls", 0)
    page = next_step(client, review, {})
    assert page.path.endswith("/delivery")
    assert "“Small Hours, Large Owls” is sold out." in page.text
    assert orders(app) == []


def set_stock(app: Flask, slug: str, copies: int) -> None:
    with app.app_context():
        db.session.scalars(select(Book).filter_by(slug=slug)).one().stock = copies
        db.session.commit()


def test_last_copy_sold_at_the_same_moment_stops_the_order(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    put_in_cart(client, "the-salt-almanac")
    put_in_cart(client, "small-hours-large-owls", 2)
    review = fill_in_checkout(client)
    set_stock(app, "small-hours-large-owls", 0)
    monkeypatch.setattr("example_app.checkout.Checkout.validate", lambda *_: None)
    page = next_step(client, review, {})
    assert "“Small Hours, Large Owls” is sold out." in page.text
    assert orders(app) == []
    assert stock_of(app, "the-salt-almanac") == 14


def test_order_goes_on_once_the_cart_is_mended(app: Flask, client: FlaskClient) -> None:
    put_in_cart(client, "small-hours-large-owls", 2)
    review = fill_in_checkout(client)
    set_stock(app, "small-hours-large-owls", 1)
    page = next_step(client, review, {})
    assert "Only 1 of “Small Hours, Large Owls” left." in page.text
    change = "/cart/small-hours-large-owls"
    post(client, get(client, "/cart"), change, {"copies": 1})
    review = next_step(client, get(client, page.path), DELIVERY)
    order = next_step(client, get(client, step_of(review, "check")), {})
    assert order.path.startswith("/orders/")
    assert stock_of(app, "small-hours-large-owls") == 0


def step_of(page: Page, step: str) -> str:
    """The path of another step of the draft that a page belongs to."""
    return f"{page.path.rsplit('/', 1)[0]}/{step}"


def test_cart_emptied_meanwhile_stops_the_order(
    app: Flask, client: FlaskClient
) -> None:
    cart = put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client)
    post(client, cart, "/cart/the-salt-almanac/remove", {})
    page = next_step(client, review, {})
    assert "Your cart is empty." in page.text
    assert orders(app) == []


def test_checkout_offers_the_name_of_the_greeting(client: FlaskClient) -> None:
    post(client, get(client, "/name"), "/name", {"name": "Wilhelmina"})
    put_in_cart(client, "the-salt-almanac")
    assert get(client, "/checkout/").value("name") == "Wilhelmina"


def born_years_ago(years: int) -> str:
    return date.today().replace(year=date.today().year - years, day=1).isoformat()


YOU = {"name": "Juna Fenn", "email": "juna@example.com", "born": born_years_ago(40)}
CHILD = {**YOU, "born": born_years_ago(12)}
GUARDIAN = {"agrees": "yes", "name": "Ilse Fenn", "email": "ilse@example.com"}
TASTES = {"genres": ["poetry", "nature"], "authors-0": " Orla Venn ", "authors-1": ""}
ACCOUNT = {"username": "juna", "password": "owl-kettle-tram"}
ACCOUNT["confirm"] = ACCOUNT["password"]


def fill_in_club(
    client: FlaskClient,
    you: Mapping[str, Any] = YOU,
    guardian: Mapping[str, Any] | None = None,
    account: Mapping[str, Any] = ACCOUNT,
) -> Page:
    """Go from the shop to the page on which the answers are checked."""
    page = next_step(client, get(client, "/club/"), you)
    if guardian:
        page = next_step(client, next_step(client, page, {}), guardian)
    page = next_step(client, page, TASTES)
    if guardian is None:
        page = next_step(client, page, {})  # nobody of the family joins
    return next_step(client, page, account)


def members(app: Flask) -> list[Member]:
    with app.app_context():
        return list(db.session.scalars(select(Member)))


def test_joining_makes_a_member(app: Flask, client: FlaskClient) -> None:
    next_step(client, fill_in_club(client), {})
    (member,) = members(app)
    assert (member.name, member.email) == ("Juna Fenn", "juna@example.com")
    assert member.born.isoformat() == YOU["born"]
    assert member.genres == ["poetry", "nature"]
    assert member.authors == ["Orla Venn"]
    assert member.guardian_name is None


def test_photo_of_a_member_is_kept(app: Flask, client: FlaskClient) -> None:
    page = get(client, "/club/")
    for content in (b"no photo", PNG):
        photo = (BytesIO(content), "me.png")
        page = next_step(client, page, {**YOU, "photo": photo})
        expected = "“me.png” was not kept. This is neither a PNG nor a JPEG"
        assert (expected in page.text) == (content != PNG)
    page = next_step(client, next_step(client, page, TASTES), {})
    page = next_step(client, page, ACCOUNT)
    assert "me.png" in page.text
    next_step(client, page, {})
    with app.app_context():
        assert db.session.scalars(select(Photo.content)).all() == [PNG]


def test_family_joins_with_a_photo_each(app: Flask, client: FlaskClient) -> None:
    page = next_step(client, next_step(client, get(client, "/club/"), YOU), TASTES)
    assert page.heading == "Your family"
    assert "a card of their own" in page.text
    for name, years, genre in (("Ada Fenn", 8, "nature"), ("Bo Fenn", 41, "crime")):
        page = get(client, f"{step_of(page, 'family')}/new")
        page = next_step(client, page, {"name": name, "born": born_years_ago(years)})
        assert page.heading == "Their membership card"
        assert ('value="crime"' in page.source) == (years >= 18)
        photo = (BytesIO(PNG + name.encode()), "me.png")
        page = next_step(client, page, {"genres": [genre], "photo": photo})
        assert page.path.endswith("/family")
        assert name in page.text
    page = next_step(client, next_step(client, page, {}), ACCOUNT)
    assert "Ada Fenn" in page.text
    next_step(client, page, {})
    with app.app_context():
        (member,) = db.session.scalars(select(Member))
        kept = [(one.name, one.genres, one.photo) for one in member.family]
        assert [(name, genres) for name, genres, _ in kept] == [
            ("Ada Fenn", ["nature"]),
            ("Bo Fenn", ["crime"]),
        ]
        contents = [photo.content for _, _, photo in kept if photo]
        assert contents == [PNG + b"Ada Fenn", PNG + b"Bo Fenn"]
        assert member.photo is None
        assert len({member.card, *(one.card for one in member.family)}) == 3


def test_child_brings_no_family(client: FlaskClient) -> None:
    page = next_step(client, get(client, "/club/"), CHILD)
    page = next_step(client, next_step(client, page, {}), GUARDIAN)
    assert next_step(client, page, TASTES).path.endswith("/account")


def test_password_is_kept_as_a_hash(app: Flask, client: FlaskClient) -> None:
    next_step(client, fill_in_club(client), {})
    (member,) = members(app)
    assert ACCOUNT["password"] not in member.password_hash
    assert check_password_hash(member.password_hash, ACCOUNT["password"])


def test_receipt_names_the_card(app: Flask, client: FlaskClient) -> None:
    page = next_step(client, fill_in_club(client), {})
    (member,) = members(app)
    assert member.card in page.text
    assert "Welcome, Juna Fenn." in page.text


def test_joining_twice_makes_one_member(app: Flask, client: FlaskClient) -> None:
    review = fill_in_club(client)
    first = next_step(client, review, {})
    second = next_step(client, review, {})
    assert first.path == second.path
    assert len(members(app)) == 1


def test_joining_cut_short_makes_one_member(
    app: Flask, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    review = fill_in_club(client)
    with monkeypatch.context() as patched:
        break_down(patched, "club", "url_for")
        with pytest.raises(RuntimeError, match="the lights went out"):
            next_step(client, review, {})
    page = next_step(client, get(client, review.path), {})
    (member,) = members(app)
    assert member.card in page.text


def test_member_is_greeted_by_name(client: FlaskClient) -> None:
    next_step(client, fill_in_club(client), {})
    assert "Good to see you, Juna Fenn." in get(client, "/").text


def test_child_joins_with_a_guardian(app: Flask, client: FlaskClient) -> None:
    next_step(client, fill_in_club(client, CHILD, GUARDIAN), {})
    (member,) = members(app)
    guardian = (member.guardian_name, member.guardian_email)
    assert guardian == (GUARDIAN["name"], GUARDIAN["email"])


def test_child_is_told_to_join_with_a_grown_up(client: FlaskClient) -> None:
    page = next_step(client, get(client, "/club/"), CHILD)
    assert page.heading == "Readers under 18 join with a grown-up"
    assert "sit down with you" in page.text


def test_child_without_a_guardian_cannot_join(app: Flask, client: FlaskClient) -> None:
    page = next_step(client, get(client, "/club/"), CHILD)
    page = next_step(client, next_step(client, page, {}), {"agrees": "no"})
    assert page.heading == "You cannot join on your own yet"
    assert "need a parent or guardian who agrees" in page.text
    assert get(client, step_of(page, "check")).path == page.path
    page = next_step(client, get(client, step_of(page, "guardian")), GUARDIAN)
    assert page.path.endswith("/tastes")


def test_child_is_offered_fewer_genres(client: FlaskClient) -> None:
    page = next_step(client, get(client, "/club/"), CHILD)
    page = next_step(client, next_step(client, page, {}), GUARDIAN)
    assert 'value="poetry"' in page.source
    assert 'value="crime"' not in page.source


def test_guardian_needs_an_address_of_their_own(
    app: Flask, client: FlaskClient
) -> None:
    guardian = {**GUARDIAN, "email": CHILD["email"].upper()}
    page = next_step(client, fill_in_club(client, CHILD, guardian), {})
    assert page.path.endswith("/guardian")
    assert "#email" in page.links.values()
    assert members(app) == []


def test_username_belongs_to_one_member(app: Flask, client: FlaskClient) -> None:
    next_step(client, fill_in_club(client), {})
    other = app.test_client()
    page = next_step(other, fill_in_club(other), {})
    assert page.path.endswith("/account")
    assert "This username is taken. Choose another one" in page.text
    page = next_step(other, page, {**ACCOUNT, "username": "juna.two"})
    next_step(other, get(other, step_of(page, "check")), {})
    assert [member.username for member in members(app)] == ["juna", "juna.two"]


def test_date_that_never_was_is_shown_as_typed(client: FlaskClient) -> None:
    typed = {"born-day": "31", "born-month": " 02", "born-year": "2001"}
    page = next_step(client, get(client, "/club/"), {**YOU, "born": "", **typed})
    assert "Enter a date that exists" in page.text
    assert {name: page.value(name) for name in typed} == typed


def test_different_passwords_are_refused(client: FlaskClient) -> None:
    page = fill_in_club(client, account={**ACCOUNT, "confirm": "owl-kettle-tran"})
    assert page.path.endswith("/account")
    assert "Enter the same password twice" in page.text
    assert ACCOUNT["password"] not in page.source


# Accounts


CUSTOMER = {"email": "Wil@example.com", "password": "owl-kettle-tram"}


def register(client: FlaskClient, name: str = "Wilhelmina Reed") -> Page:
    page = get(client, "/register")
    return post(client, page, "/register", {**CUSTOMER, "name": name})


def sign_in(client: FlaskClient) -> Page:
    return post(client, get(client, "/sign-in"), "/sign-in", CUSTOMER)


def sign_out(client: FlaskClient) -> Page:
    return post(client, get(client, "/my-drafts"), "/sign-out", {})


@pytest.fixture
def customer(app: Flask) -> FlaskClient:
    """A browser in which somebody has just made an account."""
    client = app.test_client()
    assert "You are signed in, Wilhelmina Reed." in register(client).text
    return client


def test_customer_signs_out_and_in_again(customer: FlaskClient) -> None:
    page = sign_out(customer)
    assert "You are signed out." in page.text
    assert page.links["Sign in"] == "/sign-in"
    assert "You are signed in, Wilhelmina Reed." in sign_in(customer).text


@pytest.mark.parametrize(
    "wrong", [{"password": "owl-kettle-train"}, {"email": "will@example.com"}], ids=str
)
def test_wrong_password_and_unknown_address_are_told_alike(
    app: Flask, customer: FlaskClient, wrong: dict[str, str]
) -> None:
    client = app.test_client()
    page = get(client, "/sign-in")
    sent = {**page.forms["/sign-in"], **CUSTOMER, **wrong}
    answer = client.post("/sign-in", data=sent)
    assert "We do not know this email address with this password" in answer.text


def test_email_address_has_one_account(app: Flask, customer: FlaskClient) -> None:
    client = app.test_client()
    page = get(client, "/register")
    sent = {**page.forms["/register"], **CUSTOMER, "name": "Another"}
    answer = client.post("/register", data={**sent, "email": "wil@EXAMPLE.com"})
    assert "There is an account with this email address" in answer.text


def test_password_of_an_account_is_kept_as_a_hash(
    app: Flask, customer: FlaskClient
) -> None:
    with app.app_context():
        (kept,) = db.session.scalars(select(Customer.password_hash))
    assert check_password_hash(kept, CUSTOMER["password"])


@pytest.mark.parametrize(
    "url",
    ["//evil.example", "/\\evil.example", "https://e.x", "/\t/evil.example", "/\n/e.x"],
)
def test_login_leads_to_no_other_site(app: Flask, url: str) -> None:
    with app.test_request_context("/sign-in", query_string={"next": url}):
        assert next_path() is None
    with app.test_request_context("/sign-in", query_string={"next": "/cart"}):
        assert next_path() == "/cart"


def test_drafts_of_an_account_need_the_login(client: FlaskClient) -> None:
    page = get(client, "/my-drafts")
    assert page.heading == "Sign in"
    assert page.url == "/sign-in?next=%2Fmy-drafts"


def test_sign_in_on_the_way_saves_first_and_comes_back(
    customer: FlaskClient, app: Flask
) -> None:
    client = app.test_client()
    put_in_cart(client, "the-salt-almanac")
    page = get(client, "/checkout/")
    (action,) = (path for path, hidden in page.forms.items() if "_rev" in hidden)
    (button,) = page.html.query("button[formaction]")
    sent = {**page.forms[action], "_action": attribute(button, "value")}
    answer = client.post(
        attribute(button, "formaction"), data={**sent, "name": "Wil", "email": "half a"}
    )
    login = answer.location
    page = get(client, login)
    assert page.heading == "Sign in"
    sent = {**page.forms["/sign-in"], **CUSTOMER}
    page = get(client, client.post(login, data=sent).location)
    assert page.path.endswith("/delivery")
    assert (page.value("name"), page.value("email")) == ("Wil", "half a")
    assert "begun before you signed in" in page.banners
    assert "Already have an account?" not in page.text


def test_sign_in_on_the_way_is_offered_at_each_step(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    assert "Already have an account?" in page.text
    (first, *_) = page.html.query("form.wizard-form button")
    assert attribute(first, "value") == "next"


def test_customer_finds_drafts_on_another_device(
    app: Flask, customer: FlaskClient
) -> None:
    put_in_cart(customer, "the-salt-almanac")
    begun = next_step(customer, get(customer, "/checkout/"), DELIVERY)
    phone = app.test_client()
    page = sign_in(phone)
    assert page.heading == "My drafts"
    assert page.link("Continue Checkout: for Wilhelmina Reed") == begun.path
    assert "Step 2: Is it a gift?" in page.text
    assert get(phone, begun.path).status == 200


def test_next_person_at_the_browser_sees_no_draft(
    app: Flask, customer: FlaskClient
) -> None:
    put_in_cart(customer, "the-salt-almanac")
    begun = next_step(customer, get(customer, "/checkout/"), DELIVERY)
    sign_out(customer)
    assert get(customer, begun.path).status == 404
    assert "Cart 0" in get(customer, "/").text


def test_link_to_another_device_is_for_the_holder_of_the_draft(
    app: Flask, client: FlaskClient
) -> None:
    page = get(client, "/club/")
    (action,) = (path for path, hidden in page.forms.items() if "_rev" in hidden)
    page = post(client, page, action, {"_action": "save", "name": "Juna"})
    (link,) = (path for path in page.forms if path.endswith("/link"))
    assert client.post(link, data=page.forms[link]).status_code == 200
    stranger = app.test_client()
    token = get(stranger, "/club/").token
    answer = stranger.post(link, data={"csrf_token": token})
    assert answer.status_code == 404


# The cart, while the checkout is on its way


@pytest.mark.parametrize("change", ["add", "copies", "price"])
def test_cart_that_changed_since_the_check_page_is_checked_again(
    app: Flask, client: FlaskClient, change: str
) -> None:
    cart = put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client)
    if change == "add":
        put_in_cart(client, "the-moss-report")
    elif change == "copies":
        post(client, cart, "/cart/the-salt-almanac", {"copies": 3})
    else:
        with app.app_context():
            db.session.scalars(select(Book)).first().price = 9900  # type: ignore[union-attr]
            db.session.commit()
    page = next_step(client, review, {})
    assert page.path.endswith("/payment")
    assert "Your cart has changed since you checked your order." in page.text
    assert orders(app) == []
    review = next_step(client, page, {})
    total = {"add": "€ 35.40", "copies": "€ 55.50", "price": "€ 99.00"}[change]
    assert total in review.text
    next_step(client, review, {})
    assert len(orders(app)) == 1


def test_cart_changed_before_the_check_page_asks_nothing(
    app: Flask, client: FlaskClient
) -> None:
    put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client)
    put_in_cart(client, "the-moss-report")
    next_step(client, get(client, review.path), {})
    assert orders(app)[0]["books"] == {"The Salt Almanac": 1, "The Moss Report": 1}


def test_page_that_is_sent_again_has_the_cart_that_was_shown(
    app: Flask, client: FlaskClient
) -> None:
    put_in_cart(client, "the-salt-almanac")
    review = fill_in_checkout(client)
    put_in_cart(client, "the-moss-report")
    (action,) = (path for path, hidden in review.forms.items() if "_rev" in hidden)
    sent = {**review.forms[action], "csrf_token": "expired", "_action": "next"}
    again = Page(client.post(action, data=sent))
    assert again.status == 400
    assert again.value("cart") == "the-salt-almanac 1 1850"
    assert next_step(client, again, {}).path.endswith("/payment")
    assert orders(app) == []


# Preferences


def order_once(client: FlaskClient, *, remember: bool, gift: str = "no") -> None:
    """Order a book, and agree or not that the shop remembers the answers."""
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    page = next_step(client, page, {"gift": gift})
    if gift == "yes":
        page = next_step(client, page, {"gift_message": "A secret poem"})
    sent: dict[str, Any] = {"method": "transfer", "payer": "person"}
    page = next_step(client, page, sent | ({"remember": "y"} if remember else {}))
    assert next_step(client, page, {}).path.startswith("/orders/")


def begins_with(client: FlaskClient) -> str | None:
    """What the first page of another order has as the street."""
    put_in_cart(client, "the-moss-report")
    return get(client, "/checkout/new/delivery").value("address-street")


def test_next_order_begins_with_the_last_one(client: FlaskClient, app: Flask) -> None:
    order_once(client, remember=True)
    put_in_cart(client, "the-moss-report")
    page = get(client, "/checkout/")
    assert {name: page.value(name) for name in DELIVERY} == DELIVERY
    page = next_step(client, page, {})
    assert page.value("gift") == "no"
    page = next_step(client, page, {})
    assert page.value("method") == "transfer"
    assert page.value("remember") == "y"
    assert begins_with(app.test_client()) == ""


def test_shop_remembers_nothing_unasked(client: FlaskClient) -> None:
    order_once(client, remember=False)
    assert begins_with(client) == ""
    with client.session_transaction() as session:
        assert "Quay 7" not in repr(dict(session))
    assert "We remember nothing of you." in get(client, "/preferences").text


def test_order_without_agreement_forgets_the_last_one(client: FlaskClient) -> None:
    order_once(client, remember=True)
    put_in_cart(client, "the-moss-report")
    page = next_step(client, get(client, "/checkout/"), {})
    page = next_step(client, next_step(client, page, {}), {"remember": []})
    next_step(client, page, {})
    assert begins_with(client) == ""


def test_message_of_a_gift_is_not_remembered(client: FlaskClient) -> None:
    order_once(client, remember=True, gift="yes")
    with client.session_transaction() as session:
        assert "Quay 7" in repr(session["preferences"])
        assert "A secret poem" not in repr(dict(session))


def test_preferences_are_shown_and_forgotten(client: FlaskClient) -> None:
    order_once(client, remember=True)
    page = get(client, "/preferences")
    assert "Quay 7" in page.text
    assert "By bank transfer" in page.text
    page = post(client, page, "/preferences/forget", {})
    assert "We have forgotten it." in page.text
    assert "Quay 7" not in page.text
    assert begins_with(client) == ""


def test_customer_is_remembered_on_each_device(
    app: Flask, customer: FlaskClient
) -> None:
    order_once(customer, remember=True)
    phone = app.test_client()
    assert begins_with(phone) == ""
    sign_in(phone)
    assert begins_with(phone) == "Quay 7"
    with customer.session_transaction() as session:
        assert "preferences" not in session
    post(phone, get(phone, "/preferences"), "/preferences/forget", {})
    assert begins_with(customer) == ""
    with app.app_context():
        assert db.session.scalars(select(Preferences)).all() == []


def test_next_person_at_the_browser_begins_with_nothing(customer: FlaskClient) -> None:
    order_once(customer, remember=True)
    sign_out(customer)
    assert begins_with(customer) == ""


def test_what_the_shop_does_not_offer_any_more_is_asked(client: FlaskClient) -> None:
    order_once(client, remember=True)
    with client.session_transaction() as session:
        kept = session["preferences"]
        kept["delivery"]["address"]["country"] = "XX"
        kept["gift"]["gift"], kept["payment"]["method"] = "maybe", "cheque"
        session["preferences"] = kept
    put_in_cart(client, "the-moss-report")
    page = get(client, "/checkout/")
    assert page.value("address-street") == "Quay 7"
    assert page.value("address-country") == ""
    page = next_step(client, page, {"address-country": "NL"})
    assert page.value("gift") is None
    page = next_step(client, page, {"gift": "no"})
    assert page.value("method") is None
    assert page.value("payer") == "person"
    assert get(client, "/preferences").status == 200


def test_way_to_pay_that_does_not_suit_a_gift_is_asked(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    page = next_step(client, page, {"gift": "no"})
    sent = {"method": "courier", "payer": "person", "remember": "y"}
    next_step(client, next_step(client, page, sent), {})
    put_in_cart(client, "the-moss-report")
    page = next_step(client, get(client, "/checkout/"), {})
    page = next_step(client, page, {"gift": "yes"})
    page = next_step(client, page, {"gift_message": "Hello"})
    assert page.path.endswith("/payment")
    assert page.value("method") is None


def test_kinds_of_books_begin_the_club_and_a_suggestion(client: FlaskClient) -> None:
    page = get(client, "/preferences")
    liked = {"genres": ["crime", "poetry"]}
    page = post(client, page, "/preferences", liked)
    assert "We remember it." in page.text
    tastes = next_step(client, get(client, "/club/"), YOU)
    assert tastes.values["genres"] == ["crime", "poetry"]
    page = next_step(client, get(client, "/suggest/"), BOOK)
    assert page.value("genre") == "crime"


def test_child_begins_with_kinds_of_books_for_children(client: FlaskClient) -> None:
    liked = {"genres": ["crime", "poetry"]}
    post(client, get(client, "/preferences"), "/preferences", liked)
    page = next_step(client, get(client, "/club/"), CHILD)
    page = next_step(client, next_step(client, page, {}), GUARDIAN)
    assert page.values["genres"] == ["poetry"]


# Suggestions: held, then stored or thrown away


BOOK = {"title": "Ink and Ice", "author": "Mara Holm", "year": "1987"}
REASON = {"genre": "nature", "reason": "It smells of snow."}


def suggestions(app: Flask) -> list[tuple[str, int | None, str]]:
    with app.app_context():
        found = db.session.scalars(select(Suggestion))
        return [(one.title, one.year, one.genre) for one in found]


def test_suggestion_is_held_as_it_was_typed(app: Flask, client: FlaskClient) -> None:
    page = next_step(client, get(client, "/suggest/"), {**BOOK, "year": "nineteen"})
    assert "Enter the year in figures" in page.text
    page = get(client, "/suggestions")
    assert {"Ink and Ice", "nineteen"} <= set(page.texts("dd"))
    assert suggestions(app) == []
    assert "nineteen" not in get(app.test_client(), "/suggestions").text


def test_suggestion_that_was_checked_is_stored(app: Flask, client: FlaskClient) -> None:
    page = next_step(client, get(client, "/suggest/"), BOOK)
    review = next_step(client, page, REASON)
    assert "Suggest this book" in review.texts("button")
    for _ in range(2):
        page = next_step(client, review, {})
    assert page.path == "/suggestions"
    assert "by Mara Holm, 1987. Nature." in page.text
    assert page.texts("dd") == []
    assert suggestions(app) == [("Ink and Ice", 1987, "nature")]


def test_suggestion_that_is_discarded_is_thrown_away(
    app: Flask, client: FlaskClient
) -> None:
    next_step(client, get(client, "/suggest/"), {**BOOK, "year": "nineteen"})
    page = get(client, get(client, "/suggestions").link("Throw away"))
    (action,) = (path for path in page.forms if path.endswith("/discard"))
    page = post(client, page, action, {"_action": "discard"})
    assert "Nothing of it is left." in page.text
    assert "nineteen" not in get(client, "/suggestions").text
    assert suggestions(app) == []


def test_book_on_the_shelf_is_not_suggested(app: Flask, client: FlaskClient) -> None:
    page = next_step(
        client, get(client, "/suggest/"), {**BOOK, "title": "the moss report"}
    )
    page = next_step(client, next_step(client, page, REASON), {})
    assert page.path.endswith("/book")
    assert "We have this book already" in page.text
    assert suggestions(app) == []


# The back room, and links by mail


def mails(client: FlaskClient) -> list[str]:
    """The links in the outbox, the newest first."""
    page = get(client, "/back-room")
    links = [attribute(node, "href") for node in page.html.query(".device-link")]
    return [link.removeprefix(SITE) for link in links]


def invite(client: FlaskClient, email: str = "Ada@example.com") -> None:
    page = get(client, "/back-room")
    sent = {"name": "Ada Fenn", "email": email}
    assert "in the outbox" in post(client, page, "/back-room", sent).text


def test_staff_invites_to_the_club(app: Flask, client: FlaskClient) -> None:
    invite(client)
    (url,) = mails(client)
    friend, late = app.test_client(), app.test_client()
    page = get(friend, url)
    assert page.heading.endswith("You are invited")
    page = post(friend, page, url, {"_action": "next"})
    assert (page.value("name"), page.value("email")) == ("Ada Fenn", "Ada@example.com")
    assert get(late, url).status == 410
    assert get(late, page.path).status == 404
    assert get(client, page.path).status == 404  # the staff's own browser


def test_back_room_counts_open_drafts(app: Flask, client: FlaskClient) -> None:
    page = get(client, "/club/")
    (action,) = (path for path, hidden in page.forms.items() if "_rev" in hidden)
    post(client, page, action, {"_action": "save", "name": "Juna Fenn"})
    assert "/back-room/drafts/" in get(client, "/back-room").source
    shown = get(client, "/back-room/drafts/").text
    assert "Saved under an hour ago: 1" in shown
    assert "Juna" not in shown


def test_back_room_is_shut_unless_it_is_asked_for(app: Flask) -> None:
    app.config["BACK_ROOM"] = False
    assert get(app.test_client(), "/back-room").status == 404
    assert app.test_client().get("/back-room/drafts/").status_code == 403
    assert "Back room" not in get(app.test_client(), "/").text


def test_mailed_link_continues_elsewhere(app: Flask, client: FlaskClient) -> None:
    page = get(client, "/club/")
    (action,) = (path for path, hidden in page.forms.items() if "_rev" in hidden)
    page = post(client, page, action, {"_action": "save", "name": "Juna Fenn"})
    (form,) = (path for path in page.forms if path.endswith("/mail"))
    page = post(client, page, form, {"email": "Juna@example.com"})
    assert "a mail with a link is on its way" in page.text
    (url,) = mails(client)
    phone = app.test_client()
    page = post(phone, get(phone, url), url, {"_action": "next"})
    assert page.value("name") == "Juna Fenn"


def test_guardian_fills_in_their_part_by_a_link(
    app: Flask, client: FlaskClient
) -> None:
    page = next_step(client, get(client, "/club/"), CHILD)
    page = next_step(client, page, {})
    assert page.path.endswith("/guardian")
    (form,) = (
        path
        for path in page.forms
        if path.endswith("/guardian") and "_rev" not in page.forms[path]
    )
    page = post(client, page, form, {"email": "Ilse@example.com"})
    assert "is in the outbox" in page.text
    assert "Somebody else was asked to fill in" in page.text
    (url,) = mails(client)
    phone = app.test_client()
    page = post(phone, get(phone, url), url, {"_action": "next"})
    assert "Juna Fenn" in page.text
    page = get(phone, page.link("Fill in"))
    assert not [path for path in page.forms if path.startswith("/drafts/")]
    page = next_step(phone, page, GUARDIAN)
    assert page.heading == "Thank you"
    page = get(client, get(client, "/club/").link("Continue"))
    assert page.path.endswith("/tastes")


@pytest.mark.parametrize("wrong", ["draft", "address", "too many"])
def test_mail_that_is_not_sent_gets_the_same_reply(
    app: Flask, client: FlaskClient, wrong: str
) -> None:
    next_step(client, get(client, "/club/"), YOU)
    page = get(client, "/club/")
    id = page.link("Continue").split("/")[2] if wrong != "draft" else "x" * 22
    token = {"csrf_token": get(client, "/name").token}
    email = "no address" if wrong == "address" else "juna@example.com"
    for _ in range(5):
        answer = client.post(f"/drafts/{id}/mail", data={**token, "email": email})
        page = get(client, answer.location)
        assert "a mail with a link is on its way" in page.text
    assert len(mails(client)) == (3 if wrong == "too many" else 0)


def test_checkout_is_not_continued_where_the_cart_is_not(client: FlaskClient) -> None:
    put_in_cart(client, "the-salt-almanac")
    page = next_step(client, get(client, "/checkout/"), DELIVERY)
    page = get(client, step_of(page, "saved"))
    assert "another device" not in page.text


def test_slow_picture_does_not_take_the_cart_back(
    app: Flask, client: FlaskClient
) -> None:
    get(client, "/books/the-salt-almanac")
    cookie = client.get_cookie("session")
    assert cookie is not None
    picture = app.test_client()
    picture.set_cookie("session", cookie.value)
    put_in_cart(client, "the-salt-almanac")
    with picture.get("/static/icon.svg") as answer:
        assert "Set-Cookie" not in answer.headers
    assert get(client, "/checkout/").path.startswith("/checkout/")


HOME = {
    "street": "1 Fir Lane",
    "postcode": "9000",
    "city": "Ghent",
    "country": "BE",
}
SELLER = {"name": "Juna Fenn", "email": "juna@example.com"}


def open_task(client: FlaskClient, page: Page, name: str) -> Page:
    return get(client, get(client, page.path.rsplit("/", 1)[0] + "/tasks").link(name))


def test_books_are_sold_by_tasks_in_any_order(app: Flask, client: FlaskClient) -> None:
    page = get(client, get(client, "/").link("Sell your books"))
    assert page.texts(".wizard-task-state") == [
        *("Not started", "Not started", "Cannot start yet"),
        *("Not started", "Cannot start yet"),
    ]
    page = next_step(
        client, get(client, page.link("How we pay you")), {"iban": "BE68 539007547034"}
    )
    page = open_task(client, page, "Your books")
    page = next_step(client, page, {"title": "Emma", "condition": "worn"})
    page = next_step(client, page, {})
    page = next_step(client, open_task(client, page, "About you"), SELLER)
    page = next_step(client, page, {**HOME, "country": "FR"})
    page = open_task(client, page, "Their way")
    assert "You collect them" not in page.text
    page = next_step(client, open_task(client, page, "About you"), {})
    page = next_step(client, page, HOME)
    page = next_step(client, open_task(client, page, "Their way"), {"way": "collect"})
    assert page.heading == "When shall we come?"
    day = date.today() + timedelta(days=300)
    page = next_step(client, page, {"day": day.isoformat()})
    assert page.texts(".wizard-progress") == ["You have completed 4 of 4 tasks."]
    page = next_step(client, get(client, page.link("Check your offer")), {})
    assert "S-1001" in page.text
    with app.app_context():
        (offer,) = db.session.scalars(select(Offer))
        assert (offer.name, offer.day) == ("Juna Fenn", day)
        assert offer.books == [{"title": "Emma", "condition": "worn"}]
