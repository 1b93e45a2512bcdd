"""Checking, changing and committing, as visitors see it."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote

import pytest
from apps import MakeApp
from flask import Flask, Response, abort, redirect, session
from markupsafe import Markup
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor, attribute
from wtforms import Form, ValidationError, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import (
    Answers,
    CommitResultError,
    DefinitionError,
    DraftStore,
    Receipt,
    Review,
    Row,
    Step,
    StepError,
    Submission,
    Wizard,
)

SIZES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]


class Home(Form):
    street = fields.StringField("Street")


class You(Form):
    name = fields.StringField("Name", [validators.InputRequired("Enter your name")])
    nick = fields.StringField("Nickname")
    size = fields.SelectField("Size", choices=SIZES)
    secret = fields.PasswordField("Password")
    home = fields.FormField(Home, "Home")
    phones = fields.FieldList(fields.StringField("Phone"), "Phones", min_entries=2)
    send = fields.SubmitField()


class Gift(Form):
    gift = fields.BooleanField("As a gift")


class Wrapping(Form):
    paper = fields.StringField("Paper", [validators.InputRequired("Which paper?")])


class Hooks:
    """What the wizard's hooks do next, and what they were given."""

    def __init__(self) -> None:
        self.submissions: list[Submission] = []
        self.commit: Callable[[Submission], Any] = lambda submission: None
        self.validate: Callable[[Submission], Any] = lambda submission: None


hooks = Hooks()


class Order(Wizard):
    title = "Order"

    you = Step(You, title="About you")
    gift = Step(Gift)
    wrapping = Step(Wrapping, when=lambda answers: answers.gift.gift)
    check_it = Review()

    def validate(self, submission: Submission) -> None:
        hooks.validate(submission)

    def commit(self, submission: Submission) -> Any:
        hooks.submissions.append(submission)
        return hooks.commit(submission)


@pytest.fixture(autouse=True)
def fresh_hooks() -> None:
    hooks.__init__()  # type: ignore[misc]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Order)


def filled(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    values = {"name": "Ada", "size": "l", "secret": "canary", "home-street": "1 Lane"}
    visitor.press("next", values)
    visitor.fill()
    return visitor


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    """A visitor at the check page."""
    return filled(app)


def run_again(visitor: Visitor) -> Page:
    """Press Confirm after something went wrong."""
    visitor.open(visitor.draft)
    return visitor.press("next")


# The check page


def test_review_lists_each_answer_in_order(visitor: Visitor) -> None:
    assert visitor.page.rows == [
        ("Name", "Ada"),
        ("Nickname", "Not provided"),
        ("Size", "Large"),
        ("Password", "Not shown"),
        ("Home: Street", "1 Lane"),
        ("Phones", "Not provided"),
        ("As a gift", "No"),
    ]


def test_review_groups_answers_by_step(visitor: Visitor) -> None:
    assert visitor.page.texts(".wizard-answers h2") == ["About you"]
    assert visitor.page.texts("#row-gift dt") == ["As a gift"]


def test_review_never_shows_a_password(visitor: Visitor) -> None:
    assert "canary" not in visitor.page.source


def test_each_row_has_a_change_link(visitor: Visitor) -> None:
    page, draft = visitor.page, visitor.draft
    assert page.link("Change Size") == f"{draft}you?then=check#size"
    assert page.link("Change Home: Street") == f"{draft}you?then=check#home-street"
    assert page.link("Change As a gift") == f"{draft}gift?then=check#gift"


def test_change_link_leads_to_a_control_that_exists(visitor: Visitor) -> None:
    for url in [url for name, url in visitor.page.links.items() if "Change" in name]:
        path, _, anchor = url.partition("#")
        page = visitor.tab().open(path)
        assert page.html.query(f"#{anchor}")


def test_rows_may_be_hidden_or_added(make_app: MakeApp) -> None:
    def rows(rows: list[Row], answers: Answers) -> list[Row]:
        kept = [row for row in rows if row.field != "nick"]
        extra = Row("gift", "total", "Total", (f"for {answers.you.name}",), "")
        return [*kept, extra]

    class Own(Order):
        check_it = Review(title="All right?", rows=rows)

    page = filled(make_app(Own)).page
    assert page.heading == "All right?"
    assert ("Total", "for Ada") in page.rows
    assert "Nickname" not in dict(page.rows)
    assert "Change Total" not in page.links


def test_review_confirms_first(visitor: Visitor) -> None:
    assert visitor.page.buttons == ["next", "back", "save", "discard"]


def test_back_from_the_review_leads_to_the_last_step(visitor: Visitor) -> None:
    assert visitor.press("back").path.endswith("/gift")


def test_save_from_the_review_keeps_everything(visitor: Visitor) -> None:
    assert visitor.press("save").heading == "Your answers are saved"
    visitor.open(visitor.page.link("Continue now"))
    assert visitor.page.heading == "Check your answers"


def test_autosave_of_the_review_does_no_harm(visitor: Visitor) -> None:
    assert visitor.send("autosave").status_code == 204
    assert hooks.submissions == []


# Changing


def change(visitor: Visitor, label: str, **values: str | None) -> Page:
    visitor.open(visitor.page.link(f"Change {label}"))
    return visitor.fill(**values)


def test_changed_answer_leads_back_to_its_row(visitor: Visitor) -> None:
    visitor.open(visitor.page.link("Change Name"))
    answer = visitor.send("next", {"name": "Bob"})
    assert answer.location == f"{visitor.draft}check-it#row-you"
    assert 'id="row-you"' in visitor.open(answer.location).source
    assert ("Name", "Bob") in visitor.page.rows


def test_unchanged_answer_leads_back_to_its_row(visitor: Visitor) -> None:
    assert change(visitor, "Size").path.endswith("/check-it")


def test_rejected_change_still_leads_back_afterwards(visitor: Visitor) -> None:
    change(visitor, "Name", name="")
    assert visitor.page.errors == ["Enter your name"]
    assert visitor.fill(name="Bob").path.endswith("/check-it")


def test_newly_opened_step_comes_first(visitor: Visitor) -> None:
    page = change(visitor, "As a gift", gift="y")
    assert page.heading == "Paper"
    assert visitor.fill(paper="red").path.endswith("/check-it")


def test_newly_opened_step_leads_back_to_the_review(visitor: Visitor) -> None:
    change(visitor, "As a gift", gift="y")
    answer = visitor.send("next", {"paper": "red"})
    assert answer.location == f"{visitor.draft}check-it#row-wrapping"


def test_change_without_a_link_leads_to_the_next_step(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}you")
    assert visitor.fill(name="Bob").path.endswith("/gift")


def test_review_is_asked_for_with_a_step_open(visitor: Visitor) -> None:
    review = visitor.tab()
    review.open(visitor.page.path)
    visitor.open(f"{visitor.draft}you")
    visitor.fill(name="")
    assert review.press("next").path.endswith("/you")
    assert hooks.submissions == []


def test_review_leads_to_the_open_step(visitor: Visitor) -> None:
    draft = visitor.draft
    visitor.open(f"{draft}you")
    visitor.fill(name="")
    assert visitor.get(f"{draft}check-it").location == f"{draft}you"


# Committing


def test_confirming_commits(visitor: Visitor) -> None:
    assert visitor.send("next").status_code == 303
    (submission,) = hooks.submissions
    assert submission.data["you"]["name"] == "Ada"
    assert submission.attempt == 1


def test_confirming_leads_to_the_receipt(visitor: Visitor) -> None:
    draft = visitor.draft
    page = visitor.press("next")
    assert page.path == f"{draft}receipt"
    assert page.heading == "Your answers have been sent"


def test_commit_on_every_store(make_app: MakeApp, any_store: DraftStore) -> None:
    visitor = filled(make_app(Order, store=any_store))
    first, second = visitor.send("next"), visitor.send("next")
    assert first.location == second.location
    assert visitor.open(first.location).heading == "Your answers have been sent"
    assert len(hooks.submissions) == 1


def test_receipt_may_be_reloaded(visitor: Visitor) -> None:
    path = visitor.press("next").path
    for _ in range(2):
        assert visitor.open(path).heading == "Your answers have been sent"
    assert len(hooks.submissions) == 1


def test_commit_wipes_the_answers(visitor: Visitor, store: Probe) -> None:
    def sizes(store: Probe) -> list[int]:
        return [len(value[0]) for value in store.snapshot().values() if value]

    visitor.open(f"{visitor.draft}you")
    visitor.fill(nick=secrets.token_hex(500))
    visitor.fill()
    full = sizes(store)
    visitor.press("next")
    assert max(sizes(store)) < max(full) - 500


@pytest.mark.parametrize("at", ["", "you", "gift", "check-it", "saved", "discard"])
def test_every_page_of_a_committed_draft_leads_to_the_receipt(
    visitor: Visitor, at: str
) -> None:
    draft = visitor.draft
    visitor.press("next")
    assert visitor.open(draft + at).path == f"{draft}receipt"


def test_committed_draft_is_no_longer_listed(visitor: Visitor) -> None:
    visitor.press("next")
    assert visitor.open().path == "/join/new/you"


def test_commit_changes_the_cookie(visitor: Visitor) -> None:
    """Browsers then drop the pages with answers that they kept for Back."""
    assert "session=" in visitor.send("next").headers["Set-Cookie"]


def test_second_click_leads_to_the_same_receipt(visitor: Visitor) -> None:
    hooks.commit = lambda submission: "/thanks"
    first, second = visitor.send("next"), visitor.send("next")
    assert (first.location, second.location) == ("/thanks", "/thanks")
    assert len(hooks.submissions) == 1


def test_review_of_other_answers_is_shown_again(visitor: Visitor) -> None:
    """Another tab has changed an answer, so this one shows what is not so any more."""
    tab = visitor.tab()
    tab.open(f"{visitor.draft}you")
    tab.fill(name="Bea")
    page = visitor.press("next")
    assert hooks.submissions == []
    assert "needs another look" in page.banners
    assert ("Name", "Bea") in page.rows
    assert visitor.press("next").heading == "Your answers have been sent"
    assert hooks.submissions[0].data["you"]["name"] == "Bea"


@pytest.mark.parametrize("seen", ["", "0" * 16])
def test_confirming_what_no_review_has_shown_is_not_a_commit(
    visitor: Visitor, seen: str
) -> None:
    answer = visitor.send("next", {"_seen": seen})
    assert answer.location == f"{visitor.draft}check-it"
    assert hooks.submissions == []


def test_review_of_a_replaced_password_is_shown_again(visitor: Visitor) -> None:
    tab = visitor.tab()
    tab.open(f"{visitor.draft}you")
    tab.fill(secret="another")
    assert "needs another look" in visitor.press("next").banners


def test_review_of_answers_sent_again_unchanged_is_still_true(visitor: Visitor) -> None:
    tab = visitor.tab()
    tab.open(f"{visitor.draft}gift")
    tab.fill()
    assert visitor.press("next").heading == "Your answers have been sent"


def test_notice_of_the_review_is_on_no_other_page(visitor: Visitor) -> None:
    tab = visitor.tab()
    tab.open(f"{visitor.draft}you")
    tab.fill(name="Bea")
    visitor.press("next")
    assert visitor.open(f"{visitor.draft}you").banners == ""


def test_click_during_the_commit_is_told_so(visitor: Visitor) -> None:
    pages: list[Page] = []
    twin = visitor.twin()

    def commit(submission: Submission) -> str:
        pages.append(twin.press("next"))
        return "/thanks"

    hooks.commit = commit
    assert visitor.send("next").location == "/thanks"
    assert pages[0].heading == "Your answers are being sent"
    assert len(hooks.submissions) == 1
    assert visitor.get(pages[0].link("Look again")).location == "/thanks"


def test_step_posted_during_the_commit_is_not_lost(visitor: Visitor) -> None:
    pages: list[Page] = []
    visitor.open(f"{visitor.draft}you")
    twin = visitor.twin()

    def commit(submission: Submission) -> None:
        pages.append(twin.press("next", {"name": "too late"}))

    hooks.commit = commit
    visitor.open(f"{visitor.draft}check-it")
    visitor.press("next")
    (page,) = pages
    assert page.status == 409
    assert page.value("name") == "too late"
    assert "being sent at this moment" in page.banners
    assert "Send it again" in page.text


def test_second_click_on_a_last_step_without_review_loses_nothing(
    make_app: MakeApp,
) -> None:
    """It sends what the first has sent, so there is nothing to send again."""
    pages: list[Page] = []

    class Short(Wizard):
        gift = Step(Gift)

        def commit(self, submission: Submission) -> str:
            pages.append(twin.press("next"))
            return "/thanks"

    visitor = Visitor(make_app(Short))
    visitor.open()
    visitor.press("save", {"gift": "y"})
    visitor.open(f"{visitor.draft}gift")
    twin = visitor.twin()
    assert visitor.send("next").location == "/thanks"
    assert pages[0].heading == "Your answers are being sent"


@pytest.mark.parametrize("at", ["you", "check-it", "", "discard", "saved"])
def test_pages_opened_during_the_commit_say_that_it_runs(
    visitor: Visitor, at: str
) -> None:
    pages: list[Page] = []
    twin, draft = visitor.twin(), visitor.draft
    hooks.commit = lambda submission: pages.append(twin.open(draft + at))
    visitor.press("next")
    assert pages[0].heading == "Your answers are being sent"


def test_discard_during_the_commit_changes_nothing(visitor: Visitor) -> None:
    twin = visitor.twin()
    twin.open(f"{visitor.draft}discard")

    def commit(submission: Submission) -> None:
        assert twin.press("discard").heading == "Your answers are being sent"

    hooks.commit = commit
    assert visitor.press("next").heading == "Your answers have been sent"


def test_lease_that_runs_out_lets_the_next_attempt_run(
    visitor: Visitor, clock: Traveller
) -> None:
    twin = visitor.twin()

    def commit(submission: Submission) -> str:
        if submission.attempt == 1:
            clock.shift(121)
            twin.send("next")
        return f"/thanks/{submission.attempt}"

    hooks.commit = commit
    answer = visitor.send("next")
    first, second = hooks.submissions
    assert first.id == second.id
    assert (first.attempt, second.attempt) == (1, 2)
    assert answer.location == "/thanks/2"


def test_process_that_dies_leaves_the_answers_to_the_next_attempt(
    visitor: Visitor, store: Probe, clock: Traveller
) -> None:
    claimed: list[Any] = []

    def dies(submission: Submission) -> None:
        claimed.append(store.snapshot())
        fails(submission)

    hooks.commit = dies
    with pytest.raises(LookupError):
        visitor.send("next")
    store.restore(claimed[0])
    assert visitor.open(visitor.draft).heading == "Your answers are being sent"
    clock.shift(121)
    hooks.commit = lambda submission: None
    assert visitor.open(visitor.draft).rows[0] == ("Name", "Ada")
    assert visitor.press("next").heading == "Your answers have been sent"
    first, second = hooks.submissions
    assert (second.id, second.attempt) == (first.id, 2)


def test_exception_goes_on_though_the_store_fails_as_well(
    visitor: Visitor, store: Probe
) -> None:
    def commit(submission: Submission) -> None:
        store.down = True
        fails(submission)

    hooks.commit = commit
    with pytest.raises(LookupError, match="the database is down"):
        visitor.send("next")


def test_reply_that_is_lost_after_the_commit_does_no_harm(
    visitor: Visitor, store: Probe
) -> None:
    """The store fails once the commit has run: nobody knows what became of it."""

    def commit(submission: Submission) -> str:
        store.down = True
        return "/thanks"

    hooks.commit = commit
    assert visitor.press("next").status == 503
    store.down = False
    assert visitor.press("next").heading == "Your answers are being sent"
    assert len(hooks.submissions) == 1


# What commit returns


@pytest.mark.parametrize(
    "result", [lambda: "/thanks?n=1#x", lambda: redirect("/thanks?n=1#x")]
)
def test_url_is_where_the_visitor_goes(
    visitor: Visitor, result: Callable[[], object]
) -> None:
    hooks.commit = lambda submission: result()
    draft = visitor.draft
    assert visitor.send("next").location == "/thanks?n=1#x"
    assert visitor.get(f"{draft}receipt").location == "/thanks?n=1#x"
    assert visitor.get(f"{draft}you").status_code == 303


def test_own_absolute_url_is_where_the_visitor_goes(visitor: Visitor) -> None:
    hooks.commit = lambda submission: "http://localhost/thanks"
    assert visitor.send("next").location == "http://localhost/thanks"


def test_url_of_another_site_is_a_link(visitor: Visitor) -> None:
    """A policy of form-action 'self' would block the redirect."""
    hooks.commit = lambda submission: "https://pay.example/7"
    page = visitor.press("next")
    assert page.path.endswith("/receipt")
    assert page.link("Continue to pay.example") == "https://pay.example/7"


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("//evil.example/x", "evil.example"),
        ("///evil.example/x", "evil.example"),
        ("/\\evil.example/x", "evil.example"),
        ("/\\/\\evil.example", "evil.example"),
        ("http://localhost@evil.example/x", "evil.example"),
        ("http://a@b@evil.example?x", "evil.example"),
        ("http://evil.example\\@localhost/", "evil.example"),
        ("https://EVIL.example:444#x", "evil.example:444"),
    ],
)
@pytest.mark.parametrize("reference", [None, "R-1"])
def test_link_to_another_site_names_its_host(
    visitor: Visitor, url: str, shown: str, reference: str | None
) -> None:
    hooks.commit = lambda submission: Receipt(reference, url)
    page = visitor.press("next")
    assert page.path.endswith("/receipt")
    assert page.link(f"Continue to {shown}") == url


@pytest.mark.parametrize(
    "url", ["/", "/a//b", "/x?to=//evil.example", "/☃", "http://LOCALHOST/x"]
)
def test_link_to_this_site_is_followed_at_once(visitor: Visitor, url: str) -> None:
    hooks.commit = lambda submission: url
    location = visitor.send("next").location
    assert unquote(location).lower() == url.lower()


def test_receipt_page_shows_the_receipt(visitor: Visitor) -> None:
    hooks.commit = lambda submission: Receipt("A-7", "/orders/7", "Thank <you>")
    page = visitor.press("next")
    assert "Your reference is A-7" in page.text
    assert "Thank <you>" in page.text
    assert page.link("Continue") == "/orders/7"


def test_receipt_page_says_what_happens_next(visitor: Visitor) -> None:
    contact = Markup('Ask <a href="mailto:help@example.org">us</a>.')
    hooks.commit = lambda submission: Receipt(
        "A-7",
        "/orders/7",
        next_steps="We pack it.\nWe <send> it.",
        contact=contact,
        url_label="See your order",
    )
    page = visitor.press("next")
    assert page.texts("main h2") == ["What happens next", "If you have a question"]
    assert "We pack it. We <send> it." in page.text
    assert page.link("us") == "mailto:help@example.org"
    assert page.link("See your order") == "/orders/7"
    assert visitor.open(page.path).source == page.source


@pytest.mark.parametrize("part", ["next_steps", "contact", "url_label"])
def test_receipt_with_more_than_a_url_has_a_page(visitor: Visitor, part: str) -> None:
    more: Any = {part: "Read this"}
    hooks.commit = lambda submission: Receipt(url="/orders/7", **more)
    page = visitor.press("next")
    assert "Read this" in page.text
    assert "/orders/7" in page.links.values()


def test_receipt_says_when_the_answers_were_sent(
    visitor: Visitor, clock: Traveller
) -> None:
    page = visitor.press("next")
    yesterday = f"{datetime.now(UTC):%Y-%m-%dT%H:%MZ}"
    clock.shift(timedelta(days=1))
    again = visitor.open(page.path)
    for shown in (page, again):
        (sent,) = shown.html.query(".wizard-sent time")
        assert attribute(sent, "datetime") == yesterday


def test_receipt_with_a_url_alone_leads_there(visitor: Visitor) -> None:
    hooks.commit = lambda submission: Receipt(url="/orders/7")
    assert visitor.send("next").location == "/orders/7"


def test_page_instead_of_a_url_is_an_error(visitor: Visitor) -> None:
    hooks.commit = lambda submission: Response("<h1>Thank you</h1>")
    with pytest.raises(CommitResultError, match="committed all the same"):
        visitor.send("next")


def test_page_instead_of_a_url_is_committed_all_the_same(visitor: Visitor) -> None:
    hooks.commit = lambda submission: "<h1>Thank you</h1>"
    with pytest.raises(CommitResultError):
        visitor.send("next")
    assert visitor.press("next").heading == "Your answers have been sent"
    assert len(hooks.submissions) == 1


# A commit that fails


def fails(submission: Submission) -> None:
    raise LookupError("the database is down")


def test_exception_goes_on_to_the_application(visitor: Visitor) -> None:
    hooks.commit = fails
    with pytest.raises(LookupError, match="the database is down"):
        visitor.send("next")


def test_exception_meets_the_applications_handler(app: Flask) -> None:
    app.register_error_handler(LookupError, lambda error: ("We are sorry", 500))
    visitor = filled(app)
    hooks.commit = fails
    answer = visitor.send("next")
    assert (answer.status_code, answer.text) == (500, "We are sorry")


def test_failed_commit_leaves_every_answer(visitor: Visitor) -> None:
    hooks.commit = fails
    rows = visitor.page.rows
    with pytest.raises(LookupError):
        visitor.send("next")
    assert visitor.open(visitor.draft).rows == rows


def test_failed_commit_may_be_tried_again(visitor: Visitor) -> None:
    hooks.commit = fails
    with pytest.raises(LookupError):
        visitor.send("next")
    hooks.commit = lambda submission: None
    assert run_again(visitor).heading == "Your answers have been sent"
    first, second = hooks.submissions
    assert (first.id, first.attempt, second.attempt) == (second.id, 1, 2)


def test_abort_in_commit_leaves_the_draft_open(visitor: Visitor) -> None:
    hooks.commit = lambda submission: abort(403)
    assert visitor.send("next").status_code == 403
    assert visitor.open(visitor.draft).heading == "Check your answers"


def test_exception_in_validate_leaves_the_draft_open(visitor: Visitor) -> None:
    hooks.validate = fails
    with pytest.raises(LookupError):
        visitor.send("next")
    assert visitor.open(visitor.draft).heading == "Check your answers"
    assert hooks.submissions == []


def test_step_sent_while_a_failing_commit_ran_is_kept(visitor: Visitor) -> None:
    """Whoever waited for the commit to end may go on with the draft."""
    twin = visitor.twin()
    twin.open(f"{visitor.draft}you")

    def commit(submission: Submission) -> None:
        assert twin.press("next", {"name": "Bob"}).status == 409
        fails(submission)

    hooks.commit = commit
    with pytest.raises(LookupError):
        visitor.send("next")
    twin.press("next")
    assert twin.open(twin.draft).rows[0] == ("Name", "Bob")


# StepError


def send_back(*args: Any, **kwargs: Any) -> Callable[[Submission], None]:
    def refuse(submission: Submission) -> None:
        raise StepError(*args, **kwargs)

    return refuse


@pytest.fixture(params=["validate", "commit"])
def refuse(request: pytest.FixtureRequest) -> Callable[..., None]:
    """A function that makes one of the hooks send the visitor back."""

    def refuse(*args: Any, **kwargs: Any) -> None:
        setattr(hooks, request.param, send_back(*args, **kwargs))

    return refuse


Refuse = Callable[..., None]


def test_step_error_leads_to_its_step(visitor: Visitor, refuse: Refuse) -> None:
    refuse("you", "This name is taken", field="name")
    answer = visitor.send("next")
    assert (answer.status_code, answer.location) == (303, f"{visitor.draft}you")


def test_step_error_is_shown_at_its_field(visitor: Visitor, refuse: Refuse) -> None:
    refuse("you", "This name is taken", field="name")
    page = visitor.press("next")
    assert page.errors == ["This name is taken"]
    assert page.link("This name is taken") == "#name"
    assert page.texts("#name-error") == ["Error: This name is taken"]


@pytest.mark.parametrize(
    ("field", "anchor"), [("home.street", "#home-street"), ("phones.1", "#phones-1")]
)
def test_step_error_may_name_a_nested_field(
    visitor: Visitor, refuse: Refuse, field: str, anchor: str
) -> None:
    refuse("you", "This is amiss", field=field)
    assert visitor.press("next").link("This is amiss") == anchor


def test_step_error_may_name_no_field(visitor: Visitor, refuse: Refuse) -> None:
    refuse("you", "This is amiss")
    assert visitor.press("next").errors == ["This is amiss"]


def test_step_error_leaves_every_answer(visitor: Visitor, refuse: Refuse) -> None:
    refuse("you", "This name is taken", field="name")
    page = visitor.press("next")
    assert (page.value("name"), page.value("size")) == ("Ada", "l")


def test_step_error_closes_the_review(visitor: Visitor, refuse: Refuse) -> None:
    refuse("you", "This name is taken", field="name")
    draft = visitor.draft
    visitor.press("next")
    assert visitor.get(f"{draft}check-it").location == f"{draft}you"


def test_step_error_is_gone_once_continue_is_accepted(
    visitor: Visitor, refuse: Refuse
) -> None:
    refuse("you", "This name is taken", field="name")
    draft = visitor.draft
    visitor.press("next")
    visitor.fill(name="Bob")
    assert visitor.open(f"{draft}you").errors == []
    assert visitor.open(draft).heading == "Check your answers"


def test_mended_step_leads_back_to_the_review(visitor: Visitor, refuse: Refuse) -> None:
    refuse("you", "This name is taken", field="name")
    visitor.press("next")
    assert visitor.fill(name="Bob").heading == "Check your answers"


def test_step_error_may_lead_to_the_review(visitor: Visitor, refuse: Refuse) -> None:
    refuse("check_it", "We are closed today")
    page = visitor.press("next")
    assert page.heading == "Check your answers"
    assert page.errors == ["We are closed today"]


def test_review_with_an_error_may_be_sent_again(
    visitor: Visitor, refuse: Refuse
) -> None:
    refuse("check_it", "We are closed today")
    visitor.press("next")
    hooks.__init__()  # type: ignore[misc]
    assert visitor.press("next").heading == "Your answers have been sent"


def test_step_error_with_an_unknown_step_is_the_developers_mistake(
    visitor: Visitor, refuse: Refuse
) -> None:
    refuse("yuo", "This name is taken")
    with pytest.raises(DefinitionError, match="'yuo', which is not a step"):
        visitor.send("next")
    hooks.__init__()  # type: ignore[misc]
    assert run_again(visitor).heading == "Your answers have been sent"


def test_step_error_before_the_claim_is_no_attempt(visitor: Visitor) -> None:
    hooks.validate = send_back("you", "This name is taken")
    draft = visitor.draft
    visitor.press("next")
    hooks.validate = lambda submission: None
    visitor.fill()
    visitor.open(draft)
    visitor.press("next")
    assert hooks.submissions[0].attempt == 1


# Everything is judged again


stock = {"red"}


class InStock(Form):
    paper = fields.StringField("Paper")

    def validate_paper(self, field: fields.Field) -> None:
        if field.data not in stock:
            raise ValidationError("We are out of this.")


@pytest.fixture
def shopper(make_app: MakeApp) -> Visitor:
    class Shop(Order):
        wrapping = Step(InStock)

    stock.add("red")
    visitor = filled(make_app(Shop))
    visitor.fill(paper="red")
    return visitor


def test_step_that_fails_at_commit_is_shown_with_the_reason(shopper: Visitor) -> None:
    stock.clear()
    page = shopper.press("next")
    assert page.path.endswith("/wrapping")
    assert page.errors == ["We are out of this."]
    assert page.value("paper") == "red"


def test_step_that_fails_at_commit_stops_it(shopper: Visitor) -> None:
    stock.clear()
    shopper.press("next")
    assert hooks.submissions == []
    assert shopper.get(f"{shopper.draft}check-it").location.endswith("/wrapping")


def test_step_that_is_mended_may_be_committed(shopper: Visitor) -> None:
    stock.clear()
    shopper.press("next")
    stock.add("blue")
    shopper.fill(paper="blue")
    assert shopper.press("next").heading == "Your answers have been sent"


def test_trusted_step_is_not_judged_again(make_app: MakeApp) -> None:
    class Shop(Order):
        wrapping = Step(InStock, revalidate=False)

    stock.add("red")
    visitor = filled(make_app(Shop))
    visitor.fill(paper="red")
    stock.clear()
    assert visitor.press("next").heading == "Your answers have been sent"


# A session that is cleared


def test_session_cleared_in_commit_still_sees_the_receipt(visitor: Visitor) -> None:
    hooks.commit = lambda submission: session.clear()
    assert visitor.press("next").heading == "Your answers have been sent"


def test_session_cleared_in_commit_still_follows_the_url(visitor: Visitor) -> None:
    def commit(submission: Submission) -> str:
        session.clear()
        return "/thanks"

    hooks.commit = commit
    draft = visitor.draft
    assert visitor.send("next").location == "/thanks"
    assert visitor.get(f"{draft}receipt").location == "/thanks"


def test_double_click_survives_a_session_cleared_in_commit(visitor: Visitor) -> None:
    """The second click was sent with the cookie from before."""
    twin = visitor.twin()
    hooks.commit = lambda submission: session.clear()
    visitor.press("next")
    assert twin.press("next").heading == "Your answers have been sent"


def test_session_cleared_in_commit_still_sees_the_step_error(visitor: Visitor) -> None:
    def commit(submission: Submission) -> None:
        session.clear()
        raise StepError("you", "This name is taken", field="name")

    hooks.commit = commit
    assert visitor.press("next").errors == ["This name is taken"]


# Without a review


class Straight(Order):
    check_it = None  # type: ignore[assignment]


@pytest.fixture
def straight(make_app: MakeApp) -> Visitor:
    """A visitor at the last step of a wizard without a review."""
    visitor = Visitor(make_app(Straight))
    visitor.open()
    visitor.fill(name="Ada")
    return visitor


def test_last_continue_commits(straight: Visitor) -> None:
    assert straight.fill().heading == "Your answers have been sent"
    assert list(hooks.submissions[0].data) == ["you", "gift"]


def test_last_continue_leads_to_a_newly_opened_step(straight: Visitor) -> None:
    assert straight.fill(gift="y").heading == "Paper"
    assert hooks.submissions == []


def test_last_continue_with_an_error_does_not_commit(straight: Visitor) -> None:
    straight.fill(gift="y")
    assert straight.fill(paper="").errors == ["Which paper?"]
    assert hooks.submissions == []


def test_save_on_the_last_step_does_not_commit(straight: Visitor) -> None:
    assert straight.press("save").heading == "Your answers are saved"
    assert hooks.submissions == []


def test_earlier_step_sent_again_does_not_commit(straight: Visitor) -> None:
    straight.press("save")
    straight.open(f"{straight.draft}you")
    assert straight.fill(name="Bob").path.endswith("/gift")
    assert hooks.submissions == []


def test_last_click_repeated_leads_to_the_same_receipt(straight: Visitor) -> None:
    first, second = straight.send("next"), straight.send("next")
    assert first.location == second.location
    assert len(hooks.submissions) == 1


def test_failed_commit_leads_back_to_the_last_step(straight: Visitor) -> None:
    hooks.commit = fails
    with pytest.raises(LookupError):
        straight.send("next", {"gift": None})
    assert straight.open(straight.draft).path.endswith("/gift")
    hooks.commit = lambda submission: None
    assert straight.fill().heading == "Your answers have been sent"


def test_single_step_commits_from_the_first_page(make_app: MakeApp) -> None:
    class Single(Wizard):
        gift = Step(Gift)

        def commit(self, submission: Submission) -> str:
            return "/thanks"

    visitor = Visitor(make_app(Single))
    visitor.open()
    assert visitor.send("next", {"gift": "y"}).location == "/thanks"


def test_single_step_sent_twice_meets_its_receipt(make_app: MakeApp) -> None:
    class Single(Wizard):
        gift = Step(Gift)

        def commit(self, submission: Submission) -> str:
            hooks.submissions.append(submission)
            return "/thanks"

    visitor = Visitor(make_app(Single))
    visitor.open()
    answers = [visitor.send("next", {"gift": "y"}) for _ in range(2)]
    assert [answer.location for answer in answers] == ["/thanks", "/thanks"]
    assert len(hooks.submissions) == 1


def test_step_that_a_commit_refused_leads_back_to_the_review(visitor: Visitor) -> None:
    refusals = [StepError("you", "This name is taken", field="name")]

    def commit(submission: Submission) -> None:
        if refusals:
            raise refusals.pop()

    hooks.commit = commit
    assert visitor.press("next").errors == ["This name is taken"]
    assert visitor.fill(name="Bea").heading == "Check your answers"
    assert visitor.press("next").heading == "Your answers have been sent"


def test_step_error_finds_a_field_of_another_html_name(make_app: MakeApp) -> None:
    class Kind(Form):
        kind = fields.StringField("Kind", name="type")

    class Named(Wizard):
        you = Step(Kind)
        check = Review()

        def commit(self, submission: Submission) -> None:
            raise StepError("you", "No such kind", field="kind")

    visitor = Visitor(make_app(Named))
    visitor.open()
    visitor.fill(type="dragon")
    visitor.press("next")
    assert visitor.page.links["No such kind"] == "#type"
