"""adopt: give a user the drafts that a session began before the user signed in."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterable

from msgspec.structs import replace

from ..core.draft import encode
from ..core.messages import Notice
from ..errors import ConflictError, NewerFormatError, UnreadableDraftError
from ..tracebacks import without_locals
from .draft_list import DraftList, ListedDraft
from .encrypted_store import DraftRepository
from .holders import Holder
from .keyring import Kind

logger: logging.Logger = logging.getLogger(__name__)


def adopt(holder: Holder, repository: DraftRepository) -> None:
    """Give the user of ``holder`` the drafts that wait for it, however many there are.

    The user's list is written first: whatever fails behind it, no draft is lost, and
    the session's next request goes on. A damaged value is logged and left as it is.
    Raise StoreError, or NewerFormatError for a value of a newer release.
    """
    for token in holder.waiting:
        source = DraftList(repository.store, token)
        try:
            rows = source.drafts()
            DraftList(repository.store, holder.list_name).add_all(rows)
            for row in rows:
                if not row.expired:
                    _adopt(row, holder.marks_of(token), holder.marks, repository)
            source.remove({row.id for row in rows})
        except NewerFormatError:
            raise
        except UnreadableDraftError as error:
            logger.error(
                "A list of drafts cannot be read, and was not adopted.",
                exc_info=without_locals(error),
            )
    holder.adopted()


def _adopt(
    row: ListedDraft,
    marks: Iterable[bytes],
    user: tuple[bytes, ...],
    repository: DraftRepository,
) -> None:
    """Put the user in the place of the session with these marks.

    A draft that has ended, expired or is being committed stays as it is.
    """
    while True:
        try:
            draft, version = repository.load(row.id)
        except NewerFormatError:
            raise
        except UnreadableDraftError as error:
            logger.error(
                "A listed draft cannot be read, and was not adopted.",
                exc_info=without_locals(error),
            )
            return
        now = time.time()
        if draft is None or draft.ended or draft.is_committing(now):
            return
        held = draft.re_mark(tuple(marks), user=user)
        ttl = math.ceil(row.expires(draft) - now)
        if held is None or ttl <= 0:
            return
        adopted = replace(held, notice=Notice.ADOPTED)
        try:
            plain = encode(adopted)
            repository.store.save(version, plain, kind=Kind.DRAFT, ttl=ttl)
        except ConflictError:
            continue
        return
