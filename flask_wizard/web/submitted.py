"""Submitted: the values of a POST, read from the request once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import msgspec
from flask import Request
from werkzeug.exceptions import BadRequest, UnsupportedMediaType

from ..core.fields import ANSWERED, ASKED
from ..core.forms import FIELDS, FieldNames, Values
from ..core.steps import RESERVED_FIELDS
from ..drafts.holders import is_id
from .guard import FORM_TYPES
from .incoming import IncomingFiles
from .urls import FROM_REVIEW, NONCE

ANSWERS_HASH = "_seen"
"""The name of the field in which a review sends the hash of what it shows."""

ITEM_NONCE = "_item"
"""The name of the field in which the page of a new item carries a nonce."""

SIGNED_IN = "_signed_in"
"""The name of a field of the pages that signed-in users see."""

GUEST = "_guest"
"""The name of a field of the pages that guests fill in."""


class Button(NamedTuple):
    """A submit button of a page."""

    #: The value of ``_action`` that it sends.
    value: str
    #: The text on the button.
    label: str
    #: True if the page highlights it.
    primary: bool = False


class Submitted(msgspec.Struct, frozen=True):
    """A submission as it was sent: its action, its values, and its page."""

    #: What was sent as ``_action``: ``next`` if nothing was.
    action: str
    #: True if ``_action`` was sent, and if ``_rev`` was.
    has_action: bool
    has_rev: bool
    #: The values of the step's fields, and the names that its page has signed.
    values: Values
    #: The revision of the step that the page showed.
    rev: int
    #: The nonce that the id of a new draft is derived from; empty if the page had none.
    nonce: str
    #: The nonce that the id of a new item is derived from; empty if the page had none.
    item_nonce: str
    #: True if the visitor came by a change link of the review.
    from_review: bool
    #: True if the page was shown to a signed-in user.
    signed_in: bool
    #: True if the page was shown to a guest.
    is_guests: bool
    #: The hash of the answers that a review has shown; ``None`` for any other page.
    answers_hash: str | None
    #: The names of the page's fields as the page carried them, encrypted.
    field_names: tuple[str, ...]

    @classmethod
    def from_request(
        cls,
        request: Request,
        *,
        csrf_field: str,
        decrypt_names: Callable[[str], FieldNames | None],
        incoming: IncomingFiles | None = None,
    ) -> Submitted:
        """Return what a request sent, and the files that came with it.

        Raise BadRequest if it sent nothing, or a part without a name. Raise
        UnsupportedMediaType if its body is no form.
        """
        if request.mimetype not in FORM_TYPES:
            raise UnsupportedMediaType if request.get_data() else BadRequest
        form = request.form
        if None in form:  # Werkzeug gives the value of such a part under None
            raise BadRequest
        from_review = is_from_review(request)
        own = RESERVED_FIELDS | {csrf_field}
        values = Values(form.lists())
        sent = {name: values.pop(name)[0] for name in own & values.keys()}
        nonce, rev = sent.get(NONCE, ""), sent.get("_rev", "")
        item_nonce = sent.get(ITEM_NONCE, "")
        action = sent.get("_action", "next")
        for asked in [name for name in values if name.endswith(ASKED)]:
            name = asked[: -len(ASKED)]
            if not values.pop(name + ANSWERED, None):
                values[name] = [""]
            del values[asked]
        if action.startswith("drop:"):
            values.dropped = action[5:]
        if incoming is not None:
            for name in incoming.names.keys() - own:
                values.setdefault(name, [])
            values.files = incoming.files
        field_names = tuple(form.getlist(FIELDS)) if FIELDS in sent else ()
        if field_names and field_names[0]:
            values.names = decrypt_names(field_names[0])
        return cls(
            action=action,
            has_action="_action" in sent,
            has_rev="_rev" in sent,
            values=values,
            rev=int(rev) if rev.isascii() and rev.isdigit() and len(rev) < 10 else 0,
            nonce=nonce if nonce and is_id(nonce) else "",
            item_nonce=item_nonce if item_nonce and is_id(item_nonce) else "",
            from_review=from_review,
            signed_in=SIGNED_IN in sent,
            is_guests=GUEST in sent,
            answers_hash=sent.get(ANSWERS_HASH),
            field_names=field_names,
        )

    def __repr__(self) -> str:  # a log must never show an answer
        return f"<Submitted {self.action!r}>"

    def __rich_repr__(self) -> list[tuple[str, Any]]:  # Rich would show every field
        return [("action", self.action)]

    def button(self, label: str) -> Button:
        """Return a button that sends the same action again."""
        return Button(self.action, label, primary=True)


def is_from_review(request: Request) -> bool:
    """True if the visitor came by a change link of the review."""
    return bool(request.query_string) and request.args.get("then") == FROM_REVIEW
