"""check: what definitions and settings ask of visitors."""

from __future__ import annotations

import json
import re
import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from click.testing import Result
from documents import ROOT
from flask import Flask, abort, g, redirect, request, session
from flask.sessions import SecureCookieSessionInterface
from flask_login import LoginManager, login_required
from flask_wtf.file import FileAllowed, FileSize
from wizards import Commits, Pet, You, choices, declare
from wtforms import Form, fields
from wtforms.validators import (
    URL,
    AnyOf,
    EqualTo,
    InputRequired,
    Length,
    Optional,
    Regexp,
)

from example_app import create_app
from flask_wizard import (
    ConfigurationError,
    FileContent,
    FlaskWizard,
    Item,
    OnlyIf,
    Repeat,
    Review,
    Step,
    Wizard,
)
from flask_wizard.checks.definitions import CHECKS, check_definitions
from flask_wizard.checks.proofs import ON_PATHS
from flask_wizard.checks.settings import SETTINGS
from flask_wizard.checks.templates import eject

ALL = [*CHECKS, *SETTINGS, *ON_PATHS]


class Address(Form):
    city = fields.StringField("City")


class YouForm(Form):
    name = fields.StringField("Name", render_kw={"autocomplete": "name"})
    contact = fields.EmailField("Email")
    home = fields.FormField(Address)
    note = fields.StringField("Note", [Length(max=9)])


class PayerForm(Form):
    payer = fields.StringField(
        "Payer", [InputRequired("Enter a name")], render_kw={"autocomplete": "name"}
    )
    secret = fields.PasswordField("Password", [InputRequired()])


class OtherForm(Form):
    other = fields.StringField(render_kw={"autocomplete": "section-other name"})
    tel = fields.StringField(render_kw={"autocomplete": "off"})


class Child(Item):
    who = Step(OtherForm)


class Join(Commits, Wizard):
    lifetime = timedelta(hours=2)

    you = Step(YouForm)
    payer = Step(PayerForm)
    children = Repeat(Child)
    check = Review()


FOUND = [
    "autocomplete join.you.contact",
    "autocomplete join.you.home-city",
    "autocomplete join.payer.secret",
    "messages join.you.note",
    "messages join.payer.secret",
    "asked-twice join.payer.payer",
    "lifetime join",
    "token-limit join",
    "labels join.children.other",
    "labels join.children.tel",
]

SAFE = {
    "SESSION_COOKIE_SECURE": True,
    "SESSION_COOKIE_SAMESITE": "Lax",
    "SESSION_REFRESH_EACH_REQUEST": False,
    "WIZARD_PERMANENT_SESSION": True,
    "WIZARD_EXTERNAL_URL": "https://join.example",
}
"""Settings in which nothing is found."""


def keys(app: Flask) -> list[str]:
    app.config.update(SAFE)
    return [finding.key for finding in check_definitions(app)]


@pytest.mark.ux(26, 37, 41, 49)
def test_what_visitors_would_stumble_over_is_found(make_app: MakeApp) -> None:
    assert keys(make_app(Join)) == FOUND


@pytest.mark.ux(41)
def test_what_begins_with_the_answer_is_not_asked_twice(make_app: MakeApp) -> None:
    class Helpful(Join):
        def initial(self, step_name: str, bound: Any, answers: Any = None) -> object:
            return None

    assert "asked-twice join.payer.payer" not in keys(make_app(Helpful))


@pytest.mark.ux(49)
@pytest.mark.parametrize(
    ("lifetime", "limit", "found"),
    [
        (timedelta(hours=20), None, []),
        (timedelta(hours=20), 3600, ["token-limit join"]),
        (timedelta(hours=20), 20 * 3600, []),
        (timedelta(hours=19), None, ["lifetime join"]),
    ],
)
def test_limits_of_time(
    make_app: MakeApp, lifetime: timedelta, limit: int | None, found: list[str]
) -> None:
    class Lasting(Join):
        pass

    Lasting.lifetime = lifetime
    app = make_app(Lasting, WTF_CSRF_TIME_LIMIT=limit)
    assert [key for key in keys(app) if key in FOUND[6:8]] == found


def test_drafts_live_long_enough_by_default() -> None:
    assert Wizard.lifetime >= timedelta(hours=20)  # type: ignore[operator]


def test_finding_is_silenced_with_a_reason(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={FOUND[0]: "It is somebody else's."})
    assert keys(app) == FOUND[1:]


@pytest.mark.parametrize("reason", ["", " "])
def test_finding_is_not_silenced_without_a_reason(
    make_app: MakeApp, reason: str
) -> None:
    app = make_app(Join, WIZARD_SILENCED={FOUND[0]: reason})
    with pytest.raises(ConfigurationError, match="Say there why"):
        check_definitions(app)


def test_one_wizard_is_checked_alone(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={"autocomplete other.you": "It is."})
    app.register_blueprint(Join.as_blueprint("other"), url_prefix="/other")
    found = run(app, "join", "--format", "json")
    rows = json.loads(found.output)["findings"]
    assert [f"{row['check']} {row['where']}" for row in rows] == FOUND
    app.config["SECRET_KEY"] = "short"
    assert f"of {len(CHECKS) + len(ON_PATHS)} checks." in run(app, "join").output


def test_reason_of_one_wizard_is_refused_if_that_is_checked(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={"labels join.you": "It has."})
    with pytest.raises(ConfigurationError, match="not found any more"):
        check_definitions(app, ["join"])


def test_reason_for_what_is_not_found_is_refused(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_SILENCED={"lifetime other": "It is short."})
    with pytest.raises(ConfigurationError, match="'lifetime other', which is not"):
        check_definitions(app)


def run(app: Flask, *arguments: str) -> Result:
    app.config.update(SAFE)
    return app.test_cli_runner().invoke(args=["wizard", "check", *arguments])


def test_command_says_where_and_how_to_mend_it(make_app: MakeApp) -> None:
    result = run(make_app(Join))
    assert result.exit_code == 1
    assert "join.you.contact has no autocomplete token" in result.output
    assert 'Add render_kw={"autocomplete": "email"}' in result.output
    assert f"10 findings of {len(ALL)} checks." in result.output


def test_command_gives_json(make_app: MakeApp) -> None:
    result = run(make_app(Join), "--format", "json")
    assert result.exit_code == 1
    rows = json.loads(result.output)["findings"]
    assert [f"{row['check']} {row['where']}" for row in rows] == FOUND
    assert all(row["message"] for row in rows)


def test_command_is_content_where_nothing_is_found(make_app: MakeApp) -> None:
    reasons = dict.fromkeys(FOUND, "It is a test.")
    result = run(make_app(Join, WIZARD_SILENCED=reasons))
    assert result.exit_code == 0
    assert "0 findings" in result.output


def test_command_says_durations_in_words(make_app: MakeApp) -> None:
    said = run(make_app(Join, PERMANENT_SESSION_LIFETIME=timedelta(minutes=90))).output
    assert "has a lifetime of 2 hours. Visitors need 20 hours" in said
    assert (
        "drafts that live 2 hours, and pages whose token expires after 1 hour" in said
    )
    assert "the session that opens them ends after 1 hour and 30 minutes." in said


def test_command_says_that_there_is_no_wizard(make_app: MakeApp) -> None:
    result = run(make_app())
    assert result.exit_code == 0
    assert "No wizard is mounted with as_blueprint. Only the settings" in result.output


def test_document_lists_the_checks() -> None:
    text = (ROOT / "docs/checks.md").read_text()
    table = text.split("## Check your definitions")[1].split("\n## ")[0]
    assert re.findall(r"^\| `([a-z-]+)` \|", table, re.M) == ALL


# Fields


class Payer(Form):
    payer = fields.RadioField("Payer", choices=choices("me", "firm"))
    same = fields.BooleanField("Same")
    vat = fields.StringField("VAT", [OnlyIf("payer", "frim")])
    town = fields.StringField("Town", [OnlyIf("same", "yes")])
    code = fields.StringField("Code", [OnlyIf("payer", ("firm", "other"))])
    note = fields.StringField("Note", [OnlyIf("same", False)])
    home = fields.FormField(OnlyIf.group("payer", "them", Address), "Home")


class Photos(Form):
    any = fields.FileField("Any")
    large = fields.FileField("Large", [FileAllowed(["png"])])
    odd = fields.FileField("Odd", [FileSize(1_000_000)])
    good = fields.FileField("Good", [FileContent("png"), FileSize(1_000_000)])


class Judged(Form):
    site = fields.StringField("Site", [URL()])
    code = fields.StringField("Code", [Regexp("[a-z]+")])
    again = fields.StringField("Code again", [EqualTo("code", "Enter it again")])
    other = fields.StringField("Code once more", [EqualTo("code")])
    size = fields.SelectField("Size", [AnyOf(["s"])], choices=choices("s", "m"))
    note = fields.StringField("Note", [Optional()])


class Named(Form):
    what_for = fields.StringField()
    who = fields.StringField(render_kw={"autocomplete": "off"}, label="Who")
    said = fields.StringField("Said")
    tags = fields.FieldList(fields.StringField(), "Tags", min_entries=1)


@pytest.mark.parametrize(
    ("form", "found"),
    [
        (Payer, [f"only-if join.you.{name}" for name in ("vat", "town", "home")]),
        (Photos, [f"uploads join.you.{name}" for name in ("any", "large", "odd")]),
        (Named, ["labels join.you.what_for"]),
        (
            Judged,
            [f"messages join.you.{name}" for name in ("site", "code", "other", "size")],
        ),
    ],
)
def test_fields_that_visitors_would_stumble_over(
    make_app: MakeApp, form: type[Form], found: list[str]
) -> None:
    wizard = declare("Made", Commits, you=Step(form), check=Review())
    own = [key for key in keys(make_app(wizard)) if key.startswith(KINDS)]
    assert own == found


KINDS = ("only-if", "uploads", "labels", "messages")


# Paths


@pytest.mark.parametrize(
    ("when", "found"),
    [
        (lambda answers: False, "reached join.more"),
        (lambda answers: answers.yuo, "names join.more"),
        (lambda answers: answers.late, "names join.more"),
        (lambda answers: answers.you.nmae, "names join.more"),
        (lambda answers: answers.pet.pet.lower() == "cat", "fails join.more"),
    ],
)
def test_conditions_that_lead_astray_are_found(
    make_app: MakeApp, when: Any, found: str
) -> None:
    wizard = declare(
        "Made",
        Commits,
        you=Step(You),
        pet=Step(Pet, when=lambda answers: answers.you.nick),
        more=Step(You, when=when),
        late=Step(You),
        check=Review(),
    )
    assert found in keys(make_app(wizard, WTF_CSRF_TIME_LIMIT=None))


def test_step_that_cannot_be_left_is_found(make_app: MakeApp) -> None:
    class Never(Form):
        code = fields.StringField("Code", [Length(min=9), AnyOf(["short"])])

    wizard = declare("Made", Commits, you=Step(Never), check=Review())
    assert "left join.you" in keys(make_app(wizard))


def test_variables_of_a_prefix_have_samples(make_app: MakeApp) -> None:
    wizard = declare(
        "Made",
        Commits,
        you=Step(You),
        more=Step(You, when=lambda answers: answers.bound["number"] + 1 > 1),
        check=Review(),
    )
    app = make_app(wizard, prefix="/<shop>/<int(min=1):number>/join")
    assert not [key for key in keys(app) if key.startswith(("fails", "names"))]


# Settings


def settings(app: Flask, **config: object) -> list[str]:
    app.config.update({**SAFE, **config})
    found = [finding.key for finding in check_definitions(app)]
    return [key for key in found if key.partition(" ")[0] in SETTINGS]


@pytest.mark.parametrize(
    ("change", "found"),
    [
        ({}, []),
        ({"SESSION_COOKIE_SECURE": False}, ["cookie SESSION_COOKIE_SECURE"]),
        ({"SESSION_COOKIE_HTTPONLY": False}, ["cookie SESSION_COOKIE_HTTPONLY"]),
        ({"SESSION_COOKIE_SAMESITE": None}, ["cookie SESSION_COOKIE_SAMESITE"]),
        ({"SESSION_COOKIE_SAMESITE": "None"}, ["cookie SESSION_COOKIE_SAMESITE"]),
        ({"SESSION_COOKIE_SAMESITE": "strict"}, []),
        ({"MAX_COOKIE_SIZE": 0}, ["cookie-size MAX_COOKIE_SIZE"]),
        ({"MAX_COOKIE_SIZE": 4097}, ["cookie-size MAX_COOKIE_SIZE"]),
        ({"MAX_COOKIE_SIZE": 4096}, []),
        ({"SECRET_KEY": "k" * 31}, ["secret-key SECRET_KEY"]),
        ({"SECRET_KEY_FALLBACKS": ["short"]}, ["secret-key SECRET_KEY"]),
        ({"WIZARD_PERMANENT_SESSION": False}, ["session WIZARD_PERMANENT_SESSION"]),
        ({"WIZARD_EXTERNAL_URL": None}, ["links WIZARD_EXTERNAL_URL"]),
        ({"WIZARD_EXTERNAL_URL": None, "TRUSTED_HOSTS": ["localhost"]}, []),
        (
            {"SESSION_REFRESH_EACH_REQUEST": True},
            ["stale-session SESSION_REFRESH_EACH_REQUEST"],
        ),
    ],
)
def test_settings_that_give_drafts_away(
    make_app: MakeApp, change: dict[str, object], found: list[str]
) -> None:
    assert settings(make_app(Join), **change) == found


def in_members() -> str | None:
    """Ask for a login in the wizard that is mounted as ``join``."""
    if request.blueprint == "join":
        abort(redirect("/login"))
    return None


@pytest.mark.parametrize(
    ("holder", "others", "begins"),
    [
        (None, [], "The session ends"),
        (lambda: None, [], "The session of a visitor who is not signed in ends"),
        (lambda: g.user, [], "The session of a visitor who is not signed in ends"),
        (lambda: abort(401), ["open"], None),
        (in_members, [], None),
        (in_members, ["open"], "The session of a visitor who is not signed in ends"),
    ],
    ids=["none", "guests", "broken", "all", "members", "members and guests"],
)
def test_session_that_ends_with_the_browser_matters_without_a_login(
    tmp_path: Path, holder: Any, others: list[str], begins: str | None
) -> None:
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update({**SAFE, "SECRET_KEY": "k" * 32})
    app.config["WIZARD_PERMANENT_SESSION"] = False
    FlaskWizard(app, holder=holder)
    for name in ["join", *others]:
        app.register_blueprint(Join.as_blueprint(name), url_prefix=f"/{name}")
    said = [each.message for each in check_definitions(app) if each.check == "session"]
    assert [each.partition(" with the browser")[0] for each in said] == (
        [] if begins is None else [begins]
    )


def test_user_of_flask_login_needs_no_permanent_session(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_PERMANENT_SESSION=False)
    LoginManager(app).user_loader(lambda own: None)
    (said,) = [each for each in check_definitions(app) if each.check == "session"]
    assert said.message.startswith("The session of a visitor who is not signed in ends")


def unless_posted() -> Any:
    return redirect("/login") if request.method == "GET" else None


@pytest.mark.parametrize(
    ("hook", "found"),
    [
        (lambda: None, []),
        (lambda: redirect("/login?next=/join/"), ["guard join"]),
        (lambda: abort(redirect("https://login.example/in")), ["guard join"]),
        (lambda: abort(401), ["guard join"]),
        (lambda: ("Sign in", 401), ["guard join"]),
        (unless_posted, []),
        (lambda: redirect(request.url.replace("http:", "https:")), []),
        (lambda: abort(503), []),
        (lambda: abort(404), []),
        (lambda: g.user, []),
    ],
    ids=[
        *("none", "redirect", "abort", "abort 401", "401"),
        *("lets POST pass", "https", "closed", "missing", "broken"),
    ],
)
def test_guard_that_loses_the_text_is_found(
    make_app: MakeApp, hook: Any, found: list[str]
) -> None:
    app = make_app(Join, prefix="/<int:club>/join")
    app.before_request_funcs["join"] = [hook]
    assert settings(app) == found


def test_guard_of_flask_login_is_found(make_app: MakeApp) -> None:
    app = make_app(Join)
    manager = LoginManager(app)
    manager.user_loader(lambda own: None)
    manager.login_view = "login"
    app.add_url_rule("/login", "login", lambda: "Sign in")
    app.before_request_funcs["join"] = [login_required(lambda: None)]
    assert settings(app) == ["guard join"]


def test_cookie_is_judged_as_it_is_set(make_app: MakeApp) -> None:
    class Public(SecureCookieSessionInterface):
        def get_cookie_httponly(self, app: Flask) -> bool:
            return False

    app = make_app(Join)
    app.session_interface = Public()
    assert settings(app) == ["cookie SESSION_COOKIE_HTTPONLY"]


@pytest.mark.parametrize(
    ("size", "found"), [(0, []), (2000, []), (4000, ["cookie-size join"])]
)
def test_session_that_no_browser_stores_is_found(
    make_app: MakeApp, size: int, found: list[str]
) -> None:
    app = make_app(Join, MAX_COOKIE_SIZE=4096)

    @app.before_request
    def remember_cart() -> None:
        session["cart"] = secrets.token_urlsafe(size)[:size]

    assert settings(app) == found


def test_session_of_an_application_that_lets_nobody_in_has_no_size(
    make_app: MakeApp,
) -> None:
    app = make_app(Join)

    @app.before_request
    def refuse() -> None:
        abort(401)

    assert settings(app) == ["guard join"]


@pytest.mark.parametrize(
    ("store", "found"), [("memory:", ["store application"]), (None, [])]
)
def test_store_that_forgets_is_found(
    make_app: MakeApp, store: str | None, found: list[str]
) -> None:
    assert settings(make_app(Join, store=store)) == found


def test_copy_of_a_template_that_lags_behind_is_found(
    make_app: MakeApp, tmp_path: Path
) -> None:
    app = make_app(Join)
    app.template_folder = str(tmp_path)
    (path,) = eject(app, ["step"])
    assert settings(app) == []
    text = path.read_text()
    mark = re.search(r"[0-9a-f]{12}", text)
    assert mark is not None
    path.write_text(text.replace(mark[0], "0" * 12))
    assert settings(app) == ["templates step.html"]


def test_session_that_ends_before_its_drafts_is_found(make_app: MakeApp) -> None:
    wizard = declare("Made", Commits, you=Step(You), check=Review())
    app = make_app(wizard, PERMANENT_SESSION_LIFETIME=timedelta(days=2))
    assert "session-limit join" in keys(app)
    app = make_app(wizard, PERMANENT_SESSION_LIFETIME=timedelta(days=7))
    assert "session-limit join" not in keys(app)


def test_reason_for_a_setting_may_stay_where_the_setting_is_right(
    make_app: MakeApp,
) -> None:
    reason = {"cookie SESSION_COOKIE_SECURE": "It is served by HTTP here."}
    assert settings(make_app(Join, WIZARD_SILENCED=reason)) == []


def test_nothing_is_found_in_the_example(tmp_path: Path) -> None:
    app = create_app({"INSTANCE_PATH": str(tmp_path)})
    assert check_definitions(app) == []
