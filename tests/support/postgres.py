"""A private PostgreSQL server, and stores that new processes can open."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

import psycopg
import servers
from servers import Server
from sqlalchemy import create_engine

from flask_wizard.stores.sql import SQLAlchemyStore


class Postgres(Server):
    """One cluster in a folder of its own, with ``fsync`` on, as it comes."""

    # It refuses to run as root.
    user = "postgres" if os.geteuid() == 0 else None

    def __init__(self) -> None:
        # Not in pytest's folders, which are closed to the server's own user.
        super().__init__(Path(tempfile.mkdtemp(prefix="postgres-")))
        self._frozen: list[int] = []
        if self.user is not None:
            shutil.chown(self.folder, self.user)
        self._initialise()

    def _initialise(self) -> None:
        subprocess.run(
            [
                servers.program("initdb"),
                *("--pgdata", "data", "--username", "tester", "--auth", "trust"),
                *("--encoding", "UTF8", "--no-locale", "--no-sync"),
            ],
            cwd=self.folder,
            user=self.user,
            check=True,
            capture_output=True,
        )

    @property
    def conninfo(self) -> str:
        return f"host=127.0.0.1 port={self.port} user=tester dbname=postgres"

    @property
    def url(self) -> str:
        return f"postgresql+psycopg://tester@127.0.0.1:{self.port}/postgres"

    def command(self) -> Sequence[str]:
        settings = {"listen_addresses": "127.0.0.1", "unix_socket_directories": ""}
        options = [f"--{name}={value}" for name, value in settings.items()]
        port = ["-p", str(self.port)]
        return [servers.program("postgres"), "-D", "data", *port, *options]

    def answers(self) -> bool:
        with suppress(psycopg.OperationalError):
            return bool(self.run("SELECT true"))
        return False

    def run(self, statement: str) -> list[tuple[object, ...]]:
        """Run one statement as the superuser, and commit it."""
        with psycopg.connect(self.conninfo, autocommit=True) as connection:
            cursor = connection.execute(statement.encode())
            return cursor.fetchall() if cursor.description else []

    def empty(self) -> None:
        """Drop all tables."""
        self.run("DROP SCHEMA public CASCADE; CREATE SCHEMA public")

    def stop(self) -> None:
        self._end(signal.SIGINT)  # SIGTERM would wait for every client to leave

    def kill(self) -> None:
        """Crash: all its processes end at once, and the next start recovers.

        SIGKILL would leave the others running, with the shared memory.
        """
        self._end(signal.SIGQUIT)

    def freeze(self) -> None:
        # One process serves each connection; to stop the first alone would stop none.
        rows = self.run(
            "SELECT pid FROM pg_stat_activity WHERE pid <> pg_backend_pid()"
        )
        self._frozen = [int(str(pid)) for (pid,) in rows]
        super().freeze()
        self._signal_all(signal.SIGSTOP)
        for pid in self._frozen:
            servers.await_stopped(pid)

    def thaw(self) -> None:
        self._signal_all(signal.SIGCONT)
        self._frozen.clear()
        super().thaw()

    def revive(self) -> None:
        """Thaw it, or start it again, whatever a test has done to it."""
        self.thaw()
        if self._process is None:
            self.start()

    def _signal_all(self, which: signal.Signals) -> None:
        for pid in self._frozen:
            with suppress(ProcessLookupError):
                os.kill(pid, which)

    def remove(self) -> None:
        """Stop it, and remove all it kept."""
        self.thaw()
        self.stop()
        shutil.rmtree(self.folder)


class Opened:
    """Opens stores in one database, in other processes too; closes this one's."""

    def __init__(self, opener: Callable[[str], SQLAlchemyStore], url: str) -> None:
        self._opener = opener
        self._url = url
        self._stores: list[SQLAlchemyStore] = []

    def __call__(self) -> SQLAlchemyStore:
        self._stores.append(self._opener(self._url))
        return self._stores[-1]

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self._opener, self._url)

    def close(self) -> None:
        for store in self._stores:
            store.engine.dispose()


def at_url(url: str) -> SQLAlchemyStore:
    return SQLAlchemyStore.from_url(url, Path("unused"))


def on_engine(url: str) -> SQLAlchemyStore:
    return SQLAlchemyStore(create_engine(url))
