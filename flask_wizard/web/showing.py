"""Showing: what one visit can show. Its URLs, its pages, and what was sent to them."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from flask import Response, abort, current_app, redirect, request, session
from flask_wtf.csrf import generate_csrf
from werkzeug.wrappers import Response as AnyResponse
from wtforms import Form

from ..core import forms
from ..core.draft import CHANGED, MOVED, REFUSED, Draft, Receipt
from ..core.journey import BoundStep, Journey
from ..core.steps import RESERVED_FIELDS, AnyStep, Review, Step
from ..drafts.holders import Holder, is_id, new_nonce
from ..drafts.lifetimes import expires
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import StoreError, UnreadableDraftError
from . import guard, pages
from .page_fields import SignedFields
from .pages import Page, Problem
from .state import get_state

if TYPE_CHECKING:
    from ..wizard import Wizard

NEW = "new"
CHECK = "check"
SEEN = "_seen"
UNSETTLED = "unsettled"

Outcome = AnyResponse | Page
"""A response to send as it is, or a page to render."""


class Showing:
    """The pages of one visitor at one draft, for one request.

    It decides nothing and stores nothing. ``_tried`` is the form that was made of a
    POST, and the journey before it: what to show again if it cannot be stored.
    """

    def __init__(
        self,
        wizard: Wizard,
        mount: Mount,
        draft_id: str | None,
        *,
        url_for_step: Callable[..., str],
        entry_url: Callable[[], str] | None = None,
    ) -> None:
        state = get_state()
        if wizard.one_transaction:
            state.require_joining()
        self._config = state.config
        self._repository = state.repository(current_app)
        self.wizard = wizard
        self.mount = mount
        self.requested = None if draft_id == NEW else draft_id
        self.draft_id = self.requested
        self._url_for_step = url_for_step
        self._find_entry_url = entry_url
        self._is_blank = False
        self._is_damaged = False
        self._tried: tuple[Journey, Form] | None = None
        self._admitted: set[str] = set()
        self._retry_after: str | None = None
        self.drafts = VisitorDrafts(
            wizard,
            mount,
            Holder(session, self._repository.store.keyring),
            self._repository,
        )

    # What was sent

    def _values(self, step: AnyStep) -> forms.Values:
        own = RESERVED_FIELDS | {guard.csrf_field()}
        sent = (pair for pair in request.form.lists() if pair[0] not in own)
        values = forms.Values.of(sent)
        if sealed := request.form.get(forms.FIELDS):
            values.names = self._page_names(step).opened(sealed)
        return values

    def _page_names(self, step: AnyStep) -> SignedFields:
        return SignedFields(
            self._repository.store.keyring, self.drafts.mount, step.name
        )

    @cached_property
    def _action(self) -> str:
        return request.form.get("_action", "next")

    @property
    def _is_autosave(self) -> bool:
        return self._action == "autosave"

    @cached_property
    def _nonce(self) -> str:
        sent = request.form.get("_draft", "")
        return sent if is_id(sent) else new_nonce()

    @property
    def _from_check(self) -> bool:
        """Did the visitor come by a change link of the check page?"""
        return bool(request.query_string) and request.args.get("then") == CHECK

    # URLs

    def _url(
        self, page: str, *, draft_id: str | None = None, then: bool = False
    ) -> str:
        url = self._url_for_step(draft=draft_id or self.draft_id or NEW, step=page)
        joint = "&" if "?" in url else "?"
        return f"{url}{joint}then={CHECK}" if then else url

    @property
    def _new_url(self) -> str:
        first = self._journey(self.drafts.fresh(NEW, held=False)).current.step
        return self._url(first.url_name, draft_id=NEW)

    @property
    def _entry_url(self) -> str:
        return self._find_entry_url() if self._find_entry_url else self._new_url

    def _lead(self, page: str) -> AnyResponse:
        return redirect(self._url(page), 303)

    def _change_url(self, step_name: str, anchor: str) -> str:
        step = self.wizard.steps.named(step_name)
        return f"{self._url(step.url_name, then=True)}#{anchor}"

    def _end_url(self, draft: Draft) -> str:
        """Where an ended draft leads: its receipt, or at once where that leads.

        Another site gets a page with a link, since a Content-Security-Policy of
        ``form-action 'self'`` blocks a redirect there.
        """
        receipt = draft.receipt or Receipt()
        is_all = receipt.url and not (receipt.reference or receipt.message)
        if is_all and urlsplit(receipt.url).netloc in ("", request.host):
            return str(receipt.url)
        return self._url("receipt", draft_id=draft.id)

    # Journeys

    def _journey(self, draft: Draft) -> Journey:
        def initial(step_name: str) -> object:
            return self.wizard.initial(step_name, self.mount.bound)

        return Journey(self.wizard.steps, draft, initial=initial)

    def _step(self, url_name: str) -> AnyStep:
        return self.wizard.steps.by_url_name.get(url_name) or abort(404)

    def _stand(self, draft: Draft) -> str:
        return self._journey(draft).current.step.url_name

    @staticmethod
    def _rev(draft: Draft, step: AnyStep) -> int:
        entry = draft.entries.get(step.name)
        return entry.rev if entry is not None else 0

    # Pages of steps

    def _form_page(
        self, journey: Journey, place: BoundStep, form: Form | None, **more: Any
    ) -> Page:
        first = journey.previous(place) is None
        last = place.step is self.wizard.steps[-1]
        shown = {
            "progress": journey.progress(place),
            "actions": pages.step_actions(first=first, last=last),
            "pairs": [],
        }
        context = self._common(journey, place, **{**shown, **more})
        if (
            isinstance(place.step, Step)
            and form is not None
            and not _is_fixed(place.step)
        ):
            # The page is the only one to know, should the form not be had next time.
            sealed = self._page_names(place.step).sealed(forms.FieldNames.of(form))
            context["hidden"].append((forms.FIELDS, sealed))
        return pages.form_page(self.wizard, place, form, **context)

    def _review_page(self, journey: Journey, place: BoundStep, **more: Any) -> Page:
        shown = {
            "progress": journey.progress(place),
            "actions": pages.review_actions(),
            "groups": pages.groups_of(journey, place.step, self._change_url),
        }
        context = self._common(journey, place, **{**shown, **more})
        context["hidden"].append((SEEN, journey.answers_hash))
        if journey.draft.notice == CHANGED:
            context["notice"] = CHANGED
        return pages.review_page(self.wizard, journey, place, **context)

    def _common(
        self, journey: Journey, place: BoundStep, **more: Any
    ) -> dict[str, Any]:
        """What the pages of steps and of the review have in common."""
        page, requested = place.step.url_name, self.requested or NEW
        notice = journey.draft.notice
        then = self._from_check or notice == REFUSED  # the refusal came from the end
        context = {
            "problem": None,
            "hidden": self._hidden(journey.draft, place.step),
            "action_url": self._url(page, draft_id=requested, then=then),
            "discard_url": self._url("discard") if self.requested else None,
            "entry_url": self._entry_url,
            **more,
        }
        context["notice"] = notice if notice == MOVED else more.get("notice")
        if journey.draft.unsettled and journey.draft.state == "open":
            context["notice"] = UNSETTLED
        return context

    def _hidden(self, draft: Draft, step: AnyStep) -> list[tuple[str, str]]:
        nonce = [("_draft", self._nonce)] if self.requested is None else []
        return [*self._token(), ("_rev", str(self._rev(draft, step))), *nonce]

    @staticmethod
    def _token() -> list[tuple[str, str]]:
        return [(guard.csrf_field(), generate_csrf())] if guard.is_guarded() else []

    # Other pages

    def _page(self, name: str, status: int = 200, **context: Any) -> Page:
        context["entry_url"] = self._entry_url
        return pages.make_page(self.wizard, name, status=status, **context)

    def _too_many(self) -> Problem:
        """With the drafts to choose from, if they can be had."""
        try:
            return Problem("too-many", self._listed())
        except StoreError:
            current_app.logger.exception("The drafts of a holder cannot be listed.")
            return Problem("too-many")

    def _listed(self) -> list[pages.Listed]:
        listed = map(self._listing, self.drafts.open_drafts())
        return [each for each in listed if each is not None]

    def _listing(self, draft: Draft) -> pages.Listed | None:
        """None for one that cannot be walked: the others can be all the same."""
        try:
            stand = self._journey(draft).current.step
        except UnreadableDraftError:
            current_app.logger.exception("A draft on its holder's list is damaged.")
            return None
        return pages.Listed(
            url=self._url(stand.url_name, draft_id=draft.id),
            discard_url=self._url("discard", draft_id=draft.id),
            started=pages.utc_datetime(draft.created),
            saved=pages.utc_datetime(draft.updated),
            place=stand.title,
        )

    def _gone(self) -> Page:
        if self.drafts.remembers(self.requested or ""):
            return self._page("gone", 410, reason="expired", new_url=self._new_url)
        return self._page("gone", 404, reason="unknown", new_url=self._new_url)

    def _saved(self, draft: Draft) -> Page:
        until = expires(self.wizard, draft)
        if session.permanent:
            lasts = current_app.permanent_session_lifetime.total_seconds()
            until = min(until, time.time() + lasts)
        return self._page(
            "saved",
            notice=draft.notice if draft.notice == MOVED else None,
            until=pages.utc_datetime(until),
            in_browser=not session.permanent,
            continue_url=self._url(self._stand(draft)),
            discard_url=self._url("discard"),
        )

    def _discard_page(self, **more: Any) -> Page:
        context = {
            "action_url": self._url("discard"),
            "hidden": self._token(),
            "back_url": self._url("saved"),
            "unsettled": False,
            "problem": None,
            "actions": pages.discard_actions(),
        }
        return self._page("discard", **{**context, **more})

    def _receipt_page(self, draft: Draft) -> Page:
        receipt = draft.receipt or Receipt()
        host = urlsplit(receipt.url or "").netloc
        return self._page(
            "receipt",
            outcome=draft.state,
            unsettled=draft.unsettled,
            reference=receipt.reference,
            message=receipt.message,
            next_url=receipt.url,
            next_host=host if host != request.host else "",
        )

    # Send it again

    def _again(self, page: str, problem: Problem, status: int) -> Outcome:
        """A page with everything that was sent, and a button to send it again."""
        self.draft_id = self.requested
        if request.method != "POST":
            new_url = self._new_url if self._is_damaged else None
            again = request.full_path.removesuffix("?")
            return self._page("unavailable", status, again_url=again, new_url=new_url)
        if self._is_autosave:
            return Response(status=status)
        actions = pages.again_actions(self._action)
        if page == "discard":
            answer = self._discard_page(problem=problem, actions=actions)
        else:
            answer = self._sent(self._step(page), problem=problem, actions=actions)
        answer.status = status
        return answer

    def _sent(self, step: AnyStep, **more: Any) -> Page:
        if self._tried is not None:
            tried, form = self._tried
            if (place := tried.get(step.name)) is not None:
                return self._form_page(tried, place, form, **more)
        try:
            return self._placed(step, **more)
        except StoreError:  # reported already, or about to be by the next try
            return self._unplaced(step, **more)

    def _placed(self, step: AnyStep, **more: Any) -> Page:
        """The page of the step among the answers that are kept."""
        stored = self.drafts.load(self.requested) if self.requested else None
        draft = stored.draft if stored else self.drafts.fresh(NEW, held=False)
        journey = self._journey(draft)
        place = journey.get(step.name)
        if place is not None and isinstance(step, Review):
            return self._review_page(journey, place, **more)
        taken = place and place.submit(
            self._values(step), opens=True, accept=False, autosave=True
        )
        if taken is None:
            return self._unplaced(step, **more)
        return self._form_page(journey, taken, taken.form, **more)

    def _unplaced(self, step: AnyStep, **more: Any) -> Page:
        """The page where the draft cannot be had: earlier answers are missing.

        A form that is made or prepared with them cannot be shown; what was sent goes
        along hidden, passwords excepted.
        """
        values = self._values(step)
        journey = self._journey(self.drafts.fresh(NEW, held=False))
        place = journey.place(self.wizard.steps.positions[step.name])
        form: Form | None = place.bound(values) if step.fixed_form else None
        pairs: list[tuple[str, str]] = []
        if isinstance(step, Step) and not _is_fixed(step):
            raw = values.unprepared(form)[0] if form is not None else values.named()
            form, pairs = None, [(name, v) for name, sent in raw.items() for v in sent]
            pairs += [(forms.FIELDS, v) for v in request.form.getlist(forms.FIELDS)]
        context = self._common(journey, place, progress=None, pairs=pairs, **more)
        return pages.form_page(self.wizard, place, form, **context)


def _is_fixed(step: Step) -> bool:
    """Can its page be made without earlier answers?"""
    return step.fixed_form is not None and step.prepare is None
