"""invite_url, reopen_url: drafts that the application begins for somebody."""

from __future__ import annotations

import math
import secrets
import time
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, current_app
from msgspec.structs import replace

from ..core.answers import Answers
from ..core.draft import Draft, encode
from ..core.journey import Journey
from ..core.repeats import BoundRepeat
from ..drafts.draft_list import DraftList, ListedDraft
from ..drafts.holders import list_of, new_nonce, user_marks
from ..drafts.keyring import Kind
from ..drafts.lifetimes import expires, seconds
from ..drafts.links import Link, LinkKind
from ..drafts.visitor_drafts import Mount, name_of
from ..errors import ConfigurationError, StepError
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
    prepared = _Prepared.at(name, max_age, bound)
    draft = prepared.new_draft()
    return prepared.give(prepared.prefill(draft, data), user, kind="invite")


def reopen_url(
    name: str,
    data: Mapping[str, object],
    remarks: Iterable[StepError],
    *,
    max_age: timedelta | float,
    user: object,
    bound: Mapping[str, object],
) -> str:
    """Store a new draft with these answers, and return the absolute URL of a link.

    The steps with remarks are open, and the others are done if they are valid.
    """
    prepared = _Prepared.at(name, max_age, bound)
    draft = replace(prepared.new_draft(), reopened=True)
    begun = prepared.journey(draft, data)
    begun.begin()
    draft = begun.to_draft()
    journey = prepared.journey(draft, data)
    for remark in remarks:
        draft = _send_back(journey, draft, remark)
    return prepared.give(draft, user, kind="reopen")


def _send_back(journey: Journey, draft: Draft, remark: StepError) -> Draft:
    """Return the draft with a remark on one of its pages. Raise ConfigurationError."""
    path = {bound.name: bound for bound in journey.path}
    found = path.get(remark.step)
    if found is None:
        raise ConfigurationError(
            f"A remark is on {remark.step!r}, which no page of this draft is called. "
            f"Its pages are {', '.join(path)}. A page behind one that is missing or "
            "not valid any more is asked anyway."
        )
    error = remark
    if isinstance(remark.item, int):
        items = found.items if isinstance(found, BoundRepeat) else ()
        if not 0 <= remark.item < len(items):
            raise ConfigurationError(
                f"A remark is on the item {remark.item} of {remark.step!r}, which has "
                f"{len(items)} items. The first is 0."
            )
        item = items[remark.item].id
        error = StepError(remark.step, remark.message, remark.field, item)
    found.landing(error)
    return found.send_back(draft, error)


class _Prepared(NamedTuple):
    """A mount for which a draft is begun, and how long its link lives."""

    app: Flask
    name: str
    mounted: Mounted
    #: All variables of the prefix, and those that bind the draft.
    variables: Mapping[str, object]
    bound: Mapping[str, Any]
    #: In seconds.
    age: float

    @classmethod
    def at(
        cls, name: str, max_age: timedelta | float, variables: Mapping[str, object]
    ) -> _Prepared:
        """Return a mount by its full name. Raise ConfigurationError."""
        app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
        age, mounted = check_age(max_age), _mounted(app, name)
        _check_variables(app, name, variables)
        own = {k: value for k, value in variables.items() if k not in mounted.unbound}
        return cls(app, name, mounted, variables, own, age)

    def new_draft(self) -> Draft:
        """Return a draft that nobody holds and that is not stored yet."""
        now = time.time()
        return Draft(
            id=new_nonce(),
            mount=Mount(self.name, self.bound).key,
            packed_holders=(),
            created=now,
            updated=now,
            submission=secrets.token_urlsafe(16),
            version=self.mounted.wizard.version,
            keep_until=now + self.age,
        )

    def give(self, draft: Draft, user: object, *, kind: LinkKind) -> str:
        """Store the draft for whoever takes up its link, or for a user."""
        repository: DraftRepository = self.app.extensions[EXTENSION].repository(
            self.app
        )
        wizard = self.mounted.wizard
        link = Link.to(draft, max_age=self.age, uses=1, kind=kind)
        linked = Linked(draft, self.name, self.mounted, self.variables)
        url = url_of(self.app, linked, link)
        if user is not None:
            draft = _give(draft, id_of(user), self.mounted, repository)
        _, version = repository.load(draft.id)
        ttl = math.ceil(expires(wizard, draft) - draft.created)
        repository.store.save(version, encode(draft), kind=Kind.DRAFT, ttl=ttl)
        return url

    def journey(self, draft: Draft, data: Mapping[str, object]) -> Journey:
        """Return the draft's journey, whose pages begin with ``data``.

        Raise ConfigurationError for data of a step that the wizard does not have.
        """
        wizard = self.mounted.wizard
        names = [step.name for step in wizard.steps]
        if unknown := [name for name in data if name not in names]:
            raise ConfigurationError(
                f"The data has {unknown[0]!r}, which is not a step of "
                f"{type(wizard).__name__}. Its steps are {', '.join(names)}."
            )
        is_prefilled = wizard._prefilled or draft.reopened
        own = wizard._initial_at(self.bound) if wizard._prefilled else None

        def initial(step: str, answers: Answers) -> object:
            if step in data:
                return data[step]
            return own(step, answers) if own is not None else None

        journey = wizard._journey(
            wizard.steps,
            draft,
            initial=initial,
            bound=self.bound,
            max_entries=self.app.config["WIZARD_MAX_ENTRIES"],
            prefilled=is_prefilled,
        )
        if draft.reopened:
            # Steps behind one that is not valid any more are done where they are,
            # unless they read it.
            journey.passable = frozenset(data)
        return journey

    def prefill(self, draft: Draft, data: Mapping[str, object]) -> Draft:
        """Return the draft with what its pages begin with.

        Raise ConfigurationError for a step that cannot begin with anything yet.
        """
        wizard, journey = self.mounted.wizard, self.journey(draft, data)
        if wizard._prefilled:
            journey.begin()
            return journey.to_draft()
        for name in data:
            draft = journey.bind(name).prefill_draft(draft)
            entry = draft.entries.get(name)
            if entry is None or not entry.packed_before:
                raise ConfigurationError(
                    f"The step {name!r} of {type(wizard).__name__} cannot begin with "
                    "data in an invitation: it is a list, has no form, or needs the "
                    "answers of earlier steps to build its form or to show the data. "
                    "Leave it out, and return its data from initial."
                )
        return draft


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
