"""Stories told to lists, task lists, uploads and ends, and what is wrong with one."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest
from apps import MakeApp
from flask import abort
from flask_wtf.file import FileField, FileRequired
from uploads import PNG
from wizards import Commits, choices, committed, declare
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
    Wizard,
)
from flask_wizard.testing import Story, StoryError, WizardClient, every_path, stories


class You(Form):
    name = fields.StringField("Name", [InputRequired("Enter your name")])
    nick = fields.StringField("Nickname")
    age = fields.IntegerField("Age", [InputRequired("Enter your age")])


class Home(Form):
    street = fields.StringField("Street")


class About(Form):
    born = DateBoxesField("Born", [InputRequired("Enter your date of birth")])
    home = fields.FormField(Home, "Home")
    photos = fields.MultipleFileField("Photos")
    pets = fields.BooleanField("Do you have pets?")
    size = fields.RadioField("Size", [Optional()], choices=choices("s", "l"))
    likes = fields.SelectMultipleField("Likes", choices=choices("red", "blue"))


class Pet(Form):
    pet = fields.StringField("Pet", [InputRequired("Enter its name")])


class Vet(Form):
    vet = fields.StringField("Vet")


class Beast(Item):
    pet = Step(Pet)
    vet = Step(Vet)


class Room(Form):
    size = fields.IntegerField("Size", [InputRequired("Enter its size")])


def is_minor(answers: Answers) -> bool:
    return bool(answers.you.age < 18)


def rooms_of(answers: Answers) -> list[tuple[str, str]]:
    return [(name, name.title()) for name in answers.you.nick.split()]


class Join(Commits, Wizard):
    you = Step(You)
    hint = Info()
    about = Step(About)
    pets = Repeat(Pet, max=2)
    beasts = Repeat(Beast, max=2)
    rooms = Repeat(Room, over=rooms_of)
    check = Review()


class Tasks(Commits, Wizard, task_list=True):
    you = Step(You, section="About you")
    too_young = Exit(when=is_minor, section="About you")
    pets = Repeat(Pet, min=1, max=2)
    vet = Step(Vet, when=lambda answers: answers.you.age < 60)
    check = Review()


ADA: dict[str, Any] = {"name": "Ada", "age": 42}
BORN = {"born": date(1984, 2, 29)}
WHOLE: dict[str, Any] = {
    "you": {**ADA, "nick": "attic cellar"},
    "about": {
        **BORN,
        "home": {"street": "1 Main St"},
        "pets": True,
        "size": "s",
        "likes": ["red"],
    },
    "pets": [{"pet": "Rex"}],
    "beasts": [{"pet": {"pet": "Tom"}, "vet": {"vet": "Dr Who"}}],
    "rooms": [{"size": 9}, {"size": 4}],
}


@pytest.fixture
def client(make_app: MakeApp) -> WizardClient:
    return WizardClient(make_app(Join), "join")


@pytest.fixture
def tasks(make_app: MakeApp) -> WizardClient:
    return WizardClient(make_app(Tasks), "join")


def test_what_a_commit_gets_is_a_story(client: WizardClient) -> None:
    client.tell(WHOLE)
    client.tell(committed[0].data)
    first, second = (submission.data for submission in committed)
    assert first == second == WHOLE


def test_files_are_sent(client: WizardClient) -> None:
    client.tell({**ADA, **BORN, "photos": [("1.png", PNG), ("2.png", PNG)]})
    photos = committed[0].files["about"]["photos"]
    assert [photo.filename for photo in photos] == ["1.png", "2.png"]


@pytest.mark.parametrize(
    ("story", "message"),
    [
        ({**WHOLE, "pets": {"pet": "Rex"}}, "'pets' is a list, and .*for each item"),
        ({**WHOLE, "beasts": ["Tom"]}, r"'beasts' is a list, and .* \['Tom'\] for it"),
        ({**WHOLE, "pets": [{}]}, "Enter its name; the story has nothing for it"),
        ({**WHOLE, "pets": [{"pet": "Rex"}, {}]}, "name; the story has nothing for it"),
        ({**WHOLE, "pets": [{"pet": ""}]}, "Enter its name\nNot used so far: beasts"),
        ({**WHOLE, "pets": [{"pet": "Rex"}] * 3}, r"asked for pets\[2\]\.pet\. The"),
        ({**WHOLE, "rooms": [{"size": 1}]}, "asks for item 2 of 'rooms', .* has 1"),
        ({**WHOLE, "rooms": [{"size": 1}] * 3}, r"asked for rooms\[2\]\.size"),
        (
            {**WHOLE, "beasts": [{"pet": {"pet": "Tom"}, "vet": {"wet": "x"}}]},
            r"asked for beasts\[0\]\.vet\.wet\. Did you mean 'vet'\?",
        ),
        ({**WHOLE, "you": {**ADA, "nik": "A"}, "rooms": []}, r"you\.nik\..*'nick'\?"),
        ({**ADA, "born": "1984-02-30"}, r"born: [^;]*$"),
        ({**ADA, **BORN, "size": "xl"}, "size: .*; the story has xl, .* offers s, l"),
        ({**ADA, **BORN, "likes": ["red", "x"]}, "has red, x, .* offers red, blue"),
        ({**ADA, "born": "yesterday"}, "'born' is a date in three boxes"),
        ({**ADA, **BORN, "home": {"steet": "x"}}, r"no field 'home-steet'\. Did"),
    ],
)
def test_story_that_does_not_fit_is_told(
    client: WizardClient, story: dict[str, Any], message: str
) -> None:
    with pytest.raises(StoryError, match=message):
        client.tell(story)


def test_answer_of_a_field_that_is_called_as_a_list_is_taken(
    client: WizardClient,
) -> None:
    client.tell({**ADA, **BORN, "pets": True})
    assert committed[0].data["about"]["pets"] is True
    assert committed[0].data["pets"] == []


def test_story_goes_on_from_the_page_on_the_screen(client: WizardClient) -> None:
    client.fill("you", **ADA)
    client.tell(BORN)
    client.open()
    client.fill("you", **ADA)
    client.save()
    client.tell(BORN)
    assert [each.data["you"]["name"] for each in committed] == ["Ada", "Ada"]


def test_story_goes_on_from_a_page_of_the_application(client: WizardClient) -> None:
    client.save("you", **ADA)
    client.open("/nowhere")
    client.tell({"you": ADA, **BORN})
    assert len(committed) == 1
    assert client.open().endpoint == "new"


def test_story_begins_anew_beside_a_draft(client: WizardClient) -> None:
    client.save("you", name="Bea")
    client.open()
    client.tell({**ADA, **BORN})
    assert committed[0].data["you"]["name"] == "Ada"
    assert "Bea" not in client.open().text


def test_page_that_fails_is_told(make_app: MakeApp) -> None:
    def admit(self: Wizard, moment: str, holder: object) -> None:
        abort(429)

    wizard = declare("Full", Commits, you=Step(You), admit=admit)
    with pytest.raises(StoryError, match="with the status 429 after /join/new/you"):
        WizardClient(make_app(wizard), "join").tell(ADA)


def test_page_that_does_not_open_is_told(client: WizardClient) -> None:
    client.app.before_request(lambda: abort(403))
    with pytest.raises(StoryError, match="/join/ has the status 403"):
        client.tell(ADA)


def test_story_without_an_end_is_told(
    client: WizardClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stories, "MOST_PAGES", 1)
    with pytest.raises(StoryError, match=r"no end in 1 pages\. It is at .*/hint"):
        client.tell(ADA)


def test_path_with_a_file_is_told(make_app: MakeApp) -> None:
    class Photo(Form):
        photo = FileField("Photo", [FileRequired()])

    wizard = declare("Photos", Commits, photo=Step(Photo))
    WizardClient(make_app(wizard), "join").tell(every_path(wizard)[0])
    assert committed[0].files["photo"]["photo"]


# Task lists


def test_tasks_are_told_in_their_order(tasks: WizardClient) -> None:
    tasks.tell({**ADA, "pets": [{"pet": "Rex"}], "vet": {"vet": "Dr Who"}})
    assert committed[0].data["pets"] == [{"pet": "Rex"}]
    assert committed[0].data["vet"] == {"vet": "Dr Who"}


def test_exit_ends_the_story_of_a_task_list(tasks: WizardClient) -> None:
    assert tasks.tell({"name": "Ada", "age": 12}).step == "too_young"
    tasks.open()
    with pytest.raises(StoryError, match=r"No page has asked for pets\."):
        tasks.tell({"name": "Ada", "age": 12, "pets": [{"pet": "Rex"}]})


def test_story_goes_on_from_the_list_of_tasks(tasks: WizardClient) -> None:
    tasks.fill("you", **ADA)
    assert tasks.page.path.endswith("/tasks")
    tasks.tell({"pets": [{"pet": "Rex"}]})
    assert committed[0].data["you"]["name"] == "Ada"


@pytest.mark.parametrize("story", every_path(Tasks), ids=str)
def test_each_path_of_a_task_list_is_told(tasks: WizardClient, story: Story) -> None:
    tasks.tell(story)
    assert len(committed) == (story.end == "commit")


def test_path_over_items_of_an_answer_is_told(make_app: MakeApp) -> None:
    wizard = declare("Rooms", Commits, you=Step(You), rooms=Repeat(Room, over=rooms_of))
    for story in every_path(wizard):
        WizardClient(make_app(wizard), "join").tell(story)
    assert {len(each.data.get("rooms", ())) for each in committed} > {0}
