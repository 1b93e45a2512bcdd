"""The drafts of visitors in one store, without an application and its requests."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from cachelib import SimpleCache
from clock import DAY, HOUR
from store_wrappers import Probe
from uploads import DictUploads
from wizards import Join

from flask_wizard import Wizard
from flask_wizard.core.draft import Draft, Entry, StoredFile, encode, pack_files
from flask_wizard.drafts.encrypted_store import (
    DraftRepository,
    EncryptedStore,
    StoredDraft,
)
from flask_wizard.drafts.holders import Holder, Tokens
from flask_wizard.drafts.keyring import FORMAT, Keyring, Kind, mark_of
from flask_wizard.drafts.uploads import Uploads
from flask_wizard.drafts.visitor_drafts import Mount, VisitorDrafts
from flask_wizard.stores import new_version
from flask_wizard.stores.memory import MemoryStore

OLD, NEW = "o" * 32, "n" * 32
NONCE, OTHER_NONCE = "A" * 22, "B" * 22
LIMIT = 2000  # bytes of a draft


class Brief(Join):
    """A wizard whose drafts expire soon, and of which a visitor may have two."""

    lifetime = HOUR
    max_lifetime = 4 * HOUR
    max_drafts = 2


class Shelf:
    """A store of drafts and files, and the visitors whose drafts are in it."""

    def __init__(self) -> None:
        self.store = Probe(MemoryStore(SimpleCache()))
        self.files = DictUploads()

    def repository(self, *keys: str) -> DraftRepository:
        keyring = Keyring(keys or (OLD,))
        store = EncryptedStore(self.store, keyring, compress_above=16_384)
        uploads = Uploads(self.files, store)
        return DraftRepository(store, limit=LIMIT, uploads=uploads)

    def visitor(
        self,
        session: dict[str, Any] | None = None,
        user: str | None = None,
        *,
        wizard: type[Wizard] = Brief,
        mount: str = "join",
        bound: Mapping[str, Any] | None = None,
        keys: tuple[str, ...] = (OLD,),
        known: Tokens | None = None,
        find_user: Callable[[], str | None] | None = None,
    ) -> VisitorDrafts:
        """The drafts of a visitor in a request, in which this user is signed in."""
        repository = self.repository(*keys)
        holder = Holder(
            {} if session is None else session,
            repository.store.keyring,
            find_user or (lambda: user),
            known,
        )
        holder.identify()
        at = Mount(mount, bound or {})
        return VisitorDrafts(wizard._instance(), at, holder, repository)

    def stored(self, draft_id: str, *keys: str) -> Draft:
        """A draft as it is stored, whoever holds it."""
        draft, _ = self.repository(*keys).load(draft_id)
        assert draft is not None
        return draft

    def put(self, stored: StoredDraft, draft: Draft, *, ttl: int = 9 * HOUR) -> None:
        """Store a draft as another process has changed it."""
        store = self.repository().store
        _, version = store.load("draft", stored.draft.id)
        store.save(version, encode(draft), kind=Kind.DRAFT, ttl=ttl)


def sent(name: str = "Ada", **files: str) -> Entry:
    """What a first page has sent: a name, and files by id."""
    stored = {id: StoredFile(id, "photo", text, size=3) for id, text in files.items()}
    return Entry.of({"name": [name]}, rev=1, accepted=True, files=pack_files(stored))


def begin(drafts: VisitorDrafts, nonce: str = NONCE, **files: str) -> StoredDraft:
    """Begin a draft with its first step, as a POST does."""
    stored = drafts.start(nonce)
    draft = stored.draft.with_entries({"you": sent(**files)})
    return drafts.save(stored, draft, notice="")


def damage(shelf: Shelf, key: str, *, format: int | None = None) -> None:
    """Flip the last byte of a stored value, or make it one of another format."""
    store = shelf.store.inner
    found = store.load(key)
    assert found is not None
    blob, version = found
    if format is None:
        blob = blob[:-1] + bytes((blob[-1] ^ 0xFF,))
    else:
        blob = mark_of(format) + blob[len(FORMAT) :]
    assert store.replace(key, blob, new_version(), version, DAY)
