"""Actions: the page that each button of a step leads to, and which buttons it has."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import new_class
from typing import Any, NamedTuple

import pytest
import wizards
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Exit, Item, Repeat, Review, Step, Wizard
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey
from flask_wizard.core.repeats import BoundRepeat
from flask_wizard.core.steps import BoundStep
from flask_wizard.core.tasks import TaskJourney
from flask_wizard.web.actions import ACTIONS, Action, Move, action_of, buttons_of, stay
from flask_wizard.web.submitted import Submitted
from flask_wizard.web.urls import NEW, Urls


class It(Form):
    it = StringField("It", [InputRequired()])


class Pet(Item):
    who = Step(It)
    vet = Step(It)


declare = partial(wizards.declare, commit=lambda self, submission: None)

Join = declare("Join", you=Step(It), pet=Step(It), last=Step(It), check=Review())
Short = declare("Short", you=Step(It), pet=Step(It))
Household = declare(
    "Household",
    you=Step(It),
    pets=Repeat(Pet, max=2, singular="pet"),
    last=Step(It),
    check=Review(),
)
Keepers = declare(
    "Keepers", you=Step(It), pets=Repeat(It, min=1), last=Step(It), check=Review()
)
Shares = declare(
    "Shares",
    you=Step(It),
    shares=Repeat(Pet, over=lambda answers: [(key, key) for key in answers.you.it]),
    last=Step(It),
    check=Review(),
)
Listed = declare("Listed", pets=Repeat(Pet), last=Step(It))


class NoPet(Item):
    out = Exit()


EndedItem = declare("EndedItem", pets=Repeat(NoPet), check=Review())
Ended = declare("Ended", out=Exit(), you=Step(It))
FirstList = declare("FirstList", pets=Repeat(It, min=1), check=Review())
Apply = new_class(
    "Apply",
    (Wizard,),
    {"task_list": True},
    lambda own: own.update(
        commit=lambda self, submission: None,
        you=Step(It, section="You"),
        home=Step(It, section="You"),
        pets=Repeat(It, min=1, section="Pets"),
        pay=Step(It, section="Pay", when=lambda answers: answers.you.it == "yes"),
        check=Review(),
    ),
)


def begin(wizard: type[Any], draft_id: str = "d") -> Journey:
    kind = TaskJourney if wizard is Apply else Journey
    return kind(wizard.steps, Draft(draft_id, "m", (), 0.0, 0.0, "s"))


def page_of(journey: Journey, at: str) -> BoundStep:
    """A step; or a page of an item: of the first, ``pets/1/who``; ``pets/new``."""
    name, _, rest = at.partition("/")
    step = journey.bind(name)
    if not rest:
        return step
    assert isinstance(step, BoundRepeat)
    number, _, page = rest.partition("/")
    is_new = number == NEW
    new_id = f"item-{len(step.items)}"
    item = step.new_item(new_id) if is_new else step.items[int(number) - 1]
    found = item.page(page)
    assert found is not None
    return found


def fill(journey: Journey, *pages: str, it: str = "yes") -> Journey:
    """Press Continue on these pages; the journey is that of the next request."""
    for at in pages:
        page = page_of(journey, at)
        walk = page.journey.submit(page, Values({"it": [it]}), validate=True)
        draft = decode(encode(walk.whole.to_draft()))
        journey = type(journey)(journey.steps, draft)
    return journey


def press(
    journey: Journey,
    at: str,
    action: str = "next",
    it: str = "yes",
    *,
    then: bool = False,
) -> str | None:
    """Send a page; return where that leads, without the draft's id.

    Items are told by their place on the list.
    """
    page, found = page_of(journey, at), action_of(action)
    adds_to_list = found.adds and not page.journey.inside
    validate = found.validates and not adds_to_list
    walk = page.journey.submit(page, Values({"it": [it]}), validate=validate)
    onward = walk.whole
    submitted = Submitted(
        action=action,
        has_action=True,
        has_rev=True,
        values=Values(),
        rev=0,
        nonce="",
        item_nonce="",
        from_review=then,
        signed_in=False,
        is_guests=False,
        answers_hash=None,
        field_names=(),
    )

    def url_for_step(**parts: str) -> str:
        return "/".join(parts.values())

    urls = Urls(url_for_step, first_page=lambda: "you", entry_url=None)
    to, name = partial(urls.to_step, journey.draft.id), at.partition("/")[0]
    bound = walk.get(page.step.name)
    url = found.lead(Move(onward, walk, name, bound, submitted, urls, to))
    if url is None:
        return None
    step = onward.bind(name)
    for number, item in enumerate(
        step.items if isinstance(step, BoundRepeat) else (), 1
    ):
        url = url.replace(item.id, str(number))
    return url.removeprefix(f"{journey.draft.id}/")


def buttons(journey: Journey, at: str, **options: bool) -> list[str]:
    found = buttons_of(journey, page_of(journey, at), **options)
    return [button.value for button in found]


you_done = fill(begin(Join), "you")
nearly = fill(you_done, "pet", "last")
two_pages = ("pets/new/who", "pets/1/vet")
with_pet = fill(begin(Household), "you", *two_pages)
with_pets = fill(with_pet, "pets", "last")
full = fill(with_pet, "pets/new/who", "pets/2/vet")
shares = fill(begin(Shares), "you", it="ab")
half = fill(shares, "shares/1/who")
both = ("shares/1/vet", "shares/2/who", "shares/2/vet")
shared = fill(half, *both, "shares", "last")
keepers = fill(begin(Keepers), "you")
tasks = begin(Apply)
all_tasks = fill(tasks, "you", "home", "pets/new", "pets", "pay")
dashed = begin(declare("Dashed", a_b=Step(It), c=Step(It), check=Review()))


class Lead(NamedTuple):
    """A button on a page, and where it leads."""

    case: str
    journey: Journey
    at: str
    action: str
    #: ``None`` if it ends the draft.
    plain: str | None
    #: By a change link of the review; if it is empty, the same, which keeps ``then``.
    changing: str | None = ""

    @property
    def by_change_link(self) -> str | None:
        return f"{self.plain}?then=check" if self.changing == "" else self.changing


LEADS = [
    Lead("next step", begin(Join), "you", "next", "pet"),
    Lead("change", nearly, "you", "next", "pet", "check#row-you"),
    Lead("one of two", fill(you_done, "pet"), "you", "next", "pet", "last?then=check"),
    Lead("closed step", begin(Join), "last", "next", "you"),
    Lead("review", nearly, "check", "next", None, None),
    Lead("end", fill(begin(Short), "you"), "pet", "next", None, None),
    Lead("no review", fill(begin(Short), "you", "pet"), "you", "next", "pet", "pet"),
    # Lists
    Lead("item", with_pets, "pets/1/who", "next", "pets/1/vet", "check#row-pets-1"),
    Lead("item's end", with_pets, "pets/1/vet", "next", "pets", "check#row-pets-1"),
    Lead("new item", with_pets, "pets/new", "next", "pets/2/vet"),
    Lead("open list", with_pet, "pets/1/vet", "next", "pets"),
    Lead("closed item", begin(Household), "pets/new", "next", "you"),
    Lead("share", shares, "shares/1/who", "next", "shares/1/vet"),
    Lead(
        "next share", half, "shares/1/vet", "next", "shares/2/who", "shares?then=check"
    ),
    Lead("last share", shared, "shares/2/vet", "next", "shares", "check#row-shares-2"),
    Lead("shares", shared, "shares", "next", "last", "check#row-shares"),
    Lead("add on a list", with_pet, "pets", "add", "pets/new"),
    Lead("add after an item", with_pet, "pets/1/vet", "add", "pets/new"),
    Lead("add to a full list", full, "pets", "add", "pets"),
    Lead("add in an item", with_pet, "pets/new", "add", "pets/2/vet"),
    Lead("add to a closed list", begin(Household), "pets/new", "add", "you"),
    # Back
    Lead("back", you_done, "pet", "back", "you"),
    Lead("back from the first", begin(Join), "you", "back", "you"),
    Lead("back to the review", nearly, "pet", "back", "you", "check#row-pet"),
    Lead("back from the review", nearly, "check", "back", "last"),
    Lead("back from a closed step", begin(Join), "last", "back", "you"),
    Lead("back in an item", with_pet, "pets/1/vet", "back", "pets/1/who"),
    Lead("back from an item", with_pet, "pets/1/who", "back", "pets"),
    Lead("back to a row", with_pets, "pets/1/who", "back", "pets", "check#row-pets-1"),
    # Tasks
    Lead("back to a task list", tasks, "you", "back", "tasks", "tasks"),
    Lead("back in a task", fill(tasks, "you"), "home", "back", "you"),
    Lead(
        "end of a task", fill(tasks, "you"), "home", "next", "tasks", "pets?then=check"
    ),
    Lead("closed step of a task", tasks, "home", "next", "you"),
    Lead("closed task", tasks, "pay", "next", "tasks", "tasks"),
    Lead("review of tasks", all_tasks, "check", "next", None, None),
    Lead("save in a task", tasks, "you", "save", "tasks", "tasks"),
    Lead("discard in a task", tasks, "you", "discard", "discard", "discard"),
    # Others
    Lead("save", you_done, "pet", "save", "saved", "saved"),
    Lead("discard", you_done, "pet", "discard", "discard", "discard"),
    Lead("autosave", you_done, "you", "autosave", "you"),
    Lead("drop a file", you_done, "you", "drop:f", "you"),
    Lead("autosave of a closed step", you_done, "last", "autosave", "pet"),
    Lead("unknown action", you_done, "you", "nonsense", "you"),
    Lead("go to", nearly, "you", "goto:pet", "pet"),
    Lead("go to a name with a dash", fill(dashed, "a_b"), "a_b", "goto:a-b", "a-b"),
    Lead("go to what is closed", you_done, "you", "goto:last", "pet"),
    Lead("go to nothing", you_done, "you", "goto:", "pet"),
    Lead("go to the review", nearly, "pet", "goto:check", "check", "check"),
    Lead("go to tasks", all_tasks, "you", "goto:tasks", "tasks", "tasks"),
    Lead("go to tasks of none", nearly, "you", "goto:tasks", "check", "check"),
    Lead("go to a closed task", tasks, "you", "goto:pay", "tasks", "tasks"),
    Lead("go to a task", tasks, "you", "goto:pets", "pets"),
]


@pytest.mark.parametrize("lead", LEADS, ids=lambda lead: lead.case)
def test_button_leads(lead: Lead) -> None:
    assert press(*lead[1:4]) == lead.plain


@pytest.mark.parametrize("lead", LEADS, ids=lambda lead: lead.case)
def test_button_leads_by_a_change_link(lead: Lead) -> None:
    assert press(*lead[1:4], then=True) == lead.by_change_link


@pytest.mark.parametrize("at", ["you", "pets/1/vet", "pets/1/who"])
@pytest.mark.parametrize("then", [False, True])
@pytest.mark.parametrize("action", ["next", "add"])
def test_mistake_leads_to_its_own_page(action: str, at: str, then: bool) -> None:
    if at == "you" and action == "add":
        at = "pets/1/who"
    url = f"{at}?then=check" if then else at
    assert press(with_pets, at, action, it="", then=then) == url


def test_end_of_an_item_leads_to_the_list_though_another_is_unfinished() -> None:
    two = fill(with_pet, "pets/new/who")
    assert press(two, "pets/1/vet") == "pets"


def test_end_of_an_item_keeps_the_change_link_without_a_review() -> None:
    listed = fill(begin(Listed), "pets/new/who", "pets/1/vet", "pets", "last")
    assert press(listed, "pets/1/vet", then=True) == "pets?then=check"


@pytest.mark.parametrize("then", [False, True])
def test_back_from_the_first_item_leads_to_a_list_that_may_be_empty(then: bool) -> None:
    empty = fill(begin(Household), "you")
    expected = "pets?then=check" if then else "pets"
    assert press(empty, "pets/new", "back", it="", then=then) == expected


def test_back_from_an_item_leads_to_a_list_that_has_what_it_must() -> None:
    assert press(fill(keepers, "pets/new"), "pets/1", "back") == "pets"


@pytest.mark.parametrize("then", [False, True])
def test_back_from_the_first_item_passes_a_list_that_must_have_one(then: bool) -> None:
    expected = "you?then=check" if then else "you"
    assert press(keepers, "pets/new", "back", it="", then=then) == expected


# Buttons

EVERY = ["next", "back", "save", "discard"]


def test_first_step_of_a_new_draft_cannot_be_left_or_discarded() -> None:
    assert buttons(begin(Join, NEW), "you") == ["next", "save"]


def test_first_step_has_no_back() -> None:
    assert buttons(begin(Join), "you") == ["next", "save", "discard"]


def test_first_step_leads_back_to_the_review() -> None:
    assert buttons(nearly, "you", to_review=True) == EVERY


@pytest.mark.parametrize(
    ("journey", "at", "expected"),
    [
        (you_done, "pet", EVERY),
        (tasks, "you", EVERY),
        (with_pet, "pets", ["next", "add", *EVERY[1:]]),
        (full, "pets", EVERY),
        (with_pet, "pets/1/who", EVERY),
        (with_pet, "pets/1/vet", ["next", "add", *EVERY[1:]]),
        (keepers, "pets/new", ["next", "add", *EVERY[1:]]),
        (begin(FirstList), "pets/new", ["next", "add", "save", "discard"]),
        (fill(begin(FirstList), "pets/new"), "pets/1", ["next", "add", *EVERY[1:]]),
        (
            fill(begin(Listed), "pets/new/who"),
            "pets/1/vet",
            ["next", "add", *EVERY[1:]],
        ),
        (begin(Listed), "pets/new", EVERY),
        (begin(Ended), "out", ["save", "discard"]),
        (begin(EndedItem), "pets/new", EVERY[1:]),
    ],
)
def test_buttons(journey: Journey, at: str, expected: list[str]) -> None:
    assert buttons(journey, at) == expected


@pytest.mark.parametrize(
    ("journey", "at", "label"),
    [
        (nearly, "last", "Continue"),
        (nearly, "check", "Confirm and send"),
        (begin(Short), "pet", "Confirm and send"),
    ],
)
def test_next_says_whether_it_sends(journey: Journey, at: str, label: str) -> None:
    assert buttons_of(journey, page_of(journey, at))[0].label == label


def test_continue_alone_stands_out() -> None:
    found = buttons_of(with_pet, page_of(with_pet, "pets"))
    assert [button.primary for button in found] == [True, False, False, False, False]


def test_buttons_say_what_they_do() -> None:
    assert [button.label for button in buttons_of(with_pet, page_of(with_pet, "pets"))][
        1:
    ] == ["Add another pet", "Back", "Save and come back later", "Discard my answers"]


def test_action_is_offered_only_where_it_says_so() -> None:
    action = Action("other", lead=stay, label=lambda journey, bound: "Other")
    assert not action.offered(nearly, page_of(nearly, "you"))


# What else an action is


def names(have: Callable[[Action], object]) -> set[str]:
    """The actions that have something; ``other`` stands for one that says nothing."""
    actions = [*ACTIONS.values(), Action("other", lead=stay)]
    return {action.name for action in actions if have(action)}


def test_only_continue_judges_a_page() -> None:
    assert names(lambda action: action.validates) == {"next", "add"}


def test_only_add_leaves_the_page_of_a_list_unjudged() -> None:
    assert names(lambda action: action.adds) == {"add"}


def test_actions_that_lead_to_the_same_page_of_every_draft() -> None:
    assert names(lambda action: action.page == "saved") == {"save"}
    assert names(lambda action: action.page == "discard") == {"discard"}
    assert names(lambda action: action.page) == {"save", "discard"}


def test_only_a_script_gets_no_page() -> None:
    assert names(lambda action: action.quiet) == {"autosave"}


def test_neither_an_autosave_nor_a_discard_waits_for_a_commit() -> None:
    assert names(lambda action: not action.waits) == {"autosave", "discard"}


def test_only_a_step_and_a_file_can_be_named() -> None:
    assert names(lambda action: action.takes_argument) == {"goto", "drop"}
