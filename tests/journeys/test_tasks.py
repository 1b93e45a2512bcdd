"""A task list, as its visitors see it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from apps import MakeApp
from flask import Flask, render_template
from store_wrappers import Probe
from time_machine import Traveller
from visitor import Page, Visitor, attribute
from wizards import Commits, committed, stored
from wtforms import Form, StringField
from wtforms.validators import InputRequired, ValidationError

from flask_wizard import (
    Answers,
    Exit,
    FlaskWizard,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.web.pages import Page as WizardPage


class It(Form):
    it = StringField("It", [InputRequired("Say it")])


def look(form: Form, answers: Answers) -> None:
    form["it"].description = answers.address.it


class Sell(Commits, Wizard, task_list=True):
    title = "Sell your books"

    you = Step(It, title="Your name", section="About you")
    address = Step(It, title="Your address", section="About you")
    books = Repeat(It, title="Your books", singular="book")
    pick_up = Step(It, title="When we come", prepare=look)
    bank = Step(It, title="Your bank", when=lambda answers: answers.pick_up.it == "1")
    check = Review()


STARTED = [
    "About you In progress",
    "Your books Not started",
    "When we come Cannot start yet First complete “About you”.",
    "Your bank Cannot start yet First complete “When we come”.",
    "Check your answers Cannot start yet First complete all tasks.",
]


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Sell, prefix="/sell")


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def rows(page: Page) -> list[str]:
    return page.texts(".wizard-task")


def open_task(visitor: Visitor, name: str) -> Page:
    visitor.open(f"{visitor.draft}tasks")
    return visitor.open(visitor.page.link(name))


def fill_in(visitor: Visitor) -> Page:
    """Complete all tasks, the last one first where that is possible."""
    visitor.open("/sell/")
    visitor.open(visitor.page.link("Your books"))
    assert visitor.press("next").path.endswith("/tasks")
    open_task(visitor, "About you")
    visitor.fill(it="Ada")
    visitor.fill(it="Old Street")
    open_task(visitor, "When we come")
    visitor.fill(it="1")
    open_task(visitor, "Your bank")
    return visitor.fill(it="A bank")


def test_entry_leads_to_the_list_of_a_draft_that_does_not_exist_yet(
    visitor: Visitor,
) -> None:
    page = visitor.open("/sell/?from=mail")
    assert page.path == "/sell/new/tasks"
    assert page.url.startswith("/sell/new/tasks?_draft=")
    assert page.url.endswith("&from=mail")
    assert page.heading == "Sell your books"
    assert page.title.startswith("Tasks ")
    assert page.title.endswith("Sell your books")
    assert page.texts(".wizard-progress") == ["You have completed 0 of 4 tasks."]
    assert rows(page) == ["About you Not started", *STARTED[1:]]
    assert "saved" not in page.text
    assert page.link("Continue with “Your name”").startswith("/sell/new/you?_draft=")


@pytest.mark.ux(20)
def test_rows_link_to_tasks_that_open_and_are_described_by_their_state(
    visitor: Visitor,
) -> None:
    page = visitor.open("/sell/")
    links = page.html.query(".wizard-task a")
    assert [link.to_text() for link in links] == ["About you", "Your books"]
    for link in links:
        (state,) = page.html.query(f"#{attribute(link, 'aria-describedby')}")
        assert state.to_text().strip() == "Not started"


def test_first_post_to_any_task_begins_the_draft(visitor: Visitor) -> None:
    visitor.open("/sell/")
    begun = visitor.open(visitor.page.link("Your books"))
    assert begun.path == "/sell/new/books"
    page = visitor.press("next")
    assert page.path.endswith("/tasks")
    assert not page.path.startswith("/sell/new")
    assert rows(page)[:2] == ["About you Not started", "Your books Completed"]
    assert page.texts(".wizard-progress") == ["You have completed 1 of 4 tasks."]


def test_url_of_a_task_of_a_new_draft_gets_a_nonce(visitor: Visitor) -> None:
    assert visitor.open("/sell/new/books").path == "/sell/new/books"
    assert visitor.open("/sell/new/tasks").path == "/sell/new/tasks"
    assert visitor.open("/sell/new/pick-up").path == "/sell/new/tasks"
    assert visitor.open("/sell/new/check").path == "/sell/new/tasks"
    assert visitor.open("/sell/new/address").path == "/sell/new/you"


def test_list_of_a_new_draft_leads_to_the_draft_that_was_begun(
    visitor: Visitor,
) -> None:
    first = visitor.open("/sell/").url
    visitor.open(visitor.page.link("About you"))
    visitor.fill(it="Ada")
    page = visitor.open(first)
    assert rows(page) == STARTED
    assert page.path == f"{visitor.draft}tasks"


def test_save_leads_to_the_list_which_says_how_to_come_back(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    page = visitor.press("save", {"it": "Ad"})
    assert page.path == f"{visitor.draft}tasks"
    assert rows(page) == STARTED
    assert "Your answers are saved." in page.text
    assert "You can come back to them in this browser" in page.text
    assert page.links["Sell your books"] == "/sell/"
    assert visitor.open(f"{visitor.draft}saved").path == page.path
    assert visitor.open(visitor.draft).path == page.path
    assert open_task(visitor, "About you").value("it") == "Ad"


def test_entry_of_an_open_draft_continues_at_the_list(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    visitor.press("save", {"it": "Ad"})
    draft = visitor.draft
    page = visitor.open("/sell/")
    assert page.path == "/sell/"
    assert visitor.open(page.link("Continue ")).path == f"{draft}tasks"


def test_back_in_the_first_step_of_a_task_leads_to_the_list(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    assert "back" in visitor.page.buttons
    page = visitor.press("back", {"it": "Ada"})
    assert page.path.endswith("/tasks")
    page = open_task(visitor, "About you")
    assert page.value("it") == "Ada"
    page = visitor.fill()
    assert page.path.endswith("/address")
    assert visitor.press("back").path.endswith("/you")
    page = open_task(visitor, "Your books")
    assert visitor.press("back").path.endswith("/tasks")


def test_gate_inside_a_task_leads_to_its_first_open_step(visitor: Visitor) -> None:
    visitor.open("/sell/new/books")
    visitor.press("next")
    draft = visitor.draft
    assert visitor.open(f"{draft}address").path == f"{draft}you"
    response = visitor.get(f"{draft}address")
    assert (response.status_code, response.location) == (303, f"{draft}you")


@pytest.mark.parametrize("page", ["pick-up", "bank", "check"])
def test_task_that_cannot_start_yet_leads_to_the_list(
    visitor: Visitor, page: str
) -> None:
    visitor.open("/sell/new/you")
    visitor.fill(it="Ada")
    draft = visitor.draft
    response = visitor.get(f"{draft}{page}")
    assert (response.status_code, response.location) == (303, f"{draft}tasks")
    response = visitor.post(f"{draft}{page}", {"it": "early", "_rev": "0"})
    assert (response.status_code, response.location) == (303, f"{draft}tasks")
    assert rows(visitor.open(response.location)) == STARTED
    assert not committed


def test_post_before_a_task_can_start_is_kept(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    visitor.fill(it="Ada")
    visitor.post(f"{visitor.draft}pick-up", {"it": "noon", "_rev": "0"})
    visitor.open(f"{visitor.draft}address")
    visitor.fill(it="Old Street")
    assert rows(visitor.page)[2] == "When we come In progress"
    assert open_task(visitor, "When we come").value("it") == "noon"


def test_review_opens_when_all_is_completed_and_commits(visitor: Visitor) -> None:
    page = fill_in(visitor)
    assert page.texts(".wizard-progress") == ["You have completed 4 of 4 tasks."]
    assert {row.rpartition(" ")[2] for row in rows(page)[:4]} == {"Completed"}
    page = visitor.open(page.link("Continue with “Check your answers”"))
    assert page.progress == ""
    assert [answer for _, answer in page.rows] == [
        *("Ada", "Old Street", "None", "1", "A bank")
    ]
    assert visitor.press("back").path.endswith("/tasks")
    visitor.open(f"{visitor.draft}check")
    assert visitor.press().path.endswith("/receipt")
    assert committed[0].data["pick_up"] == {"it": "1"}
    assert visitor.open(f"{visitor.draft}tasks").path.endswith("/receipt")


def test_change_from_the_review_leads_back_to_its_row(visitor: Visitor) -> None:
    fill_in(visitor)
    page = visitor.open(f"{visitor.draft}check")
    url = attribute(page.html.query("#row-address a")[0], "href")
    page = visitor.open(url)
    assert page.progress == "Step 2 of 2"
    assert "Continue leads back to “Check your answers”" in page.text
    response = visitor.send("next", {"it": "New Street"})
    assert response.location == f"{visitor.draft}check#row-address"
    visitor.open(url)
    assert visitor.send("back").location == f"{visitor.draft}check#row-address"


def test_change_that_opens_a_step_leads_to_it_first(visitor: Visitor) -> None:
    fill_in(visitor)
    visitor.open(f"{visitor.draft}pick-up?then=check")
    page = visitor.fill(it="2")
    assert page.path.endswith("/check")
    assert "“Your bank” is no longer needed" in page.text
    other = Visitor(visitor.app)
    other.open("/sell/")
    fill_in(other)
    open_task(other, "When we come")
    other.fill(it="2")
    other.open(f"{other.draft}you")
    other.post(f"{other.draft}bank", {"it": "", "_rev": "0"}, action="save")
    other.open(f"{other.draft}pick-up?then=check")
    page = other.fill(it="1")
    assert page.url == f"{other.draft}bank?then=check"
    assert other.fill(it="Another").path.endswith("/check")


def test_task_whose_answers_were_reopened_holds_up_its_readers(
    visitor: Visitor,
) -> None:
    fill_in(visitor)
    open_task(visitor, "About you")
    visitor.fill(it="")
    page = visitor.open(f"{visitor.draft}tasks")
    assert rows(page) == [
        "About you In progress",
        "Your books Completed",
        "When we come Cannot start yet First complete “About you”.",
        "Your bank Cannot start yet First complete “When we come”.",
        STARTED[-1],
    ]
    open_task(visitor, "About you")
    visitor.fill(it="Ada")
    page = visitor.open(f"{visitor.draft}tasks")
    assert page.texts(".wizard-progress") == ["You have completed 4 of 4 tasks."]


def test_two_tabs_fill_in_two_tasks(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    visitor.press("save")
    draft = visitor.draft
    one, other = visitor.tab(), visitor.tab()
    one.open(f"{draft}books")
    other.open(f"{draft}you")
    other.fill(it="Ada")
    one.press("next")
    other.fill(it="Old Street")
    page = other.open(f"{draft}tasks")
    assert rows(page)[:2] == ["About you Completed", "Your books Completed"]


def test_items_of_a_task(visitor: Visitor) -> None:
    visitor.open("/sell/new/books")
    page = visitor.press("add")
    assert page.path.endswith("/books/new")
    assert visitor.fill(it="Emma").path.endswith("/books")
    page = visitor.open(f"{visitor.draft}tasks")
    assert rows(page)[1] == "Your books In progress"
    open_task(visitor, "Your books")
    assert rows(visitor.press("next"))[1] == "Your books Completed"


def test_discard_is_on_the_list_and_leads_back_to_it(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    page = visitor.press("save", {"it": "Ada"})
    draft = visitor.draft
    visitor.open(page.link("Discard my answers"))
    assert visitor.press("back").path == f"{draft}tasks"
    visitor.open(f"{draft}discard")
    visitor.press("discard")
    assert visitor.open(f"{draft}tasks").path == f"{draft}receipt"


def test_button_that_goes_to_the_list_keeps_what_is_typed(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    assert visitor.press("goto:tasks", {"it": "Ada"}).path.endswith("/tasks")
    assert open_task(visitor, "About you").value("it") == "Ada"
    assert visitor.press("goto:bank", {"it": "Ada"}).path.endswith("/tasks")
    open_task(visitor, "About you")
    assert visitor.press("goto:books", {"it": "Ada"}).path.endswith("/books")


def test_list_is_read_only_and_a_task_lists_own(visitor: Visitor, app: Flask) -> None:
    visitor.open("/sell/new/you")
    visitor.fill(it="Ada")
    before = stored(visitor)
    visitor.open(f"{visitor.draft}tasks")
    assert stored(visitor) == before
    assert visitor.post(f"{visitor.draft}tasks").status_code in (404, 405)
    assert visitor.post("/sell/new/tasks").status_code == 404
    assert visitor.get(f"/sell/{'A' * 22}/tasks").status_code == 404


def test_other_wizards_have_no_list(make_app: MakeApp) -> None:
    class Plain(Commits, Wizard):
        you = Step(It)

    visitor = Visitor(make_app(Plain))
    visitor.open("/join/")
    visitor.press("save", {"it": "Ada"})
    assert visitor.get(f"{visitor.draft}tasks").status_code == 404
    assert visitor.get("/join/new/tasks").status_code == 404


def test_exit_of_a_task_is_told_on_the_list(make_app: MakeApp) -> None:
    class Adults(Commits, Wizard, task_list=True):
        you = Step(It, section="You")
        sorry = Exit(
            title="You cannot sell", section="You", when=lambda a: a.you.it == "young"
        )
        more = Step(It)
        check = Review()

    visitor = Visitor(make_app(Adults, prefix="/sell"))
    visitor.open("/sell/new/you")
    page = visitor.fill(it="young")
    assert page.heading == "You cannot sell"
    page = visitor.open(f"{visitor.draft}tasks")
    assert rows(page) == [
        "You Cannot be completed",
        "More Not started",
        STARTED[-1],
    ]
    assert visitor.open(page.link("You")).heading == "You cannot sell"
    assert visitor.press("back").path.endswith("/you")


def test_what_cannot_be_judged_yet_is_kept_and_the_list_says_so(
    make_app: MakeApp,
) -> None:
    class Late(Form):
        it = StringField("It")

        def validate_it(self, field: Any) -> None:
            if field.data == self.meta.answers.you.it:
                raise ValidationError("Say something else")

    class Judged(Commits, Wizard, task_list=True):
        you = Step(It)
        pet = Step(Late)
        check = Review()

    visitor = Visitor(make_app(Judged, prefix="/sell"))
    visitor.open("/sell/new/pet")
    page = visitor.fill(it="Rex")
    assert page.path.endswith("/tasks")
    assert "another task has to be completed first" in page.banners
    open_task(visitor, "You")
    visitor.fill(it="Rex")
    assert open_task(visitor, "Pet").value("it") == "Rex"
    assert visitor.fill().errors == ["Say something else"]
    assert rows(visitor.fill(it="Tom"))[1] == "Pet Completed"


def test_prefilled_task_list_begins_with_what_is_valid(make_app: MakeApp) -> None:
    class Edit(Commits, Wizard, task_list=True, prefilled=True):
        you = Step(It, section="You")
        more = Step(It, section="You")
        pet = Step(It)
        check = Review()

        def initial(self, step_name: str, bound: object) -> object:
            return {"it": "" if step_name == "pet" else step_name}

    visitor = Visitor(make_app(Edit, prefix="/edit"))
    page = visitor.open("/edit/")
    assert page.path == "/edit/new/tasks"
    assert rows(page)[0] == "You Completed"
    page = visitor.open("/edit/new/more")
    assert page.value("it") == "more"
    assert rows(visitor.fill(it="other"))[0] == "You Completed"
    assert visitor.open("/edit/").path == f"{visitor.draft}tasks"
    open_task(visitor, "Pet")
    visitor.fill(it="Rex")
    visitor.open(f"{visitor.draft}check")
    visitor.press()
    assert committed[0].changes["more"] == {"it": ("more", "other")}


def test_what_pages_begin_with_is_taken_as_they_are_led_to(make_app: MakeApp) -> None:
    asked: list[str] = []

    class Begun(Commits, Wizard, task_list=True):
        you = Step(It, section="You")
        more = Step(It, section="You")
        pet = Step(It)
        check = Review()

        def initial(self, step_name: str, bound: object) -> object:
            asked.append(step_name)
            return {"it": step_name}

    visitor = Visitor(make_app(Begun, prefix="/sell"))
    visitor.open("/sell/new/you")
    visitor.fill(it="Ada")
    assert stored(visitor).entries["more"].before is not None
    assert "pet" not in stored(visitor).entries
    asked.clear()
    assert visitor.page.value("it") == "more"
    assert asked == []


def test_list_as_json(visitor: Visitor) -> None:
    visitor.open("/sell/new/you")
    visitor.fill(it="Ada")
    headers = {"Accept": "application/json"}
    data = visitor.get(f"{visitor.draft}tasks", headers=headers).get_json()
    assert (data["page"], data["title"]) == ("tasks", "Sell your books")
    assert data["progress"] == {
        "text": "0 of 4 tasks completed",
        "number": 0,
        "total": 4,
    }
    assert data["tasks"][0] == {
        "title": "About you",
        "state": "in-progress",
        "url": f"{visitor.draft}address",
        "waits_for": [],
        "ends": False,
    }
    assert data["tasks"][2]["url"] is None
    assert data["tasks"][2]["state"] == "cannot-start"
    assert data["tasks"][2]["waits_for"] == ["About you"]
    assert data["review"]["state"] == "cannot-start"
    assert data["urls"]["continue"] == f"{visitor.draft}address"
    assert data["is_saved"] is True
    assert "You can come back to them" in " ".join(data["text"])


def test_headless_list(tmp_path: Path) -> None:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config["SECRET_KEY"] = "k" * 32
    FlaskWizard(app)

    @app.route("/mine/<draft>/<step>", methods=["GET", "POST"])
    def mine(draft: str, step: str) -> Any:
        visit = Sell.open(
            draft, url_for_step=lambda *, draft, step: f"/mine/{draft}/{step}"
        )
        outcome = visit.handle(step)
        if isinstance(outcome, WizardPage):
            return render_template([*outcome.templates], **outcome), outcome.status
        return outcome

    visitor = Visitor(app)
    page = visitor.open("/mine/new/tasks")
    visitor.open(page.link("About you"))
    page = visitor.press("save", {"it": "Ada"})
    assert page.path == f"{visitor.draft}tasks"
    assert rows(page) == STARTED


def mounted(wizards: FlaskWizard, wizard: type[Wizard], tmp_path: Path) -> Flask:
    app = Flask(__name__, instance_path=str(tmp_path))
    app.config.update(SECRET_KEY="k" * 32, WIZARD_EXTERNAL_URL="http://localhost")
    wizards.init_app(app)
    app.register_blueprint(wizard.as_blueprint("join"), url_prefix="/sell")
    return app


def test_own_drafts_and_commands_know_tasks(tmp_path: Path) -> None:
    wizards = FlaskWizard()
    app = mounted(wizards, Sell, tmp_path)

    @app.route("/mine")
    def mine() -> Any:
        (draft,) = wizards.drafts()
        return {"url": draft.url, "progress": draft.progress, "at": draft.step_title}

    visitor = Visitor(app)
    visitor.open("/sell/new/books")
    visitor.press("next")
    assert visitor.get("/mine").get_json() == {
        "url": f"{visitor.draft}tasks",
        "progress": "1 of 4 tasks completed",
        "at": "Your name",
    }
    run = app.test_cli_runner().invoke
    assert "join: open, at you" in run(args=["wizard", "drafts"]).output
    outcome = run(args=["wizard", "rehearse", "--format", "json"])
    (mount,) = json.loads(outcome.stdout)["mounts"]
    assert (mount["go_on"], mount["asked"]) == (1, [])  # nobody is led back to `you`


def test_guest_fills_in_a_part_of_a_task(tmp_path: Path) -> None:
    class Shared(Commits, Wizard, task_list=True):
        you = Step(It, section="You")
        friend = Step(It, section="You")
        more = Step(It, section="You")
        last = Step(It, prepare=lambda form, answers: answers.friend.it)
        check = Review()

    wizards = FlaskWizard()
    app = mounted(wizards, Shared, tmp_path)

    @app.post("/share/<id>")
    def share(id: str) -> str:
        return wizards.share_url(id, steps=["friend"], sees=[], max_age=3600)

    visitor, guest = Visitor(app), Visitor(app)
    visitor.open("/sell/new/you")
    visitor.fill(it="Ada")
    draft = visitor.draft
    url = urlsplit(visitor.client.post(f"/share/{draft.split('/')[2]}").text).path
    guest.open(url)
    guest.press("next")
    page = visitor.open(f"{draft}more")
    assert page.path == f"{draft}more"
    page = visitor.fill(it="more")
    assert rows(page) == [
        "You In progress",
        "Last Cannot start yet First complete “You”.",
        STARTED[-1],
    ]
    assert page.html.query(".wizard-button") == []
    assert guest.get(f"{draft}tasks").status_code == 404
    assert visitor.get(f"{draft}check").location == f"{draft}tasks"
    guest.open(f"{draft}friend")
    guest.fill(it="Bob")
    open_task(visitor, "Last")
    visitor.fill(it="last")
    visitor.open(f"{draft}check")
    assert visitor.press().path.endswith("/receipt")


def test_answers_that_are_sent_back_open_the_tasks_remarked_on(tmp_path: Path) -> None:
    wizards = FlaskWizard()
    app = mounted(wizards, Sell, tmp_path)
    data = {
        "you": {"it": "Ada"},
        "address": {"it": "Old Street"},
        "books": [{"it": "Emma"}],
        "pick_up": {"it": "2"},
    }
    remark = StepError("address", "Which town?", field="it")
    with app.test_request_context():
        url = wizards.reopen_url("join", data, [remark], max_age=3600)
    visitor = Visitor(app)
    visitor.open(urlsplit(url).path)
    page = visitor.press("next")
    assert page.path.endswith("/tasks")
    assert rows(page) == [
        "About you In progress",
        "Your books Completed",
        "When we come Cannot start yet First complete “About you”.",
        "Your bank Cannot start yet First complete “When we come”.",
        STARTED[-1],
    ]
    page = open_task(visitor, "About you")
    assert page.errors == ["Which town?"]
    page = visitor.fill(it="New Street")
    assert page.path.endswith("/check")
    visitor.press()
    assert committed[0].changes == {"address": {"it": ("Old Street", "New Street")}}


def test_commit_that_refuses_a_step_leads_there_and_back(make_app: MakeApp) -> None:
    class Refusing(Sell):
        def validate(self, submission: Submission) -> None:
            if submission.answers.you.it == "Ada":
                raise StepError("you", "Not you again", field="it")

    visitor = Visitor(make_app(Refusing, prefix="/sell"))
    fill_in(visitor)
    visitor.open(f"{visitor.draft}check")
    page = visitor.press()
    assert page.errors == ["Not you again"]
    assert rows(visitor.open(f"{visitor.draft}tasks"))[0] == "About you In progress"
    open_task(visitor, "About you")
    page = visitor.fill(it="Bob")
    assert page.path.endswith(("/address", "/check"))


def test_draft_in_doubt_says_so_on_the_list(
    make_app: MakeApp, store: Probe, clock: Traveller
) -> None:
    class Once(Sell):
        def commit(self, submission: Submission) -> None:
            store.down = submission.attempt == 1

    visitor = Visitor(make_app(Once, prefix="/sell"))
    fill_in(visitor)
    draft = visitor.draft
    visitor.open(f"{draft}check")
    assert visitor.press().status == 503
    store.down = False
    clock.shift(121)
    page = visitor.open(draft)
    assert page.path == f"{draft}tasks"
    assert "we do not know yet whether they arrived" in page.banners
    assert visitor.open(f"{draft}you").path == f"{draft}check"
    assert visitor.press().path.endswith("/receipt")
