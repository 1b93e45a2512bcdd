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
from typing import IO, Any, NamedTuple

import click
from flask import Flask, current_app
from flask.cli import AppGroup

from .checks import maps, templates
from .checks.answer_types import module_of
from .checks.arguments import (
    NO_MOUNT,
    SAMPLES,
    STYLE,
    VALUES,
    check_stored,
    chosen,
    mounted_wizards,
    number_of,
    only,
    samples_in,
    share,
    some,
    values_of,
)
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
from .checks.sample_files import SampleError
from .checks.settings import SETTINGS
from .drafts.encrypted_store import DraftRepository
from .drafts.upload_store import ListedUploadStore
from .drafts.users_data import UsersData
from .errors import ConfigurationError, StoreError
from .stores import SweptStore
from .web.all_drafts import (
    AGES,
    DAY,
    UNREADABLE,
    Opened,
    Skipped,
    age_of,
    opened_drafts,
    remind,
    request_context,
)
from .web.exported import export
from .web.rehearsal import Rehearsal, rehearse, silence
from .web.state import EXTENSION, WizardState

commands: AppGroup = AppGroup("wizard")

LOOKED_AT_ONCE = 1000  # drafts between two lines of progress
NOT_ALL_TRIED = 3  # the exit code of prove if nothing breaks; click's own is 2


@commands.command()
def purge() -> None:
    """Remove expired drafts and their uploads. The application may go on running."""
    state, uploads = current_app.extensions[EXTENSION], _repository().uploads
    store, name = state.store, type(state.store).__name__
    if isinstance(store, SweptStore):
        _sweep(name, "expired values", store.sweep)
    else:
        click.echo(f"{name}: nothing to do, the engine removes expired drafts itself.")
    name = type(state.uploads).__name__
    if uploads is not None and isinstance(state.uploads, ListedUploadStore):
        _sweep(name, "uploads", uploads.sweep)


def _sweep(name: str, what: str, sweep: Callable[..., int]) -> None:
    """Call a sweep, and say what it does. Raise ClickException if it fails."""

    def report(removed: int) -> None:
        click.echo(f"{name}: {removed} removed so far", err=True)

    started = time.monotonic()
    with _errors():
        removed = sweep(time.time(), report)
    took = time.monotonic() - started
    click.echo(f"{name}: {removed} {what} removed in {took:.1f} s.")


@commands.command()
@click.argument("mount", nargs=-1)
@STYLE
def drafts(mount: tuple[str, ...], style: str) -> None:
    """Count the drafts by wizard, state, step and age. No answer is shown.

    MOUNT is the full name of a wizard's blueprint. Without it, all are counted.
    """
    check_stored(mount, _find())
    counts: Counter[_Row] = Counter()
    skipped: Counter[str] = Counter()
    with _errors():
        for number, found in enumerate(opened_drafts(_app(), _find()), start=1):
            _tell(number)
            if isinstance(found, Skipped):
                if not mount or found == UNREADABLE:  # which may be one of these
                    skipped[found.reason] += 1
            elif not mount or found.public.mount in mount:
                counts[_Row.of(found)] += 1
    counted = sorted(counts.items())
    if style == "json":
        rows = [row.as_json(count) for row, count in counted]
        click.echo(json.dumps({"drafts": rows, "skipped": dict(skipped)}, indent=2))
        return
    for row, count in counted:
        click.echo(f"{count:>8}  {row}")
    click.echo(f"{counts.total():>8}  in all")
    for reason, count in skipped.items():
        click.echo(f"{count:>8}  {reason}")


class _Row(NamedTuple):
    """What drafts that are counted together have in common, in the order of rows."""

    mount: str
    #: False of open drafts, which come first.
    ended: bool
    state: str
    #: Where the step stands in the wizard.
    position: int
    step: str
    #: Which of ``AGES`` they have.
    age: int

    @classmethod
    def of(cls, found: Opened) -> _Row:
        draft = found.public
        position = found.visit.wizard.steps.positions.get(draft.step, -1)
        age = [*AGES].index(age_of(draft))
        is_open = draft.state == "open"
        return cls(draft.mount, not is_open, draft.state, position, draft.step, age)

    def __str__(self) -> str:
        place = f"{self.state}, at {self.step}" if self.step else self.state
        return f"{self.mount}: {place}, saved {[*AGES][self.age]} ago"

    def as_json(self, count: int) -> dict[str, Any]:
        return {
            "mount": self.mount,
            "state": self.state,
            "step": self.step,
            "saved": [*AGES][self.age],
            "drafts": count,
        }


@commands.command()
@click.argument("mount", nargs=-1)
@STYLE
def check(mount: tuple[str, ...], style: str) -> None:
    """Look for what visitors would stumble over.

    MOUNT is the full name of a wizard's blueprint. Without it, all wizards and the
    settings of the application are looked at.

    Each finding says where it is and how to mend it. Those that are meant to be so are
    silenced in WIZARD_SILENCED, with a reason. The exit code is 1 if others are found.
    """
    chosen(mount)
    with _errors():
        found = check_definitions(_app(), mount)
    if style == "json":
        rows = [finding._asdict() for finding in found]
        click.echo(json.dumps({"findings": rows}, indent=2))
    else:
        for finding in found:
            click.echo(f"{finding.key} {finding.message}")
        count = len(CHECKS) + len(ON_PATHS) + (0 if mount else len(SETTINGS))
        if not mounted_wizards():
            click.echo(f"{NO_MOUNT} Only the settings were looked at.")
        click.echo(f"{number_of(len(found), 'finding')} of {count} checks.")
    if found:
        raise SystemExit(1)


@commands.command("prove")
@click.argument("mount", nargs=-1)
@click.option(
    "--properties",
    "module",
    help="A module with PROPERTIES, and SAMPLES and BOUND if need be.",
)
@SAMPLES
@VALUES
@click.option(
    "--most",
    default=MOST_FORMS,
    type=click.IntRange(min=1),
    help="How many forms to fill in before giving up.",
    show_default=True,
)
@STYLE
def prove_paths(
    mount: tuple[str, ...],
    module: str | None,
    samples: IO[str] | None,
    values: tuple[str, ...],
    most: int,
    style: str,
) -> None:
    """Prove that each step is reached and left on every path.

    Each path that does not end in an Exit has to reach the commit, too.

    MOUNT is the full name of a wizard's blueprint; without it, all are proved. The
    wizards' own steps are filled in, and nothing is stored. The exit code is 1 if
    something does not hold: the shortest answers that show it are printed. It is 3 if
    all holds that was tried, and not all was tried.
    """
    mounts = some(mount)
    given = _declared(module) if module else {}
    known = samples_in(samples) or given.get("SAMPLES", {})
    own = values_of(values)
    proofs: dict[str, Proof] = {}
    with _errors():
        for name in mounts:
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
@click.argument("mount", nargs=-1)
@click.option("--theme", "themes", multiple=True, help="Once for each theme.")
@click.option("--lang", "langs", multiple=True, help="Once for each language.")
@SAMPLES
@VALUES
def preview(
    folder: Path,
    mount: tuple[str, ...],
    themes: tuple[str, ...],
    langs: tuple[str, ...],
    samples: IO[str] | None,
    values: tuple[str, ...],
) -> None:
    """Write every page of the wizards to FOLDER.

    Each is there empty, filled in and wrong. FOLDER/index.html lists them. MOUNT is the
    full name of a wizard's blueprint; without it, all wizards are shown. No draft of
    the application is opened, and nothing is committed. Without --theme and --lang, the
    pages are as visitors have them.
    """
    mounts = some(mount)
    with _file_errors():
        folder.mkdir(parents=True, exist_ok=True)
        has_files = any(folder.iterdir())
    if has_files:
        raise click.ClickException(f"{folder} has files. Give a folder without any.")
    known, given = samples_in(samples), values_of(values)
    of = partial(make_gallery, _app(), mounts=mounts, samples=known, values=given)
    with _errors(), _app().test_request_context():  # labels may be lazy
        galleries = [
            (
                "-".join(filter(None, (theme, lang))) or "pages",
                of(theme=theme, lang=lang),
            )
            for theme in themes or (None,)
            for lang in langs or (None,)
        ]
    with _file_errors():
        count = write_gallery(_app(), folder, galleries)
    for why in dict.fromkeys(why for _, gallery in galleries for why in gallery.missed):
        click.echo(f"Not shown: {why}", err=True)
    click.echo(f"{number_of(count, 'page')}. Open {folder / 'index.html'}")


@commands.command("rehearse")
@click.argument("mount", nargs=-1)
@click.option(
    "--max-asked",
    callback=share,
    metavar="SHARE",
    help="Exit with 1 if more than this share, such as 5%, are asked again or refused.",
)
@STYLE
def rehearse_release(
    mount: tuple[str, ...], max_asked: float | None, style: str
) -> None:
    """Say what this release would do to open drafts. Nothing is written.

    MOUNT is the full name of a wizard's blueprint. Without it, all drafts are opened.
    No answer is shown, and no text of an exception.
    """
    check_stored(mount, _find())
    with _errors():
        found = rehearse(_app(), _find(), mounts=mount, report=_tell)
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
@click.argument("mount", nargs=-1)
@STYLE
def list_mounts(mount: tuple[str, ...], style: str) -> None:
    """List the mounted wizards, each with its URL and its steps.

    MOUNT is the full name of a wizard's blueprint, as this prints it. Without it, all
    are listed.
    """
    rows = [
        {
            "mount": name,
            "wizard": type(mounted.wizard).__name__,
            "url": next(str(r) for r in _app().url_map.iter_rules(f"{name}.entry")),
            "steps": [step.name for step in mounted.wizard.steps],
        }
        for name, mounted in chosen(mount).items()
    ]
    if style == "json":
        click.echo(json.dumps({"mounts": rows}, indent=2))
        return
    for row in rows:
        click.echo(f"{row['mount']}: {row['wizard']} at {row['url']}")
        click.echo(f"    {', '.join(row['steps'])}")
    if not rows:
        click.echo(NO_MOUNT)


@commands.command("map")
@click.argument("mount", required=False)
@click.option(
    "--format",
    "style",
    type=click.Choice([*maps.FORMATS]),
    default="mermaid",
    help="What draws it: mermaid, dot (Graphviz), or text for a terminal.",
    show_default=True,
)
@click.option(
    "--check",
    "file",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Print no map, and exit with 1 if FILE does not contain it.",
)
def draw_map(mount: str | None, style: str, file: Path | None) -> None:
    """Draw the pages of a wizard, and what leads to them.

    MOUNT is the full name of the wizard's blueprint. It may be left out if the
    application mounts one wizard only.

    Conditions are called by the first line of their docstrings, else by their names.
    """
    mount, mounted = only(mount)
    with _app().test_request_context():  # titles may be lazy
        drawn = maps.FORMATS[style](type(mounted.wizard))
    if file is None:
        click.echo(drawn, nl=False)
        return
    with _file_errors():
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
    """Print a module with the types of answers, for type checkers.

    MOUNT is the full name of a wizard's blueprint. Without it, all wizards are in it.
    """
    # One wizard may be mounted more than once.
    named = (type(mounted.wizard) for mounted in some(mount).values())
    made = module_of(dict.fromkeys(named))
    if file is None:
        click.echo(made, nl=False)
        return
    with _file_errors():
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
    """Copy shipped templates into the application.

    They are yours to change there. TEMPLATE is the name of a page, such as step or
    review, or base for the layout. Without it, all are copied. A copy notes what it was
    made from.
    """
    with _errors(), _file_errors():
        copies = templates.eject(_app(), template, theme=theme, force=force)
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
@click.option(
    "--idle",
    type=click.FloatRange(min=0),
    default=1.0,
    help="Days since the last save.",
    show_default=True,
)
@click.option(
    "--expiring",
    type=click.FloatRange(min=0),
    default=1.0,
    help="Days until it expires.",
    show_default=True,
)
def send_reminders(idle: float, expiring: float) -> None:
    """Call on_remind for drafts that were left or expire soon.

    Each draft is reminded of once for each of these reasons. The exit code is 1 if
    on_remind raises for one. The others are reminded all the same.
    """
    with _errors():
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
    with _errors():
        erased = data.erase(_count())
    what = f"{number_of(erased.drafts, 'draft')} and {number_of(erased.files, 'file')}"
    click.echo(f"{what} erased.")
    _warn_of(data)
    if erased.busy:
        busy = number_of(erased.busy, "draft")
        raise click.ClickException(
            f"Not erased, as a commit is under way: {busy}. Run it again."
        )
    if data.unreadable:
        raise click.ClickException(
            f"Drafts that cannot be read, and are still stored: {data.unreadable}. "
            "Run it with the release and the secret that wrote them."
        )


@commands.command("export")
@click.option("--user", required=True, help="The id that holder returns for them.")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def export_data(user: str, folder: Path) -> None:
    """Write one user's drafts and files to FOLDER.

    The drafts are in FOLDER/drafts.json. Passwords are left out. FOLDER must not exist
    yet.
    """
    data = UsersData(_repository(), user)
    if folder.exists():
        raise click.ClickException(f"{folder} exists already.")
    with _file_errors():
        folder.mkdir(parents=True, mode=0o700)
    with _errors(), _file_errors(), _app().test_request_context():  # titles may be lazy
        done = export(_app(), _find(), data, folder, _count())
    what = f"{number_of(done.drafts, 'draft')} and {number_of(done.files, 'file')}"
    click.echo(f"{what} written to {folder}.")
    _warn_of(data)
    if done.unreadable:
        raise click.ClickException(
            f"Drafts or files that cannot be read, and are left out: {done.unreadable}."
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


def _repository() -> DraftRepository:
    with _errors():
        state: WizardState = current_app.extensions[EXTENSION]
        return state.repository(_app())


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
def _errors() -> Iterator[None]:
    """Raise a ClickException for an error of a store, of a setting or of samples."""
    try:
        yield
    except (ConfigurationError, SampleError, StoreError) as error:
        raise click.ClickException(str(error)) from error


@contextmanager
def _file_errors() -> Iterator[None]:
    """Raise a ClickException for a file that cannot be read or written."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise click.ClickException("The file is no text in UTF-8.") from error
    except OSError as error:
        raise click.ClickException(str(error)) from error
