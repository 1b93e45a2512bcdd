"""What applications test their wizards and their own stores with."""

from __future__ import annotations

import pytest

from ..checks.proofs import prove
from .accessibility import assert_accessible
from .client import WizardClient
from .page import Page
from .stories import Story, StoryError, every_path

__all__ = [
    "Page",
    "Story",
    "StoryError",
    "WizardClient",
    "assert_accessible",
    "every_path",
    "prove",
]

pytest.register_assert_rewrite("flask_wizard.testing.store_contract")
