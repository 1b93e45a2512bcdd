"""WizardClient, tell, every_path and the pytest plugin."""

from __future__ import annotations

import sys
from collections.abc import Callable
from datetime import date, datetime, time, timedelta
from enum import Enum
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask, abort, request
from jinja2 import ChoiceLoader, DictLoader
from time_machine import Traveller
from uploads import PNG
from wizards import Commits, Membership, choices, committed, declare
from wtforms import Form, fields
from wtforms.validators import InputRequired, Optional

from flask_wizard import (
    Answers,
    DateBoxesField,
    Exit,
    Info,
    Item,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    Wizard,
)
from flask_wizard.checks.sample_files import FILES
from flask_wizard.testing import (
    Story,
    StoryError,
    WizardClient,
    assert_accessible,
    every_path,
)


class Home(Form):
    street = fields.StringField("Street")


class You(Form):
    name = fields.StringField("Name", [InputRequired("Enter your name")])
    age = fields.IntegerField("Age", [InputRequired("Enter your age")])
    born = DateBoxesField("Born", [Optional()])
    home = fields.FormField(Home, "Home")
    phones = fields.FieldList(fields.StringField("Phone"), "Phones", min_entries=2)
    likes = fields.SelectMultipleField(
        "Likes", [Optional()], choices=choices("red", "blue")
    )
    news = fields.BooleanField("News")


class Guardian(Form):
    name = fields.StringField("Their name", [InputRequired("Enter their name")])


class Pet(Form):
    pet = fields.StringField("Pet", [InputRequired("Enter its name")])


class Vet(Form):
    vet = fields.StringField("Vet")


class Beast(Item):
    pet = Step(Pet)
    vet = Step(Vet)


class Photo(Form):
    photo = fields.FileField("Photo")


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


def is_ancient(answers: Answers) -> bool:
    return bool(answers.you.age > 120)


class Join(Commits, Wizard):
    you = Step(You)
    too_old = Exit(when=is_ancient)
    guardian = Step(Guardian, when=is_minor)
    hint = Info()
    beasts = Repeat(Beast, max=3, label=lambda beast: beast.pet.pet)
    photo = Step(Photo)
    check = Review()

    def validate(self, submission: Submission) -> None:
        if submission.answers.you.name == "Nobody":
            raise StepError("you", "Somebody has to join", field="name")


@pytest.fixture
def app(make_app: MakeApp) -> Flask:
    return make_app(Join)


@pytest.fixture
def client(app: Flask) -> WizardClient:
    return WizardClient(app, "join")


ADA: dict[str, Any] = {"name": "Ada", "age": 42}


# By hand


def test_each_kind_of_field_is_filled_in_with_an_answer(client: WizardClient) -> None:
    client.fill(
        "you",
        **ADA,
        born=date(2010, 5, 6),
        home={"street": "1 Main St"},
        phones=["1", "2"],
        likes=["red", "blue"],
        news=True,
    )
    client.fill("hint")
    client.fill("beasts")
    client.fill("photo", photo=("me.png", PNG))
    client.confirm()
    (submission,) = committed
    assert submission.data["you"] == {
        **ADA,
        "born": date(2010, 5, 6),
        "home": {"street": "1 Main St"},
        "phones": ["1", "2"],
        "likes": ["red", "blue"],
        "news": True,
    }
    assert [f.filename for f in submission.files["photo"]["photo"]] == ["me.png"]
    assert client.page.endpoint == "receipt"


def test_page_says_what_it_refuses(client: WizardClient) -> None:
    page = client.fill("you", age=3)
    assert (page.step, page.item) == ("you", "")
    assert page.errors == ["Enter your name"]
    assert page.errors_by_field == {"name": "Enter your name"}
    assert page.value("age") == "3"


@pytest.mark.parametrize("boxes", [{"month": "5"}, {"day": "31", "month": "x"}])
def test_date_in_boxes_is_refused_as_one_field(
    client: WizardClient, boxes: dict[str, str]
) -> None:
    page = client.fill("you", **ADA, born=boxes)
    assert page.errors
    assert page.errors_by_field == {"born": page.errors[0]}
    with pytest.raises(StoryError, match=r"- born: Enter the [^;]*$"):
        client.tell({**ADA, "born": boxes})


def test_box_is_cleared(client: WizardClient) -> None:
    client.fill("you", **ADA, news=True)
    client.fill("you", news=False)
    assert client.open("you").value("news") is None


def test_back_keeps_what_was_typed(client: WizardClient) -> None:
    client.fill("you", name="Ada", age=12)
    assert client.back(name="Mum").step == "you"
    assert client.open("guardian").value("name") == "Mum"


def test_draft_stays_at_hand_on_other_pages(client: WizardClient) -> None:
    client.fill("you", name="Ada", age=12)
    draft = client.draft
    assert client.open("/nowhere").status == 404
    assert client.draft == draft
    assert client.open("you").value("name") == "Ada"
    client.open()
    assert client.draft == ""


def test_saved_draft_is_met_by_another_tab(client: WizardClient) -> None:
    assert client.save("you", name="Ada").endpoint == "saved"
    tab = client.tab()
    tab.show(tab.get(client.url("step", draft=client.draft, step="you")))
    assert tab.page.value("name") == "Ada"


def test_another_client_is_somebody_else(app: Flask, client: WizardClient) -> None:
    client.save("you", name="Ada")
    stranger = WizardClient(app, "join")
    url = client.url("step", draft=client.draft, step="you")
    assert stranger.open(url).status == 404
    assert stranger.open().value("name") == ""


def test_file_is_uploaded_without_going_on(client: WizardClient) -> None:
    client.fill("you", **ADA)
    client.fill("hint")
    client.fill("beasts")
    page = client.upload("photo", photo=("me.png", PNG))
    assert page.step == "photo"
    assert "me.png" in page.text


def test_items_are_added_and_removed(client: WizardClient) -> None:
    client.fill("you", **ADA)
    client.fill("hint")
    for name in ("Rex", "Tom"):
        client.add("beasts", pet=name)
        client.fill(vet="Dr Who")
    page = client.remove("beasts", 1)
    assert page.step == "beasts"
    assert "Tom" in page.text
    with pytest.raises(AssertionError, match="has 1 items to remove, and no number 2"):
        client.remove("beasts", 2)


def test_discarded_draft_is_gone(client: WizardClient) -> None:
    client.save("you", name="Ada")
    client.discard()
    assert client.open().value("name") == ""


def test_draft_expires(client: WizardClient, wizard_clock: Traveller) -> None:
    client.save("you", name="Ada")
    url = client.url("step", draft=client.draft, step="you")
    wizard_clock.shift(timedelta(days=400))
    assert client.open(url).status in (404, 410)


def test_field_that_a_page_lacks_is_named(client: WizardClient) -> None:
    told = r"no field 'nmae'\. Did you mean 'name'\? Its fields are name, "
    with pytest.raises(AssertionError, match=told):
        client.fill("you", nmae="Ada")


@pytest.mark.parametrize(
    ("answer", "message"),
    [
        ({"home": {"steet": "1 Main St"}}, r"no field 'home-steet'\. Did you mean"),
        ({"home": "1 Main St"}, "'home' of .* is made of the fields home-street, and"),
        ({"phones": ["1", "2", "3"]}, "no field 'phones-2'"),
        ({"born": "6 May"}, r"'born' is a date in three boxes, and .* '6 May'\. Give"),
    ],
)
def test_part_that_a_page_lacks_is_told(
    client: WizardClient, answer: dict[str, Any], message: str
) -> None:
    with pytest.raises(AssertionError, match=message):
        client.fill("you", **ADA, **answer)


def test_date_in_boxes_is_written_as_one(client: WizardClient) -> None:
    client.fill("you", name="Ada", born="2026-02-31")
    boxes = [f"born-{part}" for part in ("day", "month", "year")]
    assert [client.page.value(box) for box in boxes] == ["31", "02", "2026"]
    client.fill("you", born={"day": "1"})
    assert client.page.value("born-day") == "1"
    client.fill("you", born=None)
    assert [client.page.value(box) for box in boxes] == ["", "", ""]


def test_nothing_clears_what_is_there(client: WizardClient) -> None:
    answers = {"home": {"street": "1 Main St"}, "phones": ["1"], "likes": ["red"]}
    client.save("you", **answers)
    client.save("you", home=None, phones=None, likes=None)
    values = client.open("you").values
    assert (values["home-street"], values["phones-0"]) == ([""], [""])
    assert "likes" not in values


class Mood(Form):
    volume = fields.IntegerRangeField("Volume", [Optional()])


def test_slider_that_may_be_left_out_is_answered(make_app: MakeApp) -> None:
    client = WizardClient(make_app(declare("Moods", Commits, mood=Step(Mood))), "join")
    client.fill("mood", volume=7)
    client.open()
    client.fill("mood", volume=None)
    client.open()
    client.fill("mood")
    volumes = [each.data["mood"]["volume"] for each in committed]
    assert volumes == [7, None, None]


def test_step_that_does_not_open_is_told(client: WizardClient) -> None:
    client.save("you", name="Ada")
    with pytest.raises(AssertionError, match=r"'check' does not open: .*/you"):
        client.fill("check")


def test_button_that_a_page_lacks_is_told(client: WizardClient) -> None:
    client.open()
    with pytest.raises(AssertionError, match=r"no button 'back'. Its buttons are next"):
        client.back()


def test_page_with_fields_is_no_check_page(client: WizardClient) -> None:
    client.open()
    with pytest.raises(AssertionError, match=r"asks for name, age.* no check page"):
        client.confirm()


def test_page_before_the_first_is_told(client: WizardClient) -> None:
    with pytest.raises(AssertionError, match=r"Call client\.open\(\) first"):
        client.press()
    client.open()
    with pytest.raises(AssertionError, match="has no draft yet"):
        client.discard()


def test_link_that_a_page_lacks_is_told(client: WizardClient) -> None:
    with pytest.raises(AssertionError, match="has 0 links that begin with 'Leave'"):
        client.open().link("Leave")


def test_upload_that_is_not_admitted_is_shown(make_app: MakeApp) -> None:
    class Refusing(Commits, Wizard):
        photo = Step(Photo)

        def admit(self, moment: str, holder: str) -> None:
            if moment == "upload":
                abort(429)

    client = WizardClient(make_app(Refusing), "join")
    assert client.upload("photo", photo=("me.png", PNG)).status == 429


SEARCH = """
<form action="/news"><input type="button" value="News"></form>
<form action="/found"><input name="q"><input name="page" value="1" disabled>
<select name="in"><option value="all"><option value="new"></select>
<input type="submit" name="go" value="Search"><input type="submit" name="stay"></form>
"""


def test_form_of_the_application_is_sent_as_it_stands(client: WizardClient) -> None:
    app = client.app
    app.add_url_rule("/search", "search", lambda: SEARCH)
    app.add_url_rule("/found", "found", lambda: request.full_path)
    client.open("/search")
    assert client.fill(q="cats").text == "/found?q=cats&in=all&go=Search"
    client.open("/search")
    assert client.press("next", {"q": "cats"}).path == "/news"


def test_address_of_no_page_is_shown(client: WizardClient) -> None:
    client.save("you", name="Ada")
    url = client.url("item", draft=client.draft, step="nobody", item="new")
    assert client.open(url).status == 404
    page = client.open(client.url("item", draft=client.draft, step="you", item="new"))
    assert (page.step, page.item_page) == ("you", "")


def test_mount_that_is_missing_is_told_at_once(app: Flask) -> None:
    told = r"mounted as 'jion'\. Did you mean 'join'\? Mounts are join:"
    with pytest.raises(LookupError, match=told):
        WizardClient(app, "jion")
    with pytest.raises(LookupError, match=r"mounted as 'join'\. Mounts are missing"):
        WizardClient(Flask("bare"), "join")


def test_variable_that_the_prefix_lacks_is_told_at_once(make_app: MakeApp) -> None:
    app = make_app(Join, prefix="/<club>/join")
    told = r"/<club>/join/, has no variable 'clbu'\. Did you mean 'club'\?"
    with pytest.raises(LookupError, match=told):
        WizardClient(app, "join", clbu="north")


def test_step_that_a_wizard_lacks_is_told(client: WizardClient) -> None:
    told = r"'join' has no step 'beast'\. Did you mean 'beasts'\? Its steps are you, "
    with pytest.raises(AssertionError, match=told):
        client.add("beast", pet="Rex")


def test_variables_of_the_prefix_are_given(make_app: MakeApp) -> None:
    app = make_app(Join, prefix="/<club>/join")
    assert WizardClient(app, "join", club="north").open().path.startswith("/north/join")


def test_value_that_is_no_file_is_told(client: WizardClient) -> None:
    client.fill("you", **ADA)
    client.fill("hint")
    client.fill("beasts")
    with pytest.raises(TypeError, match=r"'me\.png' is no file"):
        client.upload("photo", photo="me.png")


# Stories


def test_story_is_told_in_any_order(client: WizardClient) -> None:
    page = client.tell(
        {
            "beasts": [{"pet.pet": "Rex", "vet": "Dr Who"}, {"pet": "Tom"}],
            "guardian.name": "Mum",
            "photo": ("me.png", PNG),
            "age": 12,
            "home.street": "1 Main St",
            "name": "Ada",
        }
    )
    assert page.endpoint == "receipt"
    (submission,) = committed
    data = submission.data
    assert (data["you"]["name"], data["guardian"]["name"]) == ("Ada", "Mum")
    assert data["you"]["home"] == {"street": "1 Main St"}
    pets = [(each["pet"]["pet"], each["vet"]["vet"]) for each in data["beasts"]]
    assert pets == [("Rex", "Dr Who"), ("Tom", "")]


def test_story_ends_at_an_exit(client: WizardClient) -> None:
    assert client.tell({"name": "Ada", "age": 130}).step == "too_old"
    assert committed == []


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ({"name": "Ada"}, "- age: Enter your age; the story has nothing for it"),
        ({**ADA, "age": "old"}, r"refuses the story[^;]*$"),
        ({**ADA, "nmae": "Ada"}, r"No page has asked for nmae\."),
        ({**ADA, "guardian.name": "Mum"}, r"No page has asked for guardian\.name\."),
        (
            {"name": "Ada", "age": 3},
            r"'you' and 'guardian' ask for 'name'.*you\.n",
        ),
        (
            {**ADA, "beasts": [{"pet": "Rex", "wet": "x"}]},
            r"for beasts\[0\]\.wet",
        ),
        ({**ADA, "beasts": [{"pet": "Rex"}] * 4}, r"asked for beasts\[3\]\.pet"),
        ({**ADA, "name": "Nobody"}, "- name: Somebody has to join"),
    ],
)
def test_story_that_does_not_fit_is_told(
    client: WizardClient, story: dict[str, Any], message: str
) -> None:
    with pytest.raises(StoryError, match=message):
        client.tell(story)


def test_list_that_comes_first_is_told(make_app: MakeApp) -> None:
    class Pets(Commits, Wizard):
        pets = Repeat(Pet, min=1)

    client = WizardClient(make_app(Pets), "join")
    client.tell({"pets": [{"pet": "Rex"}, {"pet": "Tom"}]})
    assert committed[0].data == {"pets": [{"pet": "Rex"}, {"pet": "Tom"}]}
    with pytest.raises(StoryError, match="asks for item 1 of 'pets'"):
        WizardClient(client.app, "join").tell({})


# Every path


@pytest.mark.parametrize("story", every_path(Join), ids=str)
def test_each_path_is_told(client: WizardClient, story: Story) -> None:
    client.tell(story)
    assert len(committed) == (story.end == "commit")
    for submission in committed:
        assert submission.data["you"]["name"] == story["you.name"]


def test_paths_take_each_turn() -> None:
    steps = [set(story.steps) for story in every_path(Join)]
    assert any("guardian" in each for each in steps)
    assert any("guardian" not in each for each in steps)
    assert any("beasts" not in each for each in steps)


def test_samples_are_told(make_app: MakeApp) -> None:
    stories = every_path(Membership, {"you": {"name": "Grace"}, "secret": SECRET})
    WizardClient(make_app(Membership), "join").tell(stories[0])
    assert committed[0].data["you"]["name"] == "Grace"


SECRET = {"password": "correct horse", "again": "correct horse"}


class Share(Commits, Wizard):
    photo = Step(Photo)
    check = Review()


def test_file_that_is_given_is_sent(make_app: MakeApp, tmp_path: Path) -> None:
    path = tmp_path / "note.txt"
    path.write_bytes(b"A note.\n")
    (tmp_path / "uploads").mkdir()
    read: list[tuple[str, bytes]] = []

    def commit(wizard: Wizard, submission: Submission) -> None:
        for file in submission.files["photo"]["photo"]:
            with file.open() as opened:
                read.append((file.filename, opened.read()))

    Reading = declare("Reading", photo=Step(Photo), check=Review(), commit=commit)
    app = make_app(Reading, WIZARD_UPLOADS=str(tmp_path / "uploads"))
    for given in (("me.png", PNG), path, "me.gif", None):
        for story in every_path(Share, {"photo": {"photo": given}}):
            WizardClient(app, "join").tell(story)
    assert read == [
        ("me.png", PNG),
        ("note.txt", b"A note.\n"),
        ("me.gif", FILES["gif"]),
    ]


def test_files_of_one_name_are_told_apart() -> None:
    def is_large(answers: Answers) -> bool:
        return bool(answers.photo.photo and answers.photo.photo.size > 99)

    Shared = declare("Shared", Commits, photo=Step(Photo), pet=Step(Pet, when=is_large))
    given = [("me.png", PNG), ("me.png", PNG + bytes(99))]
    stories = every_path(Shared, {"photo": {"photo": given}})
    assert [story.steps for story in stories] == [("photo",), ("photo", "pet")]


@pytest.mark.parametrize("given", ["me.exe", ["me.png", "aGVsbG8="], b"bytes", 7])
def test_sample_that_is_no_file_is_told(given: object) -> None:
    with pytest.raises(TypeError, match=r"'photo' takes a file, and .*\(filename, byt"):
        every_path(Share, {"photo": {"photo": given}})


def test_path_without_an_end_is_refused() -> None:
    def fails(answers: Answers) -> bool:
        raise RuntimeError("no answer")

    class Failing(Commits, Wizard):
        you = Step(Guardian)
        pet = Step(Pet, when=fails)

    with pytest.raises(StoryError, match="Failing fails at 'pet'"):
        every_path(Failing)


# What is not installed


def test_parser_that_is_missing_is_told(
    client: WizardClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "justhtml", None)
    told = r"flask_wizard\.testing parses .* pip install 'flask-wizard-forms\[testing"
    with pytest.raises(ImportError, match=told):
        client.open().heading  # noqa: B018
    with pytest.raises(ImportError, match=told):
        client.save("you", name="Ada")
    with pytest.raises(ImportError, match=told):
        assert_accessible("<p>Hello")


# The plugin


def test_plugin_imports_nothing_of_the_package(pytester: pytest.Pytester) -> None:
    code = "import sys, pytest_flask_wizard; print('flask_wizard' in sys.modules)"
    result = pytester.run(sys.executable, "-c", code)
    result.stdout.fnmatch_lines(["False"])


SUITE = """
import pytest
from flask import Flask
from flask_wizard import FlaskWizard, Step, Wizard
from wtforms import Form, StringField

class You(Form):
    name = StringField()

class Join(Wizard):
    you = Step(You)
    more = Step(You)

    def commit(self, submission):
        return None

@pytest.fixture(scope="module")
def app():
    app = Flask("own", root_path=".")
    app.config.update(SECRET_KEY="0123456789abcdef" * 2, TESTING=True)
    FlaskWizard(app, store="memory://", holder=lambda: "ada")
    app.register_blueprint(Join.as_blueprint("join"), url_prefix="/join")
    return app
"""


def test_draft_outlives_what_a_test_undoes(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""{SUITE}
def test_undo(wizard_client, monkeypatch, app):
    client = wizard_client("join")
    monkeypatch.setitem(app.config, "OWN", 1)
    assert client.save("you", name="Ada").status == 200
    own = app.config["WIZARD_NAMESPACE"]
    monkeypatch.undo()
    assert app.config["WIZARD_NAMESPACE"] == own
    assert client.open("you").value("name") == "Ada"
"""
    )
    pytester.runpytest_subprocess("-p", "pytest_flask_wizard").assert_outcomes(passed=1)


def test_tests_of_a_module_never_meet(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""{SUITE}
@pytest.mark.parametrize("name", ["Ada", "Bob"])
def test_alone(wizard_client, app, name):
    client = wizard_client("join")
    assert client.open().endpoint == "new"
    client.save("you", name=name)
    assert wizard_client("join").open().endpoint == "entry"

def test_clean(app):
    assert app.config.get("WIZARD_NAMESPACE", "") == ""
"""
    )
    pytester.runpytest_subprocess("-p", "pytest_flask_wizard").assert_outcomes(passed=3)


@pytest.fixture
def make_client(make_app: MakeApp) -> Callable[[str], WizardClient]:
    """A function that makes a client of an application with a layout of its own."""

    class Ask(Commits, Wizard):
        guardian = Step(Guardian)
        check = Review()

    def make(layout: str) -> WizardClient:
        app = make_app(Ask, WIZARD_BASE_TEMPLATE="own.html")
        shipped: Any = app.jinja_env.loader
        source = f"<title>x</title><body>{layout}"
        app.jinja_env.loader = ChoiceLoader([DictLoader({"own.html": source}), shipped])
        return WizardClient(app, "join")

    return make


BLOCK = "{% block wizard %}{% endblock %}"


def test_errors_are_seen_in_a_layout_without_a_main(
    make_client: Callable[[str], WizardClient],
) -> None:
    client = make_client(BLOCK)
    page = client.fill("guardian", name="")
    assert page.errors == ["Enter their name"]
    assert page.errors_by_field == {"name": "Enter their name"}


def test_what_the_layout_has_of_its_own_is_not_read(
    make_client: Callable[[str], WizardClient],
) -> None:
    client = make_client(
        '<div role="alert"><ul><li>We move</li></ul></div><dl><div><dt>Open<dd>9 to 5'
        f"</div></dl><form><button>Search</button></form>{BLOCK}"
    )
    page = client.open()
    assert (page.errors, page.buttons) == ([], ["next", "save"])
    assert client.fill(name="Ada").rows == [("Their name", "Ada")]


@pytest.mark.parametrize("theme", ["default", "bootstrap5", "govuk"])
def test_page_is_read_in_any_theme(make_app: MakeApp, theme: str) -> None:
    class Ask(Commits, Wizard):
        guardian = Step(Guardian)
        check = Review()

    client = WizardClient(make_app(Ask, WIZARD_THEME=theme), "join")
    assert client.open().progress == "Step 1 of 2"
    page = client.fill(name="")
    assert page.errors == ["Enter their name"]
    assert page.banners == "There is a problem Enter their name"
    assert client.fill(name="Ada").rows == [("Their name", "Ada")]


def test_forms_of_the_layout_are_not_sent(
    make_client: Callable[[str], WizardClient],
) -> None:
    client = make_client(
        f'{BLOCK}<form method="post" action="/news"><input name="name" value="foreign">'
        '<input type="hidden" name="csrf_token" value="foreign"></form>'
    )
    assert client.fill("guardian", name="Ada").step == "check"


class Shop(Enum):
    SOUTH = "south"


class Visit(Form):
    photo = fields.FileField("Photo")
    shop = fields.StringField("Shop")
    at = fields.TimeField("At", [Optional()])
    moment = fields.DateTimeLocalField("Moment", [Optional()])


def test_answers_are_sent_as_their_fields_take_them(
    make_app: MakeApp, tmp_path: Path
) -> None:
    class Book(Commits, Wizard):
        visit = Step(Visit, files=True)
        check = Review()

    photo = tmp_path / "me.png"
    photo.write_bytes(PNG)
    client = WizardClient(make_app(Book, WIZARD_UPLOADS=str(tmp_path)), "join")
    client.open()
    when = datetime(2026, 5, 17, 14, 30)
    page = client.fill(photo=photo, shop=Shop.SOUTH, at=time(9, 5), moment=when)
    assert page.errors == []
    assert page.step == "check"
    answers = [answer for _, answer in page.rows]
    assert answers[1:3] == ["SOUTH", "09:05"]
    assert answers[0].startswith("me.png")
    assert "14:30" in answers[3]


def test_field_that_is_not_there_is_told_with_the_others(make_app: MakeApp) -> None:
    class Book(Commits, Wizard):
        visit = Step(Visit, files=True)
        check = Review()

    client = WizardClient(make_app(Book), "join")
    client.open()
    with pytest.raises(AssertionError, match="Its fields are photo, shop"):
        client.fill(town="Rome")
