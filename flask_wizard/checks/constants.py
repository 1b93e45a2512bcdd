"""Constants: what the functions of an application compare answers with."""

from __future__ import annotations

import functools
import inspect
import linecache
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cache
from types import CodeType, FunctionType, ModuleType
from typing import Any

MOST_OF_ONE = 60  # constants that are taken of one container
DEEPEST = 5  # functions that call one another
PACKAGE = __name__.partition(".")[0]
SIMPLE = (str, int, float, Decimal, date, datetime, timedelta)


def constants_of(functions: Iterable[Callable[..., Any]]) -> list[Any]:
    """Return the constants in the code of functions, and in what they call and read.

    These are strings, numbers, dates and durations: those in the code itself, in global
    names, closures, defaults and enumerations, and in functions of the application that
    the code names. None is there twice. The class ``timedelta`` is among them if the
    code names it: numbers may be days then.
    """
    found: dict[tuple[type, Any], None] = {}
    for function in functions:
        for value in _of_function(function):
            if not isinstance(value, FunctionType):
                found[type(value), value] = None
    return [value for _, value in found]


def functions_in(functions: Iterable[Callable[..., Any]]) -> list[FunctionType]:
    """Return the functions of the application among these, and those that they call."""
    reached = (value for each in functions for value in _of_function(each))
    return [*dict.fromkeys(v for v in reached if isinstance(v, FunctionType))]


def unwritten_in(functions: Iterable[Callable[..., Any]]) -> list[Any]:
    """Return the constants of functions that do not stand in the code of their modules.

    They come from the environment, from a configuration or a file, and may be secret.
    """
    given = [*functions]
    files = {each.__code__.co_filename for each in functions_in(given)}
    source = "".join(line for file in files for line in linecache.getlines(file))
    literals = {
        value
        for each in functions_in(given)
        for code in _nested(each.__code__)
        for value in _values(code.co_consts, 0)
        if not isinstance(value, FunctionType)
    }
    return [
        value
        for value in constants_of(given)
        if isinstance(value, str | int | float | Decimal)
        if value not in literals and str(value) not in source
    ]


@cache
def _of_function(function: Callable[..., Any]) -> tuple[Any, ...]:
    """Return the constants of a function, and the functions whose code was read."""
    return tuple(_constants(function, DEEPEST))


def _constants(function: Any, depth: int) -> Iterator[Any]:
    """Yield the constants of something that can be called."""
    if depth == 0:
        return
    function = inspect.unwrap(function)
    if isinstance(function, functools.partial):
        yield from _values([function.args, function.keywords], depth)
        yield from _constants(function.func, depth)
    elif inspect.ismethod(function):
        yield from _constants(function.__func__, depth)
        yield from _values(vars(type(function.__self__)).values(), depth)
    elif isinstance(function, FunctionType):
        if _is_own(function):
            yield from _of_code(function, depth)
    elif callable(function) and not isinstance(function, type):
        called = type(function).__call__
        if isinstance(called, FunctionType) and _is_own(called):
            yield from _values(getattr(function, "__dict__", {}).values(), depth)
            yield from _of_code(called, depth)


def _is_own(function: FunctionType) -> bool:
    """True if a function is the application's: of no package, and not of Python."""
    top = (function.__module__ or "").partition(".")[0]
    if top == PACKAGE or (top in sys.stdlib_module_names and top != "__main__"):
        return False
    return "site-packages" not in function.__code__.co_filename


def _of_code(function: FunctionType, depth: int) -> Iterator[Any]:
    yield function
    given = [*(function.__defaults__ or ()), *(function.__kwdefaults__ or {}).values()]
    for cell in function.__closure__ or ():
        try:
            given.append(cell.cell_contents)
        except ValueError:  # it is not filled yet
            continue
    names: list[str] = []
    for code in _nested(function.__code__):
        said = function.__doc__
        given += [value for value in code.co_consts if value is None or value != said]
        names += code.co_names
    known = function.__globals__
    named = [known[name] for name in names if name in known]
    for module in [each for each in named if isinstance(each, ModuleType)]:
        own = vars(module)
        named += [own[name] for name in names if name in own]
    yield from _values([*given, *named], depth)


def _nested(code: CodeType) -> Iterator[CodeType]:
    yield code
    for value in code.co_consts:
        if isinstance(value, CodeType):
            yield from _nested(value)


def _values(found: Iterable[Any], depth: int, *, inside: int = 3) -> Iterator[Any]:
    """Yield the simple values among these, and those in containers and functions."""
    for value in found:
        if isinstance(value, Enum):
            yield from _values([value.value], depth, inside=inside)
        elif isinstance(value, bool) or value is None:
            continue
        elif isinstance(value, SIMPLE):
            yield value
        elif inside and isinstance(value, Mapping):
            inner = [*value.keys(), *value.values()][: 2 * MOST_OF_ONE]
            yield from _values(inner, depth, inside=inside - 1)
        elif inside and isinstance(value, list | tuple | set | frozenset):
            ordered = value if isinstance(value, list | tuple) else _sorted(value)
            yield from _values(ordered[:MOST_OF_ONE], depth, inside=inside - 1)
        elif isinstance(value, type):
            if value is timedelta:  # numbers may be days
                yield value
            elif issubclass(value, Enum):
                yield from _values([*value], depth, inside=inside)
        elif isinstance(value, FunctionType | functools.partial):
            yield from _constants(value, depth - 1)


def _sorted(found: Iterable[Any]) -> list[Any]:
    return sorted(found, key=lambda value: (type(value).__name__, str(value)))
