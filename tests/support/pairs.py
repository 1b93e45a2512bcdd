"""Pairs: few combinations in which every two values of different kinds meet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import combinations, product
from typing import Any

Pair = frozenset[tuple[str, Any]]


def pairwise_rows(kinds: Mapping[str, Sequence[Any]]) -> list[dict[str, Any]]:
    """Return combinations in which each pair of values occurs, the same each time.

    It is greedy: the next combination is one of those with the most pairs that are
    still missing.
    """
    every = [
        dict(zip(kinds, values, strict=True)) for values in product(*kinds.values())
    ]
    missing = {pair for row in every for pair in pairs_of(row)}
    rows = []
    while missing:
        best = max(every, key=lambda row: len(pairs_of(row) & missing))
        missing -= pairs_of(best)
        rows.append(best)
    return rows


def pairs_of(row: Mapping[str, Any]) -> set[Pair]:
    return {frozenset(two) for two in combinations(row.items(), 2)}
