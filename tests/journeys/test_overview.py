"""The page of open drafts for those who run a site: counts, and never an answer."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from pathlib import Path
from traceback import walk_tb
from typing import Any

import pytest
from clock import DAY
from flask import Flask, abort, redirect, session
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from werkzeug.test import TestResponse
from wizards import Commits
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    FlaskWizard,
    Overview,
    Review,
    Step,
    Wizard,
)
from flask_wizard.testing import assert_accessible


class You(Form):
    name = StringField("Name", [InputRequired()])


FAULTS: list[str] = []


class Join(Commits, Wizard):
    title = "Join us"

    you = Step(You, title="About you")
    home = Step(You, title="Where you live", when=lambda answers: not FAULTS or 1 / 0)
    check = Review()


def is_staff() -> bool:
    return session.get("user_id") == "staff"


class Site:
    """An application with two mounts and the page, which the user "staff" may see."""

    def __init__(self, store: object, folder: Path, **options: Any) -> None:
        app = self.app = Flask("site", instance_path=str(folder))
        app.config.update(TESTING=True, SECRET_KEY="k" * 32)
        self.wizards = FlaskWizard(
            app, store=store, holder=lambda: session.get("user_id")
        )
        app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
        app.register_blueprint(Join.as_blueprint("again"), url_prefix="/again")
        options.setdefault("allowed", is_staff)
        page = self.wizards.overview_blueprint(**options)
        app.register_blueprint(page, url_prefix="/drafts")

        @app.get("/login/<name>")
        def login(name: str) -> str:
            session["user_id"] = name
            return name

    def begin(self, *names: str, mount: str = "join") -> Visitor:
        visitor = Visitor(self.app)
        visitor.open(f"/{mount}/new/you")
        for name in names:
            visitor.fill(name=name)
        return visitor

    def count(self, **options: Any) -> Overview:
        with self.app.app_context():
            return self.wizards.overview(**options)

    def page(self, user: str = "staff", **headers: str) -> TestResponse:
        client = self.app.test_client()
        client.get(f"/login/{user}")
        return client.get("/drafts/", headers=headers)


@pytest.fixture
def make_site(store: Probe, tmp_path: Path) -> Callable[..., Site]:
    def make(**options: Any) -> Site:
        return Site(store, tmp_path, **options)

    return make


@pytest.fixture
def site(make_site: Callable[..., Site]) -> Site:
    return make_site()


def rows(found: Overview) -> list[tuple[str, str, dict[str, int]]]:
    return [(each.mount, each.step, each.ages) for each in found.steps]


def test_open_drafts_are_counted_by_mount_step_and_age(
    site: Site, clock: Traveller
) -> None:
    site.begin("Ann")
    clock.shift(2 * DAY)
    site.begin("Bea")
    site.begin("Cal", "Lisbon")
    site.begin("Dot", mount="again")
    assert rows(site.count()) == [
        ("again", "home", {"under an hour": 1}),
        ("join", "home", {"under an hour": 1, "under a week": 1}),
        ("join", "check", {"under an hour": 1}),
    ]


def test_wizards_stand_in_the_order_of_their_titles(site: Site) -> None:
    class Ask(Join):
        title = "ask us"

    site.app.register_blueprint(Ask.as_blueprint("zoo"), url_prefix="/zoo")
    for mount in ("join", "zoo", "again"):
        site.begin("Ann", mount=mount)
    found = site.count()
    assert [each.mount for each in found.steps] == ["zoo", "again", "join"]
    assert found.drafts == 3


def test_page_adds_up_the_drafts(site: Site, clock: Traveller) -> None:
    site.begin("Ann")
    site.begin("Bea", "Lisbon")
    clock.shift(2 * DAY)
    site.begin("Cal", "Faro")
    site.begin("Dot", mount="again")
    text = " ".join(re.sub(r"<[^>]+>", " ", site.page().text).split())
    assert "4 drafts are open." in text
    assert (
        "All steps 3 drafts Saved under an hour ago: 1 Saved 1 to 7 days ago: 2"
    ) in text
    assert text.count("All steps") == 1, "the other wizard has one row"


def test_page_has_a_sum_of_one(site: Site) -> None:
    site.begin("Ann")
    page = site.page()
    assert "1 draft is open." in page.text
    assert "1 drafts" not in page.text


def test_ended_drafts_are_not_counted(site: Site) -> None:
    visitor = site.begin("Ann")
    visitor.open(f"{visitor.draft}discard")
    visitor.press("discard")
    visitor = site.begin("Bea", "Faro")
    visitor.press()
    found = site.count()
    assert (found.steps, found.looked_at) == ((), 2)


def test_page_shows_counts_and_no_answer(site: Site) -> None:
    site.begin("Ann")
    site.begin("Bea", "Lisbon")
    page = site.page()
    assert page.status_code == 200
    for text in ("Open drafts", "Join us", "Where you live", "under an hour ago: 1"):
        assert text in page.text
    assert "Ann" not in page.text
    assert "Lisbon" not in page.text
    assert page.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("theme", ["default", "bootstrap5", "govuk"])
def test_page_is_accessible_in_every_theme(
    make_site: Callable[..., Site], theme: str
) -> None:
    site = make_site(most=2)
    site.app.config["WIZARD_THEME"] = theme
    assert_accessible(site.page())
    for name in ("Ann", "Bea", "Cal"):
        site.begin(name)
    assert_accessible(site.page())


def test_page_speaks_the_visitors_language(site: Site) -> None:
    site.begin("Ann")
    page = site.page(**{"Accept-Language": "de"})
    assert "Vor weniger als einer Stunde gespeichert: 1" in page.text
    assert 'lang="de"' in page.text


def test_page_changes_nothing_in_the_store(site: Site, store: Probe) -> None:
    site.begin("Ann")
    before = store.snapshot()
    assert store.calls_of(site.page) == ["entries"]
    assert store.snapshot() == before


def test_page_without_a_login_does_not_exist(site: Site, store: Probe) -> None:
    site.begin("Ann")
    assert store.calls_of(lambda: site.page("mallory")) == []
    assert site.page("mallory").status_code == 403
    assert site.app.test_client().get("/drafts/").status_code == 403
    assert site.app.test_client().post("/drafts/").status_code == 405


def test_function_may_lead_to_the_login(make_site: Callable[..., Site]) -> None:
    def allowed() -> bool:
        if "user_id" not in session:
            abort(redirect("/login"))
        return is_staff()

    site = make_site(allowed=allowed)
    assert site.app.test_client().get("/drafts/").location == "/login"
    assert site.page("ann").status_code == 403
    assert site.page().status_code == 200


def test_page_cannot_be_mounted_without_a_guard() -> None:
    with pytest.raises(TypeError, match="allowed"):
        FlaskWizard().overview_blueprint()  # type: ignore[call-arg]


def test_guard_that_is_no_function_is_refused() -> None:
    with pytest.raises(DefinitionError, match="Expected a function"):
        FlaskWizard().overview_blueprint(allowed=True)  # type: ignore[arg-type]


@pytest.mark.parametrize("answer", [None, "staff", is_staff])
def test_guard_that_does_not_say_yes_or_no_is_refused(
    make_site: Callable[..., Site], answer: object
) -> None:
    site = make_site(allowed=lambda: answer)
    with pytest.raises(DefinitionError, match="Expected True or False"):
        site.page()


def test_no_more_drafts_are_opened_than_are_asked_for(
    site: Site, store: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("Ann", "Bea", "Cal", "Dot", "Eve"):
        site.begin(name)
    taken = []

    def entries() -> Any:
        for entry in store.inner.entries():  # type: ignore[attr-defined]
            taken.append(entry)
            yield entry

    monkeypatch.setattr(store, "entries", entries)
    found = site.count(most=2)
    assert (found.looked_at, found.has_more) == (2, True)
    assert sum(each.drafts for each in found.steps) == 2
    assert len(taken) < 10, "five drafts and five lists are stored"
    assert not site.count(most=5).has_more


def test_drafts_of_another_secret_are_told(site: Site) -> None:
    site.begin("Ann")
    site.app.config["SECRET_KEY"] = "another"
    site.begin("Bea")
    assert site.count().unopened == 1
    assert "Drafts that cannot be opened: 1" in site.page().text


def test_step_that_cannot_be_found_hides_no_draft(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.begin("Ann")
    monkeypatch.setattr(sys.modules[__name__], "FAULTS", ["a condition that fails"])
    (found,) = site.count().steps
    assert (found.step, found.drafts) == ("", 1)
    assert "The step cannot be found" in site.page().text


def test_store_that_is_down_is_a_503(
    site: Site, store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    site.begin("Ann")
    store.down = True
    assert site.page().status_code == 503
    (said,) = (r for r in caplog.records if "cannot be counted" in r.message)
    assert said.exc_info is not None
    frames = [frame for frame, _ in walk_tb(said.exc_info[2])]
    ours = [f for f in frames if f.f_globals["__name__"].startswith("flask_wizard")]
    # Error trackers send what variables are. The view itself has no draft.
    view, *others = ours
    assert view.f_code.co_name == "page"
    assert others
    assert [frame for frame in others if frame.f_locals] == []


def test_store_that_cannot_list_is_named(tmp_path: Path) -> None:
    class Blind:
        def load(self, key: str) -> None: ...
        def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
            return True

        def replace(
            self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
        ) -> bool:
            return True

    site = Site(Blind(), tmp_path)
    with pytest.raises(ConfigurationError, match="cannot list"):
        site.page()
