"""Sealing: what opens, what does not, and what a hash tells apart."""

from __future__ import annotations

import os
import zlib
from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flask_wizard.drafts.keyring import OVERHEAD, TAG_SIZE, Keyring
from flask_wizard.errors import ConfigurationError, UnreadableDraftError

CONTEXT = b"draft-1"


@pytest.fixture
def keyring() -> Keyring:
    return Keyring(["a secret"])


@given(plain=st.binary(max_size=4096), context=st.binary())
def test_unseal_returns_what_was_sealed(plain: bytes, context: bytes) -> None:
    keyring = Keyring(["a secret"])
    assert keyring.decrypt(keyring.encrypt(plain, context), context) == plain


@pytest.mark.parametrize("size", [0, 1, 1023, 1024, 1025, 200_000])
def test_any_size_opens_again(keyring: Keyring, size: int) -> None:
    for plain in (b"\x00" * size, os.urandom(size)):
        assert keyring.decrypt(keyring.encrypt(plain, CONTEXT), CONTEXT) == plain


@pytest.mark.parametrize(
    ("plain", "encrypted"),
    [
        (
            b"answers",
            "011b166593ccd106e9972993b62ea807cab56b3bd7726bb5c1194c65b1ab956ce6"
            "d5340f16f863679d",
        ),
        (
            b"answer " * 200,
            "011b166593496e524abfa49c1b427d308499f2e52bf8e4b89558fbd9a520772ed9"
            "266db04c13648289999b1d7c16bde763b8d722e9bcdedcf7f013295a6615072a",
        ),
    ],
    ids=["plain", "compressed"],
)
def test_value_sealed_by_a_former_release_opens(plain: bytes, encrypted: str) -> None:
    assert Keyring(["k" * 32]).decrypt(bytes.fromhex(encrypted), b"draft") == plain


def test_hash_is_the_same_in_every_release() -> None:
    found = Keyring(["k" * 32]).digest("holder", "token").hex()
    assert found == "686d204c4d2a107dc76f537ae348ff535190ca8274cd9d702fe0c945004dfef7"


def test_sealed_value_does_not_show_the_plain_one(keyring: Keyring) -> None:
    encrypted = keyring.encrypt(b"hunter2 " * 10, CONTEXT)
    assert b"hunter2" not in encrypted
    assert CONTEXT not in encrypted


def test_same_value_is_never_sealed_alike(keyring: Keyring) -> None:
    assert len({keyring.encrypt(b"plain", CONTEXT) for _ in range(1000)}) == 1000


def test_each_context_has_a_key_of_its_own(
    keyring: Keyring, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "urandom", bytes)  # the same nonce
    one, two = (
        keyring.encrypt(b"plain", b"draft-1"),
        keyring.encrypt(b"plain", b"draft-2"),
    )
    assert one[:-TAG_SIZE] != two[:-TAG_SIZE]


def test_short_value_is_not_compressed(keyring: Keyring) -> None:
    assert len(keyring.encrypt(b"a" * 1024, CONTEXT)) == OVERHEAD + 1 + 1024


def test_long_value_is_compressed(keyring: Keyring) -> None:
    assert len(keyring.encrypt(b"a" * 1025, CONTEXT)) < OVERHEAD + 100


def test_incompressible_value_does_not_grow(keyring: Keyring) -> None:
    assert len(keyring.encrypt(os.urandom(5000), CONTEXT)) == OVERHEAD + 1 + 5000


@pytest.mark.parametrize("plain", [b"", b"answers", b"answers" * 200])
def test_any_flipped_bit_is_noticed(plain: bytes) -> None:
    keyring = Keyring(["a secret", "an older one"])
    encrypted = keyring.encrypt(plain, CONTEXT)
    for position in range(len(encrypted)):
        for bit in range(8):
            damaged = bytearray(encrypted)
            damaged[position] ^= 1 << bit
            with pytest.raises(UnreadableDraftError):
                keyring.decrypt(bytes(damaged), CONTEXT)


@pytest.mark.parametrize("plain", [b"", b"answers", b"answers" * 200])
def test_any_cut_is_noticed(keyring: Keyring, plain: bytes) -> None:
    encrypted = keyring.encrypt(plain, CONTEXT)
    for length in range(len(encrypted)):
        with pytest.raises(UnreadableDraftError):
            keyring.decrypt(encrypted[:length], CONTEXT)
        with pytest.raises(UnreadableDraftError):
            keyring.decrypt(encrypted[length + 1 :], CONTEXT)


def test_appended_byte_is_noticed(keyring: Keyring) -> None:
    with pytest.raises(UnreadableDraftError):
        keyring.decrypt(keyring.encrypt(b"plain", CONTEXT) + b"\x00", CONTEXT)


def test_foreign_bytes_are_unreadable(keyring: Keyring) -> None:
    for size in range(200):
        with pytest.raises(UnreadableDraftError):
            keyring.decrypt(os.urandom(size), CONTEXT)


def test_swapped_values_are_refused(keyring: Keyring) -> None:
    one, two = keyring.encrypt(b"one", b"draft-1"), keyring.encrypt(b"two", b"draft-2")
    for encrypted, context in ((one, b"draft-2"), (two, b"draft-1"), (one, b"")):
        with pytest.raises(UnreadableDraftError, match="something else"):
            keyring.decrypt(encrypted, context)


def test_cause_of_an_unreadable_value_is_chained(keyring: Keyring) -> None:
    with pytest.raises(UnreadableDraftError) as raised:
        keyring.decrypt(keyring.encrypt(b"plain", CONTEXT), b"other")
    assert raised.value.__cause__ is not None


def test_old_key_is_read() -> None:
    encrypted = Keyring(["old"]).encrypt(b"plain", CONTEXT)
    assert (
        Keyring(["new", "newer than old", "old"]).decrypt(encrypted, CONTEXT)
        == b"plain"
    )


def test_newest_key_seals() -> None:
    encrypted = Keyring(["new", "old"]).encrypt(b"plain", CONTEXT)
    assert Keyring(["new"]).decrypt(encrypted, CONTEXT) == b"plain"


def test_unknown_key_is_refused() -> None:
    encrypted = Keyring(["old"]).encrypt(b"plain", CONTEXT)
    with pytest.raises(UnreadableDraftError, match="not at hand"):
        Keyring(["new"]).decrypt(encrypted, CONTEXT)


def test_unknown_format_is_refused(keyring: Keyring) -> None:
    encrypted = keyring.encrypt(b"plain", CONTEXT)
    with pytest.raises(UnreadableDraftError, match="format 2"):
        keyring.decrypt(b"\x02" + encrypted[1:], CONTEXT)


@pytest.mark.parametrize(
    ("packed", "problem"),
    [(b"\x02later", "codec 2"), (b"\x01" + zlib.compress(b"a")[:-1], "damaged")],
)
def test_what_cannot_be_unpacked_is_refused(
    keyring: Keyring, packed: bytes, problem: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("flask_wizard.drafts.keyring._pack", lambda plain: packed)
    with pytest.raises(UnreadableDraftError, match=problem):
        keyring.decrypt(keyring.encrypt(b"", CONTEXT), CONTEXT)


def test_text_and_bytes_are_one_secret() -> None:
    encrypted = Keyring(["sécret"]).encrypt(b"plain", CONTEXT)
    assert Keyring(["sécret".encode()]).decrypt(encrypted, CONTEXT) == b"plain"


def test_repeated_secret_is_one_key() -> None:
    keyring = Keyring(["one", "two", b"one"])
    assert len(keyring.digests("purpose", "part")) == 2


def test_undecodable_secret_will_do() -> None:
    keyring = Keyring([os.fsdecode(b"\xff\xfe secret")])
    assert keyring.decrypt(keyring.encrypt(b"plain", CONTEXT), CONTEXT) == b"plain"


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
