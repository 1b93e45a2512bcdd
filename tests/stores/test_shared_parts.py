"""What stores share: versions, URLs, frames, and when a write sweeps."""

from __future__ import annotations

import logging
import os
import random
from pathlib import Path

import pytest

from flask_wizard.errors import ConfigurationError, StoreError, UnreadableDraftError
from flask_wizard.stores import (
    VERSION_SIZE,
    new_version,
    path_of,
    seconds_in,
    sweep_now_and_then,
    unwritable,
)
from flask_wizard.stores.encoding import Framed, frame, head, unframe


def test_versions_are_random_bytes_of_one_length() -> None:
    first, second = new_version(), new_version()
    assert len(first) == len(second) == VERSION_SIZE == 12
    assert first != second


# Frames


@pytest.mark.parametrize("version", [b"", b"v", b"v" * 255])
@pytest.mark.parametrize("blob", [b"", b"blob", b"fwz1"])
def test_frame_comes_back(blob: bytes, version: bytes) -> None:
    framed = frame(blob, version)
    assert framed == head(version) + blob
    assert framed.startswith(b"fwz1")
    assert unframe(framed) == Framed(blob, version)


@pytest.mark.parametrize(
    "value", [b"", b"fwz", b"fwz1", b"fwz2\x00", b"x" + frame(b"", b"")]
)
def test_value_that_is_no_frame_is_damage(value: bytes) -> None:
    with pytest.raises(UnreadableDraftError, match="not one of this store"):
        unframe(value)


def test_frame_that_ends_within_its_version_is_damage() -> None:
    framed = frame(b"", b"version")
    assert unframe(framed) == (b"", b"version")
    with pytest.raises(UnreadableDraftError, match="it ends within its version"):
        unframe(framed[:-1])


# URLs


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:///drafts.db", "/base/drafts.db"),
        ("sqlite:////srv/drafts.db", "/srv/drafts.db"),
        ("sqlite:drafts.db", "/base/drafts.db"),
        ("file:///srv/drafts", "/srv/drafts"),
        ("file:drafts/of/all", "/base/drafts/of/all"),
        ("file:/srv/drafts", "/srv/drafts"),
        ("sqlite:///a%3Fb%23c%20d", "/base/a?b#c d"),
        ("sqlite:///a:b", "/base/a:b"),
    ],
)
def test_path_in_a_url_begins_in_the_folder_or_at_the_root(
    url: str, expected: str
) -> None:
    assert path_of(url, Path("/base")) == Path(expected)


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("sqlite:///a?mode=ro", "has options"),
        ("file:///a#b", "has options"),
        ("sqlite://host/a", "names a host, 'host'.*sqlite:///host/a"),
        ("file://host/a", "names a host, 'host'.*file:///host/a"),
        ("sqlite:///:memory:", "names the memory of a connection"),
        ("sqlite::memory:", "names the memory of a connection"),
        ("sqlite://", "names no path"),
        ("sqlite:///", "names no path"),
        ("file:", "names no path"),
        ("file://", "names no path"),
    ],
)
def test_url_that_names_no_place_on_this_machine_is_refused(
    url: str, match: str
) -> None:
    with pytest.raises(ConfigurationError, match=match):
        path_of(url, Path("/base"))


@pytest.mark.parametrize(
    ("given", "expected"), [("1", 1.0), ("0.5", 0.5), ("3e2", 300)]
)
def test_seconds_of_a_url_are_a_number(given: str, expected: float) -> None:
    assert seconds_in("timeout", given) == expected


@pytest.mark.parametrize("given", ["", "x", "0", "-1", "inf", "nan", "1s"])
def test_seconds_that_are_none_are_refused(given: str) -> None:
    with pytest.raises(
        ConfigurationError, match=f"timeout in the store's URL is '{given}"
    ):
        seconds_in("timeout", given)


# Folders


def test_folder_that_can_be_written_has_no_warning(tmp_path: Path) -> None:
    file = tmp_path / "drafts.db"
    file.touch()
    for folder in (tmp_path, tmp_path / "not" / "there"):
        assert list(unwritable(str(folder), str(file))) == []


def test_place_inside_a_file_is_warned_of(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.touch()
    (warning,) = unwritable(str(file / "drafts"))
    assert f"cannot write to {file}: no answer" in warning
    assert f"Drafts are stored in {file / 'drafts'}" in warning


def test_folder_and_file_that_refuse_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Root may write everything: so the system is asked in the place of files."""
    denied: dict[str, int] = {}

    def access(path: str, mode: int) -> bool:
        asked[path] = mode
        return not denied.get(path, 0) & mode

    asked: dict[str, int] = {}
    monkeypatch.setattr(os, "access", access)
    file, folder = str(tmp_path / "drafts.db"), str(tmp_path)
    Path(file).touch()
    assert list(unwritable(folder, file, file + "-missing")) == []
    assert asked == {folder: os.W_OK | os.X_OK, file: os.R_OK | os.W_OK}
    denied[file] = os.R_OK
    (warning,) = unwritable(folder, file)
    assert f"cannot write to {file}:" in warning
    denied[folder] = os.X_OK
    (warning,) = unwritable(folder, file)
    assert f"cannot write to {folder}:" in warning


# Sweeps


@pytest.mark.usefixtures("sweep_by_chance")
@pytest.mark.parametrize(
    ("drawn", "sweeps"), [(0.0, 1), (0.9999 / 256, 1), (1 / 256, 0), (0.5, 0)]
)
def test_one_write_in_256_sweeps(
    drawn: float, sweeps: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls: list[None] = []
    monkeypatch.setattr(random, "random", lambda: drawn)
    sweep_now_and_then(lambda: calls.append(None))
    assert len(calls) == sweeps


@pytest.mark.usefixtures("sweep_by_chance")
def test_sweep_that_fails_is_logged_and_stops_no_write(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fails() -> None:
        raise StoreError("full")

    monkeypatch.setattr(random, "random", lambda: 0.0)
    sweep_now_and_then(fails)
    (record,) = caplog.records
    assert (record.levelno, record.name) == (logging.ERROR, "flask_wizard.stores")
    assert record.exc_info is not None
