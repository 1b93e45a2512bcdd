"""Urls: the URLs of a wizard's pages."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from flask import g, url_for

from ..core.steps import RESERVED_STEPS, BoundStep

NEW = "new"
"""The name of a draft that does not exist yet."""

FROM_REVIEW = "check"
"""The value of ``then`` in a change link of the review."""


class Address(NamedTuple):
    """A page of a draft, by the parts of its URL."""

    #: The name of a step in URLs, or of one of the draft's own pages.
    page: str
    draft_id: str = NEW


class Urls(NamedTuple):
    """The URLs of one wizard where it is mounted."""

    #: Returns the URL of a page, by its keywords ``draft`` and ``step``.
    url_for_step: Callable[..., str]
    #: Returns the name of the page that a new draft begins with.
    first_page: Callable[[], str]
    #: Returns the URL of the wizard as a whole, where the mount has one.
    entry_url: Callable[[], str] | None

    def to(self, address: Address, *, then: bool = False, anchor: str = "") -> str:
        """Return the URL of a page; with ``then``, as a change link of the review."""
        url = self.url_for_step(draft=address.draft_id, step=address.page)
        if then:
            url += f"{'&' if '?' in url else '?'}then={FROM_REVIEW}"
        return f"{url}#{anchor}" if anchor else url

    def to_step(
        self, draft_id: str, bound: BoundStep, *, then: bool = False, anchor: str = ""
    ) -> str:
        """Return the URL of a step of a draft; with ``then``, as a change link."""
        address = Address(bound.step.url_name, draft_id)
        return self.to(address, then=then, anchor=anchor)

    @property
    def new(self) -> str:
        """The first page of a new draft."""
        return self.to(Address(self.first_page()))

    @property
    def entry(self) -> str:
        """The page that offers the drafts to continue, where the mount has one."""
        return self.entry_url() if self.entry_url is not None else self.new


def row_anchor(url_name: str) -> str:
    """Return the anchor of a step's answers on the review, by its name in URLs."""
    return f"row-{url_name}"


def url_at_mount(*, draft: str, step: str) -> str:
    """Return the URL of a page of the mount that this request came to."""
    if draft == NEW:
        return url_for(".new", step=step, **g.wizard_prefix)
    if step in RESERVED_STEPS:
        return url_for(f".{step}", draft=draft, **g.wizard_prefix)
    return url_for(".step", draft=draft, step=step, **g.wizard_prefix)
