"""How much of the package one request goes through: counts, which are never times."""

from __future__ import annotations

import gc
import sys
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from inspect import isfunction
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import flask
import pytest
from apps import MakeApp
from flask import Flask, Request, Response
from visitor import Visitor
from werkzeug.datastructures import HeaderSet
from werkzeug.test import TestResponse
from wizards import Commits, declare
from wtforms import Form, IntegerField, StringField
from wtforms.fields import Flags
from wtforms.validators import InputRequired

import flask_wizard
from flask_wizard import FlaskWizard, Review, Step, Submission, Wizard, testing
from flask_wizard.web.responses import protect

PACKAGE = str(Path(flask_wizard.__file__).parent)
CLIENT = str(Path(testing.__file__).parent)  # what stands for the browser


class You(Form):
    name = StringField("Name", [InputRequired()])
    age = IntegerField("Age", [InputRequired()])


class Guardian(Form):
    name = StringField("Guardian", [InputRequired()])


class Pet(Form):
    pet = StringField("Pet", [InputRequired()])


class Join(Wizard):
    you = Step(You)
    guardian = Step(Guardian, when=lambda answers: answers.you.age < 18)
    pet = Step(Pet)
    check = Review()

    def commit(self, submission: Submission) -> None: ...


class Walk(NamedTuple):
    """What one request went through in the package."""

    functions: int
    calls: int
    changes_of_file: int


@contextmanager
def garbage_left_alone() -> Iterator[None]:
    """Let no connection of an earlier test be closed while calls are counted."""
    gc.collect()
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def walk_of(request: Callable[[], TestResponse], status: int) -> Walk:
    seen: set[Any] = set()
    files: list[str] = []

    def note(frame: Any, event: str, argument: object) -> None:
        code = frame.f_code
        name = code.co_filename
        is_ours = event == "call" and name.startswith(PACKAGE)
        is_ours = is_ours and not name.startswith(CLIENT)
        if is_ours and not code.co_name.startswith("<"):
            seen.add(code)
            files.append(name)

    with garbage_left_alone():
        sys.setprofile(note)
        try:
            answer = request()
        finally:
            sys.setprofile(None)
    assert answer.status_code == status
    changes = sum(one != other for one, other in pairwise(files))
    return Walk(len(seen), len(files), changes + 1)


@pytest.fixture
def visitor(tmp_path: Path) -> Visitor:
    """A visitor at the second step, who has been there before."""
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app)  # with the store that an application has by default
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada", age="7")
    guardian = visitor.page.path
    visitor.fill(name="Eve")
    page = visitor.open(guardian)
    assert page.buttons  # it is parsed now, and not while calls are counted
    return visitor


def test_post_of_a_step_goes_through_few_functions(visitor: Visitor) -> None:
    walk = walk_of(lambda: visitor.send("next", {"name": "Bea"}), 303)
    assert walk.functions <= 100
    assert walk.calls <= 180
    assert walk.changes_of_file <= 60


# What grows with the wizard, and what need not be done


def long_wizard(steps: int) -> type[Wizard]:
    """A wizard of so many steps, each with a form class of its own."""
    forms = {f"step{n}": type(f"Pet{n}", (Pet,), {}) for n in range(steps)}
    body = {name: Step(form) for name, form in forms.items()}
    return declare("Long", Commits, **body, check=Review())


def lines_of(request: Callable[[], TestResponse], status: int) -> int:
    """How many lines of the package a request runs, those in loops each time."""
    count = 0

    def note(frame: Any, event: str, argument: object) -> Any:
        nonlocal count
        name = frame.f_code.co_filename
        if name.startswith(CLIENT) or not name.startswith(PACKAGE):
            return None
        count += event == "line"
        return note

    before = sys.gettrace()
    with garbage_left_alone():
        sys.settrace(note)
        try:
            answer = request()
        finally:
            sys.settrace(before)
    assert answer.status_code == status
    return count


def post_at_end_of(make_app: MakeApp, steps: int) -> int:
    visitor = Visitor(make_app(long_wizard(steps)))
    visitor.open()
    for _ in range(steps):
        visitor.fill(pet="Rex")
    visitor.open(f"{visitor.draft}step{steps - 1}")
    visitor.send("next", {"pet": "Tom"})
    return lines_of(lambda: visitor.send("next", {"pet": "Kim"}), 303)


def test_post_has_no_loop_over_the_steps(make_app: MakeApp) -> None:
    few, many = (post_at_end_of(make_app, steps) for steps in (5, 25))
    assert many == few


def test_headers_of_a_redirect_are_not_compared(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    updated: list[object] = []
    monkeypatch.setattr(HeaderSet, "update", lambda _, names: updated.append(names))
    answer = visitor.send("next", {"name": "Bea"})
    assert updated == [("Cookie",)]  # by Flask, for the session
    assert [*answer.headers.getlist("Vary")] == ["Cookie"]
    assert answer.headers.getlist("Cache-Control") == ["no-store"]
    assert answer.headers.getlist("Referrer-Policy") == ["same-origin"]


def test_headers_that_a_response_has_are_replaced(visitor: Visitor) -> None:
    response = Response(
        headers={
            "cache-control": "public",
            "referrer-policy": "unsafe-url",
            "vary": "Accept-Encoding",
        }
    )
    protect(response)
    assert response.headers.getlist("Cache-Control") == ["no-store"]
    assert response.headers.getlist("Referrer-Policy") == ["same-origin"]
    assert response.vary.as_set() == {"accept-encoding", "accept", "cookie"}


def test_post_asks_for_few_proxies(visitor: Visitor) -> None:
    """Each takes as long as fifty plain attributes."""
    asked: list[str] = []
    own = f"{PACKAGE}/"

    def note(frame: Any, event: str, argument: object) -> None:
        caller = frame.f_back.f_code
        is_proxy = frame.f_code.co_qualname.startswith("_ProxyLookup.")
        if event == "call" and is_proxy and caller.co_filename.startswith(own):
            asked.append(f"{caller.co_qualname}:{frame.f_back.f_lineno}")

    sys.setprofile(note)
    try:
        visitor.send("next", {"name": "Bea"})
    finally:
        sys.setprofile(None)
    assert len(asked) <= 5, asked


def test_request_is_not_left_to_the_garbage_collector(visitor: Visitor) -> None:
    """With its body and its session it would stay in memory for some requests more."""
    served: list[weakref.ref[Request]] = []
    visitor.app.before_request_funcs.setdefault(None, []).append(
        lambda: served.append(weakref.ref(flask.request._get_current_object()))  # type: ignore[attr-defined]
    )
    with garbage_left_alone():
        visitor.send("next", {"name": "Bea"})
        visitor.open(visitor.page.path)
        assert [reference() for reference in served] == [None] * len(served) != []


def test_page_asks_for_no_flag_that_is_not_set(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error is raised and caught for each, in the time of a dozen calls."""
    asked: list[str] = []
    monkeypatch.setattr(Flags, "__getattr__", lambda _, name: asked.append(name))
    page = visitor.open(visitor.page.path)
    assert page.value("name")
    assert not asked


def test_view_is_a_function_that_flask_knows(visitor: Visitor) -> None:
    """Flask asks at each request whether a view is asynchronous."""
    views: dict[str, Any] = {**visitor.app.view_functions}
    mounted = [view for name, view in views.items() if name.startswith("join.")]
    assert mounted
    assert all(isfunction(view.func) for view in mounted)
