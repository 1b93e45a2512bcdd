"""How drafts end: committed, discarded, or expired."""

from __future__ import annotations

import time
from collections import Counter
from functools import partial

import pytest
from apps import MakeOnDisk
from clock import HOUR
from engines import Engine
from flask import Flask
from store_wrappers import Crowd
from time_machine import Traveller
from visitor import Visitor
from wizards import CANARY, PASSWORD, Membership, begin, end, fill_in, pages_of, stored

from flask_wizard.core.draft import encode
from flask_wizard.drafts.draft_list import REMEMBERED

ROUNDS = 20  # of requests that race


@pytest.mark.requirement("S08")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_end_wipes_the_answers(visitor: Visitor, engine: Engine, how: str) -> None:
    fill_in(visitor)
    assert end(visitor, how).status_code == 303
    assert stored(visitor).entries == {}
    assert len(engine.values()) == 2  # the tombstone, and the list of drafts


@pytest.mark.requirement("S08")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_tombstone_has_no_answer(visitor: Visitor, how: str) -> None:
    fill_in(visitor)
    assert CANARY.encode() in encode(stored(visitor))
    end(visitor, how)
    assert CANARY.encode() not in encode(stored(visitor))


@pytest.mark.requirement("S08")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_old_cookie_sees_no_answer_after_the_end(
    app: Flask, visitor: Visitor, how: str
) -> None:
    url = fill_in(visitor)
    cookie = visitor.client.get_cookie("session")
    end(visitor, how)
    old = Visitor(app)
    assert cookie is not None
    old.client.set_cookie("session", cookie.value)
    for page in pages_of(url):
        assert CANARY not in old.client.get(page, follow_redirects=True).text


@pytest.mark.requirement("S09")
@pytest.mark.parametrize("how", ["commit", "discard"])
@pytest.mark.parametrize("action", ["next", "save", "back", "goto:you", "autosave"])
def test_late_post_resurrects_nothing(
    visitor: Visitor, engine: Engine, how: str, action: str
) -> None:
    url = fill_in(visitor)
    end(visitor, how)
    before = engine.values()
    got = visitor.post(f"{url}you", {"name": "late"}, action=action)
    if action == "autosave":
        assert got.status_code == 409
    else:
        assert got.location == f"{url}receipt"
    assert engine.values() == before


@pytest.mark.requirement("S09")
def test_discard_against_late_posts_revives_nothing(
    crowd: Crowd, visitor: Visitor
) -> None:
    left = Counter[tuple[str, int]]()
    for _ in range(ROUNDS):
        url = begin(visitor)
        late = [
            partial(visitor.twin().post, f"{url}you", {"name": "late"}, action="save")
            for _ in range(3)
        ]
        discard = partial(visitor.post, f"{url}discard", action="discard")
        led_to = {answer.location for answer in crowd.at_once(discard, *late)}
        assert led_to <= {f"{url}receipt", f"{url}saved"}
        left[stored(visitor).state, len(stored(visitor).entries)] += 1
    assert left == {("discarded", 0): ROUNDS}


@pytest.mark.requirement("S09")
def test_discarded_draft_says_so_to_a_late_post(visitor: Visitor) -> None:
    url = begin(visitor)
    end(visitor, "discard")
    got = visitor.post(f"{url}you", {"name": "late"}, follow_redirects=True)
    assert "discarded" in got.text


@pytest.mark.requirement("S09")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_first_page_sent_again_resurrects_nothing(
    visitor: Visitor, engine: Engine, how: str
) -> None:
    nonce = visitor.open("/join/new/you").value("_draft")
    first = {"_draft": nonce, "name": "x"}
    visitor.open(visitor.post("/join/new/you", first).location)
    visitor.fill()
    visitor.fill(password=PASSWORD, again=PASSWORD)
    end(visitor, how)
    before = engine.values()
    again = visitor.post("/join/new/you", first)
    assert again.location == f"{visitor.draft}receipt"
    assert engine.values() == before


# Lifetimes


@pytest.mark.requirement("S10")
def test_idle_draft_expires(visitor: Visitor, clock: Traveller) -> None:
    url = begin(visitor)
    clock.shift(HOUR - 1)
    assert visitor.get(f"{url}you").status_code == 200
    clock.shift(2)
    got = visitor.get(f"{url}you")
    assert (got.status_code, "expired" in got.text) == (410, True)


@pytest.mark.requirement("S10")
def test_post_renews_the_idle_lifetime(visitor: Visitor, clock: Traveller) -> None:
    url = begin(visitor)
    clock.shift(HOUR - 1)
    visitor.post(f"{url}you", {"name": "still here"})
    clock.shift(HOUR - 1)
    assert visitor.get(f"{url}you").status_code == 200


@pytest.mark.requirement("S10")
def test_looking_does_not_renew_the_idle_lifetime(
    visitor: Visitor, clock: Traveller
) -> None:
    url = begin(visitor)
    clock.shift(HOUR - 1)
    visitor.get(f"{url}you")
    clock.shift(2)
    assert visitor.get(f"{url}you").status_code == 410


@pytest.mark.requirement("S10")
def test_touched_draft_ends_at_the_absolute_limit(
    make_on_disk: MakeOnDisk, clock: Traveller
) -> None:
    visitor = Visitor(make_on_disk(WTF_CSRF_TIME_LIMIT=None))
    url = begin(visitor)
    for _ in range(4 * 60 - 1):
        clock.shift(60)
        assert visitor.post(f"{url}you", {"name": "x"}).location == f"{url}more"
    clock.shift(61)
    assert visitor.get(f"{url}you").status_code == 410


@pytest.mark.requirement("S10")
def test_enforced_though_the_store_still_has_it(
    make_on_disk: MakeOnDisk, engine: Engine, clock: Traveller
) -> None:
    visitor = Visitor(make_on_disk())
    url = begin(visitor)

    class Shorter(Membership):
        lifetime = 60

    clock.shift(61)
    later = visitor.twin(make_on_disk(Shorter))
    assert later.get(f"{url}you").status_code == 410
    assert len(engine.values()) == 2


@pytest.mark.requirement("S11")
def test_draft_is_stored_for_its_lifetime(
    visitor: Visitor, engine: Engine, clock: Traveller
) -> None:
    begin(visitor)
    listed = 4 * HOUR + REMEMBERED
    times = sorted(value - time.time() for value in engine.expiries().values())
    assert times == [HOUR, listed]


@pytest.mark.requirement("S11")
def test_draft_is_not_stored_beyond_its_absolute_limit(
    visitor: Visitor, engine: Engine, clock: Traveller
) -> None:
    url = begin(visitor)
    began = time.time()
    for _ in range(5):
        clock.shift(HOUR * 3 / 4)
        visitor.open(f"{url}you")
        visitor.post(f"{url}you", {"name": "x"})
    assert min(engine.expiries().values()) == began + 4 * HOUR


@pytest.mark.requirement("S11")
@pytest.mark.parametrize("how", ["commit", "discard"])
def test_tombstone_is_stored_for_the_idle_lifetime(
    visitor: Visitor, engine: Engine, clock: Traveller, how: str
) -> None:
    fill_in(visitor)
    clock.shift(60)
    end(visitor, how)
    assert min(engine.expiries().values()) == time.time() + HOUR
