"""Random forms on pages of a wizard, beside WTForms alone with the same submission."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from apps import MakeApp
from browser_forms import BrowserForm, Entry, encode
from cachelib import SimpleCache
from fuzz import URLENCODED, effort
from generated_forms import Declared, by_script, declared_forms, fill
from hypothesis import given
from hypothesis import strategies as st
from werkzeug.datastructures import MultiDict
from wizards import Commits, committed, declare
from wtforms import Form

from flask_wizard import Review, Step
from flask_wizard.stores.memory import MemoryStore

OWN = ("_action", "_rev", "_draft", "_fields", "_seen", "csrf_token")
ACTIONS = st.sampled_from(("next", "next", "next", "save", "back"))


class Plain:
    """What WTForms makes of a submission in a view of its own."""

    def __init__(self, form_class: type[Form], entries: list[Entry]) -> None:
        self._form = form_class(MultiDict(answered(entries)))
        self.typed = self._form.data
        self.passes = self._form.validate()
        self.data: Mapping[str, Any] = self._form.data
        self.errors = self._form.errors

    @property
    def reads(self) -> tuple[object, ...]:
        return self.typed, self.passes, self.data, self.errors


def answered(entries: list[Entry]) -> list[Entry]:
    """What a form's own fields are sent: blank where the page has a tick box for that.

    An input that is never blank, such as one for a colour, has one if it is optional.
    """
    names = [name for name, _ in entries]
    asked = {n.removesuffix("-_asked") for n in names if n.endswith("-_asked")}
    blank = {n for n in asked if f"{n}-_answered" not in names}
    return [
        (name, "" if name in blank else value)
        for name, value in entries
        if name not in OWN and not name.endswith(("-_asked", "-_answered"))
    ]


def decoded(body: bytes) -> list[Entry]:
    return parse_qsl(body.decode(), keep_blank_values=True)


def test_wizard_takes_what_wtforms_takes_and_nothing_else(make_app: MakeApp) -> None:
    @effort(25)
    @given(declared=declared_forms(), action=ACTIONS, data=st.data())
    def holds(declared: Declared, action: str, data: st.DataObject) -> None:
        def pick(sides: int) -> int:
            return data.draw(st.integers(0, sides - 1))

        form_class = declared.form_class
        wizard = declare("Asks", Commits, ask=Step(form_class), check=Review())
        app = make_app(wizard, store=MemoryStore(SimpleCache()), WTF_CSRF_ENABLED=False)
        client = app.test_client()
        committed.clear()
        form = BrowserForm(client.get("/join/", follow_redirects=True).text)
        fill(form, pick)
        submitter = form.button(action) if action != "back" else None
        entries = by_script(form_class, form.entries(submitter), pick)
        if submitter is None:
            entries.append(("_action", action))
        plain = Plain(form_class, entries)
        answer = client.post(form.action, data=encode(entries), content_type=URLENCODED)
        assert answer.status_code == 303
        accepted = answer.location.endswith("/check")
        assert accepted == (action == "next" and plain.passes), plain.errors
        step = answer.location.rpartition("/")[0] + "/ask"
        shown = BrowserForm(client.get(step).text)
        again = Plain(form_class, shown.entries())
        assert again.reads == plain.reads
        if accepted:
            client.post(f"{step[:-4]}/check", data={"_action": "next"})
            assert committed[0].data["ask"] == plain.data

    holds()
