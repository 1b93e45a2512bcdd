"""Compression: what is compressed, and how often, while a long value is saved."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from typing import Any

import pytest
from apps import MakeApp
from hypothesis import given
from hypothesis import strategies as st
from store_wrappers import Probe
from visitor import Visitor
from wizards import Commits, declare
from wtforms import Form, StringField

from flask_wizard import Review, Step, UnreadableDraftError
from flask_wizard.drafts import compression
from flask_wizard.drafts.compression import SIZES, Body, compress, decompress
from flask_wizard.drafts.encrypted_store import StoredVersion

CODEC = b"c"


def pack(plain: bytes, known: Body | None = None) -> bytes:
    """Return the value compressed, without the codec."""
    packed, _ = compress(plain, known, CODEC)
    assert packed.startswith(CODEC)
    return packed[1:]


def unpack(packed: bytes) -> tuple[bytes, Body | None]:
    return decompress(memoryview(packed))


def as_one(plain: bytes) -> bytes:
    """Return a value as one compressed whole."""
    whole = zlib.compressobj(1, wbits=compression.WINDOW)
    return whole.compress(plain) + whole.flush()


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The compressors that are made."""
    found: list[object] = []
    make: Callable[..., Any] = zlib.compressobj

    def note(*args: Any, **options: Any) -> object:
        found.append(make(*args, **options))
        return found[-1]

    monkeypatch.setattr(zlib, "compressobj", note)
    return found


def entries(*numbers: int) -> bytes:
    return b"".join(b"step%06d: what somebody has typed; " % n for n in numbers)


LONG = entries(*range(1000))


@given(
    first=st.binary(max_size=300),
    more=st.binary(max_size=300),
    times=st.sampled_from([0, 1, 70, 9000]),
)
def test_value_is_read_again(first: bytes, more: bytes, times: int) -> None:
    body = None
    for plain in (first + times * more, first + times * more + b"end", more):
        packed, body = compress(plain, body, CODEC)
        read, found = unpack(packed[1:])
        assert read == plain
        assert found in (None, body)


@pytest.mark.parametrize("size", [1 << 19, (1 << 20) + 1, 3 << 20])
def test_value_is_read_that_is_longer_than_a_block(size: int) -> None:
    plain = bytes(size)
    assert unpack(pack(plain))[0] == plain


def test_any_reader_of_deflate_reads_it() -> None:
    _, body = unpack(pack(LONG))
    for packed in (pack(LONG), pack(LONG + b"end", body)):
        stream = zlib.decompressobj(-15)
        assert stream.decompress(packed).startswith(LONG)
        assert stream.eof


def test_value_compressed_as_one_is_read() -> None:
    assert unpack(as_one(LONG)) == (LONG, None)


@pytest.mark.parametrize("end", [b"", bytes(SIZES.size), SIZES.pack(0, 1, 2)])
def test_sizes_that_lead_nowhere_are_not_believed(end: bytes) -> None:
    assert unpack(as_one(LONG) + end) == (LONG, None)


def test_stream_that_is_cut_off_is_unreadable() -> None:
    whole = pack(LONG)
    for kept in (0, 1, 1000, len(whole) - SIZES.size - 1):
        with pytest.raises(UnreadableDraftError):
            unpack(whole[:kept])


@pytest.mark.parametrize("changed", ["end", "start", "both", "longer", "shorter"])
def test_body_is_compressed_once(made: list[object], changed: str) -> None:
    _, body = unpack(pack(LONG))
    value = {
        "end": LONG[:-35] + b"another answer",
        "start": b"a" + LONG[1:],
        "both": b"a" + LONG[1:-200] + b"b" * 200,
        "longer": LONG + b"one more",
        "shorter": LONG[:-100],
    }[changed]
    packed = pack(value, body)
    assert len(made) == 1
    assert unpack(packed)[0] == value


@pytest.mark.parametrize("at", [len(LONG) // 30, len(LONG) // 2, len(LONG) * 9 // 10])
def test_what_is_replaced_stays_in_no_body(made: list[object], at: int) -> None:
    secret = b"what nobody should find"
    plain = LONG[:at] + secret + LONG[at:]
    _, body = unpack(pack(plain))
    packed = pack(LONG, body)
    assert len(made) == 2
    read, body = unpack(packed)
    assert read == LONG
    assert body is not None
    assert secret not in bytes(body.plain)


def test_end_does_not_grow_without_limit(made: list[object]) -> None:
    plain, body = LONG, None
    sizes = []
    for number in range(1000, 2000):
        plain += entries(number)
        packed, body = compress(plain, body, CODEC)
        sizes.append(len(plain) - body.start - len(body.plain))
    assert len(made) < 20
    assert max(sizes) <= len(plain) // 8
    assert len(packed) < len(plain) // 4


def test_short_value_is_compressed_whole() -> None:
    assert len(pack(bytes(8000))) < 100 < 500 < len(pack(bytes(9000)))


def test_nothing_of_an_answer_is_in_a_repr() -> None:
    _, body = unpack(pack(LONG))
    shown = repr(body), repr(StoredVersion("key", b"version", body))
    assert "step" not in "".join(shown)
    assert "typed" not in "".join(shown)


# In a journey


class Line(Form):
    line = StringField()


NAMES = [f"step{n}" for n in range(30)]
Long = declare("Long", Commits, **{n: Step(Line) for n in NAMES}, check=Review())


def test_long_draft_is_compressed_now_and_then(
    make_app: MakeApp, made: list[object], store: Probe
) -> None:
    visitor = Visitor(make_app(Long, WIZARD_COMPRESS_ABOVE=16 * 1024))
    visitor.open()
    for number in range(len(NAMES)):
        visitor.fill(line=f"answer {number} " + "of many words " * 80)
    assert visitor.page.heading == "Check your answers"
    assert 1 <= len(made) <= 8  # of some 15 saves of more than 16 KB
    last = visitor.draft + NAMES[-1]
    visitor.open(last)
    made.clear()
    for _ in range(5):
        visitor.send("autosave", {"line": "of many words " * 70})
    assert made == []
    assert visitor.open(last).value("line") == "of many words " * 70
