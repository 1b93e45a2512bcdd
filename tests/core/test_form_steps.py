"""Steps with a form as they are declared, and what their functions may return."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import wizards
from wizards import EMPTY
from wtforms import FileField, Form, StringField

from flask_wizard import Answers, DefinitionError, Step, StoreError
from flask_wizard.core.answers import Dependencies
from flask_wizard.core.draft import Before, DamagedDraftError, Draft, Entry
from flask_wizard.core.hooks import HookError
from flask_wizard.core.journey import Journey
from flask_wizard.errors import ConflictError

declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


class It(Form):
    it = StringField("It")
    more = StringField("More", name="other")


class Photo(Form):
    photo = FileField("Photo")


def step(form: Any = It, **more: Any) -> Any:
    return declare(first=Step(It), a=Step(form, **more)).steps[1]


def bound(given: Any, draft: Draft = EMPTY, *, reached: bool = True) -> Any:
    wizard = declare(a=given) if reached else declare(first=Step(It), a=given)
    return Journey(wizard.steps, draft).bind("a")


def answers(given: Any) -> Answers:
    journey = Journey(declare(first=Step(It), a=given).steps, EMPTY)
    return Answers(journey, 1, set())


# What holds in every draft


@pytest.mark.parametrize(
    ("given", "fixed", "is_fixed", "plain"),
    [
        (step(), It, True, True),
        (step(prepare=lambda form, answers: None), It, False, True),
        (step(kwargs=lambda answers: {}), None, False, False),
        (step(lambda answers: It), None, False, False),
        (step(when=lambda answers: True), It, True, False),
    ],
)
def test_step_says_what_of_its_form_is_fixed(
    given: Any, fixed: object, is_fixed: bool, plain: bool
) -> None:
    assert given.fixed_form is fixed
    assert given.is_fixed is is_fixed
    assert (given.plain_digest is not None) is plain
    assert given.fixed_forms == ((fixed,) if fixed else ())


def test_step_with_a_form_takes_input_and_has_answers() -> None:
    assert (step().takes_input, step().has_answers) == (True, True)


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (step(), False),
        (step(Photo), True),
        (step(Photo, kwargs=lambda answers: {}), True),
        (step(lambda answers: It), False),
        (step(lambda answers: It, files=True), True),
    ],
)
def test_step_says_whether_it_takes_files(given: Any, expected: bool) -> None:
    assert given.takes_files is expected


def test_record_of_a_step_that_is_not_done_knows_its_fields() -> None:
    reads: Dependencies = set()
    record = step().no_answers(reads)
    assert not record
    assert list(record) == ["it", "more"]
    assert {path[0] for path in reads} == {"a"}
    inside = step().no_answers(reads, ("pets", "i"))
    assert inside.it is None
    assert ("pets", "i", "a", "it") in reads
    assert step(lambda answers: It).no_answers(set()).anything is None


@pytest.mark.parametrize(
    ("form", "given", "expected"),
    [
        (It, {}, {}),
        (It, {"it": "old"}, {"it": ("old",)}),
        (It, {"more": ["a", "b"]}, {"other": ("a", "b")}),
        (lambda answers: It, {"more": "old"}, {"more": ("old",)}),
    ],
)
def test_former_fields_go_by_the_names_in_pages(
    form: Any, given: Any, expected: dict[str, Any]
) -> None:
    assert step(form, fields_were=given).former_fields == expected


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (
            {"nothing": "old"},
            r"fields_were for 'nothing', and It has no such field. "
            r"Its fields are it, more\.",
        ),
        ({"it": "old", "more": "old"}, "has 'old' twice in fields_were"),
        ({"it": ("old", "old")}, "has 'old' twice in fields_were"),
        ({"it": "more"}, "has 'more' as a former name in fields_were, and It has a"),
        ({"it": "other"}, "has 'other' as a former name in fields_were, and It has"),
    ],
)
def test_former_name_that_could_mean_two_fields_is_refused(
    given: Any, match: str
) -> None:
    with pytest.raises(DefinitionError, match=match):
        step(fields_were=given)


def test_former_name_is_checked_when_a_form_function_returns() -> None:
    given = step(lambda answers: It, fields_were={"it": "more"})
    with pytest.raises(DefinitionError, match="has 'more' as a former name"):
        given.form_class(answers(given))
    fine = step(lambda answers: It, fields_were={"it": "old"})
    assert fine.form_class(answers(fine)) is It


def test_former_name_twice_is_refused_of_a_form_function_too() -> None:
    with pytest.raises(DefinitionError, match="has 'old' twice"):
        step(lambda answers: It, fields_were={"it": "old", "more": "old"})


# Declared wrongly


def takes_colour(form: Any, *, colour: str) -> None: ...


class Coloured(Form):
    it = StringField("It")

    def __init__(self, colour: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)


@pytest.mark.parametrize(
    ("form", "match"),
    [
        (7, r"Join\.a was given 7 as its form"),
        (partial(It, prefix="x"), r"Join\.a was given a partial of It\. Pass the"),
        (int, r"Join\.a"),
        (Coloured, "colour"),
        (lambda: It, r"form function of Join\.a has the param.*Expected \(answers\)"),
    ],
)
def test_form_that_cannot_be_built_is_refused(form: Any, match: str) -> None:
    with pytest.raises(DefinitionError, match=match):
        step(form)


@pytest.mark.parametrize(
    ("name", "function", "expected"),
    [
        ("when", lambda: True, "(answers)"),
        ("prepare", lambda form: None, "(form, answers)"),
        ("kwargs", lambda: {}, "(answers)"),
    ],
)
def test_function_of_other_parameters_is_refused_with_what_it_is_passed(
    name: str, function: Any, expected: str
) -> None:
    with pytest.raises(DefinitionError) as found:
        step(**{name: function})
    message = str(found.value)
    assert message.startswith(f"{name} of Join.a has the parameters")
    assert f"Expected {expected}: the wizard passes these" in message


def test_form_with_arguments_is_taken_if_they_are_given() -> None:
    given = step(Coloured, kwargs=lambda answers: {"colour": "red"})
    assert given.arguments(answers(given)) == {"colour": "red"}
    assert step().arguments(answers(step())) == {}


def test_partial_of_a_form_function_is_taken() -> None:
    def chosen(answers: Answers, *, form: type[Form]) -> type[Form]:
        return form

    given = step(partial(chosen, form=It))
    assert given.form_class(answers(given)) is It


# What its functions return


@pytest.mark.parametrize(
    ("returned", "kind"), [(None, "NoneType"), (It(), "It"), ("It", "str")]
)
def test_form_function_must_return_a_class(returned: object, kind: str) -> None:
    given = step(lambda answers: returned)
    with pytest.raises(
        DefinitionError, match=f"step 'a' returned a value of type {kind}"
    ):
        given.form_class(answers(given))


def test_form_function_must_return_a_class_of_forms() -> None:
    given = step(lambda answers: int)
    with pytest.raises(
        DefinitionError, match=r"^a was given the class int as its form"
    ):
        given.form_class(answers(given))


def test_form_function_whose_form_takes_files_must_say_so() -> None:
    given = step(lambda answers: Photo)
    with pytest.raises(
        DefinitionError,
        match=r"returned Photo, which has a file field 'photo'.*files=True",
    ):
        given.form_class(answers(given))
    fine = step(lambda answers: Photo, files=True)
    assert fine.form_class(answers(fine)) is Photo


def test_form_class_of_a_step_is_that() -> None:
    assert step().form_class(answers(step())) is It


@pytest.mark.parametrize("returned", [None, [], "colour"])
def test_arguments_must_be_a_dict(returned: object) -> None:
    given = step(kwargs=lambda answers: returned)
    kind = type(returned).__name__
    with pytest.raises(DefinitionError, match=f"'a' returned a value of type {kind}"):
        given.arguments(answers(given))


@pytest.mark.parametrize("name", ["formdata", "obj", "data", "meta"])
def test_arguments_of_the_wizard_are_refused(name: str) -> None:
    given = step(kwargs=lambda answers: {name: None})
    with pytest.raises(DefinitionError, match=f"returned the argument '{name}'"):
        given.arguments(answers(given))


ERRORS = [(ConflictError("x"), HookError), (DamagedDraftError("x"), DamagedDraftError)]


@pytest.mark.parametrize(("error", "expected"), ERRORS)
def test_error_of_ours_out_of_a_function_is_the_applications(
    error: StoreError, expected: type[Exception]
) -> None:
    def fails(answers: Answers) -> Any:
        raise error

    form = step(fails)
    with pytest.raises(expected):
        form.form_class(answers(form))
    kwargs = step(kwargs=fails)
    with pytest.raises(expected):
        kwargs.arguments(answers(kwargs))
    with pytest.raises(expected):
        bound(Step(It, when=fails))


def test_function_that_has_not_run_is_refused() -> None:
    async def later() -> None: ...

    form = step(lambda answers: later())
    with pytest.raises(DefinitionError, match="form function of step 'a' returned a v"):
        form.form_class(answers(form))
    with pytest.raises(DefinitionError, match="The condition of 'a' returned a value"):
        bound(Step(It, when=lambda answers: later()))


# Bound


@pytest.mark.parametrize(
    ("found", "applies"), [(True, True), (False, False), (7, True), (None, False)]
)
def test_step_applies_by_its_condition(found: object, applies: bool) -> None:
    given = bound(Step(It, when=lambda answers: found))
    assert (given.applies, given.opens) == (applies, applies)
    assert (given.reached, given.taken) == (True, False)


def test_step_that_is_not_reached_does_not_ask_its_condition() -> None:
    def asks(answers: Answers) -> bool:
        raise AssertionError

    given = bound(Step(It, when=asks), reached=False)
    assert (given.applies, given.opens, given.reached) == (False, False, False)
    always = bound(Step(It), reached=False)
    assert (always.applies, always.opens) == (True, False)


def test_entry_that_was_not_sent_is_what_the_page_began_with() -> None:
    before = Before({"it": ["x"]})
    unsent = bound(Step(It), EMPTY.with_entries({"a": Entry.unsent(before)}))
    assert (unsent.entry, unsent.before, unsent.taken) == (None, before, True)
    sent = Entry.of({"it": ["y"]}, before=before)
    given = bound(Step(It), EMPTY.with_entries({"a": sent}))
    assert (given.entry, given.before) == (sent, before)
    plain = bound(Step(It), EMPTY.with_entries({"a": Entry.of({})}))
    assert plain.before is None
