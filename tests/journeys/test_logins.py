"""People who sign in and out at one browser, in applications of three kinds."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from apps import MakeApp
from flask import Flask, abort, request, session
from flask_login import LoginManager, UserMixin, login_user, logout_user
from login_sites import PASSWORD, SITES, Site, plain_site
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor, attribute
from wizards import Join, You, committed, declare

from flask_wizard import FlaskWizard, Receipt, Review, Step, StepError, Wizard
from flask_wizard.drafts.holders import ENDED_KEY
from flask_wizard.errors import ConfigurationError, ConflictError, StoreError
from flask_wizard.testing import WizardClient

TYPED = "typed by Ada"

MakeSite = Callable[..., Site]


@pytest.fixture
def make_site(
    store: Probe, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[MakeSite]:
    """A function that makes a site of a kind with a wizard mounted as ``join``."""
    folder, made = str(tmp_path_factory.getbasetemp()), []

    def make(
        kind: Callable[[Flask, object], Site] = plain_site,
        wizard: type[Wizard] = Join,
        **config: object,
    ) -> Site:
        app = Flask("site", root_path=folder, instance_path=folder)
        app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_COMMIT_WAIT=0)
        app.config.update(config)
        site = kind(app, store)
        app.register_blueprint(wizard.as_blueprint("join"), url_prefix="/join")
        made.append(site)
        return site

    yield make
    for site in made:
        with site.app.app_context():
            site.close()


@pytest.fixture(params=SITES)
def site(request: pytest.FixtureRequest, make_site: MakeSite) -> Site:
    return make_site(SITES[request.param])


@pytest.fixture
def plain(make_site: MakeSite) -> Site:
    """The site that clears its session when somebody signs in or out."""
    return make_site()


def begin(visitor: Visitor, **typed: str) -> str:
    """Begin a draft; return the address of its second step."""
    visitor.open("/join/new/you")
    page = visitor.fill(**{"name": TYPED, **typed})
    assert page.path.endswith("/pet"), page.text
    return page.path


def entry(visitor: Visitor) -> list[str]:
    """The addresses of the drafts on the entry page."""
    links = visitor.tab().open("/join/").links
    return [url for text, url in links.items() if text.startswith("Continue")]


def statuses(visitor: Visitor, page: str) -> set[int]:
    """What the pages of a draft answer to a visitor."""
    url = page.rsplit("/", 1)[0]
    names = ("/", "/you", "/pet", "/check", "/saved", "/discard", "/receipt")
    return {visitor.get(url + name).status_code for name in names}


def sent_again(visitor: Visitor, page: Page) -> Page:
    """Send a page, once more if its token was that of a cleared session."""
    if page.status == 400:
        page = visitor.press("next")
    return page


# Signing in


def test_user_keeps_what_was_begun_before(site: Site) -> None:
    visitor = Visitor(site.app)
    pet = begin(visitor)
    site.sign_in(visitor, "ada")
    assert visitor.open(pet).status == 200
    assert entry(visitor) == [pet]
    visitor.fill(pet="Rex")
    assert visitor.page.path.endswith("/check")
    assert ("Name", TYPED) in visitor.page.rows


def test_users_drafts_are_on_each_device(site: Site) -> None:
    visitor, phone = Visitor(site.app), Visitor(site.app)
    before = begin(visitor)
    site.sign_in(visitor, "ada")
    after = begin(visitor)
    site.sign_in(phone, "ada")
    assert entry(phone) == [before, after]
    assert phone.open(before).status == 200


@pytest.mark.requirement("S07")
def test_cookie_from_before_the_login_opens_nothing(site: Site) -> None:
    visitor = Visitor(site.app)
    pet = begin(visitor)
    stolen = visitor.twin()
    assert statuses(stolen, pet) != {404}
    site.sign_in(visitor, "ada")
    assert statuses(stolen, pet) == {404}
    assert entry(stolen) == []
    begun = begin(visitor)
    assert statuses(stolen, begun) == {404}


@pytest.mark.requirement("S07")
def test_cookie_from_before_the_login_gets_no_draft_by_its_first_page(
    site: Site,
) -> None:
    visitor = Visitor(site.app)
    visitor.open("/join/new/you")
    stolen = visitor.twin()
    pet = visitor.fill(name=TYPED).path
    site.sign_in(visitor, "ada")
    stolen.fill(name="Mallory")
    assert stolen.draft not in pet
    assert statuses(stolen, pet) == {404}
    assert ("Name", "Mallory") not in visitor.open(pet.replace("pet", "check")).rows


@pytest.mark.requirement("S07")
def test_cookie_of_a_user_opens_nothing_for_nobody_after_the_logout(
    make_site: MakeSite,
) -> None:
    site = make_site(SITES["flask-login"])
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    with visitor.client.session_transaction() as kept:
        token = kept["_wizard_holder"]
    site.sign_out(visitor)
    with visitor.client.session_transaction() as planted:
        assert "_wizard_holder" not in planted
        planted["_wizard_holder"] = token
    assert statuses(visitor, pet) == {404}


def test_page_from_before_the_login_meets_one_draft(site: Site) -> None:
    visitor = Visitor(site.app)
    visitor.open("/join/new/you")
    tab = visitor.tab()
    tab.show(visitor.page.response)
    pet = visitor.fill(name=TYPED).path
    site.sign_in(visitor, "ada")
    assert sent_again(tab, tab.fill(name="Ada L")).path == pet
    assert entry(visitor) == [pet]


def test_page_from_before_the_login_begins_one_draft_after_it(site: Site) -> None:
    visitor = Visitor(site.app)
    visitor.open("/join/new/you")
    tab = visitor.tab()
    tab.show(visitor.page.response)
    site.sign_in(visitor, "ada")
    first = sent_again(visitor, visitor.fill(name=TYPED)).path
    assert sent_again(tab, tab.fill(name=TYPED)).path == first
    assert entry(visitor) == [first]


def test_adopted_draft_says_once_that_it_was_begun_before(plain: Site) -> None:
    visitor = Visitor(plain.app)
    pet = begin(visitor)
    plain.sign_in(visitor, "ada")
    assert "begun before you signed in" in visitor.open(pet).banners
    assert "begun before you signed in" not in visitor.fill(pet="Rex").banners
    assert visitor.open(pet).banners == ""


def test_adopted_draft_has_a_button_to_discard_it(plain: Site) -> None:
    visitor = Visitor(plain.app)
    pet = begin(visitor)
    plain.sign_in(visitor, "ada")
    page = visitor.open(pet)
    (button,) = page.html.query(".wizard-banner [value=discard]")
    assert attribute(button, "form") == "wizard-form"
    assert visitor.press("discard", {"pet": "Rex"}).heading == "Discard your answers?"
    assert visitor.tab().open(pet).value("pet") == "Rex"
    assert visitor.press("discard").heading == "Your answers were discarded"


@pytest.mark.parametrize("action", ["next", "save"])
def test_enter_presses_no_button_of_the_notice(plain: Site, action: str) -> None:
    """It presses the first button of the form, wherever that stands."""
    visitor = Visitor(plain.app)
    pet = begin(visitor)
    plain.sign_in(visitor, "ada")
    page = visitor.open(pet)
    if action == "save":  # a page that gives back what was sent has its button
        page = visitor.press("save", {"pet": "Rex", "csrf_token": "wrong"})
        assert page.status == 400
    first, *_ = page.html.query("button")
    assert attribute(first, "value") == action


def test_saved_page_of_an_adopted_draft_leads_to_the_question(plain: Site) -> None:
    visitor = Visitor(plain.app)
    pet = begin(visitor)
    plain.sign_in(visitor, "ada")
    page = visitor.open(pet.replace("/pet", "/saved"))
    page = visitor.open(page.link("Discard these answers"))
    assert page.heading == "Discard your answers?"


def test_draft_begun_by_a_user_says_nothing_of_that(plain: Site) -> None:
    visitor = Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    begin(visitor)
    assert visitor.page.banners == ""


def test_adoption_refuses_no_draft_for_the_count(make_site: MakeSite) -> None:
    site = make_site(wizard=declare("Few", Join, max_drafts=1))
    home, away = Visitor(site.app), Visitor(site.app)
    site.sign_in(home, "ada")
    own, other = begin(home), begin(away)
    site.sign_in(away, "ada")
    assert entry(away) == [own, other]
    away.open("/join/new/you")
    assert away.send("next", {"name": "Ada"}).status_code == 409


def test_saved_page_says_where_a_user_comes_back(plain: Site) -> None:
    visitor = Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    begin(visitor)
    assert "wherever you are signed in" in visitor.press("save").text


def test_login_that_fails_adopts_nothing(plain: Site) -> None:
    visitor = Visitor(plain.app)
    pet = begin(visitor)
    tab = visitor.tab()
    tab.open("/login")
    tab.press("next", {"email": "ada@example.com", "password": "wrong"})
    assert visitor.get(pet).status_code == 404  # the site has cleared its session


# Signing out


def test_user_who_has_left_is_hidden_from_the_next(site: Site) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    site.sign_out(visitor)
    assert statuses(visitor, pet) == {404}
    assert entry(visitor) == []
    site.sign_in(visitor, "bob")
    assert statuses(visitor, pet) == {404}
    assert entry(visitor) == []
    site.sign_out(visitor)
    site.sign_in(visitor, "ada")
    assert entry(visitor) == [pet]


@pytest.mark.requirement("S62")
def test_one_user_after_the_other_without_a_logout_adopts_nothing(site: Site) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    if site.login_again:
        site.sign_in(visitor, "bob")
    else:
        site.sign_out(visitor)
        site.sign_in(visitor, "bob")
    assert statuses(visitor, pet) == {404}
    assert entry(visitor) == []


@pytest.mark.requirement("S62")
def test_user_who_met_no_wizard_leaves_nothing_to_the_next(site: Site) -> None:
    visitor = Visitor(site.app)
    pet = begin(visitor)
    site.sign_in(visitor, "ada")
    site.sign_out(visitor)
    assert statuses(visitor, pet) == {404}
    assert entry(visitor) == []
    site.sign_in(visitor, "bob")
    assert entry(visitor) == []
    phone = Visitor(site.app)
    site.sign_in(phone, "ada")
    assert entry(phone) == [pet]


def test_first_page_of_one_user_begins_no_draft_of_the_next(site: Site) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    visitor.open("/join/new/you")
    tab = visitor.tab()
    tab.show(visitor.page.response)
    pet = visitor.fill(name=TYPED).path
    site.sign_out(visitor)
    site.sign_in(visitor, "bob")
    page = sent_again(tab, tab.fill(name="Bob"))
    assert page.path != pet
    assert page.path.endswith("/pet")


@pytest.mark.requirement("S02")
def test_users_draft_looks_like_none_to_another_user(plain: Site) -> None:
    ada, bob = Visitor(plain.app), Visitor(plain.app)
    plain.sign_in(ada, "ada")
    plain.sign_in(bob, "bob")
    pet, never = begin(ada), "/join/" + "A" * 22 + "/pet"
    found, missing = bob.get(pet), bob.get(never)
    assert found.status_code == missing.status_code == 404
    assert found.text == missing.text


# A login that runs out


def test_login_that_runs_out_loses_no_text(site: Site) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    site.sign_out(visitor)
    page = visitor.fill(pet="Rex")
    assert page.status == 401
    assert page.value("pet") == "Rex"
    site.sign_in(visitor, "ada")
    page = sent_again(visitor, visitor.press("next"))
    assert page.path == pet.replace("pet", "check")
    assert ("Pet", "Rex") in page.rows


@pytest.mark.requirement("S63")
def test_text_after_a_login_that_ran_out_is_not_left_to_the_next(
    site: Site, store: Probe
) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    begin(visitor)
    site.sign_out(visitor)
    before = store.snapshot()
    assert visitor.fill(pet="Rex").status == 401
    assert visitor.press("next").status == 401
    assert store.snapshot() == before
    assert entry(visitor) == []
    site.sign_in(visitor, "bob")
    assert entry(visitor) == []


@pytest.mark.parametrize("action", ["autosave", "back", "save", "next"])
def test_no_action_keeps_what_a_user_sends_who_has_left(
    plain: Site, store: Probe, action: str
) -> None:
    visitor = Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    begin(visitor)
    plain.sign_out(visitor)
    before = store.snapshot()
    assert visitor.send(action, {"pet": "Rex"}).status_code == 401
    assert store.snapshot() == before


@pytest.mark.parametrize("name", ["check", "discard"])
def test_end_of_a_user_who_has_left_asks_for_the_login(plain: Site, name: str) -> None:
    visitor = Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    pet = begin(visitor)
    visitor.fill(pet="Rex")
    visitor.open(pet.replace("pet", name))
    plain.sign_out(visitor)
    action = "discard" if name == "discard" else "next"
    assert visitor.press(action).status == 401
    assert committed == []


def test_first_page_of_a_user_who_has_left_begins_nothing(
    site: Site, store: Probe
) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    visitor.open("/join/new/you")
    site.sign_out(visitor)
    page = visitor.fill(name=TYPED)
    assert page.status == 401
    assert page.value("name") == TYPED
    assert store.snapshot() == {}
    site.sign_in(visitor, "ada")
    assert sent_again(visitor, visitor.press("next")).path.endswith("/pet")


@pytest.mark.requirement("S63")
def test_page_of_a_session_that_is_gone_keeps_nothing(site: Site, store: Probe) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    begin(visitor)
    before = store.snapshot()
    visitor.client.delete_cookie("session")
    page = visitor.fill(pet="Rex")
    assert page.status == 401
    assert page.value("pet") == "Rex"
    assert visitor.press("next").status == 401
    assert store.snapshot() == before


def test_logout_in_the_request_itself_keeps_nothing(
    make_site: MakeSite, store: Probe
) -> None:
    """As of an application that ends logins that were idle for long."""
    site = make_site(WIZARD_LOGIN_URL="/login")
    idle: list[bool] = []
    site.app.before_request(lambda: session.clear() if idle else None)
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    begin(visitor)
    before = store.snapshot()
    idle.append(True)
    page = visitor.fill(pet="Rex")
    assert page.status == 401
    assert page.value("pet") == "Rex"
    assert store.snapshot() == before


def test_next_person_begins_a_draft_of_their_own(site: Site) -> None:
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    old = begin(visitor)
    site.sign_out(visitor)
    begin(visitor, name="Eve")
    assert visitor.tab().get(old).status_code == 404
    led_to = visitor.post(old, {"pet": "Rex"})  # it is nobody's by now
    assert led_to.status_code == 303
    assert len(entry(visitor)) == 2


def test_signed_out_page_links_to_the_login(make_site: MakeSite) -> None:
    site = make_site(SITES["flask-login"])
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    site.sign_out(visitor)
    login = visitor.fill(pet="Rex").link("Sign in")
    assert login == "/login?next=" + pet.replace("/", "%2F")


@pytest.mark.parametrize(
    "given", ["/in?lang=en", lambda back: f"/in?lang=en&next={back}"], ids=["a", "b"]
)
def test_signed_out_page_links_to_the_login_that_is_configured(
    make_site: MakeSite, given: object
) -> None:
    site = make_site(WIZARD_LOGIN_URL=given)
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    site.sign_out(visitor)
    login = visitor.fill(pet="Rex").link("Sign in")
    assert login.replace("%2F", "/") == f"/in?lang=en&next={pet}"


@pytest.fixture
def strict(make_site: MakeSite) -> Site:
    """A site whose holder function refuses whoever has logged in and out again."""

    def holder() -> object:
        if session.get("ran_out"):
            abort(401)
        return session.get("user_id")

    def site_of(app: Flask, store: object) -> Site:
        FlaskWizard(app, store=store, holder=holder)

        @app.get("/<int:user>/<int:ran_out>")
        def log_in(user: int, ran_out: int) -> str:
            session.update(user_id=user, ran_out=ran_out)
            return "in"

        return Site(app)

    return make_site(site_of)


def test_holder_function_may_refuse_a_login_that_ran_out(
    strict: Site, store: Probe
) -> None:
    visitor = Visitor(strict.app)
    visitor.get("/7/0")
    pet = begin(visitor)
    before = store.snapshot()
    visitor.get("/7/1")
    page = visitor.fill(pet="Rex")
    assert page.status == 401
    assert page.value("pet") == "Rex"
    assert store.snapshot() == before
    visitor.get("/7/0")
    assert visitor.press("next").path == pet.replace("pet", "check")


def test_refused_get_is_the_applications(strict: Site) -> None:
    strict.app.register_error_handler(401, lambda error: ("Log in", 401))
    visitor = Visitor(strict.app)
    visitor.get("/7/1")
    assert visitor.get("/join/").text == "Log in"


@pytest.mark.requirement("S63")
def test_page_of_a_login_that_ran_out_is_not_left_to_the_next(strict: Site) -> None:
    visitor = Visitor(strict.app)
    visitor.get("/7/0")
    pet = begin(visitor)
    visitor.get("/7/1")
    assert visitor.fill(pet="Rex").status == 401
    visitor.get("/8/0")
    assert visitor.get(pet).status_code == 404
    assert entry(visitor) == []


# What the application does


def test_flask_security_users_keep_drafts_when_signed_out_everywhere(
    make_site: MakeSite,
) -> None:
    site = make_site(SITES["flask-security"])
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    pet = begin(visitor)
    visitor.client.post("/everywhere")
    assert visitor.get(pet).status_code == 404
    site.sign_in(visitor, "ada")
    assert visitor.get(pet).status_code == 200


def test_flask_login_user_without_an_id_is_known_by_get_id(make_app: MakeApp) -> None:
    class User(UserMixin):  # type: ignore[misc] # it has no annotations
        def get_id(self) -> str:
            return "ada"

    app = make_app(Join)
    manager = LoginManager(app)
    manager.user_loader(lambda own: User())
    app.add_url_rule("/in", "in", lambda: str(login_user(User())))
    visitor, phone = Visitor(app), Visitor(app)
    visitor.get("/in")
    pet = begin(visitor)
    phone.get("/in")
    assert entry(phone) == [pet]


def test_commit_that_signs_the_visitor_in_leads_to_its_receipt(
    make_site: MakeSite, store: Probe
) -> None:
    class SignUp(Wizard):
        you = Step(You)
        check = Review()

        def commit(self, submission: object) -> Receipt:
            session.clear()
            session["user_id"] = 0
            return Receipt(reference="R-1")

    site = make_site(wizard=SignUp)
    visitor = Visitor(site.app)
    visitor.open()
    visitor.fill(name="Ada")
    twin = visitor.twin()
    assert "R-1" in visitor.press("next").text
    assert "R-1" in visitor.open(visitor.page.path).text
    assert twin.send("next").status_code == 303
    assert store.calls_of(lambda: visitor.get("/join/")) == ["load"]  # an empty list


@pytest.mark.parametrize("how", ["clear", "pop"])
def test_commit_that_signs_the_user_out_leads_to_its_receipt(
    make_site: MakeSite, how: str
) -> None:
    class Leave(Wizard):
        you = Step(You)
        check = Review()

        def commit(self, submission: object) -> Receipt:
            if how == "clear":
                session.clear()
            else:
                session.pop("user_id")
            return Receipt(reference="R-1")

    site = make_site(wizard=Leave)
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    visitor.open("/join/")
    visitor.fill(name="Ada")
    assert "R-1" in visitor.press("next").text
    assert "R-1" in visitor.open(visitor.page.path).text


def leave_user(site: Site) -> None:
    """Sign the user out as the site does, and keep the rest of the session."""
    if hasattr(site.app, "login_manager"):
        logout_user()
    else:
        session.pop("user_id", None)


LEAVE: dict[str, Callable[[Site], object]] = {
    "clear": lambda site: session.clear(),
    "logout": leave_user,
}
"""What a hook may do to a login. Flask-Login knows its user until the request ends."""


@pytest.fixture
def hooked(request: pytest.FixtureRequest, make_site: MakeSite) -> Site:
    """A site whose wizard's hooks do to the login what the tests say."""

    class Hooked(Wizard):
        you = Step(You)
        check = Review()

        def commit(self, submission: object) -> Receipt:
            own.app.extensions["hook"](own)
            return Receipt(reference="R-1")

        def discarded(self, draft: object) -> None:
            own.app.extensions["hook"](own)

    own = make_site(SITES[request.param], wizard=Hooked)
    return own


def at_the_end(site: Site, name: str = "") -> Visitor:
    """Somebody who may send or discard a draft."""
    visitor = Visitor(site.app)
    if name:
        site.sign_in(visitor, name)
    visitor.open("/join/")
    assert visitor.fill(name=TYPED).path.endswith("/check")
    return visitor


def ended(visitor: Visitor, how: str) -> Page:
    """The page to which the end of a draft leads."""
    if how == "commit":
        return visitor.press("next")
    visitor.open(f"{visitor.draft}discard")
    return visitor.press("discard")


HEADINGS = {
    "commit": "Your answers have been sent",
    "discard": "Your answers were discarded",
}


@pytest.mark.parametrize("how", HEADINGS)
@pytest.mark.parametrize("leave", LEAVE)
@pytest.mark.parametrize("hooked", SITES, indirect=True)
def test_hook_that_ends_the_login_leads_to_what_became_of_the_draft(
    hooked: Site, leave: str, how: str
) -> None:
    hooked.app.extensions["hook"] = LEAVE[leave]
    visitor = at_the_end(hooked, "ada")
    assert ended(visitor, how).heading == HEADINGS[how]
    receipt = visitor.page.path
    assert visitor.open(receipt).heading == HEADINGS[how]
    assert visitor.open(receipt.replace("receipt", "you")).heading == HEADINGS[how]
    assert entry(visitor) == []


@pytest.mark.parametrize("how", HEADINGS)
@pytest.mark.parametrize("hooked", ["session"], indirect=True)
def test_hook_that_clears_the_session_of_nobody_leads_there_too(
    hooked: Site, how: str
) -> None:
    hooked.app.extensions["hook"] = LEAVE["clear"]
    assert ended(at_the_end(hooked), how).heading == HEADINGS[how]


@pytest.mark.parametrize("how", HEADINGS)
@pytest.mark.parametrize("hooked", SITES, indirect=True)
def test_next_person_does_not_see_what_became_of_the_draft(
    hooked: Site, how: str
) -> None:
    hooked.app.extensions["hook"] = LEAVE["clear"]
    visitor = at_the_end(hooked, "ada")
    receipt = ended(visitor, how).path
    hooked.sign_in(visitor, "bob")
    assert visitor.get(receipt).status_code == 404
    hooked.sign_out(visitor)
    assert visitor.get(receipt).status_code == 404


def rotate(site: Site) -> None:
    """Give the session a new life in which the user is still signed in."""
    kept = {name: session[name] for name in session if not name.startswith("_wizard")}
    session.clear()
    session.update(kept)


@pytest.mark.parametrize("how", HEADINGS)
@pytest.mark.parametrize("hooked", SITES, indirect=True)
def test_user_whose_session_was_rotated_takes_the_receipt_along(
    hooked: Site, how: str
) -> None:
    hooked.app.extensions["hook"] = rotate
    visitor = at_the_end(hooked, "ada")
    receipt = ended(visitor, how).path
    assert visitor.page.heading == HEADINGS[how]
    hooked.sign_out(visitor)
    assert visitor.get(receipt).status_code == 404


@pytest.mark.parametrize("hooked", SITES, indirect=True)
def test_end_of_a_draft_leaves_no_token_without_a_reason(hooked: Site) -> None:
    hooked.app.extensions["hook"] = lambda site: None
    visitor = at_the_end(hooked, "ada")
    receipt = ended(visitor, "commit").path
    with visitor.client.session_transaction() as own:
        assert len(own[ENDED_KEY]) < 43
    hooked.sign_out(visitor)
    assert visitor.get(receipt).status_code == 404


@pytest.mark.parametrize("hooked", ["session"], indirect=True)
def test_discard_is_done_although_the_store_fails_behind_the_hook(
    hooked: Site, store: Probe
) -> None:
    def fail(site: Site) -> None:
        session.clear()
        store.down = True

    hooked.app.extensions["hook"] = fail
    visitor = at_the_end(hooked, "ada")
    visitor.open(f"{visitor.draft}discard")
    receipt = visitor.send("discard")
    assert receipt.status_code == 303
    store.down = False
    hooked.sign_in(visitor, "ada")
    assert visitor.open(receipt.location).heading == HEADINGS["discard"]


def test_commit_that_signs_the_user_out_and_fails_shows_the_next_nothing(
    make_site: MakeSite,
) -> None:
    made: list[Site] = []

    class Leave(Wizard):
        you = Step(You)
        check = Review()

        def commit(self, submission: object) -> None:
            session.clear()
            assert made[0].wizards is not None
            assert made[0].wizards.drafts() == []
            raise StepError("you", "Not like this")

    site = make_site(wizard=Leave)
    made.append(site)
    visitor = Visitor(site.app)
    site.sign_in(visitor, "ada")
    visitor.open("/join/")
    check = visitor.fill(name="Ada").path
    visitor.send("next")
    assert visitor.get(check).status_code == 404
    site.sign_in(visitor, "ada")
    assert "Not like this" in visitor.open(check).text


@pytest.fixture
def slow(make_site: MakeSite) -> Visitor:
    """Somebody who is about to send a draft, and signs in while the commit runs."""

    class Slow(Join):
        def commit(self, submission: object) -> None:
            during.pop()()
            site.sign_in(tab, "ada")
            raise StepError("you", "Not like this")

    during: list[Callable[[], object]] = [lambda: None]
    site = make_site(wizard=Slow)
    site.app.extensions["during"] = during
    visitor = Visitor(site.app)
    begin(visitor)
    visitor.fill(pet="Rex")
    tab = visitor.twin()
    site.app.extensions["tab"] = tab
    return visitor


def test_draft_whose_commit_fails_is_the_users_who_signed_in_meanwhile(
    slow: Visitor,
) -> None:
    slow.send("next")
    user = slow.app.extensions["tab"]
    page = user.open(f"{slow.draft}you")
    assert "Not like this" in page.text
    user.fill(name="Ada")
    assert statuses(slow, f"{slow.draft}you") == {404}


def test_commit_that_outlives_its_lease_gives_no_draft_back_to_the_session(
    slow: Visitor, clock: Traveller
) -> None:
    slow.app.extensions["during"][:] = [lambda: clock.shift(300)]
    slow.send("next")
    assert statuses(slow, f"{slow.draft}you") == {404}
    page = slow.app.extensions["tab"].open(f"{slow.draft}check")
    assert "do not know yet" in page.banners


def test_device_that_only_read_a_draft_knows_that_its_user_has_left(
    plain: Site, store: Probe
) -> None:
    visitor, phone = Visitor(plain.app), Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    pet = begin(visitor)
    plain.sign_in(phone, "ada")
    phone.open(pet)
    plain.sign_out(phone)
    before = store.snapshot()
    assert phone.post(pet, {"pet": "Rex"}).status_code == 401
    assert store.snapshot() == before


def test_login_works_while_the_store_is_down(plain: Site, store: Probe) -> None:
    visitor = Visitor(plain.app)
    pet = begin(visitor)
    store.down = True
    plain.sign_in(visitor, "ada")
    assert visitor.get("/join/").status_code == 503
    store.down = False
    assert visitor.open(pet).status == 200
    assert entry(visitor) == [pet]


@pytest.mark.parametrize("fails_at", range(1, 8))
def test_adoption_that_breaks_off_goes_on_at_the_next_request(
    plain: Site, store: Probe, fails_at: int
) -> None:
    visitor, phone = Visitor(plain.app), Visitor(plain.app)
    pet, other = begin(visitor), begin(visitor)
    store.fail_at = fails_at
    plain.sign_in(visitor, "ada")
    assert entry(visitor) == [pet, other]
    plain.sign_in(phone, "ada")
    assert entry(phone) == [pet, other]
    assert phone.get(pet).status_code == phone.get(other).status_code == 200


def test_adoption_writes_the_list_before_the_drafts(plain: Site, store: Probe) -> None:
    visitor, phone = Visitor(plain.app), Visitor(plain.app)
    pet = begin(visitor)
    calls = store.calls_of(lambda: plain.sign_in(visitor, "ada"))
    assert calls[-6:] == ["load", "create", "load", "replace", "load", "replace"]
    plain.sign_in(phone, "ada")
    assert phone.get(pet).status_code == 200


def test_limits_of_rate_know_a_user_on_each_device(make_site: MakeSite) -> None:
    seen = []

    class Limited(Join):
        def admit(self, moment: str, holder: str) -> None:
            seen.append(holder)

    site = make_site(wizard=Limited)
    visitor, phone = Visitor(site.app), Visitor(site.app)
    begin(visitor)
    for each in (visitor, phone):
        site.sign_in(each, "ada")
        begin(each)
    nobody, one, other = seen
    assert one == other != nobody


def test_adoption_leaves_a_draft_as_old_as_it_was(plain: Site, store: Probe) -> None:
    visitor = Visitor(plain.app)
    visitor.open("/join/new/you")
    visitor.fill(name=TYPED)
    saved = visitor.tab().open("/join/").texts("time")
    plain.sign_in(visitor, "ada")
    assert visitor.tab().open("/join/").texts("time") == saved


# What is left alone


@pytest.fixture
def untouched(make_site: MakeSite) -> Site:
    site = make_site()
    site.app.add_url_rule("/plain", "plain", lambda: "plain")
    return site


@pytest.mark.requirement("S65")
def test_request_without_a_cookie_is_not_touched(untouched: Site) -> None:
    client = untouched.app.test_client(use_cookies=False)
    for url in ("/plain", "/flask_wizard/static/wizard.css"):
        answer = client.get(url, buffered=True)
        assert "Set-Cookie" not in answer.headers
        assert "Cookie" not in answer.headers.get("Vary", "")


@pytest.mark.requirement("S65")
def test_request_that_reads_no_session_does_not_vary(untouched: Site) -> None:
    visitor = Visitor(untouched.app)
    begin(visitor)
    answer = visitor.get("/plain")
    assert "Set-Cookie" not in answer.headers
    assert "Cookie" not in answer.headers.get("Vary", "")


def test_session_without_a_token_gets_none_at_the_login(plain: Site) -> None:
    visitor = Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    with visitor.client.session_transaction() as found:
        assert [key for key in found if key.startswith("_wizard")] == []


# Mistakes


@pytest.mark.parametrize("key", ["user_id", "_user_id", "identity"])
def test_log_says_once_what_happens_without_a_holder(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    app = make_app(Join)
    visitor = Visitor(app)
    with visitor.client.session_transaction() as found:
        found[key] = "7"
    visitor.open("/join/")
    visitor.open("/join/")
    said = [record.getMessage() for record in caplog.records]
    assert len([text for text in said if "no holder is known" in text]) == 1
    assert f"session.get({key!r})" in caplog.text


def test_log_says_nothing_where_nobody_signs_in(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = Visitor(make_app(Join))
    visitor.open("/join/")
    assert caplog.records == []


@pytest.mark.parametrize("error", [StoreError("of the application"), ConflictError()])
def test_error_of_the_holder_function_is_raised_as_it_is(
    make_site: MakeSite, error: Exception
) -> None:
    def holder() -> None:
        if failing:
            raise error

    def site_of(app: Flask, store: object) -> Site:
        return Site(app, FlaskWizard(app, store=store, holder=holder))

    failing: list[bool] = []
    site = make_site(site_of)
    assert site.wizards is not None
    visitor = Visitor(site.app)
    begin(visitor)
    failing.append(True)
    with site.app.test_request_context(), pytest.raises(type(error)) as caught:
        site.wizards.drafts()
    assert caught.value is error
    with pytest.raises(type(error)):
        visitor.open("/join/")
    with pytest.raises(type(error)):
        visitor.press("next")


@pytest.mark.parametrize("found", [True, UserMixin(), object()], ids=type)
def test_holder_function_that_returns_no_id_is_an_error(
    make_site: MakeSite, found: object
) -> None:
    def site_of(app: Flask, store: object) -> Site:
        FlaskWizard(app, store=store, holder=lambda: found)
        return Site(app)

    visitor = Visitor(make_site(site_of).app)
    with pytest.raises(ConfigurationError, match="Expected the id of the signed-in"):
        visitor.open("/join/")


def test_holder_that_is_no_function_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="holder is of type str"):
        FlaskWizard(holder="ada")  # type: ignore[arg-type]


@pytest.mark.parametrize("value", [7, None, "x", ["a"], {"a": 1}, "é" * 43])
@pytest.mark.parametrize("key", ["user", "begun", "waiting", "left"])
def test_session_that_something_else_has_written_locks_nobody_out(
    plain: Site, key: str, value: object
) -> None:
    visitor = Visitor(plain.app)
    plain.sign_in(visitor, "ada")
    begin(visitor)
    with visitor.client.session_transaction() as found:
        found[f"_wizard_{key}"] = value
    assert len(entry(visitor)) == 1
    begin(visitor)


# The test kit


def test_kit_signs_in_at_the_applications_own_page(site: Site) -> None:
    client = WizardClient(site.app, "join")
    client.fill("you", name=TYPED)
    given = {"email": "ada@example.com", "password": PASSWORD}
    assert client.sign_in(site.login, given).text.endswith("Hello, ada")
    client.fill("pet", pet="Rex")
    assert ("Name", TYPED) in client.page.rows
    client.confirm()
    assert len(committed) == 1


def test_kit_says_that_nobody_is_signed_in(site: Site) -> None:
    client = WizardClient(site.app, "join")
    with pytest.raises(AssertionError, match=f"Nobody is signed in after {site.login}"):
        client.sign_in(site.login, email="ada@example.com", password="wrong")


def test_kit_says_that_a_login_is_refused(strict: Site) -> None:
    @strict.app.route("/login", methods=["GET", "POST"])
    def login() -> str:
        session["ran_out"] = request.method == "POST"
        return '<form method="post"><input name="name"></form>'

    client = WizardClient(strict.app, "join")
    with pytest.raises(AssertionError, match="Nobody is signed in after /login"):
        client.sign_in("/login", name="ada")


def test_kit_says_that_a_page_has_no_such_form(site: Site) -> None:
    client = WizardClient(site.app, "join")
    told = r"has no form with the fields user\. Its forms have email, password"
    with pytest.raises(AssertionError, match=told):
        client.sign_in(site.login, user="ada")


def test_kit_signs_in_within_a_request(make_site: MakeSite) -> None:
    site = make_site(SITES["flask-login"])
    load = site.app.login_manager._user_callback  # type: ignore[attr-defined]
    client = WizardClient(site.app, "join")
    client.fill("you", name=TYPED)
    client.in_request(login_user, load("ada"))
    page = client.open(client.page.url)
    assert "before you signed in" in page.banners
    client.in_request(logout_user)
    assert client.open(page.url).status == 404


def test_kit_signs_in_by_the_session(plain: Site) -> None:
    client, phone = (WizardClient(plain.app, "join") for _ in range(2))
    for each in (client, phone):
        with each.client.session_transaction() as signed_in:
            signed_in["user_id"] = 0
    client.save("you", name=TYPED)
    assert phone.open(client.url("step", draft=client.draft, step="you")).status == 200


def test_kit_takes_the_session_as_a_view_leaves_it(plain: Site) -> None:
    def sign_in() -> str:
        session.clear()
        session["user_id"] = 0
        return request.path

    client = WizardClient(plain.app, "join")
    client.fill("you", name=TYPED)
    assert client.in_request(sign_in) == "/"
    assert client.open("you").value("name") == TYPED


def test_error_within_a_request_is_raised(plain: Site) -> None:
    plain.app.config.update(TESTING=False, PROPAGATE_EXCEPTIONS=False)
    client = WizardClient(plain.app, "join")
    with pytest.raises(KeyError, match="nobody"):
        client.in_request(lambda: session["nobody"])
    assert client.open().status == 200
