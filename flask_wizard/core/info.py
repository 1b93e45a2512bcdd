"""Info and Exit: pages without a form, and each bound to a draft."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import KW_ONLY, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Self

from msgspec.structs import replace

from .answers import Answers, Dependencies, Shown
from .draft import Entry, Kept, Path
from .forms import Values
from .hooks import OWN_ERRORS, check_functions, check_result, hook_error
from .steps import AnyStep, BoundStep, Condition

if TYPE_CHECKING:
    from .journey import Walk

PRESSED = b"pressed"
"""The digest of an entry that the Continue of an Info has made."""


@dataclass(frozen=True, eq=False)
class Info(AnyStep):
    """A page without a form. It is done when its Continue was pressed."""

    _: KW_ONLY
    #: Returns whether the page applies, by the answers; ``None`` if it always does.
    when: Condition | None = None

    page: ClassVar[str] = "info"

    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundInfo:
        """Bind the page to the draft of a journey."""
        reads: Dependencies = set()
        applies: object = self.when is None
        if self.when is not None and reached:
            try:
                applies = self.when(Answers(journey, position, reads))
            except OWN_ERRORS as error:
                raise hook_error(error) from error
            applies = check_result(applies, f"The condition of {self.name!r}")
        opens = reached and bool(applies)
        return BoundInfo(
            self,
            journey,
            position,
            entry,
            reads=reads,
            applies=bool(applies),
            opens=opens,
        )

    @property
    def plain_digest(self) -> bytes | None:
        """The digest of the entry of an Info without a condition."""
        return PRESSED if self.when is None and not self.ends else None

    def named(self, name: str, wizard: str) -> Self:
        """Return a copy under the name of its attribute.

        Raises DefinitionError if ``when`` is no function of the answers.
        """
        check_functions(self, {"when": ("answers",)}, f"{wizard}.{name}")
        return super().named(name, wizard)


@dataclass(frozen=True, eq=False)
class Exit(Info):
    """An end without a commit. While it applies, no step after it opens.

    The draft stays, so that the visitor can go back and change an answer.
    """

    page: ClassVar[str] = "exit"
    ends: ClassVar[bool] = True


class BoundInfo(BoundStep):
    """An Info or an Exit bound to a draft."""

    step: Info

    def __init__(
        self,
        step: Info,
        journey: Walk[Any],
        position: int,
        entry: Entry | None,
        *,
        reads: Dependencies,
        applies: bool,
        opens: bool,
    ) -> None:
        self.step = step
        self.journey = journey
        self.position = position
        self.entry = entry
        self.reads = reads
        self.applies = applies
        self.opens = opens

    @property
    def answers(self) -> Answers:
        """The answers before the page."""
        return Answers(self.journey, self.position, Shown())

    @property
    def all_reads(self) -> Iterable[Path]:
        """What its condition has read."""
        return self.reads

    @property
    def done(self) -> bool:
        """True if Continue was pressed on this page, which is no Exit."""
        entry = self.entry
        return (
            entry is not None
            and entry.accepted
            and entry.read_digest == PRESSED
            and not (self.step.ends or self.waits_for)
        )

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundInfo | None:
        """Return the page as its Continue leaves it. Other buttons change nothing."""
        if not (validate and self.opens) or self.step.ends:
            return None
        # What a former step of that name was sent stays: a deploy may bring it back.
        kept = self.entry or Entry(sent=False)
        pressed = replace(
            kept.with_messages({}),
            rev=kept.rev + 1,
            accepted=True,
            read=(),
            read_digest=PRESSED,
        )
        return BoundInfo(
            self.step,
            self.journey,
            self.position,
            pressed,
            reads=self.reads,
            applies=self.applies,
            opens=self.opens,
        )

    def prefill(self) -> BoundStep:
        """Return the page read, in a draft that was sent back: it was once."""
        if self.entry is not None or not self.journey.whole_draft.reopened:
            return self
        read = self.submit(Values(), validate=True, autosave=True)
        return read if read is not None else self

    def prefill_draft(self, draft: Kept) -> Kept:
        """Return the draft with the page read, if it was once."""
        return self.write_to(draft) if self.name not in draft.entries else draft

    def write_to(self, draft: Kept) -> Kept:
        """Return the draft with the entry of this page."""
        if self.entry is None:
            return draft
        return draft.with_entries({self.name: self.entry})
