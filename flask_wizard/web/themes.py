"""Themes: folders of templates, and the macros that pages are built of."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, Template, TemplateNotFound, nodes

if TYPE_CHECKING:
    from ..wizard import Wizard

DEFAULT_THEME = "default"

SHIPPED_THEMES = (DEFAULT_THEME,)

DEFAULT_MACROS = (f"flask_wizard/{DEFAULT_THEME}/macros.html",)


class Macros:
    """The macros of a theme, laid over those of the default theme.

    Every macro has them as ``wizard_macros``. So a macro of the default theme calls
    those that another theme has put in the place of its own.
    """

    def __init__(self, templates: Iterable[Template]) -> None:
        """``templates`` come the most general first. A later one replaces macros."""
        for template in templates:
            module = vars(template.make_module({"wizard_macros": self}))
            vars(self).update(
                (n, m) for n, m in module.items() if not n.startswith("_")
            )

    def __getattr__(self, name: str) -> Any:
        """Raise AttributeError, as no template has a macro of this name."""
        raise AttributeError(f"There is no macro {name!r} in the templates of macros.")


def macros_of(names: Iterable[str], environment: Environment) -> Macros:
    """Return the macros of those of the templates that exist, the most special first.

    Where several have a macro of one name, the first of them counts.
    """
    found = []
    for name in names:
        try:
            found.append(environment.get_template(name))
        except TemplateNotFound:
            continue
    return Macros(reversed(found))


def theme_of(wizard: Wizard, config: Mapping[str, Any]) -> str:
    """Return the name of a wizard's theme: its own, or that of the application."""
    return wizard.theme or str(config["WIZARD_THEME"])


def is_there(name: str, environment: Environment) -> bool:
    """True if there is a template of this name. It need not compile."""
    try:  # without compiling it: a page shows the errors in its own template
        loader = environment.loader
        return loader is not None and bool(loader.get_source(environment, name))
    except TemplateNotFound:
        return False


def blocks_of(layout: str, environment: Environment) -> frozenset[str] | None:
    """Return the names of the blocks that a layout shows, with those that it extends.

    ``None`` if it is chosen at each page what it extends. A block that it shows as
    ``self.title()`` is among them.
    """
    found: set[str] = set()
    name: object = layout
    while isinstance(name, str) and environment.loader is not None:
        source = environment.loader.get_source(environment, name)[0]
        tree = environment.parse(source, name)
        found.update(block.name for block in tree.find_all(nodes.Block))
        for call in tree.find_all(nodes.Getattr):
            if isinstance(call.node, nodes.Name) and call.node.name == "self":
                found.add(call.attr)
        extends = tree.find(nodes.Extends)
        if extends is None:
            return frozenset(found)
        name = getattr(extends.template, "value", None)
    return None
