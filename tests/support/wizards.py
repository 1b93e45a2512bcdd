"""Wizards that the tests share."""

from __future__ import annotations

from types import new_class

from flask_wizard import Wizard


def declare(name: str, *bases: type, **body: object) -> type[Wizard]:
    """Declare a wizard whose steps are not known before the test runs."""
    wizard = new_class(name, (*bases, Wizard), exec_body=lambda own: own.update(body))
    assert issubclass(wizard, Wizard)
    return wizard
