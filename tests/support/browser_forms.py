"""A form as a browser has it: what its controls hold, and the body that it sends.

It follows the HTML standard's "constructing the entry list" and what that calls, for a
person who chooses no files:
https://html.spec.whatwg.org/multipage/form-control-infrastructure.html
tests/browser/test_browser_forms.py compares it with Chromium.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import quote_plus

from justhtml import JustHTML

Entry = tuple[str, str]

TYPES = frozenset(
    (
        *("hidden", "text", "search", "tel", "url", "email", "password", "date"),
        *("month", "week", "time", "datetime-local", "number", "range", "color"),
        *("checkbox", "radio", "file", "submit", "image", "reset", "button"),
    )
)
BUTTONS = frozenset(("submit", "image", "reset", "button"))
SUBMITTERS = frozenset(("submit", "image"))
TEXTS = frozenset(("text", "search", "tel", "url", "email", "password", "textarea"))
SPACES = " \t\n\f\r"


@dataclass(eq=False)
class Option:
    """An option of a select."""

    value: str
    selected: bool
    disabled: bool


class Control:
    """An element that a form may submit, and what it holds."""

    def __init__(self, node: Any) -> None:
        self.node = node
        self.name = attribute(node, "name")
        self.kind = _kind(node)
        self.disabled = "disabled" in node.attrs or _in_disabled_fieldset(node)
        self.readonly = "readonly" in node.attrs
        self.checked = "checked" in node.attrs
        self.value = sanitize(node, self.kind, _initial_value(node, self.kind))
        self.options = _options(node) if self.kind == "select" else []

    @property
    def multiple(self) -> bool:
        """True if several options may be chosen."""
        return "multiple" in self.node.attrs

    @property
    def may_change(self) -> bool:
        """True if a person can change what it holds."""
        return not (self.disabled or self.readonly or self.kind in ("hidden", *BUTTONS))

    def type(self, text: str) -> None:
        """Replace what the control holds by what a person types."""
        self.value = sanitize(self.node, self.kind, text)

    def entries(self, submitter: Control | None) -> Iterator[Entry]:
        """Yield the names and values that it adds to a submission."""
        if self.disabled or _within(self.node, "datalist"):
            return
        if self.kind in BUTTONS and self is not submitter:
            return
        if self.kind in ("checkbox", "radio") and not self.checked:
            return
        if self.kind == "image":
            start = f"{self.name}." if self.name else ""
            yield from ((f"{start}{axis}", "0") for axis in "xy")
            return
        if not self.name:
            return
        if self.kind == "select":
            chosen = (o for o in self.options if o.selected and not o.disabled)
            yield from ((self.name, option.value) for option in chosen)
            return
        is_charset = self.kind == "hidden" and self.name.lower() == "_charset_"
        yield self.name, "UTF-8" if is_charset else self.value
        direction = attribute(self.node, "dirname")
        if direction and self.kind in ("text", "search", "textarea"):
            yield direction, "ltr"


class BrowserForm:
    """A form of a page, as a browser shows it."""

    def __init__(self, source: str, selector: str = "form") -> None:
        document = JustHTML(source, sanitize=False)
        self.node = document.query(selector)[0]
        found = document.query("button, input, select, textarea")
        owners = {node: _owner(document, node) for node in found}
        self.controls = [Control(node) for node in found if owners[node] is self.node]
        for radio in [c for c in self.controls if c.kind == "radio" and c.checked]:
            self.check(radio)  # the last one that is checked stays so

    @property
    def action(self) -> str:
        """The address that the form is sent to."""
        return attribute(self.node, "action")

    def check(self, radio: Control) -> None:
        """Choose a radio button; others of its group are not chosen any more."""
        for other in self.controls:
            if other.kind == "radio" and other.name == radio.name and radio.name:
                other.checked = False
        radio.checked = True

    def button(self, value: str) -> Control:
        """Return the submit button with that value."""
        (found,) = [
            control
            for control in self.controls
            if control.kind in SUBMITTERS and control.value == value
        ]
        return found

    def entries(self, submitter: Control | None = None) -> list[Entry]:
        """Return the names and values that it sends, in their order."""
        return [
            (_crlf(name), _crlf(value))
            for control in self.controls
            for name, value in control.entries(submitter)
        ]


def encode(entries: list[Entry]) -> bytes:
    """Return entries as application/x-www-form-urlencoded."""
    return b"&".join(_encode(name) + b"=" + _encode(value) for name, value in entries)


def attribute(node: Any, name: str) -> str:
    """Return an attribute, "" if there is none."""
    return str(node.attrs.get(name) or "")


def _encode(text: str) -> bytes:
    return quote_plus(text, safe="*-._").replace("~", "%7E").encode()


def _crlf(text: str) -> str:
    return re.sub(r"\r\n?|\n", "\r\n", text)


def _kind(node: Any) -> str:
    kind = attribute(node, "type").lower()
    if node.name == "button":
        return kind if kind in ("reset", "button") else "submit"
    if node.name == "input":
        return kind if kind in TYPES else "text"
    return str(node.name)


def _initial_value(node: Any, kind: str) -> str:
    if kind == "textarea":
        return _text(node)
    if kind in ("checkbox", "radio"):
        return attribute(node, "value") if "value" in node.attrs else "on"
    return "" if kind == "file" else attribute(node, "value")


def _text(node: Any) -> str:
    return "".join(
        _text(child) if child.name != "#text" else child.data for child in node.children
    )


def _ancestors(node: Any) -> Iterator[Any]:
    while (node := node.parent) is not None:
        yield node


def _within(node: Any, name: str) -> bool:
    return any(ancestor.name == name for ancestor in _ancestors(node))


def _in_disabled_fieldset(node: Any) -> bool:
    """True if a disabled fieldset is around it, whose first legend it is not in."""
    inside = [node, *_ancestors(node)]
    for below, fieldset in pairwise(inside):
        if fieldset.name != "fieldset" or "disabled" not in fieldset.attrs:
            continue
        legends = [child for child in fieldset.children if child.name == "legend"]
        if below not in legends[:1]:
            return True
    return False


def _owner(document: JustHTML, node: Any) -> Any:
    if "form" in node.attrs:
        every, owner = document.query("[id]"), attribute(node, "form")
        same = [each for each in every if attribute(each, "id") == owner]
        return same[0] if same and same[0].name == "form" else None
    forms = (each for each in _ancestors(node) if each.name == "form")
    return next(forms, None)


def _options(select: Any) -> list[Option]:
    options = []
    for node in select.query("option"):
        groups = [each for each in _ancestors(node) if each.name == "optgroup"]
        has_value = "value" in node.attrs
        text = " ".join(_text(node).split())
        options.append(
            Option(
                attribute(node, "value") if has_value else text,
                "selected" in node.attrs,
                "disabled" in node.attrs or any("disabled" in g.attrs for g in groups),
            )
        )
    if "multiple" in select.attrs:
        return options
    chosen = [option for option in options if option.selected]
    for option in chosen[:-1]:
        option.selected = False
    size = attribute(select, "size")
    if not chosen and (not size.isdigit() or int(size) in (0, 1)):
        for option in [option for option in options if not option.disabled][:1]:
            option.selected = True
    return options


# https://html.spec.whatwg.org/multipage/input.html#value-sanitization-algorithm


def sanitize(node: Any, kind: str, value: str) -> str:
    """Return the value that an input of that kind makes of a string."""
    if kind in ("text", "search", "tel", "password"):
        return re.sub(r"[\r\n]", "", value)
    if kind in ("url", "email"):
        stripped = re.sub(r"[\r\n]", "", value).strip(SPACES)
        if kind == "email" and "multiple" in node.attrs:
            return ",".join(part.strip(SPACES) for part in stripped.split(","))
        return stripped
    if kind == "number":
        return value if _is_number(value) else ""
    if kind == "range":
        return _in_range(node, value)
    if kind == "color":
        is_simple = re.fullmatch(r"#[0-9a-fA-F]{6}", value)
        return value.lower() if is_simple else "#000000"
    if kind in _MOMENTS:
        return _moment(kind, value)
    return value


def _is_number(text: str) -> bool:
    shape = r"-?(?:\d+(?:\.\d+)?|\.\d+)(?:[eE][-+]?\d+)?"
    return bool(re.fullmatch(shape, text, re.ASCII)) and abs(float(text)) < 1.8e308


def _in_range(node: Any, value: str) -> str:
    def number(name: str, default: Decimal) -> Decimal:
        text = attribute(node, name)
        return Decimal(text) if _is_number(text) else default

    low = number("min", Decimal(0))
    high = number("max", Decimal(100))
    middle = low if high < low else low + (high - low) / 2
    found = Decimal(value) if _is_number(value) else middle
    bounded = max(low, min(high, found)) if high >= low else low
    if attribute(node, "step").lower() != "any":
        step = number("step", Decimal(1))
        step = step if step > 0 else Decimal(1)
        base = number("min", number("value", Decimal(0)))
        steps = ((bounded - base) / step + Decimal("0.5")) // 1
        stepped = base + steps * step
        while stepped > high >= low:
            stepped -= step
        bounded = stepped
    if _is_number(value) and bounded == found:
        return value
    return f"{bounded.normalize():f}"


_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"\d\d:\d\d(?::\d\d(?:\.\d{1,3})?)?"
_MOMENTS = {
    "date": _DAY,
    "month": r"\d{4}-\d\d",
    "week": r"\d{4}-W\d\d",
    "time": _CLOCK,
    "datetime-local": rf"{_DAY}[T ]{_CLOCK}",
}


def _moment(kind: str, value: str) -> str:
    if not re.fullmatch(_MOMENTS[kind], value, re.ASCII):
        return ""
    try:
        if kind == "datetime-local":
            return _shortest(datetime.fromisoformat(value))
        if kind == "time":
            time.fromisoformat(value)
        else:
            suffix = {"date": "", "month": "-01", "week": "-1"}[kind]
            date.fromisoformat(value + suffix)
    except ValueError:
        return ""
    return value


def _shortest(moment: datetime) -> str:
    seconds = f":{moment:%S}" if moment.second or moment.microsecond else ""
    parts = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M}{seconds}{parts}"
