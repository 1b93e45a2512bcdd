"""What a stranger gains by logins, lists and links: nothing. See docs/security.md."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from apps import MakeApp
from clock import HOUR
from flask import Flask, request, session
from login_sites import SITES, Site, plain_site
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor
from wizards import CANARY, Join, begun, committed, declare, stored
from wtforms import Form, PasswordField, StringField

from flask_wizard import Draft, FlaskWizard, Review, Step, Submission

PAGES = ("", "you", "pet", "check", "saved", "discard", "receipt", "link", "tasks")


class Secret(Form):
    name = StringField("Name")
    pin = PasswordField("PIN")


@pytest.fixture
def site(store: Probe, tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site with views that list, link, revoke and adopt."""
    folder = str(tmp_path_factory.getbasetemp())
    app = Flask("site", root_path=folder, instance_path=folder)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_LOGIN_URL="/login")
    site = plain_site(app, store)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    add_views(app, FlaskWizard())
    return site


def add_views(app: Flask, wizards: FlaskWizard) -> None:
    """Add views that do for the visitor what an application's own would."""

    @app.get("/mine")
    def mine() -> list[list[str | None]]:
        rows = wizards.drafts()
        return [[row.id, row.url, row.discard_url, repr(row.entries)] for row in rows]

    @app.post("/link/<id>")
    def link(id: str) -> str:
        age = float(request.args.get("age", HOUR))
        return wizards.resume_url(id, max_age=age, uses=int(request.args.get("n", 1)))

    @app.post("/revoke/<id>")
    def revoke(id: str) -> str:
        wizards.revoke(id)
        return "revoked"

    @app.post("/adopt/<int:user>")
    def adopt(user: int) -> str:
        session["user_id"] = user
        wizards.adopt()
        return "adopted"


def id_of(visitor: Visitor) -> str:
    return visitor.draft.split("/")[2]


def link_of(visitor: Visitor, **query: Any) -> str:
    """Have a link made to the visitor's draft; return its path."""
    answer = visitor.client.post(f"/link/{id_of(visitor)}", query_string=query)
    assert answer.status_code == 200, answer.text
    return urlsplit(answer.text).path


def take_up(visitor: Visitor, url: str) -> Page:
    assert visitor.open(url).status == 200
    return visitor.press()


def statuses(visitor: Visitor, draft: str) -> set[int]:
    """What all pages of a draft answer, to GET and to HEAD."""
    client = visitor.client
    return {
        call(draft + page).status_code
        for page in PAGES
        for call in (client.get, client.head)
    }


def mine(visitor: Visitor) -> list[list[Any]]:
    found: list[list[Any]] = visitor.get("/mine").get_json()
    return found


# Users


@pytest.mark.requirement("S60")
def test_users_draft_opens_only_where_the_user_is_signed_in(
    site: Site, store: Probe
) -> None:
    ada, bob, nobody, phone = (Visitor(site.app) for _ in range(4))
    site.sign_in(ada, "ada")
    site.sign_in(bob, "bob")
    ada.open("/join/new/you")
    draft = ada.fill(name=CANARY).path.removesuffix("pet")
    before = store.snapshot()
    for stranger in (bob, nobody, phone):
        assert statuses(stranger, draft) == {404}
        page = stranger.open(f"{draft}you")
        assert CANARY not in page.source
    assert store.snapshot() == before
    site.sign_in(phone, "ada")
    assert phone.open(f"{draft}you").value("name") == CANARY


@pytest.mark.requirement("S60")
def test_what_became_of_a_users_draft_is_told_to_nobody_else(site: Site) -> None:
    ada, bob = Visitor(site.app), Visitor(site.app)
    site.sign_in(ada, "ada")
    site.sign_in(bob, "bob")
    ada.open("/join/new/you")
    ada.fill(name=CANARY)
    ada.fill(pet="Rex")
    receipt = ada.press().path
    never = bob.get("/join/" + "A" * 22 + "/receipt")
    found = bob.get(receipt)
    assert found.status_code == never.status_code == 404
    assert found.text == never.text


@pytest.mark.requirement("S61")
def test_only_none_is_nobody(make_app: MakeApp, store: Probe) -> None:
    """Ids that are false in Python are users, each of their own."""
    app = Flask("site")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    FlaskWizard(app, store=store, holder=lambda: ids[request.headers.get("X-Me", "")])
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    ids: dict[str, object] = {"": None, "zero": 0, "text": "0", "empty": "", "one": 1}

    def of(name: str) -> Visitor:
        visitor = Visitor(app)
        visitor.client.environ_base["HTTP_X_ME"] = name
        return visitor

    for name in ("zero", "empty"):
        visitor = of(name)
        visitor.open("/join/new/you")
        page = visitor.fill(name=CANARY).path
        assert [h.kind for h in stored(visitor).holders] == ["user"]
        opens = [n for n in ids if of(n).get(page).status_code == 200]
        assert name in opens
        assert set(opens) <= ({"zero", "text"} if name == "zero" else {"empty"})


@pytest.mark.requirement("S62")
@pytest.mark.parametrize("kind", SITES)
def test_user_adopts_what_this_session_has_begun_and_nothing_else(
    store: Probe, tmp_path_factory: pytest.TempPathFactory, kind: str
) -> None:
    folder = str(tmp_path_factory.getbasetemp())
    app = Flask("site", root_path=folder, instance_path=folder)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    site = SITES[kind](app, store)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    other, visitor = begun(app, name=CANARY), begun(app)
    site.sign_in(visitor, "ada")
    links = [u for t, u in visitor.open("/join/").links.items() if "Continue" in t]
    assert len(links) == 1
    assert visitor.get(f"{other.draft}you").status_code == 404
    assert other.open(f"{other.draft}you").value("name") == CANARY
    with app.app_context():
        site.close()


@pytest.mark.requirement("S62")
def test_adoption_by_hand_adopts_for_who_is_signed_in(site: Site) -> None:
    other, visitor = begun(site.app, name=CANARY), begun(site.app)
    assert visitor.client.post("/adopt/1").text == "adopted"
    assert [row[0] for row in mine(visitor)] == [id_of(visitor)]
    bob, ada = Visitor(site.app), Visitor(site.app)
    site.sign_in(bob, "bob")
    site.sign_in(ada, "ada")
    assert [row[0] for row in mine(bob)] == [id_of(visitor)]
    assert mine(ada) == []
    assert [row[0] for row in mine(other)] == [id_of(other)]


# Lists


@pytest.mark.requirement("S64")
def test_list_has_the_visitors_drafts_only(site: Site, store: Probe) -> None:
    visitor, stranger, nobody = begun(site.app), begun(site.app), Visitor(site.app)
    before = store.snapshot()
    assert [row[0] for row in mine(visitor)] == [id_of(visitor)]
    assert [row[0] for row in mine(stranger)] == [id_of(stranger)]
    assert mine(nobody) == []
    assert "Set-Cookie" not in nobody.get("/mine").headers
    assert store.snapshot() == before


@pytest.mark.requirement("S64")
def test_stranger_discards_nothing_by_an_address_of_a_list(site: Site) -> None:
    visitor, stranger = begun(site.app), begun(site.app)
    ((_, _, discard, _),) = mine(visitor)
    assert stranger.get(discard).status_code == 404
    stranger.post(discard, action="discard")
    assert visitor.open(f"{visitor.draft}you").value("name") == "Ada"


@pytest.mark.requirement("S70")
def test_passwords_are_in_no_list_nor_hook(make_app: MakeApp) -> None:
    told: list[str] = []

    def describe(self: Any, draft: Draft) -> str:
        told.append(repr(draft.entries))
        return ""

    def discarded(self: Any, draft: Draft) -> None:
        told.append(repr(draft.entries))

    def commit(self: Any, submission: Submission) -> None:
        told.append(repr(submission.changes))
        raise RuntimeError("not now")

    wizard = declare(
        "Careful",
        you=Step(Secret),
        check=Review(),
        describe=describe,
        discarded=discarded,
        commit=commit,
    )
    app = make_app(wizard, PROPAGATE_EXCEPTIONS=False)
    add_views(app, FlaskWizard())
    visitor = Visitor(app)
    visitor.open("/join/new/you")
    visitor.fill(name="Ada", pin=CANARY)
    told += [row[3] for row in mine(visitor)]
    assert visitor.send().status_code == 500
    visitor.post(f"{visitor.draft}discard", action="discard")
    assert len(told) >= 4
    assert all("Ada" in text for text in told)
    assert not any(CANARY in text for text in told)


# Links


@pytest.mark.requirement("S66")
def test_expired_link_takes_nothing_up(
    site: Site, store: Probe, clock: Traveller
) -> None:
    visitor, phone = begun(site.app, name=CANARY), Visitor(site.app)
    url = link_of(visitor, age=60)
    phone.open(url)
    clock.shift(61)
    before = store.snapshot()
    late = phone.send()
    page = phone.open(url)
    assert (late.status_code, page.status) == (410, 410)
    assert CANARY not in late.text + page.source
    assert id_of(visitor) not in late.text + page.source
    assert store.snapshot() == before
    assert statuses(phone, visitor.draft) == {404}


@pytest.mark.requirement("S67")
def test_used_link_opens_nothing_to_the_next(site: Site, store: Probe) -> None:
    visitor, phone, thief = begun(site.app, name=CANARY), *pair(site.app)
    url = link_of(visitor)
    thief.open(url)
    take_up(phone, url)
    before = store.snapshot()
    late = thief.send()
    page = thief.open(url)
    assert (late.status_code, page.status) == (410, 410)
    assert CANARY not in late.text + page.source
    assert id_of(visitor) not in late.text + page.source
    assert store.snapshot() == before
    assert statuses(thief, visitor.draft) == {404}


def pair(app: Flask) -> tuple[Visitor, Visitor]:
    return Visitor(app), Visitor(app)


@pytest.mark.requirement("S69")
@pytest.mark.parametrize("end", ["commit", "discard", "expire"])
def test_link_outlives_no_draft(site: Site, clock: Traveller, end: str) -> None:
    visitor, late = begun(site.app, name=CANARY), Visitor(site.app)
    url = link_of(visitor, age=timedelta(days=60).total_seconds())
    late.open(url)
    if end == "commit":
        visitor.fill(pet="Rex")
        visitor.press()
        assert len(committed) == 1
    elif end == "discard":
        visitor.post(f"{visitor.draft}discard", action="discard")
    else:
        clock.shift(timedelta(days=8))
    sent, page = late.send(), late.open(url)
    assert (sent.status_code, page.status) == (410, 410)
    assert CANARY not in sent.text + page.source
    assert statuses(late, visitor.draft) == {404}


@pytest.mark.requirement("S71")
def test_who_came_by_a_link_shuts_nobody_out(site: Site) -> None:
    visitor, phone = begun(site.app), Visitor(site.app)
    take_up(phone, link_of(visitor))
    phone.fill(pet="Rex")
    assert phone.client.post(f"/revoke/{id_of(visitor)}").text == "revoked"
    site.sign_in(phone, "bob")
    assert visitor.open(f"{visitor.draft}pet").value("pet") == "Rex"
    assert [row[0] for row in mine(visitor)] == [id_of(visitor)]


@pytest.mark.requirement("S72")
def test_secret_that_was_withdrawn_makes_no_links(site: Site) -> None:
    """A secret leaks, is replaced, and after its time leaves the fallbacks."""
    visitor, friend, thief = begun(site.app), *pair(site.app)
    url = link_of(visitor, n=2)
    site.app.config.update(SECRET_KEY="n" * 32, SECRET_KEY_FALLBACKS=["k" * 32])
    take_up(friend, url)
    site.app.config["SECRET_KEY_FALLBACKS"] = []
    assert thief.open(url).status == 404


# Requests that the framework has nothing to do with


@pytest.mark.requirement("S65")
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST"])
def test_request_without_a_session_is_not_touched(
    site: Site, store: Probe, method: str
) -> None:
    site.app.add_url_rule("/own", "own", lambda: "own", methods=["GET", "POST"])
    client = site.app.test_client(use_cookies=False)
    answer = client.open("/own", method=method)
    assert answer.status_code == 200
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")
    assert store.snapshot() == {}


HEADERS: list[Callable[[str], dict[str, str]]] = [
    lambda url: {},
    lambda url: {"Referer": f"http://localhost{url}", "Origin": "null"},
]


@pytest.mark.requirement("S68")
@pytest.mark.parametrize("headers", HEADERS)
def test_nobody_is_led_into_a_strangers_draft_unasked(
    site: Site, store: Probe, headers: Callable[[str], dict[str, str]]
) -> None:
    """Whoever wants to read along sends a link to a draft of their own."""
    mallory, victim = begun(site.app), Visitor(site.app)
    url, before = link_of(mallory), store.snapshot()
    page = victim.open(url)
    assert "Whoever has this draft open too can read what you enter" in page.text
    forged = victim.client.post(url, data={"_action": "next"}, headers=headers(url))
    assert forged.status_code == 400
    assert store.snapshot() == before
    assert mine(victim) == []


@pytest.mark.requirement("S63")
def test_text_of_a_login_that_ran_out_is_left_to_nobody(
    site: Site, store: Probe
) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    visitor.open("/join/new/you")
    visitor.fill(name="Ada")
    site.sign_out(visitor)
    before = store.snapshot()
    page = visitor.press("next", {"pet": CANARY})
    assert (page.status, page.value("pet")) == (401, CANARY)
    assert page.response.headers["Cache-Control"] == "no-store"
    site.sign_in(visitor, "bob")
    assert statuses(visitor, visitor.draft) == {404}
    assert mine(visitor) == []
    assert store.snapshot() == before
    with visitor.client.session_transaction() as found:
        assert CANARY not in repr(dict(found))
