"""How much a visitor may keep, and how often send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from apps import MakeOnDisk
from clock import HOUR
from engines import Engine, on_one_engine
from flask import Flask, request
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address
from time_machine import Traveller
from visitor import Visitor
from werkzeug.formparser import FormDataParser
from wizards import CANARY, Membership, MoreForm, begin, committed, end, fill_in, stored

from flask_wizard import Step
from flask_wizard.core.draft import encode
from flask_wizard.drafts.holders import new_nonce

CAP = 2000


@pytest.fixture
def full(make_on_disk: MakeOnDisk, clock: Traveller) -> tuple[Visitor, int]:
    """A visitor, and how long a story fills the draft to the last byte."""
    visitor = Visitor(make_on_disk(WIZARD_MAX_DRAFT=CAP))
    url = begin(visitor)
    visitor.post(f"{url}more", {"story": "s" * 1000})
    return visitor, 1000 + CAP - len(encode(stored(visitor)))


@pytest.mark.requirement("S28")
def test_draft_at_its_cap_is_kept(full: tuple[Visitor, int]) -> None:
    visitor, size = full
    story = {"story": "s" * size}
    assert visitor.post(f"{visitor.draft}more", story).status_code == 303
    assert len(encode(stored(visitor))) == CAP
    assert stored(visitor).entries["more"].raw["story"] == ["s" * size]


@pytest.mark.requirement("S28")
def test_draft_one_byte_over_its_cap_leaves_the_old_one_whole(
    full: tuple[Visitor, int], engine: Engine
) -> None:
    visitor, size = full
    visitor.post(f"{visitor.draft}more", {"story": "s" * size})
    before = engine.values()
    story = {"story": "s" * (size + 1)}
    got = visitor.post(f"{visitor.draft}more", story)
    assert got.status_code == 413
    assert "s" * (size + 1) in got.text
    assert engine.values() == before
    assert stored(visitor).entries["more"].raw["story"] == ["s" * size]


@pytest.mark.requirement("S28")
def test_draft_over_its_cap_leaves_the_old_one_whole(
    make_on_disk: MakeOnDisk, engine: Engine
) -> None:
    visitor = Visitor(make_on_disk(WIZARD_MAX_DRAFT=2000))
    url = begin(visitor)
    before = engine.values()
    got = visitor.post(f"{url}more", {"story": "s" * 2000, "home-street": CANARY})
    assert got.status_code == 413
    assert CANARY in got.text
    assert "s" * 2000 in got.text
    assert engine.values() == before


@pytest.mark.requirement("S28")
def test_new_draft_over_its_cap_stores_nothing(
    make_on_disk: MakeOnDisk, engine: Engine
) -> None:
    class Story(Membership):
        you = Step(MoreForm)

    visitor = Visitor(make_on_disk(Story, WIZARD_MAX_DRAFT=2000))
    nonce = visitor.open("/join/new/you").value("_draft")
    got = visitor.post("/join/new/you", {"_draft": nonce, "story": "s" * 2000})
    assert got.status_code == 413
    assert engine.values() == {}


@pytest.mark.requirement("S28")
def test_one_draft_too_many_is_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    for _ in range(3):
        begin(visitor)
    before = engine.values()
    nonce = visitor.open("/join/new/you").value("_draft")
    got = visitor.post("/join/new/you", {"_draft": nonce, "name": CANARY})
    assert got.status_code == 409
    assert "too many" in got.text
    assert CANARY in got.text
    assert engine.values() == before


@pytest.mark.requirement("S28")
def test_discarded_draft_makes_room(visitor: Visitor) -> None:
    for _ in range(3):
        begin(visitor)
    end(visitor, "discard")
    assert begin(visitor)


@pytest.mark.requirement("S28")
def test_drafts_begun_at_once_keep_to_the_cap(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = visitor.app
    for _ in range(2):
        begin(visitor)
    second = visitor.twin()
    statuses = []
    store = app.extensions["flask_wizard"].store
    create = store.create

    def between(*arguments: Any) -> bool:
        """Another request comes in just before the third draft is written."""
        monkeypatch.undo()
        sent = {"_draft": new_nonce(), "name": "x"}
        statuses.append(second.post("/join/new/you", sent).status_code)
        return bool(create(*arguments))

    monkeypatch.setattr(store, "create", between)
    sent = {"_draft": new_nonce(), "name": "x"}
    statuses.append(visitor.post("/join/new/you", sent).status_code)
    assert sorted(statuses) == [303, 409]


@pytest.mark.requirement("S28")
def test_expired_draft_begun_again_keeps_to_the_cap(
    visitor: Visitor, clock: Traveller
) -> None:
    nonce = visitor.open("/join/new/you").value("_draft")
    first = {"_draft": nonce, "name": "x"}
    assert visitor.post("/join/new/you", first).status_code == 303
    clock.shift(HOUR + 1)
    for _ in range(3):
        begin(visitor)
    assert visitor.post("/join/new/you", first).status_code == 409


# Limits of an application's own


def is_start() -> bool:
    return request.method == "POST" and request.endpoint == "join.new"


def limit(
    app: Flask, most: int, counts: Callable[[], bool] = lambda: request.method == "POST"
) -> None:
    """Let each address send so many of the requests that count, by Flask-Limiter."""
    limiter = Limiter(get_remote_address, app=app, storage_uri="memory://")
    own = limiter.limit(f"{most} per hour", exempt_when=lambda: not counts())
    blueprint: Any = app.blueprints["join"]
    own(blueprint)


@pytest.mark.requirement("S29")
def test_limit_on_the_blueprint_works(visitor: Visitor, engine: Engine) -> None:
    limit(visitor.app, 2)
    begin(visitor)
    for name in ("Ada", "Bob"):
        sent = visitor.post(f"{visitor.draft}you", {"name": name})
        assert sent.status_code == 303
    before = engine.values()
    late = visitor.post(f"{visitor.draft}you", {"name": CANARY})
    assert late.status_code == 429
    assert engine.values() == before
    assert visitor.get(f"{visitor.draft}you").status_code == 200


@pytest.mark.requirement("S29")
def test_application_can_limit_starts(visitor: Visitor, engine: Engine) -> None:
    limit(visitor.app, 2, is_start)
    begin(visitor)
    begin(visitor)
    before = engine.values()
    sent = {"_draft": new_nonce(), "name": CANARY}
    assert visitor.post("/join/new/you", sent).status_code == 429
    assert engine.values() == before
    assert visitor.post(f"{visitor.draft}you", {"name": "x"}).status_code == 303


@pytest.mark.requirement("S29")
@on_one_engine
def test_limit_of_one_address_is_not_anothers(app: Flask) -> None:
    limit(app, 1, is_start)
    begin(Visitor(app))
    other = Visitor(app)
    other.client.environ_base["REMOTE_ADDR"] = "192.0.2.7"
    assert begin(other)


@pytest.mark.requirement("S29")
def test_application_can_limit_commits(visitor: Visitor, engine: Engine) -> None:
    def is_commit() -> bool:
        step = (request.view_args or {}).get("step")
        return request.method == "POST" and step == "check"

    limit(visitor.app, 1, is_commit)
    fill_in(visitor)
    assert end(visitor, "commit").status_code == 303
    url = fill_in(visitor)
    before = engine.values()
    assert visitor.post(f"{url}check").status_code == 429
    assert engine.values() == before
    assert len(committed) == 1


@pytest.mark.requirement("S29")
@on_one_engine
def test_limited_request_is_not_parsed(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    limit(visitor.app, 1, is_start)
    begin(visitor)
    parsed: list[object] = []
    monkeypatch.setattr(FormDataParser, "parse", lambda *a, **k: parsed.append(a))
    assert visitor.post("/join/new/you", {"name": CANARY}).status_code == 429
    assert parsed == []
