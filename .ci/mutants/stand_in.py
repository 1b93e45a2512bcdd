"""Put a mutant in the place of its module when that is imported."""

from __future__ import annotations

import importlib.abc
import marshal
import os
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType

_read = importlib.abc.SourceLoader.get_code


def stand_in() -> None:
    """Heed ``MUTANT=<module>=<file with its code>`` in the environment."""
    SourceFileLoader.get_code = _get_code  # type: ignore[assignment, method-assign]


def _get_code(loader: importlib.abc.SourceLoader, fullname: str) -> CodeType | None:
    module, _, path = os.environ.get("MUTANT", "").partition("=")
    if module != fullname:
        return _read(loader, fullname)
    code = marshal.loads(Path(path).read_bytes())
    assert isinstance(code, CodeType)
    return code
