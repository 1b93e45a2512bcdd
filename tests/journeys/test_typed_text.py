"""What a visitor has typed is there again, whatever became of the page."""

from __future__ import annotations

from contextlib import suppress

import pytest
from apps import MakeApp
from flask import Flask, abort
from visitor import Visitor
from wizards import Commits, declare
from wtforms import Form, fields

from flask_wizard import Answers, Review, Step

# A hook of the application fails


class Service:
    """A service that may be down, which the hooks of these tests ask."""

    failure: BaseException | None = None

    def ask(self, *asked: object) -> bool:
        if self.failure is not None:
            raise self.failure
        return True


@pytest.fixture
def service() -> Service:
    return Service()


@pytest.fixture
def served(make_app: MakeApp, service: Service) -> Flask:
    """Every hook of this wizard asks the service, its second step in each way."""

    def ask(form: Form, field: fields.Field) -> None:
        service.ask()

    class Vat(Form):
        vat = fields.StringField("VAT", [ask])
        story = fields.TextAreaField("Story")
        secret = fields.PasswordField("Password")

    class More(Form):
        note = fields.StringField("Note")

    def form_for(answers: Answers) -> type[Form]:
        service.ask()
        return More

    wizard = declare(
        "Served",
        Commits,
        vat=Step(Vat),
        prepared=Step(More, prepare=service.ask),
        made=Step(form_for),
        conditional=Step(More, when=service.ask),
        check=Review(),
    )
    return make_app(wizard, PROPAGATE_EXCEPTIONS=False)


@pytest.mark.parametrize(
    "failure", [ConnectionError("down"), SystemExit(1), RuntimeError("down")]
)
def test_values_are_kept_if_a_validator_raises(
    served: Flask, service: Service, failure: BaseException
) -> None:
    visitor = Visitor(served)
    visitor.open("/join/new/vat")
    service.failure = failure
    with suppress(SystemExit):
        response = visitor.send(
            "next", {"vat": "GB 1", "story": "long", "secret": "hidden word"}
        )
        assert response.status_code == 500
    service.failure = None
    page = visitor.open(visitor.open("/join/").link("Continue 1"))
    assert (page.value("vat"), page.value("story")) == ("GB 1", "long")
    assert page.value("secret") == ""


def test_step_whose_validator_raised_is_not_done(
    served: Flask, service: Service
) -> None:
    visitor = Visitor(served)
    visitor.open("/join/new/vat")
    first = visitor.fill(vat="GB 1").path.replace("prepared", "vat")
    visitor.open(first)
    service.failure = ConnectionError("down")
    visitor.send("next", {"vat": "GB 2"})
    service.failure = None
    assert visitor.open(visitor.draft).path == first
    assert visitor.page.value("vat") == "GB 2"


def test_status_that_a_validator_raises_is_sent(make_app: MakeApp) -> None:
    def refuse(form: Form, field: fields.Field) -> None:
        abort(429)

    class You(Form):
        name = fields.StringField("Name", [refuse])

    wizard = declare("Refusing", Commits, you=Step(You), check=Review())
    visitor = Visitor(make_app(wizard))
    visitor.open()
    assert visitor.send("next", {"name": "Ada"}).status_code == 429
    page = visitor.open(visitor.open("/join/").link("Continue 1"))
    assert page.value("name") == "Ada"


@pytest.mark.parametrize(
    ("step", "action"),
    [
        ("prepared", "next"),
        ("prepared", "save"),
        ("made", "next"),
        ("made", "back"),
        ("conditional", "next"),
    ],
)
def test_values_are_kept_if_another_hook_raises(
    served: Flask, service: Service, step: str, action: str
) -> None:
    visitor = Visitor(served)
    visitor.open("/join/new/vat")
    visitor.fill(vat="GB 1")
    while not visitor.page.path.endswith(step):
        visitor.fill()
    at = visitor.page.path
    service.failure = ConnectionError("down")
    assert visitor.send(action, {"note": "long"}).status_code == 500
    service.failure = None
    assert visitor.open(at).value("note") == "long"


def test_outdated_autosave_is_dropped_if_a_hook_raises(
    served: Flask, service: Service
) -> None:
    visitor = Visitor(served)
    visitor.open("/join/new/vat")
    visitor.fill(vat="GB 1")
    old = visitor.page.values
    at = visitor.page.path
    visitor.fill(note="new")
    visitor.open(at)
    service.failure = ConnectionError("down")
    visitor.post(at, {**old, "note": "old"}, action="autosave")
    service.failure = None
    assert visitor.open(at).value("note") == "new"
