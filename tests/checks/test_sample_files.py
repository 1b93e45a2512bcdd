"""Files made up for forms: each can be opened."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator

import pytest
from wtforms import Form, fields

from flask_wizard.checks.sample_files import FILES, kinds_for
from flask_wizard.core.file_content import KINDS, OTHER_NAMES, FileContent


def chunks(png: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The parts of a PNG, by their kinds. Each has a sum that is checked."""
    at = 8
    while at < len(png):
        length = int.from_bytes(png[at : at + 4], "big")
        part = png[at + 4 : at + 8 + length]
        assert zlib.crc32(part).to_bytes(4, "big") == png[at + 8 + length :][:4]
        yield part[:4], part[4:]
        at += 12 + length


def test_png_has_a_white_pixel() -> None:
    found = dict(chunks(FILES["png"]))
    assert [*found] == [b"IHDR", b"IDAT", b"IEND"]
    assert found[b"IHDR"] == bytes((0, 0, 0, 1, 0, 0, 0, 1, 8, 0, 0, 0, 0))
    assert zlib.decompress(found[b"IDAT"]) == b"\0\xff"  # no filter, and white


def test_pictures_are_whole() -> None:
    assert FILES["gif"].endswith(b"\0;")
    assert FILES["jpg"].endswith(b"\xff\xd9")
    webp = FILES["webp"]
    assert int.from_bytes(webp[4:8], "little") == len(webp) - 8


def test_pdf_says_where_its_objects_lie() -> None:
    pdf = FILES["pdf"]
    start = int(pdf.rpartition(b"startxref\n")[2].split()[0])
    assert pdf[start:].startswith(b"xref\n0 4\n")
    places = [int(found) for found in re.findall(rb"(\d{10}) 00000 n \n", pdf)]
    assert len(places) == 3
    for number, place in enumerate(places, 1):
        assert pdf[place:].startswith(b"%d 0 obj<<" % number)


@pytest.mark.parametrize("kind", [kind for kind in FILES if kind != "txt"])
def test_first_sample_is_what_the_field_checks_for(kind: str) -> None:
    class Photo(Form):
        photo = fields.FileField(validators=[FileContent(kind)])

    assert kinds_for(Photo().photo)[0] == kind
    assert KINDS[OTHER_NAMES.get(kind, kind)](FILES[kind])
