"""Jobs over all drafts: lists, counts, reminders, and one person's data."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from click.testing import Result
from clock import DAY
from flask import Flask, session
from flask_wtf.file import FileField, FileRequired
from store_wrappers import Probe
from time_machine import Traveller
from uploads import PNG, files_in, send_files
from visitor import Visitor
from wizards import Commits
from wtforms import Form, PasswordField, StringField
from wtforms.validators import InputRequired

from flask_wizard import (
    ConfigurationError,
    Draft,
    DraftStore,
    FlaskWizard,
    Repeat,
    Review,
    Step,
    Wizard,
)
from flask_wizard.drafts.draft_list import DraftList
from flask_wizard.drafts.holders import list_of

REMINDED: list[tuple[str, str]] = []


class You(Form):
    name = StringField("Name", [InputRequired()])
    pin = PasswordField("PIN")


class Pet(Form):
    name = StringField("Name", [InputRequired()])


class Photo(Form):
    photo = FileField("Photo", [FileRequired()])


class Keep(Commits, Wizard):
    title = "Keep a pet"

    you = Step(You, title="About you")
    pets = Repeat(Pet, title="Pets")
    photo = Step(Photo)
    check = Review()

    def on_remind(self, draft: Draft, reason: str) -> None:
        (name,) = draft.entries["you"]["name"]
        if name == "Trouble":
            raise ValueError("no mail")
        REMINDED.append((name, reason))


@pytest.fixture(autouse=True)
def nobody_reminded() -> Iterator[None]:
    yield
    REMINDED.clear()


class Home:
    """An application with pets, whose users sign in by a URL."""

    def __init__(self, store: object, folder: Path) -> None:
        app = self.app = Flask("home", instance_path=str(folder))
        app.config.update(TESTING=True, SECRET_KEY="k" * 32, WIZARD_COMMIT_WAIT=0)
        self.wizards = FlaskWizard(
            app, store=store, holder=lambda: session.get("user_id")
        )
        app.register_blueprint(Keep.as_blueprint("keep"), url_prefix="/join")

        @app.get("/login/<name>")
        def login(name: str) -> str:
            session["user_id"] = name
            return name

    def visitor(self, user: str = "") -> Visitor:
        visitor = Visitor(self.app)
        if user:
            visitor.open(f"/login/{user}")
        return visitor

    def begin(self, name: str, user: str = "") -> Visitor:
        visitor = self.visitor(user)
        visitor.open("/join/new/you")
        visitor.fill(name=name, pin="1234")
        return visitor

    def run(self, *arguments: str) -> Result:
        return self.app.test_cli_runner().invoke(args=["wizard", *arguments])

    def all(self, **given: Any) -> list[Draft]:
        with self.app.app_context():
            return list(self.wizards.all_drafts(**given))


def discard(visitor: Visitor) -> None:
    visitor.open(f"{visitor.draft}discard")
    visitor.press("discard")


@pytest.fixture
def home(store: Probe, tmp_path: Path) -> Home:
    return Home(store, tmp_path)


def test_all_drafts_have_state_step_and_times(home: Home) -> None:
    home.begin("Ann")
    discard(home.begin("Bea"))
    found = {draft.state: draft for draft in home.all()}
    assert found.keys() == {"open", "discarded"}
    left = found["open"]
    assert (left.wizard, left.mount, left.title) == ("Keep", "keep", "Keep a pet")
    assert (left.step, left.step_title) == ("pets", "Pets")
    assert left.started <= left.saved < left.expires
    assert (left.url, found["discarded"].step) == (None, "")


@pytest.mark.requirement("S73")
def test_answers_are_there_only_if_asked_for(home: Home) -> None:
    home.begin("Ann")
    (silent,), (open_,) = home.all(), home.all(answers=True)
    assert open_.entries == {"you": {"name": ["Ann"]}}
    with pytest.raises(ConfigurationError, match=r"answers=True"):
        _ = silent.entries
    assert "Ann" not in repr(open_)


def test_link_can_be_made_for_a_draft_of_all(home: Home) -> None:
    visitor = home.begin("Ann")
    home.app.config["WIZARD_EXTERNAL_URL"] = "https://home.example"
    (draft,) = home.all()
    with home.app.app_context():
        url = home.wizards.resume_url(draft, max_age=DAY)
    assert url.startswith("https://home.example/join/link/")
    other = home.visitor()
    other.open(url.removeprefix("https://home.example"))
    assert other.press("next").path.startswith(visitor.draft.removesuffix("/"))


def test_drafts_of_any_store_are_counted(any_store: DraftStore, tmp_path: Path) -> None:
    home = Home(any_store, tmp_path)
    for name in ("Ann", "Bea", "Cal"):
        visitor = home.begin(name)
    discard(visitor)
    result = home.run("drafts", "--format", "json")
    assert result.exit_code == 0, result.output
    assert json.loads(result.stdout) == {
        "drafts": [
            {"mount": "keep", "state": "open", "step": "pets", **LATELY, "drafts": 2},
            {"mount": "keep", "state": "discarded", "step": "", **LATELY, "drafts": 1},
        ],
        "skipped": {},
    }
    text = home.run("drafts").stdout
    assert "2  keep: open, at pets, saved under an hour ago" in text
    assert not any(name in text for name in ("Ann", "Bea", "Cal"))


LATELY = {"saved": "under an hour"}


def test_counts_stand_in_the_order_of_steps_and_ages(
    home: Home, clock: Traveller
) -> None:
    home.begin("Ann")
    clock.shift(2 * DAY)
    home.begin("Bea")
    visitor = home.begin("Cal")
    visitor.open(f"{visitor.draft}you")
    visitor.fill(name="")
    discard(home.begin("Dot"))
    assert home.run("drafts").stdout.splitlines() == [
        "       1  keep: open, at you, saved under an hour ago",
        "       1  keep: open, at pets, saved under an hour ago",
        "       1  keep: open, at pets, saved under a week ago",
        "       1  keep: discarded, saved under an hour ago",
        "       4  in all",
    ]


def test_drafts_of_one_mount_are_counted_alone(home: Home) -> None:
    home.app.register_blueprint(Keep.as_blueprint("more"), url_prefix="/more")
    home.begin("Ann")
    assert "1  in all" in home.run("drafts", "keep").stdout
    assert "0  in all" in home.run("drafts", "more").stdout
    assert "1  in all" in home.run("drafts", "more", "keep").stdout


def test_drafts_that_cannot_be_opened_are_counted_too(
    home: Home, store: Probe, tmp_path: Path
) -> None:
    home.begin("Ann")
    other = Home(store, tmp_path)
    other.app.config["SECRET_KEY"] = "another secret, of another time"
    other.begin("Bea")
    found = json.loads(home.run("drafts", "--format", "json").stdout)
    assert found["skipped"] == {"cannot be read": 1}
    assert [row["drafts"] for row in found["drafts"]] == [1]
    assert "1  cannot be read" in home.run("drafts", "keep").stdout


def test_draft_that_cannot_be_opened_is_left_out_and_told_of(
    home: Home, store: Probe, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    home.begin("Ann")
    other = Home(store, tmp_path)
    other.app.config["SECRET_KEY"] = "another secret, of another time"
    other.begin("Bea")
    (draft,) = home.all(answers=True)
    assert draft.entries["you"]["name"] == ["Ann"]
    assert "1 drafts could not be opened" in caplog.text
    assert "Bea" not in caplog.text


def test_draft_whose_upgrade_fails_is_left_out_and_told_of(
    home: Home, store: Probe, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def upgrade(self: Wizard, draft: Draft, from_version: int) -> None:
        raise ValueError("no such register")

    home.begin("Ann")
    monkeypatch.setattr(Keep, "version", 2)
    monkeypatch.setattr(Keep, "upgrade", upgrade)
    monkeypatch.setattr(Keep, "_upgrades", True)
    found = json.loads(home.run("drafts", "--format", "json").stdout)
    assert (found["drafts"], found["skipped"]) == ([], {"cannot be read": 1})
    assert home.all() == []


def test_draft_that_cannot_be_opened_keeps_no_other_from_a_reminder(
    home: Home, store: Probe, tmp_path: Path, clock: Traveller
) -> None:
    other = Home(store, tmp_path)
    other.app.config["SECRET_KEY"] = "another secret, of another time"
    other.begin("Bea")
    home.begin("Ann")
    clock.shift(2 * DAY)
    assert "1 reminded, 0 failed" in home.run("remind").output
    assert REMINDED == [("Ann", "idle")]


def test_nobody_is_reminded_of_what_is_empty_or_has_ended(
    home: Home, clock: Traveller
) -> None:
    discard(home.begin("Bea"))
    clock.shift(2 * DAY)
    assert home.run("remind").stdout == "0 reminded, 0 failed.\n"
    assert REMINDED == []


def test_drafts_of_a_wizard_that_is_gone_are_counted_too(
    home: Home, make_app: MakeApp
) -> None:
    home.begin("Ann")
    run = make_app(Keep).test_cli_runner().invoke
    gone = "1  of a wizard that is not mounted"
    assert gone in run(args=["wizard", "drafts"]).stdout
    assert gone not in run(args=["wizard", "drafts", "join"]).stdout


def test_namespaces_do_not_see_each_other(
    home: Home, store: Probe, tmp_path: Path
) -> None:
    home.begin("Ann")
    other = Home(store, tmp_path)
    other.app.config["WIZARD_NAMESPACE"] = "other"
    other.begin("Bea")
    assert [d.entries["you"]["name"] for d in home.all(answers=True)] == [["Ann"]]


def test_reminders_are_sent_once_for_each_reason(home: Home, clock: Traveller) -> None:
    visitor = home.begin("Ann")
    (before,) = home.all()
    assert home.run("remind").stdout == "0 reminded, 0 failed.\n"
    clock.shift(2 * DAY)
    assert home.run("remind").stdout == "1 reminded, 0 failed.\n"
    assert home.run("remind").stdout == "0 reminded, 0 failed.\n"
    clock.shift(4.5 * DAY)
    assert home.run("remind").stdout == "1 reminded, 0 failed.\n"
    assert home.run("remind").stdout == "0 reminded, 0 failed.\n"
    assert REMINDED == [("Ann", "idle"), ("Ann", "expiring")]
    (after,) = home.all()
    assert (after.saved, after.expires) == (before.saved, before.expires)
    assert visitor.open(visitor.draft).path.endswith("/pets")


def test_failed_reminder_is_not_sent_again(home: Home, clock: Traveller) -> None:
    home.begin("Trouble")
    home.begin("Ann")
    clock.shift(2 * DAY)
    first = home.run("remind")
    assert (first.exit_code, "1 reminded, 1 failed." in first.output) == (1, True)
    assert home.run("remind").stdout == "0 reminded, 0 failed.\n"
    assert REMINDED == [("Ann", "idle")]


def test_draft_that_is_saved_meanwhile_is_not_reminded_of(
    home: Home, store: Probe, clock: Traveller
) -> None:
    visitor = home.begin("Ann")
    clock.shift(2 * DAY)
    visitor.open(f"{visitor.draft}you")
    store.before_write.append(lambda: visitor.press("save", {"name": "Bea"}))
    assert home.run("remind").stdout == "0 reminded, 0 failed.\n"
    assert REMINDED == []


def finish_but_the_photo(visitor: Visitor) -> None:
    visitor.press("next")
    send_files(visitor, {"photo": [(PNG, "../../cat.png")]})


@pytest.mark.requirement("S74")
def test_export_has_all_of_a_person_and_nothing_of_others(
    home: Home, tmp_path: Path
) -> None:
    finish_but_the_photo(home.begin("Ann", user="ann"))
    discard(home.begin("Ann again", user="ann"))
    home.begin("Bea", user="bea")
    home.begin("Cal")
    result = home.run("export", "--user", "ann", str(tmp_path / "of-ann"))
    assert result.exit_code == 0, result.output
    found = json.loads((tmp_path / "of-ann" / "drafts.json").read_text())
    states = {draft["state"]: draft for draft in found}
    assert len(found) == 2
    left = states["open"]
    assert left["entries"]["you"] == {"name": ["Ann"]}
    assert states["discarded"]["entries"] == {}
    (file,) = left["files"]
    assert (tmp_path / "of-ann" / file).read_bytes() == PNG
    assert (tmp_path / "of-ann" / file).resolve().is_relative_to(tmp_path / "of-ann")
    text = (tmp_path / "of-ann" / "drafts.json").read_text()
    assert not any(other in text for other in ("Bea", "Cal", "1234"))
    again = home.run("export", "--user", "ann", str(tmp_path / "of-ann"))
    assert (again.exit_code, "exists already" in again.output) == (1, True)


def test_file_with_a_long_name_is_exported(home: Home, tmp_path: Path) -> None:
    visitor = home.begin("Ann", user="ann")
    visitor.press("next")
    send_files(visitor, {"photo": [(PNG, "\u732b" * 200 + ".png")]})
    result = home.run("export", "--user", "ann", str(tmp_path / "of-ann"))
    assert result.exit_code == 0, result.output
    (draft,) = json.loads((tmp_path / "of-ann" / "drafts.json").read_text("utf-8"))
    (file,) = draft["files"]
    assert file.endswith("\u732b.png")
    assert (tmp_path / "of-ann" / file).read_bytes() == PNG


def test_lost_file_does_not_stop_an_export(home: Home, tmp_path: Path) -> None:
    finish_but_the_photo(home.begin("Ann", user="ann"))
    for path in files_in(tmp_path / "flask_wizard_uploads"):
        path.unlink()
    finish_but_the_photo(home.begin("Ann again", user="ann"))
    result = home.run("export", "--user", "ann", str(tmp_path / "of-ann"))
    assert "2 drafts and 1 file written" in result.output
    assert "cannot be read, and are left out: 1." in result.output
    assert result.exit_code == 1
    found = json.loads((tmp_path / "of-ann" / "drafts.json").read_text())
    assert sorted(len(draft["files"]) for draft in found) == [0, 1]
    assert len(files_in(tmp_path / "of-ann" / "files")) == 1


def test_draft_that_cannot_be_read_is_told_of(
    home: Home, store: Probe, tmp_path: Path
) -> None:
    ann = home.begin("Ann", user="ann")
    home.begin("Ann again", user="ann")
    repository = home.app.extensions["flask_wizard"].repository(home.app)
    _, version = repository.load(ann.draft.split("/")[-2])
    was = version.version or b""
    assert store.replace(version.key, b"damaged", b"v" * 12, was, 60)
    result = home.run("export", "--user", "ann", str(tmp_path / "of-ann"))
    assert "1 draft and 0 files written" in result.output
    assert (result.exit_code, "cannot be read" in result.output) == (1, True)
    result = home.run("erase", "--user", "ann", "--yes")
    assert "1 draft and 0 files erased." in result.output
    assert (result.exit_code, "are still stored" in result.output) == (1, True)


@pytest.mark.requirement("S75")
def test_erased_person_leaves_nothing(home: Home, tmp_path: Path) -> None:
    ann = home.begin("Ann", user="ann")
    finish_but_the_photo(ann)
    home.begin("Ann again", user="ann")
    bea = home.begin("Bea", user="bea")
    result = home.run("erase", "--user", "ann", "--yes")
    assert result.stdout == "2 drafts and 1 file erased.\n"
    assert ann.open(ann.draft).status == 404
    assert "Ann" not in ann.open("/join/").text
    assert bea.open(bea.draft).status == 200
    assert not list((tmp_path / "flask_wizard_uploads").rglob("*/*"))
    again = home.run("erase", "--user", "ann", "--yes")
    assert again.stdout == "0 drafts and 0 files erased.\n"


@pytest.mark.requirement("S75")
def test_erased_list_keeps_no_row_of_an_expired_draft(
    home: Home, clock: Traveller
) -> None:
    home.begin("Ann", user="ann")
    clock.shift(8 * DAY)
    repository = home.app.extensions["flask_wizard"].repository(home.app)
    listed = DraftList(repository.store, list_of("ann"))
    assert len(listed.drafts()) == 1
    assert home.run("erase", "--user", "ann", "--yes").exit_code == 0
    assert listed.drafts() == []


def test_draft_of_somebody_else_is_neither_exported_nor_erased(
    home: Home, tmp_path: Path
) -> None:
    owner = home.begin("Owner")
    home.app.config["WIZARD_EXTERNAL_URL"] = "https://home.example"
    (draft,) = home.all()
    with home.app.app_context():
        url = home.wizards.resume_url(draft, max_age=DAY)
    bob = home.visitor("bob")
    bob.open(url.removeprefix("https://home.example"))
    assert bob.press("next").path.startswith(owner.draft)
    assert home.run("export", "--user", "bob", str(tmp_path / "bob")).exit_code == 0
    assert json.loads((tmp_path / "bob" / "drafts.json").read_text()) == []
    erased = home.run("erase", "--user", "bob", "--yes")
    assert erased.stdout == "0 drafts and 0 files erased.\n"
    assert owner.open(owner.draft).path.endswith("/pets")


def test_draft_that_is_saved_while_it_is_erased_is_erased(
    home: Home, store: Probe
) -> None:
    ann = home.begin("Ann", user="ann")
    ann.open(f"{ann.draft}you")
    store.before_write.append(lambda: ann.press("save", {"name": "Bea"}))
    assert home.run("erase", "--user", "ann", "--yes").exit_code == 0
    assert ann.open(ann.draft).status == 404


def test_drafts_are_read_as_they_are_asked_for(home: Home) -> None:
    for number in range(5):
        home.begin(f"Ann {number}")
    inner = home.app.extensions["flask_wizard"].store.inner
    read = []

    class Slow:
        def __getattr__(self, name: str) -> Any:
            return getattr(inner, name)

        def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
            for entry in inner.entries():
                read.append(entry[0])
                yield entry

    home.app.extensions["flask_wizard"].store = Slow()
    with home.app.app_context():
        drafts = home.wizards.all_drafts()
        assert read == []
        assert next(drafts).state == "open"
        assert len([key for key in read if key]) <= 2  # a list may come before it
