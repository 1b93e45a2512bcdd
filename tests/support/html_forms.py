"""Random pages with a form, in which there is everything that a submission heeds."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

NAMES = st.sampled_from(
    ("a", "b", "b", "c-0-d", "e[]", "é", "~*", "", "_charset_", "n\nl")
)
TEXTS = st.sampled_from(
    (
        *("", "x", " x ", "a b", "é&<>\"'", "~*-._", "1\n2", "\n", "🦘"),
        *("5", "-1.5e2", ".5", "1e400", "500", "50", "0.25", " a@b.c , d@e.f "),
        *("2026-03-04", "2026-02-31", "2026-03", "2026-W10", "2026-W53", "2026-W54"),
        *("14:30", "24:00", "14:30:05.5", "2026-03-04T14:30", "2026-03-04 14:30:00"),
        *("#336699", "#ABCDEF", "nope"),
    )
)
TYPES = st.sampled_from(
    (
        *("text", "hidden", "search", "tel", "url", "email", "password", "date"),
        *("month", "week", "time", "datetime-local", "number", "range", "color"),
        *("checkbox", "checkbox", "radio", "radio", "file", "submit", "reset"),
        *("button", "TEXT", "odd"),
    )
)


def _tag(
    name: str, attributes: Mapping[str, str | None], inner: str | None = None
) -> str:
    drawn = "".join(
        f" {key}" if value == "" else f' {key}="{escape(value)}"'
        for key, value in attributes.items()
        if value is not None
    )
    return f"<{name}{drawn}>" + ("" if inner is None else f"{inner}</{name}>")


def _flag(draw: st.DrawFn, *, often: int = 4) -> str | None:
    return "" if draw(st.integers(0, often)) == 0 else None


def _common(draw: st.DrawFn) -> dict[str, str | None]:
    return {
        "name": draw(NAMES),
        "disabled": _flag(draw, often=7),
        "readonly": _flag(draw, often=7),
        "form": draw(st.sampled_from((None, None, None, None, "f", "g", "nope"))),
    }


@st.composite
def _inputs(draw: st.DrawFn) -> str:
    kind = draw(TYPES)
    own: dict[str, str | None] = {
        "type": kind,
        "value": draw(st.none() | TEXTS),
        "checked": _flag(draw, often=1),
        "multiple": _flag(draw),
    }
    if kind == "range":
        # A step that does not fit is rounded by the browser, in binary.
        own["value"] = draw(st.sampled_from((None, "0", "7", "50", "100", "500", "-3")))
    if kind in ("text", "search"):
        # Not an empty one: for it Chromium sends a direction, against the standard.
        own["dirname"] = draw(st.sampled_from((None, None, None, "dir")))
    if kind == "color":
        own["value"] = draw(st.sampled_from((None, "", "#336699", "#ABCDEF", "nope")))
    if kind == "submit" and own["value"] is None:
        # Without one Chromium sends the button's label, against the standard.
        own["value"] = "send"
    return _tag("input", {**_common(draw), **own})


@st.composite
def _options(draw: st.DrawFn) -> str:
    value = draw(st.none() | TEXTS)
    own = {
        "value": value,
        "selected": _flag(draw, often=2),
        "disabled": _flag(draw),
    }
    return _tag("option", own, escape(draw(TEXTS)))


@st.composite
def _selects(draw: st.DrawFn) -> str:
    parts = []
    for options in draw(st.lists(st.lists(_options(), max_size=3), max_size=3)):
        inside = "".join(options)
        if draw(st.booleans()):
            inside = _tag("optgroup", {"disabled": _flag(draw)}, inside)
        parts.append(inside)
    own = {
        "multiple": _flag(draw, often=2),
        "size": draw(st.sampled_from((None, None, "1", "3"))),
    }
    return _tag("select", {**_common(draw), **own}, "".join(parts))


@st.composite
def _textareas(draw: st.DrawFn) -> str:
    return _tag("textarea", _common(draw), escape(draw(TEXTS)))


@st.composite
def _buttons(draw: st.DrawFn) -> str:
    kind = draw(st.sampled_from((None, "submit", "reset", "button", "odd")))
    return _tag("button", {**_common(draw), "type": kind, "value": draw(TEXTS)}, "Go")


CONTROLS: SearchStrategy[str] = st.one_of(
    _inputs(), _inputs(), _selects(), _textareas(), _buttons()
)


@st.composite
def _fieldsets(draw: st.DrawFn, inside: SearchStrategy[str]) -> str:
    legends = "".join(
        _tag("legend", {}, draw(CONTROLS)) for _ in range(draw(st.integers(0, 2)))
    )
    inner = "".join(draw(st.lists(inside, max_size=3)))
    # Not in a datalist, whose controls Chromium sends, against the standard.
    wrapper = draw(st.sampled_from(("fieldset", "fieldset", "div")))
    own = {"disabled": _flag(draw, often=2)} if wrapper == "fieldset" else {}
    return _tag(wrapper, own, legends + inner)


@st.composite
def html_forms(draw: st.DrawFn) -> str:
    """A page whose first form has any controls, some of them outside of it."""
    parts = st.recursive(CONTROLS, _fieldsets, max_leaves=8)
    inside = "".join(draw(st.lists(parts, max_size=8)))
    outside = "".join(draw(st.lists(CONTROLS, max_size=2)))
    own = {"id": "f", "method": "post", "action": "/sent"}
    return (
        "<!doctype html><meta charset=utf-8><title>Form</title>"
        + _tag("form", own, inside)
        + outside
        + _tag("form", {"id": "g"}, "")
    )
