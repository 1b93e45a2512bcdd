"""Files that visitors upload: kept through everything, and gone with the draft."""

from __future__ import annotations

import time
from io import BytesIO
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import pytest
from apps import MakeApp
from clock import DAY
from flask import Flask
from flask_wtf.file import FileAllowed, FileField, FileRequired, FileSize
from flask_wtf.file import MultipleFileField as SeveralFiles
from time_machine import Traveller
from uploads import PNG, files_in, post_files, send_files
from visitor import Page, Visitor, attribute
from wizards import Commits, committed, declare
from wtforms import FieldList, Form, FormField, StringField, ValidationError
from wtforms.fields import FileField as PlainFile
from wtforms.validators import InputRequired

from flask_wizard import (
    DefinitionError,
    Draft,
    FileContent,
    Item,
    OnlyIf,
    Repeat,
    Review,
    Step,
    StepError,
    Submission,
    UploadedFile,
    Wizard,
)
from flask_wizard.drafts import visitor_drafts


class Pass(Form):
    name = StringField("Name", [InputRequired("Enter your name")])
    photo = FileField(
        "Photo",
        [
            FileRequired("Choose a photo"),
            FileAllowed(["png"], "Choose a PNG"),
            FileSize(1_000_000, message="Choose a smaller photo"),
        ],
    )


class Letters(Form):
    papers = SeveralFiles("Papers")


class Place(Form):
    plan = PlainFile("Plan")


class Home(Form):
    home = FormField(Place)
    rooms = FieldList(FormField(Place), min_entries=2)


class Apply(Commits, Wizard):
    you = Step(Pass)
    letters = Step(Letters)
    home = Step(Home)
    check = Review()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def app(make_app: MakeApp, folder: Path) -> Flask:
    return make_app(Apply, WIZARD_UPLOADS=str(folder))


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    return visitor


def shown(page: Page) -> list[str]:
    """The names of the files that a page has."""
    return page.texts(".wizard-file > span bdi")


def drops(page: Page) -> list[str]:
    return [value for value in page.buttons if value.startswith("drop:")]


def with_photo(visitor: Visitor, name: str = "me.png", content: bytes = PNG) -> Page:
    page = send_files(visitor, {"photo": [(content, name)]}, name="Ada")
    assert page.path.endswith("/letters"), page.text
    return page


def at_check(visitor: Visitor) -> Page:
    with_photo(visitor)
    visitor.fill()
    return visitor.fill()


# Kept


@pytest.mark.parametrize("action", ["next", "back", "save", "goto:letters", "none"])
def test_file_is_kept_whatever_the_action_is(
    visitor: Visitor, folder: Path, action: str
) -> None:
    send_files(visitor, {"photo": [(PNG, "me.png")]}, action=action, name="")
    page = visitor.open(visitor.draft + "you")
    assert shown(page) == ["me.png"]
    assert len(files_in(folder)) == 1


def test_file_is_kept_beside_an_error_and_not_asked_for_again(
    visitor: Visitor, folder: Path
) -> None:
    page = send_files(visitor, {"photo": [(PNG, "me.png")]}, name="")
    assert page.errors == ["Enter your name"]
    assert shown(page) == ["me.png"]
    assert visitor.fill(name="Ada").path.endswith("/letters")
    assert len(files_in(folder)) == 1


def test_missing_file_is_asked_for(visitor: Visitor) -> None:
    assert visitor.fill(name="Ada").errors == ["Choose a photo"]


def test_step_that_is_sent_again_without_a_file_keeps_it(
    visitor: Visitor, folder: Path
) -> None:
    with_photo(visitor)
    visitor.open(visitor.draft + "you")
    assert visitor.fill(name="Eve").path.endswith("/letters")
    assert shown(visitor.open(visitor.draft + "you")) == ["me.png"]
    # A script that saves as one types sends no files, and no form of several parts.
    answer = visitor.post(visitor.draft + "you", {"name": "E"}, action="autosave")
    assert answer.status_code == 409
    visitor.post(visitor.draft + "you", {"name": "E", "_rev": "2"}, action="autosave")
    assert shown(visitor.open(visitor.draft + "you")) == ["me.png"]
    assert len(files_in(folder)) == 1


def test_new_file_replaces_the_one_of_a_single_field(
    visitor: Visitor, folder: Path
) -> None:
    with_photo(visitor)
    visitor.open(visitor.draft + "you")
    with_photo(visitor, "new.png", PNG + b"new")
    assert shown(visitor.open(visitor.draft + "you")) == ["new.png"]
    assert len(files_in(folder)) == 1


def test_new_files_are_added_to_a_field_for_several(
    visitor: Visitor, folder: Path
) -> None:
    with_photo(visitor)
    send_files(visitor, {"papers": [(b"a", "a.txt"), (b"b", "b.txt")]}, action="none")
    page = send_files(visitor, {"papers": [(b"c", "c.txt")]}, action="none")
    told = "New files are added to those that are here."
    assert page.texts("#papers-hint") == [told]
    assert shown(page) == ["a.txt", "b.txt", "c.txt"]
    assert len(files_in(folder)) == 4


def test_file_is_dropped_and_what_was_typed_stays(
    visitor: Visitor, folder: Path
) -> None:
    page = send_files(visitor, {"photo": [(PNG, "me.png")]}, name="")
    (drop,) = drops(page)
    page = visitor.press(drop, {"name": "Ada"})
    assert (page.path, page.value("name")) == (visitor.draft + "you", "Ada")
    assert shown(page) == []
    assert files_in(folder) == []
    assert visitor.fill().errors == ["Choose a photo"]


def test_dropped_file_is_the_only_one_that_goes(visitor: Visitor, folder: Path) -> None:
    with_photo(visitor)
    sent = {"papers": [(b"a", "a.txt"), (b"b", "b.txt"), (b"c", "c.txt")]}
    page = send_files(visitor, sent, action="none")
    page = visitor.press(drops(page)[1])
    assert shown(page) == ["a.txt", "c.txt"]
    assert visitor.press("drop:" + "x" * 22).path == page.path
    assert shown(visitor.page) == ["a.txt", "c.txt"]
    assert len(files_in(folder)) == 3


def test_accepted_step_opens_again_without_its_file(visitor: Visitor) -> None:
    at_check(visitor)
    page = visitor.open(visitor.draft + "you")
    visitor.press(drops(page)[0])
    assert visitor.open(visitor.draft + "check").path.endswith("/you")


def test_files_of_nested_forms_are_kept(visitor: Visitor) -> None:
    with_photo(visitor)
    visitor.fill()
    sent = {
        "home-plan": [(b"whole", "whole.txt")],
        "rooms-1-plan": [(b"second", "second.txt")],
    }
    assert send_files(visitor, sent).path.endswith("/check")
    assert shown(visitor.open(visitor.draft + "home")) == ["whole.txt", "second.txt"]
    visitor.fill()
    visitor.press()
    (submission,) = committed
    files = submission.files["home"]
    names = {field: [f.filename for f in found] for field, found in files.items()}
    assert names == {
        "home.plan": ["whole.txt"],
        "rooms.0.plan": [],
        "rooms.1.plan": ["second.txt"],
    }


def test_row_that_a_script_has_taken_out_takes_its_file_along(
    visitor: Visitor, folder: Path
) -> None:
    with_photo(visitor)
    visitor.fill()
    sent = {
        "rooms-0-plan": [(b"first", "first.txt")],
        "rooms-1-plan": [(b"second", "second.txt")],
    }
    send_files(visitor, sent, action="none")
    page = send_files(visitor, {}, action="none", without=["rooms-0-plan"])
    assert shown(page) == ["second.txt"]
    assert len(files_in(folder)) == 2


# Committed


def test_commit_gets_the_files(make_app: MakeApp, folder: Path) -> None:
    seen: dict[str, Any] = {}

    class Reads(Apply):
        def commit(self, submission: Submission) -> None:
            (photo,) = submission.files["you"]["photo"]
            first, second = submission.files["letters"]["papers"]
            photo.save(folder / "saved.png")
            with photo.open() as file:
                seen["photo"] = file.read()
            seen["papers"] = [first.open().read(), second.read()]
            seen["about"] = (photo.filename, photo.content_type, photo.size)
            seen["data"] = submission.data
            seen["answer"] = submission.answers.you.photo.filename
            seen["files"] = submission.files

            class Holder: ...

            submission.populate(holder := Holder(), "you", "letters")
            seen["populated"] = vars(holder)

    visitor = Visitor(make_app(Reads, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    content = PNG + bytes(300_000) + b"end"
    send_files(visitor, {"photo": [(content, "me.png", "image/png")]}, name="Ada")
    send_files(visitor, {"papers": [(b"a", "a.txt"), (b"", "empty.txt")]})
    assert visitor.fill().rows[:3] == [
        ("Name", "Ada"),
        ("Photo", "me.png"),
        ("Papers", "a.txt empty.txt"),
    ]
    assert visitor.press().path.endswith("/receipt")
    assert seen["photo"] == content == (folder / "saved.png").read_bytes()
    assert seen["papers"] == [b"a", b""]
    assert seen["about"] == ("me.png", "image/png", len(content))
    assert seen["answer"] == "me.png"
    assert seen["data"]["you"] == {"name": "Ada"}
    assert seen["data"]["letters"] == {}
    assert seen["data"]["home"] == {"home": {}, "rooms": [{}, {}]}
    assert seen["populated"]["name"] == "Ada"
    assert not {"photo", "papers"} & seen["populated"].keys()
    assert seen["files"].keys() == {"you", "letters", "home"}
    (folder / "saved.png").unlink()
    assert files_in(folder) == []


def test_commit_that_fails_loses_no_file(make_app: MakeApp, folder: Path) -> None:
    class Fails(Apply):
        def commit(self, submission: Submission) -> None:
            (photo,) = submission.files["you"]["photo"]
            committed.append(submission)
            if len(committed) == 1:
                raise RuntimeError("The register is closed.")
            if len(committed) == 2:
                raise StepError("you", "Choose another photo", field="photo")
            assert photo.open().read() == PNG

    app = make_app(Fails, WIZARD_UPLOADS=str(folder), PROPAGATE_EXCEPTIONS=False)
    visitor = Visitor(app)
    visitor.open()
    page = at_check(visitor)
    assert visitor.send().status_code == 500
    visitor.open(page.path)
    page = visitor.press()
    assert page.errors == ["Choose another photo"]
    assert shown(page) == ["me.png"]
    visitor.fill()
    assert visitor.press().path.endswith("/receipt")
    assert files_in(folder) == []


@pytest.mark.parametrize("end", ["commit", "discard"])
def test_files_go_with_their_draft(visitor: Visitor, folder: Path, end: str) -> None:
    at_check(visitor)
    assert len(files_in(folder)) == 1
    if end == "commit":
        visitor.press()
    else:
        visitor.post(visitor.draft + "discard", action="discard")
    assert files_in(folder) == []


def test_files_of_an_expired_draft_are_swept(
    app: Flask, visitor: Visitor, folder: Path, clock: Traveller
) -> None:
    at_check(visitor)
    uploads = app.extensions["flask_wizard"].repository(app).uploads
    clock.shift(6 * DAY)
    assert uploads.sweep(time.time()) == 0
    clock.shift(2 * DAY)
    assert visitor.get(visitor.page.path).status_code == 410
    assert uploads.sweep(time.time()) == 1
    assert files_in(folder) == []


def test_changes_tell_files_by_name(make_app: MakeApp, folder: Path) -> None:
    class Tells(Wizard):
        seen: ClassVar[list[Any]] = []
        children = Repeat(Child, min=1)
        letters = Step(Letters)
        check = Review()

        def commit(self, submission: Submission) -> None:
            self.seen.append(submission.changes)

    visitor = Visitor(make_app(Tells, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    send_files(visitor, {"photo": [(PNG, "ann.png")]}, name="Ann")
    visitor.press()
    visitor.press()
    send_files(visitor, {"papers": [(b"a", "a.txt"), (b"b", "b.txt")]})
    visitor.press()
    (changes,) = Tells.seen
    assert changes["letters"] == {"papers": ([], ["a.txt", "b.txt"])}
    (added,) = changes["children"]["added"]
    assert added["who"] == {"name": "Ann", "photo": ["ann.png"]}


def test_draft_that_a_hook_gets_has_the_names_of_files(
    make_app: MakeApp, folder: Path
) -> None:
    found: list[Draft] = []
    wizard = declare(
        "Hooked",
        Commits,
        letters=Step(Letters),
        discarded=lambda self, draft: found.append(draft),
    )
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    send_files(visitor, {"papers": [(b"a", "a.txt"), (b"b", "b.txt")]}, action="save")
    visitor.open(visitor.page.link("Discard my answers"))
    visitor.press("discard")
    assert found[0].entries["letters"]["papers"] == ["a.txt", "b.txt"]


# Files that the application has already


class Keeps(Commits, Wizard, prefilled=True):
    """What is edited has a photo, which a page of its own says."""

    you = Step(Pass)
    letters = Step(Letters)
    check = Review()

    def initial(self, step_name: str, bound: Any) -> Any:
        old = SimpleNamespace(filename="old.txt")
        return {
            "you": {"name": "Ann", "photo": "photos/ann.png"},
            "letters": {"papers": [old, "more.txt"]},
        }[step_name]


def test_file_that_is_there_is_not_asked_for(make_app: MakeApp, folder: Path) -> None:
    visitor = Visitor(make_app(Keeps, WIZARD_UPLOADS=str(folder)))
    page = visitor.open()
    assert page.heading == "Check your answers"
    assert page.rows == [
        ("Name", "Ann"),
        ("Photo", "ann.png"),
        ("Papers", "old.txt more.txt"),
    ]
    visitor.press()
    assert committed[0].files == {"you": {"photo": []}, "letters": {"papers": []}}
    assert committed[0].changes == {}


def test_page_says_which_file_is_there(make_app: MakeApp, folder: Path) -> None:
    visitor = Visitor(make_app(Keeps, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    page = visitor.open(visitor.page.link("Change Photo"))
    assert page.texts(".wizard-file bdi") == ["ann.png"]
    assert "already there" in page.text
    assert not [value for value in page.buttons if value.startswith("drop")]
    assert visitor.fill(name="").errors == ["Enter your name"]
    assert visitor.fill(name="Bea").heading == "Check your answers"


def test_new_file_takes_the_place_of_one_that_is_there(
    make_app: MakeApp, folder: Path
) -> None:
    visitor = Visitor(make_app(Keeps, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    visitor.open(visitor.page.link("Change Photo"))
    page = send_files(visitor, {"photo": [(b"x", "new.txt")]})
    assert page.errors == ["“new.txt” was not kept. Choose a PNG"]
    assert page.texts(".wizard-file bdi") == ["ann.png"]
    send_files(visitor, {"photo": [(PNG, "new.png")]})
    assert ("Photo", "new.png") in visitor.page.rows
    visitor.press()
    assert committed[0].changes == {"you": {"photo": (["ann.png"], ["new.png"])}}
    (photo,) = committed[0].files["you"]["photo"]
    assert photo.filename == "new.png"


def test_page_that_begins_with_a_file_says_so(make_app: MakeApp, folder: Path) -> None:
    app = make_app(declare("Later", Commits, you=Step(Pass), initial=Keeps.initial))
    app.config["WIZARD_UPLOADS"] = str(folder)
    page = Visitor(app).open()
    assert page.texts(".wizard-file bdi") == ["ann.png"]


def test_files_of_a_hidden_step_stay(make_app: MakeApp, folder: Path) -> None:
    class Who(Form):
        kind = StringField("Kind")

    wizard = declare(
        "Hides",
        Commits,
        who=Step(Who),
        letters=Step(Letters, when=lambda answers: answers.who.kind == "with"),
        check=Review(),
    )
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    visitor.fill(kind="with")
    send_files(visitor, {"papers": [(b"a", "a.txt")]})
    visitor.open(visitor.draft + "who")
    visitor.fill(kind="without")
    assert len(files_in(folder)) == 1
    visitor.open(visitor.draft + "who")
    assert shown(visitor.fill(kind="with")) == ["a.txt"]
    visitor.open(visitor.draft + "who")
    visitor.fill(kind="without")
    visitor.press()
    assert committed[0].files == {}
    assert files_in(folder) == []


def test_answer_that_is_a_file_is_read_by_its_id(
    make_app: MakeApp, folder: Path
) -> None:
    class More(Form):
        why = StringField("Why")

    def large_only(answers: Any) -> bool:
        return bool(answers.you.photo.size > 100)

    wizard = declare(
        "Reads",
        Commits,
        you=Step(Pass),
        more=Step(More, when=large_only),
        check=Review(),
    )
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    sent = {"photo": [(PNG + bytes(100), "me.png")]}
    assert send_files(visitor, sent, name="Ada").path.endswith("/more")
    assert visitor.fill(why="so").path.endswith("/check")
    visitor.open(visitor.draft + "you")
    sent = {"photo": [(PNG, "me.png")]}
    assert send_files(visitor, sent, name="Ada").path.endswith("/check")


def test_review_of_another_file_is_not_confirmed(visitor: Visitor) -> None:
    at_check(visitor)
    tab = visitor.tab()
    tab.open(visitor.draft + "you")
    send_files(tab, {"photo": [(PNG + b"2", "other.png")]}, name="Ada")
    page = visitor.press()
    assert page.path.endswith("/check")
    assert committed == []


# Refused


def test_refused_file_is_named_and_the_old_one_stays(
    visitor: Visitor, folder: Path
) -> None:
    with_photo(visitor)
    visitor.open(visitor.draft + "you")
    page = send_files(visitor, {"photo": [(b"x", "evil.exe")]}, name="Ada")
    assert page.errors == ["“evil.exe” was not kept. Choose a PNG"]
    assert shown(page) == ["me.png"]
    assert len(files_in(folder)) == 1


@pytest.mark.parametrize("action", ["back", "save", "goto:letters", "autosave"])
def test_file_is_judged_on_every_action(
    visitor: Visitor, folder: Path, action: str
) -> None:
    with_photo(visitor)
    visitor.open(visitor.draft + "you")
    send_files(visitor, {"photo": [(b"x", "evil.exe")]}, action=action, name="")
    page = visitor.open(visitor.draft + "you")
    assert page.errors == ["“evil.exe” was not kept. Choose a PNG"]
    assert shown(page) == ["me.png"]
    assert len(files_in(folder)) == 1


def test_good_files_are_kept_beside_a_refused_one(
    make_app: MakeApp, folder: Path
) -> None:
    class Two(Form):
        papers = SeveralFiles("Papers", [FileAllowed(["txt"], "Texts only")])

        def validate_papers(self, field: Any) -> None:
            if len(field.data or ()) < 2:
                raise ValidationError("Choose two texts")

    wizard = declare("Two", Commits, two=Step(Two), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    sent = {"papers": [(b"a", "a.txt"), (b"b", "b.exe")]}
    page = send_files(visitor, sent)
    assert page.errors == ["“b.exe” was not kept. Texts only"]
    assert shown(page) == ["a.txt"]
    assert visitor.fill().errors == ["Choose two texts"]
    assert send_files(visitor, {"papers": [(b"c", "c.txt")]}).path.endswith("/check")
    assert len(files_in(folder)) == 2


def test_validators_look_once_at_files_that_are_valid(
    make_app: MakeApp, folder: Path
) -> None:
    looks: list[int] = []

    class Many(Form):
        papers = SeveralFiles("Papers", filters=[lambda files: files or []])

        @staticmethod
        def validate_papers(form: Form, field: Any) -> None:
            looks.append(len(field.data))

    wizard = declare("Many", Commits, you=Step(Many), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    sent = {"papers": [(b"x", f"{n}.txt") for n in range(5)]}
    page = send_files(visitor, sent, action="none")
    assert (looks, len(shown(page))) == ([5], 5)
    visitor.fill()
    assert looks[1] == 5


def test_validator_that_raises_refuses_the_file(
    make_app: MakeApp, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Odd(Form):
        photo = FileField("Photo")

        def validate_photo(self, field: Any) -> None:
            if field.data and field.data.read() == b"odd":
                raise ArithmeticError("The picture has no pixels.")

    wizard = declare("Odd", Commits, you=Step(Odd), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    page = send_files(visitor, {"photo": [(b"odd", "me.png")]})
    expected = "“me.png” was not kept. This file cannot be used. Choose another one."
    assert page.errors == [expected]
    assert "ArithmeticError" in caplog.text
    assert files_in(folder) == []


def test_each_reader_of_a_file_begins_at_its_beginning(
    make_app: MakeApp, folder: Path
) -> None:
    read: list[bytes] = []

    class Reads(Form):
        photo = FileField("Photo")

        def validate_photo(self, field: Any) -> None:
            if field.data:
                read.append(field.data.read())

    class Reading(Commits, Wizard):
        you = Step(Reads)
        check = Review()

        def on_upload(self, upload: UploadedFile, step: str, field: str) -> None:
            read.append(upload.read())

    visitor = Visitor(make_app(Reading, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    send_files(visitor, {"photo": [(PNG, "me.png")]})
    visitor.press()
    assert len(read) > 3
    assert set(read) == {PNG}


def test_file_is_named_if_the_form_cannot_be_bound(
    make_app: MakeApp, folder: Path
) -> None:
    class Raising(StringField):
        def process(self, formdata: Any, *args: Any, **more: Any) -> None:
            if formdata is not None and "bad" in formdata.getlist(self.name):
                raise ArithmeticError("It cannot be bound.")
            super().process(formdata, *args, **more)

    class Odd(Form):
        name = Raising("Name")
        photo = FileField("Photo")

    wizard = declare("Odd", Commits, you=Step(Odd), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    send_files(visitor, {"photo": [(PNG, "old.png")]}, action="none", name="good")
    page = send_files(visitor, {"photo": [(PNG, "me.png")]}, name="bad")
    assert "“me.png” was not kept. Choose it again." in page.errors
    assert shown(page) == ["old.png"]
    assert len(files_in(folder)) == 1


def test_hook_refuses_a_file_once(make_app: MakeApp, folder: Path) -> None:
    asked: list[Any] = []

    class Scans(Apply):
        def on_upload(self, upload: UploadedFile, step: str, field: str) -> None:
            asked.append((upload.read(), upload.filename, step, field))
            if b"virus" in asked[-1][0]:
                raise ValidationError("It may be harmful")

    visitor = Visitor(make_app(Scans, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    virus = {"photo": [(b"virus", "me.png")]}
    page = send_files(visitor, virus, name="Ada")
    assert page.errors == ["“me.png” was not kept. It may be harmful"]
    assert files_in(folder) == []
    with_photo(visitor)
    at = (PNG, "me.png", "you", "photo")
    assert asked == [(b"virus", "me.png", "you", "photo"), at]
    visitor.fill()
    send_files(visitor, {"rooms-1-plan": [(b"p", "p.txt")]})
    assert asked[2:] == [(b"p", "p.txt", "home", "rooms.1.plan")]


def test_content_is_checked(make_app: MakeApp, folder: Path) -> None:
    class Checked(Form):
        photo = FileField("Photo", [FileContent("png", "jpg")])

    wizard = declare("Checked", Commits, you=Step(Checked), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    page = send_files(visitor, {"photo": [(b"<?php exit;", "me.png")]})
    expected = "“me.png” was not kept. Only PNG or JPEG files can be kept here."
    assert page.errors == [expected]
    assert send_files(visitor, {"photo": [(PNG, "me.png")]}).path.endswith("/check")
    assert visitor.press().path.endswith("/receipt")


def test_text_is_no_file(visitor: Visitor, folder: Path) -> None:
    assert visitor.fill(name="Ada", photo="me.png").errors == ["Choose a photo"]
    assert files_in(folder) == []


def test_file_of_a_field_that_the_form_has_not_is_not_kept(
    visitor: Visitor, folder: Path
) -> None:
    sent = {"photo": [(PNG, "me.png")], "other": [(b"x", "x.txt")]}
    send_files(visitor, sent, name="Ada")
    assert len(files_in(folder)) == 1


def test_file_for_a_step_without_fields_for_files_is_not_kept(
    make_app: MakeApp, folder: Path
) -> None:
    class Name(Form):
        name = StringField("Name")

    wizard = declare("Plain", Commits, you=Step(Name), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    page = send_files(visitor, {"name": [(b"x", "x.txt")]}, name="Ada")
    assert page.path.endswith("/check")
    assert files_in(folder) == []


# Form functions


def test_form_function_needs_to_say_that_it_takes_files(make_app: MakeApp) -> None:
    wizard = declare("Late", Commits, you=Step(lambda answers: Pass), check=Review())
    visitor = Visitor(make_app(wizard))
    with pytest.raises(DefinitionError, match="files=True"):
        visitor.open()


def test_form_function_takes_files(make_app: MakeApp, folder: Path) -> None:
    wizard = declare(
        "Late", Commits, you=Step(lambda answers: Pass, files=True), check=Review()
    )
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    page = send_files(visitor, {"photo": [(PNG, "me.png")]}, name="Ada")
    assert page.rows == [("Name", "Ada"), ("Photo", "me.png")]


# Several tabs


def test_other_tab_loses_no_file_and_nothing_is_judged_twice(
    make_app: MakeApp, folder: Path
) -> None:
    asked: list[str] = []

    class Slow(Apply):
        def on_upload(self, upload: UploadedFile, step: str, field: str) -> None:
            asked.append(str(upload.filename))
            if upload.filename == "slow.txt":  # meanwhile another tab is quicker
                send_files(tab, {"papers": [(b"q", "quick.txt")]}, action="none")

    visitor = Visitor(make_app(Slow, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    with_photo(visitor)
    tab = visitor.tab()
    tab.open(visitor.page.path)
    page = send_files(visitor, {"papers": [(b"s", "slow.txt")]}, action="none")
    assert shown(page) == ["quick.txt", "slow.txt"]
    assert asked == ["me.png", "slow.txt", "quick.txt"]
    for name in ("quick.txt", "slow.txt"):
        assert visitor.get(page.link(name)).data == name[:1].encode()
    assert len(files_in(folder)) == 3


def test_hook_that_raises_keeps_what_was_typed_and_no_file(
    make_app: MakeApp, folder: Path
) -> None:
    class Fails(Apply):
        def on_upload(self, upload: UploadedFile, step: str, field: str) -> None:
            raise RuntimeError("The scanner is down.")

    app = make_app(Fails, WIZARD_UPLOADS=str(folder), PROPAGATE_EXCEPTIONS=False)
    visitor = Visitor(app)
    visitor.open()
    assert visitor.page.value("name") == ""
    send_files(visitor, {}, action="save", name="Ada")
    page = visitor.open(visitor.draft + "you")
    sent = {"photo": [(PNG, "me.png")]}
    assert post_files(visitor, sent, name="Eve").status_code == 500
    page = visitor.open(page.path)
    assert (page.value("name"), shown(page)) == ("Eve", [])
    assert files_in(folder) == []


def test_step_that_is_not_reached_keeps_its_file(
    visitor: Visitor, folder: Path
) -> None:
    send_files(visitor, {}, action="save", name="Ada")
    url = visitor.draft + "letters"
    visitor.open(visitor.draft + "you")
    body = {"csrf_token": visitor.token, "_action": "next"}
    answer = visitor.client.post(url, data={**body, "papers": [(BytesIO(b"a"), "a")]})
    assert answer.location.endswith("/you")
    assert len(files_in(folder)) == 1
    with_photo(visitor)
    assert shown(visitor.page) == ["a"]


def test_enter_presses_no_button_that_drops_a_file(visitor: Visitor) -> None:
    page = send_files(visitor, {"photo": [(PNG, "me.png")]}, action="none")
    assert page.buttons[0] == "next"
    (first,) = page.html.query("form button[aria-hidden]")
    assert attribute(first, "tabindex") == "-1"
    assert drops(page)
    visitor.press(drops(page)[0])
    assert visitor.page.html.query("form button[aria-hidden]") == []


def test_form_has_parts_only_where_it_takes_files(visitor: Visitor) -> None:
    (form,) = visitor.page.html.query("form")
    assert attribute(form, "enctype") == "multipart/form-data"
    page = at_check(visitor)
    (form,) = page.html.query("form")
    assert attribute(form, "enctype") == ""


def test_list_of_files_belongs_to_its_field(visitor: Visitor) -> None:
    page = send_files(visitor, {"photo": [(b"x", "me.exe")]}, action="none")
    page = send_files(visitor, {"photo": [(PNG, "me.png")]}, action="none")
    (control,) = page.html.query("#photo")
    assert attribute(control, "aria-describedby") == "photo-hint photo-files"
    assert page.texts("#photo-hint") == ["A new file replaces the one that is here."]
    assert page.texts("#photo-files > li") == ["me.png (23 bytes) Remove me.png"]


# Items of lists


class Child(Item):
    who = Step(Pass)
    school = Step(Letters)


class Family(Commits, Wizard):
    pets = Repeat(Pass, label=lambda pet: pet.name)
    children = Repeat(Child, min=1, singular="child")
    check = Review()


def test_items_have_files(make_app: MakeApp, folder: Path) -> None:
    asked: list[tuple[str, str]] = []

    class Scans(Family):
        def on_upload(self, upload: UploadedFile, step: str, field: str) -> None:
            asked.append((step, field))

        def commit(self, submission: Submission) -> None:
            committed.append(submission)
            (rex, _), (child,) = submission.files["pets"], submission.files["children"]
            assert rex["photo"][0].open().read() == PNG
            assert child["school"]["papers"][1].open().read() == b"b"

    visitor = Visitor(make_app(Scans, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    visitor.press("add")
    sent = {"photo": [(PNG, "rex.png")]}
    page = send_files(visitor, sent, name="")
    assert shown(page) == ["rex.png"]
    url = page.link("rex.png")
    assert url.rpartition("/file/")[0] == page.path
    assert visitor.get(url).data == PNG
    page = visitor.press("add", {"name": "Rex"})
    send_files(visitor, {"photo": [(PNG + b"tom", "tom.png")]}, name="Tom")
    visitor.press()
    send_files(visitor, {"photo": [(PNG, "ann.png")]}, name="Ann")
    sent = {"papers": [(b"a", "a.txt"), (b"b", "b.txt")]}
    send_files(visitor, sent)
    page = visitor.press()
    assert page.path.endswith("/check"), page.text
    assert ("Photo", "tom.png") in page.rows
    assert ("Papers", "a.txt b.txt") in page.rows
    assert len(files_in(folder)) == 5
    assert asked == [
        ("pets", "photo"),
        ("pets", "photo"),
        ("children", "who.photo"),
        ("children", "school.papers"),
        ("children", "school.papers"),
    ]
    assert visitor.press().path.endswith("/receipt")
    assert files_in(folder) == []
    (submission,) = committed
    assert [pet.photo.filename for pet in submission.answers.pets] == [
        "rex.png",
        "tom.png",
    ]
    files = submission.files["children"][0]
    assert [file.filename for file in files["who"]["photo"]] == ["ann.png"]
    assert submission.data["pets"] == [{"name": "Rex"}, {"name": "Tom"}]


def test_file_of_an_item_goes_with_it(make_app: MakeApp, folder: Path) -> None:
    visitor = Visitor(make_app(Family, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    visitor.press("add")
    page = send_files(visitor, {"photo": [(PNG, "rex.png")]}, action="none", name="R")
    file_url, url = page.link("rex.png"), page.path
    tab = visitor.tab()
    tab.open(url)
    page = visitor.open(url)
    assert visitor.press(drops(page)[0]).path == url
    assert (shown(visitor.page), files_in(folder)) == ([], [])
    send_files(visitor, {"photo": [(PNG, "new.png")]}, action="none")
    assert len(files_in(folder)) == 1
    answer = visitor.post(f"{url}/remove", action="remove")
    assert answer.status_code == 303
    assert files_in(folder) == []
    assert visitor.get(file_url).status_code == 404
    # What is sent to an item that is gone is kept as a new one, with its file.
    answer = post_files(tab, {"photo": [(PNG, "late.png")]}, name="Late")
    tab.open(answer.location)
    assert "Late" in tab.page.text or "Pet 1" in tab.page.text
    assert len(files_in(folder)) == 1


def test_removed_items_leave_room(make_app: MakeApp, folder: Path) -> None:
    app = make_app(Family, WIZARD_UPLOADS=str(folder), WIZARD_MAX_UPLOADS_COUNT=1)
    visitor = Visitor(app)
    visitor.open()
    visitor.press("add")
    page = send_files(visitor, {"photo": [(PNG, "rex.png")]}, action="add", name="Rex")
    page = send_files(visitor, {"photo": [(PNG, "tom.png")]}, name="Tom")
    assert page.errors == ["“tom.png” was not kept. There is room for 1 file in all."]
    assert len(files_in(folder)) == 1


# Fields that count only if another has some value


def test_file_that_does_not_count_is_kept_and_not_committed(
    make_app: MakeApp, folder: Path
) -> None:
    class Proof(Form):
        kind = StringField("Kind")
        proof = FileField("Proof", [OnlyIf("kind", "student"), FileRequired("Prove")])

    wizard = declare("Proves", Commits, you=Step(Proof), check=Review())
    visitor = Visitor(make_app(wizard, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    assert visitor.fill(kind="student").errors == ["Prove"]
    sent = {"proof": [(PNG, "proof.png")]}
    assert send_files(visitor, sent, kind="student").path.endswith("/check")
    visitor.open(visitor.draft + "you")
    page = visitor.fill(kind="other")
    assert page.rows == [("Kind", "other")]
    visitor.open(visitor.draft + "you")
    assert shown(visitor.page) == ["proof.png"]
    page = visitor.fill(kind="student")
    assert ("Proof", "proof.png") in page.rows
    visitor.open(visitor.draft + "you")
    visitor.fill(kind="other")
    visitor.press()
    assert committed[0].files == {"you": {"proof": []}}
    assert files_in(folder) == []


# When the wizard takes no files any more


class WithoutPhoto(Form):
    name = StringField("Name", [InputRequired("Enter your name")])


@pytest.mark.parametrize("end", ["discard", "commit"])
def test_file_of_a_field_that_is_gone_goes_at_the_end(
    make_app: MakeApp, folder: Path, end: str
) -> None:
    with_file = declare("Once", Commits, you=Step(Pass), check=Review())
    without = declare("Once", Commits, you=Step(WithoutPhoto), check=Review())
    visitor = Visitor(make_app(with_file, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    send_files(visitor, {"photo": [(PNG, "me.png")]}, name="Ada")
    visitor = visitor.twin(make_app(without, WIZARD_UPLOADS=str(folder)))
    visitor.open(visitor.draft + "you")
    visitor.fill(name="Bea")
    assert len(files_in(folder)) == 1  # a later release may have the field again
    if end == "commit":
        visitor.press("next")
    else:
        visitor.post(visitor.draft + "discard", action="discard")
    assert files_in(folder) == []


def test_entries_are_searched_for_files_only_where_pages_take_some(
    make_app: MakeApp, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = declare("Plain", Commits, you=Step(WithoutPhoto), check=Review())
    visitors = [
        Visitor(
            make_app(wizard, PROPAGATE_EXCEPTIONS=False, WIZARD_UPLOADS=str(folder))
        )
        for wizard in (plain, Apply)
    ]
    for visitor in visitors:
        visitor.open()
        visitor.fill(name="Ada")
    monkeypatch.setattr(visitor_drafts, "FILES_KEY", None)  # no bytes: a search fails
    saved = [visitor.send("save", {"name": "Bea"}) for visitor in visitors]
    assert [answer.status_code for answer in saved] == [303, 500]
