"""Visit: the answer to one request of one visitor for one draft."""

from __future__ import annotations

import json
import random
import time
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Literal, NamedTuple

from flask import Response, abort, after_this_request, g, url_for
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from ..core.changes import draft_after
from ..core.draft import ENDED, Draft, Receipt
from ..core.files import NO_FILES
from ..core.form_errors import as_text
from ..core.hooks import OWN_ERRORS, HookError, call_hook
from ..core.items import NEW_ITEM, REMOVE
from ..core.journey import Journey
from ..core.messages import Notice, Problem
from ..core.repeats import BoundRepeat
from ..core.steps import AnyStep, BoundStep
from ..drafts.adoption import adopt
from ..drafts.commit import commit
from ..drafts.encrypted_store import StoredDraft
from ..drafts.holders import new_nonce
from ..drafts.lifetimes import expires
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import (
    ConflictError,
    NewerFormatError,
    StoreError,
    UnreadableDraftError,
)
from ..tracebacks import without_locals
from . import guard
from .actions import Action, Move, action_of, must_begin
from .compat import typed_values
from .incoming import INCOMING, IncomingFiles, Refused
from .item_pages import (
    GONE,
    begin_again,
    current_address,
    find_page,
    has_page,
    is_begun,
    remove_item,
    reopen,
    with_new_fields,
)
from .languages import language_of
from .link_page import open_link
from .logins import SignedOut
from .notices import choose_notice, saved_notice
from .page_fields import SignedFields
from .pages import Page, Pages, check_named_templates
from .problems import (
    STOPS,
    Attempt,
    NotStored,
    is_frozen,
    is_ours,
    refuse_change,
)
from .resend import Resend
from .responses import Outcome, download, protect, redirect_to
from .shipped_templates import escape_pages
from .state import MOUNTS, Context
from .submitted import Submitted, is_from_review
from .uploaded_file import UploadedFile, rules_of
from .urls import (
    DRAFT_PAGES,
    NEW,
    Address,
    Urls,
    add_query,
    nonce_of,
    other_host,
    query_without_nonce,
    url_of,
    url_of_page,
)

if TYPE_CHECKING:
    from ..wizard import Wizard
    from .routes import Mounted

Moment = Literal["start", "commit", "link", "upload"]

TRIES = 100
EARLY_KEY = "_wizard_early"
"""The session's key for a draft whose review was asked for before it opens.

The page that the visitor is led to tells what is missing. It is not in the URL: the
page is the same, and no bookmark of it should say so again.
"""

BROKEN = "The application's code raises for a draft at {}, which cannot be continued."


class Post(NamedTuple):
    """A POST that is being answered."""

    at: Address
    submitted: Submitted
    action: Action
    #: Calls ``Wizard.admit``, once for each moment however often the save is tried.
    admit: Callable[[Moment], None]
    #: The last submission that could not be saved yet, if there is one.
    attempts: list[Attempt]
    #: The files that came along; None if the step takes none.
    incoming: IncomingFiles | None


@dataclass(frozen=True)
class Visit:
    """One request of one visitor for one draft.

    ``handle`` returns the answer: a response to send, or a ``Page``, which is the
    context to render, with its ``templates`` and ``status``.
    """

    context: Context = field(repr=False)
    wizard: Wizard
    #: Returns the journey of a draft through the wizard.
    journey_of: Callable[[Draft], Journey]
    drafts: VisitorDrafts
    urls: Urls
    pages: Pages
    #: The id of the draft in the URL; ``None`` for a new draft.
    draft_id: str | None

    @classmethod
    def open(
        cls,
        wizard: Wizard,
        mount: Mount,
        draft_id: str | None,
        context: Context,
        *,
        url_for_step: Callable[..., str],
        entry_url: Callable[[], str] | None = None,
        file_url: Callable[..., str] | None = None,
    ) -> Visit:
        """Return a visit with its parts. Raise ConfigurationError for a wrong store."""
        if wizard.one_transaction:
            context.state.require_joining()
        if type(wizard) not in context.state.checked:
            check_named_templates(wizard, context)
            escape_pages(context.app.jinja_env)  # it may have been set since init_app
            context.state.checked.add(type(wizard))
        repository = context.repository
        keyring = repository.store.keyring
        drafts = VisitorDrafts(wizard, mount, context.holder, repository)

        gives = wizard._gives_initial
        initial = wizard._initial_at(mount.bound) if gives else None
        bound = MappingProxyType(dict(mount.bound))
        takes_files = wizard.steps.take_files
        journey_of = partial(
            Journey,
            wizard.steps,
            initial=initial,
            bound=bound,
            max_entries=context.app.config["WIZARD_MAX_ENTRIES"],
            language=partial(language_of, context.app),
            files=rules_of(wizard, drafts, context) if takes_files else NO_FILES,
            prefilled=wizard._prefilled,
        )

        def first_page() -> str:
            return str(journey_of(drafts.fresh(NEW, held=False)).current.url_name)

        def fields_of(step_name: str) -> SignedFields:
            return SignedFields(keyring, drafts.mount, step_name)

        urls = Urls(url_for_step, first_page, entry_url, file_url)
        pages = Pages(wizard, context, urls, fields_of)
        opened = None if draft_id == NEW else draft_id
        return cls(context, wizard, journey_of, drafts, urls, pages, opened)

    @classmethod
    def at_mount(
        cls, mount: str, context: Context, unbound: Mapping[str, object]
    ) -> Visit | None:
        """Return a visit to another mount, by the key that is stored with its drafts.

        ``unbound`` has values for the URL variables that do not bind drafts. Return
        ``None`` if there is no such blueprint, or it has other variables by now: nobody
        knows the URLs of its drafts.
        """
        name, pairs = json.loads(mount)
        mounts: Mapping[str, Mounted] = context.app.extensions.get(MOUNTS, {})
        if (mounted := mounts.get(name)) is None:
            return None
        try:
            bound = typed_values(context.app, f"{name}.step", dict(pairs))
        except ValueError:  # of the converter
            return None
        rule = next(context.app.url_map.iter_rules(f"{name}.step"))
        if rule.arguments - {"draft", "step"} - mounted.unbound - bound.keys():
            return None
        free = {n: value for n, value in unbound.items() if n in mounted.unbound}
        variables = {**bound, **free}
        return cls.open(
            mounted.wizard,
            Mount(name, bound),
            None,
            context,
            url_for_step=partial(url_of_page, name, variables),
            entry_url=partial(url_for, f"{name}.entry", **variables),
        )

    # The three kinds of requests

    def handle(
        self, page: str, item: str | None = None, sub: str | None = None
    ) -> Outcome:
        """Return the answer for a step, or for ``saved``, ``discard``, ``receipt``.

        ``item`` is the id of an item of a list, or ``new``. ``sub`` is the name in URLs
        of one of several pages of an item, or ``remove``.
        """
        after_this_request(protect)
        at = Address(page, self.draft_id or NEW, item=item or "", sub=sub or "")
        if at.item and page in DRAFT_PAGES:
            abort(404)
        names_item = at.sub or at.item not in ("", NEW_ITEM)
        if at.draft_id == NEW and names_item and not self.wizard._prefilled:
            abort(404)
        try:
            if self.context.request.method == "POST":
                return self._post(at)
            return self._get(partial(self._show, at))
        except HookError as failed:
            error_of_hook = without_locals(failed).error
        except BaseException as error:
            without_locals(error)
            raise
        finally:
            incoming: IncomingFiles | None = self.context.request.environ.get(INCOMING)
            if incoming is not None:
                incoming.clean()
        raise error_of_hook  # here it keeps its own context

    def follow_link(self, token: str) -> Outcome:
        """Return the answer for a link's URL: a page that asks, or where it leads."""
        after_this_request(protect)
        admit = cache(partial(self._admit, "link"))
        return self._get(partial(open_link, self, token, admit))

    def file(self, page: str, file_id: str, item: str = "") -> Outcome:
        """Return the answer for a file of a step, or of an item of a list."""
        after_this_request(protect)
        return self._get(partial(self._show_file, page, item, file_id))

    def enter(self) -> Outcome:
        """Return the answer for the wizard's own URL: a new draft, or a choice."""
        after_this_request(protect)
        return self._get(self._enter)

    def resume(self) -> Outcome:
        """Return the answer for a draft's own URL: a redirect to its current page."""
        after_this_request(protect)
        return self._get(self._resume)

    def _welcome(self) -> None:
        """Have the user adopt what the session has begun. Raise StoreError."""
        holder = self.drafts.holder
        holder.ensure_token()  # by which the session knows later that a user has left
        if holder.waiting:
            adopt(holder, self.context.repository)

    # GET

    def _get(self, show: Callable[[], Outcome]) -> Outcome:
        """Return what ``show`` returns, or the 503 page if the store has failed."""
        try:
            self.drafts.holder.identify()
            if self.drafts.holder.user is not None:
                self._welcome()
            return show()
        except HookError as failed:
            error_of_hook = failed.error
        except SignedOut as signed_out:  # the application answers it, as anywhere else
            raise signed_out.refusal from signed_out
        except StoreError as error:
            self.log(error)
            damaged = isinstance(error, UnreadableDraftError)
            damaged = damaged and not isinstance(error, NewerFormatError)
            again_url = url_of(self.context.request)
            return self.pages.unavailable(again_url, damaged=damaged)
        raise error_of_hook

    def _enter(self) -> Outcome:
        if (edited := self._find_edited()) is not None:
            return redirect_to(self.standing_url(edited.draft), 302)
        if drafts := self.open_drafts():
            return self.pages.entry(drafts)
        return self._redirect_to_new()

    def _resume(self) -> Outcome:
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            return self._missing_page()
        return redirect_to(self.standing_url(stored.draft), 302)

    def _show(self, at: Address) -> Outcome:
        if (current := current_address(self.wizard.steps, at)) != at:
            query = self.context.request.query_string.decode()
            return redirect_to(add_query(self.urls.to(current), query), 302)
        if self.draft_id is None:
            return self._show_new(at)
        stored = self.drafts.load(self.draft_id)
        if stored is None:
            return self._missing_page()
        draft = stored.draft
        if at.page == "receipt":
            return self._show_receipt(draft)
        if _is_closed(draft):
            return self._redirect_to_page("receipt", draft)
        if at.page == "saved":
            return self._show_saved(draft)
        if at.page == "discard":
            return self.pages.discard(at, unsettled=draft.unsettled)
        return self._show_step(at, self.step_at(at), self.journey_of(draft))

    def _find_edited(self) -> StoredDraft | None:
        """Return the open draft at this mount of a prefilled wizard, if there is one.

        What exists is edited in one draft, however many pages begin with it.
        """
        if not self.wizard._prefilled:
            return None
        found = reversed(self.drafts.open_drafts())
        return next(filter(None, (self.drafts.load(draft.id) for draft in found)), None)

    def _redirect_to_new(self, at: Address | None = None) -> Outcome:
        """Return a redirect to a page of a new draft, with a new nonce.

        It is the first page, if no other is given. The nonce stands in the URL, and not
        only in the page: Back asks for the page again, since no page is cached, and
        must meet the same draft.
        """
        at = at or Address(self.urls.first_page())
        edits = self.wizard._prefilled
        nonce = self.drafts.shared_nonce() if edits else new_nonce()
        url = self.urls.to(at._replace(nonce=nonce))
        query = query_without_nonce(self.context.request)
        return redirect_to(add_query(url, query), 302)

    def _show_new(self, at: Address) -> Outcome:
        step, nonce = self.step_at(at), nonce_of(self.context.request)
        begun = self.drafts.find_begun(nonce) if nonce else None
        if (begun := begun or self._find_edited()) is not None:
            at = at._replace(draft_id=begun.draft.id)
            then = is_from_review(self.context.request)
            return redirect_to(self.urls.to(at, then=then), 302)
        if not nonce:
            return self._redirect_to_new(at if self.wizard._prefilled else None)
        # The session needs the token before the first POST. Otherwise two clicks would
        # make two tokens, and two drafts.
        self.drafts.holder.ensure_token()
        journey = self.journey_of(self.drafts.fresh(NEW))
        return self._show_step(at._replace(nonce=nonce), step, journey)

    def _show_step(self, at: Address, step: AnyStep, journey: Journey) -> Outcome:
        """Return a step's page, or a redirect to the step that comes first."""
        if not has_page(step, at):
            abort(404)
        bound = journey.get(step.name)
        is_new = self.draft_id is None
        is_first = is_new and not journey.prefilled
        if (
            bound is None
            or (is_first and bound is not journey.first_incomplete)
            or (is_frozen(journey.draft, bound) and bound is not journey.current)
        ):
            if bound is None and step.lists_answers and not is_new:
                self.context.session[EARLY_KEY] = at.draft_id
            at = at._replace(page=journey.current.url_name, item="", sub="")
            return redirect_to(self.urls.to(at))
        notice = choose_notice(journey.draft, bound)
        if isinstance(bound, BoundRepeat):
            return self._show_list(at, bound, journey, notice)
        return self._show_page(at, bound, journey, notice)

    def _show_page(
        self, at: Address, bound: BoundStep, journey: Journey, notice: str | None
    ) -> Outcome:
        session = self.context.session
        early = EARLY_KEY in session and session.pop(EARLY_KEY) == at.draft_id
        return self.pages.step(
            journey,
            bound,
            at,
            form=bound.form_to_show(),
            then=is_from_review(self.context.request),
            early=early,
            notice=notice,
        )

    def _show_list(
        self, at: Address, repeat: BoundRepeat, journey: Journey, notice: str | None
    ) -> Outcome:
        """Return the page of a list or of one of its items, or a redirect.

        A list that must have an item and has none leads to a new one.
        """
        request = self.context.request
        lead = partial(self.urls.to, then=is_from_review(request))
        if not at.item:
            if must_begin(repeat):
                return redirect_to(lead(at._replace(item=NEW_ITEM)))
            if request.args.get("item") == GONE:
                notice = notice or Notice.ITEM_GONE
            return self._show_page(at, repeat, journey, notice)
        list_url = lead(at._replace(item="", sub=""))
        if at.item == NEW_ITEM and repeat.is_full:
            return redirect_to(list_url)
        page = find_page(repeat, at._replace(sub="" if at.sub == REMOVE else at.sub))
        if page is None:
            return redirect_to(add_query(list_url, f"item={GONE}"))
        if at.sub == REMOVE:
            return self.pages.remove(at, page)
        if at.item == NEW_ITEM:
            at = at._replace(item_nonce=new_nonce())
        else:
            walk = page.journey
            opens = walk.get(page.name) is not None
            if not opens or (page.url_name and not at.sub):
                page = walk.first_incomplete or walk.path[0]
                return redirect_to(lead(at._replace(sub=page.url_name)))
        return self._show_page(at, page, journey, choose_notice(journey.draft, page))

    def _show_saved(self, draft: Draft) -> Outcome:
        until = expires(self.wizard, draft)
        is_users = self.drafts.holder.user is not None
        if self.context.session.permanent and not is_users:
            lasts = self.context.app.permanent_session_lifetime.total_seconds()
            until = min(until, time.time() + lasts)
        return self.pages.saved(
            draft,
            Address(self._current_page(draft), draft.id),
            until=until,
            in_browser=not (self.context.session.permanent or is_users),
            notice=saved_notice(draft),
        )

    def _show_receipt(self, draft: Draft) -> Outcome:
        at = Address("receipt", draft.id)
        if draft.state == "committing":
            return self.pages.sending(at)
        if not draft.ended:
            return self._redirect_to_page(self._current_page(draft), draft)
        if (url := self._end_url(draft)) != self.urls.to(at):
            return redirect_to(url)
        return self.pages.receipt(draft, self.context.request.host)

    def _show_file(self, page: str, item: str, file_id: str) -> Outcome:
        """Return a file as a download, whether or not its step applies."""
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            return self._missing_page()
        name = self.step_at(Address(page)).name
        entry = stored.draft.entries.get(name)
        files = list(entry.files.values()) if entry is not None and not item else []
        for each in stored.draft.items(name):
            files += each.files() if each.id == item else ()
        file = next((file for file in files if file.id == file_id), None)
        uploads = self.context.repository.uploads
        if file is None or uploads is None:
            abort(404)
        return download(UploadedFile(uploads, stored.draft.id, file))

    def _missing_page(self) -> Page:
        return self.pages.gone(expired=self.drafts.remembers(self.draft_id or ""))

    # POST

    def _post(self, at: Address) -> Outcome:
        """Save a submission, or return a page with everything that was sent."""
        context = self.context
        refused: Exception | None = None
        incoming: IncomingFiles | None = context.request.environ.get(INCOMING)
        step = self.wizard.steps.by_url_name.get(at.page)
        if incoming is not None and (step is None or not step.takes_files):
            incoming.check_size()
        try:
            self.drafts.holder.identify()
            if self.drafts.holder.user is not None:
                self._welcome()
            guard.check_csrf(context)
        except STOPS as error:
            refused = error
        submitted = Submitted.from_request(
            context.request,
            csrf_field=context.csrf_field,
            decrypt_names=lambda text: self._fields_of(at).decrypt(text),
            incoming=incoming,
        )
        if self.wizard.steps.renamed:
            at = current_address(self.wizard.steps, at)
            submitted = with_new_fields(self.wizard.steps, at, submitted, incoming)
        action = action_of(submitted.action)
        known = at.page in self.wizard.steps.by_url_name or at.page == "discard"
        # A page that sends a revision was a step's before a deploy.
        if not known and (at.page in DRAFT_PAGES or not submitted.has_rev):
            abort(404)
        try:
            if self.drafts.holder.user is None and self.drafts.holder.token is None:
                self._check_signed_in(submitted)
            if refused is not None:
                raise refused
            if incoming is not None and incoming.failure is not None:
                raise incoming.failure
            admit = cache(self._admit)
            return self._process(Post(at, submitted, action, admit, [], incoming))
        except NotStored as refusal:
            return self._give_back(at, submitted, refusal)
        except Refused as error:
            return self._give_back(at, submitted, NotStored.refused(error.refusal))
        except STOPS as error:
            return self._give_back(at, submitted, NotStored.because(error))

    def _check_signed_in(self, submitted: Submitted) -> None:
        """Raise NotStored if the page was a user's, who is not signed in any more.

        The session cannot open the draft in the URL. It must not keep what was typed
        either: another person may sit at the browser by now.
        """
        holder = self.drafts.holder
        if submitted.signed_in and holder.token is None and holder.user is None:
            holder.leave()
        is_users = submitted.signed_in or self.draft_id is not None
        if holder.has_left and is_users:
            raise NotStored(Problem.SIGNED_OUT)

    def _give_back(
        self, at: Address, submitted: Submitted, refusal: NotStored
    ) -> Outcome:
        """Return the page with everything that was sent, and log a store's failure."""
        if refusal.problem is Problem.STORE:
            self.log(refusal.__cause__ or refusal)
        drafts = partial(self.open_drafts, everywhere=True)
        url = self._standing_url_or_entry
        resend = Resend(self.pages, self.drafts, self.journey_of, drafts, url)
        return resend.page(at, submitted, refusal)

    def _process(self, post: Post) -> Outcome:
        """Save or end the draft, and try again if another request wrote first.

        Raise StoreError after ``TRIES`` tries.
        """
        step = self.wizard.steps.by_url_name.get(post.at.page)
        if step is None and post.at.page != "discard":
            raise NotStored(Problem.REMOVED)
        if step is not None and post.at.item and not has_page(step, post.at):
            if not post.submitted.has_rev:
                abort(404)
            raise NotStored(Problem.REMOVED)
        try:
            for tries in range(TRIES):
                try:
                    if step is None:
                        return self._discard(post)
                    if post.at.sub == REMOVE:
                        return self._remove(post, step)
                    return self._submit(post, step)
                except ConflictError:
                    time.sleep(random.uniform(0, 0.001 * min(tries, 20)))
            raise StoreError(f"The draft changed during each of {TRIES} tries.")
        except NotStored as refusal:
            refusal.attempt = next(iter(post.attempts), None)
            raise
        except STOPS as error:
            raise NotStored.because(error, next(iter(post.attempts), None)) from error

    def _submit(self, post: Post, step: AnyStep) -> Outcome:
        """Save a submission of a step, and redirect or commit.

        Raise NotStored, or ConflictError if another request wrote first.
        """
        stored = self._load_or_start(post, step)
        if stored is None and post.action.quiet:
            return Response(status=409)
        if stored is None:  # the redirect leads to the page of a missing draft
            return redirect_to(self.urls.to(post.at))
        if stored.draft.state == "committing" and post.action.waits:
            stored = self._wait_for_commit(stored)
        draft = stored.draft
        if draft.state in ENDED:
            return self._lead_to_end(draft, post.action)
        submitted, action, to_save = post.submitted, post.action, None
        if post.incoming is not None:
            submitted.values.files = post.incoming.move_to(stored)
        try:  # the application's hooks run here
            journey = self.journey_of(draft)
            if stored.is_new:
                journey.begin()
            before, is_gone = journey.bind(step.name), False
            if post.at.item:
                nonce = submitted.item_nonce or new_nonce()
                found = find_page(before, post.at, nonce)
                before, is_gone = found or self._begin_again(post, before), not found
            if not (submitted.has_action or is_ours(submitted, before)):
                abort(400)
            if draft.state == "committing" or draft.unsettled:
                outcome = self._leave_unchanged(post, journey, before, stored)
                if outcome is not None:
                    return outcome
            if action.quiet and submitted.rev < before.rev:
                return Response(status=409)
            top = before.top if post.at.item else before
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
            to = partial(self.urls.to_step, draft.id)
            url = action.lead(Move(onward, walk, bound, submitted, self.urls, to))
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
            if bound is None and step.lists_answers:
                self.context.session[EARLY_KEY] = draft.id
        except (*OWN_ERRORS, NotStored):
            raise
        except BaseException:
            self._save_unjudged(post, step, stored)
            raise
        if to_save is None:
            stored = replace(stored, draft=onward.draft)
        else:
            if bound is not None and before.step.takes_input:
                post.attempts[:] = [Attempt(journey, before, bound.form)]
            stored = self._save(post, stored, to_save, notice)
        if url is None:
            return self._commit(post, onward, stored)
        return redirect_to(url, quiet=action.quiet)

    def _begin_again(self, post: Post, repeat: BoundStep) -> BoundStep:
        """Return a page for what was sent to an item that is not on its list.

        Raise NotStored for an autosave to a removed one, whose page is still open.
        """
        is_new = isinstance(repeat, BoundRepeat) and not repeat.step.is_fixed
        page = begin_again(repeat, post.at)
        if page is None or (post.action.quiet and is_new):
            raise NotStored(Problem.REMOVED)
        return page

    def _check_room(self, repeat: BoundRepeat, page: BoundStep, action: Action) -> None:
        """Raise NotStored if a POST would add an item to a list that is full."""
        adds = not is_begun(page) or (action.adds and page is repeat)
        if adds and repeat.is_full:
            raise NotStored(Problem.TOO_MANY_ITEMS)

    def _remove(self, post: Post, step: AnyStep) -> Outcome:
        """Remove an item of a list if the visitor has confirmed it."""
        if not post.submitted.has_action:
            abort(400)
        stored = self.drafts.load(self.draft_id or "")
        if stored is None and self.draft_id is None and self.wizard._prefilled:
            stored = self._load_or_start(post, step)  # an item of what exists
        if stored is None:
            self._check_signed_in(post.submitted)
            return self._missing_page()
        draft = stored.draft
        if draft.ended:
            return self._lead_to_end(draft, post.action)
        at = Address(step.url_name, draft.id)
        url = self.urls.to(at, then=post.submitted.from_review)
        if post.submitted.action not in ("next", REMOVE):
            if stored.is_new:
                url = self.urls.to(at._replace(draft_id=NEW))
            return redirect_to(url, quiet=post.action.quiet)
        journey = self.journey_of(draft)
        if stored.is_new:
            journey.begin()
        repeat = journey.bind(step.name)
        if draft.state == "committing":
            raise NotStored(Problem.BUSY)
        if is_frozen(draft, repeat):
            raise NotStored(Problem.UNSETTLED)
        if isinstance(repeat, BoundRepeat) and repeat.find(post.at.item) is not None:
            onward = remove_item(journey, step.name, post.at.item)
            self._save(post, stored, onward.to_draft(), "")
        return redirect_to(url)

    def _save_unjudged(self, post: Post, step: AnyStep, stored: StoredDraft) -> None:
        """Save what was sent without calling a hook, because one of them has failed.

        Save nothing to a draft whose answers must not change now, and nothing of a form
        that is not known to be of this step.
        """
        has_rev = post.submitted.has_rev and (step.takes_input or post.at.item)
        is_sent = post.submitted.has_action or has_rev
        if stored.draft.state != "open" or stored.draft.unsettled or not is_sent:
            return
        journey = self.journey_of(stored.draft)
        position = journey.steps.positions[step.name]
        entry = journey.draft.entries.get(step.name)
        closed = step.bind(journey, position, entry, reached=False)
        nonce = post.submitted.item_nonce or new_nonce()
        bound = find_page(closed, post.at, nonce)
        if isinstance(closed, BoundRepeat):
            if bound is None and (closed.step.is_fixed or not post.action.quiet):
                bound = begin_again(closed, post.at)
            if bound is not None and closed.is_full and not is_begun(bound):
                bound = None
        values, quiet = post.submitted.values, post.action.quiet
        values.files = {}  # nobody may judge them: that may be what has failed
        if bound is None or (quiet and post.submitted.rev < bound.rev):
            return
        walk = bound.journey.submit(bound, values, validate=False, autosave=quiet)
        if walk.draft is not bound.journey.draft:
            self._save(post, stored, walk.whole.draft, "")

    def _load_or_start(self, post: Post, step: AnyStep) -> StoredDraft | None:
        """Return the draft of a POST, or begin one if it is absent.

        Return ``None`` if it is absent, and the step has no values to save or a script
        has sent them: a late autosave must not bring back what was ended.
        """
        stored = self.drafts.load(self.draft_id) if self.draft_id else None
        if stored is None:
            self._check_signed_in(post.submitted)
        begins = (step.takes_input or post.at.item) and not post.action.quiet
        if stored is None and self.draft_id and not begins:
            return None
        if stored is not None:
            return stored
        nonce = post.submitted.nonce
        if self.draft_id is None and self.wizard._prefilled:
            begun = self.drafts.find_begun(nonce) if nonce else None
            if (begun := begun or self._find_edited()) is not None:
                return begun
        return self.drafts.start(self.draft_id or nonce or new_nonce())

    def _wait_for_commit(self, stored: StoredDraft) -> StoredDraft:
        """Wait while a commit runs, for ``WIZARD_COMMIT_WAIT`` seconds at most.

        If a few requests of this process wait already, this does not wait. Raise
        ConflictError if the draft expires meanwhile.
        """
        wait = self.context.app.config["WIZARD_COMMIT_WAIT"]
        pauses = self.context.state.waiters.pauses(stored.draft.id, wait)
        with closing(pauses):
            for _ in pauses:
                stored = self.drafts.reload(stored)
                if stored.is_new:
                    raise ConflictError("The draft expired while its commit ran.")
                if stored.draft.state != "committing":
                    break
        # It may have been saved under another mark of this session meanwhile, or
        # adopted by the user who has signed in.
        held = self.drafts.held(stored.draft)
        if held is None:
            raise ConflictError("The draft has another holder since its commit began.")
        return replace(stored, draft=held)

    def _leave_unchanged(
        self, post: Post, journey: Journey, page: BoundStep, stored: StoredDraft
    ) -> Outcome | None:
        """Answer a POST while a commit runs, or while nobody knows how it ended.

        Continue on the last step commits an unsettled draft again. Return ``None`` if
        the step may change all the same. Raise NotStored for a change of any other.
        """
        opens = journey.get(page.top.name) is not None
        bound = page.journey.get(page.name) if opens else None
        values = post.submitted.values
        if problem := refuse_change(stored.draft, page, bound, values):
            raise NotStored(problem)
        if stored.draft.state == "committing":
            return self._lead_to_end(stored.draft, post.action)
        if bound is None or not is_frozen(stored.draft, bound):
            return None
        if post.action.validates and journey.current is bound:
            return self._commit(post, journey, stored)
        url_name = post.action.page or journey.current.url_name
        url = self._url(url_name, stored.draft)
        return redirect_to(url, quiet=post.action.quiet)

    def _save(
        self, post: Post, stored: StoredDraft, draft: Draft, notice: str
    ) -> StoredDraft:
        """Save a draft and renew its lifetime. Raise NotStored, or ConflictError."""
        if post.action.quiet:
            notice = draft.notice
        if self.draft_id is not None and draft.id != self.draft_id:
            notice = Notice.MOVED
        if stored.is_new:
            post.admit("start")
        try:
            saved = self.drafts.save(stored, draft, notice=notice)
        except StoreError:
            if post.incoming is not None:
                post.incoming.doubt(stored)
            raise
        if post.incoming is not None:
            post.incoming.settle(saved.draft)
        post.attempts.clear()
        if self.context.app.config["WIZARD_PERMANENT_SESSION"]:
            self.context.session.permanent = True
        return saved

    def _admit(self, moment: Moment) -> None:
        """Ask the application. Raise NotStored if it refuses."""
        try:
            call_hook(self.wizard.admit, moment, self.drafts.holder.mark.hex())
        except HTTPException as refusal:
            raise NotStored.refused(refusal) from refusal

    # The end

    def _commit(self, post: Post, journey: Journey, stored: StoredDraft) -> Outcome:
        post.admit("commit")
        config = self.context.app.config
        result = commit(
            self.wizard,
            journey,
            stored,
            self.drafts,
            lease=config["WIZARD_COMMIT_LEASE"],
            most=config["WIZARD_COMMIT_MAX"],
        )
        if result.page is not None:
            return redirect_to(self.urls.to_step(result.draft.id, result.page))
        if not result.draft.ended:  # another attempt has claimed it meanwhile
            return self._redirect_to_page("receipt", result.draft)
        self._unlist(result.draft)
        return redirect_to(self._end_url(result.draft))

    def _discard(self, post: Post) -> Outcome:
        """Discard the draft if the visitor has confirmed it."""
        if not post.submitted.has_action:
            abort(400)
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            self._check_signed_in(post.submitted)
            quiet = post.action.quiet
            return Response(status=409) if quiet else self._missing_page()
        draft = stored.draft
        if _is_closed(draft):
            return self._lead_to_end(draft, post.action)
        if post.action.name not in ("discard", "next"):
            return redirect_to(
                self._standing_url_or_entry(draft), quiet=post.action.quiet
            )
        ended = self.drafts.save(stored, self.drafts.end(draft, "discarded"))
        self._unlist(draft)
        try:
            call_hook(self.wizard.discarded, PublicDraft.of(draft, self.wizard))
        except HookError as error:  # it is not about this draft, which is discarded
            self.log(error, "discarded failed. The draft is discarded.")
        try:
            self.drafts.follow(ended)
        except (ConflictError, StoreError) as error:
            self.log(error, "The visitor cannot see that a draft is discarded.")
        self.drafts.holder.mark_end()  # the hook may have cleared the session
        return self._redirect_to_page("receipt", draft)

    def _unlist(self, draft: Draft) -> None:
        """Remove an ended draft from the visitor's list. Its end is stored already."""
        self.drafts.holder.mark_end()
        try:
            self.drafts.unlist(draft.id)
        except StoreError as error:
            self.log(error, "An ended draft is still listed.")

    def _lead_to_end(self, draft: Draft, action: Action) -> Outcome:
        if action.quiet:
            return Response(status=409)
        return redirect_to(self._end_url(draft))

    def _end_url(self, draft: Draft) -> str:
        """Return the URL of an ended draft: the receipt page, or the receipt's own URL.

        A receipt with nothing but a URL on this site needs no page. A URL on another
        site needs one with a link, because a Content-Security-Policy of
        ``form-action 'self'`` blocks a redirect to it.
        """
        receipt = draft.receipt or Receipt()
        is_all = receipt.url and not (receipt.reference or receipt.message)
        if is_all and not other_host(str(receipt.url), self.context.request.host):
            return str(receipt.url)
        return self._url("receipt", draft)

    # Shared parts

    def _fields_of(self, at: Address) -> SignedFields:
        name = at.page.replace("-", "_")  # as the page was called that sends them
        return self.pages.fields_of(f"{name}/{at.sub}" if at.item else name)

    def step_at(self, at: Address) -> AnyStep:
        """Return the step of an address. Raise NotFound if there is none."""
        return self.wizard.steps.by_url_name.get(at.page) or abort(404)

    def standing_url(self, draft: Draft) -> str:
        """Return the URL of the page where a draft stands."""
        is_closed = _is_closed(draft)
        page = "receipt" if is_closed else self._current_page(draft)
        return self._url(page, draft)

    def _current_page(self, draft: Draft) -> str:
        return str(self.journey_of(draft).current.url_name)

    def _standing_url_or_entry(self, draft: Draft) -> str:
        """Return the URL of the page where a draft stands, or else the wizard's own."""
        try:
            return self.standing_url(draft)
        except Exception as error:  # a condition; to discard the draft is the way out
            self.log(error, BROKEN.format(draft.mount))
            return self.urls.entry

    def _url(self, page: str, draft: Draft) -> str:
        return self.urls.to(Address(page, draft.id))

    def _redirect_to_page(self, page: str, draft: Draft) -> Outcome:
        return redirect_to(self._url(page, draft))

    def log(
        self, error: BaseException, message: str = "The store of drafts failed."
    ) -> None:
        """Log a failure with its traceback."""
        self.context.app.logger.error(message, exc_info=without_locals(error))

    def open_drafts(self, *, everywhere: bool = False) -> list[PublicDraft]:
        """Return the visitor's open drafts, as a page lists them.

        With ``everywhere``, return those of this wizard at all mounts whose URLs are
        known.
        """
        drafts = self.drafts.open_drafts(everywhere=everywhere)
        listed = map(self._listed, drafts)
        return [each for each in listed if each is not None]

    def _listed(self, draft: Draft) -> PublicDraft | None:
        """Return an open draft as a page lists it, or ``None`` if it is damaged.

        It is ``None`` too if no URL is known. The visitor can continue the other drafts
        all the same. A draft for which the application's code raises has no URL to
        continue at, and can be discarded.
        """
        visit: Visit | None = self
        if draft.mount != self.drafts.mount:  # its conditions see other variables
            here = g.get("wizard_prefix", {})
            visit = Visit.at_mount(draft.mount, self.context, here)
        if visit is None:
            return None
        try:
            current = visit.journey_of(draft).current
        except UnreadableDraftError as error:
            self.log(error, "A draft on its holder's list is damaged.")
            return None
        except Exception as error:  # a condition of the application, or the like
            self.log(error, BROKEN.format(draft.mount))
            current = None
        try:
            return visit.describe(
                draft,
                step_title=as_text(current.step.title) if current else "",
                url=visit._url(current.url_name, draft) if current else None,
                discard_url=visit._url("discard", draft),
            )
        except BuildError:
            return None

    def describe(self, draft: Draft, **current: str | None) -> PublicDraft:
        """Return a draft as lists show it, with what the wizard calls it.

        ``current`` are the fields about its current step and its URLs.
        """
        public = PublicDraft.of(draft, self.wizard, **current)
        try:
            description = str(call_hook(self.wizard.describe, public))
        except Exception as error:
            self.log(error, "describe failed.")
            description = ""
        return replace(public, description=description)


def _is_closed(draft: Draft) -> bool:
    return draft.ended or draft.state == "committing"
