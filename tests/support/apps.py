"""Applications, as the fixture make_app makes them."""

from __future__ import annotations

from collections.abc import Callable
from types import CodeType
from typing import Any, Protocol

from flask import Flask
from jinja2 import BytecodeCache, Environment
from jinja2.bccache import Bucket
from jinja2.nodes import Template
from werkzeug.routing import Rule

from flask_wizard import Wizard


class Compiled(BytecodeCache):
    """Templates, compiled once for all the applications of a run."""

    def __init__(self) -> None:
        self._code: dict[tuple[str, str], CodeType | None] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        bucket.code = self._code.get((bucket.key, bucket.checksum))

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key, bucket.checksum] = bucket.code


COMPILED = Compiled()

parse = Environment.parse

#: Parsed templates, by all that Jinja parses them by.
PARSED: dict[object, Template] = {}


def parse_once(
    environment: Environment,
    source: str,
    name: str | None = None,
    filename: str | None = None,
) -> Template:
    """Parse a template, once for all the applications of a run.

    Each application reads its layout at its first page. Jinja compiles by other means.
    """
    key = (source, name, filename, environment.lexer, *environment.extensions)
    if key not in PARSED:
        PARSED[key] = parse(environment, source, name, filename)
    return PARSED[key]


#: The functions that build URLs, by all that Werkzeug compiles them of.
BUILDERS: dict[object, Callable[..., tuple[str, str]]] = {}


class CompiledRule(Rule):
    """A rule whose functions are compiled once for all the applications of a run.

    That takes as long as some requests. A Werkzeug that does it elsewhere has none of
    this called, and is slower.
    """

    def _compile_builder(
        self, append_unknown: bool = True
    ) -> Callable[..., tuple[str, str]]:
        if self.defaults:
            return super()._compile_builder(append_unknown)
        key = (self.rule, tuple(self._trace), append_unknown)
        if key not in BUILDERS:
            BUILDERS[key] = super()._compile_builder(append_unknown)
        return BUILDERS[key]


class MakeApp(Protocol):
    def __call__(
        self,
        wizard: type[Wizard] | None = None,
        *,
        prefix: str = "/join",
        unbound: tuple[str, ...] = (),
        store: object | None = None,
        uploads: Any = None,
        **config: object,
    ) -> Flask: ...


class MakeOnDisk(Protocol):
    def __call__(self, wizard: type[Wizard] = ..., **config: object) -> Flask: ...
