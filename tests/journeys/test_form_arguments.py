"""Forms whose ``__init__`` takes arguments of their own."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
from apps import MakeApp
from flask_wtf import FlaskForm
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits, You, committed, declare, stored
from wtforms import Form, fields

from flask_wizard import Answers, DefinitionError, Review, Step, Wizard


class Greeting(Form):
    """A form that must be told whom it greets."""

    word = fields.StringField("Word")

    def __init__(self, *args: Any, who: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word.label.text = f"A word for {who}"


class FlaskGreeting(FlaskForm):  # type: ignore[misc]
    word = fields.StringField("Word")

    def __init__(self, who: str, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.word.label.text = f"A word for {who}"


def who(answers: Answers) -> dict[str, Any]:
    return {"who": answers.you.name}


def greets(form: object, **options: Any) -> type[Wizard]:
    step = Step(form, **{"kwargs": who, **options})
    return declare("Greet", Commits, you=Step(You), greet=step, check=Review())


FORMS = [Greeting, FlaskGreeting, lambda answers: Greeting]


@pytest.mark.parametrize("form", FORMS)
def test_form_is_built_with_its_own_arguments(make_app: MakeApp, form: object) -> None:
    visitor = Visitor(make_app(greets(form)))
    visitor.open()
    at = visitor.fill(name="Ada").path
    assert "A word for Ada" in visitor.page.text
    assert ("A word for Ada", "hello") in visitor.fill(word="hello").rows
    visitor.open(f"{visitor.draft}you")
    visitor.fill(name="Bob")
    assert "A word for Bob" in visitor.open(at).text
    visitor.open(f"{visitor.draft}check")
    visitor.press()
    assert committed[0].data["greet"] == {"word": "hello"}


def test_what_kwargs_reads_counts_as_read(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(greets(Greeting)))
    visitor.open()
    visitor.fill(name="Ada")
    visitor.fill(word="hello")
    assert stored(visitor).entries["greet"].read == (("you", "name"),)


def test_step_with_kwargs_that_is_sent_too_early_is_kept(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(greets(Greeting)))
    visitor.open()
    at = visitor.fill(name="Ada").path
    tab = visitor.tab()
    tab.open(f"{visitor.draft}you")
    tab.fill(name="")
    visitor.press("next", {"word": "hello"})
    visitor.fill(name="Bob")
    assert visitor.open(at).value("word") == "hello"


def test_step_with_kwargs_sent_to_a_broken_store_goes_along(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = Visitor(make_app(greets(Greeting)))
    visitor.open()
    visitor.fill(name="Ada")
    store.down = True
    page = visitor.press("next", {"word": "hello"})
    assert (page.status, page.value("word")) == (503, "hello")
    store.down = False
    assert ("A word for Ada", "hello") in visitor.press("next").rows


@pytest.mark.parametrize("form", [Greeting, FlaskGreeting])
def test_form_that_lacks_its_arguments_is_refused(form: type[Form]) -> None:
    with pytest.raises(DefinitionError, match=r"Greet\.greet: .*'who'.*kwargs="):
        greets(form, kwargs=None)


def test_form_that_takes_none_of_the_wizards_arguments_is_refused() -> None:
    class Closed(Form):
        word = fields.StringField("Word")

        def __init__(self) -> None:
            super().__init__()

    with pytest.raises(DefinitionError, match=r"Greet\.greet: Closed .*\*\*kwargs"):
        greets(Closed, kwargs=None)


def test_partial_of_a_form_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"Greet\.greet .*partial.*kwargs="):
        greets(partial(Greeting, who="Ada"), kwargs=None)


@pytest.mark.parametrize(
    ("form", "kwargs", "message"),
    [
        (lambda answers: Greeting, None, "greet: Greeting .*'who'"),
        (lambda answers: Greeting(who="x"), None, "'greet' returned .*kwargs="),
        (Greeting, lambda answers: {"whom": 1}, "greet: Greeting .*'who'"),
        (Greeting, lambda answers: ["who"], "'greet' returned .* list"),
        (Greeting, lambda answers: {"who": "x", "obj": 1}, "'greet' .*'obj'"),
    ],
)
def test_arguments_that_do_not_fit_are_an_error_that_names_the_step(
    make_app: MakeApp, form: object, kwargs: object, message: str
) -> None:
    visitor = Visitor(make_app(greets(form, kwargs=kwargs)))
    visitor.open()
    with pytest.raises(DefinitionError, match=message):
        visitor.fill(name="Ada")


def test_kwargs_must_be_callable() -> None:
    with pytest.raises(DefinitionError, match=r"Greet\.greet has kwargs="):
        greets(Greeting, kwargs={"who": "Ada"})


def test_error_inside_a_form_goes_on_as_it_is(make_app: MakeApp) -> None:
    class Broken(Greeting):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            raise TypeError("of its own")

    visitor = Visitor(make_app(greets(Broken)))
    visitor.open()
    with pytest.raises(TypeError, match="of its own") as caught:
        visitor.fill(name="Ada")
    assert type(caught.value) is TypeError
