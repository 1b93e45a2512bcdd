"""Random forms, as the Python that declares them, and what people do on their pages."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from browser_forms import TEXTS, BrowserForm, Control, Entry
from hypothesis import strategies as st
from markupsafe import Markup
from wtforms import Form, fields, validators, widgets
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import DateBoxesField, OnlyIf
from flask_wizard.testing.page import attribute

# What the declarations of forms call


def form(name: str, members: Mapping[str, Any], prefix: str = "") -> type[Form]:
    """Declare a form, which gives itself that prefix."""

    def begin(self: Any, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("prefix", prefix)
        Form.__init__(self, *args, **kwargs)

    return type(name, (Form,), {**members, **({"__init__": begin} if prefix else {})})


class Parts(fields.Field):
    """A field of two inputs, which it names and reads by itself."""

    def __init__(self, *args: Any, names: tuple[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.names = names

    def widget(self, field: Any, **kwargs: object) -> Markup:
        return Markup("").join(
            Markup('<input name="{}" value="{}">').format(name, text)
            for name, text in self.typed.items()
        )

    def process(self, formdata: Any, *args: Any, **kwargs: Any) -> None:
        self.process_errors = []
        self.object_data = self.data = None
        names = [name.format(self.name) for name in self.names]
        self.typed = dict.fromkeys(names, "")
        if formdata is not None:
            self.typed = {name: formdata.get(name, "") for name in names}
            self.data = "/".join(self.typed.values())


def shout(text: Any) -> Any:
    return text.upper() if isinstance(text, str) else text


def trim(text: Any) -> Any:
    return text.strip() if isinstance(text, str) else text


def hundredfold(number: Any) -> Any:
    return None if number is None else number * 100


TICKS = {"widget": widgets.ListWidget(), "option_widget": widgets.CheckboxInput()}
SCOPE = {
    **{"form": form, "fields": fields, "validators": validators, "widgets": widgets},
    **{"Choice": SelectChoice, "Parts": Parts, "TICKS": TICKS},
    "DateBoxes": DateBoxesField,
    **{"shout": shout, "trim": trim, "hundredfold": hundredfold, "OnlyIf": OnlyIf},
}

# Declarations

STRINGS = ("String", "TextArea", "Search", "Tel", "Email", "URL", "Hidden")
NUMBERS = ("Integer", "Decimal", "Float", "IntegerRange", "DecimalRange")
MOMENTS = ("Date", "Time", "DateTimeLocal", "Month", "Week")
READ_ONLY = "validators.ReadOnly()"
COLOURED = (*MOMENTS, "Color")
RULES = {
    "text": (
        *("", "", "validators.InputRequired()", "validators.Optional()"),
        *("validators.Length(max=3)", "validators.Disabled()", READ_ONLY),
        "validators.AnyOf(['x', '5', '50'])",
    ),
    "number": (
        *("", "validators.Optional()", "validators.InputRequired()"),
        "validators.NumberRange(1, 60)",
        "validators.Optional(), validators.NumberRange(max=60)",
    ),
    "moment": ("", "validators.Optional()", "validators.InputRequired()"),
    "choice": ("", "validators.Optional()", "validators.InputRequired()"),
}
FILTERS = {"text": ("", "", "shout", "trim, shout"), "number": ("", "", "hundredfold")}
LOOKS = (
    *("", "", "", "", "'class': 'wide'", "'disabled': True", "'readonly': True"),
    *("'placeholder': 'p'", "'style': 'display:none'", "'data-x': '1'", "'size': 3"),
)
CHOICES = (
    "Choice('x', 'Ex'), Choice('5'), Choice('50', 'Fifty')",
    "Choice('', 'Choose'), Choice('x')",
    "Choice('x', optgroup='G'), Choice('5', optgroup='G'), Choice('y', optgroup='H')",
    "Choice('x', 'Ex', {'disabled': True}), Choice('5')",
)
NUMBER_CHOICES = "Choice(5, 'Five'), Choice(50)"
SEPARATORS = ("-", "-", "_", ".", ":")
MANY = ("parts", "date")
"""The groups of fields that have several inputs."""

PARTS = ("-d", "-m"), ("_d", "_m"), (".d", ".m"), ("[d]", "[m]"), ("d", "m")
NAMES = ("a", "name", "qty-9780141036144", "b_1", "größe", "isbn9783161484100", "kid")


def _field(kind: str, *options: str) -> str:
    return f"fields.{kind}Field({', '.join(filter(None, options))})"


@st.composite
def _leaves(draw: st.DrawFn) -> str:
    def one_of(values: Any) -> Any:
        return draw(st.sampled_from(values))

    def rules(kind: str) -> str:
        # What is disabled is held to no rule: a wizard keeps what it began with.
        found = "" if "disabled" in look else one_of(RULES[kind])
        return f"validators=[{found}]" if found else ""

    def filters(kind: str) -> str:
        found = one_of(FILTERS[kind])
        return f"filters=[{found}]" if found else ""

    look = one_of(LOOKS)
    drawn = f"render_kw={{{look}}}" if look else ""
    group = one_of(("text", "text", "number", "moment", "box", "choice", *MANY))
    if group == "text":
        rule, default = rules("text"), one_of(("", "", "default='x'"))
        if any(lock in rule + look for lock in (READ_ONLY, "isabled")):
            # Without a value, it would be no string in WTForms, and a blank one here.
            return _field(one_of(STRINGS), rule, "default='x'", drawn)
        return _field(one_of(STRINGS), rule, filters("text"), default, drawn)
    if group == "number":
        return _field(one_of(NUMBERS), rules("number"), filters("number"), drawn)
    if group == "moment":
        own = (rules("moment"), drawn)
        return _field(one_of(MOMENTS if "disabled" in look else COLOURED), *own)
    if group == "date":
        order = one_of(("", "order=('month', 'day', 'year')"))
        given = filter(None, (rules("moment"), order, drawn))
        return f"DateBoxes({', '.join(given)})"
    if group == "box":
        # WTForms unticks a box that is disabled, which a wizard leaves as it was.
        default = one_of(("", "default=True")) if "disabled" not in look else ""
        return _field("Boolean", default, drawn)
    if group == "parts":
        day, month = one_of(PARTS)
        return f"Parts(names=('{{}}{day}', '{{}}{month}'))"
    kind = one_of(("Radio", "Select", "Select", "SelectMultiple"))
    numbers = draw(st.integers(0, 3)) == 0
    choices = f"choices=[{NUMBER_CHOICES if numbers else one_of(CHOICES)}]"
    coerce = "coerce=int" if numbers else ""
    is_open = one_of(("", "", "validate_choice=False"))
    ticks = kind == "SelectMultiple" and draw(st.booleans())
    look = "**TICKS" if ticks else drawn
    return _field(kind, choices, coerce, rules("choice"), is_open, look)


def _form(name: str, members: list[tuple[str, str]], prefix: str = "") -> str:
    inside = ", ".join(f"{key!r}: {value}" for key, value in members)
    return f"form({name!r}, {{{inside}}}{f', {prefix!r}' if prefix else ''})"


VALUES = ("'x'", "'5'", "''", "5", "['x', 5, '50']", "True", "False", "bool", "str")
"""What the conditions of fields ask of other fields."""


@st.composite
def _members(draw: st.DrawFn, inside: Any, *, most: int) -> list[tuple[str, str]]:
    names = st.lists(st.sampled_from(NAMES), unique=True, min_size=1, max_size=most)
    members = [(name, draw(inside)) for name in draw(names)]
    for n, (name, source) in enumerate(members):
        is_container = source.startswith(("fields.FormField", "fields.FieldList"))
        if n and not is_container and draw(st.integers(0, 2)) == 0:
            cause = members[draw(st.integers(0, n - 1))][0]
            rule = f"OnlyIf({cause!r}, {draw(st.sampled_from(VALUES))})"
            members[n] = name, _with_rule(source, rule)
    return members


def _with_rule(source: str, rule: str) -> str:
    """Declare a field with one more validator, before the others."""
    if "validators=[" in source:
        return source.replace("validators=[", f"validators=[{rule}, ", 1)
    own = source.removesuffix(")")
    return f"{own}{'' if own.endswith('(') else ', '}validators=[{rule}])"


@st.composite
def _containers(draw: st.DrawFn, inside: Any) -> str:
    separator = draw(st.sampled_from(SEPARATORS))
    own = "" if separator == "-" else f"separator={separator!r}"
    if draw(st.booleans()):
        inner = _form("Inner", draw(_members(inside, most=3)))
        return _field("Form", inner, own)
    least, most = draw(st.sampled_from(((0, None), (1, None), (2, None), (3, 3))))
    bounds = (f"min_entries={least}", f"max_entries={most}" if most else "")
    options = ", ".join(filter(None, (draw(inside), *bounds, own)))
    return f"fields.FieldList({options})"


@dataclass(frozen=True)
class Declared:
    """A form and the Python that declares it, which is what a failure shows."""

    source: str

    @cached_property
    def form_class(self) -> type[Form]:
        made: type[Form] = eval(self.source, SCOPE)
        return made


@st.composite
def declared_forms(draw: st.DrawFn) -> Declared:
    """A form with fields of any kind, forms and lists inside one another."""
    parts = st.recursive(_leaves(), _containers, max_leaves=4)
    prefix = draw(st.sampled_from(("", "", "", "trip", "x.")))
    return Declared(_form("Outer", draw(_members(parts, most=5)), prefix))


# What a person does on a page

CLOCK = 9764328979123
"""A time in milliseconds. WTForms takes the row 17 of a list for the row 7 of a list in
its row 1: no row has a number that this one begins with."""

TYPED = {
    "number": ("", "5", "50", "007", "1e1", "0.5", "-3", "500"),
    "range": ("0", "5", "50", "100"),
    "color": ("#336699", "#000000"),
    "date": ("", "2026-03-04"),
    "month": ("", "2026-03"),
    "week": ("", "2026-W10", "2026-W53"),
    "time": ("", "14:30", "14:30:05"),
    "datetime-local": ("", "2026-03-04T14:30"),
    "textarea": ("", "x", "a\nb", "\nx", "5"),
}
ANYTHING = (
    "",
    "x",
    "5",
    "50",
    "007",
    "1,5",
    "31/02/2026",
    "2026-03-04",
    "<b>",
    "é&\"'",
)


def fill(form: BrowserForm, pick: Callable[[int], int]) -> None:
    """Change some of what a form holds, as a person can; ``pick`` is a die."""
    for control in form.controls:
        if control.may_change and not _is_concealed(control) and pick(3):
            _change(form, control, pick)


def _is_concealed(control: Control) -> bool:
    return "display:none" in (attribute(control.node, "style") or "")


def _change(form: BrowserForm, control: Control, pick: Callable[[int], int]) -> None:
    if control.kind == "checkbox":
        control.checked = bool(pick(2))
    elif control.kind == "radio":
        form.check(control)
    elif control.kind == "select":
        offered = [option for option in control.options if not option.disabled]
        for option in control.options if offered else ():
            option.selected = control.multiple and bool(pick(2))
        if offered and not control.multiple:
            offered[pick(len(offered))].selected = True
    elif control.kind in TYPED or control.kind in TEXTS:
        typed = TYPED.get(control.kind, ANYTHING)
        control.type(typed[pick(len(typed))])


def by_script(
    declared: type[Form], entries: list[Entry], pick: Callable[[int], int]
) -> list[Entry]:
    """Return entries as a script may change them.

    It adds rows to lists, numbered by the clock, and options to choices that are not
    held to those offered.
    """
    bound: Any = declared()
    changed = list(entries)
    for field in bound:
        if isinstance(field, fields.FieldList) and field.entries and not pick(3):
            start = field.entries[0].name
            rows = [(n[len(start) :], v) for n, v in entries if _begins(n, start)]
            may = field.max_entries is None and any(value for _, value in rows)
            for clock in range(CLOCK, CLOCK + pick(3) * may):
                copied = start[: -len("0")] + str(clock)
                changed += [(copied + rest, value) for rest, value in rows]
        is_open = isinstance(field, fields.SelectField) and not field.validate_choice
        if is_open and field.coerce is str and not pick(2):
            changed = [(n, "mauve" if n == field.name else v) for n, v in changed]
    return changed


def _begins(name: str, start: str) -> bool:
    return name.startswith(start) and not name[len(start) :][:1].isalnum()
