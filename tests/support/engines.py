"""Stores as they lie on a disk or a server, for whoever gets hold of that."""

from __future__ import annotations

import shutil
import sqlite3
import struct
import time
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from cachelib import FileSystemCache
from redis import Redis
from redis_servers import RedisServer

from flask_wizard.stores.encoding import frame, unframe
from flask_wizard.stores.sqlite import SQLiteStore


class Engine:
    """A store whose bytes and names can be read and written."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()

    def given(self) -> object:
        """Return what an application is given as its store."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of the files."""

    def values(self) -> dict[str, bytes]:
        """What is stored, by key."""
        raise NotImplementedError

    def write(self, key: str, value: bytes) -> None:
        raise NotImplementedError

    def expiries(self) -> dict[str, float]:
        raise NotImplementedError

    def everything(self) -> bytes:
        """Every byte and every name that a listing of the folder shows."""
        paths = sorted(self.folder.rglob("*"))
        names = "\n".join(map(str, paths)).encode()
        return names + b"\n".join(p.read_bytes() for p in paths if p.is_file())

    def down(self) -> None:
        """Take the disk away, as an outage does."""
        shutil.move(self.folder, self.folder.with_name("away"))

    def up(self) -> None:
        shutil.move(self.folder.with_name("away"), self.folder)


class SQLiteEngine(Engine):
    def given(self) -> SQLiteStore:
        self._store = SQLiteStore(self.folder / "drafts.sqlite3")
        return self._store

    def close(self) -> None:
        self._store.close()

    def _run(self, sql: str, *parameters: object) -> list[tuple[Any, ...]]:
        path = self.folder / "drafts.sqlite3"
        if not path.exists():
            return []
        with closing(sqlite3.connect(path, isolation_level=None)) as database:
            return database.execute(sql, parameters).fetchall()

    def values(self) -> dict[str, bytes]:
        return dict(self._run("SELECT key, blob FROM wizard_drafts"))

    def write(self, key: str, value: bytes) -> None:
        self._run("UPDATE wizard_drafts SET blob = ? WHERE key = ?", value, key)

    def expiries(self) -> dict[str, float]:
        return dict(self._run("SELECT key, expires FROM wizard_drafts"))


class FileEngine(Engine):
    # The second of expiry and the length of the key, the key, and then the store's own
    # mark and the version with its length.
    _EXPIRY = struct.Struct("IB")
    _FRAME = 4 + 13

    def given(self) -> FileSystemCache:
        return FileSystemCache(str(self.folder), threshold=0)

    def _files(self) -> dict[str, bytes]:
        paths = self.folder.rglob("[!l]*")
        return {str(path): path.read_bytes() for path in paths if path.is_file()}

    def _head(self, kept: bytes) -> int:
        """How many bytes stand before the value."""
        _, size = self._EXPIRY.unpack_from(kept)
        return self._EXPIRY.size + int(size) + self._FRAME

    def values(self) -> dict[str, bytes]:
        return {key: kept[self._head(kept) :] for key, kept in self._files().items()}

    def write(self, key: str, value: bytes) -> None:
        kept = self._files()[key]
        Path(key).write_bytes(kept[: self._head(kept)] + value)

    def expiries(self) -> dict[str, float]:
        heads = {k: self._EXPIRY.unpack_from(v) for k, v in self._files().items()}
        return {key: float(head[0]) for key, head in heads.items()}


class RedisEngine(Engine):
    """A server of Redis that starts empty, and writes to its disk."""

    def __init__(self, server: RedisServer) -> None:
        self._server = server
        self._client: Any = Redis(port=server.port)
        self._client.flushall()

    def given(self) -> str:
        return f"redis://127.0.0.1:{self._server.port}/0"

    def close(self) -> None:
        self._client.close()

    def values(self) -> dict[str, bytes]:
        found = {key: unframe(kept) for key, kept in self._kept().items()}
        return {key: blob for key, (blob, _) in found.items()}

    def write(self, key: str, value: bytes) -> None:
        _, version = unframe(self._kept()[key])
        self._client.set(key, frame(value, version), keepttl=True)

    def expiries(self) -> dict[str, float]:
        return {key: time.time() + self._client.ttl(key) for key in self._kept()}

    def everything(self) -> bytes:
        """Every key and value, and what was appended to the file on its disk."""
        kept = self._kept()
        files = sorted(self._server.folder.rglob("*.aof"))
        return b"\n".join(
            [*map(str.encode, kept), *kept.values(), *(p.read_bytes() for p in files)]
        )

    def _kept(self) -> dict[str, bytes]:
        return {key.decode(): self._client.get(key) for key in self._client.keys("*")}

    def down(self) -> None:
        self._server.stop()

    def up(self) -> None:
        self._server.start()


# For what never reaches the store, or is refused before.
on_one_engine = pytest.mark.parametrize(
    "engine", [SQLiteEngine], ids=["sqlite"], indirect=True
)
