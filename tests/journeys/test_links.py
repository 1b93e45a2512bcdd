"""Links that open a draft in another browser, and what strangers gain by them."""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from apps import MakeApp
from click.testing import CliRunner
from flask import Flask, abort, request
from flask.cli import FlaskGroup
from login_sites import Site as LoginSite
from login_sites import plain_site
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor
from wizards import Join, begun, committed, declare, stored

from flask_wizard import ConfigurationError, FlaskWizard, Wizard
from flask_wizard.core.draft import encode
from flask_wizard.drafts.keyring import Kind

HOUR = 60 * 60
FORM = "application/x-www-form-urlencoded"
WARNING = "Whoever has this draft open too can read what you enter."


class Linked:
    """An application whose views make and revoke links, as a test tells them to."""

    def __init__(self, app: Flask, wizards: FlaskWizard) -> None:
        self.app = app
        self._wizards = wizards
        self.age: timedelta | float = HOUR
        app.add_url_rule("/link-to/<id>", view_func=self._of_id, methods=["POST"])
        app.add_url_rule("/links", view_func=self._of_rows, methods=["POST"])
        app.add_url_rule("/revoke/<id>", view_func=self._revoke, methods=["POST"])

    def _of_id(self, id: str) -> str:
        uses = int(request.args.get("uses", 1))
        return self._wizards.resume_url(id, max_age=self.age, uses=uses)

    def _of_rows(self) -> dict[str, str]:
        rows = self._wizards.drafts()
        return {row.id: self._wizards.resume_url(row, max_age=self.age) for row in rows}

    def _revoke(self, id: str) -> str:
        self._wizards.revoke(id)
        return "revoked"

    def link(self, visitor: Visitor, uses: int = 1, **more: Any) -> str:
        """Have a link made to the visitor's draft."""
        url = f"/link-to/{id_of(visitor)}?uses={uses}"
        answer = visitor.client.post(url, **more)
        assert answer.status_code == 200, answer.text
        return answer.text

    def revoke(self, visitor: Visitor) -> int:
        return visitor.client.post(f"/revoke/{id_of(visitor)}").status_code


def id_of(visitor: Visitor) -> str:
    return visitor.draft.split("/")[2]


def path_of(url: str) -> str:
    return urlsplit(url).path


def take_up(visitor: Visitor, url: str) -> Page:
    """Follow a link and press its button."""
    page = visitor.open(path_of(url))
    assert page.status == 200, page.text
    return visitor.press()


@pytest.fixture
def linked(store: Probe, make_app: MakeApp) -> Linked:
    app = make_app(Join)
    return Linked(app, FlaskWizard(store=store))


@pytest.fixture
def signed_in(
    store: Probe, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], tuple[Linked, LoginSite]]:
    def make() -> tuple[Linked, LoginSite]:
        folder = str(tmp_path_factory.getbasetemp())
        app = Flask("site", root_path=folder, instance_path=folder)
        app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_LOGIN_URL="/login")
        site = plain_site(app, store)
        app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
        assert site.wizards is not None
        return Linked(app, site.wizards), site

    return make


# Taking up


def test_link_opens_the_draft_in_another_browser(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    page = take_up(phone, linked.link(visitor))
    assert page.path == f"{visitor.draft}pet"
    phone.fill(pet="Rex")
    assert ("Name", "Ada") in phone.page.rows
    phone.press()
    assert len(committed) == 1
    assert visitor.open(f"{visitor.draft}receipt").status == 200


def test_both_browsers_go_on(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    take_up(phone, linked.link(visitor))
    phone.fill(pet="Rex")
    page = visitor.open(f"{visitor.draft}check")
    assert ("Pet", "Rex") in page.rows


def test_draft_stands_in_the_list_of_who_took_it_up(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    take_up(phone, linked.link(visitor))
    assert phone.open("/join/").link("Continue").startswith(visitor.draft)


def test_row_of_drafts_gives_a_link(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    (url,) = visitor.client.post("/links").get_json().values()
    assert take_up(phone, url).path.startswith(visitor.draft)


@pytest.mark.requirement("S68")
def test_page_says_what_it_is_and_until_when(linked: Linked, clock: Traveller) -> None:
    visitor = begun(linked.app)
    page = Visitor(linked.app).open(path_of(linked.link(visitor)))
    assert page.heading.endswith("Continue here")
    assert "begun in another browser" in page.text
    assert len(page.texts("time")) == 1
    assert WARNING in page.text


@pytest.mark.requirement("S67")
def test_link_counts_its_uses(linked: Linked) -> None:
    url = linked.link(begun(linked.app), uses=2)
    for _ in range(2):
        take_up(Visitor(linked.app), url)
    page = Visitor(linked.app).open(path_of(url))
    assert page.status == 410
    assert "used already" in page.heading


def test_taker_may_repeat(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    url = linked.link(visitor)
    twin: list[Page] = []
    phone.open(path_of(url))
    tab = phone.twin()
    twin += [phone.press(), tab.press()]
    assert {page.path for page in twin} == {f"{visitor.draft}pet"}
    assert take_up(phone, url).path == f"{visitor.draft}pet"
    assert len(stored(visitor).holders) == 2


def test_link_of_the_visitor_costs_no_use(linked: Linked) -> None:
    visitor = begun(linked.app)
    url = linked.link(visitor)
    take_up(visitor.tab(), url)
    take_up(Visitor(linked.app), url)


@pytest.mark.requirement("S69")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_link_of_an_ended_draft_is_gone(linked: Linked, how: str) -> None:
    visitor = begun(linked.app)
    url = linked.link(visitor)
    if how == "commit":
        visitor.fill(pet="Rex")
        visitor.press()
    else:
        visitor.post(f"{visitor.draft}discard", action="discard")
    page = Visitor(linked.app).open(path_of(url))
    assert page.status == 410
    assert "sent or discarded" in page.text


@pytest.mark.requirement("S66")
@pytest.mark.parametrize("age", [60, timedelta(minutes=1)])
def test_link_expires(linked: Linked, clock: Traveller, age: timedelta | float) -> None:
    linked.age = age
    url = linked.link(begun(linked.app))
    clock.shift(59)
    phone = Visitor(linked.app)
    assert phone.open(path_of(url)).status == 200
    clock.shift(1)
    assert phone.send().status_code == 410
    page = phone.open(path_of(url))
    assert page.status == 410
    assert "has expired" in page.heading


@pytest.mark.requirement("S69")
def test_link_ends_with_its_draft(linked: Linked, clock: Traveller) -> None:
    linked.age = timedelta(days=60)
    url = linked.link(begun(linked.app))
    clock.shift(timedelta(days=8))
    assert Visitor(linked.app).open(path_of(url)).status == 410


def test_taking_up_renews_the_lifetime(linked: Linked, clock: Traveller) -> None:
    linked.age, visitor = timedelta(days=6), begun(linked.app)
    url = linked.link(visitor)
    clock.shift(timedelta(days=5))
    phone = Visitor(linked.app)
    take_up(phone, url)
    clock.shift(timedelta(days=5))
    assert phone.open(f"{visitor.draft}pet").status == 200


def test_who_has_too_many_drafts_takes_up_none(make_app: MakeApp, store: Probe) -> None:
    wizard = declare("Few", Join, max_drafts=1)
    linked = Linked(make_app(wizard), FlaskWizard(store=store))
    visitor, other = begun(linked.app), begun(linked.app, name="Bea")
    other_draft = other.draft
    other.open(path_of(linked.link(visitor)))
    page = other.press()
    assert page.status == 409
    assert "too many unfinished" in page.banners
    assert any(url.startswith(other_draft) for url in page.links.values())
    assert len(stored(visitor).holders) == 1


def test_application_limits_who_takes_up(make_app: MakeApp, store: Probe) -> None:
    asked: list[str] = []

    def admit(self: Wizard, moment: str, holder: str) -> None:
        asked.append(moment)
        if moment == "link" and asked.count("link") == 1:
            abort(429)

    linked = Linked(
        make_app(declare("Shy", Join, admit=admit)), FlaskWizard(store=store)
    )
    visitor, phone = begun(linked.app), Visitor(linked.app)
    phone.open(path_of(linked.link(visitor)))
    page = phone.press()
    assert page.status == 429
    assert len(stored(visitor).holders) == 1
    assert phone.press().path == f"{visitor.draft}pet"


def test_committing_draft_is_not_taken_up(linked: Linked) -> None:
    visitor = begun(linked.app)
    phone, url = Visitor(linked.app), linked.link(visitor)
    phone.open(path_of(url))
    repository = linked.app.extensions["flask_wizard"].repository(linked.app)
    draft, version = repository.load(id_of(visitor))
    claimed = encode(draft.claim(draft.updated, 10**6))
    repository.store.save(version, claimed, kind=Kind.DRAFT, ttl=HOUR)
    assert phone.press().status == 409
    assert len(stored(visitor).holders) == 1


def test_store_trouble_is_a_page(linked: Linked, store: Probe) -> None:
    phone = Visitor(linked.app)
    phone.open(path_of(linked.link(begun(linked.app))))
    store.down = True
    assert phone.press().status == 503


@pytest.mark.requirement("S67")
def test_two_at_once_do_not_share_one_use(linked: Linked, store: Probe) -> None:
    visitor, phone, other = (
        begun(linked.app),
        Visitor(linked.app),
        Visitor(linked.app),
    )
    url = path_of(linked.link(visitor))
    phone.open(url)
    other.open(url)
    # After both have read, and before the first has written.
    store.before_write = [other.press]
    assert phone.send().status_code == 410
    assert other.page.path == f"{visitor.draft}pet"
    assert len(stored(visitor).holders) == 2


def test_save_of_another_request_does_not_lose_the_taker(
    linked: Linked, store: Probe
) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    url = linked.link(visitor)
    store.before_write = [lambda: None, lambda: visitor.fill(pet="Rex")]
    take_up(phone, url)
    assert ("Pet", "Rex") in phone.open(f"{visitor.draft}check").rows


def test_job_makes_and_revokes_links_without_a_request(
    linked: Linked, store: Probe
) -> None:
    visitor, wizards = begun(linked.app), FlaskWizard(store=store)
    with linked.app.test_request_context("/", headers={"Cookie": cookie_of(visitor)}):
        (row,) = wizards.drafts()
    with linked.app.app_context():
        with pytest.raises(ConfigurationError, match="no request"):
            wizards.resume_url(row, max_age=HOUR)
        linked.app.config["WIZARD_EXTERNAL_URL"] = "https://forms.example"
        url = wizards.resume_url(row, max_age=HOUR)
        phone = Visitor(linked.app)
        take_up(phone, url)
        wizards.revoke(row)
    assert phone.get(f"{visitor.draft}pet").status_code == 404
    assert Visitor(linked.app).open(path_of(url)).status == 410


# What a stranger gains


@pytest.mark.requirement("S41")
def test_forged_link_is_not_found(linked: Linked) -> None:
    visitor = begun(linked.app)
    url = path_of(linked.link(visitor))
    page = Visitor(linked.app).open("/join/link/" + "A" * len(url))
    middle = len(url) // 2
    flipped = url[:middle] + ("A" if url[middle] != "A" else "B") + url[middle + 1 :]
    cut = url[:-4]
    for each in (flipped, cut, f"/join/link/{id_of(visitor)}", "/join/link/é=%00"):
        assert Visitor(linked.app).open(each).status == 404
    assert page.status == 404


@pytest.mark.requirement("S41")
def test_link_reveals_neither_draft_nor_answers(linked: Linked, store: Probe) -> None:
    visitor = begun(linked.app, name="Zanzibar-Quokka-7319")
    urls = {linked.link(visitor) for _ in range(20)}
    assert len(urls) == 20
    assert not any(id_of(visitor) in url for url in urls)
    page = Visitor(linked.app).open(path_of(urls.pop()))
    assert "Zanzibar" not in page.source
    assert id_of(visitor) not in page.source.replace(page.path, "")


@pytest.mark.requirement("S42")
def test_link_of_one_mount_opens_nothing_at_another(linked: Linked) -> None:
    linked.app.register_blueprint(Join.as_blueprint("other"), url_prefix="/other")
    url = path_of(linked.link(begun(linked.app)))
    page = Visitor(linked.app).open(url.replace("/join/", "/other/"))
    assert page.status == 404


@pytest.mark.requirement("S43")
def test_nobody_makes_a_link_to_a_draft_of_another(linked: Linked) -> None:
    visitor, stranger = begun(linked.app), begun(linked.app, name="Mallory")
    for id in (id_of(visitor), "x" * 22, "new", "../x"):
        assert stranger.client.post(f"/link-to/{id}").status_code == 404
    assert stranger.client.post(f"/revoke/{id_of(visitor)}").status_code == 404
    assert list(stranger.client.post("/links").get_json()) == [id_of(stranger)]


@pytest.mark.requirement("S44")
def test_get_takes_nothing_up(linked: Linked, store: Probe) -> None:
    visitor = begun(linked.app)
    url = path_of(linked.link(visitor))
    before = store.snapshot()
    scanner = Visitor(linked.app)
    for _ in range(3):
        assert scanner.client.get(url).status_code == 200
        assert scanner.client.head(url).status_code == 200
    assert store.snapshot() == before
    assert scanner.get(f"{visitor.draft}pet").status_code == 404
    take_up(Visitor(linked.app), url)


@pytest.mark.requirement("S44")
@pytest.mark.parametrize(
    "sent",
    [
        {"_action": "next", "csrf_token": None},
        {"_action": "next", "csrf_token": "wrong"},
        {"_action": None},
    ],
)
def test_nobody_is_made_to_take_up_a_link(
    linked: Linked, sent: dict[str, str | None]
) -> None:
    visitor, victim = begun(linked.app), Visitor(linked.app)
    victim.open(path_of(linked.link(visitor)))
    answer = victim.client.post(
        victim.page.action,
        data={
            name: value
            for name, value in {"csrf_token": victim.token, **sent}.items()
            if value is not None
        },
    )
    assert answer.status_code == 400
    cross = {"Sec-Fetch-Site": "cross-site"}
    foreign = victim.client.post(
        victim.page.action,
        data={"_action": "next", "csrf_token": victim.token},
        headers=cross,
    )
    assert foreign.status_code == 400
    assert len(stored(visitor).holders) == 1


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"json": {"_action": "next"}}, 415),
        ({"data": "next", "content_type": "text/plain"}, 415),
        ({"data": b"x" * 2_000_000, "content_type": "text/plain"}, 413),
        ({"data": b"\xff=%ff&\x00", "content_type": FORM}, 400),
        ({}, 400),
    ],
)
def test_body_that_is_no_form_takes_nothing_up(
    linked: Linked, body: dict[str, Any], status: int
) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    phone.open(path_of(linked.link(visitor)))
    headers = {"X-CSRFToken": phone.token}
    answer = phone.client.post(phone.page.action, headers=headers, **body)
    assert answer.status_code == status
    assert len(stored(visitor).holders) == 1


def test_other_button_takes_nothing_up(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    phone.open(path_of(linked.link(visitor)))
    assert phone.send("back").location == "/join/"
    assert len(stored(visitor).holders) == 1


def test_link_names_the_subdomain_of_its_mount(store: Probe) -> None:
    app = Flask("site", subdomain_matching=True)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, SERVER_NAME="site.example")
    wizards = FlaskWizard(app, store=store)
    app.register_blueprint(
        Join.as_blueprint("join"), url_prefix="/j", subdomain="forms"
    )
    with app.app_context():
        url = wizards.invite_url("join", {}, max_age=HOUR)
    assert url.startswith("http://forms.site.example/j/link/")


@pytest.mark.requirement("S45")
def test_revoked_link_opens_nothing(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    used, unused = linked.link(visitor), linked.link(visitor)
    take_up(phone, used)
    assert linked.revoke(visitor) == 200
    for url in (used, unused):
        page = Visitor(linked.app).open(path_of(url))
        assert page.status == 410
        assert "not valid any more" in page.heading
        assert phone.open(path_of(url)).status == 410
    assert visitor.open(f"{visitor.draft}pet").status == 200


@pytest.mark.requirement("S45")
def test_who_came_by_a_revoked_link_is_a_stranger(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    take_up(phone, linked.link(visitor))
    linked.revoke(visitor)
    for page in ("", "you", "pet", "saved", "discard", "receipt"):
        assert phone.get(f"{visitor.draft}{page}").status_code == 404, page
    late = phone.send("next", {"pet": "Mallory's"})
    assert id_of(visitor) not in (late.location or "")
    assert "pet" not in stored(visitor).entries
    assert phone.tab().open("/join/").links.get("Continue") is None


@pytest.mark.requirement("S45")
def test_links_made_after_a_revocation_work(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    linked.revoke(visitor)
    assert take_up(phone, linked.link(visitor)).path == f"{visitor.draft}pet"


@pytest.mark.requirement("S46")
def test_draft_that_begins_anew_has_no_old_links(
    linked: Linked, clock: Traveller
) -> None:
    linked.age = timedelta(days=60)
    visitor = Visitor(linked.app)
    first = visitor.open("/join/new/you")
    visitor.fill(name="Ada")
    url, draft = linked.link(visitor), visitor.draft
    clock.shift(timedelta(days=8))
    values = {"name": "Ada again", "_draft": first.value("_draft")}
    visitor.open("/join/new/you")
    again = visitor.post(first.action, values)
    assert again.location.startswith(draft)
    assert Visitor(linked.app).open(path_of(url)).status == 410


@pytest.mark.requirement("S47")
def test_users_draft_opens_for_that_user_only(
    signed_in: Callable[[], tuple[Linked, LoginSite]],
) -> None:
    linked, site = signed_in()
    ada, bob, nobody = (Visitor(linked.app) for _ in range(3))
    site.sign_in(ada, "ada")
    site.sign_in(bob, "bob")
    ada.open("/join/new/you")
    ada.fill(name="Ada")
    url = path_of(linked.link(ada))
    assert bob.open(url).status == 404
    page = nobody.open(url)
    assert page.status == 401
    assert page.heading.endswith("Sign in to continue")
    assert page.link("Sign in").startswith("/login?next=")
    assert nobody.post(url, {"csrf_token": nobody_token(nobody)}).status_code == 401
    site.sign_in(nobody, "ada")
    assert take_up(nobody, url).path == f"{ada.draft}pet"
    assert len(stored(ada).holders) == 1


def nobody_token(visitor: Visitor) -> str:
    """A valid token of a session that no page has shown one to."""
    visitor.tab().open("/join/new/you")
    tab = visitor.tab()
    return tab.open("/join/new/you").token


@pytest.mark.requirement("S47")
def test_user_who_took_up_a_link_keeps_nobody_out(
    signed_in: Callable[[], tuple[Linked, LoginSite]],
) -> None:
    linked, site = signed_in()
    visitor, ada, phone = begun(linked.app), Visitor(linked.app), Visitor(linked.app)
    site.sign_in(ada, "ada")
    take_up(ada, linked.link(visitor))
    assert visitor.open(f"{visitor.draft}pet").status == 200
    take_up(phone, linked.link(visitor))
    site.sign_out(ada)
    assert ada.get(f"{visitor.draft}pet").status_code == 404


@pytest.mark.requirement("S47")
def test_who_signs_in_after_a_link_remarks_their_own_place(
    signed_in: Callable[[], tuple[Linked, LoginSite]],
) -> None:
    linked, site = signed_in()
    visitor, phone = begun(linked.app), Visitor(linked.app)
    take_up(phone, linked.link(visitor))
    site.sign_in(phone, "ada")
    assert phone.open(f"{visitor.draft}pet").status == 200
    assert visitor.open(f"{visitor.draft}pet").status == 200
    linked.revoke(visitor)
    assert phone.get(f"{visitor.draft}pet").status_code == 404


@pytest.mark.requirement("S48")
def test_pages_of_links_stay_private(linked: Linked) -> None:
    visitor, phone = begun(linked.app), Visitor(linked.app)
    url = path_of(linked.link(visitor))
    phone.open(url)
    answers = [phone.page.response, phone.send(), Visitor(linked.app).get(url)]
    answers.append(Visitor(linked.app).get("/join/link/forged"))
    assert [answer.status_code for answer in answers] == [200, 303, 410, 404]
    for answer in answers:
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["Referrer-Policy"] == "same-origin"
        assert "Cookie" in answer.headers["Vary"]
    token = url.rsplit("/", 1)[1]
    assert token not in (answers[1].location or "")


@pytest.mark.requirement("S48")
def test_no_link_is_logged_nor_stored(
    linked: Linked, store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    visitor, phone = begun(linked.app), Visitor(linked.app)
    url = path_of(linked.link(visitor))
    token = url.rsplit("/", 1)[1]
    take_up(phone, url)
    Visitor(linked.app).open(url)
    store.down = True
    phone.open(url)
    store.down = False
    assert token not in caplog.text
    assert token not in repr(stored(visitor))
    links = stored(visitor).packed_links
    assert token.encode() not in links


# Absolute URLs


HOSTS: list[tuple[dict[str, Any], str, str]] = [
    ({"WIZARD_EXTERNAL_URL": "https://forms.example"}, "evil.example", "https://forms.example/join/link/"),
    ({"WIZARD_EXTERNAL_URL": "https://x.example/sub"}, "evil.example", "https://x.example/sub/join/link/"),
    ({"SERVER_NAME": "site.example"}, "evil.example", "http://site.example/join/link/"),
    ({"TRUSTED_HOSTS": ["ok.example"]}, "ok.example", "http://ok.example/join/link/"),
]  # fmt: skip


@pytest.mark.requirement("S49")
@pytest.mark.parametrize(("config", "host", "expected"), HOSTS)
def test_link_leads_to_this_site_whatever_the_host(
    make_app: MakeApp, store: Probe, config: dict[str, Any], host: str, expected: str
) -> None:
    linked = Linked(make_app(Join), FlaskWizard(store=store))
    visitor = begun(linked.app)
    linked.app.config.update(config)
    url = linked.link(led_astray(visitor), base_url=f"http://{host}")
    assert url.startswith(expected)


def cookie_of(visitor: Visitor) -> str:
    found = visitor.client.get_cookie("session")
    assert found is not None
    return f"session={found.value}"


def led_astray(visitor: Visitor) -> Visitor:
    """Somebody with the visitor's cookie, who sends it to any host."""
    sends = visitor.app.test_client(use_cookies=False)
    sends.environ_base["HTTP_COOKIE"] = cookie_of(visitor)
    astray = Visitor(visitor.app, client=sends)
    astray._page = visitor.page
    return astray


@pytest.mark.requirement("S49")
def test_foreign_host_gets_no_link(make_app: MakeApp, store: Probe) -> None:
    linked = Linked(make_app(Join), FlaskWizard(store=store))
    visitor = begun(linked.app)
    linked.app.config["TRUSTED_HOSTS"] = ["ok.example"]
    answer = led_astray(visitor).client.post(
        f"/link-to/{id_of(visitor)}", base_url="http://evil.example"
    )
    assert answer.status_code == 400


@pytest.mark.requirement("S49")
def test_application_without_a_host_is_warned_at_its_start(
    store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("WIZARD_EXTERNAL_URL", "SERVER_NAME", None):
        app = Flask("site")
        app.config["SECRET_KEY"] = "k" * 32
        if name is not None:
            app.config[name] = "https://x.example"
        FlaskWizard(app, store=store)
    warned = [r for r in caplog.records if "WIZARD_EXTERNAL_URL" in r.getMessage()]
    assert len(warned) == 1


def test_application_without_links_is_not_warned(
    store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    app = Flask("site")
    reason = {"links WIZARD_EXTERNAL_URL": "No link is made here."}
    app.config.update(SECRET_KEY="k" * 32, WIZARD_SILENCED=reason)
    FlaskWizard(app, store=store)
    assert caplog.records == []


@pytest.mark.parametrize(("command", "warned"), [("wizard list", 0), ("serve", 1)])
def test_commands_that_answer_no_request_warn_of_no_links(
    store: Probe,
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    command: str,
    warned: int,
) -> None:
    def create_app() -> Flask:
        app = Flask("site")
        app.config["SECRET_KEY"] = "k" * 32
        FlaskWizard(app, store=store)
        app.cli.command("serve")(lambda: None)
        return app

    arguments = command.split()
    monkeypatch.setattr(sys, "argv", ["flask", *arguments])
    group = FlaskGroup(create_app=create_app)
    result = CliRunner().invoke(group, arguments)
    assert result.exit_code == 0, result.output
    assert len(caplog.records) == warned


def test_external_url_must_be_one(make_app: MakeApp) -> None:
    for wrong in ("forms.example", "ftp://x", "https://x?y", 7):
        with pytest.raises(ConfigurationError, match="WIZARD_EXTERNAL_URL"):
            make_app(WIZARD_EXTERNAL_URL=wrong)


def test_link_keeps_the_variables_of_its_mount(make_app: MakeApp, store: Probe) -> None:
    app = make_app(Join, prefix="/<language>/<int:course>", unbound=("language",))
    wizards = FlaskWizard(store=store)

    @app.post("/links/<language>")
    def links(language: str) -> str:
        (row,) = wizards.drafts(language=language)
        return wizards.resume_url(row, max_age=HOUR)

    visitor = begun(app, "/en/7/")
    url = visitor.client.post("/links/de").text
    assert "/de/7/link/" in url
    phone = Visitor(app)
    assert take_up(phone, url).path.startswith("/de/7/")
    assert Visitor(app).open(path_of(url).replace("/7/", "/8/")).status == 404


@pytest.mark.parametrize("age", [0, -1, float("inf"), True, "1h"])
def test_age_must_be_a_time(linked: Linked, age: Any) -> None:
    visitor = begun(linked.app)
    linked.age = age
    with pytest.raises(ConfigurationError, match="max_age"):
        linked.link(visitor)


def test_uses_must_be_a_number(linked: Linked) -> None:
    with pytest.raises(ConfigurationError, match="uses"):
        linked.link(begun(linked.app), uses=0)


def test_wizard_without_a_blueprint_has_no_links(linked: Linked) -> None:
    class Bare(Join):
        pass

    with linked.app.test_request_context("/"):
        visit = Bare.open("new", url_for_step=lambda draft, step: "/")
        draft = visit.describe(visit.drafts.fresh("x" * 22))
        with pytest.raises(ConfigurationError, match="as_blueprint"):
            FlaskWizard().resume_url(draft, max_age=HOUR)
