"""What visitors meet while the store is down, and what a start-up tells of it."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from cachelib import NullCache, SimpleCache, UWSGICache
from engines import Engine
from flask import Flask
from visitor import Visitor
from wizards import begin, committed, fill_in, pages_of

from flask_wizard import ConfigurationError, DefinitionError, FlaskWizard

# Outages


@pytest.mark.requirement("S40")
@pytest.mark.parametrize("at", ["you", "more"])
def test_post_to_a_store_that_is_down_gives_back_what_was_typed(
    visitor: Visitor, engine: Engine, at: str, caplog: pytest.LogCaptureFixture
) -> None:
    url = begin(visitor)
    before = engine.values()
    engine.down()
    got = visitor.post(f"{url}{at}", {"name": "typed <now>", "story": "typed <now>"})
    engine.up()
    assert got.status_code == 503
    assert "typed &lt;now&gt;" in got.text
    assert any(record.exc_info for record in caplog.records)
    assert engine.values() == before


@pytest.mark.requirement("S40")
def test_store_that_is_back_takes_what_was_given_back(
    visitor: Visitor, engine: Engine
) -> None:
    url = begin(visitor)
    engine.down()
    page = visitor.show(visitor.post(f"{url}you", {"name": "typed"}))
    engine.up()
    assert page.value("name") == "typed"
    assert visitor.send().location == f"{url}more"


@pytest.mark.requirement("S40")
def test_page_of_a_store_that_is_down_is_no_absence(
    visitor: Visitor, engine: Engine
) -> None:
    url = begin(visitor)
    engine.down()
    statuses = {visitor.get(page).status_code for page in pages_of(url)}
    statuses.add(visitor.get("/join/").status_code)
    engine.up()
    assert statuses == {503}


@pytest.mark.requirement("S40")
def test_commit_is_not_called_while_the_store_is_down(
    visitor: Visitor, engine: Engine
) -> None:
    url = fill_in(visitor)
    engine.down()
    got = visitor.post(f"{url}check")
    engine.up()
    assert got.status_code == 503
    assert committed == []


@pytest.mark.requirement("S40")
def test_autosave_to_a_store_that_is_down_fails(
    visitor: Visitor, engine: Engine
) -> None:
    url = begin(visitor)
    engine.down()
    got = visitor.post(f"{url}you", {"name": "x"}, action="autosave")
    engine.up()
    assert got.status_code == 503


def start_with(store: object, tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "an old secret"
    FlaskWizard(app, store=store)


@pytest.mark.requirement("S40")
@pytest.mark.parametrize(
    "store", [NullCache(), UWSGICache, {}, "mongodb://localhost", ""]
)
def test_start_up_refuses_what_cannot_keep_a_draft(
    store: object, tmp_path: Path
) -> None:
    with pytest.raises((ConfigurationError, DefinitionError)):
        start_with(store, tmp_path)


@pytest.mark.requirement("S40")
@pytest.mark.parametrize(
    ("store", "warning"),
    [
        (SimpleCache(), "a restart loses them"),
        ("memory:", "a restart loses them"),
        ("memcached://127.0.0.1:1", "Memcached may lose drafts"),
        ("memcached://127.0.0.1:1", "could not be checked"),
        ("redis://127.0.0.1:1", "could not be checked"),
    ],
)
def test_start_up_warns_of_what_may_lose_a_draft(
    store: object, warning: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    start_with(store, tmp_path)
    warned = [r.message for r in caplog.records if r.levelno >= logging.WARNING]
    assert warning in "\n".join(warned)
