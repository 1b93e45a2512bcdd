"""VisitorDrafts: the drafts of a mount that one visitor may open."""

from __future__ import annotations

import json
import logging
import math
import secrets
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import Any, ClassVar, Literal, Protocol

from msgspec import Struct, structs

from ..cached import cached_property
from ..core.draft import FILES_KEY, Draft, Receipt, encode
from ..core.former_names import with_new_names, with_stored_names
from ..core.steps import Steps
from ..errors import (
    ConflictError,
    DraftTooLargeError,
    NewerFormatError,
    UnreadableDraftError,
)
from ..tracebacks import without_locals
from .draft_list import DraftList, ListedDraft
from .encrypted_store import DraftRepository, Guest, StoredDraft, StoredVersion
from .holders import Holder, is_id, new_nonce
from .keyring import Kind
from .lifetimes import seconds
from .upgrades import Upgrades, upgrade

MAX_SHARED_NONCES = 20
"""How many drafts that have ended are looked up, to find the nonce of the next one."""

logger: logging.Logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Mount:
    """Where a wizard is mounted."""

    #: The blueprint's full name, or the class of a wizard without one.
    name: str
    #: The URL variables that bind its drafts.
    bound: Mapping[str, Any]

    @property
    def key(self) -> str:
        """The name and the variables as one string."""
        bound = sorted((name, str(value)) for name, value in self.bound.items())
        return _mount_key(self.name, *bound)


@lru_cache(maxsize=256)  # a mount may have thousands of values of its variables
def _mount_key(name: str, *bound: tuple[str, str]) -> str:
    return json.dumps([name, bound])


class Rules(Upgrades, Protocol):
    """The attributes of a wizard that its drafts obey."""

    #: True if it has an ``upgrade`` of its own.
    _upgrades: ClassVar[bool]
    #: The steps, by whose names its drafts are opened.
    steps: ClassVar[Steps]
    #: How many open drafts a holder may have.
    max_drafts: int
    #: True if one transaction commits the application's rows and the draft's end.
    one_transaction: bool


def name_of(wizard: Rules) -> str:
    """Return the module and name of a wizard's class."""
    kind = type(wizard)
    return f"{kind.__module__}.{kind.__qualname__}"


class VisitorDrafts(Struct, frozen=True, eq=False, dict=True):
    """One visitor's drafts of one mount."""

    wizard: Rules
    _mount: Mount
    holder: Holder
    _repository: DraftRepository

    def __repr__(self) -> str:
        return f"<VisitorDrafts of {self._mount.name!r}>"

    @property
    def mount(self) -> str:
        """The key of the mount, which is stored with its drafts."""
        return self._mount.key

    @property
    def limit(self) -> int:
        """How many bytes a draft may have."""
        return self._repository.limit

    @cached_property
    def _lifetimes(self) -> tuple[float, float]:
        """How long a draft lives, idle and in all, in seconds."""
        return seconds(self.wizard.lifetime), seconds(self.wizard.max_lifetime)

    @contextmanager
    def joined(self) -> Iterator[VisitorDrafts]:
        """Yield the visitor's drafts, to be saved in the application's transaction."""
        with self._repository.joined() as repository:
            yield structs.replace(self, _repository=repository)

    def give_way(self) -> None:
        """Let nothing of the application's keep drafts from being saved."""
        self._repository.give_way()

    def load(self, draft_id: str, mount: str | None = None) -> StoredDraft | None:
        """Return a draft that this visitor holds and that has not expired, or None.

        ``mount`` is the key of the draft's mount, if it is another one of this wizard.
        """
        expected, lifetimes = mount or self.mount, self._lifetimes
        holder = self.holder
        if not is_id(draft_id) or not (holder.marks or holder.end_marks):
            return None
        draft, version = self._repository.load(draft_id)
        if draft is None or draft.mount != expected:
            return None
        if draft.expires(*lifetimes) <= time.time():
            return None
        # What `held` does, by one call less.
        own = draft.re_mark(holder.marks, kind=holder.kind)
        held = own or self._adopted(draft)
        if held is None and draft.ended:
            held = draft.re_mark(holder.end_marks)
        if held is None:
            return None
        if held.state == "committing":
            held = self._expire_lease(held)
        if self.wizard.steps.renamed or held.version != self.wizard.version:
            return self.opened(held, version)
        return StoredDraft(held, version, is_new=False)

    def load_linked(self, draft_id: str) -> StoredDraft | None:
        """Return a draft of this mount that has not expired, whoever holds it."""
        draft, version = self._repository.load(draft_id)
        if draft is None or draft.mount != self.mount:
            return None
        if draft.expires(*self._lifetimes) <= time.time():
            return None
        return self.opened(self._expire_lease(draft), version)

    def load_as_guest(self, draft_id: str) -> StoredDraft | None:
        """Return a draft in which this visitor has the place of a guest, or None.

        Who has signed in since has the place as that user from now on, and that is
        stored at once. Raise StoreError.
        """
        marks = self.holder.all_marks
        if not is_id(draft_id) or not marks:
            return None
        found = self.load_linked(draft_id)
        if found is None or not (places := found.draft.places_of(marks)):
            return None
        draft = found.draft.re_mark_guest(marks, marks[0])
        guest = Guest(
            frozenset(name for each in places for name in each.steps),
            frozenset(name for each in places for name in each.sees),
        )
        if draft is not found.draft:
            with suppress(ConflictError):  # the next request stores it
                found = self.save(structs.replace(found, guest=guest), draft)
        return structs.replace(found, draft=draft, guest=guest)

    def take_place(self, stored: StoredDraft, link: str) -> StoredDraft:
        """Save a draft with this visitor as a guest, in the place of a link.

        Raise ConflictError or StoreError.
        """
        draft = stored.draft.take_place(time.time(), link, self.holder.mark)
        self.holder.begin()
        nothing = Guest(frozenset(), frozenset())
        return self.save(structs.replace(stored, guest=nothing), draft)

    def take_up(self, stored: StoredDraft, *, link: str, until: float) -> StoredDraft:
        """Save a draft with this visitor as a holder, who has come by a link.

        ``link`` is its id, and ``until`` when it expires, in seconds since the epoch.
        Raise ConflictError, TooManyDraftsError or StoreError.
        """
        holder, draft, now = self.holder, stored.draft, time.time()
        holder.ensure_token()
        self._add_to_list(draft.id, keep_until=draft.keep_until)
        held = draft.take_up(
            now, link=link, until=until, marks=holder.marks, kind=holder.kind
        )
        return self.save(stored, held.renew(now, notice=draft.notice))

    def start(self, nonce: str) -> StoredDraft:
        """Return the draft that a nonce has started, or a new one, not stored yet.

        It is another one if somebody else holds the draft: a copy of this session's
        cookie may be in a browser where a user has signed in since. Raise
        UnreadableDraftError if the stored draft belongs to another mount.
        """
        ids = self.holder.draft_ids(nonce, self.mount)
        loads = ((draft_id, *self._repository.load(draft_id)) for draft_id in ids)
        draft_id, draft, version = new = next(loads)
        if draft is None:  # the secrets may have changed since it began
            found = (load for load in loads if load[1] is not None)
            draft_id, draft, version = next(found, new)
        if draft is not None and draft.mount != self.mount:
            raise UnreadableDraftError("A stored draft carries another mount's name.")
        if draft is None or draft.expires(*self._lifetimes) <= time.time():
            draft = self.fresh(draft_id)
        elif (held := self.held(draft)) is not None:
            draft = self._expire_lease(held)
        else:
            draft = self.fresh(new_nonce())
            _, version = self._repository.load(draft.id)
        return self.opened(draft, version)

    def opened(self, draft: Draft, version: StoredVersion) -> StoredDraft:
        """Return a draft as the wizard has it now, which the next write stores.

        Its steps and fields have their names of now, and it is of the wizard's version.
        """
        draft, names = with_new_names(draft, self.wizard.steps)
        if len(draft.packed_holders) > 1 and (renamed := self.wizard.steps.renamed):
            former = {old: step.name for step in renamed for old in step.former_names}
            draft = draft.rename_shared(former)
        is_older = draft.version < self.wizard.version
        if is_older and self.wizard._upgrades and not draft.ended:
            draft = upgrade(draft, self.wizard)
        if draft.version != self.wizard.version:
            draft = structs.replace(draft, version=self.wizard.version)
        is_new = version.version is None
        return StoredDraft(draft, version, is_new=is_new, names=names)

    def find_begun(self, nonce: str) -> StoredDraft | None:
        """Return the draft that a nonce has started if this visitor holds it."""
        if self.holder.token is None:
            return None
        ids = self.holder.draft_ids(nonce, self.mount)
        return next(filter(None, map(self.load, ids)), None)

    def shared_nonce(self) -> str:
        """Return the nonce of the next draft that this session begins at this mount.

        It is the same for all pages that are opened before that draft has ended, so
        that all of them begin one draft.
        """
        for number in range(MAX_SHARED_NONCES):
            nonce = self.holder.draft_ids(f"shared {number}", self.mount)[0]
            begun = self.find_begun(nonce)
            if begun is None or not begun.draft.ended:
                return nonce
        return new_nonce()

    def held(self, draft: Draft) -> Draft | None:
        """Return a draft if this visitor holds it, with the visitor's newest mark."""
        holder = self.holder
        return draft.re_mark(holder.marks, kind=holder.kind) or self._adopted(draft)

    def _adopted(self, draft: Draft) -> Draft | None:
        """Return a draft that this session began before its user signed in, or None.

        The user holds it already, except if it could not be adopted at the login.
        """
        holder = self.holder
        return draft.re_mark(holder.former_marks, user=holder.marks)

    def _expire_lease(self, draft: Draft) -> Draft:
        """Return the draft, without its claim if the lease has expired.

        Then it is unsettled, except with ``one_transaction``, whose outcome is known.
        """
        unknown = not self.wizard.one_transaction
        return draft.expire_lease(time.time(), unsettled=unknown)

    def fresh(self, draft_id: str, *, held: bool = True) -> Draft:
        """Return a new draft, which is not stored. ``held`` adds this holder."""
        now = time.time()
        draft = Draft(
            id=draft_id,
            mount=self.mount,
            packed_holders=(),
            created=now,
            updated=now,
            submission=secrets.token_urlsafe(16),
            version=self.wizard.version,
        )
        return self.add_holder(draft) if held else draft

    def reload(self, stored: StoredDraft) -> StoredDraft:
        """Return the draft as it is stored now, whoever holds it.

        If it has expired meanwhile, return it as it was, to be saved anew.
        """
        draft, version = self._repository.load(stored.draft.id)
        if draft is not None:
            return self.opened(self._expire_lease(draft), version)
        current = self._expire_lease(stored.draft)
        return structs.replace(stored, draft=current, version=version, is_new=True)

    def save(
        self, stored: StoredDraft, draft: Draft, *, notice: str | None = None
    ) -> StoredDraft:
        """Save ``draft`` over ``stored``.

        ``notice`` is for the values that a visitor sends: the draft begins another
        lifetime with it, and its size is limited. A commit must always be able to save
        its outcome. Raise ConflictError if another request wrote meanwhile,
        TooManyDraftsError, DraftTooLargeError or StoreError.
        """
        if notice is not None:
            draft = draft.renew(time.time(), notice=notice)
        by_stored = with_stored_names(draft, stored.names) if stored.names else draft
        plain, limit = encode(by_stored), self._repository.limit
        if notice is not None and len(plain) > limit:
            raise DraftTooLargeError(len(plain), limit)
        # An expired draft begins anew under its key in the store.
        was = stored.draft
        begins = stored.is_new or not (was.packed_entries or was.packed_items)
        has_ended = draft.ended
        if begins and not has_ended and stored.guest is None:
            self._add_to_list(draft.id)
        ttl = math.ceil(draft.expires(*self._lifetimes) - time.time())
        kind = Kind.TOMBSTONE if has_ended else Kind.DRAFT
        store = self._repository.store
        version = store.save(stored.version, plain, kind=kind, ttl=max(1, ttl))
        if has_ended:
            store.erase_remains()
        # Where no page takes files, there can only be those of an earlier release, kept
        # with their page's answers until the end.
        if has_ended or self.wizard.steps.take_files or was.packed_items:
            entries = chain(was.packed_entries.values(), *was.packed_items.values())
            # One search, as to begin 200 takes three times as long as all of them. A
            # match across two entries costs a look for files that are not there.
            if FILES_KEY in b"".join(entries):
                self.delete_files(stored, draft)
        return StoredDraft(draft, version, is_new=False, names=stored.names)

    def delete_files(self, stored: StoredDraft, draft: Draft) -> None:
        """Delete the files of a stored draft that ``draft``, stored since, has not.

        In a transaction that may still be rolled back this does nothing.
        """
        if (uploads := self._repository.uploads) is None:
            return
        kept = {file.id for file in draft.files(changed_in=stored.draft)}
        for file in stored.draft.files(changed_in=draft):
            if file.id not in kept:
                uploads.delete(stored.version.key, file.id)

    def size_of_files(self, but: str) -> int:
        """Return how many bytes the files of all drafts of this visitor have.

        Those of the draft with the id ``but`` are left out, and those of drafts that
        cannot be read.
        """
        size = 0
        for listed in self._listed():
            if listed.id == but or listed.expired:
                continue
            with suppress(UnreadableDraftError):
                draft, _ = self._repository.load(listed.id)
                files = draft.files() if draft is not None else ()
                size += sum(file.size for file in files)
        return size

    @property
    def _list(self) -> DraftList:
        return DraftList(self._repository.store, self.holder.list_name)

    def _listed(self, **only: str) -> list[ListedDraft]:
        """Return the visitor's drafts of a mount or a wizard, expired ones too."""
        return self._list.drafts(**only) if self.holder.marks else []

    @property
    def _wizard_name(self) -> str:
        return name_of(self.wizard)

    def _add_to_list(self, draft_id: str, *, keep_until: float = 0.0) -> None:
        self._list.add(
            draft_id,
            wizard=self._wizard_name,
            mount=self.mount,
            most=self.wizard.max_drafts,
            is_open=lambda listed: self.find_open(listed) is not None,
            idle=self._lifetimes[0],
            lifetime=self._lifetimes[1],
            keep_until=keep_until,
        )
        self.holder.begin()

    def unlist(self, draft_id: str) -> None:
        """Remove a draft from the visitor's list.

        If the commit has signed the visitor in, it is still on the session's list.
        """
        for name in (self.holder.list_name, *self.holder.waiting):
            DraftList(self._repository.store, name).remove({draft_id})

    def end(
        self,
        draft: Draft,
        state: Literal["committed", "discarded"],
        receipt: Receipt | None = None,
    ) -> Draft:
        """Return the tombstone of a draft, with this visitor as a holder.

        If the application has cleared the session, or signed somebody in or out, the
        visitor is another by now, who must see the receipt all the same.
        """
        self._identify_again()
        ended = draft.end(state, time.time(), receipt=receipt)
        return self._with_end_holder(ended)

    def follow(self, ended: StoredDraft) -> None:
        """Let the visitor open an ended draft whom a hook has changed since it ended.

        Raise ConflictError or StoreError.
        """
        self._identify_again()
        if self.holder.has_changed:
            self.save(ended, self._with_end_holder(ended.draft))

    def _identify_again(self) -> None:
        try:
            self.holder.identify()
        except Exception as error:  # the draft has ended, whoever asks
            logger.error(
                "The holder function failed at the end of a draft.",
                exc_info=without_locals(error),
            )

    def _with_end_holder(self, ended: Draft) -> Draft:
        """Return an ended draft with this visitor as a holder.

        A user may be signed out by now, also one that the holder function returns: many
        remember in a request who was signed in when it began. So the session itself
        holds it, until the next user is known.
        """
        holder, held = self.holder, self.add_holder(ended)
        if holder.has_changed and (ended.has_user or holder.user is not None):
            held = held.add_holder(time.time(), marks=holder.make_end_marks())
        return held

    def add_holder(self, draft: Draft) -> Draft:
        """Return the draft with this visitor as a holder, as in a cleared session.

        A draft that a user holds stays as it is: no session may open it.
        """
        if self.holder.kind == "session" and draft.has_user:
            return draft
        return self._with_holder(draft)

    def _with_holder(self, draft: Draft) -> Draft:
        holder = self.holder
        holder.ensure_token()
        return draft.add_holder(time.time(), marks=holder.marks, kind=holder.kind)

    def open_drafts(self, *, everywhere: bool = False) -> list[Draft]:
        """Return the visitor's open drafts of this mount, oldest first.

        With ``everywhere``, return those of this wizard at all its mounts, which
        ``max_drafts`` counts.
        """
        if everywhere:
            listed = self._listed(wizard=self._wizard_name)
        else:
            listed = self._listed(mount=self.mount)
        found = map(self.find_open, listed)
        return [draft for draft in found if draft is not None]

    def find_open(self, listed: ListedDraft) -> Draft | None:
        """Return a listed draft of this wizard if it is open, or None.

        For a damaged draft it is None too, because the visitor can continue the others.
        Raise NewerFormatError for a draft of a newer release, which may be open.
        """
        if listed.has_expired(time.time() - self._lifetimes[1]):
            return None
        try:
            stored = self.load(listed.id, listed.mount)
        except NewerFormatError:
            raise
        except UnreadableDraftError as error:
            logger.error(
                "A draft on its holder's list cannot be read.",
                exc_info=without_locals(error),
            )
            return None
        return None if stored is None or stored.draft.ended else stored.draft

    def remembers(self, draft_id: str) -> bool:
        """True if the draft is on this visitor's list, and expired.

        Otherwise it is somebody else's, whose link was revoked.
        """
        if not any(draft.id == draft_id for draft in self._listed(mount=self.mount)):
            return False
        return self.load_linked(draft_id) is None
