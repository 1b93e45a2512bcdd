"""Maps of wizards: the pages of one, and the conditions that lead to them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from ..core.steps import AnyStep, Steps
from ..wizard import Wizard
from .conditions import in_words

START, SENT = "(start)", "(sent)"
"""What stands before the first page and after the last one, unlike any name."""

KINDS = {"step": "", "list": "list", "info": "", "exit": "end", "review": "review"}
"""What is said of a page, by the name of its template."""


@dataclass(frozen=True)
class Place:
    """A page of a wizard."""

    #: The name of the step, and that of the list before it, as ``pets.vet``.
    name: str
    title: str
    #: The name of the template of its page, such as ``step`` or ``review``.
    kind: str
    #: The condition in words; empty if it always applies.
    condition: str
    section: str
    #: The pages of an item, if it is a list with items of several pages.
    pages: Sequence[Place] = ()


@dataclass(frozen=True)
class Way:
    """A way from one page to another."""

    start: str
    end: str
    #: When it is taken, in words; empty if always.
    when: str = ""


def places_of(steps: Steps, inside: str = "") -> list[Place]:
    """Return the pages of a wizard, or of an item, in their order."""
    return [
        Place(
            f"{inside}{step.name}",
            str(step.title),
            step.page,
            in_words(step.when) if step.when is not None else "",
            str(step.section or ""),
            _pages_of(step, f"{inside}{step.name}."),
        )
        for step in steps
    ]


def _pages_of(step: AnyStep, inside: str) -> list[Place]:
    # The only page of an item of one form is the list's own, and has no name.
    return places_of(step.pages, inside) if len(step.pages) > 1 else []


def ways_of(places: Sequence[Place]) -> Iterator[Way]:
    """Yield the ways between the pages: a page leads to each that may be the next.

    Conditions in the same words hold at the same time.
    """
    for number, start in enumerate([None, *places]):
        if start is not None and start.kind == "exit":
            continue
        name, held = (start.name, start.condition) if start else (START, "")
        failed: set[str] = set()
        for place in places[number:]:
            if place.condition in failed:
                continue
            is_certain = place.condition in ("", held)
            when = "else" if failed else ""
            yield Way(name, place.name, when if is_certain else place.condition)
            if is_certain:
                break
            failed.add(place.condition)
        else:
            yield Way(name, SENT, "else" if failed else "")


def as_text(wizard: type[Wizard]) -> str:
    """Return the map as lines of text, one for each page."""
    rows = list(_rows(places_of(wizard.steps)))
    wide = max(len(name) for name, _ in rows)
    lines = (f"{name:<{wide}}  {said}".rstrip() for name, said in rows)
    return "\n".join([f"{wizard.title} ({wizard.__name__})", "", *lines]) + "\n"


def _rows(places: Sequence[Place], indent: str = "  ") -> Iterator[tuple[str, str]]:
    for section, group in groupby(places, key=lambda place: place.section):
        if section:
            yield f"{indent}[{section}]", ""
        for place in group:
            notes = [KINDS.get(place.kind, place.kind)]
            notes.append(f"if {place.condition}" if place.condition else "")
            kept = "; ".join(note for note in notes if note)
            name = place.name.rpartition(".")[2]
            yield f"{indent}{name}", f"{place.title}{f'  ({kept})' if kept else ''}"
            yield from _rows(place.pages, f"{indent}  ")


def as_mermaid(wizard: type[Wizard]) -> str:
    """Return the map as a flowchart of Mermaid."""
    lines = ["flowchart TD", f"    start([{_mermaid(wizard.title)}])"]
    places = places_of(wizard.steps)
    shapes = {"list": "[[{}]]", "exit": "([{}])", "review": "[/{}/]"}
    ids = {START: "start", SENT: "sent"}
    for place, depth in _deep(places):
        ids[place.name] = f"p{len(ids) - 1}"
        shape = shapes.get(place.kind, "[{}]")
        drawn = shape.format(_mermaid(place.title))
        lines.append(f"{'    ' * (depth + 1)}{ids[place.name]}{drawn}")
    lines.append(f"    sent([{_mermaid('Sent')}])")
    for way in _all_ways(places):
        said = f"|{_mermaid(way.when)}|" if way.when else ""
        lines.append(f"    {ids[way.start]} -->{said} {ids[way.end]}")
    return "\n".join(lines) + "\n"


def as_dot(wizard: type[Wizard]) -> str:
    """Return the map as a graph of Graphviz."""
    places = places_of(wizard.steps)
    shapes = {"list": "box3d", "exit": "octagon", "review": "note"}
    lines = [
        f"digraph {_dot(wizard.__name__)} {{",
        '    node [shape=box, fontname="sans-serif"]',
        '    edge [fontname="sans-serif"]',
        f"    {_dot(START)} [label={_dot(str(wizard.title))}, shape=oval]",
    ]
    for place, _ in _deep(places):
        shape = f", shape={shapes[place.kind]}" if place.kind in shapes else ""
        lines.append(f"    {_dot(place.name)} [label={_dot(place.title)}{shape}]")
    lines.append(f"    {_dot(SENT)} [label={_dot('Sent')}, shape=oval]")
    for way in _all_ways(places):
        said = f" [label={_dot(way.when)}]" if way.when else ""
        lines.append(f"    {_dot(way.start)} -> {_dot(way.end)}{said}")
    return "\n".join([*lines, "}"]) + "\n"


FORMATS: Mapping[str, Callable[[type[Wizard]], str]] = {
    "mermaid": as_mermaid,
    "dot": as_dot,
    "text": as_text,
}
"""What draws a map, by the name of its format."""


def _deep(places: Sequence[Place], depth: int = 0) -> Iterator[tuple[Place, int]]:
    for place in places:
        yield place, depth
        yield from _deep(place.pages, depth + 1)


def _all_ways(places: Sequence[Place]) -> Iterator[Way]:
    yield from ways_of(places)
    for place in places:
        for way in ways_of(place.pages) if place.pages else ():
            # An item's pages begin at the list and lead back to it.
            start = place.name if way.start == START else way.start
            end = place.name if way.end == SENT else way.end
            yield Way(
                start, end, way.when or ("an item" if start == place.name else "")
            )


def _mermaid(words: str) -> str:
    escaped = str(words).replace("&", "#amp;").replace('"', "#quot;")
    return f'"{escaped.replace("<", "#lt;").replace(">", "#gt;")}"'


def _dot(words: str) -> str:
    escaped = words.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
