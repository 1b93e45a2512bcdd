"""The lease of a commit: renewed while it runs, by threads, in forks and by gevent."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from wizards import Join, begun, declare, stored

import flask_wizard
from flask_wizard import Receipt, StoreError, Submission, Wizard
from flask_wizard.core.draft import Draft, encode
from flask_wizard.drafts import lease
from flask_wizard.drafts.keyring import Kind
from flask_wizard.errors import ConflictError

LEASE = 120  # seconds, as WIZARD_COMMIT_LEASE is by default
PATIENCE = 60.0  # seconds until what never comes fails a test

Hook = Callable[[Submission], object]


class Slow:
    """A commit that waits until the test has seen enough; its attempts and end."""

    def __init__(self) -> None:
        self.started = threading.Event()
        self.may_end = threading.Event()
        self.attempts: list[int] = []

    def __call__(self, submission: Submission) -> Receipt:
        self.attempts.append(submission.attempt)
        self.started.set()
        assert self.may_end.wait(PATIENCE)
        return Receipt(reference=f"attempt {submission.attempt}")


def committing(hook: Hook) -> type[Wizard]:
    return declare("Slow", Join, commit=lambda self, submission: hook(submission))


def at_the_review(make_app: MakeApp, hook: Hook, **config: Any) -> Visitor:
    visitor = begun(make_app(committing(hook), **config))
    visitor.fill(pet="Rex")
    return visitor


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    """Renew leases a hundred times a second."""
    monkeypatch.setattr(lease, "LONGEST_BEAT", 0.01)


def test_commit_that_outlives_its_lease_is_not_run_beside_itself(
    make_app: MakeApp, often: None, clock: Traveller
) -> None:
    """Each time the clock jumps by nearly a lease, the lease is renewed in time."""
    slow = Slow()
    visitor = at_the_review(make_app, slow, WIZARD_COMMIT_MAX=2)
    other = visitor.twin()
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(visitor.send)
        assert slow.started.wait(PATIENCE)
        for _ in range(3):
            clock.shift(LEASE - 1)
            until(lambda: stored(visitor).lease_until == time.time() + LEASE)
            assert not stored(visitor).maybe_running
        assert other.post(f"{other.draft}check").location.endswith("/receipt")
        assert (
            other.open(f"{other.draft}check").heading == "Your answers are being sent"
        )
        slow.may_end.set()
        assert click.result().location.endswith("/receipt")
    assert slow.attempts == [1]
    assert "attempt 1" in other.open(f"{other.draft}receipt").text


def test_renewals_end_with_the_commit(make_app: MakeApp, often: None) -> None:
    slow = Slow()
    visitor = at_the_review(make_app, slow)
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(visitor.send)
        assert slow.started.wait(PATIENCE)
        first = stored(visitor).lease_until
        until(lambda: stored(visitor).lease_until > first)
        assert is_renewing()
        slow.may_end.set()
        click.result()
    until(lambda: not is_renewing())
    assert stored(visitor).state == "committed"


def is_renewing() -> bool:
    return any(thread.name == lease.THREAD for thread in threading.enumerate())


def test_renewal_leaves_the_claim_of_another_attempt_alone(
    make_app: MakeApp, often: None, store: Probe
) -> None:
    """Nobody could write for a whole lease, and then the other attempt was first."""
    slow = Slow()
    visitor = at_the_review(make_app, slow)
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(visitor.send)
        assert slow.started.wait(PATIENCE)
        taken = rewrite(visitor, claim_again)
        until(lambda: not is_renewing())
        assert stored(visitor) == taken
        slow.may_end.set()
        click.result()
    assert "attempt 1" in visitor.open(f"{visitor.draft}receipt").text


def test_renewal_goes_on_when_another_request_has_written_the_draft(
    make_app: MakeApp, often: None, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow()
    visitor = at_the_review(make_app, slow)
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(visitor.send)
        assert slow.started.wait(PATIENCE)
        held = rewrite(visitor, lambda draft: draft.add_holder(1.0, marks=[b"other"]))
        until(lambda: stored(visitor).lease_until > held.lease_until)
        assert len(stored(visitor).holders) == 2
        slow.may_end.set()
        assert click.result().location.endswith("/receipt")
    assert "could not be renewed" not in caplog.text


def claim_again(draft: Draft) -> Draft:
    return draft.release(unsettled=True).claim(time.time(), LEASE)


def rewrite(visitor: Visitor, change: Callable[[Draft], Draft]) -> Draft:
    """Save the draft as another process changes it; return what it has saved."""
    repository = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    while True:
        draft, version = repository.load(visitor.draft.split("/")[2])
        later = change(draft)
        try:
            repository.store.save(version, encode(later), kind=Kind.DRAFT, ttl=3600)
        except ConflictError:  # with a renewal
            continue
        return later


def test_commit_that_lasts_too_long_loses_its_lease(
    make_app: MakeApp,
    often: None,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    slow = Slow()
    visitor = at_the_review(make_app, slow, WIZARD_COMMIT_MAX=1)
    other = visitor.twin()
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(visitor.send)
        assert slow.started.wait(PATIENCE)
        until(lambda: stored(visitor).maybe_running)
        clock.shift(LEASE + 1)
        page = other.open(f"{other.draft}check")
        slow.may_end.set()
        click.result()
    assert "Sending your answers has taken too long" in page.banners
    assert "nothing will be done twice" not in page.text
    assert "WIZARD_COMMIT_MAX" in caplog.text


def test_renewal_survives_an_outage_of_the_store(
    make_app: MakeApp, often: None, store: Probe, caplog: pytest.LogCaptureFixture
) -> None:
    slow = Slow()
    visitor = at_the_review(make_app, slow)
    with ThreadPoolExecutor(1) as thread:
        click = thread.submit(visitor.send)
        assert slow.started.wait(PATIENCE)
        store.down = True
        until(lambda: "could not be renewed yet" in caplog.text)
        store.down = False
        before = stored(visitor).lease_until
        until(lambda: stored(visitor).lease_until > before)
        slow.may_end.set()
        assert click.result().location.endswith("/receipt")


def test_commit_that_has_no_thread_promises_nothing(
    make_app: MakeApp,
    monkeypatch: pytest.MonkeyPatch,
    store: Probe,
    clock: Traveller,
    caplog: pytest.LogCaptureFixture,
) -> None:
    def refuse(self: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    def fails(submission: Submission) -> None:
        store.down = True
        raise ValueError("The printer is out of paper.")

    visitor = at_the_review(make_app, fails)
    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(ValueError, match="paper"):
        visitor.press()
    store.down = False
    assert "no thread to renew" in caplog.text
    assert stored(visitor).maybe_running
    clock.shift(LEASE + 1)
    page = visitor.open(f"{visitor.draft}check")
    assert "do not know yet whether they arrived" in page.banners
    assert "nothing will be done twice" not in page.text


def test_killed_commit_promises_that_nothing_is_done_twice(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    def fails(submission: Submission) -> None:
        store.down = True
        raise ValueError("The printer is out of paper.")

    visitor = at_the_review(make_app, fails)
    with pytest.raises(ValueError, match="paper"):
        visitor.press()
    store.down = False
    clock.shift(LEASE + 1)
    page = visitor.open(f"{visitor.draft}check")
    assert "nothing will be done twice" in page.banners


def test_quick_commit_writes_no_renewal(make_app: MakeApp, store: Probe) -> None:
    visitor = at_the_review(make_app, lambda submission: None)
    writes = store.calls_of(visitor.send).count("replace")
    assert writes == 3  # the claim, the end, the list


# Forks


def test_child_that_the_hook_forks_leaves_the_claim_to_its_parent(
    make_app: MakeApp, tmp_path: Path
) -> None:
    """``sys.exit`` in the child would otherwise release the draft under the parent."""
    script = """
import os, sys
from flask import Flask
from wtforms import Form, StringField
from flask_wizard import FlaskWizard, Review, Step, Wizard

class You(Form):
    name = StringField()

class Forks(Wizard):
    you = Step(You)

    def commit(self, submission):
        child = os.fork()
        if child == 0:
            sys.exit(3)
        _, status = os.waitpid(child, 0)
        repository = app.extensions["flask_wizard"].repository(app)
        draft, _ = repository.load(drafts[0])
        print(os.waitstatus_to_exitcode(status), draft.state, draft.unsettled)

app = Flask(__name__, instance_path=sys.argv[1])
app.config.update(SECRET_KEY="k" * 32, WTF_CSRF_ENABLED=False)
FlaskWizard(app)
app.register_blueprint(Forks.as_blueprint("join"), url_prefix="/join")
client = app.test_client()
page = client.get("/join/", follow_redirects=True).text
nonce = page.split('_draft" value="')[1][:22]
sent = {"_draft": nonce, "name": "Ada", "_action": "save"}
drafts = [client.post("/join/new/you", data=sent).location.split("/")[2]]
print(client.post(f"/join/{drafts[0]}/you", data={"name": "Ada"}).location[-8:])
"""
    printed = run(script, str(tmp_path))
    assert printed == ["3 committing False", "/receipt"]


def run(script: str, *words: str) -> list[str]:
    path = str(Path(flask_wizard.__file__).parents[1])
    done = subprocess.run(
        [sys.executable, "-c", script, *words],
        env={**os.environ, "PYTHONPATH": path, "PYTHONWARNINGS": "ignore"},
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.splitlines()


# gevent

GEVENT = """
from gevent import monkey; monkey.patch_all()
import json, sys
import gevent
from flask import Flask
from wtforms import Form, StringField
from flask_wizard import FlaskWizard, Receipt, Step, Wizard
from flask_wizard.drafts import lease

class You(Form):
    name = StringField()

class Slow(Wizard):
    you = Step(You)

    def commit(self, submission):
        attempts.append(submission.attempt)
        HOWS[how](submission)
        return Receipt(reference=str(submission.attempt))

def waits(submission):
    clicks.append(gevent.spawn(click))
    first = draft().lease_until
    while draft().lease_until <= first:
        gevent.sleep(0.01)
    clicks[-1].join()

def exits(submission):
    if submission.attempt == 1:
        raise gevent.GreenletExit

def times_out(submission):
    if submission.attempt == 1:
        with gevent.Timeout(0.01):
            gevent.sleep(60)

HOWS = {"waits": waits, "exits": exits, "times_out": times_out}
how, folder = sys.argv[1:]
attempts = []
app = Flask(__name__, instance_path=folder)
app.config.update(SECRET_KEY="k" * 32, WTF_CSRF_ENABLED=False)
app.config["WIZARD_COMMIT_WAIT"] = 0
lease.LONGEST_BEAT = 0.01
FlaskWizard(app)
app.register_blueprint(Slow.as_blueprint("join"), url_prefix="/join")
client = app.test_client()
page = client.get("/join/", follow_redirects=True).text
nonce = page.split('_draft" value="')[1][:22]
sent = {"_draft": nonce, "name": "Ada", "_action": "save"}
id = client.post("/join/new/you", data=sent).location.split("/")[2]

def draft():
    found, _ = app.extensions["flask_wizard"].repository(app).load(id)
    return found

def click():
    other = app.test_client()
    other.set_cookie("session", client.get_cookie("session").value)
    try:
        return other.post(f"/join/{id}/you", data={"name": "Ada"}).location
    except BaseException as error:
        return type(error).__name__

clicks = [gevent.spawn(click)]
clicks[0].join()
found = draft()
page = client.get(f"/join/{id}/you").text
print(json.dumps([attempts, found.state, found.unsettled, "one twice" in page]))
"""


def with_gevent(how: str, folder: Path) -> list[Any]:
    (line,) = run(GEVENT, how, str(folder))
    found: list[Any] = json.loads(line)
    return found


def test_lease_is_renewed_under_gevent_while_the_hook_waits(tmp_path: Path) -> None:
    attempts, state, *_ = with_gevent("waits", tmp_path)
    assert (attempts, state) == ([1], "committed")


@pytest.mark.parametrize("how", ["exits", "times_out"])
def test_commit_that_gevent_ends_is_unsettled(tmp_path: Path, how: str) -> None:
    attempts, state, unsettled, promises = with_gevent(how, tmp_path)
    assert (attempts, state, unsettled) == ([1], "open", True)
    assert not promises  # a hook that does not wait keeps gevent from the renewal


# Errors that end a worker


class Boom(BaseException):
    pass


ENDS = [SystemExit(1), KeyboardInterrupt(), GeneratorExit(), Boom()]


@pytest.mark.parametrize("error", ENDS, ids=lambda e: type(e).__name__)
def test_commit_that_ends_the_worker_is_unsettled(
    make_app: MakeApp, error: BaseException
) -> None:
    seen: list[tuple[int, str]] = []

    def ends(submission: Submission) -> Receipt:
        seen.append((submission.attempt, submission.answers.you.name))
        if submission.attempt == 1:
            raise error
        return Receipt(reference="R-2")

    visitor = at_the_review(make_app, ends)
    with pytest.raises(type(error)):
        visitor.press()
    page = visitor.open(f"{visitor.draft}check")
    assert "nothing will be done twice" in page.banners
    assert visitor.post(f"{visitor.draft}you", {"name": "Eve"}).status_code == 409
    assert "R-2" in visitor.press().text
    assert seen == [(1, "Ada"), (2, "Ada")]


@pytest.mark.parametrize(
    "error",
    [ValueError(), RecursionError(), MemoryError(), StoreError()],
    ids=lambda e: type(e).__name__,
)
def test_commit_that_raises_is_settled(make_app: MakeApp, error: Exception) -> None:
    def raises(submission: Submission) -> None:
        raise error

    visitor = at_the_review(make_app, raises)
    with pytest.raises(type(error)):
        visitor.press()
    draft = stored(visitor)
    assert (draft.state, draft.unsettled) == ("open", False)


def test_claim_that_is_interrupted_is_let_go(
    make_app: MakeApp, store: Probe, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker's time was over, after the store had written the claim."""
    visitor = at_the_review(make_app, lambda submission: None)
    replace = store.inner.replace

    def interrupted(*arguments: Any) -> bool:
        monkeypatch.undo()
        replace(*arguments)
        raise SystemExit

    monkeypatch.setattr(store.inner, "replace", interrupted)
    with pytest.raises(SystemExit):
        visitor.press()
    draft = stored(visitor)
    assert (draft.state, draft.unsettled) == ("open", False)
