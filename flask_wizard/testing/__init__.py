"""What an application and a store of its own can be tested with, by pytest."""

from __future__ import annotations

import pytest

pytest.register_assert_rewrite("flask_wizard.testing.store_contract")
