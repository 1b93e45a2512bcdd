"""What the commands are told: mounts, formats, samples; and what is wrong about it."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import IO, Any

import click
from flask import current_app

from ..web.own_drafts import FindWizard
from ..web.routes import Mounted
from ..web.state import MOUNTS

NO_MOUNT = "No wizard is mounted with as_blueprint."

STYLE = click.option(
    "--format",
    "style",
    type=click.Choice(["text", "json"]),
    default="text",
    help="For people, or for programs.",
    show_default=True,
)
SAMPLES = click.option(
    "--samples",
    type=click.File(encoding="utf-8"),
    help="A file of JSON with answers to give, by mount, step and field.",
)
VALUES = click.option(
    "--value",
    "values",
    multiple=True,
    metavar="NAME=TEXT",
    help="The value of a variable in a prefix. Once for each.",
)


def mounted_wizards() -> Mapping[str, Mounted]:
    """Return the mounted wizards by the full names of their blueprints."""
    mounts: Mapping[str, Mounted] = current_app.extensions.get(MOUNTS, {})
    return mounts


def chosen(names: Sequence[str]) -> dict[str, Mounted]:
    """Return the mounted wizards of these names, in this order; without any, all.

    Raise BadParameter for a name that no mount has.
    """
    mounts = mounted_wizards()
    for name in names:
        if name not in mounts:
            raise _unknown(name)
    return {name: mounts[name] for name in names or sorted(mounts)}


def some(names: Sequence[str]) -> dict[str, Mounted]:
    """Return what ``chosen`` does. Raise UsageError if no wizard is mounted."""
    if not mounted_wizards():
        raise click.UsageError(NO_MOUNT, click.get_current_context())
    return chosen(names)


def only(name: str | None) -> tuple[str, Mounted]:
    """Return the mounted wizard of this name, or the only one there is.

    Raise BadParameter for a name that no mount has, or if there are several.
    """
    mounts = some([] if name is None else [name])
    if len(mounts) > 1:
        raise wrong("MOUNT", f"Say which wizard. Mounted are {', '.join(mounts)}.")
    return next(iter(mounts.items()))


def check_stored(names: Sequence[str], find_wizard: FindWizard) -> None:
    """Raise BadParameter for a name that no draft of a known wizard is stored under.

    That is the name of a mount, or of the class of a wizard without a blueprint.
    """
    for name in names:
        if name not in mounted_wizards() and find_wizard(name) is None:
            raise _unknown(name)


def _unknown(name: str) -> click.BadParameter:
    """Return an error that names the mounts, and the nearest."""
    known = sorted(mounted_wizards())
    near = get_close_matches(name, known, 1, cutoff=0.5)
    guess = f"Did you mean {near[0]}? " if near else ""
    listed = f"Mounted are {', '.join(known)}." if known else NO_MOUNT
    return wrong("MOUNT", f"No wizard is mounted as {name!r}. {guess}{listed}")


def wrong(parameter: str, message: str) -> click.BadParameter:
    """Return an error of usage, for which the exit code is 2."""
    context = click.get_current_context()
    return click.BadParameter(message, context, param_hint=parameter)


def share(
    context: click.Context, option: click.Parameter, value: str | None
) -> float | None:
    """Return a share such as 5% as a number from 0 to 1. Raise BadParameter."""
    if value is None:
        return None
    try:
        number = float(value.removesuffix("%")) if value.endswith("%") else -1.0
    except ValueError:
        number = -1.0
    if not 0 <= number <= 100:
        raise click.BadParameter(f"{value!r} is not a share. Expected one such as 5%.")
    return number / 100


def samples_in(file: IO[str] | None) -> dict[str, Any]:
    """Return the answers of a file by mount, step and field. Raise BadParameter."""
    try:
        found = json.load(file) if file is not None else {}
    except ValueError as error:
        raise wrong("--samples", f"This is not JSON: {error}.") from error
    nested = [found]
    for _ in ("mounts", "steps", "fields"):
        if not all(isinstance(each, dict) for each in nested):
            raise wrong(
                "--samples",
                "Expected answers by mount, step and field, such as "
                '{"join": {"you": {"name": "Ada"}}}.',
            )
        nested = [inner for each in nested for inner in each.values()]
    return dict(found)


def values_of(given: Sequence[str]) -> dict[str, str]:
    """Return the values of variables by their names. Raise BadParameter."""
    for each in given:
        if not each.partition("=")[1]:
            raise wrong("--value", f"{each!r} has no =. Expected one such as club=17.")
    return {name: value for name, _, value in (each.partition("=") for each in given)}


def number_of(count: int, noun: str) -> str:
    """Return a number with its noun: "1 draft", "2 drafts"."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
