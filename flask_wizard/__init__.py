"""Multi-step forms for Flask. Only its holder opens a draft: a session, or a user."""

from .core.answers import Answers
from .core.date_boxes import DateBoxesField
from .core.draft import Receipt
from .core.file_content import FileContent
from .core.form_steps import Step
from .core.info import Exit, Info
from .core.items import Item
from .core.only_if import OnlyIf
from .core.repeats import Repeat
from .core.rows import Row
from .core.steps import Review
from .core.submission import Submission
from .drafts.public_draft import Draft
from .drafts.upload_store import UploadStore
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
from .stores import DraftStore
from .web.overview import Overview
from .web.uploaded_file import UploadedFile
from .web.visit import Visit
from .wizard import Wizard

__all__ = [
    "Answers",
    "CommitResultError",
    "ConfigurationError",
    "DateBoxesField",
    "DefinitionError",
    "Draft",
    "DraftStore",
    "DraftTooLargeError",
    "Exit",
    "FileContent",
    "FlaskWizard",
    "Info",
    "Item",
    "OnlyIf",
    "Overview",
    "Receipt",
    "Repeat",
    "Review",
    "Row",
    "Step",
    "StepError",
    "StoreError",
    "Submission",
    "TooManyDraftsError",
    "UnknownNameError",
    "UnreadableDraftError",
    "UploadStore",
    "UploadedFile",
    "Visit",
    "Wizard",
    "WizardError",
]
