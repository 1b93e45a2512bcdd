"""Controls: what a template needs to draw a bound field, such as its attributes."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from datetime import date, datetime, time
from decimal import Decimal
from functools import lru_cache
from typing import Any, NamedTuple

from jinja2 import pass_context
from jinja2.runtime import Context
from markupsafe import Markup
from wtforms.fields import (
    DateTimeField,
    DecimalField,
    Field,
    FieldList,
    FloatField,
    IntegerField,
    MultipleFileField,
    PasswordField,
    SelectField,
    SelectMultipleField,
)
from wtforms.fields.choices import SelectFieldBase
from wtforms.form import BaseForm
from wtforms.validators import Length
from wtforms.widgets import TextArea

from ..catalogues import direction
from ..core.date_boxes import NO_BREAK, DateBoxesField
from ..core.fields import (
    ANSWERED,
    ASKED,
    NEVER_BLANK,
    Kind,
    answered_id,
    asks_whether,
    choices_of,
    clean_attributes,
    first_id,
    flag,
    has_foreign_widget,
    input_type,
    is_box,
    is_entry,
    is_marked,
    kind_of,
    needs_row_marker,
    options_of,
    own_errors,
    parts,
    render_kw,
    shown_value,
)
from ..core.form_errors import as_text
from ..core.only_if import OnlyIf, cause_of, condition_of
from ..core.widgets import draw_row_marker
from .texts import get_texts, text

COUNTED_FROM = 200
"""The longest text whose characters are counted for whoever types it."""


SHORT = 20
"""The longest text, in characters, whose input is no wider than the text."""


_SIZED = frozenset({"text", "search", "tel", "password"})
"""The types of inputs whose width their ``size`` tells."""


_SIZES: Mapping[str, int] = {
    **{"postal-code": 10, "one-time-code": 10, "tel-extension": 6},
    **{"tel": 20, "tel-national": 20, "tel-local": 20, "tel-area-code": 6},
    **{"tel-country-code": 5, "bday-day": 2, "bday-month": 2, "bday-year": 4},
    **{"cc-number": 20, "cc-csc": 4, "cc-exp": 7, "cc-exp-month": 2, "cc-exp-year": 4},
}
"""How many characters wide the inputs of some kinds are, by ``autocomplete``."""


class Cause(NamedTuple):
    """What decides in a browser whether a field is shown."""

    #: The name of the other input.
    name: str
    #: The values of the other input with which the field is shown; among them an empty
    #: string stands for no answer.
    values: tuple[str, ...]

    @property
    def json(self) -> str:
        """The values as a JSON array."""
        return json.dumps(self.values)


@dataclass(frozen=True)
class Option:
    """One radio button or checkbox of a group."""

    field: Field
    #: The attributes for the widget.
    attributes: Mapping[str, object]

    @property
    def label(self) -> str:
        """The label of the option."""
        return self.field.label.text

    def drawn(self, classes: str) -> Markup:
        """Return the option as its widget draws it, with other classes than ours."""
        return _drawn(self.field, self.attributes, classes)


@dataclass(frozen=True)
class ShownFile:
    """A file that a field to choose files with has already."""

    #: Empty if it is not the draft's, so that it cannot be taken away.
    id: str
    #: The name that the client gave it.
    name: str = dataclass_field(repr=False)
    #: The size in words, such as ``2.4 MB``, or that it was there before the draft.
    size: str
    #: The URL to download it from, or ``None`` where the mount has none.
    url: str | None
    #: The size in bytes, or ``None`` if it was there before the draft.
    byte_count: int | None = None

    @property
    def action(self) -> str:
        """The value of the button that takes it away; empty if there is none."""
        return f"drop:{self.id}" if self.id else ""


@dataclass(frozen=True)
class Control:
    """What a template needs to draw one bound field."""

    field: Field
    kind: Kind
    label: str
    #: When the field counts, and its description; an empty string if there is neither.
    hint: str
    #: The field's own errors. Those of inner fields are on ``parts``.
    errors: tuple[str, ...] = dataclass_field(repr=False)
    #: True if the visitor may leave the field blank.
    optional: bool
    #: True if the label is the heading of the page.
    as_heading: bool
    #: The value of ``aria-describedby``: ids separated by spaces.
    described_by: str
    #: The attributes for the widget.
    attributes: Mapping[str, object]
    #: The options of a group; none if a widget of the application draws them.
    options: tuple[Option, ...] = ()
    #: The fields of an inner form, or the entries of a list.
    parts: tuple[Control, ...] = ()
    #: The hidden input of a list's entry that is drawn in parts; empty for others.
    row_marker: str = ""
    #: The files that the field has already.
    files: tuple[ShownFile, ...] = ()
    #: What decides whether it is shown; ``None`` where no script can tell.
    only_if: Cause | None = None
    #: How many characters it may have, if they are to be counted; otherwise 0.
    longest: int = 0
    #: The entry or inner form that the errors are in, such as ``Contact 2``, if another
    #: field of the page has the same error; otherwise empty.
    error_place: str = ""
    #: True if a box beside the control says whether it is to be answered, as a browser
    #: never leaves the control blank.
    asks_whether: bool = False

    @property
    def shape(self) -> str:
        """What is drawn: ``select``, ``textarea``, or the type of an input."""
        chosen = self.attributes.get("type") or input_type(self.field)
        return str(chosen or type(self.field.widget).__name__.lower())

    def drawn(self, classes: str, **attributes: object) -> Markup:
        """Return the field as its widget draws it, with other classes than ours."""
        return _drawn(self.field, {**self.attributes, **attributes}, classes)

    @property
    def datalist(self) -> Markup:
        """The suggestions for what to enter, as WTForms draws them; empty if none."""
        drawn: Markup = self.field.datalist()  # type: ignore[attr-defined]  # newer
        return drawn

    @property
    def is_one_answer(self) -> bool:
        """True if the parts are the boxes of one date."""
        return isinstance(self.field, DateBoxesField)

    @property
    def is_entry(self) -> bool:
        """True if the field is an entry of a list."""
        return is_entry(self.field)

    @property
    def is_answered(self) -> bool:
        """True if the field has a value to show."""
        return bool(shown_value(self.field))

    @property
    def asked_name(self) -> str:
        """The name of the hidden input of a page that ``asks_whether``."""
        return self.field.name + ASKED

    @property
    def answered_id(self) -> str:
        """The id of the box that says that the field is to be answered."""
        return answered_id(self.field)

    @property
    def answered_name(self) -> str:
        """The name of the box that says that the field is to be answered."""
        return self.field.name + ANSWERED

    @property
    def count_id(self) -> str:
        """The id that the number of characters left has, if they are counted."""
        return _count_id(self.field)

    @property
    def hint_id(self) -> str:
        """The id that the hint has, if there is a hint."""
        return _hint_id(self.field)

    @property
    def error_id(self) -> str:
        """The id that the errors have, if there are errors."""
        return _error_id(self.field)

    @property
    def files_id(self) -> str:
        """The id that the list of files has, if there are files."""
        return _files_id(self.field)


@dataclass(frozen=True)
class ErrorLink:
    """A line of the error summary."""

    message: str = dataclass_field(repr=False)  # it may quote what was typed
    #: The link to the control, or ``None`` if the error belongs to no control.
    href: str | None


@dataclass(frozen=True)
class Layout:
    """What a template needs of a whole form before it draws the first field."""

    #: The field whose label is the heading of the page: the only visible field, unless
    #: it is a checkbox, whose label is a sentence and not a title.
    heading: Field | None
    #: True if the form has a file field.
    multipart: bool
    #: True if a field has files already, each with a button to take it away.
    has_files: bool


def control(
    field: Field,
    as_heading: bool = False,
    kept: Collection[str] = (),
    label: str | None = None,
) -> Control:
    """Return the control of a field. ``kept`` names the passwords already given."""
    kind = kind_of(field)
    hint = _hint(field, kept)
    errors = own_errors(field)
    longest = _longest(field) if kind == "input" else 0
    described_by = _described_by(field, hint, errors, longest)
    attributes = _attributes(field, kind, described_by, errors, longest)
    # A colour that no browser can show is text to correct, which may be blank.
    is_text = attributes.get("type") == "text"
    asks = kind == "input" and asks_whether(field) and not is_text
    if asks and not shown_value(field):
        attributes["value"] = False
    return Control(
        field=field,
        kind=kind,
        label=field.label.text if label is None else label,
        hint=hint,
        errors=errors,
        optional=_is_question(field, kind) and _may_be_blank(field),
        as_heading=as_heading,
        described_by=described_by,
        attributes=attributes,
        options=tuple(_options(field, errors)) if kind == "group" else (),
        parts=tuple(
            control(part, kept=kept, label=name) for part, name in parts(field)
        ),
        row_marker=_row_marker(field, kind),
        files=tuple(getattr(field, "shown_files", ())),
        only_if=_cause(field),
        longest=longest,
        error_place=getattr(field, "error_place", ""),
        asks_whether=asks,
    )


def _row_marker(field: Field, kind: Kind) -> str:
    is_whole = kind not in ("group", "form", "list")  # the widget draws it
    return "" if is_whole or not needs_row_marker(field) else draw_row_marker(field)


def layout(form: BaseForm | None) -> Layout:
    """Return the layout of a form, or of a page without one."""
    fields = list(form or ())
    leaves = list(_leaves(fields))
    kinds = {field.name: kind_of(field) for field in fields}
    unasked = ("hidden", "skip", "content")
    visible = [f for f in fields if kinds[f.name] not in unasked]
    alone = len(visible) == 1 and kinds[visible[0].name] != "checkbox"
    return Layout(
        heading=visible[0] if alone else None,
        multipart=any(input_type(leaf) == "file" for leaf in leaves),
        has_files=any(getattr(leaf, "shown_files", ()) for leaf in leaves),
    )


def side_by_side(fields: Iterable[Any]) -> list[list[Any]]:
    """Return fields, or their controls, in lists of those that stand side by side.

    These follow one another and have the same ``data-row`` in their ``render_kw``.
    """
    lines: list[list[Any]] = []
    last: object = None
    for each in fields:
        field = each.field if isinstance(each, Control) else each
        row = render_kw(field).get("data-row")
        if row is not None and row == last:
            lines[-1].append(each)
        else:
            lines.append([each])
        last = row
    return lines


def summary(form: BaseForm) -> list[ErrorLink]:
    """Return every error of a form: field by field, then those of the whole form.

    A message that several fields have begins with the entry, or the inner form, that it
    is about. So it does at the fields, which this marks.
    """
    wrong = [
        pair for field in form for pair in _wrong(field, "", _plain(field.label.text))
    ]
    count = Counter(text for field, _ in wrong for text in own_errors(field))
    found = []
    for field, place in wrong:
        target, texts = first_id(field), own_errors(field)
        href = f"#{target}" if target else None
        if place and any(count[text] > 1 for text in texts):
            field.error_place = place
            texts = tuple(_placed(text, place) for text in texts)
        found += [ErrorLink(_without_links(text, href), href) for text in texts]
    return found + [ErrorLink(as_text(error), None) for error in form.form_errors]


@pass_context
def block(context: Context, name: str, default: Any = None, **values: object) -> Any:
    """Return a template's block, rendered, or ``default`` if there is no such block.

    The block has ``values`` as variables, and its ``super()`` is ``default``.
    """
    if name not in context.blocks:
        return default
    inner = context.derived(values)
    # Blocks are rendered by templates, which have escaped what is in them.
    inner.blocks[name].append(lambda _: iter([Markup(default or "")]))  # noqa: S704
    return Markup("".join(inner.blocks[name][0](inner)))  # noqa: S704


@pass_context
def fields_with_block(context: Context) -> set[str]:
    """Return the names of fields that a page's template has a block of their own for.

    The block of ``age`` is called ``field_age``.
    """
    start = "field_"
    return {name[len(start) :] for name in context.blocks if name.startswith(start)}


def _wrong(field: Field, place: str, inside: str) -> Iterator[tuple[Any, str]]:
    """Yield a field and those in it that have errors, each with its place.

    That is the entry, or the inner form, that it is in. ``inside`` is the place of what
    is in the field itself.
    """
    if own_errors(field):
        yield field, place
    for part, label in parts(field):
        if isinstance(field, FieldList):
            entry = ": ".join(filter(None, (place, _plain(label))))
            yield from _wrong(part, entry, entry)
        else:
            yield from _wrong(part, inside, f"{inside}: {_plain(label)}")


def _placed(message: str, place: str) -> str:
    """Return a message after its place; one in HTML stays so."""
    html = isinstance(message, Markup)
    return Markup("{}: {}").format(place, message) if html else f"{place}: {message}"


def _without_links(message: str, href: str | None) -> str:
    """Return a message that may stand inside a link: HTML could have links itself."""
    is_html = isinstance(message, Markup) and href is not None
    return message.striptags() if is_html else message  # type: ignore[attr-defined]


def _leaves(fields: Iterable[Field]) -> Iterator[Field]:
    for field in fields:
        inner = [part for part, _ in parts(field)]
        yield from _leaves(inner) if inner else [field]


def _options(field: Field, errors: Sequence[str]) -> Iterator[Option]:
    if has_foreign_widget(field):
        return
    for option in options_of(field):
        choice = getattr(option, "choice", None)
        own = clean_attributes(getattr(choice, "render_kw", None) or {})
        # The fieldset has the field's description, so that it is not read per option.
        drawn = {**own, "id": option.id, "required": False, "aria-describedby": False}
        drawn["class"] = _classes("wizard-tick", {**render_kw(field), **own})
        yield Option(option, drawn | _invalid(bool(errors)))


def _drawn(field: Field, attributes: Mapping[str, object], classes: str) -> Markup:
    """Return a field as its widget draws it. The classes of its ``render_kw`` stay."""
    ours = str(attributes.get("class") or "").split()
    own = (name for name in ours if not name.startswith("wizard-"))
    drawn = field(**{**attributes, "class": " ".join([classes, *own])})
    return Markup(drawn)  # noqa: S704  # widgets return HTML


def _hint_id(field: Field) -> str:
    return f"{field.id}-hint"


def _error_id(field: Field) -> str:
    return f"{field.id}-error"


def _files_id(field: Field) -> str:
    return f"{field.id}-files"


def _count_id(field: Field) -> str:
    return f"{field.id}-count"


def _longest(field: Field) -> int:
    """Return how many characters a long text may have; 0 if they are not counted."""
    if input_type(field) != "text" and not isinstance(field.widget, TextArea):
        return 0
    limits: Iterable[Any] = (v for v in field.validators if isinstance(v, Length))
    longest = min((limit.max for limit in limits if limit.max > 0), default=0)
    return longest if longest >= COUNTED_FROM else 0


def _cause(field: Field) -> Cause | None:
    """Return what decides in a browser whether a field is shown, if that can be told.

    A browser has the values of inputs, and not what a function makes of them.
    """
    cause, condition = cause_of(field), condition_of(field)
    if cause is None or condition is None or condition.function is not None:
        return None
    kind = kind_of(cause)
    if kind == "checkbox":
        ticked = str(getattr(cause, "_value", str)() or "y")
        values = [ticked if value else "" for value in condition.values]
    elif isinstance(cause, SelectFieldBase):
        coerce = getattr(cause, "coerce", str)
        sent = {coerce(value): str(value) for value, _, _ in choices_of(cause)}
        values = [sent.get(value, "") for value in condition.values]
    elif kind == "input":
        values = ["" if value is None else str(value) for value in condition.values]
    else:
        return None
    return Cause(cause.name, tuple(values))


def _hint(field: Field, kept: Collection[str]) -> str:
    cause = cause_of(field)
    known = ""
    if field.name in kept:
        known = text("You have already given this. Leave it blank to keep it.")
    if getattr(field, "shown_files", ()):
        known = text("A new file replaces the one that is here.")
        if isinstance(field, MultipleFileField):
            known = text("New files are added to those that are here.")
    example = ""
    if isinstance(field, DateBoxesField) and field.example is not None:
        example = text("For example, {date}", date=_as_boxes(field.example_text()))
    elif input_type(field) == "range" and not _is_slider(field):
        low, high = _bound(field, "min", None), _bound(field, "max", None)
        if None not in (low, high):
            example = text("A number from {low} to {high}", low=low, high=high)
    if cause is None and not (known or example):
        return field.description
    only_if = _only_if(cause, condition_of(field)) if cause is not None else ""
    said = (only_if, field.description, example, known)
    return _one_after_another(part for part in said if part)


def _one_after_another(parts: Iterable[str]) -> str:
    """Join sentences, and begin a new line after what ends like none."""
    joined = Markup()
    for part in parts:
        if joined:
            joined += Markup(" ") if joined[-1:] in _ENDS else Markup("<br> ")
        joined += part
    return joined


_ENDS = ".!?…:;。؟"
"""How sentences end."""


def _as_boxes(example: str) -> str:
    """Return the example of a date with its numbers in the direction of the boxes.

    Numbers with spaces between them stand from left to right in any language.
    """
    if direction(get_texts().language) == "ltr":
        return example
    return example.replace(NO_BREAK, f"{NO_BREAK}\N{RIGHT-TO-LEFT MARK}")


def _only_if(cause: Field, condition: OnlyIf | None) -> str:
    """Return a sentence that says when a field counts."""
    name = cause.short_name.replace("_", " ").capitalize()
    asked = _plain(cause.label.text) or name
    if condition is None or condition.function is not None:
        return text("Only if your answer to “{question}” asks for it.", question=asked)
    if kind_of(cause) == "checkbox":
        if {bool(value) for value in condition.values} == {True}:
            return text("Only if “{question}” is ticked.", question=asked)
        return text("Only if “{question}” is not ticked.", question=asked)
    labels = _labels(cause)
    said = [
        text("left blank")
        if value in ("", None)
        else text("“{answer}”", answer=labels.get(value, value))
        for value in condition.values
    ]
    return text(
        "Only if your answer to “{question}” is {answers}.",
        question=asked,
        answers=get_texts().listed(said, one_of=True),
    )


def _labels(cause: Field) -> dict[Any, str]:
    """Return the labels of a field's choices by what it makes of their values."""
    if not isinstance(cause, SelectFieldBase):
        return {}
    coerce = getattr(cause, "coerce", str)
    found = choices_of(cause)
    return {coerce(value): _plain(label or value) for value, label, _ in found}


def _plain(text: object) -> str:
    return text.striptags() if isinstance(text, Markup) else str(text)


def _described_by(field: Field, hint: str, errors: Sequence[str], longest: int) -> str:
    ids = [
        _hint_id(field) if hint else "",
        _error_id(field) if errors else "",
        _files_id(field) if getattr(field, "shown_files", ()) else "",
        _count_id(field) if longest else "",
        str(render_kw(field).get("aria-describedby") or ""),
    ]
    return " ".join(filter(None, ids))


def _is_question(field: Field, kind: Kind) -> bool:
    """True if a visitor can answer it; a field without a label is there for others."""
    is_asked = kind in ("input", "group") or isinstance(field, DateBoxesField)
    return is_asked and bool(str(field.label.text)) and not is_box(field)


def _may_be_blank(field: Field) -> bool:
    """True if a visitor may leave the field blank.

    WTForms refuses a blank number or date, and a choice that is not offered, even
    without a validator; only its ``Optional`` validator lets them through. A browser
    never leaves a colour or a slider blank.
    """
    if any(flag(field, name) for name in ("required", "disabled", "readonly")):
        return False
    if flag(field, "optional"):
        return True
    if input_type(field) in NEVER_BLANK:
        return False
    if isinstance(field, SelectField) and not isinstance(field, SelectMultipleField):
        blank = (value in ("", None) for value, _, _ in choices_of(field))
        return not field.validate_choice or any(blank)
    # The fields of WTForms-SQLAlchemy.
    if not getattr(field.widget, "multiple", False) and hasattr(field, "allow_blank"):
        return bool(field.allow_blank)
    refuse_blank = (IntegerField, DecimalField, FloatField, DateTimeField)
    return not isinstance(field, refuse_blank)


def _attributes(
    field: Field, kind: Kind, described_by: str, errors: Sequence[str], longest: int
) -> dict[str, object]:
    own = render_kw(field)
    if kind == "hidden":
        return {"id": field.id, "autocomplete": "off"}
    if kind == "content":
        return {"id": field.id}
    if kind == "group":
        return {}  # the options have their own
    type_ = input_type(field)
    shape = f"wizard-input wizard-input-{type_ or 'other'}"
    look = "wizard-tick" if kind == "checkbox" else shape
    drawn: dict[str, object] = {
        "id": field.id,
        "required": False,
        "class": _classes(look, own),
    }
    if described_by:
        drawn["aria-describedby"] = described_by
    if kind == "input" and type_ not in _WITHOUT_TEXT:
        drawn |= _defaults(own, dir="auto")
    if longest:  # a browser would cut a longer text without a word
        drawn["maxlength"] = False
    if "size" not in own and type_ in _SIZED and (size := _size(field, own)):
        drawn["size"] = size
    is_wrong = bool(errors) or is_marked(field)
    return drawn | _invalid(is_wrong) | _type_attributes(field, type_, own)


_WITHOUT_TEXT = frozenset(
    (
        *("checkbox", "color", "file", "range"),
        *("date", "datetime-local", "month", "time", "week"),
    )
)
"""The types of inputs whose value is no text that somebody types."""


def _size(field: Field, own: Mapping[str, object]) -> int:
    """Return how many characters wide an input is; 0 if as wide as the page."""
    token = str(own.get("autocomplete") or "").rpartition(" ")[-1]
    if token in _SIZES:
        return _SIZES[token]
    if input_type(field) == "tel":
        return _SIZES["tel"]
    longest: Any = own.get("maxlength", flag(field, "maxlength"))
    return int(longest) if longest and int(longest) <= SHORT else 0


def _invalid(is_wrong: bool) -> dict[str, object]:
    return {"aria-invalid": "true" if is_wrong else False}


def _type_attributes(
    field: Field, kind: str, own: Mapping[str, object]
) -> dict[str, object]:
    """Return the attributes that depend on the input's type, ``kind``.

    The field's own attributes, ``own``, win where they choose the keyboard.
    """
    if kind == "password" or isinstance(field, PasswordField):
        return {"value": False, **_reveals()}
    if kind in ("email", "url"):
        return _defaults(own, spellcheck="false", autocapitalize="none")
    whole = isinstance(field, IntegerField)
    if kind == "number" or (kind == "range" and not _is_slider(field)):
        mode = "numeric" if whole else "decimal"
        return _text_input() | _defaults(own, inputmode=mode)
    if kind == "text" and isinstance(field, (IntegerField, DecimalField, FloatField)):
        return _defaults(own, inputmode="numeric" if whole else "decimal")
    return {} if _browser_shows(field, kind) else _text_input()


def _reveals() -> dict[str, object]:
    """Return what the script writes on the button that shows a password."""
    return {"data-show": text("Show password"), "data-hide": text("Hide password")}


def _text_input() -> dict[str, object]:
    return {"type": "text", "min": False, "max": False, "step": False}


def _defaults(own: Mapping[str, object], **defaults: object) -> dict[str, object]:
    return {name: value for name, value in defaults.items() if name not in own}


def _browser_shows(field: Field, kind: str) -> bool:
    """True if ``<input type=kind>`` can show the value and send a new one."""
    if kind not in _BROWSER_FORMATS:
        return kind != "datetime"  # browsers no longer support it
    text, sent = shown_value(field), _BROWSER_FORMATS[kind]
    return (not text or sent.matches(text)) and _parses(field, sent)


def _parses(field: Field, sent: _BrowserFormat) -> bool:
    """True if any format of a date field parses what a browser would send."""
    formats: Sequence[str] = getattr(field, "strptime_format", ())
    return not formats or any(_parses_as(each, sent.sample) for each in formats)


@lru_cache
def _parses_as(format: str, sample: str) -> bool:
    return _succeeds(datetime.strptime, sample, format)


def _succeeds(parse: Callable[..., object], *given: str) -> bool:
    try:
        parse(*given)
    except ValueError:
        return False
    return True


def _is_slider(field: Field) -> bool:
    """True if the field is drawn as a slider, which does not show its number."""
    return render_kw(field).get("type") == "range" and _range_shows(field)


def _range_shows(field: Field) -> bool:
    """True if a slider can show the value exactly."""
    text = shown_value(field)
    if not text:
        return True
    try:
        value, low, high = (
            Decimal(text),
            Decimal(str(_bound(field, "min", 0))),
            Decimal(str(_bound(field, "max", 100))),
        )
        step = str(_bound(field, "step", 1))
        fits = step == "any" or (value - low) % Decimal(step) == 0
        return fits and low <= value <= high
    except (ArithmeticError, ValueError):  # 1e999999999 overflows
        return False


def _bound(field: Field, name: str, default: object) -> object:
    places = (
        render_kw(field).get(name),
        flag(field, name),
        getattr(field.widget, name, None),
    )
    found = next((place for place in places if place is not None), default)
    return found() if callable(found) else found


def _classes(ours: str, own: Mapping[str, object]) -> str:
    return " ".join(filter(None, [ours, str(own.get("class") or "")]))


@dataclass(frozen=True)
class _BrowserFormat:
    """What a browser sends for an input type. It shows any other value as blank."""

    sample: str
    #: A regular expression.
    shape: str
    #: Raises ValueError for a value that is not valid.
    parse: Callable[[str], object]
    #: What a value lacks for ``parse``.
    suffix: str = ""

    def matches(self, text: str) -> bool:
        shaped = re.fullmatch(self.shape, text, re.ASCII)
        return bool(shaped) and _succeeds(self.parse, text + self.suffix)


_DAY = r"\d{4}-\d\d-\d\d"
_CLOCK = r"([01]\d|2[0-3]):\d\d(:\d\d(\.\d{1,3})?)?"

# https://html.spec.whatwg.org/multipage/input.html#value-sanitization-algorithm
_BROWSER_FORMATS: Mapping[str, _BrowserFormat] = {
    "date": _BrowserFormat("2026-03-04", _DAY, date.fromisoformat),
    "month": _BrowserFormat("2026-03", r"\d{4}-\d\d", date.fromisoformat, "-01"),
    "week": _BrowserFormat("2026-W10", r"\d{4}-W\d\d", date.fromisoformat, "-1"),
    "time": _BrowserFormat("14:30", _CLOCK, time.fromisoformat),
    "datetime-local": _BrowserFormat(
        "2026-03-04T14:30", f"{_DAY}[T ]{_CLOCK}", datetime.fromisoformat
    ),
    "color": _BrowserFormat("#336699", r"#[0-9a-fA-F]{6}", str),
}
