"""What can go wrong, and what to do about it."""

from __future__ import annotations

from collections.abc import Iterable


class WizardError(Exception):
    """The root of everything that this package raises."""


class DefinitionError(WizardError, TypeError):
    """A wizard, a step or a store was declared in a way that cannot work."""


class ConfigurationError(WizardError, RuntimeError):
    """The application around the wizard lacks something that it needs."""


class UnknownNameError(WizardError, AttributeError, KeyError):
    """A step or field was asked for that is not there, or not there yet.

    ``name`` is what was asked for, ``known`` are the names that would have done.
    """

    def __init__(self, message: str, *, name: str, known: Iterable[str]) -> None:
        super().__init__(message)
        self.name = name
        self.known = tuple(known)

    def __str__(self) -> str:  # KeyError would show the message in quotes
        return str(self.args[0])


class CommitResultError(WizardError, TypeError):
    """``commit`` returned something that leads nowhere, such as a page."""


class StepError(WizardError, ValueError):
    """Raise it in ``validate`` or ``commit`` to send the visitor back to a step.

    The step is not done until its Continue is accepted. ``field`` names the field
    that shows the message and may be dotted: ``home.street``, ``phones.1``.
    """

    def __init__(
        self, step: str, message: str, field: str | None = None, item: str | None = None
    ) -> None:
        super().__init__(step, message, field, item)
        self.step = step
        self.message = str(message)  # it may be a translation that waits for its use
        self.field = field
        self.item = item

    def __str__(self) -> str:
        return f"{self.step}: {self.message}"


class StoreError(WizardError, OSError):
    """The store could not answer: it is down, slow, full or damaged.

    Never raised for a draft that is really absent. The cause is chained.
    """


class UnreadableDraftError(StoreError):
    """A stored value is damaged, foreign, of a newer format, or its secret is missing.

    The stored bytes are left as they are.
    """


class NewerFormatError(UnreadableDraftError):
    """A newer release has written a stored value, which only that can change."""


class ConflictError(WizardError, RuntimeError):
    """Somebody else wrote first; load again and decide anew."""


class DraftTooLargeError(WizardError, ValueError):
    """A draft would outgrow ``WIZARD_MAX_DRAFT``; the kept one is untouched."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The draft would take {size} bytes; WIZARD_MAX_DRAFT allows {limit}."
        )
        self.size = size
        self.limit = limit


class TooManyDraftsError(WizardError, ValueError):
    """A holder has as many open drafts of one wizard as ``max_drafts`` allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The holder has {limit} open drafts, which is max_drafts.")
        self.limit = limit
