"""Who is signed in, and when a request compares that with the session."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import pytest
from flask import Flask, abort, redirect, session
from flask.testing import FlaskClient
from flask_login import LoginManager, UserMixin, user_logged_in, user_logged_out
from held_drafts import Shelf, begin
from werkzeug.exceptions import Forbidden, HTTPException, NotFound, Unauthorized
from wizards import Join

from flask_wizard import FlaskWizard
from flask_wizard.core.hooks import HookError
from flask_wizard.drafts.holders import (
    BEGUN_KEY,
    LEFT_KEY,
    TOKEN_KEY,
    USER_KEY,
    WAITING_KEY,
)
from flask_wizard.drafts.visitor_drafts import VisitorDrafts
from flask_wizard.errors import ConfigurationError, ConflictError, StoreError
from flask_wizard.web import logins as module
from flask_wizard.web.logins import Logins, SignedOut, id_of
from flask_wizard.web.state import get_context

TOKEN = "t" * 43


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


class Person:
    """Who is signed in, as the application knows it."""

    def __init__(self) -> None:
        self.id: object = None
        self.error: BaseException | None = None
        self.asked = 0

    def __call__(self) -> object:
        self.asked += 1
        if self.error is not None:
            raise self.error
        return self.id


@pytest.fixture
def person() -> Person:
    return Person()


def make_site(
    shelf: Shelf, holder: Callable[[], object] | None, **config: Any
) -> Flask:
    app = Flask("site")
    app.config.update(SECRET_KEY="o" * 32, TESTING=True, **config)
    app.config["WIZARD_EXTERNAL_URL"] = "https://www.example.org"
    FlaskWizard(app, store=shelf.store, holder=holder)

    @app.route("/look")
    def look() -> str:
        return "seen"

    @app.route("/touch")
    def touch() -> str:
        session["basket"] = 7
        return "touched"

    @app.route("/clear")
    def clear() -> str:
        session.clear()
        return "cleared"

    @app.route("/wizard")
    def wizard() -> str:
        get_context()
        return "opened"

    @app.route("/signal/<name>")
    def signal(name: str) -> str:
        {"in": user_logged_in, "out": user_logged_out}[name].send(app)
        return "sent"

    return app


@pytest.fixture
def app(shelf: Shelf, person: Person) -> Flask:
    return make_site(shelf, person)


def logins_of(app: Flask) -> Logins:
    found: Logins = app.extensions["flask_wizard"].logins
    return found


def asked(app: Flask) -> object:
    """Who is signed in, as a Holder asks it."""
    find_user = logins_of(app).find_user
    assert find_user is not None
    with app.test_request_context():
        return find_user()


# The user


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        *((None, None), (7, "7"), (0, "0"), ("", ""), ("ada", "ada")),
        (uuid.UUID(int=7), "00000000-0000-0000-0000-000000000007"),
    ],
)
def test_function_tells_the_user(
    app: Flask, person: Person, found: object, expected: str | None
) -> None:
    person.id = found
    assert asked(app) == expected


@pytest.mark.parametrize(
    "found",
    [
        *(True, False, object(), UserMixin()),
        SimpleNamespace(is_authenticated=True),
        SimpleNamespace(get_id=lambda: "7"),
    ],
    ids=type,
)
def test_anything_but_an_id_is_a_mistake(found: object) -> None:
    with pytest.raises(ConfigurationError, match="Expected the id"):
        id_of(found)


@pytest.mark.parametrize(
    "refusal", [Unauthorized(), Forbidden(), Unauthorized("Sign in")]
)
def test_function_may_refuse_a_login_that_ran_out(
    app: Flask, person: Person, refusal: Unauthorized
) -> None:
    person.error = refusal
    with pytest.raises(SignedOut) as raised:
        asked(app)
    assert raised.value.refusal is refusal
    assert str(raised.value) == str(refusal)


def test_function_may_lead_to_the_login(app: Flask, person: Person) -> None:
    with app.test_request_context(), pytest.raises(HTTPException) as found:
        abort(redirect("/login"))
    person.error = found.value
    with pytest.raises(SignedOut) as raised:
        asked(app)
    assert raised.value.refusal is found.value


@pytest.mark.parametrize("error", [NotFound(), ValueError("down"), KeyError("x")])
def test_other_errors_of_the_function_are_its_own(
    app: Flask, person: Person, error: Exception
) -> None:
    person.error = error
    with pytest.raises(type(error)) as raised:
        asked(app)
    assert raised.value is error


@pytest.mark.parametrize("error", [StoreError("of the application"), ConflictError()])
def test_error_of_the_function_is_not_taken_for_one_of_the_draft(
    app: Flask, person: Person, error: Exception
) -> None:
    person.error = error
    with pytest.raises(HookError) as raised:
        asked(app)
    assert raised.value.error is error


# Flask-Login


def with_flask_login(app: Flask, user: object) -> None:
    manager = LoginManager(app)
    manager.request_loader(lambda request: user)


def user_with(**attributes: Any) -> UserMixin:
    user = UserMixin()
    vars(user).update(attributes)
    return user


@pytest.mark.parametrize(
    ("user", "expected"),
    [
        (None, None),
        (user_with(id=7), "7"),
        (user_with(id=0), "0"),
        (user_with(id=7, get_id=lambda: "uniquifier"), "7"),
        (user_with(get_id=lambda: "uniquifier"), "uniquifier"),
        (user_with(id=None, get_id=lambda: "uniquifier"), "uniquifier"),
    ],
)
def test_user_of_flask_login_is_the_holder(
    shelf: Shelf, user: object, expected: str | None
) -> None:
    app = make_site(shelf, None)
    with_flask_login(app, user)
    assert asked(app) == expected


def test_function_comes_before_flask_login(app: Flask, person: Person) -> None:
    with_flask_login(app, user_with(id=8))
    person.id = 7
    assert asked(app) == "7"


def test_nobody_is_known_without_a_function_and_flask_login(shelf: Shelf) -> None:
    assert logins_of(make_site(shelf, None)).find_user is None


def test_flask_login_need_not_be_installed(
    shelf: Shelf, person: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    import sys

    monkeypatch.setitem(sys.modules, "flask_login", None)
    app = make_site(shelf, person)
    person.id = 7
    assert asked(app) == "7"
    assert module._login_signals() == ()


# The login page


def with_login_page(app: Flask) -> None:
    manager = LoginManager(app)
    manager.login_view = "sign_in"

    @app.route("/sign-in")
    def sign_in() -> str:
        return ""


def login_url(app: Flask) -> str | None:
    with app.test_request_context():
        return logins_of(app).login_url("/join/x?a=1")


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ("/login", "/login?next=%2Fjoin%2Fx%3Fa%3D1"),
        ("/login?lang=de", "/login?lang=de&next=%2Fjoin%2Fx%3Fa%3D1"),
        (lambda next_url: f"/go?to={next_url}", "/go?to=/join/x?a=1"),
        (lambda next_url: SimpleNamespace(), "namespace()"),
        (None, None),
    ],
)
def test_login_page_is_that_of_the_configuration(
    app: Flask, given: object, expected: str | None
) -> None:
    app.config["WIZARD_LOGIN_URL"] = given
    assert login_url(app) == expected


def test_login_page_is_that_of_flask_login(app: Flask) -> None:
    with_login_page(app)
    found = login_url(app)
    assert found is not None
    assert found.startswith("/sign-in?next=")
    app.config["WIZARD_LOGIN_URL"] = "/login"
    assert str(login_url(app)).startswith("/login?")


def test_flask_login_may_have_no_login_page(app: Flask) -> None:
    LoginManager(app)
    assert login_url(app) is None


# The end of a request


def client_of(app: Flask, **kept: object) -> FlaskClient:
    """A browser whose session has this, besides a token."""
    client = app.test_client()
    with client.session_transaction() as found:
        found.update({TOKEN_KEY: TOKEN, **kept})
    return client


def kept(client: FlaskClient) -> dict[str, Any]:
    with client.session_transaction() as found:
        return dict(found)


@pytest.mark.parametrize("path", ["/touch", "/signal/in", "/clear"])
def test_login_is_seen_at_the_end_of_a_request(
    app: Flask, person: Person, path: str
) -> None:
    client = client_of(app)
    person.id = 7
    assert client.get(path).status_code == 200
    found = kept(client)
    assert found[BEGUN_KEY] == TOKEN
    assert found[TOKEN_KEY] != TOKEN
    assert USER_KEY in found
    assert WAITING_KEY not in found  # it is adopted already


def test_drafts_are_adopted_at_the_end_of_a_request(
    app: Flask, shelf: Shelf, person: Person
) -> None:
    given: dict[str, Any] = {}
    drafts: VisitorDrafts = shelf.visitor(given)
    stored = begin(drafts)
    client = client_of(app, **given)
    person.id = 7
    client.get("/touch")
    (holder,) = shelf.stored(stored.draft.id).holders
    assert holder.kind == "user"


@pytest.mark.parametrize("path", ["/touch", "/signal/out", "/clear"])
def test_logout_is_seen_at_the_end_of_a_request(
    app: Flask, person: Person, path: str
) -> None:
    client = client_of(app)
    person.id = 7
    client.get("/touch")
    person.id = None
    client.get(path)
    found = kept(client)
    assert found.pop("basket", 7) == 7
    assert found == {LEFT_KEY: True}


def test_request_that_changes_nothing_asks_nobody(app: Flask, person: Person) -> None:
    client = client_of(app)
    before = kept(client)
    person.id = 7
    answer = client.get("/look")
    assert (person.asked, kept(client)) == (0, before)
    assert "Vary" not in answer.headers


@pytest.mark.parametrize("path", ["/touch", "/signal/in"])
def test_session_without_a_token_asks_nobody(
    app: Flask, person: Person, path: str
) -> None:
    client = app.test_client()
    person.id = 7
    client.get(path)
    assert person.asked == 0
    assert kept(client).keys() <= {"basket"}


def test_signal_of_another_application_changes_nothing(
    app: Flask, shelf: Shelf, person: Person
) -> None:
    client = client_of(app)
    person.id = 7
    other = make_site(shelf, None)
    with app.test_request_context("/look"):
        user_logged_in.send(other)
    with other.test_request_context("/look"):
        user_logged_in.send(other)
    client.get("/look")
    assert person.asked == 0


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (Unauthorized(), None),
        (RuntimeError("down"), "the holder function failed"),
        (NotFound(), "the holder function failed"),
    ],
)
def test_failing_function_breaks_no_login(
    app: Flask,
    person: Person,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
    said: str | None,
) -> None:
    client = client_of(app)
    person.error = error
    assert client.get("/touch").text == "touched"
    assert kept(client)[TOKEN_KEY] == TOKEN
    assert len(caplog.records) == (said is not None)
    for record in caplog.records:
        assert said is not None
        assert said in record.message
        assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)


def test_store_that_is_down_breaks_no_login(
    app: Flask, shelf: Shelf, person: Person, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(app)
    person.id, shelf.store.down = 7, True
    assert client.get("/touch").text == "touched"
    assert kept(client)[WAITING_KEY] == [TOKEN]
    (record,) = caplog.records
    assert "not adopted yet" in record.message
    assert (record.levelno, bool(record.exc_info)) == (logging.ERROR, True)
    shelf.store.down = False
    client.get("/touch")
    assert WAITING_KEY not in kept(client)


def test_visitor_of_a_request_is_identified_by_a_visit(
    app: Flask, person: Person
) -> None:
    person.id = 7
    with app.test_request_context():
        session[TOKEN_KEY] = TOKEN
        holder = logins_of(app).identify(get_context())
        assert (holder.user, holder.waiting) == ("7", ())
        assert holder is get_context().holder


# No holder


@pytest.mark.parametrize("key", ["user_id", "_user_id", "identity"])
def test_log_names_the_key_by_which_users_sign_in(
    shelf: Shelf, caplog: pytest.LogCaptureFixture, key: str
) -> None:
    app = make_site(shelf, None)
    client = client_of(app, **{key: "7"})
    client.get("/look")
    assert caplog.records == []  # the request is none of ours
    for _ in range(2):
        assert client.get("/wizard").text == "opened"
    (record,) = caplog.records
    assert record.levelno == logging.WARNING
    assert f"session.get({key!r})" in record.getMessage()


def test_log_says_nothing_of_other_keys(
    shelf: Shelf, caplog: pytest.LogCaptureFixture
) -> None:
    client = client_of(make_site(shelf, None), basket=7)
    client.get("/wizard")
    client.get("/touch")
    assert caplog.records == []
    assert kept(client) == {TOKEN_KEY: TOKEN, "basket": 7}


def test_log_says_nothing_where_a_holder_is_known(
    app: Flask, caplog: pytest.LogCaptureFixture
) -> None:
    client_of(app, user_id="7").get("/wizard")
    assert caplog.records == []


def test_wizard_is_mounted_beside_all_this(app: Flask) -> None:
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    assert app.test_client().get("/join/", follow_redirects=True).status_code == 200
