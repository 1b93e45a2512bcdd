"""Nodes: what drafts of one size take of one Redis and one PostgreSQL server."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import cycle, islice
from pathlib import Path
from typing import NamedTuple, Protocol

from postgres import Opened, Postgres, at_url
from redis_servers import RedisServer

from benchmarks.load.processes import cpu
from flask_wizard.stores import DraftStore, new_version
from flask_wizard.stores.registry import open_store

LIFETIME = 24 * 60 * 60  # seconds
KEY = 64  # characters of a draft's key


class Node(Protocol):
    """A server that holds drafts."""

    name: str

    def store(self) -> DraftStore:
        """Open it, as an application does at its URL."""

    def process(self) -> int:
        """The number of the process that serves."""

    def held(self) -> int:
        """Bytes that it holds, where they limit it: in memory or on disk."""

    def logged(self) -> int:
        """Bytes that it has written to its log of changes."""


class Cost(NamedTuple):
    """What drafts of ``size`` bytes take, each in bytes held, and each save."""

    engine: str
    size: int
    held: float
    #: Seconds of the server's processor time for a save: a load and a replacement.
    cpu: float
    #: Bytes written to the log for a save.
    logged: float


class Redis:
    """A server that appends each change to a file, synchronised once a second."""

    name = "Redis"

    def __init__(self, folder: Path) -> None:
        keeping = {"appendonly": "yes", "appendfsync": "everysec"}
        rewriting = {"auto_aof_rewrite_percentage": "0"}  # so that all can be counted
        self.server = RedisServer(folder / "redis", **keeping, **rewriting)

    def store(self) -> DraftStore:
        url = f"redis://127.0.0.1:{self.server.port}/0"
        return open_store(url, Path(os.devnull))

    def process(self) -> int:
        return int(self._info("server", "process_id"))

    def held(self) -> int:
        return int(self._info("memory", "used_memory"))

    def logged(self) -> int:
        return int(self._info("persistence", "aof_current_size"))

    def _info(self, section: str, name: str) -> str:
        (found,) = re.findall(
            rf"^{name}:(\d+)", self.server.send("INFO", section), re.M
        )
        return str(found)


class PostgreSQL:
    """A server as it comes, with ``fsync``."""

    name = "PostgreSQL"

    def __init__(self) -> None:
        self.server = Postgres()
        self.store = Opened(at_url, self.server.url)

    def process(self) -> int:
        path = self.server.folder / "data" / "postmaster.pid"
        return int(path.read_text().split()[0])

    def held(self) -> int:
        return self._number("SELECT pg_total_relation_size('wizard_drafts')")

    def logged(self) -> int:
        return self._number("SELECT pg_current_wal_lsn() - '0/0'::pg_lsn")

    def _number(self, statement: str) -> int:
        ((found,),) = self.server.run(statement)
        return int(str(found))


@contextmanager
def nodes(folder: Path) -> Iterator[list[Node]]:
    """Both servers, started, and removed afterwards."""
    redis, postgres = Redis(folder), PostgreSQL()
    try:
        redis.server.start()
        postgres.server.start()
        yield [redis, postgres]
    finally:
        postgres.store.close()
        redis.server.remove()
        postgres.server.remove()


def cost(node: Node, size: int, *, drafts: int, saves: int) -> Cost:
    """Store so many drafts of one size, then save them in turn.

    What is stored does not compress, as what is encrypted does not.
    """
    store = node.store()
    keys = [os.urandom(KEY // 2).hex() for _ in range(drafts + 1)]
    store.create(keys.pop(), os.urandom(size), new_version(), LIFETIME)  # its table
    before = node.held()
    versions = {key: new_version() for key in keys}
    for key, version in versions.items():
        store.create(key, os.urandom(size), version, LIFETIME)
    held = (node.held() - before) / drafts
    used, logged = cpu(node.process()), node.logged()
    for key in islice(cycle(keys), saves):
        _save(store, key, size)
    return Cost(
        node.name,
        size,
        held,
        (cpu(node.process()) - used) / saves,
        (node.logged() - logged) / saves,
    )


def _save(store: DraftStore, key: str, size: int) -> None:
    found = store.load(key)
    if found is None:
        raise RuntimeError("A draft that was stored is gone.")
    if not store.replace(key, os.urandom(size), new_version(), found[1], LIFETIME):
        raise RuntimeError("A draft that nobody else saves was saved meanwhile.")


def lines(found: list[Cost]) -> Iterator[str]:
    """The rows of a Markdown table."""
    columns = (
        "draft, bytes",
        "held, bytes",
        "CPU for a save, µs",
        "log for a save, bytes",
    )
    yield f"| | {' | '.join(columns)} |"
    yield "| --- | ---: | ---: | ---: | ---: |"
    for each in found:
        cells = (
            f"{each.size:,}",
            f"{each.held:,.0f}",
            f"{each.cpu * 1e6:.0f}",
            f"{each.logged:,.0f}",
        )
        yield f"| {each.engine} | {' | '.join(cells)} |"
