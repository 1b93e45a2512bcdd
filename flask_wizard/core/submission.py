"""Submission: what ``validate`` and ``commit`` of a wizard get."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import field as dataclass_field
from typing import Any

from ..cached import cached_property
from .answers import Answers
from .journey import Journey
from .steps import BoundStep, Changes


@dataclass(frozen=True)
class Submission:
    """What ``validate`` and ``commit`` get: the applicable steps' accepted answers."""

    #: The idempotency key, the same on every attempt.
    id: str
    #: The number of the attempt, from 1.
    attempt: int
    #: The answers of all steps.
    answers: Answers = dataclass_field(repr=False)
    #: The answers as plain dicts by step and field, without tokens, buttons and files.
    #: A Repeat has a list of such dicts, one for each item.
    data: dict[str, Any] = dataclass_field(repr=False)
    #: The uploads by step and field; nested fields have dots in their names. Each field
    #: to choose files with has a list, which may be empty. A Repeat has a list of such
    #: dicts, one for each item. The files last until ``commit`` has returned.
    files: dict[str, Any] = dataclass_field(repr=False)
    #: The variables of the mount's URL prefix that bind the draft.
    bound: Mapping[str, Any] = dataclass_field(repr=False)
    _steps: dict[str, BoundStep] = dataclass_field(repr=False)
    _journey: Journey = dataclass_field(repr=False)

    @classmethod
    def of(cls, journey: Journey) -> Submission:
        """Return the submission of a journey whose steps are all done."""
        steps = {bound.name: bound for bound in journey.path if bound.step.has_answers}
        with_files = [bound for bound in steps.values() if bound.step.takes_files]
        files = {bound.name: bound.files() for bound in with_files}
        return cls(
            id=journey.draft.submission,
            attempt=journey.draft.attempt + 1,
            answers=journey.answers,
            data={name: bound.data() for name, bound in steps.items()},
            files=files,
            bound=journey.bound,
            _steps=steps,
            _journey=journey,
        )

    @property
    def reopened(self) -> bool:
        """True if the draft was sent back for correction, by ``reopen_url``."""
        return self._journey.draft.reopened

    @cached_property
    def changes(self) -> dict[str, Changes]:
        """What differs from what the pages began with, by step.

        For each field that differs it has the values before and after. A step that does
        not apply any more has what it began with, and ``None``. Passwords are not told:
        both are ``"…"``. Uploads are told by their names, and there are none before.
        """
        steps = [*self._journey.path, *self._journey.hidden]
        found = {bound.name: bound.changes() for bound in steps}
        return {name: changed for name, changed in found.items() if changed is not None}

    def populate(self, obj: object, *steps: str) -> None:
        """Call each form's ``populate_obj`` in order, for all steps or those named.

        Buttons, files and steps that do not apply are left out. Raise UnknownNameError
        for a step that the wizard does not have.
        """
        for name in steps or self._steps:
            if self.answers[name]:
                self._steps[name].populate(obj)
