"""The pytest plugin: fixtures for the tests of an application's wizards."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from functools import partial
from secrets import token_hex
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from flask import Flask
    from time_machine import Traveller

    from flask_wizard.testing import WizardClient

# What a fixture needs is imported by it: other suites have this module as well.


@pytest.fixture
def wizard_client(app: Flask) -> Iterator[Callable[..., WizardClient]]:
    """Return a function that makes a ``WizardClient`` of the fixture ``app``.

    It takes the name of the mount and the variables of its prefix. Each client is a
    browser of its own. Drafts of other tests are not there, whatever store they lie in:
    the test has a ``WIZARD_NAMESPACE`` of its own.
    """
    from flask_wizard.testing import WizardClient

    own = f"{app.config.get('WIZARD_NAMESPACE', '')}{token_hex(8)}"
    # Of its own: a test may call undo() of the fixture monkeypatch.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(app.config, "WIZARD_NAMESPACE", own)
        yield partial(WizardClient, app)


@pytest.fixture
def wizard_clock() -> Iterator[Traveller]:
    """A clock that stands still at a whole second until ``shift`` moves it.

    ``wizard_clock.shift(timedelta(days=2))`` lets drafts and sessions grow older.
    """
    import time_machine

    with time_machine.travel(int(time.time()), tick=False) as clock:
        yield clock
