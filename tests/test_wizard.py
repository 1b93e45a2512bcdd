"""How a wizard is declared, and what is said to a developer who errs."""

from __future__ import annotations

import functools
from collections.abc import Callable
from datetime import timedelta
from functools import partial, partialmethod
from types import new_class
from typing import Any

import pytest
import wizards
from wizards import Commits
from wtforms import Form, fields

from flask_wizard import (
    DefinitionError,
    Review,
    Row,
    Step,
    Submission,
    Wizard,
    WizardError,
)
from flask_wizard.core.draft import Draft
from flask_wizard.drafts.lifetimes import expires
from flask_wizard.drafts.public_draft import Draft as PublicDraft


class Name(Form):
    name = fields.StringField()


class Age(Form):
    age = fields.IntegerField()


class Photo(Form):
    photo = fields.FileField()


class Join(Commits, Wizard):
    you = Step(Name)
    age = Step(Age, title="How old?")
    check = Review()


declare = partial(wizards.declare, "Wrong", Commits)


def names(wizard: type[Wizard]) -> list[str]:
    return [step.name for step in wizard.steps]


def draft(**more: Any) -> Draft:
    times = {"created": 1000.0, "updated": 1000.0}
    return Draft(
        **{"id": "d", "mount": "m", "packed_holders": (), "submission": "s"}
        | times
        | more
    )


# What is collected


def test_steps_keep_the_order_of_their_declaration() -> None:
    assert names(Join) == ["you", "age", "check"]


def test_step_is_called_by_its_attribute() -> None:
    assert Join.you.name == "you"


def test_steps_title_comes_from_its_name() -> None:
    assert declare(home_address=Step(Name)).steps[0].title == "Home address"


def test_given_title_is_kept() -> None:
    assert Join.age.title == "How old?"


def test_url_name_has_hyphens() -> None:
    assert declare(home_address=Step(Name)).steps[0].url_name == "home-address"


def test_review_has_hyphens_in_its_url_name() -> None:
    wizard = declare(you=Step(Name), check_it=Review())
    assert wizard.steps[-1].url_name == "check-it"


def test_wizards_title_comes_from_its_name() -> None:
    class JoinLibrary(Commits, Wizard):
        you = Step(Name)

    assert JoinLibrary.title == "Join library"


def test_made_up_title_of_a_base_is_not_inherited() -> None:
    class Base(Wizard, abstract=True):
        you = Step(Name)

    class JoinLibrary(Commits, Base):
        pass

    assert JoinLibrary.title == "Join library"


def test_one_step_object_serves_two_wizards() -> None:
    shared = Step(Name)
    one, two = declare(first=shared), declare(second=shared)
    assert (names(one), names(two)) == (["first"], ["second"])


# What is inherited


def test_subclass_adds_its_steps_before_the_review() -> None:
    class Longer(Join):
        more = Step(Name)

    assert names(Longer) == ["you", "age", "more", "check"]


def test_same_name_replaces_a_step_in_place() -> None:
    class Other(Join):
        you = Step(Age)

    assert names(Other) == ["you", "age", "check"]
    assert Other.you.form is Age


def test_replaced_step_stays_in_the_base_class() -> None:
    class Other(Join):
        you = Step(Age)

    assert Join.you.form is Name
    assert Other.you is not Join.you


def test_none_removes_a_step() -> None:
    class Shorter(Join):
        age = None  # type: ignore[assignment]

    assert names(Shorter) == ["you", "check"]


def test_removed_step_stays_removed_in_a_subclass() -> None:
    class Shorter(Join):
        age = None  # type: ignore[assignment]

    class Again(Shorter):
        more = Step(Name)

    assert names(Again) == ["you", "more", "check"]


def test_none_removes_the_review() -> None:
    class Straight(Join):
        check = None  # type: ignore[assignment]

    assert names(Straight) == ["you", "age"]


def test_subclass_may_replace_the_review() -> None:
    class Other(Join):
        check = Review(title="Look again")

    assert Other.steps[-1].title == "Look again"


def test_subclass_of_a_subclass_has_every_step() -> None:
    class Middle(Join):
        more = Step(Name)

    class Last(Middle):
        age = Step(Name)
        extra = Step(Name)

    assert names(Last) == ["you", "age", "more", "extra", "check"]


def test_abstract_wizard_needs_no_steps() -> None:
    class Base(Wizard, abstract=True):
        def commit(self, submission: Submission) -> None: ...

    assert Base.steps == ()


def test_abstract_wizard_needs_no_commit() -> None:
    class Base(Wizard, abstract=True):
        you = Step(Name)

    assert names(Base) == ["you"]


@pytest.mark.parametrize("mount", [Wizard, "abstract"])
def test_abstract_wizard_cannot_be_mounted(mount: Any) -> None:
    class Base(Wizard, abstract=True):
        you = Step(Name)

    wizard = Base if mount == "abstract" else mount
    with pytest.raises(DefinitionError, match=f"{wizard.__name__} is abstract"):
        wizard.as_blueprint("join")


def test_subclass_of_an_abstract_wizard_is_checked() -> None:
    class Base(Wizard, abstract=True):
        you = Step(Name)

    with pytest.raises(DefinitionError, match="Whole has no commit method"):

        class Whole(Base):
            pass


# A developer's mistakes


def refusal(**body: Any) -> str:
    with pytest.raises(DefinitionError) as caught:
        declare(**body)
    return str(caught.value)


def test_definition_error_is_a_type_error() -> None:
    assert issubclass(DefinitionError, WizardError)
    assert issubclass(DefinitionError, TypeError)


async def asynchronous(*given: Any) -> None: ...


async def asynchronous_generator(*given: Any) -> Any:
    yield


def generator(*given: Any) -> Any:
    yield


class AsynchronousObject:
    async def __call__(self, *given: Any) -> None: ...


NOT_PLAIN = {
    "async": asynchronous,
    "async generator": asynchronous_generator,
    "generator": generator,
    "partial": partial(asynchronous, 1),
    "object": AsynchronousObject(),
    "partial of an object": partial(AsynchronousObject()),
    "static": staticmethod(asynchronous),
    "class method": classmethod(generator),
}
HOOKS = ("initial", "admit", "validate", "commit", "discarded")


@pytest.mark.parametrize("hook", HOOKS)
@pytest.mark.parametrize("kind", NOT_PLAIN)
def test_hook_whose_call_would_not_run_it_is_refused(kind: str, hook: str) -> None:
    message = refusal(you=Step(Name), **{hook: NOT_PLAIN[kind]})
    assert f"Wrong.{hook} is a" in message
    assert "Give a plain function" in message


def test_hook_of_an_abstract_base_is_refused_where_it_is_declared() -> None:
    with pytest.raises(DefinitionError, match=r"Base\.validate is an async function"):

        class Base(Wizard, abstract=True):
            async def validate(self, submission: Submission) -> None: ...  # type: ignore[override]


def test_hook_of_a_wizard_that_cannot_be_called_is_refused() -> None:
    assert "validate is 'never', which" in refusal(you=Step(Name), validate="never")


@pytest.mark.parametrize("kind", ["async", "generator", "partial", "object"])
@pytest.mark.parametrize("option", ["when", "prepare"])
def test_function_of_a_step_whose_call_would_not_run_it_is_refused(
    kind: str, option: str
) -> None:
    options: dict[str, Any] = {option: NOT_PLAIN[kind]}
    message = refusal(you=Step(Name), more=Step(Name, **options))
    assert f"{option} of Wrong.more is a" in message


@pytest.mark.parametrize("kind", ["async", "generator", "partial", "object"])
def test_form_function_whose_call_would_not_run_it_is_refused(kind: str) -> None:
    message = refusal(you=Step(Name), more=Step(NOT_PLAIN[kind]))
    assert "The form function of Wrong.more is a" in message


def test_asynchronous_rows_of_the_review_are_refused() -> None:
    message = refusal(you=Step(Name), check=Review(rows=asynchronous))  # type: ignore[arg-type]
    assert "rows of Wrong.check is an async function" in message


def test_rows_of_the_review_may_be_generated() -> None:
    wizard = declare(you=Step(Name), check=Review(rows=generator))
    assert names(wizard) == ["you", "check"]


@pytest.mark.parametrize(
    ("hook", "wrong", "found", "expected"),
    [
        ("commit", lambda: None, "()", "(self, submission)"),
        ("commit", lambda self: None, "(self)", "(self, submission)"),
        ("commit", lambda self, a, b: None, "(self, a, b)", "(self, submission)"),
        ("validate", lambda self, *, a: None, "(self, *, a)", "(self, submission)"),
        ("discarded", staticmethod(lambda a, b: None), "(a, b)", "(draft)"),
        ("describe", classmethod(lambda cls: ""), "(cls)", "(self, draft)"),
        ("admit", partial(lambda moment: None), "(moment)", "(moment, holder)"),
        ("initial", lambda self, a: None, "(self, a)", "(self, step_name, bound)"),
    ],
)
def test_hook_that_cannot_take_what_it_gets_is_refused(
    hook: str, wrong: Any, found: str, expected: str
) -> None:
    message = refusal(**{"you": Step(Name), hook: wrong})
    assert f"Wrong.{hook} has the parameters {found}. Expected {expected}:" in message


@pytest.mark.parametrize(
    "commit",
    [
        lambda *given: None,
        lambda self, submission, more=1: None,
        staticmethod(lambda submission: None),
        classmethod(lambda cls, submission: None),
        partial(lambda more, submission: None, 1),
        partialmethod(lambda self, more, submission: None, 1),
        [].append,
        dict,  # a class, and it does not tell what it takes
    ],
)
def test_hook_may_be_any_callable_that_takes_what_it_gets(commit: Any) -> None:
    assert names(declare(you=Step(Name), commit=commit)) == ["you"]


@pytest.mark.parametrize(
    ("option", "wrong", "expected"),
    [
        ("when", lambda: True, "(answers)"),
        ("prepare", lambda form: None, "(form, answers)"),
        ("kwargs", lambda a, b: {}, "(answers)"),
    ],
)
def test_function_of_a_step_that_cannot_take_what_it_gets_is_refused(
    option: str, wrong: Any, expected: str
) -> None:
    options: dict[str, Any] = {option: wrong}
    message = refusal(you=Step(Name), more=Step(Name, **options))
    assert f"{option} of Wrong.more has the parameters" in message
    assert f"Expected {expected}:" in message


def test_form_function_that_takes_no_answers_is_refused() -> None:
    message = refusal(you=Step(lambda: Name))
    assert "The form function of Wrong.you has the parameters ()" in message


def test_rows_that_take_no_answers_are_refused() -> None:
    rows: Any = lambda rows: rows  # noqa: E731
    message = refusal(you=Step(Name), check=Review(rows=rows))
    assert "rows of Wrong.check has the parameters (rows)" in message


@pytest.mark.parametrize(
    "initial",
    [
        staticmethod(lambda name, bound, answers: [name, bound, answers]),
        classmethod(lambda cls, name, bound, answers: [name, bound, answers]),
    ],
)
def test_initial_without_self_may_take_the_answers(initial: Any) -> None:
    wizard: Any = declare(you=Step(Name), initial=initial)()
    assert wizard._initial_at({})("you", "answers") == ["you", {}, "answers"]


def test_hook_that_only_wraps_an_asynchronous_function_is_accepted() -> None:
    @functools.wraps(asynchronous)
    def waits(*given: Any) -> None: ...

    assert names(declare(you=Step(Name), commit=waits)) == ["you"]


def test_wizard_without_steps_is_refused() -> None:
    assert "Wrong has no steps. Declare at least one" in refusal()


def test_wizard_with_only_a_review_is_refused() -> None:
    assert "Wrong has no steps" in refusal(check=Review())


def test_wizard_without_commit_is_refused() -> None:
    with pytest.raises(DefinitionError, match=r"Lost has no commit.*def commit\(self"):

        class Lost(Wizard):
            you = Step(Name)


@pytest.mark.parametrize(
    "name",
    [
        *("bound", "discard", "receipt", "saved", "new", "tasks", "link", "file"),
        "remove",
    ],
)
def test_step_of_a_name_in_the_wizards_urls_is_refused(name: str) -> None:
    message = refusal(**{name: Step(Name)})
    assert f"Wrong has a step called {name!r}" in message
    assert "a name that the wizard uses itself" in message
    assert "another name" in message


@pytest.mark.parametrize("name", ["news", "new_pet", "my_file", "tasks_done", "bounds"])
def test_step_of_a_longer_name_than_a_reserved_one_is_allowed(name: str) -> None:
    assert names(declare(**{name: Step(Name)})) == [name]


@pytest.mark.parametrize(
    "name",
    [
        *("title", "version", "lifetime", "max_lifetime", "max_drafts", "theme"),
        *("steps", "initial", "validate", "commit", "discarded", "upgrade"),
        *("as_blueprint", "open"),
    ],
)
def test_step_named_like_an_attribute_of_wizards_is_refused(name: str) -> None:
    assert f"called {name!r}, which is an attribute" in refusal(**{name: Step(Name)})


def test_step_with_a_leading_underscore_is_refused() -> None:
    assert "starts with an underscore" in refusal(_you=Step(Name))


def test_review_with_a_reserved_name_is_refused() -> None:
    assert "called 'receipt'" in refusal(you=Step(Name), receipt=Review())


def test_two_steps_of_one_name_are_refused() -> None:
    with pytest.raises(DefinitionError, match="Two steps are called 'you'"):

        class Wrong(Wizard):
            you = Step(Name)
            you = Step(Age)


def test_review_of_a_steps_name_is_refused() -> None:
    with pytest.raises(DefinitionError, match="Two steps are called 'you'"):

        class Wrong(Wizard):
            you = Step(Name)
            you = Review()  # type: ignore[assignment]


def test_step_after_the_review_is_refused() -> None:
    message = refusal(check=Review(), you=Step(Name))
    assert "steps after its Review. Make the Review last" in message


def test_two_reviews_are_refused() -> None:
    message = refusal(you=Step(Name), one=Review(), two=Review())
    assert "more than one Review: one, two. Keep one." in message


def test_second_review_in_a_subclass_is_refused() -> None:
    with pytest.raises(DefinitionError, match="more than one Review: check, again"):

        class Twice(Join):
            again = Review()


@pytest.mark.parametrize("form", [None, "YouForm", Name(), 7])
def test_form_that_is_none_is_refused(form: object) -> None:
    message = refusal(you=Step(form))
    assert message.startswith("Wrong.you was given")
    assert "Expected a WTForms form class" in message


def test_class_that_is_no_form_is_refused() -> None:
    message = refusal(you=Step(dict))
    assert "Wrong.you was given the class dict as its form" in message
    assert "wtforms.Form" in message


@pytest.mark.parametrize(
    "name",
    ["_action", "_rev", "_draft", "_item", "_seen", "_fields", "csrf_token"],
)
def test_field_of_a_reserved_html_name_is_refused(name: str) -> None:
    form = type("Bad", (Form,), {"it": fields.StringField(name=name)})
    message = refusal(you=Step(form))
    assert f"Wrong.you: Bad has a field {name!r}" in message
    assert "Give the field another name" in message


def test_field_called_csrf_token_is_refused() -> None:
    class Bad(Form):
        csrf_token = fields.StringField()

    assert "Bad has a field 'csrf_token'" in refusal(you=Step(Bad))


def test_reserved_html_name_on_an_inherited_field_is_refused() -> None:
    class Bad(Form):
        it = fields.StringField(name="_action")

    class Worse(Bad):
        pass

    assert "Worse has a field '_action'" in refusal(you=Step(Worse))


def test_reserved_name_in_a_nested_form_is_no_clash() -> None:
    class Inner(Form):
        it = fields.StringField(name="_rev")

    class Outer(Form):
        inner = fields.FormField(Inner)

    assert names(declare(you=Step(Outer))) == ["you"]


def nested_photo() -> type[Form]:
    return type("Nested", (Form,), {"it": fields.FormField(Photo)})


def listed_photo() -> type[Form]:
    return type("Listed", (Form,), {"it": fields.FieldList(fields.FileField())})


def deep_photo() -> type[Form]:
    inner = fields.FieldList(fields.FormField(Photo))
    return type("Deep", (Form,), {"it": inner})


def named_photo() -> type[Form]:
    inner = fields.FieldList(unbound_field=fields.MultipleFileField())
    return type("Named", (Form,), {"it": inner})


@pytest.mark.parametrize(
    "form", [lambda: Photo, nested_photo, listed_photo, deep_photo, named_photo]
)
def test_step_knows_that_its_form_takes_files(form: Callable[[], type[Form]]) -> None:
    wizard = declare(you=Step(form()), pet=Step(Name))
    assert [step.takes_files for step in wizard.steps] == [True, False]


@pytest.mark.parametrize("hook", ["when", "prepare"])
def test_hook_that_cannot_be_called_is_refused(hook: str) -> None:
    wrong: Any = {hook: "you.age"}
    message = refusal(you=Step(Name, **wrong))
    assert f"Wrong.you has {hook}='you.age', which cannot be called" in message


def test_rows_that_cannot_be_called_are_refused() -> None:
    message = refusal(you=Step(Name), check=Review(rows=["you"]))  # type: ignore[arg-type]
    assert "Wrong.check has rows=['you'], which cannot be called" in message


@pytest.mark.parametrize("name", ["lifetime", "max_lifetime", "max_drafts"])
@pytest.mark.parametrize("value", ["7 days", 0, -1, None, timedelta(0)])
def test_bad_limit_is_refused(name: str, value: object) -> None:
    message = refusal(you=Step(Name), **{name: value})
    assert f"Wrong.{name} is {value!r}" in message
    assert "above zero" in message


def test_number_of_drafts_must_be_a_number() -> None:
    message = refusal(you=Step(Name), max_drafts=timedelta(days=1))
    assert "Expected a number above zero" in message


@pytest.mark.parametrize("name", ["lifetime", "max_lifetime"])
def test_endless_limit_is_refused(name: str) -> None:
    """A store takes whole seconds, so neither can be kept."""
    assert f"Wrong.{name} is inf" in refusal(you=Step(Name), **{name: float("inf")})


@pytest.mark.parametrize("version", ["2", 2.0, None, True, -1, 2**63])
def test_version_that_no_draft_can_be_stored_with_is_refused(version: object) -> None:
    message = refusal(you=Step(Name), version=version)
    assert f"Wrong.version is {version!r}. Expected a whole number" in message


def test_form_function_must_return_a_class() -> None:
    step = declare(you=Step(lambda answers: Name())).steps[0]
    with pytest.raises(DefinitionError, match="form function of step 'you' returned"):
        step.form_class(None)  # type: ignore[attr-defined]


def test_form_functions_class_is_checked() -> None:
    step = declare(you=Step(lambda answers: Photo)).steps[0]
    with pytest.raises(DefinitionError, match=r"Step\(\.\.\., files=True\)"):
        step.form_class(None)  # type: ignore[attr-defined]


# Lifetimes


def test_draft_ends_after_its_idle_lifetime() -> None:
    assert expires(declare(you=Step(Name), lifetime=60)(), draft()) == 1060


def test_draft_never_outlives_its_longest_lifetime() -> None:
    wizard = declare(you=Step(Name), lifetime=60, max_lifetime=timedelta(seconds=100))
    assert expires(wizard(), draft(updated=1099.0)) == 1100


def test_tombstone_may_outlive_the_longest_lifetime() -> None:
    wizard = declare(you=Step(Name), lifetime=60, max_lifetime=100)
    assert expires(wizard(), draft(updated=1099.0, state="committed")) == 1159


# Hooks


def test_hooks_need_not_be_defined() -> None:
    wizard = Join()
    assert wizard.initial("you", {}) is None
    assert wizard.discarded(PublicDraft.of(draft(), wizard)) is None  # type: ignore[func-returns-value]


def test_rows_may_be_a_function() -> None:
    def rows(rows: list[Row], answers: object) -> list[Row]:
        return rows

    wizard = declare(you=Step(Name), check=Review(rows=rows))
    assert wizard.steps[-1].rows is rows  # type: ignore[attr-defined]


def test_steps_of_a_plain_mixin_count() -> None:
    class Consent:
        consent = Step(Name)

    wizard = declare(Consent, you=Step(Name))
    assert names(wizard) == ["consent", "you"]


def test_step_of_a_plain_mixin_is_checked() -> None:
    class Consent:
        receipt = Step(Name)

    with pytest.raises(DefinitionError, match="a step called 'receipt'"):
        declare(Consent, you=Step(Name))


@pytest.mark.parametrize("kind", [Step, Review])
def test_step_class_itself_is_no_step(kind: type) -> None:
    message = refusal(you=Step(Name), check=kind)
    assert f"Wrong.check is the class {kind.__name__} itself" in message


def test_inherited_step_is_replaced_by_a_step_only() -> None:
    with pytest.raises(DefinitionError, match=r"Sub\.age is .*inherited step"):
        new_class("Sub", (Join,), exec_body=lambda own: own.update(age=Age))


def test_title_that_waits_for_its_use_is_not_asked() -> None:
    class Lazy:
        def __str__(self) -> str:
            raise AssertionError("asked too early")

        __bool__ = __len__ = __str__

    lazy: Any = Lazy()
    assert declare(you=Step(Name, title=lazy)).steps[0].title is lazy
