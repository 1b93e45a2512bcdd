"""A draft walked through a wizard: path, frontier, gate, and what a step remembers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any

import msgspec
import pytest
import wizards
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import Form, ValidationError, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import (
    Answers,
    DefinitionError,
    Review,
    Step,
    UnknownNameError,
    UnreadableDraftError,
    Wizard,
)
from flask_wizard.core.draft import Draft, Entry, decode, encode
from flask_wizard.core.forms import UNUSABLE, FieldNames, Values
from flask_wizard.core.journey import Initial, Journey
from flask_wizard.core.steps import BoundStep

SECRET = "canary-4711"


class You(Form):
    name = fields.StringField("Name")
    age = fields.IntegerField("Age", [validators.InputRequired("Enter your age")])


class Guardian(Form):
    guardian = fields.StringField("Guardian", [validators.InputRequired("Who?")])


class Pet(Form):
    pet = fields.StringField("Pet")


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


Join = declare(
    you=Step(You),
    guardian=Step(Guardian, when=is_minor),
    pet=Step(Pet),
    check=Review(),
)


def begin(wizard: type[Wizard] = Join, draft: Draft = EMPTY) -> Journey:
    return Journey(wizard.steps, draft)


def later(journey: Journey, wizard: type[Wizard] | None = None) -> Journey:
    """The same draft in the next request, maybe after a deploy."""
    kept = decode(encode(journey.to_draft()))
    return Journey(wizard.steps if wizard else journey.steps, kept)


def values(**sent: str | list[str]) -> Values:
    listed = (
        (name.replace("__", "-"), [v] if isinstance(v, str) else v)
        for name, v in sent.items()
    )
    return Values(listed)


def submit(journey: Journey, name: str, accept: bool = True, /, **sent: Any) -> Journey:
    """One POST, and the next request."""
    return later(journey.submit(name, values(**sent), validate=accept))


def early(journey: Journey, name: str, *names: str, **sent: str) -> Journey:
    """A POST of a page that has named its fields, when its step is not open."""
    found = values(**sent)
    found.names = FieldNames(names)
    return later(journey.submit(name, found, validate=True))


def walk(wizard: type[Wizard], /, **steps: dict[str, str]) -> Journey:
    """Continue through steps, each a request of its own."""
    journey = begin(wizard)
    for name, sent in steps.items():
        journey = submit(journey, name, **sent)
    return journey


def path(journey: Journey) -> list[str]:
    return [place.step.name for place in journey.path]


def done(journey: Journey) -> list[str]:
    return [place.step.name for place in journey.path if place.done]


def form_of(bound: BoundStep) -> Form:
    assert bound.form is not None
    return bound.form


ADULT = {"you": {"name": "Ada", "age": "40"}}
MINOR = {"you": {"name": "Ada", "age": "7"}}
WHOLE = {**MINOR, "guardian": {"guardian": "Eve"}, "pet": {"pet": "Rex"}}


# The path


def test_path_of_an_empty_draft_is_its_first_step() -> None:
    assert path(begin()) == ["you"]


def test_path_ends_at_the_frontier() -> None:
    assert path(walk(Join, **ADULT)) == ["you", "pet"]


def test_frontier_is_the_first_step_not_done() -> None:
    frontier = walk(Join, **MINOR).first_incomplete
    assert frontier is not None
    assert frontier.step.name == "guardian"


def test_review_is_never_done() -> None:
    assert path(walk(Join, **WHOLE)) == ["you", "guardian", "pet", "check"]
    assert done(walk(Join, **WHOLE)) == ["you", "guardian", "pet"]


def test_wizard_without_review_has_no_frontier_in_the_end() -> None:
    straight = declare(you=Step(You))
    assert walk(straight, **ADULT).first_incomplete is None


def test_visitor_stands_at_the_last_step_when_all_are_done() -> None:
    assert walk(declare(you=Step(You)), **ADULT).current.step.name == "you"


def test_hidden_step_is_skipped() -> None:
    assert path(walk(Join, **ADULT, pet={"pet": ""})) == ["you", "pet", "check"]


def test_conditions_run_only_when_all_earlier_steps_are_done() -> None:
    calls: list[bool] = []

    def asks(answers: Answers) -> bool:
        calls.append(bool(answers.one and answers.two))
        return True

    wizard = declare(one=Step(Pet), two=Step(Pet), three=Step(Pet, when=asks))
    halfway = walk(wizard, one={"pet": "x"})
    assert path(halfway) == ["one", "two"]
    assert calls == []
    assert path(submit(halfway, "two", pet="x")) == ["one", "two", "three"]
    assert set(calls) == {True}


def test_condition_does_not_run_for_a_step_posted_too_early() -> None:
    def makes(answers: Answers) -> type[Form]:
        return Pet if answers.two else Guardian

    def asks(answers: Answers) -> bool:
        calls.append(bool(answers.one))
        return True

    calls: list[bool] = []
    wizard = declare(one=Step(Pet), two=Step(Pet, when=asks), three=Step(makes))
    submit(begin(wizard), "three", pet="x")
    assert calls == []


def test_wizard_of_which_no_step_applies_is_the_developers_mistake() -> None:
    wizard = declare(you=Step(You, when=lambda answers: False))
    with pytest.raises(DefinitionError, match="you"):
        _ = begin(wizard).current


def test_condition_that_reads_a_later_step_is_an_error() -> None:
    wizard = declare(you=Step(You, when=lambda answers: answers.pet), pet=Step(Pet))
    with pytest.raises(UnknownNameError, match="'you' reads the answers of 'pet'"):
        _ = begin(wizard).path


def test_condition_cannot_read_its_own_step() -> None:
    wizard = declare(you=Step(You, when=lambda answers: answers.you))
    with pytest.raises(UnknownNameError, match="can read are: none"):
        _ = begin(wizard).path


def test_hidden_last_step_is_no_frontier() -> None:
    wizard = declare(you=Step(You), guardian=Step(Guardian, when=is_minor))
    assert walk(wizard, **ADULT).first_incomplete is None


# The gate


def test_step_opens_when_all_before_it_are_done() -> None:
    assert walk(Join, **MINOR).get("guardian")


@pytest.mark.parametrize("name", ["pet", "check", "nothing"])
def test_step_behind_the_frontier_stays_shut(name: str) -> None:
    assert walk(Join, **MINOR).get(name) is None


def test_hidden_step_stays_shut() -> None:
    assert walk(Join, **ADULT).get("guardian") is None


def test_earlier_step_stays_open() -> None:
    assert walk(Join, **WHOLE).get("you")


def test_step_before_skips_hidden_ones() -> None:
    journey = walk(Join, **ADULT)
    pet = journey.get("pet")
    assert pet is not None
    before = journey.previous(pet)
    assert before is not None
    assert before.step.name == "you"


def test_nothing_is_before_the_first_step() -> None:
    journey = begin()
    assert journey.previous(journey.current) is None


def test_step_after_skips_hidden_ones() -> None:
    journey = walk(Join, **ADULT)
    after = journey.next(journey.path[0])
    assert after is not None
    assert after.step.name == "pet"


def test_step_after_is_the_next_one() -> None:
    journey = walk(Join, **MINOR)
    after = journey.next(journey.path[0])
    assert after is not None
    assert after.step.name == "guardian"


def test_nothing_is_after_the_last_step() -> None:
    journey = walk(Join, **WHOLE)
    assert journey.next(journey.current) is None


# Hidden answers


def test_hidden_answers_stay_in_the_draft() -> None:
    journey = submit(walk(Join, **WHOLE), "you", age="40")
    assert path(journey) == ["you", "pet", "check"]
    assert [place.step.name for place in journey.hidden] == ["guardian"]


def test_hidden_answers_of_the_first_step_are_found() -> None:
    wizard = declare(you=Step(You, when=lambda answers: False), pet=Step(Pet))
    journey = later(walk(Join, **ADULT), wizard)
    assert [place.step.name for place in journey.hidden] == ["you"]


def test_hidden_step_without_answers_is_not_listed() -> None:
    assert walk(Join, **ADULT, pet={"pet": "x"}).hidden == ()


def test_hidden_answers_come_back() -> None:
    journey = submit(walk(Join, **WHOLE), "you", age="40")
    journey = submit(journey, "you", age="8")
    assert done(journey) == ["you", "guardian", "pet"]
    assert journey.answers.guardian.guardian == "Eve"


def test_hidden_answers_are_invisible_to_later_conditions() -> None:
    seen: list[tuple[bool, object]] = []

    def asks(answers: Answers) -> bool:
        seen.append((bool(answers.guardian), answers.guardian.guardian))
        return True

    wizard = declare(
        you=Step(You), guardian=Step(Guardian, when=is_minor), pet=Step(Pet, when=asks)
    )
    journey = walk(wizard, **MINOR, guardian={"guardian": "Eve"})
    assert path(journey)[-1] == "pet"
    _ = submit(journey, "you", age="40").path
    assert seen == [(True, "Eve"), (False, None)]


def test_step_hidden_by_a_hidden_step_is_skipped() -> None:
    wizard = declare(
        you=Step(You),
        guardian=Step(Guardian, when=is_minor),
        pet=Step(Pet, when=lambda answers: answers.guardian.guardian == "Eve"),
        check=Review(),
    )
    journey = walk(wizard, **WHOLE)
    assert path(submit(journey, "you", age="40")) == ["you", "check"]


# What is accepted, and what is only kept


def test_valid_values_make_a_step_done() -> None:
    assert done(walk(Join, **ADULT)) == ["you"]


def test_invalid_values_are_kept_with_their_errors() -> None:
    entry = walk(Join, you={"name": "Ada", "age": "x"}).draft.entries["you"]
    assert entry.raw == {"name": ["Ada"], "age": ["x"]}
    assert list(entry.errors) == ["age"]
    assert not entry.accepted


def test_kept_values_are_not_validated() -> None:
    entry = submit(begin(), "you", False, age="x").draft.entries["you"]
    assert (entry.raw, entry.errors) == ({"age": ["x"]}, {})


def test_saved_with_other_values_reopens() -> None:
    journey = submit(walk(Join, **WHOLE), "you", False, name="Ada", age="8")
    assert path(journey) == ["you"]


def test_saved_unchanged_stays_done() -> None:
    journey = walk(Join, **WHOLE)
    journey = submit(journey, "you", False, **WHOLE["you"])
    assert done(journey) == ["you", "guardian", "pet"]


def test_saved_twice_with_other_values_stays_open() -> None:
    journey = walk(Join, **WHOLE)
    for _ in range(2):
        journey = submit(journey, "you", False, name="Ada", age="8")
    assert done(journey) == []


def test_saving_clears_the_errors_of_the_last_try() -> None:
    journey = walk(Join, you={"age": "x"})
    assert submit(journey, "you", False, age="x").draft.entries["you"].errors == {}


def test_step_that_does_not_open_is_kept_unaccepted() -> None:
    journey = submit(begin(), "pet", pet="Rex")
    assert journey.draft.entries["pet"].raw == {"pet": ["Rex"]}
    assert not journey.draft.entries["pet"].accepted


def test_values_sent_too_early_clear_the_errors_of_the_last_try() -> None:
    journey = walk(Join, **MINOR, guardian={"guardian": ""})
    assert journey.draft.entries["guardian"].errors
    journey = submit(journey, "you", False, age="8")
    journey = submit(journey, "guardian", guardian="")
    assert journey.draft.entries["guardian"].errors == {}


def test_step_posted_too_early_is_asked_when_its_turn_comes() -> None:
    journey = submit(begin(), "pet", pet="Rex")
    assert path(submit(journey, "you", age="40")) == ["you", "pet"]


def test_form_that_needs_missing_answers_is_not_kept() -> None:
    wizard = declare(
        you=Step(You),
        more=Step(lambda answers: Pet if answers.you.age < 18 else Guardian),
    )
    assert submit(begin(wizard), "more", pet="Rex").draft.entries == {}


@pytest.mark.parametrize("accept", [True, False])
def test_every_write_raises_the_revision(accept: bool) -> None:
    journey = submit(begin(), "you", age="40")
    again = submit(journey, "you", accept, age="41")
    assert again.draft.entries["you"].rev == 2


def test_autosave_keeps_the_revision() -> None:
    journey = submit(begin(), "you", age="40")
    moved = journey.submit("you", values(age="41"), validate=False, autosave=True)
    assert moved.draft.entries["you"].rev == 1
    assert moved.draft.entries["you"].raw == {"age": ["41"]}


def test_never_visited_optional_step_is_still_asked() -> None:
    assert path(walk(Join, **ADULT))[-1] == "pet"


def test_step_of_unticked_boxes_is_done_once_posted() -> None:
    boxes = type("Boxes", (Form,), {"ok": fields.BooleanField(default=True)})
    wizard = declare(boxes=Step(boxes), check=Review())
    journey = walk(wizard, boxes={})
    assert done(journey) == ["boxes"]
    assert form_of(journey.path[0])["ok"].data is False


def test_journey_goes_on_within_the_same_request() -> None:
    journey = begin()
    for name, sent in WHOLE.items():
        journey = journey.submit(name, values(**sent), validate=True)
    assert path(journey) == ["you", "guardian", "pet", "check"]


def test_earlier_step_posted_again_keeps_later_answers() -> None:
    journey = submit(walk(Join, **WHOLE), "you", name="Bob", age="7")
    assert done(journey) == ["you", "guardian", "pet"]


# Rule 7: what a step read


COLOURS = {"cat": ["black", "grey"], "dog": ["black", "brown"]}


class Kind(Form):
    kind = fields.StringField()
    note = fields.StringField()


class Colour(Form):
    colour = fields.SelectField(choices=[])


def offer(form: Any, answers: Answers) -> None:
    form.colour.choices = [SelectChoice(c) for c in COLOURS[answers.kind.kind]]


def is_offered(form: Any, field: fields.Field) -> None:
    if field.data not in COLOURS[form.meta.answers.kind.kind]:
        raise ValidationError("We have none of this colour.")


def colours_for(answers: Answers) -> type[Form]:
    choices = [SelectChoice(c) for c in COLOURS[answers.kind.kind]]
    return type("Chosen", (Form,), {"colour": fields.SelectField(choices=choices)})


class Checked(Form):
    colour = fields.StringField(validators=[is_offered])


class Nested(Form):
    colour = fields.FormField(Checked)


READERS = {
    "prepare": Step(Colour, prepare=offer),
    "form function": Step(colours_for),
    "validator": Step(Checked),
}
readers = pytest.mark.parametrize("reader", READERS.values(), ids=READERS)


def coloured(reader: Step, colour: str) -> Journey:
    wizard = declare(kind=Step(Kind), colour=reader, last=Step(Pet), check=Review())
    return walk(
        wizard, kind={"kind": "cat"}, colour={"colour": colour}, last={"pet": "x"}
    )


@readers
def test_unchanged_answer_leaves_its_readers_done(reader: Step) -> None:
    journey = submit(coloured(reader, "grey"), "kind", kind="cat")
    assert done(journey) == ["kind", "colour", "last"]


@readers
def test_changed_answer_that_still_fits_asks_nothing(reader: Step) -> None:
    journey = submit(coloured(reader, "black"), "kind", kind="dog")
    assert done(journey) == ["kind", "colour", "last"]


@readers
def test_changed_answer_that_no_longer_fits_reopens_its_reader(reader: Step) -> None:
    journey = submit(coloured(reader, "grey"), "kind", kind="dog")
    assert path(journey) == ["kind", "colour"]


@readers
def test_reopened_reader_is_done_again_when_the_answer_comes_back(reader: Step) -> None:
    journey = submit(coloured(reader, "grey"), "kind", kind="dog")
    journey = submit(journey, "kind", kind="cat")
    assert done(journey) == ["kind", "colour", "last"]


@readers
def test_answer_that_was_not_read_may_change(reader: Step) -> None:
    journey = submit(coloured(reader, "grey"), "kind", kind="cat", note="new")
    place = journey.get("colour")
    assert place is not None
    assert not place.outdated


def test_nested_forms_validator_reads_earlier_answers() -> None:
    wizard = declare(kind=Step(Kind), colour=Step(Nested), check=Review())
    journey = walk(wizard, kind={"kind": "cat"}, colour={"colour__colour": "grey"})
    assert done(journey) == ["kind", "colour"]
    assert path(submit(journey, "kind", kind="dog")) == ["kind", "colour"]


def test_reader_that_still_fits_remembers_the_new_answer() -> None:
    journey = submit(coloured(READERS["prepare"], "black"), "kind", kind="dog")
    assert path(journey)[-1] == "check"
    place = later(journey).get("colour")
    assert place is not None
    assert not place.outdated


def test_reader_that_still_fits_remembers_what_else_it_reads_now() -> None:
    def demands(form: Any, answers: Answers) -> None:
        if answers.kind.kind == "dog":
            form.pet.validators = [validators.AnyOf([answers.kind.note])]

    wizard = declare(kind=Step(Kind), pet=Step(Pet, prepare=demands), check=Review())
    journey = walk(wizard, kind={"kind": "cat"}, pet={"pet": "Rex"})
    journey = submit(journey, "kind", kind="dog", note="Rex")
    assert path(journey)[-1] == "check"
    assert path(submit(later(journey), "kind", kind="dog", note="Max"))[-1] == "pet"


def test_answer_that_its_condition_read_makes_a_step_stale() -> None:
    journey = submit(walk(Join, **WHOLE), "you", name="Ada", age="8")
    place = journey.get("guardian")
    assert place is not None
    assert place.outdated


def test_answer_under_another_html_name_is_remembered() -> None:
    other = type("Other", (Form,), {"kind": fields.StringField(name="type")})
    wizard = declare(
        kind=Step(other), colour=Step(Colour, prepare=offer), check=Review()
    )
    journey = walk(wizard, kind={"type": "cat"}, colour={"colour": "grey"})
    assert done(journey) == ["kind", "colour"]
    assert path(submit(journey, "kind", type="dog")) == ["kind", "colour"]


def test_nested_answer_is_remembered() -> None:
    outer = type("Outer", (Form,), {"pet": fields.FormField(Kind)})

    def offers(form: Any, answers: Answers) -> None:
        form.colour.choices = [SelectChoice(c) for c in COLOURS[answers.kind.pet.kind]]

    wizard = declare(
        kind=Step(outer), colour=Step(Colour, prepare=offers), check=Review()
    )
    journey = walk(wizard, kind={"pet__kind": "cat"}, colour={"colour": "grey"})
    assert path(submit(journey, "kind", pet__kind="dog")) == ["kind", "colour"]


def test_list_that_was_read_is_remembered() -> None:
    listed = type("Listed", (Form,), {"kinds": fields.FieldList(fields.StringField())})

    def offers(form: Any, answers: Answers) -> None:
        form.colour.choices = [
            SelectChoice(c) for k in answers.kind.kinds for c in COLOURS[k]
        ]

    wizard = declare(
        kind=Step(listed), colour=Step(Colour, prepare=offers), check=Review()
    )
    journey = walk(wizard, kind={"kinds__0": "cat"}, colour={"colour": "grey"})
    assert path(submit(journey, "kind", kinds__0="dog")) == ["kind", "colour"]


def test_condition_that_turns_true_later_asks_the_step() -> None:
    journey = submit(walk(Join, **ADULT, pet={"pet": "x"}), "you", age="7")
    assert path(journey) == ["you", "guardian"]


def test_answer_read_only_by_its_truth_is_remembered() -> None:
    def offers(form: Any, answers: Answers) -> None:
        found = COLOURS["cat"] if answers.guardian else COLOURS["dog"]
        form.colour.choices = [SelectChoice(c) for c in found]

    wizard = declare(
        you=Step(You),
        guardian=Step(Guardian, when=is_minor),
        colour=Step(Colour, prepare=offers),
        check=Review(),
    )
    steps = {**MINOR, "guardian": {"guardian": "Eve"}, "colour": {"colour": "grey"}}
    journey = walk(wizard, **steps)
    assert path(journey)[-1] == "check"
    assert path(submit(journey, "you", age="40")) == ["you", "colour"]


def test_trusted_step_is_not_judged_again() -> None:
    offered = ["grey"]

    def stocked(form: Any, answers: Answers) -> None:
        form.colour.choices = [SelectChoice(c) for c in offered]

    code = Step(Colour, prepare=stocked, revalidate=False)
    journey = coloured(code, "grey")
    offered.clear()
    journey = later(journey)
    assert done(journey) == ["kind", "colour", "last"]
    assert journey.bind("colour").trusted


class Coded(Form):
    code = fields.StringField()

    def validate_code(self, field: fields.Field) -> None:
        meta: Any = self.meta
        if field.data != meta.answers.kind.kind:
            raise ValidationError("Wrong code")


CODE = {
    "the form": lambda read: Step(Coded, revalidate=False),
    "prepare": lambda read: Step(
        Pet, prepare=lambda form, answers: read(answers), revalidate=False
    ),
    "the condition": lambda read: Step(Pet, when=read, revalidate=False),
    "the form function": lambda read: Step(
        lambda answers: Pet if read(answers) else Longer, revalidate=False
    ),
}


@pytest.mark.parametrize("reader", CODE)
def test_trusted_step_is_asked_again_if_what_it_read_has_changed(reader: str) -> None:
    """A code that confirms one address must not confirm another."""
    step = CODE[reader](lambda answers: answers.kind.kind in ("cat", "dog"))
    wizard = declare(kind=Step(Kind), code=step, check=Review())
    sent = {"code": "cat", "pet": "x"}
    journey = walk(wizard, kind={"kind": "cat"}, code=sent)
    assert path(journey)[-1] == "check"
    changed = submit(journey, "kind", kind="dog")
    assert path(changed) == ["kind", "code"]
    assert changed.bind("code").invalidated
    assert path(submit(changed, "kind", kind="cat"))[-1] == "check"


def test_trusted_step_that_is_asked_again_is_not_judged_to_show_it() -> None:
    def refuse(form: Any, field: Any) -> None:
        raise AssertionError("A code may be used once.")

    form = type("Once", (Form,), {"code": fields.StringField()})
    wizard = declare(
        kind=Step(Kind),
        code=Step(form, prepare=lambda f, a: a.kind.kind, revalidate=False),
        check=Review(),
    )
    journey = walk(wizard, kind={"kind": "cat"}, code={"code": "x"})
    form.validate_code = refuse  # type: ignore[attr-defined]
    bound = submit(journey, "kind", kind="dog").bind("code")
    shown = bound.form_to_show()
    assert shown is not None
    assert shown.errors == {}


def test_trusted_step_is_asked_again_if_its_form_has_other_fields() -> None:
    wizard = declare(pet=Step(Pet, revalidate=False), check=Review())
    other = declare(pet=Step(LongerStill, revalidate=False), check=Review())
    assert path(later(walk(wizard, pet={"pet": "x"}), other)) == ["pet"]


def test_answers_of_a_trusted_step_are_read_without_judging_it() -> None:
    judged: list[str] = []
    code = type(
        "Code",
        (Form,),
        {"code": fields.StringField(validators=[lambda *_: judged.append("once")])},
    )
    wizard = declare(
        code=Step(code, revalidate=False),
        pet=Step(Pet, when=lambda answers: answers.code.code == "x"),
        check=Review(),
    )
    assert path(walk(wizard, code={"code": "x"})) == ["code", "pet"]
    assert judged == ["once"]


# A definition that changes under an open draft


class Renamed(Form):
    pet_name = fields.StringField(validators=[validators.InputRequired()])


class Longer(Pet):
    colour = fields.StringField(validators=[validators.InputRequired("Which?")])


class LongerStill(Pet):
    colour = fields.StringField()


def deployed(**steps: Any) -> Journey:
    changed = {
        "you": Step(You),
        "guardian": Step(Guardian, when=is_minor),
        "pet": Step(Pet),
        "check": Review(),
    }
    changed.update(steps)
    wizard = declare(**{n: s for n, s in changed.items() if s is not None})
    return later(walk(Join, **WHOLE), wizard)


def test_unchanged_definition_asks_nothing() -> None:
    assert path(deployed())[-1] == "check"


def test_changed_form_that_no_longer_fits_is_asked_again() -> None:
    assert path(deployed(pet=Step(Longer))) == ["you", "guardian", "pet"]


def test_changed_form_that_still_fits_asks_nothing() -> None:
    assert path(deployed(pet=Step(LongerStill)))[-1] == "check"


def test_renamed_field_is_asked_again() -> None:
    assert path(deployed(pet=Step(Renamed)))[-1] == "pet"


def test_answers_of_a_changed_form_are_still_there() -> None:
    form = form_of(deployed(pet=Step(Longer)).current)
    assert form["pet"].data == "Rex"


def test_removed_step_is_ignored() -> None:
    assert path(deployed(guardian=None)) == ["you", "pet", "check"]


def test_removed_steps_answers_stay_in_the_draft() -> None:
    journey = deployed(guardian=None)
    assert "guardian" in submit(journey, "pet", pet="Rex").draft.entries


def test_new_step_is_asked() -> None:
    wizard = declare(you=Step(You), added=Step(Kind), pet=Step(Pet), check=Review())
    journey = later(walk(Join, **WHOLE), wizard)
    assert path(journey) == ["you", "added"]
    assert done(submit(journey, "added", kind="cat")) == ["you", "added", "pet"]


def test_damaged_answer_is_no_error_of_the_hook_that_reads_it() -> None:
    """The journey meets it as late as a condition asks for it."""
    whole = walk(Join, **WHOLE).draft
    entry = replace(whole.entries["you"], packed=msgspec.Raw(b"\x05"))
    wizard = declare(
        you=Step(You),
        pet=Step(Pet, when=lambda answers: answers.you.age),
        check=Review(),
    )
    with pytest.raises(UnreadableDraftError):
        path(begin(wizard, whole.with_entries({"you": entry})))


def test_unknown_fields_are_ignored() -> None:
    entry = Entry.of({"pet": ["Rex"], "old": ["x"]}, accepted=True)
    draft = EMPTY.with_entries({"pet": entry})
    wizard = declare(pet=Step(Pet), check=Review())
    assert path(begin(wizard, draft)) == ["pet", "check"]


# Progress


def progress(journey: Journey) -> str:
    return journey.progress(journey.current).text


def test_total_is_left_out_while_a_later_step_is_uncertain() -> None:
    assert progress(begin()) == "Step 1"


def test_total_is_told_when_it_is_certain() -> None:
    assert progress(walk(Join, **MINOR)) == "Step 2 of 4"


def test_hidden_step_is_not_counted() -> None:
    assert progress(walk(Join, **ADULT)) == "Step 2 of 3"


def test_wizard_without_conditions_has_a_total_at_once() -> None:
    assert progress(begin(declare(you=Step(You), pet=Step(Pet)))) == "Step 1 of 2"


def test_earlier_steps_keep_their_number() -> None:
    journey = walk(Join, **WHOLE)
    numbers = [journey.progress(place).number for place in journey.path]
    assert numbers == [1, 2, 3, 4]


# Initial data, hooks


def initial_of(**data: object) -> Initial:
    return lambda name, answers: data.get(name)


def test_initial_data_fill_an_unseen_step() -> None:
    initial = initial_of(you={"name": "Ada"})
    journey = Journey(Join.steps, EMPTY, initial=initial)
    assert form_of(journey.current)["name"].data == "Ada"


def test_initial_data_fill_the_step_after_one_just_sent() -> None:
    initial = initial_of(pet={"pet": "Rex"})
    journey = Journey(Join.steps, EMPTY, initial=initial)
    sent = values(**ADULT["you"])
    journey = journey.submit("you", sent, validate=True)
    assert form_of(journey.current)["pet"].data == "Rex"


def test_initial_data_do_not_return_once_a_step_was_sent() -> None:
    initial = initial_of(you={"name": "Ada"})
    kept = submit(begin(), "you", False, name="").draft
    journey = Journey(Join.steps, kept, initial=initial)
    assert form_of(journey.current)["name"].data == ""


def test_form_function_chooses_the_form() -> None:
    wizard = declare(
        you=Step(You),
        more=Step(lambda answers: Guardian if is_minor(answers) else Pet),
    )
    assert isinstance(walk(wizard, **MINOR).current.form, Guardian)
    assert isinstance(walk(wizard, **ADULT).current.form, Pet)


def test_prepare_sets_the_choices() -> None:
    wizard = declare(kind=Step(Kind), colour=Step(Colour, prepare=offer))
    form: Any = walk(wizard, kind={"kind": "dog"}).current.form
    assert [choice.value for choice in form.colour.iter_choices()] == COLOURS["dog"]


def test_prepare_may_change_a_validator() -> None:
    def demands(form: Any, answers: Answers) -> None:
        form.pet.validators = [validators.InputRequired("Say it")]

    wizard = declare(pet=Step(Pet, prepare=demands))
    entry = walk(wizard, pet={"pet": ""}).draft.entries["pet"]
    assert entry.errors == {"pet": ["Say it"]}


def test_changes_by_validators_reach_the_answers() -> None:
    def tidy(form: Any, field: fields.Field) -> None:
        field.data = str(field.data).title()

    tidied = type("Tidied", (Form,), {"pet": fields.StringField(validators=[tidy])})
    journey = walk(declare(pet=Step(tidied), check=Review()), pet={"pet": "rex"})
    assert path(journey)
    assert journey.answers.pet.pet == "Rex"


def test_review_has_no_form() -> None:
    assert walk(Join, **WHOLE).current.form is None


def test_repr_shows_no_answer() -> None:
    journey = walk(Join, you={"name": SECRET, "age": "7"})
    assert SECRET not in repr(journey)
    assert "you" in repr(journey)


# Passwords


def same(form: Any, field: fields.Field) -> None:
    if field.data != form.secret.data:
        raise ValidationError("The passwords differ.")


class Account(Form):
    email = fields.StringField(validators=[validators.InputRequired("Enter it")])
    secret = fields.PasswordField(
        validators=[
            validators.InputRequired("Enter a password"),
            validators.Length(min=3, message="Too short"),
        ]
    )
    again = fields.PasswordField(validators=[same])


Secure = declare(account=Step(Account), check=Review())
GIVEN = {"email": "a@b", "secret": "first", "again": "first"}


def passwords(journey: Journey) -> dict[str, list[str]]:
    return journey.draft.entries["account"].passwords


def secure(**changes: str) -> Journey:
    return walk(Secure, account={**GIVEN, **changes})


def test_accepted_password_is_kept() -> None:
    assert passwords(secure()) == {"secret": ["first"], "again": ["first"]}


def test_accepted_password_is_no_plain_value() -> None:
    assert secure().draft.entries["account"].raw == {"email": ["a@b"]}


@pytest.mark.parametrize(
    "changes", [{"secret": "x", "again": "x"}, {"again": "other"}, {"email": ""}]
)
def test_password_of_a_rejected_step_is_not_kept(changes: dict[str, str]) -> None:
    assert passwords(secure(**changes)) == {}


def test_saved_password_is_not_kept() -> None:
    assert passwords(submit(begin(Secure), "account", False, **GIVEN)) == {}


def test_password_left_blank_stays() -> None:
    journey = submit(secure(), "account", email="c@d", secret="", again="")
    assert done(journey) == ["account"]
    assert passwords(journey) == {"secret": ["first"], "again": ["first"]}


def test_password_not_sent_at_all_stays() -> None:
    journey = submit(secure(), "account", email="c@d")
    assert passwords(journey) == {"secret": ["first"], "again": ["first"]}


def test_password_left_blank_in_a_rejected_step_stays() -> None:
    journey = submit(secure(), "account", email="", secret="", again="")
    assert done(journey) == []
    assert passwords(journey) == {"secret": ["first"], "again": ["first"]}


def test_password_is_replaced() -> None:
    changed = {**GIVEN, "secret": "second", "again": "second"}
    assert passwords(submit(secure(), "account", **changed))["secret"] == ["second"]


@pytest.mark.parametrize("blank", ["secret", "again"])
def test_all_passwords_count_if_any_is_filled(blank: str) -> None:
    changed = {**GIVEN, "secret": "second", "again": "second", blank: ""}
    journey = submit(secure(), "account", **changed)
    assert done(journey) == []


def test_rejected_new_password_leaves_the_old_one() -> None:
    changed = {**GIVEN, "secret": "x", "again": "x"}
    journey = submit(secure(), "account", **changed)
    assert passwords(journey) == {"secret": ["first"], "again": ["first"]}


def test_saved_new_password_reopens_its_step() -> None:
    changed = {**GIVEN, "secret": "second", "again": "second"}
    assert done(submit(secure(), "account", False, **changed)) == []


def test_saved_blank_password_leaves_its_step_done() -> None:
    journey = submit(secure(), "account", False, email="a@b", secret="", again="")
    assert done(journey) == ["account"]


def test_blank_optional_password_is_not_given() -> None:
    optional = type("Optional", (Form,), {"secret": fields.PasswordField()})
    journey = walk(
        declare(account=Step(optional), check=Review()), account={"secret": ""}
    )
    assert done(journey) == ["account"]
    assert not any(text for sent in passwords(journey).values() for text in sent)


def test_conditions_read_passwords() -> None:
    wizard = declare(
        account=Step(Account),
        pet=Step(Pet, when=lambda answers: answers.account.secret == "first"),
        check=Review(),
    )
    assert path(walk(wizard, account=GIVEN)) == ["account", "pet"]


def test_changed_password_is_seen_by_its_readers() -> None:
    def demands(form: Any, answers: Answers) -> None:
        form.pet.validators = [validators.NoneOf([answers.account.secret])]

    wizard = declare(
        account=Step(Account), pet=Step(Pet, prepare=demands), check=Review()
    )
    journey = walk(wizard, account=GIVEN, pet={"pet": "second"})
    assert path(journey)[-1] == "check"
    changed = {**GIVEN, "secret": "second", "again": "second"}
    assert path(submit(journey, "account", **changed)) == ["account", "pet"]


# Costs


Counts = Counter[tuple[str, str]]


def counting(name: str, counts: Counts) -> type[Form]:
    """A form class that counts how often it is built and validated."""

    class Counting(Form):
        it = fields.StringField()

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            counts["built", name] += 1
            super().__init__(*args, **kwargs)

        def validate(self, *args: Any, **kwargs: Any) -> bool:
            counts["validated", name] += 1
            return super().validate(*args, **kwargs)

    return Counting


def reads_all(answers: Answers) -> bool:
    return all(answers[name].it is not None for name in answers)


def long_wizard(counts: Counts, length: int) -> type[Wizard]:
    names = [f"step{n}" for n in range(length)]
    steps: dict[str, Any] = {
        name: Step(
            counting(name, counts),
            when=reads_all,
            prepare=lambda form, answers: reads_all(answers),
        )
        for name in names
    }
    return declare(**steps, check=Review())


def test_what_a_condition_reads_takes_no_room_in_the_draft() -> None:
    """Else a draft would grow with the square of its steps."""
    names = [f"step{n}" for n in range(12)]
    steps = {n: Step(counting(n, Counter()), when=reads_all) for n in names}
    journey = walk(declare(**steps), **{name: {"it": "x"} for name in names})
    assert {e.read for e in journey.draft.entries.values()} == {()}


ACTS: dict[str, Callable[[Journey], object]] = {
    "path": lambda journey: journey.path,
    "stand": lambda journey: journey.current.step,
    "submit the first": lambda journey: submit(journey, "step0", it="y"),
    "submit the last": lambda journey: submit(journey, "step11", it="y"),
    "submit the last and go on": lambda journey: (
        journey.submit("step11", values(it="y"), validate=True).path
    ),
    "settle": lambda journey: journey.to_draft(),
    "answers": lambda journey: [
        journey.answers[place.step.name].it for place in journey.path[:-1]
    ],
    "validate all": lambda journey: [place.trusted for place in journey.path[:-1]],
}


@pytest.mark.parametrize("act", ACTS.values(), ids=ACTS)
def test_each_form_is_built_once(act: Callable[[Journey], object]) -> None:
    counts: Counts = Counter()
    wizard = long_wizard(counts, 12)
    journey = walk(wizard, **{f"step{n}": {"it": "x"} for n in range(12)})
    counts.clear()
    act(Journey(wizard.steps, journey.draft))
    assert set(counts.values()) <= {1}


def test_each_condition_runs_once() -> None:
    def asks(answers: Answers) -> bool:
        asked.append(answers.one.pet)
        return True

    asked: list[str] = []
    wizard = declare(one=Step(Pet), two=Step(Pet, when=asks), check=Review())
    journey = walk(wizard, one={"pet": "Rex"})
    sent = values(pet="Max")
    assert path(journey.submit("two", sent, validate=True))[-1] == "check"
    assert asked == ["Rex"]


def test_n_steps_that_read_all_before_them_cost_n_forms() -> None:
    counts: Counts = Counter()
    wizard = long_wizard(counts, 30)
    journey = walk(wizard, **{f"step{n}": {"it": "x"} for n in range(30)})
    counts.clear()
    assert len(Journey(wizard.steps, journey.draft).path) == 31
    assert counts.total() <= 60


def test_step_that_nobody_reads_is_not_built() -> None:
    counts: Counts = Counter()
    wizard = declare(one=Step(counting("one", counts)), two=Step(Pet), check=Review())
    journey = walk(wizard, one={"it": "x"}, two={"pet": "x"})
    counts.clear()
    assert path(begin(wizard, journey.draft)) == ["one", "two", "check"]
    assert counts.total() == 0


# Answers that are not there, or not as they were declared


def test_answers_of_a_step_that_is_open_again_are_falsy() -> None:
    journey = submit(walk(Join, **ADULT), "you", False, age="x")
    assert path(journey) == ["you"]
    assert not journey.answers.you


def test_hidden_step_still_knows_its_fields() -> None:
    with pytest.raises(UnknownNameError, match="Its fields are guardian"):
        _ = walk(Join, **ADULT).answers.guardian.name


def test_review_has_no_answers() -> None:
    assert list(walk(Join, **WHOLE).answers) == ["you", "guardian", "pet"]


def test_field_removed_while_preparing_reads_as_none() -> None:
    def spare(form: Any, answers: Answers) -> None:
        del form.name

    wizard = declare(
        you=Step(You, prepare=spare),
        pet=Step(Pet, when=lambda answers: answers.you.name is None),
        check=Review(),
    )
    assert path(walk(wizard, you={"age": "40"})) == ["you", "pet"]


def test_record_of_a_form_function_knows_its_fields() -> None:
    wizard = declare(you=Step(lambda answers: You), check=Review())
    journey = walk(wizard, you={"name": "Ada", "age": "40"})
    assert done(journey) == ["you"]
    record = journey.answers.you
    assert list(record) == ["name", "age"]
    assert "age" in record
    with pytest.raises(UnknownNameError, match="Its fields are name, age"):
        _ = record.agee


def test_records_of_different_answers_differ() -> None:
    wizard = declare(you=Step(lambda answers: You), check=Review())
    ada, bob = (
        walk(wizard, you={"name": name, "age": "40"}) for name in ("Ada", "Bob")
    )
    assert done(ada) == done(bob)
    assert ada.answers.you != bob.answers.you


def test_inner_answer_behind_another_separator_is_remembered() -> None:
    inner = type("Inner", (Form,), {"kind": fields.StringField()})
    outer = type("Outer", (Form,), {"pet": fields.FormField(inner, separator="_")})

    def offers(form: Any, answers: Answers) -> None:
        form.colour.choices = [SelectChoice(c) for c in COLOURS[answers.kind.pet.kind]]

    wizard = declare(
        kind=Step(outer), colour=Step(Colour, prepare=offers), check=Review()
    )
    journey = walk(wizard, kind={"pet_kind": "cat"}, colour={"colour": "grey"})
    assert path(submit(journey, "kind", pet_kind="dog")) == ["kind", "colour"]


def test_form_that_refuses_without_a_word_says_so() -> None:
    class Silent(Pet):
        def validate(self, extra_validators: Any = None) -> bool:
            return False

    journey = walk(declare(pet=Step(Silent)), pet={"pet": "Rex"})
    assert journey.draft.entries["pet"].errors == {"": [UNUSABLE]}


def test_journey_without_a_review_has_no_frontier_at_its_end() -> None:
    wizard = declare(you=Step(You), guardian=Step(Guardian, when=is_minor))
    journey = walk(wizard, you={"age": "7"}, guardian={"guardian": "Eve"})
    assert journey.first_incomplete is None
    assert journey.current.step.name == "guardian"


def test_condition_that_reads_an_unknown_step_names_those_it_can_read() -> None:
    wizard = declare(you=Step(You), pet=Step(Pet, when=lambda answers: answers.yuo))
    with pytest.raises(UnknownNameError, match=r"'yuo'.*can read are: you\."):
        path(walk(wizard, you={"age": "7"}))


def test_answers_of_the_step_behind_the_frontier_are_none() -> None:
    journey = walk(Join, you={"age": "30"})
    assert journey.first_incomplete is not None
    assert journey.first_incomplete.step.name == "pet"
    assert not journey.answers.pet
    wizard = declare(you=Step(You), pet=Step(Pet), kind=Step(Kind), check=Review())
    assert not walk(wizard, you={"age": "30"}).answers.kind


def test_step_whose_reading_a_deploy_removed_is_asked_again() -> None:
    def reads(form: Any, answers: Answers) -> None:
        if "you" in answers:
            _ = answers.you.age

    before = declare(you=Step(You), pet=Step(Pet, prepare=reads), check=Review())
    after = declare(pet=Step(Pet, prepare=reads), check=Review())
    journey = walk(before, you={"age": "30"}, pet={"pet": "Rex"})
    assert path(later(journey, after)) == ["pet", "check"]


@pytest.mark.parametrize("read", ["pet", "check"])
def test_step_that_has_read_no_earlier_step_is_asked_again(read: str) -> None:
    """A deploy may have moved what it had read."""
    journey = walk(Join, you={"age": "30"}, pet={"pet": "Rex"})
    entry = journey.draft.entries["pet"]
    moved = replace(entry, read=((read, "pet"),), read_digest=b"of the order before")
    journey = begin(Join, journey.draft.with_entries({"pet": moved}))
    assert path(journey) == ["you", "pet", "check"]
    assert path(later(journey)) == ["you", "pet", "check"]
    assert later(journey).draft.entries["pet"].read == ()


@pytest.mark.parametrize("path", [("you",), ("you", "0", "age"), ("you", "", "", "a")])
def test_step_that_has_read_what_a_newer_release_knows_is_judged_again(
    path: tuple[str, ...],
) -> None:
    journey = walk(Join, you={"age": "30"}, pet={"pet": "Rex"})
    entry = replace(journey.draft.entries["pet"], read=(path,), read_digest=b"newer")
    journey = begin(Join, journey.draft.with_entries({"pet": entry}))
    assert journey.bind("pet").outdated
    assert journey.current.name == "check"
    assert later(journey).draft.entries["pet"].read == ()


def test_form_function_of_a_step_that_is_not_open_loses_nothing() -> None:
    """Which form it has depends on an answer that was reopened meanwhile."""

    class Company(Form):
        company = fields.StringField()

    def who(answers: Answers) -> type[Form]:
        return {"cat": Company, "dog": Pet}[answers.kind.kind]

    wizard = declare(kind=Step(Kind), who=Step(who), check=Review())
    journey = walk(wizard, kind={"kind": "cat"}, who={"company": "ACME"})
    journey = submit(journey, "kind", False, kind="mouse")
    journey = early(journey, "who", "company", company="ACME & Sons")
    assert path(journey) == ["kind"]
    journey = submit(journey, "kind", kind="cat")
    assert journey.draft.entries["who"].raw == {"company": ["ACME & Sons"]}


def test_form_function_of_a_step_that_is_not_open_stays_done_unchanged() -> None:
    wizard = declare(kind=Step(Kind), who=Step(lambda answers: Pet), check=Review())
    journey = walk(wizard, kind={"kind": "cat"}, who={"pet": "Rex"})
    journey = submit(journey, "kind", False, kind="dog")
    journey = early(journey, "who", "pet", pet="Rex")
    assert done(submit(journey, "kind", kind="cat")) == ["kind", "who"]


def test_form_function_of_a_step_that_is_not_open_keeps_no_password() -> None:
    wizard = declare(kind=Step(Kind), who=Step(lambda answers: Pet), check=Review())
    journey = early(begin(wizard), "who", "pet", pet="Rex", pin=SECRET)
    assert journey.draft.entries["who"].raw == {"pet": ["Rex"]}
