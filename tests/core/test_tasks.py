"""Tasks: sections in any order, each open when what it reads is done."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from types import new_class
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import (
    Answers,
    DefinitionError,
    Exit,
    Info,
    Repeat,
    Review,
    Step,
    Wizard,
)
from flask_wizard.core.answers import Suspended
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.tasks import TaskJourney


class It(Form):
    it = StringField("It", [InputRequired()])


def tasks(**body: object) -> type[Wizard]:
    """Declare a task list."""
    body = {"commit": lambda self, submission: None, **body}
    body.setdefault("check", Review())
    options = {"task_list": True}
    wizard = new_class("Apply", (Wizard,), options, lambda own: own.update(body))
    assert issubclass(wizard, Wizard)
    return wizard


def begin(wizard: type[Wizard], **options: Any) -> TaskJourney:
    draft = Draft(
        id="d", mount="m", packed_holders=(), created=0.0, updated=0.0, submission="s"
    )
    return TaskJourney(wizard.steps, draft, **options)


def stored(journey: TaskJourney) -> TaskJourney:
    """The journey of the next request."""
    return TaskJourney(journey.steps, decode(encode(journey.to_draft())))


def fill(journey: TaskJourney, *names: str, it: str = "yes") -> TaskJourney:
    for name in names:
        journey = stored(journey.submit(name, Values({"it": [it]}), validate=True))
    return journey


def states(journey: TaskJourney) -> dict[str, str]:
    return {task.title: task.state for task in journey.tasks}


# Any wizard in any hands, beside a simple model


@dataclass(frozen=True)
class Plan:
    """A step: the section it is in, what it reads, and how."""

    name: str
    section: str | None
    source: str | None
    how: str


@dataclass
class Model:
    """What was sent, and what follows from it."""

    plans: list[Plan]
    sent: dict[str, str] = field(default_factory=dict)
    accepted: set[str] = field(default_factory=set)

    @property
    def spans(self) -> list[list[Plan]]:
        found: dict[str, list[Plan]] = {}
        for plan in self.plans:
            found.setdefault(plan.section or plan.name, []).append(plan)
        return [*found.values()]

    def fold(self) -> dict[str, str]:
        """By step: done, open, or hidden; closed by its own task; or it waits."""
        found: dict[str, str] = {}
        for span in self.spans:
            before = dict(found)
            for plan in span:
                found[plan.name] = self.state_of(plan, span, found)
            if "done" in [found[plan.name] for plan in span]:
                continue
            opened = [plan for plan in span if found[plan.name] == "open"]
            reads = [plan.source for plan in span if found[plan.name] != "hidden"]
            if opened and any(is_undone(before.get(name or "")) for name in reads):
                found[opened[0].name] = "waits"
        return found

    def state_of(self, plan: Plan, span: list[Plan], found: Mapping[str, str]) -> str:
        own = [found[each.name] for each in span if each.name in found]
        if any(map(is_undone, own)):
            return "closed"
        source = found.get(plan.source or "")
        if is_undone(source):
            return "waits"
        is_yes = source == "done" and self.sent[str(plan.source)] == "yes"
        if plan.how == "hides" and plan.source in found and not is_yes:
            return "hidden"
        return "done" if plan.name in self.accepted else "open"

    def send(self, name: str, value: str, *, validate: bool) -> None:
        opens = self.fold()[name] in ("open", "done")
        if validate and opens:
            self.accepted -= {name}
            self.accepted |= {name} if value else set()
        elif self.sent.get(name) != value:
            self.accepted -= {name}
        self.sent[name] = value

    def tasks(self) -> dict[str, str]:
        """By task what its state is."""
        found, of = {}, self.fold()
        for span in self.spans:
            own = [of[plan.name] for plan in span if of[plan.name] != "hidden"]
            if not own:
                continue
            opened = [p.name for p in span if of[p.name] in ("open", "done")]
            has_begun = any(name in self.sent for name in opened)
            stops = next(filter(is_undone, own), None)
            if stops is None:
                state = "completed"
            elif has_begun:
                state = "in-progress"
            else:
                state = "cannot-start" if stops == "waits" else "not-started"
            found[span[0].section or span[0].name.capitalize()] = state
        return found


def is_undone(state: str | None) -> bool:
    return state in ("open", "waits", "closed")


class Log(list[tuple[str, bool, object]]):
    """What functions have read: the step, whether it was there, and its answer."""

    def step(self, plan: Plan) -> Step:
        source = plan.source

        def read(answers: Answers) -> object:
            record = answers[str(source)]
            self.append((str(source), bool(record), record.it))
            return record.it

        def swallow(form: Form, answers: Answers) -> None:
            with suppress(BaseException):
                read(answers)

        if source is None:
            return Step(It, section=plan.section)
        ways: dict[str, dict[str, Any]] = {
            "hides": {"when": lambda answers: read(answers) == "yes"},
            "prepare": {"prepare": lambda form, answers: read(answers)},
            "kwargs": {"kwargs": lambda answers: (read(answers) and {}) or {}},
            "form": {"form": lambda answers: [read(answers), It][1]},
            "swallows": {"prepare": swallow},
        }
        return Step(**{"form": It, "section": plan.section, **ways[plan.how]})


@st.composite
def plans(draw: st.DrawFn) -> list[Plan]:
    """Steps in an order in which the sections stand together."""
    found: list[Plan] = []
    sections = st.sampled_from((None, None, "A", "B", "C"))
    for n in range(draw(st.integers(1, 6))):
        found.append(Plan(f"s{n}", draw(sections), None, ""))
    order = [plan for span in Model(found).spans for plan in span]
    hows = st.sampled_from(("hides", "hides", "prepare", "kwargs", "form", "swallows"))
    for at, plan in enumerate(order):
        if at and draw(st.booleans()):
            source = draw(st.sampled_from([earlier.name for earlier in order[:at]]))
            found[found.index(plan)] = replace(plan, source=source, how=draw(hows))
    return found


SENDS = st.lists(
    st.tuples(
        st.integers(0, 5),
        st.sampled_from(("yes", "yes", "no", "")),
        st.sampled_from((True, True, False)),
    ),
    max_size=12,
)


@given(plans=plans(), sends=SENDS, looks=st.lists(st.integers(0, 5), max_size=3))
def test_tasks_are_as_a_simple_model_says(
    plans: list[Plan], sends: list[tuple[int, str, bool]], looks: list[int]
) -> None:
    log = Log()
    wizard = tasks(**{plan.name: log.step(plan) for plan in plans})
    model, journey = Model(plans), begin(wizard)
    for number, value, validate in sends:
        for look in looks:  # in whatever order the pages ask
            journey.get(plans[look % len(plans)].name)
        name = plans[number % len(plans)].name
        before = journey
        journey = before.submit(name, Values({"it": [value]}), validate=validate)
        opened = journey.get(name) is not None
        entry = journey.draft.entries.get(name)
        if entry is not None:  # else nobody knows yet which form it is
            model.send(name, value, validate=validate)
            assert opened == (model.fold()[name] in ("open", "done"))
        journey = stored(journey)
        agree(journey, model)
    reads_only_what_is_there(log)
    for _ in plans:  # what can be done next leads to the end, one step after another
        if (current := journey.current).step.lists_answers:
            break
        model.send(current.name, "yes", validate=True)
        journey = fill(journey, current.name)
        agree(journey, model)
    assert journey.open_review is not None
    assert {*states(journey).values()} <= {"completed"}


def agree(journey: TaskJourney, model: Model) -> None:
    of = model.fold()
    opened = [name for name in of if journey.get(name) is not None]
    assert opened == [name for name, state in of.items() if state in ("open", "done")]
    assert states(journey) == model.tasks()
    assert [bound.name for bound in journey.path if bound.name != "check"] == opened
    is_whole = not any(map(is_undone, of.values()))
    assert (journey.open_review is not None) == is_whole
    assert (journey.get("check") is not None) == is_whole
    assert journey.current.name in ("check", *opened)


def reads_only_what_is_there(log: Log) -> None:
    """A function gets an answer, or none of a step that does not apply."""
    for _, is_there, answer in log:
        assert is_there == (answer is not None)


# What each part does


def test_functions_see_no_answer_of_a_step_that_is_not_done() -> None:
    seen: list[object] = []

    def look(form: Form, answers: Answers) -> None:
        with suppress(BaseException):
            seen.append(answers.you.it)

    wizard = tasks(you=Step(It), pet=Step(It, prepare=look))
    journey = begin(wizard)
    assert journey.get("pet") is None
    assert journey.bind("pet").waits_for == ("you",)
    assert seen == []
    pet = fill(journey, "you").get("pet")
    assert pet is not None
    assert pet.form is not None
    assert seen == ["yes"]


def test_step_that_does_not_apply_is_falsy_and_holds_up_nobody() -> None:
    wizard = tasks(
        you=Step(It),
        job=Step(It, when=lambda answers: answers.you.it == "yes"),
        pay=Step(It, prepare=lambda form, answers: bool(answers.job)),
    )
    journey = fill(begin(wizard), "you", it="no")
    assert journey.get("pay") is not None
    assert states(journey) == {"You": "completed", "Pay": "not-started"}
    journey = fill(journey, "you")
    assert journey.bind("pay").waits_for == ("job",)


def test_steps_of_one_section_stand_together_where_the_first_stands() -> None:
    wizard = tasks(
        you=Step(It, section="You"),
        house=Step(It),
        more=Step(It, section="You"),
    )
    assert wizard.steps.names == ("you", "more", "house", "check")
    assert [task.title for task in begin(wizard).tasks] == ["You", "House"]

    class Longer(wizard):  # type: ignore[misc, valid-type]
        last = Step(It, section="You")

    assert Longer.steps.names == ("you", "more", "last", "house", "check")
    assert Longer._journey is TaskJourney


def test_other_wizards_keep_their_order() -> None:
    class Plain(Wizard):
        you = Step(It, section="You")
        house = Step(It)
        more = Step(It, section="You")

        def commit(self, submission: object) -> None: ...

    assert Plain.steps.names == ("you", "house", "more")


def test_task_list_without_a_review_is_refused() -> None:
    with pytest.raises(DefinitionError, match="no Review"):
        tasks(you=Step(It), check=None)


def test_task_waits_for_what_its_later_steps_read() -> None:
    wizard = tasks(
        you=Step(It),
        house=Step(It, section="House"),
        heat=Step(It, section="House", prepare=lambda form, answers: answers.you.it),
    )
    journey = begin(wizard)
    assert journey.get("house") is None
    (_, house) = journey.tasks
    assert (house.state, house.waits_for) == ("cannot-start", ["You"])
    journey = fill(journey, "you")
    assert journey.get("house") is not None
    assert journey.get("heat") is None
    assert journey.bind("heat").waits_for == ("house",)


def test_task_that_has_begun_stays_open_as_far_as_it_can() -> None:
    wizard = tasks(
        you=Step(It),
        house=Step(It, section="House"),
        heat=Step(It, section="House", prepare=lambda form, answers: answers.you.it),
    )
    journey = fill(begin(wizard), "you", "house", "heat")
    journey = journey.submit("you", Values({"it": [""]}), validate=True)
    journey = stored(journey)
    assert journey.get("house") is not None
    assert journey.get("heat") is None
    house = journey.tasks[1]
    assert (house.state, house.waits_for) == ("in-progress", ["You"])
    assert house.page is not None
    assert house.page.name == "house"


def test_answers_that_wait_are_kept_and_count_again() -> None:
    wizard = tasks(
        you=Step(It), pet=Step(It, prepare=lambda form, answers: answers.you.it)
    )
    journey = fill(begin(wizard), "you", "pet")
    gone = stored(journey.submit("you", Values({"it": [""]}), validate=True))
    assert states(gone) == {"You": "in-progress", "Pet": "cannot-start"}
    assert states(fill(gone, "you")) == {"You": "completed", "Pet": "completed"}


def test_what_is_sent_to_a_closed_task_is_kept_and_not_accepted() -> None:
    wizard = tasks(
        you=Step(It), pet=Step(It, prepare=lambda form, answers: answers.you.it)
    )
    journey = fill(begin(wizard), "pet")
    assert journey.get("pet") is None
    assert journey.draft.entries["pet"].raw == {"it": ["yes"]}
    journey = fill(journey, "you")
    assert states(journey) == {"You": "completed", "Pet": "in-progress"}


def test_exit_ends_its_own_task_and_the_review() -> None:
    wizard = tasks(
        you=Step(It, section="You"),
        stop=Exit(section="You", when=lambda answers: answers.you.it == "no"),
        more=Step(It, section="You"),
        house=Step(It),
    )
    journey = fill(begin(wizard), "you", it="no")
    assert journey.get("stop") is not None
    assert journey.get("more") is None
    journey = fill(journey, "house")
    assert states(journey) == {"You": "in-progress", "House": "completed"}
    assert [task.ends for task in journey.tasks] == [True, False]
    assert journey.open_review is None
    journey = fill(journey, "you", "more")
    assert journey.open_review is not None


def test_exit_alone_is_no_task_before_it_applies() -> None:
    wizard = tasks(
        you=Step(It),
        stop=Exit(when=lambda answers: answers.you.it == "no"),
    )
    assert states(begin(wizard)) == {"You": "not-started"}
    assert begin(wizard).open_review is None
    stopped = fill(begin(wizard), "you", it="no")
    assert [task.title for task in stopped.tasks] == ["You", "Stop"]
    assert stopped.open_review is None
    assert fill(begin(wizard), "you").open_review is not None


def test_info_is_a_task_that_is_read() -> None:
    wizard = tasks(hello=Info(), you=Step(It))
    journey = begin(wizard)
    assert states(journey) == {"Hello": "not-started", "You": "not-started"}
    journey = stored(journey.submit("hello", Values(), validate=True))
    assert states(journey) == {"Hello": "completed", "You": "not-started"}


def test_list_waits_for_what_the_page_of_an_item_reads() -> None:
    wizard = tasks(
        you=Step(It),
        pets=Repeat(It, prepare=lambda form, answers: answers.you.it),
    )
    journey = begin(wizard)
    assert journey.get("pets") is None
    assert states(journey) == {"You": "not-started", "Pets": "cannot-start"}
    assert fill(journey, "you").get("pets") is not None


def test_items_of_an_earlier_answer_wait_for_it() -> None:
    wizard = tasks(
        you=Step(It), pets=Repeat(It, over=lambda answers: [(answers.you.it, "Pet")])
    )
    assert begin(wizard).bind("pets").waits_for == ("you",)
    assert fill(begin(wizard), "you").get("pets") is not None


def test_error_of_one_task_does_not_close_those_before_it() -> None:
    def fails(form: Form, answers: Answers) -> None:
        raise RuntimeError("broken")

    wizard = tasks(you=Step(It), pet=Step(It, prepare=fails))
    journey = begin(wizard)
    assert states(journey) == {"You": "not-started", "Pet": "not-started"}
    assert fill(journey, "you").get("you") is not None


def test_prefilled_tasks_are_completed_where_the_data_are_valid() -> None:
    data = {"you": {"it": "Ada"}, "pet": {"it": ""}}
    wizard = tasks(you=Step(It), pet=Step(It), last=Step(It))
    journey = begin(
        wizard, initial=lambda name, answers: data.get(name), prefilled=True
    )
    journey.begin()
    assert states(journey) == {
        "You": "completed",
        "Pet": "in-progress",
        "Last": "not-started",
    }


def test_prefilled_task_begins_when_what_its_data_read_is_there() -> None:
    def initial(name: str, answers: Answers) -> object:
        return {"it": answers.you.it} if name == "pet" else None

    wizard = tasks(you=Step(It), pet=Step(It))
    journey = begin(wizard, initial=initial, prefilled=True)
    journey.begin()
    assert journey.bind("pet").waits_for == ("you",)
    journey = journey.submit("you", Values({"it": ["Ada"]}), validate=True)
    assert journey.answers.pet.it == "Ada"


def test_reader_cannot_swallow_that_it_has_to_wait() -> None:
    assert not issubclass(Suspended, Exception)

    def guess(answers: Answers) -> bool:
        try:
            return bool(answers.you.it)
        except BaseException:
            return True

    wizard = tasks(you=Step(It), pet=Step(It, when=guess))
    assert begin(wizard).bind("pet").waits_for == ("you",)


def test_progress_counts_the_steps_of_a_task() -> None:
    wizard = tasks(
        you=Step(It),
        house=Step(It, section="House"),
        heat=Step(It, section="House", when=lambda answers: answers.house.it == "yes"),
        roof=Step(It, section="House"),
    )
    journey = begin(wizard)
    assert journey.shown_progress(journey.bind("you")) is None
    assert journey.progress(journey.bind("house")).text == "Step 1"
    journey = fill(journey, "house", it="no")
    assert journey.progress(journey.bind("roof")).text == "Step 2 of 2"
    journey = fill(journey, "house")
    assert journey.progress(journey.bind("heat")).text == "Step 2 of 3"
    assert journey.overall == "0 of 2 tasks completed"
