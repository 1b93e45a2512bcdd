"""A small disk, which can be full."""

from __future__ import annotations

import os
import subprocess
from contextlib import suppress
from pathlib import Path
from random import Random

SIZE = 64 * 1024 * 1024  # bytes
BLOCK = 4096  # bytes


class Disk:
    """A folder on a file system of its own, if this process may mount one.

    Else it is a plain folder, and cannot be filled: ``is_small`` tells.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        self.folder = folder
        self.is_small = False

    def mount(self) -> None:
        command = ("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "drill")
        if os.geteuid() == 0:
            mounting = subprocess.run((*command, str(self.folder)), check=False)
            self.is_small = mounting.returncode == 0

    def fill(self, chance: Random) -> None:
        """Leave nothing free, or a few blocks, so that a write fails halfway."""
        with (self.folder / "ballast").open("wb", buffering=0) as ballast:
            with suppress(OSError):
                while True:
                    ballast.write(bytes(BLOCK))
            spared = BLOCK * chance.choice((0, 0, 1, 5))
            ballast.truncate(max(0, ballast.tell() - spared))

    def free(self) -> None:
        (self.folder / "ballast").unlink(missing_ok=True)

    def remove(self) -> None:
        if self.is_small:
            subprocess.run(("umount", str(self.folder)), check=True)
