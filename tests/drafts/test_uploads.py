"""Files of drafts: encrypted in pieces, swept, and safe from a killed process."""

from __future__ import annotations

import io
import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from cachelib import SimpleCache
from moto_server import S3Server
from scripts import run_script
from uploads import DictUploads, files_in

from flask_wizard import (
    ConfigurationError,
    StoreError,
    UnreadableDraftError,
    UploadStore,
)
from flask_wizard.core.draft import (
    Draft,
    Entry,
    StoredFile,
    decode,
    encode,
    pack_files,
)
from flask_wizard.drafts.encrypted_store import EncryptedStore
from flask_wizard.drafts.fsspec_uploads import FsspecUploads
from flask_wizard.drafts.keyring import OVERHEAD, Keyring, Kind
from flask_wizard.drafts.upload_cipher import CHUNK
from flask_wizard.drafts.upload_places import open_uploads
from flask_wizard.drafts.upload_store import FolderUploads, ListedUploadStore
from flask_wizard.drafts.uploads import Uploads
from flask_wizard.stores.memory import MemoryStore

HOUR = 60 * 60


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a bucket behind the API of S3."""
    server = S3Server(tmp_path_factory.mktemp("s3"))
    server.start()
    environment = pytest.MonkeyPatch()
    environment.setenv("AWS_ACCESS_KEY_ID", "test")
    environment.setenv("AWS_SECRET_ACCESS_KEY", "test")
    environment.setenv("AWS_ENDPOINT_URL", server.url)
    environment.setenv("AWS_DEFAULT_REGION", "us-east-1")
    server.make_bucket("uploads")
    yield "s3://uploads/ours"
    environment.undo()
    server.stop()


@pytest.fixture(params=["folder", "own", "memory", "s3"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> UploadStore:
    """One place for uploads of each kind."""
    if request.param == "own":
        return DictUploads()
    urls = {"folder": str(tmp_path / "uploads"), "memory": f"memory://{tmp_path}"}
    if request.param == "s3":
        url = f"{request.getfixturevalue('bucket')}/{tmp_path.name}"
    else:
        url = urls[request.param]
    return open_uploads(url, tmp_path / "default", min_free=0.0)


@pytest.fixture
def drafts() -> EncryptedStore:
    return EncryptedStore(
        MemoryStore(SimpleCache()), Keyring(["k" * 32]), compress_above=1000
    )


def draft_with(*files: StoredFile) -> bytes:
    """Return a draft that names these files, as it is stored."""
    packed = pack_files({file.id: file for file in files})
    draft = Draft(
        id="d" * 22,
        mount="m",
        packed_holders=(),
        created=1.0,
        updated=1.0,
        submission="s",
    ).with_entries({"you": Entry.of({}, files=packed)})
    return encode(draft)


def named(file_id: str, size: int) -> StoredFile:
    return StoredFile(id=file_id, field="photo", filename="x", size=size)


# Every place for uploads


SIZES = [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 7]


def test_file_comes_back_as_it_was(place: UploadStore, drafts: EncryptedStore) -> None:
    uploads = Uploads(place, drafts)
    (key,) = drafts.keys("draft", "d")
    for size in SIZES:
        content = os.urandom(size)
        pieces = (content[n : n + 50_000] for n in range(0, size, 50_000))
        file = named(uploads.save(key, pieces), size)
        assert uploads.open("d", file).read() == content
        uploads.delete(key, file.id)
        uploads.delete(key, file.id)
        if size:  # of an empty file there is nothing to read
            with pytest.raises(UnreadableDraftError, match="missing"):
                uploads.open("d", file).read(1)


def test_place_has_no_plain_byte(place: UploadStore, drafts: EncryptedStore) -> None:
    uploads = Uploads(place, drafts)
    content = b"Zanzibar-Quokka-7319" * 20_000
    file_id = uploads.save("key", [content])
    stored = place.load(f"key/{file_id}", 0, 10**9) or b""
    assert len(stored) == len(content) + 2 * OVERHEAD
    assert b"Quokka" not in stored
    assert place.load(f"key/{file_id}", 5, 10) == stored[5:15]
    assert place.load(f"key/{file_id}", len(stored) - 5, 10) == stored[-5:]
    assert place.load("key/other", 0, 10) is None


def test_file_that_cannot_be_read_whole_is_not_kept(
    place: UploadStore, drafts: EncryptedStore
) -> None:
    def broken() -> Iterator[bytes]:
        yield bytes(3 * CHUNK)
        raise LookupError("The visitor has gone.")

    with pytest.raises(LookupError, match="gone"):
        Uploads(place, drafts).save("key", broken())
    if isinstance(place, ListedUploadStore):
        assert list(place.entries()) == []
    if isinstance(place, DictUploads):
        assert place.files == {}


@pytest.mark.requirement("S32")
def test_sweep_removes_what_no_open_draft_names(
    place: UploadStore, drafts: EncryptedStore
) -> None:
    uploads = Uploads(place, drafts)
    (key,) = drafts.keys("draft", "d")
    kept, replaced = uploads.save(key, [b"kept"]), uploads.save(key, [b"replaced"])
    uploads.save("absent", [b"x"])
    _, version = drafts.load("draft", "d")
    plain = draft_with(named(kept, 4))
    version = drafts.save(version, plain, kind=Kind.DRAFT, ttl=9 * HOUR)
    now = time.time()
    is_listed = isinstance(place, ListedUploadStore)
    assert uploads.sweep(now + HOUR - 60) == 0
    assert uploads.sweep(now + 2 * HOUR) == 2 * is_listed
    assert uploads.open("d", named(kept, 4)).read() == b"kept"
    assert (place.load(f"{key}/{replaced}", 0, 1) is None) == is_listed
    ended = encode(decode(plain).end("discarded", 2.0))
    drafts.save(version, ended, kind=Kind.TOMBSTONE, ttl=9 * HOUR)
    assert uploads.sweep(now + 2 * HOUR) == is_listed
    assert uploads.sweep(now + 2 * HOUR) == 0


# The cipher


def test_file_is_read_from_any_position(drafts: EncryptedStore) -> None:
    uploads = Uploads(DictUploads(), drafts)
    content = os.urandom(3 * CHUNK + 5)
    (key,) = drafts.keys("draft", "d")
    file = uploads.open("d", named(uploads.save(key, [content]), len(content)))
    assert file.seekable()
    assert file.seek(0, io.SEEK_END) == len(content)
    assert file.read() == b""
    for start in (0, CHUNK - 2, CHUNK, 3 * CHUNK + 1, len(content) + 9):
        file.seek(start)
        assert file.read(10) == content[start : start + 10]
    file.seek(-3, io.SEEK_END)
    assert (file.tell(), file.read()) == (len(content) - 3, content[-3:])
    file.seek(5)
    file.seek(5, io.SEEK_CUR)
    assert file.read(1) == content[10:11]


def test_size_of_a_file_is_known_without_reading_it(drafts: EncryptedStore) -> None:
    file = Uploads(DictUploads(), drafts).open("d", named("absent", 7))
    assert file.seek(0, io.SEEK_END) == 7


@pytest.mark.parametrize(
    "damage",
    [
        lambda whole: whole[:-1],
        lambda whole: whole[: CHUNK + OVERHEAD],
        lambda whole: whole[CHUNK + OVERHEAD :],
        lambda whole: whole + b"x",
        lambda whole: whole + whole[-7 - OVERHEAD :],
        lambda whole: _swapped(whole),
        lambda whole: b"",
        lambda whole: whole[:100] + bytes((whole[100] ^ 1,)) + whole[101:],
    ],
)
def test_damaged_file_does_not_open(drafts: EncryptedStore, damage: object) -> None:
    place = DictUploads()
    uploads = Uploads(place, drafts)
    (key,) = drafts.keys("draft", "d")
    size = 2 * CHUNK + 7
    file = named(uploads.save(key, [os.urandom(size)]), size)
    ((path, whole),) = place.files.items()
    place.files[path] = damage(whole)  # type: ignore[operator]
    with pytest.raises(UnreadableDraftError):
        uploads.open("d", file).read()


def _swapped(whole: bytes) -> bytes:
    first, second = whole[: CHUNK + OVERHEAD], whole[CHUNK + OVERHEAD :]
    chunk = CHUNK + OVERHEAD
    return second[:chunk] + first + second[chunk:]


def test_file_that_was_cut_between_chunks_does_not_open(
    drafts: EncryptedStore,
) -> None:
    """Even if the draft could be made to say that it is as short."""
    place = DictUploads()
    uploads = Uploads(place, drafts)
    (key,) = drafts.keys("draft", "d")
    file_id = uploads.save(key, [bytes(2 * CHUNK)])
    ((path, whole),) = place.files.items()
    place.files[path] = whole[: CHUNK + OVERHEAD]
    with pytest.raises(UnreadableDraftError, match="damaged"):
        uploads.open("d", named(file_id, CHUNK)).read()


@pytest.mark.parametrize("where", ["another draft", "another file"])
def test_foreign_file_does_not_open(drafts: EncryptedStore, where: str) -> None:
    place = DictUploads()
    uploads = Uploads(place, drafts)
    (key,) = drafts.keys("draft", "d")
    file_id = uploads.save(key, [b"content"])
    (whole,) = place.files.values()
    (other,) = drafts.keys("draft", "e")
    if where == "another draft":
        place.files[f"{other}/{file_id}"] = whole
        opened = uploads.open("e", named(file_id, 7))
    else:
        place.files[f"{key}/{'x' * 22}"] = whole
        opened = uploads.open("d", named("x" * 22, 7))
    with pytest.raises(UnreadableDraftError, match="damaged"):
        opened.read()


# The sweep


def test_sweep_leaves_what_it_cannot_tell(
    drafts: EncryptedStore, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """The files of a draft that cannot be read, and what others have put there."""
    uploads = Uploads(FolderUploads(tmp_path), drafts)
    (key,) = drafts.keys("draft", "d")
    uploads.save(key, [b"x"])
    drafts.engine.create(key, b"damaged", b"v" * 12, 9 * HOUR)
    (tmp_path / "stray").write_text("x")
    (tmp_path / "absent").mkdir()
    (tmp_path / "absent" / "notes.txt").write_text("x")
    assert uploads.sweep(time.time() + 2 * HOUR) == 0
    assert len(files_in(tmp_path)) == 3
    assert "uploads stay as they are" in caplog.text


def test_sweep_fails_if_the_drafts_cannot_be_asked(
    drafts: EncryptedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An outage must not look like a draft that is absent."""

    def fail(key: str) -> None:
        raise StoreError("The store is down.")

    uploads = Uploads(FolderUploads(tmp_path), drafts)
    uploads.save("key", [b"x"])
    monkeypatch.setattr(drafts.engine, "load", fail)
    with pytest.raises(StoreError):
        uploads.sweep(time.time() + 2 * HOUR)
    assert len(files_in(tmp_path)) == 1


@pytest.mark.usefixtures("sweep_at_each_write")
def test_upload_begins_with_a_sweep_now_and_then(
    drafts: EncryptedStore, tmp_path: Path
) -> None:
    uploads = Uploads(FolderUploads(tmp_path), drafts)
    old = tmp_path / "key" / uploads.save("key", [b"old"])
    os.utime(old, (1, 1))
    uploads.save("key", [b"new"])
    assert old not in files_in(tmp_path)
    assert len(files_in(tmp_path)) == 1


def test_missing_fsspec_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(ConfigurationError, match=r"flask-wizard-forms\[uploads\]"):
        open_uploads("s3://bucket", tmp_path, min_free=0.0)


def test_bucket_that_fails_is_a_store_error(
    drafts: EncryptedStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = FsspecUploads("memory://broken")

    def fail(*given: object, **options: object) -> None:
        raise KeyError("Each protocol has errors of its own.")

    uploads = Uploads(place, drafts)
    file_id = uploads.save("key", [b"x"])
    for name in ("_open", "cat_file", "rm_file", "find"):
        monkeypatch.setattr(type(place._system), name, fail)
    with pytest.raises(StoreError):
        uploads.save("key", [b"x"])
    with pytest.raises(StoreError):
        place.load(f"key/{file_id}", 0, 1)
    with pytest.raises(StoreError):
        place.delete(f"key/{file_id}")
    with pytest.raises(StoreError):
        list(place.entries())


def test_folder_that_fails_is_a_store_error(
    drafts: EncryptedStore, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("x")
    place = FolderUploads(tmp_path / "file")
    with pytest.raises(StoreError):
        Uploads(place, drafts).save("key", [b"x"])
    with pytest.raises(StoreError):
        place.load("key/id", 0, 1)
    with pytest.raises(StoreError):
        place.delete("key/id")
    with pytest.raises(StoreError):
        list(place.entries())
    assert list(FolderUploads(tmp_path / "absent").entries()) == []


def test_store_of_drafts_is_asked_once_a_draft(
    drafts: EncryptedStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    uploads = Uploads(FolderUploads(tmp_path), drafts)
    for key in ("a", "b"):
        for _ in range(3):
            uploads.save(key, [b"x"])
    asked: list[str] = []
    load = drafts.engine.load

    def count(key: str) -> tuple[bytes, bytes] | None:
        asked.append(key)
        return load(key)

    monkeypatch.setattr(drafts.engine, "load", count)
    told: list[int] = []
    assert uploads.sweep(time.time() + 2 * HOUR, told.append) == 6
    assert (asked, told) == (["a", "b"], [3, 6])


# A killed process


DRILL = """
import os, signal, sys, time
from pathlib import Path
from apps import COMPILED
from flask import Flask
from flask_wtf.file import FileField
from uploads import PNG, files_in, send_files
from visitor import Visitor
from wtforms import Form
from flask_wizard import FlaskWizard, Review, Step, Wizard
from flask_wizard.drafts import upload_store
from flask_wizard.drafts.visitor_drafts import VisitorDrafts

folder = Path(sys.argv[1])

class Photo(Form):
    photo = FileField("Photo")

class Apply(Wizard):
    you = Step(Photo)
    check = Review()
    def commit(self, submission):
        assert submission.files["you"]["photo"][0].open().read() == PNG

def make_app(folder=folder):
    app = Flask("site", instance_path=str(folder))
    app.jinja_options = {"bytecode_cache": COMPILED}
    app.config["SECRET_KEY"] = "k" * 32
    app.config["WIZARD_EXTERNAL_URL"] = "http://localhost"
    FlaskWizard(app)
    app.register_blueprint(Apply.as_blueprint("apply"), url_prefix="/apply")
    return app

def die(*given, **options):
    os.kill(os.getpid(), signal.SIGKILL)

def half(self, key, chunks):
    path = folder / "flask_wizard_uploads" / key
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(next(iter(chunks))[:10])
    die()

save = VisitorDrafts.save

def save_and_die(*given, **options):
    save(*given, **options)
    die()

POINTS = {
    "half": (upload_store.FolderUploads, "save", half),
    "stored": (VisitorDrafts, "save", die),
    "named": (VisitorDrafts, "save", save_and_die),
    "deleting": (upload_store.FolderUploads, "delete", die),
}

def drop(visitor):
    page = visitor.open(visitor.draft + "you")
    visitor.press(next(v for v in page.buttons if v.startswith("drop:")))

def discard(visitor):
    visitor.post(visitor.draft + "discard", action="discard")

def upload(visitor):
    visitor.open(visitor.draft + "you")
    send_files(visitor, {"photo": [(PNG, "new.png")]})

def commit(visitor):
    visitor.open(visitor.draft + "check")
    visitor.press()

CASES = [
    ("half", upload), ("stored", upload), ("named", upload), ("deleting", upload),
    ("stored", drop), ("named", drop), ("deleting", drop),
    ("stored", discard), ("deleting", discard), ("deleting", commit),
]

def repository(app):
    return app.extensions["flask_wizard"].repository(app)

warm = Visitor(make_app(folder / "warm"))  # to compile the templates only once
warm.open("/apply/")
send_files(warm, {"photo": [(PNG, "me.png")]})

lost, open_ids = 0, []
for point, action in CASES:
    sign = os.fork()
    if sign == 0:
        visitor = Visitor(make_app())
        visitor.open("/apply/")
        send_files(visitor, {"photo": [(PNG, "me.png")]})
        (folder / "draft").write_text(visitor.draft.split("/")[2])
        kind, name, killer = POINTS[point]
        setattr(kind, name, killer)
        action(visitor)
        os._exit(1)
    _, status = os.waitpid(sign, 0)
    assert os.WIFSIGNALED(status), (point, action.__name__, status)
    open_ids.append((folder / "draft").read_text())

app = make_app()
with app.test_request_context():
    drafts = repository(app)
    named = 0
    for draft_id in open_ids:
        draft, version = drafts.load(draft_id)
        for file in draft.files():
            named += 1
            try:
                assert drafts.uploads.open(draft_id, file).read() == PNG
            except Exception as error:
                lost += 1
    before = len(files_in(folder / "flask_wizard_uploads"))
    drafts.uploads.sweep(time.time() + 7200)
    left = len(files_in(folder / "flask_wizard_uploads")) - named
print(lost, left, named, before)
"""


def test_killed_process_leaves_no_file_and_loses_none(tmp_path: Path) -> None:
    lost, left, named, before = map(int, run_script(DRILL, tmp_path).split())
    assert (lost, left) == (0, 0)
    assert 0 < named < before  # there was something to sweep
