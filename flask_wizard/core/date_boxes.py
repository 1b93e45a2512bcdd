"""DateBoxesField: a date that is asked for as day, month and year, in three inputs."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from typing import Any, Literal

from markupsafe import Markup
from wtforms.fields import DateField, StringField
from wtforms.utils import unset_value
from wtforms.validators import StopValidation
from wtforms.widgets import html_params

from ..catalogues import message
from ..errors import DefinitionError
from .form_data import FormData
from .only_if import condition_of

Part = Literal["day", "month", "year"]

PARTS: tuple[Part, ...] = ("year", "month", "day")
"""The parts of a date in the order in which one string has them."""

LABELS: Mapping[Part, str] = {
    "day": message("Day"),
    "month": message("Month"),
    "year": message("Year"),
}

MISSING: Mapping[frozenset[Part], str] = {
    frozenset(("day",)): message("Enter the day"),
    frozenset(("month",)): message("Enter the month"),
    frozenset(("year",)): message("Enter the year"),
    frozenset(("day", "month")): message("Enter the day and the month"),
    frozenset(("day", "year")): message("Enter the day and the year"),
    frozenset(("month", "year")): message("Enter the month and the year"),
    frozenset(("day", "month", "year")): message("Enter a date"),
}
"""The message for each set of parts that are missing."""

UNREADABLE: Mapping[Part, str] = {
    "day": message("Enter the day as a number from 1 to 31"),
    "month": message("Enter the month as a number from 1 to 12"),
    "year": message("Enter the year with four digits"),
}

NO_SUCH_DAY = message("Enter a date that exists: this month has no such day")

NO_BREAK = "\N{NO-BREAK SPACE}"

_RANGES: Mapping[Part, range] = {
    "day": range(1, 32),
    "month": range(1, 13),
    "year": range(1, 10_000),
}

_DIGITS: Mapping[Part, tuple[int, ...]] = {"day": (1, 2), "month": (1, 2), "year": (4,)}
"""How many digits each part may have."""


class DateBoxesWidget:
    """Draws the three inputs of a date, each with its label."""

    def __call__(self, field: Any, **kwargs: object) -> Markup:
        """Return the HTML, for templates that do not draw the boxes one by one."""
        start = {"id": kwargs.pop("id", field.id), "aria_label": field.label.text}
        # WTForms adds the field's own attributes, which the boxes have already.
        own = (name.rstrip("_") for name in field.render_kw or ())
        passed = {name: kwargs[name] for name in kwargs.keys() - {*own}}
        drawn = [
            Markup("{} {}").format(box.label(), box(**passed)) for box in field.boxes
        ]
        group = Markup('<div role="group" {}>{}</div>')
        return group.format(html_params(**start), Markup(" ").join(drawn))


class DateBoxesField(DateField):
    """A date as day, month and year: one field, three inputs, whose data is a ``date``.

    The inputs are called ``<name>-day``, ``<name>-month`` and ``<name>-year``. A client
    that has one string sends ``<name>=2010-05-05``. Whatever was typed is shown again.
    It takes the validators of a ``DateField``. ``order`` is that of the inputs.
    ``example`` is a date for the hint, in the same order; with ``None`` there is none.
    """

    widget: Any = DateBoxesWidget()

    def __init__(
        self,
        label: str | None = None,
        validators: Sequence[Any] | None = None,
        *,
        order: Sequence[Part] = ("day", "month", "year"),
        example: date | None = date(2007, 3, 27),
        **kwargs: Any,
    ) -> None:
        """Declare the field.

        ``order`` is that of the inputs. ``example`` is a date for the hint, which has
        it in the same order; with ``None`` there is none. ``invalid_value_message``
        takes the place of the messages for parts that are wrong, not for those that
        are missing. Raise DefinitionError.
        """
        if sorted(order) != sorted(PARTS):
            raise DefinitionError(
                f"DateBoxesField was given the order {order!r}. Expected 'day', "
                "'month' and 'year', each once, such as ('month', 'day', 'year')."
            )
        super().__init__(label, list(validators or ()), **kwargs)
        self.order: tuple[Part, ...] = tuple(order)
        self.example = example
        #: What was typed into each box; ``None`` if nothing was sent.
        self.typed: Mapping[Part, str] | None = None
        #: The parts that are missing or that nobody can read.
        self.wrong: frozenset[Part] = frozenset()

    # Reading

    def process(
        self, formdata: Any, data: Any = unset_value, extra_filters: Any = None
    ) -> None:
        """Read the three inputs, or one string."""
        self.typed, self.wrong = None, frozenset()
        if formdata is not None:
            self.typed = self._read(formdata)
            whole = {} if self.typed is None else {self.name: [joined(self.typed)]}
            formdata = FormData(whole)
        super().process(formdata, data, extra_filters)

    def _read(self, formdata: Any) -> Mapping[Part, str] | None:
        names = {part: self.box_name(part) for part in PARTS}
        sent = {part: formdata.getlist(name) for part, name in names.items()}
        whole = "".join(map(str, formdata.getlist(self.name)[:1]))
        if whole.strip() or not any(sent.values()):  # no browser sends it
            return self.split(whole) if self.name in formdata else None
        return {part: "".join(map(str, texts[:1])) for part, texts in sent.items()}

    def split(self, text: str) -> Mapping[Part, str]:
        """Return the parts of a date that is one string.

        ``2010-05-05`` begins with the year, and ``5/5/2010`` is in the order of the
        boxes. What is no date of three parts stands in the first box.
        """
        if len(pieces := text.split("-")) == 3:
            return dict(zip(PARTS, pieces, strict=True))
        pieces = re.split(r"[/. ]", text)
        if len(pieces) == 3:
            is_iso = len(pieces[0]) == 4
            return dict(zip(PARTS if is_iso else self.order, pieces, strict=True))
        return {part: text if part == self.order[0] else "" for part in PARTS}

    def process_formdata(self, valuelist: Sequence[str]) -> None:
        """Make a date of what was typed. Raise ValueError, with the message."""
        if not valuelist:
            return
        self.data = None
        typed = self.split(valuelist[0]) if self.typed is None else self.typed
        missing = frozenset(part for part in PARTS if not typed[part].strip())
        numbers = {part: _number(part, typed[part]) for part in PARTS}
        unread = [part for part in self.order if numbers[part] is None]
        self.wrong = frozenset(unread)
        messages = [MISSING[missing]] if missing else []
        messages += [UNREADABLE[part] for part in unread if part not in missing]
        if not unread:
            try:
                self.data = date(*(numbers[part] or 0 for part in PARTS))
            except ValueError:
                messages = [NO_SUCH_DAY]
        if own := vars(self)["invalid_value_message"]:
            found = [own] if len(messages) > bool(missing) else []
            messages = [*messages[: bool(missing)], *found]
        # Field.process adds what is raised; a copy of the field has the same list.
        if messages:
            *others, last = [self.gettext(message) for message in messages]
            self.process_errors: list[str] = [*self.process_errors, *others]
            raise ValueError(last)

    def pre_validate(self, form: Any) -> None:
        """Run no validator on a date that cannot be read. Raise StopValidation."""
        if not self.process_errors or not any(map(str.strip, self.raw_data or ())):
            return
        condition = condition_of(self)
        if condition is None or condition.holds_in(form):
            raise StopValidation

    # Showing

    def box_name(self, part: Part) -> str:
        """Return the name of the input of a part."""
        return f"{self.name}-{part}"

    @property
    def texts(self) -> Mapping[Part, str]:
        """What each box shows: what was typed, or the parts of the date."""
        if self.typed is not None:
            return self.typed
        day = self.data
        if not isinstance(day, date):
            return dict.fromkeys(PARTS, "")
        return {"day": f"{day:%d}", "month": f"{day:%m}", "year": f"{day.year:04}"}

    @property
    def sent(self) -> Mapping[str, list[str]]:
        """What was sent, by the names of the three inputs."""
        texts = self.typed or {}
        return {self.box_name(part): [text] for part, text in texts.items()}

    @property
    def whole(self) -> str | None:
        """All that the boxes show as one string; ``None`` if one cannot have it."""
        text = joined(self.texts)
        return text if self.split(text) == self.texts else None

    @property
    def boxes(self) -> list[StringField]:
        """The three inputs, in their order."""
        return list(self._boxes())

    def _boxes(self) -> Iterator[StringField]:
        own, texts = self.render_kw or {}, self.texts
        marked = (self.wrong or frozenset(PARTS)) if self.errors else frozenset()
        for part in self.order:
            box = StringField(
                self.gettext(LABELS[part]),
                id=f"{self.id}-{part}",
                name=self.box_name(part),
                render_kw=_attributes(own, part, self.name),
                _form=vars(self)["_form"],
                _meta=self.meta,
            )
            box.data = texts[part]
            for flag in ("required", "disabled", "readonly"):
                if getattr(self.flags, flag):
                    setattr(box.flags, flag, True)
            #: A page marks the boxes that an error is about.
            box.is_wrong = part in marked  # type: ignore[attr-defined]
            yield box

    def example_text(self) -> str:
        """Return the example in the order of the boxes; "" if there is none."""
        if (day := self.example) is None:
            return ""
        return NO_BREAK.join(str(getattr(day, part)) for part in self.order)


def joined(texts: Mapping[Part, str]) -> str:
    """Return the texts of three boxes as one string; "" if all of them are blank."""
    text = "-".join(texts[part] for part in PARTS)
    return text if any(texts[part].strip() for part in PARTS) else ""


def _number(part: Part, text: str) -> int | None:
    text = text.strip()
    if not text.isdecimal() or len(text) not in _DIGITS[part]:
        return None
    number = int(text)
    return number if number in _RANGES[part] else None


def _attributes(own: Mapping[str, Any], part: Part, row: str) -> dict[str, object]:
    """Return the attributes of a box, by those of the field."""
    known = ("disabled", "readonly", "hidden", "style", "class", "class_")
    found: dict[str, object] = {name: own[name] for name in known if name in own}
    *places, token = str(own.get("autocomplete") or "").split(" ")
    if token:
        name = f"bday-{part}" if token == "bday" else token
        found["autocomplete"] = " ".join((*places, name))
    size = _DIGITS[part][-1]
    return {**found, "inputmode": "numeric", "size": size, "data-row": row}
