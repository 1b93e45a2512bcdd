"""Visit: the answer to one request of one visitor for one draft."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cache, partial
from types import MappingProxyType
from typing import TYPE_CHECKING

from flask import abort, after_this_request, g, url_for
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import BuildError

from .. import signals
from ..core.answers import Suspended
from ..core.draft import Draft, Receipt
from ..core.files import NO_FILES
from ..core.form_errors import as_text
from ..core.hooks import HookError, call_hook
from ..core.items import NEW_ITEM, REMOVE
from ..core.journey import Journey
from ..core.messages import Notice
from ..core.repeats import BoundRepeat
from ..core.steps import AnyStep, BoundStep
from ..core.tasks import TASKS, TaskJourney
from ..core.texts import Texts
from ..drafts.adoption import adopt
from ..drafts.encrypted_store import StoredDraft
from ..drafts.holders import new_nonce
from ..drafts.lifetimes import expires, utc_datetime
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import (
    NewerFormatError,
    StoreError,
    UnreadableDraftError,
)
from ..tracebacks import without_locals
from .actions import must_begin
from .announced import announce
from .answers_copy import ShownCopy, groups_in
from .compat import typed_values
from .guest_pages import guest_page, guest_step
from .incoming import INCOMING, IncomingFiles
from .item_pages import (
    GONE,
    current_address,
    find_page,
    has_page,
)
from .json_fields import plain
from .json_pages import json_response, prefers_json
from .link_page import open_link
from .logins import SignedOut
from .notices import choose_notice, saved_notice, tasks_notice
from .page_fields import SignedFields
from .pages import Kept, Page, Pages, check_named_templates
from .post import EARLY_KEY, Moment, answer
from .problems import (
    NotStored,
    is_frozen,
)
from .responses import Outcome, download, download_text, protect, redirect_to
from .shipped_templates import escape_pages
from .state import MOUNTS, Context
from .submitted import is_from_review
from .texts import text
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

DOWNLOAD = "download"
"""The query of a receipt's URL by which its copy of the answers is downloaded."""

BROKEN = "The application's code raises for a draft at {}, which cannot be continued."


@dataclass(frozen=True)
class Visit:
    """One request of one visitor for one draft.

    ``handle`` returns the answer: a response to send, or a ``Page``, which is the
    context to render, with its ``templates`` and ``status``. A page that is asked for
    as JSON is a response, too.
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
        texts = context.texts
        if wizard.words:
            texts = Texts(texts.locate, wizard.words)
        journey_of = partial(
            wizard._journey,
            wizard.steps,
            initial=initial,
            bound=bound,
            max_entries=context.app.config["WIZARD_MAX_ENTRIES"],
            texts=texts,
            files=rules_of(wizard, drafts, context, texts) if takes_files else NO_FILES,
            prefilled=wizard._prefilled,
        )

        def first_page() -> str:
            if home := wizard._journey.home:
                return home
            return str(journey_of(drafts.fresh(NEW, held=False)).current.url_name)

        def fields_of(step_name: str) -> SignedFields:
            return SignedFields(keyring, drafts.mount, step_name)

        urls = Urls(url_for_step, first_page, entry_url, file_url)
        pages = Pages(wizard, context, urls, fields_of, texts)
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
        """Return the answer for a step, or for a page of the draft itself.

        These are ``saved``, ``discard``, ``receipt``, and ``tasks`` in a task list.

        ``item`` is the id of an item of a list, or ``new``. ``sub`` is the name in URLs
        of one of several pages of an item, or ``remove``.
        """
        after_this_request(protect)
        at = Address(page, self.draft_id or NEW, item=item or "", sub=sub or "")
        names_item = at.sub or at.item not in ("", NEW_ITEM)
        is_early = at.draft_id == NEW and names_item and not self.wizard._prefilled
        is_no_page = is_early or (at.item and page in DRAFT_PAGES)
        try:
            if self.context.request.method == "POST":
                if is_no_page:
                    abort(404)
                outcome = answer(self, at)
                return self._as_asked(outcome) if isinstance(outcome, Page) else outcome
            return self._get(
                partial(abort, 404) if is_no_page else partial(self._show, at)
            )
        except HookError as failed:
            error_of_hook = without_locals(failed).error
        except Suspended as suspended:
            return self._as_asked(self._show_waiting(at, suspended))
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
        admit = cache(partial(self.admit, "link"))
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

    def welcome(self) -> None:
        """Have the user adopt what the session has begun. Raise StoreError."""
        holder = self.drafts.holder
        holder.ensure_token()  # by which the session knows later that a user has left
        if holder.waiting:
            adopt(holder, self.context.repository)

    def _as_asked(self, outcome: Outcome) -> Outcome:
        """Return a page, or a response in JSON if the visitor has asked for that."""
        if isinstance(outcome, Page) and prefers_json(self.context.request):
            return json_response(outcome, self.context)
        return outcome

    # GET

    def _get(self, show: Callable[[], Outcome]) -> Outcome:
        """Return what ``show`` returns, or the 503 page if the store has failed."""
        try:
            self.drafts.holder.identify()
            if self.drafts.holder.user is not None:
                self.welcome()
            try:
                outcome = show()
            except NotFound as missing:
                outcome = self._show_no_page(missing)
            return self._as_asked(outcome)
        except HookError as failed:
            error_of_hook = failed.error
        except SignedOut as signed_out:  # the application answers it, as anywhere else
            raise signed_out.refusal from signed_out
        except StoreError as error:
            self.log_store(error)
            damaged = isinstance(error, UnreadableDraftError)
            damaged = damaged and not isinstance(error, NewerFormatError)
            again_url = url_of(self.context.request)
            return self._as_asked(self.pages.unavailable(again_url, damaged=damaged))
        raise error_of_hook

    def _enter(self) -> Outcome:
        if (edited := self.find_edited()) is not None:
            return redirect_to(self.standing_url(edited.draft), 302)
        if drafts := self.open_drafts():
            return self.pages.entry(drafts)
        return self._redirect_to_new()

    def _resume(self) -> Outcome:
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            return self._show_to_guest(None)
        self.announce_resumed(stored.draft)
        return redirect_to(self.standing_url(stored.draft), 302)

    def _show(self, at: Address) -> Outcome:
        if (current := current_address(self.wizard.steps, at)) != at:
            query = self.context.request.query_string.decode()
            return redirect_to(add_query(self.urls.to(current), query), 302)
        if self.draft_id is None:
            return self._show_new(at)
        stored = self.drafts.load(self.draft_id)
        if stored is None:
            return self._show_to_guest(at)
        draft = stored.draft
        if at.page == "receipt":
            return self._show_receipt(draft)
        if draft.closed:
            return self.redirect_to_page("receipt", draft)
        if at.page == "saved" and self.wizard._journey.home:
            return self.redirect_to_page(self.wizard._journey.home, draft)
        if at.page == "saved":
            return self._show_saved(draft)
        if at.page == self.wizard._journey.home:
            return self._show_tasks(at, draft)
        if at.page == "discard":
            return self.pages.discard(at, unsettled=draft.unsettled)
        return self._show_step(at, self.step_at(at), self.journey_of(draft))

    def find_edited(self) -> StoredDraft | None:
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
        home, nonce = self.wizard._journey.home, nonce_of(self.context.request)
        step = self.step_at(at) if not home or at.page != home else None
        begun = self.drafts.find_begun(nonce) if nonce else None
        if (begun := begun or self.find_edited()) is not None:
            at = at._replace(draft_id=begun.draft.id)
            then = is_from_review(self.context.request)
            return redirect_to(self.urls.to(at, then=then), 302)
        if not nonce:
            is_any = self.wizard._prefilled or home
            return self._redirect_to_new(at if is_any else None)
        # The session needs the token before the first POST. Otherwise two clicks would
        # make two tokens, and two drafts.
        self.drafts.holder.ensure_token()
        fresh, at = self.drafts.fresh(NEW), at._replace(nonce=nonce)
        if step is None:
            return self._show_tasks(at, fresh)
        return self._show_step(at, step, self.journey_of(fresh))

    def _show_step(self, at: Address, step: AnyStep, journey: Journey) -> Outcome:
        """Return a step's page, or a redirect to the step that comes first."""
        if not has_page(step, at):
            abort(404)
        bound = journey.get(step.name)
        if bound is None and not journey.home:
            closed = journey.bind(step.name)
            if closed.waits_for:
                return self.pages.waiting(journey, closed, closed.waits_for)
        is_new = self.draft_id is None
        is_first = is_new and not (journey.prefilled or journey.home)
        if (
            bound is None
            or (is_first and bound is not journey.first_incomplete)
            or (is_frozen(journey.draft, bound) and bound is not journey.current)
        ):
            is_early = bound is None and step.lists_answers and not journey.home
            if is_early and not is_new:
                self.context.session[EARLY_KEY] = at.draft_id
            instead = (
                journey.instead_of(step.name) if bound is None else journey.current
            )
            page = instead.url_name if instead is not None else journey.home
            return redirect_to(self.urls.to(at._replace(page=page, item="", sub="")))
        notice = choose_notice(journey.draft, bound)
        if isinstance(bound, BoundRepeat):
            return self._show_list(at, bound, journey, notice)
        return self._show_page(at, bound, journey, notice)

    def _show_to_guest(self, at: Address | None) -> Outcome:
        """Return a page of somebody else's draft, if this visitor is its guest.

        Without an address it is the guest's own page. No other page leads anywhere.
        """
        stored = self.drafts.load_as_guest(self.draft_id or "")
        if stored is None or (guest := stored.guest) is None:
            return self.missing_page()
        draft = stored.draft
        if at is None:
            journey = None if draft.ended else self.journey_of(draft)
            return guest_page(self.pages, draft, journey, guest)
        step = self.wizard.steps.by_url_name.get(at.page)
        if step is None or step.name not in guest.steps or at.item:
            abort(404)
        journey = self.journey_of(draft)
        bound = None if draft.closed else journey.get(step.name)
        if bound is None or is_frozen(draft, bound):
            return redirect_to(self.urls.draft(draft.id))
        return guest_step(self.pages, journey, bound, at, guest)

    def _show_no_page(self, missing: NotFound) -> Page:
        """Return the page of an address that is none of a draft's, with the way back.

        Raise ``missing``, which the application answers, where there is no draft, or
        this visitor does not have it.
        """
        draft_id = self.draft_id or ""
        if (own := self.drafts.load(draft_id)) is not None:
            return self.pages.no_page(self.standing_url_or_entry(own.draft))
        if self.drafts.load_as_guest(draft_id) is not None:
            return self.pages.no_page(self.urls.draft(draft_id))
        raise missing

    def _show_waiting(self, at: Address, suspended: Suspended) -> Outcome:
        """Return the page of a step that reads what somebody else has yet to fill in.

        After a POST, whose values are kept, it is a redirect to it. In a task list it
        is one to the list.
        """
        step = self.wizard.steps.by_url_name.get(at.page)
        stored = self.drafts.load(self.draft_id or "")
        if self.wizard._journey.home:
            nonce = nonce_of(self.context.request)
            return redirect_to(self.urls.to(Address(TASKS, at.draft_id, nonce)))
        if self.context.request.method == "POST" or stored is None or step is None:
            return redirect_to(url_of(self.context.request))
        journey = self.journey_of(stored.draft)
        closed = journey.bind(step.name)
        return self.pages.waiting(journey, closed, (suspended.step,))

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
        return self.pages.saved(
            draft,
            Address(self._current_page(draft), draft.id),
            notice=saved_notice(draft),
            **self._kept(draft),
        )

    def _kept(self, draft: Draft) -> Kept:
        """Return how long a draft is kept, and who can come back to it."""
        until, in_browser = self._reach(expires(self.wizard, draft))
        return {"until": until, "in_browser": in_browser}

    def _show_tasks(self, at: Address, draft: Draft) -> Outcome:
        """Return the list of tasks of a draft, or of one that is not begun yet."""
        journey = self.journey_of(draft)
        if not isinstance(journey, TaskJourney):
            abort(404)
        kept = self._kept(draft) if self.draft_id is not None else None
        return self.pages.tasks(journey, at, kept=kept, notice=tasks_notice(draft))

    def _show_receipt(self, draft: Draft) -> Outcome:
        at = Address("receipt", draft.id)
        if draft.state == "committing":
            return self.pages.sending(at)
        if not draft.ended:
            return self.redirect_to_page(self._current_page(draft), draft)
        if (url := self.end_url(draft)) != self.urls.to(at):
            return redirect_to(url)
        copy = self._copy_of_answers(draft)
        request = self.context.request
        if copy is not None and DOWNLOAD in request.args:
            reference = draft.receipt.reference if draft.receipt is not None else None
            whole = copy.as_text(plain(self.wizard.title), reference)
            return download_text(whole, text("answers") + ".txt")
        return self.pages.receipt(draft, request.host, copy)

    def _copy_of_answers(self, draft: Draft) -> ShownCopy | None:
        """Return the copy that the receipt of an ended draft keeps, if there is one."""
        receipt = draft.receipt or Receipt()
        if not (copy := receipt.answers(time.time())):
            return None
        until, in_browser = self._reach(receipt.copy_until)
        return ShownCopy(
            groups_in(copy),
            sent=utc_datetime(draft.updated),
            until=utc_datetime(until),
            in_browser=in_browser,
            signed_in=self.drafts.holder.user is not None,
            url=add_query(self.url_to("receipt", draft), DOWNLOAD),
        )

    def _reach(self, until: float) -> tuple[float, bool]:
        """Return until when the visitor can open what is stored until a time.

        The times are in seconds since the epoch. The second part is true if the session
        ends before when the browser closes.
        """
        if self.drafts.holder.user is not None:
            return until, False
        session = self.context.session
        if session.permanent:
            lasts = self.context.app.permanent_session_lifetime.total_seconds()
            until = min(until, time.time() + lasts)
        return until, not session.permanent

    def _show_file(self, page: str, item: str, file_id: str) -> Outcome:
        """Return a file as a download, whether or not its step applies."""
        stored = self.drafts.load(self.draft_id or "")
        if stored is None:
            return self.missing_page()
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

    def missing_page(self) -> Page:
        """Return the page for a draft that this visitor does not have, or no more."""
        return self.pages.gone(expired=self.drafts.remembers(self.draft_id or ""))

    def admit(self, moment: Moment) -> None:
        """Ask the application. Raise NotStored if it refuses."""
        try:
            call_hook(self.wizard.admit, moment, self.drafts.holder.mark.hex())
        except HTTPException as refusal:
            raise NotStored.refused(refusal) from refusal

    def end_url(self, draft: Draft) -> str:
        """Return the URL of an ended draft: the receipt page, or the receipt's own URL.

        A receipt with nothing but a URL on this site needs no page. A URL on another
        site needs one with a link, because a Content-Security-Policy of
        ``form-action 'self'`` blocks a redirect to it.
        """
        receipt = draft.receipt or Receipt()
        bare = Receipt(url=receipt.url, keep=receipt.keep)
        is_all = receipt.url and receipt.without_copy() == bare
        is_all = is_all and not receipt.answers(time.time())
        if is_all and not other_host(str(receipt.url), self.context.request.host):
            return str(receipt.url)
        return self.url_to("receipt", draft)

    # Shared parts

    def fields_of(self, at: Address) -> SignedFields:
        """Return what opens the sealed names of the fields of a page."""
        name = at.page.replace("-", "_")  # as the page was called that sends them
        return self.pages.fields_of(f"{name}/{at.sub}" if at.item else name)

    def step_at(self, at: Address) -> AnyStep:
        """Return the step of an address. Raise NotFound if there is none."""
        return self.wizard.steps.by_url_name.get(at.page) or abort(404)

    def standing_url(self, draft: Draft) -> str:
        """Return the URL of the page where a draft stands."""
        is_closed = draft.closed
        page = "receipt" if is_closed else self._current_page(draft)
        return self.url_to(page, draft)

    def _current_page(self, draft: Draft) -> str:
        home = self.wizard._journey.home
        return home or str(self.journey_of(draft).current.url_name)

    def standing_url_or_entry(self, draft: Draft) -> str:
        """Return the URL of the page where a draft stands, or else the wizard's own."""
        try:
            return self.standing_url(draft)
        except Exception as error:  # a condition; to discard the draft is the way out
            self.log(error, BROKEN.format(draft.mount))
            return self.urls.entry

    def url_to(self, page: str, draft: Draft) -> str:
        """Return the URL of a step, or of one of the draft's own pages."""
        return self.urls.to(Address(page, draft.id))

    def redirect_to_page(self, page: str, draft: Draft) -> Outcome:
        """Return a redirect to a step, or to one of the draft's own pages."""
        return redirect_to(self.url_to(page, draft))

    def announce_resumed(self, draft: Draft) -> None:
        """Tell that somebody has come back to a draft, if it is open."""
        if draft.ended or not signals.draft_resumed.receivers:
            return
        step: str | None = None
        with suppress(HookError, Suspended):
            step = self.journey_of(draft).current.name
        announce(self, signals.draft_resumed, draft_id=draft.id, step=step)

    def log(self, error: BaseException, message: str) -> None:
        """Log a failure with its traceback."""
        self.context.app.logger.error(message, exc_info=without_locals(error))

    def log_store(self, error: BaseException) -> None:
        """Log a failure of the store, and tell the receivers of ``store_failed``."""
        self.log(error, "The store of drafts failed.")
        what = {"draft_id": self.draft_id, "error": type(error)}
        announce(self, signals.store_failed, **what)

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
        home = visit.wizard._journey.home
        try:
            return visit.describe(
                draft,
                step_title=as_text(current.step.title) if current else "",
                url=visit.url_to(home or current.url_name, draft) if current else None,
                discard_url=visit.url_to("discard", draft),
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
