"""Submissions for the wizard's own ``validate``, which note what it reads of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import Any

from ..core.answers import Answers, Dependencies, Record
from ..core.journey import Journey
from ..core.submission import Submission
from ..errors import UnknownNameError


def submission_of(journey: Journey, reads: Dependencies) -> Submission:
    """Return the submission of a draft that is complete; ``reads`` gets what is read.

    Its ``data`` and ``files`` are read as its ``answers`` are.
    """
    whole = Submission.of(journey)
    answers = Answers(journey, len(journey.steps), reads)
    data, files = (_Noted(each, answers) for each in (whole.data, whole.files))
    return replace(whole, answers=answers, data=data, files=files)


class _Noted(dict[str, Any]):
    """Plain answers, of which each that is read is noted as one of ``source``."""

    def __init__(self, found: Mapping[str, Any], source: Answers | Record) -> None:
        super().__init__()
        self.source = source
        for name, value in found.items():
            is_step = isinstance(source, Answers) and isinstance(value, dict)
            inner = source[name] if is_step else None
            noted = _Noted(value, inner) if isinstance(inner, Record) else value
            super().__setitem__(name, noted)

    def _note(self, name: str) -> None:
        with suppress(UnknownNameError):
            _read_all(self.source[name])

    def _note_all(self) -> None:
        for name in [*dict.keys(self)]:
            self._note(name)

    def __getitem__(self, name: str) -> Any:
        if not isinstance(super().get(name), _Noted):
            self._note(name)
        return super().__getitem__(name)

    def get(self, name: str, default: Any = None) -> Any:
        """Return a value, or the default."""
        if name not in self:
            return default
        return self[name]

    def __contains__(self, name: object) -> bool:
        if isinstance(name, str) and isinstance(self.source, Answers):
            with suppress(UnknownNameError):
                bool(self.source[name])
        return super().__contains__(name)

    def __iter__(self) -> Iterator[str]:
        self._note_all()
        return super().__iter__()

    def keys(self) -> Any:
        """Return the names, all of which are noted."""
        self._note_all()
        return super().keys()

    def values(self) -> Any:
        """Return the values, all of which are noted."""
        self._note_all()
        return super().values()

    def items(self) -> Any:
        """Return names and values, all of which are noted."""
        self._note_all()
        return super().items()


def _read_all(value: Any) -> None:
    """Read an answer, and all that is inside it."""
    if isinstance(value, tuple):
        for each in value:
            _read_all(each)
    elif isinstance(value, Record) and value:
        for name in value:
            _read_all(value[name])
