"""Durable: views like the floor's that keep a draft, with nothing that it can lack.

One row of SQLite has what was typed, encrypted. Each request checks who holds the
draft and that the steps before are done; each write fails if another came first.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
import sqlite3
import threading
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from itertools import compress
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from flask import Flask, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm
from msgspec.msgpack import decode, encode
from werkzeug.datastructures import MultiDict

from benchmarks.questions import (
    SECRET_KEY,
    Answers,
    form_classes,
    rows_of,
    step_names,
    title_of,
)

SAVED = "drafts.sqlite3"
KEY = hashlib.sha256(SECRET_KEY.encode()).digest()
SCHEMA = "CREATE TABLE IF NOT EXISTS drafts (id TEXT PRIMARY KEY, version INT, blob)"
LOAD = "SELECT version, blob FROM drafts WHERE id = ?"
CREATE = "INSERT OR REPLACE INTO drafts VALUES (?, ?, ?)"
REPLACE = (
    "UPDATE drafts SET version = version + 1, blob = ? WHERE id = ? AND version = ?"
)
END = "DELETE FROM drafts WHERE (id, version) = (?, ?)"


@dataclass(frozen=True)
class Draft:
    """What one visitor has typed, for steps that were accepted.

    A step's fields stay encoded until its form is bound.
    """

    id: str
    version: int
    typed: dict[str, bytes]


class Drafts:
    """Drafts in an SQLite file, each encrypted together with its holder's hash."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._local = threading.local()
        self._cipher = AESGCM(KEY)

    def connection(self) -> sqlite3.Connection:
        """This thread's connection, with WAL as in the package's store."""
        opened: sqlite3.Connection | None = getattr(self._local, "opened", None)
        if opened is None:
            opened = sqlite3.connect(self._path, timeout=5, isolation_level=None)
            opened.execute("PRAGMA journal_mode = WAL")
            opened.execute("PRAGMA synchronous = NORMAL")
            opened.execute(SCHEMA)
            self._local.opened = opened
        return opened

    def run(self, sql: str, *parameters: object) -> sqlite3.Cursor:
        return self.connection().execute(sql, parameters)

    def start(self) -> str:
        draft_id = secrets.token_urlsafe(16)
        session["holder"] = secrets.token_urlsafe(32)
        self.run(CREATE, draft_id, 0, self._encrypt(draft_id, {}))
        return draft_id

    def load(self, draft_id: str) -> Draft:
        row = self.run(LOAD, draft_id).fetchone()
        if row is None:
            abort(404)
        nonce, encrypted = row[1][:12], row[1][12:]
        plain = self._cipher.decrypt(nonce, encrypted, draft_id.encode())
        holder, typed = decode(plain)
        if not hmac.compare_digest(holder, _holder()):
            abort(404)
        return Draft(draft_id, row[0], typed)

    def replace(self, draft: Draft) -> None:
        blob = self._encrypt(draft.id, draft.typed)
        if not self.run(REPLACE, blob, draft.id, draft.version).rowcount:
            abort(409)

    def end(self, draft: Draft) -> None:
        if not self.run(END, draft.id, draft.version).rowcount:
            abort(409)

    def _encrypt(self, draft_id: str, typed: dict[str, bytes]) -> bytes:
        plain, nonce = encode((_holder(), typed)), os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, plain, draft_id.encode())


def _holder() -> bytes:
    """The hash of the token that the session has."""
    return hashlib.sha256(session.get("holder", "").encode()).digest()


def create_app(
    drafts: Drafts, steps: int, *, conditions: bool, committed: list[Any]
) -> Flask:
    app = Flask(__name__, template_folder="templates/flask")
    app.config["SECRET_KEY"] = SECRET_KEY
    forms = form_classes(steps)
    names = step_names(steps)
    every_page = [*names, "check"]

    def kept(name: str, draft: Draft) -> MultiDict[str, str]:
        return MultiDict(decode(draft.typed[name]))

    def bound(name: str, draft: Draft) -> FlaskForm:
        """The form with what was typed, whose token was checked when it came."""
        return forms[name](kept(name, draft), meta={"csrf": False})

    def ages(draft: Draft) -> dict[str, Any]:
        """What conditions read."""
        given = draft.typed if conditions else ()
        return {name: bound(name, draft).age.data for name in given}

    def path(ages: Mapping[str, Any]) -> list[str]:
        """The steps that apply, with the check page at the end."""
        if not conditions:
            return every_page
        reads = (all(map(ages.get, names[:position])) for position in range(steps))
        return [*compress(names, reads), "check"]

    def gate(name: str, pages: list[str], draft: Draft) -> int:
        """Where the step is on the path, if all before it are done."""
        position = pages.index(name) if name in pages else abort(404)
        if not all(map(draft.typed.__contains__, pages[:position])):
            abort(404)
        return position

    def answers(draft: Draft) -> dict[str, Answers]:
        """What all steps of the path make of what was typed, validated again."""
        pages = path(ages(draft))
        gate("check", pages, draft)
        filled_in = {name: bound(name, draft) for name in pages[:-1]}
        if not all(form.validate() for form in filled_in.values()):
            abort(409)
        return {name: form.data for name, form in filled_in.items()}

    @app.url_defaults
    def same_draft(endpoint: str, values: dict[str, Any]) -> None:
        """Links in the templates name steps only."""
        if draft_id := (request.view_args or {}).get("draft_id"):
            values.setdefault("draft_id", draft_id)

    @app.route("/join/")
    def start() -> ResponseReturnValue:
        return redirect(url_for("step", draft_id=drafts.start(), name=names[0]), 303)

    @app.route("/join/<draft_id>/<name>", methods=["GET", "POST"])
    def step(draft_id: str, name: str) -> ResponseReturnValue:
        draft = drafts.load(draft_id)
        read = ages(draft)
        pages = path(read)
        position = gate(name, pages, draft)
        is_kept = request.method == "GET" and name in draft.typed
        form = forms[name](kept(name, draft)) if is_kept else forms[name]()
        if form.validate_on_submit():
            sent = request.form.items()
            own = {n: text for n, text in sent if n in form and n != "csrf_token"}
            draft.typed[name] = encode(own)
            drafts.replace(draft)
            following = path({**read, name: form.age.data})[position + 1]
            return redirect(url_for("step", name=following), 303)
        return render_template(
            "step.html",
            form=form,
            title=title_of(name),
            number=position + 1,
            total=len(pages),
            back=pages[position - 1] if position else None,
            button="Continue",
        )

    @app.route("/join/<draft_id>/check", methods=["GET", "POST"])
    def check(draft_id: str) -> ResponseReturnValue:
        draft = drafts.load(draft_id)
        given = answers(draft)
        form = FlaskForm()
        if form.validate_on_submit():
            drafts.end(draft)
            committed.append(given)
            return redirect("/thanks", 303)
        return render_template(
            "check.html",
            form=form,
            groups=[(name, title_of(name), rows_of(given[name])) for name in given],
            title="Check your answers",
            number=len(given) + 1,
            total=len(given) + 1,
            back=[*given][-1],
            button="Confirm and send",
        )

    @app.route("/thanks")
    def thanks() -> ResponseReturnValue:
        return "Thank you"

    return app


class Durable:
    """What an application would have to write to lose nothing, and no more."""

    first = "/join/"
    after_check: tuple[str, ...] = ()

    def __init__(self, folder: Path, *, steps: int, conditions: bool) -> None:
        self.committed: list[Any] = []
        self._drafts = Drafts(folder / "store.sqlite3")
        self.wsgi = create_app(
            self._drafts, steps, conditions=conditions, committed=self.committed
        )

    def typed(self, step: str, answers: Mapping[str, str]) -> Mapping[str, str]:
        return answers

    def save(self, folder: Path) -> None:
        with closing(sqlite3.connect(folder / SAVED)) as copy:
            self._drafts.connection().backup(copy)

    def load(self, folder: Path) -> None:
        with closing(sqlite3.connect(folder / SAVED)) as saved:
            rows = saved.execute("SELECT * FROM drafts").fetchall()
        for row in rows:
            self._drafts.run(CREATE, *row)
