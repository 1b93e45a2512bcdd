"""FileContent: what a file begins with."""

from __future__ import annotations

from io import BytesIO
from typing import Any

import pytest
from wtforms import Form
from wtforms.fields import Field, FileField, MultipleFileField
from wtforms.validators import ValidationError

from flask_wizard import DefinitionError, FileContent
from flask_wizard.core.file_content import KINDS, OTHER_NAMES

FILES = {
    "avif": b"\x00\x00\x00\x1cftypavif\x00\x00",
    "docx": b"PK\x03\x04\x14\x00",
    "gif": b"GIF89a\x01\x00",
    "heic": b"\x00\x00\x00\x18ftypheic\x00\x00",
    "jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "mp3": b"ID3\x04\x00",
    "mp4": b"\x00\x00\x00\x18ftypisom\x00\x00",
    "ods": b"PK\x03\x04\x14\x00",
    "odt": b"PK\x03\x04\x14\x00",
    "pdf": b"\n\n%PDF-1.7\n",
    "png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "tiff": b"II*\x00\x08\x00",
    "wav": b"RIFF\x24\x00\x00\x00WAVEfmt ",
    "webp": b"RIFF\x24\x00\x00\x00WEBPVP8 ",
    "xlsx": b"PK\x03\x04\x14\x00",
    "zip": b"PK\x05\x06\x00\x00",
}
ZIPPED = {"docx", "ods", "odt", "xlsx", "zip"}
PHP = b"<?php system($_GET['x']); ?>"


class Upload(Form):
    file = FileField()


def field_with(data: object) -> Any:
    field: Any = Upload().file
    field.data = data
    return field


def accepts(validator: FileContent, *contents: bytes) -> bool:
    files = [BytesIO(content) for content in contents]
    field = field_with(files if len(files) != 1 else files[0])
    try:
        validator(Form(), field)
    except ValidationError:
        return False
    assert all(file.tell() == 0 for file in files)  # for whoever reads it next
    return True


@pytest.mark.requirement("S31")
@pytest.mark.parametrize("kind", KINDS)
def test_kind_is_told_by_the_first_bytes(kind: str) -> None:
    accepted = {name for name in FILES if accepts(FileContent(kind), FILES[name])}
    assert accepted == (ZIPPED if kind in ZIPPED else {kind})
    for other in (PHP, b"", FILES[kind][:2], b"x" * 2000 + FILES[kind]):
        assert not accepts(FileContent(kind), other)


def test_any_of_several_kinds_will_do() -> None:
    validator = FileContent("PNG", "jpg")
    assert accepts(validator, FILES["png"])
    assert accepts(validator, FILES["jpeg"], FILES["png"])
    assert not accepts(validator, FILES["png"], PHP)


@pytest.mark.parametrize("other", OTHER_NAMES)
def test_kind_has_another_name(other: str) -> None:
    assert accepts(FileContent(other), FILES[OTHER_NAMES[other]])


@pytest.mark.parametrize("kind", [FileField, MultipleFileField])
def test_blank_field_is_valid(kind: type[Field]) -> None:
    field = kind(validators=[FileContent("png")])
    assert type("Blank", (Form,), {"photo": field})().validate()


@pytest.mark.parametrize("kinds", [(), ("exe",), ("png", "docm")])
def test_unknown_kind_is_refused(kinds: tuple[str, ...]) -> None:
    with pytest.raises(DefinitionError, match="kinds that it can tell are avif"):
        FileContent(*kinds)


def test_message_may_be_the_application_s_own() -> None:
    field = field_with(BytesIO(PHP))
    with pytest.raises(ValidationError, match="Choose a photo"):
        FileContent("png", message="Choose a photo")(Form(), field)
