"""Random wizards for tests, and a simple model of what a draft of one means.

A wizard is generated as a plan: plain values, from which both the real wizard is built
and the model foretells it. The model recomputes everything from the submitted texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any, Literal, Protocol, TypeVar

from fuzz import Brief
from hypothesis import strategies as st
from wtforms import Form, ValidationError, fields, validators
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]

from flask_wizard import Answers, Review, Step
from flask_wizard.core.answers import Record

Raw = Mapping[str, list[str]]
Path = tuple[str, ...]
How = Literal["given", "none", "is"]
Kind = Literal["text", "number", "tick", "choice", "secret"]
REVIEW = "check"
END = "the end"
"""The reader of what the rules across all steps read."""


# Rules: what conditions, forms and validators ask of earlier answers


@dataclass(frozen=True, repr=False)
class Ref(Brief):
    """A step's answer by its path, such as home, street. No path: the step itself."""

    step: str
    path: Path = ()


class Reader(Protocol):
    """Reads earlier answers: the real ones, or those of the model."""

    def value(self, ref: Ref) -> object: ...


@dataclass(frozen=True, repr=False)
class Ask(Brief):
    """One question about an earlier answer."""

    ref: Ref
    how: How
    operand: object = None

    def holds(self, reader: Reader) -> bool:
        value = reader.value(self.ref)
        if self.how == "given":
            return bool(value)
        return value is None if self.how == "none" else value == self.operand


@dataclass(frozen=True, repr=False)
class Rule(Brief):
    """Questions of which every one must hold, or any; the rest is not asked then."""

    asks: tuple[Ask, ...] = ()
    every: bool = True

    def holds(self, reader: Reader) -> bool:
        each = (ask.holds(reader) for ask in self.asks)
        return all(each) if self.every else any(each)

    @property
    def refs(self) -> set[Ref]:
        return {ask.ref for ask in self.asks}


# Plans


@dataclass(frozen=True, repr=False)
class Leaf(Brief):
    """A field with one value.

    ``least`` is for numbers, ``upper`` and ``default`` for texts, ``choices`` for
    choices. A value that equals the answer ``against`` is not valid.
    """

    kind: Kind
    required: bool = False
    least: int | None = None
    upper: bool = False
    default: str | None = None
    choices: tuple[str, ...] = ()
    against: Ref | None = None


@dataclass(frozen=True, repr=False)
class Group(Brief):
    """A nested form."""

    fields: tuple[tuple[str, Leaf], ...]


@dataclass(frozen=True, repr=False)
class Many(Brief):
    """A list of fields or of nested forms."""

    entry: Leaf | Group
    least: int


Part = Leaf | Group | Many
FormPlan = tuple[tuple[str, Part], ...]


@dataclass(frozen=True, repr=False)
class Late(Brief):
    """What ``prepare`` does to a field if its rule holds.

    It offers ``choices`` and else ``others``, demands a value, or drops the field.
    """

    act: Literal["offer", "demand", "drop"]
    field: str
    rule: Rule
    choices: tuple[str, ...] = ()
    others: tuple[str, ...] = ()

    def applied(self, part: Part, holds: bool) -> Part | None:
        if self.act == "offer" and isinstance(part, Leaf):
            return replace(part, choices=self.choices if holds else self.others)
        if self.act == "demand" and isinstance(part, Leaf) and holds:
            return replace(part, required=True)
        return None if self.act == "drop" and holds else part


@dataclass(frozen=True, repr=False)
class StepPlan(Brief):
    """A step. Of two forms, a function of the answers takes the first or the second."""

    name: str
    forms: tuple[FormPlan, ...]
    second: Rule = Rule()
    when: Rule | None = None
    late: tuple[Late, ...] = ()
    revalidate: bool = True

    @property
    def is_static(self) -> bool:
        return len(self.forms) == 1

    def form(self, reader: Reader) -> FormPlan:
        return self.forms[not self.is_static and self.second.holds(reader)]

    def prepared(self, form: FormPlan, reader: Reader) -> FormPlan:
        parts: dict[str, Part] = dict(form)
        for late in self.late:
            if late.field in parts:
                part = late.applied(parts.pop(late.field), late.rule.holds(reader))
                if part is not None:
                    parts[late.field] = part
        return tuple((name, parts[name]) for name, _ in form if name in parts)

    @property
    def refs(self) -> set[Ref]:
        """All that its code may read."""
        rules = [self.second, self.when or Rule(), *(late.rule for late in self.late)]
        against = (leaf.against for form in self.forms for leaf in _all_leaves(form))
        return {ref for ref in against if ref}.union(*(rule.refs for rule in rules))

    @property
    def secrets(self) -> set[str]:
        return {
            name
            for form in self.forms
            for name, part in form
            if isinstance(part, Leaf) and part.kind == "secret"
        }


@dataclass(frozen=True, repr=False)
class Plan(Brief):
    """A wizard. Its ``validate`` refuses while ``refusal`` holds, blaming a step."""

    steps: tuple[StepPlan, ...]
    review: bool
    refusal: Rule | None = None

    @property
    def step_names(self) -> tuple[str, ...]:
        return tuple(step.name for step in self.steps)

    @property
    def names(self) -> tuple[str, ...]:
        return self.step_names + (REVIEW,) * self.review

    def step(self, name: str) -> StepPlan:
        return next(step for step in self.steps if step.name == name)

    def read_of(self, name: str) -> set[str]:
        """The fields of a step that the code of other steps reads."""
        refs = {ref for step in self.steps for ref in step.refs}
        return {"-".join(ref.path) for ref in refs if ref.step == name}

    def get(self, name: str) -> StepPlan | None:
        return next((step for step in self.steps if step.name == name), None)


def _all_leaves(form: Sequence[tuple[str, Part]]) -> Iterator[Leaf]:
    for _, part in form:
        if isinstance(part, Leaf):
            yield part
        else:
            inner = part.fields if isinstance(part, Group) else (("", part.entry),)
            yield from _all_leaves(inner)


def shape(form: FormPlan) -> object:
    """The names and types of a form's fields, and nothing else."""
    return tuple((name, _shape(part)) for name, part in form)


def _shape(part: Part) -> object:
    if isinstance(part, Leaf):
        return part.kind
    return shape(part.fields) if isinstance(part, Group) else [_shape(part.entry)]


# The real wizard of a plan


@dataclass(frozen=True)
class Peek:
    """Something that application code saw of earlier answers.

    ``reader`` is the step that the code belongs to; ``at`` says which code. Without a
    ``ref`` the code was called, and what it saw is which steps it could read.
    """

    reader: str
    at: str
    ref: Ref | None = None
    seen: object = None


@dataclass(frozen=True)
class Live:
    """Reads real answers and notes down what was seen."""

    answers: Answers
    reader: str
    at: str
    log: list[Peek]

    @classmethod
    def called(cls, answers: Answers, reader: str, at: str, log: list[Peek]) -> Live:
        """A reader for code that was called just now, and may read these steps."""
        log.append(Peek(reader, at, seen=tuple(answers)))
        return cls(answers, reader, at, log)

    def value(self, ref: Ref) -> object:
        record = self.answers[ref.step]
        seen = self._at(record, ref.path) if ref.path else bool(record)
        self.log.append(Peek(self.reader, self.at, ref, seen))
        return seen

    @staticmethod
    def _at(found: Any, path: Path) -> object:
        for name in path:
            if found is None:
                return None
            found = found[name]
        return plain(found)


def plain(value: Any) -> object:
    """An answer without the records of the wizard, so that answers can be compared."""
    if isinstance(value, (list, tuple)):
        return tuple(plain(each) for each in value)
    if isinstance(value, (dict, Record)):
        return {name: plain(value[name]) for name in value}
    return value


@dataclass(frozen=True)
class Builder:
    """Makes the real steps of a plan; their code notes down what it sees."""

    log: list[Peek] = field(default_factory=list)
    form: type[Form] = Form

    def steps(self, plan: Plan) -> dict[str, Step | Review]:
        made: dict[str, Step | Review] = {s.name: self.step(s) for s in plan.steps}
        return {**made, REVIEW: Review()} if plan.review else made

    def step(self, step: StepPlan) -> Step:
        forms = [self.form_class(f"{step.name} ", f, step.name) for f in step.forms]

        def live(answers: Answers, at: str) -> Live:
            return Live.called(answers, step.name, at, self.log)

        def when(answers: Answers) -> bool:
            assert step.when is not None
            return step.when.holds(live(answers, "when"))

        def form(answers: Answers) -> type[Form]:
            return forms[step.second.holds(live(answers, "form"))]

        def prepare(form: Any, answers: Answers) -> None:
            reader = live(answers, "prepare")
            for late in step.late:
                if late.field in form:
                    _prepare(form, late, late.rule.holds(reader))

        return Step(
            forms[0] if step.is_static else form,
            when=when if step.when is not None else None,
            prepare=prepare if step.late else None,
            revalidate=step.revalidate,
        )

    def form_class(self, label: str, form: FormPlan, step: str) -> type[Form]:
        """Give every field a label of its own, so that pages say which one it is."""
        body = {name: self.field(label + name, part, step) for name, part in form}
        return type("Made", (self.form,), body)

    def field(self, label: str, part: Part, step: str) -> Any:
        if isinstance(part, Group):
            return fields.FormField(self.form_class("", part.fields, step), label)
        if isinstance(part, Many):
            entry = self.field(label, part.entry, step)
            return fields.FieldList(entry, label, min_entries=part.least)
        checks = [*_checks(part), *self.against(part, step)]
        if part.kind == "choice":
            offered = [offer(choice) for choice in part.choices]
            return fields.SelectField(label, checks, choices=offered)
        if part.kind == "text":
            return fields.StringField(label, checks, default=part.default)
        return _FIELDS[part.kind](label, checks)

    def against(self, leaf: Leaf, step: str) -> Iterator[Any]:
        def check(form: Form, field: Any) -> None:
            if field.data in (None, "") or leaf.against is None:
                return
            live = Live.called(form.meta.answers, step, field.name, self.log)
            if field.data == live.value(leaf.against):
                raise ValidationError("This was the answer before.")

        if leaf.against is not None:
            yield check


_FIELDS: dict[str, Any] = {
    "number": fields.IntegerField,
    "tick": fields.BooleanField,
    "secret": fields.PasswordField,
}


def offer(choice: str) -> SelectChoice:
    return SelectChoice(choice, f"Choice {choice}" if choice else "None")


def _checks(leaf: Leaf) -> Iterator[Any]:
    if leaf.required:
        yield validators.InputRequired()
    elif leaf.kind == "number":
        yield validators.Optional()
    if leaf.least is not None:
        yield validators.NumberRange(min=leaf.least)
    if leaf.upper:
        yield _to_upper


def _to_upper(form: Form, field: Any) -> None:
    """A validator that changes the value, as some do."""
    field.data = field.data and field.data.upper()


def _prepare(form: Any, late: Late, holds: bool) -> None:
    if late.act == "offer":
        offered = late.choices if holds else late.others
        form[late.field].choices = [offer(choice) for choice in offered]
    elif holds and late.act == "demand":
        field = form[late.field]
        field.validators = [validators.InputRequired(), *field.validators]
    elif holds:
        del form[late.field]


# The model


@dataclass(frozen=True)
class Sheet:
    """What was sent last for one step, and what became of it.

    ``blamed`` names what is shown as wrong. ``under`` are all the definitions of the
    wizard that were in force since the step was accepted, and ``shape`` that of the
    form that it was accepted with.
    """

    raw: Raw = field(default_factory=dict)
    secrets: Raw = field(default_factory=dict)
    accepted: bool = False
    blamed: frozenset[str] = frozenset()
    rev: int = 0
    under: frozenset[Plan] = frozenset()
    shape: object = ()

    def may_be_outdated(self, plan: Plan, name: str) -> bool:
        """Were the rules changed under it, in a way that a wizard need not notice?

        It notices other names and types of the step's fields, and other texts in what
        the step had read. It may judge the step anew for any other reason.
        """
        return any(_is_quiet_change(old, plan, name) for old in self.under)


def _is_quiet_change(old: Plan, new: Plan, name: str) -> bool:
    if name not in old.names:
        return False
    was, step = old.step(name), new.step(name)
    shapes = {repr(shape(form)) for form in step.forms}
    if shapes.isdisjoint(repr(shape(form)) for form in was.forms):
        return False
    reads = {ref.step for ref in was.refs | step.refs}
    return was != step or any(old.get(read) != new.get(read) for read in reads)


Sheets = Mapping[str, Sheet]


@dataclass
class Verdict:
    """A form filled in: its values, what is wrong, and what its controls show."""

    values: dict[str, Any] = field(default_factory=dict)
    wrong: set[str] = field(default_factory=set)
    shown: dict[str, list[str]] = field(default_factory=dict)


def judged(form: FormPlan, raw: Raw, reader: Reader, *, fresh: bool) -> Verdict:
    """What a form makes of submitted texts; ``fresh`` if nothing was submitted yet."""
    verdict = Verdict()
    for name, part in form:
        verdict.values[name] = _judge(part, name, raw, reader, fresh, verdict)
    return verdict


def _judge(
    part: Part, name: str, raw: Raw, reader: Reader, fresh: bool, verdict: Verdict
) -> Any:
    if isinstance(part, Group):
        return {
            inner: _judge(leaf, f"{name}-{inner}", raw, reader, fresh, verdict)
            for inner, leaf in part.fields
        }
    if isinstance(part, Many):
        canonical, count = renumbered(name, raw)
        return tuple(
            _judge(part.entry, f"{name}-{n}", canonical, reader, fresh, verdict)
            for n in range(max(count, part.least))
        )
    sent = raw.get(name)
    value, right = _read(part, sent)
    if shown := _shown(part, sent, fresh):
        verdict.shown[name] = shown
    blank = not sent or sent[0] == ""
    if part.required and blank:
        right = False
    elif part.upper and value:
        value = value.upper()
    if value not in (None, "") and not (part.required and blank):
        if part.least is not None and value < part.least:
            right = False
        if part.against is not None and value == reader.value(part.against):
            right = False
    if not right:
        verdict.wrong.add(name)
    return value


def _read(leaf: Leaf, sent: list[str] | None) -> tuple[Any, bool]:
    """The value that a text stands for, and whether it stands for one at all."""
    if leaf.kind == "tick":
        return bool(sent), True
    if leaf.kind == "number":
        if not sent or sent[0] == "":
            return None, True
        digits = sent[0].strip()
        return (int(digits), True) if digits.isdigit() else (None, False)
    value = sent[0] if sent else leaf.default
    return value, leaf.kind != "choice" or value in leaf.choices


def _shown(leaf: Leaf, sent: list[str] | None, fresh: bool) -> list[str]:
    """What a browser would send if the page is left as it stands."""
    if leaf.kind == "tick":
        return ["y"] if sent else []
    if leaf.kind == "choice":
        first = list(leaf.choices[:1])
        return sent if sent and sent[0] in leaf.choices else first
    return [""] if leaf.kind == "secret" else sent or [leaf.default or ""]


def renumbered(name: str, raw: Raw) -> tuple[dict[str, list[str]], int]:
    """A list's texts with its entries numbered 0, 1, 2, and how many there are."""
    entry = re.compile(rf"{name}-([0-9]+)(-.*)?")
    hits = {key: hit for key in raw if (hit := entry.fullmatch(key))}
    order = sorted({int(hit[1]) for hit in hits.values()})
    texts = {
        f"{name}-{order.index(int(hit[1]))}{hit[2] or ''}": raw[key]
        for key, hit in hits.items()
    }
    return texts, len(order)


def taken(form: FormPlan, sent: Raw) -> tuple[Raw, Raw]:
    """What a form keeps of what was sent: the plain texts, and the passwords."""
    raw: dict[str, list[str]] = {}
    secrets: dict[str, list[str]] = {}
    for name, part in form:
        into = secrets if isinstance(part, Leaf) and part.kind == "secret" else raw
        into.update(_taken(part, name, sent))
    return raw, secrets


def _taken(part: Part, name: str, sent: Raw) -> dict[str, list[str]]:
    if isinstance(part, Leaf):
        return {name: sent[name]} if name in sent else {}
    if isinstance(part, Group):
        each = [_taken(leaf, f"{name}-{inner}", sent) for inner, leaf in part.fields]
    else:
        canonical, count = renumbered(name, sent)
        each = [_taken(part.entry, f"{name}-{n}", canonical) for n in range(count)]
    return {key: texts for found in each for key, texts in found.items()}


class View:
    """A draft walked through a plan, recomputed as a whole.

    Whether a step holds that was accepted under other rules cannot be foretold: such
    a step is taken to be done, unless it is the one where the visitor is ``led``.
    """

    def __init__(self, plan: Plan, sheets: Sheets, *, led: str | None = None) -> None:
        self.plan = plan
        self.sheets = sheets
        self.path: list[str] = []
        self.hidden: set[str] = set()
        self.first_incomplete: str | None = None
        self.forms: dict[str, FormPlan] = {}
        self.verdicts: dict[str, Verdict] = {}
        self.facts: dict[str, dict[str, Any] | None] = {}
        for step in plan.steps:
            if step.when is not None and not step.when.holds(self):
                self.facts[step.name] = None
                self.hidden.add(step.name)
                continue
            self._meet(step)
            is_done = self._is_done(step, led)
            self.facts[step.name] = self.verdicts[step.name].values if is_done else None
            if not is_done:
                self.first_incomplete = step.name
                return
        if plan.review:
            self.path.append(REVIEW)
            self.first_incomplete = REVIEW

    def _meet(self, step: StepPlan) -> None:
        sheet = self.sheets.get(step.name)
        form = step.prepared(step.form(self), self)
        raw = {**sheet.raw, **sheet.secrets} if sheet else {}
        self.path.append(step.name)
        self.forms[step.name] = form
        self.verdicts[step.name] = judged(form, raw, self, fresh=sheet is None)

    def _is_done(self, step: StepPlan, led: str | None) -> bool:
        sheet = self.sheets.get(step.name)
        if sheet is None or not sheet.accepted:
            return False
        if not step.revalidate:  # it reads nothing, and must not be judged again
            return sheet.shape == shape(step.forms[0])
        if not self.verdicts[step.name].wrong:
            return True
        return sheet.may_be_outdated(self.plan, step.name) and led != step.name

    # What code may read

    def value(self, ref: Ref) -> object:
        found: Any = self.facts[ref.step]
        if not ref.path:
            return found is not None
        for name in ref.path:
            if found is None:
                return None
            found = found.get(name)
        return plain(found)

    def lets_see(self, peek: Peek) -> bool:
        """May this code run now, and see what it saw?"""
        names = self.plan.names
        met = (
            names[: names.index(self.first_incomplete) + 1]
            if self.first_incomplete
            else names
        )
        if peek.reader not in (*met, END if self.is_whole else None):
            return False
        if peek.ref is None:
            return peek.seen == names[: names.index(peek.reader)]
        return bool(self.value(peek.ref) == peek.seen)

    @property
    def is_whole(self) -> bool:
        """Is every applicable step done?"""
        return self.first_incomplete in (None, REVIEW)

    # Where a visitor is

    @property
    def current(self) -> str:
        return self.path[-1]

    @property
    def done(self) -> list[str]:
        return [name for name in self.path if name != self.first_incomplete]

    def before(self, name: str) -> str | None:
        at = self.path.index(name)
        return self.path[at - 1] if at else None

    def after(self, name: str) -> str | None:
        later = self.path[self.path.index(name) + 1 :]
        return later[0] if later else None

    def wrong(self, name: str) -> set[str]:
        """What the step's page shows as wrong."""
        sheet = self.sheets.get(name)
        if sheet is None:
            return set()
        if sheet.accepted:
            is_judged = name not in self.done and self.plan.step(name).revalidate
            return self.verdicts[name].wrong if is_judged else set()
        return set(sheet.blamed)

    @property
    def failing(self) -> list[str]:
        """Steps on the path that a commit would refuse."""
        return [
            name
            for name in self.path
            if name != REVIEW
            and self.plan.step(name).revalidate
            and self.verdicts[name].wrong
        ]

    @property
    def data(self) -> dict[str, Any]:
        """What a commit would get."""
        return {
            name: self.verdicts[name].values for name in self.path if name in self.forms
        }

    @property
    def kept(self) -> dict[str, Sheet]:
        """What was sent for the steps on the path."""
        return {name: self.sheets[name] for name in self.path if name in self.sheets}

    @property
    def told(self) -> object:
        """What a check page stands for: its rows, and the passwords that it hides."""
        return self.rows, {name: sheet.secrets for name, sheet in self.kept.items()}

    @property
    def rows(self) -> list[tuple[str, str]]:
        return self.spoken(self.data)

    def spoken(self, data: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str]]:
        """Submitted data as the check page says them: labels and answers in words."""
        return [
            row
            for step, values in data.items()
            for name, part in self.forms[step]
            for row in _rows(f"{step} {name}", part, values[name])
        ]


def _rows(label: str, part: Part, value: Any) -> Iterator[tuple[str, str]]:
    if isinstance(part, Group):
        for inner, leaf in part.fields:
            yield from _rows(f"{label}: {inner}", leaf, value[inner])
    elif isinstance(part, Many) and isinstance(part.entry, Group) and value:
        for number, entry in enumerate(value, start=1):
            yield from _rows(f"{label} {number}", part.entry, entry)
    elif isinstance(part, Many):
        lines = [] if isinstance(part.entry, Group) else _lines(part.entry, value)
        yield label, " ".join(lines) or "Not provided"
    else:
        yield label, _said(part, value) or "Not provided"


def _lines(leaf: Leaf, values: tuple[Any, ...]) -> list[str]:
    said = [_said(leaf, value) for value in values]
    return [line or "Not provided" for line in said] if any(said) else []


def _said(leaf: Leaf, value: Any) -> str:
    if leaf.kind == "tick":
        return "Yes" if value else "No"
    if leaf.kind == "secret":
        return "Not shown" if value else ""
    if leaf.kind == "choice" and value in leaf.choices:
        return f"Choice {value}" if value else ""
    return " ".join(str(value).split()) if value is not None else ""


# What a POST does


def _asks(form: FormPlan, key: str) -> bool:
    """Does a form have an input of this name?"""
    return any(
        key == name
        if isinstance(part, Leaf)
        else key.startswith(f"{name}-")
        if isinstance(part, Many)
        else key in {f"{name}-{inner}" for inner, _ in part.fields}
        for name, part in form
    )


def sent_to(view: View, name: str, sent: Raw, action: str) -> Sheet:
    """The sheet of a step after a POST with ``sent``."""
    step = view.plan.step(name)
    opens = name in view.path
    kept = view.sheets.get(name) or Sheet()
    if opens or step.is_static:
        form = view.forms[name] if opens else step.forms[0]
        raw, secrets = taken(form, sent)
        gone = {key: kept.raw[key] for key in kept.raw if not _asks(form, key)}
        raw = {**gone, **raw}
    else:
        # Which form it is cannot be known, but the page says which are passwords.
        raw = {key: texts for key, texts in sent.items() if key not in step.secrets}
        secrets = {}
    typed = {name for name, texts in secrets.items() if any(texts)}
    if action == "next" and opens:
        secrets = secrets if typed else {**secrets, **kept.secrets}
        verdict = judged(form, {**raw, **secrets}, view, fresh=False)
        after = Sheet(raw, kept.secrets, blamed=frozenset(verdict.wrong | typed))
        if not verdict.wrong:
            under = frozenset({view.plan})
            after = Sheet(
                raw, secrets, accepted=True, under=under, shape=shape(step.forms[0])
            )
    elif raw == kept.raw and not typed:
        blamed = kept.blamed if action == "autosave" else frozenset()
        after = replace(kept, blamed=blamed)
    else:
        after = Sheet(raw, kept.secrets, blamed=frozenset(typed))
    return replace(after, rev=kept.rev + (action != "autosave"))


def turns(view: View, *, asks_again: bool) -> list[tuple[str, Raw]]:
    """New texts for a done step after which another one is hidden, shown or open.

    With ``asks_again`` only those after which a done one is open, if there are any.
    """
    tried = [
        (name, sent, View(view.plan, {**view.sheets, name: sheet}))
        for name in view.done
        for sent in _one_changed(view, name)
        if (sheet := sent_to(view, name, sent, "next")).accepted
    ]
    turned = [
        (name, sent) for name, sent, after in tried if _fates(after) != _fates(view)
    ]
    again = [
        (name, sent)
        for name, sent, after in tried
        if any(step in view.done and step not in after.done for step in after.path)
    ]
    return again if again and asks_again else turned


def _fates(view: View) -> object:
    return [(name in view.hidden, name in view.done) for name in view.plan.names]


def _one_changed(view: View, name: str) -> Iterator[Raw]:
    """What was sent for a step, with another text in a field that other steps read."""
    sheet, read = view.sheets[name], view.plan.read_of(name)
    blank = {secret: [""] for secret in sheet.secrets}
    for field_name, leaf in _simple(view.forms[name]):
        for text in _POOLS[leaf.kind] if field_name in read else ():
            sent = {**blank, **sheet.raw, field_name: [text or ""]}
            if text is None:
                del sent[field_name]
            yield sent


def _simple(form: FormPlan) -> Iterator[tuple[str, Leaf]]:
    for name, part in form:
        if isinstance(part, Leaf):
            yield name, part
        elif isinstance(part, Group):
            yield from ((f"{name}-{inner}", leaf) for inner, leaf in part.fields)


def deployed(sheets: Sheets, plan: Plan) -> dict[str, Sheet]:
    """The sheets under another definition: nothing of them is lost."""
    return {
        name: replace(sheet, under=sheet.under | {plan})
        if sheet.accepted and plan.get(name)
        else sheet
        for name, sheet in sheets.items()
    }


# Random choices

TEXTS = ("", "a", "b", " a ", 'é<&"')
NUMBERS = ("", "1", "2", "007", " 3 ", "x")
CHOICES = ("a", "b", "c", "")
SECRETS = ("", "hush-1", "hush-2")
OFFERS = (("a", "b"), ("c",), ("", "a"), ("b", "c"))
ENTRIES = ((0, 1), (0,), (), (0, 1, 3), (1,))

_OPERANDS: Mapping[str, tuple[object, ...]] = {
    "text": ("a", "A", "b"),
    "number": (1, 2, 7),
    "choice": CHOICES,
    "secret": SECRETS,
}
_POOLS: Mapping[str, tuple[str | None, ...]] = {
    "text": TEXTS,
    "number": NUMBERS,
    "choice": CHOICES,
    "secret": SECRETS,
    "tick": (None, "y"),
}

T = TypeVar("T")


class Dice:
    """Takes all choices by small whole numbers, which shrink to the first option.

    A strategy of its own for every list of options would take most of the time.
    """

    def __init__(self, draw: st.DrawFn) -> None:
        self._draw = draw

    def upto(self, most: int) -> int:
        return self._draw(_upto(most))

    def pick(self, options: Sequence[T]) -> T:
        return options[self.upto(len(options) - 1)]

    def maybe(self) -> bool:
        return bool(self.upto(1))

    def rarely(self) -> bool:
        return self.upto(4) == 4


@cache
def _upto(most: int) -> st.SearchStrategy[int]:
    return st.integers(0, most)


Readable = tuple[Ref, Part | None]


def readable(steps: Sequence[StepPlan]) -> list[Readable]:
    """All that a rule may read of some steps, each with its field, whichever the form.

    Fields that may be dropped are left out: readers remember texts, and those stay.
    """
    return [each for step in steps for each in _readable(step)]


def _readable(step: StepPlan) -> Iterator[Readable]:
    dropped = {late.field for late in step.late if late.act == "drop"}
    if step.when is not None:
        yield Ref(step.name), None
    for name, part in step.forms[0]:
        if name not in dropped:
            inner = part.fields if isinstance(part, Group) else ()
            yield from ((Ref(step.name, (name, each)), leaf) for each, leaf in inner)
            if not inner:
                yield Ref(step.name, (name,)), part


def some_rule(dice: Dice, before: list[Readable]) -> Rule:
    """A rule over some of ``before``, of which there must be one at least."""
    asks = [_some_ask(dice, *dice.pick(before)) for _ in range(1 + dice.rarely())]
    return Rule(tuple(asks), dice.maybe())


def _some_ask(dice: Dice, ref: Ref, part: Part | None) -> Ask:
    """A question to which either answer is likely."""
    operands = _OPERANDS.get(part.kind if isinstance(part, Leaf) else "")
    if not operands or dice.maybe():
        how: How = "none" if dice.rarely() else "given"
        return Ask(ref, how)
    return Ask(ref, "is", dice.pick(operands))


def some_leaf(dice: Dice, before: list[Readable], kind: Kind | None = None) -> Leaf:
    kind = kind or dice.pick(("text", "number", "choice"))
    required = dice.maybe()
    if kind == "choice":
        return Leaf("choice", required, choices=dice.pick(OFFERS))
    against = dice.pick(before)[0] if before and dice.maybe() else None
    if kind == "number":
        return Leaf("number", required, least=dice.pick((None, 2)), against=against)
    default = dice.pick((None, "b"))
    return Leaf("text", required, upper=dice.maybe(), default=default, against=against)


def some_part(dice: Dice, before: list[Readable]) -> Part:
    kind = dice.pick(("leaf", "leaf", "leaf", "group", "list"))
    if kind == "leaf":
        return some_leaf(dice, before)
    first, second = some_leaf(dice, before, "text"), some_leaf(dice, before)
    group = Group((("in0", first), ("in1", second)))
    if kind == "group":
        return group
    return Many(first if dice.maybe() else group, dice.upto(2))


def some_form(dice: Dice, before: list[Readable]) -> FormPlan:
    """One to three fields, and some that keep their kind for ever, by their names."""
    form = [(f"f{n}", some_part(dice, before)) for n in range(1 + dice.upto(2))]
    if not dice.rarely():
        form.insert(0, ("tick", Leaf("tick", required=dice.rarely())))
    if dice.upto(2) == 2:
        form.append(("pass0", Leaf("secret", required=dice.maybe())))
        form.append(("pass1", Leaf("secret")))
    return tuple(form)


def some_variant(dice: Dice, form: FormPlan, before: list[Readable]) -> FormPlan:
    """Another form whose texts mean the same, but which asks for less or for more."""
    parts = dict(form)
    name, part = dice.pick(form)
    if isinstance(part, Leaf):
        parts[name] = replace(part, required=not part.required)
    if dice.maybe():
        parts["more"] = some_leaf(dice, before)
    return tuple(parts.items())


def some_lates(dice: Dice, form: FormPlan, before: list[Readable]) -> tuple[Late, ...]:
    parts = [(name, part) for name, part in form if not name.startswith("pass")]
    lates = [_some_late(dice, n, p, before) for n, p in parts if dice.maybe()]
    drops = [late for late in lates if late.act == "drop"]
    return tuple(lates[:2] if len(drops) < len(form) else ())


def _some_late(dice: Dice, name: str, part: Part, before: list[Readable]) -> Late:
    rule = some_rule(dice, before)
    if isinstance(part, Leaf) and part.kind == "choice":
        at = dice.upto(len(OFFERS) - 2)
        return Late("offer", name, rule, *OFFERS[at : at + 2])
    if isinstance(part, Leaf) and part.kind in ("text", "number"):
        return Late("demand", name, rule)
    return Late("drop", name, rule)


def some_step(dice: Dice, name: str, earlier: Sequence[StepPlan]) -> StepPlan:
    before = readable(earlier)
    step = StepPlan(name, (some_form(dice, before),))
    if dice.rarely():
        return _trusted(step)
    if not before:
        return step
    if dice.rarely():
        forms = (*step.forms, some_variant(dice, step.forms[0], before))
        step = replace(step, forms=forms, second=some_rule(dice, before))
    if dice.maybe():
        step = replace(step, when=some_rule(dice, before))
    if dice.maybe():
        step = replace(step, late=some_lates(dice, step.forms[0], before))
    return step


def _trusted(step: StepPlan) -> StepPlan:
    """Without validators that change values: those of a trusted step may not run.

    Nor has it any that read answers, which would not be read again.
    """
    flat = tuple((name, _flat(part)) for name, part in step.forms[0])
    return replace(step, forms=(flat, *step.forms[1:]), revalidate=False)


def _flat(part: Part) -> Part:
    if isinstance(part, Leaf):
        return _flat_leaf(part)
    if isinstance(part, Group):
        return Group(tuple((name, _flat_leaf(leaf)) for name, leaf in part.fields))
    entry = _flat(part.entry)
    assert not isinstance(entry, Many)
    return Many(entry, part.least)


def _flat_leaf(leaf: Leaf) -> Leaf:
    return replace(leaf, upper=False, against=None)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    """A wizard of two to seven steps."""
    dice = Dice(draw)
    steps: list[StepPlan] = []
    for number in range(2 + dice.upto(5)):
        steps.append(some_step(dice, f"step_{number}", steps))
    refusal = some_rule(dice, readable(steps)) if dice.rarely() else None
    return pruned(Plan(tuple(steps), not dice.rarely(), refusal))


# Changes of a definition


@st.composite
def changes(draw: st.DrawFn, plans: Sequence[Plan]) -> Plan:
    """The next version after ``plans``: an earlier one again, or a new one."""
    dice = Dice(draw)
    if dice.rarely():
        return dice.pick(plans)
    plan = plans[-1]
    steps = list(plan.steps)
    at = dice.upto(len(steps) - 1)
    kind = dice.pick(("same", "field", "field", "insert", "remove", "swap", "review"))
    if kind == "field":
        steps[at] = changed(dice, steps[at], steps[:at])
    elif kind == "insert":
        steps.insert(at, some_step(dice, f"new_{len(plans)}", steps[:at]))
    elif kind == "remove" and len(steps) > 1:
        del steps[at]
    elif kind == "swap":
        steps.insert(at, steps.pop())
    review = plan.review != (kind == "review")
    return pruned(replace(plan, steps=tuple(steps), review=review))


def changed(dice: Dice, step: StepPlan, earlier: Sequence[StepPlan]) -> StepPlan:
    """A step with a field added, removed, replaced, or with other validators."""
    name, part = dice.pick(step.forms[0])
    other = some_part(dice, readable(earlier))
    is_free = name.startswith("f")  # the rest keep their kind, and come in pairs
    kind = dice.pick(("add", "remove", "replace", "demand"))
    parts: dict[str, Part | None] = {}
    if kind == "add":
        parts = {"f9": other}
    elif kind == "demand" and isinstance(part, Leaf):
        parts = {name: replace(part, required=not part.required)}
    elif is_free and (kind == "replace" or len(step.forms[0]) > 1):
        parts = {name: other if kind == "replace" else None}
    forms = [{**dict(form), **parts} for form in step.forms]
    left = [tuple((n, p) for n, p in form.items() if p) for form in forms]
    step = replace(step, forms=tuple(left))
    return step if step.revalidate else _trusted(step)


def pruned(plan: Plan) -> Plan:
    """The plan without rules that read what is not there, or not earlier, any more."""
    steps: tuple[StepPlan, ...] = ()
    for step in plan.steps:
        steps = (*steps, _pruned_step(step, _known(steps)))
    refusal = plan.refusal and _pruned_rule(plan.refusal, _known(steps))
    return replace(plan, steps=steps, refusal=refusal if refusal != Rule() else None)


def _known(steps: Sequence[StepPlan]) -> set[Ref]:
    return {ref for ref, _ in readable(steps)}


def _pruned_rule(rule: Rule, known: set[Ref]) -> Rule:
    asks = tuple(ask for ask in rule.asks if ask.ref in known)
    return Rule(asks, rule.every) if asks else Rule()


def _pruned_step(step: StepPlan, known: set[Ref]) -> StepPlan:
    when = step.when and _pruned_rule(step.when, known)
    return replace(
        step,
        forms=tuple(
            tuple((name, _pruned_part(part, known)) for name, part in form)
            for form in step.forms
        ),
        second=_pruned_rule(step.second, known),
        when=None if when == Rule() else when,
        late=tuple(
            replace(late, rule=_pruned_rule(late.rule, known))
            for late in step.late
            if all(_suits(late, dict(form).get(late.field)) for form in step.forms)
        ),
    )


def _suits(late: Late, part: Part | None) -> bool:
    """Can ``prepare`` still do it to what the field is now?"""
    kind = part.kind if isinstance(part, Leaf) else None
    kinds = {"offer": ("choice",), "demand": ("text", "number")}
    return part is not None and (late.act == "drop" or kind in kinds[late.act])


def _pruned_part(part: Part, known: set[Ref]) -> Part:
    if isinstance(part, Leaf):
        return replace(part, against=part.against if part.against in known else None)
    if isinstance(part, Group):
        inner = tuple((name, _pruned_part(leaf, known)) for name, leaf in part.fields)
        return Group(inner)  # type: ignore[arg-type]  # leaves stay leaves
    return Many(_pruned_part(part.entry, known), part.least)  # type: ignore[arg-type]


# Submitted texts


@st.composite
def texts_for(draw: st.DrawFn, form: FormPlan, reader: Reader | None) -> Raw:
    """Texts for all fields of a form; with a ``reader`` valid ones, if it has any."""
    dice = Dice(draw)
    sent: dict[str, list[str]] = {}
    least = 0 if reader is None else 2
    for name, leaf in _leaves(dice, form, least=least):
        if (text := some_text(dice, leaf, reader)) is not None:
            sent[name] = [text]
    return sent


@st.composite
def edits_of(
    draw: st.DrawFn, form: FormPlan, raw: Raw, reader: Reader | None, read: set[str]
) -> Raw:
    """What was sent before with another text in one field, likely one of ``read``.

    Pages show passwords as blank, and browsers send every one.
    """
    dice = Dice(draw)
    leaves = dict(_leaves(dice, form))
    blank = {name: [""] for name, leaf in leaves.items() if leaf.kind == "secret"}
    if not leaves:
        return raw
    likely = [name for name in leaves if name in read]
    name = dice.pick(likely if likely and not dice.rarely() else list(leaves))
    text = some_text(dice, leaves[name], reader)
    left = {key: texts for key, texts in {**blank, **raw}.items() if key != name}
    return left if text is None else {**left, name: [text]}


def _leaves(
    dice: Dice, form: FormPlan, prefix: str = "", *, least: int = 0
) -> Iterator[tuple[str, Leaf]]:
    """The fields of a filled-in form, lists with some entries and maybe gaps."""
    for name, part in form:
        if isinstance(part, Leaf):
            yield prefix + name, part
        elif isinstance(part, Group):
            yield from _leaves(dice, part.fields, f"{prefix}{name}-")
        else:
            enough = [each for each in ENTRIES if len(each) >= min(part.least, least)]
            for index in dice.pick(enough):
                entry = ((str(index), part.entry),)
                yield from _leaves(dice, entry, f"{prefix}{name}-")


def some_text(dice: Dice, leaf: Leaf, reader: Reader | None) -> str | None:
    pool = _POOLS[leaf.kind]
    if reader is not None:
        pool = tuple(text for text in pool if is_valid(leaf, text, reader)) or pool
    return dice.pick(pool)


def is_valid(leaf: Leaf, text: str | None, reader: Reader) -> bool:
    raw = {"it": [text]} if text is not None else {}
    return not judged((("it", leaf),), raw, reader, fresh=False).wrong
