"""Bodies that are no form of ours, or more of one than a request may have."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from functools import partial
from io import BytesIO
from typing import Any

import pytest
from apps import MakeApp
from engines import Engine, on_one_engine
from flask import Flask, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from store_wrappers import Probe
from visitor import Visitor
from wizards import Join, You, begun, committed, declare, fill_in

from flask_wizard import ConfigurationError, Review, Step
from flask_wizard.web import guard
from flask_wizard.web.submitted import Submitted

URLENCODED = "application/x-www-form-urlencoded"
MULTIPART = "multipart/form-data; boundary=X"


def part(name: str, value: str) -> bytes:
    head = f'--X\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n'
    return f"{head}{value}\r\n".encode()


WHOLE = part("_action", "next") + part("name", "Bob") + b"--X--\r\n"


# Bodies that are no form: the token comes in a header


@on_one_engine
@pytest.mark.parametrize("at", ["you", "check", "discard"])
@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", json.dumps({"_action": "next", "name": "B"}), 415),
        ("text/plain", "name=Bob", 415),
        (None, "name=Bob", 415),
        ("application/json", "", 400),
        (None, "", 400),
        (URLENCODED, "", 400),
        (URLENCODED, json.dumps({"name": "Bob"}), 400),
        (URLENCODED, "name2=Bob&x=1", 400),
        (URLENCODED, b"_action=next&name=\xff", 400),
        ("multipart/form-data", WHOLE, 400),
        ("multipart/form-data; boundary=Y", WHOLE, 400),
        ("multipart/form-data; boundary=²", WHOLE, 400),
        (MULTIPART, WHOLE[:-9], 400),
        (MULTIPART, WHOLE[:70], 400),
        (MULTIPART, b"", 400),
    ],
)
def test_body_that_is_no_form_changes_nothing(
    visitor: Visitor,
    engine: Engine,
    at: str,
    kind: str | None,
    body: str | bytes,
    status: int,
) -> None:
    url = fill_in(visitor)
    before = engine.values()
    headers = {"X-CSRFToken": visitor.token}
    answer = visitor.client.post(
        f"{url}{at}", data=body, content_type=kind, headers=headers
    )
    assert answer.status_code == status
    assert (engine.values(), committed) == (before, [])


@on_one_engine
@pytest.mark.parametrize(
    ("kind", "body"),
    [
        (MULTIPART, part("csrf_token", "{}") + part("name", "Bob")[:-2]),
        (URLENCODED, b"csrf_token={}&name=\xff"),
    ],
)
def test_page_does_not_give_back_a_body_that_nobody_can_read(
    visitor: Visitor, kind: str, body: bytes
) -> None:
    """With blank fields it would say that nothing was lost."""
    url = fill_in(visitor)
    body = body.replace(b"{}", visitor.token.encode())
    answer = visitor.client.post(f"{url}you", data=body, content_type=kind)
    assert answer.status_code == 400
    assert "Send it again" not in answer.text


@on_one_engine
@pytest.mark.parametrize(
    ("at", "body", "status"),
    [
        ("you", "name=Bob", 303),
        ("you", "_rev=1", 303),
        ("you", "_action=save", 303),
        ("more", "home-street=x", 303),
        ("more", "tags-3=x", 303),
        ("check", "_rev=1", 400),
        ("check", "_seen=x", 400),
        ("check", "_action=save", 303),
        ("discard", "_rev=1", 400),
        ("discard", "_action=back", 303),
    ],
)
def test_form_is_ours_by_its_fields_or_its_button(
    visitor: Visitor, at: str, body: str, status: int
) -> None:
    url = fill_in(visitor)
    answer = visitor.client.post(
        f"{url}{at}",
        data=body,
        content_type=URLENCODED,
        headers={"X-CSRFToken": visitor.token},
    )
    assert answer.status_code == status


@on_one_engine
def test_form_of_a_review_without_a_button_begins_no_draft(
    visitor: Visitor, engine: Engine
) -> None:
    visitor.open()
    answer = visitor.client.post(
        "/join/new/check", data={"_rev": "0"}, headers={"X-CSRFToken": visitor.token}
    )
    assert (answer.status_code, engine.values()) == (400, {})


@on_one_engine
def test_form_of_a_review_without_a_button_renews_no_draft(
    visitor: Visitor, engine: Engine
) -> None:
    url, headers = fill_in(visitor), {"X-CSRFToken": visitor.token}
    before = engine.values()
    answer = visitor.client.post(f"{url}check", data={"_rev": "1"}, headers=headers)
    assert (answer.status_code, engine.values()) == (400, before)


def test_fields_of_a_form_function_are_told(make_app: MakeApp) -> None:
    class Prefixed(You):
        def __init__(self, *args: Any, **options: Any) -> None:
            super().__init__(*args, **{**options, "prefix": "p"})

    wizard = declare(
        "Odd",
        you=Step(You),
        odd=Step(lambda answers: Prefixed),
        check=Review(),
        commit=lambda self, submission: None,
    )
    visitor = begun(make_app(wizard))
    for name, status in {"p-name": 303, "name": 400}.items():
        answer = visitor.client.post(
            f"{visitor.draft}odd",
            data={name: "x"},
            headers={"X-CSRFToken": visitor.token},
        )
        assert answer.status_code == status


def test_only_a_review_compares_what_it_has_shown(visitor: Visitor) -> None:
    url = fill_in(visitor)
    answer = visitor.post(f"{url}you", {"name": "Ada", "_seen": "x"})
    assert answer.location == f"{url}more"


# More fields than WIZARD_MAX_PAIRS


LONG = {f"x{n}": "x" for n in range(30)}


@pytest.mark.parametrize("kind", [URLENCODED, "multipart/form-data"])
def test_first_fields_of_too_many_are_given_back(
    make_app: MakeApp, store: Probe, kind: str
) -> None:
    visitor = begun(make_app(Join, WIZARD_MAX_PAIRS=20))
    before = store.snapshot()
    sent = {**visitor.page.values, "pet": ["a long story"], **LONG, "age": "9"}
    answer = visitor.client.post(
        visitor.page.action, data={**sent, "_action": "save"}, content_type=kind
    )
    page = visitor.show(answer)
    assert (page.status, page.value("pet")) == (413, "a long story")
    assert "too many parts" in page.banners
    assert page.buttons == ["save"]
    assert store.snapshot() == before
    assert visitor.press("save").path.endswith("/saved")
    assert visitor.open(f"{visitor.draft}pet").value("pet") == "a long story"


@pytest.mark.parametrize("kind", [URLENCODED, "multipart/form-data"])
def test_as_many_fields_as_the_cap_are_taken(make_app: MakeApp, kind: str) -> None:
    visitor = begun(make_app(Join, WIZARD_MAX_PAIRS=20))
    sent = {**visitor.page.values, "_action": "next"}
    sent |= {f"x{n}": "x" for n in range(20 - len(sent))}
    answer = visitor.client.post(visitor.page.action, data=sent, content_type=kind)
    assert answer.status_code == 303


def test_field_of_a_multipart_form_may_be_as_long_as_the_body(
    make_app: MakeApp,
) -> None:
    """Flask allows such a form 500,000 bytes unless it is told otherwise."""
    visitor = begun(make_app(Join))
    sent = {"csrf_token": visitor.token, "pet": "x" * 600_000, "_action": "next"}
    body = b"".join(part(name, text) for name, text in sent.items()) + b"--X--\r\n"
    url = visitor.page.action
    answer = visitor.client.post(url, data=body, content_type=MULTIPART)
    page = visitor.show(answer)
    assert (page.status, page.value("pet")) == (413, "x" * 600_000)


def test_too_many_fields_without_a_token_are_given_back(make_app: MakeApp) -> None:
    """The page with a token of its own must not send a part as if it were all."""
    visitor = begun(make_app(Join, WIZARD_MAX_PAIRS=20))
    sent = {"csrf_token": "", "pet": "a long story", **LONG}
    page = visitor.show(visitor.post(visitor.page.path, sent))
    assert (page.status, page.value("pet")) == (413, "a long story")
    assert "too many parts" in page.banners


def test_too_many_fields_of_a_script_need_no_page(make_app: MakeApp) -> None:
    visitor = begun(make_app(Join, WIZARD_MAX_PAIRS=20))
    answer = visitor.post(visitor.page.path, LONG, action="autosave")
    assert (answer.status_code, answer.data) == (413, b"")


# Views of the application's own


def headless(make_app: MakeApp, **config: Any) -> Flask:
    app = make_app(**config)

    @app.route("/apply/<draft>/<step>", methods=["GET", "POST"])
    def apply(draft: str, step: str) -> ResponseReturnValue:
        visit = Join.open(draft, url_for_step=partial(url_for, "apply"))
        outcome = visit.handle(step)
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    return app


@pytest.mark.parametrize("protected", [False, True])
def test_too_many_fields_are_given_back_in_an_own_view(
    make_app: MakeApp, protected: bool
) -> None:
    app = headless(make_app, WIZARD_MAX_PAIRS=20)
    if protected:
        CSRFProtect(app)
    visitor = begun(app, "/apply/new/you")
    page = visitor.press("next", {"pet": "a long story", **LONG})
    assert (page.status, page.value("pet")) == (413, "a long story")


def test_large_body_is_refused_in_an_own_view(make_app: MakeApp) -> None:
    app = headless(make_app, WIZARD_MAX_BODY=1000)
    CSRFProtect(app)
    visitor = begun(app, "/apply/new/you")
    assert visitor.press("next", {"pet": "x" * 1000}).status == 413


@pytest.mark.parametrize(("size", "left"), [(1500, 0), (5000, 5000)])
def test_body_that_is_a_little_too_large_is_read_to_its_end(
    make_app: MakeApp, size: int, left: int
) -> None:
    """Otherwise the server resets the connection, and a proxy has no answer to show."""
    app = make_app(Join, WIZARD_MAX_BODY=1000)
    body = BytesIO(b"x" * size)
    answer = app.test_client().post(
        "/join/new/you", input_stream=body, content_length=size, content_type=URLENCODED
    )
    assert (answer.status_code, len(body.read())) == (413, left)


def test_form_that_a_hook_has_parsed_is_counted(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    """The first POST of a process: nobody knows yet that the view opens a wizard."""
    app = headless(make_app, WIZARD_MAX_PAIRS=20)
    CSRFProtect(app)
    visitor = begun(app, "/apply/new/you")
    state = app.extensions["flask_wizard"]
    for _ in range(2):
        state.headless.clear()
        assert visitor.send("next", LONG).status_code == 413
    state.headless.clear()
    assert visitor.fill(pet="Rex").path.endswith("/check")
    hints = [r.message for r in caplog.records if "exempt the view" in r.message]
    assert len(hints) == 1
    assert "'apply'" in hints[0]


# Origins


PROXIED = {
    "Origin": "http://www.example",
    "Referer": "http://www.example{path}",
}


def proxied(visitor: Visitor, **more: str) -> dict[str, str]:
    headers = {**PROXIED, **more}
    return {n: v.format(path=visitor.page.path) for n, v in headers.items()}


def send_at(visitor: Visitor, base_url: str, headers: dict[str, str]) -> int:
    """Send the page as a proxy passes it on; return the status of the answer."""
    cookie = visitor.client.get_cookie("session")
    assert cookie is not None
    answer = visitor.app.test_client(use_cookies=False).post(
        visitor.page.path,
        data={**visitor.page.values, "_action": "next", "pet": "Rex"},
        headers={**headers, "Cookie": f"session={cookie.value}"},
        base_url=base_url,
    )
    return answer.status_code


@pytest.mark.parametrize("protected", [False, True])
def test_proxy_that_replaces_the_host_loses_nothing(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture, protected: bool
) -> None:
    app = make_app(Join)
    if protected:
        CSRFProtect(app)
    visitor = begun(app)
    for _ in range(2):
        path, headers = visitor.page.path, proxied(visitor)
        assert visitor.post(path, {"pet": "Rex"}, headers=headers).status_code == 303
    bad = {"pet": "Tom", "csrf_token": ""}
    page = visitor.show(visitor.post(path, bad, headers=headers))
    assert (page.status, page.value("pet")) == (400, "Tom")
    hints = [r for r in caplog.records if "WIZARD_TRUSTED_ORIGINS" in r.message]
    assert [hint.levelno for hint in hints] == [logging.WARNING]


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 303),
        ({"Referer": ""}, 303),
        ({"Origin": "HTTP://WWW.example"}, 303),
        ({"Sec-Fetch-Site": "cross-site"}, 303),
        ({"Origin": "http://evil.example"}, 400),
        (
            {"Origin": "http://evil.example", "Referer": "http://evil.example{path}"},
            400,
        ),
        ({"Origin": "http://www.example.evil"}, 400),
        ({"Origin": "http://www.example:81"}, 400),
        ({"Origin": "null"}, 400),
    ],
)
@pytest.mark.parametrize("scheme", ["http", "https"])
def test_trusted_origins_decide(
    make_app: MakeApp, headers: dict[str, str], status: int, scheme: str
) -> None:
    app = make_app(Join, WIZARD_TRUSTED_ORIGINS=["http://www.example"])
    CSRFProtect(app)
    visitor = begun(app)
    headers = proxied(visitor, **headers)
    assert send_at(visitor, f"{scheme}://backend:8000", headers) == status


@pytest.mark.parametrize(
    "referrer",
    ["", "http://www.example/", "http://evil.example{path}", "http://[", "{path}"],
)
def test_origin_needs_a_referrer_of_the_same_page(
    make_app: MakeApp, referrer: str
) -> None:
    visitor = begun(make_app(Join))
    headers = proxied(visitor, Referer=referrer)
    answer = visitor.post(visitor.page.path, {"pet": "Rex"}, headers=headers)
    assert answer.status_code == 400


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("www.example:443", "https://www.example"),
        ("www.example:80", "http://www.example"),
        ("WWW.Example", "http://www.example"),
        ("www.example", "https://www.example"),
    ],
)
def test_port_of_a_scheme_and_case_are_no_difference(
    make_app: MakeApp, host: str, origin: str
) -> None:
    visitor = begun(make_app(Join))
    assert send_at(visitor, f"http://{host}", {"Origin": origin}) == 303


def test_browser_that_says_same_origin_needs_no_referrer(make_app: MakeApp) -> None:
    """A proxy that ends TLS and replaces the Host, beside CSRFProtect."""
    app = make_app(Join)
    CSRFProtect(app)
    visitor = begun(app)
    headers = {"Origin": "https://www.example", "Sec-Fetch-Site": "same-origin"}
    answer = visitor.post(
        visitor.page.path,
        {"pet": "Rex"},
        headers=headers,
        base_url="https://localhost",
    )
    assert answer.status_code == 303


@pytest.mark.parametrize(
    "origins",
    ["https://www.example", None, ["www.example"], ["https://www.example/"], [1]],
)
def test_wrong_trusted_origins_are_refused(make_app: MakeApp, origins: object) -> None:
    with pytest.raises(ConfigurationError, match="WIZARD_TRUSTED_ORIGINS is"):
        make_app(Join, WIZARD_TRUSTED_ORIGINS=origins)


def test_hints_do_not_fill_the_log(
    make_app: MakeApp, caplog: pytest.LogCaptureFixture
) -> None:
    visitor = begun(make_app(Join))
    for number in range(40):
        headers = {"Origin": f"http://{number}.example"}
        visitor.post(visitor.page.path, {"pet": "Rex"}, headers=headers)
    hints = [r for r in caplog.records if "WIZARD_TRUSTED_ORIGINS" in r.message]
    assert len(hints) == 20


def test_token_is_checked_before_the_names_of_fields_are_read(
    make_app: MakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    order: list[str] = []
    check, read = guard.check_csrf, Submitted.from_request

    def checked(*args: Any) -> None:
        order.append("token")
        check(*args)

    def submitted(*args: Any, **options: Any) -> Submitted:
        order.append("fields")
        return read(*args, **options)

    monkeypatch.setattr(guard, "check_csrf", checked)
    monkeypatch.setattr(Submitted, "from_request", submitted)
    begun(make_app(Join))
    assert order == ["token", "fields"]
