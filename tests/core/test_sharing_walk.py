"""A walk that passes over the steps of somebody else, and stops at what reads them."""

from __future__ import annotations

from contextlib import suppress
from functools import partial

import pytest
import wizards
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Answers, Review, Step, Wizard
from flask_wizard.core.answers import Suspended
from flask_wizard.core.draft import Draft, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey

declare = partial(wizards.declare, "Apply", commit=lambda self, submission: None)


class It(Form):
    it = StringField("It", [InputRequired()])


def shared_draft(*steps: str, until: float = 9e9) -> Draft:
    """A draft of somebody with a place for a guest in these steps."""
    draft = Draft(
        id="d", mount="m", packed_holders=(), created=0.0, updated=0.0, submission="s"
    )
    held = draft.add_holder(0.0, marks=[b"holder"])
    return held.share("link", steps=steps, sees=(), until=until)[0]


def filled(journey: Journey, *names: str) -> Journey:
    for name in names:
        journey = journey.submit(name, Values({"it": [name]}), validate=True)
        journey = Journey(journey.steps, decode(encode(journey.to_draft())))
    return journey


def needs(name: str, how: str) -> Step:
    """A step that reads another one."""

    def swallowed(form: Form, answers: Answers) -> None:
        with suppress(BaseException):
            _ = answers[name].it

    def reads(answers: Answers) -> bool:
        return bool(answers[name].it != "nobody enters this")

    def prepare(form: Form, answers: Answers) -> None:
        reads(answers)

    def arguments(answers: Answers) -> dict[str, str]:
        return {"prefix": ""} if reads(answers) else {}

    return {
        "when": Step(It, when=reads),
        "prepare": Step(It, prepare=prepare),
        "kwargs": Step(It, kwargs=arguments),
        "form": Step(lambda answers: It if reads(answers) else Form),
        "swallowed": Step(It, prepare=swallowed),
    }[how]


HOW = ("when", "prepare", "kwargs", "form", "swallowed")


@given(
    length=st.integers(2, 6),
    shared=st.sets(st.integers(0, 5)),
    reading=st.dictionaries(
        st.integers(1, 5), st.tuples(st.integers(0, 4), st.sampled_from(HOW))
    ),
    done=st.sets(st.integers(0, 5)),
)
def test_gate_passes_over_shared_steps_and_stops_at_their_readers(
    length: int,
    shared: set[int],
    reading: dict[int, tuple[int, str]],
    done: set[int],
) -> None:
    names = [f"s{n}" for n in range(length)]
    steps = {
        names[n]: needs(names[reading[n][0]], reading[n][1])
        if n in reading and reading[n][0] < n
        else Step(It)
        for n in range(length)
    }
    wizard: type[Wizard] = declare(**steps, check=Review())
    own = {names[n] for n in shared if n < length}
    journey = Journey(wizard.steps, shared_draft(*sorted(own)))
    for name in names:  # each is filled in as soon as it opens, if it is at all
        opens = journey.get(name) is not None
        if opens and names.index(name) in done:
            journey = filled(journey, name)
    # By a simple model: what is done, and what is waited for.
    have: set[str] = set()
    stops = None
    for n, name in enumerate(names):
        source = reading.get(n, (n, ""))[0]
        read = names[source] if source < n else None
        if read is not None and read in own and read not in have:
            stops = name
            break
        if n in done:
            have.add(name)
        elif name not in own:
            stops = name
            break
    met = [bound.name for bound in journey.met]
    opened = [name for name in names if journey.get(name) is not None]
    at_end = stops is None
    assert met[-1] == ("check" if at_end else stops)
    waits = {bound.name: bound.waits_for for bound in journey.met if bound.waits_for}
    missing = tuple(n for n in names if n in own and n not in have)
    if at_end:
        assert opened == names
        assert waits == ({"check": missing} if missing else {})
        assert (journey.get("check") is None) == bool(missing)
    else:
        before = names[: names.index(str(stops))]
        assert [n for n in opened if n != stops] == before
        assert set(waits) <= {stops}
        assert (stops in opened) == (not waits)
    awaited = [step.name for step in journey.awaited]
    assert awaited == [n for n in missing if n in met]
    assert journey.to_draft().entries.keys() == have


@pytest.mark.parametrize("how", HOW)
def test_reader_goes_on_when_the_part_is_there_and_waits_when_it_is_gone(
    how: str,
) -> None:
    wizard = declare(
        you=Step(It), other=Step(It), reader=needs("other", how), check=Review()
    )
    journey = filled(Journey(wizard.steps, shared_draft("other")), "you")
    assert journey.get("reader") is None
    assert journey.bind("reader").waits_for == ("other",)
    journey = filled(journey, "other", "reader")
    assert journey.get("check") is not None
    gone = journey.submit("other", Values({"it": [""]}), validate=True)
    assert gone.get("check") is None
    again = Journey(wizard.steps, gone.to_draft())
    assert again.bind("reader").waits_for == ("other",)


def test_pages_and_the_review_read_a_missing_part_as_falsy() -> None:
    wizard = declare(you=Step(It), other=Step(It), last=Step(It), check=Review())
    journey = filled(Journey(wizard.steps, shared_draft("other")), "you", "last")
    assert not journey.bind("last").answers.other
    assert not journey.answers.other
    with pytest.raises(Suspended):
        _ = Answers(journey, 3, set()).other


def test_suspended_is_no_exception_of_the_application() -> None:
    assert not issubclass(Suspended, Exception)


def test_step_without_a_guest_is_passed_over_by_nobody() -> None:
    wizard = declare(you=Step(It), other=Step(It), last=Step(It))
    draft = shared_draft("other", until=10.0)
    assert draft.without_expired_guests(9.0) is draft
    ended = draft.without_expired_guests(10.0)
    assert len(ended.packed_holders) == 1
    journey = filled(Journey(wizard.steps, ended), "you")
    assert journey.get("last") is None


def test_marks_of_guests_and_holders_are_apart() -> None:
    draft = shared_draft("other").take_place(1.0, "link", b"guest")
    assert draft.re_mark([b"guest"]) is None
    assert [guest.steps for guest in draft.places_of([b"guest"])] == [("other",)]
    assert draft.places_of([b"holder"]) == []
    assert draft.places_of([b""]) == draft.places_of([]) == []
    moved = draft.re_mark_guest([b"user", b"guest"], b"user")
    assert moved.packed_holders[0] == draft.packed_holders[0]
    assert [guest.mark for guest in moved.guests] == [b"user"]
    assert moved.re_mark_guest([b"user"], b"user") is moved
    unknown = replace(draft, packed_holders=draft.packed_holders)
    assert unknown.revoke_links().guests == ()
