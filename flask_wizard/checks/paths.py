"""Paths: all ways through a wizard, found by filling it in.

The wizard's own steps are filled in, each with one candidate of every class of answers
that some later step, property or page of the same item reads: rule 7 records what is
read. Two drafts that stand at the same step, and in which all is equal that is still to
be read, go on alike, so that only one of them is followed. What a step does depends on
what it reads, and on what the steps do whose answers these are, so that only these
answers have to be combined with one another.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product
from math import prod
from pathlib import Path as FolderPath
from typing import Any, NamedTuple, cast

from wtforms import Form
from wtforms.fields import Field

from ..core.answers import NAMES, Answers, Dependencies
from ..core.bound_form import BoundFormStep
from ..core.draft import Draft, Path, Raw
from ..core.fields import input_type, own_errors
from ..core.forms import Values, leaves
from ..core.hooks import HookError, takes
from ..core.items import BoundItem
from ..core.journey import NOTHING_BOUND, Journey, Walk
from ..core.repeats import BoundRepeat
from ..core.steps import AnyStep, BoundStep
from ..core.untouched import UnshowableError, untouched
from ..wizard import Wizard
from .candidates import Candidate, classes, likely, written
from .constants import constants_of
from .sample_files import RULES, kinds_for, sent_file

MOST_FORMS = 50_000  # forms that are filled in before a run gives up
MOST_TRIES = 24  # candidates that a page may refuse, one after another
MOST_ITEMS = 64  # ways to fill in one item
MOST_COMBINED = 16  # candidates of one page that are combined without a trial
MOST_PASSES = 12  # runs, each of which has found something more that is read

PROPERTY = "="
"""What the name of a property begins with among those who read answers."""

PACKAGE_FOLDER = str(FolderPath(__file__).parents[1])

COUNT = "#"
"""Stands for the number of items of a list, in the place of a field."""

Function = Callable[..., Any]
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
    #: What is sent, by the names of the inputs. A file is told by its name.
    values: Raw
    #: The number of the item on its list, from 1; 0 if it is no page of one.
    item: int = 0
    #: The name of the page, if the items of the list have several.
    page: str = ""
    #: The files that are sent, by the names of their fields.
    files: Mapping[str, str] = NOTHING_BOUND

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
    #: ``commit``, ``exit``, ``stuck`` or ``fails`` at an end, and empty before.
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
        return min(found, key=lambda each: len(each[0]))


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


def paths(
    wizard: type[Wizard],
    samples: Samples | None = None,
    *,
    bound: Mapping[str, Any] = NOTHING_BOUND,
    most: int = MOST_FORMS,
) -> list[WayThrough]:
    """Return ways through a wizard that take together each turn that there is.

    ``samples`` has answers by step and field where those made up would be refused, or
    do not tell enough apart; ``bound`` has the variables of the prefix. Forms may need
    an application: call it in a request context then.
    """
    found = Exploration(wizard, samples=samples or {}, bound=bound, most=most)
    found.run()
    return found.ways()


class Stopped(Exception):
    """So many forms were filled in that the run gives up."""


@dataclass(eq=False)
class Exploration:
    """All states that the drafts of a wizard can be in, as far as its code sees."""

    wizard: type[Wizard]
    samples: Samples = field(default_factory=dict)
    bound: Mapping[str, Any] = field(default_factory=dict)
    #: Properties by their texts, each a function of the answers of a commit, or of
    #: these and the names of the steps on the path.
    properties: Mapping[str, Function] = field(default_factory=dict)
    most: int = MOST_FORMS
    #: Is told how many forms were filled in so far.
    report: Callable[[int], object] = lambda number: None

    #: How many forms were filled in, by all runs.
    forms: int = 0
    #: True if a bound was reached, so that nothing is certain.
    is_cut_off: bool = False
    #: What was read, by the reader: a step, a page of an item, or the properties.
    reads: dict[str, set[Path]] = field(default_factory=lambda: defaultdict(set))
    #: By place, the fields on which it depends whether others of its page count.
    causes: dict[str, set[Fork]] = field(default_factory=lambda: defaultdict(set))
    #: Forms that are the same whatever the answers are, by place and signature, and
    #: what may be sent for their fields, by the forms' ids.
    _fixed: dict[tuple[str, bytes], Form] = field(default_factory=dict)
    _options_of: dict[int, dict[str, list[Candidate]]] = field(default_factory=dict)

    def run(self) -> None:
        """Fill in the wizard until nothing more is found to be read."""
        is_whole = False  # first each field alone, which finds nearly all that is read
        for _ in range(MOST_PASSES):
            known = self._number_of_reads
            self._begin()
            whole = combined = self._combined()
            if not is_whole:
                alone = {fork for forks in combined for fork in forks}
                combined = [frozenset({fork}) for fork in sorted(alone)]
                combined = combined or [frozenset()]
            try:
                self._follow_all(combined)
            except Stopped:
                self.is_cut_off = True
                return
            if known == self._number_of_reads:
                if is_whole or combined == whole:
                    return
                is_whole = True
        self.is_cut_off = True

    @property
    def _number_of_reads(self) -> int:
        reads = sum(len(each) for each in self.reads.values())
        return reads + sum(len(each) for each in self.causes.values())

    def _begin(self) -> None:
        #: The states by what makes them differ.
        self.states: dict[object, State] = {}
        #: The first state in which a place was met, and those places that were left.
        self.met: dict[str, State] = {}
        self.left: set[str] = set()
        #: The conditional places that did not apply in some state.
        self.spared: set[str] = set()
        #: By property, the first state in which it does not hold, or what it raises.
        self.broken: dict[str, tuple[State, Exception | None]] = {}
        #: By place, what it has said of answers that it refused.
        self.refusals: dict[str, Mapping[str, list[str]]] = {}
        #: By place, field and text, how often a choice was tried on which others
        #: depend, and whether it was accepted.
        self._choices: dict[tuple[str, str, str], str] = {}
        self._accepted: dict[str, dict[str, int]] = {}
        self._blank: dict[tuple[str, bytes], Raw] = {}
        draft = Draft("sample", "sample", (), 0.0, 0.0, "sample")
        journey = self.wizard._journey(
            self.wizard.steps, draft, bound=self.bound, files=RULES, max_entries=200
        )
        self.first: State = self._state(journey, None, ())

    # The states

    def _follow_all(self, combined: Iterable[Forks]) -> None:
        queue = deque((self.first, forks) for forks in combined)
        seen = set(queue)
        while queue:
            state, forks = queue.popleft()
            if state.end:
                continue
            own = frozenset(fork for fork in forks if fork.step == state.step)
            if own not in state.tried:
                state.tried[own] = []
                self._try(state, own)
            for after in state.tried[own]:
                if (after, forks) not in seen:
                    seen.add((after, forks))
                    queue.append((after, forks))
        for state in [*self.states.values()]:
            if not state.onward and not state.end:
                state.end = "stuck"

    def _try(self, state: State, forks: Forks) -> None:
        """Find where a state leads if several candidates of these fields are tried."""
        known = {_key(sent) for sent, _ in state.onward}
        try:
            for sent, journey in self._expand(state, forks):
                after = self._state(journey, state, sent)
                state.tried[forks].append(after)
                if (key := _key(sent)) not in known:
                    known.add(key)
                    state.onward.append((sent, after))
        except Failed as failed:
            self._end(state, "fails", failed.place, failed.error, failed.sent)

    # What depends on what

    def _combined(self) -> list[Forks]:
        """Return sets of fields whose candidates have to be combined.

        There is one for each reader: what it reads, and what that depends on.
        """
        self._depends: dict[str, Forks] = {}
        steps = self.wizard.steps
        places = [*steps.names]
        places += [f"{s.name}.{p.name}" for s in steps for p in s.pages if p.name]
        readers = [*places, *(f"{PROPERTY}{text}" for text in self.properties)]
        found = {self._forks_of(reader) for reader in readers}
        return sorted(
            (each for each in found if not any(each < other for other in found)),
            key=sorted,
        )

    def _forks_of(self, reader: str) -> Forks:
        """Return the fields on which it depends what a reader does."""
        if reader in self._depends:
            return self._depends[reader]
        self._depends[reader] = frozenset()  # a step may depend on its own fields
        found = {self._fork(path) for path in self.reads.get(reader, ())}
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
        for place in places - {reader}:
            found |= self._forks_of(place)
        self._depends[reader] = frozenset(found)
        return self._depends[reader]

    def _fork(self, path: Path) -> Fork:
        """Return the field that a path leads to, of whatever item."""
        if len(path) == 4:
            return Fork(path[0], path[2], path[3])
        step = self.wizard.steps.named(path[0])
        is_list = step.page == "list"
        return Fork(path[0], "", COUNT if is_list else path[-1])

    def _end(
        self,
        before: State,
        end: str,
        place: str,
        error: Exception | None,
        sent: tuple[Sent, ...],
    ) -> None:
        after = State(before.journey, place, end, error, before, sent)
        self.states[end, place, len(self.states)] = after
        before.onward.append((sent, after))

    def _state(
        self, journey: Journey, before: State | None, sent: tuple[Sent, ...]
    ) -> State:
        """Return the state of a draft, a known one if they go on alike."""
        try:
            first = journey.first_incomplete
            self._note(journey)
        except Exception as raised:
            place = _where_it_fails(journey)
            state = State(journey, place, "fails", _cause(raised), before, sent)
            self.states["fails", place, len(self.states)] = state
            return state
        position = first.position if first is not None else len(journey.steps)
        name = first.name if first is not None else ""
        later = [
            path
            for reader in self._readers_from(position)
            for path in self.reads.get(reader, ())
        ]
        digest = journey.digest(b"", sorted({*later}), before=position)
        key = name, digest
        if key in self.states:
            return self.states[key]
        state = State(journey, name, before=before, sent=sent)
        self.states[key] = state
        if first is None:
            state.end = "commit"
            self._judge(state)
        else:
            self.met.setdefault(name, state)
            if first.step.ends:
                state.end = "exit"
                self.left.add(name)
        return state

    def _readers_from(self, position: int) -> Iterator[str]:
        for step in self.wizard.steps[position:]:
            yield step.name
            yield from (f"{step.name}.{page.name}" for page in step.pages if page.name)
        yield from (f"{PROPERTY}{text}" for text in self.properties)

    def _note(self, journey: Journey) -> None:
        """Note what the steps that were met have read, and which do not apply."""
        for bound in journey.met:
            self.reads[bound.name].update(bound.all_reads)
            if not bound.applies:
                self.spared.add(bound.name)

    def _judge(self, state: State) -> None:
        """Hold the properties against the answers of a draft that is complete."""
        for text, holds in self.properties.items():
            reads: Dependencies = set()
            answers = Answers(state.journey, len(state.journey.steps), reads)
            error: Exception | None = None
            is_kept = False
            try:
                if takes(holds, 2):
                    # Which steps there are depends on all that conditions read.
                    for name in state.journey.steps.names:
                        reads |= self.reads[name]
                    steps = tuple(bound.name for bound in state.journey.path)
                    is_kept = bool(holds(answers, steps))
                else:
                    is_kept = bool(holds(answers))
            except Exception as raised:
                error = raised
            self.reads[f"{PROPERTY}{text}"] |= reads
            if not is_kept:
                self.broken.setdefault(text, (state, error))

    # One step

    def _expand(
        self, state: State, forks: Forks
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        journey, name = state.journey, state.step
        self.forks = forks
        bound = journey.first_incomplete
        assert bound is not None
        if isinstance(bound, BoundRepeat):
            found = self._fill_list(state, journey, bound)
        else:
            pages = self._fill_page(state, journey, bound, Sent(name, {}))
            found = (((sent,), walk.whole) for sent, walk in pages)
        for sents, onward in found:
            self.left.add(name)
            yield sents, onward

    def _count(self) -> None:
        self.forms += 1
        if self.forms > self.most:
            raise Stopped
        self.report(self.forms)

    def _fill_page(
        self, state: State, walk: Walk[Any], bound: BoundStep, at: Sent
    ) -> Iterator[tuple[Sent, Walk[Any]]]:
        """Yield what is sent on a page, and the walk behind it, for each class."""
        try:
            if not bound.takes_input:
                self._count()
                onward = walk.submit(bound, Values(), validate=True)
                yield at, onward
                return
            asked = cast("BoundFormStep", bound)
            form = self._form_of(asked, at)
            forked = self._forked(asked, form, at)
        except Stopped:
            raise
        except Exception as raised:
            raise Failed(at.place, _cause(raised), ()) from raised
        if prod(map(len, forked.values())) > MOST_COMBINED:
            forked = {
                name: self._accepted_alone(asked, form, at, name, options)
                for name, options in forked.items()
            }
        names, is_left = [*forked], False
        for chosen in product(*forked.values()):
            pinned = dict(zip(names, chosen, strict=True))
            for found in self._complete(walk, asked, form, at, pinned):
                is_left = True
                yield found
        if names and not is_left:  # there may be others than those that stand for all
            yield from self._complete(walk, asked, form, at, {})

    def _accepted_alone(
        self,
        bound: BoundFormStep,
        form: Form,
        at: Sent,
        name: str,
        options: list[Candidate],
    ) -> list[Candidate]:
        """Return the candidates that a field accepts beside the likeliest others."""
        walk = bound.journey
        found = [
            option
            for option in options
            if any(self._complete(walk, bound, form, at, {name: option}))
        ]
        return found or options

    def _form_of(self, bound: BoundFormStep, at: Sent) -> Form:
        """Return the form of a page, to be looked at."""
        key = at.place, bound.signature.digest
        if key not in self._fixed:
            form = bound.form
            self.reads[at.place].update(bound.all_reads)
            if not bound.step.is_fixed or bound.dependencies:
                return form
            self._fixed[key] = form
        return self._fixed[key]

    def _forked(
        self, bound: BoundFormStep, form: Form, at: Sent
    ) -> dict[str, list[Candidate]]:
        """Return the candidates of the fields that something reads, by their names."""
        read = self._read_of(at)
        causes = bound.signature.conditions.causes.values()
        for cause in {cause for each in causes for cause in each}:
            self.causes[at.place].add(Fork(at.step, at.page, cause))
            read.setdefault(cause, set())
        wanted = {f.field for f in self.forks if (f.step, f.page) == (at.step, at.page)}
        given = self.samples.get(at.place, {})
        found: dict[str, list[Candidate]] = {}
        fields: Mapping[str, Field] = form._fields
        # Code has the names of steps and fields to read them, and for no answer.
        own_names = {*self._names, *fields, *(leaf.short_name for leaf in leaves(form))}
        for name in fields if NAMES in read else read:
            if name not in fields or not {name, NAMES} & wanted:
                continue
            readers = read.get(name, set()) | read.get(NAMES, set())
            constants = [
                value for value in self._constants_of(readers) if value not in own_names
            ]
            for leaf in leaves([fields[name]]):
                if leaf.name in given:
                    found[leaf.name] = _given(given[leaf.name])
                elif input_type(leaf) == "file":
                    found[leaf.name] = [[], [kinds_for(leaf)[0]]]
                elif options := classes(leaf, constants):
                    found[leaf.name] = options
        return {name: options for name, options in found.items() if len(options) > 1}

    @cached_property
    def _names(self) -> frozenset[str]:
        """The names of all steps, and of the pages of items."""
        steps = self.wizard.steps
        pages = (page.name for step in steps for page in step.pages)
        return frozenset((*steps.names, *pages))

    def _read_of(self, at: Sent) -> dict[str, set[str]]:
        """Return the readers of the fields of a page, by the fields' names."""
        found: dict[str, set[str]] = {}
        for reader, read in self.reads.items():
            for path in read:
                is_page = len(path) == 4 and (path[0], path[2]) == (at.step, at.page)
                is_step = len(path) == 2 and not at.item and path[0] == at.step
                if (is_page or is_step) and path[-1]:
                    found.setdefault(path[-1], set()).add(reader)
        return found

    def _constants_of(self, readers: Iterable[str]) -> list[Any]:
        functions: list[Function] = []
        for reader in sorted(readers):
            functions += self._functions_of(reader)
        return constants_of(functions)

    def _functions_of(self, reader: str) -> list[Function]:
        if reader.startswith(PROPERTY):
            return [self.properties[reader[len(PROPERTY) :]]]
        name, _, page = reader.partition(".")
        step = self.wizard.steps.named(name)
        steps = [step.pages.named(page)] if page else [step, *step.pages]
        return [function for each in steps for function in functions_of(each)]

    def _complete(
        self,
        walk: Walk[Any],
        bound: BoundFormStep,
        form: Form,
        at: Sent,
        pinned: Mapping[str, Candidate],
    ) -> Iterator[tuple[Sent, Walk[Any]]]:
        """Yield the page filled in with these values, unless it refuses them."""
        options = self._options(form, at)
        known = self._accepted.get(at.place, {})
        chosen = {
            name: known.get(name, 0) if len(found) > known.get(name, 0) else 0
            for name, found in options.items()
        }
        blank = self._blank_of(bound, form, at)
        for attempt in range(MOST_TRIES):
            picked = {n: found[chosen[n]] for n, found in options.items() if found}
            picked.update(pinned)
            values, files = self._values(form, blank, picked, pinned)
            sent = at._replace(values=dict(values), files=files)
            self._count()
            try:
                after = bound.submit(values, validate=True)
                is_done = after is not None and after.done
            except Exception as raised:
                raise Failed(at.place, _cause(raised), (sent,)) from raised
            if after is None:
                return
            if is_done:
                self._accepted[at.place] = chosen
                self._note_choices(at, form, pinned, "")
                self.reads[at.place].update(after.all_reads)
                yield sent, walk.go_on_with(after, after.write_to(walk.draft))
                return
            wrong = [leaf.name for leaf in leaves(after.form) if own_errors(leaf)]
            self.refusals[at.key] = after.errors
            said = " ".join(text for texts in after.errors.values() for text in texts)
            self._note_choices(at, form, pinned, said or "it is refused.")
            loose = [name for name in wrong if name not in pinned and options.get(name)]
            if not loose:
                if wrong:
                    return
                turn = [name for name, found in options.items() if len(found) > 1]
                loose = [turn[attempt % len(turn)]] if turn else []
            if not any(len(options[name]) > 1 for name in loose):
                return
            for name in loose:
                chosen[name] = (chosen[name] + 1) % len(options[name])

    def _note_choices(
        self, at: Sent, form: Form, pinned: Mapping[str, Candidate], said: str
    ) -> None:
        """Note whether a page is left with choices that other fields depend on."""
        for fork in self.causes.get(at.place, ()):
            leaf: Any = form._fields.get(fork.field)
            for text in pinned.get(leaf.name, ()) if leaf is not None else ():
                key = at.place, leaf.name, text
                if text and self._choices.get(key) != "":
                    self._choices[key] = said

    def refused_choices(self) -> list[tuple[tuple[str, str, str], str]]:
        """Return the choices that no page was left with, and what was said of them."""
        return [(key, said) for key, said in self._choices.items() if said]

    def _options(self, form: Form, at: Sent) -> dict[str, list[Candidate]]:
        """Return what may be sent for each field, the likeliest first."""
        if id(form) in self._options_of:
            return self._options_of[id(form)]
        given = self.samples.get(at.place, {})
        found: dict[str, list[Candidate]] = {}
        for leaf in leaves(form):
            if leaf.name in given:
                found[leaf.name] = _given(given[leaf.name])
            elif input_type(leaf) == "file":
                found[leaf.name] = [[], *([kind] for kind in kinds_for(leaf))]
            else:
                found[leaf.name] = likely(leaf)
        if form in self._fixed.values():
            self._options_of[id(form)] = found
        return found

    def _blank_of(self, bound: BoundFormStep, form: Form, at: Sent) -> Raw:
        """Return what the page sends if nobody touches it."""
        key = at.place, bound.signature.digest
        if key not in self._blank:
            try:
                self._blank[key] = untouched(form)[0]
            except UnshowableError:
                self._blank[key] = {}
        return self._blank[key]

    def _values(
        self,
        form: Form,
        blank: Raw,
        picked: Mapping[str, Candidate],
        pinned: Mapping[str, Candidate],
    ) -> tuple[Values, Mapping[str, str]]:
        """Return what is sent of a form, and the names of the files among it."""
        raw = dict(blank)
        files: dict[str, str] = {}
        for leaf in leaves(form):
            texts = picked.get(leaf.name)
            if texts is None:
                continue
            for name in [name for name in raw if name.startswith(f"{leaf.name}-")]:
                del raw[name]  # the boxes of a date
            if input_type(leaf) == "file":
                raw.pop(leaf.name, None)
                if texts:
                    files[leaf.name] = f"sample.{texts[0]}"
                continue
            raw[leaf.name] = list(texts)
            other = _repeats(leaf)
            if other is not None and other in picked and leaf.name not in pinned:
                raw[leaf.name] = list(picked[other])
        values = Values({name: texts for name, texts in raw.items() if texts})
        values.files = {
            f"file of {name}": sent_file(f"file of {name}", name, file[7:])
            for name, file in files.items()
        }
        return values, files

    # Lists

    def _fill_list(
        self, state: State, journey: Journey, repeat: BoundRepeat
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield a list with as many items as may make a difference, each time done."""
        for sents, filled in self._with_items(state, journey, repeat):
            bound = filled.bind(repeat.name)
            self._count()
            onward = filled.submit(bound, Values(), validate=True)
            after = onward.bind(repeat.name)
            if after.done:
                yield (*sents, Sent(repeat.name, {})), onward

    def _with_items(
        self, state: State, journey: Journey, repeat: BoundRepeat
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        step = repeat.step
        if step.is_fixed:
            yield from self._fill_fixed(state, journey, repeat, 1)
            return
        most = step.max if step.max is not None else step.min + 2
        if not step.min:
            yield (), journey
        if Fork(repeat.name, "", COUNT) not in self.forks:
            if step.min:
                least = step.min
                yield self._fill_least(state, journey, repeat.name, least)
            return
        count = max(step.min - 1, 0)
        sents, filled = self._fill_least(state, journey, repeat.name, count)
        yield from self._add(state, filled, repeat.name, sents, count + 1, most)

    def _fill_least(
        self, state: State, journey: Journey, name: str, count: int
    ) -> tuple[tuple[Sent, ...], Journey]:
        """Return a list with so many items, each filled in with what is likeliest."""
        sents: tuple[Sent, ...] = ()
        for number in range(1, count + 1):
            found = next(self._item_of(state, journey, name, number), None)
            if found is None:
                break
            sents, journey = (*sents, *found[0]), found[1]
        return sents, journey

    def _add(
        self,
        state: State,
        journey: Journey,
        name: str,
        sents: tuple[Sent, ...],
        number: int,
        most: int,
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with one more item, of each class, and with two such."""
        is_first = True
        for more, filled in self._item_of(state, journey, name, number):
            yield (*sents, *more), filled
            if is_first and number < most:
                for and_more, both in self._item_of(state, filled, name, number + 1):
                    yield (*sents, *more, *and_more), both
            is_first = False

    def _fill_fixed(
        self, state: State, journey: Journey, repeat: BoundRepeat, number: int
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with all items of an earlier answer filled in."""
        todo = [item for item in repeat.items if not item.done]
        if not todo:
            yield (), journey
            return
        first = True
        for sents, filled in self._pages_of(state, todo[0], number, repeat.name):
            bound = filled.bind(repeat.name)
            assert isinstance(bound, BoundRepeat)
            rest = self._fill_fixed(state, filled, bound, number + 1)
            for more, whole in rest:
                yield (*sents, *more), whole
                if not first:
                    break
            first = False

    def _item_of(
        self, state: State, journey: Journey, name: str, number: int
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with a new item, once for each class of answers."""
        repeat = journey.bind(name)
        assert isinstance(repeat, BoundRepeat)
        item = repeat.new_item(f"item-{number}")
        yield from self._pages_of(state, item, number, name)

    def _pages_of(
        self, state: State, item: BoundItem, number: int, name: str
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield an item filled in on all its pages, once for each class of answers."""
        ways: list[tuple[tuple[Sent, ...], Walk[Any]]] = [((), item.walk)]
        done = 0
        while ways:
            sents, walk = ways.pop(0)
            try:
                page = walk.first_incomplete
                self._note_item(state, walk, name)
            except Exception as raised:
                place = f"{name}.{_where_it_fails(walk)}".rstrip(".")
                raise Failed(place, _cause(raised), sents) from raised
            if page is None:
                done += 1
                if done > MOST_ITEMS:
                    self.is_cut_off = True
                    return
                yield sents, walk.whole
                continue
            at = Sent(name, {}, number, page.name)
            self.met.setdefault(at.key, state)
            if page.step.ends:
                self.left.add(at.key)
                continue
            for sent, onward in self._fill_page(state, walk, page, at):
                self.left.add(at.key)
                ways.append(((*sents, sent), onward))

    def _note_item(self, state: State, walk: Walk[Any], name: str) -> None:
        for bound in walk.met:
            place = f"{name}.{bound.name}" if bound.name else name
            self.reads[place].update(bound.all_reads)
            if not bound.applies:
                self.spared.add(place)

    # What was found

    def told(self, way: Iterable[Sent]) -> Iterator[str]:
        """Yield what was sent as lines, without the fields that nothing reads."""
        for sent in way:
            read = self._read_of(sent)
            place = f"{sent.step} {sent.item}" if sent.item else sent.step
            place = f"{place}.{sent.page}" if sent.page else place
            for name in read:
                if name == NAMES:
                    continue
                inputs = [
                    n for n in sent.values if n == name or n.startswith(f"{name}-")
                ]
                for each in inputs:
                    yield f"{place}.{each} = {', '.join(sent.values[each])}"
                if not inputs:
                    file = sent.files.get(name)
                    yield f"{place}.{name} = {file or 'nothing'}"

    def ways(self) -> list[WayThrough]:
        """Return ways that take each turn that there is, the shortest first."""
        found: dict[str, WayThrough] = {}
        for state in [*self.states.values()]:
            for sent, after in state.onward:
                rest, end = after.rest
                whole = (*state.way, *sent, *rest)
                at = "" if end.end == "commit" else end.step
                found.setdefault(_key(whole), WayThrough(whole, end.end, at))
        return sorted(found.values(), key=lambda way: len(way.sent))


def _key(sents: tuple[Sent, ...]) -> str:
    """Return what tells apart what is sent."""
    return repr([(*sent[:1], *sent[2:4], sent.values, sent.files) for sent in sents])


class Failed(Exception):
    """Code of the application has raised something while a page was filled in."""

    def __init__(self, place: str, error: Exception, sent: tuple[Sent, ...]) -> None:
        super().__init__(place)
        self.place = place
        self.error = error
        self.sent = sent


def functions_of(step: AnyStep) -> list[Function]:
    """Return the functions of the application that a step has."""
    names = ("when", "prepare", "over", "kwargs", "form")
    found = (getattr(step, name, None) for name in names)
    return [each for each in found if callable(each) and not isinstance(each, type)]


def _given(answer: Any) -> list[Candidate]:
    """Return what a developer has given for a field, as candidates."""
    several = answer if isinstance(answer, list) else [answer]
    return [written(each) for each in several]


def _repeats(leaf: Field) -> str | None:
    """Return the full name of the field that another must be equal to, if any."""
    for validator in leaf.validators:
        other: object = getattr(validator, "fieldname", None)
        if isinstance(other, str):
            return f"{leaf.name.removesuffix(leaf.short_name)}{other}"
    return None


def _cause(raised: Exception) -> Exception:
    return raised.error if isinstance(raised, HookError) else raised


def _where_it_fails(walk: Walk[Any]) -> str:
    """Return the name of the first step that cannot be walked to."""
    for name in walk.steps.names:
        try:
            walk.bind(name)
        except Exception:
            return name
    return walk.steps.names[-1]
