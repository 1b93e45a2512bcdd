"""What a request may send: declared fields in a body of some size."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

import pytest
from apps import MakeOnDisk
from engines import Engine, on_one_engine
from flask_wtf.csrf import CSRFProtect
from visitor import Visitor
from werkzeug.formparser import FormDataParser
from wizards import CANARY, begin, fill_in, stored

URLENCODED = "application/x-www-form-urlencoded"


# What is stored


@pytest.mark.requirement("S24")
def test_only_declared_fields_are_stored(visitor: Visitor) -> None:
    url = begin(visitor)
    sent = {
        "name": "x",
        "is_admin": "1",
        "password": "of-another-step",
        "_state": "committed",
        "entries": "x",
        "name-0": "x",
        "submission": "mine",
    }
    visitor.post(f"{url}you", sent)
    assert stored(visitor).entries["you"].raw == {"name": ["x"]}
    assert list(stored(visitor).entries) == ["you"]
    assert stored(visitor).state == "open"
    assert stored(visitor).submission != "mine"


@pytest.mark.requirement("S24")
def test_tokens_are_not_stored(visitor: Visitor) -> None:
    fill_in(visitor)
    draft = stored(visitor)
    sent = [n for e in draft.entries.values() for n in (*e.raw, *e.passwords)]
    assert not {"csrf_token", "_action", "_rev", "_draft"} & set(sent)


@pytest.mark.requirement("S25")
def test_query_string_is_no_input(visitor: Visitor) -> None:
    url = begin(visitor)
    query = {"name": "q", "age": "9", "_action": "save", "_rev": "9"}
    got = visitor.post(f"{url}you", {"name": "body"}, query_string=query)
    assert got.location == f"{url}more"
    assert stored(visitor).entries["you"].raw == {"name": ["body"]}


@pytest.mark.requirement("S25")
def test_token_in_the_query_string_is_refused(visitor: Visitor) -> None:
    url = begin(visitor)
    query = {"csrf_token": visitor.token}
    visitor.token = ""
    got = visitor.post(f"{url}you", {"name": "x"}, query_string=query)
    assert got.status_code == 400


@pytest.mark.requirement("S25")
def test_query_string_does_not_fill_in_a_page(visitor: Visitor) -> None:
    assert CANARY not in visitor.open(f"/join/new/you?name={CANARY}").source


# Hostile input


@pytest.mark.requirement("S26")
@on_one_engine
@pytest.mark.parametrize(
    "body",
    [
        "tags-²=x",
        "tags-٣=x",
        "tags-" + "9" * 5000 + "=x",
        "tags-1000000000=x",
        "tags-999999999=x",
        "tags--1=x",
        "tags-=x",
        "tags=x",
        "tags-0-0=x",
        "tags-%00=x",
        "%00=x",
        "=x",
        "tags-0=%00",
        "tags-0=%ff%fe",
        "tags-0=%ED%A0%80",
        "%ED%A0%80=x",
        "tags-%ED%A0%80=x",
        "home=x",
        "home-=x",
        "home-street=%ED%BF%BF",
        "home-street-0=x",
        "colours=%00&colours=green",
        "story=" + "%F0%9F%A6%98" * 100,
        "_rev=-1",
        "_rev=99999999999999999999",
        "_rev=²",
        "_draft=%00",
        "_action=%00",
        "_action=goto:",
        "_action=goto:%ED%A0%80",
        "_action=goto:../../x",
        "_action=next%0d%0aSet-Cookie:x=y",
        "&&&;;;===",
        "%",
        "%zz=%zz",
    ],
    ids=lambda body: body[:24],
)
def test_hostile_fields_are_no_server_error(visitor: Visitor, body: str) -> None:
    url = begin(visitor)
    token = quote(visitor.token)
    for action in ("next", "autosave"):
        sent = f"csrf_token={token}&_action={action}&{body}"
        got = visitor.client.post(f"{url}more", data=sent, content_type=URLENCODED)
        assert got.status_code in (204, 303, 409)
        assert visitor.get(f"{url}more").status_code == 200


@pytest.mark.requirement("S26")
def test_bytes_that_are_no_text_are_no_server_error(visitor: Visitor) -> None:
    url = begin(visitor)
    sent = b"csrf_token=" + visitor.token.encode() + b"&tags-0=\xff\xfe\x00"
    got = visitor.client.post(f"{url}more", data=sent, content_type=URLENCODED)
    assert got.status_code < 500


@pytest.mark.requirement("S26")
@on_one_engine
@pytest.mark.parametrize(
    "name",
    [
        "%00",
        "%ff",
        "%ED%A0%80",
        "..",
        "%2e%2e",
        "²",
        "a" * 5000,
        "%0d%0a",
    ],
)
def test_hostile_urls_are_not_found(visitor: Visitor, name: str) -> None:
    url = begin(visitor)
    for page in (f"/join/{name}/you", f"{url}{name}", f"/join/new/{name}"):
        assert visitor.client.get(page, follow_redirects=True).status_code == 404


@pytest.mark.requirement("S26")
@on_one_engine
@pytest.mark.parametrize("name", ["%00", "%ff", "%ED%A0%80", "²", "a" * 5000])
def test_post_to_a_hostile_id_is_kept_in_a_draft_of_the_senders_own(
    visitor: Visitor, name: str
) -> None:
    begin(visitor)
    got = visitor.post(f"/join/{name}/you", {"name": "kept"})
    assert got.status_code == 303
    visitor.open(got.location)
    assert stored(visitor).entries["you"].raw == {"name": ["kept"]}


@pytest.mark.requirement("S26")
@on_one_engine
@pytest.mark.parametrize(
    ("kind", "status"),
    [
        ("application/json", 415),
        ("text/plain", 415),
        ("multipart/form-data", 400),
        ("x", 415),
    ],
)
def test_hostile_content_types_are_refused(
    visitor: Visitor, kind: str, status: int
) -> None:
    url = begin(visitor)
    got = visitor.client.post(f"{url}more", data=b'{"tags-0": "x"}', content_type=kind)
    assert got.status_code == status


@pytest.mark.requirement("S26")
def test_file_for_a_plain_field_is_no_answer(visitor: Visitor) -> None:
    url = begin(visitor)
    with (Path(__file__)).open("rb") as file:
        got = visitor.post(f"{url}more", {"story": file})
    assert got.status_code == 303
    assert "story" not in stored(visitor).entries["more"].raw


@pytest.mark.requirement("S27")
@pytest.mark.parametrize("kind", [URLENCODED, "multipart/form-data; boundary=x"])
def test_huge_body_is_refused(visitor: Visitor, engine: Engine, kind: str) -> None:
    url = begin(visitor)
    before = engine.values()
    body = b"name=" + b"x" * 5 * 1024 * 1024
    got = visitor.client.post(f"{url}you", data=body, content_type=kind)
    assert got.status_code == 413
    assert engine.values() == before


@pytest.mark.requirement("S27")
@pytest.mark.parametrize("protected", [False, True])
@pytest.mark.parametrize(("method", "most"), [("POST", 1000), ("GET", 0)])
def test_of_a_million_pairs_only_the_first_are_parsed(
    make_on_disk: MakeOnDisk,
    monkeypatch: pytest.MonkeyPatch,
    protected: bool,
    method: str,
    most: int,
) -> None:
    app = make_on_disk(WIZARD_MAX_BODY=10 * 1024 * 1024, MAX_FORM_MEMORY_SIZE=None)
    if protected:
        CSRFProtect(app)
    visitor = Visitor(app)
    url = begin(visitor)
    parsed: list[int] = []
    parse = FormDataParser.parse

    def count(self: FormDataParser, stream: IO[bytes], *more: Any) -> Any:
        body = stream.read()
        parsed.append(len(body.split(b"&")))
        return parse(self, BytesIO(body), *more)

    monkeypatch.setattr(FormDataParser, "parse", count)
    got = visitor.client.open(
        f"{url}you", method=method, data=b"a=&" * 1_000_000, content_type=URLENCODED
    )
    assert (got.status_code, sum(parsed)) == (413, most)


@pytest.mark.requirement("S27")
def test_too_many_parts_are_refused(visitor: Visitor) -> None:
    url = begin(visitor)
    part = b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'
    kind = "multipart/form-data; boundary=x"
    body = part * 1001 + b"--x--\r\n"
    got = visitor.client.post(f"{url}you", data=body, content_type=kind)
    assert got.status_code == 413
