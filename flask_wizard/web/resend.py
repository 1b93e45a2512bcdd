"""The pages that give back what was sent if it could not be stored."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from flask import Response
from wtforms import Form

from ..catalogues import message
from ..core import forms
from ..core.draft import Draft
from ..core.files import to_choose_again
from ..core.form_errors import errors_of, show_errors, with_lost
from ..core.items import NEW_ITEM, REMOVE
from ..core.journey import Journey
from ..core.messages import Problem
from ..core.repeats import BoundRepeat
from ..core.steps import AnyStep, BoundStep
from ..drafts.holders import new_nonce
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.visitor_drafts import VisitorDrafts
from ..errors import StoreError
from ..tracebacks import without_locals
from .actions import action_of
from .controls import ErrorLink
from .guest_pages import as_guests
from .item_pages import begin_item, find_page, has_page
from .notices import choose_notice
from .pages import SEND_AGAIN, Page, PageProblem, Pages
from .problems import Attempt, NotStored
from .responses import Outcome, set_header
from .submitted import Button, Submitted
from .urls import NEW, Address

PASSWORDS_LEFT_OUT = message(
    "The passwords that you typed are not among what you sent."
)


@dataclass(frozen=True)
class Resend:
    """The pages that give back what was sent, and what they are made from."""

    pages: Pages
    drafts: VisitorDrafts
    #: Returns the journey of a draft through the wizard.
    journey_of: Callable[[Draft], Journey]
    #: Returns the visitor's open drafts that ``max_drafts`` counts, as a page lists
    #: them.
    open_drafts: Callable[[], list[PublicDraft]]
    #: Returns the URL of the page where a draft stands, or the wizard's own.
    standing_url: Callable[[Draft], str]

    def page(self, at: Address, submitted: Submitted, refusal: NotStored) -> Outcome:
        """Return a page with everything that was sent, and a button to send it again.

        A script, which needs no page, gets the status alone.
        """
        if refusal.retry_after is not None:
            set_header("Retry-After", refusal.retry_after)
        if action_of(submitted.action).quiet:
            return Response(status=refusal.status)
        problem = self._explain(at, refusal)
        button = submitted.button(self.pages.texts.text(SEND_AGAIN))
        if at.page == "discard":
            page = self.pages.discard(at, problem=problem, button=button)
        elif refusal.problem is Problem.REMOVED or not self._knows(at):
            page = self._removed_page(at, submitted.values)
        elif at.sub == REMOVE:
            page = self._remove_page(at, problem, button)
        else:
            page = self._step_page(at, submitted, refusal.attempt, problem, button)
        page.status = refusal.status
        return as_guests(page) if submitted.is_guests else page

    def _knows(self, at: Address) -> bool:
        step = self.pages.wizard.steps.by_url_name.get(at.page)
        return step is not None and has_page(step, at)

    def _removed_page(self, at: Address, values: forms.Values) -> Page:
        """Return the page of a step that a deploy has removed while its page was open.

        A page with passwords carries the names of its fields, so that these can be left
        out: nothing else tells them from other values.
        """
        shown = values.named() if values.names else values
        lost = values.filled(values.names.passwords) if values.names else []
        url = self.pages.urls.entry
        with suppress(StoreError):  # logged already, or by the visitor's next request
            stored = self.drafts.load(at.draft_id) if at.draft_id != NEW else None
            url = self.standing_url(stored.draft) if stored is not None else url
        texts = [text for sent in shown.values() for text in sent if text]
        return self.pages.removed(texts, continue_url=url, passwords_lost=bool(lost))

    def _explain(self, at: Address, refusal: NotStored) -> PageProblem:
        """Return the problem, with the open drafts if there are too many of them.

        If the user is signed out, it has the URL of the login page, if that is known.
        """
        if refusal.problem is Problem.SIGNED_OUT:
            logins = self.pages.context.state.logins
            login_url = logins.login_url(self.pages.urls.to(at))
            return PageProblem(refusal.problem, login_url=login_url)
        if refusal.problem is Problem.TOO_MANY_ITEMS:
            list_url = self.pages.urls.to(at._replace(item="", sub=""))
            return PageProblem(refusal.problem, list_url=list_url)
        if refusal.problem is not Problem.TOO_MANY:
            return PageProblem(refusal.problem)
        try:
            return PageProblem(refusal.problem, self.open_drafts())
        except StoreError as error:
            self.pages.context.app.logger.error(
                "The drafts of a holder cannot be listed.",
                exc_info=without_locals(error),
            )
            return PageProblem(refusal.problem)

    def _remove_page(self, at: Address, problem: PageProblem, button: Button) -> Page:
        """Return the page that asks before it removes an item."""
        page: BoundStep | None = None
        with suppress(StoreError):  # logged already, or by the visitor's next request
            stored = self.drafts.load(at.draft_id)
            if stored is not None:
                step = self.pages.wizard.steps.by_url_name[at.page]
                bound = self.journey_of(stored.draft).bind(step.name)
                page = find_page(bound, at._replace(sub=""))
        return self.pages.remove(at, page, problem=problem, button=button)

    def _step_page(
        self,
        at: Address,
        submitted: Submitted,
        attempt: Attempt | None,
        problem: PageProblem,
        button: Button,
    ) -> Page:
        """Return the page of a step with the values that were sent.

        It is built from the attempt if there is one, else from the stored draft, else
        without a draft.
        """
        step, values = self.pages.wizard.steps.by_url_name[at.page], submitted.values
        if at.draft_id == NEW:
            at = at._replace(nonce=submitted.nonce or new_nonce())
        if at.item == NEW_ITEM:
            at = at._replace(item_nonce=submitted.item_nonce or new_nonce())

        def page(
            journey: Journey, bound: BoundStep, form: Form | None, **shown: Any
        ) -> Page:
            names = forms.counted(form, forms.passwords(form)) if form else []
            lost = values.filled(names)
            if form is not None and (lost or values.files):
                errors = with_lost(errors_of(form), lost)
                for name, messages in self._to_choose_again(values).items():
                    errors[name] = [*errors.get(name, ()), *messages]
                show_errors(form, errors)
            return self.pages.step(
                journey,
                bound,
                at,
                form=form,
                then=submitted.from_review,
                notice=choose_notice(journey.draft, bound, given_back=True),
                problem=problem,
                button=button,
                signed_in=submitted.signed_in or problem.code is Problem.SIGNED_OUT,
                **shown,
            )

        if attempt is not None:
            return page(attempt.journey, attempt.bound, attempt.form)
        with suppress(StoreError):  # logged already, or by the visitor's next request
            journey, bound, form = self._among_answers(at, step, values)
            if bound is not None:
                return page(journey, bound, form)
        journey, bound, form, pairs = self._without_answers(at, step, submitted)
        resent = page(journey, bound, form, placed=False, pairs=pairs)
        if form is None and values.names and values.filled(values.names.passwords):
            told = self.pages.texts.text(PASSWORDS_LEFT_OUT)
            resent["errors"] = [ErrorLink(told, None)]
        if form is None:
            for messages in self._to_choose_again(values).values():
                resent["errors"] += [ErrorLink(text, None) for text in messages]
        return resent

    def _to_choose_again(self, values: forms.Values) -> dict[str, list[str]]:
        """Return a message for each file that came along, by its field."""
        return to_choose_again(values.files.values(), self.pages.texts)

    def _among_answers(
        self, at: Address, step: AnyStep, values: forms.Values
    ) -> tuple[Journey, BoundStep | None, Form | None]:
        """Return the step with the submitted values, among the stored answers."""
        stored = self.drafts.load(at.draft_id) if at.draft_id != NEW else None
        draft = stored.draft if stored else self.drafts.fresh(NEW, held=False)
        journey = self.journey_of(draft)
        opened = journey.get(step.name)
        bound = _page_of(opened, at) if opened is not None else None
        if bound is None or not bound.takes_input:
            return journey, bound, None
        given = bound.submit(values.without_files(), validate=False, autosave=True)
        return journey, given, given.form if given is not None else None

    def _without_answers(
        self, at: Address, step: AnyStep, submitted: Submitted
    ) -> tuple[Journey, BoundStep, Form | None, list[tuple[str, str]]]:
        """Return the step without its draft, so that earlier answers are missing.

        A form that needs them cannot be built. Then the page sends the submitted values
        again in hidden fields, except passwords.
        """
        journey = self.journey_of(self.drafts.fresh(NEW, held=False))
        bound = _page_of(journey.bind(step.name), at)
        form, raw = bound.resend(submitted.values)
        pairs = [(name, value) for name, sent in raw.items() for value in sent]
        if form is None and bound.takes_input:
            pairs += [(forms.FIELDS, value) for value in submitted.field_names]
        return journey, bound, form, pairs


def _page_of(bound: BoundStep, at: Address) -> BoundStep:
    """Return the page of a step at an address; of a removed item, as of a new one."""
    page = find_page(bound, at, at.item_nonce)
    if page is None and isinstance(bound, BoundRepeat):
        page = begin_item(bound, at.item, at)
    return page or bound
