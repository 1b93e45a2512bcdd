"""What an error tracker finds in this package's frames: none of a visitor's answers."""

from __future__ import annotations

import ast
import dataclasses
import json
import logging
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sentry_sdk
from apps import MakeApp
from flask import Flask, got_request_exception
from jinja2 import DictLoader
from sentry_sdk.utils import event_from_exception
from store_wrappers import Probe
from visitor import Visitor
from wizards import CANARY, PASSWORD, HomeForm, MoreForm, declare
from wtforms import Form, fields

import flask_wizard
from flask_wizard import FlaskWizard, Review, Row, Step, StoreError, Wizard
from flask_wizard.tracebacks import OURS, _with_causes, without_locals

SECRETS = (CANARY, CANARY.upper(), PASSWORD)


class Broken(Exception):
    """An error of the application's own."""


class Tracker(logging.Handler):
    """Collects the events that Sentry would send, as its integrations make them.

    They are not installed, because they would stay for all the tests to come.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self._client = sentry_sdk.Client(
            dsn="http://key@127.0.0.1/1", default_integrations=False
        )
        self.frames: list[dict[str, Any]] = []

    def emit(self, record: logging.LogRecord) -> None:
        if record.exc_info and record.exc_info[1] is not None:
            self.capture(record.exc_info[1])

    def see(self, app: Flask, exception: BaseException) -> None:
        self.capture(exception)

    def capture(self, error: BaseException) -> None:
        event, _ = event_from_exception(error, client_options=self._client.options)
        for value in event["exception"]["values"]:
            self.frames += value["stacktrace"]["frames"]
        # Another tracker may look deeper than Sentry, which stops at ten values.
        for each in _with_causes(error):
            for frame, _ in traceback.walk_tb(each.__traceback__):
                code, local = frame.f_code, dict(frame.f_locals)
                found = {"function": code.co_name, "abs_path": code.co_filename}
                self.frames.append({**found, "vars": local})

    @property
    def leaks(self) -> list[str]:
        """The functions of this package that show an answer."""
        ours = [f for f in self.frames if f["abs_path"].startswith(OURS)]
        assert ours
        shown = [(f["function"], json.dumps(f["vars"], default=repr)) for f in ours]
        return [n for n, text in shown if any(secret in text for secret in SECRETS)]


@pytest.fixture
def tracker() -> Iterator[Tracker]:
    tracker = Tracker()
    logging.getLogger().addHandler(tracker)
    with got_request_exception.connected_to(tracker.see):
        yield tracker
    logging.getLogger().removeHandler(tracker)


class YouForm(Form):
    name = fields.StringField()
    password = fields.PasswordField()


class Telling(Wizard):
    you = Step(YouForm)
    more = Step(MoreForm)
    check = Review()

    def commit(self, submission: Any) -> None: ...


TYPED = {"name": CANARY, "password": PASSWORD}
MORE = {"home-street": CANARY, "tags-0": CANARY, "story": CANARY, "colours": CANARY}

# Store calls

REQUESTS: dict[str, Callable[[Visitor], object]] = {
    "begin": lambda visitor: visitor.post("/join/new/you", TYPED),
    "step": lambda visitor: visitor.post(f"{visitor.draft}you", TYPED),
    "refused": lambda visitor: visitor.post(f"{visitor.draft}more", MORE),
    "autosave": lambda v: v.post(f"{v.draft}more", MORE, action="autosave"),
    "review": lambda visitor: visitor.get(f"{visitor.draft}check"),
    "entry": lambda visitor: visitor.get("/join/"),
    "commit": lambda visitor: visitor.post(f"{visitor.draft}check"),
    "discard": lambda visitor: visitor.post(f"{visitor.draft}discard"),
}


def filled(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(**TYPED)
    visitor.fill(**{**MORE, "colours": "red"})
    return visitor


@pytest.mark.requirement("S37")
@pytest.mark.parametrize(
    ("kind", "error"),
    [
        *((kind, StoreError("down")) for kind in REQUESTS),
        *((kind, Broken("down")) for kind in ("refused", "commit")),
    ],
)
def test_no_answer_is_shown_when_a_store_call_fails(
    make_app: MakeApp,
    store: Probe,
    tracker: Tracker,
    kind: str,
    error: Exception,
) -> None:
    app = make_app(Telling, PROPAGATE_EXCEPTIONS=False)
    store.error = error
    for call in range(1, 20):
        visitor = filled(app)
        store.fail_at = call
        REQUESTS[kind](visitor)
        if store.fail_at > 0:  # it needed fewer calls
            break
        store.fail_at = 0
    assert call in range(2, 19)
    assert tracker.leaks == []


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("call", [1, 2])
def test_no_answer_is_shown_when_the_visitors_drafts_cannot_be_listed(
    make_app: MakeApp, store: Probe, tracker: Tracker, call: int
) -> None:
    app = make_app(Telling, PROPAGATE_EXCEPTIONS=False)
    app.add_url_rule("/mine", view_func=lambda: str(FlaskWizard().drafts()))
    visitor = filled(app)
    store.fail_at = call
    assert visitor.get("/mine").status_code == 500
    assert tracker.leaks == []


# Validators and hooks


def broken(*arguments: object, **more: object) -> Any:
    raise Broken(type(arguments[0]).__name__)


def later(*arguments: Any) -> Any:
    """Break once there is an answer."""
    if arguments[-1].you:
        raise Broken


def with_form(**attributes: Any) -> type[Wizard]:
    form = type("OwnForm", (MoreForm,), attributes)
    return declare("Own", Telling, more=Step(form))


class OwnField(fields.StringField):
    def pre_validate(self, form: object) -> None:
        raise Broken


class LateField(fields.StringField):
    def process_formdata(self, valuelist: list[str]) -> None:
        if valuelist:
            raise Broken


def after_start(self: object, moment: str, holder: str) -> None:
    if moment != "start":
        raise Broken


def own(**body: Any) -> type[Wizard]:
    return declare("Own", Telling, **body)


def text(*filters: Any, **more: Any) -> Any:
    return fields.StringField(filters=filters, **more)


WIZARDS: dict[str, Callable[[], type[Wizard]]] = {
    "validator": lambda: with_form(story=text(validators=[broken])),
    "validate_story": lambda: with_form(validate_story=broken),
    "validate": lambda: with_form(validate=broken),
    "filter": lambda: with_form(story=text(lambda value: value and broken(value))),
    "field": lambda: with_form(story=OwnField()),
    "late field": lambda: with_form(story=LateField()),
    "nested": lambda: with_form(
        home=fields.FormField(type("Home", (HomeForm,), {"validate_street": broken}))
    ),
    "entry": lambda: with_form(tags=fields.FieldList(text(validators=[broken]))),
    "prepare": lambda: own(more=Step(MoreForm, prepare=later)),
    "when": lambda: own(more=Step(MoreForm, when=later)),
    "form function": lambda: own(more=Step(later)),
    "review": lambda: own(check=Review(rows=broken)),
    "initial": lambda: own(late=Step(MoreForm), check=Review(), initial=broken),
    "hook validate": lambda: own(validate=broken),
    "hook commit": lambda: own(commit=broken),
    "result of commit": lambda: own(commit=lambda self, submission: object()),
    "result of validate": lambda: own(validate=lambda self, submission: 1),
    "discarded": lambda: own(discarded=broken),
    "admit": lambda: own(admit=after_start),
}


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("kind", WIZARDS)
def test_no_answer_is_shown_when_the_application_raises(
    make_app: MakeApp, tracker: Tracker, kind: str
) -> None:
    begun = filled(make_app(Telling))
    visitor = begun.twin(make_app(WIZARDS[kind](), PROPAGATE_EXCEPTIONS=False))
    visitor.post(f"{begun.draft}more", {**MORE, "colours": "red"})
    for page in ("more", "check", "late"):
        visitor.get(f"{begun.draft}{page}")
    visitor.post(begun.draft + ("discard" if kind == "discarded" else "check"))
    assert tracker.leaks == []


@pytest.mark.requirement("S37")
@pytest.mark.parametrize("at", ["title", "fields", "actions"])
def test_no_answer_is_shown_when_a_template_raises(
    make_app: MakeApp, store: Probe, tracker: Tracker, at: str
) -> None:
    wizard = own(more=Step(lambda answers: MoreForm))
    visitor = filled(make_app(wizard))
    page = visitor.open(f"{visitor.draft}more")
    app = make_app(wizard, PROPAGATE_EXCEPTIONS=False)
    mine = f"{{% extends 'flask_wizard/default/step.html' %}}{{% block {at} %}}"
    mine += "{{ super() }}{{ nothing.here }}{% endblock %}"
    app.jinja_loader = DictLoader({"flask_wizard/step.html": mine})
    twin = visitor.twin(app)
    assert twin.get(page.path).status_code == 500
    store.down = True
    # A form that is not known then: its values go along as pairs.
    assert twin.send("next", {**page.values, **MORE}).status_code == 500
    assert [f for f in tracker.frames if f["abs_path"].endswith("default/step.html")]
    assert tracker.leaks == []


@pytest.mark.requirement("S37")
def test_no_answer_is_shown_when_a_shipped_template_raises(
    make_app: MakeApp, tracker: Tracker
) -> None:
    class Late:
        """A translation that cannot be looked up."""

        __str__ = broken

    def rename(rows: list[Row], answers: object) -> list[Row]:
        return [dataclasses.replace(row, label=Late()) for row in rows]  # type: ignore[arg-type]

    wizard = own(check=Review(rows=rename))
    begun = filled(make_app(Telling))
    visitor = begun.twin(make_app(wizard, PROPAGATE_EXCEPTIONS=False))
    assert visitor.get(f"{visitor.draft}check").status_code == 500
    assert [f for f in tracker.frames if f["abs_path"].endswith(".html")]
    assert tracker.leaks == []


# The function itself


def test_frames_of_others_keep_their_locals() -> None:
    mine = CANARY
    with pytest.raises(flask_wizard.DefinitionError) as caught:
        declare("Wrong", you=Step(object))
    without_locals(caught.value)
    frames = [frame for frame, _ in traceback.walk_tb(caught.tb)]
    own = [frame for frame in frames if frame.f_code.co_filename == __file__]
    assert own[0].f_locals["mine"] == mine
    ours = [frame for frame in frames if frame.f_code.co_filename.startswith(OURS)]
    assert ours
    assert [frame for frame in ours if frame.f_locals] == []


def test_causes_and_groups_are_cleared() -> None:
    def fail() -> None:
        declare("Wrong", you=Step(object))

    errors: list[Exception] = []
    for _ in range(3):
        with pytest.raises(flask_wizard.DefinitionError) as caught:
            fail()
        errors.append(caught.value)
    first, second, third = errors
    first.__context__ = second
    second.__cause__ = ExceptionGroup("several", [third, first])
    without_locals(first)
    for error in errors:
        found = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
        ours = [frame for frame in found if frame.f_code.co_filename.startswith(OURS)]
        assert ours
        assert [frame for frame in ours if frame.f_locals] == []


def test_every_error_is_logged_without_locals() -> None:
    """A call of `exception` would show them, and so would another `exc_info`."""
    found = 0
    for path in Path(flask_wizard.__file__).parent.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Attribute):
                assert node.attr != "exception", f"{path}:{node.lineno}"
            if isinstance(node, ast.keyword) and node.arg == "exc_info":
                assert ast.unparse(node.value) == "without_locals(error)", path
                found += 1
    assert found > 5
