"""The end of a draft and the application's rows, kept by one transaction or none."""

from __future__ import annotations

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from pathlib import Path
from threading import Barrier
from types import FrameType
from typing import Any

import pytest
from flask import Flask, url_for
from flask_sqlalchemy import SQLAlchemy
from mariadb_servers import MariaDB
from postgres import Postgres
from servers import running
from sqlalchemy import String, select, text
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from visitor import Visitor
from wizards import begun, stored
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import (
    ConfigurationError,
    DefinitionError,
    FlaskWizard,
    Receipt,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.drafts import lease

# Ten times as many in `make drill`.
KILLS = 15 * max(1, int(float(os.environ.get("WIZARD_EXAMPLES", "1"))))
LEASE = 120  # seconds, as WIZARD_COMMIT_LEASE is by default


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Member(db.Model):  # type: ignore[name-defined,misc]  # made by a property
    """Two rows for one submission may stand: nothing but the wizard prevents them."""

    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(200))
    submission: Mapped[str] = mapped_column(String(64))


class YouForm(Form):
    name = StringField(validators=[InputRequired()])


class Join(Wizard):
    one_transaction = True
    max_drafts = 1000

    you = Step(YouForm)
    check = Review()

    def commit(self, submission: Submission) -> Any:
        add(submission)
        return Receipt(reference="canary-4711")


def add(submission: Submission, name: str | None = None) -> None:
    name = name or submission.answers.you.name
    db.session.add(Member(name=name, submission=submission.id))


@pytest.fixture(scope="module")
def postgres() -> Iterator[Postgres]:
    server = Postgres()
    with running(server):
        yield server


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest, tmp_path: Path, postgres: Postgres) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/app.db"
    postgres.empty()
    return postgres.url


Make = Callable[[type[Wizard]], Flask]


@pytest.fixture
def make_at_postgres(postgres: Postgres) -> Iterator[Make]:
    postgres.empty()
    yield from making(postgres.url)


@pytest.fixture(scope="module")
def mariadb() -> Iterator[MariaDB]:
    server = MariaDB()
    server.start()
    yield server
    server.remove()


@pytest.fixture
def make_at_mariadb(mariadb: MariaDB) -> Iterator[Make]:
    mariadb.empty()
    yield from making(mariadb.url)


@pytest.fixture
def make(database: str) -> Iterator[Make]:
    yield from making(database)


def making(database: str) -> Iterator[Make]:
    made: list[Flask] = []

    def make(wizard: type[Wizard]) -> Flask:
        app = Flask("club")
        app.config.update(
            SECRET_KEY="k" * 32,
            SQLALCHEMY_DATABASE_URI=database,
            WTF_CSRF_ENABLED=False,
            WIZARD_COMMIT_WAIT=0,
        )
        db.init_app(app)
        FlaskWizard(app, store=db)
        app.register_blueprint(wizard.as_blueprint("join"), url_prefix="/join")
        with app.app_context():
            db.create_all()
        made.append(app)
        return app

    yield make
    for app in made:
        with app.app_context():
            db.engine.dispose()


def confirm(visitor: Visitor) -> str:
    """Send what the visitor has filled in; return where that leads."""
    return visitor.post(f"{visitor.draft}check").location.removeprefix(visitor.draft)


def names(app: Flask) -> list[str]:
    with app.app_context():
        return list(db.session.scalars(select(Member.name).order_by(Member.id)))


def test_rows_are_committed_by_the_framework(make: Make) -> None:
    app = make(Join)
    visitor = begun(app)
    assert confirm(visitor) == "receipt"
    assert names(app) == ["Ada"]


def test_end_of_the_draft_is_committed_with_them(make: Make) -> None:
    visitor = begun(make(Join))
    confirm(visitor)
    assert "canary-4711" in visitor.get(f"{visitor.draft}receipt").text


def test_key_that_the_database_gives_can_be_in_the_url(make: Make) -> None:
    class Numbered(Join):
        def commit(self, submission: Submission) -> str:
            add(submission)
            db.session.flush()
            member = db.session.scalars(select(Member)).one()
            return url_for("static", filename=f"{member.id}.html")

    visitor = begun(make(Numbered))
    assert visitor.post(f"{visitor.draft}check").location == "/static/1.html"


def test_second_click_adds_nothing(make: Make) -> None:
    app = make(Join)
    visitor = begun(app)
    assert {confirm(visitor), confirm(visitor)} == {"receipt"}
    assert names(app) == ["Ada"]


def test_commit_that_raises_keeps_no_row(make: Make) -> None:
    class Breaks(Join):
        def commit(self, submission: Submission) -> None:
            add(submission)
            db.session.flush()
            raise RuntimeError("The printer is out of paper.")

    app = make(Breaks)
    visitor = begun(app)
    assert visitor.post(f"{visitor.draft}check").status_code == 500
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


def test_retry_after_a_commit_that_raised_succeeds(make: Make) -> None:
    class BreaksOnce(Join):
        def commit(self, submission: Submission) -> None:
            add(submission)
            if submission.attempt == 1:
                raise RuntimeError("The printer is out of paper.")

    app = make(BreaksOnce)
    visitor = begun(app)
    visitor.post(f"{visitor.draft}check")
    assert confirm(visitor) == "receipt"
    assert names(app) == ["Ada"]


def test_row_that_the_database_refuses_leaves_the_draft_open(make: Make) -> None:
    class Nameless(Join):
        def commit(self, submission: Submission) -> None:
            add(submission)
            db.session.add(Member(name=None, submission=submission.id))

    app = make(Nameless)
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(IntegrityError):
        visitor.post(f"{visitor.draft}check")
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


def test_step_error_keeps_no_row(make: Make) -> None:
    class Refuses(Join):
        def commit(self, submission: Submission) -> None:
            add(submission)
            db.session.flush()
            raise StepError("you", "Somebody has that name", field="name")

    app = make(Refuses)
    visitor = begun(app)
    assert confirm(visitor) == "you"
    assert "Somebody has that name" in visitor.get(f"{visitor.draft}you").text
    assert names(app) == []


def test_result_that_is_no_receipt_keeps_no_row(make: Make) -> None:
    class Odd(Join):
        def commit(self, submission: Submission) -> int:
            add(submission)
            return 7

    app = make(Odd)
    visitor = begun(app)
    assert visitor.post(f"{visitor.draft}check").status_code == 500
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


def test_commit_of_the_session_by_the_hook_is_refused(make: Make) -> None:
    class Hasty(Join):
        def commit(self, submission: Submission) -> None:
            add(submission)
            db.session.commit()

    app = make(Hasty)
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(DefinitionError, match="one_transaction"):
        visitor.post(f"{visitor.draft}check")
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


# Transactions that the hook ends itself


def close() -> None:
    db.session.close()


def leave_with_block() -> None:
    with db.session() as session:
        session.add(Member(name="In the block", submission="x"))


def reset() -> None:
    db.session.flush()
    db.session().invalidate()


def roll_back_savepoint_and_close() -> None:
    db.session.begin_nested().rollback()
    db.session.close()


CLOSES = [close, leave_with_block, reset, roll_back_savepoint_and_close]


def execute(statement: str) -> None:
    db.session.flush()
    db.session.execute(text(statement))


def commit_connection() -> None:
    db.session.flush()
    db.session.connection().commit()


def commit_in_vain() -> None:
    with suppress(DefinitionError):
        execute("COMMIT")


def leave_begin_block() -> None:
    db.session.flush()
    db.session.rollback()
    with db.session.begin():
        db.session.add(Member(name="In the block", submission="x"))


ENDS = {
    "COMMIT": partial(execute, "COMMIT"),
    "commit;": partial(execute, "\n -- done\n /* at\n last */ commit;"),
    "END": partial(execute, "END TRANSACTION"),
    "ROLLBACK": partial(execute, "ROLLBACK"),
    "the connection's": commit_connection,
    "caught": commit_in_vain,
    "begin()": leave_begin_block,
}


def ending(end: Callable[[], object]) -> type[Wizard]:
    class Ends(Join):
        def commit(self, submission: Submission) -> str:
            add(submission)
            end()
            return "/thanks"

    return Ends


@pytest.mark.parametrize("closes", CLOSES)
def test_session_that_the_hook_closes_is_an_error(
    make: Make, closes: Callable[[], None]
) -> None:
    app = make(ending(closes))
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(DefinitionError, match="commit has closed the session"):
        visitor.post(f"{visitor.draft}check")
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS)
def test_transaction_that_the_hook_ends_is_an_error(
    make: Make, end: Callable[[], object]
) -> None:
    app = make(ending(end))
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(DefinitionError, match=r"commit (called|has executed).*one_tr"):
        visitor.post(f"{visitor.draft}check")
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


@pytest.mark.parametrize(
    "statement",
    [
        *("COMMIT", "CREATE TABLE x (y INT)", "BEGIN", "ANALYZE TABLE member"),
        "SET autocommit = 1",
    ],
)
def test_transaction_that_the_hook_ends_in_mariadb_is_an_error(
    make_at_mariadb: Make, statement: str
) -> None:
    """It commits by itself before a table is made, and before another transaction."""
    app = make_at_mariadb(ending(partial(execute, statement)))
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(DefinitionError, match=r"commit has executed .*one_tr"):
        visitor.post(f"{visitor.draft}check")
    assert names(app) == []
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


def test_session_that_is_closed_by_an_error_is_none_of_its_own(make: Make) -> None:
    class Refuses(Join):
        def commit(self, submission: Submission) -> None:
            with db.session() as session:
                session.add(Member(name="x", submission=submission.id))
                raise StepError("you", "Somebody has that name", field="name")

    app = make(Refuses)
    assert confirm(begun(app)) == "you"
    assert names(app) == []


def test_savepoints_may_be_released_and_rolled_back(make: Make) -> None:
    def nest() -> None:
        with db.session.begin_nested():
            db.session.add(Member(name="kept", submission="x"))
        with suppress(ValueError), db.session.begin_nested():
            db.session.add(Member(name="lost", submission="x"))
            raise ValueError
        execute("SAVEPOINT mine")
        execute("ROLLBACK TO SAVEPOINT mine")

    app = make(ending(nest))
    visitor = begun(app)
    assert visitor.post(f"{visitor.draft}check").location == "/thanks"
    assert names(app) == ["Ada", "kept"]


# Transactions that the database gives up


def given_up(code: str) -> None:
    """Let PostgreSQL fail, as it does for a conflict or a deadlock."""
    execute(f"DO $$ BEGIN RAISE 'try again' USING ERRCODE = '{code}'; END $$")


@pytest.mark.parametrize("code", ["40001", "40P01"])
def test_transaction_that_is_given_up_is_tried_again(
    make_at_postgres: Make, code: str
) -> None:
    calls: list[int] = []

    class Contended(Join):
        def commit(self, submission: Submission) -> str:
            calls.append(submission.attempt)
            add(submission)
            if len(calls) < 3:
                given_up(code)
            return "/thanks"

    app = make_at_postgres(Contended)
    visitor = begun(app)
    assert visitor.post(f"{visitor.draft}check").location == "/thanks"
    assert calls == [1, 1, 1]
    assert names(app) == ["Ada"]


def test_transaction_that_mariadb_gives_up_is_tried_again(
    make_at_mariadb: Make,
) -> None:
    calls: list[int] = []

    class Contended(Join):
        def commit(self, submission: Submission) -> str:
            calls.append(submission.attempt)
            add(submission)
            if len(calls) < 3:
                execute("SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213")
            return "/thanks"

    app = make_at_mariadb(Contended)
    visitor = begun(app)
    assert visitor.post(f"{visitor.draft}check").location == "/thanks"
    assert (calls, names(app)) == ([1, 1, 1], ["Ada"])


def test_transaction_that_is_given_up_each_time_leaves_the_draft_open(
    make_at_postgres: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Contended(Join):
        def commit(self, submission: Submission) -> None:
            given_up("40001")

    monkeypatch.setattr("flask_wizard.drafts.commit.TRANSACTION_TRIES", 3)
    app = make_at_postgres(Contended)
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(OperationalError, match="try again"):
        visitor.post(f"{visitor.draft}check")
    assert "Ada" in visitor.get(f"{visitor.draft}check").text


@pytest.mark.parametrize("isolation", ["SERIALIZABLE", "REPEATABLE READ"])
def test_commits_of_eight_visitors_at_once_all_take_place(
    make_at_postgres: Make, isolation: str
) -> None:
    """Each reads what the others add, so that only one after another may commit."""
    meeting = Barrier(8, timeout=60)

    class Counted(Join):
        def commit(self, submission: Submission) -> str:
            count = db.session.query(Member).count()
            if submission.id not in met:
                met.append(submission.id)
                meeting.wait()
            add(submission, f"member {count}")
            return "/thanks"

    met: list[str] = []
    app = make_at_postgres(Counted)
    with app.app_context():
        db.engine.dispose()
        db.engine.update_execution_options(isolation_level=isolation)
    visitors = [begun(app) for _ in range(8)]
    with ThreadPoolExecutor(8) as threads:
        clicks = [threads.submit(v.post, f"{v.draft}check") for v in visitors]
    assert {click.result().location for click in clicks} == {"/thanks"}
    assert len(names(app)) == 8
    if isolation == "SERIALIZABLE":
        assert sorted(names(app)) == [f"member {count}" for count in range(8)]


# Without one transaction


class Alone(Join):
    one_transaction = False


RAISES = [RuntimeError("The printer is out of paper."), SystemExit(1)]


@pytest.mark.parametrize("error", RAISES, ids=lambda error: type(error).__name__)
def test_draft_is_let_go_although_the_session_has_written(
    make: Make, error: BaseException, caplog: pytest.LogCaptureFixture
) -> None:
    """SQLite has one writer, and the session is it until the request ends."""

    class Breaks(Alone):
        def commit(self, submission: Submission) -> None:
            add(submission)
            db.session.flush()
            raise error

    app = make(Breaks)
    visitor = begun(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(type(error)):
        visitor.post(f"{visitor.draft}check")
    assert "stays claimed" not in caplog.text
    assert "Ada" in visitor.get(f"{visitor.draft}check").text
    assert names(app) == []


def test_step_error_is_shown_although_the_session_has_written(make: Make) -> None:
    class Refuses(Alone):
        def commit(self, submission: Submission) -> None:
            add(submission)
            db.session.flush()
            raise StepError("you", "Somebody has that name", field="name")

    app = make(Refuses)
    visitor = begun(app)
    assert confirm(visitor) == "you"
    assert "Somebody has that name" in visitor.get(f"{visitor.draft}you").text
    assert names(app) == []


def test_lease_is_renewed_in_the_applications_database(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thread that renews it finds the engine of the application."""
    monkeypatch.setattr(lease, "LONGEST_BEAT", 0.01)

    class Waits(Alone):
        def commit(self, submission: Submission) -> str:
            first = stored(visitor).lease_until
            deadline = time.monotonic() + 60
            while stored(visitor).lease_until <= first:
                assert time.monotonic() < deadline
                time.sleep(0.005)
            return "/thanks"

    visitor = begun(make(Waits))
    assert visitor.post(f"{visitor.draft}check").location == "/thanks"


# Attempts that outlive their lease


def test_attempt_that_outlives_its_lease_keeps_no_row(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another attempt has taken over meanwhile, and its rows are those that count."""

    class Slow(Join):
        def commit(self, submission: Submission) -> Receipt:
            add(submission, f"attempt {submission.attempt}")
            if submission.attempt == 1:
                later = time.time() + LEASE + 1
                monkeypatch.setattr(time, "time", lambda: later)
                with ThreadPoolExecutor(1) as thread:  # which has a session of its own
                    sent = {"_action": "next"}
                    review = f"{visitor.draft}check"
                    click = thread.submit(other.post, review, data=sent)
                assert click.result().status_code == 303
            return Receipt(reference=f"of attempt {submission.attempt}")

    app = make(Slow)
    visitor = begun(app)
    other = app.test_client()
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    other.set_cookie("session", cookie.value)
    assert confirm(visitor) == "receipt"
    assert names(app) == ["attempt 2"]
    assert "of attempt 2" in visitor.get(f"{visitor.draft}receipt").text


def test_attempt_whose_draft_was_changed_meanwhile_keeps_nothing(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its lease ran out, so the answers were free, and they are not those it has."""

    class Slow(Join):
        def commit(self, submission: Submission) -> Any:
            add(submission)
            later = time.time() + LEASE + 1
            monkeypatch.setattr(time, "time", lambda: later)
            with ThreadPoolExecutor(1) as thread:  # which has a session of its own
                change = thread.submit(other.post, you, data={"name": "Eve"})
            assert change.result().status_code == 303
            return Receipt()

    app = make(Slow)
    visitor = begun(app)
    you = f"{visitor.draft}you"
    other = app.test_client()
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    other.set_cookie("session", cookie.value)
    confirm(visitor)
    assert names(app) == []
    assert "Eve" in visitor.get(f"{visitor.draft}check").text


def test_answers_are_free_when_a_process_has_died(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its rows have died with it, so nothing has to be found out first."""

    class Dies(Join):
        def commit(self, submission: Submission) -> Any:
            if submission.attempt == 1:
                raise SystemExit
            return super().commit(submission)

    app = make(Dies)
    visitor = begun(app)
    with monkeypatch.context() as patch:
        patch.setattr("flask_wizard.drafts.commit._Attempt._release", lambda *_: None)
        with pytest.raises(SystemExit):  # and nothing tidies up, as in a kill
            visitor.post(f"{visitor.draft}check")
    later = time.time() + LEASE + 1
    monkeypatch.setattr(time, "time", lambda: later)
    assert "do not know" not in visitor.get(f"{visitor.draft}check").text
    visitor.post(f"{visitor.draft}you", {"name": "Eve"})
    confirm(visitor)
    assert names(app) == ["Eve"]


def test_store_that_cannot_join_is_refused_when_it_is_mounted(tmp_path: Path) -> None:
    app = Flask("club", instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app)
    with pytest.raises(ConfigurationError, match="stored by SQLiteStore"):
        app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")


def test_store_that_cannot_join_is_refused_when_it_comes_later(tmp_path: Path) -> None:
    app = Flask("club", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 32, WTF_CSRF_ENABLED=False)
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    FlaskWizard(app)
    app.config["PROPAGATE_EXCEPTIONS"] = True
    with pytest.raises(ConfigurationError, match="stored by SQLiteStore"):
        app.test_client().get("/join/new/you")


# Crashes


def count_steps(*, dies_at: int) -> list[None]:
    """Count calls and returns; kill this process at one of them."""
    count: list[None] = []

    def step(frame: FrameType, event: str, argument: object) -> None:
        count.append(None)
        if len(count) == dies_at:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(step)
    return count


def send_and_die(visitor: Visitor, *, dies_at: int) -> int:
    """Confirm in a child that is killed at a step; return how many it has made."""
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        with visitor.app.app_context():
            db.engine.dispose(close=False)  # the connections are the parent's
        count = count_steps(dies_at=dies_at)
        visitor.post(f"{visitor.draft}check")
        sys.setprofile(None)
        os.write(writer, str(len(count)).encode())
        os._exit(0)
    os.close(writer)
    os.waitpid(child, 0)
    with open(reader, "rb") as pipe:
        return int(pipe.read() or 0)


def test_kill_parts_no_row_from_its_draft(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = make(Join)
    chance = random.Random(9)
    steps = send_and_die(begun(app, name="nobody"), dies_at=0)
    sent, now = ["nobody"], time.time
    for number in range(KILLS):
        name = f"visitor {number}"
        visitor = begun(app, name=name)
        send_and_die(visitor, dies_at=chance.randrange(1, steps))
        with monkeypatch.context() as patch:
            patch.setattr(time, "time", lambda: now() + LEASE + 1)
            assert confirm(visitor) == "receipt"
        sent.append(name)
    assert sorted(names(app)) == sorted(sent)


def test_lost_reply_to_the_commit_is_no_failure(
    make: Make, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """The database has committed, and the connection breaks before it says so."""
    app = make(Join)
    visitor = begun(app)
    session = db.session.session_factory.class_
    commit = session.commit

    def committed_in_silence(self: Any) -> None:
        commit(self)
        if db.session.scalars(select(Member)).all():
            raise ConnectionError("The server has gone away.")

    monkeypatch.setattr(session, "commit", committed_in_silence)
    assert confirm(visitor) == "receipt"
    monkeypatch.undo()
    assert names(app) == ["Ada"]
    assert "although it seems to have failed" in caplog.text


def test_worker_that_ends_in_the_commit_ends_though_the_rows_are_there(
    make: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its time is over while the database commits."""
    app = make(Join)
    visitor = begun(app)
    session = db.session.session_factory.class_
    commit = session.commit

    def committed_too_late(self: Any) -> None:
        commit(self)
        if db.session.scalars(select(Member)).all():
            raise SystemExit(1)

    monkeypatch.setattr(session, "commit", committed_too_late)
    with pytest.raises(SystemExit):
        visitor.post(f"{visitor.draft}check")
    monkeypatch.undo()
    assert names(app) == ["Ada"]
    assert confirm(visitor) == "receipt"
    assert names(app) == ["Ada"]
