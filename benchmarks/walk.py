"""Walk: fill in a contender's steps once, and keep how things stand on the way."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

from benchmarks.browser import Browser
from benchmarks.questions import ANSWERS, step_names

CHECK = "check"


class Contender(Protocol):
    """An application that asks the questions, and what it keeps.

    ``first`` is the path where a journey begins. ``after_check`` are the paths to ask
    for after the check page was sent, until the answers are in ``committed``.
    """

    wsgi: Any
    first: str
    after_check: tuple[str, ...]
    committed: list[Any]

    def typed(self, step: str, answers: Mapping[str, str]) -> Mapping[str, str]:
        """What a browser sends for a page: its fields, by name, and its button."""

    def save(self, folder: Path) -> None:
        """Copy everything that is stored into an empty folder."""

    def load(self, folder: Path) -> None:
        """Have stored again what was saved."""


@dataclass(frozen=True)
class Standing:
    """A visitor on a page: where, with which cookies, what hidden in its form."""

    path: str
    cookies: dict[str, str]
    hidden: dict[str, str]

    @classmethod
    def of(cls, browser: Browser) -> Standing:
        return cls(browser.path, browser.cookies, browser.hidden)

    @classmethod
    def load(cls, folder: Path) -> Standing:
        return cls(**json.loads((folder / "standing.json").read_text()))

    def save(self, folder: Path) -> None:
        (folder / "standing.json").write_text(json.dumps(asdict(self)))


def copy_files(source: Path, target: Path) -> None:
    """Copy what a contender keeps in files, over what is there."""
    shutil.copytree(source, target, dirs_exist_ok=True)


def points(steps: int) -> tuple[str, ...]:
    """The pages that are measured: step 2, the last step and the check page."""
    return ("step2", f"step{steps}", CHECK)


def walk(contender: Contender, folder: Path, *, steps: int) -> None:
    """Fill in every step; save how things stand at each point, below ``folder``."""
    browser = Browser(contender.wsgi)
    browser.open(contender.first)
    for name in [*step_names(steps), CHECK]:
        if name in points(steps):
            saved = folder / name
            saved.mkdir()
            contender.save(saved)
            Standing.of(browser).save(saved)
        if name != CHECK:
            browser.press(contender.typed(name, ANSWERS[0]))
