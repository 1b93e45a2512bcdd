"""NotStored: why nothing of a POST was stored, and the status of the answer."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from werkzeug.exceptions import HTTPException
from wtforms import Form

from ..core.draft import Draft
from ..core.forms import Values
from ..core.journey import Journey
from ..core.messages import Problem
from ..core.steps import BoundStep
from ..errors import DraftTooLargeError, StoreError, TooManyDraftsError
from . import guard
from .logins import SignedOut
from .submitted import Submitted

STATUS: Mapping[Problem, int] = {
    Problem.TOKEN: 400,
    Problem.ORIGIN: 400,
    Problem.TOO_MANY_FIELDS: 413,
    Problem.TOO_LARGE: 413,
    Problem.TOO_MANY: 409,
    Problem.TOO_MANY_ITEMS: 409,
    Problem.NOT_ADMITTED: 429,
    Problem.BUSY: 409,
    Problem.UNSETTLED: 409,
    Problem.REMOVED: 409,
    Problem.SIGNED_OUT: 401,
    Problem.NOT_SHARED: 409,
    Problem.STORE: 503,
}

PROBLEMS: Mapping[type[Exception], Problem] = {
    guard.CSRFFailure: Problem.TOKEN,
    guard.ForeignOrigin: Problem.ORIGIN,
    guard.TooManyFields: Problem.TOO_MANY_FIELDS,
    DraftTooLargeError: Problem.TOO_LARGE,
    TooManyDraftsError: Problem.TOO_MANY,
    SignedOut: Problem.SIGNED_OUT,
    StoreError: Problem.STORE,
}

STOPS: tuple[type[Exception], ...] = tuple(PROBLEMS)
"""The errors that end a POST before anything is stored."""


class Attempt(NamedTuple):
    """A submission that could not be saved."""

    #: The journey before the submission.
    journey: Journey
    #: The step, or the page of an item, before the submission.
    bound: BoundStep
    #: The form with the submitted values.
    form: Form | None


class NotStored(Exception):
    """Nothing of this POST was stored; its page gives back what was sent."""

    def __init__(
        self,
        problem: Problem,
        *,
        attempt: Attempt | None = None,
        status: int | None = None,
        retry_after: str | None = None,
    ) -> None:
        super().__init__(problem)
        self.problem = problem
        #: The submission, if a form was made of it before the error.
        self.attempt = attempt
        #: The HTTP status to send.
        self.status: int = status or STATUS[problem]
        #: The value of the header ``Retry-After``, or ``None``.
        self.retry_after = retry_after

    @classmethod
    def because(cls, error: Exception, attempt: Attempt | None = None) -> NotStored:
        """Return the exception for an error of ``STOPS``, which becomes its cause."""
        found = next(p for kind, p in PROBLEMS.items() if isinstance(error, kind))
        refusal = cls(found, attempt=attempt)
        refusal.__cause__ = error
        return refusal

    @classmethod
    def refused(cls, refusal: HTTPException) -> NotStored:
        """Return the exception for an error of ``Wizard.admit``, with its status."""
        return cls(
            Problem.NOT_ADMITTED,
            status=refusal.code,
            retry_after=dict(refusal.get_headers()).get("Retry-After"),
        )


def is_ours(submitted: Submitted, bound: BoundStep) -> bool:
    """True if a POST without ``_action`` may be for this step all the same.

    Otherwise it would save nothing over an answer, or confirm what nobody has seen.
    """
    is_one = submitted.has_rev or bound.declares(submitted.values)
    return bound.takes_input and is_one


def is_frozen(draft: Draft, bound: BoundStep) -> bool:
    """True if a step must stay as the visitor confirmed it.

    A process may have died after its commit took effect. Only the next attempt, with
    the same idempotency key, shows whether it did. A change before that would seem to
    be saved and be in no commit. An incomplete step of an unsettled draft may change.
    """
    if not draft.unsettled:
        return False
    return bound.done or bound.top.done or bound.step.lists_answers


def refuse_change(
    draft: Draft, page: BoundStep, bound: BoundStep | None, values: Values
) -> Problem | None:
    """Return why a page cannot be changed now, or ``None``.

    ``bound`` is ``None`` if the page may not be opened. Values that are stored already,
    as a second click sends them, are no change.
    """
    if draft.state == "open" and not draft.unsettled:
        return None
    if draft.state == "committing":
        changes = bound.would_change(values) if bound is not None else page.takes_input
        return Problem.BUSY if changes else None
    if bound is not None and is_frozen(draft, bound) and bound.would_change(values):
        return Problem.UNSETTLED
    return None
