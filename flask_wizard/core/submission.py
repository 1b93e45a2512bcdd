"""Submission: what an application is handed at the end."""

from __future__ import annotations

from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from wtforms import Form
from wtforms.fields import Field, FieldList, FormField

from . import forms
from .answers import Answers, plain
from .journey import Journey
from .steps import Step


@dataclass(frozen=True)
class Submission:
    """What ``validate`` and ``commit`` get: the applicable steps' accepted answers.

    ``id`` is the idempotency key, equal on every attempt, and ``attempt`` counts from
    1. ``data`` holds plain dicts by step, without tokens and buttons.
    """

    id: str
    attempt: int
    answers: Answers = dataclass_field(repr=False)
    data: dict[str, dict[str, Any]] = dataclass_field(repr=False)
    _forms: dict[str, Form] = dataclass_field(repr=False)

    @classmethod
    def of(cls, journey: Journey) -> Submission:
        places = [place for place in journey.path if isinstance(place.step, Step)]
        return cls(
            id=journey.draft.submission,
            attempt=journey.draft.attempt + 1,
            answers=journey.answers,
            data={place.step.name: plain(place.form) for place in places},
            _forms={place.step.name: place.form for place in places},
        )

    def populate(self, obj: object, *steps: str) -> None:
        """Call each form's ``populate_obj`` in order, for all steps or those named.

        Buttons and steps that do not apply are left out. Raises UnknownNameError for
        a step that the wizard does not have.
        """
        for name in steps or self._forms:
            if self.answers[name]:
                _without_buttons(self._forms[name]).populate_obj(obj)


def _without_buttons(form: Form) -> Form:
    for name, field in list(form._fields.items()):
        if forms.is_button(field):
            del form[name]
        else:
            _drop_buttons(field)
    return form


def _drop_buttons(field: Field) -> None:
    if isinstance(field, FormField):
        _without_buttons(field.form)
    elif isinstance(field, FieldList):
        for entry in field.entries:
            _drop_buttons(entry)
