"""Private Memcached servers for tests."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from pathlib import Path

from servers import Server, program


class MemcachedServer(Server):
    """A server with ``options`` of its command line. It forgets all when it ends."""

    def __init__(self, folder: Path, *options: str) -> None:
        super().__init__(folder)
        self.options = options

    def command(self) -> Sequence[str]:
        # As root it would not run at all without -u.
        return [program("memcached"), "-u", "nobody", *self.place(), *self.options]

    def place(self) -> Sequence[str]:
        return ["-l", "127.0.0.1", "-p", str(self.port)]

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.port}"

    @property
    def url(self) -> str:
        return f"memcached://{self.address}"


class MemcachedSocket(MemcachedServer):
    """One that is reached by a path instead of a port."""

    def place(self) -> Sequence[str]:
        return ["-s", str(self.path), "-a", "777"]

    def answers(self) -> bool:
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(str(self.path))
            return True

    @property
    def path(self) -> Path:
        return self.folder / "memcached.sock"

    @property
    def url(self) -> str:
        return f"memcached://{self.path}"
