"""written: an answer, as a browser sends it from the inputs of a page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, time
from enum import Enum
from io import BytesIO
from pathlib import Path
from typing import Any

from .accessibility import Node
from .page import Page, attribute


def written(page: Page, name: str, value: Any) -> dict[str, Any] | None:
    """Return what a page sends for an answer, by the names of its inputs.

    ``name`` is the name of an input, of a form within the form, or of a list of fields;
    a dot may stand for the dash. Return None if the page has no input for it.
    """
    name = name.replace(".", "-")
    if inputs := page.inputs.get(name):
        return {name: _sent(inputs, value)}
    boxes = [f"{name}-{part}" for part in ("day", "month", "year")]
    if isinstance(value, date) and all(box in page.inputs for box in boxes):
        parts = (value.day, value.month, value.year)
        return {box: str(part) for box, part in zip(boxes, parts, strict=True)}
    if not any(known.startswith(f"{name}-") for known in page.inputs):
        return None
    if isinstance(value, Mapping):
        return _several(page, name, value)
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        entries = {str(number): entry for number, entry in enumerate(value)}
        return _several(page, name, entries)
    return {name: _text(value)}  # the boxes of a date take it as one


def _several(page: Page, name: str, values: Mapping[str, Any]) -> dict[str, Any] | None:
    sent: dict[str, Any] = {}
    for key, value in values.items():
        found = written(page, f"{name}-{key}", value)
        if found is None:
            return None
        sent.update(found)
    return sent


def absent(page: Page, name: str) -> str:
    """Return the message about a field that a page lacks."""
    return (
        f"The page {page.path} ({page.heading}) has no field {name!r}. Its fields are "
        f"{', '.join(page.inputs) or 'missing'}."
    )


def _sent(inputs: Sequence[Node], value: Any) -> Any:
    kind = attribute(inputs[0], "type")
    if kind == "file":
        several = value if isinstance(value, list) else [value]
        return [_file(each) for each in several if each is not None]
    if value is None:
        return None if kind in ("checkbox", "radio") else ""
    if isinstance(value, bool) and kind == "checkbox" and len(inputs) == 1:
        return (attribute(inputs[0], "value") or "on") if value else None
    if isinstance(value, (list, tuple, set, frozenset)):
        return [_text(each) for each in value]
    return _text(value)


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
