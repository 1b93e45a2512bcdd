"""The write-ahead log of SQLite: truncated, so that it has nothing of old values."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from flask_wizard.tracebacks import without_locals

PATIENCE = 20  # milliseconds that a truncation waits for readers, and writers for it
RETRY_EVERY = 0.3  # seconds

log: logging.Logger = logging.getLogger(__name__)


def truncate_log(execute: Callable[[str], Sequence[Any]]) -> bool:
    """Truncate the log of a database; return False if somebody still reads in it.

    The log keeps pages as they were before the last write, until it is written over.
    ``execute`` runs a statement and returns its rows. Without a log nothing happens.
    """
    ((timeout,),) = execute("PRAGMA busy_timeout")
    execute(f"PRAGMA busy_timeout = {PATIENCE}")
    try:
        ((is_busy, *_),) = execute("PRAGMA wal_checkpoint(TRUNCATE)")
    finally:
        execute(f"PRAGMA busy_timeout = {timeout}")
    return not is_busy


def repeat_until_done(name: Hashable, act: Callable[[], bool]) -> None:
    """Call ``act``; if it returns False, call it again in the background until not.

    ``name`` stands for what it does, which is never in the background twice. An error
    in the background is logged, and ends the repetition.
    """
    global _thread
    if act():
        return
    with _changing:
        _pending[name] = act
        if _thread is None or not _thread.is_alive():  # it has stayed with the parent
            _thread = threading.Thread(target=_repeat, daemon=True, name=__name__)
            _thread.start()


def _repeat() -> None:
    global _thread
    while True:
        time.sleep(RETRY_EVERY)
        with _changing:
            acts = dict(_pending)
        for name, act in acts.items():
            if _is_done(act):
                with _changing:
                    if _pending[name] is act:
                        del _pending[name]
        with _changing:
            if not _pending:
                _thread = None
                return


def _is_done(act: Callable[[], bool]) -> bool:
    try:
        return act()
    except Exception as error:
        log.error(
            "Old values stay in the log of an SQLite database for now.",
            exc_info=without_locals(error),
        )
        return True


_pending: dict[Hashable, Callable[[], bool]] = {}
_thread: threading.Thread | None = None
_changing = threading.Lock()

if hasattr(os, "register_at_fork"):
    os.register_at_fork(
        before=_changing.acquire,
        after_in_parent=_changing.release,
        after_in_child=_changing.release,
    )
