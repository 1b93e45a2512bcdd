"""What applications test their wizards and their own stores with."""

from __future__ import annotations

import pytest

from ..checks.proofs import prove
from .accessibility import assert_accessible

__all__ = ["assert_accessible", "prove"]

pytest.register_assert_rewrite("flask_wizard.testing.store_contract")
