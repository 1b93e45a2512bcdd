"""The floor: a view written by hand for the same forms. CSRF is on, nothing is kept."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import pairwise
from pathlib import Path
from typing import Any

from flask import Flask, abort, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf import FlaskForm

from benchmarks.questions import (
    SECRET_KEY,
    TYPED,
    form_classes,
    rows_of,
    step_names,
    title_of,
)


def create_app(steps: int) -> Flask:
    app = Flask(__name__, template_folder="templates/flask")
    app.config["SECRET_KEY"] = SECRET_KEY
    forms = form_classes(steps)
    names = [*step_names(steps), "check"]
    following = dict(pairwise(names))
    preceding = {after: name for name, after in following.items()}

    @app.route("/join/<name>", methods=["GET", "POST"])
    def step(name: str) -> ResponseReturnValue:
        if name not in forms:
            abort(404)
        form = forms[name]()
        if form.validate_on_submit():
            return redirect(url_for("step", name=following[name]), 303)
        return render_template(
            "step.html",
            form=form,
            title=title_of(name),
            number=names.index(name) + 1,
            total=len(names),
            back=preceding.get(name),
            button="Continue",
        )

    @app.route("/join/check", methods=["GET", "POST"])
    def check() -> ResponseReturnValue:
        form = FlaskForm()
        if form.validate_on_submit():
            return redirect("/thanks", 303)
        return render_template(
            "check.html",
            form=form,
            groups=[(name, title_of(name), rows_of(TYPED)) for name in forms],
            title="Check your answers",
            number=len(names),
            total=len(names),
            back=names[-2],
            button="Confirm and send",
        )

    @app.route("/thanks")
    def thanks() -> ResponseReturnValue:
        return "Thank you"

    return app


class Floor:
    """Nothing is stored, so nothing is saved or committed, and no condition asked."""

    first = "/join/step1"
    after_check: tuple[str, ...] = ()

    def __init__(self, folder: Path, *, steps: int, conditions: bool) -> None:
        self.wsgi = create_app(steps)
        self.committed: list[Any] = []

    def typed(self, step: str, answers: Mapping[str, str]) -> Mapping[str, str]:
        return answers

    def save(self, folder: Path) -> None: ...

    def load(self, folder: Path) -> None: ...
