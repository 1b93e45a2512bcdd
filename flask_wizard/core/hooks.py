"""The functions that an application gives: checked when declared and when called."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TypeVar, TypeVarTuple

from ..errors import (
    ConflictError,
    DefinitionError,
    DraftTooLargeError,
    StoreError,
    TooManyDraftsError,
)
from .draft import DamagedDraftError, UploadError

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


def hook_error(error: Exception) -> HookError:
    """Return the exception for one of ``OWN_ERRORS`` that has come out of a hook.

    Raise the error itself if it is about the draft, whose answers or files the hook has
    read.
    """
    if isinstance(error, DamagedDraftError | UploadError):
        raise error
    return HookError(error)


def check_hook(hook: object, where: str, *arguments: str) -> None:
    """Raise DefinitionError if a call of ``hook`` with ``arguments`` would not run it.

    ``where`` names it in the message, and ``arguments`` are the names of what the
    wizard passes.
    """
    if not callable(hook):
        raise DefinitionError(f"{where} is {hook!r}, which cannot be called. {MEND}")
    function: object = hook
    while isinstance(function, partial):
        function = function.func
    is_class = isinstance(function, type)
    functions = [function] if is_class else [function, type(function).__call__]
    for is_kind, kind in NOT_PLAIN:
        if any(map(is_kind, functions)):
            raise DefinitionError(
                f"{where} is {kind}: the wizard calls it, and that would run nothing "
                f"of it. {MEND}"
            )
    if not takes(hook, len(arguments)):
        if inspect.ismethod(hook):
            hook, arguments = hook.__func__, ("self", *arguments)
        raise DefinitionError(
            f"{where} has the parameters {inspect.signature(hook)}. Expected "
            f"({', '.join(arguments)}): the wizard passes these by position."
        )


def check_functions(
    step: object, passed: Mapping[str, Sequence[str]], where: str
) -> None:
    """Raise DefinitionError if a function that a step was given cannot be called.

    ``passed`` has the names of the functions, each with the names of what the wizard
    passes. ``where`` names the step in the message.
    """
    for name, arguments in passed.items():
        if (function := getattr(step, name)) is None:
            continue
        if not callable(function):
            raise DefinitionError(
                f"{where} has {name}={function!r}, which cannot be called. Pass a "
                "function of the answers."
            )
        check_hook(function, f"{name} of {where}", *arguments)


def takes(function: Callable[..., object], count: int) -> bool:
    """True if a function takes so many positional arguments, or does not tell."""
    if inspect.ismethod(function):  # one without self has no signature of its own
        return takes(function.__func__, count + 1)
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # as for some that are written in C
        return True
    try:
        signature.bind(*range(count))
    except TypeError:
        return False
    return True


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
        raise hook_error(error) from error
    return check_result(result, str(getattr(hook, "__qualname__", hook)))
