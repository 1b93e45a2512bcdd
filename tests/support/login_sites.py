"""Three applications that sign people in, each with a login page of its own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Flask, redirect, render_template_string, request, session
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user, login_user, logout_user
from flask_security import Security, SQLAlchemyUserDatastore, hash_password
from flask_security.models import fsqla_v3
from flask_sqlalchemy import SQLAlchemy
from flask_wtf.csrf import generate_csrf
from visitor import Visitor

from flask_wizard import FlaskWizard, testing

PASSWORD = "open sesame 1234"
PEOPLE = "ada", "bob"
LOGIN_PAGE = """
<form method="post">
  <input type="hidden" name="csrf_token" value="{{ csrf_token() }}">
  <label>E-mail <input name="email"></label>
  <label>Password <input name="password" type="password"></label>
  <button>Sign in</button>
</form>
"""


@dataclass(frozen=True)
class Site:
    """An application, and how people sign in and out of it."""

    app: Flask
    wizards: FlaskWizard | None = None
    login: str = "/login"
    logout: str = "/logout"
    #: True if the login page is there for who is signed in already.
    login_again: bool = True
    close: Callable[[], None] = lambda: None

    def sign_in(self, visitor: Visitor, name: str) -> testing.Page:
        """Sign somebody in on the site's login page, in another tab."""
        email = f"{name}@example.com"
        page = visitor.tab().sign_in(self.login, email=email, password=PASSWORD)
        assert page.text.endswith(f"Hello, {name}"), page.text
        return page

    def sign_out(self, visitor: Visitor) -> None:
        page = visitor.tab().show(
            visitor.client.post(self.logout, follow_redirects=True)
        )
        assert page.text.endswith("Hello, nobody"), page.text


def plain_site(app: Flask, store: object) -> Site:
    """The session says who is signed in. Signing in and out clears it."""
    wizards = FlaskWizard(app, store=store, holder=lambda: session.get("user_id"))

    @app.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "GET":
            return render_template_string(LOGIN_PAGE, csrf_token=generate_csrf)
        session.clear()
        if request.form["password"] == PASSWORD:
            session["user_id"] = PEOPLE.index(request.form["email"].split("@")[0])
        return redirect(request.args.get("next", "/"))

    @app.post("/logout")
    def logout() -> ResponseReturnValue:
        session.clear()
        return redirect("/")

    @app.get("/")
    def home() -> str:
        user = session.get("user_id")
        return f"<p>Hello, {'nobody' if user is None else PEOPLE[user]}"

    return Site(app, wizards)


def flask_login_site(app: Flask, store: object) -> Site:
    """Flask-Login is in use, so that no holder has to be named."""

    class User(UserMixin):  # type: ignore[misc] # it has no annotations
        def __init__(self, name: str) -> None:
            self.id = name

    wizards = FlaskWizard(app, store=store)
    manager = LoginManager(app)
    manager.login_view = "login"
    manager.user_loader(User)

    @app.route("/login", methods=["GET", "POST"])
    def login() -> ResponseReturnValue:
        if request.method == "GET":
            return render_template_string(LOGIN_PAGE, csrf_token=generate_csrf)
        if request.form["password"] == PASSWORD:
            login_user(User(request.form["email"].split("@")[0]))
        return redirect(request.args.get("next", "/"))

    @app.post("/logout")
    def logout() -> ResponseReturnValue:
        logout_user()
        return redirect("/")

    @app.get("/")
    def home() -> str:
        user = current_user
        return f"<p>Hello, {user.id if user.is_authenticated else 'nobody'}"

    return Site(app, wizards)


def flask_security_site(app: Flask, store: object) -> Site:
    """Flask-Security has the accounts, and its own login page."""
    app.config.update(
        SQLALCHEMY_DATABASE_URI="sqlite://",
        SECURITY_PASSWORD_SALT="salt",
        SECURITY_PASSWORD_HASH="plaintext",
        SECURITY_PASSWORD_SCHEMES=["plaintext"],
        SECURITY_DEPRECATED_PASSWORD_SCHEMES=[],
        SECURITY_EMAIL_VALIDATOR_ARGS={"check_deliverability": False},
    )
    db = SQLAlchemy(app)
    fsqla_v3.FsModels.set_db_info(db)  # type: ignore[attr-defined,no-untyped-call]

    class Role(db.Model, fsqla_v3.FsRoleMixin):  # type: ignore[name-defined,misc]
        pass

    class User(db.Model, fsqla_v3.FsUserMixin):  # type: ignore[name-defined,misc]
        pass

    people = SQLAlchemyUserDatastore(db, User, Role)
    Security(app, people)
    wizards = FlaskWizard(app, store=store)

    @app.get("/")
    def home() -> str:
        user = current_user
        name = user.email.split("@")[0] if user.is_authenticated else "nobody"
        return f"<p>Hello, {name}"

    @app.post("/everywhere")
    def sign_out_everywhere() -> str:
        people.set_uniquifier(current_user)
        db.session.commit()
        return "out"

    with app.app_context():
        db.create_all()
        for name in PEOPLE:
            email = f"{name}@example.com"
            people.create_user(email=email, password=hash_password(PASSWORD))
        db.session.commit()
    return Site(app, wizards, login_again=False, close=lambda: db.engine.dispose())


SITES = {
    "session": plain_site,
    "flask-login": flask_login_site,
    "flask-security": flask_security_site,
}
