"""The private parts of other libraries that the package touches."""

from __future__ import annotations

from flask import Flask
from flask.globals import request_ctx

from flask_wizard.web.compat import peek_session


def test_flask_keeps_the_session_of_a_request_under_a_private_name() -> None:
    app = Flask(__name__)
    app.secret_key = "k"
    with app.test_request_context():
        found = peek_session()
        assert not found.accessed
        assert request_ctx.session is found
