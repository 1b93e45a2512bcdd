"""Files to upload, a place for them, and a visitor who sends them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any

from visitor import Page, Visitor, attribute
from werkzeug.datastructures import FileStorage
from werkzeug.test import TestResponse, encode_multipart

PNG = b"\x89PNG\r\n\x1a\n" + b"Zanzibar-Quokka"
"""A file that begins as a PNG does."""

Sent = Mapping[str, Sequence[tuple[Any, ...]]]
"""By field, what is sent: the content, the name and the type of each file."""


class DictUploads:
    """The smallest place for uploads that an application may write itself."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def save(self, key: str, chunks: Iterable[bytes]) -> None:
        self.files[key] = b"".join(chunks)

    def load(self, key: str, start: int, size: int) -> bytes | None:
        found = self.files.get(key)
        return found if found is None else found[start : start + size]

    def delete(self, key: str) -> None:
        self.files.pop(key, None)


def files_in(folder: Path) -> list[Path]:
    """All the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def post_files(
    visitor: Visitor,
    files: Sent,
    *,
    action: str = "next",
    without: Iterable[str] = (),
    **values: str,
) -> TestResponse:
    """Send the form of the page, with files, as a browser does."""
    sent: dict[str, Any] = {**visitor.page.values, "_action": [action], **values}
    for node in visitor.page.html.query("input[type=file]"):
        sent[attribute(node, "name")] = [_sent(b"", "")]  # nothing is chosen
    for name, chosen in files.items():
        sent[name] = [_sent(*file) for file in chosen]
    sent = {name: value for name, value in sent.items() if name not in without}
    boundary, body = encode_multipart(sent)  # the client would use a temporary file
    kind = f"multipart/form-data; boundary={boundary}"
    return visitor.client.post(visitor.page.action, data=body, content_type=kind)


def _sent(content: bytes, name: str, kind: str | None = None) -> FileStorage:
    return FileStorage(BytesIO(content), name, content_type=kind)


def send_files(visitor: Visitor, files: Sent, **more: Any) -> Page:
    """Send the form of the page, with files, and go where that leads."""
    answer = post_files(visitor, files, **more)
    if answer.status_code == 303:
        return visitor.open(answer.location)
    return visitor.show(answer) if answer.data else visitor.page
