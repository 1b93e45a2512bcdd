"""Operators that make another version of a wizard, as a deploy might."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from wizards import Commits, declare
from wtforms import Form, IntegerField, StringField
from wtforms.fields import FormField
from wtforms.fields.choices import SelectFieldBase
from wtforms.fields.core import UnboundField
from wtforms.validators import InputRequired, Length, Optional

from flask_wizard import Draft, Exit, Info, Item, Repeat, Review, Step, Wizard
from flask_wizard.core.signatures import NESTING, declared
from flask_wizard.core.steps import AnyStep


class Version(NamedTuple):
    """The steps of a wizard, and what else its class has."""

    steps: Mapping[str, AnyStep]
    body: Mapping[str, object] = {}
    #: By the name of a step, the name that it had in the old version, if another.
    was: Mapping[str, str] = {}

    def declared(self) -> type[Wizard]:
        body = {**self.body, **self.steps}
        return declare("Version", commit=Commits.commit, **body)

    def replaced(self, old: str, new: Mapping[str, AnyStep]) -> Version:
        """The version with other steps in the place of one."""
        steps: dict[str, AnyStep] = {}
        for name, step in self.steps.items():
            steps.update(new if name == old else {name: step})
        return self._replace(steps=steps)


Operator = Callable[[Version, Random], Version | None]
"""Returns another version, or None if there is nothing to change."""


class AddedForm(Form):
    added = StringField("Added", [InputRequired("Enter what was added")])


class FreeForm(Form):
    free = StringField("Free")


def _steps(version: Version) -> list[str]:
    return [n for n, step in version.steps.items() if not isinstance(step, Review)]


def _pick(version: Version, random: Random, *kinds: type) -> str | None:
    """A step, of one of these kinds, with a form class of its own."""
    names = [
        name
        for name, step in version.steps.items()
        if isinstance(step, kinds) and _form(step) is not None
    ]
    return random.choice(names) if names else None


def _form(step: Any) -> type[Form] | None:
    form = getattr(step, "form", None)
    is_form = isinstance(form, type) and issubclass(form, Form)
    return form if is_form else None


def _derived(form: type[Form], **body: object) -> type[Form]:
    return type(form.__name__, (form,), body)


def drop_step(version: Version, random: Random) -> Version | None:
    names = _steps(version)
    return version.replaced(random.choice(names), {}) if len(names) > 1 else None


def rename_step(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    return version.replaced(name, {f"{name}_now": version.steps[name]})


def rename_step_and_say_so(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    step = dataclasses.replace(version.steps[name], was=name)
    found = version.replaced(name, {f"{name}_now": step})
    return found._replace(was={f"{name}_now": name})


def reorder_steps(version: Version, random: Random) -> Version:
    names = _steps(version)
    random.shuffle(names)
    steps = {name: version.steps[name] for name in names}
    return version._replace(steps={**steps, **version.steps})


def add_step(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    new = Step(random.choice((AddedForm, FreeForm)))
    return version.replaced(name, {"added": new, name: version.steps[name]})


def add_info(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    return version.replaced(name, {"told": Info(), name: version.steps[name]})


def add_exit(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    never = random.random() < 0.5
    new = Exit(when=lambda answers: not never)
    return version.replaced(name, {name: version.steps[name], "ended": new})


def step_to_list(version: Version, random: Random) -> Version | None:
    name = _pick(version, random, Step)
    if name is None:
        return None
    step: Any = version.steps[name]
    most = random.choice((None, 1))
    least = random.choice((0, 1))
    return version.replaced(
        name, {name: Repeat(step.form, min=least, max=most, when=step.when)}
    )


def list_to_items(version: Version, random: Random) -> Version | None:
    name = _pick(version, random, Repeat)
    if name is None:
        return None
    step: Any = version.steps[name]
    pages = {"main": Step(step.form), "more": Step(FreeForm)}
    item: Any = type("Made", (Item,), pages)
    return version.replaced(
        name, {name: Repeat(item, min=step.min, max=step.max, when=step.when)}
    )


def change_condition(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    holds = random.random() < 0.5
    step = dataclasses.replace(
        version.steps[name],
        when=lambda answers: holds,  # type: ignore[call-arg]
    )
    return version.replaced(name, {name: step})


def drop_condition(version: Version, random: Random) -> Version | None:
    names = [n for n in _steps(version) if version.steps[n].when is not None]
    if not names:
        return None
    name = random.choice(names)
    step = dataclasses.replace(version.steps[name], when=None)  # type: ignore[call-arg]
    return version.replaced(name, {name: step})


def break_condition(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    step = dataclasses.replace(
        version.steps[name],
        when=lambda answers: 1 / 0,  # type: ignore[call-arg]
    )
    return version.replaced(name, {name: step})


def break_prepare(version: Version, random: Random) -> Version | None:
    name = _pick(version, random, Step, Repeat)
    if name is None:
        return None
    step = dataclasses.replace(
        version.steps[name],
        prepare=lambda form, answers: form.nothing,  # type: ignore[call-arg]
    )
    return version.replaced(name, {name: step})


def trust(version: Version, random: Random) -> Version | None:
    """Judge a step no more, and ask it for another field."""
    name = _pick(version, random, Step)
    if name is None:
        return None
    form = _form(version.steps[name])
    assert form is not None
    other = _derived(form, other=StringField("Other"))
    step = dataclasses.replace(
        version.steps[name],
        form=other,  # type: ignore[call-arg]
        revalidate=False,
    )
    return version.replaced(name, {name: step})


def raise_version(version: Version, random: Random) -> Version:
    name = random.choice(_steps(version))
    how = random.choice(("nothing", "blank", "drop", "raise"))

    def upgrade(self: Wizard, draft: Draft, from_version: int) -> None:
        if how == "raise":
            raise LookupError
        if how == "drop":
            draft.entries.pop(name, None)
        sent = draft.entries.get(name)
        if how == "blank" and isinstance(sent, dict):
            for field in sent:
                sent[field] = [""]

    return version._replace(body={"version": 2, "upgrade": upgrade})


def _change_field(
    change: Callable[[Any], Any], *, only: type = object
) -> Callable[[Version, Random], Version | None]:
    def operator(version: Version, random: Random) -> Version | None:
        name = _pick(version, random, Step, Repeat)
        form = _form(version.steps[name]) if name is not None else None
        fields = [
            (field, unbound)
            for field, unbound in (declared(form) if form is not None else ())
            if issubclass(unbound.field_class, only)
            and not issubclass(unbound.field_class, NESTING)
        ]
        if name is None or form is None or not fields:
            return None
        field, unbound = random.choice(fields)
        made = change((field, unbound))
        step: Any = version.steps[name]
        more = {}
        if isinstance(made, tuple):
            made, more = made
        changed = dataclasses.replace(step, form=_derived(form, **made), **more)
        return version.replaced(name, {name: changed})

    return operator


def _ruled(unbound: Any, change: Callable[[list[Any]], list[Any]]) -> Any:
    """A field with other validators."""
    arguments, named = list(unbound.args), dict(unbound.kwargs)
    if len(arguments) > 1:
        arguments[1] = change(list(arguments[1] or ()))
    else:
        named["validators"] = change(list(named.get("validators") or ()))
    return UnboundField(unbound.field_class, *arguments, **named)


def _fewer_choices(found: Any) -> Any:
    field, unbound = found
    arguments, named = list(unbound.args), dict(unbound.kwargs)
    choices = named.get("choices")
    if not isinstance(choices, list | dict) or len(choices) < 2:
        return {}
    kept = list(choices.items() if isinstance(choices, dict) else choices)[1:]
    named["choices"] = dict(kept) if isinstance(choices, dict) else kept
    return {field: UnboundField(unbound.field_class, *arguments, **named)}


OPERATORS: Mapping[str, Operator] = {
    "drop a step": drop_step,
    "rename a step": rename_step,
    "rename a step, and say so": rename_step_and_say_so,
    "reorder steps": reorder_steps,
    "add a step": add_step,
    "add an Info": add_info,
    "add an Exit": add_exit,
    "make a step a list": step_to_list,
    "make a list one of items": list_to_items,
    "change a condition": change_condition,
    "drop a condition": drop_condition,
    "break a condition": break_condition,
    "break prepare": break_prepare,
    "judge a step no more": trust,
    "raise the version": raise_version,
    "drop a field": _change_field(lambda found: {found[0]: None}),
    "add a required field": _change_field(
        lambda found: {"more": StringField("More", [InputRequired("Enter more")])}
    ),
    "rename a field": _change_field(
        lambda found: {found[0]: None, f"{found[0]}_now": found[1]}
    ),
    "rename a field, and say so": _change_field(
        lambda found: (
            {found[0]: None, f"{found[0]}_now": found[1]},
            {"fields_were": {f"{found[0]}_now": found[0]}},
        )
    ),
    "retype a field": _change_field(
        lambda found: {found[0]: IntegerField("Number", [Optional()])}
    ),
    "group a field": _change_field(lambda found: {found[0]: FormField(FreeForm)}),
    "require a field": _change_field(
        lambda found: {found[0]: _ruled(found[1], lambda r: [InputRequired("!"), *r])}
    ),
    "tighten a field": _change_field(
        lambda found: {
            found[0]: _ruled(found[1], lambda r: [*r, Length(max=1, message="!")])
        },
        only=StringField,
    ),
    "loosen a field": _change_field(
        lambda found: {found[0]: _ruled(found[1], lambda rules: [Optional()])}
    ),
    "remove a choice": _change_field(_fewer_choices, only=SelectFieldBase),
}
