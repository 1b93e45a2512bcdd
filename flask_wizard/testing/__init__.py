"""Pytest contracts that an application can test a store of its own with."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("flask_wizard.testing.store_contract")
