"""What a browser sends of the controls that a field draws."""

from __future__ import annotations

import pytest
from browser_forms import BrowserForm
from fuzz import effort
from html_forms import CONTROLS
from hypothesis import assume, given

from flask_wizard.core.drawn import draws

#: Kinds whose values a browser blanks or moves if it cannot show them. A page draws
#: such a value as a text; what an application's own widget draws is left as it stands.
BLANKED = ("number", "date", "month", "week", "time", "datetime-local", "range")
LEFT_OUT = (*BLANKED, "file", "password")


def sent(html: str) -> list[str]:
    return [value for each in draws(html) for value in each.sent]


@effort(50)
@given(html=CONTROLS)
def test_control_sends_what_a_browser_sends(html: str) -> None:
    shown = BrowserForm(f"<form>{html}</form>")
    assume(shown.controls and shown.controls[0].kind not in LEFT_OUT)
    assume("dirname" not in html and "_charset_" not in html)
    assert sent(html) == [value for _, value in shown.entries()]


@pytest.mark.parametrize(
    ("html", "values"),
    [
        ("<input name='a' type='password' value='x'>", [""]),
        ("<input name='a' type='file'>", []),
        ("<input name='a' value='x' disabled>", []),
        ("<input name='a' type='TEL' value='1&amp;2'>", ["1&2"]),
        ("<input name='a' type='range'>", ["50"]),
        ("<input name='a' type='range' min='0' max='3' step='2'>", ["2"]),
        ("<input name='a' type='range' min='5' max='1'>", ["5"]),
        ("<input name='a' type='range' min='0' max='3' step='9'>", ["0"]),
        ("<input name='a' type='range' min='0' max='1' step='any'>", ["0.5"]),
        ("<select name='a'><option>x<option selected>y z</select>", ["y z"]),
        ("<select name='a'><option disabled>x</select>", []),
        ("<datalist><option value='x'></datalist><input name='a'>", [""]),
    ],
)
def test_value_that_is_sent(html: str, values: list[str]) -> None:
    assert sent(html) == values


@pytest.mark.parametrize(
    ("moment", "sent_as"),
    [
        ("2026-03-04 14:30:00", "2026-03-04T14:30"),
        ("2026-03-04T14:30:05.5", "2026-03-04T14:30:05.5"),
        ("2026-03-04T14:30", "2026-03-04T14:30"),
        ("soon", "soon"),
    ],
)
def test_moment_is_sent_as_browsers_write_it(moment: str, sent_as: str) -> None:
    html = f"<input name='a' type='datetime-local' value='{moment}'>"
    assert sent(html) == [sent_as]


def test_option_stands_in_its_group() -> None:
    html = (
        "<select name='a'><optgroup label='G' disabled><option>x</optgroup>"
        "<option value='5' selected> Five\n times </option></select>"
    )
    (control,) = draws(html)
    inside, outside = control.options
    assert (inside.group, inside.disabled, inside.value) == ("G", True, "x")
    assert (outside.group, outside.disabled, outside.label) == ("", False, "Five times")


@pytest.mark.parametrize(
    "html",
    [
        "<label for='i'>The <b>day</b></label><input name='a' id='i'>",
        "<input name='a' id='i'><label for='i'>The <b>day</b></label>",
        "<label>The <b>day</b><input name='a'></label>",
        "<input name='a' aria-label='The day'>",
    ],
)
def test_control_has_its_label(html: str) -> None:
    (control,) = draws(html)
    assert control.label == "The day"


def test_buttons_and_nameless_controls_are_left_out() -> None:
    html = "<input><input type='submit' name='a'><button name='b'>B</button>"
    assert draws(html) == []
