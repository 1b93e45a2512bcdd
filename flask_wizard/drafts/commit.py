"""commit: validate everything again, claim the draft, call the hook, end the draft."""

from __future__ import annotations

import logging
import os
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

from markupsafe import Markup
from msgspec.structs import replace

from ..core.draft import AnswersCopy, Draft, Receipt, pack, storable
from ..core.hooks import call_hook
from ..core.journey import Journey
from ..core.messages import Notice
from ..core.steps import BoundStep
from ..core.submission import Submission
from ..errors import (
    CommitResultError,
    ConflictError,
    DefinitionError,
    StepError,
    StoreError,
)
from ..tracebacks import without_locals
from .draft_list import LATEST
from .encrypted_store import StoredDraft
from .lease import LeaseRenewal, threads_are_reliable
from .lifetimes import seconds
from .visitor_drafts import VisitorDrafts

logger: logging.Logger = logging.getLogger(__name__)

MAX_RECEIPT = 64 * 1024
"""How many bytes a receipt may have, whatever the store."""

TRANSACTION_TRIES = 20
"""How often a transaction is tried that the database gives up because of another."""


def _text(given: object) -> str | None:
    """Return what the application has given as a text that can be stored."""
    return None if given is None else storable(str(given))


def receipt_of(result: Any) -> Receipt:
    """Return the result of ``Wizard.commit`` as a receipt. Raise CommitResultError."""
    if result is None:
        return Receipt()
    if isinstance(result, Receipt):
        url = None if result.url is None else str(result.url)
        if url is None or _is_url(url):
            return Receipt(
                reference=_text(result.reference),
                url=_text(url),
                message=_text(result.message),
                next_steps=_text(result.next_steps),
                contact=_text(result.contact),
                url_label=_text(result.url_label),
                keep=_seconds(result.keep),
                html=isinstance(result.message, Markup),
                html_parts=tuple(
                    part
                    for part in ("next_steps", "contact")
                    if isinstance(getattr(result, part), Markup)
                ),
            )
    if isinstance(result, str) and _is_url(result):
        return Receipt(url=result)
    location = getattr(result, "location", None)
    if location and 300 <= getattr(result, "status_code", 0) < 400:
        return Receipt(url=str(location))
    kinds = {
        str: "a string that is not a URL",
        Receipt: "a Receipt whose url is not a URL",
    }
    found = kinds.get(type(result), type(result))
    raise CommitResultError(
        f"commit returned {found}. The answers are committed all the same. Expected a "
        "URL to lead to, a redirect response, a Receipt, or None for the built-in "
        "receipt page; a page of your own goes behind a URL."
    )


def _seconds(keep: object) -> float | None:
    """Return ``Receipt.keep`` in seconds. Raise CommitResultError."""
    if keep is None:
        return None
    is_number = isinstance(keep, (int, float)) and not isinstance(keep, bool)
    if isinstance(keep, timedelta) or is_number:
        duration = seconds(keep)
        if 0 < duration < LATEST:  # not true of NaN
            return float(duration)
    raise CommitResultError(
        f"commit returned a Receipt with keep={keep!r}. The answers are committed all "
        "the same, and no copy of them is kept. Expected a positive timedelta, such as "
        "timedelta(days=30), or a number of seconds."
    )


def _fitting(receipt: Receipt, limit: int) -> Receipt:
    """Return the receipt, without what is too large for it, and log that.

    The commit has taken effect by now, and every store must have room to say so. With a
    copy of the answers it may have ``limit`` bytes, as a draft.
    """
    if receipt.copy and (size := len(pack(receipt))) > limit:
        logger.error(
            "The copy of the answers takes a receipt to %s bytes, and a draft may have "
            "%s. It is left out. Raise WIZARD_MAX_DRAFT, or return a Receipt without "
            "keep and lead to a page of your own.",
            size,
            limit,
        )
    elif receipt.copy:
        whole = _fitting(receipt.without_copy(), limit)
        return replace(whole, copy=receipt.copy, copy_until=receipt.copy_until)
    receipt = receipt.without_copy()
    parts = ("message", "reference", "url", "next_steps", "contact", "url_label")
    for _ in parts:
        if (size := len(pack(receipt))) <= MAX_RECEIPT:
            break
        left_out = max(parts, key=lambda part: len(getattr(receipt, part) or ""))
        logger.error(
            "commit returned a Receipt of %s bytes, and there is room for %s. Its %s "
            "is left out. Return a short message, and lead to a page of your own for "
            "more.",
            size,
            MAX_RECEIPT,
            left_out,
        )
        receipt = replace(receipt, **{left_out: None})
    return receipt


def _is_url(text: str) -> bool:
    if any(char.isspace() or char in "<>" for char in text) or storable(text) != text:
        return False
    try:
        parts = urlsplit(text)
    except ValueError:  # http://[
        return False
    return text.startswith("/") or (
        parts.scheme in ("http", "https") and parts.netloc != ""
    )


class Hooks(Protocol):
    """The hooks of a wizard that get a submission."""

    #: True if the end of the draft is committed in the transaction that the
    #: application's session begins in ``commit``.
    one_transaction: bool

    def validate(self, submission: Submission) -> Any:
        """Raise StepError to refuse the submission."""

    def commit(self, submission: Submission) -> Any:
        """Store the submission for good."""


@dataclass(frozen=True)
class CommitResult:
    """The result of ``commit``."""

    #: The draft as it is stored now.
    draft: Draft
    #: The page that the visitor must go back to, or ``None``.
    page: BoundStep | None = None


def commit(
    wizard: Hooks,
    journey: Journey,
    stored: StoredDraft,
    drafts: VisitorDrafts,
    *,
    lease: float,
    most: float,
    copy: Callable[[], AnswersCopy],
) -> CommitResult:
    """Commit a draft whose steps are all done, once.

    This validates everything again, claims the draft for ``lease`` seconds, calls
    ``wizard.commit``, and ends the draft with its receipt. It renews the lease while
    the hook runs, for ``most`` leases. If the hook raises, this releases the draft with
    everything in it, and raises the exception again. It skips ``wizard.validate`` for
    an unsettled draft with the answers that passed it before an earlier attempt.
    ``copy`` returns the answers as text, for a receipt that keeps them.

    Raise ConflictError if the draft changed before the claim, and HookError for an
    error of the application that might be taken for one of the draft.
    """
    if failing := [bound for bound in journey.path if not bound.trusted]:
        rejected = _reject(stored.draft, failing)
        saved = drafts.save(stored, rejected)
        return CommitResult(saved.draft, failing[0].landing(None))
    submission = Submission.of(journey)
    confirmed = journey.answers_hash
    if not (stored.draft.unsettled and stored.draft.confirmed == confirmed):
        try:  # otherwise it might refuse a commit that took effect
            _validate(wizard, submission)
        except StepError as error:
            bound = _step_of(journey, error)
            saved = drafts.save(stored, _send_back(stored.draft, bound, error))
            return CommitResult(saved.draft, bound.landing(error))
    claim = stored.draft.claim(
        time.time(),
        lease,
        confirmed=confirmed,
        maybe_running=not threads_are_reliable(),
    )
    claimed = _claim(stored, drafts, claim)
    attempt = _Attempt(wizard, journey, submission, claimed, drafts, copy)
    if wizard.one_transaction:  # the transaction is the lease
        return attempt.run(nullcontext())
    return attempt.run(LeaseRenewal(claimed, drafts, lease=lease, most=most))


def _validate(wizard: Hooks, submission: Submission) -> None:
    result = call_hook(wizard.validate, submission)
    if result is not None:
        raise DefinitionError(
            f"validate returned a {type(result).__name__}, which has no meaning. "
            "Raise a StepError to refuse a submission; return None to accept it."
        )


def _claim(stored: StoredDraft, drafts: VisitorDrafts, claimed: Draft) -> StoredDraft:
    """Save the claim. If the store fails, try to release it again."""
    try:
        return drafts.save(stored, claimed)
    except ConflictError:
        raise
    except BaseException:  # the write may have succeeded, and the reply been lost
        with suppress(StoreError, ConflictError):
            found = drafts.reload(stored)
            if found.draft == claimed:
                drafts.save(found, claimed.release())
        raise


@dataclass(frozen=True)
class _Attempt:
    """One call of ``wizard.commit`` under a claim, released if the call fails."""

    wizard: Hooks
    journey: Journey
    submission: Submission
    claimed: StoredDraft
    drafts: VisitorDrafts
    copy: Callable[[], AnswersCopy]

    def run(self, lease: AbstractContextManager[None]) -> CommitResult:
        """Call the hook under the lease, and save its outcome."""
        process = os.getpid()
        try:
            with lease:
                finish = self._call()
        except BaseException as error:
            if os.getpid() != process:  # a child that the hook has forked
                raise
            draft = self._release(error)
            if draft is None or not self._has_ended(draft):
                raise
            if not isinstance(error, Exception):  # it ends the worker
                raise
            # The transaction was committed, and only the reply was lost.
            logger.error(
                "A commit took place although it seems to have failed.",
                exc_info=without_locals(error),
            )
            return CommitResult(draft)
        return finish()

    def _call(self) -> Callable[[], CommitResult]:
        """Call the hook; return the function that saves its outcome."""
        try:
            if self.wizard.one_transaction:
                return self._call_in_transaction()
            result = self._call_hook()
        except StepError as error:
            bound = _step_of(self.journey, error)
            self.drafts.give_way()
            return partial(self._send_back, bound, error)
        return partial(self._end, result)

    def _call_hook(self) -> Any:
        return call_hook(self.wizard.commit, self.submission)

    def _receipt_of(self, result: object) -> Receipt:
        receipt = receipt_of(result)
        if (keep := receipt.keep) is not None:
            receipt = replace(receipt, keep=None)
            try:
                copied = self.copy()
            except Exception as error:  # the commit has taken effect
                logger.error(
                    "A copy of the answers could not be made, so none is kept.",
                    exc_info=without_locals(error),
                )
            else:
                until = min(time.time() + seconds(keep), LATEST)
                receipt = replace(receipt, copy=copied, copy_until=until)
        return _fitting(receipt, self.drafts.limit)

    def _call_in_transaction(self) -> Callable[[], CommitResult]:
        """Call the hook and end the draft in one transaction.

        If the database gives the transaction up because of another one, this tries it
        again. Raise the database's error after ``TRANSACTION_TRIES`` tries.
        """
        claimed = self.claimed
        for tries in range(1, TRANSACTION_TRIES + 1):
            try:
                with self.drafts.joined() as joined:
                    receipt = self._receipt_of(self._call_hook())
                    ended = joined.end(claimed.draft, "committed", receipt)
                    saved = joined.save(claimed, ended)
                self.drafts.delete_files(claimed, saved.draft)
                return partial(CommitResult, saved.draft)
            except ConflictError as error:
                conflict = error
            claimed = self.drafts.reload(claimed)
            if not self._has_claim(claimed.draft):  # another attempt has it, or ended
                return partial(CommitResult, claimed.draft)
            time.sleep(random.uniform(0, 0.01 * tries))  # noqa: S311  # no secret
        raise conflict.__cause__ or StoreError("Another request writes the draft.")

    def _has_claim(self, draft: Draft) -> bool:
        return draft.is_claimed(self.submission.attempt)

    def _has_ended(self, draft: Draft) -> bool:
        return (draft.state, draft.attempt) == ("committed", self.submission.attempt)

    def _release(self, error: BaseException) -> Draft | None:
        """Release the claim after an error. Return None if the store fails.

        A BaseException that is no Exception may have ended the hook at any line.
        """
        unknown = not (isinstance(error, Exception) or self.wizard.one_transaction)

        def release(draft: Draft) -> Draft | None:
            if not self._has_claim(draft):
                return None
            return self.drafts.add_holder(draft.release(unsettled=unknown))

        try:
            self.drafts.give_way()
            return _save_with_retry(self.drafts, self.claimed, release)
        except StoreError as error:
            logger.error(
                "A draft stays claimed until its lease expires.",
                exc_info=without_locals(error),
            )
            return None

    def _send_back(self, bound: BoundStep, error: StepError) -> CommitResult:
        """Release the claim, with the error at its step."""

        def send_back(draft: Draft) -> Draft | None:
            if not self._has_claim(draft):
                return None
            back = _send_back(draft.clear_unsettled(), bound, error)
            return self.drafts.add_holder(back)

        draft = _save_with_retry(self.drafts, self.claimed, send_back)
        return CommitResult(draft, bound.landing(error))

    def _end(self, result: object) -> CommitResult:
        """End the draft with the receipt that ``commit`` returned.

        Raise CommitResultError for any other result, after the draft has ended.
        """
        receipt = Receipt()

        def end(draft: Draft) -> Draft | None:
            # Even if the draft changed meanwhile: this commit did take effect.
            if draft.state == "committed":
                return None
            return self.drafts.end(draft, "committed", receipt)

        try:
            receipt = self._receipt_of(result)
        finally:
            draft = _save_with_retry(self.drafts, self.claimed, end)
        return CommitResult(draft)


def _save_with_retry(
    drafts: VisitorDrafts, stored: StoredDraft, change: Callable[[Draft], Draft | None]
) -> Draft:
    """Save the changed draft, and change it again if another request wrote first.

    If ``change`` returns None, this saves nothing. Return the draft as it is stored.
    """
    while (draft := change(stored.draft)) is not None:
        try:
            return drafts.save(stored, draft).draft
        except ConflictError:
            stored = drafts.reload(stored)
    return stored.draft


def _reject(draft: Draft, failing: Sequence[BoundStep]) -> Draft:
    """Return the draft, open again, with the errors of these steps."""
    draft = draft.release(notice=Notice.REFUSED)
    for bound in failing:
        draft = bound.reject(draft, bound.errors)
    return draft


def _send_back(draft: Draft, bound: BoundStep, error: StepError) -> Draft:
    """Return the draft, open again, with the error on its step."""
    return bound.send_back(draft.release(notice=Notice.REFUSED), error)


def _step_of(journey: Journey, error: StepError) -> BoundStep:
    """Return the step of an error. Raise DefinitionError if there is none, or no item
    or field.

    This is while the exception can still reach the application.
    """
    path = {bound.name: bound for bound in journey.path}
    if error.step not in path:
        raise DefinitionError(
            f"A StepError sends the visitor to {error.step!r}, which is not a step of "
            f"this submission. Its steps are {', '.join(path)}."
        ) from error
    bound = path[error.step]
    bound.landing(error)
    return bound
