"""States: what is sent on the pages of a wizard, and where a draft stands then."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from ..cached import cached_property
from ..core.draft import Raw
from ..core.forms import Values
from ..core.journey import NOTHING_BOUND, Journey
from .candidates import Candidate
from .sample_files import Sample, SampleUploads

PROPERTY = "="
"""What the name of a property begins with among those who read answers."""

VALIDATE = "!"
"""What the wizard's own ``validate`` is called among those who read answers."""

COUNT = "#"
"""Stands for the number of items of a list, in the place of a field."""

Samples = Mapping[str, Mapping[str, Any]]
"""Answers by step and field. A step of an item is ``children.school``, and an item with
one form is called as its list. A list has one answer for each class."""


class Fork(NamedTuple):
    """A field of which several candidates are tried."""

    step: str
    #: The page of an item; empty for a step, and for an item with one form.
    page: str
    field: str

    @property
    def place(self) -> str:
        """The step, and the page of an item if there are several."""
        return f"{self.step}.{self.page}" if self.page else self.step


Forks = frozenset[Fork]


class Sent(NamedTuple):
    """What is sent on one page, by its Continue."""

    #: The name of the step.
    step: str
    #: What is sent, by the names of the inputs.
    values: Raw
    #: The number of the item on its list, from 1; 0 if it is no page of one.
    item: int = 0
    #: The name of the page, if the items of the list have several.
    page: str = ""
    #: The files that are sent, by the names of their fields.
    files: Mapping[str, Sample] = NOTHING_BOUND

    @property
    def place(self) -> str:
        """The step, and the page of an item if there are several: ``children.who``."""
        return f"{self.step}.{self.page}" if self.page else self.step

    @property
    def key(self) -> str:
        """The place, unlike that of its list if the item has one form."""
        return f"{self.step}.{self.page}" if self.item else self.step


@dataclass(eq=False)
class State:
    """A draft, for all in which everything is equal that is still to be read."""

    journey: Journey
    #: Where it stands; empty if it is at an end.
    step: str
    #: ``commit``, ``exit``, ``refused``, ``stuck`` or ``fails`` at an end, and empty
    #: before. ``validate`` of the wizard has refused it then.
    end: str = ""
    #: What its code has raised, or the step where it is stuck.
    error: Exception | None = None
    #: How it was met first, which is the shortest way.
    before: State | None = None
    sent: tuple[Sent, ...] = ()
    #: What leads on, and to where.
    onward: list[tuple[tuple[Sent, ...], State]] = field(default_factory=list)
    #: Where it leads, by the fields of which several candidates were tried.
    tried: dict[Forks, list[State]] = field(default_factory=dict)

    @property
    def way(self) -> tuple[Sent, ...]:
        """All that was sent until it was met."""
        earlier = self.before.way if self.before is not None else ()
        return (*earlier, *self.sent)

    @cached_property
    def rest(self) -> tuple[tuple[Sent, ...], State]:
        """What is sent on the shortest way from here to an end, and that end."""
        if not self.onward:
            return (), self
        found = [
            ((*sent, *after.rest[0]), after.rest[1]) for sent, after in self.onward
        ]
        return min(found, key=lambda each: (each[1].end == "refused", len(each[0])))


class WayThrough(NamedTuple):
    """One way through a wizard, from its first page to an end."""

    #: What is sent on each page, in order.
    sent: tuple[Sent, ...]
    #: ``commit``, ``exit``, ``stuck`` or ``fails``.
    end: str
    #: The step of the Exit, or where it is stuck or fails; empty for a commit.
    step: str

    @property
    def steps(self) -> tuple[str, ...]:
        """The places that it leads over, in order, each once."""
        return tuple(dict.fromkeys(sent.place for sent in self.sent))


class Stopped(Exception):
    """So many forms were filled in that the run gives up."""


class Failed(Exception):
    """Code of the application has raised something while a page was filled in."""

    def __init__(self, place: str, error: Exception, sent: tuple[Sent, ...]) -> None:
        super().__init__(place)
        self.place = place
        self.error = error
        self.sent = sent


def key_of(sents: tuple[Sent, ...]) -> str:
    """Return what tells apart what is sent."""
    return repr(
        [(*sent[:1], *sent[2:4], sent.values, _keys_of(sent.files)) for sent in sents]
    )


def _keys_of(files: Mapping[str, Sample]) -> Mapping[str, str]:
    return {name: sample.key for name, sample in files.items()}


def with_files(raw: Raw, files: Mapping[str, Sample], uploads: SampleUploads) -> Values:
    """Return what is sent of a form, with files by their fields."""
    values = Values({name: [*texts] for name, texts in raw.items() if texts})
    sent = [uploads.send(sample, name) for name, sample in files.items()]
    values.files = {each.stored.id: each for each in sent}
    return values


def texts_of(sent: Iterable[Sent]) -> Mapping[Fork, list[Candidate]]:
    """Return what was sent for each field, and how many items each list has."""
    found: dict[Fork, list[Candidate]] = defaultdict(list)
    items: dict[str, int] = {}
    for each in sent:
        for name, texts in each.values.items():
            known = found[Fork(each.step, each.page, name.partition("-")[0])]
            if texts not in known:
                known.append(texts)
        items[each.step] = max(each.item, items.get(each.step, 0))
    for step, number in items.items():
        found[Fork(step, "", COUNT)].append([str(number)])
    return found
