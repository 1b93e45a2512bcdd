"""rehearse: what this release would do to the drafts in the store, without a write."""

from __future__ import annotations

import json
import logging
import time
from collections import Counter
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from flask import Flask

from ..core.draft import DamagedDraftError, Draft
from ..core.forecast import Asked, led_back
from ..core.former_names import with_new_names
from ..core.hooks import HookError
from ..core.journey import Journey
from ..core.repeats import BoundRepeat
from ..core.steps import BoundStep
from ..drafts.encrypted_store import DraftRepository, StoredVersion
from ..drafts.every_draft import every_draft
from ..drafts.holders import new_nonce
from ..drafts.lifetimes import expires
from ..errors import UnreadableDraftError
from .actions import must_begin
from .all_drafts import NO_WIZARD, UNREADABLE, request_context, visit_of
from .groups import groups_of
from .own_drafts import FindWizard
from .state import EXTENSION
from .visit import Visit


@dataclass
class Rehearsal:
    """How many open drafts of one mount go on, are asked again, or are refused."""

    #: How many are led on from where they stand.
    go_on: int = 0
    #: How many are led back first to a step, by its name and why.
    asked: Counter[Asked] = field(default_factory=Counter)
    #: How many cannot be opened, by a reason that tells nothing of what they hold.
    refused: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        """How many there are."""
        return self.go_on + self.held_up

    @property
    def held_up(self) -> int:
        """How many do not simply go on."""
        return self.asked.total() + self.refused.total()

    def add(self, outcome: Asked | str | None) -> None:
        """Count a draft that is asked, refused for a reason, or goes on."""
        if outcome is None:
            self.go_on += 1
        elif isinstance(outcome, str):
            self.refused[outcome] += 1
        else:
            self.asked[outcome] += 1


def rehearse(
    app: Flask,
    find_wizard: FindWizard,
    *,
    mounts: Collection[str] = (),
    report: Callable[[int], object],
) -> dict[str, Rehearsal]:
    """Fold this release over every open draft; return what becomes of them by mount.

    With ``mounts``, open only the drafts of the blueprints of these names. This writes
    nothing. Drafts that cannot be decrypted are counted under an empty mount.
    ``report`` gets the number of drafts looked at. Raise ConfigurationError if the
    store cannot list its values, or StoreError.
    """
    repository: DraftRepository = app.extensions[EXTENSION].repository(app)
    found: dict[str, Rehearsal] = {}
    for number, loaded in enumerate(every_draft(repository), start=1):
        report(number)
        if isinstance(loaded, UnreadableDraftError):
            found.setdefault("", Rehearsal()).add(UNREADABLE.reason)
            continue
        draft, version = loaded
        name = str(json.loads(draft.mount)[0])
        if draft.ended or (mounts and name not in mounts):
            continue
        with request_context(app):
            visit = visit_of(draft, find_wizard)
            if visit is not None and expires(visit.wizard, draft) <= time.time():
                continue
            outcome: Asked | str | None = NO_WIZARD.reason
            if visit is not None:
                with silence():
                    outcome = outcome_of(draft, version, visit)
        found.setdefault(name, Rehearsal()).add(outcome)
    return found


def outcome_of(
    draft: Draft, version: StoredVersion, visit: Visit
) -> Asked | str | None:
    """Return the step that a draft is led back to, or why it is refused, or ``None``.

    A reason names the type of an exception and a step, and never the exception's text.
    This does not call ``Wizard.validate``, which may ask for what only a visitor's own
    request knows.
    """
    try:
        by_name, _ = with_new_names(draft, visit.wizard.steps)
        now = visit.drafts.opened(draft, version).draft
    except UnreadableDraftError as error:
        if isinstance(error, DamagedDraftError):
            return UNREADABLE.reason
        return f"upgrade raises {type(error.__cause__).__name__}"
    journey, name = visit.journey_of(now), ""
    try:
        for name in journey.steps.names:
            journey.get(name)
        name = journey.current.name
        asked = led_back(journey, by_name)
        _show(journey)
        if asked is not None:
            return asked
        for bound in journey.path:
            name = bound.name
            if bound.done and not bound.trusted:
                return Asked(name, "commit")
        return None
    except UnreadableDraftError:
        return UNREADABLE.reason
    except Exception as raised:  # the application's
        cause = raised.error if isinstance(raised, HookError) else raised
        return f"{type(cause).__name__} at {name}"


@contextmanager
def silence() -> Iterator[None]:
    """Log nothing: what the application's code raises or logs may have an answer."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        yield
    finally:
        logging.disable(before)


def _show(journey: Journey) -> None:
    """Build what the page of the current step shows."""
    current: BoundStep = journey.current
    if must_begin(current) and isinstance(current, BoundRepeat):
        page = current.new_item(new_nonce()).page()
        current = page if page is not None else current
    if not current.step.lists_answers:
        current.form_to_show()
    else:
        groups_of(journey, current, lambda _: "")
