"""The commands of ``flask wizard``."""

from __future__ import annotations

import time
from collections.abc import Callable

import click
from flask import current_app
from flask.cli import AppGroup

from .drafts.upload_store import ListedUploadStore
from .errors import StoreError
from .stores import SweptStore

commands = AppGroup("wizard", help="Look after the drafts of wizards.")


@commands.command()
def purge() -> None:
    """Remove expired drafts and their uploads. The application may go on running."""
    state = current_app.extensions["flask_wizard"]
    store, name = state.store, type(state.store).__name__
    if isinstance(store, SweptStore):
        _sweep(name, "expired values", store.sweep)
    else:
        click.echo(f"{name}: nothing to do, the engine removes expired drafts itself.")
    uploads, name = state.repository(current_app).uploads, type(state.uploads).__name__
    if isinstance(state.uploads, ListedUploadStore):
        _sweep(name, "uploads", uploads.sweep)


def _sweep(name: str, what: str, sweep: Callable[..., int]) -> None:
    """Call a sweep, and say what it does. Raise ClickException if it fails."""

    def report(removed: int) -> None:
        click.echo(f"{name}: {removed} removed so far", err=True)

    started = time.monotonic()
    try:
        removed = sweep(time.time(), report)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    took = time.monotonic() - started
    click.echo(f"{name}: {removed} {what} removed in {took:.1f} s.")
