"""all_drafts: every draft of an application, for its jobs; and their reminders."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from dataclasses import replace
from typing import TYPE_CHECKING, Literal, NamedTuple

from flask import Flask, has_request_context
from msgspec import structs

from ..core.draft import Draft, encode
from ..core.form_errors import as_text
from ..core.hooks import call_hook
from ..drafts.encrypted_store import DraftRepository, StoredVersion
from ..drafts.every_draft import every_draft
from ..drafts.keyring import Kind
from ..drafts.lifetimes import expires
from ..drafts.public_draft import Draft as PublicDraft
from ..errors import ConflictError, UnreadableDraftError
from .own_drafts import FindWizard, headless_visit
from .state import EXTENSION, get_context
from .visit import Visit

if TYPE_CHECKING:
    from contextlib import AbstractContextManager


Reason = Literal["idle", "expiring"]


class Opened(NamedTuple):
    """A draft of a wizard that the application has."""

    #: The draft as it is stored, and where.
    loaded: Draft
    version: StoredVersion
    visit: Visit
    #: The draft as it is for the application, with its current step.
    public: PublicDraft


class Skipped(NamedTuple):
    """A stored draft that cannot be opened."""

    #: Why, in words that tell nothing of what it holds.
    reason: str


HOUR, DAY = 60 * 60, 24 * 60 * 60
AGES: dict[str, float] = {
    "under an hour": HOUR,
    "under a day": DAY,
    "under a week": 7 * DAY,
    "a week or more": math.inf,
}
"""How long ago drafts were saved, each with the seconds that it has not reached."""


def age_of(draft: PublicDraft) -> str:
    """Return how long ago somebody has last sent something: a key of ``AGES``."""
    seconds = time.time() - draft.saved.timestamp()
    return next(age for age, most in AGES.items() if seconds < most)


UNREADABLE = Skipped("cannot be read")
NO_WIZARD = Skipped("of a wizard that is not mounted")


def all_drafts(
    app: Flask, find_wizard: FindWizard, *, answers: bool
) -> Iterator[PublicDraft]:
    """Yield every draft of the application, ended ones too, in no order.

    ``answers`` is true if their entries are wanted. What cannot be opened is counted
    and logged at the end. Raise ConfigurationError or StoreError.
    """
    skipped = 0
    for found in opened_drafts(app, find_wizard):
        if isinstance(found, Skipped):
            skipped += 1
        else:
            yield replace(found.public, _tells=answers)
    if skipped:
        app.logger.warning(
            "flask_wizard: %s drafts could not be opened, and are left out.", skipped
        )


def opened_drafts(app: Flask, find_wizard: FindWizard) -> Iterator[Opened | Skipped]:
    """Yield every draft of the application, or why it cannot be opened.

    One that has expired is left out. Raise ConfigurationError or StoreError.
    """
    repository: DraftRepository = app.extensions[EXTENSION].repository(app)
    for loaded in every_draft(repository):
        if isinstance(loaded, UnreadableDraftError):
            yield UNREADABLE
            continue
        with request_context(app):
            found = _open(*loaded, find_wizard)
        if found is not None:
            yield found


def request_context(app: Flask) -> AbstractContextManager[object]:
    """Return a context in which forms can be built, as in a request."""
    return nullcontext() if has_request_context() else app.test_request_context()


def _open(
    draft: Draft, version: StoredVersion, find_wizard: FindWizard
) -> Opened | Skipped | None:
    """Return a draft with its current step; None if it has expired."""
    visit = visit_of(draft, find_wizard)
    if visit is None:
        return NO_WIZARD
    if expires(visit.wizard, draft) <= time.time():
        return None
    try:
        now = visit.drafts.opened(draft, version).draft
        return Opened(draft, version, visit, _with_step(now, visit))
    except UnreadableDraftError:
        return UNREADABLE


def visit_of(draft: Draft, find_wizard: FindWizard) -> Visit | None:
    """Return a visit to the mount of a draft; None if its wizard is not there."""
    context = get_context()
    found = Visit.at_mount(draft.mount, context, {})
    return found or headless_visit(draft.mount, context, find_wizard)


def _with_step(draft: Draft, visit: Visit) -> PublicDraft:
    """Return the public draft with its current step, if it is open and has one."""
    public = PublicDraft.of(draft, visit.wizard)
    if draft.ended:
        return public
    try:
        journey = visit.journey_of(draft)
        current = journey.current
        return replace(
            public,
            step=current.step.name,
            step_title=as_text(current.step.title),
            progress=journey.overall,
        )
    except UnreadableDraftError:
        raise
    except Exception as error:  # one draft's fault must not hide the others
        visit.log(error, "The current step of a draft cannot be found.")
        return public


# Reminders


class Reminders(NamedTuple):
    """What a run of ``remind`` has done."""

    #: How many drafts were reminded of.
    sent: int
    #: How many the application's hook has failed for. They are not tried again.
    failed: int
    #: How many drafts could not be opened.
    skipped: int


def remind(
    app: Flask,
    find_wizard: FindWizard,
    *,
    idle: float,
    expiring: float,
    report: Callable[[int], object],
) -> Reminders:
    """Call ``on_remind`` for drafts that nobody has gone on with.

    The reason is ``idle`` if nothing was sent for so many seconds, and ``expiring`` if
    the draft expires within so many. Each draft is marked before the hook is called, so
    that nobody is reminded twice of one for the same reason, whatever happens. It gets
    no longer lifetime. This calls ``report`` with the number of drafts looked at.
    """
    sent = failed = skipped = 0
    for number, found in enumerate(opened_drafts(app, find_wizard), start=1):
        report(number)
        if isinstance(found, Skipped):
            skipped += 1
            continue
        reason = _reason(found, time.time(), idle, expiring)
        if reason is None or not _mark(found, reason):
            continue
        try:
            with request_context(app):
                call_hook(found.visit.wizard.on_remind, found.public, reason)
            sent += 1
        except Exception as error:  # the application's, which must not end the run
            failed += 1
            found.visit.log(error, "on_remind failed.")
    return Reminders(sent, failed, skipped)


def _reason(found: Opened, now: float, idle: float, expiring: float) -> Reason | None:
    """Return the reason to remind of a draft, or None if there is none by now."""
    draft, wizard = found.loaded, found.visit.wizard
    is_empty = not (draft.packed_entries or draft.packed_items)
    if draft.closed or is_empty or not wizard._reminds:
        return None
    if expires(wizard, draft) - now <= expiring:
        return None if "expiring" in draft.reminded else "expiring"
    is_idle = now - draft.updated >= idle
    return "idle" if is_idle and not draft.reminded else None


def _mark(found: Opened, reason: Reason) -> bool:
    """Store that a reminder is sent. False if somebody has saved the draft meanwhile.

    The draft stays as it was loaded in all else, and expires when it would have.
    """
    reminded = {**found.loaded.reminded, reason: time.time()}
    draft = structs.replace(found.loaded, reminded=reminded)
    ttl = math.ceil(expires(found.visit.wizard, draft) - time.time())
    store = found.visit.context.repository.store
    try:
        store.save(found.version, encode(draft), kind=Kind.DRAFT, ttl=max(1, ttl))
    except ConflictError:
        return False
    return True
