"""Wizards below, beside and behind what is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask
from flask_limiter import Limiter
from visitor import Page
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.test import Client
from wizards import Join, begun, committed

from flask_wizard import DefinitionError, FlaskWizard


def walk(client: Client, entry: str, **sent: Any) -> list[str]:
    """Follow a wizard to its receipt; return the address of each page on the way."""
    urls, answer = [entry], client.get(entry, **sent)
    for values in ({"name": "Ada"}, {"pet": "Rex"}, {}, None):
        while answer.location:
            urls.append(answer.location)
            answer = client.get(answer.location, **sent)
        assert answer.status_code == 200, answer.text
        if values is not None:
            page = Page(answer)
            urls.append(page.action)
            data = {**page.values, "_action": "next", **values}
            answer = client.post(page.action, data=data, **sent)
    assert "Your answers have been sent" in answer.text
    return urls


def nothing(environ: Any, start_response: Any) -> list[bytes]:
    start_response("404 Not Found", [])
    return [b""]


def dispatched(app: Flask) -> None:
    app.wsgi_app = DispatcherMiddleware(nothing, {"/shop": app.wsgi_app})  # type: ignore[method-assign]


def proxied(app: Flask) -> None:
    """As behind a proxy that takes /shop off the path, and says so in a header."""
    inner = ProxyFix(app.wsgi_app, x_prefix=1)

    def outer(environ: Any, start_response: Any) -> Any:
        path = environ["PATH_INFO"]
        if not path.startswith("/shop/"):
            return nothing(environ, start_response)
        environ["PATH_INFO"] = path.removeprefix("/shop")
        environ["HTTP_X_FORWARDED_PREFIX"] = "/shop"
        return inner(environ, start_response)

    app.wsgi_app = outer  # type: ignore[method-assign]


@pytest.mark.parametrize("place", [dispatched, proxied])
def test_journey_stays_below_the_path_of_its_application(
    make_app: MakeApp, place: Callable[[Flask], None]
) -> None:
    app = make_app(Join)
    place(app)
    urls = walk(Client(app), "/shop/join/")
    assert {url for url in urls if not url.startswith("/shop/join/")} == set()
    assert len(committed) == 1


def two_below(make_app: MakeApp, *config: str) -> Client:
    """Two applications below paths of one host, whose paths these keys have."""
    apps: dict[str, Flask] = {}
    for path in ("/one", "/two"):
        apps[path] = make_app(Join, SECRET_KEY=path * 16)
        apps[path].config.update(dict.fromkeys(config, path))
    return Client(DispatcherMiddleware(nothing, dict(apps)))


def draft_in(client: Client, path: str, **sent: Any) -> str:
    """Begin a draft; return its URL."""
    answer = client.get(f"{path}/join/", **sent)
    page = Page(client.get(answer.location, **sent))
    answer = client.post(page.action, data={**page.values, "name": "Ada"}, **sent)
    assert answer.status_code == 303, answer.text
    return answer.location


def test_two_applications_of_one_host_need_cookies_of_their_own(
    make_app: MakeApp,
) -> None:
    client = two_below(make_app)
    draft = draft_in(client, "/one")
    draft_in(client, "/two")
    assert client.get(draft).status_code == 404


@pytest.mark.parametrize("key", ["APPLICATION_ROOT", "SESSION_COOKIE_PATH"])
def test_two_applications_of_one_host_with_paths_for_cookies_stay_apart(
    make_app: MakeApp, key: str
) -> None:
    client = two_below(make_app, key)
    urls = [draft_in(client, "/one"), draft_in(client, "/two")]
    assert [client.get(url).status_code for url in urls] == [200, 200]


def hosting(make_app: MakeApp, host: str | None, **options: Any) -> Flask:
    """An application that matches hosts, with a wizard on some."""
    app = make_app(WIZARD_EXTERNAL_URL="https://other.example")
    app.url_map.host_matching = True
    blueprint = Join.as_blueprint("join", host=host, **options)
    app.register_blueprint(blueprint, url_prefix="/join")
    return app


def test_wizard_of_one_host_is_no_page_of_another(make_app: MakeApp) -> None:
    client = Client(hosting(make_app, "forms.example"))
    walk(client, "/join/", base_url="http://forms.example")
    assert len(committed) == 1
    assert client.get("/join/", base_url="http://other.example").status_code == 404


@pytest.mark.parametrize("unbound", [(), ("tenant",)])
def test_variables_of_a_host_bind_as_those_of_the_prefix(
    make_app: MakeApp, unbound: tuple[str, ...]
) -> None:
    app = hosting(make_app, "<tenant>.example", unbound=unbound)
    app.config["SESSION_COOKIE_DOMAIN"] = "example"
    client = Client(app)
    north, south = "http://north.example", "http://south.example"
    draft = draft_in(client, "", base_url=north)
    assert client.get(draft, base_url=north).status_code == 200
    expected = 200 if unbound else 404
    assert client.get(draft, base_url=south).status_code == expected


def test_link_to_a_wizard_of_one_host_names_it(make_app: MakeApp) -> None:
    app = hosting(make_app, "forms.example")
    with app.app_context():
        url = FlaskWizard().invite_url("join", {}, max_age=60)
    assert url.startswith("https://forms.example/join/link/")


def test_variable_of_a_host_may_not_be_the_wizards_own(make_app: MakeApp) -> None:
    with pytest.raises(DefinitionError, match=r"host '<draft>\.example' has"):
        hosting(make_app, "<draft>.example")


def test_wizard_without_a_host_is_refused_where_hosts_are_matched(
    make_app: MakeApp,
) -> None:
    with pytest.raises(DefinitionError, match=r"host None.*host_matching=True"):
        hosting(make_app, None)


def test_wizard_with_a_host_is_refused_where_none_are_matched(
    make_app: MakeApp,
) -> None:
    blueprint = Join.as_blueprint("join", host="forms.example")
    with pytest.raises(DefinitionError, match="host_matching=False"):
        make_app().register_blueprint(blueprint)


def test_post_past_a_limit_of_the_blueprint_changes_nothing(make_app: MakeApp) -> None:
    app = make_app()
    app.config["RATELIMIT_HEADERS_ENABLED"] = True
    limiter = Limiter(lambda: "everybody", app=app, storage_uri="memory://")
    blueprint = Join.as_blueprint("join")
    limiter.shared_limit("2/hour", "join", methods=["POST"])(blueprint)
    app.register_blueprint(blueprint, url_prefix="/join")
    visitor = begun(app)
    visitor.open(f"{visitor.draft}you")
    assert visitor.fill(name="Bea").status == 200
    url = f"{visitor.draft}you"
    page = visitor.open(url)
    answer = visitor.send("next", {"name": "Cal"})
    assert answer.status_code == 429
    assert int(answer.headers["Retry-After"]) > 0
    assert visitor.open(url).value("name") == page.value("name") == "Bea"
    limiter.reset()
    assert visitor.fill(name="Cal").status == 200
    assert visitor.open(url).value("name") == "Cal"


def test_site_closed_for_an_hour_keeps_the_drafts(make_app: MakeApp) -> None:
    app = make_app(Join)
    closed: list[bool] = []

    @app.before_request
    def maintenance() -> tuple[str, int] | None:
        return ("Back at noon", 503) if closed else None

    visitor = begun(app)
    closed.append(True)
    assert visitor.send("next", {"pet": "Rex"}).status_code == 503
    closed.clear()
    assert visitor.fill(pet="Rex").heading == "Check your answers"
