"""What a visitor has typed is there again, whatever became of the page."""

from __future__ import annotations

from contextlib import suppress

import pytest
from apps import MakeApp
from flask import Flask, abort
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits, declare
from wtforms import Form, fields, validators

from flask_wizard import Answers, Review, Step, Wizard

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
    page = visitor.open(visitor.open("/join/").link("Continue "))
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
    page = visitor.open(visitor.open("/join/").link("Continue "))
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


# A deploy removes or renames the step of an open page


class You(Form):
    name = fields.StringField("Name", [validators.InputRequired()])
    story = fields.TextAreaField("Story")


class Secret(Form):
    word = fields.PasswordField("Word")
    note = fields.StringField("Note")


def form_of(answers: Answers) -> type[Form]:
    return Secret


class Old(Commits, Wizard):
    you = Step(You)
    more_old = Step(You)
    secret_old = Step(Secret)
    made_old = Step(form_of)
    check = Review()


class New(Commits, Wizard):
    about_you = Step(You)
    you = Step(You)
    more_new = Step(You)
    check = Review()


def deployed(make_app: MakeApp, visitor: Visitor, wizard: type[Wizard]) -> Visitor:
    """The same browser with the same page, after a deploy."""
    return visitor.twin(make_app(wizard))


def at_step(app: Flask, name: str) -> Visitor:
    visitor = Visitor(app)
    visitor.open("/join/new/you")
    visitor.fill(name="Ada")
    while not visitor.page.path.endswith(name):
        visitor.fill(name="Ada")
    return visitor


@pytest.mark.parametrize("action", ["next", "save", "back"])
def test_page_of_a_removed_step_gives_back_what_was_typed(
    make_app: MakeApp, store: Probe, action: str
) -> None:
    visitor = deployed(make_app, at_step(make_app(Old), "more-old"), New)
    before = store.snapshot()
    page = visitor.press(action, {"name": "Zoë", "story": "long & <b>"})
    assert page.status == 409
    assert "Zoë" in page.text
    assert "long & <b>" in page.text
    assert store.snapshot() == before
    assert visitor.open(page.link("Continue")).path.endswith("/about-you")


def test_renamed_first_step_gives_back_what_was_typed(
    make_app: MakeApp, store: Probe
) -> None:
    class Renamed(New):
        you = None  # type: ignore[assignment]

    visitor = Visitor(make_app(Old))
    visitor.open("/join/new/you")
    visitor.client.get("/join/")
    visitor = deployed(make_app, visitor, Renamed)
    page = visitor.press("next", {"name": "Zoë"})
    assert (page.status, "Zoë" in page.text) == (409, True)
    assert visitor.open(page.link("Continue")).path == "/join/new/about-you"


@pytest.mark.parametrize("step", ["secret-old", "made-old"])
def test_passwords_on_a_removed_page_are_not_shown(
    make_app: MakeApp, step: str
) -> None:
    visitor = deployed(make_app, at_step(make_app(Old), step), New)
    page = visitor.press("next", {"word": "hidden word", "note": "shown note"})
    assert page.status == 409
    assert "shown note" in page.text
    assert "hidden word" not in page.source
    assert "passwords that you typed are not shown" in page.text


@pytest.mark.parametrize(
    ("page", "status"),
    [("tasks", 404), ("file", 409), ("saved", 404), ("receipt", 404)],
)
def test_only_the_drafts_own_pages_were_never_a_steps(
    make_app: MakeApp, page: str, status: int
) -> None:
    visitor = at_step(make_app(Old), "more-old")
    answer = visitor.post(f"{visitor.draft}{page}", {"_rev": "1", "name": "Zoë"})
    assert (answer.status_code, "Zoë" in answer.text) == (status, status == 409)


def test_bad_token_on_a_removed_page_loses_nothing(make_app: MakeApp) -> None:
    visitor = deployed(make_app, at_step(make_app(Old), "more-old"), New)
    page = visitor.press("next", {"name": "Zoë", "csrf_token": "wrong"})
    assert (page.status, "Zoë" in page.text) == (400, True)


def test_removed_page_leads_to_the_receipt_of_an_ended_draft(
    make_app: MakeApp,
) -> None:
    visitor = at_step(make_app(Old), "more-old")
    visitor.post(f"{visitor.draft}discard", action="discard")
    visitor = deployed(make_app, visitor, New)
    page = visitor.press("next", {"name": "Zoë"})
    assert page.link("Continue").endswith("/receipt")


def test_removed_page_of_anothers_draft_tells_nothing(make_app: MakeApp) -> None:
    app = make_app(Old)
    other, visitor = at_step(app, "more-old"), at_step(app, "more-old")
    at = other.page.path
    visitor = deployed(make_app, visitor, New)
    answers = [
        visitor.post(url, {"_rev": "0", "name": "Zoë"})
        for url in (at, f"/join/{'a' * 22}/more-old")
    ]
    assert [answer.status_code for answer in answers] == [409, 409]
    assert answers[0].text == answers[1].text


def test_autosave_of_a_removed_page_is_a_bare_answer(make_app: MakeApp) -> None:
    visitor = deployed(make_app, at_step(make_app(Old), "more-old"), New)
    answer = visitor.send("autosave", {"name": "Zoë"})
    assert (answer.status_code, answer.data) == (409, b"")


def test_page_of_a_removed_step_gives_back_what_was_typed_when_the_store_is_down(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = deployed(make_app, at_step(make_app(Old), "more-old"), New)
    store.down = True
    page = visitor.press("next", {"name": "Zoë"})
    assert (page.status, "Zoë" in page.text) == (409, True)


def test_page_of_a_removed_step_gives_back_what_was_typed_when_a_condition_fails(
    make_app: MakeApp,
) -> None:
    class Broken(Commits, Wizard):
        you = Step(You)
        last = Step(You, when=lambda answers: bool(1 / 0))

    visitor = deployed(make_app, at_step(make_app(Old), "more-old"), Broken)
    page = visitor.press("next", {"name": "Zoë"})
    assert (page.status, "Zoë" in page.text) == (409, True)
    assert page.link("Continue") == "/join/"
