"""Notices and problems: the pages have words for each."""

from __future__ import annotations

import pytest
from apps import MakeApp
from flask import render_template_string
from markupsafe import Markup
from wizards import Join

from flask_wizard.core.messages import Notice, Problem
from flask_wizard.web.pages import PageProblem
from flask_wizard.web.problems import PROBLEMS, STATUS, NotStored

MACROS = '{% import "flask_wizard/default/macros.html" as macros %}'
OF_A_PAGE = {Problem.REMOVED}  # that page has its own words
SILENT = {Notice.REFUSED}  # the errors of the step say it


def say(make_app: MakeApp, call: str, **values: object) -> str:
    with make_app(Join).test_request_context("/join/"):
        return render_template_string(f"{MACROS}{{{{ macros.{call} }}}}", **values)


def test_each_problem_has_words_of_its_own(make_app: MakeApp) -> None:
    said = {
        problem: say(make_app, "problem(it)", it=PageProblem(problem))
        for problem in set(Problem) - OF_A_PAGE
    }
    assert len(set(said.values())) == len(said)


@pytest.mark.parametrize("notice", Notice)
def test_each_notice_has_words_unless_the_errors_say_it(
    make_app: MakeApp, notice: Notice
) -> None:
    said = Markup(say(make_app, "notice(it)", it=notice)).striptags()
    assert bool(said) is (notice not in SILENT)


def test_each_problem_has_a_status() -> None:
    assert STATUS.keys() == set(Problem)


@pytest.mark.parametrize("kind", PROBLEMS)
def test_each_error_that_stops_a_post_has_its_problem(kind: type[Exception]) -> None:
    error = kind.__new__(kind)
    refusal = NotStored.because(error)
    assert refusal.problem is PROBLEMS[kind]
    assert refusal.__cause__ is error
