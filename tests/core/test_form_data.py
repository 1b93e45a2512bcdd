"""Submitted values as the code of a form reads them: as in a plain view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from werkzeug.datastructures import MultiDict

from flask_wizard.core.form_data import FormData

SENT = {"a": ["1", "x", "2"], "b": [""], "c": ["²"]}


@pytest.mark.parametrize(
    "read",
    [
        lambda data: data.getlist("a"),
        lambda data: data.getlist("nope"),
        lambda data: data.getlist("a", type=int),
        lambda data: data.get("a"),
        lambda data: data.get("nope"),
        lambda data: data.get("nope", "other"),
        lambda data: data.get("a", type=int),
        lambda data: data.get("c", 7, type=int),
        lambda data: data["a"],
        lambda data: "a" in data,
        lambda data: "nope" in data,
        lambda data: list(data),
        lambda data: list(data.keys()),
        lambda data: list(data.items()),
        lambda data: list(data.items(multi=True)),
        lambda data: list(data.lists()),
        lambda data: data.to_dict(),
        lambda data: data.to_dict(flat=False),
        len,
        bool,
    ],
)
def test_values_are_read_as_in_a_plain_view(read: Callable[[Any], Any]) -> None:
    assert read(FormData(SENT)) == read(MultiDict(SENT))


def test_value_that_was_not_sent_is_a_key_error() -> None:
    with pytest.raises(KeyError):
        FormData(SENT)["nope"]


def test_empty_submission_is_a_submission() -> None:
    assert FormData({})


def test_names_that_were_asked_for_are_noted_sent_or_not() -> None:
    data = FormData(SENT)
    data.get("b")
    data.getlist("nope")
    data["a"]
    assert "c" in data
    list(data.items())
    assert list(data.read) == ["b", "nope", "a", "c"]


def test_no_answer_is_in_its_repr() -> None:
    assert repr(FormData({"name": ["Ada"]})) == "<FormData of name>"
