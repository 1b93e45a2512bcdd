"""The fields of a form as data: what each asks, what it holds, what is sent of it."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from markupsafe import Markup
from wtforms.fields import Field, SelectMultipleField

from ..core.date_boxes import DateBoxesField
from ..core.drawn import DrawnControl, DrawnOption, draws
from ..core.fields import (
    first_id,
    is_locked,
    needs_row_marker,
    render_kw,
    row_marker,
)
from ..core.only_if import cause_of, is_left_out
from .controls import Control, control

Data = dict[str, Any]

_TOLD_APART = frozenset(
    (
        *("id", "name", "type", "value", "class", "style", "form", "selected"),
        *("checked", "required", "disabled", "readonly", "multiple"),
        *("data-show", "data-hide", "data-row", "dir"),
    )
)
"""The attributes that say what other keys say, or how the page looks."""


def plain(text: object) -> str:
    """Return a text without HTML. What is no HTML, such as "a < b", stays as it is."""
    is_html = hasattr(text, "__html__")
    return Markup(text).striptags() if is_html else str(text)  # noqa: S704  # stripped


class FormData:
    """The fields of a form, and the values of its hidden inputs."""

    def __init__(self, form: Iterable[Field], kept: Collection[str]) -> None:
        #: What hidden inputs send, by name.
        self.hidden: dict[str, list[str]] = {}
        #: The names of the fields by the ids of the controls that errors link to.
        self.names: dict[str, str] = {}
        self._kept = kept
        self.fields: list[Data] = self._all(control(field, kept=kept) for field in form)

    def _all(self, controls: Iterable[Control]) -> list[Data]:
        return [data for each in controls if (data := self._field(each)) is not None]

    def _field(self, shown: Control) -> Data | None:
        """Return a field as data; None if nobody sees it."""
        if target := first_id(shown.field):
            self.names.setdefault(target, shown.field.name)
        if shown.kind == "skip":
            return None
        if shown.kind == "hidden":
            self._all(shown.parts)
            if not shown.parts:
                self._hide(_draws(shown))
            return None
        data: Data = {
            "name": shown.field.name,
            "kind": shown.kind,
            "label": plain(shown.label),
            "hint": plain(shown.hint),
            "required": _is_required(shown, self._kept),
            "value": None,
            "errors": [plain(error) for error in shown.errors],
        }
        if isinstance(shown.field, DateBoxesField):
            data |= self._date(shown, shown.field)
        elif shown.kind in ("form", "list"):
            data["fields"] = self._all(shown.parts)
        elif shown.kind == "content":
            data["html"] = str(shown.field(**shown.attributes))
            self._hide(_draws(shown))
        else:
            data |= self._drawn(shown)
        self._hide(draws(shown.row_marker))
        if needs_row_marker(shown.field):
            data["marker"] = row_marker(shown.field)
        return data | self._more(shown)

    def _date(self, shown: Control, field: DateBoxesField) -> Data:
        """Return a date that is drawn as three boxes: one string, where it can be."""
        whole = field.whole
        if whole is None:
            return {"kind": "form", "fields": self._all(shown.parts)}
        is_date = not whole or (field.data is not None and whole == str(field.data))
        data: Data = {"kind": "date" if is_date else "text", "value": whole}
        (box, *_) = _draws(shown.parts[0])
        if box.is_disabled:
            data |= {"value": None, "disabled": True, "shown": whole}
        if "readonly" in box.attributes:
            data["readonly"] = True
        if token := render_kw(field).get("autocomplete"):
            data["attributes"] = {"autocomplete": token}
        return data

    def _more(self, shown: Control) -> Data:
        """Return the keys that only some fields have."""
        more: Data = {}
        if shown.files:
            more["files"] = [
                {
                    "id": file.id,
                    "name": file.name,
                    "size": file.byte_count,
                    "url": file.url,
                    "action": file.action or None,
                }
                for file in shown.files
            ]
        if shown.field.name in self._kept:
            more["kept"] = True
        if shown.longest:
            more["longest"] = shown.longest
        if (cause := cause_of(shown.field)) is not None:
            more["only_if"] = {
                "field": cause.name,
                "values": list(shown.only_if.values) if shown.only_if else None,
                "holds": not is_left_out(shown.field),
            }
        return more

    def _hide(self, drawn: Iterable[DrawnControl]) -> None:
        for each in drawn:
            for value in each.sent:
                self.hidden.setdefault(each.name, []).append(value)

    def _drawn(self, shown: Control) -> Data:
        """Return what the controls of a field say: one as itself, several as parts."""
        drawn = _draws(shown)
        self._hide(each for each in drawn if each.kind == "hidden")
        is_group = shown.kind == "group"
        found = [
            _control(group, is_group=is_group)
            for group in _by_name(each for each in drawn if each.kind != "hidden")
        ]
        if not found:  # a group without choices
            if isinstance(shown.field, SelectMultipleField):
                return {"kind": "checkboxes", "value": [], "options": []}
            return {"kind": "radio", "value": None, "options": []}
        if len(found) > 1:
            common: Data = {"hint": "", "required": False, "errors": []}
            return {"kind": "form", "fields": [common | each for each in found]}
        if found[0]["kind"] == "file":
            found[0]["files"] = []
        if found[0]["kind"] == "checkbox":
            found[0]["options"][0]["label"] = plain(shown.label)
        if shown.asks_whether and not shown.is_answered:
            found[0]["value"] = ""
        del found[0]["label"]
        return found[0] | _suggestions(shown.field)


def _draws(shown: Control) -> list[DrawnControl]:
    """Return the controls that a page draws for a field."""
    if not shown.options:
        return draws(str(shown.field(**shown.attributes)))
    found: list[DrawnControl] = []
    for option in shown.options:
        drawn = draws(str(option.field(**option.attributes)))
        for each in drawn:
            each.label = plain(option.label)
        found += drawn
    return found


def _by_name(drawn: Iterable[DrawnControl]) -> Iterable[list[DrawnControl]]:
    """Return the controls one by one, and those to be ticked by their names."""
    groups: dict[object, list[DrawnControl]] = {}
    for each in drawn:
        is_ticked = each.kind in ("checkbox", "radio")
        key = (each.kind, each.name) if is_ticked else id(each)
        groups.setdefault(key, []).append(each)
    return groups.values()


def _control(group: list[DrawnControl], *, is_group: bool) -> Data:
    """Return a control, or radio buttons or checkboxes of one name, as data."""
    first = group[0]
    if first.kind not in ("checkbox", "radio"):
        return _single(first)
    several = first.kind == "checkbox" and (is_group or len(group) > 1)
    sent = [value for each in group for value in each.sent]
    shown = [value for each in group for value in each.shown]
    data: Data = {
        "name": first.name,
        "kind": "checkboxes" if several else first.kind,
        "label": first.label if len(group) == 1 and not is_group else "",
        "value": sent if several else next(reversed(sent), None),
        "options": [
            {"value": each.value, "label": each.label}
            | ({"disabled": True} if each.is_disabled else {})
            for each in group
        ],
    }
    if all(each.is_disabled for each in group):
        data["disabled"] = True
        data["shown"] = shown if several else next(reversed(shown), None)
    return data


def _single(drawn: DrawnControl) -> Data:
    is_list = drawn.kind == "select" and drawn.is_multiple
    data: Data = {
        "name": drawn.name,
        "kind": drawn.kind,
        "label": drawn.label,
        "value": drawn.sent if is_list else next(iter(drawn.sent), None),
    }
    if drawn.is_disabled:
        data["disabled"] = True
        data["shown"] = drawn.shown if is_list else next(iter(drawn.shown), None)
    if "readonly" in drawn.attributes:
        data["readonly"] = True
    if drawn.is_multiple:
        data["multiple"] = True
    if drawn.kind == "select":
        data["options"] = [_option(option) for option in drawn.options]
    attributes = {
        name: value
        for name, value in drawn.attributes.items()
        if name not in _TOLD_APART
        and not name.startswith(("aria-", "on"))
        and (name != "size" or drawn.kind == "select")
    }
    if attributes:
        data["attributes"] = attributes
    return data


def _option(option: DrawnOption) -> Data:
    data: Data = {"value": option.value, "label": option.label}
    if option.group:
        data["group"] = option.group
    if option.disabled:
        data["disabled"] = True
    return data


def _suggestions(field: Field) -> Data:
    html = str(field.datalist())  # type: ignore[attr-defined]  # newer than the stubs
    if not html:
        return {}
    (drawn,) = draws(f'<select name="{field.short_name}">{html}</select>')
    return {"suggestions": [option.value for option in drawn.options]}


def _is_required(shown: Control, kept: Collection[str]) -> bool:
    """True if the page refuses the field while it is blank."""
    field = shown.field
    if shown.files or field.name in kept or is_locked(field):
        return False
    if shown.kind == "checkbox":
        return bool(field.flags.required)
    is_asked = shown.kind in ("input", "group") or isinstance(field, DateBoxesField)
    return is_asked and not shown.optional
