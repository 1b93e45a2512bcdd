"""Pages: the context and the templates of every page. They change nothing."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from dataclasses import field as dataclass_field
from typing import TYPE_CHECKING, Any, NamedTuple, TypedDict, Unpack

from flask import Flask
from markupsafe import Markup
from msgspec import Struct
from wtforms import Form

from ..catalogues import direction, message
from ..core import forms
from ..core.draft import Draft, Receipt, StoredFile
from ..core.files import file_leaves, size_in_words
from ..core.foresight import StepState, steps_shown, total_ahead
from ..core.items import REMOVE, BoundItem, ItemWalk
from ..core.journey import Journey
from ..core.messages import Notice, Problem
from ..core.repeats import BoundRepeat
from ..core.steps import AnyStep, BoundStep, Steps
from ..core.tasks import TaskJourney, TaskState
from ..core.texts import Texts
from ..drafts.lifetimes import utc_datetime
from ..drafts.links import LinkKind
from ..drafts.public_draft import Draft as PublicDraft
from ..errors import ConfigurationError, DefinitionError
from . import guard
from .actions import buttons_of
from .answers_copy import ShownCopy
from .assets import asset_url
from .controls import ErrorLink, ShownFile, summary
from .groups import groups_of
from .page_fields import SignedFields
from .state import Context
from .submitted import (
    ANSWERS_HASH,
    ITEM_NONCE,
    SIGNED_IN,
    Button,
    is_from_review,
)
from .texts import SHOWN
from .themes import DEFAULT_THEME, SHIPPED_THEMES, is_there, theme_of
from .urls import NEW, NONCE, Address, Urls, other_host

if TYPE_CHECKING:
    from ..wizard import Wizard

SEND_AGAIN = message("Send it again")

ALREADY_THERE = message("already there; choose another file to replace it")
"""What stands behind the name of a file that the application had before the draft."""

BASE_TEMPLATE = "flask_wizard/base.html"
"""The layout of the application, if it has one."""

PAGES = (
    *("step", "list", "remove", "info", "exit", "review", "entry", "saved"),
    *("discard", "receipt", "sending", "gone", "removed", "unavailable", "link"),
    *("waiting", "guest", "tasks"),
)
"""The names of all pages, each that of a template."""


NEEDED_BLOCKS = {
    "wizard": "has no block 'wizard', so that the wizards' pages are empty. Put "
    "{% block wizard %}{% endblock %} where they are to stand.",
    "title": "has no block 'title', so that all pages have one title, and nobody "
    "hears or sees in a tab which page it is. Write <title>{% block title %}"
    "{% endblock %}</title>, or, if the layout shows a variable, give it the title "
    "in the template that extends the layout: {% set title = self.title() %}.",
}
"""What to say of a layout without one of these blocks."""


class Page(dict[str, Any]):
    """The context of a page's template."""

    def __init__(
        self, templates: Sequence[str], status: int = 200, **context: object
    ) -> None:
        super().__init__(context)
        #: The names of templates, of which the first that exists is rendered.
        self.templates = templates
        #: The HTTP status to send.
        self.status = status

    @property
    def name(self) -> str:
        """The name of the page, such as ``step`` or ``review``; one of ``PAGES``."""
        return self.templates[-1].rpartition("/")[2].removesuffix(".html")

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Page {self.templates[-1]}, {self.status}>"


@dataclass(frozen=True)
class PageProblem:
    """Why nothing was stored."""

    code: Problem
    #: The open drafts, if there are too many of them.
    drafts: Sequence[PublicDraft] = ()
    #: The URL of the login page, if the user is signed out and it is known.
    login_url: str | None = None
    #: The URL of the list, if it has too many items.
    list_url: str | None = None


@dataclass(frozen=True)
class ListedItem:
    """An item as the page of its list shows it."""

    #: What it is called, such as "Rex" or "Pet 2".
    name: str = dataclass_field(repr=False)
    done: bool
    #: The URL of its page.
    url: str
    #: The URL of the page that asks before it removes the item, if it can be removed.
    remove_url: str | None = None


class Kept(TypedDict):
    """How long a draft is kept, and who can come back to it."""

    #: When it expires, in seconds since the epoch.
    until: float
    #: True if it can be opened only until the browser closes.
    in_browser: bool


@dataclass(frozen=True)
class ListedTask:
    """A task as the list of tasks shows it."""

    title: str
    #: ``not-started``, ``in-progress``, ``completed``, or ``cannot-start``.
    state: TaskState
    #: The URL where the visitor goes on; ``None`` while the task cannot start.
    url: str | None
    #: The titles of the tasks that have to be completed first.
    waits_for: Sequence[str] = ()
    #: True if the visitor has come to an Exit in it.
    ends: bool = False


@dataclass(frozen=True)
class ListedStep:
    """A step as the list of steps on each page shows it."""

    title: str
    #: The section that it belongs to; empty if to none.
    section: str
    #: ``done``, ``current`` or ``later``.
    state: StepState
    #: The name in URLs.
    url_name: str

    @property
    def action(self) -> str | None:
        """What the button sends that leads there; ``None`` without a button."""
        return f"goto:{self.url_name}" if self.state == "done" else None


class Missing(NamedTuple):
    """A step that is still to be done before the review opens."""

    title: str
    #: The link to it; ``None`` if it is this page, or does not open yet.
    url: str | None


class Returning(NamedTuple):
    """The way back to the review, on a page that a change link has led to."""

    #: The title of the page.
    title: str
    #: The title of the review.
    review: str
    #: Empty if the review opens.
    missing: Sequence[Missing]
    #: True if nothing but the page itself is missing.
    is_last: bool
    #: True if something was sent for the page before.
    was_sent: bool


class Unneeded(NamedTuple):
    """Answers that a change has made unnecessary. They stay in the draft, hidden."""

    #: The title of the changed step.
    cause: str
    #: The titles of the steps that do not apply any more.
    titles: Sequence[str]


class Pages(Struct, frozen=True):
    """The pages of one wizard where it is mounted."""

    wizard: Wizard
    context: Context
    urls: Urls
    #: Encrypts and decrypts the names of a step's fields, by the name of the step.
    fields_of: Callable[[str], SignedFields]
    #: What the pages of the wizard say, in the language of this request.
    texts: Texts

    def make(
        self, name: str, status: int = 200, *, step: AnyStep | None = None, **more: Any
    ) -> Page:
        """Return a page by the name of its template, with the context of every page."""
        config, environment = self.context.app.config, self.context.app.jinja_env
        state, theme = self.context.state, theme_of(self.wizard, config)
        texts = self.texts
        base = state.template(bases_for(self.wizard, config), environment)
        blocks = state.blocks(base, environment)
        if step is not None:
            more["step"] = step
            texts = texts.with_words(step.words)
        self.context.request.environ[SHOWN] = texts
        language = texts.language or "en"
        return Page(
            # The pages that ask before an item is removed, or that a step waits, are
            # not the step's own.
            templates_for(
                self.wizard,
                theme,
                name,
                None if name in ("remove", "waiting") else step,
                more.get("item"),
            ),
            status,
            wizard=self.wizard,
            wizard_base=base,
            # Without the block, the stylesheet and the script are linked in the body.
            wizard_has_head=blocks is None or "head" in blocks,
            wizard_macros=state.macros(
                templates_for(self.wizard, theme, "macros"), environment
            ),
            wizard_css=asset_url(self.context.app, "wizard.css"),
            wizard_js=asset_url(self.context.app, "wizard.js"),
            wizard_lang=language,
            wizard_dir=direction(language),
            wizard_site=config["WIZARD_SITE_NAME"],
            entry_url=self.urls.entry,
            **more,
        )

    def step(
        self,
        journey: Journey,
        bound: BoundStep,
        at: Address,
        *,
        form: Form | None,
        then: bool,
        early: bool = False,
        notice: str | None = None,
        problem: PageProblem | None = None,
        button: Button | None = None,
        placed: bool = True,
        pairs: Sequence[tuple[str, str]] = (),
        signed_in: bool = False,
    ) -> Page:
        """Return the page of a step or a review, which sends its form to ``at``.

        ``then`` is true if Continue leads back to the review. ``early`` is true if the
        review was asked for and does not open yet. ``button`` replaces the step's own
        buttons. ``placed`` is false if the draft cannot be loaded, so that
        its answers are missing. ``pairs`` of name and value replace a form that cannot
        be built without them. ``signed_in`` is true if the page that was sent had been
        shown to a signed-in user.
        """
        # A commit that refused a step leaves the notice. Continue leads to the review,
        # as in a draft that was sent back.
        then = then or journey.draft.notice == Notice.REFUSED or journey.draft.reopened
        hidden = [*self._token(), ("_rev", str(bound.rev))]
        if at.draft_id == NEW:
            hidden.append((NONCE, at.nonce))
        if signed_in or self.context.holder.user is not None:
            hidden.append((SIGNED_IN, "1"))
        is_review = placed and bound.step.lists_answers
        if at.item_nonce:
            hidden.append((ITEM_NONCE, at.item_nonce))
        # Conditions read the form, which is changed below to be shown as typed.
        progress, stepper = None, None
        if placed and not bound.step.ends:  # an end is not one of so many steps
            progress = journey.shown_progress(bound.top, from_review=then)
        if then and progress is not None and progress.total is None:
            total = total_ahead(journey, bound.top)
            progress = replace(progress, total=total)
        if self.wizard._stepper and placed and button is None:
            stepper = [
                ListedStep(step.title, str(step.section or ""), state, step.url_name)
                for step, state in steps_shown(journey, bound.top)
            ]
        unneeded = _unneeded(journey) if problem is None else None
        returning = None
        if (then or early) and placed and problem is None:
            returning = self._returning(journey, bound, at)
        to_review = returning is not None and not returning.missing
        if button is None:
            actions = buttons_of(journey, bound, to_review=to_review)
        else:
            actions = [button]
        if is_review:
            own = self._review(journey, bound, at, unneeded)
        else:
            own = self._form(bound, form, at)
        start = self.urls.start_of(at)
        if bound.page == "list":
            own |= self._list(bound, at, then=then)
        return self.make(
            bound.page if placed else "step",
            step=bound.step,
            item=_item_of(bound),
            progress=progress,
            stepper=stepper,
            hidden=[*hidden, *own.pop("hidden")],
            action_url=self.urls.to(at, then=then, start=start),
            discard_url=self._discard_url(at, start),
            actions=actions,
            returning=returning,
            unneeded=unneeded,
            pairs=list(pairs),
            notice=notice,
            problem=problem,
            **own,
        )

    def _returning(
        self, journey: Journey, bound: BoundStep, at: Address
    ) -> Returning | None:
        """Return how a page leads back to the review; None if it does not."""
        review, stops = journey.steps[-1], journey.first_incomplete
        if not review.lists_answers or bound.step is review or bound.step.ends:
            return None
        if stops is not None and stops.step.ends:
            return None
        missing = journey.missing
        opens = missing[:1]
        found = [
            Missing(
                step.title,
                self.urls.to(Address(step.url_name, at.draft_id, at.nonce), then=True)
                if step in opens and step is not bound.top.step
                else None,
            )
            for step in missing
        ]
        return Returning(
            title=item.name if (item := _item_of(bound)) else bound.step.title,
            review=review.title,
            missing=found,
            is_last=missing == (bound.top.step,),
            was_sent=bound.entry is not None,
        )

    def _discard_url(self, at: Address, start: str = "") -> str | None:
        if at.draft_id == NEW:
            return None
        return self.urls.to(at._replace(page="discard"), start=start)

    def _list(self, bound: BoundStep, at: Address, *, then: bool) -> dict[str, Any]:
        """Return the context of a list, with its items and what is missing of them."""
        if not isinstance(bound, BoundRepeat):
            return {}
        can_go = not bound.step.is_fixed
        draft_id = bound.journey.draft.id
        urls = {}
        listed = []
        for item in bound.items:
            own = Address(bound.url_name, draft_id, item=item.id)
            urls[item.id] = self.urls.to(own, then=then)
            remove = self.urls.to(own._replace(sub=REMOVE), then=then)
            listed.append(
                ListedItem(
                    item.name, item.done, urls[item.id], remove if can_go else None
                )
            )
        links = [
            ErrorLink(text, urls.get(name))
            for name, texts in bound.errors_to_show().items()
            for text in texts
        ]
        return {"items": listed, "errors": links}

    def remove(
        self,
        at: Address,
        page: BoundStep | None,
        *,
        problem: PageProblem | None = None,
        button: Button | None = None,
    ) -> Page:
        """Return the page on which the visitor confirms that an item is removed.

        ``page`` is a page of the item, if that is known. Enter presses the first
        button, so that one keeps the item.
        """
        text = self.texts.text
        then = is_from_review(self.context.request)
        button = button or Button(REMOVE, text("Yes, remove it"))
        nonce = [(NONCE, at.nonce)] if at.draft_id == NEW else []
        return self.make(
            "remove",
            step=self.wizard.steps.by_url_name[at.page],
            item=_item_of(page) if page is not None else None,
            action_url=self.urls.to(at, then=then),
            hidden=[*self._token(), *nonce],
            problem=problem,
            actions=[
                Button("back", text("No, keep it"), primary=True),
                button._replace(primary=False),
            ],
        )

    def _form(self, bound: BoundStep, form: Form | None, at: Address) -> dict[str, Any]:
        """Return the context of a form, with its values as typed and its errors."""
        hidden: list[tuple[str, str]] = []
        entry = bound.entry
        if form is not None:
            forms.show_as_typed(form)
            if bound.step.takes_files:
                self._show_files(form, bound, at)
            if (names := bound.page_names(form)) is not None:
                # If the form cannot be built next time, the names come from the page.
                name = bound.top.name
                name = f"{name}/{at.sub}" if at.item else name
                encrypt = self.fields_of(name).encrypt
                hidden = [(forms.FIELDS, encrypt(names))]
        passwords = entry.passwords if entry is not None else {}
        return {
            "hidden": hidden,
            "form": form,
            "errors": summary(form) if form is not None else _own_errors(bound),
            "passwords_kept": {name for name, sent in passwords.items() if any(sent)},
            "answers": bound.answers,
        }

    def _show_files(self, form: Form, bound: BoundStep, at: Address) -> None:
        """Let the fields of a form show the files that the page has."""
        shown: dict[str, list[ShownFile]] = {}
        files = bound.entry.files.values() if bound.entry is not None else ()
        for file in files:
            shown.setdefault(file.field, []).append(self._shown_file(file, at))
        for leaf in file_leaves(form):
            there = [
                ShownFile("", name, self.texts.text(ALREADY_THERE), None)
                for name in getattr(leaf.field, "there", ())
            ]
            leaf.field.shown_files = shown.get(leaf.field.name, there)

    def _shown_file(self, file: StoredFile, at: Address) -> ShownFile:
        url = None
        if self.urls.file_url is not None:
            url = self.urls.file_url(at.draft_id, at.page, at.item, file.id)
        words = size_in_words(file.size, self.texts)
        return ShownFile(file.id, file.filename, words, url, byte_count=file.size)

    def _review(
        self,
        journey: Journey,
        bound: BoundStep,
        at: Address,
        unneeded: Unneeded | None,
    ) -> dict[str, Any]:
        """Return the context of a review."""
        told = unneeded.titles if unneeded is not None else ()
        hidden = [hidden.step.title for hidden in journey.hidden]
        return {
            "hidden": [(ANSWERS_HASH, journey.answers_hash)],
            "errors": _own_errors(bound),
            "groups": groups_of(journey, bound, self.urls.change_links(at)),
            "hidden_steps": [title for title in hidden if title not in told],
            "answers": journey.answers,
        }

    def entry(self, drafts: Sequence[PublicDraft]) -> Page:
        """Return the page that offers to continue one of these drafts or to begin."""
        return self.make("entry", drafts=drafts, new_url=self.urls.new)

    def gone(self, *, expired: bool) -> Page:
        """Return the page of a draft that is absent, or that another visitor holds."""
        status, reason = (410, "expired") if expired else (404, "unknown")
        return self.make("gone", status, reason=reason, new_url=self.urls.new)

    def no_page(self, continue_url: str) -> Page:
        """Return the page of an address of a draft at which there is no page."""
        return self.make("gone", 404, reason="no-page", continue_url=continue_url)

    def removed(
        self, texts: Sequence[str], *, continue_url: str, passwords_lost: bool
    ) -> Page:
        """Return the page of a POST to a step that a deploy has removed.

        ``texts`` are what was sent, without passwords.
        """
        return self.make(
            "removed",
            texts=texts,
            continue_url=continue_url,
            passwords_lost=passwords_lost,
        )

    def saved(
        self, draft: Draft, at: Address, *, notice: str | None, **kept: Unpack[Kept]
    ) -> Page:
        """Return the page after Save.

        ``at`` is the address of the current step. A user can open the draft on other
        devices, too.
        """
        return self.make(
            "saved",
            notice=notice,
            until=utc_datetime(kept["until"]),
            in_browser=kept["in_browser"],
            signed_in=self.context.holder.user is not None,
            continue_url=self.urls.to(at),
            discard_url=self._discard_url(at),
        )

    def tasks(
        self,
        journey: TaskJourney,
        at: Address,
        *,
        kept: Kept | None,
        notice: str | None,
    ) -> Page:
        """Return the list of tasks.

        ``at`` is its own address. ``kept`` is ``None`` for a draft that does not exist
        yet.
        """

        def url_of(bound: BoundStep) -> str:
            return self.urls.to(at._replace(page=bound.url_name))

        tasks = journey.tasks
        listed = [
            ListedTask(
                task.title,
                task.state,
                url_of(task.page) if task.page is not None else None,
                task.waits_for,
                task.ends,
            )
            for task in tasks
        ]
        review, current = journey.open_review, journey.current
        own = ListedTask(
            journey.steps[-1].title,
            "not-started" if review is not None else "cannot-start",
            url_of(review) if review is not None else None,
        )
        can_go = review is not None or not current.step.lists_answers
        return self.make(
            "tasks",
            notice=notice,
            tasks=listed,
            review=own,
            progress=journey.tasks_done,
            is_saved=kept is not None,
            until=utc_datetime(kept["until"]) if kept is not None else None,
            in_browser=kept is not None and kept["in_browser"],
            signed_in=self.context.holder.user is not None,
            continue_title=current.step.title,
            continue_url=url_of(current) if can_go else None,
            discard_url=self._discard_url(at),
        )

    def discard(
        self,
        at: Address,
        *,
        unsettled: bool = False,
        problem: PageProblem | None = None,
        button: Button | None = None,
    ) -> Page:
        """Return the page on which the visitor confirms that a draft is discarded.

        Enter presses the first button, so that one keeps the draft.
        """
        text = self.texts.text
        button = button or Button("discard", text("Yes, discard my answers"))
        return self.make(
            "discard",
            action_url=self.urls.to(at),
            hidden=self._token(),
            unsettled=unsettled,
            problem=problem,
            actions=[
                Button("back", text("No, keep them"), primary=True),
                button._replace(primary=False),
            ],
        )

    def receipt(self, draft: Draft, host: str, copy: ShownCopy | None) -> Page:
        """Return the page of an ended draft. ``host`` is this site's host."""
        receipt = draft.receipt or Receipt()

        def told(part: str) -> str | None:
            text: str | None = getattr(receipt, part)
            is_html = text and part in receipt.html_parts
            return Markup(text) if is_html else text  # noqa: S704  # see below

        return self.make(
            "receipt",
            outcome=draft.state,
            sent=utc_datetime(draft.updated),
            unsettled=draft.unsettled,
            reference=receipt.reference,
            # It was Markup when the application's commit returned it.
            message=Markup(receipt.message) if receipt.html else receipt.message,  # noqa: S704
            next_steps=told("next_steps"),
            contact=told("contact"),
            next_url=receipt.url,
            next_label=receipt.url_label,
            next_host=other_host(receipt.url or "", host),
            copy=copy,
        )

    def sending(self, at: Address) -> Page:
        """Return the page of a draft while its commit runs."""
        return self.make("sending", again_url=self.urls.to(at))

    def link(
        self,
        action_url: str,
        *,
        kind: LinkKind,
        until: float,
        once: bool,
        problem: PageProblem | None = None,
        status: int = 200,
    ) -> Page:
        """Return the page that asks before somebody takes up a link.

        ``until`` is when it expires, in seconds since the epoch. ``once`` is true if
        it can be taken up only once.
        """
        text = self.texts.text
        begins = kind in ("invite", "share")
        label = text("Begin") if begins else text("Continue here")
        return self.make(
            "link",
            status,
            refusal=None,
            kind=kind,
            until=utc_datetime(until),
            once=once,
            action_url=action_url,
            hidden=self._token(),
            problem=problem,
            actions=[Button("next", label, primary=True)],
        )

    def refused_link(
        self, refusal: str, status: int, *, login_url: str | None = None
    ) -> Page:
        """Return the page of a link that cannot be taken up, and why."""
        return self.make(
            "link", status, refusal=refusal, problem=None, login_url=login_url
        )

    def waiting(self, journey: Journey, bound: BoundStep, names: Sequence[str]) -> Page:
        """Return the page of a step that waits until others have filled in theirs.

        ``names`` are those of the steps that it waits for.
        """
        draft_id = journey.draft.id
        found = [self.wizard.steps.named(name) for name in names]
        before = journey.previous(bound)
        return self.make(
            "waiting",
            step=bound.step,
            parts=[
                Missing(step.title, self.urls.to(Address(step.url_name, draft_id)))
                for step in found
            ],
            back_url=self.urls.to_step(draft_id, before) if before else None,
            again_url=self.urls.to_step(draft_id, bound.top),
            discard_url=self._discard_url(Address(bound.top.url_name, draft_id)),
        )

    def unavailable(self, again_url: str, *, damaged: bool) -> Page:
        """Return the page of a GET if the store has failed."""
        new_url = self.urls.new if damaged else None
        return self.make("unavailable", 503, again_url=again_url, new_url=new_url)

    def _token(self) -> list[tuple[str, str]]:
        app, name = self.context.app, self.context.csrf_field
        return guard.token_field(app.config, name)


def _unneeded(journey: Journey) -> Unneeded | None:
    """Return what the last change has made unnecessary, if the visitor has to know."""
    causes = {name: cause for name, cause in journey.draft.unneeded.items() if cause}
    if not causes:
        return None
    for steps, prefix in _places_of(journey, causes):
        known = [step for step in steps if causes.get(prefix + step.name)]
        cause = causes[prefix + known[0].name] if known else ""
        if cause in steps.positions:
            titles = [step.title for step in known]
            return Unneeded(steps.named(cause).title, titles)
    return None


def _places_of(journey: Journey, names: Iterable[str]) -> Iterator[tuple[Steps, str]]:
    """Yield the steps of the wizard, and the pages of the items that names are of.

    With each comes how their names begin.
    """
    yield journey.steps, ""
    for name in names:
        prefix, _, page = name.rpartition("/")
        of_list = journey.steps.positions.get(prefix.partition("/")[0])
        if prefix and page and of_list is not None:
            yield journey.steps[of_list].pages, f"{prefix}/"


def _own_errors(bound: BoundStep) -> list[ErrorLink]:
    """Return the errors of a page without fields: those of a StepError."""
    if bound.takes_input:
        return []
    found = bound.errors_to_show().values()
    return [ErrorLink(text, None) for texts in found for text in texts]


def _item_of(bound: BoundStep) -> BoundItem | None:
    """Return the item that a page is of, if it is of one."""
    return bound.journey.item if isinstance(bound.journey, ItemWalk) else None


def templates_for(
    wizard: Wizard,
    theme: str,
    name: str,
    step: AnyStep | None = None,
    item: BoundItem | None = None,
) -> list[str]:
    """Return the names of a page's templates, the most specific first.

    The page of an item of ``pets`` is ``pets_item``; of several pages, ``pets_who``.
    """
    own = f"flask_wizard/wizards/{folder_of(wizard)}"
    particular = [f"{own}/{step.name}.html"] if step else []
    if step is not None and item is not None:
        particular = [f"{own}/{item.repeat.name}_{step.name or 'item'}.html"]
    if step is not None and step.template:
        particular.insert(0, step.template)
    return [
        *particular,
        f"{own}/{name}.html",
        f"flask_wizard/{name}.html",
        f"flask_wizard/{theme}/{name}.html",
        f"flask_wizard/{DEFAULT_THEME}/{name}.html",
    ]


def bases_for(wizard: Wizard, config: Mapping[str, Any]) -> list[str]:
    """Return the names of a wizard's layouts, of which the first there is counts."""
    folders = (theme_of(wizard, config), DEFAULT_THEME)
    shipped = [f"flask_wizard/{folder}/base.html" for folder in folders]
    return [config["WIZARD_BASE_TEMPLATE"], *shipped]


def check_named_templates(wizard: Wizard, context: Context) -> None:
    """Raise ConfigurationError or DefinitionError for a template that is missing.

    These are the templates that the application names: the layout, those of the theme,
    and those of single steps.
    """
    environment = context.app.jinja_env
    base, where = context.app.config["WIZARD_BASE_TEMPLATE"], type(wizard).__name__
    if base != BASE_TEMPLATE and not is_there(base, environment):
        raise ConfigurationError(
            f"WIZARD_BASE_TEMPLATE is {base!r}, and there is no such template. "
            "Expected a path in the application's folder of templates."
        )
    check_theme(wizard, context.app)
    _log_missing_blocks(wizard, context)
    for step in wizard.steps:
        if step.template and not is_there(step.template, environment):
            raise DefinitionError(
                f"{where}.{step.name} has template={step.template!r}, and there is no "
                "such template. Expected a path in the application's folder of "
                "templates."
            )


def _log_missing_blocks(wizard: Wizard, context: Context) -> None:
    """Log the blocks that a layout needs to show pages, and does not have."""
    environment, state = context.app.jinja_env, context.state
    layout = state.template(bases_for(wizard, context.app.config), environment)
    blocks = state.blocks(layout, environment)
    for name, hint in NEEDED_BLOCKS.items():
        if blocks is not None and name not in blocks:
            state.log_once(context.app, f"The layout {layout!r} {hint}")


def check_theme(wizard: Wizard, app: Flask) -> None:
    """Raise DefinitionError, or ConfigurationError, if a wizard's theme is missing."""
    theme = theme_of(wizard, app.config)
    if theme in SHIPPED_THEMES:
        return
    folder, parts = f"flask_wizard/{theme}", ("base", "macros", *PAGES)
    if any(is_there(f"{folder}/{part}.html", app.jinja_env) for part in parts):
        return
    where = f"{type(wizard).__name__}.theme" if wizard.theme else "WIZARD_THEME"
    raise (DefinitionError if wizard.theme else ConfigurationError)(
        f"{where} is {theme!r}, and there is no template {folder}/"
        f"macros.html, base.html, nor one of a page. Themes that come with the package "
        f"are {', '.join(SHIPPED_THEMES)}. If a blueprint has the templates of yours, "
        "register it before the wizard's."
    )


def folder_of(wizard: Wizard) -> str:
    """Return the folder of a wizard's templates: ``join_library`` for JoinLibrary."""
    name = type(wizard).__name__
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower()
