"""The code of the documents."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


def blocks(document: str, language: str) -> list[str]:
    """Return a document's blocks of code in a language."""
    text = (ROOT / document).read_text()
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.S | re.M)


def run_blocks(document: str) -> dict[str, Any]:
    """Run a document's Python blocks as one module and return its names."""
    names: dict[str, Any] = {"__name__": document}
    for block in blocks(document, "python"):
        exec(compile(block, document, "exec"), names)
    return names
