"""Steps as they are declared: their names, and what holds of them in every draft."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest
import wizards
from msgspec.structs import replace
from wizards import EMPTY
from wtforms import FileField, Form, StringField

from flask_wizard import (
    Answers,
    DefinitionError,
    Exit,
    Info,
    Item,
    Repeat,
    Review,
    Row,
    Step,
    StepError,
    StoreError,
    Wizard,
)
from flask_wizard.core.draft import DamagedDraftError, Draft, Entry
from flask_wizard.core.forms import Values
from flask_wizard.core.hooks import HookError
from flask_wizard.core.journey import Journey
from flask_wizard.core.steps import Span, Steps, joined
from flask_wizard.core.texts import LazyText

declare = partial(wizards.declare, "Join", commit=lambda self, submission: None)


class It(Form):
    it = StringField("It")


class Photo(Form):
    photo = FileField("Photo")


def always(answers: Answers) -> bool:
    return True


def names(steps: Any) -> list[str]:
    return [step.name for step in steps]


# One step


def test_step_is_titled_by_its_name_in_words() -> None:
    wizard = declare(your_home=Step(It), pet=Step(It, title="Your pet"))
    assert [step.title for step in wizard.steps] == ["Your home", "Your pet"]
    assert [step.url_name for step in wizard.steps] == ["your-home", "pet"]


def test_title_that_waits_for_its_use_is_not_asked_whether_it_is_empty() -> None:
    class Lazy:
        def __bool__(self) -> bool:
            raise AssertionError

    title: Any = Lazy()
    assert declare(a=Step(It, title=title)).steps[0].title is title


def test_step_that_says_nothing_has_no_section_and_no_template() -> None:
    step = Step(It)
    assert (step.section, step.template, step.was, step.words) == (None, None, (), {})
    assert (step.title, step.name) == ("", "")


@pytest.mark.parametrize(
    ("was", "names"), [((), ()), ("old", ("old",)), (["a", "b"], ("a", "b"))]
)
def test_step_has_the_names_that_it_had_before(was: Any, names: tuple[str]) -> None:
    assert Step(It, was=was).former_names == names


def test_step_that_asks_for_nothing_has_no_form() -> None:
    """What holds of a kind that says nothing else."""
    info: Any = Info()
    assert (info.takes_input, info.lists_answers, info.ends) == (False, False, False)
    assert (info.when, info.fixed_form, info.takes_files) == (None, None, False)
    assert (info.fixed_forms, info.former_fields, info.pages) == ((), {}, ())
    assert not info.may_be_left_out


def test_kinds_say_what_their_pages_are_for() -> None:
    review = Review()
    assert (review.page, review.lists_answers, review.has_answers) == (
        "review",
        True,
        False,
    )
    assert str(review.title) == "Check your answers"
    assert Step(It).page == "step"


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (Step(It), False),
        (Step(It, when=always), True),
        (Exit(when=always), True),
        (Exit(), True),
        (Info(), False),
        (Info(when=always), True),
        (Review(), False),
    ],
)
def test_step_may_be_left_out_by_its_condition(step: Any, expected: bool) -> None:
    assert step.may_be_left_out is expected


def test_title_of_the_package_is_said_in_the_words_of_the_wizard() -> None:
    review = Review(words={"b": "own"})
    said = review.with_words({"Check your answers": "Look", "b": "theirs"})
    assert isinstance(said.title, LazyText)
    assert str(said.title) == "Look"
    own = Review(words={"Check your answers": "Read"})
    assert str(own.with_words({"Check your answers": "Look"}).title) == "Read"
    step = Step(It, title="Mine")
    assert step.with_words({"Mine": "Yours"}) is step


def test_words_of_a_step_must_be_texts_of_the_package() -> None:
    with pytest.raises(DefinitionError, match=r"Join\.a: words"):
        declare(a=Step(It, words={"Nobody says this": "x"}))


NAMES = ("bound", "discard", "file", "link", "new", "receipt", "remove", "saved")


@pytest.mark.parametrize("name", [*NAMES, "tasks"])
def test_name_of_a_page_or_a_part_of_a_url_is_refused(name: str) -> None:
    with pytest.raises(DefinitionError, match=f"has a step called '{name}'"):
        declare(**{name: Step(It)})


@pytest.mark.parametrize(
    "name",
    [
        *("_action", "_rev", "_draft", "_item", "_seen", "_signed_in", "_guest"),
        *("_fields", "csrf_token"),
    ],
)
def test_field_of_a_name_that_pages_use_themselves_is_refused(name: str) -> None:
    form = type("Own", (Form,), {"own": StringField("Own", name=name)})
    with pytest.raises(DefinitionError, match=f"has a field '{name}'"):
        declare(a=Step(form))


# Review


@pytest.mark.parametrize("rows", [7, "rows"])
def test_rows_that_cannot_be_called_are_refused(rows: Any) -> None:
    with pytest.raises(DefinitionError, match=r"Join\.check has rows=.*cannot be call"):
        declare(a=Step(It), check=Review(rows=rows))


def test_rows_that_take_other_arguments_are_refused() -> None:
    with pytest.raises(DefinitionError, match=r"rows of Join\.check has the param"):
        declare(a=Step(It), check=Review(rows=lambda rows: rows))  # type: ignore[misc, arg-type]


ROW = Row("a", "it", "It", ("x",), "it")


def reviewed(rows: Any) -> Any:
    wizard = declare(a=Step(It), check=Review(rows=rows))
    draft = EMPTY.with_entries({"a": Entry.of({"it": ["x"]}, accepted=True)})
    return Journey(wizard.steps, draft).bind("check")


def test_review_shows_the_rows_that_it_is_given() -> None:
    rows = [ROW]
    assert reviewed(None).edit_rows(rows) is rows


def test_rows_may_come_from_a_generator() -> None:
    def twice(rows: list[Row], answers: Answers) -> Any:
        rows.clear()  # the list is the function's own
        yield from (ROW, ROW)

    rows = [ROW]
    assert reviewed(twice).edit_rows(rows) == [ROW, ROW]
    assert rows == [ROW]


def test_error_of_ours_out_of_rows_is_the_applications() -> None:
    def fails(rows: list[Row], answers: Answers) -> Any:
        raise StoreError("elsewhere")

    def damaged(rows: list[Row], answers: Answers) -> Any:
        raise DamagedDraftError("here")

    with pytest.raises(HookError):
        reviewed(fails).edit_rows([])
    with pytest.raises(DamagedDraftError):
        reviewed(damaged).edit_rows([])


# A bound step without a form


def welcome(draft: Draft = EMPTY) -> Any:
    wizard = declare(hello=Info(), a=Step(It), check=Review())
    return Journey(wizard.steps, draft).bind("hello")


def test_page_without_a_form_has_nothing_to_keep_or_to_show() -> None:
    bound = welcome()
    assert (bound.rev, bound.errors, bound.errors_to_show()) == (0, {}, {})
    assert (bound.form, bound.form_to_show(), bound.initial) == (None, None, None)
    assert (bound.outdated, bound.form_changed, bound.invalidated) == (False,) * 3
    assert (bound.trusted, bound.takes_input, bound.add_label) == (True, False, "")
    assert (bound.submitted, bound.data(), bound.files()) == (None, {}, {})
    assert (bound.concealed(), bound.changes(), bound.rows(str)) == ({}, None, ())
    assert bound.resend(Values()) == (None, {})
    assert not bound.declares(["it"])
    assert bound.serialize() == b"absent"
    assert bound.top is bound
    assert bound.landing(None) is bound
    assert bound.edit_rows([ROW]) == [ROW]
    assert (bound.name, bound.url_name) == ("hello", "hello")


def test_review_would_not_change_by_a_save() -> None:
    assert not reviewed(None).would_change(Values())
    assert reviewed(None).prefill() is not None
    assert reviewed(None).page_names(It()) is None


def test_page_without_a_form_begins_with_nothing() -> None:
    for bound in (welcome(), reviewed(None)):
        assert bound.begin(EMPTY) is EMPTY
        assert bound.refresh_dependencies(EMPTY) is EMPTY
    review = reviewed(None)
    assert review.prefill_draft(EMPTY) is EMPTY
    assert review.prefill() is review
    assert list(review.find_reads()) == []
    assert not review.would_change(Values())


def test_page_without_a_form_may_wait() -> None:
    bound = welcome()
    assert bound.opens
    bound.applies = False
    bound.wait_for(("a",))
    assert (bound.applies, bound.opens, bound.waits_for) == (True, False, ("a",))
    bound.applies = False
    bound.take_as_done()
    assert bound.applies


def test_review_is_done_once_it_is_confirmed() -> None:
    review = reviewed(None)
    assert review.opens
    assert not review.done
    assert review.submit(Values(), validate=True).done
    assert not review.submit(Values(), validate=False).done
    closed = Journey(declare(a=Step(It), check=Review()).steps, EMPTY).bind("check")
    after = closed.submit(Values(), validate=True)
    assert after is not None
    assert not after.done


def test_review_knows_the_answers_of_all_steps() -> None:
    assert reviewed(None).answers.a.it == "x"


def test_step_error_opens_a_page_without_a_form_again() -> None:
    bound = welcome(EMPTY.with_entries({"hello": Entry(accepted=True, rev=3)}))
    draft = bound.send_back(EMPTY, StepError("hello", "Read it"))
    entry = draft.entries["hello"]
    assert (entry.accepted, entry.told) == (False, True)
    assert entry.messages == {"": ["Read it"]}


def test_step_error_cannot_name_a_field_of_a_page_without_a_form() -> None:
    bound = welcome()
    with pytest.raises(DefinitionError, match=r"names the field 'it', which 'hello'"):
        bound.landing(StepError("hello", "x", field="it"))
    with pytest.raises(DefinitionError, match=r"names an item of 'hello'"):
        bound.landing(StepError("hello", "x", item="7"))


def test_rejected_step_is_open_and_keeps_what_was_sent() -> None:
    entry = Entry.of({"it": ["x"]}, rev=3, accepted=True)
    draft = EMPTY.with_entries({"a": entry})
    bound = Journey(declare(a=Step(It)).steps, draft).bind("a")
    rejected = bound.reject(draft, {"it": ["No"]}).entries["a"]
    assert (rejected.raw, rejected.rev) == ({"it": ["x"]}, 3)
    assert (rejected.accepted, rejected.told) == (False, False)
    assert rejected.messages == {"it": ["No"]}
    told = bound.reject(draft, {"it": ["No"]}, told=True)
    assert told.entries["a"].told
    again = bound.reject(told, {"it": ["Nor"], "": ["x"]}, told=True)
    assert again.entries["a"].messages == {"it": ["No", "Nor"], "": ["x"]}
    other = bound.reject(told, {"it": ["Nor"]})
    assert other.entries["a"].messages == {"it": ["Nor"]}
    judged = bound.reject(other, {"": ["x"]}, told=True)
    assert judged.entries["a"].messages == {"": ["x"]}
    accepted = replace(told.entries["a"], accepted=True)
    anew = bound.reject(told.with_entries({"a": accepted}), {"": ["x"]}, told=True)
    assert anew.entries["a"].messages == {"": ["x"]}


def test_messages_of_both_are_joined_each_once() -> None:
    first = {"a": ["x"]}
    assert joined(first, {"a": ["x", "y"], "b": ["z"]}) == {"a": ["x", "y"], "b": ["z"]}
    assert first == {"a": ["x"]}


@pytest.mark.parametrize(
    ("lang", "told", "here", "other"),
    [
        ("", True, "en", ""),
        ("en", True, "en", ""),
        ("de", True, "", ""),
        ("de", True, "en", "de"),
        ("de", False, "en", "de"),
    ],
)
def test_messages_in_another_language_are_marked(
    lang: str, told: bool, here: str, other: str
) -> None:
    entry = Entry().with_messages({"": ["Nein"]}, lang, told=told)
    bound = welcome(EMPTY.with_entries({"hello": entry}))

    class Texts:
        language = here

    bound.journey.texts = Texts()
    assert bound.other_language == other
    shown = bound.errors_to_show()[""]
    marked = '<span lang="de">Nein</span>'
    assert shown == [marked if told and other else "Nein"]


# All steps of a wizard


class Child(Item):
    who = Step(It)
    face = Step(Photo)


Whole: type[Wizard] = declare(
    you=Step(It, was=("me", "my_self"), section="First"),
    home_town=Step(It),
    more=Step(It, section="First", when=always),
    kids=Repeat(Child),
    check=Review(section="First"),
)


def test_steps_are_found_by_their_names() -> None:
    steps = Whole.steps
    assert steps.names == ("you", "home_town", "more", "kids", "check")
    assert steps.positions["more"] == 2
    assert steps.named("more") is steps[2]
    assert {name: step.name for name, step in steps.by_url_name.items()} == {
        **{"me": "you", "my-self": "you", "you": "you", "home-town": "home_town"},
        **{"more": "more", "kids": "kids", "check": "check"},
    }


def test_steps_with_answers_before_a_position_can_be_read() -> None:
    assert Whole.steps.readable(5) == ("you", "home_town", "more", "kids")
    assert Whole.steps.readable(1) == ("you",)
    assert Whole.steps.readable(0) == ()


def test_steps_of_which_something_was_called_otherwise_are_found() -> None:
    class Old(Item):
        who = Step(It, was="name")

    wizard = declare(
        a=Step(It, was="x"),
        b=Step(It),
        c=Step(It, fields_were={"it": "that"}),
        d=Repeat(Old),
        e=Repeat(It),
    )
    assert names(wizard.steps.renamed) == ["a", "c", "d"]


def test_wizard_takes_files_if_one_of_its_pages_does() -> None:
    assert Whole.steps.take_files
    assert not declare(a=Step(It), b=Repeat(It)).steps.take_files
    assert not declare(a=Step(lambda answers: Photo)).steps.take_files
    assert declare(a=Step(lambda answers: Photo, files=True)).steps.take_files


def test_last_step_with_a_condition_is_known() -> None:
    assert Whole.steps.last_conditional == 2
    assert declare(a=Step(It), b=Step(It)).steps.last_conditional == -1
    assert declare(a=Step(It, when=always), b=Step(It)).steps.last_conditional == 0


def test_steps_of_a_section_are_put_where_its_first_stands() -> None:
    grouped = Whole.steps.grouped_by_section()
    assert grouped.names == ("you", "more", "home_town", "kids", "check")
    assert grouped.task_at == [
        *(Span(0, 2), Span(0, 2), Span(2, 3), Span(3, 4), Span(4, 5)),
    ]
    assert Steps().grouped_by_section() == ()


def test_signatures_are_those_of_the_forms() -> None:
    found = Whole.steps.signatures()
    assert [form is None for form in found.forms] == [False, False, False, True, True]
    assert [digest is None for digest in found.plain] == [False, False, *[True] * 3]
    assert len(found.chained) == 3
    assert found.chained[0] == b""
    assert [len(digest) for digest in found.chained[1:]] == [16, 16]
    assert len(found.whole) == 16
    assert Whole.steps.signatures() is found


def test_signatures_of_other_steps_differ() -> None:
    one = declare(a=Step(It), b=Step(It)).steps.signatures()
    renamed = declare(a=Step(It), x=Step(It)).steps.signatures()
    other = declare(a=Step(It), b=Step(Photo)).steps.signatures()
    assert one.chained[1] == renamed.chained[1] == other.chained[1]
    assert len({each.chained[2] for each in (one, renamed, other)}) == 3
    assert len({each.whole for each in (one, renamed, other)}) == 3
    assert one == declare(a=Step(It), b=Step(It)).steps.signatures()


def test_signatures_notice_a_field_that_is_added_later() -> None:
    class Growing(Form):
        it = StringField("It")

    steps = declare(a=Step(Growing)).steps
    before = steps.signatures()
    Growing.more = StringField("More")
    after = steps.signatures()
    assert after.whole != before.whole
    assert after.chained[1] != before.chained[1]
    assert steps.signatures() is after
