"""prove: what holds on every path of a wizard, or answers that break it."""

from __future__ import annotations

import builtins
import re
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from flask import Flask

from ..core.journey import NOTHING_BOUND
from ..core.steps import AnyStep
from ..errors import ConfigurationError, UnknownNameError, WizardError
from ..wizard import Wizard
from .conditions import in_words
from .findings import SILENCED
from .paths import MOST_FORMS, PACKAGE_FOLDER, Exploration
from .states import Samples, State

PROOFS: Mapping[str, str] = {
    "reached": "Each step is reached on some path.",
    "always": "No condition holds on every path: then it decides nothing.",
    "left": "Each step can be left, after whatever answers led to it.",
    "commit": "Each path that does not end in an Exit reaches the commit.",
    "names": "No function reads a name that it does not have, or reads it too early.",
    "fails": "No function of the steps raises.",
    "property": "Each property holds at the end of each path.",
    "limit": "All of this was found out before the bound was reached.",
    "untried": "All was tried that code may tell apart.",
}
"""What is proved of each wizard, by the name of what is found if it does not hold."""

INCOMPLETE = ("limit", "untried")
"""What tells that not all was tried, and not that something does not hold."""

ON_PATHS = ("reached", "left", "names", "fails", "limit")
"""What of ``prove`` is also a check, without samples and properties."""


class Unproved(NamedTuple):
    """Something that does not hold on every path, and answers that show it."""

    #: One of ``PROOFS``.
    check: str
    #: The step, and the page of an item, joined by dots; or the property.
    where: str
    #: What was found, and how to mend it.
    message: str
    #: The shortest answers that lead there, as lines such as ``you.age = 17``. Answers
    #: that nothing reads are left out.
    answers: tuple[str, ...] = ()

    def key(self, mount: str) -> str:
        """Return what silences it in ``WIZARD_SILENCED``."""
        return f"{self.check} {'.'.join(filter(None, (mount, self.where)))}"


@dataclass(frozen=True, repr=False)
class Proof:
    """What was found out about a wizard. It is true if all of it holds."""

    wizard: type[Wizard]
    #: What does not hold.
    findings: tuple[Unproved, ...]
    #: How many forms were filled in to find out.
    forms: int
    #: How many ways were gone that take together each turn that there is.
    ways: int
    #: The properties, by their texts.
    properties: tuple[str, ...] = ()
    #: What was taken for granted, each a sentence.
    assumed: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return not self.findings

    @property
    def outcome(self) -> str:
        """``proved``, ``broken``, or ``open``: nothing breaks, not all was tried."""
        return outcome_of(self.findings)

    def __repr__(self) -> str:
        return "\n".join(as_text(self.wizard.__name__, self, self.findings))


def outcome_of(findings: Sequence[Unproved]) -> str:
    """Return what findings come to: ``proved``, ``broken`` or ``open``."""
    if not findings:
        return "proved"
    is_open = all(finding.check in INCOMPLETE for finding in findings)
    return "open" if is_open else "broken"


def prove(
    wizard: type[Wizard],
    properties: Mapping[str, Callable[..., object]] | None = None,
    *,
    samples: Samples | None = None,
    bound: Mapping[str, Any] = NOTHING_BOUND,
    most: int = MOST_FORMS,
    report: Callable[[int], object] = lambda number: None,
) -> Proof:
    """Fill in a wizard on all its paths, and return what holds on each of them.

    The wizard's own steps are filled in, nothing is stored, and of its hooks only
    ``validate`` is called. ``properties`` are functions of the answers of a complete
    draft that it accepts, by what they say, such as ``"contact.email is set on every
    path"``; each must return true. One with a second parameter also gets the names of
    the steps on the path.
    ``samples`` has answers by step and field (``{"you": {"age": [17, 18]}}``, and
    ``children.school`` for a page of an item) in the place of those that are made up;
    ``bound`` has the variables of the prefix. ``most`` is the number of forms after
    which the run gives up. ``report`` is told how many were filled in so far. Forms may
    need an application: call it in a request context then.
    """
    found = Exploration(
        wizard,
        samples=samples or {},
        bound=bound,
        properties=properties or {},
        most=most,
        report=report,
    )
    found.run()
    findings = tuple(_Findings(found).all())
    ways = 0 if found.is_cut_off else len(found.ways())
    assumed = tuple(found.redacted(text) for text in found.assumed.values())
    return Proof(wizard, findings, found.forms, ways, (*found.properties,), assumed)


class _Findings:
    """What does not hold of a wizard that was filled in."""

    def __init__(self, found: Exploration) -> None:
        self.found = found
        self.steps = dict(_places(found.wizard))

    def all(self) -> Iterator[Unproved]:
        """Yield all findings. What follows from another one is left out."""
        if self.found.is_cut_off:
            yield Unproved(
                "limit",
                "",
                f"{self.found.forms} forms were filled in, and that was not all. "
                "Nothing is proved. Allow more (--most), or give fewer answers of the "
                "fields that most is read of (samples).",
            )
            return
        causes = [*self._ends(), *self._never_left()]
        yield from causes
        spoilt = bool(causes)
        for place, step in self.steps.items():
            if place not in self.found.met and place in self.found.spared:
                spoilt = True
                yield self._unreached(place, step)
            elif self._applies_always(place, step):
                spoilt = spoilt or step.ends
                yield self._always(place, step)
        if not spoilt:
            yield from self._rest()
        yield from self._broken_properties()
        for place, said in self.found.untried.items():
            yield Unproved("untried", place, said)

    def _ends(self) -> Iterator[Unproved]:
        """Yield each step where code raises, once, after the shortest answers."""
        told = set()
        for state in self._at_end("fails"):
            error = state.error
            kind = "names" if isinstance(error, UnknownNameError) else "fails"
            if (kind, state.step) in told or error is None:
                continue
            told.add((kind, state.step))
            mend = (
                "Read a step before it, by a name that it has."
                if kind == "names"
                else "A step that does not apply has answers that are None, and is "
                "falsy: ask for that first."
            )
            message = f"raises {self._told(error)} {mend}"
            yield Unproved(kind, state.step, message, self._answers(state))

    def _never_left(self) -> Iterator[Unproved]:
        """Yield each step that cannot be left after some answers."""
        told: set[str] = set()
        for place, state in self.found.met.items():
            is_left = "." not in place or place in self.found.left
            if not is_left and place in self.found.refusals:
                told |= {place, place.partition(".")[0]}
                yield self._stuck(place, state)
        for state in self._at_end("stuck"):
            if state.step not in told:
                told.add(state.step)
                yield self._stuck(state.step, state)
        for (place, name, text), errors in self.found.refused_choices():
            if place not in told:
                yield Unproved(
                    "left",
                    place,
                    f"is never left with {name} = {text}, which other fields of the "
                    f"page depend on: {errors} Mend their validators.",
                )

    def _stuck(self, place: str, state: State) -> Unproved:
        refusals = self.found.refusals.get(place, {})
        said = "; ".join(
            f"{name or 'the page'}: {' '.join(texts)}"
            for name, texts in refusals.items()
        )
        is_left = place in self.found.left
        whole = "cannot be left after some answers" if is_left else "cannot be left"
        refused = f" It says: {self.found.redacted(said)}." if said else ""
        return Unproved(
            "left",
            place.rstrip("."),
            f"{whole}: every answer that was tried is refused.{refused} Mend its "
            f"choices and validators, or give answers that it accepts (samples).",
            self._answers(state),
        )

    def _unreached(self, place: str, step: AnyStep) -> Unproved:
        return Unproved(
            "reached",
            place,
            f"is never reached: {_condition(step)} held for none of the answers that "
            "were tried. Mend it, or give answers for which it holds (samples).",
        )

    def _applies_always(self, place: str, step: AnyStep) -> bool:
        is_met = place in self.found.met
        return is_met and step.when is not None and place not in self.found.spared

    def _always(self, place: str, step: AnyStep) -> Unproved:
        what = "ends every path that comes to it" if step.ends else "is never left out"
        return Unproved(
            "always",
            place,
            f"{what}: {_condition(step)} held for all answers that were tried. Mend "
            "it, drop it, or give answers for which it does not hold (samples).",
        )

    def _rest(self) -> Iterator[Unproved]:
        """Yield what nothing else explains."""
        for place in self.steps:
            if place not in self.found.met:
                yield Unproved(
                    "reached",
                    place,
                    "is never reached: no path comes to it. An Exit before it applies "
                    "always, or a list before it has no items.",
                )
        if self.found.refused:
            said = self.found.redacted(self.found.refused)
            yield Unproved(
                "commit",
                "",
                "is never reached: validate of the wizard refuses every draft that was "
                f"tried. It says: {said} Mend it, or give answers that it accepts "
                "(samples).",
            )
        elif not any(self._at_end("commit")):
            yield Unproved(
                "commit", "", "is never reached: every path ends in an Exit."
            )

    def _broken_properties(self) -> Iterator[Unproved]:
        for text, (state, error) in self.found.broken.items():
            said = "does not hold for these answers."
            if error is not None:
                said = f"raises {self._told(error)}"
            yield Unproved("property", text, said, self._answers(state))

    def _told(self, error: Exception) -> str:
        """Return an exception in words. Those of a library may tell what is secret."""
        name = f"{type(error).__name__}{_line_of(error)}"
        if isinstance(error, WizardError) or hasattr(builtins, type(error).__name__):
            return f"{name}: {self.found.redacted(str(error))}"
        return f"{name}."

    def _at_end(self, end: str) -> Iterator[State]:
        found = [state for state in self.found.states.values() if state.end == end]
        yield from sorted(found, key=lambda state: len(state.way))

    def _answers(self, state: State) -> tuple[str, ...]:
        """Return the answers that lead to a state, without those that nothing reads."""
        return tuple(self.found.told(state.way))


def _places(wizard: type[Wizard]) -> Iterator[tuple[str, AnyStep]]:
    for step in wizard.steps:
        yield step.name, step
        for page in step.pages:
            if page.name:
                yield f"{step.name}.{page.name}", page


def _condition(step: AnyStep) -> str:
    if step.when is None:
        return "what it is made of"
    return f"its condition ({in_words(step.when)})"


def _line_of(error: Exception) -> str:
    """Return the line of the application that has raised, if there is one."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if not frame.filename.startswith(PACKAGE_FOLDER)]
    if not own:
        return ""
    return f" in {own[-1].name}, {own[-1].filename}:{own[-1].lineno}"


# For the commands


_VARIABLE = re.compile(r"<(?:(\w+)(?:\([^)]*\))?:)?(\w+)>")


def sample_bound(app: Flask, mount: str) -> dict[str, Any]:
    """Return something for each variable of a mount's prefix."""
    rules = app.url_map.iter_rules(f"{mount}.entry")
    found = {
        name: kind for rule in rules for kind, name in _VARIABLE.findall(rule.rule)
    }
    numbers = {"int": 1, "float": 1.0}
    return {name: numbers.get(kind, "sample") for name, kind in found.items()}


def unsilenced(
    app: Flask, proofs: Mapping[str, Proof]
) -> dict[str, tuple[Unproved, ...]]:
    """Return by mount what does not hold, without what ``WIZARD_SILENCED`` names.

    Raise ConfigurationError if it names what is not found in these mounts.
    """
    silenced: Mapping[str, object] = app.config[SILENCED]
    keys = {finding.key(name) for name in proofs for finding in proofs[name].findings}
    for key in silenced:
        check, _, where = key.partition(" ")
        is_here = any(where == n or where.startswith(f"{n}.") for n in proofs)
        # Samples may mend here what the check still finds.
        if check in {*PROOFS} - {*ON_PATHS} and is_here and key not in keys:
            raise ConfigurationError(
                f"{SILENCED} has {key!r}, which is not found any more. Remove it. "
                f"Found are: {', '.join(sorted(keys)) or 'none'}."
            )
    return {
        name: tuple(f for f in proof.findings if f.key(name) not in silenced)
        for name, proof in proofs.items()
    }


def as_text(name: str, proof: Proof, findings: Sequence[Unproved]) -> Iterator[str]:
    """Yield lines that say what holds of a wizard, and what does not."""
    steps = [place for place, _ in _places(proof.wizard)]
    for finding in findings:
        yield f"{finding.key(name)} {finding.message}"
        if finding.answers:
            yield "    Answers that lead there, and no shorter ones do:"
            yield from (f"        {line}" for line in finding.answers)
    told = f"{proof.forms} forms were filled in."
    outcome = outcome_of(findings)
    if outcome == "broken":
        count = sum(finding.check not in INCOMPLETE for finding in findings)
        yield f"{name}: not proved, {count} findings. {told}"
    elif outcome == "open":
        yield f"{name}: not proved: nothing breaks it, but not all was tried. {told}"
    else:
        yield f"{name}: proved. {told}"
    yield from (f"    Taken for granted: {text}" for text in proof.assumed)
    if findings:
        return
    yield f"    Each of {len(steps)} steps is reached and can be left."
    yield "    Each path that does not end in an Exit reaches the commit."
    yield from (f"    {text}" for text in proof.properties)


def as_json(name: str, proof: Proof, findings: Sequence[Unproved]) -> dict[str, Any]:
    """Return what holds of a wizard, and what does not, to be written as JSON."""
    return {
        "mount": name,
        "wizard": proof.wizard.__name__,
        "proved": not findings,
        "outcome": outcome_of(findings),
        "assumed": [*proof.assumed],
        "forms": proof.forms,
        "ways": proof.ways,
        "properties": [*proof.properties],
        "findings": [finding._asdict() for finding in findings],
    }
