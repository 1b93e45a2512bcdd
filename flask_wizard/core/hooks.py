"""The functions that an application gives: checked when declared and when called."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import partial
from typing import TypeVar, TypeVarTuple

from ..errors import (
    ConflictError,
    DefinitionError,
    DraftTooLargeError,
    StoreError,
    TooManyDraftsError,
)

Arguments = TypeVarTuple("Arguments")
Result = TypeVar("Result")

OWN_ERRORS = (ConflictError, DraftTooLargeError, StoreError, TooManyDraftsError)
"""Errors that the framework handles itself if they are about the visitor's draft."""

NOT_PLAIN: tuple[tuple[Callable[[object], bool], str], ...] = (
    (inspect.iscoroutinefunction, "an async function"),
    (inspect.isasyncgenfunction, "an async generator function"),
    (inspect.isgeneratorfunction, "a generator function"),
)

MEND = (
    "Give a plain function, without async and yield; it may call asynchronous code "
    "with asgiref's async_to_sync."
)


class HookError(Exception):
    """Carries one of ``OWN_ERRORS`` that a hook has raised about something else."""

    def __init__(self, error: Exception) -> None:
        super().__init__(error)
        self.error = error


def check_hook(hook: object, where: str) -> None:
    """Raise DefinitionError if ``hook`` is no function, or a call would not run it.

    ``where`` names it in the message.
    """
    if not callable(hook):
        raise DefinitionError(f"{where} is {hook!r}, which cannot be called. {MEND}")
    while isinstance(hook, partial):
        hook = hook.func
    functions = [hook] if isinstance(hook, type) else [hook, type(hook).__call__]
    for is_kind, kind in NOT_PLAIN:
        if any(map(is_kind, functions)):
            raise DefinitionError(
                f"{where} is {kind}: the wizard calls it, and that would run nothing "
                f"of it. {MEND}"
            )


def check_result(result: Result, where: str) -> Result:
    """Return the result of a hook.

    Raise DefinitionError for an awaitable or a generator, whose code has not run.
    ``where`` names the hook in the message.
    """
    has_not_run = inspect.isgenerator(result) or inspect.isasyncgen(result)
    if not (has_not_run or inspect.isawaitable(result)):
        return result
    if inspect.iscoroutine(result):
        result.close()  # otherwise Python warns that nobody has awaited it
    raise DefinitionError(
        f"{where} returned a value of type {type(result).__name__}, so its code has "
        f"not run. {MEND}"
    )


def call_hook(hook: Callable[[*Arguments], Result], *arguments: *Arguments) -> Result:
    """Return what a hook of the wizard returns.

    Raise HookError in the place of ``OWN_ERRORS``, and DefinitionError for an awaitable
    or a generator.
    """
    try:
        result = hook(*arguments)
    except OWN_ERRORS as error:
        raise HookError(error) from error
    return check_result(result, str(getattr(hook, "__qualname__", hook)))
