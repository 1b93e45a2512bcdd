"""Who reaches a draft: its holder, and nobody else."""

from __future__ import annotations

import hashlib
import hmac
import re
from base64 import b64encode, urlsafe_b64encode
from typing import Any

import pytest
from engines import Engine, on_one_engine
from flask import Flask
from visitor import Visitor
from wizards import CANARY, begin, fill_in, pages_of, stored, token_of

from flask_wizard.drafts.holders import Holder, new_nonce


def spellings(text: str) -> list[bytes]:
    """A text as a store might give it away: itself, or a hash that anybody can make."""
    plain = text.encode()
    hashes = [
        hashlib.new(kind, plain).digest()
        for kind in ("md5", "sha1", "sha256", "sha512", "blake2b", "blake2s")
    ]
    found = [plain]
    for digest in hashes:
        found += [digest, digest.hex().encode()]
        found += [b64encode(digest)[:20], urlsafe_b64encode(digest)[:20]]
    return found


@pytest.mark.requirement("S01")
def test_nonces_have_128_bits() -> None:
    assert re.fullmatch(r"[\w-]{22}", new_nonce())


@pytest.mark.requirement("S01")
def test_nonces_are_unique() -> None:
    assert len({new_nonce() for _ in range(100_000)}) == 100_000


@pytest.mark.requirement("S01")
def test_draft_ids_have_128_bits(visitor: Visitor) -> None:
    assert re.fullmatch(r"/join/[\w-]{22}/", begin(visitor))


@pytest.mark.requirement("S01")
def test_holder_tokens_have_128_bits(visitor: Visitor) -> None:
    begin(visitor)
    assert len(token_of(visitor)) >= 22


@pytest.mark.requirement("S01")
@on_one_engine
def test_holder_tokens_are_unique(app: Flask) -> None:
    keyring = app.extensions["flask_wizard"].repository(app).store.keyring
    tokens = {Holder({}, keyring).ensure_token() for _ in range(100_000)}
    assert len(tokens) == 100_000


@pytest.mark.requirement("S02")
def test_draft_is_reachable_only_by_its_holder(app: Flask) -> None:
    url = begin(Visitor(app))
    other = Visitor(app)
    begin(other)
    assert {other.get(page).status_code for page in pages_of(url)} == {404}


@pytest.mark.requirement("S02")
def test_others_draft_looks_like_one_that_never_was(app: Flask) -> None:
    url = begin(Visitor(app))
    other = Visitor(app)
    begin(other)
    never = f"/join/{new_nonce()}/"
    for theirs, none in zip(pages_of(url), pages_of(never), strict=True):
        found, missing = other.get(theirs), other.get(none)
        assert found.status_code == missing.status_code
        assert found.text.replace(url, never) == missing.text
        assert sorted(found.headers) == sorted(missing.headers)


@pytest.mark.requirement("S02")
def test_post_to_others_draft_leaves_it_alone(app: Flask) -> None:
    owner, other = Visitor(app), Visitor(app)
    url = begin(owner)
    before = stored(owner)
    begin(other)
    led_to = other.post(f"{url}you", {"name": "Mallory"}).location
    assert not led_to.startswith(url)
    assert stored(owner) == before


@pytest.mark.requirement("S02")
def test_post_to_others_draft_is_answered_like_one_to_none(app: Flask) -> None:
    url = begin(Visitor(app))
    other = Visitor(app)
    begin(other)
    pages = []
    for gone in (url, f"/join/{new_nonce()}/"):
        page = other.open(other.post(f"{gone}you", {"name": "Mallory"}).location)
        shown = page.source.replace(other.draft, "")
        pages.append(shown.replace(other.token, ""))
    assert pages[0] == pages[1]


@pytest.mark.requirement("S02")
def test_discard_of_others_draft_is_not_found(app: Flask) -> None:
    owner, other = Visitor(app), Visitor(app)
    url = begin(owner)
    begin(other)
    assert other.post(f"{url}discard", action="discard").status_code == 404
    assert stored(owner).state == "open"


@pytest.mark.requirement("S03")
def test_holders_are_compared_in_constant_time(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[object] = []

    def compare(a: Any, b: Any) -> bool:
        compared.extend((a, b))
        return real(a, b)

    real = hmac.compare_digest
    url = begin(visitor)
    monkeypatch.setattr(hmac, "compare_digest", compare)
    visitor.get(f"{url}you")
    (holder,) = stored(visitor).holders
    assert compared.count(holder.mark) == 2


@pytest.mark.requirement("S04")
def test_store_reveals_no_draft_and_no_holder(visitor: Visitor, engine: Engine) -> None:
    url = begin(visitor)
    kept = engine.everything()
    revealed = spellings(url.split("/")[2]) + spellings(token_of(visitor))
    assert [found for found in revealed if found in kept] == []


@pytest.mark.requirement("S04")
def test_store_reveals_no_answer(visitor: Visitor, engine: Engine) -> None:
    fill_in(visitor)
    kept = engine.everything()
    assert [found for found in spellings(CANARY) if found in kept] == []


@pytest.mark.requirement("S04")
def test_draft_keeps_only_a_keyed_hash_of_its_holder(visitor: Visitor) -> None:
    begin(visitor)
    (holder,) = stored(visitor).holders
    assert holder.mark not in spellings(token_of(visitor))


@pytest.mark.requirement("S05")
def test_url_alone_opens_nothing(app: Flask) -> None:
    url = fill_in(Visitor(app))
    stranger = app.test_client()
    for page in pages_of(url):
        got = stranger.get(page)
        assert got.status_code == 404
        assert CANARY not in got.text


@pytest.mark.requirement("S06")
def test_visits_without_cookies_store_nothing(app: Flask, engine: Engine) -> None:
    urls = ["/join/", "/join/new/you", "/join/new/check", *pages_of("/join/abc/")]
    client = app.test_client(use_cookies=False)
    for number in range(500):
        url = urls[number % len(urls)]
        client.get(url, query_string={"name": "x"})
        client.head(url)
    assert engine.values() == {}
