"""Applications, as the fixture make_app makes them."""

from __future__ import annotations

from typing import Protocol

from flask import Flask
from jinja2 import BytecodeCache
from jinja2.bccache import Bucket

from flask_wizard import Wizard


class Compiled(BytecodeCache):
    """Templates, compiled once for all the applications of a run."""

    def __init__(self) -> None:
        self._code: dict[str, bytes] = {}

    def load_bytecode(self, bucket: Bucket) -> None:
        if code := self._code.get(bucket.key):
            bucket.bytecode_from_string(code)

    def dump_bytecode(self, bucket: Bucket) -> None:
        self._code[bucket.key] = bucket.bytecode_to_string()


COMPILED = Compiled()


class MakeApp(Protocol):
    def __call__(
        self,
        wizard: type[Wizard] | None = None,
        *,
        prefix: str = "/join",
        unbound: tuple[str, ...] = (),
        store: object | None = None,
        **config: object,
    ) -> Flask: ...


class MakeOnDisk(Protocol):
    def __call__(self, wizard: type[Wizard] = ..., **config: object) -> Flask: ...
