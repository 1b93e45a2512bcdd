"""Findings: what the checks report, and which of it is meant to be so."""

from __future__ import annotations

from typing import NamedTuple

SILENCED = "WIZARD_SILENCED"
"""The key with the findings that are meant to be so, each with a reason."""


class Finding(NamedTuple):
    """Something that a visitor would meet, and the developer may not have meant."""

    #: The name of the check.
    check: str
    #: The mount, and the step and the field if it is about one, joined by dots.
    where: str
    #: What was found, what was expected, and how to mend it.
    message: str

    @property
    def key(self) -> str:
        """What silences it in ``WIZARD_SILENCED``."""
        return f"{self.check} {self.where}"
