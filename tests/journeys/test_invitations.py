"""Drafts that an application begins for somebody."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest
from apps import MakeApp, MakeOnDisk
from flask import Flask
from flask_wtf import FlaskForm
from login_sites import Site as LoginSite
from login_sites import plain_site
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor
from wizards import Join, Pet, You, choices, committed, declare, stored
from wtforms import BooleanField, DateField, Form, SelectField, StringField

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    FlaskWizard,
    Repeat,
    Review,
    Step,
)

HOUR = 60 * 60
SITE = "https://forms.example"


class Born(FlaskForm):  # type: ignore[misc] # it has no annotations
    born = DateField("Born")
    member = BooleanField("Member")


class Name(Form):
    name = StringField("Name")


Invited = declare(
    "Invited",
    Join,
    born=Step(Born),
    hello=Step(Name, prepare=lambda form, answers: setattr(form.name, "label", None)),
    kwarg=Step(Name, kwargs=lambda answers: {"prefix": answers.you.name[:0]}),
    names=Repeat(Name),
    pet=Step(Pet, when=lambda answers: answers.you.name == "Ada"),
    check=Review(),
)


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(declare("Short", Join, born=Step(Born)), WIZARD_EXTERNAL_URL=SITE)


def invite(
    app: Flask, data: dict[str, Any] | None = None, age: Any = HOUR, **more: Any
) -> str:
    """Have a link made by a job, in which there is no request."""
    data = {"you": {"name": "Ada"}} if data is None else data
    with app.app_context():
        url = FlaskWizard().invite_url("join", data, max_age=age, **more)
    assert url.startswith(f"{SITE}/")
    return urlsplit(url).path


def take_up(visitor: Visitor, url: str) -> Page:
    page = visitor.open(url)
    assert page.status == 200, page.text
    assert page.heading.endswith("You are invited")
    return visitor.press()


def test_invitation_begins_with_what_the_application_knows(app: Flask) -> None:
    visitor = Visitor(app)
    page = take_up(visitor, invite(app))
    assert page.path.endswith("/you")
    assert page.value("name") == "Ada"
    visitor.fill(name="Ada Lovelace")
    visitor.fill(pet="Rex")
    visitor.fill(born="2010-05-05")
    visitor.press()
    assert [submission.answers.you.name for submission in committed] == ["Ada Lovelace"]


def test_what_it_begins_with_is_asked(app: Flask) -> None:
    visitor = Visitor(app)
    take_up(visitor, invite(app))
    page = visitor.open(f"{visitor.draft}check")
    assert page.path.endswith("/you")
    assert committed == []


def test_later_pages_begin_with_their_data(make_app: MakeApp) -> None:
    wizard = declare("Later", you=Step(You), born=Step(Born), commit=Join.commit)
    app = make_app(wizard, WIZARD_EXTERNAL_URL=SITE)
    visitor = Visitor(app)
    given = {"born": date(2010, 5, 5), "member": True}
    take_up(visitor, invite(app, {"born": given, "you": {"name": "Ada"}}))
    page = visitor.fill()
    assert page.path.endswith("/born")
    assert page.value("born") == "2010-05-05"
    assert page.value("member") == "y"
    visitor.fill(member=None)
    (submission,) = committed
    assert submission.data["born"] == {"born": date(2010, 5, 5), "member": False}


def test_initial_gives_the_other_pages(make_app: MakeApp) -> None:
    def initial(self: Any, step_name: str, bound: Any) -> Any:
        return {"name": "from initial", "pet": "Rex"}

    app = make_app(declare("Both", Join, initial=initial), WIZARD_EXTERNAL_URL=SITE)
    visitor = Visitor(app)
    assert take_up(visitor, invite(app)).value("name") == "Ada"
    assert visitor.fill().value("pet") == "Rex"


def test_prefilled_wizard_is_done_where_its_data_is_valid(make_app: MakeApp) -> None:
    wizard = declare("Known", Join, initial=lambda self, step_name, bound: None)

    class Prefilled(wizard, prefilled=True):  # type: ignore[valid-type, misc, call-arg]
        pass

    app = make_app(Prefilled, WIZARD_EXTERNAL_URL=SITE)
    visitor = Visitor(app)
    url = invite(app, {"you": {"name": "Ada"}, "pet": {"pet": "Rex"}})
    page = take_up(visitor, url)
    assert page.path.endswith("/check")
    assert {("Name", "Ada"), ("Pet", "Rex")} <= {*page.rows}


@pytest.mark.requirement("S50")
def test_first_to_take_it_up_holds_it(app: Flask) -> None:
    url, visitor, late = invite(app), Visitor(app), Visitor(app)
    take_up(visitor, url)
    assert late.open(url).status == 410
    assert late.get(f"{visitor.draft}you").status_code == 404
    assert take_up(visitor, url).path == f"{visitor.draft}you"
    assert [holder.kind for holder in stored(visitor).holders] == ["session"]
    assert visitor.open("/join/").link("Continue").startswith(visitor.draft)


@pytest.mark.requirement("S50")
def test_one_of_eight_who_take_it_up_at_once_holds_it(
    make_on_disk: MakeOnDisk,
) -> None:
    app = make_on_disk(Join, WIZARD_EXTERNAL_URL=SITE)
    url, visitors = invite(app), [Visitor(app) for _ in range(8)]
    for visitor in visitors:
        visitor.open(url)
    with ThreadPoolExecutor(8) as threads:
        pages = list(threads.map(lambda visitor: visitor.press(), visitors))
    assert sorted(page.status for page in pages) == [200] + 7 * [410]
    (first,) = [page for page in pages if page.status == 200]
    opened = [visitor.get(first.path).status_code for visitor in visitors]
    assert sorted(opened) == [200] + 7 * [404]
    listed = [
        len(visitor.open("/join/").texts(".wizard-draft")) for visitor in visitors
    ]
    assert sorted(listed) == 7 * [0] + [1]


def test_invitation_waits_for_who_has_too_many_drafts(make_app: MakeApp) -> None:
    app = make_app(declare("Few", Join, max_drafts=1), WIZARD_EXTERNAL_URL=SITE)
    visitor, url = Visitor(app), invite(app)
    visitor.open("/join/")
    visitor.fill(name="Own")
    own = visitor.draft
    visitor.open(url)
    page = visitor.press()
    assert page.status == 409
    assert "too many unfinished" in page.banners
    visitor.open(f"{own}discard")
    visitor.press("discard")
    assert take_up(visitor, url).value("name") == "Ada"


@pytest.mark.requirement("S50")
def test_invitation_tells_no_data_before_it_is_taken_up(app: Flask) -> None:
    canary = "Zanzibar-Quokka-7319"
    url = invite(app, {"you": {"name": canary}})
    page = Visitor(app).open(url)
    assert canary not in page.source
    assert canary not in url
    assert "prepared for you" in page.text


@pytest.fixture
def site(store: Probe, tmp_path_factory: pytest.TempPathFactory) -> LoginSite:
    folder = str(tmp_path_factory.getbasetemp())
    app = Flask("site", root_path=folder, instance_path=folder)
    app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_EXTERNAL_URL=SITE)
    site = plain_site(app, store)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")

    @app.get("/mine")
    def mine() -> list[str | None]:
        assert site.wizards is not None
        return [draft.url for draft in site.wizards.drafts()]

    return site


@pytest.mark.requirement("S51")
def test_users_invitation_is_the_users_from_the_beginning(site: LoginSite) -> None:
    ada, bob, nobody = (Visitor(site.app) for _ in range(3))
    site.sign_in(ada, "ada")
    site.sign_in(bob, "bob")
    url = invite(site.app, user=0)
    (mine,) = ada.get("/mine").json or []
    assert ada.open(mine).value("name") == "Ada"
    assert bob.get("/mine").json == []
    assert bob.open(mine).status == 404
    assert bob.open(url).status == 404
    assert nobody.open(url).status == 401
    assert nobody.get(mine).status_code == 404
    assert take_up(ada, url).path == mine


def test_eight_invitations_of_a_user_at_once_are_all_listed(site: LoginSite) -> None:
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda number: invite(site.app, user=0), range(8)))
    ada = Visitor(site.app)
    site.sign_in(ada, "ada")
    assert len({*(ada.get("/mine").json or [])}) == 8


def test_draft_lives_as_long_as_its_link(app: Flask, clock: Traveller) -> None:
    url = invite(app, age=timedelta(days=90))
    clock.shift(timedelta(days=89))
    visitor = Visitor(app)
    take_up(visitor, url)
    clock.shift(timedelta(days=6))  # it has begun with its holder
    assert visitor.open(f"{visitor.draft}you").status == 200
    clock.shift(timedelta(days=2))
    assert visitor.open(f"{visitor.draft}you").status == 410


def test_users_draft_stays_listed_as_long_as_its_link(
    site: LoginSite, clock: Traveller
) -> None:
    url = invite(site.app, user=0, age=timedelta(days=90))
    clock.shift(timedelta(days=89))
    ada = Visitor(site.app)
    site.sign_in(ada, "ada")
    assert len(ada.get("/mine").json or []) == 1
    assert ada.open(url).status == 200
    clock.shift(timedelta(days=2))
    assert ada.get("/mine").json == []
    assert ada.open(url).status == 410


def test_invitation_keeps_the_variables_of_its_mount(make_app: MakeApp) -> None:
    app = make_app(
        Join,
        prefix="/<language>/<int:course>",
        unbound=("language",),
        WIZARD_EXTERNAL_URL=SITE,
    )
    url = invite(app, bound={"language": "de", "course": 7})
    assert url.startswith("/de/7/link/")
    visitor = Visitor(app)
    assert take_up(visitor, url).path.startswith("/de/7/")
    with pytest.raises(ConfigurationError, match="course, language"):
        invite(app, bound={"course": 7})


WRONG: list[tuple[Callable[[Flask], str], str]] = [
    (lambda app: invite(app, {"yuo": {}}), "you, pet, born"),
    (lambda app: invite(app, {"names": [{"name": "x"}]}), "a list"),
    (lambda app: invite(app, {"check": {}}), "no form"),
    (lambda app: invite(app, {"kwarg": {"name": "x"}}), "earlier"),
    (lambda app: invite(app, age=-1), "max_age"),
    (lambda app: invite(app, user=True), "id"),
    (lambda app: invite(app, bound={"x": 1}), "bound has x"),
]


@pytest.mark.parametrize(("act", "match"), WRONG)
def test_wrong_argument_is_refused(
    make_app: MakeApp,
    store: Probe,
    act: Callable[[Flask], str],
    match: str,
) -> None:
    app = make_app(Invited, WIZARD_EXTERNAL_URL=SITE)
    with pytest.raises(ConfigurationError, match=match):
        act(app)
    assert store.snapshot() == {}


def test_data_that_its_page_cannot_show_is_refused(make_app: MakeApp) -> None:
    class Chosen(Form):
        colour = SelectField("Colour", choices=choices("red", "blue"))

    wizard = declare("Choosing", you=Step(Chosen), commit=Join.commit)
    app = make_app(wizard, WIZARD_EXTERNAL_URL=SITE)
    with pytest.raises(DefinitionError, match="cannot show"):
        invite(app, {"you": {"colour": "green"}})


def test_unknown_mount_is_refused(app: Flask) -> None:
    with app.app_context(), pytest.raises(ConfigurationError, match="join"):
        FlaskWizard().invite_url("jion", {}, max_age=HOUR)
