"""The texts of the pages: every word that the package shows a visitor."""

from __future__ import annotations

from typing import Any

from flask import has_request_context, request

from ..core.texts import ENGLISH, LazyText, Texts
from .state import get_context

SHOWN = "flask_wizard.texts"
"""The key of a request's environment under which the texts of its page are."""


def get_texts() -> Texts:
    """Return the texts of the page that this request shows, or else of its visitor.

    Outside of a request they are in English.
    """
    if not has_request_context():
        return ENGLISH
    shown: Texts | None = request.environ.get(SHOWN)
    return shown if shown is not None else get_context().texts


LazyText.texts = staticmethod(get_texts)


def text(english: str, /, **values: Any) -> str:
    """Return a text of the package with values in the place of its ``{names}``.

    ``english`` is the text in English, one or more whole sentences. If a value is
    ``Markup``, so is the result, in which the text and all other values are escaped.
    """
    return get_texts().text(english, **values)


def plural(one: str, many: str, n: int, /, **values: Any) -> str:
    """Return the text for a number, which the texts call ``{n}``."""
    return get_texts().plural(one, many, n, **values)
