"""The encrypted store: keys, compression, and what is bound to what."""

from __future__ import annotations

import os
import zlib

import pytest
from clock import DAY
from store_wrappers import Probe

from flask_wizard import UnreadableDraftError
from flask_wizard.drafts.encrypted_store import EncryptedStore
from flask_wizard.drafts.keyring import HEADER_SIZE, OVERHEAD, Keyring, Kind
from flask_wizard.errors import ConflictError
from flask_wizard.stores import new_version

LIMIT = 1000


def encrypted_store(store: Probe, *secrets: str) -> EncryptedStore:
    return EncryptedStore(store, Keyring(secrets or ["s"]), compress_above=LIMIT)


def save(store: Probe, plain: bytes, *, kind: Kind = Kind.DRAFT) -> str:
    """Save a draft as ``one``; return its key."""
    encrypted = encrypted_store(store)
    _, version = encrypted.load("draft", "one")
    return encrypted.save(version, plain, kind=kind, ttl=DAY).key


def blob(store: Probe, key: str) -> bytes:
    found = store.inner.load(key)
    assert found is not None
    return found[0]


def load(store: Probe) -> bytes | memoryview | None:
    return encrypted_store(store).load("draft", "one")[0]


@pytest.mark.parametrize("size", [0, 1, LIMIT - 1, LIMIT, LIMIT + 1, 200_000])
def test_value_of_any_size_is_loaded_again(store: Probe, size: int) -> None:
    for plain in (bytes(size), os.urandom(size)):
        save(store, plain)
        assert load(store) == plain


def test_small_value_is_not_compressed(store: Probe) -> None:
    assert len(blob(store, save(store, bytes(LIMIT)))) == OVERHEAD + 1 + LIMIT


def test_large_value_is_compressed(store: Probe) -> None:
    assert len(blob(store, save(store, bytes(LIMIT + 1)))) < OVERHEAD + 100


def test_incompressible_value_does_not_grow(store: Probe) -> None:
    assert len(blob(store, save(store, os.urandom(5000)))) == OVERHEAD + 1 + 5000


@pytest.mark.parametrize(
    ("packed", "problem"),
    [
        *((b"\x02later", "codec"), (b"", "codec")),
        (b"\x01" + zlib.compress(b"a" * 99, wbits=-13)[:-1], "decompress"),
        (b"\x01" + zlib.compress(b"a" * 99), "decompress"),  # it has a checksum
    ],
)
def test_value_that_cannot_be_unpacked_is_unreadable(
    store: Probe, packed: bytes, problem: str
) -> None:
    key = save(store, b"x")
    planted = Keyring(["s"]).encrypt(packed, key.encode(), Kind.DRAFT)
    plant(store, key, planted)
    with pytest.raises(UnreadableDraftError, match=problem):
        load(store)


def plant(store: Probe, key: str, planted: bytes) -> None:
    found = store.inner.load(key)
    assert found is not None
    assert store.inner.replace(key, planted, new_version(), found[1], DAY)


def test_secrets_and_the_keys_of_a_store_are_enough_to_read_it(store: Probe) -> None:
    """So a job can list the drafts whose ids are nowhere outside."""
    key = save(store, b"draft", kind=Kind.TOMBSTONE)
    encrypted = blob(store, key)
    kind = Kind(encrypted[HEADER_SIZE - 1])
    assert kind is Kind.TOMBSTONE
    assert Keyring(["s"]).decrypt(encrypted, key.encode(), [kind])[1:] == b"draft"


def test_draft_and_list_of_one_name_have_two_keys(store: Probe) -> None:
    encrypted = encrypted_store(store)
    keys = {encrypted.load(purpose, "one")[1].key for purpose in ("draft", "list")}
    assert len(keys) == 2


@pytest.mark.parametrize("kind", [Kind.LIST, Kind.FIELDS])
def test_draft_is_read_from_no_other_kind(store: Probe, kind: Kind) -> None:
    save(store, b"x", kind=kind)
    with pytest.raises(UnreadableDraftError, match="kind"):
        load(store)


def test_value_is_read_under_its_own_key_alone(store: Probe) -> None:
    encrypted = encrypted_store(store)
    one = save(store, b"one")
    _, version = encrypted.load("draft", "two")
    two = encrypted.save(version, b"two", kind=Kind.DRAFT, ttl=DAY).key
    plant(store, one, blob(store, two))
    with pytest.raises(UnreadableDraftError, match="something else"):
        load(store)


def test_value_is_found_by_a_former_secret(store: Probe) -> None:
    key = save(store, b"x")
    found = encrypted_store(store, "new", "s").load("draft", "one")
    assert (found[0], found[1].key) == (b"x", key)


def test_second_writer_over_one_version_is_refused(store: Probe) -> None:
    encrypted = encrypted_store(store)
    save(store, b"x")
    _, version = encrypted.load("draft", "one")
    encrypted.save(version, b"first", kind=Kind.DRAFT, ttl=DAY)
    with pytest.raises(ConflictError):
        encrypted.save(version, b"second", kind=Kind.DRAFT, ttl=DAY)
    assert load(store) == b"first"
