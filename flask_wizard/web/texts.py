"""The texts of the pages: every word that the package shows a visitor."""

from __future__ import annotations

from typing import Any

from markupsafe import Markup


def text(message: str, /, **values: Any) -> str:
    """Return a text of the package with values in the place of its ``{names}``.

    ``message`` is the English text, one or more whole sentences. If a value is
    ``Markup``, so is the result, in which the message and all other values are escaped.
    """
    if any(isinstance(value, Markup) for value in values.values()):
        plain = {
            name: v if isinstance(v, Markup) else str(v) for name, v in values.items()
        }
        return Markup.escape(message).format(**plain)
    return message.format(**values) if values else message


def plural(one: str, many: str, n: int, /, **values: Any) -> str:
    """Return the text for a number, which the messages call ``{n}``."""
    return text(one if n == 1 else many, n=n, **values)
