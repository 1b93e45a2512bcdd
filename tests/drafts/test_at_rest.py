"""What lies in a store: damaged, swapped, or encrypted with an old key."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import pytest
from apps import MakeOnDisk
from engines import Engine
from flask import Flask
from visitor import Visitor
from wizards import CANARY, begin, end, fill_in

from flask_wizard.drafts.keyring import FORMAT, KEY_ID_SIZE, Kind, mark_of

# At rest


@pytest.mark.requirement("S34")
@pytest.mark.parametrize("which", ["draft", "list"])
def test_planted_pickle_does_not_run(
    visitor: Visitor, engine: Engine, tmp_path: Path, which: str
) -> None:
    class Bomb:
        """A pickle that makes a folder when it is read."""

        def __init__(self, path: Path) -> None:
            self.path = path

        def __reduce__(self) -> tuple[Any, ...]:
            return Path.mkdir, (self.path,)

    url = begin(visitor)
    bomb = pickle.dumps(Bomb(tmp_path / "ran"))
    for key in engine.values():
        engine.write(key, bomb)
    got = visitor.get(f"{url}you" if which == "draft" else "/join/")
    assert got.status_code == 503
    assert not (tmp_path / "ran").exists()


def key_of(visitor: Visitor, engine: Engine) -> str:
    """The key of the visitor's draft: the one that changes when it is saved."""
    before = engine.values()
    visitor.post(f"{visitor.draft}you", {"name": CANARY})
    after = engine.values()
    (key,) = (key for key in after if after[key] != before[key])
    return key


@pytest.mark.requirement("S35")
def test_flipped_bytes_are_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    url = begin(visitor)
    key = key_of(visitor, engine)
    whole = engine.values()[key]
    for position in range(len(whole)):
        damaged = bytearray(whole)
        damaged[position] ^= 1 << position % 8
        assert_told(visitor, engine, url, key, bytes(damaged))
    engine.write(key, whole)
    assert visitor.get(f"{url}you").status_code == 200


@pytest.mark.requirement("S35")
def test_cut_bytes_are_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    url = begin(visitor)
    key = key_of(visitor, engine)
    whole = engine.values()[key]
    for size in range(len(whole)):
        assert_told(visitor, engine, url, key, whole[:size])


def assert_told(
    visitor: Visitor, engine: Engine, url: str, key: str, damaged: bytes
) -> None:
    engine.write(key, damaged)
    got = visitor.client.get(f"{url}you")
    assert got.status_code == 503
    assert "fault on our side" in got.text
    assert engine.values()[key] == damaged


@pytest.mark.requirement("S35")
@pytest.mark.parametrize("at", ["you", "more", "check", "discard"])
def test_damaged_draft_keeps_its_bytes_at_a_post(
    visitor: Visitor, engine: Engine, at: str
) -> None:
    url = begin(visitor)
    key = key_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    got = visitor.post(f"{url}{at}", {"name": "typed", "story": "typed"})
    assert got.status_code == 503
    assert "typed" in got.text or at not in ("you", "more")
    assert engine.values()[key] == damaged


@pytest.mark.requirement("S35")
def test_damaged_draft_hides_no_other(visitor: Visitor, engine: Engine) -> None:
    begin(visitor)
    key = key_of(visitor, engine)
    whole = begin(visitor)
    engine.write(key, b"damaged")
    got = visitor.client.get("/join/")
    assert got.status_code == 200
    assert whole in got.text


def list_of(visitor: Visitor, engine: Engine) -> str:
    """The key of the visitor's list, where the store has one draft and nothing more."""
    draft = key_of(visitor, engine)
    (key,) = engine.values().keys() - {draft}
    return key


@pytest.mark.requirement("S35")
def test_damaged_list_is_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    begin(visitor)
    key = list_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    got = visitor.get("/join/")
    assert got.status_code == 503
    assert 'href="/join/new/you"' in got.text
    assert engine.values()[key] == damaged


@pytest.mark.requirement("S35")
def test_damaged_list_keeps_its_bytes_when_a_draft_begins(
    visitor: Visitor, engine: Engine
) -> None:
    begin(visitor)
    key = list_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    begun = begin(visitor)
    assert begun in visitor.get("/join/").text
    assert engine.values()[key] == damaged


@pytest.mark.requirement("S35")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_damaged_list_keeps_its_bytes_when_a_draft_ends(
    visitor: Visitor, engine: Engine, how: str
) -> None:
    fill_in(visitor)
    key = list_of(visitor, engine)
    damaged = engine.values()[key][:-1]
    engine.write(key, damaged)
    assert end(visitor, how).location == f"{visitor.draft}receipt"
    assert engine.values()[key] == damaged


@pytest.mark.requirement("S35")
def test_unknown_format_is_a_clear_page(visitor: Visitor, engine: Engine) -> None:
    url = begin(visitor)
    key = key_of(visitor, engine)
    newer = mark_of(3) + engine.values()[key][len(FORMAT) :]
    assert_told(visitor, engine, url, key, newer)


@pytest.mark.requirement("S36")
def test_swapped_blobs_are_refused(visitor: Visitor, engine: Engine) -> None:
    one = begin(visitor)
    first = key_of(visitor, engine)
    two = begin(visitor)
    second = key_of(visitor, engine)
    kept = engine.values()
    engine.write(first, kept[second])
    engine.write(second, kept[first])
    assert visitor.get(f"{one}you").status_code == 503
    assert visitor.get(f"{two}you").status_code == 503


@pytest.mark.requirement("S36")
def test_lists_of_two_holders_cannot_be_swapped(app: Flask, engine: Engine) -> None:
    one, two = Visitor(app), Visitor(app)
    begin(one)
    drafts = {key_of(one, engine)}
    begin(two)
    drafts |= {key_of(two, engine)}
    kept = engine.values()
    first, second = sorted(set(kept) - drafts)
    engine.write(first, kept[second])
    engine.write(second, kept[first])
    assert one.get("/join/").status_code == 503


def rotate(app: Flask) -> bytes:
    """Give the application another secret; return how its values begin from now on."""
    app.config["SECRET_KEY_FALLBACKS"] = [app.secret_key]
    app.secret_key = "a new secret"
    keyring = app.extensions["flask_wizard"].repository(app).store.keyring
    encrypted: bytes = keyring.encrypt(b"x", b"", Kind.DRAFT)
    return encrypted[: len(FORMAT) + KEY_ID_SIZE]


@pytest.mark.requirement("S36")
def test_old_key_still_opens_a_draft(visitor: Visitor) -> None:
    url = begin(visitor)
    rotate(visitor.app)
    assert CANARY in visitor.get(f"{url}you").text


@pytest.mark.requirement("S36")
def test_draft_is_encrypted_with_the_new_key_when_saved(
    visitor: Visitor, engine: Engine
) -> None:
    url = begin(visitor)
    key = key_of(visitor, engine)
    new = rotate(visitor.app)
    assert not engine.values()[key].startswith(new)
    visitor.open(f"{url}you")
    assert visitor.post(f"{url}you", {"name": "x"}).status_code == 303
    assert engine.values()[key].startswith(new)


@pytest.mark.requirement("S36")
def test_list_is_read_after_the_key_changed(visitor: Visitor) -> None:
    url = begin(visitor)
    rotate(visitor.app)
    assert f"{url}more" in visitor.get("/join/").text
    assert begin(visitor) != url


@pytest.mark.requirement("S36")
def test_page_begins_one_draft_although_the_key_changed(
    make_on_disk: MakeOnDisk,
) -> None:
    visitor = Visitor(make_on_disk(WTF_CSRF_ENABLED=False))
    page = visitor.open("/join/new/you").url
    draft = visitor.fill(name=CANARY).path
    sent = {"name": "sent twice", "_draft": page[-22:]}
    for former in (["k" * 32], ["a newer secret", "k" * 32]):
        rotate(visitor.app)
        visitor.app.config["SECRET_KEY_FALLBACKS"] = former
        assert visitor.post(page, sent).location == draft
        assert visitor.get(page).location == draft.replace("more", "you")


@pytest.mark.requirement("S36")
def test_forgotten_key_opens_nothing(visitor: Visitor) -> None:
    url = begin(visitor)
    rotate(visitor.app)
    visitor.get(f"{url}you")  # the session, too, is signed anew
    visitor.app.config["SECRET_KEY_FALLBACKS"] = []
    assert visitor.get(f"{url}you").status_code == 404
