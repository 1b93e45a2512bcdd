"""Filling in a wizard, step by step, as its visitors see it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask
from flask_wtf import FlaskForm
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits
from wtforms import Form, fields, validators, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import Answers, DraftStore, Review, Step, Submission, Wizard

FIRST_URL = re.compile(r"/join/new/you\?_draft=[\w-]{22}")


class You(FlaskForm):  # type: ignore[misc]
    name = fields.StringField("Name", [validators.InputRequired("Enter your name")])
    age = fields.IntegerField("Age", [validators.InputRequired("Enter your age")])
    send = fields.SubmitField()


class Guardian(Form):
    guardian = fields.StringField("Guardian", [validators.InputRequired("Who?")])
    phone = fields.StringField("Phone")


class Extras(Form):
    note = fields.StringField("Note")
    news = fields.BooleanField("Send me news", default=True)


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


class Join(Commits, Wizard):
    title = "Join the library"

    you = Step(You, title="About you")
    guardian = Step(Guardian, when=is_minor)
    last_things = Step(Extras)
    check = Review()


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    return visitor


@pytest.fixture
def begun(visitor: Visitor) -> Visitor:
    """A visitor at the second step, with the first done."""
    visitor.fill(name="Ada", age="7")
    return visitor


# Start


def test_entry_leads_to_the_first_step(visitor: Visitor) -> None:
    answer = visitor.get("/join/")
    assert answer.status_code == 302
    assert FIRST_URL.fullmatch(answer.location)


def test_entry_keeps_the_query_string(visitor: Visitor) -> None:
    query = "from=poster&x=%C3%A9+%20&flag&_draft&%5Fdraft=x&y=%5B1"
    answer = visitor.get(f"/join/?{query}")
    first, rest = answer.location.split("&", 1)
    assert FIRST_URL.fullmatch(first)
    assert rest == "from=poster&x=%C3%A9+%20&flag&y=%5B1"


def test_entry_stores_nothing(app: Flask, store: Probe) -> None:
    Visitor(app).open()
    assert store.snapshot() == {}


def test_entry_without_a_slash_leads_to_it(visitor: Visitor) -> None:
    assert visitor.get("/join").status_code == 308


@pytest.mark.parametrize("step", ["guardian", "last-things", "check"])
def test_any_other_first_page_leads_to_the_first_step(
    visitor: Visitor, step: str
) -> None:
    answer = visitor.get(f"/join/new/{step}")
    assert answer.status_code == 302
    assert FIRST_URL.fullmatch(answer.location)
    nonce = answer.location.partition("?")[2]
    answer = visitor.get(f"/join/new/{step}?{nonce}")
    assert (answer.status_code, answer.location) == (303, f"/join/new/you?{nonce}")


@pytest.mark.parametrize("nonce", ["", "x", "n" * 23, "n" * 21 + "!", "\xb2" * 22])
def test_first_page_without_a_nonce_gets_one(visitor: Visitor, nonce: str) -> None:
    answer = visitor.get("/join/new/you", query_string={"_draft": nonce, "x": "1"})
    first, rest = answer.location.split("&", 1)
    assert (answer.status_code, rest) == (302, "x=1")
    assert FIRST_URL.fullmatch(first)
    assert visitor.open(first).value("_draft") == first[-22:]


def test_each_first_page_begins_a_draft_of_its_own(visitor: Visitor) -> None:
    first = visitor.open("/join/new/you").url
    assert visitor.open("/join/new/you").url != first


def test_first_page_of_a_begun_draft_leads_to_the_draft(begun: Visitor) -> None:
    nonce = "n" * 22
    begun.open(f"/join/new/you?_draft={nonce}")
    begun.fill(name="Bob", age="7")
    for step in ("you", "guardian"):
        answer = begun.get(f"/join/new/{step}?x=1&_draft={nonce}")
        assert (answer.status_code, answer.location) == (302, f"{begun.draft}{step}")


def test_first_page_sent_twice_begins_one_draft(visitor: Visitor) -> None:
    other = visitor.tab()
    other.open(visitor.page.url)
    visitor.fill(name="Ada", age="7")
    other.fill(name="Bob", age="8")
    assert other.draft == visitor.draft


@pytest.mark.parametrize("end", ["discard", "check"])
def test_first_page_shows_nothing_after_the_end(visitor: Visitor, end: str) -> None:
    first = visitor.page.url
    visitor.fill(name="Ada", age="40")
    visitor.fill(note="x")
    visitor.post(f"{visitor.draft}{end}")
    assert visitor.open(first).path == f"{visitor.draft}receipt"
    assert "Ada" not in visitor.page.source


def test_first_page_of_somebody_elses_draft_is_a_new_one(
    visitor: Visitor, app: Flask
) -> None:
    first = visitor.page.url
    visitor.fill(name="Ada", age="40")
    other = Visitor(app)
    assert other.open(first).url == first
    assert other.page.value("name") == ""
    assert other.fill(name="Bob", age="40").path != visitor.page.path


def test_first_page_that_was_refused_keeps_its_nonce(visitor: Visitor) -> None:
    first = visitor.page.url
    page = visitor.press("next", {"name": "Ada", "csrf_token": "wrong"})
    assert (page.status, page.action) == (400, first)
    assert page.value("_draft") == first[-22:]


@pytest.mark.parametrize("at", ["nothing", "saved", "discard", "receipt", "x/y"])
def test_unknown_first_page_is_not_found(visitor: Visitor, at: str) -> None:
    assert visitor.get(f"/join/new/{at}").status_code == 404


def test_draft_called_new_is_not_found(visitor: Visitor) -> None:
    assert visitor.get("/join/new/").status_code == 404


def test_first_post_makes_the_draft(visitor: Visitor, store: Probe) -> None:
    visitor.fill(name="Ada", age="7")
    assert store.snapshot() != {}


def test_drafts_id_has_128_bits(begun: Visitor) -> None:
    assert len(begun.draft.removeprefix("/join/").rstrip("/")) == 22


def test_entry_lists_the_open_draft(begun: Visitor) -> None:
    draft = begun.draft
    page = begun.open("/join/")
    assert page.heading == "Continue where you left off"
    assert page.link("Continue") == f"{draft}guardian"
    assert page.link("Start anew") == "/join/new/you"
    assert page.link("Discard") == f"{draft}discard"


def test_draft_leads_to_where_it_stands(begun: Visitor) -> None:
    answer = begun.get(begun.draft)
    assert (answer.status_code, answer.location) == (302, f"{begun.draft}guardian")


def test_second_draft_may_be_begun(begun: Visitor) -> None:
    first = begun.draft
    begun.open("/join/new/you")
    begun.fill(name="Bob", age="40")
    assert begun.draft != first
    assert begun.page.path.endswith("/last-things")


# The nonce of a new draft


def test_double_click_meets_the_same_draft(visitor: Visitor) -> None:
    sent = {"name": "Ada", "age": "7"}
    first, second = visitor.send("next", sent), visitor.send("next", sent)
    assert first.location == second.location


def test_back_to_the_first_page_meets_the_same_draft(visitor: Visitor) -> None:
    first = visitor.send("next", {"name": "Ada", "age": "7"}).location
    again = visitor.send("next", {"name": "Bob", "age": "7"}).location
    assert again == first
    visitor.open(again.replace("guardian", "you"))
    assert visitor.page.value("name") == "Bob"


def test_two_first_pages_make_two_drafts(visitor: Visitor) -> None:
    other = visitor.tab()
    other.open("/join/new/you")
    sent = {"name": "Ada", "age": "7"}
    assert visitor.send("next", sent).location != other.send("next", sent).location


def test_anothers_nonce_makes_a_draft_of_ones_own(app: Flask) -> None:
    mine, theirs = Visitor(app), Visitor(app)
    nonce = mine.open().value("_draft")
    theirs.open()
    sent = {"name": "Ada", "age": "7"}
    theirs.press("next", {**sent, "_draft": nonce})
    mine.press("next", sent)
    assert mine.draft != theirs.draft


@pytest.mark.parametrize("nonce", ["", "x", "n" * 23, "n" * 21 + "!", "\xb2" * 22])
def test_malformed_nonce_makes_a_draft_all_the_same(
    visitor: Visitor, nonce: str | None
) -> None:
    visitor.press("next", {"name": "Ada", "age": "7", "_draft": nonce})
    assert visitor.page.heading == "Guardian"


def test_later_step_posted_as_new_leads_to_the_first(visitor: Visitor) -> None:
    nonce = {"_draft": visitor.page.value("_draft")}
    answer = visitor.post("/join/new/last-things", {"note": "x", **nonce})
    assert answer.status_code == 303
    assert visitor.open(answer.location).heading == "About you"
    visitor.fill(name="Ada", age="40")
    assert visitor.page.value("note") == "x"


def test_review_posted_as_new_leads_to_the_first_step(visitor: Visitor) -> None:
    answer = visitor.post("/join/new/check")
    assert visitor.open(answer.location).heading == "About you"


# Reading changes nothing


PAGES = ["", "you", "guardian", "last-things", "check", "saved", "discard", "receipt"]


@pytest.mark.parametrize("at", PAGES)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_reading_changes_nothing(
    begun: Visitor, store: Probe, at: str, method: str
) -> None:
    draft, before = begun.draft, store.snapshot()
    for _ in range(2):
        begun.client.open(draft + at, method=method)
    assert store.snapshot() == before
    assert begun.open(draft).heading == "Guardian"


@pytest.mark.parametrize("at", ["you", "guardian", "check", "receipt", "discard"])
def test_head_answers_as_get_does(begun: Visitor, at: str) -> None:
    get = begun.client.get(begun.draft + at)
    head = begun.client.head(begun.draft + at)
    assert (head.status_code, head.location) == (get.status_code, get.location)


def test_query_string_never_becomes_input(begun: Visitor) -> None:
    begun.open(f"{begun.draft}guardian?guardian=Eve")
    assert begun.page.value("guardian") == ""
    answer = begun.post(f"{begun.draft}guardian?guardian=Eve")
    assert begun.open(answer.location).errors == ["Who?"]


# Continue


def test_continue_leads_to_the_next_step(visitor: Visitor) -> None:
    answer = visitor.send("next", {"name": "Ada", "age": "7"})
    assert answer.status_code == 303
    assert visitor.open(answer.location).heading == "Guardian"


def test_continue_is_what_a_post_without_a_button_means(visitor: Visitor) -> None:
    visitor.press("next", {"name": "Ada", "age": "7", "_action": None})
    assert visitor.page.heading == "Guardian"


def test_enter_continues(begun: Visitor) -> None:
    """Browsers press the first button of the form."""
    assert begun.page.buttons == ["next", "back", "save", "discard"]


def test_first_step_has_no_back(visitor: Visitor) -> None:
    assert visitor.page.buttons == ["next", "save"]


@pytest.mark.ux(13)
def test_reloading_posts_nothing(begun: Visitor, store: Probe) -> None:
    before = store.snapshot()
    assert begun.open(begun.page.path).heading == "Guardian"
    assert store.snapshot() == before


def test_invalid_values_lead_back_to_their_step(visitor: Visitor) -> None:
    answer = visitor.send("next", {"name": "", "age": "seven"})
    assert answer.status_code == 303
    assert visitor.open(answer.location).heading == "About you"
    assert visitor.page.path.endswith("/you")


def test_every_error_is_shown(visitor: Visitor) -> None:
    page = visitor.fill(name="", age="seven")
    assert page.errors == ["Enter your name", "Not a valid integer value."]
    assert page.title.startswith("Error: ")


def test_rejected_values_are_shown_as_typed(visitor: Visitor) -> None:
    page = visitor.fill(name="", age=" seven ")
    assert page.value("age") == " seven "


def test_errors_stay_until_the_step_is_sent_again(visitor: Visitor) -> None:
    visitor.fill(name="", age="7")
    assert visitor.open(visitor.page.path).errors == ["Enter your name"]
    visitor.fill(name="Ada")
    assert visitor.page.heading == "Guardian"


def test_rejected_step_keeps_the_next_one_shut(visitor: Visitor) -> None:
    visitor.fill(name="", age="7")
    answer = visitor.get(f"{visitor.draft}guardian")
    assert (answer.status_code, answer.location) == (303, f"{visitor.draft}you")


def test_done_step_that_is_rejected_closes_the_next_one(begun: Visitor) -> None:
    begun.open(f"{begun.draft}you")
    begun.fill(age="seven")
    assert begun.get(f"{begun.draft}guardian").location == f"{begun.draft}you"


# The gate


@pytest.mark.ux(17)
@pytest.mark.parametrize("at", ["last-things", "check"])
def test_later_step_leads_to_the_first_that_is_not_done(
    begun: Visitor, at: str
) -> None:
    answer = begun.get(begun.draft + at)
    assert (answer.status_code, answer.location) == (303, f"{begun.draft}guardian")


def test_step_posted_too_early_is_led_to_the_frontier(begun: Visitor) -> None:
    answer = begun.post(f"{begun.draft}last-things", {"note": "early"})
    assert (answer.status_code, answer.location) == (303, f"{begun.draft}guardian")


def test_step_posted_too_early_is_kept(begun: Visitor) -> None:
    begun.post(f"{begun.draft}last-things", {"note": "early"})
    begun.fill(guardian="Eve")
    assert begun.page.heading == "Last things"
    assert begun.page.value("note") == "early"


def test_step_posted_too_early_is_not_accepted(begun: Visitor) -> None:
    begun.post(f"{begun.draft}last-things", {"note": "early"})
    begun.fill(guardian="Eve")
    answer = begun.get(f"{begun.draft}check")
    assert answer.location == f"{begun.draft}last-things"


@pytest.mark.ux(17)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize("at", ["nothing", "last_things", "YOU", "you/", "..", "é"])
def test_unknown_step_is_not_found(begun: Visitor, at: str, method: str) -> None:
    sent = {"csrf_token": begun.token} if method == "POST" else None
    answer = begun.client.open(begun.draft + at, method=method, data=sent)
    assert answer.status_code == 404


def test_unknown_step_leads_back_to_ones_own_draft(begun: Visitor) -> None:
    draft = begun.draft
    page = begun.open(f"{draft}nothing")
    assert (page.status, page.heading) == (404, "This page was not found")
    assert page.title == "This page was not found \N{EN DASH} Join the library"
    assert page.link("Continue") == f"{draft}guardian"
    # The application answers for what is nobody's, or another's.
    for url in ("/join/new/nothing", f"/join/{'A' * 22}/nothing"):
        assert "Continue" not in begun.open(url).text
    stranger = Visitor(begun.app).open(f"{draft}nothing")
    assert (stranger.status, "Continue" in stranger.text) == (404, False)


@pytest.mark.parametrize(
    "at", ["you/new", "saved/a", "nothing/a/b", "you/file/" + "a" * 22]
)
def test_address_without_a_page_leads_back_to_the_draft(
    begun: Visitor, at: str
) -> None:
    draft = begun.draft
    page = begun.open(draft + at)
    assert (page.status, page.link("Continue")) == (404, f"{draft}guardian")


def test_unknown_step_of_a_draft_that_ended_leads_to_its_receipt(
    begun: Visitor,
) -> None:
    draft = begun.draft
    begun.open(f"{draft}discard")
    begun.press("discard")
    assert begun.get(f"{draft}nothing").location == f"{draft}receipt"


def test_unknown_step_leaves_the_draft_as_it_was(begun: Visitor, store: Probe) -> None:
    before = store.snapshot()
    begun.post(f"{begun.draft}nothing", {"name": "x"})
    assert store.snapshot() == before


@pytest.mark.parametrize(
    ("at", "status"), [("", 405), ("saved", 404), ("receipt", 404)]
)
def test_page_that_is_no_step_takes_no_post(
    begun: Visitor, at: str, status: int
) -> None:
    assert begun.post(begun.draft + at).status_code == status


# Back, save, goto


@pytest.mark.parametrize("action", ["back", "save", "goto:you", "nonsense", ""])
def test_leaving_a_step_does_not_validate_it(begun: Visitor, action: str) -> None:
    draft = begun.draft
    begun.press(action, {"guardian": "", "phone": "half"})
    page = begun.open(f"{draft}guardian")
    assert page.errors == []
    assert page.value("phone") == "half"


@pytest.mark.parametrize("action", ["back", "save", "goto:last-things", "nonsense"])
def test_leaving_a_step_does_not_make_it_done(begun: Visitor, action: str) -> None:
    draft = begun.draft
    begun.press(action, {"guardian": "Eve"})
    assert begun.get(f"{draft}last-things").location == f"{draft}guardian"


@pytest.mark.ux(11)
def test_back_leads_to_the_step_before(begun: Visitor) -> None:
    page = begun.press("back", {"guardian": "x"})
    assert page.heading == "About you"
    assert page.value("name") == "Ada"


def test_back_skips_hidden_steps(visitor: Visitor) -> None:
    visitor.fill(name="Ada", age="40")
    assert visitor.press("back").heading == "About you"


def test_back_on_the_first_step_stays_there(visitor: Visitor) -> None:
    page = visitor.press("back", {"name": "Ada"})
    assert page.heading == "About you"
    assert page.value("name") == "Ada"


def test_back_keeps_an_impossible_value(begun: Visitor) -> None:
    draft = begun.draft
    begun.open(f"{draft}you")
    begun.press("back", {"age": "31/02/2026"})
    assert begun.open(f"{draft}you").value("age") == "31/02/2026"


def test_save_leads_to_the_saved_page(begun: Visitor) -> None:
    draft = begun.draft
    page = begun.press("save", {"guardian": "Eve"})
    assert page.path == f"{draft}saved"
    assert page.heading == "Your answers are saved"


def test_saved_page_leads_on(begun: Visitor) -> None:
    begun.press("save", {"guardian": "Eve"})
    page = begun.open(begun.page.link("Continue now"))
    assert (page.heading, page.value("guardian")) == ("Guardian", "Eve")


def test_save_on_the_first_page_makes_a_draft(visitor: Visitor) -> None:
    visitor.press("save", {"name": "Ada"})
    page = visitor.open(visitor.page.link("Continue now"))
    assert page.value("name") == "Ada"
    assert page.errors == []


def test_save_clears_the_errors(visitor: Visitor) -> None:
    visitor.fill(name="", age="7")
    draft = visitor.draft
    visitor.press("save")
    assert visitor.open(f"{draft}you").errors == []


def test_goto_leads_to_an_open_step(begun: Visitor) -> None:
    assert begun.press("goto:you", {"guardian": "x"}).heading == "About you"


@pytest.mark.parametrize("target", ["last-things", "last_things", "check"])
def test_goto_a_step_that_is_shut_leads_to_the_frontier(
    begun: Visitor, target: str
) -> None:
    begun.open(f"{begun.draft}you")
    assert begun.press(f"goto:{target}").heading == "Guardian"


@pytest.mark.parametrize("target", ["", "nothing", ":", "https://evil.example"])
def test_goto_an_unknown_step_leads_to_the_frontier(
    begun: Visitor, target: str
) -> None:
    begun.open(f"{begun.draft}you")
    assert begun.press(f"goto:{target}").heading == "Guardian"


def test_goto_takes_the_name_in_the_url(begun: Visitor) -> None:
    begun.fill(guardian="Eve")
    begun.fill(note="x")
    begun.open(f"{begun.draft}you")
    assert begun.press("goto:last-things").heading == "Last things"


def test_earlier_step_is_taken_as_that_step(begun: Visitor) -> None:
    begun.fill(guardian="Eve", phone="123")
    begun.open(f"{begun.draft}you")
    begun.fill(name="Bob")
    assert begun.page.heading == "Guardian"
    assert begun.page.value("phone") == "123"
    assert begun.open(f"{begun.draft}you").value("name") == "Bob"


def test_saved_step_with_other_values_is_open(begun: Visitor) -> None:
    draft = begun.draft
    begun.open(f"{draft}you")
    begun.press("save", {"age": "8"})
    assert begun.get(f"{draft}guardian").location == f"{draft}you"


def test_saved_step_with_the_same_values_stays_done(begun: Visitor) -> None:
    draft = begun.draft
    begun.open(f"{draft}you")
    begun.press("save")
    assert begun.get(f"{draft}guardian").status_code == 200


# Autosave


def test_autosave_answers_that_all_is_well(begun: Visitor) -> None:
    answer = begun.send("autosave", {"guardian": "Ev"})
    assert (answer.status_code, answer.data) == (204, b"")
    assert begun.open(begun.page.path).value("guardian") == "Ev"


def test_autosave_does_not_validate(begun: Visitor) -> None:
    begun.send("autosave", {"guardian": ""})
    assert begun.open(begun.page.path).errors == []


def test_autosave_may_be_repeated(begun: Visitor) -> None:
    answers = [begun.send("autosave", {"guardian": "E" * n}) for n in range(1, 4)]
    assert [answer.status_code for answer in answers] == [204] * 3
    assert begun.open(begun.page.path).value("guardian") == "EEE"


def test_stale_autosave_is_dropped(begun: Visitor) -> None:
    stale = begun.tab()
    stale.open(begun.page.path)
    path = begun.page.path
    begun.fill(guardian="Eve")
    assert stale.send("autosave", {"guardian": "Ev"}).status_code == 409
    assert begun.open(path).value("guardian") == "Eve"


def test_stale_continue_wins(begun: Visitor) -> None:
    stale = begun.tab()
    stale.open(begun.page.path)
    path = begun.page.path
    begun.fill(guardian="Eve")
    stale.fill(guardian="Mallory")
    assert begun.open(path).value("guardian") == "Mallory"


@pytest.mark.parametrize("rev", [None, "", "x", "-1", "²", "9" * 5000])
def test_malformed_revision_counts_as_the_oldest(
    begun: Visitor, rev: str | None
) -> None:
    begun.open(f"{begun.draft}you")
    answer = begun.send("autosave", {"name": "x", "_rev": rev})
    assert answer.status_code == 409


def test_autosave_keeps_the_errors_of_an_unchanged_step(visitor: Visitor) -> None:
    visitor.fill(name="", age="7")
    assert visitor.send("autosave").status_code == 204
    assert visitor.open(visitor.page.path).errors == ["Enter your name"]


def test_autosave_of_the_first_page_begins_the_draft(visitor: Visitor) -> None:
    assert visitor.send("autosave", {"name": "Ad"}).status_code == 204
    visitor.fill(name="Ada", age="7")
    first = visitor.draft
    assert visitor.open("/join/").link("Continue") == f"{first}guardian"


# Fields of every kind


SIZES = [SelectChoice("s", "Small"), SelectChoice("l", "Large")]


class Home(Form):
    street = fields.StringField("Street")
    city = fields.StringField("City", [validators.InputRequired("Which city?")])


class Everything(Form):
    text = fields.StringField("Text")
    story = fields.TextAreaField("Story")
    size = fields.SelectField("Size", choices=SIZES)
    radio = fields.RadioField("Radio", choices=SIZES)
    several = fields.SelectMultipleField("Several", choices=SIZES)
    ticks = fields.SelectMultipleField(
        "Ticks",
        choices=SIZES,
        widget=widgets.ListWidget(prefix_label=False),
        option_widget=widgets.CheckboxInput(),
    )
    born = fields.DateField("Born")
    price = fields.DecimalField("Price")
    count = fields.IntegerField("Count")
    at = fields.TimeField("At")
    agree = fields.BooleanField("Agree")
    home = fields.FormField(Home)
    tags = fields.FieldList(fields.StringField("Tag"), min_entries=2)
    places = fields.FieldList(fields.FormField(Home), min_entries=1)


class Whole(Commits, Wizard):
    everything = Step(Everything)
    after = Step(Extras)
    check = Review()


TYPED: Mapping[str, str | list[str]] = {
    "text": ' "quoted" <b> & é ',
    "story": "one\r\n\r\n two\r\n",
    "size": "l",
    "radio": "s",
    "several": ["s", "l"],
    "ticks": ["l"],
    "born": "2026-02-03",
    "price": "12.50",
    "count": "007",
    "at": "14:30",
    "agree": "y",
    "home-street": "1 Lane",
    "home-city": "Bath",
    "tags-0": "a",
    "tags-1": "b",
    "places-0-street": "",
    "places-0-city": "Ely",
}
AMISS = {
    **TYPED,
    "born": "31/02/2026",
    "price": "12,50",
    "count": "seven",
    "at": "25:61",
    "home-city": "",
}


def listed(values: Mapping[str, str | list[str]]) -> dict[str, list[str]]:
    return {name: [v] if isinstance(v, str) else v for name, v in values.items()}


def shown(visitor: Visitor) -> dict[str, list[str]]:
    own = ("_", "csrf")
    return {n: v for n, v in visitor.page.values.items() if not n.startswith(own)}


@pytest.fixture
def filler(make_app: MakeApp, any_store: DraftStore) -> Visitor:
    visitor = Visitor(make_app(Whole, store=any_store))
    visitor.open()
    return visitor


@pytest.mark.ux(11)
def test_all_values_come_back_after_back(filler: Visitor) -> None:
    filler.press("next", TYPED)
    assert filler.page.heading == "After"
    filler.press("back")
    assert shown(filler) == listed(TYPED)


def test_all_values_come_back_after_an_error(filler: Visitor) -> None:
    filler.press("next", AMISS)
    assert len(filler.page.errors) == 5
    assert shown(filler) == listed(AMISS)


def test_all_values_come_back_after_resuming(filler: Visitor) -> None:
    filler.press("save", AMISS)
    filler.open("/join/")
    filler.open(filler.page.link("Continue"))
    assert filler.page.errors == []
    assert shown(filler) == listed(AMISS)


def test_sending_what_is_shown_changes_nothing(filler: Visitor) -> None:
    filler.press("save", AMISS)
    draft = filler.draft
    filler.open(f"{draft}everything")
    filler.press("save")
    filler.open(f"{draft}everything")
    assert shown(filler) == listed(AMISS)


def test_saving_what_is_shown_leaves_a_step_done(filler: Visitor) -> None:
    filler.press("next", TYPED)
    filler.open(f"{filler.draft}everything")
    filler.press("save")
    assert filler.get(f"{filler.draft}after").status_code == 200


@pytest.fixture
def whole(make_app: MakeApp) -> Visitor:
    visitor = Visitor(make_app(Whole))
    visitor.open()
    return visitor


def test_list_entries_are_renumbered(whole: Visitor) -> None:
    moved = {
        **AMISS,
        "tags-0": None,
        "tags-1": None,
        "tags-2": "two",
        "tags-7": "seven",
    }
    whole.press("next", moved)
    assert shown(whole)["tags-0"] == ["two"]
    assert shown(whole)["tags-1"] == ["seven"]


@pytest.mark.parametrize(
    "name", ["tags-²", "tags-" + "9" * 5000, f"tags-{10**9}", "tags-x", "tags-0-x"]
)
def test_absurd_name_is_no_failure(whole: Visitor, name: str) -> None:
    answer = whole.send("next", {**TYPED, name: "x"})
    assert answer.status_code == 303
    assert whole.open(answer.location).status == 200


@pytest.mark.parametrize(
    "value",
    [
        "\x00",
        "\ud800",
        "\u202e",
        "9" * 5000,
        "sNaN",
        "NaN",
        "Infinity",
        "1e999999",
    ],
)
@pytest.mark.parametrize("action", ["next", "save"])
def test_hostile_value_is_no_failure(whole: Visitor, value: str, action: str) -> None:
    encoded = value.encode("utf-8", "surrogatepass").decode("utf-8", "replace")
    names = ("text", "size", "born", "price", "count", "at", "tags-0", "home-city")
    answer = whole.send(action, {**TYPED, **dict.fromkeys(names, encoded)})
    assert answer.status_code == 303
    assert whole.open(answer.location).status == 200


def test_broken_utf8_is_no_failure(whole: Visitor) -> None:
    body = b"text=%ED%A0%80%FF&csrf_token=" + whole.token.encode()
    answer = whole.client.post(
        whole.page.action, data=body, content_type="application/x-www-form-urlencoded"
    )
    assert answer.status_code == 303


def test_signalling_nan_is_a_form_error(make_app: MakeApp) -> None:
    class Price(Form):
        price = fields.DecimalField(validators=[validators.NumberRange(min=1)])

    class Pay(Wizard):
        price = Step(Price)

        def commit(self, submission: Submission) -> None: ...

    visitor = Visitor(make_app(Pay))
    visitor.open()
    page = visitor.fill(price="sNaN")
    assert len(page.errors) == 1
    assert page.value("price") == "sNaN"


def test_unticked_box_is_shown_unticked(begun: Visitor) -> None:
    begun.fill(guardian="Eve")
    path = begun.page.path
    begun.fill(news=None)
    assert begun.open(path).value("news") is None


def test_unseen_box_shows_its_default(begun: Visitor) -> None:
    assert begun.fill(guardian="Eve").value("news") == "y"


def test_box_that_is_unticked_by_save_is_shown_unticked(begun: Visitor) -> None:
    begun.fill(guardian="Eve")
    path = begun.page.path
    begun.press("save", {"news": None})
    assert begun.open(path).value("news") is None


class Boxes(Form):
    a = fields.BooleanField("A", default=True)
    b = fields.SelectMultipleField("B", choices=SIZES, default=["s"])


class Ticks(Commits, Wizard):
    boxes = Step(Boxes)
    after = Step(Extras)
    check = Review()


def test_step_of_unticked_boxes_is_done(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Ticks))
    visitor.open()
    assert visitor.fill(a=None, b=None).heading == "After"
    visitor.press("back")
    assert shown(visitor) == {}


def test_optional_step_is_still_asked(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Ticks))
    visitor.open()
    visitor.fill()
    assert visitor.get(f"{visitor.draft}check").location.endswith("/after")


# What a page says


def test_page_names_the_step(visitor: Visitor) -> None:
    assert visitor.page.title == "Step 1: About you \N{EN DASH} Join the library"


def test_progress_is_told(begun: Visitor) -> None:
    assert begun.page.progress == "Step 2 of 4"


def test_only_declared_fields_are_kept(begun: Visitor) -> None:
    sent = {"guardian": "Eve", "is_admin": "canary", "name": "Mallory", "_state": "x"}
    begun.press("next", sent)
    draft = begun.draft
    assert begun.open(f"{draft}you").value("name") == "Ada"
    begun.open(f"{draft}guardian")
    assert set(shown(begun)) == {"guardian", "phone"}


def test_pages_with_answers_stay_out_of_caches(begun: Visitor) -> None:
    headers = begun.page.response.headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Cookie" in headers["Vary"]


def test_new_page_stays_out_of_caches(visitor: Visitor) -> None:
    assert visitor.page.response.headers["Cache-Control"] == "no-store"
    answer = visitor.get("/join/new/you")
    assert (answer.status_code, answer.headers["Cache-Control"]) == (302, "no-store")


@pytest.mark.parametrize("status", [303, 400])
def test_answers_to_posts_stay_out_of_caches(visitor: Visitor, status: int) -> None:
    token = {} if status == 303 else {"csrf_token": "wrong"}
    answer = visitor.send("next", {"name": "Ada", **token})
    assert answer.status_code == status
    assert answer.headers["Cache-Control"] == "no-store"


# Initial data


class Known(Join):
    def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
        data: dict[str, object] = {"you": {"name": "Ada"}, "last_things": Person()}
        return data.get(step_name)


class Person:
    note = "from an object"


def test_initial_data_are_shown(make_app: MakeApp) -> None:
    assert Visitor(make_app(Known)).open().value("name") == "Ada"


def test_initial_data_may_be_an_object(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Known))
    visitor.open()
    assert visitor.fill(age="40").value("note") == "from an object"


def test_cleared_initial_value_stays_cleared(make_app: MakeApp) -> None:
    visitor = Visitor(make_app(Known))
    visitor.open()
    visitor.fill(name="", age="40")
    assert visitor.page.value("name") == ""


def test_initial_data_are_asked_for_once_a_page(make_app: MakeApp) -> None:
    asked: list[str] = []

    class Asking(Join):
        def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
            asked.append(step_name)
            return {"name": "Ada"}

    Visitor(make_app(Asking)).open("/join/new/you")
    assert asked == ["you"]


def test_page_with_initial_data_stays_out_of_caches(make_app: MakeApp) -> None:
    answer = Visitor(make_app(Known)).get("/join/new/you")
    assert answer.headers["Cache-Control"] == "no-store"


def test_initial_data_may_go_by_the_prefix(make_app: MakeApp) -> None:
    class Bound(Join):
        def initial(self, step_name: str, bound: Mapping[str, Any]) -> object:
            return {"name": f"of {bound['org']}"}

    visitor = Visitor(make_app(Bound, prefix="/<int:org>/join"))
    assert visitor.open("/7/join/").value("name") == "of 7"


# Two tabs


@pytest.mark.ux(19)
def test_two_drafts_never_mix(visitor: Visitor) -> None:
    other = visitor.tab()
    other.open("/join/new/you")
    visitor.fill(name="Ada", age="7")
    other.fill(name="Bob", age="8")
    visitor.fill(guardian="Eve")
    other.fill(guardian="Mallory")
    assert visitor.open(f"{visitor.draft}you").value("name") == "Ada"
    assert visitor.open(f"{visitor.draft}guardian").value("guardian") == "Eve"
    assert other.open(f"{other.draft}guardian").value("guardian") == "Mallory"


def test_two_steps_posted_at_once_are_both_kept(begun: Visitor, store: Probe) -> None:
    other = begun.tab()
    other.open(f"{begun.draft}you")
    draft = begun.draft
    store.before_write.append(lambda: other.fill(name="Bob"))
    begun.fill(guardian="Eve")
    assert begun.open(f"{draft}you").value("name") == "Bob"
    assert begun.open(f"{draft}guardian").value("guardian") == "Eve"


def test_one_step_posted_twice_at_once_has_the_later_values(
    begun: Visitor, store: Probe
) -> None:
    other = begun.tab()
    other.open(begun.page.path)
    path = begun.page.path
    store.before_write.append(lambda: other.fill(guardian="Mallory"))
    begun.fill(guardian="Eve")
    assert begun.open(path).value("guardian") == "Eve"


def test_two_clicks_on_the_first_page_at_once_make_one_draft(
    visitor: Visitor, store: Probe
) -> None:
    sent = {"name": "Ada", "age": "7"}
    locations: list[str] = []
    store.before_write.append(
        lambda: locations.append(visitor.send("next", sent).location)
    )
    locations.append(visitor.send("next", sent).location)
    assert len(set(locations)) == 1


def test_two_visitors_never_meet(app: Flask) -> None:
    ada, bob = Visitor(app), Visitor(app)
    ada.open()
    bob.open()
    ada.fill(name="Ada", age="7")
    bob.fill(name="Bob", age="8")
    assert bob.open(f"{bob.draft}you").value("name") == "Bob"
    assert "Ada" not in bob.page.source
    assert ada.open(f"{ada.draft}you").value("name") == "Ada"
