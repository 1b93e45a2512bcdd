"""written: an answer, as a browser sends it from the inputs of a page."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time
from difflib import get_close_matches
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any

from ..core.fields import ANSWERED
from .accessibility import Node
from .page import BOXES, Page, attribute


def written(page: Page, name: str, value: Any) -> dict[str, Any] | None:
    """Return what a page sends for an answer, by the names of its inputs.

    ``name`` is the name of an input, of a form within the form, or of a list of fields;
    a dot may stand for the dash. Return None if the page has no input for it. Raise
    AssertionError if it has only some of those that the value is for.
    """
    name = name.replace(".", "-")
    if inputs := page.inputs.get(name):
        return {name: _sent(inputs, value), **_ticked(page, name, value)}
    within = [known for known in page.inputs if known.startswith(f"{name}-")]
    if not within:
        return None
    if value is None:
        return {known: _sent(page.inputs[known], None) for known in within}
    if isinstance(value, Mapping):
        return _several(page, name, value)
    if {f"{name}-{box}" for box in BOXES} <= page.inputs.keys():
        return {
            f"{name}-{box}": part
            for box, part in zip(BOXES, _parts_of_date(name, value), strict=True)
        }
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        entries = {str(number): entry for number, entry in enumerate(value)}
        return _several(page, name, entries)
    raise AssertionError(
        f"{name!r} of the page {page.path} is made of the fields {', '.join(within)}, "
        f"and the answer is {value!r}. Give a dict for a form, and a list for a list."
    )


def _several(page: Page, name: str, values: Mapping[str, Any]) -> dict[str, Any]:
    sent: dict[str, Any] = {}
    for key, value in values.items():
        found = written(page, f"{name}-{key}", value)
        if found is None:
            raise AssertionError(absent(page, f"{name}-{key}"))
        sent.update(found)
    return sent


def _parts_of_date(name: str, value: Any) -> Sequence[str]:
    """Return the day, the month and the year, as they are typed."""
    if isinstance(value, date):
        return [str(part) for part in (value.day, value.month, value.year)]
    if found := re.fullmatch(r"(\d+)-(\d+)-(\d+)", str(value)):
        return found.groups()[::-1]
    raise AssertionError(
        f"{name!r} is a date in three boxes, and the answer is {value!r}. Give a date, "
        "'2010-05-06', or {'day': …, 'month': …, 'year': …}."
    )


def absent(page: Page, name: str) -> str:
    """Return the message about a field that a page lacks."""
    return (
        f"The page {page.path} ({page.heading}) has no field {name!r}."
        f"{nearest(name, page.inputs)} Its fields are "
        f"{', '.join(page.inputs) or 'missing'}."
    )


def nearest(name: str, known: Iterable[str]) -> str:
    """Return a question about the name that is the most like another, if any is."""
    found = get_close_matches(name, [*known], 1)
    return f" Did you mean {found[0]!r}?" if found else ""


def _sent(inputs: Sequence[Node], value: Any) -> Any:
    kind = attribute(inputs[0], "type")
    if kind == "file":
        several = value if isinstance(value, list) else [value]
        return [_file(each) for each in several if each is not None]
    if value is None:
        is_silent = kind in ("checkbox", "radio") or "multiple" in inputs[0].attrs
        return None if is_silent else ""
    if isinstance(value, bool) and kind == "checkbox" and len(inputs) == 1:
        return (attribute(inputs[0], "value") or "on") if value else None
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_text(each) for each in value]
    return _text(value)


def _ticked(page: Page, name: str, value: Any) -> dict[str, str | None]:
    """Return the box beside a slider or a colour that says whether it is answered."""
    box = f"{name}{ANSWERED}"
    if box not in page.inputs:
        return {}
    return {box: None if value is None else attribute(page.inputs[box][0], "value")}


def _text(value: Any) -> str:
    if isinstance(value, datetime):
        return value.isoformat("T", "minutes")
    if isinstance(value, time):  # browsers leave the seconds out as well
        return value.isoformat("minutes")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Enum):
        return value.name
    return str(value)


def _file(value: Any) -> tuple[BytesIO, str]:
    """Return a file as Werkzeug's client takes it."""
    if isinstance(value, Path):
        return BytesIO(value.read_bytes()), value.name
    if isinstance(value, tuple) and len(value) == 2:
        filename, content = value
        if isinstance(filename, str) and isinstance(content, bytes):
            return BytesIO(content), filename
    raise TypeError(
        f"{value!r} is no file. Give (filename, bytes), such as ('me.png', b'…'), or a "
        "pathlib.Path."
    )
