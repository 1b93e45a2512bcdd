"""Paths: all ways through a wizard, found by filling it in.

The wizard's own steps are filled in, each with one candidate of every class of answers
that some later step, property or page of the same item reads: rule 7 records what is
read. Two drafts that stand at the same step, and in which all is equal that is still to
be read, go on alike, so that only one of them is followed. What a step does depends on
what it reads, and on what the steps do whose answers these are, so that only these
answers have to be combined with one another.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass, field
from itertools import combinations
from math import prod
from pathlib import Path as FolderPath
from typing import Any, cast

from wtforms import Form
from wtforms.fields import Field

from ..cached import cached_property
from ..core.answers import CONCEALED, NAMES, Answers, Dependencies
from ..core.bound_form import BoundFormStep
from ..core.draft import Draft, Raw
from ..core.fields import input_type, kind_of, own_errors
from ..core.forms import Values, is_password, leaves
from ..core.hooks import HookError, takes
from ..core.items import BoundItem
from ..core.journey import NOTHING_BOUND, Journey, Walk
from ..core.repeats import BoundRepeat, Repeat
from ..core.steps import BoundStep
from ..core.untouched import UnshowableError, untouched
from ..errors import StepError
from ..wizard import Wizard
from .candidates import (
    MOST_ITEMS,
    Candidate,
    beside,
    classes,
    given,
    left_out,
    likely,
    once,
    sort_of,
)
from .comparisons import (
    compares,
    computes,
    counts,
    functions_of_field,
    linked_on,
    looks_into,
    measures,
)
from .constants import constants_of, unwritten_in
from .form_code import Function, functions_of, judges_of, passing_class
from .form_pages import MOST_JOINED, FormPage, Links, Options, Tries
from .readers import Readers
from .sample_files import (
    Sample,
    SampleError,
    SampleUploads,
    given_files,
    kinds_for,
    made_up,
)
from .states import (
    COUNT,
    PROPERTY,
    VALIDATE,
    Failed,
    Fork,
    Forks,
    Samples,
    Sent,
    State,
    Stopped,
    WayThrough,
    key_of,
    texts_of,
    with_files,
)
from .submissions import submission_of

MOST_FORMS = 50_000  # forms that are filled in before a run gives up
MOST_WAYS = 64  # ways to fill in one item
MOST_PAIRS = 400  # pairs of ways to fill in two items
MOST_UNTRIED = 16  # candidates of one page that are combined without a trial of each
MOST_COMBINED = 1_000  # candidates of one page that are all combined
MOST_OF_A_PAGE = 200  # items of a list that sets no maximum
MOST_PASSES = 12  # runs, each of which has found something more that is read

SMALL = 1_000
"""Numbers below it are shown wherever they come from: they are no secrets."""

PACKAGE_FOLDER = str(FolderPath(__file__).parents[1])


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
    #: By place, what was not tried there, each a sentence.
    untried: dict[str, str] = field(default_factory=dict)
    #: By place, what was taken for granted there, each a sentence.
    assumed: dict[str, str] = field(default_factory=dict)
    #: Forms that are the same whatever the answers are, by place and signature, and
    #: what may be sent for their fields, by the forms' ids.
    _fixed: dict[tuple[str, bytes], Form] = field(default_factory=dict)
    _options_of: dict[int, dict[str, list[Candidate]]] = field(default_factory=dict)
    _linked: dict[int, Links] = field(default_factory=dict)
    #: What a draft had that ``validate`` accepted after it had refused others.
    _passed: dict[str, Raw] = field(default_factory=dict)
    #: What the values of fields are.
    _sorts: dict[Fork, str] = field(default_factory=dict)
    #: The files that are sent.
    _uploads: SampleUploads = field(default_factory=SampleUploads)
    #: The passwords and hidden fields, by page and name.
    _secret: set[tuple[str, str]] = field(default_factory=set)

    def __post_init__(self) -> None:
        #: What code of the wizard reads.
        self.readers: Readers = Readers(self.wizard, self.properties)

    def run(self) -> None:
        """Fill in the wizard until nothing more is found to be read."""
        is_whole = False  # first each field alone, which finds nearly all that is read
        for _ in range(MOST_PASSES):
            known = self._number_of_reads
            self._begin()
            whole = combined = self.readers.combined()
            if not is_whole:
                alone = {fork for forks in combined for fork in forks}
                combined = [frozenset({fork}) for fork in sorted(alone)]
                combined = combined or [frozenset()]
            try:
                self._follow_all(combined)
            except Stopped:
                self.is_cut_off = True
                return
            self._heed_refusals(is_whole or combined == whole)
            if known == self._number_of_reads:
                if is_whole or combined == whole:
                    return
                is_whole = True
        self.is_cut_off = True

    @property
    def _number_of_reads(self) -> int:
        return self.readers.count + len(self._passed)

    def _heed_refusals(self, is_whole: bool) -> None:
        """Have drafts pass ``validate`` that it has refused, if others can.

        What has passed takes the place of the likeliest. If that is not enough, what
        ``validate`` reads is combined with what each property reads.
        """
        validated = self.readers.forks_of(VALIDATE)
        refused = {forks for forks in self._refused if not validated <= forks}
        if not refused:
            return
        known = len(self._passed)
        ends = [s.way for s in self.states.values() if s.end == "commit"]
        places = {fork.place for fork in validated}
        ends.sort(key=lambda way: -len(places & {sent.place for sent in way}))
        for sent in (sent for way in ends for sent in way):
            self._passed.setdefault(sent.place, sent.values)
        if is_whole and len(self._passed) == known:
            self.readers.filtered |= {
                f"{PROPERTY}{text}"
                for text in self.properties
                if any(
                    self.readers.forks_of(f"{PROPERTY}{text}") <= each
                    for each in refused
                )
            }

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
        #: By place, field and text, what was said of a choice on which others depend;
        #: empty if it was accepted.
        self._choices: dict[tuple[str, str, str], str] = {}
        self._accepted: dict[str, Raw] = dict(self._passed)
        self._refused: set[Forks] = set()
        #: What ``validate`` has said of drafts that it refused, if it accepted none.
        self.refused: str | None = ""
        self._compared, self._added = self.readers.comparisons()
        lists = [name for name in self.wizard.steps.names if self.readers.is_list(name)]
        #: The lists whose items some reader may compare with one another.
        self._related = frozenset(filter(self.readers.relates, lists))
        #: The lists of which some reader may count those items that are of a class.
        self._summed = self._related.union(filter(self.readers.sums, lists))
        self.untried.clear()
        self.assumed.clear()
        self._blank: dict[tuple[str, bytes], Raw] = {}
        draft = Draft("sample", "sample", (), 0.0, 0.0, "sample")
        journey = self.wizard._journey(
            self.wizard.steps,
            draft,
            bound=self.bound,
            files=self._uploads.rules,
            max_entries=MOST_OF_A_PAGE,
        )
        self.first: State = self._state(journey, None, ())

    # The states

    def _follow_all(self, combined: Iterable[Forks]) -> None:
        queue = deque((self.first, forks) for forks in combined)
        seen = set(queue)
        while queue:
            state, forks = queue.popleft()
            if state.end:
                if state.end == "refused":
                    self._refused.add(forks)
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
        known = {key_of(sent) for sent, _ in state.onward}
        try:
            for sent, journey in self._expand(state, forks):
                after = self._state(journey, state, sent)
                state.tried[forks].append(after)
                if (key := key_of(sent)) not in known:
                    known.add(key)
                    state.onward.append((sent, after))
        except Failed as failed:
            self._end(state, "fails", failed.place, failed.error, failed.sent)

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
            for reader in self.readers.from_step(position)
            for path in self.readers.reads.get(reader, ())
        ]
        digest = journey.digest(b"", sorted({*later}), before=position)
        key = name, digest
        if key in self.states:
            return self.states[key]
        state = State(journey, name, before=before, sent=sent)
        self.states[key] = state
        if first is None:
            state.end = "commit" if self._passes(state) else "refused"
            if state.end == "commit":
                self._judge(state)
        else:
            self.met.setdefault(name, state)
            if first.step.ends:
                state.end = "exit"
                self.left.add(name)
        return state

    def _note(self, journey: Journey) -> None:
        """Note what the steps that were met have read, and which do not apply."""
        for bound in journey.met:
            self.readers.reads[bound.name].update(bound.all_reads)
            if not bound.applies:
                self.spared.add(bound.name)

    def _passes(self, state: State) -> bool:
        """True if the wizard's own ``validate`` lets a draft pass that is complete.

        What it refuses without a look at the answers is no matter of theirs.
        """
        if self.wizard.validate is Wizard.validate:
            return True
        reads: Dependencies = set()
        try:
            self.wizard().validate(submission_of(state.journey, reads))
        except StepError as error:
            self.readers.reads[VALIDATE] |= reads
            if reads:
                if self.refused is not None:
                    self.refused = f"{error.step}: {error.message}"
                return False
            self.assumed["validate"] = (
                "validate of the wizard is taken to accept each draft: it refuses one "
                f"without reading an answer, and says: {error.message}"
            )
        except Exception as error:
            self.readers.reads[VALIDATE] |= reads
            self.assumed["validate"] = (
                "validate of the wizard is taken to accept each draft: it raises "
                f"{type(error).__name__} here. What it refuses is not known."
            )
        self.readers.reads[VALIDATE] |= reads
        self.refused = None
        return True

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
                        reads |= self.readers.reads[name]
                    steps = tuple(bound.name for bound in state.journey.path)
                    is_kept = bool(holds(answers, steps))
                else:
                    is_kept = bool(holds(answers))
            except Exception as raised:
                error = raised
            self.readers.reads[f"{PROPERTY}{text}"] |= reads
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
        self,
        state: State,
        walk: Walk[Any],
        bound: BoundStep,
        at: Sent,
        earlier: tuple[Sent, ...] = (),
    ) -> Iterator[tuple[Sent, Walk[Any]]]:
        """Yield what is sent on a page, and the walk behind it, for each class.

        ``earlier`` is what was sent on pages of the same list.
        """
        try:
            if not bound.takes_input:
                self._count()
                onward = walk.submit(bound, Values(), validate=True)
                yield at, onward
                return
            asked = cast("BoundFormStep", bound)
            form = self._form_of(asked, at)
            page = self._page(asked, form, at, (*state.way, *earlier))
            forked = self._forked(page, at)
        except (Stopped, SampleError):
            raise
        except Exception as raised:
            raise Failed(at.place, _cause(raised), ()) from raised
        if prod(map(len, forked.values())) > MOST_UNTRIED:
            forked = {
                name: self._accepted_alone(walk, page, at, name, options)
                for name, options in forked.items()
            }
        is_left = False
        for pinned in self._pinned(page, at, forked):
            for found in self._complete(walk, page, at, pinned):
                is_left = True
                yield found
        if forked and not is_left:  # there may be others than those that stand for all
            yield from self._complete(walk, page, at, {})

    def _pinned(
        self, page: FormPage, at: Sent, forked: Options
    ) -> Iterator[Mapping[str, Candidate]]:
        """Yield what is sent in the fields that are read, all combined if few.

        Otherwise every two candidates of two fields are sent together.
        """
        if page.number_of_combinations(forked) <= MOST_COMBINED:
            yield from page.combinations(forked)
            return
        names = ", ".join(forked)
        self.untried[at.place] = (
            f"{names} have more than {MOST_COMBINED} combinations of answers that code "
            "may tell apart. Each two of these were tried together, and not all of "
            "them. Give fewer answers of these fields (samples)."
        )
        first = {name: options[0] for name, options in forked.items()}
        seen = set()
        for one, other in combinations(forked, 2):
            both = {one: forked[one], other: forked[other]}
            for chosen in page.combinations(both):
                whole = {**first, **chosen}
                key = repr(whole)
                if key not in seen:
                    seen.add(key)
                    yield whole

    def _accepted_alone(
        self,
        walk: Walk[Any],
        page: FormPage,
        at: Sent,
        name: str,
        options: list[Candidate],
    ) -> list[Candidate]:
        """Return the candidates that a field does not refuse whatever the others are.

        Those of a field that is judged together with others are not known to be such.
        """
        if page.judged.get(name):
            return options
        found = [
            option
            for option in options
            if any(self._complete(walk, page, at, {name: option}))
        ]
        return found or options

    def _page(
        self, bound: BoundFormStep, form: Form, at: Sent, sent: Iterable[Sent]
    ) -> FormPage:
        """Return a page with what may be sent for its fields after what was sent."""
        judged = self._judged_on(form)
        forks = {
            leaf.name: Fork(at.step, at.page, name)
            for name, field in form._fields.items()
            for leaf in leaves([field])
        }
        step, judging = bound.step, set[Fork]()
        own = [f for f in self.readers.own_functions(at.place) if f is not step.when]
        names = {name for path in self.readers.reads[at.place] for name in path}
        if names and compares(own, names):  # validators with earlier answers
            judging = {
                self.readers.fork_of(path)
                for path in self.readers.reads[at.place]
                if path[-1]
            }
        numbers = {n for n in constants_of(own) if isinstance(n, int | float)}
        known = texts_of(sent) if judging or self._compared else {}
        compared: dict[str, frozenset[str]] = {}
        earlier: dict[str, list[Candidate]] = {}
        added: dict[str, set[Any]] = {}
        for leaf in leaves(form):
            name, fork = leaf.name, forks[leaf.name]
            self._sorts[fork] = sort_of(leaf)
            if is_password(leaf) or kind_of(leaf) == "hidden":
                self._secret.add((at.key, name))
            partners = self._compared.get(fork, set())
            beside_it = {n for n, f in forks.items() if f in partners and n != name}
            if beside_it or name in judged:
                compared[name] = judged.get(name, frozenset()) | beside_it
            added[name] = self._added.get(fork, set()) | self._added_by(leaf, judged)
            if judging and computes(own):
                added[name] |= numbers
            if fork in partners and at.item and at.step not in self._related:
                partners = partners - {fork}
            for partner in sorted(partners | judging):
                for texts in known.get(partner, ()):
                    near = beside(leaf, texts, added[name])
                    earlier[name] = once([*earlier.get(name, ()), *near])
        options = self._options(form, at)
        return FormPage(bound, form, options, judged, compared, earlier, added)

    def _judged_on(self, form: Form) -> Links:
        """Return the fields of a page that validators judge together."""
        if form not in self._fixed.values():
            return linked_on(form)
        if id(form) not in self._linked:
            self._linked[id(form)] = linked_on(form)
        return self._linked[id(form)]

    def _added_by(self, leaf: Field, judged: Links) -> set[Any]:
        """Return the constants that validators compare sums of a field with."""
        functions = functions_of_field(leaf)
        if leaf.name not in judged or not computes(functions):
            return set()
        return {n for n in constants_of(functions) if isinstance(n, int | float)}

    def _form_of(self, bound: BoundFormStep, at: Sent) -> Form:
        """Return the form of a page, to be looked at."""
        key = at.place, bound.signature.digest
        if key not in self._fixed:
            form = bound.form
            self.readers.reads[at.place].update(bound.all_reads)
            if not bound.step.is_fixed or bound.dependencies:
                return form
            self._fixed[key] = form
        return self._fixed[key]

    def _forked(self, page: FormPage, at: Sent) -> dict[str, list[Candidate]]:
        """Return the candidates of the fields that something reads, by their names."""
        bound, form = page.bound, page.form
        read = self.readers.of_page(at)
        causes = bound.signature.conditions.causes.values()
        for cause in {cause for each in causes for cause in each}:
            self.readers.causes[at.place].add(Fork(at.step, at.page, cause))
            read.setdefault(cause, set())
        wanted = {f.field for f in self.forks if (f.step, f.page) == (at.step, at.page)}
        own = self.samples.get(at.place, {})
        found: dict[str, list[Candidate]] = {}
        fields: Mapping[str, Field] = form._fields
        # Code has the names of steps and fields to read them, and for no answer.
        own_names = {
            *self.readers.names,
            *fields,
            *(leaf.short_name for leaf in leaves(form)),
        }
        for name in fields if NAMES in read else read:
            if name not in fields or not {name, NAMES} & wanted:
                continue
            readers = read.get(name, set()) | read.get(NAMES, set())
            fork = Fork(at.step, at.page, name)
            for partner in self._compared.get(fork, ()):
                if self._sorts.get(partner) == self._sorts[fork]:
                    readers |= self.readers.of_field(partner)
            constants = [
                value
                for value in self.readers.constants(readers)
                if value not in own_names
            ]
            constants += self._counts_beside(fork)
            for leaf in leaves([fields[name]]):
                if input_type(leaf) == "file":
                    tried = self._files_for(leaf, own)
                    found[leaf.name] = tried if leaf.name in own else tried[:2]
                elif leaf.name in own:
                    found[leaf.name] = given(own[leaf.name])
                elif options := classes(leaf, constants):
                    near = page.earlier.get(leaf.name, ())
                    found[leaf.name] = once([*options, *near])
                    missing = left_out(leaf, found[leaf.name], constants)
                    if missing and looks_into(self.readers.functions(readers)):
                        self.untried[f"{at.place}.{leaf.name}"] = (
                            f"{missing} of its choices were not tried, and code looks "
                            "into them. Give some of each kind (samples)."
                        )
        return {name: options for name, options in found.items() if len(options) > 1}

    def _counts_beside(self, fork: Fork) -> list[int]:
        """Return the numbers of items of lists that a field is compared with."""
        if self._sorts[fork] != "number":
            return []
        lists = [f.step for f in self._compared.get(fork, ()) if f.field == COUNT]
        steps = [cast("Repeat", self.wizard.steps.named(name)) for name in lists]
        bounds = [n for step in steps for n in (step.min, step.min + 1, step.max)]
        return [n for n in bounds if n is not None and n <= MOST_ITEMS]

    def _complete(
        self,
        walk: Walk[Any],
        page: FormPage,
        at: Sent,
        pinned: Mapping[str, Candidate],
    ) -> Iterator[tuple[Sent, Walk[Any]]]:
        """Yield the page filled in with these values, unless it refuses them."""
        bound, form = page.bound, page.form
        worked = self._accepted.get(at.place, {})
        known = {name: worked[name] for name in page.options if name in worked}
        tries = Tries(page, pinned, known)
        blank = self._blank_of(bound, form, at)
        while True:
            values, files = self._values(form, blank, tries.picked, tries.fixed)
            sent = at._replace(values=dict(values), files=files)
            self._count()
            try:
                after = bound.submit(values, validate=True)
                is_done = after is not None and after.done
            except Exception as raised:
                raise Failed(at.place, _cause(raised), (sent,)) from raised
            if after is None:
                return
            self.readers.reads[at.place].update(after.all_reads)
            if is_done:
                own = {n: own for n, own in tries.picked.items() if n not in pinned}
                self._accepted[at.place] = {**worked, **own}
                self._note_choices(at, form, pinned, "")
                yield sent, walk.go_on_with(after, after.write_to(walk.draft))
                return
            wrong = [leaf.name for leaf in leaves(after.form) if own_errors(leaf)]
            self.refusals[at.key] = after.errors
            said = " ".join(text for texts in after.errors.values() for text in texts)
            self._note_choices(at, form, pinned, said or "it is refused.")
            if not tries.go_on(wrong):
                break
        if tries.were_cut_off:
            names = ", ".join(sorted(tries.fixed))
            self.untried[at.place] = (
                f"{names} are judged together, and {MOST_JOINED} answers were refused. "
                "There are more. Give answers that are accepted (samples)."
            )
        if not bound.step.revalidate:
            yield from self._taken_for_granted(walk, bound, values, sent)

    def _taken_for_granted(
        self, walk: Walk[Any], bound: BoundFormStep, values: Values, sent: Sent
    ) -> Iterator[tuple[Sent, Walk[Any]]]:
        """Yield a page as if it were accepted, which nobody here can fill in."""
        self.assumed[sent.place] = (
            f"{sent.place} is taken to be passed: it has revalidate=False, and refuses "
            "all that was tried. Give answers that it accepts (samples) to have its "
            "validators tried, too."
        )
        passing = copy(bound)
        form_class = passing_class(bound.signature.form_class)
        passing.signature = bound.signature._replace(form_class=form_class)
        self._count()
        after = passing.submit(values, validate=True)
        if after is not None and after.done:
            after.signature = bound.signature
            yield sent, walk.go_on_with(after, after.write_to(walk.draft))

    def _note_choices(
        self, at: Sent, form: Form, pinned: Mapping[str, Candidate], said: str
    ) -> None:
        """Note whether a page is left with choices that other fields depend on."""
        for fork in self.readers.causes.get(at.place, ()):
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
        own = self.samples.get(at.place, {})
        found: dict[str, list[Candidate]] = {}
        for leaf in leaves(form):
            if input_type(leaf) == "file":
                found[leaf.name] = self._files_for(leaf, own)
            elif leaf.name in own:
                found[leaf.name] = given(own[leaf.name])
            else:
                found[leaf.name] = likely(leaf)
        if form in self._fixed.values():
            self._options_of[id(form)] = found
        return found

    def _files_for(self, leaf: Field, own: Mapping[str, Any]) -> list[Candidate]:
        """Return the files to try in a field: those given, or none and some made up."""
        if leaf.name in own:
            found = given_files(leaf.name, own[leaf.name])
        else:
            found = [None, *map(made_up, kinds_for(leaf))]
        return [self._uploads.add(each) for each in found]

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
    ) -> tuple[Values, Mapping[str, Sample]]:
        """Return what is sent of a form, and the files among it."""
        raw = dict(blank)
        files: dict[str, Sample] = {}
        for leaf in leaves(form):
            texts = picked.get(leaf.name)
            if texts is None:
                continue
            for name in [name for name in raw if name.startswith(f"{leaf.name}-")]:
                del raw[name]  # the boxes of a date
            if input_type(leaf) == "file":
                raw.pop(leaf.name, None)
                if texts:
                    files[leaf.name] = self._uploads.named(texts[0])
                continue
            raw[leaf.name] = list(texts)
            other = _repeats(leaf)
            if other is not None and other in picked and leaf.name not in pinned:
                raw[leaf.name] = list(picked[other])
        return with_files(raw, files, self._uploads), files

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
        name, step = repeat.name, repeat.step
        if step.is_fixed:
            yield from self._fill_fixed(state, journey, repeat)
            return
        if not step.min:
            yield (), journey
        if Fork(name, "", COUNT) not in self.forks:
            if step.min:
                yield self._fill_least(state, journey, name, step.min)
            return
        numbers = self._numbers_of_items(state, repeat)
        count = max(step.min - 1, 0)
        sents, filled = self._fill_least(state, journey, name, count)
        each = [*self._item_of(state, filled, name, count + 1, sents)]
        items = [sent for sent, _ in each]
        for more, onward in each:
            yield (*sents, *more), onward
        if count + 2 in numbers:
            is_related = name in self._related
            is_few = len(each) ** 2 <= MOST_PAIRS
            for more, onward in each if is_related and is_few else each[:1]:
                before = (*sents, *more)
                for last, both in self._item_of(state, onward, name, count + 2, before):
                    yield (*before, *last), both
            if is_related and not is_few:
                self.untried[name] = (
                    f"there are {len(each)} ways to fill in an item that code may tell "
                    "apart. Two items were filled in alike, or one as the first of "
                    "these ways, and not in all pairs of them. Give fewer answers of "
                    "the fields (samples)."
                )
        if name not in self._summed:
            items = items[:1]
        yield from self._fill_alike(journey, repeat, items, numbers)

    def _numbers_of_items(self, state: State, repeat: BoundRepeat) -> frozenset[int]:
        """Return the numbers of items that code may tell apart."""
        name, step = repeat.name, repeat.step
        least = max(step.min, 1)
        most = step.max if step.max is not None else MOST_ITEMS
        found = {least, least + 1}
        functions = self.readers.functions(self.readers.of_list(name))
        if counts(functions):
            constants = constants_of(functions)
            compared = {n for n in constants if isinstance(n, int) and n >= 0}
            more = range(MOST_ITEMS + 1, (step.max or MOST_OF_A_PAGE) + 1)
            if measures(functions) and (beyond := compared.intersection(more)):
                self.untried[name] = (
                    f"code that counts its items has the number {min(beyond)}, and at "
                    f"most {MOST_ITEMS} items were tried. Prove it with a lower limit."
                )
            fork = Fork(name, "", COUNT)
            known = texts_of(state.way)
            for partner in self._compared.get(fork, set()) - {fork}:
                texts = [text for texts in known.get(partner, ()) for text in texts]
                compared |= {int(text) for text in texts if text.isdecimal()}
            found |= {n for each in compared for n in (each - 1, each, each + 1)}
            found |= {most - 1, most} if step.max is not None else set()
        return frozenset(n for n in found if least <= n <= min(most, MOST_ITEMS))

    def _fill_alike(
        self,
        journey: Journey,
        repeat: BoundRepeat,
        items: Iterable[tuple[Sent, ...]],
        numbers: frozenset[int],
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with items that are all filled in alike, so many each time."""
        for item in items:
            sents: tuple[Sent, ...] = ()
            filled = journey
            for number in range(1, max(numbers) + 1):
                again = tuple(sent._replace(item=number) for sent in item)
                bound = filled.bind(repeat.name)
                assert isinstance(bound, BoundRepeat)
                new = (
                    [*bound.items][number - 1]
                    if repeat.step.is_fixed
                    else bound.new_item(f"item-{number}")
                )
                onward = self._send_again(new.walk, again)
                if onward is None:
                    break  # no two of its items may be alike
                sents, filled = (*sents, *again), onward
                if number in numbers:
                    yield sents, filled

    def _send_again(self, walk: Walk[Any], sents: Iterable[Sent]) -> Journey | None:
        """Return the list with an item filled in; None if its pages refuse it."""
        for sent in sents:
            page = walk.first_incomplete
            if page is None or page.name != sent.page:
                return None
            self._count()
            values = with_files(sent.values, sent.files, self._uploads)
            after = page.submit(values, validate=True)
            if after is None or not after.done:
                return None
            walk = walk.go_on_with(after, after.write_to(walk.draft))
        return walk.whole if walk.first_incomplete is None else None

    def _fill_least(
        self, state: State, journey: Journey, name: str, count: int
    ) -> tuple[tuple[Sent, ...], Journey]:
        """Return a list with so many items, each filled in with what is likeliest."""
        sents: tuple[Sent, ...] = ()
        for number in range(1, count + 1):
            found = next(self._item_of(state, journey, name, number, sents), None)
            if found is None:
                break
            sents, journey = (*sents, *found[0]), found[1]
        return sents, journey

    def _fill_fixed(
        self, state: State, journey: Journey, repeat: BoundRepeat
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with all items of an earlier answer filled in.

        All pairs of classes are tried of two items. Of more, each is varied for itself,
        and all are filled in alike.
        """
        items = [*repeat.items]
        if not items:
            yield (), journey
            return
        first: dict[str, tuple[Sent, ...]] = {}
        for sents, whole in self._fill_from(state, journey, repeat.name, 0, ()):
            item = tuple(sent for sent in sents if sent.item == 1)
            first[key_of(item)] = item
            yield sents, whole
        if len(items) > 2:
            numbers = frozenset({len(items)})
            yield from self._fill_alike(journey, repeat, [*first.values()], numbers)

    def _fill_from(
        self,
        state: State,
        journey: Journey,
        name: str,
        at: int,
        earlier: tuple[Sent, ...],
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with the items from this position on filled in."""
        bound = journey.bind(name)
        assert isinstance(bound, BoundRepeat)
        items = [*bound.items]
        if at == len(items):
            yield (), journey
            return
        is_first = True
        ways = self._pages_of(state, items[at], at + 1, name, earlier)
        for sents, filled in ways:
            rest = self._fill_from(state, filled, name, at + 1, (*earlier, *sents))
            for more, whole in rest:
                yield (*sents, *more), whole
                if not is_first and (len(items) > 2 or name not in self._related):
                    break
            is_first = False

    def _item_of(
        self,
        state: State,
        journey: Journey,
        name: str,
        number: int,
        earlier: tuple[Sent, ...],
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield the list with a new item, once for each class of answers."""
        repeat = journey.bind(name)
        assert isinstance(repeat, BoundRepeat)
        item = repeat.new_item(f"item-{number}")
        yield from self._pages_of(state, item, number, name, earlier)

    def _pages_of(
        self,
        state: State,
        item: BoundItem,
        number: int,
        name: str,
        earlier: tuple[Sent, ...],
    ) -> Iterator[tuple[tuple[Sent, ...], Journey]]:
        """Yield an item filled in on all its pages, once for each class of answers.

        ``earlier`` is what was sent for the items before it.
        """
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
                if done > MOST_WAYS:
                    self.untried[name] = (
                        f"there are more than {MOST_WAYS} ways to fill in an item that "
                        "code may tell apart, and no more were tried. Give fewer "
                        "answers of its fields (samples)."
                    )
                    return
                yield sents, walk.whole
                continue
            at = Sent(name, {}, number, page.name)
            self.met.setdefault(at.key, state)
            if page.step.ends:
                self.left.add(at.key)
                continue
            before = (*earlier, *sents)
            for sent, onward in self._fill_page(state, walk, page, at, before):
                self.left.add(at.key)
                ways.append(((*sents, sent), onward))

    def _note_item(self, state: State, walk: Walk[Any], name: str) -> None:
        for bound in walk.met:
            place = f"{name}.{bound.name}" if bound.name else name
            self.readers.reads[place].update(bound.all_reads)
            if not bound.applies:
                self.spared.add(place)

    # What was found

    def told(self, way: Iterable[Sent]) -> Iterator[str]:
        """Yield what was sent as lines, without the fields that nothing reads.

        Passwords, hidden fields and constants that are in no code are not told.
        """
        counted = {
            self.readers.fork_of(path)
            for read in self.readers.reads.values()
            for path in read
        }
        items: dict[str, int] = {}
        for sent in way:
            read = self.readers.of_page(sent)
            place = f"{sent.step} {sent.item}" if sent.item else sent.step
            place = f"{place}.{sent.page}" if sent.page else place
            items[sent.step] = max(sent.item, items.get(sent.step, 0))
            if not sent.item and Fork(sent.step, "", COUNT) in counted:
                number = items[sent.step]
                yield f"{place}: {number} item{'' if number == 1 else 's'}"
            for name in read:
                if name == NAMES:
                    continue
                inputs = [
                    n for n in sent.values if n == name or n.startswith(f"{name}-")
                ]
                for each in inputs:
                    is_secret = (sent.key, each) in self._secret
                    texts = sent.values[each]
                    told = CONCEALED if is_secret else self._shown(texts)
                    yield f"{place}.{each} = {told}"
                if not inputs:
                    file = sent.files.get(name)
                    yield f"{place}.{name} = {file.filename if file else 'nothing'}"

    def _shown(self, texts: Candidate) -> str:
        """Return what was sent for a field, unless it is near a constant to hide."""
        for hidden in self._unwritten:
            for text in texts:
                is_near = isinstance(hidden, str) and hidden[:-1] in text
                if is_near or text in (str(hidden), *_beside(hidden)):
                    return CONCEALED
        return ", ".join(texts)

    def redacted(self, text: str) -> str:
        """Return a message without the constants that are in no code."""
        for hidden in sorted(map(str, self._unwritten), key=len, reverse=True):
            text = text.replace(hidden, CONCEALED)
        return text

    @cached_property
    def _unwritten(self) -> list[Any]:
        """The constants of functions and validators that do not stand in their code."""
        steps = [each for step in self.wizard.steps for each in (step, *step.pages)]
        functions = [f for step in steps for f in functions_of(step)]
        forms = [form for step in steps for form in step.fixed_forms]
        functions += [judge for form in forms for judge in judges_of(form)]
        functions += [*self.properties.values(), self.wizard.validate]
        return [
            value
            for value in unwritten_in(functions)
            if (len(value) > 3 if isinstance(value, str) else abs(value) >= SMALL)
        ]

    def ways(self) -> list[WayThrough]:
        """Return ways that take each turn that there is, the shortest first."""
        found: dict[str, WayThrough] = {}
        for state in [*self.states.values()]:
            for sent, after in state.onward:
                rest, end = after.rest
                if end.end == "refused":
                    continue
                whole = (*state.way, *sent, *rest)
                at = "" if end.end == "commit" else end.step
                found.setdefault(key_of(whole), WayThrough(whole, end.end, at))
        return sorted(found.values(), key=lambda way: len(way.sent))


def _repeats(leaf: Field) -> str | None:
    """Return the full name of the field that another must be equal to, if any."""
    for validator in leaf.validators:
        other: object = getattr(validator, "fieldname", None)
        if isinstance(other, str):
            return f"{leaf.name.removesuffix(leaf.short_name)}{other}"
    return None


def _beside(number: Any) -> tuple[str, ...]:
    """Return the numbers that are tried for their neighbour."""
    if isinstance(number, str):
        return ()
    return f"{number - 1}", f"{number + 1}"


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
