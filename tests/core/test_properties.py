"""Random wizards in random hands: whatever happens, the rules of the design hold."""

from __future__ import annotations

import dataclasses
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar
from urllib.parse import parse_qs

from apps import MakeApp
from cachelib import SimpleCache
from flask.testing import FlaskClient
from flask_wtf import FlaskForm
from fuzz import effort
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from model_wizards import (
    END,
    REVIEW,
    Builder,
    Live,
    Peek,
    Plan,
    Raw,
    Sheet,
    Sheets,
    StepPlan,
    View,
    changes,
    deployed,
    edits_of,
    plans,
    sent_to,
    texts_for,
    turns,
)
from model_wizards import plain as compared
from store_wrappers import Probe
from visitor import Page
from werkzeug.test import TestResponse
from wizards import declare

from flask_wizard import StepError, Submission, Wizard
from flask_wizard.core.answers import plain
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.form_errors import errors_of
from flask_wizard.core.form_steps import Step
from flask_wizard.core.forms import FieldNames, Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.steps import BoundStep
from flask_wizard.drafts.visitor_drafts import Mount
from flask_wizard.stores.memory import MemoryStore
from flask_wizard.web.page_fields import SignedFields

PAGES = st.sampled_from((7, 0, 1, 3))
TURNS = st.lists(st.booleans(), max_size=4)
TABS = st.integers(0, 2)
BUTTONS = st.sampled_from(
    ("next", "back", "save", "autosave", "goto:step_0", "goto:step_2", "discard")
)
TROUBLES = st.sampled_from(("", "", "raises", "refuses"))
NONCES = st.sampled_from(("A" * 22, "B" * 22))
ACTIONS = st.sampled_from(("next", "next", "save", "autosave"))
# Why a page that was accepted is asked again.
ASKED_AGAIN = ("An earlier answer has changed", "This form has changed since")


T = TypeVar("T")


def pick(data: st.DataObject, options: Sequence[T]) -> T:
    return options[data.draw(st.integers(0, len(options) - 1))]


# The journey alone


class Walking(RuleBasedStateMachine):
    """A draft that is sent to, looked at and deployed under, beside its model."""

    @initialize(data=st.data(), plan=plans(), pages=PAGES)
    def begins(self, data: st.DataObject, plan: Plan, pages: int) -> None:
        self.plans = [plan]
        self.deploy()
        self.draft = Draft("d", "m", (), 0.0, 0.0, "s")
        self.sheets: dict[str, Sheet] = {}
        self.look()
        self.goes_on(data, True, pages)

    @property
    def plan(self) -> Plan:
        return self.plans[-1]

    def deploy(self) -> None:
        self.log: list[Peek] = []
        steps = Builder(self.log).steps(self.plan)
        self.wizard = declare("Made", commit=lambda *_: None, **steps)

    @property
    def journey(self) -> Journey:
        return Journey(self.wizard.steps, self.draft)

    def look(self) -> None:
        """Find out how the draft stands now, and hold it against the model."""
        self.log.clear()
        journey = self.journey
        led = journey.first_incomplete.step.name if journey.first_incomplete else None
        self.view = View(self.plan, self.sheets, led=led)
        agree(journey, self.view)
        sees_what_counts(self.log, self.view)
        runs_once(self.log)

    def send(self, name: str, sent: Raw, action: str, *, looks: bool) -> None:
        """One request: a POST, then the walk to where it leads, then the save.

        Pages that need the whole path have the request look at it, before and after.
        """
        self.log.clear()
        before, journey = self.view, self.journey
        assert not looks or names(journey.path) == before.path
        kept = encode(self.draft)
        values = Values(sent.items())
        values.names = names_of(self.plan.step(name), sent)
        onward = journey.submit(
            name,
            values,
            validate=action == "next",
            autosave=action == "autosave",
        )
        path = names(onward.path) if looks else None
        self.draft = decode(encode(onward.to_draft()))
        self.sheets[name] = sent_to(before, name, sent, action)
        sends = [*self.log]
        self.look()
        sees_what_counts(sends, before, self.view)
        assert names(journey.path) == before.path
        assert encode(journey.draft) == kept
        if looks:
            assert path == self.view.path
            assert not any(place.outdated for place in judged_again(self.journey))

    def any_step(self, data: st.DataObject) -> StepPlan:
        return self.plan.step(pick(data, self.plan.step_names))

    @rule(data=st.data(), looks=st.booleans(), pages=PAGES)
    def goes_on(self, data: st.DataObject, looks: bool, pages: int) -> None:
        """The visitor continues with values that are valid, if there are any."""
        for _ in range(pages):
            if self.view.is_whole:
                return
            name = self.view.current
            sent = data.draw(texts_for(self.view.forms[name], self.view))
            self.send(name, sent, "next", looks=looks)

    @rule(data=st.data(), action=ACTIONS, valid=st.booleans(), pages=PAGES)
    def changes_answers(
        self, data: st.DataObject, action: str, valid: bool, pages: int
    ) -> None:
        for name in [name for name in self.view.done if data.draw(st.booleans())]:
            if name in self.view.path:
                raw, form = self.sheets[name].raw, self.view.forms[name]
                reader = self.view if valid else None
                edits = edits_of(form, raw, reader, self.plan.read_of(name))
                self.send(name, data.draw(edits), action, looks=valid)
        self.goes_on(data, valid, pages)

    @rule(
        data=st.data(), looks=st.booleans(), again=st.lists(st.booleans(), max_size=4)
    )
    def turns_the_path(
        self, data: st.DataObject, looks: bool, again: list[bool]
    ) -> None:
        """Give an answer that hides, shows or opens other steps, and another one."""
        self.goes_on(data, looks, 7)
        for asks_again in again:
            if options := turns(self.view, asks_again=asks_again):
                name, sent = pick(data, options)
                self.send(name, sent, "next", looks=looks)

    @rule(data=st.data(), action=ACTIONS, looks=st.booleans(), pages=PAGES)
    def sends_anything(
        self, data: st.DataObject, action: str, looks: bool, pages: int
    ) -> None:
        """Send a step that may not be open, with values that may not be valid."""
        step = self.any_step(data)
        sent = data.draw(texts_for(step.forms[-1], None))
        self.send(step.name, sent, action, looks=looks)
        self.goes_on(data, looks, pages)

    @rule(data=st.data(), action=ACTIONS, looks=st.booleans())
    def sends_the_same_again(
        self, data: st.DataObject, action: str, looks: bool
    ) -> None:
        name = self.any_step(data).name
        if name in self.sheets:
            self.send(name, self.sheets[name].raw, action, looks=looks)

    @rule(data=st.data(), luck=st.integers(0, 2))
    def is_deployed_under(self, data: st.DataObject, luck: int) -> None:
        if luck == 2:
            self.plans.append(data.draw(changes(self.plans)))
            self.deploy()
            self.sheets = deployed(self.sheets, self.plan)
            self.look()

    @invariant()
    def path_is_in_order(self) -> None:
        path = names(self.journey.path)
        assert path == [name for name in self.plan.names if name in path]

    @invariant()
    def path_ends_at_the_frontier(self) -> None:
        *earlier, last = self.journey.path
        assert all(place.done for place in earlier)
        assert (
            self.journey.first_incomplete is None
            or self.journey.first_incomplete.step is last.step
        )
        assert (self.journey.first_incomplete is None) == last.done

    @invariant()
    def nothing_typed_is_lost(self) -> None:
        for name, sheet in self.sheets.items():
            entry = self.draft.entries[name]
            assert entry.raw == sheet.raw
            assert entry.passwords == sheet.secrets
            assert entry.rev == sheet.rev


def names_of(step: StepPlan, sent: Raw) -> FieldNames:
    """As a page of the step names them: all but the passwords."""
    return FieldNames(tuple(sent.keys() - {*step.secrets}))


def judged_again(journey: Journey) -> list[BoundStep]:
    """Steps that are judged when what they read changes, and found to hold.

    They remember what they read then, so that they need not be judged in every request.
    """
    done = [place for place in journey.path if place.done]
    return [p for p in done if isinstance(p.step, Step) and p.step.revalidate]


def names(places: tuple[BoundStep, ...]) -> list[str]:
    return [place.step.name for place in places]


def agree(journey: Journey, view: View) -> None:
    """The journey is as the model foretells it."""
    assert names(journey.path) == view.path
    assert [p.step.name for p in journey.path if p.done] == view.done
    assert (
        journey.first_incomplete and journey.first_incomplete.step.name
    ) == view.first_incomplete
    assert journey.current.step.name == view.current
    assert {p.step.name for p in journey.hidden} == view.hidden & view.sheets.keys()
    for name in view.plan.names:
        assert (journey.get(name) is not None) == (name in view.path)
    for place in journey.path:
        stands_as_foretold(journey, place, view)


def stands_as_foretold(journey: Journey, place: BoundStep, view: View) -> None:
    name = place.step.name
    before, after = journey.previous(place), journey.next(place)
    assert (before and before.step.name) == view.before(name)
    assert name not in view.done or (after and after.step.name) == view.after(name)
    if name == REVIEW:
        return
    assert place.form is not None
    assert {*shown_as_wrong(place)} == view.wrong(name)
    if name in view.done:
        assert journey.answers[name]
        assert place.trusted == (name not in view.failing)
        assert compared(plain(place.form)) == compared(view.verdicts[name].values)
        values = {field: journey.answers[name][field] for field in plain(place.form)}
        assert compared(values) == compared(view.verdicts[name].values)


def shown_as_wrong(place: BoundStep) -> list[str]:
    if place.entry is None or place.form is None or place.done:
        return []
    return [*(errors_of(place.form) if place.outdated else place.entry.errors)]


def sees_what_counts(log: list[Peek], *views: View) -> None:
    """Application code has run only where it may, and saw only answers that count."""
    for peek in log:
        assert any(view.lets_see(peek) for view in views), peek


def runs_once(log: list[Peek]) -> None:
    """Each form is built and validated, and each condition asked, at most once."""
    calls = Counter((peek.reader, peek.at) for peek in log if peek.ref is None)
    assert all(count == 1 for count in calls.values()), calls


def test_journey_is_as_the_model_foretells() -> None:
    run_state_machine_as_test(
        Walking, settings=settings(effort(25), stateful_step_count=25)
    )


# Visitors


class Trouble(Exception):
    """What a commit of the application raises."""


@dataclass(eq=False)
class Paper:
    """A draft as its model has it. ``id`` is its name in URLs, ``end`` how it ended."""

    view: View
    id: str = ""
    end: str = ""
    submission: str = ""
    attempts: int = 0

    @property
    def is_certain(self) -> bool:
        """Can the model tell of every step whether it is done?"""
        plan = self.view.plan
        return not any(
            plan.get(name) and sheet.may_be_outdated(plan, name)
            for name, sheet in self.view.sheets.items()
        )


@dataclass(frozen=True)
class Screen:
    """A page in a tab: what its form sends as it stands, and what it was made of."""

    page: Page
    values: Raw
    view: View | None = None

    @property
    def texts(self) -> Raw:
        return texts_in(self.values)


@dataclass(frozen=True)
class Post:
    """A POST to a page of a draft; ``shown`` is what the page was made of."""

    paper: Paper
    page: str
    sent: Raw
    action: str = "next"
    then: bool = False
    shown: View | None = None

    @property
    def rev(self) -> int:
        return int("".join(self.sent.get("_rev", [])) or 0)

    @property
    def url(self) -> str:
        url = f"/join/{self.paper.id or 'new'}/{url_name(self.page)}"
        return f"{url}?then=check" if self.then else url


@dataclass(frozen=True)
class Foretold:
    """What becomes of a POST: of the draft, and where it leads, if that is known.

    ``whole`` is what was there to commit, and ``commits`` says that it was tried.
    """

    sheets: Sheets
    writes: bool = True
    end: str = ""
    status: int = 303
    page: str = ""
    whole: View | None = None
    commits: bool = False
    raises: bool = False


def texts_in(sent: Raw) -> Raw:
    """What was sent but for the fields of the wizard's pages themselves."""
    own = (name for name in sent if not name.startswith("_") and name != "csrf_token")
    return {name: sent[name] for name in own}


def url_name(name: str) -> str:
    return name.replace("_", "-")


def address(url: str) -> str:
    """A URL without what comes behind its path."""
    return url.partition("#")[0].partition("?")[0]


class Browsing(RuleBasedStateMachine):
    """A browser with three tabs on a site, beside the model of all its drafts."""

    def __init__(self, make_app: MakeApp) -> None:
        super().__init__()
        self.make_app = make_app
        self.store = Probe(MemoryStore(SimpleCache()))
        self.log: list[Peek] = []
        self.papers: list[Paper] = []
        self.nonces: dict[str, Paper] = {}
        self.commits: list[Submission] = []
        self.tabs: Sequence[Screen] = ()
        self.token = ""
        self.trouble = ""

    @initialize(data=st.data(), plan=plans(), pages=PAGES)
    def opens(self, data: st.DataObject, plan: Plan, pages: int) -> None:
        self.plans = [plan]
        self.client = self.deploy(plan)
        self.visit(0, f"/join/new/{url_name(self.fresh.current)}")
        self.tabs = [self.tabs[0]] * 3
        self.fills_in(data, 0, pages, 0)

    @property
    def plan(self) -> Plan:
        return self.plans[-1]

    @property
    def fresh(self) -> View:
        """A draft that nothing was sent to."""
        return View(self.plan, {})

    def deploy(self, plan: Plan) -> FlaskClient:
        def validate(_: Wizard, submission: Submission) -> None:
            live = Live(submission.answers, END, "validate", self.log)
            if plan.refusal is not None and plan.refusal.holds(live):
                raise StepError(plan.steps[0].name, "Not together.")

        def commit(_: Wizard, submission: Submission) -> None:
            self.commits.append(submission)
            if self.trouble == "raises":
                raise Trouble
            if self.trouble == "refuses":
                raise StepError(plan.steps[0].name, "Not now.")

        steps = Builder(self.log, FlaskForm).steps(plan)
        hooks = {"validate": validate, "commit": commit}
        wizard = declare("Made", max_drafts=1000, **hooks, **steps)
        return self.make_app(wizard, store=self.store).test_client()

    def same_browser(self, client: FlaskClient) -> FlaskClient:
        """Another client with the cookies of this one."""
        cookie = self.client.get_cookie("session")
        assert cookie is not None
        client.set_cookie("session", cookie.value)
        return client

    # What the model foretells

    def foretell(self, post: Post, answer: TestResponse | None) -> Foretold:
        """Of a check page, the ``answer`` may say whether it is shown again."""
        paper, view = post.paper, post.paper.view
        if paper.end:
            status = 409 if post.action == "autosave" else 303
            return Foretold(view.sheets, False, paper.end, status, "receipt")
        if post.page == REVIEW:
            return self._foretell_review(post, answer)
        if post.action == "autosave":
            if post.rev < view.sheets.get(post.page, Sheet()).rev:
                return Foretold(view.sheets, writes=False, status=409)
            return Foretold(self._sheets_after(post), status=204)
        after = View(self.plan, self._sheets_after(post))
        is_last = after.first_incomplete is None and after.current == post.page
        if post.action == "next" and is_last and post.page in view.path:
            return self._foretell_commit(after)
        return Foretold(after.sheets)

    def _sheets_after(self, post: Post) -> Sheets:
        view = post.paper.view
        sheet = sent_to(view, post.page, texts_in(post.sent), post.action)
        return {**view.sheets, post.page: sheet}

    def _foretell_review(self, post: Post, answer: TestResponse | None) -> Foretold:
        view = post.paper.view
        if post.action == "autosave":
            return Foretold(view.sheets, status=204)
        if post.action != "next" or REVIEW not in view.path:
            return Foretold(view.sheets)
        assert post.shown is not None
        is_again = answer is not None and f"/{REVIEW}" in answer.location
        is_same = post.shown.kept == view.kept
        if post.shown.told != view.told or (is_again and not is_same):
            return Foretold(view.sheets, page=REVIEW)
        return self._foretell_commit(view)

    def _foretell_commit(self, view: View) -> Foretold:
        first = self.plan.steps[0].name
        if view.failing:
            blamed = {name: view.verdicts[name].wrong for name in view.failing}
            return Foretold(refused(view.sheets, blamed), page=view.failing[0])
        if self.plan.refusal is not None and self.plan.refusal.holds(view):
            sheets = refused(view.sheets, {first: {""}})
            return Foretold(sheets, page=first, whole=view)
        foretold = partial(Foretold, whole=view, commits=True)
        if self.trouble == "refuses":
            return foretold(refused(view.sheets, {first: {""}}), page=first)
        if self.trouble == "raises":
            return foretold(view.sheets, raises=True)
        return foretold(view.sheets, end="committed", page="receipt")

    def leads(self, post: Post) -> str:
        """The page that a POST leads to which ends nothing."""
        view = post.paper.view
        action, _, target = post.action.partition(":")
        if action in ("save", "discard"):
            return {"save": "saved", "discard": "discard"}[action]
        if action == "goto":
            return target if target in view.path else view.current
        if post.page not in view.path:
            return view.current
        if action == "back":
            if post.then and view.first_incomplete == REVIEW != post.page:
                return REVIEW
            return view.before(post.page) or post.page
        if action == "next" and post.page in view.done:
            return (post.then and view.first_incomplete) or view.after(post.page) or ""
        return post.page

    def foretell_get(self, url: str) -> tuple[int, str]:
        """The status of a page, and where it leads."""
        path, _, query = url.removeprefix("/join/").partition("?")
        draft, _, name = path.partition("/")
        first = f"/join/new/{url_name(self.fresh.current)}"
        if not draft:
            is_listed = any(not paper.end for paper in self.papers)
            return (200, "") if is_listed else (302, first)
        known = [step for step in self.plan.names if url_name(step) == name]
        if draft == "new" and known:
            (nonce,) = parse_qs(query).get("_draft", [""])
            begun = self.nonces.get(nonce)
            if not nonce:
                return 302, first
            if begun in self.papers:
                return 302, f"/join/{begun.id}/{name}"
            return (200, "") if known == [self.fresh.current] else (303, first)
        if draft == "new":
            return 404, ""
        paper = self.paper(draft)
        receipt = f"/join/{draft}/receipt"
        stand = f"/join/{draft}/{url_name(paper.view.current)}"
        if not name:
            return 302, receipt if paper.end else stand
        if name == "receipt":
            return (200, "") if paper.end else (303, stand)
        if paper.end:
            return 303, receipt
        if name in ("saved", "discard"):
            return 200, ""
        at = (200, "") if known and known[0] in paper.view.path else (303, stand)
        return at if known else (404, "")

    # Requests

    def paper(self, draft: str) -> Paper:
        return next(paper for paper in self.papers if paper.id == draft)

    def fetch(self, url: str, *, head: bool = False) -> TestResponse:
        """Ask for a page, which changes nothing."""
        kept = self.store.snapshot()
        answer = self.client.head(url) if head else self.client.get(url)
        assert self.store.snapshot() == kept
        assert "hush" not in answer.text
        return answer

    def get(self, url: str, *, head: bool = False) -> TestResponse:
        """Ask for a page, and hold where it leads against the model."""
        self.log.clear()
        answer = self.fetch(url, head=head)
        status, location = self.foretell_get(url)
        assert (answer.status_code, address(answer.location or "")) == (
            status,
            location,
        )
        draft = url.removeprefix("/join/").partition("/")[0]
        if not draft:
            sees_what_counts(self.log, *(paper.view for paper in self.papers))
            return answer
        view = self.fresh if draft == "new" else self.paper(draft).view
        sees_what_counts(self.log, view)
        runs_once(self.log)
        return answer

    def visit(self, tab: int, url: str) -> None:
        """Follow a link to where it leads, and look at the page there."""
        answer = self.get(url.partition("#")[0])
        while answer.location:
            answer = self.get(answer.location.partition("#")[0])
        page = Page(answer)
        screen = Screen(page, page.values)
        self.token = "".join(screen.values.get("csrf_token", [])) or self.token
        draft, _, name = page.path.removeprefix("/join/").partition("/")
        known = [step for step in self.plan.names if url_name(step) == name]
        if known:
            view = self.fresh if draft == "new" else self.paper(draft).view
            screen = dataclasses.replace(screen, view=view)
            check_screen(screen, view, known[0])
        self.tabs = [*self.tabs[:tab], screen, *self.tabs[tab + 1 :]]

    def page_names(self, step: str) -> SignedFields:
        """What a page of this step would carry names in."""
        app = self.client.application
        keyring = app.extensions["flask_wizard"].repository(app).store.keyring
        return SignedFields(keyring, Mount("join", {}).key, step)

    def begun(self, nonce: str) -> Paper:
        """The draft that a first page starts, or has started."""
        return self.nonces.setdefault(nonce, Paper(self.fresh))

    def post_from(self, tab: int, action: str) -> Post | None:
        """The POST of the form that a tab shows, if it shows one, as it stands."""
        screen = self.tabs[tab]
        if screen.view is None:
            return None
        url, _, query = screen.page.action.partition("?")
        draft, _, name = url.removeprefix("/join/").partition("/")
        known = [step for step in self.plan.names if url_name(step) == name]
        if not known or (known == [REVIEW] and screen.view.plan is not self.plan):
            return None
        paper = (
            self.begun(screen.values["_draft"][0])
            if draft == "new"
            else self.paper(draft)
        )
        is_then = query == "then=check"
        return Post(paper, known[0], screen.values, action, is_then, screen.view)

    def send(self, post: Post, client: FlaskClient) -> TestResponse | None:
        """Send it. None if the application raises, as its commit was told to."""
        data = {**post.sent, "_action": post.action, "csrf_token": self.token}
        try:
            return client.post(post.url, data=data)
        except Trouble:
            return None

    def submit(self, tab: int, post: Post) -> None:
        """One POST, and the page that it leads to."""
        kept, before = self.store.snapshot(), post.paper.view
        self.log.clear()
        answer = self.send(post, self.client)
        reads = [*self.log]
        foretold = self.foretell(post, answer)
        assert foretold.writes or self.store.snapshot() == kept
        self.take(post, foretold, answer)
        self.meet(post.paper)
        sees_what_counts(reads, before, *self.after(post, foretold))
        self.follow(tab, post, foretold, answer)

    def after(self, post: Post, foretold: Foretold) -> list[View]:
        """What code may see of a draft in a POST, and of what becomes of it."""
        now = post.paper.view
        return [now, foretold.whole or now, View(self.plan, foretold.sheets)]

    def take(self, post: Post, foretold: Foretold, answer: TestResponse | None) -> None:
        """Take what becomes of a draft into its model."""
        paper = post.paper
        if paper not in self.papers:
            paper.id = self.new_id(answer)
            self.papers.append(paper)
        paper.end = foretold.end
        paper.view = View(self.plan, foretold.sheets)
        if foretold.commits and foretold.whole is not None:
            self.check_commit(paper, foretold.whole)

    def meet(self, paper: Paper) -> None:
        """Find out where a draft stands now, and hold that against the model."""
        url = f"/join/{paper.id}/"
        stand = self.fetch(url).location.removeprefix(url)
        if paper.end:
            assert stand == "receipt"
            return
        is_led = self.plan.review or shows_errors(Page(self.fetch(url + stand)))
        led = stand.replace("-", "_") if is_led else None
        paper.view = View(self.plan, paper.view.sheets, led=led)
        assert stand == url_name(paper.view.current)

    def new_id(self, answer: TestResponse | None) -> str:
        if answer is not None and answer.location:
            return answer.location.split("/")[2]
        links = Page(self.fetch("/join/")).links.values()
        ids = {url.split("/")[2] for url in links if url.startswith("/join/")}
        (found,) = ids - {paper.id for paper in self.papers} - {"new"}
        return found

    def check_commit(self, paper: Paper, view: View) -> None:
        """Commit got once what the model foretells, under the draft's own name."""
        submission = self.commits.pop(0)
        paper.attempts += 1
        assert submission.attempt == paper.attempts
        assert submission.id == (paper.submission or submission.id)
        others = {other.submission for other in self.papers if other is not paper}
        assert submission.id not in others
        paper.submission = submission.id
        assert compared(submission.data) == compared(view.data)
        for step, values in view.data.items():
            record = submission.answers[step]
            assert compared({name: record[name] for name in values}) == compared(values)
        assert not any(submission.answers[name] for name in view.hidden)

    @invariant()
    def every_commit_was_foretold(self) -> None:
        assert not self.commits

    def follow(
        self, tab: int, post: Post, foretold: Foretold, answer: TestResponse | None
    ) -> None:
        assert (answer is None) == foretold.raises
        if answer is None:
            return self.visit(tab, f"/join/{post.paper.id}/")
        assert answer.status_code == foretold.status
        assert "hush" not in answer.text
        if answer.status_code == 303:
            page = foretold.page or self.leads(post)
            assert address(answer.location) == f"/join/{post.paper.id}/{url_name(page)}"
            self.visit(tab, answer.location)

    # What a visitor does

    @rule(data=st.data(), tab=TABS, pages=PAGES, draft=st.integers(0, 3))
    def fills_in(self, data: st.DataObject, tab: int, pages: int, draft: int) -> None:
        """Go on with an open draft, or a new one, with values that are valid."""
        papers = [paper for paper in self.papers if not paper.end]
        at = f"new/{url_name(self.fresh.current)}"
        if draft < len(papers):
            at = f"{papers[draft].id}/"
        self.visit(tab, f"/join/{at}")
        for _ in range(pages):
            post = self.post_from(tab, "next")
            if post is None or post.page == REVIEW:
                return
            view = post.paper.view
            self.fill(tab, data.draw(texts_for(view.forms[post.page], view)))

    @rule(data=st.data(), tab=TABS, then=st.booleans(), valid=st.booleans())
    def changes_answers(
        self, data: st.DataObject, tab: int, then: bool, valid: bool
    ) -> None:
        """Open steps that are done, maybe by links of the check page, and edit them."""
        paper = self.begun_paper(data, tab)
        for name in [name for name in paper.view.done if data.draw(st.booleans())]:
            query = "?then=check" if then else ""
            if not paper.end:
                self.visit(tab, f"/join/{paper.id}/{url_name(name)}{query}")
                self.presses(data, tab, "next", valid)

    @rule(data=st.data(), tab=TABS, again=TURNS)
    def turns_the_path(self, data: st.DataObject, tab: int, again: list[bool]) -> None:
        """Give an answer that hides, shows or opens other steps, and another one."""
        paper = self.begun_paper(data, tab)
        for asks_again in again:
            view = paper.view
            if options := [] if paper.end else turns(view, asks_again=asks_again):
                name, sent = pick(data, options)
                self.visit(tab, f"/join/{paper.id}/{url_name(name)}")
                self.fill(tab, sent)

    def begun_paper(self, data: st.DataObject, tab: int) -> Paper:
        """A draft that can be changed, if there is any."""
        if not self.changeable:
            self.fills_in(data, tab, 3, 0)
        return pick(data, self.changeable or self.papers)

    @property
    def changeable(self) -> list[Paper]:
        return [paper for paper in self.papers if paper.view.done and not paper.end]

    def fill(self, tab: int, texts: Raw) -> None:
        """Continue from the page of a tab with these texts in its form."""
        if (post := self.post_from(tab, "next")) is not None:
            self.submit(tab, filled(post, texts))

    @rule(data=st.data(), tab=TABS, meanwhile=st.booleans(), trouble=TROUBLES)
    def finishes(
        self, data: st.DataObject, tab: int, meanwhile: bool, trouble: str
    ) -> None:
        """Fill in all that is left, and send it.

        ``meanwhile`` an answer is changed in another tab.
        """
        self.trouble = trouble
        self.fills_in(data, tab, 7, 0)
        post = self.post_from(tab, "next")
        if post is not None and post.page == REVIEW:
            if meanwhile:
                self.changes_one(data, (tab + 1) % 3, post.paper)
            self.presses(data, tab, "next", True)
        self.trouble = ""

    def changes_one(self, data: st.DataObject, tab: int, paper: Paper) -> None:
        """Give another valid answer, likely a password, which no page shows."""
        name, view = pick(data, paper.view.done), paper.view
        self.visit(tab, f"/join/{paper.id}/{url_name(name)}")
        form, texts = view.forms[name], self.tabs[tab].texts
        likely = self.plan.step(name).secrets
        self.fill(tab, data.draw(edits_of(form, texts, view, likely)))

    @rule(data=st.data(), tab=TABS, action=BUTTONS, valid=st.booleans())
    def presses(self, data: st.DataObject, tab: int, action: str, valid: bool) -> None:
        """Send the page of a tab, however old it is, maybe with a field edited."""
        if self.post_from(tab, action) is None:
            self.fills_in(data, tab, 0, 0)
        if (post := self.post_from(tab, action)) is not None:
            self.submit(tab, self.edited(data, tab, post, valid))

    def edited(self, data: st.DataObject, tab: int, post: Post, valid: bool) -> Post:
        if post.page == REVIEW or data.draw(st.booleans()):
            return post
        view, texts = post.paper.view, self.tabs[tab].texts
        reader = view if valid and post.page in view.path else None
        form = view.forms.get(post.page) or self.plan.step(post.page).forms[-1]
        edits = edits_of(form, texts, reader, self.plan.read_of(post.page))
        return filled(post, data.draw(edits))

    @rule(data=st.data(), tab=TABS, action=BUTTONS, nonce=NONCES)
    def posts_without_a_page(
        self, data: st.DataObject, tab: int, action: str, nonce: str
    ) -> None:
        """Send a step that may not be open, as a script does."""
        step = self.plan.step(pick(data, self.plan.step_names))
        sent = dict(data.draw(texts_for(step.forms[-1], None)))
        names = self.page_names(step.name).encrypt(names_of(step, sent))
        sent["_fields"] = [names]
        paper = pick(data, [*self.papers, None])
        if paper is None:
            sent["_draft"] = [nonce]
            paper = self.begun(nonce)
        self.submit(tab, Post(paper, step.name, sent, action))

    @rule(data=st.data(), tab=TABS, other=TABS, action=BUTTONS)
    def sends_two_at_once(
        self, data: st.DataObject, tab: int, other: int, action: str
    ) -> None:
        """Another tab's POST is stored while the first one is on its way."""
        for each in {tab, other}:
            if self.post_from(each, "next") is None:
                self.fills_in(data, each, 0, 0)
        first, second = self.post_from(tab, "next"), self.post_from(other, action)
        if first is None or second is None:
            return
        if not (first.paper.is_certain and second.paper.is_certain):
            return
        if first.paper is not second.paper and not (first.paper.id or second.paper.id):
            return  # two drafts that begin at once could not be told apart
        first = self.edited(data, tab, first, True)
        second = self.edited(data, other, second, True)
        self.race(tab, first, second)

    def race(self, tab: int, first: Post, second: Post) -> None:
        """What comes of it is as if the first had been sent after the second."""
        alone = self.foretell(first, None)
        views = [first.paper.view, second.paper.view, *self.after(first, alone)]
        twin = self.same_browser(self.client.application.test_client())
        answers: list[TestResponse | None] = []
        self.log.clear()
        self.store.before_write.append(lambda: answers.append(self.send(second, twin)))
        answer = self.send(first, self.client)
        self.store.before_write.clear()  # the first one may have had nothing to write
        reads = [*self.log]
        for post, got in [(second, each) for each in answers] + [(first, answer)]:
            foretold = self.foretell(post, got)
            self.take(post, foretold, got)
            views += self.after(post, foretold)
        for post in (second, first):
            if post.paper in self.papers:
                self.meet(post.paper)
        sees_what_counts(reads, *views)
        self.follow(tab, first, foretold, answer)

    @rule(data=st.data(), tab=TABS, head=st.booleans())
    def looks(self, data: st.DataObject, tab: int, head: bool) -> None:
        """Open any page that there is, or is not."""
        steps = [url_name(name) for name in self.plan.names]
        pages = [*steps, "", "saved", "discard", "receipt", "nothing"]
        page = pick(data, pages)
        drafts = [paper.id for paper in self.papers]
        at = pick(data, [*drafts, "new", ""])
        url = f"/join/{at}/{page}" if at else "/join/"
        if at == "new" and not page:
            url = "/join/new/nothing"
        if head:
            self.get(url, head=True)
        else:
            self.visit(tab, url)

    @precondition(lambda self: self.papers)
    @rule(data=st.data(), tab=TABS, luck=st.integers(0, 5))
    def discards(self, data: st.DataObject, tab: int, luck: int) -> None:
        paper = pick(data, self.papers)
        if luck < 5:
            return self.visit(tab, f"/join/{paper.id}/discard")
        kept, was_open = self.store.snapshot(), not paper.end
        post = Post(paper, "discard", {}, "discard")
        end = paper.end or "discarded"
        foretold = Foretold(paper.view.sheets, was_open, end, page="receipt")
        answer = self.send(post, self.client)
        assert was_open or self.store.snapshot() == kept
        self.take(post, foretold, answer)
        self.meet(paper)
        self.follow(tab, post, foretold, answer)

    @rule(data=st.data(), luck=st.integers(0, 2))
    def is_deployed_under(self, data: st.DataObject, luck: int) -> None:
        """Another version of the wizard over the same store, its tabs still open."""
        if luck < 2:
            return
        plan = data.draw(changes(self.plans))
        self.plans.append(plan)
        self.client = self.same_browser(self.deploy(plan))
        for paper in {*self.nonces.values(), *self.papers}:
            paper.view = View(plan, deployed(paper.view.sheets, plan))
        for paper in self.papers:
            self.meet(paper)


def filled(post: Post, texts: Raw) -> Post:
    """The POST with these texts in its form, whatever stood there."""
    left = texts_in(post.sent)
    own = {name: sent for name, sent in post.sent.items() if name not in left}
    return dataclasses.replace(post, sent={**own, **texts})


def check_screen(screen: Screen, view: View, name: str) -> None:
    """A page of a step shows all that was typed, and what is wrong with it."""
    page, sheet = screen.page, view.sheets.get(name, Sheet())
    assert f">Step {view.path.index(name) + 1}" in page.source
    if name == REVIEW:
        assert as_counted(page.rows) == view.rows
        for hidden in view.hidden & view.sheets.keys():
            assert hidden.replace("_", " ").capitalize() in page.banners
        return
    assert screen.texts == view.verdicts[name].shown
    assert screen.values["_rev"] == [str(sheet.rev)]
    assert shows_errors(page) == bool(view.wrong(name))
    says = [text for text in ASKED_AGAIN if text in page.source]
    assert len(says) == (sheet.accepted and name not in view.done)


def shows_errors(page: Page) -> bool:
    return "There is a problem" in page.source


def as_counted(rows: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """The rows of a check page with numbers as such, not as they were typed."""
    return [(label, str(int(said)) if said.isdigit() else said) for label, said in rows]


def refused(sheets: Sheets, blamed: Mapping[str, set[str]]) -> Sheets:
    """The sheets after a commit that sent the visitor back."""
    back = {
        name: dataclasses.replace(sheets[name], accepted=False, blamed=frozenset(wrong))
        for name, wrong in blamed.items()
    }
    return {**sheets, **back}


def test_visitors_meet_what_the_model_foretells(make_app: MakeApp) -> None:
    class Here(Browsing):
        def __init__(self) -> None:
            super().__init__(make_app)

    run_state_machine_as_test(
        Here, settings=settings(effort(5), stateful_step_count=50)
    )
