"""Which contenders there are, and how each is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from importlib import import_module
from types import MappingProxyType
from typing import Any, NamedTuple

from benchmarks.walk import Contender


class Entry(NamedTuple):
    """A contender's class by module and name, imported when it is its turn.

    ``walked_by`` names the contender whose walk it goes on from. A walk without
    conditions serves for both, unless it ``keeps_reads`` of what they read.
    """

    module: str
    name: str
    title: str
    walked_by: str
    keeps_reads: bool = False
    options: Mapping[str, Any] = MappingProxyType({})

    @property
    def make(self) -> Callable[..., Contender]:
        found = getattr(import_module(f"benchmarks.{self.module}"), self.name)
        return partial(found, **self.options)


FLOOR, DURABLE, HAND_ROLLED = "floor", "durable", "hand-rolled"
FORMTOOLS = "formtools"
SQLITE, FILES, MEMORY = "sqlite", "files", "memory"


def _ours(store: str, title: str) -> Entry:
    return Entry(
        "flask_wizards",
        "Wizards",
        f"flask_wizard, {title}",
        walked_by=SQLITE,
        keeps_reads=True,
        options={"store": store},
    )


CONTENDERS = {
    FLOOR: Entry("floor", "Floor", "by hand, nothing stored", FLOOR),
    DURABLE: Entry("durable", "Durable", "by hand, SQLite, encrypted", DURABLE),
    HAND_ROLLED: Entry(
        "hand_rolled", "HandRolled", "by hand, Flask-Session", HAND_ROLLED
    ),
    FORMTOOLS: Entry(
        "formtools_wizard", "FormtoolsWizard", "django-formtools", FORMTOOLS
    ),
    SQLITE: _ours(SQLITE, "SQLite"),
    FILES: _ours(FILES, "files"),
    MEMORY: _ours(MEMORY, "memory"),
}
