"""What is stored: two releases take turns on one draft, and a newer format is left."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
import pytest
from apps import MakeApp
from clock import DAY, HOUR
from flask import Flask
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Visitor
from wtforms import Form, StringField

from flask_wizard import Review, Step, Submission, Wizard
from flask_wizard.drafts.holders import TOKEN_KEY
from flask_wizard.drafts.keyring import FORMAT, FORMAT_NUMBER, Kind, mark_of


class NameForm(Form):
    name = StringField()


class Join(Wizard):
    max_drafts = 2

    you = Step(NameForm)
    more = Step(NameForm)
    check = Review()

    def commit(self, submission: Submission) -> None: ...


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor whose first step is done."""
    visitor = Visitor(app)
    visitor.open()
    visitor.fill(name="Ada")
    return visitor


class Newer:
    """Code that knows one key more of a draft, an entry, a holder, a listed draft."""

    def __init__(self, visitor: Visitor) -> None:
        with visitor.client.session_transaction() as session:
            self._names = {"list": str(session[TOKEN_KEY])}
        self._names["draft"] = visitor.draft.split("/")[2]
        app = visitor.app
        self._store = app.extensions["flask_wizard"].repository(app).store

    def read(self, purpose: Any = "draft") -> dict[str, Any]:
        plain, _ = self._store.load(purpose, self._names[purpose])
        parts: dict[str, Any] = msgspec.msgpack.decode(plain)
        for step, entry in parts.get("entries", {}).items():
            parts["entries"][step] = msgspec.msgpack.decode(entry)
        return parts

    def write(self, parts: dict[str, Any], purpose: Any = "draft") -> None:
        for step, entry in parts.get("entries", {}).items():
            parts["entries"][step] = msgspec.msgpack.encode(entry)
        _, version = self._store.load(purpose, self._names[purpose])
        plain, kind = msgspec.msgpack.encode(parts), Kind[purpose.upper()]
        self._store.save(version, plain, kind=kind, ttl=DAY)

    def take_turn(self, number: int) -> None:
        """Write something of its own everywhere, beside what is there."""
        parts = self.read()
        parts["colour"] = number
        for part in (*parts["entries"].values(), *parts["holders"]):
            part["colour"] = number
        self.write(parts)

    def colours(self) -> tuple[int, dict[str, int | None], list[int]]:
        """What it had written of the draft, its entries and its holders."""
        parts = self.read()
        entries = {s: entry.get("colour") for s, entry in parts["entries"].items()}
        return (
            parts["colour"],
            entries,
            [holder["colour"] for holder in parts["holders"]],
        )


TURNS = (
    *(("more", "save"), ("more", "autosave"), ("more", "back"), ("you", "save")),
    *(("you", "goto:more"), ("you", "next"), ("more", "next")),
)


def test_two_releases_take_turns_on_one_draft(visitor: Visitor) -> None:
    newer = Newer(visitor)
    newer.take_turn(0)
    draft = visitor.draft
    for number, (step, action) in enumerate(TURNS, start=1):
        values = {"name": f"{step} {number}", "_rev": "999999999"}
        answer = visitor.post(f"{draft}{step}", values, action=action)
        assert answer.status_code in (204, 303)
        colour, entries, holders = newer.colours()
        assert (colour, holders) == (number - 1, [number - 1])
        assert set(entries.values()) <= {number - 1, None}  # none of a new entry
        assert entries["you"] == number - 1
        assert newer.read()["entries"][step]["raw"] == {"name": [values["name"]]}
        newer.take_turn(number)
    visitor.open(f"{draft}check")
    assert [answer for _, answer in visitor.page.rows] == ["you 6", "more 7"]


def test_newer_release_reads_its_paths_after_a_post_to_another_step(
    visitor: Visitor,
) -> None:
    visitor.fill(name="Eve")
    newer = Newer(visitor)
    parts = newer.read()
    paths = [["you", "name"], ["pets", "i", "school", "class"]]
    parts["entries"]["more"] |= {"read": paths, "read_digest": b"newer"}
    newer.write(parts)
    more = newer.read()["entries"]["more"]
    answer = visitor.post(f"{visitor.draft}you", {"name": "Max"}, action="save")
    assert answer.status_code == 303
    assert newer.read()["entries"]["you"]["raw"] == {"name": ["Max"]}
    assert newer.read()["entries"]["more"] == more
    visitor.post(f"{visitor.draft}you", {"name": "Max"})
    visitor.open(f"{visitor.draft}check")  # it is judged anew, and nothing is asked
    assert [answer for _, answer in visitor.page.rows] == ["Max", "Eve"]


def test_newer_release_reads_what_a_commit_leaves_open(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    visitor.fill(name="Eve")
    newer = Newer(visitor)
    newer.take_turn(1)

    def fail(self: Wizard, submission: Submission) -> None:
        raise RuntimeError("The register is closed.")

    monkeypatch.setattr(Join, "commit", fail)
    with pytest.raises(RuntimeError):
        visitor.press()
    assert newer.colours() == (1, {"you": 1, "more": 1}, [1])


def test_two_releases_take_turns_on_one_list(visitor: Visitor) -> None:
    newer = Newer(visitor)
    parts = newer.read("list")
    parts["colour"] = parts["drafts"][0]["colour"] = 1
    newer.write(parts, "list")
    visitor.open("/join/new/you")
    visitor.fill(name="Eve")
    parts = newer.read("list")
    assert (parts["colour"], parts["drafts"][0]["colour"]) == (1, 1)
    assert len(parts["drafts"]) == 2


def test_post_throws_no_other_holder_out(visitor: Visitor, app: Flask) -> None:
    newer = Newer(visitor)
    parts = newer.read()
    other = {"mark": b"x" * 32, "kind": "guest", "since": 1.0, "steps": ["more"]}
    parts["holders"].append(other)
    newer.write(parts)
    visitor.fill(name="Eve")
    assert newer.read()["holders"][1] == other
    assert len(newer.read()["holders"]) == 2


# Another format


@pytest.mark.parametrize("number", [1, 3, 255])
def test_draft_of_another_format_is_a_503_that_changes_nothing(
    visitor: Visitor,
    store: Probe,
    caplog: pytest.LogCaptureFixture,
    number: int,
) -> None:
    whole = store.snapshot()
    other = {
        key: (mark_of(number) + value[0][len(FORMAT) :], value[1])
        for key, value in whole.items()
        if value
    }
    store.restore(other)
    caplog.set_level(logging.ERROR)
    draft = visitor.draft
    assert visitor.get(f"{draft}you").status_code == 503
    answer = visitor.post(f"{draft}you", {"name": "Grace"})
    assert (answer.status_code, "Grace" in answer.text) == (503, True)
    assert visitor.post(f"{draft}discard", action="discard").status_code == 503
    assert store.snapshot() == other
    assert f"format {number}" in caplog.text
    assert ("newer release" in caplog.text) == (number > FORMAT_NUMBER)
    store.restore(whole)
    assert visitor.get(f"{draft}you").status_code == 200


def written_by_newer(store: Probe, visitor: Visitor, purpose: Any) -> dict[str, Any]:
    """Give a value the next format, and return everything that is stored then."""
    newer = Newer(visitor)
    _, version = newer._store.load(purpose, newer._names[purpose])
    value = store.snapshot()[version.key]
    assert value is not None
    newer_blob = mark_of(FORMAT_NUMBER + 1) + value[0][len(FORMAT) :]
    store.restore({version.key: (newer_blob, value[1])})
    return store.snapshot()


def test_list_of_a_newer_format_gets_no_other_beside_it(
    visitor: Visitor, store: Probe
) -> None:
    """The newer release would not read the other list."""
    newer = written_by_newer(store, visitor, "list")
    visitor.open("/join/new/you")
    page = visitor.fill(name="Eve")
    assert (page.status, page.value("name")) == (503, "Eve")
    assert store.snapshot() == newer
    assert visitor.get("/join/").status_code == 503


def test_draft_of_a_newer_format_is_not_taken_for_expired(
    visitor: Visitor, store: Probe, clock: Traveller
) -> None:
    visitor.open("/join/new/you")
    visitor.fill(name="Eve")
    clock.shift(HOUR)  # so that the list alone does not tell whether it is stored
    newer = written_by_newer(store, visitor, "draft")
    visitor.open("/join/new/you")
    page = visitor.fill(name="Max")
    assert (page.status, page.value("name")) == (503, "Max")
    assert store.snapshot() == newer
