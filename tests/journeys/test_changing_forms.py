"""Forms that answers, ``prepare`` or a deploy change under what was sent for them."""

from __future__ import annotations

from typing import Any

import pytest
from apps import MakeApp
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits, declare
from wtforms import Form, fields, validators

from flask_wizard import Answers, Review, Step, Wizard

SECRET = "canary4711"


class Kind(Form):
    kind = fields.StringField("Kind", [validators.InputRequired("Which?")])


class Hidden(Form):
    code = fields.PasswordField("Code")
    note = fields.StringField("Note")


class Shown(Form):
    code = fields.StringField("Code")
    note = fields.StringField("Note")


class Listed(Form):
    code = fields.StringField("Code")
    rows = fields.FieldList(fields.StringField("Row"), min_entries=1)
    send = fields.SubmitField("Send")


def form_of(answers: Answers) -> type[Form]:
    known = {"hidden": Hidden, "shown": Shown, "listed": Listed}
    return known[answers.kind.kind]


class Join(Commits, Wizard):
    kind = Step(Kind)
    code = Step(form_of)
    check = Review()


def mask(form: Any, answers: Answers) -> None:
    form.code.render_kw = {"type": "password"}


class Masked(Join):
    code = Step(Shown, prepare=mask)


def begun(make_app: MakeApp, kind: str, wizard: type[Wizard] = Join) -> Visitor:
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.fill(kind=kind)
    return visitor


def reopen(visitor: Visitor, kind: str) -> None:
    """Change the first answer, without its being accepted."""
    visitor.post(f"{visitor.draft}kind", {"kind": kind}, action="save")


def kept(visitor: Visitor) -> dict[str, list[str]]:
    """What is stored of the second step."""
    app = visitor.app
    drafts = app.extensions["flask_wizard"].repository(app)
    draft, _ = drafts.load(visitor.draft.split("/")[2])
    entry = draft.entries.get("code")
    return dict(entry.raw) if entry else {}


def test_password_is_not_shown_where_the_field_is_none_any_more(
    make_app: MakeApp,
) -> None:
    visitor = begun(make_app, "hidden")
    visitor.fill(code=SECRET, note="n")
    visitor.open(f"{visitor.draft}kind")
    page = visitor.fill(kind="shown")
    assert page.value("note") == "n"
    assert SECRET not in page.source
    assert SECRET not in visitor.fill().source


def test_password_is_not_shown_where_a_deploy_made_it_a_text(make_app: MakeApp) -> None:
    before = declare("Login", code=Step(Hidden), check=Review(), commit=Join.commit)
    after = declare("Login", code=Step(Shown), check=Review(), commit=Join.commit)
    old = Visitor(make_app(before))
    old.open()
    draft = old.fill(code=SECRET).path.removesuffix("check")
    visitor = Visitor(make_app(after), client=old.client)
    visitor.client.application = visitor.app
    assert SECRET not in visitor.open(f"{draft}code").source
    assert SECRET not in visitor.fill(note="n").source


def test_answers_of_a_step_whose_place_a_review_takes_do_not_count(
    make_app: MakeApp,
) -> None:
    a, c = Step(Kind), Step(Kind)
    before = declare("Login", a=a, check=Step(Kind), c=c, commit=Join.commit)
    after = declare("Login", a=a, check=Review(), commit=Join.commit)
    old = Visitor(make_app(before))
    old.open()
    old.fill(kind="x")
    draft = old.fill(kind="y").path.removesuffix("c")
    visitor = Visitor(make_app(after), client=old.client)
    visitor.client.application = visitor.app
    visitor.open(f"{draft}a?then=check")
    assert visitor.fill(kind="z").path == f"{draft}check"
    assert visitor.press().heading == "Your answers have been sent"


@pytest.mark.parametrize("action", ["next", "save"])
def test_only_named_fields_are_kept_of_a_form_that_cannot_be_had(
    make_app: MakeApp, action: str
) -> None:
    visitor = begun(make_app, "listed")
    page = visitor.open(f"{visitor.draft}code")
    reopen(visitor, "shown")
    sent = {**page.values, "rows-0": ["a"], "rows-1": ["b"], "code": ["c"]}
    more = {"is_admin": "1", "kind": "x", "send": "y", "rows": "z"}
    visitor.post(f"{visitor.draft}code", {**sent, **more}, action=action)
    assert kept(visitor) == {"rows-0": ["a"], "rows-1": ["b"], "code": ["c"]}


@pytest.mark.parametrize("names", ["", "AAAA", "é", "no base64!"])
def test_nothing_is_kept_of_a_form_whose_fields_no_page_has_named(
    make_app: MakeApp, names: str
) -> None:
    visitor = begun(make_app, "shown")
    reopen(visitor, "hidden")
    sent = {"_fields": names, "code": SECRET, "is_admin": "1"}
    answer = visitor.post(f"{visitor.draft}code", sent)
    assert (answer.status_code, answer.location) == (303, f"{visitor.draft}kind")
    assert kept(visitor) == {}


def test_names_of_one_step_are_none_of_another(make_app: MakeApp) -> None:
    twice = declare(
        "Twice",
        kind=Step(Kind),
        other=Step(lambda answers: Listed),
        code=Step(form_of),
        check=Review(),
        commit=Join.commit,
    )
    visitor = begun(make_app, "shown", twice)
    names = visitor.page.value("_fields")
    assert visitor.page.path.endswith("/other")
    reopen(visitor, "hidden")
    visitor.post(f"{visitor.draft}code", {"_fields": names, "code": SECRET})
    assert kept(visitor) == {}


def test_field_that_becomes_a_password_is_not_kept_before_its_step_opens(
    make_app: MakeApp,
) -> None:
    visitor = begun(make_app, "x", Masked)
    page = visitor.open(f"{visitor.draft}code")
    reopen(visitor, "")
    sent = {**page.values, "code": [SECRET], "note": ["n"]}
    visitor.post(f"{visitor.draft}code", sent)
    assert kept(visitor) == {"note": ["n"]}


def test_field_that_becomes_a_password_is_not_sent_back_in_an_outage(
    make_app: MakeApp, store: Probe
) -> None:
    visitor = begun(make_app, "x", Masked)
    visitor.open(f"{visitor.draft}code")
    store.down = True
    page = visitor.press("next", {"code": SECRET, "note": "n"})
    assert (page.status, page.value("note")) == (503, "n")
    assert SECRET not in page.source


def in_capitals(form: Form, field: Any) -> None:
    field.data = field.data.upper()


class Late(Form):
    note = fields.StringField("Note", [validators.InputRequired()])
    code = fields.StringField("Code", [in_capitals], default="b")


def drop_all(form: Any, answers: Answers) -> None:
    if answers.kind.kind == "short":
        del form.note, form.code


def test_field_that_an_answer_adds_to_a_done_step_shows_its_default(
    make_app: MakeApp,
) -> None:
    """The step is judged anew, and its validators change what they judge."""
    wizard = declare("Short", Join, code=Step(Late, prepare=drop_all))
    visitor = begun(make_app, "short", wizard)
    visitor.press()
    visitor.open(f"{visitor.draft}kind")
    page = visitor.fill(kind="long")
    assert page.errors
    assert page.value("code") == "b"


def test_look_at_which_fields_a_form_has_is_remembered(make_app: MakeApp) -> None:
    """A later step that asks for them is asked again when they change."""

    def demand(form: Any, answers: Answers) -> None:
        if "rows" in answers.code:
            form.kind.validators = [validators.AnyOf(["rows"], "Which rows?")]

    class Asks(Join):
        last = Step(Kind, prepare=demand)

    visitor = begun(make_app, "shown", Asks)
    visitor.fill(code="c")
    assert visitor.fill(kind="none").heading == "Check your answers"
    visitor.post(f"{visitor.draft}kind", {"kind": "listed"})
    visitor.post(f"{visitor.draft}code", {"code": "c", "rows-0": "r"})
    page = visitor.open(f"{visitor.draft}check")
    assert page.path.endswith("/last")
    assert page.errors == ["Which rows?"]
