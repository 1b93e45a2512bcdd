"""How much the pages weigh, measured on every page of the example's gallery."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from flask import Flask, render_template_string

from example_app import create_app
from flask_wizard.checks.gallery import Gallery, make_gallery

#: What a page may have beyond the same layout around nothing, in bytes, compressed.
MOST = 5 * 1024

EMPTY = '{% extends "flask_wizard/base.html" %}{% block wizard %}{% endblock %}'


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Flask:
    return create_app({"INSTANCE_PATH": str(tmp_path_factory.mktemp("shop"))})


@pytest.fixture(scope="module")
def gallery(shop: Flask) -> Gallery:
    return make_gallery(shop, theme="default")


def weight(html: str) -> int:
    return len(gzip.compress(html.encode(), mtime=0))


def test_pages_are_light(shop: Flask, gallery: Gallery) -> None:
    with shop.test_request_context():
        around = weight(render_template_string(EMPTY))
    weights = {f"{p.mount} {p.name}": weight(p.html) - around for p in gallery.pages}
    assert len(weights) > 90
    assert {name: found for name, found in weights.items() if found >= MOST} == {}


def test_pages_ask_for_one_stylesheet_and_one_script(
    shop: Flask, gallery: Gallery
) -> None:
    with shop.test_request_context():
        host = asked_for(render_template_string(EMPTY))
    for page in gallery.pages:
        own = [url for url in asked_for(page.html) if url not in host]
        names = [re.sub(r"\?v=[0-9a-f]{12}$", "", url) for url in own]
        assert names == [
            "/flask_wizard/static/wizard.css",
            "/flask_wizard/static/wizard.js",
        ], page.name


def asked_for(html: str) -> list[str]:
    """What a browser asks for by itself to show a page."""
    tags = re.findall(r"<(?:link|script|img|iframe|source|video|audio)\b[^>]*>", html)
    return [url for tag in tags for url in re.findall(r'(?:href|src)="([^"]*)"', tag)]


def test_assets_are_kept_for_a_year(shop: Flask, gallery: Gallery) -> None:
    urls = {
        url for page in gallery.pages for url in asked_for(page.html) if "?v=" in url
    }
    assert len(urls) == 2
    for url in urls:
        response = shop.test_client().get(url)
        assert response.cache_control.max_age == 31_536_000
        response.close()


def test_assets_ask_for_nothing_else(shop: Flask) -> None:
    static = Path(str(shop.blueprints["flask_wizard"].static_folder))
    assert "url(" not in (static / "wizard.css").read_text()
    assert "@import" not in (static / "wizard.css").read_text()
