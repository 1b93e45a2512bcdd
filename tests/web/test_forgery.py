"""Requests that another site sends, or that carry no token."""

from __future__ import annotations

import pytest
from apps import MakeOnDisk
from clock import HOUR
from engines import Engine, on_one_engine
from flask import Flask
from flask_wtf.csrf import CSRFProtect
from time_machine import Traveller
from visitor import Visitor
from wizards import Membership, begin, committed, fill_in, pages_of

from flask_wizard.drafts.holders import new_nonce

# Forgery


@pytest.mark.requirement("S20")
@on_one_engine
@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize(
    ("at", "action"),
    [
        ("you", "next"),
        ("you", "back"),
        ("you", "save"),
        ("you", "autosave"),
        ("you", "goto:more"),
        ("you", "discard"),
        ("check", "next"),
        ("check", "back"),
        ("check", "save"),
        ("check", "goto:you"),
        ("discard", "discard"),
    ],
)
def test_change_without_a_token_is_refused(
    app: Flask, engine: Engine, at: str, action: str, protected: bool
) -> None:
    if protected:
        CSRFProtect(app)
    visitor = Visitor(app)
    url = fill_in(visitor)
    before = engine.values()
    visitor.token = ""
    got = visitor.post(f"{url}{at}", {"name": "Mallory"}, action=action)
    assert got.status_code == 400
    assert engine.values() == before
    assert committed == []


@pytest.mark.requirement("S20")
def test_start_without_a_token_is_refused(app: Flask, engine: Engine) -> None:
    got = app.test_client().post("/join/new/you", data={"name": "Mallory"})
    assert got.status_code == 400
    assert engine.values() == {}


@pytest.mark.requirement("S20")
def test_token_of_another_session_is_refused(app: Flask) -> None:
    owner, other = Visitor(app), Visitor(app)
    url = begin(owner)
    begin(other)
    owner.token = other.token
    assert owner.post(f"{url}you", {"name": "x"}).status_code == 400


@pytest.mark.requirement("S21")
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_looking_changes_nothing(visitor: Visitor, engine: Engine, method: str) -> None:
    url = fill_in(visitor)
    before = engine.values()
    for page in ["/join/", "/join/new/you", *pages_of(url)]:
        query = {"_action": "next", "name": "x", "csrf_token": visitor.token}
        got = visitor.client.open(page, method=method, query_string=query)
        assert got.status_code < 400
    assert engine.values() == before


@pytest.mark.requirement("S21")
@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "TRACE"])
def test_other_methods_are_refused(
    visitor: Visitor, engine: Engine, method: str
) -> None:
    url = fill_in(visitor)
    before = engine.values()
    for page in ["/join/", "/join/new/you", *pages_of(url)]:
        data = {"csrf_token": visitor.token, "name": "x"}
        got = visitor.client.open(page, method=method, data=data)
        assert got.status_code == 405
    assert engine.values() == before


@pytest.mark.requirement("S22")
@on_one_engine
@pytest.mark.parametrize(
    ("site", "origin", "status"),
    [
        (None, None, 303),
        ("same-origin", None, 303),
        ("none", None, 303),
        ("same-site", None, 303),
        ("cross-site", None, 400),
        (None, "http://localhost", 303),
        (None, "http://evil.example", 400),
        (None, "http://localhost.evil.example", 400),
        (None, "http://localhost@evil.example", 400),
        (None, "http://localhost:8080", 400),
        (None, "null", 400),
        (None, "", 400),
        ("same-origin", "http://localhost", 303),
        ("same-origin", "http://behind.proxy", 303),
        ("same-site", "http://shop.localhost", 400),
        ("cross-site", "http://localhost", 400),
        ("cross-site", "http://evil.example", 400),
        ("none", "http://evil.example", 400),
        ("nonsense", "http://evil.example", 400),
        (None, "http://[", 400),
        (None, "http://[evil", 400),
    ],
)
def test_post_of_another_site_is_refused(
    visitor: Visitor,
    engine: Engine,
    site: str | None,
    origin: str | None,
    status: int,
) -> None:
    url = begin(visitor)
    before = engine.values()
    sent = {"Sec-Fetch-Site": site, "Origin": origin}
    headers = {name: value for name, value in sent.items() if value is not None}
    got = visitor.post(f"{url}you", {"name": "x"}, headers=headers)
    assert got.status_code == status
    assert (engine.values() == before) == (status == 400)


@pytest.mark.requirement("S22")
@on_one_engine
@pytest.mark.parametrize(
    "headers",
    [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "http://evil.example"}],
    ids=["site", "origin"],
)
@pytest.mark.parametrize("at", ["new/you", "check", "discard"])
def test_another_site_cannot_begin_or_end(
    visitor: Visitor, engine: Engine, at: str, headers: dict[str, str]
) -> None:
    url = fill_in(visitor)
    before = engine.values()
    page = f"/join/{at}" if at == "new/you" else f"{url}{at}"
    sent = {"_draft": new_nonce(), "name": "Mallory"}
    assert visitor.post(page, sent, headers=headers).status_code == 400
    assert engine.values() == before
    assert committed == []


@pytest.mark.requirement("S22")
@on_one_engine
@pytest.mark.parametrize("referrer", ["https://[", "https://evil.example/", ""])
def test_odd_referrer_is_refused_where_the_page_is_secure(
    app: Flask, referrer: str
) -> None:
    CSRFProtect(app)
    visitor = Visitor(app)
    url = begin(visitor)
    got = visitor.post(
        f"{url}you",
        {"name": "x"},
        base_url="https://localhost",
        headers={"Referer": referrer},
    )
    assert got.status_code == 400


@pytest.mark.ux(40)
@pytest.mark.requirement("S23")
@pytest.mark.parametrize("at", ["you", "new"])
def test_expired_token_loses_nothing_typed(
    make_on_disk: MakeOnDisk, engine: Engine, clock: Traveller, at: str
) -> None:
    class Long(Membership):
        lifetime = 4 * HOUR

    visitor = Visitor(make_on_disk(Long))
    url = f"{begin(visitor)}you" if at == "you" else "/join/new/you"
    visitor.open(url)
    clock.shift(HOUR + 1)
    before = engine.values()
    got = visitor.post(url, {"name": "just <typed>", "age": "31/02"})
    assert got.status_code == 400
    assert "just &lt;typed&gt;" in got.text
    assert "31/02" in got.text
    assert engine.values() == before
    visitor.show(got)
    assert visitor.post(url, {"name": "just <typed>"}).status_code == 303
