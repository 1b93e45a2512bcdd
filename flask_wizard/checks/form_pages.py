"""Form pages: what may be sent for the fields of a page, and what of it together."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from wtforms import Form

from ..core.bound_form import BoundFormStep
from ..core.forms import leaves
from .candidates import Candidate, beside, once

Options = Mapping[str, list[Candidate]]
"""What may be sent for fields, by their full names."""

Links = Mapping[str, frozenset[str]]
"""Other fields of the page, by the full names of fields."""

MOST_TRIES = 24  # candidates that a page may refuse, one after another
MOST_JOINED = 300  # of fields whose validators read one another
MOST_BESIDE = 3  # candidates that a field has more of for another one, as counted


@dataclass(eq=False)
class FormPage:
    """A page with a form, and what may be sent for it."""

    bound: BoundFormStep
    form: Form
    #: For each field what may be sent, the likeliest first.
    options: Options
    #: The fields that validators judge together.
    judged: Links
    #: The fields that code compares with one another, those of ``judged`` too.
    compared: Links
    #: What lies beside earlier answers that code compares a field with.
    earlier: Options
    #: The constants that sums of fields are compared with, by the field.
    added: Mapping[str, Collection[Any]] = field(default_factory=dict)

    def combinations(
        self,
        options: Options,
        fixed: Mapping[str, Candidate] | None = None,
        *,
        near_first: bool = False,
    ) -> Iterator[Mapping[str, Candidate]]:
        """Yield what is sent together, for each field one of its options.

        A field that is compared with one before it, or with one that is ``fixed``, also
        gets what lies beside that one; with ``near_first`` before its own options.
        """
        leaves_by_name = {leaf.name: leaf for leaf in leaves(self.form)}
        names = [*options]

        def combined(
            at: int, chosen: dict[str, Candidate]
        ) -> Iterator[Mapping[str, Candidate]]:
            if at == len(names):
                yield {name: chosen[name] for name in names}
                return
            name = names[at]
            near: list[Candidate] = []
            for other in sorted(self.compared.get(name, ())):
                added = self.added.get(name, ())
                near += beside(leaves_by_name[name], chosen.get(other, ()), added)
            own = options[name]
            for candidate in once([*near, *own] if near_first else [*own, *near]):
                yield from combined(at + 1, {**chosen, name: candidate})

        yield from combined(0, {**(fixed or {})})

    def number_of_combinations(self, options: Options) -> int:
        """Return about how many combinations there are."""
        number, names = 1, [*options]
        for at, name in enumerate(names):
            others = self.compared.get(name, frozenset()) & {*names[:at]}
            number *= len(options[name]) + MOST_BESIDE * len(others)
        return number

    def joined_with(
        self, wrong: Iterable[str], pinned: Mapping[str, Candidate]
    ) -> Options:
        """Return the fields to vary together where some are refused for one another.

        ``wrong`` are those that are refused; if there are none, the page as a whole is.
        """
        found = {*wrong} or {*self.judged, *self.earlier}
        found |= {other for name in found for other in self.judged.get(name, ())}
        return {
            name: once([*self.earlier.get(name, ()), *own])
            for name, own in self.options.items()
            if own and name in found and name not in pinned
            if name in self.judged or name in self.earlier
        }


class Tries:
    """What is sent on a page, one try after another until the page accepts it."""

    def __init__(
        self,
        page: FormPage,
        pinned: Mapping[str, Candidate],
        worked: Mapping[str, Candidate],
    ) -> None:
        self.page = page
        #: What is sent in each try.
        self.pinned = pinned
        #: What the page has accepted before, which comes first.
        self.worked = worked
        #: The position of what is sent among the options; -1 for what has worked.
        self.at: dict[str, int] = {
            name: -1 if name in worked else 0 for name in page.options
        }
        #: What is sent together, as validators judge it together.
        self.joined: Mapping[str, Candidate] = {}
        self._rest: Iterator[Mapping[str, Candidate]] | None = None
        self._number = 0

    @property
    def picked(self) -> Mapping[str, Candidate]:
        """What is sent for the fields; not for those that have no options."""
        own = {
            name: found[self.at[name]] if self.at[name] >= 0 else self.worked[name]
            for name, found in self.page.options.items()
            if found
        }
        return {**own, **self.joined, **self.pinned}

    @property
    def fixed(self) -> Mapping[str, Candidate]:
        """What is sent as it is, even if it differs from what it should repeat."""
        return {**self.joined, **self.pinned}

    def go_on(self, wrong: Collection[str]) -> bool:
        """Choose what to send next, after these fields were refused, or the page was.

        Return False if there is nothing else to send.
        """
        self._number += 1
        if self._rest is None and (pulled := self.page.joined_with(wrong, self.pinned)):
            self._rest = self.page.combinations(pulled, self.pinned, near_first=True)
        if self._rest is not None:
            if self._number >= MOST_JOINED:
                return False
            self.joined = next(self._rest, {})
            self._turn([name for name in wrong if name not in self.fixed])
            return bool(self.joined)
        if self._number >= MOST_TRIES or (wrong and not {*wrong} - {*self.pinned}):
            return False
        loose = [name for name in wrong if name not in self.pinned]
        several = [name for name, own in self.page.options.items() if len(own) > 1]
        if not wrong and several:
            loose = [several[self._number % len(several)]]
        return self._turn(loose)

    def _turn(self, names: Iterable[str]) -> bool:
        """Send the next option of these fields; False if none of them has another."""
        before = self.picked
        for name in names:
            if options := self.page.options.get(name):
                self.at[name] = (self.at[name] + 1) % len(options)
        return self.picked != before

    @property
    def were_cut_off(self) -> bool:
        """True if more could be sent together than was tried."""
        return self._rest is not None and next(self._rest, None) is not None
