"""own_drafts: the visitor's open drafts over all mounts, for an application's pages."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from flask import url_for
from werkzeug.routing import BuildError

from ..core.draft import Draft
from ..core.hooks import call_hook
from ..core.journey import Journey
from ..drafts.draft_list import DraftList, ListedDraft
from ..drafts.lifetimes import seconds
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import ConfigurationError
from ..tracebacks import without_locals
from .compat import typed_values
from .logins import SignedOut
from .state import MOUNTS, Context

if TYPE_CHECKING:
    from ..wizard import Wizard
    from .routes import Mounted

logger = logging.getLogger(__name__)

FindWizard = Callable[[str], "Wizard | None"]
"""Returns the wizard of a class, by the module and name of the class."""


def own_drafts(
    context: Context, unbound: Mapping[str, object], find_wizard: FindWizard
) -> list[PublicDraft]:
    """Return the visitor's open drafts of all wizards, newest first.

    ``unbound`` are values for the URL variables that do not bind drafts. A draft of a
    wizard that the application does not have any more is left out. Raise StoreError,
    ConfigurationError for a value that no mount has or one that is missing, or what the
    holder function raises.
    """
    mounts: Mapping[str, Mounted] = context.app.extensions.get(MOUNTS, {})
    _check_names(unbound, mounts)
    try:
        holder = context.state.logins.identify(context)
    except SignedOut as signed_out:  # the application answers it, as anywhere else
        raise signed_out.refusal from signed_out
    if not holder.marks:
        return []
    rows = DraftList(context.repository.store, holder.list_name).drafts()
    found = []
    for row in sorted(rows, key=lambda row: row.started, reverse=True):
        place = _place_of(row, context, mounts, unbound, find_wizard)
        draft = place.load(row) if place is not None else None
        if place is not None and draft is not None:
            found.append(place.describe(draft))
    return found


def _check_names(unbound: Mapping[str, object], mounts: Mapping[str, Mounted]) -> None:
    known = {name for mounted in mounts.values() for name in mounted.unbound}
    if unknown := unbound.keys() - known:
        raise ConfigurationError(
            f"drafts() got a value for {min(unknown)!r}, which is not an unbound "
            f"variable of any mount. These are {', '.join(sorted(known)) or 'none'}."
        )


def _place_of(
    row: ListedDraft,
    context: Context,
    mounts: Mapping[str, Mounted],
    unbound: Mapping[str, object],
    find_wizard: FindWizard,
) -> _Place | None:
    """Return where a listed draft belongs; ``None`` if its wizard is not there."""
    name, pairs = json.loads(row.mount)
    mounted = mounts.get(name)
    if mounted is None:
        # A wizard without a blueprint is mounted under the name of its class.
        wizard = find_wizard(row.wizard) if name == row.wizard else None
        bound, url_of = dict(pairs), None
    else:
        wizard = mounted.wizard
        bound = typed_values(context.app, f"{name}.step", dict(pairs))
        free = {n: value for n, value in unbound.items() if n in mounted.unbound}
        url_of = partial(_url_at, name, {**bound, **free})
    if wizard is None:
        return None
    drafts = VisitorDrafts(
        wizard, Mount(name, bound), context.holder, context.repository
    )
    journey_of = partial(
        Journey,
        wizard.steps,
        initial=wizard._initial_at(bound) if wizard._gives_initial else None,
        bound=MappingProxyType(dict(bound)),
        max_entries=context.app.config["WIZARD_MAX_ENTRIES"],
    )
    return _Place(wizard, drafts, journey_of, url_of)


def _url_at(
    mount: str, variables: Mapping[str, Any], endpoint: str, **values: Any
) -> str:
    try:
        return url_for(f"{mount}.{endpoint}", **variables, **values)
    except BuildError as error:
        raise ConfigurationError(
            f"A draft of {mount!r} has no URL without all variables of its prefix. "
            "Pass those that are unbound: wizards.drafts(lang='en')."
        ) from error


@dataclass(frozen=True)
class _Place:
    """A wizard where it is mounted, with the visitor's drafts of it."""

    wizard: Wizard
    drafts: VisitorDrafts
    #: Returns the journey of a draft through the wizard.
    journey_of: Callable[[Draft], Journey]
    #: Returns the URL of an endpoint; ``None`` for a wizard without a blueprint.
    url_of: Callable[..., str] | None

    def load(self, row: ListedDraft) -> Draft | None:
        """Return a listed draft if it is open, or ``None``."""
        oldest = time.time() - seconds(self.wizard.max_lifetime)
        return None if row.has_expired(oldest) else self.drafts.find_open(row)

    def describe(self, draft: Draft) -> PublicDraft:
        """Return the draft as an application shows it."""
        try:
            journey = self.journey_of(draft)
            current = journey.current
            progress, step = journey.progress(current).text, current.step
        except Exception as error:  # one draft's fault must not hide the others
            logger.error(
                "The current step of a draft cannot be found.",
                exc_info=without_locals(error),
            )
            progress, step = "", None
        url = discard_url = None
        if self.url_of is not None and step is not None:
            url = self.url_of("step", draft=draft.id, step=step.url_name)
        elif self.url_of is not None:
            url = self.url_of("draft", draft=draft.id)
        if self.url_of is not None:
            discard_url = self.url_of("discard", draft=draft.id)
        public = PublicDraft.of(
            draft,
            self.wizard,
            step_title=str(step.title) if step is not None else "",
            progress=progress,
            url=url,
            discard_url=discard_url,
        )
        return replace(public, description=description_of(public, self.wizard))


def description_of(draft: PublicDraft, wizard: Wizard) -> str:
    """Return what the wizard calls a draft; an empty string if ``describe`` fails."""
    try:
        return str(call_hook(wizard.describe, draft))
    except Exception as error:
        logger.error("describe failed.", exc_info=without_locals(error))
        return ""
