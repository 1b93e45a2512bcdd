"""The commands of ``flask wizard``."""

from __future__ import annotations

import time

import click
from flask import current_app
from flask.cli import AppGroup

from .errors import StoreError
from .stores import SweptStore

commands = AppGroup("wizard", help="Look after the drafts of wizards.")


@commands.command()
def purge() -> None:
    """Remove expired drafts. The application may go on running."""
    store = current_app.extensions["flask_wizard"].store
    name = type(store).__name__
    if not isinstance(store, SweptStore):
        click.echo(f"{name}: nothing to do, the engine removes expired drafts itself.")
        return

    def report(removed: int) -> None:
        click.echo(f"{name}: {removed} removed so far", err=True)

    started = time.monotonic()
    try:
        removed = store.sweep(time.time(), report)
    except StoreError as error:
        raise click.ClickException(str(error)) from error
    took = time.monotonic() - started
    click.echo(f"{name}: {removed} expired values removed in {took:.1f} s.")
