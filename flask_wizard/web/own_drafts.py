"""own_drafts: the visitor's open drafts over all mounts, for an application's pages."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from werkzeug.routing import BuildError

from ..core.draft import Draft
from ..core.form_errors import as_text
from ..core.hooks import HookError
from ..drafts.draft_list import DraftList
from ..drafts.holders import Holder
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.visitor_drafts import Mount
from ..errors import ConfigurationError
from .logins import SignedOut
from .state import MOUNTS, Context
from .visit import Visit

if TYPE_CHECKING:
    from ..wizard import Wizard
    from .routes import Mounted

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
    holder = identify(context)
    if not holder.marks:
        return []
    rows = DraftList(context.repository.store, holder.list_name).drafts()
    found = []
    for row in sorted(rows, key=lambda row: row.started, reverse=True):
        visit = Visit.at_mount(row.mount, context, unbound)
        is_mounted = visit is not None
        visit = visit or headless_visit(row.mount, context, find_wizard)
        draft = visit.drafts.find_open(row) if visit is not None else None
        if visit is not None and draft is not None:
            public = _describe(draft, visit, has_urls=is_mounted)
            found.append(replace(public, _unbound=unbound))
    return found


def named_drafts(drafts: Iterable[PublicDraft]) -> list[tuple[PublicDraft, str]]:
    """Give each draft with the name of its links, which no other has.

    It is what the wizard calls the draft, or else the step where it stands. If another
    draft before has the same, a number follows.
    """
    named: dict[str, PublicDraft] = {}
    for draft in drafts:
        name = said = draft.description or draft.step_title or draft.title
        number = 1
        while name in named:
            number += 1
            name = f"{said} ({number})"
        named[name] = draft
    return [(draft, name) for name, draft in named.items()]


def identify(context: Context) -> Holder:
    """Return the visitor of a request to the application's own view.

    Raise StoreError, or what the holder function raises.
    """
    try:
        return context.state.logins.identify(context)
    except SignedOut as signed_out:  # the application answers it, as anywhere else
        raise signed_out.refusal from signed_out
    except HookError as failed:
        error_of_holder = failed.error
    raise error_of_holder


def _check_names(unbound: Mapping[str, object], mounts: Mapping[str, Mounted]) -> None:
    known = {name for mounted in mounts.values() for name in mounted.unbound}
    if unknown := unbound.keys() - known:
        raise ConfigurationError(
            f"drafts() got a value for {min(unknown)!r}, which is not an unbound "
            f"variable of any mount. These are {', '.join(sorted(known)) or 'none'}."
        )


def headless_visit(
    mount: str, context: Context, find_wizard: FindWizard
) -> Visit | None:
    """Return a visit without URLs; ``None`` if the wizard is not there any more.

    ``mount`` is the key that is stored with drafts. A wizard without a blueprint is
    mounted under the name of its class.
    """
    name, pairs = json.loads(mount)
    wizard = find_wizard(name)
    if wizard is None:
        return None
    found = Mount(name, dict(pairs))
    return Visit.open(wizard, found, None, context, url_for_step=_no_url)


def _no_url(*, draft: str, step: str) -> str:
    return ""


def _describe(draft: Draft, visit: Visit, *, has_urls: bool) -> PublicDraft:
    """Return the draft as an application shows it."""
    try:
        journey = visit.journey_of(draft)
        current = journey.current
        progress, step = journey.overall, current.step
    except Exception as error:  # one draft's fault must not hide the others
        visit.log(error, "The current step of a draft cannot be found.")
        progress, step = "", None
    page = step.url_name if step is not None else None
    page = page and (visit.wizard._journey.home or page)
    url, discard_url = (
        _url(visit, draft, each) if has_urls else None for each in (page, "discard")
    )
    return visit.describe(
        draft,
        step_title=as_text(step.title) if step is not None else "",
        progress=progress,
        url=url,
        discard_url=discard_url,
    )


def _url(visit: Visit, draft: Draft, page: str | None) -> str:
    """Return the URL of a page of a mounted draft, or of the draft itself."""
    try:
        return str(visit.urls.url_for_step(draft=draft.id, step=page))
    except BuildError as error:
        raise ConfigurationError(
            f"A draft of {draft.mount} has no URL without all variables of its prefix. "
            "Pass those that are unbound: wizards.drafts(lang='en')."
        ) from error
