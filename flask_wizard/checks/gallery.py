"""Gallery: every page of an application's wizards, met by a visitor who makes it up."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from copy import copy
from dataclasses import dataclass, field
from functools import partial
from io import BytesIO
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from blinker import NamedSignal
from cachelib import SimpleCache
from flask import (
    Flask,
    g,
    render_template,
    request,
    session,
    template_rendered,
    url_for,
)
from jinja2 import Environment
from werkzeug.exceptions import HTTPException
from werkzeug.routing import BuildError

from .. import signals
from ..core.draft import Receipt
from ..core.fields import own_errors
from ..core.files import file_leaves
from ..core.forms import leaves
from ..drafts.encrypted_store import Guest
from ..drafts.upload_store import FolderUploads
from ..drafts.visitor_drafts import Mount
from ..errors import StoreError
from ..stores.memory import MemoryStore
from ..web.guest_pages import guest_page
from ..web.links import resume_url
from ..web.logins import Logins
from ..web.pages import Page
from ..web.rehearsal import silence
from ..web.routes import Mounted
from ..web.state import EXTENSION, MOUNTS, WizardState, get_context
from ..web.urls import Address, url_of_page
from ..web.visit import Visit
from ..wizard import Wizard
from .candidates import given
from .paths import Exploration
from .sample_files import Sample, SampleError, given_files, kinds_for, made_up
from .samples import fill_in, fill_in_badly, leave_blank
from .states import Sent

MOST_PAGES = 60  # pages of one walk, or redirects one after another
MOST_TRIES = 12  # samples that a page may refuse
MOST_FORMS = 5_000  # that are filled in to find what leads to pages not met
MAX_AGE = 60 * 60  # seconds that a sample link works

OF_STEPS = ("step", "list", "info", "exit", "review")
"""The pages that a step is shown by, which are called as it is."""

Plan = Mapping[tuple[str, str, int], Sent]
"""What is sent on one way, by step, page of an item and number of the item."""


class ShownPage(NamedTuple):
    """A page of the gallery."""

    #: The full name of the wizard's blueprint.
    mount: str
    #: The name of the page, such as ``step``; one of ``PAGES``.
    page: str
    #: The name of the step, with that of the page of an item; empty if it is none's.
    step: str
    #: ``empty``, ``filled``, ``wrong``, ``again``, or what became of the draft.
    state: str
    html: str

    @property
    def name(self) -> str:
        """The page's name among those of its mount."""
        page = "" if self.page in OF_STEPS else self.page
        return "-".join(filter(None, (self.step, page, self.state)))


@dataclass
class Gallery:
    """The pages of one theme in one language, and the steps that were not met."""

    pages: list[ShownPage] = field(default_factory=list)
    #: What is not shown, each a sentence that says why.
    missed: list[str] = field(default_factory=list)


def make_gallery(
    app: Flask,
    *,
    theme: str | None = None,
    lang: str | None = None,
    mounts: Collection[str] = (),
    samples: Mapping[str, Mapping[str, Mapping[str, Any]]] | None = None,
    values: Mapping[str, str] | None = None,
) -> Gallery:
    """Return every page of an application's wizards, empty, filled in and wrong.

    The wizard's own views make them, for drafts in a store of their own. None of the
    application's drafts is opened, and of its hooks only those are called that a page
    shows something of: ``initial``, ``describe``, and the conditions and forms of
    steps. With ``mounts``, only these wizards are shown. ``samples`` has answers by
    mount, step and field, where those made up are refused. ``values`` has those of
    variables in prefixes.
    """
    found = Gallery()
    with silence(), _stage(app, theme, lang) as (state, store):
        for mount, mounted in sorted(app.extensions.get(MOUNTS, {}).items()):
            if mounts and mount not in mounts:
                continue
            own = (samples or {}).get(mount, {})
            wizard = mounted.wizard
            known = values or {}
            _Walks(app, state, mount, wizard, lang, own, known, found, store).run()
    return found


class _NotingState(WizardState):
    """The state of an application, which notes what page it has rendered last."""

    rendered = ""

    def template(self, names: Sequence[str], environment: Environment) -> str:
        self.rendered = names[-1].rpartition("/")[2].removesuffix(".html")
        return super().template(names, environment)


class _OwnStore(MemoryStore):
    """A store of the gallery's own, which can be down."""

    is_down = False

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        if self.is_down:
            raise StoreError("This store is down, to show what a page says then.")
        return super().load(key)


@contextmanager
def _stage(
    app: Flask, theme: str | None, lang: str | None
) -> Iterator[tuple[_NotingState, _OwnStore]]:
    """Have the wizards of an application serve from an empty store, without effects."""
    before: WizardState = app.extensions[EXTENSION]
    mounts: Mapping[str, Mounted] = app.extensions.get(MOUNTS, {})
    wizards = {name: mounted.wizard for name, mounted in mounts.items()}
    own_lang = app.config["WIZARD_LANG"]
    with TemporaryDirectory() as folder:
        uploads = FolderUploads(Path(folder), min_free=0)
        store = _OwnStore(SimpleCache())
        state = _NotingState(app, store, uploads, _without_refusals(before.logins))
        app.extensions[EXTENSION] = state
        for mounted in mounts.values():
            mounted.wizard = _without_effects(mounted.wizard, theme)
        if lang is not None:
            app.config["WIZARD_LANG"] = lang
        try:
            with ExitStack() as stack:
                for signal in vars(signals).values():
                    if isinstance(signal, NamedSignal):
                        stack.enter_context(signal.muted())
                yield state, store
        finally:
            app.config["WIZARD_LANG"] = own_lang
            for name, wizard in wizards.items():
                mounts[name].wizard = wizard
            app.extensions[EXTENSION] = before


def _without_refusals(logins: Logins) -> Logins:
    """Return a copy for which it is nobody whom the holder function refuses."""
    own = copy(logins)
    vars(own)["find_user"] = logins.signed_in  # in the place of what it has cached
    return own


def _without_effects(wizard: Wizard, theme: str | None) -> Wizard:
    """Return a copy of a wizard whose hooks with effects do nothing."""
    own = copy(wizard)
    vars(own).update(
        one_transaction=False,
        admit=lambda moment, holder: None,
        validate=lambda submission: None,
        commit=lambda submission: Receipt(reference="A-1843"),
        discarded=lambda draft: None,
        on_upload=lambda upload, step, field: None,
    )
    if theme is not None:
        vars(own)["theme"] = theme
    return own


@dataclass
class _Seen:
    """A page as the visitor of the gallery has it."""

    url: str
    #: The name of the page; empty if it is none of the wizard's.
    page: str
    html: str = ""
    #: What its template got.
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def step(self) -> str:
        """The name of the step; with the page of an item, if it is one."""
        step, item = self.context.get("step"), self.context.get("item")
        if step is None:
            return ""
        if item is None or self.page == "remove":
            return str(step.name)
        return "-".join(filter(None, (item.repeat.name, step.name or "item")))

    @property
    def is_wrong(self) -> bool:
        return bool(self.context.get("errors"))

    def has_button(self, action: str) -> bool:
        return any(each.value == action for each in self.context.get("actions", ()))

    @property
    def base(self) -> str:
        """The URL of the draft, with a slash at its end."""
        return str(self.context["discard_url"]).rpartition("/")[0] + "/"

    @property
    def draft_id(self) -> str:
        return self.base.split("/")[-2]


class _Visitor:
    """Somebody who opens pages and sends forms, without the application's hooks."""

    def __init__(self, app: Flask, state: _NotingState, lang: str | None) -> None:
        self.app = app
        self.state = state
        self.session: dict[str, Any] = {}
        self.headers = {"Accept-Language": lang} if lang else {}

    @contextmanager
    def request(
        self, url: str, data: Mapping[str, Any] | None = None
    ) -> Iterator[None]:
        """Have a request as it is when the wizard's view is called."""
        method = "GET" if data is None else "POST"
        context = self.app.test_request_context(
            url, method=method, data=data, headers=self.headers
        )
        # A context of its own: Flask would go on with one that is there, and its g.
        with self.app.app_context(), context:
            session.update(self.session)
            if request.routing_exception is not None:
                raise request.routing_exception
            for name in (None, *reversed(request.blueprints)):
                for prepare in self.app.url_value_preprocessors.get(name, ()):
                    prepare(request.endpoint, request.view_args)
            yield
            self.session = dict(session)

    def open(self, url: str) -> _Seen:
        """Open a page, wherever that leads."""
        for _ in range(MOST_PAGES):
            seen, location = self._ask(url, None)
            if not location:
                return seen
            url = location
        return _Seen(url, "")

    def send(self, seen: _Seen, values: Mapping[str, Any], action: str) -> _Seen:
        """Send the form of a page, and go where that leads."""
        hidden = dict(seen.context["hidden"])
        data = {**hidden, **values, "_action": action}
        answer, location = self._ask(seen.context["action_url"], data)
        return self.open(location) if location else answer

    def _ask(self, url: str, data: Mapping[str, Any] | None) -> tuple[_Seen, str]:
        """Return the page at a URL, and where it leads if it is none."""
        contexts: list[Mapping[str, Any]] = []

        def note(sender: Flask, context: Mapping[str, Any], **more: Any) -> None:
            contexts.append(dict(context))

        with template_rendered.connected_to(note, self.app), self.request(url, data):
            if request.blueprint not in self.app.extensions[MOUNTS]:
                return _Seen(url, ""), ""
            view: Any = self.app.view_functions[str(request.endpoint)]
            response = self.app.make_response(view(**(request.view_args or {})))
            if response.location:
                return _Seen(url, ""), response.location
            html = response.get_data(as_text=True)
        pages = [context for context in contexts if "wizard" in context]
        return _Seen(url, self.state.rendered, html, pages[-1] if pages else {}), ""

    @contextmanager
    def visit(self, url: str) -> Iterator[Visit]:
        """Have a visit to the mount that a URL is of, in a request."""
        with self.request(url):
            mounted: Mounted = self.app.extensions[MOUNTS][request.blueprint]
            prefix: Mapping[str, Any] = g.wizard_prefix
            visit = Visit.open(
                mounted.wizard,
                Mount(
                    str(request.blueprint),
                    {n: v for n, v in prefix.items() if n not in mounted.unbound},
                ),
                None,
                get_context(),
                url_for_step=partial(url_of_page, "", prefix),
                entry_url=partial(url_for, ".entry", **prefix),
            )
            visit.drafts.holder.identify()
            yield visit

    def make(self, url: str, page: Callable[[Visit], Page]) -> _Seen:
        """Return a page that something unusual leads to, as its view renders it."""
        with self.visit(url) as visit:
            made = page(visit)
            name = self.state.template(made.templates, self.app.jinja_env)
            return _Seen(url, made.name, render_template(name, **made), made)


@dataclass
class _Walks:
    """The walks through the wizard of one mount, until all its steps were met."""

    app: Flask
    state: _NotingState
    mount: str
    wizard: Wizard
    lang: str | None
    samples: Mapping[str, Mapping[str, Any]]
    values: Mapping[str, str]
    found: Gallery
    store: _OwnStore
    has_ended: bool = False
    noted: set[tuple[str, str, str]] = field(default_factory=set)
    #: What this walk sends in the place of the likeliest, if it follows a way.
    plan: Plan = field(default_factory=dict)
    #: The pages that have refused all that was tried.
    refusing: dict[str, None] = field(default_factory=dict)

    def run(self) -> None:
        """Walk with the likeliest answers; then on ways to the pages not met."""
        try:
            self._walk()
            for plan in self._ways_to_unmet():
                self.plan = plan
                self._walk()
            self.plan = {}
            self._show_rare_pages()
        except BuildError as error:
            is_own = error.endpoint.startswith(f"{self.mount}.")
            own = "its prefix has variables, whose values are not given"
            self._miss(own if is_own else f"BuildError: {error}")
        except HTTPException as error:
            self._miss(f"the application answers {error.code} {error.name}")
        except SampleError:
            raise
        except Exception as error:  # of the application's code, or its templates
            self._miss(f"{type(error).__name__}: {error}")
        else:
            filled = {step for _, step, state in self.noted if state == "filled"}
            for step in self.refusing:
                if step not in filled:
                    self._miss(f"{step!r} refuses every answer that was tried")
            for step in self._unmet:
                self._miss(f"no answers that were tried lead to {step!r}")

    def _ways_to_unmet(self) -> Iterator[Plan]:
        """Yield ways to the pages that were not met, as ``prove`` finds them."""
        if not self._unmet and not self.refusing:
            return
        url = self._entry_url()
        with self._visitor().visit(url) as visit:
            bound = visit.journey_of(visit.drafts.fresh("sample")).bound
            wizard, samples = type(self.wizard), self.samples
            found = Exploration(wizard, samples=samples, bound=bound, most=MOST_FORMS)
            found.run()
            ways = found.ways()
        for step in [*self.refusing, *self._unmet]:
            if step not in self._unmet and (step, "filled") in self._states:
                continue
            for way in ways:
                if step in {*map(_called, way.sent), way.step}:
                    yield {(sent.step, sent.page, sent.item): sent for sent in way.sent}
                    break

    @property
    def _states(self) -> set[tuple[str, str]]:
        return {(step, state) for _, step, state in self.noted}

    def _miss(self, why: str) -> None:
        self.found.missed.append(f"{self.mount}: {why}")

    @property
    def _unmet(self) -> list[str]:
        """The steps, and the pages of items, of which no page was met."""
        met = {step for _, step, _ in self.noted}
        steps = self.wizard.steps
        pages = [
            f"{step.name}-{page.name or 'item'}"
            for step in steps
            for page in step.pages
        ]
        return [name for name in (*steps.names, *pages) if name not in met]

    def _note(self, seen: _Seen, state: str = "") -> None:
        key = (seen.page, seen.step, state)
        if seen.page and key not in self.noted:
            self.noted.add(key)
            shown = ShownPage(self.mount, seen.page, seen.step, state, seen.html)
            self.found.pages.append(shown)

    def _entry_url(self) -> str:
        with self.app.app_context(), self.app.test_request_context():
            values: dict[str, Any] = dict(self.values)
            return url_for(f"{self.mount}.entry", **values)

    def _visitor(self) -> _Visitor:
        return _Visitor(self.app, self.state, self.lang)

    def _walk(self) -> None:
        """Walk from the first page to the last, and look at each page on the way."""
        visitor = self._visitor()
        seen = visitor.open(self._entry_url())
        for _ in range(MOST_PAGES):
            if seen.page not in ("step", "list", "info", "tasks"):
                break
            if seen.page == "step":
                onward = self._pass_step(visitor, seen)
            elif seen.page == "list":
                onward = self._pass_list(visitor, seen)
            elif seen.page == "tasks":
                onward = self._pass_tasks(visitor, seen)
            else:
                self._note(seen)
                onward = visitor.send(seen, {}, "next")
            if onward is None:
                return
            seen = onward
        self._note(seen, "filled" if seen.page == "review" else "")
        if seen.page == "review" and not self.has_ended:
            self.has_ended = True
            self._show_pages_of_draft(visitor, seen)
            self._note(visitor.send(seen, {}, "next"), "committed")

    # Steps and lists

    def _pass_step(self, visitor: _Visitor, seen: _Seen) -> _Seen | None:
        """Note the page of a form empty, wrong and filled; return where it leads."""
        self._note(seen, "empty")
        form, is_item = seen.context["form"], seen.context.get("item") is not None
        if form is None:
            return None
        now = seen
        if (seen.page, seen.step, "wrong") not in self.noted:
            for values in (leave_blank(form), fill_in_badly(form)):
                now = visitor.send(now, values, "next")
                if now.step == seen.step and now.is_wrong:
                    self._note(now, "wrong")
                    break
                if is_item or not now.context.get("discard_url"):
                    return now  # it is done
                now = visitor.open(now.base + seen.context["step"].url_name)
        refused: dict[str, int] = {}
        for _ in range(MOST_TRIES):
            values = self._samples(seen, refused)
            onward = visitor.send(now, values, "next")
            if onward.step != seen.step or not onward.is_wrong:
                self._look_back(visitor, seen, onward, values)
                return onward
            wrong = onward.context["form"]
            for name in [f.name for f in leaves(wrong) if own_errors(f)]:
                refused[name] = refused.get(name, 0) + 1
            now = onward
        self.refusing[seen.step] = None
        return None

    def _samples(self, seen: _Seen, refused: Mapping[str, int]) -> dict[str, Any]:
        """Return what is sent for a page: what is planned, or else what is likely."""
        form, item = seen.context["form"], seen.context.get("item")
        step = seen.context["step"].name
        place = (item.repeat.name, step, item.number) if item else (step, "", 0)
        if (planned := self.plan.get(place)) is not None:
            files = {name: _sent(file) for name, file in planned.files.items()}
            return {**planned.values, **files}
        values: dict[str, Any] = {**fill_in(form, refused)}
        own = self.samples.get(".".join(filter(None, place[:2])), {})
        values |= {name: given(answer)[0] for name, answer in own.items()}
        for file in file_leaves(form):
            name = file.field.name
            if name in own:
                found = given_files(name, own[name])
            else:
                found = [*map(made_up, kinds_for(file.field))]
            sample = found[refused.get(name, 0) % len(found)]
            values[name] = _sent(sample) if sample is not None else []
        return values

    def _look_back(
        self, visitor: _Visitor, seen: _Seen, onward: _Seen, values: Mapping[str, Any]
    ) -> None:
        """Note the page that was just filled in, and one that is given back."""
        if (seen.page, seen.step, "filled") in self.noted:
            return
        if seen.context.get("item") is not None:
            if onward.page != "list" or not onward.context["items"]:
                return
            filled = visitor.open(onward.context["items"][-1].url)
        elif onward.context.get("discard_url"):
            filled = visitor.open(onward.base + seen.context["step"].url_name)
        else:
            return
        self._note(filled, "filled")
        if not any(file_leaves(seen.context["form"])):
            stale = _Seen(filled.url, filled.page, context=dict(filled.context))
            hidden = [(name, "") for name, _ in filled.context["hidden"]]
            stale.context = {**filled.context, "hidden": hidden}
            self._note(visitor.send(stale, values, "next"), "again")

    def _pass_list(self, visitor: _Visitor, seen: _Seen) -> _Seen | None:
        """Note the page of a list empty, wrong and filled; return where it leads."""
        items = seen.context["items"]
        self._note(seen, "filled" if items else "empty")
        name = seen.context["step"].name
        planned = [item for step, _, item in self.plan if step == name]
        wanted = max(planned, default=1)
        if len(items) < wanted and seen.has_button("add"):
            return visitor.send(seen, {}, "add")
        for item in items:
            if not item.done:
                return visitor.open(item.url)
        if items and items[0].remove_url:
            self._note(visitor.open(items[0].remove_url))
        onward = visitor.send(seen, {}, "next")
        return None if onward.step == seen.step and onward.is_wrong else onward

    def _pass_tasks(self, visitor: _Visitor, seen: _Seen) -> _Seen | None:
        """Note a list of tasks; return the first that is open, or else the review."""
        tasks, review = seen.context["tasks"], seen.context["review"]
        begun = any(task.state != "not-started" for task in tasks if task.url)
        self._note(seen, "filled" if review.url else "begun" if begun else "empty")
        urls = [task.url for task in tasks if task.url and task.state != "completed"]
        url = next(iter(urls), review.url)
        return visitor.open(url) if url else None

    # Pages of a draft, and those that something unusual leads to

    def _show_pages_of_draft(self, visitor: _Visitor, seen: _Seen) -> None:
        self._note(visitor.open(self._entry_url()))
        saved = visitor.open(f"{seen.base}saved")
        if saved.page == "saved":  # with tasks, it is their list
            self._note(saved)
        self._note(visitor.open(f"{seen.base}discard"))
        with visitor.request(seen.url):
            link = resume_url(seen.draft_id, max_age=MAX_AGE, uses=1)
        self._note(self._visitor().open(urlsplit(link).path), "open")
        self.store.is_down = True
        try:
            self._note(visitor.open(seen.url))
        finally:
            self.store.is_down = False

    def _show_rare_pages(self) -> None:
        """Note the pages after a discard, and those of drafts that are not there."""
        visitor = self._visitor()
        seen = visitor.open(self._entry_url())
        if seen.page == "step":
            saved = visitor.send(seen, {}, "save")
            if saved.context.get("discard_url"):
                asked = visitor.open(f"{saved.base}discard")
                self._note(visitor.send(asked, {}, "discard"), "discarded")
        url = self._entry_url()

        def sending(visit: Visit) -> Page:
            return visit.pages.sending(Address("receipt", "sample"))

        def removed(visit: Visit) -> Page:
            texts, to = ("A few words",), visit.urls.entry
            return visit.pages.removed(texts, continue_url=to, passwords_lost=True)

        def waiting(visit: Visit) -> Page:
            journey = visit.journey_of(visit.drafts.fresh("sample"))
            names = visit.wizard.steps.names[-1:]
            return visit.pages.waiting(journey, journey.current, names)

        def guest(visit: Visit) -> Page:
            draft, steps = visit.drafts.fresh("sample"), visit.wizard.steps.names[:1]
            guest = Guest(frozenset(steps), frozenset())
            return guest_page(visit.pages, draft, visit.journey_of(draft), guest)

        def used(visit: Visit) -> Page:
            return visit.pages.refused_link("used", 410)

        self._note(
            visitor.make(url, lambda visit: visit.pages.gone(expired=True)), "expired"
        )
        self._note(
            visitor.make(url, lambda visit: visit.pages.gone(expired=False)), "unknown"
        )
        self._note(visitor.make(url, sending))
        self._note(visitor.make(url, removed))
        self._note(visitor.make(url, waiting))
        self._note(visitor.make(url, guest))
        self._note(visitor.make(url, used), "used")


def _sent(sample: Sample) -> tuple[BytesIO, str]:
    """Return a file as Werkzeug sends it."""
    return BytesIO(sample.content), sample.filename


def _called(sent: Sent) -> str:
    """Return what the gallery calls the page on which something is sent."""
    return f"{sent.step}-{sent.page or 'item'}" if sent.item else sent.step
