"""Post: what a visitor has sent to one page, kept, judged and led on."""

from __future__ import annotations

import random
import time
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING, Any, Literal

from flask import Response, abort
from msgspec import Struct
from msgspec.structs import replace

from .. import signals
from ..core.answers import Suspended
from ..core.changes import draft_after
from ..core.draft import ENDED, Draft
from ..core.hooks import OWN_ERRORS, HookError, call_hook
from ..core.items import REMOVE
from ..core.journey import Journey
from ..core.messages import Notice, Problem
from ..core.repeats import BoundRepeat
from ..core.steps import AnyStep, BoundStep
from ..drafts.commit import commit
from ..drafts.encrypted_store import Guest, StoredDraft
from ..drafts.holders import new_nonce
from ..drafts.public_draft import Draft as PublicDraft
from ..errors import (
    ConflictError,
    StoreError,
)
from . import guard
from .actions import Action, Move, action_of
from .announced import announce, announce_step
from .answers_copy import copy_of
from .incoming import INCOMING, IncomingFiles, Refused
from .item_pages import (
    begin_again,
    current_address,
    find_page,
    has_page,
    is_begun,
    remove_item,
    reopen,
    with_new_fields,
)
from .problems import (
    STOPS,
    Attempt,
    NotStored,
    is_frozen,
    is_ours,
    refuse_change,
)
from .resend import Resend
from .responses import Outcome, redirect_to
from .submitted import Submitted
from .urls import (
    DRAFT_PAGES,
    NEW,
    Address,
)

if TYPE_CHECKING:
    from .visit import Visit

TRIES = 100
EARLY_KEY = "_wizard_early"
"""The session's key for a draft whose review was asked for before it opens.

The page that the visitor is led to tells what is missing. It is not in the URL: the
page is the same, and no bookmark of it should say so again.
"""

OF_STEPS = signals.step_saved, signals.step_refused, signals.path_changed

Moment = Literal["start", "commit", "link", "upload"]


class Post(Struct, frozen=True):
    """A POST that is being answered."""

    visit: Visit
    at: Address
    submitted: Submitted
    action: Action
    #: The files that came along; None if the step takes none.
    incoming: IncomingFiles | None
    #: The last submission that could not be saved yet, if there is one.
    attempts: list[Attempt] = []
    #: What ``Wizard.admit`` has admitted, once however often the save is tried.
    admitted: set[Moment] = set()

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Post of {self.submitted} at {self.at}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Rich would show every field
        return [("at", self.at), ("action", self.action)]

    def process(self) -> Outcome:
        """Save or end the draft, and try again if another request wrote first.

        Raise StoreError after ``TRIES`` tries.
        """
        step = self.visit.wizard.steps.by_url_name.get(self.at.page)
        if step is None and self.at.page != "discard":
            raise NotStored(Problem.REMOVED)
        if step is not None and self.at.item and not has_page(step, self.at):
            if not self.submitted.has_rev:
                abort(404)
            raise NotStored(Problem.REMOVED)
        try:
            for tries in range(TRIES):
                try:
                    if step is None:
                        return self._discard()
                    if self.at.sub == REMOVE:
                        return self._remove(step)
                    return self._submit(step)
                except ConflictError:
                    time.sleep(random.uniform(0, 0.001 * min(tries, 20)))  # noqa: S311  # no secret
            raise StoreError(f"The draft changed during each of {TRIES} tries.")
        except NotStored as refusal:
            refusal.attempt = next(iter(self.attempts), None)
            raise
        except STOPS as error:
            raise NotStored.because(error, next(iter(self.attempts), None)) from error

    def _submit(self, step: AnyStep) -> Outcome:
        """Save a submission of a step, and redirect or commit.

        Raise NotStored, or ConflictError if another request wrote first.
        """
        stored = self._load_or_start(step)
        if stored is not None and stored.guest is not None:
            return self._submit_as_guest(step, stored, stored.guest)
        if stored is None and self.action.quiet:
            return Response(status=409)
        if stored is None:  # the redirect leads to the page of a missing draft
            return redirect_to(self.visit.urls.to(self.at))
        if stored.draft.state == "committing" and self.action.waits:
            stored = self._wait_for_commit(stored)
        draft = stored.draft
        if draft.state in ENDED:
            return self._lead_to_end(draft, self.action)
        submitted, action, to_save = self.submitted, self.action, None
        if self.incoming is not None:
            submitted.values.files = self.incoming.move_to(stored)
        try:  # the application's hooks run here
            journey = self.visit.journey_of(draft)
            if stored.is_new:
                journey.begin()
            before, is_gone = journey.bind(step.name), False
            if self.at.item:
                nonce = submitted.item_nonce or new_nonce()
                found = find_page(before, self.at, nonce)
                before, is_gone = found or self._begin_again(before), not found
            if not (submitted.has_action or is_ours(submitted, before)):
                abort(400)
            if draft.state == "committing" or draft.unsettled:
                outcome = self._leave_unchanged(journey, before, stored)
                if outcome is not None:
                    return outcome
            if action.quiet and submitted.rev < before.rev:
                return Response(status=409)
            top = before.top if self.at.item else before
            if isinstance(top, BoundRepeat):
                self._check_room(top, before, action)
            adds_to_list = action.adds and top is before
            walk = before.journey.submit(
                before,
                submitted.values,
                validate=action.validates and not (adds_to_list or is_gone),
                autosave=action.quiet,
            )
            onward = walk if isinstance(walk, Journey) else walk.whole
            bound = walk.get(before.step.name)
            if action.adds:
                onward = reopen(onward, step.name)
            to = partial(self.visit.urls.to_step, draft.id)
            url = action.lead(
                Move(onward, walk, step.name, bound, submitted, self.visit.urls, to)
            )
            notice = ""
            shown = None
            if is_gone:
                is_fixed = isinstance(top, BoundRepeat) and top.step.is_fixed
                notice = Notice.ITEM_HIDDEN if is_fixed else Notice.ITEM_KEPT
                url = to(onward.bind(step.name))
            if step.lists_answers and bound and action.validates:
                shown = submitted.answers_hash
            if shown is not None and shown != onward.answers_hash:
                # Another tab has changed an answer that the review showed.
                url, notice = to(before), Notice.CHANGED
            from_review = submitted.from_review
            tells = from_review or top.position < journey.steps.last_conditional
            tells = tells or top is not before
            if tells and not action.quiet and before.step.has_answers:
                after = walk.bind(before.step.name)
                to_save = draft_after(onward, before, after, from_review=from_review)
            elif url is not None or before.step.takes_input or stored.is_new:
                to_save = onward.to_draft()
                if not action.quiet and (to_save.changed or to_save.unneeded):
                    to_save = to_save.without_changes()  # the visitor was told
            if bound is None and step.lists_answers and not journey.home:
                self.visit.context.session[EARLY_KEY] = draft.id
        except (*OWN_ERRORS, NotStored):
            raise
        except BaseException as error:
            waits, home = isinstance(error, Suspended), self.visit.wizard._journey.home
            notice = Notice.WAITS_FOR_TASK if home else Notice.WAITS
            self._save_unjudged(step, stored, notice if waits else "")
            if not (waits and home):
                raise
            url = self.visit.url_to(home, stored.draft)
            return redirect_to(url, quiet=self.action.quiet)
        if to_save is None:
            stored = replace(stored, draft=onward.draft)
        else:
            if bound is not None and before.step.takes_input:
                self.attempts[:] = [Attempt(journey, before, bound.form)]
            stored = self._save(stored, to_save, notice)
            if not action.quiet and any(signal.receivers for signal in OF_STEPS):
                pages = before, walk.bind(before.step.name)
                announce_step(
                    self.visit, (journey, onward), pages, accepts=action.validates
                )
        if url is None:
            return self._commit(onward, stored)
        return redirect_to(url, quiet=action.quiet)

    def _submit_as_guest(
        self, step: AnyStep, stored: StoredDraft, guest: Guest
    ) -> Outcome:
        """Save what a guest has sent to a step of theirs, and nothing else.

        Raise NotStored, NotFound for any other page, or ConflictError.
        """
        if step.name not in guest.steps or self.at.item:
            abort(404)
        visit, action, draft = self.visit, self.action, stored.draft
        url = visit.urls.draft(draft.id)
        if draft.ended:
            return redirect_to(url, quiet=action.quiet)
        values, sent = self.submitted.values, self.submitted
        try:
            journey = visit.journey_of(draft)
            before = journey.bind(step.name)
            if not (sent.has_action or is_ours(sent, before)):
                abort(400)
            opened = journey.get(step.name)
            if problem := refuse_change(draft, before, opened, values):
                raise NotStored(problem)
            if action.quiet and sent.rev < before.rev:
                return Response(status=409)
            validates = action.validates and not action.adds
            onward = journey.submit(
                before, values, validate=validates, autosave=action.quiet
            )
            bound = onward.get(step.name)
            if bound is not None and validates and not bound.done:
                url = visit.urls.to(self.at)
        except (*OWN_ERRORS, NotStored):
            raise
        except BaseException:
            self._save_unjudged(step, stored)
            raise
        if bound is not None:
            self.attempts[:] = [Attempt(journey, before, bound.form)]
        # Not what the journey would note of other steps: these are the holder's.
        self._save(stored, onward.draft, draft.notice)
        if not action.quiet and any(signal.receivers for signal in OF_STEPS):
            pages = before, onward.bind(step.name)
            announce_step(visit, (journey, onward), pages, accepts=validates)
        return redirect_to(url, quiet=action.quiet)

    def _begin_again(self, repeat: BoundStep) -> BoundStep:
        """Return a page for what was sent to an item that is not on its list.

        Raise NotStored for an autosave to a removed one, whose page is still open.
        """
        is_new = isinstance(repeat, BoundRepeat) and not repeat.step.is_fixed
        page = begin_again(repeat, self.at)
        if page is None or (self.action.quiet and is_new):
            raise NotStored(Problem.REMOVED)
        return page

    def _check_room(self, repeat: BoundRepeat, page: BoundStep, action: Action) -> None:
        """Raise NotStored if a POST would add an item to a list that is full."""
        adds = not is_begun(page) or (action.adds and page is repeat)
        if adds and repeat.is_full:
            raise NotStored(Problem.TOO_MANY_ITEMS)

    def _remove(self, step: AnyStep) -> Outcome:
        """Remove an item of a list if the visitor has confirmed it."""
        if not self.submitted.has_action:
            abort(400)
        visit = self.visit
        stored = visit.drafts.load(visit.draft_id or "")
        if stored is None and self._load_as_guest() is not None:
            abort(404)
        if stored is None and visit.draft_id is None and visit.wizard._prefilled:
            stored = self._load_or_start(step)  # an item of what exists
        if stored is None:
            _check_signed_in(visit, self.submitted)
            return visit.missing_page()
        draft = stored.draft
        if draft.ended:
            return self._lead_to_end(draft, self.action)
        at = Address(step.url_name, draft.id)
        url = visit.urls.to(at, then=self.submitted.from_review)
        if self.submitted.action not in ("next", REMOVE):
            if stored.is_new:
                url = visit.urls.to(at._replace(draft_id=NEW))
            return redirect_to(url, quiet=self.action.quiet)
        journey = visit.journey_of(draft)
        if stored.is_new:
            journey.begin()
        repeat = journey.bind(step.name)
        if draft.state == "committing":
            raise NotStored(Problem.BUSY)
        if is_frozen(draft, repeat):
            raise NotStored(Problem.UNSETTLED)
        if isinstance(repeat, BoundRepeat) and repeat.find(self.at.item) is not None:
            onward = remove_item(journey, step.name, self.at.item)
            self._save(stored, onward.to_draft(), "")
        return redirect_to(url)

    def _save_unjudged(
        self, step: AnyStep, stored: StoredDraft, notice: str = ""
    ) -> None:
        """Save what was sent without calling a hook, because one of them has failed.

        Save nothing to a draft whose answers must not change now, and nothing of a form
        that is not known to be of this step.
        """
        has_rev = self.submitted.has_rev and (step.takes_input or self.at.item)
        is_sent = self.submitted.has_action or has_rev
        if stored.draft.state != "open" or stored.draft.unsettled or not is_sent:
            return
        journey = self.visit.journey_of(stored.draft)
        position = journey.steps.positions[step.name]
        entry = journey.draft.entries.get(step.name)
        closed = step.bind(journey, position, entry, reached=False)
        nonce = self.submitted.item_nonce or new_nonce()
        bound = find_page(closed, self.at, nonce)
        if isinstance(closed, BoundRepeat):
            if bound is None and (closed.step.is_fixed or not self.action.quiet):
                bound = begin_again(closed, self.at)
            if bound is not None and closed.is_full and not is_begun(bound):
                bound = None
        values, quiet = self.submitted.values, self.action.quiet
        values.files = {}  # nobody may judge them: that may be what has failed
        if bound is None or (quiet and self.submitted.rev < bound.rev):
            return
        walk = bound.journey.submit(bound, values, validate=False, autosave=quiet)
        if walk.draft is not bound.journey.draft:
            self._save(stored, walk.whole.draft, notice)

    def _load_or_start(self, step: AnyStep) -> StoredDraft | None:
        """Return the draft of a POST, or begin one if it is absent.

        Return ``None`` if it is absent, and the step has no values to save or a script
        has sent them: a late autosave must not bring back what was ended.
        """
        visit = self.visit
        stored = visit.drafts.load(visit.draft_id) if visit.draft_id else None
        if stored is None:
            if (shared := self._load_as_guest()) is not None:
                return shared
            _check_signed_in(visit, self.submitted)
        begins = (step.takes_input or self.at.item) and not self.action.quiet
        if stored is None and visit.draft_id and not begins:
            return None
        if stored is not None:
            return stored
        nonce = self.submitted.nonce
        if visit.draft_id is None and visit.wizard._prefilled:
            begun = visit.drafts.find_begun(nonce) if nonce else None
            if (begun := begun or visit.find_edited()) is not None:
                return begun
        return visit.drafts.start(visit.draft_id or nonce or new_nonce())

    def _load_as_guest(self) -> StoredDraft | None:
        """Return somebody else's draft if this visitor is its guest.

        Raise NotStored for a page of a guest who is none any more.
        """
        shared = self.visit.drafts.load_as_guest(self.visit.draft_id or "")
        if shared is None and self.submitted.is_guests:
            raise NotStored(Problem.NOT_SHARED)
        return shared

    def _wait_for_commit(self, stored: StoredDraft) -> StoredDraft:
        """Wait while a commit runs, for ``WIZARD_COMMIT_WAIT`` seconds at most.

        If a few requests of this process wait already, this does not wait. Raise
        ConflictError if the draft expires meanwhile.
        """
        wait = self.visit.context.app.config["WIZARD_COMMIT_WAIT"]
        pauses = self.visit.context.state.waiters.pauses(stored.draft.id, wait)
        with closing(pauses):
            for _ in pauses:
                stored = self.visit.drafts.reload(stored)
                if stored.is_new:
                    raise ConflictError("The draft expired while its commit ran.")
                if stored.draft.state != "committing":
                    break
        # It may have been saved under another mark of this session meanwhile, or
        # adopted by the user who has signed in.
        held = self.visit.drafts.held(stored.draft)
        if held is None:
            raise ConflictError("The draft has another holder since its commit began.")
        return replace(stored, draft=held)

    def _leave_unchanged(
        self, journey: Journey, page: BoundStep, stored: StoredDraft
    ) -> Outcome | None:
        """Answer a POST while a commit runs, or while nobody knows how it ended.

        Continue on the last step commits an unsettled draft again. Return ``None`` if
        the step may change all the same. Raise NotStored for a change of any other.
        """
        opens = journey.get(page.top.name) is not None
        bound = page.journey.get(page.name) if opens else None
        values = self.submitted.values
        if problem := refuse_change(stored.draft, page, bound, values):
            raise NotStored(problem)
        if stored.draft.state == "committing":
            return self._lead_to_end(stored.draft, self.action)
        if bound is None or not is_frozen(stored.draft, bound):
            return None
        if self.action.validates and journey.current is bound:
            return self._commit(journey, stored)
        url_name = self.action.page or journey.home or journey.current.url_name
        url = self.visit.url_to(url_name, stored.draft)
        return redirect_to(url, quiet=self.action.quiet)

    def _save(self, stored: StoredDraft, draft: Draft, notice: str) -> StoredDraft:
        """Save a draft and renew its lifetime. Raise NotStored, or ConflictError."""
        if self.action.quiet or stored.guest is not None:
            notice = draft.notice
        if self.visit.draft_id is not None and draft.id != self.visit.draft_id:
            notice = Notice.MOVED
        if stored.is_new:
            self._admit("start")
        try:
            saved = self.visit.drafts.save(stored, draft, notice=notice)
        except StoreError:
            if self.incoming is not None:
                self.incoming.doubt(stored)
            raise
        if self.incoming is not None:
            self.incoming.settle(saved.draft)
        self.attempts.clear()
        if stored.is_new and signals.draft_started.receivers:
            page = self.visit.wizard.steps.by_url_name[self.at.page]
            what = {"draft_id": saved.draft.id, "step": page.name}
            announce(self.visit, signals.draft_started, **what)
        if self.visit.context.app.config["WIZARD_PERMANENT_SESSION"]:
            self.visit.context.session.permanent = True
        return saved

    def _admit(self, moment: Moment) -> None:
        """Call ``Wizard.admit`` if it has not admitted this yet. Raise NotStored."""
        if moment not in self.admitted:
            self.visit.admit(moment)
            self.admitted.add(moment)

    def _commit(self, journey: Journey, stored: StoredDraft) -> Outcome:
        if awaited := journey.awaited:
            return self.visit.redirect_to_page(awaited[0].url_name, stored.draft)
        self._admit("commit")
        config = self.visit.context.app.config
        result = commit(
            self.visit.wizard,
            journey,
            stored,
            self.visit.drafts,
            lease=config["WIZARD_COMMIT_LEASE"],
            most=config["WIZARD_COMMIT_MAX"],
            copy=partial(copy_of, journey),
        )
        if result.page is not None:
            return redirect_to(self.visit.urls.to_step(result.draft.id, result.page))
        if not result.draft.ended:  # another attempt has claimed it meanwhile
            return self.visit.redirect_to_page("receipt", result.draft)
        self._unlist(result.draft)
        ended = result.draft.id
        announce(self.visit, signals.draft_committed, draft_id=ended)
        return redirect_to(self.visit.end_url(result.draft))

    def _discard(self) -> Outcome:
        """Discard the draft if the visitor has confirmed it."""
        if not self.submitted.has_action:
            abort(400)
        visit = self.visit
        stored = visit.drafts.load(visit.draft_id or "")
        if stored is None:
            if self._load_as_guest() is not None:
                abort(404)
            _check_signed_in(visit, self.submitted)
            quiet = self.action.quiet
            return Response(status=409) if quiet else visit.missing_page()
        draft = stored.draft
        if draft.closed:
            return self._lead_to_end(draft, self.action)
        if self.action.name not in ("discard", "next"):
            return redirect_to(
                visit.standing_url_or_entry(draft), quiet=self.action.quiet
            )
        ended = visit.drafts.save(stored, visit.drafts.end(draft, "discarded"))
        self._unlist(draft)
        try:
            call_hook(visit.wizard.discarded, PublicDraft.of(draft, visit.wizard))
        except HookError as error:  # it is not about this draft, which is discarded
            visit.log(error, "discarded failed. The draft is discarded.")
        try:
            visit.drafts.follow(ended)
        except (ConflictError, StoreError) as error:
            visit.log(error, "The visitor cannot see that a draft is discarded.")
        visit.drafts.holder.mark_end()  # the hook may have cleared the session
        announce(visit, signals.draft_discarded, draft_id=draft.id)
        return visit.redirect_to_page("receipt", draft)

    def _unlist(self, draft: Draft) -> None:
        """Remove an ended draft from the visitor's list. Its end is stored already."""
        self.visit.drafts.holder.mark_end()
        try:
            self.visit.drafts.unlist(draft.id)
        except StoreError as error:
            self.visit.log(error, "An ended draft is still listed.")

    def _lead_to_end(self, draft: Draft, action: Action) -> Outcome:
        if action.quiet:
            return Response(status=409)
        return redirect_to(self.visit.end_url(draft))


def answer(visit: Visit, at: Address) -> Outcome:
    """Save a submission, or return a page with everything that was sent."""
    context = visit.context
    refused: Exception | None = None
    incoming: IncomingFiles | None = context.request.environ.get(INCOMING)
    step = visit.wizard.steps.by_url_name.get(at.page)
    if incoming is not None and (step is None or not step.takes_files):
        incoming.check_size()
    try:
        visit.drafts.holder.identify()
        if visit.drafts.holder.user is not None:
            visit.welcome()
        guard.check_csrf(context)
    except STOPS as error:
        refused = error
    submitted = Submitted.from_request(
        context.request,
        csrf_field=context.csrf_field,
        decrypt_names=lambda text: visit.fields_of(at).decrypt(text),
        incoming=incoming,
    )
    if visit.wizard.steps.renamed:
        at = current_address(visit.wizard.steps, at)
        submitted = with_new_fields(visit.wizard.steps, at, submitted, incoming)
    action = action_of(submitted.action)
    known = at.page in visit.wizard.steps.by_url_name or at.page == "discard"
    # A page that sends a revision was a step's before a deploy.
    if not known and (at.page in DRAFT_PAGES or not submitted.has_rev):
        abort(404)
    try:
        if visit.drafts.holder.user is None and visit.drafts.holder.token is None:
            _check_signed_in(visit, submitted)
        if refused is not None:
            raise refused
        if incoming is not None and incoming.failure is not None:
            raise incoming.failure
        return Post(visit, at, submitted, action, incoming).process()
    except NotStored as refusal:
        return _give_back(visit, at, submitted, refusal)
    except Refused as error:
        return _give_back(visit, at, submitted, NotStored.refused(error.refusal))
    except STOPS as error:
        return _give_back(visit, at, submitted, NotStored.because(error))


def _check_signed_in(visit: Visit, submitted: Submitted) -> None:
    """Raise NotStored if the page was a user's, who is not signed in any more.

    The session cannot open the draft in the URL. It must not keep what was typed
    either: another person may sit at the browser by now.
    """
    holder = visit.drafts.holder
    if submitted.signed_in and holder.token is None and holder.user is None:
        holder.leave()
    is_users = submitted.signed_in or visit.draft_id is not None
    if holder.has_left and is_users:
        raise NotStored(Problem.SIGNED_OUT)


def _give_back(
    visit: Visit, at: Address, submitted: Submitted, refusal: NotStored
) -> Outcome:
    """Return the page with everything that was sent, and log a store's failure."""
    if refusal.problem is Problem.STORE:
        visit.log_store(refusal.__cause__ or refusal)
    drafts = partial(visit.open_drafts, everywhere=True)
    url = visit.standing_url_or_entry
    resend = Resend(visit.pages, visit.drafts, visit.journey_of, drafts, url)
    return resend.page(at, submitted, refusal)
