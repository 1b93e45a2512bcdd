"""A small bookshop with accounts. What takes several pages is a wizard."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask, Response, session
from flask_wtf.csrf import CSRFProtect

from example_app import (
    accounts,
    back_room,
    change_order,
    checkout,
    club,
    devices,
    front_end,
    preferences,
    sample,
    sell,
    settings,
    shop,
    suggest,
)
from example_app.models import create_tables, db

CONTENT_SECURITY_POLICY = (
    "default-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'"
)

csrf = CSRFProtect()


def create_app(config: Mapping[str, Any] | None = None) -> Flask:
    """Build the shop: `config` over the environment over the shop's own settings."""
    app = settings.configured(__name__, config or {})
    db.init_app(app)
    csrf.init_app(app)
    accounts.manager.init_app(app)
    accounts.wizards.init_app(app)
    app.after_request(remember_for_weeks)
    app.after_request(add_security_headers)
    register_pages(app)
    with app.app_context():
        create_tables()
        sample.stock_empty_shelves()
    return app


def register_pages(app: Flask) -> None:
    """Hang the shop at the root, and each wizard under its own prefix."""
    app.register_blueprint(shop.blueprint)
    app.register_blueprint(accounts.blueprint)
    app.register_blueprint(devices.blueprint)
    app.register_blueprint(preferences.blueprint)
    app.register_blueprint(back_room.blueprint)
    app.register_blueprint(back_room.drafts, url_prefix="/back-room/drafts")
    app.register_blueprint(checkout.blueprint, url_prefix="/checkout")
    app.register_blueprint(change_order.blueprint, url_prefix="/orders/<token>/change")
    app.register_blueprint(club.blueprint, url_prefix="/club")
    app.register_blueprint(front_end.blueprint)
    app.register_blueprint(sell.blueprint, url_prefix="/sell")
    app.register_blueprint(suggest.blueprint, url_prefix="/suggest")
    app.register_blueprint(suggest.pages)


def remember_for_weeks(response: Response) -> Response:
    """Let cart and drafts outlive the browser window, but give no cookie unasked."""
    if session and not session.permanent:
        session.permanent = True
    return response


def add_security_headers(response: Response) -> Response:
    """Allow only what the shop itself serves."""
    response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers.setdefault("Referrer-Policy", "same-origin")
    return response
