"""invite_url: a draft that the application begins for somebody, and its link."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from flask import Flask, current_app

from ..core.answers import Answers
from ..core.draft import Draft, encode
from ..core.journey import Journey
from ..drafts.draft_list import DraftList, ListedDraft
from ..drafts.holders import list_of, new_nonce, user_marks
from ..drafts.keyring import Kind
from ..drafts.lifetimes import expires, seconds
from ..drafts.links import Link
from ..drafts.visitor_drafts import Mount, name_of
from ..errors import ConfigurationError
from .links import Linked, check_age, url_of
from .logins import id_of
from .state import EXTENSION, MOUNTS

if TYPE_CHECKING:
    from ..drafts.encrypted_store import DraftRepository
    from .routes import Mounted


def invite_url(
    name: str,
    data: Mapping[str, object],
    *,
    max_age: timedelta | float,
    user: object,
    bound: Mapping[str, object],
) -> str:
    """Store a new draft, and return the absolute URL of a link to it."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    age, mounted = check_age(max_age), _mounted(app, name)
    _check_variables(app, name, bound)
    own = {key: value for key, value in bound.items() if key not in mounted.unbound}
    repository: DraftRepository = app.extensions[EXTENSION].repository(app)
    now = time.time()
    draft = _prefilled(
        Draft(
            id=new_nonce(),
            mount=Mount(name, own).key,
            packed_holders=(),
            created=now,
            updated=now,
            submission=secrets.token_urlsafe(16),
            version=mounted.wizard.version,
            keep_until=now + age,
        ),
        mounted,
        data,
        own,
        max_entries=app.config["WIZARD_MAX_ENTRIES"],
    )
    link = Link.to(draft, max_age=age, uses=1, kind="invite")
    url = url_of(app, Linked(draft, name, mounted, bound), link)
    if user is not None:
        draft = _give(draft, id_of(user), mounted, repository)
    _, version = repository.load(draft.id)
    ttl = math.ceil(expires(mounted.wizard, draft) - now)
    repository.store.save(version, encode(draft), kind=Kind.DRAFT, ttl=ttl)
    return url


def _mounted(app: Flask, name: str) -> Mounted:
    mounts: Mapping[str, Mounted] = app.extensions.get(MOUNTS, {})
    if (found := mounts.get(name)) is None:
        raise ConfigurationError(
            f"There is no wizard mounted as {name!r}. Mounted are "
            f"{', '.join(sorted(mounts)) or 'none'}."
        )
    return found


def _check_variables(app: Flask, name: str, bound: Mapping[str, object]) -> None:
    rule = next(app.url_map.iter_rules(f"{name}.step"))
    expected = rule.arguments - {"draft", "step"} - (rule.defaults or {}).keys()
    if bound.keys() != expected:
        found = ", ".join(sorted(bound)) or "nothing"
        raise ConfigurationError(
            f"bound has {found}. Expected the variables in the prefix of {name}: "
            f"{', '.join(sorted(expected)) or 'none'}."
        )


def _prefilled(
    draft: Draft,
    mounted: Mounted,
    data: Mapping[str, object],
    bound: Mapping[str, Any],
    *,
    max_entries: int,
) -> Draft:
    """Return the draft with what its pages begin with.

    Raise ConfigurationError for a step that cannot begin with anything yet.
    """
    wizard = mounted.wizard
    names = [step.name for step in wizard.steps]
    for name in data:
        if name not in names:
            raise ConfigurationError(
                f"The data has {name!r}, which is not a step of "
                f"{type(wizard).__name__}. Its steps are {', '.join(names)}."
            )
    own = wizard._initial_at(bound) if wizard._prefilled else None

    def initial(step: str, answers: Answers) -> object:
        if step in data:
            return data[step]
        return own(step, answers) if own is not None else None

    journey = Journey(
        wizard.steps,
        draft,
        initial=initial,
        bound=bound,
        max_entries=max_entries,
        prefilled=wizard._prefilled,
    )
    if wizard._prefilled:
        journey.begin()
        return journey.to_draft()
    for name in data:
        draft = journey.bind(name).prefill_draft(draft)
        entry = draft.entries.get(name)
        if entry is None or not entry.packed_before:
            raise ConfigurationError(
                f"The step {name!r} of {type(wizard).__name__} cannot begin with data "
                "in an invitation: it is a list, has no form, or needs the answers of "
                "earlier steps to build its form or to show the data. Leave it out, "
                "and return its data from initial."
            )
    return draft


def _give(
    draft: Draft, user: str, mounted: Mounted, repository: DraftRepository
) -> Draft:
    """Return the draft held by a user, on whose list it stands from now on."""
    wizard, store = mounted.wizard, repository.store
    row = ListedDraft.begun(
        draft.id,
        name_of(wizard),
        draft.mount,
        draft.created,
        idle=seconds(wizard.lifetime),
        lifetime=seconds(wizard.max_lifetime),
        keep_until=draft.keep_until,
    )
    DraftList(store, list_of(user)).add_all([row])
    marks = user_marks(store.keyring, user)
    return draft.add_holder(draft.created, marks=marks, kind="user")
