"""Urls: the URLs of a wizard's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

NEW = "new"
"""The name of a draft that does not exist yet."""

FROM_REVIEW = "check"
"""The value of ``then`` in a change link of the review."""


class Address(NamedTuple):
    """A page of a draft, by the parts of its URL."""

    #: The name of a step in URLs, or of one of the draft's own pages.
    page: str
    draft_id: str = NEW


class Urls:
    """The URLs of one wizard where it is mounted.

    ``url_for_step(draft=..., step=...)`` is given by the mount. ``first_page`` names
    the page that a new draft begins with; it is only asked where that is needed.
    """

    def __init__(
        self,
        url_for_step: Callable[..., str],
        *,
        first_page: Callable[[], str],
        entry: Callable[[], str] | None = None,
    ) -> None:
        self._url_for_step = url_for_step
        self._first_page = first_page
        self._entry = entry

    def to(self, address: Address, *, then: bool = False, anchor: str = "") -> str:
        """Return the URL of a page; with ``then``, as a change link of the review."""
        url = self._url_for_step(draft=address.draft_id, step=address.page)
        if then:
            url += f"{'&' if '?' in url else '?'}then={FROM_REVIEW}"
        return f"{url}#{anchor}" if anchor else url

    @property
    def new(self) -> str:
        """The first page of a new draft."""
        return self.to(Address(self._first_page()))

    @property
    def entry(self) -> str:
        """The page that offers the drafts to continue, where the mount has one."""
        return self._entry() if self._entry is not None else self.new


def row_anchor(url_name: str) -> str:
    """Return the anchor of a step's answers on the review, by its name in URLs."""
    return f"row-{url_name}"
