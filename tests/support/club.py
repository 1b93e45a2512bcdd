"""An application that several processes share, which keeps a row for each submission.

``serve`` serves it over HTTP until killed, and says its port first. ``work`` sends the
requests that it is told to, and answers an order by a list of what came back. Both run
in processes that this program forks: to import the drivers of all engines takes longer
than most tests.
"""

from __future__ import annotations

import io
import json
import os
import signal
import socket
import sqlite3
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing, suppress
from functools import cache, partial
from io import BytesIO
from multiprocessing.connection import Connection
from pathlib import Path
from types import FrameType
from typing import Any

import psycopg as psycopg
from flask import Flask, current_app, request
from werkzeug.serving import WSGIRequestHandler, make_server
from wtforms import Form, MultipleFileField, StringField
from wtforms.validators import InputRequired

from flask_wizard import FlaskWizard, Receipt, Repeat, Review, Step, Submission, Wizard
from flask_wizard.stores import dynamodb as dynamodb
from flask_wizard.stores import memcached as memcached
from flask_wizard.stores import redis as redis
from flask_wizard.stores import sql as sql

SECRET = "a secret that all processes share"
BUSY = 60.0  # seconds
TABLE = "CREATE TABLE IF NOT EXISTS members (submission TEXT PRIMARY KEY, value TEXT)"
BOTH_CLICKS = 60.0  # seconds until a commit that waits for a second click gives up

Replies = list[tuple[int, str | None, str, str]]
"""Each the status, the location, the page and the session's cookie."""

_now = time.time
_arrived = threading.Semaphore(0)


MAX_ITEMS = 12


class ValueForm(Form):
    value = StringField(validators=[InputRequired()])


class Club(Wizard):
    """One step, then the commit that the processes contend for."""

    max_drafts = 10_000

    you = Step(ValueForm)
    check = Review()

    def commit(self, submission: Submission) -> Receipt:
        folder = Path(current_app.config["FOLDER"])
        note(folder / "commits", f"{submission.id} {submission.attempt}")
        HOWS[current_app.config["COMMITS"]](submission)
        add_row(folder / "rows.sqlite3", submission)
        return Receipt(reference=submission.id)


class Parts(Wizard):
    """Eight steps, one for each process."""

    a = Step(ValueForm)
    b = Step(ValueForm)
    c = Step(ValueForm)
    d = Step(ValueForm)
    e = Step(ValueForm)
    f = Step(ValueForm)
    g = Step(ValueForm)
    h = Step(ValueForm)
    check = Review()

    def commit(self, submission: Submission) -> None:
        """Never called here."""


class PapersForm(Form):
    papers = MultipleFileField()


class Papers(Wizard):
    """Files, to which each process adds its own."""

    you = Step(PapersForm)
    check = Review()

    def commit(self, submission: Submission) -> None:
        """Never called here."""


class Things(Wizard):
    """A list, whose items each process adds, changes or removes."""

    you = Step(ValueForm)
    items = Repeat(ValueForm, max=MAX_ITEMS)
    check = Review()

    def commit(self, submission: Submission) -> None:
        """Never called here."""


def add_row(path: Path, submission: Submission) -> None:
    """Keep one row a submission, however often it is committed."""
    with closing(sqlite3.connect(path, timeout=BUSY)) as database, database:
        database.execute("PRAGMA synchronous = OFF")  # processes die, not the machine
        database.execute(TABLE)
        database.execute(
            "INSERT INTO members VALUES (?, ?) ON CONFLICT (submission) DO NOTHING",
            (submission.id, submission.answers.you.value),
        )


def note(path: Path, line: str) -> None:
    """Append a line, whole whoever else appends and even if killed right after."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
    os.write(file, f"{line}\n".encode())
    os.close(file)


def _well(submission: Submission) -> None:
    pass


def _never(submission: Submission) -> None:
    threading.Event().wait()


def _badly(submission: Submission) -> None:
    raise RuntimeError("The members' register is closed.")


def _badly_at_first(submission: Submission) -> None:
    """Fail on the first attempt, once the second click has arrived."""
    if submission.attempt == 1:
        for _ in range(2):
            assert _arrived.acquire(timeout=BOTH_CLICKS)
        _badly(submission)


HOWS = {f.__name__[1:]: f for f in (_well, _never, _badly, _badly_at_first)}


def create_app(folder: Path, engine: str, **config: Any) -> Flask:
    app = Flask(__name__, instance_path=str(folder / engine))
    app.config.update(SECRET_KEY=SECRET, FOLDER=str(folder), COMMITS="well")
    app.config.update(config)
    app.config["WIZARD_STORE"] = json.loads((folder / "stores").read_text())[engine]
    FlaskWizard(app)
    for wizard in (Club, Parts, Papers, Things):
        name = wizard.__name__.lower()
        app.register_blueprint(wizard.as_blueprint(name), url_prefix=f"/{name}")
    app.before_request(count_click)
    app.add_url_rule("/share/<id>/<step>", view_func=share, methods=["POST"])
    return app


def share(id: str, step: str) -> str:
    """Return a link by which somebody else fills in a step of a draft."""
    return FlaskWizard().share_url(id, steps=[step], max_age=BUSY * 60)


def count_click() -> None:
    if request.method == "POST" and request.path.endswith("/check"):
        _arrived.release()


def move_clock(seconds: float) -> None:
    """Let this process live ``seconds`` in the future."""
    time.time = lambda: _now() + seconds


class Quiet(WSGIRequestHandler):
    def log(self, type: str, message: str, *args: object) -> None:
        """Leave the output to the port."""


def serve(
    folder: Path,
    engine: str,
    config: dict[str, Any],
    clock: float,
    tests: Connection[int, None],
) -> None:
    sys.stderr = io.StringIO()  # commits raise, as they are told to
    move_clock(clock)
    app = create_app(folder, engine, **config)
    server = make_server("127.0.0.1", 0, app, threaded=True, request_handler=Quiet)
    tests.send(server.port)
    threading.Thread(target=end_with, args=(tests,), daemon=True).start()
    server.serve_forever()


def end_with(tests: Connection[int, None]) -> None:
    """Leave no server behind when the tests themselves are killed."""
    with suppress(EOFError):
        tests.recv()
    os._exit(0)


def send(app: Flask, order: dict[str, Any]) -> Replies:
    """Send ``times`` times; ``{}`` in a value stands for the number of the turn."""
    client = app.test_client()
    client.set_cookie("session", order.get("cookie", ""))
    replies: Replies = []
    for turn in range(order.get("times", 1)):
        data: dict[str, Any] = {
            n: v.replace("{}", str(turn)) for n, v in order["data"].items()
        }
        for field, name in order.get("files", {}).items():
            name = name.replace("{}", str(turn))
            data[field] = (BytesIO(name.encode()), name)
        got = client.open(order["url"], method=order.get("method", "POST"), data=data)
        cookie = client.get_cookie("session")
        value = cookie.value if cookie else ""
        replies.append((got.status_code, got.location, got.text, value))
    return replies


def send_and_die(app: Flask, order: dict[str, Any]) -> Replies:
    """Do so in a child that is killed at its ``dies_at``-th step; tell the steps."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        count = count_steps(dies_at=order["dies_at"])
        send(app, order)
        sys.setprofile(None)
        os.write(writer, str(len(count)).encode())
        os._exit(0)
    os.close(writer)
    _, status = os.waitpid(child, 0)
    with open(reader, "rb") as pipe:
        return [(os.waitstatus_to_exitcode(status), None, pipe.read().decode(), "")]


def count_steps(*, dies_at: int) -> list[None]:
    count: list[None] = []

    def step(frame: FrameType, event: str, argument: object) -> None:
        count.append(None)
        if len(count) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)
    return count


def work(folder: Path, tests: Connection[Replies, dict[str, Any]]) -> None:
    app_of = cache(partial(create_app, folder))
    while True:
        order = tests.recv()
        move_clock(order.get("clock", 0))
        act = send_and_die if "dies_at" in order else send
        tests.send(act(app_of(order["engine"]), order))


ROLES: dict[str, Callable[..., None]] = {"serve": serve, "work": work}


def fork_for(tests: socket.socket) -> None:
    """Fork a process for each file descriptor that comes, until the tests have ended.

    It is one end of a pipe. The process says its id there, and is told what to do.
    """
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them
    while descriptors := socket.recv_fds(tests, 1, 1)[1]:
        if os.fork() == 0:
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            tests.close()
            pipe: Connection[Any, Any] = Connection(descriptors[0])
            pipe.send(os.getpid())
            role, arguments = pipe.recv()
            with suppress(EOFError):  # the tests have ended
                ROLES[role](*arguments, pipe)
            os._exit(0)
        os.close(descriptors[0])


if __name__ == "__main__":
    fork_for(socket.socket(fileno=int(sys.argv[1])))
