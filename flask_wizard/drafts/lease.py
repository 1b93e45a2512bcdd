"""The lease of a claim: renewed by a thread of its own while ``commit`` runs."""

from __future__ import annotations

import _thread
import logging
import time
from contextvars import copy_context
from threading import Event, Thread
from types import BuiltinFunctionType

from ..errors import ConflictError
from ..tracebacks import without_locals
from .encrypted_store import StoredDraft
from .visitor_drafts import VisitorDrafts

logger: logging.Logger = logging.getLogger(__name__)

BEATS = 20  # renewals in the time of one lease
LONGEST_BEAT = 2.0  # seconds between two renewals
THREAD = "flask_wizard lease"


def threads_are_reliable() -> bool:
    """True if a thread runs whatever the other threads do.

    What gevent and eventlet put in the place of threads stands still while a hook
    neither waits nor returns.
    """
    return isinstance(_thread.start_new_thread, BuiltinFunctionType)


class LeaseRenewal:
    """Renews the lease of one claim in a thread while its ``with`` block runs.

    Renewals are frequent, so that a lease outlasts jumps of the clock that are a little
    shorter than itself. They end after ``most`` leases. A forked child has no such
    thread: only the process that has claimed the draft renews the lease.
    """

    def __init__(
        self, claimed: StoredDraft, drafts: VisitorDrafts, *, lease: float, most: float
    ) -> None:
        self._stored = claimed
        self._drafts = drafts
        self._lease = lease
        self._last = time.monotonic() + lease * (most - 1)
        self._ended = Event()

    def __enter__(self) -> None:
        # The context has the application, where Flask-SQLAlchemy looks for its engine.
        renew = copy_context().run
        thread = Thread(
            name=THREAD, target=renew, args=(self._renew_until_ended,), daemon=True
        )
        try:
            thread.start()
        except RuntimeError:
            logger.warning("There is no thread to renew the lease of a commit.")
            self._renew(is_last=True)

    def __exit__(self, *error: object) -> None:
        self._ended.set()

    def _renew_until_ended(self) -> None:
        while not self._ended.wait(min(self._lease / BEATS, LONGEST_BEAT)):
            is_last = time.monotonic() >= self._last
            if not self._renew(is_last=is_last):
                return
            if is_last:
                logger.warning(
                    "A commit has lasted for almost WIZARD_COMMIT_MAX leases. Its "
                    "lease is not renewed any more: when it expires, another attempt "
                    "may run beside this one."
                )
                return

    def _renew(self, *, is_last: bool) -> bool:
        """Renew the lease. Return False if the attempt has no claim any more."""
        attempt = self._stored.draft.attempt
        try:
            while self._stored.draft.is_claimed(attempt):
                until = time.time() + self._lease
                draft = self._stored.draft.extend(until, maybe_running=is_last)
                try:
                    self._stored = self._drafts.save(self._stored, draft)
                except ConflictError:
                    self._stored = self._drafts.reload(self._stored)
                else:
                    return True
        except Exception as error:
            logger.error(
                "The lease of a commit could not be renewed yet.",
                exc_info=without_locals(error),
            )
            return True
        return False
