"""The visitor's open drafts of all wizards, as an application lists them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from apps import MakeApp
from clock import DAY, HOUR
from flask import Blueprint, Flask, url_for
from login_sites import Site, plain_site
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from wizards import Commits, Join, You

from flask_wizard import (
    ConfigurationError,
    Draft,
    FlaskWizard,
    Review,
    Step,
    StoreError,
    Wizard,
)
from flask_wizard.drafts.holders import TOKEN_KEY


class Order(Commits, Wizard):
    title = "Order"

    you = Step(You, title="About you")
    more = Step(You, title="More of you")
    check = Review()

    def describe(self, draft: Draft) -> str:
        (name,) = draft.entries["you"]["name"]
        if name == "trouble":
            raise ValueError("no description")
        return f"for {name}"


class Lists:
    """An application with a page that takes down what ``drafts()`` gives."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.given: dict[str, Any] = {}
        self.found: list[Draft] = []
        site.app.add_url_rule("/mine", "mine", self.take_down)

    def take_down(self) -> str:
        assert self.site.wizards is not None
        self.found = self.site.wizards.drafts(**self.given)
        return "taken down"

    def of(self, visitor: Visitor, **given: Any) -> list[Draft]:
        self.given = given
        assert visitor.get("/mine").text == "taken down"
        return self.found


@pytest.fixture
def lists(store: Probe, tmp_path: Any) -> Lists:
    app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    return Lists(plain_site(app, store))


@pytest.fixture
def app(lists: Lists) -> Flask:
    """Two wizards, one of which is mounted for each year, in a language."""
    app = lists.site.app
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    order = Order.as_blueprint("order", unbound=["lang"])
    app.register_blueprint(order, url_prefix="/<lang>/<int:year>/order")
    return app


def begin(visitor: Visitor, entry: str, name: str = "Ada") -> str:
    """Begin a draft; return the address of its second step."""
    visitor.open(f"{entry}new/you")
    visitor.fill(name=name)
    return visitor.page.path


def test_drafts_of_all_mounts_are_listed_newest_first(
    app: Flask, lists: Lists, clock: Traveller
) -> None:
    visitor = Visitor(app)
    first = begin(visitor, "/join/")
    clock.shift(HOUR)
    second = begin(visitor, "/en/2026/order/")
    clock.shift(HOUR)
    third = begin(visitor, "/join/")
    found = lists.of(visitor, lang="en")
    assert [draft.url for draft in found] == [third, second, first]


def test_draft_says_what_it_is(app: Flask, lists: Lists, clock: Traveller) -> None:
    began = datetime.now(UTC)
    visitor = Visitor(app)
    url = begin(visitor, "/en/2026/order/", "Bob")
    clock.shift(HOUR)
    visitor.press("save", {"name": "Eve"})
    (draft,) = lists.of(visitor, lang="de")
    assert draft.id == url.split("/")[-2]
    assert (draft.title, draft.description) == ("Order", "for Bob")
    assert (draft.step_title, draft.progress) == ("More of you", "Step 2 of 3")
    assert draft.started == began
    assert draft.saved == began + timedelta(hours=1)
    assert draft.expires == began + timedelta(days=7, hours=1)
    assert draft.url == url.replace("/en/", "/de/")
    assert draft.discard_url == draft.url.replace("more", "discard")
    assert visitor.get(draft.url).status_code == 200
    assert visitor.get(draft.discard_url).status_code == 200


def test_what_a_page_shows_is_plain_strings(app: Flask, lists: Lists) -> None:
    visitor = Visitor(app)
    begin(visitor, "/en/2026/order/")
    (draft,) = lists.of(visitor, lang="en")
    shown = (draft.id, draft.title, draft.description, draft.step_title)
    assert {type(text) for text in (*shown, draft.progress, draft.url)} == {str}


@pytest.mark.requirement("S64")
def test_listing_makes_no_draft_and_no_token(
    app: Flask, lists: Lists, store: Probe
) -> None:
    visitor = Visitor(app)
    assert lists.of(visitor) == []
    lists.site.sign_in(visitor, "ada")
    assert lists.of(visitor) == []
    assert store.snapshot() == {}
    with visitor.client.session_transaction() as found:
        assert TOKEN_KEY not in found


def test_users_drafts_are_listed_on_a_device_that_met_no_wizard(
    app: Flask, lists: Lists
) -> None:
    visitor, phone = Visitor(app), Visitor(app)
    lists.site.sign_in(visitor, "ada")
    url = begin(visitor, "/join/")
    lists.site.sign_in(phone, "ada")
    assert [draft.url for draft in lists.of(phone)] == [url]
    lists.site.sign_out(phone)
    assert lists.of(phone) == []


def test_ended_and_expired_drafts_are_not_listed(
    app: Flask, lists: Lists, clock: Traveller
) -> None:
    app.config.update(PERMANENT_SESSION_LIFETIME=99 * DAY)
    visitor = Visitor(app)
    begin(visitor, "/join/")
    clock.shift(8 * DAY)
    begin(visitor, "/join/")
    visitor.open(visitor.draft + "discard")
    visitor.press("discard")
    assert lists.of(visitor) == []


def test_description_that_fails_hides_no_draft(app: Flask, lists: Lists) -> None:
    visitor = Visitor(app)
    url = begin(visitor, "/en/2026/order/", "trouble")
    (draft,) = lists.of(visitor, lang="en")
    assert (draft.description, draft.url) == ("", url)


def test_condition_that_fails_hides_no_draft(lists: Lists) -> None:
    def fails(answers: Any) -> bool:
        return bool(1 / (answers.you.name != "trouble"))

    class Shaky(Commits, Wizard):
        you = Step(You)
        more = Step(You, when=fails)

    app = lists.site.app
    app.register_blueprint(Shaky.as_blueprint("shaky"), url_prefix="/shaky")
    visitor = Visitor(app)
    fine = begin(visitor, "/shaky/")
    visitor.open(fine.replace("more", "you"))
    with pytest.raises(ZeroDivisionError):
        visitor.send("next", {"name": "trouble"})
    visitor.send("save", {"name": "trouble"})
    drafts = lists.of(visitor)
    assert [draft.url is not None for draft in drafts] == [True]


def test_conditions_see_the_variables_of_the_mount(lists: Lists) -> None:
    class Yearly(Commits, Wizard):
        you = Step(You)
        early = Step(You, when=lambda answers: answers.bound["year"] < 2000)
        late = Step(You, when=lambda answers: answers.bound["year"] >= 2000)
        last = Step(You)

        def initial(
            self, step_name: str, bound: Mapping[str, Any], answers: Any = None
        ) -> object:
            return {"nick": str(bound["year"] + 1)}

    app = lists.site.app
    yearly = Yearly.as_blueprint("yearly")
    app.register_blueprint(yearly, url_prefix="/<int:year>/yearly")
    visitor = Visitor(app)
    urls = [begin(visitor, f"/{year}/yearly/") for year in (1999, 2026)]
    found = lists.of(visitor)
    assert [draft.url for draft in found] == urls[::-1]
    assert [draft.step_title for draft in found] == ["Late", "Early"]


def test_entry_page_shows_the_descriptions(app: Flask, lists: Lists) -> None:
    visitor = Visitor(app)
    begin(visitor, "/en/2026/order/", "Bob")
    begin(visitor, "/en/2026/order/", "Eve")
    page = visitor.open("/en/2026/order/")
    assert page.texts(".wizard-draft-place") == ["for Bob", "for Eve"]
    assert [name for name in page.links if "for Eve" in name] == [
        "Continue for Eve",
        "Discard for Eve",
    ]


def test_mount_in_another_blueprint_is_listed(lists: Lists) -> None:
    parent = Blueprint("parent", __name__)
    parent.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    lists.site.app.register_blueprint(parent, url_prefix="/in")
    visitor = Visitor(lists.site.app)
    url = begin(visitor, "/in/join/")
    assert [draft.url for draft in lists.of(visitor)] == [url]


def test_wizard_that_is_mounted_before_the_extension_is_listed(
    store: Probe, tmp_path: Any
) -> None:
    app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    lists = Lists(plain_site(app, store))
    visitor = Visitor(app)
    url = begin(visitor, "/join/")
    assert [draft.url for draft in lists.of(visitor)] == [url]


def test_draft_of_a_wizard_without_a_blueprint_has_no_url(lists: Lists) -> None:
    app = lists.site.app

    def at(*, draft: str, step: str) -> str:
        return url_for("own", draft=draft, step=step)

    @app.route("/own/<draft>/<step>", methods=["GET", "POST"])
    def own(draft: str, step: str) -> Any:
        answer = Join.open(draft, url_for_step=at).handle(step)
        return "a page" if isinstance(answer, dict) else answer

    visitor = Visitor(app)
    visitor.get("/own/new/you")
    sent = {"name": "Ada", "_draft": "A" * 22}
    app.config["WTF_CSRF_ENABLED"] = False
    visitor.client.post("/own/new/you", data=sent)
    (draft,) = lists.of(visitor)
    assert (draft.title, draft.step_title) == ("Join", "Pet")
    assert (draft.url, draft.discard_url) == (None, None)


def test_draft_of_a_wizard_that_has_gone_is_left_out(
    lists: Lists, make_app: MakeApp
) -> None:
    old = make_app(Join)
    visitor = Visitor(old)
    begin(visitor, "/join/")
    later = visitor.twin(lists.site.app)
    assert lists.of(later) == []


def test_draft_is_left_out_whose_mount_binds_another_variable_by_now(
    lists: Lists, make_app: MakeApp
) -> None:
    visitor = Visitor(make_app(Join))
    begin(visitor, "/join/")
    app = lists.site.app
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/<agency>/join")
    assert lists.of(visitor.twin(app)) == []


@pytest.mark.parametrize("given", [{}, {"lang": "en", "yaer": 2026}], ids=["-", "yaer"])
def test_variable_that_is_missing_or_unknown_is_an_error(
    app: Flask, lists: Lists, given: dict[str, Any]
) -> None:
    visitor = Visitor(app)
    begin(visitor, "/en/2026/order/")
    with pytest.raises(ConfigurationError, match=r"drafts\("):
        lists.of(visitor, **given)


def test_store_that_is_down_is_an_error(app: Flask, lists: Lists, store: Probe) -> None:
    visitor = Visitor(app)
    begin(visitor, "/join/")
    store.down = True
    with pytest.raises(StoreError):
        lists.of(visitor)


def test_draft_is_adopted_where_the_application_asks_for_it(
    store: Probe, tmp_path: Any
) -> None:
    """In a login whose holder function learns of it only in the view."""
    app = Flask("site", root_path=str(tmp_path), instance_path=str(tmp_path))
    app.config.update(TESTING=True, SECRET_KEY="k" * 32)
    users: list[str | None] = [None]
    wizards = FlaskWizard(app, store=store, holder=lambda: users[-1])
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")

    @app.get("/in")
    def log_in() -> str:
        users.append("ada")
        wizards.adopt()
        return str(len(wizards.drafts()))

    visitor = Visitor(app)
    begin(visitor, "/join/")
    stolen = visitor.twin()
    assert visitor.get("/in").text == "1"
    users.append(None)
    assert stolen.open("/join/").path == "/join/new/you"
