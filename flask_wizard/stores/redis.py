"""RedisStore: drafts in Redis or Valkey, one string each, written by a script."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

from flask_wizard.errors import StoreError, UnreadableDraftError
from flask_wizard.stores import LISTED_AT_ONCE
from flask_wizard.stores.encoding import frame, head, unframe
from flask_wizard.stores.redis_client import Answer, server_at, server_of

PREFIX = "flask_wizard:"
SPECIAL = re.compile(r"[][*?^\\-]")  # in a pattern of SCAN

# The value must begin with the first argument, or be absent if that is empty. A script
# runs atomically. It has a single write, which also sets the lifetime, so that it
# cannot fail halfway when the memory is full. Each call sends the whole script: this
# takes no longer than sending its hash, and a server that has lost the script, after a
# restart, a failover or SCRIPT FLUSH, needs no second round trip.
WRITE = """
local start = redis.call('GETRANGE', KEYS[1], 0, #ARGV[1] - 1)
if start ~= ARGV[1] or start == '' and redis.call('EXISTS', KEYS[1]) == 1 then
  return 0
end
redis.call('SET', KEYS[1], ARGV[2], 'EX', ARGV[3])
return 1
"""


class RedisStore:
    """Stores drafts in Redis or Valkey: on a server, behind Sentinels, or in a cluster.

    ``given`` is a cachelib cache or a client. The store uses only its settings, for a
    client of its own. Where it sets no limits of time, they are 1 second to connect and
    2 seconds to read. Keys begin with ``flask_wizard:``, followed by the cache's
    prefix, so that the cache's ``clear()`` does not find them.
    """

    def __init__(self, given: Any) -> None:
        self._cache = given if hasattr(given, "_write_client") else None
        self._server = server_of(getattr(given, "_write_client", given))

    @classmethod
    def from_url(cls, url: str, folder: Path) -> RedisStore:
        """Return a store for ``redis://user:password@host:6379/0``.

        ``redis+cluster://one,two`` names a cluster. The schemes ``rediss``, ``valkey``
        and ``valkeys`` work as well. Options such as ``?socket_timeout=5`` are the
        driver's. Raise ConfigurationError for any other URL.
        """
        return cls(server_at(url))

    def load(self, key: str) -> tuple[bytes, bytes] | None:
        """Return blob and version; None if the value is absent or has expired."""
        name = self._name(key)
        value = self._run(lambda client: client.get(name))
        return None if value is None else unframe(value)

    def create(self, key: str, blob: bytes, version: bytes, ttl: int) -> bool:
        """Store a value if there is none; return whether it was stored."""
        return self._write(key, b"", frame(blob, version), ttl)

    def replace(
        self, key: str, blob: bytes, version: bytes, expected: bytes, ttl: int
    ) -> bool:
        """Store a value over version ``expected``; return whether it was stored."""
        return self._write(key, head(expected), frame(blob, version), ttl)

    def entries(self) -> Iterator[tuple[str, bytes, bytes]]:
        """Yield the key, the blob and the version of every value.

        A server may name a key twice, so this remembers all keys: about 120 bytes each.
        Raise StoreError also if a server was restarted meanwhile, or if the primaries
        of a cluster are others by then: nobody knows what they have not named.
        """
        seen: set[str] = set()
        began = self._run(self._servers)
        for target in began.values():
            cursor: int | None = None
            while cursor != 0:
                cursor, names = self._run(partial(self._scan, target, cursor or 0))
                new = [name for name in dict.fromkeys(names) if name not in seen]
                seen.update(new)
                yield from self._run(partial(self._load_all, new)) if new else ()
        if self._run(self._servers).keys() != began.keys():
            raise StoreError(
                f"Drafts in {self._server.name}: a server was restarted or replaced "
                "while its values were listed, and some may be missing. Try again."
            )

    def _servers(self, client: Any) -> dict[tuple[str, object], dict[str, Any]]:
        """Return the arguments that send a command to each primary.

        They are by its name, and what tells whether it has been restarted.
        """
        found: dict[tuple[str, object], dict[str, Any]] = {}
        for name, target in self._server.primaries(client):
            try:
                run = client.info("server", **target).get("run_id")
            except self._server.driver.refusal:  # a managed server may hide it
                run = None
            found[name, run] = target
        return found

    def _scan(
        self, target: dict[str, Any], cursor: int, client: Any
    ) -> tuple[int, list[str]]:
        """Return the next cursor, 0 at the end, and the names of some keys."""
        match = SPECIAL.sub(r"\\\g<0>", self._name("")) + "*"
        found, names = client.scan(cursor, match=match, count=LISTED_AT_ONCE, **target)
        if isinstance(found, dict):  # by node
            (found,) = found.values()
        return int(found), [name.decode(errors="replace") for name in names]

    def _load_all(
        self, names: list[str], client: Any
    ) -> list[tuple[str, bytes, bytes]]:
        pipeline = client.pipeline(transaction=False)
        for name in names:
            pipeline.get(name)
        found = []
        for name, value in zip(names, pipeline.execute(False), strict=True):
            key = name.removeprefix(self._name(""))
            if isinstance(value, self._server.driver.refusal):  # it is no string
                value = b""
            if isinstance(value, Exception):
                raise value
            if value is not None:
                found.append((key, *_unframe(value)))
        return found

    def warnings(self) -> Iterator[str]:
        """Return a warning for each setting that would lose drafts.

        Raise StoreError.
        """
        if self._cache is not None and not self._cache.key_prefix:
            yield (
                "The cache has no key_prefix, so its clear() empties the database, "
                "drafts included. Give it one, or give drafts another database."
            )
        yield from self._run(lambda client: list(self._warnings(client)))

    def _warnings(self, client: Any) -> Iterator[str]:
        for name, target in self._server.primaries(client):
            yield from _warnings(client, name, target, self._server.driver.refusal)

    def _name(self, key: str) -> str:
        prefix = "" if self._cache is None else self._cache._get_prefix()
        return f"{PREFIX}{prefix}{key}"

    def _write(self, key: str, start: bytes, value: bytes, ttl: int) -> bool:
        arguments = (WRITE, 1, self._name(key), start, value, ttl)
        return bool(self._run(lambda client: client.eval(*arguments)))

    def _run(self, call: Callable[[Any], Answer]) -> Answer:
        try:
            return self._server.run(call)
        except self._server.driver.errors as error:
            raise StoreError(f"Drafts in {self._server.name}: {error}") from error


def _unframe(value: bytes) -> tuple[bytes, bytes]:
    """Return blob and version, which is empty if the value is damaged."""
    try:
        return unframe(value)
    except UnreadableDraftError:
        return value, b""


def _warnings(
    client: Any, name: str, target: dict[str, Any], refusal: type[Exception]
) -> Iterator[str]:
    """Return a warning for each setting of one server that would lose drafts.

    A managed server may hide its settings; then the warning says what to check.
    """
    try:
        memory = client.info("memory", **target)
        policy = memory.get("maxmemory_policy", "noeviction")
        if memory.get("maxmemory") and policy != "noeviction":
            yield (
                f"{name} removes values when its memory is full, drafts included "
                f"(maxmemory-policy {policy}). Set maxmemory-policy noeviction."
            )
        persistence = client.info("persistence", **target)
        if persistence.get("aof_enabled"):
            return
        if not client.config_get("save", **target).get("save"):
            yield (
                f"{name} stores nothing on disk: a restart loses all drafts. "
                "Set appendonly yes."
            )
    except refusal as error:
        yield (
            f"{name} hides the settings that may lose drafts ({error}). Make sure that "
            "it has maxmemory-policy noeviction, and appendonly yes or a replica."
        )
