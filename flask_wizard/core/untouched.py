"""What a page sends that nobody has touched, told from the HTML of its fields."""

from __future__ import annotations

from collections.abc import Iterable
from html.parser import HTMLParser
from typing import Any

from wtforms.fields import Field, SelectMultipleField
from wtforms.fields.choices import SelectFieldBase

from .draft import Raw
from .fields import needs_row_marker, row_marker
from .forms import is_password, leaves, lists

_SILENT = frozenset({"submit", "button", "reset", "image", "file", "password"})


class UnshowableError(ValueError):
    """A field began with a value that its page cannot show."""

    def __init__(self, field: str, value: object, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        #: The name of the value's type: a log must never show an answer.
        self.kind = type(value).__name__
        self.reason = reason


class _Controls(HTMLParser):
    """Collects what controls send, disabled ones included, passwords left out."""

    def __init__(self) -> None:
        super().__init__()
        self.sent: Raw = {}
        #: The names that controls send only while something is ticked or selected.
        self.silent: set[str] = set()
        #: True if there is a control that could send something.
        self.found = False
        #: The first options of selects of one choice, which browsers send if no option
        #: is marked as selected.
        self.first: Raw = {}
        self._select: tuple[str, bool] = ("", False)
        self._name = ""
        self._text: list[str] | None = None

    def handle_starttag(self, tag: str, attrs: Iterable[tuple[str, Any]]) -> None:
        given = dict(attrs)
        name = str(given.get("name") or "")
        if tag == "input" and name:
            self._input(name, given)
        elif tag == "select":
            self._select = name, "multiple" in given
            self.found = True
        elif tag == "option" and "selected" not in given:
            name, is_multiple = self._select
            if name and not is_multiple and "disabled" not in given:
                self.first.setdefault(name, [str(given.get("value") or "")])
        elif tag == "option" and "selected" in given and self._select[0]:
            self._name = self._select[0]
            if (value := given.get("value")) is not None:
                self._add(str(value))
            else:
                self._text = []
        elif tag == "textarea" and name:
            self._name, self._text = name, []

    def _input(self, name: str, given: dict[str, Any]) -> None:
        kind = str(given.get("type") or "text").lower()
        if kind in _SILENT:
            return
        self._name, self.found = name, True
        if kind not in ("checkbox", "radio"):
            text = str(given.get("value") or "")
            # Browsers take line breaks out of a line of text.
            plain = text if kind == "hidden" else "".join(text.splitlines())
            self._add(plain)
        elif "checked" in given:
            if kind == "checkbox":
                self.silent.add(name)
            self._add(str(given.get("value", "on")))

    def handle_data(self, data: str) -> None:
        if self._text is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        if tag == "textarea" and self._text is not None:
            text = "".join(self._text).replace("\r\n", "\n").removeprefix("\n")
            self.found = True
            self._end(text.replace("\n", "\r\n"))
        elif tag == "option" and self._text is not None:
            self._end("".join(self._text).strip())
        elif tag == "select":
            self._select = "", False

    def _end(self, text: str) -> None:
        self._text = None
        self._add(text)

    def _add(self, value: str) -> None:
        if self._select == (self._name, True):
            self.silent.add(self._name)
        self.sent.setdefault(self._name, []).append(value)


def untouched(
    fields: Iterable[Field], *, keep_choices: bool = False
) -> tuple[Raw, tuple[str, ...]]:
    """Return what the fields send as they are, by name, without passwords.

    The second part has the names of checkboxes and multiple choices, which send
    nothing once the visitor has cleared them. ``keep_choices`` keeps choices that are
    not offered, so that validation says so. Raise UnshowableError.
    """
    raw: Raw = {}
    silent: set[str] = set()
    for field in leaves(fields):
        if is_password(field):
            continue
        if field.process_errors:
            reason = "; ".join(map(str, field.process_errors))
            raise UnshowableError(field.name, field.object_data, reason)
        controls = _controls_of(field)
        if keep_choices and isinstance(field, SelectFieldBase):
            sent, chosen = controls.sent.get(field.name, []), _chosen(field)
            if len(sent) < len(chosen):  # it may not have its choices yet
                controls.sent[field.name] = chosen
                if isinstance(field, SelectMultipleField):
                    controls.silent.add(field.name)
        elif _loses(field, controls):
            raise UnshowableError(
                field.name, field.object_data, "it is not among the field's choices"
            )
        raw.update({**controls.first, **controls.sent})
        silent |= controls.silent
    # Without its marker a row of which nothing is sent would go.
    rows = [row for found in lists(fields) for row in found.entries]
    raw.update({row_marker(row): [""] for row in rows if needs_row_marker(row)})
    return raw, tuple(sorted(silent))


def _chosen(field: Any) -> list[str]:
    several = isinstance(field, SelectMultipleField)
    values = field.data if several else [field.data]
    return [str(value) for value in values or () if value is not None]


def _controls_of(field: Field) -> _Controls:
    controls = _Controls()
    try:
        drawn = str(field())
    except (AttributeError, TypeError, ValueError, ArithmeticError) as error:
        raise UnshowableError(
            field.name, field.object_data, f"drawing it raises a {type(error).__name__}"
        ) from error
    controls.feed(drawn)
    controls.close()
    sent, data = controls.sent.get(field.name), field.data
    if data is not None and not getattr(field, "validate_choice", True):
        values = data if isinstance(field, SelectMultipleField) else [data]
        missing = [str(value) for value in values if str(value) not in (sent or ())]
        if missing:
            controls.sent[field.name] = [*(sent or ()), *missing]
    return controls


def _loses(field: Any, controls: _Controls) -> bool:
    """True if the field began with a value of which its controls send less."""
    given = field.object_data
    if not controls.found or given is None or given == "" or given is False:
        return False
    default = field.default() if callable(field.default) else field.default
    if given is default or given == default:
        return False
    texts = [text for sent in controls.sent.values() for text in sent]
    if isinstance(field, SelectMultipleField):
        return len(texts) < len({*map(str, field.data or ())})
    return not any(texts) and bool(field.data)
