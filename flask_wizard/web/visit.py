"""Visit: one visitor at one draft, for one request. Judges, saves, leads on."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Literal

from flask import (
    Response,
    abort,
    after_this_request,
    current_app,
    redirect,
    request,
    session,
)
from werkzeug.exceptions import HTTPException
from werkzeug.wrappers import Response as AnyResponse

from ..core.draft import CHANGED, MOVED, Draft
from ..core.journey import BoundStep, Journey
from ..core.steps import AnyStep, Review, Step
from ..drafts.commit import commit
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.repository import StoredDraft
from ..errors import (
    ConflictError,
    DraftTooLargeError,
    StoreError,
    TooManyDraftsError,
    UnreadableDraftError,
)
from . import guard, pages
from .pages import Page, Problem
from .showing import NEW, SEEN, Outcome, Showing

TRIES = 100
POLL = 0.05  # seconds between two looks at a commit that is under way


class BusyError(Exception):
    """The draft is being committed by somebody else, for longer than one waits."""


class UnsettledError(Exception):
    """Nobody knows whether the last commit took effect: the answers must stay."""


class NotAdmittedError(Exception):
    """The application's ``admit`` has refused, with an HTTP error as the cause."""

    def __init__(self, refusal: HTTPException) -> None:
        super().__init__()
        self.status = refusal.code or 429
        self.retry_after = dict(refusal.get_headers()).get("Retry-After")


class Visit(Showing):
    """A journey in the hands of one request.

    ``handle`` answers the request for one page. It returns a response to send, or a
    ``Page``: the context to render, with its ``templates`` and ``status``.
    """

    # What is asked for

    def handle(self, step: str, item: str | None = None) -> Outcome:
        """Answer the request for a step, or for ``saved``, ``discard``, ``receipt``."""
        if item is not None:
            abort(404)
        act = self._take if request.method == "POST" else self._show
        return self._guarded(step, partial(act, step))

    def enter(self) -> Outcome:
        """Answer the request for the wizard as a whole: begin, or choose a draft."""
        return self._guarded("", self._enter)

    def resume(self) -> Outcome:
        """Answer the request for a draft as a whole: lead to where it stands."""
        return self._guarded("", self._resume)

    def _guarded(self, page: str, act: Callable[[], Outcome]) -> Outcome:
        """Where nothing may be stored, give back a page with what was sent."""
        after_this_request(self._sealed)
        try:
            return act()
        except guard.RefusedError as refusal:
            if refusal.foreign:
                abort(400, "This form was sent by a page of another site.")
            return self._again(page, Problem("token"), 400)
        except DraftTooLargeError:
            return self._again(page, Problem("too-large"), 413)
        except TooManyDraftsError:
            return self._again(page, self._too_many(), 409)
        except NotAdmittedError as refusal:
            self._retry_after = refusal.retry_after
            return self._again(page, Problem("not-admitted"), refusal.status)
        except BusyError:
            return self._again(page, Problem("busy"), 409)
        except UnsettledError:
            return self._again(page, Problem("unsettled"), 409)
        except StoreError as error:
            current_app.logger.exception("The store of drafts failed.")
            self._is_damaged = isinstance(error, UnreadableDraftError)
            return self._again(page, Problem("store"), 503)

    def _sealed(self, response: Response) -> Response:
        """Answers stay out of caches, and URLs of drafts out of other sites' logs.

        The first page of a new draft has no answers. Browsers may keep it for Back,
        so that going back and on again meets the draft that the page started.
        """
        cached = "private, no-cache" if self._is_blank else "no-store"
        response.headers["Cache-Control"] = cached
        response.headers["Referrer-Policy"] = "same-origin"
        response.vary.add("Cookie")
        if self._retry_after is not None:
            response.headers["Retry-After"] = self._retry_after
        return response

    # GET

    def _enter(self) -> Outcome:
        if drafts := self._listed():
            return self._page("entry", drafts=drafts, new_url=self._new_url)
        query = request.query_string.decode()
        return redirect(self._new_url + (f"?{query}" if query else ""), 302)

    def _resume(self) -> Outcome:
        stored = self.drafts.load(self.requested or "")
        if stored is None:
            return self._gone()
        page = "receipt" if self._is_shut(stored.draft) else self._stand(stored.draft)
        return redirect(self._url(page), 302)

    def _show(self, page: str) -> Outcome:
        if self.requested is None:
            return self._show_new(page)
        stored = self.drafts.load(self.requested)
        if stored is None:
            return self._gone()
        draft = stored.draft
        if page == "receipt":
            return self._receipt(draft)
        if self._is_shut(draft):
            return self._lead("receipt")
        if page == "saved":
            return self._saved(draft)
        if page == "discard":
            back = self._url(self._stand(draft))
            return self._discard_page(back_url=back, unsettled=draft.unsettled)
        journey, step = self._journey(draft), self._step(page)
        frozen = draft.unsettled and self._is_frozen(journey, step)
        if frozen and step is not journey.current.step:
            return self._lead(journey.current.step.url_name)
        return self._show_step(journey, step)

    def _show_new(self, page: str) -> Outcome:
        # The token must be there before the first POST: two clicks would make two.
        self.drafts.holder.ensure_token()
        journey = self._journey(self.drafts.fresh(NEW))
        outcome = self._show_step(journey, self._step(page))
        if isinstance(outcome, Page):
            self._is_blank = _is_empty(journey.current.initial)
        return outcome

    def _show_step(self, journey: Journey, step: AnyStep) -> Outcome:
        place = journey.get(step.name)
        if place is None or (
            self.requested is None and place is not journey.first_incomplete
        ):
            return self._lead(journey.current.step.url_name)
        if isinstance(step, Review):
            return self._review_page(journey, place)
        form, notice = pages.form_to_show(place)
        return self._form_page(journey, place, form, notice=notice)

    def _receipt(self, draft: Draft) -> Outcome:
        if draft.state == "committing":
            return self._page("sending", again_url=self._url("receipt"))
        if not draft.ended:
            return self._lead(self._stand(draft))
        if (url := self._end_url(draft)) != self._url("receipt"):
            return redirect(url, 303)
        return self._receipt_page(draft)

    # POST

    def _take(self, page: str) -> Outcome:
        guard.check_post()
        act: Callable[[], Outcome] = self._discard
        if page != "discard":
            act = partial(self._submit, self._step(page))
        for attempt in range(TRIES):
            try:
                return act()
            except ConflictError:
                time.sleep(random.uniform(0, 0.001 * min(attempt, 20)))
        raise StoreError(f"The draft changed under each of {TRIES} tries to save it.")

    def _submit(self, step: AnyStep) -> Outcome:
        stored = self._stored(step)
        if stored is None:
            return self._lead(step.url_name)  # where it says that it is gone
        stored = self._awaited(stored)
        self.draft_id = stored.draft.id
        if stored.draft.ended:
            return self._led_to_end(stored.draft)
        if stored.draft.state == "committing":
            journey = self._journey(stored.draft)
            if isinstance(step, Review) or self._changes_nothing(journey, step):
                return self._led_to_end(stored.draft)
            raise BusyError
        journey = self._journey(stored.draft)
        if stored.draft.unsettled and self._is_frozen(journey, step):
            return self._submit_frozen(step, journey, stored)
        if isinstance(step, Review):
            return self._submit_review(step, stored)
        return self._submit_step(step, journey, stored)

    @staticmethod
    def _is_frozen(journey: Journey, step: AnyStep) -> bool:
        """Must the step of an unsettled draft stay as it was confirmed?

        A process may have died after its commit had taken effect. Another attempt
        will tell, by the same idempotency key; what is changed before it would seem
        to be saved and be in no commit. A step that is to be answered first is free.
        """
        place = journey.get(step.name)
        return place is not None and (isinstance(step, Review) or place.done)

    def _submit_frozen(
        self, step: AnyStep, journey: Journey, stored: StoredDraft
    ) -> Outcome:
        """Take no change; attempt the commit again if that is asked for."""
        if isinstance(step, Step) and not self._changes_nothing(journey, step):
            raise UnsettledError
        if self._action == "next" and journey.current.step is step:
            return self._commit(journey, stored)
        return self._led(
            self._url(_PAGES.get(self._action, journey.current.step.url_name))
        )

    def _stored(self, step: AnyStep) -> StoredDraft | None:
        """The draft of this POST. One that is not there is begun anew, and held.

        A review sends nothing that could be held.
        """
        stored = self.drafts.load(self.requested) if self.requested else None
        if stored is None and self.requested and isinstance(step, Review):
            return None
        return stored or self.drafts.start(self.requested or self._nonce)

    @property
    def _moved(self) -> bool:
        return self.requested is not None and self.draft_id != self.requested

    def _awaited(self, stored: StoredDraft) -> StoredDraft:
        """Wait briefly for a commit that is under way."""
        deadline = time.monotonic() + self._config["WIZARD_COMMIT_WAIT"]
        while stored.draft.state == "committing" and time.monotonic() < deadline:
            time.sleep(POLL)
            stored = self.drafts.reload(stored)
            if stored.is_new:
                raise ConflictError("The draft expired while its commit was awaited.")
        return stored

    def _changes_nothing(self, journey: Journey, step: Step) -> bool:
        """Does it send what is there already, as a second click does?"""
        place = journey.get(step.name)
        if place is None:
            return False
        values = self._values(step)
        taken = place.submit(values, opens=True, accept=False, autosave=True)
        return taken is not None and taken.entry is place.entry

    def _submit_step(
        self, step: Step, journey: Journey, stored: StoredDraft
    ) -> Outcome:
        if self._is_autosave and self._sent_rev < self._rev(stored.draft, step):
            return Response(status=409)
        onward = journey.submit(
            step,
            self._values(step),
            accept=self._action == "next",
            autosave=self._is_autosave,
        )
        goal = self._goal(onward, step)
        if place := onward.get(step.name):
            self._tried = journey, place.form
        kept = self._keep(stored, onward.to_draft())
        self._tried = None
        return self._led(goal) if goal else self._commit(onward, kept)

    def _submit_review(self, review: Review, stored: StoredDraft) -> Outcome:
        journey = self._journey(stored.draft.without(review.name))
        stored = replace(stored, draft=journey.draft)
        if self._action == "next" and journey.get(review.name):
            if request.form.get(SEEN, journey.answers_hash) == journey.answers_hash:
                return self._commit(journey, stored)
            # Another tab has changed what this one has shown: it is shown again.
            self._keep(stored, journey.to_draft(), notice=CHANGED)
            return self._lead(review.url_name)
        goal = self._goal(journey, review)
        self._keep(stored, journey.to_draft())
        return self._led(goal or self._url(review.url_name))

    def _led(self, url: str) -> AnyResponse:
        return Response(status=204) if self._is_autosave else redirect(url, 303)

    @property
    def _sent_rev(self) -> int:
        sent = request.form.get("_rev", "")
        return int(sent) if sent.isascii() and sent.isdigit() and len(sent) < 10 else 0

    def _keep(
        self, stored: StoredDraft, draft: Draft, *, notice: str = ""
    ) -> StoredDraft:
        if self._is_autosave:
            notice = draft.notice
        if self._moved:
            notice = MOVED
        if stored.is_new:
            self._admit("start")
        renewed = self.drafts.renew(draft, notice=notice)
        kept = self.drafts.save(stored, renewed, capped=True)
        if self._config["WIZARD_PERMANENT_SESSION"]:
            session.permanent = True
        return kept

    def _admit(self, utc_datetime: Literal["start", "commit"]) -> None:
        """Ask the application, once in a request however often it is tried."""
        if utc_datetime in self._admitted:
            return
        try:
            self.wizard.admit(utc_datetime, self.drafts.holder.token_hash().hex())
        except HTTPException as refusal:
            raise NotAdmittedError(refusal) from refusal
        self._admitted.add(utc_datetime)

    def _goal(self, journey: Journey, step: AnyStep) -> str | None:
        """Where a POST leads; None for the commit."""
        action, _, target = self._action.partition(":")
        place = journey.get(step.name)
        if action in _PAGES:
            return self._url(_PAGES[action])
        if action == "goto":
            aim = self.wizard.steps.by_url_name.get(target)
            found = journey.get(aim.name if aim else target) or journey.current
            return self._url(found.step.url_name, then=self._from_check)
        if place is None:
            return self._url(journey.current.step.url_name)
        if action == "next" and place.done:
            return self._onward(journey, place)
        if action == "back":
            place = journey.previous(place) or place
        return self._url(place.step.url_name, then=self._from_check)

    def _onward(self, journey: Journey, place: BoundStep) -> str | None:
        frontier = journey.first_incomplete if self._from_check else None
        if frontier is not None and isinstance(frontier.step, Review):
            row = pages.row_id(place.step)
            return f"{self._url(frontier.step.url_name)}#{row}"
        if frontier is not None:
            return self._url(frontier.step.url_name, then=True)
        following = journey.next(place)
        return self._url(following.step.url_name) if following else None

    # The end

    def _commit(self, journey: Journey, stored: StoredDraft) -> Outcome:
        self._admit("commit")
        lease = self._config["WIZARD_COMMIT_LEASE"]
        outcome = commit(self.wizard, journey, stored, self.drafts, lease=lease)
        if outcome.step is not None:
            return self._lead(outcome.step.url_name)
        if not outcome.draft.ended:  # another attempt has taken it over
            return self._lead("receipt")
        self._part_with(outcome.draft)
        return redirect(self._end_url(outcome.draft), 303)

    def _discard(self) -> Outcome:
        stored = self.drafts.load(self.requested or "")
        if stored is None:
            return self._gone()
        stored = self._awaited(stored)
        if self._is_shut(stored.draft):
            return self._led_to_end(stored.draft)
        if self._action not in ("discard", "next"):
            return self._led(self._url(self._stand(stored.draft)))
        self.drafts.save(stored, self.drafts.end(stored.draft, "discarded"))
        self._part_with(stored.draft)
        self.wizard.discarded(PublicDraft.of(stored.draft, self.wizard))
        return self._lead("receipt")

    def _part_with(self, draft: Draft) -> None:
        """Forget a draft that has ended; its end is stored already."""
        self.drafts.holder.mark_end()
        try:
            self.drafts.unlist(draft.id)
        except StoreError:
            current_app.logger.exception("An ended draft is still listed.")

    def _led_to_end(self, draft: Draft) -> AnyResponse:
        if self._is_autosave:
            return Response(status=409)
        return redirect(self._end_url(draft), 303)

    @staticmethod
    def _is_shut(draft: Draft) -> bool:
        return draft.ended or draft.state == "committing"


def _is_empty(initial: object) -> bool:
    return not (any(initial.values()) if isinstance(initial, Mapping) else initial)


_PAGES = {"save": "saved", "discard": "discard"}
