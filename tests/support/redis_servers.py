"""Private Redis servers for tests, clusters and Sentinels too; Valkey likewise."""

from __future__ import annotations

import shutil
import socket
import time
from collections.abc import Sequence
from pathlib import Path

from servers import PATIENCE, Server, free_port, program


class RedisServer(Server):
    """A server that keeps nothing on disk, unless ``options`` say so.

    They are those of its configuration file: ``maxmemory="10mb"``.
    """

    def __init__(self, folder: Path, *, engine: str = "redis", **options: str) -> None:
        super().__init__(folder)
        self.engine = engine
        self.options = {"save": "", **options}

    def command(self) -> Sequence[str]:
        options = {
            "port": str(self.port),
            "bind": "127.0.0.1",
            "dir": str(self.folder),
            **self.options,
        }
        return [
            program(f"{self.engine}-server"),
            *(word for name, value in options.items() for word in _option(name, value)),
        ]

    def answers(self) -> bool:
        return self.send("PING").startswith(("+PONG", "-NOAUTH"))

    def send(self, *words: str) -> str:
        """Send a command, and give the beginning of the answer as it comes."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as server:
            server.sendall(_packed(words))
            return server.recv(65536).decode("latin-1")

    def wait_until(self, text: str, *words: str) -> None:
        """Send a command until the answer has ``text`` in it."""
        deadline = time.monotonic() + PATIENCE
        while text not in (said := self.send(*words)):
            if time.monotonic() > deadline:
                raise TimeoutError(f"{' '.join(words)} never said {text!r}: {said}")
            time.sleep(0.02)


class ClusterNode(RedisServer):
    """A server of a cluster. It has no part of the keys before ``take``.

    ``public_port`` is the one that clients are told of.
    """

    def __init__(self, folder: Path, *, engine: str = "redis", **options: str) -> None:
        self.bus = free_port()
        cluster = {"cluster-enabled": "yes", "cluster-port": str(self.bus)}
        super().__init__(folder, engine=engine, **cluster, **options)
        self.public_port = int(options.get("cluster_announce_port", self.port))

    def take(self, first: int, last: int) -> None:
        self.send("CLUSTER", "ADDSLOTSRANGE", str(first), str(last))

    def meet(self, other: ClusterNode) -> None:
        address = ("127.0.0.1", str(other.port), str(other.bus))
        self.send("CLUSTER", "MEET", *address)

    def wait_until_whole(self) -> None:
        self.wait_until("cluster_state:ok", "CLUSTER", "INFO")


class Sentinel(RedisServer):
    """A watcher, who tells clients where the server ``name`` is."""

    def command(self) -> Sequence[str]:
        settings = self.folder / "sentinel.conf"  # which it writes to
        settings.touch()
        return [
            program(f"{self.engine}-server"),
            str(settings),
            *("--sentinel", "--port", str(self.port), "--bind", "127.0.0.1"),
        ]

    def watch(self, name: str, server: RedisServer) -> None:
        """Tell clients from now on that ``server`` is the primary."""
        self.send("SENTINEL", "REMOVE", name)
        self.send("SENTINEL", "MONITOR", name, "127.0.0.1", str(server.port), "1")


def valkey_engine() -> str:
    """The server for valkey's client: its own where it is installed, else Redis."""
    return "valkey" if shutil.which("valkey-server") else "redis"


def _option(name: str, value: str) -> list[str]:
    return [f"--{name.replace('_', '-')}", *(value.split(" ") if value else [""])]


def _packed(words: Sequence[str]) -> bytes:
    parts = [f"${len(word)}\r\n{word}\r\n" for word in words]
    return f"*{len(words)}\r\n{''.join(parts)}".encode()
