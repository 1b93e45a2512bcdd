"""Languages: which one a request is answered in."""

from __future__ import annotations

import re
import sys
from typing import Any

from flask import Flask, Request, after_this_request

from ..catalogues import LANGUAGES
from ..errors import ConfigurationError

_CODE = re.compile(r"[A-Za-z]{2,3}([-_][A-Za-z0-9]{1,8})*")


def language_of(app: Flask, request: Request) -> str:
    """Return the code of a request's language, such as ``pt-BR``.

    It is Flask-Babel's where the application uses that, or else what WIZARD_LANG says,
    or else the one of those that ship which the browser prefers. Raise
    ConfigurationError if WIZARD_LANG gives no code.
    """
    babel = sys.modules.get("flask_babel") if "babel" in app.extensions else None
    if babel is not None and (locale := babel.get_locale()) is not None:
        return str(locale).replace("_", "-")
    given = app.config["WIZARD_LANG"]
    if code := given() if callable(given) else given:
        return checked_code(code)
    after_this_request(_vary)
    # Not best_match, which takes "en" of "de-CH, en;q=0.5".
    wanted = (
        code.replace("_", "-").partition("-")[0].lower()
        for code, quality in request.accept_languages
        if quality > 0
    )
    return next((code for code in wanted if code in LANGUAGES), "en")


def checked_code(code: object) -> str:
    """Return the code of a language as HTML has it. Raise ConfigurationError."""
    if not _CODE.fullmatch(str(code)):
        raise ConfigurationError(
            f"WIZARD_LANG gives {code!r}. Expected the code of a language, such as "
            "'pt' or 'pt-BR', or None for the language of the browser."
        )
    return str(code).replace("_", "-")


def _vary(response: Any) -> Any:
    # Werkzeug parses a Vary to add to it, which takes several times as long.
    given: str = response.headers.get("Vary", "")
    names = [name.strip() for name in given.lower().split(",")]
    if "accept-language" not in names:
        new = f"{given}, Accept-Language" if given else "Accept-Language"
        response.headers["Vary"] = new
    return response
