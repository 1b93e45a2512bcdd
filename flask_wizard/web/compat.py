"""Private parts of other libraries, each with a test that names it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask import Flask
from flask.globals import request_ctx
from flask.sessions import SessionMixin


def peek_session() -> SessionMixin:
    """Return the session without marking it as accessed.

    Flask adds ``Vary: Cookie`` to the response of a request that has accessed it.
    """
    context = request_ctx._get_current_object()  # type: ignore[attr-defined]
    private: SessionMixin | None = getattr(context, "_session", None)
    # Before Flask 3.1.3 the attribute does not mark it.
    return private if private is not None else context.session


def typed_values(
    app: Flask, endpoint: str, values: Mapping[str, str]
) -> dict[str, Any]:
    """Return the values of URL variables as the endpoint's view gets them."""
    rule = next(app.url_map.iter_rules(endpoint))
    converters = rule._converters
    return {
        name: converters[name].to_python(value) if name in converters else value
        for name, value in values.items()
    }
