"""Patterns: a text that a regular expression matches."""

from __future__ import annotations

import re
import string
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any

# Python parses expressions by this module, whose name has no documentation. Without it
# no text is made up.
_parser: Any = import_module("re._parser")

USUAL = string.ascii_lowercase + string.digits + string.ascii_uppercase + " -.,_"


def text_like(pattern: str, flags: int = 0) -> str | None:
    """Return a text that the pattern matches from its beginning; None if none is found.

    Lookarounds and references are left out, so that many patterns that have them are
    matched by nothing that is made up here.
    """
    try:
        made = "".join(_made(_parser.parse(pattern, flags)))
    except (re.error, NotImplementedError, OverflowError):
        return None
    return made if re.match(pattern, made, flags) else None


def _made(parsed: Iterable[Any]) -> Iterable[str]:
    for kind, value in parsed:
        name = str(kind)
        if name == "LITERAL":
            yield chr(value)
        elif name == "ANY":
            yield "a"
        elif name == "NOT_LITERAL":
            yield next(char for char in USUAL if ord(char) != value)
        elif name == "IN":
            yield _one_of(value)
        elif name == "BRANCH":
            yield from _made(value[1][0])
        elif name == "SUBPATTERN":
            yield from _made(value[-1])
        elif name == "ATOMIC_GROUP":
            yield from _made(value)
        elif name in ("MAX_REPEAT", "MIN_REPEAT", "POSSESSIVE_REPEAT"):
            least, most, inner = value
            times = least if least else min(int(most), 1)
            yield from ("".join(_made(inner)) for _ in range(max(times, 0)))
        elif name == "AT":
            continue
        else:
            raise NotImplementedError(name)


def _one_of(options: list[Any]) -> str:
    """Return a character of a set, a usual one if there is any."""
    negated = str(options[0][0]) == "NEGATE"
    pattern = options[1:] if negated else options
    for char in USUAL:
        if _is_in(char, pattern) is not negated:
            return char
    for kind, value in pattern:
        if str(kind) == "LITERAL":
            return chr(value)
        if str(kind) == "RANGE":
            return chr(value[0])
    raise NotImplementedError("a set without usual characters")


CATEGORIES: Mapping[str, Callable[[str], bool]] = {
    "CATEGORY_DIGIT": str.isdigit,
    "CATEGORY_NOT_DIGIT": lambda char: not char.isdigit(),
    "CATEGORY_SPACE": str.isspace,
    "CATEGORY_NOT_SPACE": lambda char: not char.isspace(),
    "CATEGORY_WORD": lambda char: char.isalnum() or char == "_",
    "CATEGORY_NOT_WORD": lambda char: not (char.isalnum() or char == "_"),
}


def _is_in(char: str, options: Iterable[Any]) -> bool:
    for kind, value in options:
        name = str(kind)
        if name == "LITERAL" and ord(char) == value:
            return True
        if name == "RANGE" and value[0] <= ord(char) <= value[1]:
            return True
        if name == "CATEGORY" and CATEGORIES[str(value)](char):
            return True
    return False
