"""Commit: everything judged once more, then the claim, the hook and the receipt."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import urlsplit

from msgspec.structs import astuple

from ..core.draft import REFUSED, Draft, Receipt
from ..core.journey import Journey
from ..core.steps import AnyStep, BoundStep
from ..core.submission import Submission
from ..errors import (
    CommitResultError,
    ConflictError,
    DefinitionError,
    StepError,
    StoreError,
)
from .repository import StoredDraft
from .visitor_drafts import VisitorDrafts

logger = logging.getLogger(__name__)


def receipt_of(result: Any) -> Receipt:
    """What ``commit`` returned, as a receipt. Raises CommitResultError."""
    if result is None:
        return Receipt()
    if isinstance(result, Receipt) and (result.url is None or _is_url(result.url)):
        return Receipt(*(None if v is None else str(v) for v in astuple(result)))
    if isinstance(result, str) and _is_url(result):
        return Receipt(url=result)
    location = getattr(result, "location", None)
    if location and 300 <= getattr(result, "status_code", 0) < 400:
        return Receipt(url=str(location))
    kinds = {str: "a text that is no URL", Receipt: "a Receipt whose url is none"}
    found = kinds.get(type(result), type(result))
    raise CommitResultError(
        f"commit returned {found}. The answers are committed all the same. Expected a "
        "URL to lead to, a redirect response, a Receipt, or None for the built-in "
        "receipt page; a page of your own goes behind a URL."
    )


def _is_url(text: str) -> bool:
    if any(char.isspace() or char in "<>" for char in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:  # http://[
        return False
    return text.startswith("/") or (
        parts.scheme in ("http", "https") and parts.netloc != ""
    )


class Hooks(Protocol):
    """What a wizard does with a submission.

    With ``one_transaction``, the end of the draft is part of the transaction that the
    application's session has begun in ``commit``, and ends with it.
    """

    one_transaction: bool

    def validate(self, submission: Submission) -> Any: ...
    def commit(self, submission: Submission) -> Any: ...


@dataclass(frozen=True)
class CommitResult:
    """The draft as it is stored now, and the step to lead to unless it has ended."""

    draft: Draft
    step: AnyStep | None = None


def commit(
    wizard: Hooks,
    journey: Journey,
    stored: StoredDraft,
    drafts: VisitorDrafts,
    *,
    lease: float,
) -> CommitResult:
    """Commit a draft whose steps are all done, once.

    Everything is validated again. Then the draft is claimed for ``lease`` seconds,
    ``wizard.commit`` runs, and the draft ends with its receipt. If that raises, the
    draft is open again with everything in it and the exception goes on. Raises
    ConflictError if the draft changed before the claim. An unsettled draft was
    validated as a whole before its first attempt, and has stayed as it was.
    """
    failing = [bound for bound in journey.path if not bound.trusted]
    if failing:
        kept = drafts.save(stored, _rejected(stored.draft, failing))
        return CommitResult(kept.draft, failing[0].step)
    submission = Submission.of(journey)
    try:
        if not stored.draft.unsettled:  # else it might refuse what took effect
            _validate(wizard, submission)
    except StepError as error:
        place = _place(journey, error)
        kept = drafts.save(stored, _sent_back(stored.draft, place, error))
        return CommitResult(kept.draft, place.step)
    claimed = _claim(stored, drafts, lease=lease)
    return _Attempt(wizard, journey, submission, claimed, drafts).run()


def _validate(wizard: Hooks, submission: Submission) -> None:
    verdict = wizard.validate(submission)
    if verdict is not None:
        raise DefinitionError(
            f"validate returned a {type(verdict).__name__}, which says nothing. "
            "Raise a StepError to refuse a submission; return None to accept it."
        )


def _claim(stored: StoredDraft, drafts: VisitorDrafts, *, lease: float) -> StoredDraft:
    """Claim the draft, or leave it unclaimed as far as the store can be had."""
    claimed = stored.draft.claim(time.time(), lease)
    try:
        return drafts.save(stored, claimed)
    except StoreError:  # it may have been written, and the reply was lost
        with suppress(StoreError, ConflictError):
            found = drafts.reload(stored)
            if found.draft == claimed:
                drafts.save(found, claimed.release())
        raise


@dataclass(frozen=True)
class _Refusal:
    """``commit`` sent the visitor back to a step."""

    place: BoundStep
    error: StepError


@dataclass(frozen=True)
class _Attempt:
    """One call of ``wizard.commit`` under a claim, let go whatever happens."""

    wizard: Hooks
    journey: Journey
    submission: Submission
    claimed: StoredDraft
    drafts: VisitorDrafts

    def run(self) -> CommitResult:
        try:
            result = self._call()
        except BaseException:
            draft = self._reopened()
            if draft is None or not self._has_ended(draft):
                raise
            # The transaction went through and only its reply was lost.
            logger.exception("A commit took place although it seems to have failed.")
            return CommitResult(draft)
        if isinstance(result, CommitResult):
            return result
        if isinstance(result, _Refusal):
            return CommitResult(self._refused(result), result.place.step)
        return CommitResult(self._ended(result))

    def _call(self) -> Any | _Refusal | CommitResult:
        try:
            return self._together() if self.wizard.one_transaction else self._hook()
        except StepError as error:
            return _Refusal(_place(self.journey, error), error)

    def _hook(self) -> Any:
        try:
            return self.wizard.commit(self.submission)
        except ConflictError as error:  # not one about this draft
            raise RuntimeError("commit raised a ConflictError of its own.") from error

    def _together(self) -> CommitResult:
        """Run the hook and end the draft in one transaction."""
        try:
            with self.drafts.joined() as joined:
                receipt = receipt_of(self._hook())
                ended = joined.end(self.claimed.draft, "committed", receipt)
                return CommitResult(joined.save(self.claimed, ended).draft)
        except ConflictError:  # the lease ran out, and the draft is another attempt's
            return CommitResult(self.drafts.reload(self.claimed).draft)

    def _is_ours(self, draft: Draft) -> bool:
        return (draft.state, draft.attempt) == ("committing", self.submission.attempt)

    def _has_ended(self, draft: Draft) -> bool:
        return (draft.state, draft.attempt) == ("committed", self.submission.attempt)

    def _reopened(self) -> Draft | None:
        """Let the claim go; None if the store cannot be had."""

        def released(draft: Draft) -> Draft | None:
            if not self._is_ours(draft):
                return None
            return self.drafts.add_holder(draft.release())

        try:
            return _save_with_retry(self.drafts, self.claimed, released)
        except StoreError:
            logger.exception("A draft stays claimed until its lease runs out.")
            return None

    def _refused(self, refusal: _Refusal) -> Draft:
        def refused(draft: Draft) -> Draft | None:
            back = _sent_back(draft.clear_unsettled(), refusal.place, refusal.error)
            return self.drafts.add_holder(back) if self._is_ours(draft) else None

        return _save_with_retry(self.drafts, self.claimed, refused)

    def _ended(self, result: object) -> Draft:
        """The tombstone, with the receipt if ``commit`` gave one."""
        receipt = Receipt()

        def ended(draft: Draft) -> Draft | None:
            # Whatever became of the draft meanwhile: this commit did take effect.
            is_over = draft.state == "committed"
            return None if is_over else self.drafts.end(draft, "committed", receipt)

        try:
            receipt = receipt_of(result)
        finally:
            draft = _save_with_retry(self.drafts, self.claimed, ended)
        return draft


def _save_with_retry(
    drafts: VisitorDrafts, stored: StoredDraft, change: Callable[[Draft], Draft | None]
) -> Draft:
    """Keep the changed draft whoever else writes; None from ``change`` leaves it."""
    while (draft := change(stored.draft)) is not None:
        try:
            return drafts.save(stored, draft).draft
        except ConflictError:
            stored = drafts.reload(stored)
    return stored.draft


def _rejected(draft: Draft, failing: Sequence[BoundStep]) -> Draft:
    draft = draft.release(notice=REFUSED)
    for bound in failing:
        draft = bound.reject(draft, bound.errors)
    return draft


def _sent_back(draft: Draft, bound: BoundStep, error: StepError) -> Draft:
    return bound.send_back(draft.release(notice=REFUSED), error)


def _place(journey: Journey, error: StepError) -> BoundStep:
    places = {bound.name: bound for bound in journey.path}
    if error.step not in places:
        raise DefinitionError(
            f"A StepError sends the visitor to {error.step!r}, which is not a step of "
            f"this submission. Its steps are {', '.join(places)}."
        ) from error
    return places[error.step]
