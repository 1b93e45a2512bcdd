"""open_link: the page of a link, which asks, and what it leads to."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from flask import abort

from ..core.messages import Problem
from ..drafts.lifetimes import expires
from ..drafts.links import Link, LinkTokens, Refusal, find_linked
from ..drafts.public_draft import Draft as PublicDraft
from ..errors import ConflictError, StoreError
from . import guard
from .pages import PageProblem
from .problems import STOPS, NotStored
from .responses import Outcome, redirect_to, set_header
from .submitted import Submitted
from .urls import url_of

if TYPE_CHECKING:
    from .visit import Visit

TRIES = 100

STATUS = {Refusal.FOREIGN: 404, Refusal.SIGN_IN: 401}
"""The status of a link that cannot be taken up; of all others it is 410."""


def open_link(visit: Visit, token: str, admit: Callable[[], None]) -> Outcome:
    """Return the page that asks, or after a POST a redirect to the draft.

    ``admit`` calls ``Wizard.admit`` once. A GET stores nothing. Raise StoreError.
    """
    context = visit.context
    tokens = LinkTokens(context.repository.store.keyring, visit.drafts.mount)
    if (link := tokens.decrypt(token)) is None:
        return visit.pages.gone(expired=False)
    if context.request.method != "POST":
        return _ask(visit, link)
    refused: Exception | None = None
    try:
        guard.check_csrf(context)
    except STOPS as error:
        refused = error
    submitted = Submitted.from_request(
        context.request, csrf_field=context.csrf_field, decrypt_names=lambda text: None
    )
    try:
        if refused is not None:
            raise refused
        if not submitted.has_action:
            abort(400)
        if submitted.action != "next":
            return redirect_to(visit.urls.entry)
        return _take_up(visit, link, admit)
    except StoreError:
        raise
    except NotStored as refusal:
        return _ask(visit, link, refusal)
    except STOPS as error:
        return _ask(visit, link, NotStored.because(error))


def _ask(visit: Visit, link: Link, problem: NotStored | None = None) -> Outcome:
    """Return the page that asks, or the one that says why it cannot be taken up."""
    found = find_linked(visit.drafts, link)
    if found.stored is None:
        return _refuse(visit, found.refusal or Refusal.EXPIRED)
    # Otherwise a double click would make two tokens, and the second could not repeat.
    visit.drafts.holder.ensure_token()
    shown = None
    if problem is not None:
        drafts: Sequence[PublicDraft] = ()
        if problem.problem is Problem.TOO_MANY:
            drafts = visit.open_drafts(everywhere=True)
        shown = PageProblem(problem.problem, drafts)
        if problem.retry_after is not None:
            set_header("Retry-After", problem.retry_after)
    return visit.pages.link(
        url_of(visit.context.request),
        kind=link.kind,
        until=min(link.until, expires(visit.wizard, found.stored.draft)),
        once=link.uses == 1,
        problem=shown,
        status=problem.status if problem is not None else 200,
    )


def _refuse(visit: Visit, refusal: Refusal) -> Outcome:
    status = STATUS.get(refusal, 410)
    if refusal is Refusal.FOREIGN:  # as of a link that nobody has made
        return visit.pages.gone(expired=False)
    login_url = None
    if refusal is Refusal.SIGN_IN:
        context = visit.context
        login_url = context.state.logins.login_url(url_of(context.request))
    return visit.pages.refused_link(refusal, status, login_url=login_url)


def _take_up(visit: Visit, link: Link, admit: Callable[[], None]) -> Outcome:
    """Make this visitor another holder of the draft, and lead to it.

    Raise NotStored, TooManyDraftsError or StoreError.
    """
    for _ in range(TRIES):
        found = find_linked(visit.drafts, link)
        if (stored := found.stored) is None:
            return _refuse(visit, found.refusal or Refusal.EXPIRED)
        if not found.is_held:
            if stored.draft.state == "committing":
                raise NotStored(Problem.BUSY)
            admit()
            try:
                if link.kind == "share":
                    visit.drafts.take_place(stored, link.id)
                else:
                    stored = visit.drafts.take_up(
                        stored, link=link.id, until=link.until
                    )
            except ConflictError:
                continue
            if visit.context.app.config["WIZARD_PERMANENT_SESSION"]:
                visit.context.session.permanent = True
        if link.kind == "share" and visit.drafts.held(stored.draft) is None:
            return redirect_to(visit.urls.draft(stored.draft.id))
        visit.announce_resumed(stored.draft)
        return redirect_to(visit.standing_url(stored.draft))
    raise StoreError(f"{TRIES} other requests wrote a draft first.")
