"""The check page with rows of an application's own."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from apps import MakeApp
from visitor import Visitor
from wizards import Join, Pet, begun

from flask_wizard import Answers, DefinitionError, Review, Row, Step


def total(step: str) -> Callable[[list[Row], Answers], list[Row]]:
    """A function that adds a row below the answers of a step."""
    row = Row(step, "total", "Total", ("12 €",), f"{step}-total")
    return lambda rows, answers: [*rows, row]


@pytest.fixture
def at_check(make_app: MakeApp) -> Callable[[str], Visitor]:
    """A function that brings a visitor to where a row is added to a step."""

    def bring(step: str) -> Visitor:
        class Totalled(Join):
            pet = Step(Pet, when=lambda answers: False)
            check = Review(rows=total(step))

        return begun(make_app(Totalled))

    return bring


def test_row_is_shown_below_the_step_that_it_is_added_to(
    at_check: Callable[[str], Visitor],
) -> None:
    assert at_check("you").page.rows == [
        ("Name", "Ada"),
        ("Nickname", "Not provided"),
        ("Total", "12 €"),
    ]


@pytest.mark.parametrize("step", ["extra", "pet", "check"])
def test_row_of_a_step_that_is_not_on_the_path_is_refused(
    at_check: Callable[[str], Visitor], step: str
) -> None:
    with pytest.raises(DefinitionError) as refused:
        at_check(step)
    assert f"step '{step}'" in str(refused.value)
    assert "on the path are you." in str(refused.value)


def test_refusal_of_a_row_does_not_tell_what_is_in_it(
    at_check: Callable[[str], Visitor],
) -> None:
    with pytest.raises(DefinitionError) as refused:
        at_check("extra")
    assert "12" not in str(refused.value)
