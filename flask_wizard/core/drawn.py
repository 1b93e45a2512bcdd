"""Drawn controls: what the HTML of a field holds, and what a browser sends of it.

The rules are those of the HTML standard, for a page that nobody has touched:
https://html.spec.whatwg.org/multipage/form-control-infrastructure.html
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal
from html.parser import HTMLParser

BUTTONS = frozenset({"submit", "button", "reset", "image"})

_TICKED = frozenset({"checkbox", "radio"})

_ONE_LINE = frozenset({"text", "search", "tel"})


@dataclass
class DrawnOption:
    """An option of a select."""

    #: What is sent; until the option ends, ``None`` if that is its text.
    value: str | None
    selected: bool
    disabled: bool
    #: The label of the group that it stands in; empty if it stands in none.
    group: str = ""
    label: str = ""


@dataclass
class DrawnControl:
    """An ``<input>``, a ``<select>`` or a ``<textarea>``."""

    name: str
    #: The type of an input; ``select`` or ``textarea``.
    kind: str
    #: The attributes by their names; one without a value has an empty string.
    attributes: Mapping[str, str]
    #: What a textarea or an input holds, as it stands in the HTML.
    text: str = field(default="", repr=False)
    options: list[DrawnOption] = field(default_factory=list, repr=False)
    #: The text of the ``<label>`` around the control; else its ``aria-label``.
    label: str = ""

    @property
    def is_disabled(self) -> bool:
        """True if the control sends nothing."""
        return "disabled" in self.attributes

    @property
    def is_multiple(self) -> bool:
        """True if the control may send several values."""
        return "multiple" in self.attributes

    @property
    def picks_first(self) -> bool:
        """True of a menu: its first option is picked if none is marked.

        A list of one choice, which shows several options at once, begins with none.
        """
        is_list = self.attributes.get("size", "1") not in ("", "0", "1")
        return self.kind == "select" and not self.is_multiple and not is_list

    @property
    def shown(self) -> list[str]:
        """The values that the control holds, whether or not it is disabled.

        A password is blank, and a file input holds no file.
        """
        if self.kind == "file":
            return []
        if self.kind in _TICKED:
            return [self.value] if "checked" in self.attributes else []
        if self.kind == "select":
            return self._chosen()
        return [self.value]

    @property
    def sent(self) -> list[str]:
        """The values that a browser sends of the control."""
        return [] if self.is_disabled else self.shown

    @property
    def value(self) -> str:
        """The value of a control that has one: what a browser makes of its text."""
        text, kind = self.text, self.kind
        if kind == "password":
            return ""
        if kind in _ONE_LINE:
            return re.sub(r"[\r\n]", "", text)
        if kind in ("email", "url"):
            line, spaces = re.sub(r"[\r\n]", "", text), " \t\f"
            if kind == "email" and self.is_multiple:
                return ",".join(part.strip(spaces) for part in line.split(","))
            return line.strip(spaces)
        if kind == "color":
            is_colour = re.fullmatch(r"#[0-9a-fA-F]{6}", text)
            return text.lower() if is_colour else "#000000"
        if kind == "range" and not text:
            return _middle(self.attributes)
        if kind == "datetime-local":
            return _shortest(text)
        return _as_sent(text)

    def _chosen(self) -> list[str]:
        chosen = [option for option in self.options if option.selected]
        if not self.is_multiple:
            chosen = chosen[-1:]
        if self.picks_first and not chosen:
            chosen = [option for option in self.options if not option.disabled][:1]
        return [option.value or "" for option in chosen if not option.disabled]


def _as_sent(text: str) -> str:
    """Return a text with line breaks as browsers send them."""
    return re.sub(r"\r\n?|\n", "\r\n", text)


def draws(html: str) -> list[DrawnControl]:
    """Return the controls in a piece of HTML that have a name, without buttons."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    reader.end_option()
    for control in reader.controls:
        label = reader.labels.get(control.attributes.get("id", ""), "")
        text = label or control.label or control.attributes.get("aria-label", "")
        control.label = " ".join(text.split())
    return reader.controls


class _Reader(HTMLParser):
    """Collects the controls of a piece of HTML."""

    def __init__(self) -> None:
        super().__init__()
        self.controls: list[DrawnControl] = []
        #: The texts of labels by the ids of their controls.
        self.labels: dict[str, str] = {}
        self._select: DrawnControl | None = None
        self._area: DrawnControl | None = None
        self._option: DrawnOption | None = None
        self._group: Mapping[str, str] = {}
        self._label: list[str] | None = None
        self._label_for = ""
        self._labelled: list[DrawnControl] = []

    def handle_starttag(
        self, tag: str, attrs: Iterable[tuple[str, str | None]]
    ) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "input":
            kind = given.get("type", "").lower() or "text"
            default = "on" if kind in _TICKED else ""
            self._add(given, kind, text=given.get("value", default))
        elif tag == "textarea":
            self._area = self._add(given, "textarea")
        elif tag == "select":
            self._select = self._add(given, "select")
        elif tag == "optgroup":
            self.end_option()
            self._group = given
        elif tag == "option":
            self._begin_option(given)
        elif tag == "label":
            self._label, self._label_for, self._labelled = [], given.get("for", ""), []

    def _add(self, given: dict[str, str], kind: str, text: str = "") -> DrawnControl:
        control = DrawnControl(given.get("name", ""), kind, given, text)
        if control.name and kind not in BUTTONS:
            self.controls.append(control)
            self._labelled.append(control)
        return control

    def _begin_option(self, given: Mapping[str, str]) -> None:
        self.end_option()
        if self._select is None:  # of a datalist
            return
        self._option = DrawnOption(
            given.get("value"),
            selected="selected" in given,
            disabled="disabled" in given or "disabled" in self._group,
            group=self._group.get("label", ""),
        )
        self._select.options.append(self._option)

    def end_option(self) -> None:
        """Give the option that is open its text as its label."""
        if (option := self._option) is None:
            return
        option.label = " ".join(option.label.split())
        option.value = _as_sent(option.label if option.value is None else option.value)
        self._option = None

    def handle_data(self, data: str) -> None:
        if self._area is not None:
            self._area.text += data
        elif self._option is not None:
            self._option.label += data
        elif self._label is not None:
            self._label.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._area is not None:
            text = self._area.text.replace("\r\n", "\n").replace("\r", "\n")
            self._area.text = text.removeprefix("\n")
            self._area = None
        elif tag == "option":
            self.end_option()
        elif tag == "optgroup":
            self.end_option()
            self._group = {}
        elif tag == "select":
            self.end_option()
            self._select, self._group = None, {}
        elif tag == "label" and self._label is not None:
            text = "".join(self._label)
            if self._label_for:
                self.labels[self._label_for] = text
            for control in self._labelled:
                control.label = text
            self._label, self._labelled = None, []


def _middle(attributes: Mapping[str, str]) -> str:
    """Return where a slider stands that was given no value."""
    low, high = (
        _number(attributes.get(name), Decimal(default))
        for name, default in (("min", 0), ("max", 100))
    )
    middle = low if high < low else low + (high - low) / 2
    if attributes.get("step", "").lower() != "any":
        step = _number(attributes.get("step"), Decimal(1))
        step = step if step > 0 else Decimal(1)
        steps = ((middle - low) / step).to_integral_value(ROUND_HALF_UP)
        middle = low + steps * step
    return f"{middle.normalize():f}"


def _number(text: str | None, default: Decimal) -> Decimal:
    is_number = re.fullmatch(r"-?(\d+(\.\d+)?|\.\d+)", text or "", re.ASCII)
    return Decimal(text or "") if is_number else default


def _shortest(text: str) -> str:
    """Return a moment of a local clock as browsers write it."""
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    seconds = f":{moment:%S}" if moment.second or moment.microsecond else ""
    parts = f".{moment.microsecond:06}".rstrip("0") if moment.microsecond else ""
    return f"{moment:%Y-%m-%dT%H:%M}{seconds}{parts}"
