"""A watch over what is logged: no answer may be in it."""

from __future__ import annotations

import logging

from flask import Flask, request

from flask_wizard.core.steps import RESERVED_FIELDS


class Canary(logging.Handler):
    """Hears what is logged, and sees what forms are sent, in every application.

    Only values that nobody logs by chance count. Of a traceback the messages are
    heard, and not the lines of code, which may well have a value of the test in them.
    """

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        self.told: set[str] = set()
        self.sent: set[str] = set()

    def emit(self, record: logging.LogRecord) -> None:
        self.told |= {record.getMessage(), repr(record.args)}
        error = record.exc_info[1] if record.exc_info else None
        met: set[int] = set()
        while error is not None and id(error) not in met:
            met.add(id(error))
            self.told |= {str(error), repr(error)}
            error = error.__cause__ or error.__context__

    def see(self, app: Flask, **_: object) -> None:
        form = request.__dict__.get("form")  # nothing must be parsed for this
        for name, values in form.lists() if form else ():
            if name not in RESERVED_FIELDS:
                self.sent.update(filter(is_distinctive, values))

    @property
    def leaks(self) -> list[tuple[str, str]]:
        return [
            (sent, text) for text in self.told for sent in self.sent if sent in text
        ]


def is_distinctive(value: str) -> bool:
    """Is it none of the short texts and plain words that many a message has?"""
    return len(value) >= 6 and not (value.isalpha() and value.islower())
