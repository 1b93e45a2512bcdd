"""Mounts, prefixes, applications of their own, and wizards in one's own views."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import pytest
from apps import MakeApp
from flask import Blueprint, Flask, g, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from store_wrappers import Probe
from visitor import Page, Visitor, attribute
from werkzeug.exceptions import NotFound
from werkzeug.test import TestResponse
from wizards import Join, Pet, You, begun, committed
from wtforms import Form, fields

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    FlaskWizard,
    Review,
    Step,
    Submission,
    Wizard,
)

# Two mounts


def two_mounts(make_app: MakeApp) -> Flask:
    app = make_app(Join)
    app.register_blueprint(Join.as_blueprint("again"), url_prefix="/again")
    return app


def test_two_mounts_never_share_a_draft(make_app: MakeApp) -> None:
    visitor = begun(two_mounts(make_app))
    path = visitor.page.path.replace("/join/", "/again/")
    assert visitor.get(path).status_code == 404


def test_two_mounts_have_lists_of_their_own(make_app: MakeApp) -> None:
    visitor = begun(two_mounts(make_app))
    assert visitor.open("/again/").path == "/again/new/you"


@pytest.mark.parametrize("namespace", ["", "shop"])
def test_namespaces_part_applications_with_one_store(
    make_app: MakeApp, namespace: str
) -> None:
    visitor = begun(make_app(Join))
    app = make_app(Join, WIZARD_NAMESPACE=namespace)
    other = visitor.twin(app)
    shares = namespace == ""
    assert (other.get(visitor.page.path).status_code == 200) is shares
    assert (visitor.draft in other.get("/join/").text) is shares
    answer = other.post(f"{visitor.draft}pet", {"pet": "cat"})
    assert (answer.location == f"{visitor.draft}check") is shares


def test_namespace_must_be_a_string(make_app: MakeApp) -> None:
    with pytest.raises(ConfigurationError, match="WIZARD_NAMESPACE is 7"):
        make_app(WIZARD_NAMESPACE=7)


def tenants(make_app: MakeApp, *unbound: str, subdomain: str = "<tenant>") -> Flask:
    app = make_app(SERVER_NAME="ex.org", SESSION_COOKIE_DOMAIN="ex.org")
    app.subdomain_matching = True
    blueprint = Join.as_blueprint("shop", unbound=unbound)
    app.register_blueprint(blueprint, url_prefix="/shop", subdomain=subdomain)
    return app


@pytest.mark.parametrize("unbound", [(), ("tenant",)])
def test_variables_of_a_subdomain_bind_as_those_of_the_prefix(
    make_app: MakeApp, unbound: tuple[str, ...]
) -> None:
    client = tenants(make_app, *unbound).test_client()
    north, south = "http://north.ex.org", "http://south.ex.org"
    answer = client.get("/shop/", base_url=north)
    page = Page(client.get(answer.location, base_url=north))
    sent = {**page.values, "name": "Ada"}
    draft = client.post(page.action, data=sent, base_url=north).location
    assert client.get(draft, base_url=north).status_code == 200
    expected = 200 if unbound else 404
    assert client.get(draft, base_url=south).status_code == expected


def test_variable_of_a_subdomain_may_not_be_the_wizards_own(make_app: MakeApp) -> None:
    with pytest.raises(DefinitionError, match="subdomain '<draft>' has a variable"):
        tenants(make_app, subdomain="<draft>")


def test_one_nonce_makes_two_drafts_on_two_mounts(make_app: MakeApp) -> None:
    visitor = Visitor(two_mounts(make_app))
    nonce = visitor.open().value("_draft")
    sent = {"name": "Ada", "_draft": nonce}
    mine = visitor.post("/join/new/you", sent).location
    theirs = visitor.post("/again/new/you", sent).location
    assert mine.split("/")[2] != theirs.split("/")[2]


def test_blueprint_registered_twice_is_two_mounts(make_app: MakeApp) -> None:
    app = make_app()
    blueprint = Join.as_blueprint("join")
    app.register_blueprint(blueprint, url_prefix="/join")
    app.register_blueprint(blueprint, url_prefix="/again", name="again")
    visitor = begun(app)
    path = visitor.page.path.replace("/join/", "/again/")
    assert visitor.get(path).status_code == 404
    assert begun(app, "/again/").page.path.startswith("/again/")


def test_nested_blueprint_works(make_app: MakeApp) -> None:
    app, outer = make_app(), Blueprint("outer", __name__)
    outer.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    app.register_blueprint(outer, url_prefix="/outer")
    visitor = begun(app, "/outer/join/")
    visitor.fill(pet="Rex")
    assert visitor.page.link("Change Name").startswith("/outer/join/")
    assert visitor.press("next").heading == "Your answers have been sent"


def test_nested_blueprints_never_share(make_app: MakeApp) -> None:
    app = make_app()
    for name in ("one", "two"):
        outer = Blueprint(name, __name__)
        outer.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
        app.register_blueprint(outer, url_prefix=f"/{name}")
    visitor = begun(app, "/one/join/")
    path = visitor.page.path.replace("/one/", "/two/")
    assert visitor.get(path).status_code == 404


def test_wizard_at_the_root_works(make_app: MakeApp) -> None:
    app = make_app()
    app.register_blueprint(Join.as_blueprint("join"))
    visitor = begun(app, "/")
    visitor.fill(pet="Rex")
    assert visitor.press("next").heading == "Your answers have been sent"


def test_application_below_a_path_works(make_app: MakeApp) -> None:
    app = make_app(Join)
    answer = app.test_client().get("/join/", base_url="http://localhost/shop/")
    assert answer.location.startswith("/shop/join/new/you?_draft=")


def test_every_url_of_an_application_below_a_path_begins_with_it(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = Visitor(make_app(Join))
    base = "http://localhost/shop/"
    met: set[str] = set()

    def visit(url: str) -> TestResponse:
        answer = visitor.get(url.removeprefix("/shop"), base_url=base)
        if answer.location:
            met.add(answer.location)
            return visit(answer.location)
        page = visitor.show(answer)
        styles = [attribute(node, "href") for node in page.html.query("link")]
        met.update(page.links.values(), page.forms, styles)
        return answer

    def send(values: Mapping[str, str]) -> None:
        action = visitor.page.action.removeprefix("/shop")
        sent = {**visitor.page.values, **values}
        answer = visitor.post(action, sent, base_url=base)
        visit(answer.location)

    visit("/join/")
    send({"name": ""})
    send({"name": "Ada"})
    draft = visitor.page.action.removeprefix("/shop").rsplit("/", 1)[0]
    for page in ("", "saved", "discard", "check", "pet"):
        visit(f"{draft}/{page}")
    visit("/join/")
    visit("/join/none/you")
    store.down = True
    assert visit(f"{draft}/saved").status_code == 503
    store.down = False
    visit(f"{draft}/pet")
    send({"pet": "cat"})
    send({})
    assert len(met) > 10
    assert {url for url in met if not url.startswith(("/shop/", "#"))} == set()


def test_drafts_may_move_with_their_prefix(make_app: MakeApp) -> None:
    """A draft belongs to the blueprint's name, not to its address."""

    def moved(visitor: Visitor, app: Flask | None = None) -> Visitor:
        """The same browser, elsewhere."""
        client = visitor.client if app is None else None
        other = Visitor(app or visitor.app, client=client)
        cookie = visitor.client.get_cookie("session")
        assert cookie is not None
        other.client.set_cookie("session", cookie.value)
        return other

    visitor = begun(make_app(Join))
    other = moved(visitor, make_app(Join, prefix="/elsewhere"))
    other.open(visitor.page.path.replace("/join/", "/elsewhere/"))
    assert other.page.status == 200


# Prefixes with variables


ORDERS = "/orders/<int:order>/join"


def test_prefix_stays_in_every_link(make_app: MakeApp) -> None:
    visitor = begun(make_app(Join, prefix=ORDERS), "/orders/7/join/")
    visitor.fill(pet="Rex")
    draft = visitor.draft
    pages = [visitor.page, *(visitor.tab().open(draft + at) for at in PAGES)]
    for page in pages:
        assert page.path.startswith("/orders/7/join/")
        own = [url for url in page.links.values() if url.startswith("/orders")]
        assert all(url.startswith("/orders/7/join/") for url in own)
        for form in page.html.query("form"):
            assert attribute(form, "action").startswith("/orders/7/join/")


PAGES = ["you", "pet", "check", "saved", "discard"]


def test_prefix_stays_until_the_receipt(make_app: MakeApp) -> None:
    visitor = begun(make_app(Join, prefix=ORDERS), "/orders/7/join/")
    visitor.fill(pet="Rex")
    assert visitor.press("next").path.startswith("/orders/7/join/")


def test_entry_keeps_the_prefix(make_app: MakeApp) -> None:
    app = make_app(Join, prefix=ORDERS)
    answer = app.test_client().get("/orders/7/join/?x=1")
    assert answer.location.startswith("/orders/7/join/new/you?_draft=")
    assert answer.location.endswith("&x=1")


@pytest.mark.parametrize("at", ["", "you", "pet", "check", "saved", "discard"])
def test_draft_opens_under_its_own_prefix_only(make_app: MakeApp, at: str) -> None:
    visitor = begun(make_app(Join, prefix=ORDERS), "/orders/4/join/")
    other = visitor.draft.replace("/4/", "/5/")
    assert visitor.get(other + at).status_code == 404


def test_post_under_another_prefix_is_kept_there(make_app: MakeApp) -> None:
    visitor = begun(make_app(Join, prefix=ORDERS), "/orders/4/join/")
    other = visitor.draft.replace("/4/", "/5/")
    answer = visitor.post(f"{other}you", {"name": "Bob"})
    assert answer.location.startswith("/orders/5/join/")
    assert visitor.open(f"{visitor.draft}you").value("name") == "Ada"


def test_drafts_of_two_prefixes_never_mix(make_app: MakeApp) -> None:
    four = begun(make_app(Join, prefix=ORDERS), "/orders/4/join/")
    five = four.tab()
    assert five.open("/orders/5/join/").path == "/orders/5/join/new/you"
    five.fill(name="Bob")
    assert four.open(f"{four.draft}you").value("name") == "Ada"
    assert five.open(f"{five.draft}you").value("name") == "Bob"


def test_unbound_variable_may_change(make_app: MakeApp) -> None:
    app = make_app(Join, prefix="/<lang>/<int:order>/join", unbound=("lang",))
    visitor = begun(app, "/en/7/join/")
    page = visitor.open(f"{visitor.draft.replace('/en/', '/de/')}you")
    assert page.value("name") == "Ada"
    assert visitor.fill(name="Bob").path.startswith("/de/7/join/")


def test_bound_variable_beside_an_unbound_one_still_binds(make_app: MakeApp) -> None:
    app = make_app(Join, prefix="/<lang>/<int:order>/join", unbound=("lang",))
    visitor = begun(app, "/en/7/join/")
    assert visitor.get(visitor.page.path.replace("/7/", "/8/")).status_code == 404


def test_language_taken_by_the_application_works(make_app: MakeApp) -> None:
    """Flask's own pattern for languages in URLs, which leaves no variable over."""
    app = make_app(Join, prefix="/<lang>/join", unbound=("lang",))

    @app.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.lang = (values or {}).pop("lang", "en")

    @app.url_defaults
    def give(endpoint: str, values: dict[str, Any]) -> None:
        if app.url_map.is_endpoint_expecting(endpoint, "lang"):
            values.setdefault("lang", g.lang)

    visitor = begun(app, "/de/join/")
    assert visitor.page.path.startswith("/de/join/")
    assert visitor.fill(pet="Rex").heading == "Check your answers"


class Names(Form):
    name = fields.StringField("Name")


class Quoted(Wizard):
    """One of its steps has a name that a URL has to quote."""

    first_name = Step(Names)
    größe = Step(Names)
    check = Review()

    def commit(self, submission: Submission) -> None: ...


@pytest.mark.parametrize("defaults", [{}, {"theme": "dark blue"}])
def test_change_links_are_what_flask_builds(
    make_app: MakeApp, defaults: Mapping[str, str]
) -> None:
    app = make_app(Quoted, prefix="/<int:org>/join")

    @app.url_defaults
    def give(endpoint: str, values: dict[str, Any]) -> None:
        values.update(defaults)

    visitor = begun(app, "/7/join/", name="Ada")
    page = visitor.fill(name="Bob")
    assert page.heading == "Check your answers"
    draft_id = page.path.split("/")[3]
    with app.test_request_context():
        expected = [
            url_for("join.step", org=7, draft=draft_id, step=step)
            for step in ("first-name", "größe")
        ]
    found = [link.split("#")[0] for link in page.links.values() if "then" in link]
    joint = "&" if defaults else "?"
    assert found == [f"{url}{joint}then=check" for url in expected]


def test_variable_taken_by_the_application_cannot_bind(make_app: MakeApp) -> None:
    """The draft of one organisation would open under another."""
    app = make_app(Join, prefix="/<org>/join")

    @app.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        (values or {}).pop("org", None)

    with pytest.raises(ConfigurationError, match="takes 'org' out of the URL"):
        app.test_client().get("/a/join/new/you")


def test_variables_of_the_prefix_are_there_for_hooks(make_app: MakeApp) -> None:
    app = make_app(Join, prefix="/<int:org>/join")
    seen: list[Any] = []

    @app.before_request
    def look() -> None:
        seen.append((request.view_args or {}).get("org"))

    begun(app, "/7/join/")
    assert set(seen) == {7}


def test_own_hook_may_take_a_variable_of_the_prefix(make_app: MakeApp) -> None:
    blueprint = Join.as_blueprint("join")

    @blueprint.url_value_preprocessor
    def take(endpoint: str | None, values: dict[str, Any] | None) -> None:
        g.org = (values or {}).pop("org")

    app = make_app()
    app.register_blueprint(blueprint, url_prefix="/<org>/join")
    assert begun(app, "/a/join/").page.path.startswith("/a/join/")


def test_own_view_of_the_blueprint_stays_protected(make_app: MakeApp) -> None:
    blueprint = Join.as_blueprint("join")
    blueprint.add_url_rule("/own/page/now", "own", lambda: "done", methods=["POST"])
    app = make_app()
    CSRFProtect(app)
    app.register_blueprint(blueprint, url_prefix="/join")
    visitor = begun(app, "/join/")
    assert visitor.client.post("/join/own/page/now").status_code == 400
    assert visitor.fill(pet="Rex").heading == "Check your answers"


@pytest.mark.parametrize("unbound", ["lang", ["lnag"], ["draft"]])
def test_unbound_must_name_variables_of_the_prefix(
    make_app: MakeApp, unbound: Any
) -> None:
    app = make_app()
    with pytest.raises(DefinitionError, match="unbound"):
        app.register_blueprint(
            Join.as_blueprint("join", unbound=unbound), url_prefix="/<lang>/join"
        )


@pytest.mark.parametrize(
    "prefix",
    [
        *("/<draft>", "/<int:step>/x", "/<string(length=2):step>", "/a/<path:draft>"),
        "/<endpoint>",  # which Flask's url_for cannot take
    ],
)
def test_prefix_with_a_variable_of_ours_is_refused(
    make_app: MakeApp, prefix: str
) -> None:
    with pytest.raises(
        DefinitionError, match=r"has a variable '(draft|step|endpoint)'"
    ):
        make_app(Join, prefix=prefix)


class Api(Form):
    token = fields.StringField("Token")


class Renamed(Form):
    secret = fields.StringField("Token", name="token")


class Named(Join):
    pet = Step(Api)


class NamedInPage(Join):
    pet = Step(Renamed)


TOKEN: dict[str, Any] = {"WTF_CSRF_FIELD_NAME": "token"}


@pytest.mark.parametrize("wizard", [Named, NamedInPage])
def test_field_called_like_the_csrf_token_is_refused_at_registration(
    make_app: MakeApp, wizard: type[Wizard]
) -> None:
    with pytest.raises(DefinitionError) as refused:
        make_app(wizard, **TOKEN)
    form = "Api" if wizard is Named else "Renamed"
    assert f"{wizard.__name__}.pet: {form} has a field 'token'" in str(refused.value)
    assert "WTF_CSRF_FIELD_NAME" in str(refused.value)


@pytest.mark.parametrize("url", ["/join/", "/join/new/you", "/join/new/pet"])
def test_field_called_like_the_csrf_token_is_refused_at_the_first_request(
    make_app: MakeApp, url: str
) -> None:
    app = make_app(Named)
    app.config.update(TOKEN)
    for _ in range(2):
        with pytest.raises(DefinitionError, match="WTF_CSRF_FIELD_NAME"):
            app.test_client().get(url)


def test_field_called_like_the_csrf_token_is_refused_where_the_extension_is_late(
    make_app: MakeApp,
) -> None:
    app = Flask("late")
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, **TOKEN)
    app.register_blueprint(Named.as_blueprint("join"), url_prefix="/join")
    FlaskWizard(app, store="memory:")
    with pytest.raises(DefinitionError, match="WTF_CSRF_FIELD_NAME"):
        app.test_client().get("/join/")


def test_field_may_be_called_token_where_the_csrf_token_is_not(
    make_app: MakeApp,
) -> None:
    assert begun(make_app(Named)).fill(token="mine").rows[-1] == ("Token", "mine")


def test_field_inside_another_may_be_called_like_the_csrf_token(
    make_app: MakeApp,
) -> None:
    class Nested(Form):
        api = fields.FormField(Api)

    class Inside(Join):
        pet = Step(Nested)

    visitor = Visitor(make_app(Inside, **TOKEN))
    visitor.open()
    visitor.fill(name="Ada")
    visitor.press("next", {"api-token": "mine"})
    assert visitor.page.rows[-1][1] == "mine"


def test_prefix_may_be_of_any_type(make_app: MakeApp) -> None:
    app = make_app(Join, prefix="/<uuid:org>/<path:where>/join")
    org = "8c1e7d4c-2d9e-4a35-8f3e-0a7c5f6b1d2e"
    visitor = begun(app, f"/{org}/a/b/join/")
    assert visitor.fill(pet="Rex").path.startswith(f"/{org}/a/b/join/")


# Two applications in one process


def test_two_applications_share_nothing(make_app: MakeApp, store: Probe) -> None:
    first = begun(make_app(Join), name="Ada")
    second = make_app(Join, SECRET_KEY="other" * 8)
    other = begun(second, name="Bob")
    assert other.get(first.page.path).status_code == 404
    assert other.open(f"{other.draft}you").value("name") == "Bob"
    assert first.open(f"{first.draft}you").value("name") == "Ada"


def test_one_blueprint_serves_two_applications(make_app: MakeApp) -> None:
    blueprint = Join.as_blueprint("join")
    visitors = []
    for name in ("Ada", "Bob"):
        app = make_app(SECRET_KEY=name * 10)
        app.register_blueprint(blueprint, url_prefix="/join")
        visitors.append(begun(app, name=name))
    names = [v.open(f"{v.draft}you").value("name") for v in visitors]
    assert names == ["Ada", "Bob"]


def test_two_wizards_in_one_application_stay_apart(make_app: MakeApp) -> None:
    class Other(Join):
        title = "Another"

    app = make_app(Join)
    app.register_blueprint(Other.as_blueprint("other"), url_prefix="/other")
    visitor = begun(app)
    assert visitor.open("/other/").title.endswith("Another")
    assert visitor.open("/join/").heading == "Continue where you left off"


# A wizard in a view of one's own


class Two(Join):
    max_drafts = 2


def begin_at(visitor: Visitor, *prefixes: str) -> list[int]:
    """Begin a draft at each prefix; return the statuses of the last answers."""
    statuses = []
    for prefix in prefixes:
        visitor.open(f"{prefix}/new/you")
        statuses.append(visitor.fill(name="Ada").status)
    return statuses


def end_one_and_begin(visitor: Visitor) -> None:
    """End the first draft that the page lists, and send the page again."""
    other = visitor.tab()
    discard = next(u for n, u in visitor.page.links.items() if "Discard" in n)
    other.open(discard)
    other.press("discard")
    assert visitor.press("next").heading == "Pet"


def test_drafts_under_all_bound_variables_count_together(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Two, prefix="/<agency>/join"))
    prefixes = [f"/{number}/join" for number in range(12)]
    assert begin_at(visitor, *prefixes) == [200] * 2 + [409] * 10
    continued = [u for n, u in visitor.page.links.items() if n.startswith("Continue")]
    assert len(continued) == 2
    assert continued[0].startswith("/0/join/")
    end_one_and_begin(visitor)


def test_drafts_at_all_mounts_count_together(make_app: MakeApp) -> None:
    app = make_app(Two, prefix="/<lang>/<int:org>/join", unbound=("lang",))
    other = Two.as_blueprint("other")
    app.register_blueprint(other, url_prefix="/other/<tenant>")
    visitor = Visitor(app)
    statuses = begin_at(visitor, "/other/a", "/en/7/join", "/fr/8/join")
    assert statuses == [200, 200, 409]
    discard = [u for n, u in visitor.page.links.items() if n.startswith("Discard")]
    assert discard[0].startswith("/other/a/")
    # The language is that of this page: it does not bind the draft.
    assert discard[1].startswith("/fr/7/join/")
    end_one_and_begin(visitor)


def test_draft_at_another_mount_stands_where_its_own_variables_lead(
    make_app: MakeApp,
) -> None:
    class Local(Wizard):
        max_drafts = 2

        you = Step(You)
        early = Step(You, when=lambda answers: answers.bound["org"] < 7)
        late = Step(You, when=lambda answers: answers.bound["org"] >= 7)

        def commit(self, submission: Submission) -> None: ...

    visitor = Visitor(make_app(Local, prefix="/<int:org>/join"))
    assert begin_at(visitor, "/6/join", "/7/join", "/8/join") == [200, 200, 409]
    assert visitor.page.texts(".wizard-draft-place") == ["Early", "Late"]
    assert visitor.page.link("Continue Early").endswith("/early")
    assert visitor.page.link("Continue Late").endswith("/late")


def test_draft_without_a_known_url_counts_unlisted(make_app: MakeApp) -> None:
    app = make_app(Two, prefix="/<agency>/join")

    @app.route("/plan/<org>/<draft>/<step>", methods=["GET", "POST"])
    def plan(org: str, draft: str, step: str) -> ResponseReturnValue:
        to = partial(url_for, "plan", org=org)
        outcome = Two.open(draft, url_for_step=to, bound={"org": org}).handle(step)
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    visitor = Visitor(app)
    statuses = begin_at(visitor, "/plan/4", "/a/join", "/b/join")
    assert statuses == [200, 200, 409]
    assert visitor.page.link("Discard").startswith("/a/join/")


class Query(Wizard):
    """Kept at one address, with everything else in the query string."""

    you = Step(You)
    pet = Step(Pet)
    check = Review()

    def commit(self, submission: Submission) -> str:
        committed.append(submission)
        return "/thanks"


def headless(make_app: MakeApp) -> Flask:
    app = make_app()

    @app.route("/apply/<draft>/<step>", methods=["GET", "POST"])
    def apply(draft: str, step: str) -> ResponseReturnValue:
        journey = Join.open(draft, url_for_step=partial(url_for, "apply"))
        outcome = journey.handle(step)
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    return app


@pytest.fixture
def applicant(make_app: MakeApp) -> Visitor:
    """Somebody at the second step in an application's own view."""
    return begun(headless(make_app), "/apply/new/you")


def test_own_view_leads_through_the_steps(applicant: Visitor) -> None:
    assert applicant.page.path.startswith("/apply/")
    assert applicant.fill(pet="Rex").heading == "Check your answers"
    assert applicant.press("next").heading == "Your answers have been sent"
    assert committed[0].data["you"]["name"] == "Ada"


def test_own_view_shows_errors(make_app: MakeApp) -> None:
    visitor = Visitor(headless(make_app))
    visitor.open("/apply/new/you")
    assert visitor.fill(name="").errors == ["Enter your name"]


def test_own_view_leads_to_the_frontier(applicant: Visitor) -> None:
    answer = applicant.get(f"{applicant.draft}check")
    assert answer.location == f"{applicant.draft}pet"


def test_own_view_changes_an_answer(applicant: Visitor) -> None:
    applicant.fill(pet="Rex")
    applicant.open(applicant.page.link("Change Name"))
    assert applicant.fill(name="Bob").heading == "Check your answers"


def test_own_view_saves(applicant: Visitor) -> None:
    page = applicant.press("save", {"pet": "Rex"})
    assert page.heading == "Your answers are saved"
    assert applicant.open(page.link("Continue now")).value("pet") == "Rex"


def test_own_view_discards(applicant: Visitor) -> None:
    at = f"{applicant.draft}discard"
    applicant.open(at)
    assert applicant.press("back").heading == "Pet"
    applicant.open(at)
    assert applicant.press("discard").heading == "Your answers were discarded"


def test_own_view_refuses_a_bad_token(applicant: Visitor, store: Probe) -> None:
    before = store.snapshot()
    page = applicant.press("next", {"pet": "Rex", "csrf_token": "wrong"})
    assert (page.status, page.value("pet")) == (400, "Rex")
    assert store.snapshot() == before


def test_own_view_finds_no_draft_of_another(applicant: Visitor) -> None:
    other = begun(applicant.app, "/apply/new/you")
    assert other.get(applicant.page.path).status_code == 404


def test_own_view_keeps_what_is_sent_to_a_lost_draft(applicant: Visitor) -> None:
    answer = applicant.post(f"/apply/{'A' * 22}/you", {"name": "Eve"})
    assert "in a new copy" in applicant.open(answer.location).banners


def test_own_view_finds_no_unknown_step(applicant: Visitor) -> None:
    assert applicant.get(f"{applicant.draft}nothing").status_code == 404


def test_own_view_finds_no_item(make_app: MakeApp) -> None:
    """No step has items."""
    app = make_app()
    with app.test_request_context("/"), pytest.raises(NotFound):
        Join.open(url_for_step=partial(url_for, "apply")).handle("you", "x")


def test_pages_of_an_own_view_stay_out_of_caches(applicant: Visitor) -> None:
    headers = applicant.get(applicant.page.path).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_own_view_caps_the_body(applicant: Visitor) -> None:
    answer = applicant.post(applicant.page.path, {"pet": "x" * (1024 * 1024)})
    assert answer.status_code == 413


def test_own_view_shares_no_drafts_with_a_blueprint(make_app: MakeApp) -> None:
    app = headless(make_app)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    visitor = begun(app, "/apply/new/you")
    path = visitor.page.path.replace("/apply/", "/join/")
    assert visitor.get(path).status_code == 404


def test_own_view_may_bind_its_drafts(make_app: MakeApp) -> None:
    app = make_app()

    @app.route("/<org>/<draft>/<step>", methods=["GET", "POST"])
    def apply(org: str, draft: str, step: str) -> ResponseReturnValue:
        url_for_step = partial(url_for, "apply", org=org)
        visit = Join.open(draft, url_for_step=url_for_step, bound={"org": org})
        outcome = visit.handle(step)
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    visitor = begun(app, "/a/new/you")
    assert visitor.fill(pet="Rex").path.startswith("/a/")
    assert visitor.get(visitor.page.path.replace("/a/", "/b/")).status_code == 404


@pytest.fixture
def querist(make_app: MakeApp) -> Visitor:
    """Somebody at the second step of a wizard that has one address for all."""
    app = make_app()

    @app.route("/apply", methods=["GET", "POST"])
    def apply() -> ResponseReturnValue:
        given = request.args
        journey = Query.open(given.get("draft"), url_for_step=partial(url_for, "apply"))
        outcome = journey.handle(given.get("step", "you"))
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    return begun(app, "/apply")


def test_draft_in_the_query_string_leads_through_the_steps(querist: Visitor) -> None:
    assert querist.page.heading == "Pet"
    assert querist.fill(pet="Rex").heading == "Check your answers"
    assert querist.send("next").location == "/thanks"


def test_change_link_in_the_query_string_leads_back(querist: Visitor) -> None:
    querist.fill(pet="Rex")
    querist.open(querist.page.link("Change Name"))
    assert querist.page.heading == "You"
    assert querist.fill(name="Bob").heading == "Check your answers"


# The application's own pages


def test_own_template_wins(make_app: MakeApp, tmp_path: Any) -> None:
    folder = tmp_path / "templates" / "flask_wizard"
    folder.mkdir(parents=True)
    (folder / "step.html").write_text(
        "{% extends 'flask_wizard/default/step.html' %}"
        "{% block instructions %}<p>Ask {{ answers|length }} times</p>{% endblock %}"
    )
    app = make_app(Join)
    app.jinja_env.loader.app.template_folder = str(tmp_path / "templates")  # type: ignore[union-attr]
    assert "Ask 0 times" in Visitor(app).open().text


def test_step_may_have_a_template_of_its_own(make_app: MakeApp, tmp_path: Any) -> None:
    class Own(Join):
        you = Step(You, template="you.html")

    (tmp_path / "you.html").write_text(
        "<h1>{{ step.title }} of {{ form.name.id }}</h1>"
    )
    app = make_app(Own)
    app.jinja_env.loader.app.template_folder = str(tmp_path)  # type: ignore[union-attr]
    assert Visitor(app).open().heading == "You of name"


def test_site_name_is_in_the_title(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SITE_NAME="The Shop", WIZARD_LANG="en-GB")
    page = Visitor(app).open()
    assert page.title.endswith("The Shop")
    assert '<html lang="en-GB" dir="ltr">' in page.source


# The variables of a mount in conditions, forms and hooks


class Noted(Form):
    note = fields.StringField("Note")


class Agency(Wizard):
    you = Step(You)
    vip = Step(Noted, when=lambda answers: answers.bound["agency"] == "north")
    made = Step(
        lambda answers: Noted if answers.bound["agency"] == "north" else Pet,
        prepare=lambda form, answers: setattr(
            next(iter(form)).label, "text", f"At {answers.bound['agency']}"
        ),
    )
    check = Review()

    def validate(self, submission: Submission) -> None:
        assert submission.bound == submission.answers.bound

    def commit(self, submission: Submission) -> str:
        return f"/thanks/{submission.bound['agency']}/{submission.bound['year']}"


@pytest.mark.parametrize(("agency", "pages"), [("north", 2), ("south", 1)])
def test_hooks_see_the_variables_of_the_mount(
    make_app: MakeApp, agency: str, pages: int
) -> None:
    app = make_app(Agency, prefix="/<lang>/<agency>/<int:year>/join", unbound=("lang",))
    visitor = Visitor(app)
    visitor.open(f"/en/{agency}/2026/join/")
    visitor.fill(name="Ada")
    for _ in range(pages - 1):
        visitor.fill()
    assert f"At {agency}" in visitor.page.text
    visitor.fill()
    assert visitor.send().location == f"/thanks/{agency}/2026"


def test_reading_a_variable_of_the_mount_is_no_dependency(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Agency, prefix="/<agency>/<int:year>/join"))
    visitor.open("/north/2026/join/")
    visitor.fill(name="Ada")
    visitor.fill()
    visitor.fill()
    draft = visitor.page.path.split("/")[4]
    repository = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    stored, _ = repository.load(draft)
    assert [entry.read for entry in stored.entries.values()] == [(), (), ()]


def test_variables_of_the_mount_cannot_be_set(make_app: MakeApp) -> None:
    def change(answers: Any) -> bool:
        answers.bound["agency"] = "south"
        return True

    class Changing(Agency):
        vip = Step(Noted, when=change)

    visitor = Visitor(make_app(Changing, prefix="/<agency>/<int:year>/join"))
    visitor.open("/north/2026/join/")
    with pytest.raises(TypeError, match="item assignment"):
        visitor.fill(name="Ada")


def test_own_view_binds_variables(make_app: MakeApp) -> None:
    app = make_app()

    @app.route("/own/<agency>/<draft>/<step>", methods=["GET", "POST"])
    def own(agency: str, draft: str, step: str) -> ResponseReturnValue:
        url = partial(url_for, "own", agency=agency)
        bound = {"agency": agency, "year": 1}
        outcome = Agency.open(draft, url_for_step=url, bound=bound).handle(step)
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    visitor = Visitor(app)
    visitor.open("/own/south/new/you")
    assert "At south" in visitor.fill(name="Ada").text
