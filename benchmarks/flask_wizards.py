"""flask_wizard, with its drafts in SQLite, in cachelib's files or in memory."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

from cachelib import FileSystemCache, SimpleCache
from flask import Flask

from benchmarks.questions import SECRET_KEY, form_classes, title_of
from flask_wizard import Answers, FlaskWizard, Review, Step, Submission, Wizard
from flask_wizard.stores import DraftStore, new_version
from flask_wizard.stores.files import FileStore
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.stores.sqlite import SQLiteStore

SAVED = "drafts.sqlite3"
LIFETIME = 24 * 60 * 60  # seconds

STORES: dict[str, Callable[[Path], DraftStore]] = {
    "sqlite": lambda folder: SQLiteStore(folder / "store.sqlite3"),
    "files": lambda folder: FileStore(FileSystemCache(str(folder), threshold=0)),
    "memory": lambda folder: MemoryStore(SimpleCache()),
}


def reads_all(answers: Answers) -> bool:
    return all(answers[name].age for name in answers)


def declare(steps: int, *, conditions: bool, committed: list[Any]) -> type[Wizard]:
    """A wizard of so many steps, each with a condition that reads all before it."""

    def commit(self: Wizard, submission: Submission) -> str:
        committed.append(submission.data)
        return "/thanks"

    body: dict[str, object] = {"title": "Benchmark", "commit": commit}
    for position, (name, form) in enumerate(form_classes(steps).items()):
        when = reads_all if conditions and position else None
        body[name] = Step(form, title=title_of(name), when=when)
    body["check"] = Review()
    return type("Benchmark", (Wizard,), body)


class Wizards:
    """An application with one wizard. ``committed`` holds what came out of it."""

    first = "/join/"
    after_check: tuple[str, ...] = ()

    def __init__(
        self, folder: Path, *, steps: int, conditions: bool, store: str
    ) -> None:
        self.folder = folder
        self.committed: list[Any] = []
        self.store = STORES[store](folder)
        self.wsgi = Flask("benchmark", root_path=str(folder), instance_path=str(folder))
        self.wsgi.config["SECRET_KEY"] = SECRET_KEY
        self.wsgi.logger.disabled = True  # that memory forgets is known here
        FlaskWizard(self.wsgi, store=self.store)
        wizard = declare(steps, conditions=conditions, committed=self.committed)
        self.wsgi.register_blueprint(wizard.as_blueprint("join"), url_prefix="/join")
        self.wsgi.add_url_rule("/thanks", "thanks", lambda: "Thank you")

    def typed(self, step: str, answers: Mapping[str, str]) -> Mapping[str, str]:
        return {**answers, "_action": "next"}

    def save(self, folder: Path) -> None:
        """Copy all drafts; only SQLite can tell which there are."""
        source = sqlite3.connect(self.folder / "store.sqlite3")
        with closing(source), closing(sqlite3.connect(folder / SAVED)) as copy:
            source.backup(copy)

    def load(self, folder: Path) -> None:
        """Have the drafts that were saved, by the calls that every store has."""
        with closing(sqlite3.connect(folder / SAVED)) as saved:
            rows = saved.execute("SELECT key, blob FROM wizard_drafts").fetchall()
        for key, blob in rows:
            version = new_version()
            if (found := self.store.load(key)) is not None:
                self.store.replace(key, blob, version, found[1], LIFETIME)
            else:
                self.store.create(key, blob, version, LIFETIME)
