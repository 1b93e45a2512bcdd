"""Python in processes of their own, whose limits and forks harm nobody here."""

from __future__ import annotations

import os
import subprocess
import sys
from textwrap import dedent


def run_script(source: str, *arguments: object, ends: int = 0) -> str:
    """Run Python until it ends with this status; return what it said."""
    command = [sys.executable, "-P", "-W", "error", "-c", dedent(source)]
    done = subprocess.run(
        [*command, *map(str, arguments)],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        capture_output=True,
        text=True,
        timeout=300,  # seconds: some run pytest, and a machine may be busy
        check=False,
    )
    assert (done.returncode, done.stderr) == (ends, ""), done.stderr
    return done.stdout.strip()
