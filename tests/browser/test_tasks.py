"""Lists of tasks and of steps in a browser: wide, narrow, and without a script."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest
from apps import MakeApp
from playwright.sync_api import Page
from wizards import Commits
from wtforms import Form, StringField
from wtforms.validators import InputRequired

from flask_wizard import Review, Step, Wizard

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIApplication


class It(Form):
    it = StringField("It", [InputRequired()])
    more = StringField("More")


class Steps(Commits, Wizard, stepper=True):
    you = Step(It, title="About you", section="You")
    pet = Step(It, title="Your pet", section="You")
    home = Step(It, title="Where you live at the moment")
    check = Review()


class Tasks(Steps, task_list=True):
    money = Step(It, prepare=lambda form, answers: answers.you.it)


def has_room(page: Page) -> bool:
    width: bool = page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    return width


@pytest.mark.parametrize("wizard", [Steps, Tasks])
def test_lists_are_accessible_wide_and_narrow(
    dark_page: Page,
    narrow_page: Page,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
    axe: Callable[[Page], list[str]],
    wizard: type[Wizard],
) -> None:
    url = live_server(make_app(wizard))
    for page in (dark_page, narrow_page):
        page.goto(f"{url}/join/new/you")
        page.fill("[name=it]", "Ada")
        page.click(".wizard-actions [value=next]")
        pages = [page.url]
        if wizard is Tasks:
            pages.append(page.url.replace("/pet", "/tasks"))
        for each in pages:
            page.goto(each)
            assert axe(page) == []
            assert has_room(page)


def test_steps_keep_what_is_typed_and_enter_continues(
    no_js_page: Page,
    make_app: MakeApp,
    live_server: Callable[[WSGIApplication], str],
) -> None:
    page, url = no_js_page, live_server(make_app(Steps))
    page.set_viewport_size({"width": 320, "height": 640})
    page.goto(f"{url}/join/")
    page.fill("[name=it]", "Ada")
    page.press("[name=it]", "Enter")
    assert page.url.endswith("/pet")
    page.fill("[name=it]", "Rex")
    page.get_by_role("button", name="Completed: About you").click()
    assert page.url.endswith("/you")
    assert page.input_value("[name=it]") == "Ada"
    page.press("[name=it]", "Enter")
    assert page.input_value("[name=it]") == "Rex"
    page.press("[name=it]", "Enter")
    assert page.url.endswith("/home")
