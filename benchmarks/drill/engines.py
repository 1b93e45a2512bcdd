"""The engines that keep drafts, each with what can happen to it."""

from __future__ import annotations

import fcntl
import shutil
import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from random import Random

from postgres import Postgres
from proxy import Mode, Proxy
from redis_servers import RedisServer
from servers import PATIENCE

from benchmarks.drill.disk import Disk
from benchmarks.drill.tally import Tally

Act = Callable[[Random], object]


class Engine:
    """Where drafts are kept: at ``url``. ``longest`` is in seconds."""

    def __init__(self, folder: Path, tally: Tally, *, longest: float) -> None:
        self.longest = longest
        self.folder = folder
        self.tally = tally

    @property
    def url(self) -> str:
        raise NotImplementedError

    def acts(self) -> Mapping[str, Act]:
        """What can happen to it, by name. Each puts all in order again."""
        raise NotImplementedError

    def start(self) -> None:
        """Have it ready. ``remove`` must follow, even if this fails."""
        raise NotImplementedError

    def remove(self) -> None:
        """End it, and leave nothing behind."""
        raise NotImplementedError

    def _wait(self, what: str, chance: Random) -> None:
        """Leave it so for a while, mostly a short one."""
        seconds = self.longest * chance.uniform(0.2, 1) ** 2
        time.sleep(seconds)
        self.tally.add(f"seconds {what}", seconds)


class OnDisk(Engine):
    """Drafts in files on a small disk, which others may fill and lock."""

    def __init__(self, folder: Path, tally: Tally, *, longest: float) -> None:
        super().__init__(folder, tally, longest=longest)
        self.disk = Disk(folder / "disk")

    def start(self) -> None:
        self.disk.mount()

    def acts(self) -> Mapping[str, Act]:
        acts: dict[str, Act] = {"silence": self._silence}
        if self.disk.is_small:
            acts["full disk"] = self._fill
        return acts

    def remove(self) -> None:
        self.disk.remove()

    def _fill(self, chance: Random) -> None:
        self.disk.fill(chance)
        self._wait("full", chance)
        self.disk.free()

    def _silence(self, chance: Random) -> None:
        with self._held():
            self._wait("silent", chance)

    @contextmanager
    def _held(self) -> Iterator[None]:
        """Keep everybody else from writing."""
        raise NotImplementedError
        yield


class SQLite(OnDisk):
    @property
    def _file(self) -> Path:
        return self.disk.folder / "drafts.sqlite3"

    @property
    def url(self) -> str:
        return f"sqlite:///{self._file}"

    @contextmanager
    def _held(self) -> Iterator[None]:
        with closing(sqlite3.connect(self._file, timeout=30)) as database:
            database.execute("BEGIN IMMEDIATE")
            yield
            database.rollback()


class Files(OnDisk):
    @property
    def url(self) -> str:
        return f"file://{self.disk.folder}/drafts"

    @contextmanager
    def _held(self) -> Iterator[None]:
        with ExitStack() as locks:
            for path in self.disk.folder.rglob("lock"):
                lock = locks.enter_context(path.open("rb"))
                fcntl.flock(lock, fcntl.LOCK_EX)
            yield


class Served(Engine):
    """Drafts on a server, behind a stretch of network that loses replies."""

    server: RedisServer | Postgres

    def __init__(self, folder: Path, tally: Tally, *, longest: float) -> None:
        super().__init__(folder, tally, longest=longest)
        self.server = self._server()
        self.network = Proxy(self.server.port)

    def start(self) -> None:
        self.server.start()

    def _server(self) -> RedisServer | Postgres:
        raise NotImplementedError

    def acts(self) -> Mapping[str, Act]:
        return {
            "restart": self._restart,
            "crash": self._crash,
            "lost replies": self._lose_replies,
            "no replies": self._drop_replies,
            "silence": self._freeze,
        }

    def remove(self) -> None:
        self.network.kill()

    def _restart(self, chance: Random) -> None:
        self.server.stop()
        time.sleep(chance.uniform(0, 0.5))
        self.server.start()
        self.tally.add("store restarted")

    def _crash(self, chance: Random) -> None:
        self.server.kill()
        time.sleep(chance.uniform(0, 0.5))
        self.server.start()
        self.tally.add("store crashed")

    def _lose_replies(self, chance: Random) -> None:
        self.tally.add("replies of the store dropped", lose(self.network, chance))

    def _drop_replies(self, chance: Random) -> None:
        self.network.mode = Mode.DROP_REPLIES
        self._wait("without replies", chance)
        self.network.mode = Mode.PASS

    def _freeze(self, chance: Random) -> None:
        self.server.freeze()
        self._wait("silent", chance)
        self.server.thaw()


class Redis(Served):
    server: RedisServer

    def _server(self) -> RedisServer:
        keeping = {"appendonly": "yes", "appendfsync": "always"}
        return RedisServer(self.folder / "redis", **keeping)

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.network.port}/0"

    def acts(self) -> Mapping[str, Act]:
        return {**super().acts(), "full memory": self._fill}

    def remove(self) -> None:
        super().remove()
        self.server.stop()

    def _fill(self, chance: Random) -> None:
        self.server.send("CONFIG", "SET", "maxmemory", "1")
        self._wait("full", chance)
        self.server.send("CONFIG", "SET", "maxmemory", "0")


class PostgreSQL(Served):
    """Its table of drafts lies on a small disk, the rest of the server does not."""

    server: Postgres

    def __init__(self, folder: Path, tally: Tally, *, longest: float) -> None:
        super().__init__(folder, tally, longest=longest)
        # Not in a folder that is closed to the server's own user.
        self.disk = Disk(self.server.folder / "disk")

    def start(self) -> None:
        super().start()
        self.disk.mount()
        if self.server.user is not None:
            shutil.chown(self.disk.folder, self.server.user)
        self.disk.folder.chmod(0o700)
        self.server.run(f"CREATE TABLESPACE small LOCATION '{self.disk.folder}'")
        self.server.run("ALTER ROLE tester SET default_tablespace = small")

    def _server(self) -> Postgres:
        return Postgres()

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://tester@127.0.0.1:{self.network.port}/postgres"

    def acts(self) -> Mapping[str, Act]:
        fill = {"full disk": self._fill} if self.disk.is_small else {}
        return {**super().acts(), **fill}

    def remove(self) -> None:
        super().remove()
        self.server.stop()
        self.disk.remove()
        self.server.remove()

    def _fill(self, chance: Random) -> None:
        self.disk.fill(chance)
        self._wait("full", chance)
        self.disk.free()


def lose(network: Proxy, chance: Random) -> int:
    """Lose some replies one by one; return how many."""
    count = chance.randrange(3, 8)
    deadline = time.monotonic() + PATIENCE
    for lost in range(count):
        network.lose_replies(1)
        while network.replies_to_lose:
            if time.monotonic() > deadline:  # nobody asks for anything any longer
                network.lose_replies(0)
                return lost
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 0.2))
    return count


ENGINES: dict[str, type[Engine]] = {
    "sqlite": SQLite,
    "files": Files,
    "redis": Redis,
    "postgresql": PostgreSQL,
}
