"""What the tests share: applications, stores and a clock."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import coverage_probes  # before the package
import pytest
from apps import COMPILED, CompiledRule, MakeApp, MakeOnDisk, parse_once
from cachelib import FileSystemCache, SimpleCache
from canaries import Canary
from engines import Engine, FileEngine, RedisEngine, SQLiteEngine
from flask import Flask, request_tearing_down
from hypothesis import settings
from jinja2 import Environment, StrictUndefined
from redis_servers import RedisServer
from servers import running
from store_wrappers import Crowd, Probe
from time_machine import Traveller
from visitor import Visitor, inaccessible
from wizards import Membership, committed

from flask_wizard import DraftStore, FlaskWizard, Wizard, stores
from flask_wizard.stores.files import FileStore
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.stores.sqlite import SQLiteStore

# The example application and the benchmarks are there. Last, so that an installed
# flask_wizard comes first.
sys.path.append(str(Path(__file__).resolve().parents[1]))

# On a busy machine an example may take any time.
settings.register_profile("patient", settings(), deadline=None)
settings.load_profile("patient")

WRITES_A_SWEEP = stores.WRITES_A_SWEEP
# A sweep by chance would be counted, or logged, in one of some hundred tests.
stores.WRITES_A_SWEEP = sys.maxsize

pytest_plugins = ["scheduling", "pytest_flask_wizard", "pytester"]
pytest_sessionfinish = coverage_probes.pytest_sessionfinish
pytest_testnodedown = coverage_probes.pytest_testnodedown


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Look for no garbage among the tests, neither as they are collected nor later.

    There are thousands, and to look through them again and again takes long.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.collect()
        gc.freeze()
        gc.enable()


@pytest.fixture(scope="session", autouse=True)
def compiled_once() -> Iterator[None]:
    """Compile the templates and the rules of all applications once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Flask, "url_rule_class", CompiledRule)
        patch.setattr(Flask, "jinja_options", {"bytecode_cache": COMPILED})
        patch.setattr(Environment, "parse", parse_once)
        yield


@pytest.fixture(autouse=True)
def canary() -> Iterator[Canary]:
    """Fail every test in which an answer is logged."""
    canary = Canary()
    own = logging.getLogger("flask_wizard")
    level = own.level
    own.setLevel(logging.DEBUG)
    logging.getLogger().addHandler(canary)
    with request_tearing_down.connected_to(canary.see):
        yield canary
    logging.getLogger().removeHandler(canary)
    own.setLevel(level)
    assert canary.leaks == []


@pytest.fixture(autouse=True)
def nothing_committed() -> None:
    """Forget what another test has committed."""
    committed.clear()


@pytest.fixture(autouse=True)
def accessible(request: pytest.FixtureRequest) -> Iterator[None]:
    """Fail every test that looks at a page which is not accessible.

    Where markup of the test's own is not, the mark ``inaccessible`` says why.
    """
    inaccessible.clear()
    yield
    if request.node.get_closest_marker("inaccessible") is None:
        assert inaccessible == []


@pytest.fixture
def store() -> Probe:
    return Probe(MemoryStore(SimpleCache()))


@pytest.fixture
def sweep_by_chance(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sweep as in an application."""
    monkeypatch.setattr(stores, "WRITES_A_SWEEP", WRITES_A_SWEEP)


@pytest.fixture
def sweep_at_each_write(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stores, "WRITES_A_SWEEP", 1)


@pytest.fixture(params=["memory", "files", "sqlite"])
def any_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[DraftStore]:
    """One store of each engine."""
    if request.param == "memory":
        yield MemoryStore(SimpleCache())
    elif request.param == "files":
        yield FileStore(FileSystemCache(str(tmp_path / "cache"), threshold=0))
    else:
        sqlite = SQLiteStore(tmp_path / "drafts.sqlite3")
        yield sqlite
        sqlite.close()


@pytest.fixture
def make_app(store: Probe, tmp_path_factory: pytest.TempPathFactory) -> MakeApp:
    """A function that makes an application with a wizard mounted as ``join``."""
    default, folder = store, str(tmp_path_factory.getbasetemp())

    def make(
        wizard: type[Wizard] | None = None,
        *,
        prefix: str = "/join",
        unbound: tuple[str, ...] = (),
        store: object | None = None,
        uploads: Any = None,
        **config: object,
    ) -> Flask:
        app = Flask("site", root_path=folder, instance_path=folder)
        app.jinja_options = {"undefined": StrictUndefined, "bytecode_cache": COMPILED}
        app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_COMMIT_WAIT=0)
        app.config.update(config)
        given = default if store is None else store
        FlaskWizard(app, store=given, uploads=uploads)
        if wizard is not None:
            blueprint = wizard.as_blueprint("join", unbound=unbound)
            app.register_blueprint(blueprint, url_prefix=prefix)
        return app

    return make


@pytest.fixture
def clock(wizard_clock: Traveller) -> Traveller:
    """A clock that stands still at a whole second until it is shifted."""
    return wizard_clock


# The wizard Membership on what lies on a disk or a server


@pytest.fixture(scope="session")
def redis_of_drafts(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    server = RedisServer(tmp_path_factory.mktemp("redis"), appendonly="yes")
    with running(server):
        yield server


@pytest.fixture(
    params=[SQLiteEngine, FileEngine, RedisEngine], ids=["sqlite", "files", "redis"]
)
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Engine]:
    engine: Engine
    if request.param is RedisEngine:
        engine = RedisEngine(request.getfixturevalue("redis_of_drafts"))
    else:
        engine = request.param(tmp_path / "drafts")
    yield engine
    engine.close()


@pytest.fixture
def make_on_disk(engine: Engine, make_app: MakeApp) -> MakeOnDisk:
    """A function that makes an application with Membership, or another, on a disk."""

    def make(wizard: type[Wizard] = Membership, **config: Any) -> Flask:
        config = {"PROPAGATE_EXCEPTIONS": False, **config}
        return make_app(wizard, store=engine.given(), **config)

    return make


@pytest.fixture
def app(make_on_disk: MakeOnDisk) -> Flask:
    return make_on_disk()


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


@pytest.fixture
def crowd(app: Flask) -> Crowd:
    return Crowd(app)
