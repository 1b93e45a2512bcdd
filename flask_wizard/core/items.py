"""Items: the pages of one item of a list, declared and bound to what was filled in."""

from __future__ import annotations

import hashlib
import logging
from base64 import urlsafe_b64encode
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self, overload

from msgspec.structs import replace

from ..cached import cached_property
from ..errors import DefinitionError, UnknownNameError
from ..tracebacks import without_locals
from .answers import Answers, Dependencies, Record
from .declaration import Declarative, collect_steps
from .draft import Draft, Path, StoredItem, storable
from .journey import Initial, Journey, Walk
from .steps import ABSENT, RESERVED_STEPS, BoundStep, Steps, encode

if TYPE_CHECKING:
    from .repeats import BoundRepeat

logger: logging.Logger = logging.getLogger(__name__)

NEW_ITEM = "new"
"""The name of an item that does not exist yet, in the place of its id."""

REMOVE = "remove"
"""The page on which the visitor confirms that an item is removed."""

RESERVED_PAGES = RESERVED_STEPS | {"item_id"}


def derive_id(*parts: str) -> str:
    """Return an item's id, which is the same for the same parts: 22 characters.

    Ids name items of one draft only. They open nothing, and need not be secret.
    """
    digest = hashlib.blake2b(encode(parts), digest_size=16).digest()
    return urlsafe_b64encode(digest).decode().rstrip("=")


class Item(metaclass=Declarative):
    """An item of several pages, declared as a wizard is: its attributes are the steps.

    It has no hooks. ``Repeat(Child)`` takes it in the place of a form.
    """

    #: The steps, inherited ones included. The class body sets them.
    steps: ClassVar[Steps] = Steps()

    def __init_subclass__(cls, **options: Any) -> None:
        super().__init_subclass__(**options)
        cls.steps = collect_steps(cls, _reason_against)
        for step in cls.steps:
            setattr(cls, step.name, step)
            if step.lists_answers or step.page == "list":
                raise DefinitionError(
                    f"{cls.__name__}.{step.name} is a {type(step).__name__}. The pages "
                    "of an item are steps: a list of items stands in the wizard, and "
                    "so does the review."
                )


def _reason_against(name: str) -> str | None:
    if name in RESERVED_PAGES:
        return "is the name of one of an item's own pages or attributes"
    if name == "steps":
        return "is an attribute of every Item"
    return "starts with an underscore" if name.startswith("_") else None


class ItemRecord(Record):
    """The answers of an item with one form: a record that also has its ``item_id``."""

    __slots__ = ("item_id",)
    item_id: str

    @classmethod
    def of(cls, record: Record, item_id: str) -> ItemRecord:
        """Return a record with the id of its item."""
        found = cls(
            record._step,
            record._names,
            record._values,
            record._dependencies,
            record._inside,
        )
        found.item_id = item_id
        return found


class ItemAnswers(Answers):
    """The answers of an item of several pages: ``child.who.age``."""

    __slots__ = ("item_id",)
    item_id: str

    @property
    def _names(self) -> Sequence[str]:
        return self._journey.steps.readable(self._before)

    def __getitem__(self, name: str) -> Any:
        if name not in self._names:
            raise UnknownNameError(
                f"{self._journey.inside[0]!r} has no page {name!r} with answers. Its "
                f"pages are {', '.join(self._names)}.",
                name=name,
                known=self._names,
            )
        self._journey.walk()
        return super().__getitem__(name)


class ItemsBefore(Sequence[Any]):
    """The finished items before another, as its form sees them. Reads are recorded."""

    def __init__(self, item: BoundItem, reads: Dependencies) -> None:
        self._item = item
        self._reads = reads

    @cached_property
    def _records(self) -> tuple[Any, ...]:
        self._reads.add((self._item.repeat.name, self._item.id))
        return tuple(each.record(self._reads) for each in self._item.finished_before)

    @overload
    def __getitem__(self, index: int) -> Any: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Any]: ...
    def __getitem__(self, index: int | slice) -> Any:
        return self._records[index]

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[Any]:
        return iter(self._records)

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<ItemsBefore {self._item!r}>"


class ItemWalk(Walk[StoredItem]):
    """The pages of one item, bound to what was filled in of it.

    A page may read the pages before it, and the steps before the list.
    """

    def __init__(self, item: BoundItem) -> None:
        self.item = item
        repeat = item.repeat
        super().__init__(
            repeat.step.pages,
            item.stored,
            initial=item.initial,
            bound=repeat.journey.bound,
            max_entries=repeat.journey.max_entries,
            texts=repeat.texts,
            files=repeat.journey.files,
            prefilled=True,
        )
        self.inside: tuple[str, ...] = (repeat.name, item.id)
        self.repeat: BoundRepeat = repeat

    @property
    def whole_draft(self) -> Draft:
        """The draft that has all of this."""
        return self.item.repeat.journey.whole_draft

    @property
    def whole(self) -> Journey:
        """The journey through the whole wizard, with the item as this walk leaves it.

        An item that does not exist yet begins if something was filled in.
        """
        repeat = self.item.repeat.with_item(self)
        journey = self.item.repeat.journey.whole
        return journey.go_on_with(repeat, repeat.write_to(journey.draft))

    def go_on_with(self, after: BoundStep, draft: StoredItem) -> Self:
        """Return the walk as it goes on with another state of one of its pages."""
        onward = super().go_on_with(after, draft)
        after.journey = onward  # which knows that a new item has begun
        return onward

    @property
    def add_label(self) -> str:
        """The text of the button on the last page that adds another item."""
        repeat = self.item.repeat
        count = len(repeat.items) + self.item.is_new
        is_full = repeat.step.is_fixed or count >= (repeat.step.max or count + 1)
        return "" if is_full else repeat.step.add_text(count, repeat.texts)

    @property
    def url_parts(self) -> tuple[str, ...]:
        """The names of the list and the item in URLs."""
        is_begun = self.draft.packed_entries or not self.item.is_new
        return self.item.repeat.url_name, self.item.id if is_begun else NEW_ITEM

    def _reach(self, position: int) -> BoundStep | None:
        # The pages may read answers only if the list opens.
        return super()._reach(position) if self.item.repeat.opens else None

    def readable(self, before: int) -> tuple[str, ...]:
        """Return the names that a page at this position can read answers by."""
        repeat = self.item.repeat
        outside = repeat.journey.readable(repeat.position)
        return (*outside, *super().readable(before))

    def read(self, name: str, before: int, reads: Dependencies) -> Any:
        """Return the answers of a page before, or of a step before the list."""
        if name in self.steps.positions:
            return super().read(name, before, reads)
        repeat = self.item.repeat
        return repeat.journey.read(name, repeat.position, reads)

    def digest(self, signature: bytes, paths: Sequence[Path], *, before: int) -> bytes:
        """Hash a signature, and what ``paths`` stand for inside the item and outside.

        Inside it they lead to pages before the position.
        """
        found = []
        for path in paths:
            if not self._is_own(path):
                found.append(self.item.serialize(path))
                continue
            position = self.steps.positions.get(path[2], before)
            is_met = position < min(before, len(self._walked))
            found.append(self._met(position).serialize(path[3]) if is_met else ABSENT)
        whole = encode([signature, paths, found])
        return hashlib.blake2b(whole, digest_size=16).digest()

    def _is_own(self, path: Path) -> bool:
        """True if a path leads to a page of this item."""
        return len(path) == 4 and path[:2] == self.inside

    def item_meta(self, reads: Dependencies) -> dict[str, Any]:
        """Return what a page's form finds in its ``meta`` about the item."""
        return {"item_id": self.item.id, "items": ItemsBefore(self.item, reads)}

    def finish(self) -> StoredItem:
        """Return the item to store; with its label and what it has read if it is done.

        By these a later request tells that it is done, without a walk over its pages.
        """
        stored, item = self.to_draft(), self.item
        if not item.repeat.opens or self.first_incomplete is not None:
            return replace(stored, label="", read=(), read_digest=b"", path=())
        met = list(map(self._met, range(len(self._walked))))
        paths = {path for bound in met for path in bound.all_reads}
        read = tuple(sorted(path for path in paths if not self._is_own(path)))
        return replace(
            stored,
            label=item.label_of(self),
            read=read,
            read_digest=item.digest(read),
            path=tuple(bound.name for bound in met if bound.applies),
        )


@dataclass(eq=False, repr=False)
class BoundItem:
    """One item of a list, bound to the list and to what was filled in of it."""

    repeat: BoundRepeat
    stored: StoredItem
    #: Its number on the list, from 1.
    number: int
    #: True if it does not exist yet.
    is_new: bool = False
    #: What the earlier answer calls it that it stems from.
    given_label: str = ""
    #: What its pages begin with, if the list has just taken it.
    source: object = None

    @property
    def id(self) -> str:
        """The id, which stands in the item's URLs."""
        return self.stored.id

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<item {self.number} of {self.repeat.name}>"

    @property
    def initial(self) -> Initial | None:
        """What its pages begin with; ``None`` if that is not to be taken."""
        is_begun = self.source is not None or self.stored.packed_entries
        if not self.repeat.journey.prefilled or not is_begun:
            return None
        return lambda page, answers: self._source_of(page)

    def _source_of(self, page: str) -> object:
        """Return what a page begins with: its own part, or all of it.

        A mapping with a part for any page has nothing for those without one.
        """
        source = self.source
        pages = self.repeat.step.pages.names
        parts = source if isinstance(source, Mapping) else {}
        by_page = any(isinstance(parts.get(name), Mapping) for name in pages)
        return parts.get(page) if by_page else source

    @cached_property
    def walk(self) -> ItemWalk:
        """The walk over its pages."""
        return ItemWalk(self)

    @property
    def name(self) -> str:
        """What the list and the pages call it, such as "Rex" or "Pet 2"."""
        label = self.given_label or (self.stored.label if self.done else "")
        return label or self.repeat.step.numbered(self.number)

    def page(self, url_name: str = "") -> BoundStep | None:
        """Return a page by its name in URLs; without one, the first that applies.

        None if there is no page of that name.
        """
        pages = self.repeat.step.pages
        if url_name and url_name not in pages.by_url_name:
            return None
        if url_name:
            return self.walk.bind(pages.by_url_name[url_name].name)
        if self.repeat.opens:
            return self.walk.path[0]
        return self.walk.bind(pages[0].name)

    @cached_property
    def done(self) -> bool:
        """True if all its pages are done.

        The pages are walked only if what they had read has changed.
        """
        if not self.repeat.opens:
            return False
        if self.stored.read_digest:
            if self.stored.read_digest == self.digest(self.stored.read):
                return True
            self.still_holds = self.walk.first_incomplete is None
            return self.still_holds
        return bool(self.stored.packed_entries) and self.walk.first_incomplete is None

    #: True if it was found to be done although what it had read has changed.
    still_holds: bool = False

    @property
    def finished_before(self) -> list[BoundItem]:
        """The items before it on the list that are done."""
        return [item for item in self.repeat.items[: self.number - 1] if item.done]

    # What it reads, and who reads it

    def digest(self, paths: Sequence[Path]) -> bytes:
        """Hash what its forms ask for, and what ``paths`` outside it stand for."""
        whole = self.repeat.step.pages.signatures().whole
        found = [self.serialize(path) for path in paths]
        return hashlib.blake2b(encode([whole, paths, found]), digest_size=16).digest()

    def serialize(self, path: Path) -> bytes:
        """Return what a path outside the item stands for, to be hashed."""
        repeat = self.repeat
        if path[0] != repeat.name:
            return repeat.journey.digest(b"", [path], before=repeat.position)
        if len(path) == 2:
            return encode([item.id for item in self.finished_before])
        found = (item for item in self.finished_before if item.id == path[1])
        before = next(found, None)
        return before.serialize_page(*path[2:]) if before is not None else ABSENT

    def serialize_page(self, page: str = "", *inner: str) -> bytes:
        """Return what was submitted on a page of a finished item, to be hashed."""
        position = self.repeat.step.pages.positions.get(page)
        entry = self.stored.entries.get(page)
        path = self.stored.path
        if self.still_holds:  # what it was when it was stored has changed since
            path = tuple(bound.name for bound in self.walk.path)
        if position is None or page not in path:
            return ABSENT
        step = self.repeat.step.pages[position]
        bound = step.bind(self.walk, position, entry, reached=False)
        bound.take_as_done()
        return bound.serialize(*inner)

    def record(self, reads: Dependencies) -> Any:
        """Return the answers of a finished item as a reader gets them."""
        walk = self.walk
        if self.repeat.step.item is not None:
            answers = ItemAnswers(walk, len(walk.steps), reads)
            answers.item_id = self.id
            return answers
        return ItemRecord.of(walk.bind("").record(reads), self.id)

    def label_of(self, walk: ItemWalk) -> str:
        """Return what ``Repeat.label`` says of a finished item; empty if it fails."""
        label = self.repeat.step.label
        if label is None:
            return ""
        as_filled = BoundItem(self.repeat, walk.draft, self.number)
        as_filled.walk = walk
        try:
            return storable(str(label(as_filled.record(set())) or "")).strip()
        except Exception as error:
            logger.error(
                "label of the list %r failed for one of its items.",
                self.repeat.name,
                exc_info=without_locals(error),
            )
            return ""

    # The end

    @property
    def trusted(self) -> bool:
        """True if a commit takes it as it is: all its pages are done, and valid."""
        if self.walk.first_incomplete is not None:
            return False
        return all(bound.trusted for bound in self.walk.path)

    def page_to_mend(self) -> BoundStep:
        """Return the first page that is not done or not valid, or else the first."""
        path = self.walk.path
        found = (bound for bound in path if not (bound.done and bound.trusted))
        return next(found, path[0])

    def data(self, *, conceal: bool = False) -> Any:
        """Return the answers as a dict; of several pages, by page.

        With ``conceal`` it has no passwords.
        """
        pages = [bound for bound in self.walk.path if bound.step.has_answers]
        found = {b.name: b.concealed() if conceal else b.data() for b in pages}
        return found if self.repeat.step.item is not None else found[""]

    def changes(self) -> dict[str, Any]:
        """Return what was changed of what its pages began with; of several, by page."""
        met = self.walk.met
        found = {bound.name: bound.changes() for bound in met}
        told = {name: changed for name, changed in found.items() if changed}
        return told if self.repeat.step.item is not None else told.get("", {})  # type: ignore[return-value]

    def files(self) -> Any:
        """Return the uploads by field; of several pages, by page."""
        pages = [bound for bound in self.walk.path if bound.step.takes_files]
        if self.repeat.step.item is None:
            return pages[0].files()
        return {bound.name: bound.files() for bound in pages}

    @property
    def submitted(self) -> object:
        """What was submitted, to be hashed."""
        return [(bound.name, bound.submitted) for bound in self.walk.path]
