"""The commands of ``flask wizard``."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from difflib import unified_diff
from functools import partial
from importlib import import_module
from pathlib import Path
from typing import IO, Any

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from .checks import maps, templates
from .checks.answer_types import module_of
from .checks.definitions import CHECKS, check_definitions
from .checks.gallery import make_gallery
from .checks.gallery_files import write_gallery
from .checks.paths import MOST_FORMS
from .checks.proofs import (
    ON_PATHS,
    Proof,
    as_json,
    as_text,
    outcome_of,
    prove,
    sample_bound,
    unsilenced,
)
from .checks.settings import SETTINGS
from .drafts.encrypted_store import DraftRepository
from .drafts.upload_store import ListedUploadStore
from .drafts.users_data import UsersData
from .errors import ConfigurationError, StoreError
from .stores import SweptStore
from .web.all_drafts import (
    DAY,
    Skipped,
    age_of,
    opened_drafts,
    remind,
    request_context,
)
from .web.exported import export
from .web.rehearsal import Rehearsal, rehearse, silence
from .web.routes import Mounted
from .web.state import EXTENSION, MOUNTS

commands: AppGroup = AppGroup("wizard", help="Look at wizards, and after their drafts.")

LOOKED_AT_ONCE = 1000  # drafts between two lines of progress
NOT_ALL_TRIED = 3  # the exit code of prove if nothing breaks; click's own is 2


@commands.command()
def purge() -> None:
    """Remove expired drafts and their uploads. The application may go on running."""
    state = current_app.extensions[EXTENSION]
    store, name = state.store, type(state.store).__name__
    if isinstance(store, SweptStore):
        _sweep(name, "expired values", store.sweep)
    else:
        click.echo(f"{name}: nothing to do, the engine removes expired drafts itself.")
    uploads, name = _repository().uploads, type(state.uploads).__name__
    if uploads is not None and isinstance(state.uploads, ListedUploadStore):
        _sweep(name, "uploads", uploads.sweep)


def _sweep(name: str, what: str, sweep: Callable[..., int]) -> None:
    """Call a sweep, and say what it does. Raise ClickException if it fails."""

    def report(removed: int) -> None:
        click.echo(f"{name}: {removed} removed so far", err=True)

    started = time.monotonic()
    with _store_errors():
        removed = sweep(time.time(), report)
    took = time.monotonic() - started
    click.echo(f"{name}: {removed} {what} removed in {took:.1f} s.")


@commands.command()
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def drafts(style: str) -> None:
    """Count the drafts by wizard, state, step and age. No answer is shown."""
    counts: Counter[tuple[str, str, str, str]] = Counter()
    skipped: Counter[str] = Counter()
    with _store_errors():
        for number, found in enumerate(opened_drafts(_app(), _find()), start=1):
            _tell(number)
            if isinstance(found, Skipped):
                skipped[found.reason] += 1
                continue
            draft = found.public
            counts[draft.mount, draft.state, draft.step, age_of(draft)] += 1
    if style == "json":
        rows = [
            {"mount": mount, "state": state, "step": step, "saved": age, "drafts": n}
            for (mount, state, step, age), n in sorted(counts.items())
        ]
        click.echo(json.dumps({"drafts": rows, "skipped": dict(skipped)}, indent=2))
        return
    for (mount, state, step, age), count in sorted(counts.items()):
        place = f"{state}, at {step}" if step else state
        click.echo(f"{count:>8}  {mount}: {place}, saved {age} ago")
    click.echo(f"{counts.total():>8}  in all")
    for reason, count in skipped.items():
        click.echo(f"{count:>8}  {reason}")


def _share(
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


@commands.command()
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def check(style: str) -> None:
    """Look for what visitors would stumble over. The exit code is 1 if there is any.

    Each finding says where it is and how to mend it. Those that are meant to be so are
    silenced in WIZARD_SILENCED, with a reason.
    """
    with _store_errors():
        found = check_definitions(_app())
    if style == "json":
        rows = [finding._asdict() for finding in found]
        click.echo(json.dumps({"findings": rows}, indent=2))
    else:
        for finding in found:
            click.echo(f"{finding.key} {finding.message}")
        count = len(CHECKS) + len(SETTINGS) + len(ON_PATHS)
        click.echo(f"{len(found)} findings of {count} checks.")
    if found:
        raise SystemExit(1)


@commands.command("prove")
@click.argument("mount", nargs=-1)
@click.option(
    "--properties",
    "module",
    help="A module with PROPERTIES, and SAMPLES and BOUND if need be.",
)
@click.option("--samples", type=click.File(), help="JSON: mount, step, field.")
@click.option("--value", "values", multiple=True, help="NAME=TEXT, of a prefix.")
@click.option("--most", default=MOST_FORMS, help="Forms to fill in before giving up.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def prove_paths(
    mount: tuple[str, ...],
    module: str | None,
    samples: IO[str] | None,
    values: tuple[str, ...],
    most: int,
    style: str,
) -> None:
    """Prove that each step is reached and left, on every path to the commit.

    MOUNT is the full name of a wizard's blueprint; without it, all are proved. The
    wizards' own steps are filled in, and nothing is stored. The exit code is 1 if
    something does not hold: the shortest answers that show it are printed. It is 3 if
    all holds that was tried, and not all was tried.
    """
    mounts = _mounts()
    if unknown := [name for name in mount if name not in mounts]:
        raise click.ClickException(
            f"No wizard is mounted as {unknown[0]!r}. Mounted are {', '.join(mounts)}."
        )
    given = _declared(module) if module else {}
    known = json.load(samples) if samples is not None else given.get("SAMPLES", {})
    own = dict(value.partition("=")[::2] for value in values)
    proofs: dict[str, Proof] = {}
    with _store_errors():
        for name in mount or sorted(mounts):
            with request_context(_app()), silence():
                proofs[name] = prove(
                    type(mounts[name].wizard),
                    given.get("PROPERTIES", {}).get(name),
                    samples=known.get(name),
                    bound={
                        **sample_bound(_app(), name),
                        **given.get("BOUND", {}).get(name, {}),
                        **own,
                    },
                    most=most,
                    report=_tell_forms(name),
                )
        found = unsilenced(_app(), proofs)
    if style == "json":
        click.echo(
            json.dumps(
                {"proofs": [as_json(n, proofs[n], found[n]) for n in proofs]}, indent=2
            )
        )
    else:
        for name, proof in proofs.items():
            click.echo("\n".join(as_text(name, proof, found[name])))
    outcomes = {outcome_of(findings) for findings in found.values()}
    if outcomes - {"proved"}:
        raise SystemExit(1 if "broken" in outcomes else NOT_ALL_TRIED)


def _declared(name: str) -> Mapping[str, Any]:
    """Return the names of a module. Raise ClickException if it cannot be imported."""
    try:
        return vars(import_module(name))
    except ImportError as error:
        raise click.ClickException(f"{name} cannot be imported: {error}") from error


def _tell_forms(name: str) -> Callable[[int], None]:
    """Return a function that shows progress on a long run."""

    def tell(number: int) -> None:
        if number % LOOKED_AT_ONCE == 0:
            click.echo(f"{name}: {number} forms so far", err=True)

    return tell


@commands.command()
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
@click.option("--theme", "themes", multiple=True, help="Once for each theme.")
@click.option("--lang", "langs", multiple=True, help="Once for each language.")
@click.option("--samples", type=click.File(), help="JSON: mount, step, field.")
@click.option("--value", "values", multiple=True, help="NAME=TEXT, of a prefix.")
def preview(
    folder: Path,
    themes: tuple[str, ...],
    langs: tuple[str, ...],
    samples: IO[str] | None,
    values: tuple[str, ...],
) -> None:
    """Write every page of the wizards to FOLDER: empty, filled in and wrong.

    FOLDER/index.html lists them. No draft of the application is opened, and nothing is
    committed. Without --theme and --lang, the pages are as visitors have them.
    """
    if folder.exists() and any(folder.iterdir()):
        raise click.ClickException(f"{folder} has files. Give a folder without any.")
    known = json.load(samples) if samples is not None else {}
    given = dict(value.partition("=")[::2] for value in values)
    of = partial(make_gallery, _app(), samples=known, values=given)
    with _app().test_request_context():  # labels may be lazy
        galleries = [
            (
                "-".join(filter(None, (theme, lang))) or "pages",
                of(theme=theme, lang=lang),
            )
            for theme in themes or (None,)
            for lang in langs or (None,)
        ]
    count = write_gallery(_app(), folder, galleries)
    for why in dict.fromkeys(why for _, gallery in galleries for why in gallery.missed):
        click.echo(f"Not shown: {why}", err=True)
    click.echo(f"{count} pages. Open {folder / 'index.html'}")


@commands.command("rehearse")
@click.argument("mount", required=False)
@click.option("--max-asked", callback=_share, help="A share, such as 5%: see above.")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def rehearse_release(mount: str | None, max_asked: float | None, style: str) -> None:
    """Say what this release would do to open drafts. Nothing is written.

    MOUNT is the full name of a wizard's blueprint. Without it, all drafts are opened.
    No answer is shown, and no text of an exception. The exit code is 1 if more than
    --max-asked of the drafts are asked again or refused.
    """
    with _store_errors():
        found = rehearse(_app(), _find(), mount=mount, report=_tell)
    total = sum(each.total for each in found.values())
    held_up = sum(each.held_up for each in found.values())
    if style == "json":
        rows = [_as_json(name, each) for name, each in sorted(found.items())]
        click.echo(json.dumps({"drafts": total, "mounts": rows}, indent=2))
    else:
        for name, each in sorted(found.items()):
            for line in _as_text(name, each):
                click.echo(line)
        click.echo(f"{total:>8}  in all, of which {held_up} do not simply go on")
    if max_asked is not None and held_up > max_asked * total:
        share = 100 * held_up / total
        click.echo(
            f"{share:.1f}% are asked again or refused: more than {100 * max_asked:g}%.",
            err=True,
        )
        raise SystemExit(1)


@commands.command("list")
@click.option("--format", "style", type=click.Choice(["text", "json"]), default="text")
def list_mounts(style: str) -> None:
    """List the mounted wizards, each with its URL and its steps."""
    rows = [
        {
            "mount": name,
            "wizard": type(mounted.wizard).__name__,
            "url": next(str(r) for r in _app().url_map.iter_rules(f"{name}.entry")),
            "steps": [step.name for step in mounted.wizard.steps],
        }
        for name, mounted in sorted(_mounts().items())
    ]
    if style == "json":
        click.echo(json.dumps({"mounts": rows}, indent=2))
        return
    for row in rows:
        click.echo(f"{row['mount']}: {row['wizard']} at {row['url']}")
        click.echo(f"    {', '.join(row['steps'])}")
    if not rows:
        click.echo("No wizard is mounted with as_blueprint.")


@commands.command("map")
@click.argument("mount")
@click.option(
    "--format", "style", type=click.Choice([*maps.FORMATS]), default="mermaid"
)
@click.option(
    "--check",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Print nothing, and exit with 1 if FILE does not contain the map.",
)
def draw_map(mount: str, style: str, file: Path | None) -> None:
    """Draw the pages of the wizard that is mounted as MOUNT, and what leads to them.

    Conditions are called by the first line of their docstrings, else by their names.
    """
    mounts = _mounts()
    if mount not in mounts:
        raise click.ClickException(
            f"No wizard is mounted as {mount!r}. Mounted are {', '.join(mounts)}."
        )
    with _app().test_request_context():  # titles may be lazy
        drawn = maps.FORMATS[style](type(mounts[mount].wizard))
    if file is None:
        click.echo(drawn, nl=False)
        return
    text = file.read_text(encoding="utf-8")
    if drawn in text:
        return
    # A file of the map alone has a short difference, and a document has a long one.
    found = text.splitlines() if len(text) < 2 * len(drawn) else []
    for line in unified_diff(found, drawn.splitlines(), str(file), mount, lineterm=""):
        click.echo(line)
    raise click.ClickException(
        f"{file} does not contain the map of {mount} as it is now. Make it anew with "
        f"flask wizard map {mount} --format {style}."
    )


@commands.command("types")
@click.argument("mount", nargs=-1)
@click.option(
    "--check",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Print nothing, and exit with 1 if FILE is another module.",
)
def write_types(mount: tuple[str, ...], file: Path | None) -> None:
    """Print a module with the types of answers, for type checkers and editors.

    MOUNT is the full name of a wizard's blueprint. Without it, all wizards are in it.
    """
    mounts = _mounts()
    if unknown := [name for name in mount if name not in mounts]:
        raise click.ClickException(
            f"No wizard is mounted as {unknown[0]!r}. Mounted are {', '.join(mounts)}."
        )
    # One wizard may be mounted more than once.
    named = (type(mounts[name].wizard) for name in mount or sorted(mounts))
    made = module_of(dict.fromkeys(named))
    if file is None:
        click.echo(made, nl=False)
        return
    found = file.read_text(encoding="utf-8")
    if made == found:
        return
    lines = (found.splitlines(), made.splitlines())
    for line in unified_diff(*lines, str(file), "as it is now", lineterm=""):
        click.echo(line)
    command = " ".join(["flask wizard types", *mount])
    raise click.ClickException(
        f"{file} does not tell the answers as they are now. Make it anew with "
        f"{command} > {file}."
    )


@commands.command("eject")
@click.argument("template", nargs=-1)
@click.option("--theme", help="The theme to copy from; without it, WIZARD_THEME.")
@click.option("--force", is_flag=True, help="Replace copies that are there already.")
def eject_templates(template: tuple[str, ...], theme: str | None, force: bool) -> None:
    """Copy shipped templates into the application, to be changed there.

    TEMPLATE is the name of a page, such as step or review, or base for the layout.
    Without it, all are copied. A copy notes what it was made from.
    """
    try:
        copies = templates.eject(_app(), template, theme=theme, force=force)
    except ConfigurationError as error:
        raise click.ClickException(str(error)) from error
    for path in copies:
        click.echo(path)


WHY = {
    "again": "it was accepted, and is not valid any more",
    "new": "it was not asked before",
    "commit": "the commit would refuse it",
}


def _as_text(mount: str, found: Rehearsal) -> Iterator[str]:
    name = mount or "unknown"
    yield f"{found.go_on:>8}  {name}: go on"
    for asked, count in sorted(found.asked.items()):
        yield f"{count:>8}  {name}: asked at {asked.step}: {WHY[asked.why]}"
    for reason, count in sorted(found.refused.items()):
        yield f"{count:>8}  {name}: refused: {reason}"


def _as_json(mount: str, found: Rehearsal) -> dict[str, Any]:
    return {
        "mount": mount or None,
        "drafts": found.total,
        "go_on": found.go_on,
        "asked": [
            {"step": asked.step, "why": asked.why, "drafts": count}
            for asked, count in sorted(found.asked.items())
        ],
        "refused": [
            {"reason": reason, "drafts": count}
            for reason, count in sorted(found.refused.items())
        ],
    }


@commands.command("remind")
@click.option("--idle", type=float, default=1.0, help="Days since the last save.")
@click.option("--expiring", type=float, default=1.0, help="Days until it expires.")
def send_reminders(idle: float, expiring: float) -> None:
    """Call on_remind for drafts that were left, or that expire soon; each once."""
    with _store_errors():
        done = remind(
            _app(), _find(), idle=idle * DAY, expiring=expiring * DAY, report=_tell
        )
    click.echo(f"{done.sent} reminded, {done.failed} failed.")
    if done.skipped:
        click.echo(f"{done.skipped} drafts could not be opened.")
    if done.failed:
        raise click.ClickException("on_remind has failed; the log says why.")


@commands.command()
@click.option("--user", required=True, help="The id that holder returns for them.")
@click.confirmation_option(prompt="Erase all drafts of this user?")
def erase(user: str) -> None:
    """Erase one user's drafts, their files and their list."""
    data = UsersData(_repository(), user)
    with _store_errors():
        erased = data.erase(_count())
    click.echo(f"{erased.drafts} drafts and {erased.files} files erased.")
    _warn_of(data)
    if erased.busy:
        raise click.ClickException(
            f"{erased.busy} drafts are being committed at this moment. Run it again."
        )
    if data.unreadable:
        raise click.ClickException(
            f"{data.unreadable} drafts of this user cannot be read, and are still "
            "stored. Run it with the release and the secret that wrote them."
        )


@commands.command("export")
@click.option("--user", required=True, help="The id that holder returns for them.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_data(user: str, folder: Path) -> None:
    """Write one user's drafts to FOLDER/drafts.json, and their files beside it.

    Passwords are left out. FOLDER must not exist yet.
    """
    data = UsersData(_repository(), user)
    try:
        folder.mkdir(parents=True, mode=0o700)
    except FileExistsError as error:
        raise click.ClickException(f"{folder} exists already.") from error
    with _store_errors(), _app().test_request_context():  # titles may be lazy
        done = export(_app(), _find(), data, folder, _count())
    click.echo(f"{done.drafts} drafts and {done.files} files written to {folder}.")
    _warn_of(data)
    if done.unreadable:
        raise click.ClickException(
            f"{done.unreadable} drafts or files of this user cannot be read, and are "
            "left out."
        )


def _warn_of(data: UsersData) -> None:
    if not data.is_complete:
        click.echo(
            "The store cannot list its values: only drafts on the user's list were "
            "found, which has no ended ones.",
            err=True,
        )


def _app() -> Flask:
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    return app


def _mounts() -> Mapping[str, Mounted]:
    """Return the mounted wizards by the full names of their blueprints."""
    mounts: Mapping[str, Mounted] = _app().extensions.get(MOUNTS, {})
    return mounts


def _repository() -> DraftRepository:
    repository: DraftRepository = current_app.extensions[EXTENSION].repository(_app())
    return repository


def _find() -> Callable[[str], Any]:
    from .wizard import Wizard  # it imports what imports the commands

    return Wizard._find


def _tell(number: int) -> None:
    """Show progress on a long run."""
    if number % LOOKED_AT_ONCE == 0:
        click.echo(f"{number} drafts so far", err=True)


def _count() -> Callable[[], None]:
    """Return a function that counts its calls and shows progress."""
    seen = 0

    def count() -> None:
        nonlocal seen
        seen += 1
        _tell(seen)

    return count


@contextmanager
def _store_errors() -> Iterator[None]:
    """Raise a ClickException in the place of a store's error."""
    try:
        yield
    except (ConfigurationError, StoreError) as error:
        raise click.ClickException(str(error)) from error
