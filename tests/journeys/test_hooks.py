"""What hooks do that they should not: nothing is lost, and the developer is told."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask
from jinja2 import DictLoader
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits, Join, Pet, You, begun, committed, declare, stored
from wtforms import Form, fields

from flask_wizard import (
    Answers,
    ConfigurationError,
    DefinitionError,
    Info,
    Repeat,
    Review,
    Step,
    StepError,
    StoreError,
    Submission,
    Wizard,
)
from flask_wizard.errors import ConflictError, DraftTooLargeError, TooManyDraftsError


class Later:
    """An awaitable that is no coroutine, as futures are."""

    def __await__(self) -> Any:
        yield


async def asynchronous() -> None: ...


def generator() -> Any:
    yield


async def asynchronous_generator() -> Any:
    yield


NOT_RUN: dict[str, Callable[[], object]] = {
    "coroutine": asynchronous,
    "future": Later,
    "generator": generator,
    "async generator": asynchronous_generator,
}
not_run = pytest.mark.parametrize("result", NOT_RUN.values(), ids=NOT_RUN)


def at_the_review(app: Flask) -> Visitor:
    visitor = begun(app)
    visitor.fill(pet="Rex")
    return visitor


# Results whose code has not run


@not_run
@pytest.mark.parametrize("hook", ["commit", "validate", "admit"])
def test_hook_that_returns_an_awaitable_ends_nothing(
    make_app: MakeApp, hook: str, result: Callable[[], object]
) -> None:
    def returns(self: Wizard, *given: Any) -> object:
        return None if given[0] == "start" else result()

    visitor = at_the_review(make_app(declare("Wrong", Join, **{hook: returns})))
    with pytest.raises(
        DefinitionError, match=r"returns returned a value of type .*not run"
    ):
        visitor.press()
    assert stored(visitor).state == "open"
    assert committed == []
    assert visitor.open(visitor.draft).heading == "Check your answers"


@not_run
def test_initial_that_returns_an_awaitable_is_an_error(
    make_app: MakeApp, result: Callable[[], object]
) -> None:
    wizard = declare("Wrong", Join, initial=lambda *given: result())
    with pytest.raises(DefinitionError, match="not run"):
        Visitor(make_app(wizard)).open()


STEPS: dict[str, Callable[[Callable[[], object]], Step]] = {
    "when": lambda result: Step(Pet, when=lambda answers: result()),
    "prepare": lambda result: Step(Pet, prepare=lambda form, answers: result()),
    "form function": lambda result: Step(lambda answers: result()),
}


@not_run
@pytest.mark.parametrize("function", STEPS)
def test_function_of_a_step_that_returns_an_awaitable_is_an_error(
    make_app: MakeApp, function: str, result: Callable[[], object]
) -> None:
    wizard = declare("Wrong", Commits, you=Step(You), pet=STEPS[function](result))
    with pytest.raises(DefinitionError, match=r"'pet' returned .*not run"):
        begun(make_app(wizard))


def test_discarded_that_returns_an_awaitable_is_an_error(make_app: MakeApp) -> None:
    wizard = declare("Wrong", Join, discarded=lambda *given: asynchronous())
    visitor = at_the_review(make_app(wizard))
    with pytest.raises(DefinitionError, match="not run"):
        visitor.post(f"{visitor.draft}discard", action="discard")
    assert stored(visitor).state == "discarded"


def test_condition_may_return_any_value(make_app: MakeApp) -> None:
    class Odd(Commits, Wizard):
        you = Step(You)
        pet = Step(Pet, when=lambda answers: answers.you.name)
        home = Step(Pet, when=lambda answers: answers.you.nick)

    visitor = begun(make_app(Odd))
    assert visitor.page.path.endswith("/pet")
    assert visitor.fill(pet="Rex").heading == "Your answers have been sent"


# Errors that are the application's own

ERRORS = [
    ConflictError("of the application's store"),
    StoreError("of the application's store"),
    DraftTooLargeError(2, 1),
    TooManyDraftsError(1),
]
own_errors = pytest.mark.parametrize("error", ERRORS, ids=lambda e: type(e).__name__)


@own_errors
@pytest.mark.parametrize("hook", ["commit", "validate", "admit"])
def test_error_of_a_hook_is_raised_once_as_it_is(
    make_app: MakeApp, hook: str, error: Exception
) -> None:
    calls: list[object] = []

    def raises(self: Wizard, *given: Any) -> None:
        if given[0] != "start":
            calls.append(given)
            raise error

    visitor = at_the_review(make_app(declare("Wrong", Join, **{hook: raises})))
    with pytest.raises(type(error)) as caught:
        visitor.press()
    assert caught.value is error
    assert caught.value.__context__ is None
    assert len(calls) == 1
    assert stored(visitor).state == "open"


@own_errors
def test_error_of_initial_is_raised_as_it_is(
    make_app: MakeApp, error: Exception
) -> None:
    def initial(*given: object) -> None:
        raise error

    visitor = Visitor(make_app(declare("Wrong", Join, initial=initial)))
    with pytest.raises(type(error)) as caught:
        visitor.open()
    assert caught.value is error


class Raises:
    """A function that raises an error once it is told to."""

    def __init__(self, error: Exception) -> None:
        self.error: Exception | None = None
        self.calls = 0
        self._then = error

    def begin(self) -> None:
        self.error = self._then

    def __call__(self, *given: Any) -> Any:
        if self.error is None:
            return None
        self.calls += 1
        raise self.error


def kept_when(raises: Raises) -> dict[str, Any]:
    """A step behind the first for each function that an application gives it."""

    class Careful(Form):
        pet = fields.StringField("Pet", filters=[lambda text: raises() or text])

    class Checked(Form):
        pet = fields.StringField("Pet", [lambda form, field: raises()])

    class Whole(Form):
        pet = fields.StringField("Pet")

        def validate(self, *given: Any, **more: Any) -> bool:
            raises()
            return super().validate(*given, **more)

    return {
        "when": Step(Pet, when=lambda answers: raises() or True),
        "prepare": Step(Pet, prepare=lambda form, answers: raises()),
        "kwargs": Step(Pet, kwargs=lambda answers: raises() or {}),
        "condition of an info": Info(when=lambda answers: raises() or True),
        "condition of a list": Repeat(Pet, when=lambda answers: raises() or True),
        "over": Repeat(Pet, over=lambda answers: raises() or [(1, "Rex")]),
        "form function": Step(lambda answers: raises() or Pet),
        "filter": Step(Careful),
        "validator": Step(Checked),
        "validate": Step(Whole),
    }


@own_errors
@pytest.mark.parametrize(
    "kind",
    [
        *("when", "prepare", "kwargs", "form function", "over"),
        *("condition of an info", "condition of a list"),
    ],
)
def test_error_of_a_steps_function_is_raised_once_as_it_is(
    make_app: MakeApp, kind: str, error: Exception
) -> None:
    raises = Raises(error)
    wizard = declare("Wrong", Commits, you=Step(You), pet=kept_when(raises)[kind])
    visitor = begun(make_app(wizard))
    pet = visitor.page.path
    raises.begin()
    with pytest.raises(type(error)) as caught:
        visitor.open(pet)
    assert caught.value is error
    raises.calls = 0
    with pytest.raises(type(error)) as caught:
        visitor.press("next")
    assert caught.value is error
    assert raises.calls <= 2  # once more to keep what was sent
    raises.error = None
    visitor.open(pet)
    raises.begin()
    with pytest.raises(type(error)):
        visitor.press("next", {"pet": "Rex"})
    raises.error = None
    if kind == "when":  # the form is known without it
        assert visitor.open(pet).value("pet") == "Rex"


@pytest.mark.parametrize("error", ERRORS[:2], ids=lambda e: type(e).__name__)
@pytest.mark.parametrize("kind", ["filter", "validator", "validate"])
def test_error_of_a_form_is_raised_as_it_is(
    make_app: MakeApp, kind: str, error: Exception
) -> None:
    raises = Raises(error)
    wizard = declare("Wrong", Commits, you=Step(You), pet=kept_when(raises)[kind])
    visitor = begun(make_app(wizard))
    raises.begin()
    with pytest.raises(type(error)) as caught:
        visitor.press("next", {"pet": "Rex"})
    assert caught.value is error
    raises.error = None
    if kind != "filter":
        assert visitor.open(visitor.page.path).value("pet") == "Rex"


@own_errors
@pytest.mark.parametrize("generates", [False, True])
def test_error_of_the_reviews_rows_is_raised_as_it_is(
    make_app: MakeApp, error: Exception, generates: bool
) -> None:
    def generator(rows: Any, answers: Answers) -> Any:
        raises()
        yield from rows

    raises = Raises(error)
    plain = lambda rows, answers: raises() or rows  # noqa: E731  # one of two
    check = Review(rows=generator if generates else plain)
    wizard = declare("Wrong", Commits, you=Step(You), check=check)
    visitor = begun(make_app(wizard))
    raises.begin()
    with pytest.raises(type(error)) as caught:
        visitor.open(visitor.page.path)
    assert caught.value is error


@own_errors
def test_error_of_what_a_template_reads_is_raised_as_it_is(
    make_app: MakeApp, error: Exception
) -> None:
    raises = Raises(error)
    you = Step(You, prepare=lambda form, answers: raises())
    app = make_app(declare("Wrong", Commits, you=you, pet=Step(Pet)))
    mine = "{{ begin() }}{{ answers.you.name }}"
    app.jinja_loader = DictLoader({"flask_wizard/wizards/wrong/pet.html": mine})
    app.jinja_env.globals["begin"] = raises.begin
    with pytest.raises(type(error)) as caught:
        begun(app)
    assert caught.value is error


@own_errors
def test_error_of_discarded_is_logged_as_the_draft_is_discarded(
    make_app: MakeApp, error: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    def discarded(*given: object) -> None:
        raise error

    visitor = at_the_review(make_app(declare("Wrong", Join, discarded=discarded)))
    answer = visitor.post(f"{visitor.draft}discard", action="discard")
    assert answer.location == f"{visitor.draft}receipt"
    assert "discarded failed. The draft is discarded" in caplog.text


def test_error_of_a_hook_meets_the_applications_handler(make_app: MakeApp) -> None:
    def commit(self: Wizard, submission: Submission) -> None:
        raise StoreError("of the warehouse")

    app = make_app(declare("Wrong", Join, commit=commit))
    app.register_error_handler(StoreError, lambda error: (f"no {error}", 418))
    page = at_the_review(app).press()
    assert (page.status, page.source) == (418, "no of the warehouse")


# Errors that lead to no field


class Street(Form):
    street = fields.StringField()


class Home(Form):
    home = fields.FormField(Street)
    phones = fields.FieldList(fields.StringField())


class Moving(Join):
    home = Step(Home)


MISSPELT = [
    ("you", "nmae", "'nmae'"),
    ("you", "name.first", "'name.first'"),
    ("you", "name.", "'name.'"),
    ("home", "home.stret", "'home.stret'"),
    ("home", "home.0", "'home.0'"),
    ("home", "phones.first", "'phones.first'"),
    ("home", "phones.0.number", "'phones.0.number'"),
    ("check", "name", "'name'"),
]


@pytest.mark.parametrize("hook", ["commit", "validate"])
@pytest.mark.parametrize(("step", "field", "found"), MISSPELT)
def test_step_error_at_a_field_that_is_missing_is_an_error(
    make_app: MakeApp, hook: str, step: str, field: str, found: str
) -> None:
    def refuse(self: Wizard, submission: Submission) -> None:
        raise StepError(step, "Enter another", field=field)

    visitor = at_the_review(make_app(declare("Wrong", Moving, **{hook: refuse})))
    visitor.fill(**{"phones-0": "1"})
    with pytest.raises(DefinitionError, match=f"{found}, which"):
        visitor.press()
    assert stored(visitor).state == "open"
    assert stored(visitor).entries["you"].accepted


@pytest.mark.parametrize("field", ["home.street", "home", "phones.0", "phones.1"])
def test_step_error_inside_of_a_field_leads_there(
    make_app: MakeApp, field: str
) -> None:
    def refuse(self: Wizard, submission: Submission) -> None:
        raise StepError("home", "Enter another", field=field)

    visitor = at_the_review(make_app(declare("Strict", Moving, validate=refuse)))
    visitor.fill(**{"phones-0": "1"})
    assert visitor.press().errors == ["Enter another"]


@pytest.mark.parametrize(("outer", "inner"), [("-", "."), (".", "-"), ("_", "__")])
def test_step_error_leads_inside_whatever_the_separator(
    make_app: MakeApp, outer: str, inner: str
) -> None:
    street = fields.FormField(Street, separator=inner)

    class Separated(Form):
        home = street
        others = fields.FieldList(street, min_entries=2, separator=outer)

    refusals = [
        StepError("home", "One", field="home.street"),
        StepError("home", "Two", field="others.1.street"),
    ]

    def refuse(self: Wizard, submission: Submission) -> None:
        raise refusals.pop()

    wizard = declare("Apart", Join, home=Step(Separated), validate=refuse)
    visitor = at_the_review(make_app(wizard))
    visitor.fill()
    assert visitor.press().links["Two"] == f"#others{outer}1{inner}street"
    visitor.press()
    assert visitor.press().links["One"] == f"#home{inner}street"


# Attributes of the wizard


def test_hook_cannot_set_an_attribute_of_the_wizard(make_app: MakeApp) -> None:
    class Keeps(Join):
        def validate(self, submission: Submission) -> None:
            self.who = submission.answers.you.name

    visitor = at_the_review(make_app(Keeps))
    with pytest.raises(
        DefinitionError, match=r"Keeps\.who cannot be changed.*flask\.g"
    ):
        visitor.press()
    assert committed == []


def test_hook_cannot_delete_an_attribute_of_the_wizard(make_app: MakeApp) -> None:
    class Forgets(Join):
        def __init__(self) -> None:
            self.price = 7

        def validate(self, submission: Submission) -> None:
            del self.price

    visitor = at_the_review(make_app(Forgets))
    with pytest.raises(DefinitionError, match=r"Forgets\.price cannot be changed"):
        visitor.press()


def test_attributes_may_be_set_before_the_wizard_serves(make_app: MakeApp) -> None:
    class Priced(Join):
        def __init__(self) -> None:
            self.price = 7

        def commit(self, submission: Submission) -> str:
            return f"/paid/{self.price}"

    assert at_the_review(make_app(Priced)).send().location == "/paid/7"


# Misspelt names


def test_misspelt_attributes_are_logged_at_the_start(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    class Typo(Join):
        lifetme = 3

        def valdate(self, submission: Submission) -> None: ...

    make_app(Typo)
    assert "Typo.lifetme has no meaning for the wizard. Did you mean 'lifetime'" in (
        caplog.text
    )
    assert "Typo.valdate has no meaning for the wizard. Did you mean 'validate'" in (
        caplog.text
    )


def test_misspelt_attribute_of_a_base_is_logged(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    class Mixin:
        def discard(self, draft: object) -> None: ...

    make_app(declare("Typo", Mixin, Join))
    assert "Typo.discard has no meaning" in caplog.text


def test_other_attributes_are_not_logged(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    class Fine(Join):
        title = "A title"
        titles = ("Dr", "Ms")
        price = 7
        _validat = 1

        def send_mail(self) -> None: ...

    make_app(Fine)
    assert "no meaning" not in caplog.text


def test_misspelt_key_is_an_error(make_app: MakeApp) -> None:
    with pytest.raises(
        ConfigurationError, match=r"WIZARD_COMIT_LEASE .* Did you mean WIZARD_COMMIT_L"
    ):
        make_app(Join, WIZARD_COMIT_LEASE=60)


def test_unknown_key_is_an_error_with_the_list(make_app: MakeApp) -> None:
    with pytest.raises(
        ConfigurationError, match=r"key of flask_wizard\..* Its .*STORE"
    ):
        make_app(Join, WIZARD_OF_OZ=1)


# Templates that are missing


def test_layout_that_is_missing_is_an_error(make_app: MakeApp) -> None:
    app = make_app(Join, WIZARD_BASE_TEMPLATE="layuot.html")
    with pytest.raises(ConfigurationError, match=r"BASE_TEMPLATE is 'layuot\.html'"):
        Visitor(app).open()


def test_template_of_a_step_that_is_missing_is_an_error(make_app: MakeApp) -> None:
    class Wrong(Join):
        pet = Step(Pet, template="pte.html")

    with pytest.raises(DefinitionError, match=r"Wrong\.pet has template='pte\.html'"):
        Visitor(make_app(Wrong)).open()


def test_missing_templates_are_an_error_in_a_view_of_the_applications_own(
    make_app: MakeApp,
) -> None:
    class Wrong(Join):
        theme = "bootstrp"

    app = make_app()
    with (
        app.test_request_context("/plan"),
        pytest.raises(DefinitionError, match="bootstrp"),
    ):
        Wrong.open(url_for_step=lambda **address: "/plan")


def test_misspelt_attribute_is_logged_once_in_a_view_of_the_applications_own(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    class Typo(Join):
        lifetme = 3

    app = make_app()
    for _ in range(2):
        with app.test_request_context("/plan"):
            Typo.open(url_for_step=lambda **address: "/plan")
    assert caplog.text.count("Typo.lifetme has no meaning") == 1


def test_error_is_gone_when_the_template_is_there(
    make_app: MakeApp, store: Probe
) -> None:
    class Own(Join):
        pet = Step(Pet, template="pet.html")

    app = make_app(Own)
    visitor = Visitor(app)
    with pytest.raises(DefinitionError, match=r"pet\.html"):
        visitor.open()
    app.jinja_loader = DictLoader({"pet.html": "Which pet?"})
    visitor.open()
    assert visitor.fill(name="Ada").source == "Which pet?"


# Code that raises for one draft


def is_known(answers: Any) -> bool:
    if answers.you.nick:
        raise ValueError("This condition knows no nicknames.")
    return True


class Fragile(Join):
    """Its condition raises for a nickname, as one does that a deploy has brought."""

    pet = Step(Pet, when=is_known)


@pytest.fixture
def torn(make_app: MakeApp) -> Visitor:
    """Somebody with two drafts, for one of which a condition raises since a deploy."""
    visitor = Visitor(make_app(Join))
    for nick in ("", "Addie"):
        visitor.open("/join/new/you")
        visitor.fill(name="Ada", nick=nick)
    later = Visitor(
        make_app(Fragile, PROPAGATE_EXCEPTIONS=False), client=visitor.client
    )
    later.client.application = later.app
    later._page = visitor.page
    return later


def test_drafts_are_listed_beside_one_that_cannot_be_continued(
    torn: Visitor, caplog: pytest.LogCaptureFixture
) -> None:
    broken = torn.draft
    page = torn.open("/join/")
    (going_on,) = [url for name, url in page.links.items() if "Continue" in name]
    assert not going_on.startswith(broken)
    assert f"{broken}discard" in page.links.values()
    assert "cannot be continued at the moment" in page.text
    assert "knows no nicknames" in caplog.text
    assert torn.open(going_on).status == 200


def test_draft_that_cannot_be_continued_can_be_discarded(torn: Visitor) -> None:
    torn.open(f"{torn.draft}discard")
    assert torn.press("discard").heading == "Your answers were discarded"
    assert "cannot be continued" not in torn.open("/join/").text


def test_draft_that_cannot_be_continued_is_kept_if_asked(torn: Visitor) -> None:
    torn.open(f"{torn.draft}discard")
    assert torn.send("back").location == "/join/"
    assert stored(torn).state == "open"


def test_draft_that_cannot_be_continued_can_be_mended(torn: Visitor) -> None:
    answer = torn.post(f"{torn.draft}you", {"name": "Ada", "nick": ""})
    assert answer.location == f"{torn.draft}pet"


def test_new_draft_begins_beside_one_that_cannot_be_continued(torn: Visitor) -> None:
    torn.open("/join/new/you")
    assert torn.fill(name="Eve").path.endswith("/pet")


# What a slow hook holds up


@pytest.mark.parametrize("hook", ["prepare", "kwargs", "when", "initial", "validator"])
def test_slow_hook_of_one_visitor_holds_up_no_other(
    hook: str, make_app: MakeApp
) -> None:
    reached, free = threading.Event(), threading.Event()

    def wait(*given: object) -> Any:
        if threading.current_thread().name == "slow":
            reached.set()
            assert free.wait(60)
        return {"kwargs": {}, "when": True}.get(hook)

    hooks: dict[str, Any] = (
        {hook: wait} if hook in ("prepare", "kwargs", "when") else {}
    )
    validators = [wait] if hook == "validator" else []
    form = type("Slow", (Form,), {"pet": fields.StringField("Pet", validators)})
    body: dict[str, Any] = {"you": Step(You), "pet": Step(form, **hooks)}
    body["check"] = Review()
    if hook == "initial":
        body["initial"] = wait
    app = make_app(declare("Waits", Commits, **body))
    slow, quick = begun(app), begun(app)

    def send() -> None:
        slow.fill(pet="Rex")

    thread = threading.Thread(target=send, name="slow")
    thread.start()
    try:
        assert reached.wait(60)
        assert quick.fill(pet="Max").path.endswith("/check")
    finally:
        free.set()
        thread.join()
    assert slow.page.path.endswith("/check")
