"""The exceptions of this package; each also inherits a builtin that callers catch."""

from __future__ import annotations

from collections.abc import Iterable

from markupsafe import Markup


class WizardError(Exception):
    """The base class of every exception that this package raises."""


class DefinitionError(WizardError, TypeError):
    """A wizard, a step or a store is declared in a way that cannot work."""


class ConfigurationError(WizardError, RuntimeError):
    """The application lacks something that the wizard needs, or configures it wrong."""


class UnknownNameError(WizardError, AttributeError, KeyError):
    """Code has read a step or field that is missing, or that it may not read yet."""

    def __init__(self, message: str, *, name: str, known: Iterable[str]) -> None:
        super().__init__(message)
        #: The name that the code has read.
        self.name: str = name
        #: The names that it can read.
        self.known: tuple[str, ...] = tuple(known)

    def __str__(self) -> str:  # KeyError would show the message in quotes
        return str(self.args[0])


class CommitResultError(WizardError, TypeError):
    """``commit`` returned neither a URL, a redirect, a Receipt nor ``None``."""


class StepError(WizardError, ValueError):
    """An error at one step. Raise it in ``validate`` or ``commit``.

    The framework sends the visitor back to the step, which is not done until the
    visitor's Continue is accepted. Among the remarks of ``reopen_url``, ``item`` may
    also be the position of an item in the data, from 0.
    """

    def __init__(
        self,
        step: str,
        message: str,
        field: str | None = None,
        item: str | int | None = None,
    ) -> None:
        super().__init__(step, message, field, item)
        #: The name of the step.
        self.step = step
        #: The message, as a string now: the argument may be a lazy translation. HTML
        #: stays ``Markup``; everything else is escaped.
        self.message: str = message if isinstance(message, Markup) else str(message)
        #: The name of the field that shows the message, or ``None`` for the step as a
        #: whole. It may be dotted: ``home.street``, ``phones.1``.
        self.field = field
        #: The id of an item of a list, or ``None``.
        self.item = item

    def __str__(self) -> str:
        return f"{self.step}: {self.message}"


class StoreError(WizardError, OSError):
    """The store could not answer: it is down, slow, full or damaged.

    A store never raises it for an absent draft. ``__cause__`` is the driver's error.
    """


class UnreadableDraftError(StoreError):
    """A stored value is damaged, foreign, of a newer format, or its secret is missing.

    The framework leaves the stored bytes unchanged.
    """


class NewerFormatError(UnreadableDraftError):
    """A newer release has written a stored value; this release cannot read it."""


class ConflictError(WizardError, RuntimeError):
    """Another request has written the value first. Load it again and decide anew."""


class DraftTooLargeError(WizardError, ValueError):
    """A draft would exceed ``WIZARD_MAX_DRAFT``. The stored draft is unchanged."""

    def __init__(self, size: int, limit: int) -> None:
        super().__init__(
            f"The draft would take {size} bytes; WIZARD_MAX_DRAFT allows {limit}."
        )
        #: The size of the draft in bytes.
        self.size = size
        #: The value of ``WIZARD_MAX_DRAFT``, in bytes.
        self.limit = limit


class TooManyDraftsError(WizardError, ValueError):
    """A holder has as many open drafts of one wizard as ``max_drafts`` allows."""

    def __init__(self, limit: int) -> None:
        super().__init__(f"The holder has {limit} open drafts, which is max_drafts.")
        #: The value of ``max_drafts``.
        self.limit = limit
