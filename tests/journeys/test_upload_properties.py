"""Random visits with files, beside a model: nothing that was uploaded is ever lost."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
from apps import MakeApp
from fuzz import effort
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)
from uploads import files_in, send_files
from visitor import Page, Visitor
from wizards import Commits, committed
from wtforms import Form, StringField
from wtforms.fields import FileField, MultipleFileField
from wtforms.validators import ValidationError

from flask_wizard import Repeat, Review, Step, Wizard

ACTIONS = st.sampled_from(("next", "back", "save", "autosave", "goto:who", "odd"))
NAMES = st.lists(st.sampled_from(("a.txt", "b.txt", "bad.exe")), max_size=2)
HARMFUL = "bad.exe"


class Who(Form):
    kind = StringField("Kind")


class Papers(Form):
    name = StringField("Name")
    photo = FileField("Photo")
    papers = MultipleFileField("Papers")

    def validate_photo(self, field: FileField) -> None:
        _judge([field.data] if field.data else [])

    def validate_papers(self, field: MultipleFileField) -> None:
        _judge(field.data or [])


def _judge(files: Sequence[object]) -> None:
    if any(str(file) == HARMFUL for file in files):
        raise ValidationError("It is harmful")


def are_wanted(answers: object) -> bool:
    return bool(answers.who.kind != "none")  # type: ignore[attr-defined]


class Apply(Commits, Wizard):
    who = Step(Who)
    papers = Step(Papers, when=are_wanted)
    pets = Repeat(Papers)
    check = Review()


class Model:
    """The files that one page ought to have, by field, in order."""

    def __init__(self) -> None:
        self.photo: list[str] = []
        self.papers: list[str] = []

    def add(self, photo: Sequence[str], papers: Sequence[str]) -> None:
        self.photo = [name for name in photo if name != HARMFUL] or self.photo
        self.papers += [name for name in papers if name != HARMFUL]

    @property
    def names(self) -> list[str]:
        return [*self.photo, *self.papers]


class Visits(RuleBasedStateMachine):
    """A draft that files are sent to, beside what it ought to have."""

    def __init__(self, make_app: MakeApp, folder: Path) -> None:
        super().__init__()
        committed.clear()
        self.folder = folder
        self.app = make_app(Apply, WIZARD_UPLOADS=str(folder))

    @initialize()
    def begins(self) -> None:
        self.visitor = Visitor(self.app)
        self.visitor.open()
        self.visitor.fill(kind="any")
        self.url = self.visitor.draft
        self.step = Model()
        self.items: dict[str, Model] = {}

    def pages(self) -> dict[str, Model]:
        own = {f"{self.url}pets/{item}": model for item, model in self.items.items()}
        return {f"{self.url}papers": self.step, **own}

    def pick(self, data: st.DataObject) -> tuple[str, Model]:
        pages = list(self.pages().items())
        return pages[data.draw(st.integers(0, len(pages) - 1))]

    def show(self, url: str) -> Page | None:
        page = self.visitor.open(url)
        return page if page.path == url else None

    @rule(data=st.data(), photo=NAMES, papers=NAMES, action=ACTIONS)
    def files_come(
        self, data: st.DataObject, photo: list[str], papers: list[str], action: str
    ) -> None:
        url, model = self.pick(data)
        if (page := self.show(url)) is None:
            return
        sent = {"photo": photo[:1], "papers": papers}
        files = {
            field: [(name.encode(), name) for name in names]
            for field, names in sent.items()
            if names
        }
        assert page is self.visitor.page
        send_files(self.visitor, files, action=action, name="Ada")
        model.add(photo[:1], papers)

    @rule(data=st.data())
    def file_goes(self, data: st.DataObject) -> None:
        url, model = self.pick(data)
        if not model.names or (page := self.show(url)) is None:
            return
        drops = [value for value in page.buttons if value.startswith("drop:")]
        at = data.draw(st.integers(0, len(model.names) - 1))
        self.visitor.press(drops[at], {"name": "Eve"})
        assert self.visitor.page.value("name") == "Eve"
        if at < len(model.photo):
            del model.photo[at]
        else:
            del model.papers[at - len(model.photo)]

    @rule(kind=st.sampled_from(("none", "any")))
    def step_is_hidden_or_shown(self, kind: str) -> None:
        self.visitor.open(f"{self.url}who")
        self.visitor.fill(kind=kind)

    @rule(papers=NAMES)
    def item_begins(self, papers: list[str]) -> None:
        if len(self.items) > 2 or self.show(f"{self.url}pets") is None:
            return
        page = self.visitor.press("add")
        files = {"papers": [(name.encode(), name) for name in papers]}
        page = send_files(self.visitor, files if papers else {}, action="odd", name="R")
        model = self.items[page.path.rpartition("/")[2]] = Model()
        model.add([], papers)

    @rule(data=st.data())
    def item_goes(self, data: st.DataObject) -> None:
        if not self.items or self.show(f"{self.url}pets") is None:
            return
        item = data.draw(st.sampled_from(sorted(self.items)))
        self.visitor.post(f"{self.url}pets/{item}/remove", action="remove")
        del self.items[item]

    @invariant()
    def every_page_has_its_files(self) -> None:
        every = [name for model in self.pages().values() for name in model.names]
        assert len(files_in(self.folder)) == len(every)
        for url, model in self.pages().items():
            if (page := self.show(url)) is None:
                continue
            assert page.texts(".wizard-file > span bdi") == model.names
            for name in {*model.names}:
                links = [url for text, url in page.links.items() if text == name]
                assert self.visitor.get(links[0]).text == name

    def teardown(self) -> None:
        """Commit what there is, or discard it if something is missing."""
        for url in self.pages():
            if self.show(url) is not None:
                self.visitor.fill(name="Ada")
        if self.show(f"{self.url}pets") is not None:
            self.visitor.press()
        if self.show(f"{self.url}check") is None:
            self.visitor.post(f"{self.url}discard", action="discard")
        else:
            self.visitor.press()
            (submission,) = committed
            found = [file for each in submission.files["pets"] for file in _all(each)]
            found += _all(submission.files.get("papers", {}))
            asked = submission.answers.papers
            wanted = [*self.items.values(), *([self.step] if asked else [])]
            names = [name for model in wanted for name in model.names]
            assert sorted(map(str, found)) == sorted(names)
        assert files_in(self.folder) == []


def _all(files: dict[str, list[object]]) -> list[object]:
    return [file for chosen in files.values() for file in chosen]


@pytest.mark.inaccessible("files of one name")
def test_no_file_is_lost_and_none_is_left(make_app: MakeApp, tmp_path: Path) -> None:
    class Here(Visits):
        def __init__(self) -> None:
            super().__init__(make_app, tmp_path / "uploads")

    run_state_machine_as_test(
        Here, settings=settings(effort(6), stateful_step_count=15)
    )
