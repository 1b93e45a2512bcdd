"""Random forms as JSON, beside the same pages in a browser."""

from __future__ import annotations

from typing import Any

from apps import MakeApp
from browser_forms import BrowserForm, Entry, encode
from cachelib import SimpleCache
from fuzz import URLENCODED, effort
from generated_forms import Declared, by_script, declared_forms, fill
from hypothesis import given
from hypothesis import strategies as st
from json_client import ACCEPT, by_name, entries_of
from wizards import Commits, declare

from flask_wizard import Review, Step
from flask_wizard.stores.memory import MemoryStore

ACTIONS = st.sampled_from(("next", "next", "save", "back"))


def test_front_end_sends_what_a_browser_sends(make_app: MakeApp) -> None:
    @effort(20)
    @given(declared=declared_forms(), action=ACTIONS, data=st.data())
    def holds(declared: Declared, action: str, data: st.DataObject) -> None:
        def pick(sides: int) -> int:
            return data.draw(st.integers(0, sides - 1))

        def both(url: str) -> list[Entry]:
            """Return what a front end sends of a page, after a look at its HTML."""
            shown = BrowserForm(client.get(url).text).entries()
            page: Any = client.get(url, headers=ACCEPT).json
            sent = entries_of(page, None)
            assert by_name(sent) == by_name(shown)
            return sent

        form_class = declared.form_class
        wizard = declare("Asks", Commits, ask=Step(form_class), check=Review())
        app = make_app(wizard, store=MemoryStore(SimpleCache()), WTF_CSRF_ENABLED=False)
        client = app.test_client()
        form = BrowserForm(client.get("/join/", follow_redirects=True).text)
        both(form.action)
        fill(form, pick)
        entries = by_script(form_class, form.entries(), pick)
        body = encode([*entries, ("_action", action)])
        answer = client.post(form.action, data=body, content_type=URLENCODED)
        assert answer.status_code == 303
        step = answer.location.rpartition("/")[0] + "/ask"
        check = step.removesuffix("ask") + "check"
        opens, sent = client.get(check).status_code, both(step)
        body = encode([*sent, ("_action", "save")])
        assert client.post(step, data=body, content_type=URLENCODED).status_code == 303
        again = [entry for entry in both(step) if entry[0] not in ("_rev", "_fields")]
        assert again == [each for each in sent if each[0] not in ("_rev", "_fields")]
        assert client.get(check).status_code == opens

    holds()
