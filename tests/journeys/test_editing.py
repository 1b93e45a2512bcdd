"""What exists is edited: steps begin done, and the commit is told what was changed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import pytest
from apps import MakeApp
from store_wrappers import Probe
from visitor import Page, Visitor
from wizards import Commits, choices, committed, declare
from wtforms import Form, fields
from wtforms.validators import InputRequired, NumberRange

from flask_wizard import Answers, Review, Step, StepError, Submission, Wizard
from flask_wizard.drafts import visitor_drafts

built: Counter[str] = Counter()


class Counting(Form):
    """A form that counts how often it is built."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        built[type(self).__name__] += 1
        super().__init__(*args, **kwargs)


class Who(Counting):
    name = fields.StringField("Name", [InputRequired("Enter your name")])
    age = fields.IntegerField("Age", [InputRequired(), NumberRange(18, 120)])


class Gift(Counting):
    gift = fields.BooleanField("As a gift")


class Card(Counting):
    text = fields.StringField("Text of the card", [InputRequired("Write something")])


class Pay(Counting):
    method = fields.RadioField("How do you pay?", choices=choices("courier", "invoice"))
    note = fields.StringField("Note")


class Pin(Counting):
    pin = fields.PasswordField("PIN")
    hint = fields.StringField("Hint")


def spare(form: Any, answers: Answers) -> None:
    if answers.gift.gift:
        form.method.choices = ["invoice"]


class Orders:
    """The orders by number, and how often one was asked for."""

    def __init__(self) -> None:
        self.asked: Counter[str] = Counter()
        self.rows: dict[int, Any] = {}

    def add(self, number: int = 5, **values: Any) -> Any:
        order: dict[str, Any] = {"name": "Ada", "age": 30, "gift": True}
        order |= {"text": "Hi", "method": "invoice", "note": "", "hint": "cat"}
        self.rows[number] = SimpleNamespace(**{**order, **values})
        return self.rows[number]


orders = Orders()


@pytest.fixture(autouse=True)
def fresh_orders() -> None:
    orders.__init__()  # type: ignore[misc]
    orders.add()
    built.clear()


class Base(Commits, Wizard, abstract=True, prefilled=True):
    def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
        orders.asked[step_name] += 1
        return orders.rows[bound["order"]]


class Edit(Base):
    who = Step(Who, title="About you")
    gift = Step(Gift)
    card = Step(Card, when=lambda answers: bool(answers.gift.gift))
    pay = Step(Pay, title="Payment", prepare=spare)
    pin = Step(Pin)
    check = Review()


PREFIX = "/orders/<int:order>/edit"
FIRST = "/orders/5/edit/"


@pytest.fixture
def edits(make_app: MakeApp) -> Callable[..., Visitor]:
    """A function that returns a visitor of a wizard that edits orders."""

    def visit(wizard: type[Wizard] = Edit) -> Visitor:
        return Visitor(make_app(wizard, prefix=PREFIX))

    return visit


@pytest.fixture
def visitor(edits: Callable[..., Visitor]) -> Visitor:
    return edits()


def change(visitor: Visitor, step: str, **values: str | None) -> Page:
    """Change a step of order 5 by its own link, as the application has it."""
    visitor.open(f"{FIRST}new/{step}?then=check")
    return visitor.fill(**values)


# Where it begins


def test_entry_leads_to_the_review_if_all_holds(visitor: Visitor) -> None:
    page = visitor.open(FIRST)
    assert page.path == f"{FIRST}new/check"
    assert dict(page.rows) == {
        **{"Name": "Ada", "Age": "30", "As a gift": "Yes", "Text of the card": "Hi"},
        **{"How do you pay?": "invoice", "Note": "Not provided"},
        **{"PIN": "Not provided", "Hint": "cat"},
    }


def test_pages_of_what_exists_store_nothing(visitor: Visitor, store: Probe) -> None:
    visitor.open(FIRST)
    for url in [url for name, url in visitor.page.links.items() if "Change" in name]:
        assert visitor.tab().open(url).status == 200
    assert store.snapshot() == {}


@pytest.mark.parametrize("step", ["who", "gift", "card", "pay", "pin", "check"])
def test_any_step_is_the_first_page(visitor: Visitor, step: str) -> None:
    assert visitor.open(f"{FIRST}new/{step}").path == f"{FIRST}new/{step}"


@pytest.mark.parametrize("gate", ["pay", "pin", "check"])
def test_gate_holds_for_new_pages(visitor: Visitor, gate: str) -> None:
    orders.add(text="")
    assert visitor.open(f"{FIRST}new/{gate}").path == f"{FIRST}new/card"
    assert visitor.open(FIRST).path == f"{FIRST}new/card"


def test_step_that_does_not_apply_is_not_open(visitor: Visitor) -> None:
    orders.add(gift=False)
    assert visitor.open(f"{FIRST}new/card").path == f"{FIRST}new/check"


def test_wizard_that_is_not_prefilled_begins_at_its_first_step(
    edits: Callable[..., Visitor],
) -> None:
    class Plain(Edit, prefilled=False):
        pass

    visitor = edits(Plain)
    assert visitor.open(f"{FIRST}new/pay").path == f"{FIRST}new/who"
    assert visitor.page.value("name") == "Ada"


def test_change_links_of_a_new_review_lead_back_to_it(visitor: Visitor) -> None:
    visitor.open(FIRST)
    page = visitor.open(visitor.page.link("Change Note"))
    assert page.path == f"{FIRST}new/pay"
    assert "You are changing “Payment”" in page.text
    page = visitor.fill(note="Ring twice")
    assert page.path.endswith("/check")
    assert ("Note", "Ring twice") in page.rows
    assert page.texts(".wizard-row-changed dt") == ["Note"]


def test_first_post_makes_all_other_steps_done(visitor: Visitor) -> None:
    page = change(visitor, "who", name="Bea")
    assert page.path == f"{visitor.draft}check"
    visitor.press("next")
    assert committed[0].data == {
        "who": {"name": "Bea", "age": 30},
        "gift": {"gift": True},
        "card": {"text": "Hi"},
        "pay": {"method": "invoice", "note": ""},
        "pin": {"pin": None, "hint": "cat"},
    }


def test_next_on_the_first_page_begins_and_commits(visitor: Visitor) -> None:
    visitor.open(FIRST)
    answers = [visitor.send("next") for _ in range(2)]
    assert len(committed) == 1
    assert answers[0].location == answers[1].location
    assert committed[0].data["who"] == {"name": "Ada", "age": 30}
    assert committed[0].changes == {}


@pytest.mark.parametrize("action", ["save", "autosave", "back", "goto:check"])
@pytest.mark.parametrize("step", ["who", "pay"])
def test_every_button_of_a_new_page_begins(
    visitor: Visitor, step: str, action: str
) -> None:
    visitor.open(f"{FIRST}new/{step}")
    assert visitor.send(action).status_code in (204, 303)
    page = visitor.open(FIRST)
    assert page.heading == "Check your answers"
    assert "/new/" not in page.path


# Once


def test_object_is_asked_once(visitor: Visitor) -> None:
    change(visitor, "who", name="Bea")
    before = Counter(orders.asked)
    orders.add(name="Eve", text="Other", note="Other", hint="Other")
    rows = dict(visitor.open(f"{visitor.draft}check").rows)
    assert (rows["Name"], rows["Text of the card"]) == ("Bea", "Hi")
    assert (rows["Note"], rows["Hint"]) == ("Not provided", "cat")
    visitor.open(f"{visitor.draft}pay?then=check")
    visitor.fill(note="x")
    visitor.press("next")
    assert committed[0].changes["pay"] == {"note": ("", "x")}
    assert orders.asked == before


def test_object_that_is_gone_can_still_be_edited(visitor: Visitor) -> None:
    change(visitor, "who", name="Bea")
    orders.rows.clear()
    assert visitor.open(f"{visitor.draft}pay?then=check").value("method") == "invoice"
    visitor.fill(note="x")
    visitor.press("next")
    assert committed[0].data["card"] == {"text": "Hi"}


def test_step_that_does_not_apply_is_taken_at_the_beginning(visitor: Visitor) -> None:
    orders.add(gift=False)
    change(visitor, "who", name="Bea")
    orders.add(text="Other")
    page = visitor.open(f"{visitor.draft}gift?then=check")
    page = visitor.fill(gift="y")
    assert ("Text of the card", "Hi") in page.rows  # it opens, and is done
    visitor.press("next")
    assert committed[0].changes["gift"] == {"gift": (False, True)}
    assert "card" not in committed[0].changes


def test_step_behind_one_that_is_open_is_taken_at_the_beginning(
    visitor: Visitor,
) -> None:
    orders.add(text="")
    visitor.open(FIRST)
    visitor.press("save")
    orders.add(hint="Other")
    visitor.open(f"{visitor.draft}card")
    page = visitor.fill(text="Hello")
    page = visitor.open(f"{visitor.draft}pin")
    assert page.value("hint") == "cat"


def test_step_with_nothing_to_begin_with_is_asked(
    edits: Callable[..., Visitor],
) -> None:
    class Some(Edit):
        def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
            found = super().initial(step_name, bound)
            is_there = step_name != "pin" or orders.asked["late"]
            return found if is_there else None

    visitor = edits(Some)
    assert visitor.open(FIRST).path == f"{FIRST}new/pin"
    assert visitor.page.errors == []
    visitor.press("save", {"hint": None})
    orders.asked["late"] = 1
    page = visitor.open(f"{visitor.draft}pin")
    assert page.value("hint") == ""


def test_initial_may_be_a_mapping_and_read_the_answers(
    edits: Callable[..., Visitor],
) -> None:
    class Reading(Edit):
        def initial(  # type: ignore[override]
            self, step_name: str, bound: Mapping[str, Any], answers: Answers
        ) -> object:
            found = vars(orders.rows[bound["order"]])
            if step_name == "pay":
                return {**found, "note": f"for {answers.who.name}"}
            return found

    visitor = edits(Reading)
    assert dict(visitor.open(FIRST).rows)["Note"] == "for Ada"
    change(visitor, "who", name="Bea")
    visitor.press("next")
    assert committed[0].data["pay"]["note"] == "for Ada"  # it was taken, and is done


# What does not hold


def test_what_is_not_valid_is_asked_with_the_reason(visitor: Visitor) -> None:
    orders.add(age=12)
    page = visitor.open(FIRST)
    assert page.path == f"{FIRST}new/who"
    assert page.errors == ["Number must be between 18 and 120."]
    assert page.value("age") == "12"
    assert visitor.fill(age="40").path.endswith("/gift")
    assert visitor.open(FIRST).heading == "Check your answers"


class Colour(Counting):
    colour = fields.SelectField("Colour", choices=choices("red", "blue"))
    kinds = fields.SelectMultipleField("Kinds", choices=choices("a", "b"))
    way = fields.RadioField("Way", choices=choices("air", "sea"))


@pytest.mark.parametrize(
    "gone", [{"colour": "mauve"}, {"kinds": ["a", "z"]}, {"way": "rail"}]
)
def test_choice_that_is_no_longer_offered_is_asked_with_the_reason(
    make_app: MakeApp, gone: dict[str, Any]
) -> None:
    data = {"colour": "red", "kinds": ["a"], "way": "sea", **gone}
    wizard = declare(
        "Made",
        Commits,
        it=Step(Colour),
        check=Review(),
        initial=lambda self, step, bound: data,
    )
    wizard._prefilled = True
    visitor = Visitor(make_app(wizard))
    page = visitor.open()
    assert page.path == "/join/new/it"
    assert len(page.errors) == 1
    assert "choice" in page.errors[0]
    page = visitor.fill(colour="blue", kinds=["b"], way="air")
    assert page.path.endswith("/check")
    visitor.press("next")
    ((name, before),) = gone.items()
    changes = committed[0].changes["it"]
    assert isinstance(changes, dict)
    assert changes[name][0] == before


def test_step_that_a_change_makes_invalid_is_asked_with_the_reason(
    visitor: Visitor,
) -> None:
    orders.add(gift=False, method="courier")
    page = change(visitor, "gift", gift="y")
    assert page.path.endswith("/pay")
    assert "An earlier answer has changed" in page.banners


def test_step_that_a_change_opens_is_asked_first(visitor: Visitor) -> None:
    orders.add(gift=False, text="")
    page = change(visitor, "gift", gift="y")
    assert page.path.endswith("/card")
    assert visitor.fill(text="Hello").path.endswith("/check")


def test_step_that_a_change_closes_is_told(visitor: Visitor) -> None:
    page = change(visitor, "gift", gift=None)
    assert "Because you changed “Gift”, “Card” is no longer needed" in page.banners
    visitor.press("next")
    assert committed[0].changes == {
        "gift": {"gift": (True, False)},
        "card": ({"text": "Hi"}, None),
    }


def test_step_that_never_applied_is_neither_told_nor_changed(visitor: Visitor) -> None:
    orders.add(gift=False)
    page = change(visitor, "who", name="Bea")
    assert "Card" not in page.banners
    visitor.press("next")
    assert committed[0].changes == {"who": {"name": ("Ada", "Bea")}}


def test_step_that_only_opened_on_the_way_is_no_change(visitor: Visitor) -> None:
    orders.add(gift=False)
    change(visitor, "gift", gift="y")
    visitor.open(f"{visitor.draft}gift?then=check")
    visitor.fill(gift=None)
    visitor.press("next")
    assert committed[0].changes == {}


# What was changed


def test_changes_have_the_values_before_and_after(visitor: Visitor) -> None:
    change(visitor, "who", name="Bea", age="40")
    visitor.open(f"{visitor.draft}pay?then=check")
    visitor.fill(note="Ring")
    visitor.press("next")
    assert committed[0].changes == {
        "who": {"name": ("Ada", "Bea"), "age": (30, 40)},
        "pay": {"note": ("", "Ring")},
    }


@pytest.mark.requirement("S70")
def test_passwords_are_not_told_in_changes(visitor: Visitor) -> None:
    change(visitor, "pin", pin="1234")
    visitor.press("next")
    assert committed[0].changes == {"pin": {"pin": ("…", "…")}}
    assert committed[0].data["pin"]["pin"] == "1234"


def test_changes_of_a_step_without_initial_begin_with_none(
    edits: Callable[..., Visitor],
) -> None:
    class Some(Edit):
        def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
            found = super().initial(step_name, bound)
            return None if step_name == "pay" else found

    visitor = edits(Some)
    visitor.open(FIRST)
    visitor.fill(method="invoice")
    visitor.open(f"{visitor.draft}check")
    visitor.press("next")
    assert committed[0].changes == {"pay": {"method": (None, "invoice")}}


class Home(Form):
    street = fields.StringField("Street")


class Nested(Form):
    home = fields.FormField(Home)
    tags = fields.FieldList(fields.StringField("Tag"))
    rest = fields.StringField("Rest")


def test_changes_inside_a_form_or_list_are_those_of_its_field(
    make_app: MakeApp,
) -> None:
    data = {"home": {"street": "1 Lane"}, "tags": ["a", "b"], "rest": "r"}
    nested = declare(
        "Nest",
        Commits,
        it=Step(Nested),
        check=Review(),
        initial=lambda self, step, bound: data,
    )
    visitor = Visitor(make_app(nested))
    visitor.open()
    visitor.press("next", {"home-street": "2 Lane", "tags-1": "c"})
    visitor.press("next")
    assert committed[0].changes == {
        "it": {
            "home": ({"street": "1 Lane"}, {"street": "2 Lane"}),
            "tags": (["a", "b"], ["a", "c"]),
        }
    }


def test_populate_writes_the_edited_object(visitor: Visitor) -> None:
    order = orders.rows[5]
    change(visitor, "who", name="Bea")
    visitor.press("next")
    committed[0].populate(order, *committed[0].changes)
    assert (order.name, order.age, order.text) == ("Bea", 30, "Hi")


class Login(Form):
    mail = fields.StringField("E-mail")
    secret = fields.PasswordField("Password")


class Access(Form):
    login = fields.FormField(Login)


def test_password_inside_a_form_is_not_told_in_changes(make_app: MakeApp) -> None:
    wizard = declare(
        "Nest",
        Commits,
        it=Step(Access),
        check=Review(),
        initial=lambda self, step, bound: {"login": {"mail": "a@b.c"}},
    )
    visitor = Visitor(make_app(wizard))
    visitor.open()
    visitor.press("next", {"login-secret": "hush"})
    visitor.press("next")
    login = {"mail": "a@b.c"}
    assert committed[0].changes == {
        "it": {"login": ({**login, "secret": None}, {**login, "secret": "…"})}
    }


def test_password_left_blank_is_no_change(visitor: Visitor) -> None:
    change(visitor, "pin")
    visitor.press("next")
    assert committed[0].changes == {}


# One draft for what is edited


def test_second_visit_leads_on_to_the_open_draft(visitor: Visitor) -> None:
    draft = visitor.draft if change(visitor, "who", name="Bea") else ""
    assert visitor.open(FIRST).path == f"{draft}check"
    assert visitor.open(f"{FIRST}new/pay").path == f"{draft}pay"
    page = visitor.open(f"{FIRST}new/pay?then=check")
    assert page.url == f"{draft}pay?then=check"


def test_two_first_pages_begin_one_draft(visitor: Visitor) -> None:
    tab = visitor.tab()
    visitor.open(f"{FIRST}new/who?then=check")
    tab.open(f"{FIRST}new/pay?then=check")
    visitor.fill(name="Bea")
    page = tab.fill(note="Ring")
    assert tab.draft == visitor.draft
    assert {("Name", "Bea"), ("Note", "Ring")} <= {*page.rows}


@pytest.mark.parametrize("actions", [("next", "next"), ("autosave", "save")])
def test_two_first_pages_sent_at_once_begin_one_draft(
    visitor: Visitor, store: Probe, actions: tuple[str, str]
) -> None:
    visitor.open(f"{FIRST}new/who?then=check")
    twin = visitor.twin()
    twin.open(f"{FIRST}new/pay?then=check")
    answers: list[Any] = []
    first, second = actions
    store.before_write.append(
        lambda: answers.append(twin.send(first, {"note": "Ring"}))
    )
    answers.append(visitor.send(second, {"name": "Bea"}))
    assert {answer.status_code for answer in answers} <= {204, 303}
    page = visitor.open(FIRST)
    draft = visitor.draft
    assert "/new/" not in page.path
    assert visitor.open(f"{draft}who").value("name") == "Bea"
    visitor.fill()
    assert visitor.open(f"{draft}pay").value("note") == "Ring"
    assert sum(value is not None for value in store.snapshot().values()) == 2


def test_object_is_edited_more_often_than_is_looked_up(
    visitor: Visitor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(visitor_drafts, "MAX_SHARED_NONCES", 2)
    for name in ("Bea", "Cleo", "Dora"):
        change(visitor, "who", name=name)
        visitor.press("next")
    names = [submission.data["who"]["name"] for submission in committed]
    assert names == ["Bea", "Cleo", "Dora"]


def test_each_object_has_a_draft_of_its_own(visitor: Visitor) -> None:
    orders.add(6, name="Eve")
    change(visitor, "who", name="Bea")
    page = visitor.open("/orders/6/edit/")
    assert page.path == "/orders/6/edit/new/check"
    assert ("Name", "Eve") in page.rows


@pytest.mark.parametrize("end", ["commit", "discard"])
def test_edited_object_can_be_edited_again(visitor: Visitor, end: str) -> None:
    change(visitor, "who", name="Bea")
    first = visitor.draft
    if end == "commit":
        visitor.press("next")
    else:
        visitor.post(f"{first}discard", action="discard")
    orders.add(name="Bea")
    assert visitor.open(FIRST).path == f"{FIRST}new/check"
    assert ("Name", "Bea") in visitor.page.rows
    change(visitor, "who", name="Cleo")
    assert visitor.draft != first


def test_commit_that_is_refused_keeps_what_exists(
    edits: Callable[..., Visitor],
) -> None:
    class Refusing(Edit):
        def validate(self, submission: Submission) -> None:
            if not submission.changes:
                raise StepError("who", "Nothing was changed")

    visitor = edits(Refusing)
    visitor.open(FIRST)
    assert visitor.press("next").errors == ["Nothing was changed"]
    orders.rows.clear()
    assert visitor.fill(name="Bea").heading == "Check your answers"
    visitor.press("next")
    assert committed[0].changes == {"who": {"name": ("Ada", "Bea")}}


def test_object_of_the_form_sees_it(edits: Callable[..., Visitor]) -> None:
    class Named(Edit):
        def validate(self, submission: Submission) -> None:
            if submission.answers.who.name == "Eve":
                raise StepError("who", "Taken", field="name")

    visitor = edits(Named)
    change(visitor, "who", name="Eve")
    assert visitor.press("next").errors == ["Taken"]


# Costs


@pytest.mark.parametrize(
    ("step", "forms"),
    [("who", {"Who"}), ("card", {"Gift", "Card"}), ("pin", {"Gift", "Pin"})],
)
def test_page_of_an_edited_draft_builds_what_it_needs(
    visitor: Visitor, step: str, forms: set[str]
) -> None:
    """Conditions read the gift. Nobody reads what else there is."""
    change(visitor, "who", name="Bea")
    built.clear()
    visitor.get(f"{visitor.draft}{step}")
    assert set(built) == forms
    untouched = forms - {"Who"}
    assert all(built[form] == 1 for form in untouched)


def test_new_page_builds_no_forms_of_later_steps(visitor: Visitor) -> None:
    visitor.open(f"{FIRST}new/who")
    built.clear()
    visitor.get(visitor.page.url)
    assert set(built) == {"Who"}


def test_prefilled_is_inherited_and_can_be_switched_off() -> None:
    class Off(Edit, prefilled=False):
        pass

    class On(Edit):
        pass

    assert not Off._prefilled
    assert On._prefilled


def test_stored_steps_are_accepted_with_no_revision(visitor: Visitor) -> None:
    change(visitor, "who", name="Bea")
    repository = visitor.app.extensions["flask_wizard"].repository(visitor.app)
    draft, _ = repository.load(visitor.draft.split("/")[4])
    assert draft is not None
    entries = draft.entries
    assert {name: entry.rev for name, entry in entries.items()} == {
        **{"who": 1, "gift": 0, "card": 0, "pay": 0, "pin": 0},
    }
    assert all(entry.accepted for entry in entries.values())
