"""The functions that an application gives: what is refused, and when."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest

from flask_wizard import DefinitionError, StoreError
from flask_wizard.core.draft import DamagedDraftError, UploadError
from flask_wizard.core.hooks import (
    OWN_ERRORS,
    HookError,
    call_hook,
    check_functions,
    check_hook,
    check_result,
    hook_error,
    takes,
)
from flask_wizard.errors import ConflictError, DraftTooLargeError


def plain(answers: object) -> None: ...


async def asks(answers: object) -> None: ...


async def streams(answers: object) -> Any:
    yield


def generates(answers: object) -> Any:
    yield


class Called:
    def __call__(self, answers: object) -> None: ...


class AsksWhenCalled:
    async def __call__(self, answers: object) -> None: ...


class Own:
    def method(self, answers: object) -> None: ...

    def without_self() -> None: ...  # type: ignore[misc]


OWN: Any = Own()


class Taking:
    def __init__(self, answers: object) -> None: ...

    async def __call__(self) -> None: ...


@pytest.mark.parametrize(
    "hook", [plain, partial(plain), Called(), Own().method, Taking, lambda a, b=1: a]
)
def test_function_that_can_be_called_is_taken(hook: Callable[..., Any]) -> None:
    check_hook(hook, "when of Join.you", "answers")


@pytest.mark.parametrize(
    ("hook", "kind"),
    [
        (asks, "an async function"),
        (partial(asks), "an async function"),
        (partial(partial(asks)), "an async function"),
        (AsksWhenCalled(), "an async function"),
        (streams, "an async generator function"),
        (generates, "a generator function"),
    ],
)
def test_function_whose_call_runs_nothing_is_refused(hook: object, kind: str) -> None:
    with pytest.raises(
        DefinitionError, match=f"^when of Join.you is {kind}: .*async_to"
    ):
        check_hook(hook, "when of Join.you", "answers")


def test_what_cannot_be_called_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"^when is 7, which cannot be called"):
        check_hook(7, "when", "answers")


def test_function_of_other_parameters_is_refused_with_both() -> None:
    with pytest.raises(DefinitionError) as found:
        check_hook(plain, "label", "item", "answers")
    assert str(found.value) == (
        "label has the parameters (answers: 'object') -> 'None'. Expected "
        "(item, answers): the wizard passes these by position."
    )


def test_method_without_self_is_refused_with_self() -> None:
    with pytest.raises(DefinitionError, match=r"\(\) -> 'None'. Expected \(self, a\)"):
        check_hook(OWN.without_self, "label", "a")


def test_functions_of_a_step_are_checked_by_their_names() -> None:
    step = SimpleNamespace(when=plain, prepare=None, kwargs=plain)
    passed = {"when": ("answers",), "prepare": ("form", "answers")}
    check_functions(step, passed, "Join.you")
    step.prepare = plain
    with pytest.raises(
        DefinitionError, match=r"^prepare of Join\.you has the parameters"
    ):
        check_functions(step, passed, "Join.you")
    step.when = 7
    with pytest.raises(DefinitionError, match=r"^Join.you has when=7, which cannot be"):
        check_functions(step, passed, "Join.you")


@pytest.mark.parametrize(
    ("function", "count", "expected"),
    [
        (plain, 0, False),
        (plain, 1, True),
        (plain, 2, False),
        (lambda *all: all, 9, True),
        (lambda *, named: named, 0, False),
        (Own().method, 1, True),
        (Own().method, 2, False),
        (OWN.without_self, 0, False),
        (max, 9, True),
        (type, 9, True),
    ],
)
def test_function_takes_so_many_arguments(
    function: Callable[..., Any], count: int, expected: bool
) -> None:
    assert takes(function, count) is expected


# Results


class Awaitable:
    def __await__(self) -> Any: ...


@pytest.mark.parametrize("result", [None, 7, "x", [1], iter([1])])
def test_result_that_is_there_is_returned(result: object) -> None:
    assert check_result(result, "commit") is result


@pytest.mark.parametrize(
    ("result", "kind"),
    [
        (generates(1), "generator"),
        (streams(1), "async_generator"),
        (Awaitable(), "Awaitable"),
    ],
)
def test_result_that_has_not_run_is_refused(result: object, kind: str) -> None:
    with pytest.raises(
        DefinitionError, match=f"^commit returned a value of type {kind},"
    ):
        check_result(result, "commit")


def test_coroutine_that_is_refused_is_closed() -> None:
    """Otherwise Python warns, of code that is not at fault."""
    coroutine: Any = asks(1)
    with pytest.raises(DefinitionError, match="of type coroutine"):
        check_result(coroutine, "commit")
    with pytest.raises(RuntimeError, match="cannot reuse already awaited"):
        coroutine.send(None)


# Errors


@pytest.mark.parametrize("kind", OWN_ERRORS)
def test_error_of_ours_out_of_a_hook_is_the_applications(kind: type[Exception]) -> None:
    error = kind.__new__(kind)

    def hook() -> None:
        raise error

    with pytest.raises(HookError) as found:
        call_hook(hook)
    assert found.value.error is error
    assert found.value.__cause__ is error


def test_errors_of_ours_are_those_that_have_pages() -> None:
    assert {*OWN_ERRORS} >= {ConflictError, DraftTooLargeError, StoreError}


@pytest.mark.parametrize("error", [DamagedDraftError("x"), UploadError("x")])
def test_error_about_the_draft_itself_stays_as_it_is(error: StoreError) -> None:
    with pytest.raises(type(error)) as found:
        hook_error(error)
    assert found.value is error


def test_other_error_of_a_hook_goes_on() -> None:
    with pytest.raises(ZeroDivisionError):
        call_hook(lambda: 1 / 0)


def test_hook_is_called_with_its_arguments() -> None:
    assert call_hook(lambda a, b: (a, b), 1, 2) == (1, 2)


def test_hook_that_has_not_run_is_named() -> None:
    with pytest.raises(DefinitionError, match=r"^generates returned a value of type"):
        call_hook(generates, 1)
    with pytest.raises(
        DefinitionError, match=r"functools\.partial\(.* returned a value"
    ):
        call_hook(partial(generates, 1))
