"""Urls: the URLs of a wizard's pages."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote, unquote_plus

from flask import Request, url_for

from ..core.items import REMOVE
from ..core.steps import BoundStep
from ..core.tasks import TASKS
from ..drafts.holders import is_id

NEW = "new"
"""The name of a draft that does not exist yet."""

DRAFT_PAGES = frozenset({"discard", "receipt", "saved", TASKS})
"""The pages of a draft that are no step's."""

NONCE = "_draft"
"""The name under which pages and URLs carry the nonce of a draft to begin."""

FROM_REVIEW = "check"
"""The value of ``then`` in a change link of the review."""


class Address(NamedTuple):
    """A page of a draft, by the parts of its URL."""

    #: The name of a step in URLs, or of one of the draft's own pages.
    page: str
    draft_id: str = NEW
    #: What the id of a draft that does not exist yet is derived from.
    nonce: str = ""
    #: The id of an item of a list, or ``new``; empty for the list and for other steps.
    item: str = ""
    #: What the id of an item that does not exist yet is derived from.
    item_nonce: str = ""
    #: The name in URLs of a page of an item, or ``remove``; empty for the only page.
    sub: str = ""


class Urls(NamedTuple):
    """The URLs of one wizard where it is mounted."""

    #: Returns the URL of a page, by its keywords ``draft`` and ``step``.
    url_for_step: Callable[..., str]
    #: Returns the name of the page that a new draft begins with.
    first_page: Callable[[], str]
    #: Returns the URL of the wizard as a whole, where the mount has one.
    entry_url: Callable[[], str] | None
    #: Returns the URL of a file, by the draft, the step, the item, which is empty if
    #: there is none, and the file's id. ``None`` where the mount has no such URL.
    file_url: Callable[[str, str, str, str], str] | None = None

    def to(
        self,
        address: Address,
        *,
        then: bool = False,
        anchor: str = "",
        start: str = "",
    ) -> str:
        """Return the URL of a page; with ``then``, as a change link of the review.

        ``start`` is what ``start_of`` returns for a page of the same draft.
        """
        if start and not address.item:
            url = start + quote(address.page)
        elif address.item:
            more = {"item": address.item, "sub": address.sub or None}
            inner = {name: part for name, part in more.items() if part is not None}
            url = self.url_for_step(draft=address.draft_id, step=address.page, **inner)
        else:
            url = self.url_for_step(draft=address.draft_id, step=address.page)
        if then:
            url = add_query(url, f"then={FROM_REVIEW}")
        if address.nonce:
            url = add_query(url, f"{NONCE}={address.nonce}")
        return f"{url}#{anchor}" if anchor else url

    def to_step(
        self, draft_id: str, bound: BoundStep, *, then: bool = False, anchor: str = ""
    ) -> str:
        """Return the URL of a step of a draft; with ``then``, as a change link."""
        address = Address(bound.step.url_name, draft_id)
        if bound.journey.inside:
            address = address_of(bound, draft_id)
        then = then and not bound.step.lists_answers
        return self.to(address, then=then, anchor=anchor)

    def start_of(self, at: Address) -> str:
        """Return how the URLs of a draft's pages begin, if only their names follow.

        So it is at a mount, but for the pages of items. Otherwise return "".
        """
        if self.entry_url is None or at.draft_id == NEW or at.nonce:
            return ""
        url = self.draft(at.draft_id)
        return url if url.endswith("/") else ""

    def change_links(self, at: Address) -> Callable[[BoundStep], str]:
        """Return a function that returns the change link to a step of a draft."""
        start = self.start_of(at)

        def link_to(page: BoundStep) -> str:
            own = address_of(page, at.draft_id)
            if own.item or not start:
                return self.to(own._replace(nonce=at.nonce), then=True)
            return f"{start}{quote(own.page)}?then={FROM_REVIEW}"

        return link_to

    def draft(self, draft_id: str) -> str:
        """Return the URL of a draft itself, which is the page of its guests."""
        return self.url_for_step(draft=draft_id, step=None)

    @property
    def new(self) -> str:
        """The first page of a new draft, which the visitor's GET gives a nonce."""
        return self.to(Address(self.first_page()))

    @property
    def entry(self) -> str:
        """The page that offers the drafts to continue, where the mount has one."""
        return self.entry_url() if self.entry_url is not None else self.new


def address_of(bound: BoundStep, draft_id: str) -> Address:
    """Return the address of a step, or of an item's page."""
    if not bound.journey.inside:
        return Address(bound.url_name, draft_id)
    page, item = bound.journey.url_parts
    return Address(page, draft_id, item=item, sub=bound.url_name)


def row_anchor(url_name: str, item: str = "") -> str:
    """Return the anchor of the answers of a step, or of an item, on the review.

    ``url_name`` is the name of the step in URLs.
    """
    return f"row-{url_name}-{item}" if item else f"row-{url_name}"


# What may stand in a path as it is (RFC 3986, 3.3); a percent sign may not.
PATH = "/!$&'()*+,;=:@"

# As browsers read it: a backslash is a slash, any number of slashes may stand before a
# host, and http: needs none (https://url.spec.whatwg.org/#scheme-state).
_HOST = re.compile(
    r"(?:https?:|(?:[a-z][a-z0-9+.-]*:)?[/\\]{2})[/\\]*([^/\\?#]*)", re.I
)


def add_query(url: str, query: str) -> str:
    """Return a URL without an anchor, with more parameters, which are encoded."""
    if not query:
        return url
    return f"{url}{'&' if '?' in url else '?'}{query}"


def nonce_of(request: Request) -> str:
    """Return the nonce in the URL of a request; empty if it has none."""
    nonce = request.args.get(NONCE, "")
    return nonce if is_id(nonce) else ""


def query_without_nonce(request: Request) -> str:
    """Return the query of a request as it was sent, without the nonce."""
    parts = request.query_string.decode().split("&")
    return "&".join(p for p in parts if unquote_plus(p.partition("=")[0]) != NONCE)


def url_of(request: Request) -> str:
    """Return the URL of a request on this site, to be requested again."""
    path = quote(request.root_path + request.path, safe=PATH)
    return add_query(path, request.query_string.decode())


def other_host(url: str, own_host: str) -> str:
    """Return the host that a link leads to; empty if it stays at ``own_host``.

    A name of a user before the host is left out: it may look like a host.
    """
    found = _HOST.match(url)
    host = found[1].rpartition("@")[2].lower() if found is not None else ""
    return host if host != own_host.lower() else ""


def url_of_page(
    mount: str,
    variables: Mapping[str, Any],
    *,
    draft: str,
    step: str | None = None,
    item: str | None = None,
    sub: str | None = None,
) -> str:
    """Return the URL of a page at a mount, or of a draft itself without a ``step``.

    ``mount`` is the blueprint's full name, or empty for the one that this request came
    to. ``variables`` are those of its prefix. Raise BuildError if one is missing.
    """
    if draft == NEW:
        return url_for(f"{mount}.new", step=step, item=item, page=sub, **variables)
    if step is None:
        return url_for(f"{mount}.draft", draft=draft, **variables)
    if step in DRAFT_PAGES:
        return url_for(f"{mount}.{step}", draft=draft, **variables)
    if item is None:
        return url_for(f"{mount}.step", draft=draft, step=step, **variables)
    at = {"draft": draft, "step": step, "item": item, **variables}
    if sub is None:
        return url_for(f"{mount}.item", **at)
    if sub == REMOVE:
        return url_for(f"{mount}.remove", **at)
    return url_for(f"{mount}.page", page=sub, **at)


def url_of_file(
    variables: Mapping[str, Any], draft: str, step: str, item: str, file: str
) -> str:
    """Return the URL of a file at the mount that this request came to.

    ``variables`` are those of its prefix. ``item`` is empty for a file of a step.
    """
    own: dict[str, Any] = {"draft": draft, "step": step, "file": file}
    if item:
        own["item"] = item
    return url_for(".file", **own, **variables)
