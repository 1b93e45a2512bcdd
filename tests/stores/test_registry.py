"""Which store an application gets, what is said at its start, and `flask wizard`."""

from __future__ import annotations

import logging
import subprocess
import sys
import time
from collections.abc import Iterable
from pathlib import Path

import pytest
from cachelib import SimpleCache
from flask import Flask

from flask_wizard import ConfigurationError, DraftStore, FlaskWizard, StoreError
from flask_wizard.stores import new_version, seconds_in
from flask_wizard.stores.files import FileStore
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.stores.registry import SCHEMES, open_store
from flask_wizard.stores.sqlite import SQLiteStore

TTL = 60


def kept(store: DraftStore) -> DraftStore:
    assert store.create("key", b"blob", new_version(), TTL)
    return store


def installed(tmp_path: Path, **config: object) -> Flask:
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 32, **config)
    FlaskWizard(app)
    return app


# URLs


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("sqlite:///drafts.db", "instance/drafts.db"),
        ("sqlite:///a%20b.db", "instance/a b.db"),
        ("sqlite:///{}/own.db", "own.db"),
        ("file:drafts", "instance/drafts"),
        ("file://{}/own", "own"),
        ("file:{}/own", "own"),
    ],
)
def test_path_of_a_url_begins_in_the_instance_folder(
    url: str, place: str, tmp_path: Path
) -> None:
    url = url.format(tmp_path)
    kept(open_store(url, tmp_path / "instance" / "default.sqlite3"))
    assert (tmp_path / place).exists()


@pytest.mark.parametrize(
    ("url", "kind"),
    [("sqlite:///x.db", SQLiteStore), ("file:x", FileStore), ("memory:", MemoryStore)],
)
def test_url_means_the_store_of_its_scheme(
    url: str, kind: type, tmp_path: Path
) -> None:
    assert isinstance(open_store(url, tmp_path / "default"), kind)


def test_memory_of_a_url_is_a_new_one(tmp_path: Path) -> None:
    kept(open_store("memory:", tmp_path / "default"))
    assert open_store("memory:", tmp_path / "default").load("key") is None


def test_unknown_scheme_is_refused_with_those_that_are_known(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        open_store("mongodb://user:canary-4711@host/db", tmp_path / "default")
    assert "'mongodb'" in str(raised.value)
    assert ", ".join(SCHEMES) in str(raised.value)
    assert "canary-4711" not in str(raised.value)


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("sqlite://", "names no path"),
        ("file:", "names no path"),
        ("sqlite:///d.db?timeout=10", "has options"),
        ("file:drafts?x=1", "has options"),
        ("file:drafts#x", "has options"),
        ("sqlite:///:memory:", "write memory:"),
        ("sqlite://drafts.db", "three slashes"),
        ("file://tmp/drafts", "file:///tmp/drafts"),
    ],
)
def test_url_that_names_no_place_is_refused(
    url: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(ConfigurationError, match=said):
        open_store(url, tmp_path / "default")


def test_folder_that_cannot_be_made_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(ConfigurationError, match=r"cannot be made: .*Name one that"):
        open_store("file:taken", tmp_path / "default")


@pytest.mark.parametrize("given", ["soon", "0", "-1", "nan", "inf"])
@pytest.mark.parametrize(
    "url",
    [
        "memcached://localhost?read_timeout={}",
        "dynamodb://drafts?region=x&read_timeout={}",
        "postgresql+psycopg://localhost/x?read_timeout={}",
    ],
)
def test_limit_of_time_must_be_seconds(url: str, given: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match=f"read_timeout.*{given}.*seconds"):
        open_store(url.format(given), tmp_path / "default")


def test_limit_of_time_may_be_a_part_of_a_second() -> None:
    assert seconds_in("read_timeout", "0.5") == 0.5


DRIVERS = {
    "redis://localhost": ("redis", "redis"),
    "valkey://localhost": ("valkey", "valkey"),
    "postgresql+psycopg://localhost/x": ("sqlalchemy", "postgresql"),
    "mysql+pymysql://localhost/x": ("sqlalchemy", "mysql"),
    "dynamodb://drafts": ("boto3", "dynamodb"),
    "memcached://localhost": ("pymemcache", "memcached"),
}


@pytest.mark.parametrize("url", DRIVERS)
def test_missing_driver_names_the_command_that_installs_it(
    url: str, tmp_path: Path
) -> None:
    driver, extra = DRIVERS[url]
    script = (
        "import sys\n"
        "sys.modules[sys.argv[1]] = None\n"
        "from flask_wizard import ConfigurationError\n"
        "from flask_wizard.stores.registry import open_store\n"
        "try:\n"
        "    open_store(sys.argv[2], 'unused')\n"
        "except ConfigurationError as error:\n"
        "    print(error)\n"
    )
    command = [sys.executable, "-c", script, driver, url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    assert f"pip install 'flask-wizard-forms[{extra}]'" in said


def test_configuration_may_name_the_store(tmp_path: Path) -> None:
    app = installed(tmp_path, WIZARD_STORE="sqlite:///named.db")
    kept(app.extensions["flask_wizard"].store)
    assert (tmp_path / "named.db").exists()


def test_argument_goes_before_the_configuration(tmp_path: Path) -> None:
    app = Flask("site", instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 32, WIZARD_STORE="sqlite:///named.db")
    FlaskWizard(app, store=SimpleCache())
    assert isinstance(app.extensions["flask_wizard"].store, MemoryStore)


# Warnings


class Doubtful(MemoryStore):
    def __init__(self, *, down: bool = False) -> None:
        super().__init__(SimpleCache())
        self.down = down

    def warnings(self) -> Iterable[str]:
        yield "It evicts drafts."
        if self.down:
            raise StoreError("No answer.")


def started(store: object, **config: object) -> None:
    app = Flask("site")
    app.config.update(SECRET_KEY="k" * 32, SERVER_NAME="site.example", **config)
    FlaskWizard(app, store=store)


def test_start_warns_of_what_would_lose_drafts(
    caplog: pytest.LogCaptureFixture,
) -> None:
    started(Doubtful())
    assert [r.levelno for r in caplog.records] == [logging.WARNING]
    assert "It evicts drafts." in caplog.text


def test_start_goes_on_if_the_store_cannot_be_asked(
    caplog: pytest.LogCaptureFixture,
) -> None:
    started(Doubtful(down=True))
    assert "could not be checked: No answer." in caplog.text


def test_memory_is_warned_of(caplog: pytest.LogCaptureFixture) -> None:
    started("memory:")
    assert "no other worker sees them" in caplog.text


@pytest.mark.parametrize("key", ["TESTING", "DEBUG"])
def test_nobody_is_warned_while_developing(
    key: str, caplog: pytest.LogCaptureFixture
) -> None:
    started("memory:", **{key: True})
    assert caplog.text == ""


# flask wizard purge


def purge(app: Flask) -> tuple[int, str]:
    result = app.test_cli_runner().invoke(args=["wizard", "purge"])
    return result.exit_code, result.output


@pytest.mark.parametrize("url", ["sqlite:///x.db", "file:x", "memory:"])
def test_purge_removes_what_has_expired(
    url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = installed(tmp_path, WIZARD_STORE=url, TESTING=True)
    store: DraftStore = app.extensions["flask_wizard"].store
    for number in range(5):
        store.create(f"old{number}", b"blob", new_version(), 1)
    store.create("living", b"blob", new_version(), TTL)
    later = time.time() + 3
    monkeypatch.setattr(time, "time", lambda: later)
    code, said = purge(app)
    assert code == 0
    assert "5 expired values removed" in said
    assert store.load("living") is not None


def test_purge_shows_its_progress(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = installed(tmp_path, TESTING=True)
    store: DraftStore = app.extensions["flask_wizard"].store
    for number in range(2500):
        store.create(f"old{number}", b"", new_version(), TTL)
    later = time.time() + TTL + 2
    monkeypatch.setattr(time, "time", lambda: later)
    _, said = purge(app)
    shown = [line for line in said.splitlines() if line.endswith("removed so far")]
    assert [line.split()[1] for line in shown] == ["1000", "2000", "2500"]


def test_purge_says_when_the_engine_does_it(tmp_path: Path) -> None:
    class Expiring:
        def load(self, key: str) -> None:
            return None

        def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
            return False

        def replace(
            self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
        ) -> bool:
            return False

    app = Flask("site")
    app.config.update(SECRET_KEY="k" * 32)
    FlaskWizard(app, store=Expiring())
    code, said = purge(app)
    assert (code, "nothing to do" in said) == (0, True)


def test_purge_of_a_broken_store_fails_with_the_cause(tmp_path: Path) -> None:
    (tmp_path / "x.db").write_bytes(b"This is no database." * 1000)
    app = installed(tmp_path, WIZARD_STORE="sqlite:///x.db", TESTING=True)
    code, said = purge(app)
    assert (code, "not a database" in said) == (1, True)
