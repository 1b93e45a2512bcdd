"""Copies of the shipped templates in an application, and which of them lag behind."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import NamedTuple

from flask import Flask

from ..errors import ConfigurationError
from ..web.pages import PAGES
from ..web.state import EXTENSION
from ..web.themes import SHIPPED_THEMES

_MARK = re.compile(r"copied from (\S+) of flask_wizard (\S+) \(([0-9a-f]{12})\)")


class Lagging(NamedTuple):
    """A copy of a shipped template that has changed since."""

    #: Where the copy is.
    path: Path
    #: The name of the shipped template, such as ``flask_wizard/default/step.html``.
    original: str
    #: The version of the package that it was copied from.
    version: str


def shipped(app: Flask, theme: str = "default") -> list[str]:
    """Return the names of the templates of a theme that can be copied."""
    known = {*PAGES, "base", "macros"}
    prefix = f"flask_wizard/{theme}/"
    loader = app.blueprints[EXTENSION].jinja_loader
    names = loader.list_templates() if loader is not None else []
    ours = (name for name in names if name.startswith(prefix))
    return [n for n in ours if n.removeprefix(prefix).removesuffix(".html") in known]


def eject(
    app: Flask, names: Sequence[str], *, theme: str | None = None, force: bool = False
) -> list[Path]:
    """Copy templates such as ``step`` into the application; all of a theme if none.

    The theme is that of the configuration unless it is given. Pages that it has not are
    those of the default theme; its macros are its own, as those of another theme would
    take their place.

    A copy is ``templates/flask_wizard/step.html``, which every wizard of the
    application then uses. Its first line says what it was copied from. Return the
    paths of the copies. Raise ConfigurationError for an unknown name, and for a copy
    that is there already unless ``force`` is set; nothing is written then.
    """
    if app.template_folder is None:
        raise ConfigurationError(
            "The application has no folder of templates. Give it one: "
            "Flask(__name__, template_folder='templates')."
        )
    chosen = theme or str(app.config["WIZARD_THEME"])
    own = {_short(name): name for name in shipped(app, chosen)}
    if not own:
        raise ConfigurationError(
            f"The package has no theme {chosen!r}. It has {', '.join(SHIPPED_THEMES)}."
        )
    others = {_short(name): name for name in shipped(app)}
    pages = {name: path for name, path in others.items() if name in PAGES}
    by_name = dict(sorted({**pages, **own}.items()))
    wanted = [name.removesuffix(".html") for name in names] or list(by_name)
    if unknown := [name for name in wanted if name not in by_name]:
        raise ConfigurationError(
            f"There is no template {unknown[0]!r}. There are {', '.join(by_name)}."
        )
    folder = Path(app.root_path, app.template_folder, "flask_wizard")
    copies = {folder / f"{name}.html": by_name[name] for name in wanted}
    if not force and (there := [path for path in copies if path.exists()]):
        raise ConfigurationError(
            f"{there[0]} is there already. Add --force to replace it."
        )
    folder.mkdir(parents=True, exist_ok=True)
    for path, original in copies.items():
        path.write_text(_copy_of(app, original), encoding="utf-8")
    return list(copies)


def _short(name: str) -> str:
    return name.rpartition("/")[2].removesuffix(".html")


def lagging(app: Flask) -> Iterator[Lagging]:
    """Yield the copies in the application whose original has changed since."""
    if app.template_folder is None:
        return
    folder = Path(app.root_path, app.template_folder, "flask_wizard")
    for path in sorted(folder.rglob("*.html")):
        text = path.read_text(encoding="utf-8", errors="replace")
        first = text.partition("\n")[0]
        if (mark := _MARK.search(first)) and _digest(app, mark[1]) != mark[3]:
            yield Lagging(path, mark[1], mark[2])


def _copy_of(app: Flask, name: str) -> str:
    source = _source_of(app, name)
    environment = app.jinja_env
    start, end = environment.comment_start_string, environment.comment_end_string
    mark = f"copied from {name} of flask_wizard {_version()}"
    return f"{start} {mark} ({_digest(app, name)}) {end}\n{source}"


def _version() -> str:
    try:
        return version("flask-wizard-forms")
    except PackageNotFoundError:  # run from a checkout
        return "unreleased"


def _source_of(app: Flask, name: str) -> str:
    """Return a shipped template in the application's own delimiters."""
    loader = app.blueprints[EXTENSION].jinja_loader
    assert loader is not None  # it was given one
    return loader.get_source(app.jinja_env, name)[0]


def _digest(app: Flask, name: str) -> str:
    """Return a part of the digest of a shipped template; empty if it is gone."""
    if name not in shipped(app, name.split("/")[1] if "/" in name else ""):
        return ""
    return hashlib.sha256(_source_of(app, name).encode()).hexdigest()[:12]
