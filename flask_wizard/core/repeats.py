"""Repeats: a list of items as one step, each item filled in on its own pages."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import KW_ONLY, dataclass, field
from typing import Any, ClassVar, Self

from msgspec import Raw, msgpack
from msgspec.structs import replace
from wtforms import Form

from ..cached import cached_property
from ..catalogues import message
from ..errors import DefinitionError, StepError
from .answers import Answers, Dependencies, Shown
from .draft import Before, Entry, Kept, Path, StoredItem, pack
from .form_steps import Step
from .forms import Values
from .hooks import OWN_ERRORS, check_hook, check_result, hook_error
from .items import NEW_ITEM, BoundItem, Item, ItemWalk, derive_id
from .journey import Walk
from .rows import Row
from .signatures import field_names
from .steps import ABSENT, AnyStep, BoundStep, Changes, Condition, Steps, UrlOf, encode
from .texts import Texts

NONE = message("None")
"""What the check page says of a list without items."""

PASSED = {"when": "answers", "over": "answers", "label": "item"}
"""What the wizard passes to the functions of a list itself."""


@dataclass(frozen=True, eq=False)
class Repeat(AnyStep):
    """A list of items, each filled in with one form, or on the pages of an ``Item``."""

    #: A form class, a function of the answers that returns one, or an ``Item`` class.
    form: Any
    _: KW_ONLY
    #: How many items there must be at least.
    min: int = 0
    #: How many items there may be; ``None`` for any number.
    max: int | None = None
    #: Returns (key, label) pairs by the answers, if there is one item for each of
    #: them, so that the visitor adds and removes none.
    over: Callable[[Any], Iterable[tuple[str | int, object]]] | None = None
    #: In a prefilled wizard, the attribute or key that tells apart the objects that
    #: ``initial`` returns a list of; ``None`` if their position does.
    key: str | None = None
    #: What one item is called, such as ``pet``.
    singular: str = ""
    #: The text of the button that adds an item. The default is such as "Add a pet", or
    #: "Add another pet" if there are some.
    add_label: str = ""
    #: Returns what tells an item from the others, by its record.
    label: Callable[[Any], object] | None = None
    #: Returns whether the list applies, by the answers; ``None`` if it always does.
    when: Condition | None = None
    #: Sets late choices, labels and validators on an item's form, as of a Step.
    prepare: Callable[[Any, Any], object] | None = None
    #: Returns the arguments by which an item's form is built, as of a Step.
    kwargs: Callable[[Any], Mapping[str, Any]] | None = None
    #: False if a commit trusts the Continue of an item, as of a Step.
    revalidate: bool = True
    #: By the name of a field, its former name, as of a Step.
    fields_were: Mapping[str, str | Sequence[str]] = field(default_factory=dict)
    #: The pages of an item. ``named`` sets them.
    pages: Steps = field(default=Steps(), repr=False)

    page: ClassVar[str] = "list"
    has_answers: ClassVar[bool] = True

    @property
    def item(self) -> type[Item] | None:
        """The class of its items, if they have several pages."""
        is_class = isinstance(self.form, type) and issubclass(self.form, Item)
        return self.form if is_class else None

    @property
    def former_fields(self) -> Mapping[str, Sequence[str]]:
        """The former names of the fields of the first page: it may have been a step."""
        return self.pages[0].former_fields

    @property
    def fixed_forms(self) -> Sequence[type[Form]]:
        """The form classes of its pages that are the same whatever the answers are."""
        return [form for page in self.pages for form in page.fixed_forms]

    @property
    def takes_files(self) -> bool:
        """True if its pages may have fields to choose files with."""
        return self.pages.take_files

    @property
    def is_fixed(self) -> bool:
        """True if the visitor adds and removes no items."""
        return self.over is not None

    @property
    def may_be_left_out(self) -> bool:
        """True if the answers decide whether it applies: an empty list does not."""
        return self.when is not None or self.over is not None

    def add_text(self, count: int, texts: Texts) -> str:
        """Return the text of the button that adds an item to so many."""
        if self.add_label:
            return str(self.add_label)
        name = str(self.singular)
        if count:
            return texts.text("Add another {name}", name=name)
        if name[:1].lower() in "aeiou":
            return texts.text("Add an {name}", name=name)
        return texts.text("Add a {name}", name=name)

    def numbered(self, number: int) -> str:
        """Return what an item without a label is called, such as "Pet 2"."""
        name = str(self.singular)
        return f"{name[:1].upper()}{name[1:]} {number}"

    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundRepeat:
        """Bind the list to the draft of a journey."""
        reads: Dependencies = set()
        applies, keys = self.when is None, dict[str, str]()
        if reached:
            answers = Answers(journey, position, reads)
            try:
                if self.when is not None:
                    where = f"The condition of {self.name!r}"
                    applies = bool(check_result(self.when(answers), where))
                if applies and self.over is not None:
                    stored: Sequence[str] = ()
                    if self.former_names:
                        stored = [item.id for item in journey.draft.items(self.name)]
                    keys = self._keys(self.over(answers), stored)
                    applies = bool(keys)
            except OWN_ERRORS as error:
                raise hook_error(error) from error
        bound = BoundRepeat(
            step=self,
            journey=journey,
            position=position,
            reads=reads,
            applies=applies,
            opens=reached and applies,
            entry=entry,
            keys=keys,
        )
        bound.carry_over()
        return bound

    def _keys(
        self, found: Iterable[tuple[str | int, object]], stored: Sequence[str]
    ) -> dict[str, str]:
        """Return the labels of the items of an earlier answer by the items' ids.

        ``stored`` has the ids of items that may stem from a former name of the list.
        """
        keys: dict[str, str] = {}
        for pair in found:
            try:
                key, label = pair
            except (TypeError, ValueError):
                key = label = None  # type: ignore[assignment]  # refused below
            if type(key) not in (str, int):
                raise DefinitionError(
                    f"over of the list {self.name!r} returned {type(pair).__name__} "
                    "among its items. Expected pairs of a key, which is a string or a "
                    "whole number, and a label."
                )
            ids = [
                derive_id("over", name, type(key).__name__, str(key))
                for name in (self.name, *self.former_names)
            ]
            item_id = next((each for each in ids if each in stored), ids[0])
            if item_id in keys:
                raise DefinitionError(
                    f"over of the list {self.name!r} returned one key twice. Each "
                    "item needs a key of its own."
                )
            keys[item_id] = str(label)
        return keys

    def key_of(self, source: Any, position: int) -> str | int:
        """Return what tells an object apart that an item begins with."""
        if self.key is None:
            return position
        is_mapping = isinstance(source, Mapping)
        key = source.get(self.key) if is_mapping else getattr(source, self.key, None)
        if not isinstance(key, str | int) or isinstance(key, bool):
            raise DefinitionError(
                f"initial returned an object for the list {self.name!r} whose "
                f"{self.key!r} is a {type(key).__name__}. Expected a string or a whole "
                "number that tells it from the others, as key= says."
            )
        return key

    def no_answers(self, reads: Dependencies, inside: tuple[str, ...] = ()) -> Any:
        """Return what a reader gets if the list does not count: no items."""
        reads.add((self.name, ""))
        return ()

    def named(self, name: str, wizard: str) -> Self:
        """Return a copy under the name of its attribute.

        Raises DefinitionError if it is declared wrongly as far as can be seen.
        """
        where = f"{wizard}.{name}"
        self._check_bounds(where)
        for hook_name, passed in PASSED.items():
            if (hook := getattr(self, hook_name)) is not None:
                check_hook(hook, f"{hook_name} of {where}", passed)
        words = name.replace("_", " ")
        singular = self.singular or (
            words[:-1] if words.endswith("s") and not words.endswith("ss") else "item"
        )
        named = super().named(name, wizard)
        pages = self._pages_of(singular, where)
        object.__setattr__(named, "singular", singular)
        object.__setattr__(named, "pages", pages)
        return named

    def _check_bounds(self, where: str) -> None:
        least, most = self.min, self.max
        if type(least) is not int or least < 0:
            raise DefinitionError(
                f"{where} has min={least!r}. Expected a whole number from 0."
            )
        if most is not None and (type(most) is not int or most < max(1, least)):
            raise DefinitionError(
                f"{where} has max={most!r} and min={least}. Expected a whole number "
                "from 1 that is not below min, or None."
            )
        if self.over is not None and (least, most) != (0, None):
            raise DefinitionError(
                f"{where} has over=, which says how many items there are, and min= or "
                "max= as well. Leave these out."
            )

    def _pages_of(self, singular: str, where: str) -> Steps:
        """Return the pages of an item: those of the Item, or one without a name."""
        if self.item is None:
            step = Step(
                self.form,
                title=singular[:1].upper() + singular[1:],
                prepare=self.prepare,
                kwargs=self.kwargs,
                revalidate=self.revalidate,
                words=self.words,
                fields_were=self.fields_were,
            )
            page = step.named("", where)
            if page.fixed_form and "item_id" in field_names(page.fixed_form):
                raise DefinitionError(
                    f"{where}: {page.fixed_form.__name__} has a field 'item_id', which "
                    "every item of a list has as an attribute. Give it another name."
                )
            return Steps((page,))
        for name in ("prepare", "kwargs", "fields_were"):
            if getattr(self, name):
                raise DefinitionError(
                    f"{where} has {name}=, and its items have several pages. Give it "
                    f"to the step of {self.item.__name__} whose form it is for."
                )
        if not self.revalidate:
            raise DefinitionError(
                f"{where} has revalidate=False, and its items have several pages. Give "
                f"it to the step of {self.item.__name__} that must be trusted."
            )
        if not self.item.steps:
            raise DefinitionError(
                f"{where}: {self.item.__name__} has no steps. Declare at least one."
            )
        return self.item.steps

    def check_among(self, steps: Steps, wizard: str) -> None:
        """Raise DefinitionError if a page of an item has the name of a step."""
        if taken := sorted({*self.pages.names} & {*steps.names}):
            raise DefinitionError(
                f"{wizard}.{self.name}: its items have a page {taken[0]!r}, and the "
                "wizard has a step of that name, so that answers could mean either. "
                "Give one of them another name."
            )


@dataclass(eq=False, repr=False, kw_only=True)
class BoundRepeat(BoundStep):
    """A Repeat bound to a draft. Its entry tells whether its Continue was accepted."""

    step: Repeat
    journey: Walk[Any]
    position: int
    #: What its condition and ``over`` read. They run in each request.
    reads: Dependencies
    applies: bool
    opens: bool
    entry: Entry | None
    #: With ``over``: the labels of the items by their ids, in order.
    keys: Mapping[str, str]
    #: The stored items, if they are not those of the draft.
    changed: tuple[StoredItem, ...] | None = None
    still_holds: bool = False
    #: True if its items are what it began with, which is not stored yet.
    is_prefilled: bool = False

    @property
    def answers(self) -> Answers:
        """The answers before the list."""
        return Answers(self.journey, self.position, Shown())

    @property
    def all_reads(self) -> Iterable[Path]:
        """What its condition and its items have read."""
        inside = (path for item in self.stored_items for path in item.read)
        return {*self.reads, *inside}

    def find_reads(self) -> Iterable[Path]:
        """Build the page of an item, and return what it and the condition read."""
        if self.done:
            return self.all_reads
        item = self.first_unfinished or self.new_item(NEW_ITEM)
        page = item.page()
        return {*self.all_reads, *(page.find_reads() if page is not None else ())}

    def wait_for(self, names: tuple[str, ...]) -> None:
        """Take it as one that waits until the steps of these names are done."""
        super().wait_for(names)
        self.done = False

    def carry_over(self) -> None:
        """Take over what was filled in while the list, or an item, was one form."""
        stored = self.stored_items
        first = self.step.pages[0].name
        entry = self.entry
        if entry is not None and entry.raw and not self.step.is_fixed:
            # Otherwise the item would be there again after it was removed.
            self.entry = Entry(accepted=entry.accepted, rev=entry.rev, sent=False)
            known = [
                item.entries[first].raw for item in stored if first in item.entries
            ]
            if entry.raw not in known:
                # If there are items, the release before has asked the step anew.
                ids, parts = {item.id for item in stored}, ["was a step", self.name]
                while (item_id := derive_id(*parts)) in ids:
                    parts.append("")
                item = StoredItem(item_id).with_entries({first: entry})
                self.changed = stored = (*stored, item)
        if first and any("" in item.packed_entries for item in stored):
            self.changed = tuple(_with_first_page(item, first) for item in stored)

    # The items

    @property
    def stored_items(self) -> tuple[StoredItem, ...]:
        """All items that are stored, those without a key of ``over`` included."""
        if self.changed is not None:
            return self.changed
        found: tuple[StoredItem, ...] = self.journey.draft.items(self.name)
        return found

    @cached_property
    def items(self) -> tuple[BoundItem, ...]:
        """The items that count, in order."""
        stored = self.stored_items
        if not self.step.is_fixed:
            return tuple(BoundItem(self, item, n) for n, item in enumerate(stored, 1))
        by_id = {item.id: item for item in stored}
        return tuple(
            BoundItem(
                self,
                by_id.get(item_id) or StoredItem(item_id),
                number,
                given_label=label,
            )
            for number, (item_id, label) in enumerate(self.keys.items(), 1)
        )

    def find(self, item_id: str) -> BoundItem | None:
        """Return an item by its id; None if there is none, or no more."""
        return next((item for item in self.items if item.id == item_id), None)

    def hidden_item(self, item_id: str) -> BoundItem:
        """Return an item of an earlier answer that leads to it no more, or not yet."""
        stored = {item.id: item for item in self.stored_items}
        found = stored.get(item_id) or StoredItem(item_id)
        return BoundItem(self, found, len(self.items) + 1)

    def new_item(self, item_id: str) -> BoundItem:
        """Return an item that does not exist yet, at the end of the list."""
        return BoundItem(self, StoredItem(item_id), len(self.items) + 1, is_new=True)

    @property
    def add_label(self) -> str:
        """The text of the button that adds an item; empty if none can be added."""
        return "" if self.is_full else self.step.add_text(len(self.items), self.texts)

    @property
    def is_full(self) -> bool:
        """True if no item can be added."""
        most = self.step.max
        return self.step.is_fixed or (most is not None and len(self.items) >= most)

    @property
    def first_unfinished(self) -> BoundItem | None:
        """The first item that is not done."""
        return next((item for item in self.items if not item.done), None)

    def with_item(self, walk: ItemWalk) -> BoundRepeat:
        """Return the list with an item as a walk over its pages has left it.

        A new item is added at the end, unless nothing was filled in of it.
        """
        stored, items = walk.finish(), list(self.stored_items)
        positions = {item.id: position for position, item in enumerate(items)}
        if stored.id in positions:
            items[positions[stored.id]] = stored
        elif stored.packed_entries:
            items.append(stored)
        return self._with_items(items)

    def without_item(self, item_id: str) -> BoundRepeat:
        """Return the list without an item."""
        return self._with_items(i for i in self.stored_items if i.id != item_id)

    def _with_items(self, items: Iterable[StoredItem]) -> BoundRepeat:
        # Messages about the list are about the items that it had.
        entry = self.entry.with_messages({}) if self.entry is not None else None
        return self._copy(entry, tuple(items))

    def _copy(
        self, entry: Entry | None, items: tuple[StoredItem, ...] | None
    ) -> BoundRepeat:
        return BoundRepeat(
            step=self.step,
            journey=self.journey,
            position=self.position,
            reads=self.reads,
            applies=self.applies,
            opens=self.opens,
            entry=entry,
            keys=self.keys,
            changed=items,
        )

    # What it began with

    def prefill(self) -> BoundRepeat:
        """Return the list with an item for each object that ``initial`` returns.

        It is done if all of them are valid, and as many as there may be. The items of
        an earlier answer begin with something only while a draft is sent back: in its
        visitor's requests ``initial`` is not called for them.
        """
        is_begun = self.entry is not None or self.stored_items
        if is_begun or self.journey.initial is None:
            return self
        is_sent_back = self.name in self.journey.passable
        if self.step.is_fixed and not is_sent_back:
            return self
        answers = Answers(self.journey, self.position, self.reads)
        found: Any = self.journey.initial(self.name, answers)
        if found is None:
            return self
        if self.step.is_fixed:
            return self._prefill_fixed(list(found))
        began: dict[str, list[str]] = {}
        items = []
        for position, source in enumerate(found):
            key = self.step.key_of(source, position)
            item_id = derive_id("prefilled", self.name, type(key).__name__, str(key))
            if item_id in began:
                raise DefinitionError(
                    f"initial returned two objects of one key for the list "
                    f"{self.name!r}. Name what tells them apart with key=."
                )
            began[item_id] = [type(key).__name__, str(key)]
            stored = StoredItem(item_id)
            item = BoundItem(self, stored, position + 1, source=source)
            item.walk.begin()
            items.append(item.walk.finish())
        return self._filled(began, items)

    def _prefill_fixed(self, found: list[Any]) -> BoundRepeat:
        """Return the list with what its items were, in the order of ``over``.

        Raise DefinitionError if there are more of them than ``over`` has keys for.
        """
        if len(found) > len(self.keys):
            raise DefinitionError(
                f"There is data for {len(found)} items of {self.name!r}, and over has "
                f"{len(self.keys)} keys for these answers."
            )
        items = []
        for position, item_id in enumerate(self.keys):
            source = found[position] if position < len(found) else None
            item = BoundItem(self, StoredItem(item_id), position + 1, source=source)
            item.walk.begin()
            items.append(item.walk.finish())
        began = {item.id: ["int", str(number)] for number, item in enumerate(items)}
        return self._filled(began, items)

    def _filled(
        self, began: dict[str, list[str]], items: list[StoredItem]
    ) -> BoundRepeat:
        """Return the list with items that it begins with, done if it may be."""
        entry = Entry(packed_before=pack(Before(began)), sent=False)
        filled = self._copy(entry, tuple(items))
        entry = replace(entry, accepted=not filled.problems)
        filled = self._copy(entry, tuple(items))
        filled.is_prefilled = True
        return filled

    def prefill_draft(self, draft: Kept) -> Kept:
        """Return the draft of a prefilled wizard with what the list begins with."""
        if self.is_prefilled:
            return self.write_to(draft)
        if self.name in draft.entries or not self.opens:
            return draft
        return draft.with_entries({self.name: Entry(sent=False)})

    def changes(self) -> Changes | None:
        """Return which items were added, changed and removed."""
        before = self.entry.before if self.entry is not None else None
        began = before.raw if before is not None else {}
        keys = {
            item_id: int(key) if kind == "int" else key
            for item_id, (kind, key) in began.items()
        }
        items = {item.id: item for item in self.items} if self.applies else {}
        changed = {keys[n]: items[n].changes() for n in items if n in keys}
        found = {
            "added": [
                item.data(conceal=True) for n, item in items.items() if n not in keys
            ],
            "changed": {key: told for key, told in changed.items() if told},
            "removed": [key for n, key in keys.items() if n not in items],
        }
        return found if any(found.values()) else None

    # Is it done?

    @cached_property
    def done(self) -> bool:
        """True if its Continue was accepted, and its items and their number fit."""
        if self.entry is None or not self.entry.accepted or self._number_problem:
            return False
        is_done = self.first_unfinished is None
        self.still_holds = is_done and any(item.still_holds for item in self.items)
        return is_done

    @property
    def _number_problem(self) -> str:
        count, least, most = len(self.items), self.step.min, self.step.max
        if least <= count <= (count if most is None else most):
            return ""
        if most is not None and count > most:
            return self.texts.text(
                "There can be at most {most}. Remove {number}.",
                most=most,
                number=count - most,
            )
        if least == 1:
            name = str(self.step.singular)
            return self.texts.text("Add at least one {name}.", name=name)
        return self.texts.text(
            "There must be at least {least}. Add {number} more.",
            least=least,
            number=least - count,
        )

    @property
    def problems(self) -> dict[str, list[str]]:
        """What keeps it from being done, by the id of an item; "" is the whole list."""
        found = {"": [self._number_problem]} if self._number_problem else {}
        unfinished = [item for item in self.items if not item.done]
        return found | {
            item.id: [self.texts.text("Finish {name}.", name=item.name)]
            for item in unfinished
        }

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundRepeat:
        """Return the list, accepted by its Continue if nothing is missing."""
        entry = self.entry
        if validate and self.opens:
            errors = self.problems
            before = entry.packed_before if entry is not None else b""
            accepted = Entry(
                accepted=not errors,
                rev=self.rev + 1,
                packed_before=before,
                sent=False,  # a deploy may make it a step, which is to be asked
            )
            language = self.journey.texts.language if errors else ""
            entry = accepted.with_messages(errors, language)
        elif entry is not None and not autosave:
            entry = replace(entry, rev=entry.rev + 1)
        return self._copy(entry, self.changed)

    def reopen(self) -> BoundRepeat:
        """Return the list before its Continue is pressed again."""
        entry = replace(self.entry, accepted=False) if self.entry is not None else None
        return self._copy(entry, self.changed)

    def write_to(self, draft: Kept) -> Kept:
        """Return the draft with the items and the entry of the list."""
        if self.changed is not None:
            draft = draft.with_items(self.name, self.changed)
        if self.entry is None:
            return draft
        return draft.with_entries({self.name: self.entry})

    def refresh_dependencies(self, draft: Kept) -> Kept:
        """Return the draft with what its items read now, if they ``still_hold``."""
        held = {item.id: item for item in self.items if item.still_holds}
        if not held:
            return draft
        return draft.with_items(
            self.name,
            [
                held[item.id].walk.finish() if item.id in held else item
                for item in self.stored_items
            ],
        )

    def _stored_in(self, draft: Kept) -> Sequence[StoredItem]:
        """Return the items of a draft, also if they were one form until a deploy."""
        return self.changed if self.changed is not None else draft.items(self.name)

    # Errors of a commit

    @property
    def trusted(self) -> bool:
        """True if a commit takes it as it is."""
        return not self._number_problem and all(item.trusted for item in self.items)

    def reject(
        self, draft: Kept, errors: Mapping[str, list[str]], *, told: bool = False
    ) -> Kept:
        """Return the draft with each page open again that is not valid.

        So is the list if it has too few items, or too many. ``errors`` are its own.
        """
        items = []
        for stored in self._stored_in(draft):
            item = self.find(stored.id)
            path = item.walk.path if item is not None else ()
            for page in path:
                if not (page.done and page.trusted):
                    stored = _rejected(stored, page, page.errors)
            items.append(stored)
        draft = draft.with_items(self.name, items)
        if not self._number_problem:
            return draft
        return super().reject(draft, errors, told=told)

    @property
    def errors(self) -> dict[str, list[str]]:
        """Messages by the id of an item; the empty name stands for the whole list.

        An item that has been finished since has none.
        """
        found = super().errors
        if self.other_language and self.entry is not None and not self.entry.told:
            return self.problems
        done = {item.id for item in self.items if item.done}
        return {name: texts for name, texts in found.items() if name not in done}

    def send_back(self, draft: Kept, error: StepError) -> Kept:
        """Return the draft with a page of an item open again, or else the list."""
        page, field_name = self._page_of(error)
        if page is None:
            return super().reject(draft, {"": [error.message]}, told=True)
        errors = {page.error_name(field_name): [error.message]}
        items = [
            _rejected(stored, page, errors, told=True)
            if stored.id == error.item
            else stored
            for stored in self._stored_in(draft)
        ]
        return draft.with_items(self.name, items)

    def landing(self, error: StepError | None) -> BoundStep:
        """Return the page that a commit sends the visitor back to."""
        if error is not None:
            return self._page_of(error)[0] or self
        item = next((item for item in self.items if not item.trusted), None)
        return item.page_to_mend() if item is not None else self

    def _page_of(self, error: StepError) -> tuple[BoundStep | None, str | None]:
        """Return the page that a StepError names, and the field; no page for the list.

        Raise DefinitionError if there is no such item, page or field.
        """
        if error.item is None:
            if error.field:
                raise DefinitionError(
                    f"A StepError names the field {error.field!r} of the list "
                    f"{self.name!r}, and no item. Pass item=, such as "
                    "item=answers.pets[0].item_id, or leave the field out."
                )
            return None, None
        item = self.find(str(error.item))
        if item is None:
            raise DefinitionError(
                f"A StepError names the item {error.item!r}, which the list "
                f"{self.name!r} does not have. Pass the item_id of one of its records."
            )
        path = {bound.name: bound for bound in item.walk.path}
        if self.step.item is None:
            page, field_name = path[""], error.field
        else:
            first, _, inner = (error.field or next(iter(path))).partition(".")
            if first not in path:
                raise DefinitionError(
                    f"A StepError names {error.field!r} of an item of {self.name!r}. "
                    f"Expected one of its pages first ({', '.join(path)}), and then "
                    "the field, as in 'who.name'."
                )
            page, field_name = path[first], inner
        page.error_name(field_name)
        return page, field_name

    # Answers

    @property
    def submitted(self) -> object | None:
        """What was submitted, to be hashed; None if there are no items."""
        if not self.stored_items:
            return None
        return [(item.id, item.submitted) for item in self.items]

    def record(self, reads: Dependencies) -> Any:
        """Return the records of the items, in order; none if the list is not done."""
        if not (self.applies and self.done):
            return self.step.no_answers(reads)
        reads.add((self.name, ""))
        return tuple(item.record(reads) for item in self.items)

    def serialize(self, *inner: str) -> bytes:
        """Return which items there are, or a field of one of them, to be hashed."""
        if not (self.applies and self.done):
            return ABSENT
        if inner == ("",):
            return encode([item.id for item in self.items])
        item = self.find(inner[0]) if inner else None
        return item.serialize_page(*inner[1:]) if item is not None else ABSENT

    def data(self) -> Any:
        """Return the answers as a list of dicts."""
        return [item.data() for item in self.items]

    def files(self) -> Any:
        """Return the uploads as a list of dicts, one for each item."""
        if not self.step.takes_files:
            return {}
        return [item.files() for item in self.items]

    def rows(self, url_of: UrlOf) -> Sequence[Row]:
        """Return its rows on the check page. ``url_of`` returns the URL of a page.

        The first tells how many items there are, and leads to the list.
        """
        count, texts = len(self.items), self.texts
        line = texts.plural("{n} entry", "{n} entries", count)
        if not count:
            line = texts.text(NONE)
        found = [Row(self.name, "", str(self.step.title), (line,), "", url_of(self))]
        for item in self.items:
            heading = item.label_of(item.walk) or item.name
            pages = (page for page in item.walk.path if page.step.has_answers)
            rows = [row for page in pages for row in page.rows(url_of)]
            found += [
                dataclasses.replace(
                    row,
                    step=self.name,
                    item=item.id,
                    heading=heading,
                    page=row.step,
                )
                for row in rows
            ]
        return found


def _with_first_page(item: StoredItem, first: str) -> StoredItem:
    """Return an item of several pages of which the first one was its only form.

    The release before may have asked that form anew, and it has fewer fields.
    """
    if "" not in item.packed_entries:
        return item
    entry = item.entries[""]
    if first in item.entries:
        raw = {**item.entries[first].raw, **entry.raw}
        entry = replace(entry, packed=Raw(msgpack.encode(raw)))
    return item.with_entries({first: entry}).without("")


def _rejected(
    stored: StoredItem,
    page: BoundStep,
    errors: Mapping[str, list[str]],
    *,
    told: bool = False,
) -> StoredItem:
    """Return an item with a page open again, and these messages on it."""
    open_again = page.reject(stored, errors, told=told)
    return replace(open_again, label="", read=(), read_digest=b"", path=())
