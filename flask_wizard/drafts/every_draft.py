"""every_draft: all drafts of a store, one after the other, for jobs."""

from __future__ import annotations

from collections.abc import Iterator

from ..core.draft import Draft
from ..errors import ConfigurationError, UnreadableDraftError
from ..stores import DraftStore, ListingStore
from .encrypted_store import DraftRepository, StoredVersion
from .keyring import Kind

Found = tuple[Draft, StoredVersion] | UnreadableDraftError


def every_draft(repository: DraftRepository) -> Iterator[Found]:
    """Yield each draft of this application, ended ones too, and where it is stored.

    In the place of a draft that cannot be read this yields the error. Drafts under
    another ``WIZARD_NAMESPACE`` are left out. Raise ConfigurationError if the store
    cannot list what it has, or StoreError.
    """
    engine, keyring = repository.store.engine, repository.store.keyring
    if not isinstance(engine, ListingStore):
        raise ConfigurationError(cannot_list(engine))
    for key, blob, version in engine.entries():
        if keyring.kind_of(blob) is Kind.LIST:
            continue
        try:
            draft = repository.open(key, blob)
        except UnreadableDraftError as error:
            yield error
            continue
        if key in repository.store.keys("draft", draft.id):
            yield draft, StoredVersion(key, version)


def cannot_list(store: DraftStore) -> str:
    """Return the message for a store that cannot tell which values it has."""
    return (
        f"Drafts are stored by {type(store).__name__}, which cannot list them. Jobs "
        "over all drafts need a store with entries(): SQLite, files, memory, a "
        "database, Redis or DynamoDB."
    )
