"""A private MariaDB server for tests."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

import pymysql  # type: ignore[import-untyped]
from servers import Server, program


class MariaDB(Server):
    """One in a folder of its own, with a database ``site``. It asks for no password."""

    # It refuses to run as root.
    user = "nobody" if os.geteuid() == 0 else None

    def __init__(self) -> None:
        # Not in pytest's folders, which are closed to the server's own user.
        super().__init__(Path(tempfile.mkdtemp(prefix="mariadb-")))
        (self.folder / "data").mkdir()
        if self.user is not None:
            for folder in (self.folder, self.folder / "data"):
                shutil.chown(folder, self.user)
        self._initialise()

    def _initialise(self) -> None:
        """Make the database, and end: before that, a kill would leave half a one."""
        subprocess.run(
            [*self.command(), "--bootstrap"],
            cwd=self.folder,
            user=self.user,
            input=b"CREATE DATABASE site;\n",
            check=True,
            capture_output=True,
        )

    def command(self) -> Sequence[str]:
        settings = {
            "datadir": str(self.folder / "data"),
            "bind-address": "127.0.0.1",
            "port": str(self.port),
            "socket": str(self.folder / "mariadb.sock"),
            # As it starts, it removes the temporary tables that any other left in /tmp.
            "tmpdir": str(self.folder),
            "innodb-log-file-size": "8M",  # instead of 96 MB, for a quick start
        }
        options = [f"--{name}={value}" for name, value in settings.items()]
        # Without the tables of users, which another program would have to make first.
        return [program("mariadbd"), "--no-defaults", "--skip-grant-tables", *options]

    def answers(self) -> bool:
        with suppress(pymysql.OperationalError):
            self.run("DO 0")
            return True
        return False

    def run(self, statement: str) -> None:
        """Run one statement, and commit it."""
        at = {"host": "127.0.0.1", "port": self.port}
        with pymysql.connect(**at, connect_timeout=5, autocommit=True) as connection:
            connection.cursor().execute(statement)

    def empty(self) -> None:
        """Drop all tables."""
        self.run("DROP DATABASE site")
        self.run("CREATE DATABASE site")

    def revive(self) -> None:
        """Thaw it, or start it again, whatever a test has done to it."""
        self.thaw()
        if self._process is None:
            self.start()

    def remove(self) -> None:
        """Stop it, and remove all it kept."""
        self.thaw()
        self.stop()
        shutil.rmtree(self.folder)

    @property
    def url(self) -> str:
        return f"mariadb+pymysql://tester@127.0.0.1:{self.port}/site"
