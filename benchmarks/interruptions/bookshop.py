"""Serve the example application, in one of two releases."""

from __future__ import annotations

import os

from werkzeug.serving import make_server
from wtforms import StringField
from wtforms.validators import Optional

from example_app import create_app
from example_app.checkout import DeliveryForm


def main() -> None:
    if os.environ["RELEASE"] == "2":
        note = StringField("A note for the courier", [Optional()])
        DeliveryForm.note = note
    seconds = int(os.environ["TOKEN_SECONDS"]) or None
    app = create_app({"WTF_CSRF_TIME_LIMIT": seconds})
    make_server(
        "127.0.0.1", int(os.environ["PORT"]), app, threaded=True
    ).serve_forever()


if __name__ == "__main__":
    main()
