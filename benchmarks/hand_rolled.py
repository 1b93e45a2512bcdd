"""Hand-rolled: views like the floor's, with the answers in Flask-Session's files."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cachelib import FileSystemCache
from flask import Flask, abort, redirect, render_template, session, url_for
from flask.typing import ResponseReturnValue
from flask_session import Session
from flask_wtf import FlaskForm

from benchmarks.questions import (
    SECRET_KEY,
    Answers,
    form_classes,
    rows_of,
    step_names,
    title_of,
)
from benchmarks.walk import copy_files


def create_app(
    folder: Path, steps: int, *, conditions: bool, committed: list[Any]
) -> Flask:
    app = Flask(__name__, template_folder="templates/flask")
    app.config["SECRET_KEY"] = SECRET_KEY
    app.config["SESSION_TYPE"] = "cachelib"
    app.config["SESSION_CACHELIB"] = FileSystemCache(str(folder), threshold=0)
    Session(app)
    forms = form_classes(steps)
    names = step_names(steps)

    def reads_all(position: int, given: Mapping[str, Answers]) -> bool:
        return all(given.get(name, {}).get("age") for name in names[:position])

    def path(given: Mapping[str, Answers]) -> list[str]:
        """The steps that apply, with the check page at the end."""
        applying = [
            name
            for position, name in enumerate(names)
            if not conditions or reads_all(position, given)
        ]
        return [*applying, "check"]

    @app.route("/join/<name>", methods=["GET", "POST"])
    def step(name: str) -> ResponseReturnValue:
        given = session.setdefault("answers", {})
        pages = path(given)
        if name not in forms or name not in pages:
            abort(404)
        form = forms[name](data=given.get(name))
        if form.validate_on_submit():
            given[name] = {n: v for n, v in form.data.items() if n != "csrf_token"}
            session.modified = True
            pages = path(given)
            onward = pages[pages.index(name) + 1]
            return redirect(url_for("step", name=onward), 303)
        position = pages.index(name)
        return render_template(
            "step.html",
            form=form,
            title=title_of(name),
            number=position + 1,
            total=len(pages),
            back=pages[position - 1] if position else None,
            button="Continue",
        )

    @app.route("/join/check", methods=["GET", "POST"])
    def check() -> ResponseReturnValue:
        given = session.setdefault("answers", {})
        pages = path(given)
        form = FlaskForm()
        if form.validate_on_submit():
            committed.append({name: given[name] for name in pages[:-1]})
            del session["answers"]
            return redirect("/thanks", 303)
        return render_template(
            "check.html",
            form=form,
            groups=[(n, title_of(n), rows_of(given[n])) for n in pages[:-1]],
            title="Check your answers",
            number=len(pages),
            total=len(pages),
            back=pages[-2],
            button="Confirm and send",
        )

    @app.route("/thanks")
    def thanks() -> ResponseReturnValue:
        return "Thank you"

    return app


class HandRolled:
    """What many applications do today. At the end nothing is validated again."""

    first = "/join/step1"
    after_check: tuple[str, ...] = ()

    def __init__(self, folder: Path, *, steps: int, conditions: bool) -> None:
        self.folder = folder
        self.committed: list[Any] = []
        self.wsgi = create_app(
            folder, steps, conditions=conditions, committed=self.committed
        )

    def typed(self, step: str, answers: Mapping[str, str]) -> Mapping[str, str]:
        return answers

    def save(self, folder: Path) -> None:
        copy_files(self.folder, folder / "sessions")

    def load(self, folder: Path) -> None:
        copy_files(folder / "sessions", self.folder)
