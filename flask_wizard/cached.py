"""``cached_property``, without the lock that Python 3.11 has around it."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

__all__ = ["cached_property"]

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property(functools.cached_property):  # it takes its place
        """A property that works its value out once for each object.

        In Python 3.11 one lock guards a property of all objects of a class, while their
        values are worked out: a slow hook of one visitor would hold up all others, and
        two threads that ask for two such properties in turn would wait for ever.
        """

        def __init__(self, func: Callable[[Any], Any]) -> None:
            super().__init__(func)
            self.lock = nullcontext()
