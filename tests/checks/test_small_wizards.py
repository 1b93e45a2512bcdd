"""What prove says of small wizards is what trying all answers says."""

from __future__ import annotations

from fuzz import effort
from hypothesis import assume, given
from small_wizards import Plan, function_of, plans, plans_with_lists

from flask_wizard.testing import prove


def check(plan: Plan) -> None:
    expected = plan.expected
    assume(expected is not None)
    proof = prove(plan.wizard, {"it holds": function_of(plan.holds)})
    found = {(finding.check, finding.where) for finding in proof.findings}
    assert found == expected, (plan, proof)


@effort(15)
@given(plans())
def test_fields_are_compared_as_in_all_answers(plan: Plan) -> None:
    check(plan)


@effort(8)
@given(plans_with_lists())
def test_items_are_counted_as_in_all_answers(plan: Plan) -> None:
    check(plan)
