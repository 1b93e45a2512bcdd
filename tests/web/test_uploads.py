"""Uploads over HTTP: limits, bodies, downloads, and what is left of none."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from functools import partial
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from apps import MakeApp
from flask import Flask, abort, render_template, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from flask_wtf.file import FileField, MultipleFileField
from store_wrappers import Probe
from uploads import PNG, DictUploads, Sent, files_in, post_files, send_files
from visitor import Page, Visitor
from wizards import Commits, stored
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import (
    ConfigurationError,
    FileContent,
    Review,
    Step,
    StoreError,
    Submission,
    Wizard,
)
from flask_wizard.core.files import clean_name, size_in_words

MULTIPART = "multipart/form-data; boundary=X"
ONE: Sent = {"photo": [(PNG, "me.png")]}


class Pass(Form):
    name = StringField("Name", [InputRequired("Enter your name")])
    photo = FileField("Photo")
    papers = MultipleFileField("Papers")


class Name(Form):
    nick = StringField("Nickname")


class Apply(Commits, Wizard):
    you = Step(Pass)
    nick = Step(Name)
    check = Review()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "uploads"


@pytest.fixture
def app(make_app: MakeApp, folder: Path) -> Flask:
    return make_app(Apply, WIZARD_UPLOADS=str(folder), PROPAGATE_EXCEPTIONS=False)


@pytest.fixture
def visitor(app: Flask) -> Visitor:
    visitor = Visitor(app)
    visitor.open()
    return visitor


def shown(page: Page) -> list[str]:
    return page.texts(".wizard-file > span bdi")


# Downloads


@pytest.mark.requirement("S33")
def test_holder_gets_a_file_as_a_download(visitor: Visitor) -> None:
    content = PNG + bytes(700_000) + b"end"
    page = send_files(visitor, {"photo": [(content, "Größe.html", "text/html")]})
    answer = visitor.get(page.link("Größe.html"))
    assert (answer.status_code, answer.data) == (200, content)
    headers = answer.headers
    assert headers["Content-Type"] == "application/octet-stream"
    assert headers["Content-Disposition"].startswith("attachment; filename")
    assert headers["Content-Length"] == str(len(content))
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Content-Security-Policy"] == "sandbox; default-src 'none'"
    assert headers["Cache-Control"] == "no-store"
    head = visitor.client.head(page.link("Größe.html"))
    assert (head.status_code, head.data) == (200, b"")


@pytest.mark.requirement("S33")
def test_nobody_else_gets_a_file(app: Flask, visitor: Visitor) -> None:
    url = send_files(visitor, ONE).link("me.png")
    stranger = Visitor(app)
    stranger.open()
    send_files(stranger, ONE)
    assert stranger.get(url).status_code == 404
    assert Visitor(app).get(url).status_code == 404
    file_id = url.rpartition("/")[2]
    for wrong in (
        f"{stranger.draft}you/file/{file_id}",
        f"{visitor.draft}nick/file/{file_id}",
        f"{visitor.draft}none/file/{file_id}",
        f"{visitor.draft}you/file/{'x' * 22}",
        f"/join/new/you/file/{file_id}",
    ):
        assert (stranger if "x" not in wrong else visitor).get(wrong).status_code == 404


def test_file_of_an_ended_draft_is_gone(visitor: Visitor) -> None:
    url = send_files(visitor, ONE).link("me.png")
    visitor.post(visitor.draft + "discard", action="discard")
    assert visitor.get(url).status_code == 404


def test_damaged_file_is_not_half_sent(visitor: Visitor, folder: Path) -> None:
    url = send_files(visitor, ONE).link("me.png")
    (path,) = files_in(folder)
    whole = path.read_bytes()
    for damaged in (whole[:-1], whole + b"x", whole[:50] + b"?" + whole[51:], b""):
        path.write_bytes(damaged)
        assert visitor.get(url).status_code == 503
    path.unlink()
    assert visitor.get(url).status_code == 503
    path.write_bytes(whole)
    assert visitor.get(url).data == PNG


# Names


@pytest.mark.requirement("S30")
@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("../../x", "x"),
        ("C:\\fake\\x.png", "x.png"),
        ("a\x00b.png", "ab.png"),
        ("a\r\nb.png", "ab.png"),
        ("a\u202egnp.exe", "agnp.exe"),
        ("\u2066x\u2069.png", "x.png"),
        ("a\u200fb", "ab"),
        ("x" * 300, "x" * 255),
        ("x" * 300 + ".png", "x" * 251 + ".png"),
        ("..", "file"),
        ("/", "file"),
        (" . ", "file"),
        ("👩\u200d🔬.png", "👩\u200d🔬.png"),
        ("Ā\ud800.png", "Ā?.png"),
    ],
)
def test_name_is_only_text(given: str, kept: str) -> None:
    assert clean_name(given) == kept


@pytest.mark.requirement("S30")
def test_files_lie_under_generated_names(visitor: Visitor, folder: Path) -> None:
    page = send_files(visitor, {"photo": [(PNG, "../../<b>x</b>.png")]})
    (path,) = files_in(folder)
    draft, name = path.relative_to(folder).parts
    assert re.fullmatch(r"[\w-]{32}", draft)
    assert re.fullmatch(r"[\w-]{22}", name)
    assert draft not in page.source
    assert visitor.draft.split("/")[2] not in str(path)
    assert shown(page) == ["b>.png"]
    assert path.stat().st_mode & 0o077 == 0
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("size", "words"),
    [
        (0, "0 bytes"),
        (1, "1 byte"),
        (999, "999 bytes"),
        (1000, "1.0 KB"),
        (9_960, "10 KB"),
        (999_600, "1.0 MB"),
        (2_449_999, "2.4 MB"),
        (10 * 1024 * 1024, "10 MB"),
        (5_000_000_000_000, "5000 GB"),
    ],
)
def test_size_is_said_in_words(size: int, words: str) -> None:
    assert size_in_words(size) == words


# Limits


@pytest.mark.requirement("S32")
@pytest.mark.parametrize(
    ("config", "sent", "message", "kept"),
    [
        (
            {"WIZARD_MAX_UPLOAD_SIZE": 1000},
            {"photo": [(bytes(1001), "big.png")], "papers": [(bytes(1000), "a.txt")]},
            "“big.png” was not kept. It is larger than 1.0 KB.",
            ["a.txt"],
        ),
        (
            {"MAX_CONTENT_LENGTH": 2000},
            {"photo": [(bytes(2001), "big.png")], "papers": [(bytes(2000), "a.txt")]},
            "“big.png” was not kept. It is larger than 2.0 KB.",
            ["a.txt"],
        ),
        (
            {"WIZARD_MAX_UPLOADS_SIZE": 1000},
            {"papers": [(bytes(600), "a.txt"), (bytes(500), "b.txt")]},
            "“b.txt” was not kept. All files together may have 1.0 KB.",
            ["a.txt"],
        ),
        (
            {"WIZARD_MAX_UPLOADS_COUNT": 2},
            {"papers": [(b"x", f"{name}.txt") for name in "abc"]},
            "“c.txt” was not kept. There is room for 2 files in all.",
            ["a.txt", "b.txt"],
        ),
    ],
)
def test_file_beyond_a_limit_is_told_at_its_field(
    make_app: MakeApp,
    folder: Path,
    config: Mapping[str, Any],
    sent: Sent,
    message: str,
    kept: list[str],
) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=str(folder), **config)
    CSRFProtect(app)  # which would read the form first
    visitor = Visitor(app)
    visitor.open()
    page = send_files(visitor, sent, name="Ada")
    assert page.errors == [message]
    assert page.value("name") == "Ada"
    assert shown(page) == kept
    assert len(files_in(folder)) == len(kept)


def test_file_that_takes_the_place_of_another_needs_only_its_room(
    make_app: MakeApp, folder: Path
) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=str(folder), WIZARD_MAX_UPLOADS_COUNT=1)
    visitor = Visitor(app)
    visitor.open()
    send_files(visitor, ONE, action="none")
    page = send_files(visitor, {"photo": [(PNG, "new.png")]}, action="none")
    assert (page.errors, shown(page)) == ([], ["new.png"])
    drop = next(value for value in page.buttons if value.startswith("drop:"))
    page = send_files(visitor, {"papers": [(b"x", "a.txt")]}, action=drop)
    assert (page.errors, shown(page)) == ([], ["a.txt"])


@pytest.mark.requirement("S32")
def test_holder_has_a_limit_over_all_drafts(make_app: MakeApp, folder: Path) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=str(folder), WIZARD_MAX_UPLOADS_HOLDER=1000)
    visitor = Visitor(app)
    for sent, expected in ((600, []), (500, ["big.png"]), (400, [])):
        visitor.open("/join/new/you")
        page = send_files(visitor, {"photo": [(bytes(sent), "big.png")]})
        refused = [error.split("”")[0][1:] for error in page.errors if "”" in error]
        assert refused == expected


def test_body_may_have_files_besides_its_fields(make_app: MakeApp) -> None:
    app = make_app(
        Apply,
        uploads=DictUploads(),
        WIZARD_MAX_BODY=20_000,
        WIZARD_MAX_UPLOADS_SIZE=100_000,
    )
    visitor = Visitor(app)
    visitor.open()
    page = send_files(visitor, {"photo": [(bytes(90_000), "me.png")]}, name="Ada")
    assert page.path.endswith("/nick")
    visitor.open(visitor.draft + "you")
    answer = post_files(visitor, {"photo": [(bytes(130_000), "me.png")]})
    assert answer.status_code == 413
    assert post_files(visitor, ONE, name="x" * 30_000).status_code == 413
    visitor.open(visitor.draft + "nick")
    sent = {"nick": [(bytes(30_000), "me.png")]}
    assert post_files(visitor, sent).status_code == 413
    # A form of another kind has no files.
    answer = visitor.post(visitor.draft + "you", {"name": "x" * 30_000})
    assert answer.status_code == 413


def test_first_fields_of_too_many_are_given_back(
    make_app: MakeApp, folder: Path, store: Probe
) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=str(folder), WIZARD_MAX_PAIRS=20)
    visitor = Visitor(app)
    visitor.open()
    more = {f"x{n}": "x" for n in range(30)}
    answer = post_files(visitor, ONE, action="save", name="Ada", **more)
    page = visitor.show(answer)
    assert (page.status, page.value("name")) == (413, "Ada")
    assert page.buttons == ["save"]
    assert files_in(folder) == []
    assert store.snapshot() == {}


def test_files_beyond_the_limit_are_not_even_stored(make_app: MakeApp) -> None:
    """To write each of a thousand to the disk would take a worker's time."""

    class Counting(DictUploads):
        saved = 0

        def save(self, key: str, chunks: Iterable[bytes]) -> None:
            self.saved += 1
            super().save(key, chunks)

    uploads = Counting()
    visitor = Visitor(make_app(Apply, uploads=uploads))
    visitor.open()
    sent = {"papers": [(b"x", f"{number}.txt") for number in range(900)]}
    page = send_files(visitor, sent, name="Ada")
    assert (len(shown(page)), len(page.errors)) == (20, 880)
    assert uploads.saved == 20


def test_purge_sweeps_uploads(app: Flask, visitor: Visitor, folder: Path) -> None:
    send_files(visitor, ONE)
    old = folder / ("a" * 32) / ("x" * 22)
    old.parent.mkdir()
    old.write_bytes(b"x")
    for path in files_in(folder):
        os.utime(path, (1, 1))
    result = app.test_cli_runner().invoke(args=["wizard", "purge"])
    assert result.exit_code == 0
    assert "FolderUploads: 1 uploads removed" in result.output
    assert len(files_in(folder)) == 1
    assert not old.exists()


# Nothing stored


@pytest.mark.requirement("S20")
@pytest.mark.parametrize("known", [False, True])
def test_page_that_is_given_back_says_which_files_to_choose_again(
    visitor: Visitor, folder: Path, known: bool
) -> None:
    if known:
        send_files(visitor, {"photo": [(PNG, "old.png")]}, action="none")
    before = files_in(folder)
    page = visitor.show(post_files(visitor, ONE, csrf_token="wrong", name="Ada"))
    assert page.status == 400
    assert "“me.png” was not kept. Choose it again." in page.errors
    assert shown(page) == (["old.png"] if known else [])
    assert page.value("name") == "Ada"
    assert files_in(folder) == before
    page = send_files(visitor, ONE)
    assert page.path.endswith("/nick")


def test_upload_that_is_not_admitted_is_not_read(
    make_app: MakeApp, folder: Path, store: Probe
) -> None:
    asked: list[str] = []

    class Limited(Apply):
        def admit(self, moment: str, holder: str) -> None:
            asked.append(moment)
            if moment == "upload":
                abort(429)

    uploads = DictUploads()
    visitor = Visitor(make_app(Limited, uploads=uploads))
    visitor.open()
    before = store.snapshot()
    page = visitor.show(post_files(visitor, {"papers": [(b"a", "a"), (b"b", "b")]}))
    assert (page.status, asked) == (429, ["upload"])
    assert "“a” was not kept. Choose it again." in page.errors
    assert (uploads.files, store.snapshot()) == ({}, before)
    assert send_files(visitor, {}, name="Ada").path.endswith("/nick")
    assert asked == ["upload", "start"]


def test_full_disk_loses_nothing_typed(
    make_app: MakeApp, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=str(folder), WIZARD_UPLOADS_MIN_FREE=1.0)
    visitor = Visitor(app)
    visitor.open()
    page = visitor.show(post_files(visitor, ONE, name="Ada"))
    assert (page.status, page.value("name")) == (503, "Ada")
    assert "“me.png” was not kept. Choose it again." in page.errors
    assert "WIZARD_UPLOADS_MIN_FREE" in caplog.text
    assert files_in(folder) == []


class Broken(DictUploads):
    """A place for uploads that fails at every call, or at some."""

    fails: tuple[str, ...] = ("save", "load", "delete")

    def save(self, key: str, chunks: Any) -> None:
        super().save(key, chunks)
        if "save" in self.fails:
            raise OSError("The bucket is gone.")

    def load(self, key: str, start: int, size: int) -> bytes | None:
        if "load" in self.fails:
            raise OSError("The bucket is gone.")
        return super().load(key, start, size)

    def delete(self, key: str) -> None:
        if "delete" in self.fails:
            raise OSError("The bucket is gone.")
        super().delete(key)


def test_broken_place_loses_nothing_typed(make_app: MakeApp) -> None:
    uploads = Broken()
    visitor = Visitor(make_app(Apply, uploads=uploads))
    visitor.open()
    page = visitor.show(post_files(visitor, ONE, name="Ada"))
    assert (page.status, page.value("name")) == (503, "Ada")
    uploads.fails = ("delete",)
    assert send_files(visitor, ONE, name="Ada").path.endswith("/nick")
    # What cannot be deleted is left to a sweep.
    answer = visitor.post(visitor.draft + "discard", action="discard")
    assert answer.status_code == 303
    assert visitor.open(answer.location).path.endswith("/receipt")


def test_place_that_breaks_while_a_hook_reads_is_no_fault_of_the_hook(
    make_app: MakeApp,
) -> None:
    class Looks(Form):
        photo = FileField("Photo", [FileContent("png")])

    class Reads(Commits, Wizard):
        you = Step(Looks)
        check = Review()

        def commit(self, submission: Submission) -> None:
            submission.files["you"]["photo"][0].open().read()

    uploads = Broken()
    uploads.fails = ()
    visitor = Visitor(make_app(Reads, uploads=uploads))
    visitor.open()
    page = send_files(visitor, ONE)
    assert page.path.endswith("/check")
    uploads.fails = ("load",)
    assert visitor.send().status_code == 503
    assert visitor.get(page.path).status_code == 503
    uploads.fails = ()
    assert visitor.press().path.endswith("/receipt")


@pytest.mark.parametrize("lost", [False, True])
def test_files_go_if_their_draft_is_not_stored(
    visitor: Visitor, folder: Path, store: Probe, lost: bool
) -> None:
    send_files(visitor, {"papers": [(b"a", "a.txt")]}, action="none")
    if lost:  # what a write does that takes place although it seems to fail
        real = type(store).replace

    def fail(*given: Any) -> bool:
        if lost:
            real(store, *given)
        raise StoreError("The store is down.")

    store.replace = fail  # type: ignore[assignment, method-assign]
    answer = post_files(visitor, ONE)
    del store.replace
    assert answer.status_code == 503
    assert len(files_in(folder)) == 1 + lost
    names = [file.filename for file in stored(visitor).files()]
    assert names == (["me.png", "a.txt"] if lost else ["a.txt"])
    for url in visitor.open(visitor.draft + "you").links.values():
        if "/file/" in url:
            assert visitor.get(url).status_code == 200


def test_draft_that_is_too_large_keeps_no_file(make_app: MakeApp, folder: Path) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=str(folder), WIZARD_MAX_DRAFT=1000)
    visitor = Visitor(app)
    visitor.open()
    answer = post_files(visitor, ONE, name="x" * 2000)
    assert answer.status_code == 413
    assert files_in(folder) == []


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b'--X\r\nContent-Disposition: form-data; name="photo"; filename="a"\r\n\r\nx',
        b"--X\r\nnothing\r\n\r\n--X--\r\n",
        b'--X\r\nContent-Disposition: form-data; filename="a"\r\n\r\nx\r\n--X--\r\n',
        b'--X\r\nContent-Disposition: form-data; name="a\xff"\r\n\r\nx\r\n--X--\r\n',
    ],
)
def test_malformed_body_keeps_no_file(
    visitor: Visitor, folder: Path, body: bytes
) -> None:
    answer = visitor.client.post(
        visitor.page.action,
        data=body,
        content_type=MULTIPART,
        headers={"X-CSRFToken": visitor.token},
    )
    assert answer.status_code == 400
    assert files_in(folder) == []


@pytest.mark.parametrize("kind", ["multipart/form-data", f"{MULTIPART[:-1]}²"])
def test_body_without_a_boundary_is_refused(visitor: Visitor, kind: str) -> None:
    answer = visitor.client.post(visitor.page.action, data=b"x", content_type=kind)
    assert answer.status_code == 400


# Which draft


def test_file_moves_along_into_a_draft_of_its_own(
    visitor: Visitor, folder: Path
) -> None:
    """The draft in the URL never was this visitor's; the page had no nonce either."""
    page = send_files(visitor, ONE, without=["_draft"], name="")
    assert shown(page) == ["me.png"]
    action = page.action
    other = Visitor(visitor.app)
    other.open()
    sent = {"csrf_token": other.token, "photo": (BytesIO(PNG), "b.png"), "_rev": "1"}
    answer = other.client.post(action, data=sent)
    assert answer.status_code == 303
    page = other.open(answer.location)
    assert shown(page) == ["b.png"]
    assert page.path != visitor.page.path
    assert other.get(page.link("b.png")).data == PNG
    assert len({path.parent for path in files_in(folder)}) == 2


def test_file_for_no_nonce_at_all_is_copied(visitor: Visitor, folder: Path) -> None:
    sent = {"csrf_token": visitor.token, "photo": (BytesIO(PNG), "b.png"), "_rev": "0"}
    answer = visitor.client.post("/join/new/you", data=sent)
    page = visitor.open(answer.location)
    assert visitor.get(page.link("b.png")).data == PNG
    (path,) = files_in(folder)
    state = visitor.app.extensions["flask_wizard"]
    repository = state.repository(visitor.app)
    draft_id = page.path.split("/")[2]
    assert path.parent.name == repository.store.keys("draft", draft_id)[0]


def test_double_click_keeps_the_file_once(visitor: Visitor, folder: Path) -> None:
    twin = visitor.tab()
    twin.show(visitor.page.response)
    send_files(visitor, ONE, name="Ada")
    send_files(twin, ONE, name="Ada")
    assert shown(visitor.open(visitor.draft + "you")) == ["me.png"]
    assert len(files_in(folder)) == 1


def test_file_for_a_committed_draft_is_not_kept(visitor: Visitor, folder: Path) -> None:
    send_files(visitor, ONE, name="Ada")
    late = visitor.tab()
    late.open(visitor.draft + "you")
    visitor.fill(nick="A")
    visitor.press()
    assert post_files(late, ONE).status_code == 303
    assert files_in(folder) == []


def test_old_secret_still_opens_a_file(
    make_app: MakeApp, folder: Path, store: Probe
) -> None:
    visitor = Visitor(make_app(Apply, WIZARD_UPLOADS=str(folder)))
    visitor.open()
    url = send_files(visitor, ONE).link("me.png")
    app = make_app(
        Apply,
        WIZARD_UPLOADS=str(folder),
        SECRET_KEY="n" * 32,
        SECRET_KEY_FALLBACKS=["k" * 32],
    )
    later = visitor.twin(app)
    assert later.get(url).data == PNG
    later.open(later.page.path)
    send_files(later, {"papers": [(b"x", "x.txt")]}, name="Ada")
    page = later.open(later.draft + "you")
    assert later.get(page.link("x.txt")).data == b"x"
    later.post(later.draft + "discard", action="discard")
    assert files_in(folder) == []


# Views of the application's own


@pytest.mark.parametrize("protected", [False, True])
def test_own_view_takes_files(
    make_app: MakeApp, folder: Path, protected: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = make_app(WIZARD_UPLOADS=str(folder))

    @app.route("/apply/<draft>/<step>", methods=["GET", "POST"])
    def apply(draft: str, step: str) -> ResponseReturnValue:
        visit = Apply.open(draft, url_for_step=partial(url_for, "apply"))
        outcome = visit.handle(step)
        if isinstance(outcome, Mapping):
            return render_template(list(outcome.templates), **outcome), outcome.status
        return outcome

    if protected:
        CSRFProtect(app)
    visitor = Visitor(app)
    visitor.open("/apply/new/you")
    page = send_files(visitor, {"photo": [(bytes(2_000_000), "me.png")]})
    assert shown(page) == ["me.png"]
    assert page.links.get("me.png") is None
    state = app.extensions["flask_wizard"]
    state.headless.clear()  # as in a process that has just begun
    page = send_files(visitor, {"papers": [(b"x", "x.txt")]}, name="Ada")
    assert page.path.endswith("/nick")
    assert shown(visitor.open(visitor.draft + "you")) == ["me.png", "x.txt"]
    assert len({path.parent for path in files_in(folder)}) == 1
    visitor.open(visitor.draft + "nick")
    sent = {"nick": [(bytes(2_000_000), "me.png")]}
    assert post_files(visitor, sent).status_code == 413


# Configuration


@pytest.mark.parametrize("given", [7, object(), b"folder"])
def test_wrong_place_is_refused(make_app: MakeApp, given: object) -> None:
    with pytest.raises(ConfigurationError, match="place for uploads is of type"):
        make_app(Apply, WIZARD_UPLOADS=given)


def test_unknown_protocol_is_refused(make_app: MakeApp) -> None:
    with pytest.raises(ConfigurationError, match="nowhere"):
        make_app(Apply, WIZARD_UPLOADS="nowhere://bucket/uploads")


@pytest.mark.parametrize("share", [-0.1, 1.1, "a lot", None, True])
def test_wrong_share_of_the_disk_is_refused(make_app: MakeApp, share: object) -> None:
    with pytest.raises(ConfigurationError, match="WIZARD_UPLOADS_MIN_FREE is"):
        make_app(Apply, WIZARD_UPLOADS_MIN_FREE=share)


def test_folder_is_made_with_the_first_file(make_app: MakeApp, tmp_path: Path) -> None:
    app = make_app(Apply, WIZARD_UPLOADS=tmp_path / "deep" / "folder")
    visitor = Visitor(app)
    visitor.open()
    assert not (tmp_path / "deep").exists()
    send_files(visitor, ONE)
    assert len(files_in(tmp_path / "deep")) == 1
