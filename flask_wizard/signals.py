"""Signals: what happens to drafts, told to functions that the application connects.

The sender is the class of the wizard. No signal carries an answer. They are sent by the
process that answers the request, after what they tell is stored, so a crash between the
two loses one: count with them, and store what must not be lost in ``commit``. What a
receiver raises is logged, and changes nothing for the visitor.
"""

from __future__ import annotations

from blinker import NamedSignal, Namespace

_signals = Namespace()

draft_started: NamedSignal = _signals.signal(
    "draft-started",
    "A draft was stored for the first time. ``draft_id``, and the ``step`` whose page "
    "began it.",
)
step_saved: NamedSignal = _signals.signal(
    "step-saved",
    "What was sent to a page is stored: by Continue, Back, Save and the like, but not "
    "by an autosave. ``draft_id``, ``step``; ``fields``, the names of those that were "
    "sent with other values than before; ``accepted``, true if Continue was accepted.",
)
step_refused: NamedSignal = _signals.signal(
    "step-refused",
    "Continue was not accepted. ``draft_id``, ``step``; ``fields``, the names of those "
    "with an error, of which the empty one is the page as a whole.",
)
path_changed: NamedSignal = _signals.signal(
    "path-changed",
    "Other steps apply than before. ``draft_id``; ``step``, whose page has changed it; "
    "``added`` and ``removed``, the names of the steps.",
)
draft_resumed: NamedSignal = _signals.signal(
    "draft-resumed",
    "Somebody has come back to an open draft, from the page that lists drafts, from a "
    "bookmark of the draft, or by a link that makes them its holder. ``draft_id``, and "
    "the ``step`` where it stands, which is ``None`` if it cannot be told.",
)
draft_committed: NamedSignal = _signals.signal(
    "draft-committed",
    "The commit hook has returned, and the draft is ended. ``draft_id``.",
)
draft_discarded: NamedSignal = _signals.signal(
    "draft-discarded", "The visitor has discarded the draft. ``draft_id``."
)
store_failed: NamedSignal = _signals.signal(
    "store-failed",
    "The store of drafts has failed, and a visitor was told so. ``draft_id``, which is "
    "``None`` before a draft exists, and ``error``, the class of the exception.",
)
