"""A front end that knows a page from its JSON alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from html import unescape
from typing import Any

from browser_forms import BrowserForm, Entry
from visitor import Page, Values, Visitor, attribute
from werkzeug.test import TestResponse

from flask_wizard.core.date_boxes import PARTS, joined
from flask_wizard.core.fields import ANSWERED, ASKED

ACCEPT = {"Accept": "application/json"}


def entries_of(page: Mapping[str, Any], action: str | None = "next") -> list[Entry]:
    """Return what a page sends as it is: what is hidden, its fields and a button."""
    found = [
        (name, value)
        for name, values in page["hidden"].items()
        for value in ([values] if isinstance(values, str) else values)
    ]
    for field in every_field(page["fields"]):
        value = field.get("value")
        values = value if isinstance(value, list) else [value]
        found += [(field["name"], each) for each in values if each is not None]
    return found if action is None else [*found, ("_action", action)]


def every_field(fields: list[Any]) -> Iterator[Any]:
    """Yield the fields, and those inside forms and lists."""
    for field in fields:
        yield field
        yield from every_field(field.get("fields", []))


def field_of(page: Mapping[str, Any], name: str) -> Any:
    """Return a field of a page by its name."""
    (found,) = [each for each in every_field(page["fields"]) if each["name"] == name]
    return found


def by_name(entries: list[Entry]) -> dict[str, list[str]]:
    """The values by name, which is all that a server heeds.

    Encrypted names of fields and signed tokens differ each time they are written. A
    date in three inputs is one string for whoever reads JSON, where it can be one, and
    what is not to be answered is blank.
    """
    found: dict[str, list[str]] = {}
    for name, value in entries:
        again = "" if name in ("_fields", "csrf_token", "_item") else value
        found.setdefault(name, []).append(again)
    for asked in [name for name in found if name.endswith(ASKED)]:
        del found[asked]
        name = asked.removesuffix(ASKED)
        if not found.pop(name + ANSWERED, None):
            found[name] = [""]
    for start in [n.removesuffix("-day") for n in found if n.endswith("-day")]:
        names = [f"{start}-{part}" for part in PARTS]
        if found.keys() >= {*names}:
            texts = [found.pop(name)[0] for name in names]
            found[start] = [joined(dict(zip(PARTS, texts, strict=True)))]
    return found


def assert_same(data: Mapping[str, Any], page: Page) -> None:
    """Assert that a page says the same as JSON and as HTML."""
    shown = _letters(page.text + page.title)
    for words in (data["title"], *_words(data)):
        assert _letters(words) in shown, words
    buttons = page.html.query("button[name=_action]")
    pressed = {attribute(button, "value") for button in buttons}
    own = {each for each in pressed if not each.startswith("drop:")}
    assert own == {each["value"] for each in data["actions"]}
    for name in data["urls"].keys() - {"entry", "discard"}:
        assert data["urls"][name] in unescape(page.source), name
    assert [each["message"] for each in data["errors"]] == page.errors
    groups = data.get("groups", data.get("copy", {}).get("groups", ()))
    rows = [row for group in groups for row in group["rows"]]
    found = [(row["label"], " ".join(row["lines"]) or "Not provided") for row in rows]
    assert found == page.rows
    if "action" in data["urls"]:
        form = BrowserForm(page.source, ".wizard-form")
        assert form.action == data["urls"]["action"]
        files = [c.name for c in form.controls if c.kind == "file"]
        sent = [entry for entry in form.entries() if entry[0] not in files]
        assert by_name(entries_of(data, None)) == by_name(sent)


def _letters(text: str) -> str:
    return "".join(text.split())


def _words(data: Mapping[str, Any]) -> Iterator[str]:
    yield from data["text"]
    yield from data["notes"]
    yield from [data["caption"]] if data["caption"] else []
    yield from [data["progress"]["text"]] if data["progress"] else []
    yield from data["notice"]["text"] if data["notice"] else []
    if problem := data["problem"]:
        yield from [problem["title"], *problem["text"]]
    for field in every_field(data["fields"]):
        yield from filter(None, (field["label"], field["hint"], *field["errors"]))
    for each in (*data["actions"], *field_options(data)):
        yield each["label"]
    yield from (item["name"] for item in data.get("items", ()))
    for draft in data.get("drafts", ()):
        yield draft["step_title"]


def field_options(data: Mapping[str, Any]) -> Iterator[Any]:
    """Yield the options of all fields of a page."""
    for field in every_field(data["fields"]):
        yield from field.get("options", ())


class Reader(Visitor):
    """A visitor who reads each page as JSON, too, and finds the same in it."""

    #: The page at hand as JSON.
    data: Any = None

    def show(self, response: TestResponse) -> Page:
        page = super().show(response)
        if response.request.method == "GET":
            answer = self.client.get(page.url, headers=ACCEPT)
            assert answer.status_code == response.status_code
            assert answer.content_type == "application/json", answer.headers
            self.data = answer.json
            assert_same(self.data, page)
        return page

    def refused(self, action: str = "next", values: Values | None = None) -> Page:
        """Send what cannot be kept, and read the answer as both."""
        sent = {**self.page.values, "_action": [action], **(values or {})}
        url = self.page.action
        both = [self.client.post(url, data=sent, headers=h) for h in (ACCEPT, {})]
        assert both[0].status_code == both[1].status_code
        page = self.show(both[1])
        self.data = both[0].json
        assert_same(self.data, page)
        return page
