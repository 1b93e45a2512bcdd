"""The links that an application makes to drafts, and how it revokes them."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

from flask import Flask, abort, current_app, g, has_request_context
from msgspec.structs import replace
from werkzeug.routing import BuildError

from ..core.draft import Draft, encode
from ..drafts.holders import is_id
from ..drafts.keyring import Kind
from ..drafts.lifetimes import expires, seconds
from ..drafts.links import Link, LinkTokens
from ..drafts.public_draft import Draft as PublicDraft
from ..drafts.visitor_drafts import Mount, VisitorDrafts
from ..errors import ConfigurationError, ConflictError
from .compat import typed_values
from .external import external_url
from .own_drafts import identify
from .state import EXTENSION, MOUNTS, get_context

if TYPE_CHECKING:
    from ..drafts.encrypted_store import DraftRepository
    from ..wizard import Wizard
    from .routes import Mounted


class Linked(NamedTuple):
    """A draft that a link leads to, and where it is mounted."""

    draft: Draft
    #: The blueprint's full name.
    mount: str
    mounted: Mounted
    #: The values of all variables of the prefix.
    variables: Mapping[str, Any]


def resume_url(
    draft: PublicDraft | str, *, max_age: timedelta | float, uses: int
) -> str:
    """Return the absolute URL of a link that makes its taker another holder."""
    age = check_age(max_age)
    if type(uses) is not int or uses < 1:
        raise ConfigurationError(
            f"uses is {uses!r}. Expected how many browsers may take up the link, "
            "such as 1."
        )
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found = _find(app, draft)
    return url_of(app, found, Link.to(found.draft, max_age=age, uses=uses))


def check_age(max_age: timedelta | float) -> float:
    """Return the age of a link in seconds. Raise ConfigurationError."""
    is_age = isinstance(max_age, timedelta | int | float)
    if not is_age or isinstance(max_age, bool) or not 0 < seconds(max_age) < math.inf:
        raise ConfigurationError(
            f"max_age is {max_age!r}. Expected a timedelta or seconds above zero."
        )
    return seconds(max_age)


def url_of(app: Flask, linked: Linked, link: Link) -> str:
    """Return the absolute URL of a link. Raise ConfigurationError."""
    tokens = LinkTokens(_repository(app).store.keyring, linked.draft.mount)
    values = {**linked.variables, "link_token": tokens.encrypt(link)}
    try:
        return external_url(app, f"{linked.mount}.link", values)
    except BuildError as error:
        raise ConfigurationError(
            f"A link to a draft of {linked.draft.mount} needs all variables of its "
            "prefix. Pass those that are unbound: wizards.drafts(lang='en')."
        ) from error


def share_url(
    draft: PublicDraft | str,
    *,
    steps: Sequence[str],
    sees: Sequence[str],
    max_age: timedelta | float,
) -> str:
    """Make a place for a guest in a draft, and return the absolute URL of its link."""
    age = check_age(max_age)
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    found = _find(app, draft)
    _check_shared(found.mounted.wizard, steps, sees)
    if not found.draft.packed_holders:
        raise ConfigurationError(
            "Nobody holds this draft yet. Share it after its invitation was taken up."
        )
    made = Link.to(found.draft, max_age=age, uses=1, kind="share")
    url_of(app, found, made)  # which may raise, before anything is stored
    link = made

    def share(current: Draft) -> Draft:
        nonlocal link
        shared, place = current.share(made.id, steps=steps, sees=sees, until=made.until)
        generation = current.links.generation
        link = replace(made, id=place, generation=generation)
        return shared

    if not _change(app, found, share):
        abort(404)
    return url_of(app, found, link)


def _check_shared(wizard: Wizard, steps: Sequence[str], sees: Sequence[str]) -> None:
    """Raise ConfigurationError for steps that cannot be shared, or be seen."""
    where, known = type(wizard).__name__, {step.name: step for step in wizard.steps}
    for name, given in (("steps", steps), ("sees", sees)):
        if isinstance(given, str) or not all(each in known for each in given):
            raise ConfigurationError(
                f"{name} is {given!r}. Expected a list of names of steps of {where}, "
                f"which are {', '.join(known)}."
            )
    if not steps:
        raise ConfigurationError("steps is empty. Name those that a guest fills in.")
    for step in (known[name] for name in steps):
        if not step.takes_input or step.takes_files:
            raise ConfigurationError(
                f"{where}.{step.name} cannot be shared. A guest can fill in a Step "
                "with one form and no files."
            )
    for step in (known[name] for name in sees):
        if not step.has_answers:
            raise ConfigurationError(
                f"{where}.{step.name} has no answers that a guest could see. Leave it "
                "out of sees."
            )


def revoke(draft: PublicDraft | str) -> None:
    """End the links of a draft, and close it to everybody else who came by one."""
    app: Flask = current_app._get_current_object()  # type: ignore[attr-defined]
    keep = identify(get_context()).marks if has_request_context() else ()
    _change(app, _find(app, draft), lambda current: current.revoke_links(keep))


def _change(app: Flask, found: Linked, change: Callable[[Draft], Draft]) -> bool:
    """Save a draft as ``change`` returns it; return False if it has ended meanwhile."""
    repository = _repository(app)
    while True:
        current, version = repository.load(found.draft.id)
        if current is None or current.ended:
            return False
        ttl = math.ceil(expires(found.mounted.wizard, current) - time.time())
        if ttl <= 0:
            return False
        plain = encode(change(current))
        try:
            repository.store.save(version, plain, kind=Kind.DRAFT, ttl=ttl)
        except ConflictError:
            continue
        return True


def _repository(app: Flask) -> DraftRepository:
    repository: DraftRepository = app.extensions[EXTENSION].repository(app)
    return repository


def _find(app: Flask, given: PublicDraft | str) -> Linked:
    """Return a draft as it is stored now, and its mount.

    Raise NotFound for the id of a draft that this visitor does not hold.
    """
    if isinstance(given, PublicDraft):
        draft, _ = _repository(app).load(given.id)
        return _linked(app, draft or given._stored, given._unbound)
    draft = None
    if isinstance(given, str) and is_id(given):
        draft, _ = _repository(app).load(given)
    if draft is None or draft.ended or not _is_mounted(app, draft):
        abort(404)
    linked = _linked(app, draft, {})
    context = get_context()
    name, pairs = json.loads(draft.mount)
    drafts = VisitorDrafts(
        linked.mounted.wizard,
        Mount(name, dict(pairs)),
        identify(context),
        context.repository,
    )
    if drafts.load(draft.id) is None:
        abort(404)
    return linked


def _is_mounted(app: Flask, draft: Draft) -> bool:
    return json.loads(draft.mount)[0] in app.extensions.get(MOUNTS, {})


def _linked(app: Flask, draft: Draft, unbound: Mapping[str, object]) -> Linked:
    """Return a draft and its mount. Raise ConfigurationError if it has none."""
    name, pairs = json.loads(draft.mount)
    mounted: Mounted | None = app.extensions.get(MOUNTS, {}).get(name)
    if mounted is None:
        raise ConfigurationError(
            f"A draft of {name} has no page for links: the wizard has no blueprint of "
            "that name. Mount it with as_blueprint."
        )
    bound = typed_values(app, f"{name}.step", dict(pairs))
    free = {**g.get("wizard_prefix", {}), **unbound}
    own = {key: value for key, value in free.items() if key in mounted.unbound}
    return Linked(draft, name, mounted, {**own, **bound})
