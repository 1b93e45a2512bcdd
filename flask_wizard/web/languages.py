"""Languages: which one the messages of a request are in."""

from __future__ import annotations

import sys

from flask import Flask


def language_of(app: Flask) -> str:
    """Return the code of this request's language, such as ``pt-BR``.

    It is Flask-Babel's where the application uses that, or what a function in
    WIZARD_LANG returns. It is empty if nothing can change it.
    """
    babel = sys.modules.get("flask_babel") if "babel" in app.extensions else None
    if babel is not None and (locale := babel.get_locale()) is not None:
        return str(locale).replace("_", "-")
    lang = app.config["WIZARD_LANG"]
    return str(lang() or "") if callable(lang) else ""
