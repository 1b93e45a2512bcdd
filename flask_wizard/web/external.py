"""external_url: absolute URLs that a foreign Host in a request cannot mislead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, has_request_context, request
from werkzeug.sansio.utils import host_is_trusted

from ..errors import ConfigurationError


def external_url(app: Flask, endpoint: str, values: Mapping[str, Any]) -> str:
    """Return the absolute URL of an endpoint, also without a request.

    Raise ConfigurationError if nothing tells the host, and BuildError if a value is
    missing.
    """
    scheme, host, root = _site(app)
    given = dict(values)
    app.inject_url_defaults(endpoint, given)
    adapter = app.url_map.bind(host, script_name=root or "/", url_scheme=scheme)
    return adapter.build(endpoint, given, force_external=True)


def _site(app: Flask) -> tuple[str, str, str]:
    """Return the scheme and the host of this site, and where the application is."""
    config, served = app.config, request if has_request_context() else None
    if url := config["WIZARD_EXTERNAL_URL"]:
        parts = urlsplit(url)
        return parts.scheme, parts.netloc, parts.path
    scheme = config["PREFERRED_URL_SCHEME"] if served is None else served.scheme
    root = config["APPLICATION_ROOT"] if served is None else served.root_path
    if name := config["SERVER_NAME"]:
        return scheme, name, root
    if served is None:
        raise ConfigurationError(
            "There is no request that tells the host of a link. Set "
            "WIZARD_EXTERNAL_URL = 'https://www.example.org'."
        )
    trusted = config.get("TRUSTED_HOSTS")
    if trusted and not host_is_trusted(served.host, trusted):
        raise ConfigurationError(
            f"The Host of this request is {served.host!r}, which TRUSTED_HOSTS does "
            "not allow, so no link can name it. Set WIZARD_EXTERNAL_URL."
        )
    return scheme, served.host, root
