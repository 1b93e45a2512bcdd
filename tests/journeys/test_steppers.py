"""The list of steps on each page, and progress that stays on the way back."""

from __future__ import annotations

import pytest
from apps import MakeApp
from flask import Flask
from store_wrappers import Probe
from visitor import Page, Visitor, attribute
from wizards import Commits
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Exit, Info, Repeat, Review, Step, Wizard


class It(Form):
    it = StringField("It", [InputRequired("Say it")])
    more = StringField("More")


class Join(Commits, Wizard, stepper=True):
    you = Step(It, title="About you", section="You")
    guardian = Step(
        It, title="Guardian", section="You", when=lambda answers: answers.you.it == "1"
    )
    pets = Repeat(It, title="Your pets", singular="pet")
    home = Step(It, title="Your home", when=lambda answers: answers.you.more != "none")
    hello = Info(title="Before you send")
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    return Visitor(app)


def steps(page: Page) -> list[str]:
    """The steps as they are read, the current one in brackets."""
    found = page.html.query(".wizard-stepper ol > li:not(.wizard-steps-section)")
    texts = [" ".join(node.to_text().split()) for node in found]
    current = [attribute(node, "aria-current") for node in found]
    pairs = zip(texts, current, strict=True)
    return [f"[{text}]" if now == "step" else text for text, now in pairs]


def buttons(page: Page) -> list[str]:
    found = page.html.query(".wizard-stepper button")
    assert {attribute(node, "form") for node in found} == {"wizard-form"}
    return [attribute(node, "value") for node in found]


@pytest.mark.ux(6)
def test_pages_list_the_steps_that_are_certain(visitor: Visitor) -> None:
    page = visitor.open("/join/")
    rest = ["Your pets", "Before you send", "Check your answers"]
    assert steps(page) == ["[About you]", *rest]
    page = visitor.fill(it="2")
    assert steps(page) == [
        *("Completed: About you", "[Your pets]"),
        *("Before you send", "Check your answers"),
    ]
    assert page.texts(".wizard-steps-section > span") == ["You"]
    visitor.open(f"{visitor.draft}you")
    page = visitor.fill(it="1", more="none")
    assert steps(page) == ["Completed: About you", "[Guardian]", *rest]


def test_first_button_of_the_page_is_continue(visitor: Visitor) -> None:
    visitor.open("/join/")
    visitor.fill(it="2")
    assert buttons(visitor.page) == ["next", "goto:you"]
    hidden = visitor.page.html.query(".wizard-stepper button")[0]
    assert attribute(hidden, "aria-hidden") == "true"
    assert attribute(hidden, "tabindex") == "-1"


@pytest.mark.ux(6)
def test_steps_ahead_are_no_buttons_and_those_done_keep_what_is_typed(
    visitor: Visitor,
) -> None:
    visitor.open("/join/")
    visitor.fill(it="2")
    visitor.press("next")
    assert buttons(visitor.page) == ["next", "goto:you", "goto:pets"]
    page = visitor.press("goto:you", {"it": "half"})
    assert page.heading == "About you"
    assert steps(page)[:3] == ["[About you]", "Completed: Your pets", "Your home"]
    visitor.press("goto:pets")
    assert visitor.open(f"{visitor.draft}home").value("it") == "half"


def test_item_and_review_list_the_steps_too(visitor: Visitor) -> None:
    visitor.open("/join/")
    visitor.fill(it="2")
    page = visitor.press("add")
    assert steps(page)[:2] == ["Completed: About you", "[Your pets]"]
    visitor.press("goto:you", {"it": "Rex"})
    page = visitor.open(f"{visitor.draft}pets")
    assert "Pet 1" in page.text
    visitor.open(page.link("Continue 1"))
    visitor.fill()
    visitor.press("next")
    visitor.fill(it="home")
    visitor.press("next")
    page = visitor.page
    assert page.path.endswith("/check")
    assert steps(page)[-1] == "[Check your answers]"
    assert {each.split(":")[0] for each in steps(page)[:-1]} == {"Completed"}


def test_option_is_inherited_and_off_by_default(make_app: MakeApp) -> None:
    class More(Join):
        last = Step(It)

    class Less(Join, stepper=False):
        last = Step(It)

    page = Visitor(make_app(More)).open("/join/")
    assert "Last" in steps(page)
    assert steps(Visitor(make_app(Less)).open("/join/")) == []
    assert "wizard-stepper" not in Visitor(make_app(Less)).open("/join/").source


def test_step_of_a_task_lists_those_of_its_task(make_app: MakeApp) -> None:
    class Tasks(Join, task_list=True):
        pass

    visitor = Visitor(make_app(Tasks))
    visitor.open("/join/new/you")
    page = visitor.fill(it="1")
    assert steps(page) == ["Completed: About you", "[Guardian]"]
    visitor.open(f"{visitor.draft}pets")
    assert steps(visitor.page) == []


def test_page_that_could_not_be_stored_lists_no_steps(
    visitor: Visitor, store: Probe
) -> None:
    visitor.open("/join/")
    visitor.fill(it="2")
    store.down = True
    page = visitor.show(visitor.send("next"))
    assert page.status == 503
    assert steps(page) == []


def test_steps_as_json(visitor: Visitor) -> None:
    visitor.open("/join/")
    visitor.fill(it="2")
    headers = {"Accept": "application/json"}
    data = visitor.get(f"{visitor.draft}pets", headers=headers).get_json()
    assert data["stepper"][:3] == [
        {
            "title": "About you",
            "section": "You",
            "state": "done",
            "action": "goto:you",
        },
        {"title": "Your pets", "section": "", "state": "current", "action": None},
        {"title": "Before you send", "section": "", "state": "later", "action": None},
    ]


# Progress on the way back to the review


def at_the_review(visitor: Visitor) -> str:
    visitor.open("/join/")
    visitor.fill(it="2")
    visitor.press("next")
    visitor.fill(it="home")
    visitor.press("next")
    assert visitor.page.path.endswith("/check")
    return visitor.draft


@pytest.mark.ux(7)
def test_progress_stays_after_a_change_link_and_on_its_errors(
    visitor: Visitor,
) -> None:
    draft = at_the_review(visitor)
    assert visitor.open(f"{draft}you?then=check").progress == "Step 1 of 5"
    assert visitor.open(f"{draft}home?then=check").progress == "Step 3 of 5"
    page = visitor.fill(it="")
    assert page.errors == ["Say it"]
    assert page.progress == "Step 3 of 5"
    assert visitor.fill(it="house").path == f"{draft}check"


def test_progress_says_no_total_where_the_change_may_open_steps(
    visitor: Visitor,
) -> None:
    draft = at_the_review(visitor)
    visitor.open(f"{draft}you?then=check")
    assert visitor.fill(it="").progress == "Step 1"
    page = visitor.fill(it="1")
    assert page.heading == "Guardian"
    assert page.progress == "Step 2"  # whether "home" applies is asked behind it
    assert visitor.fill(it="Bea").path == f"{draft}check"


def test_no_step_comes_after_an_end(make_app: MakeApp) -> None:
    class Ends(Commits, Wizard, stepper=True):
        you = Step(It, title="About you")
        out = Exit(title="You cannot join", when=lambda answers: answers.you.it == "1")
        home = Step(It, title="Your home")

    visitor = Visitor(make_app(Ends))
    visitor.open("/join/")
    assert steps(visitor.fill(it="1")) == ["Completed: About you", "[You cannot join]"]
    visitor.press("back")
    assert steps(visitor.fill(it="2")) == ["Completed: About you", "[Your home]"]
