"""Tracebacks without local variables, which error trackers store as they find them."""

from __future__ import annotations

import inspect
import os
from collections.abc import Iterator
from contextlib import suppress
from types import FrameType
from typing import TypeVar

Error = TypeVar("Error", bound=BaseException)

PACKAGE = os.path.dirname(__file__)
#: The code of this package, and of its templates, which lie beside it in a checkout.
OURS = tuple(
    folder + os.sep
    for folder in (
        PACKAGE,
        os.path.join(os.path.dirname(PACKAGE), "templates", "flask_wizard"),
    )
)


def without_locals(error: Error) -> Error:
    """Clear this package's frames in the tracebacks of an error, and return it.

    Their local variables are a visitor's answers, decrypted. The frames of the
    application and of other packages keep theirs, and so do frames that still run.
    Call this where an error leaves the package, and before one is logged.
    """
    for each in _with_causes(error):
        traceback = each.__traceback__
        while traceback is not None:
            if traceback.tb_frame.f_code.co_filename.startswith(OURS):
                _clear(traceback.tb_frame)
            traceback = traceback.tb_next
    return error


def _with_causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and all that a traceback of it shows."""
    met: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        each = left.pop()
        if each is None or id(each) in met:
            continue
        met.add(id(each))
        yield each
        left += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            left += each.exceptions


def _clear(frame: FrameType) -> None:
    with suppress(RuntimeError):  # it still runs
        frame.clear()
        is_function = frame.f_code.co_flags & inspect.CO_OPTIMIZED
        if not is_function and frame.f_locals is not frame.f_globals:
            # Jinja runs the line of a template anew, with locals in a dict of its own.
            frame.f_locals.clear()
