"""The contenders of the benchmark do what they are measured for, and are judged so."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from benchmarks.arena import Arena
from benchmarks.browser import Browser
from benchmarks.cells import Cell, Figures, Results, cells_of
from benchmarks.contenders import CONTENDERS, DURABLE, FLOOR, FORMTOOLS, SQLITE
from benchmarks.durable import Draft, Drafts
from benchmarks.profiling import AROUND, REST, VIEW, WITHIN, profile
from benchmarks.questions import ANSWERS, TYPED, step_names
from benchmarks.served import measure, ratio
from benchmarks.table import lines
from benchmarks.targets import Verdict, verdicts
from benchmarks.walk import CHECK, Contender, points, walk
from benchmarks.worker import Station

STEPS = 4


@dataclass
class Met:
    """A contender, how it stood at its points, and what it committed at the end."""

    name: str
    contender: Contender
    saved: Path
    committed: list[Any]


@pytest.fixture(scope="module")
def all_met(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Met]:
    """Every contender, walked through once: Django allows one of its kind a process."""
    met: dict[str, Met] = {}
    for name, entry in CONTENDERS.items():
        folder = tmp_path_factory.mktemp(name)
        own = folder / "own"
        own.mkdir()
        contender = entry.make(own, steps=STEPS, conditions=True)
        saved = folder
        if entry.walked_by == name:
            walk(contender, saved, steps=STEPS)
        else:
            saved = met[entry.walked_by].saved
        next(Station(contender, saved / CHECK).acts("commit"))()
        met[name] = Met(name, contender, saved, list(contender.committed))
    return met


@pytest.fixture(params=CONTENDERS)
def met(request: pytest.FixtureRequest, all_met: dict[str, Met]) -> Met:
    return all_met[request.param]


@pytest.fixture(params=[name for name in CONTENDERS if name != FLOOR])
def keeper(request: pytest.FixtureRequest, all_met: dict[str, Met]) -> Met:
    """A contender that stores something."""
    return all_met[request.param]


# Contenders


def test_what_was_typed_is_committed(keeper: Met) -> None:
    assert keeper.committed == [dict.fromkeys(step_names(STEPS), TYPED)]


def test_floor_commits_nothing(all_met: dict[str, Met]) -> None:
    assert all_met[FLOOR].committed == []


@pytest.mark.parametrize("point", points(STEPS))
def test_pages_are_of_one_size(met: Met, all_met: dict[str, Met], point: str) -> None:
    def size(of: Met) -> int:
        station = Station(of.contender, of.saved / point)
        return len(station.look().body)

    assert size(met) == pytest.approx(size(all_met[SQLITE]), rel=0.05)


@pytest.mark.parametrize("point", points(STEPS))
def test_post_without_token_is_refused(met: Met, point: str) -> None:
    station = Station(met.contender, met.saved / point)
    browser = Browser(met.contender.wsgi)
    browser.cookies = station.standing.cookies
    typed = met.contender.typed(point, ANSWERS[0])
    tokens = {"csrf_token", "csrfmiddlewaretoken"}
    hidden = {n: v for n, v in station.standing.hidden.items() if n not in tokens}
    assert browser.request(station.standing.path, {**hidden, **typed}).location == ""


def test_condition_reads_earlier_steps(keeper: Met) -> None:
    browser = Browser(keeper.contender.wsgi)
    browser.open(keeper.contender.first)
    age_zero = {**ANSWERS[0], "age": "0"}  # which conditions take for no answer
    page = browser.press(keeper.contender.typed("step1", age_zero))
    assert b"Check your answers" in page.body


def test_journey_can_be_committed_again(keeper: Met) -> None:
    acts = Station(keeper.contender, keeper.saved / CHECK).acts("commit")
    before = len(keeper.contender.committed)
    next(acts)()
    next(acts)()
    assert len(keeper.contender.committed) == before + 2


def test_posts_in_turn_change_the_answer(keeper: Met) -> None:
    point = points(STEPS)[1]
    station = Station(keeper.contender, keeper.saved / point)
    acts = station.acts("post")
    shown = []
    for _ in range(2):
        next(acts)()
        shown.append(b"Sophie Germain" in station.look().body)
    assert shown == [False, True]


@pytest.fixture
def durable(all_met: dict[str, Met]) -> Station:
    """A visitor of the views by hand that keep a draft, at the last step."""
    met = all_met[DURABLE]
    return Station(met.contender, met.saved / points(STEPS)[1])


def test_durable_draft_is_shown_to_its_holder_alone(durable: Station) -> None:
    stranger = Browser(durable.contender.wsgi)
    stranger.open(durable.contender.first)
    assert durable.look().status == 200
    assert stranger.request(durable.standing.path).status == 404


def test_durable_steps_open_once_those_before_are_done(durable: Station) -> None:
    browser = Browser(durable.contender.wsgi)
    browser.open(durable.contender.first)
    later = browser.path.replace("step1", "step2")
    assert browser.request(later).status == 404


def test_durable_write_fails_where_another_came_first(
    durable: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    load = Drafts.load

    def load_before_another_writes(self: Drafts, draft_id: str) -> Draft:
        found = load(self, draft_id)
        self.replace(found)
        return found

    monkeypatch.setattr(Drafts, "load", load_before_another_writes)
    with pytest.raises(RuntimeError, match="Answer\\(status=409"):
        next(durable.acts("post"))()


def test_durable_draft_cannot_be_read_without_the_key(all_met: dict[str, Met]) -> None:
    folder = all_met[DURABLE].saved / CHECK
    stored = b"".join(path.read_bytes() for path in folder.glob("*.sqlite3*"))
    assert stored
    assert b"Lovelace" not in stored


# Workers


@pytest.fixture
def arena(tmp_path: Path) -> Arena:
    return Arena(tmp_path)


def test_worker_tells_seconds_of_every_cell(arena: Arena) -> None:
    arena.prepare([SQLITE], [(STEPS, False)])
    with arena.workers([SQLITE], (STEPS, False), clock="wall") as workers:
        told = [workers[SQLITE].go_to(cell) for cell in cells_of(STEPS, False)]
    assert len(told) == 6
    assert min(told) > 0


def test_profile_meets_every_layer(
    arena: Arena, capsys: pytest.CaptureFixture[str]
) -> None:
    profile(arena, (STEPS, False), "post")
    layers = {*AROUND, *WITHIN, VIEW, REST}
    shares = {
        line[8:]: float(line[:6])
        for line in capsys.readouterr().out.splitlines()
        if line[8:] in layers
    }
    assert shares.keys() == layers
    assert {layer for layer, share in shares.items() if not share > 0} == {"rendering"}


def test_gunicorn_takes_posts_of_both_that_keep_drafts(arena: Arena) -> None:
    rates = measure(arena, rounds=1, steps=STEPS, seconds=0.3)
    assert rates.keys() == {DURABLE, SQLITE}
    assert [len(each) for each in rates.values()] == [1, 1]
    assert min(rates[DURABLE] + rates[SQLITE]) > 0


# Targets


def figures(*microseconds: float, counts: tuple[int, ...] = ()) -> Figures:
    return Figures([m / 1e6 for m in microseconds], list(counts))


def judged(
    results: Results, served: float | None = None
) -> Iterator[tuple[float, bool]]:
    found = verdicts(results, None, served)
    return ((verdict.limit, verdict.met) for verdict in found)


def cell(kind: str, steps: int, step: int | None, *, conditions: bool = False) -> Cell:
    return Cell(kind, step, steps, conditions)


def counted(count: int) -> Figures:
    return figures(counts=(count,))


@pytest.mark.parametrize(
    ("kind", "steps", "limit", "count"),
    [
        ("get", 5, 1.0, 100),
        ("get", 50, 1.0, 100),
        ("get", 200, 1.0, 100),
        ("post", 50, 1.25, 125),
        ("post", 200, 1.4, 140),
    ],
)
def test_instructions_are_held_to_the_floor(
    kind: str, steps: int, limit: float, count: int
) -> None:
    def verdict(count: int) -> list[tuple[float, bool]]:
        pair = {FLOOR: counted(100), SQLITE: counted(count)}
        return list(judged({cell(kind, steps, 3): pair}))

    assert verdict(count) == [(limit, True)]
    assert verdict(count + 1) == [(limit, False)]


@pytest.mark.parametrize(("steps", "limit"), [(5, 1.2), (50, 1.2), (200, 1.25)])
def test_time_of_a_get_is_held_to_the_floor(steps: int, limit: float) -> None:
    def verdict(microseconds: float) -> list[tuple[float, bool]]:
        pair = {FLOOR: figures(100), SQLITE: figures(microseconds)}
        return list(judged({cell("get", steps, 2): pair}))

    assert verdict(100 * limit) == [(limit, True)]
    assert verdict(100 * limit + 1) == [(limit, False)]


def test_time_of_a_post_is_held_to_the_view_by_hand() -> None:
    pair = {DURABLE: figures(100), SQLITE: figures(135)}
    assert list(judged({cell("post", 200, 200): pair})) == [(1.35, True)]
    pair[SQLITE] = figures(136)
    assert list(judged({cell("post", 200, 200): pair})) == [(1.35, False)]


def test_worst_cell_decides() -> None:
    results = {
        cell("post", 5, 2): {FLOOR: counted(100), SQLITE: counted(110)},
        cell("post", 5, 5): {FLOOR: counted(100), SQLITE: counted(126)},
    }
    assert list(judged(results)) == [(1.25, False)]


@pytest.mark.parametrize(
    ("kind", "limit"),
    [("post", 1.75), ("get", 1.9), ("review", 1.85), ("commit", 1.4)],
)
def test_faster_than_formtools_is_asked_at_step_20(kind: str, limit: float) -> None:
    last = {step: None if kind in ("review", "commit") else step for step in (20, 50)}

    def verdict(count: float) -> list[tuple[float, bool]]:
        pair = {FORMTOOLS: counted(round(100 * count)), SQLITE: counted(100)}
        slow = {FORMTOOLS: counted(1), SQLITE: counted(100)}
        results = {
            cell(kind, 20, last[20]): pair,
            cell(kind, 20, 2): slow,
            cell(kind, 50, last[50]): slow,
        }
        return list(judged(results))

    assert verdict(limit) == [(limit, True)]
    assert verdict(limit - 0.01) == [(limit, False)]


def test_no_slower_than_formtools_is_asked_with_conditions() -> None:
    pair = {FORMTOOLS: figures(100), SQLITE: figures(102)}
    results = {cell("post", 50, 2, conditions=True): pair}
    assert list(judged(results)) == [(1, False)]


@pytest.mark.parametrize("kind", ["post", "get"])
@pytest.mark.parametrize(("steps", "limit"), [(50, 1.05), (200, 1.15)])
def test_last_step_is_held_to_the_second(kind: str, steps: int, limit: float) -> None:
    def verdict(count: float) -> list[tuple[float, bool]]:
        late = {SQLITE: counted(round(count))}
        early = {SQLITE: counted(100)}
        results = {cell(kind, steps, 2): early, cell(kind, steps, steps): late}
        return list(judged(results))

    assert verdict(100 * limit) == [(limit, True)]
    assert verdict(100 * limit + 1) == [(limit, False)]


def test_review_may_grow_as_the_steps_do() -> None:
    def verdict(count: int) -> list[tuple[float, bool]]:
        late, early = {SQLITE: counted(count)}, {SQLITE: counted(100)}
        results = {cell("review", 200, None): early, cell("review", 1000, None): late}
        return list(judged(results))

    assert verdict(500) == [(5, True)]
    assert verdict(501) == [(5, False)]


def test_posts_on_gunicorn_are_held_to_the_view_by_hand() -> None:
    assert list(judged({}, 0.8)) == [(0.8, True)]
    assert list(judged({}, 0.79)) == [(0.8, False)]


def test_missed_target_says_so() -> None:
    assert str(Verdict("POST", 1.5, 1.25)).startswith("MISSED")


def test_import_is_held_to_60_milliseconds() -> None:
    assert [v.met for v in verdicts({}, 0.061, None)] == [False]


def test_ratio_is_the_median_of_rounds_taken_in_pairs() -> None:
    results = {
        cell("post", 5, 2): {
            FLOOR: figures(100, 200, 400),
            SQLITE: figures(300, 220, 400),
        }
    }
    (row,) = [
        line for line in lines(results) if "SQLite" in line and "hand" not in line
    ]
    assert [cell.strip() for cell in row.split("|")][3:6] == ["300", "90", "1.10"]


def test_rates_are_compared_in_pairs() -> None:
    assert ratio({DURABLE: [100, 200, 400], SQLITE: [90, 100, 400]}) == 0.9
