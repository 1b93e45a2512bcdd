"""A step with a form, bound to a draft: what it keeps of a POST, and what it tells."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from types import SimpleNamespace
from typing import Any

import pytest
import wizards
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import (
    BooleanField,
    DecimalField,
    FieldList,
    FileField,
    Form,
    FormField,
    IntegerField,
    MultipleFileField,
    PasswordField,
    SelectField,
    StringField,
    ValidationError,
)
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]
from wtforms.validators import Disabled, InputRequired, ReadOnly

from flask_wizard import (
    Answers,
    DefinitionError,
    Item,
    OnlyIf,
    Repeat,
    Review,
    Step,
    StepError,
    StoreError,
    Wizard,
)
from flask_wizard.core.answers import CONCEALED, NAMES
from flask_wizard.core.bound_form import BoundFormStep
from flask_wizard.core.draft import (
    Before,
    DamagedDraftError,
    Draft,
    Entry,
    StoredFile,
    decode,
    encode,
)
from flask_wizard.core.files import FileRules, SentFile, files_of
from flask_wizard.core.form_errors import NOT_KEPT
from flask_wizard.core.forms import UNUSABLE, FieldNames, Values
from flask_wizard.core.hooks import HookError
from flask_wizard.core.journey import Journey
from flask_wizard.core.steps import ABSENT
from flask_wizard.core.texts import Texts
from flask_wizard.errors import ConflictError

declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


class It(Form):
    it = StringField("It", [InputRequired("Enter it")])
    more = StringField("More")


class Account(Form):
    name = StringField("Name", [InputRequired("Who?")])
    pin = PasswordField("Pin", [InputRequired("Pin?")])


def shout(form: Any, field: Any) -> None:
    field.data = field.data.upper()


class Loud(Form):
    it = StringField("It", [shout])


class Papers(Form):
    note = StringField("Note")
    photo = FileField("Photo")
    others = MultipleFileField("Others")


@dataclass
class Bound:
    """A file as a form has it."""

    stored: StoredFile

    @property
    def filename(self) -> str:
        return self.stored.filename

    def seek(self, position: int) -> None: ...


RULES = FileRules(bind=lambda draft_id, stored: Bound(stored), max_count=2)


def bind(
    step: Any, draft: Draft = EMPTY, name: str = "a", **more: Any
) -> BoundFormStep:
    """A step of a wizard that has no more than this one, and others beside it."""
    given = {"files": RULES, **more}
    beside = given.pop("beside", {})
    wizard: type[Wizard] = declare(**{**beside, "a": step, "check": Review()})
    bound = Journey(wizard.steps, draft, **given).bind(name)
    assert isinstance(bound, BoundFormStep)
    return bound


def post(
    bound: BoundFormStep,
    sent: dict[str, Any] | Values,
    *,
    validate: bool = True,
    autosave: bool = False,
) -> BoundFormStep:
    values = sent
    if not isinstance(sent, Values):
        values = Values(
            (name, [text] if isinstance(text, str) else text)
            for name, text in sent.items()
        )
    assert isinstance(values, Values)
    after = bound.submit(values, validate=validate, autosave=autosave)
    assert after is not None
    return after


def entry_of(bound: BoundFormStep) -> Entry:
    assert bound.entry is not None
    return bound.entry


def again(bound: BoundFormStep, step: Any, **more: Any) -> BoundFormStep:
    """The step in the next request."""
    return bind(step, decode(encode(bound.write_to(bound.journey.draft))), **more)


def initial(**data: Any) -> Any:
    return lambda name, answers: data.get(name)


# Revisions and messages


def test_entry_of_a_continue_is_accepted_with_the_first_revision() -> None:
    after = bind(Step(It)).submit(Values({"it": ["x"]}), validate=True)
    assert after is not None
    entry = entry_of(after)
    assert (entry.rev, entry.accepted, entry.sent) == (1, True, True)
    assert (entry.errors, entry.lang, entry.passwords) == ({}, "", {})
    assert (entry.read, entry.form_digest) == ((), b"")
    assert entry.read_digest == after.signature.digest
    assert (after.done, after.outdated, after.valid) == (True, False, True)


def test_messages_have_the_language_of_the_request() -> None:
    bound = bind(Step(It))
    bound.journey.texts = texts_in("de")
    entry = entry_of(post(bound, {"it": ""}))
    assert (entry.errors, entry.lang) == ({"it": ["Enter it"]}, "de")
    assert entry_of(post(bound, {"it": ""}, validate=False)).lang == ""
    pin = bind(Step(Account))
    pin.journey.texts = texts_in("de")
    saved = entry_of(post(pin, {"pin": "1"}, validate=False))
    assert (saved.errors, saved.lang) == ({"pin": [NOT_KEPT]}, "de")


def test_submission_leaves_the_step_where_it_is() -> None:
    step = Step(It, when=lambda answers: answers.first.more != "no")
    before = Before({"it": ["x"], "more": [""]})
    draft = EMPTY.with_entries({"a": Entry.unsent(before)})
    journey = Journey(declare(first=Step(It), a=step).steps, draft)
    journey = journey.submit("first", Values({"it": ["x"]}), validate=True)
    bound: Any = journey.bind("a")
    assert (bound.applies, bound.opens, bound.reached, bound.taken) == (True,) * 4
    after: Any = post(bound, {"it": "y"})
    assert (after.applies, after.opens, after.reached, after.taken) == (True,) * 4
    assert after.condition_reads == bound.condition_reads == {("first", "more")}
    assert after.before == before
    hidden = bind(Step(It, when=lambda answers: False))
    assert not post(hidden, {"it": "y"}).applies


def test_form_function_runs_once_in_a_request() -> None:
    asked: list[object] = []

    def chosen(answers: Answers) -> type[Form]:
        asked.append(1)
        return It

    bound = bind(Step(chosen))
    assert not bound.valid
    assert post(bound, {"it": "x"}).done
    assert asked == [1]


def texts_in(language: str) -> Texts:
    return Texts(lambda: language)


@pytest.mark.parametrize(
    ("autosave", "sent", "rev"),
    [(False, "x", 2), (False, "y", 2), (True, "x", 1), (True, "y", 1)],
)
def test_save_raises_the_revision_but_no_autosave(
    autosave: bool, sent: str, rev: int
) -> None:
    bound = again(post(bind(Step(It)), {"it": "x", "more": ""}), Step(It))
    saved = post(bound, {"it": sent, "more": ""}, validate=False, autosave=autosave)
    assert entry_of(saved).rev == rev
    assert entry_of(saved).accepted is (sent == "x")


def test_autosave_of_the_same_leaves_the_entry_as_it_is() -> None:
    bound = again(post(bind(Step(It)), {"it": ""}), Step(It))
    same = post(bound, {"it": ""}, validate=False, autosave=True)
    assert same.entry is bound.entry
    saved = post(bound, {"it": ""}, validate=False)
    assert (entry_of(saved).errors, entry_of(saved).rev) == ({}, 2)


@pytest.mark.parametrize(
    ("sent", "changes"), [({"it": "x"}, False), ({"it": "y"}, True), ({}, True)]
)
def test_step_tells_whether_a_save_would_change_it(
    sent: dict[str, str], changes: bool
) -> None:
    bound = again(post(bind(Step(It)), {"it": "x"}), Step(It))
    values = Values((name, [text]) for name, text in sent.items())
    assert bound.would_change(values) is changes


def test_step_whose_form_is_unknown_would_change_by_anything() -> None:
    beside = {"first": Step(It)}
    bound = bind(Step(lambda answers: It), beside=beside)
    assert bound.submit(Values({"it": ["x"]}), validate=True) is None
    assert bound.would_change(Values())


def test_values_of_a_field_that_is_gone_are_carried_along() -> None:
    class Less(Form):
        it = StringField("It", [InputRequired()])

    bound = again(post(bind(Step(It)), {"it": "x", "more": "y"}), Step(Less))
    for sent, validate in ((("z"), True), ("z", False), ("", True)):
        entry = entry_of(post(bound, {"it": sent}, validate=validate))
        assert entry.raw == {"it": [sent], "more": ["y"]}


def test_page_that_nobody_touched_begins_no_entry() -> None:
    bound = bind(Step(It), initial=initial(a={"it": "x"}))
    saved = post(bound, {"it": "x", "more": ""}, validate=False)
    assert saved.entry is None
    stored = saved.write_to(EMPTY).entries["a"]
    assert not stored.sent
    assert post(bound, {"it": "x"}, validate=False).entry is None
    touched = post(bound, {"it": "y", "more": ""}, validate=False)
    assert entry_of(touched).raw == {"it": ["y"], "more": [""]}
    assert entry_of(touched).before == stored.before
    for validate in (True, False):
        back = post(touched, {"it": "x", "more": ""}, validate=validate)
        assert entry_of(back).raw == {"it": ["x"], "more": [""]}


def test_password_and_file_begin_an_entry_of_a_page_that_is_otherwise_as_it_was() -> (
    None
):
    bound = bind(Step(Account), initial=initial(a={"name": "x"}))
    saved = post(bound, {"name": "x", "pin": "1"}, validate=False)
    assert entry_of(saved).errors == {"pin": [NOT_KEPT]}
    bound = bind(Step(Papers), initial=initial(a={"note": "n"}))
    saved = post(bound, with_files(sent_file("f"), note="n"), validate=False)
    assert [*entry_of(saved).files] == ["f"]


def test_entry_has_what_its_page_began_with_whatever_becomes_of_it() -> None:
    bound = bind(Step(It), initial=initial(a={"it": "x"}))
    before = bound.begin(EMPTY).entries["a"].before
    assert before is not None
    for sent, validate in (("y", True), ("", True), ("y", False)):
        after = post(bound, {"it": sent}, validate=validate)
        assert entry_of(after).before == before


def test_entry_of_boxes_that_were_cleared_has_what_they_began_with() -> None:
    class Boxes(Form):
        box = BooleanField("Box")

    bound = bind(Step(Boxes), initial=initial(a={"box": True}))
    entry = entry_of(post(bound, {}, validate=False))
    assert entry.before == bound.begin(EMPTY).entries["a"].before is not None


def test_blank_page_without_initial_data_begins_an_entry() -> None:
    assert entry_of(post(bind(Step(It)), {}, validate=False)).raw == {}


# Steps that do not open


BESIDE = {"first": Step(It)}


def test_step_that_does_not_open_keeps_values_and_judges_nothing() -> None:
    asked: list[object] = []
    bound = bind(Step(It, prepare=lambda form, answers: asked.append(1)), beside=BESIDE)
    entry = entry_of(post(bound, {"it": "", "odd": "x"}))
    assert (entry.raw, entry.accepted, entry.errors) == ({"it": [""]}, False, {})
    assert asked == []


def test_step_that_does_not_open_keeps_no_password() -> None:
    bound = bind(Step(Account), beside=BESIDE)
    entry = entry_of(post(bound, {"name": "x", "pin": "1234"}))
    assert (entry.raw, entry.passwords) == ({"name": ["x"]}, {})
    assert entry.errors == {"pin": [NOT_KEPT]}


def test_step_that_does_not_open_keeps_what_its_page_has_named() -> None:
    bound = bind(Step(lambda answers: It), beside=BESIDE)
    values = Values({"it": ["x"], "odd": ["y"]})
    values.names = FieldNames(("it",))
    entry = entry_of(post(bound, values))
    assert (entry.raw, entry.rev) == ({"it": ["x"]}, 1)
    stored = EMPTY.with_entries({"a": Entry.of({"it": ["y"], "more": ["z"]})})
    bound = bind(Step(lambda answers: It), stored, beside=BESIDE)
    assert entry_of(post(bound, values)).raw == {"it": ["x"]}


def test_step_that_does_not_open_asks_for_no_initial_data() -> None:
    def early(name: str, answers: Answers) -> Any:
        raise AssertionError

    bound = bind(Step(Unique), beside=BESIDE, initial=early)
    assert entry_of(post(bound, {"it": "x"})).raw == {"it": ["x"]}


@pytest.mark.parametrize(
    ("step", "beside", "expected"),
    [
        (Step(It), {}, True),
        (Step(It), BESIDE, True),
        (Step(lambda answers: It), {}, True),
        (Step(lambda answers: It), BESIDE, False),
    ],
)
def test_step_declares_the_fields_of_a_form_that_is_known(
    step: Step, beside: dict[str, Step], expected: bool
) -> None:
    bound = bind(step, beside=beside)
    assert bound.declares(["odd", "it"]) is expected
    assert not bound.declares(["odd"])


def test_step_declares_what_prepare_has_left_if_that_may_run() -> None:
    def spare(form: Any, answers: Answers) -> None:
        del form.more

    assert not bind(Step(It, prepare=spare)).declares(["more"])
    assert bind(Step(It, prepare=spare), beside=BESIDE).declares(["more"])


def test_page_names_its_fields_if_its_form_depends_on_answers() -> None:
    assert bind(Step(It)).page_names(bind(Step(It)).form) is None
    for step in (
        Step(It, prepare=lambda form, answers: None),
        Step(lambda answers: It),
        Step(Account),
    ):
        bound = bind(step)
        assert bound.page_names(bound.form) is not None


def test_values_are_given_back_in_the_form_or_as_they_were_sent() -> None:
    values = Values({"it": ["x"], "odd": ["y"]})
    form, raw = bind(Step(It)).resend(values)
    assert form is not None
    assert (form["it"].data, raw) == ("x", {})
    asked: list[object] = []
    prepared = bind(Step(It, prepare=lambda form, answers: asked.append(1)))
    assert prepared.resend(values) == (None, {"it": ["x"]})
    assert asked == []
    values.names = FieldNames(("odd",))
    assert bind(Step(lambda answers: It)).resend(values) == (None, {"odd": ["y"]})


# What a form is given


def test_form_finds_the_answers_and_its_arguments() -> None:
    class Given(Form):
        it = StringField("It")

        def __init__(self, *args: Any, colour: str = "", **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.it.description = colour

    step = Step(Given, kwargs=lambda answers: {"colour": "red"})
    form: Any = bind(step).form
    assert form.it.description == "red"
    assert isinstance(form.meta.answers, Answers)


def test_step_sees_the_answers_before_it() -> None:
    bound = walked(Step(It))
    assert bound.answers.first.it == "x"
    assert bound.all_reads == set()


def test_form_speaks_with_the_words_of_its_step() -> None:
    class Number(Form):
        it = DecimalField("It")

    bound = bind(Step(Number, words={UNUSABLE: "Not this."}))
    assert post(bound, {"it": "NaN"}).errors == {"it": ["Not this."]}
    bound = bind(Step(Number))
    bound.journey.texts = Texts(words={UNUSABLE: "Not that."})
    assert post(bound, {"it": "NaN"}).errors == {"it": ["Not that."]}


def test_arguments_that_the_form_does_not_take_are_named() -> None:
    class Own(It):
        def __init__(self, formdata: Any = None, obj: Any = None, *, meta: Any) -> None:
            super().__init__(formdata, obj, meta=meta)

    step = Step(Own, kwargs=lambda answers: {"colour": "red"})
    with pytest.raises(
        DefinitionError, match=r"^a: Own cannot be built.*meta, obj, col"
    ):
        _ = bind(step).form


def test_type_error_of_the_form_itself_goes_on() -> None:
    class Failing(Form):
        it = StringField("It")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            raise TypeError("own")

    bound = bind(Step(lambda answers: Failing))
    with pytest.raises(TypeError, match="own"):
        _ = bound.form


@pytest.mark.parametrize(
    ("error", "expected"),
    [(ConflictError("x"), HookError), (DamagedDraftError("x"), DamagedDraftError)],
)
def test_error_of_ours_out_of_prepare_is_the_applications(
    error: StoreError, expected: type[Exception]
) -> None:
    def prepare(form: Any, answers: Answers) -> None:
        raise error

    with pytest.raises(expected):
        _ = bind(Step(It, prepare=prepare)).form


def test_prepare_that_has_not_run_is_refused() -> None:
    async def later() -> None: ...

    with pytest.raises(DefinitionError, match="prepare of step 'a' returned a value"):
        _ = bind(Step(It, prepare=lambda form, answers: later())).form


def test_data_that_prepare_sets_do_not_replace_what_was_typed(caplog: Any) -> None:
    def prepare(form: Any, answers: Answers) -> None:
        form.it.data = "mine"

    step = Step(It, prepare=prepare)
    assert bind(step).form["it"].data == "mine"
    after = post(bind(step), {"it": "typed"})
    assert after.form["it"].data == "typed"
    assert "prepare of the step 'a' has set the data of the field 'it'" in caplog.text


class Unique(Form):
    it = StringField("It")

    def __init__(self, *args: Any, obj: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._obj = obj

    def validate_it(self, field: Any) -> None:
        if self._obj is None or field.data != self._obj.it:
            raise ValidationError("taken")


def test_validators_see_the_object_that_initial_returns() -> None:
    given = SimpleNamespace(it="x")
    bound = bind(Step(Unique), initial=initial(a=given))
    after = post(bound, {"it": "x"})
    assert after.done
    assert not post(bound, {"it": "y"}).done
    assert not post(bind(Step(Unique)), {"it": "x"}).done
    for more in ({}, {"prefilled": True}):
        assert again(after, Step(Unique), initial=initial(a=given), **more).valid
    stored = EMPTY.with_entries({"a": Entry.of({"it": ["x"]})})
    assert bind(Step(Unique), stored, initial=initial(a=given)).valid


def test_list_that_begins_with_more_than_there_is_room_for_is_refused() -> None:
    class Tags(Form):
        tags = FieldList(StringField("Tag"), max_entries=2)

    class Many(Form):
        tags = FieldList(StringField("Tag"))

    data = {"tags": ["a", "b", "c"]}
    with pytest.raises(
        DefinitionError,
        match=r"'tags' of the step 'a' begins with 3.*"
        r"its list has room for 2.*raise its max_entries",
    ):
        _ = bind(Step(Tags), initial=initial(a=data)).form
    with pytest.raises(DefinitionError, match="raise WIZARD_MAX_ENTRIES"):
        _ = bind(Step(Many), initial=initial(a=data), max_entries=2).form
    fine: Any = bind(Step(Many), initial=initial(a=data), max_entries=3).form
    assert len(fine.tags) == 3


# What the page began with


def test_page_begins_with_initial_data_until_something_was_sent() -> None:
    step = Step(It)
    bound = bind(step, initial=initial(a={"it": "x"}))
    assert bound.form["it"].data == "x"
    stored = bound.begin(EMPTY)
    entry = stored.entries["a"]
    assert (entry.sent, entry.accepted) == (False, False)
    assert entry.before is not None
    assert entry.before.raw == {"it": ["x"], "more": [""]}
    assert entry.before.opened
    kept = bind(step, stored, initial=initial(a={"it": "other"}))
    assert kept.form["it"].data == kept.form["it"].object_data == "x"
    assert kept.begin(stored) is stored
    assert entry_of(post(kept, {"it": "y"})).before == entry.before
    sent = again(post(kept, {"it": "y"}, validate=False), step)
    assert sent.form["it"].data == "y"
    assert sent.form["it"].object_data == "x"
    assert sent.begin(EMPTY) is EMPTY


def test_step_that_was_sent_without_initial_data_begins_with_none_later() -> None:
    for form in (It, Locked):
        draft = EMPTY.with_entries({"a": Entry.of({"it": ["y"]})})
        bound = bind(Step(form), draft, initial=initial(a={"it": "x"}))
        assert bound.begin(draft) is draft
        assert entry_of(post(bound, {"it": "z"}, validate=False)).before is None
        assert post(bind(Step(form), draft), {"more": "z"}).before is None


def test_form_of_what_its_page_began_with_is_built_once() -> None:
    built: list[object] = []

    class Counting(It):
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            built.append(1)
            super().__init__(*args, **kwargs)

    data = initial(a={"it": "x"})
    stored = bind(Step(Counting), initial=data).begin(EMPTY)
    built.clear()
    assert bind(Step(Counting), stored, initial=data).form["it"].data == "x"
    assert built == [1]


def test_page_begins_with_a_choice_that_prepare_offers() -> None:
    class Choice(Form):
        it = SelectField("It", choices=[])

    def offer(form: Any, answers: Answers) -> None:
        form.it.choices = [SelectChoice("a"), SelectChoice("b")]

    bound = bind(Step(Choice, prepare=offer), initial=initial(a={"it": "b"}))
    before = bound.begin(EMPTY).entries["a"].before
    assert before is not None
    assert before.raw == {"it": ["b"]}


def test_page_without_initial_data_begins_with_nothing() -> None:
    assert bind(Step(It)).begin(EMPTY) is EMPTY


def test_beginning_is_taken_anew_when_what_it_read_has_changed() -> None:
    def by_answer(name: str, answers: Answers) -> Any:
        return {"it": answers.first.it * 2} if name == "a" else None

    wizard = declare(first=Step(It), a=Step(It), check=Review())

    def journey(draft: Draft, it: str) -> Journey:
        begun = Journey(wizard.steps, draft, initial=by_answer)
        onward = begun.submit("first", Values({"it": [it]}), validate=True)
        return Journey(wizard.steps, onward.to_draft(), initial=by_answer)

    one = journey(EMPTY, "x")
    assert one.bind("a").form["it"].data == "xx"  # type: ignore[index]
    sent = one.submit("a", Values({"it": ["xx"]}), validate=True)
    assert sent.draft.entries["a"].read == (("first", "it"),)
    changed = one.submit("first", Values({"it": ["y"]}), validate=True)
    assert changed.bind("a").form["it"].data == "yy"  # type: ignore[index]
    same = journey(one.draft, "x")
    assert same.draft.entries["a"] == one.draft.entries["a"]
    other = journey(one.draft, "y")
    assert other.bind("a").form["it"].data == "yy"  # type: ignore[index]
    assert other.draft.entries["a"] != one.draft.entries["a"]


def test_beginning_stays_when_only_what_its_condition_read_has_changed() -> None:
    asked: list[str] = []

    def counted(name: str, answers: Answers) -> Any:
        asked.append(name)
        return {"it": f"{name}{len(asked)}"} if name == "a" else None

    step = Step(It, when=lambda answers: answers.first.it != "no")
    wizard = declare(first=Step(It), a=step, check=Review())
    draft = EMPTY
    for it in ("x", "y"):
        journey = Journey(wizard.steps, draft, initial=counted)
        draft = journey.submit("first", Values({"it": [it]}), validate=True).to_draft()
    before = draft.entries["a"].before
    assert before is not None
    assert before.raw["it"] == ["a2"]


def test_value_that_the_page_cannot_show_is_refused() -> None:
    class Number(Form):
        it = IntegerField("It")

    bound = bind(Step(Number), initial=initial(a={"it": object()}))
    with pytest.raises(DefinitionError) as found:
        bound.begin(EMPTY)
    assert str(found.value).startswith(
        "initial gave a value of type object for the field 'it' of the step 'a', "
        "which its page cannot show: "
    )


class Locked(Form):
    it = StringField("It", [ReadOnly()], default="mine")
    more = StringField("More")


def test_field_that_nobody_can_edit_keeps_what_it_began_with() -> None:
    after = post(bind(Step(Locked)), {"it": "forged", "more": "x"})
    assert not after.done
    after = post(bind(Step(Locked)), {"more": "x"})
    assert after.data() == {"it": "mine", "more": "x"}
    assert after.before is not None
    assert again(after, Step(Locked)).data() == {"it": "mine", "more": "x"}


def test_field_that_nobody_can_edit_keeps_what_initial_gave_at_first() -> None:
    step, other = Step(Locked), initial(a={"it": "other"})
    begun = bind(step, initial=initial(a={"it": "first"})).begin(EMPTY)
    after = post(bind(step, begun, initial=other), {"more": "x"})
    assert after.data() == {"it": "first", "more": "x"}
    assert again(after, step, initial=other).data() == {"it": "first", "more": "x"}
    assert entry_of(after).before == begun.entries["a"].before


def test_field_that_nobody_can_edit_keeps_what_browsers_never_send() -> None:
    class Ticked(Papers):
        box = BooleanField("Box", [Disabled()], default=True)

    after = post(bind(Step(Ticked)), with_files(sent_file("f"), note="n"))
    assert after.data() == {"note": "n", "box": True}
    assert [*entry_of(after).files] == ["f"]


def test_field_that_was_not_sent_keeps_what_it_began_with() -> None:
    class Two(Form):
        it = StringField("It")
        box = BooleanField("Box")

    bound = bind(Step(Two), initial=initial(a={"it": "x", "box": True}))
    after = post(bound, {})
    assert after.data() == {"it": "x", "box": False}
    assert post(bound, {"it": "", "box": "y"}).data() == {"it": "", "box": True}


# A prefilled wizard


def prefilled(step: Any, draft: Draft = EMPTY, **data: Any) -> BoundFormStep:
    return bind(step, draft, initial=initial(a=data or None), prefilled=True)


def test_prefilled_step_is_done_if_its_data_are_valid() -> None:
    bound = prefilled(Step(It), it="x")
    assert bound.is_prefilled
    assert bound.done
    stored = bound.prefill_draft(EMPTY).entries["a"]
    assert (stored.accepted, stored.rev, stored.sent) == (True, 0, True)


def test_prefilled_step_of_invalid_data_tells_why() -> None:
    bound = prefilled(Step(It), it="", more="x")
    assert not bound.done
    assert bound.errors == {"it": ["Enter it"]}


def test_prefilled_choice_that_is_not_offered_tells_so() -> None:
    class Choice(Form):
        it = SelectField("It", choices=[SelectChoice("a")])

    bound = prefilled(Step(Choice), it="gone")
    assert not bound.done
    assert [*bound.errors] == ["it"]


def test_step_without_data_is_asked_and_asks_for_none_later() -> None:
    bound = prefilled(Step(It))
    assert not bound.is_prefilled
    assert bound.entry is None
    stored = bound.prefill_draft(EMPTY)
    assert stored.entries["a"] == Entry(sent=False)
    later = prefilled(Step(It), stored, it="x")
    assert later.form["it"].data is None
    assert later.prefill_draft(stored) is stored
    unknown = prefilled(Step(lambda answers: It))
    assert unknown.prefill_draft(EMPTY).entries["a"] == Entry(sent=False)
    assert prefilled(Step(Locked)).begin(EMPTY) is EMPTY


def test_step_that_was_sent_is_not_prefilled() -> None:
    draft = EMPTY.with_entries({"a": Entry.of({"it": ["y"]})})
    bound = prefilled(Step(It), draft, it="x")
    assert bound.prefill() is bound
    assert bound.form["it"].data == "y"


@pytest.mark.parametrize(
    ("step", "stored"),
    [
        (Step(It), True),
        (Step(It, prepare=lambda form, answers: form.nothing), True),
        (Step(lambda answers: It), False),
    ],
)
def test_step_that_does_not_open_is_taken_if_its_form_is_known(
    step: Step, stored: bool
) -> None:
    bound = bind(step, beside=BESIDE, initial=initial(a={"it": "x"}), prefilled=True)
    draft = bound.prefill_draft(EMPTY)
    assert ("a" in draft.entries) is stored
    if stored:
        before = draft.entries["a"].before
        assert before is not None
        assert (before.raw["it"], before.opened) == (["x"], False)


def test_data_that_cannot_be_shown_yet_are_left_to_the_page() -> None:
    class Number(Form):
        it = IntegerField("It")

    data = initial(a={"it": object()})
    bound = bind(Step(Number), beside=BESIDE, initial=data, prefilled=True)
    assert bound.prefill_draft(EMPTY) is EMPTY
    with pytest.raises(DefinitionError, match="cannot show"):
        bind(Step(Number), initial=data, prefilled=True)
    with pytest.raises(DefinitionError, match="cannot show"):
        bind(Step(Number), initial=data).prefill_draft(EMPTY)


# Rule 7


def reader(**more: Any) -> Step:
    def prepare(form: Any, answers: Answers) -> None:
        form.it.description = answers.first.it

    return Step(It, prepare=prepare, **more)


def walked(step: Step, it: str = "x", **first: str) -> BoundFormStep:
    """The step after another, on what it read of it."""
    wizard = declare(first=Step(It), a=step, check=Review())
    journey = Journey(wizard.steps, EMPTY, files=RULES)
    for name, sent in (("first", "x"), ("a", it), *first.items()):
        journey = journey.submit(name, Values({"it": [sent]}), validate=True)
        journey = Journey(wizard.steps, decode(encode(journey.to_draft())))
    bound = journey.bind("a")
    assert isinstance(bound, BoundFormStep)
    return bound


def test_step_remembers_what_its_form_and_its_condition_read() -> None:
    bound = walked(reader(when=lambda answers: answers.first.more is not None or True))
    entry = entry_of(bound)
    assert entry.read == (("first", "it"),)
    assert entry.form_digest == bound.signature.digest
    assert {*bound.all_reads} == {("first", "it"), ("first", "more")}
    assert bound.condition_reads == {("first", "more")}
    assert not bound.outdated


def test_step_whose_reading_has_changed_is_judged_again() -> None:
    bound = walked(reader())
    entry = replace(entry_of(bound), read_digest=b"other")
    draft = bound.journey.draft.with_entries({"a": entry})
    steps = bound.journey.steps
    judged: Any = Journey(steps, draft).bind("a")
    assert (judged.outdated, judged.done, judged.still_holds) == (True, True, True)
    assert not judged.invalidated
    assert not judged.form_changed
    refreshed = judged.refresh_dependencies(draft).entries["a"]
    assert refreshed == entry_of(bound)
    fine: Any = Journey(steps, bound.journey.draft).bind("a")
    assert fine.done
    assert fine.refresh_dependencies(draft) is draft


def test_step_that_still_holds_after_a_deploy_remembers_its_form() -> None:
    class Longer(It):
        last = StringField("Last")

    def refreshed(before: Step, step: Step) -> tuple[Entry, bytes]:
        wizard = declare(first=Step(It), a=step, check=Review())
        draft = walked(before).journey.draft
        bound: Any = Journey(wizard.steps, draft).bind("a")
        assert bound.done
        return bound.refresh_dependencies(draft).entries["a"], bound.signature.digest

    def reads(answers: Answers) -> bool:
        return bool(answers.first.it)

    entry, digest = refreshed(Step(It, when=reads), Step(Longer, when=reads))
    assert (entry.read, entry.form_digest) == ((), digest)
    entry, digest = refreshed(Step(It), Step(Longer))
    assert (entry.read_digest, entry.form_digest) == (digest, b"")


def test_step_that_is_not_judged_again_is_asked_again() -> None:
    bound = walked(reader(revalidate=False), first="y")
    assert (bound.outdated, bound.done, bound.still_holds) == (True, False, False)
    assert bound.trusted
    assert bound.invalidated
    assert bound.refresh_dependencies(bound.journey.draft) is bound.journey.draft


def test_trusted_step_is_one_that_is_valid_or_not_judged_again() -> None:
    assert not bind(Step(It)).trusted
    assert bind(Step(It, revalidate=False)).trusted
    assert post(bind(Step(It)), {"it": "x"}).trusted


def test_form_that_has_other_fields_is_said_to_have_changed() -> None:
    class Longer(It):
        last = StringField("Last")

    bound = again(post(bind(Step(It)), {"it": "x"}), Step(It))
    assert not bound.form_changed
    other = again(post(bind(Step(It)), {"it": "x"}), Step(Longer))
    assert other.outdated
    assert other.form_changed
    assert not bind(Step(It)).form_changed
    upgraded = replace(entry_of(bound), read_digest=b"")
    for step in (Step(It), Step(lambda answers: It)):
        assert bind(step, EMPTY.with_entries({"a": upgraded})).form_changed
    refused = again(post(bind(Step(It)), {"it": ""}), Step(It))
    assert not refused.form_changed
    entry = replace(entry_of(walked(reader())), read_digest=b"of other answers")
    draft = EMPTY.with_entries({"a": entry})
    assert bind(Step(Longer), draft).form_changed


def test_form_that_has_a_condition_by_now_is_not_said_to_have_changed() -> None:
    draft = walked(Step(It)).journey.draft
    step = Step(It, when=lambda answers: answers.first.it == "x")
    bound = Journey(declare(first=Step(It), a=step).steps, draft).bind("a")
    assert bound.outdated
    assert not bound.form_changed


def test_form_of_a_function_that_reads_nothing_is_said_to_have_changed() -> None:
    """Only a deploy can have changed it."""
    bound = post(bind(Step(lambda answers: It)), {"it": "x"})
    assert not again(bound, Step(lambda answers: It)).form_changed
    assert again(bound, Step(lambda answers: Account)).form_changed


def test_form_of_another_answer_is_not_said_to_have_changed() -> None:
    def chosen(answers: Answers) -> type[Form]:
        return It if answers.first.it == "x" else Account

    bound = walked(Step(chosen), first="y")
    assert bound.outdated
    assert not bound.form_changed
    moved = again_with(bound, Step(lambda answers: answers.first.it and Account))
    assert moved.form_changed


def again_with(bound: BoundFormStep, step: Step) -> BoundFormStep:
    """The same draft after a deploy, on what it had when the first step said x."""
    wizard = declare(first=Step(It), a=step, check=Review())
    kept = bound.journey.draft
    first = Entry.of({"it": ["x"]}, accepted=True, read_digest=b"")
    journey = Journey(wizard.steps, kept.with_entries({"first": first}))
    found = journey.submit("first", Values({"it": ["x"]}), validate=True).bind("a")
    assert isinstance(found, BoundFormStep)
    return found


def test_step_that_waits_is_open_to_nobody() -> None:
    bound = again(post(bind(Step(It)), {"it": "x"}), Step(It))
    bound.wait_for(("first",))
    assert (bound.done, bound.reached, bound.opens, bound.applies) == (
        *(False, False, False),
        True,
    )
    assert bound.waits_for == ("first",)


def test_step_that_is_taken_as_done_is() -> None:
    bound = bind(Step(It, when=lambda answers: False))
    assert not bound.applies
    bound.take_as_done()
    assert (bound.applies, bound.done) == (True, True)


def test_step_without_an_entry_is_neither_outdated_nor_hashed() -> None:
    bound = bind(Step(It))
    assert not bound.outdated
    bound.take_as_done()
    assert bound.serialize("it") == ABSENT


# Remarks, and messages in another language


def test_remarks_stay_until_a_continue_is_accepted() -> None:
    entry = Entry.of({"it": ["x"]}).with_messages({"it": ["Right?"]}, "de", told=True)
    draft = replace(EMPTY, reopened=True).with_entries({"a": entry})
    bound = bind(Step(It), draft)
    saved = entry_of(post(bound, {"it": "y"}, validate=False))
    assert (saved.messages, saved.lang, saved.told) == ({"it": ["Right?"]}, "de", True)
    refused = entry_of(post(bound, {"it": ""}))
    assert refused.messages == {"it": ["Enter it", "Right?"]}
    assert entry_of(post(bound, {"it": "y"})).messages == {}


def test_errors_of_a_commit_are_gone_with_the_next_post() -> None:
    entry = Entry.of({"it": ["x"]}).with_messages({"it": ["Right?"]}, "de", told=True)
    bound = bind(Step(It), EMPTY.with_entries({"a": entry}))
    saved = entry_of(post(bound, {"it": "y"}, validate=False))
    assert (saved.messages, saved.told) == ({}, False)


def in_other_language(step: Step, **entry: Any) -> BoundFormStep:
    told = entry.pop("told", False)
    messages = entry.pop("messages")
    stored = Entry.of(**{"raw": {}, **entry}).with_messages(messages, "de", told=told)
    bound = bind(step, EMPTY.with_entries({"a": stored}))
    bound.journey.texts = texts_in("en")
    return bound


def test_page_that_nobody_has_sent_shows_no_message() -> None:
    assert shown(bind(Step(It))) == {}


def shown(bound: BoundFormStep) -> dict[str, list[str]]:
    form: Any = bound.form_to_show()
    return {name: list(map(str, texts)) for name, texts in form.errors.items()}


MARKED = '<span lang="de">Gib es ein</span>'


def test_messages_in_another_language_are_judged_again() -> None:
    bound = in_other_language(Step(It), messages={"it": ["Gib es ein"]})
    assert shown(bound) == {"it": ["Enter it"]}


@pytest.mark.parametrize(
    ("step", "told"), [(Step(It), True), (Step(It, revalidate=False), False)]
)
def test_messages_that_nobody_can_judge_again_say_their_language(
    step: Step, told: bool
) -> None:
    bound = in_other_language(step, messages={"it": ["Gib es ein"]}, told=told)
    assert shown(bound) == {"it": [MARKED]}


def test_messages_of_values_that_are_valid_by_now_say_their_language() -> None:
    bound = in_other_language(
        Step(It), raw={"it": ["x"]}, messages={"it": ["Gib es ein"]}
    )
    assert shown(bound) == {"it": [MARKED]}


def test_password_that_was_lost_is_not_judged_again() -> None:
    bound = in_other_language(
        Step(Account), messages={"name": ["Wer?"], "pin": ["Zu kurz", NOT_KEPT]}
    )
    assert shown(bound) == {"name": ["Who?"], "pin": [NOT_KEPT]}


def test_file_that_was_refused_is_not_judged_again() -> None:
    class Photo(It):
        photo = FileField("Photo", [InputRequired("Choose one")])

    bound = in_other_language(
        Step(Photo), messages={"it": ["Gib es ein"], "photo": ["Gib es ein"]}
    )
    assert shown(bound) == {"it": ["Enter it"], "photo": [MARKED]}
    bound = in_other_language(Step(Photo), messages={"it": ["Gib es ein"]})
    assert shown(bound)["it"] == ["Enter it"]


def test_step_that_became_invalid_shows_why() -> None:
    class Strict(It):
        last = StringField("Last", [InputRequired("Last?")])

    bound = again(post(bind(Step(It)), {"it": "x"}), Step(Strict))
    assert bound.invalidated
    assert shown(bound) == {"last": ["Last?"]}


# Files


def sent_file(id: str, field: str = "photo", refusal: str = "") -> SentFile:
    return SentFile(StoredFile(id, field, f"{id}.png", size=5), refusal)


def with_files(*files: SentFile, dropped: str = "", **sent: str) -> Values:
    values = Values((name, [text]) for name, text in sent.items())
    values.files = {file.stored.id: file for file in files}
    values.dropped = dropped
    return values


def papers(*files: SentFile, **sent: str) -> BoundFormStep:
    return again(
        post(bind(Step(Papers)), with_files(*files, **{"note": "n", **sent})),
        Step(Papers),
    )


def names(found: dict[str, list[Any]]) -> dict[str, list[str]]:
    return {name: [file.filename for file in files] for name, files in found.items()}


def test_file_that_came_along_is_kept_and_bound_again() -> None:
    bound = papers(sent_file("f"))
    assert bound.done
    assert [file.id for file in entry_of(bound).files.values()] == ["f"]
    assert names(bound.files()) == {"photo": ["f.png"], "others": []}
    assert bound.data() == {"note": "n"}
    assert bound.submitted == ({"note": ["n"]}, 0, ["f"])


@pytest.mark.parametrize("validate", [True, False])
def test_file_is_kept_whatever_the_button(validate: bool) -> None:
    sent = with_files(sent_file("f"), note="n")
    after = post(bind(Step(Papers)), sent, validate=validate)
    assert [*entry_of(after).files] == ["f"]
    assert entry_of(after).accepted is validate


def test_file_of_a_page_that_is_not_valid_is_kept() -> None:
    class Strict(Papers):
        note = StringField("Note", [InputRequired("Note?")])

    after = post(bind(Step(Strict)), with_files(sent_file("f")))
    assert ([*entry_of(after).files], after.done) == (["f"], False)


def test_file_that_was_refused_is_told_and_leaves_the_one_before() -> None:
    bound = papers(sent_file("f"))
    bound.journey.texts = texts_in("en")
    refused = with_files(sent_file("g", refusal="Too large."), note="n")
    for validate in (True, False):
        after = post(bound, refused, validate=validate)
        assert [*entry_of(after).files] == ["f"]
        assert not entry_of(after).accepted
        assert [*entry_of(after).errors] == ["photo"]
        assert "g.png" in entry_of(after).errors["photo"][0]
        assert entry_of(after).lang == "en"


def test_file_is_replaced_and_dropped() -> None:
    bound = papers(sent_file("f"))
    replaced = post(bound, with_files(sent_file("g"), note="n"))
    assert [*entry_of(replaced).files] == ["g"]
    dropped = post(bound, with_files(dropped="f", note="n"), validate=False)
    assert (entry_of(dropped).files, entry_of(dropped).accepted) == ({}, False)
    unknown = post(bound, with_files(dropped="x", note="n"), validate=False)
    assert [*entry_of(unknown).files] == ["f"]
    assert entry_of(unknown).accepted


def test_files_of_several_are_added() -> None:
    bound = papers(sent_file("f", "others"))
    more = post(bound, with_files(sent_file("g", "others"), note="n"))
    assert [*entry_of(more).files] == ["f", "g"]
    assert names(again(more, Step(Papers)).files())["others"] == ["f.png", "g.png"]


def test_file_of_a_step_that_does_not_open_is_kept() -> None:
    bound = bind(Step(Papers), beside=BESIDE)
    after = post(bound, with_files(sent_file("f"), note="n"))
    assert [*entry_of(after).files] == ["f"]
    assert not entry_of(after).accepted
    other = post(after, with_files(sent_file("g"), note="n"))
    assert [*entry_of(other).files] == ["g"]
    step = Step(lambda answers: Papers, files=True)
    values = with_files(sent_file("f"), sent_file("g", "odd"), note="n")
    values.names = FieldNames(("note",), files=("photo", "others"))
    kept = post(bind(step, beside=BESIDE), values)
    assert [*entry_of(kept).files] == ["f"]
    more = with_files(sent_file("g", "others"), note="n")
    more.names = values.names
    assert [*entry_of(post(kept, more)).files] == ["f", "g"]


class Pages(Form):
    pages = FieldList(FormField(Papers))


@pytest.mark.parametrize("beside", [{}, {"first": Step(It)}])
def test_file_of_a_row_that_was_taken_out_goes_with_it(beside: dict[str, Step]) -> None:
    files = sent_file("f", "pages-0-photo"), sent_file("g", "pages-1-photo")
    notes = {"pages-0-note": "a", "pages-1-note": "b"}
    bound = post(bind(Step(Pages), beside=beside), with_files(*files, **notes))
    assert [*entry_of(bound).files] == ["f", "g"]
    after = post(bound, {"pages-1-note": "b"})
    assert [*entry_of(after).files] == ["g"]
    numbered = {**notes, "pages-2-note": "c"}
    first = bind(Step(Pages), beside=beside)
    files = sent_file("f", "pages-0-photo"), sent_file("g", "pages-2-photo")
    bound = post(first, with_files(*files, **numbered))
    moved = post(bound, {"pages-0-note": "a", "pages-2-note": "c"})
    assert [f.field for f in entry_of(moved).files.values()] == [
        "pages-0-photo",
        "pages-1-photo",
    ]


def test_prepare_sees_no_file_before_it_was_judged() -> None:
    seen: list[list[str]] = []

    def look(form: Any, answers: Answers) -> None:
        seen.append([file.filename for file in files_of(form.photo)])

    step = Step(Papers, prepare=look)
    after = post(bind(step), with_files(sent_file("f"), note="n"))
    post(again(after, step), with_files(sent_file("g"), note="n"))
    assert seen == [[], ["f.png"]]


def test_application_inspects_a_file_by_its_step_and_field() -> None:
    asked: list[tuple[str, str]] = []

    def inspect(bound: Any, step: str, path: str) -> str:
        asked.append((step, path))
        return "No."

    rules = FileRules(bind=RULES.bind, inspect=inspect)
    after = post(bind(Step(Papers), files=rules), with_files(sent_file("f"), note="n"))
    assert asked == [("a", "photo")]
    assert "No." in entry_of(after).errors["photo"][0]


def test_files_stay_with_a_form_that_takes_none_any_more() -> None:
    class Named(Form):
        photo = StringField("Photo")

    after = post(again(papers(sent_file("f")), Step(It)), {"it": "x"})
    assert [*entry_of(after).files] == ["f"]
    assert after.files() == {}
    text = again(papers(sent_file("f")), Step(Named))
    assert text.form["photo"].data is None


def test_files_that_the_application_has_already_are_there() -> None:
    data = {"photo": "old.png", "note": ""}
    bound = bind(Step(Papers), initial=initial(a=data))
    form: Any = bound.form
    assert form.photo.there == ("old.png",)
    before = bound.begin(EMPTY).entries["a"].before
    assert before is not None
    assert before.files == {"photo": ["old.png"]}
    kept: Any = bind(Step(Papers), bound.begin(EMPTY)).form
    assert kept.photo.there == ("old.png",)
    after = post(bound, with_files(sent_file("f"), note=""))
    assert after.changes() == {"photo": (["old.png"], ["f.png"])}


def test_file_that_the_application_has_already_is_not_asked_for_again() -> None:
    class Required(Form):
        note = StringField("Note")
        photo = FileField("Photo", [InputRequired("Choose one")])

    step, data = Step(Required), initial(a={"photo": "old.png"})
    after = post(bind(step, initial=data), {"note": "n"})
    assert after.done
    assert again(after, step).valid
    assert not post(bind(step), {"note": "n"}).done


# Passwords


class Closed(Papers):
    pin = PasswordField("Pin")
    secret = PasswordField("Secret")


class Opened(Papers):
    pin = StringField("Pin")
    secret = PasswordField("Secret")
    kept = StringField("Kept", [ReadOnly()])


def test_password_whose_field_is_none_any_more_is_not_shown() -> None:
    sent = with_files(sent_file("f"), note="n", pin="1", secret="2")
    data = initial(a={"kept": "first", "note": ""})
    after = post(bind(Step(Closed), initial=data), sent)
    before = Before({"kept": ["first"], "note": [""]})
    entry = replace(entry_of(after), packed_before=Entry.unsent(before).packed_before)
    bound = bind(Step(Opened), EMPTY.with_entries({"a": entry}))
    assert bound.form["pin"].data is None
    assert bound.data() == {"note": "n", "pin": None, "secret": "2", "kept": "first"}
    assert names(bound.files())["photo"] == ["f.png"]
    new = post(bound, with_files(sent_file("g"), note="n"))
    assert [*entry_of(new).files] == ["g"]
    assert (entry_of(new).passwords, new.data()["pin"]) == ({"secret": ["2"]}, None)


def test_password_typed_into_a_field_that_is_left_out_replaces_no_other() -> None:
    class Two(Form):
        kind = StringField("Kind")
        pin = PasswordField("Pin", [InputRequired("Pin?")])
        extra = PasswordField("Extra", [OnlyIf("kind", "x")])

    given = {"kind": "x", "pin": "1", "extra": "2"}
    bound = again(post(bind(Step(Two)), given), Step(Two))
    after = post(bound, {"kind": "", "pin": "", "extra": "typed"})
    assert after.done
    assert entry_of(after).passwords == {"pin": ["1"]}


def test_password_stays_while_other_values_are_saved() -> None:
    bound = again(post(bind(Step(Account)), {"name": "x", "pin": "1"}), Step(Account))
    saved = entry_of(post(bound, {"name": "y", "pin": ""}, validate=False))
    assert (saved.accepted, saved.passwords) == (False, {"pin": ["1"]})


# Answers


def test_record_is_falsy_unless_the_step_is_done() -> None:
    reads: set[Any] = set()
    record = post(bind(Step(It)), {"it": "x"}).record(reads)
    assert record
    assert record.it == "x"
    assert reads == {("a", ""), ("a", "it")}
    assert not bind(Step(It)).record(set())
    hidden = post(bind(Step(It)), {"it": "x"})
    hidden.applies = False
    assert not hidden.record(set())


def test_answers_are_those_that_the_validators_leave() -> None:
    after = again(post(bind(Step(Loud)), {"it": "x"}), Step(Loud))
    assert after.data() == {"it": "X"}
    assert after.record(set()).it == "X"
    (row,) = after.rows(lambda bound: "/url")
    assert (row.lines, row.url) == (("X",), "/url#it")
    trusted = Step(Loud, revalidate=False)
    assert again(post(bind(trusted), {"it": "x"}), trusted).data() == {"it": "x"}


def test_passwords_are_concealed() -> None:
    after = post(bind(Step(Account)), {"name": "x", "pin": "1234"})
    assert after.concealed() == {"name": "x", "pin": CONCEALED}
    assert after.submitted == ({"name": ["x"]}, 1)
    assert bind(Step(Account)).submitted is None


def test_files_are_told_by_their_names() -> None:
    assert papers(sent_file("f")).concealed() == {"note": "n", "photo": ["f.png"]}


def test_changes_are_those_of_what_the_page_began_with() -> None:
    bound = bind(Step(It), initial=initial(a={"it": "x", "more": "m"}))
    assert post(bound, {"it": "x", "more": "m"}).changes() is None
    begun = bind(Step(It), bound.begin(EMPTY))
    assert begun.changes() is None
    changed = post(bound, {"it": "y", "more": "m"})
    assert changed.changes() == {"it": ("x", "y")}
    assert post(bound, {"it": "y", "more": ""}).changes() == {
        "it": ("x", "y"),
        "more": ("m", ""),
    }


def test_blank_answer_is_no_change_of_nothing() -> None:
    assert post(bind(Step(It)), {"it": "x", "more": ""}).changes() == {
        "it": (None, "x")
    }


def test_blank_answers_alone_are_no_changes() -> None:
    assert post(bind(Step(Street)), {"street": ""}).changes() is None


def test_what_validators_make_of_an_untouched_value_is_no_change() -> None:
    bound = bind(Step(Loud), initial=initial(a={"it": "x"}))
    assert post(bound, {"it": "x"}).changes() is None
    assert post(bound, {"it": "y"}).changes() == {"it": ("x", "Y")}


def test_password_that_a_hidden_step_began_with_is_not_told() -> None:
    class Login(Form):
        pin = PasswordField("Pin", default="0000")

    class Nested(Form):
        login = FormField(Login)

    draft = bind(Step(Nested), initial=initial(a={})).begin(EMPTY)
    hidden = bind(Step(Nested, when=lambda answers: False), draft)
    assert hidden.entry is None
    assert hidden.changes() == ({"login": {"pin": CONCEALED}}, None)


def test_password_is_a_change_that_is_not_told() -> None:
    bound = bind(Step(Account), initial=initial(a={"name": "x"}))
    after = post(bound, {"name": "x", "pin": "1234"})
    assert after.changes() == {"pin": (CONCEALED, CONCEALED)}

    class Nested(Form):
        inner = FormField(Account)

    after = post(bind(Step(Nested)), {"inner-name": "x", "inner-pin": "1234"})
    found = {"name": "x", "pin": CONCEALED}
    assert after.changes() == {"inner": (None, found)}


def test_step_that_does_not_apply_any_more_tells_what_it_began_with() -> None:
    bound = bind(Step(It), initial=initial(a={"it": "x"}))
    after = post(bound, {"it": "y"})
    after.applies = False
    assert after.changes() == ({"it": "x", "more": ""}, None)
    same = post(bound, {"it": "x", "more": ""})
    same.applies = False
    assert same.changes() == ({"it": "x", "more": ""}, None)
    never = post(bind(Step(It)), {"it": "y"})
    never.applies = False
    assert never.changes() is None
    assert after.before is not None
    after.before = replace(after.before, opened=False)
    assert after.changes() is None


def test_buttons_and_files_are_not_set_on_an_object() -> None:
    found = SimpleNamespace()
    papers(sent_file("f")).populate(found)
    assert vars(found) == {"note": "n"}


# Pages of items


def item_page(form: Any, page: str = "", **more: Any) -> BoundFormStep:
    """A page of an item that does not exist yet."""
    wizard = declare(pets=Repeat(form), check=Review())
    journey = Journey(wizard.steps, EMPTY, **{"files": RULES, **more})
    pets: Any = journey.bind("pets")
    bound = pets.new_item("x").walk.bind(page)
    assert isinstance(bound, BoundFormStep)
    return bound


def test_file_of_an_item_is_inspected_by_its_list_and_page() -> None:
    asked: list[tuple[str, str]] = []

    def inspect(bound: Any, step: str, path: str) -> str:
        asked.append((step, path))
        return ""

    class Pet(Item):
        first = Step(Papers)

    rules = FileRules(bind=RULES.bind, inspect=inspect)
    for form, page in ((Papers, ""), (Pet, "first")):
        post(item_page(form, page, files=rules), with_files(sent_file("f")))
    assert asked == [("pets", "photo"), ("pets", "first.photo")]


# What is hashed for readers


class Street(Form):
    street = StringField("Street")


class Home(Form):
    home = FormField(Street)
    homes = StringField("Homes")
    extra = StringField("Extra", [OnlyIf("homes", "x")])


def test_field_is_hashed_with_those_inside_it_and_no_others() -> None:
    def serialized(field: str, **sent: str) -> bytes:
        values = {"home-street": "s", "homes": "x", "extra": "e", **sent}
        return post(bind(Step(Home)), values).serialize(field)

    assert serialized("home") == serialized("home", homes="y")
    assert serialized("home") != serialized("home", **{"home-street": "t"})
    assert serialized("homes") != serialized("homes", homes="y")
    assert serialized("homes") == serialized("homes", **{"home-street": "t"})
    assert serialized("extra") != serialized("extra", homes="y")
    assert serialized("extra") != serialized("extra", extra="f")
    assert serialized("") == serialized("", homes="y") != ABSENT
    assert serialized(NAMES) == serialized(NAMES, homes="y") != serialized("")
    assert post(bind(Step(It)), {"it": "x"}).serialize(NAMES) != serialized(NAMES)


def test_field_that_a_deploy_has_taken_away_is_hashed_as_before() -> None:
    bound = post(bind(Step(Home)), {"home-street": "s", "homes": "x", "it": "i"})
    without = again(bound, Step(It, revalidate=False))
    without.take_as_done()
    assert without.serialize("home") == bound.serialize("home")


def test_file_is_hashed_with_the_field_around_it() -> None:
    one, other = (
        post(bind(Step(Pages)), with_files(sent_file(id, "pages-0-photo")))
        for id in ("f", "g")
    )
    assert [*entry_of(one).files] == ["f"]
    assert one.serialize("pages") != other.serialize("pages")


def test_answers_that_do_not_count_are_hashed_alike() -> None:
    done = post(bind(Step(It)), {"it": "x"})
    assert done.serialize("it") != ABSENT
    assert done.serialize() == done.serialize("it", "more") == ABSENT
    assert bind(Step(It)).serialize("it") == ABSENT
    assert post(bind(Step(It)), {"it": ""}).serialize("it") == ABSENT
    done.applies = False
    assert done.serialize("it") == ABSENT


def test_passwords_and_files_are_hashed_with_their_fields() -> None:
    one, other = (
        post(bind(Step(Account)), {"name": "x", "pin": pin}) for pin in ("1", "2")
    )
    assert one.serialize("pin") != other.serialize("pin")
    assert one.serialize("name") == other.serialize("name")
    first, second = papers(sent_file("f")), papers(sent_file("g"))
    assert first.serialize("photo") != second.serialize("photo")
    assert first.serialize("others") == second.serialize("others")
    assert first.serialize("note") == second.serialize("note")


def test_prefix_that_a_form_gives_itself_is_found() -> None:
    class Prefixed(Form):
        it = StringField("It")

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **{**kwargs, "prefix": "p"})

    one, other = (post(bind(Step(Prefixed)), {"p-it": it}) for it in ("x", "y"))
    assert one.data() == {"it": "x"}
    assert one.serialize("it") != other.serialize("it")


# Errors of a commit


def test_error_of_a_commit_is_put_at_its_field() -> None:
    bound = post(bind(Step(Home)), {"home-street": "s"})
    draft = bound.write_to(EMPTY)
    error = StepError("a", "No", field="home.street")
    sent_back = bound.send_back(draft, error).entries["a"]
    assert sent_back.messages == {"home-street": ["No"]}
    assert (sent_back.accepted, sent_back.told) == (False, True)
    assert bound.landing(error) is bound
    assert bound.error_name(None) == bound.error_name("") == ""


def test_error_of_a_commit_that_names_no_field_is_refused() -> None:
    with pytest.raises(DefinitionError) as found:
        bind(Step(Home)).error_name("hom.street")
    assert "'hom.street', which the form of 'a' does not" in str(found.value)
    assert "Its fields are home, homes, extra;" in str(found.value)
