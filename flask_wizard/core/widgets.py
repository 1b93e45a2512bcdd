"""WTForms' own widgets, with attributes written without its formatter."""

from __future__ import annotations

from functools import cache, lru_cache
from types import FunctionType
from typing import Any

from markupsafe import Markup, escape
from wtforms.fields import Flags
from wtforms.widgets import core

from .fields import needs_row_marker, row_marker

clean_key: Any = core.clean_key  # type: ignore[attr-defined]  # newer than the stubs


def html_params(**attributes: object) -> Markup:
    """Write attributes as ``wtforms.widgets.html_params`` does, character by character.

    That one formats each with ``string.Formatter``: a quarter of all that a page costs.
    """
    written: list[str] = []
    for key, value in sorted(attributes.items()):
        if value is True:
            written.append(_name(key))
        elif value is not False:
            quoted = str.replace(escape(value), '"', "&quot;")
            written.append(f'{_name(key)}="{quoted}"')
    return Markup(" ".join(written))  # noqa: S704  # escaped above


@lru_cache(maxsize=256, typed=True)  # a safe string is not the same as its text
def _name(key: str) -> str:
    return str(escape(clean_key(key)))


def render_field(field: Any, render_kw: dict[str, Any]) -> Any:
    """Do as ``DefaultMeta.render_field``, with the widget's quicker version."""
    own = field.render_kw or {}
    attributes = {clean_key(key): value for key, value in own.items()}
    attributes |= {clean_key(key): value for key, value in render_kw.items()}
    if type(field.flags) is Flags:
        field.flags.__class__ = _Flags
    drawn = _quicker(field.widget)(field, **attributes)
    # Only entries of lists have an index.
    if "index" in field.__dict__ and needs_row_marker(field):
        return Markup("{}{}").format(drawn, draw_row_marker(field))
    return drawn


class _Flags(Flags):
    """Flags whose ``dir()``, which widgets go through, leaves out the class's names."""

    def __dir__(self) -> list[str]:
        return ["__dict__", *vars(self)]  # no widget may be spared its look at a name


def draw_row_marker(entry: Any) -> Markup:
    """Return the hidden input that says that a page has this entry of a list."""
    name = html_params(name=row_marker(entry), value="")
    return Markup(f'<input type="hidden" {name} autocomplete="off">')  # noqa: S704  # by WTForms


def _quicker(widget: Any) -> Any:
    """The widget, in a version that calls our ``html_params``.

    Widgets that are not WTForms' own are left alone: they may look at their class.
    """
    widget_class: Any = type(widget)
    if widget_class.__module__ != core.__name__:
        return widget
    version: Any = object.__new__(_version(widget_class))
    version.__dict__ = widget.__dict__
    return version


@cache
def _version(widget_class: type) -> type:
    """A subclass that differs in what it calls for ``html_params``.

    Inputs and buttons ask themselves for it. Others ask their module, so that their
    methods are made anew, of the same code with other globals.
    """
    made: dict[str, Any] = {}
    if getattr(widget_class, "html_params", None) is _THEIRS:
        made["html_params"] = staticmethod(html_params)
    for name, member in vars(widget_class).items():
        function = getattr(member, "__func__", member)
        if isinstance(function, FunctionType) and _asks_module(function):
            again = _with_html_params(function)
            made[name] = classmethod(again) if function is not member else again
    if _FIND_RENDER_OPTION in vars(widget_class):
        # It looks at each call for a signature that only an application's has.
        made[_FIND_RENDER_OPTION] = classmethod(lambda select: select.render_option)
    return type(widget_class.__name__, (widget_class,), made)


def _asks_module(function: FunctionType) -> bool:
    names, module = function.__code__.co_names, function.__globals__
    return "html_params" in names and module.get("html_params") is _THEIRS


def _with_html_params(function: FunctionType) -> FunctionType:
    return FunctionType(
        function.__code__,
        {**function.__globals__, "html_params": html_params},
        function.__name__,
        function.__defaults__,
        function.__closure__,
    )


_THEIRS = core.html_params  # what an application has put in its place is kept
_FIND_RENDER_OPTION = "_dispatch_render_option"
