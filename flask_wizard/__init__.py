"""Multi-step forms for Flask, with drafts held by the visitor's session."""

from .answers import Answers
from .commit import Submission
from .draft import Draft, Receipt
from .errors import (
    CommitResultError,
    ConfigurationError,
    DefinitionError,
    DraftTooLargeError,
    StepError,
    StoreError,
    TooManyDraftsError,
    UnknownNameError,
    UnreadableDraftError,
    WizardError,
)
from .extension import FlaskWizard
from .rows import Row
from .steps import Review, Step
from .stores import DraftStore
from .visit import Visit
from .wizard import Wizard

__all__ = [
    "Answers",
    "CommitResultError",
    "ConfigurationError",
    "DefinitionError",
    "Draft",
    "DraftStore",
    "DraftTooLargeError",
    "FlaskWizard",
    "Receipt",
    "Review",
    "Row",
    "Step",
    "StepError",
    "StoreError",
    "Submission",
    "TooManyDraftsError",
    "UnknownNameError",
    "UnreadableDraftError",
    "Visit",
    "Wizard",
    "WizardError",
]
