"""Info and Exit in a journey: path, gate, progress, and what they leave out."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import wizards
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import Form, StringField
from wtforms.fields import IntegerField

from flask_wizard import (
    Answers,
    DefinitionError,
    Exit,
    Info,
    Review,
    Step,
    StoreError,
    UnknownNameError,
    Wizard,
)
from flask_wizard.core.draft import DamagedDraftError, Entry, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.hooks import HookError
from flask_wizard.core.journey import Journey
from flask_wizard.core.submission import Submission
from flask_wizard.core.tasks import TaskJourney


class You(Form):
    age = IntegerField("Age")


class Pet(Form):
    pet = StringField("Pet")


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)

Join = declare(
    welcome=Info(title="Before you start"),
    you=Step(You),
    rules=Info(when=is_minor),
    pet=Step(Pet),
    check=Review(),
)
Closed = declare(
    you=Step(You),
    too_young=Exit(when=is_minor),
    pet=Step(Pet),
    check=Review(),
)


def begin(wizard: type[Wizard]) -> Journey:
    return Journey(wizard.steps, EMPTY)


def send(journey: Journey, name: str, validate: bool = True, /, **sent: str) -> Journey:
    """One POST, and the next request."""
    values = Values((field, [text]) for field, text in sent.items())
    onward = journey.submit(name, values, validate=validate)
    return Journey(journey.steps, decode(encode(onward.to_draft())))


def path(journey: Journey) -> list[str]:
    return [bound.name for bound in journey.path]


def progress(journey: Journey, name: str) -> str:
    bound = journey.get(name)
    assert bound is not None
    return journey.progress(bound).text


def minor(wizard: type[Wizard]) -> Journey:
    journey = begin(wizard)
    if wizard is Join:
        journey = send(journey, "welcome")
    return send(journey, "you", age="7")


# Info


def test_info_is_done_once_its_continue_was_pressed() -> None:
    assert path(begin(Join)) == ["welcome"]
    assert path(send(begin(Join), "welcome")) == ["welcome", "you"]


def test_other_buttons_leave_an_info_open() -> None:
    assert path(send(begin(Join), "welcome", False)) == ["welcome"]


def test_other_buttons_leave_an_info_done() -> None:
    journey = send(begin(Join), "welcome")
    assert path(send(journey, "welcome", False)) == ["welcome", "you"]


def test_info_with_a_condition_is_on_the_path_only_while_it_holds() -> None:
    assert path(minor(Join)) == ["welcome", "you", "rules"]
    assert path(send(minor(Join), "you", age="20")) == ["welcome", "you", "pet"]


def test_info_stays_done_while_it_did_not_apply() -> None:
    journey = send(minor(Join), "rules")
    journey = send(send(journey, "you", age="20"), "you", age="8")
    assert path(journey) == ["welcome", "you", "rules", "pet"]


def test_info_that_does_not_open_yet_is_not_done_by_its_continue() -> None:
    journey = send(begin(Join), "rules")
    assert path(send(send(journey, "welcome"), "you", age="7"))[-1] == "rules"


@pytest.mark.parametrize("wizard", [Join, Closed])
def test_pages_without_a_form_have_no_answers(wizard: type[Wizard]) -> None:
    with pytest.raises(UnknownNameError):
        begin(wizard).answers["welcome" if wizard is Join else "too_young"]


def test_info_is_not_in_a_submission() -> None:
    journey = send(send(minor(Join), "rules"), "pet", pet="Rex")
    submission = Submission.of(journey)
    assert [*submission.data] == ["you", "pet"]
    assert [*submission.answers] == ["you", "pet"]


def test_info_counts_in_the_progress() -> None:
    assert progress(begin(Join), "welcome") == "Step 1"
    assert progress(send(minor(Join), "rules"), "pet") == "Step 4 of 5"


def test_each_continue_raises_the_revision() -> None:
    journey = send(begin(Join), "welcome")
    assert journey.bind("welcome").rev == 1
    assert send(journey, "welcome").bind("welcome").rev == 2


def test_unread_info_without_a_condition_is_not_done_by_its_continue() -> None:
    wizard = declare(you=Step(You), rules=Info(), pet=Step(Pet))
    journey = send(send(begin(wizard), "rules"), "you", age="7")
    assert path(journey)[-1] == "rules"


def test_info_that_does_not_apply_is_not_done_by_its_continue() -> None:
    journey = send(send(begin(Join), "welcome"), "you", age="20")
    journey = send(send(journey, "rules"), "you", age="7")
    assert path(journey)[-1] == "rules"


def test_info_reads_what_its_condition_reads() -> None:
    assert {*minor(Join).bind("rules").all_reads} == {("you", "age")}


def test_info_that_waits_for_another_task_is_not_done() -> None:
    wizard = declare(you=Step(You), rules=Info(when=is_minor), check=Review())
    journey = TaskJourney(wizard.steps, EMPTY)
    for name in ("you", "rules"):
        journey = journey.submit(name, Values(age=["7"]), validate=True)
    assert journey.bind("rules").done
    journey = journey.submit("you", Values(age=["8"]), validate=False)
    assert not journey.bind("rules").done


def test_own_error_in_a_condition_is_the_applications() -> None:
    def fail(answers: Answers) -> bool:
        raise StoreError("The application's own store is down")

    journey = begin(declare(a=Info(when=fail), b=Step(You)))
    with pytest.raises(HookError):
        _ = journey.path


def test_file_that_cannot_be_read_in_a_condition_is_the_drafts() -> None:
    def fail(answers: Answers) -> bool:
        raise DamagedDraftError("The file is damaged")

    journey = begin(declare(a=Info(when=fail), b=Step(You)))
    with pytest.raises(DamagedDraftError):
        _ = journey.path


# Sent back for correction


def sent_back(wizard: type[Wizard]) -> Journey:
    draft = replace(EMPTY, reopened=True)
    return Journey(wizard.steps, draft, prefilled=True, initial=lambda *_: None)


def test_info_of_a_draft_that_was_sent_back_is_done() -> None:
    assert path(sent_back(Join)) == ["welcome", "you"]


def test_info_of_a_draft_that_was_sent_back_is_done_by_a_save() -> None:
    kept = sent_back(Join).to_draft()
    assert path(Journey(Join.steps, kept)) == ["welcome", "you"]


def test_info_that_was_left_unread_is_not_read_by_sending_the_draft_back() -> None:
    draft = replace(EMPTY, reopened=True).with_entries({"welcome": Entry(rev=1)})
    journey = Journey(Join.steps, draft, prefilled=True, initial=lambda *_: None)
    assert path(journey) == ["welcome"]


def test_exit_of_a_draft_that_was_sent_back_ends_it() -> None:
    assert path(sent_back(declare(out=Exit(), you=Step(You)))) == ["out"]


def test_info_of_a_prefilled_draft_is_read() -> None:
    journey = Journey(Join.steps, EMPTY, prefilled=True, initial=lambda *_: None)
    assert path(journey) == ["welcome"]
    assert "welcome" not in journey.to_draft().entries


def test_info_read_again_after_a_draft_was_sent_back_is_read_once() -> None:
    journey = sent_back(Join).submit("welcome", Values(), validate=True)
    again = Journey(Join.steps, journey.to_draft(), prefilled=True)
    assert again.bind("welcome").rev == journey.bind("welcome").rev
    assert again.to_draft().entries["welcome"].rev == journey.bind("welcome").rev


# Deploys


def test_step_that_has_become_an_info_is_asked_again() -> None:
    before = declare(a=Step(Pet), b=Step(You))
    after = declare(a=Info(), b=Step(You))
    journey = send(begin(before), "a", pet="Rex")
    assert path(Journey(after.steps, journey.draft)) == ["a"]


def test_info_that_has_become_a_step_is_asked_again() -> None:
    before = declare(a=Info(), b=Step(You))
    after = declare(a=Step(Pet), b=Step(You))
    journey = send(begin(before), "a")
    assert path(Journey(after.steps, journey.draft)) == ["a"]


def test_deploy_that_is_taken_back_loses_no_answer() -> None:
    old = declare(a=Step(Pet), b=Step(You))
    new = declare(a=Info(), b=Step(You))
    journey = send(begin(old), "a", pet="Rex")
    journey = send(Journey(new.steps, journey.draft), "a")
    journey = Journey(old.steps, journey.draft)
    assert path(journey) == ["a", "b"]
    assert journey.answers["a"].pet == "Rex"


def test_info_without_a_condition_is_told_by_the_prefix() -> None:
    journey = send(begin(Join), "welcome")
    assert journey.draft.plain_prefix[0] == 1


def test_info_that_gets_a_condition_is_judged_by_it() -> None:
    def never(answers: Answers) -> bool:
        return False

    before = declare(a=Info(when=lambda answers: True), b=Step(You))
    after = declare(a=Info(when=never), b=Step(You))
    journey = send(begin(before), "a")
    assert journey.draft.plain_prefix[0] == 0
    assert path(Journey(after.steps, journey.draft)) == ["b"]


def test_info_that_has_become_an_exit_ends_the_draft() -> None:
    before = declare(a=Info(), b=Step(You))
    after = declare(a=Exit(), b=Step(You))
    journey = send(begin(before), "a")
    assert path(Journey(after.steps, journey.draft)) == ["a"]


def test_info_that_an_earlier_release_has_stored_is_done() -> None:
    entry = Entry(rev=1, accepted=True, read_digest=b"pressed", sent=False)
    draft = replace(EMPTY, packed_entries={}).with_entries({"welcome": entry})
    assert path(Journey(Join.steps, draft)) == ["welcome", "you"]
    stored = send(begin(Join), "welcome").draft
    assert stored.entries["welcome"].read_digest == b"pressed"


def test_info_that_was_a_step_reads_nothing_more() -> None:
    entry = Entry(rev=1, accepted=True, read=(("you", "age"),), read_digest=b"other")
    draft = EMPTY.with_entries({"welcome": entry})
    onward = send(Journey(Join.steps, draft), "welcome")
    assert onward.draft.entries["welcome"].read == ()


def test_step_that_was_not_accepted_is_no_info_that_was_read() -> None:
    entry = Entry(rev=1, accepted=False, read_digest=b"pressed")
    draft = EMPTY.with_entries({"welcome": entry})
    assert path(Journey(Join.steps, draft)) == ["welcome"]


# Exit


def test_nothing_behind_an_exit_opens_while_it_applies() -> None:
    journey = send(minor(Closed), "pet", pet="Rex")
    assert path(journey) == ["you", "too_young"]
    assert journey.get("pet") is None
    assert journey.get("check") is None


def test_exit_is_where_the_draft_stands() -> None:
    journey = minor(Closed)
    assert journey.current.name == "too_young"
    assert journey.first_incomplete is journey.current


@pytest.mark.parametrize("validate", [True, False])
def test_no_button_leads_past_an_exit(validate: bool) -> None:
    journey = send(minor(Closed), "too_young", validate)
    assert path(journey) == ["you", "too_young"]
    assert "too_young" not in journey.draft.entries


def test_answers_behind_an_exit_are_back_when_it_does_not_apply() -> None:
    journey = send(begin(Closed), "you", age="20")
    journey = send(journey, "pet", pet="Rex")
    journey = send(send(journey, "you", age="7"), "you", age="21")
    assert path(journey) == ["you", "pet", "check"]


def test_exit_does_not_say_how_many_steps_there_are() -> None:
    assert progress(minor(Closed), "too_young") == "Step 2"


def test_steps_behind_an_exit_that_does_not_apply_do() -> None:
    journey = send(begin(Closed), "you", age="20")
    assert progress(journey, "pet") == "Step 2 of 3"


def test_steps_before_an_exit_without_a_condition_do_not_promise_a_number() -> None:
    wizard = declare(you=Step(You), closed=Exit(), pet=Step(Pet))
    assert progress(begin(wizard), "you") == "Step 1"


# Declarations


@pytest.mark.parametrize("kind", [Info, Exit, partial(Step, You)])
@pytest.mark.parametrize("when", [True, lambda: True])
def test_condition_that_cannot_be_called_is_refused(
    kind: Callable[..., Any], when: object
) -> None:
    with pytest.raises(DefinitionError, match=r"Join\.a"):
        declare(a=kind(when=when), b=Step(You))


@pytest.mark.parametrize("kind", [Info, Exit])
def test_condition_without_parameters_is_told_what_it_gets(
    kind: Callable[..., Any],
) -> None:
    with pytest.raises(DefinitionError, match=r"Expected \(answers\)"):
        declare(a=kind(when=lambda: True), b=Step(You))


@pytest.mark.parametrize("kind", [Info, Exit])
def test_condition_that_does_not_run_is_an_error(kind: type[Info]) -> None:
    async def never(answers: Answers) -> bool:
        return True

    journey = begin(declare(a=kind(when=lambda answers: never(answers)), b=Step(You)))
    with pytest.raises(DefinitionError, match="has not run"):
        _ = journey.path
