"""Readers: what code of a wizard reads of its answers, and what that depends on.

A reader is a step or a page of an item, called by its place, the wizard's ``validate``
or a property. What each has read is noted while the wizard is filled in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..cached import cached_property
from ..core.answers import NAMES
from ..core.draft import Path
from ..wizard import Wizard
from .comparisons import compares, computes, counts, loops, relates
from .constants import constants_of
from .form_code import Function, functions_of
from .states import COUNT, PROPERTY, VALIDATE, Fork, Forks, Sent


@dataclass(eq=False)
class Readers:
    """What the readers of a wizard's answers have read so far."""

    wizard: type[Wizard]
    #: By their texts.
    properties: Mapping[str, Function]
    #: What was read, by the reader.
    reads: dict[str, set[Path]] = field(default_factory=lambda: defaultdict(set))
    #: By place, the fields on which it depends whether others of its page count.
    causes: dict[str, set[Fork]] = field(default_factory=lambda: defaultdict(set))
    #: The properties with which what ``validate`` reads has to be combined.
    filtered: set[str] = field(default_factory=set)
    _functions: dict[str, list[Function]] = field(default_factory=dict)
    _depends: dict[str, Forks] = field(default_factory=dict)

    @property
    def count(self) -> int:
        """How much was found to be read or to matter: it grows until all is found."""
        reads = sum(len(each) for each in self.reads.values())
        causes = sum(len(each) for each in self.causes.values())
        return reads + causes + len(self.filtered)

    def is_list(self, name: str) -> bool:
        """True if the step of that name is a list."""
        return self.wizard.steps.named(name).page == "list"

    def fork_of(self, path: Path) -> Fork:
        """Return the field that a path leads to, of whatever item."""
        if len(path) == 4:
            return Fork(path[0], path[2], path[3])
        return Fork(path[0], "", COUNT if self.is_list(path[0]) else path[-1])

    def from_step(self, position: int) -> Iterator[str]:
        """Yield those that come from the step at a position on."""
        for step in self.wizard.steps[position:]:
            yield step.name
            yield from (f"{step.name}.{page.name}" for page in step.pages if page.name)
        yield VALIDATE
        yield from (f"{PROPERTY}{text}" for text in self.properties)

    @cached_property
    def names(self) -> frozenset[str]:
        """The names of all steps, and of the pages of items."""
        steps = self.wizard.steps
        pages = (page.name for step in steps for page in step.pages)
        return frozenset((*steps.names, *pages))

    def of_field(self, fork: Fork) -> set[str]:
        """Return the readers of a field, whatever item it is of."""
        return {
            reader
            for reader, read in self.reads.items()
            if any(path[-1] and self.fork_of(path) == fork for path in read)
        }

    def of_list(self, name: str) -> set[str]:
        """Return the readers of anything of a list."""
        return {
            reader
            for reader, read in self.reads.items()
            if any(path[0] == name for path in read)
        }

    def of_page(self, at: Sent) -> dict[str, set[str]]:
        """Return the readers of the fields of a page, by the fields' names."""
        found: dict[str, set[str]] = {}
        for reader, read in self.reads.items():
            for path in read:
                is_own = len(path) == 4 and (path[0], path[2]) == (at.step, at.page)
                is_page = is_own and at.item > 0
                is_step = len(path) == 2 and not at.item and path[0] == at.step
                if (is_page or is_step) and path[-1]:
                    found.setdefault(path[-1], set()).add(reader)
        return found

    def constants(self, readers: Iterable[str]) -> list[Any]:
        """Return the constants in the functions of these readers."""
        return constants_of(self.functions(readers))

    def functions(self, readers: Iterable[str]) -> list[Function]:
        """Return the functions of readers, and those that read what these decide.

        How many items a list has of an earlier answer is counted by others.
        """
        known = {*readers}
        for name in [name for name in known if name in self.wizard.steps.positions]:
            if getattr(self.wizard.steps.named(name), "over", None) is not None:
                known |= self.of_list(name)
        return [each for reader in sorted(known) for each in self.own_functions(reader)]

    def own_functions(self, reader: str) -> list[Function]:
        """Return the functions of a reader, in which constants may stand."""
        if reader not in self._functions:
            self._functions[reader] = self._find_functions_of(reader)
        return self._functions[reader]

    def _find_functions_of(self, reader: str) -> list[Function]:
        if reader.startswith(PROPERTY):
            return [self.properties[reader[len(PROPERTY) :]]]
        if reader == VALIDATE:
            return [self.wizard.validate]
        name, _, page = reader.partition(".")
        step = self.wizard.steps.named(name)
        steps = [step.pages.named(page)] if page else [step, *step.pages]
        return [function for each in steps for function in functions_of(each)]

    def comparisons(
        self,
    ) -> tuple[Mapping[Fork, set[Fork]], Mapping[Fork, set[Any]]]:
        """Return the fields that some reader compares with one another, by the field.

        Those that it adds up have the constants that their sums are compared with.
        """
        compared: dict[Fork, set[Fork]] = defaultdict(set)
        added: dict[Fork, set[Any]] = defaultdict(set)
        for reader, read in self.reads.items():
            functions = self.own_functions(reader)
            if not compares(functions, {name for path in read for name in path}):
                continue
            forks = {
                self.fork_of(path)
                for path in read
                if path[-1] != NAMES and (path[-1] or self.is_list(path[0]))
            }
            numbers = constants_of(functions) if computes(functions) else ()
            for fork in forks:
                compared[fork] |= forks
                added[fork].update(n for n in numbers if isinstance(n, int | float))
        return compared, added

    def relates(self, name: str) -> bool:
        """True if the items of a list may be compared with one another.

        So they are where two functions that decide together look at them.
        """
        own = [r for r in self.reads if r.partition(".")[0] == name]
        if relates([each for r in own for each in self.own_functions(r)]):
            return True
        for reader in [r for r in self.reads if r not in own]:
            group = self._deciding(reader).difference(own)
            functions = {
                each
                for r in group
                if any(path[0] == name for path in self.reads[r])
                for each in self.own_functions(r)
            }
            looking = [each for each in functions if loops([each]) or counts([each])]
            if len(looking) > 1 or relates(functions):
                return True
        return False

    def sums(self, name: str) -> bool:
        """True if code may count some items of a list, and not others."""
        functions = [f for r in self.of_list(name) for f in self.own_functions(r)]
        return any(loops([each]) and counts([each]) for each in functions)

    def _deciding(self, reader: str) -> set[str]:
        """Return a reader, and the places that decide what it reads."""
        found, todo = set[str](), [reader]
        while todo:
            name = todo.pop()
            if name in found:
                continue
            found.add(name)
            forks = [self.fork_of(path) for path in self.reads.get(name, ())]
            todo += [place for fork in forks for place in (fork.step, fork.place)]
        return found & self.reads.keys()

    def combined(self) -> list[Forks]:
        """Return sets of fields whose candidates have to be combined.

        There is one for each reader: what it reads, and what that depends on.
        """
        self._depends = {}
        found = {self.forks_of(reader) for reader in self.from_step(0)}
        return sorted(
            (each for each in found if not any(each < other for other in found)),
            key=sorted,
        )

    def forks_of(self, reader: str) -> Forks:
        """Return the fields on which it depends what a reader does."""
        if reader in self._depends:
            return self._depends[reader]
        self._depends[reader] = frozenset()  # a step may depend on its own fields
        found = {self.fork_of(path) for path in self.reads.get(reader, ())}
        found |= self.causes.get(reader, set())
        name = reader.partition(".")[0]
        if name in self.wizard.steps.positions:
            position = self.wizard.steps.positions[name]
            if self.wizard.steps[position].page == "list":
                found.add(Fork(name, "", COUNT))
        else:
            position = len(self.wizard.steps)
        places = {place for fork in found for place in (fork.step, fork.place)}
        places |= {step.name for step in self.wizard.steps[:position] if step.ends}
        if reader in self.filtered:
            places.add(VALIDATE)
        for place in places - {reader}:
            found |= self.forks_of(place)
        self._depends[reader] = frozenset(found)
        return self._depends[reader]
