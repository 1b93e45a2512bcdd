"""The table of everything that was measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from benchmarks.cells import Figures, Results, counts_ratio, times_ratio
from benchmarks.contenders import CONTENDERS, FLOOR

HEADINGS = ("request", "contender", "µs", "±", "x floor", "instructions", "x floor")
Row = Sequence[str]


def lines(results: Results) -> Iterator[str]:
    """The table as Markdown that is aligned for a terminal as well."""
    rows = [HEADINGS, *_rows(results)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    yield _line(HEADINGS, widths)
    yield _line([_rule(n, width) for n, width in enumerate(widths)], widths)
    yield from (_line(row, widths) for row in rows[1:])


def _rule(column: int, width: int) -> str:
    return "-" * width if column < 2 else "-" * (width - 1) + ":"


def _line(row: Row, widths: Sequence[int]) -> str:
    padded = [
        text.ljust(width) if column < 2 else text.rjust(width)
        for column, (text, width) in enumerate(zip(row, widths, strict=True))
    ]
    return f"| {' | '.join(padded)} |"


def _rows(results: Results) -> Iterable[Row]:
    for cell, by_name in results.items():
        floor = by_name.get(FLOOR)
        for name, figures in by_name.items():
            title = CONTENDERS[name].title
            yield (
                str(cell),
                title,
                *_timed(figures, floor),
                *_counted(figures, floor),
            )


def _timed(figures: Figures, floor: Figures | None) -> Row:
    if not figures.seconds:
        return ("", "", "")
    ratio = times_ratio(figures, floor) if floor else None
    return f"{figures.microseconds:,.0f}", f"{figures.spread:,.0f}", _text(ratio)


def _counted(figures: Figures, floor: Figures | None) -> Row:
    if not figures.counts:
        return ("", "")
    ratio = counts_ratio(figures, floor) if floor else None
    return f"{figures.instructions:,.0f}", _text(ratio)


def _text(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
