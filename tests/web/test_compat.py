"""The private parts of other libraries that the package touches."""

from __future__ import annotations

from flask import Flask
from flask.globals import request_ctx

from flask_wizard.web.compat import peek_session, typed_values


def test_flask_keeps_the_session_of_a_request_under_a_private_name() -> None:
    app = Flask(__name__)
    app.secret_key = "k"
    with app.test_request_context():
        found = peek_session()
        assert not found.accessed
        assert request_ctx.session is found


def test_werkzeug_keeps_the_converters_of_a_rule_under_a_private_name() -> None:
    app = Flask(__name__)
    app.add_url_rule("/<int:year>/<name>", "page", lambda **values: "")
    found = typed_values(app, "page", {"year": "2026", "name": "7", "other": "8"})
    assert found == {"year": 2026, "name": "7", "other": "8"}
