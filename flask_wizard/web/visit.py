"""One visitor at one draft, for one request: what is shown, saved and led on to."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache, partial
from typing import TYPE_CHECKING, Any, Literal, NamedTuple
from urllib.parse import urlsplit

from flask import Flask, Request, Response, abort, current_app, session
from flask import request as current_request
from werkzeug.exceptions import HTTPException
from wtforms import Form

from ..core import forms
from ..core.draft import Draft, Receipt
from ..core.journey import Journey
from ..core.messages import Notice, Problem
from ..core.steps import AnyStep, BoundStep
from ..drafts.commit import commit
from ..drafts.holders import Holder, new_nonce
from ..drafts.lifetimes import expires
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.repository import StoredDraft
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import ConflictError, StoreError, UnreadableDraftError
from . import guard
from .actions import ACTIONS, UNKNOWN, Action, Move
from .notices import choose_notice, saved_notice
from .page_fields import SignedFields
from .pages import SEND_AGAIN, OpenDraft, Page, PageProblem, Pages, utc_datetime
from .problems import STOPS, Attempt, NotStored, is_frozen, refuse_change
from .responses import Outcome, protect, redirect_to, set_header
from .state import get_state, real
from .submitted import Button, Submitted, is_from_review
from .urls import NEW, Address, Urls

if TYPE_CHECKING:
    from ..wizard import Wizard

Moment = Literal["start", "commit"]

TRIES = 100
UNDONE: tuple[type[Exception], ...] = (ConflictError, *STOPS)
"""The errors after which nothing of a POST is stored, or it is tried again."""
POLL = 0.05  # seconds between two looks at a commit that is under way


class Post(NamedTuple):
    """A POST that is being answered.

    ``admit`` asks the application, once in a request however often it is tried.
    """

    at: Address
    submitted: Submitted
    action: Action
    admit: Callable[[Moment], None]


@dataclass(frozen=True)
class Visit:
    """One visitor at one draft, for one request.

    ``handle`` answers the request for one page. It returns a response to send, or a
    ``Page``: the context to render, with its ``templates`` and ``status``.
    """

    app: Flask
    request: Request
    wizard: Wizard
    #: Walks a draft through the wizard.
    journey_of: Callable[[Draft], Journey]
    drafts: VisitorDrafts
    urls: Urls
    pages: Pages
    #: The draft that the request names; ``None`` for one that is yet to begin.
    draft_id: str | None

    @classmethod
    def open(
        cls,
        wizard: Wizard,
        mount: Mount,
        draft_id: str | None,
        *,
        url_for_step: Callable[..., str],
        entry_url: Callable[[], str] | None = None,
    ) -> Visit:
        """Put the parts of a visit together for the current request."""
        app, request = real(current_app), real(current_request)
        state = get_state(app)
        if wizard.one_transaction:
            state.require_joining()
        repository = state.repository(app)
        store = repository.store
        drafts = VisitorDrafts(
            wizard, mount, Holder(real(session), store.keyring), repository
        )

        def initial(step_name: str) -> object:
            return wizard.initial(step_name, mount.bound)

        journey_of = partial(Journey, wizard.steps, initial=initial)

        def first_page() -> str:
            return str(journey_of(drafts.fresh(NEW, held=False)).current.url_name)

        urls = Urls(url_for_step, first_page=first_page, entry=entry_url)
        fields_of = partial(SignedFields, store.keyring, drafts.mount)
        pages = Pages(wizard, state, urls, fields_of)
        opened = None if draft_id == NEW else draft_id
        return cls(app, request, wizard, journey_of, drafts, urls, pages, opened)

    # What is asked for

    def handle(self, page: str, item: str | None = None) -> Outcome:
        """Answer the request for a step, or for ``saved``, ``discard``, ``receipt``."""
        if item is not None:
            abort(404)
        protect()
        at = Address(page, self.draft_id or NEW)
        if self.request.method == "POST":
            return self._post(at)
        return self._look(partial(self._show, at))

    def enter(self) -> Outcome:
        """Answer the request for the wizard as a whole: begin, or choose a draft."""
        protect()
        return self._look(self._enter)

    def resume(self) -> Outcome:
        """Answer the request for a draft as a whole: lead to where it stands."""
        protect()
        return self._look(self._resume)

    # GET

    def _look(self, show: Callable[[], Outcome]) -> Outcome:
        """Show a page, or one that says that the store cannot be had."""
        try:
            return show()
        except StoreError as error:
            self._log(error)
            damaged = isinstance(error, UnreadableDraftError)
            again_url = self.request.full_path.removesuffix("?")
            return self.pages.unavailable(again_url, damaged=damaged)

    def _enter(self) -> Outcome:
        if drafts := self._open_drafts():
            return self.pages.entry(drafts)
        query = self.request.query_string.decode()
        return redirect_to(self.urls.new + (f"?{query}" if query else ""), 302)

    def _resume(self) -> Outcome:
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            return self._missing_page()
        is_shut = _is_shut(stored.draft)
        page = "receipt" if is_shut else self._current_page(stored.draft)
        return redirect_to(self._url(page, stored.draft), 302)

    def _show(self, at: Address) -> Outcome:
        if self.draft_id is None:
            return self._show_new(at)
        stored = self.drafts.load(self.draft_id)
        if stored is None:
            return self._missing_page()
        draft = stored.draft
        if at.page == "receipt":
            return self._show_receipt(draft)
        if _is_shut(draft):
            return self._lead("receipt", draft)
        if at.page == "saved":
            return self._show_saved(draft)
        if at.page == "discard":
            back_page = self._current_page(draft)
            return self.pages.discard(
                at, back_page=back_page, unsettled=draft.unsettled
            )
        return self._show_step(at, self._step(at.page), self.journey_of(draft))

    def _show_new(self, at: Address) -> Outcome:
        # The token must be there before the first POST: two clicks would make two.
        self.drafts.holder.ensure_token()
        journey = self.journey_of(self.drafts.fresh(NEW))
        outcome = self._show_step(at, self._step(at.page), journey)
        if isinstance(outcome, Page) and _is_empty(journey.current.initial):
            # It has no answers, and going back and on again meets the same draft.
            set_header("Cache-Control", "private, no-cache")
        return outcome

    def _show_step(self, at: Address, step: AnyStep, journey: Journey) -> Outcome:
        """Show a step's page, or lead to the one that must be answered first."""
        bound = journey.get(step.name)
        is_first = self.draft_id is None
        if (
            bound is None
            or (is_first and bound is not journey.first_incomplete)
            or (is_frozen(journey.draft, bound) and bound is not journey.current)
        ):
            return self._lead(journey.current.url_name, journey.draft)
        return self.pages.step(
            journey,
            bound,
            at,
            form=bound.form_to_show(),
            nonce=new_nonce(),
            then=is_from_review(self.request),
            notice=choose_notice(journey.draft, bound),
        )

    def _show_saved(self, draft: Draft) -> Outcome:
        until = expires(self.wizard, draft)
        if session.permanent:
            lasts = self.app.permanent_session_lifetime.total_seconds()
            until = min(until, time.time() + lasts)
        return self.pages.saved(
            draft,
            Address(self._current_page(draft), draft.id),
            until=until,
            in_browser=not session.permanent,
            notice=saved_notice(draft),
        )

    def _show_receipt(self, draft: Draft) -> Outcome:
        at = Address("receipt", draft.id)
        if draft.state == "committing":
            return self.pages.sending(at)
        if not draft.ended:
            return self._lead(self._current_page(draft), draft)
        if (url := self._end_url(draft)) != self.urls.to(at):
            return redirect_to(url)
        return self.pages.receipt(draft, self.request.host)

    def _missing_page(self) -> Page:
        return self.pages.gone(expired=self.drafts.remembers(self.draft_id or ""))

    # POST

    def _post(self, at: Address) -> Outcome:
        """Take a submission, or give back a page with everything that was sent."""
        submitted = Submitted.from_request(
            self.request,
            csrf_field=guard.csrf_field(self.app.config),
            decrypt_names=lambda text: self._fields_of(at.page).decrypt(text),
        )
        try:
            guard.check_csrf(self.request, self.app)
            return self._take(at, submitted)
        except NotStored as refusal:
            return self._give_back(at, submitted, refusal)
        except STOPS as error:
            return self._give_back(at, submitted, NotStored.because(error))

    def _take(self, at: Address, submitted: Submitted) -> Outcome:
        """Save or end the draft as asked, anew whenever somebody else wrote first."""
        step = None if at.page == "discard" else self._step(at.page)
        action = ACTIONS.get(submitted.action, UNKNOWN)
        post = Post(at, submitted, action, cache(self._admit))
        for attempt in range(TRIES):
            try:
                return self._discard(post) if step is None else self._submit(post, step)
            except ConflictError:
                time.sleep(random.uniform(0, 0.001 * min(attempt, 20)))
        raise StoreError(f"The draft changed under each of {TRIES} tries to save it.")

    def _submit(self, post: Post, step: AnyStep) -> Outcome:
        """Save what was sent for a step, and lead on, or commit."""
        stored = self._load_or_start(post, step)
        if stored is None:  # its page says that it has gone
            return redirect_to(self.urls.to(post.at))
        if stored.draft.state == "committing":
            stored = self._wait_for_commit(stored)
        draft = stored.draft
        if draft.ended:
            return self._lead_to_end(draft, post.action)
        journey = self.journey_of(draft)
        if draft.state == "committing" or draft.unsettled:
            if problem := refuse_change(journey, step, post.submitted.values):
                raise NotStored(problem)
            if draft.state == "committing":
                return self._lead_to_end(draft, post.action)
            bound = journey.get(step.name)
            if bound is not None and is_frozen(draft, bound):
                return self._commit_again(post, journey, bound, stored)
        return self._save_and_lead(post, journey, step, stored)

    def _load_or_start(self, post: Post, step: AnyStep) -> StoredDraft | None:
        """Return the draft of a POST; one that is not there is begun anew.

        ``None`` if it is not there and the step sends nothing that could be kept.
        """
        stored = self.drafts.load(self.draft_id) if self.draft_id else None
        if stored is None and self.draft_id and not step.takes_input:
            return None
        return stored or self.drafts.start(
            self.draft_id or post.submitted.nonce or new_nonce()
        )

    def _wait_for_commit(self, stored: StoredDraft) -> StoredDraft:
        """Wait briefly while a commit is under way."""
        deadline = time.monotonic() + self.app.config["WIZARD_COMMIT_WAIT"]
        while stored.draft.state == "committing" and time.monotonic() < deadline:
            time.sleep(POLL)
            stored = self.drafts.reload(stored)
            if stored.is_new:
                raise ConflictError("The draft expired while its commit was awaited.")
        return stored

    def _commit_again(
        self, post: Post, journey: Journey, bound: BoundStep, stored: StoredDraft
    ) -> Outcome:
        """Change nothing of an unsettled draft; commit it again if asked to."""
        if post.action.validates and journey.current is bound:
            return self._commit(post, journey, stored)
        page = post.action.page or journey.current.url_name
        return self._lead_on(post, self._url(page, stored.draft))

    def _save_and_lead(
        self, post: Post, journey: Journey, step: AnyStep, stored: StoredDraft
    ) -> Outcome:
        submitted, action, before = post.submitted, post.action, journey.bind(step.name)
        if action.quiet and submitted.rev < before.rev:
            return Response(status=409)
        onward = journey.submit(
            before,
            submitted.values,
            validate=action.validates,
            autosave=action.quiet,
        )
        bound = onward.get(step.name)
        url = action.lead(Move(onward, bound, submitted, self.urls))
        notice = ""
        confirms = bound is not None and action.validates and submitted.answers_hash
        if confirms and submitted.answers_hash != onward.answers_hash:
            # Another tab has changed what this one has shown: it is shown again.
            url, notice = self._url(step.url_name, stored.draft), Notice.CHANGED
        if url is None and not step.takes_input:
            stored = replace(stored, draft=onward.draft)
        else:
            tried = Attempt(journey, bound.form) if bound and step.takes_input else None
            stored = self._save(post, stored, onward.to_draft(), notice, tried)
        if url is None:
            return self._commit(post, onward, stored)
        return self._lead_on(post, url)

    def _save(
        self,
        post: Post,
        stored: StoredDraft,
        draft: Draft,
        notice: str,
        tried: Attempt | None,
    ) -> StoredDraft:
        """Save a draft for another lifetime. Raise NotStored, or ConflictError."""
        if post.action.quiet:
            notice = draft.notice
        if self.draft_id is not None and draft.id != self.draft_id:
            notice = Notice.MOVED
        renewed = self.drafts.renew(draft, notice=notice)
        try:
            if stored.is_new:
                post.admit("start")
            saved = self.drafts.save(stored, renewed, capped=True)
        except HTTPException as refusal:
            raise NotStored.refused(refusal, tried) from refusal
        except STOPS as error:
            raise NotStored.because(error, tried) from error
        if self.app.config["WIZARD_PERMANENT_SESSION"]:
            session.permanent = True
        return saved

    def _admit(self, moment: Literal["start", "commit"]) -> None:
        self.wizard.admit(moment, self.drafts.holder.token_hash().hex())

    def _lead_on(self, post: Post, url: str) -> Outcome:
        return Response(status=204) if post.action.quiet else redirect_to(url)

    # The end

    def _commit(self, post: Post, journey: Journey, stored: StoredDraft) -> Outcome:
        try:
            post.admit("commit")
        except HTTPException as refusal:
            raise NotStored.refused(refusal) from refusal
        lease = self.app.config["WIZARD_COMMIT_LEASE"]
        result = commit(self.wizard, journey, stored, self.drafts, lease=lease)
        if result.step is not None:
            return self._lead(result.step.url_name, result.draft)
        if not result.draft.ended:  # another attempt has taken it over
            return self._lead("receipt", result.draft)
        self._part_with(result.draft)
        return redirect_to(self._end_url(result.draft))

    def _discard(self, post: Post) -> Outcome:
        """Discard the draft if that was confirmed."""
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            return self._missing_page()
        stored = self._wait_for_commit(stored)
        draft = stored.draft
        if _is_shut(draft):
            return self._lead_to_end(draft, post.action)
        if post.action.name not in ("discard", "next"):
            return self._lead_on(post, self._url(self._current_page(draft), draft))
        self.drafts.save(stored, self.drafts.end(draft, "discarded"))
        self._part_with(draft)
        try:
            self.wizard.discarded(PublicDraft.of(draft, self.wizard))
        except UNDONE:  # its end is stored, which these would deny
            self.app.logger.exception("discarded failed. The draft is discarded.")
        return self._lead("receipt", draft)

    def _part_with(self, draft: Draft) -> None:
        """Forget a draft that has ended; its end is stored already."""
        self.drafts.holder.mark_end()
        try:
            self.drafts.unlist(draft.id)
        except StoreError:
            self.app.logger.exception("An ended draft is still listed.")

    def _lead_to_end(self, draft: Draft, action: Action) -> Outcome:
        if action.quiet:
            return Response(status=409)
        return redirect_to(self._end_url(draft))

    def _end_url(self, draft: Draft) -> str:
        """Return where an ended draft leads: its receipt, or at once where that leads.

        Another site gets a page with a link, since a Content-Security-Policy of
        ``form-action 'self'`` blocks a redirect there.
        """
        receipt = draft.receipt or Receipt()
        is_all = receipt.url and not (receipt.reference or receipt.message)
        if is_all and urlsplit(receipt.url).netloc in ("", self.request.host):
            return str(receipt.url)
        return self._url("receipt", draft)

    # Send it again

    def _give_back(
        self, at: Address, submitted: Submitted, refusal: NotStored
    ) -> Outcome:
        """Return a page with all that was sent, and a button to send it again."""
        if refusal.problem is Problem.STORE:
            self._log(refusal.__cause__)
        if ACTIONS.get(submitted.action, UNKNOWN).quiet:
            return Response(status=refusal.status)
        problem, button = self._explain(refusal), submitted.button(SEND_AGAIN)
        if at.page == "discard":
            page = self.pages.discard(at, problem=problem, button=button)
        else:
            page = self._page_again(at, submitted, refusal.attempt, problem, button)
        page.status = refusal.status
        if refusal.retry_after is not None:
            set_header("Retry-After", refusal.retry_after)
        return page

    def _explain(self, refusal: NotStored) -> PageProblem:
        """Return the problem, with the drafts to choose from if there are too many."""
        if refusal.problem is not Problem.TOO_MANY:
            return PageProblem(refusal.problem)
        try:
            return PageProblem(refusal.problem, self._open_drafts())
        except StoreError:
            self.app.logger.exception("The drafts of a holder cannot be listed.")
            return PageProblem(refusal.problem)

    def _page_again(
        self,
        at: Address,
        submitted: Submitted,
        tried: Attempt | None,
        problem: PageProblem,
        button: Button,
    ) -> Page:
        """Return the page of a step as it was sent, as far as it can be had."""
        step = self._step(at.page)

        def page(journey: Journey, bound: BoundStep, **shown: Any) -> Page:
            return self.pages.step(
                journey,
                bound,
                at,
                nonce=submitted.nonce or new_nonce(),
                then=submitted.from_review,
                notice=choose_notice(journey.draft, bound, given_back=True),
                problem=problem,
                button=button,
                **shown,
            )

        bound = tried.journey.get(step.name) if tried is not None else None
        if tried is not None and bound is not None:
            return page(tried.journey, bound, form=tried.form)
        with suppress(StoreError):  # logged already, or about to be by the next try
            journey, bound, form = self._among_answers(step, submitted.values)
            if bound is not None:
                return page(journey, bound, form=form)
        journey, bound, form, pairs = self._without_answers(step, submitted)
        return page(journey, bound, form=form, placed=False, pairs=pairs)

    def _among_answers(
        self, step: AnyStep, values: forms.Values
    ) -> tuple[Journey, BoundStep | None, Form | None]:
        """Return the step as the values make it, among the answers that are kept."""
        stored = self.drafts.load(self.draft_id) if self.draft_id else None
        draft = stored.draft if stored else self.drafts.fresh(NEW, held=False)
        journey = self.journey_of(draft)
        bound = journey.get(step.name)
        if bound is None or not step.takes_input:
            return journey, bound, None
        given = bound.submit(values, validate=False, autosave=True)
        return journey, given, given.form if given is not None else None

    def _without_answers(
        self, step: AnyStep, submitted: Submitted
    ) -> tuple[Journey, BoundStep, Form | None, list[tuple[str, str]]]:
        """Return the step where the draft cannot be had: earlier answers are missing.

        A form that is made or prepared with them cannot be shown; what was sent goes
        along hidden, passwords excepted.
        """
        journey = self.journey_of(self.drafts.fresh(NEW, held=False))
        bound = journey.bind(step.name)
        form, raw = bound.resend(submitted.values)
        pairs = [(name, value) for name, sent in raw.items() for value in sent]
        if form is None and step.takes_input:
            pairs += [(forms.FIELDS, value) for value in submitted.field_names]
        return journey, bound, form, pairs

    # What all of these need

    def _fields_of(self, page: str) -> SignedFields:
        step = self.wizard.steps.by_url_name.get(page)
        return self.pages.fields_of(step.name if step is not None else page)

    def _step(self, url_name: str) -> AnyStep:
        return self.wizard.steps.by_url_name.get(url_name) or abort(404)

    def _current_page(self, draft: Draft) -> str:
        return str(self.journey_of(draft).current.url_name)

    def _url(self, page: str, draft: Draft) -> str:
        return self.urls.to(Address(page, draft.id))

    def _lead(self, page: str, draft: Draft) -> Response:
        return redirect_to(self._url(page, draft))

    def _log(self, error: BaseException | None) -> None:
        self.app.logger.error("The store of drafts failed.", exc_info=error)

    def _open_drafts(self) -> list[OpenDraft]:
        listed = map(self._listed, self.drafts.open_drafts())
        return [each for each in listed if each is not None]

    def _listed(self, draft: Draft) -> OpenDraft | None:
        """Describe an open draft; ``None`` if it cannot be walked, as others can be."""
        try:
            current = self.journey_of(draft).current
        except UnreadableDraftError:
            self.app.logger.exception("A draft on its holder's list is damaged.")
            return None
        return OpenDraft(
            url=self._url(current.url_name, draft),
            discard_url=self._url("discard", draft),
            started=utc_datetime(draft.created),
            saved=utc_datetime(draft.updated),
            place=current.step.title,
        )


def _is_shut(draft: Draft) -> bool:
    return draft.ended or draft.state == "committing"


def _is_empty(initial: object) -> bool:
    return not (any(initial.values()) if isinstance(initial, Mapping) else initial)
