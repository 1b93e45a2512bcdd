"""Comparisons: which code compares answers with one another, and not with constants."""

from __future__ import annotations

import dis
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cache
from itertools import pairwise
from types import CodeType, FunctionType, ModuleType
from typing import Any

from wtforms import Form
from wtforms.fields import Field

from ..core.forms import leaves
from ..core.only_if import OnlyIf
from .constants import functions_in

BINDING = ("COMPARE_OP", "BINARY_OP", "CONTAINS_OP", "IS_OP")
"""Operations on two values."""

SLICES = ("BINARY_SLICE", "BUILD_SLICE")
A_LOOP = 2  # instructions
CONSTANTS = ("LOAD_CONST", "LOAD_SMALL_INT")
ATTRIBUTES = ("LOAD_ATTR", "LOAD_METHOD")
GLOBALS = ("LOAD_GLOBAL", "LOAD_NAME")

OF_SEVERAL = frozenset({"max", "min", "sorted", "set", "frozenset", "dict", "Counter"})
"""Functions of Python that compare what they are given."""

WITH_ANOTHER = frozenset(
    {
        *("startswith", "endswith", "find", "index", "count", "issubset"),
        *("issuperset", "isdisjoint", "intersection", "difference"),
    }
)
"""Methods that compare a value with what they are given."""

OF_NUMBERS = frozenset({"len", "sum", "enumerate", "range", "islice", "zip", "count"})
"""Functions of Python that code has to count with."""

OF_TEXTS = frozenset(name for name in dir(str) if not name.startswith("_"))
"""Methods of strings."""

WHOLE = ("data", "_fields")
"""What has all fields of a form."""


def compares(functions: Iterable[Callable[..., Any]], names: Collection[str]) -> bool:
    """True if functions that read these names may compare one answer with another.

    False only if each operation on two values has a constant on its right, and nothing
    is put in order or into a set. What is called with one value, and has none of the
    names, has no other one to compare it with.
    """
    return any(
        _compares(each)
        for each in functions_in(functions)
        if not _has_one_value(each) or {*each.__code__.co_names}.intersection(names)
    )


@cache
def _has_one_value(function: FunctionType) -> bool:
    """True if a function has one argument, and takes nothing out of it."""
    code = function.__code__
    several = ("UNPACK_SEQUENCE", "UNPACK_EX", "FOR_ITER", *SLICES)
    return (
        code.co_argcount == 1
        and not code.co_freevars
        and not any(each.opname in several for each in _code_of(function))
        and not _takes_by_number(function)
        and function.__name__ != "<lambda>"
    )


def computes(functions: Iterable[Callable[..., Any]]) -> bool:
    """True if functions may add up answers, or take one from another."""
    return any(
        each.opname == "BINARY_OP" and each.argrepr != "[]"
        for function in functions_in(functions)
        for each in _code_of(function)
    )


def loops(functions: Iterable[Callable[..., Any]]) -> int:
    """Return how often functions go through something, such as the items of a list."""
    return sum(
        each.opname in ("FOR_ITER", "GET_ITER")
        for function in functions_in(functions)
        for each in _code_of(function)
    )


def relates(functions: Iterable[Callable[..., Any]]) -> bool:
    """True if functions may compare the items of one list with one another.

    A single ``all(…)``, ``any(…)``, ``sum(…)`` or ``len(…)`` looks at each for itself.
    """
    given = [*functions]
    names = (
        each.opname in ("SET_ADD", "MAP_ADD")
        or (each.opname in GLOBALS and each.argval in OF_SEVERAL)
        or (each.opname in ATTRIBUTES and each.argval == "items")
        for function in functions_in(given)
        for each in _code_of(function)
    )
    by_number = map(_takes_by_number, functions_in(given))
    return loops(given) > A_LOOP or any(by_number) or any(names)


def looks_into(functions: Iterable[Callable[..., Any]]) -> bool:
    """True if functions do more with an answer than to ask whether there is one."""
    return any(
        each.opname in (*BINDING, "BINARY_SUBSCR")
        or (each.opname in ATTRIBUTES and each.argval in OF_TEXTS)
        for function in functions_in(functions)
        for each in _code_of(function)
    )


def measures(functions: Iterable[Callable[..., Any]]) -> bool:
    """True if functions ask how long something is."""
    return any(
        each.opname in GLOBALS and each.argval == "len"
        for function in functions_in(functions)
        for each in _code_of(function)
    )


def counts(functions: Iterable[Callable[..., Any]]) -> bool:
    """True if functions may count the items of a list, or take one by its number."""
    given = functions_in(functions)
    names = (*GLOBALS, *ATTRIBUTES)
    return any(map(_takes_by_number, given)) or any(
        each.argval in OF_NUMBERS if each.opname in names else each.argrepr == "+="
        for function in given
        for each in _code_of(function)
    )


@cache
def _takes_by_number(function: FunctionType) -> bool:
    """True if a function takes something of a sequence by its number, or a slice."""
    code = [*_code_of(function)]
    return any(
        each.opname in SLICES
        or (
            (each.opname == "BINARY_SUBSCR" or each.argrepr == "[]")
            and not isinstance(_value_of(code[at - 1], function), str)
        )
        for at, each in enumerate(code)
    )


@cache
def _compares(function: FunctionType) -> bool:
    code = [*_code_of(function)]
    for at, each in enumerate(code):
        if each.opname in GLOBALS and each.argval in OF_SEVERAL:
            return True
        if each.opname in ATTRIBUTES and each.argval in WITH_ANOTHER:
            return True
        if each.opname in ("SET_ADD", "MAP_ADD"):
            return True
        is_binding = each.opname in BINDING and each.argrepr != "[]"
        if is_binding and not _is_constant(code, at - 1, function):
            return True
    return False


def _code_of(function: FunctionType) -> Iterator[dis.Instruction]:
    def nested(code: CodeType) -> Iterator[dis.Instruction]:
        yield from dis.get_instructions(code)
        for value in code.co_consts:
            if isinstance(value, CodeType):
                yield from nested(value)

    for each in nested(function.__code__):
        if each.opname not in ("CACHE", "RESUME", "PRECALL", "NOP"):
            yield each


def _is_constant(code: list[dis.Instruction], at: int, function: FunctionType) -> bool:
    """True if what is loaded there is a constant, or an attribute of a global one."""
    while code[at].opname in ATTRIBUTES and at:
        at -= 1
    loaded = code[at]
    if loaded.opname in CONSTANTS:
        return True
    if loaded.opname in GLOBALS:
        found = function.__globals__.get(str(loaded.argval))
        return isinstance(found, type | ModuleType) or not callable(found)
    if loaded.opname == "LOAD_DEREF":
        found = _value_of(loaded, function)
        return found is not None and not callable(found)
    return False


def _value_of(loaded: dis.Instruction, function: FunctionType) -> Any:
    """Return what an instruction loads; None if that is not known."""
    name = loaded.argval
    if loaded.opname in CONSTANTS:
        return name
    if loaded.opname in GLOBALS:
        return function.__globals__.get(str(name))
    if loaded.opname == "LOAD_DEREF":
        free = function.__code__.co_freevars
        cells = dict(zip(free, function.__closure__ or (), strict=True))
        with suppress(KeyError, ValueError):  # another function's, or not filled yet
            return cells[name].cell_contents
    return None


# Pages


def linked_on(form: Form) -> Mapping[str, frozenset[str]]:
    """Return the fields of a page that validators judge together, by full name.

    Each has those whose values its verdict depends on, and that depend on its own.
    """
    found: dict[str, set[str]] = {}
    fields = leaves(form)
    by_name: dict[str, list[Field]] = {}
    for each in fields:
        by_name.setdefault(each.short_name, []).append(each)
    groups = [
        (f, _named_by([j for j in functions_of_field(f) if not _is_condition(j)], form))
        for f in fields
    ]
    judges = [vars(each).get("validate") for each in type(form).__mro__]
    own = [each for each in judges if isinstance(each, FunctionType)]
    whole = _named_by(own, form)
    for field, names in groups:
        if WHOLE[0] in names:
            names = {*by_name}
        _link(found, {field.name, *_full(names - {field.short_name}, by_name)})
    _link(found, {*_full({*by_name} if WHOLE[0] in whole else whole, by_name)})
    return {name: frozenset(others - {name}) for name, others in found.items()}


def _is_condition(judge: Any) -> bool:
    """True for an OnlyIf: what depends on its field is known as such."""
    return isinstance(judge, OnlyIf)


def _link(found: dict[str, set[str]], names: set[str]) -> None:
    if len(names) < 2:
        return
    whole = names.union(*(found.get(name, ()) for name in names))
    for name in whole:
        found[name] = whole


def _full(names: Iterable[str], by_name: Mapping[str, list[Field]]) -> Iterator[str]:
    for name in names:
        yield from (field.name for field in by_name.get(name, ()))


def functions_of_field(field: Field) -> list[Any]:
    """Return the functions that judge a field: its validators, and the form's own."""
    form = vars(field).get("_form")
    inline = getattr(type(form), f"validate_{field.short_name}", None)
    return [*field.validators, *([inline] if inline is not None else [])]


def _named_by(functions: Iterable[Any], form: Form) -> set[str]:
    """Return the names that functions have in their code, and in their attributes.

    ``data`` is among them if they read all fields of their form.
    """
    given = [*functions]
    found: set[str] = set()
    for each in given:
        if not isinstance(each, FunctionType):
            texts = vars(each).values() if hasattr(each, "__dict__") else ()
            found |= {text for text in texts if isinstance(text, str)}
    for function in functions_in(given):
        code = [*_code_of(function)]
        first = function.__code__.co_varnames[:1]
        for before, each in pairwise(code):
            is_form = before.opname.startswith("LOAD_FAST") and before.argval in first
            if is_form and (each.argval in WHOLE or each.opname == "GET_ITER"):
                found.add(WHOLE[0])
        names = {each.argval for each in code if isinstance(each.argval, str)}
        found |= names - {*WHOLE}
        found |= {text for text in function.__code__.co_consts if type(text) is str}
    return found
