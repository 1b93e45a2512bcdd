"""What a journey tells of its steps, and what it leaves in the draft to be stored."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import pytest
import wizards
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Answers, DefinitionError, Exit, Info, Review, Step, Wizard
from flask_wizard.core.answers import Shown, Suspended
from flask_wizard.core.draft import Draft, Entry, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey, Progress
from flask_wizard.core.steps import ABSENT, Span
from flask_wizard.core.texts import Texts

declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


class It(Form):
    it = StringField("It", [InputRequired()])


class Longer(It):
    more = StringField("More")


def begin(wizard: type[Wizard], draft: Draft = EMPTY, **more: Any) -> Journey:
    return Journey(wizard.steps, draft, **more)


def send(journey: Journey, name: str, it: str = "x", *, validate: bool = True) -> Any:
    return journey.submit(name, Values({"it": [it]}), validate=validate)


def later(journey: Journey, wizard: type[Wizard] | None = None, **more: Any) -> Journey:
    """The same draft in the next request, maybe after a deploy."""
    draft = decode(encode(journey.to_draft()))
    return Journey(wizard.steps if wizard else journey.steps, draft, **more)


def fill(journey: Journey, *names: str, it: str = "x") -> Journey:
    for name in names:
        journey = later(send(journey, name, it))
    return journey


def names(steps: Sequence[Any]) -> list[str]:
    return [step.name for step in steps]


def reads(name: str) -> Callable[[Any, Answers], None]:
    def prepare(form: Any, answers: Answers) -> None:
        form.it.description = answers[name].it

    return prepare


Plain = declare(a=Step(It), b=Step(It), c=Step(It), check=Review())
Asking = declare(
    a=Step(It),
    b=Step(It, when=lambda answers: answers.a.it == "x"),
    c=Step(It, prepare=reads("a")),
    check=Review(),
)


# What it is made of


def test_journey_has_what_the_request_gives() -> None:
    journey = begin(Plain, bound={"agency": 7}, max_entries=3)
    assert (journey.bound, journey.max_entries) == ({"agency": 7}, 3)
    assert (journey.inside, journey.repeat, journey.url_parts) == ((), None, ())
    assert (journey.add_label, journey.home) == ("", "")
    assert journey.whole is journey
    assert journey.whole_draft is journey.draft


def test_journey_of_which_nothing_is_said_has_no_bounds() -> None:
    journey = begin(Plain)
    assert (journey.bound, journey.max_entries, journey.initial) == ({}, None, None)
    assert not journey.prefilled
    assert journey.item_meta(set()) == {}


def test_only_a_wizard_with_initial_data_is_prefilled() -> None:
    assert not begin(Plain, prefilled=True).prefilled
    assert not begin(Plain, initial=lambda name, answers: None).prefilled
    assert begin(Plain, initial=lambda name, answers: None, prefilled=True).prefilled


def test_repr_says_how_far_it_was_walked() -> None:
    journey = begin(Plain)
    assert repr(journey) == "<Journey of <Draft open: empty>, 0 met>"
    _ = journey.path
    assert repr(journey) == "<Journey of <Draft open: empty>, 1 met>"


def test_walk_tells_how_many_steps_were_met() -> None:
    assert begin(Plain).walk() == 1
    assert fill(begin(Plain), "a", "b").walk() == 3
    assert fill(begin(Plain), "a", "b", "c").walk() == 4


def test_steps_that_do_not_apply_are_met() -> None:
    journey = fill(begin(Asking), "a", it="y")
    assert names(journey.met) == ["a", "b", "c"]
    assert names(journey.path) == ["a", "c"]


def test_unknown_step_does_not_open() -> None:
    assert begin(Plain).get("nobody") is None


def test_step_behind_the_first_incomplete_is_bound_and_does_not_open() -> None:
    bound = begin(Plain).bind("c")
    assert (bound.name, bound.position, bound.opens) == ("c", 2, False)
    assert begin(Plain).bind("a").opens


def test_step_before_and_after_another() -> None:
    journey = fill(begin(Plain), "a", "b")
    b = journey.bind("b")
    before, after = journey.previous(b), journey.next(b)
    assert before is not None
    assert after is not None
    assert (before.name, after.name) == ("a", "c")
    assert journey.previous(journey.bind("a")) is None


def test_nothing_is_after_a_step_that_is_not_done() -> None:
    journey = begin(Plain)
    assert journey.next(journey.current) is None


# Values that are sent


def test_values_that_cannot_be_kept_leave_the_journey_as_it_is() -> None:
    wizard = declare(a=Step(It), b=Step(lambda answers: It))
    journey = begin(wizard)
    assert send(journey, "b") is journey


def test_step_itself_can_be_submitted() -> None:
    journey = begin(Plain)
    onward = journey.submit(journey.current, Values({"it": ["x"]}), validate=True)
    assert names(onward.path) == ["a", "b"]
    assert names(journey.path) == ["a"]


def test_journey_that_goes_on_keeps_what_it_has_met() -> None:
    asked: list[str] = []

    def asks(answers: Answers) -> bool:
        asked.append(answers.a.it)
        return True

    wizard = declare(a=Step(It), b=Step(It, when=asks), c=Step(It), check=Review())
    journey = fill(begin(wizard), "a", "b")
    asked.clear()
    _ = send(journey, "c").path
    assert asked == ["x"]


@pytest.mark.parametrize("early", ["b", "c"])
def test_step_that_is_sent_early_is_not_met(early: str) -> None:
    onward = send(begin(Plain), early)
    assert names(onward.path) == ["a"]
    assert names(send(onward, "a").path) == ["a", "b"]


# What is stored


def test_first_steps_that_read_nothing_are_counted() -> None:
    journey = begin(Plain)
    for count, name in enumerate("abc", 1):
        journey = fill(journey, name)
        prefix = (count, journey.signatures.chained[count])
        assert journey.draft.plain_prefix == prefix


def test_steps_behind_one_that_reads_are_not_counted() -> None:
    journey = fill(begin(Asking), "a", "b", "c")
    assert journey.draft.plain_prefix[0] == 1


def test_steps_are_counted_again_by_their_entries() -> None:
    """A write that touches their entries says nothing of them."""
    draft = replace(fill(begin(Plain), "a", "b").draft, plain_prefix=(0, b""))
    journey = begin(Plain, draft)
    journey.walk()
    assert journey.to_draft().plain_prefix == (2, journey.signatures.chained[2])


def test_step_that_is_sent_anew_stays_among_those_counted() -> None:
    journey = fill(begin(Plain), "a", "b", "c")
    assert fill(journey, "a", it="y").draft.plain_prefix == journey.draft.plain_prefix
    onward = send(journey, "b", it="y")
    assert names(onward.path) == ["a", "b", "c", "check"]
    assert onward.answers.b.it == "y"
    assert onward.answers.c.it == "x"


def test_step_that_is_open_again_ends_those_counted() -> None:
    journey = fill(begin(Plain), "a", "b", "c")
    for validate in (True, False):
        onward = send(journey, "b", it="", validate=validate)
        assert onward.to_draft().plain_prefix == (1, journey.signatures.chained[1])
        assert names(onward.path) == ["a", "b"]
        assert names(later(onward).path) == ["a", "b"]


def test_draft_says_nothing_of_steps_that_ask_for_something_else() -> None:
    journey = fill(begin(Plain), "a", "b", "c")
    other = declare(a=Step(It), b=Step(Longer), c=Step(It), check=Review())
    bound = begin(other, journey.draft).bind("b")
    assert bound.outdated
    assert bound.done
    renamed = declare(a=Step(It), x=Step(It), c=Step(It), check=Review())
    assert names(begin(renamed, journey.draft).path) == ["a", "x"]


def test_step_that_a_commit_has_sent_back_is_open_again() -> None:
    journey = fill(begin(Plain), "a", "b", "c")
    draft = journey.bind("b").reject(journey.draft, {"": ["No"]})
    assert names(begin(Plain, draft).path) == ["a", "b"]
    saved = later(send(begin(Plain, draft), "b", validate=False))
    assert saved.draft.plain_prefix[0] == 1
    assert names(saved.path) == ["a", "b"]


@pytest.mark.parametrize("prefix", [(3, b"other"), (9, b""), (3, b"")])
def test_prefix_of_other_steps_is_not_believed(prefix: tuple[int, bytes]) -> None:
    draft = replace(fill(begin(Plain), "a").draft, plain_prefix=prefix)
    assert names(begin(Plain, draft).path) == ["a", "b"]


def test_draft_of_which_nothing_has_changed_is_stored_as_it_is() -> None:
    journey = fill(begin(Asking), "a", "b", "c")
    again = begin(Asking, journey.draft)
    assert again.to_draft() is journey.draft
    _ = again.path
    assert again.to_draft() is journey.draft


def test_step_that_still_holds_is_stored_with_what_it_reads_now() -> None:
    journey = fill(begin(Asking), "a", "b", "c")
    changed = send(journey, "a", it="y")
    bound = changed.bind("c")
    assert bound.done
    assert bound.still_holds
    stored = changed.to_draft().entries["c"]
    assert stored.read_digest != journey.draft.entries["c"].read_digest
    assert not begin(Asking, changed.to_draft()).bind("c").outdated


def test_page_that_comes_next_is_stored_with_what_it_begins_with() -> None:
    asked: list[str] = []

    def initial(name: str, answers: Answers) -> object:
        asked.append(name)
        return {"it": name.upper()}

    first = begin(Plain, initial=initial).to_draft()
    before = first.entries["a"].before
    assert before is not None
    assert before.raw == {"it": ["A"]}
    assert asked == ["a"]
    onward = send(begin(Plain, first, initial=initial), "a", it="x").to_draft()
    assert list(onward.entries) == ["a", "b"]
    assert asked == ["a", "b"]


def test_journey_without_initial_data_stores_no_page() -> None:
    assert dict(begin(Plain).to_draft().entries) == {}


# A draft that begins filled in


def prefilled(wizard: type[Wizard], draft: Draft = EMPTY, **data: str) -> Journey:
    return Journey(
        wizard.steps,
        draft,
        initial=lambda name, answers: {"it": data[name]} if name in data else None,
        prefilled=True,
    )


def test_steps_that_begin_valid_are_done() -> None:
    journey = prefilled(Plain, a="A", b="", c="C")
    assert names(journey.path) == ["a", "b"]
    assert journey.answers.a.it == "A"


def test_prefilled_draft_has_what_all_steps_begin_with() -> None:
    """It may be gone later."""
    journey = prefilled(Plain, a="A", c="C")
    journey.begin()
    entries = journey.draft.entries
    assert list(entries) == ["a", "b", "c"]
    assert entries["a"].accepted
    assert not entries["b"].sent
    assert entries["b"].before is None
    before = entries["c"].before
    assert before is not None
    assert before.raw == {"it": ["C"]}
    again = prefilled(Plain, journey.draft, a="other", b="other", c="other")
    assert names(again.path) == ["a", "b"]
    assert again.bind("c").form["it"].data == "C"  # type: ignore[index]


def test_conditions_of_steps_that_do_not_open_are_not_asked_at_the_beginning() -> None:
    asked: list[object] = []

    def asks(answers: Answers) -> bool:
        asked.append(answers.a.it)
        return True

    wizard = declare(a=Step(It), b=Step(It, when=asks), check=Review())
    journey = prefilled(wizard, b="B")
    journey.begin()
    assert asked == []
    before = journey.draft.entries["b"].before
    assert before is not None
    assert before.raw == {"it": ["B"]}


def test_draft_that_is_not_prefilled_begins_empty() -> None:
    journey = begin(Plain, initial=lambda name, answers: {"it": "x"})
    journey.begin()
    assert journey.draft is EMPTY


def test_prefilled_steps_are_stored_as_they_are_met() -> None:
    stored = prefilled(Plain, a="A", b="B").to_draft()
    assert list(stored.entries) == ["a", "b", "c"]


def test_step_that_does_not_apply_is_not_taken_as_sent() -> None:
    stored = prefilled(Asking, a="y", b="B", c="C").to_draft()
    entry = stored.entries["b"]
    assert (entry.sent, entry.accepted) == (False, False)
    assert entry.before is not None
    assert entry.before.raw == {"it": ["B"]}


# Steps of somebody else


def shared(*steps: str, taken: bool = True) -> Draft:
    held = EMPTY.add_holder(0.0, marks=[b"holder"])
    draft = held.share("l", steps=steps, sees=(), until=9.0)[0]
    return draft if taken else held


def test_steps_that_nobody_else_fills_in_are_not_passed_over() -> None:
    assert begin(Plain, shared("b", taken=False)).passable == frozenset()
    assert begin(Plain, shared("b", "c")).passable == {"b", "c"}
    assert begin(Plain, shared("b", taken=False)).awaited == ()


def test_gate_passes_over_steps_of_somebody_else() -> None:
    journey = fill(begin(Plain, shared("b")), "a")
    assert journey.get("b") is not None
    assert journey.get("c") is not None
    assert names(journey.awaited) == ["b"]
    following = journey.next(journey.bind("a"))
    assert following is not None
    assert following.name == "c"


def test_step_of_somebody_else_that_is_done_is_awaited_no_more() -> None:
    journey = fill(begin(Plain, shared("b")), "a", "b")
    assert journey.awaited == ()
    following = journey.next(journey.bind("a"))
    assert following is not None
    assert following.name == "b"


def test_steps_of_others_are_found_by_walking() -> None:
    draft = fill(begin(Plain, shared("b")), "a").draft
    assert names(begin(Plain, draft).awaited) == ["b"]


def test_nothing_is_after_a_step_that_is_not_done_beside_those_of_others() -> None:
    journey = begin(Plain, shared("c"))
    assert journey.next(journey.current) is None


def test_step_of_somebody_else_that_does_not_apply_is_not_awaited() -> None:
    journey = fill(begin(Asking, shared("b")), "a", it="y")
    journey = fill(journey, "c")
    assert journey.awaited == ()
    assert journey.get("check") is not None


def test_step_whose_condition_reads_what_is_awaited_waits() -> None:
    journey = begin(Asking, shared("a"))
    b = journey.bind("b")
    assert (b.waits_for, b.opens, b.done) == (("a",), False, False)


def test_review_waits_for_all_steps_of_others() -> None:
    journey = fill(begin(Plain, shared("a", "b")), "c")
    review = journey.first_incomplete
    assert review is not None
    assert (review.name, review.waits_for) == ("check", ("a", "b"))
    assert journey.get("check") is None
    assert journey.next(journey.bind("c")) is review


def test_step_of_somebody_else_that_waits_is_not_passed_over() -> None:
    wizard = declare(
        a=Step(It), b=Step(It, prepare=reads("a")), c=Step(It), check=Review()
    )
    journey = begin(wizard, shared("a", "b"))
    assert journey.bind("b").waits_for == ("a",)
    assert journey.first_incomplete is journey.bind("b")
    assert journey.get("c") is None


def test_step_cannot_swallow_that_it_has_to_wait() -> None:
    def prepare(form: Any, answers: Answers) -> None:
        with suppress(BaseException):
            _ = answers.a.it

    wizard = declare(
        a=Step(It), other=Step(It), b=Step(It, prepare=prepare), check=Review()
    )
    journey = begin(wizard, shared("a", "other"))
    assert journey.bind("b").waits_for == ("a",)


def test_what_waits_begins_when_what_it_reads_is_there() -> None:
    def initial(name: str, answers: Answers) -> object:
        return {"it": answers.a.it} if name == "b" else None

    wizard = declare(a=Step(It), b=Step(It), check=Review())
    journey = begin(wizard, shared("a"), initial=initial, prefilled=True)
    journey.begin()
    assert "b" not in journey.draft.entries


def test_what_waits_is_not_prefilled() -> None:
    wizard = declare(a=Step(It), b=Step(It, prepare=reads("a")), check=Review())
    journey = prefilled(wizard, shared("a"), b="B")
    assert journey.bind("b").waits_for == ("a",)
    assert not journey.bind("b").done


def test_what_waits_stores_no_beginning() -> None:
    wizard = declare(a=Step(It), b=Step(It, prepare=reads("a")), check=Review())
    journey = begin(wizard, shared("a"), initial=lambda name, answers: {"it": name})
    assert journey.bind("b").waits_for == ("a",)
    assert "b" not in journey.to_draft().entries


def test_step_that_reads_what_is_awaited_is_suspended() -> None:
    journey = begin(Plain, shared("a"))
    journey.walk()
    read: set[Any] = set()
    with pytest.raises(Suspended) as found:
        journey.read("a", 1, read)
    assert found.value.step == "a"
    assert read == {("a", "")}
    assert not journey.read("a", 1, Shown())


def test_step_whose_form_fails_waits_for_nobody() -> None:
    """Its own page shows the failure."""

    def prepare(form: Any, answers: Answers) -> None:
        raise ZeroDivisionError

    wizard = declare(a=Step(It), b=Step(It, prepare=prepare), check=Review())
    bound = begin(wizard, shared("a")).bind("b")
    assert bound.waits_for == ()
    assert bound.opens


# What readers get


def test_only_steps_before_with_answers_are_read() -> None:
    wizard = declare(a=Step(It), info=Info(), b=Step(It), check=Review())
    journey = fill(begin(wizard), "a", "info", "b")
    assert journey.read("nobody", 3, set()) is None
    assert journey.read("info", 3, set()) is None
    assert journey.read("b", 2, set()) is None
    assert journey.read("b", 3, set()).it == "x"
    assert journey.readable(3) == ("a", "b")


def test_step_that_was_not_met_is_falsy() -> None:
    read: set[Any] = set()
    found = begin(Plain).read("b", 2, read)
    assert not found
    assert found.it is None
    assert read == {("b", ""), ("b", "it")}


def test_digest_is_that_of_what_was_read() -> None:
    journey = fill(begin(Plain), "a", "b")
    same = fill(begin(Plain), "a", "b")
    paths = [("a", "it"), ("b", "it")]
    digest = journey.digest(b"form", paths, before=2)
    assert digest == same.digest(b"form", paths, before=2)
    assert len(digest) == 16
    assert digest != journey.digest(b"other", paths, before=2)
    assert digest != journey.digest(b"form", paths[:1], before=2)
    assert digest != fill(journey, "b", it="y").digest(b"form", paths, before=2)


def test_digest_of_a_step_that_is_not_before_is_that_of_none() -> None:
    journey = fill(begin(Plain), "a", "b")
    other = fill(begin(Plain), "a", "b", it="y")
    path = [("b", "it")]
    assert journey.digest(b"", path, before=1) == other.digest(b"", path, before=1)
    assert journey.digest(b"", path, before=2) != other.digest(b"", path, before=2)
    unknown = [("nobody", "it")]
    digests = {j.digest(b"", unknown, before=2) for j in (journey, other)}
    assert len(digests) == 1


def test_digest_after_another_submission_is_of_that() -> None:
    journey = fill(begin(Plain), "a", "b")
    path = [("a", "it")]
    first = journey.digest(b"", path, before=2)
    assert send(journey, "a", it="y").digest(b"", path, before=2) != first
    assert send(journey, "a", it="x").digest(b"", path, before=2) == first
    assert journey.bind("a").serialize("it") != ABSENT


# Where it stands


def test_progress_says_its_numbers() -> None:
    assert Progress(2, 3).text == "Step 2 of 3"
    assert Progress(2, None).text == "Step 2"
    assert Progress(2, 3) == Progress(2, 3, Texts(lambda: "de"))
    assert repr(Progress(2, None)) == "Progress(number=2, total=None)"


def test_total_is_known_behind_the_last_condition() -> None:
    journey = fill(begin(Asking), "a", "b")
    shown = {n: journey.progress(journey.bind(n)) for n in ("a", "b", "c")}
    assert (shown["a"].number, shown["a"].total) == (1, None)
    assert (shown["b"].number, shown["b"].total) == (2, 4)
    assert (shown["c"].number, shown["c"].total) == (3, 4)
    assert journey.shown_progress(journey.bind("c")) == shown["c"]


def test_step_that_does_not_apply_is_not_counted() -> None:
    journey = fill(begin(Asking), "a", it="y")
    shown = journey.progress(journey.bind("c"))
    assert (shown.number, shown.total) == (2, 3)
    assert journey.progress(journey.bind("a")).number == 1


def test_steps_that_are_known_to_be_done_are_counted() -> None:
    wizard = declare(
        a=Step(It, when=lambda answers: True), b=Step(It), c=Step(It), check=Review()
    )
    journey = fill(begin(wizard), "a", "b")
    assert journey.progress(journey.current) == Progress(3, 4)


def test_visitor_who_comes_from_the_review_knows_the_total() -> None:
    journey = fill(begin(Asking), "a", "b", "c")
    a = journey.bind("a")
    assert journey.progress(a, from_review=True).total == 4
    assert journey.shown_progress(a, from_review=True) == Progress(1, 4)
    assert journey.shown_progress(a) == Progress(1, None)
    assert journey.progress(a).total is None
    half = fill(begin(Asking), "a")
    assert half.progress(half.bind("a"), from_review=True).total is None


def test_exit_makes_no_total() -> None:
    wizard = declare(
        a=Step(It), no=Exit(when=lambda answers: answers.a.it == "x"), check=Review()
    )
    journey = fill(begin(wizard), "a")
    assert journey.progress(journey.bind("no")) == Progress(2, None)


def test_draft_stands_at_its_first_incomplete_step() -> None:
    journey = fill(begin(Plain), "a")
    assert journey.overall == "Step 2 of 4"
    ((bound, span),) = journey.incomplete
    assert (bound.name, span) == ("b", Span(0, 4))
    assert journey.steps_beside(bound) == range(4)
    instead = journey.instead_of("check")
    assert instead is not None
    assert instead.name == "b"
    assert journey.leads_to is journey.first_incomplete


def test_draft_whose_steps_are_all_done_is_incomplete_nowhere() -> None:
    journey = fill(begin(declare(a=Step(It), b=Step(It))), "a", "b")
    assert journey.incomplete == []
    assert journey.open_review is None
    assert journey.missing == ()


def test_review_is_open_when_all_steps_before_it_are_done() -> None:
    journey = fill(begin(Plain), "a", "b")
    assert journey.open_review is None
    review = fill(journey, "c").open_review
    assert review is not None
    assert review.name == "check"


def test_missing_steps_are_all_behind_the_first_incomplete() -> None:
    assert names(begin(Plain).missing) == ["a", "b", "c"]
    wizard = declare(a=Step(It), b=Step(It), bye=Exit())
    assert names(begin(wizard).missing) == ["a", "b"]


def test_missing_steps_are_those_that_are_certain() -> None:
    wizard = declare(
        a=Step(It),
        b=Step(It, when=lambda answers: True),
        c=Step(It),
        no=Exit(when=lambda answers: False),
        d=Step(It),
        check=Review(),
    )
    assert names(begin(wizard).missing) == ["a", "c", "d"]
    early = fill(begin(wizard), "d")
    assert names(early.missing) == ["a", "c", "d"]
    accepted = replace(early.draft.entries["d"], accepted=True)
    draft = early.draft.with_entries({"d": accepted})
    assert names(begin(wizard, draft).missing) == ["a", "c"]
    whole = fill(begin(wizard), "a", "b", "c", "d")
    assert whole.missing == ()


def test_wizard_of_which_no_step_applies_names_its_steps() -> None:
    wizard = declare(a=Step(It, when=lambda answers: False))
    with pytest.raises(DefinitionError, match="None of the steps a applies"):
        _ = begin(wizard).current


# Hidden answers, and their hash


def test_hash_of_the_answers_is_that_of_the_path() -> None:
    journey = fill(begin(Asking), "a", "b", "c")
    assert len(journey.answers_hash) == 16
    assert later(journey).answers_hash == journey.answers_hash
    assert fill(journey, "a", it="y").answers_hash != journey.answers_hash
    hidden = fill(journey, "a", it="y")
    back = fill(hidden, "a", it="x")
    assert back.answers_hash == journey.answers_hash
    informed = declare(hello=Info(), a=Step(It), check=Review())
    plain = declare(a=Step(It), check=Review())
    told = fill(begin(informed), "hello", "a")
    assert told.answers_hash == fill(begin(plain), "a").answers_hash


def test_hidden_answers_are_noted_with_their_cause() -> None:
    journey = fill(fill(begin(Asking), "a", "b", "c"), "a", it="y")
    assert names(journey.hidden) == ["b"]
    a = journey.bind("a")
    assert journey.hidden_by(a, a) == {"b": "a"}


def test_hidden_answers_that_were_told_before_are_not_told_again() -> None:
    journey = fill(fill(begin(Asking), "a", "b", "c"), "a", it="y")
    draft = replace(journey.draft, unneeded={"b": "c", "gone": "c", "a": "c"})
    told = begin(Asking, draft)
    a = told.bind("a")
    assert told.hidden_by(a, a) == {"b": "", "gone": ""}


def test_step_that_is_open_again_hides_nothing() -> None:
    journey = fill(begin(Asking), "a", "b", "c")
    onward = send(journey, "a", it="")
    a = onward.bind("a")
    assert onward.hidden_by(a, a) == {}


def test_step_whose_answers_were_not_accepted_is_not_noted() -> None:
    journey = fill(begin(Asking), "a")
    journey = later(send(journey, "b", validate=False))
    journey = fill(journey, "a", it="y")
    assert names(journey.hidden) == ["b"]
    found: dict[str, str] = {}
    journey.note_hidden(found, journey.bind("a"))
    assert found == {}


def test_hidden_step_that_was_never_sent_is_not_listed() -> None:
    draft = EMPTY.with_entries({"a": Entry.of({"it": ["y"]}, accepted=True)})
    assert begin(Asking, draft).hidden == ()
