"""The keyring: what decrypts, what does not, and what a hash tells apart."""

from __future__ import annotations

import os
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_wizard.drafts.keyring import (
    FORMAT,
    HEADER_SIZE,
    OVERHEAD,
    TAG_SIZE,
    Keyring,
    Kind,
    mark_of,
)
from flask_wizard.errors import ConfigurationError, UnreadableDraftError

CONTEXT = b"draft-1"
DRAFT = Kind.DRAFT
DRAFTS = (Kind.DRAFT, Kind.TOMBSTONE)
OLD_VALUE = (
    "02fd1b166593013c8a05f5149a4b7747eeb05fdab62791147e5c13032d7d83214a00d3990b3a"
    "81ab9252"
)


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(["a secret"])


@given(plain=st.binary(max_size=4096), context=st.binary())
def test_decrypt_returns_what_was_encrypted(plain: bytes, context: bytes) -> None:
    keyring = Keyring(["a secret"])
    assert (
        keyring.decrypt(keyring.encrypt(plain, context, DRAFT), context, DRAFTS)
        == plain
    )


def test_value_of_a_former_release_decrypts() -> None:
    encrypted = bytes.fromhex(OLD_VALUE)
    assert Keyring(["k" * 32]).decrypt(encrypted, b"draft", DRAFTS) == b"answers"


def test_hash_is_the_same_in_every_release() -> None:
    found = Keyring(["k" * 32]).digest("holder", "token").hex()
    assert found == "686d204c4d2a107dc76f537ae348ff535190ca8274cd9d702fe0c945004dfef7"


def test_encrypted_value_does_not_show_the_plain_one(keyring: Keyring) -> None:
    encrypted = keyring.encrypt(b"hunter2 " * 10, CONTEXT, DRAFT)
    assert b"hunter2" not in encrypted
    assert CONTEXT not in encrypted


def test_same_value_is_never_encrypted_alike(keyring: Keyring) -> None:
    assert len({keyring.encrypt(b"plain", CONTEXT, DRAFT) for _ in range(1000)}) == 1000


def test_each_context_has_a_key_of_its_own(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)  # the same nonce
    one, two = (
        keyring.encrypt(b"plain", b"draft-1", DRAFT),
        keyring.encrypt(b"plain", b"draft-2", DRAFT),
    )
    assert one[:-TAG_SIZE] != two[:-TAG_SIZE]


def test_value_grows_by_what_opens_it(keyring: Keyring) -> None:
    assert len(keyring.encrypt(bytes(100), CONTEXT, DRAFT)) == OVERHEAD + 100


@pytest.mark.parametrize("plain", [b"", b"answers"])
def test_any_flipped_bit_is_noticed(plain: bytes) -> None:
    keyring = Keyring(["a secret", "an older one"])
    encrypted = keyring.encrypt(plain, CONTEXT, DRAFT)
    for position in range(len(encrypted)):
        for bit in range(8):
            damaged = bytearray(encrypted)
            damaged[position] ^= 1 << bit
            with pytest.raises(UnreadableDraftError):
                keyring.decrypt(bytes(damaged), CONTEXT, DRAFTS)


@pytest.mark.parametrize("plain", [b"", b"answers"])
def test_any_cut_is_noticed(keyring: Keyring, plain: bytes) -> None:
    encrypted = keyring.encrypt(plain, CONTEXT, DRAFT)
    for length in range(len(encrypted)):
        with pytest.raises(UnreadableDraftError):
            keyring.decrypt(encrypted[:length], CONTEXT, DRAFTS)
        with pytest.raises(UnreadableDraftError):
            keyring.decrypt(encrypted[length + 1 :], CONTEXT, DRAFTS)


def test_appended_byte_is_noticed(keyring: Keyring) -> None:
    with pytest.raises(UnreadableDraftError):
        keyring.decrypt(
            keyring.encrypt(b"plain", CONTEXT, DRAFT) + b"\x00", CONTEXT, DRAFTS
        )


def test_foreign_bytes_are_unreadable(keyring: Keyring) -> None:
    for size in range(200):
        with pytest.raises(UnreadableDraftError):
            keyring.decrypt(os.urandom(size), CONTEXT, DRAFTS)


def test_swapped_values_are_refused(keyring: Keyring) -> None:
    one, two = (
        keyring.encrypt(b"one", b"draft-1", DRAFT),
        keyring.encrypt(b"two", b"draft-2", DRAFT),
    )
    for encrypted, context in ((one, b"draft-2"), (two, b"draft-1"), (one, b"")):
        with pytest.raises(UnreadableDraftError, match="something else"):
            keyring.decrypt(encrypted, context, DRAFTS)


def test_cause_of_an_unreadable_value_is_chained(keyring: Keyring) -> None:
    with pytest.raises(UnreadableDraftError) as raised:
        keyring.decrypt(keyring.encrypt(b"plain", CONTEXT, DRAFT), b"other", DRAFTS)
    assert raised.value.__cause__ is not None


def test_old_key_is_read() -> None:
    encrypted = Keyring(["old"]).encrypt(b"plain", CONTEXT, DRAFT)
    assert (
        Keyring(["new", "newer than old", "old"]).decrypt(encrypted, CONTEXT, DRAFTS)
        == b"plain"
    )


def test_newest_key_encrypts() -> None:
    encrypted = Keyring(["new", "old"]).encrypt(b"plain", CONTEXT, DRAFT)
    assert Keyring(["new"]).decrypt(encrypted, CONTEXT, DRAFTS) == b"plain"


def test_unknown_key_is_refused() -> None:
    encrypted = Keyring(["old"]).encrypt(b"plain", CONTEXT, DRAFT)
    with pytest.raises(UnreadableDraftError, match="not configured"):
        Keyring(["new"]).decrypt(encrypted, CONTEXT, DRAFTS)


@pytest.mark.parametrize(
    ("number", "message"),
    [(1, "has format 1. Expected format 2"), (3, "format 3, which a newer release")],
)
def test_value_of_another_format_is_unreadable(
    keyring: Keyring, number: int, message: str
) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT, DRAFT)
    with pytest.raises(UnreadableDraftError, match=message):
        keyring.decrypt(mark_of(number) + encrypted[len(FORMAT) :], CONTEXT, DRAFTS)


# Kinds


@pytest.mark.parametrize("kind", Kind)
def test_header_tells_the_kind(keyring: Keyring, kind: Kind) -> None:
    """A job reads it that has the secrets and the keys of a store, and no names."""
    encrypted = keyring.encrypt(b"plain", CONTEXT, kind)
    assert (encrypted[: len(FORMAT)], encrypted[HEADER_SIZE - 1]) == (FORMAT, kind)
    assert keyring.decrypt(encrypted, CONTEXT, [kind]) == b"plain"


@pytest.mark.parametrize("kind", [Kind.FIELDS, Kind.LIST])
def test_value_of_another_kind_is_unreadable(keyring: Keyring, kind: Kind) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT, kind)
    message = f"of kind {kind:d}. Expected 1 or 2"
    with pytest.raises(UnreadableDraftError, match=message):
        keyring.decrypt(encrypted, CONTEXT, DRAFTS)


def test_value_is_not_taken_for_one_of_another_kind(keyring: Keyring) -> None:
    encrypted = bytearray(keyring.encrypt(b"plain", CONTEXT, Kind.TOMBSTONE))
    encrypted[HEADER_SIZE - 1] = Kind.DRAFT
    with pytest.raises(UnreadableDraftError, match="damaged"):
        keyring.decrypt(bytes(encrypted), CONTEXT, DRAFTS)


def test_text_and_bytes_are_one_secret() -> None:
    encrypted = Keyring(["sécret"]).encrypt(b"plain", CONTEXT, DRAFT)
    assert Keyring(["sécret".encode()]).decrypt(encrypted, CONTEXT, DRAFTS) == b"plain"


def test_repeated_secret_is_one_key() -> None:
    keyring = Keyring(["one", "two", b"one"])
    assert len(keyring.digests("purpose", "part")) == 2


def test_undecodable_secret_will_do() -> None:
    keyring = Keyring([os.fsdecode(b"\xff\xfe secret")])
    assert (
        keyring.decrypt(keyring.encrypt(b"plain", CONTEXT, DRAFT), CONTEXT, DRAFTS)
        == b"plain"
    )


@pytest.mark.parametrize(
    "secrets",
    [[], (), [""], [b""], ["good", ""], ["good", None], [7], "a secret", b"a secret"],
    ids=repr,
)
def test_missing_secret_is_refused(secrets: object) -> None:
    with pytest.raises(ConfigurationError) as raised:
        Keyring(secrets)  # type: ignore[arg-type]
    assert "good" not in str(raised.value)
    assert "a secret" not in str(raised.value)


def test_repr_reveals_nothing() -> None:
    keyring = Keyring(["a secret", b"an older one"])
    assert repr(keyring) == "<Keyring of 2>"
    for value in (*vars(keyring).values(), *vars(keyring._newest).values()):
        assert "secret" not in str(value)


def test_digest_has_32_bytes(keyring: Keyring) -> None:
    assert len(keyring.digest("purpose", "part")) == 32


def test_digest_is_the_same_each_time() -> None:
    one, two = Keyring(["a secret"]), Keyring(["a secret", "an older one"])
    assert one.digest("purpose", "part") == two.digest("purpose", "part")


def test_digest_of_another_secret_is_another() -> None:
    digests = {Keyring([secret]).digest("p", "part") for secret in ("a", "b", "c")}
    assert len(digests) == 3


def test_digests_are_by_every_key_newest_first() -> None:
    digests = Keyring(["new", "old"]).digests("purpose", "part", b"\x00")
    assert digests == tuple(
        Keyring([secret]).digest("purpose", "part", b"\x00")
        for secret in ("new", "old")
    )


AMBIGUOUS: list[tuple[str, *tuple[str | bytes, ...]]] = [
    ("ab", "c"),
    ("a", "bc"),
    ("abc",),
    ("abc", ""),
    ("", "abc"),
    ("a", "b", "c"),
    ("ab\x00c",),
    ("ab", b"\x00c"),
    ("a", b"b" + (1).to_bytes(8, "big") + b"c"),
]


def test_digest_tells_parts_apart(keyring: Keyring) -> None:
    digests = {keyring.digest(purpose, *parts) for purpose, *parts in AMBIGUOUS}
    assert len(digests) == len(AMBIGUOUS)


def test_digest_takes_what_a_browser_may_send(keyring: Keyring) -> None:
    assert keyring.digest("p", "\ud800") != keyring.digest("p", "\ud801")


def test_digest_is_no_plain_hash(keyring: Keyring) -> None:
    assert keyring.digest("holder", "7") != sha256(b"holder7").digest()


# What anybody may ask of a value who has no key


@pytest.mark.parametrize("kind", Kind)
def test_kind_of_a_value_is_told_without_its_context(
    keyring: Keyring, kind: Kind
) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT, kind)
    assert Keyring(["another"]).kind_of(encrypted) is kind
    assert keyring.kind_of(encrypted[:HEADER_SIZE]) is kind


@pytest.mark.parametrize("size", range(HEADER_SIZE))
def test_value_that_is_cut_in_its_header_has_no_kind(
    keyring: Keyring, size: int
) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT, Kind.FIELDS)
    assert keyring.kind_of(encrypted[:size]) is None
    ends_like_one = encrypted[:size] + bytes((Kind.DRAFT,))
    assert (keyring.kind_of(ends_like_one) is None) is (size < HEADER_SIZE - 1)


def test_value_of_no_known_format_or_kind_has_none(keyring: Keyring) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT, DRAFT)
    assert keyring.kind_of(mark_of(3) + encrypted[len(FORMAT) :]) is None
    unknown = bytearray(encrypted)
    unknown[HEADER_SIZE - 1] = 99
    assert keyring.kind_of(bytes(unknown)) is None


# What other releases rely on


def test_kinds_have_the_same_numbers_in_every_release() -> None:
    assert {kind.name: int(kind) for kind in Kind} == {
        "FIELDS": 0,
        "DRAFT": 1,
        "TOMBSTONE": 2,
        "LIST": 3,
        "FILE": 4,
        "LINK": 5,
    }


def test_value_has_the_same_shape_in_every_release(keyring: Keyring) -> None:
    """The format twice, four bytes of the key, the kind, a nonce of twelve bytes."""
    assert (HEADER_SIZE, OVERHEAD, TAG_SIZE) == (7, 35, 16)
    assert FORMAT == mark_of(2) == b"\x02\xfd"


def test_parts_of_one_context_are_told_apart(keyring: Keyring) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT, Kind.FILE, b"\x00\x01")
    assert keyring.decrypt(encrypted, CONTEXT, [Kind.FILE], b"\x00\x01") == b"plain"
    for part in (b"", b"\x00\x02"):
        with pytest.raises(UnreadableDraftError, match="something else"):
            keyring.decrypt(encrypted, CONTEXT, [Kind.FILE], part)
    without = keyring.encrypt(b"plain", CONTEXT, DRAFT)
    assert keyring.decrypt(without, CONTEXT, DRAFTS, b"") == b"plain"


def test_digest_of_many_bytes_is_by_their_whole_length(keyring: Keyring) -> None:
    long, longer = b"x" * 256, b"x" * 257
    assert keyring.digest("p", long) != keyring.digest("p", longer)
    assert keyring.digest("p", long, b"x") != keyring.digest("p", longer)
