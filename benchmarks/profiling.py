"""Profiling: where the time of flask_wizard goes, as cProfile sees it."""

from __future__ import annotations

import cProfile
from collections import Counter
from collections.abc import Callable
from itertools import islice
from pathlib import Path
from pstats import SortKey, Stats
from typing import Any

from flask.sessions import SecureCookieSessionInterface
from flask.templating import render_template
from flask_wtf.csrf import generate_csrf

from benchmarks.arena import Arena, Setting
from benchmarks.cells import Cell, cells_of
from benchmarks.contenders import CONTENDERS, SQLITE
from benchmarks.worker import Station, warm_up
from flask_wizard.core import draft, forms
from flask_wizard.drafts.keyring import Keyring
from flask_wizard.stores.sqlite import SQLiteStore
from flask_wizard.web import guard
from flask_wizard.web.visit import Visit

REQUESTS = 200
WARM = 20
TOP = 25  # functions

Functions = tuple[Callable[..., Any], ...]

AROUND: dict[str, Functions] = {
    "rendering": (render_template,),
    "session": (
        SecureCookieSessionInterface.open_session,
        SecureCookieSessionInterface.save_session,
    ),
}
WITHIN: dict[str, Functions] = {
    "forms, binding": (forms.bind,),
    "forms, validation": (forms.validate,),
    "drafts, coding": (draft.pack, draft.unpack),
    "encryption": (Keyring.encrypt, Keyring.decrypt, Keyring.digests),
    "store": (SQLiteStore.load, SQLiteStore.create, SQLiteStore.replace),
    "CSRF": (guard.check_csrf, generate_csrf),
}
"""Layers around the view and within, by the functions that lead into each.

None of them leads into another.
"""
VIEW = "the view besides: journey, pages, URLs"
REST = "Flask and Werkzeug besides"


def profile(arena: Arena, setting: Setting, kind: str) -> None:
    """Print what the last cell of a kind spends its time on."""
    arena.prepare([SQLITE], [setting])
    *_, cell = cells_of(*setting, kinds=[kind])
    stats = _profiled(arena, setting, cell)
    print(f"{cell}: where the time goes, in per cent\n")
    for layer, share in shares(stats).items():
        print(f"{share:6.1f}  {layer}")
    print("\nThe same by package, what each spends in itself, in per cent\n")
    for package, share in packages(stats):
        print(f"{share:6.1f}  {package}")
    print("\nFunctions by the time spent in themselves")
    stats.sort_stats(SortKey.TIME).print_stats(TOP)


def _profiled(arena: Arena, setting: Setting, cell: Cell) -> Stats:
    work = arena.folder / "profiled"
    work.mkdir()
    contender = CONTENDERS[SQLITE].make(work, steps=setting[0], conditions=setting[1])
    saved = arena.saved(SQLITE, setting)
    warm_up(contender, saved)
    acts = Station(contender, saved / cell.point).acts(cell.kind)
    for act in islice(acts, WARM):
        act()
    profiler = cProfile.Profile()
    for act in islice(acts, REQUESTS):
        profiler.runcall(act)
    return Stats(profiler)


def shares(stats: Stats) -> dict[str, float]:
    """Per cent of the whole by layer."""
    timings: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]
    total: float = stats.total_tt  # type: ignore[attr-defined]

    def share(functions: Functions) -> float:
        met = [timings[key] for f in functions if (key := _key(f)) in timings]
        return float(100 / total * sum(cumulative for *_, cumulative, _ in met))

    around = {layer: share(functions) for layer, functions in AROUND.items()}
    within = {layer: share(functions) for layer, functions in WITHIN.items()}
    view = share((Visit.open, Visit.handle))
    rest = 100 - view - sum(around.values())
    return {**around, **within, VIEW: view - sum(within.values()), REST: rest}


def packages(stats: Stats) -> list[tuple[str, float]]:
    """Per cent that each package's functions spend in themselves, largest first."""
    timings: dict[Any, Any] = stats.stats  # type: ignore[attr-defined]
    total: float = stats.total_tt  # type: ignore[attr-defined]
    found: Counter[str] = Counter()
    for (path, *_), (_, _, own, *_) in timings.items():
        found[_package(path)] += 100 * own / total
    return [(name, share) for name, share in found.most_common() if share >= 1]


def _package(path: str) -> str:
    """Where a function is from. What is written in C has no path."""
    parts = Path(path).parts
    if "site-packages" in parts:
        return parts[parts.index("site-packages") + 1]
    if "templates" in parts:
        return "templates"
    if "flask_wizard" in parts:
        return "flask_wizard"
    return "Python itself"


def _key(function: Callable[..., Any]) -> tuple[str, int, str]:
    """What pstats calls a function."""
    code = function.__code__
    return code.co_filename, code.co_firstlineno, code.co_name
