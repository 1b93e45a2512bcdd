"""Kinds of steps that the package does not know, in a journey and in a browser."""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from functools import partial
from typing import Any, ClassVar

import pytest
import wizards
from apps import MakeApp
from msgspec.structs import replace
from visitor import Visitor
from wtforms import BooleanField, Form, StringField

from flask_wizard import Answers, DefinitionError, Review, Row, Step, Submission, Wizard
from flask_wizard.core.answers import Dependencies, Record
from flask_wizard.core.draft import Draft, Entry, Kept, decode, encode
from flask_wizard.core.forms import Values
from flask_wizard.core.journey import Journey, Walk
from flask_wizard.core.steps import AnyStep, BoundStep, Condition, UrlOf


@dataclass(frozen=True, eq=False)
class Note(AnyStep):
    """A page that is only read: done when its Continue was pressed."""

    _: KW_ONLY
    when: Condition | None = None

    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundNote:
        return BoundNote(self, journey, position, entry, reached)


class BoundNote(BoundStep):
    step: Note

    def __init__(
        self,
        step: Note,
        journey: Walk[Any],
        position: int,
        entry: Entry | None,
        reached: bool,
    ) -> None:
        self.step = step
        self.journey = journey
        self.position = position
        self.entry = entry
        self.applies = reached and (step.when is None or bool(step.when(self.answers)))
        self.opens = reached and self.applies

    @property
    def answers(self) -> Answers:
        return Answers(self.journey, self.position, set())

    @property
    def done(self) -> bool:
        return self.entry is not None and self.entry.accepted

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundStep | None:
        if not (validate and self.opens):
            return None
        entry = replace(self.entry or Entry(), accepted=True, rev=self.rev + 1)
        return BoundNote(self.step, self.journey, self.position, entry, self.opens)

    def write_to(self, draft: Kept) -> Kept:
        return draft.with_entries({self.name: self.entry} if self.entry else {})


class AgreeForm(Form):
    agree = BooleanField("I agree")


@dataclass(frozen=True, eq=False)
class Agree(AnyStep):
    """A page with one box that must be ticked; its answer is a word."""

    takes_input: ClassVar[bool] = True
    has_answers: ClassVar[bool] = True

    def bind(
        self, journey: Walk[Any], position: int, entry: Entry | None, *, reached: bool
    ) -> BoundAgree:
        return BoundAgree(self, journey, position, entry, reached)

    def no_answers(self, reads: Dependencies, inside: tuple[str, ...] = ()) -> str:
        return "not yet"


class BoundAgree(BoundStep):
    step: Agree

    def __init__(
        self,
        step: Agree,
        journey: Walk[Any],
        position: int,
        entry: Entry | None,
        reached: bool,
    ) -> None:
        self.step = step
        self.journey = journey
        self.position = position
        self.entry = entry
        self.opens = reached

    @property
    def answers(self) -> Answers:
        return Answers(self.journey, self.position, set())

    @property
    def form(self) -> Form:
        sent = Values(self.entry.raw) if self.entry is not None else None
        form = AgreeForm(sent)
        form.form_errors = self.errors.get("", [])
        return form

    def form_to_show(self) -> Form:
        return self.form

    @property
    def done(self) -> bool:
        return self.entry is not None and self.entry.accepted

    def submit(
        self, values: Values, *, validate: bool, autosave: bool = False
    ) -> BoundStep | None:
        ticked = "agree" in values
        errors = {} if ticked or not validate else {"": ["Tick the box"]}
        entry = Entry.of(
            {"agree": values["agree"]} if ticked else {},
            rev=self.rev + (not autosave),
            accepted=validate and ticked and self.opens,
            errors=errors,
        )
        return BoundAgree(self.step, self.journey, self.position, entry, self.opens)

    def write_to(self, draft: Kept) -> Kept:
        return draft.with_entries({self.name: self.entry} if self.entry else {})

    def would_change(self, values: Values) -> bool:
        return bool(self.form["agree"].data) != ("agree" in values)

    @property
    def submitted(self) -> object | None:
        return self.entry.raw if self.entry is not None else None

    def serialize(self, *inner: str) -> bytes:
        return b"agreed" if self.done else b"absent"

    def record(self, reads: Dependencies) -> Any:
        reads.add((self.name, ""))
        return "agreed" if self.done else self.step.no_answers(reads)

    def data(self) -> Any:
        return {"agreed": self.done}

    def populate(self, obj: Any) -> None:
        obj.agreed = self.done

    def rows(self, url_of: UrlOf) -> list[Row]:
        return [Row(self.name, "agree", "Terms", ("Agreed",), "agree", url_of(self))]


class You(Form):
    name = StringField("Name")


declare = partial(wizards.declare, "Join")


class Hooks:
    handed: ClassVar[list[Submission]] = []

    def commit(self, submission: Submission) -> None:
        self.handed.append(submission)


def is_ada(answers: Answers) -> bool:
    return bool(answers.you.name == "Ada")


@pytest.fixture
def wizard() -> type[Wizard]:
    Hooks.handed.clear()
    return declare(
        Hooks,
        you=Step(You),
        note=Note(title="Please note", when=is_ada),
        terms=Agree(title="Terms"),
        last=Step(You, when=lambda answers: answers.terms == "agreed"),
        check=Review(),
    )


def walked(wizard: type[Wizard], *sends: tuple[str, dict[str, list[str]]]) -> Journey:
    """A draft that was sent these steps, each in a request of its own."""
    draft = Draft("d", "m", (), 0.0, 0.0, "s")
    for name, values in sends:
        onward = Journey(wizard.steps, draft).submit(
            name, Values(values), validate=True
        )
        draft = decode(encode(onward.to_draft()))
    return Journey(wizard.steps, draft)


YOU = ("you", {"name": ["Ada"]})
NOTE: tuple[str, dict[str, list[str]]] = ("note", {})
TERMS = ("terms", {"agree": ["y"]})
LAST = ("last", {"name": ["x"]})


def path(journey: Journey) -> list[str]:
    return [bound.name for bound in journey.path]


# In a journey


def test_foreign_step_stands_where_it_is_declared(wizard: type[Wizard]) -> None:
    assert wizard.steps.names == ("you", "note", "terms", "last", "check")


def test_foreign_step_is_asked(wizard: type[Wizard]) -> None:
    assert path(walked(wizard, YOU)) == ["you", "note"]


def test_foreign_step_is_done_by_its_own_rule(wizard: type[Wizard]) -> None:
    assert path(walked(wizard, YOU, NOTE, ("terms", {}))) == ["you", "note", "terms"]
    assert path(walked(wizard, YOU, NOTE, TERMS)) == ["you", "note", "terms", "last"]


def test_foreign_step_that_does_not_apply_is_skipped(wizard: type[Wizard]) -> None:
    journey = walked(wizard, ("you", {"name": ["Bob"]}))
    assert path(journey) == ["you", "terms"]


def test_only_kept_values_leave_a_foreign_step_open(wizard: type[Wizard]) -> None:
    journey = walked(wizard, YOU, NOTE)
    kept = journey.submit("terms", Values(TERMS[1]), validate=False)
    assert path(kept) == ["you", "note", "terms"]
    assert kept.draft.entries["terms"].raw == TERMS[1]


def test_conditions_read_answers_of_a_foreign_kind(wizard: type[Wizard]) -> None:
    agreed, open_yet = walked(wizard, YOU, NOTE, TERMS), walked(wizard, YOU)
    assert (path(agreed)[-1], agreed.answers.terms) == ("last", "agreed")
    assert (path(open_yet)[-1], open_yet.answers.terms) == ("note", "not yet")


def test_step_without_answers_is_not_among_them(wizard: type[Wizard]) -> None:
    assert list(walked(wizard).answers) == ["you", "terms", "last"]


def test_readers_remember_an_answer_of_a_foreign_kind(wizard: type[Wizard]) -> None:
    journey = walked(wizard, YOU, NOTE, TERMS, LAST)
    last = journey.get("last")
    assert last is not None
    assert not last.outdated
    other = replace(last.entry or Entry(), read=(), read_digest=b"")
    before = Journey(wizard.steps, journey.draft.with_entries({"last": other}))
    outdated = before.get("last")
    assert outdated is not None
    assert outdated.outdated


def test_foreign_answers_count_in_the_hash_of_answers(wizard: type[Wizard]) -> None:
    before, after = walked(wizard, YOU, NOTE), walked(wizard, YOU, NOTE, TERMS)
    assert before.answers_hash != after.answers_hash


def test_answers_of_a_foreign_kind_are_handed_to_commit(wizard: type[Wizard]) -> None:
    submission = Submission.of(walked(wizard, YOU, NOTE, TERMS, LAST))
    assert submission.data["terms"] == {"agreed": True}
    assert "note" not in submission.data


def test_foreign_kind_sets_its_answers_on_an_object(wizard: type[Wizard]) -> None:
    class Member:
        agreed = False

    Submission.of(walked(wizard, YOU, NOTE, TERMS, LAST)).populate(member := Member())
    assert member.agreed


def test_wizard_needs_more_than_a_review() -> None:
    with pytest.raises(DefinitionError, match="has no steps"):
        declare(Hooks, check=Review())


def test_class_of_a_foreign_kind_is_no_step() -> None:
    with pytest.raises(DefinitionError, match=r"Call it: `note = Note\(...\)`"):
        declare(Hooks, you=Step(You), note=Note)


def test_foreign_step_that_waits_for_somebody_else_ends_the_walk(
    wizard: type[Wizard],
) -> None:
    held = Draft("d", "m", (), 0.0, 0.0, "s").add_holder(0.0, marks=[b"holder"])
    shared, _ = held.share("l", steps=["you"], sees=[], until=9.0)
    journey = Journey(wizard.steps, shared.with_entries({"note": Entry(accepted=True)}))
    note = journey.bind("note")
    assert (note.waits_for, note.done) == (("you",), True)
    assert journey.get("terms") is None
    assert journey.first_incomplete is note


# A review


def test_review_is_not_done_before_it_is_confirmed(wizard: type[Wizard]) -> None:
    review = walked(wizard, YOU, NOTE, TERMS, LAST).current
    assert (review.name, review.done) == ("check", False)


def test_confirmed_review_is_done_in_that_journey(wizard: type[Wizard]) -> None:
    journey = walked(wizard, YOU, NOTE, TERMS, LAST)
    onward = journey.submit("check", Values(), validate=True)
    review = onward.get("check")
    assert review is not None
    assert review.done
    assert onward.next(review) is None
    assert onward.first_incomplete is None


def test_confirmed_review_is_open_in_the_next_request(wizard: type[Wizard]) -> None:
    journey = walked(wizard, YOU, NOTE, TERMS, LAST, ("check", {}))
    assert journey.first_incomplete is not None
    assert journey.first_incomplete.name == "check"


@pytest.mark.parametrize("validate", [True, False])
def test_review_that_is_sent_drops_its_messages(
    wizard: type[Wizard], validate: bool
) -> None:
    journey = walked(wizard, YOU, NOTE, TERMS, LAST)
    draft = journey.current.reject(journey.draft, {"": ["Not now"]})
    blamed = Journey(wizard.steps, draft)
    assert blamed.current.errors == {"": ["Not now"]}
    onward = blamed.submit("check", Values(), validate=validate)
    assert "check" not in onward.draft.entries


def test_review_that_does_not_open_is_not_confirmed(wizard: type[Wizard]) -> None:
    onward = walked(wizard, YOU).submit("check", Values(), validate=True)
    assert path(onward) == ["you", "note"]


def test_review_alone_lists_the_answers(wizard: type[Wizard]) -> None:
    listing = [step.name for step in wizard.steps if step.lists_answers]
    assert listing == ["check"]


def test_answers_of_a_step_without_input_cannot_change(wizard: type[Wizard]) -> None:
    journey = walked(wizard, YOU, NOTE, TERMS, LAST)
    assert not journey.current.would_change(Values({"name": ["x"]}))


def test_record_of_an_unknown_kind_has_no_fields() -> None:
    found = AnyStep.no_answers(Note(name="note"), set())
    assert isinstance(found, Record)
    assert not found


# In a browser


def test_foreign_steps_are_walked_in_a_browser(
    wizard: type[Wizard], make_app: MakeApp
) -> None:
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(name="Ada")
    assert visitor.page.heading == "Please note"
    visitor.press()
    assert visitor.page.value("agree") is None
    assert visitor.press().errors == ["Tick the box"]
    visitor.fill(agree="y")
    assert visitor.page.path.endswith("/last")
    visitor.fill(name="x")
    assert ("Terms", "Agreed") in visitor.page.rows
    visitor.press()
    assert Hooks.handed[0].data["terms"] == {"agreed": True}


def test_what_is_only_read_is_not_begun_anew(
    wizard: type[Wizard], make_app: MakeApp
) -> None:
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(name="Ada")
    url = visitor.page.path.replace(visitor.draft, "/join/AAAAAAAAAAAAAAAAAAAAAA/")
    answer = visitor.post(url)
    assert (answer.status_code, answer.location) == (303, url)
    assert visitor.get(url).status_code == 404
