"""Conditions in words: what a function that decides something is called."""

from __future__ import annotations

import ast
import inspect
import linecache
import re
from collections.abc import Callable
from typing import Any

_WHETHER = re.compile(
    r"(?:(?:returns?|tells?|says?) )?(?:whether|if|true if) ", re.IGNORECASE
)


def in_words(condition: Callable[..., Any]) -> str:
    """Return the condition in words, as its author has them.

    They are the first line of its docstring, without "Return whether", else its name,
    else what a lambda returns, as Python.
    """
    function: Any = inspect.unwrap(condition)
    while hasattr(function, "func"):  # a partial
        function = function.func
    said = inspect.getdoc(function) if inspect.isroutine(function) else None
    if said:
        line = said.partition("\n")[0].strip().rstrip(".")
        return line[found.end() :] if (found := _WHETHER.match(line)) else line
    name = getattr(function, "__name__", type(function).__name__)
    if name == "<lambda>":
        return _body_of(function) or "a condition without a name"
    return str(name).strip("_").replace("_", " ")


def _body_of(function: Any) -> str:
    """Return what a lambda returns, as Python; empty if its source cannot be told."""
    code = function.__code__
    lines = linecache.getlines(code.co_filename)
    try:
        tree = ast.parse("".join(lines))
    except (SyntaxError, ValueError):
        return ""
    found = [
        node.body
        for node in ast.walk(tree)
        if isinstance(node, ast.Lambda) and node.lineno == code.co_firstlineno
    ]
    if len(found) > 1:  # several in one line: the columns of the code tell them apart
        columns = {(c, d) for _, _, c, d in code.co_positions() if c is not None}
        found = [body for body in found if _spans(body, columns)]
    return ast.unparse(found[0]) if len(found) == 1 else ""


def _spans(body: ast.expr, columns: set[tuple[int | None, int | None]]) -> bool:
    return (body.col_offset, body.end_col_offset) in columns
