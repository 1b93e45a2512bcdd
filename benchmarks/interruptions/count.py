"""What became of each interrupted checkout, and the tables of all."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

SCRIPT = "flask_wizard"
PLAIN = "flask_wizard without JavaScript"
FORMTOOLS = "django-formtools"
GROUPS = (SCRIPT, PLAIN, FORMTOOLS)


@dataclass
class Outcome:
    """One interrupted checkout.

    ``seconds`` is how old the oldest keystroke was that had to be repeated, at the
    last keystroke before the loss showed; 0 if there was none. ``sent_lost`` are
    answers that a page had taken and that had to be given again, or were wrong in the
    order. ``story`` tells what happened, for whoever has to find out why.
    """

    group: str
    kind: str
    number: int
    typed: int = 0
    retyped: int = 0
    seconds: float = 0.0
    sent_lost: int = 0
    dead: int = 0
    ordered: bool = False
    story: list[str] = field(default_factory=list)

    @property
    def is_interrupted(self) -> bool:
        """True if something had to be done again, or could not be."""
        return bool(self.retyped or self.sent_lost or self.dead or not self.ordered)

    def __str__(self) -> str:
        ordered = "ordered" if self.ordered else "NO ORDER"
        return (
            f"{self.group}, {self.kind} {self.number}: {self.typed} keystrokes, "
            f"{self.retyped} again ({self.seconds:.1f} s), {self.sent_lost} sent and "
            f"lost, {self.dead} dead pages, {ordered}"
        )


HEAD = (
    "times",
    "keystrokes",
    "typed again",
    "most seconds typed again",
    "times an answer that was sent was lost",
    "times a page was dead",
    "no order",
)


def table(outcomes: Sequence[Outcome], *, by_kind: bool) -> str:
    """The sums of each group, or of each kind in each group, as Markdown."""
    found: dict[tuple[str, ...], list[Outcome]] = {}
    for each in outcomes:
        name = (each.group, each.kind) if by_kind else (each.group,)
        found.setdefault(name, []).append(each)
    names = ("", "interrupted by") if by_kind else ("",)
    rows = [(*names, *HEAD)]
    rows += [(*name, *_sums(of)) for name, of in found.items()]
    lines = [f"| {' | '.join(row)} |" for row in rows]
    marks = ["---"] * len(names) + ["---:"] * len(HEAD)
    return "\n".join([lines[0], f"| {' | '.join(marks)} |", *lines[1:]])


def _sums(of: Sequence[Outcome]) -> Iterable[str]:
    return (
        str(len(of)),
        str(sum(o.typed for o in of)),
        str(sum(o.retyped for o in of)),
        f"{max(o.seconds for o in of):.1f}",
        str(sum(o.sent_lost > 0 for o in of)),
        str(sum(o.dead > 0 for o in of)),
        str(sum(not o.ordered for o in of)),
    )


def failures(outcomes: Iterable[Outcome], *, most_seconds: float) -> list[str]:
    """What must not become of a checkout by flask_wizard.

    With the script, what was typed in the last ``most_seconds`` may be typed again.
    """
    return [
        str(outcome)
        for outcome in outcomes
        if outcome.group != FORMTOOLS
        and (
            outcome.sent_lost
            or outcome.dead
            or not outcome.ordered
            or (outcome.group == SCRIPT and outcome.seconds > most_seconds)
        )
    ]
